
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_SCAN_H_INCLUDED_
#define _NGX_AI_SCAN_H_INCLUDED_


/*
 * A strict JSON validator that is fed in pieces, allocates nothing and notes
 * where the values of a few named members lie.
 *
 *     static const ngx_ai_scan_field_t  fields[] = {
 *         { ngx_string("model") },
 *         { ngx_string("stream_options.include_usage") },
 *         { ngx_string("choices.*.finish_reason") }
 *     };
 *
 *     {"model":"m","choices":[{"finish_reason":"stop"}]}
 *     |       |  |
 *     |       |  values[0].end
 *     |       values[0].start
 *     top.start; values[0].key is the next byte
 *
 * All of RFC 8259 is checked, and more strictly than it asks: strings are
 * well-formed UTF-8, \u escapes make whole surrogate pairs, there is no byte
 * order mark, and nothing but white space follows the document.  However the
 * input is cut, the results are the same.
 *
 * A path names members from the top of the document, "*" is any element of an
 * array.  Keys are compared after their escapes are decoded; values keep
 * theirs, ngx_ai_scan_decode() is for them.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_text.h"


#define NGX_AI_SCAN_FIELDS      32      /* in a table */
#define NGX_AI_SCAN_LEVELS      6       /* in a path */
#define NGX_AI_SCAN_NODES       64      /* different prefixes of all paths */
#define NGX_AI_SCAN_DEPTH       512     /* of containers in the document */
#define NGX_AI_SCAN_KEY         64      /* a longer key matches nothing */
#define NGX_AI_SCAN_TEXT        128     /* kept of a scalar's source */


/* decodes the source of a string value, without its quotes */
#define ngx_ai_scan_decode  ngx_ai_text_decode


typedef enum {
    NGX_AI_JSON_NONE = 0,
    NGX_AI_JSON_NULL,
    NGX_AI_JSON_FALSE,
    NGX_AI_JSON_TRUE,
    NGX_AI_JSON_NUMBER,
    NGX_AI_JSON_STRING,
    NGX_AI_JSON_ARRAY,
    NGX_AI_JSON_OBJECT
} ngx_ai_json_type_e;


typedef struct {
    ngx_str_t            path;
} ngx_ai_scan_field_t;


/*
 * The last value seen for a field; count tells how many there were, so that
 * a duplicate can be refused.  Offsets count from the document's first byte;
 * end is exclusive, and -1 while the value is not complete.
 */

typedef struct {
    ngx_ai_json_type_e   type;          /* NGX_AI_JSON_NONE: absent */
    unsigned             integer:1;     /* "value" is exact */
    unsigned             cut:1;         /* the source is longer than "text" */
    ngx_uint_t           count;
    off_t                key;           /* the key's opening quote, or -1 */
    off_t                start;
    off_t                end;
    ngx_uint_t           n;             /* elements, members */

    /*
     * A number without fraction and exponent that fits; -0 is 0.
     */
    int64_t              value;

    /*
     * A scalar as it was written, a string without its quotes and with its
     * escapes.
     */
    size_t               len;
    u_char               text[NGX_AI_SCAN_TEXT];
} ngx_ai_scan_value_t;


typedef struct {
    ngx_ai_json_type_e   type;
    off_t                start;
    off_t                end;           /* -1 while not complete */
    ngx_uint_t           n;
} ngx_ai_scan_top_t;


/* one segment of one or more paths; 0 for none, 1 is the document */

typedef struct {
    u_char               field;         /* whose path holds the name ... */
    u_char               off;           /* ... here */
    u_char               len;
    u_char               first;         /* byte of the name */
    u_char               value;         /* index + 1 */
    u_char               child;         /* first of the named members */
    u_char               next;          /* sibling */
    u_char               star;          /* the elements */
} ngx_ai_scan_node_t;


typedef struct {
    off_t                        offset;  /* bytes taken; of an error */
    const char                  *error;
    ngx_ai_scan_top_t            top;

    /* the rest is private */

    ngx_ai_scan_value_t         *values;
    const ngx_ai_scan_field_t   *fields;
    ngx_uint_t                   nfields;

    const u_char                *start;   /* of the bytes being fed */
    const u_char                *mark;    /* not yet kept from here */
    const char                  *literal; /* what is left of it */
    ngx_ai_scan_value_t         *value;   /* wanted scalar being read */
    off_t                        key;

    uint16_t                     depth;
    uint16_t                     max;

    u_char                       state;
    u_char                       item;    /* state after a comma */
    u_char                       sub;     /* in a number */
    u_char                       nnodes;
    u_char                       node;    /* of the open container */
    u_char                       target;  /* of the value to come */
    u_char                       part_len;
    u_char                       part[NGX_AI_TEXT_UNIT];
    u_char                       name_len;
    u_char                       name[NGX_AI_SCAN_KEY + 1];
    u_char                       path[NGX_AI_SCAN_LEVELS + 2];
    uint32_t                     members[NGX_AI_SCAN_LEVELS + 2];
    uint64_t                     objects[NGX_AI_SCAN_DEPTH / 64];
    ngx_ai_scan_node_t           nodes[NGX_AI_SCAN_NODES];
} ngx_ai_scan_t;


/*
 * Starts a document.  "fields" and the "values", one for each field and only
 * the scanner's to write, must outlive it.  Containers deeper than "depth" are
 * an error.
 *
 * NGX_DECLINED: a path is empty, too deep or there twice, or there are too
 * many: a matter of the table alone, never of the input.  Nothing can be fed
 * then.
 */
ngx_int_t ngx_ai_scan_init(ngx_ai_scan_t *s, const ngx_ai_scan_field_t *fields,
    ngx_uint_t nfields, ngx_ai_scan_value_t *values, ngx_uint_t depth);

/*
 * Starts another document with the same fields, values and depth, at a
 * fraction of the cost of ngx_ai_scan_init().
 */
void ngx_ai_scan_reset(ngx_ai_scan_t *s);

/*
 * Takes the next bytes of the document.
 *
 * NGX_AGAIN: it is not complete yet.  A number at the top is never: what
 *            ends it is ngx_ai_scan_end() or white space.
 * NGX_OK:    it is complete; white space may still be fed.
 * NGX_ERROR: s->error says why, s->offset which byte is wrong.  Values that
 *            had ended before it are right, the others are undefined.  All
 *            later calls return NGX_ERROR too.
 */
ngx_int_t ngx_ai_scan_feed(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);

/*
 * No more bytes will come.  NGX_OK: the document is complete; NGX_ERROR: it
 * is truncated or empty, or was wrong before.
 */
ngx_int_t ngx_ai_scan_end(ngx_ai_scan_t *s);


#endif /* _NGX_AI_SCAN_H_INCLUDED_ */
