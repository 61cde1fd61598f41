
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* What the scanner notes of the values that are asked for. */


#include "scan.h"


static void values(scan_result_t *r, const char *json);
static void test_absent(void);
static void test_types(void);
static void test_offsets(void);
static void test_large_offsets(void);
static void test_elsewhere(void);
static void test_keys(void);
static void test_long_keys(void);
static void test_duplicates(void);
static void test_elements(void);
static void test_counts(void);
static void test_numbers(void);
static void test_text(void);
static void test_top(void);
static void test_splice(void);
static void test_paths(void);
static void test_many_paths(void);
static void test_errors(void);


enum {
    MODEL = 0,
    STREAM,
    USAGE,
    TOTAL,
    CACHED,
    CHOICES,
    CHOICE,
    FINISH,
    DEEP,
    STARS,
    CAFE,
    NFIELDS
};


static const ngx_ai_scan_field_t  fields[NFIELDS] = {
    { ngx_string("model") },
    { ngx_string("stream") },
    { ngx_string("usage") },
    { ngx_string("usage.total") },
    { ngx_string("usage.details.cached") },
    { ngx_string("choices") },
    { ngx_string("choices.*") },
    { ngx_string("choices.*.finish") },
    { ngx_string("a.b.c.d.e.f") },
    { ngx_string("m.*.*") },
    { ngx_string("caf\xc3\xa9 \xf0\x9f\x98\x80") }
};

static const scan_conf_t  conf = { fields, NFIELDS, 100 };


int
main(void)
{
    test_absent();
    test_types();
    test_offsets();
    test_large_offsets();
    test_elsewhere();
    test_keys();
    test_long_keys();
    test_duplicates();
    test_elements();
    test_counts();
    test_numbers();
    test_text();
    test_top();
    test_splice();
    test_paths();
    test_many_paths();
    test_errors();

    return done();
}


static void
values(scan_result_t *r, const char *json)
{
    scan(r, &conf, json, strlen(json), json);

    is_int(r->rc, NGX_OK, "it is JSON");
}


static void
test_absent(void)
{
    ngx_uint_t     i, f, right;
    scan_result_t  r;

    static const char  *none[] = { "{}", "[]", "\"model\"",
                                   "[\"model\",\"m\"]", "{\"x\":1}",
                                   "[{\"model\":\"m\"}]" };

    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        values(&r, none[i]);

        right = 1;

        for (f = 0; f < NFIELDS; f++) {
            right &= (r.values[f].type == NGX_AI_JSON_NONE
                      && r.values[f].count == 0);
        }

        ok(right, "and has nothing of what was asked for");
    }
}


static void
test_types(void)
{
    char           json[100];
    ngx_uint_t     i;
    scan_result_t  r;

    static const struct {
        const char          *json;
        ngx_ai_json_type_e   type;
        const char          *text;
    } types[] = {
        { "null", NGX_AI_JSON_NULL, "null" },
        { "false", NGX_AI_JSON_FALSE, "false" },
        { "true", NGX_AI_JSON_TRUE, "true" },
        { "0", NGX_AI_JSON_NUMBER, "0" },
        { "-1.50e+3", NGX_AI_JSON_NUMBER, "-1.50e+3" },
        { "\"\"", NGX_AI_JSON_STRING, "" },
        { "\"gpt\"", NGX_AI_JSON_STRING, "gpt" },
        { "\"\\u0067\\n\xc3\xa9\"", NGX_AI_JSON_STRING, "\\u0067\\n\xc3\xa9" },
        { "[]", NGX_AI_JSON_ARRAY, "" },
        { "[\"x\",{}]", NGX_AI_JSON_ARRAY, "" },
        { "{}", NGX_AI_JSON_OBJECT, "" },
        { "{\"model\":1}", NGX_AI_JSON_OBJECT, "" }
    };

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        snprintf(json, sizeof(json), "{\"x\":0,\"model\":%s}", types[i].json);

        values(&r, json);

        is_int(r.values[MODEL].type, types[i].type, "the type is known");
        is_int(r.values[MODEL].count, 1, "it was there once");
        is_int(r.values[MODEL].key, 7, "its key is where it is");
        is_int(r.values[MODEL].start, 15, "it begins where it begins");
        is_int(r.values[MODEL].end, 15 + strlen(types[i].json),
               "it ends where it ends");
        is_str(r.values[MODEL].text, r.values[MODEL].len, types[i].text,
               "a scalar's source is kept");
    }
}


static void
test_offsets(void)
{
    scan_result_t         r;
    ngx_ai_scan_value_t  *v;

    values(&r, " { \"model\" :\t\"m\" , \"usage\":{ \"x\":1,\"total\" : 12 }\n,"
               "\"choices\": [ {\"finish\": null } ] } ");

    v = &r.values[MODEL];
    is_int(v->key, 3, "white space before a key is not the key's");
    is_int(v->start, 13, "white space after a colon is not the value's");
    is_int(v->end, 16, "white space after a value is not the value's");

    v = &r.values[USAGE];
    is_int(v->key, 19, "so for an object");
    is_int(v->start, 27, "its bracket opens");
    is_int(v->end, 49, "and closes");
    is_int(v->n, 2, "its members are counted");

    v = &r.values[TOTAL];
    is_int(v->key, 35, "so for a member of it");
    is_int(v->start, 45, "that begins");
    is_int(v->end, 47, "and ends");

    v = &r.values[CHOICES];
    is_int(v->start, 62, "so for an array");
    is_int(v->end, 83, "to its end");
    is_int(v->n, 1, "its elements are counted");

    v = &r.values[CHOICE];
    is_int(v->key, -1, "an element has no key");
    is_int(v->start, 64, "it begins");
    is_int(v->end, 81, "and ends");

    v = &r.values[FINISH];
    is_int(v->key, 65, "so for what is in it");
    is_int(v->start, 75, "that begins");
    is_int(v->end, 79, "and ends");

    is_int(r.top.start, 1, "the document begins after white space");
    is_int(r.top.end, 85, "and ends before it");
}


static void
test_large_offsets(void)
{
    u_char                text[65536];
    ngx_uint_t            i;
    ngx_ai_scan_t         s;
    ngx_ai_scan_value_t   v[NFIELDS];

    (void) ngx_ai_scan_init(&s, fields, NFIELDS, v, 10);

    ngx_memcpy(text, "{\"x\":\"", 6);
    (void) ngx_ai_scan_feed(&s, text, text + 6);

    ngx_memset(text, 'a', sizeof(text));

    for (i = 0; i < 65537; i++) {
        if (ngx_ai_scan_feed(&s, text, text + sizeof(text)) != NGX_AGAIN) {
            break;
        }
    }

    is_int(i, 65537, "a document may be larger than 4 GB");

    ngx_memcpy(text, "\",\"model\":7}", 12);

    is_int(ngx_ai_scan_feed(&s, text, text + 12), NGX_OK, "to its end");
    is_int(v[MODEL].start, 6 + 65537LL * 65536 + 10,
           "and its offsets stay right");
}


static void
test_elsewhere(void)
{
    scan_result_t  r;

    values(&r, "{\"x\":{\"model\":1,\"usage\":{\"total\":2}},"
               "\"y\":[{\"model\":3}],\"usage\":{\"model\":4,\"usage\":5},"
               "\"choices\":[[{\"finish\":6}],7]}");

    is_int(r.values[MODEL].count, 0, "a name elsewhere is not the path");
    is_int(r.values[TOTAL].count, 0, "nor below a name elsewhere");
    is_int(r.values[USAGE].count, 1, "nor in itself");
    is_int(r.values[FINISH].count, 0, "an array is no element to look into");
    is_int(r.values[CHOICE].count, 2, "though it is an element");

    values(&r, "{\"choices\":{\"*\":{\"finish\":1}},\"usage\":[1]}");

    is_int(r.values[CHOICES].type, NGX_AI_JSON_OBJECT, "a wrong type is seen");
    is_int(r.values[CHOICE].count, 0, "a star is no member's name");
    is_int(r.values[FINISH].count, 0, "and leads nowhere");

    values(&r, "{\"usage\":{\"details\":3},\"usage\":[{\"total\":1}]}");

    is_int(r.values[TOTAL].count, 0, "an element is not a member");
    is_int(r.values[CACHED].count, 0, "a scalar has no members");

    values(&r, "{\"usage.total\":1,\"usage\":{\"details.cached\":2}}");

    is_int(r.values[TOTAL].count, 0, "a dot in a key is no path");
    is_int(r.values[CACHED].count, 0, "at no depth");

    values(&r, "{\"usage\":{\"details\":{\"cached\":1,\"x\":{\"y\":{}}},"
               "\"total\":2},\"stream\":true,\"model\":3}");

    is_int(r.values[CACHED].value, 1, "after deeper containers");
    is_int(r.values[TOTAL].value, 2, "the level is still");
    is_int(r.values[STREAM].count, 1, "the one");
    is_int(r.values[MODEL].value, 3, "it was");
}


static void
test_keys(void)
{
    ngx_uint_t     i;
    scan_result_t  r;

    static const char  *same[] = {
        "{\"mo\\u0064el\":1}", "{\"\\u006dodel\":1}", "{\"mode\\u006C\":1}",
        "{\"\\u006d\\u006f\\u0064\\u0065\\u006c\":1}"
    };

    static const char  *other[] = {
        "{\"Model\":1}", "{\"mode\":1}", "{\"models\":1}", "{\"model \":1}",
        "{\"\":1}", "{\"mo\\u0064elx\":1}", "{\"model\\u0000\":1}",
        "{\"mo\\ndel\":1}", "{\"\\ud83d\\ude00\":1}", "{\"m\\u00f6del\":1}",
        "{\"mod\xc3\xabl\":1}", "{\"modem\":1}", "{\"\\\\u006dodel\":1}",
        "{\"mo\\/del\":1}"
    };

    for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        values(&r, same[i]);
        is_int(r.values[MODEL].count, 1, "an escaped key is the key");
        is_int(r.values[MODEL].key, 1, "from its quote on");
    }

    for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        values(&r, other[i]);
        is_int(r.values[MODEL].count, 0, "another key is another key");
    }

    values(&r, "{\"caf\xc3\xa9 \xf0\x9f\x98\x80\":1,"
               "\"x\":{\"caf\xc3\xa9\\n\":2},"
               "\"\\u0063a\\u0066\\u00e9 \\ud83d\\uDE00\":3,"
               "\"caf\xc3\xa9\\u0020\xf0\x9f\x98\x80\":4}");

    is_int(r.values[CAFE].count, 3, "a key is not only ASCII");
}


static void
test_long_keys(void)
{
    char                  json[600], name[80];
    size_t                len, i;
    ngx_uint_t            right, escaped;
    scan_conf_t           long_conf;
    scan_result_t         r;
    ngx_ai_scan_field_t   field;

    right = 1;

    long_conf.fields = &field;
    long_conf.nfields = 1;
    long_conf.depth = 5;

    for (len = 1; len <= 64; len++) {
        for (escaped = 0; escaped < 2; escaped++) {

            ngx_memset(name, 'k', sizeof(name));
            field.path.data = (u_char *) name;
            field.path.len = len;

            /* one byte less, all, and one more */

            for (i = len - 1; i <= len + 1; i++) {
                snprintf(json, sizeof(json), "{\"%.*s%s\":1}",
                         (int) (i - (escaped && i)), name,
                         escaped && i ? "\\u006b" : "");

                scan_run(&r, &long_conf, json, strlen(json),
                         len % SCAN_RUNNERS);

                right &= (r.rc == NGX_OK
                          && r.values[0].count == (i == len));
            }
        }
    }

    ok(right, "a key matches up to 64 bytes, and no longer one");

    /* escapes do not count */

    for (i = 0, len = 0; i < 64; i++) {
        len += snprintf(json + len, sizeof(json) - len, "%s\\u006B",
                        i ? "" : "{\"");
    }

    snprintf(json + len, sizeof(json) - len, "\":1}");

    field.path.len = 64;
    scan(&r, &long_conf, json, strlen(json), "a key all of escapes");

    is_int(r.values[0].count, 1, "escapes do not make a key longer");
}


static void
test_duplicates(void)
{
    scan_result_t  r;

    values(&r, "{\"model\":\"a\",\"mode\\u006c\":\"b\",\"model\":[1]}");

    is_int(r.values[MODEL].count, 3, "duplicates are counted");
    is_int(r.values[MODEL].type, NGX_AI_JSON_ARRAY, "the last one is told");
    is_int(r.values[MODEL].start, 38, "where it is");
    is_int(r.values[MODEL].n, 1, "with its elements");
    is_int(r.values[MODEL].len, 0, "and nothing of those before");

    values(&r, "{\"model\":{\"x\":1,\"y\":2},\"model\":12,\"model\":\"c\"}");

    is_int(r.values[MODEL].count, 3, "whatever they are");
    is_int(r.values[MODEL].n, 0, "no members are left of them");
    is_int(r.values[MODEL].integer, 0, "and no number");
    is_int(r.values[MODEL].value, 0, "nor its value");
    is_str(r.values[MODEL].text, r.values[MODEL].len, "c", "but the text");

    values(&r, "{\"model\":\"0123456789012345678901234567890123456789"
               "01234567890123456789012345678901234567890\",\"model\":\"d\"}");

    is_int(r.values[MODEL].cut, 0, "nor is it cut");

    values(&r, "{\"usage\":{\"total\":1},\"usage\":{\"total\":2}}");

    is_int(r.values[USAGE].count, 2, "in an object and its duplicate");
    is_int(r.values[TOTAL].count, 2, "a member is there twice");
    is_int(r.values[TOTAL].value, 2, "and the last is told");

    values(&r, "{\"usage\":{\"total\":1},\"usage\":null}");

    is_int(r.values[TOTAL].value, 1, "a member outlives its object");
    is_int(r.values[USAGE].type, NGX_AI_JSON_NULL, "that came again");
}


static void
test_elements(void)
{
    scan_result_t  r;

    values(&r, "{\"choices\":[{\"finish\":null,\"x\":[1,{\"finish\":0}]},"
               "{\"finish\":\"stop\"},{},{\"finish\":\"length\"}]}");

    is_int(r.values[CHOICES].n, 4, "the elements are counted");
    is_int(r.values[CHOICE].count, 4, "all elements match a star");
    is_int(r.values[CHOICE].n, 1, "the last one is told");
    is_int(r.values[FINISH].count, 3, "and those of their members there are");
    is_str(r.values[FINISH].text, r.values[FINISH].len, "length",
           "and the last of them");

    values(&r, "{\"choices\":[ ]}");

    is_int(r.values[CHOICES].type, NGX_AI_JSON_ARRAY, "an empty array is one");
    is_int(r.values[CHOICES].n, 0, "of no elements");
    is_int(r.values[CHOICE].count, 0, "none of which matches");

    values(&r, "{\"m\":[[1,2],[],[3,[4]],5]}");

    is_int(r.values[STARS].count, 4, "stars follow stars");
    is_int(r.values[STARS].type, NGX_AI_JSON_ARRAY, "to the last one");
    is_int(r.values[STARS].start, 18, "wherever it is");
    is_int(r.values[STARS].key, -1, "without a key");
}


static void
test_counts(void)
{
    char           json[200];
    ngx_uint_t     i;
    scan_result_t  r;

    static const struct {
        const char  *json;
        ngx_uint_t   n;
    } counts[] = {
        { "{}", 0 }, { "{ }", 0 }, { "{\"a\":1}", 1 },
        { "{\"a\":1,\"b\":2}", 2 }, { "{\"a\":{\"b\":1,\"c\":2}}", 1 },
        { "{\"a\\\\\":[1,2,3],\"b\":4}", 2 }, { "[]", 0 }, { "[[],[],[1]]", 3 },
        { "[ 1 , 2 ]", 2 }, { "[{\"a\":1},[2,3]]", 2 },
        { "[\"a,b\",\"c\"]", 2 }, { "\"a,b\"", 0 }, { "1", 0 }
    };

    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {

        values(&r, counts[i].json);
        is_int(r.top.n, counts[i].n, "what is at the top is counted");

        snprintf(json, sizeof(json), "{\"model\":%s}", counts[i].json);
        values(&r, json);
        is_int(r.values[MODEL].n, counts[i].n, "and what is in a member");

        snprintf(json, sizeof(json),
                 "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":%s}}}}}}",
                 counts[i].json);
        values(&r, json);
        is_int(r.values[DEEP].count, 1, "as deep as a path can be");
        is_int(r.values[DEEP].n, counts[i].n, "too");
        is_int(r.values[DEEP].end, 30 + strlen(counts[i].json),
               "to the end");
    }
}


static void
test_numbers(void)
{
    char           json[200];
    ngx_uint_t     i;
    scan_result_t  r;

    static const struct {
        const char  *text;
        ngx_uint_t   integer;
        int64_t      value;
    } numbers[] = {
        { "0", 1, 0 },
        { "-0", 1, 0 },
        { "7", 1, 7 },
        { "-42", 1, -42 },
        { "9007199254740993", 1, 9007199254740993LL },
        { "9223372036854775806", 1, INT64_MAX - 1 },
        { "9223372036854775807", 1, INT64_MAX },
        { "9223372036854775808", 0, 0 },
        { "9223372036854775810", 0, 0 },
        { "-9223372036854775807", 1, INT64_MIN + 1 },
        { "-9223372036854775808", 1, INT64_MIN },
        { "-9223372036854775809", 0, 0 },
        { "18446744073709551615", 0, 0 },
        { "18446744073709551616", 0, 0 },
        { "18446744073709551617", 0, 0 },
        { "99999999999999999999", 0, 0 },
        { "1.0", 0, 0 },
        { "1e2", 0, 0 },
        { "1E2", 0, 0 },
        { "-0.0", 0, 0 },
        { "1e400", 0, 0 },
        { "123456789012345678901234567890123456789012345678901234567890",
          0, 0 }
    };

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        snprintf(json, sizeof(json), "{\"model\":%s}", numbers[i].text);

        values(&r, json);

        is_int(r.values[MODEL].integer, numbers[i].integer,
               "%s is an integer that fits, or not", numbers[i].text);
        is_int(r.values[MODEL].value, numbers[i].value, "its value is exact");
        is_str(r.values[MODEL].text, r.values[MODEL].len, numbers[i].text,
               "its source is kept");
    }

    ngx_memset(json, '1', sizeof(json));
    ngx_memcpy(json, "{\"model\":", 9);
    ngx_memcpy(json + 9 + NGX_AI_SCAN_TEXT + 1, "}", 2);

    values(&r, json);

    is_int(r.values[MODEL].cut, 1, "a number too long to be kept is cut");
    is_int(r.values[MODEL].integer, 0, "and no integer");
}


static void
test_text(void)
{
    char           json[200];
    size_t         len, i;
    ngx_uint_t     right;
    scan_result_t  r;

    right = 1;

    for (len = 0; len < 140; len++) {
        snprintf(json, sizeof(json), "{\"model\":\"");

        for (i = 0; i < len; i++) {
            json[10 + i] = (char) ('A' + i % 26);
        }

        ngx_memcpy(json + 10 + len, "\"}", 3);

        scan_run(&r, &conf, json, strlen(json), len % SCAN_RUNNERS);

        right &= (r.rc == NGX_OK
                  && r.values[MODEL].len == ngx_min(len, NGX_AI_SCAN_TEXT)
                  && r.values[MODEL].cut == (len > NGX_AI_SCAN_TEXT)
                  && ngx_memcmp(r.values[MODEL].text, json + 10,
                                r.values[MODEL].len) == 0
                  && r.values[MODEL].end == (off_t) (11 + len));
    }

    ok(right, "the first 64 bytes of a text are kept, cut tells of more");
}


static void
test_top(void)
{
    scan_result_t  r;

    values(&r, " \n{\"a\":1} ");

    is_int(r.top.type, NGX_AI_JSON_OBJECT, "the type at the top is known");
    is_int(r.top.start, 2, "where it begins");
    is_int(r.top.end, 9, "and ends");
    is_int(r.top.n, 1, "and what it holds");

    values(&r, "[]");
    is_int(r.top.type, NGX_AI_JSON_ARRAY, "an array is an array");

    values(&r, " \"a\" ");
    is_int(r.top.type, NGX_AI_JSON_STRING, "a string is a string");
    is_int(r.top.end, 4, "with its quotes");

    values(&r, " 12");
    is_int(r.top.type, NGX_AI_JSON_NUMBER, "a number is a number");
    is_int(r.top.end, 3, "to its last digit");

    values(&r, "12 ");
    is_int(r.top.end, 2, "whatever ends it");

    values(&r, "null");
    is_int(r.top.type, NGX_AI_JSON_NULL, "and null is null");
}


/* what the scanner is for: put in a member, replace a value, take one out */

static void
test_splice(void)
{
    char           out[200];
    scan_result_t  r;

    static const char  json[] = "{ \"stream\":true,\"model\" : \"alias\"}";

    values(&r, json);

    snprintf(out, sizeof(out), "%.*s\"real\"%s",
             (int) r.values[MODEL].start, json, json + r.values[MODEL].end);

    is_str(out, strlen(out), "{ \"stream\":true,\"model\" : \"real\"}",
           "a value can be replaced by its offsets");

    snprintf(out, sizeof(out), "{\"x\":1%s%s", r.top.n ? "," : "",
             json + r.top.start + 1);

    values(&r, out);
    is_int(r.top.n, 3, "a member can be put in after the bracket");
}


static void
test_paths(void)
{
    u_char                path[300];
    ngx_uint_t            i;
    ngx_ai_scan_t         s;
    ngx_ai_scan_field_t   twice[2], field;
    ngx_ai_scan_value_t   v[2];

    static const char  *bad[] = { "", ".", "a.", ".a", "a..b",
                                  "a.b.c.d.e.f.g" };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        field.path.data = (u_char *) bad[i];
        field.path.len = strlen(bad[i]);

        is_int(ngx_ai_scan_init(&s, &field, 1, v, 10), NGX_DECLINED,
               "'%s' is no path", bad[i]);
        is_int(ngx_ai_scan_feed(&s, (u_char *) "{}", (u_char *) "{}" + 2),
               NGX_ERROR, "without which nothing is scanned");
    }

    ngx_memset(path, 'a', sizeof(path));

    field.path.data = path;
    field.path.len = 64;
    is_int(ngx_ai_scan_init(&s, &field, 1, v, 10), NGX_OK,
           "a name may be as long as a key");

    field.path.len = 65;
    is_int(ngx_ai_scan_init(&s, &field, 1, v, 10), NGX_DECLINED,
           "and no longer");

    path[60] = path[120] = path[180] = path[240] = '.';

    field.path.len = 256;
    is_int(ngx_ai_scan_init(&s, &field, 1, v, 10), NGX_DECLINED,
           "a path has a longest length too");

    field.path.len = 255;
    is_int(ngx_ai_scan_init(&s, &field, 1, v, 10), NGX_OK, "which fits");

    twice[0].path.data = twice[1].path.data = (u_char *) "a.b";
    twice[0].path.len = twice[1].path.len = 3;

    is_int(ngx_ai_scan_init(&s, twice, 2, v, 10), NGX_DECLINED,
           "the same path twice is a mistake");

    twice[1].path.len = 1;

    is_int(ngx_ai_scan_init(&s, twice, 2, v, 10), NGX_OK,
           "the beginning of a path is another path");
}


static void
test_many_paths(void)
{
    char                  names[33][40], json[2000];
    size_t                len;
    ngx_uint_t            i, right;
    scan_conf_t           many;
    ngx_ai_scan_t         s;
    scan_result_t         r;
    ngx_ai_scan_field_t   f[33];
    ngx_ai_scan_value_t   v[33];

    len = (size_t) snprintf(json, sizeof(json), "{");

    for (i = 0; i < 33; i++) {
        f[i].path.len = (size_t) snprintf(names[i], sizeof(names[i]), "k%d",
                                          (int) i);
        f[i].path.data = (u_char *) names[i];

        if (i < 32) {
            len += (size_t) snprintf(json + len, sizeof(json) - len,
                                     "%s\"k%d\":%d", i ? "," : "", (int) i,
                                     (int) i);
        }
    }

    snprintf(json + len, sizeof(json) - len, "}");

    many.fields = f;
    many.nfields = 32;
    many.depth = 5;

    scan(&r, &many, json, strlen(json), "32 fields");

    right = 1;

    for (i = 0; i < 32; i++) {
        right &= (r.values[i].count == 1 && r.values[i].value == (int64_t) i);
    }

    ok(right, "32 fields can be asked for");

    is_int(ngx_ai_scan_init(&s, f, 33, v, 10), NGX_DECLINED, "and no more");

    for (i = 0; i < 32; i++) {
        f[i].path.len = (size_t) snprintf(names[i], sizeof(names[i]),
                                          "a%d.b%d.c", (int) i, (int) i);
    }

    is_int(ngx_ai_scan_init(&s, f, 32, v, 10), NGX_DECLINED,
           "nor as many different names");

    is_int(ngx_ai_scan_init(&s, f, 20, v, 10), NGX_OK, "but 60 of them");
}


static void
test_errors(void)
{
    scan_result_t  r;

    static const char  json[] = "{\"model\":\"m\",\"usage\":{\"total\":3,}}";

    scan(&r, &conf, json, sizeof(json) - 1, json);

    is_int(r.rc, NGX_ERROR, "a wrong document is refused");
    is_str(r.values[MODEL].text, r.values[MODEL].len, "m",
           "what had ended before is right");
    is_int(r.values[TOTAL].value, 3, "all of it");
    is_int(r.values[USAGE].end, -1, "what had not ended has no end");
}
