
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_DIALECT_H_INCLUDED_
#define _NGX_AI_DIALECT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_buf.h"
#include "ngx_ai_ask.h"
#include "ngx_ai_error.h"
#include "ngx_ai_reply.h"
#include "ngx_ai_quirks.h"
#include "ngx_ai_reader.h"
#include "ngx_ai_route.h"


/*
 * A dialect is a wire format: one table of functions, used facing the client
 * and facing the provider.
 *
 *             client's body                       provider's reply
 *                  |                                     |
 *              read_ask                   read_reply / read_event / read_error
 *                  |                                     |
 *                 ask                            reply, event, error
 *                  |                                     |
 *                edit                     write_error / write_error_event
 *                  |                                     |
 *        spans changed for a target             what the client is told
 *
 * The functions keep nothing between calls but what they are given, so that
 * every attempt starts clean.
 */


/* what one event of a stream is to the gateway */

typedef struct {
    ngx_ai_span_t     hide;        /* in the data: what the client that did
                                      not ask for usage must not see */
    unsigned          drop:1;      /* the same, of the whole event */
    unsigned          content:1;   /* carries something for the client */
    unsigned          error:1;
    unsigned          end:1;       /* the terminator */
} ngx_ai_event_t;


typedef struct {
    ngx_str_t                    name;

    /*
     * MUST.  The tables that the functions read with; a worker has a reader
     * for each, and gives the array of them to the functions.
     */
    const ngx_ai_table_t        *tables;
    ngx_uint_t                   ntables;

    /*
     * MUST.  Reads what is asked from a JSON body in n pieces.  The body is
     * checked whole: NGX_OK means well-formed JSON with every member that the
     * gateway decides on of the right type and given once.  NGX_ERROR: the
     * error is filled.  Strings are allocated from the pool or point into
     * the body.
     */
    ngx_int_t                  (*read_ask)(const ngx_ai_route_t *route,
                                     ngx_ai_reader_t *readers,
                                     const ngx_str_t *body, ngx_uint_t n,
                                     ngx_pool_t *pool, ngx_ai_ask_t *ask,
                                     ngx_ai_error_t *error);

    /*
     * MUST.  The edits that fit the ask to a target; "model" is the name
     * that the target knows, or empty.  Called again for each attempt.
     */
    void                       (*edit)(const ngx_ai_route_t *route,
                                     const ngx_ai_ask_t *ask,
                                     const ngx_str_t *model,
                                     ngx_uint_t quirks,
                                     ngx_ai_edits_t *edits);

    /*
     * MUST.  What the values of the table "reply" mean, scanned from a whole
     * JSON reply.  "quirks" are the vendor's (ngx_ai_quirks.h).
     */
    ngx_uint_t                   reply;
    void                       (*read_reply)(const ngx_ai_route_t *route,
                                     const ngx_ai_scan_value_t *values,
                                     ngx_uint_t quirks,
                                     ngx_ai_reply_t *reply);

    /*
     * MUST.  One event of a stream.  NGX_OK, or NGX_ERROR when the data is
     * not what this dialect sends.  "hidden" says that usage was forced and
     * that "hide" and "drop" are wanted.
     */
    ngx_int_t                  (*read_event)(const ngx_ai_route_t *route,
                                     ngx_ai_reader_t *readers,
                                     const ngx_str_t *name,
                                     const ngx_str_t *data,
                                     ngx_uint_t quirks, ngx_uint_t hidden,
                                     ngx_ai_reply_t *reply,
                                     ngx_ai_event_t *event);

    /*
     * MUST.  NGX_OK when the body is this dialect's own error envelope, so
     * that a client of the dialect may see it; NGX_DECLINED otherwise.  The
     * message is noted when any known shape has one, as it stands in the
     * body.
     */
    ngx_int_t                  (*read_error)(ngx_ai_reader_t *readers,
                                     const ngx_str_t *body,
                                     ngx_str_t *message);

    /* MUST.  The envelope, as a body and as the last event of a stream. */
    ngx_int_t                  (*write_error)(const ngx_ai_error_t *error,
                                     ngx_ai_buf_t *out);
    ngx_int_t                  (*write_error_event)(
                                     const ngx_ai_route_t *route,
                                     const ngx_ai_error_t *error,
                                     ngx_ai_buf_t *out);
} ngx_ai_dialect_t;


/* by ngx_ai_dialect_e, which is declared beside the routes */
const ngx_ai_dialect_t *ngx_ai_dialect(ngx_uint_t id);

extern const ngx_ai_dialect_t  ngx_ai_openai;


#endif /* _NGX_AI_DIALECT_H_INCLUDED_ */
