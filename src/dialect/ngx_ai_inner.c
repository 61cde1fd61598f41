
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_inner.h"
#include "ngx_ai_scan.h"
#include "ngx_ai_text.h"
#include "ngx_ai_tree.h"


static u_char ngx_ai_inner_escape(u_char c);


ngx_int_t
ngx_ai_inner_read(ngx_pool_t *pool, const ngx_str_t *text, ngx_str_t *json)
{
    u_char         *p;
    ngx_ai_scan_t   scan;

    if (ngx_ai_inner_blank(text)) {
        ngx_str_set(json, "{}");
        return NGX_OK;
    }

    *json = *text;

    if (memchr(text->data, '\\', text->len) != NULL) {

        p = ngx_pnalloc(pool, text->len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        if (ngx_ai_text_decode_loose(text->data, text->len, p, text->len, json)
            != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, NGX_AI_TREE_DEPTH);
    (void) ngx_ai_scan_feed(&scan, json->data, json->data + json->len);

    return (ngx_ai_scan_end(&scan) == NGX_OK
            && scan.top.type == NGX_AI_JSON_OBJECT)
           ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_ai_inner_write(ngx_pool_t *pool, const ngx_str_t *json, ngx_str_t *text)
{
    u_char  *p;
    size_t   i, n;

    n = 0;

    for (i = 0; i < json->len; i++) {
        if (ngx_ai_inner_escape(json->data[i])) {
            n++;
        }
    }

    if (n == 0) {
        *text = *json;
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, json->len + n);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;
    text->len = json->len + n;

    for (i = 0; i < json->len; i++) {

        if (ngx_ai_inner_escape(json->data[i])) {
            *p++ = '\\';
            *p++ = ngx_ai_inner_escape(json->data[i]);

        } else {
            *p++ = json->data[i];
        }
    }

    return NGX_OK;
}


/* what follows the backslash; JSON has no other control characters */

static u_char
ngx_ai_inner_escape(u_char c)
{
    switch (c) {

    case '"':
    case '\\':
        return c;

    case '\n':
        return 'n';

    case '\r':
        return 'r';

    case '\t':
        return 't';

    default:
        return 0;
    }
}


ngx_uint_t
ngx_ai_inner_blank(const ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {

        if (text->data[i] == ' ') {
            continue;
        }

        if (text->data[i] != '\\' || i + 1 == text->len) {
            return 0;
        }

        switch (text->data[++i]) {

        case 'n':
        case 'r':
        case 't':
        case 'f':
            break;

        default:
            return 0;
        }
    }

    return 1;
}
