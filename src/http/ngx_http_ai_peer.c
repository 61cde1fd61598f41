
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The peer of nginx's upstream for one attempt.
 *
 * The first time it is asked for a connection it gives one: kept, tunnelled,
 * from an upstream{} block, or the address to connect to.  It is asked again
 * only when the attempt has failed, whatever the cause.  Then it gives a
 * placeholder that will never connect, so that the upstream waits, and posts
 * an event that takes the upstream down and goes on with the request.
 */


#include "ngx_http_ai_upstream.h"


/* nginx's own count of tries must not end what the trap decides */
#define NGX_HTTP_AI_TRIES  1000


static ngx_int_t ngx_http_ai_peer_get(ngx_peer_connection_t *pc, void *data);
static ngx_int_t ngx_http_ai_peer_park(ngx_peer_connection_t *pc,
    ngx_http_ai_ctx_t *ctx);
static ngx_connection_t *ngx_http_ai_peer_placeholder(ngx_http_ai_ctx_t *ctx);
static void ngx_http_ai_peer_free(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t state);
static void ngx_http_ai_peer_observe(ngx_peer_connection_t *pc,
    ngx_http_ai_ctx_t *ctx);
static ngx_uint_t ngx_http_ai_peer_clean(ngx_http_ai_ctx_t *ctx,
    ngx_connection_t *c);
#if (NGX_HTTP_SSL)
static ngx_int_t ngx_http_ai_peer_set_session(ngx_peer_connection_t *pc,
    void *data);
static void ngx_http_ai_peer_save_session(ngx_peer_connection_t *pc,
    void *data);
#endif


static ngx_str_t  ngx_http_ai_peer_parked = ngx_string("parked");


/* of upstream_srv_conf_t: ours is one per provider */

ngx_int_t
ngx_http_ai_peer_init(ngx_http_request_t *r, ngx_http_upstream_srv_conf_t *us)
{
    ngx_http_ai_ctx_t             *ctx;
    ngx_http_upstream_t           *u;
    ngx_http_upstream_srv_conf_t  *block;

    u = r->upstream;
    ctx = ngx_http_ai_ctx(r);
    block = ctx->provider->block;

    /*
     * From the second upstream of a request on, nginx puts a separator into
     * the states; without it $upstream_addr reads "A, B", as it should.
     */

    if (u->state) {
        r->upstream_states->nelts--;
        u->state = NULL;
    }

    if (block) {
        u->upstream = block;

        if (block->peer.init(r, block) != NGX_OK) {
            return NGX_ERROR;
        }

        /* its servers are as the addresses of a name */

        ctx->naddrs = u->peer.tries;

        ctx->block_get = u->peer.get;
        ctx->block_free = u->peer.free;
        ctx->block_data = u->peer.data;
#if (NGX_HTTP_SSL)
        ctx->block_set_session = u->peer.set_session;
        ctx->block_save_session = u->peer.save_session;
#endif
    }

    u->peer.get = ngx_http_ai_peer_get;
    u->peer.free = ngx_http_ai_peer_free;
    u->peer.data = ctx;
#if (NGX_HTTP_SSL)
    u->peer.set_session = ngx_http_ai_peer_set_session;
    u->peer.save_session = ngx_http_ai_peer_save_session;
#endif

    u->peer.tries = NGX_HTTP_AI_TRIES;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_peer_get(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_ai_ctx_t *ctx = data;

    ngx_int_t    rc;
    ngx_addr_t  *addr;

    if (ctx->gets++ > 0) {
        return ngx_http_ai_peer_park(pc, ctx);
    }

    if (!ctx->upstream_live) {
        ngx_http_ai_live(ctx->request, NGX_HTTP_AI_LIVE_UPSTREAMS, 1);
        ctx->upstream_live = 1;
    }

    if (ctx->provider->block) {
        rc = ctx->block_get(pc, ctx->block_data);
        ctx->reused = pc->cached;

        return rc;
    }

    if (ctx->tunnel && ctx->tunnel->connection) {
        pc->connection = ctx->tunnel->connection;
        ctx->tunnel->connection = NULL;
        pc->sockaddr = ctx->tunnel->peer.sockaddr;
        pc->socklen = ctx->tunnel->peer.socklen;
        pc->name = ctx->tunnel->peer.name;

        return NGX_DONE;
    }

    if (ctx->keep) {
        ctx->reused = 1;
        return ngx_http_ai_pool_take(&ctx->provider->pool, pc, ctx->request);
    }

    addr = &ctx->addrs[ctx->naddr];

    pc->sockaddr = addr->sockaddr;
    pc->socklen = addr->socklen;
    pc->name = &addr->name;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_peer_park(ngx_peer_connection_t *pc, ngx_http_ai_ctx_t *ctx)
{
    if (ctx->parked == NULL) {
        ctx->parked = ngx_http_ai_peer_placeholder(ctx);
        if (ctx->parked == NULL) {
            return NGX_ERROR;
        }
    }

    ctx->trapped = 1;
    ngx_post_event(&ctx->wake, &ngx_posted_events);

    /* without an address the peer would not be freed */

    pc->connection = ctx->parked;
    pc->sockaddr = ctx->request->connection->sockaddr;
    pc->socklen = ctx->request->connection->socklen;
    pc->name = &ngx_http_ai_peer_parked;

    return NGX_AGAIN;
}


/* it has no socket and must never get to ngx_close_connection() */

static ngx_connection_t *
ngx_http_ai_peer_placeholder(ngx_http_ai_ctx_t *ctx)
{
    ngx_log_t         *log;
    ngx_pool_t        *pool;
    ngx_event_t       *ev;
    ngx_connection_t  *c;

    pool = ctx->request->pool;
    log = ctx->request->connection->log;

    c = ngx_pcalloc(pool, sizeof(ngx_connection_t));
    if (c == NULL) {
        return NULL;
    }

    ev = ngx_pcalloc(pool, 2 * sizeof(ngx_event_t));
    if (ev == NULL) {
        return NULL;
    }

    c->fd = (ngx_socket_t) -1;
    c->pool = pool;
    c->log = log;
    c->read = &ev[0];
    c->write = &ev[1];

    ev[0].data = c;
    ev[0].log = log;
    ev[1].data = c;
    ev[1].log = log;
    ev[1].write = 1;

    return c;
}


static void
ngx_http_ai_peer_free(ngx_peer_connection_t *pc, void *data, ngx_uint_t state)
{
    ngx_http_ai_ctx_t *ctx = data;

    ngx_connection_t  *c;

    c = pc->connection;

    if (c && c == ctx->parked) {

        if (c->write->timer_set) {
            ngx_del_timer(c->write);
        }

        pc->connection = NULL;
        return;
    }

    if (ctx->upstream_live) {
        ngx_http_ai_live(ctx->request, NGX_HTTP_AI_LIVE_UPSTREAMS, -1);
        ctx->upstream_live = 0;
    }

    ngx_http_ai_peer_observe(pc, ctx);

    if (c && ctx->recv) {
        c->recv = ctx->recv;
        ctx->recv = NULL;
    }

    if (ctx->provider->block) {

        /* the block's own keepalive looks at this */

        ctx->request->upstream->keepalive = ngx_http_ai_peer_clean(ctx, c);
        ctx->block_free(pc, ctx->block_data,
                        ctx->fault == NGX_AI_FAULT_RATE ? 0 : state);
        pc->tries = NGX_HTTP_AI_TRIES;

        return;
    }

    if (ngx_http_ai_peer_clean(ctx, c)) {
        pc->connection = NULL;
        ngx_http_ai_pool_put(&ctx->provider->pool, c, pc->name);
    }
}


/* how far the attempt has come, for the fault */

static void
ngx_http_ai_peer_observe(ngx_peer_connection_t *pc, ngx_http_ai_ctx_t *ctx)
{
    ngx_connection_t     *c;
    ngx_http_upstream_t  *u;

    c = pc->connection;
    u = ctx->request->upstream;

    if (ctx->reused || u->state->connect_time != (ngx_msec_t) -1) {
        ctx->saw |= NGX_AI_SAW_CONNECTION|NGX_AI_SAW_TLS;

    } else if (c && c->ssl) {
        ctx->saw |= NGX_AI_SAW_CONNECTION;
    }

    if (c && (c->read->timedout || c->write->timedout)) {
        ctx->saw |= NGX_AI_SAW_TIMEOUT;

    } else if (u->state->bytes_received) {
        ctx->saw |= NGX_AI_SAW_BAD_BODY;
    }

    if (ctx->request->connection->error) {
        ctx->saw |= NGX_AI_SAW_ABORT;
    }
}


/* both sides have said all they had to say, and no more */

static ngx_uint_t
ngx_http_ai_peer_clean(ngx_http_ai_ctx_t *ctx, ngx_connection_t *c)
{
    ngx_http_ai_head_t   *head;
    ngx_http_upstream_t  *u;

    head = &ctx->head;
    u = ctx->request->upstream;

    return c != NULL
           && head->has_head
           && head->frame.done
           && head->frame.mode != NGX_HTTP_AI_FRAME_CLOSE
           && !head->frame.extra
           && !head->close
           && u->request_body_sent
#if (NGX_HTTP_SSL)
           && (c->ssl == NULL || !SSL_has_pending(c->ssl->connection))
#endif
           && !c->error
           && !c->read->eof
           && !c->read->error
           && !c->read->timedout
           && !c->write->error
           && !c->write->timedout;
}


#if (NGX_HTTP_SSL)

static ngx_int_t
ngx_http_ai_peer_set_session(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_ai_ctx_t *ctx = data;

    if (ctx->provider->block) {
        return ctx->block_set_session(pc, ctx->block_data);
    }

    return ngx_ssl_set_session(pc->connection, ctx->provider->pool.session);
}


static void
ngx_http_ai_peer_save_session(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_ai_ctx_t *ctx = data;

    ngx_ssl_session_t   *session;
    ngx_http_ai_pool_t  *pool;

    if (ctx->provider->block) {
        ctx->block_save_session(pc, ctx->block_data);
        return;
    }

    session = ngx_ssl_get_session(pc->connection);
    if (session == NULL) {
        return;
    }

    pool = &ctx->provider->pool;

    if (pool->session) {
        ngx_ssl_free_session(pool->session);
    }

    pool->session = session;
}

#endif
