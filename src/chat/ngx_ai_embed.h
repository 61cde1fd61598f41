
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_EMBED_H_INCLUDED_
#define _NGX_AI_EMBED_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_reply.h"
#include "ngx_ai_usage.h"


/*
 * The hub's picture of embeddings and of ranking documents.  Strings are as
 * in ngx_ai_chat.h: what stands between the quotes of their source.
 */

/* what the vectors are for; some models make others for questions */

typedef enum {
    NGX_AI_PURPOSE_UNSET = 0,
    NGX_AI_PURPOSE_QUERY,
    NGX_AI_PURPOSE_DOCUMENT,
    NGX_AI_PURPOSE_CLASSIFICATION,
    NGX_AI_PURPOSE_CLUSTERING,
    NGX_AI_PURPOSE_SIMILARITY
} ngx_ai_purpose_e;


#define NGX_AI_EMBED_INPUTS  2048


typedef struct {
    ngx_pool_t       *pool;
    ngx_uint_t        origin;
    uint64_t          fields;      /* ngx_ai_embed_field() */

    ngx_array_t       inputs;      /* of ngx_str_t, texts */
    ngx_str_t         tokens;      /* raw: arrays of tokens instead of texts */
    ngx_str_t         dimensions;  /* raw */
    ngx_uint_t        purpose;     /* ngx_ai_purpose_e */
    ngx_str_t         title;       /* of a document */
    ngx_str_t         user;
    ngx_uint_t        truncate;    /* 0, 1 or NGX_AI_UNSET */
    unsigned          base64:1;    /* the client wants the floats packed */
    unsigned          single:1;    /* one text, not a list of them */
} ngx_ai_embed_t;


/* a vector is its source, [0.1,-2e-3,...]; numbers stay what they were */

typedef struct {
    ngx_pool_t       *pool;
    ngx_uint_t        origin;
    ngx_str_t         model;
    ngx_array_t       vectors;     /* of ngx_str_t, raw */
    ngx_ai_usage_t    usage;
} ngx_ai_vectors_t;


typedef struct {
    ngx_pool_t       *pool;
    ngx_uint_t        origin;
    uint64_t          fields;

    ngx_str_t         query;
    ngx_array_t       documents;   /* of ngx_str_t, texts */
    int64_t           top;         /* -1: all of them */
    ngx_uint_t        echo;        /* documents are wanted back: 0, 1 or
                                      NGX_AI_UNSET */
} ngx_ai_rerank_t;


typedef struct {
    int64_t           index;
    ngx_str_t         score;       /* raw */
} ngx_ai_rank_t;


typedef struct {
    ngx_pool_t       *pool;
    ngx_uint_t        origin;
    ngx_str_t         id;
    ngx_str_t         model;
    ngx_array_t       ranks;       /* of ngx_ai_rank_t, the best first */
    ngx_ai_usage_t    usage;
} ngx_ai_ranks_t;


/* NGX_OK or NGX_ERROR without memory; as ngx_ai_op_t has them */
ngx_int_t ngx_ai_embed_init(void *ask, ngx_pool_t *pool, ngx_uint_t origin);
ngx_int_t ngx_ai_vectors_init(void *answer, ngx_pool_t *pool,
    ngx_uint_t origin);
ngx_int_t ngx_ai_rerank_init(void *ask, ngx_pool_t *pool, ngx_uint_t origin);
ngx_int_t ngx_ai_ranks_init(void *answer, ngx_pool_t *pool,
    ngx_uint_t origin);

/*
 * A vector as OpenAI packs it: base64 of its floats, little-endian, without
 * quotes.  NGX_OK; NGX_DECLINED: it is no array of numbers; NGX_ERROR.
 */
ngx_int_t ngx_ai_vector_pack(ngx_pool_t *pool, const ngx_str_t *vector,
    ngx_str_t *packed);


#endif /* _NGX_AI_EMBED_H_INCLUDED_ */
