// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.1, kept alive: one thread with epoll answers every request with the same 1 KiB. It looks for the end of the head and
// at nothing else, and what it sends was put together at its beginning, so that the clients are what is measured.
#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BODY = 1024 };

/// A connection, or a listener.
typedef struct {
    peer peer;
    bool listens, secure;
    size_t filled;
    char request[4096];
} connection;

static int poller;
static SSL_CTX *tls_context;
static char answer[BODY + 512];
static size_t answer_size;

static void prepare(void) {
    char date[64];
    time_t now = time(NULL);
    struct tm parts;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
    int head = snprintf(answer, sizeof answer,
                        "HTTP/1.1 200 OK\r\nDate: %s\r\nServer: bench\r\nContent-Type: application/json\r\n"
                        "Content-Length: %d\r\nCache-Control: no-store\r\nConnection: keep-alive\r\n\r\n", date, BODY);
    int begun = snprintf(answer + head, BODY, "{\"text\":\"");
    memset(answer + head + begun, 'x', BODY);
    memcpy(answer + head + BODY - 2, "\"}", 2);
    answer_size = (size_t)head + BODY;
}

static bool write_answer(peer *peer) {
    for (size_t sent = 0; sent < answer_size;) {
        ssize_t count = peer->ssl ? SSL_write(peer->ssl, answer + sent, (int)(answer_size - sent))
                                  : send(peer->fd, answer + sent, answer_size - sent, MSG_NOSIGNAL);
        if (count > 0) {
            sent += (size_t)count;
            continue;
        }
        // It never comes to this while a client waits for its answer before it asks again.
        bool full = peer->ssl ? SSL_get_error(peer->ssl, (int)count) == SSL_ERROR_WANT_WRITE : errno == EAGAIN;
        struct pollfd room = {.fd = peer->fd, .events = POLLOUT};
        if (!full || poll(&room, 1, 1000) != 1) return false;
    }
    return true;
}

/// Answers as many requests as have come; false at the end of the connection.
static bool serve(connection *c) {
    for (;;) {
        ssize_t got = peer_read(&c->peer, c->request + c->filled, sizeof c->request - c->filled);
        if (got <= 0) {
            if (!c->peer.ssl) return got < 0 && errno == EAGAIN;
            int error = SSL_get_error(c->peer.ssl, (int)got);
            return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
        }
        c->filled += (size_t)got;
        char *end;
        while ((end = memmem(c->request, c->filled, "\r\n\r\n", 4)) != NULL) {
            size_t used = (size_t)(end + 4 - c->request);
            memmove(c->request, c->request + used, c->filled - used);
            c->filled -= used;
            if (!write_answer(&c->peer)) return false;
        }
        if (c->filled == sizeof c->request) return false;
        // Most often that was all: a look that finds nothing would be one more system call for each request.
        if (!c->peer.ssl || !SSL_has_pending(c->peer.ssl)) return true;
    }
}

static void watch(connection *c) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, c->peer.fd, &event);
}

static void accept_one(connection *listener) {
    int fd = accept4(listener->peer.fd, NULL, NULL, SOCK_NONBLOCK), on = 1;
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection *c = calloc(1, sizeof *c);
    c->peer.fd = fd;
    if (listener->secure) {
        c->peer.ssl = SSL_new(tls_context);
        SSL_set_fd(c->peer.ssl, fd);
        SSL_set_accept_state(c->peer.ssl);
    }
    watch(c);
}

static void *run(void *context) {
    (void)context;
    struct epoll_event events[256];
    for (;;) {
        int count = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < count; i++) {
            connection *c = events[i].data.ptr;
            if (c->listens)
                accept_one(c);
            else if (!serve(c))
                peer_free(&c->peer);
        }
    }
    return NULL;
}

static int choose_http1(SSL *ssl, const unsigned char **chosen, unsigned char *size, const unsigned char *offered,
                        unsigned int offered_size, void *context) {
    (void)ssl, (void)context;
    static const unsigned char only[] = "\x08http/1.1";
    unsigned char *found;
    if (SSL_select_next_proto(&found, size, only, sizeof only - 1, offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static void listen_as(int fd, bool secure) {
    connection *listener = calloc(1, sizeof *listener);
    *listener = (connection){.peer.fd = fd, .listens = true, .secure = secure};
    watch(listener);
}

void http_start(int plain, int secure, SSL_CTX *context) {
    prepare();
    tls_context = context;
    SSL_CTX_set_alpn_select_cb(context, choose_http1, NULL);
    poller = epoll_create1(0);
    listen_as(plain, false);
    listen_as(secure, true);
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
}
