// SPDX-License-Identifier: Apache-2.0
//
// Connections that do nothing: one thread for all of them.
#include "server.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>

static int poller;

/// Answers what came. Idle connections get small control frames only, each whole in one read.
static bool answer(peer *peer) {
    uint8_t bytes[256];
    ssize_t got = peer_read(peer, bytes, sizeof bytes);
    if (got <= 0) return peer->ssl && SSL_get_error(peer->ssl, (int)got) == SSL_ERROR_WANT_READ;
    for (ssize_t at = 0; at + 6 <= got;) {
        uint8_t length = bytes[at + 1] & 0x7F, opcode = bytes[at] & 0x0F;
        if (at + 6 + length > got) return false;
        uint8_t reply[127] = {opcode == 9 ? 0x8A : 0x88, length};
        for (int i = 0; i < length; i++) reply[2 + i] = bytes[at + 6 + i] ^ bytes[at + 2 + i % 4];
        if ((opcode == 9 || opcode == 8) && !peer_write(peer, reply, 2 + length)) return false;
        if (opcode == 8) return false;
        at += 6 + length;
    }
    return true;
}

static void *run(void *context) {
    (void)context;
    struct epoll_event events[256];
    for (;;) {
        int count = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < count; i++)
            if (!answer(events[i].data.ptr)) peer_free(events[i].data.ptr);
    }
    return NULL;
}

void idle_start(void) {
    poller = epoll_create1(0);
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
}

void idle_add(peer *peer) {
    fcntl(peer->fd, F_SETFL, fcntl(peer->fd, F_GETFL, 0) | O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    epoll_ctl(poller, EPOLL_CTL_ADD, peer->fd, &event);
}
