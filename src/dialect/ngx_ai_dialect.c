
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_dialect.h"


static const ngx_ai_dialect_t  *ngx_ai_dialects[] = {
    &ngx_ai_openai                 /* NGX_AI_DIALECT_OPENAI */
};


const ngx_ai_dialect_t *
ngx_ai_dialect(ngx_uint_t id)
{
    return ngx_ai_dialects[id];
}
