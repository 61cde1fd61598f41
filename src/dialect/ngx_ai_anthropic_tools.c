
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_anthropic.h"


static ngx_int_t ngx_ai_anthropic_write_tool(const ngx_ai_chat_t *chat,
    const ngx_ai_tool_t *tool, ngx_ai_json_writer_t *w);
static ngx_int_t ngx_ai_anthropic_write_schema(const ngx_ai_chat_t *chat,
    const ngx_str_t *schema, ngx_ai_json_writer_t *w);
static ngx_uint_t ngx_ai_anthropic_has_type(const ngx_str_t *schema);
static ngx_uint_t ngx_ai_anthropic_can_tool(const ngx_ai_tool_t *tool);
static void ngx_ai_anthropic_write_choice(const ngx_ai_chat_t *chat,
    ngx_uint_t thinks, ngx_ai_json_writer_t *w);


ngx_int_t
ngx_ai_anthropic_write_tools(const ngx_ai_chat_t *chat, ngx_uint_t thinks,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t            i, n;
    const ngx_ai_tool_t  *tool;

    tool = chat->tools.elts;
    n = 0;

    for (i = 0; i < chat->tools.nelts; i++) {

        if (!ngx_ai_anthropic_can_tool(&tool[i])) {
            continue;
        }

        if (n++ == 0) {
            ngx_ai_json_write_key(w, "tools");
            ngx_ai_json_write_array(w);
        }

        if (ngx_ai_anthropic_write_tool(chat, &tool[i], w) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (n) {
        ngx_ai_json_write_end(w);
        ngx_ai_anthropic_write_choice(chat, thinks, w);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_anthropic_can_tool(const ngx_ai_tool_t *tool)
{
    return (tool->kind != NGX_AI_TOOL_CODE
            && tool->kind != NGX_AI_TOOL_NATIVE)
           || tool->origin == NGX_AI_DIALECT_ANTHROPIC;
}


static ngx_int_t
ngx_ai_anthropic_write_tool(const ngx_ai_chat_t *chat,
    const ngx_ai_tool_t *tool, ngx_ai_json_writer_t *w)
{
    if (tool->kind != NGX_AI_TOOL_FUNCTION
        && tool->kind != NGX_AI_TOOL_CUSTOM)
    {
        if (tool->origin == NGX_AI_DIALECT_ANTHROPIC) {
            ngx_ai_json_write_raw(w, &tool->raw);

        } else {
            ngx_ai_json_write_literal(w, "{\"type\":\"web_search_20250305\","
                                      "\"name\":\"web_search\"}");
        }

        return NGX_OK;
    }

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "name");
    ngx_ai_json_write_text(w, &tool->name);

    if (tool->description.len) {
        ngx_ai_json_write_key(w, "description");
        ngx_ai_json_write_text(w, &tool->description);
    }

    if (tool->kind == NGX_AI_TOOL_CUSTOM) {

        /* ngx_ai_anthropic_write_input() has the arguments for it */

        ngx_ai_json_write_literal(w, "\"input_schema\":{\"type\":\"object\","
                                  "\"properties\":{\"input\":{\"type\":"
                                  "\"string\"}},\"required\":[\"input\"]}");

    } else if (ngx_ai_anthropic_write_schema(chat, &tool->schema, w)
               != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (tool->strict == 1) {
        ngx_ai_json_write_literal(w, "\"strict\":true");
    }

    if (tool->cache.len) {
        ngx_ai_json_write_key(w, "cache_control");
        ngx_ai_json_write_raw(w, &tool->cache);
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* a schema without a "type" is refused; one that OpenAI takes may have none */

static ngx_int_t
ngx_ai_anthropic_write_schema(const ngx_ai_chat_t *chat,
    const ngx_str_t *schema, ngx_ai_json_writer_t *w)
{
    u_char     *p;
    ngx_str_t   typed;

    static const ngx_str_t  empty = ngx_string("{\"type\":\"object\"}");

    ngx_ai_json_write_key(w, "input_schema");

    if (schema->len < 2 || schema->data[0] != '{') {
        ngx_ai_json_write_raw(w, &empty);
        return NGX_OK;
    }

    if (ngx_ai_anthropic_has_type(schema)) {
        ngx_ai_json_write_raw(w, schema);
        return NGX_OK;
    }

    p = schema->data + 1;

    while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r') {
        p++;
    }

    if (*p == '}') {
        ngx_ai_json_write_raw(w, &empty);
        return NGX_OK;
    }

    typed.len = empty.len + schema->data + schema->len - p;

    typed.data = ngx_pnalloc(chat->pool, typed.len);
    if (typed.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_snprintf(typed.data, typed.len, "%*s,%*s",
                        empty.len - 1, empty.data,
                        (size_t) (schema->data + schema->len - p), p);

    ngx_ai_json_write_raw(w, &typed);

    return NGX_OK;
}


/* of the object itself, not of what is in it */

static ngx_uint_t
ngx_ai_anthropic_has_type(const ngx_str_t *schema)
{
    u_char      *p, *last, *start;
    ngx_uint_t   depth, key;

    static const ngx_str_t  type = ngx_string("\"type\"");

    p = schema->data;
    last = p + schema->len;
    depth = 0;
    key = 0;

    for ( /* void */ ; p < last; p++) {

        switch (*p) {

        case '{':
        case '[':
            key = (++depth == 1);
            break;

        case '}':
        case ']':
            depth--;
            break;

        case ',':
            key = (depth == 1);
            break;

        case '"':
            start = p++;

            while (p < last && *p != '"') {
                p += (*p == '\\') ? 2 : 1;
            }

            if (key && (size_t) (p + 1 - start) == type.len
                && ngx_memcmp(start, type.data, type.len) == 0)
            {
                return 1;
            }

            key = 0;
        }
    }

    return 0;
}


/* none is forced while the model thinks */

static void
ngx_ai_anthropic_write_choice(const ngx_ai_chat_t *chat, ngx_uint_t thinks,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t  choice;

    choice = chat->choice;

    if (thinks && (choice == NGX_AI_CHOICE_REQUIRED
                   || choice == NGX_AI_CHOICE_NAMED))
    {
        choice = NGX_AI_CHOICE_UNSET;
    }

    if (choice == NGX_AI_CHOICE_UNSET && chat->parallel == NGX_AI_UNSET) {
        return;
    }

    ngx_ai_json_write_key(w, "tool_choice");
    ngx_ai_json_write_object(w);

    switch (choice) {

    case NGX_AI_CHOICE_NONE:
        ngx_ai_json_write_literal(w, "\"type\":\"none\"");
        break;

    case NGX_AI_CHOICE_REQUIRED:
        ngx_ai_json_write_literal(w, "\"type\":\"any\"");
        break;

    case NGX_AI_CHOICE_NAMED:
        ngx_ai_json_write_literal(w, "\"type\":\"tool\"");
        ngx_ai_json_write_key(w, "name");
        ngx_ai_json_write_text(w, &chat->choice_name);
        break;

    default:
        ngx_ai_json_write_literal(w, "\"type\":\"auto\"");
    }

    if (chat->parallel != NGX_AI_UNSET && choice != NGX_AI_CHOICE_NONE) {
        ngx_ai_json_write_key(w, "disable_parallel_tool_use");
        ngx_ai_json_write_bool(w, !chat->parallel);
    }

    ngx_ai_json_write_end(w);
}
