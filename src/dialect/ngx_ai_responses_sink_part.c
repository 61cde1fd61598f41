
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"
#include "ngx_ai_args.h"
#include "ngx_ai_sign.h"


static ngx_int_t ngx_ai_responses_open_part(ngx_ai_responses_sink_t *s,
    const char *name, const char *empty, size_t len);
static ngx_int_t ngx_ai_responses_say_delta(ngx_ai_responses_sink_t *s,
    const char *name, const ngx_str_t *text, const ngx_str_t *logprobs);
static ngx_int_t ngx_ai_responses_convert(ngx_ai_responses_sink_t *s);


ngx_int_t
ngx_ai_responses_open_text(ngx_ai_responses_sink_t *s, ngx_uint_t kind)
{
    ngx_int_t  rc;

    static const char  text[] = "{\"type\":\"output_text\","
                                "\"annotations\":[],\"logprobs\":[],"
                                "\"text\":\"\"}";
    static const char  refusal[] = "{\"type\":\"refusal\",\"refusal\":\"\"}";

    if (s->kind != NGX_AI_RESPONSES_SAID) {
        rc = ngx_ai_responses_open(s, NGX_AI_RESPONSES_SAID, NULL);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    s->refusal = (kind == NGX_AI_PART_REFUSAL);

    if (s->refusal) {
        return ngx_ai_responses_open_part(s, "response.content_part.added",
                                          refusal, sizeof(refusal) - 1 - 2);
    }

    s->nnotes = 0;

    rc = ngx_ai_responses_open_part(s, "response.content_part.added", text,
                                    sizeof("{\"type\":\"output_text\",") - 1);

    ngx_ai_responses_keep(s, "\"text\":\"");
    s->text = ngx_ai_buf_len(&s->kept->items);

    return rc;
}


ngx_int_t
ngx_ai_responses_open_thought(ngx_ai_responses_sink_t *s)
{
    ngx_int_t  rc;

    static const char  empty[] = "{\"type\":\"summary_text\",\"text\":\"\"}";

    if (s->kind != NGX_AI_RESPONSES_THOUGHT) {
        rc = ngx_ai_responses_open(s, NGX_AI_RESPONSES_THOUGHT, NULL);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_ai_responses_open_part(s,
                                      "response.reasoning_summary_part.added",
                                      empty, sizeof(empty) - 1 - 2);
}


/* "len" bytes of the empty part are those that its text is put behind */

static ngx_int_t
ngx_ai_responses_open_part(ngx_ai_responses_sink_t *s, const char *name,
    const char *empty, size_t len)
{
    u_char     *p;
    ngx_str_t   raw;

    p = s->where + s->where_item;
    p = ngx_sprintf(p, ",\"%s_index\":%ui",
                    s->kind == NGX_AI_RESPONSES_SAID ? "content" : "summary",
                    s->parts);
    s->where_len = p - s->where;

    if (s->parts++) {
        ngx_ai_responses_keep(s, ",");
    }

    s->open = 1;
    s->part = ngx_ai_buf_len(&s->kept->items);

    ngx_ai_responses_put(&s->gather, empty, len);
    s->text = ngx_ai_buf_len(&s->kept->items);

    raw.data = (u_char *) empty;
    raw.len = ngx_strlen(empty);

    return ngx_ai_responses_say(s, name, "part", &raw, NULL);
}


/* a call that is known by its tool to be a custom one is made one */

ngx_int_t
ngx_ai_responses_open_call(ngx_ai_responses_sink_t *s,
    const ngx_ai_part_t *part)
{
    u_char      *p;
    ngx_int_t    rc;
    ngx_str_t    id, members;
    ngx_uint_t   custom;

    custom = part->custom
             || ngx_ai_responses_is_custom(s->sink.chat, &part->name);

    s->convert = (custom && !part->custom);

    if (ngx_ai_id_join(s->sink.pool, &part->id, part->origin,
                       &part->signature, &id)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_alloc(sizeof("\"call_id\":\"\",\"name\":\"\"") - 1 + id.len
                  + part->name.len, s->sink.pool->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    members.data = p;
    members.len = ngx_sprintf(p, "\"call_id\":\"%V\",\"name\":\"%V\"", &id,
                              &part->name)
                  - p;

    rc = ngx_ai_responses_open(s, custom ? NGX_AI_RESPONSES_CUSTOM_CALL
                                         : NGX_AI_RESPONSES_CALL, &members);

    ngx_ai_responses_keep(s, custom ? ",\"input\":\"" : ",\"arguments\":\"");
    s->text = ngx_ai_buf_len(&s->kept->items);

    ngx_free(p);

    return rc;
}


ngx_int_t
ngx_ai_responses_add(ngx_ai_responses_sink_t *s, const char *name,
    const ngx_str_t *text)
{
    ngx_ai_responses_put(&s->gather, text->data, text->len);

    return ngx_ai_responses_say_delta(s, name, text, NULL);
}


static ngx_int_t
ngx_ai_responses_say_delta(ngx_ai_responses_sink_t *s, const char *name,
    const ngx_str_t *text, const ngx_str_t *logprobs)
{
    size_t                mark;
    ngx_ai_json_writer_t  w;

    ngx_ai_responses_begin_event(s, &w, name, &mark);
    ngx_ai_json_write_members(&w, (char *) s->where, s->where_len);
    ngx_ai_json_write_literal(&w, "\"delta\":\"");
    ngx_ai_responses_put(&w, text->data, text->len);
    ngx_ai_responses_put(&w, "\"", 1);

    if (logprobs != NULL) {
        ngx_ai_json_write_key(&w, "logprobs");
        ngx_ai_responses_json(&w, logprobs);

    } else if (s->kind == NGX_AI_RESPONSES_SAID && !s->refusal) {
        ngx_ai_json_write_literal(&w, "\"logprobs\":[]");
    }

    return ngx_ai_responses_end_event(s, &w, mark);
}


ngx_int_t
ngx_ai_responses_note(ngx_ai_responses_sink_t *s,
    const ngx_ai_citation_t *citation)
{
    size_t                start, mark;
    ngx_str_t             note;
    ngx_ai_json_writer_t  w;

    if (!s->open || s->kind != NGX_AI_RESPONSES_SAID || s->refusal) {
        return NGX_OK;
    }

    ngx_ai_json_writer_init(&w, &s->kept->notes);

    if (s->nnotes) {
        ngx_ai_responses_put(&w, ",", 1);
    }

    start = ngx_ai_buf_len(&s->kept->notes);

    ngx_ai_responses_write_citation(&w, citation);

    if (w.rc != NGX_OK) {
        return w.rc;
    }

    note.data = s->kept->notes.start + start;
    note.len = s->kept->notes.last - note.data;

    ngx_ai_responses_begin_event(s, &w,
                                 "response.output_text.annotation.added",
                                 &mark);
    ngx_ai_json_write_members(&w, (char *) s->where, s->where_len);
    ngx_ai_json_write_key(&w, "annotation_index");
    ngx_ai_json_write_int(&w, (int64_t) s->nnotes++);
    ngx_ai_json_write_key(&w, "annotation");
    ngx_ai_json_write_raw(&w, &note);

    return ngx_ai_responses_end_event(s, &w, mark);
}


/* they come behind the text that they are of: with a piece without any */

ngx_int_t
ngx_ai_responses_log(ngx_ai_responses_sink_t *s, const ngx_str_t *raw)
{
    ngx_str_t             array, inner;
    ngx_ai_json_writer_t  w;

    static const ngx_str_t  empty = ngx_string("");

    if (!s->open || s->kind != NGX_AI_RESPONSES_SAID || s->refusal
        || ngx_ai_responses_logprobs(raw, &array) != NGX_OK)
    {
        return NGX_OK;
    }

    inner.data = array.data + 1;
    inner.len = array.len - 2;

    ngx_ai_json_writer_init(&w, &s->kept->logs);

    ngx_ai_responses_put(&w, ngx_ai_buf_len(&s->kept->logs) ? "," : "[", 1);
    ngx_ai_responses_json(&w, &inner);

    if (w.rc != NGX_OK) {
        return w.rc;
    }

    return ngx_ai_responses_say_delta(s, "response.output_text.delta", &empty,
                                      &array);
}


ngx_int_t
ngx_ai_responses_close_text(ngx_ai_responses_sink_t *s, ngx_uint_t kind)
{
    size_t      end;
    ngx_int_t   rc;
    ngx_str_t   text, part, logprobs;

    static const ngx_str_t  none = ngx_string("[]");

    end = ngx_ai_buf_len(&s->kept->items);
    logprobs = none;

    if (kind == NGX_AI_PART_REFUSAL) {
        ngx_ai_responses_keep(s, "\"}");

    } else {
        ngx_ai_responses_keep(s, "\",\"annotations\":[");
        ngx_ai_responses_put(&s->gather, s->kept->notes.start,
                             ngx_ai_buf_len(&s->kept->notes));
        ngx_ai_responses_keep(s, "],\"logprobs\":");

        if (ngx_ai_buf_len(&s->kept->logs)) {
            rc = ngx_ai_buf_append(&s->kept->logs, "]", 1);
            if (rc != NGX_OK) {
                return rc;
            }

            logprobs.data = s->kept->logs.start;
            logprobs.len = ngx_ai_buf_len(&s->kept->logs);
        }

        ngx_ai_responses_put(&s->gather, logprobs.data, logprobs.len);
        ngx_ai_responses_keep(s, "}");
    }

    if (s->gather.rc != NGX_OK) {
        return s->gather.rc;
    }

    part = ngx_ai_responses_since(s, s->part);

    text.data = s->kept->items.start + s->text - 1;
    text.len = end - s->text + 2;

    if (kind == NGX_AI_PART_REFUSAL) {
        rc = ngx_ai_responses_say(s, "response.refusal.done", "refusal",
                                  &text, NULL);

    } else {
        rc = ngx_ai_responses_say(s, "response.output_text.done", "text",
                                  &text, &logprobs);
    }

    s->open = 0;
    s->refusal = 0;

    ngx_ai_buf_free(&s->kept->notes);
    ngx_ai_buf_free(&s->kept->logs);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_responses_say(s, "response.content_part.done", "part",
                                &part, NULL);
}


ngx_int_t
ngx_ai_responses_close_thought(ngx_ai_responses_sink_t *s)
{
    ngx_int_t  rc;
    ngx_str_t  text, part;

    if (s->open) {

        s->open = 0;

        ngx_ai_responses_keep(s, "\"}");

        if (s->gather.rc != NGX_OK) {
            return s->gather.rc;
        }

        part = ngx_ai_responses_since(s, s->part);
        text = ngx_ai_responses_since(s, s->text - 1);
        text.len--;

        rc = ngx_ai_responses_say(s, "response.reasoning_summary_text.done",
                                  "text", &text, NULL);
        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_ai_responses_say(s, "response.reasoning_summary_part.done",
                                  "part", &part, NULL);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    /* what comes behind the signature is not signed by it */

    return ngx_ai_buf_len(&s->kept->sealed) ? ngx_ai_responses_close(s)
                                            : NGX_OK;
}


ngx_int_t
ngx_ai_responses_close_call(ngx_ai_responses_sink_t *s)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    if (s->convert) {
        rc = ngx_ai_responses_convert(s);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (s->gather.rc != NGX_OK) {
        return s->gather.rc;
    }

    /* the closing quote is written with the end of the item */

    ngx_ai_responses_keep(s, "\"");

    if (s->gather.rc != NGX_OK) {
        return s->gather.rc;
    }

    text = ngx_ai_responses_since(s, s->text - 1);

    if (s->kind == NGX_AI_RESPONSES_CUSTOM_CALL) {
        rc = ngx_ai_responses_say(s, "response.custom_tool_call_input.done",
                                  "input", &text, NULL);

    } else {
        rc = ngx_ai_responses_say(s, "response.function_call_arguments.done",
                                  "arguments", &text, NULL);
    }

    s->kept->items.last--;

    return rc;
}


/* what was gathered, {\"input\":\"...\"}, gives way to the text in it */

static ngx_int_t
ngx_ai_responses_convert(ngx_ai_responses_sink_t *s)
{
    u_char     *p;
    ngx_int_t   rc;
    ngx_str_t   text, json;

    if (s->gather.rc != NGX_OK) {
        return s->gather.rc;
    }

    text = ngx_ai_responses_since(s, s->text);

    p = ngx_alloc(ngx_ai_args_size(&text), s->sink.pool->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (ngx_ai_args_read(&text, p, &json) == NGX_OK
        && ngx_ai_responses_custom_input(&json, &text) == NGX_OK)
    {
        s->kept->items.last = s->kept->items.start + s->text;
        ngx_ai_responses_put(&s->gather, text.data, text.len);
    }

    /* a model that has ideas of its own is taken by its word */

    rc = ngx_ai_responses_say_delta(s, "response.custom_tool_call_input.delta",
                                    &text, NULL);
    ngx_free(p);

    return rc;
}
