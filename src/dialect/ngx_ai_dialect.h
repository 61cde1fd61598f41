
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_DIALECT_H_INCLUDED_
#define _NGX_AI_DIALECT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_buf.h"
#include "ngx_ai_framing.h"
#include "ngx_ai_json.h"
#include "ngx_ai_walk.h"
#include "ngx_ai_ask.h"
#include "ngx_ai_chat.h"
#include "ngx_ai_error.h"
#include "ngx_ai_flow.h"
#include "ngx_ai_reply.h"
#include "ngx_ai_ask_read.h"
#include "ngx_ai_quirks.h"
#include "ngx_ai_reader.h"
#include "ngx_ai_route.h"


/*
 * A dialect is a wire format: one table, used facing the client and facing
 * the provider.
 *
 * When both speak the same one, bytes pass and are looked at on the side:
 *
 *             client's body                       provider's reply
 *                  |                                     |
 *              ask rules                  read_reply / read_event / read_error
 *                  |                                     |
 *                 ask                            reply, event, error
 *                  |                                     |
 *                edit                     write_error / write_error_event
 *                  |                                     |
 *        spans changed for a target             what the client is told
 *
 * When they differ, both ends meet in the hub (src/chat), and no dialect
 * knows another:
 *
 *     client's dialect   wording.read_ask     hub    wording.write_ask     -->
 *     client's dialect   wording.write_answer hub    wording.read_answer   <--
 *     client's dialect   write_delta          flow   read_delta            <--
 *
 * The functions keep nothing between calls but what they are given, so that
 * every attempt starts clean.
 */


/* what one event of a stream that passes is to the gateway */

typedef struct {
    ngx_ai_span_t     hide;        /* in the data: what the client that did
                                      not ask for usage must not see */
    unsigned          drop:1;      /* the same, of the whole event */
    unsigned          content:1;   /* carries something for the client */
    unsigned          error:1;
    unsigned          end:1;       /* the terminator */
} ngx_ai_event_t;


/* the target of a request that is written anew */

typedef struct {
    ngx_str_t         model;       /* as the target knows it */
    ngx_uint_t        op;          /* ngx_ai_op_e */
    ngx_uint_t        stream;
    ngx_uint_t        quirks;      /* of the vendor */
    const char      **reason;      /* of NGX_DECLINED, behind "can't be asked
                                      this: "; or NULL, nobody asks */
} ngx_ai_aim_t;


/* what a client is told that no provider said */

typedef struct {
    ngx_str_t         id;          /* of the request: 32 hex digits */
    ngx_str_t         model;       /* as the client named it, decoded */
    int64_t           created;     /* now, in seconds */
    ngx_msec_t        elapsed;     /* since the request came; whole replies */
    ngx_uint_t        usage;       /* a stream is to report it */
    const ngx_ai_route_t  *route;
    const ngx_ai_chat_t   *chat;   /* what was asked, or NULL */
    const void            *ask;    /* the same, of any operation; or NULL */
} ngx_ai_told_t;


/*
 * How a dialect words one operation.  The hub's types are those of the
 * operation (ngx_ai_op.h): ngx_ai_chat_t and ngx_ai_answer_t for
 * NGX_AI_OP_CHAT.
 *
 * read_ask: NGX_OK, or NGX_ERROR with the walk's fault.  Must mark what is
 * not understood as dropped, and must end with ngx_ai_chat_complete().
 *
 * write_ask: writes what is in the fields that the dialect carries, and
 * nothing else.  It returns NGX_OK; errors are the writer's (w->rc).
 * NGX_DECLINED: the target can't be asked this at all, see
 * ngx_ai_aim_decline().
 *
 * read_answer: NGX_ERROR when it is not what this dialect answers.
 *
 * kept and mapped are which of the hub's fields a request can carry: as they
 * are, or in another form.  Where vendors differ, "fields" says which ones a
 * vendor with the quirks is told.
 */

typedef struct {
    ngx_int_t                  (*read_ask)(ngx_ai_walk_t *w,
                                     const ngx_ai_node_t *root, void *ask);
    ngx_int_t                  (*write_ask)(const void *ask,
                                     const ngx_ai_aim_t *aim,
                                     ngx_ai_json_writer_t *w);
    ngx_int_t                  (*read_answer)(ngx_ai_walk_t *w,
                                     const ngx_ai_node_t *root,
                                     ngx_uint_t quirks, void *answer);
    ngx_int_t                  (*write_answer)(const void *answer,
                                     const ngx_ai_told_t *told,
                                     ngx_ai_json_writer_t *w);
    uint64_t                     kept;
    uint64_t                     mapped;
    uint64_t                   (*fields)(ngx_uint_t quirks);
} ngx_ai_wording_t;


/*
 * Who reads a stream into the flow, and who writes one from it.  A dialect's
 * own state begins with one of these and is zeroed behind it; it lives as
 * long as the stream, on the pool of the flow.
 */

typedef struct {
    ngx_ai_flow_t               *flow;
    ngx_ai_tree_t               *tree;     /* for the event at hand */
    ngx_pool_t                  *pool;     /* for the event at hand */
    ngx_uint_t                   quirks;
} ngx_ai_source_t;


typedef struct {
    ngx_ai_buf_t                *out;
    const ngx_ai_told_t         *told;
    ngx_uint_t                   framing;  /* ngx_ai_framing_e */
    ngx_uint_t                   events;   /* written so far */
    ngx_pool_t                  *pool;     /* of the stream: bounded use */
    size_t                       max;      /* of what is gathered */
    const ngx_ai_chat_t         *chat;     /* what was asked, or NULL */
    size_t                       data;     /* of the event at hand, in out */
} ngx_ai_sink_t;


typedef struct {
    ngx_str_t                    name;

    /*
     * MUST.  The tables that the functions read with; a worker has a reader
     * for each, and gives the array of them to the functions.
     */
    const ngx_ai_table_t        *tables;
    ngx_uint_t                   ntables;

    /*
     * MUST.  What the gateway decides on in a JSON body: tables[0] are the
     * members, and here is a rule for each of them (ngx_ai_ask_read.h).
     */
    const ngx_ai_ask_rule_t     *rules;

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
                                     const ngx_ai_sse_event_t *ev,
                                     ngx_uint_t quirks, ngx_uint_t hidden,
                                     ngx_ai_reply_t *reply,
                                     ngx_ai_event_t *event);

    /*
     * MUST.  NGX_OK when the body is this dialect's own error envelope, so
     * that a client of the dialect may see it; NGX_DECLINED otherwise.
     * error->kind is what the status says, and is changed when the body
     * says it better; error->message is set when any known shape has one, as
     * it stands in the body.
     */
    ngx_int_t                  (*read_error)(ngx_ai_reader_t *readers,
                                     const ngx_str_t *body,
                                     ngx_ai_error_t *error);

    /*
     * MUST.  The envelope, as a body and as the last event of a stream.
     * write_error may change error->status where the dialect has another
     * custom for the kind.  "type" is what the header "error_header" says, if
     * the dialect has one.
     */
    ngx_int_t                  (*write_error)(ngx_ai_error_t *error,
                                     ngx_ai_buf_t *out);
    ngx_int_t                  (*write_error_event)(
                                     const ngx_ai_route_t *route,
                                     const ngx_ai_error_t *error,
                                     ngx_uint_t framing, ngx_ai_buf_t *out);
    ngx_str_t                    error_header;
    const ngx_str_t           *(*error_type)(ngx_uint_t kind);

    /* MUST.  What streams are like: ngx_ai_framing_e. */
    ngx_uint_t                   framing;

    /*
     * The path behind the URL of a provider, and its query, for an aim:
     * "/models/gemini-2.5-pro:streamGenerateContent" and "alt=sse".  The
     * strings are from the pool; the model is percent-encoded here.
     * NULL: the path is the route's own.
     */
    ngx_int_t                  (*tail)(const ngx_ai_aim_t *aim,
                                     ngx_pool_t *pool, ngx_str_t *tail,
                                     ngx_str_t *query);

    /* by ngx_ai_op_e; all NULL: the dialect has no words for it */
    ngx_ai_wording_t             wordings[NGX_AI_OP_MAX];

    /*
     * One event, which is not empty (ev->lines), into the flow.  NGX_OK;
     * NGX_ERROR when it is not what this dialect sends, and what the flow
     * returned.  The end of a stream that has no terminator is not its task.
     */
    size_t                       source;   /* size of its state */
    ngx_int_t                  (*read_delta)(void *source,
                                     const ngx_ai_sse_event_t *ev);

    /*
     * One delta as events, appended to sink->out.  "sink" begins with an
     * ngx_ai_sink_t.  NGX_OK, or what ngx_ai_buf_append() returned.
     */
    size_t                       sink;     /* size of its state */
    unsigned                     whole:1;  /* wants calls whole */
    ngx_int_t                  (*write_delta)(void *sink,
                                     const ngx_ai_delta_t *delta);

    /* a header that every request must have, if the client has not sent it */
    ngx_str_t                    header;
    ngx_str_t                    header_value;
} ngx_ai_dialect_t;


/* by ngx_ai_dialect_e, which is declared beside the routes */
const ngx_ai_dialect_t *ngx_ai_dialect(ngx_uint_t id);

#define ngx_ai_dialect_extern(name, table)                                    \
    extern const ngx_ai_dialect_t  ngx_ai_##table;

NGX_AI_DIALECTS(ngx_ai_dialect_extern)


/* NGX_DECLINED, with the reason */
ngx_int_t ngx_ai_aim_decline(const ngx_ai_aim_t *aim, const char *reason);

/* which of the hub's fields a vendor is told */
uint64_t ngx_ai_wording_fields(const ngx_ai_wording_t *wording,
    ngx_uint_t quirks);


/*
 * Begins and ends an event of a stream; the data between them is written
 * with "w", which begin makes ready on sink->out.  "name" may be NULL.
 */
ngx_int_t ngx_ai_sink_begin(ngx_ai_sink_t *sink, ngx_ai_json_writer_t *w,
    const char *name, size_t *mark);
ngx_int_t ngx_ai_sink_end(ngx_ai_sink_t *sink, ngx_ai_json_writer_t *w,
    size_t mark);


#endif /* _NGX_AI_DIALECT_H_INCLUDED_ */
