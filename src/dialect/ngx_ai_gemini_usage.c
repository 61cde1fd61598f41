
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"


typedef struct {
    const ngx_ai_node_t  *prompt;
    const ngx_ai_node_t  *cached;
    const ngx_ai_node_t  *tools;
    const ngx_ai_node_t  *candidates;
    const ngx_ai_node_t  *thoughts;
    const ngx_ai_node_t  *total;
    const ngx_ai_node_t  *prompt_kinds;
    const ngx_ai_node_t  *cached_kinds;
    const ngx_ai_node_t  *candidate_kinds;
    const ngx_ai_node_t  *tier;
} ngx_ai_gemini_usage_t;


static int64_t ngx_ai_gemini_read_count(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *node);
static int64_t ngx_ai_gemini_read_kind(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *details, ngx_uint_t modality);
static void ngx_ai_gemini_write_details(ngx_ai_json_writer_t *w,
    const char *key, const int64_t *counts);


#define NGX_AI_GEMINI_USED(name, field)                                       \
    { ngx_string(name), NGX_AI_ANY, ngx_ai_gemini_node,                       \
      offsetof(ngx_ai_gemini_usage_t, field), 0 }


static const ngx_ai_member_t  ngx_ai_gemini_usage_members[] = {
    NGX_AI_GEMINI_USED("promptTokenCount", prompt),
    NGX_AI_GEMINI_USED("cachedContentTokenCount", cached),
    NGX_AI_GEMINI_USED("toolUsePromptTokenCount", tools),
    NGX_AI_GEMINI_USED("candidatesTokenCount", candidates),
    NGX_AI_GEMINI_USED("thoughtsTokenCount", thoughts),
    NGX_AI_GEMINI_USED("totalTokenCount", total),
    NGX_AI_GEMINI_USED("promptTokensDetails", prompt_kinds),
    NGX_AI_GEMINI_USED("cacheTokensDetails", cached_kinds),
    NGX_AI_GEMINI_USED("candidatesTokensDetails", candidate_kinds),
    NGX_AI_GEMINI_USED("serviceTier", tier),
    ngx_ai_null_member
};


ngx_int_t
ngx_ai_gemini_read_usage(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_usage_t *usage, ngx_str_t *tier)
{
    ngx_ai_gemini_usage_t   u;
    ngx_ai_gemini_counts_t  c;

    ngx_memzero(&u, sizeof(ngx_ai_gemini_usage_t));

    if (ngx_ai_walk_element(w, node, ngx_ai_gemini_usage_members, &u)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    c.prompt = ngx_ai_gemini_read_count(w->tree, u.prompt);
    c.cached = ngx_ai_gemini_read_count(w->tree, u.cached);
    c.tools = ngx_ai_gemini_read_count(w->tree, u.tools);
    c.candidates = ngx_ai_gemini_read_count(w->tree, u.candidates);
    c.thoughts = ngx_ai_gemini_read_count(w->tree, u.thoughts);
    c.total = ngx_ai_gemini_read_count(w->tree, u.total);

    c.audio_in = ngx_ai_gemini_read_kind(w->tree, u.prompt_kinds,
                                         NGX_AI_GEMINI_AUDIO);
    c.audio_cached = ngx_ai_gemini_read_kind(w->tree, u.cached_kinds,
                                             NGX_AI_GEMINI_AUDIO);
    c.audio_out = ngx_ai_gemini_read_kind(w->tree, u.candidate_kinds,
                                          NGX_AI_GEMINI_AUDIO);
    c.image_out = ngx_ai_gemini_read_kind(w->tree, u.candidate_kinds,
                                          NGX_AI_GEMINI_IMAGE);

    if (tier != NULL) {
        ngx_ai_gemini_string(w->tree, u.tier, tier);
    }

    return ngx_ai_gemini_usage(&c, usage);
}


static int64_t
ngx_ai_gemini_read_count(const ngx_ai_tree_t *tree, const ngx_ai_node_t *node)
{
    int64_t  n;

    if (node == NULL || ngx_ai_tree_int(tree, node, &n) != NGX_OK || n < 0) {
        return -1;
    }

    return n;
}


/* the tokens of one modality */

static int64_t
ngx_ai_gemini_read_kind(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *details, ngx_uint_t modality)
{
    int64_t               n;
    ngx_str_t             text;
    ngx_uint_t            i, number;
    const ngx_ai_node_t  *detail, *kind;

    if (details == NULL || details->type != NGX_AI_JSON_ARRAY) {
        return -1;
    }

    n = -1;
    detail = ngx_ai_tree_child(details);

    for (i = 0; i < details->n; i++) {
        kind = ngx_ai_tree_member(tree, detail, "modality");

        if (kind != NULL && (kind->type == NGX_AI_JSON_STRING
                             || kind->type == NGX_AI_JSON_NUMBER))
        {
            number = (kind->type == NGX_AI_JSON_NUMBER);

            if (number) {
                ngx_ai_tree_raw(tree, kind, &text);

            } else {
                ngx_ai_tree_text(tree, kind, &text);
            }

            if (ngx_ai_gemini_modality(&text, number) == modality) {
                kind = ngx_ai_tree_member(tree, detail, "tokenCount");
                n = ngx_ai_gemini_read_count(tree, kind);
            }
        }

        detail = ngx_ai_tree_next(tree, detail);
    }

    return n;
}


void
ngx_ai_gemini_write_usage(ngx_ai_json_writer_t *w,
    const ngx_ai_usage_t *usage)
{
    int64_t         prompt, candidates, in[3], out[3];
    const int64_t  *t;

    t = usage->tokens;

    prompt = ngx_ai_usage_in(usage);
    candidates = ngx_ai_usage_out(usage) - t[NGX_AI_USAGE_REASONING];

    in[0] = prompt - t[NGX_AI_USAGE_AUDIO_IN];
    in[1] = t[NGX_AI_USAGE_AUDIO_IN];
    in[2] = 0;

    out[0] = t[NGX_AI_USAGE_OUTPUT];
    out[1] = t[NGX_AI_USAGE_AUDIO_OUT];
    out[2] = t[NGX_AI_USAGE_IMAGE_OUT];

    ngx_ai_json_write_key(w, "usageMetadata");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "promptTokenCount");
    ngx_ai_json_write_int(w, prompt);

    if (t[NGX_AI_USAGE_CACHE_READ]) {
        ngx_ai_json_write_key(w, "cachedContentTokenCount");
        ngx_ai_json_write_int(w, t[NGX_AI_USAGE_CACHE_READ]);
    }

    ngx_ai_json_write_key(w, "candidatesTokenCount");
    ngx_ai_json_write_int(w, candidates);

    if (t[NGX_AI_USAGE_REASONING]) {
        ngx_ai_json_write_key(w, "thoughtsTokenCount");
        ngx_ai_json_write_int(w, t[NGX_AI_USAGE_REASONING]);
    }

    ngx_ai_json_write_key(w, "totalTokenCount");
    ngx_ai_json_write_int(w, prompt > INT64_MAX - ngx_ai_usage_out(usage)
                             ? INT64_MAX
                             : prompt + ngx_ai_usage_out(usage));

    if (in[1]) {
        ngx_ai_gemini_write_details(w, "promptTokensDetails", in);
    }

    if (out[1] || out[2]) {
        ngx_ai_gemini_write_details(w, "candidatesTokensDetails", out);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_gemini_write_details(ngx_ai_json_writer_t *w, const char *key,
    const int64_t *counts)
{
    ngx_uint_t  i;

    static const ngx_str_t  names[] = {
        ngx_string("TEXT"),
        ngx_string("AUDIO"),
        ngx_string("IMAGE")
    };

    ngx_ai_json_write_key(w, key);
    ngx_ai_json_write_array(w);

    for (i = 0; i < 3; i++) {

        if (counts[i] == 0) {
            continue;
        }

        ngx_ai_json_write_object(w);

        ngx_ai_json_write_key(w, "modality");
        ngx_ai_json_write_string(w, &names[i]);

        ngx_ai_json_write_key(w, "tokenCount");
        ngx_ai_json_write_int(w, counts[i]);

        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);
}
