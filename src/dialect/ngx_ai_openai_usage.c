
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * OpenAI's report of what a call used, and the hub's buckets.
 */


#include "ngx_ai_openai.h"


static int64_t ngx_ai_openai_take(int64_t *from, int64_t n);


void
ngx_ai_openai_counts_init(ngx_ai_openai_counts_t *counts)
{
    counts->prompt = -1;
    counts->completion = -1;
    counts->total = -1;
    counts->cached = -1;
    counts->written = -1;
    counts->audio_in = -1;
    counts->image_in = -1;
    counts->reasoning = -1;
    counts->audio_out = -1;
    counts->apart = 0;
    counts->images = 0;
}


ngx_int_t
ngx_ai_openai_buckets(const ngx_ai_openai_counts_t *counts,
    ngx_ai_usage_t *usage)
{
    int64_t  prompt, completion, rest, *t;

    prompt = counts->prompt;
    completion = counts->completion;

    if (prompt < 0 && completion < 0) {

        /* Voyage and Jina tell no more of an input than its total */

        prompt = counts->total;
    }

    if (prompt < 0 && completion < 0) {

        /* a report without counts that can be counts is no report */

        return NGX_DECLINED;
    }

    ngx_memzero(usage, sizeof(ngx_ai_usage_t));

    usage->reported = 1;
    prompt = ngx_max(prompt, 0);
    completion = ngx_max(completion, 0);

    rest = ngx_max(counts->total - prompt, 0);
    rest = ngx_max(rest - completion, 0);

    t = usage->tokens;

    t[NGX_AI_USAGE_CACHE_READ] = ngx_ai_openai_take(&prompt, counts->cached);
    t[NGX_AI_USAGE_CACHE_WRITE] = ngx_ai_openai_take(&prompt,
                                                     counts->written);

    /* Mistral's prompt excludes audio, and its total does not */

    t[NGX_AI_USAGE_AUDIO_IN] = (counts->audio_in == rest)
                               ? rest : ngx_ai_openai_take(&prompt,
                                                           counts->audio_in);

    if (counts->images) {
        t[NGX_AI_USAGE_IMAGE_IN] = ngx_ai_openai_take(&prompt,
                                                      counts->image_in);
        t[NGX_AI_USAGE_INPUT] = prompt;
        t[NGX_AI_USAGE_IMAGE_OUT] = completion;

        return NGX_OK;
    }

    t[NGX_AI_USAGE_INPUT] = prompt;

    t[NGX_AI_USAGE_REASONING] = counts->apart
                                ? ngx_max(counts->reasoning, 0)
                                : ngx_ai_openai_take(&completion,
                                                     counts->reasoning);

    t[NGX_AI_USAGE_AUDIO_OUT] = ngx_ai_openai_take(&completion,
                                                   counts->audio_out);
    t[NGX_AI_USAGE_OUTPUT] = completion;

    return NGX_OK;
}


/* a part can't be more than its whole, whatever the provider says */

static int64_t
ngx_ai_openai_take(int64_t *from, int64_t n)
{
    n = ngx_min(ngx_max(n, 0), *from);
    *from -= n;

    return n;
}


void
ngx_ai_openai_write_usage(ngx_ai_json_writer_t *w, const ngx_ai_usage_t *usage)
{
    int64_t         in, out;
    const int64_t  *t;

    t = usage->tokens;

    in = ngx_ai_usage_in(usage);
    out = ngx_ai_usage_out(usage);

    ngx_ai_json_write_object(w);

    ngx_ai_openai_write_count(w, "prompt_tokens", in);
    ngx_ai_openai_write_count(w, "completion_tokens", out);
    ngx_ai_openai_write_count(w, "total_tokens",
                              (in > INT64_MAX - out) ? INT64_MAX : in + out);

    ngx_ai_json_write_key(w, "prompt_tokens_details");
    ngx_ai_json_write_object(w);
    ngx_ai_openai_write_count(w, "cached_tokens", t[NGX_AI_USAGE_CACHE_READ]);
    ngx_ai_openai_write_count(w, "audio_tokens", t[NGX_AI_USAGE_AUDIO_IN]);

    /* OpenRouter's */

    if (t[NGX_AI_USAGE_CACHE_WRITE]) {
        ngx_ai_openai_write_count(w, "cache_write_tokens",
                                  t[NGX_AI_USAGE_CACHE_WRITE]);
    }

    /* OpenAI's own, of its models that see and draw */

    if (t[NGX_AI_USAGE_IMAGE_IN]) {
        ngx_ai_openai_write_count(w, "image_tokens", t[NGX_AI_USAGE_IMAGE_IN]);
    }

    ngx_ai_json_write_end(w);

    ngx_ai_json_write_key(w, "completion_tokens_details");
    ngx_ai_json_write_object(w);
    ngx_ai_openai_write_count(w, "reasoning_tokens",
                              t[NGX_AI_USAGE_REASONING]);
    ngx_ai_openai_write_count(w, "audio_tokens", t[NGX_AI_USAGE_AUDIO_OUT]);

    if (t[NGX_AI_USAGE_IMAGE_OUT]) {
        ngx_ai_openai_write_count(w, "image_tokens",
                                  t[NGX_AI_USAGE_IMAGE_OUT]);
    }

    ngx_ai_json_write_literal(w, "\"accepted_prediction_tokens\":0,"
                                 "\"rejected_prediction_tokens\":0");
    ngx_ai_json_write_end(w);

    ngx_ai_json_write_end(w);
}
