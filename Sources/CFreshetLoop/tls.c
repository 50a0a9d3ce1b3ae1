// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Thread_local freshet_tls_report freshet_last_tls_report;

void freshet_sha1(const uint8_t *bytes, size_t count, uint8_t *digest) { SHA1(bytes, count, digest); }

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

static void explain(char *error, size_t size, const char *what) {
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    snprintf(error, size, "%s: %s", what, reason ? reason : "unknown reason");
    ERR_clear_error();
}

freshet_tls *freshet_tls_create(freshet_loop *loop, const char *ca_file, bool insecure, char *error, size_t size) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context) {
        explain(error, size, "TLS cannot be set up");
        return NULL;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_info_callback(context, note_failure);
    int loaded = ca_file ? SSL_CTX_load_verify_locations(context, ca_file, NULL)
                         : SSL_CTX_set_default_verify_paths(context);
    if (loaded != 1) {
        explain(error, size, ca_file ? ca_file : "the system's certificate authorities");
        SSL_CTX_free(context);
        return NULL;
    }
    freshet_tls *tls = calloc(1, sizeof *tls);
    if (tls) tls->vhost = freshet_make_vhost(loop, "tls", context);
    if (!tls || !tls->vhost) {
        snprintf(error, size, "TLS cannot be set up: out of memory");
        free(tls);
        SSL_CTX_free(context);
        return NULL;
    }
    tls->context = context;
    tls->insecure = insecure;
    tls->next = loop->tls;
    loop->tls = tls;
    return tls;
}
