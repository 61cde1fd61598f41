
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_OWNERS_H_INCLUDED_
#define _NGX_HTTP_AI_OWNERS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Who made what lasts: a response, a file, a batch, a video, a job.  It is
 * at one provider, and it is one virtual key's; a later call knows no more
 * of it than its id.
 *
 *     buckets[id] -> entry -> entry           id, key and provider as digests
 *                      |        |
 *     queue      <-----+--------+------>      by the time of the last use
 *
 * The number of entries is bounded by a share of the zone.  When there is no
 * room for another one, the one that was not used for the longest time goes.
 * An id that is not here is not known to be anybody's: it may have been
 * pushed out, or be older than the zone, or than this gateway.
 *
 * The mutex of the zone is held for a look-up and a few stores.  A worker
 * that dies in there leaves a bucket as it was or as it should become, as
 * these are changed by one store of an entry that is complete; the queue,
 * which takes several, is made anew by whoever comes next, and what the
 * worker was about to link or to free is lost to the zone: 64 bytes.  (The
 * slab allocator is nginx's own; once the share is used up it is not called.)
 */


#define NGX_HTTP_AI_OWNERS_ID     16
#define NGX_HTTP_AI_OWNERS_NAME   8

/* the id is known, and it is another key's */
#define NGX_HTTP_AI_OWNERS_OTHER  NGX_ABORT


/* in the zone */

typedef struct ngx_http_ai_owner_s  ngx_http_ai_owner_t;

struct ngx_http_ai_owner_s {
    ngx_http_ai_owner_t      *next;          /* in the bucket */
    ngx_queue_t               queue;
    u_char                    id[NGX_HTTP_AI_OWNERS_ID];
    u_char                    provider[NGX_HTTP_AI_OWNERS_NAME];
    u_char                    key[NGX_HTTP_AI_OWNERS_NAME];   /* or zeros */
    time_t                    used;
};


typedef struct {
    ngx_http_ai_owner_t     **buckets;
    ngx_uint_t                mask;          /* of the hash */
    ngx_uint_t                max;
    ngx_uint_t                n;
    ngx_queue_t               queue;         /* the last one is the oldest */
    ngx_uint_t                changing;
} ngx_http_ai_owners_sh_t;


/* in the cycle, part of ngx_http_ai_zone_t */

typedef struct {
    ngx_http_ai_owners_sh_t  *sh;
    ngx_slab_pool_t          *shpool;
} ngx_http_ai_owners_t;


/* room for as many as "size" bytes hold; NULL without memory */
ngx_http_ai_owners_sh_t *ngx_http_ai_owners_create(ngx_slab_pool_t *shpool,
    size_t size);

/*
 * The provider made it for the key, whose id is empty or NULL where there
 * are no keys.  What was noted under that id before is forgotten: a provider
 * that counts its ids from 1 again is right.  NGX_ERROR without memory.
 */
ngx_int_t ngx_http_ai_owners_note(ngx_http_ai_owners_t *o,
    const ngx_str_t *id, const ngx_str_t *provider, const ngx_str_t *key,
    time_t now);

/*
 *   NGX_OK                    it is this key's; "provider" is filled, for
 *                             ngx_http_ai_owners_is()
 *   NGX_HTTP_AI_OWNERS_OTHER  it is another key's
 *   NGX_DECLINED              it is not known
 */
ngx_int_t ngx_http_ai_owners_find(ngx_http_ai_owners_t *o,
    const ngx_str_t *id, const ngx_str_t *key, time_t now,
    u_char provider[NGX_HTTP_AI_OWNERS_NAME]);

void ngx_http_ai_owners_forget(ngx_http_ai_owners_t *o, const ngx_str_t *id);

/* 1 when it is the provider of that name */
ngx_uint_t ngx_http_ai_owners_is(
    const u_char provider[NGX_HTTP_AI_OWNERS_NAME], const ngx_str_t *name);


#endif /* _NGX_HTTP_AI_OWNERS_H_INCLUDED_ */
