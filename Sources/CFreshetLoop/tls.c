// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Thread_local freshet_tls_report freshet_last_tls_report;

void freshet_sha1(const uint8_t *bytes, size_t count, uint8_t *digest) { SHA1(bytes, count, digest); }

void freshet_sha256(const uint8_t *bytes, size_t count, uint8_t *digest) { SHA256(bytes, count, digest); }

// libwebsockets reports every TLS failure with the same useless text (A 8, B 1). OpenSSL knows better at the moment it
// happens, on this thread: the failing call's error, or the alert that the server sent.
static void note_failure(const SSL *ssl, int where, int ret) {
    freshet_tls_report *report = &freshet_last_tls_report;
    if ((where & SSL_CB_ALERT) && (where & SSL_CB_READ) && (ret >> 8) == SSL3_AL_FATAL) {
        report->ssl = ssl;
        snprintf(report->text, sizeof report->text, "the server sent the alert \"%s\"",
                 SSL_alert_desc_string_long(ret));
    } else if ((where & SSL_CB_EXIT) && ret <= 0) {
        unsigned long error = ERR_peek_last_error();
        if (!error) return;  // only waiting for more bytes
        if (report->ssl == ssl && report->text[0]) return;  // the alert says more
        const char *reason = ERR_reason_error_string(error);
        report->ssl = ssl;
        snprintf(report->text, sizeof report->text, "%s", reason ? reason : "TLS handshake failed");
    }
}

static int wants_certificate_index = -1;
static pthread_once_t wants_certificate_once = PTHREAD_ONCE_INIT;

static void make_index(void) { wants_certificate_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL); }

// Called when the server asks for a client certificate and the context has none.
static int note_wanted(SSL *ssl, X509 **certificate, EVP_PKEY **key) {
    (void)certificate, (void)key;
    SSL_set_ex_data(ssl, wants_certificate_index, &wants_certificate_index);
    return 0;
}

bool freshet_wants_certificate(const SSL *ssl) {
    return ssl && wants_certificate_index >= 0 && SSL_get_ex_data(ssl, wants_certificate_index);
}

static void explain(char *error, size_t size, const char *what) {
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    snprintf(error, size, "%s: %s", what, reason ? reason : "unknown reason");
    ERR_clear_error();
}

/// Reads every certificate of a PEM text; returns how many, or -1 with OpenSSL's error.
static int each_certificate(const char *pem, size_t size, bool (*take)(SSL_CTX *context, X509 *certificate, int index),
                            SSL_CTX *context) {
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    if (!bio) return -1;
    int count = 0;
    X509 *certificate;
    while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        bool taken = take(context, certificate, count);
        X509_free(certificate);
        if (!taken) {
            BIO_free(bio);
            return -1;
        }
        count++;
    }
    BIO_free(bio);
    // The end of the text shows as "no start line", which is no error when something came before it.
    if (count && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) ERR_clear_error();
    return count && !ERR_peek_last_error() ? count : -1;
}

static bool trust(SSL_CTX *context, X509 *certificate, int index) {
    (void)index;
    return X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1;
}

static bool present(SSL_CTX *context, X509 *certificate, int index) {
    return index == 0 ? SSL_CTX_use_certificate(context, certificate) == 1
                      : SSL_CTX_add1_chain_cert(context, certificate) == 1;
}

/// OpenSSL's own would ask at the terminal.
static int no_password(char *buffer, int size, int writing, void *user) {
    (void)buffer, (void)size, (void)writing, (void)user;
    return -1;
}

static bool use_key(SSL_CTX *context, const char *pem, size_t size) {
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    bool used = key && SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
    EVP_PKEY_free(key);
    BIO_free(bio);
    return used;
}

/// Applies the options; returns what could not be used, or NULL.
static const char *apply(SSL_CTX *context, freshet_tls_options options) {
    int version = options.minimum_version >= 13 ? TLS1_3_VERSION : TLS1_2_VERSION;
    if (SSL_CTX_set_min_proto_version(context, version) != 1) return "the minimum version";
    if (!options.authorities) {
        if (SSL_CTX_set_default_verify_paths(context) != 1) return "the system's certificate authorities";
    } else if (each_certificate(options.authorities, options.authorities_size, trust, context) < 0) {
        return "the certificate authorities";
    }
    if (options.certificate &&
        each_certificate(options.certificate, options.certificate_size, present, context) < 0)
        return "the client certificate";
    if (options.key && !use_key(context, options.key, options.key_size)) return "the client certificate's key";
    return NULL;
}

void freshet_read_ahead(SSL *ssl) {
    // Four records of the largest size, which stay in the cache; the buffer is there only while something is in it (SSL_MODE_RELEASE_BUFFERS).
    SSL_set_default_read_buffer_len(ssl, 4 * (SSL3_RT_MAX_PLAIN_LENGTH + SSL3_RT_MAX_ENCRYPTED_OVERHEAD));
    SSL_set_read_ahead(ssl, 1);
}

bool freshet_is_pinned(const freshet_tls *tls, X509_STORE_CTX *store) {
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
    for (int i = 0; i < sk_X509_num(chain); i++) {
        uint8_t *der = NULL, digest[32];
        int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(sk_X509_value(chain, i)), &der);
        if (size <= 0) continue;
        SHA256(der, (size_t)size, digest);
        OPENSSL_free(der);
        for (size_t pin = 0; pin < tls->pin_count; pin++)
            if (memcmp(digest, tls->pins[pin], sizeof digest) == 0) return true;
    }
    return false;
}

freshet_tls *freshet_tls_create(freshet_loop *loop, freshet_tls_options options, char *error, size_t size) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    freshet_tls *tls = calloc(1, sizeof *tls);
    if (tls && options.pin_count) tls->pins = calloc(options.pin_count, sizeof *tls->pins);
    const char *failed = context && tls && (tls->pins || !options.pin_count) ? apply(context, options) : "TLS";
    if (failed) {
        explain(error, size, failed);
        SSL_CTX_free(context);
        if (tls) free(tls->pins);
        free(tls);
        return NULL;
    }
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_info_callback(context, note_failure);
    pthread_once(&wants_certificate_once, make_index);
    SSL_CTX_set_client_cert_cb(context, note_wanted);
    if (options.pin_count) memcpy(tls->pins, options.pins, options.pin_count * sizeof *tls->pins);
    tls->pin_count = options.pin_count;
    tls->context = context;
    tls->insecure = options.insecure;
    tls->next = loop->tls;
    loop->tls = tls;
    return tls;
}
