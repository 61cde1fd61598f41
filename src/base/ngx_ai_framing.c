
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_aws.h"
#include "ngx_ai_buf.h"
#include "ngx_ai_framing.h"
#include "ngx_ai_lines.h"
#include "ngx_ai_sse.h"


/* what goes around the data; the frames of AWS are written elsewhere */

typedef struct {
    ngx_str_t  type;
    ngx_str_t  first;            /* before the first event */
    ngx_str_t  next;             /* before each other one */
    ngx_str_t  end;              /* behind each one */
    ngx_str_t  last;             /* behind the last one */
    ngx_str_t  none;             /* a stream without events */
    ngx_str_t  ping;
} ngx_ai_framing_text_t;


static void ngx_ai_framing_document(ngx_ai_sse_event_t *ev);
static ngx_int_t ngx_ai_framing_put(ngx_ai_buf_t *out, const ngx_str_t *text);


/*
 * A line is kept waiting by a blank: it belongs to the next line, where an
 * empty line is taken for a document by some clients.  An array may not begin
 * with a blank for some others.
 */

static const ngx_ai_framing_text_t  ngx_ai_framing_texts[] = {

    { ngx_string("text/event-stream"),
      ngx_string("data: "), ngx_string("data: "), ngx_string("\n\n"),
      ngx_null_string, ngx_null_string,
      ngx_string(":\n\n") },

    { ngx_string("application/x-ndjson"),
      ngx_null_string, ngx_null_string, ngx_string("\n"),
      ngx_null_string, ngx_null_string,
      ngx_string(" ") },

    { ngx_string("application/json"),
      ngx_string("["), ngx_string(",\r\n"), ngx_string("\n"),
      ngx_string("]"), ngx_string("[]"),
      ngx_null_string },

    { ngx_string("application/vnd.amazon.eventstream"),
      ngx_null_string, ngx_null_string, ngx_null_string,
      ngx_null_string, ngx_null_string,
      ngx_null_string }
};


void
ngx_ai_framing_init(ngx_ai_framing_t *f, ngx_uint_t kind, size_t max,
    ngx_log_t *log)
{
    f->kind = kind;
    f->max = max;

    switch (kind) {

    case NGX_AI_FRAMING_AWS:
        ngx_ai_aws_init(&f->u.aws, max);
        return;

    case NGX_AI_FRAMING_LINES:
    case NGX_AI_FRAMING_ARRAY:
        ngx_ai_lines_init(&f->u.lines, kind == NGX_AI_FRAMING_ARRAY, max);
        return;

    default: /* NGX_AI_FRAMING_SSE */
        ngx_ai_sse_init(&f->u.sse, max, log);
        return;
    }
}


void
ngx_ai_framing_free(ngx_ai_framing_t *f)
{
    if (f->kind == NGX_AI_FRAMING_SSE) {
        ngx_ai_sse_free(&f->u.sse);
    }
}


ngx_int_t
ngx_ai_framing_next(ngx_ai_framing_t *f, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev)
{
    ngx_int_t  rc;

    switch (f->kind) {

    case NGX_AI_FRAMING_AWS:
        return ngx_ai_aws_next(&f->u.aws, pos, last, ev);

    case NGX_AI_FRAMING_LINES:
    case NGX_AI_FRAMING_ARRAY:
        return ngx_ai_lines_next(&f->u.lines, pos, last, ev);

    default: /* NGX_AI_FRAMING_SSE */
        rc = ngx_ai_sse_next(&f->u.sse, pos, last, ev);
        break;
    }

    if (rc == NGX_OK) {
        ngx_ai_framing_document(ev);
    }

    return rc;
}


ngx_int_t
ngx_ai_framing_end(ngx_ai_framing_t *f, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev)
{
    ngx_int_t  rc;

    switch (f->kind) {

    case NGX_AI_FRAMING_AWS:
        return ngx_ai_aws_end(&f->u.aws, pos, last, ev);

    case NGX_AI_FRAMING_LINES:
    case NGX_AI_FRAMING_ARRAY:
        return ngx_ai_lines_end(&f->u.lines, pos, last, ev);

    default: /* NGX_AI_FRAMING_SSE */
        rc = ngx_ai_sse_end(&f->u.sse, pos, last, ev);
        break;
    }

    if (rc == NGX_OK) {
        ngx_ai_framing_document(ev);
    }

    return rc;
}


/*
 * A block of SSE that begins with a bracket and has neither data nor a name:
 * to the splitter its lines are unknown fields, as JSON can have no line that
 * begins with the name of a known one.
 */

static void
ngx_ai_framing_document(ngx_ai_sse_event_t *ev)
{
    ngx_str_t  text;

    if (ev->lines || ev->name.len) {
        return;
    }

    text = ev->raw;

    ngx_ai_lines_trim(&text);

    if (text.len && (*text.data == '{' || *text.data == '[')) {
        ev->data = text;
        ev->lines = 1;
    }
}


const ngx_str_t *
ngx_ai_framing_type(ngx_uint_t kind)
{
    return &ngx_ai_framing_texts[kind].type;
}


ngx_int_t
ngx_ai_framing_begin(ngx_uint_t kind, ngx_ai_buf_t *out,
    const ngx_str_t *name, ngx_uint_t first, size_t *mark)
{
    ngx_int_t                     rc;
    const ngx_ai_framing_text_t  *text;

    static const ngx_str_t        event = ngx_string("event: ");
    static const ngx_str_t        eol = ngx_string("\n");

    if (kind == NGX_AI_FRAMING_AWS) {
        return ngx_ai_aws_begin(out, name, 0, mark);
    }

    *mark = ngx_ai_buf_len(out);

    if (kind == NGX_AI_FRAMING_SSE && name->len) {

        rc = ngx_ai_framing_put(out, &event);
        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_ai_framing_put(out, name);
        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_ai_framing_put(out, &eol);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    text = &ngx_ai_framing_texts[kind];

    return ngx_ai_framing_put(out, first ? &text->first : &text->next);
}


ngx_int_t
ngx_ai_framing_finish(ngx_uint_t kind, ngx_ai_buf_t *out, size_t mark)
{
    if (kind == NGX_AI_FRAMING_AWS) {
        return ngx_ai_aws_finish(out, mark);
    }

    return ngx_ai_framing_put(out, &ngx_ai_framing_texts[kind].end);
}


ngx_int_t
ngx_ai_framing_last(ngx_uint_t kind, ngx_ai_buf_t *out, ngx_uint_t first)
{
    const ngx_ai_framing_text_t  *text;

    text = &ngx_ai_framing_texts[kind];

    return ngx_ai_framing_put(out, first ? &text->none : &text->last);
}


ngx_int_t
ngx_ai_framing_ping(ngx_uint_t kind, ngx_ai_buf_t *out)
{
    return ngx_ai_framing_put(out, &ngx_ai_framing_texts[kind].ping);
}


static ngx_int_t
ngx_ai_framing_put(ngx_ai_buf_t *out, const ngx_str_t *text)
{
    return ngx_ai_buf_append(out, text->data, text->len);
}
