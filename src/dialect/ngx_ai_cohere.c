
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_cohere.h"


/*
 * No tool can be named as the choice: where one is, it is the only one that
 * is offered, and one is required.  So it is with several to choose from.
 * "strict_tools" is for all tools, and is said if all are strict.
 */

#define NGX_AI_COHERE_KEPT                                                    \
    (ngx_ai_field(MAX_TOKENS) | ngx_ai_field(TEMPERATURE)                     \
     | ngx_ai_field(TOP_P) | ngx_ai_field(TOP_K) | ngx_ai_field(STOP)         \
     | ngx_ai_field(SEED) | ngx_ai_field(PRESENCE_PENALTY)                    \
     | ngx_ai_field(FREQUENCY_PENALTY) | ngx_ai_field(LOGPROBS)               \
     | ngx_ai_field(JSON) | ngx_ai_field(SCHEMA) | ngx_ai_field(BUDGET)       \
     | ngx_ai_field(TOOLS) | ngx_ai_field(TOOL_CHOICE)                        \
     | ngx_ai_field(TOOL_CHOICE_NONE) | ngx_ai_field(SYSTEM)                  \
     | ngx_ai_field(IMAGE) | ngx_ai_field(IMAGE_URL)                          \
     | ngx_ai_field(IMAGE_DETAIL) | ngx_ai_field(TOOL_CALL)                   \
     | ngx_ai_field(TOOL_RESULT) | ngx_ai_field(THINKING)                     \
     | ngx_ai_field(SAFETY))

#define NGX_AI_COHERE_MAPPED                                                  \
    (ngx_ai_field(EFFORT) | ngx_ai_field(TOOL_STRICT)                         \
     | ngx_ai_field(TOOL_CHOICE_NAMED) | ngx_ai_field(TOOL_CHOICE_ALLOWED)    \
     | ngx_ai_field(TOOL_CUSTOM) | ngx_ai_field(REFUSAL))


/* the tables */

typedef enum {
    NGX_AI_COHERE_TABLE_ASK = 0,
    NGX_AI_COHERE_TABLE_REPLY,
    NGX_AI_COHERE_TABLE_EVENT,
    NGX_AI_COHERE_TABLE_ERROR,
    NGX_AI_COHERE_TABLES
} ngx_ai_cohere_table_e;


#define NGX_AI_COHERE_ASK_MAX    5


/* in one order, at the top of a reply and in "delta" of an event */

typedef enum {
    NGX_AI_COHERE_TYPE = 0,
    NGX_AI_COHERE_FINISH,
    NGX_AI_COHERE_USAGE,
    NGX_AI_COHERE_INPUT,
    NGX_AI_COHERE_OUTPUT,
    NGX_AI_COHERE_BILLED_INPUT,
    NGX_AI_COHERE_BILLED_OUTPUT,
    NGX_AI_COHERE_CACHED,
    NGX_AI_COHERE_IMAGE,
    NGX_AI_COHERE_REASONING,
    NGX_AI_COHERE_MESSAGE,
    NGX_AI_COHERE_REPLY_MAX
} ngx_ai_cohere_reply_e;


#define NGX_AI_COHERE_FIELDS(p)                                               \
    { ngx_string("type") },                                                   \
    { ngx_string(p "finish_reason") },                                        \
    { ngx_string(p "usage") },                                                \
    { ngx_string(p "usage.tokens.input_tokens") },                            \
    { ngx_string(p "usage.tokens.output_tokens") },                           \
    { ngx_string(p "usage.billed_units.input_tokens") },                      \
    { ngx_string(p "usage.billed_units.output_tokens") },                     \
    { ngx_string(p "usage.cached_tokens") },                                  \
    { ngx_string(p "usage.tokens.image_tokens") },                            \
    { ngx_string(p "usage.tokens.reasoning_tokens") },                        \
    { ngx_string(p "message") }


typedef enum {
    NGX_AI_COHERE_ERROR_MESSAGE = 0,
    NGX_AI_COHERE_ERROR_TYPE,
    NGX_AI_COHERE_ERROR_MAX
} ngx_ai_cohere_error_e;


static void ngx_ai_cohere_edit(const ngx_ai_route_t *route,
    const ngx_ai_ask_t *ask, const ngx_str_t *model, ngx_uint_t quirks,
    ngx_ai_edits_t *edits);
static void ngx_ai_cohere_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *values, ngx_uint_t quirks,
    ngx_ai_reply_t *reply);
static int64_t ngx_ai_cohere_count(const ngx_ai_scan_value_t *v,
    ngx_uint_t one, ngx_uint_t other);
static ngx_int_t ngx_ai_cohere_read_event(const ngx_ai_route_t *route,
    ngx_ai_reader_t *readers, const ngx_ai_sse_event_t *ev,
    ngx_uint_t quirks, ngx_uint_t hidden, ngx_ai_reply_t *reply,
    ngx_ai_event_t *event);
static ngx_uint_t ngx_ai_cohere_has_content(const ngx_str_t *name);
static ngx_int_t ngx_ai_cohere_read_error(ngx_ai_reader_t *readers,
    const ngx_str_t *body, ngx_ai_error_t *error);
static ngx_int_t ngx_ai_cohere_write_error(ngx_ai_error_t *error,
    ngx_ai_buf_t *out);
static ngx_int_t ngx_ai_cohere_tail(const ngx_ai_aim_t *aim, ngx_pool_t *pool,
    ngx_str_t *tail, ngx_str_t *query);


/* what the gateway decides on; all else is the provider's to judge */

static const ngx_ai_scan_field_t
    ngx_ai_cohere_ask_fields[NGX_AI_COHERE_ASK_MAX] = {
    { ngx_string("model") },
    { ngx_string("messages") },
    { ngx_string("stream") },
    { ngx_string("max_tokens") },
    { ngx_string("tools") }
};


static const ngx_ai_ask_rule_t  ngx_ai_cohere_rules[NGX_AI_COHERE_ASK_MAX] = {
    { NGX_AI_STRING, NGX_AI_ASK_MODEL, 0 },
    { NGX_AI_ARRAY, NGX_AI_ASK_OTHER, 1 << NGX_AI_OP_CHAT },
    { NGX_AI_BOOL, NGX_AI_ASK_STREAM, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_MAX_TOKENS, 0 },
    { NGX_AI_ARRAY, NGX_AI_ASK_OTHER, 0 }
};


static const ngx_ai_scan_field_t
    ngx_ai_cohere_reply_fields[NGX_AI_COHERE_REPLY_MAX] = {
    NGX_AI_COHERE_FIELDS("")
};


static const ngx_ai_scan_field_t
    ngx_ai_cohere_event_fields[NGX_AI_COHERE_REPLY_MAX] = {
    NGX_AI_COHERE_FIELDS("delta.")
};


static const ngx_ai_scan_field_t
    ngx_ai_cohere_error_fields[NGX_AI_COHERE_ERROR_MAX] = {
    { ngx_string("message") },
    { ngx_string("error_type") }
};


static const ngx_ai_table_t  ngx_ai_cohere_tables[NGX_AI_COHERE_TABLES] = {
    { ngx_ai_cohere_ask_fields, NGX_AI_COHERE_ASK_MAX },
    { ngx_ai_cohere_reply_fields, NGX_AI_COHERE_REPLY_MAX },
    { ngx_ai_cohere_event_fields, NGX_AI_COHERE_REPLY_MAX },
    { ngx_ai_cohere_error_fields, NGX_AI_COHERE_ERROR_MAX }
};


const ngx_ai_dialect_t  ngx_ai_cohere = {
    ngx_string("cohere"),
    ngx_ai_cohere_tables,
    NGX_AI_COHERE_TABLES,
    ngx_ai_cohere_rules,
    ngx_ai_cohere_edit,
    NGX_AI_COHERE_TABLE_REPLY,
    ngx_ai_cohere_read_reply,
    ngx_ai_cohere_read_event,
    ngx_ai_cohere_read_error,
    ngx_ai_cohere_write_error,
    ngx_ai_cohere_write_error_event,
    ngx_null_string,
    NULL,
    NGX_AI_FRAMING_SSE,
    ngx_ai_cohere_tail,
    { { ngx_ai_cohere_read_ask, ngx_ai_cohere_write_ask,
        ngx_ai_cohere_read_answer, ngx_ai_cohere_write_answer,
        NGX_AI_COHERE_KEPT, NGX_AI_COHERE_MAPPED, NULL } },
    sizeof(ngx_ai_cohere_source_t),
    ngx_ai_cohere_read_delta,
    sizeof(ngx_ai_cohere_sink_t),
    0,
    ngx_ai_cohere_write_delta,
    ngx_null_string,
    ngx_null_string
};


/* usage comes unasked */

static void
ngx_ai_cohere_edit(const ngx_ai_route_t *route, const ngx_ai_ask_t *ask,
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


static void
ngx_ai_cohere_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *v, ngx_uint_t quirks, ngx_ai_reply_t *reply)
{
    int64_t                     input, output;
    const ngx_ai_scan_value_t  *reason;

    reason = &v[NGX_AI_COHERE_FINISH];

    if (v[NGX_AI_COHERE_MESSAGE].type == NGX_AI_JSON_STRING) {

        /* that of an answer is an object */

        reply->error = 1;
    }

    input = ngx_ai_cohere_count(v, NGX_AI_COHERE_INPUT,
                                NGX_AI_COHERE_BILLED_INPUT);
    output = ngx_ai_cohere_count(v, NGX_AI_COHERE_OUTPUT,
                                 NGX_AI_COHERE_BILLED_OUTPUT);

    if (input >= 0 || output >= 0) {
        ngx_ai_cohere_usage(&reply->usage, input, output,
                            ngx_ai_cohere_count(v, NGX_AI_COHERE_CACHED,
                                                NGX_AI_COHERE_CACHED),
                            ngx_ai_cohere_count(v, NGX_AI_COHERE_IMAGE,
                                                NGX_AI_COHERE_IMAGE),
                            ngx_ai_cohere_count(v, NGX_AI_COHERE_REASONING,
                                                NGX_AI_COHERE_REASONING));
    }

    if (reason->type == NGX_AI_JSON_STRING && reason->len) {
        reply->finish = ngx_ai_cohere_finish(reason->text, reason->len);
        reply->finished = 1;
    }
}


/* the first of two names that holds a count; -1 when none does */

static int64_t
ngx_ai_cohere_count(const ngx_ai_scan_value_t *v, ngx_uint_t one,
    ngx_uint_t other)
{
    if (v[one].integer && v[one].value >= 0) {
        return v[one].value;
    }

    return (v[other].integer && v[other].value >= 0) ? v[other].value : -1;
}


/* an answer that failed says so where it would say why it ends */

static ngx_int_t
ngx_ai_cohere_read_event(const ngx_ai_route_t *route,
    ngx_ai_reader_t *readers, const ngx_ai_sse_event_t *ev,
    ngx_uint_t quirks, ngx_uint_t hidden, ngx_ai_reply_t *reply,
    ngx_ai_event_t *event)
{
    ngx_str_t             type;
    ngx_ai_reader_t      *reader;
    ngx_ai_scan_value_t  *v;

    ngx_memzero(event, sizeof(ngx_ai_event_t));

    if (ev->data.len == 6 && ngx_memcmp(ev->data.data, "[DONE]", 6) == 0) {
        event->end = 1;
        reply->ended = 1;
        return NGX_OK;
    }

    if (ngx_ai_cohere_has_content(&ev->name)) {
        event->content = 1;
        return NGX_OK;
    }

    reader = &readers[NGX_AI_COHERE_TABLE_EVENT];
    v = reader->values;

    if (ngx_ai_reader_read(reader, &ev->data) != NGX_OK
        || reader->scan.top.type != NGX_AI_JSON_OBJECT)
    {
        return NGX_ERROR;
    }

    if (ev->name.len == 0 && v[NGX_AI_COHERE_TYPE].type == NGX_AI_JSON_STRING)
    {
        type.data = v[NGX_AI_COHERE_TYPE].text;
        type.len = v[NGX_AI_COHERE_TYPE].len;

        event->content = ngx_ai_cohere_has_content(&type);
    }

    /* "message" of a delta is what comes, and never a string */

    ngx_ai_cohere_read_reply(route, v, quirks, reply);

    if (v[NGX_AI_COHERE_FINISH].type == NGX_AI_JSON_STRING
        && reply->finish == NGX_AI_FINISH_ERROR)
    {
        reply->error = 1;
    }

    event->error = reply->error;

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_cohere_has_content(const ngx_str_t *name)
{
    ngx_uint_t              i;

    static const ngx_str_t  begins[] = {
        ngx_string("content-"),
        ngx_string("tool-"),
        ngx_string("citation-")
    };

    for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {

        if (name->len >= begins[i].len
            && ngx_memcmp(name->data, begins[i].data, begins[i].len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_ai_cohere_read_error(ngx_ai_reader_t *readers, const ngx_str_t *body,
    ngx_ai_error_t *error)
{
    ngx_str_t             type;
    ngx_ai_reader_t      *reader;
    ngx_ai_scan_value_t  *v;

    reader = &readers[NGX_AI_COHERE_TABLE_ERROR];
    v = reader->values;

    if (error->status == 498) {
        error->kind = NGX_AI_ERROR_POLICY;
    }

    if (ngx_ai_reader_read(reader, body) != NGX_OK
        || v[NGX_AI_COHERE_ERROR_MESSAGE].type != NGX_AI_JSON_STRING)
    {
        return NGX_DECLINED;
    }

    error->message.data = body->data + v->start + 1;
    error->message.len = v->end - v->start - 2;

    ngx_str_null(&type);

    if (v[NGX_AI_COHERE_ERROR_TYPE].type == NGX_AI_JSON_STRING) {
        type.data = v[NGX_AI_COHERE_ERROR_TYPE].text;
        type.len = v[NGX_AI_COHERE_ERROR_TYPE].len;
    }

    error->kind = ngx_ai_cohere_error_kind(&type, &error->message,
                                           error->kind);
    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_write_error(ngx_ai_error_t *error, ngx_ai_buf_t *out)
{
    ngx_ai_json_writer_t  w;

    ngx_ai_json_writer_init(&w, out);

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "message");
    ngx_ai_json_write_string(&w, &error->message);
    ngx_ai_json_write_end(&w);

    return w.rc;
}


/* the message ends, with what went wrong, and so does the stream */

ngx_int_t
ngx_ai_cohere_write_error_event(const ngx_ai_route_t *route,
    const ngx_ai_error_t *error, ngx_uint_t framing, ngx_ai_buf_t *out)
{
    size_t                 mark;
    ngx_int_t              rc;
    ngx_ai_json_writer_t   w;

    static const ngx_str_t  none = ngx_null_string;
    static const ngx_str_t  name = ngx_string("message-end");

    rc = ngx_ai_framing_begin(framing, out, &name, 0, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_writer_init(&w, out);

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_literal(&w, "\"type\":\"message-end\"");
    ngx_ai_json_write_key(&w, "delta");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_literal(&w, "\"finish_reason\":\"ERROR\",\"usage\":{}");
    ngx_ai_json_write_key(&w, "error");
    ngx_ai_json_write_string(&w, &error->message);
    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);

    rc = w.rc;

    if (rc == NGX_OK) {
        rc = ngx_ai_framing_finish(framing, out, mark);
    }

    if (rc == NGX_OK) {
        rc = ngx_ai_framing_begin(framing, out, &none, 0, &mark);
    }

    if (rc == NGX_OK) {
        rc = ngx_ai_buf_append(out, "[DONE]", 6);
    }

    return (rc == NGX_OK) ? ngx_ai_framing_finish(framing, out, mark) : rc;
}


static ngx_int_t
ngx_ai_cohere_tail(const ngx_ai_aim_t *aim, ngx_pool_t *pool,
    ngx_str_t *tail, ngx_str_t *query)
{
    ngx_str_set(tail, "/chat");
    ngx_str_null(query);

    return NGX_OK;
}
