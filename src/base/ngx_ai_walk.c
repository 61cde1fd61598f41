
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_text.h"
#include "ngx_ai_walk.h"


#define NGX_AI_WALK_NAME  64            /* a longer name is in no table */


static const ngx_ai_member_t *ngx_ai_walk_find(ngx_ai_walk_t *w,
    const ngx_ai_node_t *key, const ngx_ai_member_t *members);
static ngx_int_t ngx_ai_walk_member(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static const char *ngx_ai_walk_types(ngx_uint_t types);
static ngx_int_t ngx_ai_walk_no_memory(ngx_ai_walk_t *w);
static ngx_uint_t ngx_ai_drops_have(const ngx_ai_drops_t *drops,
    const ngx_str_t *name);


ngx_int_t
ngx_ai_walk_object(ngx_ai_walk_t *w, const ngx_ai_node_t *object,
    const ngx_ai_member_t *members, void *to)
{
    uint64_t                seen, bit;
    ngx_uint_t              i;
    const ngx_ai_node_t    *key, *value;
    const ngx_ai_member_t  *member;

    seen = 0;
    key = ngx_ai_tree_child(object);

    for (i = 0; i < object->n; i++) {

        value = ngx_ai_tree_value(key);
        member = ngx_ai_walk_find(w, key, members);

        if (member == NULL) {

            if (value->type != NGX_AI_JSON_NULL) {
                ngx_ai_walk_drop(w, key);
            }

        } else {
            bit = (uint64_t) 1 << (member - members);

            if (seen & bit) {
                return ngx_ai_walk_fail(w, key, "is given more than once");
            }

            seen |= bit;

            if (value->type != NGX_AI_JSON_NULL
                && ngx_ai_walk_member(w, value, member, to) != NGX_OK)
            {
                return NGX_ERROR;
            }
        }

        key = ngx_ai_tree_next(w->tree, value);
    }

    return NGX_OK;
}


ngx_int_t
ngx_ai_walk_element(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    const ngx_ai_member_t *members, void *to)
{
    if (node->type != NGX_AI_JSON_OBJECT) {
        return ngx_ai_walk_fail(w, node, ngx_ai_walk_types(NGX_AI_OBJECT));
    }

    return ngx_ai_walk_object(w, node, members, to);
}


static const ngx_ai_member_t *
ngx_ai_walk_find(ngx_ai_walk_t *w, const ngx_ai_node_t *key,
    const ngx_ai_member_t *members)
{
    u_char                  buf[NGX_AI_WALK_NAME];
    ngx_str_t               name;
    const ngx_ai_member_t  *member;

    ngx_ai_tree_text(w->tree, key, &name);

    if (key->escaped
        && ngx_ai_text_decode(name.data, name.len, buf, sizeof(buf), &name)
           != NGX_OK)
    {
        return NULL;
    }

    for (member = members; member->name.len; member++) {

        if (member->name.len == name.len
            && ngx_memcmp(member->name.data, name.data, name.len) == 0)
        {
            return member;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_ai_walk_member(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_int_t  rc;

    if ((member->types & (1 << value->type)) == 0) {
        return ngx_ai_walk_fail(w, value, ngx_ai_walk_types(member->types));
    }

    if (member->read != NULL) {
        rc = member->read(w, value, member, (u_char *) to + member->offset);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (member->mark && w->marks != NULL) {
        *w->marks |= (uint64_t) 1 << member->mark;
    }

    return NGX_OK;
}


static const char *
ngx_ai_walk_types(ngx_uint_t types)
{
    switch (types) {

    case NGX_AI_BOOL:
        return "must be true or false";

    case NGX_AI_NUMBER:
        return "must be a number";

    case NGX_AI_STRING:
        return "must be a string";

    case NGX_AI_ARRAY:
        return "must be an array";

    case NGX_AI_OBJECT:
        return "must be an object";

    default:
        return "is of the wrong type";
    }
}


ngx_int_t
ngx_ai_walk_fail(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    const char *reason)
{
    w->fault = node;
    w->reason = reason;

    return NGX_ERROR;
}


static ngx_int_t
ngx_ai_walk_no_memory(ngx_ai_walk_t *w)
{
    return ngx_ai_walk_fail(w, NULL, "no memory");
}


void
ngx_ai_walk_drop(ngx_ai_walk_t *w, const ngx_ai_node_t *node)
{
    u_char           buf[NGX_AI_DROP_LEN];
    ngx_str_t        name;
    ngx_ai_drops_t  *drops;

    drops = w->drops;

    if (drops == NULL) {
        return;
    }

    ngx_ai_tree_path(w->tree, node, 1, buf, sizeof(buf), &name);

    if (ngx_ai_drops_have(drops, &name)) {
        return;
    }

    if (drops->n < NGX_AI_DROPS) {
        name.data = ngx_pstrdup(w->pool, &name);

        /* without memory it is counted only */

        if (name.data != NULL) {
            drops->names[drops->n++] = name;
        }
    }

    drops->count++;
}


void
ngx_ai_drop(ngx_ai_drops_t *drops, const ngx_str_t *name)
{
    ngx_str_t  cut;

    if (drops == NULL) {
        return;
    }

    cut.data = name->data;
    cut.len = ngx_min(name->len, NGX_AI_DROP_LEN);

    if (ngx_ai_drops_have(drops, &cut)) {
        return;
    }

    if (drops->n < NGX_AI_DROPS) {
        drops->names[drops->n++] = cut;
    }

    drops->count++;
}


static ngx_uint_t
ngx_ai_drops_have(const ngx_ai_drops_t *drops, const ngx_str_t *name)
{
    ngx_uint_t  i;

    for (i = 0; i < drops->n; i++) {

        if (drops->names[i].len == name->len
            && ngx_memcmp(drops->names[i].data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_ai_walk_text(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_tree_text(w->tree, value, to);

    return NGX_OK;
}


ngx_int_t
ngx_ai_walk_raw(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_tree_raw(w->tree, value, to);

    return NGX_OK;
}


ngx_int_t
ngx_ai_walk_count(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    int64_t  n, *count;

    count = to;

    if (ngx_ai_tree_int(w->tree, value, &n) != NGX_OK || n < 0) {
        return ngx_ai_walk_fail(w, value, "must be an integer, 0 or more");
    }

    *count = n;

    return NGX_OK;
}


ngx_int_t
ngx_ai_walk_flag(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t  *flag;

    flag = to;
    *flag = (value->type == NGX_AI_JSON_TRUE);

    return NGX_OK;
}


ngx_int_t
ngx_ai_walk_texts(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_str_t            *text;
    ngx_uint_t            i, n, array;
    ngx_array_t         **texts;
    const ngx_ai_node_t  *node;

    array = (value->type == NGX_AI_JSON_ARRAY);

    n = array ? value->n : 1;
    node = array ? ngx_ai_tree_child(value) : value;

    texts = to;

    *texts = ngx_array_create(w->pool, ngx_max(n, 1), sizeof(ngx_str_t));
    if (*texts == NULL) {
        return ngx_ai_walk_no_memory(w);
    }

    for (i = 0; i < n; i++) {

        if (node->type != NGX_AI_JSON_STRING) {
            return ngx_ai_walk_fail(w, node, ngx_ai_walk_types(NGX_AI_STRING));
        }

        /* there is room for all */

        text = ngx_array_push(*texts);
        ngx_ai_tree_text(w->tree, node, text);

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


ngx_int_t
ngx_ai_walk_decode(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_str_t *text)
{
    u_char     *dst;
    ngx_str_t   source;

    ngx_ai_tree_text(w->tree, value, &source);

    dst = ngx_pnalloc(w->pool, source.len);
    if (dst == NULL) {
        return ngx_ai_walk_no_memory(w);
    }

    /* the tree has judged it */

    (void) ngx_ai_text_decode_loose(source.data, source.len, dst, source.len,
                                    text);

    return NGX_OK;
}
