
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 *     {role}  {content}*  {tool_calls}*  {finish_reason}  {usage}?  [DONE]
 *
 * Every chunk has all the members that OpenAI's have.
 */


#include "ngx_ai_openai.h"


static ngx_int_t ngx_ai_openai_delta_begin(ngx_ai_openai_sink_t *s,
    ngx_ai_json_writer_t *w, ngx_uint_t choice, size_t *mark);
static ngx_int_t ngx_ai_openai_delta_end(ngx_ai_openai_sink_t *s,
    ngx_ai_json_writer_t *w, size_t mark);
static ngx_int_t ngx_ai_openai_speak(ngx_ai_openai_sink_t *s,
    ngx_uint_t choice);
static ngx_int_t ngx_ai_openai_say_part(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_openai_say_call(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_openai_say_image(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_openai_say_audio(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta, const ngx_str_t *data);
static ngx_int_t ngx_ai_openai_say_text(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_openai_say_more(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_openai_say_citation(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_openai_say_logprobs(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_openai_say_finish(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_openai_say_error(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta);


ngx_int_t
ngx_ai_openai_write_delta(void *sink, const ngx_ai_delta_t *delta)
{
    ngx_ai_openai_sink_t *s = sink;

    ngx_int_t  rc;

    switch (delta->type) {

    case NGX_AI_DELTA_START:
        rc = ngx_ai_openai_sink_start(s, "chatcmpl-", "chat.completion.chunk",
                                      delta);
        return (rc == NGX_OK) ? ngx_ai_openai_speak(s, 0) : rc;

    case NGX_AI_DELTA_PART:
        rc = ngx_ai_openai_speak(s, delta->choice);
        return (rc == NGX_OK) ? ngx_ai_openai_say_part(s, delta) : rc;

    case NGX_AI_DELTA_TEXT:
        return ngx_ai_openai_say_text(s, delta);

    case NGX_AI_DELTA_CITATION:
        return ngx_ai_openai_say_citation(s, delta);

    case NGX_AI_DELTA_LOGPROBS:
        rc = ngx_ai_openai_speak(s, delta->choice);
        return (rc == NGX_OK) ? ngx_ai_openai_say_logprobs(s, delta) : rc;

    case NGX_AI_DELTA_FINISH:
        rc = ngx_ai_openai_speak(s, delta->choice);
        return (rc == NGX_OK) ? ngx_ai_openai_say_finish(s, delta) : rc;

    case NGX_AI_DELTA_USAGE:
        s->usage = *delta->usage;
        return NGX_OK;

    case NGX_AI_DELTA_PING:
        return ngx_ai_framing_ping(s->sink.framing, s->sink.out);

    case NGX_AI_DELTA_ERROR:
        return ngx_ai_openai_say_error(s, delta);

    case NGX_AI_DELTA_END:
        return ngx_ai_openai_sink_end(s);

    default:

        /* PART_END; and SIGNATURE, for which there is no place */

        return NGX_OK;
    }
}


/* what all chunks begin with is made once */

ngx_int_t
ngx_ai_openai_sink_start(ngx_ai_openai_sink_t *s, const char *prefix,
    const char *object, const ngx_ai_delta_t *delta)
{
    ngx_int_t              rc;
    ngx_ai_buf_t           head;
    ngx_ai_json_writer_t   w;

    ngx_ai_buf_init(&head, s->sink.max, s->sink.out->log);
    ngx_ai_json_writer_init(&w, &head);

    ngx_ai_openai_write_head(&w, prefix, object, &delta->model,
                             delta->created, s->sink.told);

    rc = w.rc;

    if (rc == NGX_OK) {
        s->head.len = ngx_ai_buf_len(&head);
        s->head.data = ngx_pnalloc(s->sink.pool, s->head.len);

        if (s->head.data == NULL) {
            rc = NGX_ERROR;

        } else {
            ngx_memcpy(s->head.data, head.start, s->head.len);
        }
    }

    ngx_ai_buf_free(&head);

    return rc;
}


ngx_int_t
ngx_ai_openai_chunk_begin(ngx_ai_openai_sink_t *s, ngx_ai_json_writer_t *w,
    ngx_uint_t choice, size_t *mark)
{
    ngx_int_t  rc;

    rc = ngx_ai_sink_begin(&s->sink, w, NULL, mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_members(w, (char *) s->head.data, s->head.len);
    ngx_ai_json_write_key(w, "choices");
    ngx_ai_json_write_array(w);
    ngx_ai_json_write_object(w);

    if (choice == 0) {
        ngx_ai_json_write_literal(w, "\"index\":0");

    } else {
        ngx_ai_openai_write_count(w, "index", choice);
    }

    return NGX_OK;
}


ngx_int_t
ngx_ai_openai_chunk_end(ngx_ai_openai_sink_t *s, ngx_ai_json_writer_t *w,
    ngx_uint_t finish, size_t mark)
{
    if (finish == NGX_AI_FINISH_NONE) {
        ngx_ai_json_write_literal(w, "\"finish_reason\":null");

    } else {
        ngx_ai_openai_write_finish(w, finish);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);

    if (s->sink.told->usage) {
        ngx_ai_json_write_literal(w, "\"usage\":null");
    }

    ngx_ai_json_write_end(w);

    return ngx_ai_sink_end(&s->sink, w, mark);
}


/* the same around the members of a delta */

static ngx_int_t
ngx_ai_openai_delta_begin(ngx_ai_openai_sink_t *s, ngx_ai_json_writer_t *w,
    ngx_uint_t choice, size_t *mark)
{
    ngx_int_t  rc;

    rc = ngx_ai_openai_chunk_begin(s, w, choice, mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(w, "delta");
    ngx_ai_json_write_object(w);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_delta_end(ngx_ai_openai_sink_t *s, ngx_ai_json_writer_t *w,
    size_t mark)
{
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_literal(w, "\"logprobs\":null");

    return ngx_ai_openai_chunk_end(s, w, NGX_AI_FINISH_NONE, mark);
}


/* each choice has a chunk that says whose words follow */

static ngx_int_t
ngx_ai_openai_speak(ngx_ai_openai_sink_t *s, ngx_uint_t choice)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    if (s->speakers[choice].begun) {
        return NGX_OK;
    }

    s->speakers[choice].begun = 1;

    rc = ngx_ai_openai_chunk_begin(s, &w, choice, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_literal(&w, "\"delta\":{\"role\":\"assistant\","
                                  "\"content\":\"\",\"refusal\":null},"
                                  "\"logprobs\":null");

    return ngx_ai_openai_chunk_end(s, &w, NGX_AI_FINISH_NONE, mark);
}


static ngx_int_t
ngx_ai_openai_say_part(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta)
{
    ngx_ai_openai_speaker_t  *speaker;

    speaker = &s->speakers[delta->choice];
    speaker->start = speaker->chars;

    switch (delta->part->kind) {

    case NGX_AI_PART_TOOL_CALL:
        return ngx_ai_openai_say_call(s, delta);

    case NGX_AI_PART_IMAGE:
        return ngx_ai_openai_say_image(s, delta);

    case NGX_AI_PART_AUDIO:
        return delta->part->data.len
               ? ngx_ai_openai_say_audio(s, delta, &delta->part->data)
               : NGX_OK;

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_ai_openai_say_call(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_part_t         part;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_openai_delta_begin(s, &w, delta->choice, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, "tool_calls");
    ngx_ai_json_write_array(&w);
    ngx_ai_json_write_object(&w);

    ngx_ai_openai_write_count(&w, "index",
                              s->speakers[delta->choice].calls++);

    if (ngx_ai_openai_write_signed_id(&w, delta->part, s->sink.pool)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* what it is called with follows */

    part = *delta->part;
    ngx_str_set(&part.json, "");
    ngx_str_set(&part.text, "");

    ngx_ai_openai_write_call(&w, &part);

    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);

    return ngx_ai_openai_delta_end(s, &w, mark);
}


/* OpenRouter's form */

static ngx_int_t
ngx_ai_openai_say_image(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_openai_delta_begin(s, &w, delta->choice, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, "images");
    ngx_ai_json_write_array(&w);
    ngx_ai_json_write_object(&w);

    if (ngx_ai_openai_write_image(&w, delta->part, s->sink.out->log)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);

    return ngx_ai_openai_delta_end(s, &w, mark);
}


static ngx_int_t
ngx_ai_openai_say_audio(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta,
    const ngx_str_t *data)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_openai_delta_begin(s, &w, delta->choice, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, "audio");
    ngx_ai_json_write_object(&w);
    ngx_ai_openai_write_text(&w, "data", data);
    ngx_ai_json_write_end(&w);

    return ngx_ai_openai_delta_end(s, &w, mark);
}


static ngx_int_t
ngx_ai_openai_say_text(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta)
{
    size_t                mark;
    ngx_int_t             rc;
    const char           *key;
    ngx_ai_json_writer_t  w;

    switch (delta->part->kind) {

    case NGX_AI_PART_TEXT:
        s->speakers[delta->choice].chars += ngx_ai_openai_chars(&delta->text);
        key = "content";
        break;

    case NGX_AI_PART_THINKING:
        key = "reasoning_content";
        break;

    case NGX_AI_PART_REFUSAL:
        key = "refusal";
        break;

    case NGX_AI_PART_TOOL_CALL:
        return ngx_ai_openai_say_more(s, delta);

    case NGX_AI_PART_AUDIO:
        return ngx_ai_openai_say_audio(s, delta, &delta->text);

    default:
        return NGX_OK;
    }

    rc = ngx_ai_openai_delta_begin(s, &w, delta->choice, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, key);
    ngx_ai_json_write_text(&w, &delta->text);

    return ngx_ai_openai_delta_end(s, &w, mark);
}


/* of what a function is called with */

static ngx_int_t
ngx_ai_openai_say_more(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_uint_t            custom;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_openai_delta_begin(s, &w, delta->choice, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    custom = delta->part->custom;

    ngx_ai_json_write_key(&w, "tool_calls");
    ngx_ai_json_write_array(&w);
    ngx_ai_json_write_object(&w);

    ngx_ai_openai_write_count(&w, "index",
                              s->speakers[delta->choice].calls - 1);

    ngx_ai_json_write_key(&w, custom ? "custom" : "function");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, custom ? "input" : "arguments");
    ngx_ai_json_write_text(&w, &delta->text);
    ngx_ai_json_write_end(&w);

    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);

    return ngx_ai_openai_delta_end(s, &w, mark);
}


/* where it has no place of its own it is that of the text up to here */

static ngx_int_t
ngx_ai_openai_say_citation(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    size_t                    mark;
    ngx_int_t                 rc;
    ngx_ai_json_writer_t      w;
    ngx_ai_openai_speaker_t  *speaker;

    if (delta->citation->url.len == 0) {
        return NGX_OK;
    }

    rc = ngx_ai_openai_delta_begin(s, &w, delta->choice, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    speaker = &s->speakers[delta->choice];

    ngx_ai_json_write_key(&w, "annotations");
    ngx_ai_json_write_array(&w);

    ngx_ai_openai_write_citation(&w, delta->citation, speaker->start,
                                 speaker->chars);

    ngx_ai_json_write_end(&w);

    return ngx_ai_openai_delta_end(s, &w, mark);
}


static ngx_int_t
ngx_ai_openai_say_logprobs(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    /* of an event with several lines; one that we write has one */

    if (ngx_strlchr(delta->text.data, delta->text.data + delta->text.len, LF)
        != NULL)
    {
        return NGX_OK;
    }

    rc = ngx_ai_openai_chunk_begin(s, &w, delta->choice, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_literal(&w, "\"delta\":{}");
    ngx_ai_openai_write_raw(&w, "logprobs", &delta->text);

    return ngx_ai_openai_chunk_end(s, &w, NGX_AI_FINISH_NONE, mark);
}


static ngx_int_t
ngx_ai_openai_say_finish(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_openai_chunk_begin(s, &w, delta->choice, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_literal(&w, "\"delta\":{},\"logprobs\":null");

    return ngx_ai_openai_chunk_end(s, &w, delta->finish, mark);
}


static ngx_int_t
ngx_ai_openai_say_error(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta)
{
    s->sink.events++;

    return ngx_ai_openai_write_error_event(s->sink.told->route, delta->error,
                                           s->sink.framing, s->sink.out);
}


ngx_int_t
ngx_ai_openai_sink_end(ngx_ai_openai_sink_t *s)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    static const ngx_str_t  none = ngx_null_string;
    static const ngx_str_t  done = ngx_string("[DONE]");

    if (s->sink.told->usage && s->usage.reported) {

        rc = ngx_ai_sink_begin(&s->sink, &w, NULL, &mark);
        if (rc != NGX_OK) {
            return rc;
        }

        ngx_ai_json_write_object(&w);
        ngx_ai_json_write_members(&w, (char *) s->head.data, s->head.len);
        ngx_ai_json_write_literal(&w, "\"choices\":[]");
        ngx_ai_json_write_key(&w, "usage");
        ngx_ai_openai_write_usage(&w, &s->usage);
        ngx_ai_json_write_end(&w);

        rc = ngx_ai_sink_end(&s->sink, &w, mark);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    rc = ngx_ai_framing_begin(s->sink.framing, s->sink.out, &none, 0, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_buf_append(s->sink.out, done.data, done.len);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_framing_finish(s->sink.framing, s->sink.out, mark);
}
