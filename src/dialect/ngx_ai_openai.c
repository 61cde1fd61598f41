
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"
#include "ngx_ai_text.h"


#define NGX_AI_OPENAI_WORD_MAX  64

#define NGX_AI_OPENAI_TEXTS     (NGX_AI_STRING|NGX_AI_ARRAY|NGX_AI_OBJECT)

#define ngx_ai_op(name)         (1 << NGX_AI_OP_##name)


static void ngx_ai_openai_force_usage(const ngx_ai_ask_t *ask,
    ngx_ai_edit_t *e);


/* what the gateway decides on; all else is the provider's to judge */

const ngx_ai_scan_field_t  ngx_ai_openai_ask_fields[NGX_AI_OPENAI_ASK_MAX] = {
    { ngx_string("model") },
    { ngx_string("stream") },
    { ngx_string("stream_options") },
    { ngx_string("stream_options.include_usage") },
    { ngx_string("max_completion_tokens") },
    { ngx_string("max_output_tokens") },
    { ngx_string("max_tokens") },
    { ngx_string("n") },
    { ngx_string("messages") },
    { ngx_string("tools") },
    { ngx_string("input") },
    { ngx_string("prompt") },
    { ngx_string("query") },
    { ngx_string("documents") },
    { ngx_string("previous_response_id") },
    { ngx_string("input_file_id") },
    { ngx_string("training_file") },
    { ngx_string("validation_file") }
};


#define NGX_AI_OPENAI_RULES(messages)                                         \
    { NGX_AI_STRING, NGX_AI_ASK_MODEL, 0 },                                   \
    { NGX_AI_BOOL, NGX_AI_ASK_STREAM, 0 },                                    \
    { NGX_AI_OBJECT, NGX_AI_ASK_OPTIONS, 0 },                                 \
    { NGX_AI_BOOL, NGX_AI_ASK_USAGE, 0 },                                     \
    { NGX_AI_NUMBER, NGX_AI_ASK_MAX_TOKENS, 0 },                              \
    { NGX_AI_NUMBER, NGX_AI_ASK_MAX_TOKENS, 0 },                              \
    { NGX_AI_NUMBER, NGX_AI_ASK_MAX_TOKENS, 0 },                              \
    { NGX_AI_NUMBER, NGX_AI_ASK_N, 0 },                                       \
    { NGX_AI_ARRAY, NGX_AI_ASK_OTHER, messages },                             \
    { NGX_AI_ARRAY, NGX_AI_ASK_OTHER, 0 },                                    \
    { NGX_AI_OPENAI_TEXTS, NGX_AI_ASK_OTHER,                                  \
      ngx_ai_op(EMBED)|ngx_ai_op(MODERATE)|ngx_ai_op(SPEECH) },               \
    { NGX_AI_OPENAI_TEXTS, NGX_AI_ASK_OTHER, ngx_ai_op(IMAGE) },              \
    { NGX_AI_OPENAI_TEXTS, NGX_AI_ASK_OTHER, ngx_ai_op(RERANK) },             \
    { NGX_AI_ARRAY, NGX_AI_ASK_OTHER, ngx_ai_op(RERANK) },                    \
    { NGX_AI_STRING, NGX_AI_ASK_ID, 0 },                                      \
    { NGX_AI_STRING, NGX_AI_ASK_ID, 0 },                                      \
    { NGX_AI_STRING, NGX_AI_ASK_ID, 0 },                                      \
    { NGX_AI_STRING, NGX_AI_ASK_ID, 0 }


const ngx_ai_ask_rule_t  ngx_ai_openai_rules[NGX_AI_OPENAI_ASK_MAX] = {
    NGX_AI_OPENAI_RULES(ngx_ai_op(CHAT))
};


/* of those whose chats have no messages: Responses, the legacy completions */

const ngx_ai_ask_rule_t  ngx_ai_openai_free_rules[NGX_AI_OPENAI_ASK_MAX] = {
    NGX_AI_OPENAI_RULES(0)
};


const ngx_ai_table_t  ngx_ai_openai_tables[NGX_AI_OPENAI_TABLES] = {
    { ngx_ai_openai_ask_fields, NGX_AI_OPENAI_ASK_MAX },
    { ngx_ai_openai_reply_fields, NGX_AI_OPENAI_REPLY_MAX },
    { ngx_ai_openai_item_fields, NGX_AI_OPENAI_REPLY_MAX },
    { ngx_ai_openai_error_fields, NGX_AI_OPENAI_ERROR_MAX }
};


const ngx_ai_dialect_t  ngx_ai_openai = {
    ngx_string("openai"),
    ngx_ai_openai_tables,
    NGX_AI_OPENAI_TABLES,
    ngx_ai_openai_rules,
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
    ngx_ai_openai_tail,
    {
        { ngx_ai_openai_read_ask, ngx_ai_openai_write_ask,
          ngx_ai_openai_read_answer, ngx_ai_openai_write_answer,
          NGX_AI_OPENAI_KEPT, NGX_AI_OPENAI_MAPPED, ngx_ai_openai_fields }
    },
    sizeof(ngx_ai_openai_source_t),
    ngx_ai_openai_read_delta,
    sizeof(ngx_ai_openai_sink_t),
    0,
    ngx_ai_openai_write_delta,
    ngx_null_string,
    ngx_null_string
};


void
ngx_ai_openai_edit(const ngx_ai_route_t *route, const ngx_ai_ask_t *ask,
    const ngx_str_t *model, ngx_uint_t quirks, ngx_ai_edits_t *edits)
{
    ngx_ai_edit_t  *e, temp;

    edits->n = 0;
    edits->usage = 0;

    if (ask->stream && !ask->usage
        && (route->id == NGX_AI_ROUTE_CHAT
            || route->id == NGX_AI_ROUTE_COMPLETIONS)
        && !(quirks & NGX_AI_QUIRK_USAGE_ALWAYS))
    {
        ngx_ai_openai_force_usage(ask, &edits->edits[edits->n++]);
        edits->usage = 1;
    }

    if (model->len && ask->model_span.end
        && (model->len != ask->model.len
            || ngx_memcmp(model->data, ask->model.data, model->len) != 0))
    {
        e = &edits->edits[edits->n++];
        e->span = ask->model_span;
        e->with = *model;
    }

    e = edits->edits;

    if (edits->n == 2 && e[0].span.start > e[1].span.start) {
        temp = e[0];
        e[0] = e[1];
        e[1] = temp;
    }
}


static void
ngx_ai_openai_force_usage(const ngx_ai_ask_t *ask, ngx_ai_edit_t *e)
{
    if (ask->usage_span.end) {
        e->span = ask->usage_span;
        ngx_str_set(&e->with, "true");
        return;
    }

    if (ask->options_null) {
        e->span = ask->options_span;
        ngx_str_set(&e->with, "{\"include_usage\":true}");
        return;
    }

    if (ask->options_span.end) {
        e->span.start = ask->options_span.start + 1;

        if (ask->options_empty) {
            ngx_str_set(&e->with, "\"include_usage\":true");

        } else {
            ngx_str_set(&e->with, "\"include_usage\":true,");
        }

    } else {

        /* a body with "stream" in it is not empty: the comma fits */

        e->span.start = ask->open;
        ngx_str_set(&e->with, "\"stream_options\":{\"include_usage\":true},");
    }

    e->span.end = e->span.start;
}


ngx_int_t
ngx_ai_openai_tail(const ngx_ai_aim_t *aim, ngx_pool_t *pool, ngx_str_t *tail,
    ngx_str_t *query)
{
    /* by ngx_ai_op_e */

    static const ngx_str_t  tails[NGX_AI_OP_MAX] = {
        ngx_string("/chat/completions"),
        ngx_string("/embeddings"),
        ngx_string("/rerank"),
        ngx_string("/images/generations"),
        ngx_null_string,
        ngx_string("/videos")
    };

    ngx_str_null(query);

    *tail = tails[aim->op];

    return tail->len ? NGX_OK : NGX_DECLINED;
}


const ngx_ai_openai_word_t *
ngx_ai_openai_word(const ngx_ai_tree_t *tree, const ngx_ai_node_t *node,
    const ngx_ai_openai_word_t *words)
{
    u_char     buf[NGX_AI_OPENAI_WORD_MAX];
    ngx_str_t  text;

    ngx_ai_tree_text(tree, node, &text);

    if (node->escaped
        && ngx_ai_text_decode(text.data, text.len, buf, sizeof(buf), &text)
           != NGX_OK)
    {
        return NULL;
    }

    for ( /* void */ ; words->word.len; words++) {

        if (words->word.len == text.len
            && ngx_memcmp(words->word.data, text.data, text.len) == 0)
        {
            return words;
        }
    }

    return NULL;
}


ngx_int_t
ngx_ai_openai_no_memory(ngx_ai_walk_t *w)
{
    return ngx_ai_walk_fail(w, NULL, "no memory");
}
