
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_BODY_H_INCLUDED_
#define _NGX_HTTP_AI_BODY_H_INCLUDED_


#include "ngx_http_ai.h"
#include "ngx_ai_digest.h"


/*
 * Makes ctx->body of the body that nginx has read: its pieces are all of it,
 * in memory or mapped until ngx_http_ai_body_close().  With "whole" there is
 * one piece.
 */
ngx_int_t ngx_http_ai_body_open(ngx_http_ai_ctx_t *ctx, ngx_uint_t whole);
void ngx_http_ai_body_close(ngx_http_ai_ctx_t *ctx);

/*
 * The body with n edits, as new buffers on the same memory or file, appended
 * to *last; can be called for each attempt.  *length is what it comes to.
 */
ngx_int_t ngx_http_ai_body_chain(ngx_http_ai_ctx_t *ctx, ngx_ai_edit_t *edits,
    ngx_uint_t n, ngx_chain_t ***last);

/* the same for a body that was written anew */
ngx_int_t ngx_http_ai_body_text(ngx_http_ai_ctx_t *ctx, ngx_str_t *text,
    ngx_chain_t ***last);

/* the SHA-256 of what is in these buffers, of memory or of the file */
ngx_int_t ngx_http_ai_body_digest(ngx_http_ai_ctx_t *ctx, ngx_chain_t *in,
    u_char digest[NGX_AI_SHA256_LEN]);

/* by how much the edits change the length */
off_t ngx_http_ai_body_growth(ngx_ai_edit_t *edits, ngx_uint_t n);


#endif /* _NGX_HTTP_AI_BODY_H_INCLUDED_ */
