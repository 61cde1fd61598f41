
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"


/* a content is opened by its first part, and ended by one of another role */

typedef struct {
    ngx_ai_json_writer_t   *w;
    const ngx_ai_chat_t    *chat;
    ngx_ai_gemini_model_t   model;
    ngx_uint_t              open;      /* the role, plus 1 */
    ngx_uint_t              called;    /* the turn has a call */
} ngx_ai_gemini_turn_t;


static ngx_uint_t ngx_ai_gemini_write_system(ngx_ai_json_writer_t *w,
    const ngx_ai_chat_t *chat);
static ngx_uint_t ngx_ai_gemini_says(const ngx_ai_message_t *message);
static void ngx_ai_gemini_write_message(ngx_ai_gemini_turn_t *t,
    const ngx_ai_message_t *message);
static void ngx_ai_gemini_turn_open(ngx_ai_gemini_turn_t *t, ngx_uint_t role);
static void ngx_ai_gemini_turn_close(ngx_ai_gemini_turn_t *t);
static ngx_uint_t ngx_ai_gemini_write_one(ngx_ai_gemini_turn_t *t,
    ngx_uint_t role, const ngx_ai_part_t *part, const ngx_ai_part_t *next);
static ngx_uint_t ngx_ai_gemini_write_said(ngx_ai_gemini_turn_t *t,
    ngx_uint_t role, const ngx_ai_part_t *part, const ngx_ai_part_t *next);
static void ngx_ai_gemini_write_thought(ngx_ai_gemini_turn_t *t,
    ngx_uint_t role, const ngx_ai_part_t *part);
static void ngx_ai_gemini_write_call(ngx_ai_gemini_turn_t *t, ngx_uint_t role,
    const ngx_ai_part_t *part);
static void ngx_ai_gemini_write_result(ngx_ai_gemini_turn_t *t,
    ngx_uint_t role, const ngx_ai_part_t *part);
static void ngx_ai_gemini_write_response(ngx_ai_gemini_turn_t *t,
    const ngx_ai_part_t *part);
static void ngx_ai_gemini_write_result_media(ngx_ai_gemini_turn_t *t,
    ngx_uint_t role, const ngx_ai_part_t *part);
static ngx_uint_t ngx_ai_gemini_is_media(const ngx_ai_part_t *part);
static ngx_uint_t ngx_ai_gemini_is_signed(const ngx_ai_part_t *part);


/* what is told of a file that does not say what it is */

typedef struct {
    ngx_str_t               end;
    ngx_str_t               media;
} ngx_ai_gemini_suffix_t;


static const ngx_ai_gemini_suffix_t  ngx_ai_gemini_suffixes[] = {
    { ngx_string(".png"), ngx_string("image/png") },
    { ngx_string(".webp"), ngx_string("image/webp") },
    { ngx_string(".gif"), ngx_string("image/gif") },
    { ngx_string(".heic"), ngx_string("image/heic") },
    { ngx_string(".wav"), ngx_string("audio/wav") },
    { ngx_string(".ogg"), ngx_string("audio/ogg") },
    { ngx_string(".mov"), ngx_string("video/mov") },
    { ngx_string(".webm"), ngx_string("video/webm") },
    { ngx_string(".txt"), ngx_string("text/plain") },
    { ngx_string(".html"), ngx_string("text/html") },
    { ngx_string(".csv"), ngx_string("text/csv") },
    { ngx_null_string, ngx_null_string }
};


ngx_int_t
ngx_ai_gemini_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t               i;
    const ngx_ai_chat_t     *chat;
    ngx_ai_gemini_turn_t     t;
    const ngx_ai_message_t  *message;

    chat = ask;

    ngx_memzero(&t, sizeof(ngx_ai_gemini_turn_t));

    t.w = w;
    t.chat = chat;

    ngx_ai_gemini_model(&aim->model, &t.model);

    ngx_ai_json_write_object(w);

    i = ngx_ai_gemini_write_system(w, chat);

    ngx_ai_json_write_key(w, "contents");
    ngx_ai_json_write_array(w);

    message = chat->messages.elts;

    for ( /* void */ ; i < chat->messages.nelts; i++) {
        ngx_ai_gemini_write_message(&t, &message[i]);
    }

    ngx_ai_gemini_turn_close(&t);
    ngx_ai_json_write_end(w);

    ngx_ai_gemini_write_tools(w, chat);
    ngx_ai_gemini_write_config(w, chat, &t.model);

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/*
 * The first messages, as far as they are the system's; returns the number of
 * the next one.  A conversation of nothing else is what the user says, as
 * there must be something.
 */

static ngx_uint_t
ngx_ai_gemini_write_system(ngx_ai_json_writer_t *w, const ngx_ai_chat_t *chat)
{
    ngx_uint_t               i, k, open;
    const ngx_ai_part_t     *part;
    const ngx_ai_message_t  *message;

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {
        if (message[i].role != NGX_AI_ROLE_SYSTEM
            && ngx_ai_gemini_says(&message[i]))
        {
            break;
        }
    }

    if (i == chat->messages.nelts) {
        return 0;
    }

    open = 0;

    for (i = 0; message[i].role == NGX_AI_ROLE_SYSTEM; i++) {
        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {

            if (part[k].text.len == 0) {
                continue;
            }

            if (!open) {
                ngx_ai_json_write_key(w, "systemInstruction");
                ngx_ai_json_write_object(w);
                ngx_ai_json_write_key(w, "parts");
                ngx_ai_json_write_array(w);
                open = 1;
            }

            ngx_ai_gemini_write_plain(w, &part[k].text);
        }
    }

    if (open) {
        ngx_ai_json_write_end(w);
        ngx_ai_json_write_end(w);
    }

    return i;
}


static ngx_uint_t
ngx_ai_gemini_says(const ngx_ai_message_t *message)
{
    ngx_uint_t            i;
    const ngx_ai_part_t  *part;

    part = message->parts.elts;

    for (i = 0; i < message->parts.nelts; i++) {
        if (part[i].kind != NGX_AI_PART_TEXT || part[i].text.len) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_ai_gemini_write_message(ngx_ai_gemini_turn_t *t,
    const ngx_ai_message_t *message)
{
    ngx_uint_t            i, role;
    const ngx_ai_part_t  *part;

    /* there is no word for what the system says later on */

    role = (message->role == NGX_AI_ROLE_ASSISTANT) ? NGX_AI_ROLE_ASSISTANT
                                                    : NGX_AI_ROLE_USER;
    part = message->parts.elts;

    for (i = 0; i < message->parts.nelts; i++) {

        if (ngx_ai_gemini_write_one(t, role, &part[i],
                                    i + 1 < message->parts.nelts
                                    ? &part[i + 1] : NULL))
        {
            i++;
        }
    }
}


static void
ngx_ai_gemini_turn_open(ngx_ai_gemini_turn_t *t, ngx_uint_t role)
{
    if (t->open == role + 1) {
        return;
    }

    ngx_ai_gemini_turn_close(t);

    t->open = role + 1;
    t->called = 0;

    ngx_ai_json_write_object(t->w);

    if (role == NGX_AI_ROLE_ASSISTANT) {
        ngx_ai_json_write_literal(t->w, "\"role\":\"model\"");

    } else {
        ngx_ai_json_write_literal(t->w, "\"role\":\"user\"");
    }

    ngx_ai_json_write_key(t->w, "parts");
    ngx_ai_json_write_array(t->w);
}


static void
ngx_ai_gemini_turn_close(ngx_ai_gemini_turn_t *t)
{
    if (t->open) {
        ngx_ai_json_write_end(t->w);
        ngx_ai_json_write_end(t->w);
        t->open = 0;
    }
}


/*
 * Returns 1 when the next part is written with this one: a signature that
 * stands for itself goes back to the text or image that it came with.
 */

static ngx_uint_t
ngx_ai_gemini_write_one(ngx_ai_gemini_turn_t *t, ngx_uint_t role,
    const ngx_ai_part_t *part, const ngx_ai_part_t *next)
{
    switch (part->kind) {

    case NGX_AI_PART_THINKING:
        ngx_ai_gemini_write_thought(t, role, part);
        return 0;

    case NGX_AI_PART_TOOL_CALL:
        ngx_ai_gemini_write_call(t, role, part);
        return 0;

    case NGX_AI_PART_TOOL_RESULT:
        ngx_ai_gemini_write_result(t, role, part);
        return 0;

    case NGX_AI_PART_REDACTED:
        return 0;

    case NGX_AI_PART_NATIVE:

        if (part->origin == NGX_AI_DIALECT_GEMINI) {
            ngx_ai_gemini_turn_open(t, role);
            ngx_ai_json_write_raw(t->w, &part->json);
        }

        return 0;

    default:
        return ngx_ai_gemini_write_said(t, role, part, next);
    }
}


/* a text, or a thing; a file may be no more than its text */

static ngx_uint_t
ngx_ai_gemini_write_said(ngx_ai_gemini_turn_t *t, ngx_uint_t role,
    const ngx_ai_part_t *part, const ngx_ai_part_t *next)
{
    ngx_uint_t            media;
    const ngx_ai_part_t  *sign;

    media = ngx_ai_gemini_is_media(part);

    if (!media
        && (part->text.len == 0
            || (part->kind != NGX_AI_PART_TEXT
                && part->kind != NGX_AI_PART_REFUSAL
                && part->kind != NGX_AI_PART_FILE)))
    {
        return 0;
    }

    sign = ngx_ai_gemini_is_signed(part) ? part : NULL;

    if (next != NULL && next->kind == NGX_AI_PART_THINKING
        && next->text.len == 0 && ngx_ai_gemini_is_signed(next))
    {
        sign = next;
    }

    ngx_ai_gemini_turn_open(t, role);

    if (!media && sign == NULL) {
        ngx_ai_gemini_write_plain(t->w, &part->text);
        return 0;
    }

    ngx_ai_json_write_object(t->w);

    if (media) {
        ngx_ai_gemini_write_media(t->w, part);

    } else {
        ngx_ai_json_write_key(t->w, "text");
        ngx_ai_json_write_text(t->w, &part->text);
    }

    if (sign != NULL) {
        ngx_ai_json_write_key(t->w, "thoughtSignature");
        ngx_ai_json_write_text(t->w, &sign->signature);
    }

    ngx_ai_json_write_end(t->w);

    return sign != NULL && sign == next;
}


/* a signature alone is one of an answer's end, which is no thought */

static void
ngx_ai_gemini_write_thought(ngx_ai_gemini_turn_t *t, ngx_uint_t role,
    const ngx_ai_part_t *part)
{
    ngx_uint_t             own;
    ngx_ai_json_writer_t  *w;

    w = t->w;
    own = ngx_ai_gemini_is_signed(part);

    if (part->text.len == 0 && !own) {
        return;
    }

    ngx_ai_gemini_turn_open(t, role);

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "text");
    ngx_ai_json_write_text(w, &part->text);

    if (part->text.len) {
        ngx_ai_json_write_literal(w, "\"thought\":true");
    }

    if (own) {
        ngx_ai_json_write_key(w, "thoughtSignature");
        ngx_ai_json_write_text(w, &part->signature);
    }

    ngx_ai_json_write_end(w);
}


/*
 * From Gemini 3 on the first call of a turn must be signed.  What another
 * model has called says so by a word that Google has for it.
 */

static void
ngx_ai_gemini_write_call(ngx_ai_gemini_turn_t *t, ngx_uint_t role,
    const ngx_ai_part_t *part)
{
    ngx_ai_json_writer_t  *w;

    w = t->w;

    ngx_ai_gemini_turn_open(t, role);

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "functionCall");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "name");
    ngx_ai_json_write_text(w, &part->name);

    ngx_ai_json_write_key(w, "args");

    if (part->custom) {
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "input");
        ngx_ai_json_write_text(w, &part->text);
        ngx_ai_json_write_end(w);

    } else {
        ngx_ai_json_write_raw(w, &part->json);
    }

    if (part->id.len) {
        ngx_ai_json_write_key(w, "id");
        ngx_ai_json_write_text(w, &part->id);
    }

    ngx_ai_json_write_end(w);

    if (ngx_ai_gemini_is_signed(part)) {
        ngx_ai_json_write_key(w, "thoughtSignature");
        ngx_ai_json_write_text(w, &part->signature);

    } else if (!t->called && t->model.major >= 3) {
        ngx_ai_json_write_literal(w, "\"thoughtSignature\":"
                                     "\"skip_thought_signature_validator\"");
    }

    t->called = 1;

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_gemini_write_result(ngx_ai_gemini_turn_t *t, ngx_uint_t role,
    const ngx_ai_part_t *part)
{
    ngx_ai_json_writer_t  *w;

    static const ngx_str_t  unknown = ngx_string("unknown");

    w = t->w;

    ngx_ai_gemini_turn_open(t, role);

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "functionResponse");
    ngx_ai_json_write_object(w);

    /* the result of a call that is not in the conversation */

    ngx_ai_json_write_key(w, "name");
    ngx_ai_json_write_text(w, part->name.len ? &part->name : &unknown);

    if (part->id.len) {
        ngx_ai_json_write_key(w, "id");
        ngx_ai_json_write_text(w, &part->id);
    }

    ngx_ai_gemini_write_response(t, part);

    /* before Gemini 3, images stand behind the result */

    if (t->model.major >= 3) {
        ngx_ai_gemini_write_result_media(t, 0, part);
    }

    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);

    if (t->model.major < 3) {
        ngx_ai_gemini_write_result_media(t, role + 1, part);
    }
}


static void
ngx_ai_gemini_write_response(ngx_ai_gemini_turn_t *t,
    const ngx_ai_part_t *part)
{
    ngx_uint_t             i, n, texts;
    const ngx_ai_part_t   *inner;
    ngx_ai_json_writer_t  *w;

    w = t->w;

    inner = part->parts ? part->parts->elts : NULL;
    n = part->parts ? part->parts->nelts : 0;
    texts = 0;

    for (i = 0; i < n; i++) {
        texts += (!ngx_ai_gemini_is_media(&inner[i]) && inner[i].text.len);
    }

    ngx_ai_json_write_key(w, "response");
    ngx_ai_json_write_object(w);

    if (texts || part->failed) {

        ngx_ai_json_write_key(w, part->failed ? "error" : "result");

        if (texts > 1) {
            ngx_ai_json_write_array(w);
        }

        for (i = 0; i < n; i++) {
            if (!ngx_ai_gemini_is_media(&inner[i]) && inner[i].text.len) {
                ngx_ai_json_write_text(w, &inner[i].text);
            }
        }

        if (texts == 0) {
            ngx_ai_json_write_literal(w, "\"\"");
        }

        if (texts > 1) {
            ngx_ai_json_write_end(w);
        }
    }

    ngx_ai_json_write_end(w);
}


/* in the result itself, or as parts of the turn when "role" is not 0 */

static void
ngx_ai_gemini_write_result_media(ngx_ai_gemini_turn_t *t, ngx_uint_t role,
    const ngx_ai_part_t *part)
{
    ngx_uint_t             i, open;
    const ngx_ai_part_t   *inner;
    ngx_ai_json_writer_t  *w;

    if (part->parts == NULL) {
        return;
    }

    w = t->w;
    inner = part->parts->elts;
    open = role;

    for (i = 0; i < part->parts->nelts; i++) {

        if (!ngx_ai_gemini_is_media(&inner[i])) {
            continue;
        }

        if (!open) {
            ngx_ai_json_write_key(w, "parts");
            ngx_ai_json_write_array(w);
            open = 1;
        }

        ngx_ai_json_write_object(w);
        ngx_ai_gemini_write_media(w, &inner[i]);
        ngx_ai_json_write_end(w);
    }

    if (open && !role) {
        ngx_ai_json_write_end(w);
    }
}


static ngx_uint_t
ngx_ai_gemini_is_media(const ngx_ai_part_t *part)
{
    switch (part->kind) {

    case NGX_AI_PART_IMAGE:
    case NGX_AI_PART_AUDIO:
    case NGX_AI_PART_VIDEO:
    case NGX_AI_PART_FILE:
        return part->data.len || part->url.len || part->file.len;

    default:
        return 0;
    }
}


static ngx_uint_t
ngx_ai_gemini_is_signed(const ngx_ai_part_t *part)
{
    return part->signature.len && part->origin == NGX_AI_DIALECT_GEMINI;
}


void
ngx_ai_gemini_write_media(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part)
{
    const ngx_str_t               *uri, *media;
    const ngx_ai_gemini_suffix_t  *s;

    static const ngx_str_t  medias[] = {
        ngx_string("image/jpeg"),
        ngx_string("audio/mp3"),
        ngx_string("video/mp4"),
        ngx_string("application/pdf")
    };

    uri = part->url.len ? &part->url : &part->file;

    media = &medias[part->kind - NGX_AI_PART_IMAGE];

    if (part->media.len || part->file.len) {

        /* what Google keeps it knows */

        media = &part->media;

    } else if (part->url.len) {

        for (s = ngx_ai_gemini_suffixes; s->end.len; s++) {
            if (memmem(uri->data, uri->len, s->end.data, s->end.len) != NULL) {
                media = &s->media;
                break;
            }
        }
    }

    if (part->data.len) {
        ngx_ai_json_write_key(w, "inlineData");

    } else {
        ngx_ai_json_write_key(w, "fileData");
    }

    ngx_ai_json_write_object(w);

    if (media->len) {
        ngx_ai_json_write_key(w, "mimeType");
        ngx_ai_json_write_text(w, media);
    }

    if (part->data.len) {
        ngx_ai_json_write_key(w, "data");
        ngx_ai_json_write_text(w, &part->data);

    } else {
        ngx_ai_json_write_key(w, "fileUri");
        ngx_ai_json_write_text(w, uri);
    }

    ngx_ai_json_write_end(w);
}
