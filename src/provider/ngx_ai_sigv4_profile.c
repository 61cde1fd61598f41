
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_sigv4.h"


static ngx_int_t ngx_ai_sigv4_member(ngx_pool_t *pool, const ngx_str_t *line,
    ngx_ai_sigv4_key_t *key, const char **reason);
static void ngx_ai_sigv4_line(u_char **p, u_char *last, ngx_str_t *line);
static void ngx_ai_sigv4_trim(ngx_str_t *s);
static ngx_uint_t ngx_ai_sigv4_is(const ngx_str_t *s, const ngx_str_t *text);


ngx_int_t
ngx_ai_sigv4_profile(ngx_pool_t *pool, const ngx_str_t *text,
    const ngx_str_t *profile, ngx_ai_sigv4_key_t *key, const char **reason)
{
    u_char      *p, *last;
    ngx_str_t    line;
    ngx_uint_t   in;

    in = 0;
    p = text->data;
    last = p + text->len;

    key->id = NULL;
    key->secret = NULL;
    key->session = NULL;
    ngx_memzero(key->day, NGX_AI_SIGV4_DAY);

    while (p < last) {
        ngx_ai_sigv4_line(&p, last, &line);

        if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';') {
            continue;
        }

        if (line.data[0] == '[' && line.data[line.len - 1] == ']') {
            line.data++;
            line.len -= 2;
            ngx_ai_sigv4_trim(&line);

            in = ngx_ai_sigv4_is(&line, profile);
            continue;
        }

        if (in && ngx_ai_sigv4_member(pool, &line, key, reason) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (key->id == NULL || key->secret == NULL) {
        *reason = "there is no such profile with an \"aws_access_key_id\" "
                  "and an \"aws_secret_access_key\"";
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* what else there is, as "region", is for others */

static ngx_int_t
ngx_ai_sigv4_member(ngx_pool_t *pool, const ngx_str_t *line,
    ngx_ai_sigv4_key_t *key, const char **reason)
{
    u_char            *end;
    ngx_str_t          name, value;
    ngx_ai_secret_t  **secret;

    static const ngx_str_t  id = ngx_string("aws_access_key_id");
    static const ngx_str_t  private = ngx_string("aws_secret_access_key");
    static const ngx_str_t  session = ngx_string("aws_session_token");

    end = ngx_strlchr(line->data, line->data + line->len, '=');

    if (end == NULL) {
        return NGX_OK;
    }

    name.data = line->data;
    name.len = end - line->data;

    value.data = end + 1;
    value.len = line->data + line->len - value.data;

    ngx_ai_sigv4_trim(&name);

    if (ngx_ai_sigv4_is(&name, &id)) {
        secret = &key->id;

    } else if (ngx_ai_sigv4_is(&name, &private)) {
        secret = &key->secret;

    } else if (ngx_ai_sigv4_is(&name, &session)) {
        secret = &key->session;

    } else {
        return NGX_OK;
    }

    *secret = ngx_ai_secret_create(pool, &value, reason);

    return *secret ? NGX_OK : NGX_ERROR;
}


static void
ngx_ai_sigv4_line(u_char **p, u_char *last, ngx_str_t *line)
{
    u_char  *end;

    end = ngx_strlchr(*p, last, LF);

    line->data = *p;
    line->len = (end ? end : last) - *p;

    *p = end ? end + 1 : last;

    ngx_ai_sigv4_trim(line);
}


static void
ngx_ai_sigv4_trim(ngx_str_t *s)
{
    u_char  c;

    while (s->len) {
        c = s->data[s->len - 1];

        if (c != ' ' && c != '\t' && c != CR) {
            break;
        }

        s->len--;
    }

    while (s->len && (*s->data == ' ' || *s->data == '\t')) {
        s->data++;
        s->len--;
    }
}


static ngx_uint_t
ngx_ai_sigv4_is(const ngx_str_t *s, const ngx_str_t *text)
{
    return s->len == text->len
           && ngx_memcmp(s->data, text->data, s->len) == 0;
}
