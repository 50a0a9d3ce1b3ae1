// SPDX-License-Identifier: Apache-2.0
#include "include/CFreshetLoop.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

// Without it OpenSSL would ask at the terminal.
static int no_password(char *buffer, int size, int writing, void *context) {
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

int freshet_sign_rs256(const uint8_t *pem, size_t pem_count, const uint8_t *bytes, size_t count, uint8_t *signature,
                       size_t *signature_count) {
    if (pem_count > 1 << 20) return -1;
    BIO *source = BIO_new_mem_buf(pem, (int)pem_count);
    EVP_PKEY *key = source ? PEM_read_bio_PrivateKey(source, NULL, no_password, NULL) : NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int result = -1;
    if (key && EVP_PKEY_base_id(key) != EVP_PKEY_RSA) {
        result = -2;
    } else if (key && context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1) {
        result = EVP_DigestSign(context, signature, signature_count, bytes, count) == 1 ? 0 : -3;
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    BIO_free(source);
    ERR_clear_error();
    return result;
}
