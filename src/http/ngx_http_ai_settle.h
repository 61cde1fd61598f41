
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_SETTLE_H_INCLUDED_
#define _NGX_HTTP_AI_SETTLE_H_INCLUDED_


#include "ngx_http_ai.h"


/* of the log phase; must run before the log module's */
ngx_int_t ngx_http_ai_log_handler(ngx_http_request_t *r);

/* one word for what went wrong, for logs and metrics; empty if nothing did */
const ngx_str_t *ngx_http_ai_settle_error(ngx_http_ai_ctx_t *ctx);


#endif /* _NGX_HTTP_AI_SETTLE_H_INCLUDED_ */
