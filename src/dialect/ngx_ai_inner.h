
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_INNER_H_INCLUDED_
#define _NGX_AI_INNER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * A document in a string of another one, as some dialects have arguments,
 * schemas and results of tools:
 *
 *     {"arguments":"{\"city\":\"Oslo\"}"}
 */


/*
 * The object that the text of a string is, from the pool or in place; a blank
 * text is "{}".  NGX_OK; NGX_DECLINED: it is no object; NGX_ERROR: no memory.
 */
ngx_int_t ngx_ai_inner_read(ngx_pool_t *pool, const ngx_str_t *text,
    ngx_str_t *json);

/* the text of a string that has the document in it; NGX_OK or NGX_ERROR */
ngx_int_t ngx_ai_inner_write(ngx_pool_t *pool, const ngx_str_t *json,
    ngx_str_t *text);

/* 1 when the text of a string has nothing in it but white space */
ngx_uint_t ngx_ai_inner_blank(const ngx_str_t *text);


#endif /* _NGX_AI_INNER_H_INCLUDED_ */
