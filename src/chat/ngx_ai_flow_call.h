
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_FLOW_CALL_H_INCLUDED_
#define _NGX_AI_FLOW_CALL_H_INCLUDED_


/*
 * Inside the flow: ngx_ai_flow.c is what passes at once, ngx_ai_flow_call.c
 * the queue of calls and of what comes behind them, ngx_ai_flow_held.c the
 * memory of what is in the queue.
 *
 *     choice: part, part, [ call, call, part, call ]
 *                           |     |
 *                           |     held back, "ended" or not
 *                           open, or waits for its name; for its end, if
 *                           the sink wants calls whole
 *
 * The rest of an open part is not in the queue, and while there is a queue no
 * other part is open.
 */


#include "ngx_ai_flow.h"


#define NGX_AI_FLOW_NO_KEY  ((ngx_uint_t) -1)


/* those which have their text in TEXT only */

#define ngx_ai_flow_plain(kind)                                               \
    ((kind) == NGX_AI_PART_TEXT || (kind) == NGX_AI_PART_THINKING             \
     || (kind) == NGX_AI_PART_REFUSAL)


/* in ngx_ai_flow.c */

/* zeroes the delta but for these, and the index of the part at hand */
void ngx_ai_flow_delta(ngx_ai_flow_t *f, ngx_ai_delta_t *d, ngx_uint_t type,
    ngx_uint_t choice);

/* a part which is no call; nothing is open in the choice */
ngx_int_t ngx_ai_flow_part_open(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key, const ngx_ai_part_t *part);
ngx_int_t ngx_ai_flow_part_text(ngx_ai_flow_t *f, ngx_uint_t choice,
    const ngx_str_t *text);
ngx_int_t ngx_ai_flow_part_close(ngx_ai_flow_t *f, ngx_uint_t choice);

/* of what was told, and of what was seen */
ngx_uint_t ngx_ai_flow_reason(const ngx_ai_flow_choice_t *ch);


/* in ngx_ai_flow_call.c; the choice has begun */

/* all that is queued in the choice has ended */
ngx_int_t ngx_ai_flow_calls_end(ngx_ai_flow_t *f, ngx_uint_t choice);

ngx_int_t ngx_ai_flow_call_part(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key, const ngx_ai_part_t *part);
ngx_int_t ngx_ai_flow_call_text(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key, const ngx_str_t *id, const ngx_str_t *name,
    const ngx_str_t *args);
ngx_int_t ngx_ai_flow_call_object(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key, const ngx_str_t *json);
ngx_int_t ngx_ai_flow_call_signature(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key, ngx_uint_t origin, const ngx_str_t *signature);
ngx_int_t ngx_ai_flow_call_end(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key);

/* another part, behind what is queued */
ngx_int_t ngx_ai_flow_hold_part(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key, const ngx_ai_part_t *part);
ngx_int_t ngx_ai_flow_hold_text(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t kind, const ngx_str_t *text);


/* in ngx_ai_flow_held.c */

ngx_int_t ngx_ai_flow_calls_init(ngx_ai_flow_t *f);

/* all that is held back is gone */
void ngx_ai_flow_calls_free(ngx_ai_flow_t *f);

/* more of the text; the same, JSON that is to stand in a string */
ngx_int_t ngx_ai_flow_hold(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    const ngx_str_t *text);
ngx_int_t ngx_ai_flow_escape(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    const ngx_str_t *json);

/* a string of the part, by its offset; one that it has already stays */
ngx_int_t ngx_ai_flow_put(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    size_t member, const ngx_str_t *value);

/* all strings of a part, and its text */
ngx_int_t ngx_ai_flow_hold_strings(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    const ngx_ai_part_t *part);

/* the part with its strings, and the text behind them */
void ngx_ai_flow_get(const ngx_ai_flow_call_t *c, ngx_ai_part_t *part,
    ngx_str_t *text);

/* its memory goes, and it leaves the queue */
void ngx_ai_flow_done(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c);


#endif /* _NGX_AI_FLOW_CALL_H_INCLUDED_ */
