// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <zlib.h>

// zlib's own names for these are macros, which Swift cannot see.
static inline int freshet_inflate_init(z_stream *stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}

static inline int freshet_deflate_init(z_stream *stream, int level, int window_bits, int memory_level) {
    return deflateInit2(stream, level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY);
}
