
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_OPENAI_H_INCLUDED_
#define _NGX_AI_OPENAI_H_INCLUDED_


#include "ngx_ai_dialect.h"


/*
 * OpenAI's wire format and everything that follows it.  The table is in
 * ngx_ai_openai.c, what a request asks in ngx_ai_openai_ask.c, what a reply
 * says in ngx_ai_openai_reply.c.
 */

/* its streams are of named events about items, not of chunks */

#define ngx_ai_openai_has_items(route)                                        \
    ((route)->id == NGX_AI_ROUTE_RESPONSES                                    \
     || (route)->id == NGX_AI_ROUTE_RESPONSE_GET)


/* the tables */

typedef enum {
    NGX_AI_OPENAI_TABLE_ASK = 0,
    NGX_AI_OPENAI_TABLE_REPLY,     /* a reply, a chunk */
    NGX_AI_OPENAI_TABLE_ITEM,      /* an event of a Responses stream */
    NGX_AI_OPENAI_TABLE_ERROR,
    NGX_AI_OPENAI_TABLES
} ngx_ai_openai_table_e;


#define NGX_AI_OPENAI_ASK_MAX      18
#define NGX_AI_OPENAI_REPLY_MAX    27


extern const ngx_ai_scan_field_t
    ngx_ai_openai_ask_fields[NGX_AI_OPENAI_ASK_MAX];
extern const ngx_ai_scan_field_t
    ngx_ai_openai_reply_fields[NGX_AI_OPENAI_REPLY_MAX];
extern const ngx_ai_scan_field_t
    ngx_ai_openai_item_fields[NGX_AI_OPENAI_REPLY_MAX];


ngx_int_t ngx_ai_openai_read_ask(const ngx_ai_route_t *route,
    ngx_ai_reader_t *readers, const ngx_str_t *body, ngx_uint_t n,
    ngx_pool_t *pool, ngx_ai_ask_t *ask, ngx_ai_error_t *error);
void ngx_ai_openai_edit(const ngx_ai_route_t *route, const ngx_ai_ask_t *ask,
    const ngx_str_t *model, ngx_uint_t quirks, ngx_ai_edits_t *edits);

void ngx_ai_openai_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *values, ngx_uint_t quirks,
    ngx_ai_reply_t *reply);
ngx_int_t ngx_ai_openai_read_event(const ngx_ai_route_t *route,
    ngx_ai_reader_t *readers, const ngx_str_t *name, const ngx_str_t *data,
    ngx_uint_t quirks, ngx_uint_t hidden, ngx_ai_reply_t *reply,
    ngx_ai_event_t *event);


#endif /* _NGX_AI_OPENAI_H_INCLUDED_ */
