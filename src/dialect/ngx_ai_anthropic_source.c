
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_anthropic.h"
#include "ngx_ai_inner.h"
#include "ngx_ai_text.h"


/* of what a server's tool is asked, which comes in pieces */
#define NGX_AI_ANTHROPIC_NATIVE_MAX  (1024 * 1024)


typedef struct {
    ngx_str_t         type;
    ngx_int_t       (*read)(ngx_ai_anthropic_source_t *s,
                          const ngx_ai_node_t *root);
} ngx_ai_anthropic_event_t;


static ngx_int_t ngx_ai_anthropic_exception(ngx_ai_anthropic_source_t *s,
    const ngx_ai_sse_event_t *ev);
static ngx_int_t ngx_ai_anthropic_unpack(ngx_ai_anthropic_source_t *s,
    ngx_str_t *data);
static ngx_int_t ngx_ai_anthropic_message_start(
    ngx_ai_anthropic_source_t *s, const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_anthropic_content(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *content);
static ngx_int_t ngx_ai_anthropic_block_start(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_anthropic_gather(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *block);
static ngx_int_t ngx_ai_anthropic_gather_init(ngx_ai_anthropic_source_t *s);
static void ngx_ai_anthropic_gather_free(void *data);
static ngx_int_t ngx_ai_anthropic_block_delta(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_anthropic_cited(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *delta);
static ngx_int_t ngx_ai_anthropic_block_stop(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_anthropic_gathered(ngx_ai_anthropic_source_t *s,
    ngx_uint_t index);
static ngx_int_t ngx_ai_anthropic_message_delta(
    ngx_ai_anthropic_source_t *s, const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_anthropic_message_stop(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_anthropic_ping(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_anthropic_error(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_anthropic_failed(ngx_ai_anthropic_source_t *s,
    const ngx_str_t *type, const ngx_str_t *message);
static ngx_int_t ngx_ai_anthropic_report(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *message);
static ngx_int_t ngx_ai_anthropic_finish(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *node);
static ngx_int_t ngx_ai_anthropic_event_index(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root, ngx_uint_t *index);
static void ngx_ai_anthropic_event_text(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *node, const char *name, ngx_str_t *text);


static const ngx_ai_anthropic_event_t  ngx_ai_anthropic_events[] = {
    { ngx_string("content_block_delta"), ngx_ai_anthropic_block_delta },
    { ngx_string("ping"), ngx_ai_anthropic_ping },
    { ngx_string("content_block_start"), ngx_ai_anthropic_block_start },
    { ngx_string("content_block_stop"), ngx_ai_anthropic_block_stop },
    { ngx_string("message_start"), ngx_ai_anthropic_message_start },
    { ngx_string("message_delta"), ngx_ai_anthropic_message_delta },
    { ngx_string("message_stop"), ngx_ai_anthropic_message_stop },
    { ngx_string("error"), ngx_ai_anthropic_error },
    { ngx_null_string, NULL }
};


static const ngx_str_t  ngx_ai_anthropic_none = ngx_null_string;


ngx_int_t
ngx_ai_anthropic_read_delta(void *source, const ngx_ai_sse_event_t *ev)
{
    ngx_int_t                        rc;
    ngx_str_t                        data;
    const ngx_ai_node_t             *root, *type;
    ngx_ai_anthropic_source_t       *s;
    const ngx_ai_anthropic_event_t  *event;

    s = source;

    if (s->over) {
        return NGX_OK;
    }

    if (ev->error) {
        return ngx_ai_anthropic_exception(s, ev);
    }

    data = ev->data;

    if (s->source.quirks & NGX_AI_QUIRK_BEDROCK_INVOKE) {

        rc = ngx_ai_anthropic_unpack(s, &data);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (ngx_ai_tree_read(s->source.tree, &data) != NGX_OK) {
        return NGX_ERROR;
    }

    root = ngx_ai_tree_root(s->source.tree);
    type = ngx_ai_tree_member(s->source.tree, root, "type");

    if (type == NULL || type->type != NGX_AI_JSON_STRING) {
        return NGX_ERROR;
    }

    for (event = ngx_ai_anthropic_events; event->type.len; event++) {

        if (ngx_ai_tree_is(s->source.tree, type, (char *) event->type.data)) {
            return event->read(s, root);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_exception(ngx_ai_anthropic_source_t *s,
    const ngx_ai_sse_event_t *ev)
{
    ngx_str_t  message;

    ngx_str_null(&message);

    if (ngx_ai_tree_read(s->source.tree, &ev->data) == NGX_OK) {
        ngx_ai_anthropic_event_text(s, ngx_ai_tree_root(s->source.tree),
                                    "message", &message);
    }

    return ngx_ai_anthropic_failed(s, &ev->name, &message);
}


/* {"bytes":"<base64>","p":"..."}: what is in it, from the event's pool */

static ngx_int_t
ngx_ai_anthropic_unpack(ngx_ai_anthropic_source_t *s, ngx_str_t *data)
{
    u_char                     *p, *last;
    ngx_str_t                   bytes;
    ngx_ai_anthropic_base64_t   base64;

    if (ngx_ai_tree_read(s->source.tree, data) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_ai_anthropic_event_text(s, ngx_ai_tree_root(s->source.tree), "bytes",
                                &bytes);

    if (bytes.len == 0) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(s->source.pool, bytes.len / 4 * 3 + 3);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&base64, sizeof(ngx_ai_anthropic_base64_t));

    last = ngx_ai_anthropic_decode(&base64, bytes.data,
                                   bytes.data + bytes.len, p);
    if (last == NULL) {
        return NGX_ERROR;
    }

    data->data = p;
    data->len = last - p;

    return NGX_OK;
}


/*
 * Where code of the model's goes on after it has called, all of the message
 * is in its start, and nothing but its end follows.
 */

static ngx_int_t
ngx_ai_anthropic_message_start(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root)
{
    ngx_int_t             rc;
    ngx_str_t             id, model;
    const ngx_ai_node_t  *message, *content;

    message = ngx_ai_tree_member(s->source.tree, root, "message");
    if (message == NULL) {
        return NGX_ERROR;
    }

    ngx_ai_anthropic_event_text(s, message, "id", &id);
    ngx_ai_anthropic_event_text(s, message, "model", &model);

    rc = ngx_ai_flow_start(s->source.flow, &id, &model, 0);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_anthropic_report(s, message);
    if (rc != NGX_OK) {
        return rc;
    }

    content = ngx_ai_tree_member(s->source.tree, message, "content");

    if (content != NULL && content->type == NGX_AI_JSON_ARRAY && content->n) {

        rc = ngx_ai_anthropic_content(s, content);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_ai_anthropic_finish(s, message);
}


static ngx_int_t
ngx_ai_anthropic_content(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *content)
{
    ngx_int_t       rc;
    ngx_uint_t      i;
    ngx_array_t    *parts;
    ngx_ai_walk_t   walk;
    ngx_ai_part_t  *part;

    ngx_memzero(&walk, sizeof(ngx_ai_walk_t));

    walk.tree = s->source.tree;
    walk.pool = s->source.pool;

    parts = ngx_ai_parts_create(s->source.pool);

    if (parts == NULL
        || ngx_ai_anthropic_read_blocks(&walk, content,
                                        NGX_AI_ANTHROPIC_IN_ANSWER, parts)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        rc = ngx_ai_flow_part(s->source.flow, 0, i, &part[i]);
        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_ai_flow_part_end(s->source.flow, 0, i);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_block_start(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root)
{
    ngx_uint_t            index;
    ngx_array_t          *parts;
    ngx_ai_walk_t         walk;
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *block, *input;

    block = ngx_ai_tree_member(s->source.tree, root, "content_block");

    if (block == NULL
        || ngx_ai_anthropic_event_index(s, root, &index) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&walk, sizeof(ngx_ai_walk_t));

    walk.tree = s->source.tree;
    walk.pool = s->source.pool;

    parts = ngx_ai_parts_create(s->source.pool);

    if (parts == NULL
        || ngx_ai_anthropic_read_block(&walk, block,
                                       NGX_AI_ANTHROPIC_IN_ANSWER, parts)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    part = parts->elts;

    /* a text that is empty so far, which citations may come before */

    if (parts->nelts == 0) {
        part = ngx_ai_part_push(parts, NGX_AI_PART_TEXT);
        if (part == NULL) {
            return NGX_ERROR;
        }
    }

    s->calls = (part->kind == NGX_AI_PART_TOOL_CALL);
    s->gathers = 0;

    input = ngx_ai_tree_member(s->source.tree, block, "input");
    s->whole = (input != NULL && input->n != 0);

    if (s->calls && !s->whole) {
        return ngx_ai_flow_call(s->source.flow, 0, index, &part->id,
                                &part->name, &ngx_ai_anthropic_none);
    }

    if (part->kind == NGX_AI_PART_NATIVE && input != NULL && !s->whole) {
        return ngx_ai_anthropic_gather(s, block);
    }

    return ngx_ai_flow_part(s->source.flow, 0, index, part);
}


/* all of the block but its input, which is put behind it */

static ngx_int_t
ngx_ai_anthropic_gather(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *block)
{
    ngx_int_t             rc;
    ngx_str_t             raw;
    ngx_uint_t            i;
    const ngx_ai_tree_t  *t;
    const ngx_ai_node_t  *key, *value;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_anthropic_gather_init(s);
    if (rc != NGX_OK) {
        return rc;
    }

    t = s->source.tree;

    ngx_ai_json_writer_init(&w, s->native);
    ngx_ai_json_write_object(&w);

    key = ngx_ai_tree_child(block);

    for (i = 0; i < block->n; i++) {
        value = ngx_ai_tree_value(key);

        if (!ngx_ai_tree_is(t, key, "input")) {
            raw.data = t->text.data + key->start;
            raw.len = value->end - key->start;

            ngx_ai_json_write_raw(&w, &raw);

            if (ngx_ai_tree_is(t, key, "type")) {
                ngx_ai_tree_text(t, value, &raw);

                s->type_len = raw.len;
                s->type = ngx_ai_buf_len(s->native) - raw.len - 1;
            }
        }

        key = ngx_ai_tree_next(t, value);
    }

    ngx_ai_json_write_key(&w, "input");

    s->input = ngx_ai_buf_len(s->native);
    s->gathers = 1;

    return w.rc;
}


static ngx_int_t
ngx_ai_anthropic_gather_init(ngx_ai_anthropic_source_t *s)
{
    ngx_pool_t          *pool;
    ngx_pool_cleanup_t  *cln;

    if (s->native != NULL) {
        ngx_ai_buf_reset(s->native);
        return NGX_OK;
    }

    pool = s->source.flow->pool;

    cln = ngx_pool_cleanup_add(pool, sizeof(ngx_ai_buf_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_ai_anthropic_gather_free;

    s->native = cln->data;
    ngx_ai_buf_init(s->native, NGX_AI_ANTHROPIC_NATIVE_MAX, pool->log);

    return NGX_OK;
}


static void
ngx_ai_anthropic_gather_free(void *data)
{
    ngx_ai_buf_free(data);
}


static ngx_int_t
ngx_ai_anthropic_block_delta(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root)
{
    ngx_str_t             text;
    ngx_uint_t            index;
    ngx_ai_flow_t        *flow;
    const ngx_ai_tree_t  *t;
    const ngx_ai_node_t  *delta, *type;

    t = s->source.tree;
    flow = s->source.flow;

    delta = ngx_ai_tree_member(t, root, "delta");

    if (delta == NULL
        || ngx_ai_anthropic_event_index(s, root, &index) != NGX_OK)
    {
        return NGX_ERROR;
    }

    type = ngx_ai_tree_member(t, delta, "type");

    if (type == NULL || type->type != NGX_AI_JSON_STRING) {
        return NGX_ERROR;
    }

    if (ngx_ai_tree_is(t, type, "text_delta")) {
        ngx_ai_anthropic_event_text(s, delta, "text", &text);
        return ngx_ai_flow_text(flow, 0, NGX_AI_PART_TEXT, &text);
    }

    if (ngx_ai_tree_is(t, type, "thinking_delta")) {
        ngx_ai_anthropic_event_text(s, delta, "thinking", &text);
        return ngx_ai_flow_text(flow, 0, NGX_AI_PART_THINKING, &text);
    }

    if (ngx_ai_tree_is(t, type, "signature_delta")) {
        ngx_ai_anthropic_event_text(s, delta, "signature", &text);
        return ngx_ai_flow_signature(flow, 0, index, NGX_AI_DIALECT_ANTHROPIC,
                                     &text);
    }

    if (ngx_ai_tree_is(t, type, "input_json_delta")) {
        ngx_ai_anthropic_event_text(s, delta, "partial_json", &text);

        if (s->gathers) {
            return ngx_ai_buf_append(s->native, text.data, text.len);
        }

        if (!s->calls || s->whole) {
            return NGX_OK;
        }

        return ngx_ai_flow_call(flow, 0, index, &ngx_ai_anthropic_none,
                                &ngx_ai_anthropic_none, &text);
    }

    if (ngx_ai_tree_is(t, type, "citations_delta")) {
        return ngx_ai_anthropic_cited(s, delta);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_cited(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *delta)
{
    ngx_ai_walk_t         walk;
    ngx_ai_citation_t     citation;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(s->source.tree, delta, "citation");
    if (node == NULL) {
        return NGX_OK;
    }

    ngx_memzero(&walk, sizeof(ngx_ai_walk_t));

    walk.tree = s->source.tree;
    walk.pool = s->source.pool;

    if (ngx_ai_anthropic_read_citation(&walk, node, &citation) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_ai_flow_citation(s->source.flow, 0, &citation);
}


static ngx_int_t
ngx_ai_anthropic_block_stop(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root)
{
    ngx_uint_t  index;

    if (ngx_ai_anthropic_event_index(s, root, &index) != NGX_OK) {
        return NGX_ERROR;
    }

    s->calls = 0;

    if (s->gathers) {
        s->gathers = 0;
        return ngx_ai_anthropic_gathered(s, index);
    }

    return ngx_ai_flow_part_end(s->source.flow, 0, index);
}


static ngx_int_t
ngx_ai_anthropic_gathered(ngx_ai_anthropic_source_t *s, ngx_uint_t index)
{
    u_char         *p;
    ngx_int_t       rc;
    ngx_str_t       input, json;
    ngx_ai_part_t   part;

    input.data = s->native->start + s->input;
    input.len = ngx_ai_buf_len(s->native) - s->input;

    rc = ngx_ai_inner_read(s->source.pool, &input, &json);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    /* a model may end in the middle of it */

    if (rc == NGX_DECLINED) {
        ngx_str_set(&json, "{}");
    }

    ngx_memzero(&part, sizeof(ngx_ai_part_t));

    part.kind = NGX_AI_PART_NATIVE;
    part.origin = NGX_AI_DIALECT_ANTHROPIC;
    part.name.data = s->native->start + s->type;
    part.name.len = s->type_len;

    part.json.len = s->input + json.len + 1;

    p = ngx_pnalloc(s->source.pool, part.json.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    part.json.data = p;

    p = ngx_cpymem(p, s->native->start, s->input);
    p = ngx_cpymem(p, json.data, json.len);
    *p = '}';

    rc = ngx_ai_flow_part(s->source.flow, 0, index, &part);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_flow_part_end(s->source.flow, 0, index);
}


static ngx_int_t
ngx_ai_anthropic_message_delta(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root)
{
    ngx_int_t             rc;
    const ngx_ai_node_t  *delta;

    rc = ngx_ai_anthropic_report(s, root);
    if (rc != NGX_OK) {
        return rc;
    }

    delta = ngx_ai_tree_member(s->source.tree, root, "delta");

    return (delta == NULL) ? NGX_OK : ngx_ai_anthropic_finish(s, delta);
}


static ngx_int_t
ngx_ai_anthropic_message_stop(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root)
{
    s->over = 1;

    return ngx_ai_flow_end(s->source.flow);
}


static ngx_int_t
ngx_ai_anthropic_ping(ngx_ai_anthropic_source_t *s, const ngx_ai_node_t *root)
{
    return ngx_ai_flow_ping(s->source.flow);
}


static ngx_int_t
ngx_ai_anthropic_error(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root)
{
    ngx_str_t             type, message;
    const ngx_ai_node_t  *error;

    ngx_str_null(&type);
    ngx_str_null(&message);

    error = ngx_ai_tree_member(s->source.tree, root, "error");

    if (error != NULL) {
        ngx_ai_anthropic_event_text(s, error, "type", &type);
        ngx_ai_anthropic_event_text(s, error, "message", &message);
    }

    return ngx_ai_anthropic_failed(s, &type, &message);
}


static ngx_int_t
ngx_ai_anthropic_failed(ngx_ai_anthropic_source_t *s, const ngx_str_t *type,
    const ngx_str_t *message)
{
    u_char          *p;
    ngx_ai_error_t   error;

    s->over = 1;

    ngx_memzero(&error, sizeof(ngx_ai_error_t));

    error.kind = ngx_ai_anthropic_error_kind(type, message);
    error.status = ngx_ai_error_status(error.kind);

    ngx_str_set(&error.message, "The provider could not finish its answer.");

    if (message->len) {
        p = ngx_pnalloc(s->source.pool, message->len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        (void) ngx_ai_text_decode_loose(message->data, message->len, p,
                                        message->len, &error.message);
    }

    return ngx_ai_flow_error(s->source.flow, &error);
}


static ngx_int_t
ngx_ai_anthropic_report(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *message)
{
    const ngx_ai_node_t  *usage;

    usage = ngx_ai_tree_member(s->source.tree, message, "usage");

    if (usage == NULL) {
        return NGX_OK;
    }

    ngx_ai_anthropic_read_usage(s->source.tree, usage, &s->usage);

    return s->usage.reported ? ngx_ai_flow_usage(s->source.flow, &s->usage)
                             : NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_finish(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *node)
{
    ngx_str_t  reason, stop;

    ngx_ai_anthropic_event_text(s, node, "stop_reason", &reason);
    ngx_ai_anthropic_event_text(s, node, "stop_sequence", &stop);

    if (reason.len == 0) {
        return NGX_OK;
    }

    return ngx_ai_flow_finish(s->source.flow, 0,
                              ngx_ai_anthropic_finish_find(&reason), &stop);
}


static ngx_int_t
ngx_ai_anthropic_event_index(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *root, ngx_uint_t *index)
{
    int64_t               n;
    const ngx_ai_node_t  *value;

    value = ngx_ai_tree_member(s->source.tree, root, "index");

    if (value == NULL || ngx_ai_tree_int(s->source.tree, value, &n) != NGX_OK
        || n < 0)
    {
        return NGX_ERROR;
    }

    *index = (ngx_uint_t) n;

    return NGX_OK;
}


static void
ngx_ai_anthropic_event_text(ngx_ai_anthropic_source_t *s,
    const ngx_ai_node_t *node, const char *name, ngx_str_t *text)
{
    const ngx_ai_node_t  *value;

    ngx_str_null(text);

    value = ngx_ai_tree_member(s->source.tree, node, name);

    if (value != NULL && value->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(s->source.tree, value, text);
    }
}
