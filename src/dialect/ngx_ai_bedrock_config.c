
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * What a request has beside its messages, all of it optional: an object is
 * opened by its first member.
 */


#include "ngx_ai_bedrock.h"
#include "ngx_ai_inner.h"
#include "ngx_ai_unit.h"


#define NGX_AI_BEDROCK_BUDGET_MIN   1024


static void ngx_ai_bedrock_open(ngx_ai_json_writer_t *w, const char *name,
    ngx_uint_t *open);
static void ngx_ai_bedrock_write_inference(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, ngx_uint_t claude, ngx_uint_t thinks);
static void ngx_ai_bedrock_write_stop(ngx_ai_json_writer_t *w,
    const ngx_array_t *stop, ngx_uint_t claude, ngx_uint_t *open);
static void ngx_ai_bedrock_write_more(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, const ngx_ai_bedrock_maker_t *maker,
    int64_t budget);
static void ngx_ai_bedrock_write_effort(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, ngx_uint_t nova, ngx_uint_t *open);
static int64_t ngx_ai_bedrock_budget(const ngx_ai_chat_t *chat,
    const ngx_ai_bedrock_maker_t *maker);
static ngx_uint_t ngx_ai_bedrock_thought(const ngx_ai_chat_t *chat);
static ngx_uint_t ngx_ai_bedrock_parts_have(const ngx_array_t *parts,
    ngx_uint_t kind, ngx_uint_t own);
static void ngx_ai_bedrock_write_format(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static void ngx_ai_bedrock_write_account(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static ngx_uint_t ngx_ai_bedrock_labels(const ngx_str_t *json);
static ngx_uint_t ngx_ai_bedrock_tier(const ngx_str_t *tier);


void
ngx_ai_bedrock_write_config(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat,
    const ngx_ai_bedrock_maker_t *maker)
{
    int64_t  budget;

    budget = ngx_ai_bedrock_budget(chat, maker);

    ngx_ai_bedrock_write_inference(w, chat,
                                   maker->think == NGX_AI_BEDROCK_THINK_BUDGET,
                                   budget > 0);
    ngx_ai_bedrock_write_tools(w, chat, maker);
    ngx_ai_bedrock_write_more(w, chat, maker, budget);
    ngx_ai_bedrock_write_format(w, chat);
    ngx_ai_bedrock_write_account(w, chat);
}


static void
ngx_ai_bedrock_open(ngx_ai_json_writer_t *w, const char *name,
    ngx_uint_t *open)
{
    if (!*open) {
        *open = 1;
        ngx_ai_json_write_key(w, name);
        ngx_ai_json_write_object(w);
    }
}


/*
 * A temperature is 1 at most.  Claude takes neither of the two while it
 * thinks, and its newer models not both: one that is 1 need not be said.
 */

static void
ngx_ai_bedrock_write_inference(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, ngx_uint_t claude, ngx_uint_t thinks)
{
    ngx_uint_t         open, temperature, top_p;

    static const char  name[] = "inferenceConfig";

    open = 0;

    if (chat->max_tokens >= 0) {
        ngx_ai_bedrock_open(w, name, &open);
        ngx_ai_json_write_key(w, "maxTokens");
        ngx_ai_json_write_int(w, chat->max_tokens);
    }

    temperature = (chat->temperature.len && !thinks);
    top_p = (chat->top_p.len && !thinks);

    if (claude && temperature && top_p) {

        if (ngx_ai_unit(&chat->top_p) == NGX_AI_UNIT_ONE) {
            top_p = 0;

        } else if (ngx_ai_unit(&chat->temperature) >= NGX_AI_UNIT_ONE) {
            temperature = 0;
        }
    }

    if (temperature) {
        ngx_ai_bedrock_open(w, name, &open);

        if (ngx_ai_unit(&chat->temperature) == NGX_AI_UNIT_ABOVE) {
            ngx_ai_json_write_literal(w, "\"temperature\":1");

        } else {
            ngx_ai_json_write_key(w, "temperature");
            ngx_ai_json_write_raw(w, &chat->temperature);
        }
    }

    if (top_p) {
        ngx_ai_bedrock_open(w, name, &open);
        ngx_ai_json_write_key(w, "topP");
        ngx_ai_json_write_raw(w, &chat->top_p);
    }

    if (chat->stop != NULL) {
        ngx_ai_bedrock_write_stop(w, chat->stop, claude, &open);
    }

    if (open) {
        ngx_ai_json_write_end(w);
    }
}


/* Claude takes no blank ones */

static void
ngx_ai_bedrock_write_stop(ngx_ai_json_writer_t *w, const ngx_array_t *stop,
    ngx_uint_t claude, ngx_uint_t *open)
{
    ngx_str_t   *text;
    ngx_uint_t   i, n;

    n = 0;
    text = stop->elts;

    for (i = 0; i < stop->nelts; i++) {

        if (text[i].len == 0 || (claude && ngx_ai_inner_blank(&text[i]))) {
            continue;
        }

        if (n++ == 0) {
            ngx_ai_bedrock_open(w, "inferenceConfig", open);
            ngx_ai_json_write_key(w, "stopSequences");
            ngx_ai_json_write_array(w);
        }

        ngx_ai_json_write_text(w, &text[i]);
    }

    if (n) {
        ngx_ai_json_write_end(w);
    }
}


static void
ngx_ai_bedrock_write_more(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat,
    const ngx_ai_bedrock_maker_t *maker, int64_t budget)
{
    ngx_uint_t         open;

    static const char  name[] = "additionalModelRequestFields";

    open = 0;

    if (budget > 0) {
        ngx_ai_bedrock_open(w, name, &open);
        ngx_ai_json_write_key(w, "thinking");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_literal(w, "\"type\":\"enabled\"");
        ngx_ai_json_write_key(w, "budget_tokens");
        ngx_ai_json_write_int(w, budget);
        ngx_ai_json_write_end(w);

    } else if (chat->top_k.len && maker->top_k != NULL) {
        ngx_ai_bedrock_open(w, name, &open);

        if (maker->top_k_in != NULL) {
            ngx_ai_json_write_key(w, maker->top_k_in);
            ngx_ai_json_write_object(w);
        }

        ngx_ai_json_write_key(w, maker->top_k);
        ngx_ai_json_write_raw(w, &chat->top_k);

        if (maker->top_k_in != NULL) {
            ngx_ai_json_write_end(w);
        }
    }

    if (maker->think == NGX_AI_BEDROCK_THINK_EFFORT
        || maker->think == NGX_AI_BEDROCK_THINK_NOVA)
    {
        ngx_ai_bedrock_write_effort(w, chat,
                                    maker->think == NGX_AI_BEDROCK_THINK_NOVA,
                                    &open);
    }

    if (open) {
        ngx_ai_json_write_end(w);
    }
}


/*
 * Both know three efforts.  OpenAI's models can't be kept from thinking;
 * Nova's highest effort goes with none of what limits or shapes the answer.
 */

static void
ngx_ai_bedrock_write_effort(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat,
    ngx_uint_t nova, ngx_uint_t *open)
{
    ngx_uint_t  effort;

    effort = chat->effort ? chat->effort
                          : ngx_ai_effort_of_budget(chat->budget);

    if (effort == NGX_AI_EFFORT_UNSET
        || (effort == NGX_AI_EFFORT_NONE && !nova))
    {
        return;
    }

    ngx_ai_bedrock_open(w, "additionalModelRequestFields", open);

    if (effort == NGX_AI_EFFORT_NONE) {
        ngx_ai_json_write_literal(w, "\"reasoningConfig\":"
                                     "{\"type\":\"disabled\"}");
        return;
    }

    effort = ngx_max(effort, NGX_AI_EFFORT_LOW);
    effort = ngx_min(effort, NGX_AI_EFFORT_HIGH);

    if (!nova) {
        ngx_ai_json_write_key(w, "reasoning_effort");
        ngx_ai_json_write_text(w, ngx_ai_effort_name(effort));
        return;
    }

    if (chat->max_tokens >= 0 || chat->temperature.len || chat->top_p.len) {
        effort = ngx_min(effort, NGX_AI_EFFORT_MEDIUM);
    }

    ngx_ai_json_write_key(w, "reasoningConfig");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"type\":\"enabled\"");
    ngx_ai_json_write_key(w, "maxReasoningEffort");
    ngx_ai_json_write_text(w, ngx_ai_effort_name(effort));
    ngx_ai_json_write_end(w);
}


/*
 * What Claude may think, or 0.  It refuses to think when it must call a tool,
 * or when it has called one without a thought of its own before it.
 */

static int64_t
ngx_ai_bedrock_budget(const ngx_ai_chat_t *chat,
    const ngx_ai_bedrock_maker_t *maker)
{
    int64_t  budget;

    if (maker->think != NGX_AI_BEDROCK_THINK_BUDGET
        || chat->choice == NGX_AI_CHOICE_REQUIRED
        || chat->choice == NGX_AI_CHOICE_NAMED)
    {
        return 0;
    }

    budget = chat->budget;

    if (budget == NGX_AI_BUDGET_UNSET) {
        budget = ngx_ai_budget_of_effort(chat->effort);
    }

    if (budget == NGX_AI_BUDGET_DYNAMIC) {
        budget = ngx_ai_budget_of_effort(NGX_AI_EFFORT_MEDIUM);
    }

    if (budget <= 0 || !ngx_ai_bedrock_thought(chat)) {
        return 0;
    }

    if (chat->max_tokens >= 0 && budget >= chat->max_tokens) {
        budget = chat->max_tokens / 2;
    }

    budget = ngx_max(budget, NGX_AI_BEDROCK_BUDGET_MIN);

    if (chat->max_tokens >= 0 && budget >= chat->max_tokens) {
        return 0;
    }

    return budget;
}


/* 0: the last turn of the model is calls that it is about to go on from */

static ngx_uint_t
ngx_ai_bedrock_thought(const ngx_ai_chat_t *chat)
{
    ngx_uint_t               i, calls, assistant;
    const ngx_ai_message_t  *message;

    calls = 0;
    assistant = 0;
    message = chat->messages.elts;

    for (i = chat->messages.nelts; i > 0; i--) {

        if (message[i - 1].role == NGX_AI_ROLE_ASSISTANT) {

            if (ngx_ai_bedrock_parts_have(&message[i - 1].parts,
                                          NGX_AI_PART_THINKING, 1)
                || ngx_ai_bedrock_parts_have(&message[i - 1].parts,
                                             NGX_AI_PART_REDACTED, 1))
            {
                return 1;
            }

            assistant = 1;
            calls |= ngx_ai_bedrock_parts_have(&message[i - 1].parts,
                                               NGX_AI_PART_TOOL_CALL, 0);
            continue;
        }

        if (assistant
            || !ngx_ai_bedrock_parts_have(&message[i - 1].parts,
                                          NGX_AI_PART_TOOL_RESULT, 0))
        {
            break;
        }
    }

    return !calls;
}


static ngx_uint_t
ngx_ai_bedrock_parts_have(const ngx_array_t *parts, ngx_uint_t kind,
    ngx_uint_t own)
{
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind == kind
            && (!own || part[i].origin == NGX_AI_DIALECT_BEDROCK))
        {
            return 1;
        }
    }

    return 0;
}


static void
ngx_ai_bedrock_write_format(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    if (chat->output != NGX_AI_FORMAT_SCHEMA || chat->schema.len == 0) {
        return;
    }

    ngx_ai_json_write_key(w, "outputConfig");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "textFormat");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"type\":\"json_schema\"");
    ngx_ai_json_write_key(w, "structure");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "jsonSchema");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "schema");
    ngx_ai_json_write_string(w, &chat->schema);

    if (chat->schema_name.len) {
        ngx_ai_json_write_key(w, "name");
        ngx_ai_json_write_text(w, &chat->schema_name);
    }

    if (!ngx_ai_inner_blank(&chat->schema_description)) {
        ngx_ai_json_write_key(w, "description");
        ngx_ai_json_write_text(w, &chat->schema_description);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


static void
ngx_ai_bedrock_write_account(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat)
{
    if (ngx_ai_bedrock_labels(&chat->metadata)) {
        ngx_ai_json_write_key(w, "requestMetadata");
        ngx_ai_json_write_raw(w, &chat->metadata);
    }

    if (ngx_ai_bedrock_tier(&chat->tier)) {
        ngx_ai_json_write_key(w, "serviceTier");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "type");
        ngx_ai_json_write_text(w, &chat->tier);
        ngx_ai_json_write_end(w);
    }

    if (chat->safety.len && chat->origin == NGX_AI_DIALECT_BEDROCK) {
        ngx_ai_json_write_key(w, "guardrailConfig");
        ngx_ai_json_write_raw(w, &chat->safety);
    }
}


/*
 * Metadata are strings of letters, digits, blanks and a few signs; with any
 * other in them a request is refused.
 */

static ngx_uint_t
ngx_ai_bedrock_labels(const ngx_str_t *json)
{
    u_char             c;
    size_t             i;
    ngx_uint_t         string, values;

    static const char  signs[] = " :_@$#=/+,-.";

    if (json->len == 0) {
        return 0;
    }

    string = 0;
    values = 0;

    for (i = 0; i < json->len; i++) {
        c = json->data[i];

        if (c == '"') {
            string = !string;
            values += string;
            continue;
        }

        if (string) {

            if (!((c >= '0' && c <= '9')
                  || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
                  || memchr(signs, c, sizeof(signs) - 1) != NULL))
            {
                return 0;
            }

            continue;
        }

        if (c != ',' && c != ':' && c > ' '
            && !(c == '{' && i == 0) && !(c == '}' && i == json->len - 1))
        {
            return 0;
        }
    }

    return values > 0;
}


static ngx_uint_t
ngx_ai_bedrock_tier(const ngx_str_t *tier)
{
    ngx_uint_t              i;

    static const ngx_str_t  tiers[] = {
        ngx_string("default"),
        ngx_string("flex"),
        ngx_string("priority"),
        ngx_string("reserved")
    };

    for (i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++) {

        if (tier->len == tiers[i].len
            && ngx_memcmp(tier->data, tiers[i].data, tier->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
