
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_STATE_H_INCLUDED_
#define _NGX_HTTP_AI_STATE_H_INCLUDED_


#include "ngx_http_ai.h"


/*
 * Responses that go on from another one, at targets that keep none: the
 * gateway keeps what was said, for "ai_responses_keep".  Only requests that
 * are translated come here.
 */


/*
 * A request in the Responses dialect has been read: what it goes on from is
 * put before its messages, from the pool.  chat->store is 1 afterwards when
 * the answer is to be kept.  The desk's tree is used.
 *
 * NGX_OK, with the length of what was put there; or the status of an error,
 * which has been made but for 500.
 */
ngx_int_t ngx_http_ai_state_read(ngx_http_ai_ctx_t *ctx, ngx_ai_chat_t *chat,
    ngx_pool_t *pool, size_t *len);

/*
 * Keeps the exchange under the id that the client is told: with the answer,
 * or if that is NULL with what the sink of a stream that has ended has told.
 * Nothing is done where nothing is to be kept; what can't be kept is logged.
 */
void ngx_http_ai_state_keep(ngx_http_ai_ctx_t *ctx, const ngx_ai_chat_t *chat,
    const ngx_ai_answer_t *answer, const void *sink);

/*
 * A request that names a response in its path.  NGX_DECLINED: it is not one
 * of these, and the provider's to answer; else what is to be returned to
 * nginx.
 */
ngx_int_t ngx_http_ai_state_named(ngx_http_ai_ctx_t *ctx);


#endif /* _NGX_HTTP_AI_STATE_H_INCLUDED_ */
