
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_anthropic.h"


/* that of the API, and the two that stand in bodies instead of a header */

#define NGX_AI_ANTHROPIC_VERSION      "2023-06-01"

/* as much of a message as stands behind words that are put before it */
#define NGX_AI_ANTHROPIC_MESSAGE_MAX  1024

/* those that a request has; how is said where each is written */

#define NGX_AI_ANTHROPIC_KEPT                                                 \
    (ngx_ai_field(MAX_TOKENS) | ngx_ai_field(TEMPERATURE)                     \
     | ngx_ai_field(TOP_P) | ngx_ai_field(TOP_K) | ngx_ai_field(STOP)         \
     | ngx_ai_field(SCHEMA) | ngx_ai_field(BUDGET) | ngx_ai_field(TOOLS)      \
     | ngx_ai_field(TOOL_STRICT) | ngx_ai_field(TOOL_CHOICE)                  \
     | ngx_ai_field(TOOL_CHOICE_NONE) | ngx_ai_field(TOOL_CHOICE_NAMED)       \
     | ngx_ai_field(PARALLEL) | ngx_ai_field(SYSTEM) | ngx_ai_field(IMAGE)    \
     | ngx_ai_field(IMAGE_URL) | ngx_ai_field(FILE)                           \
     | ngx_ai_field(FILE_URL) | ngx_ai_field(FILE_ID)                         \
     | ngx_ai_field(TOOL_CALL) | ngx_ai_field(TOOL_RESULT)                    \
     | ngx_ai_field(TOOL_RESULT_IMAGE) | ngx_ai_field(TOOL_RESULT_ERROR)      \
     | ngx_ai_field(THINKING) | ngx_ai_field(SIGNATURE)                       \
     | ngx_ai_field(REDACTED) | ngx_ai_field(TOOL_NATIVE)                    \
     | ngx_ai_field(CACHE) | ngx_ai_field(USER))

#define NGX_AI_ANTHROPIC_MAPPED                                               \
    (ngx_ai_field(JSON) | ngx_ai_field(EFFORT) | ngx_ai_field(SUMMARY)        \
     | ngx_ai_field(TOOL_CUSTOM) | ngx_ai_field(WEB_SEARCH)                   \
     | ngx_ai_field(REFUSAL) | ngx_ai_field(TIER))


typedef enum {
    NGX_AI_ANTHROPIC_ERROR_OUTER = 0,
    NGX_AI_ANTHROPIC_ERROR_TYPE,
    NGX_AI_ANTHROPIC_ERROR_MESSAGE,
    NGX_AI_ANTHROPIC_ERROR_STRING,
    NGX_AI_ANTHROPIC_ERROR_AWS,
    NGX_AI_ANTHROPIC_ERROR_AWS_UPPER,
    NGX_AI_ANTHROPIC_ERROR_DETAIL,
    NGX_AI_ANTHROPIC_ERROR_ARRAY,
    NGX_AI_ANTHROPIC_ERROR_FIELDS
} ngx_ai_anthropic_error_e;


typedef struct {
    ngx_str_t         name;
    ngx_uint_t        kind;
    ngx_uint_t        better;      /* than what a status says */
} ngx_ai_anthropic_kind_t;


typedef struct {
    ngx_str_t         name;
    ngx_uint_t        finish;
} ngx_ai_anthropic_finish_t;


static void ngx_ai_anthropic_edit(const ngx_ai_route_t *route,
    const ngx_ai_ask_t *ask, const ngx_str_t *model, ngx_uint_t quirks,
    ngx_ai_edits_t *edits);
static ngx_int_t ngx_ai_anthropic_read_error(ngx_ai_reader_t *readers,
    const ngx_str_t *body, ngx_ai_error_t *error);
static const ngx_ai_anthropic_kind_t *ngx_ai_anthropic_kind(
    const ngx_str_t *type, const ngx_str_t *message);
static ngx_int_t ngx_ai_anthropic_write_error(ngx_ai_error_t *error,
    ngx_ai_buf_t *out);
static ngx_int_t ngx_ai_anthropic_write_error_event(
    const ngx_ai_route_t *route, const ngx_ai_error_t *error,
    ngx_uint_t framing, ngx_ai_buf_t *out);
static ngx_int_t ngx_ai_anthropic_tail(const ngx_ai_aim_t *aim,
    ngx_pool_t *pool, ngx_str_t *tail, ngx_str_t *query);
static u_char *ngx_ai_anthropic_escape(u_char *dst, const ngx_str_t *src);


/* what the gateway decides on; all else is the provider's to judge */

static const ngx_ai_scan_field_t  ngx_ai_anthropic_ask_fields[] = {
    { ngx_string("model") },
    { ngx_string("stream") },
    { ngx_string("max_tokens") },
    { ngx_string("messages") },
    { ngx_string("system") },
    { ngx_string("tools") }
};


#define NGX_AI_ANTHROPIC_ASK_FIELDS                                           \
    (sizeof(ngx_ai_anthropic_ask_fields) / sizeof(ngx_ai_scan_field_t))


static const ngx_ai_ask_rule_t
    ngx_ai_anthropic_rules[NGX_AI_ANTHROPIC_ASK_FIELDS] = {
    { NGX_AI_STRING, NGX_AI_ASK_MODEL,
      (1 << NGX_AI_OP_CHAT) | (1 << NGX_AI_OP_COUNT) },
    { NGX_AI_BOOL, NGX_AI_ASK_STREAM, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_MAX_TOKENS, 1 << NGX_AI_OP_CHAT },
    { NGX_AI_ARRAY, NGX_AI_ASK_OTHER,
      (1 << NGX_AI_OP_CHAT) | (1 << NGX_AI_OP_COUNT) },
    { NGX_AI_STRING|NGX_AI_ARRAY, NGX_AI_ASK_OTHER, 0 },
    { NGX_AI_ARRAY, NGX_AI_ASK_OTHER, 0 }
};


/*
 * {"type":"error","error":{"type","message"}} is the dialect's own; the others
 * are from those who serve it: Vertex AI, whose error is Google's and may be
 * in an array, Bedrock and proxies.
 */

static const ngx_ai_scan_field_t
    ngx_ai_anthropic_error_fields[NGX_AI_ANTHROPIC_ERROR_FIELDS] = {
    { ngx_string("type") },
    { ngx_string("error.type") },
    { ngx_string("error.message") },
    { ngx_string("error") },
    { ngx_string("message") },
    { ngx_string("Message") },
    { ngx_string("detail") },
    { ngx_string("*.error.message") }
};


static const ngx_ai_table_t
    ngx_ai_anthropic_tables[NGX_AI_ANTHROPIC_TABLES] = {
    { ngx_ai_anthropic_ask_fields, NGX_AI_ANTHROPIC_ASK_FIELDS },
    { ngx_ai_anthropic_reply_fields, NGX_AI_ANTHROPIC_REPLY_FIELDS },
    { ngx_ai_anthropic_error_fields, NGX_AI_ANTHROPIC_ERROR_FIELDS }
};


/* Anthropic's words for each ngx_ai_error_e */

static const ngx_str_t  ngx_ai_anthropic_error_types[NGX_AI_ERROR_MAX] = {
    ngx_string("api_error"),
    ngx_string("invalid_request_error"),
    ngx_string("authentication_error"),
    ngx_string("permission_error"),
    ngx_string("not_found_error"),
    ngx_string("not_found_error"),
    ngx_string("not_found_error"),
    ngx_string("invalid_request_error"),
    ngx_string("request_too_large"),
    ngx_string("invalid_request_error"),
    ngx_string("invalid_request_error"),
    ngx_string("invalid_request_error"),
    ngx_string("invalid_request_error"),
    ngx_string("rate_limit_error"),
    ngx_string("billing_error"),
    ngx_string("api_error"),
    ngx_string("api_error"),
    ngx_string("api_error"),
    ngx_string("api_error"),
    ngx_string("overloaded_error"),
    ngx_string("timeout_error")
};


/* types of errors, and of exceptions of Bedrock */

static const ngx_ai_anthropic_kind_t  ngx_ai_anthropic_kinds[] = {
    { ngx_string("invalid_request_error"), NGX_AI_ERROR_INVALID, 0 },
    { ngx_string("authentication_error"), NGX_AI_ERROR_PROVIDER_AUTH, 0 },
    { ngx_string("permission_error"), NGX_AI_ERROR_PROVIDER_AUTH, 0 },
    { ngx_string("billing_error"), NGX_AI_ERROR_QUOTA, 1 },
    { ngx_string("request_too_large"), NGX_AI_ERROR_TOO_LARGE, 1 },
    { ngx_string("rate_limit_error"), NGX_AI_ERROR_RATE, 1 },
    { ngx_string("timeout_error"), NGX_AI_ERROR_TIMEOUT, 1 },
    { ngx_string("overloaded_error"), NGX_AI_ERROR_OVERLOADED, 1 },
    { ngx_string("validationException"), NGX_AI_ERROR_INVALID, 0 },
    { ngx_string("throttlingException"), NGX_AI_ERROR_RATE, 0 },
    { ngx_string("modelTimeoutException"), NGX_AI_ERROR_TIMEOUT, 0 },
    { ngx_string("serviceUnavailableException"), NGX_AI_ERROR_UNAVAILABLE, 0 },
    { ngx_null_string, NGX_AI_ERROR_UPSTREAM, 0 }
};


/*
 * What a message has in it tells more than its type.  Of a model that is not
 * there it says no more than "model: claude-x".
 */

static const ngx_ai_anthropic_kind_t  ngx_ai_anthropic_hints[] = {
    { ngx_string("model: "), NGX_AI_ERROR_MODEL, 1 },
    { ngx_string("prompt is too long"), NGX_AI_ERROR_CONTEXT, 1 },
    { ngx_string("exceed context limit"), NGX_AI_ERROR_CONTEXT, 1 },
    { ngx_string("too long for requested model"), NGX_AI_ERROR_CONTEXT, 1 },
    { ngx_string("credit balance is too low"), NGX_AI_ERROR_QUOTA, 1 },
    { ngx_string("content filtering policy"), NGX_AI_ERROR_POLICY, 1 },
    { ngx_null_string, 0, 0 }
};


/* of a finish with several names the first one is written */

static const ngx_ai_anthropic_finish_t  ngx_ai_anthropic_finishes[] = {
    { ngx_string("end_turn"), NGX_AI_FINISH_STOP },
    { ngx_string("max_tokens"), NGX_AI_FINISH_LENGTH },
    { ngx_string("tool_use"), NGX_AI_FINISH_TOOLS },
    { ngx_string("refusal"), NGX_AI_FINISH_FILTER },
    { ngx_string("stop_sequence"), NGX_AI_FINISH_STOP },
    { ngx_string("model_context_window_exceeded"), NGX_AI_FINISH_LENGTH },
    { ngx_null_string, 0 }
};


const ngx_ai_dialect_t  ngx_ai_anthropic = {
    ngx_string("anthropic"),
    ngx_ai_anthropic_tables,
    NGX_AI_ANTHROPIC_TABLES,
    ngx_ai_anthropic_rules,
    ngx_ai_anthropic_edit,
    NGX_AI_ANTHROPIC_TABLE_REPLY,
    ngx_ai_anthropic_read_reply,
    ngx_ai_anthropic_read_event,
    ngx_ai_anthropic_read_error,
    ngx_ai_anthropic_write_error,
    ngx_ai_anthropic_write_error_event,
    ngx_null_string,
    NULL,
    NGX_AI_FRAMING_SSE,
    ngx_ai_anthropic_tail,
    {
        { ngx_ai_anthropic_read_ask, ngx_ai_anthropic_write_ask,
          ngx_ai_anthropic_read_answer, ngx_ai_anthropic_write_answer,
          NGX_AI_ANTHROPIC_KEPT, NGX_AI_ANTHROPIC_MAPPED, NULL }
    },
    sizeof(ngx_ai_anthropic_source_t),
    ngx_ai_anthropic_read_delta,
    sizeof(ngx_ai_anthropic_sink_t),
    0,
    ngx_ai_anthropic_write_delta,
    ngx_string("anthropic-version"),
    ngx_string(NGX_AI_ANTHROPIC_VERSION)
};


static void
ngx_ai_anthropic_edit(const ngx_ai_route_t *route, const ngx_ai_ask_t *ask,
    const ngx_str_t *model, ngx_uint_t quirks, ngx_ai_edits_t *edits)
{
    edits->n = 0;
    edits->usage = 0;

    /* the member's place is taken by another, which is wanted instead */

    if ((quirks & NGX_AI_QUIRK_VERTEX_CLAUDE) && ask->model_span.end
        && route->op == NGX_AI_OP_CHAT)
    {
        edits->edits[0].span.start = ask->model_key;
        edits->edits[0].span.end = ask->model_span.end + 1;
        ngx_str_set(&edits->edits[0].with,
                    "\"anthropic_version\":\"vertex-2023-10-16\"");
        edits->n = 1;

        return;
    }

    if (model->len && ask->model_span.end
        && (model->len != ask->model.len
            || ngx_memcmp(model->data, ask->model.data, model->len) != 0))
    {
        edits->edits[0].span = ask->model_span;
        edits->edits[0].with = *model;
        edits->n = 1;
    }
}


static ngx_int_t
ngx_ai_anthropic_read_error(ngx_ai_reader_t *readers, const ngx_str_t *body,
    ngx_ai_error_t *error)
{
    ngx_str_t                       type;
    ngx_uint_t                      i;
    ngx_ai_reader_t                *reader;
    ngx_ai_scan_value_t            *v;
    const ngx_ai_anthropic_kind_t  *kind;

    reader = &readers[NGX_AI_ANTHROPIC_TABLE_ERROR];
    v = reader->values;

    if (ngx_ai_reader_read(reader, body) != NGX_OK) {
        return NGX_DECLINED;
    }

    for (i = NGX_AI_ANTHROPIC_ERROR_MESSAGE;
         i < NGX_AI_ANTHROPIC_ERROR_FIELDS;
         i++)
    {
        if (v[i].type == NGX_AI_JSON_STRING) {
            error->message.data = body->data + v[i].start + 1;
            error->message.len = v[i].end - v[i].start - 2;
            break;
        }
    }

    ngx_str_null(&type);

    if (v[NGX_AI_ANTHROPIC_ERROR_TYPE].type == NGX_AI_JSON_STRING) {
        type.data = v[NGX_AI_ANTHROPIC_ERROR_TYPE].text;
        type.len = v[NGX_AI_ANTHROPIC_ERROR_TYPE].len;
    }

    kind = ngx_ai_anthropic_kind(&type, &error->message);

    if (kind->better) {
        error->kind = kind->kind;
    }

    v = &v[NGX_AI_ANTHROPIC_ERROR_OUTER];

    return (type.len && i == NGX_AI_ANTHROPIC_ERROR_MESSAGE
            && v->type == NGX_AI_JSON_STRING && v->len == 5
            && ngx_memcmp(v->text, "error", 5) == 0)
           ? NGX_OK : NGX_DECLINED;
}


static const ngx_ai_anthropic_kind_t *
ngx_ai_anthropic_kind(const ngx_str_t *type, const ngx_str_t *message)
{
    u_char                         *p;
    const ngx_ai_anthropic_kind_t  *k;

    if (message->len) {

        for (k = ngx_ai_anthropic_hints; k->name.len; k++) {

            p = memmem(message->data, message->len, k->name.data,
                       k->name.len);

            if (p != NULL
                && (k->kind != NGX_AI_ERROR_MODEL || p == message->data))
            {
                return k;
            }
        }
    }

    for (k = ngx_ai_anthropic_kinds; k->name.len; k++) {

        if (k->name.len == type->len
            && ngx_memcmp(k->name.data, type->data, type->len) == 0)
        {
            break;
        }
    }

    return k;
}


ngx_uint_t
ngx_ai_anthropic_error_kind(const ngx_str_t *type, const ngx_str_t *message)
{
    return ngx_ai_anthropic_kind(type, message)->kind;
}


static ngx_int_t
ngx_ai_anthropic_write_error(ngx_ai_error_t *error, ngx_ai_buf_t *out)
{
    ngx_ai_json_writer_t  w;

    switch (error->kind) {

    case NGX_AI_ERROR_OVERLOADED:
        error->status = 529;
        break;

    case NGX_AI_ERROR_QUOTA:
        error->status = 402;
        break;
    }

    ngx_ai_json_writer_init(&w, out);

    ngx_ai_json_write_object(&w);
    ngx_ai_anthropic_write_envelope(&w, error);
    ngx_ai_json_write_end(&w);

    return w.rc;
}


static ngx_int_t
ngx_ai_anthropic_write_error_event(const ngx_ai_route_t *route,
    const ngx_ai_error_t *error, ngx_uint_t framing, ngx_ai_buf_t *out)
{
    size_t                  mark;
    ngx_int_t               rc;
    ngx_ai_json_writer_t    w;

    static const ngx_str_t  name = ngx_string("error");

    rc = ngx_ai_framing_begin(framing, out, &name, 0, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_writer_init(&w, out);

    ngx_ai_json_write_object(&w);
    ngx_ai_anthropic_write_envelope(&w, error);
    ngx_ai_json_write_end(&w);

    if (w.rc != NGX_OK) {
        return w.rc;
    }

    return ngx_ai_framing_finish(framing, out, mark);
}


void
ngx_ai_anthropic_write_envelope(ngx_ai_json_writer_t *w,
    const ngx_ai_error_t *error)
{
    u_char                  buf[NGX_AI_ANTHROPIC_MESSAGE_MAX];
    ngx_str_t               message;

    static const ngx_str_t  words = ngx_string("prompt is too long");

    message = error->message;

    /* nothing else tells a client that it should send less of its history */

    if (error->kind == NGX_AI_ERROR_CONTEXT
        && (message.len < words.len
            || ngx_memcmp(message.data, words.data, words.len) != 0))
    {
        message.len = ngx_snprintf(buf, sizeof(buf), "%V: %V", &words,
                                   &error->message)
                      - buf;
        message.data = buf;
    }

    ngx_ai_json_write_literal(w, "\"type\":\"error\"");

    ngx_ai_json_write_key(w, "error");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "type");
    ngx_ai_json_write_text(w, &ngx_ai_anthropic_error_types[error->kind]);

    ngx_ai_json_write_key(w, "message");
    ngx_ai_json_write_string(w, &message);

    ngx_ai_json_write_end(w);
}


ngx_uint_t
ngx_ai_anthropic_finish_find(const ngx_str_t *reason)
{
    const ngx_ai_anthropic_finish_t  *f;

    for (f = ngx_ai_anthropic_finishes; f->name.len; f++) {

        if (f->name.len == reason->len
            && ngx_memcmp(f->name.data, reason->data, reason->len) == 0)
        {
            return f->finish;
        }
    }

    return NGX_AI_FINISH_OTHER;
}


const ngx_str_t *
ngx_ai_anthropic_finish_name(ngx_uint_t finish, const ngx_str_t *stop)
{
    const ngx_ai_anthropic_finish_t  *f;

    static const ngx_str_t            met = ngx_string("stop_sequence");

    if (finish == NGX_AI_FINISH_STOP && stop->len) {
        return &met;
    }

    for (f = ngx_ai_anthropic_finishes; f->name.len; f++) {
        if (f->finish == finish) {
            return &f->name;
        }
    }

    return &ngx_ai_anthropic_finishes[0].name;
}


static ngx_int_t
ngx_ai_anthropic_tail(const ngx_ai_aim_t *aim, ngx_pool_t *pool,
    ngx_str_t *tail, ngx_str_t *query)
{
    u_char           *p;
    ngx_str_t         head, verb;
    const ngx_str_t  *model;

    static const ngx_str_t  counter = ngx_string("count-tokens");

    ngx_str_null(query);

    model = &aim->model;

    if (aim->quirks & NGX_AI_QUIRK_VERTEX_CLAUDE) {
        ngx_str_set(&head, "/models/");
        ngx_str_set(&verb, ":rawPredict");

        /* what counts is a model of its own, the other one is in the body */

        if (aim->op == NGX_AI_OP_COUNT) {
            model = &counter;

        } else if (aim->stream) {
            ngx_str_set(&verb, ":streamRawPredict");
        }

    } else if (aim->quirks & NGX_AI_QUIRK_BEDROCK_INVOKE) {
        ngx_str_set(&head, "/model/");
        ngx_str_set(&verb, "/invoke");

        if (aim->stream) {
            ngx_str_set(&verb, "/invoke-with-response-stream");
        }

    } else {
        ngx_str_set(tail, "/messages");

        if (aim->op == NGX_AI_OP_COUNT) {
            ngx_str_set(tail, "/messages/count_tokens");
        }

        return NGX_OK;
    }

    p = ngx_pnalloc(pool, head.len + 3 * model->len + verb.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    tail->data = p;

    p = ngx_cpymem(p, head.data, head.len);
    p = ngx_ai_anthropic_escape(p, model);
    p = ngx_cpymem(p, verb.data, verb.len);

    tail->len = p - tail->data;

    return NGX_OK;
}


/* "@" is in the names of Vertex AI, and stays as those who call it send it */

static u_char *
ngx_ai_anthropic_escape(u_char *dst, const ngx_str_t *src)
{
    u_char  c;
    size_t  i;

    static const u_char  hex[] = "0123456789ABCDEF";

    for (i = 0; i < src->len; i++) {
        c = src->data[i];

        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            || c == '-' || c == '.' || c == '_' || c == '~' || c == '@')
        {
            *dst++ = c;

        } else {
            *dst++ = '%';
            *dst++ = hex[c >> 4];
            *dst++ = hex[c & 0xf];
        }
    }

    return dst;
}


u_char *
ngx_ai_anthropic_decode(ngx_ai_anthropic_base64_t *b, const u_char *p,
    const u_char *end, u_char *dst)
{
    u_char      c;
    ngx_uint_t  escaped;

    for ( /* void */ ; p < end; p++) {
        c = *p;

        escaped = b->escaped;
        b->escaped = (c == '\\');

        if (c == '\\' || c == '='
            || (escaped && (c == 'n' || c == 'r' || c == 't')))
        {
            continue;
        }

        if (c >= 'A' && c <= 'Z') {
            c -= 'A';

        } else if (c >= 'a' && c <= 'z') {
            c -= 'a' - 26;

        } else if (c >= '0' && c <= '9') {
            c += 52 - '0';

        } else if (c == '+' || c == '-') {
            c = 62;

        } else if (c == '/' || c == '_') {
            c = 63;

        } else {
            return NULL;
        }

        b->bits = b->bits << 6 | c;
        b->n += 6;

        if (b->n >= 8) {
            b->n -= 8;
            *dst++ = (u_char) (b->bits >> b->n);
        }
    }

    return dst;
}
