
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_bedrock.h"


static ngx_uint_t ngx_ai_bedrock_like(const ngx_str_t *text,
    const ngx_str_t *want, ngx_uint_t prefix);
static void ngx_ai_bedrock_extension(const ngx_ai_part_t *part,
    ngx_str_t *extension);
static ngx_int_t ngx_ai_bedrock_read_media(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, ngx_array_t *parts, ngx_uint_t kind);
static ngx_int_t ngx_ai_bedrock_read_source(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_s3(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_bedrock_read_texts(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_uint_t ngx_ai_bedrock_write_source(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);


/*
 * The first row of a format has the media type that it is read as, the first
 * row of a media type the format that it is written as.
 */

static const ngx_ai_bedrock_format_t  ngx_ai_bedrock_formats[] = {
    { NGX_AI_PART_IMAGE, ngx_string("png"), ngx_string("image/png"),
      ngx_string("iVBOR") },
    { NGX_AI_PART_IMAGE, ngx_string("jpeg"), ngx_string("image/jpeg"),
      ngx_string("/9j/") },
    { NGX_AI_PART_IMAGE, ngx_string("jpeg"), ngx_string("image/jpg"),
      ngx_null_string },
    { NGX_AI_PART_IMAGE, ngx_string("gif"), ngx_string("image/gif"),
      ngx_string("R0lGOD") },
    { NGX_AI_PART_IMAGE, ngx_string("webp"), ngx_string("image/webp"),
      ngx_string("UklGR") },

    { NGX_AI_PART_FILE, ngx_string("pdf"), ngx_string("application/pdf"),
      ngx_string("JVBERi") },
    { NGX_AI_PART_FILE, ngx_string("csv"), ngx_string("text/csv"),
      ngx_null_string },
    { NGX_AI_PART_FILE, ngx_string("doc"), ngx_string("application/msword"),
      ngx_null_string },
    { NGX_AI_PART_FILE, ngx_string("docx"),
      ngx_string("application/vnd.openxmlformats-officedocument"
                 ".wordprocessingml.document"), ngx_null_string },
    { NGX_AI_PART_FILE, ngx_string("xls"),
      ngx_string("application/vnd.ms-excel"), ngx_null_string },
    { NGX_AI_PART_FILE, ngx_string("xlsx"),
      ngx_string("application/vnd.openxmlformats-officedocument"
                 ".spreadsheetml.sheet"), ngx_null_string },
    { NGX_AI_PART_FILE, ngx_string("html"), ngx_string("text/html"),
      ngx_null_string },
    { NGX_AI_PART_FILE, ngx_string("txt"), ngx_string("text/plain"),
      ngx_null_string },
    { NGX_AI_PART_FILE, ngx_string("md"), ngx_string("text/markdown"),
      ngx_null_string },
    { NGX_AI_PART_FILE, ngx_string("md"), ngx_string("text/x-markdown"),
      ngx_null_string },

    { NGX_AI_PART_VIDEO, ngx_string("mp4"), ngx_string("video/mp4"),
      ngx_null_string },
    { NGX_AI_PART_VIDEO, ngx_string("mov"), ngx_string("video/quicktime"),
      ngx_null_string },
    { NGX_AI_PART_VIDEO, ngx_string("mkv"), ngx_string("video/x-matroska"),
      ngx_null_string },
    { NGX_AI_PART_VIDEO, ngx_string("webm"), ngx_string("video/webm"),
      ngx_null_string },
    { NGX_AI_PART_VIDEO, ngx_string("flv"), ngx_string("video/x-flv"),
      ngx_null_string },
    { NGX_AI_PART_VIDEO, ngx_string("mpeg"), ngx_string("video/mpeg"),
      ngx_null_string },
    { NGX_AI_PART_VIDEO, ngx_string("mpg"), ngx_string("video/mpg"),
      ngx_null_string },
    { NGX_AI_PART_VIDEO, ngx_string("wmv"), ngx_string("video/x-ms-wmv"),
      ngx_null_string },
    { NGX_AI_PART_VIDEO, ngx_string("three_gp"), ngx_string("video/3gpp"),
      ngx_null_string },

    { NGX_AI_PART_AUDIO, ngx_string("mp3"), ngx_string("audio/mpeg"),
      ngx_null_string },
    { NGX_AI_PART_AUDIO, ngx_string("mp3"), ngx_string("audio/mp3"),
      ngx_null_string },
    { NGX_AI_PART_AUDIO, ngx_string("wav"), ngx_string("audio/wav"),
      ngx_null_string },
    { NGX_AI_PART_AUDIO, ngx_string("wav"), ngx_string("audio/x-wav"),
      ngx_null_string },
    { NGX_AI_PART_AUDIO, ngx_string("opus"), ngx_string("audio/opus"),
      ngx_null_string },
    { NGX_AI_PART_AUDIO, ngx_string("aac"), ngx_string("audio/aac"),
      ngx_null_string },
    { NGX_AI_PART_AUDIO, ngx_string("flac"), ngx_string("audio/flac"),
      ngx_null_string },
    { NGX_AI_PART_AUDIO, ngx_string("ogg"), ngx_string("audio/ogg"),
      ngx_null_string },
    { NGX_AI_PART_AUDIO, ngx_string("webm"), ngx_string("audio/webm"),
      ngx_null_string },
    { NGX_AI_PART_AUDIO, ngx_string("mp4"), ngx_string("audio/mp4"),
      ngx_null_string },
    { NGX_AI_PART_AUDIO, ngx_string("m4a"), ngx_string("audio/x-m4a"),
      ngx_null_string },
    { NGX_AI_PART_AUDIO, ngx_string("pcm"), ngx_string("audio/pcm"),
      ngx_null_string },

    { NGX_AI_PART_MAX, ngx_null_string, ngx_null_string, ngx_null_string }
};


/* all into an ngx_ai_part_t */

static const ngx_ai_member_t  ngx_ai_bedrock_s3_members[] = {
    { ngx_string("uri"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, url), 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_source_members[] = {
    { ngx_string("bytes"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, data), 0 },
    { ngx_string("s3Location"), NGX_AI_OBJECT, ngx_ai_bedrock_read_s3, 0, 0 },
    { ngx_string("text"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, text), 0 },
    { ngx_string("content"), NGX_AI_ARRAY, ngx_ai_bedrock_read_texts, 0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_media_members[] = {
    { ngx_string("format"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, media), 0 },
    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, name), 0 },
    { ngx_string("source"), NGX_AI_OBJECT, ngx_ai_bedrock_read_source, 0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_bedrock_search_members[] = {
    { ngx_string("title"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, name), 0 },
    { ngx_string("content"), NGX_AI_ARRAY, ngx_ai_bedrock_read_texts, 0, 0 },
    ngx_ai_null_member
};


/* into an ngx_str_t */

static const ngx_ai_member_t  ngx_ai_bedrock_text_members[] = {
    { ngx_string("text"), NGX_AI_STRING, ngx_ai_walk_text, 0, 0 },
    ngx_ai_null_member
};


const ngx_ai_bedrock_format_t *
ngx_ai_bedrock_format(const ngx_ai_part_t *part)
{
    ngx_str_t                       extension;
    const ngx_ai_bedrock_format_t  *row, *magic, *named;

    magic = NULL;
    named = NULL;

    ngx_ai_bedrock_extension(part, &extension);

    for (row = ngx_ai_bedrock_formats; row->format.len; row++) {

        if (row->kind != part->kind) {
            continue;
        }

        if (ngx_ai_bedrock_like(&part->media, &row->media, 0)) {
            return row;
        }

        if (magic == NULL && row->magic.len
            && ngx_ai_bedrock_like(&part->data, &row->magic, 1))
        {
            magic = row;
        }

        if (named == NULL
            && ngx_ai_bedrock_like(&extension, &row->format, 0))
        {
            named = row;
        }
    }

    return magic ? magic : named;
}


/*
 * As they are in JSON: some writers put a backslash before each slash.  Media
 * types are in any case, and may have parameters.
 */

static ngx_uint_t
ngx_ai_bedrock_like(const ngx_str_t *text, const ngx_str_t *want,
    ngx_uint_t prefix)
{
    size_t   i, k;
    u_char   c;

    k = 0;

    for (i = 0; i < text->len && k < want->len; i++) {
        c = text->data[i];

        if (c == '\\') {
            continue;
        }

        if (c != want->data[k]
            && (prefix || ngx_tolower(c) != want->data[k]))
        {
            return 0;
        }

        k++;
    }

    return k == want->len
           && (prefix || i == text->len || text->data[i] == ';');
}


/* what is behind the last dot, if anything */

static void
ngx_ai_bedrock_extension(const ngx_ai_part_t *part, ngx_str_t *extension)
{
    size_t            i;
    const ngx_str_t  *name;

    name = part->url.len ? &part->url : &part->name;

    ngx_str_null(extension);

    for (i = name->len; i > 0; i--) {

        if (name->data[i - 1] == '.') {
            extension->data = name->data + i;
            extension->len = name->len - i;
            return;
        }
    }
}


void
ngx_ai_bedrock_media(ngx_uint_t kind, const ngx_str_t *format,
    ngx_str_t *media)
{
    const ngx_ai_bedrock_format_t  *row;

    for (row = ngx_ai_bedrock_formats; row->format.len; row++) {

        if (row->kind == kind
            && ngx_ai_bedrock_like(format, &row->format, 0))
        {
            *media = row->media;
            return;
        }
    }

    ngx_str_null(media);
}


ngx_ai_part_t *
ngx_ai_bedrock_push(ngx_ai_walk_t *w, ngx_array_t *parts, ngx_uint_t kind)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_part_push(parts, kind);

    if (part == NULL) {
        (void) ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return part;
}


ngx_int_t
ngx_ai_bedrock_read_image(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_bedrock_read_media(w, value, to, NGX_AI_PART_IMAGE);
}


ngx_int_t
ngx_ai_bedrock_read_video(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_bedrock_read_media(w, value, to, NGX_AI_PART_VIDEO);
}


ngx_int_t
ngx_ai_bedrock_read_audio(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_bedrock_read_media(w, value, to, NGX_AI_PART_AUDIO);
}


ngx_int_t
ngx_ai_bedrock_read_document(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_bedrock_read_media(w, value, to, NGX_AI_PART_FILE);
}


static ngx_int_t
ngx_ai_bedrock_read_media(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    ngx_array_t *parts, ngx_uint_t kind)
{
    ngx_str_t       format;
    ngx_ai_part_t  *part;

    part = ngx_ai_bedrock_push(w, parts, kind);
    if (part == NULL) {
        return NGX_ERROR;
    }

    if (ngx_ai_walk_object(w, value, ngx_ai_bedrock_media_members, part)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (part->data.len == 0 && part->url.len == 0 && part->text.len == 0) {
        return ngx_ai_walk_fail(w, value, "has no source");
    }

    format = part->media;
    ngx_ai_bedrock_media(kind, &format, &part->media);

    return NGX_OK;
}


/* found by the client, and to be cited: a file like others */

ngx_int_t
ngx_ai_bedrock_read_search(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_bedrock_push(w, to, NGX_AI_PART_FILE);
    if (part == NULL) {
        return NGX_ERROR;
    }

    if (ngx_ai_walk_object(w, value, ngx_ai_bedrock_search_members, part)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_str_set(&part->media, "text/plain");

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_read_source(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_source_members, to);
}


static ngx_int_t
ngx_ai_bedrock_read_s3(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_bedrock_s3_members, to);
}


static ngx_int_t
ngx_ai_bedrock_read_texts(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_ai_part_t *part = to;

    return ngx_ai_bedrock_join(w, value, &part->text);
}


ngx_int_t
ngx_ai_bedrock_join(ngx_ai_walk_t *w, const ngx_ai_node_t *array,
    ngx_str_t *text)
{
    u_char               *p;
    size_t                len;
    ngx_str_t             piece;
    ngx_uint_t            i;
    const ngx_ai_node_t  *node, *value;

    ngx_str_null(text);

    len = 0;
    node = ngx_ai_tree_child(array);

    for (i = 0; i < array->n; i++) {
        ngx_str_null(&piece);

        if (ngx_ai_walk_element(w, node, ngx_ai_bedrock_text_members, &piece)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (piece.len) {
            *text = piece;
            len += piece.len;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    if (len == text->len) {
        return NGX_OK;
    }

    p = ngx_pnalloc(w->pool, len);
    if (p == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    text->data = p;
    text->len = len;

    node = ngx_ai_tree_child(array);

    for (i = 0; i < array->n; i++) {
        value = ngx_ai_tree_member(w->tree, node, "text");

        if (value != NULL) {
            ngx_ai_tree_text(w->tree, value, &piece);
            p = ngx_cpymem(p, piece.data, piece.len);
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


ngx_int_t
ngx_ai_bedrock_write_media(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part,
    const ngx_str_t *name)
{
    const char                     *block;
    const ngx_str_t                *format;
    const ngx_ai_bedrock_format_t  *row;

    static const ngx_str_t          plain = ngx_string("txt");

    switch (part->kind) {

    case NGX_AI_PART_IMAGE:
        block = "image";
        break;

    case NGX_AI_PART_VIDEO:
        block = "video";
        break;

    case NGX_AI_PART_AUDIO:
        block = "audio";
        break;

    case NGX_AI_PART_FILE:
        block = "document";
        break;

    default:
        return NGX_DECLINED;
    }

    row = ngx_ai_bedrock_format(part);

    format = row ? &row->format : part->text.len ? &plain : NULL;

    if (format == NULL || !ngx_ai_bedrock_write_source(NULL, part)) {
        return NGX_DECLINED;
    }

    if (w == NULL) {
        return NGX_OK;
    }

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, block);
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "format");
    ngx_ai_json_write_text(w, format);

    if (part->kind == NGX_AI_PART_FILE) {
        ngx_ai_json_write_key(w, "name");
        ngx_ai_json_write_text(w, name);
    }

    ngx_ai_json_write_key(w, "source");
    (void) ngx_ai_bedrock_write_source(w, part);

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* without a writer, only tells whether there is one */

static ngx_uint_t
ngx_ai_bedrock_write_source(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part)
{
    const char       *key;
    const ngx_str_t  *value;

    static const ngx_str_t  s3 = ngx_string("s3:");

    if (part->data.len) {
        key = "bytes";
        value = &part->data;

    } else if (ngx_ai_bedrock_like(&part->url, &s3, 1)) {
        key = "uri";
        value = &part->url;

    } else if (part->kind == NGX_AI_PART_FILE && part->text.len) {
        key = "text";
        value = &part->text;

    } else {
        return 0;
    }

    if (w == NULL) {
        return 1;
    }

    ngx_ai_json_write_object(w);

    if (value == &part->url) {
        ngx_ai_json_write_key(w, "s3Location");
        ngx_ai_json_write_object(w);
    }

    ngx_ai_json_write_key(w, key);
    ngx_ai_json_write_text(w, value);

    if (value == &part->url) {
        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);

    return 1;
}


void
ngx_ai_bedrock_write_reasoning(ngx_ai_json_writer_t *w, const ngx_str_t *text,
    const ngx_str_t *signature)
{
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "reasoningContent");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "reasoningText");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "text");
    ngx_ai_json_write_text(w, text);

    if (signature->len) {
        ngx_ai_json_write_key(w, "signature");
        ngx_ai_json_write_text(w, signature);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


void
ngx_ai_bedrock_write_redacted(ngx_ai_json_writer_t *w, const ngx_str_t *data)
{
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "reasoningContent");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "redactedContent");
    ngx_ai_json_write_text(w, data);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


/* five minutes are what a point without a time has */

void
ngx_ai_bedrock_write_point(ngx_ai_json_writer_t *w, const ngx_str_t *cache)
{
    if (memmem(cache->data, cache->len, "\"1h\"", 4) != NULL) {
        ngx_ai_json_write_literal(w, "{\"cachePoint\":{\"type\":"
                                     "\"default\",\"ttl\":\"1h\"}}");

    } else {
        ngx_ai_json_write_literal(w, "{\"cachePoint\":{\"type\":"
                                     "\"default\"}}");
    }
}


void
ngx_ai_bedrock_write_input(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part)
{
    ngx_ai_json_write_key(w, "input");

    if (part->custom) {
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "input");
        ngx_ai_json_write_text(w, &part->text);
        ngx_ai_json_write_end(w);

    } else {
        ngx_ai_json_write_raw(w, &part->json);
    }
}


void
ngx_ai_bedrock_read_citation(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node, ngx_ai_citation_t *citation)
{
    const ngx_ai_node_t  *value;

    ngx_memzero(citation, sizeof(ngx_ai_citation_t));

    /* what Bedrock counts is in the document, not in the answer */

    citation->start = -1;
    citation->end = -1;

    ngx_ai_bedrock_string(t, node, "title", &citation->title);
    ngx_ai_bedrock_string(t, node, "source", &citation->id);

    value = ngx_ai_tree_member(t, node, "sourceContent");

    if (value != NULL && value->type == NGX_AI_JSON_ARRAY && value->n) {
        ngx_ai_bedrock_string(t, ngx_ai_tree_child(value), "text",
                              &citation->quote);
    }

    value = ngx_ai_tree_member(t, node, "location");

    if (value != NULL) {
        value = ngx_ai_tree_member(t, value, "web");
    }

    if (value != NULL) {
        ngx_ai_bedrock_string(t, value, "url", &citation->url);
    }
}


void
ngx_ai_bedrock_write_citation(ngx_ai_json_writer_t *w,
    const ngx_ai_citation_t *citation)
{
    ngx_ai_json_write_object(w);

    if (citation->title.len) {
        ngx_ai_json_write_key(w, "title");
        ngx_ai_json_write_text(w, &citation->title);
    }

    if (citation->id.len) {
        ngx_ai_json_write_key(w, "source");
        ngx_ai_json_write_text(w, &citation->id);
    }

    if (citation->quote.len) {
        ngx_ai_json_write_key(w, "sourceContent");
        ngx_ai_json_write_array(w);
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "text");
        ngx_ai_json_write_text(w, &citation->quote);
        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);
    }

    if (citation->url.len) {
        ngx_ai_json_write_key(w, "location");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "web");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "url");
        ngx_ai_json_write_text(w, &citation->url);
        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);
}


void
ngx_ai_bedrock_string(const ngx_ai_tree_t *t, const ngx_ai_node_t *object,
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
ngx_ai_bedrock_is_server(const ngx_ai_tree_t *t, const ngx_ai_node_t *object)
{
    const ngx_ai_node_t  *type;

    type = ngx_ai_tree_member(t, object, "type");

    return type != NULL && !ngx_ai_tree_is(t, type, "tool_use")
           && !ngx_ai_tree_is(t, type, "tool_result");
}
