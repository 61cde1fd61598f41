
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_CHAT_H_INCLUDED_
#define _NGX_AI_CHAT_H_INCLUDED_


/*
 * The hub: one picture of a conversation, in which every dialect finds what
 * it has a word for.
 *
 *     client's body --- read_ask ---> ngx_ai_chat_t --- write_ask ---> target's
 *
 *     chat
 *      |-- options       numbers are their source: 1.0 stays 1.0
 *      |-- tools
 *      `-- messages      in the order of the conversation
 *           `-- parts    in the order of the message
 *                `-- parts of a tool's result
 *
 *     client's reply <-- write_answer --- ngx_ai_answer_t <-- read_answer ---
 *
 * Invariants:
 *
 *     - A string is what stands between the quotes of the source, escapes
 *       and all; it is put between quotes again as it is.  It points into the
 *       source, which outlives the picture.  The names of fields say where
 *       one is something else: "raw" is a whole JSON value, "json" is an
 *       object or an array.
 *     - An empty string is absent.  Where absence and emptiness differ, a
 *       flag or the bit in "fields" says which.
 *     - System prompts are messages of the role SYSTEM where they stood; a
 *       prompt that has a place of its own in its dialect is the first one.
 *     - Results of tools are parts of a message of the role USER, whatever
 *       the role is called in their dialect.  A dialect that has a message
 *       for each result makes a message for each here too; who writes turns
 *       that must alternate joins neighbours of one role.
 *     - A call and its result are joined by "id".  A source without ids gets
 *       "call_0", "call_1" ... in the order of the calls, and results take
 *       the ids of the calls of their name in that order.  A result has the
 *       name of its call if the conversation has the call.
 *     - Arguments of a call are a JSON object, "{}" when there are none.
 *     - What only one dialect understands, and nobody here needs to, is a part
 *       or a tool of the kind NATIVE: its source and its origin.  It goes to
 *       a target of the same dialect and to no other.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_field.h"
#include "ngx_ai_reply.h"
#include "ngx_ai_usage.h"


typedef enum {
    NGX_AI_ROLE_SYSTEM = 0,
    NGX_AI_ROLE_USER,
    NGX_AI_ROLE_ASSISTANT
} ngx_ai_role_e;


typedef enum {
    NGX_AI_PART_TEXT = 0,          /* text, citations */
    NGX_AI_PART_THINKING,          /* text, signature; either may be empty */
    NGX_AI_PART_REDACTED,          /* data */
    NGX_AI_PART_REFUSAL,           /* text */
    NGX_AI_PART_IMAGE,             /* data and media, or url, or file */
    NGX_AI_PART_AUDIO,             /* data and media; text: a transcript */
    NGX_AI_PART_VIDEO,             /* as IMAGE */
    NGX_AI_PART_FILE,              /* as IMAGE, with a name; or text */
    NGX_AI_PART_TOOL_CALL,         /* id, name, json; or custom: text */
    NGX_AI_PART_TOOL_RESULT,       /* id, name, parts, failed */
    NGX_AI_PART_NATIVE,            /* json, name: its type */
    NGX_AI_PART_MAX
} ngx_ai_part_e;


/*
 * "origin" is a dialect (ngx_ai_dialect_e, ngx_ai_route.h): of NATIVE,
 * REDACTED and of a signature, which only those understand who made them.
 */

typedef struct ngx_ai_part_s  ngx_ai_part_t;

struct ngx_ai_part_s {
    ngx_uint_t        kind;        /* ngx_ai_part_e */
    ngx_uint_t        origin;
    ngx_str_t         text;
    ngx_str_t         id;
    ngx_str_t         name;
    ngx_str_t         json;
    ngx_str_t         data;        /* base64, as it came */
    ngx_str_t         media;       /* "image/png" */
    ngx_str_t         url;
    ngx_str_t         file;        /* id of what the provider keeps */
    ngx_str_t         detail;      /* of an image: "low", "high" */
    ngx_str_t         signature;
    ngx_str_t         cache;       /* raw, of cache_control */
    ngx_array_t      *parts;       /* of ngx_ai_part_t, or NULL */
    ngx_array_t      *citations;   /* of ngx_ai_citation_t, or NULL */
    unsigned          failed:1;    /* the tool says so */
    unsigned          custom:1;    /* of a custom tool: "text" is its input */
    unsigned          summary:1;   /* THINKING: a summary, not the thoughts */
};


/* offsets are of the part's text, in code points; -1: not known */

typedef struct {
    ngx_str_t         url;
    ngx_str_t         title;
    ngx_str_t         quote;       /* what is cited */
    ngx_str_t         id;          /* of the document, where it has one */
    int64_t           start;
    int64_t           end;
} ngx_ai_citation_t;


typedef struct {
    ngx_uint_t        role;        /* ngx_ai_role_e */
    ngx_array_t       parts;       /* of ngx_ai_part_t */
    ngx_str_t         name;        /* of the participant */
    unsigned          developer:1; /* SYSTEM, by the newer name */
} ngx_ai_message_t;


typedef enum {
    NGX_AI_TOOL_FUNCTION = 0,
    NGX_AI_TOOL_CUSTOM,            /* text in, no schema; raw is its format */
    NGX_AI_TOOL_WEB_SEARCH,        /* raw, in its origin's words */
    NGX_AI_TOOL_CODE,
    NGX_AI_TOOL_NATIVE
} ngx_ai_tool_e;


#define NGX_AI_UNSET  ((ngx_uint_t) -1)   /* of a flag */


typedef struct {
    ngx_uint_t        kind;        /* ngx_ai_tool_e */
    ngx_uint_t        origin;
    ngx_str_t         name;
    ngx_str_t         description;
    ngx_str_t         schema;      /* json; empty: takes nothing */
    ngx_str_t         raw;         /* all of it, for those of its origin */
    ngx_str_t         cache;       /* raw */
    ngx_uint_t        strict;      /* 0, 1 or NGX_AI_UNSET */
} ngx_ai_tool_t;


typedef enum {
    NGX_AI_CHOICE_UNSET = 0,
    NGX_AI_CHOICE_AUTO,
    NGX_AI_CHOICE_NONE,
    NGX_AI_CHOICE_REQUIRED,
    NGX_AI_CHOICE_NAMED            /* "choice_name" */
} ngx_ai_choice_e;


typedef enum {
    NGX_AI_FORMAT_TEXT = 0,
    NGX_AI_FORMAT_JSON,
    NGX_AI_FORMAT_SCHEMA
} ngx_ai_output_e;


typedef enum {
    NGX_AI_EFFORT_UNSET = 0,
    NGX_AI_EFFORT_NONE,
    NGX_AI_EFFORT_MINIMAL,
    NGX_AI_EFFORT_LOW,
    NGX_AI_EFFORT_MEDIUM,
    NGX_AI_EFFORT_HIGH,
    NGX_AI_EFFORT_XHIGH,
    NGX_AI_EFFORT_MAX
} ngx_ai_effort_e;


/* budgets of thinking, in tokens; others are 1 and more */

#define NGX_AI_BUDGET_UNSET    -2
#define NGX_AI_BUDGET_DYNAMIC  -1  /* as much as it takes */
#define NGX_AI_BUDGET_OFF      0


typedef struct {
    ngx_pool_t       *pool;
    ngx_uint_t        origin;      /* the dialect it was read from */
    uint64_t          fields;      /* ngx_ai_field() of what is there */

    ngx_array_t       messages;    /* of ngx_ai_message_t */
    ngx_array_t       tools;       /* of ngx_ai_tool_t */

    unsigned          stream:1;
    unsigned          usage:1;     /* in the stream, if the client asked */

    int64_t           max_tokens;  /* -1: unset */
    ngx_str_t         temperature; /* raw, and so are all numbers */
    ngx_str_t         top_p;
    ngx_str_t         top_k;
    ngx_str_t         seed;
    ngx_str_t         presence_penalty;
    ngx_str_t         frequency_penalty;
    ngx_str_t         logit_bias;  /* raw */
    ngx_uint_t        logprobs;    /* 0 or 1 */
    ngx_str_t         top_logprobs;
    int64_t           n;           /* 1 when unset */
    ngx_array_t      *stop;        /* of ngx_str_t */

    ngx_uint_t        output;      /* ngx_ai_output_e */
    ngx_str_t         schema;      /* json */
    ngx_str_t         schema_name;
    ngx_str_t         schema_description;
    ngx_uint_t        schema_strict; /* 0, 1 or NGX_AI_UNSET */
    ngx_str_t         verbosity;
    ngx_str_t         audio_voice; /* of AUDIO_OUT */
    ngx_str_t         audio_format;
    ngx_str_t         prediction;  /* raw */

    ngx_uint_t        effort;      /* ngx_ai_effort_e */
    int64_t           budget;
    ngx_str_t         summary;     /* "auto", "concise", "detailed" */
    ngx_uint_t        thoughts;    /* are wanted: 0, 1 or NGX_AI_UNSET */

    ngx_uint_t        choice;      /* ngx_ai_choice_e, of tools */
    ngx_str_t         choice_name;
    ngx_array_t      *allowed;     /* of ngx_str_t: the only ones to choose */
    ngx_uint_t        parallel;    /* 0, 1 or NGX_AI_UNSET */

    ngx_str_t         user;
    ngx_str_t         metadata;    /* raw */
    ngx_str_t         tier;
    ngx_str_t         safety;      /* raw, in its origin's words */
    ngx_str_t         cache;       /* raw: cache_control of all of it */
    ngx_str_t         cache_key;
    ngx_uint_t        store;       /* 0, 1 or NGX_AI_UNSET */
    ngx_str_t         previous;    /* previous_response_id */
} ngx_ai_chat_t;


/* one of the alternatives of an answer; most have one */

typedef struct {
    ngx_array_t       parts;       /* of ngx_ai_part_t */
    ngx_uint_t        finish;      /* ngx_ai_finish_e */
    ngx_str_t         stop;        /* the stop sequence that it met */
    ngx_str_t         logprobs;    /* raw, OpenAI's {"content":[...]} */
} ngx_ai_alternative_t;


typedef struct {
    ngx_pool_t       *pool;
    ngx_uint_t        origin;
    ngx_str_t         id;          /* the provider's */
    ngx_str_t         model;       /* as the provider calls it */
    ngx_str_t         tier;        /* that served it */
    int64_t           created;     /* seconds; 0: not said */
    ngx_array_t       alternatives; /* of ngx_ai_alternative_t */
    ngx_ai_usage_t    usage;
} ngx_ai_answer_t;


/* NGX_OK or NGX_ERROR without memory */
ngx_int_t ngx_ai_chat_init(ngx_ai_chat_t *chat, ngx_pool_t *pool,
    ngx_uint_t origin);
ngx_int_t ngx_ai_answer_init(ngx_ai_answer_t *answer, ngx_pool_t *pool,
    ngx_uint_t origin);

/* a new one at the end, zeroed but for its kind or role; NULL: no memory */
ngx_ai_message_t *ngx_ai_chat_message(ngx_ai_chat_t *chat, ngx_uint_t role);
ngx_ai_part_t *ngx_ai_part_push(ngx_array_t *parts, ngx_uint_t kind);
ngx_ai_tool_t *ngx_ai_chat_tool(ngx_ai_chat_t *chat, ngx_uint_t kind);
ngx_ai_alternative_t *ngx_ai_answer_alternative(ngx_ai_answer_t *answer);

/* a list of parts of its own, for TOOL_RESULT; NULL: no memory */
ngx_array_t *ngx_ai_parts_create(ngx_pool_t *pool);

/*
 * The last thing a reader of requests does: sets the bits of "fields" that
 * follow from the messages and tools, and gives ids and names to calls and
 * results that have none.  NGX_OK or NGX_ERROR without memory.
 */
ngx_int_t ngx_ai_chat_complete(ngx_ai_chat_t *chat);

/* the same for an answer: ids, and TOOLS as the finish where calls are */
ngx_int_t ngx_ai_answer_complete(ngx_ai_answer_t *answer);

/* those of NGX_AI_FIELDS_OWN of which something is not that dialect's */
uint64_t ngx_ai_chat_foreign(const ngx_ai_chat_t *chat, ngx_uint_t dialect);

/*
 * The effort that a budget is worth and the budget that an effort is worth,
 * for dialects that have only one of them.
 *
 *     none 0, minimal 1024, low 2048, medium 8192, high 24576, more 32768
 */
ngx_uint_t ngx_ai_effort_of_budget(int64_t budget);
int64_t ngx_ai_budget_of_effort(ngx_uint_t effort);

/* "low" and so on; NULL: it is no effort that we know */
const ngx_str_t *ngx_ai_effort_name(ngx_uint_t effort);
ngx_uint_t ngx_ai_effort_find(const ngx_str_t *name);


#endif /* _NGX_AI_CHAT_H_INCLUDED_ */
