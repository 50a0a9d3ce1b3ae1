// SPDX-License-Identifier: Apache-2.0
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct freshet_tls_server {
    SSL_CTX *context;
};

struct freshet_tls_session {
    SSL *ssl;
    freshet_tls_state state;
    char failure[128];
};

// ------------------------------------------------------------------------------------------ the server

static bool use_identity(SSL_CTX *context, const char *certificate_text, const char *key_text) {
    X509 *certificate = freshet_read_certificate(certificate_text);
    EVP_PKEY *key = freshet_read_key(key_text);
    bool used = certificate && key && SSL_CTX_use_certificate(context, certificate) == 1 &&
                SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return used;
}

static bool require_clients_of(SSL_CTX *context, const char *authority_text) {
    X509 *authority = freshet_read_certificate(authority_text);
    bool required = authority && X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority) == 1 &&
                    SSL_CTX_add_client_CA(context, authority) == 1;
    if (required) SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    X509_free(authority);
    return required;
}

static bool set_version(SSL_CTX *context, int version) {
    int lowest = version == 13 ? TLS1_3_VERSION : TLS1_2_VERSION;
    int highest = version == 12 ? TLS1_2_VERSION : TLS1_3_VERSION;
    return SSL_CTX_set_min_proto_version(context, lowest) == 1 && SSL_CTX_set_max_proto_version(context, highest) == 1;
}

freshet_tls_server *freshet_tls_server_create(const char *certificate, const char *key, const char *client_authority,
                                              int version) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    freshet_tls_server *server = calloc(1, sizeof *server);
    bool made = context && server && use_identity(context, certificate, key) && set_version(context, version) &&
                (!client_authority || require_clients_of(context, client_authority)) &&
                SSL_CTX_set_num_tickets(context, 0) == 1;
    ERR_clear_error();
    if (!made) {
        SSL_CTX_free(context);
        free(server);
        return NULL;
    }
    // Each handshake is a whole one: what was shown before must not count when another certificate is shown.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    server->context = context;
    return server;
}

void freshet_tls_server_destroy(freshet_tls_server *server) {
    SSL_CTX_free(server->context);
    free(server);
}

// ------------------------------------------------------------------------------------------ a session

freshet_tls_session *freshet_tls_session_create(freshet_tls_server *server) {
    freshet_tls_session *session = calloc(1, sizeof *session);
    SSL *ssl = SSL_new(server->context);
    BIO *incoming = BIO_new(BIO_s_mem());
    BIO *outgoing = BIO_new(BIO_s_mem());
    if (!session || !ssl || !incoming || !outgoing) {
        BIO_free(incoming);
        BIO_free(outgoing);
        SSL_free(ssl);
        free(session);
        return NULL;
    }
    // Empty is not the end: more will come.
    BIO_set_mem_eof_return(incoming, -1);
    BIO_set_mem_eof_return(outgoing, -1);
    SSL_set_bio(ssl, incoming, outgoing);  // they are its own from here on
    SSL_set_accept_state(ssl);
    session->ssl = ssl;
    return session;
}

void freshet_tls_session_destroy(freshet_tls_session *session) {
    SSL_free(session->ssl);
    free(session);
}

/// What a call that did not succeed means.
static void judge(freshet_tls_session *session, int result) {
    switch (SSL_get_error(session->ssl, result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE: return;
        case SSL_ERROR_ZERO_RETURN: session->state = FRESHET_TLS_ENDED; return;
        default: break;
    }
    unsigned long error = ERR_peek_last_error();
    const char *reason = error ? ERR_reason_error_string(error) : NULL;
    snprintf(session->failure, sizeof session->failure, "%s", reason ? reason : "unknown reason");
    session->state = FRESHET_TLS_FAILED;
}

static bool is_over(const freshet_tls_session *session) {
    return session->state == FRESHET_TLS_ENDED || session->state == FRESHET_TLS_FAILED;
}

bool freshet_tls_session_feed(freshet_tls_session *session, const uint8_t *bytes, size_t count) {
    if (is_over(session) || count == 0) return true;
    return count <= INT_MAX && BIO_write(SSL_get_rbio(session->ssl), bytes, (int)count) == (int)count;
}

size_t freshet_tls_session_read(freshet_tls_session *session, uint8_t *buffer, size_t size) {
    if (is_over(session)) return 0;
    ERR_clear_error();
    if (session->state == FRESHET_TLS_HANDSHAKE) {
        int result = SSL_do_handshake(session->ssl);
        if (result != 1) {
            judge(session, result);
            return 0;
        }
        session->state = FRESHET_TLS_OPEN;
    }
    size_t count = 0;
    if (SSL_read_ex(session->ssl, buffer, size, &count) == 1) return count;
    judge(session, 0);
    return 0;
}

bool freshet_tls_session_write(freshet_tls_session *session, const uint8_t *bytes, size_t count) {
    if (session->state == FRESHET_TLS_HANDSHAKE || session->state == FRESHET_TLS_FAILED) return false;
    ERR_clear_error();
    size_t written = 0;
    // A memory takes everything, so nothing is left over.
    return count == 0 || (SSL_write_ex(session->ssl, bytes, count, &written) == 1 && written == count);
}

size_t freshet_tls_session_take(freshet_tls_session *session, uint8_t *buffer, size_t size) {
    int count = BIO_read(SSL_get_wbio(session->ssl), buffer, size > INT_MAX ? INT_MAX : (int)size);
    return count > 0 ? (size_t)count : 0;
}

freshet_tls_state freshet_tls_session_state(const freshet_tls_session *session) { return session->state; }

const char *freshet_tls_session_failure(const freshet_tls_session *session) { return session->failure; }

void freshet_tls_session_end(freshet_tls_session *session) {
    if (session->state == FRESHET_TLS_HANDSHAKE || session->state == FRESHET_TLS_FAILED) return;
    ERR_clear_error();
    SSL_shutdown(session->ssl);
    ERR_clear_error();
}

void freshet_tls_session_alert(freshet_tls_session *session) {
    if (session->state == FRESHET_TLS_FAILED) return;
    // OpenSSL sends a fatal alert for an error alone. So it is made to believe that the client has sent records that nobody
    // can decrypt: more than the largest one has room for, since an unfinished one may wait for the rest of it.
    uint8_t record[5 + 32] = {0x17, 0x03, 0x03, 0x00, 0x20};
    BIO *incoming = SSL_get_rbio(session->ssl);
    for (size_t sent = 0; sent < 2 * SSL3_RT_MAX_ENCRYPTED_LENGTH; sent += sizeof record) {
        if (BIO_write(incoming, record, sizeof record) != (int)sizeof record) break;
    }
    ERR_clear_error();
    uint8_t buffer[1024];
    size_t count = 0;
    while (SSL_read_ex(session->ssl, buffer, sizeof buffer, &count) == 1) {}
    judge(session, 0);
    ERR_clear_error();
    if (session->state != FRESHET_TLS_FAILED) {
        snprintf(session->failure, sizeof session->failure, "no alert could be sent");
        session->state = FRESHET_TLS_FAILED;
    }
}
