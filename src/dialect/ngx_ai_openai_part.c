
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"
#include "ngx_ai_text.h"


/* of a data URL, up to its data */
#define NGX_AI_OPENAI_HEAD_MAX  256


/* what an element of "content" has */

typedef struct {
    const ngx_ai_node_t  *type;
    const ngx_ai_node_t  *text;
    const ngx_ai_node_t  *refusal;
    const ngx_ai_node_t  *thinking;
    const ngx_ai_node_t  *image;
    const ngx_ai_node_t  *video;
    const ngx_ai_node_t  *audio;
    const ngx_ai_node_t  *file;
    const ngx_ai_node_t  *file_url;
    const ngx_ai_node_t  *document;
    ngx_str_t             name;
    ngx_str_t             cache;
} ngx_ai_openai_piece_t;


/* what is in "image_url", "input_audio" and "file" */

typedef struct {
    const ngx_ai_node_t  *source;
    ngx_str_t             detail;
    ngx_str_t             format;
    ngx_str_t             id;
    ngx_str_t             name;
} ngx_ai_openai_media_t;


typedef ngx_int_t (*ngx_ai_openai_piece_pt)(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_ai_part_t *part);


typedef struct {
    ngx_str_t               type;
    ngx_uint_t              kind;      /* ngx_ai_part_e */
    ngx_ai_openai_piece_pt  read;
    size_t                  offset;    /* of its node in the piece */
    const char             *missing;
} ngx_ai_openai_piece_row_t;


static ngx_int_t ngx_ai_openai_read_piece(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_array_t *parts);
static const ngx_ai_openai_piece_row_t *ngx_ai_openai_piece_row(
    ngx_ai_walk_t *w, const ngx_ai_node_t *type);
static ngx_int_t ngx_ai_openai_read_text(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_ai_part_t *part);
static ngx_int_t ngx_ai_openai_read_thinking(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_ai_part_t *part);
static ngx_int_t ngx_ai_openai_read_link(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_ai_part_t *part);
static ngx_int_t ngx_ai_openai_read_audio(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_ai_part_t *part);
static ngx_int_t ngx_ai_openai_read_file(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_ai_part_t *part);
static ngx_int_t ngx_ai_openai_read_source(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_uint_t bare, ngx_ai_part_t *part);
static ngx_int_t ngx_ai_openai_join_texts(ngx_ai_walk_t *w,
    const ngx_ai_node_t *list, ngx_str_t *joined);


#define ngx_ai_piece(name)  offsetof(ngx_ai_openai_piece_t, name)
#define ngx_ai_media(name)  offsetof(ngx_ai_openai_media_t, name)


static const ngx_ai_member_t  ngx_ai_openai_piece_members[] = {

    { ngx_string("type"), NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_piece(type), 0 },

    { ngx_string("text"), NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_piece(text), 0 },

    { ngx_string("image_url"), NGX_AI_OBJECT|NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_piece(image), 0 },

    { ngx_string("cache_control"), NGX_AI_OBJECT,
      ngx_ai_walk_raw, ngx_ai_piece(cache), 0 },

    { ngx_string("input_audio"), NGX_AI_OBJECT|NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_piece(audio), 0 },

    { ngx_string("file"), NGX_AI_OBJECT,
      ngx_ai_openai_node, ngx_ai_piece(file), 0 },

    { ngx_string("refusal"), NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_piece(refusal), 0 },

    /* of vendors: Mistral, Perplexity, OpenRouter and others */

    { ngx_string("thinking"), NGX_AI_ARRAY|NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_piece(thinking), 0 },

    { ngx_string("video_url"), NGX_AI_OBJECT|NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_piece(video), 0 },

    { ngx_string("file_url"), NGX_AI_OBJECT|NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_piece(file_url), 0 },

    { ngx_string("document_url"), NGX_AI_OBJECT|NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_piece(document), 0 },

    { ngx_string("document_name"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_piece(name), 0 },

    { ngx_string("closed"), NGX_AI_BOOL, NULL, 0, 0 },
    { ngx_string("index"), NGX_AI_NUMBER, NULL, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_openai_piece_row_t  ngx_ai_openai_piece_rows[] = {

    { ngx_string("text"), NGX_AI_PART_TEXT,
      ngx_ai_openai_read_text, ngx_ai_piece(text),
      "has no \"text\"" },

    { ngx_string("image_url"), NGX_AI_PART_IMAGE,
      ngx_ai_openai_read_link, ngx_ai_piece(image),
      "has no \"image_url\"" },

    { ngx_string("input_audio"), NGX_AI_PART_AUDIO,
      ngx_ai_openai_read_audio, ngx_ai_piece(audio),
      "has no \"input_audio\"" },

    { ngx_string("file"), NGX_AI_PART_FILE,
      ngx_ai_openai_read_file, ngx_ai_piece(file),
      "has no \"file\"" },

    { ngx_string("refusal"), NGX_AI_PART_REFUSAL,
      ngx_ai_openai_read_text, ngx_ai_piece(refusal),
      "has no \"refusal\"" },

    { ngx_string("thinking"), NGX_AI_PART_THINKING,
      ngx_ai_openai_read_thinking, ngx_ai_piece(thinking),
      "has no \"thinking\"" },

    { ngx_string("video_url"), NGX_AI_PART_VIDEO,
      ngx_ai_openai_read_link, ngx_ai_piece(video),
      "has no \"video_url\"" },

    { ngx_string("file_url"), NGX_AI_PART_FILE,
      ngx_ai_openai_read_link, ngx_ai_piece(file_url),
      "has no \"file_url\"" },

    { ngx_string("document_url"), NGX_AI_PART_FILE,
      ngx_ai_openai_read_link, ngx_ai_piece(document),
      "has no \"document_url\"" }
};


#define NGX_AI_OPENAI_PIECES                                                  \
    (sizeof(ngx_ai_openai_piece_rows) / sizeof(ngx_ai_openai_piece_row_t))


static const ngx_ai_member_t  ngx_ai_openai_link_members[] = {

    { ngx_string("url"), NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_media(source), 0 },

    { ngx_string("detail"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_media(detail), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_audio_members[] = {

    { ngx_string("data"), NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_media(source), 0 },

    { ngx_string("format"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_media(format), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_openai_file_members[] = {

    { ngx_string("file_data"), NGX_AI_STRING,
      ngx_ai_openai_node, ngx_ai_media(source), 0 },

    { ngx_string("file_id"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_media(id), 0 },

    { ngx_string("filename"), NGX_AI_STRING,
      ngx_ai_walk_text, ngx_ai_media(name), 0 },

      ngx_ai_null_member
};


ngx_int_t
ngx_ai_openai_read_content(ngx_ai_walk_t *w, const ngx_ai_node_t *content,
    ngx_array_t *parts)
{
    ngx_str_t       text;
    ngx_ai_part_t  *part;

    if (content == NULL) {
        return NGX_OK;
    }

    if (content->type == NGX_AI_JSON_ARRAY) {
        return ngx_ai_openai_read_pieces(w, content, parts);
    }

    ngx_ai_tree_text(w->tree, content, &text);

    if (text.len == 0) {
        return NGX_OK;
    }

    part = ngx_ai_part_push(parts, NGX_AI_PART_TEXT);
    if (part == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    part->text = text;

    return NGX_OK;
}


ngx_int_t
ngx_ai_openai_read_pieces(ngx_ai_walk_t *w, const ngx_ai_node_t *list,
    ngx_array_t *parts)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(list);

    for (i = 0; i < list->n; i++) {

        if (ngx_ai_openai_read_piece(w, node, parts) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_read_piece(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_array_t *parts)
{
    ngx_ai_part_t                    *part;
    const ngx_ai_node_t             **value;
    ngx_ai_openai_piece_t             piece;
    const ngx_ai_openai_piece_row_t  *row;

    ngx_memzero(&piece, sizeof(ngx_ai_openai_piece_t));

    if (ngx_ai_walk_element(w, node, ngx_ai_openai_piece_members, &piece)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (piece.type == NULL) {
        return ngx_ai_walk_fail(w, node, "has no \"type\"");
    }

    row = ngx_ai_openai_piece_row(w, piece.type);

    if (row == NULL) {
        ngx_ai_walk_drop(w, node);
        return NGX_OK;
    }

    value = (const ngx_ai_node_t **) ((u_char *) &piece + row->offset);

    if (*value == NULL) {
        return ngx_ai_walk_fail(w, node, row->missing);
    }

    part = ngx_ai_part_push(parts, row->kind);
    if (part == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    part->cache = piece.cache;
    part->name = piece.name;

    return row->read(w, *value, part);
}


static const ngx_ai_openai_piece_row_t *
ngx_ai_openai_piece_row(ngx_ai_walk_t *w, const ngx_ai_node_t *type)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_AI_OPENAI_PIECES; i++) {
        if (ngx_ai_tree_is(w->tree, type,
                           (char *) ngx_ai_openai_piece_rows[i].type.data))
        {
            return &ngx_ai_openai_piece_rows[i];
        }
    }

    return NULL;
}


static ngx_int_t
ngx_ai_openai_read_text(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_ai_part_t *part)
{
    ngx_ai_tree_text(w->tree, value, &part->text);

    return NGX_OK;
}


/* Mistral: a list of texts */

static ngx_int_t
ngx_ai_openai_read_thinking(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_ai_part_t *part)
{
    if (value->type == NGX_AI_JSON_STRING) {
        return ngx_ai_openai_read_text(w, value, part);
    }

    return ngx_ai_openai_join_texts(w, value, &part->text);
}


static ngx_int_t
ngx_ai_openai_read_link(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_ai_part_t *part)
{
    ngx_ai_openai_media_t  media;

    if (value->type == NGX_AI_JSON_STRING) {
        return ngx_ai_openai_read_source(w, value, 0, part);
    }

    ngx_memzero(&media, sizeof(ngx_ai_openai_media_t));

    if (ngx_ai_walk_object(w, value, ngx_ai_openai_link_members, &media)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (media.source == NULL) {
        return ngx_ai_walk_fail(w, value, "has no \"url\"");
    }

    part->detail = media.detail;

    return ngx_ai_openai_read_source(w, media.source, 0, part);
}


/* a link or the data is Mistral's form */

static ngx_int_t
ngx_ai_openai_read_audio(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_ai_part_t *part)
{
    ngx_ai_openai_media_t  media;

    ngx_memzero(&media, sizeof(ngx_ai_openai_media_t));

    if (value->type == NGX_AI_JSON_STRING) {
        media.source = value;

    } else if (ngx_ai_walk_object(w, value, ngx_ai_openai_audio_members,
                                  &media)
               != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (media.source == NULL) {
        return ngx_ai_walk_fail(w, value, "has no \"data\"");
    }

    if (ngx_ai_openai_read_source(w, media.source, 1, part) != NGX_OK) {
        return NGX_ERROR;
    }

    if (media.format.len == 0) {
        return NGX_OK;
    }

    return (ngx_ai_openai_audio_media(w->pool, &media.format, &part->media)
            == NGX_OK) ? NGX_OK : ngx_ai_openai_no_memory(w);
}


static ngx_int_t
ngx_ai_openai_read_file(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_ai_part_t *part)
{
    ngx_ai_openai_media_t  media;

    ngx_memzero(&media, sizeof(ngx_ai_openai_media_t));

    if (ngx_ai_walk_object(w, value, ngx_ai_openai_file_members, &media)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    part->name = media.name;
    part->file = media.id;

    if (media.source == NULL) {
        return media.id.len ? NGX_OK
                            : ngx_ai_walk_fail(w, value,
                                               "has no \"file_data\"");
    }

    return ngx_ai_openai_read_source(w, media.source, 1, part);
}


/*
 * A data URL, or where to get it; what is "bare" may be the data alone.  The
 * scheme of a URL has no need of escapes, and some write "\/" for "/".
 */

static ngx_int_t
ngx_ai_openai_read_source(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_uint_t bare, ngx_ai_part_t *part)
{
    u_char      *p, *last;
    ngx_str_t    text;
    ngx_uint_t   link;

    ngx_ai_tree_text(w->tree, value, &text);

    if (text.len >= 4 && ngx_memcmp(text.data, "http", 4) == 0) {
        part->url = text;
        return NGX_OK;
    }

    link = (text.len < 5 || ngx_memcmp(text.data, "data:", 5) != 0);

    if (link && !bare) {
        part->url = text;
        return NGX_OK;
    }

    if (value->escaped && ngx_ai_walk_decode(w, value, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    last = text.data + text.len;

    if (ngx_ai_text_plain(text.data, last) != last) {
        return ngx_ai_walk_fail(w, value, "is not base64");
    }

    if (link) {
        part->data = text;
        return NGX_OK;
    }

    p = ngx_strlchr(text.data, text.data + ngx_min(text.len,
                                                   NGX_AI_OPENAI_HEAD_MAX),
                    ',');

    if (p == NULL || p - text.data < 5 + 7
        || ngx_memcmp(p - 7, ";base64", 7) != 0)
    {
        return ngx_ai_walk_fail(w, value, "is a data URL without base64");
    }

    part->data.data = p + 1;
    part->data.len = last - part->data.data;

    part->media.data = text.data + 5;
    part->media.len = p - 7 - part->media.data;

    /* parameters of the type are no one's */

    last = ngx_strlchr(part->media.data, p - 7, ';');

    if (last != NULL) {
        part->media.len = last - part->media.data;
    }

    return NGX_OK;
}


/* the texts of a list of parts, one behind the other */

static ngx_int_t
ngx_ai_openai_join_texts(ngx_ai_walk_t *w, const ngx_ai_node_t *list,
    ngx_str_t *joined)
{
    u_char               *p;
    ngx_str_t             text;
    ngx_uint_t            i;
    const ngx_ai_node_t  *node, *value;

    ngx_str_null(joined);

    p = ngx_pnalloc(w->pool, list->end - list->start);
    if (p == NULL) {
        return ngx_ai_openai_no_memory(w);
    }

    joined->data = p;
    node = ngx_ai_tree_child(list);

    for (i = 0; i < list->n; i++) {
        value = ngx_ai_tree_member(w->tree, node, "text");

        if (value != NULL && value->type == NGX_AI_JSON_STRING) {
            ngx_ai_tree_text(w->tree, value, &text);
            p = ngx_cpymem(p, text.data, text.len);
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    joined->len = p - joined->data;

    return NGX_OK;
}


/*
 * OpenRouter's list of what a model thought.  What is encrypted in it is for
 * OpenRouter alone, in a form that the hub does not keep.
 */

ngx_int_t
ngx_ai_openai_read_details(ngx_ai_walk_t *w, const ngx_ai_node_t *list,
    ngx_array_t *parts)
{
    ngx_str_t             text;
    ngx_uint_t            i, summary;
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *node, *value;

    node = ngx_ai_tree_child(list);

    for (i = 0; i < list->n; i++) {

        value = ngx_ai_tree_member(w->tree, node, "text");
        summary = (value == NULL);

        if (summary) {
            value = ngx_ai_tree_member(w->tree, node, "summary");
        }

        if (value != NULL && value->type == NGX_AI_JSON_STRING) {

            ngx_ai_tree_text(w->tree, value, &text);

            part = ngx_ai_part_push(parts, NGX_AI_PART_THINKING);
            if (part == NULL) {
                return ngx_ai_openai_no_memory(w);
            }

            part->text = text;
            part->summary = summary;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}
