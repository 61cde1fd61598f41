
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Step 4: every ending of every request passes here, exactly once: in the
 * log phase, before the log is written, or, where nginx ends a request
 * without it, with the request's pool.
 */


#include "ngx_http_ai.h"
#include "ngx_http_ai_settle.h"


static void ngx_http_ai_settle_ending(ngx_http_ai_ctx_t *ctx);
static void ngx_http_ai_settle_live(ngx_http_ai_ctx_t *ctx);
static void ngx_http_ai_settle_metrics(ngx_http_ai_ctx_t *ctx,
    ngx_http_ai_zone_t *zone);
static ngx_http_ai_zone_t *ngx_http_ai_settle_zone(ngx_http_request_t *r);


ngx_int_t
ngx_http_ai_log_handler(ngx_http_request_t *r)
{
    ngx_http_ai_ctx_t  *ctx;

    ctx = ngx_http_ai_ctx(r);

    if (ctx) {
        ngx_http_ai_settle(ctx);
    }

    return NGX_OK;
}


void
ngx_http_ai_settle(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_ai_zone_t  *zone;

    if (ctx->settled) {
        return;
    }

    ctx->settled = 1;
    ctx->end = ngx_current_msec;

    ngx_http_ai_settle_ending(ctx);
    ngx_http_ai_settle_live(ctx);

    zone = ngx_http_ai_settle_zone(ctx->request);

    if (zone == NULL) {
        return;
    }

    if (ctx->ending == NGX_HTTP_AI_ENDING_ABORTED) {
        ngx_http_ai_count(ctx->request, NGX_HTTP_AI_COUNT_CLIENT_ABORTS);
    }

    if (ctx->attempts && (ctx->committed || ctx->fault == NGX_AI_FAULT_ABORT)) {
        ngx_http_ai_settle_attempt(ctx);
    }

    ngx_http_ai_settle_metrics(ctx, zone);
}


void
ngx_http_ai_settle_over(ngx_http_ai_ctx_t *ctx)
{
    if (!ctx->settled) {
        ctx->settled = 1;
        ngx_http_ai_settle_live(ctx);
    }
}


static void
ngx_http_ai_settle_ending(ngx_http_ai_ctx_t *ctx)
{
    if (ctx->ending != NGX_HTTP_AI_ENDING_NONE) {
        return;
    }

    if (ctx->request->connection->error
        || ctx->request->headers_out.status == NGX_HTTP_CLIENT_CLOSED_REQUEST)
    {
        ctx->ending = NGX_HTTP_AI_ENDING_ABORTED;
        ctx->fault = NGX_AI_FAULT_ABORT;

    } else if (ctx->attempts) {
        ctx->ending = NGX_HTTP_AI_ENDING_FAILED;

    } else {
        ctx->ending = NGX_HTTP_AI_ENDING_REFUSED;
    }
}


static void
ngx_http_ai_settle_live(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->live) {
        ngx_http_ai_live(r, NGX_HTTP_AI_LIVE_REQUESTS, -1);
    }

    if (ctx->upstream_live) {
        ngx_http_ai_live(r, NGX_HTTP_AI_LIVE_UPSTREAMS, -1);
    }

    if (ctx->stream_live) {
        ngx_http_ai_live(r, NGX_HTTP_AI_LIVE_STREAMS, -1);
    }

    ctx->live = 0;
    ctx->upstream_live = 0;
    ctx->stream_live = 0;
}


static void
ngx_http_ai_settle_metrics(ngx_http_ai_ctx_t *ctx, ngx_http_ai_zone_t *zone)
{
    ngx_http_request_t    *r;
    ngx_http_ai_sample_t   sample;

    static ngx_str_t       none = ngx_string("_none");
    static ngx_str_t       empty = ngx_null_string;

    r = ctx->request;

    ngx_memzero(&sample, sizeof(ngx_http_ai_sample_t));

    sample.operation = ctx->match.route ? &ctx->match.route->operation : &none;
    sample.provider = ctx->provider ? &ctx->provider->name : &empty;
    sample.model = &ctx->ask.model;
    sample.listed = ctx->listed;
    sample.error = ngx_http_ai_settle_error(ctx);
    sample.status = r->err_status ? r->err_status : r->headers_out.status;
    sample.duration = ctx->end - ctx->start;
    sample.ttft = ctx->first ? ctx->first - ctx->start : NGX_CONF_UNSET_MSEC;
    sample.last_chunk = ctx->last - ctx->start;
    sample.chunks = ctx->chunks;
    sample.attempts = ctx->attempts;
    sample.fallbacks = ctx->fallbacks;
    sample.usage = ctx->reply.usage.reported ? &ctx->reply.usage : NULL;
    sample.streamed = (ctx->committed
                       && ctx->head.body == NGX_HTTP_AI_BODY_EVENTS);

    ngx_http_ai_metrics_record(&zone->metrics, &sample);
}


/* one word for what went wrong; empty when nothing did */

const ngx_str_t *
ngx_http_ai_settle_error(ngx_http_ai_ctx_t *ctx)
{
    static const ngx_str_t  aborted = ngx_string("client_abort");
    static const ngx_str_t  cut = ngx_string("cut");
    static const ngx_str_t  failed = ngx_string("provider_error");

    switch (ctx->ending) {

    case NGX_HTTP_AI_ENDING_ABORTED:
        return &aborted;

    case NGX_HTTP_AI_ENDING_CUT:
        return &cut;

    default:
        if (ctx->committed
            && (ctx->status >= NGX_HTTP_SPECIAL_RESPONSE || ctx->reply.error))
        {
            return &failed;
        }

        return ngx_ai_error_name(ctx->error.kind);
    }
}


void
ngx_http_ai_settle_attempt(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_ai_zone_t  *zone;

    zone = ngx_http_ai_settle_zone(ctx->request);

    if (zone) {
        ngx_http_ai_metrics_attempt(&zone->metrics, &ctx->provider->name,
                                    ngx_ai_fault_name(ctx->fault));
    }
}


static ngx_http_ai_zone_t *
ngx_http_ai_settle_zone(ngx_http_request_t *r)
{
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_ai_gateway_module);

    return amcf->zone;
}


void
ngx_http_ai_count(ngx_http_request_t *r, ngx_http_ai_count_e counter)
{
    ngx_http_ai_zone_t  *zone;

    zone = ngx_http_ai_settle_zone(r);

    if (zone) {
        ngx_http_ai_metrics_count(&zone->metrics, counter);
    }
}


void
ngx_http_ai_live(ngx_http_request_t *r, ngx_http_ai_live_e what,
    ngx_int_t delta)
{
    ngx_http_ai_zone_t  *zone;

    zone = ngx_http_ai_settle_zone(r);

    if (zone) {
        ngx_http_ai_metrics_live(&zone->metrics, what, delta);
    }
}
