
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_bedrock.h"
#include "ngx_ai_inner.h"


typedef struct {
    ngx_str_t         type;
    ngx_str_t         effort;
    int64_t           budget;
} ngx_ai_bedrock_thinking_t;


static ngx_int_t ngx_ai_bedrock_read_inference(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_stops(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_more(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_nova(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_thinking(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_effort(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_output(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_format(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_structure(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_definition(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_schema(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_tier(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_messages(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_role(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


/* most of these into an ngx_ai_chat_t */

static const ngx_ai_member_t  ngx_ai_bedrock_ask_members[] = {
    { ngx_string("messages"), NGX_AI_ARRAY, ngx_ai_bedrock_read_messages, 0,
      0 },

    /* has been read */

    { ngx_string("system"), NGX_AI_ARRAY, NULL, 0, 0 },
    { ngx_string("inferenceConfig"), NGX_AI_OBJECT,
      ngx_ai_bedrock_read_inference, 0, 0 },
    { ngx_string("toolConfig"), NGX_AI_OBJECT,
      ngx_ai_bedrock_read_tool_config, 0, 0 },
    { ngx_string("additionalModelRequestFields"), NGX_AI_OBJECT,
      ngx_ai_bedrock_read_more, 0, 0 },
    { ngx_string("outputConfig"), NGX_AI_OBJECT, ngx_ai_bedrock_read_output,
      0, 0 },
    { ngx_string("requestMetadata"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, metadata), NGX_AI_FIELD_METADATA },
    { ngx_string("serviceTier"), NGX_AI_OBJECT, ngx_ai_bedrock_read_tier, 0,
      0 },
    { ngx_string("guardrailConfig"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, safety), NGX_AI_FIELD_SAFETY },
    { ngx_string("modelId"), NGX_AI_STRING, NULL, 0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_inference_members[] = {
    { ngx_string("maxTokens"), NGX_AI_NUMBER, ngx_ai_walk_count,
      offsetof(ngx_ai_chat_t, max_tokens), NGX_AI_FIELD_MAX_TOKENS },
    { ngx_string("temperature"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, temperature), NGX_AI_FIELD_TEMPERATURE },
    { ngx_string("topP"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_p), NGX_AI_FIELD_TOP_P },
    { ngx_string("stopSequences"), NGX_AI_ARRAY, ngx_ai_bedrock_read_stops,
      0, 0 },
    ngx_ai_null_member
};


/* the makers' own words */

static const ngx_ai_member_t  ngx_ai_bedrock_more_members[] = {
    { ngx_string("top_k"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_k), NGX_AI_FIELD_TOP_K },
    { ngx_string("k"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_k), NGX_AI_FIELD_TOP_K },
    { ngx_string("inferenceConfig"), NGX_AI_OBJECT, ngx_ai_bedrock_read_nova,
      0, 0 },
    { ngx_string("thinking"), NGX_AI_OBJECT, ngx_ai_bedrock_read_thinking, 0,
      0 },
    { ngx_string("reasoning_config"), NGX_AI_OBJECT,
      ngx_ai_bedrock_read_thinking, 0, 0 },
    { ngx_string("reasoningConfig"), NGX_AI_OBJECT,
      ngx_ai_bedrock_read_thinking, 0, 0 },
    { ngx_string("reasoning_effort"), NGX_AI_STRING,
      ngx_ai_bedrock_read_effort, 0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_nova_members[] = {
    { ngx_string("topK"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_k), NGX_AI_FIELD_TOP_K },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_thinking_members[] = {
    { ngx_string("type"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_bedrock_thinking_t, type), 0 },
    { ngx_string("budget_tokens"), NGX_AI_NUMBER, ngx_ai_walk_count,
      offsetof(ngx_ai_bedrock_thinking_t, budget), 0 },
    { ngx_string("maxReasoningEffort"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_bedrock_thinking_t, effort), 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_output_members[] = {
    { ngx_string("textFormat"), NGX_AI_OBJECT, ngx_ai_bedrock_read_format, 0,
      0 },
    { ngx_string("effort"), NGX_AI_STRING, ngx_ai_bedrock_read_effort, 0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_format_members[] = {
    { ngx_string("type"), NGX_AI_STRING, NULL, 0, 0 },
    { ngx_string("structure"), NGX_AI_OBJECT, ngx_ai_bedrock_read_structure,
      0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_structure_members[] = {
    { ngx_string("jsonSchema"), NGX_AI_OBJECT,
      ngx_ai_bedrock_read_definition, 0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_definition_members[] = {
    { ngx_string("schema"), NGX_AI_STRING, ngx_ai_bedrock_read_schema, 0,
      NGX_AI_FIELD_SCHEMA },
    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_chat_t, schema_name), 0 },
    { ngx_string("description"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_chat_t, schema_description), 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_tier_members[] = {
    { ngx_string("type"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_chat_t, tier), NGX_AI_FIELD_TIER },
    ngx_ai_null_member
};


/* into an ngx_ai_message_t */

static const ngx_ai_member_t  ngx_ai_bedrock_message_members[] = {
    { ngx_string("role"), NGX_AI_STRING, ngx_ai_bedrock_read_role,
      offsetof(ngx_ai_message_t, role), 0 },
    { ngx_string("content"), NGX_AI_ARRAY, ngx_ai_bedrock_read_content,
      offsetof(ngx_ai_message_t, parts), 0 },
    ngx_ai_null_member
};


ngx_int_t
ngx_ai_bedrock_read_ask(ngx_ai_walk_t *w, const ngx_ai_node_t *root, void *ask)
{
    ngx_ai_chat_t *chat = ask;

    ngx_ai_message_t     *message;
    const ngx_ai_node_t  *system;

    w->data = chat;
    chat->usage = 1;

    if (root->type != NGX_AI_JSON_OBJECT) {
        return ngx_ai_walk_fail(w, root, "must be an object");
    }

    /* the first message, wherever the member stands */

    system = ngx_ai_tree_member(w->tree, root, "system");

    if (system != NULL) {

        if (system->type != NGX_AI_JSON_ARRAY) {
            return ngx_ai_walk_fail(w, system, "must be an array");
        }
    }

    if (system != NULL && system->n) {

        message = ngx_ai_chat_message(chat, NGX_AI_ROLE_SYSTEM);
        if (message == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        if (ngx_ai_bedrock_read_content(w, system, NULL, &message->parts)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_ai_walk_object(w, root, ngx_ai_bedrock_ask_members, chat)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_ai_chat_complete(chat) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_inference(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_inference_members, to);
}


static ngx_int_t
ngx_ai_bedrock_read_stops(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    if (value->n == 0) {
        return NGX_OK;
    }

    chat->fields |= ngx_ai_field(STOP);

    return ngx_ai_walk_texts(w, value, member, &chat->stop);
}


static ngx_int_t
ngx_ai_bedrock_read_more(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_more_members, to);
}


static ngx_int_t
ngx_ai_bedrock_read_nova(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_nova_members, to);
}


/* of Claude a budget, of Nova an effort; both can be turned off by "type" */

static ngx_int_t
ngx_ai_bedrock_read_thinking(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_ai_bedrock_thinking_t   thinking;

    static const ngx_str_t      disabled = ngx_string("disabled");

    ngx_memzero(&thinking, sizeof(ngx_ai_bedrock_thinking_t));

    thinking.budget = NGX_AI_BUDGET_DYNAMIC;

    if (ngx_ai_walk_object(w, value, ngx_ai_bedrock_thinking_members,
                           &thinking)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (thinking.effort.len) {
        chat->effort = ngx_ai_effort_find(&thinking.effort);
        chat->fields |= ngx_ai_field(EFFORT);
        return NGX_OK;
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
ngx_ai_bedrock_read_effort(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_str_t  name;

    ngx_ai_tree_text(w->tree, value, &name);

    chat->effort = ngx_ai_effort_find(&name);

    if (chat->effort == NGX_AI_EFFORT_UNSET) {
        ngx_ai_walk_drop(w, value);

    } else {
        chat->fields |= ngx_ai_field(EFFORT);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_output(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_output_members, to);
}


static ngx_int_t
ngx_ai_bedrock_read_format(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_format_members, to);
}


static ngx_int_t
ngx_ai_bedrock_read_structure(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_structure_members, to);
}


static ngx_int_t
ngx_ai_bedrock_read_definition(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_definition_members, to);
}


static ngx_int_t
ngx_ai_bedrock_read_schema(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_int_t  rc;
    ngx_str_t  text;

    ngx_ai_tree_text(w->tree, value, &text);

    rc = ngx_ai_inner_read(w->pool, &text, &chat->schema);

    if (rc != NGX_OK) {
        return ngx_ai_walk_fail(w, rc == NGX_ERROR ? NULL : value,
                                "must be a JSON object in a string");
    }

    chat->output = NGX_AI_FORMAT_SCHEMA;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_tier(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_tier_members, to);
}


static ngx_int_t
ngx_ai_bedrock_read_messages(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_uint_t            i;
    ngx_ai_message_t     *message;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        message = ngx_ai_chat_message(chat, NGX_AI_UNSET);
        if (message == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        if (ngx_ai_walk_element(w, node, ngx_ai_bedrock_message_members,
                                message)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (message->role == NGX_AI_UNSET) {
            return ngx_ai_walk_fail(w, node, "has no role");
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_role(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t *role = to;

    if (ngx_ai_tree_is(w->tree, value, "user")) {
        *role = NGX_AI_ROLE_USER;

    } else if (ngx_ai_tree_is(w->tree, value, "assistant")) {
        *role = NGX_AI_ROLE_ASSISTANT;

    } else if (ngx_ai_tree_is(w->tree, value, "system")) {
        *role = NGX_AI_ROLE_SYSTEM;

    } else {
        return ngx_ai_walk_fail(w, value, "must be \"user\" or \"assistant\"");
    }

    return NGX_OK;
}
