
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_anthropic.h"
#include "ngx_ai_sign.h"


static void ngx_ai_anthropic_answer_text(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, const char *name, ngx_str_t *text);
static ngx_int_t ngx_ai_anthropic_write_answer_part(ngx_pool_t *pool,
    const ngx_ai_part_t *part, ngx_ai_json_writer_t *w);
static ngx_int_t ngx_ai_anthropic_write_thought(ngx_pool_t *pool,
    const ngx_ai_part_t *part, ngx_ai_json_writer_t *w);
static void ngx_ai_anthropic_write_cited(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);


/* in the order of ngx_ai_anthropic_count_e, but for the last one */

static const char  *ngx_ai_anthropic_count_names[] = {
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens"
};


ngx_int_t
ngx_ai_anthropic_read_answer(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    ngx_uint_t quirks, void *data)
{
    ngx_str_t              reason;
    ngx_ai_answer_t       *answer;
    const ngx_ai_node_t   *content, *usage;
    ngx_ai_alternative_t  *alternative;

    static const ngx_str_t  standard = ngx_string("standard");

    answer = data;

    /* what is not an object has no members */

    content = ngx_ai_tree_member(w->tree, root, "content");

    if (content == NULL || content->type != NGX_AI_JSON_ARRAY) {
        return ngx_ai_walk_fail(w, root, "is no message");
    }

    ngx_ai_anthropic_answer_text(w->tree, root, "id", &answer->id);
    ngx_ai_anthropic_answer_text(w->tree, root, "model", &answer->model);

    alternative = ngx_ai_answer_alternative(answer);
    if (alternative == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    if (ngx_ai_anthropic_read_blocks(w, content, NGX_AI_ANTHROPIC_IN_ANSWER,
                                     &alternative->parts)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_anthropic_answer_text(w->tree, root, "stop_reason", &reason);
    ngx_ai_anthropic_answer_text(w->tree, root, "stop_sequence",
                                 &alternative->stop);

    alternative->finish = reason.len ? ngx_ai_anthropic_finish_find(&reason)
                                     : NGX_AI_FINISH_STOP;

    usage = ngx_ai_tree_member(w->tree, root, "usage");

    if (usage != NULL) {
        ngx_ai_anthropic_read_usage(w->tree, usage, &answer->usage);
        ngx_ai_anthropic_answer_text(w->tree, usage, "service_tier",
                                     &answer->tier);

        if (answer->tier.len == standard.len
            && ngx_memcmp(answer->tier.data, standard.data, standard.len) == 0)
        {
            ngx_str_set(&answer->tier, "default");
        }
    }

    if (ngx_ai_answer_complete(answer) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return NGX_OK;
}


static void
ngx_ai_anthropic_answer_text(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, const char *name, ngx_str_t *text)
{
    const ngx_ai_node_t  *value;

    ngx_str_null(text);

    value = ngx_ai_tree_member(t, node, name);

    if (value != NULL && value->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(t, value, text);
    }
}


void
ngx_ai_anthropic_read_usage(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_ai_usage_t *usage)
{
    int64_t               counts[NGX_AI_ANTHROPIC_COUNTS];
    ngx_uint_t            i;
    const ngx_ai_node_t  *value;

    for (i = 0; i < NGX_AI_ANTHROPIC_COUNTS; i++) {

        if (i == NGX_AI_ANTHROPIC_THINKING) {
            value = ngx_ai_tree_member(t, node, "output_tokens_details");

            if (value != NULL) {
                value = ngx_ai_tree_member(t, value, "thinking_tokens");
            }

        } else {
            value = ngx_ai_tree_member(t, node,
                                       ngx_ai_anthropic_count_names[i]);
        }

        if (value == NULL
            || ngx_ai_tree_int(t, value, &counts[i]) != NGX_OK)
        {
            counts[i] = -1;
        }
    }

    ngx_ai_anthropic_usage(counts, usage);
}


/*
 * A finish that is an error has no name here, and must not be taken for a
 * good one.
 */

ngx_int_t
ngx_ai_anthropic_write_answer(const void *data, const ngx_ai_told_t *told,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t                   i;
    const ngx_ai_part_t         *part;
    const ngx_ai_answer_t       *answer;
    const ngx_ai_alternative_t  *alternative;

    answer = data;
    alternative = answer->alternatives.elts;

    if (answer->alternatives.nelts == 0
        || alternative->finish == NGX_AI_FINISH_ERROR)
    {
        return NGX_DECLINED;
    }

    ngx_ai_json_write_object(w);

    ngx_ai_anthropic_write_head(w, told, &answer->model);

    ngx_ai_json_write_key(w, "content");
    ngx_ai_json_write_array(w);

    part = alternative->parts.elts;

    for (i = 0; i < alternative->parts.nelts; i++) {

        if (ngx_ai_anthropic_write_answer_part(answer->pool, &part[i], w)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_ai_json_write_end(w);

    ngx_ai_json_write_key(w, "stop_reason");
    ngx_ai_json_write_text(w, ngx_ai_anthropic_finish_name(
                                  alternative->finish, &alternative->stop));

    ngx_ai_json_write_key(w, "stop_sequence");

    if (alternative->stop.len) {
        ngx_ai_json_write_text(w, &alternative->stop);

    } else {
        ngx_ai_json_write_null(w);
    }

    ngx_ai_anthropic_write_usage(w, &answer->usage, &answer->tier);

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


void
ngx_ai_anthropic_write_head(ngx_ai_json_writer_t *w,
    const ngx_ai_told_t *told, const ngx_str_t *model)
{
    u_char     buf[sizeof("msg_") + 64];
    ngx_str_t  id;

    id.data = buf;
    id.len = ngx_snprintf(buf, sizeof(buf), "msg_%V", &told->id) - buf;

    ngx_ai_json_write_key(w, "id");
    ngx_ai_json_write_text(w, &id);

    ngx_ai_json_write_literal(w, "\"type\":\"message\","
                              "\"role\":\"assistant\"");

    ngx_ai_json_write_key(w, "model");

    if (model->len) {
        ngx_ai_json_write_text(w, model);

    } else {
        ngx_ai_json_write_string(w, &told->model);
    }
}


static ngx_int_t
ngx_ai_anthropic_write_answer_part(ngx_pool_t *pool,
    const ngx_ai_part_t *part, ngx_ai_json_writer_t *w)
{
    switch (part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
    case NGX_AI_PART_AUDIO:

        /* of what is spoken, what is said */

        if (part->text.len) {
            ngx_ai_anthropic_write_cited(w, part);
        }

        /* fall through */

    case NGX_AI_PART_THINKING:
    case NGX_AI_PART_REDACTED:
        return ngx_ai_anthropic_write_thought(pool, part, w);

    case NGX_AI_PART_TOOL_CALL:
        if (ngx_ai_anthropic_write_thought(pool, part, w) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_ai_json_write_object(w);

        ngx_ai_json_write_literal(w, "\"type\":\"tool_use\"");
        ngx_ai_json_write_key(w, "id");
        ngx_ai_json_write_text(w, &part->id);
        ngx_ai_json_write_key(w, "name");
        ngx_ai_json_write_text(w, &part->name);
        ngx_ai_json_write_key(w, "input");
        ngx_ai_anthropic_write_input(w, part);

        ngx_ai_json_write_end(w);

        return NGX_OK;

    case NGX_AI_PART_NATIVE:
        if (part->origin == NGX_AI_DIALECT_ANTHROPIC) {
            ngx_ai_json_write_raw(w, &part->json);
        }

        return NGX_OK;

    default:
        return NGX_OK;
    }
}


/* thoughts, or the signature of another part in a block of its own */

static ngx_int_t
ngx_ai_anthropic_write_thought(ngx_pool_t *pool, const ngx_ai_part_t *part,
    ngx_ai_json_writer_t *w)
{
    ngx_str_t  text, signature;

    ngx_str_null(&text);

    if (part->kind == NGX_AI_PART_THINKING) {
        text = part->text;
    }

    if (ngx_ai_anthropic_sign(pool, part->kind, part->origin,
                              part->kind == NGX_AI_PART_REDACTED
                              ? &part->data : &part->signature,
                              &signature)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (text.len == 0 && signature.len == 0) {
        return NGX_OK;
    }

    if (part->kind != NGX_AI_PART_REDACTED) {
        ngx_ai_anthropic_write_thinking(w, &text, &signature);
        return NGX_OK;
    }

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_literal(w, "\"type\":\"redacted_thinking\"");
    ngx_ai_json_write_key(w, "data");
    ngx_ai_json_write_text(w, &signature);

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


ngx_int_t
ngx_ai_anthropic_sign(ngx_pool_t *pool, ngx_uint_t kind, ngx_uint_t origin,
    const ngx_str_t *signature, ngx_str_t *out)
{
    u_char     *p;
    ngx_str_t   marked;

    *out = *signature;

    if (origin == NGX_AI_DIALECT_ANTHROPIC || signature->len == 0) {
        return NGX_OK;
    }

    if (kind != NGX_AI_PART_TOOL_CALL) {
        return ngx_ai_signature_wrap(pool, origin, signature, out);
    }

    marked.len = sizeof(NGX_AI_ANTHROPIC_CALL) - 1 + signature->len;

    p = ngx_pnalloc(pool, marked.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    marked.data = p;

    p = ngx_cpymem(p, NGX_AI_ANTHROPIC_CALL,
                   sizeof(NGX_AI_ANTHROPIC_CALL) - 1);
    ngx_memcpy(p, signature->data, signature->len);

    return ngx_ai_signature_wrap(pool, origin, &marked, out);
}


static void
ngx_ai_anthropic_write_cited(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part)
{
    ngx_uint_t                i;
    const ngx_ai_citation_t  *citation;

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_literal(w, "\"type\":\"text\"");
    ngx_ai_json_write_key(w, "text");
    ngx_ai_json_write_text(w, &part->text);

    if (part->citations != NULL && part->citations->nelts) {
        ngx_ai_json_write_key(w, "citations");
        ngx_ai_json_write_array(w);

        citation = part->citations->elts;

        for (i = 0; i < part->citations->nelts; i++) {
            ngx_ai_anthropic_write_citation(w, &citation[i]);
        }

        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);
}


/*
 * What has an address was found, and all else is of a document that was
 * given, at a place that nobody has told.
 */

void
ngx_ai_anthropic_write_citation(ngx_ai_json_writer_t *w,
    const ngx_ai_citation_t *citation)
{
    ngx_ai_json_write_object(w);

    if (citation->url.len) {
        ngx_ai_json_write_literal(w, "\"type\":\"web_search_result_location\","
                                  "\"encrypted_index\":\"\"");
        ngx_ai_json_write_key(w, "url");
        ngx_ai_json_write_text(w, &citation->url);
        ngx_ai_json_write_key(w, "title");

    } else {
        ngx_ai_json_write_literal(w, "\"type\":\"char_location\","
                                  "\"document_index\":0,"
                                  "\"start_char_index\":0,"
                                  "\"end_char_index\":0");
        ngx_ai_json_write_key(w, "document_title");
    }

    if (citation->title.len) {
        ngx_ai_json_write_text(w, &citation->title);

    } else {
        ngx_ai_json_write_null(w);
    }

    ngx_ai_json_write_key(w, "cited_text");
    ngx_ai_json_write_text(w, &citation->quote);

    ngx_ai_json_write_end(w);
}


void
ngx_ai_anthropic_write_usage(ngx_ai_json_writer_t *w,
    const ngx_ai_usage_t *usage, const ngx_str_t *tier)
{
    const int64_t   *t;
    ngx_ai_usage_t   input;

    t = usage->tokens;

    input = *usage;
    input.tokens[NGX_AI_USAGE_CACHE_READ] = 0;
    input.tokens[NGX_AI_USAGE_CACHE_WRITE] = 0;

    ngx_ai_json_write_key(w, "usage");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "input_tokens");
    ngx_ai_json_write_int(w, ngx_ai_usage_in(&input));

    ngx_ai_json_write_key(w, "cache_creation_input_tokens");
    ngx_ai_json_write_int(w, t[NGX_AI_USAGE_CACHE_WRITE]);

    ngx_ai_json_write_key(w, "cache_read_input_tokens");
    ngx_ai_json_write_int(w, t[NGX_AI_USAGE_CACHE_READ]);

    ngx_ai_json_write_key(w, "output_tokens");
    ngx_ai_json_write_int(w, ngx_ai_usage_out(usage));

    if (t[NGX_AI_USAGE_REASONING]) {
        ngx_ai_json_write_key(w, "output_tokens_details");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "thinking_tokens");
        ngx_ai_json_write_int(w, t[NGX_AI_USAGE_REASONING]);
        ngx_ai_json_write_end(w);
    }

    if (tier->len == 7 && ngx_memcmp(tier->data, "default", 7) == 0) {
        ngx_ai_json_write_literal(w, "\"service_tier\":\"standard\"");

    } else if ((tier->len == 8 && ngx_memcmp(tier->data, "priority", 8) == 0)
               || (tier->len == 5 && ngx_memcmp(tier->data, "batch", 5) == 0))
    {
        ngx_ai_json_write_key(w, "service_tier");
        ngx_ai_json_write_text(w, tier);
    }

    ngx_ai_json_write_end(w);
}


ngx_int_t
ngx_ai_anthropic_read_count(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    ngx_uint_t quirks, void *data)
{
    int64_t               n;
    ngx_ai_answer_t      *answer;
    const ngx_ai_node_t  *value;

    answer = data;
    value = ngx_ai_tree_member(w->tree, root, "input_tokens");

    if (value == NULL || ngx_ai_tree_int(w->tree, value, &n) != NGX_OK
        || n < 0)
    {
        return ngx_ai_walk_fail(w, root, "is no count");
    }

    answer->usage.tokens[NGX_AI_USAGE_INPUT] = n;
    answer->usage.reported = 1;

    return NGX_OK;
}


ngx_int_t
ngx_ai_anthropic_write_count(const void *data, const ngx_ai_told_t *told,
    ngx_ai_json_writer_t *w)
{
    const ngx_ai_answer_t  *answer;

    answer = data;

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "input_tokens");
    ngx_ai_json_write_int(w, ngx_ai_usage_in(&answer->usage));
    ngx_ai_json_write_end(w);

    return NGX_OK;
}
