// SPDX-License-Identifier: Apache-2.0
//
// Waiting in libuv, whose cost does not grow with the number of sockets. Letters and numbers in comments refer to the rules in
// docs/decisions/0001-tunnel.md.
#include "internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void timer_fired(uv_timer_t *timer) {
    freshet_loop *loop = timer->data;
    loop->handlers.timer(loop->context);
}

freshet_uv *freshet_uv_create(freshet_loop *loop) {
    freshet_uv *uv = calloc(1, sizeof *uv);
    if (!uv) return NULL;
    if (uv_loop_init(&uv->loop)) {
        free(uv);
        return NULL;
    }
    uv_timer_init(&uv->loop, &uv->timer);
    uv->timer.data = loop;
    uv->wake_fd = -1;
    return uv;
}

static void find_wake_fd(uv_handle_t *handle, void *fd) {
    if (handle->type == UV_POLL) uv_fileno(handle, fd);
}

void freshet_uv_context_created(freshet_uv *uv) { uv_walk(&uv->loop, find_wake_fd, &uv->wake_fd); }

void freshet_uv_turn(freshet_uv *uv, bool wait) { uv_run(&uv->loop, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT); }

// One of our own: libwebsockets looks at its timers only after an event (A 11).
void freshet_uv_set_timer(freshet_uv *uv, int64_t microseconds) {
    if (microseconds < 0) {
        uv_timer_stop(&uv->timer);
        return;
    }
    uv_update_time(&uv->loop);
    uv_timer_start(&uv->timer, timer_fired, ((uint64_t)microseconds + 999) / 1000, 0);
}

static void free_handle(uv_handle_t *handle) { free(handle); }

static void forget(uv_handle_t *handle, void *wsi) {
    // libwebsockets keeps the connection in `data`, and allocates with realloc().
    if (handle->data == wsi && handle->type == UV_POLL && !uv_is_closing(handle)) uv_close(handle, free_handle);
}

void freshet_uv_forget(freshet_uv *uv, struct lws *wsi) { uv_walk(&uv->loop, forget, wsi); }

/// False when a handle is left that libuv still knows.
static bool free_loop(freshet_uv *uv) {
    if (!uv->ending) uv_close((uv_handle_t *)&uv->timer, NULL);
    uv->ending = true;
    for (int turns = 0; turns < 1000 && uv_run(&uv->loop, UV_RUN_NOWAIT); turns++) {}
    if (uv_loop_close(&uv->loop)) return false;
    free(uv);
    return true;
}

/// A pipe of ours that occupies a number.
typedef struct {
    int ends[2];
    int number;
    struct stat identity;
} freshet_placeholder;

static bool prepare(freshet_placeholder *place) {
    place->number = -1;
    return pipe(place->ends) == 0 && fstat(place->ends[0], &place->identity) == 0;  // the second cannot fail
}

/// False when somebody else has the number.
static bool occupy(freshet_placeholder *place, int number) {
    int got = fcntl(place->ends[0], F_DUPFD_CLOEXEC, number);
    if (got == number)
        place->number = number;
    else if (got >= 0)
        close(got);
    return got == number;
}

/// Gives the number back, if it is still ours, and ends the pipe.
static void vacate(freshet_placeholder *place) {
    struct stat found;
    bool ours = place->number >= 0 && fstat(place->number, &found) == 0 &&
                found.st_ino == place->identity.st_ino && found.st_dev == place->identity.st_dev;
    if (ours) close(place->number);
    close(place->ends[0]), close(place->ends[1]);
}

bool freshet_uv_destroy(freshet_uv *uv, freshet_loop *loop) {
    if (!loop->lws) return free_loop(uv);
    if (!uv->ending) {  // first of all, so that each is told its end whatever comes
        freshet_close_sockets(loop);
        for (int turns = 0; loop->sockets && turns < 1000; turns++) uv_run(&uv->loop, UV_RUN_NOWAIT);
    }
    // libwebsockets closes its wake-up's descriptor, and later the same number once more with its handle: by then it may be another
    // thread's. So it is made ours meanwhile.
    freshet_placeholder place;
    if (!prepare(&place)) return false;
    if (!uv->ending) {
        uv_close((uv_handle_t *)&uv->timer, NULL);
        lws_context_destroy(loop->lws);
        uv->ending = true;
    }
    bool occupied = occupy(&place, uv->wake_fd);
    // Handles close in later turns; the context is freed by a second call once they have.
    for (int turns = 0; occupied && loop->lws && turns < 1000; turns++)
        if (!uv_run(&uv->loop, UV_RUN_NOWAIT)) lws_context_destroy(loop->lws);
    vacate(&place);
    return !loop->lws && free_loop(uv);
}
