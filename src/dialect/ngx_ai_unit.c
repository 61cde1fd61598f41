
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_unit.h"


ngx_uint_t
ngx_ai_unit(const ngx_str_t *number)
{
    u_char      c;
    size_t      i;
    ngx_uint_t  whole, fraction, point;

    if (number->len == 0) {
        return NGX_AI_UNIT_UNKNOWN;
    }

    whole = 0;
    fraction = 0;
    point = 0;

    for (i = (number->data[0] == '-'); i < number->len; i++) {
        c = number->data[i];

        if (c == '.') {
            point = 1;
            continue;
        }

        if (c < '0' || c > '9') {
            return NGX_AI_UNIT_UNKNOWN;
        }

        if (point) {
            fraction |= c - '0';

        } else if (whole < 2) {
            whole = whole * 10 + (c - '0');
        }
    }

    if (whole == 0 && fraction == 0) {
        return NGX_AI_UNIT_ZERO;
    }

    if (number->data[0] == '-') {
        return NGX_AI_UNIT_BELOW;
    }

    if (whole == 0) {
        return NGX_AI_UNIT_WITHIN;
    }

    return (whole == 1 && fraction == 0) ? NGX_AI_UNIT_ONE
                                         : NGX_AI_UNIT_ABOVE;
}
