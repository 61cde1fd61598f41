
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"


static ngx_int_t ngx_ai_openai_read_choices(ngx_ai_walk_t *w,
    const ngx_ai_openai_chunk_t *chunk, ngx_uint_t quirks,
    ngx_ai_answer_t *answer);
static ngx_int_t ngx_ai_openai_read_whole(ngx_ai_walk_t *w,
    const ngx_ai_openai_choice_t *choice, ngx_array_t *parts);
static ngx_int_t ngx_ai_openai_cite(void *data,
    const ngx_ai_citation_t *citation);
static ngx_int_t ngx_ai_openai_write_message(const ngx_ai_answer_t *answer,
    const ngx_array_t *parts, const ngx_ai_told_t *told,
    ngx_ai_json_writer_t *w);
static void ngx_ai_openai_write_annotations(ngx_ai_json_writer_t *w,
    const ngx_array_t *parts);
static ngx_int_t ngx_ai_openai_write_images(ngx_ai_json_writer_t *w,
    const ngx_array_t *parts, ngx_log_t *log);
static void ngx_ai_openai_write_sound(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part, const ngx_ai_told_t *told);
static ngx_int_t ngx_ai_openai_write_made_calls(ngx_ai_json_writer_t *w,
    const ngx_array_t *parts, ngx_pool_t *pool);
static ngx_uint_t ngx_ai_openai_find(const ngx_array_t *parts,
    ngx_uint_t kind);


/*
 * By ngx_ai_finish_e.  That a model failed in the middle has no word of
 * OpenAI's; "error" is OpenRouter's.
 */

static const ngx_str_t  ngx_ai_openai_finishes[NGX_AI_FINISH_MAX] = {
    ngx_string("stop"),
    ngx_string("stop"),
    ngx_string("length"),
    ngx_string("tool_calls"),
    ngx_string("content_filter"),
    ngx_string("error"),
    ngx_string("stop")
};


ngx_int_t
ngx_ai_openai_read_answer(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    ngx_uint_t quirks, void *data)
{
    ngx_ai_answer_t *answer = data;

    ngx_ai_openai_chunk_t  chunk;
    ngx_ai_openai_fault_t  fault;

    if (ngx_ai_openai_read_chunk(w, root, &chunk) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_ai_openai_read_fault(w, &chunk, quirks, &fault)) {
        return ngx_ai_walk_fail(w, root, "is an error");
    }

    if (chunk.choices == NULL || chunk.choices->type != NGX_AI_JSON_ARRAY
        || chunk.choices->n == 0)
    {
        return ngx_ai_walk_fail(w, root, "has no \"choices\"");
    }

    answer->id = chunk.id;
    answer->model = chunk.model;
    answer->tier = chunk.tier;
    answer->created = chunk.created;

    if (ngx_ai_openai_read_usage(w, ngx_ai_openai_usage_node(w, &chunk),
                                 quirks, &answer->usage)
        == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    if (ngx_ai_openai_read_choices(w, &chunk, quirks, answer) != NGX_OK) {
        return NGX_ERROR;
    }

    return (ngx_ai_answer_complete(answer) == NGX_OK)
           ? NGX_OK : ngx_ai_openai_no_memory(w);
}


static ngx_int_t
ngx_ai_openai_read_choices(ngx_ai_walk_t *w,
    const ngx_ai_openai_chunk_t *chunk, ngx_uint_t quirks,
    ngx_ai_answer_t *answer)
{
    ngx_uint_t               i;
    ngx_array_t             *parts;
    const ngx_ai_node_t     *node, *sources;
    ngx_ai_alternative_t    *alternative;
    ngx_ai_openai_choice_t   choice;

    sources = chunk->results ? chunk->results : chunk->citations;
    node = ngx_ai_tree_child(chunk->choices);

    for (i = 0; i < chunk->choices->n; i++) {

        if (ngx_ai_openai_read_alternative(w, node, &choice) != NGX_OK) {
            return NGX_ERROR;
        }

        alternative = ngx_ai_answer_alternative(answer);
        if (alternative == NULL) {
            return ngx_ai_openai_no_memory(w);
        }

        parts = &alternative->parts;

        if (ngx_ai_openai_read_whole(w, &choice, parts) != NGX_OK) {
            return NGX_ERROR;
        }

        if (choice.finish.len) {
            alternative->finish = ngx_ai_openai_finish(choice.finish.data,
                                                       choice.finish.len);
        }

        (void) ngx_ai_openai_read_logprobs(w, choice.logprobs,
                                           &alternative->logprobs);

        /* Perplexity's sources are those of all that is said */

        if (i == 0 && sources
            && ngx_ai_openai_read_citations(w, sources, ngx_ai_openai_cite,
                                            parts)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (!answer->usage.reported
            && ngx_ai_openai_read_usage(w, choice.usage, quirks,
                                        &answer->usage)
               == NGX_ERROR)
        {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_whole(ngx_ai_walk_t *w,
    const ngx_ai_openai_choice_t *choice, ngx_array_t *parts)
{
    ngx_ai_part_t         *part, sound;
    const ngx_ai_node_t   *name;
    ngx_ai_openai_said_t   said;

    if (choice->text.len) {
        part = ngx_ai_part_push(parts, NGX_AI_PART_TEXT);
        if (part == NULL) {
            return ngx_ai_openai_no_memory(w);
        }

        part->text = choice->text;
    }

    if (ngx_ai_openai_read_said(w, choice->message, &said) != NGX_OK
        || ngx_ai_openai_read_parts(w, &said, parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_ai_openai_read_citations(w, said.annotations, ngx_ai_openai_cite,
                                     parts)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&sound, sizeof(ngx_ai_part_t));

    if (said.audio
        && ngx_ai_openai_read_sound(w, said.audio, &sound) == NGX_OK)
    {
        part = ngx_ai_part_push(parts, NGX_AI_PART_AUDIO);
        if (part == NULL) {
            return ngx_ai_openai_no_memory(w);
        }

        part->id = sound.id;
        part->data = sound.data;
        part->text = sound.text;
    }

    /* Snowflake has one in each answer, without a name */

    if (said.function) {
        name = ngx_ai_tree_member(w->tree, said.function, "name");

        if (name != NULL && name->type == NGX_AI_JSON_STRING
            && name->end - name->start > 2
            && ngx_ai_openai_read_calls(w, said.function, parts) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return (said.calls && said.calls->type == NGX_AI_JSON_ARRAY)
           ? ngx_ai_openai_read_calls(w, said.calls, parts) : NGX_OK;
}


/* to the last text that there is */

static ngx_int_t
ngx_ai_openai_cite(void *data, const ngx_ai_citation_t *citation)
{
    ngx_array_t *parts = data;

    ngx_uint_t          i;
    ngx_ai_part_t      *part;
    ngx_ai_citation_t  *cited;

    part = parts->elts;

    for (i = parts->nelts; i; i--) {
        if (part[i - 1].kind == NGX_AI_PART_TEXT) {
            break;
        }
    }

    if (i == 0) {
        return NGX_OK;
    }

    part = &part[i - 1];

    if (part->citations == NULL) {
        part->citations = ngx_array_create(parts->pool, 4,
                                           sizeof(ngx_ai_citation_t));
        if (part->citations == NULL) {
            return NGX_ERROR;
        }
    }

    cited = ngx_array_push(part->citations);
    if (cited == NULL) {
        return NGX_ERROR;
    }

    *cited = *citation;

    return NGX_OK;
}


ngx_int_t
ngx_ai_openai_write_answer(const void *data, const ngx_ai_told_t *told,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t                   i;
    const ngx_ai_answer_t       *answer;
    const ngx_ai_alternative_t  *alternative;

    answer = data;

    ngx_ai_json_write_object(w);

    ngx_ai_openai_write_head(w, "chatcmpl-", "chat.completion",
                             &answer->model, answer->created, told);

    ngx_ai_json_write_key(w, "choices");
    ngx_ai_json_write_array(w);

    alternative = answer->alternatives.elts;

    for (i = 0; i < answer->alternatives.nelts; i++) {

        ngx_ai_json_write_object(w);
        ngx_ai_openai_write_count(w, "index", i);

        if (ngx_ai_openai_write_message(answer, &alternative[i].parts, told,
                                        w)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (alternative[i].logprobs.len) {
            ngx_ai_openai_write_raw(w, "logprobs", &alternative[i].logprobs);

        } else {
            ngx_ai_json_write_literal(w, "\"logprobs\":null");
        }

        ngx_ai_openai_write_finish(w, alternative[i].finish);
        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);

    if (answer->usage.reported) {
        ngx_ai_json_write_key(w, "usage");
        ngx_ai_openai_write_usage(w, &answer->usage);
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


void
ngx_ai_openai_write_head(ngx_ai_json_writer_t *w, const char *prefix,
    const char *object, const ngx_str_t *model, int64_t created,
    const ngx_ai_told_t *told)
{
    u_char     buf[64];
    ngx_str_t  text;

    text.data = buf;
    text.len = ngx_snprintf(buf, sizeof(buf), "%s%V", prefix, &told->id)
               - buf;

    ngx_ai_json_write_key(w, "id");
    ngx_ai_json_write_text(w, &text);

    text.data = (u_char *) object;
    text.len = ngx_strlen(object);

    ngx_ai_json_write_key(w, "object");
    ngx_ai_json_write_text(w, &text);

    ngx_ai_openai_write_count(w, "created", created ? created
                                                    : told->created);

    ngx_ai_json_write_key(w, "model");

    if (model->len) {
        ngx_ai_json_write_text(w, model);

    } else {
        ngx_ai_json_write_string(w, &told->model);
    }
}


const ngx_str_t *
ngx_ai_openai_finish_word(ngx_uint_t finish)
{
    return &ngx_ai_openai_finishes[finish];
}


void
ngx_ai_openai_write_finish(ngx_ai_json_writer_t *w, ngx_uint_t finish)
{
    ngx_ai_json_write_key(w, "finish_reason");
    ngx_ai_json_write_text(w, ngx_ai_openai_finish_word(finish));
}


static ngx_int_t
ngx_ai_openai_write_message(const ngx_ai_answer_t *answer,
    const ngx_array_t *parts, const ngx_ai_told_t *told,
    ngx_ai_json_writer_t *w)
{
    ngx_int_t             rc;
    ngx_log_t            *log;
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    log = answer->pool->log;

    ngx_ai_json_write_key(w, "message");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"role\":\"assistant\"");

    rc = ngx_ai_openai_write_texts(w, "content", parts, NGX_AI_PART_TEXT,
                                   log);
    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        ngx_ai_json_write_literal(w, "\"content\":null");
    }

    if (ngx_ai_openai_write_texts(w, "reasoning_content", parts,
                                  NGX_AI_PART_THINKING, log)
        == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    rc = ngx_ai_openai_write_texts(w, "refusal", parts, NGX_AI_PART_REFUSAL,
                                   log);
    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        ngx_ai_json_write_literal(w, "\"refusal\":null");
    }

    ngx_ai_openai_write_annotations(w, parts);

    i = ngx_ai_openai_find(parts, NGX_AI_PART_AUDIO);

    if (i) {
        part = parts->elts;
        ngx_ai_openai_write_sound(w, &part[i - 1], told);
    }

    if (ngx_ai_openai_find(parts, NGX_AI_PART_IMAGE)
        && ngx_ai_openai_write_images(w, parts, log) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_ai_openai_find(parts, NGX_AI_PART_TOOL_CALL)
        && ngx_ai_openai_write_made_calls(w, parts, answer->pool) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/*
 * Places count from the start of "content", which is all texts one behind the
 * other.  What is cited for a text as a whole has all of it as its place.
 */

static void
ngx_ai_openai_write_annotations(ngx_ai_json_writer_t *w,
    const ngx_array_t *parts)
{
    int64_t                   base, n;
    ngx_uint_t                i, k;
    const ngx_ai_part_t      *part;
    const ngx_ai_citation_t  *citation;

    base = 0;
    part = parts->elts;

    ngx_ai_json_write_key(w, "annotations");
    ngx_ai_json_write_array(w);

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind != NGX_AI_PART_TEXT) {
            continue;
        }

        n = ngx_ai_openai_chars(&part[i].text);

        if (part[i].citations != NULL) {
            citation = part[i].citations->elts;

            for (k = 0; k < part[i].citations->nelts; k++) {
                ngx_ai_openai_write_citation(w, &citation[k], base, base + n);
            }
        }

        base += n;
    }

    ngx_ai_json_write_end(w);
}


static ngx_int_t
ngx_ai_openai_write_images(ngx_ai_json_writer_t *w, const ngx_array_t *parts,
    ngx_log_t *log)
{
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    ngx_ai_json_write_key(w, "images");
    ngx_ai_json_write_array(w);

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind != NGX_AI_PART_IMAGE) {
            continue;
        }

        ngx_ai_json_write_object(w);

        if (ngx_ai_openai_write_image(w, &part[i], log) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* it must have an id and expire; nobody here keeps it to be named again */

static void
ngx_ai_openai_write_sound(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part,
    const ngx_ai_told_t *told)
{
    u_char     buf[64];
    ngx_str_t  id;

    id.data = buf;
    id.len = ngx_snprintf(buf, sizeof(buf), "audio_%V", &told->id) - buf;

    ngx_ai_json_write_key(w, "audio");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "id");
    ngx_ai_json_write_text(w, &id);
    ngx_ai_json_write_key(w, "data");
    ngx_ai_json_write_text(w, &part->data);
    ngx_ai_openai_write_count(w, "expires_at", told->created);
    ngx_ai_json_write_key(w, "transcript");
    ngx_ai_json_write_text(w, &part->text);

    ngx_ai_json_write_end(w);
}


static ngx_int_t
ngx_ai_openai_write_made_calls(ngx_ai_json_writer_t *w,
    const ngx_array_t *parts, ngx_pool_t *pool)
{
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    ngx_ai_json_write_key(w, "tool_calls");
    ngx_ai_json_write_array(w);

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind != NGX_AI_PART_TOOL_CALL) {
            continue;
        }

        ngx_ai_json_write_object(w);

        if (ngx_ai_openai_write_signed_id(w, &part[i], pool) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_ai_openai_write_call(w, &part[i]);
        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* the number of the first part of the kind, from 1; 0: there is none */

static ngx_uint_t
ngx_ai_openai_find(const ngx_array_t *parts, ngx_uint_t kind)
{
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind == kind) {
            return i + 1;
        }
    }

    return 0;
}
