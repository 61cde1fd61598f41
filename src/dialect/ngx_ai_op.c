
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_op.h"
#include "ngx_ai_chat.h"


static ngx_int_t ngx_ai_op_chat(void *ask, ngx_pool_t *pool,
    ngx_uint_t origin);
static ngx_int_t ngx_ai_op_chat_answer(void *answer, ngx_pool_t *pool,
    ngx_uint_t origin);


const ngx_ai_op_t  ngx_ai_ops[NGX_AI_OP_MAX] = {

    /* NGX_AI_OP_CHAT */

    { sizeof(ngx_ai_chat_t),
      sizeof(ngx_ai_answer_t),
      offsetof(ngx_ai_chat_t, fields),
      offsetof(ngx_ai_answer_t, usage),
      ngx_ai_field_names,
      NGX_AI_FIELD_MAX,
      ngx_ai_op_chat,
      ngx_ai_op_chat_answer }
};


static ngx_int_t
ngx_ai_op_chat(void *ask, ngx_pool_t *pool, ngx_uint_t origin)
{
    return ngx_ai_chat_init(ask, pool, origin);
}


static ngx_int_t
ngx_ai_op_chat_answer(void *answer, ngx_pool_t *pool, ngx_uint_t origin)
{
    return ngx_ai_answer_init(answer, pool, origin);
}
