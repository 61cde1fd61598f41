
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_reply.h"


const ngx_str_t  ngx_ai_finish_names[NGX_AI_FINISH_MAX] = {
    ngx_string(""),
    ngx_string("stop"),
    ngx_string("length"),
    ngx_string("tool_calls"),
    ngx_string("content_filter"),
    ngx_string("error"),
    ngx_string("other")
};
