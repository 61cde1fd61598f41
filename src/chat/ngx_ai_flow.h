
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_FLOW_H_INCLUDED_
#define _NGX_AI_FLOW_H_INCLUDED_


/*
 * The hub of streams.
 *
 *     provider's event --- read_event ---> flow --- deltas ---> write_delta
 *
 * Readers say what they find, in whatever order their dialect has it; the
 * flow makes of it a sequence in which every writer finds what its grammar
 * needs:
 *
 *     START ( PART ( TEXT | SIGNATURE | CITATION )* PART_END )* FINISH+ END
 *
 *     - START is the first, and there is one; LOGPROBS, USAGE and PING may
 *       come anywhere behind it, and USAGE more than once.
 *     - In one choice the parts do not overlap and are numbered from 0; the
 *       parts of several choices may interleave.
 *     - A TOOL_CALL has its id and its name in PART; its TEXT is the source of
 *       its arguments, escaped for a string as all texts are.  Together the
 *       texts are an object: there is at least one, "{}" if need be.  For a
 *       sink that wants calls whole there is no TEXT, and PART has "json" (or
 *       "text", of a custom call).  A signature that is known by then is in
 *       PART; a later one is a SIGNATURE.
 *     - TEXT, THINKING and REFUSAL have nothing of their own in PART.
 *     - IMAGE, AUDIO, REDACTED and NATIVE are whole in PART.  AUDIO that comes
 *       in pieces is a PART without data and TEXT of base64.
 *     - FINISH comes once for every choice that was begun (for choice 0 in
 *       any case), when its parts have ended.
 *     - The last delta is END or ERROR, never both.  ERROR leaves open what
 *       is open, and may be the only delta.  A stream that is cut has
 *       neither: whoever cuts it writes the error.
 *
 * Calls that overlap in the source (chunks name them by index, and nothing
 * says when one is over) are put in a row: the first passes at once, others
 * are held back until it has ended or the choice finishes.  So are other
 * parts that come behind a call which has not ended.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_buf.h"
#include "ngx_ai_chat.h"
#include "ngx_ai_error.h"


#define NGX_AI_FLOW_CALLS    128   /* of one stream, and parts behind them */
#define NGX_AI_FLOW_CHOICES  8


typedef enum {
    NGX_AI_DELTA_START = 0,        /* id, model, created */
    NGX_AI_DELTA_PART,             /* part: kind and what goes with it */
    NGX_AI_DELTA_TEXT,             /* text */
    NGX_AI_DELTA_SIGNATURE,        /* text; origin in part */
    NGX_AI_DELTA_CITATION,         /* citation */
    NGX_AI_DELTA_PART_END,
    NGX_AI_DELTA_LOGPROBS,         /* text: raw, {"content":[...]} */
    NGX_AI_DELTA_FINISH,           /* finish, text: the stop sequence */
    NGX_AI_DELTA_USAGE,            /* usage, of all so far */
    NGX_AI_DELTA_PING,
    NGX_AI_DELTA_ERROR,            /* error */
    NGX_AI_DELTA_END
} ngx_ai_delta_e;


typedef struct {
    ngx_uint_t                type;      /* ngx_ai_delta_e */
    ngx_uint_t                choice;
    ngx_uint_t                index;     /* of the part in its choice */
    const ngx_ai_part_t      *part;      /* of PART to PART_END */
    ngx_str_t                 text;
    ngx_str_t                 id;
    ngx_str_t                 model;
    int64_t                   created;
    ngx_uint_t                finish;    /* ngx_ai_finish_e */
    const ngx_ai_citation_t  *citation;
    const ngx_ai_usage_t     *usage;
    const ngx_ai_error_t     *error;
} ngx_ai_delta_t;


/* NGX_OK; anything else ends the reading and is what the reader returns */
typedef ngx_int_t (*ngx_ai_flow_pt)(void *sink, const ngx_ai_delta_t *delta);


/* private */

typedef struct {
    ngx_ai_part_t             part;      /* its strings are in "held" */
    ngx_ai_buf_t              held;      /* those of the part, then its text */
    ngx_uint_t                key;
    ngx_uint_t                choice;
    unsigned                  open:1;    /* PART was sent */
    unsigned                  said:1;    /* there was some text */
    unsigned                  full:1;    /* there was all of it */
    unsigned                  ended:1;   /* the source says so */
    unsigned                  done:1;    /* PART_END was sent */
} ngx_ai_flow_call_t;


typedef struct {
    ngx_ai_part_t             part;      /* the open one, unless a call */
    ngx_uint_t                key;
    ngx_uint_t                index;     /* of the part that is open, or next */
    ngx_uint_t                queued;    /* calls, and what is held back */
    ngx_uint_t                finish;
    ngx_str_t                 stop;
    unsigned                  begun:1;
    unsigned                  open:1;    /* "part" is */
    unsigned                  calls:1;   /* there were some */
} ngx_ai_flow_choice_t;


typedef struct {
    ngx_ai_flow_pt            write;
    void                     *sink;
    unsigned                  whole:1;   /* the sink wants calls whole */

    ngx_ai_reply_t           *reply;     /* what the gateway learns */
    ngx_uint_t                content;   /* there was something to see; the
                                            caller may set it back to 0 */

    /* the rest is private */

    ngx_pool_t               *pool;
    size_t                    max;
    size_t                    held;
    ngx_uint_t                seed;
    ngx_array_t              *calls;     /* of ngx_ai_flow_call_t */
    ngx_ai_flow_choice_t      choices[NGX_AI_FLOW_CHOICES];
    unsigned                  started:1;
    unsigned                  over:1;
} ngx_ai_flow_t;


/*
 * "max" caps what may be held back.  The pool is for bookkeeping of bounded
 * size: what is held back has memory of its own, which goes with the pool.
 * "seed" is for ids of calls that come without one: they differ from stream
 * to stream, and stay the same in one.
 *
 * The flow is zeroed here: "write", "sink", "reply" and "whole" are set behind
 * it, before anything else.
 */
ngx_int_t ngx_ai_flow_init(ngx_ai_flow_t *f, ngx_pool_t *pool, size_t max,
    ngx_uint_t seed);

/*
 * What readers call.  All return NGX_OK, NGX_DECLINED when too much would be
 * held back or there are too many calls or choices, NGX_ERROR without memory
 * or when a call turns out to have no name, or what the sink returned.
 *
 * A first call of another function makes a START without an id, but for
 * ngx_ai_flow_ping(), which is nothing then, and ngx_ai_flow_error().  Behind
 * the end all of them do nothing.
 */
ngx_int_t ngx_ai_flow_start(ngx_ai_flow_t *f, const ngx_str_t *id,
    const ngx_str_t *model, int64_t created);

/*
 * A part begins; what was open in the choice, calls apart, ends.  "key" is
 * the source's own number for it, in the choice.  Strings of the part need to
 * live for the call only.
 *
 * The part may be a TOOL_CALL: as ngx_ai_flow_call() and, if it has "json" or
 * (custom) "text", the arguments.  It is the way for calls that are custom or
 * come with a signature.
 */
ngx_int_t ngx_ai_flow_part(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key, const ngx_ai_part_t *part);

/*
 * More text of the part that is open, which begins if none of that kind is:
 * for dialects that do not say where parts begin.
 */
ngx_int_t ngx_ai_flow_text(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t kind, const ngx_str_t *text);

/*
 * A call, by its key: begins it if it is new.  Id and name are taken the
 * first time they are not empty; "args", which may be empty, are escaped.
 */
ngx_int_t ngx_ai_flow_call(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key, const ngx_str_t *id, const ngx_str_t *name,
    const ngx_str_t *args);

/* the whole arguments at once, as JSON that is no string */
ngx_int_t ngx_ai_flow_call_json(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key, const ngx_str_t *json);

/* of the open part, or of the call with that key */
ngx_int_t ngx_ai_flow_signature(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key, ngx_uint_t origin, const ngx_str_t *signature);

/* of the open text; of one that is held back it is left out */
ngx_int_t ngx_ai_flow_citation(ngx_ai_flow_t *f, ngx_uint_t choice,
    const ngx_ai_citation_t *citation);

/* the part or call with that key is over; unknown keys are none of ours */
ngx_int_t ngx_ai_flow_part_end(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key);

ngx_int_t ngx_ai_flow_logprobs(ngx_ai_flow_t *f, ngx_uint_t choice,
    const ngx_str_t *raw);

/*
 * A finish is kept until the end, as some tell it twice; parts may still
 * come.  f->reply knows it at once.
 */
ngx_int_t ngx_ai_flow_finish(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t finish, const ngx_str_t *stop);

/* replaces what was reported before */
ngx_int_t ngx_ai_flow_usage(ngx_ai_flow_t *f, const ngx_ai_usage_t *usage);

ngx_int_t ngx_ai_flow_ping(ngx_ai_flow_t *f);

/* ends what is open; nothing follows */
ngx_int_t ngx_ai_flow_end(ngx_ai_flow_t *f);

/* nothing follows, and what was held back is gone */
ngx_int_t ngx_ai_flow_error(ngx_ai_flow_t *f, const ngx_ai_error_t *error);


#endif /* _NGX_AI_FLOW_H_INCLUDED_ */
