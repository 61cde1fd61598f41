
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * An HTTP proxy on the way to a provider: the connection is opened and the
 * CONNECT exchanged before nginx's upstream begins, which is then given the
 * connection as if it had been kept from a request before.
 */


#include "ngx_http_ai_upstream.h"


static void ngx_http_ai_tunnel_write(ngx_event_t *ev);
static void ngx_http_ai_tunnel_read(ngx_event_t *ev);
static ngx_int_t ngx_http_ai_tunnel_reply(ngx_http_ai_ctx_t *ctx);
static void ngx_http_ai_tunnel_done(ngx_http_ai_ctx_t *ctx, ngx_uint_t fault);


ngx_int_t
ngx_http_ai_tunnel(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t               rc;
    ngx_addr_t             *addr;
    ngx_connection_t       *c;
    ngx_peer_connection_t  *peer;

    if (ctx->keep || ctx->provider->proxy == NULL
        || (ctx->tunnel && ctx->tunnel->connection))
    {
        return NGX_OK;
    }

    if (ctx->tunnel == NULL) {
        ctx->tunnel = ngx_palloc(ctx->request->pool,
                                 sizeof(ngx_http_ai_tunnel_t));
        if (ctx->tunnel == NULL) {
            ctx->fault = NGX_AI_FAULT_CONNECT;
            return NGX_ERROR;
        }
    }

    ngx_memzero(ctx->tunnel, sizeof(ngx_http_ai_tunnel_t));

    addr = &ctx->addrs[ctx->naddr];

    peer = &ctx->tunnel->peer;
    peer->sockaddr = addr->sockaddr;
    peer->socklen = addr->socklen;
    peer->name = &addr->name;
    peer->get = ngx_event_get_peer;
    peer->log = ctx->request->connection->log;
    peer->log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(peer);

    if (rc == NGX_ERROR || rc == NGX_BUSY || rc == NGX_DECLINED
        || ngx_http_ai_tunnel_ask(ctx->request->pool, ctx->provider->proxy,
                                  &ctx->provider->url, &ctx->tunnel->pos,
                                  &ctx->tunnel->last)
           != NGX_OK)
    {
        ctx->fault = NGX_AI_FAULT_CONNECT;
        ngx_http_ai_tunnel_release(ctx);
        return NGX_ERROR;
    }

    c = peer->connection;
    c->data = ctx;
    c->read->handler = ngx_http_ai_tunnel_read;
    c->write->handler = ngx_http_ai_tunnel_write;

    ngx_add_timer(c->write, ctx->provider->connect);

    if (rc == NGX_OK) {
        ngx_post_event(c->write, &ngx_posted_events);
    }

    return NGX_AGAIN;
}


ngx_int_t
ngx_http_ai_tunnel_ask(ngx_pool_t *pool, ngx_http_ai_proxy_t *proxy,
    ngx_ai_url_t *url, u_char **pos, u_char **last)
{
    u_char           *p, *end;
    size_t            size;
    ngx_str_t         plain, encoded;
    ngx_ai_secret_t  *secret;

    secret = proxy->credentials;

    ngx_str_null(&encoded);

    if (secret) {
        plain.len = ngx_ai_secret_len(secret);
        plain.data = ngx_pnalloc(pool, plain.len);
        encoded.data = ngx_pnalloc(pool, ngx_base64_encoded_length(plain.len));

        if (plain.data == NULL || encoded.data == NULL) {
            return NGX_ERROR;
        }

        (void) ngx_ai_secret_copy(plain.data, secret);
        ngx_encode_base64(&encoded, &plain);
        ngx_explicit_memzero(plain.data, plain.len);
    }

    size = sizeof("CONNECT []:65535 HTTP/1.1" CRLF "Host: []:65535" CRLF
                  "Proxy-Authorization: Basic " CRLF CRLF)
           + 2 * url->host.len + encoded.len;

    p = ngx_pnalloc(pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *pos = p;
    end = p + size;

    p = ngx_slprintf(p, end, url->ipv6
                     ? "CONNECT [%V]:%d HTTP/1.1" CRLF "Host: [%V]:%d" CRLF
                     : "CONNECT %V:%d HTTP/1.1" CRLF "Host: %V:%d" CRLF,
                     &url->host, (int) url->port, &url->host,
                     (int) url->port);

    if (encoded.len) {
        p = ngx_slprintf(p, end, "Proxy-Authorization: Basic %V" CRLF,
                         &encoded);
    }

    *last = ngx_slprintf(p, end, CRLF);

    return NGX_OK;
}


static void
ngx_http_ai_tunnel_write(ngx_event_t *ev)
{
    ssize_t                n;
    ngx_connection_t      *c;
    ngx_http_ai_ctx_t     *ctx;
    ngx_http_ai_tunnel_t  *tunnel;

    c = ev->data;
    ctx = c->data;
    tunnel = ctx->tunnel;

    if (ev->timedout) {
        ngx_http_ai_tunnel_done(ctx, NGX_AI_FAULT_TIMEOUT);
        return;
    }

    while (tunnel->pos < tunnel->last) {
        n = c->send(c, tunnel->pos, tunnel->last - tunnel->pos);

        if (n == NGX_AGAIN) {
            if (ngx_handle_write_event(ev, 0) != NGX_OK) {
                ngx_http_ai_tunnel_done(ctx, NGX_AI_FAULT_CONNECT);
            }

            return;
        }

        if (n <= 0) {
            ngx_http_ai_tunnel_done(ctx, NGX_AI_FAULT_CONNECT);
            return;
        }

        tunnel->pos += n;
    }
}


static void
ngx_http_ai_tunnel_read(ngx_event_t *ev)
{
    ssize_t                n;
    ngx_int_t              rc;
    ngx_connection_t      *c;
    ngx_http_ai_ctx_t     *ctx;
    ngx_http_ai_tunnel_t  *tunnel;

    c = ev->data;
    ctx = c->data;
    tunnel = ctx->tunnel;

    for ( ;; ) {

        n = c->recv(c, tunnel->head + tunnel->len,
                    NGX_HTTP_AI_TUNNEL_HEAD - tunnel->len);

        if (n == NGX_AGAIN) {
            if (ngx_handle_read_event(ev, 0) != NGX_OK) {
                ngx_http_ai_tunnel_done(ctx, NGX_AI_FAULT_CONNECT);
            }

            return;
        }

        if (n <= 0) {
            ngx_http_ai_tunnel_done(ctx, NGX_AI_FAULT_CONNECT);
            return;
        }

        tunnel->len += n;

        rc = ngx_http_ai_tunnel_reply(ctx);

        if (rc != NGX_AGAIN) {
            ngx_http_ai_tunnel_done(ctx, rc == NGX_OK ? NGX_AI_FAULT_NONE
                                                      : NGX_AI_FAULT_CONNECT);
            return;
        }
    }
}


static ngx_int_t
ngx_http_ai_tunnel_reply(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_ai_tunnel_answer(ctx->tunnel->head, ctx->tunnel->len,
                                   NGX_HTTP_AI_TUNNEL_HEAD);

    if (rc == NGX_DECLINED) {
        ngx_http_ai_tunnel_refused(ctx->request->connection->log,
                                   &ctx->provider->name, ctx->tunnel->head);
    }

    return rc;
}


/* "HTTP/1.1 200 ..." and an empty line; nothing may follow: we speak first */

ngx_int_t
ngx_http_ai_tunnel_answer(u_char *head, size_t len, size_t max)
{
    u_char  *p, *last;

    last = head + len;

    p = ngx_strlcasestrn(head, last, (u_char *) CRLF CRLF, 4 - 1);

    if (p == NULL) {
        return (len == max) ? NGX_ERROR : NGX_AGAIN;
    }

    if (p + 4 == last
        && len > sizeof("HTTP/1.1 200") - 1
        && ngx_strncmp(head, "HTTP/1.", 7) == 0
        && ngx_strncmp(head + 8, " 200", 4) == 0)
    {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


void
ngx_http_ai_tunnel_refused(ngx_log_t *log, ngx_str_t *name, u_char *head)
{
    u_char  *p;

    for (p = head; *p >= ' ' && *p < 0x7f; p++) { /* void */ }

    ngx_log_error(NGX_LOG_ERR, log, 0,
                  "ai gateway: the proxy of provider \"%V\" answered \"%*s\"",
                  name, (size_t) (p - head), head);
}


static void
ngx_http_ai_tunnel_done(ngx_http_ai_ctx_t *ctx, ngx_uint_t fault)
{
    ngx_connection_t  *c, *client;

    client = ctx->request->connection;

    ngx_http_set_log_request(client->log, ctx->request);

    if (fault == NGX_AI_FAULT_NONE) {
        c = ctx->tunnel->peer.connection;
        ctx->tunnel->peer.connection = NULL;
        ctx->tunnel->connection = c;

        if (c->write->timer_set) {
            ngx_del_timer(c->write);
        }

        ngx_http_ai_upstream_resume(ctx);

    } else {
        ngx_http_ai_tunnel_release(ctx);
        ctx->fault = fault;
        ngx_http_ai_upstream_failed(ctx);
    }

    ngx_http_run_posted_requests(client);
}


void
ngx_http_ai_tunnel_release(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_ai_tunnel_t  *tunnel;

    tunnel = ctx->tunnel;

    if (tunnel == NULL) {
        return;
    }

    if (tunnel->peer.connection) {
        ngx_close_connection(tunnel->peer.connection);
        tunnel->peer.connection = NULL;
    }

    if (tunnel->connection) {
        ngx_close_connection(tunnel->connection);
        tunnel->connection = NULL;
    }
}
