
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"


static void ngx_ai_responses_write_status(
    const ngx_ai_responses_object_t *object, ngx_ai_json_writer_t *w);
static void ngx_ai_responses_write_failure(const ngx_ai_error_t *error,
    ngx_ai_json_writer_t *w);
static void ngx_ai_responses_write_echo(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w);
static void ngx_ai_responses_write_raw_or_null(ngx_ai_json_writer_t *w,
    const char *key, const ngx_str_t *raw);
static void ngx_ai_responses_write_text_or_null(ngx_ai_json_writer_t *w,
    const char *key, const ngx_str_t *text);
static void ngx_ai_responses_write_usage(const ngx_ai_usage_t *usage,
    ngx_ai_json_writer_t *w);


void
ngx_ai_responses_write_object(const ngx_ai_responses_object_t *object,
    ngx_ai_json_writer_t *w)
{
    const ngx_ai_chat_t  *chat;

    chat = object->chat;

    ngx_ai_responses_write_status(object, w);

    ngx_ai_json_write_key(w, "model");

    if (object->model.len) {
        ngx_ai_json_write_text(w, &object->model);

    } else {
        ngx_ai_json_write_string(w, &object->told->model);
    }

    if (chat != NULL) {
        ngx_ai_responses_write_echo(chat, w);

    } else {
        ngx_ai_json_write_literal(w, "\"instructions\":null,"
                                     "\"metadata\":{},"
                                     "\"parallel_tool_calls\":true,"
                                     "\"temperature\":null,"
                                     "\"tool_choice\":\"auto\","
                                     "\"tools\":[],"
                                     "\"top_p\":null");
    }

    ngx_ai_json_write_key(w, "service_tier");

    if (object->tier.len) {
        ngx_ai_json_write_text(w, &object->tier);

    } else if (chat != NULL && chat->tier.len) {
        ngx_ai_json_write_text(w, &chat->tier);

    } else {
        ngx_ai_json_write_literal(w, "\"default\"");
    }

    ngx_ai_json_write_key(w, "usage");

    if (object->usage != NULL && object->usage->reported) {
        ngx_ai_responses_write_usage(object->usage, w);

    } else {
        ngx_ai_json_write_null(w);
    }
}


static void
ngx_ai_responses_write_status(const ngx_ai_responses_object_t *object,
    ngx_ai_json_writer_t *w)
{
    u_char     buf[NGX_AI_RESPONSES_ID];
    ngx_str_t  id;

    id.data = buf;
    id.len = ngx_ai_responses_id(buf, "resp_", object->told, NGX_AI_UNSET)
             - buf;

    ngx_ai_responses_write_pair(w, "id", &id);
    ngx_ai_json_write_literal(w, "\"object\":\"response\"");
    ngx_ai_json_write_key(w, "created_at");
    ngx_ai_json_write_int(w, object->created ? object->created
                                             : object->told->created);

    if (object->begun) {
        ngx_ai_json_write_literal(w, "\"status\":\"in_progress\","
                                     "\"background\":false,\"error\":null,"
                                     "\"incomplete_details\":null");
        return;
    }

    switch (object->finish) {

    case NGX_AI_FINISH_LENGTH:
        ngx_ai_json_write_literal(w, "\"status\":\"incomplete\","
                                     "\"background\":false,\"error\":null,"
                                     "\"incomplete_details\":{\"reason\":"
                                     "\"max_output_tokens\"}");
        break;

    case NGX_AI_FINISH_FILTER:
        ngx_ai_json_write_literal(w, "\"status\":\"incomplete\","
                                     "\"background\":false,\"error\":null,"
                                     "\"incomplete_details\":{\"reason\":"
                                     "\"content_filter\"}");
        break;

    case NGX_AI_FINISH_ERROR:
        ngx_ai_json_write_literal(w, "\"status\":\"failed\","
                                     "\"background\":false,"
                                     "\"incomplete_details\":null");
        ngx_ai_responses_write_failure(object->error, w);
        break;

    default:
        ngx_ai_json_write_literal(w, "\"status\":\"completed\","
                                     "\"background\":false,\"error\":null,"
                                     "\"incomplete_details\":null");
    }
}


/* its codes are few */

static void
ngx_ai_responses_write_failure(const ngx_ai_error_t *error,
    ngx_ai_json_writer_t *w)
{
    static const ngx_str_t  unknown = ngx_string("The model failed.");

    ngx_ai_json_write_key(w, "error");
    ngx_ai_json_write_object(w);

    switch (error ? error->kind : NGX_AI_ERROR_UPSTREAM) {

    case NGX_AI_ERROR_RATE:
        ngx_ai_json_write_literal(w, "\"code\":\"rate_limit_exceeded\"");
        break;

    case NGX_AI_ERROR_QUOTA:
        ngx_ai_json_write_literal(w, "\"code\":\"insufficient_quota\"");
        break;

    case NGX_AI_ERROR_CONTEXT:
        ngx_ai_json_write_literal(w, "\"code\":\"context_length_exceeded\"");
        break;

    case NGX_AI_ERROR_INVALID:
    case NGX_AI_ERROR_POLICY:
        ngx_ai_json_write_literal(w, "\"code\":\"invalid_prompt\"");
        break;

    default:
        ngx_ai_json_write_literal(w, "\"code\":\"server_error\"");
    }

    ngx_ai_json_write_key(w, "message");
    ngx_ai_json_write_string(w, error ? &error->message : &unknown);
    ngx_ai_json_write_end(w);
}


/* what was asked; null for what was not said and depends on the model */

static void
ngx_ai_responses_write_echo(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w)
{
    if (!ngx_ai_responses_instructs(chat)
        || !ngx_ai_responses_write_instructions(chat, w))
    {
        ngx_ai_json_write_literal(w, "\"instructions\":null");
    }

    ngx_ai_json_write_key(w, "max_output_tokens");

    if (chat->max_tokens >= 0) {
        ngx_ai_json_write_int(w, chat->max_tokens);

    } else {
        ngx_ai_json_write_null(w);
    }

    ngx_ai_json_write_key(w, "metadata");

    if (chat->metadata.len) {
        ngx_ai_responses_json(w, &chat->metadata);

    } else {
        ngx_ai_json_write_literal(w, "{}");
    }

    ngx_ai_json_write_key(w, "parallel_tool_calls");
    ngx_ai_json_write_bool(w, chat->parallel != 0);

    ngx_ai_responses_write_text_or_null(w, "previous_response_id",
                                        &chat->previous);

    if (chat->effort || chat->summary.len) {
        ngx_ai_json_write_key(w, "reasoning");
        ngx_ai_responses_write_reasoning(chat, w);

    } else {
        ngx_ai_json_write_literal(w, "\"reasoning\":{\"effort\":null,"
                                     "\"summary\":null}");
    }

    ngx_ai_json_write_key(w, "store");
    ngx_ai_json_write_bool(w, chat->store == 1);

    ngx_ai_responses_write_raw_or_null(w, "temperature", &chat->temperature);

    ngx_ai_json_write_key(w, "text");
    ngx_ai_responses_write_text_config(chat, w);

    ngx_ai_json_write_key(w, "tool_choice");
    ngx_ai_responses_write_choice(chat, w);

    ngx_ai_json_write_key(w, "tools");
    ngx_ai_responses_write_tools(chat, 1, w);

    ngx_ai_responses_write_raw_or_null(w, "top_p", &chat->top_p);

    ngx_ai_json_write_literal(w, "\"truncation\":\"disabled\"");

    ngx_ai_responses_write_text_or_null(w, "user", &chat->user);
}


static void
ngx_ai_responses_write_raw_or_null(ngx_ai_json_writer_t *w, const char *key,
    const ngx_str_t *raw)
{
    ngx_ai_json_write_key(w, key);

    if (raw->len) {
        ngx_ai_json_write_raw(w, raw);

    } else {
        ngx_ai_json_write_null(w);
    }
}


static void
ngx_ai_responses_write_text_or_null(ngx_ai_json_writer_t *w, const char *key,
    const ngx_str_t *text)
{
    ngx_ai_json_write_key(w, key);

    if (text->len) {
        ngx_ai_json_write_text(w, text);

    } else {
        ngx_ai_json_write_null(w);
    }
}


static void
ngx_ai_responses_write_usage(const ngx_ai_usage_t *usage,
    ngx_ai_json_writer_t *w)
{
    int64_t  in, out;

    in = ngx_ai_usage_in(usage);
    out = ngx_ai_usage_out(usage);

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "input_tokens");
    ngx_ai_json_write_int(w, in);

    ngx_ai_json_write_key(w, "input_tokens_details");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "cached_tokens");
    ngx_ai_json_write_int(w, usage->tokens[NGX_AI_USAGE_CACHE_READ]);
    ngx_ai_json_write_key(w, "cache_write_tokens");
    ngx_ai_json_write_int(w, usage->tokens[NGX_AI_USAGE_CACHE_WRITE]);
    ngx_ai_json_write_end(w);

    ngx_ai_json_write_key(w, "output_tokens");
    ngx_ai_json_write_int(w, out);

    ngx_ai_json_write_key(w, "output_tokens_details");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "reasoning_tokens");
    ngx_ai_json_write_int(w, usage->tokens[NGX_AI_USAGE_REASONING]);
    ngx_ai_json_write_end(w);

    ngx_ai_json_write_key(w, "total_tokens");
    ngx_ai_json_write_int(w, in > INT64_MAX - out
                             ? INT64_MAX : in + out);

    ngx_ai_json_write_end(w);
}
