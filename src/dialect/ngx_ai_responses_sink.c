
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"


/*
 * A stream tells everything again when it is over, so all of it is gathered,
 * once and in the form in which it is told: what has been said is a slice of
 * s->kept->items, be it a text, a part, an item or all of the output.
 */


/* a request with more than this in it is not repeated in each response */
#define NGX_AI_RESPONSES_ECHO  (256 * 1024)

/* the type of an event and its number; no type has more than 45 characters */
#define NGX_AI_RESPONSES_HEAD  128


static ngx_int_t ngx_ai_responses_start(ngx_ai_responses_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_uint_t ngx_ai_responses_repeats(const ngx_ai_chat_t *chat);
static void ngx_ai_responses_cleanup(void *data);
static ngx_int_t ngx_ai_responses_write_response(ngx_ai_responses_sink_t *s,
    const char *name, ngx_uint_t begun, const ngx_ai_error_t *error);
static ngx_int_t ngx_ai_responses_part(ngx_ai_responses_sink_t *s,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_responses_more(ngx_ai_responses_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_responses_part_end(ngx_ai_responses_sink_t *s,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_responses_end_stream(ngx_ai_responses_sink_t *s);
static ngx_int_t ngx_ai_responses_fail(ngx_ai_responses_sink_t *s,
    const ngx_ai_error_t *error);


ngx_int_t
ngx_ai_responses_write_delta(void *sink, const ngx_ai_delta_t *delta)
{
    ngx_ai_responses_sink_t *s = sink;

    ngx_int_t  rc;

    /* there is but one alternative here */

    if (delta->choice) {
        return NGX_OK;
    }

    rc = NGX_OK;

    switch (delta->type) {

    case NGX_AI_DELTA_START:
        rc = ngx_ai_responses_start(s, delta);
        break;

    case NGX_AI_DELTA_PART:
        rc = ngx_ai_responses_part(s, delta->part);
        break;

    case NGX_AI_DELTA_TEXT:
        rc = ngx_ai_responses_more(s, delta);
        break;

    case NGX_AI_DELTA_SIGNATURE:
        if (delta->part->kind == NGX_AI_PART_THINKING) {
            rc = ngx_ai_responses_seal(s, delta->part->origin, "",
                                       &delta->text);
        }

        break;

    case NGX_AI_DELTA_CITATION:
        rc = ngx_ai_responses_note(s, delta->citation);
        break;

    case NGX_AI_DELTA_LOGPROBS:
        rc = ngx_ai_responses_log(s, &delta->text);
        break;

    case NGX_AI_DELTA_PART_END:
        rc = ngx_ai_responses_part_end(s, delta->part);
        break;

    case NGX_AI_DELTA_FINISH:
        s->finish = delta->finish;
        rc = ngx_ai_responses_close(s);
        break;

    case NGX_AI_DELTA_USAGE:
        s->usage = *delta->usage;
        break;

    case NGX_AI_DELTA_PING:
        rc = ngx_ai_framing_ping(s->sink.framing, s->sink.out);
        break;

    case NGX_AI_DELTA_ERROR:
        rc = ngx_ai_responses_fail(s, delta->error);
        break;

    case NGX_AI_DELTA_END:
        rc = ngx_ai_responses_end_stream(s);
        break;
    }

    return (rc == NGX_OK) ? s->gather.rc : rc;
}


static ngx_int_t
ngx_ai_responses_start(ngx_ai_responses_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    ngx_int_t            rc;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(s->sink.pool, sizeof(ngx_ai_responses_kept_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_ai_responses_cleanup;
    s->kept = cln->data;

    ngx_ai_buf_init(&s->kept->items, s->sink.max, s->sink.pool->log);
    ngx_ai_buf_init(&s->kept->notes, s->sink.max, s->sink.pool->log);
    ngx_ai_buf_init(&s->kept->logs, s->sink.max, s->sink.pool->log);
    ngx_ai_buf_init(&s->kept->sealed, s->sink.max, s->sink.pool->log);

    ngx_ai_json_writer_init(&s->gather, &s->kept->items);

    s->begun = 1;
    s->created = delta->created;
    s->echo = ngx_ai_responses_repeats(s->sink.chat);

    if (delta->model.len) {
        s->model.data = ngx_pnalloc(s->sink.pool, delta->model.len);
        if (s->model.data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(s->model.data, delta->model.data, delta->model.len);
        s->model.len = delta->model.len;
    }

    rc = ngx_ai_responses_write_response(s, "response.created", 1, NULL);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_responses_write_response(s, "response.in_progress", 1,
                                           NULL);
}


static ngx_uint_t
ngx_ai_responses_repeats(const ngx_ai_chat_t *chat)
{
    size_t                   size;
    ngx_uint_t               i;
    const ngx_ai_part_t     *part;
    const ngx_ai_tool_t     *tool;
    const ngx_ai_message_t  *message;

    if (chat == NULL) {
        return 0;
    }

    size = chat->metadata.len + chat->schema.len;
    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {
        size += tool[i].schema.len + tool[i].raw.len + tool[i].description.len;
    }

    message = chat->messages.elts;

    if (chat->messages.nelts) {
        part = message->parts.elts;

        for (i = 0; i < message->parts.nelts; i++) {
            size += part[i].text.len;
        }
    }

    return size <= NGX_AI_RESPONSES_ECHO;
}


static void
ngx_ai_responses_cleanup(void *data)
{
    ngx_ai_responses_kept_t *kept = data;

    ngx_ai_buf_free(&kept->items);
    ngx_ai_buf_free(&kept->notes);
    ngx_ai_buf_free(&kept->logs);
    ngx_ai_buf_free(&kept->sealed);
}


void
ngx_ai_responses_begin_event(ngx_ai_responses_sink_t *s,
    ngx_ai_json_writer_t *w, const char *name, size_t *mark)
{
    u_char      *p, *digits, head[NGX_AI_RESPONSES_HEAD];
    ngx_uint_t   n;

    (void) ngx_ai_sink_begin(&s->sink, w, name, mark);

    p = ngx_cpymem(head, "\"type\":\"", sizeof("\"type\":\"") - 1);
    p = ngx_cpymem(p, name, ngx_strlen(name));
    p = ngx_cpymem(p, "\",\"sequence_number\":",
                   sizeof("\",\"sequence_number\":") - 1);

    /* a formatted number costs as much as all the rest of a small event */

    digits = head + sizeof(head);
    n = s->seq++;

    do {
        *--digits = (u_char) ('0' + n % 10);
        n /= 10;
    } while (n);

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_members(w, (char *) head, p - head);
    ngx_ai_responses_put(w, digits, head + sizeof(head) - digits);
}


ngx_int_t
ngx_ai_responses_end_event(ngx_ai_responses_sink_t *s,
    ngx_ai_json_writer_t *w, size_t mark)
{
    ngx_ai_json_write_end(w);

    return ngx_ai_sink_end(&s->sink, w, mark);
}


static ngx_int_t
ngx_ai_responses_write_response(ngx_ai_responses_sink_t *s,
    const char *name, ngx_uint_t begun, const ngx_ai_error_t *error)
{
    size_t                      mark;
    ngx_ai_json_writer_t        w;
    ngx_ai_responses_object_t   object;

    ngx_memzero(&object, sizeof(ngx_ai_responses_object_t));

    object.told = s->sink.told;
    object.chat = s->echo ? s->sink.chat : NULL;
    object.model = s->model;
    object.created = s->created;
    object.begun = begun;
    object.finish = s->finish;
    object.usage = &s->usage;
    object.error = error;

    ngx_ai_responses_begin_event(s, &w, name, &mark);

    ngx_ai_json_write_key(&w, "response");
    ngx_ai_json_write_object(&w);
    ngx_ai_responses_write_object(&object, &w);
    ngx_ai_json_write_literal(&w, "\"output\":[");

    if (!begun) {
        ngx_ai_responses_put(&w, s->kept->items.start,
                             ngx_ai_buf_len(&s->kept->items));
    }

    ngx_ai_responses_put(&w, "]", 1);
    ngx_ai_json_write_end(&w);

    return ngx_ai_responses_end_event(s, &w, mark);
}


static ngx_int_t
ngx_ai_responses_part(ngx_ai_responses_sink_t *s, const ngx_ai_part_t *part)
{
    switch (part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
        return ngx_ai_responses_open_text(s, part->kind);

    case NGX_AI_PART_TOOL_CALL:
        return ngx_ai_responses_open_call(s, part);

    case NGX_AI_PART_REDACTED:
        return ngx_ai_responses_seal(s, part->origin,
                                     NGX_AI_RESPONSES_REDACTED, &part->data);

    case NGX_AI_PART_IMAGE:
        return ngx_ai_responses_draw(s, part);

    case NGX_AI_PART_NATIVE:
        if (part->origin == NGX_AI_DIALECT_RESPONSES) {
            return ngx_ai_responses_pass(s, &part->json);
        }

        return NGX_OK;

    default:

        /* THINKING begins with what there is to be seen of it */

        return NGX_OK;
    }
}


static ngx_int_t
ngx_ai_responses_more(ngx_ai_responses_sink_t *s, const ngx_ai_delta_t *delta)
{
    ngx_int_t  rc;

    switch (delta->part->kind) {

    case NGX_AI_PART_TEXT:
        return ngx_ai_responses_add(s, "response.output_text.delta",
                                    &delta->text);

    case NGX_AI_PART_THINKING:
        if (!s->open) {
            rc = ngx_ai_responses_open_thought(s);
            if (rc != NGX_OK) {
                return rc;
            }
        }

        return ngx_ai_responses_add(s,
                                    "response.reasoning_summary_text.delta",
                                    &delta->text);

    case NGX_AI_PART_REFUSAL:
        return ngx_ai_responses_add(s, "response.refusal.delta",
                                    &delta->text);

    case NGX_AI_PART_TOOL_CALL:

        if (s->convert) {
            ngx_ai_responses_put(&s->gather, delta->text.data,
                                 delta->text.len);
            return NGX_OK;
        }

        return ngx_ai_responses_add(s,
                                    s->kind == NGX_AI_RESPONSES_CUSTOM_CALL
                                    ? "response.custom_tool_call_input.delta"
                                    : "response.function_call_arguments.delta",
                                    &delta->text);

    default:

        /* sound has no form here */

        return NGX_OK;
    }
}


static ngx_int_t
ngx_ai_responses_part_end(ngx_ai_responses_sink_t *s,
    const ngx_ai_part_t *part)
{
    switch (part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
        return ngx_ai_responses_close_text(s, part->kind);

    case NGX_AI_PART_THINKING:
    case NGX_AI_PART_REDACTED:
        return ngx_ai_responses_close_thought(s);

    case NGX_AI_PART_TOOL_CALL:
        return ngx_ai_responses_close_call(s);

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_ai_responses_end_stream(ngx_ai_responses_sink_t *s)
{
    switch (s->finish) {

    case NGX_AI_FINISH_LENGTH:
    case NGX_AI_FINISH_FILTER:
        return ngx_ai_responses_write_response(s, "response.incomplete", 0,
                                               NULL);

    case NGX_AI_FINISH_ERROR:
        return ngx_ai_responses_write_response(s, "response.failed", 0, NULL);

    default:
        return ngx_ai_responses_write_response(s, "response.completed", 0,
                                               NULL);
    }
}


/* said as an event, for those who listen for one, and as an ending */

static ngx_int_t
ngx_ai_responses_fail(ngx_ai_responses_sink_t *s, const ngx_ai_error_t *error)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_str_t             member;
    ngx_ai_buf_t          envelope;
    ngx_ai_error_t        copy;
    ngx_ai_json_writer_t  w;

    s->finish = NGX_AI_FINISH_ERROR;

    ngx_ai_buf_init(&envelope, s->sink.max, s->sink.pool->log);

    copy = *error;

    rc = ngx_ai_openai_write_error(&copy, &envelope);

    if (rc == NGX_OK) {

        /* what is between the braces */

        member.data = envelope.start + 1;
        member.len = ngx_ai_buf_len(&envelope) - 2;

        ngx_ai_responses_begin_event(s, &w, "error", &mark);
        ngx_ai_json_write_raw(&w, &member);

        rc = ngx_ai_responses_end_event(s, &w, mark);
    }

    ngx_ai_buf_free(&envelope);

    /* an error may be all that there is */

    if (rc != NGX_OK || !s->begun) {
        return rc;
    }

    /* what is still open is none of the output, nor is the comma before it */

    if (s->kind != NGX_AI_RESPONSES_NOTHING) {
        s->kept->items.last = s->kept->items.start + s->item - (s->item != 0);
        s->kind = NGX_AI_RESPONSES_NOTHING;
    }

    return ngx_ai_responses_write_response(s, "response.failed", 0, error);
}
