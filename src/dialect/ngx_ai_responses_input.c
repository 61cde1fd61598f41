
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"
#include "ngx_ai_sign.h"


static ngx_int_t ngx_ai_responses_read_item(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, ngx_ai_chat_t *chat);
static ngx_array_t *ngx_ai_responses_turn(ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_responses_read_said(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to);
static ngx_int_t ngx_ai_responses_read_more_tools(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to);
static ngx_int_t ngx_ai_responses_read_result(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to);
static ngx_int_t ngx_ai_responses_read_custom_result(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to);
static ngx_int_t ngx_ai_responses_read_other_result(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to);
static ngx_int_t ngx_ai_responses_result(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, ngx_ai_chat_t *chat, ngx_uint_t custom);


/* those that are not of an assistant, and "to" is the chat */

static const ngx_ai_responses_item_t  ngx_ai_responses_inputs[] = {
    { ngx_string("message"), ngx_ai_responses_read_said },
    { ngx_string("function_call_output"), ngx_ai_responses_read_result },
    { ngx_string("custom_tool_call_output"),
      ngx_ai_responses_read_custom_result },
    { ngx_string("additional_tools"), ngx_ai_responses_read_more_tools },
    { ngx_string("computer_call_output"),
      ngx_ai_responses_read_other_result },
    { ngx_string("local_shell_call_output"),
      ngx_ai_responses_read_other_result },
    { ngx_string("shell_call_output"), ngx_ai_responses_read_other_result },
    { ngx_string("apply_patch_call_output"),
      ngx_ai_responses_read_other_result },
    { ngx_string("mcp_approval_response"),
      ngx_ai_responses_read_other_result },
    { ngx_string("tool_search_output"), ngx_ai_responses_read_other_result },
    { ngx_null_string, NULL }
};


static const ngx_ai_responses_word_t  ngx_ai_responses_roles[] = {
    { ngx_string("user"), NGX_AI_ROLE_USER },
    { ngx_string("assistant"), NGX_AI_ROLE_ASSISTANT },
    { ngx_string("developer"), NGX_AI_ROLE_SYSTEM },
    { ngx_string("system"), NGX_AI_ROLE_SYSTEM },
    { ngx_null_string, 0 }
};


static const ngx_ai_member_t  ngx_ai_responses_result_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("id"), NGX_AI_ANY, NULL, 0, 0 },
    { ngx_string("status"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("call_id"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_responses_call_t, id), 0 },

    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_responses_call_t, name), 0 },

    { ngx_string("output"), NGX_AI_ANY, ngx_ai_responses_read_node,
      offsetof(ngx_ai_responses_call_t, output), 0 },

      ngx_ai_null_member
};


ngx_int_t
ngx_ai_responses_read_input(ngx_ai_walk_t *w, const ngx_ai_node_t *array,
    ngx_ai_chat_t *chat)
{
    ngx_uint_t            i;
    ngx_ai_message_t     *message;
    const ngx_ai_node_t  *item;

    item = ngx_ai_tree_child(array);

    for (i = 0; i < array->n; i++) {

        if (ngx_ai_responses_read_item(w, item, chat) != NGX_OK) {
            return NGX_ERROR;
        }

        /* reasoning can be empty; a turn can't */

        if (chat->messages.nelts) {
            message = chat->messages.elts;
            message += chat->messages.nelts - 1;

            if (message->parts.nelts == 0) {
                chat->messages.nelts--;
            }
        }

        item = ngx_ai_tree_next(w->tree, item);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_item(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    ngx_ai_chat_t *chat)
{
    ngx_array_t                    *parts;
    const ngx_ai_node_t            *type;
    const ngx_ai_responses_item_t  *known;

    if (item->type != NGX_AI_JSON_OBJECT) {
        return ngx_ai_walk_fail(w, item, "must be an object");
    }

    type = ngx_ai_tree_member(w->tree, item, "type");

    if (type == NULL) {

        if (ngx_ai_tree_member(w->tree, item, "role") == NULL) {
            return ngx_ai_walk_fail(w, item, "has no \"type\"");
        }

        return ngx_ai_responses_read_said(w, item, chat);
    }

    if (type->type != NGX_AI_JSON_STRING) {
        return ngx_ai_walk_fail(w, type, "must be a string");
    }

    known = ngx_ai_responses_item(w, item, ngx_ai_responses_inputs);

    if (known != NULL) {
        return known->read(w, item, chat);
    }

    parts = ngx_ai_responses_turn(chat);
    if (parts == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return ngx_ai_responses_read_output(w, item, parts);
}


/* the parts of what the assistant says at this place */

static ngx_array_t *
ngx_ai_responses_turn(ngx_ai_chat_t *chat)
{
    ngx_ai_message_t  *message;

    if (chat->messages.nelts) {
        message = chat->messages.elts;
        message += chat->messages.nelts - 1;

        if (message->role == NGX_AI_ROLE_ASSISTANT) {
            return &message->parts;
        }
    }

    message = ngx_ai_chat_message(chat, NGX_AI_ROLE_ASSISTANT);

    return message ? &message->parts : NULL;
}


static ngx_int_t
ngx_ai_responses_read_said(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_str_t                    name;
    ngx_uint_t                   role;
    ngx_array_t                 *parts;
    ngx_ai_message_t            *message;
    ngx_ai_responses_message_t   said;

    ngx_memzero(&said, sizeof(ngx_ai_responses_message_t));

    if (ngx_ai_walk_object(w, item, ngx_ai_responses_message_members, &said)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (said.role == NULL) {
        return ngx_ai_walk_fail(w, item, "has no \"role\"");
    }

    ngx_ai_tree_text(w->tree, said.role, &name);

    role = ngx_ai_responses_find(ngx_ai_responses_roles, &name, NGX_AI_UNSET);

    if (role == NGX_AI_UNSET) {
        return ngx_ai_walk_fail(w, said.role, "is no known role");
    }

    if (said.content == NULL) {
        return ngx_ai_walk_fail(w, item, "has no \"content\"");
    }

    if (role == NGX_AI_ROLE_ASSISTANT) {
        parts = ngx_ai_responses_turn(chat);

    } else {
        message = ngx_ai_chat_message(chat, role);
        parts = message ? &message->parts : NULL;
    }

    if (parts == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    if (role == NGX_AI_ROLE_SYSTEM) {
        message->developer = (name.len == sizeof("developer") - 1);
    }

    return ngx_ai_responses_read_content(w, said.content, parts);
}


/* tools that are there from here on: who else has them has them all along */

static ngx_int_t
ngx_ai_responses_read_more_tools(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    void *to)
{
    ngx_ai_chat_t *chat = to;

    const ngx_ai_node_t  *tools;

    tools = ngx_ai_tree_member(w->tree, item, "tools");

    if (tools == NULL || tools->type != NGX_AI_JSON_ARRAY) {
        return ngx_ai_walk_fail(w, item, "has no \"tools\"");
    }

    return ngx_ai_responses_read_tools(w, tools, NULL, chat);
}


static ngx_int_t
ngx_ai_responses_read_result(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    void *to)
{
    return ngx_ai_responses_result(w, item, to, 0);
}


static ngx_int_t
ngx_ai_responses_read_custom_result(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to)
{
    return ngx_ai_responses_result(w, item, to, 1);
}


static ngx_int_t
ngx_ai_responses_read_other_result(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_ai_message_t  *message;

    message = ngx_ai_chat_message(chat, NGX_AI_ROLE_USER);
    if (message == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return ngx_ai_responses_native(w, item, &message->parts);
}


static ngx_int_t
ngx_ai_responses_result(ngx_ai_walk_t *w, const ngx_ai_node_t *item,
    ngx_ai_chat_t *chat, ngx_uint_t custom)
{
    ngx_str_t                 signature;
    ngx_uint_t                origin;
    ngx_ai_part_t            *part;
    ngx_ai_message_t         *message;
    ngx_ai_responses_call_t   call;

    ngx_memzero(&call, sizeof(ngx_ai_responses_call_t));

    if (ngx_ai_walk_object(w, item, ngx_ai_responses_result_members, &call)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (call.id.len == 0) {
        return ngx_ai_walk_fail(w, item, "has no \"call_id\"");
    }

    if (call.output == NULL) {
        return ngx_ai_walk_fail(w, item, "has no \"output\"");
    }

    message = ngx_ai_chat_message(chat, NGX_AI_ROLE_USER);

    part = message ? ngx_ai_part_push(&message->parts,
                                      NGX_AI_PART_TOOL_RESULT)
                   : NULL;
    if (part == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    part->parts = ngx_ai_parts_create(w->pool);
    if (part->parts == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    part->id = call.id;
    part->name = call.name;
    part->custom = custom;

    (void) ngx_ai_id_split(&call.id, &part->id, &origin, &signature);

    return ngx_ai_responses_read_content(w, call.output, part->parts);
}
