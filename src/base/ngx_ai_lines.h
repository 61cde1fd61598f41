
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_LINES_H_INCLUDED_
#define _NGX_AI_LINES_H_INCLUDED_


/*
 * Splits a stream of JSON documents that stand one behind the other, in one
 * of two ways.  As lines (application/x-ndjson),
 *
 *     {"a": 1}\r\n\n{"b": 2}
 *     |-- raw ----||-- raw --|        data = {"a": 1}, data = {"b": 2}
 *               raw, lines = 0
 *
 * each line is one event with lines = 1 and its text without blanks at either
 * end as the data; an empty line is an event with lines = 0, and the last
 * line may lack its LF.  As an array that is sent element by element,
 *
 *     [{\n  "a": 1\n}\n,\r\n{\n  "b": [2]\n}\n]
 *     |---- raw ----||-------- raw --------||-| raw, lines = 0
 *      |-- data ---|        |--- data -----|
 *
 * each element is one event as soon as its last bracket is there.  Elements
 * are objects or arrays.  Commas and brackets of the outer array are checked;
 * of an element only so much is looked at as shows where it ends: its reader
 * finds what is wrong with it.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_sse.h"


typedef struct {
    size_t        scan;          /* all before it has been looked at */
    size_t        data;          /* of the element that began */
    size_t        depth;         /* in it */
    size_t        max;
    ngx_uint_t    state;

    unsigned      array:1;
    unsigned      string:1;
    unsigned      escape:1;
} ngx_ai_lines_t;


/*
 * "max" is the cap of one raw part.  Nothing is allocated, nor to be freed.
 */
void ngx_ai_lines_init(ngx_ai_lines_t *s, ngx_uint_t array, size_t max);

/*
 * The contracts of ngx_ai_sse.h, with borders that do not move.  NGX_ERROR,
 * of arrays only: what comes is none; at the end of the stream, it is cut.
 */
ngx_int_t ngx_ai_lines_next(ngx_ai_lines_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev);
ngx_int_t ngx_ai_lines_end(ngx_ai_lines_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev);


/* cuts the blanks of JSON off both ends */
void ngx_ai_lines_trim(ngx_str_t *text);


#endif /* _NGX_AI_LINES_H_INCLUDED_ */
