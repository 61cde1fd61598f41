
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * OpenAI's legacy completions: a prompt, which is what one user says, and a
 * text.  Replies are read as those of chats are.
 */


#include "ngx_ai_openai.h"


static ngx_int_t ngx_ai_completions_read_ask(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, void *ask);
static ngx_int_t ngx_ai_completions_read_prompt(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_completions_read_ineffective(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_completions_write_ask(const void *ask,
    const ngx_ai_aim_t *aim, ngx_ai_json_writer_t *w);
static ngx_int_t ngx_ai_completions_write_prompt(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w);
static ngx_int_t ngx_ai_completions_write_answer(const void *answer,
    const ngx_ai_told_t *told, ngx_ai_json_writer_t *w);
static ngx_int_t ngx_ai_completions_write_delta(void *sink,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_completions_say(ngx_ai_openai_sink_t *s,
    const ngx_ai_delta_t *delta, ngx_uint_t finish);
static ngx_int_t ngx_ai_completions_tail(const ngx_ai_aim_t *aim,
    ngx_pool_t *pool, ngx_str_t *tail, ngx_str_t *query);


#define NGX_AI_COMPLETIONS_KEPT                                               \
    (ngx_ai_field(MAX_TOKENS) | ngx_ai_field(TEMPERATURE)                     \
     | ngx_ai_field(TOP_P) | ngx_ai_field(N) | ngx_ai_field(STOP)             \
     | ngx_ai_field(SEED) | ngx_ai_field(PRESENCE_PENALTY)                    \
     | ngx_ai_field(FREQUENCY_PENALTY) | ngx_ai_field(LOGIT_BIAS)             \
     | ngx_ai_field(USER))

#define NGX_AI_COMPLETIONS_MAPPED  ngx_ai_field(SYSTEM)


#define ngx_ai_chat(name)  offsetof(ngx_ai_chat_t, name)


static const ngx_ai_member_t  ngx_ai_completions_members[] = {

    { ngx_string("model"), NGX_AI_STRING, NULL, 0, 0 },

    { ngx_string("prompt"), NGX_AI_STRING|NGX_AI_ARRAY,
      ngx_ai_completions_read_prompt, 0, 0 },

    { ngx_string("stream"), NGX_AI_BOOL,
      ngx_ai_openai_read_stream, 0, 0 },

    { ngx_string("stream_options"), NGX_AI_OBJECT,
      ngx_ai_openai_read_options, 0, 0 },

    { ngx_string("max_tokens"), NGX_AI_NUMBER,
      ngx_ai_walk_count, ngx_ai_chat(max_tokens),
      NGX_AI_FIELD_MAX_TOKENS },

    { ngx_string("temperature"), NGX_AI_NUMBER,
      ngx_ai_walk_raw, ngx_ai_chat(temperature),
      NGX_AI_FIELD_TEMPERATURE },

    { ngx_string("top_p"), NGX_AI_NUMBER,
      ngx_ai_walk_raw, ngx_ai_chat(top_p),
      NGX_AI_FIELD_TOP_P },

    { ngx_string("top_k"), NGX_AI_NUMBER,
      ngx_ai_walk_raw, ngx_ai_chat(top_k),
      NGX_AI_FIELD_TOP_K },

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

    { ngx_string("user"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_chat(user), 0 },

    /* no chat has these: what they say is lost, unless it is the default */

    { ngx_string("echo"), NGX_AI_BOOL,
      ngx_ai_completions_read_ineffective, 0, 0 },

    { ngx_string("best_of"), NGX_AI_NUMBER,
      ngx_ai_completions_read_ineffective, 0, 0 },

    { ngx_string("suffix"), NGX_AI_STRING,
      ngx_ai_completions_read_ineffective, 0, 0 },

      ngx_ai_null_member
};


const ngx_ai_dialect_t  ngx_ai_completions = {
    ngx_string("completions"),
    ngx_ai_openai_tables,
    NGX_AI_OPENAI_TABLES,
    ngx_ai_openai_free_rules,
    ngx_ai_openai_edit,
    NGX_AI_OPENAI_TABLE_REPLY,
    ngx_ai_openai_read_reply,
    ngx_ai_openai_read_event,
    ngx_ai_openai_read_error,
    ngx_ai_openai_write_error,
    ngx_ai_openai_write_error_event,
    ngx_null_string,
    NULL,
    NGX_AI_FRAMING_SSE,
    ngx_ai_completions_tail,
    {
        { ngx_ai_completions_read_ask, ngx_ai_completions_write_ask,
          ngx_ai_openai_read_answer, ngx_ai_completions_write_answer,
          NGX_AI_COMPLETIONS_KEPT, NGX_AI_COMPLETIONS_MAPPED, NULL }
    },
    sizeof(ngx_ai_openai_source_t),
    ngx_ai_openai_read_delta,
    sizeof(ngx_ai_openai_sink_t),
    0,
    ngx_ai_completions_write_delta,
    ngx_null_string,
    ngx_null_string
};


static ngx_int_t
ngx_ai_completions_read_ask(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    void *ask)
{
    ngx_ai_chat_t  *chat;

    chat = ask;
    w->marks = &chat->fields;

    if (ngx_ai_walk_element(w, root, ngx_ai_completions_members, chat)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (chat->messages.nelts == 0) {
        return ngx_ai_walk_fail(w, root, "has no \"prompt\"");
    }

    return ngx_ai_openai_read_done(w, chat);
}


/* of several prompts each would be a chat of its own, and tokens are none */

static ngx_int_t
ngx_ai_completions_read_prompt(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_chat_t *chat = to;

    ngx_str_t              text;
    ngx_ai_part_t         *part;
    ngx_ai_message_t      *message;
    const ngx_ai_node_t   *prompt;

    prompt = value;

    if (value->type == NGX_AI_JSON_ARRAY) {

        if (value->n != 1) {
            return ngx_ai_walk_fail(w, value, "must be one string: this "
                                    "model takes no more at once");
        }

        prompt = ngx_ai_tree_child(value);
    }

    if (prompt->type != NGX_AI_JSON_STRING) {
        return ngx_ai_walk_fail(w, prompt, "must be a string: this model "
                                "takes no tokens");
    }

    message = ngx_ai_chat_message(chat, NGX_AI_ROLE_USER);
    if (message == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    ngx_ai_tree_text(w->tree, prompt, &text);

    if (text.len == 0) {
        return NGX_OK;
    }

    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_TEXT);
    if (part == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    part->text = text;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_completions_read_ineffective(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to)
{
    int64_t  n;

    if (value->type == NGX_AI_JSON_FALSE
        || (value->type == NGX_AI_JSON_STRING
            && value->end - value->start == 2)
        || (ngx_ai_tree_int(w->tree, value, &n) == NGX_OK && n == 1))
    {
        return NGX_OK;
    }

    ngx_ai_walk_drop(w, value);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_completions_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w)
{
    uint64_t              fields;
    const ngx_ai_chat_t  *chat;

    chat = ask;
    fields = chat->fields & (NGX_AI_COMPLETIONS_KEPT
                             | NGX_AI_COMPLETIONS_MAPPED);

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "model");
    ngx_ai_json_write_string(w, &aim->model);

    if (ngx_ai_completions_write_prompt(chat, w) != NGX_OK) {
        return NGX_ERROR;
    }

    if (fields & ngx_ai_field(MAX_TOKENS)) {
        ngx_ai_openai_write_count(w, "max_tokens", chat->max_tokens);
    }

    ngx_ai_openai_write_sampling(chat, fields, aim, w);

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* the texts of all messages, with an empty line between them */

static ngx_int_t
ngx_ai_completions_write_prompt(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w)
{
    ngx_int_t                rc;
    ngx_str_t                text;
    ngx_uint_t               i, k;
    ngx_ai_buf_t             prompt;
    const ngx_ai_part_t     *part;
    const ngx_ai_message_t  *message;

    rc = NGX_OK;
    message = chat->messages.elts;

    ngx_ai_buf_init(&prompt, NGX_MAX_SIZE_T_VALUE, chat->pool->log);

    for (i = 0; i < chat->messages.nelts; i++) {
        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts && rc == NGX_OK; k++) {

            if (part[k].kind != NGX_AI_PART_TEXT || part[k].text.len == 0) {
                continue;
            }

            if (ngx_ai_buf_len(&prompt)) {
                rc = ngx_ai_buf_append(&prompt, "\\n\\n", 4);
            }

            if (rc == NGX_OK) {
                rc = ngx_ai_buf_append(&prompt, part[k].text.data,
                                       part[k].text.len);
            }
        }
    }

    if (rc == NGX_OK) {
        text.data = prompt.start;
        text.len = ngx_ai_buf_len(&prompt);

        ngx_ai_json_write_key(w, "prompt");
        ngx_ai_json_write_text(w, &text);
    }

    ngx_ai_buf_free(&prompt);

    return (rc == NGX_OK) ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_ai_completions_write_answer(const void *data, const ngx_ai_told_t *told,
    ngx_ai_json_writer_t *w)
{
    ngx_int_t                    rc;
    ngx_uint_t                   i;
    const ngx_ai_answer_t       *answer;
    const ngx_ai_alternative_t  *alternative;

    answer = data;

    ngx_ai_json_write_object(w);

    ngx_ai_openai_write_head(w, "cmpl-", "text_completion", &answer->model,
                             answer->created, told);

    ngx_ai_json_write_key(w, "choices");
    ngx_ai_json_write_array(w);

    alternative = answer->alternatives.elts;

    for (i = 0; i < answer->alternatives.nelts; i++) {

        ngx_ai_json_write_object(w);

        rc = ngx_ai_openai_write_texts(w, "text", &alternative[i].parts,
                                       NGX_AI_PART_TEXT, answer->pool->log);
        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED) {
            ngx_ai_json_write_literal(w, "\"text\":\"\"");
        }

        ngx_ai_openai_write_count(w, "index", i);
        ngx_ai_json_write_literal(w, "\"logprobs\":null");
        ngx_ai_openai_write_finish(w, alternative[i].finish);
        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);

    if (answer->usage.reported) {
        ngx_ai_json_write_key(w, "usage");
        ngx_ai_openai_write_usage(w, &answer->usage);
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_completions_write_delta(void *sink, const ngx_ai_delta_t *delta)
{
    ngx_ai_openai_sink_t *s = sink;

    switch (delta->type) {

    case NGX_AI_DELTA_START:
        return ngx_ai_openai_sink_start(s, "cmpl-", "text_completion", delta);

    case NGX_AI_DELTA_TEXT:
        return (delta->part->kind == NGX_AI_PART_TEXT)
               ? ngx_ai_completions_say(s, delta, NGX_AI_FINISH_NONE)
               : NGX_OK;

    case NGX_AI_DELTA_FINISH:
        return ngx_ai_completions_say(s, delta, delta->finish);

    case NGX_AI_DELTA_PART:
    case NGX_AI_DELTA_PART_END:
    case NGX_AI_DELTA_SIGNATURE:
    case NGX_AI_DELTA_CITATION:
    case NGX_AI_DELTA_LOGPROBS:
        return NGX_OK;

    default:
        return ngx_ai_openai_write_delta(sink, delta);
    }
}


/* the finish has a text too, which is empty */

static ngx_int_t
ngx_ai_completions_say(ngx_ai_openai_sink_t *s, const ngx_ai_delta_t *delta,
    ngx_uint_t finish)
{
    static const ngx_str_t  text = ngx_string(",\"text\":\"");

    ngx_ai_openai_chunk_begin(s, delta->choice);
    ngx_ai_openai_put(s, text.data, text.len);

    if (finish == NGX_AI_FINISH_NONE) {
        ngx_ai_openai_put(s, delta->text.data, delta->text.len);
    }

    ngx_ai_openai_put(s, "\"", 1);

    return ngx_ai_openai_chunk_end(s, NULL, finish);
}


static ngx_int_t
ngx_ai_completions_tail(const ngx_ai_aim_t *aim, ngx_pool_t *pool,
    ngx_str_t *tail, ngx_str_t *query)
{
    if (aim->op != NGX_AI_OP_CHAT) {
        return NGX_DECLINED;
    }

    ngx_str_set(tail, "/completions");
    ngx_str_null(query);

    return NGX_OK;
}
