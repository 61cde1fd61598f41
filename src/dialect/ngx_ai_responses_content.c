
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"
#include "ngx_ai_text.h"


#define NGX_AI_RESPONSES_MEDIA  128     /* of a data URL, up to the comma */


typedef struct {
    ngx_str_t                name;
    ngx_uint_t               kind;      /* ngx_ai_part_e */
    const ngx_ai_member_t   *members;
} ngx_ai_responses_content_t;


typedef struct {
    ngx_str_t                data;
    ngx_str_t                format;
} ngx_ai_responses_audio_t;


static ngx_int_t ngx_ai_responses_read_part(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_array_t *parts);
static ngx_int_t ngx_ai_responses_check_part(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_part_t *part);
static ngx_int_t ngx_ai_responses_read_citations(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_logprobs(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_break(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_image_url(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_file_data(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_read_audio(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_responses_data_url(ngx_ai_walk_t *w,
    const ngx_str_t *url, ngx_ai_part_t *part);
static void ngx_ai_responses_member_text(ngx_ai_walk_t *w,
    const ngx_ai_node_t *object, const char *name, ngx_str_t *text);
static int64_t ngx_ai_responses_member_int(ngx_ai_walk_t *w,
    const ngx_ai_node_t *object, const char *name);


static const ngx_ai_member_t  ngx_ai_responses_text_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("text"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, text), 0 },

    { ngx_string("annotations"), NGX_AI_ARRAY,
      ngx_ai_responses_read_citations, offsetof(ngx_ai_part_t, citations),
      0 },

    { ngx_string("logprobs"), NGX_AI_ARRAY, ngx_ai_responses_read_logprobs,
      0, 0 },

    { ngx_string("prompt_cache_breakpoint"), NGX_AI_OBJECT,
      ngx_ai_responses_read_break, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_refusal_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("refusal"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, text), 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_image_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("image_url"), NGX_AI_STRING,
      ngx_ai_responses_read_image_url, 0, 0 },

    { ngx_string("file_id"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, file), 0 },

    { ngx_string("detail"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, detail), 0 },

    { ngx_string("prompt_cache_breakpoint"), NGX_AI_OBJECT,
      ngx_ai_responses_read_break, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_file_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("file_data"), NGX_AI_STRING,
      ngx_ai_responses_read_file_data, 0, 0 },

    { ngx_string("file_url"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, url), 0 },

    { ngx_string("file_id"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, file), 0 },

    { ngx_string("filename"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, name), 0 },

    { ngx_string("prompt_cache_breakpoint"), NGX_AI_OBJECT,
      ngx_ai_responses_read_break, 0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_audio_members[] = {

    { ngx_string("type"), NGX_AI_ANY, NULL, 0, 0 },

    { ngx_string("input_audio"), NGX_AI_OBJECT, ngx_ai_responses_read_audio,
      0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_responses_sound_members[] = {

    { ngx_string("data"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_responses_audio_t, data), 0 },

    { ngx_string("format"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_responses_audio_t, format), 0 },

      ngx_ai_null_member
};


static const ngx_ai_responses_content_t  ngx_ai_responses_contents[] = {

    { ngx_string("input_text"), NGX_AI_PART_TEXT,
      ngx_ai_responses_text_members },

    { ngx_string("output_text"), NGX_AI_PART_TEXT,
      ngx_ai_responses_text_members },

    { ngx_string("text"), NGX_AI_PART_TEXT,
      ngx_ai_responses_text_members },

    { ngx_string("refusal"), NGX_AI_PART_REFUSAL,
      ngx_ai_responses_refusal_members },

    { ngx_string("input_image"), NGX_AI_PART_IMAGE,
      ngx_ai_responses_image_members },

    { ngx_string("input_file"), NGX_AI_PART_FILE,
      ngx_ai_responses_file_members },

    { ngx_string("input_audio"), NGX_AI_PART_AUDIO,
      ngx_ai_responses_audio_members },

    { ngx_null_string, 0, NULL }
};


ngx_int_t
ngx_ai_responses_read_content(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_array_t *parts)
{
    ngx_uint_t            i;
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *node;

    if (value->type == NGX_AI_JSON_STRING) {
        part = ngx_ai_part_push(parts, NGX_AI_PART_TEXT);
        if (part == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        ngx_ai_tree_text(w->tree, value, &part->text);

        return NGX_OK;
    }

    if (value->type != NGX_AI_JSON_ARRAY) {
        return ngx_ai_walk_fail(w, value, "must be a string or an array");
    }

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_responses_read_part(w, node, parts) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_part(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_array_t *parts)
{
    ngx_str_t                          name;
    ngx_ai_part_t                     *part;
    const ngx_ai_node_t               *type;
    const ngx_ai_responses_content_t  *content;

    if (node->type != NGX_AI_JSON_OBJECT) {
        return ngx_ai_walk_fail(w, node, "must be an object");
    }

    type = ngx_ai_tree_member(w->tree, node, "type");

    if (type == NULL || type->type != NGX_AI_JSON_STRING) {
        return ngx_ai_walk_fail(w, node, "has no \"type\"");
    }

    ngx_ai_tree_text(w->tree, type, &name);

    for (content = ngx_ai_responses_contents; content->name.len; content++) {

        if (content->name.len == name.len
            && ngx_memcmp(content->name.data, name.data, name.len) == 0)
        {
            break;
        }
    }

    if (content->name.len == 0) {
        ngx_ai_walk_drop(w, node);
        return NGX_OK;
    }

    part = ngx_ai_part_push(parts, content->kind);
    if (part == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    if (ngx_ai_walk_object(w, node, content->members, part) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_ai_responses_check_part(w, node, part);
}


static ngx_int_t
ngx_ai_responses_check_part(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_part_t *part)
{
    switch (part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:

        /* an empty text is one: it points at its place */

        if (part->text.data == NULL) {
            return ngx_ai_walk_fail(w, node, "has no text");
        }

        break;

    case NGX_AI_PART_IMAGE:
        if (part->data.len + part->url.len + part->file.len == 0) {
            return ngx_ai_walk_fail(w, node, "has no image");
        }

        break;

    case NGX_AI_PART_AUDIO:
        if (part->data.len == 0) {
            return ngx_ai_walk_fail(w, node, "has no audio");
        }

        break;

    default: /* NGX_AI_PART_FILE */
        if (part->data.len + part->url.len + part->file.len == 0) {
            return ngx_ai_walk_fail(w, node, "has no file");
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_citations(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t             i;
    ngx_array_t          **citations;
    ngx_ai_citation_t     *citation, one;
    const ngx_ai_node_t   *node;

    citations = to;
    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_responses_read_citation(w, node, &one) == NGX_OK) {

            if (*citations == NULL) {
                *citations = ngx_array_create(w->pool, value->n,
                                              sizeof(ngx_ai_citation_t));
            }

            citation = *citations ? ngx_array_push(*citations) : NULL;

            if (citation == NULL) {
                return ngx_ai_walk_fail(w, NULL, "no memory");
            }

            *citation = one;

        } else {
            ngx_ai_walk_drop(w, node);
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


ngx_int_t
ngx_ai_responses_read_citation(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_citation_t *citation)
{
    ngx_memzero(citation, sizeof(ngx_ai_citation_t));

    ngx_ai_responses_member_text(w, node, "url", &citation->url);

    /* of a file there is its id and, in the place of a title, its name */

    if (citation->url.len) {
        ngx_ai_responses_member_text(w, node, "title", &citation->title);

    } else {
        ngx_ai_responses_member_text(w, node, "file_id", &citation->id);
        ngx_ai_responses_member_text(w, node, "filename", &citation->title);
    }

    if (citation->url.len + citation->id.len + citation->title.len == 0) {
        return NGX_DECLINED;
    }

    citation->start = ngx_ai_responses_member_int(w, node, "start_index");
    citation->end = ngx_ai_responses_member_int(w, node, "end_index");

    /* no text is a place that is not known, as it is written here too */

    if (citation->end <= 0) {
        citation->start = -1;
        citation->end = -1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_logprobs(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    u_char     *p;
    ngx_str_t   raw, *logprobs;

    logprobs = w->data;

    if (logprobs == NULL || logprobs->len || value->n == 0) {
        return NGX_OK;
    }

    ngx_ai_tree_raw(w->tree, value, &raw);

    p = ngx_pnalloc(w->pool, sizeof("{\"content\":}") - 1 + raw.len);
    if (p == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    logprobs->data = p;
    logprobs->len = sizeof("{\"content\":}") - 1 + raw.len;

    p = ngx_cpymem(p, "{\"content\":", sizeof("{\"content\":") - 1);
    p = ngx_cpymem(p, raw.data, raw.len);
    *p = '}';

    return NGX_OK;
}


/* what others call cache_control */

static ngx_int_t
ngx_ai_responses_read_break(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t  *part;

    part = to;
    ngx_str_set(&part->cache, "{\"type\":\"ephemeral\"}");

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_image_url(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_int_t       rc;
    ngx_str_t       url;
    ngx_ai_part_t  *part;

    part = to;

    ngx_ai_tree_text(w->tree, value, &url);

    rc = ngx_ai_responses_data_url(w, &url, part);

    if (rc == NGX_DECLINED) {
        part->url = url;
        return NGX_OK;
    }

    return rc;
}


/* a data URL, or base64 alone, which tells a PDF by its first bytes */

static ngx_int_t
ngx_ai_responses_read_file_data(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_int_t       rc;
    ngx_str_t       data;
    ngx_ai_part_t  *part;

    part = to;

    ngx_ai_tree_text(w->tree, value, &data);

    rc = ngx_ai_responses_data_url(w, &data, part);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    part->data = data;

    if (data.len > 7 && ngx_memcmp(data.data, "JVBERi0", 7) == 0) {
        ngx_str_set(&part->media, "application/pdf");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_responses_read_audio(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t             *part;
    ngx_ai_responses_audio_t   audio;

    part = to;

    ngx_memzero(&audio, sizeof(ngx_ai_responses_audio_t));

    if (ngx_ai_walk_object(w, value, ngx_ai_responses_sound_members, &audio)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    part->data = audio.data;

    if (audio.format.len == 3 && ngx_memcmp(audio.format.data, "mp3", 3) == 0)
    {
        ngx_str_set(&part->media, "audio/mpeg");
        return NGX_OK;
    }

    part->media.data = ngx_pnalloc(w->pool, 6 + audio.format.len);
    if (part->media.data == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    part->media.len = ngx_sprintf(part->media.data, "audio/%V", &audio.format)
                      - part->media.data;

    return NGX_OK;
}


/*
 * "data:image/png;base64,...": NGX_DECLINED when it is none.  Some clients
 * escape slashes; in the media type that is undone, as it is compared.
 */

static ngx_int_t
ngx_ai_responses_data_url(ngx_ai_walk_t *w, const ngx_str_t *url,
    ngx_ai_part_t *part)
{
    u_char     *p, *comma, *last, *media;
    ngx_str_t   type;

    if (url->len < 5 || ngx_strncmp(url->data, "data:", 5) != 0) {
        return NGX_DECLINED;
    }

    p = url->data + 5;
    last = p + ngx_min(url->len - 5, NGX_AI_RESPONSES_MEDIA);

    comma = ngx_strlchr(p, last, ',');

    if (comma == NULL || comma - p < 7
        || ngx_strncmp(comma - 7, ";base64", 7) != 0)
    {
        return NGX_DECLINED;
    }

    media = ngx_strlchr(p, comma, ';');

    type.data = p;
    type.len = media - p;

    if (ngx_strlchr(p, media, '\\') != NULL) {

        type.data = ngx_pnalloc(w->pool, type.len);
        if (type.data == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        (void) ngx_ai_text_decode_loose(p, media - p, type.data, type.len,
                                        &type);

        last = type.data + type.len;

        for (p = type.data; p < last; p++) {
            if (*p < 0x20 || *p == '"' || *p == '\\') {
                return NGX_DECLINED;
            }
        }
    }

    part->media = type;
    part->data.data = comma + 1;
    part->data.len = url->data + url->len - (comma + 1);

    return NGX_OK;
}


static void
ngx_ai_responses_member_text(ngx_ai_walk_t *w, const ngx_ai_node_t *object,
    const char *name, ngx_str_t *text)
{
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(w->tree, object, name);

    if (node != NULL && node->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(w->tree, node, text);
    }
}


static int64_t
ngx_ai_responses_member_int(ngx_ai_walk_t *w, const ngx_ai_node_t *object,
    const char *name)
{
    int64_t               n;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(w->tree, object, name);

    if (node == NULL || ngx_ai_tree_int(w->tree, node, &n) != NGX_OK || n < 0)
    {
        return -1;
    }

    return n;
}
