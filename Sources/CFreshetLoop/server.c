// SPDX-License-Identifier: Apache-2.0
//
// A WebSocket server on libwebsockets' own server role, so that our client is never tested against its own codec.
//
// The listening socket is ours and is watched by the loop as a plain descriptor: one of libwebsockets' own would go on
// accepting for a while after its vhost was destroyed, so a test could not stop a server.
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct freshet_listener {
    freshet_listener *next;
    struct lws_vhost *vhost;
    struct lws *wsi;  // of the listening socket; NULL while there is none
    int port;
    int reserved;  // a socket that holds the port while stopped, or -1
    struct lws_protocols protocols[3];
    char name[64];
    freshet_peer_handlers handlers;
    void *context;
};

struct freshet_peer {
    freshet_listener *listener;
    struct lws *wsi;
    void *context;
    uint8_t *scratch;  // libwebsockets wants LWS_PRE bytes before what it sends
    size_t scratch_size;
    bool broken;  // a write failed: its client is gone
    int close_code;
    char close_reason[124];
};

/// What the first protocol's `user` points at: one per connection, allocated by libwebsockets.
typedef struct {
    freshet_peer *peer;
} session;

static freshet_peer *accept_peer(struct lws *wsi) {
    freshet_listener *listener = lws_get_vhost_user(lws_get_vhost(wsi));
    freshet_peer *peer = calloc(1, sizeof *peer);
    if (!peer) return NULL;
    peer->listener = listener;
    peer->wsi = wsi;
    char subprotocol[128] = "";
    // What was agreed on, where something was offered at all.
    if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > 0)
        snprintf(subprotocol, sizeof subprotocol, "%s", lws_get_protocol(wsi)->name);
    peer->context = listener->handlers.accepted(listener->context, peer, subprotocol);
    if (!peer->context) {
        free(peer);
        return NULL;
    }
    return peer;
}

static int write_or_close(freshet_peer *peer) {
    if (peer->close_code) {
        lws_close_reason(peer->wsi, (enum lws_close_status)peer->close_code, (unsigned char *)peer->close_reason,
                         strlen(peer->close_reason));
        return -1;
    }
    peer->listener->handlers.writable(peer->context);
    return peer->broken ? -1 : 0;
}

/// Answers a request that is no upgrade: libwebsockets would leave it without a word.
static int refuse_plain_http(struct lws *wsi) {
    static const char body[] = "Subscriptions come over WebSocket, and nothing else is here.\n";
    uint8_t answer[LWS_PRE + 512];
    int size = snprintf((char *)answer + LWS_PRE, sizeof answer - LWS_PRE,
                        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n"
                        "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
                        sizeof body - 1, body);
    lws_write(wsi, answer + LWS_PRE, (size_t)size, LWS_WRITE_HTTP_FINAL);
    return -1;
}

static int server_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
    session *session = user;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return refuse_plain_http(wsi);
    case LWS_CALLBACK_ESTABLISHED:
        session->peer = accept_peer(wsi);
        return session->peer ? 0 : -1;
    case LWS_CALLBACK_RECEIVE:
        if (!session->peer) return -1;
        session->peer->listener->handlers.message(session->peer->context, in, len,
                                                  lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi));
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return session->peer ? write_or_close(session->peer) : -1;
    case LWS_CALLBACK_CLOSED:
        if (!session->peer) return 0;
        session->peer->listener->handlers.closed(session->peer->context);
        free(session->peer->scratch);
        free(session->peer);
        session->peer = NULL;
        return 0;
    default:
        return 0;
    }
}

static void make_plain(int fd) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int listen_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
    (void)user, (void)in, (void)len;
    if (reason != LWS_CALLBACK_RAW_RX_FILE) return 0;
    for (;;) {
        int fd = accept(lws_get_socket_fd(wsi), NULL, NULL);
        if (fd < 0) return 0;
        make_plain(fd);
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        lws_adopt_socket_vhost(lws_get_vhost(wsi), fd);  // closes it when it fails
    }
}

/// A socket bound on 127.0.0.1, or -1 with errno.
static int bind_on(int *port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return -1;
    make_plain(fd);
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)*port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, size) || getsockname(fd, (struct sockaddr *)&address, &size)) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static const lws_retry_bo_t no_validity_checks;

void freshet_free_listeners(freshet_loop *loop) {
    while (loop->listeners) {
        freshet_listener *listener = loop->listeners;
        loop->listeners = listener->next;
        if (listener->reserved >= 0) close(listener->reserved);
        free(listener);
    }
}

freshet_listener *freshet_listener_create(freshet_loop *loop, const char *subprotocol, const char *certificate,
                                          const char *key, freshet_peer_handlers handlers, void *context) {
    freshet_listener *listener = calloc(1, sizeof *listener);
    if (!listener) return NULL;
    listener->handlers = handlers;
    listener->context = context;
    listener->reserved = -1;
    snprintf(listener->name, sizeof listener->name, "%s", subprotocol);
    listener->protocols[0] = (struct lws_protocols){listener->name, server_callback, sizeof(session), 65536, 0, NULL, 0};
    listener->protocols[1] = (struct lws_protocols){"freshet-listener", listen_callback, 0, 0, 0, NULL, 0};

    struct lws_context_creation_info info;
    memset(&info, 0, sizeof info);
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.protocols = listener->protocols;
    info.vhost_name = "server";
    info.user = listener;
    info.gid = info.uid = -1;
    info.retry_and_idle_policy = &no_validity_checks;
    info.http_proxy_address = "none:0";
    info.options = LWS_SERVER_OPTION_VALIDATE_UTF8;
    info.alpn = "http/1.1";  // a WebSocket begins with that alone
    if (certificate) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = certificate;
        info.ssl_private_key_filepath = key;
    }
    // libwebsockets reads the protocols as long as the vhost is there, which is as long as the loop.
    listener->next = loop->listeners;
    loop->listeners = listener;
    listener->vhost = lws_create_vhost(loop->lws, &info);
    return listener->vhost ? listener : NULL;
}

int freshet_listener_start(freshet_listener *listener, int port) {
    lws_sock_file_fd_type descriptor = {.filefd = listener->reserved >= 0 ? listener->reserved : bind_on(&port)};
    listener->reserved = -1;
    if (descriptor.filefd < 0) return -errno;
    if (listen(descriptor.filefd, 1024)) {
        int why = errno;
        close(descriptor.filefd);
        return -why;
    }
    listener->port = port;
    listener->wsi = lws_adopt_descriptor_vhost(listener->vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor,
                                               listener->protocols[1].name, NULL);
    return listener->wsi ? port : -ENOMEM;
}

void freshet_listener_stop(freshet_listener *listener) {
    if (!listener->wsi) return;
    lws_set_timeout(listener->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
    listener->wsi = NULL;
    // Bound, but not listening: connections are refused, and nobody else is given the port meanwhile.
    listener->reserved = bind_on(&listener->port);
}

bool freshet_peer_send(freshet_peer *peer, const uint8_t *bytes, size_t count) {
    if (LWS_PRE + count > peer->scratch_size) {
        uint8_t *larger = realloc(peer->scratch, LWS_PRE + count);
        if (!larger) return false;
        peer->scratch = larger;
        peer->scratch_size = LWS_PRE + count;
    }
    memcpy(peer->scratch + LWS_PRE, bytes, count);
    peer->broken = lws_write(peer->wsi, peer->scratch + LWS_PRE, count, LWS_WRITE_TEXT) < 0;
    if (peer->broken) lws_set_timeout(peer->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
    return !peer->broken;
}

bool freshet_peer_can_write(freshet_peer *peer) {
    return !peer->broken && !peer->close_code && !lws_send_pipe_choked(peer->wsi);
}

void freshet_peer_want_writable(freshet_peer *peer) { lws_callback_on_writable(peer->wsi); }

void freshet_peer_read(freshet_peer *peer, bool on) { lws_rx_flow_control(peer->wsi, on); }

void freshet_peer_close(freshet_peer *peer, int code, const char *reason) {
    peer->close_code = code;
    snprintf(peer->close_reason, sizeof peer->close_reason, "%s", reason);
    lws_callback_on_writable(peer->wsi);
}

void freshet_peer_drop(freshet_peer *peer) {
    lws_set_timeout(peer->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}
