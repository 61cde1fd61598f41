
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_OPENAI_H_INCLUDED_
#define _NGX_AI_OPENAI_H_INCLUDED_


#include "ngx_ai_dialect.h"


/*
 * OpenAI's chat completions and everything that follows them; the legacy
 * completions, in ngx_ai_completions.c, are a smaller form of the same.
 *
 *     ngx_ai_openai.c          the table; what is asked, edits
 *     ngx_ai_openai_reply.c    what a reply says that passes
 *     ngx_ai_openai_error.c    errors, both ways
 *     ngx_ai_openai_usage.c    usage, both ways
 *     ngx_ai_openai_put.c      what all of the writers write
 *
 *                              into the hub         from the hub
 *     a request: options       .._ask.c             .._ask_write.c
 *                tools         .._tool.c            .._ask_write.c
 *                messages      .._message.c         .._message_write.c
 *                their parts   .._part.c            .._message_write.c
 *     an answer                .._answer.c          .._answer.c
 *     a stream                 .._stream.c          .._sink.c
 *     what they share          .._chunk.c
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
#define NGX_AI_OPENAI_ERROR_MAX    13


extern const ngx_ai_scan_field_t
    ngx_ai_openai_ask_fields[NGX_AI_OPENAI_ASK_MAX];
extern const ngx_ai_scan_field_t
    ngx_ai_openai_reply_fields[NGX_AI_OPENAI_REPLY_MAX];
extern const ngx_ai_scan_field_t
    ngx_ai_openai_item_fields[NGX_AI_OPENAI_REPLY_MAX];
extern const ngx_ai_scan_field_t
    ngx_ai_openai_error_fields[NGX_AI_OPENAI_ERROR_MAX];

extern const ngx_ai_table_t  ngx_ai_openai_tables[NGX_AI_OPENAI_TABLES];

/* of the first table; "free": without messages */
extern const ngx_ai_ask_rule_t  ngx_ai_openai_rules[NGX_AI_OPENAI_ASK_MAX];
extern const ngx_ai_ask_rule_t
    ngx_ai_openai_free_rules[NGX_AI_OPENAI_ASK_MAX];


/* what passes; for the three dialects that have these tables */

void ngx_ai_openai_edit(const ngx_ai_route_t *route, const ngx_ai_ask_t *ask,
    const ngx_str_t *model, ngx_uint_t quirks, ngx_ai_edits_t *edits);
void ngx_ai_openai_read_reply(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *values, ngx_uint_t quirks,
    ngx_ai_reply_t *reply);
ngx_int_t ngx_ai_openai_read_event(const ngx_ai_route_t *route,
    ngx_ai_reader_t *readers, const ngx_ai_sse_event_t *ev,
    ngx_uint_t quirks, ngx_uint_t hidden, ngx_ai_reply_t *reply,
    ngx_ai_event_t *event);
ngx_int_t ngx_ai_openai_read_error(ngx_ai_reader_t *readers,
    const ngx_str_t *body, ngx_ai_error_t *error);
ngx_int_t ngx_ai_openai_write_error(ngx_ai_error_t *error, ngx_ai_buf_t *out);
ngx_int_t ngx_ai_openai_write_error_event(const ngx_ai_route_t *route,
    const ngx_ai_error_t *error, ngx_uint_t framing, ngx_ai_buf_t *out);
ngx_int_t ngx_ai_openai_tail(const ngx_ai_aim_t *aim, ngx_pool_t *pool,
    ngx_str_t *tail, ngx_str_t *query);


/* a word and what it is in the hub; the last row is empty */

typedef struct {
    ngx_str_t               word;
    ngx_uint_t              value;
} ngx_ai_openai_word_t;


/* the row of a string, or NULL */
const ngx_ai_openai_word_t *ngx_ai_openai_word(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *node, const ngx_ai_openai_word_t *words);

/* NGX_ERROR, as a walk returns it without memory */
ngx_int_t ngx_ai_openai_no_memory(ngx_ai_walk_t *w);


/*
 * Requests.  KEPT and MAPPED are what any vendor is told; LOOSE is what those
 * are not who refuse members that they don't know.
 */

#define NGX_AI_OPENAI_KEPT                                                    \
    (ngx_ai_field(MAX_TOKENS) | ngx_ai_field(TEMPERATURE)                     \
     | ngx_ai_field(TOP_P) | ngx_ai_field(N) | ngx_ai_field(STOP)             \
     | ngx_ai_field(SEED) | ngx_ai_field(PRESENCE_PENALTY)                    \
     | ngx_ai_field(FREQUENCY_PENALTY) | ngx_ai_field(LOGIT_BIAS)             \
     | ngx_ai_field(LOGPROBS) | ngx_ai_field(JSON) | ngx_ai_field(SCHEMA)     \
     | ngx_ai_field(VERBOSITY) | ngx_ai_field(AUDIO_OUT)                      \
     | ngx_ai_field(IMAGE_OUT) | ngx_ai_field(PREDICTION)                     \
     | ngx_ai_field(EFFORT) | ngx_ai_field(TOOLS)                             \
     | ngx_ai_field(TOOL_STRICT) | ngx_ai_field(TOOL_CHOICE)                  \
     | ngx_ai_field(TOOL_CHOICE_NONE) | ngx_ai_field(TOOL_CHOICE_NAMED)       \
     | ngx_ai_field(TOOL_CHOICE_ALLOWED) | ngx_ai_field(PARALLEL)             \
     | ngx_ai_field(TOOL_CUSTOM) | ngx_ai_field(SYSTEM)                       \
     | ngx_ai_field(NAME) | ngx_ai_field(IMAGE) | ngx_ai_field(IMAGE_URL)     \
     | ngx_ai_field(IMAGE_DETAIL) | ngx_ai_field(AUDIO)                       \
     | ngx_ai_field(VIDEO) | ngx_ai_field(FILE) | ngx_ai_field(FILE_ID)       \
     | ngx_ai_field(TOOL_CALL) | ngx_ai_field(TOOL_RESULT)                    \
     | ngx_ai_field(REFUSAL) | ngx_ai_field(CACHE_KEY) | ngx_ai_field(USER)   \
     | ngx_ai_field(TIER) | ngx_ai_field(STORE))

#define NGX_AI_OPENAI_MAPPED                                                  \
    (ngx_ai_field(BUDGET) | ngx_ai_field(TOOL_RESULT_IMAGE))

#define NGX_AI_OPENAI_LOOSE                                                   \
    (ngx_ai_field(NAME) | ngx_ai_field(LOGIT_BIAS) | ngx_ai_field(VERBOSITY)  \
     | ngx_ai_field(TOOL_CUSTOM) | ngx_ai_field(USER) | ngx_ai_field(TIER)    \
     | ngx_ai_field(STORE))


/* the fields that a vendor with these quirks is told */
uint64_t ngx_ai_openai_fields(ngx_uint_t quirks);

ngx_int_t ngx_ai_openai_read_ask(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    void *ask);
ngx_int_t ngx_ai_openai_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w);

/* marks what is there, and completes the chat */
ngx_int_t ngx_ai_openai_read_done(ngx_ai_walk_t *w, ngx_ai_chat_t *chat);

/* "n", "stop" and so on, of chats and completions */
void ngx_ai_openai_write_sampling(const ngx_ai_chat_t *chat, uint64_t fields,
    const ngx_ai_aim_t *aim, ngx_ai_json_writer_t *w);

/* "messages" and its array; NGX_ERROR: no memory */
ngx_int_t ngx_ai_openai_write_messages(const ngx_ai_chat_t *chat,
    uint64_t fields, ngx_uint_t quirks, ngx_ai_json_writer_t *w);


/* for tables of members */

/* into a const ngx_ai_node_t *, the value */
ngx_int_t ngx_ai_openai_node(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to);

/* into an ngx_str_t that is empty, a string; anything else is passed over */
ngx_int_t ngx_ai_openai_string(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to);

/* into an ngx_str_t, the source of an object that is not empty */
ngx_int_t ngx_ai_openai_read_filled(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);

/* into an ngx_ai_chat_t */
ngx_int_t ngx_ai_openai_read_stream(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
ngx_int_t ngx_ai_openai_read_options(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
ngx_int_t ngx_ai_openai_read_messages(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
ngx_int_t ngx_ai_openai_read_tools(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
ngx_int_t ngx_ai_openai_read_choice(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


/* parts of messages; NGX_ERROR with the walk's fault */

/* "content", a string or an array; NULL is empty */
ngx_int_t ngx_ai_openai_read_content(ngx_ai_walk_t *w,
    const ngx_ai_node_t *content, ngx_array_t *parts);
ngx_int_t ngx_ai_openai_read_pieces(ngx_ai_walk_t *w,
    const ngx_ai_node_t *list, ngx_array_t *parts);

/* "tool_calls", or "function_call" */
ngx_int_t ngx_ai_openai_read_calls(ngx_ai_walk_t *w,
    const ngx_ai_node_t *calls, ngx_array_t *parts);

/* "reasoning_details" */
ngx_int_t ngx_ai_openai_read_details(ngx_ai_walk_t *w,
    const ngx_ai_node_t *list, ngx_array_t *parts);


/* what an answer, or a chunk of a stream, says; absent: NULL, empty, 0 */

typedef struct {
    ngx_str_t               id;
    ngx_str_t               model;
    ngx_str_t               tier;
    int64_t                 created;
    const ngx_ai_node_t    *choices;
    const ngx_ai_node_t    *usage;
    const ngx_ai_node_t    *error;
    const ngx_ai_node_t    *x_groq;
    const ngx_ai_node_t    *base_resp;
    const ngx_ai_node_t    *citations;   /* Perplexity's, and the next */
    const ngx_ai_node_t    *results;
} ngx_ai_openai_chunk_t;


typedef struct {
    int64_t                 index;
    ngx_str_t               text;        /* of the legacy completions */
    ngx_str_t               finish;
    const ngx_ai_node_t    *delta;
    const ngx_ai_node_t    *message;
    const ngx_ai_node_t    *logprobs;
    const ngx_ai_node_t    *usage;
} ngx_ai_openai_choice_t;


/* "message" and "delta" */

typedef struct {
    ngx_str_t               thinking;
    ngx_str_t               refusal;
    const ngx_ai_node_t    *content;
    const ngx_ai_node_t    *calls;
    const ngx_ai_node_t    *function;
    const ngx_ai_node_t    *details;
    const ngx_ai_node_t    *annotations;
    const ngx_ai_node_t    *audio;
    const ngx_ai_node_t    *images;
} ngx_ai_openai_said_t;


ngx_int_t ngx_ai_openai_read_chunk(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, ngx_ai_openai_chunk_t *chunk);
ngx_int_t ngx_ai_openai_read_alternative(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_openai_choice_t *choice);
ngx_int_t ngx_ai_openai_read_said(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_openai_said_t *said);

/* all of it in order, but for calls and citations */
ngx_int_t ngx_ai_openai_read_parts(ngx_ai_walk_t *w,
    const ngx_ai_openai_said_t *said, ngx_array_t *parts);

/* "audio" */
ngx_int_t ngx_ai_openai_read_sound(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_part_t *part);

/* OpenAI's {"content":[...]}; no other form is one */
ngx_uint_t ngx_ai_openai_read_logprobs(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_str_t *raw);

/* calls "cite" for each; a list that is none has none */
typedef ngx_int_t (*ngx_ai_openai_cite_pt)(void *data,
    const ngx_ai_citation_t *citation);
ngx_int_t ngx_ai_openai_read_citations(ngx_ai_walk_t *w,
    const ngx_ai_node_t *list, ngx_ai_openai_cite_pt cite, void *data);

/* NGX_AI_FINISH_OTHER: no word of ours */
ngx_uint_t ngx_ai_openai_finish(const u_char *word, size_t len);
const ngx_str_t *ngx_ai_openai_finish_word(ngx_uint_t finish);
void ngx_ai_openai_write_finish(ngx_ai_json_writer_t *w, ngx_uint_t finish);

ngx_int_t ngx_ai_openai_read_answer(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, ngx_uint_t quirks, void *answer);
ngx_int_t ngx_ai_openai_write_answer(const void *answer,
    const ngx_ai_told_t *told, ngx_ai_json_writer_t *w);

/* its members up to "choices"; "object" is a literal with its prefix */
void ngx_ai_openai_write_head(ngx_ai_json_writer_t *w, const char *prefix,
    const char *object, const ngx_str_t *model, int64_t created,
    const ngx_ai_told_t *told);


/* an error in what should have been an answer */

typedef struct {
    ngx_str_t               message;
    ngx_str_t               word;        /* "code", if it is a string */
    ngx_str_t               type;
    ngx_str_t               cause;       /* Azure's innererror.code */
    int64_t                 status;
    int64_t                 code;        /* base_resp.status_code */
} ngx_ai_openai_fault_t;


/* 1: there is one */
ngx_uint_t ngx_ai_openai_read_fault(ngx_ai_walk_t *w,
    const ngx_ai_openai_chunk_t *chunk, ngx_uint_t quirks,
    ngx_ai_openai_fault_t *fault);

/*
 * NGX_AI_ERROR_NONE: nothing in it says more than the status.  "alone": there
 * is no status, and it is some kind in any case.
 */
ngx_uint_t ngx_ai_openai_kind(const ngx_ai_openai_fault_t *fault,
    ngx_uint_t alone);


/* -1: not told */

typedef struct {
    int64_t                 prompt;
    int64_t                 completion;
    int64_t                 total;
    int64_t                 cached;
    int64_t                 written;
    int64_t                 audio_in;
    int64_t                 image_in;
    int64_t                 reasoning;
    int64_t                 audio_out;
    ngx_uint_t              apart;       /* reasoning is no part of it */
    ngx_uint_t              images;      /* completion is of images */
} ngx_ai_openai_counts_t;


void ngx_ai_openai_counts_init(ngx_ai_openai_counts_t *counts);

/* NGX_DECLINED: it is no report */
ngx_int_t ngx_ai_openai_buckets(const ngx_ai_openai_counts_t *counts,
    ngx_ai_usage_t *usage);

/* the same for what is missing, or no object */
ngx_int_t ngx_ai_openai_read_usage(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_uint_t quirks, ngx_ai_usage_t *usage);
const ngx_ai_node_t *ngx_ai_openai_usage_node(ngx_ai_walk_t *w,
    const ngx_ai_openai_chunk_t *chunk);
void ngx_ai_openai_write_usage(ngx_ai_json_writer_t *w,
    const ngx_ai_usage_t *usage);


/* a stream into the flow */

typedef struct {
    int64_t                 index;       /* as the provider counts */
    uint32_t                id;          /* a digest of it; 0: none so far */
    ngx_uint_t              key;         /* in the flow */
    ngx_uint_t              next;        /* key, of a call without an index */
    ngx_uint_t              begun;
} ngx_ai_openai_turnout_t;


typedef struct {
    ngx_ai_source_t         source;
    ngx_ai_openai_turnout_t calls[NGX_AI_FLOW_CHOICES];
    ngx_uint_t              pieces;      /* keys of parts */
    unsigned                started:1;
    unsigned                cited:1;
    unsigned                done:1;
} ngx_ai_openai_source_t;


ngx_int_t ngx_ai_openai_read_delta(void *source, const ngx_ai_sse_event_t *ev);


/* a stream from the flow */

typedef struct {
    ngx_uint_t              calls;       /* so far */
    int64_t                 chars;       /* of text, so far */
    int64_t                 start;       /* where the open part begins */
    ngx_uint_t              begun;
} ngx_ai_openai_speaker_t;


typedef struct {
    ngx_ai_sink_t           sink;
    ngx_str_t               head;        /* of each chunk, and its end */
    ngx_str_t               tail;
    size_t                  mark;        /* of the chunk at hand */
    ngx_int_t               rc;
    ngx_ai_usage_t          usage;
    ngx_ai_openai_speaker_t speakers[NGX_AI_FLOW_CHOICES];
} ngx_ai_openai_sink_t;


ngx_int_t ngx_ai_openai_write_delta(void *sink, const ngx_ai_delta_t *delta);

/* the first and the last of a stream, for completions too */
ngx_int_t ngx_ai_openai_sink_start(ngx_ai_openai_sink_t *s,
    const char *prefix, const char *object, const ngx_ai_delta_t *delta);
ngx_int_t ngx_ai_openai_sink_end(ngx_ai_openai_sink_t *s);

/*
 * A chunk of one choice, up to its index; its members follow, each with a
 * comma before it.  s->rc is that of all there is between begin and end.
 * "logprobs" is raw, or NULL.
 */
void ngx_ai_openai_chunk_begin(ngx_ai_openai_sink_t *s, ngx_uint_t choice);
void ngx_ai_openai_put(ngx_ai_openai_sink_t *s, const void *data, size_t len);
ngx_int_t ngx_ai_openai_chunk_end(ngx_ai_openai_sink_t *s,
    const ngx_str_t *logprobs, ngx_uint_t finish);

/* the same without anything between the last member and the frame's end */
ngx_int_t ngx_ai_openai_event_end(ngx_ai_openai_sink_t *s);


/* members; what is empty is left out */

void ngx_ai_openai_write_raw(ngx_ai_json_writer_t *w, const char *key,
    const ngx_str_t *raw);
void ngx_ai_openai_write_text(ngx_ai_json_writer_t *w, const char *key,
    const ngx_str_t *text);
void ngx_ai_openai_write_count(ngx_ai_json_writer_t *w, const char *key,
    int64_t value);

/*
 * The texts of the parts of a kind, one behind the other; NGX_DECLINED: there
 * is none, and nothing is written.  NGX_ERROR: no memory, here and below.
 */
ngx_int_t ngx_ai_openai_write_texts(ngx_ai_json_writer_t *w, const char *key,
    const ngx_array_t *parts, ngx_uint_t kind, ngx_log_t *log);

/* the URL of a part, or its data as one */
ngx_int_t ngx_ai_openai_write_url(ngx_ai_json_writer_t *w, const char *key,
    const ngx_ai_part_t *part, ngx_log_t *log);

/* "type" and "image_url" */
ngx_int_t ngx_ai_openai_write_image(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part, ngx_log_t *log);

/* "type" and "function", or "custom"; arguments of a stream are empty here */
void ngx_ai_openai_write_call(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);

/* "id", which carries the signature of others; NGX_ERROR: no memory */
ngx_int_t ngx_ai_openai_write_signed_id(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part, ngx_pool_t *pool);

/*
 * An annotation for what is cited in the text from "start" to "end"; one
 * without a URL is none.
 */
void ngx_ai_openai_write_citation(ngx_ai_json_writer_t *w,
    const ngx_ai_citation_t *citation, int64_t start, int64_t end);

/* code points in a text */
int64_t ngx_ai_openai_chars(const ngx_str_t *text);

/* "audio/mpeg" and "mp3" */
ngx_int_t ngx_ai_openai_audio_media(ngx_pool_t *pool, const ngx_str_t *format,
    ngx_str_t *media);
void ngx_ai_openai_audio_format(const ngx_str_t *media, ngx_str_t *format);


#endif /* _NGX_AI_OPENAI_H_INCLUDED_ */
