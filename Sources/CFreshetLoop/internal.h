// SPDX-License-Identifier: Apache-2.0
#ifndef FRESHET_INTERNAL_H
#define FRESHET_INTERNAL_H

#include "CFreshetLoop.h"

#include <libwebsockets.h>
#include <openssl/ssl.h>

/// The service buffer: the most that one read can bring, and the room for our request (A 0, A 3).
enum { FRESHET_SERVICE_BUFFER = 65600, FRESHET_READ_MAX = 65536 };

struct freshet_tls {
    struct freshet_tls *next;
    struct lws_vhost *vhost;
    SSL_CTX *context;
    bool insecure;
};

struct freshet_loop {
    struct lws_context *lws;
    struct lws_vhost *plain;
    freshet_tls *tls;
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
struct lws_vhost *freshet_make_vhost(freshet_loop *loop, const char *name, SSL_CTX *tls);

#endif
