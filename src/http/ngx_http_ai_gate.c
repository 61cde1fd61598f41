
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The gate: what nginx's upstream calls to read the reply's head reads on
 * until it is sure of the answer, and nothing goes to the client before that.
 *
 *     head --+-- events: commit at the first good one
 *            |
 *            +-- whole:  held back until it is complete and well-formed,
 *            |           in the window or, if it does not fit, in ctx->held;
 *            |           one too big to hold is committed on trust
 *            |
 *            +-- bytes:  commit at once
 *
 * NGX_AGAIN wants more bytes, NGX_OK commits, and
 * NGX_HTTP_UPSTREAM_INVALID_HEADER fails the attempt for the reason in
 * ctx->fault or, without one, in the status.  The window, u->buffer, must not
 * be full when it is NGX_AGAIN.
 */


#include "ngx_http_ai_upstream.h"
#include "ngx_http_ai_creds.h"
#include "ngx_http_ai_frame.h"
#include "ngx_http_ai_headers.h"
#include "ngx_http_ai_gate.h"
#include "ngx_http_ai_owner.h"
#include "ngx_http_ai_translate.h"
#include "ngx_ai_text.h"


static ngx_int_t ngx_http_ai_gate_begin(ngx_http_ai_ctx_t *ctx);
static ngx_uint_t ngx_http_ai_gate_streams(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_gate_hold(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_gate_events(ngx_http_ai_ctx_t *ctx);
static ngx_uint_t ngx_http_ai_gate_ping(ngx_ai_sse_event_t *ev);
static ngx_int_t ngx_http_ai_gate_whole(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_gate_trust(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_gate_reply(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *body);
static ngx_int_t ngx_http_ai_gate_translate(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *body);
static ngx_int_t ngx_http_ai_gate_error(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *body);
static ngx_int_t ngx_http_ai_gate_commit(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_gate_fail(ngx_http_ai_ctx_t *ctx,
    ngx_uint_t fault);
static ngx_ai_reader_t *ngx_http_ai_readers(ngx_http_ai_ctx_t *ctx);


ngx_int_t
ngx_http_ai_gate(ngx_http_request_t *r)
{
    u_char               *end;
    ngx_int_t             rc;
    ngx_http_ai_ctx_t    *ctx;
    ngx_http_upstream_t  *u;

    ctx = ngx_http_ai_ctx(r);
    u = r->upstream;

    if (!ctx->head.has_head) {

        rc = ngx_http_ai_head_read(ctx);

        if (rc != NGX_OK) {
            return rc == NGX_AGAIN ? NGX_AGAIN
                   : ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_BODY);
        }

        rc = ngx_http_ai_gate_begin(ctx);

        if (rc != NGX_AGAIN) {
            return rc;
        }

        ctx->head.payload = u->buffer.pos;
    }

    /* the bytes before "payload" have been through here */

    if (ngx_http_ai_unframe(ctx, ctx->head.payload, u->buffer.last, &end)
        != NGX_OK)
    {
        return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_BODY);
    }

    u->buffer.last = end;
    ctx->head.payload = end;

    if (ctx->head.body == NGX_HTTP_AI_BODY_EVENTS) {
        rc = ngx_http_ai_gate_events(ctx);

    } else {
        rc = ngx_http_ai_gate_whole(ctx);
    }

    return rc;
}


/* the head is there: what kind of body is to come */

static ngx_int_t
ngx_http_ai_gate_begin(ngx_http_ai_ctx_t *ctx)
{
    ngx_uint_t            flags;
    ngx_http_ai_head_t   *head;
    ngx_http_request_t   *r;

    r = ctx->request;
    head = &ctx->head;
    flags = ctx->match.route->flags;

    ctx->status = head->status.code;

    if (head->encoded) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "ai gateway: provider \"%V\" sent an encoded body "
                      "although it was told not to", &ctx->provider->name);
        return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_NONE);
    }

    if (ctx->status == NGX_HTTP_NO_CONTENT
        || ctx->status == NGX_HTTP_NOT_MODIFIED)
    {
        head->length = 0;
    }

    ngx_http_ai_frame_begin(ctx);

    head->body = NGX_HTTP_AI_BODY_WHOLE;

    if (ctx->status >= NGX_HTTP_SPECIAL_RESPONSE) {
        return NGX_AGAIN;
    }

    if (ctx->ask.stream && (flags & NGX_AI_ROUTE_STREAMS)
        && ngx_http_ai_gate_streams(ctx))
    {
        head->body = NGX_HTTP_AI_BODY_EVENTS;

        return NGX_AGAIN;
    }

    /* a file may be of any type, JSON lines among them */

    if ((flags & NGX_AI_ROUTE_BINARY)
        && ((flags & NGX_AI_ROUTE_FILES) || (!head->json && !head->html)))
    {
        head->body = NGX_HTTP_AI_BODY_BYTES;
        return ngx_http_ai_gate_commit(ctx);
    }

    return NGX_AGAIN;
}


/* what has no type is taken for what was asked for */

static ngx_uint_t
ngx_http_ai_gate_streams(ngx_http_ai_ctx_t *ctx)
{
    ngx_str_t        *type;
    const ngx_str_t  *media;

    type = &ctx->head.content_type;
    media = ngx_ai_framing_type(ctx->events.kind);

    return type->len == 0
           || (type->len >= media->len
               && ngx_strncasecmp(type->data, media->data, media->len) == 0);
}


/* moves what is in the window to ctx->held, so that there is room again */

static ngx_int_t
ngx_http_ai_gate_hold(ngx_http_ai_ctx_t *ctx)
{
    ngx_buf_t  *b;

    b = &ctx->request->upstream->buffer;

    if (ngx_ai_buf_append(&ctx->held, b->pos, b->last - b->pos) != NGX_OK) {
        return NGX_DECLINED;
    }

    b->pos = b->start;
    b->last = b->start;
    ctx->head.payload = b->start;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_gate_events(ngx_http_ai_ctx_t *ctx)
{
    u_char              *p, *start, *last;
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_ai_event_t       event;
    ngx_ai_sse_event_t   ev;

    b = &ctx->request->upstream->buffer;

    if (ngx_ai_buf_len(&ctx->held) || b->last == b->end) {

        if (ngx_http_ai_gate_hold(ctx) != NGX_OK) {
            return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_BODY);
        }

        start = ctx->held.start;
        last = ctx->held.last;

    } else {
        start = b->pos;
        last = b->last;
    }

    for ( ;; ) {

        p = start + ctx->head.seen;

        rc = ctx->head.frame.done
             ? ngx_ai_framing_end(&ctx->events, &p, last, &ev)
             : ngx_ai_framing_next(&ctx->events, &p, last, &ev);

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc != NGX_OK) {
            return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_BODY);
        }

        ctx->head.seen = p - start;

        if (ev.lines == 0 || ngx_http_ai_gate_ping(&ev)) {
            continue;
        }

        if (ctx->wire->read_event(ctx->wire_route, ngx_http_ai_readers(ctx),
                                  &ev, ctx->provider->vendor->quirks, 0,
                                  &ctx->reply, &event)
            != NGX_OK
            || event.error)
        {
            return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_BODY);
        }

        return ngx_http_ai_gate_commit(ctx);
    }
}


/* signs of life have names of their own in some formats, and say nothing */

static ngx_uint_t
ngx_http_ai_gate_ping(ngx_ai_sse_event_t *ev)
{
    return (ev->name.len == 4 && ngx_memcmp(ev->name.data, "ping", 4) == 0)
           || (ev->name.len == 9
               && ngx_memcmp(ev->name.data, "keepalive", 9) == 0);
}


static ngx_int_t
ngx_http_ai_gate_whole(ngx_http_ai_ctx_t *ctx)
{
    ngx_buf_t               *b;
    ngx_str_t                body;
    ngx_http_ai_loc_conf_t  *alcf;

    b = &ctx->request->upstream->buffer;

    if (ngx_ai_buf_len(&ctx->held)
        || (b->last == b->end && !ctx->head.frame.done))
    {
        alcf = ngx_http_get_module_loc_conf(ctx->request,
                                            ngx_http_ai_gateway_module);

        if (ngx_ai_buf_len(&ctx->held) + (b->last - b->pos)
            > alcf->reply_size)
        {
            return ngx_http_ai_gate_trust(ctx);
        }

        if (ngx_http_ai_gate_hold(ctx) != NGX_OK) {
            return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_BODY);
        }
    }

    if (!ctx->head.frame.done) {
        return NGX_AGAIN;
    }

    if (ngx_ai_buf_len(&ctx->held)) {
        body.data = ctx->held.start;
        body.len = ngx_ai_buf_len(&ctx->held);

    } else {
        body.data = b->pos;
        body.len = b->last - b->pos;
    }

    ctx->head.length = body.len;

    if (ctx->status < NGX_HTTP_SPECIAL_RESPONSE) {
        return ngx_http_ai_gate_reply(ctx, &body);
    }

    return ngx_http_ai_gate_error(ctx, &body);
}


/* too big to hold: a good status and well-formed so far must do */

static ngx_int_t
ngx_http_ai_gate_trust(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t                rc;
    const ngx_ai_table_t    *table;
    const ngx_ai_dialect_t  *dialect;

    if (ctx->status >= NGX_HTTP_SPECIAL_RESPONSE || ctx->translated) {
        return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_NONE);
    }

    dialect = ctx->wire;
    table = &dialect->tables[dialect->reply];

    ctx->reader = ngx_ai_readers_create(ctx->request->pool, table, 1);
    if (ctx->reader == NULL) {
        return NGX_ERROR;
    }

    /* what is in the window comes to the filter */

    if (ngx_ai_scan_feed(&ctx->reader->scan, ctx->held.start, ctx->held.last)
        == NGX_ERROR)
    {
        return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_BODY);
    }

    ctx->head.body = NGX_HTTP_AI_BODY_BYTES;

    /* of a part of the reply nothing counts but the id */

    dialect->read_reply(ctx->wire_route, ctx->reader->values,
                        ctx->provider->vendor->quirks, &ctx->reply);

    rc = ngx_http_ai_gate_commit(ctx);

    ngx_memzero(&ctx->reply, sizeof(ngx_ai_reply_t));

    return rc;
}


static ngx_int_t
ngx_http_ai_gate_reply(ngx_http_ai_ctx_t *ctx, ngx_str_t *body)
{
    ngx_ai_reader_t         *reader;
    const ngx_ai_dialect_t  *dialect;

    /* a stream was asked for, or a deletion has nothing to say */

    if (ctx->ask.stream
        && (ctx->match.route->flags & NGX_AI_ROUTE_STREAMS)
        && !(ctx->match.route->flags & NGX_AI_ROUTE_BODY_NONE))
    {
        return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_BODY);
    }

    if (body->len == 0 && ctx->status == NGX_HTTP_NO_CONTENT
        && ctx->request->method == NGX_HTTP_DELETE)
    {
        return ngx_http_ai_gate_commit(ctx);
    }

    dialect = ctx->wire;
    reader = &ngx_http_ai_readers(ctx)[dialect->reply];

    if (ngx_ai_reader_read(reader, body) != NGX_OK
        || reader->scan.top.type != NGX_AI_JSON_OBJECT)
    {
        return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_BODY);
    }

    dialect->read_reply(ctx->wire_route, reader->values,
                        ctx->provider->vendor->quirks, &ctx->reply);

    if (ctx->reply.error) {
        return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_BODY);
    }

    if (ctx->translated) {
        return ngx_http_ai_gate_translate(ctx, body);
    }

    return ngx_http_ai_gate_commit(ctx);
}


/* the reply in the client's words takes the place of the provider's */

static ngx_int_t
ngx_http_ai_gate_translate(ngx_http_ai_ctx_t *ctx, ngx_str_t *body)
{
    ngx_int_t   rc;
    ngx_buf_t  *b;

    rc = ngx_http_ai_translate_answer(ctx, body);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc != NGX_OK) {
        return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_BODY);
    }

    b = &ctx->request->upstream->buffer;
    b->pos = b->start;
    b->last = b->start;
    ctx->head.payload = b->start;

    ctx->head.length = ngx_ai_buf_len(&ctx->held);
    ngx_str_set(&ctx->head.content_type, "application/json");

    return ngx_http_ai_gate_commit(ctx);
}


/*
 * An error goes to the client as its provider worded it if no other attempt
 * follows, the words are in the client's dialect, and our key is not among
 * them; any other is put in our words.
 */

static ngx_int_t
ngx_http_ai_gate_error(ngx_http_ai_ctx_t *ctx, ngx_str_t *body)
{
    u_char      *p;
    ngx_int_t    rc;
    ngx_str_t   *message;
    ngx_uint_t   fault;

    fault = ngx_ai_fault(ctx->status, NGX_AI_SAW_CONNECTION|NGX_AI_SAW_TLS);

    ctx->fault = fault;
    ctx->saw = NGX_AI_SAW_CONNECTION|NGX_AI_SAW_TLS;

    if (ngx_http_ai_upstream_decide(ctx) != NGX_AI_RETRY_STOP
        || fault == NGX_AI_FAULT_AUTH || fault == NGX_AI_FAULT_BODY)
    {
        return ngx_http_ai_gate_fail(ctx, fault);
    }

    message = &ctx->error.message;

    ngx_str_null(message);
    ctx->error.kind = ngx_ai_error_kind(ctx->status);
    ctx->error.retry_after = -1;

    rc = ctx->wire->read_error(ngx_http_ai_readers(ctx), body, &ctx->error);

    if (ctx->error.kind == NGX_AI_ERROR_UPSTREAM) {

        /* no more than that it failed: the status says how */

        ctx->error.kind = ngx_ai_error_kind(ctx->status);
    }

    if (ctx->head.retry_after < 0) {
        ctx->head.retry_after = ctx->error.retry_after;
    }

    if (ctx->error.kind == NGX_AI_ERROR_PROVIDER_AUTH) {

        /* not every provider says 401 to a key that it does not know */

        ngx_str_null(message);
        ctx->decided = 0;
        return ngx_http_ai_gate_fail(ctx, NGX_AI_FAULT_AUTH);
    }

    if (ngx_http_ai_creds_in(ctx->provider, body)) {
        ngx_str_null(message);
        return ngx_http_ai_gate_fail(ctx, fault);
    }

    if (rc == NGX_OK && !ctx->translated) {
        ctx->error.kind = NGX_AI_ERROR_NONE;
        ngx_str_null(message);
        ngx_str_set(&ctx->head.content_type, "application/json");
        return ngx_http_ai_gate_commit(ctx);
    }

    if (message->len) {
        p = ngx_pnalloc(ctx->request->pool, message->len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        if (ngx_ai_text_decode(message->data, message->len, p, message->len,
                               message)
            != NGX_OK
            || ngx_http_ai_creds_in(ctx->provider, message))
        {
            ngx_str_null(message);
        }
    }

    return ngx_http_ai_gate_fail(ctx, fault);
}


static ngx_int_t
ngx_http_ai_gate_commit(ngx_http_ai_ctx_t *ctx)
{
    ngx_connection_t     *c;
    ngx_http_request_t   *r;
    ngx_http_upstream_t  *u;

    r = ctx->request;
    u = r->upstream;
    c = u->peer.connection;

    ctx->committed = 1;

    ngx_http_ai_owner_note(ctx);

    if (ngx_http_ai_headers_commit(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    /* an error's status must not make nginx try another server */

    u->peer.tries = 0;

    /*
     * From the time to the first token to the time between any two reads.
     * nginx would keep a timer that is less than 300 ms off.
     */

    u->conf = &ctx->provider->stream;

    if (c->read->timer_set) {
        ngx_del_timer(c->read);
    }

    /* all that was learned is learned again as the events pass */

    if (ctx->head.body == NGX_HTTP_AI_BODY_EVENTS) {
        ngx_memzero(&ctx->reply, sizeof(ngx_ai_reply_t));
        ngx_ai_framing_free(&ctx->events);
        ngx_ai_framing_init(&ctx->events, ctx->events.kind, ctx->events.max,
                            r->connection->log);

        ngx_http_ai_live(r, NGX_HTTP_AI_LIVE_STREAMS, 1);
        ctx->stream_live = 1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_gate_fail(ngx_http_ai_ctx_t *ctx, ngx_uint_t fault)
{
    ctx->fault = fault;

    return NGX_HTTP_UPSTREAM_INVALID_HEADER;
}


static ngx_ai_reader_t *
ngx_http_ai_readers(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);

    return amcf->readers[ctx->wire_id];
}
