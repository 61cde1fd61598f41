
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_KEPT_H_INCLUDED_
#define _NGX_HTTP_AI_KEPT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Texts that are kept for a while, each under an id and for one key.
 *
 *     buckets[id] -> entry -> entry           id and key as digests
 *                      |        |
 *     queue      <-----+--------+------>      by the time of the last use
 *                      |
 *                      +-> piece -> piece     of a page at most, so that
 *                                             there is no looking for room
 *                                             in one piece
 *
 * All together take no more than a share of the zone, one of them no more
 * than a sixteenth of it; what was not used for the longest time goes first.
 * What has expired is as good as gone, and goes when it is come upon.
 *
 * The mutex of the zone is held while a text is copied.  A worker that dies
 * in there leaves a bucket as it was or as it should become; the queue and
 * the sums are made anew by whoever comes next.  What is on its way in or out
 * has a place of its own until its pieces are all there or all gone, so that
 * it is taken down then: a piece at most is lost to the zone.  (The slab
 * allocator is nginx's own, and as safe as it is.)
 */


#define NGX_HTTP_AI_KEPT_ID     16
#define NGX_HTTP_AI_KEPT_KEY    16

#define NGX_HTTP_AI_KEPT_PIECE  4096
#define NGX_HTTP_AI_KEPT_MAX    (1024 * 1024)


/* in the zone */

typedef struct ngx_http_ai_piece_s  ngx_http_ai_piece_t;
typedef struct ngx_http_ai_kept_entry_s  ngx_http_ai_kept_entry_t;

struct ngx_http_ai_piece_s {
    ngx_http_ai_piece_t        *next;
};


struct ngx_http_ai_kept_entry_s {
    ngx_http_ai_kept_entry_t   *next;        /* in the bucket */
    ngx_queue_t                 queue;
    ngx_http_ai_piece_t        *pieces;
    size_t                      len;
    time_t                      expires;
    u_char                      id[NGX_HTTP_AI_KEPT_ID];
    u_char                      key[NGX_HTTP_AI_KEPT_KEY];    /* or zeros */
};


typedef struct {
    ngx_http_ai_kept_entry_t  **buckets;
    ngx_uint_t                  mask;        /* of the hash */
    size_t                      max;
    size_t                      used;        /* as the allocator rounds */
    ngx_uint_t                  n;
    ngx_queue_t                 queue;       /* the last one is the oldest */
    ngx_http_ai_kept_entry_t   *making;      /* not in its bucket yet */
    ngx_http_ai_kept_entry_t   *freeing;     /* or no longer */
    ngx_uint_t                  changing;
} ngx_http_ai_kept_sh_t;


/* in the cycle, part of ngx_http_ai_zone_t */

typedef struct {
    ngx_http_ai_kept_sh_t      *sh;
    ngx_slab_pool_t            *shpool;
} ngx_http_ai_keep_t;


/* "size" is the share; NULL without memory */
ngx_http_ai_kept_sh_t *ngx_http_ai_kept_create(ngx_slab_pool_t *shpool,
    size_t size);

/* the longest text that can be kept */
size_t ngx_http_ai_kept_max(const ngx_http_ai_keep_t *k);

/*
 * Keeps the text for "keep" seconds, for the key, whose id is empty or NULL
 * where there are no keys.  What was kept under that id before is gone.
 * NGX_OK; NGX_DECLINED: the text is too long; NGX_ERROR without memory.
 */
ngx_int_t ngx_http_ai_kept_put(ngx_http_ai_keep_t *k, const ngx_str_t *id,
    const ngx_str_t *key, const ngx_str_t *text, time_t now, time_t keep);

/*
 * The text, from the pool; only whether it is there if "text" is NULL.
 * NGX_OK; NGX_DECLINED: there is none, or it is another key's; NGX_ERROR
 * without memory.
 */
ngx_int_t ngx_http_ai_kept_get(ngx_http_ai_keep_t *k, const ngx_str_t *id,
    const ngx_str_t *key, time_t now, ngx_pool_t *pool, ngx_str_t *text);

/* NGX_OK: it was this key's and is gone; NGX_DECLINED as above */
ngx_int_t ngx_http_ai_kept_forget(ngx_http_ai_keep_t *k, const ngx_str_t *id,
    const ngx_str_t *key, time_t now);


#endif /* _NGX_HTTP_AI_KEPT_H_INCLUDED_ */
