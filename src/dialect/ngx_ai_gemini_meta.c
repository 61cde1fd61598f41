
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"


/*
 * What stands beside a candidate's content: which sources it is grounded on,
 *
 *     "groundingMetadata": {
 *         "groundingChunks": [ { "web": { "uri": "...", "title": "..." } } ],
 *         "groundingSupports": [ { "segment": { "partIndex": 0, ... },
 *                                  "groundingChunkIndices": [ 0 ] } ] }
 *
 * which others it is like (citationMetadata), and how probable its tokens
 * were (logprobsResult).  Segments are told in bytes of the part's text; as
 * an event has not all of it, they are not counted again in characters.
 */


#define NGX_AI_GEMINI_CHUNKS  128


typedef struct {
    const ngx_ai_tree_t   *tree;
    ngx_ai_gemini_cite_pt  cite;
    void                  *data;
    const ngx_ai_node_t   *chunks[NGX_AI_GEMINI_CHUNKS];
    ngx_uint_t             n;
} ngx_ai_gemini_ground_t;


static const ngx_ai_node_t *ngx_ai_gemini_array(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *object, const char *name);
static ngx_int_t ngx_ai_gemini_ground(ngx_ai_gemini_ground_t *g,
    const ngx_ai_node_t *meta, ngx_uint_t *skip);
static ngx_int_t ngx_ai_gemini_support(ngx_ai_gemini_ground_t *g,
    const ngx_ai_node_t *support);
static void ngx_ai_gemini_chunk(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *chunk, ngx_ai_citation_t *citation);
static ngx_int_t ngx_ai_gemini_recited(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *meta, ngx_ai_gemini_cite_pt cite, void *data);
static void ngx_ai_gemini_read_tokens(ngx_ai_json_writer_t *w,
    const ngx_ai_tree_t *tree, const ngx_ai_node_t *chosen,
    const ngx_ai_node_t *tops);
static void ngx_ai_gemini_read_token(ngx_ai_json_writer_t *w,
    const ngx_ai_tree_t *tree, const ngx_ai_node_t *node);
static void ngx_ai_gemini_write_chunk(ngx_ai_json_writer_t *w,
    const ngx_ai_gemini_source_t *source);
static void ngx_ai_gemini_write_chosen(ngx_ai_json_writer_t *w,
    const ngx_ai_tree_t *tree, const ngx_ai_node_t *content);
static void ngx_ai_gemini_write_top(ngx_ai_json_writer_t *w,
    const ngx_ai_tree_t *tree, const ngx_ai_node_t *content);
static void ngx_ai_gemini_write_token(ngx_ai_json_writer_t *w,
    const ngx_ai_tree_t *tree, const ngx_ai_node_t *node);


ngx_int_t
ngx_ai_gemini_read_citations(const ngx_ai_tree_t *tree,
    const ngx_ai_gemini_candidate_t *candidate, ngx_uint_t *skip,
    ngx_ai_gemini_cite_pt cite, void *data)
{
    ngx_int_t               rc;
    ngx_ai_gemini_ground_t  g;

    if (candidate->grounding != NULL) {
        g.tree = tree;
        g.cite = cite;
        g.data = data;

        rc = ngx_ai_gemini_ground(&g, candidate->grounding, skip);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (candidate->citations == NULL) {
        return NGX_OK;
    }

    return ngx_ai_gemini_recited(tree, candidate->citations, cite, data);
}


static ngx_int_t
ngx_ai_gemini_ground(ngx_ai_gemini_ground_t *g, const ngx_ai_node_t *meta,
    ngx_uint_t *skip)
{
    ngx_int_t             rc;
    ngx_uint_t            i;
    const ngx_ai_node_t  *chunks, *supports, *node;

    chunks = ngx_ai_gemini_array(g->tree, meta, "groundingChunks");
    supports = ngx_ai_gemini_array(g->tree, meta, "groundingSupports");

    if (chunks == NULL || supports == NULL) {
        return NGX_OK;
    }

    g->n = ngx_min(chunks->n, NGX_AI_GEMINI_CHUNKS);
    node = ngx_ai_tree_child(chunks);

    for (i = 0; i < g->n; i++) {
        g->chunks[i] = node;
        node = ngx_ai_tree_next(g->tree, node);
    }

    node = ngx_ai_tree_child(supports);

    for (i = 0; i < supports->n; i++) {

        if (i >= *skip) {
            rc = ngx_ai_gemini_support(g, node);
            if (rc != NGX_OK) {
                return rc;
            }
        }

        node = ngx_ai_tree_next(g->tree, node);
    }

    *skip = ngx_max(*skip, supports->n);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_support(ngx_ai_gemini_ground_t *g, const ngx_ai_node_t *support)
{
    int64_t               n, part;
    ngx_int_t             rc;
    ngx_uint_t            i;
    ngx_ai_citation_t     citation;
    const ngx_ai_node_t  *indices, *node;

    indices = ngx_ai_gemini_array(g->tree, support, "groundingChunkIndices");

    if (indices == NULL) {
        return NGX_OK;
    }

    part = -1;
    node = ngx_ai_tree_member(g->tree, support, "segment");

    if (node != NULL) {
        node = ngx_ai_tree_member(g->tree, node, "partIndex");

        if (node != NULL && ngx_ai_tree_int(g->tree, node, &n) == NGX_OK) {
            part = n;
        }
    }

    node = ngx_ai_tree_child(indices);

    for (i = 0; i < indices->n; i++) {

        if (ngx_ai_tree_int(g->tree, node, &n) == NGX_OK
            && n >= 0 && n < (int64_t) g->n)
        {
            ngx_ai_gemini_chunk(g->tree, g->chunks[n], &citation);

            rc = g->cite(g->data, part, &citation);
            if (rc != NGX_OK) {
                return rc;
            }
        }

        node = ngx_ai_tree_next(g->tree, node);
    }

    return NGX_OK;
}


static void
ngx_ai_gemini_chunk(const ngx_ai_tree_t *tree, const ngx_ai_node_t *chunk,
    ngx_ai_citation_t *citation)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    static const char  *kinds[] = { "web", "retrievedContext", "maps" };

    ngx_memzero(citation, sizeof(ngx_ai_citation_t));

    citation->start = -1;
    citation->end = -1;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {

        node = ngx_ai_tree_member(tree, chunk, kinds[i]);

        if (node != NULL) {
            ngx_ai_gemini_get(tree, node, "uri", &citation->url);
            ngx_ai_gemini_get(tree, node, "title", &citation->title);
            ngx_ai_gemini_get(tree, node, "text", &citation->quote);
            return;
        }
    }
}


/* "citations" of Vertex, "citationSources" of AI Studio */

static ngx_int_t
ngx_ai_gemini_recited(const ngx_ai_tree_t *tree, const ngx_ai_node_t *meta,
    ngx_ai_gemini_cite_pt cite, void *data)
{
    ngx_int_t             rc;
    ngx_uint_t            i;
    ngx_ai_citation_t     citation;
    const ngx_ai_node_t  *list, *node;

    list = ngx_ai_gemini_array(tree, meta, "citations");

    if (list == NULL) {
        list = ngx_ai_gemini_array(tree, meta, "citationSources");
    }

    if (list == NULL) {
        return NGX_OK;
    }

    node = ngx_ai_tree_child(list);

    for (i = 0; i < list->n; i++) {

        ngx_memzero(&citation, sizeof(ngx_ai_citation_t));

        citation.start = -1;
        citation.end = -1;

        ngx_ai_gemini_get(tree, node, "uri", &citation.url);
        ngx_ai_gemini_get(tree, node, "title", &citation.title);

        if (citation.url.len || citation.title.len) {
            rc = cite(data, -1, &citation);
            if (rc != NGX_OK) {
                return rc;
            }
        }

        node = ngx_ai_tree_next(tree, node);
    }

    return NGX_OK;
}


static const ngx_ai_node_t *
ngx_ai_gemini_array(const ngx_ai_tree_t *tree, const ngx_ai_node_t *object,
    const char *name)
{
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(tree, object, name);

    return (node != NULL && node->type == NGX_AI_JSON_ARRAY) ? node : NULL;
}


/*
 *     "chosenCandidates": [ { "token": "Hi", "logProbability": -0.1 } ],
 *     "topCandidates": [ { "candidates": [ ... ] } ]
 *
 *     {"content":[{"token":"Hi","logprob":-0.1,"bytes":null,
 *                  "top_logprobs":[...]}]}
 */

ngx_int_t
ngx_ai_gemini_read_logprobs(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *result, ngx_pool_t *pool, ngx_str_t *raw)
{
    ngx_ai_buf_t           out;
    const ngx_ai_node_t   *chosen, *tops;
    ngx_ai_json_writer_t   w;

    ngx_str_null(raw);

    if (result == NULL) {
        return NGX_OK;
    }

    chosen = ngx_ai_gemini_array(tree, result, "chosenCandidates");
    tops = ngx_ai_gemini_array(tree, result, "topCandidates");

    if (chosen == NULL) {
        return NGX_OK;
    }

    ngx_ai_buf_init(&out, 64 * (size_t) (result->end - result->start),
                    pool->log);
    ngx_ai_json_writer_init(&w, &out);

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "content");
    ngx_ai_json_write_array(&w);

    ngx_ai_gemini_read_tokens(&w, tree, chosen, tops);

    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);

    if (w.rc == NGX_OK) {
        raw->len = ngx_ai_buf_len(&out);
        raw->data = ngx_pnalloc(pool, raw->len);

        if (raw->data != NULL) {
            ngx_memcpy(raw->data, out.start, raw->len);

        } else {
            ngx_str_null(raw);
            w.rc = NGX_ERROR;
        }
    }

    ngx_ai_buf_free(&out);

    return w.rc;
}


/* "tops" may be NULL, and of fewer tokens */

static void
ngx_ai_gemini_read_tokens(ngx_ai_json_writer_t *w, const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *chosen, const ngx_ai_node_t *tops)
{
    ngx_uint_t            i, k, n, ntops;
    const ngx_ai_node_t  *token, *top, *list, *other;

    token = ngx_ai_tree_child(chosen);
    top = tops ? ngx_ai_tree_child(tops) : NULL;
    ntops = tops ? tops->n : 0;

    for (i = 0; i < chosen->n; i++) {

        ngx_ai_json_write_object(w);
        ngx_ai_gemini_read_token(w, tree, token);

        ngx_ai_json_write_key(w, "top_logprobs");
        ngx_ai_json_write_array(w);

        list = NULL;

        if (i < ntops) {
            list = ngx_ai_gemini_array(tree, top, "candidates");
            top = ngx_ai_tree_next(tree, top);
        }

        n = list ? list->n : 0;
        other = list ? ngx_ai_tree_child(list) : NULL;

        for (k = 0; k < n; k++) {
            ngx_ai_json_write_object(w);
            ngx_ai_gemini_read_token(w, tree, other);
            ngx_ai_json_write_end(w);

            other = ngx_ai_tree_next(tree, other);
        }

        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);

        token = ngx_ai_tree_next(tree, token);
    }
}


static void
ngx_ai_gemini_read_token(ngx_ai_json_writer_t *w, const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *node)
{
    ngx_str_t             text;
    const ngx_ai_node_t  *number;

    ngx_ai_gemini_get(tree, node, "token", &text);

    ngx_ai_json_write_key(w, "token");
    ngx_ai_json_write_text(w, &text);

    number = ngx_ai_tree_member(tree, node, "logProbability");

    if (number != NULL && number->type == NGX_AI_JSON_NUMBER) {
        ngx_ai_tree_raw(tree, number, &text);

    } else {
        ngx_str_set(&text, "0");
    }

    ngx_ai_json_write_key(w, "logprob");
    ngx_ai_json_write_raw(w, &text);

    ngx_ai_json_write_literal(w, "\"bytes\":null");
}


void
ngx_ai_gemini_write_citations(ngx_ai_json_writer_t *w,
    const ngx_array_t *sources, ngx_uint_t choice)
{
    ngx_uint_t               i, n;
    ngx_ai_gemini_source_t  *source;

    source = sources->elts;

    for (i = 0, n = 0; i < sources->nelts; i++) {

        if (source[i].choice != choice) {
            continue;
        }

        if (n++ == 0) {
            ngx_ai_json_write_key(w, "groundingMetadata");
            ngx_ai_json_write_object(w);
            ngx_ai_json_write_key(w, "groundingChunks");
            ngx_ai_json_write_array(w);
        }

        ngx_ai_gemini_write_chunk(w, &source[i]);
    }

    if (n == 0) {
        return;
    }

    ngx_ai_json_write_end(w);

    ngx_ai_json_write_key(w, "groundingSupports");
    ngx_ai_json_write_array(w);

    for (i = 0, n = 0; i < sources->nelts; i++) {

        if (source[i].choice != choice) {
            continue;
        }

        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "segment");
        ngx_ai_json_write_object(w);

        if (source[i].part >= 0) {
            ngx_ai_json_write_key(w, "partIndex");
            ngx_ai_json_write_int(w, source[i].part);
        }

        ngx_ai_json_write_end(w);

        ngx_ai_json_write_key(w, "groundingChunkIndices");
        ngx_ai_json_write_array(w);
        ngx_ai_json_write_int(w, (int64_t) n++);
        ngx_ai_json_write_end(w);

        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


/* only what is retrieved is quoted */

static void
ngx_ai_gemini_write_chunk(ngx_ai_json_writer_t *w,
    const ngx_ai_gemini_source_t *source)
{
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, source->quote.len ? "retrievedContext" : "web");
    ngx_ai_json_write_object(w);

    if (source->url.len) {
        ngx_ai_json_write_key(w, "uri");
        ngx_ai_json_write_text(w, &source->url);
    }

    if (source->title.len) {
        ngx_ai_json_write_key(w, "title");
        ngx_ai_json_write_text(w, &source->title);
    }

    if (source->quote.len) {
        ngx_ai_json_write_key(w, "text");
        ngx_ai_json_write_text(w, &source->quote);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


void
ngx_ai_gemini_write_logprobs(ngx_ai_json_writer_t *w, const ngx_str_t *raw,
    ngx_log_t *log)
{
    ngx_int_t             rc;
    ngx_ai_tree_t         tree;
    const ngx_ai_node_t  *content;

    ngx_ai_tree_init(&tree, raw->len, log);

    rc = ngx_ai_tree_read(&tree, raw);

    content = (rc == NGX_OK)
              ? ngx_ai_gemini_array(&tree, ngx_ai_tree_root(&tree), "content")
              : NULL;

    if (content != NULL && content->n) {
        ngx_ai_json_write_key(w, "logprobsResult");
        ngx_ai_json_write_object(w);

        ngx_ai_gemini_write_chosen(w, &tree, content);
        ngx_ai_gemini_write_top(w, &tree, content);

        ngx_ai_json_write_end(w);
    }

    ngx_ai_tree_free(&tree);

    if (rc == NGX_DECLINED) {

        /* no memory: it is JSON of no more levels than there were before */

        w->rc = NGX_ERROR;
    }
}


static void
ngx_ai_gemini_write_chosen(ngx_ai_json_writer_t *w, const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *content)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    ngx_ai_json_write_key(w, "chosenCandidates");
    ngx_ai_json_write_array(w);

    node = ngx_ai_tree_child(content);

    for (i = 0; i < content->n; i++) {
        ngx_ai_gemini_write_token(w, tree, node);
        node = ngx_ai_tree_next(tree, node);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_gemini_write_top(ngx_ai_json_writer_t *w, const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *content)
{
    ngx_uint_t            i, k;
    const ngx_ai_node_t  *node, *list, *top;

    ngx_ai_json_write_key(w, "topCandidates");
    ngx_ai_json_write_array(w);

    node = ngx_ai_tree_child(content);

    for (i = 0; i < content->n; i++) {

        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "candidates");
        ngx_ai_json_write_array(w);

        list = ngx_ai_gemini_array(tree, node, "top_logprobs");

        if (list != NULL) {
            top = ngx_ai_tree_child(list);

            for (k = 0; k < list->n; k++) {
                ngx_ai_gemini_write_token(w, tree, top);
                top = ngx_ai_tree_next(tree, top);
            }
        }

        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);

        node = ngx_ai_tree_next(tree, node);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_gemini_write_token(ngx_ai_json_writer_t *w, const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *node)
{
    ngx_str_t             text;
    const ngx_ai_node_t  *number;

    ngx_ai_json_write_object(w);

    ngx_ai_gemini_get(tree, node, "token", &text);

    ngx_ai_json_write_key(w, "token");
    ngx_ai_json_write_text(w, &text);

    number = ngx_ai_tree_member(tree, node, "logprob");

    if (number != NULL && number->type == NGX_AI_JSON_NUMBER) {
        ngx_ai_tree_raw(tree, number, &text);

        ngx_ai_json_write_key(w, "logProbability");
        ngx_ai_json_write_raw(w, &text);
    }

    ngx_ai_json_write_end(w);
}
