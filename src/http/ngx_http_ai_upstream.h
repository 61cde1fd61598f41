
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_UPSTREAM_H_INCLUDED_
#define _NGX_HTTP_AI_UPSTREAM_H_INCLUDED_


#include "ngx_http_ai.h"


/* the next step of an attempt whose pre-step (resolve, tunnel) is done */
void ngx_http_ai_upstream_resume(ngx_http_ai_ctx_t *ctx);

/* and of one that waited for what its request is authorized with */
void ngx_http_ai_upstream_ready(ngx_http_ai_ctx_t *ctx);

/* the attempt has failed with ctx->fault before nginx's upstream began */
void ngx_http_ai_upstream_failed(ngx_http_ai_ctx_t *ctx);

/* what follows from ctx->fault: an ngx_ai_retry_e, decided once an attempt */
ngx_uint_t ngx_http_ai_upstream_decide(ngx_http_ai_ctx_t *ctx);

/* frees what waits: timers, posted events, resolving, tunnels */
void ngx_http_ai_upstream_release(ngx_http_ai_ctx_t *ctx);


/* the request of an attempt: ngx_http_ai_request.c */
ngx_int_t ngx_http_ai_request_build(ngx_http_ai_ctx_t *ctx);


/* ngx_http_ai_peer.c, as nginx's upstream calls it */
ngx_int_t ngx_http_ai_peer_init(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us);


/*
 * ngx_http_ai_pool.c.  Taking one: NGX_DONE and pc is filled, NGX_DECLINED
 * when none is kept, NGX_ERROR.
 */

void ngx_http_ai_pool_init(ngx_http_ai_pool_t *pool,
    ngx_http_ai_zone_t *zone);
void ngx_http_ai_pool_close(ngx_http_ai_pool_t *pool);
ngx_int_t ngx_http_ai_pool_take(ngx_http_ai_pool_t *pool,
    ngx_peer_connection_t *pc, ngx_http_request_t *r);
void ngx_http_ai_pool_put(ngx_http_ai_pool_t *pool, ngx_connection_t *c,
    ngx_str_t *name);
void ngx_http_ai_connection_close(ngx_connection_t *c);


/*
 * ngx_http_ai_resolve.c: fills ctx->addrs.  NGX_OK; NGX_AGAIN, then it calls
 * ngx_http_ai_upstream_resume() or _failed(); NGX_ERROR.
 */
ngx_int_t ngx_http_ai_resolve(ngx_http_ai_ctx_t *ctx);
void ngx_http_ai_resolve_release(ngx_http_ai_ctx_t *ctx);

/* the resolver of a location, or that of the machine; or NULL */
ngx_resolver_t *ngx_http_ai_resolver(ngx_http_request_t *r);

/* what a resolver found, as addresses that stay */
ngx_int_t ngx_http_ai_resolve_addrs(ngx_pool_t *pool, ngx_resolver_ctx_t *rctx,
    in_port_t port, ngx_addr_t **out, ngx_uint_t *n);

/* ngx_http_ai_tunnel.c: the same, for ctx->tunnel->connection */
ngx_int_t ngx_http_ai_tunnel(ngx_http_ai_ctx_t *ctx);
void ngx_http_ai_tunnel_release(ngx_http_ai_ctx_t *ctx);

/*
 * What is said to a proxy to get to a host, and what its answer means: NGX_OK,
 * NGX_AGAIN wants more of it, NGX_DECLINED for a refusal, which is logged with
 * the provider's name, NGX_ERROR for an answer of more than "max" bytes.
 */
ngx_int_t ngx_http_ai_tunnel_ask(ngx_pool_t *pool, ngx_http_ai_proxy_t *proxy,
    ngx_ai_url_t *url, u_char **pos, u_char **last);
ngx_int_t ngx_http_ai_tunnel_answer(u_char *head, size_t len, size_t max);
void ngx_http_ai_tunnel_refused(ngx_log_t *log, ngx_str_t *name,
    u_char *head);

/* ngx_http_ai_gate.c, as nginx's upstream calls it */
ngx_int_t ngx_http_ai_gate(ngx_http_request_t *r);


#endif /* _NGX_HTTP_AI_UPSTREAM_H_INCLUDED_ */
