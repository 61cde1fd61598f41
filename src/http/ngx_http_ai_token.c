
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_token.h"
#include "ngx_http_ai_upstream.h"


#define NGX_HTTP_AI_TOKEN_BACKOFF_MIN  1000
#define NGX_HTTP_AI_TOKEN_BACKOFF_MAX  (30 * 1000)
#define NGX_HTTP_AI_TOKEN_REFUSED      (10 * 1000)

/* a token is not used when it is about to expire: a call takes a while */
#define NGX_HTTP_AI_TOKEN_MARGIN       (10 * 1000)


static ngx_int_t ngx_http_ai_token_fetch(ngx_http_ai_token_t *t);
static void ngx_http_ai_token_fetched(void *data,
    ngx_http_ai_fetch_reply_t *reply);
static ngx_int_t ngx_http_ai_token_take(ngx_http_ai_token_t *t,
    ngx_http_ai_fetch_reply_t *reply);
static void ngx_http_ai_token_failed(ngx_http_ai_token_t *t,
    ngx_http_ai_fetch_reply_t *reply);
static ngx_uint_t ngx_http_ai_token_fault(ngx_http_ai_fetch_reply_t *reply);
static void ngx_http_ai_token_wake(ngx_http_ai_token_t *t, ngx_uint_t fault);
static void ngx_http_ai_token_renew(ngx_event_t *ev);
static void ngx_http_ai_token_drop(ngx_http_ai_token_t *t);


void
ngx_http_ai_token_init(ngx_http_ai_token_t *t)
{
    ngx_queue_init(&t->waiting);

    t->renew.handler = ngx_http_ai_token_renew;
    t->renew.data = t;
    t->renew.log = ngx_cycle->log;
    t->renew.cancelable = 1;
}


void
ngx_http_ai_token_exit(ngx_http_ai_token_t *t)
{
    if (t->fetch) {
        ngx_http_ai_fetch_cancel(t->fetch);
        t->fetch = NULL;
    }

    if (t->renew.timer_set) {
        ngx_del_timer(&t->renew);
    }

    ngx_http_ai_token_drop(t);
}


ngx_int_t
ngx_http_ai_token(ngx_http_ai_ctx_t *ctx, ngx_http_ai_token_t *t)
{
    if (t->secret
        && (ngx_msec_int_t) (t->expires - ngx_current_msec) > 0)
    {
        t->used = 1;
        ctx->token = t->number;

        return NGX_OK;
    }

    if (t->fetch == NULL) {

        if (t->backoff
            && (ngx_msec_int_t) (t->retry - ngx_current_msec) > 0)
        {
            ctx->fault = t->fault;
            return NGX_ERROR;
        }

        if (t->site.addrs == NULL) {
            t->site.resolver = ngx_http_ai_resolver(ctx->request);
        }

        if (ngx_http_ai_token_fetch(t) != NGX_OK) {
            ctx->fault = NGX_AI_FAULT_CONNECT;
            return NGX_ERROR;
        }
    }

    ngx_queue_insert_tail(&t->waiting, &ctx->waiting);
    ctx->waits = 1;

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_ai_token_fetch(ngx_http_ai_token_t *t)
{
    ngx_int_t                 rc;
    ngx_pool_t               *pool;
    ngx_http_ai_fetch_ask_t   ask;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_ai_google_ask(t->account, ngx_time(), pool, &ask.body);

    if (rc == NGX_OK) {
        ngx_str_set(&ask.method, "POST");
        ngx_str_set(&ask.type, "application/x-www-form-urlencoded");
        ask.target = t->site.url.prefix;

        if (ask.target.len == 0) {
            ngx_str_set(&ask.target, "/");
        }

        t->fetch = ngx_http_ai_fetch(&t->site, &ask,
                                     ngx_http_ai_token_fetched, t);
        if (t->fetch == NULL) {
            rc = NGX_ERROR;
        }

        ngx_explicit_memzero(ask.body.data, ask.body.len);
    }

    ngx_destroy_pool(pool);

    return rc;
}


static void
ngx_http_ai_token_fetched(void *data, ngx_http_ai_fetch_reply_t *reply)
{
    ngx_http_ai_token_t *t = data;

    t->fetch = NULL;

    if (reply->fault == NGX_AI_FAULT_NONE && reply->status == NGX_HTTP_OK
        && ngx_http_ai_token_take(t, reply) == NGX_OK)
    {
        ngx_http_ai_token_wake(t, NGX_AI_FAULT_NONE);
        return;
    }

    ngx_http_ai_token_failed(t, reply);
    ngx_http_ai_token_wake(t, t->fault);
}


static ngx_int_t
ngx_http_ai_token_take(ngx_http_ai_token_t *t,
    ngx_http_ai_fetch_reply_t *reply)
{
    time_t            life;
    ngx_msec_t        ms;
    ngx_pool_t       *pool;
    const char       *reason;
    ngx_ai_secret_t  *secret;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    if (ngx_ai_google_answer(pool, &reply->body, &secret, &life, &reason)
        != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "ai gateway: the answer of %V has no token: %s",
                      &t->site.name, reason);
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    ngx_http_ai_token_drop(t);

    ms = (ngx_msec_t) life * 1000;

    t->pool = pool;
    t->secret = secret;
    t->number++;
    t->used = 0;
    t->backoff = 0;
    t->expires = ngx_current_msec + ms
                 - ngx_min(ms / 10, NGX_HTTP_AI_TOKEN_MARGIN);

    /* from 75 to 85 per cent of the life: workers do not ask together */

    if (t->renew.timer_set) {
        ngx_del_timer(&t->renew);
    }

    ngx_add_timer(&t->renew, ms / 4 * 3 + ngx_random() % (ms / 10));

    ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0,
                  "ai gateway: token %V of \"%V\" for provider \"%V\", for %T "
                  "seconds", ngx_ai_secret_tag(secret), &t->account->email,
                  &t->provider->name, life);

    return NGX_OK;
}


static void
ngx_http_ai_token_failed(ngx_http_ai_token_t *t,
    ngx_http_ai_fetch_reply_t *reply)
{
    ngx_str_t    said;
    ngx_pool_t  *pool;

    ngx_str_null(&said);

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);

    if (pool && reply->fault == NGX_AI_FAULT_NONE) {
        ngx_ai_google_error(pool, &reply->body, &said);
    }

    t->fault = ngx_http_ai_token_fault(reply);

    t->backoff = t->backoff ? ngx_min(t->backoff * 2,
                                      NGX_HTTP_AI_TOKEN_BACKOFF_MAX)
                            : NGX_HTTP_AI_TOKEN_BACKOFF_MIN;

    t->retry = ngx_current_msec + t->backoff;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "ai gateway: no token of \"%V\" for provider \"%V\": %V, "
                  "status %ui%s%V", &t->account->email, &t->provider->name,
                  ngx_ai_fault_name(t->fault), reply->status,
                  said.len ? ": " : "", &said);

    if (pool) {
        ngx_destroy_pool(pool);
    }

    /* the token that is still there is to be renewed as long as it is good */

    if (t->secret && (ngx_msec_int_t) (t->expires - ngx_current_msec) > 0) {
        ngx_add_timer(&t->renew, t->backoff);
    }
}


/* a refusal is one of the account, a 400 of its signature too */

static ngx_uint_t
ngx_http_ai_token_fault(ngx_http_ai_fetch_reply_t *reply)
{
    switch (reply->fault) {

    case NGX_AI_FAULT_NONE:
        switch (ngx_ai_fault(reply->status, NGX_AI_SAW_BAD_BODY)) {

        case NGX_AI_FAULT_AUTH:
        case NGX_AI_FAULT_CLIENT:
            return NGX_AI_FAULT_AUTH;

        default:
            return NGX_AI_FAULT_CONNECT;
        }

    case NGX_AI_FAULT_TLS:
    case NGX_AI_FAULT_TIMEOUT:
        return reply->fault;

    default:
        return NGX_AI_FAULT_CONNECT;
    }
}


static void
ngx_http_ai_token_wake(ngx_http_ai_token_t *t, ngx_uint_t fault)
{
    ngx_queue_t         *q, woken;
    ngx_connection_t    *c;
    ngx_http_ai_ctx_t   *ctx;

    /* whoever comes to wait meanwhile is not of these */

    ngx_queue_init(&woken);

    if (!ngx_queue_empty(&t->waiting)) {
        ngx_queue_add(&woken, &t->waiting);
        ngx_queue_init(&t->waiting);
    }

    while (!ngx_queue_empty(&woken)) {
        q = ngx_queue_head(&woken);
        ngx_queue_remove(q);

        ctx = ngx_queue_data(q, ngx_http_ai_ctx_t, waiting);
        ctx->waits = 0;
        c = ctx->request->connection;

        ngx_http_set_log_request(c->log, ctx->request);

        if (fault == NGX_AI_FAULT_NONE) {
            t->used = 1;
            ctx->token = t->number;
            ngx_http_ai_upstream_ready(ctx);

        } else {
            ctx->fault = fault;
            ngx_http_ai_upstream_failed(ctx);
        }

        ngx_http_run_posted_requests(c);
    }
}


static void
ngx_http_ai_token_renew(ngx_event_t *ev)
{
    ngx_http_ai_token_t  *t;

    t = ev->data;

    if (!t->used || t->fetch || ngx_exiting) {
        return;
    }

    if (ngx_http_ai_token_fetch(t) != NGX_OK) {
        ngx_add_timer(ev, NGX_HTTP_AI_TOKEN_BACKOFF_MAX);
    }
}


static void
ngx_http_ai_token_drop(ngx_http_ai_token_t *t)
{
    if (t->pool) {
        ngx_destroy_pool(t->pool);
        t->pool = NULL;
    }

    t->secret = NULL;
}


/* another request may have dropped it already, or even have another one */

ngx_uint_t
ngx_http_ai_token_refused(ngx_http_ai_ctx_t *ctx, ngx_http_ai_token_t *t)
{
    if (ctx->token != t->number || t->secret == NULL) {
        return 1;
    }

    if (t->dropped
        && ngx_current_msec - t->refused < NGX_HTTP_AI_TOKEN_REFUSED)
    {
        return 0;
    }

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "ai gateway: provider \"%V\" has refused token %V",
                  &t->provider->name, ngx_ai_secret_tag(t->secret));

    t->dropped = 1;
    t->refused = ngx_current_msec;

    ngx_http_ai_token_drop(t);

    return 1;
}
