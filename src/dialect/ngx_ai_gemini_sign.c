
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"
#include "ngx_ai_sign.h"
#include "ngx_ai_text.h"


/* bytes that are coded at once: threes, and more than the mark has */
#define NGX_AI_GEMINI_SIGN_STEP  768


static ngx_int_t ngx_ai_gemini_base64(u_char c);
static ngx_uint_t ngx_ai_gemini_sign_plain(const ngx_str_t *text);
static ngx_int_t ngx_ai_gemini_encode(ngx_ai_buf_t *out, const u_char *src,
    size_t len);


/* "aigw." and a digit, in base64 */

static const ngx_str_t  ngx_ai_gemini_mark = ngx_string("YWlndy4");


ngx_int_t
ngx_ai_gemini_sign_read(ngx_pool_t *pool, const ngx_str_t *text,
    ngx_uint_t *origin, ngx_str_t *signature)
{
    u_char      *p;
    size_t       i;
    uint32_t     bits;
    ngx_int_t    n;
    ngx_str_t    wrapped;
    ngx_uint_t   nbits;

    *origin = NGX_AI_DIALECT_GEMINI;
    *signature = *text;

    if (text->len <= ngx_ai_gemini_mark.len
        || ngx_memcmp(text->data, ngx_ai_gemini_mark.data,
                      ngx_ai_gemini_mark.len)
           != 0)
    {
        return NGX_OK;
    }

    wrapped.data = ngx_pnalloc(pool, text->len);
    if (wrapped.data == NULL) {
        return NGX_ERROR;
    }

    p = wrapped.data;
    bits = 0;
    nbits = 0;

    for (i = 0; i < text->len; i++) {
        n = ngx_ai_gemini_base64(text->data[i]);

        if (n == NGX_ERROR) {
            break;
        }

        bits = (bits << 6 | (uint32_t) n) & 0xffffff;
        nbits += 6;

        if (nbits >= 8) {
            nbits -= 8;
            *p++ = (u_char) (bits >> nbits);
        }
    }

    wrapped.len = p - wrapped.data;

    /* what a client made up must not get out of the string it is put in */

    if (!ngx_ai_gemini_sign_plain(&wrapped)
        || ngx_ai_signature_unwrap(&wrapped, origin, signature) != NGX_OK)
    {
        *origin = NGX_AI_DIALECT_GEMINI;
        ngx_str_null(signature);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_base64(u_char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    /* of either alphabet */

    switch (c) {

    case '+':
    case '-':
        return 62;

    case '/':
    case '_':
        return 63;

    default:
        return NGX_ERROR;
    }
}


static ngx_uint_t
ngx_ai_gemini_sign_plain(const ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] <= ' ' || text->data[i] >= 0x7f
            || text->data[i] == '"' || text->data[i] == '\\')
        {
            return 0;
        }
    }

    return 1;
}


ngx_int_t
ngx_ai_gemini_sign_write(ngx_ai_buf_t *out, ngx_uint_t origin,
    const ngx_str_t *signature)
{
    u_char         buf[NGX_AI_GEMINI_SIGN_STEP];
    size_t         n;
    uint32_t       code;
    const char    *error;
    const u_char  *p, *end;

    if (origin == NGX_AI_DIALECT_GEMINI) {
        return ngx_ai_buf_append(out, signature->data, signature->len);
    }

    n = ngx_sprintf(buf, "aigw.%ui.", origin) - buf;

    p = signature->data;
    end = p + signature->len;

    while (p < end) {

        if (*p != '\\') {
            buf[n++] = *p++;

        } else {

            /* no signature has more in it than ASCII */

            if (ngx_ai_text_unit_loose(&p, end, &code, &error) != NGX_OK) {
                return NGX_ERROR;
            }

            buf[n++] = (u_char) ngx_min(code, 0x7f);
        }

        if (n == NGX_AI_GEMINI_SIGN_STEP) {

            if (ngx_ai_gemini_encode(out, buf, n) != NGX_OK) {
                return NGX_DECLINED;
            }

            n = 0;
        }
    }

    return ngx_ai_gemini_encode(out, buf, n);
}


static ngx_int_t
ngx_ai_gemini_encode(ngx_ai_buf_t *out, const u_char *src, size_t len)
{
    u_char    *p;
    uint32_t   bits;

    static const u_char  base64[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    p = ngx_ai_buf_reserve(out, (len + 2) / 3 * 4);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    for ( /* void */ ; len >= 3; len -= 3) {
        bits = (uint32_t) src[0] << 16 | src[1] << 8 | src[2];
        src += 3;

        *p++ = base64[bits >> 18];
        *p++ = base64[bits >> 12 & 0x3f];
        *p++ = base64[bits >> 6 & 0x3f];
        *p++ = base64[bits & 0x3f];
    }

    if (len) {
        bits = (uint32_t) src[0] << 16 | (len == 2 ? src[1] << 8 : 0);

        *p++ = base64[bits >> 18];
        *p++ = base64[bits >> 12 & 0x3f];
        *p++ = (len == 2) ? base64[bits >> 6 & 0x3f] : '=';
        *p++ = '=';
    }

    out->last = p;

    return NGX_OK;
}
