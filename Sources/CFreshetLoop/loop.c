// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

const char *freshet_libwebsockets_version(void) { return lws_get_library_version(); }
const char *freshet_tls_version(void) { return OpenSSL_version(OPENSSL_VERSION); }

// The first protocol of the first vhost hears of wake-ups and of certificates; every other vhost shares it.
static const struct lws_protocols client_protocols[] = {
    {"freshet", freshet_tunnel_callback, 0, FRESHET_READ_MAX, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

// All zeros: switches off the hidden ping after 300 s and the hang-up after 310 s.
static const lws_retry_bo_t no_validity_checks;

// OpenSSL is initialised with the first context of the process only: in 4.1.6 each further one would overwrite
// the index under which a handshake in flight on another loop finds its connection (A 8).
static pthread_mutex_t tls_init_lock = PTHREAD_MUTEX_INITIALIZER;
static bool tls_initialised;

static void base_info(struct lws_context_creation_info *info) {
    memset(info, 0, sizeof *info);
    info->port = CONTEXT_PORT_NO_LISTEN;
    info->protocols = client_protocols;
    info->gid = info->uid = -1;
    info->retry_and_idle_policy = &no_validity_checks;
    info->http_proxy_address = "none:0";  // the environment's http_proxy is not taken silently (B 2)
}

static struct lws_vhost *make_vhost(freshet_loop *loop, SSL_CTX *tls, const char *proxy, int proxy_port) {
    struct lws_context_creation_info info;
    base_info(&info);
    info.vhost_name = tls ? "tls" : "plain";
    if (tls) {
        info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.provided_client_ssl_ctx = tls;
    }
    if (proxy) {
        info.http_proxy_address = proxy;
        info.http_proxy_port = (unsigned int)proxy_port;
    }
    return lws_create_vhost(loop->lws, &info);
}

freshet_host *freshet_host_create(freshet_loop *loop, freshet_tls *tls, const char *proxy, int proxy_port) {
    // libwebsockets keeps the credentials in a buffer of 128 bytes, as base64.
    const char *at = proxy ? strrchr(proxy, '@') : NULL;
    if (at && at - proxy > 94) return NULL;
    freshet_host *host = calloc(1, sizeof *host);
    if (!host) return NULL;
    host->tls = tls;
    host->proxied = proxy != NULL;
    host->vhost = make_vhost(loop, tls ? tls->context : NULL, proxy, proxy_port);
    if (!host->vhost) {
        free(host);
        return NULL;
    }
    host->next = loop->hosts;
    loop->hosts = host;
    return host;
}

/// Makes the context; with libuv where that is there, which is `loop->uv`.
static void create_context(freshet_loop *loop) {
    struct lws_context_creation_info info;
    base_info(&info);
    info.user = loop;
    info.pcontext = &loop->lws;
    info.pt_serv_buf_size = FRESHET_SERVICE_BUFFER;
    info.max_http_header_data2 = 16384;
    info.timeout_secs = 60;  // the deadlines are ours, and shorter
    info.connect_timeout_secs = 60;
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    void *uv_loop = loop->uv;
    if (loop->uv) {
        info.options |= LWS_SERVER_OPTION_LIBUV;
        info.foreign_loops = &uv_loop;
    }

    lws_set_log_level(0, NULL);
    pthread_mutex_lock(&tls_init_lock);
    if (!tls_initialised) info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    loop->lws = lws_create_context(&info);
    if (loop->lws) tls_initialised = true;
    pthread_mutex_unlock(&tls_init_lock);
}

freshet_loop *freshet_loop_create(freshet_loop_handlers handlers, void *context, bool many) {
    freshet_loop *loop = calloc(1, sizeof *loop);
    if (!loop) return NULL;
    loop->handlers = handlers;
    loop->context = context;
    if (many) loop->uv = freshet_uv_create(loop);
    if (loop->uv) create_context(loop);
    if (loop->uv && loop->lws) freshet_uv_context_created(loop->uv);
    if (!loop->lws) {
        // libwebsockets' plug-in is not installed.
        if (loop->uv) freshet_uv_destroy(loop->uv, loop);
        loop->uv = NULL;
        create_context(loop);
    }
    if (loop->lws) loop->plain = make_vhost(loop, NULL, NULL, 0);
    if (loop->plain) return loop;
    if (loop->lws)
        freshet_loop_destroy(loop);
    else
        free(loop);
    return NULL;
}

bool freshet_loop_scales(freshet_loop *loop) { return loop->uv != NULL; }

void freshet_loop_turn(freshet_loop *loop, bool wait) {
    if (loop->uv)
        freshet_uv_turn(loop->uv, wait);
    else
        lws_service(loop->lws, wait ? 0 : -1);  // any other timeout means to wait until something happens (A 1)
}

void freshet_loop_wake(freshet_loop *loop) { lws_cancel_service(loop->lws); }

static void timer_fired(lws_sorted_usec_list_t *timer) {
    freshet_loop *loop = lws_container_of(timer, freshet_loop, timer);
    loop->handlers.timer(loop->context);
}

void freshet_loop_set_timer(freshet_loop *loop, int64_t microseconds) {
    if (loop->uv)
        freshet_uv_set_timer(loop->uv, microseconds);
    else if (microseconds < 0)
        lws_sul_cancel(&loop->timer);
    else
        lws_sul_schedule(loop->lws, 0, &loop->timer, timer_fired, microseconds > 0 ? microseconds : 1);
}

static pthread_mutex_t ending_lock = PTHREAD_MUTEX_INITIALIZER;
static freshet_loop *ending;

/// False when it has to be tried again later.
static bool end(freshet_loop *loop) {
    lws_sul_cancel(&loop->timer);  // one still linked at the end would be used after it is freed (A 1)
    if (loop->uv && !freshet_uv_destroy(loop->uv, loop)) return false;
    if (!loop->uv) lws_context_destroy(loop->lws);
    for (freshet_tls *tls = loop->tls; tls;) {
        freshet_tls *next = tls->next;
        SSL_CTX_free(tls->context);
        free(tls->pins);
        free(tls);
        tls = next;
    }
    for (freshet_host *host = loop->hosts; host;) {
        freshet_host *next = host->next;
        free(host);
        host = next;
    }
    freshet_free_listeners(loop);
    free(loop);
    return true;
}

void freshet_loop_destroy(freshet_loop *loop) {
    // Those that could not end before are tried again: what was in their way is another file each time.
    pthread_mutex_lock(&ending_lock);
    loop->next = ending;
    ending = NULL;
    pthread_mutex_unlock(&ending_lock);
    while (loop) {
        freshet_loop *next = loop->next;
        if (!end(loop)) {
            pthread_mutex_lock(&ending_lock);
            loop->next = ending;
            ending = loop;
            pthread_mutex_unlock(&ending_lock);
        }
        loop = next;
    }
}
