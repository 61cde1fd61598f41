
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini_ask.h"


typedef struct {
    const ngx_ai_node_t   *role;
    const ngx_ai_node_t   *parts;
} ngx_ai_gemini_content_t;


static ngx_int_t ngx_ai_gemini_read_system(ngx_ai_walk_t *w,
    ngx_ai_gemini_ask_t *ask);
static ngx_int_t ngx_ai_gemini_read_contents(ngx_ai_walk_t *w,
    ngx_ai_gemini_ask_t *ask);
static ngx_int_t ngx_ai_gemini_read_content(ngx_ai_walk_t *w,
    ngx_ai_gemini_ask_t *ask, const ngx_ai_node_t *node);
static ngx_int_t ngx_ai_gemini_read_parts(ngx_ai_walk_t *w,
    ngx_ai_gemini_ask_t *ask, const ngx_ai_node_t *parts, ngx_uint_t joins);
static ngx_int_t ngx_ai_gemini_read_tools(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_gemini_read_tool(ngx_ai_walk_t *w,
    ngx_ai_chat_t *chat, const ngx_ai_node_t *key);
static ngx_int_t ngx_ai_gemini_read_functions(ngx_ai_walk_t *w,
    ngx_ai_chat_t *chat, const ngx_ai_node_t *value);
static ngx_int_t ngx_ai_gemini_read_tier(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


static const ngx_ai_member_t  ngx_ai_gemini_ask_members[] = {

    { ngx_string("contents"),
      NGX_AI_ARRAY | NGX_AI_OBJECT,
      ngx_ai_gemini_read_keep,
      offsetof(ngx_ai_gemini_ask_t, contents),
      0 },

    /* it is in the path, and some SDKs have it here too */

    { ngx_string("model"),
      NGX_AI_STRING,
      NULL,
      0, 0 },

    { ngx_string("tools"),
      NGX_AI_ARRAY | NGX_AI_OBJECT,
      ngx_ai_gemini_read_tools,
      0, 0 },

    { ngx_string("labels"),
      NGX_AI_OBJECT,
      ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, metadata),
      NGX_AI_FIELD_METADATA },

    NGX_AI_GEMINI_KEEP("systemInstruction", "system_instruction",
                       NGX_AI_OBJECT, system),
    NGX_AI_GEMINI_WITHIN("generationConfig", "generation_config", GENERATION),
    NGX_AI_GEMINI_WITHIN("toolConfig", "tool_config", TOOLS),
    NGX_AI_GEMINI_CHAT("safetySettings", "safety_settings",
                       NGX_AI_ARRAY, ngx_ai_walk_raw, safety, SAFETY),
    NGX_AI_GEMINI_CHAT("serviceTier", "service_tier",
                       NGX_AI_STRING, ngx_ai_gemini_read_tier, tier, TIER),

    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_gemini_content_members[] = {

    { ngx_string("role"),
      NGX_AI_STRING,
      ngx_ai_gemini_node,
      offsetof(ngx_ai_gemini_content_t, role),
      0 },

    { ngx_string("parts"),
      NGX_AI_ARRAY | NGX_AI_OBJECT,
      ngx_ai_gemini_node,
      offsetof(ngx_ai_gemini_content_t, parts),
      0 },

    ngx_ai_null_member
};


/* what a function returns needs no schema here */

static const ngx_ai_member_t  ngx_ai_gemini_function_members[] = {

    { ngx_string("name"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_tool_t, name),
      0 },

    { ngx_string("description"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_tool_t, description),
      0 },

    { ngx_string("parameters"),
      NGX_AI_OBJECT,
      ngx_ai_gemini_read_schema,
      offsetof(ngx_ai_tool_t, schema),
      0 },

    ngx_ai_gemini_row("parametersJsonSchema", "parameters_json_schema",
                      NGX_AI_OBJECT, ngx_ai_walk_raw,
                      offsetof(ngx_ai_tool_t, schema), 0),

    ngx_ai_null_member
};


static const ngx_ai_gemini_name_t  ngx_ai_gemini_roles[] = {
    { ngx_string("user"), NGX_AI_ROLE_USER },
    { ngx_string("model"), NGX_AI_ROLE_ASSISTANT },
    { ngx_string("function"), NGX_AI_ROLE_USER },
    { ngx_string("tool"), NGX_AI_ROLE_USER },
    { ngx_null_string, 0 }
};


static const ngx_ai_gemini_name_t  ngx_ai_gemini_tools[] = {
    { ngx_string("googleSearch"), NGX_AI_TOOL_WEB_SEARCH },
    { ngx_string("google_search"), NGX_AI_TOOL_WEB_SEARCH },
    { ngx_string("googleSearchRetrieval"), NGX_AI_TOOL_WEB_SEARCH },
    { ngx_string("google_search_retrieval"), NGX_AI_TOOL_WEB_SEARCH },
    { ngx_string("codeExecution"), NGX_AI_TOOL_CODE },
    { ngx_string("code_execution"), NGX_AI_TOOL_CODE },
    { ngx_null_string, NGX_AI_TOOL_NATIVE }
};


ngx_int_t
ngx_ai_gemini_read_ask(ngx_ai_walk_t *w, const ngx_ai_node_t *root, void *ask)
{
    ngx_ai_chat_t        *chat;
    ngx_ai_gemini_ask_t   state;

    chat = ask;

    ngx_memzero(&state, sizeof(ngx_ai_gemini_ask_t));

    state.chat = chat;
    w->data = &state;
    w->marks = &chat->fields;

    if (ngx_ai_gemini_list_init(&state.list, w->pool) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    if (ngx_ai_walk_element(w, root, ngx_ai_gemini_ask_members, chat)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (state.contents == NULL) {
        return ngx_ai_walk_fail(w, root, "has no \"contents\"");
    }

    if (ngx_ai_gemini_read_system(w, &state) != NGX_OK
        || ngx_ai_gemini_read_contents(w, &state) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_gemini_read_format(&state);
    ngx_ai_gemini_read_choice(&state);

    if (chat->n == 0) {
        chat->n = 1;
    }

    if (chat->n > 1) {
        chat->fields |= ngx_ai_field(N);
    }

    /* what asks for nothing */

    if (!chat->logprobs) {
        chat->fields &= ~ngx_ai_field(LOGPROBS);
    }

    if (chat->stop != NULL && chat->stop->nelts == 0) {
        chat->stop = NULL;
        chat->fields &= ~ngx_ai_field(STOP);
    }

    /* a stream always tells it */

    chat->usage = 1;

    if (ngx_ai_chat_complete(chat) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_read_system(ngx_ai_walk_t *w, ngx_ai_gemini_ask_t *ask)
{
    ngx_ai_message_t         *message;
    ngx_ai_gemini_content_t   content;

    if (ask->system == NULL) {
        return NGX_OK;
    }

    ngx_memzero(&content, sizeof(ngx_ai_gemini_content_t));

    if (ngx_ai_walk_object(w, ask->system, ngx_ai_gemini_content_members,
                           &content)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (content.parts == NULL) {
        return NGX_OK;
    }

    message = ngx_ai_chat_message(ask->chat, NGX_AI_ROLE_SYSTEM);
    if (message == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    ask->list.parts = &message->parts;

    if (ngx_ai_gemini_read_parts(w, ask, content.parts, 0) != NGX_OK
        || ngx_ai_gemini_list_end(w, &ask->list) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* an empty one is none */

    if (message->parts.nelts == 0) {
        ask->chat->messages.nelts--;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_read_contents(ngx_ai_walk_t *w, ngx_ai_gemini_ask_t *ask)
{
    ngx_uint_t            i, n;
    const ngx_ai_node_t  *node;

    n = ngx_ai_gemini_elements(ask->contents, &node);

    for (i = 0; i < n; i++) {

        if (ngx_ai_gemini_read_content(w, ask, node) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return ngx_ai_gemini_list_end(w, &ask->list);
}


/*
 * Clients that keep a stream as their history send each event's content as one
 * of its own: contents of the model that follow one another are one message.
 */

static ngx_int_t
ngx_ai_gemini_read_content(ngx_ai_walk_t *w, ngx_ai_gemini_ask_t *ask,
    const ngx_ai_node_t *node)
{
    ngx_uint_t                role, joins;
    ngx_ai_chat_t            *chat;
    ngx_ai_message_t         *message;
    ngx_ai_gemini_content_t   content;

    chat = ask->chat;

    ngx_memzero(&content, sizeof(ngx_ai_gemini_content_t));

    if (ngx_ai_walk_element(w, node, ngx_ai_gemini_content_members, &content)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    role = NGX_AI_ROLE_USER;

    if (content.role != NULL
        && ngx_ai_gemini_name(w, content.role, ngx_ai_gemini_roles, &role)
           != NGX_OK)
    {
        return ngx_ai_walk_fail(w, content.role,
                                "must be \"user\" or \"model\"");
    }

    /* an answer without parts comes back without parts, and says nothing */

    if (content.parts == NULL) {
        return NGX_OK;
    }

    message = chat->messages.elts;
    message += chat->messages.nelts;

    joins = (role == NGX_AI_ROLE_ASSISTANT && chat->messages.nelts
             && message[-1].role == role);

    if (!joins) {

        if (ngx_ai_gemini_list_end(w, &ask->list) != NGX_OK) {
            return NGX_ERROR;
        }

        message = ngx_ai_chat_message(chat, role);
        if (message == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

    } else {
        message--;
    }

    ask->list.parts = &message->parts;

    if (ngx_ai_gemini_read_parts(w, ask, content.parts, joins) != NGX_OK) {
        return NGX_ERROR;
    }

    if (message->parts.nelts == 0) {
        chat->messages.nelts--;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_read_parts(ngx_ai_walk_t *w, ngx_ai_gemini_ask_t *ask,
    const ngx_ai_node_t *parts, ngx_uint_t joins)
{
    ngx_uint_t            i, n;
    const ngx_ai_node_t  *node;

    n = ngx_ai_gemini_elements(parts, &node);

    for (i = 0; i < n; i++) {

        if (ngx_ai_gemini_list_add(w, &ask->list, node, joins) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
        joins = 0;
    }

    return NGX_OK;
}


/* each object may have several tools, a member each */

static ngx_int_t
ngx_ai_gemini_read_tools(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i, k, n;
    ngx_ai_gemini_ask_t  *ask;
    const ngx_ai_node_t  *tool, *key;

    ask = w->data;
    n = ngx_ai_gemini_elements(value, &tool);

    for (i = 0; i < n; i++) {

        if (tool->type != NGX_AI_JSON_OBJECT) {
            return ngx_ai_walk_fail(w, tool, "must be an object");
        }

        key = ngx_ai_tree_child(tool);

        for (k = 0; k < tool->n; k++) {

            if (ngx_ai_gemini_read_tool(w, ask->chat, key) != NGX_OK) {
                return NGX_ERROR;
            }

            key = ngx_ai_tree_next(w->tree, ngx_ai_tree_value(key));
        }

        tool = ngx_ai_tree_next(w->tree, tool);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_read_tool(ngx_ai_walk_t *w, ngx_ai_chat_t *chat,
    const ngx_ai_node_t *key)
{
    ngx_uint_t            kind;
    ngx_ai_tool_t        *tool;
    const ngx_ai_node_t  *value;

    value = ngx_ai_tree_value(key);

    if (value->type == NGX_AI_JSON_NULL) {
        return NGX_OK;
    }

    if (ngx_ai_tree_is(w->tree, key, "functionDeclarations")
        || ngx_ai_tree_is(w->tree, key, "function_declarations"))
    {
        return ngx_ai_gemini_read_functions(w, chat, value);
    }

    kind = NGX_AI_TOOL_NATIVE;

    (void) ngx_ai_gemini_name(w, key, ngx_ai_gemini_tools, &kind);

    tool = ngx_ai_chat_tool(chat, kind);
    if (tool == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    ngx_ai_tree_text(w->tree, key, &tool->name);

    /* the member */

    tool->raw.data = w->tree->text.data + key->start;
    tool->raw.len = value->end - key->start;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_read_functions(ngx_ai_walk_t *w, ngx_ai_chat_t *chat,
    const ngx_ai_node_t *value)
{
    ngx_uint_t            i, n;
    ngx_ai_tool_t        *tool;
    const ngx_ai_node_t  *node;

    n = ngx_ai_gemini_elements(value, &node);

    for (i = 0; i < n; i++) {

        tool = ngx_ai_chat_tool(chat, NGX_AI_TOOL_FUNCTION);
        if (tool == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        if (ngx_ai_walk_element(w, node, ngx_ai_gemini_function_members, tool)
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


ngx_int_t
ngx_ai_gemini_read_schema(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_gemini_schema(w, value, to);
}


/* what is "standard" here is "default" to most others */

static ngx_int_t
ngx_ai_gemini_read_tier(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_str_t  *tier;

    tier = to;

    if (ngx_ai_tree_is(w->tree, value, "standard")) {
        ngx_str_set(tier, "default");
        return NGX_OK;
    }

    return ngx_ai_walk_text(w, value, member, to);
}
