
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_error.h"


typedef struct {
    ngx_uint_t        status;
    ngx_str_t         name;
} ngx_ai_error_row_t;


static const ngx_ai_error_row_t  ngx_ai_errors[NGX_AI_ERROR_MAX] = {
    { 200, ngx_string("") },
    { 400, ngx_string("invalid_request") },
    { 401, ngx_string("unauthorized") },
    { 403, ngx_string("forbidden") },
    { 404, ngx_string("not_found") },
    { 404, ngx_string("model_not_found") },
    { 404, ngx_string("not_owner") },
    { 405, ngx_string("method_not_allowed") },
    { 413, ngx_string("too_large") },
    { 415, ngx_string("unsupported_media") },
    { 400, ngx_string("context_length") },
    { 400, ngx_string("content_policy") },
    { 400, ngx_string("previous_not_found") },
    { 429, ngx_string("rate_limited") },
    { 429, ngx_string("quota") },
    { 500, ngx_string("internal") },
    { 502, ngx_string("upstream") },
    { 502, ngx_string("provider_auth") },
    { 503, ngx_string("unavailable") },
    { 503, ngx_string("overloaded") },
    { 504, ngx_string("timeout") }
};


ngx_uint_t
ngx_ai_error_status(ngx_uint_t kind)
{
    return ngx_ai_errors[kind].status;
}


const ngx_str_t *
ngx_ai_error_name(ngx_uint_t kind)
{
    return &ngx_ai_errors[kind].name;
}


ngx_uint_t
ngx_ai_error_kind(ngx_uint_t status)
{
    ngx_uint_t  kind;

    switch (status) {

    case 402:
        return NGX_AI_ERROR_QUOTA;

    case 529:
        return NGX_AI_ERROR_OVERLOADED;
    }

    for (kind = 1; kind < NGX_AI_ERROR_MAX; kind++) {
        if (ngx_ai_errors[kind].status == status) {
            return kind;
        }
    }

    return status < 500 ? NGX_AI_ERROR_INVALID : NGX_AI_ERROR_INTERNAL;
}
