
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _HUB_FIELD_H_INCLUDED_
#define _HUB_FIELD_H_INCLUDED_


/*
 * Each of the hub's fields alone, to hold a dialect to what it says that it
 * carries:
 *
 *     hub_field_chat(&chat, pool, NGX_AI_FIELD_TOP_K);
 *
 * makes a conversation which, when it is complete, has the field and as
 * little else as can be.  0 is one without any.  Parts that only their own
 * dialect understands are of the chat's origin.
 */


#include "hub_text.h"


static inline ngx_ai_part_t *
hub_field_part(ngx_ai_chat_t *chat, ngx_uint_t role, ngx_uint_t kind)
{
    ngx_ai_part_t     *part;
    ngx_ai_message_t  *message;

    message = ngx_ai_chat_message(chat, role);
    part = ngx_ai_part_push(&message->parts, kind);

    part->origin = chat->origin;

    return part;
}


static inline ngx_array_t *
hub_field_texts(ngx_ai_chat_t *chat, const char *text)
{
    ngx_str_t    *s;
    ngx_array_t  *texts;

    texts = ngx_array_create(chat->pool, 1, sizeof(ngx_str_t));

    s = ngx_array_push(texts);
    s->data = (u_char *) text;
    s->len = strlen(text);

    return texts;
}


static inline ngx_ai_tool_t *
hub_field_tool(ngx_ai_chat_t *chat, ngx_uint_t kind)
{
    ngx_ai_tool_t  *tool;

    tool = ngx_ai_chat_tool(chat, kind);

    ngx_str_set(&tool->name, "f");
    ngx_str_set(&tool->raw, "{\"type\":\"f\"}");

    return tool;
}


static inline void
hub_field_sampling(ngx_ai_chat_t *chat, ngx_uint_t field)
{
    switch (field) {

    case NGX_AI_FIELD_MAX_TOKENS:
        chat->max_tokens = 7777;
        break;

    case NGX_AI_FIELD_TEMPERATURE:
        ngx_str_set(&chat->temperature, "0.7777");
        break;

    case NGX_AI_FIELD_TOP_P:
        ngx_str_set(&chat->top_p, "0.7777");
        break;

    case NGX_AI_FIELD_TOP_K:
        ngx_str_set(&chat->top_k, "7777");
        break;

    case NGX_AI_FIELD_N:
        chat->n = 7;
        break;

    case NGX_AI_FIELD_STOP:
        chat->stop = hub_field_texts(chat, "7777");
        break;

    case NGX_AI_FIELD_SEED:
        ngx_str_set(&chat->seed, "7777");
        break;

    case NGX_AI_FIELD_PRESENCE_PENALTY:
        ngx_str_set(&chat->presence_penalty, "0.7777");
        break;

    case NGX_AI_FIELD_FREQUENCY_PENALTY:
        ngx_str_set(&chat->frequency_penalty, "0.7777");
        break;

    case NGX_AI_FIELD_LOGIT_BIAS:
        ngx_str_set(&chat->logit_bias, "{\"7\":7}");
        break;

    case NGX_AI_FIELD_LOGPROBS:
        chat->logprobs = 1;
        ngx_str_set(&chat->top_logprobs, "7");
        break;
    }
}


static inline void
hub_field_output(ngx_ai_chat_t *chat, ngx_uint_t field)
{
    switch (field) {

    case NGX_AI_FIELD_JSON:
        chat->output = NGX_AI_FORMAT_JSON;
        break;

    case NGX_AI_FIELD_SCHEMA:
        chat->output = NGX_AI_FORMAT_SCHEMA;
        ngx_str_set(&chat->schema, "{\"type\":\"object\",\"properties\":{}}");
        ngx_str_set(&chat->schema_name, "n7777");
        break;

    case NGX_AI_FIELD_VERBOSITY:
        ngx_str_set(&chat->verbosity, "low");
        break;

    case NGX_AI_FIELD_AUDIO_OUT:
        ngx_str_set(&chat->audio_voice, "alloy");
        ngx_str_set(&chat->audio_format, "wav");
        break;

    case NGX_AI_FIELD_PREDICTION:
        ngx_str_set(&chat->prediction,
                    "{\"type\":\"content\",\"content\":\"7777\"}");
        break;

    case NGX_AI_FIELD_EFFORT:
        chat->effort = NGX_AI_EFFORT_HIGH;
        break;

    case NGX_AI_FIELD_BUDGET:
        chat->budget = 7777;
        break;

    case NGX_AI_FIELD_SUMMARY:
        ngx_str_set(&chat->summary, "detailed");
        chat->thoughts = 1;
        break;
    }
}


static inline void
hub_field_tools(ngx_ai_chat_t *chat, ngx_uint_t field)
{
    switch (field) {

    case NGX_AI_FIELD_TOOL_STRICT:
        hub_field_tool(chat, NGX_AI_TOOL_FUNCTION)->strict = 1;
        return;

    case NGX_AI_FIELD_TOOL_CUSTOM:
        (void) hub_field_tool(chat, NGX_AI_TOOL_CUSTOM);
        return;

    case NGX_AI_FIELD_WEB_SEARCH:
        (void) hub_field_tool(chat, NGX_AI_TOOL_WEB_SEARCH);
        return;

    case NGX_AI_FIELD_CODE:
        (void) hub_field_tool(chat, NGX_AI_TOOL_CODE);
        return;

    case NGX_AI_FIELD_TOOL_NATIVE:
        (void) hub_field_tool(chat, NGX_AI_TOOL_NATIVE);
        return;
    }

    (void) hub_field_tool(chat, NGX_AI_TOOL_FUNCTION);

    switch (field) {

    case NGX_AI_FIELD_TOOL_CHOICE:
        chat->choice = NGX_AI_CHOICE_REQUIRED;
        break;

    case NGX_AI_FIELD_TOOL_CHOICE_NONE:
        chat->choice = NGX_AI_CHOICE_NONE;
        break;

    case NGX_AI_FIELD_TOOL_CHOICE_NAMED:
        chat->choice = NGX_AI_CHOICE_NAMED;
        ngx_str_set(&chat->choice_name, "f");
        break;

    case NGX_AI_FIELD_TOOL_CHOICE_ALLOWED:
        ngx_str_set(&hub_field_tool(chat, NGX_AI_TOOL_FUNCTION)->name, "g");
        ngx_str_set(&hub_field_tool(chat, NGX_AI_TOOL_FUNCTION)->name, "h");
        chat->allowed = hub_field_texts(chat, "g");
        chat->choice = NGX_AI_CHOICE_AUTO;
        break;

    case NGX_AI_FIELD_PARALLEL:
        chat->parallel = 0;
        break;
    }
}


static inline void
hub_field_media(ngx_ai_chat_t *chat, ngx_uint_t field)
{
    ngx_uint_t      kind;
    ngx_ai_part_t  *part;

    kind = NGX_AI_PART_IMAGE;

    switch (field) {

    case NGX_AI_FIELD_AUDIO:
        kind = NGX_AI_PART_AUDIO;
        break;

    case NGX_AI_FIELD_VIDEO:
        kind = NGX_AI_PART_VIDEO;
        break;

    case NGX_AI_FIELD_FILE:
    case NGX_AI_FIELD_FILE_URL:
    case NGX_AI_FIELD_FILE_ID:
        kind = NGX_AI_PART_FILE;
        break;
    }

    part = hub_field_part(chat, NGX_AI_ROLE_USER, kind);

    switch (field) {

    case NGX_AI_FIELD_IMAGE_URL:
        ngx_str_set(&part->url, "https://example.com/7777.png");
        break;

    case NGX_AI_FIELD_FILE_URL:
        ngx_str_set(&part->url, "https://example.com/7777.pdf");
        break;

    case NGX_AI_FIELD_FILE_ID:
        ngx_str_set(&part->file, "file-7777");
        break;

    case NGX_AI_FIELD_IMAGE_DETAIL:
        ngx_str_set(&part->detail, "low");

        /* fall through */

    default:
        ngx_str_set(&part->data, "iVBORw0KGgoAAAANSUhEUg==");
    }

    switch (kind) {

    case NGX_AI_PART_IMAGE:
        ngx_str_set(&part->media, "image/png");
        break;

    case NGX_AI_PART_AUDIO:
        ngx_str_set(&part->media, "audio/wav");
        break;

    case NGX_AI_PART_VIDEO:
        ngx_str_set(&part->media, "video/mp4");
        break;

    default: /* NGX_AI_PART_FILE */
        ngx_str_set(&part->media, "application/pdf");
        ngx_str_set(&part->name, "7777.pdf");
    }
}


/* a call, and its result */

static inline void
hub_field_calls(ngx_ai_chat_t *chat, ngx_uint_t field)
{
    ngx_ai_part_t  *part;

    (void) hub_field_tool(chat, NGX_AI_TOOL_FUNCTION);

    part = hub_field_part(chat, NGX_AI_ROLE_ASSISTANT, NGX_AI_PART_TOOL_CALL);

    ngx_str_set(&part->id, "call_7777");
    ngx_str_set(&part->name, "f");

    if (field == NGX_AI_FIELD_TOOL_CALL) {
        return;
    }

    part = hub_field_part(chat, NGX_AI_ROLE_USER, NGX_AI_PART_TOOL_RESULT);

    ngx_str_set(&part->id, "call_7777");
    part->parts = ngx_ai_parts_create(chat->pool);
    part->failed = (field == NGX_AI_FIELD_TOOL_RESULT_ERROR);

    if (field == NGX_AI_FIELD_TOOL_RESULT_IMAGE) {
        part = ngx_ai_part_push(part->parts, NGX_AI_PART_IMAGE);
        ngx_str_set(&part->data, "iVBORw0KGgoAAAANSUhEUg==");
        ngx_str_set(&part->media, "image/png");
        return;
    }

    part = ngx_ai_part_push(part->parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "7777");
}


static inline void
hub_field_messages(ngx_ai_chat_t *chat, ngx_uint_t field)
{
    ngx_ai_part_t      *part;
    ngx_ai_message_t   *message;
    ngx_ai_citation_t  *citation;

    switch (field) {

    case NGX_AI_FIELD_SYSTEM:
        part = hub_field_part(chat, NGX_AI_ROLE_SYSTEM, NGX_AI_PART_TEXT);
        break;

    case NGX_AI_FIELD_THINKING:
    case NGX_AI_FIELD_SIGNATURE:
        part = hub_field_part(chat, NGX_AI_ROLE_ASSISTANT,
                              NGX_AI_PART_THINKING);

        if (field == NGX_AI_FIELD_SIGNATURE) {
            ngx_str_set(&part->signature, "SIG7777=");
        }

        break;

    case NGX_AI_FIELD_REDACTED:
        part = hub_field_part(chat, NGX_AI_ROLE_ASSISTANT,
                              NGX_AI_PART_REDACTED);
        ngx_str_set(&part->data, "RED7777=");
        return;

    case NGX_AI_FIELD_REFUSAL:
        part = hub_field_part(chat, NGX_AI_ROLE_ASSISTANT,
                              NGX_AI_PART_REFUSAL);
        break;

    case NGX_AI_FIELD_CITATIONS:
        part = hub_field_part(chat, NGX_AI_ROLE_ASSISTANT, NGX_AI_PART_TEXT);
        part->citations = ngx_array_create(chat->pool, 1,
                                           sizeof(ngx_ai_citation_t));

        citation = ngx_array_push(part->citations);
        memset(citation, 0, sizeof(ngx_ai_citation_t));
        ngx_str_set(&citation->url, "https://example.com/");
        citation->end = 4;
        break;

    default: /* NAME, CACHE */
        part = hub_field_part(chat, NGX_AI_ROLE_USER, NGX_AI_PART_TEXT);
        message = chat->messages.elts;

        if (field == NGX_AI_FIELD_NAME) {
            ngx_str_set(&message[chat->messages.nelts - 1].name, "bob");

        } else {
            ngx_str_set(&part->cache, "{\"type\":\"ephemeral\"}");
        }
    }

    ngx_str_set(&part->text, "7777");
}


static inline void
hub_field_account(ngx_ai_chat_t *chat, ngx_uint_t field)
{
    switch (field) {

    case NGX_AI_FIELD_CACHE_KEY:
        ngx_str_set(&chat->cache_key, "key7777");
        break;

    case NGX_AI_FIELD_USER:
        ngx_str_set(&chat->user, "user7777");
        break;

    case NGX_AI_FIELD_METADATA:
        ngx_str_set(&chat->metadata, "{\"k\":\"v\"}");
        break;

    case NGX_AI_FIELD_TIER:
        ngx_str_set(&chat->tier, "priority");
        break;

    case NGX_AI_FIELD_SAFETY:
        ngx_str_set(&chat->safety, "{\"k\":\"v\"}");
        break;

    case NGX_AI_FIELD_STORE:
        chat->store = 1;
        break;

    case NGX_AI_FIELD_PREVIOUS:
        ngx_str_set(&chat->previous, "resp_7777");
        break;
    }
}


static inline void
hub_field_chat(ngx_ai_chat_t *chat, ngx_pool_t *pool, ngx_uint_t origin,
    ngx_uint_t field)
{
    ngx_ai_part_t  *part;

    if (ngx_ai_chat_init(chat, pool, origin) != NGX_OK) {
        abort();
    }

    part = hub_field_part(chat, NGX_AI_ROLE_USER, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "hi");

    if (field == NGX_AI_FIELD_NONE) {
        return;
    }

    chat->fields = (uint64_t) 1 << field;

    if (field <= NGX_AI_FIELD_LOGPROBS) {
        hub_field_sampling(chat, field);

    } else if (field <= NGX_AI_FIELD_SUMMARY) {
        hub_field_output(chat, field);

    } else if (field <= NGX_AI_FIELD_TOOL_NATIVE) {
        hub_field_tools(chat, field);

    } else if (field >= NGX_AI_FIELD_IMAGE && field <= NGX_AI_FIELD_FILE_ID) {
        hub_field_media(chat, field);

    } else if (field >= NGX_AI_FIELD_TOOL_CALL
               && field <= NGX_AI_FIELD_TOOL_RESULT_ERROR)
    {
        hub_field_calls(chat, field);

    } else if (field >= NGX_AI_FIELD_CACHE_KEY) {
        hub_field_account(chat, field);

    } else {
        hub_field_messages(chat, field);
    }

    if (ngx_ai_chat_complete(chat) != NGX_OK) {
        abort();
    }
}


/*
 * The same without the field, but with what it stands on: a part that has
 * nothing special, a tool, a call.  What is written of both differs if, and
 * only if, the field is carried.
 */

static inline void
hub_field_base(ngx_ai_chat_t *chat, ngx_pool_t *pool, ngx_uint_t origin,
    ngx_uint_t field)
{
    ngx_uint_t          i;
    ngx_ai_part_t      *part;
    ngx_ai_message_t   *message;

    hub_field_chat(chat, pool, origin, field);

    message = chat->messages.elts;
    message = &message[chat->messages.nelts - 1];

    switch (field) {

    case NGX_AI_FIELD_TOOL_STRICT:
    case NGX_AI_FIELD_TOOL_CHOICE:
    case NGX_AI_FIELD_TOOL_CHOICE_NONE:
    case NGX_AI_FIELD_TOOL_CHOICE_NAMED:
    case NGX_AI_FIELD_TOOL_CHOICE_ALLOWED:
    case NGX_AI_FIELD_PARALLEL:
        chat->choice = NGX_AI_CHOICE_UNSET;
        chat->choice_name.len = 0;
        chat->allowed = NULL;
        chat->parallel = NGX_AI_UNSET;

        for (i = 0; i < chat->tools.nelts; i++) {
            ((ngx_ai_tool_t *) chat->tools.elts)[i].strict = NGX_AI_UNSET;
        }

        break;

    case NGX_AI_FIELD_NAME:
        message->name.len = 0;
        break;

    case NGX_AI_FIELD_IMAGE_DETAIL:
    case NGX_AI_FIELD_SIGNATURE:
    case NGX_AI_FIELD_CITATIONS:
    case NGX_AI_FIELD_CACHE:
    case NGX_AI_FIELD_TOOL_RESULT_ERROR:
        part = message->parts.elts;
        part->detail.len = 0;
        part->signature.len = 0;
        part->citations = NULL;
        part->cache.len = 0;
        part->failed = 0;
        break;

    case NGX_AI_FIELD_TOOL_RESULT_IMAGE:
        part = message->parts.elts;
        part->parts->nelts = 0;
        break;

    case NGX_AI_FIELD_TOOL_CALL:
    case NGX_AI_FIELD_TOOL_RESULT:
    case NGX_AI_FIELD_SYSTEM:
    case NGX_AI_FIELD_IMAGE:
    case NGX_AI_FIELD_IMAGE_URL:
    case NGX_AI_FIELD_AUDIO:
    case NGX_AI_FIELD_VIDEO:
    case NGX_AI_FIELD_FILE:
    case NGX_AI_FIELD_FILE_URL:
    case NGX_AI_FIELD_FILE_ID:
    case NGX_AI_FIELD_THINKING:
    case NGX_AI_FIELD_REDACTED:
    case NGX_AI_FIELD_REFUSAL:
        message->parts.nelts = 0;
        break;

    default:
        hub_field_chat(chat, pool, origin, NGX_AI_FIELD_NONE);
    }

    chat->fields &= ~((uint64_t) 1 << field);
}


#endif /* _HUB_FIELD_H_INCLUDED_ */
