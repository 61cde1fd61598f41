
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The one place where an error becomes bytes for a client, whoever made it:
 * the gateway, or nginx before or beside it (413, limit_conn, deny).  It is
 * raised as a status, so that error_page applies; if nginx then writes its
 * own page in a location of the gateway, the filters here put the envelope
 * of the client's dialect in the page's place.
 */


#include "ngx_http_ai_error.h"
#include "ngx_http_ai_headers.h"


#define NGX_HTTP_AI_MESSAGE_MAX   512
#define NGX_HTTP_AI_ENVELOPE_MAX  4096


static ngx_int_t ngx_http_ai_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_ai_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_uint_t ngx_http_ai_is_ours(ngx_http_request_t *r);
static ngx_int_t ngx_http_ai_replace(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_error_type(ngx_http_ai_ctx_t *ctx);
static void ngx_http_ai_explain(ngx_http_ai_ctx_t *ctx, ngx_uint_t status);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


ngx_int_t
ngx_http_ai_fail(ngx_http_ai_ctx_t *ctx, ngx_uint_t kind, const char *param,
    const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    p = ngx_pnalloc(ctx->request->pool, NGX_HTTP_AI_MESSAGE_MAX);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->error.kind = kind;

    ctx->error.param.data = (u_char *) param;
    ctx->error.param.len = param ? ngx_strlen(param) : 0;

    va_start(args, fmt);
    ctx->error.message.data = p;
    ctx->error.message.len = ngx_vslprintf(p, p + NGX_HTTP_AI_MESSAGE_MAX, fmt,
                                           args)
                             - p;
    va_end(args);

    return ngx_http_ai_failed(ctx);
}


ngx_int_t
ngx_http_ai_failed(ngx_http_ai_ctx_t *ctx)
{
    if (ctx->error.kind == NGX_AI_ERROR_NONE) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->error.status = ngx_ai_error_status(ctx->error.kind);

    if (ctx->error.status >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "ai gateway: %V: %V",
                      ngx_ai_error_name(ctx->error.kind), &ctx->error.message);

    } else {
        ngx_log_error(NGX_LOG_INFO, ctx->request->connection->log, 0,
                      "ai gateway: %V: %V",
                      ngx_ai_error_name(ctx->error.kind), &ctx->error.message);
    }

    return ctx->error.status;
}


ngx_int_t
ngx_http_ai_error_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_ai_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_ai_body_filter;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_header_filter(ngx_http_request_t *r)
{
    ngx_http_ai_ctx_t  *ctx;

    if (!ngx_http_ai_is_ours(r)) {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_http_ai_ctx(r);

    if (ctx == NULL) {
        ctx = ngx_http_ai_ctx_create(r);
        if (ctx == NULL) {
            return NGX_ERROR;
        }
    }

    if (!ctx->committed
        && r->headers_out.status >= NGX_HTTP_BAD_REQUEST
        && ngx_http_ai_replace(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_ai_headers_add(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


/*
 * A request that can't be parsed is refused before it has a location: it is
 * ours if its server has a gateway.
 */

static ngx_uint_t
ngx_http_ai_is_ours(ngx_http_request_t *r)
{
    ngx_http_ai_loc_conf_t  *alcf;
    ngx_http_ai_srv_conf_t  *ascf;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_ai_gateway_module);

    if (alcf->enable) {
        return 1;
    }

    if (r->phase_handler != 0
        || r->headers_out.status < NGX_HTTP_BAD_REQUEST)
    {
        return 0;
    }

    ascf = ngx_http_get_module_srv_conf(r, ngx_http_ai_gateway_module);

    return ascf->gateway;
}


static ngx_int_t
ngx_http_ai_replace(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    ngx_http_ai_explain(ctx, r->headers_out.status);

    ngx_ai_buf_free(&ctx->held);
    ngx_ai_buf_init(&ctx->held, NGX_HTTP_AI_ENVELOPE_MAX, r->connection->log);

    if (ctx->dialect->write_error(&ctx->error, &ctx->held) != NGX_OK
        || ngx_http_ai_error_type(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->own_error = 1;

    /*
     * nginx closes the connection after a 400, as it can't know where the
     * next request begins; behind a body that was read whole we do.
     */

    if (ctx->whole_body && r->headers_out.status == NGX_HTTP_BAD_REQUEST) {
        r->keepalive = ctx->keepalive;
    }

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);

    r->headers_out.content_length_n = ngx_ai_buf_len(&ctx->held);

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);

    return NGX_OK;
}


/* some clients look for it in a header */

static ngx_int_t
ngx_http_ai_error_type(ngx_http_ai_ctx_t *ctx)
{
    ngx_str_t  value;

    if (ctx->dialect->error_type == NULL) {
        return NGX_OK;
    }

    value = *ctx->dialect->error_type(ctx->error.kind);

    return ngx_http_ai_header(ctx->request,
                              (char *) ctx->dialect->error_header.data,
                              &value);
}


/* an error that nginx raised: there is a status and no more */

static void
ngx_http_ai_explain(ngx_http_ai_ctx_t *ctx, ngx_uint_t status)
{
    if (ctx->error.kind != NGX_AI_ERROR_NONE && ctx->error.status == status) {
        return;
    }

    ctx->error.kind = ngx_ai_error_kind(status);
    ctx->error.status = status;
    ngx_str_null(&ctx->error.param);

    switch (status) {

    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        ngx_str_set(&ctx->error.message, "The request body is larger than "
                    "this gateway takes.");
        break;

    case NGX_HTTP_BAD_REQUEST:
        ngx_str_set(&ctx->error.message, "The HTTP request is malformed.");
        break;

    case NGX_HTTP_UNAUTHORIZED:
    case NGX_HTTP_FORBIDDEN:
        ngx_str_set(&ctx->error.message, "Access is denied.");
        break;

    case NGX_HTTP_TOO_MANY_REQUESTS:
    case NGX_HTTP_SERVICE_UNAVAILABLE:
        ngx_str_set(&ctx->error.message, "The gateway is busy. Try again "
                    "later.");
        break;

    default:
        if (status < NGX_HTTP_INTERNAL_SERVER_ERROR) {
            ngx_str_set(&ctx->error.message, "The request was refused.");

        } else {
            ngx_str_set(&ctx->error.message, "The gateway failed. Its error "
                        "log says why.");
        }
    }
}


static ngx_int_t
ngx_http_ai_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_buf_t          *b;
    ngx_chain_t        *cl, out;
    ngx_http_ai_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_ai_gateway_module);

    if (ctx == NULL || !ctx->own_error || in == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
    }

    if (ngx_ai_buf_len(&ctx->held) == 0) {
        return NGX_OK;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->start = ngx_pnalloc(r->pool, ngx_ai_buf_len(&ctx->held));
    if (b->start == NULL) {
        return NGX_ERROR;
    }

    b->pos = b->start;
    b->last = ngx_cpymem(b->start, ctx->held.start,
                         ngx_ai_buf_len(&ctx->held));
    b->end = b->last;
    b->memory = 1;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    ngx_ai_buf_reset(&ctx->held);

    out.buf = b;
    out.next = NULL;

    return ngx_http_next_body_filter(r, &out);
}
