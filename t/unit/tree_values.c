
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* What the tree tells of a document; tree.c: what it takes for one. */


#include "tap.h"
#include "tree.h"


#define TREE_MAX  100000


static void test_spans(void);
static void test_member(void);
static void test_is(void);
static void test_int(void);
static void test_path(void);
static void test_path_cut(void);


int
main(void)
{
    test_spans();
    test_member();
    test_is();
    test_int();
    test_path();
    test_path_cut();

    return done();
}


static void
test_spans(void)
{
    ngx_str_t       s;
    ngx_ai_tree_t   t;

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    (void) tree_text(&t, " [ \"\" , \"a\\n\\u00e9\" , -1.50 ,"
                         " { \"b\" : [ ] } ]");

    ngx_ai_tree_raw(&t, &t.nodes[1], &s);
    is_str(s.data, s.len, "\"\"", "a raw string has its quotes");
    ngx_ai_tree_text(&t, &t.nodes[1], &s);
    is_str(s.data, s.len, "", "its text has not");
    ok(!t.nodes[1].escaped, "nothing in it is escaped");

    ngx_ai_tree_text(&t, &t.nodes[2], &s);
    is_str(s.data, s.len, "a\\n\\u00e9", "a text has its escapes");
    ok(t.nodes[2].escaped, "and is known to have some");

    ngx_ai_tree_raw(&t, &t.nodes[3], &s);
    is_str(s.data, s.len, "-1.50", "a number is as it was written");

    ngx_ai_tree_raw(&t, &t.nodes[4], &s);
    is_str(s.data, s.len, "{ \"b\" : [ ] }", "a container has its brackets");

    ngx_ai_tree_raw(&t, ngx_ai_tree_root(&t), &s);
    is_str(s.data, s.len, (char *) t.text.data + 1,
           "the document has no blanks around it");

    ngx_ai_tree_free(&t);
}


static void
test_member(void)
{
    ngx_str_t             s;
    ngx_ai_tree_t         t;
    const ngx_ai_node_t  *root, *value;

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    (void) tree_text(&t, "{\"a\":{\"b\":1,\"c\":2},\"b\":[3,{\"c\":4}],"
                         "\"\\u0063\":5,\"d\":null,\"e\":6,\"e\":7,"
                         "\"f\":8,\"f\":null,\"g\":null,\"g\":9}");
    root = ngx_ai_tree_root(&t);

    value = ngx_ai_tree_member(&t, root, "b");
    ok(value && value->type == NGX_AI_JSON_ARRAY,
       "a member is one of the object, not of those in it");

    value = ngx_ai_tree_member(&t, root, "c");
    ngx_ai_tree_raw(&t, value, &s);
    is_str(s.data, s.len, "5", "a key may be written with escapes");

    value = ngx_ai_tree_member(&t, root, "e");
    ngx_ai_tree_raw(&t, value, &s);
    is_str(s.data, s.len, "7", "of two members the last one counts");

    value = ngx_ai_tree_member(&t, root, "g");
    ngx_ai_tree_raw(&t, value, &s);
    is_str(s.data, s.len, "9", "after null too");

    ok(ngx_ai_tree_member(&t, root, "f") == NULL, "and before it");
    ok(ngx_ai_tree_member(&t, root, "d") == NULL, "null is none");
    ok(ngx_ai_tree_member(&t, root, "x") == NULL, "what is not there is none");
    ok(ngx_ai_tree_member(&t, root, "") == NULL, "nor is no name");

    value = ngx_ai_tree_member(&t, root, "b");
    ok(ngx_ai_tree_member(&t, value, "c") == NULL, "an array has no members");
    ok(ngx_ai_tree_member(&t, value + 1, "c") == NULL, "nor has a number");

    (void) tree_text(&t, "{}");
    ok(ngx_ai_tree_member(&t, ngx_ai_tree_root(&t), "a") == NULL,
       "nor has an empty object");

    ngx_ai_tree_free(&t);
}


static void
test_is(void)
{
    ngx_uint_t      i;
    ngx_ai_tree_t   t;

    static const struct {
        const char  *source;
        const char  *text;
        ngx_uint_t   is;
    } texts[] = {
        { "\"\"", "", 1 },
        { "\"a\"", "a", 1 },
        { "\"a\"", "b", 0 },
        { "\"a\"", "", 0 },
        { "\"a\"", "ab", 0 },
        { "\"ab\"", "a", 0 },
        { "\"\\u0061\"", "a", 1 },
        { "\"\\u0061\"", "ab", 0 },
        { "\"\\u0061b\"", "ab", 1 },
        { "\"\\u0061b\"", "a", 0 },
        { "\"\\u0061\"", "\\u0061", 0 },
        { "\"a\\\\u0061\"", "a\\u0061", 1 },
        { "\"\\\"\\n\"", "\"\n", 1 },
        { "\"\\u00e9\"", "\xc3\xa9", 1 },
        { "\"\xc3\xa9\"", "\xc3\xa9", 1 },
        { "\"\\n\xc3\xa9\"", "\n\xc3\xa9", 1 },
        { "\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 1 },
        { "\"\\ud83d\"", "\xef\xbf\xbd", 0 },
        { "\"\\ud83d\"", "", 0 },
        { "\"\\ufffd\"", "\xef\xbf\xbd", 1 },
        { "\"\\u0000\"", "", 0 },
        { "\"a\\u0000b\"", "a", 0 }
    };

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        (void) tree_text(&t, texts[i].source);

        is_int(ngx_ai_tree_is(&t, ngx_ai_tree_root(&t), texts[i].text),
               texts[i].is, "%s is %sthe text \"%s\"", texts[i].source,
               texts[i].is ? "" : "not ", texts[i].text);
    }

    ngx_ai_tree_free(&t);
}


static void
test_int(void)
{
    char           *big;
    int64_t         value;
    ngx_int_t       rc;
    ngx_uint_t      i;
    ngx_ai_tree_t   t;

    static const struct {
        const char  *text;
        int64_t      value;
    } good[] = {
        { "0", 0 }, { "-0", 0 }, { "0.000", 0 }, { "0e99999999999999999", 0 },
        { "0e-99999999999999999", 0 }, { "-0.0e7", 0 },
        { "1", 1 }, { "-1", -1 }, { "10", 10 }, { "100", 100 },
        { "1.0", 1 }, { "1e0", 1 }, { "1e3", 1000 }, { "1E+3", 1000 },
        { "1.5e1", 15 }, { "1500e-2", 15 }, { "10.0e-1", 1 },
        { "-2.50e1", -25 }, { "0.001e3", 1 }, { "0.00120e5", 120 },
        { "1.000000000000000000000000000000", 1 },
        { "100000000000000000000000e-23", 1 },
        { "4096", 4096 }, { "1e18", 1000000000000000000 },
        { "9223372036854775807", INT64_MAX },
        { "9223372036854775807.0", INT64_MAX },
        { "922337203685477580.7e1", INT64_MAX },
        { "-9223372036854775808", INT64_MIN },
        { "-9.223372036854775808e18", INT64_MIN }
    };

    static const char  *bad[] = {
        "0.5", "1.5", "15e-1", "1e-1", "-0.1", "1e19", "1e400",
        "1e99999999999999999999", "1e-99999999999999999999",
        "9223372036854775808", "-9223372036854775809",
        "9223372036854775807.5", "18446744073709551616",
        "18446744073709551617", "99999999999999999999", "1.00000000000001",
        "\"1\"", "true", "null", "[1]", "{}"
    };

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        value = -77;
        (void) tree_text(&t, good[i].text);

        rc = ngx_ai_tree_int(&t, ngx_ai_tree_root(&t), &value);
        is_int(rc, NGX_OK, "%s is an integer", good[i].text);
        is_int(value, good[i].value, "of its value");
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        value = -77;
        (void) tree_text(&t, bad[i]);

        rc = ngx_ai_tree_int(&t, ngx_ai_tree_root(&t), &value);
        ok(rc == NGX_DECLINED && value == -77, "%s is none that fits", bad[i]);
    }

    big = malloc(1000001);

    memset(big, '0', 1000000);
    memcpy(big, "0.", 2);
    memcpy(big + 999900, "1e999900", 8);
    big[999908] = '\0';

    (void) tree_text(&t, big);
    rc = ngx_ai_tree_int(&t, ngx_ai_tree_root(&t), &value);
    ok(rc == NGX_OK && value == 10, "a million zeros are what they are");

    free(big);
    ngx_ai_tree_free(&t);
}


static void
test_path(void)
{
    u_char          buf[200];
    ngx_str_t       path;
    ngx_uint_t      i;
    ngx_ai_tree_t   t;

    static const struct {
        uint32_t     node;
        const char  *path;
        const char  *plain;
    } paths[] = {
        { 0, "", "" },
        { 1, "model", "model" },
        { 2, "model", "model" },
        { 3, "messages", "messages" },
        { 4, "messages", "messages" },
        { 5, "messages[0]", "messages" },
        { 6, "messages[1]", "messages" },
        { 7, "messages[1].content", "messages.content" },
        { 8, "messages[1].content", "messages.content" },
        { 9, "messages[1].content[0]", "messages.content" },
        { 10, "messages[1].content[0][0]", "messages.content" },
        { 11, "messages[1].content[1]", "messages.content" },
        { 12, "messages[1].content[1].image_url",
          "messages.content.image_url" },
        { 13, "messages[1].content[1].image_url",
          "messages.content.image_url" },
        { 14, "messages[2]", "messages" },
        { 15, "a.b \xc3\xa9??", "a.b \xc3\xa9??" },
        { 16, "a.b \xc3\xa9??", "a.b \xc3\xa9??" },
        { 17, "\xef\xbf\xbd", "\xef\xbf\xbd" },
        { 19, "", "" }
    };

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    is_int(tree_text(&t, "{\"model\":1,\"messages\":[{},{\"content\":[[2],"
                         "{\"image_url\":3}]},4],"
                         "\"a.b \\u00e9\\r\\u007f\":5,\"\\udead\":6,"
                         "\"\":{\"x\":7}}"),
           NGX_OK, "a document with many places");

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {

        ngx_ai_tree_path(&t, &t.nodes[paths[i].node], 0, buf, sizeof(buf),
                         &path);
        is_str(path.data, path.len, paths[i].path, "node %d is at \"%s\"",
               (int) paths[i].node, paths[i].path);
        ok(path.data == buf, "which is written where it should be");

        ngx_ai_tree_path(&t, &t.nodes[paths[i].node], 1, buf, sizeof(buf),
                         &path);
        is_str(path.data, path.len, paths[i].plain, "or at \"%s\"",
               paths[i].plain);
    }

    (void) tree_text(&t, "[0,[1,2,{\"a\":3}]]");

    ngx_ai_tree_path(&t, &t.nodes[7], 0, buf, sizeof(buf), &path);
    is_str(path.data, path.len, "[1][2].a", "a document may be an array");
    ngx_ai_tree_path(&t, &t.nodes[7], 1, buf, sizeof(buf), &path);
    is_str(path.data, path.len, "a", "which has no name");

    ngx_ai_tree_free(&t);
}


static void
test_path_cut(void)
{
    u_char         *p, deep[5 * NGX_AI_TREE_DEPTH], buf[1000];
    size_t          max;
    ngx_str_t       path, all, text;
    ngx_uint_t      i, right;
    ngx_ai_tree_t   t;

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    (void) tree_text(&t, "{\"\xe2\x82\xac\\u20ac\":[1,{\"\\n\\ud83d\\ude00x\":"
                         "{\"last\":2}}]}");

    ngx_ai_tree_path(&t, &t.nodes[t.n - 1], 0, buf, sizeof(buf), &all);
    is_str(all.data, all.len,
           "\xe2\x82\xac\xe2\x82\xac[1].?\xf0\x9f\x98\x80x.last",
           "a path of many kinds");

    right = 1;

    for (max = 0; max <= all.len; max++) {

        /* memory of its own: what is behind it is seen */

        p = malloc(max ? max : 1);

        ngx_ai_tree_path(&t, &t.nodes[t.n - 1], 0, p, max, &path);

        right &= (path.len <= max && max - path.len < 4
                  && memcmp(path.data, all.data, path.len) == 0
                  && (path.len == all.len
                      || (all.data[path.len] & 0xc0) != 0x80));

        free(p);
    }

    ok(right, "at each length it is cut between characters");
    ok(path.len == all.len, "and not cut where it fits");

    p = deep;

    for (i = 0; i < NGX_AI_TREE_DEPTH; i++) {
        p = ngx_cpymem(p, "{\"a\":", 5);
    }

    text.data = malloc(6 * NGX_AI_TREE_DEPTH + 1);
    text.len = 6 * NGX_AI_TREE_DEPTH + 1;

    memset(text.data, '}', text.len);
    memcpy(text.data, deep, p - deep);
    text.data[p - deep] = '0';

    is_int(ngx_ai_tree_read(&t, &text), NGX_OK, "the deepest document");
    ngx_ai_tree_path(&t, &t.nodes[t.n - 1], 0, buf, sizeof(buf), &path);
    is_int(path.len, 2 * NGX_AI_TREE_DEPTH - 1, "has the longest path");

    free(text.data);
    ngx_ai_tree_free(&t);
}
