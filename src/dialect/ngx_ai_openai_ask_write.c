
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"


static void ngx_ai_openai_write_output(const ngx_ai_chat_t *chat,
    uint64_t fields, ngx_ai_json_writer_t *w);
static void ngx_ai_openai_write_thought(const ngx_ai_chat_t *chat,
    uint64_t fields, ngx_ai_json_writer_t *w);
static void ngx_ai_openai_write_tools(const ngx_ai_chat_t *chat,
    uint64_t fields, ngx_uint_t quirks, ngx_ai_json_writer_t *w);
static ngx_uint_t ngx_ai_openai_allowed(const ngx_ai_chat_t *chat,
    uint64_t fields, ngx_uint_t quirks, const ngx_ai_tool_t *tool);
static void ngx_ai_openai_write_tool(const ngx_ai_tool_t *tool,
    uint64_t fields, ngx_ai_json_writer_t *w);
static void ngx_ai_openai_write_choice(const ngx_ai_chat_t *chat,
    uint64_t fields, ngx_uint_t quirks, ngx_ai_json_writer_t *w);
static void ngx_ai_openai_write_name(const ngx_ai_chat_t *chat,
    const ngx_str_t *name, ngx_ai_json_writer_t *w);
static void ngx_ai_openai_write_account(const ngx_ai_chat_t *chat,
    uint64_t fields, ngx_ai_json_writer_t *w);


/* the tiers that OpenAI has, and others' words for them */

static const ngx_str_t  ngx_ai_openai_tiers[][2] = {
    { ngx_string("default"), ngx_string("default") },
    { ngx_string("flex"), ngx_string("flex") },
    { ngx_string("priority"), ngx_string("priority") },
    { ngx_string("scale"), ngx_string("scale") },
    { ngx_string("standard"), ngx_string("default") },
    { ngx_string("standard_only"), ngx_string("default") }
};


uint64_t
ngx_ai_openai_fields(ngx_uint_t quirks)
{
    uint64_t  fields;

    fields = NGX_AI_OPENAI_KEPT | NGX_AI_OPENAI_MAPPED;

    if (quirks & NGX_AI_QUIRK_REASONING_ECHO) {
        fields |= ngx_ai_field(THINKING);
    }

    if (quirks & NGX_AI_QUIRK_STRICT) {
        fields &= ~NGX_AI_OPENAI_LOOSE;
    }

    return fields;
}


ngx_int_t
ngx_ai_openai_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w)
{
    uint64_t              fields;
    const ngx_ai_chat_t  *chat;

    chat = ask;
    fields = chat->fields & ngx_ai_openai_fields(aim->quirks);

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "model");
    ngx_ai_json_write_string(w, &aim->model);

    if (ngx_ai_openai_write_messages(chat, fields, aim->quirks, w) != NGX_OK) {
        return NGX_ERROR;
    }

    if (fields & ngx_ai_field(MAX_TOKENS)) {
        ngx_ai_json_write_key(w, (aim->quirks & NGX_AI_QUIRK_MAX_COMPLETION)
                                 ? "max_completion_tokens" : "max_tokens");
        ngx_ai_json_write_int(w, chat->max_tokens);
    }

    ngx_ai_openai_write_sampling(chat, fields, aim, w);

    if (fields & ngx_ai_field(LOGPROBS)) {
        ngx_ai_json_write_literal(w, "\"logprobs\":true");
        ngx_ai_openai_write_raw(w, "top_logprobs", &chat->top_logprobs);
    }

    ngx_ai_openai_write_output(chat, fields, w);
    ngx_ai_openai_write_thought(chat, fields, w);
    ngx_ai_openai_write_tools(chat, fields, aim->quirks, w);
    ngx_ai_openai_write_account(chat, fields, w);

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* what chats and the legacy completions have in common */

void
ngx_ai_openai_write_sampling(const ngx_ai_chat_t *chat, uint64_t fields,
    const ngx_ai_aim_t *aim, ngx_ai_json_writer_t *w)
{
    ngx_str_t   *stop;
    ngx_uint_t   i;

    if (aim->stream) {
        ngx_ai_json_write_literal(w, "\"stream\":true");

        if (!(aim->quirks & NGX_AI_QUIRK_USAGE_ALWAYS)) {
            ngx_ai_json_write_literal(w, "\"stream_options\":"
                                         "{\"include_usage\":true}");
        }
    }

    if (fields & ngx_ai_field(TEMPERATURE)) {
        ngx_ai_openai_write_raw(w, "temperature", &chat->temperature);
    }

    if (fields & ngx_ai_field(TOP_P)) {
        ngx_ai_openai_write_raw(w, "top_p", &chat->top_p);
    }

    if (fields & ngx_ai_field(N)) {
        ngx_ai_json_write_key(w, "n");
        ngx_ai_json_write_int(w, chat->n);
    }

    if (fields & ngx_ai_field(STOP)) {
        ngx_ai_json_write_key(w, "stop");
        ngx_ai_json_write_array(w);

        stop = chat->stop->elts;

        for (i = 0; i < chat->stop->nelts; i++) {
            ngx_ai_json_write_text(w, &stop[i]);
        }

        ngx_ai_json_write_end(w);
    }

    if (fields & ngx_ai_field(SEED)) {
        ngx_ai_openai_write_raw(w, (aim->quirks & NGX_AI_QUIRK_RANDOM_SEED)
                                      ? "random_seed" : "seed", &chat->seed);
    }

    if (fields & ngx_ai_field(PRESENCE_PENALTY)) {
        ngx_ai_openai_write_raw(w, "presence_penalty",
                                   &chat->presence_penalty);
    }

    if (fields & ngx_ai_field(FREQUENCY_PENALTY)) {
        ngx_ai_openai_write_raw(w, "frequency_penalty",
                                   &chat->frequency_penalty);
    }

    if (fields & ngx_ai_field(LOGIT_BIAS)) {
        ngx_ai_openai_write_raw(w, "logit_bias", &chat->logit_bias);
    }

    if (fields & ngx_ai_field(USER)) {
        ngx_ai_openai_write_text(w, "user", &chat->user);
    }
}


static void
ngx_ai_openai_write_output(const ngx_ai_chat_t *chat, uint64_t fields,
    ngx_ai_json_writer_t *w)
{
    if (fields & ngx_ai_field(SCHEMA)) {
        ngx_ai_json_write_key(w, "response_format");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_literal(w, "\"type\":\"json_schema\"");
        ngx_ai_json_write_key(w, "json_schema");
        ngx_ai_json_write_object(w);

        /* it must have a name */

        if (chat->schema_name.len) {
            ngx_ai_openai_write_text(w, "name", &chat->schema_name);

        } else {
            ngx_ai_json_write_literal(w, "\"name\":\"response\"");
        }

        ngx_ai_openai_write_text(w, "description",
                                   &chat->schema_description);
        ngx_ai_openai_write_raw(w, "schema", &chat->schema);

        if (chat->schema_strict != NGX_AI_UNSET) {
            ngx_ai_json_write_key(w, "strict");
            ngx_ai_json_write_bool(w, chat->schema_strict);
        }

        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);

    } else if (fields & ngx_ai_field(JSON)) {
        ngx_ai_json_write_literal(w, "\"response_format\":"
                                     "{\"type\":\"json_object\"}");
    }

    if (fields & ngx_ai_field(AUDIO_OUT)) {
        ngx_ai_json_write_literal(w, "\"modalities\":[\"text\",\"audio\"]");
        ngx_ai_json_write_key(w, "audio");
        ngx_ai_json_write_object(w);
        ngx_ai_openai_write_text(w, "voice", &chat->audio_voice);
        ngx_ai_openai_write_text(w, "format", &chat->audio_format);
        ngx_ai_json_write_end(w);

    } else if (fields & ngx_ai_field(IMAGE_OUT)) {

        /* OpenRouter's */

        ngx_ai_json_write_literal(w, "\"modalities\":[\"text\",\"image\"]");
    }

    if (fields & ngx_ai_field(VERBOSITY)) {
        ngx_ai_openai_write_text(w, "verbosity", &chat->verbosity);
    }

    if (fields & ngx_ai_field(PREDICTION)) {
        ngx_ai_openai_write_raw(w, "prediction", &chat->prediction);
    }
}


/*
 * A model that does not think refuses any effort, the effort "none" too: that
 * a client of another dialect wants no thoughts is only told if it said so by
 * this name.
 */

static void
ngx_ai_openai_write_thought(const ngx_ai_chat_t *chat, uint64_t fields,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t  effort;

    effort = NGX_AI_EFFORT_UNSET;

    if (fields & ngx_ai_field(EFFORT)) {
        effort = chat->effort;

    } else if ((fields & ngx_ai_field(BUDGET))
               && chat->budget != NGX_AI_BUDGET_OFF)
    {
        effort = ngx_ai_effort_of_budget(chat->budget);
    }

    if (effort == NGX_AI_EFFORT_UNSET) {
        return;
    }

    /* there is no more than this */

    effort = ngx_min(effort, NGX_AI_EFFORT_XHIGH);

    ngx_ai_json_write_key(w, "reasoning_effort");
    ngx_ai_json_write_text(w, ngx_ai_effort_name(effort));
}


static void
ngx_ai_openai_write_tools(const ngx_ai_chat_t *chat, uint64_t fields,
    ngx_uint_t quirks, ngx_ai_json_writer_t *w)
{
    ngx_uint_t            i, n;
    const ngx_ai_tool_t  *tool;

    n = 0;
    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {

        if (!ngx_ai_openai_allowed(chat, fields, quirks, &tool[i])) {
            continue;
        }

        if (n++ == 0) {
            ngx_ai_json_write_key(w, "tools");
            ngx_ai_json_write_array(w);
        }

        ngx_ai_openai_write_tool(&tool[i], fields, w);
    }

    if (n) {
        ngx_ai_json_write_end(w);
        ngx_ai_openai_write_choice(chat, fields, quirks, w);
    }

    for (i = 0; i < chat->tools.nelts; i++) {

        /* a member of its own, see ngx_ai_openai_read_search() */

        if (tool[i].kind == NGX_AI_TOOL_WEB_SEARCH
            && tool[i].origin == NGX_AI_DIALECT_OPENAI && tool[i].name.len)
        {
            ngx_ai_openai_write_raw(w, "web_search_options",
                                       &tool[i].raw);
            break;
        }
    }
}


/* who has no word for the tools that may be called is told of those alone */

static ngx_uint_t
ngx_ai_openai_allowed(const ngx_ai_chat_t *chat, uint64_t fields,
    ngx_uint_t quirks, const ngx_ai_tool_t *tool)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    switch (tool->kind) {

    case NGX_AI_TOOL_FUNCTION:
        break;

    case NGX_AI_TOOL_CUSTOM:
        if (!(fields & ngx_ai_field(TOOL_CUSTOM))) {
            return 0;
        }

        break;

    default:
        return tool->origin == NGX_AI_DIALECT_OPENAI && tool->name.len == 0;
    }

    if (!(fields & ngx_ai_field(TOOL_CHOICE_ALLOWED))
        || (quirks & NGX_AI_QUIRK_ALLOWED_TOOLS))
    {
        return 1;
    }

    name = chat->allowed->elts;

    for (i = 0; i < chat->allowed->nelts; i++) {
        if (name[i].len == tool->name.len
            && ngx_memcmp(name[i].data, tool->name.data, name[i].len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static void
ngx_ai_openai_write_tool(const ngx_ai_tool_t *tool, uint64_t fields,
    ngx_ai_json_writer_t *w)
{
    switch (tool->kind) {

    case NGX_AI_TOOL_FUNCTION:
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_literal(w, "\"type\":\"function\"");
        ngx_ai_json_write_key(w, "function");
        ngx_ai_json_write_object(w);
        ngx_ai_openai_write_text(w, "name", &tool->name);
        ngx_ai_openai_write_text(w, "description", &tool->description);
        ngx_ai_openai_write_raw(w, "parameters", &tool->schema);

        if (tool->strict == 1) {
            ngx_ai_json_write_literal(w, "\"strict\":true");
        }

        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);
        break;

    case NGX_AI_TOOL_CUSTOM:
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_literal(w, "\"type\":\"custom\"");
        ngx_ai_json_write_key(w, "custom");
        ngx_ai_json_write_object(w);
        ngx_ai_openai_write_text(w, "name", &tool->name);
        ngx_ai_openai_write_text(w, "description", &tool->description);

        if (tool->origin == NGX_AI_DIALECT_OPENAI) {
            ngx_ai_openai_write_raw(w, "format", &tool->raw);
        }

        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);
        break;

    default:
        ngx_ai_json_write_raw(w, &tool->raw);
    }
}


static void
ngx_ai_openai_write_choice(const ngx_ai_chat_t *chat, uint64_t fields,
    ngx_uint_t quirks, ngx_ai_json_writer_t *w)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    if ((fields & ngx_ai_field(PARALLEL)) && chat->parallel == 0) {
        ngx_ai_json_write_literal(w, "\"parallel_tool_calls\":false");
    }

    if ((fields & ngx_ai_field(TOOL_CHOICE_ALLOWED))
        && (quirks & NGX_AI_QUIRK_ALLOWED_TOOLS))
    {
        ngx_ai_json_write_key(w, "tool_choice");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_literal(w, "\"type\":\"allowed_tools\"");
        ngx_ai_json_write_key(w, "allowed_tools");
        ngx_ai_json_write_object(w);

        if (chat->choice == NGX_AI_CHOICE_REQUIRED) {
            ngx_ai_json_write_literal(w, "\"mode\":\"required\"");

        } else {
            ngx_ai_json_write_literal(w, "\"mode\":\"auto\"");
        }

        ngx_ai_json_write_key(w, "tools");
        ngx_ai_json_write_array(w);

        name = chat->allowed->elts;

        for (i = 0; i < chat->allowed->nelts; i++) {
            ngx_ai_openai_write_name(chat, &name[i], w);
        }

        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);

    } else if (fields & ngx_ai_field(TOOL_CHOICE_NAMED)) {
        ngx_ai_json_write_key(w, "tool_choice");
        ngx_ai_openai_write_name(chat, &chat->choice_name, w);

    } else if (fields & ngx_ai_field(TOOL_CHOICE_NONE)) {
        ngx_ai_json_write_literal(w, "\"tool_choice\":\"none\"");

    } else if ((fields & ngx_ai_field(TOOL_CHOICE))
               && chat->choice == NGX_AI_CHOICE_REQUIRED)
    {
        if (quirks & NGX_AI_QUIRK_TOOL_CHOICE_ANY) {
            ngx_ai_json_write_literal(w, "\"tool_choice\":\"any\"");

        } else {
            ngx_ai_json_write_literal(w, "\"tool_choice\":\"required\"");
        }
    }
}


static void
ngx_ai_openai_write_name(const ngx_ai_chat_t *chat, const ngx_str_t *name,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t            i, custom;
    const ngx_ai_tool_t  *tool;

    custom = 0;
    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {

        if (tool[i].kind == NGX_AI_TOOL_CUSTOM
            && tool[i].name.len == name->len
            && ngx_memcmp(tool[i].name.data, name->data, name->len) == 0)
        {
            custom = 1;
            break;
        }
    }

    ngx_ai_json_write_object(w);

    if (custom) {
        ngx_ai_json_write_literal(w, "\"type\":\"custom\"");
        ngx_ai_json_write_key(w, "custom");

    } else {
        ngx_ai_json_write_literal(w, "\"type\":\"function\"");
        ngx_ai_json_write_key(w, "function");
    }

    ngx_ai_json_write_object(w);
    ngx_ai_openai_write_text(w, "name", name);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


static void
ngx_ai_openai_write_account(const ngx_ai_chat_t *chat, uint64_t fields,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t        i, n;
    const ngx_str_t  *tier;

    if (fields & ngx_ai_field(STORE)) {
        ngx_ai_json_write_literal(w, "\"store\":true");
    }

    if (fields & ngx_ai_field(CACHE_KEY)) {
        ngx_ai_openai_write_text(w, "prompt_cache_key", &chat->cache_key);
    }

    if (!(fields & ngx_ai_field(TIER))) {
        return;
    }

    n = sizeof(ngx_ai_openai_tiers) / sizeof(ngx_ai_openai_tiers[0]);

    for (i = 0; i < n; i++) {
        tier = ngx_ai_openai_tiers[i];

        if (tier[0].len == chat->tier.len
            && ngx_memcmp(tier[0].data, chat->tier.data, tier[0].len) == 0)
        {
            ngx_ai_openai_write_text(w, "service_tier", &tier[1]);
            break;
        }
    }
}
