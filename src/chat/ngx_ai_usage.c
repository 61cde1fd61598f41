
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_usage.h"


static int64_t ngx_ai_usage_sum(const ngx_ai_usage_t *usage,
    const ngx_uint_t *buckets, ngx_uint_t n);


const ngx_str_t  ngx_ai_usage_names[NGX_AI_USAGE_MAX] = {
    ngx_string("input"),
    ngx_string("cache_read"),
    ngx_string("cache_write"),
    ngx_string("output"),
    ngx_string("reasoning"),
    ngx_string("audio_input"),
    ngx_string("audio_output"),
    ngx_string("image_input"),
    ngx_string("image_output")
};


static const ngx_uint_t  ngx_ai_usage_in_buckets[] = {
    NGX_AI_USAGE_INPUT,
    NGX_AI_USAGE_CACHE_READ,
    NGX_AI_USAGE_CACHE_WRITE,
    NGX_AI_USAGE_AUDIO_IN,
    NGX_AI_USAGE_IMAGE_IN
};


static const ngx_uint_t  ngx_ai_usage_out_buckets[] = {
    NGX_AI_USAGE_OUTPUT,
    NGX_AI_USAGE_REASONING,
    NGX_AI_USAGE_AUDIO_OUT,
    NGX_AI_USAGE_IMAGE_OUT
};


int64_t
ngx_ai_usage_in(const ngx_ai_usage_t *usage)
{
    return ngx_ai_usage_sum(usage, ngx_ai_usage_in_buckets,
                            sizeof(ngx_ai_usage_in_buckets)
                            / sizeof(ngx_uint_t));
}


int64_t
ngx_ai_usage_out(const ngx_ai_usage_t *usage)
{
    return ngx_ai_usage_sum(usage, ngx_ai_usage_out_buckets,
                            sizeof(ngx_ai_usage_out_buckets)
                            / sizeof(ngx_uint_t));
}


static int64_t
ngx_ai_usage_sum(const ngx_ai_usage_t *usage, const ngx_uint_t *buckets,
    ngx_uint_t n)
{
    int64_t     sum, tokens;
    ngx_uint_t  i;

    sum = 0;

    for (i = 0; i < n; i++) {
        tokens = usage->tokens[buckets[i]];

        if (tokens > INT64_MAX - sum) {
            return INT64_MAX;
        }

        sum += tokens;
    }

    return sum;
}
