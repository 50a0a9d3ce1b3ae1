// SPDX-License-Identifier: Apache-2.0
//
// What may be asked of a socket; what libwebsockets tells of it is in tunnel.c.
// Letters and numbers in comments refer to the rules in docs/decisions/0001-tunnel.md.
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

freshet_socket *freshet_socket_connect(freshet_loop *loop, freshet_connect what, freshet_socket_handlers handlers,
                                       void *context) {
    freshet_socket *socket = calloc(1, sizeof *socket);
    bool fits = what.request_size < FRESHET_SERVICE_BUFFER - 256;
    if (socket) {
        socket->loop = loop;
        socket->handlers = handlers;
        socket->context = context;
        socket->tls = what.host->tls;
        socket->proxied = what.host->proxied;
        socket->server_name = strdup(what.server_name);
        socket->request = malloc(what.request_size);
        socket->request_size = what.request_size;
    }
    if (!socket || !socket->server_name || !socket->request || !fits) {
        freshet_socket_end failed = {FRESHET_END_CONNECT, fits ? ENOMEM : EMSGSIZE, 0, false, ""};
        if (socket) free(socket->server_name), free(socket->request), free(socket);
        handlers.ended(context, &failed);
        return NULL;
    }
    memcpy(socket->request, what.request, what.request_size);
    socket->next = loop->sockets;
    if (socket->next) socket->next->previous = socket;
    loop->sockets = socket;

    struct lws_client_connect_info info;
    memset(&info, 0, sizeof info);
    info.context = loop->lws;
    info.vhost = what.host->vhost;
    // Numeric: a name would be looked up here, on the loop's thread (A 2). Only a proxy is given a name.
    info.address = what.address;
    info.port = what.port;
    info.host = what.server_name;
    info.path = "/";  // replaced, with the whole request
    info.method = "GET";
    info.alpn = "http/1.1";
    info.local_protocol_name = "freshet";
    info.opaque_user_data = socket;
    info.retry_and_idle_policy = NULL;
    info.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT;
    if (what.host->tls) {
        info.ssl_connection |= LCCSCF_USE_SSL;
        if (what.host->tls->insecure || strchr(what.server_name, ':'))
            info.ssl_connection |= LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
    }
    // A failure within this call is told by WSI_DESTROY or by NULL alone (A 3): either way `ended` is called once.
    bool ended = false;
    socket->ended = &ended;
    errno = 0;
    freshet_last_tls_report.ssl = NULL;  // an SSL of the past may have had the address of the next
    freshet_last_tls_report.text[0] = 0;
    struct lws *wsi = lws_client_connect_via_info(&info);
    if (ended) return NULL;
    socket->ended = NULL;
    if (!wsi) {
        socket->error_number = errno;
        freshet_socket_end_now(socket);
        return NULL;
    }
    socket->wsi = wsi;
    return socket;
}

int freshet_socket_header(freshet_socket *socket, const char *name, char *value, size_t size) {
    static const struct {
        const char *name;
        enum lws_token_indexes token;
    } known[] = {
        {"sec-websocket-accept:", WSI_TOKEN_ACCEPT},     {"sec-websocket-protocol:", WSI_TOKEN_PROTOCOL},
        {"sec-websocket-extensions:", WSI_TOKEN_EXTENSIONS}, {"upgrade:", WSI_TOKEN_UPGRADE},
        {"connection:", WSI_TOKEN_CONNECTION},           {"location:", WSI_TOKEN_HTTP_LOCATION},
        {"content-type:", WSI_TOKEN_HTTP_CONTENT_TYPE},  {"www-authenticate:", WSI_TOKEN_HTTP_WWW_AUTHENTICATE},
        {"retry-after:", WSI_TOKEN_HTTP_RETRY_AFTER},    {"content-length:", WSI_TOKEN_HTTP_CONTENT_LENGTH},
        {"transfer-encoding:", WSI_TOKEN_HTTP_TRANSFER_ENCODING},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) != 0) continue;
        if (!lws_hdr_total_length(socket->wsi, known[i].token)) return -1;
        if (lws_hdr_total_length(socket->wsi, known[i].token) >= (int)size) return -2;
        return lws_hdr_copy(socket->wsi, value, (int)size, known[i].token);
    }
    return lws_hdr_custom_copy(socket->wsi, value, (int)size, name, (int)strlen(name));
}

bool freshet_socket_certificate_wanted(freshet_socket *socket) {
    return socket->tls && freshet_wants_certificate(lws_get_ssl(socket->wsi));
}

bool freshet_socket_can_write(freshet_socket *socket) {
    return socket->tunnelling && !socket->closing && !lws_partial_buffered(socket->wsi);
}

bool freshet_socket_write(freshet_socket *socket, const uint8_t *bytes, size_t count) {
    // LWS_WRITE_RAW sends the bytes as they are; libwebsockets does not change them, its signature only says so.
    if (lws_write(socket->wsi, (unsigned char *)bytes, count, LWS_WRITE_RAW) >= 0) return true;
    // What has come before can be read all the same, but not by OpenSSL, which must not be called again.
    if (socket->tls) freshet_socket_close(socket);
    return false;
}

size_t freshet_socket_untaken(freshet_socket *socket) {
    int count = 0;
#ifdef SO_NWRITE
    socklen_t size = sizeof count;
    int failed = getsockopt(lws_get_socket_fd(socket->wsi), SOL_SOCKET, SO_NWRITE, &count, &size);
#else
    int failed = ioctl(lws_get_socket_fd(socket->wsi), SIOCOUTQ, &count);
#endif
    return failed || count < 0 ? 0 : (size_t)count;
}

void freshet_socket_want_writable(freshet_socket *socket) { lws_callback_on_writable(socket->wsi); }

void freshet_socket_resume(freshet_socket *socket) {
    if (!socket->tunnelling || socket->closing || freshet_socket_read(socket) >= 0) return;
    freshet_socket_kill_soon(socket);
}

void freshet_socket_close(freshet_socket *socket) {
    // The flag is needed as well: a kill is lost when the connection comes about first (B 5).
    socket->closing = true;
    if (socket->wsi) freshet_socket_kill_soon(socket);
}

void freshet_close_sockets(freshet_loop *loop) {
    for (freshet_socket *socket = loop->sockets; socket; socket = socket->next) freshet_socket_close(socket);
}
