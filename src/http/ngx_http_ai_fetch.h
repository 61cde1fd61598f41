
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_FETCH_H_INCLUDED_
#define _NGX_HTTP_AI_FETCH_H_INCLUDED_


#include "ngx_http_ai.h"


/*
 * A request of the gateway's own, as for a token: asked on a connection of
 * its own, and answered with one reply that fits into memory.  It needs no
 * client, and does not keep a worker that shuts down.
 *
 *     wake --> resolve --> connect --> [CONNECT] --> [TLS] --> send --> read
 *                 |           |  ^         |           |                  |
 *                 |           |  +---------+-----------+                  |
 *                 |           |    the next address                       |
 *                 +-----------+-------------------------------------------+
 *                                                           the handler, once
 */


/* where things are fetched, known since the configuration was read */

typedef struct {
    ngx_str_t                      name;        /* for the log */
    ngx_ai_url_t                   url;
    ngx_addr_t                    *addrs;       /* of the proxy if there is
                                                   one; NULL: resolved */
    ngx_uint_t                     naddrs;
    ngx_http_ai_proxy_t           *proxy;
    ngx_resolver_t                *resolver;
    ngx_ssl_t                     *ssl;         /* of https */
    ngx_flag_t                     verify;
    ngx_msec_t                     timeout;     /* of all of it */
    size_t                         max;         /* of a reply with its head */
} ngx_http_ai_site_t;


/* what is asked for; it is copied */

typedef struct {
    ngx_str_t                      method;
    ngx_str_t                      target;
    ngx_str_t                      type;        /* of the body, or empty */
    ngx_str_t                      body;
} ngx_http_ai_fetch_ask_t;


typedef struct {
    ngx_uint_t                     fault;       /* NGX_AI_FAULT_NONE: there is
                                                   a reply, of any status */
    ngx_uint_t                     status;
    ngx_str_t                      body;        /* until the handler returns */
} ngx_http_ai_fetch_reply_t;


typedef struct ngx_http_ai_fetch_s  ngx_http_ai_fetch_t;

typedef void (*ngx_http_ai_fetch_pt)(void *data,
    ngx_http_ai_fetch_reply_t *reply);


/*
 * NULL when there is no memory.  Otherwise the handler is called, once and
 * not from here; then the fetch is gone, and all that was sent and received
 * is wiped.  The site must stay as long.
 */
ngx_http_ai_fetch_t *ngx_http_ai_fetch(ngx_http_ai_site_t *site,
    const ngx_http_ai_fetch_ask_t *ask, ngx_http_ai_fetch_pt handler,
    void *data);

/* ends it; the handler is not called */
void ngx_http_ai_fetch_cancel(ngx_http_ai_fetch_t *f);


#endif /* _NGX_HTTP_AI_FETCH_H_INCLUDED_ */
