
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_owners.h"
#include "ngx_ai_digest.h"


/* of memory for each bucket: there are about as many as entries */
#define NGX_HTTP_AI_OWNERS_BUCKET  96


static void ngx_http_ai_owners_lock(ngx_http_ai_owners_t *o);
static void ngx_http_ai_owners_unlock(ngx_http_ai_owners_t *o);
static void ngx_http_ai_owners_repair(ngx_http_ai_owners_sh_t *sh);
static ngx_http_ai_owner_t **ngx_http_ai_owners_bucket(
    ngx_http_ai_owners_sh_t *sh, const u_char *id);
static ngx_http_ai_owner_t **ngx_http_ai_owners_link(
    ngx_http_ai_owners_sh_t *sh, const u_char *id);
static ngx_http_ai_owner_t *ngx_http_ai_owners_take(ngx_http_ai_owners_t *o,
    const u_char *id);
static void ngx_http_ai_owners_unlink(ngx_http_ai_owners_sh_t *sh,
    ngx_http_ai_owner_t **link);
static void ngx_http_ai_owners_digest(u_char *dst, size_t len,
    const ngx_str_t *text);


ngx_http_ai_owners_sh_t *
ngx_http_ai_owners_create(ngx_slab_pool_t *shpool, size_t size)
{
    ngx_uint_t                n;
    ngx_http_ai_owners_sh_t  *sh;

    for (n = 1; n < size / NGX_HTTP_AI_OWNERS_BUCKET; n *= 2) { /* void */ }

    sh = ngx_slab_calloc(shpool, sizeof(ngx_http_ai_owners_sh_t));
    if (sh == NULL) {
        return NULL;
    }

    sh->buckets = ngx_slab_calloc(shpool, n * sizeof(ngx_http_ai_owner_t *));
    if (sh->buckets == NULL) {
        return NULL;
    }

    sh->mask = n - 1;
    sh->max = (size - n * sizeof(ngx_http_ai_owner_t *))
              / sizeof(ngx_http_ai_owner_t);

    ngx_queue_init(&sh->queue);

    return sh;
}


ngx_int_t
ngx_http_ai_owners_note(ngx_http_ai_owners_t *o, const ngx_str_t *id,
    const ngx_str_t *provider, const ngx_str_t *key, time_t now)
{
    ngx_http_ai_owner_t  *e, **bucket, owner;

    ngx_http_ai_owners_digest(owner.id, NGX_HTTP_AI_OWNERS_ID, id);
    ngx_http_ai_owners_digest(owner.provider, NGX_HTTP_AI_OWNERS_NAME,
                              provider);
    ngx_http_ai_owners_digest(owner.key, NGX_HTTP_AI_OWNERS_NAME, key);
    owner.used = now;

    ngx_http_ai_owners_lock(o);

    e = ngx_http_ai_owners_take(o, owner.id);

    if (e == NULL) {
        ngx_http_ai_owners_unlock(o);
        return NGX_ERROR;
    }

    bucket = ngx_http_ai_owners_bucket(o->sh, owner.id);

    owner.next = *bucket;
    *e = owner;

    ngx_memory_barrier();

    *bucket = e;

    ngx_queue_insert_head(&o->sh->queue, &e->queue);
    o->sh->n++;

    ngx_http_ai_owners_unlock(o);

    return NGX_OK;
}


/* an entry that is in no bucket and in no queue; none is left with the id */

static ngx_http_ai_owner_t *
ngx_http_ai_owners_take(ngx_http_ai_owners_t *o, const u_char *id)
{
    ngx_queue_t              *q;
    ngx_http_ai_owner_t      *e, **link;
    ngx_http_ai_owners_sh_t  *sh;

    sh = o->sh;

    link = ngx_http_ai_owners_link(sh, id);

    if (*link == NULL) {

        if (sh->n < sh->max) {
            e = ngx_slab_alloc_locked(o->shpool, sizeof(ngx_http_ai_owner_t));
            if (e != NULL) {
                return e;
            }
        }

        if (ngx_queue_empty(&sh->queue)) {
            return NULL;
        }

        q = ngx_queue_last(&sh->queue);
        e = ngx_queue_data(q, ngx_http_ai_owner_t, queue);

        link = ngx_http_ai_owners_link(sh, e->id);
    }

    e = *link;
    ngx_http_ai_owners_unlink(sh, link);

    return e;
}


ngx_int_t
ngx_http_ai_owners_find(ngx_http_ai_owners_t *o, const ngx_str_t *id,
    const ngx_str_t *key, time_t now,
    u_char provider[NGX_HTTP_AI_OWNERS_NAME])
{
    ngx_int_t             rc;
    ngx_http_ai_owner_t  *e, owner;

    ngx_http_ai_owners_digest(owner.id, NGX_HTTP_AI_OWNERS_ID, id);
    ngx_http_ai_owners_digest(owner.key, NGX_HTTP_AI_OWNERS_NAME, key);

    ngx_http_ai_owners_lock(o);

    e = *ngx_http_ai_owners_link(o->sh, owner.id);

    if (e == NULL) {
        rc = NGX_DECLINED;

    } else if (ngx_memcmp(e->key, owner.key, NGX_HTTP_AI_OWNERS_NAME) != 0) {
        rc = NGX_HTTP_AI_OWNERS_OTHER;

    } else {
        ngx_memcpy(provider, e->provider, NGX_HTTP_AI_OWNERS_NAME);

        /* once a second is often enough */

        if (e->used != now) {
            e->used = now;
            ngx_queue_remove(&e->queue);
            ngx_queue_insert_head(&o->sh->queue, &e->queue);
        }

        rc = NGX_OK;
    }

    ngx_http_ai_owners_unlock(o);

    return rc;
}


void
ngx_http_ai_owners_forget(ngx_http_ai_owners_t *o, const ngx_str_t *id)
{
    u_char                digest[NGX_HTTP_AI_OWNERS_ID];
    ngx_http_ai_owner_t  *e, **link;

    ngx_http_ai_owners_digest(digest, NGX_HTTP_AI_OWNERS_ID, id);

    ngx_http_ai_owners_lock(o);

    link = ngx_http_ai_owners_link(o->sh, digest);
    e = *link;

    if (e != NULL) {
        ngx_http_ai_owners_unlink(o->sh, link);
        ngx_slab_free_locked(o->shpool, e);
    }

    ngx_http_ai_owners_unlock(o);
}


ngx_uint_t
ngx_http_ai_owners_is(const u_char provider[NGX_HTTP_AI_OWNERS_NAME],
    const ngx_str_t *name)
{
    u_char  digest[NGX_HTTP_AI_OWNERS_NAME];

    ngx_http_ai_owners_digest(digest, NGX_HTTP_AI_OWNERS_NAME, name);

    return ngx_memcmp(provider, digest, NGX_HTTP_AI_OWNERS_NAME) == 0;
}


static void
ngx_http_ai_owners_lock(ngx_http_ai_owners_t *o)
{
    ngx_shmtx_lock(&o->shpool->mutex);

    if (o->sh->changing) {

        /* who held the mutex has died with it */

        ngx_http_ai_owners_repair(o->sh);
    }

    o->sh->changing = 1;

    ngx_memory_barrier();
}


static void
ngx_http_ai_owners_unlock(ngx_http_ai_owners_t *o)
{
    ngx_memory_barrier();

    o->sh->changing = 0;

    ngx_shmtx_unlock(&o->shpool->mutex);
}


/* the order is lost; uses from now on bring it back */

static void
ngx_http_ai_owners_repair(ngx_http_ai_owners_sh_t *sh)
{
    ngx_uint_t            i;
    ngx_http_ai_owner_t  *e;

    sh->n = 0;
    ngx_queue_init(&sh->queue);

    for (i = 0; i <= sh->mask; i++) {

        for (e = sh->buckets[i]; e != NULL; e = e->next) {
            ngx_queue_insert_head(&sh->queue, &e->queue);
            sh->n++;
        }
    }
}


static ngx_http_ai_owner_t **
ngx_http_ai_owners_bucket(ngx_http_ai_owners_sh_t *sh, const u_char *id)
{
    uint32_t  hash;

    ngx_memcpy(&hash, id, sizeof(uint32_t));

    return &sh->buckets[hash & sh->mask];
}


/* what points to the entry of the id, or the end of its bucket */

static ngx_http_ai_owner_t **
ngx_http_ai_owners_link(ngx_http_ai_owners_sh_t *sh, const u_char *id)
{
    ngx_http_ai_owner_t  **link;

    link = ngx_http_ai_owners_bucket(sh, id);

    while (*link != NULL
           && ngx_memcmp((*link)->id, id, NGX_HTTP_AI_OWNERS_ID) != 0)
    {
        link = &(*link)->next;
    }

    return link;
}


static void
ngx_http_ai_owners_unlink(ngx_http_ai_owners_sh_t *sh,
    ngx_http_ai_owner_t **link)
{
    ngx_http_ai_owner_t  *e;

    e = *link;
    *link = e->next;

    ngx_memory_barrier();

    ngx_queue_remove(&e->queue);
    sh->n--;
}


static void
ngx_http_ai_owners_digest(u_char *dst, size_t len, const ngx_str_t *text)
{
    u_char  digest[NGX_AI_SHA256_LEN];

    if (text == NULL || text->len == 0) {
        ngx_memzero(dst, len);
        return;
    }

    ngx_ai_sha256(text->data, text->len, digest);
    ngx_memcpy(dst, digest, len);
}
