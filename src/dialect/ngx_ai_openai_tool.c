
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"


/* of a tool */

typedef struct {
    const ngx_ai_node_t  *function;
    const ngx_ai_node_t  *custom;
    ngx_str_t             cache;
} ngx_ai_openai_tool_t;


/* "tool_choice" that is an object, and what is inside of it */

typedef struct {
    const ngx_ai_node_t  *type;
    const ngx_ai_node_t  *mode;
    const ngx_ai_node_t  *tools;
    ngx_str_t             name;
} ngx_ai_openai_pick_t;


static ngx_int_t ngx_ai_openai_read_tool(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_openai_read_native(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, const ngx_ai_node_t *type,
    ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_openai_choose(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_openai_read_allowed(ngx_ai_walk_t *w,
    const ngx_ai_node_t *tools, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_openai_read_named(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_allowed_tools(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


#define ngx_ai_tool(name)  offsetof(ngx_ai_tool_t, name)
#define ngx_ai_pick(name)  offsetof(ngx_ai_openai_pick_t, name)


static const ngx_ai_member_t  ngx_ai_openai_tool_members[] = {

    { ngx_string("type"), NGX_AI_STRING, NULL, 0, 0 },

    { ngx_string("function"), NGX_AI_OBJECT,
      ngx_ai_openai_node, offsetof(ngx_ai_openai_tool_t, function), 0 },

    { ngx_string("custom"), NGX_AI_OBJECT,
      ngx_ai_openai_node, offsetof(ngx_ai_openai_tool_t, custom), 0 },

    { ngx_string("cache_control"), NGX_AI_OBJECT,
      ngx_ai_walk_raw, offsetof(ngx_ai_openai_tool_t, cache), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_tool_function_members[] = {

    { ngx_string("name"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_tool(name), 0 },

    { ngx_string("description"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_tool(description), 0 },

    { ngx_string("parameters"), NGX_AI_OBJECT,
      ngx_ai_walk_raw, ngx_ai_tool(schema), 0 },

    { ngx_string("strict"), NGX_AI_BOOL,
      ngx_ai_walk_flag, ngx_ai_tool(strict), 0 },

    { ngx_string("cache_control"), NGX_AI_OBJECT,
      ngx_ai_walk_raw, ngx_ai_tool(cache), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_tool_custom_members[] = {

    { ngx_string("name"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_tool(name), 0 },

    { ngx_string("description"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_tool(description), 0 },

    { ngx_string("format"), NGX_AI_OBJECT,
      ngx_ai_walk_raw, ngx_ai_tool(raw), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_pick_members[] = {

    { ngx_string("type"), NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_pick(type), 0 },

    { ngx_string("function"), NGX_AI_OBJECT,
      ngx_ai_openai_read_named, 0, 0 },

    { ngx_string("custom"), NGX_AI_OBJECT,
      ngx_ai_openai_read_named, 0, 0 },

    { ngx_string("name"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_pick(name), 0 },

    { ngx_string("allowed_tools"), NGX_AI_OBJECT,
      ngx_ai_openai_read_allowed_tools, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_named_members[] = {

    { ngx_string("name"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_pick(name), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_allowed_members[] = {

    { ngx_string("mode"), NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_pick(mode), 0 },

    { ngx_string("tools"), NGX_AI_ARRAY,
      ngx_ai_openai_node, ngx_ai_pick(tools), 0 },

      ngx_ai_null_member
};


static const ngx_ai_openai_word_t  ngx_ai_openai_choices[] = {
    { ngx_string("auto"), NGX_AI_CHOICE_AUTO },
    { ngx_string("none"), NGX_AI_CHOICE_NONE },
    { ngx_string("required"), NGX_AI_CHOICE_REQUIRED },
    { ngx_string("any"), NGX_AI_CHOICE_REQUIRED },
    { ngx_null_string, 0 }
};


/* tools that a provider has of its own; any other is NATIVE */

static const ngx_ai_openai_word_t  ngx_ai_openai_natives[] = {
    { ngx_string("web_search"), NGX_AI_TOOL_WEB_SEARCH },
    { ngx_string("web_search_preview"), NGX_AI_TOOL_WEB_SEARCH },
    { ngx_string("openrouter:web_search"), NGX_AI_TOOL_WEB_SEARCH },
    { ngx_string("code_interpreter"), NGX_AI_TOOL_CODE },
    { ngx_null_string, 0 }
};


ngx_int_t
ngx_ai_openai_read_tools(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_openai_read_tool(w, node, to) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_tool(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_chat_t *chat)
{
    ngx_int_t              rc;
    ngx_ai_tool_t         *tool;
    const ngx_ai_node_t   *type;
    ngx_ai_openai_tool_t   about;

    type = ngx_ai_tree_member(w->tree, node, "type");

    if (type != NULL && type->type == NGX_AI_JSON_STRING
        && !ngx_ai_tree_is(w->tree, type, "function")
        && !ngx_ai_tree_is(w->tree, type, "custom"))
    {
        return ngx_ai_openai_read_native(w, node, type, chat);
    }

    ngx_memzero(&about, sizeof(ngx_ai_openai_tool_t));

    if (ngx_ai_walk_element(w, node, ngx_ai_openai_tool_members, &about)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (about.function == NULL && about.custom == NULL) {
        return ngx_ai_walk_fail(w, node, "has no \"function\"");
    }

    tool = ngx_ai_chat_tool(chat, about.function ? NGX_AI_TOOL_FUNCTION
                                                 : NGX_AI_TOOL_CUSTOM);
    if (tool == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    tool->cache = about.cache;

    if (about.function) {
        rc = ngx_ai_walk_object(w, about.function,
                                ngx_ai_openai_tool_function_members, tool);

    } else {
        rc = ngx_ai_walk_object(w, about.custom,
                                ngx_ai_openai_tool_custom_members, tool);
    }

    if (rc == NGX_OK && tool->name.len == 0) {
        return ngx_ai_walk_fail(w, about.function ? about.function
                                                  : about.custom,
                                "has no \"name\"");
    }

    return rc;
}


/* what the provider runs itself, in words that only it has */

static ngx_int_t
ngx_ai_openai_read_native(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    const ngx_ai_node_t *type, ngx_ai_chat_t *chat)
{
    ngx_ai_tool_t               *tool;
    const ngx_ai_openai_word_t  *word;

    word = ngx_ai_openai_word(w->tree, type, ngx_ai_openai_natives);

    tool = ngx_ai_chat_tool(chat, word ? word->value : NGX_AI_TOOL_NATIVE);
    if (tool == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    ngx_ai_tree_raw(w->tree, node, &tool->raw);

    return NGX_OK;
}


ngx_int_t
ngx_ai_openai_read_choice(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_ai_openai_pick_t  pick;

    if (value->type == NGX_AI_JSON_STRING) {
        return ngx_ai_openai_choose(w, value, chat);
    }

    ngx_memzero(&pick, sizeof(ngx_ai_openai_pick_t));

    if (ngx_ai_walk_object(w, value, ngx_ai_openai_pick_members, &pick)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (pick.tools != NULL) {

        if (pick.mode != NULL
            && ngx_ai_openai_choose(w, pick.mode, chat) != NGX_OK)
        {
            return NGX_ERROR;
        }

        return ngx_ai_openai_read_allowed(w, pick.tools, chat);
    }

    if (pick.name.len == 0) {
        return ngx_ai_walk_fail(w, value, "names no tool");
    }

    chat->choice = NGX_AI_CHOICE_NAMED;
    chat->choice_name = pick.name;
    chat->fields |= ngx_ai_field(TOOL_CHOICE_NAMED);

    return NGX_OK;
}


/* "auto" is what they all do */

static ngx_int_t
ngx_ai_openai_choose(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_ai_chat_t *chat)
{
    const ngx_ai_openai_word_t  *word;

    word = ngx_ai_openai_word(w->tree, value, ngx_ai_openai_choices);

    if (word == NULL) {
        return ngx_ai_walk_fail(w, value, "must be none, auto or required");
    }

    chat->choice = word->value;

    if (chat->choice == NGX_AI_CHOICE_REQUIRED) {
        chat->fields |= ngx_ai_field(TOOL_CHOICE);

    } else if (chat->choice == NGX_AI_CHOICE_NONE) {
        chat->fields |= ngx_ai_field(TOOL_CHOICE_NONE);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_allowed(ngx_ai_walk_t *w, const ngx_ai_node_t *tools,
    ngx_ai_chat_t *chat)
{
    ngx_str_t             *name;
    ngx_uint_t             i;
    const ngx_ai_node_t   *node;
    ngx_ai_openai_pick_t   pick;

    chat->allowed = ngx_array_create(w->pool, ngx_max(tools->n, 1),
                                     sizeof(ngx_str_t));
    if (chat->allowed == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    node = ngx_ai_tree_child(tools);

    for (i = 0; i < tools->n; i++) {

        ngx_memzero(&pick, sizeof(ngx_ai_openai_pick_t));

        if (ngx_ai_walk_element(w, node, ngx_ai_openai_pick_members, &pick)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (pick.name.len == 0) {
            return ngx_ai_walk_fail(w, node, "names no tool");
        }

        name = ngx_array_push(chat->allowed);
        if (name == NULL) {
            return ngx_ai_openai_no_memory(w);
        }

        *name = pick.name;

        node = ngx_ai_tree_next(w->tree, node);
    }

    chat->fields |= ngx_ai_field(TOOL_CHOICE_ALLOWED);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_named(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_openai_named_members, to);
}


static ngx_int_t
ngx_ai_openai_read_allowed_tools(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_openai_allowed_members, to);
}
