
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Streams.  Events are named in their data too; what is an array in an answer
 * is an object here, and "index" stands beside it:
 *
 *     message-start
 *     ( content-start content-delta* content-end
 *       | tool-plan-delta | tool-call-start tool-call-delta* tool-call-end
 *       | citation-start citation-end )*
 *     message-end [DONE]
 */


#include "ngx_ai_cohere.h"
#include "ngx_ai_text.h"


#define NGX_AI_COHERE_ITEM    (1024 * 1024)

/* calls have a row of numbers of their own */
#define ngx_ai_cohere_call_key(index)  ((index) | 0x40000000)


typedef struct {
    ngx_str_t         name;
    ngx_int_t       (*read)(ngx_ai_cohere_source_t *s,
                          const ngx_ai_node_t *root,
                          const ngx_ai_node_t *message);
} ngx_ai_cohere_event_t;


static ngx_int_t ngx_ai_cohere_source_content(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message);
static ngx_int_t ngx_ai_cohere_source_delta(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message);
static ngx_int_t ngx_ai_cohere_source_content_end(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message);
static ngx_int_t ngx_ai_cohere_source_plan(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message);
static ngx_int_t ngx_ai_cohere_source_call(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message);
static ngx_int_t ngx_ai_cohere_source_call_end(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message);
static ngx_int_t ngx_ai_cohere_source_citation(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message);
static ngx_int_t ngx_ai_cohere_source_cite(void *data, ngx_uint_t index,
    const ngx_ai_citation_t *citation);
static ngx_int_t ngx_ai_cohere_source_start(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message);
static ngx_int_t ngx_ai_cohere_source_end(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message);
static ngx_int_t ngx_ai_cohere_source_error(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *delta);
static ngx_int_t ngx_ai_cohere_source_logprobs(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *node);
static ngx_uint_t ngx_ai_cohere_index(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root);


static const ngx_ai_cohere_event_t  ngx_ai_cohere_events[] = {
    { ngx_string("content-delta"), ngx_ai_cohere_source_delta },
    { ngx_string("content-start"), ngx_ai_cohere_source_content },
    { ngx_string("content-end"), ngx_ai_cohere_source_content_end },
    { ngx_string("tool-plan-delta"), ngx_ai_cohere_source_plan },
    { ngx_string("tool-call-delta"), ngx_ai_cohere_source_call },
    { ngx_string("tool-call-start"), ngx_ai_cohere_source_call },
    { ngx_string("tool-call-end"), ngx_ai_cohere_source_call_end },
    { ngx_string("citation-start"), ngx_ai_cohere_source_citation },
    { ngx_string("message-start"), ngx_ai_cohere_source_start },
    { ngx_string("message-end"), ngx_ai_cohere_source_end },
    { ngx_null_string, NULL }
};


ngx_int_t
ngx_ai_cohere_read_delta(void *source, const ngx_ai_sse_event_t *ev)
{
    ngx_ai_cohere_source_t *s = source;

    ngx_str_t                     type;
    ngx_ai_tree_t                *tree;
    const ngx_ai_node_t          *root, *message;
    const ngx_ai_cohere_event_t  *event;

    if (ev->data.len == 6 && ngx_memcmp(ev->data.data, "[DONE]", 6) == 0) {

        /* without a reason it has been cut */

        return s->source.flow->reply->finished
               ? ngx_ai_flow_end(s->source.flow) : NGX_OK;
    }

    tree = s->source.tree;

    if (ngx_ai_tree_read(tree, &ev->data) != NGX_OK) {
        return NGX_ERROR;
    }

    root = ngx_ai_tree_root(tree);

    if (root->type != NGX_AI_JSON_OBJECT) {
        return NGX_ERROR;
    }

    ngx_ai_cohere_string(tree, root, "type", &type);

    for (event = ngx_ai_cohere_events; event->name.len; event++) {

        if (event->name.len == type.len
            && ngx_memcmp(event->name.data, type.data, type.len) == 0)
        {
            break;
        }
    }

    if (event->read == NULL) {
        return NGX_OK;
    }

    message = ngx_ai_tree_member(tree, root, "delta");

    if (message != NULL && event->read != ngx_ai_cohere_source_end) {
        message = ngx_ai_tree_member(tree, message, "message");
    }

    return event->read(s, root, message);
}


static ngx_int_t
ngx_ai_cohere_source_content(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message)
{
    ngx_ai_part_t         part;
    const ngx_ai_node_t  *content, *type;

    content = message ? ngx_ai_tree_member(s->source.tree, message, "content")
                      : NULL;

    if (content == NULL) {
        return NGX_OK;
    }

    ngx_memzero(&part, sizeof(ngx_ai_part_t));

    part.kind = NGX_AI_PART_TEXT;

    type = ngx_ai_tree_member(s->source.tree, content, "type");

    if (type != NULL && ngx_ai_tree_is(s->source.tree, type, "thinking")) {
        part.kind = NGX_AI_PART_THINKING;
        part.origin = NGX_AI_DIALECT_COHERE;

        ngx_ai_cohere_string(s->source.tree, content, "thinking", &part.text);

    } else {
        ngx_ai_cohere_string(s->source.tree, content, "text", &part.text);
    }

    return ngx_ai_flow_part(s->source.flow, 0, ngx_ai_cohere_index(s, root),
                            &part);
}


static ngx_int_t
ngx_ai_cohere_source_delta(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message)
{
    ngx_int_t             rc;
    ngx_str_t             text, thinking;
    const ngx_ai_node_t  *content, *logprobs;

    content = message ? ngx_ai_tree_member(s->source.tree, message, "content")
                      : NULL;

    if (content == NULL) {
        return NGX_OK;
    }

    ngx_ai_cohere_string(s->source.tree, content, "text", &text);
    ngx_ai_cohere_string(s->source.tree, content, "thinking", &thinking);

    rc = ngx_ai_flow_text(s->source.flow, 0, NGX_AI_PART_THINKING, &thinking);

    if (rc == NGX_OK) {
        rc = ngx_ai_flow_text(s->source.flow, 0, NGX_AI_PART_TEXT, &text);
    }

    logprobs = ngx_ai_tree_member(s->source.tree, root, "logprobs");

    return (rc == NGX_OK && logprobs != NULL)
           ? ngx_ai_cohere_source_logprobs(s, logprobs) : rc;
}


static ngx_int_t
ngx_ai_cohere_source_content_end(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message)
{
    return ngx_ai_flow_part_end(s->source.flow, 0,
                                ngx_ai_cohere_index(s, root));
}


static ngx_int_t
ngx_ai_cohere_source_plan(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message)
{
    ngx_str_t  plan;

    if (message == NULL) {
        return NGX_OK;
    }

    ngx_ai_cohere_string(s->source.tree, message, "tool_plan", &plan);

    return ngx_ai_flow_text(s->source.flow, 0, NGX_AI_PART_THINKING, &plan);
}


/* a call's beginning and what it goes on with look alike */

static ngx_int_t
ngx_ai_cohere_source_call(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message)
{
    ngx_str_t             id, name, args;
    ngx_uint_t            key;
    const ngx_ai_node_t  *call, *function;

    call = message ? ngx_ai_tree_member(s->source.tree, message, "tool_calls")
                   : NULL;

    function = call ? ngx_ai_tree_member(s->source.tree, call, "function")
                    : NULL;

    if (function == NULL) {
        return NGX_OK;
    }

    key = ngx_ai_cohere_call_key(ngx_ai_cohere_index(s, root));

    ngx_ai_cohere_string(s->source.tree, call, "id", &id);
    ngx_ai_cohere_string(s->source.tree, function, "name", &name);
    ngx_ai_cohere_string(s->source.tree, function, "arguments", &args);

    return ngx_ai_flow_call(s->source.flow, 0, key, &id, &name, &args);
}


static ngx_int_t
ngx_ai_cohere_source_call_end(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message)
{
    ngx_uint_t  key;

    key = ngx_ai_cohere_call_key(ngx_ai_cohere_index(s, root));

    return ngx_ai_flow_part_end(s->source.flow, 0, key);
}


/* it comes in the middle of the text that it is of */

static ngx_int_t
ngx_ai_cohere_source_citation(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message)
{
    const ngx_ai_node_t  *citation;

    citation = message ? ngx_ai_tree_member(s->source.tree, message,
                                            "citations")
                       : NULL;

    return citation ? ngx_ai_cohere_read_citation(s->source.tree, citation,
                                                  ngx_ai_cohere_source_cite,
                                                  s)
                    : NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_source_cite(void *data, ngx_uint_t index,
    const ngx_ai_citation_t *citation)
{
    ngx_ai_cohere_source_t *s = data;

    return ngx_ai_flow_citation(s->source.flow, 0, citation);
}


static ngx_int_t
ngx_ai_cohere_source_start(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *root, const ngx_ai_node_t *message)
{
    ngx_str_t  id, none;

    ngx_str_null(&none);
    ngx_ai_cohere_string(s->source.tree, root, "id", &id);

    return ngx_ai_flow_start(s->source.flow, &id, &none, 0);
}


/* "message" is the delta itself */

static ngx_int_t
ngx_ai_cohere_source_end(ngx_ai_cohere_source_t *s, const ngx_ai_node_t *root,
    const ngx_ai_node_t *delta)
{
    ngx_int_t             rc;
    ngx_str_t             reason;
    ngx_uint_t            finish;
    ngx_ai_usage_t        usage;
    const ngx_ai_node_t  *node;

    if (delta == NULL) {
        return NGX_OK;
    }

    node = ngx_ai_tree_member(s->source.tree, delta, "usage");

    if (node != NULL
        && ngx_ai_cohere_read_usage(s->source.tree, node, &usage) == NGX_OK)
    {
        rc = ngx_ai_flow_usage(s->source.flow, &usage);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    ngx_ai_cohere_string(s->source.tree, delta, "finish_reason", &reason);

    if (reason.len == 0) {
        return NGX_OK;
    }

    finish = ngx_ai_cohere_finish(reason.data, reason.len);

    if (finish == NGX_AI_FINISH_ERROR) {
        return ngx_ai_cohere_source_error(s, delta);
    }

    return ngx_ai_flow_finish(s->source.flow, 0, finish, NULL);
}


static ngx_int_t
ngx_ai_cohere_source_error(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *delta)
{
    u_char          *p;
    ngx_str_t        text, type;
    ngx_ai_error_t   error;

    ngx_memzero(&error, sizeof(ngx_ai_error_t));

    ngx_ai_cohere_string(s->source.tree, delta, "error", &text);
    ngx_ai_cohere_string(s->source.tree, delta, "error_type", &type);

    if (text.len == 0) {
        ngx_ai_cohere_string(s->source.tree, delta, "finish_reason", &text);
    }

    p = ngx_pnalloc(s->source.pool, text.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_ai_text_decode_loose(text.data, text.len, p, text.len,
                                    &error.message);

    error.kind = ngx_ai_cohere_error_kind(&type, &error.message,
                                          NGX_AI_ERROR_UPSTREAM);
    error.status = ngx_ai_error_status(error.kind);

    return ngx_ai_flow_error(s->source.flow, &error);
}


static ngx_int_t
ngx_ai_cohere_source_logprobs(ngx_ai_cohere_source_t *s,
    const ngx_ai_node_t *node)
{
    ngx_int_t     rc;
    ngx_str_t     raw;
    ngx_ai_buf_t  buf;

    ngx_ai_buf_init(&buf, NGX_AI_COHERE_ITEM, s->source.pool->log);

    rc = ngx_ai_cohere_read_logprobs(s->source.tree, node, &buf);

    if (rc == NGX_OK) {
        raw.data = buf.start;
        raw.len = ngx_ai_buf_len(&buf);

        rc = ngx_ai_flow_logprobs(s->source.flow, 0, &raw);

    } else if (rc == NGX_DECLINED) {
        rc = NGX_OK;
    }

    ngx_ai_buf_free(&buf);

    return rc;
}


static ngx_uint_t
ngx_ai_cohere_index(ngx_ai_cohere_source_t *s, const ngx_ai_node_t *root)
{
    int64_t               index;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(s->source.tree, root, "index");

    if (node == NULL || ngx_ai_tree_int(s->source.tree, node, &index) != NGX_OK
        || index < 0)
    {
        return 0;
    }

    return (ngx_uint_t) index;
}
