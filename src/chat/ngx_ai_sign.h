
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_SIGN_H_INCLUDED_
#define _NGX_AI_SIGN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Some providers sign their thoughts and calls, and want the signature back
 * with the next turn.  A client of another dialect carries it in a field of
 * its own that is opaque to it, wrapped so that it is known for what it is:
 *
 *     aigw.4.CqQBAdHtim8...              where there is a field for signatures
 *     call_a1b2~aigw.4.CqQBAdHtim8...    in the id of a call, where there is
 *                                        none
 *
 * 4 is the dialect that it comes from.  No target gets a wrapped signature,
 * and none gets one of another dialect.
 *
 * Signatures are base64 of one kind or the other, and short enough to be
 * repeated: one of more than NGX_AI_SIGN_MAX bytes is not carried in an id.
 */

#define NGX_AI_SIGN_MAX  8192


/* the wrapped signature, from the pool; NGX_OK, or NGX_ERROR without memory */
ngx_int_t ngx_ai_signature_wrap(ngx_pool_t *pool, ngx_uint_t origin,
    const ngx_str_t *signature, ngx_str_t *wrapped);

/*
 * NGX_OK: it was wrapped, and "origin" and "signature" are what was in it;
 * NGX_DECLINED: it was not, and is the client's own dialect's.  The two
 * strings may be the same.
 */
ngx_int_t ngx_ai_signature_unwrap(const ngx_str_t *wrapped,
    ngx_uint_t *origin, ngx_str_t *signature);

/* the same for an id; a signature that is too long is left out of it */
ngx_int_t ngx_ai_id_join(ngx_pool_t *pool, const ngx_str_t *id,
    ngx_uint_t origin, const ngx_str_t *signature, ngx_str_t *joined);
ngx_int_t ngx_ai_id_split(const ngx_str_t *joined, ngx_str_t *id,
    ngx_uint_t *origin, ngx_str_t *signature);

/*
 * An id that a target accepts: itself, if it has at most "max" characters
 * of [A-Za-z0-9] and of "more"; otherwise one of "len" characters of
 * [A-Za-z0-9] made from it, always the same for the same id.
 */
ngx_int_t ngx_ai_id_fit(ngx_pool_t *pool, const ngx_str_t *id, size_t max,
    const char *more, size_t len, ngx_str_t *fit);


#endif /* _NGX_AI_SIGN_H_INCLUDED_ */
