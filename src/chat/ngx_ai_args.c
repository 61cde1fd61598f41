
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_args.h"
#include "ngx_ai_scan.h"


#define NGX_AI_ARGS_DEPTH  100


ngx_int_t
ngx_ai_args_read(const ngx_str_t *source, u_char *dst, ngx_str_t *json)
{
    u_char         *p;
    ngx_ai_scan_t   scan;

    if (ngx_ai_text_decode_loose(source->data, source->len, dst, source->len,
                                 json)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, NGX_AI_ARGS_DEPTH);

    if (ngx_ai_scan_feed(&scan, json->data, json->data + json->len)
        != NGX_ERROR
        && ngx_ai_scan_end(&scan) == NGX_OK)
    {
        if (scan.top.type == NGX_AI_JSON_OBJECT) {
            json->data += scan.top.start;
            json->len = (size_t) (scan.top.end - scan.top.start);

            return NGX_OK;
        }

        if (scan.top.type == NGX_AI_JSON_NULL) {
            ngx_str_set(json, "{}");
            return NGX_OK;
        }
    }

    for (p = json->data; p < json->data + json->len; p++) {
        if (*p != ' ' && *p != '\t' && *p != CR && *p != LF) {
            break;
        }
    }

    if (p == json->data + json->len) {
        ngx_str_set(json, "{}");
        return NGX_OK;
    }

    p = ngx_cpymem(dst, "{\"arguments\":\"", sizeof("{\"arguments\":\"") - 1);
    p = ngx_cpymem(p, source->data, source->len);
    p = ngx_cpymem(p, "\"}", sizeof("\"}") - 1);

    json->data = dst;
    json->len = p - dst;

    return NGX_OK;
}
