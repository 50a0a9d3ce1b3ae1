// SPDX-License-Identifier: Apache-2.0

#include <pthread.h>
#include <stdlib.h>

#include "internal.h"

static pthread_once_t initialized = PTHREAD_ONCE_INIT;

static void initialize(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

const char *freshet_http_version(void) {
    pthread_once(&initialized, initialize);
    return curl_version();
}

freshet_http *freshet_http_create(freshet_http_handlers handlers, long connections_per_origin) {
    pthread_once(&initialized, initialize);
    freshet_http *http = calloc(1, sizeof *http);
    if (http == NULL) return NULL;
    http->handlers = handlers;
    http->multi = curl_multi_init();
    if (http->multi == NULL) {
        free(http);
        return NULL;
    }
    curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections_per_origin);
    // Kept alive in all. By default it is four times the transfers under way, which for one after another is four.
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, connections_per_origin > 256 ? connections_per_origin : 256L);
    return http;
}

static freshet_http_end end_of(CURLcode code, long proxy_status) {
    switch (code) {
    case CURLE_OK: return FRESHET_HTTP_COMPLETE;
    case CURLE_URL_MALFORMAT: return FRESHET_HTTP_URL;
    case CURLE_COULDNT_RESOLVE_HOST: return FRESHET_HTTP_RESOLVE;
    case CURLE_COULDNT_RESOLVE_PROXY: return FRESHET_HTTP_RESOLVE_PROXY;
    case CURLE_COULDNT_CONNECT: return FRESHET_HTTP_CONNECT;
    case CURLE_PROXY: return FRESHET_HTTP_PROXY;
    case CURLE_OPERATION_TIMEDOUT: return FRESHET_HTTP_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR: return FRESHET_HTTP_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR: return FRESHET_HTTP_CERTIFICATE;
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH: return FRESHET_HTTP_PIN;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE: return FRESHET_HTTP_TLS_SETTINGS;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return proxy_status >= 300 ? FRESHET_HTTP_PROXY : FRESHET_HTTP_BROKEN;
    case CURLE_GOT_NOTHING: return FRESHET_HTTP_EMPTY;
    case CURLE_PARTIAL_FILE: return FRESHET_HTTP_TRUNCATED;
    // It says so of an answer that does not begin like HTTP: our own schemes are checked.
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2: return FRESHET_HTTP_NOT_HTTP;
    // Over HTTP/2 an answer that breaks off resets its stream.
    case CURLE_HTTP2_STREAM: return FRESHET_HTTP_BROKEN;
    // Said of a header line beyond libcurl's own limit.
    case CURLE_OUT_OF_MEMORY:
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
#endif
        return FRESHET_HTTP_TOO_LARGE;
    case CURLE_SEND_FAIL_REWIND: return FRESHET_HTTP_REPLAY;
    case CURLE_WRITE_ERROR:
    case CURLE_READ_ERROR:
    case CURLE_ABORTED_BY_CALLBACK: return FRESHET_HTTP_ABORTED;
    default: return FRESHET_HTTP_OTHER;
    }
}

freshet_http_phase freshet_transfer_phase(freshet_transfer *transfer) {
    curl_off_t lookup = 0, first = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T, &lookup);
    curl_easy_getinfo(transfer->easy, CURLINFO_STARTTRANSFER_TIME_T, &first);
    if (first > 0) return FRESHET_HTTP_RECEIVING;
    if (transfer->requested) return FRESHET_HTTP_RESPONDING;
    if (transfer->securing) return FRESHET_HTTP_SECURING;
    return lookup > 0 ? FRESHET_HTTP_CONNECTING : FRESHET_HTTP_RESOLVING;
}

bool freshet_transfer_has_sent(freshet_transfer *transfer) {
    long size = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &size);
    return transfer->requested && size > transfer->sent_before;
}

/// Takes it out of the pool's hands and frees it; the handle is kept for the next, after a success with its options.
static void end_transfer(freshet_transfer *transfer, bool success) {
    freshet_http *http = transfer->http;
    curl_multi_remove_handle(http->multi, transfer->easy);
    if (http->spare_count < FRESHET_HTTP_SPARE) {
        if (!success) transfer->plain_route = 0;
        if (transfer->plain_route == 0) {
            curl_easy_reset(transfer->easy);
        } else {
            curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, NULL);
            curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
        }
        http->spare[http->spare_count++] = (freshet_http_spare){transfer->easy, transfer->plain_route};
    } else {
        curl_easy_cleanup(transfer->easy);
    }
    curl_slist_free_all(transfer->headers);
    curl_slist_free_all(transfer->connect_to);
    free(transfer);
}

static void finish(freshet_transfer *transfer, CURLcode code) {
    freshet_http_result result = {0};
    curl_off_t secured = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &result.os_error);
    curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &result.verify_result);
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &result.proxy_status);
    curl_easy_getinfo(transfer->easy, CURLINFO_APPCONNECT_TIME_T, &secured);
    result.end = transfer->refused_replay ? FRESHET_HTTP_REPLAY : end_of(code, result.proxy_status);
    result.number = code;
    result.phase = freshet_transfer_phase(transfer);
    result.sent = freshet_transfer_has_sent(transfer);
    result.secure = secured > 0;
    char detail[CURL_ERROR_SIZE];
    for (size_t i = 0; i < sizeof detail; i++) {
        detail[i] = transfer->detail[i];
        if (detail[i] == 0) break;
    }
    detail[sizeof detail - 1] = 0;
    result.detail = detail[0] != 0 || code == CURLE_OK ? detail : curl_easy_strerror(code);
    void *owner = transfer->owner;
    void (*done)(void *, freshet_http_result) = transfer->http->handlers.done;
    end_transfer(transfer, code == CURLE_OK);
    done(owner, result);
}

void freshet_http_perform(freshet_http *http) {
    int running = 0, left = 0;
    curl_multi_perform(http->multi, &running);
    CURLMsg *message;
    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) continue;
        CURLcode code = message->data.result;
        freshet_transfer *transfer = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        finish(transfer, code);
    }
}

void freshet_http_wait(freshet_http *http, int milliseconds) {
    curl_multi_poll(http->multi, NULL, 0, milliseconds, NULL);
}

void freshet_http_wake(freshet_http *http) { curl_multi_wakeup(http->multi); }

void freshet_http_destroy(freshet_http *http) {
    while (http->spare_count > 0) curl_easy_cleanup(http->spare[--http->spare_count].easy);
    curl_multi_cleanup(http->multi);
    free(http);
}

// ------------------------------------------------------------------------------------------------ transfers

freshet_transfer *freshet_http_begin(freshet_http *http, const freshet_http_request *request, void *owner) {
    freshet_transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) return NULL;
    transfer->http = http;
    transfer->owner = owner;
    transfer->plain_route = freshet_http_plain_route(request);
    freshet_http_spare spare = {0};
    if (http->spare_count > 0) spare = http->spare[--http->spare_count];
    transfer->easy = spare.easy != NULL ? spare.easy : curl_easy_init();
    if (transfer->easy == NULL) {
        free(transfer);
        return NULL;
    }
    bool as_before = spare.route != 0 && spare.route == transfer->plain_route;
    if (spare.route != 0 && !as_before) curl_easy_reset(transfer->easy);
    if (freshet_transfer_configure(transfer, request, as_before) != 0 ||
        curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK) {
        end_transfer(transfer, false);
        return NULL;
    }
    return transfer;
}

void freshet_transfer_resume(freshet_transfer *transfer, bool receiving, bool sending) {
    if (receiving) transfer->receiving_paused = false;
    if (sending) transfer->sending_paused = false;
    curl_easy_pause(transfer->easy, (transfer->receiving_paused ? CURLPAUSE_RECV : 0) |
                                        (transfer->sending_paused ? CURLPAUSE_SEND : 0));
}

void freshet_transfer_cancel(freshet_transfer *transfer) { end_transfer(transfer, false); }
