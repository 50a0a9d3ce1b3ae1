// SPDX-License-Identifier: Apache-2.0
//
// What busy connections do: a thread each, blocking.
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

size_t frame_header(uint8_t *at, uint8_t first, size_t length) {
    at[0] = first;
    if (length < 126) return at[1] = (uint8_t)length, 2;
    int bytes = length < 65536 ? 2 : 8;
    at[1] = bytes == 2 ? 126 : 127;
    for (int i = 0; i < bytes; i++) at[2 + i] = (uint8_t)(length >> (8 * (bytes - 1 - i)));
    return 2 + (size_t)bytes;
}

static const char close_frame[] = {(char)0x88, 2, 3, (char)0xE8};

/// Text as of a JSON feed, which compresses as such texts do.
static void fill(uint8_t *bytes, size_t size) {
    uint32_t seed = 1;
    char record[96];
    for (size_t at = 0; at < size;) {
        seed = seed * 1664525 + 1013904223;
        int count = snprintf(record, sizeof record, "{\"symbol\":\"ACME%u\",\"price\":%u.%02u,\"at\":%u},",
                             seed >> 28, seed >> 20 & 0xFFF, seed % 100, seed);
        size_t part = size - at < (size_t)count ? size - at : (size_t)count;
        memcpy(bytes + at, record, part);
        at += part;
    }
}

static size_t compress_message(uint8_t *out, size_t room, uint8_t *in, size_t size) {
    z_stream stream = {0};
    deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = in, stream.avail_in = (uInt)size;
    stream.next_out = out, stream.avail_out = (uInt)room;
    deflate(&stream, Z_SYNC_FLUSH);
    size_t made = room - stream.avail_out - 4;
    deflateEnd(&stream);
    return made;
}

void flood(peer *peer, size_t size, long count, bool deflated) {
    uint8_t *payload = malloc(size), *packed = malloc(size + 1024);
    fill(payload, size);
    size_t length = deflated ? compress_message(packed, size + 1024, payload, size) : size;
    size_t per_block = 1 + (512 << 10) / (length + 14);
    uint8_t *block = malloc(per_block * (length + 14));
    size_t filled = 0, frame = 0;
    for (size_t i = 0; i < per_block; i++) {
        size_t header = frame_header(block + filled, deflated ? 0xC1 : 0x82, length);
        memcpy(block + filled + header, deflated ? packed : payload, length);
        frame = header + length;
        filled += frame;
    }
    bool alive = true;
    for (long sent = 0; alive && sent < count; sent += (long)per_block) {
        long part = count - sent < (long)per_block ? count - sent : (long)per_block;
        alive = peer_write(peer, block, (size_t)part * frame);
    }
    uint8_t rest[4096];
    // The server ends the connection (RFC 6455 7.1.1), as soon as the client has answered: some clients wait for that.
    if (alive && peer_write(peer, close_frame, sizeof close_frame)) peer_read(peer, rest, sizeof rest);
    free(payload), free(packed), free(block);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/// Answers a close frame: a client that waits for the answer would otherwise wait for its own timeout, 10 to 30 seconds.
static void answer_close(peer *peer) {
    peer_write(peer, close_frame, sizeof close_frame);
}

/// Reads masked frames. Payloads are skipped, but for that of "end" (unmasked to be recognised).
void sink(peer *peer) {
    enum { room = 1 << 20 };
    uint8_t *bytes = malloc(room);
    size_t filled = 0;
    long messages = 0;
    unsigned long long total = 0;
    double first = 0;
    size_t skip = 0;
    for (;;) {
        ssize_t got = peer_read(peer, bytes + filled, room - filled);
        if (got <= 0) break;
        if (!first) first = now();
        filled += (size_t)got;
        size_t at = 0;
        while (at < filled) {
            if (skip) {
                size_t part = filled - at < skip ? filled - at : skip;
                at += part, skip -= part;
                continue;
            }
            if (filled - at < 2) break;
            uint8_t opcode = bytes[at] & 0x0F;
            size_t length = bytes[at + 1] & 0x7F, header = length < 126 ? 6 : length == 126 ? 8 : 14;
            if (filled - at < header) break;
            if (header > 6) {
                length = 0;
                for (size_t i = 2; i < header - 4; i++) length = length << 8 | bytes[at + i];
            }
            if (opcode == 8) {
                answer_close(peer);
                goto done;
            }
            if (opcode == 1 && length == 3) {
                if (filled - at < header + 3) break;
                uint8_t *mask = bytes + at + header - 4, *payload = mask + 4;
                if ((payload[0] ^ mask[0]) == 'e' && (payload[1] ^ mask[1]) == 'n' && (payload[2] ^ mask[2]) == 'd') {
                    uint8_t answer[160];
                    char text[128];
                    int count = snprintf(text, sizeof text, "%ld %llu %.6f", messages, total, now() - first);
                    size_t size = frame_header(answer, 0x81, (size_t)count);
                    memcpy(answer + size, text, (size_t)count);
                    peer_write(peer, answer, size + (size_t)count);
                    at += header + 3;
                    continue;
                }
            }
            if (opcode < 8) messages += bytes[at] >> 7, total += length;
            at += header, skip = length;
        }
        memmove(bytes, bytes + at, filled - at);
        filled -= at;
    }
done:
    free(bytes);
}

/// Whole frames of up to 1 MiB, one after another.
void echo(peer *peer) {
    enum { room = (1 << 20) + 64 };
    uint8_t *bytes = malloc(room);
    size_t filled = 0;
    for (;;) {
        ssize_t got = peer_read(peer, bytes + filled, room - filled);
        if (got <= 0) break;
        filled += (size_t)got;
        for (;;) {
            if (filled < 6) break;
            size_t length = bytes[1] & 0x7F, header = length < 126 ? 6 : length == 126 ? 8 : 14;
            if (filled < header) break;
            if (header > 6) {
                length = 0;
                for (size_t i = 2; i < header - 4; i++) length = length << 8 | bytes[i];
            }
            if (filled < header + length) break;
            uint8_t *payload = bytes + header, *mask = payload - 4;
            for (size_t i = 0; i < length; i++) payload[i] ^= mask[i & 3];
            if ((bytes[0] & 0x0F) == 8) {
                answer_close(peer);
                goto done;
            }
            uint8_t answer[14];
            size_t size = frame_header(answer, (bytes[0] & 0x0F) == 9 ? 0x8A : bytes[0], length);
            memcpy(payload - size, answer, size);
            if (!peer_write(peer, payload - size, size + length)) goto done;
            filled -= header + length;
            memmove(bytes, bytes + header + length, filled);
        }
    }
done:
    free(bytes);
}

void tick(peer *peer, long rate) {
    uint8_t message[4 + 128];
    fill(message + frame_header(message, 0x82, 128), 128);
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (peer_write(peer, message, sizeof message)) {
        next.tv_nsec += 1000000000 / rate;
        if (next.tv_nsec >= 1000000000) next.tv_nsec -= 1000000000, next.tv_sec++;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
}
