
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_FETCH_READ_H_INCLUDED_
#define _NGX_HTTP_AI_FETCH_READ_H_INCLUDED_


#include "ngx_http_ai.h"


/* a reply to a request of the gateway's own, and how far it has come */

typedef struct {
    ngx_buf_t                      buf;         /* all of it */
    ngx_http_status_t              status;
    ngx_str_t                      body;        /* when it is complete */

    /* the rest is private */

    ngx_http_request_t            *parser;      /* what nginx's parsers keep
                                                   their state in */
    ngx_http_chunked_t             chunk;
    off_t                          length;      /* Content-Length, or -1 */
    u_char                        *end;         /* of the body so far */
    unsigned                       has_status:1;
    unsigned                       has_head:1;
    unsigned                       chunked:1;
} ngx_http_ai_fetch_read_t;


/* a reply of "max" bytes at most; NGX_OK or NGX_ERROR */
ngx_int_t ngx_http_ai_fetch_read_init(ngx_http_ai_fetch_read_t *r,
    ngx_pool_t *pool, size_t max);

/*
 * Reads what there is on the connection.  NGX_OK: the reply is complete;
 * NGX_AGAIN; NGX_DECLINED: it is too long, cut or no reply of HTTP;
 * NGX_ERROR: the connection failed.
 */
ngx_int_t ngx_http_ai_fetch_read(ngx_http_ai_fetch_read_t *r,
    ngx_connection_t *c);


#endif /* _NGX_HTTP_AI_FETCH_READ_H_INCLUDED_ */
