
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_aws.h"
#include "ngx_ai_buf.h"
#include "ngx_ai_sse.h"


#define NGX_AI_AWS_PRELUDE    12
#define NGX_AI_AWS_CRC        4

#define NGX_AI_AWS_BYTES      6          /* types of values */
#define NGX_AI_AWS_STRING     7
#define NGX_AI_AWS_TYPES      10

#define NGX_AI_AWS_STRING_MAX 32767      /* readers of AWS take no more */


typedef enum {
    NGX_AI_AWS_MESSAGE_TYPE = 0,
    NGX_AI_AWS_CONTENT_TYPE,
    NGX_AI_AWS_EVENT_TYPE,
    NGX_AI_AWS_EXCEPTION_TYPE,
    NGX_AI_AWS_ERROR_CODE,
    NGX_AI_AWS_ERROR_MESSAGE,
    NGX_AI_AWS_HEADERS
} ngx_ai_aws_header_e;


static ngx_int_t ngx_ai_aws_prelude(ngx_ai_aws_t *s, u_char *p);
static ngx_int_t ngx_ai_aws_headers(u_char *p, u_char *last,
    ngx_str_t *values);
static ngx_int_t ngx_ai_aws_event(const ngx_str_t *values,
    ngx_ai_sse_event_t *ev);
static ngx_uint_t ngx_ai_aws_is(const ngx_str_t *s, const char *text);
static ngx_int_t ngx_ai_aws_header(ngx_ai_buf_t *out,
    ngx_ai_aws_header_e header, const ngx_str_t *value);
static uint32_t ngx_ai_aws_u32(const u_char *p);
static void ngx_ai_aws_put32(u_char *p, uint32_t n);


static const ngx_str_t  ngx_ai_aws_names[] = {
    ngx_string(":message-type"),
    ngx_string(":content-type"),
    ngx_string(":event-type"),
    ngx_string(":exception-type"),
    ngx_string(":error-code"),
    ngx_string(":error-message")
};


static const ngx_str_t  ngx_ai_aws_json = ngx_string("application/json");
static const ngx_str_t  ngx_ai_aws_types[] = {
    ngx_string("event"),
    ngx_string("exception")
};


void
ngx_ai_aws_init(ngx_ai_aws_t *s, size_t max)
{
    s->total = 0;
    s->max = max;
}


ngx_int_t
ngx_ai_aws_next(ngx_ai_aws_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev)
{
    size_t      len;
    u_char     *p, *crc;
    ngx_int_t   rc;
    ngx_str_t   values[NGX_AI_AWS_HEADERS];

    p = *pos;
    len = last - p;

    if (s->total == 0) {
        if (len < NGX_AI_AWS_PRELUDE) {
            return NGX_AGAIN;
        }

        rc = ngx_ai_aws_prelude(s, p);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (len < s->total) {
        return NGX_AGAIN;
    }

    crc = p + s->total - NGX_AI_AWS_CRC;

    if (ngx_crc32_long(p, crc - p) != ngx_ai_aws_u32(crc)) {
        return NGX_ERROR;
    }

    ev->raw.data = p;
    ev->raw.len = s->total;

    ev->data.data = p + NGX_AI_AWS_PRELUDE + ngx_ai_aws_u32(p + 4);
    ev->data.len = crc - ev->data.data;

    if (ngx_ai_aws_headers(p + NGX_AI_AWS_PRELUDE, ev->data.data, values)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_ai_aws_event(values, ev) != NGX_OK) {
        return NGX_ERROR;
    }

    *pos += s->total;
    s->total = 0;

    return NGX_OK;
}


ngx_int_t
ngx_ai_aws_end(ngx_ai_aws_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev)
{
    ngx_int_t  rc;

    rc = ngx_ai_aws_next(s, pos, last, ev);

    if (rc != NGX_AGAIN) {
        return rc;
    }

    return (*pos == last) ? NGX_DONE : NGX_ERROR;
}


static ngx_int_t
ngx_ai_aws_prelude(ngx_ai_aws_t *s, u_char *p)
{
    size_t  total, headers;

    if (ngx_crc32_long(p, 8) != ngx_ai_aws_u32(p + 8)) {
        return NGX_ERROR;
    }

    total = ngx_ai_aws_u32(p);
    headers = ngx_ai_aws_u32(p + 4);

    if (total < NGX_AI_AWS_PRELUDE + NGX_AI_AWS_CRC
        || headers > total - NGX_AI_AWS_PRELUDE - NGX_AI_AWS_CRC)
    {
        return NGX_ERROR;
    }

    if (total > s->max) {
        return NGX_DECLINED;
    }

    s->total = total;

    return NGX_OK;
}


/* the last one of a name wins; those that are not there are empty */

static ngx_int_t
ngx_ai_aws_headers(u_char *p, u_char *last, ngx_str_t *values)
{
    size_t                len;
    u_char                type;
    ngx_str_t             name;
    ngx_uint_t            i;

    static const uint8_t  sizes[NGX_AI_AWS_TYPES] = {
        0, 0, 1, 2, 4, 8, 0, 0, 8, 16
    };

    for (i = 0; i < NGX_AI_AWS_HEADERS; i++) {
        values[i].data = p;
        values[i].len = 0;
    }

    while (p < last) {
        name.len = *p++;
        name.data = p;

        if ((size_t) (last - p) < name.len + 1) {
            return NGX_ERROR;
        }

        p += name.len;
        type = *p++;

        if (type >= NGX_AI_AWS_TYPES) {
            return NGX_ERROR;
        }

        len = sizes[type];

        if (type == NGX_AI_AWS_BYTES || type == NGX_AI_AWS_STRING) {
            if (last - p < 2) {
                return NGX_ERROR;
            }

            len = (p[0] << 8) | p[1];
            p += 2;
        }

        if ((size_t) (last - p) < len) {
            return NGX_ERROR;
        }

        for (i = 0; i < NGX_AI_AWS_HEADERS; i++) {

            if (name.len != ngx_ai_aws_names[i].len
                || ngx_memcmp(name.data, ngx_ai_aws_names[i].data, name.len)
                   != 0)
            {
                continue;
            }

            if (type != NGX_AI_AWS_STRING) {
                return NGX_ERROR;
            }

            values[i].data = p;
            values[i].len = len;
        }

        p += len;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_aws_event(const ngx_str_t *values, ngx_ai_sse_event_t *ev)
{
    size_t            i;
    const ngx_str_t  *type;

    type = &values[NGX_AI_AWS_MESSAGE_TYPE];

    ev->lines = 1;
    ev->error = 1;

    if (ngx_ai_aws_is(type, "exception")) {
        ev->name = values[NGX_AI_AWS_EXCEPTION_TYPE];

    } else if (ngx_ai_aws_is(type, "error")) {
        ev->name = values[NGX_AI_AWS_ERROR_CODE];

        if (ev->data.len == 0) {
            ev->data = values[NGX_AI_AWS_ERROR_MESSAGE];
        }

    } else {
        ev->name = values[NGX_AI_AWS_EVENT_TYPE];
        ev->error = 0;
    }

    for (i = 0; i < ev->name.len; i++) {
        if (ev->name.data[i] < 0x20 || ev->name.data[i] > 0x7e) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_aws_is(const ngx_str_t *s, const char *text)
{
    return s->len == ngx_strlen(text)
           && ngx_memcmp(s->data, text, s->len) == 0;
}


ngx_int_t
ngx_ai_aws_begin(ngx_ai_buf_t *out, const ngx_str_t *name, ngx_uint_t error,
    size_t *mark)
{
    u_char               *p;
    ngx_int_t             rc;
    ngx_ai_aws_header_e   named;

    static const u_char   prelude[NGX_AI_AWS_PRELUDE];

    *mark = ngx_ai_buf_len(out);

    named = error ? NGX_AI_AWS_EXCEPTION_TYPE : NGX_AI_AWS_EVENT_TYPE;

    rc = ngx_ai_buf_append(out, prelude, NGX_AI_AWS_PRELUDE);

    if (rc == NGX_OK && name->len) {
        rc = ngx_ai_aws_header(out, named, name);
    }

    if (rc == NGX_OK) {
        rc = ngx_ai_aws_header(out, NGX_AI_AWS_CONTENT_TYPE, &ngx_ai_aws_json);
    }

    if (rc == NGX_OK) {
        rc = ngx_ai_aws_header(out, NGX_AI_AWS_MESSAGE_TYPE,
                               &ngx_ai_aws_types[error ? 1 : 0]);
    }

    if (rc == NGX_OK) {
        p = out->start + *mark;
        ngx_ai_aws_put32(p + 4, out->last - p - NGX_AI_AWS_PRELUDE);
    }

    return rc;
}


static ngx_int_t
ngx_ai_aws_header(ngx_ai_buf_t *out, ngx_ai_aws_header_e header,
    const ngx_str_t *value)
{
    u_char            n[3];
    ngx_int_t         rc;
    const ngx_str_t  *name;

    if (value->len > NGX_AI_AWS_STRING_MAX) {
        return NGX_DECLINED;
    }

    name = &ngx_ai_aws_names[header];

    n[0] = (u_char) name->len;

    rc = ngx_ai_buf_append(out, n, 1);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_buf_append(out, name->data, name->len);
    if (rc != NGX_OK) {
        return rc;
    }

    n[0] = NGX_AI_AWS_STRING;
    n[1] = (u_char) (value->len >> 8);
    n[2] = (u_char) value->len;

    rc = ngx_ai_buf_append(out, n, 3);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_buf_append(out, value->data, value->len);
}


ngx_int_t
ngx_ai_aws_finish(ngx_ai_buf_t *out, size_t mark)
{
    size_t   total;
    u_char  *p, crc[NGX_AI_AWS_CRC];

    p = out->start + mark;
    total = ngx_ai_buf_len(out) - mark + NGX_AI_AWS_CRC;

    if (total > 0xffffffff) {
        return NGX_DECLINED;
    }

    ngx_ai_aws_put32(p, (uint32_t) total);
    ngx_ai_aws_put32(p + 8, ngx_crc32_long(p, 8));
    ngx_ai_aws_put32(crc, ngx_crc32_long(p, total - NGX_AI_AWS_CRC));

    return ngx_ai_buf_append(out, crc, NGX_AI_AWS_CRC);
}


static uint32_t
ngx_ai_aws_u32(const u_char *p)
{
    return ((uint32_t) p[0] << 24) | (p[1] << 16) | (p[2] << 8) | p[3];
}


static void
ngx_ai_aws_put32(u_char *p, uint32_t n)
{
    p[0] = (u_char) (n >> 24);
    p[1] = (u_char) (n >> 16);
    p[2] = (u_char) (n >> 8);
    p[3] = (u_char) n;
}
