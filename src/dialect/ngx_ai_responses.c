
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"


static ngx_int_t ngx_ai_responses_tail(const ngx_ai_aim_t *aim,
    ngx_pool_t *pool, ngx_str_t *tail, ngx_str_t *query);
static ngx_int_t ngx_ai_responses_member(const ngx_str_t *json,
    const ngx_ai_scan_field_t *field, ngx_uint_t type, ngx_str_t *raw);


#define NGX_AI_RESPONSES_KEPT                                                 \
    (ngx_ai_field(MAX_TOKENS) | ngx_ai_field(TEMPERATURE)                     \
     | ngx_ai_field(TOP_P) | ngx_ai_field(LOGPROBS) | ngx_ai_field(JSON)      \
     | ngx_ai_field(SCHEMA) | ngx_ai_field(VERBOSITY)                         \
     | ngx_ai_field(EFFORT) | ngx_ai_field(SUMMARY) | ngx_ai_field(TOOLS)     \
     | ngx_ai_field(TOOL_STRICT) | ngx_ai_field(TOOL_CHOICE)                  \
     | ngx_ai_field(TOOL_CHOICE_NONE) | ngx_ai_field(TOOL_CHOICE_NAMED)       \
     | ngx_ai_field(TOOL_CHOICE_ALLOWED) | ngx_ai_field(PARALLEL)             \
     | ngx_ai_field(TOOL_CUSTOM) | ngx_ai_field(TOOL_NATIVE)                  \
     | ngx_ai_field(SYSTEM) | ngx_ai_field(IMAGE) | ngx_ai_field(IMAGE_URL)   \
     | ngx_ai_field(IMAGE_DETAIL) | ngx_ai_field(FILE)                        \
     | ngx_ai_field(FILE_URL) | ngx_ai_field(FILE_ID)                         \
     | ngx_ai_field(TOOL_CALL) | ngx_ai_field(TOOL_RESULT)                    \
     | ngx_ai_field(TOOL_RESULT_IMAGE) | ngx_ai_field(THINKING)               \
     | ngx_ai_field(SIGNATURE) | ngx_ai_field(REDACTED)                       \
     | ngx_ai_field(REFUSAL)                                                 \
     | ngx_ai_field(CITATIONS) | ngx_ai_field(CACHE_KEY)                      \
     | ngx_ai_field(USER) | ngx_ai_field(METADATA) | ngx_ai_field(TIER)       \
     | ngx_ai_field(STORE) | ngx_ai_field(PREVIOUS))

#define NGX_AI_RESPONSES_MAPPED                                               \
    (ngx_ai_field(BUDGET) | ngx_ai_field(WEB_SEARCH) | ngx_ai_field(CODE)     \
     | ngx_ai_field(IMAGE_OUT))


const ngx_ai_dialect_t  ngx_ai_responses = {
    ngx_string("responses"),
    ngx_ai_openai_tables,
    NGX_AI_OPENAI_TABLES,
    ngx_ai_openai_free_rules,
    ngx_ai_openai_edit,
    NGX_AI_OPENAI_TABLE_REPLY,
    ngx_ai_openai_read_reply,
    ngx_ai_openai_read_event,
    ngx_ai_openai_read_error,
    ngx_ai_openai_write_error,
    ngx_ai_openai_write_error_event,
    ngx_null_string,
    NULL,
    NGX_AI_FRAMING_SSE,
    ngx_ai_responses_tail,
    {
        { ngx_ai_responses_read_ask, ngx_ai_responses_write_ask,
          ngx_ai_responses_read_answer, ngx_ai_responses_write_answer,
          NGX_AI_RESPONSES_KEPT, NGX_AI_RESPONSES_MAPPED, NULL }
    },
    sizeof(ngx_ai_responses_source_t),
    ngx_ai_responses_read_delta,
    sizeof(ngx_ai_responses_sink_t),
    0,
    ngx_ai_responses_write_delta,
    ngx_null_string,
    ngx_null_string
};


ngx_uint_t
ngx_ai_responses_find(const ngx_ai_responses_word_t *words,
    const ngx_str_t *name, ngx_uint_t other)
{
    for ( /* void */ ; words->name.len; words++) {

        if (words->name.len == name->len
            && ngx_memcmp(words->name.data, name->data, name->len) == 0)
        {
            return words->value;
        }
    }

    return other;
}


u_char *
ngx_ai_responses_id(u_char *dst, const char *prefix,
    const ngx_ai_told_t *told, ngx_uint_t n)
{
    size_t  len;

    len = ngx_min(told->id.len, NGX_AI_RESPONSES_ID / 2);

    dst = ngx_sprintf(dst, "%s%*s", prefix, len, told->id.data);

    return (n == NGX_AI_UNSET) ? dst : ngx_sprintf(dst, "%04xi", n);
}


ngx_uint_t
ngx_ai_responses_signs(const ngx_ai_chat_t *chat)
{
    return chat == NULL || chat->thoughts == 1 || chat->store == 1;
}


ngx_uint_t
ngx_ai_responses_instructs(const ngx_ai_chat_t *chat)
{
    const ngx_ai_part_t     *part;
    const ngx_ai_message_t  *message;

    message = chat->messages.elts;

    if (chat->messages.nelts == 0 || message->role != NGX_AI_ROLE_SYSTEM
        || message->parts.nelts == 0)
    {
        return 0;
    }

    part = message->parts.elts;

    return part->kind == NGX_AI_PART_TEXT
           && part->origin == NGX_AI_DIALECT_RESPONSES;
}


ngx_int_t
ngx_ai_responses_custom_input(const ngx_str_t *json, ngx_str_t *input)
{
    static const ngx_ai_scan_field_t  field = { ngx_string("input") };

    if (ngx_ai_responses_member(json, &field, NGX_AI_JSON_STRING, input)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    input->data++;
    input->len -= 2;

    return NGX_OK;
}


ngx_int_t
ngx_ai_responses_logprobs(const ngx_str_t *raw, ngx_str_t *array)
{
    static const ngx_ai_scan_field_t  field = { ngx_string("content") };

    return ngx_ai_responses_member(raw, &field, NGX_AI_JSON_ARRAY, array);
}


static ngx_int_t
ngx_ai_responses_member(const ngx_str_t *json,
    const ngx_ai_scan_field_t *field, ngx_uint_t type, ngx_str_t *raw)
{
    ngx_ai_scan_t        scan;
    ngx_ai_scan_value_t  value;

    if (json->len == 0) {
        return NGX_DECLINED;
    }

    (void) ngx_ai_scan_init(&scan, field, 1, &value, NGX_AI_TREE_DEPTH);
    (void) ngx_ai_scan_feed(&scan, json->data, json->data + json->len);

    if (ngx_ai_scan_end(&scan) != NGX_OK
        || (ngx_uint_t) value.type != type)
    {
        return NGX_DECLINED;
    }

    raw->data = json->data + value.start;
    raw->len = value.end - value.start;

    return NGX_OK;
}


void
ngx_ai_responses_pair(ngx_ai_json_writer_t *w, const char *key, size_t len,
    const ngx_str_t *text)
{
    ngx_ai_json_write_members(w, key, len);
    ngx_ai_responses_put(w, text->data, text->len);
    ngx_ai_responses_put(w, "\"", 1);
}


/* line ends in a document stand between its tokens, where a blank does too */

void
ngx_ai_responses_json(ngx_ai_json_writer_t *w, const ngx_str_t *json)
{
    u_char     *p, *last;
    ngx_str_t   part;

    if (memchr(json->data, LF, json->len) == NULL
        && memchr(json->data, CR, json->len) == NULL)
    {
        ngx_ai_json_write_raw(w, json);
        return;
    }

    last = json->data + json->len;
    part.data = json->data;
    part.len = 0;

    ngx_ai_json_write_raw(w, &part);

    for (p = json->data; p < last; p++) {

        if (*p == LF || *p == CR) {
            ngx_ai_responses_put(w, part.data, p - part.data);
            ngx_ai_responses_put(w, " ", 1);

            part.data = p + 1;
        }
    }

    ngx_ai_responses_put(w, part.data, last - part.data);
}


/*
 * A writer's strings and values are in one piece; one of several is begun by
 * ngx_ai_json_write_literal() and goes on behind its back.
 */

void
ngx_ai_responses_put(ngx_ai_json_writer_t *w, const void *data, size_t len)
{
    if (w->rc == NGX_OK) {
        w->rc = ngx_ai_buf_append(w->buf, data, len);
    }
}


static ngx_int_t
ngx_ai_responses_tail(const ngx_ai_aim_t *aim, ngx_pool_t *pool,
    ngx_str_t *tail, ngx_str_t *query)
{
    ngx_str_set(tail, "/responses");
    ngx_str_null(query);

    return NGX_OK;
}
