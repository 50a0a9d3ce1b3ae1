// SPDX-License-Identifier: Apache-2.0

#include <string.h>

#include "internal.h"

static size_t on_header(char *line, size_t size, size_t count, void *context) {
    freshet_transfer *transfer = context;
    return transfer->http->handlers.header(transfer->owner, line, size * count) ? size * count : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
    freshet_transfer *transfer = context;
    bool pause = false;
    bool taken = transfer->http->handlers.body(transfer->owner, bytes, size * count, &pause);
    if (pause) {
        transfer->receiving_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    // Any other number than the size is an error to libcurl; 0 is for an empty piece none.
    return taken ? size * count : (size * count == 0 ? 1 : 0);
}

static size_t on_upload(char *buffer, size_t size, size_t count, void *context) {
    freshet_transfer *transfer = context;
    bool pause = false;
    size_t filled = transfer->http->handlers.upload(transfer->owner, buffer, size * count, &pause);
    if (!pause) return filled <= size * count ? filled : CURL_READFUNC_ABORT;
    transfer->sending_paused = true;
    return CURL_READFUNC_PAUSE;
}

/// Before each request: also before the second one, when a connection that was kept turns out dead and libcurl would send it
/// again on another. Where that may do harm, nobody but the caller may do it (RFC 9110 9.2.2).
static int on_request(void *context, char *ip, char *local_ip, int port, int local_port) {
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    freshet_transfer *transfer = context;
    if (!transfer->may_replay && freshet_transfer_has_sent(transfer)) {
        transfer->refused_replay = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (!transfer->requested) curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &transfer->sent_before);
    transfer->requested = true;
    transfer->http->handlers.requested(transfer->owner);
    return CURL_PREREQFUNC_OK;
}

/// When TLS begins: libcurl has no time for that.
static CURLcode on_tls(CURL *easy, void *settings, void *context) {
    (void)easy, (void)settings;
    freshet_transfer *transfer = context;
    transfer->securing = true;
    return CURLE_OK;
}

static CURLcode set_pem(CURL *easy, CURLoption option, const char *text, size_t size) {
    if (text == NULL) return CURLE_OK;
    struct curl_blob blob = {.data = (void *)text, .len = size, .flags = CURL_BLOB_NOCOPY};
    return curl_easy_setopt(easy, option, &blob);
}

static bool has_method(const freshet_http_request *request, const char *method) {
    return strcmp(request->method, method) == 0;
}

/// How libcurl is told the method decides what it does about bodies.
static CURLcode set_method(CURL *easy, const freshet_http_request *request) {
    CURLcode result = CURLE_OK;
    if (request->has_body) {
        result |= curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        result |= curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_size);
        result |= curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload);
    } else if (has_method(request, "HEAD")) {
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (has_method(request, "POST") || has_method(request, "PUT") || has_method(request, "PATCH")) {
        // These say Content-Length: 0 (RFC 9110 8.6).
        result |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L);
        result |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
    }
    if (!has_method(request, "GET") || request->has_body) {
        result |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    }
    return result;
}

static CURLcode set_tls(CURL *easy, const freshet_http_request *request) {
    CURLcode result = CURLE_OK;
    // Instead of the system's, which many builds of libcurl would look for in a directory as well.
    if (request->authorities != NULL) result |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    result |= set_pem(easy, CURLOPT_CAINFO_BLOB, request->authorities, request->authorities_size);
    result |= set_pem(easy, CURLOPT_SSLCERT_BLOB, request->certificate, request->certificate_size);
    result |= set_pem(easy, CURLOPT_SSLKEY_BLOB, request->key, request->key_size);
    if (request->pins != NULL) result |= curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, request->pins);
    result |= curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                               (long)(request->tls13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2));
    if (request->insecure) {
        result |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        result |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return result;
}

static CURLcode set_route(freshet_transfer *transfer, const freshet_http_request *request) {
    CURL *easy = transfer->easy;
    CURLcode result = CURLE_OK;
    // An empty text keeps libcurl from looking into the environment by itself.
    result |= curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy != NULL ? request->proxy : "");
    if (request->proxy != NULL) {
        result |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        result |= curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
        if (request->proxy_credentials != NULL) {
            result |= curl_easy_setopt(easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
            result |= curl_easy_setopt(easy, CURLOPT_PROXYUSERPWD, request->proxy_credentials);
        }
    }
    if (request->unix_socket != NULL) {
        result |= curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
    }
    if (request->connect_to != NULL) {
        transfer->connect_to = curl_slist_append(NULL, request->connect_to);
        if (transfer->connect_to == NULL) return CURLE_OUT_OF_MEMORY;
        result |= curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfer->connect_to);
    }
    return result;
}

/// What is the same for every transfer.
static CURLcode set_manner(CURL *easy) {
    CURLcode result = CURLE_OK;
    result |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    result |= curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
    result |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    // What the caller wrote goes out, dots and all.
    result |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    result |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    result |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    result |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    // Not every TLS library tells; then it is only not told apart from connecting.
    (void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
    // Refused by a handle that has its buffer still, of that size, as after a transfer that was cut off.
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 65536L);
    return result;
}

int freshet_transfer_configure(freshet_transfer *transfer, const freshet_http_request *request, bool as_before) {
    CURL *easy = transfer->easy;
    CURLcode result = CURLE_OK;
    for (size_t i = 0; i < request->header_count; i++) {
        struct curl_slist *longer = curl_slist_append(transfer->headers, request->headers[i]);
        if (longer == NULL) return CURLE_OUT_OF_MEMORY;
        transfer->headers = longer;
    }
    transfer->may_replay = request->may_replay;
    result |= curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    result |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
    result |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    result |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    result |= curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    result |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer);
    result |= curl_easy_setopt(easy, CURLOPT_URL, request->url);
    result |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    result |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout);
    result |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->total_timeout);
    result |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                               (long)(request->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    // The next request waits until the first one's handshake says whether it can share the connection. Without TLS it would
    // wait for its answer.
    result |= curl_easy_setopt(easy, CURLOPT_PIPEWAIT, request->http2 ? 1L : 0L);
    if (as_before) return (int)result;
    result |= set_manner(easy);
    result |= set_method(easy, request);
    result |= set_tls(easy, request);
    result |= set_route(transfer, request);
    return (int)result;
}

uint64_t freshet_http_plain_route(const freshet_http_request *request) {
    // The list of CONNECT_TO is freed with its transfer.
    bool plain = has_method(request, "GET") && !request->has_body && request->connect_to == NULL;
    return plain ? request->route : 0;
}
