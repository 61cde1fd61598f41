
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_ROUTE_H_INCLUDED_
#define _NGX_AI_ROUTE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * What clients may call: one row per method and path.  A path that is not in
 * the table does not exist, and everything that the steps of a request need
 * to know about a route is in its row, so no route can miss one of them.
 */


/*
 * The wire formats, a row for each: what its number is called, and its table
 * of functions (ngx_ai_dialect.h).  OPENAI is chat, and all of that vendor's
 * routes but those of the next two.
 */

#define NGX_AI_DIALECTS(row)                                                  \
    row(OPENAI, openai)                                                       \
    row(COMPLETIONS, completions)                                             \
    row(RESPONSES, responses)                                                 \
    row(ANTHROPIC, anthropic)                                                 \
    row(GEMINI, gemini)                                                       \
    row(BEDROCK, bedrock)                                                     \
    row(COHERE, cohere)                                                       \
    row(OLLAMA, ollama)

#define ngx_ai_dialect_number(name, table)  NGX_AI_DIALECT_##name,

typedef enum {
    NGX_AI_DIALECTS(ngx_ai_dialect_number)
    NGX_AI_DIALECT_MAX
} ngx_ai_dialect_e;


/*
 * What is asked for, whatever the words: what a route and a target must have
 * in common.  Those below NONE can be said in other dialects' words.
 */

typedef enum {
    NGX_AI_OP_CHAT = 0,
    NGX_AI_OP_EMBED,
    NGX_AI_OP_RERANK,
    NGX_AI_OP_IMAGE,
    NGX_AI_OP_COUNT,               /* of tokens */
    NGX_AI_OP_VIDEO,
    NGX_AI_OP_NONE,
    NGX_AI_OP_MODERATE,
    NGX_AI_OP_SPEECH,
    NGX_AI_OP_TRANSCRIBE
} ngx_ai_op_e;

#define NGX_AI_OP_MAX  NGX_AI_OP_NONE


/* the values are those of nginx's NGX_HTTP_GET and so on */

#define NGX_AI_METHOD_GET             0x0002
#define NGX_AI_METHOD_POST            0x0008
#define NGX_AI_METHOD_DELETE          0x0020


/* what bodies are read; JSON and MULTIPART may both be set, NONE is alone */

#define NGX_AI_ROUTE_BODY_NONE        0x0001
#define NGX_AI_ROUTE_BODY_JSON        0x0002
#define NGX_AI_ROUTE_BODY_MULTIPART   0x0004

/* whether the body names a model; one of the three */

#define NGX_AI_ROUTE_MODEL_NONE       0x0008
#define NGX_AI_ROUTE_MODEL_OPTIONAL   0x0010
#define NGX_AI_ROUTE_MODEL_REQUIRED   0x0020

/* the reply may be an event stream when the client asks for one */
#define NGX_AI_ROUTE_STREAMS          0x0040

/* answered by the gateway itself: no provider is called */
#define NGX_AI_ROUTE_LOCAL            0x0080

/* goes to the provider that made the object whose id is in the path */
#define NGX_AI_ROUTE_OWNED            0x0100

/* the client's query is passed on; elsewhere it is dropped */
#define NGX_AI_ROUTE_ARGS             0x0200

/* a good reply need not be JSON: sound, video, subtitles, a file's bytes */
#define NGX_AI_ROUTE_BINARY           0x0400

/* only for a provider with files and batches (NGX_AI_QUIRK_FILES) */
#define NGX_AI_ROUTE_FILES            0x0800

/*
 * Makes something that lasts (a file, a batch, a video): once the request
 * may have reached a provider, sending it again could make it twice.
 */
#define NGX_AI_ROUTE_ONCE             0x1000

/* the path has an "{id}" */
#define NGX_AI_ROUTE_ID               0x2000

/* the id may be two segments, as in "provider/model" */
#define NGX_AI_ROUTE_SLASH            0x4000

/*
 * The reply has the id of something new that later calls can name, which is
 * then its maker's alone.
 */
#define NGX_AI_ROUTE_MAKES            0x8000

/* its streams say how they ended: one that does not has been cut */
#define NGX_AI_ROUTE_ENDS             0x10000

/* the id in the path is the model; it may have slashes if they are escaped */
#define NGX_AI_ROUTE_MODEL_PATH       0x20000

/* the path says that the reply is a stream, the body does not */
#define NGX_AI_ROUTE_STREAM           0x40000

/* the reply is a stream unless the body says no */
#define NGX_AI_ROUTE_STREAM_DEFAULT   0x80000

/* the stream is an array unless the query says "alt=sse" */
#define NGX_AI_ROUTE_ALT              0x100000


/* in the order of the table */

typedef enum {
    NGX_AI_ROUTE_CHAT = 0,
    NGX_AI_ROUTE_RESPONSES,
    NGX_AI_ROUTE_EMBEDDINGS,
    NGX_AI_ROUTE_COMPLETIONS,
    NGX_AI_ROUTE_MODERATIONS,
    NGX_AI_ROUTE_RERANK,
    NGX_AI_ROUTE_IMAGES,
    NGX_AI_ROUTE_IMAGE_EDITS,
    NGX_AI_ROUTE_IMAGE_VARIATIONS,
    NGX_AI_ROUTE_SPEECH,
    NGX_AI_ROUTE_TRANSCRIPTIONS,
    NGX_AI_ROUTE_TRANSLATIONS,
    NGX_AI_ROUTE_INPUT_TOKENS,
    NGX_AI_ROUTE_COMPACT,
    NGX_AI_ROUTE_VIDEO_CREATE,
    NGX_AI_ROUTE_VIDEO_LIST,
    NGX_AI_ROUTE_FILE_CREATE,
    NGX_AI_ROUTE_FILE_LIST,
    NGX_AI_ROUTE_BATCH_CREATE,
    NGX_AI_ROUTE_BATCH_LIST,
    NGX_AI_ROUTE_TUNE_CREATE,
    NGX_AI_ROUTE_TUNE_LIST,
    NGX_AI_ROUTE_UPLOAD_CREATE,
    NGX_AI_ROUTE_MODEL_LIST,
    NGX_AI_ROUTE_MESSAGES,
    NGX_AI_ROUTE_COUNT_TOKENS,
    NGX_AI_ROUTE_COHERE_CHAT,
    NGX_AI_ROUTE_COHERE_EMBED,
    NGX_AI_ROUTE_COHERE_RERANK,
    NGX_AI_ROUTE_OLLAMA_CHAT,
    NGX_AI_ROUTE_OLLAMA_GENERATE,
    NGX_AI_ROUTE_OLLAMA_EMBED,
    NGX_AI_ROUTE_OLLAMA_MODELS,
    NGX_AI_ROUTE_GEMINI_MODELS,

    /* with an id */

    NGX_AI_ROUTE_RESPONSE_GET,
    NGX_AI_ROUTE_RESPONSE_DELETE,
    NGX_AI_ROUTE_RESPONSE_CANCEL,
    NGX_AI_ROUTE_RESPONSE_INPUT,
    NGX_AI_ROUTE_VIDEO_GET,
    NGX_AI_ROUTE_VIDEO_DELETE,
    NGX_AI_ROUTE_VIDEO_CONTENT,
    NGX_AI_ROUTE_VIDEO_REMIX,
    NGX_AI_ROUTE_FILE_GET,
    NGX_AI_ROUTE_FILE_DELETE,
    NGX_AI_ROUTE_FILE_CONTENT,
    NGX_AI_ROUTE_BATCH_GET,
    NGX_AI_ROUTE_BATCH_CANCEL,
    NGX_AI_ROUTE_TUNE_GET,
    NGX_AI_ROUTE_TUNE_CANCEL,
    NGX_AI_ROUTE_TUNE_PAUSE,
    NGX_AI_ROUTE_TUNE_RESUME,
    NGX_AI_ROUTE_TUNE_EVENTS,
    NGX_AI_ROUTE_TUNE_CHECKPOINTS,
    NGX_AI_ROUTE_UPLOAD_PARTS,
    NGX_AI_ROUTE_UPLOAD_COMPLETE,
    NGX_AI_ROUTE_UPLOAD_CANCEL,
    NGX_AI_ROUTE_MODEL_GET,
    NGX_AI_ROUTE_GEMINI,
    NGX_AI_ROUTE_GEMINI_STREAM,
    NGX_AI_ROUTE_GEMINI_COUNT,
    NGX_AI_ROUTE_GEMINI_EMBED,
    NGX_AI_ROUTE_GEMINI_EMBEDS,
    NGX_AI_ROUTE_GEMINI_PREDICT,
    NGX_AI_ROUTE_GEMINI_MODEL,
    NGX_AI_ROUTE_CONVERSE,
    NGX_AI_ROUTE_CONVERSE_STREAM,
    NGX_AI_ROUTE_CONVERSE_COUNT,
    NGX_AI_ROUTE_MAX
} ngx_ai_route_e;


typedef struct {
    ngx_uint_t        methods;     /* a mask, one bit in most rows */
    ngx_str_t         path;        /* with at most one "{id}" */
    ngx_str_t         name;        /* $ai_route, label in metrics */
    ngx_str_t         operation;   /* gen_ai.operation.name */
    ngx_uint_t        id;          /* ngx_ai_route_e */
    ngx_uint_t        dialect;     /* ngx_ai_dialect_e */
    ngx_uint_t        op;          /* ngx_ai_op_e */
    ngx_uint_t        strip;       /* bytes of the path that the provider's
                                      URL already has: "/v1" */
    ngx_uint_t        flags;
} ngx_ai_route_t;


typedef struct {
    const ngx_ai_route_t  *route;
    ngx_uint_t             allow;  /* every method of the path, a mask */
    ngx_str_t              id;     /* as it came, percent-encoded; or empty */
    ngx_str_t              tail;   /* as it came, for ngx_ai_target_build() */
} ngx_ai_route_match_t;


/* what ngx_ai_route_allow() writes at most */
#define NGX_AI_ROUTE_ALLOW_LEN        (sizeof("GET, POST, DELETE") - 1)

#define NGX_AI_ROUTE_ID_MAX           512


/*
 * The uri is the path as the client sent it, before any decoding or merging
 * and without the query; a prefix of the location is already taken off.  It
 * is compared byte for byte: "//v1", "%761", a trailing slash or another
 * case are other paths, and there are none.
 *
 *   NGX_OK         the match is filled
 *   NGX_DECLINED   no such path
 *   NGX_ERROR      the path is known, the method is not: "allow" says what
 *                  is, "route" is one of the path's rows
 *
 * An id has one to NGX_AI_ROUTE_ID_MAX bytes and no slash.  What it is made
 * of is judged by ngx_ai_target_build(), which alone puts it in a request.
 */
ngx_int_t ngx_ai_route_find(ngx_uint_t method, const ngx_str_t *uri,
    ngx_ai_route_match_t *match);

/* the value of the Allow header; returns the end */
u_char *ngx_ai_route_allow(u_char *dst, ngx_uint_t methods);

/*
 * The row of a dialect in which an operation is asked for, the first if there
 * are several; NULL: there is none.
 */
const ngx_ai_route_t *ngx_ai_route_of(ngx_uint_t dialect, ngx_uint_t op);

/* the row of an ngx_ai_route_e, so that all can be walked through */
const ngx_ai_route_t *ngx_ai_route(ngx_uint_t id);


#endif /* _NGX_AI_ROUTE_H_INCLUDED_ */
