// SPDX-License-Identifier: Apache-2.0

#ifndef FRESHET_HTTP_INTERNAL_H
#define FRESHET_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "CFreshetHTTP.h"

/// Handles that are used again: making one costs more than a request.
#define FRESHET_HTTP_SPARE 64

/// What is set on a handle and can be left there when the next request is a plain GET by the same route; route 0: nothing.
typedef struct {
    uint64_t route;
    bool compressed;
} freshet_http_options;

typedef struct {
    CURL *easy;
    freshet_http_options options;
} freshet_http_spare;

struct freshet_http {
    freshet_http_handlers handlers;
    CURLM *multi;
    freshet_http_spare spare[FRESHET_HTTP_SPARE];
    int spare_count;
};

struct freshet_transfer {
    freshet_http *http;
    void *owner;
    CURL *easy;
    freshet_http_options options;
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    bool may_replay;
    /// Whether the request has been begun, and what had been sent before: to the proxy.
    bool requested;
    bool securing;
    long sent_before;
    bool refused_replay;
    bool receiving_paused;
    bool sending_paused;
    char detail[CURL_ERROR_SIZE];
};

/// Sets everything that a request says, or what the last one with the same options did not; 0 when all went well.
int freshet_transfer_configure(freshet_transfer *transfer, const freshet_http_request *request, bool as_before);

freshet_http_options freshet_http_options_of(const freshet_http_request *request);

#endif
