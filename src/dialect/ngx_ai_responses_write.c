
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"


/* fewer tokens are refused */
#define NGX_AI_RESPONSES_MIN_TOKENS  16


static void ngx_ai_responses_write_messages(const ngx_ai_chat_t *chat,
    ngx_uint_t first, ngx_ai_json_writer_t *w);
static void ngx_ai_responses_write_numbers(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w);
static void ngx_ai_responses_write_account(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w);
static void ngx_ai_responses_write_tier(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w);
static void ngx_ai_responses_write_include(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w);
static ngx_uint_t ngx_ai_responses_thinks(const ngx_ai_chat_t *chat);


ngx_int_t
ngx_ai_responses_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w)
{
    const ngx_ai_chat_t *chat = ask;

    ngx_uint_t  first;

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "model");
    ngx_ai_json_write_string(w, &aim->model);

    /* who has but a system prompt asks with it */

    first = 0;

    if (chat->messages.nelts > 1) {
        first = ngx_ai_responses_write_instructions(chat, w);
    }

    ngx_ai_responses_write_messages(chat, first, w);

    if (chat->tools.nelts || (chat->fields & ngx_ai_field(IMAGE_OUT))) {

        ngx_ai_json_write_key(w, "tools");
        ngx_ai_responses_write_tools(chat, 0, w);

        if (chat->choice != NGX_AI_CHOICE_UNSET || chat->allowed != NULL) {
            ngx_ai_json_write_key(w, "tool_choice");
            ngx_ai_responses_write_choice(chat, w);
        }

        if (chat->parallel != NGX_AI_UNSET) {
            ngx_ai_json_write_key(w, "parallel_tool_calls");
            ngx_ai_json_write_bool(w, chat->parallel);
        }
    }

    ngx_ai_responses_write_numbers(chat, w);

    if (chat->output != NGX_AI_FORMAT_TEXT || chat->verbosity.len) {
        ngx_ai_json_write_key(w, "text");
        ngx_ai_responses_write_text_config(chat, w);
    }

    if (chat->effort != NGX_AI_EFFORT_UNSET
        || chat->budget != NGX_AI_BUDGET_UNSET || chat->summary.len
        || (chat->thoughts == 1
            && chat->origin != NGX_AI_DIALECT_RESPONSES))
    {
        ngx_ai_json_write_key(w, "reasoning");
        ngx_ai_responses_write_reasoning(chat, w);
    }

    ngx_ai_responses_write_include(chat, w);
    ngx_ai_responses_write_account(chat, w);

    if (aim->stream) {
        ngx_ai_json_write_literal(w, "\"stream\":true");
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


ngx_uint_t
ngx_ai_responses_write_instructions(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t               i;
    const ngx_ai_part_t     *part;
    const ngx_ai_message_t  *message;

    message = chat->messages.elts;

    /* a message of a developer is an item like others */

    if (chat->messages.nelts == 0 || message->role != NGX_AI_ROLE_SYSTEM
        || message->developer)
    {
        return 0;
    }

    part = message->parts.elts;

    for (i = 0; i < message->parts.nelts; i++) {
        if (part[i].kind != NGX_AI_PART_TEXT) {
            return 0;
        }
    }

    ngx_ai_json_write_key(w, "instructions");
    ngx_ai_json_write_literal(w, "\"");

    for (i = 0; i < message->parts.nelts; i++) {

        if (i) {
            ngx_ai_responses_put(w, "\\n\\n", 4);
        }

        ngx_ai_responses_put(w, part[i].text.data, part[i].text.len);
    }

    ngx_ai_responses_put(w, "\"", 1);

    return 1;
}


static void
ngx_ai_responses_write_messages(const ngx_ai_chat_t *chat, ngx_uint_t first,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t                 i;
    ngx_ai_message_t          *message;
    ngx_ai_responses_items_t   items;

    ngx_memzero(&items, sizeof(ngx_ai_responses_items_t));

    items.w = w;
    items.pool = chat->pool;
    items.reader = NGX_AI_RESPONSES_TARGET;
    items.chat = chat;
    items.signs = 1;

    ngx_ai_json_write_key(w, "input");
    ngx_ai_json_write_array(w);

    message = chat->messages.elts;

    for (i = first; i < chat->messages.nelts; i++) {
        ngx_ai_responses_write_message(&items, &message[i]);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_responses_write_numbers(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w)
{
    if (chat->max_tokens >= 0) {
        ngx_ai_json_write_key(w, "max_output_tokens");
        ngx_ai_json_write_int(w, ngx_max(chat->max_tokens,
                                         NGX_AI_RESPONSES_MIN_TOKENS));
    }

    if (chat->temperature.len) {
        ngx_ai_json_write_key(w, "temperature");
        ngx_ai_json_write_raw(w, &chat->temperature);
    }

    if (chat->top_p.len) {
        ngx_ai_json_write_key(w, "top_p");
        ngx_ai_json_write_raw(w, &chat->top_p);
    }

    if (chat->logprobs && chat->top_logprobs.len) {
        ngx_ai_json_write_key(w, "top_logprobs");
        ngx_ai_json_write_raw(w, &chat->top_logprobs);
    }
}


void
ngx_ai_responses_write_text_config(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w)
{
    ngx_ai_json_write_object(w);

    switch (chat->output) {

    case NGX_AI_FORMAT_JSON:
        ngx_ai_json_write_literal(w, "\"format\":{\"type\":\"json_object\"}");
        break;

    case NGX_AI_FORMAT_SCHEMA:
        ngx_ai_json_write_key(w, "format");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_literal(w, "\"type\":\"json_schema\"");
        ngx_ai_json_write_key(w, "name");

        /* there must be one */

        if (chat->schema_name.len) {
            ngx_ai_json_write_text(w, &chat->schema_name);

        } else {
            ngx_ai_json_write_literal(w, "\"response\"");
        }

        if (chat->schema_description.len) {
            ngx_ai_responses_write_pair(w, "description",
                                        &chat->schema_description);
        }

        if (chat->schema_strict != NGX_AI_UNSET) {
            ngx_ai_json_write_key(w, "strict");
            ngx_ai_json_write_bool(w, chat->schema_strict);
        }

        ngx_ai_json_write_key(w, "schema");
        ngx_ai_responses_json(w, &chat->schema);
        ngx_ai_json_write_end(w);
        break;

    default:
        ngx_ai_json_write_literal(w, "\"format\":{\"type\":\"text\"}");
    }

    if (chat->verbosity.len) {
        ngx_ai_responses_write_pair(w, "verbosity", &chat->verbosity);
    }

    ngx_ai_json_write_end(w);
}


void
ngx_ai_responses_write_reasoning(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t        effort;
    const ngx_str_t  *name;

    effort = chat->effort ? chat->effort
                          : ngx_ai_effort_of_budget(chat->budget);

    ngx_ai_json_write_object(w);

    name = ngx_ai_effort_name(effort);

    if (name != NULL) {
        ngx_ai_responses_write_pair(w, "effort", name);
    }

    if (effort == NGX_AI_EFFORT_NONE) {
        /* void */

    } else if (chat->summary.len) {
        ngx_ai_responses_write_pair(w, "summary", &chat->summary);

    } else if (chat->thoughts == 1
               && chat->origin != NGX_AI_DIALECT_RESPONSES)
    {
        ngx_ai_json_write_literal(w, "\"summary\":\"auto\"");
    }

    ngx_ai_json_write_end(w);
}


/*
 * Models that don't reason refuse to be asked for what they have thought, so
 * that it is left to those who want it.
 */

static ngx_uint_t
ngx_ai_responses_thinks(const ngx_ai_chat_t *chat)
{
    ngx_uint_t  effort;

    if (chat->origin == NGX_AI_DIALECT_RESPONSES) {
        return chat->thoughts == 1;
    }

    effort = chat->effort ? chat->effort
                          : ngx_ai_effort_of_budget(chat->budget);

    if (effort == NGX_AI_EFFORT_NONE) {
        return 0;
    }

    return effort != NGX_AI_EFFORT_UNSET || chat->summary.len
           || chat->thoughts == 1;
}


static void
ngx_ai_responses_write_include(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t  thinks;

    thinks = ngx_ai_responses_thinks(chat);

    if (!thinks && !chat->logprobs) {
        return;
    }

    ngx_ai_json_write_key(w, "include");
    ngx_ai_json_write_array(w);

    if (thinks) {
        ngx_ai_json_write_literal(w, "\"reasoning.encrypted_content\"");
    }

    if (chat->logprobs) {
        ngx_ai_json_write_literal(w, "\"message.output_text.logprobs\"");
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_responses_write_account(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w)
{
    if (chat->user.len) {
        ngx_ai_responses_write_pair(w, "user", &chat->user);
    }

    if (chat->metadata.len) {
        ngx_ai_json_write_key(w, "metadata");
        ngx_ai_responses_json(w, &chat->metadata);
    }

    if (chat->cache_key.len) {
        ngx_ai_responses_write_pair(w, "prompt_cache_key", &chat->cache_key);
    }

    if (chat->tier.len) {
        ngx_ai_responses_write_tier(chat, w);
    }

    if (chat->fields & ngx_ai_field(PREVIOUS)) {
        ngx_ai_responses_write_pair(w, "previous_response_id",
                                    &chat->previous);
    }

    /* to keep it is the default here, and nowhere else */

    if (chat->store == 1) {
        ngx_ai_json_write_literal(w, "\"store\":true");

    } else {
        ngx_ai_json_write_literal(w, "\"store\":false");
    }
}


static void
ngx_ai_responses_write_tier(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t  i;

    static const ngx_str_t  normal = ngx_string("default");

    static const ngx_ai_responses_word_t  words[] = {
        { ngx_string("auto"), 0 },
        { ngx_string("default"), 0 },
        { ngx_string("flex"), 0 },
        { ngx_string("scale"), 0 },
        { ngx_string("priority"), 0 },
        { ngx_string("standard"), 1 },
        { ngx_string("standard_only"), 1 },
        { ngx_null_string, 0 }
    };

    i = ngx_ai_responses_find(words, &chat->tier, NGX_AI_UNSET);

    if (i != NGX_AI_UNSET) {
        ngx_ai_json_write_key(w, "service_tier");
        ngx_ai_json_write_text(w, i ? &normal : &chat->tier);
    }
}
