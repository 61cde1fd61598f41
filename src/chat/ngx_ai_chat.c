
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_chat.h"
#include "ngx_ai_chat_ids.h"


static void ngx_ai_chat_mark(ngx_ai_chat_t *chat,
    const ngx_ai_message_t *message);
static uint64_t ngx_ai_chat_mark_parts(const ngx_array_t *parts);
static uint64_t ngx_ai_chat_mark_result(const ngx_array_t *parts);
static uint64_t ngx_ai_chat_mark_part(const ngx_ai_part_t *part);
static uint64_t ngx_ai_chat_mark_media(const ngx_ai_part_t *part);
static uint64_t ngx_ai_chat_mark_tool(const ngx_ai_tool_t *tool);


/* by ngx_ai_effort_e */

static const ngx_str_t  ngx_ai_effort_names[] = {
    ngx_null_string,
    ngx_string("none"),
    ngx_string("minimal"),
    ngx_string("low"),
    ngx_string("medium"),
    ngx_string("high"),
    ngx_string("xhigh"),
    ngx_string("max")
};


static const int64_t  ngx_ai_effort_budgets[] = {
    NGX_AI_BUDGET_UNSET,
    NGX_AI_BUDGET_OFF,
    1024,
    2048,
    8192,
    24576,
    32768,
    32768
};


ngx_int_t
ngx_ai_chat_init(ngx_ai_chat_t *chat, ngx_pool_t *pool, ngx_uint_t origin)
{
    ngx_memzero(chat, sizeof(ngx_ai_chat_t));

    chat->pool = pool;
    chat->origin = origin;

    chat->max_tokens = -1;
    chat->n = 1;
    chat->schema_strict = NGX_AI_UNSET;
    chat->budget = NGX_AI_BUDGET_UNSET;
    chat->thoughts = NGX_AI_UNSET;
    chat->parallel = NGX_AI_UNSET;
    chat->store = NGX_AI_UNSET;

    if (ngx_array_init(&chat->messages, pool, 8, sizeof(ngx_ai_message_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_array_init(&chat->tools, pool, 4, sizeof(ngx_ai_tool_t));
}


ngx_int_t
ngx_ai_answer_init(ngx_ai_answer_t *answer, ngx_pool_t *pool,
    ngx_uint_t origin)
{
    ngx_memzero(answer, sizeof(ngx_ai_answer_t));

    answer->pool = pool;
    answer->origin = origin;

    return ngx_array_init(&answer->alternatives, pool, 1,
                          sizeof(ngx_ai_alternative_t));
}


ngx_ai_message_t *
ngx_ai_chat_message(ngx_ai_chat_t *chat, ngx_uint_t role)
{
    ngx_ai_message_t  *message;

    message = ngx_array_push(&chat->messages);
    if (message == NULL) {
        return NULL;
    }

    ngx_memzero(message, sizeof(ngx_ai_message_t));

    message->role = role;

    if (ngx_array_init(&message->parts, chat->pool, 1, sizeof(ngx_ai_part_t))
        != NGX_OK)
    {
        return NULL;
    }

    return message;
}


ngx_ai_part_t *
ngx_ai_part_push(ngx_array_t *parts, ngx_uint_t kind)
{
    ngx_ai_part_t  *part;

    part = ngx_array_push(parts);
    if (part == NULL) {
        return NULL;
    }

    ngx_memzero(part, sizeof(ngx_ai_part_t));

    part->kind = kind;

    return part;
}


ngx_ai_tool_t *
ngx_ai_chat_tool(ngx_ai_chat_t *chat, ngx_uint_t kind)
{
    ngx_ai_tool_t  *tool;

    tool = ngx_array_push(&chat->tools);
    if (tool == NULL) {
        return NULL;
    }

    ngx_memzero(tool, sizeof(ngx_ai_tool_t));

    tool->kind = kind;
    tool->origin = chat->origin;
    tool->strict = NGX_AI_UNSET;

    return tool;
}


ngx_ai_alternative_t *
ngx_ai_answer_alternative(ngx_ai_answer_t *answer)
{
    ngx_ai_alternative_t  *alternative;

    alternative = ngx_array_push(&answer->alternatives);
    if (alternative == NULL) {
        return NULL;
    }

    ngx_memzero(alternative, sizeof(ngx_ai_alternative_t));

    if (ngx_array_init(&alternative->parts, answer->pool, 2,
                       sizeof(ngx_ai_part_t))
        != NGX_OK)
    {
        return NULL;
    }

    return alternative;
}


ngx_array_t *
ngx_ai_parts_create(ngx_pool_t *pool)
{
    return ngx_array_create(pool, 1, sizeof(ngx_ai_part_t));
}


ngx_int_t
ngx_ai_chat_complete(ngx_ai_chat_t *chat)
{
    ngx_uint_t         i;
    ngx_ai_tool_t     *tool;
    ngx_ai_message_t  *message;

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {
        ngx_ai_chat_mark(chat, &message[i]);
    }

    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {
        chat->fields |= ngx_ai_chat_mark_tool(&tool[i]);
    }

    if (chat->cache.len) {
        chat->fields |= ngx_ai_field(CACHE);
    }

    if (!(chat->fields & (ngx_ai_field(TOOL_CALL)
                          | ngx_ai_field(TOOL_RESULT))))
    {
        return NGX_OK;
    }

    return ngx_ai_chat_ids(chat);
}


static void
ngx_ai_chat_mark(ngx_ai_chat_t *chat, const ngx_ai_message_t *message)
{
    if (message->role == NGX_AI_ROLE_SYSTEM) {
        chat->fields |= ngx_ai_field(SYSTEM);
    }

    if (message->name.len) {
        chat->fields |= ngx_ai_field(NAME);
    }

    chat->fields |= ngx_ai_chat_mark_parts(&message->parts);
}


static uint64_t
ngx_ai_chat_mark_parts(const ngx_array_t *parts)
{
    uint64_t              fields;
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    fields = 0;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        fields |= ngx_ai_chat_mark_part(&part[i]);

        if (part[i].kind == NGX_AI_PART_TOOL_RESULT
            && part[i].parts != NULL)
        {
            fields |= ngx_ai_chat_mark_result(part[i].parts);
        }
    }

    return fields;
}


/* what a result has in it; there are no results in results */

static uint64_t
ngx_ai_chat_mark_result(const ngx_array_t *parts)
{
    uint64_t              fields;
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    fields = 0;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        fields |= ngx_ai_chat_mark_part(&part[i]);

        if (part[i].kind == NGX_AI_PART_IMAGE) {
            fields |= ngx_ai_field(TOOL_RESULT_IMAGE);
        }
    }

    return fields;
}


static uint64_t
ngx_ai_chat_mark_part(const ngx_ai_part_t *part)
{
    uint64_t  fields;

    fields = 0;

    switch (part->kind) {

    case NGX_AI_PART_THINKING:
        if (part->text.len) {
            fields |= ngx_ai_field(THINKING);
        }

        break;

    case NGX_AI_PART_REDACTED:
        fields |= ngx_ai_field(REDACTED);
        break;

    case NGX_AI_PART_REFUSAL:
        fields |= ngx_ai_field(REFUSAL);
        break;

    case NGX_AI_PART_IMAGE:
    case NGX_AI_PART_AUDIO:
    case NGX_AI_PART_VIDEO:
    case NGX_AI_PART_FILE:
        fields |= ngx_ai_chat_mark_media(part);
        break;

    case NGX_AI_PART_TOOL_CALL:
        fields |= ngx_ai_field(TOOL_CALL);

        if (part->custom) {
            fields |= ngx_ai_field(TOOL_CUSTOM);
        }

        break;

    case NGX_AI_PART_TOOL_RESULT:
        fields |= ngx_ai_field(TOOL_RESULT);

        if (part->failed) {
            fields |= ngx_ai_field(TOOL_RESULT_ERROR);
        }

        break;

    case NGX_AI_PART_NATIVE:
        return 0;
    }

    if (part->signature.len) {
        fields |= ngx_ai_field(SIGNATURE);
    }

    if (part->citations != NULL && part->citations->nelts) {
        fields |= ngx_ai_field(CITATIONS);
    }

    if (part->cache.len) {
        fields |= ngx_ai_field(CACHE);
    }

    return fields;
}


static uint64_t
ngx_ai_chat_mark_media(const ngx_ai_part_t *part)
{
    uint64_t  fields;

    fields = 0;

    if (part->file.len) {
        fields |= ngx_ai_field(FILE_ID);
    }

    switch (part->kind) {

    case NGX_AI_PART_IMAGE:
        if (part->url.len) {
            fields |= ngx_ai_field(IMAGE_URL);

        } else if (part->file.len == 0) {
            fields |= ngx_ai_field(IMAGE);
        }

        if (part->detail.len) {
            fields |= ngx_ai_field(IMAGE_DETAIL);
        }

        break;

    case NGX_AI_PART_AUDIO:
        fields |= ngx_ai_field(AUDIO);
        break;

    case NGX_AI_PART_VIDEO:
        fields |= ngx_ai_field(VIDEO);
        break;

    default: /* NGX_AI_PART_FILE */
        if (part->url.len) {
            fields |= ngx_ai_field(FILE_URL);

        } else if (part->file.len == 0) {
            fields |= ngx_ai_field(FILE);
        }
    }

    return fields;
}


static uint64_t
ngx_ai_chat_mark_tool(const ngx_ai_tool_t *tool)
{
    uint64_t  fields;

    switch (tool->kind) {

    case NGX_AI_TOOL_FUNCTION:
        fields = ngx_ai_field(TOOLS);

        if (tool->strict == 1) {
            fields |= ngx_ai_field(TOOL_STRICT);
        }

        break;

    case NGX_AI_TOOL_CUSTOM:
        fields = ngx_ai_field(TOOL_CUSTOM);
        break;

    case NGX_AI_TOOL_WEB_SEARCH:
        fields = ngx_ai_field(WEB_SEARCH);
        break;

    case NGX_AI_TOOL_CODE:
        fields = ngx_ai_field(CODE);
        break;

    default: /* NGX_AI_TOOL_NATIVE */
        fields = ngx_ai_field(TOOL_NATIVE);
    }

    if (tool->cache.len) {
        fields |= ngx_ai_field(CACHE);
    }

    return fields;
}


ngx_int_t
ngx_ai_answer_complete(ngx_ai_answer_t *answer)
{
    ngx_int_t              calls;
    ngx_uint_t             i, ordinal;
    ngx_ai_alternative_t  *alternative;

    ordinal = 0;
    alternative = answer->alternatives.elts;

    for (i = 0; i < answer->alternatives.nelts; i++) {

        calls = ngx_ai_answer_ids(answer, &alternative[i].parts, &ordinal);

        if (calls == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (calls == NGX_OK
            && (alternative[i].finish == NGX_AI_FINISH_STOP
                || alternative[i].finish == NGX_AI_FINISH_NONE))
        {
            alternative[i].finish = NGX_AI_FINISH_TOOLS;
        }
    }

    return NGX_OK;
}


ngx_uint_t
ngx_ai_effort_of_budget(int64_t budget)
{
    ngx_uint_t  i;

    if (budget == NGX_AI_BUDGET_UNSET) {
        return NGX_AI_EFFORT_UNSET;
    }

    if (budget == NGX_AI_BUDGET_DYNAMIC) {
        return NGX_AI_EFFORT_MEDIUM;
    }

    for (i = NGX_AI_EFFORT_NONE; i < NGX_AI_EFFORT_XHIGH; i++) {
        if (budget <= ngx_ai_effort_budgets[i]) {
            break;
        }
    }

    return i;
}


int64_t
ngx_ai_budget_of_effort(ngx_uint_t effort)
{
    return ngx_ai_effort_budgets[effort];
}


const ngx_str_t *
ngx_ai_effort_name(ngx_uint_t effort)
{
    return effort == NGX_AI_EFFORT_UNSET ? NULL : &ngx_ai_effort_names[effort];
}


ngx_uint_t
ngx_ai_effort_find(const ngx_str_t *name)
{
    ngx_uint_t  i;

    for (i = NGX_AI_EFFORT_MAX; i > NGX_AI_EFFORT_UNSET; i--) {

        if (name->len == ngx_ai_effort_names[i].len
            && ngx_memcmp(name->data, ngx_ai_effort_names[i].data, name->len)
               == 0)
        {
            break;
        }
    }

    return i;
}


uint64_t
ngx_ai_chat_foreign(const ngx_ai_chat_t *chat, ngx_uint_t dialect)
{
    uint64_t           fields;
    ngx_uint_t         i, k;
    ngx_ai_part_t     *part;
    ngx_ai_tool_t     *tool;
    ngx_ai_message_t  *message;

    fields = (chat->origin != dialect) ? ngx_ai_field(SAFETY) : 0;

    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {

        if (tool[i].kind == NGX_AI_TOOL_NATIVE && tool[i].origin != dialect) {
            fields |= ngx_ai_field(TOOL_NATIVE);
        }
    }

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {
        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {

            if (part[k].origin == dialect) {
                continue;
            }

            if (part[k].kind == NGX_AI_PART_REDACTED) {
                fields |= ngx_ai_field(REDACTED);
            }

            if (part[k].kind == NGX_AI_PART_THINKING) {
                fields |= ngx_ai_field(THINKING);
            }

            if (part[k].signature.len) {
                fields |= ngx_ai_field(SIGNATURE);
            }
        }
    }

    return fields & chat->fields;
}
