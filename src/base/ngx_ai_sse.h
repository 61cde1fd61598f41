
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_SSE_H_INCLUDED_
#define _NGX_AI_SSE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_buf.h"


/*
 * Splits a stream of server-sent events (text/event-stream) into events.
 *
 *     stream  = [ BOM ] *event [ unterminated event ]
 *     event   = *( comment / field ) eol
 *     comment = ":" *any eol
 *     field   = name [ ":" [ " " ] value ] eol
 *     eol     = CR LF / LF / CR
 *
 *                name      data          lines = 1
 *                 |         |
 *            +----+   +-----+-----+
 *     event: ping\ndata: {"a": 1}\n\n: keep-alive\n\ndata: x\ndata: y\n\n
 *     |------------- raw -----------||---- raw -----||------ raw -------|
 *                                      lines = 0      lines = 2
 *                                                     data = "x\ny"
 *
 * "data" lines are joined by LF, the last "event" line names the event, all
 * other fields ("id", "retry", unknown ones) are passed over.  A block
 * without a "data" line is an event with lines = 0: a keep-alive, and no
 * event at all by the standard.  A stray blank line is such a block too.
 *
 * Whatever way a stream is cut into pieces, the names and the data are the
 * same, in the same order, and the raw parts together are the stream.  One
 * border moves: an event that ends in CR is not kept waiting for an LF.  When
 * that LF comes later, it is the first byte of the next raw part; at the end
 * of the stream it may be a last raw part of its own, with lines = 0.
 *
 * The bytes are the caller's, contiguous and in place; they may move to
 * another address between two calls.  Each of them is looked at a constant
 * number of times, however often the splitter is called.
 */


typedef struct {
    ngx_str_t     raw;           /* the event with its blank line, in place */
    ngx_str_t     name;          /* in place; empty when it has no name */
    ngx_str_t     data;          /* in place when lines = 1, else joined */
    ngx_uint_t    lines;         /* number of "data" lines */
    unsigned      error:1;       /* AWS: an exception, its type is the name */
} ngx_ai_sse_event_t;


/* private; offsets count from the first byte of the current event */

typedef struct {
    size_t        scan;          /* the first line not yet read */
    size_t        lf;            /* there is no LF from scan up to here */
    size_t        cr;            /* and no CR from scan up to here */

    size_t        name;
    size_t        name_len;
    size_t        data;          /* of the first "data" line */
    size_t        data_len;
    ngx_uint_t    lines;

    size_t        max;
    ngx_ai_buf_t  joined;        /* the "data" lines when there are several */

    unsigned      start:1;       /* a BOM may come */
    unsigned      after_cr:1;    /* an LF at scan belongs to the CR before */
    unsigned      skipped:1;     /* the event's raw part begins with it */
} ngx_ai_sse_t;


/*
 * max is the cap of one event, in bytes, not counting the LF of a CR LF at
 * either end of it.  Allocates nothing.
 */
void ngx_ai_sse_init(ngx_ai_sse_t *s, size_t max, ngx_log_t *log);

/* may be called after any result, and again */
void ngx_ai_sse_free(ngx_ai_sse_t *s);

/*
 * Takes the next event out of [*pos, last).
 *
 *     NGX_OK        one event in *ev; *pos is behind it.  Its parts are valid
 *                   until the caller's bytes move or the next call.
 *     NGX_AGAIN     no complete event; *pos is unchanged.  The caller keeps
 *                   [*pos, last), appends what comes, and calls again.
 *     NGX_DECLINED  the event at *pos is longer than max
 *     NGX_ERROR     no memory for joining lines
 *
 * After the last two the splitter is only good for ngx_ai_sse_free().
 */
ngx_int_t ngx_ai_sse_next(ngx_ai_sse_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev);

/*
 * The same when no more bytes will come: called until it returns NGX_DONE,
 * it gives the complete events that are left, then an event that lacks its
 * blank line or even its line end.  It may be a truncated one: only its data
 * can tell.
 *
 * Rule 1: NGX_DONE, which means that nothing is left, is a fifth code here:
 * NGX_DECLINED is taken by an event that is too long.
 */
ngx_int_t ngx_ai_sse_end(ngx_ai_sse_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev);


#endif /* _NGX_AI_SSE_H_INCLUDED_ */
