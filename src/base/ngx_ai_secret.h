
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_SECRET_H_INCLUDED_
#define _NGX_AI_SECRET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * A provider's key, or any other value that must not reach a log line, a
 * variable or a response.  It has no ngx_str_t of its bytes and no visible
 * fields; "%V" on it prints its tag.  The bytes leave it in one place only,
 * ngx_ai_secret_copy(), so that a search for that name shows every use.
 *
 * It lives and dies with its pool: the bytes are wiped when the pool goes.
 * The value it was made from stays with the caller, who wipes it.
 */

typedef struct ngx_ai_secret_s  ngx_ai_secret_t;


/*
 * Takes the value without one line end behind it and without blanks around
 * it.  NULL for an empty value, one with control characters, one that is
 * plainly a placeholder ("changeme", "your-api-key", "sk-xxx", "${KEY}") and
 * when there is no memory; *reason then says which, without the value.
 */
ngx_ai_secret_t *ngx_ai_secret_create(ngx_pool_t *pool, ngx_str_t *value,
    const char **reason);

/* the number of bytes that ngx_ai_secret_copy() writes, at least 1 */
size_t ngx_ai_secret_len(ngx_ai_secret_t *s);

/* writes the bytes, returns their end */
u_char *ngx_ai_secret_copy(u_char *dst, ngx_ai_secret_t *s);

/* 1 when the bytes are somewhere in the text: a provider's reply, an error */
ngx_uint_t ngx_ai_secret_in(ngx_ai_secret_t *s, ngx_str_t *text);

/* the first 8 hexadecimal digits of the SHA-256 of the bytes, for logs */
ngx_str_t *ngx_ai_secret_tag(ngx_ai_secret_t *s);


#endif /* _NGX_AI_SECRET_H_INCLUDED_ */
