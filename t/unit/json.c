
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_json.h"


/* what was read, written down, and where to stop */

typedef struct {
    ngx_ai_json_reader_t   reader;
    ngx_uint_t             stop;        /* at this event, from 1 */
    ngx_int_t              rc;          /* with this */
    ngx_uint_t             n;
    u_char                *last;
    u_char                 log[4096];
} json_log_t;


static ngx_int_t json_event(json_log_t *log, const char *kind,
    const ngx_str_t *text);
static ngx_int_t json_start_map(void *ctx);
static ngx_int_t json_key(void *ctx, const ngx_str_t *key);
static ngx_int_t json_end_map(void *ctx);
static ngx_int_t json_start_array(void *ctx);
static ngx_int_t json_end_array(void *ctx);
static ngx_int_t json_string(void *ctx, const ngx_str_t *value);
static ngx_int_t json_number(void *ctx, const ngx_str_t *text);
static ngx_int_t json_boolean(void *ctx, ngx_uint_t value);
static ngx_int_t json_null(void *ctx);
static ngx_int_t json_read(json_log_t *log, const char *json, ngx_uint_t depth);
static void test_events(void);
static void test_paths(void);
static void test_long_paths(void);
static void test_stops(void);
static void test_malformed(void);
static void test_strict(void);
static void test_depth(void);
static void test_no_interest(void);
static void test_written(void);
static void test_escapes(void);
static void test_any_bytes(void);
static void test_write_errors(void);
static void test_write_depth(void);


static const ngx_ai_json_events_t  json_events = {
    json_start_map, json_key, json_end_map, json_start_array, json_end_array,
    json_string, json_number, json_boolean, json_null
};


int
main(void)
{
    test_events();
    test_paths();
    test_long_paths();
    test_stops();
    test_malformed();
    test_strict();
    test_depth();
    test_no_interest();
    test_written();
    test_escapes();
    test_any_bytes();
    test_write_errors();
    test_write_depth();

    return done();
}


static ngx_int_t
json_event(json_log_t *log, const char *kind, const ngx_str_t *text)
{
    ngx_str_t  none = ngx_null_string;

    log->n++;
    log->last = ngx_slprintf(log->last, log->log + sizeof(log->log),
                             "%V:%s%V\n", &log->reader.path, kind,
                             text ? text : &none);

    return (log->n == log->stop) ? log->rc : NGX_OK;
}


static ngx_int_t
json_start_map(void *ctx)
{
    return json_event(ctx, "{", NULL);
}


static ngx_int_t
json_key(void *ctx, const ngx_str_t *key)
{
    return json_event(ctx, "key ", key);
}


static ngx_int_t
json_end_map(void *ctx)
{
    return json_event(ctx, "}", NULL);
}


static ngx_int_t
json_start_array(void *ctx)
{
    return json_event(ctx, "[", NULL);
}


static ngx_int_t
json_end_array(void *ctx)
{
    return json_event(ctx, "]", NULL);
}


static ngx_int_t
json_string(void *ctx, const ngx_str_t *value)
{
    return json_event(ctx, "string ", value);
}


static ngx_int_t
json_number(void *ctx, const ngx_str_t *text)
{
    return json_event(ctx, "number ", text);
}


static ngx_int_t
json_boolean(void *ctx, ngx_uint_t value)
{
    return json_event(ctx, value == 1 ? "true" : value == 0 ? "false" : "?",
                      NULL);
}


static ngx_int_t
json_null(void *ctx)
{
    return json_event(ctx, "null", NULL);
}


static ngx_int_t
json_read(json_log_t *log, const char *json, ngx_uint_t depth)
{
    ngx_int_t    rc;
    ngx_str_t    text;
    tap_guard_t  g;

    log->n = 0;
    log->last = log->log;

    text.len = strlen(json);
    text.data = tap_guard(&g, json, text.len);

    rc = ngx_ai_json_read(&log->reader, &text, depth, &json_events, log);

    tap_unguard(&g);

    return rc;
}


static void
test_events(void)
{
    json_log_t  log;

    log.stop = 0;

    is_int(json_read(&log, " { \"a\" : [ 1.0 , -0, 1e400,\"x\\u00e9\\n\" ,"
                     "true,false,null,{}, [] ],\"\":18446744073709551616}\n",
                     10),
           NGX_OK, "a document is read");

    is_str(log.log, log.last - log.log,
           ":{\n"
           "a:key a\n"
           "a:[\n"
           "a[0]:number 1.0\n"
           "a[1]:number -0\n"
           "a[2]:number 1e400\n"
           "a[3]:string x\xc3\xa9\n\n"
           "a[4]:true\n"
           "a[5]:false\n"
           "a[6]:null\n"
           "a[7]:{\n"
           "a[7]:}\n"
           "a[8]:[\n"
           "a[8]:]\n"
           "a:]\n"
           ":key \n"
           ":number 18446744073709551616\n"
           ":}\n",
           "its parts come in their order, numbers as they were written");

    is_int(json_read(&log, "\"alone\"", 10), NGX_OK, "a string is a document");
    is_str(log.log, log.last - log.log, ":string alone\n", "and its part");

    is_int(json_read(&log, "12", 10), NGX_OK, "so is a number");
    is_str(log.log, log.last - log.log, ":number 12\n",
           "that only the end ends");

    is_int(json_read(&log, "{\"a\":1,\"a\":2}", 10), NGX_OK,
           "what a key that comes twice means");
    is_int(log.n, 6, "is for the callbacks");
}


static void
test_paths(void)
{
    json_log_t  log;

    log.stop = 0;

    (void) json_read(&log, "{\"keys\":[{\"id\":1},{\"x\":[[2],[3,{\"y\":4}]],"
                     "\"id\":5}],\"z\":{\"keys\":6}}", 10);

    is_str(log.log, log.last - log.log,
           ":{\n"
           "keys:key keys\n"
           "keys:[\n"
           "keys[0]:{\n"
           "keys[0].id:key id\n"
           "keys[0].id:number 1\n"
           "keys[0]:}\n"
           "keys[1]:{\n"
           "keys[1].x:key x\n"
           "keys[1].x:[\n"
           "keys[1].x[0]:[\n"
           "keys[1].x[0][0]:number 2\n"
           "keys[1].x[0]:]\n"
           "keys[1].x[1]:[\n"
           "keys[1].x[1][0]:number 3\n"
           "keys[1].x[1][1]:{\n"
           "keys[1].x[1][1].y:key y\n"
           "keys[1].x[1][1].y:number 4\n"
           "keys[1].x[1][1]:}\n"
           "keys[1].x[1]:]\n"
           "keys[1].x:]\n"
           "keys[1].id:key id\n"
           "keys[1].id:number 5\n"
           "keys[1]:}\n"
           "keys:]\n"
           "z:key z\n"
           "z:{\n"
           "z.keys:key keys\n"
           "z.keys:number 6\n"
           "z:}\n"
           ":}\n",
           "the path is right at every part");

    (void) json_read(&log, "{\"a\\nb\\u007f\\u0000\":1}", 10);

    is_bytes(log.reader.path.data, log.reader.path.len, "", 0,
             "and at the end that of the document");
    ok(memmem(log.log, log.last - log.log, "a?b??:key", 9) != NULL,
       "a path has no control characters");
}


static void
test_long_paths(void)
{
    char        json[1000];
    size_t      i;
    json_log_t  log;

    ngx_memset(json, 'k', sizeof(json));
    ngx_memcpy(json, "[{\"", 3);
    ngx_memcpy(json + 300, "\":{\"x\":1}},2]", 14);

    log.stop = 6;
    log.rc = NGX_DECLINED;

    is_int(json_read(&log, json, 10), NGX_DECLINED, "a key may be long");
    is_int(log.reader.path.len, NGX_AI_JSON_PATH, "the path is cut");

    log.stop = 9;

    (void) json_read(&log, json, 10);
    is_str(log.reader.path.data, log.reader.path.len, "[1]",
           "and comes back whole");

    for (i = 0; i < 100; i++) {
        json[i] = '[';
        json[101 + i] = ']';
    }

    json[100] = '1';
    ngx_memcpy(json + 200, ",2]", 4);

    log.stop = 101;

    is_int(json_read(&log, json, 200), NGX_DECLINED, "it may be deep");
    is_int(log.reader.path.len, 3 * NGX_AI_JSON_LEVELS,
           "the path has its outer levels");

    log.stop = 201;

    is_int(json_read(&log, json, 200), NGX_DECLINED, "and out again");
    is_str(log.reader.path.data, log.reader.path.len, "[1]",
           "the levels are right");
}


static void
test_stops(void)
{
    ngx_uint_t  i, n, right;
    json_log_t  log;

    static const char  json[] = "{\n\"a\":[1,true,null,\"x\",{},[\n]],\n"
                                "\"b\":2}";

    log.stop = 0;
    (void) json_read(&log, json, 10);

    n = log.n;
    right = 1;

    for (i = 1; i <= n; i++) {
        log.stop = i;
        log.rc = (i % 2) ? NGX_DECLINED : NGX_ERROR;

        right &= (json_read(&log, json, 10) == log.rc && log.n == i
                  && log.reader.error == NULL);
    }

    is_int(n, 15, "there are many parts");
    ok(right, "each callback can end the reading, and its value is returned");

    log.stop = 1;
    (void) json_read(&log, json, 10);
    is_int(log.reader.line, 1, "the line is the first at first");

    log.stop = 4;
    (void) json_read(&log, json, 10);
    is_int(log.reader.line, 2, "it is that of the part");
    is_str(log.reader.path.data, log.reader.path.len, "a[0]",
           "and so is the path");

    log.stop = 11;
    (void) json_read(&log, json, 10);
    is_int(log.reader.line, 3, "wherever it ends");

    log.stop = 14;
    (void) json_read(&log, json, 10);
    is_int(log.reader.line, 4, "a number ends where its line does");
    is_str(log.reader.path.data, log.reader.path.len, "b", "with its path");

    log.stop = 1;
    is_int(json_read(&log, "12", 10), log.rc,
           "a number that the end ends can end the reading too");
    is_int(log.reader.line, 1, "in its line");
}


static void
test_malformed(void)
{
    ngx_uint_t  i;
    json_log_t  log;

    static const struct {
        const char  *json;
        ngx_uint_t   line;
        size_t       offset;
        const char  *error;
    } bad[] = {
        { "", 1, 0, "empty document" },
        { "{\n\n\"a\": tru }", 3, 11, "invalid literal" },
        { "{\n\"keys\": [\n{},\n]\n}", 4, 16, "unexpected character" },
        { "[1\n", 2, 3, "unexpected end" },
        { "[\"\\ud800\"]", 1, 8, "lone surrogate" },
        { "[1] 2", 1, 4, "unexpected character" }
    };

    log.stop = 0;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        is_int(json_read(&log, bad[i].json, 10), NGX_ERROR,
               "malformed %lu is an error", (unsigned long) i);
        is_int(log.reader.line, bad[i].line, "in its line");
        is_int(log.reader.offset, bad[i].offset, "at its byte");
        is_str(log.reader.error, strlen(log.reader.error), bad[i].error,
               "for its reason");
        is_int(log.n, 0, "before any callback");
    }
}


/* yajl alone takes all of these, but for the comment */

static void
test_strict(void)
{
    ngx_uint_t  i;
    json_log_t  log;

    static const char  *lenient[] = {
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
        "\"\xc0\x80\"", "\"\xc1\xbf\"", "\"\xe0\x80\x80\"",
        "\"\xf0\x80\x80\x80\"", "\"\xed\xa0\x80\"", "\"\xed\xbf\xbf\"",
        "\"\xf4\x90\x80\x80\"", "\"\xf7\xbf\xbf\xbf\"", "[1/**/]",
        "\v1", "\f1", "[]\"", "[1]\"x"
    };

    log.stop = 0;

    for (i = 0; i < sizeof(lenient) / sizeof(lenient[0]); i++) {
        is_int(json_read(&log, lenient[i], 10), NGX_ERROR,
               "the reader is as strict as the scanner (%lu)",
               (unsigned long) i);
    }
}


static void
test_depth(void)
{
    char        json[300001];
    json_log_t  log;

    log.stop = 0;

    is_int(json_read(&log, "[[[1]]]", 3), NGX_OK, "the depth is enough");
    is_int(json_read(&log, "[[[[1]]]]", 3), NGX_ERROR, "or not");

    ngx_memset(json, '[', 300000);
    json[300000] = '\0';

    is_int(json_read(&log, json, 1000), NGX_ERROR, "a bomb does not go off");
    is_int(log.reader.offset, 512, "and is seen early");
}


static void
test_no_interest(void)
{
    ngx_str_t             text;
    ngx_ai_json_reader_t  r;

    static const ngx_ai_json_events_t  none;

    ngx_str_set(&text, "{\"a\":[1,true,null,\"x\",{}]}");

    is_int(ngx_ai_json_read(&r, &text, 5, &none, NULL), NGX_OK,
           "callbacks may be missing");
}


static void
test_written(void)
{
    ngx_str_t             raw, empty, text;
    ngx_ai_buf_t          b;
    ngx_ai_json_writer_t  w;

    ngx_str_set(&raw, "{\"raw\":[]}");
    ngx_str_set(&text, "text");
    ngx_str_set(&empty, "");

    ngx_ai_buf_init(&b, 1000, &ngx_shim_log);
    ngx_ai_json_writer_init(&w, &b);

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "a");
    ngx_ai_json_write_array(&w);
    ngx_ai_json_write_int(&w, 0);
    ngx_ai_json_write_int(&w, INT64_MAX);
    ngx_ai_json_write_int(&w, INT64_MIN);
    ngx_ai_json_write_bool(&w, 1);
    ngx_ai_json_write_bool(&w, 0);
    ngx_ai_json_write_null(&w);
    ngx_ai_json_write_string(&w, &text);
    ngx_ai_json_write_string(&w, &empty);
    ngx_ai_json_write_string_or_null(&w, &text);
    ngx_ai_json_write_string_or_null(&w, &empty);
    ngx_ai_json_write_raw(&w, &raw);
    ngx_ai_json_write_array(&w);
    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_key(&w, "q\"k");
    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "");
    ngx_ai_json_write_null(&w);
    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_key(&w, "z");
    ngx_ai_json_write_int(&w, -1);
    ngx_ai_json_write_end(&w);

    is_int(w.rc, NGX_OK, "a document is written");
    is_str(b.start, ngx_ai_buf_len(&b),
           "{\"a\":[0,9223372036854775807,-9223372036854775808,true,false,null,"
           "\"text\",\"\",\"text\",null,{\"raw\":[]},[],{}],"
           "\"q\\\"k\":{\"\":null},\"z\":-1}",
           "with its commas and colons");

    ngx_ai_buf_reset(&b);
    ngx_ai_json_writer_init(&w, &b);
    ngx_ai_json_write_string(&w, &text);

    is_str(b.start, ngx_ai_buf_len(&b), "\"text\"", "a scalar needs neither");

    ngx_ai_buf_free(&b);
}


static void
test_escapes(void)
{
    ngx_str_t             value;
    ngx_uint_t            i;
    ngx_ai_buf_t          b;
    ngx_ai_json_writer_t  w;

    static const struct {
        const char  *text;
        const char  *want;
    } strings[] = {
        { "\"\\/\b\f\n\r\t\x01\x1f\x7f",
          "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0001\\u001f\x7f\"" },
        { "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
          "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"" },
        { "\xff" "a\xc3", "\"\xef\xbf\xbd" "a\xef\xbf\xbd\"" },
        { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xe2\x82\xac\xe2\x82", "\"\xe2\x82\xac\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "</script>", "\"</script>\"" }
    };

    for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        ngx_ai_buf_init(&b, 1000, &ngx_shim_log);
        ngx_ai_json_writer_init(&w, &b);

        value.data = (u_char *) strings[i].text;
        value.len = strlen(strings[i].text);

        ngx_ai_json_write_string(&w, &value);

        is_str(b.start, ngx_ai_buf_len(&b), strings[i].want,
               "string %lu is escaped where it must be", (unsigned long) i);

        ngx_ai_buf_free(&b);
    }
}


/* whatever is written is read, and what was UTF-8 is read as it was */

static void
test_any_bytes(void)
{
    u_char                bytes[40];
    uint32_t              random;
    ngx_str_t             value, text;
    ngx_uint_t            i, n, wrong;
    json_log_t            log;
    tap_guard_t           g;
    ngx_ai_buf_t          b;
    ngx_ai_json_writer_t  w;

    wrong = 0;
    random = 7;
    log.stop = 0;

    for (i = 0; i < 20000; i++) {

        value.len = tap_random(&random) % sizeof(bytes);

        for (n = 0; n < value.len; n++) {
            bytes[n] = (u_char) tap_random(&random);

            if (i % 2) {
                bytes[n] &= 0x7f;
            }
        }

        value.data = tap_guard(&g, bytes, value.len);

        ngx_ai_buf_init(&b, 1000, &ngx_shim_log);
        ngx_ai_json_writer_init(&w, &b);
        ngx_ai_json_write_string(&w, &value);

        text.data = b.start;
        text.len = ngx_ai_buf_len(&b);

        log.n = 0;
        log.last = log.log;

        if (w.rc != NGX_OK
            || ngx_ai_json_read(&log.reader, &text, 1, &json_events, &log)
               != NGX_OK
            || log.n != 1)
        {
            wrong++;

        } else if (i % 2
                   && ((size_t) (log.last - log.log) != value.len + 9
                       || ngx_memcmp(log.log + 8, bytes, value.len) != 0))
        {
            wrong++;
        }

        ngx_ai_buf_free(&b);
        tap_unguard(&g);
    }

    is_int(wrong, 0, "any bytes make a string that is JSON");
}


static void
test_write_errors(void)
{
    size_t                max;
    ngx_str_t             text;
    ngx_uint_t            right;
    ngx_ai_buf_t          b;
    ngx_ai_json_writer_t  w;

    ngx_str_set(&text, "a\nb\xff");

    right = 1;

    for (max = 0; max <= 40; max++) {
        ngx_ai_buf_init(&b, max, &ngx_shim_log);
        ngx_ai_json_writer_init(&w, &b);

        ngx_ai_json_write_object(&w);
        ngx_ai_json_write_key(&w, "key");
        ngx_ai_json_write_string(&w, &text);
        ngx_ai_json_write_key(&w, "n");
        ngx_ai_json_write_int(&w, 12345);
        ngx_ai_json_write_end(&w);

        right &= (ngx_ai_buf_len(&b) <= max
                  && w.rc == (max >= 27 ? NGX_OK : NGX_DECLINED));

        ngx_ai_buf_free(&b);
    }

    ok(right, "what does not fit is declined, wherever that is seen");

    ngx_ai_buf_init(&b, 100, &ngx_shim_log);
    ngx_ai_json_writer_init(&w, &b);

    ngx_shim_fail_at = 1;

    ngx_ai_json_write_array(&w);
    ngx_ai_json_write_end(&w);

    is_int(w.rc, NGX_ERROR, "no memory is an error");
    is_int(ngx_ai_buf_len(&b), 0, "after which nothing is written");

    ngx_ai_json_writer_init(&w, &b);
    ngx_ai_json_write_end(&w);

    is_int(w.rc, NGX_ERROR, "there is no end without a beginning");

    ngx_ai_buf_free(&b);
}


static void
test_write_depth(void)
{
    ngx_uint_t            i;
    ngx_ai_buf_t          b;
    ngx_ai_json_writer_t  w;

    ngx_ai_buf_init(&b, 1000, &ngx_shim_log);
    ngx_ai_json_writer_init(&w, &b);

    for (i = 0; i < NGX_AI_JSON_DEPTH; i++) {
        ngx_ai_json_write_array(&w);
    }

    is_int(w.rc, NGX_OK, "what is written may be deep");

    for (i = 0; i < NGX_AI_JSON_DEPTH; i++) {
        ngx_ai_json_write_end(&w);
    }

    is_int(w.rc, NGX_OK, "and all of it is ended");
    is_int(ngx_ai_buf_len(&b), 2 * NGX_AI_JSON_DEPTH, "as it began");

    for (i = 0; i <= NGX_AI_JSON_DEPTH; i++) {
        ngx_ai_json_write_object(&w);
        ngx_ai_json_write_key(&w, "");
    }

    is_int(w.rc, NGX_DECLINED, "but no deeper");

    ngx_ai_buf_free(&b);
}
