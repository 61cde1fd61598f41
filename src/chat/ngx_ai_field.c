
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_field.h"


const ngx_str_t  ngx_ai_field_names[NGX_AI_FIELD_MAX] = {
    ngx_null_string,

    ngx_string("max_tokens"),
    ngx_string("temperature"),
    ngx_string("top_p"),
    ngx_string("top_k"),
    ngx_string("n"),
    ngx_string("stop"),
    ngx_string("seed"),
    ngx_string("presence_penalty"),
    ngx_string("frequency_penalty"),
    ngx_string("logit_bias"),
    ngx_string("logprobs"),

    ngx_string("json"),
    ngx_string("schema"),
    ngx_string("verbosity"),
    ngx_string("audio_out"),
    ngx_string("image_out"),
    ngx_string("prediction"),

    ngx_string("effort"),
    ngx_string("budget"),
    ngx_string("summary"),

    ngx_string("tools"),
    ngx_string("tool_strict"),
    ngx_string("tool_choice"),
    ngx_string("tool_choice_none"),
    ngx_string("tool_choice_named"),
    ngx_string("tool_choice_allowed"),
    ngx_string("parallel"),
    ngx_string("tool_custom"),
    ngx_string("web_search"),
    ngx_string("code"),
    ngx_string("tool_native"),

    ngx_string("system"),
    ngx_string("name"),
    ngx_string("image"),
    ngx_string("image_url"),
    ngx_string("image_detail"),
    ngx_string("audio"),
    ngx_string("video"),
    ngx_string("file"),
    ngx_string("file_url"),
    ngx_string("file_id"),
    ngx_string("tool_call"),
    ngx_string("tool_result"),
    ngx_string("tool_result_image"),
    ngx_string("tool_result_error"),
    ngx_string("thinking"),
    ngx_string("signature"),
    ngx_string("redacted"),
    ngx_string("refusal"),
    ngx_string("citations"),
    ngx_string("cache"),
    ngx_string("cache_key"),

    ngx_string("user"),
    ngx_string("metadata"),
    ngx_string("tier"),
    ngx_string("safety"),
    ngx_string("store"),
    ngx_string("previous")
};
