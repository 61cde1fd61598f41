
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"


#define NGX_AI_GEMINI_DELAY_MAX  86400     /* seconds */

/* where Google takes one object in the place of an array */
#define NGX_AI_GEMINI_LIST       (NGX_AI_ARRAY | NGX_AI_OBJECT)


/*
 * An image or a file by a URL is fileData, which takes any that Google can
 * fetch: gs://, those of its Files API, and https:// (seen with AI Studio and
 * with Vertex).
 */

#define NGX_AI_GEMINI_KEPT                                                    \
    (ngx_ai_field(MAX_TOKENS) | ngx_ai_field(TEMPERATURE)                     \
     | ngx_ai_field(TOP_P) | ngx_ai_field(TOP_K) | ngx_ai_field(N)            \
     | ngx_ai_field(STOP) | ngx_ai_field(SEED)                                \
     | ngx_ai_field(PRESENCE_PENALTY) | ngx_ai_field(FREQUENCY_PENALTY)       \
     | ngx_ai_field(LOGPROBS) | ngx_ai_field(JSON) | ngx_ai_field(SCHEMA)     \
     | ngx_ai_field(IMAGE_OUT) | ngx_ai_field(BUDGET) | ngx_ai_field(TOOLS)   \
     | ngx_ai_field(TOOL_CHOICE) | ngx_ai_field(TOOL_CHOICE_NONE)             \
     | ngx_ai_field(TOOL_CHOICE_NAMED) | ngx_ai_field(TOOL_CHOICE_ALLOWED)    \
     | ngx_ai_field(WEB_SEARCH) | ngx_ai_field(CODE)                          \
     | ngx_ai_field(TOOL_NATIVE) | ngx_ai_field(SYSTEM)                       \
     | ngx_ai_field(IMAGE) | ngx_ai_field(IMAGE_URL) | ngx_ai_field(AUDIO)    \
     | ngx_ai_field(VIDEO) | ngx_ai_field(FILE) | ngx_ai_field(FILE_URL)      \
     | ngx_ai_field(FILE_ID) | ngx_ai_field(TOOL_CALL)                        \
     | ngx_ai_field(TOOL_RESULT) | ngx_ai_field(TOOL_RESULT_IMAGE)            \
     | ngx_ai_field(TOOL_RESULT_ERROR)                                        \
     | ngx_ai_field(SIGNATURE) | ngx_ai_field(SAFETY))

#define NGX_AI_GEMINI_MAPPED                                                  \
    (ngx_ai_field(AUDIO_OUT) | ngx_ai_field(EFFORT) | ngx_ai_field(SUMMARY)   \
     | ngx_ai_field(THINKING)                                                \
     | ngx_ai_field(TOOL_CUSTOM) | ngx_ai_field(REFUSAL) | ngx_ai_field(TIER))


/* the error itself, and that of an array that has one */

#define NGX_AI_GEMINI_FAULT(p)                                                \
    { ngx_string(p "error") },                                                \
    { ngx_string(p "error.message") },                                        \
    { ngx_string(p "error.status") },                                         \
    { ngx_string(p "error.code") },                                           \
    { ngx_string(p "error.details.*.reason") },                               \
    { ngx_string(p "error.details.*.retryDelay") }


typedef enum {
    NGX_AI_GEMINI_ERROR_OBJECT = 0,
    NGX_AI_GEMINI_ERROR_MESSAGE,
    NGX_AI_GEMINI_ERROR_STATUS,
    NGX_AI_GEMINI_ERROR_CODE,
    NGX_AI_GEMINI_ERROR_REASON,
    NGX_AI_GEMINI_ERROR_DELAY,
    NGX_AI_GEMINI_ERROR_LIST,      /* the same again */
    NGX_AI_GEMINI_ERROR_PLAIN = 12,
    NGX_AI_GEMINI_ERROR_FIELDS
} ngx_ai_gemini_error_e;


typedef struct {
    ngx_str_t         name;
    ngx_uint_t        kind;
} ngx_ai_gemini_status_t;


static void ngx_ai_gemini_edit(const ngx_ai_route_t *route,
    const ngx_ai_ask_t *ask, const ngx_str_t *model, ngx_uint_t quirks,
    ngx_ai_edits_t *edits);
static ngx_int_t ngx_ai_gemini_tail(const ngx_ai_aim_t *aim, ngx_pool_t *pool,
    ngx_str_t *tail, ngx_str_t *query);
static ngx_uint_t ngx_ai_gemini_plain_char(u_char c);
static ngx_int_t ngx_ai_gemini_read_error(ngx_ai_reader_t *readers,
    const ngx_str_t *body, ngx_ai_error_t *error);
static void ngx_ai_gemini_value(const ngx_str_t *body,
    const ngx_ai_scan_value_t *v, ngx_str_t *text);
static ngx_uint_t ngx_ai_gemini_has(const ngx_str_t *text, const char *words);
static int64_t ngx_ai_gemini_delay(const ngx_str_t *text);
static ngx_int_t ngx_ai_gemini_write_error(ngx_ai_error_t *error,
    ngx_ai_buf_t *out);
static ngx_int_t ngx_ai_gemini_write_error_event(const ngx_ai_route_t *route,
    const ngx_ai_error_t *error, ngx_uint_t framing, ngx_ai_buf_t *out);
static void ngx_ai_gemini_write_details(ngx_ai_json_writer_t *w,
    const ngx_ai_error_t *error);


/* the model and whether it streams are in the path */

static const ngx_ai_scan_field_t  ngx_ai_gemini_ask_fields[] = {
    { ngx_string("contents") },
    { ngx_string("generationConfig") },
    { ngx_string("generation_config") },
    { ngx_string("generationConfig.maxOutputTokens") },
    { ngx_string("generationConfig.max_output_tokens") },
    { ngx_string("generation_config.maxOutputTokens") },
    { ngx_string("generation_config.max_output_tokens") },
    { ngx_string("generationConfig.candidateCount") },
    { ngx_string("generationConfig.candidate_count") },
    { ngx_string("generation_config.candidateCount") },
    { ngx_string("generation_config.candidate_count") }
};


static const ngx_ai_ask_rule_t  ngx_ai_gemini_rules[] = {
    { NGX_AI_GEMINI_LIST, NGX_AI_ASK_OTHER, 1 << NGX_AI_OP_CHAT },
    { NGX_AI_OBJECT, NGX_AI_ASK_OTHER, 0 },
    { NGX_AI_OBJECT, NGX_AI_ASK_OTHER, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_MAX_TOKENS, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_MAX_TOKENS, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_MAX_TOKENS, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_MAX_TOKENS, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_N, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_N, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_N, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_N, 0 }
};


static const ngx_ai_scan_field_t
    ngx_ai_gemini_error_fields[NGX_AI_GEMINI_ERROR_FIELDS] = {
    NGX_AI_GEMINI_FAULT(""),
    NGX_AI_GEMINI_FAULT("*."),
    { ngx_string("message") }
};


static const ngx_ai_table_t  ngx_ai_gemini_tables[NGX_AI_GEMINI_TABLES] = {
    { ngx_ai_gemini_ask_fields,
      sizeof(ngx_ai_gemini_ask_fields) / sizeof(ngx_ai_scan_field_t) },
    { ngx_ai_gemini_reply_fields, NGX_AI_GEMINI_REPLY_MAX },
    { ngx_ai_gemini_error_fields, NGX_AI_GEMINI_ERROR_FIELDS }
};


/* what a method is called, by ngx_ai_op_e: whole and as a stream */

static const ngx_str_t  ngx_ai_gemini_methods[NGX_AI_OP_MAX][2] = {
    { ngx_string(":generateContent"), ngx_string(":streamGenerateContent") },
    { ngx_null_string, ngx_null_string },
    { ngx_null_string, ngx_null_string },
    { ngx_null_string, ngx_null_string },
    { ngx_null_string, ngx_null_string },
    { ngx_null_string, ngx_null_string }
};


/* Google's words for each ngx_ai_error_e */

static const ngx_str_t  ngx_ai_gemini_names[NGX_AI_ERROR_MAX] = {
    ngx_string("OK"),
    ngx_string("INVALID_ARGUMENT"),
    ngx_string("UNAUTHENTICATED"),
    ngx_string("PERMISSION_DENIED"),
    ngx_string("NOT_FOUND"),
    ngx_string("NOT_FOUND"),
    ngx_string("NOT_FOUND"),
    ngx_string("UNIMPLEMENTED"),
    ngx_string("INVALID_ARGUMENT"),
    ngx_string("INVALID_ARGUMENT"),
    ngx_string("INVALID_ARGUMENT"),
    ngx_string("INVALID_ARGUMENT"),
    ngx_string("INVALID_ARGUMENT"),
    ngx_string("RESOURCE_EXHAUSTED"),
    ngx_string("RESOURCE_EXHAUSTED"),
    ngx_string("INTERNAL"),
    ngx_string("INTERNAL"),
    ngx_string("INTERNAL"),
    ngx_string("UNAVAILABLE"),
    ngx_string("UNAVAILABLE"),
    ngx_string("DEADLINE_EXCEEDED")
};


/* what its words are for the gateway, whose key it is that was refused */

static const ngx_ai_gemini_status_t  ngx_ai_gemini_statuses[] = {
    { ngx_string("INVALID_ARGUMENT"), NGX_AI_ERROR_INVALID },
    { ngx_string("FAILED_PRECONDITION"), NGX_AI_ERROR_INVALID },
    { ngx_string("OUT_OF_RANGE"), NGX_AI_ERROR_INVALID },
    { ngx_string("UNIMPLEMENTED"), NGX_AI_ERROR_INVALID },
    { ngx_string("UNAUTHENTICATED"), NGX_AI_ERROR_PROVIDER_AUTH },
    { ngx_string("PERMISSION_DENIED"), NGX_AI_ERROR_PROVIDER_AUTH },
    { ngx_string("NOT_FOUND"), NGX_AI_ERROR_NOT_FOUND },
    { ngx_string("RESOURCE_EXHAUSTED"), NGX_AI_ERROR_RATE },
    { ngx_string("UNAVAILABLE"), NGX_AI_ERROR_OVERLOADED },
    { ngx_string("ABORTED"), NGX_AI_ERROR_UNAVAILABLE },
    { ngx_string("DEADLINE_EXCEEDED"), NGX_AI_ERROR_TIMEOUT },
    { ngx_string("INTERNAL"), NGX_AI_ERROR_UPSTREAM },
    { ngx_string("UNKNOWN"), NGX_AI_ERROR_UPSTREAM },
    { ngx_string("DATA_LOSS"), NGX_AI_ERROR_UPSTREAM },
    { ngx_string("CANCELLED"), NGX_AI_ERROR_UPSTREAM },
    { ngx_null_string, 0 }
};


const ngx_ai_dialect_t  ngx_ai_gemini = {
    ngx_string("gemini"),
    ngx_ai_gemini_tables,
    NGX_AI_GEMINI_TABLES,
    ngx_ai_gemini_rules,
    ngx_ai_gemini_edit,
    NGX_AI_GEMINI_TABLE_REPLY,
    ngx_ai_gemini_read_reply,
    ngx_ai_gemini_read_event,
    ngx_ai_gemini_read_error,
    ngx_ai_gemini_write_error,
    ngx_ai_gemini_write_error_event,
    ngx_null_string,
    NULL,
    NGX_AI_FRAMING_SSE,
    ngx_ai_gemini_tail,
    { { ngx_ai_gemini_read_ask, ngx_ai_gemini_write_ask,
        ngx_ai_gemini_read_answer, ngx_ai_gemini_write_answer,
        NGX_AI_GEMINI_KEPT, NGX_AI_GEMINI_MAPPED, NULL },
      { NULL, NULL, NULL, NULL, 0, 0, NULL },
      { NULL, NULL, NULL, NULL, 0, 0, NULL },
      { NULL, NULL, NULL, NULL, 0, 0, NULL },
      { NULL, NULL, NULL, NULL, 0, 0, NULL },
      { NULL, NULL, NULL, NULL, 0, 0, NULL } },
    sizeof(ngx_ai_gemini_stream_t),
    ngx_ai_gemini_read_delta,
    sizeof(ngx_ai_gemini_sink_t),
    1,
    ngx_ai_gemini_write_delta,
    ngx_null_string,
    ngx_null_string
};


/* nothing in a body is a target's business, and usage is always told */

static void
ngx_ai_gemini_edit(const ngx_ai_route_t *route, const ngx_ai_ask_t *ask,
    const ngx_str_t *model, ngx_uint_t quirks, ngx_ai_edits_t *edits)
{
    edits->n = 0;
    edits->usage = 0;
}


/* a name with a slash is one of a collection: "tunedModels/x", "models/x" */

static ngx_int_t
ngx_ai_gemini_tail(const ngx_ai_aim_t *aim, ngx_pool_t *pool, ngx_str_t *tail,
    ngx_str_t *query)
{
    u_char           *p;
    size_t            i;
    const ngx_str_t  *method;

    static const u_char  hex[] = "0123456789ABCDEF";

    method = &ngx_ai_gemini_methods[aim->op][aim->stream ? 1 : 0];

    if (method->len == 0 || aim->model.len == 0) {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(pool, sizeof("/models/") - 1 + 3 * aim->model.len
                          + method->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    tail->data = p;
    *p++ = '/';

    if (ngx_strlchr(aim->model.data, aim->model.data + aim->model.len, '/')
        == NULL)
    {
        p = ngx_cpymem(p, "models/", sizeof("models/") - 1);
    }

    for (i = 0; i < aim->model.len; i++) {

        if (ngx_ai_gemini_plain_char(aim->model.data[i])) {
            *p++ = aim->model.data[i];
            continue;
        }

        *p++ = '%';
        *p++ = hex[aim->model.data[i] >> 4];
        *p++ = hex[aim->model.data[i] & 0xf];
    }

    p = ngx_cpymem(p, method->data, method->len);
    tail->len = p - tail->data;

    ngx_str_null(query);

    if (aim->stream) {
        ngx_str_set(query, "alt=sse");
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_gemini_plain_char(u_char c)
{
    if (c >= '0' && c <= '9') {
        return 1;
    }

    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
        return 1;
    }

    return c == '-' || c == '.' || c == '_' || c == '~' || c == '@'
           || c == '/';
}


static ngx_int_t
ngx_ai_gemini_read_error(ngx_ai_reader_t *readers, const ngx_str_t *body,
    ngx_ai_error_t *error)
{
    ngx_ai_reader_t        *reader;
    ngx_ai_scan_value_t    *v;
    ngx_ai_gemini_fault_t   fault;

    ngx_str_null(&error->message);
    error->retry_after = -1;

    reader = &readers[NGX_AI_GEMINI_TABLE_ERROR];

    if (ngx_ai_reader_read(reader, body) != NGX_OK) {
        return NGX_DECLINED;
    }

    v = reader->values;

    if (v[NGX_AI_GEMINI_ERROR_OBJECT].count == 0) {

        if (v[NGX_AI_GEMINI_ERROR_LIST].count == 0) {
            ngx_ai_gemini_value(body, &v[NGX_AI_GEMINI_ERROR_PLAIN],
                                &error->message);
            return NGX_DECLINED;
        }

        v = &v[NGX_AI_GEMINI_ERROR_LIST];
    }

    /* {"error":"..."} is another's */

    if (v[NGX_AI_GEMINI_ERROR_OBJECT].type != NGX_AI_JSON_OBJECT) {
        ngx_ai_gemini_value(body, &v[NGX_AI_GEMINI_ERROR_OBJECT],
                            &error->message);
        return NGX_DECLINED;
    }

    ngx_ai_gemini_value(body, &v[NGX_AI_GEMINI_ERROR_MESSAGE],
                        &fault.message);
    ngx_ai_gemini_value(body, &v[NGX_AI_GEMINI_ERROR_STATUS], &fault.status);
    ngx_ai_gemini_value(body, &v[NGX_AI_GEMINI_ERROR_REASON], &fault.reason);
    ngx_ai_gemini_value(body, &v[NGX_AI_GEMINI_ERROR_DELAY], &fault.delay);

    fault.code = v[NGX_AI_GEMINI_ERROR_CODE].integer
                 ? v[NGX_AI_GEMINI_ERROR_CODE].value : 0;

    ngx_ai_gemini_explain(&fault, error);

    return fault.message.len ? NGX_OK : NGX_DECLINED;
}


/* the text of a string, in the body; empty: it is none */

static void
ngx_ai_gemini_value(const ngx_str_t *body, const ngx_ai_scan_value_t *v,
    ngx_str_t *text)
{
    ngx_str_null(text);

    if (v->type == NGX_AI_JSON_STRING) {
        text->data = body->data + v->start + 1;
        text->len = (size_t) (v->end - v->start - 2);
    }
}


void
ngx_ai_gemini_explain(const ngx_ai_gemini_fault_t *fault,
    ngx_ai_error_t *error)
{
    const ngx_ai_gemini_status_t  *s;

    error->message = fault->message;
    error->retry_after = ngx_ai_gemini_delay(&fault->delay);

    for (s = ngx_ai_gemini_statuses; s->name.len; s++) {
        if (s->name.len == fault->status.len
            && ngx_memcmp(s->name.data, fault->status.data, s->name.len) == 0)
        {
            error->kind = s->kind;
            break;
        }
    }

    /* 499 is what was cancelled, and not by the client */

    if (error->kind == NGX_AI_ERROR_NONE) {
        error->kind = (fault->code >= 400 && fault->code < 600
                       && fault->code != 499)
                      ? ngx_ai_error_kind((ngx_uint_t) fault->code)
                      : NGX_AI_ERROR_UPSTREAM;
    }

    /* a key that is no key is a bad argument to Google */

    if (fault->reason.len >= sizeof("API_KEY_") - 1
        && ngx_memcmp(fault->reason.data, "API_KEY_", sizeof("API_KEY_") - 1)
           == 0)
    {
        error->kind = NGX_AI_ERROR_PROVIDER_AUTH;
        return;
    }

    switch (error->kind) {

    case NGX_AI_ERROR_INVALID:
        if (ngx_ai_gemini_has(&fault->message, "token count")
            && ngx_ai_gemini_has(&fault->message, "exceeds"))
        {
            error->kind = NGX_AI_ERROR_CONTEXT;
        }

        break;

    case NGX_AI_ERROR_NOT_FOUND:
        if (ngx_ai_gemini_has(&fault->message, "odel")) {
            error->kind = NGX_AI_ERROR_MODEL;
        }

        break;
    }
}


static ngx_uint_t
ngx_ai_gemini_has(const ngx_str_t *text, const char *words)
{
    return text->len
           && memmem(text->data, text->len, words, ngx_strlen(words)) != NULL;
}


/* "17s", "48.939935699s": in milliseconds, rounded up; -1: it is neither */

static int64_t
ngx_ai_gemini_delay(const ngx_str_t *text)
{
    size_t      i;
    int64_t     ms;
    ngx_uint_t  digits, rest;

    ms = 0;
    rest = 0;
    digits = 0;

    for (i = 0; i < text->len && text->data[i] >= '0' && text->data[i] <= '9';
         i++)
    {
        if (ms < NGX_AI_GEMINI_DELAY_MAX) {
            ms = ms * 10 + (text->data[i] - '0');
        }
    }

    if (i == 0) {
        return -1;
    }

    ms = ngx_min(ms, NGX_AI_GEMINI_DELAY_MAX) * 1000;

    if (i < text->len && text->data[i] == '.') {

        for (i++; i < text->len
                  && text->data[i] >= '0' && text->data[i] <= '9';
             i++)
        {
            if (digits < 3) {
                rest = rest * 10 + (text->data[i] - '0');
                digits++;

            } else if (text->data[i] != '0') {
                digits = 4;
            }
        }

        if (digits == 4) {
            rest++;
        }

        for ( /* void */ ; digits < 3; digits++) {
            rest *= 10;
        }

        ms += rest;
    }

    return (i + 1 == text->len && text->data[i] == 's') ? ms : -1;
}


static ngx_int_t
ngx_ai_gemini_write_error(ngx_ai_error_t *error, ngx_ai_buf_t *out)
{
    ngx_ai_json_writer_t  w;

    ngx_ai_json_writer_init(&w, out);
    ngx_ai_gemini_write_envelope(&w, error);

    return w.rc;
}


/*
 * An array has begun when this is called: without an element of it nothing
 * has been sent, and an error is no event.
 */

static ngx_int_t
ngx_ai_gemini_write_error_event(const ngx_ai_route_t *route,
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
    ngx_ai_gemini_write_envelope(&w, error);

    if (w.rc != NGX_OK) {
        return w.rc;
    }

    rc = ngx_ai_framing_finish(framing, out, mark);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_framing_last(framing, out, 0);
}


void
ngx_ai_gemini_write_envelope(ngx_ai_json_writer_t *w,
    const ngx_ai_error_t *error)
{
    ngx_uint_t  status;

    status = error->status ? error->status : ngx_ai_error_status(error->kind);

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "error");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "code");
    ngx_ai_json_write_int(w, (int64_t) status);

    ngx_ai_json_write_key(w, "message");
    ngx_ai_json_write_string(w, &error->message);

    ngx_ai_json_write_key(w, "status");
    ngx_ai_json_write_string(w, &ngx_ai_gemini_names[error->kind]);

    if (error->param.len
        || (error->retry_after > 0 && status == 429))
    {
        ngx_ai_gemini_write_details(w, error);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


static void
ngx_ai_gemini_write_details(ngx_ai_json_writer_t *w,
    const ngx_ai_error_t *error)
{
    u_char     buf[NGX_INT64_LEN + 1];
    ngx_str_t  delay;

    ngx_ai_json_write_key(w, "details");
    ngx_ai_json_write_array(w);
    ngx_ai_json_write_object(w);

    if (error->param.len) {
        ngx_ai_json_write_literal(w,
            "\"@type\":\"type.googleapis.com/google.rpc.BadRequest\"");

        ngx_ai_json_write_key(w, "fieldViolations");
        ngx_ai_json_write_array(w);
        ngx_ai_json_write_object(w);

        ngx_ai_json_write_key(w, "field");
        ngx_ai_json_write_string(w, &error->param);

        ngx_ai_json_write_key(w, "description");
        ngx_ai_json_write_string(w, &error->message);

        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);

    } else {
        ngx_ai_json_write_literal(w,
            "\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\"");

        /* whole seconds, rounded up */

        delay.data = buf;
        delay.len = ngx_snprintf(buf, sizeof(buf), "%Ls",
                                 (error->retry_after + 999) / 1000)
                    - buf;

        ngx_ai_json_write_key(w, "retryDelay");
        ngx_ai_json_write_string(w, &delay);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}
