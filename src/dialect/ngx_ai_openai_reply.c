
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"
#include "ngx_ai_text.h"


/*
 * The members that are noted, in one order for both places where they occur:
 * at the top of a reply or chat chunk, and inside "response" in the events
 * of a Responses stream.
 */

typedef enum {
    NGX_AI_OPENAI_TYPE = 0,
    NGX_AI_OPENAI_ERROR,
    NGX_AI_OPENAI_CHOICES,
    NGX_AI_OPENAI_FINISH,
    NGX_AI_OPENAI_STATUS,
    NGX_AI_OPENAI_INCOMPLETE,
    NGX_AI_OPENAI_USAGE,
    NGX_AI_OPENAI_PROMPT_TOKENS,
    NGX_AI_OPENAI_INPUT_TOKENS,
    NGX_AI_OPENAI_COMPLETION_TOKENS,
    NGX_AI_OPENAI_OUTPUT_TOKENS,
    NGX_AI_OPENAI_TOTAL_TOKENS,
    NGX_AI_OPENAI_PROMPT_CACHED,
    NGX_AI_OPENAI_INPUT_CACHED,
    NGX_AI_OPENAI_PROMPT_WRITE,
    NGX_AI_OPENAI_INPUT_WRITE,
    NGX_AI_OPENAI_PROMPT_AUDIO,
    NGX_AI_OPENAI_INPUT_AUDIO,
    NGX_AI_OPENAI_INPUT_IMAGE,
    NGX_AI_OPENAI_COMPLETION_REASONING,
    NGX_AI_OPENAI_OUTPUT_REASONING,
    NGX_AI_OPENAI_COMPLETION_AUDIO,
    NGX_AI_OPENAI_BASE_RESP,
    NGX_AI_OPENAI_ID,
    NGX_AI_OPENAI_STORE,
    NGX_AI_OPENAI_BACKGROUND,
    NGX_AI_OPENAI_FILE
} ngx_ai_openai_reply_e;


#define NGX_AI_OPENAI_FIELDS(p)                                               \
    { ngx_string("type") },                                                   \
    { ngx_string(p "error") },                                                \
    { ngx_string(p "choices") },                                              \
    { ngx_string(p "choices.*.finish_reason") },                              \
    { ngx_string(p "status") },                                               \
    { ngx_string(p "incomplete_details.reason") },                            \
    { ngx_string(p "usage") },                                                \
    { ngx_string(p "usage.prompt_tokens") },                                  \
    { ngx_string(p "usage.input_tokens") },                                   \
    { ngx_string(p "usage.completion_tokens") },                              \
    { ngx_string(p "usage.output_tokens") },                                  \
    { ngx_string(p "usage.total_tokens") },                                   \
    { ngx_string(p "usage.prompt_tokens_details.cached_tokens") },            \
    { ngx_string(p "usage.input_tokens_details.cached_tokens") },             \
    { ngx_string(p "usage.prompt_tokens_details.cache_write_tokens") },       \
    { ngx_string(p "usage.input_tokens_details.cache_write_tokens") },        \
    { ngx_string(p "usage.prompt_tokens_details.audio_tokens") },             \
    { ngx_string(p "usage.input_token_details.audio_tokens") },               \
    { ngx_string(p "usage.input_tokens_details.image_tokens") },              \
    { ngx_string(p "usage.completion_tokens_details.reasoning_tokens") },     \
    { ngx_string(p "usage.output_tokens_details.reasoning_tokens") },         \
    { ngx_string(p "usage.completion_tokens_details.audio_tokens") },         \
    { ngx_string(p "base_resp.status_code") },                                \
    { ngx_string(p "id") },                                                   \
    { ngx_string(p "store") },                                                \
    { ngx_string(p "background") },                                           \
    { ngx_string(p "file.id") }


static void ngx_ai_openai_id(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *v, ngx_ai_reply_t *reply);
static void ngx_ai_openai_usage(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *v, ngx_uint_t quirks, ngx_ai_usage_t *usage);
static int64_t ngx_ai_openai_count(const ngx_ai_scan_value_t *v,
    ngx_uint_t one, ngx_uint_t other);
static ngx_uint_t ngx_ai_openai_failed(const ngx_ai_scan_value_t *v,
    ngx_uint_t quirks);
static ngx_int_t ngx_ai_openai_pass_chunk(const ngx_ai_route_t *route,
    ngx_ai_reader_t *reader, const ngx_str_t *data, ngx_uint_t quirks,
    ngx_uint_t hidden, ngx_ai_reply_t *reply, ngx_ai_event_t *event);
static ngx_int_t ngx_ai_openai_pass_item(const ngx_ai_route_t *route,
    ngx_ai_reader_t *reader, const ngx_str_t *name, const ngx_str_t *data,
    ngx_uint_t quirks, ngx_ai_reply_t *reply, ngx_ai_event_t *event);
static ngx_uint_t ngx_ai_openai_plain_chunk(const ngx_str_t *data,
    ngx_uint_t hidden, ngx_ai_event_t *event);
static u_char *ngx_ai_openai_mark(u_char *p, u_char *last);
static ngx_uint_t ngx_ai_openai_is_last(u_char *p, u_char *last);
static void ngx_ai_openai_hide(const ngx_str_t *data,
    const ngx_ai_scan_value_t *v, ngx_ai_event_t *event);


const ngx_ai_scan_field_t
    ngx_ai_openai_reply_fields[NGX_AI_OPENAI_REPLY_MAX] = {
    NGX_AI_OPENAI_FIELDS("")
};


const ngx_ai_scan_field_t
    ngx_ai_openai_item_fields[NGX_AI_OPENAI_REPLY_MAX] = {
    NGX_AI_OPENAI_FIELDS("response.")
};


/* finish reasons of chat and its dialects, statuses of Responses */

static const ngx_ai_openai_word_t  ngx_ai_openai_words[] = {
    { ngx_string("stop"), NGX_AI_FINISH_STOP },
    { ngx_string("length"), NGX_AI_FINISH_LENGTH },
    { ngx_string("tool_calls"), NGX_AI_FINISH_TOOLS },
    { ngx_string("tool_call"), NGX_AI_FINISH_TOOLS },
    { ngx_string("function_call"), NGX_AI_FINISH_TOOLS },
    { ngx_string("content_filter"), NGX_AI_FINISH_FILTER },
    { ngx_string("model_length"), NGX_AI_FINISH_LENGTH },
    { ngx_string("max_output_tokens"), NGX_AI_FINISH_LENGTH },
    { ngx_string("error"), NGX_AI_FINISH_ERROR },
    { ngx_string("failed"), NGX_AI_FINISH_ERROR },
    { ngx_string("completed"), NGX_AI_FINISH_STOP },
    { ngx_string("queued"), NGX_AI_FINISH_NONE },
    { ngx_string("in_progress"), NGX_AI_FINISH_NONE },
    { ngx_null_string, 0 }
};


void
ngx_ai_openai_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *v, ngx_uint_t quirks, ngx_ai_reply_t *reply)
{
    ngx_uint_t                  finish, stored;
    const ngx_ai_scan_value_t  *reason;

    ngx_ai_openai_id(route, v, reply);

    /*
     * What is stored has a state of its own: that it failed is an answer.
     * What it used was told to the call that made it, but for a response made
     * in the background, whose usage is not known before it is asked for.
     */

    stored = route->flags & (NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_ONCE);

    if (!stored && ngx_ai_openai_failed(v, quirks)) {
        reply->error = 1;
    }

    if (v[NGX_AI_OPENAI_USAGE].type == NGX_AI_JSON_OBJECT
        && (!stored || v[NGX_AI_OPENAI_BACKGROUND].type == NGX_AI_JSON_TRUE))
    {
        ngx_ai_openai_usage(route, v, quirks, &reply->usage);
    }

    reason = (route->id != NGX_AI_ROUTE_RESPONSES)
             ? &v[NGX_AI_OPENAI_FINISH]
             : (v[NGX_AI_OPENAI_INCOMPLETE].type == NGX_AI_JSON_STRING)
             ? &v[NGX_AI_OPENAI_INCOMPLETE] : &v[NGX_AI_OPENAI_STATUS];

    if (reason->type != NGX_AI_JSON_STRING || reason->len == 0) {
        return;
    }

    finish = ngx_ai_openai_finish(reason->text, reason->len);

    if (finish != NGX_AI_FINISH_NONE) {
        reply->finish = finish;
        reply->finished = 1;
    }
}


static ngx_uint_t
ngx_ai_openai_failed(const ngx_ai_scan_value_t *v, ngx_uint_t quirks)
{
    if (v[NGX_AI_OPENAI_ERROR].type == NGX_AI_JSON_OBJECT
        || v[NGX_AI_OPENAI_ERROR].type == NGX_AI_JSON_STRING)
    {
        return 1;
    }

    return (quirks & NGX_AI_QUIRK_BASE_RESP)
           && v[NGX_AI_OPENAI_BASE_RESP].integer
           && v[NGX_AI_OPENAI_BASE_RESP].value != 0;
}


/* an upload that is complete has become a file */

static void
ngx_ai_openai_id(const ngx_ai_route_t *route, const ngx_ai_scan_value_t *v,
    ngx_ai_reply_t *reply)
{
    ngx_str_t                   id;
    const ngx_ai_scan_value_t  *value;

    value = (route->id == NGX_AI_ROUTE_UPLOAD_COMPLETE)
            ? &v[NGX_AI_OPENAI_FILE] : &v[NGX_AI_OPENAI_ID];

    if (!(route->flags & NGX_AI_ROUTE_MAKES)
        || value->type != NGX_AI_JSON_STRING || value->end < 0 || value->cut
        || v[NGX_AI_OPENAI_STORE].type == NGX_AI_JSON_FALSE)
    {
        return;
    }

    if (ngx_ai_text_decode(value->text, value->len, reply->id,
                           NGX_AI_REPLY_ID_MAX, &id)
        == NGX_OK)
    {
        reply->id_len = id.len;
    }
}


static void
ngx_ai_openai_usage(const ngx_ai_route_t *route, const ngx_ai_scan_value_t *v,
    ngx_uint_t quirks, ngx_ai_usage_t *usage)
{
    ngx_ai_openai_counts_t  c;

    c.prompt = ngx_ai_openai_count(v, NGX_AI_OPENAI_PROMPT_TOKENS,
                                   NGX_AI_OPENAI_INPUT_TOKENS);
    c.completion = ngx_ai_openai_count(v, NGX_AI_OPENAI_COMPLETION_TOKENS,
                                       NGX_AI_OPENAI_OUTPUT_TOKENS);
    c.total = ngx_ai_openai_count(v, NGX_AI_OPENAI_TOTAL_TOKENS,
                                  NGX_AI_OPENAI_TOTAL_TOKENS);
    c.cached = ngx_ai_openai_count(v, NGX_AI_OPENAI_PROMPT_CACHED,
                                   NGX_AI_OPENAI_INPUT_CACHED);
    c.written = ngx_ai_openai_count(v, NGX_AI_OPENAI_PROMPT_WRITE,
                                    NGX_AI_OPENAI_INPUT_WRITE);
    c.audio_in = ngx_ai_openai_count(v, NGX_AI_OPENAI_PROMPT_AUDIO,
                                     NGX_AI_OPENAI_INPUT_AUDIO);
    c.image_in = ngx_ai_openai_count(v, NGX_AI_OPENAI_INPUT_IMAGE,
                                     NGX_AI_OPENAI_INPUT_IMAGE);
    c.reasoning = ngx_ai_openai_count(v, NGX_AI_OPENAI_COMPLETION_REASONING,
                                      NGX_AI_OPENAI_OUTPUT_REASONING);
    c.audio_out = ngx_ai_openai_count(v, NGX_AI_OPENAI_COMPLETION_AUDIO,
                                      NGX_AI_OPENAI_COMPLETION_AUDIO);

    /* only chat completions have the quirk, Responses never */

    c.apart = ((quirks & NGX_AI_QUIRK_REASONING_APART)
               && v[NGX_AI_OPENAI_COMPLETION_TOKENS].count);

    c.images = (route->id == NGX_AI_ROUTE_IMAGES
                || route->id == NGX_AI_ROUTE_IMAGE_EDITS);

    (void) ngx_ai_openai_buckets(&c, usage);
}


/* the first of two names that holds a count; -1 when none does */

static int64_t
ngx_ai_openai_count(const ngx_ai_scan_value_t *v, ngx_uint_t one,
    ngx_uint_t other)
{
    if (v[one].integer && v[one].value >= 0) {
        return v[one].value;
    }

    if (v[other].integer && v[other].value >= 0) {
        return v[other].value;
    }

    return -1;
}


ngx_uint_t
ngx_ai_openai_finish(const u_char *word, size_t len)
{
    const ngx_ai_openai_word_t  *w;

    for (w = ngx_ai_openai_words; w->word.len; w++) {
        if (w->word.len == len
            && ngx_memcmp(w->word.data, word, len) == 0)
        {
            return w->value;
        }
    }

    return NGX_AI_FINISH_OTHER;
}


ngx_int_t
ngx_ai_openai_read_event(const ngx_ai_route_t *route, ngx_ai_reader_t *readers,
    const ngx_ai_sse_event_t *ev, ngx_uint_t quirks, ngx_uint_t hidden,
    ngx_ai_reply_t *reply, ngx_ai_event_t *event)
{
    const ngx_str_t  *name, *data;

    name = &ev->name;
    data = &ev->data;

    ngx_memzero(event, sizeof(ngx_ai_event_t));

    if (data->len == 6 && ngx_memcmp(data->data, "[DONE]", 6) == 0) {
        event->end = 1;
        reply->ended = 1;
        return NGX_OK;
    }

    if (ngx_ai_openai_has_items(route)) {
        return ngx_ai_openai_pass_item(route,
                                       &readers[NGX_AI_OPENAI_TABLE_ITEM],
                                       name, data, quirks, reply, event);
    }

    if (ngx_ai_openai_pass_chunk(route, &readers[NGX_AI_OPENAI_TABLE_REPLY],
                                 data, quirks, hidden, reply, event)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* Groq: "event: error" with the usual envelope */

    if (name->len == 5 && ngx_memcmp(name->data, "error", 5) == 0) {
        event->error = 1;
        reply->error = 1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_pass_chunk(const ngx_ai_route_t *route, ngx_ai_reader_t *reader,
    const ngx_str_t *data, ngx_uint_t quirks, ngx_uint_t hidden,
    ngx_ai_reply_t *reply, ngx_ai_event_t *event)
{
    ngx_ai_scan_value_t  *v;

    if (!(quirks & NGX_AI_QUIRK_BASE_RESP)
        && ngx_ai_openai_plain_chunk(data, hidden, event))
    {
        return NGX_OK;
    }

    if (ngx_ai_reader_read(reader, data) != NGX_OK
        || reader->scan.top.type != NGX_AI_JSON_OBJECT)
    {
        return NGX_ERROR;
    }

    v = reader->values;

    ngx_ai_openai_read_reply(route, v, quirks, reply);

    event->error = ngx_ai_openai_failed(v, quirks);

    event->content = (v[NGX_AI_OPENAI_CHOICES].type != NGX_AI_JSON_ARRAY
                      || v[NGX_AI_OPENAI_CHOICES].n != 0);

    if (hidden && v[NGX_AI_OPENAI_USAGE].count) {

        if (!event->content && !event->error
            && v[NGX_AI_OPENAI_USAGE].type == NGX_AI_JSON_OBJECT)
        {
            event->drop = 1;

        } else {
            ngx_ai_openai_hide(data, &v[NGX_AI_OPENAI_USAGE], event);
        }
    }

    return NGX_OK;
}


/*
 * Nearly all chunks of a stream carry a piece of text and nothing that the
 * gateway decides on.  These are told by what they lack, at a tenth of the
 * cost of reading them: a key "usage", "error" or "finish_reason" with
 * something behind it, or an empty array, which "choices" could be.
 *
 * A quote inside of a string is escaped, so '"usage"' in the bytes is a whole
 * token; nobody writes these keys with escapes.  "usage":null as the last
 * member, or the last but for the padding in "obfuscation", is the chunk's
 * own, as the brace behind it is the last.
 */

static ngx_uint_t
ngx_ai_openai_plain_chunk(const ngx_str_t *data, ngx_uint_t hidden,
    ngx_ai_event_t *event)
{
    u_char  *p, *last;

    last = data->data + data->len;

    if (data->len < 2 || data->data[0] != '{' || last[-1] != '}') {
        return 0;
    }

    for (p = data->data;
         (p = ngx_ai_openai_mark(p, last)) != last;
         p++)
    {
        switch (p[1]) {

        case 'e':
            if (last - p > 7 && ngx_memcmp(p, "\"error\"", 7) == 0) {
                return 0;
            }

            break;

        case 'f':
            if (last - p > 20 && ngx_memcmp(p, "\"finish_reason\"", 15) == 0
                && ngx_memcmp(p + 15, ":null", 5) != 0)
            {
                return 0;
            }

            break;

        case 'u':
            if (last - p <= 7 || ngx_memcmp(p, "\"usage\"", 7) != 0) {
                break;
            }

            if (p[-1] != ',' || last - p < 13
                || ngx_memcmp(p + 7, ":null", 5) != 0
                || !ngx_ai_openai_is_last(p + 12, last))
            {
                return 0;
            }

            if (hidden) {
                event->hide.start = p - 1 - data->data;
                event->hide.end = p + 12 - data->data;
            }

            event->content = 1;

            return 1;

        default: /* behind '[' */
            return 0;
        }
    }

    event->content = 1;

    return 1;
}


/*
 * The next '"e', '"f', '"u', or '[' with what may end an empty array behind
 * it, or with a byte from 0x80 on, which is less than a blank too.
 */

static u_char *
ngx_ai_openai_mark(u_char *p, u_char *last)
{
    uint64_t              w[2];
    ngx_ai_text_vector_t  v, n;

    for ( /* void */ ; last - p > 16; p += 16) {

        ngx_memcpy(&v, p, 16);
        ngx_memcpy(&n, p + 1, 16);

        /* 'e' | 0x10 is 'u' */

        v = ((v == '"') & (((n | 0x10) == 'u') | (n == 'f')))
            | ((v == '[') & ((n == ']') | (n <= ' ')));

        ngx_memcpy(w, &v, 16);

        if (w[0] | w[1]) {
            break;
        }
    }

    for ( /* void */ ; p + 1 < last; p++) {

        if ((*p == '"' && (p[1] == 'e' || p[1] == 'f' || p[1] == 'u'))
            || (*p == '[' && (p[1] == ']' || (signed char) p[1] <= ' ')))
        {
            return p;
        }
    }

    return last;
}


static ngx_uint_t
ngx_ai_openai_is_last(u_char *p, u_char *last)
{
    if (p + 1 == last) {
        return 1;
    }

    if (last - p < 20 || ngx_memcmp(p, ",\"obfuscation\":\"", 16) != 0) {
        return 0;
    }

    p = ngx_strlchr(p + 16, last, '"');

    return p != NULL && p + 2 == last;
}


/* the member with the comma that joins it to a neighbour */

static void
ngx_ai_openai_hide(const ngx_str_t *data, const ngx_ai_scan_value_t *v,
    ngx_ai_event_t *event)
{
    off_t  start, end;

    start = v->key;
    end = v->end;

    while (data->data[start - 1] != ',' && data->data[start - 1] != '{') {
        start--;
    }

    if (data->data[start - 1] == ',') {
        start--;

    } else {

        while (data->data[end] != ',' && data->data[end] != '}') {
            end++;
        }

        if (data->data[end] == ',') {
            end++;
        }
    }

    event->hide.start = start;
    event->hide.end = end;
}


/*
 * The events of a Responses stream carry their type twice, as the event's
 * name and in the data; some vendors leave the name out.  Only the terminal
 * events and errors are looked into, and whatever has the id: all of those
 * that carry the response do, from the first one on.
 */

static ngx_int_t
ngx_ai_openai_pass_item(const ngx_ai_route_t *route, ngx_ai_reader_t *reader,
    const ngx_str_t *name, const ngx_str_t *data, ngx_uint_t quirks,
    ngx_ai_reply_t *reply, ngx_ai_event_t *event)
{
    ngx_str_t             type;
    ngx_ai_scan_value_t  *v;

    if (name->len > 6
        && ngx_memcmp(name->data + name->len - 6, ".delta", 6) == 0)
    {
        event->content = 1;
        return NGX_OK;
    }

    if (ngx_ai_reader_read(reader, data) != NGX_OK
        || reader->scan.top.type != NGX_AI_JSON_OBJECT)
    {
        return NGX_ERROR;
    }

    v = reader->values;
    type = *name;

    ngx_ai_openai_id(route, v, reply);

    if (type.len == 0) {

        if (v[NGX_AI_OPENAI_TYPE].type != NGX_AI_JSON_STRING) {
            return NGX_ERROR;
        }

        type.data = v[NGX_AI_OPENAI_TYPE].text;
        type.len = v[NGX_AI_OPENAI_TYPE].len;
    }

    event->content = (type.len > 6
                      && ngx_memcmp(type.data + type.len - 6, ".delta", 6)
                         == 0);

    if (type.len == 5 && ngx_memcmp(type.data, "error", 5) == 0) {
        event->error = 1;
        reply->error = 1;
        return NGX_OK;
    }

    if ((type.len == 18 && ngx_memcmp(type.data, "response.completed", 18) == 0)
        || (type.len == 19
            && ngx_memcmp(type.data, "response.incomplete", 19) == 0)
        || (type.len == 15 && ngx_memcmp(type.data, "response.failed", 15)
                              == 0))
    {
        ngx_ai_openai_read_reply(route, v, quirks, reply);
        event->error = reply->error;
        reply->finished = 1;
        reply->ended = 1;
    }

    return NGX_OK;
}
