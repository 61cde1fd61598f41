
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_target.h"
#include "ngx_ai_url.h"


static ngx_int_t ngx_ai_target_check_twice(const ngx_str_t *args,
    const ngx_str_t *query, const char **reason);
static u_char *ngx_ai_target_member(u_char *p, u_char *last,
    ngx_str_t *name);
static ngx_uint_t ngx_ai_target_same(const ngx_str_t *a, const ngx_str_t *b);
static ngx_int_t ngx_ai_target_char(u_char **p, u_char *last);


/* a URL ends up in logs everywhere on its way: no credential is put there */

static const ngx_str_t  ngx_ai_target_secrets[] = {
    ngx_string("key"),
    ngx_string("api_key"),
    ngx_string("api-key"),
    ngx_string("apikey"),
    ngx_string("x-api-key"),
    ngx_string("x-goog-api-key"),
    ngx_string("access_token"),
    ngx_string("oauth_token"),
    ngx_string("authorization"),
    ngx_null_string
};


ngx_int_t
ngx_ai_target_build(const ngx_ai_target_t *t, ngx_str_t *out,
    const char **reason)
{
    u_char  *p;

    if (t->tail.len == 0) {
        *reason = "the path is empty";
        return NGX_ERROR;
    }

    if ((t->made ? ngx_ai_url_check_made(&t->tail, reason)
                 : ngx_ai_url_check_path(&t->tail, reason))
        != NGX_OK
        || ngx_ai_target_check_query(&t->args, reason) != NGX_OK
        || ngx_ai_target_check_twice(&t->args, &t->query, reason) != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = out->data;

    if (t->prefix.len) {
        p = ngx_cpymem(p, t->prefix.data, t->prefix.len);
    }

    p = ngx_cpymem(p, t->tail.data, t->tail.len);

    if (t->query.len) {
        *p++ = '?';
        p = ngx_cpymem(p, t->query.data, t->query.len);
    }

    if (t->args.len) {
        *p++ = t->query.len ? '&' : '?';
        p = ngx_cpymem(p, t->args.data, t->args.len);
    }

    out->len = p - out->data;

    return NGX_OK;
}


ngx_int_t
ngx_ai_target_check_query(const ngx_str_t *query, const char **reason)
{
    u_char           *p, *last;
    ngx_str_t         name;
    const ngx_str_t  *secret;

    if (query->len == 0) {
        return NGX_OK;
    }

    last = query->data + query->len;

    for (p = query->data; p < last; p++) {

        if (*p <= ' ' || *p >= 0x7f || *p == '#'
            || (*p == '%' && ngx_ai_url_escape(p, last) < ' '))
        {
            *reason = "the query has a character that must be "
                      "percent-encoded or a bad percent escape";
            return NGX_ERROR;
        }
    }

    for (p = query->data; p < last; /* void */ ) {

        p = ngx_ai_target_member(p, last, &name);

        for (secret = ngx_ai_target_secrets; secret->len; secret++) {
            if (ngx_ai_target_same(&name, secret)) {
                *reason = "a query must not have a key or a token: "
                          "it belongs in a header";
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* the client can't set again what the configuration sets */

static ngx_int_t
ngx_ai_target_check_twice(const ngx_str_t *args, const ngx_str_t *query,
    const char **reason)
{
    u_char     *p, *q, *last, *end;
    ngx_str_t   name, fixed;

    if (args->len == 0 || query->len == 0) {
        return NGX_OK;
    }

    last = args->data + args->len;
    end = query->data + query->len;

    for (p = args->data; p < last; /* void */ ) {

        p = ngx_ai_target_member(p, last, &name);

        for (q = query->data; q < end; /* void */ ) {

            q = ngx_ai_target_member(q, end, &fixed);

            if (ngx_ai_target_same(&name, &fixed)) {
                *reason = "the query has a parameter that is set by the "
                          "gateway";
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* the name of the member at p; returns the start of the next one */

static u_char *
ngx_ai_target_member(u_char *p, u_char *last, ngx_str_t *name)
{
    u_char  *end;

    end = NULL;
    name->data = p;

    while (p < last && *p != '&' && *p != ';') {

        if (*p == '=' && end == NULL) {
            end = p;
        }

        p++;
    }

    name->len = (end ? end : p) - name->data;

    return (p < last) ? p + 1 : last;
}


/* names are compared as a lenient server might read them */

static ngx_uint_t
ngx_ai_target_same(const ngx_str_t *a, const ngx_str_t *b)
{
    u_char     *p, *q, *last, *end;
    ngx_int_t   c;

    p = a->data;
    last = p + a->len;

    q = b->data;
    end = q + b->len;

    do {
        c = ngx_ai_target_char(&p, last);

        if (c != ngx_ai_target_char(&q, end)) {
            return 0;
        }

    } while (c != NGX_DONE);

    return 1;
}


static ngx_int_t
ngx_ai_target_char(u_char **p, u_char *last)
{
    ngx_int_t  c;

    if (*p == last) {
        return NGX_DONE;
    }

    c = ngx_ai_url_escape(*p, last);

    if (c >= 0) {
        *p += 3;

    } else {
        c = *(*p)++;
    }

    return ngx_tolower(c);
}
