// SPDX-License-Identifier: Apache-2.0
#ifndef FRESHET_INTERNAL_H
#define FRESHET_INTERNAL_H

#include "CFreshetLoop.h"

#include <libwebsockets.h>
#include <openssl/ssl.h>

/// The service buffer: the most that one read can bring, and the room for our request (A 0, A 3).
enum { FRESHET_SERVICE_BUFFER = 131136, FRESHET_READ_MAX = 131072 };

struct freshet_tls {
    struct freshet_tls *next;
    SSL_CTX *context;
    bool insecure;
    size_t pin_count;
    uint8_t (*pins)[32];
};

struct freshet_host {
    struct freshet_host *next;
    struct lws_vhost *vhost;
    freshet_tls *tls;
    bool proxied;
};

struct freshet_loop {
    struct lws_context *lws;
    struct lws_vhost *plain;
    freshet_tls *tls;
    freshet_host *hosts;
    freshet_listener *listeners;
    lws_sorted_usec_list_t timer;
    freshet_loop_handlers handlers;
    void *context;
};

/// What OpenSSL said last on this thread, and about which connection (libwebsockets keeps nothing of it).
typedef struct {
    const SSL *ssl;
    char text[160];
} freshet_tls_report;

extern _Thread_local freshet_tls_report freshet_last_tls_report;

int freshet_tunnel_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);
void freshet_free_listeners(freshet_loop *loop);
/// Whether the other side of this connection asked for a client certificate that is not there.
bool freshet_wants_certificate(const SSL *ssl);

/// Whether a certificate of the chain that is being verified has a pinned key.
bool freshet_is_pinned(const freshet_tls *tls, X509_STORE_CTX *store);

#endif
