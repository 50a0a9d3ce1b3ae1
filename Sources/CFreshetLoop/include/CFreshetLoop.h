// SPDX-License-Identifier: Apache-2.0
//
// The thin C shim over libwebsockets: a loop, a tunnel, a timer, a wake-up, and a small WebSocket server for
// tests. It carries out; it decides nothing. No libwebsockets type appears here.
//
// Threads: every function must be called on the thread that turns the loop, except freshet_loop_wake().

#ifndef CFRESHETLOOP_H
#define CFRESHETLOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// The versions in use at run time, for `freshet --version`.
const char *freshet_libwebsockets_version(void);
const char *freshet_tls_version(void);

/// The SHA-1 that RFC 6455 4.1 wants for Sec-WebSocket-Accept.
void freshet_sha1(const uint8_t *bytes, size_t count, uint8_t *digest);

// ---------------------------------------------------------------------------------------------- the loop

typedef struct freshet_loop freshet_loop;

typedef struct {
    void (*woken)(void *context);  ///< after freshet_loop_wake(), perhaps once for several calls
    void (*timer)(void *context);  ///< the time of freshet_loop_set_timer() has come
} freshet_loop_handlers;

/// Creates a loop with one libwebsockets context, or returns NULL (out of memory or descriptors).
freshet_loop *_Nullable freshet_loop_create(freshet_loop_handlers handlers, void *context);

/// Waits for the next events and handles them.
void freshet_loop_turn(freshet_loop *loop);

/// Makes the turn in progress (or the next one) call `woken`. From any thread, but never during or after
/// freshet_loop_destroy().
void freshet_loop_wake(freshet_loop *loop);

/// Arms the loop's one timer, `microseconds` from now; a negative number disarms it.
void freshet_loop_set_timer(freshet_loop *loop, int64_t microseconds);

/// Closes every socket (each still gets its last call) and frees the loop. Not from inside a callback.
void freshet_loop_destroy(freshet_loop *loop);

// ----------------------------------------------------------------------------------------- TLS, as a client

typedef struct freshet_tls freshet_tls;

/// Settings shared by many sockets. `ca_file` replaces the system's certificate authorities.
/// Returns NULL with the reason in `error`. Freed with the loop.
freshet_tls *_Nullable freshet_tls_create(freshet_loop *loop, const char *_Nullable ca_file, bool insecure,
                                          char *error, size_t error_size);

// --------------------------------------------------------------------------------------- the client's tunnel

typedef struct freshet_socket freshet_socket;

enum {
    FRESHET_PHASE_TLS = 1,      ///< TCP is connected; TLS starts, where there is TLS
    FRESHET_PHASE_RESPONSE = 2  ///< the request is on its way; the response is awaited
};

enum {
    FRESHET_END_EOF = 0,      ///< the peer ended the stream (FIN), or we closed
    FRESHET_END_RESET = 1,    ///< the stream broke
    FRESHET_END_CONNECT = 2,  ///< no connection came about: `error_number` where it is known
    FRESHET_END_TLS = 3,      ///< TLS failed: `verify_error` (X509_V_ERR_…) or `detail`
    FRESHET_END_RESPONSE = 4, ///< what came was not an HTTP response
    FRESHET_END_HANGUP = 5    ///< the peer ended the connection before it responded
};

typedef struct {
    int kind;
    int error_number;
    long verify_error;
    const char *detail;  ///< valid during the call
} freshet_socket_end;

typedef struct {
    void (*phase)(void *context, int phase);
    /// The response's headers are in; freshet_socket_header() works during this call only.
    /// Returns whether to keep the socket as a tunnel.
    bool (*responded)(void *context, int status);
    /// Where the next bytes may be put; NULL pauses reading until freshet_socket_resume().
    uint8_t *_Nullable (*_Nonnull buffer)(void *context, size_t *capacity);
    /// Bytes came, most often (not always) into what `buffer` gave. Valid during the call.
    void (*received)(void *context, const uint8_t *bytes, size_t count);
    void (*writable)(void *context);
    /// The end, exactly once, the last call of all.
    void (*ended)(void *context, const freshet_socket_end *end);
} freshet_socket_handlers;

typedef struct {
    const char *address;                 ///< numeric
    int port;
    const char *server_name;             ///< for SNI and the certificate, without a port
    freshet_tls *_Nullable tls;          ///< NULL: plain
    const uint8_t *request;              ///< the whole request up to, not including, the empty line
    size_t request_size;
} freshet_connect;

/// Starts to connect. Returns NULL when that failed at once, in which case `ended` has already been called.
freshet_socket *_Nullable freshet_socket_connect(freshet_loop *loop, freshet_connect what,
                                                 freshet_socket_handlers handlers, void *context);

/// Copies the value of the response header `name` (lower case, with its colon) and returns its length; -1 when it is
/// absent, -2 when it does not fit.
int freshet_socket_header(freshet_socket *socket, const char *name, char *value, size_t size);

/// Whether freshet_socket_write() may be called now.
bool freshet_socket_can_write(freshet_socket *socket);

/// Hands bytes over; false when the stream is broken (`ended` follows).
bool freshet_socket_write(freshet_socket *socket, const uint8_t *bytes, size_t count);

/// Asks for one `writable`.
void freshet_socket_want_writable(freshet_socket *socket);

/// Reads again after a pause.
void freshet_socket_resume(freshet_socket *socket);

/// Ends the socket soon, not within this call; `ended` follows.
void freshet_socket_close(freshet_socket *socket);

// ------------------------------------------------------------------------------- a WebSocket server, for tests

typedef struct freshet_listener freshet_listener;
typedef struct freshet_peer freshet_peer;

typedef struct {
    /// A WebSocket is open; returns what the peer's calls get as their context, or NULL to refuse it.
    void *_Nullable (*_Nonnull accepted)(void *listener_context, freshet_peer *peer, const char *subprotocol);
    void (*message)(void *_Nullable peer_context, const uint8_t *bytes, size_t count, bool final);
    void (*writable)(void *_Nullable peer_context);
    void (*closed)(void *_Nullable peer_context);
} freshet_peer_handlers;

/// Prepares to listen. With `certificate` and `key` (PEM files) it speaks TLS. Returns NULL when those cannot be used.
/// One for each loop, freed with it.
freshet_listener *_Nullable freshet_listener_create(freshet_loop *loop, const char *subprotocol,
                                                    const char *_Nullable certificate, const char *_Nullable key,
                                                    freshet_peer_handlers handlers, void *context);

/// Listens on 127.0.0.1; port 0 takes a free one. Returns the port, or a negative errno.
int freshet_listener_start(freshet_listener *listener, int port);

/// Stops listening at once; peers stay.
void freshet_listener_stop(freshet_listener *listener);

/// Sends one text message; false when the peer is gone. Only while freshet_peer_can_write().
bool freshet_peer_send(freshet_peer *peer, const uint8_t *bytes, size_t count);
bool freshet_peer_can_write(freshet_peer *peer);
void freshet_peer_want_writable(freshet_peer *peer);
void freshet_peer_read(freshet_peer *peer, bool on);

/// Sends a close frame with `code` and `reason` when next writable.
void freshet_peer_close(freshet_peer *peer, int code, const char *reason);

/// Cuts the connection without a close frame, within this call. Not from a callback of this peer.
void freshet_peer_drop(freshet_peer *peer);

#pragma clang assume_nonnull end

#endif
