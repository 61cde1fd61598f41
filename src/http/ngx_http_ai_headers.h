
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_HEADERS_H_INCLUDED_
#define _NGX_HTTP_AI_HEADERS_H_INCLUDED_


#include "ngx_http_ai.h"


/* the first header of the client with that name, in lower case; or NULL */
ngx_table_elt_t *ngx_http_ai_header_in(ngx_http_request_t *r,
    const ngx_str_t *name);

/* the gateway's own headers, in every reply of its locations */
ngx_int_t ngx_http_ai_headers_add(ngx_http_ai_ctx_t *ctx);

/* status and headers of the provider's reply, as far as they are passed */
ngx_int_t ngx_http_ai_headers_commit(ngx_http_ai_ctx_t *ctx);

/* adds a header whose name is a constant */
ngx_int_t ngx_http_ai_header(ngx_http_request_t *r, const char *name,
    const ngx_str_t *value);


#endif /* _NGX_HTTP_AI_HEADERS_H_INCLUDED_ */
