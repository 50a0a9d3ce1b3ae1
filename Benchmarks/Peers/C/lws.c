// SPDX-License-Identifier: Apache-2.0
//
// libwebsockets' own WebSocket role, at its best settings: what a plain wrapper of it could reach.
#include "common.h"

#include <libwebsockets.h>
#include <stdint.h>
#include <unistd.h>

static options o;
static long messages, sent, opened;
static double begun, cpu_begun, *times, asked;
static int done, ended;
static uint8_t *out;

static void finish(void) {
    if (!done++ && !strcmp(o.mode, "receive")) report("lws", o, messages, now() - begun, cpu() - cpu_begun);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length) {
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        begun = now(), cpu_begun = cpu();
        opened++;
        if (!strcmp(o.mode, "send") || !strcmp(o.mode, "echo")) lws_callback_on_writable(wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        if (!lws_is_final_fragment(wsi)) return 0;
        if (!strcmp(o.mode, "receive")) {
            if (!messages++) begun = now(), cpu_begun = cpu();
        } else if (!strcmp(o.mode, "echo")) {
            if (messages++ >= 1000) times[messages - 1001] = now() - asked;
            if (messages == o.count + 1000) return report_latency("lws", o, times, o.count), done = 1, -1;
            lws_callback_on_writable(wsi);
        } else {
            double seconds = atof(strrchr((char *)in, ' ') + 1);
            (void)length;
            report("lws", o, o.count, seconds, cpu() - cpu_begun);
            done = 1;
            return -1;
        }
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        if (!strcmp(o.mode, "echo")) {
            asked = now();
            lws_write(wsi, out + LWS_PRE, 64, LWS_WRITE_BINARY);
            return 0;
        }
        // Several a callback, as long as the socket takes them.
        while (sent < o.count && !lws_send_pipe_choked(wsi)) {
            if (lws_write(wsi, out + LWS_PRE, (size_t)o.size, LWS_WRITE_BINARY) < 0) return -1;
            sent++;
        }
        if (sent == o.count && !lws_send_pipe_choked(wsi)) {
            sent++;
            memcpy(out + LWS_PRE, "end", 3);
            lws_write(wsi, out + LWS_PRE, 3, LWS_WRITE_TEXT);
        } else if (sent <= o.count) {
            lws_callback_on_writable(wsi);
        }
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        finish();
        ended = 1;
        return 0;
    default: return 0;
    }
}

static struct lws *open_one(struct lws_context *context) {
    struct lws_client_connect_info connect = {0};
    connect.context = context;
    connect.address = connect.host = "127.0.0.1";
    connect.port = o.port;
    connect.path = o.path;
    connect.ssl_connection = o.tls ? LCCSCF_USE_SSL : 0;
    connect.local_protocol_name = "bench";
    return lws_client_connect_via_info(&connect);
}

/// Opens connections that stay idle, a hundred at a time. Returns when all are open.
static int open_idle(struct lws_context *context, long wanted) {
    for (long begun = opened = 0; opened < wanted;) {
        for (; begun < wanted && begun - opened < 100; begun++)
            if (!open_one(context)) return 1;
        lws_service(context, 0);
        if (ended) return fprintf(stderr, "a connection failed\n"), 1;
    }
    return 0;
}

static int idle(struct lws_context *context) {
    if (open_idle(context, 10)) return 1; // what the first ones alone need
    double before = resident(), start = now();
    if (open_idle(context, o.connections)) return 1;
    double seconds = now() - start;
    sleep(2);
    printf("{\"client\":\"lws\",\"mode\":\"idle\",\"connections\":%ld,\"seconds\":%.6f,\"kib_each\":%.3f}\n", opened, seconds,
           (resident() - before) / (double)o.connections);
    return 0;
}

int main(int argc, char **argv) {
    o = parse(argc, argv);
    int is_idle = !strcmp(o.mode, "idle");
    if (strcmp(o.mode, "receive") && strcmp(o.mode, "send") && strcmp(o.mode, "echo") && !is_idle)
        return puts("{\"unsupported\":true}"), 0;
    lws_set_log_level(0, NULL);
    times = calloc((size_t)o.count + 1, sizeof *times);
    out = calloc(1, LWS_PRE + (size_t)(o.size > 1024 ? o.size : 1024));
    struct lws_protocols protocols[] = {{"bench", callback, 0, is_idle ? 4096 : 65536, 0, NULL, 1 << 20}, {0}};
    struct lws_context_creation_info info = {0};
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.gid = info.uid = -1;
    info.pt_serv_buf_size = is_idle ? 4096 : 65600; // a buffer of this size for each connection, too
    info.http_proxy_address = "none:0";
    static const struct lws_extension deflate[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate; client_max_window_bits"}, {0}};
    if (strstr(o.path, "deflate=1")) info.extensions = deflate;
    info.client_ssl_ca_filepath = o.ca;
    info.options = o.tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0;
    struct lws_context *context = lws_create_context(&info);
    if (is_idle) return idle(context);
    if (!open_one(context)) return 1;
    while (!ended && !(done && strcmp(o.mode, "receive"))) lws_service(context, 0);
    return done ? 0 : 1;
}
