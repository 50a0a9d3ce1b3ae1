// SPDX-License-Identifier: Apache-2.0
//
// What the C clients share: the command line, clocks, the line of JSON.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct {
    const char *mode, *ca, *path;
    int port, tls;
    long size, count, connections;
} options;

static inline options parse(int argc, char **argv) {
    options o = {.size = 128, .count = 1000000};
    if (argc < 3) exit(64);
    o.mode = argv[1];
    o.tls = !strncmp(argv[2], "wss:", 4) || !strncmp(argv[2], "https:", 6);
    const char *colon = strrchr(argv[2], ':');
    o.port = atoi(colon + 1);
    o.path = strchr(colon, '/');
    for (int i = 3; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--ca")) o.ca = argv[i + 1];
        if (!strcmp(argv[i], "--size")) o.size = atol(argv[i + 1]);
        if (!strcmp(argv[i], "--count")) o.count = atol(argv[i + 1]);
        if (!strcmp(argv[i], "--connections")) o.connections = atol(argv[i + 1]);
    }
    return o;
}

static inline double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline double cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static inline void report(const char *client, options o, long messages, double seconds, double cpu_seconds) {
    printf("{\"client\":\"%s\",\"mode\":\"%s\",\"size\":%ld,\"messages\":%ld,\"seconds\":%.6f,\"cpu_seconds\":%.6f}\n", client,
           o.mode, o.size, messages, seconds, cpu_seconds);
}

static inline int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static inline void report_latency(const char *client, options o, double *times, long count) {
    qsort(times, (size_t)count, sizeof *times, compare_doubles);
    printf("{\"client\":\"%s\",\"mode\":\"echo\",\"size\":64,\"messages\":%ld,\"p50\":%.2f,\"p99\":%.2f,\"p999\":%.2f}\n", client,
           count, times[count / 2] * 1e6, times[count * 99 / 100] * 1e6, times[count * 999 / 1000] * 1e6);
    (void)o;
}

/// Resident memory in KiB (Linux).
static inline double resident(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    long whole = 0, pages = 0;
    if (file && fscanf(file, "%ld %ld", &whole, &pages) != 2) pages = 0;
    if (file) fclose(file);
    return (double)pages * 4;
}
