
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_ollama.h"
#include "ngx_ai_sign.h"


static ngx_int_t ngx_ai_ollama_event(ngx_ai_ollama_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_ollama_event_error(ngx_ai_ollama_source_t *s,
    const ngx_ai_node_t *node);
static ngx_int_t ngx_ai_ollama_event_start(ngx_ai_ollama_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_ollama_event_message(ngx_ai_ollama_source_t *s,
    const ngx_ai_node_t *message);
static ngx_int_t ngx_ai_ollama_event_text(ngx_ai_ollama_source_t *s,
    const ngx_ai_node_t *message, const char *name, ngx_uint_t kind);
static ngx_int_t ngx_ai_ollama_event_parts(ngx_ai_ollama_source_t *s,
    const ngx_ai_node_t *message);
static ngx_int_t ngx_ai_ollama_event_logprobs(ngx_ai_ollama_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_ollama_event_done(ngx_ai_ollama_source_t *s,
    const ngx_ai_node_t *root);

static ngx_int_t ngx_ai_ollama_line_begin(ngx_ai_ollama_sink_t *s,
    ngx_ai_json_writer_t *w, size_t *mark);
static ngx_int_t ngx_ai_ollama_line_end(ngx_ai_ollama_sink_t *s,
    ngx_ai_json_writer_t *w, size_t mark);
static ngx_int_t ngx_ai_ollama_sink_text(ngx_ai_ollama_sink_t *s,
    const ngx_ai_delta_t *d);
static ngx_int_t ngx_ai_ollama_sink_part(ngx_ai_ollama_sink_t *s,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_ollama_sink_call(ngx_ai_ollama_sink_t *s,
    ngx_ai_json_writer_t *w, const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_ollama_sink_logprobs(ngx_ai_ollama_sink_t *s,
    const ngx_str_t *raw);
static ngx_int_t ngx_ai_ollama_sink_done(ngx_ai_ollama_sink_t *s);


ngx_int_t
ngx_ai_ollama_read_delta(void *source, const ngx_ai_sse_event_t *ev)
{
    ngx_ai_ollama_source_t *s = source;

    ngx_ai_tree_t        *t;
    const ngx_ai_node_t  *root;

    t = s->source.tree;

    if (ngx_ai_tree_read(t, &ev->data) != NGX_OK) {
        return NGX_ERROR;
    }

    root = ngx_ai_tree_root(t);

    if (root->type != NGX_AI_JSON_OBJECT) {
        return NGX_ERROR;
    }

    return ngx_ai_ollama_event(s, root);
}


static ngx_int_t
ngx_ai_ollama_event(ngx_ai_ollama_source_t *s, const ngx_ai_node_t *root)
{
    ngx_int_t             rc;
    ngx_ai_tree_t        *t;
    const ngx_ai_node_t  *message, *done, *node;

    t = s->source.tree;

    node = ngx_ai_tree_member(t, root, "error");

    if (node != NULL) {
        return ngx_ai_ollama_event_error(s, node);
    }

    message = ngx_ai_tree_member(t, root, "message");
    done = ngx_ai_tree_member(t, root, "done");

    if (message == NULL && done == NULL) {
        return NGX_ERROR;
    }

    if (!s->started) {
        rc = ngx_ai_ollama_event_start(s, root);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (message != NULL && message->type == NGX_AI_JSON_OBJECT) {
        rc = ngx_ai_ollama_event_message(s, message);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    rc = ngx_ai_ollama_event_logprobs(s, root);

    if (rc == NGX_OK && done != NULL && done->type == NGX_AI_JSON_TRUE) {
        rc = ngx_ai_ollama_event_done(s, root);
    }

    return rc;
}


static ngx_int_t
ngx_ai_ollama_event_error(ngx_ai_ollama_source_t *s, const ngx_ai_node_t *node)
{
    u_char          *p;
    ngx_str_t        text;
    ngx_ai_error_t   error;

    ngx_memzero(&error, sizeof(ngx_ai_error_t));

    error.kind = NGX_AI_ERROR_UPSTREAM;
    ngx_str_set(&error.message, "The provider failed.");

    if (node->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(s->source.tree, node, &text);

        error.kind = ngx_ai_ollama_error_kind(&text, error.kind);

        if (text.len) {
            p = ngx_pnalloc(s->source.pool, text.len);
            if (p == NULL) {
                return NGX_ERROR;
            }

            (void) ngx_ai_text_decode_loose(text.data, text.len, p, text.len,
                                            &error.message);
        }
    }

    error.status = ngx_ai_error_status(error.kind);

    return ngx_ai_flow_error(s->source.flow, &error);
}


static ngx_int_t
ngx_ai_ollama_event_start(ngx_ai_ollama_source_t *s, const ngx_ai_node_t *root)
{
    int64_t               created;
    ngx_str_t             id, model, text;
    ngx_ai_tree_t        *t;
    const ngx_ai_node_t  *node;

    s->started = 1;

    t = s->source.tree;
    created = 0;

    ngx_str_null(&id);
    ngx_str_null(&model);

    node = ngx_ai_tree_member(t, root, "model");

    if (node != NULL && node->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(t, node, &model);
    }

    node = ngx_ai_tree_member(t, root, "created_at");

    if (node != NULL && node->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(t, node, &text);
        created = ngx_ai_ollama_time(text.data, text.len);
    }

    return ngx_ai_flow_start(s->source.flow, &id, &model, created);
}


static ngx_int_t
ngx_ai_ollama_event_message(ngx_ai_ollama_source_t *s,
    const ngx_ai_node_t *message)
{
    ngx_int_t  rc;

    rc = ngx_ai_ollama_event_text(s, message, "thinking",
                                  NGX_AI_PART_THINKING);

    if (rc == NGX_OK) {
        rc = ngx_ai_ollama_event_text(s, message, "content",
                                      NGX_AI_PART_TEXT);
    }

    /* role and content are in each line, and more than them in few */

    if (rc == NGX_OK && message->n > 2) {
        rc = ngx_ai_ollama_event_parts(s, message);
    }

    return rc;
}


static ngx_int_t
ngx_ai_ollama_event_text(ngx_ai_ollama_source_t *s,
    const ngx_ai_node_t *message, const char *name, ngx_uint_t kind)
{
    ngx_str_t             text;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(s->source.tree, message, name);

    if (node == NULL || node->type != NGX_AI_JSON_STRING) {
        return NGX_OK;
    }

    ngx_ai_tree_text(s->source.tree, node, &text);

    return ngx_ai_flow_text(s->source.flow, 0, kind, &text);
}


static ngx_int_t
ngx_ai_ollama_event_parts(ngx_ai_ollama_source_t *s,
    const ngx_ai_node_t *message)
{
    ngx_int_t             rc;
    ngx_uint_t            i;
    ngx_array_t           parts;
    ngx_ai_part_t        *part;
    ngx_ai_walk_t         w;
    const ngx_ai_node_t  *images, *calls;

    images = ngx_ai_tree_member(s->source.tree, message, "images");
    calls = ngx_ai_tree_member(s->source.tree, message, "tool_calls");

    if (images == NULL && calls == NULL) {
        return NGX_OK;
    }

    ngx_memzero(&w, sizeof(ngx_ai_walk_t));

    w.tree = s->source.tree;
    w.pool = s->source.pool;

    if (ngx_array_init(&parts, w.pool, 2, sizeof(ngx_ai_part_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    if (images != NULL && images->type == NGX_AI_JSON_ARRAY
        && ngx_ai_ollama_read_images(&w, images, &parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (calls != NULL && calls->type == NGX_AI_JSON_ARRAY
        && ngx_ai_ollama_read_calls(&w, calls, &parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    part = parts.elts;

    for (i = 0; i < parts.nelts; i++) {
        rc = ngx_ai_flow_part(s->source.flow, 0, s->calls, &part[i]);

        if (rc == NGX_OK) {
            rc = ngx_ai_flow_part_end(s->source.flow, 0, s->calls++);
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_event_logprobs(ngx_ai_ollama_source_t *s,
    const ngx_ai_node_t *root)
{
    ngx_str_t             raw;
    ngx_ai_walk_t         w;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(s->source.tree, root, "logprobs");

    if (node == NULL || node->type != NGX_AI_JSON_ARRAY || node->n == 0) {
        return NGX_OK;
    }

    ngx_memzero(&w, sizeof(ngx_ai_walk_t));

    w.tree = s->source.tree;
    w.pool = s->source.pool;

    if (ngx_ai_ollama_read_logprobs(&w, node, &raw) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_ai_flow_logprobs(s->source.flow, 0, &raw);
}


static ngx_int_t
ngx_ai_ollama_event_done(ngx_ai_ollama_source_t *s, const ngx_ai_node_t *root)
{
    ngx_int_t        rc;
    ngx_uint_t       finish;
    ngx_ai_tree_t   *t;
    ngx_ai_usage_t   usage;

    t = s->source.tree;

    finish = ngx_ai_ollama_finish(t, ngx_ai_tree_member(t, root,
                                                        "done_reason"));

    rc = ngx_ai_flow_finish(s->source.flow, 0, finish, NULL);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_ollama_read_usage(t, root, &usage);

    if (usage.reported) {
        rc = ngx_ai_flow_usage(s->source.flow, &usage);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_ai_flow_end(s->source.flow);
}


/* one answer is all that this dialect has: what is not of choice 0 goes */

ngx_int_t
ngx_ai_ollama_write_delta(void *sink, const ngx_ai_delta_t *d)
{
    ngx_ai_ollama_sink_t *s = sink;

    if (d->choice != 0) {
        return NGX_OK;
    }

    switch (d->type) {

    case NGX_AI_DELTA_START:
        return ngx_ai_ollama_head(s->sink.pool, s->sink.told, &d->model,
                                  d->created, &s->head);

    case NGX_AI_DELTA_PART:
        return ngx_ai_ollama_sink_part(s, d->part);

    case NGX_AI_DELTA_TEXT:
        return ngx_ai_ollama_sink_text(s, d);

    case NGX_AI_DELTA_LOGPROBS:
        return ngx_ai_ollama_sink_logprobs(s, &d->text);

    case NGX_AI_DELTA_FINISH:
        s->finish = d->finish;
        return NGX_OK;

    case NGX_AI_DELTA_USAGE:
        s->usage = *d->usage;
        return NGX_OK;

    case NGX_AI_DELTA_ERROR:
        return ngx_ai_ollama_write_error_event(s->sink.told->route, d->error,
                                               s->sink.framing, s->sink.out);

    case NGX_AI_DELTA_END:
        return ngx_ai_ollama_sink_done(s);

    default: /* CITATION, PART_END, PING: there is no word for them */
        return NGX_OK;
    }
}


/* up to the message, which is open */

static ngx_int_t
ngx_ai_ollama_line_begin(ngx_ai_ollama_sink_t *s, ngx_ai_json_writer_t *w,
    size_t *mark)
{
    ngx_int_t  rc;

    rc = ngx_ai_sink_begin(&s->sink, w, NULL, mark);

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_members(w, (char *) s->head.data, s->head.len);
    ngx_ai_json_write_key(w, "message");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"role\":\"assistant\"");

    return rc;
}


static ngx_int_t
ngx_ai_ollama_line_end(ngx_ai_ollama_sink_t *s, ngx_ai_json_writer_t *w,
    size_t mark)
{
    ngx_ai_json_write_literal(w, "\"done\":false");
    ngx_ai_json_write_end(w);

    return ngx_ai_sink_end(&s->sink, w, mark);
}


static ngx_int_t
ngx_ai_ollama_sink_text(ngx_ai_ollama_sink_t *s, const ngx_ai_delta_t *d)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    if (d->part->kind != NGX_AI_PART_TEXT
        && d->part->kind != NGX_AI_PART_REFUSAL
        && d->part->kind != NGX_AI_PART_THINKING)
    {
        return NGX_OK;
    }

    rc = ngx_ai_ollama_line_begin(s, &w, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    if (d->part->kind == NGX_AI_PART_THINKING) {
        ngx_ai_json_write_literal(&w, "\"content\":\"\"");
        ngx_ai_json_write_key(&w, "thinking");

    } else {
        ngx_ai_json_write_key(&w, "content");
    }

    ngx_ai_json_write_text(&w, &d->text);
    ngx_ai_json_write_end(&w);

    return ngx_ai_ollama_line_end(s, &w, mark);
}


static ngx_int_t
ngx_ai_ollama_sink_part(ngx_ai_ollama_sink_t *s, const ngx_ai_part_t *part)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_uint_t            call;
    ngx_ai_json_writer_t  w;

    call = (part->kind == NGX_AI_PART_TOOL_CALL && !part->custom);

    if (!call && (part->kind != NGX_AI_PART_IMAGE || part->data.len == 0)) {
        return NGX_OK;
    }

    rc = ngx_ai_ollama_line_begin(s, &w, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_literal(&w, "\"content\":\"\"");

    if (!call) {
        ngx_ai_json_write_key(&w, "images");
        ngx_ai_json_write_array(&w);
        ngx_ai_json_write_text(&w, &part->data);
        ngx_ai_json_write_end(&w);

    } else if (ngx_ai_ollama_sink_call(s, &w, part) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_ai_json_write_end(&w);

    return ngx_ai_ollama_line_end(s, &w, mark);
}


/* there are NGX_AI_FLOW_CALLS of them at most */

static ngx_int_t
ngx_ai_ollama_sink_call(ngx_ai_ollama_sink_t *s, ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part)
{
    ngx_int_t   rc;
    ngx_str_t   id;

    rc = ngx_ai_ollama_call_id(s->sink.pool, part, &id);

    ngx_ai_json_write_key(w, "tool_calls");
    ngx_ai_json_write_array(w);

    if (rc == NGX_OK) {
        ngx_ai_ollama_write_call(w, part, &id, s->calls++);
    }

    ngx_ai_json_write_end(w);

    return rc;
}


static ngx_int_t
ngx_ai_ollama_sink_logprobs(ngx_ai_ollama_sink_t *s, const ngx_str_t *raw)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_ollama_line_begin(s, &w, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_literal(&w, "\"content\":\"\"");
    ngx_ai_json_write_end(&w);
    ngx_ai_ollama_write_logprobs(&w, raw);

    return ngx_ai_ollama_line_end(s, &w, mark);
}


static ngx_int_t
ngx_ai_ollama_sink_done(ngx_ai_ollama_sink_t *s)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_ollama_line_begin(s, &w, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_literal(&w, "\"content\":\"\"");
    ngx_ai_json_write_end(&w);

    ngx_ai_ollama_write_done(&w, s->finish, &s->usage, s->sink.told->elapsed);
    ngx_ai_json_write_end(&w);

    return ngx_ai_sink_end(&s->sink, &w, mark);
}
