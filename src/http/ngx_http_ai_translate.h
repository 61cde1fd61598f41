
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_TRANSLATE_H_INCLUDED_
#define _NGX_HTTP_AI_TRANSLATE_H_INCLUDED_


#include "ngx_http_ai.h"


/*
 * A request whose target speaks another dialect than the client.  The request
 * is read into the hub once and written for each attempt; a reply goes the
 * other way.  When both speak the same, nothing of this is called.
 */


/*
 * NGX_OK when the provider can serve the request, in ctx->wire;
 * NGX_DECLINED when it has no words for it.
 */
ngx_int_t ngx_http_ai_translate_find(ngx_http_ai_ctx_t *ctx,
    ngx_http_ai_provider_t *provider);

/*
 * Writes the request of an attempt; "body" stays until the next call.  NGX_OK,
 * or the status of an error that has been made.
 */
ngx_int_t ngx_http_ai_translate_ask(ngx_http_ai_ctx_t *ctx,
    const ngx_ai_aim_t *aim, ngx_str_t *body);

/*
 * A whole reply: what the client gets is left in ctx->held.  NGX_OK,
 * NGX_DECLINED when the reply is not what it should be, NGX_ERROR without
 * memory.
 */
ngx_int_t ngx_http_ai_translate_answer(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *body);

/*
 * A stream begins, is told of its next event or that there is none yet, and
 * ends; as of the flow.
 */
ngx_int_t ngx_http_ai_translate_begin(ngx_http_ai_ctx_t *ctx);
ngx_int_t ngx_http_ai_translate_event(ngx_http_ai_ctx_t *ctx,
    ngx_ai_sse_event_t *ev);
ngx_int_t ngx_http_ai_translate_ping(ngx_http_ai_ctx_t *ctx);
ngx_int_t ngx_http_ai_translate_end(ngx_http_ai_ctx_t *ctx);

/* ctx->error as the last events of the stream */
ngx_int_t ngx_http_ai_translate_error(ngx_http_ai_ctx_t *ctx,
    ngx_ai_buf_t *out);

/* 1 when the last event had something for the client */
ngx_uint_t ngx_http_ai_translate_content(ngx_http_ai_ctx_t *ctx);

/* the names of what the target was not told, "logprobs, seed"; may be empty */
ngx_int_t ngx_http_ai_translate_dropped(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *names);

void ngx_http_ai_translate_free(ngx_http_ai_ctx_t *ctx);


/* once in the life of a worker */
ngx_int_t ngx_http_ai_desk_init(ngx_http_ai_desk_t *desk, ngx_log_t *log);
void ngx_http_ai_desk_free(ngx_http_ai_desk_t *desk);


#endif /* _NGX_HTTP_AI_TRANSLATE_H_INCLUDED_ */
