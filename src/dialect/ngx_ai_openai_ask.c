
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"


typedef struct {
    const ngx_ai_node_t  *type;
    const ngx_ai_node_t  *schema;      /* json_schema */
} ngx_ai_openai_format_t;


static void ngx_ai_openai_mark(ngx_ai_chat_t *chat);
static ngx_uint_t ngx_ai_openai_is_zero(const ngx_str_t *number);
static ngx_int_t ngx_ai_openai_read_wish(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_old_max(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_format(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_modalities(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_voice(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_effort(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_reasoning(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_hidden(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_thinks(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_search(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


#define ngx_ai_chat(name)  offsetof(ngx_ai_chat_t, name)


static const ngx_ai_member_t  ngx_ai_openai_ask_members[] = {

    { ngx_string("model"), NGX_AI_STRING, NULL, 0, 0 },

    { ngx_string("messages"), NGX_AI_ARRAY,
      ngx_ai_openai_read_messages, 0, 0 },

    { ngx_string("tools"), NGX_AI_ARRAY,
      ngx_ai_openai_read_tools, 0, 0 },

    { ngx_string("stream"), NGX_AI_BOOL,
      ngx_ai_openai_read_stream, 0, 0 },

    { ngx_string("stream_options"), NGX_AI_OBJECT,
      ngx_ai_openai_read_options, 0, 0 },

    { ngx_string("temperature"), NGX_AI_NUMBER,
      ngx_ai_walk_raw, ngx_ai_chat(temperature),
      NGX_AI_FIELD_TEMPERATURE },

    { ngx_string("max_tokens"), NGX_AI_NUMBER,
      ngx_ai_openai_read_old_max, ngx_ai_chat(max_tokens),
      NGX_AI_FIELD_MAX_TOKENS },

    { ngx_string("max_completion_tokens"), NGX_AI_NUMBER,
      ngx_ai_walk_count, ngx_ai_chat(max_tokens),
      NGX_AI_FIELD_MAX_TOKENS },

    { ngx_string("top_p"), NGX_AI_NUMBER,
      ngx_ai_walk_raw, ngx_ai_chat(top_p),
      NGX_AI_FIELD_TOP_P },

    { ngx_string("n"), NGX_AI_NUMBER,
      ngx_ai_walk_count, ngx_ai_chat(n), 0 },

    { ngx_string("stop"), NGX_AI_STRING|NGX_AI_ARRAY,
      ngx_ai_walk_texts, ngx_ai_chat(stop), 0 },

    { ngx_string("seed"), NGX_AI_NUMBER,
      ngx_ai_walk_raw, ngx_ai_chat(seed),
      NGX_AI_FIELD_SEED },

    { ngx_string("presence_penalty"), NGX_AI_NUMBER,
      ngx_ai_walk_raw, ngx_ai_chat(presence_penalty), 0 },

    { ngx_string("frequency_penalty"), NGX_AI_NUMBER,
      ngx_ai_walk_raw, ngx_ai_chat(frequency_penalty), 0 },

    { ngx_string("logit_bias"), NGX_AI_OBJECT,
      ngx_ai_openai_read_filled, ngx_ai_chat(logit_bias), 0 },

    { ngx_string("logprobs"), NGX_AI_BOOL,
      ngx_ai_walk_flag, ngx_ai_chat(logprobs), 0 },

    { ngx_string("top_logprobs"), NGX_AI_NUMBER,
      ngx_ai_walk_raw, ngx_ai_chat(top_logprobs), 0 },

    { ngx_string("tool_choice"), NGX_AI_STRING|NGX_AI_OBJECT,
      ngx_ai_openai_read_choice, 0, 0 },

    { ngx_string("parallel_tool_calls"), NGX_AI_BOOL,
      ngx_ai_walk_flag, ngx_ai_chat(parallel), 0 },

    { ngx_string("response_format"), NGX_AI_OBJECT,
      ngx_ai_openai_read_format, 0, 0 },

    { ngx_string("reasoning_effort"), NGX_AI_STRING,
      ngx_ai_openai_read_effort, 0, 0 },

    { ngx_string("verbosity"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_chat(verbosity),
      NGX_AI_FIELD_VERBOSITY },

    { ngx_string("modalities"), NGX_AI_ARRAY,
      ngx_ai_openai_read_modalities, 0, 0 },

    { ngx_string("audio"), NGX_AI_OBJECT,
      ngx_ai_openai_read_voice, 0, 0 },

    { ngx_string("prediction"), NGX_AI_OBJECT,
      ngx_ai_walk_raw, ngx_ai_chat(prediction),
      NGX_AI_FIELD_PREDICTION },

    { ngx_string("web_search_options"), NGX_AI_OBJECT,
      ngx_ai_openai_read_search, 0, 0 },

    { ngx_string("user"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_chat(user), 0 },

    /* the newer name of it */

    { ngx_string("safety_identifier"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_chat(user), 0 },

    { ngx_string("metadata"), NGX_AI_OBJECT,
      ngx_ai_openai_read_filled, ngx_ai_chat(metadata), 0 },

    { ngx_string("service_tier"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_chat(tier), 0 },

    { ngx_string("store"), NGX_AI_BOOL,
      ngx_ai_walk_flag, ngx_ai_chat(store), 0 },

    { ngx_string("prompt_cache_key"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_chat(cache_key), 0 },

    /* of vendors */

    { ngx_string("top_k"), NGX_AI_NUMBER,
      ngx_ai_walk_raw, ngx_ai_chat(top_k),
      NGX_AI_FIELD_TOP_K },

    { ngx_string("random_seed"), NGX_AI_NUMBER,
      ngx_ai_walk_raw, ngx_ai_chat(seed),
      NGX_AI_FIELD_SEED },

    { ngx_string("reasoning"), NGX_AI_OBJECT,
      ngx_ai_openai_read_reasoning, 0, 0 },

    { ngx_string("include_reasoning"), NGX_AI_BOOL,
      ngx_ai_walk_flag, ngx_ai_chat(thoughts), 0 },

    { ngx_string("thinking"), NGX_AI_OBJECT,
      ngx_ai_openai_read_thinks, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_options_members[] = {

    { ngx_string("include_usage"), NGX_AI_BOOL,
      ngx_ai_openai_read_wish, 0, 0 },

    /* padding, which is never passed on */

    { ngx_string("include_obfuscation"), NGX_AI_BOOL, NULL, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_format_members[] = {

    { ngx_string("type"), NGX_AI_STRING,
      ngx_ai_openai_node, offsetof(ngx_ai_openai_format_t, type), 0 },

    { ngx_string("json_schema"), NGX_AI_OBJECT,
      ngx_ai_openai_node, offsetof(ngx_ai_openai_format_t, schema), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_schema_members[] = {

    { ngx_string("name"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_chat(schema_name), 0 },

    { ngx_string("description"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_chat(schema_description), 0 },

    { ngx_string("schema"), NGX_AI_OBJECT,
      ngx_ai_walk_raw, ngx_ai_chat(schema), 0 },

    { ngx_string("strict"), NGX_AI_BOOL,
      ngx_ai_walk_flag, ngx_ai_chat(schema_strict), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_voice_members[] = {

    { ngx_string("voice"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_chat(audio_voice), 0 },

    { ngx_string("format"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_chat(audio_format), 0 },

      ngx_ai_null_member
};


/* OpenRouter's form */

static const ngx_ai_member_t  ngx_ai_openai_reasoning_members[] = {

    { ngx_string("effort"), NGX_AI_STRING,
      ngx_ai_openai_read_effort, 0, 0 },

    { ngx_string("max_tokens"), NGX_AI_NUMBER,
      ngx_ai_walk_count, ngx_ai_chat(budget),
      NGX_AI_FIELD_BUDGET },

    { ngx_string("exclude"), NGX_AI_BOOL,
      ngx_ai_openai_read_hidden, ngx_ai_chat(thoughts), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_thinks_members[] = {

    { ngx_string("type"), NGX_AI_STRING, NULL, 0, 0 },
    { ngx_string("budget_tokens"), NGX_AI_NUMBER, NULL, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_openai_word_t  ngx_ai_openai_formats[] = {
    { ngx_string("text"), NGX_AI_FORMAT_TEXT },
    { ngx_string("json_object"), NGX_AI_FORMAT_JSON },
    { ngx_string("json_schema"), NGX_AI_FORMAT_SCHEMA },
    { ngx_null_string, 0 }
};


ngx_int_t
ngx_ai_openai_read_ask(ngx_ai_walk_t *w, const ngx_ai_node_t *root, void *ask)
{
    ngx_ai_chat_t  *chat;

    chat = ask;
    w->marks = &chat->fields;

    if (ngx_ai_walk_element(w, root, ngx_ai_openai_ask_members, chat)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (chat->messages.nelts == 0) {
        return ngx_ai_walk_fail(w, root, "has no \"messages\"");
    }

    return ngx_ai_openai_read_done(w, chat);
}


ngx_int_t
ngx_ai_openai_read_done(ngx_ai_walk_t *w, ngx_ai_chat_t *chat)
{
    ngx_ai_openai_mark(chat);

    return (ngx_ai_chat_complete(chat) == NGX_OK) ? NGX_OK
                                                  : ngx_ai_openai_no_memory(w);
}


/*
 * What says no more than the default does is not there: no target needs to be
 * told, and none of them drops it.
 */

static void
ngx_ai_openai_mark(ngx_ai_chat_t *chat)
{
    uint64_t  fields;

    fields = 0;

    if (chat->n != 1) {
        fields |= ngx_ai_field(N);
    }

    if (chat->stop != NULL && chat->stop->nelts) {
        fields |= ngx_ai_field(STOP);
    }

    if (!ngx_ai_openai_is_zero(&chat->presence_penalty)) {
        fields |= ngx_ai_field(PRESENCE_PENALTY);
    }

    if (!ngx_ai_openai_is_zero(&chat->frequency_penalty)) {
        fields |= ngx_ai_field(FREQUENCY_PENALTY);
    }

    if (chat->logit_bias.len) {
        fields |= ngx_ai_field(LOGIT_BIAS);
    }

    if (chat->logprobs) {
        fields |= ngx_ai_field(LOGPROBS);
    }

    if (chat->parallel == 0) {
        fields |= ngx_ai_field(PARALLEL);
    }

    if (chat->user.len) {
        fields |= ngx_ai_field(USER);
    }

    if (chat->metadata.len) {
        fields |= ngx_ai_field(METADATA);
    }

    if (chat->tier.len
        && !(chat->tier.len == 4
             && ngx_memcmp(chat->tier.data, "auto", 4) == 0))
    {
        fields |= ngx_ai_field(TIER);
    }

    if (chat->store == 1) {
        fields |= ngx_ai_field(STORE);
    }

    if (chat->cache_key.len) {
        fields |= ngx_ai_field(CACHE_KEY);
    }

    chat->fields |= fields;
}


/* an absent one is zero too */

static ngx_uint_t
ngx_ai_openai_is_zero(const ngx_str_t *number)
{
    size_t  i;

    for (i = 0; i < number->len; i++) {

        if (number->data[i] >= '1' && number->data[i] <= '9') {
            return 0;
        }

        if (number->data[i] == 'e' || number->data[i] == 'E') {
            break;
        }
    }

    return 1;
}


ngx_int_t
ngx_ai_openai_read_stream(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    chat->stream = (value->type == NGX_AI_JSON_TRUE);

    return NGX_OK;
}


ngx_int_t
ngx_ai_openai_read_options(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_openai_options_members, to);
}


static ngx_int_t
ngx_ai_openai_read_wish(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    chat->usage = (value->type == NGX_AI_JSON_TRUE);

    return NGX_OK;
}


/* the newer name wins, whatever their order is */

static ngx_int_t
ngx_ai_openai_read_old_max(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    int64_t  *max, old;

    max = to;
    old = *max;

    if (ngx_ai_walk_count(w, value, member, max) != NGX_OK) {
        return NGX_ERROR;
    }

    if (old != -1) {
        *max = old;
    }

    return NGX_OK;
}


ngx_int_t
ngx_ai_openai_read_filled(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return value->n ? ngx_ai_walk_raw(w, value, member, to) : NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_format(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_ai_openai_format_t       format;
    const ngx_ai_openai_word_t  *word;

    ngx_memzero(&format, sizeof(ngx_ai_openai_format_t));

    if (ngx_ai_walk_object(w, value, ngx_ai_openai_format_members, &format)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (format.type == NULL) {
        return ngx_ai_walk_fail(w, value, "has no \"type\"");
    }

    word = ngx_ai_openai_word(w->tree, format.type, ngx_ai_openai_formats);

    if (word == NULL) {
        ngx_ai_walk_drop(w, value);
        return NGX_OK;
    }

    chat->output = word->value;

    if (chat->output == NGX_AI_FORMAT_JSON) {
        chat->fields |= ngx_ai_field(JSON);
    }

    if (chat->output != NGX_AI_FORMAT_SCHEMA) {
        return NGX_OK;
    }

    if (format.schema == NULL) {
        return ngx_ai_walk_fail(w, value, "has no \"json_schema\"");
    }

    chat->fields |= ngx_ai_field(SCHEMA);

    if (ngx_ai_walk_object(w, format.schema, ngx_ai_openai_schema_members,
                           chat)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (chat->schema.len == 0) {
        return ngx_ai_walk_fail(w, format.schema, "has no \"schema\"");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_modalities(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
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

        if (ngx_ai_tree_is(w->tree, node, "audio")) {
            chat->fields |= ngx_ai_field(AUDIO_OUT);

        } else if (ngx_ai_tree_is(w->tree, node, "image")) {
            chat->fields |= ngx_ai_field(IMAGE_OUT);

        } else if (!ngx_ai_tree_is(w->tree, node, "text")) {
            ngx_ai_walk_drop(w, node);
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_voice(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_openai_voice_members, to);
}


static ngx_int_t
ngx_ai_openai_read_effort(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_str_t   name;
    ngx_uint_t  effort;

    ngx_ai_tree_text(w->tree, value, &name);

    effort = ngx_ai_effort_find(&name);

    if (effort != NGX_AI_EFFORT_UNSET) {
        chat->effort = effort;
        chat->fields |= ngx_ai_field(EFFORT);
        return NGX_OK;
    }

    /* Groq's word for saying nothing */

    if (!ngx_ai_tree_is(w->tree, value, "default")) {
        ngx_ai_walk_drop(w, value);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_reasoning(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_openai_reasoning_members, to);
}


static ngx_int_t
ngx_ai_openai_read_hidden(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t  *thoughts;

    thoughts = to;
    *thoughts = (value->type == NGX_AI_JSON_FALSE);

    return NGX_OK;
}


/* DeepSeek's, Z.ai's and LiteLLM's form, which is Anthropic's */

static ngx_int_t
ngx_ai_openai_read_thinks(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    const ngx_ai_node_t  *type, *budget;

    if (ngx_ai_walk_object(w, value, ngx_ai_openai_thinks_members, chat)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    type = ngx_ai_tree_member(w->tree, value, "type");
    budget = ngx_ai_tree_member(w->tree, value, "budget_tokens");

    chat->fields |= ngx_ai_field(BUDGET);

    if (type != NULL && ngx_ai_tree_is(w->tree, type, "disabled")) {
        chat->budget = NGX_AI_BUDGET_OFF;
        return NGX_OK;
    }

    if (budget != NULL) {
        return ngx_ai_walk_count(w, budget, member, &chat->budget);
    }

    chat->budget = NGX_AI_BUDGET_DYNAMIC;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_search(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_ai_tool_t  *tool;

    tool = ngx_ai_chat_tool(chat, NGX_AI_TOOL_WEB_SEARCH);
    if (tool == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    tool->name = member->name;

    return ngx_ai_walk_raw(w, value, member, &tool->raw);
}
