// SPDX-License-Identifier: Apache-2.0
//
// The one server that every client of the benchmark talks to. It must never be what limits them: frames are prepared once
// and sent in blocks of 256 KiB or more, a thread for each busy connection, one epoll thread for all idle ones.
//
//     server CERTIFICATE KEY       prints "WS-PORT WSS-PORT HTTP-PORT HTTPS-PORT" and serves until it is killed
//
//     /flood?size=N&count=N[&deflate=1]   count messages of size bytes, then a close frame
//     /sink                               counts messages until the text "end", answers "messages bytes seconds"
//     /echo                               sends every message back
//     /tick?rate=N                        128 bytes, N times a second
//     /idle                               answers pings and close frames
//
// On the ports for HTTP every request is answered with 1 KiB.
#include "server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static SSL_CTX *tls_context;

ssize_t peer_read(peer *peer, void *bytes, size_t size) {
    return peer->ssl ? SSL_read(peer->ssl, bytes, (int)size) : recv(peer->fd, bytes, size, 0);
}

bool peer_write(peer *peer, const void *bytes, size_t size) {
    const char *next = bytes;
    while (size) {
        ssize_t sent = peer->ssl ? SSL_write(peer->ssl, next, size > 1 << 20 ? 1 << 20 : (int)size)
                                 : send(peer->fd, next, size, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        next += sent, size -= (size_t)sent;
    }
    return true;
}

void peer_free(peer *peer) {
    if (peer->ssl) SSL_free(peer->ssl);
    close(peer->fd);
    free(peer);
}

static bool upgrade(peer *peer, char *path, size_t path_size, bool *deflate) {
    char request[8192];
    size_t count = 0;
    do {
        ssize_t got = peer_read(peer, request + count, sizeof request - 1 - count);
        if (got <= 0) return false;
        count += (size_t)got;
        request[count] = 0;
    } while (!strstr(request, "\r\n\r\n") && count < sizeof request - 1);
    if (sscanf(request, "GET %1023s", path) != 1) return false;
    (void)path_size;
    *deflate = strstr(path, "deflate=1") != NULL;
    // A client that compresses nothing would look good in the row about compression.
    if (*deflate && !strcasestr(request, "permessage-deflate")) return false;
    char *key = strcasestr(request, "sec-websocket-key:");
    if (!key) return false;
    key += strlen("sec-websocket-key:");
    while (*key == ' ') key++;
    char text[128];
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    uint8_t digest[20], accept[32];
    SHA1((uint8_t *)text, strlen(text), digest);
    EVP_EncodeBlock(accept, digest, sizeof digest);
    char response[512];
    int size = snprintf(response, sizeof response,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: %s\r\n%s\r\n",
                        accept,
                        *deflate ? "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                                   "client_no_context_takeover\r\n" : "");
    return peer_write(peer, response, (size_t)size);
}

static long number(const char *path, const char *name, long otherwise) {
    const char *found = strstr(path, name);
    return found ? atol(found + strlen(name)) : otherwise;
}

static void *serve(void *context) {
    peer *peer = context;
    int on = 1;
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    char path[1024];
    bool deflate;
    if ((peer->ssl && SSL_accept(peer->ssl) != 1) || !upgrade(peer, path, sizeof path, &deflate)) {
        peer_free(peer);
        return NULL;
    }
    if (!strncmp(path, "/idle", 5)) {
        idle_add(peer);
        return NULL;
    }
    if (!strncmp(path, "/flood", 6))
        flood(peer, (size_t)number(path, "size=", 128), number(path, "count=", 1000000), deflate);
    else if (!strncmp(path, "/sink", 5))
        sink(peer);
    else if (!strncmp(path, "/echo", 5))
        echo(peer);
    else if (!strncmp(path, "/tick", 5))
        tick(peer, number(path, "rate=", 1000));
    peer_free(peer);
    return NULL;
}

static int listen_on(int *port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1, buffer = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, size) || listen(fd, 4096)) exit(1);
    getsockname(fd, (struct sockaddr *)&address, &size);
    *port = ntohs(address.sin_port);
    return fd;
}

static void *accept_all(void *context) {
    int listener = *(int *)context;
    bool tls = ((int *)context)[1];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&small, 256 << 10);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) continue;
        peer *peer = calloc(1, sizeof *peer);
        peer->fd = fd;
        if (tls) {
            peer->ssl = SSL_new(tls_context);
            SSL_set_fd(peer->ssl, fd);
        }
        pthread_t thread;
        if (pthread_create(&thread, &small, serve, peer)) peer_free(peer);
    }
    return NULL;
}

static SSL_CTX *make_tls(const char *certificate, const char *key) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    // One cipher for all: the libraries' own first choices differ, and this is about the clients.
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        fprintf(stderr, "server: the certificate cannot be used\n"), exit(1);
    return context;
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: server CERTIFICATE KEY\n"), 64;
    signal(SIGPIPE, SIG_IGN);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    tls_context = make_tls(argv[1], argv[2]);
    SSL_CTX_set_mode(tls_context, SSL_MODE_RELEASE_BUFFERS);
    idle_start();
    int ports[4];
    int plain[2] = {listen_on(&ports[0]), 0}, tls[2] = {listen_on(&ports[1]), 1};
    http_start(listen_on(&ports[2]), listen_on(&ports[3]), make_tls(argv[1], argv[2]));
    printf("%d %d %d %d\n", ports[0], ports[1], ports[2], ports[3]);
    fflush(stdout);
    pthread_t thread;
    pthread_create(&thread, NULL, accept_all, plain);
    accept_all(tls);
}
