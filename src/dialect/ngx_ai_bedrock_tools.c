
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_bedrock.h"
#include "ngx_ai_inner.h"


/* names that are looked for; of more of them none is left out */
#define NGX_AI_BEDROCK_ALLOWED_MAX  256


static ngx_int_t ngx_ai_bedrock_read_tools(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_tool(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_input(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_system_tool(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_tool_cache(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_choice(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);

static ngx_uint_t ngx_ai_bedrock_offers(const ngx_ai_chat_t *chat,
    const ngx_ai_tool_t *tool);
static void ngx_ai_bedrock_write_tool(ngx_ai_json_writer_t *w,
    const ngx_ai_tool_t *tool);
static void ngx_ai_bedrock_write_called(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static void ngx_ai_bedrock_write_choice(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);


static const ngx_ai_member_t  ngx_ai_bedrock_tool_config_members[] = {
    { ngx_string("tools"), NGX_AI_ARRAY, ngx_ai_bedrock_read_tools, 0, 0 },
    { ngx_string("toolChoice"), NGX_AI_OBJECT, ngx_ai_bedrock_read_choice, 0,
      0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_tools_members[] = {
    { ngx_string("toolSpec"), NGX_AI_OBJECT, ngx_ai_bedrock_read_tool, 0, 0 },
    { ngx_string("systemTool"), NGX_AI_OBJECT,
      ngx_ai_bedrock_read_system_tool, 0, 0 },
    { ngx_string("cachePoint"), NGX_AI_OBJECT,
      ngx_ai_bedrock_read_tool_cache, 0, 0 },
    ngx_ai_null_member
};


/* into an ngx_ai_tool_t */

static const ngx_ai_member_t  ngx_ai_bedrock_tool_members[] = {
    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_tool_t, name), 0 },
    { ngx_string("description"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_tool_t, description), 0 },
    { ngx_string("inputSchema"), NGX_AI_OBJECT, ngx_ai_bedrock_read_input, 0,
      0 },
    { ngx_string("strict"), NGX_AI_BOOL, ngx_ai_walk_flag,
      offsetof(ngx_ai_tool_t, strict), 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_input_members[] = {
    { ngx_string("json"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_tool_t, schema), 0 },
    ngx_ai_null_member
};


ngx_int_t
ngx_ai_bedrock_read_tool_config(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_tool_config_members,
                              to);
}


static ngx_int_t
ngx_ai_bedrock_read_tools(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_walk_element(w, node, ngx_ai_bedrock_tools_members, to)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_tool(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_tool_t  *tool;

    tool = ngx_ai_chat_tool(to, NGX_AI_TOOL_FUNCTION);
    if (tool == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    if (ngx_ai_walk_object(w, value, ngx_ai_bedrock_tool_members, tool)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (tool->name.len == 0) {
        return ngx_ai_walk_fail(w, value, "has no name");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_input(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_input_members, to);
}


/* tools that Bedrock runs itself */

static ngx_int_t
ngx_ai_bedrock_read_system_tool(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_tool_t        *tool;
    const ngx_ai_node_t  *name;

    tool = ngx_ai_chat_tool(to, NGX_AI_TOOL_NATIVE);
    if (tool == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    ngx_ai_tree_raw(w->tree, value, &tool->raw);

    name = ngx_ai_tree_member(w->tree, value, "name");

    if (name == NULL || name->type != NGX_AI_JSON_STRING) {
        return ngx_ai_walk_fail(w, value, "has no name");
    }

    ngx_ai_tree_text(w->tree, name, &tool->name);

    if (ngx_ai_tree_is(w->tree, name, "nova_grounding")) {
        tool->kind = NGX_AI_TOOL_WEB_SEARCH;

    } else if (ngx_ai_tree_is(w->tree, name, "nova_code_interpreter")) {
        tool->kind = NGX_AI_TOOL_CODE;
    }

    return NGX_OK;
}


/* marks the tool before it; before all of them it marks nothing */

static ngx_int_t
ngx_ai_bedrock_read_tool_cache(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_ai_tool_t  *tool;

    if (chat->tools.nelts) {
        tool = chat->tools.elts;
        ngx_ai_bedrock_cache(w, value, &tool[chat->tools.nelts - 1].cache);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_choice(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    const ngx_ai_node_t  *named;

    named = ngx_ai_tree_member(w->tree, value, "tool");

    if (named != NULL) {
        ngx_ai_bedrock_string(w->tree, named, "name", &chat->choice_name);

        if (chat->choice_name.len == 0) {
            return ngx_ai_walk_fail(w, named, "has no name");
        }

        chat->choice = NGX_AI_CHOICE_NAMED;
        chat->fields |= ngx_ai_field(TOOL_CHOICE_NAMED);

    } else if (ngx_ai_tree_member(w->tree, value, "any") != NULL) {
        chat->choice = NGX_AI_CHOICE_REQUIRED;
        chat->fields |= ngx_ai_field(TOOL_CHOICE);

    } else if (ngx_ai_tree_member(w->tree, value, "auto") != NULL) {

        /* is what all of them do */

        chat->choice = NGX_AI_CHOICE_AUTO;

    } else {
        ngx_ai_walk_drop(w, value);
    }

    return NGX_OK;
}


/*
 * A conversation with calls in it must have tools: where none are offered, one
 * that was called is.  "None" as the choice can only be said by leaving them
 * out, so that it is lost as soon as there are calls.
 */

void
ngx_ai_bedrock_write_tools(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat,
    const ngx_ai_bedrock_maker_t *maker)
{
    ngx_uint_t            i, offered, called;
    const ngx_ai_tool_t  *tool;

    tool = chat->tools.elts;
    offered = 0;
    called = (chat->fields & (ngx_ai_field(TOOL_CALL)
                              | ngx_ai_field(TOOL_RESULT))) != 0;

    if (called || chat->choice != NGX_AI_CHOICE_NONE) {

        for (i = 0; i < chat->tools.nelts && !offered; i++) {
            offered = ngx_ai_bedrock_offers(chat, &tool[i]);
        }
    }

    if (!offered && !called) {
        return;
    }

    ngx_ai_json_write_key(w, "toolConfig");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "tools");
    ngx_ai_json_write_array(w);

    if (!offered) {
        ngx_ai_bedrock_write_called(w, chat);
    }

    for (i = 0; offered && i < chat->tools.nelts; i++) {

        if (!ngx_ai_bedrock_offers(chat, &tool[i])) {
            continue;
        }

        ngx_ai_bedrock_write_tool(w, &tool[i]);

        if (tool[i].cache.len && maker->cache) {
            ngx_ai_bedrock_write_point(w, &tool[i].cache);
        }
    }

    ngx_ai_json_write_end(w);

    if (offered) {
        ngx_ai_bedrock_write_choice(w, chat);
    }

    ngx_ai_json_write_end(w);
}


static ngx_uint_t
ngx_ai_bedrock_offers(const ngx_ai_chat_t *chat, const ngx_ai_tool_t *tool)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    if (tool->kind != NGX_AI_TOOL_FUNCTION && tool->kind != NGX_AI_TOOL_CUSTOM)
    {
        return tool->origin == NGX_AI_DIALECT_BEDROCK;
    }

    if (chat->allowed == NULL
        || chat->allowed->nelts > NGX_AI_BEDROCK_ALLOWED_MAX)
    {
        return 1;
    }

    name = chat->allowed->elts;

    for (i = 0; i < chat->allowed->nelts; i++) {

        if (name[i].len == tool->name.len
            && ngx_memcmp(name[i].data, tool->name.data, name[i].len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static void
ngx_ai_bedrock_write_tool(ngx_ai_json_writer_t *w, const ngx_ai_tool_t *tool)
{
    ngx_ai_json_write_object(w);

    if (tool->kind != NGX_AI_TOOL_FUNCTION && tool->kind != NGX_AI_TOOL_CUSTOM)
    {
        ngx_ai_json_write_key(w, "systemTool");
        ngx_ai_json_write_raw(w, &tool->raw);
        ngx_ai_json_write_end(w);
        return;
    }

    ngx_ai_json_write_key(w, "toolSpec");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "name");
    ngx_ai_json_write_text(w, &tool->name);

    if (!ngx_ai_inner_blank(&tool->description)) {
        ngx_ai_json_write_key(w, "description");
        ngx_ai_json_write_text(w, &tool->description);
    }

    ngx_ai_json_write_key(w, "inputSchema");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "json");

    if (tool->kind == NGX_AI_TOOL_CUSTOM) {
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_literal(w, "\"type\":\"object\","
                                     "\"required\":[\"input\"]");
        ngx_ai_json_write_key(w, "properties");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "input");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_literal(w, "\"type\":\"string\"");

        /* the format, for the model to read */

        if (tool->raw.len) {
            ngx_ai_json_write_key(w, "description");
            ngx_ai_json_write_string(w, &tool->raw);
        }

        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);

    } else if (tool->schema.len) {
        ngx_ai_json_write_raw(w, &tool->schema);

    } else {
        ngx_ai_json_write_literal(w, "{\"type\":\"object\","
                                     "\"properties\":{}}");
    }

    ngx_ai_json_write_end(w);

    if (tool->strict == 1) {
        ngx_ai_json_write_literal(w, "\"strict\":true");
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


/* the tool that the first call of the conversation names */

static void
ngx_ai_bedrock_write_called(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    ngx_uint_t               i, k;
    ngx_ai_tool_t            tool;
    const ngx_ai_part_t     *part;
    const ngx_ai_message_t  *message;

    ngx_memzero(&tool, sizeof(ngx_ai_tool_t));

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts && tool.name.len == 0; i++) {
        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {

            if (part[k].kind == NGX_AI_PART_TOOL_CALL
                || part[k].kind == NGX_AI_PART_TOOL_RESULT)
            {
                tool.name = part[k].name;
                break;
            }
        }
    }

    if (tool.name.len == 0) {
        ngx_str_set(&tool.name, "tool");
    }

    ngx_ai_bedrock_write_tool(w, &tool);
}


/* the model's own choice is the default, and some models can't be told so */

static void
ngx_ai_bedrock_write_choice(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    if (chat->choice == NGX_AI_CHOICE_REQUIRED) {
        ngx_ai_json_write_literal(w, "\"toolChoice\":{\"any\":{}}");
        return;
    }

    if (chat->choice == NGX_AI_CHOICE_NAMED) {
        ngx_ai_json_write_key(w, "toolChoice");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "tool");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "name");
        ngx_ai_json_write_text(w, &chat->choice_name);
        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);
    }
}
