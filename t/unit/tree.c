
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* What the tree takes for JSON; tree_values.c: what it tells of it. */


#include "tap.h"
#include "tree.h"

#include "json_texts.h"


#define TREE_MAX  100000


static void test_example(void);
static void test_accepted(void);
static void test_refused(void);
static void test_halves(void);
static void test_truncated(void);
static void test_broken(void);
static void test_depth(void);
static void test_long(void);
static void test_max(void);
static void test_memory(void);
static void test_sizes(void);
static void tree_list(ngx_str_t *text, ngx_uint_t n);


int
main(void)
{
    test_example();
    test_accepted();
    test_refused();
    test_halves();
    test_truncated();
    test_broken();
    test_depth();
    test_long();
    test_max();
    test_memory();
    test_sizes();

    return done();
}


/* [1,1,...], n nodes in all */

static void
tree_list(ngx_str_t *text, ngx_uint_t n)
{
    ngx_uint_t  i;

    text->data = malloc(2 * n + 1);
    text->len = ngx_max(2 * n - 1, 2);

    for (i = 0; i < text->len; i++) {
        text->data[i] = (i % 2) ? '1' : ',';
    }

    text->data[0] = '[';
    text->data[text->len - 1] = ']';
}


static void
test_example(void)
{
    ngx_uint_t      i, right;
    ngx_ai_tree_t   t;
    ngx_ai_node_t  *node;

    static const struct {
        uint32_t    start;
        uint32_t    end;
        uint32_t    next;
        uint32_t    parent;
        unsigned    n;
        unsigned    type;
    } want[] = {
        { 0, 22, 7, 0, 2, NGX_AI_JSON_OBJECT },
        { 1, 4, 2, 0, 0, NGX_AI_JSON_STRING },
        { 5, 12, 5, 1, 2, NGX_AI_JSON_ARRAY },
        { 6, 7, 4, 2, 0, NGX_AI_JSON_NUMBER },
        { 8, 11, 5, 2, 0, NGX_AI_JSON_STRING },
        { 13, 16, 6, 0, 0, NGX_AI_JSON_STRING },
        { 17, 21, 7, 5, 0, NGX_AI_JSON_NULL }
    };

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    is_int(tree_text(&t, "{\"a\":[1,\"x\"],\"b\":null}"), NGX_OK,
           "the example of the header is read");
    is_int(t.n, 7, "into seven nodes");

    right = 1;

    for (i = 0; i < 7; i++) {
        node = &t.nodes[i];

        right &= (node->start == want[i].start && node->end == want[i].end
                  && node->next == want[i].next && node->n == want[i].n
                  && node->parent == want[i].parent
                  && node->type == want[i].type && !node->escaped);
    }

    ok(right, "which are those of the header");

    node = ngx_ai_tree_child(ngx_ai_tree_root(&t));
    ok(node == &t.nodes[1], "the first child is behind its parent");
    ok(ngx_ai_tree_value(node) == &t.nodes[2], "a value is behind its key");
    ok(ngx_ai_tree_next(&t, &t.nodes[2]) == &t.nodes[5],
       "the next one is behind all that is in it");

    is_int(sizeof(ngx_ai_node_t), 20, "a node takes 20 bytes");

    ngx_ai_tree_free(&t);
}


static void
test_accepted(void)
{
    u_char         *p;
    ngx_str_t       text;
    ngx_uint_t      i;
    const char     *wrong;
    tap_guard_t     g;
    ngx_ai_tree_t   t;

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    for (i = 0; i < JSON_GOOD; i++) {
        text.len = strlen(json_good[i]);
        text.data = (u_char *) json_good[i];

        wrong = tree_compare(&t, &text);
        ok(wrong == NULL, "it is read as it is: %s (%s)", json_good[i],
           wrong ? wrong : "-");

        p = tap_guard(&g, json_good[i], text.len);
        text.data = p;

        is_int(ngx_ai_tree_read(&t, &text), NGX_OK,
               "with no look behind its end");

        tap_unguard(&g);
    }

    ngx_ai_tree_free(&t);
}


static void
test_refused(void)
{
    ngx_int_t       rc;
    ngx_str_t       text;
    ngx_uint_t      i;
    tap_guard_t     g;
    ngx_ai_tree_t   t;

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    for (i = 0; i < JSON_BAD; i++) {
        text.len = strlen(json_bad[i].text);
        text.data = tap_guard(&g, json_bad[i].text, text.len);

        rc = ngx_ai_tree_read(&t, &text);

        if (strcmp(json_bad[i].error, "lone surrogate") == 0) {
            is_int(rc, NGX_OK, "half of a pair is taken: %s",
                   json_bad[i].text);

        } else {
            is_int(rc, NGX_ERROR, "it is refused: %s", json_bad[i].text);
            is_int(t.offset, json_bad[i].offset, "where the scanner does");
            ok(t.error != NULL && strcmp(t.error, json_bad[i].error) == 0,
               "and for the same: %s", t.error);
            is_int(t.n, 0, "no node is left");
        }

        tap_unguard(&g);
    }

    ngx_str_null(&text);

    is_int(ngx_ai_tree_read(&t, &text), NGX_ERROR, "nothing is no document");
    is_int(t.offset, 0, "where it begins");

    text.data = (u_char *) "\"\0\"";
    text.len = 3;

    is_int(ngx_ai_tree_read(&t, &text), NGX_ERROR,
           "a zero byte is a control character");
    is_int(t.offset, 1, "where it stands");

    text.data = (u_char *) "[\0]";

    is_int(ngx_ai_tree_read(&t, &text), NGX_ERROR, "and no white space");
    is_int(t.offset, 1, "where it stands");

    is_int(tree_text(&t, "[]"), NGX_OK, "a good one is read after a bad one");
    ok(t.error == NULL, "without an error");

    ngx_ai_tree_free(&t);
}


/* where the second half is wrong, it is wrong for itself */

static void
test_halves(void)
{
    ngx_uint_t      i;
    ngx_ai_tree_t   t;

    static const struct {
        const char  *text;
        ngx_int_t    rc;
        size_t       offset;
        const char  *error;
    } texts[] = {
        { "\"\\ud800\"", NGX_OK, 0, NULL },
        { "\"\\uDFFF\"", NGX_OK, 0, NULL },
        { "\"\\udc00\\ud800\"", NGX_OK, 0, NULL },
        { "\"\\ud800\\ud800\\udc00\"", NGX_OK, 0, NULL },
        { "\"\\ud83d\\\"\"", NGX_OK, 0, NULL },
        { "\"\\ud83d\\\\\"", NGX_OK, 0, NULL },
        { "\"\\ud83d\\u0022\"", NGX_OK, 0, NULL },
        { "{\"\\ud83d\":\"a\\ude00\"}", NGX_OK, 0, NULL },
        { "\"\\ud83d\xf0\x9f\x98\x80\"", NGX_OK, 0, NULL },
        { "\"\\ud83d\\q\"", NGX_ERROR, 8, "invalid escape" },
        { "\"\\ud83d\\u12g4\"", NGX_ERROR, 11, "invalid escape" },
        { "\"\\ud83d\\ude0\"", NGX_ERROR, 12, "invalid escape" },
        { "\"\\ud83d\n\"", NGX_ERROR, 7, "control character in a string" },
        { "\"\\ud83d\xff\"", NGX_ERROR, 7, "invalid UTF-8" },
        { "\"\xed\xa0\xbd\"", NGX_ERROR, 2, "invalid UTF-8" },
        { "\"\\ud83d", NGX_ERROR, 7, "unexpected end" },
        { "\"\\ud83d\\", NGX_ERROR, 8, "unexpected end" },
        { "\"\\ud83d\\u", NGX_ERROR, 9, "unexpected end" },
        { "\"\\ud83d\\ude00", NGX_ERROR, 13, "unexpected end" },
        { "\"\\ud83", NGX_ERROR, 6, "unexpected end" }
    };

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {

        is_int(tree_text(&t, texts[i].text), texts[i].rc,
               "half of a pair and what is behind it: %s", texts[i].text);

        if (texts[i].error == NULL) {
            ok(tree_whole(&t) == NULL, "the string is whole");
            continue;
        }

        is_int(t.offset, texts[i].offset, "the byte that is wrong is told");
        ok(strcmp(t.error, texts[i].error) == 0, "and why: %s", t.error);
    }

    ngx_ai_tree_free(&t);
}


static void
test_truncated(void)
{
    size_t          len;
    ngx_str_t       text;
    ngx_uint_t      i, right;
    tap_guard_t     g;
    ngx_ai_tree_t   t;

    static const char  *texts[] = {
        "{\"a\":\"gpt-\\u0034\\ud83d\\ude00\",\"n\":-1.5e+10,\"b\":[1,[2,{}]]}",
        "[\"\xe4\xbb\x8a\xe5\xa4\xa9 \xf0\x9f\x98\x80 a long plain string\",0]",
        "[\"many \\n escapes \\n one \\n after \\n the \\n other \\n and "
        "more \\n text \\n than \\n a \\n block \\n of \\n it \\n has\"]",
        "\"top-level string\"",
        "  true"
    };

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        right = 1;

        for (len = 0; len < strlen(texts[i]); len++) {
            text.data = tap_guard(&g, texts[i], len);
            text.len = len;

            if (ngx_ai_tree_read(&t, &text) != NGX_ERROR || t.offset != len) {
                right = 0;
                diag("%d bytes: %s at %d", (int) len, t.error ? t.error : "-",
                     (int) t.offset);
            }

            tap_unguard(&g);
        }

        ok(right, "no beginning of a document is one: %.40s", texts[i]);
    }

    ngx_ai_tree_free(&t);
}


/* each byte of some documents becomes each other byte, or goes */

static void
test_broken(void)
{
    u_char          buf[200];
    size_t          len, at;
    ngx_str_t       text;
    ngx_uint_t      i, c, right;
    const char     *wrong;
    ngx_ai_tree_t   t;

    static const char  *texts[] = {
        "{\"a\":[1,\"x\",{}],\"b\" : null ,\"\\u0063\":[true,false,-0.5e+7]}",
        "[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",\"\\ud83d\\ude00\\n\"]",
        "[[[]],[{\"a\":{\"b\":\"0123456789abcdef\"}}],0,\t\"\\ud83d\\\\\"]"
    };

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        len = strlen(texts[i]);
        right = 1;

        for (at = 0; at < len; at++) {
            for (c = 0; c <= 256; c++) {
                memcpy(buf, texts[i], len + 1);

                text.data = buf;
                text.len = len;

                if (c < 256) {
                    buf[at] = (u_char) c;

                } else {
                    memmove(buf + at, buf + at + 1, len - at);
                    text.len--;
                }

                wrong = tree_compare(&t, &text);

                if (wrong) {
                    diag("byte %d as %d: %s", (int) at, (int) c, wrong);
                    right = 0;
                }
            }
        }

        ok(right, "the scanner says the same whatever breaks: %s", texts[i]);
    }

    ngx_ai_tree_free(&t);
}


static void
test_depth(void)
{
    u_char         *p, *bad, deep[6 * 200];
    ngx_int_t       rc;
    ngx_str_t       text;
    ngx_uint_t      i, k, n, mix;
    const char     *wrong;
    ngx_ai_tree_t   t;

    static const ngx_uint_t  depths[] = { 1, 2, 127, 128, 129, 200 };

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    /* all arrays, all objects, and two ways of mixing them */

    for (mix = 1; mix <= 4; mix++) {
        for (i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {

            n = depths[i];
            p = deep;
            bad = NULL;

            for (k = 0; k < n; k++) {

                if (k == NGX_AI_TREE_DEPTH) {
                    bad = p;
                }

                if (mix == 1 || (mix > 2 && k % mix)) {
                    *p++ = '[';

                } else {
                    p = ngx_cpymem(p, "{\"\":", 4);
                }
            }

            *p++ = '0';

            while (k--) {
                *p++ = (mix == 1 || (mix > 2 && k % mix)) ? ']' : '}';
            }

            *p = '\0';

            text.data = deep;
            text.len = p - deep;

            rc = ngx_ai_tree_read(&t, &text);

            if (bad == NULL) {
                is_int(rc, NGX_OK, "%d levels are read", (int) n);
                wrong = tree_compare(&t, &text);
                ok(wrong == NULL, "as they are (%s)", wrong ? wrong : "-");

            } else {
                is_int(rc, NGX_DECLINED, "%d levels are too many", (int) n);
                is_int(t.offset, bad - deep, "from the first one too many");
                ok(strcmp(t.error, "nested too deep") == 0, "which is said");
            }

            /* the innermost is closed by the wrong bracket */

            p = deep + text.len - n;
            *p = (*p == ']') ? '}' : ']';

            ok(ngx_ai_tree_read(&t, &text) != NGX_OK,
               "brackets must match %d levels deep", (int) n);
        }
    }

    ngx_ai_tree_free(&t);
}


static void
test_long(void)
{
    ngx_str_t       text;
    ngx_ai_tree_t   t;

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    text.data = (u_char *) "[]";
    text.len = (size_t) 1 << 31;

    is_int(ngx_ai_tree_read(&t, &text), NGX_DECLINED,
           "2 GB are not looked at");
    ok(strcmp(t.error, "longer than 2 GB") == 0, "which is said");
    ok(t.nodes == NULL, "nothing is allocated");

    ngx_ai_tree_free(&t);
}


static void
test_max(void)
{
    ngx_str_t       text;
    ngx_uint_t      i, n;
    ngx_ai_tree_t   t;

    static const ngx_uint_t  limits[] = { 1, 2, 255, 256, 257, 1000, 5000 };

    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        n = limits[i];

        ngx_ai_tree_init(&t, n, &ngx_shim_log);
        tree_list(&text, n);

        is_int(ngx_ai_tree_read(&t, &text), NGX_OK, "%d nodes of %d are read",
               (int) n, (int) n);
        is_int(t.n, n, "all of them");
        ok(tree_whole(&t) == NULL, "as they are");

        free(text.data);
        tree_list(&text, n + 1);

        is_int(ngx_ai_tree_read(&t, &text), NGX_DECLINED,
               "one node more is not");
        is_int(t.offset, n == 1 ? 1 : text.len - 2, "from where it begins");
        ok(strcmp(t.error, "too many values") == 0, "which is said");

        free(text.data);
        ngx_ai_tree_free(&t);
    }

    ngx_ai_tree_init(&t, 0, &ngx_shim_log);
    is_int(tree_text(&t, "1"), NGX_DECLINED, "of no nodes none is read");
    ngx_ai_tree_free(&t);
}


static void
test_memory(void)
{
    ngx_str_t       text;
    ngx_uint_t      i, right;
    ngx_ai_tree_t   t;

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);
    tree_list(&text, 3000);

    right = 1;

    /* 256, 512, 1024, 2048, 4096 */

    for (i = 1; i <= 5; i++) {
        ngx_shim_fail_at = i;

        right &= (ngx_ai_tree_read(&t, &text) == NGX_DECLINED
                  && strcmp(t.error, "no memory") == 0 && t.n == 0);

        ngx_ai_tree_free(&t);
    }

    ngx_shim_fail_at = 6;

    ok(right, "without memory a document is declined");
    is_int(ngx_ai_tree_read(&t, &text), NGX_OK, "five blocks are enough");
    is_int(ngx_shim_fail_at, 1, "and five are taken");

    ngx_shim_fail_at = 1;

    is_int(ngx_ai_tree_read(&t, &text), NGX_OK,
           "the next one needs no memory more");

    ngx_shim_fail_at = 0;

    ngx_ai_tree_free(&t);
    ok(t.nodes == NULL && t.n == 0 && t.room == 0, "all is given back");
    is_int(tree_text(&t, "[1]"), NGX_OK, "and the tree can be used again");

    ngx_ai_tree_free(&t);
    free(text.data);
}


static void
test_sizes(void)
{
    ngx_str_t       text;
    ngx_uint_t      room;
    ngx_ai_tree_t   t;

    ngx_ai_tree_init(&t, TREE_MAX, &ngx_shim_log);

    is_int(tree_text(&t, "[1]"), NGX_OK, "a small document");
    is_int(t.room, 256, "takes 256 nodes");

    tree_list(&text, 40000);
    is_int(ngx_ai_tree_read(&t, &text), NGX_OK, "a large one");
    is_int(t.room, 65536, "doubles them until it fits");
    ok(tree_whole(&t) == NULL, "and is whole");
    free(text.data);

    tree_list(&text, 8192);
    is_int(ngx_ai_tree_read(&t, &text), NGX_OK, "one of an eighth of that");
    is_int(t.room, 65536, "keeps them");
    free(text.data);

    tree_list(&text, 8191);
    ngx_shim_fail_at = 1;

    is_int(ngx_ai_tree_read(&t, &text), NGX_OK, "a smaller one is read");
    is_int(t.room, 65536, "where there is no memory for less");

    is_int(ngx_ai_tree_read(&t, &text), NGX_OK, "and read again");
    is_int(t.room, 8192, "and else in what it needs");
    ok(tree_whole(&t) == NULL, "as it is");
    free(text.data);

    is_int(tree_text(&t, "[1,{\"a\":2}]"), NGX_OK, "the next small document");
    is_int(t.room, 256, "makes it small");
    is_int(t.n, 5, "with all its nodes");
    ok(tree_whole(&t) == NULL, "as they are");

    tree_list(&text, 20000);
    is_int(ngx_ai_tree_read(&t, &text), NGX_OK, "a large one");
    room = t.room;
    is_int(tree_text(&t, "[1"), NGX_ERROR, "and a malformed one");
    ok(room == 32768 && t.room == 256, "do not keep it large either");
    free(text.data);

    tree_list(&text, 4000);
    is_int(ngx_ai_tree_read(&t, &text), NGX_OK, "4000 nodes");
    is_int(tree_text(&t, "1"), NGX_OK, "and one");
    is_int(t.room, 4096, "are no reason to allocate");
    free(text.data);

    ngx_ai_tree_free(&t);
}
