// SPDX-License-Identifier: Apache-2.0
#ifndef FRESHET_INTERNAL_H
#define FRESHET_INTERNAL_H

#include "CFreshetLoop.h"

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <uv.h>

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

/// A loop of libuv's that libwebsockets waits in, by its plug-in.
typedef struct {
    uv_loop_t loop;
    uv_timer_t timer;
    int wake_fd;  // the one descriptor of libwebsockets' that is no connection
} freshet_uv;

struct freshet_loop {
    struct lws_context *lws;
    freshet_uv *uv;  // NULL: libwebsockets waits by poll()
    struct lws_vhost *plain;
    freshet_tls *tls;
    freshet_host *hosts;
    freshet_socket *sockets;
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
freshet_uv *freshet_uv_create(freshet_loop *loop);
/// libwebsockets' context is there, and no connection yet.
void freshet_uv_context_created(freshet_uv *uv);
void freshet_uv_turn(freshet_uv *uv, bool wait);
void freshet_uv_set_timer(freshet_uv *uv, int64_t microseconds);
/// Closes what libwebsockets forgot to: the handle of a socket that never connected.
void freshet_uv_forget(freshet_uv *uv, struct lws *wsi);
/// Turns until libwebsockets' context is gone, then frees the loop.
void freshet_uv_destroy(freshet_uv *uv, freshet_loop *loop);

/// Asks every socket to end soon.
void freshet_close_sockets(freshet_loop *loop);
void freshet_free_listeners(freshet_loop *loop);
/// Whether the other side of this connection asked for a client certificate that is not there.
bool freshet_wants_certificate(const SSL *ssl);

/// From now on this connection reads as much from its socket as there is, not record by record. Only once somebody asks
/// SSL_has_pending(): libwebsockets does not.
void freshet_read_ahead(SSL *ssl);

/// Whether a certificate of the chain that is being verified has a pinned key.
bool freshet_is_pinned(const freshet_tls *tls, X509_STORE_CTX *store);

#endif
