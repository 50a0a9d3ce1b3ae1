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

/// SHA-256, 32 bytes.
void freshet_sha256(const uint8_t *bytes, size_t count, uint8_t *digest);

/// Signs by RSASSA-PKCS1-v1_5 with SHA-256 and a private key in PEM without a password. `signature_count` is the room
/// there is, and then how long the signature is. 0; -1: no readable key; -2: no RSA key; -3: it could not be signed.
int freshet_sign_rs256(const uint8_t *pem, size_t pem_count, const uint8_t *bytes, size_t count, uint8_t *signature,
                       size_t *signature_count);

// ---------------------------------------------------------------------------------------------- the loop

typedef struct freshet_loop freshet_loop;

typedef struct {
    void (*woken)(void *context);  ///< after freshet_loop_wake(), perhaps once for several calls
    void (*timer)(void *context);  ///< the time of freshet_loop_set_timer() has come
} freshet_loop_handlers;

/// Creates a loop with one libwebsockets context, or returns NULL (out of memory or descriptors). With `many` it waits in libuv
/// where libwebsockets' plug-in for that is installed.
freshet_loop *_Nullable freshet_loop_create(freshet_loop_handlers handlers, void *context, bool many);

/// Whether it waits in libuv.
bool freshet_loop_scales(freshet_loop *loop);

/// Handles the next events; with `wait` it waits for them.
void freshet_loop_turn(freshet_loop *loop, bool wait);

/// Makes the turn in progress (or the next one) call `woken`. From any thread, but never during or after
/// freshet_loop_destroy().
void freshet_loop_wake(freshet_loop *loop);

/// Arms the loop's one timer, `microseconds` from now; a negative number disarms it.
void freshet_loop_set_timer(freshet_loop *loop, int64_t microseconds);

/// Closes every socket (each still gets its last call) and frees the loop. Not from inside a callback.
void freshet_loop_destroy(freshet_loop *loop);

// ----------------------------------------------------------------------------------------- TLS, as a client

typedef struct freshet_tls freshet_tls;

/// Everything is PEM or bytes in memory, read during the call; NULL and 0 where there is none.
typedef struct {
    const char *_Nullable authorities;  ///< replace the system's
    size_t authorities_size;
    const char *_Nullable certificate;  ///< of the client, with what leads to its authority
    size_t certificate_size;
    const char *_Nullable key;
    size_t key_size;
    const uint8_t *_Nullable pins;  ///< SHA-256 of public keys (SubjectPublicKeyInfo), 32 bytes each
    size_t pin_count;
    int minimum_version;  ///< 12 or 13
    bool insecure;        ///< accepts every certificate, as far as the pins do
} freshet_tls_options;

/// Settings shared by many sockets. Returns NULL with the reason in `error`. Freed with the loop.
freshet_tls *_Nullable freshet_tls_create(freshet_loop *loop, freshet_tls_options options, char *error,
                                          size_t error_size);

// ------------------------------------------------------------------------------------------------- hosts

/// What sockets share that go the same way: TLS or none, a proxy or none.
typedef struct freshet_host freshet_host;

/// `proxy` is `[user:password@]address` with a numeric address, NULL for none. Returns NULL when there is no memory, or the
/// proxy's credentials are too long. Freed with the loop.
freshet_host *_Nullable freshet_host_create(freshet_loop *loop, freshet_tls *_Nullable tls,
                                            const char *_Nullable proxy, int proxy_port);

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
    FRESHET_END_HANGUP = 5,   ///< the peer ended the connection before it responded
    FRESHET_END_PROXY = 6     ///< the proxy did not connect us
};

/// A verify error of our own: no key of the chain is pinned. OpenSSL has it for "application verification failure".
enum { FRESHET_NOT_PINNED = 50 };

enum {
    FRESHET_REFUSE = 0,
    FRESHET_TUNNEL = 1,  ///< keep the socket as a tunnel
    FRESHET_BODY = 2     ///< read the body, then end
};

typedef struct {
    int kind;
    int error_number;
    long verify_error;  ///< X509_V_ERR_…; FRESHET_NOT_PINNED
    bool certificate_wanted;  ///< the server asked for a client certificate, and there was none
    const char *detail;       ///< valid during the call
} freshet_socket_end;

typedef struct {
    void (*phase)(void *context, int phase);
    /// The response's headers are in; freshet_socket_header() works during this call only.
    /// Returns what to do with it.
    int (*responded)(void *context, int status);
    /// Where the next bytes may be put; NULL pauses reading until freshet_socket_resume().
    uint8_t *_Nullable (*_Nonnull buffer)(void *context, size_t *capacity);
    /// Bytes came, most often (not always) into what `buffer` gave. Valid during the call.
    void (*received)(void *context, const uint8_t *bytes, size_t count);
    /// More has come than the buffer took, and no event will tell: freshet_socket_resume() reads it.
    void (*pending)(void *context);
    void (*writable)(void *context);
    /// The end, exactly once, the last call of all.
    void (*ended)(void *context, const freshet_socket_end *end);
} freshet_socket_handlers;

typedef struct {
    const char *address;                 ///< numeric, or "+/path" of a Unix socket; a name when the host has a proxy
    int port;
    const char *server_name;             ///< for SNI and the certificate, without a port
    freshet_host *host;
    const uint8_t *request;              ///< the whole request up to, not including, the empty line
    size_t request_size;
} freshet_connect;

/// Starts to connect. Returns NULL when that failed at once, in which case `ended` has already been called.
freshet_socket *_Nullable freshet_socket_connect(freshet_loop *loop, freshet_connect what,
                                                 freshet_socket_handlers handlers, void *context);

/// Copies the value of the response header `name` (lower case, with its colon) and returns its length; -1 when it is
/// absent, -2 when it does not fit.
int freshet_socket_header(freshet_socket *socket, const char *name, char *value, size_t size);

/// Whether the server asked for a client certificate, and there was none.
bool freshet_socket_certificate_wanted(freshet_socket *socket);

/// Whether freshet_socket_write() may be called now.
bool freshet_socket_can_write(freshet_socket *socket);

/// Hands bytes over; false when the stream is broken: nothing more can be written. What came before that can still be read, by
/// freshet_socket_resume(); with TLS it cannot, and `ended` follows.
bool freshet_socket_write(freshet_socket *socket, const uint8_t *bytes, size_t count);

/// How many bytes the kernel holds that the peer has not taken.
size_t freshet_socket_untaken(freshet_socket *socket);

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
