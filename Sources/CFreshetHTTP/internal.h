// SPDX-License-Identifier: Apache-2.0

#ifndef FRESHET_HTTP_INTERNAL_H
#define FRESHET_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "CFreshetHTTP.h"

/// Handles that are used again: making one costs more than a request.
#define FRESHET_HTTP_SPARE 64

/// A handle that is used again. What is set on it can be left there when the next request is a plain GET by the same route;
/// route 0: nothing is set.
typedef struct {
    CURL *easy;
    uint64_t route;
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
    uint64_t plain_route;
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

/// Sets everything that a request says, or what the last one by the same route did not; 0 when all went well.
int freshet_transfer_configure(freshet_transfer *transfer, const freshet_http_request *request, bool as_before);

/// The route of a request whose options can be left for the next; 0 for others.
uint64_t freshet_http_plain_route(const freshet_http_request *request);

#endif
