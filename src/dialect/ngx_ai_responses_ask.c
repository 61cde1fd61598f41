
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"


static ngx_int_t ngx_ai_responses_read_instructions(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_responses_read_items(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_stream(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_include(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_top_logprobs(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_reasoning(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_effort(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_summary(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_text(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_format(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_store(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_user(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_truncation(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_refuse(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


static const ngx_ai_member_t  ngx_ai_responses_ask_members[] = {

    { ngx_string("model"), NGX_AI_STRING, NULL, 0, 0 },

    { ngx_string("input"), NGX_AI_STRING|NGX_AI_ARRAY,
      ngx_ai_responses_read_items, 0, 0 },

    { ngx_string("instructions"), NGX_AI_STRING, NULL, 0, 0 },

    { ngx_string("tools"), NGX_AI_ARRAY, ngx_ai_responses_read_tools, 0, 0 },

    { ngx_string("tool_choice"), NGX_AI_STRING|NGX_AI_OBJECT,
      ngx_ai_responses_read_choice, 0, 0 },

    { ngx_string("parallel_tool_calls"), NGX_AI_BOOL, ngx_ai_walk_flag,
      offsetof(ngx_ai_chat_t, parallel), NGX_AI_FIELD_PARALLEL },

    { ngx_string("stream"), NGX_AI_BOOL, ngx_ai_responses_read_stream, 0, 0 },

    /* "include_obfuscation": padding, which nobody else sends */

    { ngx_string("stream_options"), NGX_AI_OBJECT, NULL, 0, 0 },

    { ngx_string("include"), NGX_AI_ARRAY, ngx_ai_responses_read_include,
      0, 0 },

    { ngx_string("max_output_tokens"), NGX_AI_NUMBER, ngx_ai_walk_count,
      offsetof(ngx_ai_chat_t, max_tokens), NGX_AI_FIELD_MAX_TOKENS },

    { ngx_string("temperature"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, temperature), NGX_AI_FIELD_TEMPERATURE },

    { ngx_string("top_p"), NGX_AI_NUMBER, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_p), NGX_AI_FIELD_TOP_P },

    { ngx_string("top_logprobs"), NGX_AI_NUMBER,
      ngx_ai_responses_read_top_logprobs, 0, 0 },

    { ngx_string("reasoning"), NGX_AI_OBJECT,
      ngx_ai_responses_read_reasoning, 0, 0 },

    { ngx_string("text"), NGX_AI_OBJECT, ngx_ai_responses_read_text, 0, 0 },

    { ngx_string("store"), NGX_AI_BOOL, ngx_ai_responses_read_store, 0, 0 },

    { ngx_string("previous_response_id"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_chat_t, previous), NGX_AI_FIELD_PREVIOUS },

    { ngx_string("metadata"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, metadata), NGX_AI_FIELD_METADATA },

    { ngx_string("user"), NGX_AI_STRING, ngx_ai_responses_read_user, 0,
      NGX_AI_FIELD_USER },

    { ngx_string("safety_identifier"), NGX_AI_STRING,
      ngx_ai_responses_read_user, 0, NGX_AI_FIELD_USER },

    { ngx_string("prompt_cache_key"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_chat_t, cache_key), NGX_AI_FIELD_CACHE_KEY },

    { ngx_string("service_tier"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_chat_t, tier), NGX_AI_FIELD_TIER },

    { ngx_string("truncation"), NGX_AI_STRING,
      ngx_ai_responses_read_truncation, 0, 0 },

    /*
     * What was made before, or is to be asked for later, is with OpenAI: an
     * answer without it would be one to another question.
     */

    { ngx_string("background"), NGX_AI_BOOL, ngx_ai_responses_refuse, 0, 0 },

    { ngx_string("conversation"), NGX_AI_STRING|NGX_AI_OBJECT,
      ngx_ai_responses_refuse, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_reasoning_members[] = {

    { ngx_string("effort"), NGX_AI_STRING, ngx_ai_responses_read_effort,
      0, 0 },

    { ngx_string("summary"), NGX_AI_STRING, ngx_ai_responses_read_summary,
      0, 0 },

    /* its older name */

    { ngx_string("generate_summary"), NGX_AI_STRING,
      ngx_ai_responses_read_summary, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_text_members[] = {

    { ngx_string("format"), NGX_AI_OBJECT, ngx_ai_responses_read_format,
      0, 0 },

    { ngx_string("verbosity"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_chat_t, verbosity), NGX_AI_FIELD_VERBOSITY },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_format_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_chat_t, schema_name), 0 },

    { ngx_string("description"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_chat_t, schema_description), 0 },

    { ngx_string("schema"), NGX_AI_OBJECT, ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, schema), 0 },

    { ngx_string("strict"), NGX_AI_BOOL, ngx_ai_walk_flag,
      offsetof(ngx_ai_chat_t, schema_strict), 0 },

      ngx_ai_null_member
};


static const ngx_ai_responses_word_t  ngx_ai_responses_formats[] = {
    { ngx_string("text"), NGX_AI_FORMAT_TEXT },
    { ngx_string("json_object"), NGX_AI_FORMAT_JSON },
    { ngx_string("json_schema"), NGX_AI_FORMAT_SCHEMA },
    { ngx_null_string, 0 }
};


ngx_int_t
ngx_ai_responses_read_ask(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    void *ask)
{
    ngx_ai_chat_t *chat = ask;

    if (root->type != NGX_AI_JSON_OBJECT) {
        return ngx_ai_walk_fail(w, root, "must be an object");
    }

    /* usage is always told, and system prompts come first */

    chat->usage = 1;

    if (ngx_ai_responses_read_instructions(w, root, chat) != NGX_OK
        || ngx_ai_walk_object(w, root, ngx_ai_responses_ask_members, chat)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (chat->previous.len == 0
        && ngx_ai_tree_member(w->tree, root, "input") == NULL)
    {
        return ngx_ai_walk_fail(w, root, "has no \"input\"");
    }

    if (ngx_ai_chat_complete(chat) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_instructions(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, ngx_ai_chat_t *chat)
{
    ngx_ai_part_t        *part;
    ngx_ai_message_t     *message;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(w->tree, root, "instructions");

    /* of another type: the table says so */

    if (node == NULL || node->type != NGX_AI_JSON_STRING) {
        return NGX_OK;
    }

    message = ngx_ai_chat_message(chat, NGX_AI_ROLE_SYSTEM);

    part = message ? ngx_ai_part_push(&message->parts, NGX_AI_PART_TEXT)
                   : NULL;
    if (part == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    ngx_ai_tree_text(w->tree, node, &part->text);

    /* it is none of the input: see ngx_ai_responses_instructs() */

    part->origin = NGX_AI_DIALECT_RESPONSES;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_items(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_ai_message_t  *message;

    if (value->type == NGX_AI_JSON_ARRAY) {
        return ngx_ai_responses_read_input(w, value, chat);
    }

    message = ngx_ai_chat_message(chat, NGX_AI_ROLE_USER);
    if (message == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return ngx_ai_responses_read_content(w, value, &message->parts);
}


static ngx_int_t
ngx_ai_responses_read_stream(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    chat->stream = (value->type == NGX_AI_JSON_TRUE);

    return NGX_OK;
}


/* others ask for more of what the provider's own tools did */

static ngx_int_t
ngx_ai_responses_read_include(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (node->type != NGX_AI_JSON_STRING) {
            return ngx_ai_walk_fail(w, node, "must be a string");
        }

        if (ngx_ai_tree_is(w->tree, node, "reasoning.encrypted_content")) {
            chat->thoughts = 1;

        } else if (ngx_ai_tree_is(w->tree, node,
                                  "message.output_text.logprobs"))
        {
            chat->logprobs = 1;
            chat->fields |= ngx_ai_field(LOGPROBS);
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_top_logprobs(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    int64_t  n;

    if (ngx_ai_walk_count(w, value, member, &n) != NGX_OK) {
        return NGX_ERROR;
    }

    /* 0 is what is there without being asked for */

    if (n) {
        ngx_ai_tree_raw(w->tree, value, &chat->top_logprobs);
        chat->logprobs = 1;
        chat->fields |= ngx_ai_field(LOGPROBS);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_reasoning(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_responses_reasoning_members,
                              to);
}


static ngx_int_t
ngx_ai_responses_read_effort(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
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
ngx_ai_responses_read_summary(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_ai_tree_text(w->tree, value, &chat->summary);

    /* Codex says "none" in so many words */

    if (ngx_ai_tree_is(w->tree, value, "none")) {
        ngx_str_null(&chat->summary);
        return NGX_OK;
    }

    chat->thoughts = 1;
    chat->fields |= ngx_ai_field(SUMMARY);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_text(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_responses_text_members, to);
}


static ngx_int_t
ngx_ai_responses_read_format(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_str_t             name;
    const ngx_ai_node_t  *type;

    type = ngx_ai_tree_member(w->tree, value, "type");

    if (type == NULL || type->type != NGX_AI_JSON_STRING) {
        return ngx_ai_walk_fail(w, value, "has no \"type\"");
    }

    ngx_ai_tree_text(w->tree, type, &name);

    chat->output = ngx_ai_responses_find(ngx_ai_responses_formats, &name,
                                         NGX_AI_UNSET);

    if (chat->output == NGX_AI_UNSET) {
        return ngx_ai_walk_fail(w, type, "is no known format");
    }

    if (ngx_ai_walk_object(w, value, ngx_ai_responses_format_members, chat)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (chat->output == NGX_AI_FORMAT_JSON) {
        chat->fields |= ngx_ai_field(JSON);

    } else if (chat->output == NGX_AI_FORMAT_SCHEMA) {

        if (chat->schema.len == 0) {
            return ngx_ai_walk_fail(w, value, "has no \"schema\"");
        }

        chat->fields |= ngx_ai_field(SCHEMA);
    }

    return NGX_OK;
}


/* who keeps nothing loses nothing when told not to */

static ngx_int_t
ngx_ai_responses_read_store(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    chat->store = (value->type == NGX_AI_JSON_TRUE);

    if (chat->store) {
        chat->fields |= ngx_ai_field(STORE);
    }

    return NGX_OK;
}


/* the older name and the newer one; one is enough */

static ngx_int_t
ngx_ai_responses_read_user(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    if (chat->user.len == 0) {
        ngx_ai_tree_text(w->tree, value, &chat->user);
    }

    return NGX_OK;
}


/* not to truncate is what everybody does */

static ngx_int_t
ngx_ai_responses_read_truncation(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to)
{
    if (!ngx_ai_tree_is(w->tree, value, "disabled")) {
        ngx_ai_walk_drop(w, value);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_refuse(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    if (value->type == NGX_AI_JSON_FALSE) {
        return NGX_OK;
    }

    return ngx_ai_walk_fail(w, value, "is not available for this model");
}
