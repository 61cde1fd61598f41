
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"
#include "ngx_ai_args.h"
#include "ngx_ai_sign.h"


typedef enum {
    NGX_AI_OPENAI_SYSTEM = 0,
    NGX_AI_OPENAI_DEVELOPER,
    NGX_AI_OPENAI_USER,
    NGX_AI_OPENAI_ASSISTANT,
    NGX_AI_OPENAI_TOOL
} ngx_ai_openai_role_e;


/* what a message has; its order is not the document's */

typedef struct {
    const ngx_ai_node_t  *role;
    const ngx_ai_node_t  *content;
    const ngx_ai_node_t  *calls;
    const ngx_ai_node_t  *function;    /* function_call */
    const ngx_ai_node_t  *audio;
    const ngx_ai_node_t  *images;
    const ngx_ai_node_t  *details;     /* reasoning_details */
    ngx_str_t             name;
    ngx_str_t             call_id;
    ngx_str_t             refusal;
    ngx_str_t             thinking;
    ngx_str_t             cache;
} ngx_ai_openai_turn_t;


typedef struct {
    ngx_str_t             id;
    ngx_str_t             name;
    ngx_str_t             custom;      /* the same, of a custom tool */
    ngx_str_t             input;
    const ngx_ai_node_t  *arguments;
} ngx_ai_openai_call_t;


static ngx_int_t ngx_ai_openai_read_message(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_openai_read_result(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, const ngx_ai_openai_turn_t *turn,
    ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_openai_read_turn(ngx_ai_walk_t *w,
    const ngx_ai_openai_turn_t *turn, ngx_array_t *parts);
static ngx_int_t ngx_ai_openai_read_call(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, const ngx_ai_member_t *members,
    ngx_array_t *parts);
static ngx_int_t ngx_ai_openai_arguments(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_str_t *json);
static ngx_int_t ngx_ai_openai_read_function(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_custom(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_if_first(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


static const ngx_ai_openai_word_t  ngx_ai_openai_roles[] = {
    { ngx_string("user"), NGX_AI_OPENAI_USER },
    { ngx_string("assistant"), NGX_AI_OPENAI_ASSISTANT },
    { ngx_string("tool"), NGX_AI_OPENAI_TOOL },
    { ngx_string("system"), NGX_AI_OPENAI_SYSTEM },
    { ngx_string("developer"), NGX_AI_OPENAI_DEVELOPER },
    { ngx_string("function"), NGX_AI_OPENAI_TOOL },
    { ngx_null_string, 0 }
};


#define ngx_ai_turn(name)  offsetof(ngx_ai_openai_turn_t, name)
#define ngx_ai_call(name)  offsetof(ngx_ai_openai_call_t, name)


static const ngx_ai_member_t  ngx_ai_openai_turn_members[] = {

    { ngx_string("role"), NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_turn(role), 0 },

    { ngx_string("content"), NGX_AI_STRING|NGX_AI_ARRAY,
      ngx_ai_openai_node, ngx_ai_turn(content), 0 },

    { ngx_string("tool_calls"), NGX_AI_ARRAY,
      ngx_ai_openai_node, ngx_ai_turn(calls), 0 },

    { ngx_string("tool_call_id"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_turn(call_id), 0 },

    { ngx_string("name"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_turn(name), 0 },

    { ngx_string("refusal"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_turn(refusal), 0 },

    /* DeepSeek's name for it, and then the others' */

    { ngx_string("reasoning_content"), NGX_AI_STRING,
      ngx_ai_openai_read_if_first, ngx_ai_turn(thinking), 0 },

    { ngx_string("reasoning"), NGX_AI_STRING,
      ngx_ai_openai_read_if_first, ngx_ai_turn(thinking), 0 },

    { ngx_string("reasoning_details"), NGX_AI_ARRAY,
      ngx_ai_openai_node, ngx_ai_turn(details), 0 },

    /* OpenRouter's marks for Anthropic's cache */

    { ngx_string("cache_control"), NGX_AI_OBJECT,
      ngx_ai_walk_raw, ngx_ai_turn(cache), 0 },

    { ngx_string("images"), NGX_AI_ARRAY,
      ngx_ai_openai_node, ngx_ai_turn(images), 0 },

    { ngx_string("audio"), NGX_AI_OBJECT,
      ngx_ai_openai_node, ngx_ai_turn(audio), 0 },

    { ngx_string("function_call"), NGX_AI_OBJECT,
      ngx_ai_openai_node, ngx_ai_turn(function), 0 },

    { ngx_string("annotations"), NGX_AI_ARRAY, NULL, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_function_members[] = {

    { ngx_string("name"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_call(name), 0 },

    { ngx_string("arguments"), NGX_AI_STRING|NGX_AI_OBJECT,
      ngx_ai_openai_node, ngx_ai_call(arguments), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_custom_members[] = {

    { ngx_string("name"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_call(custom), 0 },

    { ngx_string("input"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_call(input), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_call_members[] = {

    { ngx_string("id"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_call(id), 0 },

    { ngx_string("type"), NGX_AI_STRING, NULL, 0, 0 },

    { ngx_string("function"), NGX_AI_OBJECT,
      ngx_ai_openai_read_function, 0, 0 },

    { ngx_string("custom"), NGX_AI_OBJECT,
      ngx_ai_openai_read_custom, 0, 0 },

    { ngx_string("index"), NGX_AI_NUMBER, NULL, 0, 0 },

      ngx_ai_null_member
};


ngx_int_t
ngx_ai_openai_node(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    const ngx_ai_node_t  **node;

    node = to;
    *node = value;

    return NGX_OK;
}


ngx_int_t
ngx_ai_openai_read_messages(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    if (value->n == 0) {
        return ngx_ai_walk_fail(w, value, "must not be empty");
    }

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_openai_read_message(w, node, to) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_message(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_chat_t *chat)
{
    ngx_uint_t                   role;
    ngx_ai_part_t               *last;
    ngx_ai_message_t            *message;
    ngx_ai_openai_turn_t         turn;
    const ngx_ai_openai_word_t  *word;

    ngx_memzero(&turn, sizeof(ngx_ai_openai_turn_t));

    if (ngx_ai_walk_element(w, node, ngx_ai_openai_turn_members, &turn)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (turn.role == NULL) {
        return ngx_ai_walk_fail(w, node, "has no \"role\"");
    }

    word = ngx_ai_openai_word(w->tree, turn.role, ngx_ai_openai_roles);

    if (word == NULL) {
        return ngx_ai_walk_fail(w, turn.role, "must be system, developer, "
                                "user, assistant, tool or function");
    }

    role = word->value;

    if (role == NGX_AI_OPENAI_TOOL) {
        return ngx_ai_openai_read_result(w, node, &turn, chat);
    }

    message = ngx_ai_chat_message(chat,
                                  role == NGX_AI_OPENAI_ASSISTANT
                                  ? NGX_AI_ROLE_ASSISTANT
                                  : role == NGX_AI_OPENAI_USER
                                  ? NGX_AI_ROLE_USER : NGX_AI_ROLE_SYSTEM);
    if (message == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    message->name = turn.name;
    message->developer = (role == NGX_AI_OPENAI_DEVELOPER);

    if (ngx_ai_openai_read_turn(w, &turn, &message->parts) != NGX_OK) {
        return NGX_ERROR;
    }

    if (turn.cache.len && message->parts.nelts) {
        last = message->parts.elts;
        last[message->parts.nelts - 1].cache = turn.cache;
    }

    return NGX_OK;
}


/* a message of its own for each result */

static ngx_int_t
ngx_ai_openai_read_result(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    const ngx_ai_openai_turn_t *turn, ngx_ai_chat_t *chat)
{
    ngx_str_t          signature;
    ngx_uint_t         origin;
    ngx_ai_part_t     *part;
    ngx_ai_message_t  *message;

    if (turn->call_id.len == 0 && turn->name.len == 0) {
        return ngx_ai_walk_fail(w, node, "has no \"tool_call_id\"");
    }

    message = ngx_ai_chat_message(chat, NGX_AI_ROLE_USER);
    if (message == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_TOOL_RESULT);
    if (part == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    part->parts = ngx_ai_parts_create(chat->pool);
    if (part->parts == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    part->name = turn->name;
    part->cache = turn->cache;

    if (ngx_ai_id_split(&turn->call_id, &part->id, &origin, &signature)
        != NGX_OK)
    {
        part->id = turn->call_id;
    }

    return ngx_ai_openai_read_content(w, turn->content, part->parts);
}


/* in the order in which a model says it */

static ngx_int_t
ngx_ai_openai_read_turn(ngx_ai_walk_t *w, const ngx_ai_openai_turn_t *turn,
    ngx_array_t *parts)
{
    ngx_ai_part_t  *part;

    if (turn->thinking.len) {
        part = ngx_ai_part_push(parts, NGX_AI_PART_THINKING);
        if (part == NULL) {
            return ngx_ai_openai_no_memory(w);
        }

        part->text = turn->thinking;

    } else if (turn->details
               && ngx_ai_openai_read_details(w, turn->details, parts)
                  != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_ai_openai_read_content(w, turn->content, parts) != NGX_OK) {
        return NGX_ERROR;
    }

    if (turn->refusal.len) {
        part = ngx_ai_part_push(parts, NGX_AI_PART_REFUSAL);
        if (part == NULL) {
            return ngx_ai_openai_no_memory(w);
        }

        part->text = turn->refusal;
    }

    if (turn->images
        && ngx_ai_openai_read_pieces(w, turn->images, parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* it names what another has said before */

    if (turn->audio) {
        ngx_ai_walk_drop(w, turn->audio);
    }

    if (turn->function
        && ngx_ai_openai_read_calls(w, turn->function, parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return turn->calls ? ngx_ai_openai_read_calls(w, turn->calls, parts)
                       : NGX_OK;
}


/* "tool_calls", or "function_call", which came before it */

ngx_int_t
ngx_ai_openai_read_calls(ngx_ai_walk_t *w, const ngx_ai_node_t *calls,
    ngx_array_t *parts)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    if (calls->type == NGX_AI_JSON_OBJECT) {
        return ngx_ai_openai_read_call(w, calls,
                                       ngx_ai_openai_function_members, parts);
    }

    node = ngx_ai_tree_child(calls);

    for (i = 0; i < calls->n; i++) {

        if (ngx_ai_openai_read_call(w, node, ngx_ai_openai_call_members,
                                    parts)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_call(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    const ngx_ai_member_t *members, ngx_array_t *parts)
{
    ngx_uint_t             custom;
    ngx_ai_part_t         *part;
    ngx_ai_openai_call_t   call;

    ngx_memzero(&call, sizeof(ngx_ai_openai_call_t));

    if (ngx_ai_walk_element(w, node, members, &call) != NGX_OK) {
        return NGX_ERROR;
    }

    /* some have both, one of them empty */

    custom = (call.name.len == 0);

    if (custom && call.custom.len == 0) {
        return ngx_ai_walk_fail(w, node, "has no name of a function");
    }

    part = ngx_ai_part_push(parts, NGX_AI_PART_TOOL_CALL);
    if (part == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    part->custom = custom;
    part->name = custom ? call.custom : call.name;
    part->text = call.input;

    if (ngx_ai_id_split(&call.id, &part->id, &part->origin, &part->signature)
        != NGX_OK)
    {
        part->id = call.id;
    }

    return (call.arguments && !custom)
           ? ngx_ai_openai_arguments(w, call.arguments, &part->json) : NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_function(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_openai_function_members, to);
}


static ngx_int_t
ngx_ai_openai_read_custom(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_openai_custom_members, to);
}


/* the same under two names is read once */

static ngx_int_t
ngx_ai_openai_read_if_first(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_str_t *text = to;

    return text->len ? NGX_OK : ngx_ai_walk_text(w, value, member, to);
}


/* the object is in a string, which some send as the object that it is */

static ngx_int_t
ngx_ai_openai_arguments(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_str_t *json)
{
    u_char     *p;
    ngx_str_t   text;

    if (value->type == NGX_AI_JSON_OBJECT) {
        ngx_ai_tree_raw(w->tree, value, json);
        return NGX_OK;
    }

    ngx_ai_tree_text(w->tree, value, &text);

    p = ngx_pnalloc(w->pool, ngx_ai_args_size(&text));
    if (p == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    return ngx_ai_args_read(&text, p, json);
}
