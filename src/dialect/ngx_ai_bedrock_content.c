
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The content of messages in a request.  A block is an object with one
 * member, whose name says what it is:
 *
 *     { "toolUse": { "toolUseId": "t1", "name": "f", "input": {} } }
 *
 * Every function here that reads one has the list of parts as its "to".
 */


#include "ngx_ai_bedrock.h"
#include "ngx_ai_inner.h"


static ngx_int_t ngx_ai_bedrock_read_text(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_cache(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_call(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static void ngx_ai_bedrock_signed_call(ngx_array_t *parts,
    ngx_ai_part_t *call);
static ngx_int_t ngx_ai_bedrock_read_result(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_result_content(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_status(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_json(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_reasoning(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_reasoning_text(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_redacted(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_cited(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_cited_text(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_guarded(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_guarded_text(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_native(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


static const ngx_ai_member_t  ngx_ai_bedrock_block_members[] = {
    { ngx_string("text"), NGX_AI_STRING, ngx_ai_bedrock_read_text, 0, 0 },
    { ngx_string("toolUse"), NGX_AI_OBJECT, ngx_ai_bedrock_read_call, 0, 0 },
    { ngx_string("toolResult"), NGX_AI_OBJECT, ngx_ai_bedrock_read_result, 0,
      0 },
    { ngx_string("cachePoint"), NGX_AI_OBJECT, ngx_ai_bedrock_read_cache, 0,
      0 },
    { ngx_string("reasoningContent"), NGX_AI_OBJECT,
      ngx_ai_bedrock_read_reasoning, 0, 0 },
    { ngx_string("image"), NGX_AI_OBJECT, ngx_ai_bedrock_read_image, 0, 0 },
    { ngx_string("document"), NGX_AI_OBJECT, ngx_ai_bedrock_read_document, 0,
      0 },
    { ngx_string("video"), NGX_AI_OBJECT, ngx_ai_bedrock_read_video, 0, 0 },
    { ngx_string("audio"), NGX_AI_OBJECT, ngx_ai_bedrock_read_audio, 0, 0 },
    { ngx_string("searchResult"), NGX_AI_OBJECT, ngx_ai_bedrock_read_search,
      0, 0 },
    { ngx_string("citationsContent"), NGX_AI_OBJECT,
      ngx_ai_bedrock_read_cited, 0, 0 },
    { ngx_string("guardContent"), NGX_AI_OBJECT, ngx_ai_bedrock_read_guarded,
      0, 0 },
    { ngx_string("toolAddition"), NGX_AI_OBJECT, ngx_ai_bedrock_read_native,
      0, 0 },
    { ngx_string("toolRemoval"), NGX_AI_OBJECT, ngx_ai_bedrock_read_native,
      0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_result_block_members[] = {
    { ngx_string("text"), NGX_AI_STRING, ngx_ai_bedrock_read_text, 0, 0 },
    { ngx_string("json"), NGX_AI_ANY, ngx_ai_bedrock_read_json, 0, 0 },
    { ngx_string("image"), NGX_AI_OBJECT, ngx_ai_bedrock_read_image, 0, 0 },
    { ngx_string("document"), NGX_AI_OBJECT, ngx_ai_bedrock_read_document, 0,
      0 },
    { ngx_string("video"), NGX_AI_OBJECT, ngx_ai_bedrock_read_video, 0, 0 },
    { ngx_string("searchResult"), NGX_AI_OBJECT, ngx_ai_bedrock_read_search,
      0, 0 },
    ngx_ai_null_member
};


/* into an ngx_ai_part_t, the next four */

static const ngx_ai_member_t  ngx_ai_bedrock_call_members[] = {
    { ngx_string("toolUseId"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, id), 0 },
    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, name), 0 },
    { ngx_string("input"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_part_t, json), 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_result_members[] = {
    { ngx_string("toolUseId"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, id), 0 },
    { ngx_string("content"), NGX_AI_ARRAY,
      ngx_ai_bedrock_read_result_content, offsetof(ngx_ai_part_t, parts), 0 },
    { ngx_string("status"), NGX_AI_STRING, ngx_ai_bedrock_read_status, 0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_reasoning_text_members[] = {
    { ngx_string("text"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, text), 0 },
    { ngx_string("signature"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, signature), 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_cited_members[] = {
    { ngx_string("content"), NGX_AI_ARRAY, ngx_ai_bedrock_read_cited_text,
      offsetof(ngx_ai_part_t, text), 0 },
    { ngx_string("citations"), NGX_AI_ARRAY, ngx_ai_bedrock_read_citations,
      offsetof(ngx_ai_part_t, citations), 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_reasoning_members[] = {
    { ngx_string("reasoningText"), NGX_AI_OBJECT,
      ngx_ai_bedrock_read_reasoning_text, 0, 0 },
    { ngx_string("redactedContent"), NGX_AI_STRING,
      ngx_ai_bedrock_read_redacted, 0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_guarded_members[] = {
    { ngx_string("text"), NGX_AI_OBJECT, ngx_ai_bedrock_read_guarded_text, 0,
      0 },
    { ngx_string("image"), NGX_AI_OBJECT, ngx_ai_bedrock_read_image, 0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_guarded_text_members[] = {
    { ngx_string("text"), NGX_AI_STRING, ngx_ai_bedrock_read_text, 0, 0 },
    ngx_ai_null_member
};


ngx_int_t
ngx_ai_bedrock_read_content(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_walk_element(w, node, ngx_ai_bedrock_block_members, to)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_text(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_bedrock_push(w, to, NGX_AI_PART_TEXT);
    if (part == NULL) {
        return NGX_ERROR;
    }

    ngx_ai_tree_text(w->tree, value, &part->text);

    return NGX_OK;
}


/*
 * What is before the point is to be cached.  At the start of a message that
 * is the end of the one before it; at the start of all there is nothing.
 */

static ngx_int_t
ngx_ai_bedrock_read_cache(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_array_t       *parts = to;
    ngx_ai_chat_t     *chat = w->data;

    ngx_ai_part_t     *part;
    ngx_ai_message_t  *message;

    if (parts->nelts == 0 && chat->messages.nelts > 1) {
        message = chat->messages.elts;
        parts = &message[chat->messages.nelts - 2].parts;
    }

    if (parts->nelts) {
        part = parts->elts;
        ngx_ai_bedrock_cache(w, value, &part[parts->nelts - 1].cache);
    }

    return NGX_OK;
}


/* the hub's words are Anthropic's */

void
ngx_ai_bedrock_cache(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_str_t *cache)
{
    const ngx_ai_node_t  *ttl;

    ttl = ngx_ai_tree_member(w->tree, node, "ttl");

    if (ttl != NULL && ngx_ai_tree_is(w->tree, ttl, "1h")) {
        ngx_str_set(cache, "{\"type\":\"ephemeral\",\"ttl\":\"1h\"}");

    } else if (ttl != NULL && ngx_ai_tree_is(w->tree, ttl, "5m")) {
        ngx_str_set(cache, "{\"type\":\"ephemeral\",\"ttl\":\"5m\"}");

    } else {
        ngx_str_set(cache, "{\"type\":\"ephemeral\"}");
    }
}


static ngx_int_t
ngx_ai_bedrock_read_call(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_array_t    *parts = to;

    ngx_ai_part_t  *part, call;

    /* a call that Bedrock has made to itself */

    if (ngx_ai_bedrock_is_server(w->tree, value)) {
        return ngx_ai_bedrock_read_native(w, value, member, to);
    }

    ngx_memzero(&call, sizeof(ngx_ai_part_t));

    call.kind = NGX_AI_PART_TOOL_CALL;

    if (ngx_ai_walk_object(w, value, ngx_ai_bedrock_call_members, &call)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (call.id.len == 0) {
        return ngx_ai_walk_fail(w, value, "has no toolUseId");
    }

    if (call.name.len == 0) {
        return ngx_ai_walk_fail(w, value, "has no name");
    }

    ngx_ai_bedrock_signed_call(parts, &call);

    part = ngx_ai_bedrock_push(w, parts, NGX_AI_PART_TOOL_CALL);
    if (part == NULL) {
        return NGX_ERROR;
    }

    *part = call;

    return NGX_OK;
}


/*
 * A signature of another dialect that stands alone before a call was put
 * there by ngx_ai_bedrock_write_answer(): it is the call's.
 */

static void
ngx_ai_bedrock_signed_call(ngx_array_t *parts, ngx_ai_part_t *call)
{
    ngx_ai_part_t  *last;

    if (parts->nelts == 0) {
        return;
    }

    last = (ngx_ai_part_t *) parts->elts + parts->nelts - 1;

    if (last->kind == NGX_AI_PART_THINKING && last->text.len == 0
        && last->signature.len && last->origin != NGX_AI_DIALECT_BEDROCK)
    {
        call->signature = last->signature;
        call->origin = last->origin;
        parts->nelts--;
    }
}


static ngx_int_t
ngx_ai_bedrock_read_result(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t  *part;

    if (ngx_ai_bedrock_is_server(w->tree, value)) {
        return ngx_ai_bedrock_read_native(w, value, member, to);
    }

    part = ngx_ai_bedrock_push(w, to, NGX_AI_PART_TOOL_RESULT);
    if (part == NULL) {
        return NGX_ERROR;
    }

    if (ngx_ai_walk_object(w, value, ngx_ai_bedrock_result_members, part)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (part->id.len == 0) {
        return ngx_ai_walk_fail(w, value, "has no toolUseId");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_result_content(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    ngx_array_t          *parts, **list;
    const ngx_ai_node_t  *node;

    parts = ngx_ai_parts_create(w->pool);
    if (parts == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_walk_element(w, node, ngx_ai_bedrock_result_block_members,
                                parts)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    list = to;
    *list = parts;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_status(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t *part = to;

    part->failed = ngx_ai_tree_is(w->tree, value, "error");

    return NGX_OK;
}


/* any JSON as the result of a tool is a text to all others */

static ngx_int_t
ngx_ai_bedrock_read_json(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_str_t       json;
    ngx_ai_part_t  *part;

    part = ngx_ai_bedrock_push(w, to, NGX_AI_PART_TEXT);
    if (part == NULL) {
        return NGX_ERROR;
    }

    ngx_ai_tree_raw(w->tree, value, &json);

    if (ngx_ai_inner_write(w->pool, &json, &part->text) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_reasoning(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_reasoning_members, to);
}


static ngx_int_t
ngx_ai_bedrock_read_reasoning_text(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_bedrock_push(w, to, NGX_AI_PART_THINKING);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->origin = NGX_AI_DIALECT_BEDROCK;

    if (ngx_ai_walk_object(w, value, ngx_ai_bedrock_reasoning_text_members,
                           part)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (part->signature.len) {
        (void) ngx_ai_signature_unwrap(&part->signature, &part->origin,
                                       &part->signature);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_redacted(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_bedrock_push(w, to, NGX_AI_PART_REDACTED);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->origin = NGX_AI_DIALECT_BEDROCK;
    ngx_ai_tree_text(w->tree, value, &part->data);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_cited(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_bedrock_push(w, to, NGX_AI_PART_TEXT);
    if (part == NULL) {
        return NGX_ERROR;
    }

    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_cited_members, part);
}


static ngx_int_t
ngx_ai_bedrock_read_cited_text(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_bedrock_join(w, value, to);
}


ngx_int_t
ngx_ai_bedrock_read_citations(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    ngx_array_t          *citations, **list;
    ngx_ai_citation_t    *citation;
    const ngx_ai_node_t  *node;

    if (value->n == 0) {
        return NGX_OK;
    }

    citations = ngx_array_create(w->pool, value->n, sizeof(ngx_ai_citation_t));
    if (citations == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    list = to;
    *list = citations;

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (node->type == NGX_AI_JSON_OBJECT) {

            /* there is room for all */

            citation = ngx_array_push(citations);
            ngx_ai_bedrock_read_citation(w->tree, node, citation);
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


/* what is to be guarded is a part of the conversation all the same */

static ngx_int_t
ngx_ai_bedrock_read_guarded(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_guarded_members, to);
}


static ngx_int_t
ngx_ai_bedrock_read_guarded_text(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_guarded_text_members,
                              to);
}


/* all of the block, with the name that it begins with */

static ngx_int_t
ngx_ai_bedrock_read_native(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *key;

    part = ngx_ai_bedrock_push(w, to, NGX_AI_PART_NATIVE);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->origin = NGX_AI_DIALECT_BEDROCK;
    part->name = member->name;

    key = &w->tree->nodes[value->parent];
    ngx_ai_tree_raw(w->tree, &w->tree->nodes[key->parent], &part->json);

    return NGX_OK;
}
