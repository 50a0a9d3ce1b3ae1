// SPDX-License-Identifier: Apache-2.0
//
// The thin C shim over libcurl's multi interface: transfers, a wait, a wake-up. It carries out; it decides nothing. No
// libcurl type appears here.
//
// Threads: every function must be called on one and the same thread for each freshet_http, except freshet_http_wake().

#ifndef CFRESHETHTTP_H
#define CFRESHETHTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// libcurl and what it was built with, for `freshet --version`.
const char *freshet_http_version(void);

// ------------------------------------------------------------------------------------------ what comes back

/// Why a transfer is over.
typedef enum {
    FRESHET_HTTP_COMPLETE = 0,
    FRESHET_HTTP_ABORTED,        ///< a handler said so
    FRESHET_HTTP_URL,            ///< not a URL that can be asked
    FRESHET_HTTP_RESOLVE,        ///< the host name is unknown
    FRESHET_HTTP_RESOLVE_PROXY,  ///< the proxy's is
    FRESHET_HTTP_CONNECT,        ///< no connection; os_error says why
    FRESHET_HTTP_PROXY,          ///< the proxy did not connect us; proxy_status says why
    FRESHET_HTTP_TIMEOUT,        ///< phase says what was waited for
    FRESHET_HTTP_TLS,            ///< the handshake failed
    FRESHET_HTTP_CERTIFICATE,    ///< the server's certificate is not accepted; verify_result says why
    FRESHET_HTTP_PIN,            ///< the server's key is none of the pinned
    FRESHET_HTTP_TLS_SETTINGS,   ///< our own certificate, key or authorities cannot be used
    FRESHET_HTTP_BROKEN,         ///< the connection broke while sending or receiving
    FRESHET_HTTP_EMPTY,          ///< it ended before anything of an answer came
    FRESHET_HTTP_TRUNCATED,      ///< it ended before the announced end of the body
    FRESHET_HTTP_NOT_HTTP,       ///< what came is not HTTP, or not what HTTP allows
    FRESHET_HTTP_REPLAY,         ///< a part of the request was sent, and would have to be sent again
    FRESHET_HTTP_TOO_LARGE,      ///< beyond libcurl's own limits
    FRESHET_HTTP_OTHER,
} freshet_http_end;

/// What was waited for.
typedef enum {
    FRESHET_HTTP_RESOLVING,
    FRESHET_HTTP_CONNECTING,
    FRESHET_HTTP_SECURING,
    FRESHET_HTTP_RESPONDING,
    FRESHET_HTTP_RECEIVING,
} freshet_http_phase;

typedef struct {
    freshet_http_end end;
    freshet_http_phase phase;
    int number;         ///< libcurl's own, for messages
    long os_error;      ///< errno of connecting
    long verify_result; ///< OpenSSL's X509_V_ERR_…
    long proxy_status;  ///< of the CONNECT
    bool sent;          ///< whether any byte of the request was written
    bool secure;        ///< whether TLS was up
    const char *detail; ///< libcurl's words, valid during the call
} freshet_http_result;

/// What a transfer says to its owner. All on the thread of freshet_http_perform(), or of the function that caused it.
typedef struct {
    /// There is a connection, and the request is sent from now on; again when libcurl sends it again.
    void (*requested)(void *owner);
    /// One line of a head, with its line break; false ends the transfer.
    bool (*header)(void *owner, const char *line, size_t size);
    /// A piece of the body: true to take it, false to end; with *pause set it is not taken and comes again later.
    bool (*body)(void *owner, const char *bytes, size_t size, bool *pause);
    /// Fills the buffer with what is to be sent, 0 at the end, more than its capacity to give up; with *pause set there is
    /// nothing yet.
    size_t (*upload)(void *owner, char *buffer, size_t capacity, bool *pause);
    /// The transfer is over, and freed: the last call.
    void (*done)(void *owner, freshet_http_result result);
} freshet_http_handlers;

// ------------------------------------------------------------------------------------------------- the pool

typedef struct freshet_http freshet_http;

/// Connections, kept alive, of at most so many to one origin. NULL: out of memory.
freshet_http *_Nullable freshet_http_create(freshet_http_handlers handlers, long connections_per_origin);

/// Works on every transfer as far as it goes without waiting.
void freshet_http_perform(freshet_http *http);

/// Waits for something to do, so long at most; or for freshet_http_wake().
void freshet_http_wait(freshet_http *http, int milliseconds);

/// Ends the wait, or the next one. From any thread, but never during or after freshet_http_destroy().
void freshet_http_wake(freshet_http *http);

/// Closes every connection. No transfer may be left.
void freshet_http_destroy(freshet_http *http);

// ------------------------------------------------------------------------------------------------ transfers

typedef struct freshet_transfer freshet_transfer;

/// Everything is copied, but for the PEM texts: they must live as long as the transfer.
typedef struct {
    uint64_t route; ///< the same number for requests that are alike from `unix_socket` on; 0: unknown
    const char *url;
    const char *method;
    const char *const _Nonnull *_Nullable headers; ///< lines without line breaks
    size_t header_count;
    bool has_body;        ///< then `upload` is asked for it
    int64_t body_size;    ///< -1: unknown, sent in chunks
    bool may_replay;      ///< whether libcurl may send it again on another connection when a kept one turns out dead
    bool http2;           ///< where the server offers it; only over TLS
    long connect_timeout; ///< milliseconds
    long total_timeout;   ///< milliseconds; 0: none
    const char *_Nullable unix_socket;
    const char *_Nullable connect_to; ///< HOST:PORT:OTHER:PORT
    const char *_Nullable proxy;      ///< host and port; NULL: none
    const char *_Nullable proxy_credentials;
    const char *_Nullable authorities; ///< PEM, instead of the system's
    size_t authorities_size;
    const char *_Nullable certificate; ///< PEM
    size_t certificate_size;
    const char *_Nullable key; ///< PEM
    size_t key_size;
    const char *_Nullable pins; ///< sha256//…;sha256//…
    bool tls13;                 ///< nothing older
    bool insecure;
} freshet_http_request;

/// Begins a transfer; the first bytes move with the next freshet_http_perform(). NULL: out of memory, and no call follows.
freshet_transfer *_Nullable freshet_http_begin(freshet_http *http, const freshet_http_request *request, void *owner);

/// What was paused goes on; the handlers may be called at once. May end the transfer.
void freshet_transfer_resume(freshet_transfer *transfer, bool receiving, bool sending);

/// Ends the transfer and closes its connection, without a call of `done`.
void freshet_transfer_cancel(freshet_transfer *transfer);

/// Whether any byte of the request was written.
bool freshet_transfer_has_sent(freshet_transfer *transfer);

/// What is waited for now.
freshet_http_phase freshet_transfer_phase(freshet_transfer *transfer);

#pragma clang assume_nonnull end

#endif
