
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* Streams, as they are written: see ngx_ai_bedrock_stream.c. */


#include "ngx_ai_bedrock.h"


#define NGX_AI_BEDROCK_POOL  4096


static ngx_int_t ngx_ai_bedrock_sink_part(ngx_ai_bedrock_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_bedrock_sink_call(ngx_ai_bedrock_sink_t *s,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_bedrock_sink_image(ngx_ai_bedrock_sink_t *s,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_bedrock_sink_text(ngx_ai_bedrock_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_bedrock_sink_signature(ngx_ai_bedrock_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_bedrock_sink_sign(ngx_ai_bedrock_sink_t *s,
    ngx_uint_t origin, const ngx_str_t *signature);
static ngx_int_t ngx_ai_bedrock_sink_citation(ngx_ai_bedrock_sink_t *s,
    const ngx_ai_citation_t *citation);
static ngx_int_t ngx_ai_bedrock_sink_close(ngx_ai_bedrock_sink_t *s);
static ngx_int_t ngx_ai_bedrock_sink_start(ngx_ai_bedrock_sink_t *s);
static ngx_int_t ngx_ai_bedrock_sink_stop(ngx_ai_bedrock_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_bedrock_sink_metadata(ngx_ai_bedrock_sink_t *s);
static ngx_int_t ngx_ai_bedrock_block(ngx_ai_bedrock_sink_t *s,
    ngx_ai_json_writer_t *w, const char *name, size_t *mark);
static ngx_int_t ngx_ai_bedrock_block_end(ngx_ai_bedrock_sink_t *s,
    ngx_ai_json_writer_t *w, size_t mark);


ngx_int_t
ngx_ai_bedrock_write_delta(void *sink, const ngx_ai_delta_t *delta)
{
    ngx_ai_bedrock_sink_t *s = sink;

    /* there is no word for more than one choice */

    if (delta->choice != 0) {
        return NGX_OK;
    }

    switch (delta->type) {

    case NGX_AI_DELTA_TEXT:
        return ngx_ai_bedrock_sink_text(s, delta);

    case NGX_AI_DELTA_START:
        return ngx_ai_bedrock_sink_start(s);

    case NGX_AI_DELTA_PART:
        return ngx_ai_bedrock_sink_part(s, delta);

    case NGX_AI_DELTA_SIGNATURE:
        return ngx_ai_bedrock_sink_signature(s, delta);

    case NGX_AI_DELTA_CITATION:
        return ngx_ai_bedrock_sink_citation(s, delta->citation);

    case NGX_AI_DELTA_PART_END:
        return ngx_ai_bedrock_sink_close(s);

    case NGX_AI_DELTA_FINISH:
        return ngx_ai_bedrock_sink_stop(s, delta);

    case NGX_AI_DELTA_USAGE:
        s->usage = *delta->usage;
        return NGX_OK;

    case NGX_AI_DELTA_PING:
        return ngx_ai_framing_ping(s->sink.framing, s->sink.out);

    case NGX_AI_DELTA_ERROR:
        return ngx_ai_bedrock_write_error_event(s->sink.told->route,
                                                delta->error, s->sink.framing,
                                                s->sink.out);

    case NGX_AI_DELTA_END:
        return ngx_ai_bedrock_sink_metadata(s);

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_ai_bedrock_sink_part(ngx_ai_bedrock_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    size_t                 mark;
    ngx_int_t              rc;
    const ngx_ai_part_t   *part;
    ngx_ai_json_writer_t   w;

    part = delta->part;

    switch (part->kind) {

    case NGX_AI_PART_TOOL_CALL:
        return ngx_ai_bedrock_sink_call(s, part);

    case NGX_AI_PART_IMAGE:
        return ngx_ai_bedrock_sink_image(s, part);

    case NGX_AI_PART_REDACTED:

        if (part->origin != NGX_AI_DIALECT_BEDROCK) {
            return NGX_OK;
        }

        rc = ngx_ai_bedrock_block(s, &w, "contentBlockDelta", &mark);
        if (rc != NGX_OK) {
            return rc;
        }

        ngx_ai_json_write_key(&w, "delta");
        ngx_ai_bedrock_write_redacted(&w, &part->data);

        return ngx_ai_bedrock_block_end(s, &w, mark);

    default:
        return NGX_OK;
    }
}


/* a signature of the call goes before it, in a block of its own */

static ngx_int_t
ngx_ai_bedrock_sink_call(ngx_ai_bedrock_sink_t *s, const ngx_ai_part_t *part)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    if (part->signature.len) {

        rc = ngx_ai_bedrock_sink_sign(s, part->origin, &part->signature);
        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_ai_bedrock_sink_close(s);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    rc = ngx_ai_bedrock_block(s, &w, "contentBlockStart", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, "start");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "toolUse");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "toolUseId");
    ngx_ai_json_write_text(&w, &part->id);
    ngx_ai_json_write_key(&w, "name");
    ngx_ai_json_write_text(&w, &part->name);
    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);

    return ngx_ai_bedrock_block_end(s, &w, mark);
}


static ngx_int_t
ngx_ai_bedrock_sink_image(ngx_ai_bedrock_sink_t *s, const ngx_ai_part_t *part)
{
    size_t                          mark;
    ngx_int_t                       rc;
    ngx_ai_json_writer_t            w;
    const ngx_ai_bedrock_format_t  *format;

    format = ngx_ai_bedrock_format(part);

    if (format == NULL || part->data.len == 0) {
        return NGX_OK;
    }

    rc = ngx_ai_bedrock_block(s, &w, "contentBlockStart", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, "start");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "image");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "format");
    ngx_ai_json_write_text(&w, &format->format);
    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);

    rc = ngx_ai_bedrock_block_end(s, &w, mark);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_bedrock_block(s, &w, "contentBlockDelta", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, "delta");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "image");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "source");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "bytes");
    ngx_ai_json_write_text(&w, &part->data);
    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);

    return ngx_ai_bedrock_block_end(s, &w, mark);
}


static ngx_int_t
ngx_ai_bedrock_sink_text(ngx_ai_bedrock_sink_t *s, const ngx_ai_delta_t *delta)
{
    size_t                mark;
    ngx_int_t             rc;
    const char           *in, *key;
    ngx_ai_json_writer_t  w;

    switch (delta->part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
        in = NULL;
        key = "text";
        break;

    case NGX_AI_PART_THINKING:
        in = "reasoningContent";
        key = "text";
        break;

    case NGX_AI_PART_TOOL_CALL:
        in = "toolUse";
        key = "input";
        break;

    default:
        return NGX_OK;
    }

    rc = ngx_ai_bedrock_block(s, &w, "contentBlockDelta", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, "delta");
    ngx_ai_json_write_object(&w);

    if (in != NULL) {
        ngx_ai_json_write_key(&w, in);
        ngx_ai_json_write_object(&w);
    }

    ngx_ai_json_write_key(&w, key);
    ngx_ai_json_write_text(&w, &delta->text);

    if (in != NULL) {
        ngx_ai_json_write_end(&w);
    }

    ngx_ai_json_write_end(&w);

    return ngx_ai_bedrock_block_end(s, &w, mark);
}


/*
 * Of a thought in its block, of a text in one of its own behind it; what the
 * text still has is another block then.  A signature that comes when a call
 * has begun is lost: one behind it would be taken for the next call's.
 */

static ngx_int_t
ngx_ai_bedrock_sink_signature(ngx_ai_bedrock_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    ngx_int_t  rc;

    if (delta->part->kind == NGX_AI_PART_THINKING) {
        return ngx_ai_bedrock_sink_sign(s, delta->part->origin, &delta->text);
    }

    if (delta->part->kind != NGX_AI_PART_TEXT) {
        return NGX_OK;
    }

    rc = ngx_ai_bedrock_sink_close(s);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_bedrock_sink_sign(s, delta->part->origin, &delta->text);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_bedrock_sink_close(s);
}


static ngx_int_t
ngx_ai_bedrock_sink_sign(ngx_ai_bedrock_sink_t *s, ngx_uint_t origin,
    const ngx_str_t *signature)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_str_t             wrapped;
    ngx_pool_t           *pool;
    ngx_ai_json_writer_t  w;

    /* not from the stream's pool: nobody counts signatures */

    pool = ngx_create_pool(NGX_AI_BEDROCK_POOL, s->sink.pool->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_ai_bedrock_signature(pool, origin, signature, &wrapped);

    if (rc == NGX_OK) {
        rc = ngx_ai_bedrock_block(s, &w, "contentBlockDelta", &mark);
    }

    if (rc == NGX_OK) {
        ngx_ai_json_write_key(&w, "delta");
        ngx_ai_json_write_object(&w);
        ngx_ai_json_write_key(&w, "reasoningContent");
        ngx_ai_json_write_object(&w);
        ngx_ai_json_write_key(&w, "signature");
        ngx_ai_json_write_text(&w, &wrapped);
        ngx_ai_json_write_end(&w);
        ngx_ai_json_write_end(&w);

        rc = ngx_ai_bedrock_block_end(s, &w, mark);
    }

    ngx_destroy_pool(pool);

    return rc;
}


static ngx_int_t
ngx_ai_bedrock_sink_citation(ngx_ai_bedrock_sink_t *s,
    const ngx_ai_citation_t *citation)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_bedrock_block(s, &w, "contentBlockDelta", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_key(&w, "delta");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "citation");
    ngx_ai_bedrock_write_citation(&w, citation);
    ngx_ai_json_write_end(&w);

    return ngx_ai_bedrock_block_end(s, &w, mark);
}


/* a block of which nothing was said has not begun */

static ngx_int_t
ngx_ai_bedrock_sink_close(ngx_ai_bedrock_sink_t *s)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    if (!s->open) {
        return NGX_OK;
    }

    rc = ngx_ai_bedrock_block(s, &w, "contentBlockStop", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    s->open = 0;
    s->block++;

    return ngx_ai_bedrock_block_end(s, &w, mark);
}


static ngx_int_t
ngx_ai_bedrock_sink_start(ngx_ai_bedrock_sink_t *s)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_sink_begin(&s->sink, &w, "messageStart", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_literal(&w, "{\"role\":\"assistant\"}");

    return ngx_ai_sink_end(&s->sink, &w, mark);
}


static ngx_int_t
ngx_ai_bedrock_sink_stop(ngx_ai_bedrock_sink_t *s, const ngx_ai_delta_t *delta)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_sink_begin(&s->sink, &w, "messageStop", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "stopReason");
    ngx_ai_bedrock_write_reason(&w, delta->finish, delta->text.len);
    ngx_ai_json_write_end(&w);

    return ngx_ai_sink_end(&s->sink, &w, mark);
}


static ngx_int_t
ngx_ai_bedrock_sink_metadata(ngx_ai_bedrock_sink_t *s)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_sink_begin(&s->sink, &w, "metadata", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_object(&w);
    ngx_ai_bedrock_write_usage(&w, &s->usage);
    ngx_ai_bedrock_write_metrics(&w, s->sink.told);
    ngx_ai_json_write_end(&w);

    return ngx_ai_sink_end(&s->sink, &w, mark);
}


/* an event of the open block, or of the next one, which it opens */

static ngx_int_t
ngx_ai_bedrock_block(ngx_ai_bedrock_sink_t *s, ngx_ai_json_writer_t *w,
    const char *name, size_t *mark)
{
    ngx_int_t  rc;

    rc = ngx_ai_sink_begin(&s->sink, w, name, mark);
    if (rc != NGX_OK) {
        return rc;
    }

    s->open = 1;

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "contentBlockIndex");
    ngx_ai_json_write_int(w, s->block);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_block_end(ngx_ai_bedrock_sink_t *s, ngx_ai_json_writer_t *w,
    size_t mark)
{
    ngx_ai_json_write_end(w);

    return ngx_ai_sink_end(&s->sink, w, mark);
}
