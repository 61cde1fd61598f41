
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Streams.  Blocks are numbered, and do not overlap; only that of a call is
 * announced, others begin with their first delta:
 *
 *     messageStart
 *     ( contentBlockStart? contentBlockDelta* contentBlockStop )*
 *     messageStop metadata
 */


#include "ngx_ai_bedrock.h"
#include "ngx_ai_text.h"


typedef struct {
    ngx_str_t         name;
    ngx_int_t       (*read)(ngx_ai_bedrock_source_t *s,
                          const ngx_ai_node_t *root);
} ngx_ai_bedrock_event_t;


static ngx_int_t ngx_ai_bedrock_source_delta(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_bedrock_source_begin(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_bedrock_source_end(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_bedrock_source_start(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_bedrock_source_stop(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_bedrock_source_metadata(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root);
static ngx_int_t ngx_ai_bedrock_source_reasoning(ngx_ai_bedrock_source_t *s,
    ngx_uint_t key, const ngx_ai_node_t *node);
static ngx_int_t ngx_ai_bedrock_source_citation(ngx_ai_bedrock_source_t *s,
    ngx_uint_t key, const ngx_ai_node_t *node);
static ngx_int_t ngx_ai_bedrock_source_image(ngx_ai_bedrock_source_t *s,
    ngx_uint_t key, const ngx_ai_node_t *node);
static ngx_int_t ngx_ai_bedrock_source_error(ngx_ai_bedrock_source_t *s,
    const ngx_ai_sse_event_t *ev);
static ngx_int_t ngx_ai_bedrock_source_part(ngx_ai_bedrock_source_t *s,
    ngx_uint_t key, ngx_uint_t kind);
static ngx_uint_t ngx_ai_bedrock_key(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root);


static const ngx_ai_bedrock_event_t  ngx_ai_bedrock_events[] = {
    { ngx_string("contentBlockDelta"), ngx_ai_bedrock_source_delta },
    { ngx_string("contentBlockStart"), ngx_ai_bedrock_source_begin },
    { ngx_string("contentBlockStop"), ngx_ai_bedrock_source_end },
    { ngx_string("messageStart"), ngx_ai_bedrock_source_start },
    { ngx_string("messageStop"), ngx_ai_bedrock_source_stop },
    { ngx_string("metadata"), ngx_ai_bedrock_source_metadata },
    { ngx_null_string, NULL }
};


ngx_int_t
ngx_ai_bedrock_read_delta(void *source, const ngx_ai_sse_event_t *ev)
{
    ngx_ai_bedrock_source_t *s = source;

    ngx_ai_tree_t                 *tree;
    const ngx_ai_bedrock_event_t  *event;

    if (ev->error) {
        return ngx_ai_bedrock_source_error(s, ev);
    }

    for (event = ngx_ai_bedrock_events; event->name.len; event++) {

        if (event->name.len == ev->name.len
            && ngx_memcmp(event->name.data, ev->name.data, ev->name.len) == 0)
        {
            break;
        }
    }

    if (event->read == NULL) {
        return NGX_OK;
    }

    tree = s->source.tree;

    if (ngx_ai_tree_read(tree, &ev->data) != NGX_OK
        || ngx_ai_tree_root(tree)->type != NGX_AI_JSON_OBJECT)
    {
        return NGX_ERROR;
    }

    return event->read(s, ngx_ai_tree_root(tree));
}


static ngx_int_t
ngx_ai_bedrock_source_delta(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root)
{
    ngx_int_t             rc;
    ngx_str_t             text, none;
    ngx_uint_t            key;
    ngx_ai_flow_t        *flow;
    ngx_ai_tree_t        *tree;
    const ngx_ai_node_t  *delta, *node;

    flow = s->source.flow;
    tree = s->source.tree;

    key = ngx_ai_bedrock_key(s, root);
    delta = ngx_ai_tree_member(tree, root, "delta");

    if (delta == NULL || (s->muted && s->mute == key)) {
        return NGX_OK;
    }

    node = ngx_ai_tree_member(tree, delta, "text");

    if (node != NULL && node->type == NGX_AI_JSON_STRING) {

        rc = ngx_ai_bedrock_source_part(s, key, NGX_AI_PART_TEXT);
        if (rc != NGX_OK) {
            return rc;
        }

        ngx_ai_tree_text(tree, node, &text);

        return ngx_ai_flow_text(flow, 0, NGX_AI_PART_TEXT, &text);
    }

    node = ngx_ai_tree_member(tree, delta, "toolUse");

    if (node != NULL) {
        ngx_str_null(&none);
        ngx_ai_bedrock_string(tree, node, "input", &text);

        return ngx_ai_flow_call(flow, 0, key, &none, &none, &text);
    }

    node = ngx_ai_tree_member(tree, delta, "reasoningContent");

    if (node != NULL) {
        return ngx_ai_bedrock_source_reasoning(s, key, node);
    }

    node = ngx_ai_tree_member(tree, delta, "citation");

    if (node != NULL) {
        return ngx_ai_bedrock_source_citation(s, key, node);
    }

    node = ngx_ai_tree_member(tree, delta, "image");

    if (node != NULL) {
        return ngx_ai_bedrock_source_image(s, key, node);
    }

    return NGX_OK;
}


/*
 * A call with a type is one that Bedrock answers itself, in the next block.
 * Nobody else has a word for what is between the two.
 */

static ngx_int_t
ngx_ai_bedrock_source_begin(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root)
{
    ngx_str_t             id, name, none;
    ngx_uint_t            key;
    ngx_ai_tree_t        *tree;
    const ngx_ai_node_t  *start, *node;

    tree = s->source.tree;
    key = ngx_ai_bedrock_key(s, root);

    start = ngx_ai_tree_member(tree, root, "start");

    if (start == NULL) {
        return NGX_OK;
    }

    node = ngx_ai_tree_member(tree, start, "image");

    if (node != NULL) {
        ngx_ai_bedrock_string(tree, node, "format", &name);
        ngx_ai_bedrock_media(NGX_AI_PART_IMAGE, &name, &s->media);
        return NGX_OK;
    }

    node = ngx_ai_tree_member(tree, start, "toolUse");

    if (node == NULL || ngx_ai_bedrock_is_server(tree, node)) {
        s->mute = key;
        s->muted = 1;
        return NGX_OK;
    }

    s->open = 0;

    ngx_str_null(&none);
    ngx_ai_bedrock_string(tree, node, "toolUseId", &id);
    ngx_ai_bedrock_string(tree, node, "name", &name);

    if (name.len == 0) {
        return NGX_ERROR;
    }

    return ngx_ai_flow_call(s->source.flow, 0, key, &id, &name, &none);
}


static ngx_int_t
ngx_ai_bedrock_source_end(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root)
{
    s->open = 0;
    s->muted = 0;

    return ngx_ai_flow_part_end(s->source.flow, 0,
                                ngx_ai_bedrock_key(s, root));
}


static ngx_int_t
ngx_ai_bedrock_source_start(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root)
{
    ngx_str_t  none;

    ngx_str_null(&none);

    return ngx_ai_flow_start(s->source.flow, &none, &none, 0);
}


static ngx_int_t
ngx_ai_bedrock_source_stop(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root)
{
    ngx_str_t  reason, stop;

    ngx_ai_bedrock_string(s->source.tree, root, "stopReason", &reason);
    ngx_ai_bedrock_read_stop(s->source.tree, root, &stop);

    return ngx_ai_flow_finish(s->source.flow, 0,
                              ngx_ai_bedrock_finish(reason.data, reason.len),
                              &stop);
}


static ngx_int_t
ngx_ai_bedrock_source_metadata(ngx_ai_bedrock_source_t *s,
    const ngx_ai_node_t *root)
{
    ngx_int_t             rc;
    ngx_ai_usage_t        usage;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(s->source.tree, root, "usage");

    if (node != NULL && node->type == NGX_AI_JSON_OBJECT) {
        ngx_ai_bedrock_read_usage(s->source.tree, node, &usage);

        rc = ngx_ai_flow_usage(s->source.flow, &usage);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    /* without a stop reason it has been cut */

    return s->source.flow->reply->finished ? ngx_ai_flow_end(s->source.flow)
                                           : NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_source_reasoning(ngx_ai_bedrock_source_t *s, ngx_uint_t key,
    const ngx_ai_node_t *node)
{
    ngx_int_t       rc;
    ngx_str_t       text, signature, data;
    ngx_ai_part_t   part;
    ngx_ai_flow_t  *flow;

    flow = s->source.flow;

    ngx_ai_bedrock_string(s->source.tree, node, "text", &text);
    ngx_ai_bedrock_string(s->source.tree, node, "signature", &signature);
    ngx_ai_bedrock_string(s->source.tree, node, "redactedContent", &data);

    if (data.len) {
        ngx_memzero(&part, sizeof(ngx_ai_part_t));

        part.kind = NGX_AI_PART_REDACTED;
        part.origin = NGX_AI_DIALECT_BEDROCK;
        part.data = data;

        s->open = 0;

        return ngx_ai_flow_part(flow, 0, key, &part);
    }

    rc = ngx_ai_bedrock_source_part(s, key, NGX_AI_PART_THINKING);

    if (rc == NGX_OK) {
        rc = ngx_ai_flow_text(flow, 0, NGX_AI_PART_THINKING, &text);
    }

    if (rc == NGX_OK) {
        rc = ngx_ai_flow_signature(flow, 0, key, NGX_AI_DIALECT_BEDROCK,
                                   &signature);
    }

    return rc;
}


static ngx_int_t
ngx_ai_bedrock_source_citation(ngx_ai_bedrock_source_t *s, ngx_uint_t key,
    const ngx_ai_node_t *node)
{
    ngx_int_t          rc;
    ngx_ai_citation_t  citation;

    rc = ngx_ai_bedrock_source_part(s, key, NGX_AI_PART_TEXT);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_bedrock_read_citation(s->source.tree, node, &citation);

    return ngx_ai_flow_citation(s->source.flow, 0, &citation);
}


static ngx_int_t
ngx_ai_bedrock_source_image(ngx_ai_bedrock_source_t *s, ngx_uint_t key,
    const ngx_ai_node_t *node)
{
    ngx_ai_part_t         part;
    const ngx_ai_node_t  *source;

    ngx_memzero(&part, sizeof(ngx_ai_part_t));

    source = ngx_ai_tree_member(s->source.tree, node, "source");

    if (source != NULL) {
        ngx_ai_bedrock_string(s->source.tree, source, "bytes", &part.data);
    }

    if (part.data.len == 0) {
        return NGX_OK;
    }

    part.kind = NGX_AI_PART_IMAGE;
    part.media = s->media;

    s->open = 0;

    return ngx_ai_flow_part(s->source.flow, 0, key, &part);
}


static ngx_int_t
ngx_ai_bedrock_source_error(ngx_ai_bedrock_source_t *s,
    const ngx_ai_sse_event_t *ev)
{
    u_char          *p;
    ngx_str_t        text;
    ngx_ai_tree_t   *tree;
    ngx_ai_error_t   error;

    tree = s->source.tree;

    ngx_memzero(&error, sizeof(ngx_ai_error_t));

    error.message = ev->data;

    if (ngx_ai_tree_read(tree, &ev->data) == NGX_OK) {
        ngx_ai_bedrock_string(tree, ngx_ai_tree_root(tree), "message", &text);

        if (text.len == 0) {
            ngx_ai_bedrock_string(tree, ngx_ai_tree_root(tree), "Message",
                                  &text);
        }

        p = ngx_pnalloc(s->source.pool, text.len + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        (void) ngx_ai_text_decode_loose(text.data, text.len, p, text.len,
                                        &error.message);
    }

    error.kind = ngx_ai_bedrock_error_kind(&ev->name, &error.message);
    error.status = ngx_ai_error_status(error.kind);

    return ngx_ai_flow_error(s->source.flow, &error);
}


/* what has no beginning of its own begins with the first delta of its block */

static ngx_int_t
ngx_ai_bedrock_source_part(ngx_ai_bedrock_source_t *s, ngx_uint_t key,
    ngx_uint_t kind)
{
    ngx_ai_part_t  part;

    if (s->open && s->key == key && s->kind == kind) {
        return NGX_OK;
    }

    s->open = 1;
    s->key = key;
    s->kind = kind;

    ngx_memzero(&part, sizeof(ngx_ai_part_t));

    part.kind = kind;

    if (kind == NGX_AI_PART_THINKING) {
        part.origin = NGX_AI_DIALECT_BEDROCK;
    }

    return ngx_ai_flow_part(s->source.flow, 0, key, &part);
}


static ngx_uint_t
ngx_ai_bedrock_key(ngx_ai_bedrock_source_t *s, const ngx_ai_node_t *root)
{
    int64_t               key;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(s->source.tree, root, "contentBlockIndex");

    if (node == NULL || ngx_ai_tree_int(s->source.tree, node, &key) != NGX_OK
        || key < 0)
    {
        return 0;
    }

    return (ngx_uint_t) key;
}
