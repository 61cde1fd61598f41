
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"


typedef enum {
    NGX_AI_GEMINI_ERROR = 0,
    NGX_AI_GEMINI_ERRORS,
    NGX_AI_GEMINI_PARTS,
    NGX_AI_GEMINI_CALL,
    NGX_AI_GEMINI_FINISH,
    NGX_AI_GEMINI_BLOCK,
    NGX_AI_GEMINI_BLOCK_MESSAGE,
    NGX_AI_GEMINI_PROMPT_TOKENS,
    NGX_AI_GEMINI_CACHED_TOKENS,
    NGX_AI_GEMINI_TOOL_TOKENS,
    NGX_AI_GEMINI_CANDIDATE_TOKENS,
    NGX_AI_GEMINI_THOUGHT_TOKENS,
    NGX_AI_GEMINI_TOTAL_TOKENS,
    NGX_AI_GEMINI_PROMPT_KIND,
    NGX_AI_GEMINI_PROMPT_COUNT,
    NGX_AI_GEMINI_CACHED_KIND,
    NGX_AI_GEMINI_CACHED_COUNT,
    NGX_AI_GEMINI_CANDIDATE_KIND,
    NGX_AI_GEMINI_CANDIDATE_COUNT
} ngx_ai_gemini_reply_e;


/* the numbers are those of "$alt=json;enum-encoding=int", 0 for the others */

typedef struct {
    ngx_str_t         name;
    ngx_uint_t        number;
    ngx_uint_t        finish;
} ngx_ai_gemini_finish_t;


static void ngx_ai_gemini_reply_usage(const ngx_ai_scan_value_t *v,
    ngx_ai_usage_t *usage);
static int64_t ngx_ai_gemini_count(const ngx_ai_scan_value_t *v);
static int64_t ngx_ai_gemini_kind(const ngx_ai_scan_value_t *v,
    ngx_uint_t modality);
static int64_t ngx_ai_gemini_take(int64_t *from, int64_t n);
static void ngx_ai_gemini_reply_finish(const ngx_ai_scan_value_t *v,
    ngx_ai_reply_t *reply);


const ngx_ai_scan_field_t
    ngx_ai_gemini_reply_fields[NGX_AI_GEMINI_REPLY_MAX] = {
    { ngx_string("error") },
    { ngx_string("*.error") },
    { ngx_string("candidates.*.content.parts") },
    { ngx_string("candidates.*.content.parts.*.functionCall") },
    { ngx_string("candidates.*.finishReason") },
    { ngx_string("promptFeedback.blockReason") },
    { ngx_string("promptFeedback.blockReasonMessage") },
    { ngx_string("usageMetadata.promptTokenCount") },
    { ngx_string("usageMetadata.cachedContentTokenCount") },
    { ngx_string("usageMetadata.toolUsePromptTokenCount") },
    { ngx_string("usageMetadata.candidatesTokenCount") },
    { ngx_string("usageMetadata.thoughtsTokenCount") },
    { ngx_string("usageMetadata.totalTokenCount") },
    { ngx_string("usageMetadata.promptTokensDetails.*.modality") },
    { ngx_string("usageMetadata.promptTokensDetails.*.tokenCount") },
    { ngx_string("usageMetadata.cacheTokensDetails.*.modality") },
    { ngx_string("usageMetadata.cacheTokensDetails.*.tokenCount") },
    { ngx_string("usageMetadata.candidatesTokensDetails.*.modality") },
    { ngx_string("usageMetadata.candidatesTokensDetails.*.tokenCount") }
};


/*
 * The first of a kind is how it is written.  From 6 on AI Studio and Vertex
 * count differently; the numbers here are AI Studio's, and so far both are of
 * the same kind but for 10, which is Model Armor's at Vertex.
 */

static const ngx_ai_gemini_finish_t  ngx_ai_gemini_finishes[] = {
    { ngx_string("STOP"), 1, NGX_AI_FINISH_STOP },
    { ngx_string("MAX_TOKENS"), 2, NGX_AI_FINISH_LENGTH },
    { ngx_string("SAFETY"), 3, NGX_AI_FINISH_FILTER },
    { ngx_string("RECITATION"), 4, NGX_AI_FINISH_FILTER },
    { ngx_string("OTHER"), 5, NGX_AI_FINISH_ERROR },
    { ngx_string("LANGUAGE"), 6, NGX_AI_FINISH_FILTER },
    { ngx_string("BLOCKLIST"), 7, NGX_AI_FINISH_FILTER },
    { ngx_string("PROHIBITED_CONTENT"), 8, NGX_AI_FINISH_FILTER },
    { ngx_string("SPII"), 9, NGX_AI_FINISH_FILTER },
    { ngx_string("MALFORMED_FUNCTION_CALL"), 10, NGX_AI_FINISH_ERROR },
    { ngx_string("IMAGE_SAFETY"), 11, NGX_AI_FINISH_FILTER },
    { ngx_string("MODEL_ARMOR"), 0, NGX_AI_FINISH_FILTER },
    { ngx_string("IMAGE_PROHIBITED_CONTENT"), 0, NGX_AI_FINISH_FILTER },
    { ngx_string("IMAGE_RECITATION"), 0, NGX_AI_FINISH_FILTER },
    { ngx_string("IMAGE_OTHER"), 0, NGX_AI_FINISH_FILTER },
    { ngx_string("UNEXPECTED_TOOL_CALL"), 0, NGX_AI_FINISH_ERROR },
    { ngx_string("TOO_MANY_TOOL_CALLS"), 0, NGX_AI_FINISH_ERROR },
    { ngx_string("FINISH_REASON_UNSPECIFIED"), 0, NGX_AI_FINISH_OTHER },
    { ngx_null_string, 0, 0 }
};


ngx_uint_t
ngx_ai_gemini_finish(const ngx_str_t *text, ngx_uint_t number)
{
    size_t                         i;
    ngx_uint_t                     n;
    const ngx_ai_gemini_finish_t  *f;

    n = 0;

    for (i = 0; number && i < text->len && n < 100; i++) {
        n = n * 10 + (text->data[i] - '0');
    }

    for (f = ngx_ai_gemini_finishes; f->name.len; f++) {

        if (number) {
            if (n && f->number == n) {
                return f->finish;
            }

        } else if (f->name.len == text->len
                   && ngx_memcmp(f->name.data, text->data, text->len) == 0)
        {
            return f->finish;
        }
    }

    return NGX_AI_FINISH_OTHER;
}


const ngx_str_t *
ngx_ai_gemini_finish_name(ngx_uint_t finish)
{
    const ngx_ai_gemini_finish_t  *f;

    if (finish == NGX_AI_FINISH_TOOLS) {
        finish = NGX_AI_FINISH_STOP;
    }

    for (f = ngx_ai_gemini_finishes; f[1].name.len; f++) {
        if (f->finish == finish) {
            break;
        }
    }

    return &f->name;
}


ngx_uint_t
ngx_ai_gemini_modality(const ngx_str_t *text, ngx_uint_t number)
{
    if (number) {
        return text->len != 1 ? NGX_AI_GEMINI_OTHER
               : *text->data == '4' ? NGX_AI_GEMINI_AUDIO
               : *text->data == '2' ? NGX_AI_GEMINI_IMAGE
               : NGX_AI_GEMINI_OTHER;
    }

    if (text->len != 5) {
        return NGX_AI_GEMINI_OTHER;
    }

    return ngx_memcmp(text->data, "AUDIO", 5) == 0 ? NGX_AI_GEMINI_AUDIO
           : ngx_memcmp(text->data, "IMAGE", 5) == 0 ? NGX_AI_GEMINI_IMAGE
           : NGX_AI_GEMINI_OTHER;
}


ngx_int_t
ngx_ai_gemini_usage(const ngx_ai_gemini_counts_t *c, ngx_ai_usage_t *usage)
{
    int64_t  prompt, candidates, cached, audio, *t;

    if (c->prompt < 0 && c->candidates < 0 && c->thoughts < 0
        && c->total < 0)
    {
        return NGX_DECLINED;
    }

    ngx_memzero(usage, sizeof(ngx_ai_usage_t));

    usage->reported = 1;
    t = usage->tokens;

    /* an embedding is told no more than its total */

    prompt = (c->prompt < 0 && c->candidates < 0 && c->thoughts < 0)
             ? c->total : ngx_max(c->prompt, 0);
    candidates = ngx_max(c->candidates, 0);

    cached = ngx_ai_gemini_take(&prompt, c->cached);
    audio = ngx_max(c->audio_in, 0) - ngx_max(c->audio_cached, 0);

    t[NGX_AI_USAGE_CACHE_READ] = cached;
    t[NGX_AI_USAGE_AUDIO_IN] = ngx_ai_gemini_take(&prompt, audio);
    t[NGX_AI_USAGE_INPUT] = prompt;

    if (c->tools > 0) {
        t[NGX_AI_USAGE_INPUT] = (c->tools > INT64_MAX - prompt)
                                ? INT64_MAX : prompt + c->tools;
    }

    t[NGX_AI_USAGE_AUDIO_OUT] = ngx_ai_gemini_take(&candidates, c->audio_out);
    t[NGX_AI_USAGE_IMAGE_OUT] = ngx_ai_gemini_take(&candidates, c->image_out);
    t[NGX_AI_USAGE_OUTPUT] = candidates;
    t[NGX_AI_USAGE_REASONING] = ngx_max(c->thoughts, 0);

    return NGX_OK;
}


/* a part can't be more than its whole, whatever the provider says */

static int64_t
ngx_ai_gemini_take(int64_t *from, int64_t n)
{
    n = ngx_min(ngx_max(n, 0), *from);
    *from -= n;

    return n;
}


void
ngx_ai_gemini_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *v, ngx_uint_t quirks, ngx_ai_reply_t *reply)
{
    if (v[NGX_AI_GEMINI_ERROR].type == NGX_AI_JSON_OBJECT
        || v[NGX_AI_GEMINI_ERRORS].type == NGX_AI_JSON_OBJECT)
    {
        reply->error = 1;
    }

    ngx_ai_gemini_reply_usage(v, &reply->usage);
    ngx_ai_gemini_reply_finish(v, reply);
}


/*
 * A scan knows the last element of an array: of several modalities, only the
 * last one is counted apart.
 */

static void
ngx_ai_gemini_reply_usage(const ngx_ai_scan_value_t *v, ngx_ai_usage_t *usage)
{
    ngx_ai_gemini_counts_t  c;

    c.prompt = ngx_ai_gemini_count(&v[NGX_AI_GEMINI_PROMPT_TOKENS]);
    c.cached = ngx_ai_gemini_count(&v[NGX_AI_GEMINI_CACHED_TOKENS]);
    c.tools = ngx_ai_gemini_count(&v[NGX_AI_GEMINI_TOOL_TOKENS]);
    c.candidates = ngx_ai_gemini_count(&v[NGX_AI_GEMINI_CANDIDATE_TOKENS]);
    c.thoughts = ngx_ai_gemini_count(&v[NGX_AI_GEMINI_THOUGHT_TOKENS]);
    c.total = ngx_ai_gemini_count(&v[NGX_AI_GEMINI_TOTAL_TOKENS]);

    c.audio_in = ngx_ai_gemini_kind(&v[NGX_AI_GEMINI_PROMPT_KIND],
                                    NGX_AI_GEMINI_AUDIO);
    c.audio_cached = ngx_ai_gemini_kind(&v[NGX_AI_GEMINI_CACHED_KIND],
                                        NGX_AI_GEMINI_AUDIO);
    c.audio_out = ngx_ai_gemini_kind(&v[NGX_AI_GEMINI_CANDIDATE_KIND],
                                     NGX_AI_GEMINI_AUDIO);
    c.image_out = ngx_ai_gemini_kind(&v[NGX_AI_GEMINI_CANDIDATE_KIND],
                                     NGX_AI_GEMINI_IMAGE);

    (void) ngx_ai_gemini_usage(&c, usage);
}


static int64_t
ngx_ai_gemini_count(const ngx_ai_scan_value_t *v)
{
    return (v->integer && v->value >= 0) ? v->value : -1;
}


/* the count behind a modality, if it is the one that is asked for */

static int64_t
ngx_ai_gemini_kind(const ngx_ai_scan_value_t *v, ngx_uint_t modality)
{
    ngx_str_t  text;

    text.data = (u_char *) v->text;
    text.len = v->len;

    if ((v->type != NGX_AI_JSON_STRING && v->type != NGX_AI_JSON_NUMBER)
        || ngx_ai_gemini_modality(&text, v->type == NGX_AI_JSON_NUMBER)
           != modality)
    {
        return -1;
    }

    return ngx_ai_gemini_count(&v[1]);
}


static void
ngx_ai_gemini_reply_finish(const ngx_ai_scan_value_t *v,
    ngx_ai_reply_t *reply)
{
    ngx_str_t                   text;
    ngx_uint_t                  finish;
    const ngx_ai_scan_value_t  *reason;

    /* the finish of a call is "STOP", which may come in a later event */

    if (v[NGX_AI_GEMINI_CALL].type == NGX_AI_JSON_OBJECT) {
        reply->finish = NGX_AI_FINISH_TOOLS;
    }

    reason = &v[NGX_AI_GEMINI_FINISH];

    if (reason->type != NGX_AI_JSON_STRING
        && reason->type != NGX_AI_JSON_NUMBER)
    {
        if (v[NGX_AI_GEMINI_BLOCK].count
            || v[NGX_AI_GEMINI_BLOCK_MESSAGE].count)
        {
            reply->finish = NGX_AI_FINISH_FILTER;
            reply->finished = 1;
        }

        return;
    }

    text.data = (u_char *) reason->text;
    text.len = reason->len;

    finish = ngx_ai_gemini_finish(&text, reason->type == NGX_AI_JSON_NUMBER);

    if (finish != NGX_AI_FINISH_STOP || reply->finish != NGX_AI_FINISH_TOOLS) {
        reply->finish = finish;
    }

    reply->finished = 1;
}


/* usage is in every event, asked for or not: nothing is ever hidden */

ngx_int_t
ngx_ai_gemini_read_event(const ngx_ai_route_t *route, ngx_ai_reader_t *readers,
    const ngx_ai_sse_event_t *ev, ngx_uint_t quirks, ngx_uint_t hidden,
    ngx_ai_reply_t *reply, ngx_ai_event_t *event)
{
    ngx_ai_reader_t      *reader;
    ngx_ai_scan_value_t  *v;

    ngx_memzero(event, sizeof(ngx_ai_event_t));

    reader = &readers[NGX_AI_GEMINI_TABLE_REPLY];

    if (ngx_ai_reader_read(reader, &ev->data) != NGX_OK
        || (reader->scan.top.type != NGX_AI_JSON_OBJECT
            && reader->scan.top.type != NGX_AI_JSON_ARRAY))
    {
        return NGX_ERROR;
    }

    v = reader->values;

    ngx_ai_gemini_read_reply(route, v, quirks, reply);

    event->error = (v[NGX_AI_GEMINI_ERROR].type == NGX_AI_JSON_OBJECT
                    || v[NGX_AI_GEMINI_ERRORS].type == NGX_AI_JSON_OBJECT);

    event->content = (v[NGX_AI_GEMINI_PARTS].n != 0
                      || v[NGX_AI_GEMINI_FINISH].count != 0
                      || v[NGX_AI_GEMINI_BLOCK].count != 0
                      || v[NGX_AI_GEMINI_BLOCK_MESSAGE].count != 0);

    return NGX_OK;
}
