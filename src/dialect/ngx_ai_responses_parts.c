
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"


static void ngx_ai_responses_write_text(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t role);
static void ngx_ai_responses_write_image(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);
static void ngx_ai_responses_write_file(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);
static void ngx_ai_responses_write_audio(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);
static void ngx_ai_responses_write_data(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);


void
ngx_ai_responses_write_part(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t role)
{
    ngx_ai_json_writer_t  *w;

    w = items->w;

    ngx_ai_json_write_object(w);

    switch (part->kind) {

    case NGX_AI_PART_REFUSAL:
        ngx_ai_json_write_literal(w, "\"type\":\"refusal\"");
        ngx_ai_responses_write_pair(w, "refusal", &part->text);
        break;

    case NGX_AI_PART_IMAGE:
        ngx_ai_responses_write_image(w, part);
        break;

    case NGX_AI_PART_FILE:
        if (part->data.len + part->url.len + part->file.len) {
            ngx_ai_responses_write_file(w, part);
            break;
        }

        ngx_ai_responses_write_text(items, part, role);
        break;

    case NGX_AI_PART_AUDIO:

        /* what was said aloud is told by its transcript */

        if (role == NGX_AI_ROLE_ASSISTANT) {
            ngx_ai_responses_write_text(items, part, role);
            break;
        }

        ngx_ai_responses_write_audio(w, part);
        break;

    default: /* NGX_AI_PART_TEXT */
        ngx_ai_responses_write_text(items, part, role);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_responses_write_text(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t role)
{
    ngx_uint_t             i, n;
    ngx_ai_citation_t     *citation;
    ngx_ai_json_writer_t  *w;

    w = items->w;

    if (role != NGX_AI_ROLE_ASSISTANT) {
        ngx_ai_json_write_literal(w, "\"type\":\"input_text\"");
        ngx_ai_responses_write_pair(w, "text", &part->text);
        return;
    }

    ngx_ai_json_write_literal(w, "\"type\":\"output_text\"");
    ngx_ai_responses_write_pair(w, "text", &part->text);

    n = part->citations ? part->citations->nelts : 0;

    if (n || items->reader == NGX_AI_RESPONSES_CLIENT) {

        ngx_ai_json_write_key(w, "annotations");
        ngx_ai_json_write_array(w);

        citation = n ? part->citations->elts : NULL;

        for (i = 0; i < n; i++) {
            ngx_ai_responses_write_citation(w, &citation[i]);
        }

        ngx_ai_json_write_end(w);
    }

    if (items->reader != NGX_AI_RESPONSES_CLIENT) {
        return;
    }

    if (items->logprobs.len) {
        ngx_ai_json_write_key(w, "logprobs");
        ngx_ai_responses_json(w, &items->logprobs);
        ngx_str_null(&items->logprobs);

    } else {
        ngx_ai_json_write_literal(w, "\"logprobs\":[]");
    }
}


/* positions that are not known are those of no text */

void
ngx_ai_responses_write_citation(ngx_ai_json_writer_t *w,
    const ngx_ai_citation_t *citation)
{
    ngx_ai_json_write_object(w);

    if (citation->url.len) {
        ngx_ai_json_write_literal(w, "\"type\":\"url_citation\"");
        ngx_ai_responses_write_pair(w, "url", &citation->url);
        ngx_ai_responses_write_pair(w, "title", &citation->title);
        ngx_ai_json_write_key(w, "start_index");
        ngx_ai_json_write_int(w, ngx_max(citation->start, 0));
        ngx_ai_json_write_key(w, "end_index");
        ngx_ai_json_write_int(w, ngx_max(citation->end, 0));

    } else {
        ngx_ai_json_write_literal(w, "\"type\":\"file_citation\"");
        ngx_ai_responses_write_pair(w, "file_id", &citation->id);
        ngx_ai_responses_write_pair(w, "filename", &citation->title);
        ngx_ai_json_write_key(w, "index");
        ngx_ai_json_write_int(w, ngx_max(citation->end, 0));
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_responses_write_image(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part)
{
    ngx_ai_json_write_literal(w, "\"type\":\"input_image\"");

    if (part->data.len) {
        ngx_ai_json_write_key(w, "image_url");
        ngx_ai_responses_write_data(w, part);

    } else if (part->url.len) {
        ngx_ai_responses_write_pair(w, "image_url", &part->url);

    } else {
        ngx_ai_responses_write_pair(w, "file_id", &part->file);
    }

    if (part->detail.len) {
        ngx_ai_responses_write_pair(w, "detail", &part->detail);
    }
}


static void
ngx_ai_responses_write_file(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part)
{
    ngx_ai_json_write_literal(w, "\"type\":\"input_file\"");

    if (part->data.len) {

        /* bytes must have a name */

        ngx_ai_json_write_key(w, "filename");

        if (part->name.len) {
            ngx_ai_json_write_text(w, &part->name);

        } else {
            ngx_ai_json_write_literal(w, "\"document.pdf\"");
        }

        ngx_ai_json_write_key(w, "file_data");
        ngx_ai_responses_write_data(w, part);
        return;
    }

    if (part->url.len) {
        ngx_ai_responses_write_pair(w, "file_url", &part->url);

    } else {
        ngx_ai_responses_write_pair(w, "file_id", &part->file);
    }
}


static void
ngx_ai_responses_write_audio(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part)
{
    size_t     n;
    ngx_str_t  format;

    n = sizeof("audio/") - 1;
    format = part->media;

    if (format.len == sizeof("audio/mpeg") - 1
        && ngx_memcmp(format.data, "audio/mpeg", format.len) == 0)
    {
        ngx_str_set(&format, "mp3");

    } else if (format.len > n && ngx_memcmp(format.data, "audio/", n) == 0) {
        format.data += n;
        format.len -= n;
    }

    ngx_ai_json_write_literal(w, "\"type\":\"input_audio\"");
    ngx_ai_json_write_key(w, "input_audio");
    ngx_ai_json_write_object(w);
    ngx_ai_responses_write_pair(w, "data", &part->data);
    ngx_ai_responses_write_pair(w, "format", &format);
    ngx_ai_json_write_end(w);
}


/* a data URL */

static void
ngx_ai_responses_write_data(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part)
{
    ngx_ai_json_write_literal(w, "\"data:");

    if (part->media.len) {
        ngx_ai_responses_put(w, part->media.data, part->media.len);

    } else if (part->kind == NGX_AI_PART_IMAGE) {
        ngx_ai_responses_put(w, "image/png", sizeof("image/png") - 1);

    } else {
        ngx_ai_responses_put(w, "application/pdf",
                             sizeof("application/pdf") - 1);
    }

    ngx_ai_responses_put(w, ";base64,", sizeof(";base64,") - 1);
    ngx_ai_responses_put(w, part->data.data, part->data.len);
    ngx_ai_responses_put(w, "\"", 1);
}
