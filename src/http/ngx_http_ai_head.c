
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_gate.h"


typedef ngx_int_t (*ngx_http_ai_head_pt)(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *value);


typedef struct {
    ngx_str_t              name;
    ngx_http_ai_head_pt    handler;
} ngx_http_ai_head_line_t;


static ngx_int_t ngx_http_ai_head_status(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_head_lines(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_head_line(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_head_type(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_ai_head_length(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_ai_head_transfer(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_ai_head_encoding(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_ai_head_connection(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_ai_head_disposition(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_ai_head_error(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_ai_head_retry(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_ai_head_retry_ms(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *value);
static ngx_uint_t ngx_http_ai_head_is(ngx_str_t *value, const char *prefix);
static ngx_int_t ngx_http_ai_head_copy(ngx_http_ai_ctx_t *ctx, ngx_str_t *to,
    ngx_str_t *value);


/* all others stay behind: cookies, the account's limits, its names */

static const ngx_http_ai_head_line_t  ngx_http_ai_head_table[] = {
    { ngx_string("content-type"), ngx_http_ai_head_type },
    { ngx_string("content-length"), ngx_http_ai_head_length },
    { ngx_string("transfer-encoding"), ngx_http_ai_head_transfer },
    { ngx_string("content-encoding"), ngx_http_ai_head_encoding },
    { ngx_string("connection"), ngx_http_ai_head_connection },
    { ngx_string("content-disposition"), ngx_http_ai_head_disposition },
    { ngx_string("x-amzn-errortype"), ngx_http_ai_head_error },
    { ngx_string("retry-after"), ngx_http_ai_head_retry },
    { ngx_string("retry-after-ms"), ngx_http_ai_head_retry_ms },
    { ngx_null_string, NULL }
};


ngx_int_t
ngx_http_ai_head_read(ngx_http_ai_ctx_t *ctx)
{
    size_t               n;
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_http_ai_head_t  *head;

    head = &ctx->head;
    b = &ctx->request->upstream->buffer;

    for ( ;; ) {

        rc = head->has_status ? NGX_OK : ngx_http_ai_head_status(ctx);

        if (rc == NGX_OK) {
            rc = ngx_http_ai_head_lines(ctx);
        }

        if (rc != NGX_OK) {
            return rc;
        }

        if (head->status.code >= NGX_HTTP_OK) {
            break;
        }

        /* 100 and 103; 101 would be another protocol */

        if (head->status.code == NGX_HTTP_SWITCHING_PROTOCOLS) {
            return NGX_ERROR;
        }

        ngx_memzero(head, sizeof(ngx_http_ai_head_t));
        head->length = -1;
        head->retry_after = -1;
        ctx->request->state = 0;
    }

    if (head->chunked && head->length >= 0) {
        return NGX_ERROR;
    }

    head->has_head = 1;

    n = b->last - b->pos;
    ngx_memmove(b->start, b->pos, n);
    b->pos = b->start;
    b->last = b->start + n;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_head_status(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_ai_head_t  *head;

    head = &ctx->head;

    rc = ngx_http_parse_status_line(ctx->request,
                                    &ctx->request->upstream->buffer,
                                    &head->status);
    if (rc != NGX_OK) {
        return rc;
    }

    if (head->status.code < 100 || head->status.code > 599) {
        return NGX_ERROR;
    }

    head->has_status = 1;

    if (head->status.http_version < NGX_HTTP_VERSION_11) {
        head->close = 1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_head_lines(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    for ( ;; ) {

        rc = ngx_http_parse_header_line(r, &r->upstream->buffer, 1);

        if (rc == NGX_HTTP_PARSE_HEADER_DONE) {
            return NGX_OK;
        }

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc != NGX_OK || ngx_http_ai_head_line(ctx) != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


static ngx_int_t
ngx_http_ai_head_line(ngx_http_ai_ctx_t *ctx)
{
    size_t                          len;
    ngx_str_t                       value;
    ngx_http_request_t             *r;
    const ngx_http_ai_head_line_t  *line;

    r = ctx->request;
    len = r->header_name_end - r->header_name_start;

    for (line = ngx_http_ai_head_table; line->name.len; line++) {

        if (line->name.len == len
            && ngx_strncasecmp(line->name.data, r->header_name_start, len)
               == 0)
        {
            value.data = r->header_start;
            value.len = r->header_end - r->header_start;

            return line->handler(ctx, &value);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_head_type(ngx_http_ai_ctx_t *ctx, ngx_str_t *value)
{
    ngx_http_ai_head_t  *head;

    head = &ctx->head;

    head->json = ngx_http_ai_head_is(value, "application/json");
    head->html = ngx_http_ai_head_is(value, "text/html");

    return ngx_http_ai_head_copy(ctx, &head->content_type, value);
}


static ngx_int_t
ngx_http_ai_head_length(ngx_http_ai_ctx_t *ctx, ngx_str_t *value)
{
    if (ctx->head.length >= 0) {
        return NGX_ERROR;
    }

    ctx->head.length = ngx_atoof(value->data, value->len);

    return ctx->head.length == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_ai_head_transfer(ngx_http_ai_ctx_t *ctx, ngx_str_t *value)
{
    if (ctx->head.chunked || value->len != 7
        || !ngx_http_ai_head_is(value, "chunked"))
    {
        return NGX_ERROR;
    }

    ctx->head.chunked = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_head_encoding(ngx_http_ai_ctx_t *ctx, ngx_str_t *value)
{
    ctx->head.encoded = (value->len
                         && !ngx_http_ai_head_is(value, "identity"));

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_head_connection(ngx_http_ai_ctx_t *ctx, ngx_str_t *value)
{
    if (ngx_strlcasestrn(value->data, value->data + value->len,
                         (u_char *) "close", 5 - 1)
        != NULL)
    {
        ctx->head.close = 1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_head_disposition(ngx_http_ai_ctx_t *ctx, ngx_str_t *value)
{
    return ngx_http_ai_head_copy(ctx, &ctx->head.disposition, value);
}


static ngx_int_t
ngx_http_ai_head_error(ngx_http_ai_ctx_t *ctx, ngx_str_t *value)
{
    return ngx_http_ai_head_copy(ctx, &ctx->head.error_type, value);
}


/* seconds; a date is not worth a clock that may be wrong */

static ngx_int_t
ngx_http_ai_head_retry(ngx_http_ai_ctx_t *ctx, ngx_str_t *value)
{
    ngx_int_t  n;

    n = ngx_atoi(value->data, value->len);

    if (n != NGX_ERROR && n < NGX_MAX_INT_T_VALUE / 1000
        && ctx->head.retry_after < 0)
    {
        ctx->head.retry_after = (int64_t) n * 1000;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_head_retry_ms(ngx_http_ai_ctx_t *ctx, ngx_str_t *value)
{
    ngx_int_t  n;

    n = ngx_atoi(value->data, value->len);

    if (n != NGX_ERROR) {
        ctx->head.retry_after = n;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_ai_head_is(ngx_str_t *value, const char *prefix)
{
    size_t  len;

    len = ngx_strlen(prefix);

    return value->len >= len
           && ngx_strncasecmp(value->data, (u_char *) prefix, len) == 0;
}


static ngx_int_t
ngx_http_ai_head_copy(ngx_http_ai_ctx_t *ctx, ngx_str_t *to, ngx_str_t *value)
{
    to->data = ngx_pstrdup(ctx->request->pool, value);
    if (to->data == NULL) {
        return NGX_ERROR;
    }

    to->len = value->len;

    return NGX_OK;
}
