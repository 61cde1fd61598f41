
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"


/*
 * Everything is told several times: piece by piece, as a whole when a part
 * is over, with its item, and once more at the end of the stream.  What comes
 * first is taken, as there are vendors who leave out one or the other.
 */


typedef ngx_int_t (*ngx_ai_responses_event_pt)(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);


typedef struct {
    ngx_str_t                    type;
    ngx_ai_responses_event_pt    read;
    ngx_uint_t                   arg;
} ngx_ai_responses_type_t;


static ngx_int_t ngx_ai_responses_on_text(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t kind);
static ngx_int_t ngx_ai_responses_on_text_done(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t kind);
static ngx_int_t ngx_ai_responses_on_logprobs(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e);
static ngx_int_t ngx_ai_responses_on_part(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);
static ngx_int_t ngx_ai_responses_on_part_done(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);
static ngx_int_t ngx_ai_responses_on_annotation(
    ngx_ai_responses_source_t *s, const ngx_ai_responses_event_t *e,
    ngx_uint_t arg);
static ngx_int_t ngx_ai_responses_on_thought(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);
static ngx_int_t ngx_ai_responses_on_summary(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);
static ngx_int_t ngx_ai_responses_think(ngx_ai_responses_source_t *s,
    ngx_uint_t key, ngx_uint_t what);
static ngx_int_t ngx_ai_responses_on_args(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);
static ngx_int_t ngx_ai_responses_on_args_done(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);
static void ngx_ai_responses_text(ngx_ai_responses_source_t *s,
    const ngx_ai_node_t *node, ngx_str_t *text);


#define NGX_AI_RESPONSES_SUMMARY  1    /* what kind of thinking is open */
#define NGX_AI_RESPONSES_CONTENT  2


/* those that come often are first; all others are of no interest */

static const ngx_ai_responses_type_t  ngx_ai_responses_types[] = {

    { ngx_string("response.output_text.delta"),
      ngx_ai_responses_on_text, NGX_AI_PART_TEXT },

    { ngx_string("response.function_call_arguments.delta"),
      ngx_ai_responses_on_args, 0 },

    { ngx_string("response.reasoning_summary_text.delta"),
      ngx_ai_responses_on_thought, NGX_AI_RESPONSES_SUMMARY },

    { ngx_string("response.reasoning_text.delta"),
      ngx_ai_responses_on_thought, NGX_AI_RESPONSES_CONTENT },

    { ngx_string("response.custom_tool_call_input.delta"),
      ngx_ai_responses_on_args, 0 },

    { ngx_string("response.refusal.delta"),
      ngx_ai_responses_on_text, NGX_AI_PART_REFUSAL },

    { ngx_string("response.output_text.annotation.added"),
      ngx_ai_responses_on_annotation, 0 },

    { ngx_string("response.output_item.added"),
      ngx_ai_responses_on_item, 0 },

    { ngx_string("response.output_item.done"),
      ngx_ai_responses_on_item_done, 0 },

    { ngx_string("response.content_part.added"),
      ngx_ai_responses_on_part, 0 },

    { ngx_string("response.content_part.done"),
      ngx_ai_responses_on_part_done, 0 },

    { ngx_string("response.output_text.done"),
      ngx_ai_responses_on_text_done, NGX_AI_PART_TEXT },

    { ngx_string("response.refusal.done"),
      ngx_ai_responses_on_text_done, NGX_AI_PART_REFUSAL },

    { ngx_string("response.function_call_arguments.done"),
      ngx_ai_responses_on_args_done, 0 },

    { ngx_string("response.custom_tool_call_input.done"),
      ngx_ai_responses_on_args_done, 0 },

    { ngx_string("response.reasoning_summary_part.added"),
      ngx_ai_responses_on_summary, 0 },

    { ngx_string("response.created"),
      ngx_ai_responses_on_response, 0 },

    { ngx_string("response.in_progress"),
      ngx_ai_responses_on_response, 0 },

    { ngx_string("response.completed"),
      ngx_ai_responses_on_end, 0 },

    { ngx_string("response.incomplete"),
      ngx_ai_responses_on_end, 0 },

    { ngx_string("response.failed"),
      ngx_ai_responses_on_end, 0 },

    { ngx_string("error"),
      ngx_ai_responses_on_error, 0 },

    { ngx_string("keepalive"),
      ngx_ai_responses_on_ping, 0 },

    { ngx_null_string, NULL, 0 }
};


static const ngx_ai_member_t  ngx_ai_responses_event_members[] = {

    { ngx_string("type"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, type), 0 },

    { ngx_string("delta"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, delta), 0 },

    { ngx_string("output_index"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, index), 0 },

    /* these are of no consequence, and in nearly all events */

    { ngx_string("item_id"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("sequence_number"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("content_index"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("obfuscation"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("logprobs"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, logprobs), 0 },

    { ngx_string("item"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, item), 0 },

    { ngx_string("part"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, part), 0 },

    { ngx_string("text"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, text), 0 },

    { ngx_string("refusal"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, text), 0 },

    { ngx_string("arguments"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, args), 0 },

    { ngx_string("input"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, args), 0 },

    { ngx_string("annotation"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, annotation), 0 },

    { ngx_string("response"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, response), 0 },

    { ngx_string("error"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_event_t, error), 0 },

      ngx_ai_null_member
};


ngx_int_t
ngx_ai_responses_read_delta(void *source, const ngx_ai_sse_event_t *ev)
{
    ngx_ai_responses_source_t *s = source;

    ngx_int_t                       rc;
    ngx_str_t                       name;
    ngx_ai_walk_t                   w;
    ngx_ai_responses_event_t        e;
    const ngx_ai_responses_type_t  *type;

    if (ev->data.len == 6 && ngx_memcmp(ev->data.data, "[DONE]", 6) == 0) {
        return NGX_OK;
    }

    rc = ngx_ai_tree_read(s->source.tree, &ev->data);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_memzero(&w, sizeof(ngx_ai_walk_t));
    ngx_memzero(&e, sizeof(ngx_ai_responses_event_t));

    w.tree = s->source.tree;
    w.pool = s->source.pool;
    e.root = ngx_ai_tree_root(s->source.tree);

    if (ngx_ai_walk_element(&w, e.root, ngx_ai_responses_event_members, &e)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    name = ev->name;

    ngx_ai_responses_text(s, e.type, &name);

    if (name.len == 0) {
        return ngx_ai_responses_on_error(s, &e, 0);
    }

    for (type = ngx_ai_responses_types; type->type.len; type++) {

        if (type->type.len == name.len
            && ngx_memcmp(type->type.data, name.data, name.len) == 0)
        {
            return type->read(s, &e, type->arg);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_on_text(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t kind)
{
    ngx_int_t   rc;
    ngx_str_t   text;

    ngx_str_null(&text);

    ngx_ai_responses_text(s, e->delta, &text);
    ngx_ai_responses_set_said(s, ngx_ai_responses_key(s, e));

    s->thinking = 0;
    s->text = 1;

    rc = ngx_ai_flow_text(s->source.flow, 0, kind, &text);

    return (rc == NGX_OK) ? ngx_ai_responses_on_logprobs(s, e) : rc;
}


static ngx_int_t
ngx_ai_responses_on_text_done(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t kind)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    if (s->text) {
        return NGX_OK;
    }

    ngx_str_null(&text);

    ngx_ai_responses_text(s, e->text, &text);
    ngx_ai_responses_set_said(s, ngx_ai_responses_key(s, e));

    s->thinking = 0;
    s->text = 1;

    rc = ngx_ai_flow_text(s->source.flow, 0, kind, &text);

    return (rc == NGX_OK) ? ngx_ai_responses_on_logprobs(s, e) : rc;
}


static ngx_int_t
ngx_ai_responses_on_logprobs(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e)
{
    u_char               *p;
    ngx_str_t             raw, logprobs;
    const ngx_ai_node_t  *node;

    node = e->logprobs;

    if (node == NULL || node->type != NGX_AI_JSON_ARRAY || node->n == 0) {
        return NGX_OK;
    }

    ngx_ai_tree_raw(s->source.tree, node, &raw);

    p = ngx_pnalloc(s->source.pool, sizeof("{\"content\":}") - 1 + raw.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    logprobs.data = p;
    logprobs.len = ngx_sprintf(p, "{\"content\":%V}", &raw) - p;

    return ngx_ai_flow_logprobs(s->source.flow, 0, &logprobs);
}


static ngx_int_t
ngx_ai_responses_on_part(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg)
{
    ngx_str_t      type;
    ngx_ai_part_t  part;

    static const ngx_ai_responses_word_t  kinds[] = {
        { ngx_string("output_text"), NGX_AI_PART_TEXT },
        { ngx_string("refusal"), NGX_AI_PART_REFUSAL },
        { ngx_null_string, 0 }
    };

    if (e->part == NULL) {
        return NGX_OK;
    }

    ngx_str_null(&type);
    ngx_memzero(&part, sizeof(ngx_ai_part_t));

    ngx_ai_responses_get(s, e->part, "type", &type);

    part.kind = ngx_ai_responses_find(kinds, &type, NGX_AI_PART_MAX);

    if (part.kind == NGX_AI_PART_MAX) {
        return NGX_OK;
    }

    s->thinking = 0;
    s->text = 0;

    return ngx_ai_flow_part(s->source.flow, 0, ngx_ai_responses_key(s, e),
                            &part);
}


static ngx_int_t
ngx_ai_responses_on_part_done(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg)
{
    ngx_int_t   rc;
    ngx_uint_t  key;

    if (s->thinking) {

        /* a signature is yet to come */

        return NGX_OK;
    }

    key = ngx_ai_responses_key(s, e);

    rc = ngx_ai_flow_part_end(s->source.flow, 0, key);

    /* if it was empty it need not be told again */

    ngx_ai_responses_set_said(s, key);

    return rc;
}


static ngx_int_t
ngx_ai_responses_on_annotation(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg)
{
    ngx_ai_walk_t      w;
    ngx_ai_citation_t  citation;

    ngx_memzero(&w, sizeof(ngx_ai_walk_t));

    w.tree = s->source.tree;
    w.pool = s->source.pool;

    if (e->annotation == NULL
        || ngx_ai_responses_read_citation(&w, e->annotation, &citation)
           != NGX_OK)
    {
        return NGX_OK;
    }

    return ngx_ai_flow_citation(s->source.flow, 0, &citation);
}


static ngx_int_t
ngx_ai_responses_on_thought(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t what)
{
    ngx_int_t   rc;
    ngx_str_t   text;
    ngx_uint_t  key;

    key = ngx_ai_responses_key(s, e);

    ngx_str_null(&text);

    ngx_ai_responses_text(s, e->delta, &text);
    ngx_ai_responses_set_said(s, key);

    if (s->thinking != what) {
        rc = ngx_ai_responses_think(s, key, what);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_ai_flow_text(s->source.flow, 0, NGX_AI_PART_THINKING, &text);
}


static ngx_int_t
ngx_ai_responses_on_summary(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg)
{
    return ngx_ai_responses_think(s, ngx_ai_responses_key(s, e),
                                  NGX_AI_RESPONSES_SUMMARY);
}


static ngx_int_t
ngx_ai_responses_think(ngx_ai_responses_source_t *s, ngx_uint_t key,
    ngx_uint_t what)
{
    ngx_ai_part_t  part;

    ngx_memzero(&part, sizeof(ngx_ai_part_t));

    part.kind = NGX_AI_PART_THINKING;
    part.origin = NGX_AI_DIALECT_RESPONSES;
    part.summary = (what == NGX_AI_RESPONSES_SUMMARY);

    s->thinking = what;

    return ngx_ai_flow_part(s->source.flow, 0, key, &part);
}


static ngx_int_t
ngx_ai_responses_on_args(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg)
{
    ngx_str_t   text, none;
    ngx_uint_t  key;

    key = ngx_ai_responses_key(s, e);

    ngx_str_null(&none);
    ngx_str_null(&text);

    ngx_ai_responses_text(s, e->delta, &text);

    if (text.len) {
        ngx_ai_responses_set_said(s, key);
    }

    return ngx_ai_flow_call(s->source.flow, 0, key, &none, &none, &text);
}


static ngx_int_t
ngx_ai_responses_on_args_done(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg)
{
    ngx_str_t   text, none;
    ngx_uint_t  key;

    key = ngx_ai_responses_key(s, e);

    if (ngx_ai_responses_is_said(s, key)) {
        return NGX_OK;
    }

    ngx_str_null(&none);
    ngx_str_null(&text);

    ngx_ai_responses_text(s, e->args, &text);

    if (text.len) {
        ngx_ai_responses_set_said(s, key);
    }

    return ngx_ai_flow_call(s->source.flow, 0, key, &none, &none, &text);
}


ngx_uint_t
ngx_ai_responses_key(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e)
{
    int64_t  n;

    if (e->index == NULL
        || ngx_ai_tree_int(s->source.tree, e->index, &n) != NGX_OK
        || n < 0 || n > NGX_MAX_INT32_VALUE)
    {
        return 0;
    }

    return (ngx_uint_t) n;
}


ngx_uint_t
ngx_ai_responses_is_said(ngx_ai_responses_source_t *s, ngx_uint_t key)
{
    return key >= NGX_AI_RESPONSES_ITEMS
           || (s->said[key / 64] >> key % 64 & 1);
}


void
ngx_ai_responses_set_said(ngx_ai_responses_source_t *s, ngx_uint_t key)
{
    if (key < NGX_AI_RESPONSES_ITEMS) {
        s->said[key / 64] |= (uint64_t) 1 << key % 64;
    }
}


void
ngx_ai_responses_get(ngx_ai_responses_source_t *s,
    const ngx_ai_node_t *object, const char *name, ngx_str_t *text)
{
    ngx_ai_responses_text(s, ngx_ai_tree_member(s->source.tree, object, name),
                          text);
}


static void
ngx_ai_responses_text(ngx_ai_responses_source_t *s,
    const ngx_ai_node_t *node, ngx_str_t *text)
{
    if (node != NULL && node->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(s->source.tree, node, text);
    }
}
