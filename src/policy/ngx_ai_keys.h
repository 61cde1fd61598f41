
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_KEYS_H_INCLUDED_
#define _NGX_AI_KEYS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_digest.h"


/*
 * The virtual keys of "ai_keys":
 *
 *     { "keys": [
 *         { "id": "search-prod", "sha256": "<64 hex digits>",
 *           "owner": "...", "group": "...", "project": "...",
 *           "tenant": "...", "plan": "...", "role": "...",
 *           "expires": "2027-01-01T00:00:00Z", "disabled": false,
 *           "allow": ["gpt-4o-mini", "gemini-*"] } ] }
 *
 * "id" and "sha256" are required.  The digest is of the key as the client
 * sends it; the keys themselves are nowhere.
 */

typedef struct ngx_ai_keys_s  ngx_ai_keys_t;


typedef struct {
    ngx_str_t         id;
    ngx_str_t         owner;
    ngx_str_t         group;
    ngx_str_t         project;
    ngx_str_t         tenant;
    ngx_str_t         plan;
    ngx_str_t         role;
    ngx_str_t        *allow;       /* patterns of models */
    ngx_uint_t        nallow;      /* 0: every model */
    time_t            expires;     /* the first second without it; 0: never */
    ngx_uint_t        disabled;
    u_char            sha256[NGX_AI_SHA256_LEN];
} ngx_ai_key_t;


typedef enum {
    NGX_AI_KEY_OK = 0,
    NGX_AI_KEY_UNKNOWN,
    NGX_AI_KEY_DISABLED,
    NGX_AI_KEY_EXPIRED
} ngx_ai_key_e;


/* where and why a file was refused; both texts are in the pool */

typedef struct {
    ngx_uint_t        line;
    ngx_str_t         path;        /* "keys[3].sha256"; empty: the file */
    ngx_str_t         reason;      /* a sentence without its full stop */
} ngx_ai_keys_error_t;


/* more of a presented key is not looked at: none of ours is as long */
#define NGX_AI_KEY_MAX  512


/*
 * The table of a whole file, which may be freed afterwards: everything is
 * copied to the pool.  NULL and the error when the file can't be right, with
 * an empty reason when there is no memory.
 */
ngx_ai_keys_t *ngx_ai_keys_parse(ngx_pool_t *pool, const ngx_str_t *text,
    ngx_ai_keys_error_t *error);

/*
 * The same piece by piece: a table for "max" keys, and a key for it, whose
 * memory must live as long.  NGX_DECLINED when the table is full.  That no
 * other key has its digest is the caller's to check.
 */
ngx_ai_keys_t *ngx_ai_keys_create(ngx_pool_t *pool, ngx_uint_t max);
ngx_int_t ngx_ai_keys_add(ngx_ai_keys_t *keys, ngx_ai_key_t *key);

/* the key of a digest, or NULL; the time depends on neither */
const ngx_ai_key_t *ngx_ai_keys_find(const ngx_ai_keys_t *keys,
    const u_char *sha256);

/*
 * The verdict, ngx_ai_key_e, on what a client presented.  The key is set for
 * all verdicts but UNKNOWN, so that a log can name it; a client must be told
 * the same whatever the verdict.  The time it takes depends on the length
 * that was presented, not on the verdict.
 */
ngx_uint_t ngx_ai_keys_check(const ngx_ai_keys_t *keys,
    const ngx_str_t *presented, time_t now, const ngx_ai_key_t **key);

/* 1 when the key may use the model */
ngx_uint_t ngx_ai_key_allows(const ngx_ai_key_t *key, const ngx_str_t *model);

ngx_uint_t ngx_ai_keys_count(const ngx_ai_keys_t *keys);

/* the i-th key in the file's order, NULL behind the last */
const ngx_ai_key_t *ngx_ai_keys_get(const ngx_ai_keys_t *keys, ngx_uint_t i);


#endif /* _NGX_AI_KEYS_H_INCLUDED_ */
