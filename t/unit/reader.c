
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_reader.h"


#define PIECES  8
#define TEXT    "a\\u00e4\\n\xf0\x9f\x98\x80z"
#define PLAIN   "a\xc3\xa4\n\xf0\x9f\x98\x80z"


static void test_pieces(void);
static void test_strings(void);
static void test_again(void);
static void test_depth(void);
static void test_memory(void);
static ngx_uint_t cut(const char *text, size_t len, ngx_str_t *pieces,
    uint32_t *random);
static void uncut(ngx_str_t *pieces, ngx_uint_t n);
static ngx_int_t read_text(const char *text);


static ngx_pool_t       *pool;
static ngx_ai_reader_t  *readers;


static const ngx_ai_scan_field_t  fields[] = {
    { ngx_string("a") },
    { ngx_string("b.c") }
};


static const ngx_ai_table_t  tables[] = {
    { fields, 1 },
    { fields, 2 }
};


/* memory of its own for each piece, some of them empty */

static ngx_uint_t
cut(const char *text, size_t len, ngx_str_t *pieces, uint32_t *random)
{
    size_t      size;
    ngx_uint_t  i;

    for (i = 0; i < PIECES; i++) {
        size = (i == PIECES - 1) ? len : tap_random(random) % (len + 1);
        size = (tap_random(random) & 1) && i < PIECES - 1 ? size / 4 : size;

        pieces[i].data = malloc(size);
        pieces[i].len = size;
        memcpy(pieces[i].data, text, size);

        text += size;
        len -= size;
    }

    return PIECES;
}


static void
uncut(ngx_str_t *pieces, ngx_uint_t n)
{
    while (n--) {
        free(pieces[n].data);
    }
}


static ngx_int_t
read_text(const char *text)
{
    ngx_int_t    rc;
    ngx_str_t    s;
    tap_guard_t  g;

    s.len = strlen(text);
    s.data = tap_guard(&g, text, s.len);

    rc = ngx_ai_reader_read(&readers[1], &s);

    tap_unguard(&g);

    return rc;
}


static void
test_pieces(void)
{
    uint32_t    random;
    ngx_str_t   pieces[PIECES];
    ngx_int_t   rc;
    ngx_uint_t  i, n, wrong;

    static const char  good[] = " {\"x\":[1,2],\"a\":12345,"
                                "\"b\":{\"c\":true}} ";
    static const char  bad[] = "{\"a\":1,\"b\":{\"c\":tru}}";

    random = 1;
    wrong = 0;

    for (i = 0; i < 2000; i++) {
        n = cut(good, sizeof(good) - 1, pieces, &random);
        rc = ngx_ai_reader_read_pieces(&readers[1], pieces, n);
        uncut(pieces, n);

        wrong += (rc != NGX_OK || readers[1].values[0].value != 12345
                  || readers[1].values[0].start != 16
                  || readers[1].values[1].type != NGX_AI_JSON_TRUE
                  || readers[1].scan.top.start != 1);

        n = cut(bad, sizeof(bad) - 1, pieces, &random);
        rc = ngx_ai_reader_read_pieces(&readers[1], pieces, n);
        uncut(pieces, n);

        wrong += (rc != NGX_ERROR || readers[1].scan.offset != 19);
    }

    is_int(wrong, 0, "a document is the same in however many pieces");

    is_int(ngx_ai_reader_read_pieces(&readers[1], pieces, 0), NGX_ERROR,
           "no piece is no document");
}


static void
test_strings(void)
{
    uint32_t    random;
    ngx_str_t   pieces[PIECES], out;
    ngx_int_t   rc;
    ngx_uint_t  i, n, max, wrong;

    static const char  text[] = "{\"b\":{\"c\":\"\"},\"a\":\"" TEXT "\"}";

    random = 1;
    wrong = 0;

    for (i = 0; i < 3000; i++) {
        n = cut(text, sizeof(text) - 1, pieces, &random);
        max = sizeof(PLAIN) - 1 - (i & 1);

        wrong += (ngx_ai_reader_read_pieces(&readers[1], pieces, n) != NGX_OK);

        rc = ngx_ai_reader_string(&readers[1].values[0], pieces, n, max, pool,
                                  &out);

        if (i & 1) {
            wrong += (rc != NGX_DECLINED);

        } else {
            wrong += (rc != NGX_OK || out.len != max
                      || memcmp(out.data, PLAIN, max) != 0);
        }

        rc = ngx_ai_reader_string(&readers[1].values[1], pieces, n, 0, pool,
                                  &out);

        wrong += (rc != NGX_OK || out.len != 0);

        uncut(pieces, n);
        ngx_reset_pool(pool);
    }

    is_int(wrong, 0, "a string is the same, and one byte too long in them");
}


/* a reader is used for one document after the other */

static void
test_again(void)
{
    is_int(read_text("{\"a\":7,\"b\":{\"c\":8}}"), NGX_OK, "a document");
    is_int(readers[1].values[0].value, 7, "its value");

    is_int(read_text("{\"b\":{}}"), NGX_OK, "another one");
    is_int(readers[1].values[0].count, 0, "has no value of the first");
    is_int(readers[1].values[1].type, NGX_AI_JSON_NONE, "not one");

    is_int(read_text("{\"a\":"), NGX_ERROR, "one that is cut");
    is_int(read_text("{\"a\":9}"), NGX_OK, "does not harm the next");
    is_int(readers[1].values[0].value, 9, "which has its value");
    is_int(readers[0].values[0].count, 0, "another table has none of it");
}


static void
test_depth(void)
{
    char  text[600];

    memset(text, '[', 129);
    memset(text + 129, ']', 129);
    text[258] = '\0';

    is_int(read_text(text), NGX_ERROR, "129 containers are too many");

    text[257] = '\0';

    is_int(read_text(text + 1), NGX_OK, "128 are not");
}


static void
test_memory(void)
{
    ngx_str_t  s, out;

    ngx_str_set(&s, "{\"a\":\"x\"}");

    (void) ngx_ai_reader_read(&readers[1], &s);

    ngx_shim_fail_at = 1;

    is_int(ngx_ai_reader_string(&readers[1].values[0], &s, 1, 10, pool, &out),
           NGX_ERROR, "without memory there is no string");

    ngx_shim_fail_at = 1;

    ok(ngx_ai_readers_create(pool, tables, 2) == NULL, "and no reader");

    ngx_shim_fail_at = 0;
}


int
main(void)
{
    ngx_pool_t  *table;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    table = ngx_create_pool(4096, &ngx_shim_log);

    readers = ngx_ai_readers_create(table, tables, 2);

    test_pieces();
    test_strings();
    test_again();
    test_depth();
    test_memory();

    ngx_destroy_pool(pool);
    ngx_destroy_pool(table);

    return done();
}
