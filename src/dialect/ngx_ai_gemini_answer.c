
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"


#define NGX_AI_GEMINI_INDEXES  64      /* parts that a citation can name */


/* where the citations of a candidate go */

typedef struct {
    ngx_pool_t         *pool;
    ngx_array_t        *parts;
    ngx_uint_t          n;             /* parts of the source */
    ngx_int_t           texts[NGX_AI_GEMINI_INDEXES];  /* or -1 */
    ngx_uint_t          cited;
} ngx_ai_gemini_cited_t;


static ngx_int_t ngx_ai_gemini_content(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_gemini_read_candidate(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_answer_t *answer);
static ngx_int_t ngx_ai_gemini_read_candidate_parts(ngx_ai_walk_t *w,
    const ngx_ai_node_t *parts, ngx_ai_gemini_cited_t *cited);
static ngx_int_t ngx_ai_gemini_cite(void *data, int64_t part,
    const ngx_ai_citation_t *citation);
static ngx_ai_part_t *ngx_ai_gemini_cited_part(ngx_ai_gemini_cited_t *cited,
    int64_t part);
static ngx_int_t ngx_ai_gemini_read_blocked(ngx_ai_walk_t *w,
    const ngx_ai_node_t *feedback, ngx_ai_answer_t *answer);
static ngx_int_t ngx_ai_gemini_write_candidate(ngx_ai_json_writer_t *w,
    const ngx_ai_answer_t *answer, ngx_uint_t n, ngx_array_t *sources);
static void ngx_ai_gemini_write_call(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_gemini_write_cited(const ngx_ai_part_t *part,
    ngx_uint_t choice, ngx_uint_t index, ngx_array_t *sources);


#define NGX_AI_GEMINI_REPLY(name, field)                                      \
    { ngx_string(name), NGX_AI_ANY, ngx_ai_gemini_node,                       \
      offsetof(ngx_ai_gemini_reply_t, field), 0 }

#define NGX_AI_GEMINI_CANDIDATE(name, field)                                  \
    { ngx_string(name), NGX_AI_ANY, ngx_ai_gemini_node,                       \
      offsetof(ngx_ai_gemini_candidate_t, field), 0 }


static const ngx_ai_member_t  ngx_ai_gemini_reply_members[] = {
    NGX_AI_GEMINI_REPLY("candidates", candidates),
    NGX_AI_GEMINI_REPLY("usageMetadata", usage),
    NGX_AI_GEMINI_REPLY("modelVersion", model),
    NGX_AI_GEMINI_REPLY("responseId", id),
    NGX_AI_GEMINI_REPLY("promptFeedback", feedback),
    NGX_AI_GEMINI_REPLY("error", error),
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_gemini_candidate_members[] = {

    { ngx_string("content"),
      NGX_AI_ANY,
      ngx_ai_gemini_content,
      0, 0 },

    NGX_AI_GEMINI_CANDIDATE("finishReason", finish),
    NGX_AI_GEMINI_CANDIDATE("index", index),
    NGX_AI_GEMINI_CANDIDATE("groundingMetadata", grounding),
    NGX_AI_GEMINI_CANDIDATE("citationMetadata", citations),
    NGX_AI_GEMINI_CANDIDATE("logprobsResult", logprobs),
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_gemini_content_members[] = {
    NGX_AI_GEMINI_CANDIDATE("parts", parts),
    ngx_ai_null_member
};


ngx_int_t
ngx_ai_gemini_reply(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_gemini_reply_t *reply)
{
    ngx_memzero(reply, sizeof(ngx_ai_gemini_reply_t));

    return ngx_ai_walk_element(w, node, ngx_ai_gemini_reply_members, reply);
}


ngx_int_t
ngx_ai_gemini_candidate(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_gemini_candidate_t *candidate)
{
    ngx_memzero(candidate, sizeof(ngx_ai_gemini_candidate_t));

    return ngx_ai_walk_element(w, node, ngx_ai_gemini_candidate_members,
                               candidate);
}


static ngx_int_t
ngx_ai_gemini_content(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_element(w, value, ngx_ai_gemini_content_members, to);
}


ngx_int_t
ngx_ai_gemini_read_answer(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    ngx_uint_t quirks, void *data)
{
    ngx_uint_t              i;
    ngx_ai_answer_t        *answer;
    const ngx_ai_node_t    *node;
    ngx_ai_gemini_reply_t   reply;

    answer = data;

    if (ngx_ai_gemini_reply(w, root, &reply) != NGX_OK || reply.error != NULL) {
        return NGX_ERROR;
    }

    if (reply.candidates == NULL && reply.usage == NULL
        && reply.feedback == NULL)
    {
        return NGX_ERROR;
    }

    ngx_ai_gemini_string(w->tree, reply.id, &answer->id);
    ngx_ai_gemini_string(w->tree, reply.model, &answer->model);

    if (reply.usage != NULL) {
        (void) ngx_ai_gemini_read_usage(w, reply.usage, &answer->usage,
                                        &answer->tier);
    }

    if (reply.candidates != NULL) {

        if (reply.candidates->type != NGX_AI_JSON_ARRAY) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_child(reply.candidates);

        for (i = 0; i < reply.candidates->n; i++) {

            if (ngx_ai_gemini_read_candidate(w, node, answer) != NGX_OK) {
                return NGX_ERROR;
            }

            node = ngx_ai_tree_next(w->tree, node);
        }
    }

    if (answer->alternatives.nelts == 0
        && ngx_ai_gemini_read_blocked(w, reply.feedback, answer) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_ai_answer_complete(answer);
}


static ngx_int_t
ngx_ai_gemini_read_candidate(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_answer_t *answer)
{
    ngx_uint_t                  skip;
    ngx_ai_alternative_t       *alternative;
    ngx_ai_gemini_cited_t       cited;
    ngx_ai_gemini_candidate_t   candidate;

    alternative = ngx_ai_answer_alternative(answer);

    if (alternative == NULL
        || ngx_ai_gemini_candidate(w, node, &candidate) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* there is always one, but for what was cut off in some way */

    alternative->finish = ngx_ai_gemini_read_finish(w->tree,
                                                    candidate.finish);

    if (alternative->finish == NGX_AI_FINISH_NONE) {
        alternative->finish = NGX_AI_FINISH_OTHER;
    }

    ngx_memzero(&cited, sizeof(ngx_ai_gemini_cited_t));

    cited.pool = w->pool;
    cited.parts = &alternative->parts;

    if (candidate.parts != NULL
        && ngx_ai_gemini_read_candidate_parts(w, candidate.parts, &cited)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    skip = 0;

    if (ngx_ai_gemini_read_citations(w->tree, &candidate, &skip,
                                     ngx_ai_gemini_cite, &cited)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_ai_gemini_read_logprobs(w->tree, candidate.logprobs, w->pool,
                                       &alternative->logprobs);
}


static ngx_int_t
ngx_ai_gemini_read_candidate_parts(ngx_ai_walk_t *w,
    const ngx_ai_node_t *parts, ngx_ai_gemini_cited_t *cited)
{
    ngx_uint_t             i, n, had;
    ngx_ai_part_t         *part;
    const ngx_ai_node_t   *element;
    ngx_ai_gemini_list_t   list;

    if (ngx_ai_gemini_list_init(&list, w->pool) != NGX_OK) {
        return NGX_ERROR;
    }

    list.parts = cited->parts;
    n = ngx_ai_gemini_elements(parts, &element);

    for (i = 0; i < n; i++) {

        had = list.parts->nelts;

        if (ngx_ai_gemini_list_add(w, &list, element, 0) != NGX_OK) {
            return NGX_ERROR;
        }

        if (i < NGX_AI_GEMINI_INDEXES) {
            part = list.parts->elts;

            cited->texts[i] = (list.parts->nelts > had
                               && part[had].kind == NGX_AI_PART_TEXT)
                              ? (ngx_int_t) had : -1;
            cited->n = i + 1;
        }

        element = ngx_ai_tree_next(w->tree, element);
    }

    return ngx_ai_gemini_list_end(w, &list);
}


static ngx_int_t
ngx_ai_gemini_cite(void *data, int64_t index,
    const ngx_ai_citation_t *citation)
{
    ngx_ai_part_t          *part;
    ngx_ai_citation_t      *c;
    ngx_ai_gemini_cited_t  *cited;

    cited = data;
    part = ngx_ai_gemini_cited_part(cited, index);

    if (part == NULL || cited->cited++ == NGX_AI_GEMINI_CITATIONS) {
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


/* the text of that number; the last one where none is told */

static ngx_ai_part_t *
ngx_ai_gemini_cited_part(ngx_ai_gemini_cited_t *cited, int64_t index)
{
    ngx_uint_t      i;
    ngx_ai_part_t  *part;

    part = cited->parts->elts;

    if (index >= 0 && index < (int64_t) cited->n && cited->texts[index] >= 0) {
        return &part[cited->texts[index]];
    }

    for (i = cited->parts->nelts; i; i--) {
        if (part[i - 1].kind == NGX_AI_PART_TEXT) {
            return &part[i - 1];
        }
    }

    return NULL;
}


/* an answer without candidates */

static ngx_int_t
ngx_ai_gemini_read_blocked(ngx_ai_walk_t *w, const ngx_ai_node_t *feedback,
    ngx_ai_answer_t *answer)
{
    ngx_ai_alternative_t  *alternative;

    alternative = ngx_ai_answer_alternative(answer);
    if (alternative == NULL) {
        return NGX_ERROR;
    }

    alternative->finish = ngx_ai_gemini_is_blocked(w->tree, feedback)
                          ? NGX_AI_FINISH_FILTER : NGX_AI_FINISH_OTHER;

    return NGX_OK;
}


ngx_uint_t
ngx_ai_gemini_is_blocked(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *feedback)
{
    return feedback != NULL
           && (ngx_ai_tree_member(tree, feedback, "blockReason") != NULL
               || ngx_ai_tree_member(tree, feedback, "blockReasonMessage")
                  != NULL);
}


ngx_uint_t
ngx_ai_gemini_read_finish(const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *node)
{
    ngx_str_t  text;

    if (node == NULL) {
        return NGX_AI_FINISH_NONE;
    }

    if (node->type == NGX_AI_JSON_NUMBER) {
        ngx_ai_tree_raw(tree, node, &text);
        return ngx_ai_gemini_finish(&text, 1);
    }

    if (node->type != NGX_AI_JSON_STRING) {
        return NGX_AI_FINISH_OTHER;
    }

    ngx_ai_tree_text(tree, node, &text);

    return ngx_ai_gemini_finish(&text, 0);
}


void
ngx_ai_gemini_string(const ngx_ai_tree_t *tree, const ngx_ai_node_t *node,
    ngx_str_t *text)
{
    if (node != NULL && node->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(tree, node, text);

    } else {
        ngx_str_null(text);
    }
}


void
ngx_ai_gemini_get(const ngx_ai_tree_t *tree, const ngx_ai_node_t *object,
    const char *name, ngx_str_t *text)
{
    ngx_ai_gemini_string(tree, ngx_ai_tree_member(tree, object, name), text);
}


void
ngx_ai_gemini_read_fault(const ngx_ai_tree_t *tree, const ngx_ai_node_t *node,
    ngx_pool_t *pool, ngx_ai_error_t *error)
{
    u_char                 *p;
    ngx_str_t               text;
    ngx_uint_t              i;
    const ngx_ai_node_t    *code, *details, *detail;
    ngx_ai_gemini_fault_t   fault;

    ngx_memzero(error, sizeof(ngx_ai_error_t));
    ngx_memzero(&fault, sizeof(ngx_ai_gemini_fault_t));

    code = ngx_ai_tree_member(tree, node, "code");

    if (code == NULL || ngx_ai_tree_int(tree, code, &fault.code) != NGX_OK) {
        fault.code = 0;
    }

    ngx_ai_gemini_get(tree, node, "status", &fault.status);
    ngx_ai_gemini_get(tree, node, "message", &fault.message);

    details = ngx_ai_tree_member(tree, node, "details");

    if (details != NULL && details->type == NGX_AI_JSON_ARRAY) {
        detail = ngx_ai_tree_child(details);

        for (i = 0; i < details->n; i++) {

            ngx_ai_gemini_get(tree, detail, "reason", &text);

            if (text.len) {
                fault.reason = text;
            }

            ngx_ai_gemini_get(tree, detail, "retryDelay", &text);

            if (text.len) {
                fault.delay = text;
            }

            detail = ngx_ai_tree_next(tree, detail);
        }
    }

    ngx_ai_gemini_explain(&fault, error);

    error->status = ngx_ai_error_status(error->kind);

    p = error->message.len ? ngx_pnalloc(pool, error->message.len) : NULL;

    if (p == NULL) {
        ngx_str_set(&error->message, "The provider failed.");
        return;
    }

    (void) ngx_ai_text_decode_loose(error->message.data, error->message.len,
                                    p, error->message.len, &error->message);
}


ngx_int_t
ngx_ai_gemini_write_answer(const void *data, const ngx_ai_told_t *told,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t              i;
    ngx_array_t             sources;
    const ngx_ai_answer_t  *answer;

    answer = data;

    if (ngx_array_init(&sources, answer->pool, 4,
                       sizeof(ngx_ai_gemini_source_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "candidates");
    ngx_ai_json_write_array(w);

    for (i = 0; i < answer->alternatives.nelts; i++) {
        if (ngx_ai_gemini_write_candidate(w, answer, i, &sources) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_ai_json_write_end(w);

    if (answer->usage.reported) {
        ngx_ai_gemini_write_usage(w, &answer->usage);
    }

    ngx_ai_json_write_key(w, "modelVersion");

    if (answer->model.len) {
        ngx_ai_json_write_text(w, &answer->model);

    } else {
        ngx_ai_json_write_string(w, &told->model);
    }

    ngx_ai_json_write_key(w, "responseId");
    ngx_ai_json_write_string(w, &told->id);

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_write_candidate(ngx_ai_json_writer_t *w,
    const ngx_ai_answer_t *answer, ngx_uint_t n, ngx_array_t *sources)
{
    ngx_uint_t                   i, index;
    const ngx_ai_part_t         *part;
    const ngx_ai_alternative_t  *alternative;

    alternative = answer->alternatives.elts;
    alternative += n;

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "content");
    ngx_ai_json_write_object(w);

    index = 0;
    part = alternative->parts.elts;

    if (alternative->parts.nelts) {
        ngx_ai_json_write_key(w, "parts");
        ngx_ai_json_write_array(w);

        for (i = 0; i < alternative->parts.nelts; i++) {

            if (ngx_ai_gemini_write_cited(&part[i], n, index, sources)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            index += ngx_ai_gemini_write_part(w, &part[i]);
        }

        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_literal(w, "\"role\":\"model\"");
    ngx_ai_json_write_end(w);

    ngx_ai_json_write_key(w, "finishReason");
    ngx_ai_json_write_string(w,
                             ngx_ai_gemini_finish_name(alternative->finish));

    ngx_ai_json_write_key(w, "index");
    ngx_ai_json_write_int(w, (int64_t) n);

    ngx_ai_gemini_write_citations(w, sources, n);

    if (alternative->logprobs.len) {
        ngx_ai_gemini_write_logprobs(w, &alternative->logprobs,
                                     answer->pool->log);
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_write_cited(const ngx_ai_part_t *part, ngx_uint_t choice,
    ngx_uint_t index, ngx_array_t *sources)
{
    ngx_uint_t                i;
    ngx_ai_citation_t        *citation;
    ngx_ai_gemini_source_t   *source;

    if (part->citations == NULL) {
        return NGX_OK;
    }

    citation = part->citations->elts;

    for (i = 0; i < part->citations->nelts; i++) {

        if (sources->nelts == NGX_AI_GEMINI_CITATIONS) {
            return NGX_OK;
        }

        if (citation[i].url.len == 0 && citation[i].title.len == 0) {
            continue;
        }

        source = ngx_array_push(sources);
        if (source == NULL) {
            return NGX_ERROR;
        }

        source->choice = choice;
        source->part = (int64_t) index;
        source->url = citation[i].url;
        source->title = citation[i].title;
        source->quote = citation[i].quote;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_ai_gemini_write_part(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part)
{
    switch (part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "text");
        ngx_ai_json_write_text(w, &part->text);
        break;

    case NGX_AI_PART_THINKING:
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "text");
        ngx_ai_json_write_text(w, &part->text);

        /* a signature of Gemini's own that stands for itself */

        if (part->text.len || part->origin != NGX_AI_DIALECT_GEMINI) {
            ngx_ai_json_write_literal(w, "\"thought\":true");
        }

        break;

    case NGX_AI_PART_REDACTED:
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_literal(w, "\"thought\":true");
        ngx_ai_gemini_write_signature(w, part->origin, &part->data);
        ngx_ai_json_write_end(w);
        return 1;

    case NGX_AI_PART_TOOL_CALL:
        ngx_ai_json_write_object(w);
        ngx_ai_gemini_write_call(w, part);
        break;

    case NGX_AI_PART_NATIVE:

        if (part->origin != NGX_AI_DIALECT_GEMINI) {
            return 0;
        }

        ngx_ai_gemini_write_json(w, &part->json);
        return 1;

    default:

        if (part->data.len == 0 && part->url.len == 0 && part->file.len == 0) {
            return 0;
        }

        ngx_ai_json_write_object(w);
        ngx_ai_gemini_write_media(w, part);
    }

    if (part->signature.len) {
        ngx_ai_gemini_write_signature(w, part->origin, &part->signature);
    }

    ngx_ai_json_write_end(w);

    return 1;
}


static void
ngx_ai_gemini_write_call(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part)
{
    ngx_ai_json_write_key(w, "functionCall");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "name");
    ngx_ai_json_write_text(w, &part->name);

    ngx_ai_json_write_key(w, "args");

    if (part->custom) {
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "input");
        ngx_ai_json_write_text(w, &part->text);
        ngx_ai_json_write_end(w);

    } else {
        ngx_ai_gemini_write_json(w, &part->json);
    }

    ngx_ai_json_write_key(w, "id");
    ngx_ai_json_write_text(w, &part->id);
    ngx_ai_json_write_end(w);
}


/* written between the quotes of an empty text, where it needs no memory */

void
ngx_ai_gemini_write_signature(ngx_ai_json_writer_t *w, ngx_uint_t origin,
    const ngx_str_t *signature)
{
    ngx_str_t  none;

    ngx_str_null(&none);

    ngx_ai_json_write_key(w, "thoughtSignature");
    ngx_ai_json_write_text(w, &none);

    if (w->rc != NGX_OK) {
        return;
    }

    w->buf->last--;
    w->rc = ngx_ai_gemini_sign_write(w->buf, origin, signature);

    if (w->rc == NGX_OK) {
        w->rc = ngx_ai_buf_append(w->buf, "\"", 1);
    }
}


/* what most parts are; in as few steps as there can be */

void
ngx_ai_gemini_write_plain(ngx_ai_json_writer_t *w, const ngx_str_t *text)
{
    u_char  *p;

    ngx_ai_json_write_literal(w, "{\"text\":\"");

    if (w->rc != NGX_OK) {
        return;
    }

    p = ngx_ai_buf_reserve(w->buf, text->len + 2);

    if (p == NULL) {
        w->rc = NGX_DECLINED;
        return;
    }

    p = ngx_cpymem(p, text->data, text->len);
    *p++ = '"';
    *p++ = '}';

    w->buf->last = p;
}


/* between tokens only, as a string has none in it: it can be left out */

void
ngx_ai_gemini_write_json(ngx_ai_json_writer_t *w, const ngx_str_t *json)
{
    u_char  *p, *q;
    size_t   start;

    start = ngx_ai_buf_len(w->buf);

    ngx_ai_json_write_raw(w, json);

    if (w->rc != NGX_OK) {
        return;
    }

    q = w->buf->start + start;

    for (p = q; p < w->buf->last; p++) {
        if (*p != LF && *p != CR) {
            *q++ = *p;
        }
    }

    w->buf->last = q;
}
