
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _TREE_H_INCLUDED_
#define _TREE_H_INCLUDED_


/*
 * What is true of every tree: for the unit tests and the fuzz target.  What
 * checks something tells what is wrong, or NULL.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_tree.h"


static inline ngx_int_t
tree_text(ngx_ai_tree_t *t, const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = strlen(text);

    return ngx_ai_tree_read(t, &s);
}


static inline ngx_uint_t
tree_hex(const u_char *p, const u_char *end)
{
    char        hex[5], *last;
    ngx_uint_t  code;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return 0;
    }

    ngx_memcpy(hex, p + 2, 4);
    hex[4] = '\0';

    code = strtoul(hex, &last, 16);

    /* no sign, no blank, no "0x" */

    return (last == hex + 4 && isxdigit((u_char) hex[0])
            && isxdigit((u_char) hex[1]))
           ? code : 0;
}


/* "\ufffd" in place of halves of surrogate pairs: the scanner takes these */

static inline void
tree_mend(u_char *p, u_char *end)
{
    ngx_uint_t  code, string;

    string = 0;

    while (p < end) {

        if (*p == '"') {
            string = !string;

        } else if (string && *p == '\\') {
            code = tree_hex(p, end) & ~0x3ffu;

            if (code == 0xd800
                && (tree_hex(p + 6, end) & ~0x3ffu) == 0xdc00)
            {
                p += 12;
                continue;
            }

            if (code == 0xd800 || code == 0xdc00) {
                ngx_memcpy(p + 2, "fffd", 4);
            }

            p++;
        }

        p++;
    }
}


static inline const char *
tree_node(const ngx_ai_tree_t *t, const ngx_ai_node_t *node)
{
    u_char      *p, *last;
    size_t       len;
    ngx_str_t    raw;

    ngx_ai_tree_raw(t, node, &raw);

    p = raw.data;
    len = raw.len;
    last = p + len - 1;

    switch (node->type) {

    case NGX_AI_JSON_STRING:

        if (len < 2 || *p != '"' || *last != '"') {
            return "a string is not from quote to quote";
        }

        if (node->escaped != (memchr(p, '\\', len) != NULL)) {
            return "a string's escapes are not told";
        }

        break;

    case NGX_AI_JSON_NUMBER:

        if (strspn((char *) p, "-+.eE0123456789") < len
            || *last < '0' || *last > '9')
        {
            return "a number is not all of it";
        }

        break;

    case NGX_AI_JSON_TRUE:
        return (len == 4 && ngx_strncmp(p, "true", 4) == 0)
               ? NULL : "a literal is another one";

    case NGX_AI_JSON_FALSE:
        return (len == 5 && ngx_strncmp(p, "false", 5) == 0)
               ? NULL : "a literal is another one";

    case NGX_AI_JSON_NULL:
        return (len == 4 && ngx_strncmp(p, "null", 4) == 0)
               ? NULL : "a literal is another one";

    case NGX_AI_JSON_ARRAY:
        return (len > 1 && *p == '[' && *last == ']')
               ? NULL : "an array is not from bracket to bracket";

    case NGX_AI_JSON_OBJECT:
        return (len > 1 && *p == '{' && *last == '}')
               ? NULL : "an object is not from brace to brace";

    default:
        return "a node has no type";
    }

    return NULL;
}


/* a container's children are n, lie one behind the other, and fill it */

static inline const char *
tree_children(const ngx_ai_tree_t *t, uint32_t top)
{
    uint32_t              i, at;
    ngx_uint_t            n;
    const ngx_ai_node_t  *node, *key;

    node = &t->nodes[top];
    at = node->start + 1;
    n = 0;

    for (i = top + 1; i < node->next; i = t->nodes[i].next) {

        if (t->nodes[i].parent != top) {
            return "a child has another parent";
        }

        if (t->nodes[i].start < at) {
            return "a child begins before the one before it ended";
        }

        if (node->type == NGX_AI_JSON_OBJECT) {
            key = &t->nodes[i];

            if (key->type != NGX_AI_JSON_STRING || key->next != i + 1) {
                return "a key is no string";
            }

            i++;

            if (i >= node->next || t->nodes[i].parent != i - 1
                || t->nodes[i].start <= key->end)
            {
                return "a key has no value";
            }
        }

        at = t->nodes[i].end;
        n++;
    }

    if (i != node->next || at >= node->end) {
        return "the children do not end with their parent";
    }

    return (n == node->n) ? NULL : "the children are not counted right";
}


static inline const char *
tree_whole(const ngx_ai_tree_t *t)
{
    uint32_t              i;
    const char           *wrong;
    const ngx_ai_node_t  *node;

    if (t->n == 0 || t->nodes[0].next != t->n || t->n > t->room) {
        return "the first node is not all of it";
    }

    for (i = 0; i < t->n; i++) {
        node = &t->nodes[i];

        if (node->start >= node->end || node->end > t->text.len) {
            return "a node is not in the text";
        }

        if (i && node->start <= t->nodes[i - 1].start) {
            return "nodes are not in the order of the text";
        }

        if (node->next <= i || node->next > t->n) {
            return "a node's end is not behind it";
        }

        wrong = tree_node(t, node);

        if (wrong == NULL && node->type < NGX_AI_JSON_ARRAY
            && (node->next != i + 1 || node->n))
        {
            wrong = "a scalar is not one node";
        }

        if (wrong == NULL && node->type >= NGX_AI_JSON_ARRAY) {
            wrong = tree_children(t, i);
        }

        if (wrong) {
            return wrong;
        }
    }

    return NULL;
}


/* between the scalars there is nothing that should be in one */

static inline const char *
tree_gaps(const ngx_ai_tree_t *t)
{
    size_t      at;
    uint32_t    i;

    at = 0;

    for (i = 0; i <= t->n; i++) {

        if (i < t->n && t->nodes[i].type >= NGX_AI_JSON_ARRAY) {
            continue;
        }

        for ( /* void */ ;
             at < (i < t->n ? t->nodes[i].start : t->text.len);
             at++)
        {
            if (t->text.data[at] == '\0'
                || strchr(" \t\r\n,:[]{}", t->text.data[at]) == NULL)
            {
                return "something is in no node";
            }
        }

        if (i < t->n) {
            at = t->nodes[i].end;
        }
    }

    return NULL;
}


/*
 * Reads the text, which must be followed by a zero byte; the tree and the
 * scanner must agree, and what is read must be right.
 */

static inline const char *
tree_compare(ngx_ai_tree_t *t, const ngx_str_t *text)
{
    u_char         *copy;
    ngx_int_t       rc, want;
    const char     *wrong;
    ngx_ai_scan_t   s;

    copy = malloc(text->len + 1);
    memcpy(copy, text->data, text->len);
    tree_mend(copy, copy + text->len);

    (void) ngx_ai_scan_init(&s, NULL, 0, NULL, NGX_AI_TREE_DEPTH);
    (void) ngx_ai_scan_feed(&s, copy, copy + text->len);
    want = ngx_ai_scan_end(&s);

    free(copy);

    rc = ngx_ai_tree_read(t, text);

    if (rc == NGX_OK) {
        wrong = (want != NGX_OK) ? "the scanner refuses it"
                : t->error ? "an error where there was none"
                : tree_whole(t);

        return wrong ? wrong : tree_gaps(t);
    }

    if (rc == NGX_DECLINED && strcmp(t->error, "too many values") == 0) {
        return NULL;
    }

    if (want == NGX_OK) {
        return "the scanner takes it";
    }

    if (t->n || strcmp(t->error, s.error) != 0
        || t->offset != (size_t) s.offset)
    {
        return "the scanner refuses something else";
    }

    return ((rc == NGX_DECLINED) == (strcmp(t->error, "nested too deep") == 0))
           ? NULL : "malformed and too deep are mixed up";
}


#endif /* _TREE_H_INCLUDED_ */
