
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_FRAME_H_INCLUDED_
#define _NGX_HTTP_AI_FRAME_H_INCLUDED_


#include "ngx_http_ai.h"


/*
 * Takes HTTP's framing off the bytes of an upstream's reply, in place: what
 * is left begins at "start" and ends at *end.  NGX_ERROR: the framing is
 * broken.  ctx->head.frame.done says that the body is complete.
 */
ngx_int_t ngx_http_ai_unframe(ngx_http_ai_ctx_t *ctx, u_char *start,
    u_char *last, u_char **end);

/*
 * To be called when the head is there.  A body that ends with the connection
 * makes nginx's upstream see an error where there is an end; from here on
 * the end is a byte more, which ngx_http_ai_unframe() takes off.
 */
void ngx_http_ai_frame_begin(ngx_http_ai_ctx_t *ctx);


#endif /* _NGX_HTTP_AI_FRAME_H_INCLUDED_ */
