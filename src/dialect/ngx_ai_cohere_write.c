
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_cohere.h"
#include "ngx_ai_inner.h"
#include "ngx_ai_unit.h"


#define NGX_AI_COHERE_STOPS        5

/* names that are looked for; of more of them none is left out */
#define NGX_AI_COHERE_ALLOWED_MAX  256


static void ngx_ai_cohere_write_message(ngx_ai_json_writer_t *w,
    const ngx_ai_message_t *message);
static void ngx_ai_cohere_write_results(ngx_ai_json_writer_t *w,
    const ngx_ai_message_t *message);
static void ngx_ai_cohere_write_content(ngx_ai_json_writer_t *w,
    const ngx_array_t *parts, ngx_uint_t role, ngx_uint_t calls, ngx_uint_t n);
static ngx_uint_t ngx_ai_cohere_writable(const ngx_array_t *parts,
    ngx_uint_t role, ngx_uint_t calls);
static ngx_uint_t ngx_ai_cohere_writes(const ngx_ai_part_t *part,
    ngx_uint_t role, ngx_uint_t calls);
static void ngx_ai_cohere_write_part(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);
static void ngx_ai_cohere_write_url(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);
static void ngx_ai_cohere_write_plan(ngx_ai_json_writer_t *w,
    const ngx_array_t *parts);
static void ngx_ai_cohere_write_calls(ngx_ai_json_writer_t *w,
    const ngx_array_t *parts);
static void ngx_ai_cohere_put(ngx_ai_json_writer_t *w, const void *data,
    size_t len);
static ngx_uint_t ngx_ai_cohere_parts_have(const ngx_array_t *parts,
    ngx_uint_t kind);
static void ngx_ai_cohere_write_options(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static void ngx_ai_cohere_write_number(ngx_ai_json_writer_t *w,
    const char *name, const ngx_str_t *number);
static void ngx_ai_cohere_write_p(ngx_ai_json_writer_t *w,
    const ngx_str_t *p);
static void ngx_ai_cohere_write_penalty(ngx_ai_json_writer_t *w,
    const char *name, const ngx_str_t *penalty);
static void ngx_ai_cohere_write_stop(ngx_ai_json_writer_t *w,
    const ngx_array_t *stop);
static void ngx_ai_cohere_write_format(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static void ngx_ai_cohere_write_thinking(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static void ngx_ai_cohere_write_tools(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static ngx_uint_t ngx_ai_cohere_offers(const ngx_ai_chat_t *chat,
    const ngx_ai_tool_t *tool);
static void ngx_ai_cohere_write_tool(ngx_ai_json_writer_t *w,
    const ngx_ai_tool_t *tool);


ngx_int_t
ngx_ai_cohere_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w)
{
    const ngx_ai_chat_t *chat = ask;

    ngx_uint_t               i;
    const ngx_ai_message_t  *message;

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "model");
    ngx_ai_json_write_string(w, &aim->model);

    if (aim->stream) {
        ngx_ai_json_write_literal(w, "\"stream\":true");
    }

    ngx_ai_json_write_key(w, "messages");
    ngx_ai_json_write_array(w);

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {
        ngx_ai_cohere_write_results(w, &message[i]);
        ngx_ai_cohere_write_message(w, &message[i]);
    }

    ngx_ai_json_write_end(w);

    ngx_ai_cohere_write_options(w, chat);
    ngx_ai_cohere_write_tools(w, chat);

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* one that has nothing to say is left out */

static void
ngx_ai_cohere_write_message(ngx_ai_json_writer_t *w,
    const ngx_ai_message_t *message)
{
    ngx_uint_t  calls, content;

    calls = (message->role == NGX_AI_ROLE_ASSISTANT
             && ngx_ai_cohere_parts_have(&message->parts,
                                         NGX_AI_PART_TOOL_CALL));

    content = ngx_ai_cohere_writable(&message->parts, message->role, calls);

    if (!calls && content == 0) {
        return;
    }

    ngx_ai_json_write_object(w);

    switch (message->role) {

    case NGX_AI_ROLE_SYSTEM:
        ngx_ai_json_write_literal(w, "\"role\":\"system\"");
        break;

    case NGX_AI_ROLE_USER:
        ngx_ai_json_write_literal(w, "\"role\":\"user\"");
        break;

    default: /* NGX_AI_ROLE_ASSISTANT */
        ngx_ai_json_write_literal(w, "\"role\":\"assistant\"");
    }

    if (calls) {
        ngx_ai_cohere_write_plan(w, &message->parts);
    }

    if (content) {
        ngx_ai_json_write_key(w, "content");
        ngx_ai_cohere_write_content(w, &message->parts, message->role, calls,
                                    content);
    }

    if (calls) {
        ngx_ai_cohere_write_calls(w, &message->parts);
    }

    ngx_ai_json_write_end(w);
}


/* each result is a message, right behind the calls */

static void
ngx_ai_cohere_write_results(ngx_ai_json_writer_t *w,
    const ngx_ai_message_t *message)
{
    ngx_uint_t            i, n;
    ngx_array_t           none, *parts;
    const ngx_ai_part_t  *part;

    none.nelts = 0;
    none.elts = NULL;

    part = message->parts.elts;

    for (i = 0; i < message->parts.nelts; i++) {

        if (part[i].kind != NGX_AI_PART_TOOL_RESULT) {
            continue;
        }

        parts = part[i].parts ? part[i].parts : &none;

        ngx_ai_json_write_object(w);
        ngx_ai_json_write_literal(w, "\"role\":\"tool\"");
        ngx_ai_json_write_key(w, "tool_call_id");
        ngx_ai_json_write_text(w, &part[i].id);
        ngx_ai_json_write_key(w, "content");

        n = ngx_ai_cohere_writable(parts, NGX_AI_ROLE_SYSTEM, 0);

        if (n) {
            ngx_ai_cohere_write_content(w, parts, NGX_AI_ROLE_SYSTEM, 0, n);

        } else {
            ngx_ai_json_write_literal(w, "\"{}\"");
        }

        ngx_ai_json_write_end(w);
    }
}


static void
ngx_ai_cohere_write_content(ngx_ai_json_writer_t *w, const ngx_array_t *parts,
    ngx_uint_t role, ngx_uint_t calls, ngx_uint_t n)
{
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    part = parts->elts;

    if (n > 1) {
        ngx_ai_json_write_array(w);
    }

    for (i = 0; i < parts->nelts; i++) {

        if (!ngx_ai_cohere_writes(&part[i], role, calls)) {
            continue;
        }

        if (n == 1 && part[i].kind != NGX_AI_PART_IMAGE
            && part[i].kind != NGX_AI_PART_THINKING)
        {
            ngx_ai_json_write_text(w, &part[i].text);
            return;
        }

        if (n == 1) {
            ngx_ai_json_write_array(w);
        }

        ngx_ai_cohere_write_part(w, &part[i]);
    }

    ngx_ai_json_write_end(w);
}


static ngx_uint_t
ngx_ai_cohere_writable(const ngx_array_t *parts, ngx_uint_t role,
    ngx_uint_t calls)
{
    ngx_uint_t            i, n;
    const ngx_ai_part_t  *part;

    n = 0;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        n += ngx_ai_cohere_writes(&part[i], role, calls);
    }

    return n;
}


/* only users show images; thoughts before calls are a plan, see below */

static ngx_uint_t
ngx_ai_cohere_writes(const ngx_ai_part_t *part, ngx_uint_t role,
    ngx_uint_t calls)
{
    switch (part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
        return !ngx_ai_inner_blank(&part->text);

    case NGX_AI_PART_IMAGE:
        return role == NGX_AI_ROLE_USER && (part->url.len || part->data.len);

    case NGX_AI_PART_THINKING:
        return role == NGX_AI_ROLE_ASSISTANT && !calls && part->text.len
               && part->origin == NGX_AI_DIALECT_COHERE;

    default:
        return 0;
    }
}


static void
ngx_ai_cohere_write_part(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part)
{
    ngx_ai_json_write_object(w);

    switch (part->kind) {

    case NGX_AI_PART_IMAGE:
        ngx_ai_json_write_literal(w, "\"type\":\"image_url\"");
        ngx_ai_json_write_key(w, "image_url");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "url");
        ngx_ai_cohere_write_url(w, part);

        if (part->detail.len) {
            ngx_ai_json_write_key(w, "detail");
            ngx_ai_json_write_text(w, &part->detail);
        }

        ngx_ai_json_write_end(w);
        break;

    case NGX_AI_PART_THINKING:
        ngx_ai_json_write_literal(w, "\"type\":\"thinking\"");
        ngx_ai_json_write_key(w, "thinking");
        ngx_ai_json_write_text(w, &part->text);
        break;

    default: /* NGX_AI_PART_TEXT, NGX_AI_PART_REFUSAL */
        ngx_ai_json_write_literal(w, "\"type\":\"text\"");
        ngx_ai_json_write_key(w, "text");
        ngx_ai_json_write_text(w, &part->text);
    }

    ngx_ai_json_write_end(w);
}


/* images may come without a type: their base64 begins as they do */

static void
ngx_ai_cohere_write_url(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part)
{
    ngx_str_t  media;

    if (part->data.len == 0) {
        ngx_ai_json_write_text(w, &part->url);
        return;
    }

    media = part->media;

    if (media.len == 0) {

        switch (part->data.data[0]) {

        case 'i':
            ngx_str_set(&media, "image/png");
            break;

        case 'R':
            ngx_str_set(&media, "image/gif");
            break;

        case 'U':
            ngx_str_set(&media, "image/webp");
            break;

        default:
            ngx_str_set(&media, "image/jpeg");
        }
    }

    ngx_ai_json_write_members(w, "\"data:", 6);

    ngx_ai_cohere_put(w, media.data, media.len);
    ngx_ai_cohere_put(w, ";base64,", 8);
    ngx_ai_cohere_put(w, part->data.data, part->data.len);
    ngx_ai_cohere_put(w, "\"", 1);
}


/* what Cohere itself has thought, as one string */

static void
ngx_ai_cohere_write_plan(ngx_ai_json_writer_t *w, const ngx_array_t *parts)
{
    ngx_uint_t            i, n;
    const ngx_ai_part_t  *part;

    n = 0;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind != NGX_AI_PART_THINKING
            || part[i].origin != NGX_AI_DIALECT_COHERE)
        {
            continue;
        }

        if (n++ == 0) {
            ngx_ai_json_write_key(w, "tool_plan");
            ngx_ai_json_write_members(w, "\"", 1);
        }

        ngx_ai_cohere_put(w, part[i].text.data, part[i].text.len);
    }

    if (n) {
        ngx_ai_cohere_put(w, "\"", 1);
    }
}


static void
ngx_ai_cohere_write_calls(ngx_ai_json_writer_t *w, const ngx_array_t *parts)
{
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    part = parts->elts;

    ngx_ai_json_write_key(w, "tool_calls");
    ngx_ai_json_write_array(w);

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind != NGX_AI_PART_TOOL_CALL) {
            continue;
        }

        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "id");
        ngx_ai_json_write_text(w, &part[i].id);
        ngx_ai_cohere_write_function(w, &part[i]);
        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);
}


/* the text of a custom tool's input is a string in a string */

void
ngx_ai_cohere_write_function(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part)
{
    size_t     i, start;
    ngx_str_t  piece;

    ngx_ai_json_write_literal(w, "\"type\":\"function\"");
    ngx_ai_json_write_key(w, "function");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "name");
    ngx_ai_json_write_text(w, &part->name);
    ngx_ai_json_write_key(w, "arguments");

    if (!part->custom) {
        piece = part->json;

        if (piece.len == 0) {
            ngx_str_set(&piece, "{}");
        }

        ngx_ai_json_write_string(w, &piece);
        ngx_ai_json_write_end(w);
        return;
    }

    ngx_ai_json_write_literal(w, "\"{\\\"input\\\":\\\"");

    start = 0;

    for (i = 0; i < part->text.len; i++) {

        if (part->text.data[i] == '\\' || part->text.data[i] == '"') {
            ngx_ai_cohere_put(w, part->text.data + start, i - start);
            ngx_ai_cohere_put(w, "\\", 1);
            start = i;
        }
    }

    ngx_ai_cohere_put(w, part->text.data + start, i - start);
    ngx_ai_cohere_put(w, "\\\"}\"", 4);

    ngx_ai_json_write_end(w);
}


/* goes on with what was written: there is no comma before it */

static void
ngx_ai_cohere_put(ngx_ai_json_writer_t *w, const void *data, size_t len)
{
    if (w->rc == NGX_OK && len) {
        w->rc = ngx_ai_buf_append(w->buf, data, len);
    }
}


static ngx_uint_t
ngx_ai_cohere_parts_have(const ngx_array_t *parts, ngx_uint_t kind)
{
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind == kind) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_ai_cohere_write_options(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    if (chat->max_tokens >= 0) {
        ngx_ai_json_write_key(w, "max_tokens");
        ngx_ai_json_write_int(w, chat->max_tokens);
    }

    ngx_ai_cohere_write_number(w, "temperature", &chat->temperature);
    ngx_ai_cohere_write_p(w, &chat->top_p);
    ngx_ai_cohere_write_number(w, "k", &chat->top_k);
    ngx_ai_cohere_write_number(w, "seed", &chat->seed);
    ngx_ai_cohere_write_penalty(w, "frequency_penalty",
                                &chat->frequency_penalty);
    ngx_ai_cohere_write_penalty(w, "presence_penalty",
                                &chat->presence_penalty);

    if (chat->stop != NULL) {
        ngx_ai_cohere_write_stop(w, chat->stop);
    }

    if (chat->logprobs) {
        ngx_ai_json_write_literal(w, "\"logprobs\":true");
    }

    ngx_ai_cohere_write_format(w, chat);
    ngx_ai_cohere_write_thinking(w, chat);

    if (chat->safety.len && chat->origin == NGX_AI_DIALECT_COHERE) {
        ngx_ai_cohere_write_number(w, "safety_mode", &chat->safety);
    }
}


static void
ngx_ai_cohere_write_number(ngx_ai_json_writer_t *w, const char *name,
    const ngx_str_t *number)
{
    if (number->len) {
        ngx_ai_json_write_key(w, name);
        ngx_ai_json_write_raw(w, number);
    }
}


/* from 0.01 to 0.99 */

static void
ngx_ai_cohere_write_p(ngx_ai_json_writer_t *w, const ngx_str_t *p)
{
    switch (ngx_ai_unit(p)) {

    case NGX_AI_UNIT_ONE:
    case NGX_AI_UNIT_ABOVE:
        ngx_ai_json_write_literal(w, "\"p\":0.99");
        break;

    case NGX_AI_UNIT_ZERO:
    case NGX_AI_UNIT_BELOW:
        ngx_ai_json_write_literal(w, "\"p\":0.01");
        break;

    default:
        ngx_ai_cohere_write_number(w, "p", p);
    }
}


/* from 0 to 1 */

static void
ngx_ai_cohere_write_penalty(ngx_ai_json_writer_t *w, const char *name,
    const ngx_str_t *penalty)
{
    ngx_str_t  held;

    held = *penalty;

    switch (ngx_ai_unit(penalty)) {

    case NGX_AI_UNIT_ABOVE:
        ngx_str_set(&held, "1");
        break;

    case NGX_AI_UNIT_BELOW:
        ngx_str_set(&held, "0");
        break;
    }

    ngx_ai_cohere_write_number(w, name, &held);
}


static void
ngx_ai_cohere_write_stop(ngx_ai_json_writer_t *w, const ngx_array_t *stop)
{
    ngx_str_t   *text;
    ngx_uint_t   i, n;

    text = stop->elts;
    n = ngx_min(stop->nelts, NGX_AI_COHERE_STOPS);

    ngx_ai_json_write_key(w, "stop_sequences");
    ngx_ai_json_write_array(w);

    for (i = 0; i < n; i++) {
        ngx_ai_json_write_text(w, &text[i]);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_cohere_write_format(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    if (chat->output == NGX_AI_FORMAT_TEXT) {
        return;
    }

    ngx_ai_json_write_key(w, "response_format");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"type\":\"json_object\"");

    if (chat->output == NGX_AI_FORMAT_SCHEMA && chat->schema.len) {
        ngx_ai_json_write_key(w, "json_schema");
        ngx_ai_json_write_raw(w, &chat->schema);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_cohere_write_thinking(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat)
{
    int64_t  budget;

    budget = chat->budget;

    if (budget == NGX_AI_BUDGET_UNSET) {
        budget = ngx_ai_budget_of_effort(chat->effort);
    }

    if (budget == NGX_AI_BUDGET_UNSET) {
        return;
    }

    ngx_ai_json_write_key(w, "thinking");
    ngx_ai_json_write_object(w);

    if (budget == NGX_AI_BUDGET_OFF) {
        ngx_ai_json_write_literal(w, "\"type\":\"disabled\"");

    } else {
        ngx_ai_json_write_literal(w, "\"type\":\"enabled\"");

        if (budget > 0) {
            ngx_ai_json_write_key(w, "token_budget");
            ngx_ai_json_write_int(w, budget);
        }
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_cohere_write_tools(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    ngx_uint_t            i, n, strict;
    const ngx_ai_tool_t  *tool;

    n = 0;
    strict = 1;
    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {

        if (!ngx_ai_cohere_offers(chat, &tool[i])) {
            continue;
        }

        if (n++ == 0) {
            ngx_ai_json_write_key(w, "tools");
            ngx_ai_json_write_array(w);
        }

        strict &= (tool[i].strict == 1);

        ngx_ai_cohere_write_tool(w, &tool[i]);
    }

    if (n) {
        ngx_ai_json_write_end(w);

        if (strict) {
            ngx_ai_json_write_literal(w, "\"strict_tools\":true");
        }
    }

    switch (chat->choice) {

    case NGX_AI_CHOICE_NONE:
        ngx_ai_json_write_literal(w, "\"tool_choice\":\"NONE\"");
        break;

    case NGX_AI_CHOICE_REQUIRED:
    case NGX_AI_CHOICE_NAMED:

        if (n) {
            ngx_ai_json_write_literal(w, "\"tool_choice\":\"REQUIRED\"");
        }

        break;
    }
}


static ngx_uint_t
ngx_ai_cohere_offers(const ngx_ai_chat_t *chat, const ngx_ai_tool_t *tool)
{
    ngx_uint_t        i, n;
    const ngx_str_t  *name;

    if (tool->kind != NGX_AI_TOOL_FUNCTION && tool->kind != NGX_AI_TOOL_CUSTOM)
    {
        return 0;
    }

    if (chat->choice == NGX_AI_CHOICE_NAMED) {
        name = &chat->choice_name;
        n = 1;

    } else if (chat->allowed != NULL
               && chat->allowed->nelts <= NGX_AI_COHERE_ALLOWED_MAX)
    {
        name = chat->allowed->elts;
        n = chat->allowed->nelts;

    } else {
        return 1;
    }

    for (i = 0; i < n; i++) {

        if (name[i].len == tool->name.len
            && ngx_memcmp(name[i].data, tool->name.data, name[i].len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static void
ngx_ai_cohere_write_tool(ngx_ai_json_writer_t *w, const ngx_ai_tool_t *tool)
{
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"type\":\"function\"");
    ngx_ai_json_write_key(w, "function");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "name");
    ngx_ai_json_write_text(w, &tool->name);

    if (tool->description.len) {
        ngx_ai_json_write_key(w, "description");
        ngx_ai_json_write_text(w, &tool->description);
    }

    if (tool->kind == NGX_AI_TOOL_CUSTOM) {
        ngx_ai_json_write_literal(w, "\"parameters\":{\"type\":\"object\","
                                     "\"required\":[\"input\"],"
                                     "\"properties\":{\"input\":"
                                     "{\"type\":\"string\"}}}");

    } else if (tool->schema.len) {
        ngx_ai_json_write_key(w, "parameters");
        ngx_ai_json_write_raw(w, &tool->schema);

    } else {
        ngx_ai_json_write_literal(w, "\"parameters\":{\"type\":\"object\","
                                     "\"properties\":{}}");
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}
