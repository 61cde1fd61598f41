
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_METRICS_HANDLER_H_INCLUDED_
#define _NGX_HTTP_AI_METRICS_HANDLER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include "ngx_http_ai_zone.h"


/* content handler of "ai_metrics": the metrics as Prometheus text */
ngx_int_t ngx_http_ai_metrics_handler(ngx_http_request_t *r);

/* the zone of the configuration the request is served by, or NULL */
ngx_http_ai_zone_t *ngx_http_ai_zone_of(ngx_http_request_t *r);


#endif /* _NGX_HTTP_AI_METRICS_HANDLER_H_INCLUDED_ */
