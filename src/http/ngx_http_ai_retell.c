
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Step 3 for a stream that is put in other words.
 */


#include "ngx_http_ai_stream.h"
#include "ngx_http_ai_translate.h"


/* the memory of a buffer of translated events */
#define NGX_HTTP_AI_BLOCK  4096

/* how long a client hears nothing; most give up after a minute */
#define NGX_HTTP_AI_PING   15000

/* what one large event has taken is not kept for the small ones */
#define NGX_HTTP_AI_KEEP   (256 * 1024)


static void ngx_http_ai_retell_ping(ngx_event_t *ev);
static ngx_int_t ngx_http_ai_retell_event(ngx_http_ai_ctx_t *ctx,
    ngx_ai_sse_event_t *ev);
static ngx_int_t ngx_http_ai_retell_copy(ngx_http_ai_ctx_t *ctx,
    ngx_ai_buf_t *text);


ngx_int_t
ngx_http_ai_retell_begin(ngx_http_ai_ctx_t *ctx)
{
    if (ngx_http_ai_translate_begin(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->ping.handler = ngx_http_ai_retell_ping;
    ctx->ping.data = ctx;
    ctx->ping.log = ctx->request->connection->log;
    ctx->ping.cancelable = 1;

    ngx_add_timer(&ctx->ping, NGX_HTTP_AI_PING);

    return NGX_OK;
}


/*
 * The provider is silent, the client shall not think that it is dead.  What
 * is written goes out as nginx's upstream sends on when it can.
 */

static void
ngx_http_ai_retell_ping(ngx_event_t *ev)
{
    ngx_connection_t         *c;
    ngx_http_ai_ctx_t        *ctx;
    ngx_http_request_t       *r;
    ngx_http_upstream_t      *u;
    ngx_http_ai_main_conf_t  *amcf;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;
    u = r->upstream;

    ngx_http_set_log_request(c->log, r);

    ngx_add_timer(ev, NGX_HTTP_AI_PING);

    /* a client that does not read has no use for another */

    if (u->out_bufs || u->busy_bufs || u->error || u->length == 0) {
        return;
    }

    amcf = ngx_http_get_module_main_conf(r, ngx_http_ai_gateway_module);

    ngx_ai_buf_reset(&amcf->desk.out);

    if (ngx_http_ai_translate_ping(ctx) != NGX_OK
        || ngx_http_ai_retell_copy(ctx, &amcf->desk.out) != NGX_OK)
    {
        return;
    }

    r->write_event_handler(r);

    ngx_http_run_posted_requests(c);
}


/*
 * A stream in other words: nothing of the provider's bytes is sent, so what
 * is not a whole event yet is simply kept.
 */

ngx_int_t
ngx_http_ai_retell(ngx_http_ai_ctx_t *ctx, u_char *p, u_char *last)
{
    u_char                   *start;
    ngx_int_t                 rc;
    ngx_ai_buf_t             *held;
    ngx_ai_sse_event_t        ev;
    ngx_http_upstream_t      *u;
    ngx_http_ai_main_conf_t  *amcf;

    u = ctx->request->upstream;
    held = &ctx->held;

    if (ngx_ai_buf_len(held)) {

        if (p != last && ngx_ai_buf_append(held, p, last - p) != NGX_OK) {
            ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);
            return NGX_OK;
        }

        p = held->start;
        last = held->last;
    }

    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);

    ngx_ai_buf_reset(&amcf->desk.out);

    start = p;

    for ( ;; ) {
        rc = ngx_ai_framing_next(&ctx->events, &p, last, &ev);

        if (rc == NGX_OK) {
            rc = ngx_http_ai_retell_event(ctx, &ev);
        }

        if (rc != NGX_OK) {
            break;
        }
    }

    if (rc != NGX_AGAIN) {
        ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);

    } else if (start == held->start && ngx_ai_buf_len(held)) {
        ngx_memmove(held->start, p, last - p);
        held->last = held->start + (last - p);

    } else if (ngx_ai_buf_append(held, p, last - p) != NGX_OK) {
        ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);
    }

    if (!u->error && ngx_current_msec - ctx->seen > ctx->provider->idle) {
        ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_TIMEOUT);
    }

    return ngx_http_ai_retell_copy(ctx, &amcf->desk.out);
}


/* NGX_OK: the stream goes on */

static ngx_int_t
ngx_http_ai_retell_event(ngx_http_ai_ctx_t *ctx, ngx_ai_sse_event_t *ev)
{
    ngx_int_t  rc;

    if (ctx->reply.error) {

        /* the client has been told, nothing else is */

        return NGX_OK;
    }

    if (ev->lines) {
        ctx->seen = ngx_current_msec;
    }

    rc = ngx_http_ai_translate_event(ctx, ev);

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_ai_translate_content(ctx)) {
        ngx_http_ai_stream_count(ctx);
    }

    return ctx->request->upstream->error ? NGX_ERROR : NGX_OK;
}


/*
 * Into buffers of the stream's own, which come back when the client has taken
 * them: there are as many as are under way at once.
 */

static ngx_int_t
ngx_http_ai_retell_copy(ngx_http_ai_ctx_t *ctx, ngx_ai_buf_t *text)
{
    u_char               *p;
    size_t                n;
    ngx_buf_t            *b;
    ngx_chain_t          *cl, **ll;
    ngx_http_request_t   *r;
    ngx_http_upstream_t  *u;

    if (ngx_ai_buf_len(text) == 0) {
        return NGX_OK;
    }

    r = ctx->request;
    u = r->upstream;

    if (ctx->ping.timer_set) {
        ngx_add_timer(&ctx->ping, NGX_HTTP_AI_PING);
    }

    for (ll = &u->out_bufs; *ll; ll = &(*ll)->next) { /* void */ }

    for (p = text->start; p < text->last; p += n) {

        cl = ngx_chain_get_free_buf(r->pool, &u->free_bufs);
        if (cl == NULL) {
            return NGX_ERROR;
        }

        b = cl->buf;

        if (b->start == NULL) {
            b->start = ngx_palloc(r->pool, NGX_HTTP_AI_BLOCK);
            if (b->start == NULL) {
                return NGX_ERROR;
            }

            b->end = b->start + NGX_HTTP_AI_BLOCK;
            b->temporary = 1;
            b->tag = u->output.tag;
        }

        n = ngx_min(text->last - p, b->end - b->start);

        b->pos = b->start;
        b->last = ngx_cpymem(b->start, p, n);
        b->flush = (p + n == text->last);

        *ll = cl;
        ll = &cl->next;
    }

    if (text->end - text->start > NGX_HTTP_AI_KEEP) {
        ngx_ai_buf_free(text);
    }

    return NGX_OK;
}


/* the end of a stream in other words; some formats have no word for it */

ngx_int_t
ngx_http_ai_retell_end(ngx_http_ai_ctx_t *ctx)
{
    u_char                   *p;
    ngx_int_t                 rc;
    ngx_ai_sse_event_t        ev;
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);

    ngx_ai_buf_reset(&amcf->desk.out);

    p = ctx->held.start;

    for ( ;; ) {
        rc = ngx_ai_framing_end(&ctx->events, &p, ctx->held.last, &ev);

        if (rc == NGX_OK) {
            rc = ngx_http_ai_retell_event(ctx, &ev);
        }

        if (rc != NGX_OK) {
            break;
        }
    }

    ngx_ai_buf_reset(&ctx->held);

    if (rc != NGX_DONE) {
        rc = NGX_ERROR;

    } else if (ctx->reply.ended || ctx->reply.error) {
        rc = NGX_OK;

    } else {
        rc = ngx_http_ai_stream_ended(ctx) ? ngx_http_ai_translate_end(ctx)
                                           : NGX_ERROR;
    }

    if (ngx_http_ai_retell_copy(ctx, &amcf->desk.out) != NGX_OK) {
        return NGX_ERROR;
    }

    return rc;
}
