
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_args.h"
#include "ngx_ai_cohere.h"


#define NGX_AI_COHERE_POOL      4096
#define NGX_AI_COHERE_LOGPROBS  (64 * 1024 * 1024)


/* where citations are to be put */

typedef struct {
    ngx_pool_t        *pool;
    ngx_array_t       *parts;
    ngx_uint_t         first;      /* of the content in them */
    ngx_uint_t         n;          /* of its blocks */
} ngx_ai_cohere_cited_t;


static ngx_int_t ngx_ai_cohere_answer_message(ngx_ai_walk_t *w,
    const ngx_ai_node_t *message, ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_answer_text(const ngx_str_t *text,
    ngx_uint_t kind, ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_answer_content(ngx_ai_walk_t *w,
    const ngx_ai_node_t *content, ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_answer_calls(ngx_ai_walk_t *w,
    const ngx_ai_node_t *list, ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_answer_citations(ngx_ai_walk_t *w,
    const ngx_ai_node_t *list, ngx_ai_cohere_cited_t *cited);
static ngx_int_t ngx_ai_cohere_answer_cite(void *data, ngx_uint_t index,
    const ngx_ai_citation_t *citation);
static void ngx_ai_cohere_answer_compact(ngx_ai_cohere_cited_t *cited);
static ngx_int_t ngx_ai_cohere_answer_logprobs(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_str_t *raw);
static void ngx_ai_cohere_write_blocks(ngx_ai_json_writer_t *w,
    const ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_write_answered(ngx_ai_json_writer_t *w,
    const ngx_ai_answer_t *answer, const ngx_array_t *parts);
static void ngx_ai_cohere_write_citations(ngx_ai_json_writer_t *w,
    const ngx_array_t *parts);
static ngx_uint_t ngx_ai_cohere_is_content(const ngx_ai_part_t *part);


ngx_int_t
ngx_ai_cohere_read_answer(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    ngx_uint_t quirks, void *data)
{
    ngx_ai_answer_t *answer = data;

    ngx_str_t              reason;
    const ngx_ai_node_t   *node;
    ngx_ai_alternative_t  *a;

    node = ngx_ai_tree_member(w->tree, root, "message");

    if (node == NULL || node->type != NGX_AI_JSON_OBJECT) {
        return NGX_ERROR;
    }

    a = ngx_ai_answer_alternative(answer);

    if (a == NULL
        || ngx_ai_cohere_answer_message(w, node, &a->parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_cohere_string(w->tree, root, "id", &answer->id);
    ngx_ai_cohere_string(w->tree, root, "finish_reason", &reason);

    if (reason.len) {
        a->finish = ngx_ai_cohere_finish(reason.data, reason.len);
    }

    node = ngx_ai_tree_member(w->tree, root, "usage");

    if (node != NULL) {
        (void) ngx_ai_cohere_read_usage(w->tree, node, &answer->usage);
    }

    node = ngx_ai_tree_member(w->tree, root, "logprobs");

    if (node != NULL
        && ngx_ai_cohere_answer_logprobs(w, node, &a->logprobs) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_ai_answer_complete(answer);
}


static ngx_int_t
ngx_ai_cohere_answer_message(ngx_ai_walk_t *w, const ngx_ai_node_t *message,
    ngx_array_t *parts)
{
    ngx_str_t               plan;
    const ngx_ai_node_t    *node;
    ngx_ai_cohere_cited_t   cited;

    ngx_ai_cohere_string(w->tree, message, "tool_plan", &plan);

    if (plan.len
        && ngx_ai_cohere_answer_text(&plan, NGX_AI_PART_THINKING, parts)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    cited.pool = w->pool;
    cited.parts = parts;
    cited.first = parts->nelts;

    node = ngx_ai_tree_member(w->tree, message, "content");

    if (node != NULL
        && ngx_ai_cohere_answer_content(w, node, parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    cited.n = parts->nelts - cited.first;

    node = ngx_ai_tree_member(w->tree, message, "citations");

    if (node != NULL
        && ngx_ai_cohere_answer_citations(w, node, &cited) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_cohere_answer_compact(&cited);

    node = ngx_ai_tree_member(w->tree, message, "tool_calls");

    return node ? ngx_ai_cohere_answer_calls(w, node, parts) : NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_answer_text(const ngx_str_t *text, ngx_uint_t kind,
    ngx_array_t *parts)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_part_push(parts, kind);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->text = *text;

    if (kind == NGX_AI_PART_THINKING) {
        part->origin = NGX_AI_DIALECT_COHERE;
    }

    return NGX_OK;
}


/* what is of no known kind keeps its place: citations count the blocks */

static ngx_int_t
ngx_ai_cohere_answer_content(ngx_ai_walk_t *w, const ngx_ai_node_t *content,
    ngx_array_t *parts)
{
    ngx_str_t             text;
    ngx_uint_t            i, kind;
    const ngx_ai_node_t  *node;

    if (content->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(w->tree, content, &text);
        return ngx_ai_cohere_answer_text(&text, NGX_AI_PART_TEXT, parts);
    }

    if (content->type != NGX_AI_JSON_ARRAY) {
        return NGX_ERROR;
    }

    node = ngx_ai_tree_child(content);

    for (i = 0; i < content->n; i++) {
        kind = NGX_AI_PART_TEXT;
        ngx_ai_cohere_string(w->tree, node, "text", &text);

        if (text.len == 0) {
            ngx_ai_cohere_string(w->tree, node, "thinking", &text);

            if (text.len) {
                kind = NGX_AI_PART_THINKING;
            }
        }

        if (ngx_ai_cohere_answer_text(&text, kind, parts) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_answer_calls(ngx_ai_walk_t *w, const ngx_ai_node_t *list,
    ngx_array_t *parts)
{
    u_char               *p;
    ngx_str_t             text;
    ngx_uint_t            i;
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *node, *function;

    if (list->type != NGX_AI_JSON_ARRAY) {
        return NGX_ERROR;
    }

    node = ngx_ai_tree_child(list);

    for (i = 0; i < list->n; i++) {
        function = ngx_ai_tree_member(w->tree, node, "function");

        if (function == NULL) {
            return NGX_ERROR;
        }

        part = ngx_ai_part_push(parts, NGX_AI_PART_TOOL_CALL);
        if (part == NULL) {
            return NGX_ERROR;
        }

        ngx_ai_cohere_string(w->tree, node, "id", &part->id);
        ngx_ai_cohere_string(w->tree, function, "name", &part->name);
        ngx_ai_cohere_string(w->tree, function, "arguments", &text);

        if (part->name.len == 0) {
            return NGX_ERROR;
        }

        p = ngx_pnalloc(w->pool, ngx_ai_args_size(&text));
        if (p == NULL) {
            return NGX_ERROR;
        }

        (void) ngx_ai_args_read(&text, p, &part->json);

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_answer_citations(ngx_ai_walk_t *w, const ngx_ai_node_t *list,
    ngx_ai_cohere_cited_t *cited)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    if (list->type != NGX_AI_JSON_ARRAY) {
        return NGX_OK;
    }

    node = ngx_ai_tree_child(list);

    for (i = 0; i < list->n; i++) {

        if (ngx_ai_cohere_read_citation(w->tree, node,
                                        ngx_ai_cohere_answer_cite, cited)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_answer_cite(void *data, ngx_uint_t index,
    const ngx_ai_citation_t *citation)
{
    ngx_ai_cohere_cited_t *cited = data;

    ngx_ai_part_t      *part;
    ngx_ai_citation_t  *c;

    if (index >= cited->n) {
        return NGX_OK;
    }

    part = cited->parts->elts;
    part += cited->first + index;

    if (part->kind != NGX_AI_PART_TEXT) {
        return NGX_OK;
    }

    if (part->citations == NULL) {
        part->citations = ngx_array_create(cited->pool, 4,
                                           sizeof(ngx_ai_citation_t));
        if (part->citations == NULL) {
            return NGX_ERROR;
        }
    }

    c = ngx_array_push(part->citations);
    if (c == NULL) {
        return NGX_ERROR;
    }

    *c = *citation;

    return NGX_OK;
}


/* the places can be given up when nothing is put there any more */

static void
ngx_ai_cohere_answer_compact(ngx_ai_cohere_cited_t *cited)
{
    ngx_uint_t      i, n;
    ngx_ai_part_t  *part;

    part = cited->parts->elts;
    n = cited->first;

    for (i = cited->first; i < cited->parts->nelts; i++) {

        if (part[i].text.len || part[i].citations != NULL) {
            part[n++] = part[i];
        }
    }

    cited->parts->nelts = n;
}


static ngx_int_t
ngx_ai_cohere_answer_logprobs(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_str_t *raw)
{
    ngx_int_t     rc;
    ngx_ai_buf_t  buf;

    ngx_ai_buf_init(&buf, NGX_AI_COHERE_LOGPROBS, w->pool->log);

    rc = ngx_ai_cohere_read_logprobs(w->tree, node, &buf);

    if (rc == NGX_OK) {
        raw->len = ngx_ai_buf_len(&buf);
        raw->data = ngx_pnalloc(w->pool, raw->len);

        if (raw->data != NULL) {
            ngx_memcpy(raw->data, buf.start, raw->len);

        } else {
            rc = NGX_ERROR;
        }
    }

    ngx_ai_buf_free(&buf);

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_ai_cohere_write_answer(const void *data, const ngx_ai_told_t *told,
    ngx_ai_json_writer_t *w)
{
    const ngx_ai_answer_t *answer = data;

    ngx_uint_t                   finish, sequence;
    const ngx_ai_alternative_t  *a;

    /* there is no word for more than one */

    a = answer->alternatives.nelts ? answer->alternatives.elts : NULL;

    finish = a ? a->finish : NGX_AI_FINISH_STOP;
    sequence = (a && a->stop.len);

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "id");
    ngx_ai_cohere_write_uuid(w, &told->id);

    ngx_ai_json_write_key(w, "message");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"role\":\"assistant\"");

    if (a == NULL) {
        ngx_ai_json_write_literal(w, "\"content\":[]");

    } else if (ngx_ai_cohere_write_answered(w, answer, &a->parts) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_ai_json_write_end(w);

    ngx_ai_json_write_key(w, "finish_reason");
    ngx_ai_cohere_write_finish(w, finish, sequence);

    ngx_ai_cohere_write_usage(w, &answer->usage);

    if (a && a->logprobs.len) {
        ngx_ai_cohere_write_logprobs(w, &a->logprobs, 0, answer->pool->log);
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* an answer has content unless it has calls instead */

static ngx_int_t
ngx_ai_cohere_write_answered(ngx_ai_json_writer_t *w,
    const ngx_ai_answer_t *answer, const ngx_array_t *parts)
{
    ngx_uint_t            i, content, calls;
    const ngx_ai_part_t  *part;

    content = 0;
    calls = 0;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        content += ngx_ai_cohere_is_content(&part[i]);
        calls += (part[i].kind == NGX_AI_PART_TOOL_CALL);
    }

    if (content || !calls) {
        ngx_ai_cohere_write_blocks(w, parts);
    }

    if (content) {
        ngx_ai_cohere_write_citations(w, parts);
    }

    if (calls == 0) {
        return NGX_OK;
    }

    ngx_ai_json_write_key(w, "tool_calls");
    ngx_ai_json_write_array(w);

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind != NGX_AI_PART_TOOL_CALL) {
            continue;
        }

        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "id");

        if (ngx_ai_cohere_write_id(w, answer->pool->log, &part[i]) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_ai_cohere_write_function(w, &part[i]);
        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


static void
ngx_ai_cohere_write_blocks(ngx_ai_json_writer_t *w, const ngx_array_t *parts)
{
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    part = parts->elts;

    ngx_ai_json_write_key(w, "content");
    ngx_ai_json_write_array(w);

    for (i = 0; i < parts->nelts; i++) {

        if (!ngx_ai_cohere_is_content(&part[i])) {
            continue;
        }

        ngx_ai_json_write_object(w);

        if (part[i].kind == NGX_AI_PART_THINKING) {
            ngx_ai_json_write_literal(w, "\"type\":\"thinking\"");
            ngx_ai_json_write_key(w, "thinking");

        } else {
            ngx_ai_json_write_literal(w, "\"type\":\"text\"");
            ngx_ai_json_write_key(w, "text");
        }

        ngx_ai_json_write_text(w, &part[i].text);
        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_cohere_write_citations(ngx_ai_json_writer_t *w,
    const ngx_array_t *parts)
{
    ngx_uint_t                i, k, n, index;
    const ngx_ai_part_t      *part;
    const ngx_ai_citation_t  *citation;

    n = 0;
    index = 0;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (!ngx_ai_cohere_is_content(&part[i])) {
            continue;
        }

        if (part[i].citations != NULL) {
            citation = part[i].citations->elts;

            for (k = 0; k < part[i].citations->nelts; k++) {

                if (n++ == 0) {
                    ngx_ai_json_write_key(w, "citations");
                    ngx_ai_json_write_array(w);
                }

                ngx_ai_cohere_write_citation(w, index, &citation[k]);
            }
        }

        index++;
    }

    if (n) {
        ngx_ai_json_write_end(w);
    }
}


/* thoughts that are only signed are nothing to be seen */

static ngx_uint_t
ngx_ai_cohere_is_content(const ngx_ai_part_t *part)
{
    switch (part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
        return part->text.len || part->citations != NULL;

    case NGX_AI_PART_THINKING:
        return part->text.len != 0;

    default:
        return 0;
    }
}


ngx_int_t
ngx_ai_cohere_write_id(ngx_ai_json_writer_t *w, ngx_log_t *log,
    const ngx_ai_part_t *part)
{
    ngx_int_t    rc;
    ngx_str_t    id;
    ngx_pool_t  *pool;

    if (part->signature.len == 0) {
        ngx_ai_json_write_text(w, &part->id);
        return NGX_OK;
    }

    pool = ngx_create_pool(NGX_AI_COHERE_POOL, log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_ai_id_join(pool, &part->id, part->origin, &part->signature, &id);

    if (rc == NGX_OK) {
        ngx_ai_json_write_text(w, &id);
    }

    ngx_destroy_pool(pool);

    return rc;
}


void
ngx_ai_cohere_write_uuid(ngx_ai_json_writer_t *w, const ngx_str_t *id)
{
    u_char      uuid[36], *p;
    size_t      i;
    ngx_str_t   text;

    p = uuid;

    for (i = 0; i < id->len && i < 32; i++) {

        if (i == 8 || i == 12 || i == 16 || i == 20) {
            *p++ = '-';
        }

        *p++ = id->data[i];
    }

    text.data = uuid;
    text.len = p - uuid;

    ngx_ai_json_write_text(w, &text);
}
