
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* JSON in a string of JSON, there and back */


#include "tap.h"

#include "ngx_ai_inner.h"


typedef struct {
    const char  *text;
    ngx_int_t    rc;
    const char  *json;
} read_row_t;


typedef struct {
    const char  *json;
    const char  *text;
} write_row_t;


static void test_read(void);
static void test_write(void);
static void test_blank(void);
static void test_memory(void);


extern ngx_log_t   ngx_shim_log;
extern ngx_uint_t  ngx_shim_fail_at;

static ngx_pool_t  *pool;


static const read_row_t  read_rows[] = {
    { "{}", NGX_OK, "{}" },
    { "{\\\"a\\\":1}", NGX_OK, "{\"a\":1}" },
    { "{\\\"a\\\":\\\"\\\\\\\"\\\\n\\\"}", NGX_OK,
      "{\"a\":\"\\\"\\n\"}" },
    { "{\\u0022a\\u0022:\\n\\t[]}", NGX_OK, "{\"a\":\n\t[]}" },
    { "{\\\"\\u00e9\\\":1}", NGX_OK, "{\"\xc3\xa9\":1}" },
    { "", NGX_OK, "{}" },
    { " \\n ", NGX_OK, "{}" },
    { " {} ", NGX_OK, " {} " },
    { "[]", NGX_DECLINED, NULL },
    { "null", NGX_DECLINED, NULL },
    { "{", NGX_DECLINED, NULL },
    { "{} {}", NGX_DECLINED, NULL },
    { "{\\\"a\\\":1", NGX_DECLINED, NULL },
    { "{'a':1}", NGX_DECLINED, NULL },
    { "\\q", NGX_DECLINED, NULL }
};


static const write_row_t  write_rows[] = {
    { "", "" },
    { "{}", "{}" },
    { "{\"a\":1}", "{\\\"a\\\":1}" },
    { "{\"a\":\"\\\"\\n\"}", "{\\\"a\\\":\\\"\\\\\\\"\\\\n\\\"}" },
    { "{\r\n\t\"a\": []}", "{\\r\\n\\t\\\"a\\\": []}" },
    { "{\"\xc3\xa9\":1}", "{\\\"\xc3\xa9\\\":1}" }
};


static void
test_read(void)
{
    ngx_str_t    text, json;
    ngx_uint_t   i;

    for (i = 0; i < sizeof(read_rows) / sizeof(read_row_t); i++) {
        text.data = (u_char *) read_rows[i].text;
        text.len = strlen(read_rows[i].text);

        is_int(ngx_ai_inner_read(pool, &text, &json), read_rows[i].rc,
               "read: %s", read_rows[i].text);

        if (read_rows[i].rc == NGX_OK) {
            is_str(json.data, json.len, read_rows[i].json, "is %s",
                   read_rows[i].json);
        }
    }
}


static void
test_write(void)
{
    ngx_str_t    json, text, again;
    ngx_uint_t   i;

    for (i = 0; i < sizeof(write_rows) / sizeof(write_row_t); i++) {
        json.data = (u_char *) write_rows[i].json;
        json.len = strlen(write_rows[i].json);

        is_int(ngx_ai_inner_write(pool, &json, &text), NGX_OK, "written: %s",
               write_rows[i].json);
        is_str(text.data, text.len, write_rows[i].text, "is %s",
               write_rows[i].text);

        if (json.len == 0) {
            continue;
        }

        ok(ngx_ai_inner_read(pool, &text, &again) == NGX_OK
           && again.len == json.len
           && memcmp(again.data, json.data, json.len) == 0, "and back");
    }
}


static void
test_blank(void)
{
    ngx_str_t    text;
    ngx_uint_t   i;

    static const char  *blank[] = { "", " ", "\\n", " \\t\\r\\f \\n" };
    static const char  *some[] = { "a", " a", "\\\\n", "\\u0020", "\\", "{}",
                                   "\\\"", "\\n0" };

    for (i = 0; i < sizeof(blank) / sizeof(blank[0]); i++) {
        text.data = (u_char *) blank[i];
        text.len = strlen(blank[i]);

        ok(ngx_ai_inner_blank(&text) == 1, "\"%s\" is blank", blank[i]);
    }

    for (i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        text.data = (u_char *) some[i];
        text.len = strlen(some[i]);

        ok(ngx_ai_inner_blank(&text) == 0, "\"%s\" is not", some[i]);
    }
}


static void
test_memory(void)
{
    ngx_str_t  text, json;

    /* one that takes more than is left of a block */

    text.len = 8192;
    text.data = malloc(text.len);

    memset(text.data, ' ', text.len);
    memcpy(text.data, "{\\n}", 4);

    ngx_shim_fail_at = 1;
    is_int(ngx_ai_inner_read(pool, &text, &json), NGX_ERROR,
           "escapes take memory");

    ngx_shim_fail_at = 1;
    is_int(ngx_ai_inner_write(pool, &text, &json), NGX_ERROR,
           "and so does writing them");

    ngx_shim_fail_at = 0;

    memcpy(text.data, "{  }", 4);

    ok(ngx_ai_inner_read(pool, &text, &json) == NGX_OK
       && json.data == text.data
       && ngx_ai_inner_write(pool, &text, &json) == NGX_OK
       && json.data == text.data,
       "where there are none, nothing is copied");

    free(text.data);
}


int
main(void)
{
    pool = ngx_create_pool(4096, &ngx_shim_log);

    test_read();
    test_write();
    test_blank();
    test_memory();

    ngx_destroy_pool(pool);

    return done();
}
