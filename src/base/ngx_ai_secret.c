
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <openssl/crypto.h>

#include "ngx_ai_digest.h"
#include "ngx_ai_secret.h"


#define NGX_AI_SECRET_TAG_LEN  8


struct ngx_ai_secret_s {
    ngx_str_t  tag;       /* first: a "%V" given the secret prints this */
    u_char     digits[NGX_AI_SECRET_TAG_LEN];
    size_t     len;
    u_char     bytes[];
};


static void ngx_ai_secret_trim(ngx_str_t *v);
static const char *ngx_ai_secret_check(ngx_str_t *v);
static ngx_uint_t ngx_ai_secret_placeholder(ngx_str_t *v);
static ngx_uint_t ngx_ai_secret_masked(ngx_str_t *v);
static void ngx_ai_secret_wipe(void *data);


/* in lower case, without '-', '_' and spaces */

static const char *const  ngx_ai_secret_placeholders[] = {
    "apikey", "changeit", "changeme", "changethis", "dummy", "example",
    "fixme", "myapikey", "nil", "none", "null", "placeholder", "redacted",
    "replaceme", "replacethis", "tbd", "todo", "undefined", NULL
};

/* the same after "your" or "sk-your": "your-openai-api-key-here" */

static const char *const  ngx_ai_secret_endings[] = {
    "key", "keyhere", "secret", "secrethere", "token", "tokenhere", NULL
};


ngx_ai_secret_t *
ngx_ai_secret_create(ngx_pool_t *pool, ngx_str_t *value, const char **reason)
{
    u_char               digest[NGX_AI_SHA256_LEN];
    ngx_str_t            v;
    ngx_ai_secret_t     *s;
    ngx_pool_cleanup_t  *cln;

    v = *value;

    ngx_ai_secret_trim(&v);

    *reason = ngx_ai_secret_check(&v);
    if (*reason != NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(pool, sizeof(ngx_ai_secret_t) + v.len);
    if (cln == NULL) {
        *reason = "no memory";
        return NULL;
    }

    s = cln->data;

    ngx_ai_sha256(v.data, v.len, digest);
    ngx_ai_hex(s->digits, digest, NGX_AI_SECRET_TAG_LEN / 2);

    s->tag.len = NGX_AI_SECRET_TAG_LEN;
    s->tag.data = s->digits;

    s->len = v.len;
    ngx_memcpy(s->bytes, v.data, v.len);

    cln->handler = ngx_ai_secret_wipe;

    return s;
}


static void
ngx_ai_secret_trim(ngx_str_t *v)
{
    u_char  *p, *last;

    p = v->data;
    last = p + v->len;

    if (p < last && last[-1] == LF) {
        last--;

        if (p < last && last[-1] == CR) {
            last--;
        }
    }

    while (p < last && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    v->data = p;
    v->len = last - p;
}


static const char *
ngx_ai_secret_check(ngx_str_t *v)
{
    size_t  i;

    if (v->len == 0) {
        return "it is empty";
    }

    for (i = 0; i < v->len; i++) {
        if (v->data[i] < 0x20 || v->data[i] == 0x7f) {
            return "it has a control character or more than one line";
        }
    }

    if (ngx_ai_secret_placeholder(v) || ngx_ai_secret_masked(v)) {
        return "it is a placeholder";
    }

    return NULL;
}


static ngx_uint_t
ngx_ai_secret_placeholder(ngx_str_t *v)
{
    char       *p, text[40];
    size_t      i, n, len;
    ngx_uint_t  k;

    /* a variable that nobody expanded, or the hole of a manual's example */

    if ((v->len >= 2 && v->data[0] == '$' && v->data[1] == '{')
        || (v->data[0] == '<' && v->data[v->len - 1] == '>'))
    {
        return 1;
    }

    n = 0;

    for (i = 0; i < v->len; i++) {

        if (v->data[i] == '-' || v->data[i] == '_' || v->data[i] == ' ') {
            continue;
        }

        if (n == sizeof(text) - 1) {
            return 0;
        }

        text[n++] = (char) ngx_tolower(v->data[i]);
    }

    text[n] = '\0';

    for (k = 0; ngx_ai_secret_placeholders[k] != NULL; k++) {
        if (ngx_strcmp(text, ngx_ai_secret_placeholders[k]) == 0) {
            return 1;
        }
    }

    p = (ngx_strncmp(text, "sk", 2) == 0) ? text + 2 : text;

    if (ngx_strncmp(p, "your", 4) != 0) {
        return 0;
    }

    n = text + n - (p + 4);
    p += 4;

    for (k = 0; ngx_ai_secret_endings[k] != NULL; k++) {
        len = ngx_strlen(ngx_ai_secret_endings[k]);

        if (n >= len && ngx_strcmp(p + n - len, ngx_ai_secret_endings[k]) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* "xxx", "sk-xxxx", "sk-ant-****", "gsk_...": a short word, then no key */

static ngx_uint_t
ngx_ai_secret_masked(ngx_str_t *v)
{
    u_char  c;
    size_t  i, word;

    word = 0;

    for (i = 0; i < v->len; i++) {
        c = v->data[i];

        if (c == '-' || c == '_') {
            word = i + 1;

        } else if (c < 'a' || c > 'z') {
            break;
        }
    }

    if (word > 16) {
        return 0;
    }

    for (i = word; i < v->len; i++) {
        c = v->data[i];

        if (c != 'x' && c != 'X' && c != '*' && c != '.') {
            return 0;
        }
    }

    return 1;
}


size_t
ngx_ai_secret_len(ngx_ai_secret_t *s)
{
    return s->len;
}


u_char *
ngx_ai_secret_copy(u_char *dst, ngx_ai_secret_t *s)
{
    return ngx_cpymem(dst, s->bytes, s->len);
}


ngx_uint_t
ngx_ai_secret_in(ngx_ai_secret_t *s, ngx_str_t *text)
{
    return memmem(text->data, text->len, s->bytes, s->len) != NULL;
}


ngx_str_t *
ngx_ai_secret_tag(ngx_ai_secret_t *s)
{
    return &s->tag;
}


static void
ngx_ai_secret_wipe(void *data)
{
    ngx_ai_secret_t  *s = data;

    OPENSSL_cleanse(s->bytes, s->len);
}
