
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_ollama.h"


#define NGX_AI_OLLAMA_OPTIONS                                                 \
    (ngx_ai_field(MAX_TOKENS) | ngx_ai_field(TEMPERATURE)                     \
     | ngx_ai_field(TOP_P) | ngx_ai_field(TOP_K) | ngx_ai_field(SEED)         \
     | ngx_ai_field(PRESENCE_PENALTY) | ngx_ai_field(FREQUENCY_PENALTY)       \
     | ngx_ai_field(STOP))


static ngx_int_t ngx_ai_ollama_write_message(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, const ngx_ai_message_t *message);
static ngx_int_t ngx_ai_ollama_write_turn(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, ngx_uint_t role, const ngx_ai_part_t *part,
    ngx_uint_t n);
static ngx_int_t ngx_ai_ollama_write_result(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, const ngx_ai_part_t *part);
static void ngx_ai_ollama_write_calls(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part, ngx_uint_t n);
static void ngx_ai_ollama_write_tools(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static ngx_uint_t ngx_ai_ollama_wanted(const ngx_ai_chat_t *chat,
    const ngx_ai_tool_t *tool);
static void ngx_ai_ollama_write_tool(ngx_ai_json_writer_t *w,
    const ngx_ai_tool_t *tool);
static void ngx_ai_ollama_write_think(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, const ngx_ai_aim_t *aim);
static void ngx_ai_ollama_write_options(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static void ngx_ai_ollama_write_number(ngx_ai_json_writer_t *w,
    const char *key, const ngx_str_t *raw);


ngx_int_t
ngx_ai_ollama_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w)
{
    const ngx_ai_chat_t *chat = ask;

    ngx_uint_t               i;
    const ngx_ai_message_t  *message;

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "model");
    ngx_ai_json_write_string(w, &aim->model);

    ngx_ai_json_write_key(w, "messages");
    ngx_ai_json_write_array(w);

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {

        if (ngx_ai_ollama_write_message(w, chat, &message[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_ai_json_write_end(w);

    ngx_ai_json_write_key(w, "stream");
    ngx_ai_json_write_bool(w, aim->stream);

    ngx_ai_ollama_write_tools(w, chat);
    ngx_ai_ollama_write_think(w, chat, aim);

    if (chat->output == NGX_AI_FORMAT_JSON) {
        ngx_ai_json_write_literal(w, "\"format\":\"json\"");

    } else if (chat->output == NGX_AI_FORMAT_SCHEMA && chat->schema.len) {
        ngx_ai_json_write_key(w, "format");
        ngx_ai_json_write_raw(w, &chat->schema);
    }

    if (chat->fields & NGX_AI_OLLAMA_OPTIONS) {
        ngx_ai_ollama_write_options(w, chat);
    }

    if (chat->logprobs) {
        ngx_ai_json_write_literal(w, "\"logprobs\":true");
        ngx_ai_ollama_write_number(w, "top_logprobs", &chat->top_logprobs);
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* a result is a message of its own, what is around it is another */

static ngx_int_t
ngx_ai_ollama_write_message(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, const ngx_ai_message_t *message)
{
    ngx_int_t             rc;
    ngx_uint_t            i, first;
    const ngx_ai_part_t  *part;

    part = message->parts.elts;
    first = 0;

    for (i = 0; i < message->parts.nelts; i++) {

        if (part[i].kind != NGX_AI_PART_TOOL_RESULT) {
            continue;
        }

        rc = NGX_OK;

        if (i > first) {
            rc = ngx_ai_ollama_write_turn(w, chat, message->role, &part[first],
                                          i - first);
        }

        if (rc == NGX_OK) {
            rc = ngx_ai_ollama_write_result(w, chat, &part[i]);
        }

        if (rc != NGX_OK) {
            return rc;
        }

        first = i + 1;
    }

    if (i > first || i == 0) {
        return ngx_ai_ollama_write_turn(w, chat, message->role, &part[first],
                                        i - first);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_write_turn(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat,
    ngx_uint_t role, const ngx_ai_part_t *part, ngx_uint_t n)
{
    const char  *glue;

    ngx_ai_json_write_object(w);

    glue = "\\n\\n";

    switch (role) {

    case NGX_AI_ROLE_SYSTEM:
        ngx_ai_json_write_literal(w, "\"role\":\"system\"");
        break;

    case NGX_AI_ROLE_USER:
        ngx_ai_json_write_literal(w, "\"role\":\"user\"");
        break;

    default: /* NGX_AI_ROLE_ASSISTANT */
        ngx_ai_json_write_literal(w, "\"role\":\"assistant\"");
        glue = "";
    }

    if (ngx_ai_ollama_write_content(w, part, n, glue, chat->pool->log)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_ollama_write_calls(w, part, n);
    ngx_ai_json_write_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_write_result(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat,
    const ngx_ai_part_t *part)
{
    ngx_int_t  rc;

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"role\":\"tool\"");

    if (part->name.len) {
        ngx_ai_json_write_key(w, "tool_name");
        ngx_ai_json_write_text(w, &part->name);
    }

    ngx_ai_json_write_key(w, "tool_call_id");
    ngx_ai_json_write_text(w, &part->id);

    if (part->parts == NULL) {
        rc = ngx_ai_ollama_write_content(w, NULL, 0, "", chat->pool->log);

    } else {
        rc = ngx_ai_ollama_write_content(w, part->parts->elts,
                                         part->parts->nelts, "\\n\\n",
                                         chat->pool->log);
    }

    ngx_ai_json_write_end(w);

    return rc;
}


static void
ngx_ai_ollama_write_calls(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part,
    ngx_uint_t n)
{
    ngx_uint_t  i, calls;

    calls = 0;

    for (i = 0; i < n; i++) {

        if (part[i].kind != NGX_AI_PART_TOOL_CALL || part[i].custom) {
            continue;
        }

        if (calls == 0) {
            ngx_ai_json_write_key(w, "tool_calls");
            ngx_ai_json_write_array(w);
        }

        ngx_ai_ollama_write_call(w, &part[i], &part[i].id, calls++);
    }

    if (calls) {
        ngx_ai_json_write_end(w);
    }
}


static void
ngx_ai_ollama_write_tools(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    ngx_uint_t            i, tools;
    const ngx_ai_tool_t  *tool;

    if (chat->choice == NGX_AI_CHOICE_NONE) {
        return;
    }

    tools = 0;
    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {

        if (!ngx_ai_ollama_wanted(chat, &tool[i])) {
            continue;
        }

        if (tools++ == 0) {
            ngx_ai_json_write_key(w, "tools");
            ngx_ai_json_write_array(w);
        }

        ngx_ai_ollama_write_tool(w, &tool[i]);
    }

    if (tools) {
        ngx_ai_json_write_end(w);
    }
}


/* those that may not be chosen are not told of */

static ngx_uint_t
ngx_ai_ollama_wanted(const ngx_ai_chat_t *chat, const ngx_ai_tool_t *tool)
{
    ngx_uint_t        i;
    const ngx_str_t  *name;

    if (tool->kind != NGX_AI_TOOL_FUNCTION) {
        return 0;
    }

    if (chat->allowed == NULL) {
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
ngx_ai_ollama_write_tool(ngx_ai_json_writer_t *w, const ngx_ai_tool_t *tool)
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

    if (tool->schema.len) {
        ngx_ai_json_write_key(w, "parameters");
        ngx_ai_json_write_raw(w, &tool->schema);

    } else {
        ngx_ai_json_write_literal(w, "\"parameters\":{\"type\":\"object\","
                                     "\"properties\":{}}");
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


/*
 * gpt-oss thinks with an effort and can't be stopped; of the others, which
 * refuse a word, it is on or off.
 */

static void
ngx_ai_ollama_write_think(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat,
    const ngx_ai_aim_t *aim)
{
    ngx_uint_t             effort;

    static const ngx_str_t  oss = ngx_string("gpt-oss");

    effort = chat->effort;

    if (effort == NGX_AI_EFFORT_UNSET) {
        effort = ngx_ai_effort_of_budget(chat->budget);
    }

    if (effort == NGX_AI_EFFORT_UNSET) {
        return;
    }

    if (memmem(aim->model.data, aim->model.len, oss.data, oss.len) == NULL) {
        ngx_ai_json_write_key(w, "think");
        ngx_ai_json_write_bool(w, effort != NGX_AI_EFFORT_NONE);
        return;
    }

    if (effort <= NGX_AI_EFFORT_LOW) {
        ngx_ai_json_write_literal(w, "\"think\":\"low\"");

    } else if (effort == NGX_AI_EFFORT_MEDIUM) {
        ngx_ai_json_write_literal(w, "\"think\":\"medium\"");

    } else {
        ngx_ai_json_write_literal(w, "\"think\":\"high\"");
    }
}


static void
ngx_ai_ollama_write_options(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    ngx_uint_t        i;
    const ngx_str_t  *stop;

    ngx_ai_json_write_key(w, "options");
    ngx_ai_json_write_object(w);

    if (chat->max_tokens >= 0) {
        ngx_ai_json_write_key(w, "num_predict");
        ngx_ai_json_write_int(w, chat->max_tokens);
    }

    ngx_ai_ollama_write_number(w, "temperature", &chat->temperature);
    ngx_ai_ollama_write_number(w, "top_p", &chat->top_p);
    ngx_ai_ollama_write_number(w, "top_k", &chat->top_k);
    ngx_ai_ollama_write_number(w, "seed", &chat->seed);
    ngx_ai_ollama_write_number(w, "presence_penalty", &chat->presence_penalty);
    ngx_ai_ollama_write_number(w, "frequency_penalty",
                               &chat->frequency_penalty);

    if (chat->stop != NULL && chat->stop->nelts) {
        stop = chat->stop->elts;

        ngx_ai_json_write_key(w, "stop");
        ngx_ai_json_write_array(w);

        for (i = 0; i < chat->stop->nelts; i++) {
            ngx_ai_json_write_text(w, &stop[i]);
        }

        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_ollama_write_number(ngx_ai_json_writer_t *w, const char *key,
    const ngx_str_t *raw)
{
    if (raw->len) {
        ngx_ai_json_write_key(w, key);
        ngx_ai_json_write_raw(w, raw);
    }
}
