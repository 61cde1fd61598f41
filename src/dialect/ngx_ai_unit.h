
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_UNIT_H_INCLUDED_
#define _NGX_AI_UNIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * A number of JSON, as it stands, beside 0 and 1: dialects differ in how far
 * temperatures, probabilities and penalties go.
 */

typedef enum {
    NGX_AI_UNIT_UNKNOWN = 0,       /* it has an exponent, or is none */
    NGX_AI_UNIT_BELOW,
    NGX_AI_UNIT_ZERO,
    NGX_AI_UNIT_WITHIN,
    NGX_AI_UNIT_ONE,
    NGX_AI_UNIT_ABOVE
} ngx_ai_unit_e;


ngx_uint_t ngx_ai_unit(const ngx_str_t *number);


#endif /* _NGX_AI_UNIT_H_INCLUDED_ */
