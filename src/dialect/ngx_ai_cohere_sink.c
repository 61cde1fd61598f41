
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* Streams, as they are written: see ngx_ai_cohere_stream.c. */


#include "ngx_ai_cohere.h"


static ngx_int_t ngx_ai_cohere_sink_start(ngx_ai_cohere_sink_t *s);
static ngx_int_t ngx_ai_cohere_sink_open(ngx_ai_cohere_sink_t *s,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_cohere_sink_call(ngx_ai_cohere_sink_t *s,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_cohere_sink_text(ngx_ai_cohere_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_cohere_sink_citation(ngx_ai_cohere_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_cohere_sink_part_end(ngx_ai_cohere_sink_t *s,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_cohere_sink_logprobs(ngx_ai_cohere_sink_t *s,
    const ngx_str_t *raw);
static ngx_int_t ngx_ai_cohere_sink_finish(ngx_ai_cohere_sink_t *s);
static ngx_int_t ngx_ai_cohere_begin(ngx_ai_cohere_sink_t *s,
    ngx_ai_json_writer_t *w, const char *name, size_t *mark);
static void ngx_ai_cohere_in(ngx_ai_json_writer_t *w, ngx_uint_t index,
    const char *name);
static ngx_int_t ngx_ai_cohere_end(ngx_ai_cohere_sink_t *s,
    ngx_ai_json_writer_t *w, ngx_uint_t levels, size_t mark);


ngx_int_t
ngx_ai_cohere_write_delta(void *sink, const ngx_ai_delta_t *delta)
{
    ngx_ai_cohere_sink_t *s = sink;

    /* there is no word for more than one choice */

    if (delta->choice != 0) {
        return NGX_OK;
    }

    switch (delta->type) {

    case NGX_AI_DELTA_TEXT:
        return ngx_ai_cohere_sink_text(s, delta);

    case NGX_AI_DELTA_START:
        return ngx_ai_cohere_sink_start(s);

    case NGX_AI_DELTA_PART:
        return (delta->part->kind == NGX_AI_PART_TOOL_CALL)
               ? ngx_ai_cohere_sink_call(s, delta->part) : NGX_OK;

    case NGX_AI_DELTA_CITATION:
        return ngx_ai_cohere_sink_citation(s, delta);

    case NGX_AI_DELTA_PART_END:
        return ngx_ai_cohere_sink_part_end(s, delta->part);

    case NGX_AI_DELTA_LOGPROBS:
        return ngx_ai_cohere_sink_logprobs(s, &delta->text);

    case NGX_AI_DELTA_FINISH:
        s->finish = delta->finish;
        s->sequence = (delta->text.len != 0);
        return NGX_OK;

    case NGX_AI_DELTA_USAGE:
        s->usage = *delta->usage;
        return NGX_OK;

    case NGX_AI_DELTA_PING:
        return ngx_ai_framing_ping(s->sink.framing, s->sink.out);

    case NGX_AI_DELTA_ERROR:
        return ngx_ai_cohere_write_error_event(s->sink.told->route,
                                               delta->error, s->sink.framing,
                                               s->sink.out);

    case NGX_AI_DELTA_END:
        return ngx_ai_cohere_sink_finish(s);

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_ai_cohere_sink_start(ngx_ai_cohere_sink_t *s)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_sink_begin(&s->sink, &w, "message-start", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "id");
    ngx_ai_cohere_write_uuid(&w, &s->sink.told->id);
    ngx_ai_json_write_literal(&w, "\"type\":\"message-start\",\"delta\":"
                                  "{\"message\":{\"role\":\"assistant\","
                                  "\"content\":[],\"tool_plan\":\"\","
                                  "\"tool_calls\":[],\"citations\":[]}}");

    return ngx_ai_cohere_end(s, &w, 1, mark);
}


/* a block of content begins when there is something in it */

static ngx_int_t
ngx_ai_cohere_sink_open(ngx_ai_cohere_sink_t *s, const ngx_ai_part_t *part)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    if (s->open) {
        return NGX_OK;
    }

    s->open = 1;
    s->text = (part->kind != NGX_AI_PART_THINKING);

    rc = ngx_ai_cohere_begin(s, &w, "content-start", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_cohere_in(&w, s->content, "content");

    if (s->text) {
        ngx_ai_json_write_literal(&w, "\"type\":\"text\",\"text\":\"\"");

    } else {
        ngx_ai_json_write_literal(&w, "\"type\":\"thinking\","
                                      "\"thinking\":\"\"");
    }

    return ngx_ai_cohere_end(s, &w, 4, mark);
}


static ngx_int_t
ngx_ai_cohere_sink_call(ngx_ai_cohere_sink_t *s, const ngx_ai_part_t *part)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_cohere_begin(s, &w, "tool-call-start", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_cohere_in(&w, s->calls, "tool_calls");

    ngx_ai_json_write_key(&w, "id");

    if (ngx_ai_cohere_write_id(&w, s->sink.pool->log, part) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_ai_json_write_literal(&w, "\"type\":\"function\"");
    ngx_ai_json_write_key(&w, "function");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "name");
    ngx_ai_json_write_text(&w, &part->name);
    ngx_ai_json_write_literal(&w, "\"arguments\":\"\"");
    ngx_ai_json_write_end(&w);

    return ngx_ai_cohere_end(s, &w, 4, mark);
}


static ngx_int_t
ngx_ai_cohere_sink_text(ngx_ai_cohere_sink_t *s, const ngx_ai_delta_t *delta)
{
    size_t                mark;
    ngx_int_t             rc;
    const char           *key;
    ngx_ai_json_writer_t  w;

    switch (delta->part->kind) {

    case NGX_AI_PART_TOOL_CALL:

        rc = ngx_ai_cohere_begin(s, &w, "tool-call-delta", &mark);
        if (rc != NGX_OK) {
            return rc;
        }

        ngx_ai_cohere_in(&w, s->calls, "tool_calls");

        ngx_ai_json_write_key(&w, "function");
        ngx_ai_json_write_object(&w);
        ngx_ai_json_write_key(&w, "arguments");
        ngx_ai_json_write_text(&w, &delta->text);
        ngx_ai_json_write_end(&w);

        return ngx_ai_cohere_end(s, &w, 4, mark);

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
        key = "text";
        break;

    case NGX_AI_PART_THINKING:
        key = "thinking";
        break;

    default:
        return NGX_OK;
    }

    rc = ngx_ai_cohere_sink_open(s, delta->part);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_cohere_begin(s, &w, "content-delta", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_cohere_in(&w, s->content, "content");
    ngx_ai_json_write_key(&w, key);
    ngx_ai_json_write_text(&w, &delta->text);

    return ngx_ai_cohere_end(s, &w, 4, mark);
}


static ngx_int_t
ngx_ai_cohere_sink_citation(ngx_ai_cohere_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_cohere_sink_open(s, delta->part);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_cohere_begin(s, &w, "citation-start", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, "index");
    ngx_ai_json_write_int(&w, s->citations);
    ngx_ai_json_write_key(&w, "delta");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "message");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "citations");
    ngx_ai_cohere_write_citation(&w, s->content, delta->citation);

    rc = ngx_ai_cohere_end(s, &w, 3, mark);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_cohere_begin(s, &w, "citation-end", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, "index");
    ngx_ai_json_write_int(&w, s->citations++);

    return ngx_ai_cohere_end(s, &w, 1, mark);
}


static ngx_int_t
ngx_ai_cohere_sink_part_end(ngx_ai_cohere_sink_t *s, const ngx_ai_part_t *part)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_uint_t            index;
    const char           *name;
    ngx_ai_json_writer_t  w;

    if (part->kind == NGX_AI_PART_TOOL_CALL) {
        name = "tool-call-end";
        index = s->calls++;

    } else if (s->open) {
        name = "content-end";
        index = s->content++;
        s->open = 0;

    } else {
        return NGX_OK;
    }

    rc = ngx_ai_cohere_begin(s, &w, name, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, "index");
    ngx_ai_json_write_int(&w, index);

    return ngx_ai_cohere_end(s, &w, 1, mark);
}


/* they stand beside a piece of text, which is empty here */

static ngx_int_t
ngx_ai_cohere_sink_logprobs(ngx_ai_cohere_sink_t *s, const ngx_str_t *raw)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    if (!s->open || !s->text) {
        return NGX_OK;
    }

    rc = ngx_ai_cohere_begin(s, &w, "content-delta", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_cohere_in(&w, s->content, "content");
    ngx_ai_json_write_literal(&w, "\"text\":\"\"");
    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);

    ngx_ai_cohere_write_logprobs(&w, raw, 1, s->sink.pool->log);

    return ngx_ai_cohere_end(s, &w, 1, mark);
}


/* the message ends when all is known of it */

static ngx_int_t
ngx_ai_cohere_sink_finish(ngx_ai_cohere_sink_t *s)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_cohere_begin(s, &w, "message-end", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, "delta");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "finish_reason");
    ngx_ai_cohere_write_finish(&w, s->finish, s->sequence);
    ngx_ai_cohere_write_usage(&w, &s->usage);

    rc = ngx_ai_cohere_end(s, &w, 2, mark);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_sink_begin(&s->sink, &w, NULL, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_literal(&w, "[DONE]");

    return ngx_ai_sink_end(&s->sink, &w, mark);
}


static ngx_int_t
ngx_ai_cohere_begin(ngx_ai_cohere_sink_t *s, ngx_ai_json_writer_t *w,
    const char *name, size_t *mark)
{
    ngx_int_t  rc;
    ngx_str_t  type;

    rc = ngx_ai_sink_begin(&s->sink, w, name, mark);
    if (rc != NGX_OK) {
        return rc;
    }

    type.data = (u_char *) name;
    type.len = ngx_strlen(name);

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "type");
    ngx_ai_json_write_text(w, &type);

    return NGX_OK;
}


/* "index":0,"delta":{"message":{"content":{ */

static void
ngx_ai_cohere_in(ngx_ai_json_writer_t *w, ngx_uint_t index, const char *name)
{
    ngx_ai_json_write_key(w, "index");
    ngx_ai_json_write_int(w, index);
    ngx_ai_json_write_key(w, "delta");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "message");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, name);
    ngx_ai_json_write_object(w);
}


static ngx_int_t
ngx_ai_cohere_end(ngx_ai_cohere_sink_t *s, ngx_ai_json_writer_t *w,
    ngx_uint_t levels, size_t mark)
{
    while (levels--) {
        ngx_ai_json_write_end(w);
    }

    return ngx_ai_sink_end(&s->sink, w, mark);
}
