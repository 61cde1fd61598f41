
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_kept.h"
#include "ngx_ai_digest.h"


/* of the share for each bucket: there are no more than a few in one */
#define NGX_HTTP_AI_KEPT_BUCKET  2048

/* one text may take this part of the share */
#define NGX_HTTP_AI_KEPT_PART    16

/* what has expired is looked for that often when something is kept */
#define NGX_HTTP_AI_KEPT_EXPIRE  2

#define NGX_HTTP_AI_KEPT_DATA                                                 \
    (NGX_HTTP_AI_KEPT_PIECE - sizeof(ngx_http_ai_piece_t))


static ngx_int_t ngx_http_ai_kept_make(ngx_http_ai_keep_t *k,
    ngx_http_ai_kept_entry_t *e, const ngx_str_t *text);
static void *ngx_http_ai_kept_alloc(ngx_http_ai_keep_t *k, size_t size);
static void ngx_http_ai_kept_expire(ngx_http_ai_keep_t *k, time_t now);
static ngx_uint_t ngx_http_ai_kept_drop_last(ngx_http_ai_keep_t *k);
static void ngx_http_ai_kept_drop(ngx_http_ai_keep_t *k,
    ngx_http_ai_kept_entry_t **link);
static void ngx_http_ai_kept_release(ngx_http_ai_keep_t *k,
    ngx_http_ai_kept_entry_t **place);
static size_t ngx_http_ai_kept_cost(size_t len);
static size_t ngx_http_ai_kept_slot(size_t size);
static void ngx_http_ai_kept_lock(ngx_http_ai_keep_t *k);
static void ngx_http_ai_kept_unlock(ngx_http_ai_keep_t *k);
static void ngx_http_ai_kept_repair(ngx_http_ai_keep_t *k);
static void ngx_http_ai_kept_settle(ngx_http_ai_keep_t *k,
    ngx_http_ai_kept_entry_t **place);
static ngx_http_ai_kept_entry_t **ngx_http_ai_kept_bucket(
    ngx_http_ai_kept_sh_t *sh, const u_char *id);
static ngx_http_ai_kept_entry_t **ngx_http_ai_kept_link(
    ngx_http_ai_kept_sh_t *sh, const u_char *id);
static ngx_http_ai_kept_entry_t **ngx_http_ai_kept_find(ngx_http_ai_keep_t *k,
    const ngx_http_ai_kept_entry_t *asked, time_t now);
static void ngx_http_ai_kept_name(ngx_http_ai_kept_entry_t *e,
    const ngx_str_t *id, const ngx_str_t *key);


ngx_http_ai_kept_sh_t *
ngx_http_ai_kept_create(ngx_slab_pool_t *shpool, size_t size)
{
    ngx_uint_t              n;
    ngx_http_ai_kept_sh_t  *sh;

    for (n = 1; n < size / NGX_HTTP_AI_KEPT_BUCKET; n *= 2) { /* void */ }

    sh = ngx_slab_calloc(shpool, sizeof(ngx_http_ai_kept_sh_t));
    if (sh == NULL) {
        return NULL;
    }

    sh->buckets = ngx_slab_calloc(shpool,
                                  n * sizeof(ngx_http_ai_kept_entry_t *));
    if (sh->buckets == NULL) {
        return NULL;
    }

    sh->mask = n - 1;
    sh->max = size - n * sizeof(ngx_http_ai_kept_entry_t *);

    ngx_queue_init(&sh->queue);

    return sh;
}


size_t
ngx_http_ai_kept_max(const ngx_http_ai_keep_t *k)
{
    return ngx_min(k->sh->max / NGX_HTTP_AI_KEPT_PART, NGX_HTTP_AI_KEPT_MAX);
}


ngx_int_t
ngx_http_ai_kept_put(ngx_http_ai_keep_t *k, const ngx_str_t *id,
    const ngx_str_t *key, const ngx_str_t *text, time_t now, time_t keep)
{
    size_t                      cost;
    ngx_int_t                   rc;
    ngx_http_ai_kept_sh_t      *sh;
    ngx_http_ai_kept_entry_t   *e, **link, entry;

    if (text->len > ngx_http_ai_kept_max(k)) {
        return NGX_DECLINED;
    }

    sh = k->sh;
    cost = ngx_http_ai_kept_cost(text->len);

    ngx_memzero(&entry, sizeof(ngx_http_ai_kept_entry_t));
    ngx_http_ai_kept_name(&entry, id, key);

    entry.len = text->len;
    entry.expires = now + keep;

    ngx_http_ai_kept_lock(k);

    link = ngx_http_ai_kept_link(sh, entry.id);

    if (*link != NULL) {
        ngx_http_ai_kept_drop(k, link);
    }

    ngx_http_ai_kept_expire(k, now);

    while (sh->used + cost > sh->max && ngx_http_ai_kept_drop_last(k)) {
        /* void */
    }

    rc = NGX_ERROR;
    e = ngx_http_ai_kept_alloc(k, sizeof(ngx_http_ai_kept_entry_t));

    if (e != NULL) {
        *e = entry;
        rc = ngx_http_ai_kept_make(k, e, text);
    }

    ngx_http_ai_kept_unlock(k);

    return rc;
}


/* the pieces from the last one on, then the entry where it is found */

static ngx_int_t
ngx_http_ai_kept_make(ngx_http_ai_keep_t *k, ngx_http_ai_kept_entry_t *e,
    const ngx_str_t *text)
{
    size_t                      at, len;
    ngx_http_ai_piece_t        *piece;
    ngx_http_ai_kept_sh_t      *sh;
    ngx_http_ai_kept_entry_t  **bucket;

    sh = k->sh;

    ngx_memory_barrier();

    sh->making = e;

    for (len = text->len; len; len = at) {
        at = (len - 1) / NGX_HTTP_AI_KEPT_DATA * NGX_HTTP_AI_KEPT_DATA;

        piece = ngx_http_ai_kept_alloc(k, sizeof(ngx_http_ai_piece_t)
                                          + len - at);
        if (piece == NULL) {
            ngx_http_ai_kept_release(k, &sh->making);
            return NGX_ERROR;
        }

        piece->next = e->pieces;
        ngx_memcpy(piece + 1, text->data + at, len - at);

        ngx_memory_barrier();

        e->pieces = piece;
    }

    bucket = ngx_http_ai_kept_bucket(sh, e->id);
    e->next = *bucket;

    ngx_memory_barrier();

    *bucket = e;

    ngx_memory_barrier();

    sh->making = NULL;

    ngx_queue_insert_head(&sh->queue, &e->queue);
    sh->n++;
    sh->used += ngx_http_ai_kept_cost(e->len);

    return NGX_OK;
}


ngx_int_t
ngx_http_ai_kept_get(ngx_http_ai_keep_t *k, const ngx_str_t *id,
    const ngx_str_t *key, time_t now, ngx_pool_t *pool, ngx_str_t *text)
{
    u_char                     *p;
    size_t                      n;
    ngx_int_t                   rc;
    ngx_http_ai_piece_t        *piece;
    ngx_http_ai_kept_entry_t   *e, **link, asked;

    ngx_http_ai_kept_name(&asked, id, key);

    ngx_http_ai_kept_lock(k);

    link = ngx_http_ai_kept_find(k, &asked, now);
    rc = (link != NULL) ? NGX_OK : NGX_DECLINED;

    if (link != NULL && text != NULL) {
        e = *link;

        ngx_queue_remove(&e->queue);
        ngx_queue_insert_head(&k->sh->queue, &e->queue);

        text->len = e->len;
        text->data = ngx_pnalloc(pool, e->len);

        if (text->data == NULL) {
            rc = NGX_ERROR;

        } else {
            p = text->data;

            for (piece = e->pieces; piece != NULL; piece = piece->next) {
                n = ngx_min(text->data + e->len - p,
                            (ssize_t) NGX_HTTP_AI_KEPT_DATA);
                p = ngx_cpymem(p, piece + 1, n);
            }
        }
    }

    ngx_http_ai_kept_unlock(k);

    return rc;
}


ngx_int_t
ngx_http_ai_kept_forget(ngx_http_ai_keep_t *k, const ngx_str_t *id,
    const ngx_str_t *key, time_t now)
{
    ngx_http_ai_kept_entry_t  **link, asked;

    ngx_http_ai_kept_name(&asked, id, key);

    ngx_http_ai_kept_lock(k);

    link = ngx_http_ai_kept_find(k, &asked, now);

    if (link != NULL) {
        ngx_http_ai_kept_drop(k, link);
    }

    ngx_http_ai_kept_unlock(k);

    return (link != NULL) ? NGX_OK : NGX_DECLINED;
}


/* what is not used for the longest time makes room where there is none */

static void *
ngx_http_ai_kept_alloc(ngx_http_ai_keep_t *k, size_t size)
{
    void  *p;

    for ( ;; ) {
        p = ngx_slab_alloc_locked(k->shpool, size);

        if (p != NULL || !ngx_http_ai_kept_drop_last(k)) {
            return p;
        }
    }
}


static void
ngx_http_ai_kept_expire(ngx_http_ai_keep_t *k, time_t now)
{
    ngx_uint_t                 i;
    ngx_queue_t               *q;
    ngx_http_ai_kept_entry_t  *e;

    for (i = 0; i < NGX_HTTP_AI_KEPT_EXPIRE; i++) {

        if (ngx_queue_empty(&k->sh->queue)) {
            return;
        }

        q = ngx_queue_last(&k->sh->queue);
        e = ngx_queue_data(q, ngx_http_ai_kept_entry_t, queue);

        if (e->expires > now) {
            return;
        }

        (void) ngx_http_ai_kept_drop_last(k);
    }
}


/* 0: there is none */

static ngx_uint_t
ngx_http_ai_kept_drop_last(ngx_http_ai_keep_t *k)
{
    ngx_queue_t               *q;
    ngx_http_ai_kept_entry_t  *e;

    if (ngx_queue_empty(&k->sh->queue)) {
        return 0;
    }

    q = ngx_queue_last(&k->sh->queue);
    e = ngx_queue_data(q, ngx_http_ai_kept_entry_t, queue);

    ngx_http_ai_kept_drop(k, ngx_http_ai_kept_link(k->sh, e->id));

    return 1;
}


static void
ngx_http_ai_kept_drop(ngx_http_ai_keep_t *k, ngx_http_ai_kept_entry_t **link)
{
    ngx_http_ai_kept_sh_t     *sh;
    ngx_http_ai_kept_entry_t  *e;

    sh = k->sh;
    e = *link;

    sh->freeing = e;

    ngx_memory_barrier();

    *link = e->next;

    ngx_memory_barrier();

    ngx_queue_remove(&e->queue);
    sh->n--;
    sh->used -= ngx_http_ai_kept_cost(e->len);

    ngx_http_ai_kept_release(k, &sh->freeing);
}


/* each is let go of before it is freed: once lost is better than freed twice */

static void
ngx_http_ai_kept_release(ngx_http_ai_keep_t *k,
    ngx_http_ai_kept_entry_t **place)
{
    ngx_http_ai_piece_t       *piece;
    ngx_http_ai_kept_entry_t  *e;

    e = *place;

    while (e->pieces != NULL) {
        piece = e->pieces;
        e->pieces = piece->next;

        ngx_memory_barrier();

        ngx_slab_free_locked(k->shpool, piece);
    }

    *place = NULL;

    ngx_memory_barrier();

    ngx_slab_free_locked(k->shpool, e);
}


/* what the allocator takes for an entry and its pieces */

static size_t
ngx_http_ai_kept_cost(size_t len)
{
    size_t  cost, rest;

    rest = len % NGX_HTTP_AI_KEPT_DATA;

    cost = ngx_http_ai_kept_slot(sizeof(ngx_http_ai_kept_entry_t))
           + len / NGX_HTTP_AI_KEPT_DATA * NGX_HTTP_AI_KEPT_PIECE;

    if (rest) {
        cost += ngx_http_ai_kept_slot(sizeof(ngx_http_ai_piece_t) + rest);
    }

    return cost;
}


static size_t
ngx_http_ai_kept_slot(size_t size)
{
    size_t  slot;

    for (slot = 8; slot < size; slot *= 2) { /* void */ }

    return slot;
}


static void
ngx_http_ai_kept_lock(ngx_http_ai_keep_t *k)
{
    ngx_shmtx_lock(&k->shpool->mutex);

    if (k->sh->changing) {

        /* who held the mutex has died with it */

        ngx_http_ai_kept_repair(k);
    }

    k->sh->changing = 1;

    ngx_memory_barrier();
}


static void
ngx_http_ai_kept_unlock(ngx_http_ai_keep_t *k)
{
    ngx_memory_barrier();

    k->sh->changing = 0;

    ngx_shmtx_unlock(&k->shpool->mutex);
}


/* the order is lost; uses from now on bring it back */

static void
ngx_http_ai_kept_repair(ngx_http_ai_keep_t *k)
{
    ngx_uint_t                 i;
    ngx_http_ai_kept_sh_t     *sh;
    ngx_http_ai_kept_entry_t  *e;

    sh = k->sh;

    sh->n = 0;
    sh->used = 0;
    ngx_queue_init(&sh->queue);

    for (i = 0; i <= sh->mask; i++) {

        for (e = sh->buckets[i]; e != NULL; e = e->next) {
            ngx_queue_insert_head(&sh->queue, &e->queue);
            sh->n++;
            sh->used += ngx_http_ai_kept_cost(e->len);
        }
    }

    ngx_http_ai_kept_settle(k, &sh->making);
    ngx_http_ai_kept_settle(k, &sh->freeing);
}


/* what is in its bucket is whole, and stays */

static void
ngx_http_ai_kept_settle(ngx_http_ai_keep_t *k,
    ngx_http_ai_kept_entry_t **place)
{
    ngx_http_ai_kept_entry_t  *e;

    if (*place == NULL) {
        return;
    }

    e = *ngx_http_ai_kept_bucket(k->sh, (*place)->id);

    while (e != NULL && e != *place) {
        e = e->next;
    }

    if (e != NULL) {
        *place = NULL;
        return;
    }

    ngx_http_ai_kept_release(k, place);
}


static ngx_http_ai_kept_entry_t **
ngx_http_ai_kept_bucket(ngx_http_ai_kept_sh_t *sh, const u_char *id)
{
    uint32_t  hash;

    ngx_memcpy(&hash, id, sizeof(uint32_t));

    return &sh->buckets[hash & sh->mask];
}


/* what points to the entry of the id, or the end of its bucket */

static ngx_http_ai_kept_entry_t **
ngx_http_ai_kept_link(ngx_http_ai_kept_sh_t *sh, const u_char *id)
{
    ngx_http_ai_kept_entry_t  **link;

    link = ngx_http_ai_kept_bucket(sh, id);

    while (*link != NULL
           && ngx_memcmp((*link)->id, id, NGX_HTTP_AI_KEPT_ID) != 0)
    {
        link = &(*link)->next;
    }

    return link;
}


/* what points to the entry, if it is the key's and has not expired */

static ngx_http_ai_kept_entry_t **
ngx_http_ai_kept_find(ngx_http_ai_keep_t *k,
    const ngx_http_ai_kept_entry_t *asked, time_t now)
{
    ngx_http_ai_kept_entry_t  **link;

    link = ngx_http_ai_kept_link(k->sh, asked->id);

    if (*link == NULL) {
        return NULL;
    }

    if ((*link)->expires <= now) {
        ngx_http_ai_kept_drop(k, link);
        return NULL;
    }

    return (ngx_memcmp((*link)->key, asked->key, NGX_HTTP_AI_KEPT_KEY) == 0)
           ? link : NULL;
}


static void
ngx_http_ai_kept_name(ngx_http_ai_kept_entry_t *e, const ngx_str_t *id,
    const ngx_str_t *key)
{
    u_char  digest[NGX_AI_SHA256_LEN];

    ngx_ai_sha256(id->data, id->len, digest);
    ngx_memcpy(e->id, digest, NGX_HTTP_AI_KEPT_ID);

    if (key == NULL || key->len == 0) {
        ngx_memzero(e->key, NGX_HTTP_AI_KEPT_KEY);
        return;
    }

    ngx_ai_sha256(key->data, key->len, digest);
    ngx_memcpy(e->key, digest, NGX_HTTP_AI_KEPT_KEY);
}
