
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_TREE_H_INCLUDED_
#define _NGX_AI_TREE_H_INCLUDED_


/*
 * A whole JSON document as an array of nodes, in the document's order: where
 * each value lies, and which node is behind it.  Nothing is copied.
 *
 *     {"a":[1,"x"],"b":null}
 *
 *     0 object   n = 2, next = 7
 *     1   key a         next = 2
 *     2   array  n = 2, next = 5
 *     3     1           next = 4
 *     4     "x"         next = 5
 *     5   key b         next = 6
 *     6   null          next = 7
 *
 * A key is a node of its own, a string, and its value is the node behind it.
 * What is not well-formed is refused as strictly as ngx_ai_scan.h says, with
 * one difference: half of a surrogate pair may stand in a "\u" escape, as
 * providers cut texts in the middle of one.  A request has been through the
 * scanner before.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_scan.h"


#define NGX_AI_TREE_DEPTH  128         /* of containers */


typedef struct {
    uint32_t         start;       /* of the first byte */
    uint32_t         end;         /* behind the last one */
    uint32_t         next;        /* index of the node behind all of it */
    uint32_t         parent;      /* of the container; of a value, its key */
    unsigned         n:27;        /* elements, members */
    unsigned         escaped:1;   /* a string with a backslash */
    unsigned         type:4;      /* ngx_ai_json_type_e */
} ngx_ai_node_t;


typedef struct {
    ngx_str_t        text;
    ngx_ai_node_t   *nodes;       /* the first one is the document */
    ngx_uint_t       n;
    const char      *error;       /* NULL: there was none */
    size_t           offset;      /* of the error */

    /* the rest is private */

    ngx_uint_t       room;
    ngx_uint_t       max;
    ngx_log_t       *log;
} ngx_ai_tree_t;


/* the first child of a container; a member's value is ngx_ai_tree_value() */
#define ngx_ai_tree_child(node)    ((node) + 1)
#define ngx_ai_tree_value(key)     ((key) + 1)

/* the node behind this one and all that is in it */
#define ngx_ai_tree_next(t, node)  (&(t)->nodes[(node)->next])

#define ngx_ai_tree_root(t)        (&(t)->nodes[0])


/* "max" nodes at most; allocates nothing */
void ngx_ai_tree_init(ngx_ai_tree_t *t, ngx_uint_t max, ngx_log_t *log);

/* gives back what was allocated; the tree is as after the init */
void ngx_ai_tree_free(ngx_ai_tree_t *t);

/*
 * Reads a document; the text must stay as long as the nodes are used, and
 * the nodes are valid until the next call.  A tree that had to grow large is
 * made small again by the next small document.
 *
 * NGX_OK, NGX_ERROR when it is malformed, or NGX_DECLINED when it has more
 * nodes or levels than allowed, is longer than 2 GB, or there is no memory;
 * t->error and t->offset then say why and where.
 */
ngx_int_t ngx_ai_tree_read(ngx_ai_tree_t *t, const ngx_str_t *text);

/* the source of a value as it stands; a string with its quotes */
void ngx_ai_tree_raw(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_str_t *raw);

/* the source of a string without its quotes, with its escapes */
void ngx_ai_tree_text(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_str_t *text);

/*
 * The value of a member, the last one of that name; NULL: there is none, or it
 * is null, or what should be an object is not.
 */
const ngx_ai_node_t *ngx_ai_tree_member(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *object, const char *name);

/* an integer, 1e3 and 1.0 among them; NGX_DECLINED: it is none that fits */
ngx_int_t ngx_ai_tree_int(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    int64_t *value);

/*
 * 1 when the string, its escapes decoded, is the text; one with half of a
 * surrogate pair never is.
 */
ngx_uint_t ngx_ai_tree_is(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    const char *text);

/*
 * Where a node is, "messages[3].content[1].image_url", and "" for the document;
 * a key and its value have the same path.  Indexes are left out, as in
 * "messages.content.image_url", when "plain" is set: they cost a look at all
 * elements before.  The path is cut at "max" bytes, between characters; control
 * characters in a name are "?".
 */
void ngx_ai_tree_path(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_uint_t plain, u_char *dst, size_t max, ngx_str_t *path);


#endif /* _NGX_AI_TREE_H_INCLUDED_ */
