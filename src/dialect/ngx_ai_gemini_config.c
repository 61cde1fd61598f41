
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"


#define NGX_AI_GEMINI_STOP_MAX    5

/* budgets that models take, in tokens */
#define NGX_AI_GEMINI_FLASH_MAX   24576
#define NGX_AI_GEMINI_PRO_MAX     32768
#define NGX_AI_GEMINI_PRO_MIN     128
#define NGX_AI_GEMINI_LITE_MIN    512


static u_char *ngx_ai_gemini_model_number(u_char *p, u_char *last,
    ngx_uint_t *n);
static void ngx_ai_gemini_write_raw(ngx_ai_json_writer_t *w, const char *key,
    const ngx_str_t *raw);
static void ngx_ai_gemini_write_stop(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static void ngx_ai_gemini_write_format(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static void ngx_ai_gemini_write_outputs(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static void ngx_ai_gemini_write_thinking(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, const ngx_ai_gemini_model_t *model);
static int64_t ngx_ai_gemini_budget(const ngx_ai_chat_t *chat,
    const ngx_ai_gemini_model_t *model);
static const char *ngx_ai_gemini_level(ngx_uint_t effort,
    const ngx_ai_gemini_model_t *model);
static void ngx_ai_gemini_write_tier(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static ngx_uint_t ngx_ai_gemini_tool_member(const ngx_ai_tool_t *tool,
    ngx_str_t *member);
static void ngx_ai_gemini_write_functions(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static void ngx_ai_gemini_write_function(ngx_ai_json_writer_t *w,
    const ngx_ai_tool_t *tool);
static void ngx_ai_gemini_write_choice(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);


/* "models/gemini-2.5-flash-lite": 2, 5, lite */

void
ngx_ai_gemini_model(const ngx_str_t *name, ngx_ai_gemini_model_t *model)
{
    u_char  *p, *last;

    static const ngx_str_t  gemini = ngx_string("gemini-");

    ngx_memzero(model, sizeof(ngx_ai_gemini_model_t));

    last = name->data + name->len;

    for (p = last; p > name->data && p[-1] != '/'; p--) { /* void */ }

    if ((size_t) (last - p) <= gemini.len
        || ngx_memcmp(p, gemini.data, gemini.len) != 0)
    {
        return;
    }

    p += gemini.len;

    model->pro = (memmem(p, last - p, "pro", 3) != NULL);
    model->lite = (memmem(p, last - p, "lite", 4) != NULL);

    if (*p < '0' || *p > '9') {

        /* "gemini-flash-latest" */

        model->major = (memmem(p, last - p, "latest", 6) != NULL) ? 3 : 0;
        return;
    }

    p = ngx_ai_gemini_model_number(p, last, &model->major);

    if (p < last && *p == '.') {
        (void) ngx_ai_gemini_model_number(p + 1, last, &model->minor);
    }
}


static u_char *
ngx_ai_gemini_model_number(u_char *p, u_char *last, ngx_uint_t *n)
{
    for ( /* void */ ; p < last && *p >= '0' && *p <= '9'; p++) {
        if (*n < 1000) {
            *n = *n * 10 + (*p - '0');
        }
    }

    return p;
}


void
ngx_ai_gemini_write_config(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat,
    const ngx_ai_gemini_model_t *model)
{
    ngx_ai_json_write_key(w, "generationConfig");
    ngx_ai_json_write_object(w);

    if (chat->max_tokens >= 0) {
        ngx_ai_json_write_key(w, "maxOutputTokens");
        ngx_ai_json_write_int(w, chat->max_tokens);
    }

    ngx_ai_gemini_write_raw(w, "temperature", &chat->temperature);
    ngx_ai_gemini_write_raw(w, "topP", &chat->top_p);
    ngx_ai_gemini_write_raw(w, "topK", &chat->top_k);
    ngx_ai_gemini_write_raw(w, "seed", &chat->seed);
    ngx_ai_gemini_write_raw(w, "presencePenalty", &chat->presence_penalty);
    ngx_ai_gemini_write_raw(w, "frequencyPenalty", &chat->frequency_penalty);

    if (chat->n > 1) {
        ngx_ai_json_write_key(w, "candidateCount");
        ngx_ai_json_write_int(w, chat->n);
    }

    if (chat->logprobs == 1) {
        ngx_ai_json_write_literal(w, "\"responseLogprobs\":true");

        /* 0 is no number of alternatives here */

        if (chat->top_logprobs.len != 1 || *chat->top_logprobs.data != '0') {
            ngx_ai_gemini_write_raw(w, "logprobs", &chat->top_logprobs);
        }
    }

    ngx_ai_gemini_write_stop(w, chat);
    ngx_ai_gemini_write_format(w, chat);
    ngx_ai_gemini_write_outputs(w, chat);
    ngx_ai_gemini_write_thinking(w, chat, model);

    ngx_ai_json_write_end(w);

    /* categories and thresholds are Google's own */

    if (chat->origin == NGX_AI_DIALECT_GEMINI) {
        ngx_ai_gemini_write_raw(w, "safetySettings", &chat->safety);
    }

    ngx_ai_gemini_write_tier(w, chat);
}


static void
ngx_ai_gemini_write_raw(ngx_ai_json_writer_t *w, const char *key,
    const ngx_str_t *raw)
{
    if (raw->len) {
        ngx_ai_json_write_key(w, key);
        ngx_ai_json_write_raw(w, raw);
    }
}


static void
ngx_ai_gemini_write_stop(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    ngx_str_t   *stop;
    ngx_uint_t   i;

    if (chat->stop == NULL || chat->stop->nelts == 0) {
        return;
    }

    ngx_ai_json_write_key(w, "stopSequences");
    ngx_ai_json_write_array(w);

    stop = chat->stop->elts;

    for (i = 0; i < ngx_min(chat->stop->nelts, NGX_AI_GEMINI_STOP_MAX); i++) {
        ngx_ai_json_write_text(w, &stop[i]);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_gemini_write_format(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    if (chat->output == NGX_AI_FORMAT_TEXT) {
        return;
    }

    ngx_ai_json_write_literal(w, "\"responseMimeType\":\"application/json\"");

    if (chat->output == NGX_AI_FORMAT_SCHEMA) {
        ngx_ai_gemini_write_raw(w, "responseJsonSchema", &chat->schema);
    }
}


/* voices have other names elsewhere */

static void
ngx_ai_gemini_write_outputs(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    if (chat->fields & ngx_ai_field(IMAGE_OUT)) {
        ngx_ai_json_write_literal(w, "\"responseModalities\":"
                                     "[\"TEXT\",\"IMAGE\"]");
        return;
    }

    if (!(chat->fields & ngx_ai_field(AUDIO_OUT))) {
        return;
    }

    ngx_ai_json_write_literal(w, "\"responseModalities\":[\"AUDIO\"]");

    if (chat->audio_voice.len == 0 || chat->origin != NGX_AI_DIALECT_GEMINI) {
        return;
    }

    ngx_ai_json_write_key(w, "speechConfig");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "voiceConfig");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "prebuiltVoiceConfig");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "voiceName");
    ngx_ai_json_write_text(w, &chat->audio_voice);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


/*
 * Up to 2.0 models do not think, and refuse the member.  From 3 on there are
 * levels, and a budget is still taken; it can't be given with a level.
 */

static void
ngx_ai_gemini_write_thinking(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, const ngx_ai_gemini_model_t *model)
{
    int64_t      budget;
    ngx_str_t    name;
    ngx_uint_t   shown;
    const char  *level;

    if (model->major == 1 || (model->major == 2 && model->minor < 5)) {
        return;
    }

    level = NULL;
    budget = NGX_AI_BUDGET_UNSET;

    if (model->major >= 3
        && (chat->budget == NGX_AI_BUDGET_UNSET
            || chat->budget == NGX_AI_BUDGET_OFF))
    {
        level = ngx_ai_gemini_level(chat->budget == NGX_AI_BUDGET_OFF
                                    ? NGX_AI_EFFORT_NONE : chat->effort,
                                    model);

    } else {
        budget = ngx_ai_gemini_budget(chat, model);
    }

    shown = (chat->thoughts == 1
             || (chat->thoughts == NGX_AI_UNSET && chat->summary.len));

    if (level == NULL && budget == NGX_AI_BUDGET_UNSET && !shown
        && chat->thoughts != 0)
    {
        return;
    }

    ngx_ai_json_write_key(w, "thinkingConfig");
    ngx_ai_json_write_object(w);

    if (level != NULL) {
        name.data = (u_char *) level;
        name.len = ngx_strlen(level);

        ngx_ai_json_write_key(w, "thinkingLevel");
        ngx_ai_json_write_text(w, &name);
    }

    if (budget != NGX_AI_BUDGET_UNSET) {
        ngx_ai_json_write_key(w, "thinkingBudget");
        ngx_ai_json_write_int(w, budget);
    }

    if (shown) {
        ngx_ai_json_write_literal(w, "\"includeThoughts\":true");

    } else if (chat->thoughts == 0) {
        ngx_ai_json_write_literal(w, "\"includeThoughts\":false");
    }

    ngx_ai_json_write_end(w);
}


/* as near as the model can come to it */

static int64_t
ngx_ai_gemini_budget(const ngx_ai_chat_t *chat,
    const ngx_ai_gemini_model_t *model)
{
    int64_t  budget;

    budget = chat->budget;

    if (budget == NGX_AI_BUDGET_UNSET) {
        budget = ngx_ai_budget_of_effort(chat->effort);
    }

    if (budget < 0 || model->major == 0) {
        return budget;
    }

    if (model->pro) {
        return ngx_min(ngx_max(budget, NGX_AI_GEMINI_PRO_MIN),
                       NGX_AI_GEMINI_PRO_MAX);
    }

    if (budget == NGX_AI_BUDGET_OFF) {
        return budget;
    }

    if (model->lite) {
        budget = ngx_max(budget, NGX_AI_GEMINI_LITE_MIN);
    }

    return ngx_min(budget, NGX_AI_GEMINI_FLASH_MAX);
}


/* "pro" has no "minimal", and 3.0 has no "medium" */

static const char *
ngx_ai_gemini_level(ngx_uint_t effort, const ngx_ai_gemini_model_t *model)
{
    switch (effort) {

    case NGX_AI_EFFORT_UNSET:
        return NULL;

    case NGX_AI_EFFORT_NONE:
    case NGX_AI_EFFORT_MINIMAL:
        return model->pro ? "low" : "minimal";

    case NGX_AI_EFFORT_LOW:
        return "low";

    case NGX_AI_EFFORT_MEDIUM:
        return (model->pro && model->major == 3 && model->minor == 0)
               ? "high" : "medium";

    default:
        return "high";
    }
}


static void
ngx_ai_gemini_write_tier(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    ngx_uint_t  i;

    static const struct {
        ngx_str_t  tier;
        ngx_str_t  name;
    } tiers[] = {
        { ngx_string("default"), ngx_string("standard") },
        { ngx_string("standard_only"), ngx_string("standard") },
        { ngx_string("standard"), ngx_string("standard") },
        { ngx_string("flex"), ngx_string("flex") },
        { ngx_string("priority"), ngx_string("priority") },
        { ngx_null_string, ngx_null_string }
    };

    for (i = 0; tiers[i].tier.len; i++) {

        if (tiers[i].tier.len == chat->tier.len
            && ngx_memcmp(tiers[i].tier.data, chat->tier.data, chat->tier.len)
               == 0)
        {
            ngx_ai_json_write_key(w, "serviceTier");
            ngx_ai_json_write_text(w, &tiers[i].name);
            return;
        }
    }
}


void
ngx_ai_gemini_write_tools(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    ngx_str_t             member;
    ngx_uint_t            i, n, functions;
    const ngx_ai_tool_t  *tool;

    n = 0;
    functions = 0;
    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {
        functions += (tool[i].kind <= NGX_AI_TOOL_CUSTOM);
        n += ngx_ai_gemini_tool_member(&tool[i], &member);
    }

    if (functions + n == 0) {
        return;
    }

    ngx_ai_json_write_key(w, "tools");
    ngx_ai_json_write_array(w);

    /* all functions together, where the first of them stands */

    n = 0;

    for (i = 0; i < chat->tools.nelts; i++) {

        if (tool[i].kind <= NGX_AI_TOOL_CUSTOM) {

            if (n++ == 0) {
                ngx_ai_gemini_write_functions(w, chat);
            }

        } else if (ngx_ai_gemini_tool_member(&tool[i], &member)) {
            ngx_ai_json_write_object(w);
            ngx_ai_json_write_members(w, (char *) member.data, member.len);
            ngx_ai_json_write_end(w);
        }
    }

    ngx_ai_json_write_end(w);

    /* which of no functions to call is an error */

    if (functions) {
        ngx_ai_gemini_write_choice(w, chat);
    }
}


/* of a tool that is no function: as it was read here, or by its kind */

static ngx_uint_t
ngx_ai_gemini_tool_member(const ngx_ai_tool_t *tool, ngx_str_t *member)
{
    if (tool->kind <= NGX_AI_TOOL_CUSTOM) {
        return 0;
    }

    if (tool->origin == NGX_AI_DIALECT_GEMINI && tool->raw.len) {
        *member = tool->raw;
        return 1;
    }

    switch (tool->kind) {

    case NGX_AI_TOOL_WEB_SEARCH:
        ngx_str_set(member, "\"googleSearch\":{}");
        return 1;

    case NGX_AI_TOOL_CODE:
        ngx_str_set(member, "\"codeExecution\":{}");
        return 1;

    default:
        return 0;
    }
}


static void
ngx_ai_gemini_write_functions(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat)
{
    ngx_uint_t            i;
    const ngx_ai_tool_t  *tool;

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "functionDeclarations");
    ngx_ai_json_write_array(w);

    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {
        if (tool[i].kind <= NGX_AI_TOOL_CUSTOM) {
            ngx_ai_gemini_write_function(w, &tool[i]);
        }
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


/* JSON Schema goes as it is; a tool that takes a text takes an "input" */

static void
ngx_ai_gemini_write_function(ngx_ai_json_writer_t *w,
    const ngx_ai_tool_t *tool)
{
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "name");
    ngx_ai_json_write_text(w, &tool->name);

    if (tool->description.len) {
        ngx_ai_json_write_key(w, "description");
        ngx_ai_json_write_text(w, &tool->description);
    }

    if (tool->kind == NGX_AI_TOOL_CUSTOM) {
        ngx_ai_json_write_literal(w,
            "\"parametersJsonSchema\":{\"type\":\"object\",\"properties\":"
            "{\"input\":{\"type\":\"string\"}},\"required\":[\"input\"]}");

    } else {
        ngx_ai_gemini_write_raw(w, "parametersJsonSchema", &tool->schema);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_gemini_write_choice(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    if (chat->choice == NGX_AI_CHOICE_UNSET && chat->allowed == NULL) {
        return;
    }

    ngx_ai_json_write_key(w, "toolConfig");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "functionCallingConfig");
    ngx_ai_json_write_object(w);

    switch (chat->choice) {

    case NGX_AI_CHOICE_NONE:
        ngx_ai_json_write_literal(w, "\"mode\":\"NONE\"");
        break;

    case NGX_AI_CHOICE_REQUIRED:
    case NGX_AI_CHOICE_NAMED:
        ngx_ai_json_write_literal(w, "\"mode\":\"ANY\"");
        break;

    default:

        /* AUTO takes no names */

        if (chat->allowed != NULL) {
            ngx_ai_json_write_literal(w, "\"mode\":\"VALIDATED\"");

        } else {
            ngx_ai_json_write_literal(w, "\"mode\":\"AUTO\"");
        }
    }

    if (chat->choice == NGX_AI_CHOICE_NAMED
        || (chat->allowed != NULL && chat->choice != NGX_AI_CHOICE_NONE))
    {
        ngx_ai_json_write_key(w, "allowedFunctionNames");
        ngx_ai_json_write_array(w);

        if (chat->choice == NGX_AI_CHOICE_NAMED) {
            ngx_ai_json_write_text(w, &chat->choice_name);

        } else {
            name = chat->allowed->elts;

            for (i = 0; i < chat->allowed->nelts; i++) {
                ngx_ai_json_write_text(w, &name[i]);
            }
        }

        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}
