
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_text.h"
#include "ngx_ai_tree.h"


static void ngx_ai_tree_exponent(const u_char *p, const u_char *end,
    int64_t *scale);
static ngx_int_t ngx_ai_tree_shift(uint64_t *value, int64_t scale,
    ngx_uint_t digit);
static u_char *ngx_ai_tree_name(u_char *dst, u_char **last,
    const ngx_str_t *text);


void
ngx_ai_tree_raw(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_str_t *raw)
{
    raw->data = t->text.data + node->start;
    raw->len = node->end - node->start;
}


void
ngx_ai_tree_text(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_str_t *text)
{
    text->data = t->text.data + node->start + 1;
    text->len = node->end - node->start - 2;
}


const ngx_ai_node_t *
ngx_ai_tree_member(const ngx_ai_tree_t *t, const ngx_ai_node_t *object,
    const char *name)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *key, *value;

    if (object->type != NGX_AI_JSON_OBJECT) {
        return NULL;
    }

    value = NULL;
    key = ngx_ai_tree_child(object);

    for (i = 0; i < object->n; i++) {

        if (ngx_ai_tree_is(t, key, name)) {
            value = ngx_ai_tree_value(key);
        }

        key = ngx_ai_tree_next(t, ngx_ai_tree_value(key));
    }

    return (value && value->type != NGX_AI_JSON_NULL) ? value : NULL;
}


ngx_int_t
ngx_ai_tree_int(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    int64_t *value)
{
    int64_t        scale, zeros, fraction;
    uint64_t       n, max;
    ngx_uint_t     point;
    const u_char  *p, *end;

    if (node->type != NGX_AI_JSON_NUMBER) {
        return NGX_DECLINED;
    }

    p = t->text.data + node->start;
    end = t->text.data + node->end;

    max = INT64_MAX;

    if (*p == '-') {
        max++;
        p++;
    }

    /* n * 10 ^ (zeros - fraction): n does not end in 0 */

    n = 0;
    zeros = 0;
    fraction = 0;
    point = 0;

    for ( /* void */ ; p < end && *p != 'e' && *p != 'E'; p++) {

        if (*p == '.') {
            point = 1;
            continue;
        }

        fraction += point;

        if (*p == '0') {
            zeros++;
            continue;
        }

        if (ngx_ai_tree_shift(&n, zeros + 1, *p - '0') != NGX_OK) {
            return NGX_DECLINED;
        }

        zeros = 0;
    }

    ngx_ai_tree_exponent(p, end, &scale);

    if (n) {
        scale += zeros - fraction;

        if (scale < 0 || ngx_ai_tree_shift(&n, scale, 0) != NGX_OK || n > max) {
            return NGX_DECLINED;
        }
    }

    *value = (int64_t) (max == INT64_MAX ? n : -n);

    return NGX_OK;
}


/* reads what is behind the digits, if anything */

static void
ngx_ai_tree_exponent(const u_char *p, const u_char *end, int64_t *scale)
{
    int64_t     n;
    ngx_uint_t  minus;

    n = 0;
    minus = 0;

    for ( /* void */ ; p < end; p++) {

        if (*p == '-') {
            minus = 1;
        }

        /* beyond this it is as good as any larger one */

        if (*p >= '0' && *p <= '9' && n < NGX_MAX_INT32_VALUE * 8LL) {
            n = n * 10 + (*p - '0');
        }
    }

    *scale = minus ? -n : n;
}


/* by so many powers of ten, and a digit more */

static ngx_int_t
ngx_ai_tree_shift(uint64_t *value, int64_t scale, ngx_uint_t digit)
{
    uint64_t  n;

    for (n = *value; n && scale; scale--) {

        if (n > INT64_MAX / 10) {
            return NGX_DECLINED;
        }

        n *= 10;
    }

    *value = n + digit;

    return NGX_OK;
}


ngx_uint_t
ngx_ai_tree_is(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    const char *text)
{
    u_char         utf8[4];
    size_t         n, len;
    uint32_t       code;
    ngx_str_t      s;
    const char    *error;
    const u_char  *p, *end;

    ngx_ai_tree_text(t, node, &s);

    len = ngx_strlen(text);

    if (!node->escaped) {
        return s.len == len && ngx_memcmp(s.data, text, len) == 0;
    }

    p = s.data;
    end = p + s.len;

    while (p < end) {

        if (*p != '\\') {
            utf8[0] = *p++;
            n = 1;

        } else {

            /* half of a pair is like nothing */

            if (ngx_ai_text_unit(&p, end, &code, &error) != NGX_OK) {
                return 0;
            }

            n = ngx_ai_text_put(utf8, code) - utf8;
        }

        if (n > len || ngx_memcmp(utf8, text, n) != 0) {
            return 0;
        }

        text += n;
        len -= n;
    }

    return len == 0;
}


void
ngx_ai_tree_path(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_uint_t plain, u_char *dst, size_t max, ngx_str_t *path)
{
    u_char               *p, *last;
    uint32_t              i, k, chain[NGX_AI_TREE_DEPTH];
    ngx_str_t             name;
    ngx_uint_t            n, index;
    const ngx_ai_node_t  *parent;

    /* a segment for each container around it, the last one first */

    n = 0;

    for (i = (uint32_t) (node - t->nodes); i; i = t->nodes[i].parent) {

        /* a value goes by its key */

        if (t->nodes[t->nodes[i].parent].type != NGX_AI_JSON_STRING) {
            chain[n++] = i;
        }
    }

    p = dst;
    last = dst + max;

    while (n) {
        i = chain[--n];
        parent = &t->nodes[t->nodes[i].parent];

        if (parent->type == NGX_AI_JSON_OBJECT) {

            if (p > dst && p < last) {
                *p++ = '.';
            }

            ngx_ai_tree_text(t, &t->nodes[i], &name);
            p = ngx_ai_tree_name(p, &last, &name);

        } else if (!plain) {
            index = 0;

            for (k = t->nodes[i].parent + 1; k < i; k = t->nodes[k].next) {
                index++;
            }

            p = ngx_slprintf(p, last, "[%ui]", index);
        }
    }

    path->data = dst;
    path->len = p - dst;
}


/* what does not fit ends the path: no character is cut */

static u_char *
ngx_ai_tree_name(u_char *dst, u_char **last, const ngx_str_t *text)
{
    u_char         utf8[4];
    size_t         n;
    uint32_t       code;
    const char    *error;
    const u_char  *p, *end;

    p = text->data;
    end = p + text->len;

    while (p < end) {

        if (*p == '\\' || *p >= 0x80) {
            (void) ngx_ai_text_unit_loose(&p, end, &code, &error);

        } else {
            code = *p++;
        }

        /* it goes to a log and to a header */

        if (code < 0x20 || code == 0x7f) {
            code = '?';
        }

        n = ngx_ai_text_put(utf8, code) - utf8;

        if ((size_t) (*last - dst) < n) {
            *last = dst;
            break;
        }

        dst = ngx_cpymem(dst, utf8, n);
    }

    return dst;
}
