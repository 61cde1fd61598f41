
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The scanner: at once = per byte = cuts that the fuzzer chooses; it accepts
 * what yajl accepts, less what yajl is lenient with; it finds the members that
 * a plain walk with yajl finds; the spans it tells are those of such values.
 *
 *     input = depth, seed of the cuts, the document
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <yajl/yajl_parse.h>

#include "ngx_ai_scan.h"


#define FUZZ_FIELDS  10
#define FUZZ_DEPTH   520
#define FUZZ_LEVELS  8


typedef struct {
    ngx_int_t             rc;
    ngx_ai_scan_t         scan;
    ngx_ai_scan_value_t   values[FUZZ_FIELDS];
} fuzz_run_t;


/* where the walk with yajl is, and what it found */

typedef struct {
    ngx_uint_t            depth;
    ngx_uint_t            array[FUZZ_DEPTH + 1];
    ngx_uint_t            members[FUZZ_DEPTH + 1];
    size_t                len[FUZZ_LEVELS];
    u_char                name[FUZZ_LEVELS][NGX_AI_SCAN_KEY];

    ngx_uint_t            count[FUZZ_FIELDS];
    ngx_ai_json_type_e    type[FUZZ_FIELDS];
    ngx_uint_t            n[FUZZ_FIELDS];
} fuzz_walk_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz_run(fuzz_run_t *run, ngx_uint_t depth, const uint8_t *data,
    size_t size, uint32_t seed);
static void fuzz_same(fuzz_run_t *a, fuzz_run_t *b);
static ngx_uint_t fuzz_lenient(const uint8_t *p, const uint8_t *end,
    ngx_uint_t max);
static size_t fuzz_utf8(const uint8_t *p, const uint8_t *end);
static ngx_uint_t fuzz_escaped(const uint8_t *p);
static void fuzz_spans(fuzz_run_t *run, const uint8_t *data);
static void fuzz_key(const uint8_t *p, const ngx_str_t *path);
static ngx_uint_t fuzz_yajl(fuzz_walk_t *walk, const uint8_t *data,
    size_t size);
static int fuzz_value(fuzz_walk_t *walk, ngx_ai_json_type_e type);
static ngx_int_t fuzz_field(fuzz_walk_t *walk, ngx_uint_t i);
static int fuzz_open(fuzz_walk_t *walk, ngx_uint_t array);
static int fuzz_close(void *ctx);
static int fuzz_map_key(void *ctx, const u_char *name, size_t len);
static int fuzz_null(void *ctx);
static int fuzz_boolean(void *ctx, int value);
static int fuzz_number(void *ctx, const char *value, size_t len);
static int fuzz_string(void *ctx, const u_char *value, size_t len);
static int fuzz_start_map(void *ctx);
static int fuzz_start_array(void *ctx);
static void fuzz_check(ngx_uint_t good);


static const ngx_ai_scan_field_t  fuzz_fields[FUZZ_FIELDS] = {
    { ngx_string("a") },
    { ngx_string("b") },
    { ngx_string("a.b") },
    { ngx_string("a.c.a") },
    { ngx_string("*") },
    { ngx_string("*.a") },
    { ngx_string("a.*") },
    { ngx_string("a.*.b") },
    { ngx_string("m.*.*.m.*.n") },
    { ngx_string("model") }
};


static const yajl_callbacks  fuzz_callbacks = {
    fuzz_null, fuzz_boolean, NULL, NULL, fuzz_number, fuzz_string,
    fuzz_start_map, fuzz_map_key, fuzz_close, fuzz_start_array, fuzz_close
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_uint_t   i, depth, accepted;
    fuzz_run_t   runs[3];
    fuzz_walk_t  walk;

    if (size < 2) {
        return 0;
    }

    depth = data[0] * 3;

    fuzz_run(&runs[0], depth, data + 2, size - 2, 0);
    fuzz_run(&runs[1], depth, data + 2, size - 2, 1);
    fuzz_run(&runs[2], depth, data + 2, size - 2, data[1] + 2);

    fuzz_same(&runs[0], &runs[1]);
    fuzz_same(&runs[0], &runs[2]);

    data += 2;
    size -= 2;

    accepted = !fuzz_lenient(data, data + size,
                             ngx_min(depth, NGX_AI_SCAN_DEPTH))
               && fuzz_yajl(&walk, data, size);

    fuzz_check(accepted == (runs[0].rc == NGX_OK));

    if (!accepted) {
        return 0;
    }

    fuzz_check(runs[0].scan.offset == (off_t) size);

    for (i = 0; i < FUZZ_FIELDS; i++) {
        fuzz_check(runs[0].values[i].count == walk.count[i]);

        if (walk.count[i]) {
            fuzz_check(runs[0].values[i].type == walk.type[i]);
            fuzz_check(runs[0].values[i].n == walk.n[i]);
        }
    }

    fuzz_spans(&runs[0], data);

    return 0;
}


/* seed: 0 at once, 1 per byte, else pieces of some length */

static void
fuzz_run(fuzz_run_t *run, ngx_uint_t depth, const uint8_t *data, size_t size,
    uint32_t seed)
{
    size_t      n;
    u_char     *piece;
    ngx_int_t   rc, end;

    fuzz_check(ngx_ai_scan_init(&run->scan, fuzz_fields, FUZZ_FIELDS,
                                run->values, depth)
               == NGX_OK);

    rc = NGX_AGAIN;

    do {
        n = (seed == 0) ? size : 1;

        if (seed > 1) {
            seed = seed * 1103515245 + 12345;
            n = (seed >> 16) % 24;
        }

        n = ngx_min(n, size);

        /* a piece is memory of its own, and gone when the next one comes */

        piece = malloc(n);

        if (n) {
            ngx_memcpy(piece, data, n);
        }

        rc = ngx_ai_scan_feed(&run->scan, piece, piece + n);

        free(piece);

        data += n;
        size -= n;

    } while (size && rc != NGX_ERROR);

    end = ngx_ai_scan_end(&run->scan);

    fuzz_check(rc == NGX_AGAIN || end == rc);
    fuzz_check((end == NGX_OK) == (run->scan.error == NULL));

    run->rc = end;
}


static void
fuzz_same(fuzz_run_t *a, fuzz_run_t *b)
{
    ngx_uint_t            i;
    ngx_ai_scan_value_t  *v, *w;

    fuzz_check(a->rc == b->rc);
    fuzz_check(a->scan.error == b->scan.error);
    fuzz_check(a->scan.offset == b->scan.offset);
    fuzz_check(a->scan.top.type == b->scan.top.type);
    fuzz_check(a->scan.top.start == b->scan.top.start);
    fuzz_check(a->scan.top.end == b->scan.top.end);
    fuzz_check(a->scan.top.n == b->scan.top.n);

    for (i = 0; i < FUZZ_FIELDS; i++) {
        v = &a->values[i];
        w = &b->values[i];

        fuzz_check(v->type == w->type);
        fuzz_check(v->count == w->count);
        fuzz_check(v->end == w->end);

        if (v->type == NGX_AI_JSON_NONE || v->end == -1) {
            continue;
        }

        fuzz_check(v->key == w->key);
        fuzz_check(v->start == w->start);
        fuzz_check(v->n == w->n);
        fuzz_check(v->integer == w->integer);
        fuzz_check(v->value == w->value);
        fuzz_check(v->cut == w->cut);
        fuzz_check(v->len == w->len);
        fuzz_check(ngx_memcmp(v->text, w->text, v->len) == 0);
    }
}


/*
 * What yajl may take and the scanner may not: too many levels, \v and \f
 * between tokens, halves of surrogate pairs, UTF-8 that is not strict, half a
 * string after the document.  The rest of the grammar is left to yajl.
 */

static ngx_uint_t
fuzz_lenient(const uint8_t *p, const uint8_t *end, ngx_uint_t max)
{
    size_t      n;
    ngx_uint_t  depth, string;

    depth = 0;
    string = 0;

    for ( /* void */ ; p < end; p += n) {

        n = 1;

        if (*p >= 0x80) {
            n = fuzz_utf8(p, end);

            if (n == 0) {
                return 1;
            }

            continue;
        }

        if (!string) {

            if (*p == '\v' || *p == '\f') {
                return 1;
            }

            if ((*p == '[' || *p == '{') && ++depth > max) {
                return 1;
            }

            if ((*p == ']' || *p == '}') && depth) {
                depth--;
            }

            string = (*p == '"');
            continue;
        }

        if (*p == '"') {
            string = 0;

        } else if (*p == '\\' && end - p > 1) {
            n = 2;

            if (end - p < 6 || p[1] != 'u') {
                continue;
            }

            switch (fuzz_escaped(p) & 0xfc00) {

            case 0xd800:
                if (end - p < 12 || p[6] != '\\' || p[7] != 'u'
                    || (fuzz_escaped(p + 6) & 0xfc00) != 0xdc00)
                {
                    return 1;
                }

                n = 12;
                break;

            case 0xdc00:
                return 1;
            }
        }
    }

    return string;
}


/* by the code point and not by ranges of bytes, unlike what it checks */

static size_t
fuzz_utf8(const uint8_t *p, const uint8_t *end)
{
    size_t    i, n;
    uint32_t  code;

    static const uint32_t  least[] = { 0, 0, 0x80, 0x800, 0x10000 };

    n = (*p & 0xe0) == 0xc0 ? 2 : (*p & 0xf0) == 0xe0 ? 3
        : (*p & 0xf8) == 0xf0 ? 4 : 0;

    if (n == 0 || (size_t) (end - p) < n) {
        return 0;
    }

    code = *p & (0x7f >> n);

    for (i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }

        code = code << 6 | (p[i] & 0x3f);
    }

    return (code < least[n] || code > 0x10ffff || (code & ~0x7ffu) == 0xd800)
           ? 0 : n;
}


static ngx_uint_t
fuzz_escaped(const uint8_t *p)
{
    char  hex[5];

    ngx_memcpy(hex, p + 2, 4);
    hex[4] = '\0';

    return strtoul(hex, NULL, 16);
}


/* a span is a document of its own, of the same type and size */

static void
fuzz_spans(fuzz_run_t *run, const uint8_t *data)
{
    ngx_uint_t            i;
    ngx_ai_scan_t         s;
    ngx_ai_scan_value_t  *v;

    for (i = 0; i < FUZZ_FIELDS; i++) {
        v = &run->values[i];

        if (v->type == NGX_AI_JSON_NONE) {
            continue;
        }

        (void) ngx_ai_scan_init(&s, NULL, 0, NULL, NGX_AI_SCAN_DEPTH);
        (void) ngx_ai_scan_feed(&s, data + v->start, data + v->end);

        fuzz_check(ngx_ai_scan_end(&s) == NGX_OK);
        fuzz_check(s.top.type == v->type);
        fuzz_check(s.top.start == 0);
        fuzz_check(s.top.end == v->end - v->start);
        fuzz_check(s.top.n == v->n);

        if (v->key != -1) {
            fuzz_check(v->key < v->start);
            fuzz_key(data + v->key, &fuzz_fields[i].path);
        }

        if (v->integer) {
            fuzz_check(v->value == strtoll((char *) data + v->start, NULL, 10));
        }
    }
}


static void
fuzz_key(const uint8_t *p, const ngx_str_t *path)
{
    u_char          name[NGX_AI_SCAN_KEY];
    ngx_str_t       key;
    ngx_ai_scan_t   s;
    const uint8_t  *end;

    (void) ngx_ai_scan_init(&s, NULL, 0, NULL, 1);

    for (end = p; ngx_ai_scan_feed(&s, end, end + 1) == NGX_AGAIN; end++) {
        /* void */
    }

    fuzz_check(s.top.type == NGX_AI_JSON_STRING);
    fuzz_check(s.error == NULL);
    fuzz_check(ngx_ai_scan_decode(p + 1, end - p - 1, name, sizeof(name), &key)
               == NGX_OK);
    fuzz_check(path->len >= key.len
               && ngx_memcmp(path->data + path->len - key.len, key.data,
                             key.len)
                  == 0);
}


static ngx_uint_t
fuzz_yajl(fuzz_walk_t *walk, const uint8_t *data, size_t size)
{
    ngx_uint_t   accepted;
    yajl_handle  yajl;

    ngx_memzero(walk, sizeof(fuzz_walk_t));

    yajl = yajl_alloc(&fuzz_callbacks, NULL, walk);

    accepted = (yajl_parse(yajl, data, size) == yajl_status_ok
                && yajl_complete_parse(yajl) == yajl_status_ok);

    yajl_free(yajl);

    return accepted;
}


static int
fuzz_value(fuzz_walk_t *walk, ngx_ai_json_type_e type)
{
    ngx_int_t   match;
    ngx_uint_t  i;

    if (walk->array[walk->depth] || walk->depth == 0) {
        walk->members[walk->depth]++;
    }

    for (i = 0; i < FUZZ_FIELDS; i++) {
        match = fuzz_field(walk, i);

        if (match) {
            walk->count[i]++;
            walk->type[i] = type;
            walk->n[i] = 0;
        }
    }

    return 1;
}


/* whether the value that begins, or the container that ends, is a field's */

static ngx_int_t
fuzz_field(fuzz_walk_t *walk, ngx_uint_t i)
{
    u_char      *p, *last, *dot;
    ngx_uint_t   level;

    if (walk->depth == 0 || walk->depth > NGX_AI_SCAN_LEVELS) {
        return 0;
    }

    p = fuzz_fields[i].path.data;
    last = p + fuzz_fields[i].path.len;

    for (level = 1; level <= walk->depth; level++) {

        if (p > last) {
            return 0;
        }

        for (dot = p; dot < last && *dot != '.'; dot++) { /* void */ }

        if (walk->array[level]) {
            if (dot - p != 1 || *p != '*') {
                return 0;
            }

        } else if (walk->len[level] != (size_t) (dot - p)
                   || (dot - p == 1 && *p == '*')
                   || ngx_memcmp(walk->name[level], p, dot - p) != 0)
        {
            return 0;
        }

        p = dot + 1;
    }

    return p == last + 1;
}


static int
fuzz_open(fuzz_walk_t *walk, ngx_uint_t array)
{
    fuzz_value(walk, array ? NGX_AI_JSON_ARRAY : NGX_AI_JSON_OBJECT);

    walk->depth++;
    fuzz_check(walk->depth <= FUZZ_DEPTH);

    walk->array[walk->depth] = array;
    walk->members[walk->depth] = 0;

    return 1;
}


static int
fuzz_close(void *ctx)
{
    ngx_uint_t    i, members;
    fuzz_walk_t  *walk = ctx;

    members = walk->members[walk->depth--];

    for (i = 0; i < FUZZ_FIELDS; i++) {
        if (fuzz_field(walk, i)) {
            walk->n[i] = members;
        }
    }

    return 1;
}


static int
fuzz_map_key(void *ctx, const u_char *name, size_t len)
{
    fuzz_walk_t  *walk = ctx;

    walk->members[walk->depth]++;

    if (walk->depth < FUZZ_LEVELS) {

        /* a longer one is like none */

        walk->len[walk->depth] = len;
        ngx_memcpy(walk->name[walk->depth], name,
                   ngx_min(len, NGX_AI_SCAN_KEY));
    }

    return 1;
}


static int
fuzz_null(void *ctx)
{
    return fuzz_value(ctx, NGX_AI_JSON_NULL);
}


static int
fuzz_boolean(void *ctx, int value)
{
    return fuzz_value(ctx, value ? NGX_AI_JSON_TRUE : NGX_AI_JSON_FALSE);
}


static int
fuzz_number(void *ctx, const char *value, size_t len)
{
    return fuzz_value(ctx, NGX_AI_JSON_NUMBER);
}


static int
fuzz_string(void *ctx, const u_char *value, size_t len)
{
    return fuzz_value(ctx, NGX_AI_JSON_STRING);
}


static int
fuzz_start_map(void *ctx)
{
    return fuzz_open(ctx, 0);
}


static int
fuzz_start_array(void *ctx)
{
    return fuzz_open(ctx, 1);
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
