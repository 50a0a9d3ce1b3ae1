// SPDX-License-Identifier: Apache-2.0
//
// The thin C shim over OpenSSL for tests: certificates made at run time, and the server's side of TLS between two memories.
// No sockets, no policy, and no OpenSSL type.
//
// Threads: a server's and a session's functions must be called on one and the same thread; those that make certificates on any.

#ifndef CFRESHETTLS_H
#define CFRESHETTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// ------------------------------------------------------------------------------------------ certificates

/// Room for the PEM text of a certificate, or of a key, of a curve of 256 bits.
#define FRESHET_PEM_SIZE 4096

/// Makes a key (P-256) and a certificate for it. PEM texts end with a zero.
///
/// - name: its subject's common name.
/// - hosts: subjectAltName as in "IP:127.0.0.1,DNS:localhost"; NULL for a certificate authority.
/// - from, until: when it is valid, in seconds from now.
/// - issuer, issuer_key: PEM texts of who signs it; both NULL: itself.
/// - certificate, key: room for FRESHET_PEM_SIZE bytes each.
///
/// Returns false when OpenSSL did not do it, or the issuer cannot be read.
bool freshet_certificate_create(const char *name, const char *_Nullable hosts, long from, long until,
                                const char *_Nullable issuer, const char *_Nullable issuer_key, char *certificate,
                                char *key);

// ------------------------------------------------------------------------------------------ the server's side

/// A certificate with its key, and what is asked of clients.
typedef struct freshet_tls_server freshet_tls_server;

/// - certificate, key: PEM texts.
/// - client_authority: PEM text of the authority of client certificates, which are required then; NULL: none are asked for.
/// - version: 12 or 13 for that one alone, 0 for both.
///
/// Returns NULL when OpenSSL cannot use them.
freshet_tls_server *_Nullable freshet_tls_server_create(const char *certificate, const char *key,
                                                        const char *_Nullable client_authority, int version);

/// Its sessions stay.
void freshet_tls_server_destroy(freshet_tls_server *server);

/// One connection, without its socket: bytes of TLS on one side, what they say on the other.
typedef struct freshet_tls_session freshet_tls_session;

typedef enum {
    FRESHET_TLS_HANDSHAKE = 0,
    FRESHET_TLS_OPEN,
    FRESHET_TLS_ENDED,   ///< the client has said that it sends no more (close_notify)
    FRESHET_TLS_FAILED,  ///< freshet_tls_session_failure() says why; an alert for the client may wait to be taken
} freshet_tls_state;

freshet_tls_session *_Nullable freshet_tls_session_create(freshet_tls_server *server);
void freshet_tls_session_destroy(freshet_tls_session *session);

/// Gives it what the client has sent; false for want of memory.
bool freshet_tls_session_feed(freshet_tls_session *session, const uint8_t *bytes, size_t count);

/// Goes on with the handshake, and reads: how many bytes. 0 is nothing more for now, or for ever: the state says.
size_t freshet_tls_session_read(freshet_tls_session *session, uint8_t *buffer, size_t size);

/// Encrypts all of it; false when the handshake is not over, or the session has failed.
bool freshet_tls_session_write(freshet_tls_session *session, const uint8_t *bytes, size_t count);

/// Takes what is to be sent to the client: how many bytes.
size_t freshet_tls_session_take(freshet_tls_session *session, uint8_t *buffer, size_t size);

freshet_tls_state freshet_tls_session_state(const freshet_tls_session *session);

/// In a few words, for as long as the session lives; empty when it has not failed.
const char *freshet_tls_session_failure(const freshet_tls_session *session);

/// Says that nothing more is sent (close_notify).
void freshet_tls_session_end(freshet_tls_session *session);

/// Sends a fatal alert, after which nothing can be read or written.
void freshet_tls_session_alert(freshet_tls_session *session);

#pragma clang assume_nonnull end

#endif
