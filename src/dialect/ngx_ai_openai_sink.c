
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 *     {role}  {content}*  {tool_calls}*  {finish_reason}  {usage}?  [DONE]
 *
 * Every chunk has all the members that OpenAI's have.  What is the same in all
 * of them is made once, as there are as many as there are words:
 *
 *     {"id":...,"choices":[{"index":  0,"delta":{...}  ,"logprobs":null,...}
 *     |---------- head -------------|                  |------ tail -------|
 */


#include "ngx_ai_openai.h"


#define ngx_ai_openai_put_literal(s, text)                                    \
    ngx_ai_openai_put(s, text, sizeof(text) - 1)

#define NGX_AI_OPENAI_TAIL  ",\"logprobs\":null,\"finish_reason\":null}]"
#define NGX_AI_OPENAI_NULL  ",\"usage\":null"


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
static ngx_int_t ngx_ai_openai_say_usage(ngx_ai_openai_sink_t *s);
static void ngx_ai_openai_put_written(ngx_ai_openai_sink_t *s,
    const ngx_ai_json_writer_t *w, ngx_int_t rc);


/* what a text is, by ngx_ai_part_e */

static const ngx_str_t  ngx_ai_openai_texts[NGX_AI_PART_MAX] = {
    ngx_string(",\"delta\":{\"content\":\""),
    ngx_string(",\"delta\":{\"reasoning_content\":\""),
    ngx_null_string,
    ngx_string(",\"delta\":{\"refusal\":\"")
};


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


ngx_int_t
ngx_ai_openai_sink_start(ngx_ai_openai_sink_t *s, const char *prefix,
    const char *object, const ngx_ai_delta_t *delta)
{
    u_char                *p;
    ngx_int_t              rc;
    ngx_ai_buf_t           head;
    ngx_ai_json_writer_t   w;

    static const char      choices[] = ",\"choices\":[";

    ngx_ai_buf_init(&head, s->sink.max, s->sink.out->log);
    ngx_ai_json_writer_init(&w, &head);

    ngx_ai_json_write_object(&w);
    ngx_ai_openai_write_head(&w, prefix, object, &delta->model,
                             delta->created, s->sink.told);

    rc = w.rc;

    if (rc == NGX_OK) {
        rc = ngx_ai_buf_append(&head, choices, sizeof(choices) - 1);
    }

    if (rc == NGX_OK) {
        p = ngx_pnalloc(s->sink.pool, ngx_ai_buf_len(&head));

        if (p == NULL) {
            rc = NGX_ERROR;

        } else {
            s->head.data = p;
            s->head.len = ngx_ai_buf_len(&head);
            ngx_memcpy(p, head.start, s->head.len);
        }
    }

    ngx_ai_buf_free(&head);

    if (s->sink.told->usage) {
        ngx_str_set(&s->tail, NGX_AI_OPENAI_TAIL NGX_AI_OPENAI_NULL "}");

    } else {
        ngx_str_set(&s->tail, NGX_AI_OPENAI_TAIL "}");
    }

    return rc;
}


void
ngx_ai_openai_put(ngx_ai_openai_sink_t *s, const void *data, size_t len)
{
    if (s->rc == NGX_OK) {
        s->rc = ngx_ai_buf_append(s->sink.out, data, len);
    }
}


void
ngx_ai_openai_chunk_begin(ngx_ai_openai_sink_t *s, ngx_uint_t choice)
{
    u_char  digit;

    static const ngx_str_t  none = ngx_null_string;

    s->rc = ngx_ai_framing_begin(s->sink.framing, s->sink.out, &none,
                                 s->sink.events == 0, &s->mark);

    ngx_ai_openai_put(s, s->head.data, s->head.len);

    if (choice < NGX_AI_FLOW_CHOICES) {
        digit = (u_char) ('0' + choice);

        ngx_ai_openai_put_literal(s, "{\"index\":");
        ngx_ai_openai_put(s, &digit, 1);
    }
}


ngx_int_t
ngx_ai_openai_chunk_end(ngx_ai_openai_sink_t *s, const ngx_str_t *logprobs,
    ngx_uint_t finish)
{
    const ngx_str_t  *word;

    if (logprobs == NULL && finish == NGX_AI_FINISH_NONE) {
        ngx_ai_openai_put(s, s->tail.data, s->tail.len);

    } else {
        ngx_ai_openai_put_literal(s, ",\"logprobs\":");

        if (logprobs != NULL) {
            ngx_ai_openai_put(s, logprobs->data, logprobs->len);

        } else {
            ngx_ai_openai_put_literal(s, "null");
        }

        ngx_ai_openai_put_literal(s, ",\"finish_reason\":");

        if (finish != NGX_AI_FINISH_NONE) {
            word = ngx_ai_openai_finish_word(finish);

            ngx_ai_openai_put_literal(s, "\"");
            ngx_ai_openai_put(s, word->data, word->len);
            ngx_ai_openai_put_literal(s, "\"}]");

        } else {
            ngx_ai_openai_put_literal(s, "null}]");
        }

        if (s->sink.told->usage) {
            ngx_ai_openai_put_literal(s, NGX_AI_OPENAI_NULL);
        }

        ngx_ai_openai_put_literal(s, "}");
    }

    return ngx_ai_openai_event_end(s);
}


ngx_int_t
ngx_ai_openai_event_end(ngx_ai_openai_sink_t *s)
{
    if (s->rc != NGX_OK) {
        return s->rc;
    }

    s->sink.events++;

    return ngx_ai_framing_finish(s->sink.framing, s->sink.out, s->mark);
}


/* what a writer has written between two puts */

static void
ngx_ai_openai_put_written(ngx_ai_openai_sink_t *s,
    const ngx_ai_json_writer_t *w, ngx_int_t rc)
{
    if (s->rc == NGX_OK) {
        s->rc = (rc != NGX_OK) ? rc : w->rc;
    }
}


/* each choice has a chunk that says whose words follow */

static ngx_int_t
ngx_ai_openai_speak(ngx_ai_openai_sink_t *s, ngx_uint_t choice)
{
    if (s->speakers[choice].begun) {
        return NGX_OK;
    }

    s->speakers[choice].begun = 1;

    ngx_ai_openai_chunk_begin(s, choice);
    ngx_ai_openai_put_literal(s, ",\"delta\":{\"role\":\"assistant\","
                                 "\"content\":\"\",\"refusal\":null}");

    return ngx_ai_openai_chunk_end(s, NULL, NGX_AI_FINISH_NONE);
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
    ngx_int_t             rc;
    ngx_ai_part_t         part;
    ngx_ai_json_writer_t  w;

    ngx_ai_openai_chunk_begin(s, delta->choice);
    ngx_ai_openai_put_literal(s, ",\"delta\":{\"tool_calls\":[");

    ngx_ai_json_writer_init(&w, s->sink.out);
    ngx_ai_json_write_object(&w);

    ngx_ai_openai_write_count(&w, "index",
                              s->speakers[delta->choice].calls++);

    rc = ngx_ai_openai_write_signed_id(&w, delta->part, s->sink.pool);

    /* what it is called with follows */

    part = *delta->part;
    ngx_str_set(&part.json, "");
    ngx_str_set(&part.text, "");

    ngx_ai_openai_write_call(&w, &part);
    ngx_ai_json_write_end(&w);

    ngx_ai_openai_put_written(s, &w, rc);
    ngx_ai_openai_put_literal(s, "]}");

    return ngx_ai_openai_chunk_end(s, NULL, NGX_AI_FINISH_NONE);
}


/* OpenRouter's form */

static ngx_int_t
ngx_ai_openai_say_image(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta)
{
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    ngx_ai_openai_chunk_begin(s, delta->choice);
    ngx_ai_openai_put_literal(s, ",\"delta\":{\"images\":[");

    ngx_ai_json_writer_init(&w, s->sink.out);
    ngx_ai_json_write_object(&w);

    rc = ngx_ai_openai_write_image(&w, delta->part, s->sink.out->log);

    ngx_ai_json_write_end(&w);

    ngx_ai_openai_put_written(s, &w, rc);
    ngx_ai_openai_put_literal(s, "]}");

    return ngx_ai_openai_chunk_end(s, NULL, NGX_AI_FINISH_NONE);
}


static ngx_int_t
ngx_ai_openai_say_audio(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta,
    const ngx_str_t *data)
{
    ngx_ai_openai_chunk_begin(s, delta->choice);

    ngx_ai_openai_put_literal(s, ",\"delta\":{\"audio\":{\"data\":\"");
    ngx_ai_openai_put(s, data->data, data->len);
    ngx_ai_openai_put_literal(s, "\"}}");

    return ngx_ai_openai_chunk_end(s, NULL, NGX_AI_FINISH_NONE);
}


static ngx_int_t
ngx_ai_openai_say_text(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta)
{
    const ngx_str_t  *begin;

    switch (delta->part->kind) {

    case NGX_AI_PART_TEXT:
        s->speakers[delta->choice].chars += ngx_ai_openai_chars(&delta->text);
        break;

    case NGX_AI_PART_TOOL_CALL:
        return ngx_ai_openai_say_more(s, delta);

    case NGX_AI_PART_AUDIO:
        return ngx_ai_openai_say_audio(s, delta, &delta->text);
    }

    begin = &ngx_ai_openai_texts[delta->part->kind];

    if (begin->len == 0) {
        return NGX_OK;
    }

    ngx_ai_openai_chunk_begin(s, delta->choice);

    ngx_ai_openai_put(s, begin->data, begin->len);
    ngx_ai_openai_put(s, delta->text.data, delta->text.len);
    ngx_ai_openai_put_literal(s, "\"}");

    return ngx_ai_openai_chunk_end(s, NULL, NGX_AI_FINISH_NONE);
}


/* of what a function is called with */

static ngx_int_t
ngx_ai_openai_say_more(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta)
{
    u_char  *last, index[NGX_INT_T_LEN];

    ngx_ai_openai_chunk_begin(s, delta->choice);

    ngx_ai_openai_put_literal(s, ",\"delta\":{\"tool_calls\":[{\"index\":");

    last = ngx_snprintf(index, sizeof(index), "%ui",
                        s->speakers[delta->choice].calls - 1);

    ngx_ai_openai_put(s, index, last - index);

    if (delta->part->custom) {
        ngx_ai_openai_put_literal(s, ",\"custom\":{\"input\":\"");

    } else {
        ngx_ai_openai_put_literal(s, ",\"function\":{\"arguments\":\"");
    }

    ngx_ai_openai_put(s, delta->text.data, delta->text.len);
    ngx_ai_openai_put_literal(s, "\"}}]}");

    return ngx_ai_openai_chunk_end(s, NULL, NGX_AI_FINISH_NONE);
}


/* where it has no place of its own it is that of the text up to here */

static ngx_int_t
ngx_ai_openai_say_citation(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    ngx_ai_json_writer_t      w;
    ngx_ai_openai_speaker_t  *speaker;

    if (delta->citation->url.len == 0) {
        return NGX_OK;
    }

    speaker = &s->speakers[delta->choice];

    ngx_ai_openai_chunk_begin(s, delta->choice);
    ngx_ai_openai_put_literal(s, ",\"delta\":{\"annotations\":[");

    ngx_ai_json_writer_init(&w, s->sink.out);

    ngx_ai_openai_write_citation(&w, delta->citation, speaker->start,
                                 speaker->chars);

    ngx_ai_openai_put_written(s, &w, NGX_OK);
    ngx_ai_openai_put_literal(s, "]}");

    return ngx_ai_openai_chunk_end(s, NULL, NGX_AI_FINISH_NONE);
}


static ngx_int_t
ngx_ai_openai_say_logprobs(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    /* of an event with several lines; one that we write has one */

    if (ngx_strlchr(delta->text.data, delta->text.data + delta->text.len, LF)
        != NULL)
    {
        return NGX_OK;
    }

    ngx_ai_openai_chunk_begin(s, delta->choice);
    ngx_ai_openai_put_literal(s, ",\"delta\":{}");

    return ngx_ai_openai_chunk_end(s, &delta->text, NGX_AI_FINISH_NONE);
}


static ngx_int_t
ngx_ai_openai_say_finish(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta)
{
    ngx_ai_openai_chunk_begin(s, delta->choice);
    ngx_ai_openai_put_literal(s, ",\"delta\":{}");

    return ngx_ai_openai_chunk_end(s, NULL, delta->finish);
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
    ngx_int_t  rc;

    static const ngx_str_t  none = ngx_null_string;

    if (s->sink.told->usage && s->usage.reported) {

        rc = ngx_ai_openai_say_usage(s);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    s->rc = ngx_ai_framing_begin(s->sink.framing, s->sink.out, &none, 0,
                                 &s->mark);
    ngx_ai_openai_put_literal(s, "[DONE]");

    return ngx_ai_openai_event_end(s);
}


/* a chunk without choices */

static ngx_int_t
ngx_ai_openai_say_usage(ngx_ai_openai_sink_t *s)
{
    ngx_ai_json_writer_t  w;

    ngx_ai_openai_chunk_begin(s, NGX_AI_FLOW_CHOICES);
    ngx_ai_openai_put_literal(s, "],\"usage\":");

    ngx_ai_json_writer_init(&w, s->sink.out);
    ngx_ai_openai_write_usage(&w, &s->usage);

    ngx_ai_openai_put_written(s, &w, NGX_OK);
    ngx_ai_openai_put_literal(s, "}");

    return ngx_ai_openai_event_end(s);
}
