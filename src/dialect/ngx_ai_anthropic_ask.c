
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_anthropic.h"


/* of members that mean something together only */

typedef struct {
    ngx_str_t         role;
    ngx_str_t         name;
    ngx_str_t         display;
    int64_t           budget;
    ngx_uint_t        single;          /* disable_parallel_tool_use */
} ngx_ai_anthropic_scratch_t;


static ngx_int_t ngx_ai_anthropic_read_system(ngx_ai_walk_t *w,
    const ngx_ai_node_t *system, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_anthropic_read_messages(ngx_ai_walk_t *w,
    const ngx_ai_node_t *messages, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_anthropic_read_message(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_anthropic_read_stream(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_tools(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_tool(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_anthropic_read_choice(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_thinking(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_metadata(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_output(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_effort(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_format(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_anthropic_read_tier(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_uint_t ngx_ai_anthropic_begins(const ngx_str_t *text,
    const ngx_str_t *with);


static const ngx_ai_member_t  ngx_ai_anthropic_members[] = {

    /* read when all is known, as system prompts come first */

    { ngx_string("system"), NGX_AI_STRING|NGX_AI_ARRAY, NULL, 0, 0 },

    { ngx_string("messages"), NGX_AI_ARRAY, NULL, 0, 0 },

    { ngx_string("model"), NGX_AI_STRING, NULL, 0, 0 },

    { ngx_string("max_tokens"), NGX_AI_NUMBER, ngx_ai_walk_count,
      offsetof(ngx_ai_chat_t, max_tokens), NGX_AI_FIELD_MAX_TOKENS },

    { ngx_string("stream"), NGX_AI_BOOL, ngx_ai_anthropic_read_stream, 0, 0 },

    { ngx_string("tools"), NGX_AI_ARRAY, ngx_ai_anthropic_read_tools, 0, 0 },

    { ngx_string("tool_choice"), NGX_AI_OBJECT, ngx_ai_anthropic_read_choice,
      0, 0 },

    { ngx_string("thinking"), NGX_AI_OBJECT, ngx_ai_anthropic_read_thinking,
      0, NGX_AI_FIELD_BUDGET },

    { ngx_string("output_config"), NGX_AI_OBJECT,
      ngx_ai_anthropic_read_output, 0, 0 },

    /* the older name of output_config.format */

    { ngx_string("output_format"), NGX_AI_OBJECT,
      ngx_ai_anthropic_read_format, 0, NGX_AI_FIELD_SCHEMA },

    { ngx_string("temperature"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, temperature), NGX_AI_FIELD_TEMPERATURE },

    { ngx_string("top_p"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_p), NGX_AI_FIELD_TOP_P },

    { ngx_string("top_k"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_k), NGX_AI_FIELD_TOP_K },

    { ngx_string("stop_sequences"), NGX_AI_ARRAY, ngx_ai_walk_texts,
      offsetof(ngx_ai_chat_t, stop), NGX_AI_FIELD_STOP },

    { ngx_string("metadata"), NGX_AI_OBJECT, ngx_ai_anthropic_read_metadata,
      0, 0 },

    { ngx_string("service_tier"), NGX_AI_STRING, ngx_ai_anthropic_read_tier,
      0, NGX_AI_FIELD_TIER },

    { ngx_string("cache_control"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, cache), NGX_AI_FIELD_CACHE },

    { ngx_string("anthropic_version"), NGX_AI_STRING, NULL, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_metadata_members[] = {

    { ngx_string("user_id"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_chat_t, user), NGX_AI_FIELD_USER },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_output_members[] = {

    { ngx_string("effort"), NGX_AI_STRING, ngx_ai_anthropic_read_effort,
      0, 0 },

    { ngx_string("format"), NGX_AI_OBJECT, ngx_ai_anthropic_read_format,
      0, NGX_AI_FIELD_SCHEMA },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_format_members[] = {

    { ngx_string("type"), NGX_AI_STRING, NULL, 0, 0 },

    { ngx_string("schema"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, schema), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_message_members[] = {

    { ngx_string("role"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_anthropic_scratch_t, role), 0 },

    { ngx_string("content"), NGX_AI_STRING|NGX_AI_ARRAY, NULL, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_tool_members[] = {

    { ngx_string("type"), NGX_AI_STRING, NULL, 0, 0 },

    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_tool_t, name), 0 },

    { ngx_string("description"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_tool_t, description), 0 },

    { ngx_string("input_schema"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_tool_t, schema), 0 },

    { ngx_string("strict"), NGX_AI_BOOL, ngx_ai_walk_flag,
      offsetof(ngx_ai_tool_t, strict), 0 },

    { ngx_string("cache_control"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_tool_t, cache), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_choice_members[] = {

    { ngx_string("type"), NGX_AI_STRING, NULL, 0, 0 },

    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_anthropic_scratch_t, name), 0 },

    { ngx_string("disable_parallel_tool_use"), NGX_AI_BOOL, ngx_ai_walk_flag,
      offsetof(ngx_ai_anthropic_scratch_t, single), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_anthropic_thinking_members[] = {

    { ngx_string("type"), NGX_AI_STRING, NULL, 0, 0 },

    { ngx_string("budget_tokens"), NGX_AI_NUMBER, ngx_ai_walk_count,
      offsetof(ngx_ai_anthropic_scratch_t, budget), 0 },

    { ngx_string("display"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_anthropic_scratch_t, display), 0 },

      ngx_ai_null_member
};


ngx_int_t
ngx_ai_anthropic_read_ask(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    void *ask)
{
    ngx_ai_chat_t        *chat;
    const ngx_ai_node_t  *node;

    chat = ask;

    w->marks = &chat->fields;

    /* the only way of its streams */

    chat->usage = 1;

    if (ngx_ai_walk_element(w, root, ngx_ai_anthropic_members, chat)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    node = ngx_ai_tree_member(w->tree, root, "system");

    if (node != NULL
        && ngx_ai_anthropic_read_system(w, node, chat) != NGX_OK)
    {
        return NGX_ERROR;
    }

    node = ngx_ai_tree_member(w->tree, root, "messages");

    if (node == NULL) {
        return ngx_ai_walk_fail(w, root, "must have \"messages\"");
    }

    if (ngx_ai_anthropic_read_messages(w, node, chat) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_ai_chat_complete(chat) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_read_system(ngx_ai_walk_t *w, const ngx_ai_node_t *system,
    ngx_ai_chat_t *chat)
{
    ngx_ai_message_t  *message;

    message = ngx_ai_chat_message(chat, NGX_AI_ROLE_SYSTEM);
    if (message == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    if (ngx_ai_anthropic_read_blocks(w, system, NGX_AI_ANTHROPIC_IN_DOCUMENT,
                                     &message->parts)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (message->parts.nelts == 0) {
        chat->messages.nelts--;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_read_messages(ngx_ai_walk_t *w,
    const ngx_ai_node_t *messages, ngx_ai_chat_t *chat)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(messages);

    for (i = 0; i < messages->n; i++) {

        if (ngx_ai_anthropic_read_message(w, node, chat) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_read_message(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_chat_t *chat)
{
    ngx_uint_t                   role;
    ngx_ai_message_t            *message;
    const ngx_ai_node_t         *value;
    ngx_ai_anthropic_scratch_t   scratch;

    ngx_memzero(&scratch, sizeof(ngx_ai_anthropic_scratch_t));

    if (ngx_ai_walk_element(w, node, ngx_ai_anthropic_message_members,
                            &scratch)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    value = ngx_ai_tree_member(w->tree, node, "role");

    if (value == NULL) {
        return ngx_ai_walk_fail(w, node, "must have a \"role\"");
    }

    if (ngx_ai_tree_is(w->tree, value, "user")) {
        role = NGX_AI_ROLE_USER;

    } else if (ngx_ai_tree_is(w->tree, value, "assistant")) {
        role = NGX_AI_ROLE_ASSISTANT;

    } else if (ngx_ai_tree_is(w->tree, value, "system")) {
        role = NGX_AI_ROLE_SYSTEM;

    } else {
        return ngx_ai_walk_fail(w, value, "is no role");
    }

    value = ngx_ai_tree_member(w->tree, node, "content");

    if (value == NULL) {
        return ngx_ai_walk_fail(w, node, "must have \"content\"");
    }

    message = ngx_ai_chat_message(chat, role);
    if (message == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return ngx_ai_anthropic_read_blocks(w, value, NGX_AI_ANTHROPIC_IN_ASK,
                                        &message->parts);
}


static ngx_int_t
ngx_ai_anthropic_read_stream(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t  *chat;

    chat = to;
    chat->stream = (value->type == NGX_AI_JSON_TRUE);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_read_tools(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_anthropic_read_tool(w, node, to) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


/* one with a type is Anthropic's, and what is in it nobody else's */

static ngx_int_t
ngx_ai_anthropic_read_tool(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_chat_t *chat)
{
    ngx_str_t               name;
    ngx_ai_tool_t          *tool;
    const ngx_ai_node_t    *type, *value;

    static const ngx_str_t  search = ngx_string("web_search_");
    static const ngx_str_t  code = ngx_string("code_execution_");

    tool = ngx_ai_chat_tool(chat, NGX_AI_TOOL_FUNCTION);
    if (tool == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    type = ngx_ai_tree_member(w->tree, node, "type");

    if (type == NULL || type->type != NGX_AI_JSON_STRING
        || ngx_ai_tree_is(w->tree, type, "custom"))
    {
        if (ngx_ai_walk_element(w, node, ngx_ai_anthropic_tool_members, tool)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (tool->name.len == 0) {
            return ngx_ai_walk_fail(w, node, "must have a \"name\"");
        }

        return NGX_OK;
    }

    ngx_ai_tree_raw(w->tree, node, &tool->raw);
    ngx_ai_tree_text(w->tree, type, &name);

    tool->kind = ngx_ai_anthropic_begins(&name, &search)
                 ? NGX_AI_TOOL_WEB_SEARCH
                 : ngx_ai_anthropic_begins(&name, &code)
                 ? NGX_AI_TOOL_CODE : NGX_AI_TOOL_NATIVE;

    value = ngx_ai_tree_member(w->tree, node, "name");

    if (value != NULL && value->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(w->tree, value, &tool->name);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_read_choice(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t               *chat;
    const ngx_ai_node_t         *type;
    ngx_ai_anthropic_scratch_t   scratch;

    chat = to;

    ngx_memzero(&scratch, sizeof(ngx_ai_anthropic_scratch_t));

    scratch.single = NGX_AI_UNSET;

    if (ngx_ai_walk_object(w, value, ngx_ai_anthropic_choice_members,
                           &scratch)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    type = ngx_ai_tree_member(w->tree, value, "type");

    if (type == NULL) {
        return ngx_ai_walk_fail(w, value, "must have a \"type\"");
    }

    if (ngx_ai_tree_is(w->tree, type, "auto")) {
        chat->choice = NGX_AI_CHOICE_AUTO;
        chat->fields |= ngx_ai_field(TOOL_CHOICE);

    } else if (ngx_ai_tree_is(w->tree, type, "any")) {
        chat->choice = NGX_AI_CHOICE_REQUIRED;
        chat->fields |= ngx_ai_field(TOOL_CHOICE);

    } else if (ngx_ai_tree_is(w->tree, type, "none")) {
        chat->choice = NGX_AI_CHOICE_NONE;
        chat->fields |= ngx_ai_field(TOOL_CHOICE_NONE);

    } else if (!ngx_ai_tree_is(w->tree, type, "tool")) {
        return ngx_ai_walk_fail(w, type, "is no type of a choice");

    } else if (scratch.name.len == 0) {
        return ngx_ai_walk_fail(w, value, "must have a \"name\"");

    } else {
        chat->choice = NGX_AI_CHOICE_NAMED;
        chat->choice_name = scratch.name;
        chat->fields |= ngx_ai_field(TOOL_CHOICE_NAMED);
    }

    if (scratch.single != NGX_AI_UNSET) {
        chat->parallel = !scratch.single;
        chat->fields |= ngx_ai_field(PARALLEL);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_read_thinking(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t               *chat;
    const ngx_ai_node_t         *type;
    ngx_ai_anthropic_scratch_t   scratch;

    static const ngx_str_t       omitted = ngx_string("omitted");

    chat = to;

    ngx_memzero(&scratch, sizeof(ngx_ai_anthropic_scratch_t));

    if (ngx_ai_walk_object(w, value, ngx_ai_anthropic_thinking_members,
                           &scratch)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    type = ngx_ai_tree_member(w->tree, value, "type");

    if (type == NULL) {
        return ngx_ai_walk_fail(w, value, "must have a \"type\"");
    }

    if (ngx_ai_tree_is(w->tree, type, "disabled")) {
        chat->budget = NGX_AI_BUDGET_OFF;
        return NGX_OK;
    }

    if (ngx_ai_tree_is(w->tree, type, "adaptive")) {
        chat->budget = NGX_AI_BUDGET_DYNAMIC;

    } else if (!ngx_ai_tree_is(w->tree, type, "enabled")) {
        return ngx_ai_walk_fail(w, type, "is no type of thinking");

    } else if (scratch.budget == 0) {
        return ngx_ai_walk_fail(w, value, "must have \"budget_tokens\"");

    } else {
        chat->budget = scratch.budget;
    }

    chat->thoughts = (scratch.display.len != omitted.len
                      || !ngx_ai_anthropic_begins(&scratch.display,
                                                  &omitted));

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_read_metadata(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_anthropic_metadata_members, to);
}


static ngx_int_t
ngx_ai_anthropic_read_output(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_anthropic_output_members, to);
}


static ngx_int_t
ngx_ai_anthropic_read_effort(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_str_t       name;
    ngx_ai_chat_t  *chat;

    chat = to;

    ngx_ai_tree_text(w->tree, value, &name);

    chat->effort = ngx_ai_effort_find(&name);

    if (chat->effort == NGX_AI_EFFORT_UNSET) {
        ngx_ai_walk_drop(w, value);
        return NGX_OK;
    }

    chat->fields |= ngx_ai_field(EFFORT);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_read_format(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t        *chat;
    const ngx_ai_node_t  *type;

    chat = to;

    if (ngx_ai_walk_object(w, value, ngx_ai_anthropic_format_members, chat)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    type = ngx_ai_tree_member(w->tree, value, "type");

    if (type == NULL) {
        return ngx_ai_walk_fail(w, value, "must have a \"type\"");
    }

    if (!ngx_ai_tree_is(w->tree, type, "json_schema")) {
        return ngx_ai_walk_fail(w, type, "must be \"json_schema\"");
    }

    if (chat->schema.len == 0) {
        return ngx_ai_walk_fail(w, value, "must have a \"schema\"");
    }

    chat->output = NGX_AI_FORMAT_SCHEMA;

    return NGX_OK;
}


/* the hub has OpenAI's words */

static ngx_int_t
ngx_ai_anthropic_read_tier(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t  *chat;

    chat = to;

    if (ngx_ai_tree_is(w->tree, value, "standard_only")) {
        ngx_str_set(&chat->tier, "default");

    } else {
        ngx_ai_tree_text(w->tree, value, &chat->tier);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_anthropic_begins(const ngx_str_t *text, const ngx_str_t *with)
{
    return text->len >= with->len
           && ngx_memcmp(text->data, with->data, with->len) == 0;
}
