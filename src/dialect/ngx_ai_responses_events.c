
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"
#include "ngx_ai_text.h"


static ngx_int_t ngx_ai_responses_item_done(ngx_ai_responses_source_t *s,
    const ngx_ai_node_t *item, ngx_uint_t key);
static ngx_int_t ngx_ai_responses_item_parts(ngx_ai_responses_source_t *s,
    ngx_uint_t key, const ngx_array_t *parts);
static ngx_int_t ngx_ai_responses_sealed(ngx_ai_responses_source_t *s,
    ngx_uint_t key, const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_responses_called(ngx_ai_responses_source_t *s,
    ngx_uint_t key, const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_responses_error(ngx_ai_responses_source_t *s,
    const ngx_ai_node_t *node);


ngx_int_t
ngx_ai_responses_on_item(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg)
{
    ngx_str_t             type;
    ngx_uint_t            kind;
    ngx_ai_part_t         part;
    const ngx_ai_node_t  *item;

    static const ngx_ai_responses_word_t  kinds[] = {
        { ngx_string("function_call"), 1 },
        { ngx_string("custom_tool_call"), 2 },
        { ngx_null_string, 0 }
    };

    item = e->item;

    if (item == NULL) {
        return NGX_OK;
    }

    s->items = 1;
    s->text = 0;
    s->thinking = 0;

    ngx_str_null(&type);

    ngx_ai_responses_get(s, item, "type", &type);

    kind = ngx_ai_responses_find(kinds, &type, 0);

    if (kind == 0) {
        return NGX_OK;
    }

    ngx_memzero(&part, sizeof(ngx_ai_part_t));

    part.kind = NGX_AI_PART_TOOL_CALL;
    part.custom = (kind == 2);

    ngx_ai_responses_get(s, item, "call_id", &part.id);
    ngx_ai_responses_get(s, item, "name", &part.name);

    return ngx_ai_flow_part(s->source.flow, 0, ngx_ai_responses_key(s, e),
                            &part);
}


ngx_int_t
ngx_ai_responses_on_item_done(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg)
{
    if (e->item == NULL) {
        return NGX_OK;
    }

    s->items = 1;

    return ngx_ai_responses_item_done(s, e->item, ngx_ai_responses_key(s, e));
}


static ngx_int_t
ngx_ai_responses_item_done(ngx_ai_responses_source_t *s,
    const ngx_ai_node_t *item, ngx_uint_t key)
{
    ngx_int_t       rc;
    ngx_str_t       type;
    ngx_array_t    *parts;
    ngx_ai_walk_t   w;

    ngx_str_null(&type);

    ngx_ai_responses_get(s, item, "type", &type);

    if (type.len == sizeof("message") - 1
        && ngx_memcmp(type.data, "message", type.len) == 0
        && ngx_ai_responses_is_said(s, key))
    {
        return ngx_ai_flow_part_end(s->source.flow, 0, key);
    }

    parts = ngx_ai_parts_create(s->source.pool);
    if (parts == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&w, sizeof(ngx_ai_walk_t));

    w.tree = s->source.tree;
    w.pool = s->source.pool;

    if (ngx_ai_responses_read_output(&w, item, parts) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_ai_responses_item_parts(s, key, parts);

    ngx_ai_responses_set_said(s, key);
    s->thinking = 0;

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_flow_part_end(s->source.flow, 0, key);
}


/* what has been told of them is not told again */

static ngx_int_t
ngx_ai_responses_item_parts(ngx_ai_responses_source_t *s, ngx_uint_t key,
    const ngx_array_t *parts)
{
    ngx_int_t             rc;
    ngx_uint_t            i, said;
    const ngx_ai_part_t  *part;

    said = ngx_ai_responses_is_said(s, key);
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        switch (part[i].kind) {

        case NGX_AI_PART_TOOL_CALL:
            rc = ngx_ai_responses_called(s, key, &part[i]);
            break;

        case NGX_AI_PART_THINKING:
            rc = said ? ngx_ai_responses_sealed(s, key, &part[i])
                      : ngx_ai_flow_part(s->source.flow, 0, key, &part[i]);
            break;

        default:
            rc = ngx_ai_flow_part(s->source.flow, 0, key, &part[i]);
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


/* thoughts that have been told get their signature */

static ngx_int_t
ngx_ai_responses_sealed(ngx_ai_responses_source_t *s, ngx_uint_t key,
    const ngx_ai_part_t *part)
{
    ngx_ai_part_t  empty;

    if (part->signature.len == 0) {
        return NGX_OK;
    }

    if (s->thinking) {
        return ngx_ai_flow_signature(s->source.flow, 0, key, part->origin,
                                     &part->signature);
    }

    empty = *part;
    ngx_str_null(&empty.text);

    return ngx_ai_flow_part(s->source.flow, 0, key, &empty);
}


static ngx_int_t
ngx_ai_responses_called(ngx_ai_responses_source_t *s, ngx_uint_t key,
    const ngx_ai_part_t *part)
{
    ngx_int_t   rc;
    ngx_str_t   none;
    ngx_uint_t  said;

    said = ngx_ai_responses_is_said(s, key);

    ngx_str_null(&none);

    rc = ngx_ai_flow_call(s->source.flow, 0, key, &part->id, &part->name,
                          (said || !part->custom) ? &none : &part->text);

    if (rc != NGX_OK || said || part->custom) {
        return rc;
    }

    return ngx_ai_flow_call_json(s->source.flow, 0, key, &part->json);
}


ngx_int_t
ngx_ai_responses_on_response(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg)
{
    int64_t               created;
    ngx_str_t             id, model;
    const ngx_ai_node_t  *response, *node;

    response = e->response;

    if (response == NULL) {
        return NGX_ERROR;
    }

    created = 0;
    ngx_str_null(&id);
    ngx_str_null(&model);

    ngx_ai_responses_get(s, response, "id", &id);
    ngx_ai_responses_get(s, response, "model", &model);

    node = ngx_ai_tree_member(s->source.tree, response, "created_at");

    if (node != NULL) {
        (void) ngx_ai_tree_int(s->source.tree, node, &created);
    }

    return ngx_ai_flow_start(s->source.flow, &id, &model, created);
}


ngx_int_t
ngx_ai_responses_on_end(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg)
{
    ngx_int_t             rc;
    ngx_uint_t            i, finish;
    ngx_ai_usage_t        usage;
    const ngx_ai_node_t  *response, *node, *item;

    rc = ngx_ai_responses_on_response(s, e, 0);
    if (rc != NGX_OK) {
        return rc;
    }

    response = e->response;
    finish = ngx_ai_responses_read_finish(s->source.tree, response);
    node = ngx_ai_tree_member(s->source.tree, response, "usage");

    if (node != NULL
        && ngx_ai_responses_read_usage(s->source.tree, node, &usage)
           == NGX_OK)
    {
        rc = ngx_ai_flow_usage(s->source.flow, &usage);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (finish == NGX_AI_FINISH_ERROR) {
        node = ngx_ai_tree_member(s->source.tree, response, "error");
        return ngx_ai_responses_error(s, node);
    }

    node = ngx_ai_tree_member(s->source.tree, response, "output");

    if (!s->items && node != NULL && node->type == NGX_AI_JSON_ARRAY) {

        item = ngx_ai_tree_child(node);

        for (i = 0; i < node->n; i++) {

            rc = ngx_ai_responses_item_done(s, item, i);
            if (rc != NGX_OK) {
                return rc;
            }

            item = ngx_ai_tree_next(s->source.tree, item);
        }
    }

    rc = ngx_ai_flow_finish(s->source.flow, 0, finish, NULL);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_flow_end(s->source.flow);
}


/* {"type":"error","error":{...}}, or its members beside the type */

ngx_int_t
ngx_ai_responses_on_error(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg)
{
    if (e->error != NULL) {
        return ngx_ai_responses_error(s, e->error);
    }

    if (ngx_ai_tree_member(s->source.tree, e->root, "message") == NULL) {
        return NGX_ERROR;
    }

    return ngx_ai_responses_error(s, e->root);
}


static ngx_int_t
ngx_ai_responses_error(ngx_ai_responses_source_t *s,
    const ngx_ai_node_t *node)
{
    u_char                 *p;
    ngx_ai_error_t          error;
    ngx_ai_openai_fault_t   fault;

    ngx_memzero(&error, sizeof(ngx_ai_error_t));
    ngx_memzero(&fault, sizeof(ngx_ai_openai_fault_t));
    ngx_str_set(&fault.message, "");

    if (node != NULL && node->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(s->source.tree, node, &fault.message);

    } else if (node != NULL) {
        ngx_ai_responses_get(s, node, "code", &fault.word);
        ngx_ai_responses_get(s, node, "type", &fault.type);
        ngx_ai_responses_get(s, node, "message", &fault.message);
    }

    error.kind = ngx_ai_openai_kind(&fault, 1);
    error.status = ngx_ai_error_status(error.kind);
    error.retry_after = -1;

    ngx_str_set(&error.message, "The provider failed.");

    if (fault.message.len) {
        p = ngx_pnalloc(s->source.pool, fault.message.len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        (void) ngx_ai_text_decode_loose(fault.message.data, fault.message.len,
                                        p, fault.message.len, &error.message);
    }

    return ngx_ai_flow_error(s->source.flow, &error);
}


ngx_int_t
ngx_ai_responses_on_ping(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg)
{
    return ngx_ai_flow_ping(s->source.flow);
}
