
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_fetch_read.h"


static ngx_int_t ngx_http_ai_fetch_parse(ngx_http_ai_fetch_read_t *r,
    ngx_uint_t eof);
static ngx_int_t ngx_http_ai_fetch_head(ngx_http_ai_fetch_read_t *r);
static ngx_int_t ngx_http_ai_fetch_line(ngx_http_ai_fetch_read_t *r);
static ngx_int_t ngx_http_ai_fetch_unchunk(ngx_http_ai_fetch_read_t *r);


ngx_int_t
ngx_http_ai_fetch_read_init(ngx_http_ai_fetch_read_t *r, ngx_pool_t *pool,
    size_t max)
{
    ngx_memzero(r, sizeof(ngx_http_ai_fetch_read_t));

    r->buf.start = ngx_pnalloc(pool, max);
    r->parser = ngx_pcalloc(pool, sizeof(ngx_http_request_t));

    if (r->buf.start == NULL || r->parser == NULL) {
        return NGX_ERROR;
    }

    r->buf.pos = r->buf.start;
    r->buf.last = r->buf.start;
    r->buf.end = r->buf.start + max;
    r->length = -1;

    return NGX_OK;
}


ngx_int_t
ngx_http_ai_fetch_read(ngx_http_ai_fetch_read_t *r, ngx_connection_t *c)
{
    ssize_t     n;
    ngx_int_t   rc;
    ngx_buf_t  *b;

    b = &r->buf;

    /* the parser of chunks writes to the log of a debugging nginx */

    r->parser->connection = c;

    for ( ;; ) {

        if (b->last == b->end) {
            return NGX_DECLINED;
        }

        n = c->recv(c, b->last, b->end - b->last);

        if (n == NGX_AGAIN || n == NGX_ERROR) {
            return n;
        }

        b->last += n;

        rc = ngx_http_ai_fetch_parse(r, n == 0);

        if (rc != NGX_AGAIN) {
            return rc;
        }
    }
}


static ngx_int_t
ngx_http_ai_fetch_parse(ngx_http_ai_fetch_read_t *r, ngx_uint_t eof)
{
    ngx_int_t   rc;
    ngx_buf_t  *b;

    b = &r->buf;

    rc = r->has_head ? NGX_OK : ngx_http_ai_fetch_head(r);

    if (rc == NGX_OK) {

        if (r->chunked) {
            rc = ngx_http_ai_fetch_unchunk(r);

        } else if (r->length >= 0) {
            r->body.len = (size_t) r->length;
            rc = (b->last - b->pos >= r->length) ? NGX_OK : NGX_AGAIN;

        } else {
            r->body.len = b->last - b->pos;
            rc = eof ? NGX_OK : NGX_AGAIN;
        }
    }

    return (rc == NGX_AGAIN && eof) ? NGX_DECLINED : rc;
}


static ngx_int_t
ngx_http_ai_fetch_head(ngx_http_ai_fetch_read_t *r)
{
    ngx_int_t  rc;

    for ( ;; ) {

        if (!r->has_status) {
            rc = ngx_http_parse_status_line(r->parser, &r->buf, &r->status);

            if (rc != NGX_OK) {
                return (rc == NGX_AGAIN) ? NGX_AGAIN : NGX_DECLINED;
            }

            r->has_status = 1;
        }

        rc = ngx_http_parse_header_line(r->parser, &r->buf, 1);

        if (rc == NGX_OK) {

            if (ngx_http_ai_fetch_line(r) != NGX_OK) {
                return NGX_DECLINED;
            }

            continue;
        }

        if (rc != NGX_HTTP_PARSE_HEADER_DONE) {
            return (rc == NGX_AGAIN) ? NGX_AGAIN : NGX_DECLINED;
        }

        if (r->status.code >= NGX_HTTP_OK) {
            break;
        }

        /* 100 and the like: another head follows */

        r->has_status = 0;
        r->chunked = 0;
        r->length = -1;
        r->parser->state = 0;
        ngx_memzero(&r->status, sizeof(ngx_http_status_t));
    }

    if (r->status.code == NGX_HTTP_NO_CONTENT) {
        r->length = 0;
        r->chunked = 0;
    }

    if (r->chunked && r->length >= 0) {
        return NGX_DECLINED;
    }

    r->has_head = 1;
    r->body.data = r->buf.pos;
    r->end = r->buf.pos;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_fetch_line(ngx_http_ai_fetch_read_t *r)
{
    size_t               len;
    ngx_str_t            value;
    ngx_http_request_t  *h;

    h = r->parser;

    len = h->header_name_end - h->header_name_start;
    value.data = h->header_start;
    value.len = h->header_end - h->header_start;

    if (len == sizeof("content-length") - 1
        && ngx_strncasecmp(h->header_name_start,
                           (u_char *) "content-length", len)
           == 0)
    {
        if (r->length >= 0) {
            return NGX_ERROR;
        }

        r->length = ngx_atoof(value.data, value.len);

        return (r->length == NGX_ERROR) ? NGX_ERROR : NGX_OK;
    }

    if (len == sizeof("transfer-encoding") - 1
        && ngx_strncasecmp(h->header_name_start,
                           (u_char *) "transfer-encoding", len)
           == 0)
    {
        if (r->chunked || value.len != sizeof("chunked") - 1
            || ngx_strncasecmp(value.data, (u_char *) "chunked", value.len)
               != 0)
        {
            return NGX_ERROR;
        }

        r->chunked = 1;
    }

    return NGX_OK;
}


/* moves what is in the chunks together, in place */

static ngx_int_t
ngx_http_ai_fetch_unchunk(ngx_http_ai_fetch_read_t *r)
{
    size_t      n;
    ngx_int_t   rc;
    ngx_buf_t  *b;

    b = &r->buf;

    for ( ;; ) {

#if (nginx_version >= 1027002)
        rc = ngx_http_parse_chunked(r->parser, b, &r->chunk, 0);
#else
        rc = ngx_http_parse_chunked(r->parser, b, &r->chunk);
#endif

        if (rc == NGX_OK) {
            n = ngx_min(b->last - b->pos, r->chunk.size);

            r->end = ngx_movemem(r->end, b->pos, n);
            b->pos += n;
            r->chunk.size -= n;

            continue;
        }

        if (rc == NGX_DONE) {
            r->body.len = r->end - r->body.data;
            return NGX_OK;
        }

        return (rc == NGX_AGAIN) ? NGX_AGAIN : NGX_DECLINED;
    }
}
