
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_frame.h"


static ngx_int_t ngx_http_ai_unchunk(ngx_http_ai_ctx_t *ctx, u_char *start,
    u_char *last, u_char **end);
static ssize_t ngx_http_ai_recv(ngx_connection_t *c, u_char *buf, size_t size);


void
ngx_http_ai_frame_begin(ngx_http_ai_ctx_t *ctx)
{
    ngx_connection_t     *c;
    ngx_http_ai_frame_t  *frame;

    frame = &ctx->head.frame;

    if (ctx->head.chunked) {
        frame->mode = NGX_HTTP_AI_FRAME_CHUNKED;
        return;
    }

    if (ctx->head.length >= 0) {
        frame->mode = NGX_HTTP_AI_FRAME_LENGTH;
        frame->rest = ctx->head.length;
        frame->done = (frame->rest == 0);
        return;
    }

    frame->mode = NGX_HTTP_AI_FRAME_CLOSE;

    c = ctx->request->upstream->peer.connection;
    ctx->recv = c->recv;
    c->recv = ngx_http_ai_recv;
}


static ssize_t
ngx_http_ai_recv(ngx_connection_t *c, u_char *buf, size_t size)
{
    ssize_t              n;
    ngx_http_ai_ctx_t   *ctx;
    ngx_http_request_t  *r;

    r = c->data;
    ctx = ngx_http_ai_ctx(r);

    n = ctx->recv(c, buf, size);

    if (n == 0 && !ctx->head.eof) {
        ctx->head.eof = 1;
        c->read->eof = 0;
        *buf = '\n';
        return 1;
    }

    return n;
}


ngx_int_t
ngx_http_ai_unframe(ngx_http_ai_ctx_t *ctx, u_char *start, u_char *last,
    u_char **end)
{
    size_t                n;
    ngx_http_ai_frame_t  *frame;

    frame = &ctx->head.frame;

    switch (frame->mode) {

    case NGX_HTTP_AI_FRAME_CHUNKED:
        return ngx_http_ai_unchunk(ctx, start, last, end);

    case NGX_HTTP_AI_FRAME_LENGTH:
        n = last - start;

        if ((off_t) n > frame->rest) {
            n = frame->rest;
            frame->extra = 1;
        }

        frame->rest -= n;
        frame->done = (frame->rest == 0);
        *end = start + n;

        return NGX_OK;

    default: /* NGX_HTTP_AI_FRAME_CLOSE */

        if (ctx->head.eof) {
            frame->done = 1;
            last--;
        }

        *end = last;

        return NGX_OK;
    }
}


static ngx_int_t
ngx_http_ai_unchunk(ngx_http_ai_ctx_t *ctx, u_char *start, u_char *last,
    u_char **end)
{
    size_t                n;
    u_char               *p;
    ngx_int_t             rc;
    ngx_buf_t             b;
    ngx_http_ai_frame_t  *frame;

    frame = &ctx->head.frame;
    p = start;

    if (frame->done) {
        frame->extra |= (start != last);
        *end = start;
        return NGX_OK;
    }

    ngx_memzero(&b, sizeof(ngx_buf_t));
    b.pos = start;
    b.last = last;

    for ( ;; ) {

#if (nginx_version >= 1027002)
        rc = ngx_http_parse_chunked(ctx->request, &b, &frame->chunked, 0);
#else
        rc = ngx_http_parse_chunked(ctx->request, &b, &frame->chunked);
#endif

        if (rc == NGX_OK) {
            n = ngx_min(b.last - b.pos, frame->chunked.size);

            if (p != b.pos) {
                ngx_memmove(p, b.pos, n);
            }

            p += n;
            b.pos += n;
            frame->chunked.size -= n;

            continue;
        }

        *end = p;

        if (rc == NGX_DONE) {
            frame->done = 1;
            frame->extra = (b.pos != b.last);
            return NGX_OK;
        }

        return (rc == NGX_AGAIN) ? NGX_OK : NGX_ERROR;
    }
}
