
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_anthropic.h"
#include "ngx_ai_sign.h"


typedef struct {
    ngx_str_t               type;
    ngx_uint_t              kind;      /* ngx_ai_part_e */
    ngx_uint_t              where;
    const ngx_ai_member_t  *members;
    const char             *needs;     /* of a request */
    const char             *reason;
} ngx_ai_anthropic_block_t;


static const ngx_ai_anthropic_block_t *ngx_ai_anthropic_find_block(
    ngx_ai_walk_t *w, const ngx_ai_node_t *type, ngx_uint_t where);
static void ngx_ai_anthropic_sweep(ngx_array_t *parts);
static ngx_uint_t ngx_ai_anthropic_is_mark(const ngx_ai_part_t *part);
static ngx_ai_part_t *ngx_ai_anthropic_push(ngx_ai_walk_t *w,
    ngx_array_t *parts, ngx_uint_t kind);
static ngx_ai_part_t *ngx_ai_anthropic_push_call(ngx_ai_walk_t *w,
    ngx_array_t *parts);
static ngx_int_t ngx_ai_anthropic_read_native(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, const ngx_ai_node_t *type,
    ngx_array_t *parts);
static void ngx_ai_anthropic_unwrap(ngx_uint_t *origin,
    ngx_str_t *signature);
static ngx_int_t ngx_ai_anthropic_read_failed(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_result(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_source(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_texts(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_enabled(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_citations(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


static const ngx_ai_member_t  ngx_ai_anthropic_text_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("text"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, text), 0 },

    { ngx_string("cache_control"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_part_t, cache), 0 },

    { ngx_string("citations"), NGX_AI_ARRAY, ngx_ai_anthropic_read_citations,
      offsetof(ngx_ai_part_t, citations), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_thinking_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("thinking"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, text), 0 },

    { ngx_string("signature"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, signature), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_redacted_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("data"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, data), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_use_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("id"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, id), 0 },

    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, name), 0 },

    { ngx_string("input"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_part_t, json), 0 },

    { ngx_string("cache_control"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_part_t, cache), 0 },

    /* the model itself, or code that it had run */

    { ngx_string("caller"), NGX_AI_ANY, NULL, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_result_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("tool_use_id"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, id), 0 },

    { ngx_string("content"), NGX_AI_STRING|NGX_AI_ARRAY,
      ngx_ai_anthropic_read_result, offsetof(ngx_ai_part_t, parts), 0 },

    { ngx_string("is_error"), NGX_AI_BOOL, ngx_ai_anthropic_read_failed,
      0, 0 },

    { ngx_string("cache_control"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_part_t, cache), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_image_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("source"), NGX_AI_OBJECT, ngx_ai_anthropic_read_source,
      0, 0 },

    { ngx_string("cache_control"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_part_t, cache), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_document_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("source"), NGX_AI_OBJECT, ngx_ai_anthropic_read_source,
      0, 0 },

    { ngx_string("title"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, name), 0 },

    { ngx_string("cache_control"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_part_t, cache), 0 },

    { ngx_string("citations"), NGX_AI_OBJECT, ngx_ai_anthropic_read_enabled,
      0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_search_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("content"), NGX_AI_ARRAY, ngx_ai_anthropic_read_texts,
      offsetof(ngx_ai_part_t, text), 0 },

    { ngx_string("title"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, name), 0 },

    { ngx_string("cache_control"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_part_t, cache), 0 },

    { ngx_string("citations"), NGX_AI_OBJECT, ngx_ai_anthropic_read_enabled,
      0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_source_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("data"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, data), 0 },

    { ngx_string("media_type"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, media), 0 },

    { ngx_string("url"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, url), 0 },

    { ngx_string("file_id"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, file), 0 },

    { ngx_string("content"), NGX_AI_STRING|NGX_AI_ARRAY,
      ngx_ai_anthropic_read_texts, offsetof(ngx_ai_part_t, text), 0 },

      ngx_ai_null_member
};


/* the offsets in documents have no place in the hub */

static const ngx_ai_member_t  ngx_ai_anthropic_citation_members[] = {

    { ngx_string("cited_text"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_citation_t, quote), 0 },

    { ngx_string("url"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_citation_t, url), 0 },

    { ngx_string("title"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_citation_t, title), 0 },

    { ngx_string("document_title"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_citation_t, title), 0 },

    { ngx_string("source"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_citation_t, id), 0 },

      ngx_ai_null_member
};


/* any other is NATIVE */

static const ngx_ai_anthropic_block_t  ngx_ai_anthropic_blocks[] = {

    { ngx_string("text"), NGX_AI_PART_TEXT,
      NGX_AI_ANTHROPIC_IN_ASK|NGX_AI_ANTHROPIC_IN_RESULT
      |NGX_AI_ANTHROPIC_IN_DOCUMENT|NGX_AI_ANTHROPIC_IN_ANSWER,
      ngx_ai_anthropic_text_members, "text", "must have a \"text\"" },

    { ngx_string("tool_use"), NGX_AI_PART_TOOL_CALL,
      NGX_AI_ANTHROPIC_IN_ASK|NGX_AI_ANTHROPIC_IN_ANSWER,
      ngx_ai_anthropic_use_members, "name", "must have a \"name\"" },

    { ngx_string("tool_result"), NGX_AI_PART_TOOL_RESULT,
      NGX_AI_ANTHROPIC_IN_ASK,
      ngx_ai_anthropic_result_members, "tool_use_id",
      "must have a \"tool_use_id\"" },

    { ngx_string("thinking"), NGX_AI_PART_THINKING,
      NGX_AI_ANTHROPIC_IN_ASK|NGX_AI_ANTHROPIC_IN_ANSWER,
      ngx_ai_anthropic_thinking_members, "thinking",
      "must have a \"thinking\"" },

    { ngx_string("redacted_thinking"), NGX_AI_PART_REDACTED,
      NGX_AI_ANTHROPIC_IN_ASK|NGX_AI_ANTHROPIC_IN_ANSWER,
      ngx_ai_anthropic_redacted_members, "data", "must have \"data\"" },

    { ngx_string("image"), NGX_AI_PART_IMAGE,
      NGX_AI_ANTHROPIC_IN_ASK|NGX_AI_ANTHROPIC_IN_RESULT,
      ngx_ai_anthropic_image_members, "source", "must have a \"source\"" },

    { ngx_string("document"), NGX_AI_PART_FILE,
      NGX_AI_ANTHROPIC_IN_ASK|NGX_AI_ANTHROPIC_IN_RESULT,
      ngx_ai_anthropic_document_members, "source", "must have a \"source\"" },

    { ngx_string("search_result"), NGX_AI_PART_FILE,
      NGX_AI_ANTHROPIC_IN_ASK|NGX_AI_ANTHROPIC_IN_RESULT,
      ngx_ai_anthropic_search_members, "content", "must have \"content\"" },

    { ngx_null_string, 0, 0, NULL, NULL, NULL }
};


ngx_int_t
ngx_ai_anthropic_read_blocks(ngx_ai_walk_t *w, const ngx_ai_node_t *content,
    ngx_uint_t where, ngx_array_t *parts)
{
    ngx_str_t             text;
    ngx_uint_t            i;
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *node;

    if (content->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(w->tree, content, &text);

        if (text.len == 0) {
            return NGX_OK;
        }

        part = ngx_ai_anthropic_push(w, parts, NGX_AI_PART_TEXT);
        if (part == NULL) {
            return NGX_ERROR;
        }

        part->text = text;

        return NGX_OK;
    }

    node = ngx_ai_tree_child(content);

    for (i = 0; i < content->n; i++) {

        if (ngx_ai_anthropic_read_block(w, node, where, parts) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    if (where & NGX_AI_ANTHROPIC_IN_ASK) {
        ngx_ai_anthropic_sweep(parts);
    }

    return NGX_OK;
}


/* the signature of a call that is not there is nobody's */

static void
ngx_ai_anthropic_sweep(ngx_array_t *parts)
{
    ngx_uint_t      i, n;
    ngx_ai_part_t  *part;

    part = parts->elts;
    n = 0;

    for (i = 0; i < parts->nelts; i++) {

        if (ngx_ai_anthropic_is_mark(&part[i])) {
            continue;
        }

        if (n < i) {
            part[n] = part[i];
        }

        n++;
    }

    parts->nelts = n;
}


static ngx_uint_t
ngx_ai_anthropic_is_mark(const ngx_ai_part_t *part)
{
    size_t  len;

    len = sizeof(NGX_AI_ANTHROPIC_CALL) - 1;

    return part->kind == NGX_AI_PART_THINKING
           && part->origin != NGX_AI_DIALECT_ANTHROPIC
           && part->signature.len > len
           && ngx_memcmp(part->signature.data, NGX_AI_ANTHROPIC_CALL, len)
              == 0;
}


ngx_int_t
ngx_ai_anthropic_read_block(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_uint_t where, ngx_array_t *parts)
{
    ngx_ai_part_t                   *part;
    const ngx_ai_node_t             *type;
    const ngx_ai_anthropic_block_t  *block;

    if (node->type != NGX_AI_JSON_OBJECT) {
        return ngx_ai_walk_fail(w, node, "must be an object");
    }

    type = ngx_ai_tree_member(w->tree, node, "type");

    if (type == NULL) {
        return ngx_ai_walk_fail(w, node, "must have a \"type\"");
    }

    if (type->type != NGX_AI_JSON_STRING) {
        return ngx_ai_walk_fail(w, type, "must be a string");
    }

    block = ngx_ai_anthropic_find_block(w, type, where);

    if (block == NULL) {
        return ngx_ai_anthropic_read_native(w, node, type, parts);
    }

    if (!(where & NGX_AI_ANTHROPIC_IN_ANSWER)
        && ngx_ai_tree_member(w->tree, node, block->needs) == NULL)
    {
        return ngx_ai_walk_fail(w, node, block->reason);
    }

    part = (block->kind == NGX_AI_PART_TOOL_CALL)
           ? ngx_ai_anthropic_push_call(w, parts)
           : ngx_ai_anthropic_push(w, parts, block->kind);

    if (part == NULL) {
        return NGX_ERROR;
    }

    if (ngx_ai_walk_object(w, node, block->members, part) != NGX_OK) {
        return NGX_ERROR;
    }

    if (part->kind == NGX_AI_PART_TEXT && part->text.len == 0) {
        parts->nelts--;

    } else if (where & NGX_AI_ANTHROPIC_IN_ANSWER) {
        return NGX_OK;

    } else if (part->kind == NGX_AI_PART_THINKING) {
        ngx_ai_anthropic_unwrap(&part->origin, &part->signature);

    } else if (part->kind == NGX_AI_PART_REDACTED) {
        ngx_ai_anthropic_unwrap(&part->origin, &part->data);
    }

    return NGX_OK;
}


static const ngx_ai_anthropic_block_t *
ngx_ai_anthropic_find_block(ngx_ai_walk_t *w, const ngx_ai_node_t *type,
    ngx_uint_t where)
{
    const ngx_ai_anthropic_block_t  *block;

    for (block = ngx_ai_anthropic_blocks; block->type.len; block++) {

        if ((block->where & where)
            && ngx_ai_tree_is(w->tree, type, (char *) block->type.data))
        {
            return block;
        }
    }

    return NULL;
}


static ngx_ai_part_t *
ngx_ai_anthropic_push(ngx_ai_walk_t *w, ngx_array_t *parts, ngx_uint_t kind)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_part_push(parts, kind);

    if (part == NULL) {
        (void) ngx_ai_walk_fail(w, NULL, "no memory");
        return NULL;
    }

    part->origin = NGX_AI_DIALECT_ANTHROPIC;

    return part;
}


/* a block that has the signature of the call behind it becomes that call */

static ngx_ai_part_t *
ngx_ai_anthropic_push_call(ngx_ai_walk_t *w, ngx_array_t *parts)
{
    ngx_str_t       signature;
    ngx_uint_t      origin;
    ngx_ai_part_t  *part;

    if (parts->nelts) {
        part = parts->elts;
        part = &part[parts->nelts - 1];

        if (ngx_ai_anthropic_is_mark(part)) {
            signature = part->signature;
            signature.data += sizeof(NGX_AI_ANTHROPIC_CALL) - 1;
            signature.len -= sizeof(NGX_AI_ANTHROPIC_CALL) - 1;
            origin = part->origin;

            ngx_memzero(part, sizeof(ngx_ai_part_t));

            part->kind = NGX_AI_PART_TOOL_CALL;
            part->signature = signature;
            part->origin = origin;

            return part;
        }
    }

    return ngx_ai_anthropic_push(w, parts, NGX_AI_PART_TOOL_CALL);
}


static ngx_int_t
ngx_ai_anthropic_read_native(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    const ngx_ai_node_t *type, ngx_array_t *parts)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_anthropic_push(w, parts, NGX_AI_PART_NATIVE);
    if (part == NULL) {
        return NGX_ERROR;
    }

    ngx_ai_tree_raw(w->tree, node, &part->json);
    ngx_ai_tree_text(w->tree, type, &part->name);

    return NGX_OK;
}


static void
ngx_ai_anthropic_unwrap(ngx_uint_t *origin, ngx_str_t *signature)
{
    /* one that is not wrapped is the dialect's own, and stays as it is */

    if (signature->len) {
        (void) ngx_ai_signature_unwrap(signature, origin, signature);
    }
}


static ngx_int_t
ngx_ai_anthropic_read_failed(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t  *part;

    part = to;
    part->failed = (value->type == NGX_AI_JSON_TRUE);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_read_result(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_array_t  **parts;

    parts = to;

    *parts = ngx_ai_parts_create(w->pool);
    if (*parts == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return ngx_ai_anthropic_read_blocks(w, value, NGX_AI_ANTHROPIC_IN_RESULT,
                                        *parts);
}


static ngx_int_t
ngx_ai_anthropic_read_source(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *type;

    part = to;
    type = ngx_ai_tree_member(w->tree, value, "type");

    if (type == NULL) {
        return ngx_ai_walk_fail(w, value, "must have a \"type\"");
    }

    if (ngx_ai_walk_object(w, value, ngx_ai_anthropic_source_members, part)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (type->type != NGX_AI_JSON_STRING) {
        return ngx_ai_walk_fail(w, type, "must be a string");
    }

    if (ngx_ai_tree_is(w->tree, type, "base64")) {

        if (part->data.len == 0 || part->media.len == 0) {
            return ngx_ai_walk_fail(w, value, "must have \"data\" and a "
                                    "\"media_type\"");
        }

    } else if (ngx_ai_tree_is(w->tree, type, "url")) {

        if (part->url.len == 0) {
            return ngx_ai_walk_fail(w, value, "must have a \"url\"");
        }

    } else if (ngx_ai_tree_is(w->tree, type, "file")) {

        if (part->file.len == 0) {
            return ngx_ai_walk_fail(w, value, "must have a \"file_id\"");
        }

    } else if (part->kind == NGX_AI_PART_FILE
               && ngx_ai_tree_is(w->tree, type, "text"))
    {
        part->text = part->data;
        ngx_str_null(&part->data);

    } else if (part->kind != NGX_AI_PART_FILE
               || !ngx_ai_tree_is(w->tree, type, "content"))
    {
        return ngx_ai_walk_fail(w, type, "is no type of a source");
    }

    return NGX_OK;
}


/* a string, or text blocks, as one text of as many paragraphs */

static ngx_int_t
ngx_ai_anthropic_read_texts(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    u_char         *p;
    size_t          len;
    ngx_str_t      *text;
    ngx_uint_t      i;
    ngx_array_t    *parts;
    ngx_ai_part_t  *part;

    text = to;

    parts = ngx_ai_parts_create(w->pool);
    if (parts == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    if (ngx_ai_anthropic_read_blocks(w, value, NGX_AI_ANTHROPIC_IN_DOCUMENT,
                                     parts)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    part = parts->elts;
    len = 0;

    for (i = 0; i < parts->nelts; i++) {
        len += part[i].text.len + sizeof("\\n\\n") - 1;
    }

    p = ngx_pnalloc(w->pool, len + 1);
    if (p == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    text->data = p;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind != NGX_AI_PART_TEXT) {
            ngx_ai_walk_drop(w, value);
            continue;
        }

        if (p > text->data) {
            p = ngx_cpymem(p, "\\n\\n", sizeof("\\n\\n") - 1);
        }

        p = ngx_cpymem(p, part[i].text.data, part[i].text.len);
    }

    text->len = p - text->data;

    return NGX_OK;
}


/* citations are wanted: nobody else can be told */

static ngx_int_t
ngx_ai_anthropic_read_enabled(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    const ngx_ai_node_t  *enabled;

    enabled = ngx_ai_tree_member(w->tree, value, "enabled");

    if (enabled != NULL && enabled->type == NGX_AI_JSON_TRUE) {
        ngx_ai_walk_drop(w, value);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_read_citations(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t             i;
    ngx_array_t          **citations;
    ngx_ai_citation_t     *citation;
    const ngx_ai_node_t   *node;

    citations = to;

    *citations = ngx_array_create(w->pool, 4, sizeof(ngx_ai_citation_t));
    if (*citations == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        citation = ngx_array_push(*citations);
        if (citation == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        if (ngx_ai_anthropic_read_citation(w, node, citation) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


ngx_int_t
ngx_ai_anthropic_read_citation(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_citation_t *citation)
{
    ngx_int_t        rc;
    ngx_ai_drops_t  *drops;

    ngx_memzero(citation, sizeof(ngx_ai_citation_t));

    citation->start = -1;
    citation->end = -1;

    /* there are many members, and no target is told of any */

    drops = w->drops;
    w->drops = NULL;

    rc = ngx_ai_walk_element(w, node, ngx_ai_anthropic_citation_members,
                             citation);

    w->drops = drops;

    return rc;
}
