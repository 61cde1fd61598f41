
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_BEDROCK_H_INCLUDED_
#define _NGX_AI_BEDROCK_H_INCLUDED_


#include "ngx_ai_dialect.h"
#include "ngx_ai_sign.h"


/*
 * Converse of AWS Bedrock.  The table and what passes are in
 * ngx_ai_bedrock.c.  Requests are read in ngx_ai_bedrock_ask.c, the content of
 * their messages in ngx_ai_bedrock_content.c; they are written in
 * ngx_ai_bedrock_write.c and ngx_ai_bedrock_config.c.  Tools are in
 * ngx_ai_bedrock_tools.c, what requests and answers have in common is in
 * ngx_ai_bedrock_block.c, answers are in ngx_ai_bedrock_answer.c, streams in
 * ngx_ai_bedrock_stream.c and ngx_ai_bedrock_sink.c.
 *
 * Model and streaming are in the path.  The makers of models differ in what
 * they take in "additionalModelRequestFields", and are told by the model's
 * name: ngx_ai_bedrock_maker().
 */


/* how a maker is told to think */

typedef enum {
    NGX_AI_BEDROCK_THINK_NONE = 0,
    NGX_AI_BEDROCK_THINK_BUDGET,   /* Claude: "thinking" */
    NGX_AI_BEDROCK_THINK_EFFORT,   /* OpenAI: "reasoning_effort" */
    NGX_AI_BEDROCK_THINK_NOVA      /* "reasoningConfig" */
} ngx_ai_bedrock_think_e;


typedef struct {
    ngx_str_t         name;        /* in the model's; empty: all others */
    const char       *top_k_in;    /* where its name is; NULL: at the top */
    const char       *top_k;       /* its name for it; NULL: it has none */
    ngx_uint_t        think;       /* ngx_ai_bedrock_think_e */
    unsigned          cache:1;     /* takes cache points */
} ngx_ai_bedrock_maker_t;


const ngx_ai_bedrock_maker_t *ngx_ai_bedrock_maker(const ngx_str_t *model);


/* blocks: ngx_ai_bedrock_block.c */

/* "jpeg" and "image/jpeg" and so on, for a kind of part */

typedef struct {
    ngx_uint_t        kind;        /* ngx_ai_part_e */
    ngx_str_t         format;
    ngx_str_t         media;
    ngx_str_t         magic;       /* how its base64 begins */
} ngx_ai_bedrock_format_t;


/* NULL: none that is known; a part without a media type is looked into */
const ngx_ai_bedrock_format_t *ngx_ai_bedrock_format(
    const ngx_ai_part_t *part);

/* the media type of a format, empty if it is not known */
void ngx_ai_bedrock_media(ngx_uint_t kind, const ngx_str_t *format,
    ngx_str_t *media);

/* {"image":{...}} and its like of a request; "to" is an ngx_array_t of parts */
ngx_int_t ngx_ai_bedrock_read_image(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
ngx_int_t ngx_ai_bedrock_read_video(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
ngx_int_t ngx_ai_bedrock_read_audio(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
ngx_int_t ngx_ai_bedrock_read_document(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
ngx_int_t ngx_ai_bedrock_read_search(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);

/* a new part at the end of the list; NULL: the walk has failed */
ngx_ai_part_t *ngx_ai_bedrock_push(ngx_ai_walk_t *w, ngx_array_t *parts,
    ngx_uint_t kind);

/*
 * Writes the block of an image, a video, a sound or a file, with "name" for
 * a file.  NGX_DECLINED: there is no such block, and nothing is written.
 * Without a writer it only tells.
 */
ngx_int_t ngx_ai_bedrock_write_media(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part, const ngx_str_t *name);

void ngx_ai_bedrock_write_reasoning(ngx_ai_json_writer_t *w,
    const ngx_str_t *text, const ngx_str_t *signature);
void ngx_ai_bedrock_write_redacted(ngx_ai_json_writer_t *w,
    const ngx_str_t *data);
void ngx_ai_bedrock_write_point(ngx_ai_json_writer_t *w,
    const ngx_str_t *cache);

/* the member "input" of a call */
void ngx_ai_bedrock_write_input(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);

/* the texts of an array of {"text"}, together, from the pool */
ngx_int_t ngx_ai_bedrock_join(ngx_ai_walk_t *w, const ngx_ai_node_t *array,
    ngx_str_t *text);

/* 1 for a toolUse or a toolResult that Bedrock has made and answered itself */
ngx_uint_t ngx_ai_bedrock_is_server(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *object);

/* a member that is a string, or nothing */
void ngx_ai_bedrock_string(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *object, const char *name, ngx_str_t *text);

/* one {"citation"} of a reply, whatever of it is there */
void ngx_ai_bedrock_read_citation(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, ngx_ai_citation_t *citation);
void ngx_ai_bedrock_write_citation(ngx_ai_json_writer_t *w,
    const ngx_ai_citation_t *citation);


/* the content of a message: ngx_ai_bedrock_content.c */

/* an array of blocks; "to" is an ngx_array_t of parts */
ngx_int_t ngx_ai_bedrock_read_content(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);

/* an array of citations; "to" is where the pointer to the list of them is */
ngx_int_t ngx_ai_bedrock_read_citations(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);

/* a cache point, as the hub marks what is before it */
void ngx_ai_bedrock_cache(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_str_t *cache);


/* "toolConfig": ngx_ai_bedrock_tools.c */

/* into an ngx_ai_chat_t */
ngx_int_t ngx_ai_bedrock_read_tool_config(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
void ngx_ai_bedrock_write_tools(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, const ngx_ai_bedrock_maker_t *maker);


/* all of a request but its messages: ngx_ai_bedrock_config.c */

void ngx_ai_bedrock_write_config(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, const ngx_ai_bedrock_maker_t *maker);


/* words of answers and streams: ngx_ai_bedrock_answer.c */

ngx_uint_t ngx_ai_bedrock_finish(const u_char *data, size_t len);

/* the value of "stopReason"; "sequence": the client's own stopped it */
void ngx_ai_bedrock_write_reason(ngx_ai_json_writer_t *w, ngx_uint_t finish,
    ngx_uint_t sequence);

void ngx_ai_bedrock_read_usage(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, ngx_ai_usage_t *usage);
void ngx_ai_bedrock_write_usage(ngx_ai_json_writer_t *w,
    const ngx_ai_usage_t *usage);

void ngx_ai_bedrock_write_metrics(ngx_ai_json_writer_t *w,
    const ngx_ai_told_t *told);

/*
 * The source of a stop sequence, where the client had it told:
 * additionalModelResponseFields of Claude, as a stream and a reply have them.
 */
void ngx_ai_bedrock_read_stop(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, ngx_str_t *stop);

/* as the client gets it: our own as it is, another's so that it comes back */
ngx_int_t ngx_ai_bedrock_signature(ngx_pool_t *pool, ngx_uint_t origin,
    const ngx_str_t *signature, ngx_str_t *out);


/* the table's */

ngx_int_t ngx_ai_bedrock_read_ask(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, void *ask);
ngx_int_t ngx_ai_bedrock_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w);
ngx_int_t ngx_ai_bedrock_read_answer(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, ngx_uint_t quirks, void *answer);
ngx_int_t ngx_ai_bedrock_write_answer(const void *answer,
    const ngx_ai_told_t *told, ngx_ai_json_writer_t *w);

ngx_int_t ngx_ai_bedrock_write_error_event(const ngx_ai_route_t *route,
    const ngx_ai_error_t *error, ngx_uint_t framing, ngx_ai_buf_t *out);

/* the kind of an exception in a stream, by its name and its message */
ngx_uint_t ngx_ai_bedrock_error_kind(const ngx_str_t *name,
    const ngx_str_t *message);


typedef struct {
    ngx_ai_source_t   source;
    ngx_uint_t        key;         /* of the open block */
    ngx_uint_t        kind;        /* of its part */
    ngx_uint_t        mute;        /* key of a block that is not passed on */
    ngx_str_t         media;       /* of an image that began */
    unsigned          open:1;
    unsigned          muted:1;     /* there is one */
} ngx_ai_bedrock_source_t;


typedef struct {
    ngx_ai_sink_t     sink;
    ngx_ai_usage_t    usage;
    ngx_uint_t        block;       /* index of the open or the next one */
    unsigned          open:1;
} ngx_ai_bedrock_sink_t;


ngx_int_t ngx_ai_bedrock_read_delta(void *source,
    const ngx_ai_sse_event_t *ev);
ngx_int_t ngx_ai_bedrock_write_delta(void *sink,
    const ngx_ai_delta_t *delta);


#endif /* _NGX_AI_BEDROCK_H_INCLUDED_ */
