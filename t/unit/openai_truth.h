
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _OPENAI_TRUTH_H_INCLUDED_
#define _OPENAI_TRUTH_H_INCLUDED_


/*
 * What a reply or an event says, looked up in yajl's tree of it: what the
 * dialect's reader must have found in the same bytes.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <yajl/yajl_tree.h>

#include "ngx_ai_openai.h"


typedef struct {
    int64_t      in;
    int64_t      out;
    ngx_uint_t   reported;
    ngx_uint_t   finish;
    ngx_uint_t   ended;
    ngx_uint_t   error;
} truth_t;


static inline yajl_val
truth_get(yajl_val tree, const char *a, const char *b)
{
    const char  *path[3];

    path[0] = a;
    path[1] = b;
    path[2] = NULL;

    return YAJL_IS_OBJECT(tree) ? yajl_tree_get(tree, path, yajl_t_any) : NULL;
}


/* the first of two that is a count; -1: none is */

static inline int64_t
truth_count(yajl_val tree, const char *one, const char *other, const char *sub)
{
    yajl_val  v;

    v = truth_get(tree, one, sub);

    if (!(YAJL_IS_INTEGER(v) && YAJL_GET_INTEGER(v) >= 0) && other) {
        v = truth_get(tree, other, sub);
    }

    return (YAJL_IS_INTEGER(v) && YAJL_GET_INTEGER(v) >= 0)
           ? YAJL_GET_INTEGER(v) : -1;
}


static inline void
truth_finish(const char *word, truth_t *truth)
{
    size_t  i;

    static const struct {
        const char  *word;
        ngx_uint_t   finish;
    } words[] = {
        { "stop", NGX_AI_FINISH_STOP },
        { "completed", NGX_AI_FINISH_STOP },
        { "length", NGX_AI_FINISH_LENGTH },
        { "max_output_tokens", NGX_AI_FINISH_LENGTH },
        { "tool_calls", NGX_AI_FINISH_TOOLS },
        { "tool_call", NGX_AI_FINISH_TOOLS },
        { "function_call", NGX_AI_FINISH_TOOLS },
        { "content_filter", NGX_AI_FINISH_FILTER },
        { "failed", NGX_AI_FINISH_ERROR },
        { "error", NGX_AI_FINISH_ERROR }
    };

    if (*word == '\0' || strcmp(word, "in_progress") == 0
        || strcmp(word, "queued") == 0)
    {
        return;
    }

    truth->finish = NGX_AI_FINISH_OTHER;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i].word) == 0) {
            truth->finish = words[i].finish;
        }
    }
}


static inline void
truth_usage(ngx_uint_t quirks, yajl_val usage, truth_t *truth)
{
    int64_t  prompt, completion, total, audio, reasoning;

    if (!YAJL_IS_OBJECT(usage)) {
        return;
    }

    prompt = truth_count(usage, "prompt_tokens", "input_tokens", NULL);
    completion = truth_count(usage, "completion_tokens", "output_tokens", NULL);
    total = truth_count(usage, "total_tokens", "total_tokens", NULL);
    audio = truth_count(usage, "prompt_tokens_details", NULL, "audio_tokens");
    reasoning = truth_count(usage, "completion_tokens_details", NULL,
                            "reasoning_tokens");

    if (prompt < 0 && completion < 0) {
        prompt = total;
    }

    if (prompt < 0 && completion < 0) {
        return;
    }

    truth->reported = 1;
    truth->in = ngx_max(prompt, 0);
    truth->out = ngx_max(completion, 0);

    if (audio > 0 && total == truth->in + truth->out + audio) {
        truth->in += audio;
    }

    if (quirks & NGX_AI_QUIRK_REASONING_APART) {
        truth->out += ngx_max(reasoning, 0);
    }
}


static inline void
truth_of(ngx_uint_t route, yajl_val tree, ngx_uint_t quirks, truth_t *truth)
{
    char        *type;
    size_t       i;
    yajl_val     v, choices;
    ngx_uint_t   terminal;

    if (route == NGX_AI_ROUTE_RESPONSES && truth_get(tree, "type", NULL)) {

        /* an event */

        type = truth_get(tree, "type", NULL)->u.string;

        if (strcmp(type, "error") == 0) {
            truth->error = 1;
        }

        terminal = (strcmp(type, "response.completed") == 0
                    || strcmp(type, "response.incomplete") == 0
                    || strcmp(type, "response.failed") == 0);

        if (!terminal) {
            return;
        }

        truth->ended = 1;
        tree = truth_get(tree, "response", NULL);
    }

    if (route == NGX_AI_ROUTE_RESPONSE_GET) {

        /* one made in the background tells its usage to who asks for it */

        if (YAJL_IS_TRUE(truth_get(tree, "background", NULL))) {
            truth_usage(quirks, truth_get(tree, "usage", NULL), truth);
        }

        return;
    }

    v = truth_get(tree, "error", NULL);
    truth->error |= (YAJL_IS_OBJECT(v) || YAJL_IS_STRING(v));

    v = truth_get(tree, "base_resp", "status_code");
    truth->error |= ((quirks & NGX_AI_QUIRK_BASE_RESP) && YAJL_IS_INTEGER(v)
                     && YAJL_GET_INTEGER(v) != 0);

    truth_usage(quirks, truth_get(tree, "usage", NULL), truth);

    choices = truth_get(tree, "choices", NULL);

    for (i = 0; YAJL_IS_ARRAY(choices) && i < choices->u.array.len; i++) {
        v = truth_get(choices->u.array.values[i], "finish_reason", NULL);

        if (YAJL_IS_STRING(v)) {
            truth_finish(v->u.string, truth);
        }
    }

    if (route == NGX_AI_ROUTE_RESPONSES) {
        v = truth_get(tree, "incomplete_details", "reason");
        v = YAJL_IS_STRING(v) ? v : truth_get(tree, "status", NULL);
        truth_finish(YAJL_IS_STRING(v) ? v->u.string : "", truth);
    }
}


#endif /* _OPENAI_TRUTH_H_INCLUDED_ */
