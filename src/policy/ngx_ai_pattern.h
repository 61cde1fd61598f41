
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_PATTERN_H_INCLUDED_
#define _NGX_AI_PATTERN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * A pattern for the names of models: the name itself, or with "*" for any
 * run of characters, none included.  Case counts, and "/" is a character
 * like any other: "openai/" followed by a star is everything of a provider.
 */

#define NGX_AI_PATTERN_MAX  256


/* NGX_OK, or NGX_ERROR and what is wrong with the pattern */
ngx_int_t ngx_ai_pattern_check(const ngx_str_t *pattern, const char **reason);

/* 1 when the name fits; in a time linear in the length of both */
ngx_uint_t ngx_ai_pattern_match(const ngx_str_t *pattern,
    const ngx_str_t *name);

/* 1 when one of n patterns fits */
ngx_uint_t ngx_ai_pattern_match_any(const ngx_str_t *patterns, ngx_uint_t n,
    const ngx_str_t *name);


#endif /* _NGX_AI_PATTERN_H_INCLUDED_ */
