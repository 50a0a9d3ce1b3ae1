// SPDX-License-Identifier: Apache-2.0
//
// The tunnel: libwebsockets' h1 client role, used as a pipe of bytes once the response's headers are in.
// Letters and numbers in comments refer to the rules in docs/decisions/0001-tunnel.md.
#include "internal.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void freshet_socket_end_now(freshet_socket *socket) {
    freshet_socket_end result = {FRESHET_END_EOF, socket->error_number, socket->verify_error,
                                 socket->certificate_wanted, socket->detail};
    if (socket->tunnelling)
        result.kind = socket->finished || socket->closing ? FRESHET_END_EOF : FRESHET_END_RESET;
    else if (socket->proxy_refused)
        result.kind = FRESHET_END_PROXY;
    else if (!socket->connected)
        result.kind = FRESHET_END_CONNECT;
    else if (socket->tls && (!socket->requested || socket->verify_error || socket->detail[0]))
        result.kind = FRESHET_END_TLS;
    else
        result.kind = socket->nonsense ? FRESHET_END_RESPONSE : FRESHET_END_HANGUP;
    if (socket->ended) *socket->ended = true;
    if (socket->loop->uv && !socket->connected && socket->wsi) freshet_uv_forget(socket->loop->uv, socket->wsi);
    if (socket->next) socket->next->previous = socket->previous;
    *(socket->previous ? &socket->previous->next : &socket->loop->sockets) = socket->next;
    socket->handlers.ended(socket->context, &result);
    free(socket->server_name);
    free(socket->request);
    free(socket);
}

/// OpenSSL's verdict on the certificate, while it can still be told (A 8); what `insecure` overrules, and what the pins do not
/// allow. Called once for each certificate of the chain, the server's own as the last, and once for each thing wrong with it.
static void judge_certificate(freshet_socket *socket, X509_STORE_CTX *store, int ok) {
    bool servers_own = X509_STORE_CTX_get_error_depth(store) == 0;
    if (ok && servers_own && strchr(socket->server_name, ':')) {
        // An IPv6 literal: libwebsockets cuts the name at the first colon, so this check is ours (A 2).
        ok = X509_check_ip_asc(X509_STORE_CTX_get_current_cert(store), socket->server_name, 0) == 1;
        if (!ok) X509_STORE_CTX_set_error(store, X509_V_ERR_IP_ADDRESS_MISMATCH);
    }
    if (!ok && socket->tls->insecure) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        ok = 1;
    }
    if (ok && servers_own && socket->tls->pin_count && !freshet_is_pinned(socket->tls, store)) {
        X509_STORE_CTX_set_error(store, FRESHET_NOT_PINNED);
        ok = 0;
    }
    if (!ok && !socket->verify_error) socket->verify_error = X509_STORE_CTX_get_error(store);
}

/// Replaces the request that libwebsockets wrote by ours (A 0 c): its own adds headers and cuts long paths.
static void put_request(freshet_socket *socket, uint8_t **position, size_t room) {
    uint8_t *start = *position - (FRESHET_SERVICE_BUFFER - 12 - room);
    memcpy(start, socket->request, socket->request_size);
    *position = start + socket->request_size;
}

static void deliver(freshet_socket *socket) {
    size_t count = socket->filled;
    socket->filled = 0;
    if (count) socket->handlers.received(socket->context, socket->room, count);
}

int freshet_socket_read(freshet_socket *socket) {
    size_t capacity = 0;
    socket->room = socket->handlers.buffer(socket->context, &capacity);
    if (!socket->room) return 0;  // paused: what is not pulled stays in the kernel (B 3)
    SSL *ssl = lws_get_ssl(socket->wsi);
    size_t before;
    int result;
    do {
        before = socket->filled;
        char *bytes = (char *)socket->room + before;
        int count = (int)(capacity - before < FRESHET_READ_MAX ? capacity - before : FRESHET_READ_MAX);
        result = lws_http_client_read(socket->wsi, &bytes, &count);
        // OpenSSL hands out one record a call, and has read ahead: nothing would tell of what it still holds.
    } while (result >= 0 && ssl && socket->filled > before && socket->filled < capacity && SSL_has_pending(ssl));
    // libwebsockets reads no more than its own buffer could hold. A flood is read in larger pieces.
    while (result >= 0 && !ssl && socket->filled >= FRESHET_READ_MAX && socket->filled < capacity) {
        ssize_t more = recv(lws_get_socket_fd(socket->wsi), socket->room + socket->filled, capacity - socket->filled,
                            MSG_DONTWAIT);
        if (more <= 0) break;  // also the end, which libwebsockets finds as well
        socket->filled += (size_t)more;
    }
    bool pending = result >= 0 && ssl && socket->filled == capacity && SSL_has_pending(ssl);
    deliver(socket);
    if (pending && !socket->closing) socket->handlers.pending(socket->context);
    return result < 0 || socket->closing ? -1 : 0;
}

void freshet_socket_kill_soon(freshet_socket *socket) {
    lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
    // In libuv libwebsockets looks at its timers only after an event (A 11).
    if (socket->loop->uv) lws_cancel_service(socket->loop->lws);
}

/// Ends the socket from within the callback that tells of bytes. Where libwebsockets still holds output, to fail there means to
/// flush first, and 4.1 then serves the same event again, and for ever (B 5). So it is killed, which is not served but timed.
static int fail_reading(freshet_socket *socket) {
    if (!lws_partial_buffered(socket->wsi)) return -1;
    if (!socket->closing) freshet_socket_kill_soon(socket);
    return 0;
}

static void note_failure(freshet_socket *socket, struct lws *wsi, const char *text) {
    if (socket->ended) socket->error_number = errno;  // later it may be another socket's
    socket->nonsense = text && strstr(text, "parsing");  // the same word since 4.1
    socket->proxy_refused = text && socket->proxied && strstr(text, "proxy");  // likewise
    socket->certificate_wanted = socket->tls && freshet_wants_certificate(lws_get_ssl(wsi));
    freshet_tls_report *report = &freshet_last_tls_report;
    if (socket->tls && report->text[0] && report->ssl == lws_get_ssl(wsi)) {
        memcpy(socket->detail, report->text, sizeof socket->detail);
        report->text[0] = 0;
    } else if (text && socket->connected && !socket->requested) {
        strncpy(socket->detail, text, sizeof socket->detail - 1);
    }
}

int freshet_tunnel_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
    if (reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED) {
        // Told to every protocol of every vhost (A 1): only the first counts. The wsi is a fake one.
        freshet_loop *loop = lws_context_user(lws_get_context(wsi));
        if (lws_get_vhost(wsi) == loop->plain) loop->handlers.woken(loop->context);
        return 0;
    }
    if (reason == LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION) {
        freshet_socket *judged = lws_get_opaque_user_data(wsi);
        if (judged && judged->tls) judge_certificate(judged, user, (int)len);
        return judged && judged->verify_error ? -1 : 0;
    }
    freshet_socket *socket = NULL;
    switch (reason) {  // some other callbacks come with a fake wsi, which has no user data
    case LWS_CALLBACK_WSI_CREATE:
    case LWS_CALLBACK_WSI_DESTROY:
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
    case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
    case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
    case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
        socket = lws_get_opaque_user_data(wsi);
        break;
    default:
        return 0;
    }
    if (!socket) return 0;
    socket->wsi = wsi;

    switch (reason) {
    case LWS_CALLBACK_WSI_CREATE:
        socket->connected = true;
        socket->handlers.phase(socket->context, FRESHET_PHASE_TLS);
        return 0;

    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        // Never fails (A 13): the size was checked before connecting.
        socket->connected = socket->requested = true;
        put_request(socket, in, len);
        socket->handlers.phase(socket->context, FRESHET_PHASE_RESPONSE);
        return 0;

    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP: {
        int status = (int)lws_http_client_http_response(wsi);
        free(socket->request);
        socket->request = NULL;
        socket->request_size = 0;
        if (socket->closing) return -1;
        int verdict = socket->handlers.responded(socket->context, status);
        socket->tunnelling = verdict == FRESHET_TUNNEL;
        if (socket->tunnelling && socket->tls) freshet_read_ahead(lws_get_ssl(wsi));
        socket->reading_body = verdict == FRESHET_BODY;
        return verdict == FRESHET_REFUSE ? -1 : 0;
    }

    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
        if ((!socket->tunnelling && !socket->reading_body) || socket->closing) return fail_reading(socket);
        return freshet_socket_read(socket) < 0 ? fail_reading(socket) : 0;

    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
        if (len > FRESHET_READ_MAX) return -1;  // A 0 b
        if ((uint8_t *)in == socket->room + socket->filled) {
            socket->filled += len;
            return 0;
        }
        deliver(socket);  // what came with the 101 is in libwebsockets' memory
        socket->handlers.received(socket->context, in, len);
        return socket->closing ? -1 : 0;

    case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
        // Before a close as well: what libwebsockets still holds goes out only when the close comes from here.
        if (socket->tunnelling) socket->handlers.writable(socket->context);
        return socket->closing ? -1 : 0;

    case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
        socket->finished = true;
        return socket->reading_body ? -1 : 0;

    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        note_failure(socket, wsi, in);
        return 0;

    case LWS_CALLBACK_WSI_DESTROY:  // the only callback that always ends a connection (A 3)
        lws_set_opaque_user_data(wsi, NULL);
        freshet_socket_end_now(socket);
        return 0;

    default:
        return 0;
    }
}

