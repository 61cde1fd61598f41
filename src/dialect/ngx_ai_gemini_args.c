
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"


/*
 * Arguments of a call in pieces, each with the path of the value it is of:
 *
 *     {"jsonPath":"$.where.city","stringValue":"Os","willContinue":true}
 *     {"jsonPath":"$.where.city","stringValue":"lo"}
 *     {"jsonPath":"$.days[0]","numberValue":1}
 *
 *     {"where":{"city":"Oslo"},"days":[1]}
 *
 * They come in the order of the document, as a model writes one: what two
 * paths have in common stays open.  Paths are looked at as they stand in the
 * source, so that a name in one can be written as it is.
 */


typedef struct {
    size_t                end;       /* behind it, in the path */
    ngx_str_t             name;
    ngx_uint_t            index;     /* of an array: no name */
} ngx_ai_gemini_segment_t;


typedef struct {
    const ngx_ai_node_t  *path;
    const ngx_ai_node_t  *string;
    const ngx_ai_node_t  *value;     /* what is no string */
    ngx_uint_t            more;
} ngx_ai_gemini_piece_t;


static void ngx_ai_gemini_args_free(void *data);
static void ngx_ai_gemini_args_piece(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *node, ngx_ai_gemini_piece_t *piece);
static ngx_int_t ngx_ai_gemini_args_path(const ngx_str_t *path,
    ngx_ai_gemini_segment_t *segments, ngx_uint_t *n);
static size_t ngx_ai_gemini_args_segment(const ngx_str_t *path, size_t at,
    ngx_ai_gemini_segment_t *segment);
static size_t ngx_ai_gemini_args_quoted(const ngx_str_t *path, size_t at,
    const char *quote, ngx_ai_gemini_segment_t *segment);
static ngx_int_t ngx_ai_gemini_args_move(ngx_ai_gemini_args_t *args,
    const ngx_str_t *path, const ngx_ai_gemini_segment_t *segments,
    ngx_uint_t n);
static ngx_int_t ngx_ai_gemini_args_close(ngx_ai_gemini_args_t *args,
    ngx_uint_t levels);
static ngx_int_t ngx_ai_gemini_args_value(ngx_ai_gemini_args_t *args,
    const ngx_ai_tree_t *tree, const ngx_ai_gemini_piece_t *piece);
static ngx_int_t ngx_ai_gemini_args_put(ngx_ai_gemini_args_t *args,
    const void *data, size_t len);


ngx_ai_gemini_args_t *
ngx_ai_gemini_args_create(ngx_pool_t *pool)
{
    ngx_pool_cleanup_t    *cln;
    ngx_ai_gemini_args_t  *args;

    cln = ngx_pool_cleanup_add(pool, sizeof(ngx_ai_gemini_args_t));
    if (cln == NULL) {
        return NULL;
    }

    args = cln->data;
    cln->handler = ngx_ai_gemini_args_free;

    args->len = 0;
    args->levels = 0;
    args->arrays = 0;
    args->string = 0;

    ngx_ai_buf_init(&args->json, NGX_AI_GEMINI_ARGS_MAX, pool->log);
    ngx_ai_buf_init(&args->text, NGX_AI_GEMINI_ARGS_MAX, pool->log);

    return args;
}


static void
ngx_ai_gemini_args_free(void *data)
{
    ngx_ai_gemini_args_t  *args;

    args = data;

    ngx_ai_buf_free(&args->json);
    ngx_ai_buf_free(&args->text);
}


ngx_int_t
ngx_ai_gemini_args_add(ngx_ai_gemini_args_t *args, const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *node)
{
    ngx_int_t                rc;
    ngx_str_t                path;
    ngx_uint_t               n;
    ngx_ai_gemini_piece_t    piece;
    ngx_ai_gemini_segment_t  segments[NGX_AI_GEMINI_LEVELS];

    ngx_ai_gemini_args_piece(tree, node, &piece);

    if (piece.path == NULL) {
        return NGX_ERROR;
    }

    if (piece.string == NULL && piece.value == NULL) {

        /* a value is announced */

        return NGX_OK;
    }

    ngx_ai_tree_text(tree, piece.path, &path);

    if (args->levels && path.len == args->len
        && ngx_memcmp(path.data, args->path, path.len) == 0)
    {
        /* the string goes on */

        if (!args->string || piece.string == NULL) {
            return NGX_ERROR;
        }

        return ngx_ai_gemini_args_value(args, tree, &piece);
    }

    if (ngx_ai_gemini_args_path(&path, segments, &n) != NGX_OK) {
        return NGX_ERROR;
    }

    if (args->levels == 0) {
        ngx_ai_buf_reset(&args->json);
    }

    if (args->string) {
        args->string = 0;

        rc = ngx_ai_gemini_args_put(args, "\"", 1);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    rc = ngx_ai_gemini_args_move(args, &path, segments, n);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_gemini_args_value(args, tree, &piece);
}


static void
ngx_ai_gemini_args_piece(const ngx_ai_tree_t *tree, const ngx_ai_node_t *node,
    ngx_ai_gemini_piece_t *piece)
{
    const ngx_ai_node_t  *more;

    piece->path = ngx_ai_tree_member(tree, node, "jsonPath");

    if (piece->path != NULL && piece->path->type != NGX_AI_JSON_STRING) {
        piece->path = NULL;
    }

    piece->string = ngx_ai_tree_member(tree, node, "stringValue");

    if (piece->string != NULL && piece->string->type != NGX_AI_JSON_STRING) {
        piece->string = NULL;
    }

    piece->value = ngx_ai_tree_member(tree, node, "numberValue");

    if (piece->value == NULL) {
        piece->value = ngx_ai_tree_member(tree, node, "boolValue");
    }

    /* null is "NULL_VALUE" here */

    if (piece->value == NULL) {
        piece->value = ngx_ai_tree_member(tree, node, "nullValue");
    }

    more = ngx_ai_tree_member(tree, node, "willContinue");
    piece->more = (more != NULL && more->type == NGX_AI_JSON_TRUE);
}


/* one segment at least, the first of which is a name */

static ngx_int_t
ngx_ai_gemini_args_path(const ngx_str_t *path,
    ngx_ai_gemini_segment_t *segments, ngx_uint_t *n)
{
    size_t  at;

    if (path->len < 2 || path->len > NGX_AI_GEMINI_PATH_MAX
        || path->data[0] != '$')
    {
        return NGX_ERROR;
    }

    at = 1;

    for (*n = 0; at < path->len; (*n)++) {

        if (*n == NGX_AI_GEMINI_LEVELS) {
            return NGX_ERROR;
        }

        at = ngx_ai_gemini_args_segment(path, at, &segments[*n]);

        if (at == 0) {
            return NGX_ERROR;
        }

        segments[*n].end = at;
    }

    return segments[0].index ? NGX_ERROR : NGX_OK;
}


/* ".name", "['name']" or "[0]": where it ends, 0 if it is none of these */

static size_t
ngx_ai_gemini_args_segment(const ngx_str_t *path, size_t at,
    ngx_ai_gemini_segment_t *segment)
{
    size_t  start;

    segment->index = 0;

    if (path->data[at] == '.') {
        start = ++at;

        while (at < path->len && path->data[at] != '.'
               && path->data[at] != '[')
        {
            at++;
        }

        segment->name.data = path->data + start;
        segment->name.len = at - start;

        return (at == start) ? 0 : at;
    }

    if (path->data[at] != '[' || ++at == path->len) {
        return 0;
    }

    if (path->data[at] == '\'') {
        return ngx_ai_gemini_args_quoted(path, at, "']", segment);
    }

    if (path->data[at] == '\\') {
        return ngx_ai_gemini_args_quoted(path, at, "\\\"]", segment);
    }

    start = at;

    while (at < path->len && path->data[at] >= '0' && path->data[at] <= '9') {
        at++;
    }

    if (at == start || at == path->len || path->data[at] != ']') {
        return 0;
    }

    segment->index = 1;

    return at + 1;
}


/* "quote" is what ends it, and without the bracket what begins it */

static size_t
ngx_ai_gemini_args_quoted(const ngx_str_t *path, size_t at,
    const char *quote, ngx_ai_gemini_segment_t *segment)
{
    size_t   len;
    u_char  *p, *start, *last;

    len = ngx_strlen(quote);
    last = path->data + path->len;
    start = path->data + at + len - 1;

    if (start >= last || ngx_memcmp(path->data + at, quote, len - 1) != 0) {
        return 0;
    }

    p = memmem(start, last - start, quote, len);

    if (p == NULL) {
        return 0;
    }

    segment->name.data = start;
    segment->name.len = p - start;

    return p + len - path->data;
}


/* ends what the new path is not in, and begins what it is in */

static ngx_int_t
ngx_ai_gemini_args_move(ngx_ai_gemini_args_t *args, const ngx_str_t *path,
    const ngx_ai_gemini_segment_t *segments, ngx_uint_t n)
{
    ngx_int_t   rc;
    ngx_uint_t  i, same;

    for (same = 0; same < ngx_min(n, args->levels); same++) {

        if (segments[same].end != args->ends[same]
            || ngx_memcmp(path->data, args->path, segments[same].end) != 0)
        {
            break;
        }
    }

    /* neither can a value have others in it */

    if (same == n || (args->levels && same == args->levels)) {
        return NGX_ERROR;
    }

    if (args->levels) {
        if (segments[same].index != (args->arrays >> same & 1)) {
            return NGX_ERROR;
        }

        rc = ngx_ai_gemini_args_close(args, same + 1);
        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_ai_gemini_args_put(args, ",", 1);

    } else {
        args->arrays = 0;
        rc = ngx_ai_gemini_args_put(args, "{", 1);
    }

    for (i = same; i < n && rc == NGX_OK; i++) {

        if (i > same) {
            rc = ngx_ai_gemini_args_put(args, segments[i].index ? "[" : "{",
                                        1);

            args->arrays &= ~((uint32_t) 1 << i);
            args->arrays |= (uint32_t) segments[i].index << i;
        }

        if (rc == NGX_OK && !segments[i].index) {
            rc = ngx_ai_gemini_args_put(args, "\"", 1);

            if (rc == NGX_OK) {
                rc = ngx_ai_gemini_args_put(args, segments[i].name.data,
                                            segments[i].name.len);
            }

            if (rc == NGX_OK) {
                rc = ngx_ai_gemini_args_put(args, "\":", 2);
            }
        }

        args->ends[i] = (uint16_t) segments[i].end;
    }

    ngx_memcpy(args->path, path->data, path->len);

    args->len = path->len;
    args->levels = n;

    return rc;
}


/* so many containers stay open, the object around all counted */

static ngx_int_t
ngx_ai_gemini_args_close(ngx_ai_gemini_args_t *args, ngx_uint_t levels)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    for (i = args->levels; i > levels; i--) {

        rc = ngx_ai_gemini_args_put(args, (args->arrays >> (i - 1) & 1)
                                          ? "]" : "}", 1);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_args_value(ngx_ai_gemini_args_t *args,
    const ngx_ai_tree_t *tree, const ngx_ai_gemini_piece_t *piece)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    if (piece->string == NULL) {

        if (piece->value->type == NGX_AI_JSON_STRING) {
            return ngx_ai_gemini_args_put(args, "null", 4);
        }

        ngx_ai_tree_raw(tree, piece->value, &text);

        return ngx_ai_gemini_args_put(args, text.data, text.len);
    }

    if (!args->string) {
        rc = ngx_ai_gemini_args_put(args, "\"", 1);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    ngx_ai_tree_text(tree, piece->string, &text);

    rc = ngx_ai_gemini_args_put(args, text.data, text.len);

    args->string = piece->more;

    if (rc == NGX_OK && !piece->more) {
        rc = ngx_ai_gemini_args_put(args, "\"", 1);
    }

    return rc;
}


ngx_int_t
ngx_ai_gemini_args_end(ngx_ai_gemini_args_t *args, ngx_str_t *json)
{
    ngx_int_t  rc;

    ngx_str_set(json, "{}");

    if (args->levels == 0) {
        return NGX_OK;
    }

    if (args->string) {
        args->string = 0;

        rc = ngx_ai_gemini_args_put(args, "\"", 1);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    rc = ngx_ai_gemini_args_close(args, 0);

    args->levels = 0;

    json->data = args->json.start;
    json->len = ngx_ai_buf_len(&args->json);

    return rc;
}


static ngx_int_t
ngx_ai_gemini_args_put(ngx_ai_gemini_args_t *args, const void *data,
    size_t len)
{
    return ngx_ai_buf_append(&args->json, data, len);
}
