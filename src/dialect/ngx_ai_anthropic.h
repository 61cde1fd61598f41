
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_ANTHROPIC_H_INCLUDED_
#define _NGX_AI_ANTHROPIC_H_INCLUDED_


/*
 * Anthropic's Messages.  What is said is a list of typed blocks, in requests,
 * in replies and, one behind the other, in streams:
 *
 *     hub                        blocks
 *
 *     SYSTEM                     "system"
 *     TEXT, REFUSAL              text
 *     THINKING, REDACTED         thinking, redacted_thinking
 *     IMAGE                      image
 *     FILE                       document; search_result is read only
 *     TOOL_CALL                  tool_use
 *     TOOL_RESULT                tool_result
 *     NATIVE                     any other
 *
 * A signature of another dialect is in a thinking block, wrapped
 * (ngx_ai_sign.h).  That of a call is in one of its own in front of the
 * tool_use, with a mark, and is read back onto it.
 *
 *     ngx_ai_anthropic.c         the table, the path, errors
 *     ngx_ai_anthropic_reply.c   what passes: replies and events, looked at
 *     ngx_ai_anthropic_ask.c     members of a request, read
 *     ngx_ai_anthropic_block.c   blocks, read
 *     ngx_ai_anthropic_write.c   members of a request, written
 *     ngx_ai_anthropic_tools.c   tools of a request, written
 *     ngx_ai_anthropic_turn.c    messages of a request, written
 *     ngx_ai_anthropic_media.c   images and documents in them
 *     ngx_ai_anthropic_answer.c  whole replies
 *     ngx_ai_anthropic_source.c  streams, read
 *     ngx_ai_anthropic_sink.c    streams, written
 */


#include "ngx_ai_dialect.h"


typedef enum {
    NGX_AI_ANTHROPIC_TABLE_ASK = 0,
    NGX_AI_ANTHROPIC_TABLE_REPLY,      /* a reply, an event */
    NGX_AI_ANTHROPIC_TABLE_ERROR,
    NGX_AI_ANTHROPIC_TABLES
} ngx_ai_anthropic_table_e;


/* counts of a report, in the order of the names; -1: not there */

typedef enum {
    NGX_AI_ANTHROPIC_INPUT = 0,
    NGX_AI_ANTHROPIC_CACHE_READ,
    NGX_AI_ANTHROPIC_CACHE_WRITE,
    NGX_AI_ANTHROPIC_OUTPUT,
    NGX_AI_ANTHROPIC_THINKING,
    NGX_AI_ANTHROPIC_COUNTS
} ngx_ai_anthropic_count_e;


#define NGX_AI_ANTHROPIC_REPLY_FIELDS  (7 + 2 * NGX_AI_ANTHROPIC_COUNTS)


/* of a wrapped signature that is a call's; no base64 has a dot */
#define NGX_AI_ANTHROPIC_CALL          "call."


/* where blocks stand */

#define NGX_AI_ANTHROPIC_IN_ASK        1
#define NGX_AI_ANTHROPIC_IN_RESULT     2
#define NGX_AI_ANTHROPIC_IN_DOCUMENT   4
#define NGX_AI_ANTHROPIC_IN_ANSWER     8


/* base64 that is decoded piece by piece */

typedef struct {
    uint32_t          bits;
    ngx_uint_t        n;
    ngx_uint_t        escaped;         /* a backslash was the last byte */
} ngx_ai_anthropic_base64_t;


extern const ngx_ai_scan_field_t
    ngx_ai_anthropic_reply_fields[NGX_AI_ANTHROPIC_REPLY_FIELDS];


/* ngx_ai_anthropic.c */

/* the kind of an error that has no status; by the names of exceptions too */
ngx_uint_t ngx_ai_anthropic_error_kind(const ngx_str_t *type,
    const ngx_str_t *message);

ngx_uint_t ngx_ai_anthropic_finish_find(const ngx_str_t *reason);

/* "stop" is the sequence that was met, or empty */
const ngx_str_t *ngx_ai_anthropic_finish_name(ngx_uint_t finish,
    const ngx_str_t *stop);

/* the members of an error, written into an object */
void ngx_ai_anthropic_write_envelope(ngx_ai_json_writer_t *w,
    const ngx_ai_error_t *error);

/*
 * Decodes the source of a string to "dst", where three bytes for each four of
 * it and two more have room.  Line ends are skipped.  The end of what is
 * decoded; NULL: it is not base64.
 */
u_char *ngx_ai_anthropic_decode(ngx_ai_anthropic_base64_t *b,
    const u_char *p, const u_char *end, u_char *dst);


/* ngx_ai_anthropic_reply.c */

void ngx_ai_anthropic_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *v, ngx_uint_t quirks, ngx_ai_reply_t *reply);
ngx_int_t ngx_ai_anthropic_read_event(const ngx_ai_route_t *route,
    ngx_ai_reader_t *readers, const ngx_ai_sse_event_t *ev, ngx_uint_t quirks,
    ngx_uint_t hidden, ngx_ai_reply_t *reply, ngx_ai_event_t *event);

/* what is in a report replaces what was known, the rest stays */
void ngx_ai_anthropic_usage(const int64_t *counts, ngx_ai_usage_t *usage);


/* ngx_ai_anthropic_ask.c */

/* also of what is to be counted, where "max_tokens" is not there */
ngx_int_t ngx_ai_anthropic_read_ask(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, void *ask);


/* ngx_ai_anthropic_block.c */

/*
 * A string or an array of blocks, into parts.  "where" is one of
 * NGX_AI_ANTHROPIC_IN_...; what is not needed of an answer need not be right.
 */
ngx_int_t ngx_ai_anthropic_read_blocks(ngx_ai_walk_t *w,
    const ngx_ai_node_t *content, ngx_uint_t where, ngx_array_t *parts);

/* a block of a stream, which has what it begins with */
ngx_int_t ngx_ai_anthropic_read_block(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_uint_t where, ngx_array_t *parts);

ngx_int_t ngx_ai_anthropic_read_citation(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_citation_t *citation);


/* ngx_ai_anthropic_write.c */

ngx_int_t ngx_ai_anthropic_write_ask(const void *ask,
    const ngx_ai_aim_t *aim, ngx_ai_json_writer_t *w);


/*
 * 1 when the message, a prompt of the system, stays where it is: some models
 * take it there, but only those who speak the dialect can know.
 */
ngx_uint_t ngx_ai_anthropic_system_turn(const ngx_ai_chat_t *chat,
    ngx_uint_t i);


/* ngx_ai_anthropic_tools.c */

/* "tools" and "tool_choice", of which none is forced if the model thinks */
ngx_int_t ngx_ai_anthropic_write_tools(const ngx_ai_chat_t *chat,
    ngx_uint_t thinks, ngx_ai_json_writer_t *w);


/* ngx_ai_anthropic_turn.c */

/*
 * The member "messages"; "system" says that prompts of the system are what
 * its user says.
 */
ngx_int_t ngx_ai_anthropic_write_turns(const ngx_ai_chat_t *chat,
    ngx_uint_t system, ngx_ai_json_writer_t *w);

/* a text block, if there is something to see in it */
void ngx_ai_anthropic_write_text(ngx_ai_json_writer_t *w,
    const ngx_str_t *text, const ngx_str_t *cache);

/* the members "thinking" and "signature" have no more than what is given */
void ngx_ai_anthropic_write_thinking(ngx_ai_json_writer_t *w,
    const ngx_str_t *text, const ngx_str_t *signature);

/* the object that the arguments of a call are */
void ngx_ai_anthropic_write_input(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *call);


/* ngx_ai_anthropic_media.c */

/* an image or a document */
ngx_int_t ngx_ai_anthropic_write_media(ngx_pool_t *pool,
    const ngx_ai_part_t *part, ngx_ai_json_writer_t *w);


/* ngx_ai_anthropic_answer.c */

ngx_int_t ngx_ai_anthropic_read_answer(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, ngx_uint_t quirks, void *data);
ngx_int_t ngx_ai_anthropic_write_answer(const void *data,
    const ngx_ai_told_t *told, ngx_ai_json_writer_t *w);

/* {"input_tokens":n}, as the input of an answer's usage */
ngx_int_t ngx_ai_anthropic_read_count(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, ngx_uint_t quirks, void *data);
ngx_int_t ngx_ai_anthropic_write_count(const void *data,
    const ngx_ai_told_t *told, ngx_ai_json_writer_t *w);

/* "node" is the report */
void ngx_ai_anthropic_read_usage(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, ngx_ai_usage_t *usage);

/* the member "usage" */
void ngx_ai_anthropic_write_usage(ngx_ai_json_writer_t *w,
    const ngx_ai_usage_t *usage, const ngx_str_t *tier);

/* the members "id" to "model" of a message */
void ngx_ai_anthropic_write_head(ngx_ai_json_writer_t *w,
    const ngx_ai_told_t *told, const ngx_str_t *model);

void ngx_ai_anthropic_write_citation(ngx_ai_json_writer_t *w,
    const ngx_ai_citation_t *citation);

/*
 * A signature of such a part as a client gets it: the dialect's own as it is,
 * others wrapped.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_ai_anthropic_sign(ngx_pool_t *pool, ngx_uint_t kind,
    ngx_uint_t origin, const ngx_str_t *signature, ngx_str_t *out);


/* ngx_ai_anthropic_source.c */

typedef struct {
    ngx_ai_source_t   source;
    ngx_ai_usage_t    usage;
    ngx_ai_buf_t     *native;          /* a block that is gathered */
    size_t            type;            /* where its type is there */
    size_t            type_len;
    size_t            input;           /* and where its input begins */
    unsigned          calls:1;         /* the open block is a call ... */
    unsigned          whole:1;         /* whose input came with its start */
    unsigned          gathers:1;       /* it is in "native" */
    unsigned          over:1;
} ngx_ai_anthropic_source_t;


ngx_int_t ngx_ai_anthropic_read_delta(void *source,
    const ngx_ai_sse_event_t *ev);


/* ngx_ai_anthropic_sink.c */

typedef struct {
    ngx_ai_sink_t     sink;
    ngx_ai_usage_t    usage;
    ngx_str_t         model;
    ngx_str_t         stop;
    ngx_uint_t        finish;
    ngx_uint_t        index;           /* of the next block */
    size_t            wrapped;         /* bytes of signatures */
    unsigned          waits:1;         /* message_start is not yet written */
    unsigned          open:1;          /* a block is */
    unsigned          pinged:1;
} ngx_ai_anthropic_sink_t;


ngx_int_t ngx_ai_anthropic_write_delta(void *sink,
    const ngx_ai_delta_t *delta);


#endif /* _NGX_AI_ANTHROPIC_H_INCLUDED_ */
