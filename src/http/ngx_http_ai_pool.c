
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Connections to a provider that are kept for the next request.  They are
 * not told apart by address: what matters is that they lead to the provider,
 * with TLS verified and the tunnel open.  The credentials are in each
 * request's head, so tenants may share them.
 */


#include "ngx_http_ai_upstream.h"


#define NGX_HTTP_AI_POOL_MAX      128
#define NGX_HTTP_AI_POOL_TIMEOUT  55000


typedef struct {
    ngx_queue_t                queue;
    ngx_connection_t          *connection;
    ngx_http_ai_pool_t        *pool;
    size_t                     len;
    u_char                     name[NGX_SOCKADDR_STRLEN];
} ngx_http_ai_kept_t;


static ngx_http_ai_kept_t *ngx_http_ai_pool_slot(ngx_http_ai_pool_t *pool);
static void ngx_http_ai_pool_idle(ngx_event_t *ev);
static void ngx_http_ai_pool_dummy(ngx_event_t *ev);
static void ngx_http_ai_pool_drop(ngx_http_ai_kept_t *kept);


void
ngx_http_ai_pool_init(ngx_http_ai_pool_t *pool, ngx_http_ai_zone_t *zone)
{
    ngx_queue_init(&pool->idle);
    ngx_queue_init(&pool->free);

    pool->zone = zone;
    pool->max = NGX_HTTP_AI_POOL_MAX;
    pool->timeout = NGX_HTTP_AI_POOL_TIMEOUT;
}


void
ngx_http_ai_pool_close(ngx_http_ai_pool_t *pool)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&pool->idle)) {
        q = ngx_queue_head(&pool->idle);
        ngx_http_ai_pool_drop(ngx_queue_data(q, ngx_http_ai_kept_t, queue));
    }

#if (NGX_HTTP_SSL)
    if (pool->session) {
        ngx_ssl_free_session(pool->session);
        pool->session = NULL;
    }
#endif
}


ngx_int_t
ngx_http_ai_pool_take(ngx_http_ai_pool_t *pool, ngx_peer_connection_t *pc,
    ngx_http_request_t *r)
{
    ngx_str_t           *name;
    ngx_queue_t         *q;
    ngx_connection_t    *c;
    ngx_http_ai_kept_t  *kept;

    if (ngx_queue_empty(&pool->idle)) {
        return NGX_DECLINED;
    }

    q = ngx_queue_head(&pool->idle);
    kept = ngx_queue_data(q, ngx_http_ai_kept_t, queue);
    c = kept->connection;

    name = ngx_palloc(r->pool, sizeof(ngx_str_t) + kept->len);
    if (name == NULL) {
        return NGX_ERROR;
    }

    name->len = kept->len;
    name->data = (u_char *) name + sizeof(ngx_str_t);
    ngx_memcpy(name->data, kept->name, kept->len);

    ngx_queue_remove(q);
    ngx_queue_insert_head(&pool->free, q);

    c->idle = 0;
    c->sent = 0;
    c->data = NULL;
    c->log = pc->log;
    c->read->log = pc->log;
    c->write->log = pc->log;
    c->pool->log = pc->log;

    if (c->read->timer_set) {
        ngx_del_timer(c->read);
    }

    pc->connection = c;
    pc->cached = 1;
    pc->name = name;

    /* the address is only asked whether there is one */

    pc->sockaddr = r->connection->sockaddr;
    pc->socklen = r->connection->socklen;

    return NGX_DONE;
}


void
ngx_http_ai_pool_put(ngx_http_ai_pool_t *pool, ngx_connection_t *c,
    ngx_str_t *name)
{
    ngx_http_ai_kept_t  *kept;

    if (ngx_terminate || ngx_exiting
        || ngx_handle_read_event(c->read, 0) != NGX_OK)
    {
        goto close;
    }

    kept = ngx_http_ai_pool_slot(pool);
    if (kept == NULL) {
        goto close;
    }

    kept->connection = c;
    kept->pool = pool;
    kept->len = ngx_min(name->len, NGX_SOCKADDR_STRLEN);
    ngx_memcpy(kept->name, name->data, kept->len);

    ngx_queue_insert_head(&pool->idle, &kept->queue);

    c->read->delayed = 0;
    ngx_add_timer(c->read, pool->timeout);

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

    c->write->handler = ngx_http_ai_pool_dummy;
    c->read->handler = ngx_http_ai_pool_idle;

    c->data = kept;
    c->idle = 1;
    c->log = ngx_cycle->log;
    c->read->log = ngx_cycle->log;
    c->write->log = ngx_cycle->log;
    c->pool->log = ngx_cycle->log;

    if (c->read->ready) {
        ngx_http_ai_pool_idle(c->read);
    }

    return;

close:

    ngx_http_ai_connection_close(c);
}


/* a free one, a new one, or that of the connection idle for longest */

static ngx_http_ai_kept_t *
ngx_http_ai_pool_slot(ngx_http_ai_pool_t *pool)
{
    ngx_queue_t         *q;
    ngx_http_ai_kept_t  *kept;

    if (!ngx_queue_empty(&pool->free)) {
        q = ngx_queue_head(&pool->free);
        ngx_queue_remove(q);

        return ngx_queue_data(q, ngx_http_ai_kept_t, queue);
    }

    if (pool->made < pool->max) {

        kept = ngx_palloc(ngx_cycle->pool, sizeof(ngx_http_ai_kept_t));
        if (kept) {
            pool->made++;
        }

        return kept;
    }

    q = ngx_queue_last(&pool->idle);
    kept = ngx_queue_data(q, ngx_http_ai_kept_t, queue);

    ngx_http_ai_pool_drop(kept);
    ngx_queue_remove(&kept->queue);

    return kept;
}


/* whatever comes on an idle connection, it is not for anybody */

static void
ngx_http_ai_pool_idle(ngx_event_t *ev)
{
    int                  n;
    char                 buf[1];
    ngx_connection_t    *c;
    ngx_http_ai_kept_t  *kept;

    c = ev->data;

    if (!c->close && !ev->timedout) {

        n = recv(c->fd, buf, 1, MSG_PEEK);

        if (n == -1 && ngx_socket_errno == NGX_EAGAIN) {
            ev->ready = 0;

            if (ngx_handle_read_event(c->read, 0) == NGX_OK) {
                return;
            }
        }
    }

    kept = c->data;

    ngx_http_ai_metrics_count(&kept->pool->zone->metrics,
                              NGX_HTTP_AI_COUNT_IDLE_DROPPED);
    ngx_http_ai_pool_drop(kept);
}


static void
ngx_http_ai_pool_dummy(ngx_event_t *ev)
{
    return;
}


static void
ngx_http_ai_pool_drop(ngx_http_ai_kept_t *kept)
{
    ngx_http_ai_connection_close(kept->connection);

    ngx_queue_remove(&kept->queue);
    ngx_queue_insert_head(&kept->pool->free, &kept->queue);
}


void
ngx_http_ai_connection_close(ngx_connection_t *c)
{
#if (NGX_HTTP_SSL)

    if (c->ssl) {
        c->ssl->no_wait_shutdown = 1;
        c->ssl->no_send_shutdown = 1;

        if (ngx_ssl_shutdown(c) == NGX_AGAIN) {
            c->ssl->handler = ngx_http_ai_connection_close;
            return;
        }
    }

#endif

    if (c->pool) {
        ngx_destroy_pool(c->pool);
    }

    ngx_close_connection(c);
}
