
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The event stream of AWS.  The checksums of a stream that is to be mended,
 * and lengths that are too long, are made right before it is read: else only
 * the checks of these would be tested.
 *
 *     input = mend or not, cap, number of cuts, cuts ..., the stream
 */


#include "split.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz_mend(u_char *p, size_t len);
static uint32_t fuzz_u32(const u_char *p);
static void fuzz_put32(u_char *p, uint32_t n);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char  *stream;
    size_t   max, ncuts, len;

    if (size < 3) {
        return 0;
    }

    max = (data[1] == 0xff) ? 1024 * 1024 : data[1];
    ncuts = data[2] % (SPLIT_CUTS + 1);

    if (size < 3 + ncuts) {
        return 0;
    }

    len = size - 3 - ncuts;
    stream = malloc(len ? len : 1);
    ngx_memcpy(stream, data + 3 + ncuts, len);

    if (data[0] & 1) {
        fuzz_mend(stream, len);
    }

    split_stream(NGX_AI_FRAMING_AWS, max, data + 3, ncuts, stream, len);

    free(stream);

    return 0;
}


/* the last frame takes the bytes that are left */

static void
fuzz_mend(u_char *p, size_t len)
{
    size_t  total, headers;

    while (len >= 16) {
        total = fuzz_u32(p);
        headers = fuzz_u32(p + 4);

        if (total < 16 || total > len) {
            total = (total % 256 < 16 || total % 256 > len) ? len
                                                            : total % 256;
        }

        if (headers > total - 16) {
            headers %= total - 15;
        }

        fuzz_put32(p, (uint32_t) total);
        fuzz_put32(p + 4, (uint32_t) headers);
        fuzz_put32(p + 8, ngx_crc32_long(p, 8));
        fuzz_put32(p + total - 4, ngx_crc32_long(p, total - 4));

        p += total;
        len -= total;
    }
}


static uint32_t
fuzz_u32(const u_char *p)
{
    return ((uint32_t) p[0] << 24) | (p[1] << 16) | (p[2] << 8) | p[3];
}


static void
fuzz_put32(u_char *p, uint32_t n)
{
    p[0] = (u_char) (n >> 24);
    p[1] = (u_char) (n >> 16);
    p[2] = (u_char) (n >> 8);
    p[3] = (u_char) n;
}
