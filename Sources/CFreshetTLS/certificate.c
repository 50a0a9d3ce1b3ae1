// SPDX-License-Identifier: Apache-2.0
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "internal.h"

static BIO *text_bio(const char *text) { return text ? BIO_new_mem_buf(text, -1) : NULL; }

X509 *freshet_read_certificate(const char *pem) {
    BIO *bio = text_bio(pem);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return certificate;
}

EVP_PKEY *freshet_read_key(const char *pem) {
    BIO *bio = text_bio(pem);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return key;
}

static bool extend(X509 *certificate, X509 *issuer, int kind, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

/// Numbers of their own: clients take two certificates of one issuer with the same number for a forgery.
static bool number(X509 *certificate) {
    unsigned char bytes[8];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
    bytes[0] = (bytes[0] & 0x3F) | 0x40;
    BIGNUM *value = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool numbered = value && BN_to_ASN1_INTEGER(value, X509_get_serialNumber(certificate));
    BN_free(value);
    return numbered;
}

static bool describe(X509 *certificate, const char *name, const char *hosts, long from, long until) {
    X509_NAME *subject = X509_get_subject_name(certificate);
    return X509_set_version(certificate, 2) == 1 && number(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), from) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), until) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
           extend(certificate, certificate, NID_basic_constraints, hosts ? "critical,CA:FALSE" : "critical,CA:TRUE") &&
           extend(certificate, certificate, NID_key_usage,
                  hosts ? "critical,digitalSignature" : "critical,keyCertSign,cRLSign") &&
           extend(certificate, certificate, NID_subject_key_identifier, "hash") &&
           (!hosts || extend(certificate, certificate, NID_subject_alt_name, hosts));
}

static bool sign(X509 *certificate, X509 *issuer, EVP_PKEY *key) {
    return X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
           extend(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

/// Copies what a memory holds, with a zero at its end.
static bool copy(BIO *bio, char *text) {
    char *bytes = NULL;
    long count = BIO_get_mem_data(bio, &bytes);
    if (count <= 0 || count >= FRESHET_PEM_SIZE) return false;
    memcpy(text, bytes, (size_t)count);
    text[count] = 0;
    return true;
}

static bool write_pem(X509 *certificate, EVP_PKEY *key, char *certificate_text, char *key_text) {
    BIO *certificate_bio = BIO_new(BIO_s_mem());
    BIO *key_bio = BIO_new(BIO_s_mem());
    bool written = certificate_bio && key_bio && PEM_write_bio_X509(certificate_bio, certificate) == 1 &&
                   PEM_write_bio_PKCS8PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
                   copy(certificate_bio, certificate_text) && copy(key_bio, key_text);
    BIO_free(certificate_bio);
    BIO_free(key_bio);
    return written;
}

bool freshet_certificate_create(const char *name, const char *hosts, long from, long until, const char *issuer,
                                const char *issuer_key, char *certificate_text, char *key_text) {
    ERR_clear_error();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509 *signer = issuer ? freshet_read_certificate(issuer) : NULL;
    EVP_PKEY *signing_key = issuer_key ? freshet_read_key(issuer_key) : NULL;
    bool is_own = !issuer && !issuer_key;
    bool made = key && certificate && (is_own || (signer && signing_key)) && X509_set_pubkey(certificate, key) == 1 &&
                describe(certificate, name, hosts, from, until) &&
                sign(certificate, is_own ? certificate : signer, is_own ? key : signing_key) &&
                write_pem(certificate, key, certificate_text, key_text);
    EVP_PKEY_free(signing_key);
    X509_free(signer);
    X509_free(certificate);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return made;
}
