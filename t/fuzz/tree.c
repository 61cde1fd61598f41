
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The tree: it takes what the scanner takes, and halves of surrogate pairs,
 * and refuses the rest where the scanner does; its nodes are whole and well
 * nested; paths, integers, names and a walk by a table stay in their bounds.
 *
 *     input = nodes allowed, room for a path, the document
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_tree.h"
#include "ngx_ai_walk.h"

#include "tree.h"


#define FUZZ_MAX    100000
#define FUZZ_LOOKS  64


typedef struct {
    ngx_str_t      a;
    ngx_str_t      b;
    int64_t        n;
    ngx_uint_t     m;
    ngx_array_t   *model;
} fuzz_object_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz_path(ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    size_t max);
static void fuzz_int(ngx_ai_tree_t *t, const ngx_ai_node_t *node);
static void fuzz_key(ngx_ai_tree_t *t, const ngx_ai_node_t *node);
static void fuzz_walk(ngx_ai_tree_t *t);
static ngx_int_t fuzz_read(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to);
static void fuzz_check(ngx_uint_t good);


extern ngx_log_t  ngx_shim_log;


static const ngx_ai_member_t  fuzz_inner[] = {
    { ngx_string("a"), NGX_AI_ANY, ngx_ai_walk_raw,
      offsetof(fuzz_object_t, a), 1 },
    { ngx_string("b"), NGX_AI_BOOL, NULL, 0, 4 },
      ngx_ai_null_member
};


static const ngx_ai_member_t  fuzz_members[] = {
    { ngx_string("a"), NGX_AI_STRING|NGX_AI_ARRAY, fuzz_read,
      offsetof(fuzz_object_t, a), 1 },
    { ngx_string("b"), NGX_AI_ANY, ngx_ai_walk_raw,
      offsetof(fuzz_object_t, b), 2 },
    { ngx_string("n"), NGX_AI_NUMBER, ngx_ai_walk_count,
      offsetof(fuzz_object_t, n), 3 },
    { ngx_string("m"), NGX_AI_BOOL, ngx_ai_walk_flag,
      offsetof(fuzz_object_t, m), 0 },
    { ngx_string("model"), NGX_AI_STRING|NGX_AI_ARRAY, ngx_ai_walk_texts,
      offsetof(fuzz_object_t, model), 63 },
      ngx_ai_null_member
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t          max;
    ngx_str_t       text;
    ngx_uint_t      i;
    const char     *wrong;
    ngx_ai_tree_t   t;

    if (size < 2) {
        return 0;
    }

    max = data[1];

    /* memory of its own; what is behind it is for what checks, not the tree */

    text.len = size - 2;
    text.data = malloc(text.len ? text.len : 1);
    ngx_memcpy(text.data, data + 2, text.len);

    ngx_ai_tree_init(&t, data[0] * 8, &ngx_shim_log);

    if (ngx_ai_tree_read(&t, &text) != NGX_OK) {
        fuzz_check(t.error != NULL && t.n == 0 && t.offset <= text.len);
    }

    fuzz_check(t.n <= t.room && t.room <= (ngx_uint_t) data[0] * 8);

    ngx_ai_tree_free(&t);
    free(text.data);

    text.data = calloc(1, text.len + 1);
    ngx_memcpy(text.data, data + 2, text.len);

    ngx_ai_tree_init(&t, FUZZ_MAX, &ngx_shim_log);

    wrong = tree_compare(&t, &text);

    if (wrong) {
        fprintf(stderr, "%s\n", wrong);
        abort();
    }

    for (i = 0; i < t.n && i < FUZZ_LOOKS; i++) {
        fuzz_path(&t, &t.nodes[i], max);
        fuzz_int(&t, &t.nodes[i]);
        fuzz_key(&t, &t.nodes[i]);
    }

    if (t.n) {
        fuzz_path(&t, &t.nodes[t.n - 1], max);
        fuzz_walk(&t);
    }

    ngx_ai_tree_free(&t);
    free(text.data);

    return 0;
}


static void
fuzz_path(ngx_ai_tree_t *t, const ngx_ai_node_t *node, size_t max)
{
    u_char      *buf, *cut;
    ngx_str_t    all, path;
    ngx_uint_t   plain;

    buf = malloc(t->text.len + 12 * t->n + 1);
    cut = malloc(max ? max : 1);

    for (plain = 0; plain < 2; plain++) {

        ngx_ai_tree_path(t, node, plain, buf, t->text.len + 12 * t->n, &all);
        ngx_ai_tree_path(t, node, plain, cut, max, &path);

        fuzz_check(all.data == buf && path.data == cut);
        fuzz_check(path.len <= max && path.len <= all.len);
        fuzz_check(path.len == all.len || max - path.len < 4);
        fuzz_check(ngx_memcmp(path.data, all.data, path.len) == 0);
        fuzz_check(plain == 0 || max < all.len || path.len == all.len);
    }

    free(buf);
    free(cut);
}


static void
fuzz_int(ngx_ai_tree_t *t, const ngx_ai_node_t *node)
{
    char         text[20];
    int64_t      value;
    ngx_str_t    raw;

    if (node->type != NGX_AI_JSON_NUMBER) {
        fuzz_check(ngx_ai_tree_int(t, node, &value) == NGX_DECLINED);
        return;
    }

    ngx_ai_tree_raw(t, node, &raw);

    if (ngx_ai_tree_int(t, node, &value) == NGX_OK) {
        fuzz_check(strtold((char *) raw.data, NULL) == (long double) value);
        return;
    }

    /* what fits for sure is no fraction and not large */

    if (raw.len < sizeof(text) - 1) {
        ngx_memcpy(text, raw.data, raw.len);
        text[raw.len] = '\0';

        fuzz_check(strpbrk(text, ".eE") != NULL);
    }
}


static void
fuzz_key(ngx_ai_tree_t *t, const ngx_ai_node_t *node)
{
    u_char     *name;
    ngx_int_t   rc;
    ngx_str_t   text, key;

    if (node->type != NGX_AI_JSON_STRING) {
        return;
    }

    ngx_ai_tree_text(t, node, &text);

    name = malloc(text.len + 1);

    rc = ngx_ai_text_decode(text.data, text.len, name, text.len, &key);

    if (rc == NGX_OK && memchr(name, '\0', key.len) == NULL) {
        name[key.len] = '\0';

        fuzz_check(ngx_ai_tree_is(t, node, (char *) name));

        if (key.len) {
            name[key.len - 1] ^= 1;
            fuzz_check(name[key.len - 1] == '\0'
                       || !ngx_ai_tree_is(t, node, (char *) name));
        }
    }

    free(name);
}


static ngx_int_t
fuzz_read(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    fuzz_object_t         o;
    const ngx_ai_node_t  *node;

    if (value->type == NGX_AI_JSON_STRING) {
        return ngx_ai_walk_decode(w, value, to);
    }

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_walk_element(w, node, fuzz_inner, &o) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static void
fuzz_walk(ngx_ai_tree_t *t)
{
    uint64_t         marks;
    ngx_int_t        rc;
    ngx_uint_t       i, k;
    fuzz_object_t    o;
    ngx_ai_walk_t    w;
    ngx_ai_drops_t   drops;

    ngx_memzero(&w, sizeof(w));
    ngx_memzero(&o, sizeof(o));
    ngx_memzero(&drops, sizeof(drops));
    marks = 0;

    w.tree = t;
    w.pool = ngx_create_pool(4096, &ngx_shim_log);
    w.marks = &marks;
    w.drops = &drops;

    rc = ngx_ai_walk_element(&w, ngx_ai_tree_root(t), fuzz_members, &o);

    if (rc != NGX_OK) {
        fuzz_check(rc == NGX_ERROR && w.reason != NULL);
        fuzz_check(w.fault >= t->nodes && w.fault < t->nodes + t->n);

    } else {
        fuzz_check((marks & 4) == 0
                   || ngx_ai_tree_member(t, ngx_ai_tree_root(t), "b") != NULL);
        fuzz_check((marks >> 63) == (o.model != NULL));
        fuzz_check(o.n >= 0 && o.m < 2);
    }

    fuzz_check(drops.n <= NGX_AI_DROPS && drops.n <= drops.count);

    for (i = 0; i < drops.n; i++) {
        fuzz_check(drops.names[i].len <= NGX_AI_DROP_LEN);

        for (k = 0; k < i; k++) {
            fuzz_check(drops.names[i].len != drops.names[k].len
                       || ngx_memcmp(drops.names[i].data, drops.names[k].data,
                                     drops.names[i].len) != 0);
        }
    }

    ngx_destroy_pool(w.pool);
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
