
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"


#define NGX_AI_OPENAI_PHRASE_IN  512   /* bytes of a message are looked at */


typedef struct {
    ngx_str_t         type;
    ngx_str_t         code;        /* empty: null */
} ngx_ai_openai_error_t;


/* what an error's "code" or "type" says, where a status does not say it */

typedef struct {
    ngx_str_t         word;
    ngx_uint_t        kind;
    ngx_uint_t        alone;       /* there is no status: not else */
} ngx_ai_openai_error_word_t;


typedef struct {
    int64_t           code;
    ngx_uint_t        kind;
} ngx_ai_openai_error_code_t;


typedef enum {
    NGX_AI_OPENAI_ERROR_OBJECT = 0,
    NGX_AI_OPENAI_ERROR_INNER,
    NGX_AI_OPENAI_ERROR_MESSAGE,
    NGX_AI_OPENAI_ERROR_DETAIL,
    NGX_AI_OPENAI_ERROR_LISTED,
    NGX_AI_OPENAI_ERROR_STATUS,
    NGX_AI_OPENAI_ERROR_ARRAY,
    NGX_AI_OPENAI_ERROR_CODE,
    NGX_AI_OPENAI_ERROR_TYPE,
    NGX_AI_OPENAI_ERROR_CAUSE,
    NGX_AI_OPENAI_ERROR_OUTER_CODE,
    NGX_AI_OPENAI_ERROR_OUTER_TYPE,
    NGX_AI_OPENAI_ERROR_BASE_CODE
} ngx_ai_openai_error_e;


static void ngx_ai_openai_error_text(const ngx_ai_scan_value_t *v,
    ngx_uint_t one, ngx_uint_t other, ngx_str_t *text);
static ngx_uint_t ngx_ai_openai_word_kind(const ngx_str_t *word,
    ngx_uint_t alone);
static ngx_uint_t ngx_ai_openai_phrase_kind(const ngx_str_t *message);
static int64_t ngx_ai_openai_status(const ngx_ai_openai_fault_t *fault);
static void ngx_ai_openai_write_envelope(ngx_ai_json_writer_t *w,
    const ngx_ai_error_t *error);


/* OpenAI's words for each ngx_ai_error_e */

static const ngx_ai_openai_error_t  ngx_ai_openai_errors[NGX_AI_ERROR_MAX] = {
    { ngx_null_string, ngx_null_string },
    { ngx_string("invalid_request_error"), ngx_null_string },
    { ngx_string("invalid_request_error"), ngx_string("invalid_api_key") },
    { ngx_string("invalid_request_error"), ngx_string("model_not_allowed") },
    { ngx_string("invalid_request_error"), ngx_string("unknown_url") },
    { ngx_string("invalid_request_error"), ngx_string("model_not_found") },
    { ngx_string("invalid_request_error"), ngx_null_string },
    { ngx_string("invalid_request_error"), ngx_string("method_not_allowed") },
    { ngx_string("invalid_request_error"), ngx_string("request_too_large") },
    { ngx_string("invalid_request_error"),
      ngx_string("unsupported_media_type") },
    { ngx_string("invalid_request_error"),
      ngx_string("context_length_exceeded") },
    { ngx_string("invalid_request_error"), ngx_string("content_filter") },
    { ngx_string("invalid_request_error"),
      ngx_string("previous_response_not_found") },
    { ngx_string("requests"), ngx_string("rate_limit_exceeded") },
    { ngx_string("insufficient_quota"), ngx_string("insufficient_quota") },
    { ngx_string("server_error"), ngx_null_string },
    { ngx_string("server_error"), ngx_string("upstream_error") },
    { ngx_string("server_error"), ngx_string("provider_auth") },
    { ngx_string("server_error"), ngx_string("unavailable") },
    { ngx_string("server_error"), ngx_string("overloaded") },
    { ngx_string("server_error"), ngx_string("upstream_timeout") }
};


/*
 * The places where a message has been seen: {"error":{"message"}} is the
 * dialect's own, the others are {"error":"..."}, {"message"}, {"detail"},
 * {"detail":[{"msg"}]}, MiniMax's {"base_resp":{"status_msg"}} and Google's
 * array; then what it is about.
 */

const ngx_ai_scan_field_t
    ngx_ai_openai_error_fields[NGX_AI_OPENAI_ERROR_MAX] = {
    { ngx_string("error") },
    { ngx_string("error.message") },
    { ngx_string("message") },
    { ngx_string("detail") },
    { ngx_string("detail.*.msg") },
    { ngx_string("base_resp.status_msg") },
    { ngx_string("*.error.message") },
    { ngx_string("error.code") },
    { ngx_string("error.type") },
    { ngx_string("error.innererror.code") },
    { ngx_string("code") },
    { ngx_string("type") },
    { ngx_string("base_resp.status_code") }
};


static const ngx_ai_openai_error_word_t  ngx_ai_openai_error_words[] = {

    { ngx_string("context_length_exceeded"), NGX_AI_ERROR_CONTEXT, 0 },
    { ngx_string("exceed_context_size_error"), NGX_AI_ERROR_CONTEXT, 0 },
    { ngx_string("too_many_prompt_tokens"), NGX_AI_ERROR_CONTEXT, 0 },
    { ngx_string("string_above_max_length"), NGX_AI_ERROR_CONTEXT, 0 },

    { ngx_string("content_filter"), NGX_AI_ERROR_POLICY, 0 },
    { ngx_string("content_policy_violation"), NGX_AI_ERROR_POLICY, 0 },
    { ngx_string("ResponsibleAIPolicyViolation"), NGX_AI_ERROR_POLICY, 0 },
    { ngx_string("data_inspection_failed"), NGX_AI_ERROR_POLICY, 0 },
    { ngx_string("moderation_blocked"), NGX_AI_ERROR_POLICY, 0 },

    { ngx_string("insufficient_quota"), NGX_AI_ERROR_QUOTA, 0 },
    { ngx_string("billing_hard_limit_reached"), NGX_AI_ERROR_QUOTA, 0 },
    { ngx_string("billing_not_active"), NGX_AI_ERROR_QUOTA, 0 },
    { ngx_string("insufficient_balance"), NGX_AI_ERROR_QUOTA, 0 },
    { ngx_string("exceeded_current_quota_error"), NGX_AI_ERROR_QUOTA, 0 },

    { ngx_string("overloaded"), NGX_AI_ERROR_OVERLOADED, 0 },
    { ngx_string("overloaded_error"), NGX_AI_ERROR_OVERLOADED, 0 },
    { ngx_string("engine_overloaded"), NGX_AI_ERROR_OVERLOADED, 0 },
    { ngx_string("engine_overloaded_error"), NGX_AI_ERROR_OVERLOADED, 0 },

    { ngx_string("model_not_found"), NGX_AI_ERROR_MODEL, 0 },
    { ngx_string("DeploymentNotFound"), NGX_AI_ERROR_MODEL, 0 },

    { ngx_string("invalid_api_key"), NGX_AI_ERROR_PROVIDER_AUTH, 0 },
    { ngx_string("authentication_error"), NGX_AI_ERROR_PROVIDER_AUTH, 0 },

    { ngx_string("rate_limit_exceeded"), NGX_AI_ERROR_RATE, 1 },
    { ngx_string("rate_limit_error"), NGX_AI_ERROR_RATE, 1 },
    { ngx_string("requests"), NGX_AI_ERROR_RATE, 1 },
    { ngx_string("tokens"), NGX_AI_ERROR_RATE, 1 },
    { ngx_string("invalid_request_error"), NGX_AI_ERROR_INVALID, 1 }
};


#define NGX_AI_OPENAI_WORDS                                                   \
    (sizeof(ngx_ai_openai_error_words) / sizeof(ngx_ai_openai_error_word_t))


/* of those who have no word for it: vLLM, DeepSeek, Ollama, xAI */

static const ngx_ai_openai_word_t  ngx_ai_openai_phrases[] = {
    { ngx_string("maximum context length"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("max context length"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("maximum prompt length"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("incorrect api key"), NGX_AI_ERROR_PROVIDER_AUTH },
    { ngx_null_string, 0 }
};


/* MiniMax's base_resp.status_code */

static const ngx_ai_openai_error_code_t  ngx_ai_openai_error_codes[] = {
    { 1002, NGX_AI_ERROR_RATE },
    { 1004, NGX_AI_ERROR_PROVIDER_AUTH },
    { 1008, NGX_AI_ERROR_QUOTA },
    { 1026, NGX_AI_ERROR_POLICY },
    { 1027, NGX_AI_ERROR_POLICY },
    { 1039, NGX_AI_ERROR_RATE },
    { 2013, NGX_AI_ERROR_INVALID },
    { 0, NGX_AI_ERROR_NONE }
};


ngx_int_t
ngx_ai_openai_read_error(ngx_ai_reader_t *readers, const ngx_str_t *body,
    ngx_ai_error_t *error)
{
    ngx_uint_t              i, kind;
    ngx_ai_reader_t        *reader;
    ngx_ai_scan_value_t    *v;
    ngx_ai_openai_fault_t   fault;

    ngx_str_null(&error->message);

    reader = &readers[NGX_AI_OPENAI_TABLE_ERROR];
    v = reader->values;

    if (ngx_ai_reader_read(reader, body) != NGX_OK) {
        return NGX_DECLINED;
    }

    for (i = 0; i <= NGX_AI_OPENAI_ERROR_ARRAY; i++) {
        if (v[i].type == NGX_AI_JSON_STRING) {
            error->message.data = body->data + v[i].start + 1;
            error->message.len = v[i].end - v[i].start - 2;
            break;
        }
    }

    ngx_memzero(&fault, sizeof(ngx_ai_openai_fault_t));

    fault.message = error->message;

    ngx_ai_openai_error_text(v, NGX_AI_OPENAI_ERROR_CODE,
                             NGX_AI_OPENAI_ERROR_OUTER_CODE, &fault.word);
    ngx_ai_openai_error_text(v, NGX_AI_OPENAI_ERROR_TYPE,
                             NGX_AI_OPENAI_ERROR_OUTER_TYPE, &fault.type);
    ngx_ai_openai_error_text(v, NGX_AI_OPENAI_ERROR_CAUSE,
                             NGX_AI_OPENAI_ERROR_CAUSE, &fault.cause);

    if (v[NGX_AI_OPENAI_ERROR_BASE_CODE].integer) {
        fault.code = v[NGX_AI_OPENAI_ERROR_BASE_CODE].value;
    }

    kind = ngx_ai_openai_kind(&fault, 0);

    if (kind != NGX_AI_ERROR_NONE) {
        error->kind = kind;
    }

    return (v[NGX_AI_OPENAI_ERROR_OBJECT].type == NGX_AI_JSON_OBJECT
            && v[NGX_AI_OPENAI_ERROR_INNER].type == NGX_AI_JSON_STRING)
           ? NGX_OK : NGX_DECLINED;
}


static void
ngx_ai_openai_error_text(const ngx_ai_scan_value_t *v, ngx_uint_t one,
    ngx_uint_t other, ngx_str_t *text)
{
    v = (v[one].type == NGX_AI_JSON_STRING) ? &v[one] : &v[other];

    if (v->type == NGX_AI_JSON_STRING && !v->cut) {
        text->data = (u_char *) v->text;
        text->len = v->len;
    }
}


/* "alone": in a stream, where no status says it */

ngx_uint_t
ngx_ai_openai_kind(const ngx_ai_openai_fault_t *fault, ngx_uint_t alone)
{
    int64_t                            status;
    ngx_uint_t                         i, kind;
    const ngx_str_t                   *words[3];
    const ngx_ai_openai_error_code_t  *code;

    for (code = ngx_ai_openai_error_codes; code->code; code++) {
        if (code->code == fault->code) {
            return code->kind;
        }
    }

    words[0] = &fault->cause;
    words[1] = &fault->word;
    words[2] = &fault->type;

    for (i = 0; i < 3; i++) {
        kind = ngx_ai_openai_word_kind(words[i], alone);

        if (kind != NGX_AI_ERROR_NONE) {
            return kind;
        }
    }

    kind = ngx_ai_openai_phrase_kind(&fault->message);

    if (kind != NGX_AI_ERROR_NONE || !alone) {
        return kind;
    }

    status = ngx_ai_openai_status(fault);

    if (status == 401 || status == 403) {
        return NGX_AI_ERROR_PROVIDER_AUTH;
    }

    kind = (status >= 400 && status < 600)
           ? ngx_ai_error_kind((ngx_uint_t) status) : NGX_AI_ERROR_UPSTREAM;

    return (kind == NGX_AI_ERROR_INTERNAL) ? NGX_AI_ERROR_UPSTREAM : kind;
}


static ngx_uint_t
ngx_ai_openai_word_kind(const ngx_str_t *word, ngx_uint_t alone)
{
    ngx_uint_t                         i;
    const ngx_ai_openai_error_word_t  *row;

    for (i = 0; i < NGX_AI_OPENAI_WORDS; i++) {
        row = &ngx_ai_openai_error_words[i];

        if (row->word.len == word->len && row->alone <= alone
            && ngx_memcmp(row->word.data, word->data, word->len) == 0)
        {
            return row->kind;
        }
    }

    return NGX_AI_ERROR_NONE;
}


static ngx_uint_t
ngx_ai_openai_phrase_kind(const ngx_str_t *message)
{
    u_char                      *last;
    const ngx_ai_openai_word_t  *row;

    last = message->data + ngx_min(message->len, NGX_AI_OPENAI_PHRASE_IN);

    for (row = ngx_ai_openai_phrases; row->word.len; row++) {

        if (message->len >= row->word.len
            && ngx_strlcasestrn(message->data, last, row->word.data,
                                row->word.len - 1)
               != NULL)
        {
            return row->value;
        }
    }

    return NGX_AI_ERROR_NONE;
}


/* a number, or one in a string as Azure has it */

static int64_t
ngx_ai_openai_status(const ngx_ai_openai_fault_t *fault)
{
    ngx_int_t  status;

    if (fault->status) {
        return fault->status;
    }

    status = ngx_atoi(fault->word.data, ngx_min(fault->word.len, 4));

    return ngx_max(status, 0);
}


ngx_int_t
ngx_ai_openai_write_error(ngx_ai_error_t *error, ngx_ai_buf_t *out)
{
    ngx_ai_json_writer_t  w;

    ngx_ai_json_writer_init(&w, out);

    ngx_ai_json_write_object(&w);
    ngx_ai_openai_write_envelope(&w, error);
    ngx_ai_json_write_end(&w);

    return w.rc;
}


/* a Responses stream names its events, and says the name in the data too */

ngx_int_t
ngx_ai_openai_write_error_event(const ngx_ai_route_t *route,
    const ngx_ai_error_t *error, ngx_uint_t framing, ngx_ai_buf_t *out)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_uint_t            items;
    ngx_ai_json_writer_t  w;

    static const ngx_str_t  named = ngx_string("error");
    static const ngx_str_t  unnamed = ngx_null_string;

    items = ngx_ai_openai_has_items(route);

    rc = ngx_ai_framing_begin(framing, out, items ? &named : &unnamed, 0,
                              &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_writer_init(&w, out);

    ngx_ai_json_write_object(&w);

    if (items) {
        ngx_ai_json_write_literal(&w, "\"type\":\"error\"");
    }

    ngx_ai_openai_write_envelope(&w, error);
    ngx_ai_json_write_end(&w);

    if (w.rc != NGX_OK) {
        return w.rc;
    }

    return ngx_ai_framing_finish(framing, out, mark);
}


static void
ngx_ai_openai_write_envelope(ngx_ai_json_writer_t *w,
    const ngx_ai_error_t *error)
{
    const ngx_ai_openai_error_t  *e;

    e = &ngx_ai_openai_errors[error->kind];

    ngx_ai_json_write_key(w, "error");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "message");
    ngx_ai_json_write_string(w, &error->message);

    ngx_ai_json_write_key(w, "type");
    ngx_ai_json_write_string(w, &e->type);

    ngx_ai_json_write_key(w, "param");
    ngx_ai_json_write_string_or_null(w, &error->param);

    ngx_ai_json_write_key(w, "code");
    ngx_ai_json_write_string_or_null(w, &e->code);

    ngx_ai_json_write_end(w);
}
