
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_USAGE_H_INCLUDED_
#define _NGX_AI_USAGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * What a call used, in disjoint buckets: each token is in exactly one of
 * them, so a sum is a total and a price list is a dot product.  Providers
 * disagree on what contains what; each convention is undone once, where the
 * report is parsed.
 *
 *                     prompt side                   completion side
 *   OpenAI chat       prompt = input + cached       completion = output
 *   and compatibles     + audio                       + reasoning + audio
 *   xAI chat          the same                      completion excludes
 *                                                     reasoning
 *   Responses         input_tokens as "prompt"      output_tokens as
 *                                                     "completion"
 *   Anthropic         input_tokens exclude both     output_tokens with the
 *                       kinds of cached tokens        thoughts in them
 *   Gemini            promptTokenCount = input      candidatesTokenCount =
 *                       + cached + audio; results       output + audio + image,
 *                       of own tools come on top        thoughts on top
 *   images            input_tokens = text + image   output_tokens are image
 *   Ollama            prompt_eval_count = input,    eval_count = output, with
 *                       none of a cached prompt       the thoughts in it
 *   Bedrock           inputTokens exclude both      outputTokens with the
 *                       kinds of cached tokens        thoughts in them
 *   Cohere            input_tokens of "tokens" with output_tokens with the
 *                       the cached and the images     thoughts in them
 *
 * A later report replaces an earlier one, it is never added to it.  Zero is
 * a report, absence is not: "reported" tells them apart.
 */

typedef enum {
    NGX_AI_USAGE_INPUT = 0,
    NGX_AI_USAGE_CACHE_READ,
    NGX_AI_USAGE_CACHE_WRITE,
    NGX_AI_USAGE_OUTPUT,
    NGX_AI_USAGE_REASONING,
    NGX_AI_USAGE_AUDIO_IN,
    NGX_AI_USAGE_AUDIO_OUT,
    NGX_AI_USAGE_IMAGE_IN,
    NGX_AI_USAGE_IMAGE_OUT,
    NGX_AI_USAGE_MAX
} ngx_ai_usage_e;


typedef struct {
    int64_t           tokens[NGX_AI_USAGE_MAX];
    unsigned          reported:1;
} ngx_ai_usage_t;


/* the names of the buckets in metrics and logs */
extern const ngx_str_t  ngx_ai_usage_names[NGX_AI_USAGE_MAX];


/* sums of the buckets, saturating */
int64_t ngx_ai_usage_in(const ngx_ai_usage_t *usage);
int64_t ngx_ai_usage_out(const ngx_ai_usage_t *usage);


#endif /* _NGX_AI_USAGE_H_INCLUDED_ */
