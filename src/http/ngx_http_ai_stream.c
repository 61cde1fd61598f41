
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Step 3: the committed reply on its way to the client.
 *
 * The upstream's window, u->buffer, is read into from b->last on and goes
 * back to its start when the client has taken all that was sent from it;
 * until then b->last only advances, which is what holds a fast provider back
 * for a slow client.
 *
 *     window   |event|event|eve|nt|event|        |
 *                  sent at once   \
 *     held                  |nt...|  waits for the rest
 *
 * Events go out whole: the tail of a read that is not an event yet waits in
 * ctx->held, so that an error can follow at any time without breaking one.
 * The event is completed there, and sent from there; "held_sent" is where
 * the bytes begin that are not sent yet.  As long as those before it are not
 * taken by the client the memory must not move, so there is always room in it
 * for what a window can still bring.
 */


#include "ngx_http_ai.h"
#include "ngx_http_ai_frame.h"
#include "ngx_http_ai_error.h"
#include "ngx_http_ai_owner.h"
#include "ngx_http_ai_stream.h"
#include "ngx_http_ai_translate.h"


/* the last events; of Responses, they repeat all that was said before */
#define NGX_HTTP_AI_LAST  (64 * 1024 * 1024)


static ngx_int_t ngx_http_ai_stream_bytes(ngx_http_ai_ctx_t *ctx,
    u_char *start, u_char *last);
static ngx_int_t ngx_http_ai_stream_events(ngx_http_ai_ctx_t *ctx, u_char *p,
    u_char *last);
static ngx_int_t ngx_http_ai_stream_held(ngx_http_ai_ctx_t *ctx,
    u_char **p, u_char *last);
static ngx_int_t ngx_http_ai_stream_hold(ngx_http_ai_ctx_t *ctx, u_char *p,
    u_char *last);
static u_char *ngx_http_ai_stream_event(ngx_http_ai_ctx_t *ctx,
    ngx_ai_sse_event_t *ev, u_char *out);
static void ngx_http_ai_stream_end(ngx_http_ai_ctx_t *ctx);
static u_char *ngx_http_ai_stream_last(ngx_http_ai_ctx_t *ctx,
    u_char *start);
static ngx_int_t ngx_http_ai_stream_send(ngx_http_ai_ctx_t *ctx,
    u_char *start, u_char *last);


/* what the gate held back goes first */

ngx_int_t
ngx_http_ai_stream_init(void *data)
{
    ngx_http_ai_ctx_t *ctx = data;

    ngx_int_t             rc;
    ngx_http_upstream_t  *u;

    u = ctx->request->upstream;
    u->length = 1;

    ctx->held_sent = 0;
    ctx->seen = ngx_current_msec;

    rc = NGX_OK;

    if (ctx->translated && ctx->head.body == NGX_HTTP_AI_BODY_EVENTS) {

        if (ngx_http_ai_retell_begin(ctx) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ngx_ai_buf_len(&ctx->held)) {
            rc = ngx_http_ai_retell(ctx, NULL, NULL);
        }

    } else if (ngx_ai_buf_len(&ctx->held)) {

        if (ctx->head.body == NGX_HTTP_AI_BODY_EVENTS) {
            if (ngx_ai_buf_reserve(&ctx->held, u->buffer.end - u->buffer.start)
                == NULL)
            {
                return NGX_ERROR;
            }

            rc = ngx_http_ai_stream_events(ctx, NULL, NULL);

        } else {
            rc = ngx_http_ai_stream_send(ctx, ctx->held.start,
                                         ctx->held.last);
        }
    }

    if (u->buffer.pos == u->buffer.last) {

        /* the filter's first bytes will be raw ones */

        ctx->head.payload = NULL;

        if (ctx->head.frame.done) {
            ngx_http_ai_stream_end(ctx);
        }

        if (u->error) {

            /* nginx looks at this when it has read something */

            *u->buffer.last++ = LF;
        }
    }

    return rc;
}


ngx_int_t
ngx_http_ai_stream_filter(void *data, ssize_t bytes)
{
    ngx_http_ai_ctx_t *ctx = data;

    u_char               *start, *end;
    ngx_int_t             rc;
    ngx_buf_t            *b;
    ngx_uint_t            broken;
    ngx_event_t          *rev;
    ngx_http_upstream_t  *u;

    u = ctx->request->upstream;
    b = &u->buffer;

    start = b->last;
    b->last += bytes;
    end = b->last;
    broken = 0;

    if (u->error || u->length == 0) {

        /* it has ended, and waits for the client to take what was sent */

        ctx->head.frame.extra = 1;
        return NGX_OK;
    }

    /* nginx would keep a timer that is less than 300 ms off */

    rev = u->peer.connection->read;

    if (rev->timer_set && ctx->provider->idle < 10 * NGX_TIMER_LAZY_DELAY) {
        ngx_del_timer(rev);
    }

    if (ctx->head.payload) {

        /* the first bytes have been through the gate */

        ctx->head.payload = NULL;

    } else if (ngx_http_ai_unframe(ctx, start, b->last, &end) != NGX_OK) {

        /* what came before is good, however much came at once */

        broken = 1;
    }

    if (ctx->head.body == NGX_HTTP_AI_BODY_EVENTS) {
        rc = ctx->translated
             ? ngx_http_ai_retell(ctx, start, end)
             : ngx_http_ai_stream_events(ctx, start, end);

    } else {
        rc = ngx_http_ai_stream_bytes(ctx, start, end);
    }

    if (broken) {
        ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);

    } else if (rc == NGX_OK && ctx->head.frame.done && !u->error) {
        ngx_http_ai_stream_end(ctx);
    }

    return rc;
}


static ngx_int_t
ngx_http_ai_stream_bytes(ngx_http_ai_ctx_t *ctx, u_char *start, u_char *last)
{
    if (ctx->reader
        && ngx_ai_scan_feed(&ctx->reader->scan, start, last) == NGX_ERROR)
    {
        ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);
        return NGX_OK;
    }

    return ngx_http_ai_stream_send(ctx, start, last);
}


static ngx_int_t
ngx_http_ai_stream_events(ngx_http_ai_ctx_t *ctx, u_char *p, u_char *last)
{
    u_char               *start, *out;
    ngx_int_t             rc;
    ngx_ai_sse_event_t    ev;
    ngx_http_upstream_t  *u;

    u = ctx->request->upstream;

    if (ngx_http_ai_stream_held(ctx, &p, last) != NGX_OK) {
        return NGX_ERROR;
    }

    start = p;
    out = p;

    while (p < last && !u->error) {

        rc = ngx_ai_framing_next(&ctx->events, &p, last, &ev);

        if (rc == NGX_OK) {
            out = ngx_http_ai_stream_event(ctx, &ev, out);
            continue;
        }

        if (rc == NGX_AGAIN) {
            if (ngx_http_ai_stream_hold(ctx, p, last) == NGX_OK) {
                break;
            }
        }

        ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);
    }

    if (ngx_current_msec - ctx->seen > ctx->provider->idle) {

        /* pings have kept the connection busy, not the stream alive */

        ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_TIMEOUT);
    }

    return ngx_http_ai_stream_send(ctx, start, out);
}


/* completes what is held with new bytes, and leaves *p behind them */

static ngx_int_t
ngx_http_ai_stream_held(ngx_http_ai_ctx_t *ctx, u_char **p, u_char *last)
{
    size_t                rest;
    u_char               *pos, *start, *out;
    ngx_int_t             rc;
    ngx_ai_buf_t         *held;
    ngx_ai_sse_event_t    ev;
    ngx_http_upstream_t  *u;

    held = &ctx->held;
    u = ctx->request->upstream;

    if (ctx->held_sent && u->busy_bufs == NULL && u->out_bufs == NULL) {
        rest = ngx_ai_buf_len(held) - ctx->held_sent;
        ngx_memmove(held->start, held->start + ctx->held_sent, rest);
        held->last = held->start + rest;
        ctx->held_sent = 0;
    }

    if (ngx_ai_buf_len(held) == ctx->held_sent) {
        return NGX_OK;
    }

    if (*p != last && ngx_http_ai_stream_hold(ctx, *p, last) != NGX_OK) {
        ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);
        *p = last;
        return NGX_OK;
    }

    start = held->start + ctx->held_sent;
    pos = start;
    out = start;

    do {
        rc = ngx_ai_framing_next(&ctx->events, &pos, held->last, &ev);

        if (rc == NGX_OK) {
            out = ngx_http_ai_stream_event(ctx, &ev, out);
        }

        /* one event, or all that the gate has held */

    } while (rc == NGX_OK && *p == NULL && !u->error);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);
        *p = last;
        return NGX_OK;
    }

    rest = held->last - pos;

    if (rc == NGX_AGAIN) {

        /* the new bytes, if any, are held as well */

        *p = last;
        ngx_memmove(out, pos, rest);

    } else {
        *p = last - rest;
        rest = 0;
    }

    held->last = out + rest;
    ctx->held_sent = out - held->start;

    return ngx_http_ai_stream_send(ctx, start, out);
}


static ngx_int_t
ngx_http_ai_stream_hold(ngx_http_ai_ctx_t *ctx, u_char *p, u_char *last)
{
    size_t      window;
    ngx_int_t   rc;
    ngx_buf_t  *b;

    if (ctx->held_sent == 0) {
        b = &ctx->request->upstream->buffer;
        window = b->end - b->start;

        if (ngx_ai_buf_reserve(&ctx->held, (last - p) + window) == NULL) {
            return NGX_DECLINED;
        }
    }

    rc = ngx_ai_buf_append(&ctx->held, p, last - p);

    /* a long event is no silence, a slow client is none either */

    if (rc == NGX_OK && ctx->held.start[ctx->held_sent] != ':') {
        ctx->seen = ngx_current_msec;
    }

    return rc;
}


/*
 * Looks at one event and moves what the client may see of it to "out", which
 * is not behind it; returns the end of that.
 */

static u_char *
ngx_http_ai_stream_event(ngx_http_ai_ctx_t *ctx, ngx_ai_sse_event_t *ev,
    u_char *out)
{
    u_char                   *p;
    size_t                    len;
    ngx_str_t                *raw;
    ngx_ai_event_t            event;
    ngx_http_ai_provider_t   *provider;
    ngx_http_ai_main_conf_t  *amcf;

    raw = &ev->raw;

    /* the LF of a CR LF is in the next raw part when it came late */

    if (ctx->hidden_cr && raw->data[0] == LF) {
        raw->data++;
        raw->len--;
    }

    ctx->hidden_cr = 0;

    if (ev->lines == 0) {
        goto whole;
    }

    provider = ctx->provider;
    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);

    ctx->seen = ngx_current_msec;

    if (ctx->wire->read_event(ctx->wire_route, amcf->readers[ctx->wire_id],
                              ev, provider->vendor->quirks, ctx->hide_usage,
                              &ctx->reply, &event)
        != NGX_OK)
    {
        /* not for us to judge: same dialect, same bytes */

        goto whole;
    }

    if (event.error && provider->key
        && ngx_ai_secret_in(provider->key, &ev->data))
    {
        ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);
        return out;
    }

    if (ctx->reply.id_len) {
        ngx_http_ai_owner_note(ctx);
    }

    if (event.content) {
        ngx_http_ai_stream_count(ctx);
    }

    if (event.drop) {
        ctx->hidden_cr = (raw->data[raw->len - 1] == CR);

        if (raw->data[0] == LF) {
            *out++ = LF;
        }

        return out;
    }

    if (event.hide.end && ev->lines == 1) {
        p = ev->data.data + event.hide.start;
        len = p - raw->data;

        if (out != raw->data) {
            ngx_memmove(out, raw->data, len);
        }

        out += len;

        p = ev->data.data + event.hide.end;
        len = raw->data + raw->len - p;

        ngx_memmove(out, p, len);

        return out + len;
    }

whole:

    if (out != raw->data) {
        ngx_memmove(out, raw->data, raw->len);
    }

    return out + raw->len;
}


void
ngx_http_ai_stream_count(ngx_http_ai_ctx_t *ctx)
{
    ctx->chunks++;
    ctx->last = ngx_current_msec;

    if (ctx->first == 0) {
        ctx->first = ctx->last;
    }
}


/* the body is complete by its framing; is it also what it should be? */

static void
ngx_http_ai_stream_end(ngx_http_ai_ctx_t *ctx)
{
    u_char                  *start, *last;
    ngx_http_upstream_t     *u;
    const ngx_ai_dialect_t  *dialect;

    u = ctx->request->upstream;
    dialect = ctx->wire;

    if (ctx->translated && ctx->head.body == NGX_HTTP_AI_BODY_EVENTS) {

        if (ngx_http_ai_retell_end(ctx) != NGX_OK) {
            ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);
            return;
        }

    } else if (ctx->head.body == NGX_HTTP_AI_BODY_EVENTS) {

        start = ctx->held.start;

        if (ctx->held_sent) {
            start += ctx->held_sent;
        }

        last = ngx_http_ai_stream_last(ctx, start);

        if ((ctx->match.route->flags & NGX_AI_ROUTE_ENDS)
            && !ngx_http_ai_stream_ended(ctx))
        {
            ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);
            return;
        }

        if (ngx_http_ai_stream_send(ctx, start, last) != NGX_OK) {
            ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);
            return;
        }
    }

    if (ctx->reader) {

        if (ngx_ai_scan_end(&ctx->reader->scan) != NGX_OK) {
            ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);
            return;
        }

        dialect->read_reply(ctx->wire_route, ctx->reader->values,
                            ctx->provider->vendor->quirks, &ctx->reply);
        ngx_http_ai_owner_note(ctx);
    }

    if (!u->error) {
        u->length = 0;
    }
}


/*
 * A finish reason will do where the framing tells the end; a connection that
 * is just closed needs the terminator, if the vendor has one.
 */

ngx_uint_t
ngx_http_ai_stream_ended(ngx_http_ai_ctx_t *ctx)
{
    if (ctx->reply.ended || ctx->reply.error) {
        return 1;
    }

    return ctx->reply.finished
           && (ctx->head.frame.mode != NGX_HTTP_AI_FRAME_CLOSE
               || (ctx->provider->vendor->quirks & NGX_AI_QUIRK_NO_DONE));
}


/* an event that lacks its blank line; returns the end of it */

static u_char *
ngx_http_ai_stream_last(ngx_http_ai_ctx_t *ctx, u_char *start)
{
    u_char              *p, *out;
    ngx_int_t            rc;
    ngx_ai_sse_event_t   ev;

    p = start;
    out = start;

    for ( ;; ) {
        rc = ngx_ai_framing_end(&ctx->events, &p, ctx->held.last, &ev);

        if (rc != NGX_OK) {
            break;
        }

        out = ngx_http_ai_stream_event(ctx, &ev, out);
    }

    if (rc != NGX_DONE) {

        /* half a frame */

        ngx_http_ai_stream_broken(ctx, NGX_AI_FAULT_BODY);
    }

    ctx->held.last = out;
    ctx->held_sent = out - ctx->held.start;

    return out;
}


static ngx_int_t
ngx_http_ai_stream_send(ngx_http_ai_ctx_t *ctx, u_char *start, u_char *last)
{
    ngx_buf_t            *b;
    ngx_chain_t          *cl, **ll;
    ngx_http_upstream_t  *u;

    if (start == last) {
        return NGX_OK;
    }

    u = ctx->request->upstream;

    cl = ngx_chain_get_free_buf(ctx->request->pool, &u->free_bufs);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    b = cl->buf;
    b->start = start;
    b->pos = start;
    b->last = last;
    b->end = last;
    b->memory = 1;
    b->flush = 1;
    b->tag = u->output.tag;

    for (ll = &u->out_bufs; *ll; ll = &(*ll)->next) { /* void */ }

    *ll = cl;

    return NGX_OK;
}


/* nginx ends the upstream when what is under way to the client is sent */

void
ngx_http_ai_stream_broken(ngx_http_ai_ctx_t *ctx, ngx_uint_t fault)
{
    ctx->fault = fault;
    ctx->request->upstream->error = 1;
}


/*
 * The stream can't go on: an error event is the last the client gets, no
 * terminator follows, and nginx ends the reply as cut.  Behind the terminator
 * nothing was missing but the end of the reply.
 */

void
ngx_http_ai_stream_cut(ngx_http_ai_ctx_t *ctx, ngx_int_t rc)
{
    ngx_buf_t           *b;
    ngx_chain_t          out;
    ngx_ai_buf_t         text;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (rc == NGX_HTTP_GATEWAY_TIME_OUT || ctx->fault == NGX_AI_FAULT_TIMEOUT)
    {
        ctx->fault = NGX_AI_FAULT_TIMEOUT;
        (void) ngx_http_ai_fail(ctx, NGX_AI_ERROR_TIMEOUT, NULL,
                                "The provider \"%V\" stopped in the middle "
                                "of its answer.", &ctx->provider->name);

    } else {
        ctx->fault = NGX_AI_FAULT_BODY;
        (void) ngx_http_ai_fail(ctx, NGX_AI_ERROR_UPSTREAM, NULL,
                                "The provider \"%V\" broke off its answer.",
                                &ctx->provider->name);
    }

    if (ctx->head.body != NGX_HTTP_AI_BODY_EVENTS || ctx->reply.ended
        || (ctx->translated && ctx->reply.error)
        || r->connection->error)
    {
        return;
    }

    ngx_ai_buf_init(&text, NGX_HTTP_AI_LAST, r->connection->log);

    rc = ctx->translated
         ? ngx_http_ai_translate_error(ctx, &text)
         : ctx->dialect->write_error_event(ctx->match.route, &ctx->error,
                                           ctx->framing, &text);

    if (rc == NGX_OK && ngx_ai_buf_len(&text)) {
        b = ngx_create_temp_buf(r->pool, ngx_ai_buf_len(&text));

        if (b) {
            b->last = ngx_cpymem(b->pos, text.start, ngx_ai_buf_len(&text));
            b->flush = 1;

            out.buf = b;
            out.next = NULL;

            (void) ngx_http_output_filter(r, &out);
        }
    }

    ngx_ai_buf_free(&text);
}
