// SPDX-License-Identifier: Apache-2.0
//
// The ceiling: epoll, a large buffer, a parser that skips payloads without looking at them. No client can be faster by much.
#include "common.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

static uint8_t buffer[4 << 20];

int main(int argc, char **argv) {
    options o = parse(argc, argv);
    if (strcmp(o.mode, "receive")) return puts("{\"unsupported\":true}"), 0;
    // Few large reads are best where payloads are skipped; where each header is looked at, bytes should still be in the cache.
    size_t room = o.size < 1024 ? 64 << 10 : sizeof buffer;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) return perror("connect"), 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SSL *ssl = NULL;
    if (o.tls) {
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());
        // Many records a system call, where the default is two system calls a record.
        SSL_CTX_set_read_ahead(context, 1);
        SSL_CTX_set_default_read_buffer_len(context, 64 << 10);
        ssl = SSL_new(context);
        SSL_set_fd(ssl, fd);
        if (SSL_connect(ssl) != 1) return fprintf(stderr, "TLS failed\n"), 1;
    }
    char request[1024];
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", o.path);
    if (ssl ? SSL_write(ssl, request, size) < 0 : write(fd, request, (size_t)size) < 0) return 1;
    int poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);

    size_t filled = 0, skip = 0;
    long messages = 0;
    double begun = 0, cpu_begun = 0;
    int upgraded = 0;
    for (;;) {
        // What OpenSSL has read already, decrypted or not, no poll tells of (SSL_pending counts what is decrypted only).
        if (!ssl || !SSL_has_pending(ssl)) epoll_wait(poller, &event, 1, -1);
        ssize_t got = ssl ? SSL_read(ssl, buffer + filled, (int)(room - filled)) : read(fd, buffer + filled, room - filled);
        if (got <= 0) return fprintf(stderr, "ended early\n"), 1;
        filled += (size_t)got;
        size_t at = 0;
        if (!upgraded) {
            char *end = memmem(buffer, filled, "\r\n\r\n", 4);
            if (!end) continue;
            at = (size_t)((uint8_t *)end - buffer) + 4;
            upgraded = 1;
        }
        while (at < filled) {
            if (skip) {
                size_t part = filled - at < skip ? filled - at : skip;
                at += part, skip -= part;
                continue;
            }
            if (filled - at < 2) break;
            size_t length = buffer[at + 1], header = length < 126 ? 2 : length == 126 ? 4 : 10;
            if (filled - at < header) break;
            if (header > 2) {
                length = 0;
                for (size_t i = 2; i < header; i++) length = length << 8 | buffer[at + i];
            }
            if ((buffer[at] & 0x0F) == 8) {
                report("ceiling", o, messages, now() - begun, cpu() - cpu_begun);
                return 0;
            }
            if (!messages++) begun = now(), cpu_begun = cpu();
            at += header, skip = length;
        }
        memmove(buffer, buffer + at, filled - at);
        filled -= at;
    }
}
