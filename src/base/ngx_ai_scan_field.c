
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_scan_field.h"
#include "ngx_ai_text.h"


static ngx_int_t ngx_ai_scan_field_add(ngx_ai_scan_t *s, ngx_uint_t field);
static u_char *ngx_ai_scan_field_link(ngx_ai_scan_t *s, ngx_uint_t parent,
    const u_char *name, size_t len);
static u_char *ngx_ai_scan_field_name(ngx_ai_scan_t *s,
    ngx_ai_scan_node_t *node);
static void ngx_ai_scan_field_append(ngx_ai_scan_t *s, const u_char *data,
    size_t len);
static void ngx_ai_scan_field_integer(ngx_ai_scan_value_t *v);


ngx_int_t
ngx_ai_scan_field_init(ngx_ai_scan_t *s)
{
    ngx_uint_t  i;

    if (s->nfields > NGX_AI_SCAN_FIELDS) {
        return NGX_DECLINED;
    }

    /* the node of what nobody asked for, and that of the document */

    ngx_memzero(s->nodes, 2 * sizeof(ngx_ai_scan_node_t));
    s->nnodes = 2;

    for (i = 0; i < s->nfields; i++) {
        if (ngx_ai_scan_field_add(s, i) != NGX_OK) {
            return NGX_DECLINED;
        }

        s->values[i].count = 1;
    }

    return NGX_OK;
}


void
ngx_ai_scan_field_reset(ngx_ai_scan_t *s)
{
    ngx_uint_t  i;

    s->top.type = NGX_AI_JSON_NONE;
    s->top.start = 0;
    s->top.end = -1;
    s->top.n = 0;

    s->value = NULL;
    s->key = -1;
    s->node = 0;
    s->path[0] = 0;
    s->target = NGX_AI_SCAN_ROOT;

    /* most of the fields are absent, of most documents */

    for (i = 0; i < s->nfields; i++) {
        if (s->values[i].count) {
            ngx_memzero(&s->values[i], offsetof(ngx_ai_scan_value_t, text));
        }
    }
}


static ngx_int_t
ngx_ai_scan_field_add(ngx_ai_scan_t *s, ngx_uint_t field)
{
    u_char              *p, *last, *name, *link;
    ngx_str_t            path;
    ngx_uint_t           parent, level;
    ngx_ai_scan_node_t  *node;

    path = s->fields[field].path;

    if (path.len > 255) {
        return NGX_DECLINED;
    }

    p = path.data;
    last = p + path.len;
    parent = NGX_AI_SCAN_ROOT;

    for (level = 0; level < NGX_AI_SCAN_LEVELS; level++) {

        for (name = p; p < last && *p != '.'; p++) { /* void */ }

        if (p == name || p - name > NGX_AI_SCAN_KEY) {
            return NGX_DECLINED;
        }

        link = ngx_ai_scan_field_link(s, parent, name, p - name);

        if (*link == 0) {

            if (s->nnodes == NGX_AI_SCAN_NODES) {
                return NGX_DECLINED;
            }

            *link = s->nnodes++;
            node = &s->nodes[*link];

            ngx_memzero(node, sizeof(ngx_ai_scan_node_t));

            node->field = (u_char) field;
            node->off = (u_char) (name - path.data);
            node->len = (u_char) (p - name);
            node->first = *name;
        }

        parent = *link;

        if (p == last) {
            node = &s->nodes[parent];

            if (node->value) {
                return NGX_DECLINED;
            }

            node->value = (u_char) (field + 1);

            return NGX_OK;
        }

        p++;
    }

    return NGX_DECLINED;
}


/* where the node of a name below another is, or is to be, written down */

static u_char *
ngx_ai_scan_field_link(ngx_ai_scan_t *s, ngx_uint_t parent, const u_char *name,
    size_t len)
{
    u_char              *link;
    ngx_ai_scan_node_t  *node;

    if (len == 1 && *name == '*') {
        return &s->nodes[parent].star;
    }

    for (link = &s->nodes[parent].child; *link; link = &node->next) {

        node = &s->nodes[*link];

        if (node->len == len
            && ngx_memcmp(ngx_ai_scan_field_name(s, node), name, len) == 0)
        {
            break;
        }
    }

    return link;
}


static ngx_inline u_char *
ngx_ai_scan_field_name(ngx_ai_scan_t *s, ngx_ai_scan_node_t *node)
{
    return s->fields[node->field].path.data + node->off;
}


u_char
ngx_ai_scan_field_match(ngx_ai_scan_t *s, const u_char *name, size_t len)
{
    u_char               i;
    ngx_ai_scan_node_t  *node;

    for (i = s->nodes[s->node].child; i; i = node->next) {

        node = &s->nodes[i];

        if (node->len == len && node->first == *name
            && ngx_memcmp(ngx_ai_scan_field_name(s, node), name, len) == 0)
        {
            return i;
        }
    }

    return 0;
}


void
ngx_ai_scan_field_begin(ngx_ai_scan_t *s, const u_char *p,
    ngx_ai_json_type_e type)
{
    ngx_uint_t            i;
    ngx_ai_scan_value_t  *v;

    if (s->target == NGX_AI_SCAN_ROOT) {
        s->top.type = type;
        s->top.start = ngx_ai_scan_pos(s, p);
        return;
    }

    i = s->nodes[s->target].value;

    if (i == 0) {
        return;
    }

    v = &s->values[i - 1];

    v->type = type;
    v->integer = 0;
    v->cut = 0;
    v->count++;
    v->key = s->key;
    v->start = ngx_ai_scan_pos(s, p);
    v->end = -1;
    v->n = 0;
    v->value = 0;
    v->len = 0;

    if (type != NGX_AI_JSON_OBJECT && type != NGX_AI_JSON_ARRAY) {
        s->value = v;
    }
}


void
ngx_ai_scan_field_scalar(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    ngx_ai_scan_value_t  *v;

    ngx_ai_scan_field_keep(s, p, 0);

    v = s->value;
    v->end = ngx_ai_scan_pos(s, end);

    if (v->type == NGX_AI_JSON_NUMBER) {
        ngx_ai_scan_field_integer(v);
    }

    s->value = NULL;
}


void
ngx_ai_scan_field_container(ngx_ai_scan_t *s, const u_char *end)
{
    ngx_uint_t            i;
    ngx_ai_scan_value_t  *v;

    if (s->node == NGX_AI_SCAN_ROOT) {
        s->top.n = s->members[s->depth];
        return;
    }

    i = s->nodes[s->node].value;

    if (i) {
        v = &s->values[i - 1];
        v->n = s->members[s->depth];
        v->end = ngx_ai_scan_pos(s, end);
    }
}


/* a number too long for v->text is too large, or has a fraction */

static void
ngx_ai_scan_field_integer(ngx_ai_scan_value_t *v)
{
    u_char      *p, *last;
    uint64_t     n, max;
    ngx_uint_t   minus, digit;

    p = v->text;
    last = p + v->len;

    minus = (*p == '-');
    p += minus;

    max = (uint64_t) INT64_MAX + minus;

    for (n = 0; p < last; p++) {

        digit = (ngx_uint_t) *p - '0';

        if (digit > 9 || n > (max - digit) / 10) {
            return;
        }

        n = n * 10 + digit;
    }

    v->integer = 1;
    v->value = (int64_t) (minus ? -n : n);
}


void
ngx_ai_scan_field_keep(ngx_ai_scan_t *s, const u_char *p, ngx_uint_t name)
{
    size_t                len, room;
    ngx_ai_scan_value_t  *v;

    len = p - s->mark;

    if (name) {
        ngx_ai_scan_field_append(s, s->mark, len);

    } else if (s->value != NULL) {
        v = s->value;
        room = NGX_AI_SCAN_TEXT - v->len;

        if (len > room) {
            len = room;
            v->cut = 1;
        }

        if (len) {
            ngx_memcpy(v->text + v->len, s->mark, len);
            v->len += len;
        }
    }
}


void
ngx_ai_scan_field_code(ngx_ai_scan_t *s, uint32_t code, const u_char *mark)
{
    u_char  utf8[4];

    ngx_ai_scan_field_append(s, utf8, ngx_ai_text_put(utf8, code) - utf8);

    s->mark = mark;
}


/* a name too long for any path comes out one byte longer than they may be */

static void
ngx_ai_scan_field_append(ngx_ai_scan_t *s, const u_char *data, size_t len)
{
    len = ngx_min(len, sizeof(s->name) - s->name_len);

    if (len) {
        ngx_memcpy(s->name + s->name_len, data, len);
        s->name_len += (u_char) len;
    }
}
