
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_GEMINI_H_INCLUDED_
#define _NGX_AI_GEMINI_H_INCLUDED_


#include "ngx_ai_dialect.h"


/*
 * Gemini's generateContent, of AI Studio and of Vertex AI.  The table of the
 * dialect and its errors are in ngx_ai_gemini.c, what passes through is read
 * in ngx_ai_gemini_reply.c; the others are for the hub.
 *
 *     POST {url}/models/{model}:streamGenerateContent?alt=sse
 *
 *     { "systemInstruction": { "parts": [ ... ] },
 *       "contents": [ { "role": "user", "parts": [ { "text": "..." } ] },
 *                     { "role": "model", "parts": [ ... ] } ],
 *       "tools": [ { "functionDeclarations": [ ... ] } ],
 *       "generationConfig": { ... } }
 *
 *     { "candidates": [ { "content": { "role": "model", "parts": [ ... ] },
 *                         "finishReason": "STOP" } ],
 *       "usageMetadata": { ... }, "modelVersion": "...", "responseId": "..." }
 *
 * Requests are read in camel case and in snake case, and are written in camel
 * case.  Each event of a stream is an answer of its own; there is no
 * terminator.
 */


/* the tables */

typedef enum {
    NGX_AI_GEMINI_TABLE_ASK = 0,
    NGX_AI_GEMINI_TABLE_REPLY,     /* a reply, an event */
    NGX_AI_GEMINI_TABLE_ERROR,
    NGX_AI_GEMINI_TABLES
} ngx_ai_gemini_table_e;


#define NGX_AI_GEMINI_REPLY_MAX  19


extern const ngx_ai_scan_field_t
    ngx_ai_gemini_reply_fields[NGX_AI_GEMINI_REPLY_MAX];


/* two rows of a table: both names of a member */

#define ngx_ai_gemini_row(camel, snake, types, read, offset, mark)            \
    { ngx_string(camel), types, read, offset, mark },                         \
    { ngx_string(snake), types, read, offset, mark }


/* counts of tokens as Gemini has them; -1: not told */

typedef struct {
    int64_t           prompt;      /* with "cached", without "tools" */
    int64_t           cached;
    int64_t           tools;       /* results of tools of its own */
    int64_t           candidates;  /* without "thoughts" */
    int64_t           thoughts;
    int64_t           total;
    int64_t           audio_in;    /* of the prompt */
    int64_t           audio_cached;
    int64_t           audio_out;   /* of the candidates */
    int64_t           image_out;
} ngx_ai_gemini_counts_t;


/* NGX_DECLINED: there are no counts, and the usage is unchanged */
ngx_int_t ngx_ai_gemini_usage(const ngx_ai_gemini_counts_t *counts,
    ngx_ai_usage_t *usage);

/* "AUDIO" or its number, as the JSON source of the value has it */

typedef enum {
    NGX_AI_GEMINI_OTHER = 0,
    NGX_AI_GEMINI_AUDIO,
    NGX_AI_GEMINI_IMAGE
} ngx_ai_gemini_modality_e;

ngx_uint_t ngx_ai_gemini_modality(const ngx_str_t *text, ngx_uint_t number);

/* a finish reason by its name or, where "number" is set, by its number */
ngx_uint_t ngx_ai_gemini_finish(const ngx_str_t *text, ngx_uint_t number);
const ngx_str_t *ngx_ai_gemini_finish_name(ngx_uint_t finish);


/* what an error says, as it stands in the source */

typedef struct {
    ngx_str_t         status;      /* "INVALID_ARGUMENT" */
    ngx_str_t         message;
    ngx_str_t         reason;      /* "API_KEY_INVALID" */
    ngx_str_t         delay;       /* "17s" */
    int64_t           code;        /* 0: not told */
} ngx_ai_gemini_fault_t;


/* sets kind, message and retry_after, as far as the fault tells them */
void ngx_ai_gemini_explain(const ngx_ai_gemini_fault_t *fault,
    ngx_ai_error_t *error);

void ngx_ai_gemini_write_envelope(ngx_ai_json_writer_t *w,
    const ngx_ai_error_t *error);


/* in ngx_ai_gemini_reply.c: what passes through */

void ngx_ai_gemini_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *values, ngx_uint_t quirks,
    ngx_ai_reply_t *reply);
ngx_int_t ngx_ai_gemini_read_event(const ngx_ai_route_t *route,
    ngx_ai_reader_t *readers, const ngx_ai_sse_event_t *ev,
    ngx_uint_t quirks, ngx_uint_t hidden, ngx_ai_reply_t *reply,
    ngx_ai_event_t *event);


/*
 * In ngx_ai_gemini_part.c: the parts of a content.  Of a part that is read,
 * the nodes:
 */

typedef struct {
    const ngx_ai_node_t  *text;
    const ngx_ai_node_t  *signature;
    const ngx_ai_node_t  *blob;      /* inlineData */
    const ngx_ai_node_t  *file;      /* fileData */
    const ngx_ai_node_t  *call;
    const ngx_ai_node_t  *result;
    const ngx_ai_node_t  *native;    /* what only Gemini has a word for */
    ngx_uint_t            thought;
} ngx_ai_gemini_part_t;


typedef struct {
    ngx_str_t             id;
    ngx_str_t             name;
    ngx_str_t             args;      /* raw; empty: none */
    const ngx_ai_node_t  *partial;   /* the array, of a stream */
    ngx_uint_t            more;      /* "willContinue" */
} ngx_ai_gemini_call_t;


/*
 * A list of the hub's parts that is being made.  A client that was streamed
 * to has a text or a thought in many pieces, which are one again here.
 */

typedef struct {
    ngx_array_t          *parts;     /* of ngx_ai_part_t */
    ngx_array_t           pieces;    /* ngx_str_t, of the last part's text */
    size_t                len;       /* of all of them */
    ngx_uint_t            open;      /* more may come */
} ngx_ai_gemini_list_t;


ngx_int_t ngx_ai_gemini_part(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_gemini_part_t *part);
ngx_int_t ngx_ai_gemini_call(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_gemini_call_t *call);

/* an image, a sound, a file: the part's kind and its data, url or file */
ngx_int_t ngx_ai_gemini_media(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_part_t *part);

/* a thing of Gemini's own: the part with all that is in it */
void ngx_ai_gemini_native(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    const ngx_ai_gemini_part_t *from, ngx_ai_part_t *part);

/* NGX_OK or NGX_ERROR without memory; "parts" may be set again later */
ngx_int_t ngx_ai_gemini_list_init(ngx_ai_gemini_list_t *list,
    ngx_pool_t *pool);

/*
 * Appends what a part of a content is: a node of an array, or the only one.
 * "joins" says that a text goes on with the text before it.
 */
ngx_int_t ngx_ai_gemini_list_add(ngx_ai_walk_t *w, ngx_ai_gemini_list_t *list,
    const ngx_ai_node_t *node, ngx_uint_t joins);

/* no more of the last part will come; NGX_ERROR without memory */
ngx_int_t ngx_ai_gemini_list_end(ngx_ai_walk_t *w,
    ngx_ai_gemini_list_t *list);

/*
 * The elements of an array, or the one that stands in its place, as Google
 * allows: its number and the first of them.
 */
ngx_uint_t ngx_ai_gemini_elements(const ngx_ai_node_t *node,
    const ngx_ai_node_t **first);

/* a reader for tables: the node itself, into a const ngx_ai_node_t * */
ngx_int_t ngx_ai_gemini_node(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to);


/*
 * In ngx_ai_gemini_sign.c.  A thoughtSignature is base64, and is decoded by
 * some SDKs: what is carried for other dialects is base64 once more.
 */

/* NGX_OK or NGX_ERROR without memory */
ngx_int_t ngx_ai_gemini_sign_read(ngx_pool_t *pool, const ngx_str_t *text,
    ngx_uint_t *origin, ngx_str_t *signature);

/* appends the text of a signature; as ngx_ai_buf_append() */
ngx_int_t ngx_ai_gemini_sign_write(ngx_ai_buf_t *out, ngx_uint_t origin,
    const ngx_str_t *signature);


/*
 * In ngx_ai_gemini_schema.c: OpenAPI's schema, as Gemini has it ("STRING",
 * nullable), to JSON Schema, from the pool.  NGX_OK or NGX_ERROR without
 * memory.
 */
ngx_int_t ngx_ai_gemini_schema(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_str_t *schema);


/* in ngx_ai_gemini_ask.c */

ngx_int_t ngx_ai_gemini_read_ask(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    void *ask);


/* in ngx_ai_gemini_write.c and ngx_ai_gemini_config.c */

/* what can be told of a model by its name; all 0: it is none of Google's */

typedef struct {
    ngx_uint_t            major;     /* 3 of "gemini-3.1-pro-preview" */
    ngx_uint_t            minor;
    unsigned              pro:1;
    unsigned              lite:1;
} ngx_ai_gemini_model_t;


ngx_int_t ngx_ai_gemini_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w);
void ngx_ai_gemini_model(const ngx_str_t *name, ngx_ai_gemini_model_t *model);
void ngx_ai_gemini_write_config(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat, const ngx_ai_gemini_model_t *model);
void ngx_ai_gemini_write_tools(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);

/* {"inlineData":...} or {"fileData":...}: the one member, without braces */
void ngx_ai_gemini_write_media(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);


/*
 * In ngx_ai_gemini_answer.c: an answer, or an event of a stream, which is one
 * too.  NULL: there is none.
 */

typedef struct {
    const ngx_ai_node_t  *error;
    const ngx_ai_node_t  *candidates;
    const ngx_ai_node_t  *feedback;
    const ngx_ai_node_t  *usage;
    const ngx_ai_node_t  *id;
    const ngx_ai_node_t  *model;
} ngx_ai_gemini_reply_t;


typedef struct {
    const ngx_ai_node_t  *parts;
    const ngx_ai_node_t  *finish;
    const ngx_ai_node_t  *index;
    const ngx_ai_node_t  *grounding;
    const ngx_ai_node_t  *citations;
    const ngx_ai_node_t  *logprobs;
} ngx_ai_gemini_candidate_t;


/* NGX_ERROR: it is no object, or has a member twice */
ngx_int_t ngx_ai_gemini_reply(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_gemini_reply_t *reply);
ngx_int_t ngx_ai_gemini_candidate(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_gemini_candidate_t *candidate);

ngx_int_t ngx_ai_gemini_read_answer(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, ngx_uint_t quirks, void *answer);
ngx_int_t ngx_ai_gemini_write_answer(const void *answer,
    const ngx_ai_told_t *told, ngx_ai_json_writer_t *w);

/* "node" may be NULL in the next two, and be of any type */
ngx_uint_t ngx_ai_gemini_read_finish(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *node);
void ngx_ai_gemini_string(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *node, ngx_str_t *text);

/* the text of a member that is a string; empty: there is none */
void ngx_ai_gemini_get(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *object, const char *name, ngx_str_t *text);

/* a whole part of an answer; returns 0 when there is nothing to be written */
ngx_uint_t ngx_ai_gemini_write_part(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);

/* {"text":"..."} */
void ngx_ai_gemini_write_plain(ngx_ai_json_writer_t *w,
    const ngx_str_t *text);

/* the member of a part */
void ngx_ai_gemini_write_signature(ngx_ai_json_writer_t *w, ngx_uint_t origin,
    const ngx_str_t *signature);

/* a value that may have line ends in it, which SSE has no place for */
void ngx_ai_gemini_write_json(ngx_ai_json_writer_t *w, const ngx_str_t *json);

/* 1 when there is no answer, as the prompt was refused */
ngx_uint_t ngx_ai_gemini_is_blocked(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *feedback);

/* an error as a reply or an event has it */
void ngx_ai_gemini_read_fault(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *node, ngx_pool_t *pool, ngx_ai_error_t *error);


/* in ngx_ai_gemini_usage.c: usageMetadata */

/* NGX_DECLINED: there are no counts; "tier" may be NULL */
ngx_int_t ngx_ai_gemini_read_usage(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_usage_t *usage, ngx_str_t *tier);
void ngx_ai_gemini_write_usage(ngx_ai_json_writer_t *w,
    const ngx_ai_usage_t *usage);


/* in ngx_ai_gemini_meta.c: what stands beside the content */

/* NGX_OK goes on, anything else is returned */
typedef ngx_int_t (*ngx_ai_gemini_cite_pt)(void *data, int64_t part,
    const ngx_ai_citation_t *citation);

/* "skip": so many supports are known; it is moved on */
ngx_int_t ngx_ai_gemini_read_citations(const ngx_ai_tree_t *tree,
    const ngx_ai_gemini_candidate_t *candidate, ngx_uint_t *skip,
    ngx_ai_gemini_cite_pt cite, void *data);

/* OpenAI's form of logprobsResult, from the pool; empty: there is none */
ngx_int_t ngx_ai_gemini_read_logprobs(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *result, ngx_pool_t *pool, ngx_str_t *raw);

/* the members groundingMetadata and logprobsResult */

#define NGX_AI_GEMINI_CITATIONS  256       /* of an answer, a stream */

typedef struct {
    ngx_uint_t            choice;
    int64_t               part;
    ngx_str_t             url;
    ngx_str_t             title;
    ngx_str_t             quote;
} ngx_ai_gemini_source_t;

void ngx_ai_gemini_write_citations(ngx_ai_json_writer_t *w,
    const ngx_array_t *sources, ngx_uint_t choice);
void ngx_ai_gemini_write_logprobs(ngx_ai_json_writer_t *w,
    const ngx_str_t *raw, ngx_log_t *log);


/* in ngx_ai_gemini_args.c: arguments that come in pieces */

#define NGX_AI_GEMINI_ARGS_MAX   (1024 * 1024)
#define NGX_AI_GEMINI_PATH_MAX   512
#define NGX_AI_GEMINI_LEVELS     32

typedef struct {
    ngx_ai_buf_t          json;
    ngx_ai_buf_t          text;      /* id, name and signature of the call */
    u_char                path[NGX_AI_GEMINI_PATH_MAX];  /* of the last one */
    size_t                len;
    uint16_t              ends[NGX_AI_GEMINI_LEVELS];    /* of its segments */
    ngx_uint_t            levels;
    uint32_t              arrays;    /* a bit for each level that is one */
    ngx_uint_t            string;    /* which has not ended */
} ngx_ai_gemini_args_t;

/* new ones, which go with the pool; NULL: no memory */
ngx_ai_gemini_args_t *ngx_ai_gemini_args_create(ngx_pool_t *pool);

/*
 * One of partialArgs.  NGX_OK; NGX_DECLINED: more than NGX_AI_GEMINI_ARGS_MAX;
 * NGX_ERROR: it can't be, or there is no memory.
 */
ngx_int_t ngx_ai_gemini_args_add(ngx_ai_gemini_args_t *args,
    const ngx_ai_tree_t *tree, const ngx_ai_node_t *node);

/* the object, which is valid until the next use */
ngx_int_t ngx_ai_gemini_args_end(ngx_ai_gemini_args_t *args, ngx_str_t *json);


/* in ngx_ai_gemini_stream.c and ngx_ai_gemini_sink.c */

#define NGX_AI_GEMINI_MEDIA_MAX  64

typedef struct {
    ngx_ai_source_t       source;
    ngx_uint_t            started;
    ngx_uint_t            keys[NGX_AI_FLOW_CHOICES];  /* of the last part */
    ngx_uint_t            open[NGX_AI_FLOW_CHOICES];  /* its kind, plus 1 */
    ngx_uint_t            supports[NGX_AI_FLOW_CHOICES];

    /* a call that comes in pieces, when "calling" is set */

    ngx_uint_t            calling;
    ngx_uint_t            choice;
    ngx_uint_t            id;        /* lengths in args->text */
    ngx_uint_t            name;
    ngx_ai_gemini_args_t *args;
} ngx_ai_gemini_stream_t;

ngx_int_t ngx_ai_gemini_read_delta(void *source,
    const ngx_ai_sse_event_t *ev);


typedef struct {
    ngx_ai_sink_t         sink;
    ngx_str_t             model;     /* as the provider calls it, or empty */
    u_char                media[NGX_AI_GEMINI_MEDIA_MAX];
    size_t                media_len; /* of a sound that comes in pieces */
    ngx_ai_usage_t        usage;
    ngx_uint_t            finish[NGX_AI_FLOW_CHOICES];  /* plus 1 */
    ngx_uint_t            said[NGX_AI_FLOW_CHOICES];    /* the part has text */
    ngx_array_t          *sources;   /* of ngx_ai_gemini_source_t */
    size_t                cited;     /* bytes of them */
    ngx_str_t             held[NGX_AI_FLOW_CHOICES];  /* a signature */
    size_t                kept;      /* bytes of those */
    ngx_ai_buf_t         *tail;      /* what ends each event */
} ngx_ai_gemini_sink_t;

ngx_int_t ngx_ai_gemini_write_delta(void *sink, const ngx_ai_delta_t *delta);


#endif /* _NGX_AI_GEMINI_H_INCLUDED_ */
