
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_cohere.h"


#define NGX_AI_COHERE_NODES  (1024 * 1024)     /* of logprobs */


typedef struct {
    ngx_str_t         name;
    ngx_uint_t        value;
} ngx_ai_cohere_word_t;


static int64_t ngx_ai_cohere_tokens(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, const char *name);
static int64_t ngx_ai_cohere_take(int64_t *from, int64_t n);
static ngx_uint_t ngx_ai_cohere_has(const ngx_str_t *s, const ngx_str_t *part);
static void ngx_ai_cohere_read_source(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, ngx_ai_citation_t *citation);
static void ngx_ai_cohere_write_item(ngx_ai_json_writer_t *w,
    const ngx_ai_tree_t *t, const ngx_ai_node_t *node, ngx_uint_t n);


/*
 * The first row of a finish is how it is told, the very first one if there is
 * none; the second is for a stop sequence.
 */

static const ngx_ai_cohere_word_t  ngx_ai_cohere_finishes[] = {
    { ngx_string("COMPLETE"), NGX_AI_FINISH_STOP },
    { ngx_string("STOP_SEQUENCE"), NGX_AI_FINISH_STOP },
    { ngx_string("MAX_TOKENS"), NGX_AI_FINISH_LENGTH },
    { ngx_string("TOOL_CALL"), NGX_AI_FINISH_TOOLS },
    { ngx_string("ERROR"), NGX_AI_FINISH_ERROR },
    { ngx_string("TIMEOUT"), NGX_AI_FINISH_ERROR },
    { ngx_string("ERROR_LIMIT"), NGX_AI_FINISH_ERROR },
    { ngx_string("ERROR_TOXIC"), NGX_AI_FINISH_FILTER },
    { ngx_null_string, NGX_AI_FINISH_OTHER }
};


/* in "error_type" or in the message */

static const ngx_ai_cohere_word_t  ngx_ai_cohere_errors[] = {
    { ngx_string("TOO_MANY_TOKENS"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("too many tokens"), NGX_AI_ERROR_CONTEXT },
    { ngx_string("Trial key"), NGX_AI_ERROR_QUOTA },
    { ngx_string("billing"), NGX_AI_ERROR_QUOTA },
    { ngx_string("blocked"), NGX_AI_ERROR_POLICY },
    { ngx_null_string, 0 }
};


void
ngx_ai_cohere_string(const ngx_ai_tree_t *t, const ngx_ai_node_t *object,
    const char *name, ngx_str_t *text)
{
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(t, object, name);

    if (node != NULL && node->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(t, node, text);

    } else {
        ngx_str_set(text, "");
    }
}


ngx_uint_t
ngx_ai_cohere_finish(const u_char *data, size_t len)
{
    const ngx_ai_cohere_word_t  *word;

    for (word = ngx_ai_cohere_finishes; word->name.len; word++) {

        if (word->name.len == len
            && ngx_memcmp(word->name.data, data, len) == 0)
        {
            break;
        }
    }

    return word->value;
}


void
ngx_ai_cohere_write_finish(ngx_ai_json_writer_t *w, ngx_uint_t finish,
    ngx_uint_t sequence)
{
    const ngx_str_t             *name;
    const ngx_ai_cohere_word_t  *word;

    word = ngx_ai_cohere_finishes;
    name = &word->name;

    for ( /* void */ ; word->name.len; word++) {

        if (word->value == finish) {
            name = &word->name;
            break;
        }
    }

    if (finish == NGX_AI_FINISH_STOP && sequence) {
        name = &ngx_ai_cohere_finishes[1].name;
    }

    ngx_ai_json_write_text(w, name);
}


/* what is billed is less than what was used, and better than nothing */

ngx_int_t
ngx_ai_cohere_read_usage(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_ai_usage_t *usage)
{
    int64_t               input, output;
    const ngx_ai_node_t  *tokens, *billed;

    tokens = ngx_ai_tree_member(t, node, "tokens");
    billed = ngx_ai_tree_member(t, node, "billed_units");

    input = ngx_ai_cohere_tokens(t, tokens, "input_tokens");
    output = ngx_ai_cohere_tokens(t, tokens, "output_tokens");

    if (input < 0) {
        input = ngx_ai_cohere_tokens(t, billed, "input_tokens");
    }

    if (output < 0) {
        output = ngx_ai_cohere_tokens(t, billed, "output_tokens");
    }

    if (input < 0 && output < 0) {
        return NGX_DECLINED;
    }

    ngx_ai_cohere_usage(usage, input, output,
                        ngx_ai_cohere_tokens(t, node, "cached_tokens"),
                        ngx_ai_cohere_tokens(t, tokens, "image_tokens"),
                        ngx_ai_cohere_tokens(t, tokens, "reasoning_tokens"));
    return NGX_OK;
}


static int64_t
ngx_ai_cohere_tokens(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    const char *name)
{
    int64_t               n;
    const ngx_ai_node_t  *value;

    value = node ? ngx_ai_tree_member(t, node, name) : NULL;

    return (value != NULL && ngx_ai_tree_int(t, value, &n) == NGX_OK && n >= 0)
           ? n : -1;
}


void
ngx_ai_cohere_usage(ngx_ai_usage_t *usage, int64_t input, int64_t output,
    int64_t cached, int64_t image, int64_t reasoning)
{
    int64_t  *t;

    ngx_memzero(usage, sizeof(ngx_ai_usage_t));

    usage->reported = 1;
    t = usage->tokens;

    input = ngx_max(input, 0);
    output = ngx_max(output, 0);

    t[NGX_AI_USAGE_CACHE_READ] = ngx_ai_cohere_take(&input, cached);
    t[NGX_AI_USAGE_IMAGE_IN] = ngx_ai_cohere_take(&input, image);
    t[NGX_AI_USAGE_INPUT] = input;

    t[NGX_AI_USAGE_REASONING] = ngx_ai_cohere_take(&output, reasoning);
    t[NGX_AI_USAGE_OUTPUT] = output;
}


/* a part can't be more than its whole, whatever the provider says */

static int64_t
ngx_ai_cohere_take(int64_t *from, int64_t n)
{
    n = ngx_min(ngx_max(n, 0), *from);
    *from -= n;

    return n;
}


void
ngx_ai_cohere_write_usage(ngx_ai_json_writer_t *w, const ngx_ai_usage_t *usage)
{
    int64_t         input, output;
    const int64_t  *t;

    if (!usage->reported) {
        return;
    }

    t = usage->tokens;
    input = ngx_ai_usage_in(usage);
    output = ngx_ai_usage_out(usage);

    ngx_ai_json_write_key(w, "usage");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "billed_units");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "input_tokens");
    ngx_ai_json_write_int(w, input);
    ngx_ai_json_write_key(w, "output_tokens");
    ngx_ai_json_write_int(w, output);
    ngx_ai_json_write_end(w);

    ngx_ai_json_write_key(w, "tokens");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "input_tokens");
    ngx_ai_json_write_int(w, input);
    ngx_ai_json_write_key(w, "output_tokens");
    ngx_ai_json_write_int(w, output);

    if (t[NGX_AI_USAGE_IMAGE_IN]) {
        ngx_ai_json_write_key(w, "image_tokens");
        ngx_ai_json_write_int(w, t[NGX_AI_USAGE_IMAGE_IN]);
    }

    if (t[NGX_AI_USAGE_REASONING]) {
        ngx_ai_json_write_key(w, "reasoning_tokens");
        ngx_ai_json_write_int(w, t[NGX_AI_USAGE_REASONING]);
    }

    ngx_ai_json_write_end(w);

    ngx_ai_json_write_key(w, "cached_tokens");
    ngx_ai_json_write_int(w, t[NGX_AI_USAGE_CACHE_READ]);

    ngx_ai_json_write_end(w);
}


ngx_uint_t
ngx_ai_cohere_error_kind(const ngx_str_t *type, const ngx_str_t *message,
    ngx_uint_t kind)
{
    const ngx_ai_cohere_word_t  *word;

    for (word = ngx_ai_cohere_errors; word->name.len; word++) {

        if (ngx_ai_cohere_has(type, &word->name)
            || ngx_ai_cohere_has(message, &word->name))
        {
            break;
        }
    }

    switch (word->value) {

    case NGX_AI_ERROR_CONTEXT:
    case NGX_AI_ERROR_POLICY:
        return (kind == NGX_AI_ERROR_INVALID || kind == NGX_AI_ERROR_UPSTREAM)
               ? word->value : kind;

    case NGX_AI_ERROR_QUOTA:
        return (kind == NGX_AI_ERROR_RATE) ? word->value : kind;

    default:
        return (kind == NGX_AI_ERROR_NOT_FOUND) ? NGX_AI_ERROR_MODEL : kind;
    }
}


static ngx_uint_t
ngx_ai_cohere_has(const ngx_str_t *s, const ngx_str_t *part)
{
    return s->len >= part->len
           && memmem(s->data, s->len, part->data, part->len) != NULL;
}


ngx_int_t
ngx_ai_cohere_read_citation(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_ai_cohere_cite_pt cite, void *data)
{
    int64_t               start, end, index;
    ngx_int_t             rc;
    ngx_uint_t            i;
    ngx_ai_citation_t     citation;
    const ngx_ai_node_t  *sources, *source;

    start = ngx_ai_cohere_tokens(t, node, "start");
    end = ngx_ai_cohere_tokens(t, node, "end");
    index = ngx_ai_cohere_tokens(t, node, "content_index");

    sources = ngx_ai_tree_member(t, node, "sources");

    if (sources == NULL || sources->type != NGX_AI_JSON_ARRAY) {
        return NGX_OK;
    }

    source = ngx_ai_tree_child(sources);

    for (i = 0; i < sources->n; i++) {
        ngx_memzero(&citation, sizeof(ngx_ai_citation_t));

        citation.start = start;
        citation.end = end;

        ngx_ai_cohere_read_source(t, source, &citation);

        rc = cite(data, (ngx_uint_t) ngx_max(index, 0), &citation);
        if (rc != NGX_OK) {
            return rc;
        }

        source = ngx_ai_tree_next(t, source);
    }

    return NGX_OK;
}


/*
 * {"type":"tool","id","tool_output":{...}} or {"type":"document","id",
 * "document":{...}}, where the inner object has what the client put there.
 */

static void
ngx_ai_cohere_read_source(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_ai_citation_t *citation)
{
    const ngx_ai_node_t  *inner;

    ngx_ai_cohere_string(t, node, "id", &citation->id);

    inner = ngx_ai_tree_member(t, node, "document");

    if (inner == NULL) {
        inner = ngx_ai_tree_member(t, node, "tool_output");
    }

    if (inner == NULL) {
        return;
    }

    ngx_ai_cohere_string(t, inner, "url", &citation->url);
    ngx_ai_cohere_string(t, inner, "title", &citation->title);
    ngx_ai_cohere_string(t, inner, "text", &citation->quote);

    if (citation->quote.len == 0) {
        ngx_ai_cohere_string(t, inner, "content", &citation->quote);
    }
}


void
ngx_ai_cohere_write_citation(ngx_ai_json_writer_t *w, ngx_uint_t index,
    const ngx_ai_citation_t *citation)
{
    ngx_uint_t               i;

    const struct {
        const char          *name;
        const ngx_str_t     *text;
    } members[] = {
        { "id", &citation->id },
        { "title", &citation->title },
        { "url", &citation->url },
        { "text", &citation->quote }
    };

    ngx_ai_json_write_object(w);

    if (citation->start >= 0 && citation->end >= 0) {
        ngx_ai_json_write_key(w, "start");
        ngx_ai_json_write_int(w, citation->start);
        ngx_ai_json_write_key(w, "end");
        ngx_ai_json_write_int(w, citation->end);
    }

    ngx_ai_json_write_key(w, "sources");
    ngx_ai_json_write_array(w);
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"type\":\"document\"");

    if (citation->id.len) {
        ngx_ai_json_write_key(w, "id");
        ngx_ai_json_write_text(w, &citation->id);
    }

    ngx_ai_json_write_key(w, "document");
    ngx_ai_json_write_object(w);

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {

        if (members[i].text->len) {
            ngx_ai_json_write_key(w, members[i].name);
            ngx_ai_json_write_text(w, members[i].text);
        }
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);

    ngx_ai_json_write_literal(w, "\"type\":\"TEXT_CONTENT\"");
    ngx_ai_json_write_key(w, "content_index");
    ngx_ai_json_write_int(w, index);

    ngx_ai_json_write_end(w);
}


/* an item is of one or more tokens: of several only the text is known */

ngx_int_t
ngx_ai_cohere_read_logprobs(const ngx_ai_tree_t *t, const ngx_ai_node_t *node,
    ngx_ai_buf_t *out)
{
    ngx_str_t              raw;
    ngx_uint_t             i, n, items;
    const ngx_ai_node_t   *item, *text, *list;
    ngx_ai_json_writer_t   w;

    n = (node->type == NGX_AI_JSON_ARRAY) ? node->n : 1;
    item = (node->type == NGX_AI_JSON_ARRAY) ? ngx_ai_tree_child(node) : node;

    ngx_ai_json_writer_init(&w, out);

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "content");
    ngx_ai_json_write_array(&w);

    items = 0;

    for (i = 0; i < n; i++) {
        text = ngx_ai_tree_member(t, item, "text");
        list = ngx_ai_tree_member(t, item, "logprobs");

        if (text != NULL && text->type == NGX_AI_JSON_STRING && list != NULL
            && list->type == NGX_AI_JSON_ARRAY && list->n == 1
            && ngx_ai_tree_child(list)->type == NGX_AI_JSON_NUMBER)
        {
            items++;

            ngx_ai_json_write_object(&w);
            ngx_ai_json_write_key(&w, "token");
            ngx_ai_tree_raw(t, text, &raw);
            ngx_ai_json_write_raw(&w, &raw);
            ngx_ai_json_write_key(&w, "logprob");
            ngx_ai_tree_raw(t, ngx_ai_tree_child(list), &raw);
            ngx_ai_json_write_raw(&w, &raw);
            ngx_ai_json_write_literal(&w, "\"bytes\":null,"
                                          "\"top_logprobs\":[]");
            ngx_ai_json_write_end(&w);
        }

        item = ngx_ai_tree_next(t, item);
    }

    ngx_ai_json_write_end(&w);
    ngx_ai_json_write_end(&w);

    return items ? w.rc : NGX_DECLINED;
}


void
ngx_ai_cohere_write_logprobs(ngx_ai_json_writer_t *w, const ngx_str_t *raw,
    ngx_uint_t one, ngx_log_t *log)
{
    ngx_uint_t            i, n;
    ngx_ai_tree_t         tree;
    const ngx_ai_node_t  *list, *node;

    ngx_ai_tree_init(&tree, NGX_AI_COHERE_NODES, log);

    list = NULL;

    if (ngx_ai_tree_read(&tree, raw) == NGX_OK) {
        list = ngx_ai_tree_member(&tree, ngx_ai_tree_root(&tree), "content");
    }

    if (list == NULL || list->type != NGX_AI_JSON_ARRAY || list->n == 0) {
        ngx_ai_tree_free(&tree);
        return;
    }

    ngx_ai_json_write_key(w, "logprobs");

    if (!one) {
        ngx_ai_json_write_array(w);
    }

    node = ngx_ai_tree_child(list);
    n = one ? list->n : 1;

    for (i = 0; i < list->n; i += n) {
        ngx_ai_cohere_write_item(w, &tree, node, n);
        node = ngx_ai_tree_next(&tree, node);
    }

    if (!one) {
        ngx_ai_json_write_end(w);
    }

    ngx_ai_tree_free(&tree);
}


/* of one or more tokens: text that is cut in pieces has no other item */

static void
ngx_ai_cohere_write_item(ngx_ai_json_writer_t *w, const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, ngx_uint_t n)
{
    ngx_str_t             text, raw;
    const ngx_ai_node_t  *value;

    ngx_ai_cohere_string(t, node, "token", &text);

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "text");
    ngx_ai_json_write_text(w, &text);
    ngx_ai_json_write_literal(w, "\"token_ids\":[]");
    ngx_ai_json_write_key(w, "logprobs");
    ngx_ai_json_write_array(w);

    for ( /* void */ ; n; n--) {
        value = ngx_ai_tree_member(t, node, "logprob");

        if (value != NULL && value->type == NGX_AI_JSON_NUMBER) {
            ngx_ai_tree_raw(t, value, &raw);
            ngx_ai_json_write_raw(w, &raw);
        }

        node = ngx_ai_tree_next(t, node);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}
