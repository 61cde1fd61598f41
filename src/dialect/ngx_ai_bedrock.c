
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_bedrock.h"


/*
 * Images, files and videos in S3 are written too, but no others by URL.  Of
 * "none" as the choice of tools see ngx_ai_bedrock_write_tools().
 */

#define NGX_AI_BEDROCK_KEPT                                                   \
    (ngx_ai_field(MAX_TOKENS) | ngx_ai_field(TEMPERATURE)                     \
     | ngx_ai_field(TOP_P) | ngx_ai_field(STOP) | ngx_ai_field(SCHEMA)        \
     | ngx_ai_field(TOOLS) | ngx_ai_field(TOOL_STRICT)                        \
     | ngx_ai_field(TOOL_CHOICE) | ngx_ai_field(TOOL_CHOICE_NAMED)            \
     | ngx_ai_field(TOOL_NATIVE) | ngx_ai_field(SYSTEM)                       \
     | ngx_ai_field(IMAGE) | ngx_ai_field(AUDIO) | ngx_ai_field(VIDEO)        \
     | ngx_ai_field(FILE) | ngx_ai_field(TOOL_CALL)                           \
     | ngx_ai_field(TOOL_RESULT) | ngx_ai_field(TOOL_RESULT_IMAGE)            \
     | ngx_ai_field(TOOL_RESULT_ERROR) | ngx_ai_field(THINKING)               \
     | ngx_ai_field(SIGNATURE) | ngx_ai_field(REDACTED)                       \
     | ngx_ai_field(SAFETY)                                                   \
     | ngx_ai_field(CACHE) | ngx_ai_field(METADATA) | ngx_ai_field(TIER))

#define NGX_AI_BEDROCK_MAPPED                                                 \
    (ngx_ai_field(TOP_K) | ngx_ai_field(EFFORT) | ngx_ai_field(BUDGET)        \
     | ngx_ai_field(TOOL_CHOICE_NONE) | ngx_ai_field(TOOL_CHOICE_ALLOWED)     \
     | ngx_ai_field(TOOL_CUSTOM) | ngx_ai_field(REFUSAL))


/* the tables */

typedef enum {
    NGX_AI_BEDROCK_TABLE_ASK = 0,
    NGX_AI_BEDROCK_TABLE_REPLY,    /* a reply, an event */
    NGX_AI_BEDROCK_TABLE_ERROR,
    NGX_AI_BEDROCK_TABLES
} ngx_ai_bedrock_table_e;


#define NGX_AI_BEDROCK_ASK_MAX     5


typedef enum {
    NGX_AI_BEDROCK_OUTPUT = 0,
    NGX_AI_BEDROCK_STOP_REASON,
    NGX_AI_BEDROCK_USAGE,
    NGX_AI_BEDROCK_INPUT,
    NGX_AI_BEDROCK_OUTPUT_TOKENS,
    NGX_AI_BEDROCK_READ,
    NGX_AI_BEDROCK_READ_OLD,
    NGX_AI_BEDROCK_WRITE,
    NGX_AI_BEDROCK_WRITE_OLD,
    NGX_AI_BEDROCK_MESSAGE,
    NGX_AI_BEDROCK_REPLY_MAX
} ngx_ai_bedrock_reply_e;


#define NGX_AI_BEDROCK_ERROR_MAX   2


typedef struct {
    ngx_str_t         type;        /* what x-amzn-errortype says */
    ngx_str_t         event;       /* the exception of a stream */
} ngx_ai_bedrock_error_t;


typedef struct {
    ngx_str_t         text;
    ngx_uint_t        kind;        /* ngx_ai_error_e */
} ngx_ai_bedrock_word_t;


static void ngx_ai_bedrock_edit(const ngx_ai_route_t *route,
    const ngx_ai_ask_t *ask, const ngx_str_t *model, ngx_uint_t quirks,
    ngx_ai_edits_t *edits);
static void ngx_ai_bedrock_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *values, ngx_uint_t quirks,
    ngx_ai_reply_t *reply);
static int64_t ngx_ai_bedrock_count(const ngx_ai_scan_value_t *v,
    ngx_uint_t one, ngx_uint_t other);
static ngx_int_t ngx_ai_bedrock_read_event(const ngx_ai_route_t *route,
    ngx_ai_reader_t *readers, const ngx_ai_sse_event_t *ev,
    ngx_uint_t quirks, ngx_uint_t hidden, ngx_ai_reply_t *reply,
    ngx_ai_event_t *event);
static ngx_uint_t ngx_ai_bedrock_is(const ngx_str_t *name, const char *text);
static ngx_int_t ngx_ai_bedrock_read_error(ngx_ai_reader_t *readers,
    const ngx_str_t *body, ngx_ai_error_t *error);
static ngx_uint_t ngx_ai_bedrock_message_kind(const ngx_str_t *message,
    ngx_uint_t kind);
static ngx_int_t ngx_ai_bedrock_write_error(ngx_ai_error_t *error,
    ngx_ai_buf_t *out);
static ngx_int_t ngx_ai_bedrock_write_message(const ngx_ai_error_t *error,
    ngx_ai_buf_t *out);
static const ngx_str_t *ngx_ai_bedrock_error_type(ngx_uint_t kind);
static ngx_int_t ngx_ai_bedrock_tail(const ngx_ai_aim_t *aim,
    ngx_pool_t *pool, ngx_str_t *tail, ngx_str_t *query);
static ngx_uint_t ngx_ai_bedrock_plain(u_char c);
static ngx_uint_t ngx_ai_bedrock_has(const ngx_str_t *s,
    const ngx_str_t *part);


/* what the gateway decides on; all else is the provider's to judge */

static const ngx_ai_scan_field_t
    ngx_ai_bedrock_ask_fields[NGX_AI_BEDROCK_ASK_MAX] = {
    { ngx_string("messages") },
    { ngx_string("system") },
    { ngx_string("inferenceConfig") },
    { ngx_string("inferenceConfig.maxTokens") },
    { ngx_string("toolConfig") }
};


static const ngx_ai_ask_rule_t
    ngx_ai_bedrock_rules[NGX_AI_BEDROCK_ASK_MAX] = {
    { NGX_AI_ARRAY, NGX_AI_ASK_OTHER, 1 << NGX_AI_OP_CHAT },
    { NGX_AI_ARRAY, NGX_AI_ASK_OTHER, 0 },
    { NGX_AI_OBJECT, NGX_AI_ASK_OTHER, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_MAX_TOKENS, 0 },
    { NGX_AI_OBJECT, NGX_AI_ASK_OTHER, 0 }
};


/* the older names of cached tokens are still sent beside the newer ones */

static const ngx_ai_scan_field_t
    ngx_ai_bedrock_reply_fields[NGX_AI_BEDROCK_REPLY_MAX] = {
    { ngx_string("output") },
    { ngx_string("stopReason") },
    { ngx_string("usage") },
    { ngx_string("usage.inputTokens") },
    { ngx_string("usage.outputTokens") },
    { ngx_string("usage.cacheReadInputTokens") },
    { ngx_string("usage.cacheReadInputTokenCount") },
    { ngx_string("usage.cacheWriteInputTokens") },
    { ngx_string("usage.cacheWriteInputTokenCount") },
    { ngx_string("message") }
};


static const ngx_ai_scan_field_t
    ngx_ai_bedrock_error_fields[NGX_AI_BEDROCK_ERROR_MAX] = {
    { ngx_string("message") },
    { ngx_string("Message") }
};


static const ngx_ai_table_t  ngx_ai_bedrock_tables[NGX_AI_BEDROCK_TABLES] = {
    { ngx_ai_bedrock_ask_fields, NGX_AI_BEDROCK_ASK_MAX },
    { ngx_ai_bedrock_reply_fields, NGX_AI_BEDROCK_REPLY_MAX },
    { ngx_ai_bedrock_error_fields, NGX_AI_BEDROCK_ERROR_MAX }
};


/* AWS's words for each ngx_ai_error_e; streams know fewer of them */

static const ngx_ai_bedrock_error_t
    ngx_ai_bedrock_errors[NGX_AI_ERROR_MAX] = {
    { ngx_string("InternalServerException"),
      ngx_string("internalServerException") },
    { ngx_string("ValidationException"),
      ngx_string("validationException") },
    { ngx_string("UnrecognizedClientException"),
      ngx_string("validationException") },
    { ngx_string("AccessDeniedException"),
      ngx_string("validationException") },
    { ngx_string("ResourceNotFoundException"),
      ngx_string("validationException") },
    { ngx_string("ResourceNotFoundException"),
      ngx_string("validationException") },
    { ngx_string("ResourceNotFoundException"),
      ngx_string("validationException") },
    { ngx_string("ValidationException"),
      ngx_string("validationException") },
    { ngx_string("ValidationException"),
      ngx_string("validationException") },
    { ngx_string("ValidationException"),
      ngx_string("validationException") },
    { ngx_string("ValidationException"),
      ngx_string("validationException") },
    { ngx_string("ValidationException"),
      ngx_string("validationException") },
    { ngx_string("ValidationException"),
      ngx_string("validationException") },
    { ngx_string("ThrottlingException"),
      ngx_string("throttlingException") },
    { ngx_string("ServiceQuotaExceededException"),
      ngx_string("throttlingException") },
    { ngx_string("InternalServerException"),
      ngx_string("internalServerException") },
    { ngx_string("ModelErrorException"),
      ngx_string("modelStreamErrorException") },
    { ngx_string("ModelErrorException"),
      ngx_string("modelStreamErrorException") },
    { ngx_string("ServiceUnavailableException"),
      ngx_string("serviceUnavailableException") },
    { ngx_string("ServiceUnavailableException"),
      ngx_string("serviceUnavailableException") },
    { ngx_string("ModelTimeoutException"),
      ngx_string("modelStreamErrorException") }
};


/* without "Exception", in any case */

static const ngx_ai_bedrock_word_t  ngx_ai_bedrock_exceptions[] = {
    { ngx_string("validation"), NGX_AI_ERROR_INVALID },
    { ngx_string("throttling"), NGX_AI_ERROR_RATE },
    { ngx_string("modelTimeout"), NGX_AI_ERROR_TIMEOUT },
    { ngx_string("serviceUnavailable"), NGX_AI_ERROR_UNAVAILABLE },
    { ngx_string("modelNotReady"), NGX_AI_ERROR_OVERLOADED },
    { ngx_string("serviceQuotaExceeded"), NGX_AI_ERROR_QUOTA },
    { ngx_string("accessDenied"), NGX_AI_ERROR_PROVIDER_AUTH },
    { ngx_string("resourceNotFound"), NGX_AI_ERROR_MODEL },
    { ngx_null_string, 0 }
};


/* what all of them call a ValidationException, by what the message has */

static const ngx_ai_bedrock_word_t  ngx_ai_bedrock_messages[] = {
    { ngx_string("nput is too long"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("prompt is too long"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("oo many input tokens"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("aximum number of tokens"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("context l"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("context window"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("model identifier"), NGX_AI_ERROR_MODEL },
    { ngx_string("content filtering policy"), NGX_AI_ERROR_POLICY },
    { ngx_null_string, 0 }
};


/* the first row that fits; the last one does */

static const ngx_ai_bedrock_maker_t  ngx_ai_bedrock_makers[] = {
    { ngx_string("anthropic."), NULL, "top_k",
      NGX_AI_BEDROCK_THINK_BUDGET, 1 },
    { ngx_string("amazon.nova-2"), "inferenceConfig", "topK",
      NGX_AI_BEDROCK_THINK_NOVA, 1 },
    { ngx_string("amazon.nova"), "inferenceConfig", "topK",
      NGX_AI_BEDROCK_THINK_NONE, 1 },
    { ngx_string("openai."), NULL, NULL,
      NGX_AI_BEDROCK_THINK_EFFORT, 0 },
    { ngx_string("cohere."), NULL, "k",
      NGX_AI_BEDROCK_THINK_NONE, 0 },
    { ngx_string("mistral."), NULL, "top_k",
      NGX_AI_BEDROCK_THINK_NONE, 0 },
    { ngx_string("meta."), NULL, NULL,
      NGX_AI_BEDROCK_THINK_NONE, 0 },
    { ngx_string("deepseek."), NULL, NULL,
      NGX_AI_BEDROCK_THINK_NONE, 0 },
    { ngx_string("amazon.titan"), NULL, NULL,
      NGX_AI_BEDROCK_THINK_NONE, 0 },
    { ngx_null_string, NULL, "top_k",
      NGX_AI_BEDROCK_THINK_NONE, 1 }
};


const ngx_ai_dialect_t  ngx_ai_bedrock = {
    ngx_string("bedrock"),
    ngx_ai_bedrock_tables,
    NGX_AI_BEDROCK_TABLES,
    ngx_ai_bedrock_rules,
    ngx_ai_bedrock_edit,
    NGX_AI_BEDROCK_TABLE_REPLY,
    ngx_ai_bedrock_read_reply,
    ngx_ai_bedrock_read_event,
    ngx_ai_bedrock_read_error,
    ngx_ai_bedrock_write_error,
    ngx_ai_bedrock_write_error_event,
    ngx_string("x-amzn-errortype"),
    ngx_ai_bedrock_error_type,
    NGX_AI_FRAMING_AWS,
    ngx_ai_bedrock_tail,
    { { ngx_ai_bedrock_read_ask, ngx_ai_bedrock_write_ask,
        ngx_ai_bedrock_read_answer, ngx_ai_bedrock_write_answer,
        NGX_AI_BEDROCK_KEPT, NGX_AI_BEDROCK_MAPPED, NULL } },
    sizeof(ngx_ai_bedrock_source_t),
    ngx_ai_bedrock_read_delta,
    sizeof(ngx_ai_bedrock_sink_t),
    0,
    ngx_ai_bedrock_write_delta,
    ngx_null_string,
    ngx_null_string
};


/* model and streaming are in the path, and usage comes unasked */

static void
ngx_ai_bedrock_edit(const ngx_ai_route_t *route, const ngx_ai_ask_t *ask,
    const ngx_str_t *model, ngx_uint_t quirks, ngx_ai_edits_t *edits)
{
    edits->n = 0;
    edits->usage = 0;
}


static void
ngx_ai_bedrock_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *v, ngx_uint_t quirks, ngx_ai_reply_t *reply)
{
    int64_t                     *t;
    ngx_ai_usage_t              *usage;
    const ngx_ai_scan_value_t   *reason;

    if (v[NGX_AI_BEDROCK_OUTPUT].count == 0
        && v[NGX_AI_BEDROCK_MESSAGE].type == NGX_AI_JSON_STRING)
    {
        reply->error = 1;
    }

    if (v[NGX_AI_BEDROCK_USAGE].type == NGX_AI_JSON_OBJECT) {
        usage = &reply->usage;

        ngx_memzero(usage, sizeof(ngx_ai_usage_t));

        usage->reported = 1;
        t = usage->tokens;

        t[NGX_AI_USAGE_INPUT] = ngx_ai_bedrock_count(v, NGX_AI_BEDROCK_INPUT,
                                    NGX_AI_BEDROCK_INPUT);
        t[NGX_AI_USAGE_OUTPUT] = ngx_ai_bedrock_count(v,
                                    NGX_AI_BEDROCK_OUTPUT_TOKENS,
                                    NGX_AI_BEDROCK_OUTPUT_TOKENS);
        t[NGX_AI_USAGE_CACHE_READ] = ngx_ai_bedrock_count(v,
                                    NGX_AI_BEDROCK_READ,
                                    NGX_AI_BEDROCK_READ_OLD);
        t[NGX_AI_USAGE_CACHE_WRITE] = ngx_ai_bedrock_count(v,
                                    NGX_AI_BEDROCK_WRITE,
                                    NGX_AI_BEDROCK_WRITE_OLD);
    }

    reason = &v[NGX_AI_BEDROCK_STOP_REASON];

    if (reason->type == NGX_AI_JSON_STRING && reason->len) {
        reply->finish = ngx_ai_bedrock_finish(reason->text, reason->len);
        reply->finished = 1;
    }
}


/* the first of two names that holds a count */

static int64_t
ngx_ai_bedrock_count(const ngx_ai_scan_value_t *v, ngx_uint_t one,
    ngx_uint_t other)
{
    if (v[one].integer && v[one].value >= 0) {
        return v[one].value;
    }

    if (v[other].integer && v[other].value >= 0) {
        return v[other].value;
    }

    return 0;
}


/*
 * A stream ends with its metadata, which come behind the stop reason; without
 * one it has been cut.
 */

static ngx_int_t
ngx_ai_bedrock_read_event(const ngx_ai_route_t *route,
    ngx_ai_reader_t *readers, const ngx_ai_sse_event_t *ev,
    ngx_uint_t quirks, ngx_uint_t hidden, ngx_ai_reply_t *reply,
    ngx_ai_event_t *event)
{
    ngx_uint_t        metadata;
    ngx_ai_reader_t  *reader;

    ngx_memzero(event, sizeof(ngx_ai_event_t));

    if (ev->error) {
        event->error = 1;
        reply->error = 1;
        return NGX_OK;
    }

    if (ngx_ai_bedrock_is(&ev->name, "contentBlockDelta")
        || ngx_ai_bedrock_is(&ev->name, "contentBlockStart"))
    {
        event->content = 1;
        return NGX_OK;
    }

    metadata = ngx_ai_bedrock_is(&ev->name, "metadata");

    if (!metadata && !ngx_ai_bedrock_is(&ev->name, "messageStop")) {
        return NGX_OK;
    }

    reader = &readers[NGX_AI_BEDROCK_TABLE_REPLY];

    if (ngx_ai_reader_read(reader, &ev->data) != NGX_OK
        || reader->scan.top.type != NGX_AI_JSON_OBJECT)
    {
        return NGX_ERROR;
    }

    ngx_ai_bedrock_read_reply(route, reader->values, quirks, reply);

    if (metadata && reply->finished) {
        event->end = 1;
        reply->ended = 1;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_bedrock_is(const ngx_str_t *name, const char *text)
{
    return name->len == ngx_strlen(text)
           && ngx_memcmp(name->data, text, name->len) == 0;
}


static ngx_int_t
ngx_ai_bedrock_read_error(ngx_ai_reader_t *readers, const ngx_str_t *body,
    ngx_ai_error_t *error)
{
    ngx_uint_t            i;
    ngx_ai_reader_t      *reader;
    ngx_ai_scan_value_t  *v;

    reader = &readers[NGX_AI_BEDROCK_TABLE_ERROR];

    if (ngx_ai_reader_read(reader, body) != NGX_OK) {
        return NGX_DECLINED;
    }

    for (i = 0; i < NGX_AI_BEDROCK_ERROR_MAX; i++) {
        v = &reader->values[i];

        if (v->type == NGX_AI_JSON_STRING) {
            error->message.data = body->data + v->start + 1;
            error->message.len = v->end - v->start - 2;

            error->kind = ngx_ai_bedrock_message_kind(&error->message,
                                                      error->kind);
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


ngx_uint_t
ngx_ai_bedrock_error_kind(const ngx_str_t *name, const ngx_str_t *message)
{
    const ngx_ai_bedrock_word_t  *word;

    for (word = ngx_ai_bedrock_exceptions; word->text.len; word++) {

        if (name->len >= word->text.len
            && ngx_strncasecmp(name->data, word->text.data, word->text.len)
               == 0)
        {
            return ngx_ai_bedrock_message_kind(message, word->kind);
        }
    }

    return NGX_AI_ERROR_UPSTREAM;
}


static ngx_uint_t
ngx_ai_bedrock_message_kind(const ngx_str_t *message, ngx_uint_t kind)
{
    const ngx_ai_bedrock_word_t  *word;

    if (kind != NGX_AI_ERROR_INVALID && kind != NGX_AI_ERROR_NOT_FOUND) {
        return kind;
    }

    for (word = ngx_ai_bedrock_messages; word->text.len; word++) {

        if (ngx_ai_bedrock_has(message, &word->text)) {
            return word->kind;
        }
    }

    return kind;
}


static ngx_int_t
ngx_ai_bedrock_write_error(ngx_ai_error_t *error, ngx_ai_buf_t *out)
{
    if (error->kind == NGX_AI_ERROR_AUTH) {
        error->status = 403;
    }

    return ngx_ai_bedrock_write_message(error, out);
}


ngx_int_t
ngx_ai_bedrock_write_error_event(const ngx_ai_route_t *route,
    const ngx_ai_error_t *error, ngx_uint_t framing, ngx_ai_buf_t *out)
{
    size_t     mark;
    ngx_int_t  rc;

    rc = ngx_ai_aws_begin(out, &ngx_ai_bedrock_errors[error->kind].event, 1,
                          &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_bedrock_write_message(error, out);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_aws_finish(out, mark);
}


static ngx_int_t
ngx_ai_bedrock_write_message(const ngx_ai_error_t *error, ngx_ai_buf_t *out)
{
    ngx_ai_json_writer_t  w;

    ngx_ai_json_writer_init(&w, out);

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "message");
    ngx_ai_json_write_string(&w, &error->message);
    ngx_ai_json_write_end(&w);

    return w.rc;
}


static const ngx_str_t *
ngx_ai_bedrock_error_type(ngx_uint_t kind)
{
    return &ngx_ai_bedrock_errors[kind].type;
}


/* a model may be an ARN, which has slashes and colons */

static ngx_int_t
ngx_ai_bedrock_tail(const ngx_ai_aim_t *aim, ngx_pool_t *pool,
    ngx_str_t *tail, ngx_str_t *query)
{
    u_char                  *p, c;
    size_t                   i;
    const ngx_str_t         *end;

    static const u_char      digits[] = "0123456789ABCDEF";
    static const ngx_str_t   ends[] = {
        ngx_string("/converse"),
        ngx_string("/converse-stream")
    };

    end = &ends[aim->stream ? 1 : 0];

    p = ngx_pnalloc(pool, sizeof("/model/") - 1 + 3 * aim->model.len
                          + end->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    tail->data = p;

    p = ngx_cpymem(p, "/model/", sizeof("/model/") - 1);

    for (i = 0; i < aim->model.len; i++) {
        c = aim->model.data[i];

        if (ngx_ai_bedrock_plain(c)) {
            *p++ = c;

        } else {
            *p++ = '%';
            *p++ = digits[c >> 4];
            *p++ = digits[c & 15];
        }
    }

    p = ngx_cpymem(p, end->data, end->len);

    tail->len = p - tail->data;
    ngx_str_null(query);

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_bedrock_plain(u_char c)
{
    return (c >= '0' && c <= '9')
           || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
           || c == '.' || c == '_' || c == '~' || c == '-';
}


const ngx_ai_bedrock_maker_t *
ngx_ai_bedrock_maker(const ngx_str_t *model)
{
    const ngx_ai_bedrock_maker_t  *maker;

    for (maker = ngx_ai_bedrock_makers; maker->name.len; maker++) {

        if (ngx_ai_bedrock_has(model, &maker->name)) {
            break;
        }
    }

    return maker;
}


static ngx_uint_t
ngx_ai_bedrock_has(const ngx_str_t *s, const ngx_str_t *part)
{
    return s->len >= part->len
           && memmem(s->data, s->len, part->data, part->len) != NULL;
}
