
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_cohere.h"


typedef struct {
    ngx_str_t         type;
    int64_t           budget;
} ngx_ai_cohere_thinking_t;


typedef struct {
    const ngx_ai_node_t  *type;
    ngx_str_t             schema;
} ngx_ai_cohere_format_t;


static ngx_int_t ngx_ai_cohere_read_stream(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_cohere_read_logprobs_flag(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_cohere_read_stops(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_cohere_read_format(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_cohere_read_type(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_cohere_read_thinking(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_cohere_read_choice(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_cohere_read_tools(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_cohere_read_function(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static void ngx_ai_cohere_strict(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    ngx_ai_chat_t *chat);


/* into an ngx_ai_chat_t */

static const ngx_ai_member_t  ngx_ai_cohere_ask_members[] = {
    { ngx_string("model"), NGX_AI_STRING, NULL, 0, 0 },
    { ngx_string("messages"), NGX_AI_ARRAY, ngx_ai_cohere_read_messages,
      0, 0 },
    { ngx_string("stream"), NGX_AI_BOOL, ngx_ai_cohere_read_stream, 0, 0 },
    { ngx_string("max_tokens"), NGX_AI_NUMBER, ngx_ai_walk_count,
      offsetof(ngx_ai_chat_t, max_tokens), NGX_AI_FIELD_MAX_TOKENS },
    { ngx_string("temperature"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, temperature), NGX_AI_FIELD_TEMPERATURE },
    { ngx_string("p"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_p), NGX_AI_FIELD_TOP_P },
    { ngx_string("k"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_k), NGX_AI_FIELD_TOP_K },
    { ngx_string("seed"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, seed), NGX_AI_FIELD_SEED },
    { ngx_string("frequency_penalty"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, frequency_penalty),
      NGX_AI_FIELD_FREQUENCY_PENALTY },
    { ngx_string("presence_penalty"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, presence_penalty),
      NGX_AI_FIELD_PRESENCE_PENALTY },
    { ngx_string("stop_sequences"), NGX_AI_ARRAY, ngx_ai_cohere_read_stops,
      0, 0 },
    { ngx_string("logprobs"), NGX_AI_BOOL, ngx_ai_cohere_read_logprobs_flag,
      0, 0 },
    { ngx_string("response_format"), NGX_AI_OBJECT, ngx_ai_cohere_read_format,
      0, 0 },
    { ngx_string("thinking"), NGX_AI_OBJECT, ngx_ai_cohere_read_thinking,
      0, 0 },
    { ngx_string("tools"), NGX_AI_ARRAY, ngx_ai_cohere_read_tools, 0, 0 },

    /* is read when all tools have been */

    { ngx_string("strict_tools"), NGX_AI_BOOL, NULL, 0, 0 },
    { ngx_string("tool_choice"), NGX_AI_STRING, ngx_ai_cohere_read_choice,
      0, 0 },
    { ngx_string("safety_mode"), NGX_AI_STRING, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, safety), NGX_AI_FIELD_SAFETY },
    { ngx_string("documents"), NGX_AI_ARRAY, ngx_ai_cohere_read_dropped,
      0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_cohere_format_members[] = {
    { ngx_string("type"), NGX_AI_STRING, ngx_ai_cohere_read_type,
      offsetof(ngx_ai_cohere_format_t, type), 0 },
    { ngx_string("json_schema"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_cohere_format_t, schema), 0 },
    { ngx_string("schema"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_cohere_format_t, schema), 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_cohere_thinking_members[] = {
    { ngx_string("type"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_cohere_thinking_t, type), 0 },
    { ngx_string("token_budget"), NGX_AI_NUMBER, ngx_ai_walk_count,
      offsetof(ngx_ai_cohere_thinking_t, budget), 0 },
    ngx_ai_null_member
};


/* into an ngx_ai_tool_t */

static const ngx_ai_member_t  ngx_ai_cohere_tool_members[] = {
    { ngx_string("type"), NGX_AI_STRING, NULL, 0, 0 },
    { ngx_string("function"), NGX_AI_OBJECT, ngx_ai_cohere_read_function,
      0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_cohere_function_members[] = {
    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_tool_t, name), 0 },
    { ngx_string("description"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_tool_t, description), 0 },
    { ngx_string("parameters"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_tool_t, schema), 0 },
    ngx_ai_null_member
};


ngx_int_t
ngx_ai_cohere_read_ask(ngx_ai_walk_t *w, const ngx_ai_node_t *root, void *ask)
{
    ngx_ai_chat_t *chat = ask;

    w->data = chat;
    chat->usage = 1;

    if (ngx_ai_walk_element(w, root, ngx_ai_cohere_ask_members, chat)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_cohere_strict(w, root, chat);

    if (ngx_ai_chat_complete(chat) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_stream(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    chat->stream = (value->type == NGX_AI_JSON_TRUE);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_logprobs_flag(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    if (value->type == NGX_AI_JSON_TRUE) {
        chat->logprobs = 1;
        chat->fields |= ngx_ai_field(LOGPROBS);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_stops(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    if (value->n == 0) {
        return NGX_OK;
    }

    chat->fields |= ngx_ai_field(STOP);

    return ngx_ai_walk_texts(w, value, member, &chat->stop);
}


/* the older name of the schema is still taken */

static ngx_int_t
ngx_ai_cohere_read_format(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_ai_cohere_format_t  format;

    ngx_memzero(&format, sizeof(ngx_ai_cohere_format_t));

    if (ngx_ai_walk_object(w, value, ngx_ai_cohere_format_members, &format)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (format.type == NULL) {
        return ngx_ai_walk_fail(w, value, "has no type");
    }

    if (ngx_ai_tree_is(w->tree, format.type, "text")) {
        return NGX_OK;
    }

    if (!ngx_ai_tree_is(w->tree, format.type, "json_object")) {
        return ngx_ai_walk_fail(w, format.type,
                                "must be \"text\" or \"json_object\"");
    }

    if (format.schema.len) {
        chat->output = NGX_AI_FORMAT_SCHEMA;
        chat->schema = format.schema;
        chat->fields |= ngx_ai_field(SCHEMA);

    } else {
        chat->output = NGX_AI_FORMAT_JSON;
        chat->fields |= ngx_ai_field(JSON);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_type(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    const ngx_ai_node_t **node = to;

    *node = value;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_thinking(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_ai_cohere_thinking_t  thinking;

    static const ngx_str_t    disabled = ngx_string("disabled");

    ngx_memzero(&thinking, sizeof(ngx_ai_cohere_thinking_t));

    thinking.budget = NGX_AI_BUDGET_DYNAMIC;

    if (ngx_ai_walk_object(w, value, ngx_ai_cohere_thinking_members, &thinking)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    chat->budget = thinking.budget;
    chat->fields |= ngx_ai_field(BUDGET);

    if (thinking.type.len == disabled.len
        && ngx_memcmp(thinking.type.data, disabled.data, disabled.len) == 0)
    {
        chat->budget = NGX_AI_BUDGET_OFF;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_choice(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    if (ngx_ai_tree_is(w->tree, value, "REQUIRED")) {
        chat->choice = NGX_AI_CHOICE_REQUIRED;
        chat->fields |= ngx_ai_field(TOOL_CHOICE);

    } else if (ngx_ai_tree_is(w->tree, value, "NONE")) {
        chat->choice = NGX_AI_CHOICE_NONE;
        chat->fields |= ngx_ai_field(TOOL_CHOICE_NONE);

    } else {
        return ngx_ai_walk_fail(w, value, "must be \"REQUIRED\" or \"NONE\"");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_tools(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    ngx_ai_tool_t        *tool;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        tool = ngx_ai_chat_tool(to, NGX_AI_TOOL_FUNCTION);
        if (tool == NULL) {
            return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
        }

        if (ngx_ai_walk_element(w, node, ngx_ai_cohere_tool_members, tool)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (tool->name.len == 0) {
            return ngx_ai_walk_fail(w, node, "has no name");
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_function(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_cohere_function_members, to);
}


static void
ngx_ai_cohere_strict(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    ngx_ai_chat_t *chat)
{
    ngx_uint_t            i;
    ngx_ai_tool_t        *tool;
    const ngx_ai_node_t  *strict;

    strict = ngx_ai_tree_member(w->tree, root, "strict_tools");

    if (strict == NULL || strict->type != NGX_AI_JSON_TRUE) {
        return;
    }

    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {
        tool[i].strict = 1;
    }
}
