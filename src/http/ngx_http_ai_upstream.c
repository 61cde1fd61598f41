
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Step 2: one attempt at a time until one is committed.
 *
 *     begin --> creds --> resolve --> tunnel --> nginx's upstream --> gate
 *       ^         |          |           |              |              |  |
 *       |         +----------+-----------+------+-------+-------failed-+  |
 *       |                                       v                         v
 *       +-------- wait, if need be --------- decide                    commit
 *                                               |
 *                                               +--> stop: the client is told
 *
 * The client's abort ends the request in each of these states: nginx's
 * upstream watches for it while it is at work, ngx_http_test_reading() while
 * we wait.
 */


#include "ngx_http_ai_upstream.h"
#include "ngx_http_ai_creds.h"
#include "ngx_http_ai_error.h"
#include "ngx_http_ai_translate.h"


static void ngx_http_ai_upstream_begin(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_upstream_target(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_upstream_watch(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_upstream_init(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_create_request(ngx_http_request_t *r);
static ngx_int_t ngx_http_ai_reinit_request(ngx_http_request_t *r);
static void ngx_http_ai_abort_request(ngx_http_request_t *r);
static void ngx_http_ai_finalize_request(ngx_http_request_t *r, ngx_int_t rc);
static void ngx_http_ai_wake_handler(ngx_event_t *ev);
static void ngx_http_ai_takedown(ngx_http_ai_ctx_t *ctx);
static ngx_uint_t ngx_http_ai_upstream_again(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_upstream_error(ngx_http_ai_ctx_t *ctx);
static void ngx_http_ai_deadline_handler(ngx_event_t *ev);
static void ngx_http_ai_upstream_end(ngx_http_ai_ctx_t *ctx, ngx_int_t rc);


void
ngx_http_ai_upstream_start(ngx_http_ai_ctx_t *ctx)
{
    ctx->wake.handler = ngx_http_ai_wake_handler;
    ctx->wake.data = ctx;
    ctx->wake.log = ctx->request->connection->log;

    ctx->deadline.handler = ngx_http_ai_deadline_handler;
    ctx->deadline.data = ctx;
    ctx->deadline.log = ctx->request->connection->log;

    ngx_http_ai_upstream_begin(ctx);
}


/* everything that is left of the attempt before goes here */

static void
ngx_http_ai_upstream_begin(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t    rc;
    ngx_msec_t   elapsed;

    rc = ngx_http_ai_upstream_target(ctx);

    if (rc != NGX_OK) {
        ngx_http_ai_upstream_end(ctx, rc);
        return;
    }

    ctx->attempts++;
    ctx->gets = 0;
    ctx->saw = 0;
    ctx->fault = NGX_AI_FAULT_NONE;
    ctx->status = 0;
    ctx->decided = 0;
    ctx->reused = 0;
    ctx->timedout = 0;

    /* what makes something is not risked on a connection that may be gone */

    ctx->keep = !ctx->fresh
                && !(ctx->match.route->flags & NGX_AI_ROUTE_ONCE)
                && !ngx_queue_empty(&ctx->provider->pool.idle);

    ngx_memzero(&ctx->head, sizeof(ngx_http_ai_head_t));
    ngx_memzero(&ctx->reply, sizeof(ngx_ai_reply_t));
    ngx_ai_buf_reset(&ctx->held);
    ngx_ai_framing_free(&ctx->events);
    ngx_ai_framing_init(&ctx->events,
                        ctx->translated ? ctx->wire->framing : ctx->framing,
                        ctx->events.max, ctx->request->connection->log);

    ctx->head.length = -1;
    ctx->head.retry_after = -1;

    if (ngx_http_ai_upstream_watch(ctx) != NGX_OK) {
        ngx_http_ai_upstream_end(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    elapsed = ngx_current_msec - ctx->start;

    if (ctx->deadline.timer_set) {
        ngx_del_timer(&ctx->deadline);
    }

    ngx_add_timer(&ctx->deadline,
                  ngx_max((ngx_msec_int_t) (ctx->provider->total - elapsed),
                          1));

    rc = ngx_http_ai_creds(ctx);

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc != NGX_OK) {
        ngx_http_ai_upstream_failed(ctx);
        return;
    }

    ngx_http_ai_upstream_ready(ctx);
}


void
ngx_http_ai_upstream_ready(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_ai_request_build(ctx);

    if (rc != NGX_OK) {
        ngx_http_ai_upstream_end(ctx, rc);
        return;
    }

    rc = ngx_http_ai_resolve(ctx);

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc != NGX_OK) {
        ngx_http_ai_upstream_failed(ctx);
        return;
    }

    ngx_http_ai_upstream_resume(ctx);
}


/* the next of the targets that has words for what is asked */

static ngx_int_t
ngx_http_ai_upstream_target(ngx_http_ai_ctx_t *ctx)
{
    for ( ;; ) {
        ctx->provider = ctx->targets[ctx->ntarget].provider;

        if (ngx_http_ai_translate_find(ctx, ctx->provider) == NGX_OK) {
            return NGX_OK;
        }

        if (ctx->ntarget + 1 == ctx->ntargets) {
            break;
        }

        ctx->ntarget++;
    }

    ctx->ending = NGX_HTTP_AI_ENDING_FAILED;

    return ngx_http_ai_fail(ctx, NGX_AI_ERROR_NOT_FOUND, NULL,
                            "The provider \"%V\" has nothing like %V.",
                            &ctx->provider->name,
                            &ctx->match.route->path);
}


static ngx_int_t
ngx_http_ai_upstream_watch(ngx_http_ai_ctx_t *ctx)
{
    ngx_event_t         *rev;
    ngx_http_request_t  *r;

    r = ctx->request;
    rev = r->connection->read;

    r->read_event_handler = ngx_http_test_reading;

    if (rev->ready) {
        ngx_post_event(rev, &ngx_posted_events);
        return NGX_OK;
    }

    return ngx_handle_read_event(rev, 0);
}


void
ngx_http_ai_upstream_resume(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t  rc;

    /* what a step leaves here is why it would have failed */

    ctx->fault = NGX_AI_FAULT_NONE;

    rc = ngx_http_ai_tunnel(ctx);

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc != NGX_OK) {
        ngx_http_ai_upstream_failed(ctx);
        return;
    }

    if (ngx_http_ai_upstream_init(ctx) != NGX_OK) {
        ngx_http_ai_upstream_end(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }
}


static ngx_int_t
ngx_http_ai_upstream_init(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_request_t      *r;
    ngx_http_upstream_t     *u;
    ngx_http_ai_provider_t  *provider;

    r = ctx->request;
    provider = ctx->provider;

    if (ngx_http_upstream_create(r) != NGX_OK) {
        return NGX_ERROR;
    }

    u = r->upstream;

    u->conf = ctx->ask.stream ? &provider->gate : &provider->whole;
    u->output.tag = (ngx_buf_tag_t) &ngx_http_ai_gateway_module;

#if (NGX_HTTP_SSL)
    u->ssl = provider->url.tls;
#endif

    if (provider->url.tls) {
        ngx_str_set(&u->schema, "https://");

    } else {
        ngx_str_set(&u->schema, "http://");
    }

    u->buffering = 0;

    u->create_request = ngx_http_ai_create_request;
    u->reinit_request = ngx_http_ai_reinit_request;
    u->process_header = ngx_http_ai_gate;
    u->abort_request = ngx_http_ai_abort_request;
    u->finalize_request = ngx_http_ai_finalize_request;

    u->input_filter_init = ngx_http_ai_stream_init;
    u->input_filter = ngx_http_ai_stream_filter;
    u->input_filter_ctx = ctx;

    /* the parser of header lines keeps its state here */

    r->state = 0;

    ngx_http_upstream_init(r);

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_create_request(ngx_http_request_t *r)
{
    ngx_http_ai_ctx_t  *ctx;

    ctx = ngx_http_ai_ctx(r);

    r->upstream->request_bufs = ctx->request_bufs;

    return NGX_OK;
}


/* called while the request is parked only; each attempt is written anew */

static ngx_int_t
ngx_http_ai_reinit_request(ngx_http_request_t *r)
{
    return NGX_OK;
}


static void
ngx_http_ai_abort_request(ngx_http_request_t *r)
{
    return;
}


static void
ngx_http_ai_finalize_request(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_http_ai_ctx_t  *ctx;

    ctx = ngx_http_ai_ctx(r);

    if (ctx->trapped) {
        return;
    }

    if (ctx->deadline.timer_set) {
        ngx_del_timer(&ctx->deadline);
    }

    if (ctx->ping.timer_set) {
        ngx_del_timer(&ctx->ping);
    }

    if (rc == NGX_HTTP_CLIENT_CLOSED_REQUEST || r->connection->error
        || r->connection->timedout)
    {
        ctx->ending = NGX_HTTP_AI_ENDING_ABORTED;
        ctx->fault = NGX_AI_FAULT_ABORT;
        return;
    }

    if (!ctx->committed) {
        ctx->ending = NGX_HTTP_AI_ENDING_FAILED;
        return;
    }

    if (rc == 0) {
        ctx->ending = NGX_HTTP_AI_ENDING_DONE;
        return;
    }

    ctx->ending = NGX_HTTP_AI_ENDING_CUT;
    ngx_http_ai_stream_cut(ctx, rc);
}


/* the request is parked, or the backoff is over */

static void
ngx_http_ai_wake_handler(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    ngx_http_ai_ctx_t   *ctx;
    ngx_http_request_t  *r;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (ctx->trapped) {
        ngx_http_ai_takedown(ctx);
        ngx_http_ai_upstream_failed(ctx);

    } else {
        ngx_http_ai_upstream_begin(ctx);
    }

    ngx_http_run_posted_requests(c);
}


/*
 * Ends nginx's upstream and keeps the request: what the upstream finalizes
 * is a reference that is taken here.
 */

static void
ngx_http_ai_takedown(ngx_http_ai_ctx_t *ctx)
{
    ngx_array_t                *states;
    ngx_http_request_t         *r;
    ngx_http_upstream_t        *u;
    ngx_http_upstream_state_t  *state;

    r = ctx->request;
    u = r->upstream;

    /* the last state is the placeholder's, the attempt's is before it */

    states = r->upstream_states;
    u->state = NULL;
    states->nelts--;

    if (states->nelts) {
        state = states->elts;
        state = &state[states->nelts - 1];

        /* what is logged from here on is about this server */

        u->peer.name = state->peer;

        if (ctx->status) {
            state->status = ctx->status;
        }
    }

    r->main->count++;

    (*u->cleanup)(r);

    ctx->trapped = 0;
}


void
ngx_http_ai_upstream_failed(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->fault == NGX_AI_FAULT_NONE) {
        ctx->fault = ngx_ai_fault(ctx->status, ctx->saw);
    }

    if (ngx_http_ai_upstream_again(ctx)) {
        ctx->attempts--;
        ngx_http_ai_upstream_begin(ctx);
        return;
    }

    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                  "ai gateway: attempt %ui at \"%V\" failed: %V, status %ui",
                  ctx->attempts, &ctx->provider->name,
                  ngx_ai_fault_name(ctx->fault), ctx->status);

    ngx_http_ai_settle_attempt(ctx);

    if (ctx->first_fault == NGX_AI_FAULT_NONE) {
        ctx->first_fault = ctx->fault;
    }

    ctx->fresh = 0;
    ctx->renewed = 0;
    ctx->naddr = 0;
    ctx->naddrs = 0;
    ctx->addrs = NULL;

    switch (ngx_http_ai_upstream_decide(ctx)) {

    case NGX_AI_RETRY_NEXT_TARGET:
        ctx->ntarget++;
        ctx->fallbacks++;
        break;

    case NGX_AI_RETRY_SAME_TARGET:
        break;

    default: /* NGX_AI_RETRY_STOP */
        ctx->ending = NGX_HTTP_AI_ENDING_FAILED;
        ngx_http_ai_upstream_end(ctx, ngx_http_ai_upstream_error(ctx));
        return;
    }

    if (ctx->delay == 0) {
        ngx_http_ai_upstream_begin(ctx);
        return;
    }

    if (ngx_http_ai_upstream_watch(ctx) != NGX_OK) {
        ngx_http_ai_upstream_end(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    ngx_add_timer(&ctx->wake, ctx->delay);
}


/*
 * What is no failure of the provider, and not counted as an attempt: a kept
 * connection that it had closed meanwhile, an address of several, and a token
 * that was good until now.
 */

static ngx_uint_t
ngx_http_ai_upstream_again(ngx_http_ai_ctx_t *ctx)
{
    if (ctx->timedout) {
        return 0;
    }

    if (ctx->status) {
        return ngx_http_ai_creds_refused(ctx);
    }

    if (ctx->reused && ctx->fault == NGX_AI_FAULT_CONNECT
        && !(ctx->saw & NGX_AI_SAW_BAD_BODY)
        && !(ctx->match.route->flags & NGX_AI_ROUTE_ONCE))
    {
        ctx->fresh = 1;
        return 1;
    }

    if ((ctx->fault == NGX_AI_FAULT_CONNECT
         || ctx->fault == NGX_AI_FAULT_TIMEOUT)
        && !(ctx->saw & NGX_AI_SAW_CONNECTION)
        && ctx->naddr + 1 < ctx->naddrs)
    {
        ctx->naddr++;
        return 1;
    }

    return 0;
}


ngx_uint_t
ngx_http_ai_upstream_decide(ngx_http_ai_ctx_t *ctx)
{
    ngx_ai_retry_facts_t     facts;
    ngx_http_ai_target_t    *next;
    ngx_http_ai_provider_t  *provider;

    if (ctx->decided) {
        return ctx->verdict;
    }

    provider = ctx->provider;

    ngx_memzero(&facts, sizeof(ngx_ai_retry_facts_t));

    facts.fault = ctx->fault;
    facts.attempt = ctx->attempts;
    facts.targets = ctx->ntargets - ctx->ntarget - 1;
    facts.retry_after = ctx->head.retry_after;
    facts.now = ngx_current_msec;
    facts.deadline = ctx->start + provider->total;
    facts.random = (uint32_t) ngx_random();

    /* nothing is sent before the handshake, if there is one, is over */

    facts.once = ((ctx->match.route->flags & NGX_AI_ROUTE_ONCE)
                  && (ctx->saw & NGX_AI_SAW_TLS));

    if (facts.targets) {
        next = &ctx->targets[ctx->ntarget + 1];
        facts.same = (next->provider == provider);

        /* it is the next one's idea of a total that counts then */

        facts.deadline = ctx->start + next->provider->total;
    }

    ctx->verdict = ngx_ai_retry_decide(ctx->retry, &facts, &ctx->delay);
    ctx->decided = 1;

    return ctx->verdict;
}


/* no attempt is left; the provider's own words, if any, are in ctx->error */

static ngx_int_t
ngx_http_ai_upstream_error(ngx_http_ai_ctx_t *ctx)
{
    ngx_str_t   said, *name;
    ngx_uint_t  kind, status;

    said = ctx->error.message;
    kind = ctx->error.kind;
    name = &ctx->provider->name;

    switch (ctx->fault) {

    case NGX_AI_FAULT_AUTH:
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_PROVIDER_AUTH, NULL,
                                "The provider \"%V\" does not accept the "
                                "gateway's key. Tell the gateway's operator.",
                                name);

    case NGX_AI_FAULT_TIMEOUT:
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_TIMEOUT, NULL,
                                "The provider \"%V\" did not answer in time. "
                                "Try again later.", name);

    case NGX_AI_FAULT_CONNECT:
    case NGX_AI_FAULT_TLS:
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_UPSTREAM, NULL,
                                "The provider \"%V\" can't be reached. "
                                "Try again later.", name);

    case NGX_AI_FAULT_RATE:
    case NGX_AI_FAULT_SERVER:
    case NGX_AI_FAULT_CLIENT:
        status = ctx->status;

        /* nginx would take these for its own, and not send them */

        if (status == NGX_HTTP_CLOSE
            || (status >= NGX_HTTP_NGINX_CODES
                && status < NGX_HTTP_INTERNAL_SERVER_ERROR))
        {
            status = NGX_HTTP_BAD_GATEWAY;
        }

        if (kind == NGX_AI_ERROR_NONE || status != ctx->status) {
            kind = ngx_ai_error_kind(status);
        }

        (void) ngx_http_ai_fail(ctx, kind, NULL,
                                "The provider \"%V\" answered with status "
                                "%ui%s%V", name, ctx->status,
                                said.len ? ": " : ".", &said);
        ctx->error.status = status;
        return status;

    default:
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_UPSTREAM, NULL,
                                "The provider \"%V\" did not answer properly."
                                " Try again later.", name);
    }
}


/* the whole request has taken too long; nginx's own time-out path ends it */

static void
ngx_http_ai_deadline_handler(ngx_event_t *ev)
{
    ngx_connection_t     *c, *pc;
    ngx_http_ai_ctx_t    *ctx;
    ngx_http_request_t   *r;
    ngx_http_upstream_t  *u;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;
    u = r->upstream;

    ngx_http_set_log_request(c->log, r);

    ctx->timedout = 1;

    pc = (u && u->cleanup) ? u->peer.connection : NULL;

    if (pc && !ctx->trapped) {
        pc->read->timedout = 1;
        pc->write->timedout = 1;
        pc->read->handler(pc->read);
        return;
    }

    if (ctx->trapped) {
        return;
    }

    /* waiting, resolving or tunnelling: no backoff is that long */

    ngx_http_ai_creds_release(ctx);
    ngx_http_ai_resolve_release(ctx);
    ngx_http_ai_tunnel_release(ctx);

    ctx->fault = NGX_AI_FAULT_TIMEOUT;
    ngx_http_ai_upstream_failed(ctx);

    ngx_http_run_posted_requests(c);
}


/* without us the request may still go on, behind an error_page */

static void
ngx_http_ai_upstream_end(ngx_http_ai_ctx_t *ctx, ngx_int_t rc)
{
    ngx_http_ai_upstream_release(ctx);

    ngx_http_finalize_request(ctx->request, rc);
}


void
ngx_http_ai_upstream_release(ngx_http_ai_ctx_t *ctx)
{
    if (ctx->wake.timer_set) {
        ngx_del_timer(&ctx->wake);
    }

    if (ctx->wake.posted) {
        ngx_delete_posted_event(&ctx->wake);
    }

    if (ctx->deadline.timer_set) {
        ngx_del_timer(&ctx->deadline);
    }

    if (ctx->ping.timer_set) {
        ngx_del_timer(&ctx->ping);
    }

    ngx_http_ai_creds_release(ctx);
    ngx_http_ai_resolve_release(ctx);
    ngx_http_ai_tunnel_release(ctx);
}
