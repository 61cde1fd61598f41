
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"
#include "ngx_ai_sign.h"


#define NGX_AI_OPENAI_ID_MAX  40
#define NGX_AI_OPENAI_ID_LEN  24

#define ngx_ai_openai_bit(kind)  ((ngx_uint_t) 1 << NGX_AI_PART_##kind)

/* the kinds of parts in what is said to a model, and by it */

#define NGX_AI_OPENAI_TO                                                      \
    (ngx_ai_openai_bit(TEXT) | ngx_ai_openai_bit(IMAGE)                       \
     | ngx_ai_openai_bit(AUDIO) | ngx_ai_openai_bit(VIDEO)                    \
     | ngx_ai_openai_bit(FILE))

#define NGX_AI_OPENAI_BY      ngx_ai_openai_bit(TEXT)

#define NGX_AI_OPENAI_MEDIA   (NGX_AI_OPENAI_TO & ~NGX_AI_OPENAI_BY)


typedef struct {
    const ngx_ai_chat_t   *chat;
    uint64_t               fields;
    ngx_uint_t             quirks;
    ngx_uint_t             loop;       /* first message of the tool loop */
    ngx_ai_json_writer_t  *w;
} ngx_ai_openai_pen_t;


static ngx_uint_t ngx_ai_openai_loop(const ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_openai_write_system(ngx_ai_openai_pen_t *pen,
    const ngx_ai_message_t *message);
static ngx_int_t ngx_ai_openai_write_users(ngx_ai_openai_pen_t *pen,
    const ngx_ai_message_t *message, const ngx_ai_message_t *last);
static ngx_int_t ngx_ai_openai_write_result(ngx_ai_openai_pen_t *pen,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_openai_write_user(ngx_ai_openai_pen_t *pen,
    const ngx_ai_message_t *message);
static ngx_int_t ngx_ai_openai_write_moved(ngx_ai_openai_pen_t *pen,
    const ngx_ai_message_t *message);
static ngx_int_t ngx_ai_openai_write_assistant(ngx_ai_openai_pen_t *pen,
    const ngx_ai_message_t *message, ngx_uint_t thinking);
static ngx_int_t ngx_ai_openai_write_calls(ngx_ai_openai_pen_t *pen,
    const ngx_array_t *parts);
static ngx_int_t ngx_ai_openai_write_id(ngx_ai_openai_pen_t *pen,
    const char *key, const ngx_str_t *id);
static ngx_uint_t ngx_ai_openai_count(const ngx_array_t *parts,
    ngx_uint_t kinds, ngx_uint_t *texts);
static ngx_uint_t ngx_ai_openai_has(const ngx_ai_part_t *part,
    ngx_uint_t kinds);
static ngx_int_t ngx_ai_openai_write_content(ngx_ai_openai_pen_t *pen,
    const ngx_array_t *parts, ngx_uint_t kinds);
static ngx_int_t ngx_ai_openai_write_pieces(ngx_ai_openai_pen_t *pen,
    const ngx_array_t *parts, ngx_uint_t kinds);
static ngx_int_t ngx_ai_openai_write_piece(ngx_ai_openai_pen_t *pen,
    const ngx_ai_part_t *part);
static void ngx_ai_openai_write_audio(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_openai_write_file(ngx_ai_openai_pen_t *pen,
    const ngx_ai_part_t *part);


ngx_int_t
ngx_ai_openai_write_messages(const ngx_ai_chat_t *chat, uint64_t fields,
    ngx_uint_t quirks, ngx_ai_json_writer_t *w)
{
    ngx_int_t                rc;
    ngx_ai_openai_pen_t      pen;
    const ngx_ai_message_t  *message, *last, *end;

    pen.chat = chat;
    pen.fields = fields;
    pen.quirks = quirks;
    pen.loop = ngx_ai_openai_loop(chat);
    pen.w = w;

    ngx_ai_json_write_key(w, "messages");
    ngx_ai_json_write_array(w);

    message = chat->messages.elts;
    end = message + chat->messages.nelts;

    while (message < end) {

        last = message + 1;

        switch (message->role) {

        case NGX_AI_ROLE_SYSTEM:
            rc = ngx_ai_openai_write_system(&pen, message);
            break;

        case NGX_AI_ROLE_ASSISTANT:
            rc = ngx_ai_openai_write_assistant(&pen, message,
                     message - (ngx_ai_message_t *) chat->messages.elts
                     >= (ssize_t) pen.loop);
            break;

        default: /* NGX_AI_ROLE_USER */

            while (last < end && last->role == NGX_AI_ROLE_USER) {
                last++;
            }

            rc = ngx_ai_openai_write_users(&pen, message, last);
        }

        if (rc != NGX_OK) {
            return rc;
        }

        message = last;
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* behind the last message in which a user says something */

static ngx_uint_t
ngx_ai_openai_loop(const ngx_ai_chat_t *chat)
{
    ngx_uint_t               i, k;
    const ngx_ai_part_t     *part;
    const ngx_ai_message_t  *message;

    message = chat->messages.elts;

    for (i = chat->messages.nelts; i; i--) {

        if (message[i - 1].role != NGX_AI_ROLE_USER) {
            continue;
        }

        part = message[i - 1].parts.elts;

        for (k = 0; k < message[i - 1].parts.nelts; k++) {
            if (part[k].kind != NGX_AI_PART_TOOL_RESULT) {
                return i;
            }
        }
    }

    return 0;
}


static ngx_int_t
ngx_ai_openai_write_system(ngx_ai_openai_pen_t *pen,
    const ngx_ai_message_t *message)
{
    ngx_int_t  rc;

    ngx_ai_json_write_object(pen->w);

    if (message->developer && (pen->quirks & NGX_AI_QUIRK_DEVELOPER)) {
        ngx_ai_json_write_literal(pen->w, "\"role\":\"developer\"");

    } else {
        ngx_ai_json_write_literal(pen->w, "\"role\":\"system\"");
    }

    rc = ngx_ai_openai_write_content(pen, &message->parts,
                                     NGX_AI_OPENAI_BY);

    if (pen->fields & ngx_ai_field(NAME)) {
        ngx_ai_openai_write_text(pen->w, "name", &message->name);
    }

    ngx_ai_json_write_end(pen->w);

    return rc;
}


/*
 * Results come first, each in a message of its own, as nothing may stand
 * between a call and its result.  What a message for a result can't hold
 * follows as something that the user says.
 */

static ngx_int_t
ngx_ai_openai_write_users(ngx_ai_openai_pen_t *pen,
    const ngx_ai_message_t *first, const ngx_ai_message_t *last)
{
    ngx_uint_t               i;
    const ngx_ai_part_t     *part;
    const ngx_ai_message_t  *message;

    for (message = first; message < last; message++) {

        part = message->parts.elts;

        for (i = 0; i < message->parts.nelts; i++) {

            if (part[i].kind == NGX_AI_PART_TOOL_RESULT
                && ngx_ai_openai_write_result(pen, &part[i]) != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    for (message = first; message < last; message++) {

        if (ngx_ai_openai_write_user(pen, message) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_write_result(ngx_ai_openai_pen_t *pen,
    const ngx_ai_part_t *part)
{
    ngx_int_t  rc;

    ngx_ai_json_write_object(pen->w);
    ngx_ai_json_write_literal(pen->w, "\"role\":\"tool\"");

    rc = ngx_ai_openai_write_id(pen, "tool_call_id", &part->id);

    if (rc == NGX_OK && part->parts != NULL) {
        rc = ngx_ai_openai_write_content(pen, part->parts, NGX_AI_OPENAI_BY);

    } else {
        ngx_ai_json_write_literal(pen->w, "\"content\":\"\"");
    }

    ngx_ai_json_write_end(pen->w);

    return rc;
}


static ngx_int_t
ngx_ai_openai_write_user(ngx_ai_openai_pen_t *pen,
    const ngx_ai_message_t *message)
{
    ngx_int_t             rc;
    ngx_uint_t            i, n, results, media;
    const ngx_ai_part_t  *part;

    n = ngx_ai_openai_count(&message->parts, NGX_AI_OPENAI_TO, NULL);

    results = 0;
    media = 0;
    part = message->parts.elts;

    for (i = 0; i < message->parts.nelts; i++) {

        if (part[i].kind == NGX_AI_PART_TOOL_RESULT) {
            results++;

            if (part[i].parts != NULL) {
                media += ngx_ai_openai_count(part[i].parts,
                                             NGX_AI_OPENAI_MEDIA, NULL);
            }
        }
    }

    if (n + media == 0 && results) {
        return NGX_OK;
    }

    ngx_ai_json_write_object(pen->w);
    ngx_ai_json_write_literal(pen->w, "\"role\":\"user\"");

    rc = media ? ngx_ai_openai_write_moved(pen, message)
               : ngx_ai_openai_write_content(pen, &message->parts,
                                             NGX_AI_OPENAI_TO);

    if (pen->fields & ngx_ai_field(NAME)) {
        ngx_ai_openai_write_text(pen->w, "name", &message->name);
    }

    ngx_ai_json_write_end(pen->w);

    return rc;
}


/* what the results in it have beside texts, and then its own parts */

static ngx_int_t
ngx_ai_openai_write_moved(ngx_ai_openai_pen_t *pen,
    const ngx_ai_message_t *message)
{
    ngx_int_t             rc;
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    ngx_ai_json_write_key(pen->w, "content");
    ngx_ai_json_write_array(pen->w);

    part = message->parts.elts;

    for (i = 0; i < message->parts.nelts; i++) {

        if (part[i].kind == NGX_AI_PART_TOOL_RESULT && part[i].parts != NULL
            && ngx_ai_openai_write_pieces(pen, part[i].parts,
                                          NGX_AI_OPENAI_MEDIA)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    rc = ngx_ai_openai_write_pieces(pen, &message->parts, NGX_AI_OPENAI_TO);

    ngx_ai_json_write_end(pen->w);

    return rc;
}


static ngx_int_t
ngx_ai_openai_write_assistant(ngx_ai_openai_pen_t *pen,
    const ngx_ai_message_t *message, ngx_uint_t thinking)
{
    ngx_int_t    rc;
    ngx_log_t   *log;
    ngx_uint_t   calls, refusals;

    log = pen->chat->pool->log;

    calls = ngx_ai_openai_count(&message->parts,
                                ngx_ai_openai_bit(TOOL_CALL), NULL);
    refusals = ngx_ai_openai_count(&message->parts,
                                   ngx_ai_openai_bit(REFUSAL), NULL);

    ngx_ai_json_write_object(pen->w);
    ngx_ai_json_write_literal(pen->w, "\"role\":\"assistant\"");

    if (calls + refusals
        && ngx_ai_openai_count(&message->parts, NGX_AI_OPENAI_BY, NULL) == 0)
    {
        ngx_ai_json_write_literal(pen->w, "\"content\":null");
        rc = NGX_OK;

    } else {
        rc = ngx_ai_openai_write_content(pen, &message->parts,
                                         NGX_AI_OPENAI_BY);
    }

    if (rc == NGX_OK && thinking && (pen->fields & ngx_ai_field(THINKING))) {
        rc = ngx_ai_openai_write_texts(pen->w, "reasoning_content",
                                       &message->parts, NGX_AI_PART_THINKING,
                                       log);
        rc = (rc == NGX_DECLINED) ? NGX_OK : rc;
    }

    if (rc == NGX_OK && refusals) {
        rc = ngx_ai_openai_write_texts(pen->w, "refusal", &message->parts,
                                       NGX_AI_PART_REFUSAL, log);
        rc = (rc == NGX_DECLINED) ? NGX_OK : rc;
    }

    if (pen->fields & ngx_ai_field(NAME)) {
        ngx_ai_openai_write_text(pen->w, "name", &message->name);
    }

    if (rc == NGX_OK && calls) {
        ngx_ai_json_write_key(pen->w, "tool_calls");
        ngx_ai_json_write_array(pen->w);

        rc = ngx_ai_openai_write_calls(pen, &message->parts);

        ngx_ai_json_write_end(pen->w);
    }

    ngx_ai_json_write_end(pen->w);

    return rc;
}


static ngx_int_t
ngx_ai_openai_write_calls(ngx_ai_openai_pen_t *pen, const ngx_array_t *parts)
{
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind != NGX_AI_PART_TOOL_CALL) {
            continue;
        }

        ngx_ai_json_write_object(pen->w);

        if (ngx_ai_openai_write_id(pen, "id", &part[i].id) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_ai_openai_write_call(pen->w, &part[i]);

        ngx_ai_json_write_end(pen->w);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_write_id(ngx_ai_openai_pen_t *pen, const char *key,
    const ngx_str_t *id)
{
    ngx_int_t  rc;
    ngx_str_t  fit;

    rc = NGX_OK;
    fit = *id;

    if (pen->quirks & NGX_AI_QUIRK_TOOL_ID_9) {
        rc = ngx_ai_id_fit(pen->chat->pool, id, (id->len == 9) ? 9 : 0, "", 9,
                           &fit);

    } else if (pen->quirks & NGX_AI_QUIRK_TOOL_ID_40) {
        rc = ngx_ai_id_fit(pen->chat->pool, id, NGX_AI_OPENAI_ID_MAX,
                           "_-.:", NGX_AI_OPENAI_ID_LEN, &fit);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_ai_json_write_key(pen->w, key);
    ngx_ai_json_write_text(pen->w, &fit);

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_openai_count(const ngx_array_t *parts, ngx_uint_t kinds,
    ngx_uint_t *texts)
{
    ngx_uint_t            i, n;
    const ngx_ai_part_t  *part;

    n = 0;
    part = parts->elts;

    if (texts != NULL) {
        *texts = 0;
    }

    for (i = 0; i < parts->nelts; i++) {

        if (!ngx_ai_openai_has(&part[i], kinds)) {
            continue;
        }

        n++;

        if (texts != NULL && part[i].kind == NGX_AI_PART_TEXT) {
            (*texts)++;
        }
    }

    return n;
}


/* whether the part is one of those, and can be written */

static ngx_uint_t
ngx_ai_openai_has(const ngx_ai_part_t *part, ngx_uint_t kinds)
{
    if (!(kinds & ((ngx_uint_t) 1 << part->kind))) {
        return 0;
    }

    switch (part->kind) {

    case NGX_AI_PART_TEXT:
        return part->text.len != 0;

    case NGX_AI_PART_IMAGE:
    case NGX_AI_PART_VIDEO:
        return part->url.len || part->data.len;

    case NGX_AI_PART_AUDIO:
        return part->data.len != 0;

    case NGX_AI_PART_FILE:
        return part->data.len || part->file.len || part->text.len;

    default:
        return 1;
    }
}


/* a text alone is a string, which is all that some vendors take */

static ngx_int_t
ngx_ai_openai_write_content(ngx_ai_openai_pen_t *pen,
    const ngx_array_t *parts, ngx_uint_t kinds)
{
    ngx_int_t             rc;
    ngx_uint_t            n, texts;
    const ngx_ai_part_t  *part;

    n = ngx_ai_openai_count(parts, kinds, &texts);

    if (n == 0) {
        ngx_ai_json_write_literal(pen->w, "\"content\":\"\"");
        return NGX_OK;
    }

    ngx_ai_json_write_key(pen->w, "content");

    if (n == 1 && texts == 1) {

        for (part = parts->elts; !ngx_ai_openai_has(part, kinds); part++) {
            /* void */
        }

        ngx_ai_json_write_text(pen->w, &part->text);

        return NGX_OK;
    }

    ngx_ai_json_write_array(pen->w);

    rc = ngx_ai_openai_write_pieces(pen, parts, kinds);

    ngx_ai_json_write_end(pen->w);

    return rc;
}


static ngx_int_t
ngx_ai_openai_write_pieces(ngx_ai_openai_pen_t *pen,
    const ngx_array_t *parts, ngx_uint_t kinds)
{
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (ngx_ai_openai_has(&part[i], kinds)
            && ngx_ai_openai_write_piece(pen, &part[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_write_piece(ngx_ai_openai_pen_t *pen,
    const ngx_ai_part_t *part)
{
    ngx_int_t              rc;
    ngx_log_t             *log;
    ngx_ai_json_writer_t  *w;

    w = pen->w;
    rc = NGX_OK;
    log = pen->chat->pool->log;

    ngx_ai_json_write_object(w);

    switch (part->kind) {

    case NGX_AI_PART_IMAGE:
        rc = ngx_ai_openai_write_image(w, part, log);
        break;

    case NGX_AI_PART_VIDEO:
        ngx_ai_json_write_literal(w, "\"type\":\"video_url\"");
        ngx_ai_json_write_key(w, "video_url");
        ngx_ai_json_write_object(w);
        rc = ngx_ai_openai_write_url(w, "url", part, log);
        ngx_ai_json_write_end(w);
        break;

    case NGX_AI_PART_AUDIO:
        ngx_ai_openai_write_audio(w, part);
        break;

    case NGX_AI_PART_FILE:
        rc = ngx_ai_openai_write_file(pen, part);
        break;

    default: /* NGX_AI_PART_TEXT */
        ngx_ai_json_write_literal(w, "\"type\":\"text\"");
        ngx_ai_openai_write_text(w, "text", &part->text);
    }

    ngx_ai_json_write_end(w);

    return rc;
}


static void
ngx_ai_openai_write_audio(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part)
{
    ngx_str_t  format;

    ngx_ai_openai_audio_format(&part->media, &format);

    ngx_ai_json_write_literal(w, "\"type\":\"input_audio\"");
    ngx_ai_json_write_key(w, "input_audio");
    ngx_ai_json_write_object(w);
    ngx_ai_openai_write_text(w, "data", &part->data);

    /* it must have one */

    if (format.len) {
        ngx_ai_openai_write_text(w, "format", &format);

    } else {
        ngx_ai_json_write_literal(w, "\"format\":\"wav\"");
    }

    ngx_ai_json_write_end(w);
}


/* a document that is a text is one */

static ngx_int_t
ngx_ai_openai_write_file(ngx_ai_openai_pen_t *pen, const ngx_ai_part_t *part)
{
    ngx_int_t              rc;
    ngx_ai_json_writer_t  *w;

    w = pen->w;

    if (part->data.len == 0 && part->file.len == 0) {
        ngx_ai_json_write_literal(w, "\"type\":\"text\"");
        ngx_ai_openai_write_text(w, "text", &part->text);
        return NGX_OK;
    }

    ngx_ai_json_write_literal(w, "\"type\":\"file\"");
    ngx_ai_json_write_key(w, "file");
    ngx_ai_json_write_object(w);

    /* with data it must have a name */

    if (part->name.len || part->data.len == 0) {
        ngx_ai_openai_write_text(w, "filename", &part->name);

    } else {
        ngx_ai_json_write_literal(w, "\"filename\":\"file\"");
    }

    if (part->data.len == 0) {
        ngx_ai_openai_write_text(w, "file_id", &part->file);
        rc = NGX_OK;

    } else {
        rc = ngx_ai_openai_write_url(w, "file_data", part,
                                     pen->chat->pool->log);
    }

    ngx_ai_json_write_end(w);

    return rc;
}
