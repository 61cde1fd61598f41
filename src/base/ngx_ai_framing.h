
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_FRAMING_H_INCLUDED_
#define _NGX_AI_FRAMING_H_INCLUDED_


/*
 * A stream of events, however its format puts them one behind the other:
 *
 *     SSE     event: name\ndata: {...}\n\n           ngx_ai_sse.h
 *     LINES   {...}\n                                ngx_ai_lines.h
 *     ARRAY   [{...}\n,\r\n{...}\n]                  ngx_ai_lines.h
 *     AWS     binary frames with checksums           ngx_ai_aws.h
 *
 * Reading and writing have the same calls for all of them.  The contracts of
 * reading are those of ngx_ai_sse.h: the bytes are the caller's and may move
 * between calls, the raw parts together are the stream, and however the
 * stream is cut into pieces the names and the data are the same.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_aws.h"
#include "ngx_ai_buf.h"
#include "ngx_ai_lines.h"
#include "ngx_ai_sse.h"


typedef enum {
    NGX_AI_FRAMING_SSE = 0,
    NGX_AI_FRAMING_LINES,
    NGX_AI_FRAMING_ARRAY,
    NGX_AI_FRAMING_AWS,
    NGX_AI_FRAMING_MAX
} ngx_ai_framing_e;


typedef struct {
    ngx_uint_t        kind;       /* ngx_ai_framing_e */
    size_t            max;
    union {
        ngx_ai_sse_t    sse;
        ngx_ai_lines_t  lines;    /* LINES and ARRAY */
        ngx_ai_aws_t    aws;
    } u;
} ngx_ai_framing_t;


/* "max" is the cap of one event */
void ngx_ai_framing_init(ngx_ai_framing_t *f, ngx_uint_t kind, size_t max,
    ngx_log_t *log);
void ngx_ai_framing_free(ngx_ai_framing_t *f);

/*
 * As ngx_ai_sse_next() and ngx_ai_sse_end().  NGX_ERROR is also for bytes
 * that are not of this framing: a bad checksum, no array.
 *
 * A document in the middle of an SSE stream that has no "data:" before it,
 * as Vertex reports errors, comes as an event of its own, with lines = 1.
 */
ngx_int_t ngx_ai_framing_next(ngx_ai_framing_t *f, u_char **pos,
    u_char *last, ngx_ai_sse_event_t *ev);
ngx_int_t ngx_ai_framing_end(ngx_ai_framing_t *f, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev);


/* the media type of a stream in this framing */
const ngx_str_t *ngx_ai_framing_type(ngx_uint_t kind);


/*
 * Writes one event: begin, then the data is appended to the buffer by the
 * caller, then end.  "name" may be empty, and is written in SSE and AWS only
 * (":event-type").  "mark" belongs to the pair of calls.
 *
 *     ngx_ai_framing_begin(kind, out, &name, first, &mark);
 *     ... ngx_ai_buf_append(out, ...)
 *     ngx_ai_framing_finish(kind, out, mark);
 *
 * "first" is 1 for the first event of a stream: an array opens with it.
 * NGX_OK, NGX_DECLINED or NGX_ERROR as ngx_ai_buf_append() returns them; the
 * data of SSE must have no line ends, which JSON as it is written here has
 * not.
 */
ngx_int_t ngx_ai_framing_begin(ngx_uint_t kind, ngx_ai_buf_t *out,
    const ngx_str_t *name, ngx_uint_t first, size_t *mark);
ngx_int_t ngx_ai_framing_finish(ngx_uint_t kind, ngx_ai_buf_t *out,
    size_t mark);

/* what ends a stream: "]" of an array; nothing in the others */
ngx_int_t ngx_ai_framing_last(ngx_uint_t kind, ngx_ai_buf_t *out,
    ngx_uint_t first);

/* a sign of life while there is nothing to say; nothing where there is none */
ngx_int_t ngx_ai_framing_ping(ngx_uint_t kind, ngx_ai_buf_t *out);


#endif /* _NGX_AI_FRAMING_H_INCLUDED_ */
