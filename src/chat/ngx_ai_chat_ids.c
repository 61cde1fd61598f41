
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_chat_ids.h"


#define NGX_AI_IDS_NONE     ((uint32_t) -1)

/*
 * As far as a chain of one bucket is followed.  Keys are the client's own: one
 * who makes them collide gets less, and costs no more.
 */
#define NGX_AI_IDS_CHAIN    32

#define NGX_AI_ID_LEN       (sizeof("call_") - 1 + NGX_INT_T_LEN)
#define NGX_AI_ID_DIGITS    9


/*
 * The calls so far, in their order; each is found by its id, the last one of
 * that id first, and waits for its result in the queue of its name.
 */

typedef struct {
    ngx_ai_part_t        *part;
    uint32_t              id_next;
    uint32_t              name_next;   /* the next queue of that bucket */
    uint32_t              queue_next;  /* the next call of that name */
    uint32_t              first;       /* of a queue: who waits */
    uint32_t              last;
    unsigned              answered:1;
} ngx_ai_ids_call_t;


typedef struct {
    ngx_pool_t           *pool;
    ngx_ai_ids_call_t    *calls;
    uint32_t             *ids;         /* buckets */
    uint32_t             *names;
    ngx_uint_t            n;
    ngx_uint_t            shift;       /* of a hash, to a bucket */
    ngx_uint_t            first;       /* may wait, none before it does */
    ngx_uint_t            next;        /* of ids that are given */
} ngx_ai_ids_t;


static void ngx_ai_ids_count(const ngx_ai_chat_t *chat, ngx_ai_ids_t *ids,
    ngx_uint_t *calls);
static ngx_uint_t ngx_ai_ids_own(const ngx_str_t *id);
static ngx_int_t ngx_ai_ids_join(ngx_ai_ids_t *ids, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_ids_call(ngx_ai_ids_t *ids, ngx_ai_part_t *part);
static ngx_int_t ngx_ai_ids_result(ngx_ai_ids_t *ids, ngx_ai_part_t *part);
static ngx_ai_ids_call_t *ngx_ai_ids_find(ngx_ai_ids_t *ids,
    const ngx_str_t *id);
static ngx_ai_ids_call_t *ngx_ai_ids_queue(ngx_ai_ids_t *ids,
    const ngx_str_t *name, uint32_t **bucket);
static ngx_ai_ids_call_t *ngx_ai_ids_waiting(ngx_ai_ids_t *ids,
    const ngx_str_t *name);
static ngx_uint_t ngx_ai_ids_bucket(ngx_ai_ids_t *ids, const ngx_str_t *key);
static ngx_uint_t ngx_ai_ids_equal(const ngx_str_t *a, const ngx_str_t *b);
static ngx_int_t ngx_ai_ids_make(ngx_ai_ids_t *ids, ngx_str_t *id);
static void ngx_ai_ids_arguments(ngx_ai_part_t *part);
static uint32_t ngx_ai_answer_seed(const ngx_ai_answer_t *answer);


ngx_int_t
ngx_ai_chat_ids(ngx_ai_chat_t *chat)
{
    size_t         size;
    ngx_int_t      rc;
    ngx_uint_t     bits, calls;
    ngx_ai_ids_t   ids;

    ngx_memzero(&ids, sizeof(ngx_ai_ids_t));

    ids.pool = chat->pool;

    ngx_ai_ids_count(chat, &ids, &calls);

    for (bits = 3; ((ngx_uint_t) 1 << bits) < calls; bits++) { /* void */ }

    ids.shift = 64 - bits;

    /* not from the pool: it goes at once, and may be large */

    size = ((size_t) 2 * sizeof(uint32_t)) << bits;

    ids.calls = ngx_alloc(calls * sizeof(ngx_ai_ids_call_t) + size,
                          chat->pool->log);
    if (ids.calls == NULL) {
        return NGX_ERROR;
    }

    ids.ids = (uint32_t *) &ids.calls[calls];
    ids.names = ids.ids + ((size_t) 1 << bits);

    ngx_memset(ids.ids, 0xff, size);

    rc = ngx_ai_ids_join(&ids, chat);

    ngx_free(ids.calls);

    return rc;
}


/* how many calls there are, and which ids like ours are taken */

static void
ngx_ai_ids_count(const ngx_ai_chat_t *chat, ngx_ai_ids_t *ids,
    ngx_uint_t *calls)
{
    ngx_uint_t               i, k, own;
    const ngx_ai_part_t     *part;
    const ngx_ai_message_t  *message;

    *calls = 0;
    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {
        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {

            if (part[k].kind != NGX_AI_PART_TOOL_CALL) {
                continue;
            }

            (*calls)++;

            own = ngx_ai_ids_own(&part[k].id);
            ids->next = ngx_max(ids->next, own);
        }
    }
}


/* the number behind that of an id which could be one of ours, or 0 */

static ngx_uint_t
ngx_ai_ids_own(const ngx_str_t *id)
{
    size_t      i;
    ngx_uint_t  n;

    i = sizeof("call_") - 1;

    if (id->len <= i
        || id->len > i + NGX_AI_ID_DIGITS
        || ngx_memcmp(id->data, "call_", i) != 0)
    {
        return 0;
    }

    for (n = 0; i < id->len; i++) {

        if (id->data[i] < '0' || id->data[i] > '9') {
            return 0;
        }

        n = n * 10 + (id->data[i] - '0');
    }

    return n + 1;
}


static ngx_int_t
ngx_ai_ids_join(ngx_ai_ids_t *ids, ngx_ai_chat_t *chat)
{
    ngx_int_t          rc;
    ngx_uint_t         i, k;
    ngx_ai_part_t     *part;
    ngx_ai_message_t  *message;

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {
        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {

            if (part[k].kind == NGX_AI_PART_TOOL_CALL) {
                rc = ngx_ai_ids_call(ids, &part[k]);

            } else if (part[k].kind == NGX_AI_PART_TOOL_RESULT) {
                rc = ngx_ai_ids_result(ids, &part[k]);

            } else {
                continue;
            }

            if (rc != NGX_OK) {
                return rc;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ids_call(ngx_ai_ids_t *ids, ngx_ai_part_t *part)
{
    uint32_t           *bucket;
    ngx_ai_ids_call_t  *call, *queue;

    ngx_ai_ids_arguments(part);

    if (part->id.len == 0 && ngx_ai_ids_make(ids, &part->id) != NGX_OK) {
        return NGX_ERROR;
    }

    call = &ids->calls[ids->n];

    call->part = part;
    call->queue_next = NGX_AI_IDS_NONE;
    call->name_next = NGX_AI_IDS_NONE;
    call->first = (uint32_t) ids->n;
    call->last = (uint32_t) ids->n;
    call->answered = 0;

    bucket = &ids->ids[ngx_ai_ids_bucket(ids, &part->id)];
    call->id_next = *bucket;
    *bucket = (uint32_t) ids->n;

    /* the first call of a name is the head of its queue */

    queue = ngx_ai_ids_queue(ids, &part->name, &bucket);

    if (queue == NULL) {
        call->name_next = *bucket;
        *bucket = (uint32_t) ids->n;

    } else {
        ids->calls[queue->last].queue_next = (uint32_t) ids->n;
        queue->last = (uint32_t) ids->n;
    }

    ids->n++;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ids_result(ngx_ai_ids_t *ids, ngx_ai_part_t *part)
{
    ngx_ai_ids_call_t  *call;

    if (part->id.len) {
        call = ngx_ai_ids_find(ids, &part->id);

    } else {
        call = ngx_ai_ids_waiting(ids, &part->name);
    }

    if (call != NULL) {
        call->answered = 1;

        part->id = call->part->id;
        part->name = call->part->name;

        return NGX_OK;
    }

    if (part->id.len) {
        return NGX_OK;
    }

    return ngx_ai_ids_make(ids, &part->id);
}


/* the last call of that id */

static ngx_ai_ids_call_t *
ngx_ai_ids_find(ngx_ai_ids_t *ids, const ngx_str_t *id)
{
    uint32_t            i;
    ngx_uint_t          n;
    ngx_ai_ids_call_t  *call;

    i = ids->ids[ngx_ai_ids_bucket(ids, id)];

    for (n = 0; i != NGX_AI_IDS_NONE && n < NGX_AI_IDS_CHAIN; n++) {
        call = &ids->calls[i];

        if (ngx_ai_ids_equal(&call->part->id, id)) {
            return call;
        }

        i = call->id_next;
    }

    return NULL;
}


static ngx_ai_ids_call_t *
ngx_ai_ids_queue(ngx_ai_ids_t *ids, const ngx_str_t *name, uint32_t **bucket)
{
    uint32_t            i;
    ngx_uint_t          n;
    ngx_ai_ids_call_t  *call;

    *bucket = &ids->names[ngx_ai_ids_bucket(ids, name)];
    i = **bucket;

    for (n = 0; i != NGX_AI_IDS_NONE && n < NGX_AI_IDS_CHAIN; n++) {
        call = &ids->calls[i];

        if (ngx_ai_ids_equal(&call->part->name, name)) {
            return call;
        }

        i = call->name_next;
    }

    return NULL;
}


/* the first call of that name, of any for a result without one, that waits */

static ngx_ai_ids_call_t *
ngx_ai_ids_waiting(ngx_ai_ids_t *ids, const ngx_str_t *name)
{
    uint32_t           *bucket;
    ngx_ai_ids_call_t  *call, *queue;

    if (name->len == 0) {

        for ( /* void */ ; ids->first < ids->n; ids->first++) {
            call = &ids->calls[ids->first];

            if (!call->answered) {
                return call;
            }
        }

        return NULL;
    }

    queue = ngx_ai_ids_queue(ids, name, &bucket);

    if (queue == NULL) {
        return NULL;
    }

    for ( ;; ) {
        call = &ids->calls[queue->first];

        if (!call->answered) {
            return call;
        }

        if (call->queue_next == NGX_AI_IDS_NONE) {
            return NULL;
        }

        queue->first = call->queue_next;
    }
}


static ngx_uint_t
ngx_ai_ids_bucket(ngx_ai_ids_t *ids, const ngx_str_t *key)
{
    uint64_t  hash;

    hash = ngx_hash_key(key->data, key->len);

    return (ngx_uint_t) (hash * 0x9e3779b97f4a7c15 >> ids->shift);
}


static ngx_uint_t
ngx_ai_ids_equal(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0);
}


static ngx_int_t
ngx_ai_ids_make(ngx_ai_ids_t *ids, ngx_str_t *id)
{
    id->data = ngx_pnalloc(ids->pool, NGX_AI_ID_LEN);
    if (id->data == NULL) {
        return NGX_ERROR;
    }

    id->len = ngx_sprintf(id->data, "call_%ui", ids->next++) - id->data;

    return NGX_OK;
}


static void
ngx_ai_ids_arguments(ngx_ai_part_t *part)
{
    if (part->json.len == 0 && !part->custom) {
        ngx_str_set(&part->json, "{}");
    }
}


ngx_int_t
ngx_ai_answer_ids(ngx_ai_answer_t *answer, ngx_array_t *parts,
    ngx_uint_t *ordinal)
{
    ngx_int_t       rc;
    ngx_uint_t      i;
    ngx_ai_part_t  *part;

    rc = NGX_DECLINED;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind != NGX_AI_PART_TOOL_CALL) {
            continue;
        }

        rc = NGX_OK;

        ngx_ai_ids_arguments(&part[i]);

        if (part[i].id.len == 0) {
            part[i].id.data = ngx_pnalloc(answer->pool, NGX_AI_ID_LEN + 8);
            if (part[i].id.data == NULL) {
                return NGX_ERROR;
            }

            part[i].id.len = ngx_sprintf(part[i].id.data, "call_%08xD%ui",
                                         ngx_ai_answer_seed(answer), *ordinal)
                             - part[i].id.data;
        }

        (*ordinal)++;
    }

    return rc;
}


/* what differs from one answer of a conversation to the next */

static uint32_t
ngx_ai_answer_seed(const ngx_ai_answer_t *answer)
{
    uint32_t  hash;

    hash = (uint32_t) ngx_hash_key(answer->id.data, answer->id.len);

    return hash ^ ((uint32_t) answer->created * 0x9e3779b1);
}
