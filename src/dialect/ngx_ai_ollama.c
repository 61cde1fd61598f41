
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_ollama.h"


/*
 * "none" as the choice of tools is no tools, several that may be chosen are
 * the only ones.  Of efforts most models know two: see
 * ngx_ai_ollama_write_think().
 */

#define NGX_AI_OLLAMA_KEPT                                                    \
    (ngx_ai_field(MAX_TOKENS) | ngx_ai_field(TEMPERATURE)                     \
     | ngx_ai_field(TOP_P) | ngx_ai_field(TOP_K) | ngx_ai_field(STOP)         \
     | ngx_ai_field(SEED) | ngx_ai_field(PRESENCE_PENALTY)                    \
     | ngx_ai_field(FREQUENCY_PENALTY) | ngx_ai_field(LOGPROBS)               \
     | ngx_ai_field(JSON) | ngx_ai_field(SCHEMA) | ngx_ai_field(TOOLS)        \
     | ngx_ai_field(SYSTEM) | ngx_ai_field(IMAGE)                             \
     | ngx_ai_field(TOOL_CALL) | ngx_ai_field(TOOL_RESULT)                    \
     | ngx_ai_field(TOOL_RESULT_IMAGE))

#define NGX_AI_OLLAMA_MAPPED                                                  \
    (ngx_ai_field(EFFORT) | ngx_ai_field(BUDGET)                              \
     | ngx_ai_field(TOOL_CHOICE_NONE) | ngx_ai_field(TOOL_CHOICE_ALLOWED)     \
     | ngx_ai_field(THINKING) | ngx_ai_field(REFUSAL))


typedef enum {
    NGX_AI_OLLAMA_TABLE_ASK = 0,
    NGX_AI_OLLAMA_TABLE_REPLY,     /* a reply, a line of a stream */
    NGX_AI_OLLAMA_TABLE_ERROR,
    NGX_AI_OLLAMA_TABLES
} ngx_ai_ollama_table_e;


#define NGX_AI_OLLAMA_ASK_MAX  9


typedef enum {
    NGX_AI_OLLAMA_DONE = 0,
    NGX_AI_OLLAMA_REASON,
    NGX_AI_OLLAMA_INPUT,
    NGX_AI_OLLAMA_OUTPUT,
    NGX_AI_OLLAMA_CALLS,
    NGX_AI_OLLAMA_CONTENT,
    NGX_AI_OLLAMA_THINKING,
    NGX_AI_OLLAMA_IMAGES,
    NGX_AI_OLLAMA_RESPONSE,        /* these two are of /api/generate */
    NGX_AI_OLLAMA_THOUGHTS,
    NGX_AI_OLLAMA_ERROR,
    NGX_AI_OLLAMA_REPLY_MAX
} ngx_ai_ollama_reply_e;


/* {"error":"..."} is the dialect's own */

typedef enum {
    NGX_AI_OLLAMA_ERROR_OWN = 0,
    NGX_AI_OLLAMA_ERROR_INNER,
    NGX_AI_OLLAMA_ERROR_MESSAGE,
    NGX_AI_OLLAMA_ERROR_DETAIL,
    NGX_AI_OLLAMA_ERROR_MAX
} ngx_ai_ollama_error_e;


static void ngx_ai_ollama_edit(const ngx_ai_route_t *route,
    const ngx_ai_ask_t *ask, const ngx_str_t *model, ngx_uint_t quirks,
    ngx_ai_edits_t *edits);
static void ngx_ai_ollama_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *v, ngx_uint_t quirks, ngx_ai_reply_t *reply);
static ngx_int_t ngx_ai_ollama_read_event(const ngx_ai_route_t *route,
    ngx_ai_reader_t *readers, const ngx_ai_sse_event_t *ev,
    ngx_uint_t quirks, ngx_uint_t hidden, ngx_ai_reply_t *reply,
    ngx_ai_event_t *event);
static ngx_int_t ngx_ai_ollama_read_error(ngx_ai_reader_t *readers,
    const ngx_str_t *body, ngx_ai_error_t *error);
static ngx_int_t ngx_ai_ollama_write_error(ngx_ai_error_t *error,
    ngx_ai_buf_t *out);
static ngx_int_t ngx_ai_ollama_tail(const ngx_ai_aim_t *aim,
    ngx_pool_t *pool, ngx_str_t *tail, ngx_str_t *query);


/*
 * What the gateway decides on; all else is the provider's to judge.  A
 * "num_predict" may be -1, for no limit.
 */

static const ngx_ai_scan_field_t
    ngx_ai_ollama_ask_fields[NGX_AI_OLLAMA_ASK_MAX] = {
    { ngx_string("model") },
    { ngx_string("stream") },
    { ngx_string("messages") },
    { ngx_string("prompt") },
    { ngx_string("input") },
    { ngx_string("tools") },
    { ngx_string("format") },
    { ngx_string("options") },
    { ngx_string("options.num_predict") }
};


static const ngx_ai_ask_rule_t
    ngx_ai_ollama_rules[NGX_AI_OLLAMA_ASK_MAX] = {
    { NGX_AI_STRING, NGX_AI_ASK_MODEL, 0 },
    { NGX_AI_BOOL, NGX_AI_ASK_STREAM, 0 },
    { NGX_AI_ARRAY, NGX_AI_ASK_OTHER, 0 },
    { NGX_AI_STRING, NGX_AI_ASK_OTHER, 0 },
    { NGX_AI_STRING | NGX_AI_ARRAY, NGX_AI_ASK_OTHER, 1 << NGX_AI_OP_EMBED },
    { NGX_AI_ARRAY, NGX_AI_ASK_OTHER, 0 },
    { NGX_AI_STRING | NGX_AI_OBJECT, NGX_AI_ASK_OTHER, 0 },
    { NGX_AI_OBJECT, NGX_AI_ASK_OTHER, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_OTHER, 0 }
};


static const ngx_ai_scan_field_t
    ngx_ai_ollama_reply_fields[NGX_AI_OLLAMA_REPLY_MAX] = {
    { ngx_string("done") },
    { ngx_string("done_reason") },
    { ngx_string("prompt_eval_count") },
    { ngx_string("eval_count") },
    { ngx_string("message.tool_calls") },
    { ngx_string("message.content") },
    { ngx_string("message.thinking") },
    { ngx_string("message.images") },
    { ngx_string("response") },
    { ngx_string("thinking") },
    { ngx_string("error") }
};


static const ngx_ai_scan_field_t
    ngx_ai_ollama_error_fields[NGX_AI_OLLAMA_ERROR_MAX] = {
    { ngx_string("error") },
    { ngx_string("error.message") },
    { ngx_string("message") },
    { ngx_string("detail") }
};


static const ngx_ai_table_t  ngx_ai_ollama_tables[NGX_AI_OLLAMA_TABLES] = {
    { ngx_ai_ollama_ask_fields, NGX_AI_OLLAMA_ASK_MAX },
    { ngx_ai_ollama_reply_fields, NGX_AI_OLLAMA_REPLY_MAX },
    { ngx_ai_ollama_error_fields, NGX_AI_OLLAMA_ERROR_MAX }
};


/* an error is a sentence, and nothing else says what it is about */

static const ngx_ai_ollama_word_t  ngx_ai_ollama_errors[] = {
    { ngx_string("context length"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("context window"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("context size"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("' not found"), NGX_AI_ERROR_MODEL },
    { ngx_string("\" not found"), NGX_AI_ERROR_MODEL },
    { ngx_string("server busy"), NGX_AI_ERROR_OVERLOADED },
    { ngx_string("unauthorized"), NGX_AI_ERROR_PROVIDER_AUTH },
    { ngx_string("usage limit"), NGX_AI_ERROR_QUOTA },
    { ngx_null_string, 0 }
};


const ngx_ai_dialect_t  ngx_ai_ollama = {
    ngx_string("ollama"),
    ngx_ai_ollama_tables,
    NGX_AI_OLLAMA_TABLES,
    ngx_ai_ollama_rules,
    ngx_ai_ollama_edit,
    NGX_AI_OLLAMA_TABLE_REPLY,
    ngx_ai_ollama_read_reply,
    ngx_ai_ollama_read_event,
    ngx_ai_ollama_read_error,
    ngx_ai_ollama_write_error,
    ngx_ai_ollama_write_error_event,
    ngx_null_string,
    NULL,
    NGX_AI_FRAMING_LINES,
    ngx_ai_ollama_tail,

    /* wordings, by ngx_ai_op_e */

    { { ngx_ai_ollama_read_ask,
        ngx_ai_ollama_write_ask,
        ngx_ai_ollama_read_answer,
        ngx_ai_ollama_write_answer,
        NGX_AI_OLLAMA_KEPT,
        NGX_AI_OLLAMA_MAPPED,
        NULL } },

    sizeof(ngx_ai_ollama_source_t),
    ngx_ai_ollama_read_delta,
    sizeof(ngx_ai_ollama_sink_t),
    1,
    ngx_ai_ollama_write_delta,
    ngx_null_string,
    ngx_null_string
};


static void
ngx_ai_ollama_edit(const ngx_ai_route_t *route, const ngx_ai_ask_t *ask,
    const ngx_str_t *model, ngx_uint_t quirks, ngx_ai_edits_t *edits)
{
    edits->n = 0;
    edits->usage = 0;

    if (model->len && ask->model_span.end
        && (model->len != ask->model.len
            || ngx_memcmp(model->data, ask->model.data, model->len) != 0))
    {
        edits->edits[0].span = ask->model_span;
        edits->edits[0].with = *model;
        edits->n = 1;
    }
}


/* a stream has its calls in one line and its reason in a later one */

static void
ngx_ai_ollama_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *v, ngx_uint_t quirks, ngx_ai_reply_t *reply)
{
    int64_t                    *t;
    const ngx_ai_scan_value_t  *in, *out, *reason;

    if (v[NGX_AI_OLLAMA_ERROR].type == NGX_AI_JSON_STRING) {
        reply->error = 1;
    }

    in = &v[NGX_AI_OLLAMA_INPUT];
    out = &v[NGX_AI_OLLAMA_OUTPUT];

    if (in->integer || out->integer) {
        ngx_memzero(&reply->usage, sizeof(ngx_ai_usage_t));

        t = reply->usage.tokens;
        t[NGX_AI_USAGE_INPUT] = in->integer ? ngx_max(in->value, 0) : 0;
        t[NGX_AI_USAGE_OUTPUT] = out->integer ? ngx_max(out->value, 0) : 0;

        reply->usage.reported = 1;
    }

    if (v[NGX_AI_OLLAMA_CALLS].type == NGX_AI_JSON_ARRAY
        && v[NGX_AI_OLLAMA_CALLS].n)
    {
        reply->finish = NGX_AI_FINISH_TOOLS;
    }

    if (v[NGX_AI_OLLAMA_DONE].type != NGX_AI_JSON_TRUE) {
        return;
    }

    reply->finished = 1;
    reason = &v[NGX_AI_OLLAMA_REASON];

    if (reason->type == NGX_AI_JSON_STRING
        && reason->len == 6
        && ngx_memcmp(reason->text, "length", 6) == 0)
    {
        reply->finish = NGX_AI_FINISH_LENGTH;

    } else if (reply->finish != NGX_AI_FINISH_TOOLS) {
        reply->finish = NGX_AI_FINISH_STOP;
    }
}


static ngx_int_t
ngx_ai_ollama_read_event(const ngx_ai_route_t *route,
    ngx_ai_reader_t *readers, const ngx_ai_sse_event_t *ev,
    ngx_uint_t quirks, ngx_uint_t hidden, ngx_ai_reply_t *reply,
    ngx_ai_event_t *event)
{
    ngx_uint_t            i;
    ngx_ai_reader_t      *reader;
    ngx_ai_scan_value_t  *v;

    ngx_memzero(event, sizeof(ngx_ai_event_t));

    reader = &readers[NGX_AI_OLLAMA_TABLE_REPLY];
    v = reader->values;

    if (ngx_ai_reader_read(reader, &ev->data) != NGX_OK
        || reader->scan.top.type != NGX_AI_JSON_OBJECT)
    {
        return NGX_ERROR;
    }

    ngx_ai_ollama_read_reply(route, v, quirks, reply);

    event->error = (v[NGX_AI_OLLAMA_ERROR].type == NGX_AI_JSON_STRING);

    if (v[NGX_AI_OLLAMA_DONE].type == NGX_AI_JSON_TRUE) {
        event->end = 1;
        reply->ended = 1;
    }

    for (i = NGX_AI_OLLAMA_CALLS; i <= NGX_AI_OLLAMA_THOUGHTS; i++) {

        if ((v[i].type == NGX_AI_JSON_STRING && v[i].len)
            || (v[i].type == NGX_AI_JSON_ARRAY && v[i].n))
        {
            event->content = 1;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_read_error(ngx_ai_reader_t *readers, const ngx_str_t *body,
    ngx_ai_error_t *error)
{
    ngx_uint_t            i;
    ngx_ai_reader_t      *reader;
    ngx_ai_scan_value_t  *v;

    ngx_str_null(&error->message);

    reader = &readers[NGX_AI_OLLAMA_TABLE_ERROR];
    v = reader->values;

    if (ngx_ai_reader_read(reader, body) != NGX_OK) {
        return NGX_DECLINED;
    }

    for (i = 0; i < NGX_AI_OLLAMA_ERROR_MAX; i++) {

        if (v[i].type == NGX_AI_JSON_STRING) {
            error->message.data = body->data + v[i].start + 1;
            error->message.len = v[i].end - v[i].start - 2;

            error->kind = ngx_ai_ollama_error_kind(&error->message,
                                                   error->kind);

            return i == NGX_AI_OLLAMA_ERROR_OWN ? NGX_OK : NGX_DECLINED;
        }
    }

    return NGX_DECLINED;
}


/* the text is looked at as it stands, with its escapes */

ngx_uint_t
ngx_ai_ollama_error_kind(const ngx_str_t *message, ngx_uint_t kind)
{
    const ngx_ai_ollama_word_t  *word;

    if (kind != NGX_AI_ERROR_INVALID && kind != NGX_AI_ERROR_NOT_FOUND
        && kind != NGX_AI_ERROR_UPSTREAM && kind != NGX_AI_ERROR_INTERNAL
        && kind != NGX_AI_ERROR_UNAVAILABLE && kind != NGX_AI_ERROR_RATE)
    {
        return kind;
    }

    for (word = ngx_ai_ollama_errors; word->word.len; word++) {

        if (message->len >= word->word.len
            && memmem(message->data, message->len, word->word.data,
                      word->word.len)
               != NULL)
        {
            return word->value;
        }
    }

    return kind;
}


static ngx_int_t
ngx_ai_ollama_write_error(ngx_ai_error_t *error, ngx_ai_buf_t *out)
{
    ngx_ai_json_writer_t  w;

    ngx_ai_json_writer_init(&w, out);

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "error");
    ngx_ai_json_write_string(&w, &error->message);
    ngx_ai_json_write_end(&w);

    return w.rc;
}


ngx_int_t
ngx_ai_ollama_write_error_event(const ngx_ai_route_t *route,
    const ngx_ai_error_t *error, ngx_uint_t framing, ngx_ai_buf_t *out)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_str_t             name;
    ngx_ai_json_writer_t  w;

    ngx_str_null(&name);

    rc = ngx_ai_framing_begin(framing, out, &name, 0, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_writer_init(&w, out);

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "error");
    ngx_ai_json_write_string(&w, &error->message);
    ngx_ai_json_write_end(&w);

    if (w.rc != NGX_OK) {
        return w.rc;
    }

    return ngx_ai_framing_finish(framing, out, mark);
}


static ngx_int_t
ngx_ai_ollama_tail(const ngx_ai_aim_t *aim, ngx_pool_t *pool,
    ngx_str_t *tail, ngx_str_t *query)
{
    ngx_str_null(query);

    switch (aim->op) {

    case NGX_AI_OP_CHAT:
        ngx_str_set(tail, "/api/chat");
        return NGX_OK;

    case NGX_AI_OP_EMBED:
        ngx_str_set(tail, "/api/embed");
        return NGX_OK;
    }

    return NGX_ERROR;
}
