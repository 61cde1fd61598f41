
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"
#include "ngx_ai_responses_state.h"


ngx_int_t
ngx_ai_responses_state_write(const ngx_ai_chat_t *chat,
    const ngx_ai_answer_t *answer, const ngx_str_t *output,
    ngx_ai_buf_t *out)
{
    ngx_uint_t                 i;
    ngx_ai_message_t          *message;
    ngx_ai_alternative_t      *alternative;
    ngx_ai_json_writer_t       w;
    ngx_ai_responses_items_t   items;

    ngx_ai_json_writer_init(&w, out);
    ngx_memzero(&items, sizeof(ngx_ai_responses_items_t));

    items.w = &w;
    items.pool = chat->pool;
    items.reader = NGX_AI_RESPONSES_STORE;
    items.chat = chat;
    items.signs = 1;

    ngx_ai_json_write_array(&w);

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {

        if (i || !ngx_ai_responses_instructs(chat)) {
            ngx_ai_responses_write_message(&items, &message[i]);
        }
    }

    if (answer != NULL && answer->alternatives.nelts) {
        alternative = answer->alternatives.elts;
        items.pool = answer->pool;

        ngx_ai_responses_write_parts(&items, &alternative->parts,
                                     NGX_AI_ROLE_ASSISTANT);

    } else if (output != NULL && output->len) {
        ngx_ai_json_write_raw(&w, output);
    }

    ngx_ai_json_write_end(&w);

    return w.rc;
}


void
ngx_ai_responses_state_output(const void *sink, ngx_str_t *output)
{
    const ngx_ai_responses_sink_t *s = sink;

    ngx_str_null(output);

    if (s->kept != NULL) {
        output->data = s->kept->items.start;
        output->len = ngx_ai_buf_len(&s->kept->items);
    }
}


ngx_int_t
ngx_ai_responses_state_read(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    ngx_ai_chat_t *chat)
{
    ngx_uint_t         i, first;
    ngx_array_t        asked;
    ngx_ai_message_t  *message, *copy;

    if (root->type != NGX_AI_JSON_ARRAY) {
        return ngx_ai_walk_fail(w, root, "must be an array");
    }

    first = ngx_ai_responses_instructs(chat);
    asked = chat->messages;
    message = asked.elts;

    if (ngx_array_init(&chat->messages, chat->pool, asked.nelts + root->n,
                       sizeof(ngx_ai_message_t))
        != NGX_OK)
    {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    for (i = 0; i < asked.nelts; i++) {

        if (i == first
            && ngx_ai_responses_read_input(w, root, chat) != NGX_OK)
        {
            return NGX_ERROR;
        }

        copy = ngx_array_push(&chat->messages);
        if (copy == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        *copy = message[i];
    }

    if (asked.nelts == first
        && ngx_ai_responses_read_input(w, root, chat) != NGX_OK)
    {
        return NGX_ERROR;
    }

    chat->fields &= ~ngx_ai_field(PREVIOUS);

    if (ngx_ai_chat_complete(chat) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return NGX_OK;
}
