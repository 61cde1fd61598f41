
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_RESPONSES_H_INCLUDED_
#define _NGX_AI_RESPONSES_H_INCLUDED_


/*
 * OpenAI's Responses.  A conversation is a list of items, and what the model
 * says is one too: each message, each call, each result of a call and each
 * bout of reasoning is an item of its own.
 *
 *     hub                          items
 *
 *     SYSTEM, the first one        "instructions"
 *     message                      message
 *      |-- THINKING *              reasoning: a run of parts, up to the one
 *      |                           that has the signature, is one item
 *      |-- TEXT, REFUSAL *         message: neighbours are parts of one item
 *      |-- IMAGE of an assistant   image_generation_call
 *      |-- TOOL_CALL               function_call, custom_tool_call
 *      |-- TOOL_RESULT             function_call_output, custom_...
 *      `-- NATIVE                  any other item
 *
 * Neighbouring items of the assistant are read as one message, and each
 * result of a call as a message of its own.
 *
 *     ngx_ai_responses.c           the table, the tail, what others share
 *     ngx_ai_responses_ask.c       members of a request, read
 *     ngx_ai_responses_tools.c     tools and their choice, read and written
 *     ngx_ai_responses_input.c     items of a request, read
 *     ngx_ai_responses_output.c    items of an assistant, read
 *     ngx_ai_responses_content.c   what is in them, read
 *     ngx_ai_responses_items.c     all of these, written
 *     ngx_ai_responses_parts.c     what is in them, written
 *     ngx_ai_responses_write.c     members of a request, written
 *     ngx_ai_responses_answer.c    whole replies
 *     ngx_ai_responses_object.c    the object "response", written
 *     ngx_ai_responses_source.c    streams, read: how texts come
 *     ngx_ai_responses_events.c    and all else
 *     ngx_ai_responses_state.c     exchanges that are kept
 *     ngx_ai_responses_sink.c      streams, written: delta by delta
 *     ngx_ai_responses_sink_item.c     their items
 *     ngx_ai_responses_sink_part.c     and the parts of items
 */


#include "ngx_ai_dialect.h"
#include "ngx_ai_openai.h"


/* a REDACTED part goes where signatures do; no base64 has a dot */
#define NGX_AI_RESPONSES_REDACTED  "redacted."

/* beside the hub's roles: a SYSTEM message by its newer name */
#define NGX_AI_RESPONSES_DEVELOPER  (NGX_AI_ROLE_ASSISTANT + 1)

/* what OpenAI accepts as the id of a call, in characters */
#define NGX_AI_RESPONSES_CALL_ID   64

/* "msg_", 32 digits of the request, the number of the item */
#define NGX_AI_RESPONSES_ID        80


/* a name that is one of few */

typedef struct {
    ngx_str_t                name;
    ngx_uint_t               value;
} ngx_ai_responses_word_t;


/* who gets the items that are written */

typedef enum {
    NGX_AI_RESPONSES_TARGET = 0,   /* a provider: nothing of others' */
    NGX_AI_RESPONSES_STORE,        /* this gateway, later */
    NGX_AI_RESPONSES_CLIENT        /* a client, as the output of a model */
} ngx_ai_responses_for_e;


typedef struct {
    ngx_ai_json_writer_t    *w;
    ngx_pool_t              *pool;
    ngx_uint_t               reader;     /* ngx_ai_responses_for_e */
    const ngx_ai_chat_t     *chat;       /* or NULL */
    const ngx_ai_told_t     *told;       /* of a CLIENT */
    ngx_str_t                logprobs;   /* raw array, of the first text */
    ngx_uint_t               n;          /* items that were written */
    unsigned                 signs:1;    /* with encrypted_content */
    unsigned                 cut:1;      /* the last one is not complete */
    unsigned                 last:1;     /* private: this is the last one */
} ngx_ai_responses_items_t;


/* the object "response" of a client; strings are sources as in the hub */

typedef struct {
    const ngx_ai_told_t     *told;
    const ngx_ai_chat_t     *chat;       /* or NULL */
    ngx_str_t                model;      /* may be empty */
    ngx_str_t                tier;
    int64_t                  created;
    ngx_uint_t               begun;      /* in progress, there is no finish */
    ngx_uint_t               finish;     /* ngx_ai_finish_e */
    const ngx_ai_usage_t    *usage;      /* or NULL */
    const ngx_ai_error_t    *error;      /* or NULL */
} ngx_ai_responses_object_t;


/* items of a stream that is written */

typedef enum {
    NGX_AI_RESPONSES_NOTHING = 0,
    NGX_AI_RESPONSES_SAID,
    NGX_AI_RESPONSES_THOUGHT,
    NGX_AI_RESPONSES_CALL,
    NGX_AI_RESPONSES_CUSTOM_CALL,
    NGX_AI_RESPONSES_DRAWN
} ngx_ai_responses_kind_e;


/* the states of streams: one that is read, and one that is written */

#define NGX_AI_RESPONSES_ITEMS  128     /* that are known one by one */

/* the members of an event, by name */

typedef struct {
    const ngx_ai_node_t     *root;
    const ngx_ai_node_t     *type;
    const ngx_ai_node_t     *delta;
    const ngx_ai_node_t     *index;     /* "output_index" */
    const ngx_ai_node_t     *logprobs;
    const ngx_ai_node_t     *item;
    const ngx_ai_node_t     *part;
    const ngx_ai_node_t     *text;      /* or "refusal" */
    const ngx_ai_node_t     *args;      /* "arguments", or "input" */
    const ngx_ai_node_t     *annotation;
    const ngx_ai_node_t     *response;
    const ngx_ai_node_t     *error;
} ngx_ai_responses_event_t;


typedef struct {
    ngx_ai_source_t          source;
    uint64_t                 said[NGX_AI_RESPONSES_ITEMS / 64];
    ngx_uint_t               thinking;  /* that is open, and what kind */
    unsigned                 text:1;    /* the open part has some */
    unsigned                 items:1;   /* there were some */
} ngx_ai_responses_source_t;


typedef struct {
    ngx_ai_buf_t             items;     /* all that was said, as elements of
                                           an array; the last may be open */
    ngx_ai_buf_t             notes;     /* annotations of the open part */
    ngx_ai_buf_t             logs;      /* its logprobs */
    ngx_ai_buf_t             sealed;    /* encrypted_content of the item */
} ngx_ai_responses_kept_t;


typedef struct {
    ngx_ai_sink_t            sink;
    ngx_ai_responses_kept_t *kept;
    ngx_ai_json_writer_t     gather;    /* into the items */
    ngx_str_t                model;
    int64_t                  created;
    ngx_ai_usage_t           usage;
    ngx_uint_t               finish;
    ngx_uint_t               seq;       /* number of the next event */
    ngx_uint_t               n;         /* items that were begun */
    ngx_uint_t               kind;      /* of the open one, as below */
    ngx_uint_t               parts;     /* of it, that were begun */
    ngx_uint_t               nnotes;
    size_t                   item;      /* offsets in "items": where the open
                                           item begins, its open part, and
                                           the text of that */
    size_t                   part;
    size_t                   text;
    ngx_str_t                id;        /* of the open item, in "where" */
    size_t                   where_len; /* with its part, and without */
    size_t                   where_item;
    u_char                   where[NGX_AI_RESPONSES_ID + 96];
                                     /* members of events about the item */
    unsigned                 begun:1;
    unsigned                 open:1;    /* a part of the item is */
    unsigned                 refusal:1; /* the part is one */
    unsigned                 echo:1;    /* the request is not too large */
    unsigned                 convert:1; /* a call that becomes a custom one */
} ngx_ai_responses_sink_t;


/* the value of a name, or "other" */
ngx_uint_t ngx_ai_responses_find(const ngx_ai_responses_word_t *words,
    const ngx_str_t *name, ngx_uint_t other);

/* an item's id: writes at most NGX_AI_RESPONSES_ID bytes, returns the end */
u_char *ngx_ai_responses_id(u_char *dst, const char *prefix,
    const ngx_ai_told_t *told, ngx_uint_t n);

/* 1 when a client is to get encrypted_content, see ngx_ai_responses_state.h */
ngx_uint_t ngx_ai_responses_signs(const ngx_ai_chat_t *chat);

/* 1 when the first message was "instructions", and not one of the input */
ngx_uint_t ngx_ai_responses_instructs(const ngx_ai_chat_t *chat);

/* 1 when the tool of that name takes text */
ngx_uint_t ngx_ai_responses_is_custom(const ngx_ai_chat_t *chat,
    const ngx_str_t *name);

/*
 * The "input" of an argument object that some dialect made of a custom
 * tool's text, as its source: {"input":"..."}.  NGX_DECLINED: it is none.
 */
ngx_int_t ngx_ai_responses_custom_input(const ngx_str_t *json,
    ngx_str_t *input);

/* the inner array of {"content":[...]}; NGX_DECLINED: there is none */
ngx_int_t ngx_ai_responses_logprobs(const ngx_str_t *raw, ngx_str_t *array);

/*
 * A member that is a string, from its source:
 *
 *     ngx_ai_responses_write_pair(w, "name", &tool->name);
 */
#define ngx_ai_responses_write_pair(w, key, text)                             \
    ngx_ai_responses_pair(w, "\"" key "\":\"",                                \
                          sizeof("\"" key "\":\"") - 1, text)

void ngx_ai_responses_pair(ngx_ai_json_writer_t *w, const char *key,
    size_t len, const ngx_str_t *text);

/* a value that is JSON already, without line ends: an event is one line */
void ngx_ai_responses_json(ngx_ai_json_writer_t *w, const ngx_str_t *json);

/* more of a string that has been begun, or a part of a member */
void ngx_ai_responses_put(ngx_ai_json_writer_t *w, const void *data,
    size_t len);


/* reading: all return NGX_OK or NGX_ERROR with the walk's fault */

ngx_int_t ngx_ai_responses_read_ask(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, void *ask);

/* the array "tools", into chat->tools */
ngx_int_t ngx_ai_responses_read_tools(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
ngx_int_t ngx_ai_responses_read_choice(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);

/*
 * An item of a type that has a reader; "to" is the chat for those of a
 * request only, and the array of parts for those of an assistant.
 */

typedef ngx_int_t (*ngx_ai_responses_item_pt)(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, void *to);

typedef struct {
    ngx_str_t                  name;
    ngx_ai_responses_item_pt   read;
} ngx_ai_responses_item_t;


/* what the members of items are read into */

typedef struct {
    const ngx_ai_node_t       *role;
    const ngx_ai_node_t       *content;
} ngx_ai_responses_message_t;

typedef struct {
    ngx_str_t                  id;
    ngx_str_t                  name;
    const ngx_ai_node_t       *text;      /* arguments, input */
    const ngx_ai_node_t       *output;
} ngx_ai_responses_call_t;


extern const ngx_ai_member_t  ngx_ai_responses_message_members[];


/* the row of an item's type, or NULL */
const ngx_ai_responses_item_t *ngx_ai_responses_item(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, const ngx_ai_responses_item_t *items);

/* for tables: into a const ngx_ai_node_t *, the node itself */
ngx_int_t ngx_ai_responses_read_node(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);

/*
 * An item as a NATIVE part.  It goes to no other dialect's target, and so
 * counts as dropped.
 */
ngx_int_t ngx_ai_responses_native(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, ngx_array_t *parts);

/* items, into messages */
ngx_int_t ngx_ai_responses_read_input(ngx_ai_walk_t *w,
    const ngx_ai_node_t *array, ngx_ai_chat_t *chat);

/*
 * An item that a model has made, into parts; whatever is not known is NATIVE.
 * w->data, unless NULL, is an ngx_str_t for {"content":[...]} of logprobs.
 */
ngx_int_t ngx_ai_responses_read_output(ngx_ai_walk_t *w,
    const ngx_ai_node_t *item, ngx_array_t *parts);

/* the content of a message or of a result: a string or an array */
ngx_int_t ngx_ai_responses_read_content(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_array_t *parts);

/* one annotation of a text, as a citation; NGX_DECLINED: it is none */
ngx_int_t ngx_ai_responses_read_citation(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_citation_t *citation);

ngx_int_t ngx_ai_responses_read_answer(ngx_ai_walk_t *w,
    const ngx_ai_node_t *root, ngx_uint_t quirks, void *answer);

/* NGX_DECLINED: it reports nothing */
ngx_int_t ngx_ai_responses_read_usage(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *node, ngx_ai_usage_t *usage);

/* the finish that an object "response" tells */
ngx_uint_t ngx_ai_responses_read_finish(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *response);

ngx_int_t ngx_ai_responses_read_delta(void *source,
    const ngx_ai_sse_event_t *ev);


/* writing */

ngx_int_t ngx_ai_responses_write_ask(const void *ask,
    const ngx_ai_aim_t *aim, ngx_ai_json_writer_t *w);

/* "echo": as a response repeats them */
void ngx_ai_responses_write_tools(const ngx_ai_chat_t *chat, ngx_uint_t echo,
    ngx_ai_json_writer_t *w);
void ngx_ai_responses_write_choice(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w);

/* the value of "text" and of "reasoning" */
void ngx_ai_responses_write_text_config(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w);
void ngx_ai_responses_write_reasoning(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w);

/* 1: the first message is the value of "instructions", which is written */
ngx_uint_t ngx_ai_responses_write_instructions(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w);

/* the items of a message: elements of an array that is open */
void ngx_ai_responses_write_message(ngx_ai_responses_items_t *items,
    const ngx_ai_message_t *message);
void ngx_ai_responses_write_parts(ngx_ai_responses_items_t *items,
    const ngx_array_t *parts, ngx_uint_t role);

/* one that can stand in a message, or in the result of a tool */
void ngx_ai_responses_write_part(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t role);

void ngx_ai_responses_write_citation(ngx_ai_json_writer_t *w,
    const ngx_ai_citation_t *citation);

ngx_int_t ngx_ai_responses_write_answer(const void *answer,
    const ngx_ai_told_t *told, ngx_ai_json_writer_t *w);

/* all members of a response but "output", into an object that is open */
void ngx_ai_responses_write_object(const ngx_ai_responses_object_t *object,
    ngx_ai_json_writer_t *w);

ngx_int_t ngx_ai_responses_write_delta(void *sink,
    const ngx_ai_delta_t *delta);


/* streams that are read: the number of the item that an event is about */
ngx_uint_t ngx_ai_responses_key(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e);

/* whether some of the item has been told */
ngx_uint_t ngx_ai_responses_is_said(ngx_ai_responses_source_t *s,
    ngx_uint_t key);
void ngx_ai_responses_set_said(ngx_ai_responses_source_t *s, ngx_uint_t key);

/* a member that is a string; "text" stays what it is if there is none */
void ngx_ai_responses_get(ngx_ai_responses_source_t *s,
    const ngx_ai_node_t *object, const char *name, ngx_str_t *text);

/* events: ngx_ai_responses_events.c */

ngx_int_t ngx_ai_responses_on_item(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);
ngx_int_t ngx_ai_responses_on_item_done(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);
ngx_int_t ngx_ai_responses_on_response(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);
ngx_int_t ngx_ai_responses_on_end(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);
ngx_int_t ngx_ai_responses_on_error(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);
ngx_int_t ngx_ai_responses_on_ping(ngx_ai_responses_source_t *s,
    const ngx_ai_responses_event_t *e, ngx_uint_t arg);


/* events of streams that are written: ngx_ai_responses_sink.c */

void ngx_ai_responses_begin_event(ngx_ai_responses_sink_t *s,
    ngx_ai_json_writer_t *w, const char *name, size_t *mark);
ngx_int_t ngx_ai_responses_end_event(ngx_ai_responses_sink_t *s,
    ngx_ai_json_writer_t *w, size_t mark);

/* items: ngx_ai_responses_sink_item.c */

/* closes what is open; "members" are of it as it begins and as it ends */
ngx_int_t ngx_ai_responses_open(ngx_ai_responses_sink_t *s, ngx_uint_t kind,
    const ngx_str_t *members);
ngx_int_t ngx_ai_responses_close(ngx_ai_responses_sink_t *s);

/* whole ones: an image, and an item that passes */
ngx_int_t ngx_ai_responses_draw(ngx_ai_responses_sink_t *s,
    const ngx_ai_part_t *part);
ngx_int_t ngx_ai_responses_pass(ngx_ai_responses_sink_t *s,
    const ngx_str_t *json);

/*
 * Appends to the seal of the thoughts that are open, or of some that nobody
 * sees.  "mark" tells what is redacted from what is signed, and is "" then.
 */
ngx_int_t ngx_ai_responses_seal(ngx_ai_responses_sink_t *s,
    ngx_uint_t origin, const char *mark, const ngx_str_t *data);

/* an event about the open item, with a member unless "key" is NULL */
ngx_int_t ngx_ai_responses_say(ngx_ai_responses_sink_t *s, const char *name,
    const char *key, const ngx_str_t *raw, const ngx_str_t *logprobs);

/* gathers; and what was gathered from there on, good until more is */
void ngx_ai_responses_keep(ngx_ai_responses_sink_t *s, const char *text);
ngx_str_t ngx_ai_responses_since(ngx_ai_responses_sink_t *s, size_t start);

/* parts, which open the item that they need: ngx_ai_responses_sink_part.c */

ngx_int_t ngx_ai_responses_open_text(ngx_ai_responses_sink_t *s,
    ngx_uint_t kind);
ngx_int_t ngx_ai_responses_open_thought(ngx_ai_responses_sink_t *s);
ngx_int_t ngx_ai_responses_open_call(ngx_ai_responses_sink_t *s,
    const ngx_ai_part_t *part);

/* more of the open part, by the event of that name */
ngx_int_t ngx_ai_responses_add(ngx_ai_responses_sink_t *s, const char *name,
    const ngx_str_t *text);
ngx_int_t ngx_ai_responses_note(ngx_ai_responses_sink_t *s,
    const ngx_ai_citation_t *citation);
ngx_int_t ngx_ai_responses_log(ngx_ai_responses_sink_t *s,
    const ngx_str_t *raw);

/* the part is over; its item is when another begins, or the stream ends */
ngx_int_t ngx_ai_responses_close_text(ngx_ai_responses_sink_t *s,
    ngx_uint_t kind);
ngx_int_t ngx_ai_responses_close_thought(ngx_ai_responses_sink_t *s);
ngx_int_t ngx_ai_responses_close_call(ngx_ai_responses_sink_t *s);


#endif /* _NGX_AI_RESPONSES_H_INCLUDED_ */
