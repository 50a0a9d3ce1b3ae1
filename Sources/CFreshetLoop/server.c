// SPDX-License-Identifier: Apache-2.0
//
// A WebSocket server on libwebsockets' own server role, so that our client is never tested against its own codec.
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct freshet_listener {
    freshet_listener *next;
    struct lws_vhost *vhost;
    struct lws_protocols protocols[2];
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
    lws_hdr_copy(wsi, subprotocol, sizeof subprotocol, WSI_TOKEN_PROTOCOL);
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
    return 0;
}

static int server_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
    session *session = user;
    switch (reason) {
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

static const lws_retry_bo_t no_validity_checks;

// libwebsockets destroys a vhost when its last connection has gone, and reads the protocols until then: listeners are
// freed with the loop.
static void keep_listener(freshet_loop *loop, freshet_listener *listener) {
    listener->next = loop->listeners;
    loop->listeners = listener;
}

void freshet_free_listeners(freshet_loop *loop) {
    while (loop->listeners) {
        freshet_listener *listener = loop->listeners;
        loop->listeners = listener->next;
        free(listener);
    }
}

freshet_listener *freshet_listener_create(freshet_loop *loop, int port, const char *subprotocol,
                                          const char *certificate, const char *key, freshet_peer_handlers handlers,
                                          void *context, char *error, size_t error_size) {
    freshet_listener *listener = calloc(1, sizeof *listener);
    if (!listener) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    listener->handlers = handlers;
    listener->context = context;
    snprintf(listener->name, sizeof listener->name, "%s", subprotocol);
    listener->protocols[0] = (struct lws_protocols){listener->name, server_callback, sizeof(session), 65536, 0, NULL, 0};

    struct lws_context_creation_info info;
    memset(&info, 0, sizeof info);
    info.port = port;
    info.iface = "127.0.0.1";
    info.protocols = listener->protocols;
    info.vhost_name = "server";
    info.user = listener;
    info.gid = info.uid = -1;
    info.retry_and_idle_policy = &no_validity_checks;
    info.http_proxy_address = "none:0";
    info.options = LWS_SERVER_OPTION_VALIDATE_UTF8;
    if (certificate) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = certificate;
        info.ssl_private_key_filepath = key;
    }
    listener->vhost = lws_create_vhost(loop->lws, &info);
    if (!listener->vhost || lws_get_vhost_listen_port(listener->vhost) <= 0) {
        snprintf(error, error_size, "cannot listen on 127.0.0.1:%d: the port is in use, or the certificate or key cannot be read",
                 port);
        if (listener->vhost) lws_vhost_destroy(listener->vhost);
        keep_listener(loop, listener);
        return NULL;
    }
    keep_listener(loop, listener);
    return listener;
}

int freshet_listener_port(freshet_listener *listener) { return lws_get_vhost_listen_port(listener->vhost); }

void freshet_listener_destroy(freshet_listener *listener) { lws_vhost_destroy(listener->vhost); }

bool freshet_peer_send(freshet_peer *peer, const uint8_t *bytes, size_t count) {
    if (LWS_PRE + count > peer->scratch_size) {
        uint8_t *larger = realloc(peer->scratch, LWS_PRE + count);
        if (!larger) return false;
        peer->scratch = larger;
        peer->scratch_size = LWS_PRE + count;
    }
    memcpy(peer->scratch + LWS_PRE, bytes, count);
    return lws_write(peer->wsi, peer->scratch + LWS_PRE, count, LWS_WRITE_TEXT) >= 0;
}

bool freshet_peer_can_write(freshet_peer *peer) { return !peer->close_code && !lws_send_pipe_choked(peer->wsi); }

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
