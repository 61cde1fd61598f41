
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_OP_H_INCLUDED_
#define _NGX_AI_OP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_route.h"


/*
 * The hub's types of an operation, for those who carry them from one dialect
 * to another without looking inside.
 */

typedef struct {
    size_t            ask;
    size_t            answer;
    size_t            fields;      /* where an ask has its bits, a uint64_t */
    size_t            usage;       /* where an answer has it; 0: it has none */
    const ngx_str_t  *names;       /* of the bits */
    ngx_uint_t        nnames;
    ngx_int_t       (*init_ask)(void *ask, ngx_pool_t *pool,
                          ngx_uint_t origin);
    ngx_int_t       (*init_answer)(void *answer, ngx_pool_t *pool,
                          ngx_uint_t origin);
} ngx_ai_op_t;


/* by ngx_ai_op_e, below NGX_AI_OP_MAX */
extern const ngx_ai_op_t  ngx_ai_ops[NGX_AI_OP_MAX];


#endif /* _NGX_AI_OP_H_INCLUDED_ */
