
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_ask.h"


ngx_int_t
ngx_ai_ask_check_model(const ngx_str_t *name)
{
    u_char  c;
    size_t  i;

    if (name->len == 0 || name->len > NGX_AI_ASK_MODEL_MAX) {
        return NGX_ERROR;
    }

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\') {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
