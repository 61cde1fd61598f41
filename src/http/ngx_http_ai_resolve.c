
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The addresses of a provider, or of the proxy before it.  Names are
 * resolved when a connection is needed, and anew when the resolver's answer
 * has expired; addresses and what /etc/hosts says are known since the
 * configuration was read.
 */


#include "ngx_http_ai_upstream.h"


static void ngx_http_ai_resolve_handler(ngx_resolver_ctx_t *rctx);
static ngx_int_t ngx_http_ai_resolve_copy(ngx_http_ai_ctx_t *ctx,
    ngx_resolver_ctx_t *rctx);


ngx_int_t
ngx_http_ai_resolve(ngx_http_ai_ctx_t *ctx)
{
    ngx_resolver_t            *resolver;
    ngx_http_request_t        *r;
    ngx_resolver_ctx_t        *rctx;
    ngx_http_ai_proxy_t       *proxy;
    ngx_http_ai_provider_t    *provider;

    r = ctx->request;
    provider = ctx->provider;
    proxy = provider->proxy;

    if (ctx->keep || provider->block || ctx->addrs) {
        return NGX_OK;
    }

    ctx->addrs = proxy ? proxy->addrs : provider->addrs;
    ctx->naddrs = proxy ? proxy->naddrs : provider->naddrs;

    if (ctx->addrs) {
        return NGX_OK;
    }

    resolver = ngx_http_ai_resolver(r);

    ctx->fault = NGX_AI_FAULT_CONNECT;

    rctx = resolver ? ngx_resolve_start(resolver, NULL) : NGX_NO_RESOLVER;

    if (rctx == NULL || rctx == NGX_NO_RESOLVER) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "ai gateway: no resolver for provider \"%V\"",
                      &provider->name);
        return NGX_ERROR;
    }

    rctx->name = proxy ? proxy->host : provider->url.host;
    rctx->handler = ngx_http_ai_resolve_handler;
    rctx->data = ctx;
    rctx->timeout = provider->connect;

    ctx->resolving = rctx;
    ctx->sync = 1;

    if (ngx_resolve_name(rctx) != NGX_OK) {
        ctx->resolving = NULL;
        ctx->sync = 0;
        return NGX_ERROR;
    }

    ctx->sync = 0;

    if (ctx->resolving) {
        return NGX_AGAIN;
    }

    return ctx->addrs ? NGX_OK : NGX_ERROR;
}


ngx_resolver_t *
ngx_http_ai_resolver(ngx_http_request_t *r)
{
    ngx_http_ai_main_conf_t   *amcf;
    ngx_http_core_loc_conf_t  *clcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_ai_gateway_module);
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    return clcf->resolver->connections.nelts ? clcf->resolver : amcf->resolver;
}


/* called within ngx_resolve_name() when the answer is known already */

static void
ngx_http_ai_resolve_handler(ngx_resolver_ctx_t *rctx)
{
    ngx_connection_t    *c;
    ngx_http_ai_ctx_t   *ctx;
    ngx_http_request_t  *r;

    ctx = rctx->data;
    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (rctx->state || ngx_http_ai_resolve_copy(ctx, rctx) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, c->log, 0,
                      "ai gateway: %V could not be resolved (%i: %s)",
                      &rctx->name, rctx->state,
                      ngx_resolver_strerror(rctx->state));
        ctx->addrs = NULL;
    }

    ctx->resolving = NULL;
    ngx_resolve_name_done(rctx);

    if (ctx->sync) {
        return;
    }

    if (ctx->addrs) {
        ngx_http_ai_upstream_resume(ctx);

    } else {
        ngx_http_ai_upstream_failed(ctx);
    }

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_ai_resolve_copy(ngx_http_ai_ctx_t *ctx, ngx_resolver_ctx_t *rctx)
{
    ngx_http_ai_provider_t  *provider;

    provider = ctx->provider;
    ctx->naddr = 0;

    return ngx_http_ai_resolve_addrs(ctx->request->pool, rctx,
                                     provider->proxy ? provider->proxy->port
                                                     : provider->url.port,
                                     &ctx->addrs, &ctx->naddrs);
}


ngx_int_t
ngx_http_ai_resolve_addrs(ngx_pool_t *pool, ngx_resolver_ctx_t *rctx,
    in_port_t port, ngx_addr_t **out, ngx_uint_t *n)
{
    u_char           *p;
    size_t            len;
    ngx_addr_t       *addrs;
    ngx_uint_t        i;
    struct sockaddr  *sockaddr;

    addrs = ngx_palloc(pool, rctx->naddrs * sizeof(ngx_addr_t));
    if (addrs == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < rctx->naddrs; i++) {

        sockaddr = ngx_palloc(pool, rctx->addrs[i].socklen);
        p = ngx_pnalloc(pool, NGX_SOCKADDR_STRLEN);

        if (sockaddr == NULL || p == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(sockaddr, rctx->addrs[i].sockaddr, rctx->addrs[i].socklen);
        ngx_inet_set_port(sockaddr, port);

        len = ngx_sock_ntop(sockaddr, rctx->addrs[i].socklen, p,
                            NGX_SOCKADDR_STRLEN, 1);

        addrs[i].sockaddr = sockaddr;
        addrs[i].socklen = rctx->addrs[i].socklen;
        addrs[i].name.data = p;
        addrs[i].name.len = len;
    }

    *out = addrs;
    *n = rctx->naddrs;

    return NGX_OK;
}


void
ngx_http_ai_resolve_release(ngx_http_ai_ctx_t *ctx)
{
    if (ctx->resolving) {
        ngx_resolve_name_done(ctx->resolving);
        ctx->resolving = NULL;
    }
}
