// SPDX-License-Identifier: Apache-2.0
//
// libcurl as its documentation says: one easy handle that is performed again and again, or many in a multi handle. This is
// what our client is built on, so it is the ceiling.
#include "common.h"

#include <curl/curl.h>

enum { WARM_UP = 1000 };

typedef struct {
    CURL *easy;
    long size;
    char bytes[1 << 16];
} request;

static void fail(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static size_t take(char *bytes, size_t size, size_t count, void *context) {
    request *r = context;
    if ((size_t)r->size + size * count > sizeof r->bytes) return 0;
    memcpy(r->bytes + r->size, bytes, size * count);
    r->size += (long)(size * count);
    return size * count;
}

static request *make(options o, const char *url) {
    request *r = calloc(1, sizeof *r);
    r->easy = curl_easy_init();
    curl_easy_setopt(r->easy, CURLOPT_URL, url);
    curl_easy_setopt(r->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(r->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
    if (o.ca) curl_easy_setopt(r->easy, CURLOPT_CAINFO, o.ca);
    return r;
}

static void check(request *r, CURLcode code, options o) {
    long status = 0;
    if (code) fail(curl_easy_strerror(code));
    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 || r->size != o.size) fail("another answer was expected");
    r->size = 0;
}

static void sequential(request *r, options o, long count) {
    for (long i = 0; i < count; i++) check(r, curl_easy_perform(r->easy), o);
}

static void parallel(CURLM *multi, request **all, options o, long count) {
    long begun = 0, done = 0;
    while (begun < count && begun < o.connections) curl_multi_add_handle(multi, all[begun++]->easy);
    while (done < count) {
        int running, left;
        if (curl_multi_perform(multi, &running)) fail("curl_multi_perform");
        CURLMsg *message;
        while ((message = curl_multi_info_read(multi, &left))) {
            request *r;
            CURL *easy = message->easy_handle;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&r);
            check(r, message->data.result, o);
            curl_multi_remove_handle(multi, easy);
            done++;
            if (begun < count) curl_multi_add_handle(multi, easy), begun++;
        }
        if (done < count && curl_multi_poll(multi, NULL, 0, 1000, NULL)) fail("curl_multi_poll");
    }
}

int main(int argc, char **argv) {
    options o = parse(argc, argv);
    if (!o.connections) o.connections = 64;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    request *first = make(o, argv[2]);
    if (!strcmp(o.mode, "once")) return sequential(first, o, 1), 0;
    double begun, cpu_begun;
    if (!strcmp(o.mode, "sequential")) {
        sequential(first, o, WARM_UP);
        begun = now(), cpu_begun = cpu();
        sequential(first, o, o.count);
    } else if (!strcmp(o.mode, "parallel")) {
        CURLM *multi = curl_multi_init();
        request **all = calloc((size_t)o.connections, sizeof *all);
        for (long i = 0; i < o.connections; i++) all[i] = make(o, argv[2]);
        parallel(multi, all, o, WARM_UP);
        begun = now(), cpu_begun = cpu();
        parallel(multi, all, o, o.count);
    } else {
        return puts("{\"unsupported\":true}"), 0;
    }
    report("libcurl", o, o.count, now() - begun, cpu() - cpu_begun);
}
