
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_health.h"


ngx_int_t
ngx_http_ai_health_handler(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_uint_t                 status;
    ngx_http_ai_loc_conf_t    *alcf;
    ngx_http_complex_value_t   cv;

    static ngx_str_t  type = ngx_string("application/json");
    static ngx_str_t  ok = ngx_string("{\"status\":\"ok\"}\n");
    static ngx_str_t  leaving = ngx_string("{\"status\":\"shutting down\"}\n");

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_ai_gateway_module);

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));
    cv.value = ok;
    status = NGX_HTTP_OK;

    if (alcf->health == NGX_HTTP_AI_HEALTH_READY
        && (ngx_exiting || ngx_terminate))
    {
        cv.value = leaving;
        status = NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    return ngx_http_send_response(r, status, &type, &cv);
}
