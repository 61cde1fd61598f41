
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini_ask.h"


static ngx_int_t ngx_ai_gemini_read_mode(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_gemini_read_names(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_gemini_read_modalities(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_gemini_read_budget(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_gemini_read_level(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_gemini_read_thoughts(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


static const ngx_ai_member_t  ngx_ai_gemini_voice_name_members[] = {
    NGX_AI_GEMINI_CHAT("voiceName", "voice_name",
                       NGX_AI_STRING, ngx_ai_walk_text, audio_voice, NONE),
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_gemini_voice_members[] = {
    NGX_AI_GEMINI_WITHIN("prebuiltVoiceConfig", "prebuilt_voice_config",
                         PREBUILT),
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_gemini_speech_members[] = {
    NGX_AI_GEMINI_WITHIN("voiceConfig", "voice_config", VOICE),
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_gemini_thinking_members[] = {
    NGX_AI_GEMINI_CALLS("thinkingBudget", "thinking_budget",
                        NGX_AI_NUMBER, ngx_ai_gemini_read_budget),
    NGX_AI_GEMINI_CALLS("thinkingLevel", "thinking_level",
                        NGX_AI_STRING | NGX_AI_NUMBER,
                        ngx_ai_gemini_read_level),
    NGX_AI_GEMINI_CALLS("includeThoughts", "include_thoughts",
                        NGX_AI_BOOL, ngx_ai_gemini_read_thoughts),
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_gemini_config_members[] = {

    { ngx_string("temperature"),
      NGX_AI_NUMBER,
      ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, temperature),
      NGX_AI_FIELD_TEMPERATURE },

    { ngx_string("seed"),
      NGX_AI_NUMBER,
      ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, seed),
      NGX_AI_FIELD_SEED },

    { ngx_string("logprobs"),
      NGX_AI_NUMBER,
      ngx_ai_walk_raw,
      offsetof(ngx_ai_chat_t, top_logprobs),
      NGX_AI_FIELD_LOGPROBS },

    NGX_AI_GEMINI_CHAT("responseLogprobs", "response_logprobs",
                       NGX_AI_BOOL, ngx_ai_walk_flag, logprobs, LOGPROBS),
    NGX_AI_GEMINI_CHAT("maxOutputTokens", "max_output_tokens",
                       NGX_AI_NUMBER, ngx_ai_walk_count, max_tokens,
                       MAX_TOKENS),
    NGX_AI_GEMINI_CHAT("topP", "top_p",
                       NGX_AI_NUMBER, ngx_ai_walk_raw, top_p, TOP_P),
    NGX_AI_GEMINI_CHAT("topK", "top_k",
                       NGX_AI_NUMBER, ngx_ai_walk_raw, top_k, TOP_K),
    NGX_AI_GEMINI_CHAT("candidateCount", "candidate_count",
                       NGX_AI_NUMBER, ngx_ai_walk_count, n, NONE),
    NGX_AI_GEMINI_CHAT("stopSequences", "stop_sequences",
                       NGX_AI_ARRAY, ngx_ai_walk_texts, stop, STOP),
    NGX_AI_GEMINI_CHAT("presencePenalty", "presence_penalty",
                       NGX_AI_NUMBER, ngx_ai_walk_raw, presence_penalty,
                       PRESENCE_PENALTY),
    NGX_AI_GEMINI_CHAT("frequencyPenalty", "frequency_penalty",
                       NGX_AI_NUMBER, ngx_ai_walk_raw, frequency_penalty,
                       FREQUENCY_PENALTY),
    NGX_AI_GEMINI_CHAT("responseSchema", "response_schema",
                       NGX_AI_OBJECT, ngx_ai_gemini_read_schema, schema,
                       NONE),
    NGX_AI_GEMINI_CHAT("responseJsonSchema", "response_json_schema",
                       NGX_AI_OBJECT, ngx_ai_walk_raw, schema, NONE),

    ngx_ai_gemini_row("responseMimeType", "response_mime_type",
                      NGX_AI_STRING, ngx_ai_gemini_read_keep,
                      offsetof(ngx_ai_gemini_ask_t, mime), 0),

    NGX_AI_GEMINI_CALLS("responseModalities", "response_modalities",
                        NGX_AI_ARRAY, ngx_ai_gemini_read_modalities),
    NGX_AI_GEMINI_WITHIN("speechConfig", "speech_config", SPEECH),
    NGX_AI_GEMINI_WITHIN("thinkingConfig", "thinking_config", THINKING),

    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_gemini_calling_members[] = {

    { ngx_string("mode"),
      NGX_AI_STRING | NGX_AI_NUMBER,
      ngx_ai_gemini_read_mode,
      0, 0 },

    NGX_AI_GEMINI_CALLS("allowedFunctionNames", "allowed_function_names",
                        NGX_AI_ARRAY, ngx_ai_gemini_read_names),

    /* it is up to the target in what pieces arguments come */

    ngx_ai_gemini_row("streamFunctionCallArguments",
                      "stream_function_call_arguments",
                      NGX_AI_BOOL, NULL, 0, 0),

    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_gemini_tool_config_members[] = {
    NGX_AI_GEMINI_WITHIN("functionCallingConfig", "function_calling_config",
                         CALLING),
    ngx_ai_null_member
};


/* by ngx_ai_gemini_within_e */

static const ngx_ai_member_t  *ngx_ai_gemini_within[] = {
    ngx_ai_gemini_config_members,
    ngx_ai_gemini_thinking_members,
    ngx_ai_gemini_speech_members,
    ngx_ai_gemini_voice_members,
    ngx_ai_gemini_voice_name_members,
    ngx_ai_gemini_tool_config_members,
    ngx_ai_gemini_calling_members
};


/* enums in the order of their numbers; 0 is not told */

static const ngx_ai_gemini_name_t  ngx_ai_gemini_modes[] = {
    { ngx_string("MODE_UNSPECIFIED"), NGX_AI_CHOICE_UNSET },
    { ngx_string("AUTO"), NGX_AI_CHOICE_AUTO },
    { ngx_string("ANY"), NGX_AI_CHOICE_REQUIRED },
    { ngx_string("NONE"), NGX_AI_CHOICE_NONE },
    { ngx_string("VALIDATED"), NGX_AI_CHOICE_AUTO },
    { ngx_null_string, 0 }
};


static const ngx_ai_gemini_name_t  ngx_ai_gemini_levels[] = {
    { ngx_string("THINKING_LEVEL_UNSPECIFIED"), NGX_AI_EFFORT_UNSET },
    { ngx_string("LOW"), NGX_AI_EFFORT_LOW },
    { ngx_string("HIGH"), NGX_AI_EFFORT_HIGH },
    { ngx_string("MEDIUM"), NGX_AI_EFFORT_MEDIUM },
    { ngx_string("MINIMAL"), NGX_AI_EFFORT_MINIMAL },
    { ngx_null_string, 0 }
};


static const ngx_ai_gemini_name_t  ngx_ai_gemini_outputs[] = {
    { ngx_string("MODALITY_UNSPECIFIED"), NGX_AI_FIELD_NONE },
    { ngx_string("TEXT"), NGX_AI_FIELD_NONE },
    { ngx_string("IMAGE"), NGX_AI_FIELD_IMAGE_OUT },
    { ngx_string("AUDIO"), NGX_AI_FIELD_AUDIO_OUT },
    { ngx_null_string, 0 }
};


ngx_int_t
ngx_ai_gemini_read_keep(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    u_char  *state;

    state = w->data;

    if (member->types == NGX_AI_STRING) {
        return ngx_ai_walk_text(w, value, member, state + member->offset);
    }

    return ngx_ai_gemini_node(w, value, member, state + member->offset);
}


ngx_int_t
ngx_ai_gemini_read_within(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_gemini_ask_t  *ask;

    ask = w->data;

    return ngx_ai_walk_object(w, value, ngx_ai_gemini_within[member->offset],
                              ask->chat);
}


static ngx_int_t
ngx_ai_gemini_read_mode(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_gemini_ask_t  *ask;

    ask = w->data;

    if (ngx_ai_gemini_name(w, value, ngx_ai_gemini_modes, &ask->mode)
        != NGX_OK)
    {
        return ngx_ai_walk_fail(w, value, "is no mode");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_read_names(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_gemini_ask_t  *ask;

    ask = w->data;

    return ngx_ai_walk_texts(w, value, member, &ask->names);
}


static ngx_int_t
ngx_ai_gemini_read_modalities(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i, field;
    ngx_ai_gemini_ask_t  *ask;
    const ngx_ai_node_t  *node;

    ask = w->data;
    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_gemini_name(w, node, ngx_ai_gemini_outputs, &field)
            != NGX_OK)
        {
            return ngx_ai_walk_fail(w, node, "is no modality");
        }

        if (field != NGX_AI_FIELD_NONE) {
            ask->chat->fields |= (uint64_t) 1 << field;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_read_budget(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    int64_t               n;
    ngx_ai_gemini_ask_t  *ask;

    ask = w->data;

    if (ngx_ai_tree_int(w->tree, value, &n) != NGX_OK
        || n < NGX_AI_BUDGET_DYNAMIC)
    {
        return ngx_ai_walk_fail(w, value, "must be an integer, -1 or more");
    }

    ask->chat->budget = n;
    ask->chat->fields |= ngx_ai_field(BUDGET);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_read_level(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_gemini_ask_t  *ask;

    ask = w->data;

    if (ngx_ai_gemini_name(w, value, ngx_ai_gemini_levels,
                           &ask->chat->effort)
        != NGX_OK)
    {
        return ngx_ai_walk_fail(w, value, "is no level");
    }

    if (ask->chat->effort != NGX_AI_EFFORT_UNSET) {
        ask->chat->fields |= ngx_ai_field(EFFORT);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_read_thoughts(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_gemini_ask_t  *ask;

    ask = w->data;
    ask->chat->thoughts = (value->type == NGX_AI_JSON_TRUE);

    if (ask->chat->thoughts) {
        ngx_str_set(&ask->chat->summary, "auto");
        ask->chat->fields |= ngx_ai_field(SUMMARY);
    }

    return NGX_OK;
}


void
ngx_ai_gemini_read_format(ngx_ai_gemini_ask_t *ask)
{
    ngx_ai_chat_t  *chat;

    static const ngx_str_t  json = ngx_string("json");

    chat = ask->chat;

    if (chat->schema.len) {
        chat->output = NGX_AI_FORMAT_SCHEMA;
        chat->fields |= ngx_ai_field(SCHEMA);

    } else if (ask->mime.len >= json.len
               && ngx_memcmp(ask->mime.data + ask->mime.len - json.len,
                             json.data, json.len)
                  == 0)
    {
        chat->output = NGX_AI_FORMAT_JSON;
        chat->fields |= ngx_ai_field(JSON);
    }
}


void
ngx_ai_gemini_read_choice(ngx_ai_gemini_ask_t *ask)
{
    ngx_str_t      *name;
    ngx_ai_chat_t  *chat;

    chat = ask->chat;
    chat->choice = ask->mode;

    switch (ask->mode) {

    case NGX_AI_CHOICE_NONE:
        chat->fields |= ngx_ai_field(TOOL_CHOICE_NONE);
        return;

    case NGX_AI_CHOICE_REQUIRED:
        if (ask->names != NULL && ask->names->nelts == 1) {
            name = ask->names->elts;

            chat->choice = NGX_AI_CHOICE_NAMED;
            chat->choice_name = *name;
            chat->fields |= ngx_ai_field(TOOL_CHOICE_NAMED);
            return;
        }

        chat->fields |= ngx_ai_field(TOOL_CHOICE);
        break;
    }

    if (ask->names != NULL && ask->names->nelts) {
        chat->allowed = ask->names;
        chat->fields |= ngx_ai_field(TOOL_CHOICE_ALLOWED);
    }
}


ngx_int_t
ngx_ai_gemini_name(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_gemini_name_t *names, ngx_uint_t *found)
{
    int64_t    n;
    ngx_str_t  text;

    n = -1;
    ngx_str_null(&text);

    if (value->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(w->tree, value, &text);

    } else if (ngx_ai_tree_int(w->tree, value, &n) != NGX_OK) {
        return NGX_DECLINED;
    }

    for ( /* void */ ; names->name.len; names++) {

        if (text.len ? (names->name.len == text.len
                        && ngx_strncasecmp(names->name.data, text.data,
                                           text.len)
                           == 0)
                     : n-- == 0)
        {
            *found = names->value;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}
