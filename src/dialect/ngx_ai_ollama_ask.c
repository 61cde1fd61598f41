
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_ollama.h"
#include "ngx_ai_sign.h"


typedef enum {
    NGX_AI_OLLAMA_SYSTEM = NGX_AI_ROLE_SYSTEM,
    NGX_AI_OLLAMA_USER = NGX_AI_ROLE_USER,
    NGX_AI_OLLAMA_ASSISTANT = NGX_AI_ROLE_ASSISTANT,
    NGX_AI_OLLAMA_TOOL,
    NGX_AI_OLLAMA_NOBODY
} ngx_ai_ollama_role_e;


typedef struct {
    ngx_uint_t            role;        /* ngx_ai_ollama_role_e */
    ngx_str_t             content;
    ngx_str_t             thinking;
    ngx_str_t             tool_name;
    ngx_str_t             tool_id;
    const ngx_ai_node_t  *images;
    const ngx_ai_node_t  *calls;
} ngx_ai_ollama_turn_t;


static ngx_int_t ngx_ai_ollama_read_messages(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_read_role(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_read_list(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_read_turn(ngx_ai_walk_t *w,
    ngx_ai_chat_t *chat, const ngx_ai_ollama_turn_t *turn);
static ngx_array_t *ngx_ai_ollama_result(ngx_ai_walk_t *w,
    ngx_array_t *parts, const ngx_ai_ollama_turn_t *turn);
static ngx_int_t ngx_ai_ollama_push(ngx_ai_walk_t *w, ngx_array_t *parts,
    ngx_uint_t kind, const ngx_str_t *text);
static ngx_int_t ngx_ai_ollama_read_tools(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_read_tool(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_read_stream(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_read_think(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_read_format(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_read_logprob(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_read_options(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_read_predict(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_read_stop(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


/* into an ngx_ai_chat_t */

static const ngx_ai_member_t  ngx_ai_ollama_ask_members[] = {

    { ngx_string("messages"),
      NGX_AI_ARRAY,
      ngx_ai_ollama_read_messages,
      0, 0 },

    { ngx_string("tools"),
      NGX_AI_ARRAY,
      ngx_ai_ollama_read_tools,
      0, 0 },

    { ngx_string("model"),
      NGX_AI_STRING,
      NULL,
      0, 0 },

    { ngx_string("stream"),
      NGX_AI_BOOL,
      ngx_ai_ollama_read_stream,
      0, 0 },

    { ngx_string("options"),
      NGX_AI_OBJECT,
      ngx_ai_ollama_read_options,
      0, 0 },

    { ngx_string("think"),
      NGX_AI_BOOL | NGX_AI_STRING,
      ngx_ai_ollama_read_think,
      0, 0 },

    { ngx_string("format"),
      NGX_AI_STRING | NGX_AI_OBJECT,
      ngx_ai_ollama_read_format,
      0, 0 },

    { ngx_string("logprobs"),
      NGX_AI_BOOL,
      ngx_ai_ollama_read_logprob,
      0, 0 },

    { ngx_string("top_logprobs"),
      NGX_AI_NUMBER,
      ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_logprobs),
      0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_ollama_options_members[] = {

    { ngx_string("num_predict"),
      NGX_AI_NUMBER,
      ngx_ai_ollama_read_predict,
      0, 0 },

    { ngx_string("temperature"),
      NGX_AI_NUMBER,
      ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, temperature),
      NGX_AI_FIELD_TEMPERATURE },

    { ngx_string("top_p"),
      NGX_AI_NUMBER,
      ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_p),
      NGX_AI_FIELD_TOP_P },

    { ngx_string("top_k"),
      NGX_AI_NUMBER,
      ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_k),
      NGX_AI_FIELD_TOP_K },

    { ngx_string("seed"),
      NGX_AI_NUMBER,
      ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, seed),
      NGX_AI_FIELD_SEED },

    { ngx_string("presence_penalty"),
      NGX_AI_NUMBER,
      ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, presence_penalty),
      NGX_AI_FIELD_PRESENCE_PENALTY },

    { ngx_string("frequency_penalty"),
      NGX_AI_NUMBER,
      ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, frequency_penalty),
      NGX_AI_FIELD_FREQUENCY_PENALTY },

    { ngx_string("stop"),
      NGX_AI_STRING | NGX_AI_ARRAY,
      ngx_ai_ollama_read_stop,
      0, 0 },

      ngx_ai_null_member
};


/* into an ngx_ai_ollama_turn_t */

static const ngx_ai_member_t  ngx_ai_ollama_message_members[] = {

    { ngx_string("role"),
      NGX_AI_STRING,
      ngx_ai_ollama_read_role,
      offsetof(ngx_ai_ollama_turn_t, role),
      0 },

    { ngx_string("content"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_ollama_turn_t, content),
      0 },

    { ngx_string("thinking"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_ollama_turn_t, thinking),
      0 },

    { ngx_string("images"),
      NGX_AI_ARRAY,
      ngx_ai_ollama_read_list,
      offsetof(ngx_ai_ollama_turn_t, images),
      0 },

    { ngx_string("tool_calls"),
      NGX_AI_ARRAY,
      ngx_ai_ollama_read_list,
      offsetof(ngx_ai_ollama_turn_t, calls),
      0 },

    { ngx_string("tool_name"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_ollama_turn_t, tool_name),
      0 },

    { ngx_string("tool_call_id"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_ollama_turn_t, tool_id),
      0 },

      ngx_ai_null_member
};


/* into an ngx_ai_tool_t */

static const ngx_ai_member_t  ngx_ai_ollama_tool_members[] = {

    { ngx_string("function"),
      NGX_AI_OBJECT,
      ngx_ai_ollama_read_tool,
      0, 0 },

    { ngx_string("type"),
      NGX_AI_STRING,
      NULL,
      0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_ollama_function_members[] = {

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
      ngx_ai_walk_raw,
      offsetof(ngx_ai_tool_t, schema),
      0 },

      ngx_ai_null_member
};


ngx_int_t
ngx_ai_ollama_read_ask(ngx_ai_walk_t *w, const ngx_ai_node_t *root, void *ask)
{
    ngx_ai_chat_t *chat = ask;

    chat->stream = 1;

    if (ngx_ai_walk_element(w, root, ngx_ai_ollama_ask_members, chat)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_ai_tree_member(w->tree, root, "messages") == NULL) {
        return ngx_ai_walk_fail(w, root, "has no \"messages\"");
    }

    if (ngx_ai_chat_complete(chat) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_read_messages(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t             i;
    const ngx_ai_node_t   *node;
    ngx_ai_ollama_turn_t   turn;

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {
        ngx_memzero(&turn, sizeof(ngx_ai_ollama_turn_t));

        turn.role = NGX_AI_OLLAMA_NOBODY;

        if (ngx_ai_walk_element(w, node, ngx_ai_ollama_message_members, &turn)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (turn.role == NGX_AI_OLLAMA_NOBODY) {
            return ngx_ai_walk_fail(w, node, "has no \"role\"");
        }

        if (ngx_ai_ollama_read_turn(w, to, &turn) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_read_role(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t *role = to;

    ngx_uint_t  i;

    static const char *const  roles[] = {
        "system", "user", "assistant", "tool"
    };

    for (i = 0; i < NGX_AI_OLLAMA_NOBODY; i++) {

        if (ngx_ai_tree_is(w->tree, value, roles[i])) {
            *role = i;
            return NGX_OK;
        }
    }

    return ngx_ai_walk_fail(w, value, "must be \"system\", \"user\", "
                                      "\"assistant\" or \"tool\"");
}


static ngx_int_t
ngx_ai_ollama_read_list(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    const ngx_ai_node_t **node = to;

    *node = value;

    return NGX_OK;
}


/* a model sees images before the text they come with */

static ngx_int_t
ngx_ai_ollama_read_turn(ngx_ai_walk_t *w, ngx_ai_chat_t *chat,
    const ngx_ai_ollama_turn_t *turn)
{
    ngx_array_t       *parts;
    ngx_ai_message_t  *message;

    message = ngx_ai_chat_message(chat, (turn->role == NGX_AI_OLLAMA_TOOL)
                                        ? NGX_AI_ROLE_USER : turn->role);
    if (message == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    parts = &message->parts;

    if (turn->role == NGX_AI_OLLAMA_TOOL) {
        parts = ngx_ai_ollama_result(w, parts, turn);
        if (parts == NULL) {
            return NGX_ERROR;
        }
    }

    if (ngx_ai_ollama_push(w, parts, NGX_AI_PART_THINKING, &turn->thinking)
        != NGX_OK
        || ngx_ai_ollama_read_images(w, turn->images, parts) != NGX_OK
        || ngx_ai_ollama_push(w, parts, NGX_AI_PART_TEXT, &turn->content)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (turn->role == NGX_AI_OLLAMA_ASSISTANT) {
        return ngx_ai_ollama_read_calls(w, turn->calls, parts);
    }

    if (turn->calls != NULL && turn->calls->n) {
        ngx_ai_walk_drop(w, turn->calls);
    }

    return NGX_OK;
}


/* what is in a result; NULL: the walk has failed */

static ngx_array_t *
ngx_ai_ollama_result(ngx_ai_walk_t *w, ngx_array_t *parts,
    const ngx_ai_ollama_turn_t *turn)
{
    ngx_str_t       signature;
    ngx_uint_t      origin;
    ngx_ai_part_t  *part;

    part = ngx_ai_part_push(parts, NGX_AI_PART_TOOL_RESULT);

    if (part != NULL) {
        part->name = turn->tool_name;

        if (ngx_ai_id_split(&turn->tool_id, &part->id, &origin, &signature)
            != NGX_OK)
        {
            part->id = turn->tool_id;
        }

        part->parts = ngx_ai_parts_create(w->pool);
    }

    if (part == NULL || part->parts == NULL) {
        (void) ngx_ai_walk_fail(w, NULL, "no memory");
        return NULL;
    }

    return part->parts;
}


static ngx_int_t
ngx_ai_ollama_push(ngx_ai_walk_t *w, ngx_array_t *parts, ngx_uint_t kind,
    const ngx_str_t *text)
{
    ngx_ai_part_t  *part;

    if (text->len == 0) {
        return NGX_OK;
    }

    part = ngx_ai_part_push(parts, kind);
    if (part == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    part->text = *text;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_read_tools(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    ngx_ai_tool_t        *tool;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        tool = ngx_ai_chat_tool(to, NGX_AI_TOOL_FUNCTION);
        if (tool == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        if (ngx_ai_walk_element(w, node, ngx_ai_ollama_tool_members, tool)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (tool->name.len == 0) {
            return ngx_ai_walk_fail(w, node, "has no name of a function");
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_read_tool(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_ollama_function_members, to);
}


static ngx_int_t
ngx_ai_ollama_read_stream(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    chat->stream = (value->type == NGX_AI_JSON_TRUE);

    return NGX_OK;
}


/* on is as much as the model thinks; some models know how hard */

static ngx_int_t
ngx_ai_ollama_read_think(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_str_t  text;

    if (value->type != NGX_AI_JSON_STRING) {
        chat->fields |= ngx_ai_field(BUDGET);
        chat->thoughts = (value->type == NGX_AI_JSON_TRUE);
        chat->budget = chat->thoughts ? NGX_AI_BUDGET_DYNAMIC
                                      : NGX_AI_BUDGET_OFF;
        return NGX_OK;
    }

    ngx_ai_tree_text(w->tree, value, &text);

    if (text.len == 0) {
        return NGX_OK;
    }

    chat->effort = ngx_ai_effort_find(&text);

    if (chat->effort == NGX_AI_EFFORT_UNSET) {
        return ngx_ai_walk_fail(w, value, "must be true, false, \"low\", "
                                          "\"medium\" or \"high\"");
    }

    chat->fields |= ngx_ai_field(EFFORT);
    chat->thoughts = (chat->effort != NGX_AI_EFFORT_NONE);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_read_format(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    if (value->type == NGX_AI_JSON_OBJECT) {
        ngx_ai_tree_raw(w->tree, value, &chat->schema);

        chat->output = NGX_AI_FORMAT_SCHEMA;
        chat->fields |= ngx_ai_field(SCHEMA);

        return NGX_OK;
    }

    if (ngx_ai_tree_is(w->tree, value, "")) {
        return NGX_OK;
    }

    if (!ngx_ai_tree_is(w->tree, value, "json")) {
        return ngx_ai_walk_fail(w, value, "must be \"json\" or a schema");
    }

    chat->output = NGX_AI_FORMAT_JSON;
    chat->fields |= ngx_ai_field(JSON);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_read_logprob(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
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
ngx_ai_ollama_read_options(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_ollama_options_members, to);
}


/* less than 0 is no limit */

static ngx_int_t
ngx_ai_ollama_read_predict(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    int64_t  n;

    if (ngx_ai_tree_int(w->tree, value, &n) != NGX_OK) {
        return ngx_ai_walk_fail(w, value, "must be an integer");
    }

    if (n >= 0) {
        chat->max_tokens = n;
        chat->fields |= ngx_ai_field(MAX_TOKENS);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_read_stop(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    if (value->type == NGX_AI_JSON_ARRAY && value->n == 0) {
        return NGX_OK;
    }

    chat->fields |= ngx_ai_field(STOP);

    return ngx_ai_walk_texts(w, value, member, &chat->stop);
}
