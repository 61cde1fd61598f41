
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_ERROR_H_INCLUDED_
#define _NGX_HTTP_AI_ERROR_H_INCLUDED_


#include "ngx_http_ai.h"


/*
 * Makes the request's error and returns its status, for the caller to return
 * or to finalize the request with.  From there it is nginx's: error_page
 * applies, and where it does not, the filters put the error's envelope in
 * the place of nginx's page.  "param" is a constant or NULL.
 */
ngx_int_t ngx_http_ai_fail(ngx_http_ai_ctx_t *ctx, ngx_uint_t kind,
    const char *param, const char *fmt, ...);

/* the same when ctx->error is filled but for its status */
ngx_int_t ngx_http_ai_failed(ngx_http_ai_ctx_t *ctx);

/* installs the filters; in postconfiguration */
ngx_int_t ngx_http_ai_error_init(ngx_conf_t *cf);


#endif /* _NGX_HTTP_AI_ERROR_H_INCLUDED_ */
