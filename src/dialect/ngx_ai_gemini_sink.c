
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"


/*
 * Each event is an answer with one part:
 *
 *     {"candidates":[{"content":{"parts":[ ... ],"role":"model"},"index":0}],
 *      "usageMetadata":{ ... },"modelVersion":"...","responseId":"..."}
 *      |---------------------------- tail --------------------------|
 *
 * The tail is made when the usage is known or changes.  How it finished and
 * what it cites are in the last event.
 */


#define NGX_AI_GEMINI_TAIL_MAX   8192
#define NGX_AI_GEMINI_CITED_MAX  32768     /* bytes of sources */
#define NGX_AI_GEMINI_HELD_MAX   32768     /* bytes of signatures */


static ngx_int_t ngx_ai_gemini_sink_start(ngx_ai_gemini_sink_t *s,
    const ngx_ai_delta_t *d);
static void ngx_ai_gemini_sink_free(void *data);
static ngx_int_t ngx_ai_gemini_sink_tail(ngx_ai_gemini_sink_t *s);
static ngx_int_t ngx_ai_gemini_sink_part(ngx_ai_gemini_sink_t *s,
    const ngx_ai_delta_t *d);
static ngx_int_t ngx_ai_gemini_sink_text(ngx_ai_gemini_sink_t *s,
    const ngx_ai_delta_t *d);
static ngx_int_t ngx_ai_gemini_sink_audio(ngx_ai_gemini_sink_t *s,
    const ngx_ai_delta_t *d);
static ngx_int_t ngx_ai_gemini_sink_sign(ngx_ai_gemini_sink_t *s,
    const ngx_ai_delta_t *d);
static ngx_int_t ngx_ai_gemini_sink_held(ngx_ai_gemini_sink_t *s,
    ngx_uint_t choice);
static ngx_int_t ngx_ai_gemini_sink_begin(ngx_ai_gemini_sink_t *s,
    ngx_ai_json_writer_t *w, size_t *mark);
static ngx_int_t ngx_ai_gemini_sink_end(ngx_ai_gemini_sink_t *s,
    ngx_ai_json_writer_t *w, size_t mark, ngx_uint_t choice);
static ngx_int_t ngx_ai_gemini_sink_cite(ngx_ai_gemini_sink_t *s,
    const ngx_ai_delta_t *d);
static ngx_int_t ngx_ai_gemini_sink_copy(ngx_ai_gemini_sink_t *s,
    ngx_str_t *to, const ngx_str_t *from);
static ngx_int_t ngx_ai_gemini_sink_logprobs(ngx_ai_gemini_sink_t *s,
    const ngx_ai_delta_t *d);
static ngx_int_t ngx_ai_gemini_sink_last(ngx_ai_gemini_sink_t *s);
static void ngx_ai_gemini_sink_candidate(ngx_ai_json_writer_t *w,
    const ngx_str_t *signature);
static void ngx_ai_gemini_sink_empty(ngx_ai_json_writer_t *w,
    const ngx_str_t *signature);
static void ngx_ai_gemini_sink_rest(ngx_ai_gemini_sink_t *s,
    ngx_ai_json_writer_t *w);
static ngx_int_t ngx_ai_gemini_sink_error(ngx_ai_gemini_sink_t *s,
    const ngx_ai_delta_t *d);


ngx_int_t
ngx_ai_gemini_write_delta(void *sink, const ngx_ai_delta_t *d)
{
    ngx_ai_gemini_sink_t  *s;

    s = sink;

    switch (d->type) {

    case NGX_AI_DELTA_START:
        return ngx_ai_gemini_sink_start(s, d);

    case NGX_AI_DELTA_PART:
        s->said[d->choice] = 0;

        if (ngx_ai_gemini_sink_held(s, d->choice) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_ai_gemini_sink_part(s, d);

    case NGX_AI_DELTA_TEXT:
        s->said[d->choice] = 1;
        return (d->part->kind == NGX_AI_PART_AUDIO)
               ? ngx_ai_gemini_sink_audio(s, d)
               : ngx_ai_gemini_sink_text(s, d);

    case NGX_AI_DELTA_SIGNATURE:
        return ngx_ai_gemini_sink_sign(s, d);

    case NGX_AI_DELTA_CITATION:
        return ngx_ai_gemini_sink_cite(s, d);

    case NGX_AI_DELTA_LOGPROBS:
        return ngx_ai_gemini_sink_logprobs(s, d);

    case NGX_AI_DELTA_FINISH:
        s->finish[d->choice] = d->finish + 1;
        return NGX_OK;

    case NGX_AI_DELTA_USAGE:
        s->usage = *d->usage;
        return ngx_ai_gemini_sink_tail(s);

    case NGX_AI_DELTA_PING:
        return ngx_ai_framing_ping(s->sink.framing, s->sink.out);

    case NGX_AI_DELTA_ERROR:
        return ngx_ai_gemini_sink_error(s, d);

    case NGX_AI_DELTA_END:
        return ngx_ai_gemini_sink_last(s);

    default: /* NGX_AI_DELTA_PART_END */
        return NGX_OK;
    }
}


static ngx_int_t
ngx_ai_gemini_sink_start(ngx_ai_gemini_sink_t *s, const ngx_ai_delta_t *d)
{
    ngx_pool_cleanup_t  *cln;

    if (d->model.len <= NGX_AI_ASK_MODEL_MAX
        && ngx_ai_gemini_sink_copy(s, &s->model, &d->model) != NGX_OK)
    {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(s->sink.pool, sizeof(ngx_ai_buf_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    s->tail = cln->data;

    ngx_ai_buf_init(s->tail, NGX_AI_GEMINI_TAIL_MAX, s->sink.pool->log);

    cln->handler = ngx_ai_gemini_sink_free;

    s->sources = ngx_array_create(s->sink.pool, 4,
                                  sizeof(ngx_ai_gemini_source_t));
    if (s->sources == NULL) {
        return NGX_ERROR;
    }

    return ngx_ai_gemini_sink_tail(s);
}


static void
ngx_ai_gemini_sink_free(void *data)
{
    ngx_ai_buf_free(data);
}


/* an object without its last brace */

static ngx_int_t
ngx_ai_gemini_sink_tail(ngx_ai_gemini_sink_t *s)
{
    ngx_ai_json_writer_t  w;

    ngx_ai_buf_reset(s->tail);
    ngx_ai_json_writer_init(&w, s->tail);

    ngx_ai_json_write_object(&w);

    if (s->usage.reported) {
        ngx_ai_gemini_write_usage(&w, &s->usage);
    }

    ngx_ai_json_write_key(&w, "modelVersion");

    if (s->model.len) {
        ngx_ai_json_write_text(&w, &s->model);

    } else {
        ngx_ai_json_write_string(&w, &s->sink.told->model);
    }

    ngx_ai_json_write_key(&w, "responseId");
    ngx_ai_json_write_string(&w, &s->sink.told->id);

    return w.rc;
}


/* texts have nothing in PART, and a sound in pieces has no data in it */

static ngx_int_t
ngx_ai_gemini_sink_part(ngx_ai_gemini_sink_t *s, const ngx_ai_delta_t *d)
{
    size_t                mark;
    ngx_ai_json_writer_t  w;

    switch (d->part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_THINKING:
    case NGX_AI_PART_REFUSAL:
        return NGX_OK;

    case NGX_AI_PART_NATIVE:

        if (d->part->origin != NGX_AI_DIALECT_GEMINI) {
            return NGX_OK;
        }

        break;

    case NGX_AI_PART_REDACTED:
    case NGX_AI_PART_TOOL_CALL:
        break;

    default:

        if (d->part->data.len == 0 && d->part->url.len == 0
            && d->part->file.len == 0)
        {
            s->media_len = ngx_min(d->part->media.len,
                                   NGX_AI_GEMINI_MEDIA_MAX);

            if (s->media_len) {
                ngx_memcpy(s->media, d->part->media.data, s->media_len);
            }

            return NGX_OK;
        }
    }

    if (ngx_ai_gemini_sink_begin(s, &w, &mark) == NGX_OK) {
        (void) ngx_ai_gemini_write_part(&w, d->part);
    }

    return ngx_ai_gemini_sink_end(s, &w, mark, d->choice);
}


static ngx_int_t
ngx_ai_gemini_sink_text(ngx_ai_gemini_sink_t *s, const ngx_ai_delta_t *d)
{
    size_t                mark;
    ngx_ai_json_writer_t  w;

    if (ngx_ai_gemini_sink_begin(s, &w, &mark) == NGX_OK) {

        ngx_ai_json_write_object(&w);
        ngx_ai_json_write_key(&w, "text");
        ngx_ai_json_write_text(&w, &d->text);

        if (d->part->kind == NGX_AI_PART_THINKING) {
            ngx_ai_json_write_literal(&w, "\"thought\":true");
        }

        ngx_ai_json_write_end(&w);
    }

    return ngx_ai_gemini_sink_end(s, &w, mark, d->choice);
}


static ngx_int_t
ngx_ai_gemini_sink_audio(ngx_ai_gemini_sink_t *s, const ngx_ai_delta_t *d)
{
    size_t                mark;
    ngx_ai_part_t         part;
    ngx_ai_json_writer_t  w;

    ngx_memzero(&part, sizeof(ngx_ai_part_t));

    part.kind = NGX_AI_PART_AUDIO;
    part.media.data = s->media;
    part.media.len = s->media_len;
    part.data = d->text;

    if (ngx_ai_gemini_sink_begin(s, &w, &mark) == NGX_OK) {
        (void) ngx_ai_gemini_write_part(&w, &part);
    }

    return ngx_ai_gemini_sink_end(s, &w, mark, d->choice);
}


/*
 * Of a thought; a call has its own with it.  Gemini's own without a thought is
 * that of the text before it, and is kept for the last event if it can be.
 */

static ngx_int_t
ngx_ai_gemini_sink_sign(ngx_ai_gemini_sink_t *s, const ngx_ai_delta_t *d)
{
    size_t                mark;
    ngx_ai_json_writer_t  w;

    if (d->part->kind != NGX_AI_PART_THINKING) {
        return NGX_OK;
    }

    if (!s->said[d->choice] && d->part->origin == NGX_AI_DIALECT_GEMINI
        && d->text.len <= NGX_AI_GEMINI_HELD_MAX - s->kept)
    {
        s->kept += d->text.len;
        return ngx_ai_gemini_sink_copy(s, &s->held[d->choice], &d->text);
    }

    if (ngx_ai_gemini_sink_begin(s, &w, &mark) == NGX_OK) {

        ngx_ai_json_write_object(&w);
        ngx_ai_json_write_literal(&w, "\"text\":\"\"");

        if (s->said[d->choice] || d->part->origin != NGX_AI_DIALECT_GEMINI) {
            ngx_ai_json_write_literal(&w, "\"thought\":true");
        }

        ngx_ai_gemini_write_signature(&w, d->part->origin, &d->text);
        ngx_ai_json_write_end(&w);
    }

    return ngx_ai_gemini_sink_end(s, &w, mark, d->choice);
}


/* a signature that something comes behind */

static ngx_int_t
ngx_ai_gemini_sink_held(ngx_ai_gemini_sink_t *s, ngx_uint_t choice)
{
    size_t                mark;
    ngx_ai_json_writer_t  w;

    if (s->held[choice].len == 0) {
        return NGX_OK;
    }

    if (ngx_ai_gemini_sink_begin(s, &w, &mark) == NGX_OK) {
        ngx_ai_gemini_sink_empty(&w, &s->held[choice]);
    }

    ngx_str_null(&s->held[choice]);

    return ngx_ai_gemini_sink_end(s, &w, mark, choice);
}


static ngx_int_t
ngx_ai_gemini_sink_begin(ngx_ai_gemini_sink_t *s, ngx_ai_json_writer_t *w,
    size_t *mark)
{
    static const ngx_str_t  head = ngx_string(
                                "{\"candidates\":[{\"content\":{\"parts\":[");

    if (ngx_ai_sink_begin(&s->sink, w, NULL, mark) == NGX_OK) {
        w->rc = ngx_ai_buf_append(s->sink.out, head.data, head.len);
    }

    return w->rc;
}


static ngx_int_t
ngx_ai_gemini_sink_end(ngx_ai_gemini_sink_t *s, ngx_ai_json_writer_t *w,
    size_t mark, ngx_uint_t choice)
{
    u_char        *p;
    size_t         len;
    ngx_ai_buf_t  *out;

    static const ngx_str_t  rest = ngx_string(
                             "],\"role\":\"model\"},\"index\":0}],");

    if (w->rc != NGX_OK) {
        return w->rc;
    }

    out = s->sink.out;

    /* the tail begins with a brace that is not wanted, and needs another */

    len = ngx_ai_buf_len(s->tail);

    p = ngx_ai_buf_reserve(out, rest.len + len);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    p = ngx_cpymem(p, rest.data, rest.len);
    p[-4] = (u_char) ('0' + choice);

    p = ngx_cpymem(p, s->tail->start + 1, len - 1);
    *p++ = '}';

    out->last = p;

    return ngx_ai_sink_end(&s->sink, w, mark);
}


static ngx_int_t
ngx_ai_gemini_sink_cite(ngx_ai_gemini_sink_t *s, const ngx_ai_delta_t *d)
{
    size_t                   len;
    ngx_ai_gemini_source_t  *source;

    len = d->citation->url.len + d->citation->title.len
          + d->citation->quote.len;

    if (len == 0 || s->sources->nelts == NGX_AI_GEMINI_CITATIONS
        || len > NGX_AI_GEMINI_CITED_MAX - s->cited)
    {
        return NGX_OK;
    }

    s->cited += len;

    source = ngx_array_push(s->sources);
    if (source == NULL) {
        return NGX_ERROR;
    }

    source->choice = d->choice;
    source->part = -1;

    if (ngx_ai_gemini_sink_copy(s, &source->url, &d->citation->url) != NGX_OK
        || ngx_ai_gemini_sink_copy(s, &source->title, &d->citation->title)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_ai_gemini_sink_copy(s, &source->quote, &d->citation->quote);
}


static ngx_int_t
ngx_ai_gemini_sink_copy(ngx_ai_gemini_sink_t *s, ngx_str_t *to,
    const ngx_str_t *from)
{
    ngx_str_null(to);

    if (from->len == 0) {
        return NGX_OK;
    }

    to->data = ngx_pnalloc(s->sink.pool, from->len);
    if (to->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(to->data, from->data, from->len);
    to->len = from->len;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_sink_logprobs(ngx_ai_gemini_sink_t *s, const ngx_ai_delta_t *d)
{
    size_t                mark;
    ngx_str_t             none;
    ngx_ai_json_writer_t  w;

    if (ngx_ai_sink_begin(&s->sink, &w, NULL, &mark) != NGX_OK) {
        return w.rc;
    }

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "candidates");
    ngx_ai_json_write_array(&w);

    ngx_str_null(&none);
    ngx_ai_gemini_sink_candidate(&w, &none);

    ngx_ai_json_write_key(&w, "index");
    ngx_ai_json_write_int(&w, (int64_t) d->choice);

    ngx_ai_gemini_write_logprobs(&w, &d->text, s->sink.pool->log);

    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);

    ngx_ai_gemini_sink_rest(s, &w);
    ngx_ai_json_write_end(&w);

    return ngx_ai_sink_end(&s->sink, &w, mark);
}


static ngx_int_t
ngx_ai_gemini_sink_last(ngx_ai_gemini_sink_t *s)
{
    size_t                mark;
    ngx_uint_t            i;
    ngx_ai_json_writer_t  w;

    if (ngx_ai_sink_begin(&s->sink, &w, NULL, &mark) != NGX_OK) {
        return w.rc;
    }

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "candidates");
    ngx_ai_json_write_array(&w);

    for (i = 0; i < NGX_AI_FLOW_CHOICES; i++) {

        if (s->finish[i] == 0) {
            continue;
        }

        ngx_ai_gemini_sink_candidate(&w, &s->held[i]);

        ngx_ai_json_write_key(&w, "finishReason");
        ngx_ai_json_write_string(&w,
                               ngx_ai_gemini_finish_name(s->finish[i] - 1));

        ngx_ai_json_write_key(&w, "index");
        ngx_ai_json_write_int(&w, (int64_t) i);

        ngx_ai_gemini_write_citations(&w, s->sources, i);

        ngx_ai_json_write_end(&w);
    }

    ngx_ai_json_write_end(&w);

    ngx_ai_gemini_sink_rest(s, &w);
    ngx_ai_json_write_end(&w);

    return ngx_ai_sink_end(&s->sink, &w, mark);
}


/* begins one without a text: Google's SDKs want a part in each */

static void
ngx_ai_gemini_sink_candidate(ngx_ai_json_writer_t *w,
    const ngx_str_t *signature)
{
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "content");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "parts");
    ngx_ai_json_write_array(w);
    ngx_ai_gemini_sink_empty(w, signature);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_literal(w, "\"role\":\"model\"");
    ngx_ai_json_write_end(w);
}


static void
ngx_ai_gemini_sink_empty(ngx_ai_json_writer_t *w, const ngx_str_t *signature)
{
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"text\":\"\"");

    if (signature->len) {
        ngx_ai_json_write_key(w, "thoughtSignature");
        ngx_ai_json_write_text(w, signature);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_gemini_sink_rest(ngx_ai_gemini_sink_t *s, ngx_ai_json_writer_t *w)
{
    ngx_ai_json_write_members(w, (char *) s->tail->start + 1,
                              ngx_ai_buf_len(s->tail) - 1);
}


/* nothing follows it, not even the end that END has */

static ngx_int_t
ngx_ai_gemini_sink_error(ngx_ai_gemini_sink_t *s, const ngx_ai_delta_t *d)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    if (ngx_ai_sink_begin(&s->sink, &w, NULL, &mark) != NGX_OK) {
        return w.rc;
    }

    ngx_ai_gemini_write_envelope(&w, d->error);

    rc = ngx_ai_sink_end(&s->sink, &w, mark);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_framing_last(s->sink.framing, s->sink.out, 0);
}
