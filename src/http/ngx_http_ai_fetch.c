
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_fetch.h"
#include "ngx_http_ai_fetch_read.h"
#include "ngx_http_ai_upstream.h"


struct ngx_http_ai_fetch_s {
    ngx_http_ai_site_t            *site;
    ngx_http_ai_fetch_pt           handler;
    void                          *data;
    ngx_pool_t                    *pool;

    ngx_event_t                    wake;
    ngx_event_t                    timer;
    ngx_resolver_ctx_t            *resolving;
    ngx_addr_t                    *addrs;
    ngx_uint_t                     naddrs;
    ngx_uint_t                     naddr;       /* the one at hand */
    ngx_peer_connection_t          peer;

    ngx_str_t                      request;
    u_char                        *pos;         /* of what is being sent */
    u_char                        *last;
    ngx_http_ai_fetch_read_t       read;

    unsigned                       sync:1;      /* in ngx_resolve_name() */
};


static ngx_int_t ngx_http_ai_fetch_write(ngx_http_ai_fetch_t *f,
    const ngx_http_ai_fetch_ask_t *ask);
static void ngx_http_ai_fetch_wake(ngx_event_t *ev);
static void ngx_http_ai_fetch_timeout(ngx_event_t *ev);
static void ngx_http_ai_fetch_resolve(ngx_http_ai_fetch_t *f);
static void ngx_http_ai_fetch_resolved(ngx_resolver_ctx_t *rctx);
static void ngx_http_ai_fetch_connect(ngx_http_ai_fetch_t *f);
static void ngx_http_ai_fetch_next(ngx_http_ai_fetch_t *f, ngx_uint_t fault);
static void ngx_http_ai_fetch_connecting(ngx_event_t *ev);
static void ngx_http_ai_fetch_tunnel(ngx_http_ai_fetch_t *f);
static void ngx_http_ai_fetch_tunnelling(ngx_event_t *ev);
static void ngx_http_ai_fetch_tls(ngx_http_ai_fetch_t *f);
#if (NGX_HTTP_SSL)
static void ngx_http_ai_fetch_secured(ngx_connection_t *c);
static ngx_int_t ngx_http_ai_fetch_verify(ngx_http_ai_fetch_t *f,
    ngx_connection_t *c);
#endif
static void ngx_http_ai_fetch_send(ngx_http_ai_fetch_t *f);
static void ngx_http_ai_fetch_sending(ngx_event_t *ev);
static ngx_int_t ngx_http_ai_fetch_push(ngx_http_ai_fetch_t *f,
    ngx_connection_t *c);
static void ngx_http_ai_fetch_reading(ngx_event_t *ev);
static void ngx_http_ai_fetch_idle(ngx_event_t *ev);
static void ngx_http_ai_fetch_done(ngx_http_ai_fetch_t *f, ngx_uint_t fault);
static void ngx_http_ai_fetch_close(ngx_http_ai_fetch_t *f);


ngx_http_ai_fetch_t *
ngx_http_ai_fetch(ngx_http_ai_site_t *site,
    const ngx_http_ai_fetch_ask_t *ask, ngx_http_ai_fetch_pt handler,
    void *data)
{
    ngx_pool_t           *pool;
    ngx_http_ai_fetch_t  *f;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    f = ngx_pcalloc(pool, sizeof(ngx_http_ai_fetch_t));
    if (f == NULL) {
        goto failed;
    }

    f->site = site;
    f->handler = handler;
    f->data = data;
    f->pool = pool;

    if (ngx_http_ai_fetch_write(f, ask) != NGX_OK
        || ngx_http_ai_fetch_read_init(&f->read, pool, site->max) != NGX_OK)
    {
        goto failed;
    }

    f->wake.handler = ngx_http_ai_fetch_wake;
    f->wake.data = f;
    f->wake.log = ngx_cycle->log;

    f->timer.handler = ngx_http_ai_fetch_timeout;
    f->timer.data = f;
    f->timer.log = ngx_cycle->log;
    f->timer.cancelable = 1;

    ngx_add_timer(&f->timer, site->timeout);
    ngx_post_event(&f->wake, &ngx_posted_events);

    return f;

failed:

    ngx_destroy_pool(pool);

    return NULL;
}


static ngx_int_t
ngx_http_ai_fetch_write(ngx_http_ai_fetch_t *f,
    const ngx_http_ai_fetch_ask_t *ask)
{
    u_char  *p, *end;
    size_t   size;

    size = sizeof("  HTTP/1.1" CRLF "Host: " CRLF "Connection: close" CRLF
                  "Accept-Encoding: identity" CRLF "Content-Type: " CRLF
                  "Content-Length: " CRLF CRLF)
           + ask->method.len + ask->target.len + f->site->url.authority.len
           + ask->type.len + NGX_SIZE_T_LEN + ask->body.len;

    p = ngx_pnalloc(f->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    f->request.data = p;
    end = p + size;

    p = ngx_slprintf(p, end, "%V %V HTTP/1.1" CRLF "Host: %V" CRLF
                     "Connection: close" CRLF
                     "Accept-Encoding: identity" CRLF,
                     &ask->method, &ask->target, &f->site->url.authority);

    if (ask->type.len) {
        p = ngx_slprintf(p, end, "Content-Type: %V" CRLF
                         "Content-Length: %uz" CRLF, &ask->type,
                         ask->body.len);
    }

    p = ngx_slprintf(p, end, CRLF "%V", &ask->body);

    f->request.len = p - f->request.data;

    return NGX_OK;
}


static void
ngx_http_ai_fetch_wake(ngx_event_t *ev)
{
    ngx_http_ai_fetch_resolve(ev->data);
}


static void
ngx_http_ai_fetch_timeout(ngx_event_t *ev)
{
    ngx_http_ai_fetch_done(ev->data, NGX_AI_FAULT_TIMEOUT);
}


static void
ngx_http_ai_fetch_resolve(ngx_http_ai_fetch_t *f)
{
    ngx_resolver_ctx_t  *rctx;
    ngx_http_ai_site_t  *site;

    site = f->site;

    if (site->addrs) {
        f->addrs = site->addrs;
        f->naddrs = site->naddrs;
        ngx_http_ai_fetch_connect(f);
        return;
    }

    rctx = site->resolver ? ngx_resolve_start(site->resolver, NULL)
                          : NGX_NO_RESOLVER;

    if (rctx == NULL || rctx == NGX_NO_RESOLVER) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "ai gateway: no resolver for %V", &site->name);
        ngx_http_ai_fetch_done(f, NGX_AI_FAULT_CONNECT);
        return;
    }

    rctx->name = site->proxy ? site->proxy->host : site->url.host;
    rctx->handler = ngx_http_ai_fetch_resolved;
    rctx->data = f;
    rctx->timeout = site->timeout;
    rctx->cancelable = 1;

    f->resolving = rctx;
    f->sync = 1;

    if (ngx_resolve_name(rctx) != NGX_OK) {
        f->resolving = NULL;
    }

    f->sync = 0;

    if (f->resolving) {
        return;
    }

    if (f->addrs) {
        ngx_http_ai_fetch_connect(f);

    } else {
        ngx_http_ai_fetch_done(f, NGX_AI_FAULT_CONNECT);
    }
}


/* called within ngx_resolve_name() when the answer is known already */

static void
ngx_http_ai_fetch_resolved(ngx_resolver_ctx_t *rctx)
{
    in_port_t             port;
    ngx_http_ai_site_t   *site;
    ngx_http_ai_fetch_t  *f;

    f = rctx->data;
    site = f->site;
    port = site->proxy ? site->proxy->port : site->url.port;

    if (rctx->state
        || ngx_http_ai_resolve_addrs(f->pool, rctx, port, &f->addrs,
                                     &f->naddrs)
           != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "ai gateway: %V could not be resolved (%i: %s)",
                      &rctx->name, rctx->state,
                      ngx_resolver_strerror(rctx->state));
        f->addrs = NULL;
    }

    f->resolving = NULL;
    ngx_resolve_name_done(rctx);

    if (f->sync) {
        return;
    }

    if (f->addrs) {
        ngx_http_ai_fetch_connect(f);

    } else {
        ngx_http_ai_fetch_done(f, NGX_AI_FAULT_CONNECT);
    }
}


/* an address that does not answer leaves time for those behind it */

static void
ngx_http_ai_fetch_connect(ngx_http_ai_fetch_t *f)
{
    ngx_int_t               rc;
    ngx_addr_t             *addr;
    ngx_connection_t       *c;
    ngx_peer_connection_t  *peer;

    for ( /* void */ ; f->naddr < f->naddrs; f->naddr++) {

        addr = &f->addrs[f->naddr];

        peer = &f->peer;
        ngx_memzero(peer, sizeof(ngx_peer_connection_t));
        peer->sockaddr = addr->sockaddr;
        peer->socklen = addr->socklen;
        peer->name = &addr->name;
        peer->get = ngx_event_get_peer;
        peer->log = ngx_cycle->log;
        peer->log_error = NGX_ERROR_ERR;

        rc = ngx_event_connect_peer(peer);
        c = peer->connection;

        if (c && (rc == NGX_OK || rc == NGX_AGAIN)) {
            c->pool = ngx_create_pool(128, ngx_cycle->log);

            if (c->pool == NULL) {
                rc = NGX_ERROR;
            }
        }

        if (rc != NGX_OK && rc != NGX_AGAIN) {
            ngx_http_ai_fetch_close(f);
            continue;
        }

        c->data = f;
        c->write->handler = ngx_http_ai_fetch_connecting;
        c->read->handler = ngx_http_ai_fetch_connecting;
        c->write->cancelable = 1;

        if (f->naddr + 1 < f->naddrs) {
            ngx_add_timer(c->write, f->site->timeout / (f->naddrs - f->naddr));
        }

        if (rc == NGX_OK) {
            ngx_http_ai_fetch_tunnel(f);
        }

        return;
    }

    ngx_http_ai_fetch_done(f, NGX_AI_FAULT_CONNECT);
}


static void
ngx_http_ai_fetch_next(ngx_http_ai_fetch_t *f, ngx_uint_t fault)
{
    ngx_http_ai_fetch_close(f);

    if (f->naddr + 1 < f->naddrs) {
        f->naddr++;
        ngx_http_ai_fetch_connect(f);
        return;
    }

    ngx_http_ai_fetch_done(f, fault);
}


static void
ngx_http_ai_fetch_connecting(ngx_event_t *ev)
{
    int                   err;
    socklen_t             len;
    ngx_connection_t     *c;
    ngx_http_ai_fetch_t  *f;

    c = ev->data;
    f = c->data;

    if (ev->timedout) {
        ngx_http_ai_fetch_next(f, NGX_AI_FAULT_TIMEOUT);
        return;
    }

    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    if (err) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, err,
                      "ai gateway: connect() to %V for %V failed",
                      f->peer.name, &f->site->name);
        ngx_http_ai_fetch_next(f, NGX_AI_FAULT_CONNECT);
        return;
    }

    ngx_http_ai_fetch_tunnel(f);
}


static void
ngx_http_ai_fetch_tunnel(ngx_http_ai_fetch_t *f)
{
    ngx_connection_t  *c;

    if (f->site->proxy == NULL) {
        ngx_http_ai_fetch_tls(f);
        return;
    }

    if (ngx_http_ai_tunnel_ask(f->pool, f->site->proxy, &f->site->url,
                               &f->pos, &f->last)
        != NGX_OK)
    {
        ngx_http_ai_fetch_done(f, NGX_AI_FAULT_CONNECT);
        return;
    }

    c = f->peer.connection;
    c->write->handler = ngx_http_ai_fetch_sending;
    c->read->handler = ngx_http_ai_fetch_tunnelling;

    if (ngx_http_ai_fetch_push(f, c) == NGX_ERROR) {
        ngx_http_ai_fetch_next(f, NGX_AI_FAULT_CONNECT);
    }
}


static void
ngx_http_ai_fetch_tunnelling(ngx_event_t *ev)
{
    ssize_t               n;
    ngx_int_t             rc;
    ngx_buf_t            *b;
    ngx_connection_t     *c;
    ngx_http_ai_fetch_t  *f;

    c = ev->data;
    f = c->data;
    b = &f->read.buf;

    for ( ;; ) {
        n = c->recv(c, b->last, b->end - b->last);

        if (n == NGX_AGAIN) {
            if (ngx_handle_read_event(ev, 0) == NGX_OK) {
                return;
            }

            n = NGX_ERROR;
        }

        if (n <= 0) {
            ngx_http_ai_fetch_next(f, NGX_AI_FAULT_CONNECT);
            return;
        }

        b->last += n;

        rc = ngx_http_ai_tunnel_answer(b->start, b->last - b->start,
                                       b->end - b->start);

        if (rc == NGX_OK) {
            b->last = b->start;
            ngx_http_ai_fetch_tls(f);
            return;
        }

        if (rc == NGX_AGAIN) {
            continue;
        }

        if (rc == NGX_DECLINED) {
            ngx_http_ai_tunnel_refused(ngx_cycle->log, &f->site->name,
                                       b->start);
        }

        ngx_http_ai_fetch_done(f, NGX_AI_FAULT_CONNECT);
        return;
    }
}


static void
ngx_http_ai_fetch_tls(ngx_http_ai_fetch_t *f)
{
#if (NGX_HTTP_SSL)

    ngx_int_t          rc;
    ngx_str_t          name;
    ngx_connection_t  *c;

    if (!f->site->url.tls) {
        ngx_http_ai_fetch_send(f);
        return;
    }

    c = f->peer.connection;

    if (ngx_ssl_create_connection(f->site->ssl, c, NGX_SSL_CLIENT) != NGX_OK) {
        ngx_http_ai_fetch_done(f, NGX_AI_FAULT_TLS);
        return;
    }

    if (!f->site->url.literal) {

        /* OpenSSL wants a zero behind it */

        name.len = f->site->url.host.len;
        name.data = ngx_pnalloc(f->pool, name.len + 1);

        if (name.data == NULL) {
            ngx_http_ai_fetch_done(f, NGX_AI_FAULT_TLS);
            return;
        }

        (void) ngx_cpystrn(name.data, f->site->url.host.data, name.len + 1);

        if (SSL_set_tlsext_host_name(c->ssl->connection,
                                     (char *) name.data)
            == 0)
        {
            ngx_http_ai_fetch_done(f, NGX_AI_FAULT_TLS);
            return;
        }
    }

    c->ssl->handler = ngx_http_ai_fetch_secured;

    rc = ngx_ssl_handshake(c);

    if (rc != NGX_AGAIN) {
        ngx_http_ai_fetch_secured(c);
    }

#else

    ngx_http_ai_fetch_send(f);

#endif
}


#if (NGX_HTTP_SSL)

static void
ngx_http_ai_fetch_secured(ngx_connection_t *c)
{
    ngx_http_ai_fetch_t  *f;

    f = c->data;

    if (!c->ssl->handshaked) {

        if (c->write->timedout) {
            ngx_http_ai_fetch_next(f, NGX_AI_FAULT_TIMEOUT);
            return;
        }

        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "ai gateway: no TLS with %V for %V", f->peer.name,
                      &f->site->name);
        ngx_http_ai_fetch_next(f, NGX_AI_FAULT_TLS);
        return;
    }

    if (f->site->verify && ngx_http_ai_fetch_verify(f, c) != NGX_OK) {
        ngx_http_ai_fetch_done(f, NGX_AI_FAULT_TLS);
        return;
    }

    ngx_http_ai_fetch_send(f);
}


static ngx_int_t
ngx_http_ai_fetch_verify(ngx_http_ai_fetch_t *f, ngx_connection_t *c)
{
    long  rc;

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc != X509_V_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "ai gateway: the certificate of %V is not good: "
                      "(%l:%s)", &f->site->name, rc,
                      X509_verify_cert_error_string(rc));
        return NGX_ERROR;
    }

    if (ngx_ssl_check_host(c, &f->site->url.host) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "ai gateway: the certificate of %V is not for \"%V\"",
                      &f->site->name, &f->site->url.host);
        return NGX_ERROR;
    }

    return NGX_OK;
}

#endif


static void
ngx_http_ai_fetch_send(ngx_http_ai_fetch_t *f)
{
    ngx_connection_t  *c;

    c = f->peer.connection;

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

    c->write->handler = ngx_http_ai_fetch_sending;
    c->read->handler = ngx_http_ai_fetch_reading;

    f->pos = f->request.data;
    f->last = f->pos + f->request.len;

    ngx_http_ai_fetch_sending(c->write);
}


static void
ngx_http_ai_fetch_sending(ngx_event_t *ev)
{
    ngx_connection_t     *c;
    ngx_http_ai_fetch_t  *f;

    c = ev->data;
    f = c->data;

    if (ev->timedout) {
        ngx_http_ai_fetch_next(f, NGX_AI_FAULT_TIMEOUT);
        return;
    }

    if (ngx_http_ai_fetch_push(f, c) == NGX_ERROR) {
        ngx_http_ai_fetch_done(f, NGX_AI_FAULT_CONNECT);
    }
}


/* NGX_OK: all of it is sent; NGX_AGAIN; NGX_ERROR */

static ngx_int_t
ngx_http_ai_fetch_push(ngx_http_ai_fetch_t *f, ngx_connection_t *c)
{
    ssize_t  n;

    while (f->pos < f->last) {
        n = c->send(c, f->pos, f->last - f->pos);

        if (n == NGX_AGAIN) {
            return ngx_handle_write_event(c->write, 0) == NGX_OK
                   ? NGX_AGAIN : NGX_ERROR;
        }

        if (n <= 0) {
            return NGX_ERROR;
        }

        f->pos += n;
    }

    /* the timer of the address, if any, has its say still */

    if (!c->write->timer_set) {
        c->write->handler = ngx_http_ai_fetch_idle;
    }

    /* what came with the end of a handshake tells nobody */

    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);
    }

    return ngx_handle_read_event(c->read, 0) == NGX_OK ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_ai_fetch_reading(ngx_event_t *ev)
{
    ngx_int_t             rc;
    ngx_connection_t     *c;
    ngx_http_ai_fetch_t  *f;

    c = ev->data;
    f = c->data;

    rc = ngx_http_ai_fetch_read(&f->read, c);

    if (rc == NGX_AGAIN) {

        if (ngx_handle_read_event(ev, 0) == NGX_OK) {
            return;
        }

        rc = NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "ai gateway: the reply of %V is none, is not complete "
                      "or has more than %uz bytes", &f->site->name,
                      f->site->max);
        ngx_http_ai_fetch_done(f, NGX_AI_FAULT_BODY);
        return;
    }

    ngx_http_ai_fetch_done(f, rc == NGX_OK ? NGX_AI_FAULT_NONE
                                           : NGX_AI_FAULT_CONNECT);
}


/* poll() and its like go on telling that there is room */

static void
ngx_http_ai_fetch_idle(ngx_event_t *ev)
{
    (void) ngx_handle_write_event(ev, 0);
}


static void
ngx_http_ai_fetch_done(ngx_http_ai_fetch_t *f, ngx_uint_t fault)
{
    ngx_http_ai_fetch_reply_t  reply;

    ngx_http_ai_fetch_close(f);

    ngx_memzero(&reply, sizeof(ngx_http_ai_fetch_reply_t));

    reply.fault = fault;

    if (fault == NGX_AI_FAULT_NONE) {
        reply.status = f->read.status.code;
        reply.body = f->read.body;
    }

    f->handler(f->data, &reply);

    ngx_http_ai_fetch_cancel(f);
}


void
ngx_http_ai_fetch_cancel(ngx_http_ai_fetch_t *f)
{
    ngx_http_ai_fetch_close(f);

    if (f->wake.posted) {
        ngx_delete_posted_event(&f->wake);
    }

    if (f->timer.timer_set) {
        ngx_del_timer(&f->timer);
    }

    if (f->resolving) {
        ngx_resolve_name_done(f->resolving);
    }

    ngx_explicit_memzero(f->request.data, f->request.len);
    ngx_explicit_memzero(f->read.buf.start,
                         f->read.buf.last - f->read.buf.start);

    ngx_destroy_pool(f->pool);
}


static void
ngx_http_ai_fetch_close(ngx_http_ai_fetch_t *f)
{
    ngx_connection_t  *c;

    c = f->peer.connection;

    if (c) {
        f->peer.connection = NULL;
        ngx_http_ai_connection_close(c);
    }
}
