
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_REPLY_H_INCLUDED_
#define _NGX_AI_REPLY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_usage.h"


/*
 * What the gateway learns from a reply while it passes through.
 *
 * A stream is over only when its provider said so: "finished" is the finish
 * reason or a terminal event, "ended" the terminator ([DONE]) where there is
 * one.  A stream that stops with neither has been cut.
 *
 * The id of what was made is noted if a later call can name it: not of what
 * its provider has not stored, and not one of more than NGX_AI_REPLY_ID_MAX
 * bytes.
 */

typedef enum {
    NGX_AI_FINISH_NONE = 0,
    NGX_AI_FINISH_STOP,
    NGX_AI_FINISH_LENGTH,
    NGX_AI_FINISH_TOOLS,
    NGX_AI_FINISH_FILTER,
    NGX_AI_FINISH_ERROR,
    NGX_AI_FINISH_OTHER,           /* a reason that we have no word for */
    NGX_AI_FINISH_MAX
} ngx_ai_finish_e;


#define NGX_AI_REPLY_ID_MAX  128


typedef struct {
    ngx_ai_usage_t    usage;
    ngx_uint_t        finish;      /* ngx_ai_finish_e, the last one told */
    unsigned          finished:1;
    unsigned          ended:1;
    unsigned          error:1;     /* an error envelope or event was seen */
    size_t            id_len;      /* 0: none, so far */
    u_char            id[NGX_AI_REPLY_ID_MAX];
} ngx_ai_reply_t;


extern const ngx_str_t  ngx_ai_finish_names[NGX_AI_FINISH_MAX];


#endif /* _NGX_AI_REPLY_H_INCLUDED_ */
