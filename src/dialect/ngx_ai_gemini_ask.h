
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_GEMINI_ASK_H_INCLUDED_
#define _NGX_AI_GEMINI_ASK_H_INCLUDED_


#include "ngx_ai_gemini.h"


/*
 * The reader of requests, in two files: ngx_ai_gemini_ask.c has what is said,
 * ngx_ai_gemini_ask_config.c how it is to be answered.
 */


/* what is needed until all is read: members come in any order */

typedef struct {
    ngx_ai_chat_t         *chat;
    const ngx_ai_node_t   *system;
    const ngx_ai_node_t   *contents;
    ngx_ai_gemini_list_t   list;
    ngx_str_t              mime;
    ngx_uint_t             mode;   /* ngx_ai_choice_e */
    ngx_array_t           *names;  /* of ngx_str_t: allowed functions */
} ngx_ai_gemini_ask_t;


typedef struct {
    ngx_str_t              name;
    ngx_uint_t             value;
} ngx_ai_gemini_name_t;


/* rows of the chat itself */

#define NGX_AI_GEMINI_CHAT(camel, snake, types, read, field, mark)            \
    ngx_ai_gemini_row(camel, snake, types, read,                              \
                      offsetof(ngx_ai_chat_t, field),                         \
                      NGX_AI_FIELD_##mark)

/* rows of what is needed later */

#define NGX_AI_GEMINI_KEEP(camel, snake, types, field)                        \
    ngx_ai_gemini_row(camel, snake, types, ngx_ai_gemini_read_keep,           \
                      offsetof(ngx_ai_gemini_ask_t, field), 0)

/* rows that a function reads */

#define NGX_AI_GEMINI_CALLS(camel, snake, types, read)                        \
    ngx_ai_gemini_row(camel, snake, types, read, 0, 0)

/*
 * Rows of an object whose members are read as those of the object around it:
 * the table of them is in the place of an offset.
 */

typedef enum {
    NGX_AI_GEMINI_IN_GENERATION = 0,
    NGX_AI_GEMINI_IN_THINKING,
    NGX_AI_GEMINI_IN_SPEECH,
    NGX_AI_GEMINI_IN_VOICE,
    NGX_AI_GEMINI_IN_PREBUILT,
    NGX_AI_GEMINI_IN_TOOLS,
    NGX_AI_GEMINI_IN_CALLING
} ngx_ai_gemini_within_e;

#define NGX_AI_GEMINI_WITHIN(camel, snake, within)                            \
    ngx_ai_gemini_row(camel, snake, NGX_AI_OBJECT, ngx_ai_gemini_read_within, \
                      NGX_AI_GEMINI_IN_##within, 0)


ngx_int_t ngx_ai_gemini_read_within(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);

/* a node, or the text of a string, into the state */
ngx_int_t ngx_ai_gemini_read_keep(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);

ngx_int_t ngx_ai_gemini_read_schema(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);

/* what follows from several members */
void ngx_ai_gemini_read_format(ngx_ai_gemini_ask_t *ask);
void ngx_ai_gemini_read_choice(ngx_ai_gemini_ask_t *ask);

/* an enum by its name, in either case, or by its number: NGX_DECLINED: none */
ngx_int_t ngx_ai_gemini_name(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_gemini_name_t *names, ngx_uint_t *found);


#endif /* _NGX_AI_GEMINI_ASK_H_INCLUDED_ */
