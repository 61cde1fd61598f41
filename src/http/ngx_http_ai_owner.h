
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_OWNER_H_INCLUDED_
#define _NGX_HTTP_AI_OWNER_H_INCLUDED_


#include "ngx_http_ai.h"


/*
 * What lasts is its maker's.  The id of what a request makes is noted with
 * its provider and key as soon as the reply says it, before the client gets
 * a byte of it; a request that names the id goes to that provider, and only
 * that key may name it.
 *
 *     an id of this key        to its provider
 *     an id of another key     refused, and no provider is called
 *     an id that is not known  where it would go without an id
 *
 * The last is the price of not keeping a database: what has been pushed out
 * of the zone, or was made before the zone, is nobody's.  Neither are the
 * results that a provider makes later on its own, as the output of a batch,
 * nor ids that stand anywhere but in the path and in the members that
 * ngx_ai_ask_t has.
 */


/*
 * Sets ctx->owner, the provider of what the request names, if that is known.
 * NGX_OK, or the status of the error that was made.
 */
ngx_int_t ngx_http_ai_owner_find(ngx_http_ai_ctx_t *ctx);

/*
 * Notes what the good reply, as far as it is read, says was made, or forgets
 * what it says was deleted; the first call that knows does it.
 */
void ngx_http_ai_owner_note(ngx_http_ai_ctx_t *ctx);


#endif /* _NGX_HTTP_AI_OWNER_H_INCLUDED_ */
