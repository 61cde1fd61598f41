
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_anthropic.h"


#define NGX_AI_ANTHROPIC_PIECE  1024   /* of base64 that is decoded at once */


typedef enum {
    NGX_AI_ANTHROPIC_TYPE = 0,
    NGX_AI_ANTHROPIC_ERROR,
    NGX_AI_ANTHROPIC_STOP,
    NGX_AI_ANTHROPIC_START_STOP,
    NGX_AI_ANTHROPIC_DELTA_STOP,
    NGX_AI_ANTHROPIC_USAGE,
    NGX_AI_ANTHROPIC_START_USAGE = NGX_AI_ANTHROPIC_USAGE + 1
                                   + NGX_AI_ANTHROPIC_COUNTS
} ngx_ai_anthropic_reply_e;


#define NGX_AI_ANTHROPIC_USAGE_FIELDS(p)                                      \
    { ngx_string(p "usage") },                                                \
    { ngx_string(p "usage.input_tokens") },                                   \
    { ngx_string(p "usage.cache_read_input_tokens") },                        \
    { ngx_string(p "usage.cache_creation_input_tokens") },                    \
    { ngx_string(p "usage.output_tokens") },                                  \
    { ngx_string(p "usage.output_tokens_details.thinking_tokens") }


static ngx_int_t ngx_ai_anthropic_read_frame(ngx_ai_reader_t *reader,
    const ngx_str_t *data);
static void ngx_ai_anthropic_note_usage(const ngx_ai_scan_value_t *v,
    ngx_ai_usage_t *usage);
static void ngx_ai_anthropic_note_stop(const ngx_ai_scan_value_t *v,
    ngx_ai_reply_t *reply);
static ngx_uint_t ngx_ai_anthropic_is(const ngx_str_t *s, const char *text);


const ngx_ai_scan_field_t
    ngx_ai_anthropic_reply_fields[NGX_AI_ANTHROPIC_REPLY_FIELDS] = {
    { ngx_string("type") },
    { ngx_string("error") },
    { ngx_string("stop_reason") },
    { ngx_string("message.stop_reason") },
    { ngx_string("delta.stop_reason") },
    NGX_AI_ANTHROPIC_USAGE_FIELDS(""),
    NGX_AI_ANTHROPIC_USAGE_FIELDS("message.")
};


void
ngx_ai_anthropic_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *v, ngx_uint_t quirks, ngx_ai_reply_t *reply)
{
    if (v[NGX_AI_ANTHROPIC_ERROR].type == NGX_AI_JSON_OBJECT) {
        reply->error = 1;
    }

    ngx_ai_anthropic_note_usage(&v[NGX_AI_ANTHROPIC_USAGE], &reply->usage);
    ngx_ai_anthropic_note_stop(&v[NGX_AI_ANTHROPIC_STOP], reply);
}


/*
 * The name of an event is its type, but not with all who serve them, and the
 * frames of Bedrock have another one; the data always have it.  Nearly all
 * events are deltas of content, and with a name these need no look.
 */

ngx_int_t
ngx_ai_anthropic_read_event(const ngx_ai_route_t *route,
    ngx_ai_reader_t *readers, const ngx_ai_sse_event_t *ev, ngx_uint_t quirks,
    ngx_uint_t hidden, ngx_ai_reply_t *reply, ngx_ai_event_t *event)
{
    ngx_int_t             rc;
    ngx_str_t             type;
    ngx_ai_reader_t      *reader;
    ngx_ai_scan_value_t  *v;

    ngx_memzero(event, sizeof(ngx_ai_event_t));

    if (ngx_ai_anthropic_is(&ev->name, "content_block_delta")) {
        event->content = 1;
        return NGX_OK;
    }

    if (ev->error) {
        event->error = 1;
        reply->error = 1;
        return NGX_OK;
    }

    reader = &readers[NGX_AI_ANTHROPIC_TABLE_REPLY];
    v = reader->values;

    if (quirks & NGX_AI_QUIRK_BEDROCK_INVOKE) {
        rc = ngx_ai_anthropic_read_frame(reader, &ev->data);

    } else {
        rc = ngx_ai_reader_read(reader, &ev->data);
    }

    if (rc != NGX_OK || reader->scan.top.type != NGX_AI_JSON_OBJECT
        || v[NGX_AI_ANTHROPIC_TYPE].type != NGX_AI_JSON_STRING)
    {
        return NGX_ERROR;
    }

    type.data = v[NGX_AI_ANTHROPIC_TYPE].text;
    type.len = v[NGX_AI_ANTHROPIC_TYPE].len;

    if (ngx_ai_anthropic_is(&type, "content_block_delta")
        || ngx_ai_anthropic_is(&type, "content_block_start"))
    {
        event->content = 1;

    } else if (ngx_ai_anthropic_is(&type, "message_start")) {
        ngx_ai_anthropic_note_usage(&v[NGX_AI_ANTHROPIC_START_USAGE],
                                    &reply->usage);
        ngx_ai_anthropic_note_stop(&v[NGX_AI_ANTHROPIC_START_STOP], reply);

    } else if (ngx_ai_anthropic_is(&type, "message_delta")) {
        ngx_ai_anthropic_note_usage(&v[NGX_AI_ANTHROPIC_USAGE],
                                    &reply->usage);
        ngx_ai_anthropic_note_stop(&v[NGX_AI_ANTHROPIC_DELTA_STOP], reply);

    } else if (ngx_ai_anthropic_is(&type, "message_stop")) {
        event->end = 1;
        reply->finished = 1;
        reply->ended = 1;

    } else if (ngx_ai_anthropic_is(&type, "error")) {
        event->error = 1;
        reply->error = 1;
    }

    return NGX_OK;
}


/*
 * {"bytes":"<base64>","p":"..."}: what is in it is read as it is decoded, so
 * that no place is needed for it.  Base64 has neither quotes nor escapes.
 */

static ngx_int_t
ngx_ai_anthropic_read_frame(ngx_ai_reader_t *reader, const ngx_str_t *data)
{
    u_char                     buf[NGX_AI_ANTHROPIC_PIECE], *p, *end, *last,
                              *next;
    ngx_ai_anthropic_base64_t  base64;

    static const ngx_str_t     key = ngx_string("\"bytes\":\"");

    if (data->len == 0) {
        return NGX_ERROR;
    }

    p = memmem(data->data, data->len, key.data, key.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    p += key.len;

    end = memchr(p, '"', data->data + data->len - p);
    if (end == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&base64, sizeof(ngx_ai_anthropic_base64_t));
    ngx_ai_scan_reset(&reader->scan);

    for ( /* void */ ; p < end; p = next) {
        next = p + ngx_min(end - p, NGX_AI_ANTHROPIC_PIECE);

        last = ngx_ai_anthropic_decode(&base64, p, next, buf);

        if (last == NULL
            || ngx_ai_scan_feed(&reader->scan, buf, last) == NGX_ERROR)
        {
            return NGX_ERROR;
        }
    }

    return ngx_ai_scan_end(&reader->scan);
}


/* "v" is the report, the counts are behind it */

static void
ngx_ai_anthropic_note_usage(const ngx_ai_scan_value_t *v,
    ngx_ai_usage_t *usage)
{
    int64_t     counts[NGX_AI_ANTHROPIC_COUNTS];
    ngx_uint_t  i;

    if (v->type != NGX_AI_JSON_OBJECT) {
        return;
    }

    for (i = 0; i < NGX_AI_ANTHROPIC_COUNTS; i++) {
        v++;
        counts[i] = v->integer ? v->value : -1;
    }

    ngx_ai_anthropic_usage(counts, usage);
}


/*
 * A report of a stream is of all so far, and of what it tells: older models
 * end with output_tokens alone.
 */

void
ngx_ai_anthropic_usage(const int64_t *counts, ngx_ai_usage_t *usage)
{
    int64_t  *t, output, thinking;

    t = usage->tokens;

    if (counts[NGX_AI_ANTHROPIC_INPUT] >= 0) {
        t[NGX_AI_USAGE_INPUT] = counts[NGX_AI_ANTHROPIC_INPUT];
        usage->reported = 1;
    }

    if (counts[NGX_AI_ANTHROPIC_CACHE_READ] >= 0) {
        t[NGX_AI_USAGE_CACHE_READ] = counts[NGX_AI_ANTHROPIC_CACHE_READ];
        usage->reported = 1;
    }

    if (counts[NGX_AI_ANTHROPIC_CACHE_WRITE] >= 0) {
        t[NGX_AI_USAGE_CACHE_WRITE] = counts[NGX_AI_ANTHROPIC_CACHE_WRITE];
        usage->reported = 1;
    }

    output = counts[NGX_AI_ANTHROPIC_OUTPUT];

    if (output >= 0) {
        thinking = ngx_max(counts[NGX_AI_ANTHROPIC_THINKING], 0);
        thinking = ngx_min(thinking, output);

        t[NGX_AI_USAGE_REASONING] = thinking;
        t[NGX_AI_USAGE_OUTPUT] = output - thinking;
        usage->reported = 1;
    }
}


static void
ngx_ai_anthropic_note_stop(const ngx_ai_scan_value_t *v,
    ngx_ai_reply_t *reply)
{
    ngx_str_t  reason;

    if (v->type != NGX_AI_JSON_STRING || v->len == 0) {
        return;
    }

    /* the scanner keeps more of it than any reason has */

    reason.data = (u_char *) v->text;
    reason.len = v->len;

    reply->finish = ngx_ai_anthropic_finish_find(&reason);
    reply->finished = 1;
}


static ngx_uint_t
ngx_ai_anthropic_is(const ngx_str_t *s, const char *text)
{
    return s->len == ngx_strlen(text)
           && ngx_memcmp(s->data, text, s->len) == 0;
}
