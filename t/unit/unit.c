
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* numbers beside 0 and 1 */


#include "tap.h"

#include "ngx_ai_unit.h"


typedef struct {
    const char  *number;
    ngx_uint_t   unit;
} unit_row_t;


static const unit_row_t  rows[] = {
    { "0", NGX_AI_UNIT_ZERO },
    { "-0", NGX_AI_UNIT_ZERO },
    { "0.0", NGX_AI_UNIT_ZERO },
    { "0.000", NGX_AI_UNIT_ZERO },
    { "0.7", NGX_AI_UNIT_WITHIN },
    { "0.0001", NGX_AI_UNIT_WITHIN },
    { "0.999999999999999999999999999", NGX_AI_UNIT_WITHIN },
    { "1", NGX_AI_UNIT_ONE },
    { "1.0", NGX_AI_UNIT_ONE },
    { "1.00", NGX_AI_UNIT_ONE },
    { "1.0001", NGX_AI_UNIT_ABOVE },
    { "2", NGX_AI_UNIT_ABOVE },
    { "10", NGX_AI_UNIT_ABOVE },
    { "10000000000000000000000000000000000000000", NGX_AI_UNIT_ABOVE },
    { "-1", NGX_AI_UNIT_BELOW },
    { "-0.5", NGX_AI_UNIT_BELOW },
    { "-2.0", NGX_AI_UNIT_BELOW },
    { "1e0", NGX_AI_UNIT_UNKNOWN },
    { "5E-1", NGX_AI_UNIT_UNKNOWN },
    { "null", NGX_AI_UNIT_UNKNOWN },
    { "", NGX_AI_UNIT_UNKNOWN }
};


int
main(void)
{
    ngx_str_t    number;
    ngx_uint_t   i;

    for (i = 0; i < sizeof(rows) / sizeof(unit_row_t); i++) {
        number.data = (u_char *) rows[i].number;
        number.len = strlen(rows[i].number);

        is_int(ngx_ai_unit(&number), rows[i].unit, "%s is where it is",
               rows[i].number);
    }

    return done();
}
