
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_buf.h"


static void test_append(void);
static void test_maximum(void);
static void test_growth(void);
static void test_reserve(void);
static void test_memory(void);


int
main(void)
{
    test_append();
    test_maximum();
    test_growth();
    test_reserve();
    test_memory();

    return done();
}


static void
test_append(void)
{
    ngx_ai_buf_t  b;

    ngx_ai_buf_init(&b, 1000, &ngx_shim_log);

    ok(b.start == NULL, "a buffer that holds nothing allocates nothing");
    is_int(ngx_ai_buf_len(&b), 0, "it is born empty");

    is_int(ngx_ai_buf_append(&b, NULL, 0), NGX_OK, "nothing is appended");
    ok(b.start == NULL, "and needs no memory");

    is_int(ngx_ai_buf_append(&b, "abc", 3), NGX_OK, "bytes are appended");
    is_int(ngx_ai_buf_append(&b, "\0d", 2), NGX_OK, "after those before");
    is_bytes(b.start, ngx_ai_buf_len(&b), "abc\0d", 5,
             "they are what was appended");

    ngx_ai_buf_reset(&b);

    is_int(ngx_ai_buf_len(&b), 0, "a reset empties the buffer");
    ok(b.start != NULL && b.end > b.start, "and keeps its memory");

    (void) ngx_ai_buf_append(&b, "xy", 2);
    is_str(b.start, ngx_ai_buf_len(&b), "xy", "which is used again");

    ngx_ai_buf_free(&b);

    ok(b.start == NULL && ngx_ai_buf_len(&b) == 0, "freed, it is as at birth");
    is_int(ngx_ai_buf_append(&b, "z", 1), NGX_OK, "and can be used again");
    is_int(b.max, 1000, "with the same maximum");

    ngx_ai_buf_free(&b);
    ngx_ai_buf_free(&b);
}


static void
test_maximum(void)
{
    size_t        max;
    ngx_uint_t    i, right;
    ngx_ai_buf_t  b;

    right = 1;

    /* one at a time, around the first allocation and its doublings */

    for (max = 0; max < 1100; max++) {

        ngx_ai_buf_init(&b, max, &ngx_shim_log);

        for (i = 0; i < max; i++) {
            if (ngx_ai_buf_append(&b, "x", 1) != NGX_OK) {
                right = 0;
            }
        }

        if (ngx_ai_buf_append(&b, "x", 1) != NGX_DECLINED
            || ngx_ai_buf_len(&b) != max
            || (size_t) (b.end - b.start) > max)
        {
            right = 0;
        }

        ngx_ai_buf_free(&b);
    }

    ok(right, "exactly the maximum fits, whatever it is");

    ngx_ai_buf_init(&b, 10, &ngx_shim_log);

    (void) ngx_ai_buf_append(&b, "12345", 5);

    is_int(ngx_ai_buf_append(&b, "678901", 6), NGX_DECLINED,
           "one byte over the maximum is declined");
    is_str(b.start, ngx_ai_buf_len(&b), "12345",
           "and leaves the buffer as it was");
    is_int(ngx_ai_buf_append(&b, "67890", 5), NGX_OK,
           "what fits is still taken");
    is_int(ngx_ai_buf_append(&b, "", 0), NGX_OK, "nothing fits a full buffer");

    ok(ngx_ai_buf_reserve(&b, (size_t) -1) == NULL,
       "a length that would wrap around is over the maximum");
    ok(ngx_ai_buf_reserve(&b, (size_t) -8) == NULL,
       "and so is one that would wrap to little");

    ngx_ai_buf_free(&b);
}


static void
test_growth(void)
{
    u_char        *before;
    ngx_uint_t     i, moved;
    ngx_ai_buf_t   b;

    ngx_ai_buf_init(&b, 1024 * 1024, &ngx_shim_log);

    moved = 0;
    before = NULL;

    for (i = 0; i < 1024 * 1024; i++) {
        (void) ngx_ai_buf_append(&b, "x", 1);

        if (b.start != before) {
            moved++;
            before = b.start;
        }
    }

    ok(moved <= 13, "a million appends move the bytes a dozen times");

    ngx_ai_buf_free(&b);
}


static void
test_reserve(void)
{
    u_char        *p;
    ngx_ai_buf_t   b;

    ngx_ai_buf_init(&b, 5000, &ngx_shim_log);

    ok(ngx_ai_buf_reserve(&b, 0) != NULL, "no room is granted too");

    p = ngx_ai_buf_reserve(&b, 3000);

    ok(p != NULL && p == b.last && b.end - p >= 3000,
       "the room asked for is there");
    is_int(ngx_ai_buf_len(&b), 0, "and not yet part of the buffer");

    b.last = ngx_cpymem(p, "abc", 3);

    p = ngx_ai_buf_reserve(&b, 4997);

    ok(p != NULL, "room is granted up to the maximum");
    is_str(b.start, ngx_ai_buf_len(&b), "abc", "the bytes move with it");
    ok(ngx_ai_buf_reserve(&b, 4998) == NULL, "and not beyond");

    ngx_ai_buf_free(&b);
}


static void
test_memory(void)
{
    u_char        *start;
    u_char         big[1000];
    ngx_ai_buf_t   b;

    ngx_memset(big, 'x', sizeof(big));

    ngx_ai_buf_init(&b, 5000, &ngx_shim_log);

    (void) ngx_ai_buf_append(&b, "abc", 3);
    start = b.start;

    ngx_shim_fail_at = 1;

    is_int(ngx_ai_buf_append(&b, big, sizeof(big)), NGX_ERROR,
           "no memory is an error");
    ok(b.start == start, "that leaves the memory it had");
    is_str(b.start, ngx_ai_buf_len(&b), "abc", "and the bytes");

    ngx_shim_fail_at = 1;

    ok(ngx_ai_buf_reserve(&b, sizeof(big)) == NULL, "room needs memory too");
    is_int(ngx_ai_buf_append(&b, big, sizeof(big)), NGX_OK,
           "and the next attempt works");

    ngx_ai_buf_free(&b);
}
