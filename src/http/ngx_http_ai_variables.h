
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_VARIABLES_H_INCLUDED_
#define _NGX_HTTP_AI_VARIABLES_H_INCLUDED_


#include "ngx_http_ai.h"


/* adds $ai_... and the log_format "ai_log_json"; in preconfiguration */
ngx_int_t ngx_http_ai_variables_init(ngx_conf_t *cf);


#endif /* _NGX_HTTP_AI_VARIABLES_H_INCLUDED_ */
