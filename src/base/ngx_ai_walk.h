
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_WALK_H_INCLUDED_
#define _NGX_AI_WALK_H_INCLUDED_


/*
 * Reads the objects of a document into structures, by tables as nginx reads
 * its configuration: one row per member, with the types that it may have,
 * the function that reads it, and where the value goes.
 *
 *     static const ngx_ai_member_t  members[] = {
 *
 *         { ngx_string("temperature"),
 *           NGX_AI_NUMBER,
 *           ngx_ai_walk_raw,
 *           offsetof(ngx_ai_chat_t, temperature),
 *           NGX_AI_FIELD_TEMPERATURE },
 *
 *         { ngx_string("messages"),
 *           NGX_AI_ARRAY,
 *           ngx_ai_openai_read_messages,
 *           0, 0 },
 *
 *           ngx_ai_null_member
 *     };
 *
 * null is as good as absent, whatever the type, and in a member that is not in
 * the table too.  A member of the table that is given twice is an error, and so
 * is one of another type.  A member that is not in the table is noted as
 * dropped.  A structure keeps what it had where no member is read.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_tree.h"


#define NGX_AI_BOOL     ((1 << NGX_AI_JSON_TRUE) | (1 << NGX_AI_JSON_FALSE))
#define NGX_AI_NUMBER   (1 << NGX_AI_JSON_NUMBER)
#define NGX_AI_STRING   (1 << NGX_AI_JSON_STRING)
#define NGX_AI_ARRAY    (1 << NGX_AI_JSON_ARRAY)
#define NGX_AI_OBJECT   (1 << NGX_AI_JSON_OBJECT)
#define NGX_AI_ANY      0xff


#define NGX_AI_DROPS    16             /* names; all are counted */
#define NGX_AI_DROP_LEN 64             /* of a name */


typedef struct ngx_ai_member_s  ngx_ai_member_t;


/* what a target will not be told; each name once */

typedef struct {
    ngx_uint_t              count;     /* of different names; when not all are
                                          kept, it may be too high */
    ngx_uint_t              n;         /* of those that are kept */
    ngx_str_t               names[NGX_AI_DROPS];
} ngx_ai_drops_t;


typedef struct {
    const ngx_ai_tree_t    *tree;
    ngx_pool_t             *pool;      /* of what is read */
    uint64_t               *marks;     /* see "mark" below; or NULL */
    ngx_ai_drops_t         *drops;     /* or NULL: nobody asks */
    void                   *data;      /* the reader's own */

    /* after NGX_ERROR; a NULL fault means that there is no memory */

    const ngx_ai_node_t    *fault;
    const char             *reason;    /* "must be a string" */
} ngx_ai_walk_t;


/*
 * Reads a value, which is not null and of one of the types.  "to" is what
 * ngx_ai_walk_object() was given, plus the row's offset.  NGX_OK, or NGX_ERROR
 * as ngx_ai_walk_fail() returns it.
 */
typedef ngx_int_t (*ngx_ai_walk_pt)(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


struct ngx_ai_member_s {
    ngx_str_t               name;
    ngx_uint_t              types;     /* NGX_AI_BOOL, ... */
    ngx_ai_walk_pt          read;      /* NULL: known, and of no consequence */
    size_t                  offset;
    ngx_uint_t              mark;      /* bit of *w->marks that is set when
                                          the member is there; 0: none */
};


#define ngx_ai_null_member  { ngx_null_string, 0, NULL, 0, 0 }


/* 64 rows at most in a table, names of 64 bytes at most */
ngx_int_t ngx_ai_walk_object(ngx_ai_walk_t *w, const ngx_ai_node_t *object,
    const ngx_ai_member_t *members, void *to);

/*
 * The same where the value must be an object: the type is checked here.  For
 * elements of arrays, which no row has judged.
 */
ngx_int_t ngx_ai_walk_element(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    const ngx_ai_member_t *members, void *to);

/*
 * NGX_ERROR, with the node and a reason that reads on behind its path, see
 * ngx_ai_tree_path().
 */
ngx_int_t ngx_ai_walk_fail(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    const char *reason);

/*
 * Notes that the value at the node, or the member whose key it is, goes no
 * further: by its path without indexes, cut to NGX_AI_DROP_LEN.
 */
void ngx_ai_walk_drop(ngx_ai_walk_t *w, const ngx_ai_node_t *node);

/* the same by a name, which is not copied; "drops" may be NULL */
void ngx_ai_drop(ngx_ai_drops_t *drops, const ngx_str_t *name);


/* for tables: into an ngx_str_t, the source of a string without its quotes */
ngx_int_t ngx_ai_walk_text(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to);

/* into an ngx_str_t, the source of any value as it stands */
ngx_int_t ngx_ai_walk_raw(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to);

/* into an int64_t, an integer of 0 or more */
ngx_int_t ngx_ai_walk_count(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to);

/* into an ngx_uint_t, 1 for true and 0 for false */
ngx_int_t ngx_ai_walk_flag(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to);

/*
 * Into an ngx_array_t pointer, an array of ngx_str_t created here: a string or
 * an array of strings, without their quotes.
 */
ngx_int_t ngx_ai_walk_texts(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to);


/*
 * A string whose text is itself a document: the text with its escapes
 * decoded, from the pool; half of a surrogate pair is U+FFFD.  NGX_OK, or
 * NGX_ERROR without memory.
 */
ngx_int_t ngx_ai_walk_decode(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_str_t *text);


#endif /* _NGX_AI_WALK_H_INCLUDED_ */
