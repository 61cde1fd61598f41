
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"


/*
 *     {"type":"OBJECT","properties":{"n":{"type":"STRING","nullable":true}}}
 *     {"type":"object","properties":{"n":{"type":["string","null"]}}}
 *
 * The nodes are walked in the order of the document, with a level for each
 * container that has schemas in it; everything else is copied as it stands.
 */


typedef enum {
    NGX_AI_GEMINI_SCHEMA = 0,      /* its members are keywords */
    NGX_AI_GEMINI_MAP,             /* its members are schemas */
    NGX_AI_GEMINI_SCHEMAS,         /* its elements are schemas */
    NGX_AI_GEMINI_COPY,
    NGX_AI_GEMINI_TYPE,
    NGX_AI_GEMINI_COUNT,           /* a number, which may be a string */
    NGX_AI_GEMINI_DROP
} ngx_ai_gemini_keyword_e;


typedef struct {
    ngx_str_t              name;
    ngx_str_t              snake;
    ngx_uint_t             what;   /* ngx_ai_gemini_keyword_e */
} ngx_ai_gemini_keyword_t;


typedef struct {
    const ngx_ai_node_t   *next;   /* a key, or an element */
    ngx_uint_t             left;
    ngx_uint_t             what;   /* the first three of them */
    ngx_uint_t             nullable;
    ngx_uint_t             comma;
} ngx_ai_gemini_level_t;


typedef struct {
    const ngx_ai_tree_t   *tree;
    ngx_ai_buf_t           out;
    ngx_int_t              rc;
    ngx_uint_t             depth;
    ngx_ai_gemini_level_t  levels[NGX_AI_TREE_DEPTH];
} ngx_ai_gemini_ctx_t;


static void ngx_ai_gemini_schema_step(ngx_ai_gemini_ctx_t *c);
static void ngx_ai_gemini_schema_member(ngx_ai_gemini_ctx_t *c,
    ngx_ai_gemini_level_t *level, const ngx_ai_node_t *key);
static ngx_uint_t ngx_ai_gemini_schema_digits(const ngx_str_t *text);
static const ngx_ai_gemini_keyword_t *ngx_ai_gemini_schema_keyword(
    ngx_ai_gemini_ctx_t *c, const ngx_ai_node_t *key);
static void ngx_ai_gemini_schema_value(ngx_ai_gemini_ctx_t *c,
    const ngx_ai_node_t *value, ngx_uint_t what);
static void ngx_ai_gemini_schema_open(ngx_ai_gemini_ctx_t *c,
    const ngx_ai_node_t *value, ngx_uint_t what);
static void ngx_ai_gemini_schema_type(ngx_ai_gemini_ctx_t *c,
    const ngx_ai_node_t *value, ngx_uint_t nullable);
static void ngx_ai_gemini_schema_comma(ngx_ai_gemini_ctx_t *c,
    ngx_ai_gemini_level_t *level);
static void ngx_ai_gemini_schema_raw(ngx_ai_gemini_ctx_t *c,
    const ngx_ai_node_t *node);
static void ngx_ai_gemini_schema_put(ngx_ai_gemini_ctx_t *c,
    const void *data, size_t len);


static const ngx_ai_gemini_keyword_t  ngx_ai_gemini_keywords[] = {
    { ngx_string("type"), ngx_null_string, NGX_AI_GEMINI_TYPE },
    { ngx_string("properties"), ngx_null_string, NGX_AI_GEMINI_MAP },
    { ngx_string("items"), ngx_null_string, NGX_AI_GEMINI_SCHEMA },
    { ngx_string("nullable"), ngx_null_string, NGX_AI_GEMINI_DROP },
    { ngx_string("example"), ngx_null_string, NGX_AI_GEMINI_DROP },
    { ngx_string("propertyOrdering"), ngx_string("property_ordering"),
      NGX_AI_GEMINI_DROP },
    { ngx_string("anyOf"), ngx_string("any_of"), NGX_AI_GEMINI_SCHEMAS },
    { ngx_string("oneOf"), ngx_string("one_of"), NGX_AI_GEMINI_SCHEMAS },
    { ngx_string("allOf"), ngx_string("all_of"), NGX_AI_GEMINI_SCHEMAS },
    { ngx_string("prefixItems"), ngx_string("prefix_items"),
      NGX_AI_GEMINI_SCHEMAS },
    { ngx_string("additionalProperties"),
      ngx_string("additional_properties"), NGX_AI_GEMINI_SCHEMA },
    { ngx_string("$defs"), ngx_string("defs"), NGX_AI_GEMINI_MAP },
    { ngx_string("$ref"), ngx_string("ref"), NGX_AI_GEMINI_COPY },
    { ngx_string("minItems"), ngx_string("min_items"), NGX_AI_GEMINI_COUNT },
    { ngx_string("maxItems"), ngx_string("max_items"), NGX_AI_GEMINI_COUNT },
    { ngx_string("minLength"), ngx_string("min_length"),
      NGX_AI_GEMINI_COUNT },
    { ngx_string("maxLength"), ngx_string("max_length"),
      NGX_AI_GEMINI_COUNT },
    { ngx_string("minProperties"), ngx_string("min_properties"),
      NGX_AI_GEMINI_COUNT },
    { ngx_string("maxProperties"), ngx_string("max_properties"),
      NGX_AI_GEMINI_COUNT },
    { ngx_null_string, ngx_null_string, NGX_AI_GEMINI_COPY }
};


/* by Google's numbers for them, which some of its SDKs send */

static const ngx_str_t  ngx_ai_gemini_types[] = {
    ngx_null_string,
    ngx_string("string"),
    ngx_string("number"),
    ngx_string("integer"),
    ngx_string("boolean"),
    ngx_string("array"),
    ngx_string("object"),
    ngx_string("null")
};

#define NGX_AI_GEMINI_TYPES                                                   \
    (sizeof(ngx_ai_gemini_types) / sizeof(ngx_str_t))


ngx_int_t
ngx_ai_gemini_schema(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_str_t *schema)
{
    ngx_ai_gemini_ctx_t  c;

    ngx_ai_tree_raw(w->tree, node, schema);

    if (node->type != NGX_AI_JSON_OBJECT) {
        return NGX_OK;
    }

    c.tree = w->tree;
    c.rc = NGX_OK;
    c.depth = 0;

    /* the longest that becomes of little: {"type":1,"nullable":true} */

    ngx_ai_buf_init(&c.out, 4 * schema->len + 64, w->pool->log);

    ngx_ai_gemini_schema_open(&c, node, NGX_AI_GEMINI_SCHEMA);

    while (c.depth && c.rc == NGX_OK) {
        ngx_ai_gemini_schema_step(&c);
    }

    if (c.rc == NGX_OK) {
        schema->len = ngx_ai_buf_len(&c.out);
        schema->data = ngx_pnalloc(w->pool, schema->len);

        if (schema->data != NULL) {
            ngx_memcpy(schema->data, c.out.start, schema->len);

        } else {
            c.rc = NGX_ERROR;
        }
    }

    ngx_ai_buf_free(&c.out);

    return (c.rc == NGX_OK) ? NGX_OK : ngx_ai_walk_fail(w, NULL, "no memory");
}


static void
ngx_ai_gemini_schema_step(ngx_ai_gemini_ctx_t *c)
{
    const ngx_ai_node_t    *node, *value;
    ngx_ai_gemini_level_t  *level;

    level = &c->levels[c->depth - 1];

    if (level->left == 0) {
        c->depth--;
        ngx_ai_gemini_schema_put(c, level->what == NGX_AI_GEMINI_SCHEMAS
                                    ? "]" : "}", 1);
        return;
    }

    node = level->next;
    value = (level->what == NGX_AI_GEMINI_SCHEMAS) ? node
                                                   : ngx_ai_tree_value(node);

    level->left--;
    level->next = ngx_ai_tree_next(c->tree, value);

    if (level->what == NGX_AI_GEMINI_SCHEMA) {
        ngx_ai_gemini_schema_member(c, level, node);
        return;
    }

    ngx_ai_gemini_schema_comma(c, level);

    if (level->what == NGX_AI_GEMINI_MAP) {
        ngx_ai_gemini_schema_raw(c, node);
        ngx_ai_gemini_schema_put(c, ":", 1);
    }

    ngx_ai_gemini_schema_value(c, value, NGX_AI_GEMINI_SCHEMA);
}


static void
ngx_ai_gemini_schema_member(ngx_ai_gemini_ctx_t *c,
    ngx_ai_gemini_level_t *level, const ngx_ai_node_t *key)
{
    ngx_str_t                       text;
    const ngx_ai_node_t            *value;
    const ngx_ai_gemini_keyword_t  *keyword;

    value = ngx_ai_tree_value(key);
    keyword = ngx_ai_gemini_schema_keyword(c, key);

    if (keyword->what == NGX_AI_GEMINI_DROP) {
        return;
    }

    ngx_ai_gemini_schema_comma(c, level);

    if (keyword->name.len) {
        ngx_ai_gemini_schema_put(c, "\"", 1);
        ngx_ai_gemini_schema_put(c, keyword->name.data, keyword->name.len);
        ngx_ai_gemini_schema_put(c, "\":", 2);

    } else {
        ngx_ai_gemini_schema_raw(c, key);
        ngx_ai_gemini_schema_put(c, ":", 1);
    }

    switch (keyword->what) {

    case NGX_AI_GEMINI_TYPE:
        ngx_ai_gemini_schema_type(c, value, level->nullable);
        break;

    case NGX_AI_GEMINI_COUNT:
        ngx_ai_tree_text(c->tree, value, &text);

        if (value->type == NGX_AI_JSON_STRING
            && ngx_ai_gemini_schema_digits(&text))
        {
            ngx_ai_gemini_schema_put(c, text.data, text.len);
            break;
        }

        /* fall through */

    default:
        ngx_ai_gemini_schema_value(c, value, keyword->what);
    }
}


static ngx_uint_t
ngx_ai_gemini_schema_digits(const ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] < '0' || text->data[i] > '9') {
            return 0;
        }
    }

    /* "007" is no number of JSON's */

    return text->len == 1 || (text->len && *text->data != '0');
}


static const ngx_ai_gemini_keyword_t *
ngx_ai_gemini_schema_keyword(ngx_ai_gemini_ctx_t *c, const ngx_ai_node_t *key)
{
    ngx_str_t                       name;
    const ngx_ai_gemini_keyword_t  *k;

    ngx_ai_tree_text(c->tree, key, &name);

    for (k = ngx_ai_gemini_keywords; k->name.len; k++) {

        if ((k->name.len == name.len
             && ngx_memcmp(k->name.data, name.data, name.len) == 0)
            || (k->snake.len && k->snake.len == name.len
                && ngx_memcmp(k->snake.data, name.data, name.len) == 0))
        {
            break;
        }
    }

    return k;
}


/* schemas are gone into; what should be some and is not is copied */

static void
ngx_ai_gemini_schema_value(ngx_ai_gemini_ctx_t *c, const ngx_ai_node_t *value,
    ngx_uint_t what)
{
    if (what <= NGX_AI_GEMINI_SCHEMAS
        && value->type == (what == NGX_AI_GEMINI_SCHEMAS ? NGX_AI_JSON_ARRAY
                                                         : NGX_AI_JSON_OBJECT))
    {
        ngx_ai_gemini_schema_open(c, value, what);

    } else {
        ngx_ai_gemini_schema_raw(c, value);
    }
}


static void
ngx_ai_gemini_schema_open(ngx_ai_gemini_ctx_t *c, const ngx_ai_node_t *value,
    ngx_uint_t what)
{
    const ngx_ai_node_t    *nullable;
    ngx_ai_gemini_level_t  *level;

    level = &c->levels[c->depth++];

    level->next = ngx_ai_tree_child(value);
    level->left = value->n;
    level->what = what;
    level->nullable = 0;
    level->comma = 0;

    if (what == NGX_AI_GEMINI_SCHEMA) {
        nullable = ngx_ai_tree_member(c->tree, value, "nullable");

        level->nullable = (nullable != NULL
                           && nullable->type == NGX_AI_JSON_TRUE);
    }

    ngx_ai_gemini_schema_put(c, what == NGX_AI_GEMINI_SCHEMAS ? "[" : "{", 1);
}


static void
ngx_ai_gemini_schema_type(ngx_ai_gemini_ctx_t *c, const ngx_ai_node_t *value,
    ngx_uint_t nullable)
{
    int64_t           n;
    ngx_str_t         text;
    const ngx_str_t  *type;

    n = 0;

    if (value->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(c->tree, value, &text);

        for (n = NGX_AI_GEMINI_TYPES - 1; n; n--) {
            if (text.len == ngx_ai_gemini_types[n].len
                && ngx_strncasecmp(text.data, ngx_ai_gemini_types[n].data,
                                   text.len)
                   == 0)
            {
                break;
            }
        }

    } else if (ngx_ai_tree_int(c->tree, value, &n) != NGX_OK
               || n < 0 || n >= (int64_t) NGX_AI_GEMINI_TYPES)
    {
        n = 0;
    }

    type = &ngx_ai_gemini_types[n];

    if (type->len == 0) {
        ngx_ai_gemini_schema_raw(c, value);
        return;
    }

    /* "type":["string","null"] */

    if (nullable) {
        ngx_ai_gemini_schema_put(c, "[", 1);
    }

    ngx_ai_gemini_schema_put(c, "\"", 1);
    ngx_ai_gemini_schema_put(c, type->data, type->len);
    ngx_ai_gemini_schema_put(c, "\"", 1);

    if (nullable) {
        ngx_ai_gemini_schema_put(c, ",\"null\"]", 8);
    }
}


static void
ngx_ai_gemini_schema_comma(ngx_ai_gemini_ctx_t *c,
    ngx_ai_gemini_level_t *level)
{
    if (level->comma) {
        ngx_ai_gemini_schema_put(c, ",", 1);
    }

    level->comma = 1;
}


static void
ngx_ai_gemini_schema_raw(ngx_ai_gemini_ctx_t *c, const ngx_ai_node_t *node)
{
    ngx_str_t  raw;

    ngx_ai_tree_raw(c->tree, node, &raw);
    ngx_ai_gemini_schema_put(c, raw.data, raw.len);
}


static void
ngx_ai_gemini_schema_put(ngx_ai_gemini_ctx_t *c, const void *data, size_t len)
{
    if (c->rc == NGX_OK && len) {
        c->rc = ngx_ai_buf_append(&c->out, data, len);
    }
}
