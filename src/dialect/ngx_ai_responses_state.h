
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_RESPONSES_STATE_H_INCLUDED_
#define _NGX_AI_RESPONSES_STATE_H_INCLUDED_


/*
 * Responses that are kept, for targets that keep none.  What is kept is all
 * that was said so far, as a JSON array of items, so that one lookup of
 * "previous_response_id" is enough:
 *
 *     previous     [ item, item, ... ]   kept under the id of the last one
 *     request       "input": ...         added, and written for the target
 *     response      "output": [ ... ]    added, and kept under its own id
 *
 * "instructions" are of one request only, and not in it.
 *
 * Reasoning goes back to the model that made it by its encrypted_content,
 * which clients get when they ask for it.  Who keeps an exchange sets
 * chat->store to 1 before the answer is written: then it is there.
 */


#include "ngx_ai_dialect.h"


/*
 * Writes the array: all messages of the chat, and behind them the answer, or
 * if that is NULL the items of a stream.  NGX_OK, or what the buffer says.
 */
ngx_int_t ngx_ai_responses_state_write(const ngx_ai_chat_t *chat,
    const ngx_ai_answer_t *answer, const ngx_str_t *output,
    ngx_ai_buf_t *out);

/*
 * The items of a stream in this dialect that has ended, from its sink; they
 * are there as long as the sink's pool.
 */
void ngx_ai_responses_state_output(const void *sink, ngx_str_t *output);

/*
 * Puts what was kept before the messages of a chat that has been read, behind
 * its instructions.  The text of w->tree must outlive the chat.  The field
 * PREVIOUS is no more; chat->previous stays, to be told to the client.
 *
 * NGX_OK, or NGX_ERROR with the walk's fault.
 */
ngx_int_t ngx_ai_responses_state_read(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, ngx_ai_chat_t *chat);


#endif /* _NGX_AI_RESPONSES_STATE_H_INCLUDED_ */
