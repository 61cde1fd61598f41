
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_IMAGE_H_INCLUDED_
#define _NGX_AI_IMAGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_reply.h"
#include "ngx_ai_usage.h"


/*
 * The hub's picture of making images, and of counting tokens.  Strings are
 * as in ngx_ai_chat.h.
 */

typedef struct {
    ngx_pool_t       *pool;
    ngx_uint_t        origin;
    uint64_t          fields;

    ngx_str_t         prompt;
    int64_t           n;           /* 1 when unset */
    ngx_str_t         size;        /* "1024x1536" */
    ngx_str_t         aspect;      /* "16:9" */
    ngx_str_t         quality;
    ngx_str_t         style;
    ngx_str_t         background;
    ngx_str_t         media;       /* "image/png" */
    ngx_str_t         user;
    ngx_str_t         negative;    /* what is not to be in it */
    ngx_str_t         seed;        /* raw */
    unsigned          url:1;       /* a link is wanted, not the bytes */
} ngx_ai_image_t;


typedef struct {
    ngx_str_t         data;        /* base64 */
    ngx_str_t         media;
    ngx_str_t         url;
    ngx_str_t         prompt;      /* what was made of the client's */
} ngx_ai_picture_t;


typedef struct {
    ngx_pool_t       *pool;
    ngx_uint_t        origin;
    int64_t           created;
    ngx_array_t       pictures;    /* of ngx_ai_picture_t */
    ngx_ai_usage_t    usage;
} ngx_ai_pictures_t;


/* what is counted is an ngx_ai_chat_t */

typedef struct {
    ngx_pool_t       *pool;
    ngx_uint_t        origin;
    int64_t           tokens;      /* -1: not said */
    int64_t           cached;      /* of them; -1 */
} ngx_ai_count_t;


/* NGX_OK or NGX_ERROR without memory; as ngx_ai_op_t has them */
ngx_int_t ngx_ai_image_init(void *ask, ngx_pool_t *pool, ngx_uint_t origin);
ngx_int_t ngx_ai_pictures_init(void *answer, ngx_pool_t *pool,
    ngx_uint_t origin);
ngx_int_t ngx_ai_count_init(void *answer, ngx_pool_t *pool,
    ngx_uint_t origin);


#endif /* _NGX_AI_IMAGE_H_INCLUDED_ */
