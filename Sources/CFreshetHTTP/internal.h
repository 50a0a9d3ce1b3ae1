// SPDX-License-Identifier: Apache-2.0

#ifndef FRESHET_HTTP_INTERNAL_H
#define FRESHET_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "CFreshetHTTP.h"

/// Handles that are used again: making one costs more than a request.
#define FRESHET_HTTP_SPARE 64

struct freshet_http {
    freshet_http_handlers handlers;
    CURLM *multi;
    CURL *spare[FRESHET_HTTP_SPARE];
    int spare_count;
};

struct freshet_transfer {
    freshet_http *http;
    void *owner;
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    bool may_replay;
    /// Whether the request has been begun, and what had been sent before: to the proxy.
    bool requested;
    long sent_before;
    bool refused_replay;
    bool receiving_paused;
    bool sending_paused;
    char detail[CURL_ERROR_SIZE];
};

/// Sets everything that a request says; 0 when all went well.
int freshet_transfer_configure(freshet_transfer *transfer, const freshet_http_request *request);

#endif
