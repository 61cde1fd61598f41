
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_MODELS_H_INCLUDED_
#define _NGX_HTTP_AI_MODELS_H_INCLUDED_


#include "ngx_http_ai.h"


/*
 * GET /v1/models: what this key may use.  NGX_DECLINED when the
 * configuration names no models and has one provider: its own list is
 * the answer, and is passed through.
 */
ngx_int_t ngx_http_ai_models_handler(ngx_http_ai_ctx_t *ctx);

/* sends the JSON in ctx->held, for whoever answers without a provider */
ngx_int_t ngx_http_ai_models_send(ngx_http_ai_ctx_t *ctx);


#endif /* _NGX_HTTP_AI_MODELS_H_INCLUDED_ */
