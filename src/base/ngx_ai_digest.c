
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * OpenSSL 3 looks an algorithm up by name on each one-shot call, SHA256()
 * included: 300 ns for the digest of a client's key.  Keeping the result of
 * the look-up needs a static or a context in every caller.  The plain SHA-256
 * functions run the same compression code in 50 ns and cannot fail; they are
 * marked as deprecated since 3.0 and present in all versions.
 */

#define OPENSSL_SUPPRESS_DEPRECATED

#include <ngx_config.h>
#include <ngx_core.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "ngx_ai_digest.h"


static ngx_int_t ngx_ai_unhex_digit(u_char c);


void
ngx_ai_sha256(const u_char *data, size_t len, u_char out[NGX_AI_SHA256_LEN])
{
    SHA256_CTX  sha;

    SHA256_Init(&sha);
    SHA256_Update(&sha, data, len);
    SHA256_Final(out, &sha);
}


void
ngx_ai_sha256_init(ngx_ai_sha256_t *s)
{
    SHA256_Init(s);
}


void
ngx_ai_sha256_update(ngx_ai_sha256_t *s, const u_char *data, size_t len)
{
    SHA256_Update(s, data, len);
}


void
ngx_ai_sha256_final(ngx_ai_sha256_t *s, u_char out[NGX_AI_SHA256_LEN])
{
    SHA256_Final(out, s);
}


ngx_int_t
ngx_ai_hmac_sha256(const u_char *key, size_t key_len, const u_char *data,
    size_t len, u_char out[NGX_AI_SHA256_LEN])
{
    if (key_len == 0 || key_len > INT_MAX) {
        return NGX_ERROR;
    }

    if (HMAC(EVP_sha256(), key, (int) key_len, data, len, out, NULL) == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


u_char *
ngx_ai_hex(u_char *dst, const u_char *src, size_t len)
{
    const u_char         *end;
    static const u_char   digits[] = "0123456789abcdef";

    for (end = src + len; src < end; src++) {
        *dst++ = digits[*src >> 4];
        *dst++ = digits[*src & 0xf];
    }

    return dst;
}


ngx_int_t
ngx_ai_unhex(u_char *dst, const u_char *src, size_t hex_len)
{
    ngx_int_t      high, low;
    const u_char  *end;

    if (hex_len % 2) {
        return NGX_ERROR;
    }

    for (end = src + hex_len; src < end; src += 2) {
        high = ngx_ai_unhex_digit(src[0]);
        low = ngx_ai_unhex_digit(src[1]);

        if (high == NGX_ERROR || low == NGX_ERROR) {
            return NGX_ERROR;
        }

        *dst++ = (u_char) (high << 4 | low);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_unhex_digit(u_char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }

    return NGX_ERROR;
}


ngx_uint_t
ngx_ai_equal(const u_char *a, const u_char *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
