
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_bedrock.h"


typedef struct {
    ngx_str_t         name;
    ngx_uint_t        finish;      /* ngx_ai_finish_e */
} ngx_ai_bedrock_finish_t;


static ngx_int_t ngx_ai_bedrock_read_block(ngx_ai_walk_t *w,
    const ngx_ai_node_t *block, ngx_array_t *parts);
static ngx_int_t ngx_ai_bedrock_answer_call(ngx_ai_walk_t *w,
    const ngx_ai_node_t *block, const ngx_ai_node_t *value,
    ngx_array_t *parts);
static ngx_int_t ngx_ai_bedrock_answer_thinking(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_array_t *parts);
static ngx_int_t ngx_ai_bedrock_answer_cited(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_array_t *parts);
static ngx_int_t ngx_ai_bedrock_answer_image(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_array_t *parts);
static ngx_int_t ngx_ai_bedrock_answer_native(ngx_ai_walk_t *w,
    const ngx_ai_node_t *block, const char *name, ngx_array_t *parts);
static int64_t ngx_ai_bedrock_tokens(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, const char *one, const char *other);
static ngx_int_t ngx_ai_bedrock_write_block(ngx_ai_json_writer_t *w,
    const ngx_ai_answer_t *answer, const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_bedrock_answer_reasoning(ngx_ai_json_writer_t *w,
    const ngx_ai_answer_t *answer, const ngx_ai_part_t *part,
    const ngx_str_t *text);
static void ngx_ai_bedrock_answer_text(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);


/*
 * The first row of a finish is how it is told, the very first one if there is
 * none; the second is for a stop sequence.
 */

static const ngx_ai_bedrock_finish_t  ngx_ai_bedrock_finishes[] = {
    { ngx_string("end_turn"), NGX_AI_FINISH_STOP },
    { ngx_string("stop_sequence"), NGX_AI_FINISH_STOP },
    { ngx_string("tool_use"), NGX_AI_FINISH_TOOLS },
    { ngx_string("max_tokens"), NGX_AI_FINISH_LENGTH },
    { ngx_string("model_context_window_exceeded"), NGX_AI_FINISH_LENGTH },
    { ngx_string("content_filtered"), NGX_AI_FINISH_FILTER },
    { ngx_string("guardrail_intervened"), NGX_AI_FINISH_FILTER },
    { ngx_string("malformed_model_output"), NGX_AI_FINISH_ERROR },
    { ngx_string("malformed_tool_use"), NGX_AI_FINISH_ERROR },
    { ngx_null_string, NGX_AI_FINISH_OTHER }
};


ngx_uint_t
ngx_ai_bedrock_finish(const u_char *data, size_t len)
{
    const ngx_ai_bedrock_finish_t  *row;

    for (row = ngx_ai_bedrock_finishes; row->name.len; row++) {

        if (row->name.len == len && ngx_memcmp(row->name.data, data, len) == 0)
        {
            break;
        }
    }

    return row->finish;
}


ngx_int_t
ngx_ai_bedrock_read_answer(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    ngx_uint_t quirks, void *data)
{
    ngx_ai_answer_t *answer = data;

    ngx_str_t              reason;
    ngx_uint_t             i;
    const ngx_ai_node_t   *node, *content;
    ngx_ai_alternative_t  *a;

    node = ngx_ai_tree_member(w->tree, root, "output");

    if (node != NULL) {
        node = ngx_ai_tree_member(w->tree, node, "message");
    }

    content = node ? ngx_ai_tree_member(w->tree, node, "content") : NULL;

    if (content == NULL || content->type != NGX_AI_JSON_ARRAY) {
        return NGX_ERROR;
    }

    a = ngx_ai_answer_alternative(answer);
    if (a == NULL) {
        return NGX_ERROR;
    }

    node = ngx_ai_tree_child(content);

    for (i = 0; i < content->n; i++) {

        if (ngx_ai_bedrock_read_block(w, node, &a->parts) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    ngx_ai_bedrock_string(w->tree, root, "stopReason", &reason);

    if (reason.len) {
        a->finish = ngx_ai_bedrock_finish(reason.data, reason.len);
        ngx_ai_bedrock_read_stop(w->tree, root, &a->stop);
    }

    node = ngx_ai_tree_member(w->tree, root, "usage");

    if (node != NULL && node->type == NGX_AI_JSON_OBJECT) {
        ngx_ai_bedrock_read_usage(w->tree, node, &answer->usage);
    }

    node = ngx_ai_tree_member(w->tree, root, "serviceTier");

    if (node != NULL) {
        ngx_ai_bedrock_string(w->tree, node, "type", &answer->tier);
    }

    return ngx_ai_answer_complete(answer);
}


/* what is of no known kind is passed over */

static ngx_int_t
ngx_ai_bedrock_read_block(ngx_ai_walk_t *w, const ngx_ai_node_t *block,
    ngx_array_t *parts)
{
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *value;

    value = ngx_ai_tree_member(w->tree, block, "text");

    if (value != NULL && value->type == NGX_AI_JSON_STRING) {

        part = ngx_ai_part_push(parts, NGX_AI_PART_TEXT);
        if (part == NULL) {
            return NGX_ERROR;
        }

        ngx_ai_tree_text(w->tree, value, &part->text);

        return NGX_OK;
    }

    value = ngx_ai_tree_member(w->tree, block, "toolUse");

    if (value != NULL) {
        return ngx_ai_bedrock_answer_call(w, block, value, parts);
    }

    value = ngx_ai_tree_member(w->tree, block, "reasoningContent");

    if (value != NULL) {
        return ngx_ai_bedrock_answer_thinking(w, value, parts);
    }

    value = ngx_ai_tree_member(w->tree, block, "citationsContent");

    if (value != NULL) {
        return ngx_ai_bedrock_answer_cited(w, value, parts);
    }

    value = ngx_ai_tree_member(w->tree, block, "image");

    if (value != NULL) {
        return ngx_ai_bedrock_answer_image(w, value, parts);
    }

    value = ngx_ai_tree_member(w->tree, block, "toolResult");

    if (value != NULL) {
        return ngx_ai_bedrock_answer_native(w, block, "toolResult", parts);
    }

    return NGX_OK;
}


/* some are calls that Bedrock has answered itself */

static ngx_int_t
ngx_ai_bedrock_answer_call(ngx_ai_walk_t *w, const ngx_ai_node_t *block,
    const ngx_ai_node_t *value, ngx_array_t *parts)
{
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *input;

    if (ngx_ai_bedrock_is_server(w->tree, value)) {
        return ngx_ai_bedrock_answer_native(w, block, "toolUse", parts);
    }

    part = ngx_ai_part_push(parts, NGX_AI_PART_TOOL_CALL);
    if (part == NULL) {
        return NGX_ERROR;
    }

    ngx_ai_bedrock_string(w->tree, value, "toolUseId", &part->id);
    ngx_ai_bedrock_string(w->tree, value, "name", &part->name);

    if (part->name.len == 0) {
        return NGX_ERROR;
    }

    input = ngx_ai_tree_member(w->tree, value, "input");

    if (input != NULL) {

        if (input->type != NGX_AI_JSON_OBJECT) {
            return NGX_ERROR;
        }

        ngx_ai_tree_raw(w->tree, input, &part->json);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_answer_thinking(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_array_t *parts)
{
    ngx_str_t             data;
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *text;

    text = ngx_ai_tree_member(w->tree, value, "reasoningText");
    ngx_ai_bedrock_string(w->tree, value, "redactedContent", &data);

    if (text == NULL && data.len == 0) {
        return NGX_OK;
    }

    part = ngx_ai_part_push(parts, text ? NGX_AI_PART_THINKING
                                        : NGX_AI_PART_REDACTED);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->origin = NGX_AI_DIALECT_BEDROCK;
    part->data = data;

    if (text != NULL) {
        ngx_str_null(&part->data);
        ngx_ai_bedrock_string(w->tree, text, "text", &part->text);
        ngx_ai_bedrock_string(w->tree, text, "signature", &part->signature);
    }

    return NGX_OK;
}


/* Nova's citations are a block behind the text, and have none of their own */

static ngx_int_t
ngx_ai_bedrock_answer_cited(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_array_t *parts)
{
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *list;

    part = ngx_ai_part_push(parts, NGX_AI_PART_TEXT);
    if (part == NULL) {
        return NGX_ERROR;
    }

    list = ngx_ai_tree_member(w->tree, value, "content");

    if (list != NULL && list->type == NGX_AI_JSON_ARRAY
        && ngx_ai_bedrock_join(w, list, &part->text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    list = ngx_ai_tree_member(w->tree, value, "citations");

    if (list != NULL && list->type == NGX_AI_JSON_ARRAY) {
        return ngx_ai_bedrock_read_citations(w, list, NULL, &part->citations);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_answer_image(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_array_t *parts)
{
    ngx_str_t             data, format;
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *source;

    source = ngx_ai_tree_member(w->tree, value, "source");

    if (source == NULL) {
        return NGX_OK;
    }

    ngx_ai_bedrock_string(w->tree, source, "bytes", &data);
    ngx_ai_bedrock_string(w->tree, value, "format", &format);

    if (data.len == 0) {
        return NGX_OK;
    }

    part = ngx_ai_part_push(parts, NGX_AI_PART_IMAGE);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->data = data;
    ngx_ai_bedrock_media(NGX_AI_PART_IMAGE, &format, &part->media);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_answer_native(ngx_ai_walk_t *w, const ngx_ai_node_t *block,
    const char *name, ngx_array_t *parts)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_part_push(parts, NGX_AI_PART_NATIVE);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->origin = NGX_AI_DIALECT_BEDROCK;
    part->name.data = (u_char *) name;
    part->name.len = ngx_strlen(name);
    ngx_ai_tree_raw(w->tree, block, &part->json);

    return NGX_OK;
}


void
ngx_ai_bedrock_read_usage(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_ai_usage_t *usage)
{
    ngx_memzero(usage, sizeof(ngx_ai_usage_t));

    usage->reported = 1;

    usage->tokens[NGX_AI_USAGE_INPUT] =
        ngx_ai_bedrock_tokens(t, node, "inputTokens", NULL);
    usage->tokens[NGX_AI_USAGE_OUTPUT] =
        ngx_ai_bedrock_tokens(t, node, "outputTokens", NULL);
    usage->tokens[NGX_AI_USAGE_CACHE_READ] =
        ngx_ai_bedrock_tokens(t, node, "cacheReadInputTokens",
                              "cacheReadInputTokenCount");
    usage->tokens[NGX_AI_USAGE_CACHE_WRITE] =
        ngx_ai_bedrock_tokens(t, node, "cacheWriteInputTokens",
                              "cacheWriteInputTokenCount");
}


static int64_t
ngx_ai_bedrock_tokens(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    const char *one, const char *other)
{
    int64_t               n;
    const ngx_ai_node_t  *value;

    value = ngx_ai_tree_member(t, node, one);

    if (value == NULL && other != NULL) {
        value = ngx_ai_tree_member(t, node, other);
    }

    return (value != NULL && ngx_ai_tree_int(t, value, &n) == NGX_OK && n > 0)
           ? n : 0;
}


void
ngx_ai_bedrock_read_stop(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_str_t *stop)
{
    const ngx_ai_node_t  *more, *delta;

    ngx_str_null(stop);

    more = ngx_ai_tree_member(t, node, "additionalModelResponseFields");

    if (more != NULL) {
        delta = ngx_ai_tree_member(t, more, "delta");
        ngx_ai_bedrock_string(t, delta ? delta : more, "stop_sequence", stop);
    }
}


ngx_int_t
ngx_ai_bedrock_write_answer(const void *data, const ngx_ai_told_t *told,
    ngx_ai_json_writer_t *w)
{
    const ngx_ai_answer_t *answer = data;

    ngx_uint_t                   i;
    const ngx_ai_part_t         *part;
    const ngx_ai_alternative_t  *a;

    /* there is no word for more than one */

    a = answer->alternatives.elts;

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "output");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "message");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"role\":\"assistant\"");
    ngx_ai_json_write_key(w, "content");
    ngx_ai_json_write_array(w);

    if (answer->alternatives.nelts) {
        part = a->parts.elts;

        for (i = 0; i < a->parts.nelts; i++) {

            if (ngx_ai_bedrock_write_block(w, answer, &part[i]) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);

    ngx_ai_json_write_key(w, "stopReason");
    ngx_ai_bedrock_write_reason(w, answer->alternatives.nelts
                                   ? a->finish : NGX_AI_FINISH_STOP,
                                answer->alternatives.nelts
                                && a->stop.len);

    ngx_ai_bedrock_write_usage(w, &answer->usage);
    ngx_ai_bedrock_write_metrics(w, told);

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* NGX_ERROR: no memory */

static ngx_int_t
ngx_ai_bedrock_write_block(ngx_ai_json_writer_t *w,
    const ngx_ai_answer_t *answer, const ngx_ai_part_t *part)
{
    ngx_str_t  none;

    ngx_str_null(&none);

    switch (part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
        ngx_ai_bedrock_answer_text(w, part);

        return part->signature.len
               ? ngx_ai_bedrock_answer_reasoning(w, answer, part, &none)
               : NGX_OK;

    case NGX_AI_PART_THINKING:
        return ngx_ai_bedrock_answer_reasoning(w, answer, part, &part->text);

    case NGX_AI_PART_REDACTED:

        if (part->origin == NGX_AI_DIALECT_BEDROCK) {
            ngx_ai_bedrock_write_redacted(w, &part->data);
        }

        return NGX_OK;

    case NGX_AI_PART_TOOL_CALL:

        if (part->signature.len
            && ngx_ai_bedrock_answer_reasoning(w, answer, part, &none)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "toolUse");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "toolUseId");
        ngx_ai_json_write_text(w, &part->id);
        ngx_ai_json_write_key(w, "name");
        ngx_ai_json_write_text(w, &part->name);
        ngx_ai_bedrock_write_input(w, part);
        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);

        return NGX_OK;

    case NGX_AI_PART_NATIVE:

        if (part->origin == NGX_AI_DIALECT_BEDROCK) {
            ngx_ai_json_write_raw(w, &part->json);
        }

        return NGX_OK;

    case NGX_AI_PART_IMAGE:
        (void) ngx_ai_bedrock_write_media(w, part, NULL);
        return NGX_OK;

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_ai_bedrock_answer_reasoning(ngx_ai_json_writer_t *w,
    const ngx_ai_answer_t *answer, const ngx_ai_part_t *part,
    const ngx_str_t *text)
{
    ngx_str_t  signature;

    if (ngx_ai_bedrock_signature(answer->pool, part->origin, &part->signature,
                                 &signature)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_bedrock_write_reasoning(w, text, &signature);

    return NGX_OK;
}


ngx_int_t
ngx_ai_bedrock_signature(ngx_pool_t *pool, ngx_uint_t origin,
    const ngx_str_t *signature, ngx_str_t *out)
{
    if (signature->len == 0 || origin == NGX_AI_DIALECT_BEDROCK) {
        *out = *signature;
        return NGX_OK;
    }

    return ngx_ai_signature_wrap(pool, origin, signature, out);
}


static void
ngx_ai_bedrock_answer_text(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part)
{
    ngx_uint_t                i;
    const ngx_ai_citation_t  *citation;

    if (part->citations == NULL) {

        if (part->text.len) {
            ngx_ai_json_write_object(w);
            ngx_ai_json_write_key(w, "text");
            ngx_ai_json_write_text(w, &part->text);
            ngx_ai_json_write_end(w);
        }

        return;
    }

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "citationsContent");
    ngx_ai_json_write_object(w);

    if (part->text.len) {
        ngx_ai_json_write_key(w, "content");
        ngx_ai_json_write_array(w);
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "text");
        ngx_ai_json_write_text(w, &part->text);
        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_key(w, "citations");
    ngx_ai_json_write_array(w);

    citation = part->citations->elts;

    for (i = 0; i < part->citations->nelts; i++) {
        ngx_ai_bedrock_write_citation(w, &citation[i]);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


void
ngx_ai_bedrock_write_reason(ngx_ai_json_writer_t *w, ngx_uint_t finish,
    ngx_uint_t sequence)
{
    const ngx_str_t                *reason;
    const ngx_ai_bedrock_finish_t  *row;

    row = ngx_ai_bedrock_finishes;
    reason = &row->name;

    for ( /* void */ ; row->name.len; row++) {

        if (row->finish == finish) {
            reason = &row->name;
            break;
        }
    }

    if (finish == NGX_AI_FINISH_STOP && sequence) {
        reason = &ngx_ai_bedrock_finishes[1].name;
    }

    ngx_ai_json_write_text(w, reason);
}


/* all of it, as zeros where nothing was reported: it is always there */

void
ngx_ai_bedrock_write_usage(ngx_ai_json_writer_t *w,
    const ngx_ai_usage_t *usage)
{
    int64_t          input, output, total;
    const int64_t   *t;
    ngx_ai_usage_t   fresh;

    t = usage->tokens;

    fresh = *usage;
    fresh.tokens[NGX_AI_USAGE_CACHE_READ] = 0;
    fresh.tokens[NGX_AI_USAGE_CACHE_WRITE] = 0;

    input = ngx_ai_usage_in(&fresh);
    output = ngx_ai_usage_out(usage);

    total = ngx_ai_usage_in(usage);
    total = (output > INT64_MAX - total) ? INT64_MAX : total + output;

    ngx_ai_json_write_key(w, "usage");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "inputTokens");
    ngx_ai_json_write_int(w, input);
    ngx_ai_json_write_key(w, "outputTokens");
    ngx_ai_json_write_int(w, output);
    ngx_ai_json_write_key(w, "totalTokens");
    ngx_ai_json_write_int(w, total);
    ngx_ai_json_write_key(w, "cacheReadInputTokens");
    ngx_ai_json_write_int(w, t[NGX_AI_USAGE_CACHE_READ]);
    ngx_ai_json_write_key(w, "cacheWriteInputTokens");
    ngx_ai_json_write_int(w, t[NGX_AI_USAGE_CACHE_WRITE]);
    ngx_ai_json_write_end(w);
}


void
ngx_ai_bedrock_write_metrics(ngx_ai_json_writer_t *w,
    const ngx_ai_told_t *told)
{
    ngx_ai_json_write_key(w, "metrics");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "latencyMs");
    ngx_ai_json_write_int(w, told->elapsed);
    ngx_ai_json_write_end(w);
}
