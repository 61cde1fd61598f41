
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_text.h"
#include "ngx_ai_tree.h"


#define NGX_AI_TREE_FIRST  256          /* nodes */
#define NGX_AI_TREE_LARGE  4096         /* not kept for small documents */
#define NGX_AI_TREE_MAX    0x7ffffff    /* what "n" of a node can count */


#define ngx_ai_tree_space(c)                                                  \
    ((c) == ' ' || (c) == '\n' || (c) == '\r' || (c) == '\t')

#define ngx_ai_tree_digit(c)  ((u_char) ((c) - '0') < 10)


typedef enum {
    sw_value = 0,
    sw_elements,                /* the first element or the end */
    sw_members,                 /* the first key or the end */
    sw_key,
    sw_colon,
    sw_next,                    /* a comma or the end */
    sw_done
} ngx_ai_tree_state_e;


/* where the reading is */

typedef struct {
    ngx_ai_tree_t        *tree;
    const u_char         *end;
    ngx_int_t             rc;
    ngx_uint_t            depth;
    uint32_t              top;      /* the open container, if depth */
    u_char                close;    /* what ends it; 0: there is none */
    ngx_ai_tree_state_e   state;
} ngx_ai_tree_ctx_t;


static ngx_int_t ngx_ai_tree_parse(ngx_ai_tree_ctx_t *c, const u_char *p);
static const u_char *ngx_ai_tree_key(ngx_ai_tree_ctx_t *c, const u_char *p);
static const u_char *ngx_ai_tree_begin(ngx_ai_tree_ctx_t *c, const u_char *p);
static const u_char *ngx_ai_tree_string(ngx_ai_tree_ctx_t *c,
    const u_char *p);
static const u_char *ngx_ai_tree_number(ngx_ai_tree_ctx_t *c,
    const u_char *p);
static const u_char *ngx_ai_tree_digits(ngx_ai_tree_ctx_t *c,
    const u_char *p);
static const u_char *ngx_ai_tree_literal(ngx_ai_tree_ctx_t *c,
    const u_char *p, const char *literal);
static const u_char *ngx_ai_tree_open(ngx_ai_tree_ctx_t *c, const u_char *p);
static const u_char *ngx_ai_tree_close(ngx_ai_tree_ctx_t *c, const u_char *p);
static ngx_ai_node_t *ngx_ai_tree_push(ngx_ai_tree_ctx_t *c, const u_char *p,
    ngx_ai_json_type_e type, uint32_t parent);
static ngx_int_t ngx_ai_tree_grow(ngx_ai_tree_ctx_t *c, const u_char *p);
static ngx_int_t ngx_ai_tree_resize(ngx_ai_tree_t *t, ngx_uint_t room);
static const u_char *ngx_ai_tree_fail(ngx_ai_tree_ctx_t *c, const u_char *p,
    const char *error);


void
ngx_ai_tree_init(ngx_ai_tree_t *t, ngx_uint_t max, ngx_log_t *log)
{
    ngx_memzero(t, sizeof(ngx_ai_tree_t));

    t->max = ngx_min(max, NGX_AI_TREE_MAX);
    t->log = log;
}


void
ngx_ai_tree_free(ngx_ai_tree_t *t)
{
    if (t->nodes != NULL) {
        ngx_free(t->nodes);
    }

    ngx_ai_tree_init(t, t->max, t->log);
}


ngx_int_t
ngx_ai_tree_read(ngx_ai_tree_t *t, const ngx_str_t *text)
{
    ngx_int_t          rc;
    ngx_uint_t         room;
    ngx_ai_tree_ctx_t  c;

    t->text = *text;
    t->n = 0;
    t->error = NULL;
    t->offset = 0;

    if (text->len > NGX_MAX_INT32_VALUE) {
        t->error = "longer than 2 GB";
        rc = NGX_DECLINED;

    } else {
        ngx_memzero(&c, sizeof(ngx_ai_tree_ctx_t));

        c.tree = t;
        c.end = text->len ? text->data + text->len : text->data;

        rc = ngx_ai_tree_parse(&c, text->data);
    }

    if (rc != NGX_OK) {
        t->n = 0;
    }

    if (t->room > NGX_AI_TREE_LARGE && t->n < t->room / 8) {
        room = t->room;

        do {
            room /= 2;
        } while (room / 2 >= ngx_max(t->n, NGX_AI_TREE_FIRST));

        /* without memory it stays as it is */

        (void) ngx_ai_tree_resize(t, room);
    }

    return rc;
}


static ngx_int_t
ngx_ai_tree_parse(ngx_ai_tree_ctx_t *c, const u_char *p)
{
    ngx_ai_tree_t  *t;

    t = c->tree;

    while (p < c->end) {

        if (ngx_ai_tree_space(*p)) {
            p++;
            continue;
        }

        switch (c->state) {

        case sw_members:
        case sw_key:
            p = ngx_ai_tree_key(c, p);
            break;

        case sw_colon:

            if (*p != ':') {
                p = ngx_ai_tree_fail(c, p, "unexpected character");
                break;
            }

            c->state = sw_value;
            p++;
            break;

        case sw_elements:

            if (*p == ']') {
                p = ngx_ai_tree_close(c, p);
                break;
            }

            t->nodes[c->top].n = 1;

            /* fall through */

        case sw_value:
            p = ngx_ai_tree_begin(c, p);
            break;

        case sw_next:

            if (*p == ',') {
                t->nodes[c->top].n++;
                c->state = (c->close == '}') ? sw_key : sw_value;
                p++;
                break;
            }

            if (*p == c->close) {
                p = ngx_ai_tree_close(c, p);
                break;
            }

            /* fall through */

        default: /* sw_done */
            p = ngx_ai_tree_fail(c, p, "unexpected character");
        }

        if (p == NULL) {
            return c->rc;
        }
    }

    if (c->state != sw_done) {
        (void) ngx_ai_tree_fail(c, p, t->n ? "unexpected end"
                                           : "empty document");
        return c->rc;
    }

    return NGX_OK;
}


static ngx_inline const u_char *
ngx_ai_tree_key(ngx_ai_tree_ctx_t *c, const u_char *p)
{
    if (*p != '"') {

        if (*p == '}' && c->state == sw_members) {
            return ngx_ai_tree_close(c, p);
        }

        return ngx_ai_tree_fail(c, p, "unexpected character");
    }

    if (ngx_ai_tree_push(c, p, NGX_AI_JSON_STRING, c->top) == NULL) {
        return NULL;
    }

    if (c->state == sw_members) {
        c->tree->nodes[c->top].n = 1;
    }

    c->state = sw_colon;

    p = ngx_ai_tree_string(c, p + 1);

    if (p != NULL && p < c->end && *p == ':') {
        c->state = sw_value;
        p++;
    }

    return p;
}


/* a scalar, which ends here too, or the bracket of a container */

static ngx_inline const u_char *
ngx_ai_tree_begin(ngx_ai_tree_ctx_t *c, const u_char *p)
{
    u_char              ch;
    uint32_t            parent;
    ngx_ai_json_type_e  type;

    ch = *p;

    switch (ch) {

    case '"':
        type = NGX_AI_JSON_STRING;
        break;

    case '{':
        type = NGX_AI_JSON_OBJECT;
        break;

    case '[':
        type = NGX_AI_JSON_ARRAY;
        break;

    case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
        type = NGX_AI_JSON_NUMBER;
        break;

    case 't':
        type = NGX_AI_JSON_TRUE;
        break;

    case 'f':
        type = NGX_AI_JSON_FALSE;
        break;

    case 'n':
        type = NGX_AI_JSON_NULL;
        break;

    default:
        return ngx_ai_tree_fail(c, p, "unexpected character");
    }

    parent = (c->close == '}') ? c->tree->n - 1 : c->top;

    if (ngx_ai_tree_push(c, p, type, parent) == NULL) {
        return NULL;
    }

    c->state = c->depth ? sw_next : sw_done;

    switch (type) {

    case NGX_AI_JSON_STRING:
        return ngx_ai_tree_string(c, p + 1);

    case NGX_AI_JSON_NUMBER:
        return ngx_ai_tree_number(c, p);

    case NGX_AI_JSON_TRUE:
        return ngx_ai_tree_literal(c, p, "true");

    case NGX_AI_JSON_FALSE:
        return ngx_ai_tree_literal(c, p, "false");

    case NGX_AI_JSON_NULL:
        return ngx_ai_tree_literal(c, p, "null");

    default:
        return ngx_ai_tree_open(c, p);
    }
}


/* up to the closing quote, and to the end of the node */

static const u_char *
ngx_ai_tree_string(ngx_ai_tree_ctx_t *c, const u_char *p)
{
    uint32_t        code;
    ngx_int_t       rc;
    ngx_uint_t      near;
    const char     *error;
    const u_char   *end, *last, *next;
    ngx_ai_node_t  *node;

    node = &c->tree->nodes[c->tree->n - 1];

    end = c->end;
    last = p;
    near = 0;               /* escapes, each close to the one before it */

    for ( ;; ) {

        p = ngx_ai_text_plain(p, end);

        if (p == end) {
            return ngx_ai_tree_fail(c, p, "unexpected end");
        }

        if (*p == '"') {
            p++;
            node->end = (uint32_t) (p - c->tree->text.data);
            return p;
        }

        if (*p < 0x20) {
            return ngx_ai_tree_fail(c, p, "control character in a string");
        }

        if (*p == '\\') {
            node->escaped = 1;

            if (end - p > 1 && ngx_ai_text_escapes[p[1]]) {
                near = (p - last < 64) ? near + 1 : 0;
                last = p;

                p = (near == 4) ? ngx_ai_text_blocks(p, end) : p + 2;
                continue;
            }

        } else {
            next = ngx_ai_text_utf8(p, end);

            if (next != p) {
                p = next;
                continue;
            }
        }

        rc = ngx_ai_text_unit_loose(&p, end, &code, &error);

        if (rc != NGX_OK) {
            return ngx_ai_tree_fail(c, rc == NGX_AGAIN ? end : p, error);
        }

        near = 0;
    }
}


static const u_char *
ngx_ai_tree_number(ngx_ai_tree_ctx_t *c, const u_char *p)
{
    const u_char  *end;

    end = c->end;

    if (*p == '-') {
        p++;
    }

    if (p < end && *p == '0') {
        p++;

        if (p < end && ngx_ai_tree_digit(*p)) {
            return ngx_ai_tree_fail(c, p, "invalid number");
        }

    } else {
        p = ngx_ai_tree_digits(c, p);
    }

    if (p != NULL && p < end && *p == '.') {
        p = ngx_ai_tree_digits(c, p + 1);
    }

    if (p != NULL && p < end && (*p == 'e' || *p == 'E')) {
        p++;

        if (p < end && (*p == '+' || *p == '-')) {
            p++;
        }

        p = ngx_ai_tree_digits(c, p);
    }

    if (p != NULL) {
        c->tree->nodes[c->tree->n - 1].end
                                       = (uint32_t) (p - c->tree->text.data);
    }

    return p;
}


/* one at least */

static const u_char *
ngx_ai_tree_digits(ngx_ai_tree_ctx_t *c, const u_char *p)
{
    if (p == c->end || !ngx_ai_tree_digit(*p)) {
        return ngx_ai_tree_fail(c, p, "invalid number");
    }

    do {
        p++;
    } while (p < c->end && ngx_ai_tree_digit(*p));

    return p;
}


static const u_char *
ngx_ai_tree_literal(ngx_ai_tree_ctx_t *c, const u_char *p, const char *literal)
{
    for ( /* void */ ; *literal; p++, literal++) {
        if (p == c->end || *p != (u_char) *literal) {
            return ngx_ai_tree_fail(c, p, "invalid literal");
        }
    }

    c->tree->nodes[c->tree->n - 1].end = (uint32_t) (p - c->tree->text.data);

    return p;
}


static const u_char *
ngx_ai_tree_open(ngx_ai_tree_ctx_t *c, const u_char *p)
{
    if (c->depth == NGX_AI_TREE_DEPTH) {
        (void) ngx_ai_tree_fail(c, p, "nested too deep");
        c->rc = NGX_DECLINED;
        return NULL;
    }

    c->depth++;
    c->top = (uint32_t) (c->tree->n - 1);

    if (*p == '{') {
        c->close = '}';
        c->state = sw_members;

    } else {
        c->close = ']';
        c->state = sw_elements;
    }

    return p + 1;
}


static const u_char *
ngx_ai_tree_close(ngx_ai_tree_ctx_t *c, const u_char *p)
{
    ngx_ai_node_t  *nodes, *node;

    p++;

    nodes = c->tree->nodes;
    node = &nodes[c->top];

    node->end = (uint32_t) (p - c->tree->text.data);
    node->next = (uint32_t) c->tree->n;

    c->depth--;

    if (c->depth == 0) {
        c->close = 0;
        c->state = sw_done;

        return p;
    }

    c->top = node->parent;

    if (nodes[c->top].type == NGX_AI_JSON_ARRAY) {
        c->close = ']';

    } else {
        c->top = nodes[c->top].parent;
        c->close = '}';
    }

    c->state = sw_next;

    return p;
}


/* what it returns, and all nodes before it, may move with the next one */

static ngx_inline ngx_ai_node_t *
ngx_ai_tree_push(ngx_ai_tree_ctx_t *c, const u_char *p,
    ngx_ai_json_type_e type, uint32_t parent)
{
    ngx_ai_node_t  *node;
    ngx_ai_tree_t  *t;

    t = c->tree;

    if (t->n == t->room && ngx_ai_tree_grow(c, p) != NGX_OK) {
        return NULL;
    }

    node = &t->nodes[t->n++];

    node->start = (uint32_t) (p - t->text.data);
    node->end = node->start;
    node->next = (uint32_t) t->n;
    node->parent = parent;
    node->n = 0;
    node->escaped = 0;
    node->type = type;

    return node;
}


static ngx_int_t
ngx_ai_tree_grow(ngx_ai_tree_ctx_t *c, const u_char *p)
{
    ngx_uint_t      room;
    const char     *error;
    ngx_ai_tree_t  *t;

    t = c->tree;

    room = t->room ? t->room * 2 : NGX_AI_TREE_FIRST;
    room = ngx_min(room, t->max);

    if (room <= t->n) {
        error = "too many values";

    } else if (ngx_ai_tree_resize(t, room) == NGX_OK) {
        return NGX_OK;

    } else {
        error = "no memory";
    }

    (void) ngx_ai_tree_fail(c, p, error);
    c->rc = NGX_DECLINED;

    return NGX_ERROR;
}


static ngx_int_t
ngx_ai_tree_resize(ngx_ai_tree_t *t, ngx_uint_t room)
{
    ngx_ai_node_t  *nodes;

    nodes = ngx_alloc(room * sizeof(ngx_ai_node_t), t->log);
    if (nodes == NULL) {
        return NGX_ERROR;
    }

    if (t->nodes != NULL) {
        ngx_memcpy(nodes, t->nodes, t->n * sizeof(ngx_ai_node_t));
        ngx_free(t->nodes);
    }

    t->nodes = nodes;
    t->room = room;

    return NGX_OK;
}


static const u_char *
ngx_ai_tree_fail(ngx_ai_tree_ctx_t *c, const u_char *p, const char *error)
{
    ngx_ai_tree_t  *t;

    t = c->tree;

    /* whatever should have come */

    t->error = (p == c->end && t->n) ? "unexpected end" : error;
    t->offset = p - t->text.data;

    c->rc = NGX_ERROR;

    return NULL;
}
