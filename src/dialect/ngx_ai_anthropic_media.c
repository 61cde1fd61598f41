
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_anthropic.h"


static ngx_int_t ngx_ai_anthropic_write_source(ngx_pool_t *pool,
    const ngx_ai_part_t *part, ngx_uint_t image, ngx_ai_json_writer_t *w);
static ngx_int_t ngx_ai_anthropic_write_plain(ngx_pool_t *pool,
    const ngx_ai_part_t *part, ngx_ai_json_writer_t *w);
static const ngx_str_t *ngx_ai_anthropic_media(const ngx_ai_part_t *part,
    ngx_uint_t image);
static ngx_uint_t ngx_ai_anthropic_starts(const ngx_str_t *s,
    const ngx_str_t *with);


/* how the base64 of an image begins that comes without its type */

static const ngx_str_t  ngx_ai_anthropic_magic[][2] = {
    { ngx_string("iVBOR"), ngx_string("image/png") },
    { ngx_string("R0lGOD"), ngx_string("image/gif") },
    { ngx_string("UklGR"), ngx_string("image/webp") },
    { ngx_string(""), ngx_string("image/jpeg") }
};


ngx_int_t
ngx_ai_anthropic_write_media(ngx_pool_t *pool, const ngx_ai_part_t *part,
    ngx_ai_json_writer_t *w)
{
    ngx_int_t               rc;
    ngx_uint_t              image;

    static const ngx_str_t  media = ngx_string("image");

    /* the slash behind it may be escaped */

    image = (part->kind == NGX_AI_PART_IMAGE
             || ngx_ai_anthropic_starts(&part->media, &media));

    ngx_ai_json_write_object(w);

    if (image) {
        ngx_ai_json_write_literal(w, "\"type\":\"image\"");

    } else {
        ngx_ai_json_write_literal(w, "\"type\":\"document\"");
    }

    ngx_ai_json_write_key(w, "source");
    ngx_ai_json_write_object(w);

    rc = ngx_ai_anthropic_write_source(pool, part, image, w);

    ngx_ai_json_write_end(w);

    if (!image && part->name.len) {
        ngx_ai_json_write_key(w, "title");
        ngx_ai_json_write_text(w, &part->name);
    }

    if (part->cache.len) {
        ngx_ai_json_write_key(w, "cache_control");
        ngx_ai_json_write_raw(w, &part->cache);
    }

    ngx_ai_json_write_end(w);

    return rc;
}


static ngx_int_t
ngx_ai_anthropic_write_source(ngx_pool_t *pool, const ngx_ai_part_t *part,
    ngx_uint_t image, ngx_ai_json_writer_t *w)
{
    static const ngx_str_t  plain = ngx_string("text");

    if (part->url.len) {
        ngx_ai_json_write_literal(w, "\"type\":\"url\"");
        ngx_ai_json_write_key(w, "url");
        ngx_ai_json_write_text(w, &part->url);

        return NGX_OK;
    }

    if (part->file.len) {
        ngx_ai_json_write_literal(w, "\"type\":\"file\"");
        ngx_ai_json_write_key(w, "file_id");
        ngx_ai_json_write_text(w, &part->file);

        return NGX_OK;
    }

    if (part->data.len == 0) {
        ngx_ai_json_write_literal(w, "\"type\":\"text\","
                                  "\"media_type\":\"text/plain\"");
        ngx_ai_json_write_key(w, "data");
        ngx_ai_json_write_text(w, &part->text);

        return NGX_OK;
    }

    /* base64 is for PDFs alone, and what is text is as it is */

    if (!image && ngx_ai_anthropic_starts(&part->media, &plain)) {
        return ngx_ai_anthropic_write_plain(pool, part, w);
    }

    ngx_ai_json_write_literal(w, "\"type\":\"base64\"");
    ngx_ai_json_write_key(w, "media_type");
    ngx_ai_json_write_text(w, ngx_ai_anthropic_media(part, image));
    ngx_ai_json_write_key(w, "data");
    ngx_ai_json_write_text(w, &part->data);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_write_plain(ngx_pool_t *pool, const ngx_ai_part_t *part,
    ngx_ai_json_writer_t *w)
{
    u_char                     *last;
    ngx_str_t                   text;
    ngx_ai_anthropic_base64_t   base64;

    text.data = ngx_pnalloc(pool, part->data.len / 4 * 3 + 3);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&base64, sizeof(ngx_ai_anthropic_base64_t));

    last = ngx_ai_anthropic_decode(&base64, part->data.data,
                                   part->data.data + part->data.len,
                                   text.data);

    text.len = last ? (size_t) (last - text.data) : 0;

    ngx_ai_json_write_literal(w, "\"type\":\"text\","
                              "\"media_type\":\"text/plain\"");
    ngx_ai_json_write_key(w, "data");
    ngx_ai_json_write_string(w, &text);

    return NGX_OK;
}


static const ngx_str_t *
ngx_ai_anthropic_media(const ngx_ai_part_t *part, ngx_uint_t image)
{
    ngx_uint_t              i;

    static const ngx_str_t  pdf = ngx_string("application/pdf");

    if (part->media.len) {
        return &part->media;
    }

    if (!image) {
        return &pdf;
    }

    for (i = 0;
         !ngx_ai_anthropic_starts(&part->data, &ngx_ai_anthropic_magic[i][0]);
         i++)
    {
        /* void */
    }

    return &ngx_ai_anthropic_magic[i][1];
}


static ngx_uint_t
ngx_ai_anthropic_starts(const ngx_str_t *s, const ngx_str_t *with)
{
    return s->len >= with->len
           && ngx_memcmp(s->data, with->data, with->len) == 0;
}
