
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * What requests, answers and streams write in the same way.
 */


#include "ngx_ai_openai.h"
#include "ngx_ai_sign.h"


static ngx_int_t ngx_ai_openai_write_joined(ngx_ai_json_writer_t *w,
    ngx_int_t rc, ngx_ai_buf_t *joined);


/* the names of audio that are not what is behind "audio/" */

static const struct {
    ngx_str_t  media;
    ngx_str_t  format;
} ngx_ai_openai_audio[] = {
    { ngx_string("audio/mpeg"), ngx_string("mp3") },
    { ngx_string("audio/x-wav"), ngx_string("wav") },
    { ngx_string("audio/wave"), ngx_string("wav") },
    { ngx_string("audio/x-m4a"), ngx_string("m4a") },
    { ngx_string("audio/mp4"), ngx_string("m4a") }
};


#define NGX_AI_OPENAI_AUDIO                                                   \
    (sizeof(ngx_ai_openai_audio) / sizeof(ngx_ai_openai_audio[0]))


void
ngx_ai_openai_write_raw(ngx_ai_json_writer_t *w, const char *key,
    const ngx_str_t *raw)
{
    if (raw->len) {
        ngx_ai_json_write_key(w, key);
        ngx_ai_json_write_raw(w, raw);
    }
}


void
ngx_ai_openai_write_text(ngx_ai_json_writer_t *w, const char *key,
    const ngx_str_t *text)
{
    if (text->len) {
        ngx_ai_json_write_key(w, key);
        ngx_ai_json_write_text(w, text);
    }
}


void
ngx_ai_openai_write_count(ngx_ai_json_writer_t *w, const char *key,
    int64_t value)
{
    ngx_ai_json_write_key(w, key);
    ngx_ai_json_write_int(w, value);
}


ngx_int_t
ngx_ai_openai_write_texts(ngx_ai_json_writer_t *w, const char *key,
    const ngx_array_t *parts, ngx_uint_t kind, ngx_log_t *log)
{
    ngx_int_t             rc;
    ngx_uint_t            i, n;
    ngx_ai_buf_t          joined;
    const ngx_ai_part_t  *part, *last;

    n = 0;
    last = NULL;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind == kind && part[i].text.len) {
            last = &part[i];
            n++;
        }
    }

    if (n == 0) {
        return NGX_DECLINED;
    }

    ngx_ai_json_write_key(w, key);

    if (n == 1) {
        ngx_ai_json_write_text(w, &last->text);
        return NGX_OK;
    }

    rc = NGX_OK;
    ngx_ai_buf_init(&joined, NGX_MAX_SIZE_T_VALUE, log);

    for (i = 0; i < parts->nelts && rc == NGX_OK; i++) {

        if (part[i].kind == kind) {
            rc = ngx_ai_buf_append(&joined, part[i].text.data,
                                   part[i].text.len);
        }
    }

    return ngx_ai_openai_write_joined(w, rc, &joined);
}


/*
 * The memory is for the moment alone: what is joined may be large, and is
 * written for each attempt.
 */

static ngx_int_t
ngx_ai_openai_write_joined(ngx_ai_json_writer_t *w, ngx_int_t rc,
    ngx_ai_buf_t *joined)
{
    ngx_str_t  text;

    if (rc == NGX_OK) {
        text.data = joined->start;
        text.len = ngx_ai_buf_len(joined);

        ngx_ai_json_write_text(w, &text);
    }

    ngx_ai_buf_free(joined);

    return (rc == NGX_OK) ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_ai_openai_write_url(ngx_ai_json_writer_t *w, const char *key,
    const ngx_ai_part_t *part, ngx_log_t *log)
{
    size_t         size;
    ngx_int_t      rc;
    ngx_str_t      media;
    ngx_ai_buf_t   url;

    ngx_ai_json_write_key(w, key);

    if (part->url.len) {
        ngx_ai_json_write_text(w, &part->url);
        return NGX_OK;
    }

    media = part->media;

    if (media.len == 0) {

        /* some sources have no type; what reads it looks at the data */

        if (part->kind == NGX_AI_PART_FILE) {
            ngx_str_set(&media, "application/pdf");

        } else {
            ngx_str_set(&media, "image/png");
        }
    }

    size = sizeof("data:;base64,") - 1 + media.len + part->data.len;

    ngx_ai_buf_init(&url, size, log);

    rc = (ngx_ai_buf_reserve(&url, size) == NULL) ? NGX_ERROR : NGX_OK;

    if (rc == NGX_OK) {
        url.last = ngx_cpymem(url.last, "data:", sizeof("data:") - 1);
        url.last = ngx_cpymem(url.last, media.data, media.len);
        url.last = ngx_cpymem(url.last, ";base64,", sizeof(";base64,") - 1);
        url.last = ngx_cpymem(url.last, part->data.data, part->data.len);
    }

    return ngx_ai_openai_write_joined(w, rc, &url);
}


ngx_int_t
ngx_ai_openai_write_image(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part,
    ngx_log_t *log)
{
    ngx_int_t  rc;

    ngx_ai_json_write_literal(w, "\"type\":\"image_url\"");
    ngx_ai_json_write_key(w, "image_url");
    ngx_ai_json_write_object(w);

    rc = ngx_ai_openai_write_url(w, "url", part, log);

    ngx_ai_openai_write_text(w, "detail", &part->detail);
    ngx_ai_json_write_end(w);

    return rc;
}


void
ngx_ai_openai_write_call(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part)
{
    if (part->custom) {
        ngx_ai_json_write_literal(w, "\"type\":\"custom\"");
        ngx_ai_json_write_key(w, "custom");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "name");
        ngx_ai_json_write_text(w, &part->name);
        ngx_ai_json_write_key(w, "input");
        ngx_ai_json_write_text(w, &part->text);

    } else {
        ngx_ai_json_write_literal(w, "\"type\":\"function\"");
        ngx_ai_json_write_key(w, "function");
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "name");
        ngx_ai_json_write_text(w, &part->name);
        ngx_ai_json_write_key(w, "arguments");
        ngx_ai_json_write_string(w, &part->json);
    }

    ngx_ai_json_write_end(w);
}


ngx_int_t
ngx_ai_openai_audio_media(ngx_pool_t *pool, const ngx_str_t *format,
    ngx_str_t *media)
{
    u_char  *p;

    /* the others are names of what "audio/" and the format name too */

    if (format->len == 3 && ngx_memcmp(format->data, "mp3", 3) == 0) {
        *media = ngx_ai_openai_audio[0].media;
        return NGX_OK;
    }

    media->len = sizeof("audio/") - 1 + format->len;

    media->data = ngx_pnalloc(pool, media->len);
    if (media->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(media->data, "audio/", sizeof("audio/") - 1);
    ngx_memcpy(p, format->data, format->len);

    return NGX_OK;
}


void
ngx_ai_openai_audio_format(const ngx_str_t *media, ngx_str_t *format)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_AI_OPENAI_AUDIO; i++) {

        if (ngx_ai_openai_audio[i].media.len == media->len
            && ngx_memcmp(ngx_ai_openai_audio[i].media.data, media->data,
                          media->len)
               == 0)
        {
            *format = ngx_ai_openai_audio[i].format;
            return;
        }
    }

    *format = *media;

    if (media->len > 6 && ngx_memcmp(media->data, "audio/", 6) == 0) {
        format->data += 6;
        format->len -= 6;
    }
}


ngx_int_t
ngx_ai_openai_write_signed_id(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part, ngx_pool_t *pool)
{
    ngx_str_t  id;

    if (ngx_ai_id_join(pool, &part->id, part->origin, &part->signature, &id)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_json_write_key(w, "id");
    ngx_ai_json_write_text(w, &id);

    return NGX_OK;
}


void
ngx_ai_openai_write_citation(ngx_ai_json_writer_t *w,
    const ngx_ai_citation_t *citation, int64_t start, int64_t end)
{
    if (citation->url.len == 0) {
        return;
    }

    if (citation->start >= 0 && citation->end > citation->start) {
        end = start + citation->end;
        start += citation->start;
    }

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"type\":\"url_citation\"");
    ngx_ai_json_write_key(w, "url_citation");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "url");
    ngx_ai_json_write_text(w, &citation->url);
    ngx_ai_json_write_key(w, "title");
    ngx_ai_json_write_text(w, &citation->title);
    ngx_ai_openai_write_count(w, "start_index", start);
    ngx_ai_openai_write_count(w, "end_index", end);
    ngx_ai_openai_write_text(w, "content", &citation->quote);

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}


/*
 * An escape is one character, but for the second half of a surrogate pair,
 * which may be in another piece than the first.
 */

int64_t
ngx_ai_openai_chars(const ngx_str_t *text)
{
    u_char   *p, *last;
    int64_t   n;

    n = 0;
    p = text->data;
    last = p + text->len;

    while (p < last) {

        if (*p != '\\') {
            n += ((*p & 0xc0) != 0x80);
            p++;
            continue;
        }

        if (last - p < 6 || p[1] != 'u') {
            n++;
            p += 2;
            continue;
        }

        /* DC00 to DFFF */

        n += !((p[2] | 0x20) == 'd' && (p[3] | 0x20) >= 'c');
        p += 6;
    }

    return n;
}
