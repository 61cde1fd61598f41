
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_DIGEST_H_INCLUDED_
#define _NGX_AI_DIGEST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/sha.h>


#define NGX_AI_SHA256_LEN  32


typedef SHA256_CTX  ngx_ai_sha256_t;


/* SHA-256 of len bytes; cannot fail; data may be NULL when len is 0 */
void ngx_ai_sha256(const u_char *data, size_t len,
    u_char out[NGX_AI_SHA256_LEN]);

/* the same of bytes that come in pieces */
void ngx_ai_sha256_init(ngx_ai_sha256_t *s);
void ngx_ai_sha256_update(ngx_ai_sha256_t *s, const u_char *data, size_t len);
void ngx_ai_sha256_final(ngx_ai_sha256_t *s, u_char out[NGX_AI_SHA256_LEN]);

/*
 * HMAC-SHA-256.  NGX_ERROR for an empty key (a signature that anybody could
 * make), for one over 2 GB and when OpenSSL has no memory; out then holds
 * nothing to rely on.
 */
ngx_int_t ngx_ai_hmac_sha256(const u_char *key, size_t key_len,
    const u_char *data, size_t len, u_char out[NGX_AI_SHA256_LEN]);

/* writes 2 * len lower-case digits, returns the end; dst is not src */
u_char *ngx_ai_hex(u_char *dst, const u_char *src, size_t len);

/*
 * Reads hex_len digits of either case into hex_len / 2 bytes.  NGX_ERROR for
 * an odd number of digits or for anything else than a digit; the bytes
 * before it may have been written.  dst may be src.
 */
ngx_int_t ngx_ai_unhex(u_char *dst, const u_char *src, size_t hex_len);

/* 1 when the len bytes are equal, in a time that depends on len only */
ngx_uint_t ngx_ai_equal(const u_char *a, const u_char *b, size_t len);


#endif /* _NGX_AI_DIGEST_H_INCLUDED_ */
