
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_sigv4.h"
#include "ngx_ai_url.h"


#define NGX_AI_SIGV4_PARAMS   64

#define NGX_AI_SIGV4_HEX      (2 * NGX_AI_SHA256_LEN)
#define NGX_AI_SIGV4_TIME     (sizeof("20150830T123600Z") - 1)
#define NGX_AI_SIGV4_SCOPE                                                    \
    (sizeof("20150830///aws4_request") - 1 + 2 * NGX_AI_SIGV4_NAME_MAX)
#define NGX_AI_SIGV4_TEXT                                                     \
    (sizeof("AWS4-HMAC-SHA256\n\n\n") + NGX_AI_SIGV4_TIME                     \
     + NGX_AI_SIGV4_SCOPE + NGX_AI_SIGV4_HEX)

#define NGX_AI_SIGV4_SIGNED   "host;x-amz-date"
#define NGX_AI_SIGV4_SESSION  ";x-amz-security-token"

#define ngx_ai_sigv4_add(sha, text)                                           \
    ngx_ai_sha256_update(sha, (u_char *) text, sizeof(text) - 1)


/* a parameter of the query, encoded, and where its value begins */

typedef struct {
    ngx_str_t         text;
    size_t            value;
} ngx_ai_sigv4_param_t;


/* what is made of a request on the way to its signature */

typedef struct {
    u_char            time[NGX_AI_SIGV4_TIME];
    u_char            scope[NGX_AI_SIGV4_SCOPE];
    size_t            scope_len;
    ngx_str_t         session;
    u_char            canonical[NGX_AI_SIGV4_HEX];
    u_char            signature[NGX_AI_SIGV4_HEX];
} ngx_ai_sigv4_t;


static void ngx_ai_sigv4_time(ngx_ai_sigv4_t *s,
    const ngx_ai_sigv4_key_t *key, time_t now);
static ngx_int_t ngx_ai_sigv4_canonical(ngx_ai_sigv4_t *s,
    const ngx_ai_sigv4_request_t *request, ngx_pool_t *pool);
static ngx_int_t ngx_ai_sigv4_path(ngx_ai_sha256_t *sha, ngx_pool_t *pool,
    u_char *p, u_char *last);
static ngx_int_t ngx_ai_sigv4_query(ngx_ai_sha256_t *sha, ngx_pool_t *pool,
    u_char *p, u_char *last);
static ngx_int_t ngx_ai_sigv4_params(ngx_pool_t *pool, u_char *p,
    u_char *last, ngx_ai_sigv4_param_t *params, ngx_uint_t *n);
static void ngx_ai_sigv4_insert(ngx_ai_sigv4_param_t *params, ngx_uint_t n,
    const ngx_ai_sigv4_param_t *param);
static ngx_int_t ngx_ai_sigv4_compare(const ngx_ai_sigv4_param_t *a,
    const ngx_ai_sigv4_param_t *b);
static u_char *ngx_ai_sigv4_encode(u_char *dst, u_char c);
static ngx_int_t ngx_ai_sigv4_derive(ngx_ai_sigv4_t *s,
    ngx_ai_sigv4_key_t *key, ngx_pool_t *pool);
static ngx_int_t ngx_ai_sigv4_sign(ngx_ai_sigv4_t *s,
    ngx_ai_sigv4_key_t *key);


size_t
ngx_ai_sigv4_size(const ngx_ai_sigv4_key_t *key)
{
    size_t  size;

    size = sizeof("X-Amz-Date: " CRLF
                  "Authorization: AWS4-HMAC-SHA256 Credential=/"
                  ", SignedHeaders=" NGX_AI_SIGV4_SIGNED
                  ", Signature=" CRLF) - 1
           + NGX_AI_SIGV4_TIME + ngx_ai_secret_len(key->id)
           + NGX_AI_SIGV4_SCOPE + NGX_AI_SIGV4_HEX;

    if (key->session) {
        size += sizeof("X-Amz-Security-Token: " CRLF
                       NGX_AI_SIGV4_SESSION) - 1
                + ngx_ai_secret_len(key->session);
    }

    return size;
}


ngx_int_t
ngx_ai_sigv4_write(ngx_ai_sigv4_key_t *key,
    const ngx_ai_sigv4_request_t *request, ngx_pool_t *pool, u_char **p)
{
    u_char          *dst;
    ngx_int_t        rc;
    ngx_ai_sigv4_t   s;

    if (key->region.len > NGX_AI_SIGV4_NAME_MAX
        || key->service.len > NGX_AI_SIGV4_NAME_MAX)
    {
        return NGX_ERROR;
    }

    ngx_ai_sigv4_time(&s, key, request->now);

    dst = ngx_sprintf(*p, "X-Amz-Date: %*s" CRLF, NGX_AI_SIGV4_TIME, s.time);

    ngx_str_null(&s.session);

    if (key->session) {
        dst = ngx_cpymem(dst, "X-Amz-Security-Token: ",
                         sizeof("X-Amz-Security-Token: ") - 1);

        s.session.data = dst;
        dst = ngx_ai_secret_copy(dst, key->session);
        s.session.len = dst - s.session.data;

        *dst++ = CR; *dst++ = LF;
    }

    rc = ngx_ai_sigv4_canonical(&s, request, pool);

    if (rc == NGX_OK
        && ngx_memcmp(key->day, s.time, NGX_AI_SIGV4_DAY) != 0)
    {
        rc = ngx_ai_sigv4_derive(&s, key, pool);
    }

    if (rc == NGX_OK) {
        rc = ngx_ai_sigv4_sign(&s, key);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    dst = ngx_cpymem(dst, "Authorization: AWS4-HMAC-SHA256 Credential=",
                     sizeof("Authorization: AWS4-HMAC-SHA256 Credential=")
                     - 1);
    dst = ngx_ai_secret_copy(dst, key->id);

    *p = ngx_sprintf(dst, "/%*s, SignedHeaders=" NGX_AI_SIGV4_SIGNED "%s"
                     ", Signature=%*s" CRLF, s.scope_len, s.scope,
                     key->session ? NGX_AI_SIGV4_SESSION : "",
                     NGX_AI_SIGV4_HEX, s.signature);

    return NGX_OK;
}


static void
ngx_ai_sigv4_time(ngx_ai_sigv4_t *s, const ngx_ai_sigv4_key_t *key,
    time_t now)
{
    struct tm  tm;

    (void) gmtime_r(&now, &tm);

    (void) ngx_snprintf(s->time, NGX_AI_SIGV4_TIME,
                        "%04d%02d%02dT%02d%02d%02dZ",
                        tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                        tm.tm_hour, tm.tm_min, tm.tm_sec);

    s->scope_len = ngx_snprintf(s->scope, NGX_AI_SIGV4_SCOPE,
                                "%*s/%V/%V/aws4_request", NGX_AI_SIGV4_DAY,
                                s->time, &key->region, &key->service)
                   - s->scope;
}


static ngx_int_t
ngx_ai_sigv4_canonical(ngx_ai_sigv4_t *s,
    const ngx_ai_sigv4_request_t *request, ngx_pool_t *pool)
{
    u_char           *last, *query;
    u_char            hex[NGX_AI_SIGV4_HEX], digest[NGX_AI_SHA256_LEN];
    ngx_int_t         rc;
    ngx_ai_sha256_t   sha;

    ngx_ai_sha256_init(&sha);

    ngx_ai_sha256_update(&sha, request->method.data, request->method.len);
    ngx_ai_sigv4_add(&sha, "\n");

    last = request->target.data + request->target.len;
    query = ngx_strlchr(request->target.data, last, '?');

    rc = ngx_ai_sigv4_path(&sha, pool, request->target.data,
                           query ? query : last);

    if (rc == NGX_OK && query) {
        rc = ngx_ai_sigv4_query(&sha, pool, query + 1, last);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_sigv4_add(&sha, "\nhost:");
    ngx_ai_sha256_update(&sha, request->host.data, request->host.len);
    ngx_ai_sigv4_add(&sha, "\nx-amz-date:");
    ngx_ai_sha256_update(&sha, s->time, NGX_AI_SIGV4_TIME);

    if (s->session.len) {
        ngx_ai_sigv4_add(&sha, "\nx-amz-security-token:");
        ngx_ai_sha256_update(&sha, s->session.data, s->session.len);
    }

    ngx_ai_sigv4_add(&sha, "\n\n" NGX_AI_SIGV4_SIGNED);

    if (s->session.len) {
        ngx_ai_sigv4_add(&sha, NGX_AI_SIGV4_SESSION);
    }

    ngx_ai_sigv4_add(&sha, "\n");

    ngx_ai_hex(hex, request->body, NGX_AI_SHA256_LEN);
    ngx_ai_sha256_update(&sha, hex, NGX_AI_SIGV4_HEX);

    ngx_ai_sha256_final(&sha, digest);
    ngx_ai_hex(s->canonical, digest, NGX_AI_SHA256_LEN);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_sigv4_path(ngx_ai_sha256_t *sha, ngx_pool_t *pool, u_char *p,
    u_char *last)
{
    u_char  *path, *dst;

    path = ngx_pnalloc(pool, 3 * (last - p) + 1);
    if (path == NULL) {
        return NGX_ERROR;
    }

    dst = path;

    while (p < last) {

        if (*p == '/') {
            *dst++ = *p++;

        } else {
            dst = ngx_ai_sigv4_encode(dst, *p++);
        }
    }

    *dst++ = '\n';

    ngx_ai_sha256_update(sha, path, dst - path);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_sigv4_query(ngx_ai_sha256_t *sha, ngx_pool_t *pool, u_char *p,
    u_char *last)
{
    ngx_int_t             rc;
    ngx_uint_t            i, n;
    ngx_ai_sigv4_param_t  params[NGX_AI_SIGV4_PARAMS];

    n = 0;

    rc = ngx_ai_sigv4_params(pool, p, last, params, &n);

    if (rc != NGX_OK) {
        return rc;
    }

    for (i = 0; i < n; i++) {

        if (i) {
            ngx_ai_sigv4_add(sha, "&");
        }

        ngx_ai_sha256_update(sha, params[i].text.data, params[i].text.len);
    }

    return NGX_OK;
}


/* each name and value decoded and encoded again, in the order of the bytes */

static ngx_int_t
ngx_ai_sigv4_params(ngx_pool_t *pool, u_char *p, u_char *last,
    ngx_ai_sigv4_param_t *params, ngx_uint_t *n)
{
    u_char                *dst;
    ngx_int_t              c;
    ngx_ai_sigv4_param_t   param;

    /* a parameter without a value gets its "=" */

    dst = ngx_pnalloc(pool, 3 * (last - p) + NGX_AI_SIGV4_PARAMS);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    for ( ;; ) {

        while (p < last && *p == '&') {
            p++;
        }

        if (p == last) {
            return NGX_OK;
        }

        if (*n == NGX_AI_SIGV4_PARAMS) {
            return NGX_DECLINED;
        }

        param.text.data = dst;
        param.value = 0;

        while (p < last && *p != '&') {

            if (*p == '=' && param.value == 0) {
                p++;
                *dst++ = '=';
                param.value = dst - param.text.data;
                continue;
            }

            c = ngx_ai_url_escape(p, last);

            if (c >= 0) {
                dst = ngx_ai_sigv4_encode(dst, (u_char) c);
                p += 3;

            } else {
                dst = ngx_ai_sigv4_encode(dst, *p++);
            }
        }

        if (param.value == 0) {
            *dst++ = '=';
            param.value = dst - param.text.data;
        }

        param.text.len = dst - param.text.data;

        ngx_ai_sigv4_insert(params, *n, &param);
        (*n)++;
    }
}


static void
ngx_ai_sigv4_insert(ngx_ai_sigv4_param_t *params, ngx_uint_t n,
    const ngx_ai_sigv4_param_t *param)
{
    while (n > 0 && ngx_ai_sigv4_compare(&params[n - 1], param) > 0) {
        params[n] = params[n - 1];
        n--;
    }

    params[n] = *param;
}


/* by name, then by value */

static ngx_int_t
ngx_ai_sigv4_compare(const ngx_ai_sigv4_param_t *a,
    const ngx_ai_sigv4_param_t *b)
{
    size_t     len;
    ngx_int_t  rc;

    len = ngx_min(a->value, b->value) - 1;
    rc = ngx_memcmp(a->text.data, b->text.data, len);

    if (rc == 0) {
        rc = (ngx_int_t) a->value - (ngx_int_t) b->value;
    }

    if (rc == 0) {
        len = ngx_min(a->text.len, b->text.len);
        rc = ngx_memcmp(a->text.data, b->text.data, len);
    }

    if (rc == 0) {
        rc = (ngx_int_t) a->text.len - (ngx_int_t) b->text.len;
    }

    return rc;
}


static u_char *
ngx_ai_sigv4_encode(u_char *dst, u_char c)
{
    static const u_char  digits[] = "0123456789ABCDEF";

    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-' || c == '.' || c == '_' || c == '~')
    {
        *dst++ = c;
        return dst;
    }

    *dst++ = '%';
    *dst++ = digits[c >> 4];
    *dst++ = digits[c & 0xf];

    return dst;
}


static ngx_int_t
ngx_ai_sigv4_derive(ngx_ai_sigv4_t *s, ngx_ai_sigv4_key_t *key,
    ngx_pool_t *pool)
{
    u_char      *first, *p;
    size_t       len;
    ngx_int_t    rc;
    ngx_str_t    steps[3];
    ngx_uint_t   i;

    steps[0] = key->region;
    steps[1] = key->service;
    ngx_str_set(&steps[2], "aws4_request");

    len = sizeof("AWS4") - 1 + ngx_ai_secret_len(key->secret);

    first = ngx_pnalloc(pool, len);
    if (first == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(first, "AWS4", sizeof("AWS4") - 1);
    (void) ngx_ai_secret_copy(p, key->secret);

    rc = ngx_ai_hmac_sha256(first, len, s->time, NGX_AI_SIGV4_DAY,
                            key->derived);

    ngx_explicit_memzero(first, len);

    for (i = 0; i < 3 && rc == NGX_OK; i++) {
        rc = ngx_ai_hmac_sha256(key->derived, NGX_AI_SHA256_LEN,
                                steps[i].data, steps[i].len, key->derived);
    }

    if (rc == NGX_OK) {
        ngx_memcpy(key->day, s->time, NGX_AI_SIGV4_DAY);
    }

    return rc;
}


static ngx_int_t
ngx_ai_sigv4_sign(ngx_ai_sigv4_t *s, ngx_ai_sigv4_key_t *key)
{
    u_char  *p, digest[NGX_AI_SHA256_LEN], text[NGX_AI_SIGV4_TEXT];

    p = ngx_snprintf(text, sizeof(text), "AWS4-HMAC-SHA256\n%*s\n%*s\n%*s",
                     NGX_AI_SIGV4_TIME, s->time, s->scope_len, s->scope,
                     NGX_AI_SIGV4_HEX, s->canonical);

    if (ngx_ai_hmac_sha256(key->derived, NGX_AI_SHA256_LEN, text, p - text,
                           digest)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_hex(s->signature, digest, NGX_AI_SHA256_LEN);

    return NGX_OK;
}


void
ngx_ai_sigv4_region(const ngx_str_t *host, ngx_str_t *region)
{
    u_char      *p, *last, *end;
    ngx_uint_t   service;

    service = 0;
    p = host->data;
    last = p + host->len;

    ngx_str_null(region);

    if (ngx_strlcasestrn(p, last, (u_char *) ".amazonaws.com",
                         sizeof(".amazonaws.com") - 2)
        == NULL
        && ngx_strlcasestrn(p, last, (u_char *) ".api.aws",
                            sizeof(".api.aws") - 2)
           == NULL)
    {
        return;
    }

    for ( ;; ) {
        end = ngx_strlchr(p, last, '.');
        if (end == NULL) {
            return;
        }

        if (service) {
            region->data = p;
            region->len = end - p;
            return;
        }

        service = (end - p >= 7
                   && ngx_strncasecmp(p, (u_char *) "bedrock", 7) == 0);
        p = end + 1;
    }
}
