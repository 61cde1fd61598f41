
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_ASK_READ_H_INCLUDED_
#define _NGX_AI_ASK_READ_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_ask.h"
#include "ngx_ai_error.h"
#include "ngx_ai_reader.h"
#include "ngx_ai_route.h"
#include "ngx_ai_walk.h"


/*
 * Reads what a request asks, by a dialect's rules.  The body is checked
 * whole: NGX_OK means well-formed JSON with every member that the gateway
 * decides on of the right type and given once.
 */

typedef enum {
    NGX_AI_ASK_OTHER = 0,          /* its type is checked, no more */
    NGX_AI_ASK_MODEL,
    NGX_AI_ASK_STREAM,
    NGX_AI_ASK_OPTIONS,            /* stream_options */
    NGX_AI_ASK_USAGE,              /* stream_options.include_usage */
    NGX_AI_ASK_MAX_TOKENS,         /* of several the first that is there */
    NGX_AI_ASK_N,
    NGX_AI_ASK_ID                  /* names what was made before */
} ngx_ai_ask_e;


typedef struct {
    ngx_uint_t        types;       /* NGX_AI_STRING, ...; null is absent */
    ngx_uint_t        what;        /* ngx_ai_ask_e */
    ngx_uint_t        required;    /* 1 << ngx_ai_op_e: where it must be */
} ngx_ai_ask_rule_t;


/*
 * NGX_ERROR: the error is filled.  Strings are allocated from the pool or
 * point into the body, which is in n pieces.
 */
ngx_int_t ngx_ai_ask_read(const ngx_ai_table_t *table,
    const ngx_ai_ask_rule_t *rules, ngx_ai_reader_t *reader,
    const ngx_ai_route_t *route, const ngx_str_t *body, ngx_uint_t n,
    ngx_pool_t *pool, ngx_ai_ask_t *ask, ngx_ai_error_t *error);


#endif /* _NGX_AI_ASK_READ_H_INCLUDED_ */
