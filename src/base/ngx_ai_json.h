
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_JSON_H_INCLUDED_
#define _NGX_AI_JSON_H_INCLUDED_


/*
 * JSON for those who need all of a document, and for those who write one.
 * Who only needs a few members of it uses ngx_ai_scan.h.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_buf.h"


#define NGX_AI_JSON_PATH    128         /* more of a path is left out */
#define NGX_AI_JSON_LEVELS  16          /* and so are more levels */
#define NGX_AI_JSON_DEPTH   64          /* of what is written */


/*
 * What is called for the parts of a document, in their order.  NGX_OK goes
 * on, anything else ends the reading.  NULL: the part is of no interest.
 * Strings are decoded, a number is its source; both live until the callback
 * returns.  A key may come twice.
 */

typedef struct {
    ngx_int_t                  (*start_map)(void *ctx);
    ngx_int_t                  (*key)(void *ctx, const ngx_str_t *key);
    ngx_int_t                  (*end_map)(void *ctx);
    ngx_int_t                  (*start_array)(void *ctx);
    ngx_int_t                  (*end_array)(void *ctx);
    ngx_int_t                  (*string)(void *ctx, const ngx_str_t *value);
    ngx_int_t                  (*number)(void *ctx, const ngx_str_t *text);
    ngx_int_t                  (*boolean)(void *ctx, ngx_uint_t value);
    ngx_int_t                  (*null)(void *ctx);
} ngx_ai_json_events_t;


typedef struct {
    size_t                       len;   /* of the container's path */
    ngx_uint_t                   index; /* of its current element, plus 1 */
    ngx_uint_t                   array;
} ngx_ai_json_level_t;


/*
 * Where the reading ended; in a callback, the path of its part: "keys[3]"
 * for the third start_map() here, "keys[3].id" for the key and the value,
 *
 *     { "keys": [ {}, {}, {}, { "id": "x" } ] }
 *
 * and "" for the document.
 */

typedef struct {
    ngx_str_t                    path;
    size_t                       offset;
    ngx_uint_t                   line;  /* 1 is the first one */
    const char                  *error; /* NULL: a callback ended it */

    /* the rest is private */

    const ngx_ai_json_events_t  *events;
    void                        *ctx;
    ngx_int_t                    rc;
    ngx_uint_t                   depth;
    ngx_ai_json_level_t          levels[NGX_AI_JSON_LEVELS];
    u_char                       buf[NGX_AI_JSON_PATH];
} ngx_ai_json_reader_t;


/*
 * Reads a document, as strictly as ngx_ai_scan.h says, with containers down
 * to "depth".  No callback is called before all of it is known to be right.
 *
 * NGX_OK:    it was read; path, offset, line and error mean nothing.
 * NGX_ERROR: it is malformed, r->error says why, r->line and r->offset where.
 * Else, and for NGX_ERROR with r->error NULL, it is what a callback returned;
 * r->path and r->line tell for which part.
 *
 * yajl, below this, does not survive a failed allocation: it is for documents
 * read with the configuration, and of bounded size.
 */
ngx_int_t ngx_ai_json_read(ngx_ai_json_reader_t *r, const ngx_str_t *text,
    ngx_uint_t depth, const ngx_ai_json_events_t *events, void *ctx);


/*
 * Appends a document to a buffer.  Commas and colons come by themselves; keys
 * and values are to be written in a right order.  After the first error
 * nothing is written, and w->rc stays what it was.
 */

typedef struct {
    ngx_int_t                    rc;    /* as of ngx_ai_buf_append() */

    /* the rest is private */

    ngx_ai_buf_t                *buf;
    uint64_t                     arrays;
    ngx_uint_t                   depth;
    ngx_uint_t                   comma;
} ngx_ai_json_writer_t;


void ngx_ai_json_writer_init(ngx_ai_json_writer_t *w, ngx_ai_buf_t *buf);

/* NGX_DECLINED: deeper than NGX_AI_JSON_DEPTH */
void ngx_ai_json_write_object(ngx_ai_json_writer_t *w);
void ngx_ai_json_write_array(ngx_ai_json_writer_t *w);

/* ends the innermost of them; NGX_ERROR: there is none */
void ngx_ai_json_write_end(ngx_ai_json_writer_t *w);

/*
 * Strings are any bytes: what is not UTF-8 comes out as U+FFFD.
 */
void ngx_ai_json_write_key(ngx_ai_json_writer_t *w, const char *key);
void ngx_ai_json_write_string(ngx_ai_json_writer_t *w, const ngx_str_t *value);

/* null instead of an empty string */
void ngx_ai_json_write_string_or_null(ngx_ai_json_writer_t *w,
    const ngx_str_t *value);

void ngx_ai_json_write_int(ngx_ai_json_writer_t *w, int64_t value);
void ngx_ai_json_write_bool(ngx_ai_json_writer_t *w, ngx_uint_t value);
void ngx_ai_json_write_null(ngx_ai_json_writer_t *w);

/* a value that is JSON already */
void ngx_ai_json_write_raw(ngx_ai_json_writer_t *w, const ngx_str_t *json);

/* a string from its source: what stood between quotes, escapes and all */
void ngx_ai_json_write_text(ngx_ai_json_writer_t *w, const ngx_str_t *source);

/*
 * One or more members, or elements, as they stand in a literal:
 *
 *     ngx_ai_json_write_literal(w, "\"type\":\"text\",\"index\":0");
 */
#define ngx_ai_json_write_literal(w, text)                                    \
    ngx_ai_json_write_members(w, text, sizeof(text) - 1)

void ngx_ai_json_write_members(ngx_ai_json_writer_t *w, const char *text,
    size_t len);


#endif /* _NGX_AI_JSON_H_INCLUDED_ */
