
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_HEALTH_H_INCLUDED_
#define _NGX_HTTP_AI_HEALTH_H_INCLUDED_


#include "ngx_http_ai.h"


/*
 * "ai_health live": this worker answers.  "ai_health ready": it also takes
 * new work, that is, it is not on its way out.
 */
ngx_int_t ngx_http_ai_health_handler(ngx_http_request_t *r);


#endif /* _NGX_HTTP_AI_HEALTH_H_INCLUDED_ */
