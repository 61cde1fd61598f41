
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"
#include "ngx_ai_sign.h"
#include "ngx_ai_text.h"


/* keys in the flow: calls have the index that they come with, or are beyond */

#define NGX_AI_OPENAI_KEY_CALL   0x10000
#define NGX_AI_OPENAI_KEY_PIECE  0x20000


/* one choice of a chunk */

typedef struct {
    ngx_ai_walk_t           *w;
    ngx_ai_openai_source_t  *s;
    ngx_uint_t               choice;
} ngx_ai_openai_ear_t;


typedef struct {
    int64_t                  index;
    ngx_str_t                id;
    ngx_str_t                name;
    ngx_str_t                text;
    const ngx_ai_node_t     *json;
    ngx_uint_t               custom;
} ngx_ai_openai_piece_t;


static ngx_int_t ngx_ai_openai_hear_chunk(ngx_ai_openai_source_t *s,
    ngx_ai_walk_t *w, const ngx_ai_sse_event_t *ev);
static ngx_int_t ngx_ai_openai_hear_fault(ngx_ai_openai_source_t *s,
    ngx_ai_walk_t *w, const ngx_ai_openai_fault_t *fault);
static ngx_int_t ngx_ai_openai_hear_choice(ngx_ai_openai_source_t *s,
    ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    const ngx_ai_openai_chunk_t *chunk);
static ngx_int_t ngx_ai_openai_hear_finish(ngx_ai_openai_ear_t *ear,
    const ngx_str_t *word, const ngx_ai_openai_chunk_t *chunk);
static ngx_int_t ngx_ai_openai_hear_said(ngx_ai_openai_ear_t *ear,
    const ngx_ai_openai_said_t *said);
static ngx_int_t ngx_ai_openai_hear_content(ngx_ai_openai_ear_t *ear,
    const ngx_ai_node_t *content);
static ngx_int_t ngx_ai_openai_hear_parts(ngx_ai_openai_ear_t *ear,
    const ngx_ai_node_t *list, ngx_uint_t details);
static ngx_int_t ngx_ai_openai_hear_sound(ngx_ai_openai_ear_t *ear,
    const ngx_ai_node_t *audio);
static ngx_int_t ngx_ai_openai_hear_calls(ngx_ai_openai_ear_t *ear,
    const ngx_ai_node_t *calls);
static ngx_int_t ngx_ai_openai_hear_call(ngx_ai_openai_ear_t *ear,
    const ngx_ai_node_t *node, const ngx_ai_member_t *members);
static ngx_uint_t ngx_ai_openai_call_key(ngx_ai_openai_ear_t *ear,
    const ngx_ai_openai_piece_t *piece, ngx_uint_t *first);
static ngx_int_t ngx_ai_openai_hear_citation(void *data,
    const ngx_ai_citation_t *citation);
static ngx_int_t ngx_ai_openai_hear_usage(ngx_ai_openai_source_t *s,
    ngx_ai_walk_t *w, const ngx_ai_node_t *node);
static ngx_int_t ngx_ai_openai_piece_index(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_piece_args(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_piece_function(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_openai_piece_custom(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


#define ngx_ai_piece(name)  offsetof(ngx_ai_openai_piece_t, name)


static const ngx_ai_member_t  ngx_ai_openai_call_piece_members[] = {

    { ngx_string("index"), NGX_AI_ANY,
      ngx_ai_openai_piece_index, ngx_ai_piece(index), 0 },

    { ngx_string("function"), NGX_AI_ANY,
      ngx_ai_openai_piece_function, 0, 0 },

    { ngx_string("id"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_piece(id), 0 },

    { ngx_string("custom"), NGX_AI_ANY,
      ngx_ai_openai_piece_custom, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_function_piece_members[] = {

    { ngx_string("arguments"), NGX_AI_ANY,
      ngx_ai_openai_piece_args, 0, 0 },

    { ngx_string("name"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_piece(name), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_custom_piece_members[] = {

    { ngx_string("input"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_piece(text), 0 },

    { ngx_string("name"), NGX_AI_ANY,
      ngx_ai_openai_string, ngx_ai_piece(name), 0 },

      ngx_ai_null_member
};


ngx_int_t
ngx_ai_openai_read_delta(void *source, const ngx_ai_sse_event_t *ev)
{
    ngx_ai_openai_source_t *s = source;

    ngx_ai_walk_t  w;

    /* some say more when all has been said */

    if (s->done) {
        return NGX_OK;
    }

    if (ev->data.len == 6 && ngx_memcmp(ev->data.data, "[DONE]", 6) == 0) {
        s->done = 1;
        return ngx_ai_flow_end(s->source.flow);
    }

    if (ngx_ai_tree_read(s->source.tree, &ev->data) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&w, sizeof(ngx_ai_walk_t));

    w.tree = s->source.tree;
    w.pool = s->source.pool;

    return ngx_ai_openai_hear_chunk(s, &w, ev);
}


static ngx_int_t
ngx_ai_openai_hear_chunk(ngx_ai_openai_source_t *s, ngx_ai_walk_t *w,
    const ngx_ai_sse_event_t *ev)
{
    ngx_int_t               rc;
    ngx_uint_t              i;
    const ngx_ai_node_t    *node;
    ngx_ai_openai_chunk_t   chunk;
    ngx_ai_openai_fault_t   fault;

    if (ngx_ai_openai_read_chunk(w, ngx_ai_tree_root(w->tree), &chunk)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* Groq: "event: error" with the usual envelope */

    if (ngx_ai_openai_read_fault(w, &chunk, s->source.quirks, &fault)
        || (ev->name.len == 5 && ngx_memcmp(ev->name.data, "error", 5) == 0))
    {
        return ngx_ai_openai_hear_fault(s, w, &fault);
    }

    /* Azure: the first chunk is about the prompt, and has empty names */

    if (!s->started && (chunk.id.len || chunk.model.len)) {
        s->started = 1;

        rc = ngx_ai_flow_start(s->source.flow, &chunk.id, &chunk.model,
                               chunk.created);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (chunk.choices && chunk.choices->type == NGX_AI_JSON_ARRAY) {

        node = ngx_ai_tree_child(chunk.choices);

        for (i = 0; i < chunk.choices->n; i++) {

            rc = ngx_ai_openai_hear_choice(s, w, node, &chunk);
            if (rc != NGX_OK) {
                return rc;
            }

            node = ngx_ai_tree_next(w->tree, node);
        }
    }

    return ngx_ai_openai_hear_usage(s, w, ngx_ai_openai_usage_node(w, &chunk));
}


static ngx_int_t
ngx_ai_openai_hear_fault(ngx_ai_openai_source_t *s, ngx_ai_walk_t *w,
    const ngx_ai_openai_fault_t *fault)
{
    u_char          *p;
    ngx_ai_error_t   error;

    ngx_memzero(&error, sizeof(ngx_ai_error_t));

    error.kind = ngx_ai_openai_kind(fault, 1);
    error.status = ngx_ai_error_status(error.kind);
    error.retry_after = -1;

    if (fault->message.len) {
        p = ngx_pnalloc(w->pool, fault->message.len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        (void) ngx_ai_text_decode_loose(fault->message.data,
                                        fault->message.len, p,
                                        fault->message.len, &error.message);

    } else {
        ngx_str_set(&error.message, "The provider failed.");
    }

    s->done = 1;

    return ngx_ai_flow_error(s->source.flow, &error);
}


static ngx_int_t
ngx_ai_openai_hear_choice(ngx_ai_openai_source_t *s, ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, const ngx_ai_openai_chunk_t *chunk)
{
    ngx_int_t                rc;
    ngx_str_t                logprobs;
    ngx_ai_openai_ear_t      ear;
    ngx_ai_openai_said_t     said;
    ngx_ai_openai_choice_t   choice;

    if (ngx_ai_openai_read_alternative(w, node, &choice) != NGX_OK) {
        return NGX_ERROR;
    }

    if (choice.index >= NGX_AI_FLOW_CHOICES) {
        return NGX_DECLINED;
    }

    ear.w = w;
    ear.s = s;
    ear.choice = (ngx_uint_t) choice.index;

    rc = ngx_ai_flow_text(s->source.flow, ear.choice, NGX_AI_PART_TEXT,
                          &choice.text);
    if (rc != NGX_OK) {
        return rc;
    }

    if (choice.delta) {

        if (ngx_ai_openai_read_said(w, choice.delta, &said) != NGX_OK) {
            return NGX_ERROR;
        }

        rc = ngx_ai_openai_hear_said(&ear, &said);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (ngx_ai_openai_read_logprobs(w, choice.logprobs, &logprobs)) {
        rc = ngx_ai_flow_logprobs(s->source.flow, ear.choice, &logprobs);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (choice.usage) {
        rc = ngx_ai_openai_hear_usage(s, w, choice.usage);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return choice.finish.len
           ? ngx_ai_openai_hear_finish(&ear, &choice.finish, chunk) : NGX_OK;
}


/* Perplexity's sources are in each chunk, and are told once */

static ngx_int_t
ngx_ai_openai_hear_finish(ngx_ai_openai_ear_t *ear, const ngx_str_t *word,
    const ngx_ai_openai_chunk_t *chunk)
{
    ngx_int_t             rc;
    const ngx_ai_node_t  *sources;

    sources = chunk->results ? chunk->results : chunk->citations;

    if (sources && !ear->s->cited) {
        ear->s->cited = 1;

        rc = ngx_ai_openai_read_citations(ear->w, sources,
                                          ngx_ai_openai_hear_citation, ear);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_ai_flow_finish(ear->s->source.flow, ear->choice,
                              ngx_ai_openai_finish(word->data, word->len),
                              NULL);
}


static ngx_int_t
ngx_ai_openai_hear_said(ngx_ai_openai_ear_t *ear,
    const ngx_ai_openai_said_t *said)
{
    ngx_int_t       rc;
    ngx_ai_flow_t  *flow;

    flow = ear->s->source.flow;
    rc = NGX_OK;

    if (said->thinking.len) {
        rc = ngx_ai_flow_text(flow, ear->choice, NGX_AI_PART_THINKING,
                              &said->thinking);

    } else if (said->details) {
        rc = ngx_ai_openai_hear_parts(ear, said->details, 1);
    }

    if (rc == NGX_OK && said->content) {
        rc = ngx_ai_openai_hear_content(ear, said->content);
    }

    if (rc == NGX_OK && said->refusal.len) {
        rc = ngx_ai_flow_text(flow, ear->choice, NGX_AI_PART_REFUSAL,
                              &said->refusal);
    }

    if (rc == NGX_OK && said->annotations) {
        rc = ngx_ai_openai_read_citations(ear->w, said->annotations,
                                          ngx_ai_openai_hear_citation, ear);
    }

    if (rc == NGX_OK && said->audio) {
        rc = ngx_ai_openai_hear_sound(ear, said->audio);
    }

    if (rc == NGX_OK && said->images) {
        rc = ngx_ai_openai_hear_parts(ear, said->images, 0);
    }

    if (rc == NGX_OK && said->calls) {
        rc = ngx_ai_openai_hear_calls(ear, said->calls);
    }

    if (rc == NGX_OK && said->function) {
        rc = ngx_ai_openai_hear_call(ear, said->function,
                                     ngx_ai_openai_function_piece_members);
    }

    return rc;
}


static ngx_int_t
ngx_ai_openai_hear_content(ngx_ai_openai_ear_t *ear,
    const ngx_ai_node_t *content)
{
    ngx_str_t  text;

    if (content->type != NGX_AI_JSON_STRING) {
        return ngx_ai_openai_hear_parts(ear, content, 0);
    }

    ngx_ai_tree_text(ear->w->tree, content, &text);

    return ngx_ai_flow_text(ear->s->source.flow, ear->choice,
                            NGX_AI_PART_TEXT, &text);
}


/* a list of parts as whole answers have it */

static ngx_int_t
ngx_ai_openai_hear_parts(ngx_ai_openai_ear_t *ear, const ngx_ai_node_t *list,
    ngx_uint_t details)
{
    ngx_int_t             rc;
    ngx_uint_t            i, key;
    ngx_array_t           parts;
    ngx_ai_flow_t        *flow;
    const ngx_ai_part_t  *part;

    if (list->type != NGX_AI_JSON_ARRAY || list->n == 0) {
        return NGX_OK;
    }

    if (ngx_array_init(&parts, ear->w->pool, 4, sizeof(ngx_ai_part_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = details ? ngx_ai_openai_read_details(ear->w, list, &parts)
                 : ngx_ai_openai_read_pieces(ear->w, list, &parts);

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    flow = ear->s->source.flow;
    part = parts.elts;

    for (i = 0; i < parts.nelts; i++) {

        switch (part[i].kind) {

        case NGX_AI_PART_TEXT:
        case NGX_AI_PART_THINKING:
        case NGX_AI_PART_REFUSAL:
            rc = ngx_ai_flow_text(flow, ear->choice, part[i].kind,
                                  &part[i].text);
            break;

        default:
            key = NGX_AI_OPENAI_KEY_PIECE + ear->s->pieces++;

            rc = ngx_ai_flow_part(flow, ear->choice, key, &part[i]);

            if (rc == NGX_OK) {
                rc = ngx_ai_flow_part_end(flow, ear->choice, key);
            }
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


/* what is said and how it sounds come in turns, and are parts apart */

static ngx_int_t
ngx_ai_openai_hear_sound(ngx_ai_openai_ear_t *ear,
    const ngx_ai_node_t *audio)
{
    ngx_int_t       rc;
    ngx_ai_part_t   sound;
    ngx_ai_flow_t  *flow;

    ngx_memzero(&sound, sizeof(ngx_ai_part_t));

    if (ngx_ai_openai_read_sound(ear->w, audio, &sound) != NGX_OK) {
        return NGX_OK;
    }

    flow = ear->s->source.flow;

    rc = ngx_ai_flow_text(flow, ear->choice, NGX_AI_PART_TEXT, &sound.text);

    if (rc == NGX_OK) {
        rc = ngx_ai_flow_text(flow, ear->choice, NGX_AI_PART_AUDIO,
                              &sound.data);
    }

    return rc;
}


static ngx_int_t
ngx_ai_openai_hear_calls(ngx_ai_openai_ear_t *ear, const ngx_ai_node_t *calls)
{
    ngx_int_t             rc;
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    if (calls->type != NGX_AI_JSON_ARRAY) {
        return NGX_OK;
    }

    node = ngx_ai_tree_child(calls);

    for (i = 0; i < calls->n; i++) {

        rc = ngx_ai_openai_hear_call(ear, node,
                                     ngx_ai_openai_call_piece_members);
        if (rc != NGX_OK) {
            return rc;
        }

        node = ngx_ai_tree_next(ear->w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_hear_call(ngx_ai_openai_ear_t *ear, const ngx_ai_node_t *node,
    const ngx_ai_member_t *members)
{
    ngx_int_t               rc;
    ngx_str_t               json;
    ngx_uint_t              key, first;
    ngx_ai_part_t           part;
    ngx_ai_flow_t          *flow;
    ngx_ai_openai_piece_t   piece;

    ngx_memzero(&piece, sizeof(ngx_ai_openai_piece_t));

    piece.index = -1;

    if (ngx_ai_walk_element(ear->w, node, members, &piece) != NGX_OK) {
        return NGX_ERROR;
    }

    if (piece.id.len + piece.name.len + piece.text.len == 0
        && piece.json == NULL)
    {
        return NGX_OK;
    }

    flow = ear->s->source.flow;
    key = ngx_ai_openai_call_key(ear, &piece, &first);

    ngx_memzero(&part, sizeof(ngx_ai_part_t));

    if (first
        && (piece.custom
            || ngx_ai_id_split(&piece.id, &part.id, &part.origin,
                               &part.signature)
               == NGX_OK))
    {
        if (part.signature.len == 0) {
            part.id = piece.id;
        }

        part.kind = NGX_AI_PART_TOOL_CALL;
        part.custom = piece.custom;
        part.name = piece.name;
        part.text = piece.text;

        rc = ngx_ai_flow_part(flow, ear->choice, key, &part);

    } else {
        rc = ngx_ai_flow_call(flow, ear->choice, key, &piece.id, &piece.name,
                              &piece.text);
    }

    if (rc != NGX_OK || piece.json == NULL) {
        return rc;
    }

    ngx_ai_tree_raw(ear->w->tree, piece.json, &json);

    return ngx_ai_flow_call_json(flow, ear->choice, key, &json);
}


/*
 * Pieces of a call have its index.  Some vendors give none, and some all
 * calls the same: then another id, or without ids a name, begins a call.
 */

static ngx_uint_t
ngx_ai_openai_call_key(ngx_ai_openai_ear_t *ear,
    const ngx_ai_openai_piece_t *piece, ngx_uint_t *first)
{
    uint32_t                  id;
    ngx_uint_t                same, other;
    ngx_ai_openai_turnout_t  *t;

    t = &ear->s->calls[ear->choice];

    id = piece->id.len ? (uint32_t) ngx_hash_key(piece->id.data,
                                                 piece->id.len) | 1 : 0;

    same = (t->begun && piece->index == t->index);

    other = same && ((id && t->id) ? (id != t->id)
                                   : (piece->index == -1 && piece->name.len));

    if (same && !other) {
        t->id = id ? id : t->id;

    } else {
        t->begun = 1;
        t->index = piece->index;
        t->id = id;
        t->key = (other || piece->index == -1)
                 ? NGX_AI_OPENAI_KEY_CALL + t->next++
                 : (ngx_uint_t) piece->index;
    }

    /* what goes on with a call that was left has no name */

    *first = (!same || other) && piece->name.len;

    return t->key;
}


static ngx_int_t
ngx_ai_openai_piece_index(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    int64_t  n, *index;

    index = to;

    if (ngx_ai_tree_int(w->tree, value, &n) == NGX_OK && n >= 0) {
        *index = n;
    }

    return NGX_OK;
}


/* some send the object that it is */

static ngx_int_t
ngx_ai_openai_piece_args(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_openai_piece_t *piece = to;

    if (value->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(w->tree, value, &piece->text);

    } else if (value->type == NGX_AI_JSON_OBJECT) {
        piece->json = value;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_piece_function(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_openai_piece_t *piece = to;

    if (value->type != NGX_AI_JSON_OBJECT) {
        return NGX_OK;
    }

    piece->custom = 0;

    return ngx_ai_walk_object(w, value, ngx_ai_openai_function_piece_members,
                              to);
}


static ngx_int_t
ngx_ai_openai_piece_custom(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_openai_piece_t *piece = to;

    if (value->type != NGX_AI_JSON_OBJECT || value->n == 0
        || piece->name.len)
    {
        return NGX_OK;
    }

    piece->custom = 1;

    return ngx_ai_walk_object(w, value, ngx_ai_openai_custom_piece_members,
                              to);
}


static ngx_int_t
ngx_ai_openai_hear_citation(void *data, const ngx_ai_citation_t *citation)
{
    ngx_ai_openai_ear_t *ear = data;

    return ngx_ai_flow_citation(ear->s->source.flow, ear->choice, citation);
}


static ngx_int_t
ngx_ai_openai_hear_usage(ngx_ai_openai_source_t *s, ngx_ai_walk_t *w,
    const ngx_ai_node_t *node)
{
    ngx_int_t       rc;
    ngx_ai_usage_t  usage;

    rc = ngx_ai_openai_read_usage(w, node, s->source.quirks, &usage);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : NGX_ERROR;
    }

    return ngx_ai_flow_usage(s->source.flow, &usage);
}
