// SPDX-License-Identifier: Apache-2.0
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// A connection after its upgrade. Blocking, but for the idle ones.
typedef struct {
    int fd;
    SSL *ssl;
} peer;

ssize_t peer_read(peer *peer, void *bytes, size_t size);
bool peer_write(peer *peer, const void *bytes, size_t size);
void peer_free(peer *peer);

void flood(peer *peer, size_t size, long count, bool deflate);
void sink(peer *peer);
void echo(peer *peer);
void tick(peer *peer, long rate);
void idle_start(void);
void idle_add(peer *peer);

/// Serves HTTP on two sockets that listen, without TLS and with it.
void http_start(int plain, int secure, SSL_CTX *context);

/// Writes the header of an unmasked, final frame; returns its size.
size_t frame_header(uint8_t *at, uint8_t first, size_t length);
