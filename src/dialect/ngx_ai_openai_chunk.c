
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Answers and the chunks of streams are nearly the same, and so are those of
 * chats and of the legacy completions.  What is of the wrong type in them is
 * passed over where it can be: a reply that makes sense is not lost over a
 * member that does not.
 */


#include "ngx_ai_openai.h"


#define ngx_ai_chunk(name)   offsetof(ngx_ai_openai_chunk_t, name)
#define ngx_ai_option(name)  offsetof(ngx_ai_openai_choice_t, name)
#define ngx_ai_said(name)    offsetof(ngx_ai_openai_said_t, name)
#define ngx_ai_counts(name)   offsetof(ngx_ai_openai_counts_t, name)

#define NGX_AI_OPENAI_CITED  64        /* by one answer, without a place */


static ngx_int_t ngx_ai_openai_read_count(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_input(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_output(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_read_url_citation(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static void ngx_ai_openai_member_text(ngx_ai_walk_t *w,
    const ngx_ai_node_t *object, const char *name, ngx_str_t *text);
static ngx_int_t ngx_ai_openai_push_text(ngx_ai_walk_t *w, ngx_uint_t kind,
    const ngx_str_t *text, ngx_array_t *parts);
static ngx_int_t ngx_ai_openai_read_answered(ngx_ai_walk_t *w,
    const ngx_ai_node_t *content, ngx_array_t *parts);
static void ngx_ai_openai_base_fault(ngx_ai_walk_t *w,
    const ngx_ai_node_t *base, ngx_ai_openai_fault_t *fault);


/* the most frequent come first */

static const ngx_ai_member_t  ngx_ai_openai_chunk_members[] = {

    { ngx_string("id"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_chunk(id), 0 },

    { ngx_string("object"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("created"), NGX_AI_ANY,
      ngx_ai_openai_read_count, ngx_ai_chunk(created), 0 },

    { ngx_string("model"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_chunk(model), 0 },

    { ngx_string("choices"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_chunk(choices), 0 },

    { ngx_string("usage"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_chunk(usage), 0 },

    { ngx_string("service_tier"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_chunk(tier), 0 },

    { ngx_string("error"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_chunk(error), 0 },

    { ngx_string("x_groq"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_chunk(x_groq), 0 },

    { ngx_string("base_resp"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_chunk(base_resp), 0 },

    { ngx_string("citations"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_chunk(citations), 0 },

    { ngx_string("search_results"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_chunk(results), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_choice_members[] = {

    { ngx_string("delta"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_option(delta), 0 },

    { ngx_string("index"), NGX_AI_ANY,
      ngx_ai_openai_read_count, ngx_ai_option(index), 0 },

    { ngx_string("finish_reason"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_option(finish), 0 },

    { ngx_string("logprobs"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_option(logprobs), 0 },

    { ngx_string("message"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_option(message), 0 },

    { ngx_string("text"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_option(text), 0 },

    /* Moonshot's */

    { ngx_string("usage"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_option(usage), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_said_members[] = {

    { ngx_string("content"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_said(content), 0 },

    { ngx_string("role"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("tool_calls"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_said(calls), 0 },

    { ngx_string("reasoning_content"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_said(thinking), 0 },

    { ngx_string("reasoning"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_said(thinking), 0 },

    { ngx_string("reasoning_details"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_said(details), 0 },

    { ngx_string("refusal"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_said(refusal), 0 },

    { ngx_string("annotations"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_said(annotations), 0 },

    { ngx_string("audio"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_said(audio), 0 },

    { ngx_string("images"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_said(images), 0 },

    { ngx_string("function_call"), NGX_AI_ANY,
      ngx_ai_openai_node, ngx_ai_said(function), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_usage_members[] = {

    { ngx_string("prompt_tokens"), NGX_AI_ANY,
      ngx_ai_openai_read_count, ngx_ai_counts(prompt), 0 },

    { ngx_string("completion_tokens"), NGX_AI_ANY,
      ngx_ai_openai_read_count, ngx_ai_counts(completion), 0 },

    { ngx_string("total_tokens"), NGX_AI_ANY,
      ngx_ai_openai_read_count, ngx_ai_counts(total), 0 },

    { ngx_string("prompt_tokens_details"), NGX_AI_ANY,
      ngx_ai_openai_read_input, 0, 0 },

    { ngx_string("completion_tokens_details"), NGX_AI_ANY,
      ngx_ai_openai_read_output, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_input_members[] = {

    { ngx_string("cached_tokens"), NGX_AI_ANY,
      ngx_ai_openai_read_count, ngx_ai_counts(cached), 0 },

    { ngx_string("cache_write_tokens"), NGX_AI_ANY,
      ngx_ai_openai_read_count, ngx_ai_counts(written), 0 },

    { ngx_string("audio_tokens"), NGX_AI_ANY,
      ngx_ai_openai_read_count, ngx_ai_counts(audio_in), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_output_members[] = {

    { ngx_string("reasoning_tokens"), NGX_AI_ANY,
      ngx_ai_openai_read_count, ngx_ai_counts(reasoning), 0 },

    { ngx_string("audio_tokens"), NGX_AI_ANY,
      ngx_ai_openai_read_count, ngx_ai_counts(audio_out), 0 },

      ngx_ai_null_member
};


#define ngx_ai_cited(name)  offsetof(ngx_ai_citation_t, name)


static const ngx_ai_member_t  ngx_ai_openai_annotation_members[] = {

    { ngx_string("url_citation"), NGX_AI_ANY,
      ngx_ai_openai_read_url_citation, 0, 0 },

      ngx_ai_null_member
};


/* the same members in OpenAI's citations and Perplexity's results */

static const ngx_ai_member_t  ngx_ai_openai_citation_members[] = {

    { ngx_string("url"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_cited(url), 0 },

    { ngx_string("title"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_cited(title), 0 },

    { ngx_string("content"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_cited(quote), 0 },

    { ngx_string("snippet"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_cited(quote), 0 },

    { ngx_string("start_index"), NGX_AI_ANY,
      ngx_ai_openai_read_count, ngx_ai_cited(start), 0 },

    { ngx_string("end_index"), NGX_AI_ANY,
      ngx_ai_openai_read_count, ngx_ai_cited(end), 0 },

      ngx_ai_null_member
};


ngx_int_t
ngx_ai_openai_read_chunk(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    ngx_ai_openai_chunk_t *chunk)
{
    ngx_memzero(chunk, sizeof(ngx_ai_openai_chunk_t));

    return ngx_ai_walk_element(w, root, ngx_ai_openai_chunk_members, chunk);
}


ngx_int_t
ngx_ai_openai_read_alternative(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_openai_choice_t *choice)
{
    ngx_memzero(choice, sizeof(ngx_ai_openai_choice_t));

    return ngx_ai_walk_element(w, node, ngx_ai_openai_choice_members, choice);
}


ngx_int_t
ngx_ai_openai_read_said(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_openai_said_t *said)
{
    ngx_memzero(said, sizeof(ngx_ai_openai_said_t));

    if (node == NULL || node->type != NGX_AI_JSON_OBJECT) {
        return NGX_OK;
    }

    return ngx_ai_walk_object(w, node, ngx_ai_openai_said_members, said);
}


/* the first string that is not empty, of those that go to the same place */

ngx_int_t
ngx_ai_openai_string(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_str_t *text = to;

    if (value->type == NGX_AI_JSON_STRING && text->len == 0) {
        ngx_ai_tree_text(w->tree, value, text);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_count(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    int64_t  n, *count;

    count = to;

    if (ngx_ai_tree_int(w->tree, value, &n) == NGX_OK && n >= 0) {
        *count = n;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_input(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return (value->type == NGX_AI_JSON_OBJECT)
           ? ngx_ai_walk_object(w, value, ngx_ai_openai_input_members, to)
           : NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_output(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return (value->type == NGX_AI_JSON_OBJECT)
           ? ngx_ai_walk_object(w, value, ngx_ai_openai_output_members, to)
           : NGX_OK;
}


ngx_int_t
ngx_ai_openai_read_usage(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_uint_t quirks, ngx_ai_usage_t *usage)
{
    ngx_ai_openai_counts_t  counts;

    if (node == NULL || node->type != NGX_AI_JSON_OBJECT) {
        return NGX_DECLINED;
    }

    ngx_ai_openai_counts_init(&counts);

    if (ngx_ai_walk_object(w, node, ngx_ai_openai_usage_members, &counts)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    counts.apart = ((quirks & NGX_AI_QUIRK_REASONING_APART) != 0);

    return ngx_ai_openai_buckets(&counts, usage);
}


/* Groq has it in a place of its own, and sometimes nowhere else */

const ngx_ai_node_t *
ngx_ai_openai_usage_node(ngx_ai_walk_t *w, const ngx_ai_openai_chunk_t *chunk)
{
    if (chunk->usage != NULL && chunk->usage->type == NGX_AI_JSON_OBJECT) {
        return chunk->usage;
    }

    return (chunk->x_groq != NULL)
           ? ngx_ai_tree_member(w->tree, chunk->x_groq, "usage") : NULL;
}


static ngx_int_t
ngx_ai_openai_read_url_citation(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return (value->type == NGX_AI_JSON_OBJECT)
           ? ngx_ai_walk_object(w, value, ngx_ai_openai_citation_members, to)
           : NGX_OK;
}


/*
 * Calls "cite" for what is in the list, which is one of "annotations",
 * "search_results" or "citations".
 */

ngx_int_t
ngx_ai_openai_read_citations(ngx_ai_walk_t *w, const ngx_ai_node_t *list,
    ngx_ai_openai_cite_pt cite, void *data)
{
    ngx_int_t             rc;
    ngx_uint_t            i;
    ngx_ai_citation_t     citation;
    const ngx_ai_node_t  *node;

    if (list == NULL || list->type != NGX_AI_JSON_ARRAY) {
        return NGX_OK;
    }

    node = ngx_ai_tree_child(list);

    for (i = 0; i < list->n && i < NGX_AI_OPENAI_CITED; i++) {

        ngx_memzero(&citation, sizeof(ngx_ai_citation_t));

        citation.start = -1;
        citation.end = -1;

        if (node->type == NGX_AI_JSON_STRING) {
            ngx_ai_tree_text(w->tree, node, &citation.url);

        } else if (node->type == NGX_AI_JSON_OBJECT) {

            rc = ngx_ai_walk_object(w, node,
                                    ngx_ai_tree_member(w->tree, node,
                                                       "url_citation")
                                    ? ngx_ai_openai_annotation_members
                                    : ngx_ai_openai_citation_members,
                                    &citation);
            if (rc != NGX_OK) {
                return rc;
            }
        }

        /* OpenRouter's have a place of no length */

        if (citation.end <= citation.start) {
            citation.start = -1;
            citation.end = -1;
        }

        if (citation.url.len) {
            rc = cite(data, &citation);
            if (rc != NGX_OK) {
                return rc;
            }
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_ai_openai_read_fault(ngx_ai_walk_t *w, const ngx_ai_openai_chunk_t *chunk,
    ngx_uint_t quirks, ngx_ai_openai_fault_t *fault)
{
    int64_t               status;
    const ngx_ai_node_t  *error, *code;

    ngx_memzero(fault, sizeof(ngx_ai_openai_fault_t));

    if ((quirks & NGX_AI_QUIRK_BASE_RESP) && chunk->base_resp) {
        ngx_ai_openai_base_fault(w, chunk->base_resp, fault);

        if (fault->code) {
            return 1;
        }
    }

    error = chunk->error;

    if (error == NULL) {
        return 0;
    }

    if (error->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(w->tree, error, &fault->message);
        return 1;
    }

    if (error->type != NGX_AI_JSON_OBJECT) {
        return 0;
    }

    ngx_ai_openai_member_text(w, error, "message", &fault->message);
    ngx_ai_openai_member_text(w, error, "type", &fault->type);
    ngx_ai_openai_member_text(w, error, "code", &fault->word);

    code = ngx_ai_tree_member(w->tree, error, "status_code");

    if (code == NULL) {
        code = ngx_ai_tree_member(w->tree, error, "code");
    }

    if (code != NULL && ngx_ai_tree_int(w->tree, code, &status) == NGX_OK) {
        fault->status = status;
    }

    return 1;
}


static void
ngx_ai_openai_base_fault(ngx_ai_walk_t *w, const ngx_ai_node_t *base,
    ngx_ai_openai_fault_t *fault)
{
    int64_t               code;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(w->tree, base, "status_code");

    if (node != NULL && ngx_ai_tree_int(w->tree, node, &code) == NGX_OK) {
        fault->code = code;
    }

    ngx_ai_openai_member_text(w, base, "status_msg", &fault->message);
}


static void
ngx_ai_openai_member_text(ngx_ai_walk_t *w, const ngx_ai_node_t *object,
    const char *name, ngx_str_t *text)
{
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(w->tree, object, name);

    if (node != NULL && node->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(w->tree, node, text);
    }
}


/* in the order in which a model says it */

ngx_int_t
ngx_ai_openai_read_parts(ngx_ai_walk_t *w, const ngx_ai_openai_said_t *said,
    ngx_array_t *parts)
{
    if (said->thinking.len) {

        if (ngx_ai_openai_push_text(w, NGX_AI_PART_THINKING, &said->thinking,
                                    parts)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

    } else if (said->details && said->details->type == NGX_AI_JSON_ARRAY
               && ngx_ai_openai_read_details(w, said->details, parts)
                  != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (said->content
        && ngx_ai_openai_read_answered(w, said->content, parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (said->refusal.len
        && ngx_ai_openai_push_text(w, NGX_AI_PART_REFUSAL, &said->refusal,
                                   parts)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (said->images && said->images->type == NGX_AI_JSON_ARRAY) {
        return ngx_ai_openai_read_pieces(w, said->images, parts);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_push_text(ngx_ai_walk_t *w, ngx_uint_t kind,
    const ngx_str_t *text, ngx_array_t *parts)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_part_push(parts, kind);
    if (part == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    part->text = *text;

    return NGX_OK;
}


/* Cloudflare answers with the object itself when it is to be of a schema */

static ngx_int_t
ngx_ai_openai_read_answered(ngx_ai_walk_t *w, const ngx_ai_node_t *content,
    ngx_array_t *parts)
{
    size_t      i;
    u_char     *p;
    ngx_str_t   raw, text;

    if (content->type != NGX_AI_JSON_OBJECT) {
        return (content->type == NGX_AI_JSON_STRING
                || content->type == NGX_AI_JSON_ARRAY)
               ? ngx_ai_openai_read_content(w, content, parts) : NGX_OK;
    }

    ngx_ai_tree_raw(w->tree, content, &raw);

    p = ngx_pnalloc(w->pool, 2 * raw.len);
    if (p == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    text.data = p;

    for (i = 0; i < raw.len; i++) {

        /* between tokens; in a string it could not be */

        if (raw.data[i] < ' ') {
            continue;
        }

        if (raw.data[i] == '"' || raw.data[i] == '\\') {
            *p++ = '\\';
        }

        *p++ = raw.data[i];
    }

    text.len = p - text.data;

    return ngx_ai_openai_push_text(w, NGX_AI_PART_TEXT, &text, parts);
}


ngx_int_t
ngx_ai_openai_read_sound(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_part_t *part)
{
    if (node->type != NGX_AI_JSON_OBJECT) {
        return NGX_DECLINED;
    }

    ngx_ai_openai_member_text(w, node, "id", &part->id);
    ngx_ai_openai_member_text(w, node, "data", &part->data);
    ngx_ai_openai_member_text(w, node, "transcript", &part->text);

    return (part->data.len || part->text.len) ? NGX_OK : NGX_DECLINED;
}


ngx_uint_t
ngx_ai_openai_read_logprobs(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_str_t *raw)
{
    if (node == NULL
        || (ngx_ai_tree_member(w->tree, node, "content") == NULL
            && ngx_ai_tree_member(w->tree, node, "refusal") == NULL))
    {
        return 0;
    }

    ngx_ai_tree_raw(w->tree, node, raw);

    return 1;
}
