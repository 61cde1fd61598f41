
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"
#include "ngx_ai_args.h"
#include "ngx_ai_sign.h"


typedef struct {
    const ngx_ai_node_t       *summary;
    const ngx_ai_node_t       *content;
    ngx_str_t                  sealed;
} ngx_ai_responses_reasoning_t;


static ngx_int_t ngx_ai_responses_read_answered(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to);
static ngx_int_t ngx_ai_responses_read_call(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to);
static ngx_int_t ngx_ai_responses_read_custom_call(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to);
static ngx_int_t ngx_ai_responses_call(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, ngx_array_t *parts, ngx_uint_t custom);
static ngx_int_t ngx_ai_responses_read_thoughts(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to);
static ngx_int_t ngx_ai_responses_thoughts(ngx_ai_walk_t *w,
    const ngx_ai_node_t *array, ngx_uint_t summary, ngx_array_t *parts);
static ngx_int_t ngx_ai_responses_unseal(ngx_ai_walk_t *w,
    const ngx_str_t *sealed, ngx_uint_t first, ngx_array_t *parts);
static ngx_int_t ngx_ai_responses_read_image(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to);


/* those of an assistant, and "to" is the array of parts */

static const ngx_ai_responses_item_t  ngx_ai_responses_outputs[] = {
    { ngx_string("message"), ngx_ai_responses_read_answered },
    { ngx_string("function_call"), ngx_ai_responses_read_call },
    { ngx_string("reasoning"), ngx_ai_responses_read_thoughts },
    { ngx_string("custom_tool_call"), ngx_ai_responses_read_custom_call },
    { ngx_string("image_generation_call"), ngx_ai_responses_read_image },
    { ngx_null_string, NULL }
};


const ngx_ai_member_t  ngx_ai_responses_message_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("id"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("status"), NGX_AI_ANY, NULL, 0, 0 },

    /* which of a turn's messages is for the user's eyes: no one else asks */

    { ngx_string("phase"), NGX_AI_STRING, NULL, 0, 0 },

    { ngx_string("role"), NGX_AI_STRING, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_message_t, role), 0 },

    { ngx_string("content"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_message_t, content), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_call_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("id"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("status"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("call_id"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_responses_call_t, id), 0 },

    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_responses_call_t, name), 0 },

    { ngx_string("arguments"), NGX_AI_STRING, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_call_t, text), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_custom_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("id"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("status"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("call_id"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_responses_call_t, id), 0 },

    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_responses_call_t, name), 0 },

    { ngx_string("input"), NGX_AI_STRING, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_call_t, text), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_reasoning_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("id"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("status"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("summary"), NGX_AI_ARRAY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_reasoning_t, summary), 0 },

    { ngx_string("content"), NGX_AI_ARRAY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_reasoning_t, content), 0 },

    { ngx_string("encrypted_content"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_responses_reasoning_t, sealed), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_thought_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("text"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, text), 0 },

      ngx_ai_null_member
};


ngx_int_t
ngx_ai_responses_read_output(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    ngx_array_t *parts)
{
    const ngx_ai_responses_item_t  *known;

    if (item->type != NGX_AI_JSON_OBJECT) {
        return ngx_ai_walk_fail(w, item, "must be an object");
    }

    known = ngx_ai_responses_item(w, item, ngx_ai_responses_outputs);

    if (known != NULL) {
        return known->read(w, item, parts);
    }

    return ngx_ai_responses_native(w, item, parts);
}


static ngx_int_t
ngx_ai_responses_read_answered(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    void *to)
{
    ngx_ai_responses_message_t  said;

    ngx_memzero(&said, sizeof(ngx_ai_responses_message_t));

    if (ngx_ai_walk_object(w, item, ngx_ai_responses_message_members, &said)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (said.content == NULL) {
        return NGX_OK;
    }

    return ngx_ai_responses_read_content(w, said.content, to);
}


static ngx_int_t
ngx_ai_responses_read_call(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    void *to)
{
    return ngx_ai_responses_call(w, item, to, 0);
}


static ngx_int_t
ngx_ai_responses_read_custom_call(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to)
{
    return ngx_ai_responses_call(w, item, to, 1);
}


static ngx_int_t
ngx_ai_responses_call(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    ngx_array_t *parts, ngx_uint_t custom)
{
    u_char                   *p;
    ngx_str_t                 text;
    ngx_ai_part_t            *part;
    ngx_ai_responses_call_t   call;

    ngx_memzero(&call, sizeof(ngx_ai_responses_call_t));

    if (ngx_ai_walk_object(w, item,
                           custom ? ngx_ai_responses_custom_members
                                  : ngx_ai_responses_call_members,
                           &call)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (call.id.len == 0) {
        return ngx_ai_walk_fail(w, item, "has no \"call_id\"");
    }

    if (call.name.len == 0) {
        return ngx_ai_walk_fail(w, item, "has no \"name\"");
    }

    part = ngx_ai_part_push(parts, NGX_AI_PART_TOOL_CALL);
    if (part == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    part->id = call.id;
    part->name = call.name;
    part->custom = custom;

    (void) ngx_ai_id_split(&call.id, &part->id, &part->origin,
                           &part->signature);

    if (call.text == NULL) {
        return NGX_OK;
    }

    ngx_ai_tree_text(w->tree, call.text, &text);

    if (custom) {
        part->text = text;
        return NGX_OK;
    }

    p = ngx_pnalloc(w->pool, ngx_ai_args_size(&text));

    if (p == NULL || ngx_ai_args_read(&text, p, &part->json) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_thoughts(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    void *to)
{
    ngx_array_t *parts = to;

    ngx_uint_t                     first;
    ngx_ai_responses_reasoning_t   r;

    ngx_memzero(&r, sizeof(ngx_ai_responses_reasoning_t));

    if (ngx_ai_walk_object(w, item, ngx_ai_responses_reasoning_members, &r)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    first = parts->nelts;

    if (r.summary != NULL
        && ngx_ai_responses_thoughts(w, r.summary, 1, parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (r.content != NULL
        && ngx_ai_responses_thoughts(w, r.content, 0, parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (r.sealed.len == 0) {
        return NGX_OK;
    }

    return ngx_ai_responses_unseal(w, &r.sealed, first, parts);
}


static ngx_int_t
ngx_ai_responses_thoughts(ngx_ai_walk_t *w, const ngx_ai_node_t *array,
    ngx_uint_t summary, ngx_array_t *parts)
{
    ngx_uint_t            i;
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(array);

    for (i = 0; i < array->n; i++) {

        part = ngx_ai_part_push(parts, NGX_AI_PART_THINKING);
        if (part == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        part->origin = NGX_AI_DIALECT_RESPONSES;
        part->summary = summary;

        if (ngx_ai_walk_element(w, node, ngx_ai_responses_thought_members,
                                part)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


/*
 * The last of the parts from "first" on gets the signature.  A wrapped one
 * says that they are thoughts of another dialect's model, and no summary.
 */

static ngx_int_t
ngx_ai_responses_unseal(ngx_ai_walk_t *w, const ngx_str_t *sealed,
    ngx_uint_t first, ngx_array_t *parts)
{
    size_t          n;
    ngx_str_t       signature;
    ngx_uint_t      i, origin, foreign;
    ngx_ai_part_t  *part;

    origin = NGX_AI_DIALECT_RESPONSES;
    signature = *sealed;

    foreign = (ngx_ai_signature_unwrap(sealed, &origin, &signature) == NGX_OK);

    n = sizeof(NGX_AI_RESPONSES_REDACTED) - 1;

    if (foreign && signature.len > n
        && ngx_memcmp(signature.data, NGX_AI_RESPONSES_REDACTED, n) == 0)
    {
        part = ngx_ai_part_push(parts, NGX_AI_PART_REDACTED);
        if (part == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        part->origin = origin;
        part->data.data = signature.data + n;
        part->data.len = signature.len - n;

        return NGX_OK;
    }

    if (parts->nelts == first
        && ngx_ai_part_push(parts, NGX_AI_PART_THINKING) == NULL)
    {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    part = parts->elts;

    for (i = first; i < parts->nelts; i++) {
        part[i].origin = origin;

        if (foreign) {
            part[i].summary = 0;
        }
    }

    part[parts->nelts - 1].signature = signature;

    return NGX_OK;
}


/* one without its bytes names what its maker has kept */

static ngx_int_t
ngx_ai_responses_read_image(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    void *to)
{
    ngx_str_t             format;
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(w->tree, item, "result");

    if (node == NULL || node->type != NGX_AI_JSON_STRING) {
        return ngx_ai_responses_native(w, item, to);
    }

    part = ngx_ai_part_push(to, NGX_AI_PART_IMAGE);
    if (part == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    ngx_ai_tree_text(w->tree, node, &part->data);

    node = ngx_ai_tree_member(w->tree, item, "output_format");

    if (node == NULL || node->type != NGX_AI_JSON_STRING) {
        ngx_str_set(&part->media, "image/png");
        return NGX_OK;
    }

    ngx_ai_tree_text(w->tree, node, &format);

    part->media.data = ngx_pnalloc(w->pool, 6 + format.len);
    if (part->media.data == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    part->media.len = ngx_sprintf(part->media.data, "image/%V", &format)
                      - part->media.data;

    return NGX_OK;
}


ngx_int_t
ngx_ai_responses_native(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    ngx_array_t *parts)
{
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *type;

    part = ngx_ai_part_push(parts, NGX_AI_PART_NATIVE);
    if (part == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    part->origin = NGX_AI_DIALECT_RESPONSES;

    ngx_ai_tree_raw(w->tree, item, &part->json);

    type = ngx_ai_tree_member(w->tree, item, "type");

    if (type != NULL && type->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(w->tree, type, &part->name);
        ngx_ai_drop(w->drops, &part->name);
    }

    return NGX_OK;
}


ngx_int_t
ngx_ai_responses_read_node(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    const ngx_ai_node_t **node = to;

    *node = value;

    return NGX_OK;
}


const ngx_ai_responses_item_t *
ngx_ai_responses_item(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    const ngx_ai_responses_item_t *items)
{
    ngx_str_t             name;
    const ngx_ai_node_t  *type;

    type = ngx_ai_tree_member(w->tree, item, "type");

    if (type == NULL || type->type != NGX_AI_JSON_STRING) {
        return NULL;
    }

    ngx_ai_tree_text(w->tree, type, &name);

    for ( /* void */ ; items->name.len; items++) {

        if (items->name.len == name.len
            && ngx_memcmp(items->name.data, name.data, name.len) == 0)
        {
            return items;
        }
    }

    return NULL;
}
