
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"


/* a candidate of an event on its way into the flow */

typedef struct {
    ngx_ai_gemini_stream_t  *stream;
    ngx_ai_flow_t           *flow;
    ngx_ai_walk_t           *walk;
    ngx_uint_t               choice;
    ngx_str_t                signature;  /* of a text, not yet told */
} ngx_ai_gemini_choice_t;


static ngx_int_t ngx_ai_gemini_read_chunk(ngx_ai_gemini_stream_t *s,
    ngx_ai_walk_t *w, const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_gemini_read_start(ngx_ai_gemini_stream_t *s,
    ngx_ai_walk_t *w, const ngx_ai_gemini_reply_t *reply);
static ngx_int_t ngx_ai_gemini_read_one(ngx_ai_gemini_stream_t *s,
    ngx_ai_walk_t *w, const ngx_ai_node_t *node, int64_t index);
static ngx_int_t ngx_ai_gemini_read_content(ngx_ai_gemini_choice_t *c,
    const ngx_ai_node_t *parts);
static ngx_int_t ngx_ai_gemini_flow_logprobs(ngx_ai_gemini_choice_t *c,
    const ngx_ai_node_t *result);
static ngx_int_t ngx_ai_gemini_read_piece(ngx_ai_gemini_choice_t *c,
    const ngx_ai_node_t *node);
static ngx_int_t ngx_ai_gemini_flow_text(ngx_ai_gemini_choice_t *c,
    const ngx_ai_gemini_part_t *from, const ngx_str_t *signature);
static ngx_int_t ngx_ai_gemini_flow_sign(ngx_ai_gemini_choice_t *c);
static ngx_int_t ngx_ai_gemini_flow_part(ngx_ai_gemini_choice_t *c,
    const ngx_ai_part_t *part, ngx_uint_t ends);
static ngx_int_t ngx_ai_gemini_flow_call(ngx_ai_gemini_choice_t *c,
    const ngx_ai_node_t *node, const ngx_str_t *signature);
static ngx_int_t ngx_ai_gemini_call_begin(ngx_ai_gemini_choice_t *c,
    const ngx_ai_gemini_call_t *call, const ngx_str_t *signature);
static ngx_int_t ngx_ai_gemini_call_end(ngx_ai_gemini_choice_t *c);
static ngx_int_t ngx_ai_gemini_flow_cite(void *data, int64_t part,
    const ngx_ai_citation_t *citation);


ngx_int_t
ngx_ai_gemini_read_delta(void *source, const ngx_ai_sse_event_t *ev)
{
    ngx_int_t                rc;
    ngx_uint_t               i, n;
    ngx_ai_walk_t            w;
    const ngx_ai_node_t     *node;
    ngx_ai_gemini_stream_t  *s;

    s = source;

    ngx_memzero(&w, sizeof(ngx_ai_walk_t));

    w.tree = s->source.tree;
    w.pool = s->source.pool;

    if (ngx_ai_tree_read(s->source.tree, &ev->data) != NGX_OK) {
        return NGX_ERROR;
    }

    /* an error may be all that is in an array */

    n = ngx_ai_gemini_elements(ngx_ai_tree_root(s->source.tree), &node);

    for (i = 0; i < n; i++) {

        rc = ngx_ai_gemini_read_chunk(s, &w, node);
        if (rc != NGX_OK) {
            return rc;
        }

        node = ngx_ai_tree_next(s->source.tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_read_chunk(ngx_ai_gemini_stream_t *s, ngx_ai_walk_t *w,
    const ngx_ai_node_t *root)
{
    ngx_int_t               rc;
    ngx_uint_t              i;
    ngx_ai_usage_t          usage;
    ngx_ai_error_t          error;
    const ngx_ai_node_t    *node;
    ngx_ai_gemini_reply_t   reply;

    if (ngx_ai_gemini_reply(w, root, &reply) != NGX_OK) {
        return NGX_ERROR;
    }

    if (reply.error != NULL) {
        ngx_ai_gemini_read_fault(w->tree, reply.error, w->pool, &error);
        return ngx_ai_flow_error(s->source.flow, &error);
    }

    if (!s->started) {
        rc = ngx_ai_gemini_read_start(s, w, &reply);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (reply.usage != NULL
        && ngx_ai_gemini_read_usage(w, reply.usage, &usage, NULL) == NGX_OK)
    {
        rc = ngx_ai_flow_usage(s->source.flow, &usage);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (reply.candidates == NULL) {
        return ngx_ai_gemini_is_blocked(w->tree, reply.feedback)
               ? ngx_ai_flow_finish(s->source.flow, 0, NGX_AI_FINISH_FILTER,
                                    NULL)
               : NGX_OK;
    }

    if (reply.candidates->type != NGX_AI_JSON_ARRAY) {
        return NGX_ERROR;
    }

    node = ngx_ai_tree_child(reply.candidates);

    for (i = 0; i < reply.candidates->n; i++) {

        rc = ngx_ai_gemini_read_one(s, w, node, i);
        if (rc != NGX_OK) {
            return rc;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_read_start(ngx_ai_gemini_stream_t *s, ngx_ai_walk_t *w,
    const ngx_ai_gemini_reply_t *reply)
{
    ngx_str_t  id, model;

    ngx_ai_gemini_string(w->tree, reply->id, &id);
    ngx_ai_gemini_string(w->tree, reply->model, &model);

    s->started = 1;

    return ngx_ai_flow_start(s->source.flow, &id, &model, 0);
}


/*
 * A text's signature is a part behind it: it comes behind the sources of the
 * text, which are told with the last event of it.
 */

static ngx_int_t
ngx_ai_gemini_read_one(ngx_ai_gemini_stream_t *s, ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, int64_t index)
{
    ngx_int_t                   rc;
    ngx_uint_t                  finish;
    ngx_ai_gemini_choice_t      c;
    ngx_ai_gemini_candidate_t   candidate;

    if (ngx_ai_gemini_candidate(w, node, &candidate) != NGX_OK) {
        return NGX_ERROR;
    }

    if (candidate.index != NULL
        && (ngx_ai_tree_int(w->tree, candidate.index, &index) != NGX_OK
            || index < 0))
    {
        return NGX_ERROR;
    }

    if (index >= NGX_AI_FLOW_CHOICES) {
        return NGX_DECLINED;
    }

    c.stream = s;
    c.flow = s->source.flow;
    c.walk = w;
    c.choice = (ngx_uint_t) index;
    ngx_str_null(&c.signature);

    if (candidate.parts != NULL) {
        rc = ngx_ai_gemini_read_content(&c, candidate.parts);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    rc = ngx_ai_gemini_read_citations(w->tree, &candidate,
                                      &s->supports[c.choice],
                                      ngx_ai_gemini_flow_cite, &c);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_gemini_flow_sign(&c);
    if (rc != NGX_OK) {
        return rc;
    }

    if (candidate.logprobs != NULL) {
        rc = ngx_ai_gemini_flow_logprobs(&c, candidate.logprobs);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    finish = ngx_ai_gemini_read_finish(w->tree, candidate.finish);

    if (finish == NGX_AI_FINISH_NONE) {
        return NGX_OK;
    }

    rc = ngx_ai_gemini_call_end(&c);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_flow_finish(c.flow, c.choice, finish, NULL);
}


static ngx_int_t
ngx_ai_gemini_read_content(ngx_ai_gemini_choice_t *c,
    const ngx_ai_node_t *parts)
{
    ngx_int_t             rc;
    ngx_uint_t            i, n;
    const ngx_ai_node_t  *part;

    n = ngx_ai_gemini_elements(parts, &part);

    for (i = 0; i < n; i++) {

        rc = ngx_ai_gemini_flow_sign(c);
        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_ai_gemini_read_piece(c, part);
        if (rc != NGX_OK) {
            return rc;
        }

        part = ngx_ai_tree_next(c->walk->tree, part);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_flow_logprobs(ngx_ai_gemini_choice_t *c,
    const ngx_ai_node_t *result)
{
    ngx_int_t  rc;
    ngx_str_t  raw;

    rc = ngx_ai_gemini_read_logprobs(c->walk->tree, result, c->walk->pool,
                                     &raw);

    if (rc != NGX_OK || raw.len == 0) {
        return rc;
    }

    return ngx_ai_flow_logprobs(c->flow, c->choice, &raw);
}


static ngx_int_t
ngx_ai_gemini_read_piece(ngx_ai_gemini_choice_t *c,
    const ngx_ai_node_t *node)
{
    ngx_int_t              rc;
    ngx_str_t              signature;
    ngx_ai_part_t          part;
    ngx_ai_gemini_part_t   from;

    if (ngx_ai_gemini_part(c->walk, node, &from) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_str_null(&signature);

    if (from.signature != NULL) {
        ngx_ai_tree_text(c->walk->tree, from.signature, &signature);
    }

    if (from.call != NULL) {
        return ngx_ai_gemini_flow_call(c, from.call, &signature);
    }

    rc = ngx_ai_gemini_call_end(c);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_memzero(&part, sizeof(ngx_ai_part_t));

    if (from.native != NULL) {
        ngx_ai_gemini_native(c->walk, node, &from, &part);

    } else if (from.blob != NULL || from.file != NULL) {

        if (ngx_ai_gemini_media(c->walk, from.blob ? from.blob : from.file,
                                &part)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        part.origin = NGX_AI_DIALECT_GEMINI;
        part.signature = signature;

    } else {
        return ngx_ai_gemini_flow_text(c, &from, &signature);
    }

    return ngx_ai_gemini_flow_part(c, &part, 1);
}


static ngx_int_t
ngx_ai_gemini_flow_text(ngx_ai_gemini_choice_t *c,
    const ngx_ai_gemini_part_t *from, const ngx_str_t *signature)
{
    ngx_int_t                rc;
    ngx_str_t                text;
    ngx_uint_t               key;
    ngx_ai_part_t            part;
    ngx_ai_gemini_stream_t  *s;

    s = c->stream;

    ngx_str_null(&text);

    if (from->text != NULL) {
        ngx_ai_tree_text(c->walk->tree, from->text, &text);
    }

    if (!from->thought) {
        c->signature = *signature;

        if (text.len == 0) {
            return NGX_OK;
        }

        s->open[c->choice] = NGX_AI_PART_TEXT + 1;

        return ngx_ai_flow_text(c->flow, c->choice, NGX_AI_PART_TEXT, &text);
    }

    if (s->open[c->choice] != NGX_AI_PART_THINKING + 1) {

        if (text.len == 0 && signature->len == 0) {
            return NGX_OK;
        }

        ngx_memzero(&part, sizeof(ngx_ai_part_t));

        part.kind = NGX_AI_PART_THINKING;
        part.origin = NGX_AI_DIALECT_GEMINI;
        part.summary = 1;
        part.text = text;
        part.signature = *signature;

        return ngx_ai_gemini_flow_part(c, &part, signature->len != 0);
    }

    rc = ngx_ai_flow_text(c->flow, c->choice, NGX_AI_PART_THINKING, &text);

    if (rc != NGX_OK || signature->len == 0) {
        return rc;
    }

    key = s->keys[c->choice];
    s->open[c->choice] = 0;

    rc = ngx_ai_flow_signature(c->flow, c->choice, key,
                               NGX_AI_DIALECT_GEMINI, signature);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_flow_part_end(c->flow, c->choice, key);
}


static ngx_int_t
ngx_ai_gemini_flow_sign(ngx_ai_gemini_choice_t *c)
{
    ngx_ai_part_t  part;

    if (c->signature.len == 0) {
        return NGX_OK;
    }

    ngx_memzero(&part, sizeof(ngx_ai_part_t));

    part.kind = NGX_AI_PART_THINKING;
    part.origin = NGX_AI_DIALECT_GEMINI;
    part.summary = 1;
    part.signature = c->signature;

    ngx_str_null(&c->signature);

    return ngx_ai_gemini_flow_part(c, &part, 1);
}


static ngx_int_t
ngx_ai_gemini_flow_part(ngx_ai_gemini_choice_t *c,
    const ngx_ai_part_t *part, ngx_uint_t ends)
{
    ngx_int_t                rc;
    ngx_uint_t               key;
    ngx_ai_gemini_stream_t  *s;

    s = c->stream;
    key = ++s->keys[c->choice];

    rc = ngx_ai_flow_part(c->flow, c->choice, key, part);

    s->open[c->choice] = ends ? 0 : part->kind + 1;

    if (rc != NGX_OK || !ends) {
        return rc;
    }

    return ngx_ai_flow_part_end(c->flow, c->choice, key);
}


static ngx_int_t
ngx_ai_gemini_flow_call(ngx_ai_gemini_choice_t *c,
    const ngx_ai_node_t *node, const ngx_str_t *signature)
{
    ngx_int_t                rc;
    ngx_uint_t               i;
    ngx_ai_part_t            part;
    const ngx_ai_node_t     *piece;
    ngx_ai_gemini_call_t     call;
    ngx_ai_gemini_stream_t  *s;

    s = c->stream;

    if (ngx_ai_gemini_call(c->walk, node, &call) != NGX_OK) {
        return NGX_ERROR;
    }

    if (call.name.len || !s->calling || s->choice != c->choice) {

        rc = ngx_ai_gemini_call_end(c);
        if (rc != NGX_OK) {
            return rc;
        }

        if (call.name.len == 0) {

            /* the end of none */

            return NGX_OK;
        }

        if (!call.more && call.partial == NULL) {

            ngx_memzero(&part, sizeof(ngx_ai_part_t));

            part.kind = NGX_AI_PART_TOOL_CALL;
            part.origin = NGX_AI_DIALECT_GEMINI;
            part.id = call.id;
            part.name = call.name;
            part.signature = *signature;
            part.json = call.args;

            if (part.json.len == 0) {
                ngx_str_set(&part.json, "{}");
            }

            return ngx_ai_gemini_flow_part(c, &part, 1);
        }

        rc = ngx_ai_gemini_call_begin(c, &call, signature);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (call.partial != NULL) {
        piece = ngx_ai_tree_child(call.partial);

        for (i = 0; i < call.partial->n; i++) {

            rc = ngx_ai_gemini_args_add(s->args, c->walk->tree, piece);
            if (rc != NGX_OK) {
                return rc;
            }

            piece = ngx_ai_tree_next(c->walk->tree, piece);
        }
    }

    return call.more ? NGX_OK : ngx_ai_gemini_call_end(c);
}


static ngx_int_t
ngx_ai_gemini_call_begin(ngx_ai_gemini_choice_t *c,
    const ngx_ai_gemini_call_t *call, const ngx_str_t *signature)
{
    ngx_int_t                rc;
    ngx_ai_buf_t            *text;
    ngx_ai_gemini_stream_t  *s;

    s = c->stream;

    if (s->args == NULL) {
        s->args = ngx_ai_gemini_args_create(c->flow->pool);
        if (s->args == NULL) {
            return NGX_ERROR;
        }
    }

    s->calling = 1;
    s->choice = c->choice;
    s->id = call->id.len;
    s->name = call->name.len;

    text = &s->args->text;

    ngx_ai_buf_reset(text);

    rc = ngx_ai_buf_append(text, call->name.data, call->name.len);

    if (rc == NGX_OK && call->id.len) {
        rc = ngx_ai_buf_append(text, call->id.data, call->id.len);
    }

    if (rc == NGX_OK && signature->len) {
        rc = ngx_ai_buf_append(text, signature->data, signature->len);
    }

    return rc;
}


/* the call that is open, if it is this candidate's */

static ngx_int_t
ngx_ai_gemini_call_end(ngx_ai_gemini_choice_t *c)
{
    ngx_int_t                rc;
    ngx_ai_buf_t            *text;
    ngx_ai_part_t            part;
    ngx_ai_gemini_stream_t  *s;

    s = c->stream;

    if (!s->calling || s->choice != c->choice) {
        return NGX_OK;
    }

    s->calling = 0;
    text = &s->args->text;

    ngx_memzero(&part, sizeof(ngx_ai_part_t));

    part.kind = NGX_AI_PART_TOOL_CALL;
    part.origin = NGX_AI_DIALECT_GEMINI;

    part.name.data = text->start;
    part.name.len = s->name;

    part.id.data = text->start + s->name;
    part.id.len = s->id;

    part.signature.data = part.id.data + s->id;
    part.signature.len = text->last - part.signature.data;

    rc = ngx_ai_gemini_args_end(s->args, &part.json);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_gemini_flow_part(c, &part, 1);
}


static ngx_int_t
ngx_ai_gemini_flow_cite(void *data, int64_t part,
    const ngx_ai_citation_t *citation)
{
    ngx_ai_gemini_choice_t  *c;

    c = data;

    return ngx_ai_flow_citation(c->flow, c->choice, citation);
}
