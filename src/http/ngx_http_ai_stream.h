
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_STREAM_H_INCLUDED_
#define _NGX_HTTP_AI_STREAM_H_INCLUDED_


#include "ngx_http_ai.h"


/* a chunk with something for the client has passed */
void ngx_http_ai_stream_count(ngx_http_ai_ctx_t *ctx);

/* nginx ends the upstream when what is under way to the client is sent */
void ngx_http_ai_stream_broken(ngx_http_ai_ctx_t *ctx, ngx_uint_t fault);

/*
 * A finish reason will do where the framing tells the end; a connection that
 * is just closed needs the terminator, if the vendor has one.
 */
ngx_uint_t ngx_http_ai_stream_ended(ngx_http_ai_ctx_t *ctx);


/*
 * ngx_http_ai_retell.c: a stream whose client speaks another dialect begins,
 * its bytes, and its end.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_ai_retell_begin(ngx_http_ai_ctx_t *ctx);
ngx_int_t ngx_http_ai_retell(ngx_http_ai_ctx_t *ctx, u_char *p, u_char *last);
ngx_int_t ngx_http_ai_retell_end(ngx_http_ai_ctx_t *ctx);


#endif /* _NGX_HTTP_AI_STREAM_H_INCLUDED_ */
