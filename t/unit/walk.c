
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "tree.h"

#include "ngx_ai_walk.h"


#define WALK_MAX    1000000

#define WALK_TEXT   1           /* bits of the marks */
#define WALK_ITEMS  2
#define WALK_KNOWN  3
#define WALK_LAST   63


typedef struct {
    ngx_str_t      text;
    ngx_str_t      raw;
    int64_t        count;
    ngx_uint_t     flag;
    ngx_array_t   *texts;
    ngx_uint_t     items;
    int64_t        ids;         /* sum of those of the items */
} walk_doc_t;


static void test_values(void);
static void test_null(void);
static void test_types(void);
static void test_values_refused(void);
static void test_twice(void);
static void test_names(void);
static void test_marks(void);
static void test_nested(void);
static void test_rows(void);
static void test_drops(void);
static void test_drops_many(void);
static void test_drop_names(void);
static void test_decode(void);
static void test_memory(void);
static ngx_int_t walk_items(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to);
static ngx_int_t walk_id(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to);
static ngx_int_t walk(const char *text);
static void walk_done(void);
static const char *walk_fault(void);


static const ngx_ai_member_t  walk_item[] = {

    { ngx_string("id"),
      NGX_AI_NUMBER,
      walk_id,
      0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  walk_members[] = {

    { ngx_string("text"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(walk_doc_t, text),
      WALK_TEXT },

    { ngx_string("raw"),
      NGX_AI_ANY,
      ngx_ai_walk_raw,
      offsetof(walk_doc_t, raw),
      WALK_LAST },

    { ngx_string("count"),
      NGX_AI_NUMBER,
      ngx_ai_walk_count,
      offsetof(walk_doc_t, count), 0 },

    { ngx_string("flag"),
      NGX_AI_BOOL,
      ngx_ai_walk_flag,
      offsetof(walk_doc_t, flag), 0 },

    { ngx_string("texts"),
      NGX_AI_STRING|NGX_AI_ARRAY,
      ngx_ai_walk_texts,
      offsetof(walk_doc_t, texts), 0 },

    { ngx_string("items"),
      NGX_AI_ARRAY,
      walk_items,
      0, WALK_ITEMS },

    { ngx_string("known"),
      NGX_AI_OBJECT,
      NULL,
      0, WALK_KNOWN },

      ngx_ai_null_member
};


static ngx_pool_t      *pool;
static ngx_ai_tree_t    tree;
static ngx_ai_walk_t    w;
static ngx_ai_drops_t   drops;
static uint64_t         marks;
static walk_doc_t       doc;


int
main(void)
{
    pool = ngx_create_pool(4096, &ngx_shim_log);
    ngx_ai_tree_init(&tree, WALK_MAX, &ngx_shim_log);

    test_values();
    test_null();
    test_types();
    test_values_refused();
    test_twice();
    test_names();
    test_marks();
    test_nested();
    test_rows();
    test_drops();
    test_drops_many();
    test_drop_names();
    test_decode();
    test_memory();

    ngx_ai_tree_free(&tree);
    ngx_destroy_pool(pool);

    return done();
}


static ngx_int_t
walk_items(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    walk_doc_t           *d;
    const ngx_ai_node_t  *node;

    d = to;
    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_walk_element(w, node, walk_item, d) != NGX_OK) {
            return NGX_ERROR;
        }

        d->items++;
        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
walk_id(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    int64_t      id;
    walk_doc_t  *d;

    d = to;

    if (ngx_ai_walk_count(w, value, member, &id) != NGX_OK) {
        return NGX_ERROR;
    }

    d->ids += id;

    return NGX_OK;
}


/* all begins anew; ends with walk_done() */

static ngx_int_t
walk(const char *text)
{
    ngx_memzero(&w, sizeof(w));
    ngx_memzero(&drops, sizeof(drops));
    ngx_memzero(&doc, sizeof(doc));
    marks = 0;

    if (tree_text(&tree, text) != NGX_OK) {
        printf("Bail out! %s\n", text);
        exit(2);
    }

    w.tree = &tree;
    w.pool = pool;
    w.marks = &marks;
    w.drops = &drops;

    return ngx_ai_walk_element(&w, ngx_ai_tree_root(&tree), walk_members,
                               &doc);
}


static void
walk_done(void)
{
    ngx_reset_pool(pool);
}


/* "messages[3].role must be a string" */

static const char *
walk_fault(void)
{
    u_char       path[100];
    ngx_str_t    s;

    static char  text[200];

    if (w.fault == NULL) {
        return "no fault";
    }

    ngx_ai_tree_path(&tree, w.fault, 0, path, sizeof(path), &s);
    snprintf(text, sizeof(text), "%.*s %s", (int) s.len, s.data, w.reason);

    return text;
}


static void
test_values(void)
{
    ngx_str_t  *texts;

    is_int(walk("{\"text\":\"a\\nb\",\"raw\":{\"x\": [1.50]},\"count\":1.2e1,"
                "\"flag\":true,\"texts\":[\"one\",\"\"],\"known\":{\"a\":1}}"),
           NGX_OK, "an object is read by its table");

    is_str(doc.text.data, doc.text.len, "a\\nb",
           "a text comes without its quotes and with its escapes");
    is_str(doc.raw.data, doc.raw.len, "{\"x\": [1.50]}",
           "a raw value as it stands");
    is_int(doc.count, 12, "a count as the integer that it is");
    is_int(doc.flag, 1, "true is 1");
    is_int(doc.texts->nelts, 2, "an array of strings has them all");

    texts = doc.texts->elts;
    is_str(texts[0].data, texts[0].len, "one", "in their order");
    is_str(texts[1].data, texts[1].len, "", "empty ones too");
    is_int(drops.count, 0, "what is known and of no consequence is no drop");

    walk_done();

    is_int(walk("{\"flag\":false,\"texts\":\"one\",\"raw\":\"s\"}"), NGX_OK,
           "another one");
    is_int(doc.flag, 0, "false is 0");
    is_int(doc.texts->nelts, 1, "a string is an array of one");
    texts = doc.texts->elts;
    is_str(texts[0].data, texts[0].len, "one", "which is the string");
    is_str(doc.raw.data, doc.raw.len, "\"s\"", "a raw string has its quotes");

    walk_done();

    is_int(walk("{\"texts\":[]}"), NGX_OK, "an empty array is one");
    ok(doc.texts != NULL && doc.texts->nelts == 0, "of no strings");
    walk_done();

    is_int(walk("{}"), NGX_OK, "an empty object has no members");
    ok(doc.texts == NULL && doc.text.data == NULL && marks == 0
       && drops.count == 0,
       "and changes nothing");
    walk_done();
}


static void
test_null(void)
{
    is_int(walk("{\"text\":null,\"raw\":null,\"count\":null,\"flag\":null,"
                "\"texts\":null,\"items\":null,\"known\":null,\"other\":null}"),
           NGX_OK, "null is of the right type everywhere");
    ok(doc.text.data == NULL && doc.raw.data == NULL && doc.texts == NULL,
       "and as good as absent");
    is_int(marks, 0, "for the marks");
    is_int(drops.count, 0, "and for the drops");

    walk_done();
}


static void
test_types(void)
{
    ngx_uint_t  i;

    static const struct {
        const char  *text;
        const char  *fault;
    } texts[] = {
        { "{\"text\":1}", "text must be a string" },
        { "{\"text\":[\"a\"]}", "text must be a string" },
        { "{\"count\":\"1\"}", "count must be a number" },
        { "{\"flag\":0}", "flag must be true or false" },
        { "{\"flag\":\"true\"}", "flag must be true or false" },
        { "{\"items\":{}}", "items must be an array" },
        { "{\"known\":[]}", "known must be an object" },
        { "{\"texts\":1}", "texts is of the wrong type" },
        { "{\"texts\":[\"a\",1]}", "texts[1] must be a string" },
        { "{\"texts\":[null]}", "texts[0] must be a string" },
        { "{\"items\":[{},[]]}", "items[1] must be an object" },
        { "{\"items\":[null]}", "items[0] must be an object" },
        { "{\"items\":[{},{\"id\":true}]}", "items[1].id must be a number" },
        { "[]", " must be an object" },
        { "\"text\"", " must be an object" },
        { "null", " must be an object" }
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        is_int(walk(texts[i].text), NGX_ERROR, "it is of the wrong type: %s",
               texts[i].text);
        is_str(walk_fault(), strlen(walk_fault()), texts[i].fault,
               "which is said so: %s", texts[i].fault);
        walk_done();
    }
}


static void
test_values_refused(void)
{
    char        text[100];
    ngx_uint_t  i;

    static const char  *bad[] = { "-1", "0.5", "1e-1", "1e30", "-1e3",
                                  "9223372036854775808" };

    static const char  *good[] = { "0", "-0", "1.0", "9223372036854775807" };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), "{\"count\":%s}", bad[i]);

        is_int(walk(text), NGX_ERROR, "%s is no count", bad[i]);
        is_str(walk_fault(), strlen(walk_fault()),
               "count must be an integer, 0 or more", "which is said so");
        is_int(doc.count, 0, "and nothing is written");
        walk_done();
    }

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        snprintf(text, sizeof(text), "{\"count\":%s}", good[i]);
        is_int(walk(text), NGX_OK, "%s is one", good[i]);
        walk_done();
    }
}


static void
test_twice(void)
{
    ngx_uint_t  i;

    static const char  *bad[] = {
        "{\"text\":\"a\",\"text\":\"b\"}",
        "{\"text\":\"a\",\"text\":null}",
        "{\"text\":null,\"text\":\"a\"}",
        "{\"text\":null,\"x\":1,\"text\":null}",
        "{\"text\":\"a\",\"te\\u0078t\":\"b\"}",
        "{\"text\":\"a\",\"text\":1}"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        is_int(walk(bad[i]), NGX_ERROR, "a member is there twice: %s", bad[i]);
        ok(w.fault == &tree.nodes[tree.n - 2], "the second one is refused");
        ok(strcmp(w.reason, "is given more than once") == 0, "for that");
        walk_done();
    }

    is_int(walk("{\"known\":{},\"known\":{}}"), NGX_ERROR,
           "so is one of no consequence");
    is_str(walk_fault(), strlen(walk_fault()), "known is given more than once",
           "by its name");
    walk_done();

    is_int(walk("{\"x\":1,\"x\":2}"), NGX_OK,
           "one that is not in the table may be");
    walk_done();

    is_int(walk("{\"items\":[{\"id\":1},{\"id\":2}]}"), NGX_OK,
           "two objects have one each");
    is_int(doc.ids, 3, "which is read");
    walk_done();
}


static void
test_names(void)
{
    ngx_uint_t  i;

    static const char  *other[] = {
        "{\"Text\":1}", "{\"tex\":1}", "{\"textt\":1}", "{\"\":1}",
        "{\"text\\u0000\":1}", "{\"\\u0000text\":1}", "{\"\\ud83dtext\":1}",
        "{\"te\\\\u0078t\":1}", "{\"te\\nt\":1}",
        "{\"\\u0074ext, which is the first of many more words in a key that "
        "is too long for a table\":1}"
    };

    is_int(walk("{\"\\u0074\\u0065\\u0078\\u0074\":\"a\",\"r\\u0061w\":1}"),
           NGX_OK, "names are compared after their escapes");
    is_str(doc.text.data, doc.text.len, "a", "all of them");
    is_str(doc.raw.data, doc.raw.len, "1", "or one");
    is_int(drops.count, 0, "they are in the table");
    walk_done();

    for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        is_int(walk(other[i]), NGX_OK, "another name: %s", other[i]);
        is_int(drops.count, 1, "is not in the table");
        walk_done();
    }
}


static void
test_marks(void)
{
    is_int(walk("{\"text\":\"\",\"count\":1,\"known\":{}}"), NGX_OK,
           "members with marks and without");
    is_int(marks, (1 << WALK_TEXT) + (1 << WALK_KNOWN),
           "set those that they have");
    walk_done();

    is_int(walk("{\"raw\":1}"), NGX_OK, "the last bit");
    ok(marks == (uint64_t) 1 << WALK_LAST, "is one too");
    walk_done();

    is_int(walk("{\"text\":\"\",\"items\":[{\"id\":-1}]}"), NGX_ERROR,
           "a reader that fails");
    is_int(marks, 1 << WALK_TEXT, "leaves its own as it was");
    walk_done();

    (void) walk("{}");
    marks = 1 << 9;
    (void) tree_text(&tree, "{\"text\":\"\"}");
    is_int(ngx_ai_walk_object(&w, ngx_ai_tree_root(&tree), walk_members, &doc),
           NGX_OK, "marks that are there");
    is_int(marks, (1 << WALK_TEXT) + (1 << 9), "stay");

    w.marks = NULL;
    is_int(ngx_ai_walk_object(&w, ngx_ai_tree_root(&tree), walk_members, &doc),
           NGX_OK, "nobody need ask for them");
    walk_done();
}


static void
test_nested(void)
{
    is_int(walk("{\"items\":[{\"id\":1},{},{\"id\":30}],\"text\":\"t\"}"),
           NGX_OK, "a reader reads what is below");
    is_int(doc.items, 3, "all of it");
    is_int(doc.ids, 31, "by a table of its own");
    is_str(doc.text.data, doc.text.len, "t", "and then it goes on");
    is_int(marks, (1 << WALK_ITEMS) + (1 << WALK_TEXT), "with its mark set");
    walk_done();

    is_int(walk("{\"items\":[{},{\"id\":1},{\"x\":{},\"id\":-5}],\"text\":1}"),
           NGX_ERROR, "what is wrong below");
    is_str(walk_fault(), strlen(walk_fault()),
           "items[2].id must be an integer, 0 or more", "is told by its place");
    walk_done();
}


static void
test_rows(void)
{
    char             names[65][4], text[100];
    uint64_t         values[64];
    ngx_int_t        rc;
    ngx_uint_t       i, right;
    ngx_ai_member_t  rows[65];

    for (i = 0; i < 64; i++) {
        snprintf(names[i], sizeof(names[i]), "m%02d", (int) i);

        rows[i].name.data = (u_char *) names[i];
        rows[i].name.len = 3;
        rows[i].types = NGX_AI_NUMBER;
        rows[i].read = ngx_ai_walk_count;
        rows[i].offset = i * sizeof(uint64_t);
        rows[i].mark = i;
    }

    ngx_memzero(&rows[64], sizeof(rows[64]));

    right = 1;

    for (i = 0; i < 64; i++) {
        (void) walk("{}");
        ngx_memzero(values, sizeof(values));

        snprintf(text, sizeof(text), "{\"m%02d\":7}", (int) i);
        (void) tree_text(&tree, text);

        rc = ngx_ai_walk_object(&w, ngx_ai_tree_root(&tree), rows, values);
        right &= (rc == NGX_OK && values[i] == 7
                  && marks == (i ? (uint64_t) 1 << i : 0));

        snprintf(text, sizeof(text), "{\"m%02d\":7,\"m%02d\":7}", (int) i,
                 (int) i);
        (void) tree_text(&tree, text);

        rc = ngx_ai_walk_object(&w, ngx_ai_tree_root(&tree), rows, values);
        right &= (rc == NGX_ERROR);
    }

    ok(right, "each of 64 rows reads, marks and is read once");
    walk_done();
}


static void
test_drops(void)
{
    is_int(walk("{\"x\":1,\"text\":\"a\",\"y\":{\"z\":{}},\"items\":["
                "{\"id\":1,\"cache\":{}},{\"cache\":[],\"raw\":0}]}"),
           NGX_OK, "members that are not in the table");
    is_int(drops.count, 4, "are counted, each name once");
    is_int(drops.n, 4, "and kept");

    is_str(drops.names[0].data, drops.names[0].len, "x", "by name");
    is_str(drops.names[1].data, drops.names[1].len, "y",
           "not by what is in them");
    is_str(drops.names[2].data, drops.names[2].len, "items.cache",
           "by their path without indexes");
    is_str(drops.names[3].data, drops.names[3].len, "items.raw",
           "each for its table");

    ngx_ai_walk_drop(&w, &tree.nodes[1]);
    ngx_ai_walk_drop(&w, &tree.nodes[2]);
    is_int(drops.count, 4, "a key and its value are one drop");

    ngx_ai_walk_drop(&w, &tree.nodes[3]);
    is_str(drops.names[4].data, drops.names[4].len, "text",
           "a reader may drop what is in the table");
    walk_done();

    is_int(walk("{\"a key as long as no key should ever be, as all of it "
                "would be told one\":1,\"a key as long as no key should ever "
                "be, as all of it would be told two\":1,"
                "\"a\\r\\nb: c\":1}"),
           NGX_OK, "long names");
    is_int(drops.count, 2, "are one when they begin alike");
    is_int(drops.names[0].len, NGX_AI_DROP_LEN, "for as long as they are cut");
    is_str(drops.names[1].data, drops.names[1].len, "a??b: c",
           "none has control characters");
    walk_done();

    (void) walk("{}");
    w.drops = NULL;
    (void) tree_text(&tree, "{\"x\":1}");
    is_int(ngx_ai_walk_object(&w, ngx_ai_tree_root(&tree), walk_members, &doc),
           NGX_OK, "nobody need ask for drops");
    is_int(ngx_shim_pool_blocks, 0, "which then cost nothing");
    walk_done();

    (void) walk("{}");
    (void) tree_text(&tree, "{\"x\":1}");
    ngx_shim_fail_at = 1;
    is_int(ngx_ai_walk_object(&w, ngx_ai_tree_root(&tree), walk_members, &doc),
           NGX_OK, "without memory");
    is_int(drops.n, 0, "a drop is not named");
    is_int(drops.count, 1, "and yet counted");
    ngx_shim_fail_at = 0;
    walk_done();
}


static void
test_drops_many(void)
{
    char        *text, *p;
    ngx_uint_t   i;

    text = malloc(100 * 100000);
    p = text + sprintf(text, "{\"items\":[{}");

    for (i = 0; i < 100000; i++) {
        p += sprintf(p, ",{\"other\":1}");
    }

    p += sprintf(p, "]");

    for (i = 0; i < 15; i++) {
        p += sprintf(p, ",\"n%d\":1", (int) i);
    }

    (void) sprintf(p, "}");

    /* by a look at all elements before each of them it would take minutes */

    alarm(20);

    is_int(walk(text), NGX_OK, "100000 objects with the same drop");
    is_int(drops.count, 16, "have one");
    is_int(drops.n, NGX_AI_DROPS, "there is room for 16");
    is_int(ngx_shim_pool_blocks, 16, "and no more is allocated");

    alarm(0);

    (void) tree_text(&tree, "{\"x\":1,\"n14\":1,\"y\":1}");
    is_int(ngx_ai_walk_object(&w, ngx_ai_tree_root(&tree), walk_members, &doc),
           NGX_OK, "two more");
    is_int(drops.count, 18, "are counted");
    is_int(drops.n, NGX_AI_DROPS, "and not kept");

    walk_done();
    free(text);
}


static void
test_drop_names(void)
{
    u_char      name[100];
    ngx_str_t   s;
    ngx_uint_t  i;

    static ngx_str_t  x = ngx_string("x");
    static ngx_str_t  y = ngx_string("y");

    (void) walk("{\"x\":1}");

    ngx_ai_drop(&drops, &x);
    is_int(drops.count, 1, "a name that was dropped as a member is known");
    ngx_ai_drop(&drops, &y);
    ngx_ai_drop(&drops, &y);
    is_int(drops.count, 2, "another one is new once");
    ok(drops.names[1].data == y.data && drops.names[1].len == 1,
       "and not copied");

    memset(name, 'n', sizeof(name));
    s.data = name;
    s.len = sizeof(name);

    ngx_ai_drop(&drops, &s);
    is_int(drops.names[2].len, NGX_AI_DROP_LEN, "a long one is cut");
    ngx_ai_drop(&drops, &s);
    is_int(drops.count, 3, "and known as it is cut");

    for (i = 1; i <= 20; i++) {
        s.len = i;
        ngx_ai_drop(&drops, &s);
    }

    is_int(drops.count, 23, "more than there is room for are counted");
    is_int(drops.n, NGX_AI_DROPS, "and not kept");

    ngx_ai_drop(NULL, &x);
    is_int(drops.count, 23, "nobody need ask for them");

    walk_done();
}


static void
test_decode(void)
{
    ngx_str_t  s;

    (void) walk("{\"text\":\"{\\\"a\\\":\\\"\\\\n\\u00e9\\ud83d\\\"}\"}");

    is_int(ngx_ai_walk_decode(&w, &tree.nodes[2], &s), NGX_OK,
           "a document in a string is decoded");
    is_str(s.data, s.len, "{\"a\":\"\\n\xc3\xa9\xef\xbf\xbd\"}",
           "once, and without halves of pairs");

    (void) walk("{\"text\":\"\"}");
    is_int(ngx_ai_walk_decode(&w, &tree.nodes[2], &s), NGX_OK,
           "an empty string too");
    is_int(s.len, 0, "to nothing");
    walk_done();
}


static void
test_memory(void)
{
    ngx_str_t   s;
    ngx_uint_t  i;

    for (i = 1; i <= 2; i++) {
        (void) walk("{}");
        (void) tree_text(&tree, "{\"texts\":[\"a\"]}");

        w.fault = ngx_ai_tree_root(&tree);
        ngx_shim_fail_at = i;

        is_int(ngx_ai_walk_object(&w, ngx_ai_tree_root(&tree), walk_members,
                                  &doc),
               NGX_ERROR, "without memory an array is not made");
        ok(w.fault == NULL, "which is no fault of the document");
        walk_done();
    }

    (void) walk("{}");
    (void) tree_text(&tree, "\"abc\"");

    w.fault = ngx_ai_tree_root(&tree);
    ngx_shim_fail_at = 1;

    is_int(ngx_ai_walk_decode(&w, ngx_ai_tree_root(&tree), &s), NGX_ERROR,
           "nor is a string decoded");
    ok(w.fault == NULL, "for the same reason");

    ngx_shim_fail_at = 0;
    walk_done();
}
