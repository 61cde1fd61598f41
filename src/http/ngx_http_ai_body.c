
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_body.h"

#include <sys/mman.h>


static u_char *ngx_http_ai_body_map(ngx_http_ai_ctx_t *ctx);
static void ngx_http_ai_body_unmap(ngx_http_ai_ctx_t *ctx, u_char *p);
static ngx_int_t ngx_http_ai_body_memory(ngx_http_ai_ctx_t *ctx,
    ngx_chain_t *in, ngx_uint_t whole);
static ngx_int_t ngx_http_ai_body_join(ngx_http_ai_ctx_t *ctx,
    ngx_chain_t *in);
static ngx_int_t ngx_http_ai_body_slice(ngx_http_ai_ctx_t *ctx, off_t start,
    off_t end, ngx_chain_t ***last);
static ngx_buf_t *ngx_http_ai_body_buf(ngx_http_ai_ctx_t *ctx,
    ngx_chain_t ***last);


ngx_int_t
ngx_http_ai_body_open(ngx_http_ai_ctx_t *ctx, ngx_uint_t whole)
{
    u_char              *p;
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;

    r = ctx->request;

    ngx_str_set(&ctx->body.pieces[0], "");
    ctx->body.n = 0;
    ctx->body.length = 0;

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_OK;
    }

    cl = r->request_body->bufs;

    if (!cl->buf->in_file) {
        return ngx_http_ai_body_memory(ctx, cl, whole);
    }

    /*
     * The file holds the whole body, and its pages have just been written:
     * mapping them neither copies nor waits.  file->offset is no size, it
     * moves when the file is read.
     */

    ctx->body.file = cl->buf->file;
    ctx->body.length = cl->buf->file_last;

    p = ngx_http_ai_body_map(ctx);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->body.pieces[0].data = p;
    ctx->body.pieces[0].len = ctx->body.length;
    ctx->body.n = 1;

    return NGX_OK;
}


static u_char *
ngx_http_ai_body_map(ngx_http_ai_ctx_t *ctx)
{
    void  *p;

    p = mmap(NULL, ctx->body.length, PROT_READ, MAP_PRIVATE|MAP_POPULATE,
             ctx->body.file->fd, 0);

    if (p == MAP_FAILED) {
        ngx_log_error(NGX_LOG_ALERT, ctx->request->connection->log, ngx_errno,
                      "mmap(%O) of a request body failed", ctx->body.length);
        return NULL;
    }

    return p;
}


static void
ngx_http_ai_body_unmap(ngx_http_ai_ctx_t *ctx, u_char *p)
{
    if (munmap(p, ctx->body.length) == -1) {
        ngx_log_error(NGX_LOG_ALERT, ctx->request->connection->log, ngx_errno,
                      "munmap() of a request body failed");
    }
}


/*
 * nginx makes a buffer for each of its reads, but they follow one another in
 * one memory; only what came with the request's head lies elsewhere.
 */

static ngx_int_t
ngx_http_ai_body_memory(ngx_http_ai_ctx_t *ctx, ngx_chain_t *in,
    ngx_uint_t whole)
{
    ngx_buf_t    *b;
    ngx_str_t    *piece;
    ngx_uint_t    max;
    ngx_chain_t  *cl;

    max = whole ? 1 : NGX_HTTP_AI_PIECES;
    piece = NULL;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (b->pos == b->last) {
            continue;
        }

        if (piece && piece->data + piece->len == b->pos) {
            piece->len += b->last - b->pos;

        } else if (ctx->body.n == max) {
            return ngx_http_ai_body_join(ctx, in);

        } else {
            piece = &ctx->body.pieces[ctx->body.n++];
            piece->data = b->pos;
            piece->len = b->last - b->pos;
        }

        ctx->body.length += b->last - b->pos;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_body_join(ngx_http_ai_ctx_t *ctx, ngx_chain_t *in)
{
    u_char       *p;
    ngx_chain_t  *cl;

    ctx->body.length = 0;

    for (cl = in; cl; cl = cl->next) {
        ctx->body.length += cl->buf->last - cl->buf->pos;
    }

    p = ngx_pnalloc(ctx->request->pool, ctx->body.length);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->body.pieces[0].data = p;
    ctx->body.pieces[0].len = ctx->body.length;
    ctx->body.n = 1;

    for (cl = in; cl; cl = cl->next) {
        p = ngx_cpymem(p, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    return NGX_OK;
}


void
ngx_http_ai_body_close(ngx_http_ai_ctx_t *ctx)
{
    if (ctx->body.file == NULL || ctx->body.n == 0) {
        return;
    }

    ngx_http_ai_body_unmap(ctx, ctx->body.pieces[0].data);

    ctx->body.n = 0;
}


off_t
ngx_http_ai_body_growth(ngx_ai_edit_t *edits, ngx_uint_t n)
{
    off_t       growth;
    ngx_uint_t  i;

    growth = 0;

    for (i = 0; i < n; i++) {
        growth += edits[i].with.len;
        growth -= edits[i].span.end - edits[i].span.start;
    }

    return growth;
}


ngx_int_t
ngx_http_ai_body_chain(ngx_http_ai_ctx_t *ctx, ngx_ai_edit_t *edits,
    ngx_uint_t n, ngx_chain_t ***last)
{
    off_t       at;
    ngx_buf_t  *b;
    ngx_uint_t  i;

    at = 0;

    for (i = 0; i < n; i++) {

        if (ngx_http_ai_body_slice(ctx, at, edits[i].span.start, last)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (edits[i].with.len) {
            b = ngx_http_ai_body_buf(ctx, last);
            if (b == NULL) {
                return NGX_ERROR;
            }

            b->start = edits[i].with.data;
            b->pos = b->start;
            b->last = b->pos + edits[i].with.len;
            b->end = b->last;
            b->memory = 1;
        }

        at = edits[i].span.end;
    }

    return ngx_http_ai_body_slice(ctx, at, ctx->body.length, last);
}


ngx_int_t
ngx_http_ai_body_text(ngx_http_ai_ctx_t *ctx, ngx_str_t *text,
    ngx_chain_t ***last)
{
    ngx_buf_t  *b;

    b = ngx_http_ai_body_buf(ctx, last);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->start = text->data;
    b->pos = text->data;
    b->last = text->data + text->len;
    b->end = b->last;
    b->memory = 1;

    return NGX_OK;
}


/*
 * nginx's own buffers of the body are not handed out: they would come back
 * with their positions changed, and another attempt may need them.
 */

static ngx_int_t
ngx_http_ai_body_slice(ngx_http_ai_ctx_t *ctx, off_t start, off_t end,
    ngx_chain_t ***last)
{
    ngx_buf_t   *b;
    ngx_str_t   *piece;
    ngx_uint_t   i;

    if (start == end) {
        return NGX_OK;
    }

    if (ctx->body.file) {
        b = ngx_http_ai_body_buf(ctx, last);
        if (b == NULL) {
            return NGX_ERROR;
        }

        b->in_file = 1;
        b->file = ctx->body.file;
        b->file_pos = start;
        b->file_last = end;

        return NGX_OK;
    }

    for (i = 0; i < ctx->body.n && end > 0; i++) {
        piece = &ctx->body.pieces[i];

        if (start < (off_t) piece->len) {
            b = ngx_http_ai_body_buf(ctx, last);
            if (b == NULL) {
                return NGX_ERROR;
            }

            b->start = piece->data + ngx_max(start, 0);
            b->pos = b->start;
            b->last = piece->data + ngx_min(end, (off_t) piece->len);
            b->end = b->last;
            b->memory = 1;
        }

        start -= piece->len;
        end -= piece->len;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_ai_body_digest(ngx_http_ai_ctx_t *ctx, ngx_chain_t *in,
    u_char digest[NGX_AI_SHA256_LEN])
{
    u_char           *map;
    ngx_buf_t        *b;
    ngx_ai_sha256_t   sha;

    map = NULL;

    ngx_ai_sha256_init(&sha);

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;

        if (!b->in_file) {
            ngx_ai_sha256_update(&sha, b->pos, b->last - b->pos);
            continue;
        }

        if (map == NULL) {
            map = ngx_http_ai_body_map(ctx);
            if (map == NULL) {
                return NGX_ERROR;
            }
        }

        ngx_ai_sha256_update(&sha, map + b->file_pos,
                             b->file_last - b->file_pos);
    }

    ngx_ai_sha256_final(&sha, digest);

    if (map) {
        ngx_http_ai_body_unmap(ctx, map);
    }

    return NGX_OK;
}


static ngx_buf_t *
ngx_http_ai_body_buf(ngx_http_ai_ctx_t *ctx, ngx_chain_t ***last)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = ngx_calloc_buf(ctx->request->pool);
    if (b == NULL) {
        return NULL;
    }

    cl = ngx_alloc_chain_link(ctx->request->pool);
    if (cl == NULL) {
        return NULL;
    }

    cl->buf = b;
    cl->next = NULL;

    **last = cl;
    *last = &cl->next;

    return b;
}
