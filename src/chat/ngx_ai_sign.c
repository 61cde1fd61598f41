
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_digest.h"
#include "ngx_ai_sign.h"


#define NGX_AI_SIGN_MARK    "aigw."
#define NGX_AI_SIGN_DIGITS  2            /* of a dialect's number */


static u_char *ngx_ai_sign_put(u_char *p, ngx_uint_t origin,
    const ngx_str_t *signature);
static ngx_uint_t ngx_ai_id_fits(const ngx_str_t *id, size_t max,
    const char *more);


static const u_char  ngx_ai_id_digits[] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";


ngx_int_t
ngx_ai_signature_wrap(ngx_pool_t *pool, ngx_uint_t origin,
    const ngx_str_t *signature, ngx_str_t *wrapped)
{
    u_char  *p;

    p = ngx_pnalloc(pool, sizeof(NGX_AI_SIGN_MARK) + NGX_INT_T_LEN
                          + signature->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    wrapped->len = ngx_ai_sign_put(p, origin, signature) - p;
    wrapped->data = p;

    return NGX_OK;
}


static u_char *
ngx_ai_sign_put(u_char *p, ngx_uint_t origin, const ngx_str_t *signature)
{
    p = ngx_sprintf(p, NGX_AI_SIGN_MARK "%ui.", origin);

    return ngx_cpymem(p, signature->data, signature->len);
}


ngx_int_t
ngx_ai_signature_unwrap(const ngx_str_t *wrapped, ngx_uint_t *origin,
    ngx_str_t *signature)
{
    u_char      *p, *last, *digits;
    ngx_uint_t   n;

    p = wrapped->data;
    last = p + wrapped->len;

    if (wrapped->len < sizeof(NGX_AI_SIGN_MARK) - 1
        || ngx_memcmp(p, NGX_AI_SIGN_MARK, sizeof(NGX_AI_SIGN_MARK) - 1) != 0)
    {
        return NGX_DECLINED;
    }

    p += sizeof(NGX_AI_SIGN_MARK) - 1;
    digits = p;
    n = 0;

    while (p < last && p - digits < NGX_AI_SIGN_DIGITS
           && *p >= '0' && *p <= '9')
    {
        n = n * 10 + (*p++ - '0');
    }

    if (p == digits || last - p < 2 || *p != '.') {
        return NGX_DECLINED;
    }

    p++;

    *origin = n;
    signature->data = p;
    signature->len = last - p;

    return NGX_OK;
}


ngx_int_t
ngx_ai_id_join(ngx_pool_t *pool, const ngx_str_t *id, ngx_uint_t origin,
    const ngx_str_t *signature, ngx_str_t *joined)
{
    u_char  *p, *start;

    if (signature->len == 0 || signature->len > NGX_AI_SIGN_MAX) {
        *joined = *id;
        return NGX_OK;
    }

    start = ngx_pnalloc(pool, id->len + 1 + sizeof(NGX_AI_SIGN_MARK)
                              + NGX_INT_T_LEN + signature->len);
    if (start == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(start, id->data, id->len);
    *p++ = '~';
    p = ngx_ai_sign_put(p, origin, signature);

    joined->data = start;
    joined->len = p - start;

    return NGX_OK;
}


ngx_int_t
ngx_ai_id_split(const ngx_str_t *joined, ngx_str_t *id, ngx_uint_t *origin,
    ngx_str_t *signature)
{
    u_char     *p;
    ngx_str_t   wrapped;

    if (joined->len == 0) {
        return NGX_DECLINED;
    }

    /* no base64 has a tilde: the last one is ours, if any is */

    p = memrchr(joined->data, '~', joined->len);

    if (p == NULL) {
        return NGX_DECLINED;
    }

    wrapped.data = p + 1;
    wrapped.len = joined->data + joined->len - wrapped.data;

    if (ngx_ai_signature_unwrap(&wrapped, origin, signature) != NGX_OK) {
        return NGX_DECLINED;
    }

    id->data = joined->data;
    id->len = p - id->data;

    return NGX_OK;
}


ngx_int_t
ngx_ai_id_fit(ngx_pool_t *pool, const ngx_str_t *id, size_t max,
    const char *more, size_t len, ngx_str_t *fit)
{
    u_char      *p, digest[NGX_AI_SHA256_LEN];
    size_t       i;
    ngx_uint_t   k, rest;

    if (ngx_ai_id_fits(id, max, more)) {
        *fit = *id;
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_ai_sha256(id->data, id->len, digest);

    /* the digest is a number: its digits to the base of 62, last one first */

    for (i = 0; i < len; i++) {
        rest = 0;

        for (k = 0; k < NGX_AI_SHA256_LEN; k++) {
            rest = rest << 8 | digest[k];
            digest[k] = (u_char) (rest / 62);
            rest %= 62;
        }

        p[i] = ngx_ai_id_digits[rest];
    }

    fit->data = p;
    fit->len = len;

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_id_fits(const ngx_str_t *id, size_t max, const char *more)
{
    size_t  i;
    u_char  c;

    if (id->len == 0 || id->len > max) {
        return 0;
    }

    for (i = 0; i < id->len; i++) {
        c = id->data[i];

        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
        {
            continue;
        }

        if (c == '\0' || strchr(more, c) == NULL) {
            return 0;
        }
    }

    return 1;
}
