
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_OLLAMA_H_INCLUDED_
#define _NGX_AI_OLLAMA_H_INCLUDED_


#include "ngx_ai_dialect.h"


/*
 * Ollama's own API: /api/chat in all words, the other routes as they pass.
 * The table and what passes are in ngx_ai_ollama.c; requests are read in
 * ngx_ai_ollama_ask.c and written in ngx_ai_ollama_write.c, answers and
 * streams are in ngx_ai_ollama_answer.c and ngx_ai_ollama_stream.c.
 *
 * A stream is lines of JSON, each of which looks like a whole reply; the last
 * one says "done", why, and what was used.
 */


/* a word, and what it means; the last one is empty */

typedef struct {
    ngx_str_t         word;
    ngx_uint_t        value;
} ngx_ai_ollama_word_t;


/* errors: ngx_ai_ollama.c */

/* what the text of an error says, or the kind that is given */
ngx_uint_t ngx_ai_ollama_error_kind(const ngx_str_t *message,
    ngx_uint_t kind);

ngx_int_t ngx_ai_ollama_write_error_event(const ngx_ai_route_t *route,
    const ngx_ai_error_t *error, ngx_uint_t framing, ngx_ai_buf_t *out);


/* what requests, answers and streams have in common: ngx_ai_ollama_part.c */

/*
 * The parts of a message or a reply, in the order in which they are thought:
 * images and calls are arrays, or NULL.  A call that is no object with a name
 * fails the walk.
 */
ngx_int_t ngx_ai_ollama_read_images(ngx_ai_walk_t *w,
    const ngx_ai_node_t *images, ngx_array_t *parts);
ngx_int_t ngx_ai_ollama_read_calls(ngx_ai_walk_t *w,
    const ngx_ai_node_t *calls, ngx_array_t *parts);

/* "image/png" for what begins like one, and image/jpeg for what does not */
void ngx_ai_ollama_media(const ngx_str_t *data, ngx_str_t *media);

/*
 * The members "content", "thinking" and "images", of the parts of a message;
 * "glue", escaped, is put between texts.  NGX_ERROR without memory.
 */
ngx_int_t ngx_ai_ollama_write_content(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part, ngx_uint_t n, const char *glue,
    ngx_log_t *log);

/* the elements of "tool_calls" */
void ngx_ai_ollama_write_call(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part, const ngx_str_t *id, ngx_uint_t index);


/* words of answers and streams: ngx_ai_ollama_answer.c */

ngx_uint_t ngx_ai_ollama_finish(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *reason);
void ngx_ai_ollama_read_usage(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *root, ngx_ai_usage_t *usage);

/* seconds of "2026-11-20T15:44:00.123Z"; 0: it is no such time */
int64_t ngx_ai_ollama_time(const u_char *p, size_t len);

/* {"content":[...]} of the array that logprobs are here, and back */
ngx_int_t ngx_ai_ollama_read_logprobs(ngx_ai_walk_t *w,
    const ngx_ai_node_t *array, ngx_str_t *raw);
void ngx_ai_ollama_write_logprobs(ngx_ai_json_writer_t *w,
    const ngx_str_t *raw);

/* the id of a call, with the signature that its client has to carry */
ngx_int_t ngx_ai_ollama_call_id(ngx_pool_t *pool, const ngx_ai_part_t *part,
    ngx_str_t *id);

/*
 * "model" and "created_at", as all that is told begins; the memory is from
 * the pool.
 */
ngx_int_t ngx_ai_ollama_head(ngx_pool_t *pool, const ngx_ai_told_t *told,
    const ngx_str_t *model, int64_t created, ngx_str_t *head);

/* "done" and what goes with it */
void ngx_ai_ollama_write_done(ngx_ai_json_writer_t *w, ngx_uint_t finish,
    const ngx_ai_usage_t *usage, ngx_msec_t elapsed);


/* the table's */

ngx_int_t ngx_ai_ollama_read_ask(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    void *ask);
ngx_int_t ngx_ai_ollama_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w);
ngx_int_t ngx_ai_ollama_read_answer(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, ngx_uint_t quirks, void *answer);
ngx_int_t ngx_ai_ollama_write_answer(const void *answer,
    const ngx_ai_told_t *told, ngx_ai_json_writer_t *w);


typedef struct {
    ngx_ai_source_t   source;
    ngx_uint_t        calls;       /* so far: the keys of calls */
    unsigned          started:1;
} ngx_ai_ollama_source_t;


typedef struct {
    ngx_ai_sink_t     sink;
    ngx_str_t         head;
    ngx_ai_usage_t    usage;
    ngx_uint_t        finish;
    ngx_uint_t        calls;       /* so far: the indexes of calls */
} ngx_ai_ollama_sink_t;


ngx_int_t ngx_ai_ollama_read_delta(void *source,
    const ngx_ai_sse_event_t *ev);
ngx_int_t ngx_ai_ollama_write_delta(void *sink, const ngx_ai_delta_t *delta);


#endif /* _NGX_AI_OLLAMA_H_INCLUDED_ */
