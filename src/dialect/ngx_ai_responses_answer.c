
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"


static ngx_int_t ngx_ai_responses_read_outputs(ngx_ai_walk_t *w,
    const ngx_ai_node_t *array, ngx_ai_alternative_t *alternative);
static int64_t ngx_ai_responses_count(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *object, const char *name, const char *inner);
static void ngx_ai_responses_string(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *object, const char *name, ngx_str_t *text);


static const ngx_ai_responses_word_t  ngx_ai_responses_reasons[] = {
    { ngx_string("max_output_tokens"), NGX_AI_FINISH_LENGTH },
    { ngx_string("max_tokens"), NGX_AI_FINISH_LENGTH },
    { ngx_string("length"), NGX_AI_FINISH_LENGTH },
    { ngx_string("content_filter"), NGX_AI_FINISH_FILTER },
    { ngx_null_string, 0 }
};


ngx_int_t
ngx_ai_responses_read_answer(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    ngx_uint_t quirks, void *to)
{
    ngx_ai_answer_t *answer = to;

    const ngx_ai_node_t   *output, *node;
    ngx_ai_alternative_t  *alternative;

    output = ngx_ai_tree_member(w->tree, root, "output");

    if (output == NULL || output->type != NGX_AI_JSON_ARRAY) {
        return ngx_ai_walk_fail(w, root, "has no \"output\"");
    }

    alternative = ngx_ai_answer_alternative(answer);
    if (alternative == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    alternative->finish = ngx_ai_responses_read_finish(w->tree, root);

    if (alternative->finish == NGX_AI_FINISH_ERROR) {
        return ngx_ai_walk_fail(w, root, "tells of an error");
    }

    if (ngx_ai_responses_read_outputs(w, output, alternative) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_ai_responses_string(w->tree, root, "id", &answer->id);
    ngx_ai_responses_string(w->tree, root, "model", &answer->model);
    ngx_ai_responses_string(w->tree, root, "service_tier", &answer->tier);

    node = ngx_ai_tree_member(w->tree, root, "created_at");

    if (node != NULL) {
        (void) ngx_ai_tree_int(w->tree, node, &answer->created);
    }

    node = ngx_ai_tree_member(w->tree, root, "usage");

    if (node != NULL) {
        (void) ngx_ai_responses_read_usage(w->tree, node, &answer->usage);
    }

    if (ngx_ai_answer_complete(answer) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_outputs(ngx_ai_walk_t *w, const ngx_ai_node_t *array,
    ngx_ai_alternative_t *alternative)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *item;

    w->data = &alternative->logprobs;

    item = ngx_ai_tree_child(array);

    for (i = 0; i < array->n; i++) {

        if (ngx_ai_responses_read_output(w, item, &alternative->parts)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        item = ngx_ai_tree_next(w->tree, item);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_ai_responses_read_finish(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *response)
{
    ngx_str_t             status, reason;
    const ngx_ai_node_t  *node;

    if (ngx_ai_tree_member(tree, response, "error") != NULL) {
        return NGX_AI_FINISH_ERROR;
    }

    ngx_str_null(&status);
    ngx_str_null(&reason);

    ngx_ai_responses_string(tree, response, "status", &status);

    if (status.len == 0
        || (status.len == sizeof("completed") - 1
            && ngx_memcmp(status.data, "completed", status.len) == 0))
    {
        return NGX_AI_FINISH_STOP;
    }

    if (status.len == sizeof("incomplete") - 1
        && ngx_memcmp(status.data, "incomplete", status.len) == 0)
    {
        node = ngx_ai_tree_member(tree, response, "incomplete_details");

        if (node != NULL) {
            ngx_ai_responses_string(tree, node, "reason", &reason);
        }

        return ngx_ai_responses_find(ngx_ai_responses_reasons, &reason,
                                     NGX_AI_FINISH_OTHER);
    }

    /* failed, cancelled; or not ended, which can't be told as an answer */

    return NGX_AI_FINISH_ERROR;
}


ngx_int_t
ngx_ai_responses_read_usage(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *node, ngx_ai_usage_t *usage)
{
    ngx_ai_openai_counts_t  counts;

    ngx_ai_openai_counts_init(&counts);

    counts.prompt = ngx_ai_responses_count(tree, node, "input_tokens", NULL);
    counts.cached = ngx_ai_responses_count(tree, node, "input_tokens_details",
                                           "cached_tokens");
    counts.written = ngx_ai_responses_count(tree, node,
                                            "input_tokens_details",
                                            "cache_write_tokens");
    counts.completion = ngx_ai_responses_count(tree, node, "output_tokens",
                                               NULL);
    counts.reasoning = ngx_ai_responses_count(tree, node,
                                              "output_tokens_details",
                                              "reasoning_tokens");

    return ngx_ai_openai_buckets(&counts, usage);
}


/* -1: there is none */

static int64_t
ngx_ai_responses_count(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *object, const char *name, const char *inner)
{
    int64_t               n;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(tree, object, name);

    if (node != NULL && inner != NULL) {
        node = ngx_ai_tree_member(tree, node, inner);
    }

    if (node == NULL || ngx_ai_tree_int(tree, node, &n) != NGX_OK || n < 0) {
        return -1;
    }

    return n;
}


static void
ngx_ai_responses_string(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *object, const char *name, ngx_str_t *text)
{
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(tree, object, name);

    if (node != NULL && node->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(tree, node, text);
    }
}


ngx_int_t
ngx_ai_responses_write_answer(const void *from, const ngx_ai_told_t *told,
    ngx_ai_json_writer_t *w)
{
    const ngx_ai_answer_t *answer = from;

    ngx_ai_alternative_t       *alternative;
    ngx_ai_responses_items_t    items;
    ngx_ai_responses_object_t   object;

    ngx_memzero(&items, sizeof(ngx_ai_responses_items_t));
    ngx_memzero(&object, sizeof(ngx_ai_responses_object_t));

    alternative = answer->alternatives.nelts ? answer->alternatives.elts
                                             : NULL;

    object.told = told;
    object.chat = told->chat;
    object.model = answer->model;
    object.tier = answer->tier;
    object.created = answer->created;
    object.usage = &answer->usage;
    object.finish = alternative ? alternative->finish : NGX_AI_FINISH_STOP;

    ngx_ai_json_write_object(w);
    ngx_ai_responses_write_object(&object, w);
    ngx_ai_json_write_key(w, "output");
    ngx_ai_json_write_array(w);

    if (alternative != NULL) {
        items.w = w;
        items.pool = answer->pool;
        items.reader = NGX_AI_RESPONSES_CLIENT;
        items.chat = told->chat;
        items.told = told;
        items.signs = ngx_ai_responses_signs(told->chat);
        items.cut = (alternative->finish == NGX_AI_FINISH_LENGTH
                     || alternative->finish == NGX_AI_FINISH_FILTER);

        (void) ngx_ai_responses_logprobs(&alternative->logprobs,
                                         &items.logprobs);

        ngx_ai_responses_write_parts(&items, &alternative->parts,
                                     NGX_AI_ROLE_ASSISTANT);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);

    return NGX_OK;
}
