
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_SELECT_H_INCLUDED_
#define _NGX_HTTP_AI_SELECT_H_INCLUDED_


#include "ngx_http_ai.h"


/*
 * Who may answer, in order: fills ctx->targets.  NGX_OK, or the status of
 * the error that was made.
 */
ngx_int_t ngx_http_ai_select(ngx_http_ai_ctx_t *ctx);

/* NULL when there is none of that name */
ngx_http_ai_provider_t *ngx_http_ai_provider_find(
    ngx_http_ai_main_conf_t *amcf, const ngx_str_t *name);
ngx_http_ai_model_t *ngx_http_ai_model_find(ngx_http_ai_main_conf_t *amcf,
    const ngx_str_t *name);


#endif /* _NGX_HTTP_AI_SELECT_H_INCLUDED_ */
