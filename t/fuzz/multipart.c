
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The multipart scanner: values are in the body, begin behind an empty line,
 * end at a delimiter and hold none.
 *
 *     input = Content-Type LF body
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_multipart.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz_scan(ngx_str_t *body, ngx_str_t *boundary);
static void fuzz_value(ngx_str_t *body, ngx_str_t *delimiter,
    ngx_str_t *value);
static void fuzz_copy(ngx_str_t *dst, const uint8_t *src, size_t len);
static void fuzz_check(ngx_uint_t good);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_int_t       rc;
    ngx_str_t       type, body, boundary;
    const uint8_t  *lf;

    if (size == 0) {
        return 0;
    }

    lf = memchr(data, LF, size);
    lf = (lf != NULL) ? lf : data + size - 1;

    fuzz_copy(&type, data, lf - data);
    fuzz_copy(&body, lf + 1, data + size - lf - 1);

    rc = ngx_ai_multipart_boundary(&type, &boundary);

    if (rc == NGX_OK) {
        fuzz_check(boundary.len > 0);
        fuzz_check(boundary.len <= NGX_AI_MULTIPART_BOUNDARY);
        fuzz_check(boundary.data >= type.data);
        fuzz_check(boundary.data + boundary.len <= type.data + type.len);

        fuzz_scan(&body, &boundary);
    }

    fuzz_check(rc == NGX_OK || rc == NGX_ERROR || rc == NGX_DECLINED);

    free(type.data);
    free(body.data);

    return 0;
}


static void
fuzz_scan(ngx_str_t *body, ngx_str_t *boundary)
{
    u_char                     closing[NGX_AI_MULTIPART_BOUNDARY + 4], *p;
    ngx_int_t                  rc;
    ngx_str_t                  delimiter;
    ngx_uint_t                 i;
    const char                *error;
    ngx_ai_multipart_field_t   f[3];

    ngx_memset(f, 0xff, sizeof(f));
    ngx_str_set(&f[0].name, "model");
    ngx_str_set(&f[1].name, "a\"\\\n");
    ngx_str_null(&f[2].name);

    error = NULL;
    rc = ngx_ai_multipart_scan(body, boundary, f, 3, &error);

    fuzz_check(rc == NGX_OK || rc == NGX_ERROR);
    fuzz_check((rc == NGX_ERROR) == (error != NULL));

    if (rc == NGX_ERROR) {
        return;
    }

    p = ngx_cpymem(closing, "--", 2);
    p = ngx_cpymem(p, boundary->data, boundary->len);
    p = ngx_cpymem(p, "--", 2);

    delimiter.data = closing;
    delimiter.len = p - closing;

    fuzz_check(memmem(body->data, body->len, closing, delimiter.len) != NULL);

    delimiter.len -= 2;

    for (i = 0; i < 3; i++) {
        fuzz_check(f[i].count <= NGX_AI_MULTIPART_PARTS);

        if (f[i].count == 0) {
            fuzz_check(f[i].value.len == 0 && !f[i].file);
            continue;
        }

        fuzz_value(body, &delimiter, &f[i].value);
    }
}


static void
fuzz_value(ngx_str_t *body, ngx_str_t *delimiter, ngx_str_t *value)
{
    u_char  *p, *end, *last;

    end = value->data + value->len;
    last = body->data + body->len;

    fuzz_check(value->data >= body->data + 4);
    fuzz_check(ngx_memcmp(value->data - 4, "\r\n\r\n", 4) == 0);

    fuzz_check(end + 2 + delimiter->len <= last);
    fuzz_check(ngx_memcmp(end, "\r\n", 2) == 0);
    fuzz_check(ngx_memcmp(end + 2, delimiter->data, delimiter->len) == 0);

    p = value->data;

    while ((p = memmem(p, end - p, delimiter->data, delimiter->len)) != NULL) {
        fuzz_check(p > value->data && p[-1] != LF);
        p++;
    }
}


/* a block of its own and of the exact size */

static void
fuzz_copy(ngx_str_t *dst, const uint8_t *src, size_t len)
{
    dst->len = len;
    dst->data = malloc(len ? len : 1);
    ngx_memcpy(dst->data, src, len);
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
