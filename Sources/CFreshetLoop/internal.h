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
    bool ending;
} freshet_uv;

struct freshet_loop {
    freshet_loop *next;  // of those that could not end yet
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

struct freshet_socket {
    freshet_loop *loop;
    freshet_socket *previous, *next;  // of the loop's
    struct lws *wsi;
    freshet_socket_handlers handlers;
    void *context;
    freshet_tls *tls;
    bool proxied;
    char *server_name;
    uint8_t *request;
    size_t request_size;
    uint8_t *room;      // where the read in progress goes, and how much it has brought
    size_t filled;
    long verify_error;
    int error_number;
    char detail[160];
    bool connected;    // TCP is up
    bool requested;    // TLS is up too, and the request was handed over
    bool tunnelling;   // the response was accepted
    bool reading_body; // it was not, and its body is wanted
    bool proxy_refused;
    bool certificate_wanted;
    bool finished;     // the peer's FIN was seen
    bool nonsense;     // the response could not be parsed
    bool closing;      // freshet_socket_close() was called
    bool *ended;       // set at the end, while freshet_socket_connect() is still running
};

/// What OpenSSL said last on this thread, and about which connection (libwebsockets keeps nothing of it).
typedef struct {
    const SSL *ssl;
    char text[160];
} freshet_tls_report;

extern _Thread_local freshet_tls_report freshet_last_tls_report;

/// Pulls what is there, into one buffer as far as it goes, and delivers it once.
int freshet_socket_read(freshet_socket *socket);
void freshet_socket_kill_soon(freshet_socket *socket);
/// Tells the end, and frees the socket.
void freshet_socket_end_now(freshet_socket *socket);
int freshet_tunnel_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);
freshet_uv *freshet_uv_create(freshet_loop *loop);
/// libwebsockets' context is there, and no connection yet.
void freshet_uv_context_created(freshet_uv *uv);
void freshet_uv_turn(freshet_uv *uv, bool wait);
void freshet_uv_set_timer(freshet_uv *uv, int64_t microseconds);
/// Closes what libwebsockets forgot to: the handle of a socket that never connected.
void freshet_uv_forget(freshet_uv *uv, struct lws *wsi);
/// Ends libwebsockets' context, then frees `uv`; false when that has to be tried again later.
bool freshet_uv_destroy(freshet_uv *uv, freshet_loop *loop);

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
