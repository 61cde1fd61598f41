
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_GATE_H_INCLUDED_
#define _NGX_HTTP_AI_GATE_H_INCLUDED_


#include "ngx_http_ai.h"


/*
 * Reads the head of a reply from the window, heads of 1xx replies included:
 * NGX_OK and ctx->head is filled, NGX_AGAIN, or NGX_ERROR for a head that is
 * malformed or says two things about its length.  What follows the head is
 * moved to the beginning of the window.
 */
ngx_int_t ngx_http_ai_head_read(ngx_http_ai_ctx_t *ctx);


#endif /* _NGX_HTTP_AI_GATE_H_INCLUDED_ */
