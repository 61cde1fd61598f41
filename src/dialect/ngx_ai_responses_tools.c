
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"


/* names that are looked at when a call may be of a custom tool */
#define NGX_AI_RESPONSES_CUSTOM  256


static ngx_int_t ngx_ai_responses_read_tool(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_chat_t *chat);
static ngx_uint_t ngx_ai_responses_tool_kind(const ngx_str_t *type);
static ngx_int_t ngx_ai_responses_read_choice_object(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_responses_read_allowed(ngx_ai_walk_t *w,
    const ngx_ai_node_t *array, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_responses_choose(ngx_ai_chat_t *chat,
    const ngx_str_t *word);
static ngx_int_t ngx_ai_responses_text_of(ngx_ai_walk_t *w,
    const ngx_ai_node_t *object, const char *name, ngx_str_t *text);
static void ngx_ai_responses_write_tool(const ngx_ai_chat_t *chat,
    const ngx_ai_tool_t *tool, ngx_uint_t echo, ngx_ai_json_writer_t *w);
static void ngx_ai_responses_write_strict(const ngx_ai_chat_t *chat,
    const ngx_ai_tool_t *tool, ngx_uint_t echo, ngx_ai_json_writer_t *w);
static void ngx_ai_responses_write_format(const ngx_ai_tool_t *tool,
    ngx_ai_json_writer_t *w);
static void ngx_ai_responses_write_name(const ngx_ai_chat_t *chat,
    const ngx_str_t *name, ngx_ai_json_writer_t *w);


static const ngx_ai_member_t  ngx_ai_responses_function_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_tool_t, name), 0 },

    { ngx_string("description"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_tool_t, description), 0 },

    { ngx_string("parameters"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_tool_t, schema), 0 },

    { ngx_string("strict"), NGX_AI_BOOL, ngx_ai_walk_flag,
      offsetof(ngx_ai_tool_t, strict), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_custom_tool_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_tool_t, name), 0 },

    { ngx_string("description"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_tool_t, description), 0 },

    { ngx_string("format"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_tool_t, raw), 0 },

      ngx_ai_null_member
};


static const ngx_ai_responses_word_t  ngx_ai_responses_choices[] = {
    { ngx_string("auto"), NGX_AI_CHOICE_AUTO },
    { ngx_string("none"), NGX_AI_CHOICE_NONE },
    { ngx_string("required"), NGX_AI_CHOICE_REQUIRED },
    { ngx_null_string, 0 }
};


ngx_int_t
ngx_ai_responses_read_tools(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_responses_read_tool(w, node, to) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_tool(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_chat_t *chat)
{
    ngx_str_t       type;
    ngx_uint_t      kind;
    ngx_ai_tool_t  *tool;

    if (node->type != NGX_AI_JSON_OBJECT) {
        return ngx_ai_walk_fail(w, node, "must be an object");
    }

    if (ngx_ai_responses_text_of(w, node, "type", &type) != NGX_OK) {
        return ngx_ai_walk_fail(w, node, "has no \"type\"");
    }

    kind = ngx_ai_responses_tool_kind(&type);

    tool = ngx_ai_chat_tool(chat, kind);
    if (tool == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    tool->origin = NGX_AI_DIALECT_RESPONSES;

    if (kind != NGX_AI_TOOL_FUNCTION && kind != NGX_AI_TOOL_CUSTOM) {
        tool->name = type;
        ngx_ai_tree_raw(w->tree, node, &tool->raw);
        return NGX_OK;
    }

    if (ngx_ai_walk_object(w, node,
                           kind == NGX_AI_TOOL_CUSTOM
                           ? ngx_ai_responses_custom_tool_members
                           : ngx_ai_responses_function_members,
                           tool)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (tool->name.len == 0) {
        return ngx_ai_walk_fail(w, node, "has no \"name\"");
    }

    return NGX_OK;
}


/* tools to search with have the date of their version in their names */

static ngx_uint_t
ngx_ai_responses_tool_kind(const ngx_str_t *type)
{
    size_t  n;

    static const ngx_ai_responses_word_t  kinds[] = {
        { ngx_string("function"), NGX_AI_TOOL_FUNCTION },
        { ngx_string("custom"), NGX_AI_TOOL_CUSTOM },
        { ngx_string("code_interpreter"), NGX_AI_TOOL_CODE },
        { ngx_null_string, 0 }
    };

    n = sizeof("web_search") - 1;

    if (type->len >= n && ngx_memcmp(type->data, "web_search", n) == 0) {
        return NGX_AI_TOOL_WEB_SEARCH;
    }

    return ngx_ai_responses_find(kinds, type, NGX_AI_TOOL_NATIVE);
}


ngx_int_t
ngx_ai_responses_read_choice(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_str_t  word;

    if (value->type == NGX_AI_JSON_OBJECT) {
        return ngx_ai_responses_read_choice_object(w, value, to);
    }

    ngx_ai_tree_text(w->tree, value, &word);

    if (ngx_ai_responses_choose(to, &word) != NGX_OK) {
        return ngx_ai_walk_fail(w, value,
                                "must be auto, none, required or an object");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_choice_object(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_chat_t *chat)
{
    ngx_str_t             type, mode;
    ngx_uint_t            kind;
    const ngx_ai_node_t  *tools;

    if (ngx_ai_responses_text_of(w, node, "type", &type) != NGX_OK) {
        return ngx_ai_walk_fail(w, node, "has no \"type\"");
    }

    if (type.len == sizeof("allowed_tools") - 1
        && ngx_memcmp(type.data, "allowed_tools", type.len) == 0)
    {
        tools = ngx_ai_tree_member(w->tree, node, "tools");

        if (tools == NULL || tools->type != NGX_AI_JSON_ARRAY) {
            return ngx_ai_walk_fail(w, node, "has no \"tools\"");
        }

        if (ngx_ai_responses_text_of(w, node, "mode", &mode) != NGX_OK
            || ngx_ai_responses_choose(chat, &mode) != NGX_OK)
        {
            return ngx_ai_walk_fail(w, node, "has no \"mode\"");
        }

        return ngx_ai_responses_read_allowed(w, tools, chat);
    }

    kind = ngx_ai_responses_tool_kind(&type);

    if (kind != NGX_AI_TOOL_FUNCTION && kind != NGX_AI_TOOL_CUSTOM) {

        /* a tool of the provider's own, which no one else has */

        ngx_ai_walk_drop(w, node);
        return NGX_OK;
    }

    if (ngx_ai_responses_text_of(w, node, "name", &chat->choice_name)
        != NGX_OK)
    {
        return ngx_ai_walk_fail(w, node, "has no \"name\"");
    }

    chat->choice = NGX_AI_CHOICE_NAMED;
    chat->fields |= ngx_ai_field(TOOL_CHOICE_NAMED);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_allowed(ngx_ai_walk_t *w, const ngx_ai_node_t *array,
    ngx_ai_chat_t *chat)
{
    ngx_str_t             name, *allowed;
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    chat->allowed = ngx_array_create(w->pool, ngx_max(array->n, 1),
                                     sizeof(ngx_str_t));
    if (chat->allowed == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    node = ngx_ai_tree_child(array);

    for (i = 0; i < array->n; i++) {

        if (ngx_ai_responses_text_of(w, node, "name", &name) == NGX_OK) {

            allowed = ngx_array_push(chat->allowed);
            if (allowed == NULL) {
                return ngx_ai_walk_fail(w, NULL, "no memory");
            }

            *allowed = name;

        } else {
            ngx_ai_walk_drop(w, node);
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    chat->fields |= ngx_ai_field(TOOL_CHOICE_ALLOWED);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_choose(ngx_ai_chat_t *chat, const ngx_str_t *word)
{
    chat->choice = ngx_ai_responses_find(ngx_ai_responses_choices, word,
                                         NGX_AI_CHOICE_UNSET);

    switch (chat->choice) {

    case NGX_AI_CHOICE_UNSET:
        return NGX_DECLINED;

    case NGX_AI_CHOICE_NONE:
        chat->fields |= ngx_ai_field(TOOL_CHOICE_NONE);
        break;

    default:
        chat->fields |= ngx_ai_field(TOOL_CHOICE);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_text_of(ngx_ai_walk_t *w, const ngx_ai_node_t *object,
    const char *name, ngx_str_t *text)
{
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(w->tree, object, name);

    if (node == NULL || node->type != NGX_AI_JSON_STRING) {
        return NGX_DECLINED;
    }

    ngx_ai_tree_text(w->tree, node, text);

    return NGX_OK;
}


ngx_uint_t
ngx_ai_responses_is_custom(const ngx_ai_chat_t *chat, const ngx_str_t *name)
{
    ngx_uint_t            i, n;
    const ngx_ai_tool_t  *tool;

    if (chat == NULL || !(chat->fields & ngx_ai_field(TOOL_CUSTOM))) {
        return 0;
    }

    tool = chat->tools.elts;
    n = ngx_min(chat->tools.nelts, NGX_AI_RESPONSES_CUSTOM);

    for (i = 0; i < n; i++) {

        if (tool[i].kind == NGX_AI_TOOL_CUSTOM
            && tool[i].name.len == name->len
            && ngx_memcmp(tool[i].name.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


void
ngx_ai_responses_write_tools(const ngx_ai_chat_t *chat, ngx_uint_t echo,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t            i;
    const ngx_ai_tool_t  *tool;

    ngx_ai_json_write_array(w);

    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {
        ngx_ai_responses_write_tool(chat, &tool[i], echo, w);
    }

    if (!echo && (chat->fields & ngx_ai_field(IMAGE_OUT))) {
        ngx_ai_json_write_literal(w, "{\"type\":\"image_generation\"}");
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_responses_write_tool(const ngx_ai_chat_t *chat,
    const ngx_ai_tool_t *tool, ngx_uint_t echo, ngx_ai_json_writer_t *w)
{
    switch (tool->kind) {

    case NGX_AI_TOOL_FUNCTION:
    case NGX_AI_TOOL_CUSTOM:
        break;

    case NGX_AI_TOOL_WEB_SEARCH:
        if (tool->origin != NGX_AI_DIALECT_RESPONSES) {
            ngx_ai_json_write_literal(w, "{\"type\":\"web_search\"}");
            return;
        }

        ngx_ai_responses_json(w, &tool->raw);
        return;

    case NGX_AI_TOOL_CODE:
        if (tool->origin != NGX_AI_DIALECT_RESPONSES) {
            ngx_ai_json_write_literal(w, "{\"type\":\"code_interpreter\","
                                         "\"container\":{\"type\":\"auto\"}}");
            return;
        }

        ngx_ai_responses_json(w, &tool->raw);
        return;

    default: /* NGX_AI_TOOL_NATIVE */
        if (tool->origin == NGX_AI_DIALECT_RESPONSES) {
            ngx_ai_responses_json(w, &tool->raw);
        }

        return;
    }

    ngx_ai_json_write_object(w);

    if (tool->kind == NGX_AI_TOOL_CUSTOM) {
        ngx_ai_json_write_literal(w, "\"type\":\"custom\"");

    } else {
        ngx_ai_json_write_literal(w, "\"type\":\"function\"");
    }

    ngx_ai_responses_write_pair(w, "name", &tool->name);

    if (tool->description.len) {
        ngx_ai_responses_write_pair(w, "description", &tool->description);
    }

    if (tool->kind == NGX_AI_TOOL_CUSTOM) {
        ngx_ai_responses_write_format(tool, w);

    } else {

        if (tool->schema.len) {
            ngx_ai_json_write_key(w, "parameters");
            ngx_ai_responses_json(w, &tool->schema);

        } else {
            ngx_ai_json_write_literal(w, "\"parameters\":{\"type\":\"object\","
                                         "\"properties\":{}}");
        }

        ngx_ai_responses_write_strict(chat, tool, echo, w);
    }

    ngx_ai_json_write_end(w);
}


/*
 * A function is strict here unless it says no, and is not strict elsewhere
 * unless it says yes.  A schema that can't be held strictly is excused only
 * when nothing is said.
 */

static void
ngx_ai_responses_write_strict(const ngx_ai_chat_t *chat,
    const ngx_ai_tool_t *tool, ngx_uint_t echo, ngx_ai_json_writer_t *w)
{
    if (tool->strict == 1) {
        ngx_ai_json_write_literal(w, "\"strict\":true");

    } else if (tool->strict == 0 || chat->origin != NGX_AI_DIALECT_RESPONSES) {
        ngx_ai_json_write_literal(w, "\"strict\":false");

    } else if (echo) {
        ngx_ai_json_write_literal(w, "\"strict\":true");
    }
}


/*
 * OpenAI's other dialect has {"type":"grammar","grammar":{...}}, this one the
 * inner members beside the type.
 */

static void
ngx_ai_responses_write_format(const ngx_ai_tool_t *tool,
    ngx_ai_json_writer_t *w)
{
    ngx_str_t             inner;
    ngx_ai_scan_t         scan;
    ngx_ai_scan_value_t   value;

    static const ngx_ai_scan_field_t  field = { ngx_string("grammar") };

    if (tool->raw.len == 0) {
        return;
    }

    (void) ngx_ai_scan_init(&scan, &field, 1, &value, NGX_AI_TREE_DEPTH);
    (void) ngx_ai_scan_feed(&scan, tool->raw.data,
                            tool->raw.data + tool->raw.len);

    if (ngx_ai_scan_end(&scan) != NGX_OK) {
        return;
    }

    ngx_ai_json_write_key(w, "format");

    if (value.type != NGX_AI_JSON_OBJECT || value.n == 0) {
        ngx_ai_responses_json(w, &tool->raw);
        return;
    }

    inner.data = tool->raw.data + value.start + 1;
    inner.len = value.end - value.start - 2;

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"type\":\"grammar\"");
    ngx_ai_responses_json(w, &inner);
    ngx_ai_json_write_end(w);
}


void
ngx_ai_responses_write_choice(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w)
{
    ngx_str_t                      *name;
    ngx_uint_t                      i;
    const ngx_ai_responses_word_t  *word;

    static const ngx_str_t          automatic = ngx_string("auto");

    if (chat->choice == NGX_AI_CHOICE_NAMED) {
        ngx_ai_responses_write_name(chat, &chat->choice_name, w);
        return;
    }

    for (word = ngx_ai_responses_choices; word->name.len; word++) {
        if (word->value == chat->choice) {
            break;
        }
    }

    if (chat->allowed == NULL) {
        ngx_ai_json_write_text(w, word->name.len ? &word->name : &automatic);
        return;
    }

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"type\":\"allowed_tools\"");
    ngx_ai_json_write_key(w, "mode");
    ngx_ai_json_write_text(w, chat->choice == NGX_AI_CHOICE_REQUIRED
                              ? &word->name : &automatic);
    ngx_ai_json_write_key(w, "tools");
    ngx_ai_json_write_array(w);

    name = chat->allowed->elts;

    for (i = 0; i < chat->allowed->nelts; i++) {
        ngx_ai_responses_write_name(chat, &name[i], w);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


static void
ngx_ai_responses_write_name(const ngx_ai_chat_t *chat, const ngx_str_t *name,
    ngx_ai_json_writer_t *w)
{
    ngx_ai_json_write_object(w);

    if (ngx_ai_responses_is_custom(chat, name)) {
        ngx_ai_json_write_literal(w, "\"type\":\"custom\"");

    } else {
        ngx_ai_json_write_literal(w, "\"type\":\"function\"");
    }

    ngx_ai_responses_write_pair(w, "name", name);
    ngx_ai_json_write_end(w);
}
