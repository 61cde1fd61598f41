
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_COHERE_H_INCLUDED_
#define _NGX_AI_COHERE_H_INCLUDED_


#include "ngx_ai_dialect.h"
#include "ngx_ai_sign.h"


/*
 * Cohere's chat, version 2.  The table and what passes are in ngx_ai_cohere.c;
 * requests are read in ngx_ai_cohere_ask.c and ngx_ai_cohere_message.c, and
 * written in ngx_ai_cohere_write.c; answers are in ngx_ai_cohere_answer.c,
 * streams in ngx_ai_cohere_stream.c and ngx_ai_cohere_sink.c, and what both
 * say beside the text in ngx_ai_cohere_meta.c.
 *
 * A plan, "tool_plan", is what the model thinks before it calls tools.  There
 * is no field for signatures: that of a call goes with its id.
 */


#define NGX_AI_COHERE_NO_MEMORY  "no memory"


/* an array of messages; "to" is an ngx_ai_chat_t: ngx_ai_cohere_message.c */
ngx_int_t ngx_ai_cohere_read_messages(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);

/* notes as dropped what is there and not empty */
ngx_int_t ngx_ai_cohere_read_dropped(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


/* "type" and "function" of a call: ngx_ai_cohere_write.c */
void ngx_ai_cohere_write_function(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);


/* in ngx_ai_cohere_meta.c */

/* a member that is a string, or nothing */
void ngx_ai_cohere_string(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *object, const char *name, ngx_str_t *text);

ngx_uint_t ngx_ai_cohere_finish(const u_char *data, size_t len);

/* the value of "finish_reason" */
void ngx_ai_cohere_write_finish(ngx_ai_json_writer_t *w, ngx_uint_t finish,
    ngx_uint_t sequence);

/* NGX_DECLINED: there are no counts in it */
ngx_int_t ngx_ai_cohere_read_usage(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, ngx_ai_usage_t *usage);

/* disjoint buckets of what Cohere counts; -1: it does not say */
void ngx_ai_cohere_usage(ngx_ai_usage_t *usage, int64_t input, int64_t output,
    int64_t cached, int64_t image, int64_t reasoning);

/* the member "usage", if there is something to report */
void ngx_ai_cohere_write_usage(ngx_ai_json_writer_t *w,
    const ngx_ai_usage_t *usage);

/* the kind of an error, from what "error_type" and the message say */
ngx_uint_t ngx_ai_cohere_error_kind(const ngx_str_t *type,
    const ngx_str_t *message, ngx_uint_t kind);

/*
 * One citation has several sources: calls "cite" for each of them.  NGX_OK, or
 * what it returned.  "index" is set to that of the content, or 0.
 */
typedef ngx_int_t (*ngx_ai_cohere_cite_pt)(void *data, ngx_uint_t index,
    const ngx_ai_citation_t *citation);

ngx_int_t ngx_ai_cohere_read_citation(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, ngx_ai_cohere_cite_pt cite, void *data);
void ngx_ai_cohere_write_citation(ngx_ai_json_writer_t *w, ngx_uint_t index,
    const ngx_ai_citation_t *citation);

/*
 * Items of Cohere, an array or a single one, as OpenAI has them, appended to
 * the buffer: {"content":[...]}.  NGX_DECLINED: there are none.
 */
ngx_int_t ngx_ai_cohere_read_logprobs(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, ngx_ai_buf_t *out);

/* and the other way round, as the member "logprobs": an array, or one item */
void ngx_ai_cohere_write_logprobs(ngx_ai_json_writer_t *w,
    const ngx_str_t *raw, ngx_uint_t one, ngx_log_t *log);


/* a call with its id, from the pool of a moment: ngx_ai_cohere_answer.c */

ngx_int_t ngx_ai_cohere_write_id(ngx_ai_json_writer_t *w, ngx_log_t *log,
    const ngx_ai_part_t *part);

/* "id", made of the request's: 8-4-4-4-12 digits */
void ngx_ai_cohere_write_uuid(ngx_ai_json_writer_t *w, const ngx_str_t *id);


/* the table's */

ngx_int_t ngx_ai_cohere_read_ask(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    void *ask);
ngx_int_t ngx_ai_cohere_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w);
ngx_int_t ngx_ai_cohere_read_answer(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, ngx_uint_t quirks, void *answer);
ngx_int_t ngx_ai_cohere_write_answer(const void *answer,
    const ngx_ai_told_t *told, ngx_ai_json_writer_t *w);

ngx_int_t ngx_ai_cohere_write_error_event(const ngx_ai_route_t *route,
    const ngx_ai_error_t *error, ngx_uint_t framing, ngx_ai_buf_t *out);


typedef struct {
    ngx_ai_source_t   source;
} ngx_ai_cohere_source_t;


typedef struct {
    ngx_ai_sink_t     sink;
    ngx_ai_usage_t    usage;
    ngx_uint_t        finish;
    ngx_uint_t        sequence;    /* the client's own stopped it */
    ngx_uint_t        open;        /* a block of content is */
    ngx_uint_t        text;        /* and it is one of text */
    ngx_uint_t        content;     /* its index, or that of the next one */
    ngx_uint_t        calls;       /* of the next call */
    ngx_uint_t        citations;
} ngx_ai_cohere_sink_t;


ngx_int_t ngx_ai_cohere_read_delta(void *source,
    const ngx_ai_sse_event_t *ev);
ngx_int_t ngx_ai_cohere_write_delta(void *sink, const ngx_ai_delta_t *delta);


#endif /* _NGX_AI_COHERE_H_INCLUDED_ */
