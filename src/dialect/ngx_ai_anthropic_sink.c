
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_anthropic.h"


/*
 *     message_start ( content_block_start ping? content_block_delta*
 *                     content_block_stop )* message_delta message_stop
 *
 * The start waits for what comes behind it, which may be the report of the
 * input that it has to have.  A block is begun by the first that is in it, so
 * that there are no empty ones.
 */


static ngx_int_t ngx_ai_anthropic_sink_begin(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_anthropic_sink_start(ngx_ai_anthropic_sink_t *s);
static ngx_int_t ngx_ai_anthropic_sink_ping(ngx_ai_anthropic_sink_t *s);
static ngx_int_t ngx_ai_anthropic_sink_part(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_anthropic_sink_text(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_anthropic_sink_signature(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_anthropic_sink_carry(ngx_ai_anthropic_sink_t *s,
    ngx_uint_t kind, ngx_uint_t origin, const ngx_str_t *signature);
static ngx_int_t ngx_ai_anthropic_sink_thought(ngx_ai_anthropic_sink_t *s,
    ngx_uint_t kind, ngx_uint_t origin, const ngx_str_t *signature);
static ngx_int_t ngx_ai_anthropic_sink_sign(ngx_ai_anthropic_sink_t *s,
    ngx_uint_t kind, ngx_uint_t origin, const ngx_str_t *signature,
    ngx_str_t *out);
static ngx_int_t ngx_ai_anthropic_sink_citation(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_anthropic_sink_part_end(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_anthropic_sink_finish(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_ai_anthropic_sink_end(ngx_ai_anthropic_sink_t *s);
static ngx_int_t ngx_ai_anthropic_sink_error(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_error_t *error);
static ngx_int_t ngx_ai_anthropic_open_block(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_part_t *part);
static void ngx_ai_anthropic_write_start(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_part_t *part, const ngx_str_t *data,
    ngx_ai_json_writer_t *w);
static ngx_int_t ngx_ai_anthropic_close_block(ngx_ai_anthropic_sink_t *s);
static ngx_int_t ngx_ai_anthropic_delta_begin(ngx_ai_anthropic_sink_t *s,
    ngx_ai_json_writer_t *w, size_t *mark);
static ngx_int_t ngx_ai_anthropic_delta_end(ngx_ai_anthropic_sink_t *s,
    ngx_ai_json_writer_t *w, size_t mark);
static ngx_int_t ngx_ai_anthropic_write_piece(ngx_ai_anthropic_sink_t *s,
    ngx_uint_t kind, const ngx_str_t *text);


static const ngx_str_t  ngx_ai_anthropic_nothing = ngx_null_string;


ngx_int_t
ngx_ai_anthropic_write_delta(void *sink, const ngx_ai_delta_t *delta)
{
    ngx_int_t                 rc;
    ngx_ai_anthropic_sink_t  *s;

    s = sink;

    /* there is one choice */

    if (delta->choice) {
        return NGX_OK;
    }

    switch (delta->type) {

    case NGX_AI_DELTA_START:
        return ngx_ai_anthropic_sink_begin(s, delta);

    case NGX_AI_DELTA_USAGE:
        s->usage = *delta->usage;
        return NGX_OK;

    case NGX_AI_DELTA_LOGPROBS:
        return NGX_OK;

    case NGX_AI_DELTA_FINISH:
        return ngx_ai_anthropic_sink_finish(s, delta);

    case NGX_AI_DELTA_ERROR:
        return ngx_ai_anthropic_sink_error(s, delta->error);
    }

    rc = ngx_ai_anthropic_sink_start(s);
    if (rc != NGX_OK) {
        return rc;
    }

    switch (delta->type) {

    case NGX_AI_DELTA_PART:
        return ngx_ai_anthropic_sink_part(s, delta);

    case NGX_AI_DELTA_TEXT:
        return ngx_ai_anthropic_sink_text(s, delta);

    case NGX_AI_DELTA_SIGNATURE:
        return ngx_ai_anthropic_sink_signature(s, delta);

    case NGX_AI_DELTA_CITATION:
        return ngx_ai_anthropic_sink_citation(s, delta);

    case NGX_AI_DELTA_PART_END:
        return ngx_ai_anthropic_sink_part_end(s, delta);

    case NGX_AI_DELTA_PING:
        return ngx_ai_anthropic_sink_ping(s);

    default: /* NGX_AI_DELTA_END */
        return ngx_ai_anthropic_sink_end(s);
    }
}


static ngx_int_t
ngx_ai_anthropic_sink_begin(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    s->waits = 1;

    if (delta->model.len) {
        s->model.data = ngx_pnalloc(s->sink.pool, delta->model.len);
        if (s->model.data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(s->model.data, delta->model.data, delta->model.len);
        s->model.len = delta->model.len;
    }

    return NGX_OK;
}


/* what was made of the output is not known: 1 is what the API says itself */

static ngx_int_t
ngx_ai_anthropic_sink_start(ngx_ai_anthropic_sink_t *s)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_usage_t        usage;
    ngx_ai_json_writer_t  w;

    if (!s->waits) {
        return NGX_OK;
    }

    s->waits = 0;

    usage = s->usage;

    if (ngx_ai_usage_out(&usage) == 0) {
        usage.tokens[NGX_AI_USAGE_OUTPUT] = 1;
    }

    rc = ngx_ai_sink_begin(&s->sink, &w, "message_start", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_literal(&w, "\"type\":\"message_start\"");

    ngx_ai_json_write_key(&w, "message");
    ngx_ai_json_write_object(&w);

    ngx_ai_anthropic_write_head(&w, s->sink.told, &s->model);
    ngx_ai_json_write_literal(&w, "\"content\":[],\"stop_reason\":null,"
                              "\"stop_sequence\":null");
    ngx_ai_anthropic_write_usage(&w, &usage, &ngx_ai_anthropic_nothing);

    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);

    return ngx_ai_sink_end(&s->sink, &w, mark);
}


static ngx_int_t
ngx_ai_anthropic_sink_ping(ngx_ai_anthropic_sink_t *s)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_sink_begin(&s->sink, &w, "ping", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_literal(&w, "{\"type\":\"ping\"}");

    return ngx_ai_sink_end(&s->sink, &w, mark);
}


/* those that are whole here, the others are begun by their first piece */

static ngx_int_t
ngx_ai_anthropic_sink_part(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    ngx_ai_part_t         part;
    const ngx_ai_part_t  *from;

    from = delta->part;

    switch (from->kind) {

    case NGX_AI_PART_TOOL_CALL:
        return ngx_ai_anthropic_sink_carry(s, from->kind, from->origin,
                                           &from->signature);

    case NGX_AI_PART_REDACTED:
        return ngx_ai_anthropic_open_block(s, from);

    case NGX_AI_PART_NATIVE:
        if (from->origin == NGX_AI_DIALECT_ANTHROPIC) {
            return ngx_ai_anthropic_open_block(s, from);
        }

        return NGX_OK;

    case NGX_AI_PART_AUDIO:
        if (from->text.len == 0) {
            return NGX_OK;
        }

        /* of what is spoken, what is said */

        ngx_memzero(&part, sizeof(ngx_ai_part_t));

        if (ngx_ai_anthropic_open_block(s, &part) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_ai_anthropic_write_piece(s, NGX_AI_PART_TEXT, &from->text);

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_ai_anthropic_sink_text(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    ngx_int_t  rc;

    switch (delta->part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
    case NGX_AI_PART_THINKING:
    case NGX_AI_PART_TOOL_CALL:
        break;

    default:
        return NGX_OK;
    }

    rc = ngx_ai_anthropic_open_block(s, delta->part);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_anthropic_write_piece(s, delta->part->kind, &delta->text);
}


static ngx_int_t
ngx_ai_anthropic_sink_signature(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    ngx_int_t  rc;

    switch (delta->part->kind) {

    case NGX_AI_PART_THINKING:
        return ngx_ai_anthropic_sink_thought(s, delta->part->kind,
                                             delta->part->origin,
                                             &delta->text);

    case NGX_AI_PART_TOOL_CALL:

        /* in the middle of a call it is too late to be in front of it */

        if (s->open) {
            return NGX_OK;
        }

        break;

    default:
        rc = ngx_ai_anthropic_close_block(s);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_ai_anthropic_sink_carry(s, delta->part->kind,
                                       delta->part->origin, &delta->text);
}


/* a block that has a signature alone */

static ngx_int_t
ngx_ai_anthropic_sink_carry(ngx_ai_anthropic_sink_t *s, ngx_uint_t kind,
    ngx_uint_t origin, const ngx_str_t *signature)
{
    ngx_int_t  rc;

    if (signature->len == 0) {
        return NGX_OK;
    }

    rc = ngx_ai_anthropic_sink_thought(s, kind, origin, signature);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_anthropic_close_block(s);
}


static ngx_int_t
ngx_ai_anthropic_sink_thought(ngx_ai_anthropic_sink_t *s, ngx_uint_t kind,
    ngx_uint_t origin, const ngx_str_t *signature)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_str_t             wrapped;
    ngx_ai_part_t         part;
    ngx_ai_json_writer_t  w;

    if (ngx_ai_anthropic_sink_sign(s, kind, origin, signature, &wrapped)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (wrapped.len == 0) {
        return NGX_OK;
    }

    ngx_memzero(&part, sizeof(ngx_ai_part_t));
    part.kind = NGX_AI_PART_THINKING;

    rc = ngx_ai_anthropic_open_block(s, &part);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_anthropic_delta_begin(s, &w, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_literal(&w, "\"type\":\"signature_delta\"");
    ngx_ai_json_write_key(&w, "signature");
    ngx_ai_json_write_text(&w, &wrapped);

    return ngx_ai_anthropic_delta_end(s, &w, mark);
}


/* of all that are wrapped, as many as a stream may gather */

static ngx_int_t
ngx_ai_anthropic_sink_sign(ngx_ai_anthropic_sink_t *s, ngx_uint_t kind,
    ngx_uint_t origin, const ngx_str_t *signature, ngx_str_t *out)
{
    ngx_str_null(out);

    if (origin != NGX_AI_DIALECT_ANTHROPIC) {

        if (signature->len > s->sink.max - s->wrapped) {
            return NGX_OK;
        }

        s->wrapped += signature->len;
    }

    return ngx_ai_anthropic_sign(s->sink.pool, kind, origin, signature, out);
}


static ngx_int_t
ngx_ai_anthropic_sink_citation(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_anthropic_open_block(s, delta->part);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_anthropic_delta_begin(s, &w, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_literal(&w, "\"type\":\"citations_delta\"");
    ngx_ai_json_write_key(&w, "citation");
    ngx_ai_anthropic_write_citation(&w, delta->citation);

    return ngx_ai_anthropic_delta_end(s, &w, mark);
}


static ngx_int_t
ngx_ai_anthropic_sink_part_end(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    ngx_int_t  rc;

    /* a call without arguments is a call */

    if (delta->part->kind == NGX_AI_PART_TOOL_CALL) {

        rc = ngx_ai_anthropic_open_block(s, delta->part);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_ai_anthropic_close_block(s);
}


/* it is told when all is: the last report may come behind it */

static ngx_int_t
ngx_ai_anthropic_sink_finish(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_delta_t *delta)
{
    s->finish = delta->finish;

    if (delta->text.len == 0 || s->stop.len) {
        return NGX_OK;
    }

    s->stop.data = ngx_pnalloc(s->sink.pool, delta->text.len);
    if (s->stop.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(s->stop.data, delta->text.data, delta->text.len);
    s->stop.len = delta->text.len;

    return NGX_OK;
}


/*
 * A finish that is an error has no name here, and must not be taken for a
 * good one.
 */

static ngx_int_t
ngx_ai_anthropic_sink_end(ngx_ai_anthropic_sink_t *s)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_error_t        error;
    ngx_ai_json_writer_t  w;

    if (s->finish == NGX_AI_FINISH_ERROR) {
        ngx_memzero(&error, sizeof(ngx_ai_error_t));

        error.kind = NGX_AI_ERROR_UPSTREAM;
        ngx_str_set(&error.message, "The provider could not finish its "
                    "answer.");

        return ngx_ai_anthropic_sink_error(s, &error);
    }

    rc = ngx_ai_sink_begin(&s->sink, &w, "message_delta", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_literal(&w, "\"type\":\"message_delta\"");

    ngx_ai_json_write_key(&w, "delta");
    ngx_ai_json_write_object(&w);

    ngx_ai_json_write_key(&w, "stop_reason");
    ngx_ai_json_write_text(&w, ngx_ai_anthropic_finish_name(s->finish,
                                                            &s->stop));
    ngx_ai_json_write_key(&w, "stop_sequence");

    if (s->stop.len) {
        ngx_ai_json_write_text(&w, &s->stop);

    } else {
        ngx_ai_json_write_null(&w);
    }

    ngx_ai_json_write_end(&w);

    ngx_ai_anthropic_write_usage(&w, &s->usage, &ngx_ai_anthropic_nothing);
    ngx_ai_json_write_end(&w);

    rc = ngx_ai_sink_end(&s->sink, &w, mark);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_ai_sink_begin(&s->sink, &w, "message_stop", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_literal(&w, "{\"type\":\"message_stop\"}");

    return ngx_ai_sink_end(&s->sink, &w, mark);
}


static ngx_int_t
ngx_ai_anthropic_sink_error(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_error_t *error)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_sink_begin(&s->sink, &w, "error", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_object(&w);
    ngx_ai_anthropic_write_envelope(&w, error);
    ngx_ai_json_write_end(&w);

    return ngx_ai_sink_end(&s->sink, &w, mark);
}


/* unless one is open, which is the part's then */

static ngx_int_t
ngx_ai_anthropic_open_block(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_part_t *part)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_str_t             data;
    ngx_ai_json_writer_t  w;

    if (s->open) {
        return NGX_OK;
    }

    ngx_str_null(&data);

    if (part->kind == NGX_AI_PART_REDACTED) {

        if (ngx_ai_anthropic_sink_sign(s, part->kind, part->origin,
                                       &part->data, &data)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (data.len == 0) {
            return NGX_OK;
        }
    }

    rc = ngx_ai_sink_begin(&s->sink, &w, "content_block_start", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    s->open = 1;

    ngx_ai_json_write_object(&w);

    ngx_ai_json_write_literal(&w, "\"type\":\"content_block_start\"");
    ngx_ai_json_write_key(&w, "index");
    ngx_ai_json_write_int(&w, s->index);
    ngx_ai_json_write_key(&w, "content_block");
    ngx_ai_anthropic_write_start(s, part, &data, &w);

    ngx_ai_json_write_end(&w);

    rc = ngx_ai_sink_end(&s->sink, &w, mark);

    if (rc != NGX_OK || s->pinged) {
        return rc;
    }

    s->pinged = 1;

    return ngx_ai_anthropic_sink_ping(s);
}


static void
ngx_ai_anthropic_write_start(ngx_ai_anthropic_sink_t *s,
    const ngx_ai_part_t *part, const ngx_str_t *data, ngx_ai_json_writer_t *w)
{
    u_char  *p;
    size_t   from;

    switch (part->kind) {

    case NGX_AI_PART_THINKING:
        ngx_ai_json_write_literal(w, "{\"type\":\"thinking\","
                                  "\"thinking\":\"\",\"signature\":\"\"}");
        return;

    case NGX_AI_PART_REDACTED:
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_literal(w, "\"type\":\"redacted_thinking\"");
        ngx_ai_json_write_key(w, "data");
        ngx_ai_json_write_text(w, data);
        ngx_ai_json_write_end(w);
        return;

    case NGX_AI_PART_TOOL_CALL:
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_literal(w, "\"type\":\"tool_use\"");
        ngx_ai_json_write_key(w, "id");
        ngx_ai_json_write_text(w, &part->id);
        ngx_ai_json_write_key(w, "name");
        ngx_ai_json_write_text(w, &part->name);
        ngx_ai_json_write_literal(w, "\"input\":{}");
        ngx_ai_json_write_end(w);
        return;

    case NGX_AI_PART_NATIVE:
        from = ngx_ai_buf_len(s->sink.out);

        ngx_ai_json_write_raw(w, &part->json);

        /* the only line ends that JSON can have are white space */

        for (p = s->sink.out->start + from; p < s->sink.out->last; p++) {
            if (*p == '\n' || *p == '\r') {
                *p = ' ';
            }
        }

        return;

    default:
        ngx_ai_json_write_literal(w, "{\"type\":\"text\",\"text\":\"\"}");
    }
}


static ngx_int_t
ngx_ai_anthropic_close_block(ngx_ai_anthropic_sink_t *s)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    if (!s->open) {
        return NGX_OK;
    }

    s->open = 0;

    rc = ngx_ai_sink_begin(&s->sink, &w, "content_block_stop", &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_object(&w);

    ngx_ai_json_write_literal(&w, "\"type\":\"content_block_stop\"");
    ngx_ai_json_write_key(&w, "index");
    ngx_ai_json_write_int(&w, s->index++);

    ngx_ai_json_write_end(&w);

    return ngx_ai_sink_end(&s->sink, &w, mark);
}


static ngx_int_t
ngx_ai_anthropic_write_piece(ngx_ai_anthropic_sink_t *s, ngx_uint_t kind,
    const ngx_str_t *text)
{
    size_t                mark;
    ngx_int_t             rc;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_anthropic_delta_begin(s, &w, &mark);
    if (rc != NGX_OK) {
        return rc;
    }

    switch (kind) {

    case NGX_AI_PART_THINKING:
        ngx_ai_json_write_literal(&w, "\"type\":\"thinking_delta\"");
        ngx_ai_json_write_key(&w, "thinking");
        break;

    case NGX_AI_PART_TOOL_CALL:
        ngx_ai_json_write_literal(&w, "\"type\":\"input_json_delta\"");
        ngx_ai_json_write_key(&w, "partial_json");
        break;

    default:
        ngx_ai_json_write_literal(&w, "\"type\":\"text_delta\"");
        ngx_ai_json_write_key(&w, "text");
    }

    ngx_ai_json_write_text(&w, text);

    return ngx_ai_anthropic_delta_end(s, &w, mark);
}


static ngx_int_t
ngx_ai_anthropic_delta_begin(ngx_ai_anthropic_sink_t *s,
    ngx_ai_json_writer_t *w, size_t *mark)
{
    ngx_int_t  rc;

    rc = ngx_ai_sink_begin(&s->sink, w, "content_block_delta", mark);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_literal(w, "\"type\":\"content_block_delta\"");
    ngx_ai_json_write_key(w, "index");
    ngx_ai_json_write_int(w, s->index);
    ngx_ai_json_write_key(w, "delta");
    ngx_ai_json_write_object(w);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_delta_end(ngx_ai_anthropic_sink_t *s,
    ngx_ai_json_writer_t *w, size_t mark)
{
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);

    return ngx_ai_sink_end(&s->sink, w, mark);
}
