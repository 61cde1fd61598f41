
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Requests.  Turns alternate and the first one is the user's; a text may not
 * be blank, and a turn with a document needs one.  Where nothing else is to
 * be said "." is.
 */


#include "ngx_ai_bedrock.h"
#include "ngx_ai_inner.h"


#define NGX_AI_BEDROCK_NAMES     32
#define NGX_AI_BEDROCK_NAME_MAX  180      /* 200 with a number */
#define NGX_AI_BEDROCK_EXT_MAX   5        /* ".html" */

#define NGX_AI_BEDROCK_ID_MAX    64
#define NGX_AI_BEDROCK_ID_LEN    22


typedef struct {
    const ngx_ai_chat_t           *chat;
    const ngx_ai_bedrock_maker_t  *maker;
    ngx_ai_json_writer_t          *w;
    ngx_uint_t                     role;       /* of the open turn */
    ngx_uint_t                     documents;
    ngx_str_t                      names[NGX_AI_BEDROCK_NAMES];
    unsigned                       open:1;
    unsigned                       text:1;     /* in the open turn */
    unsigned                       document:1;
    unsigned                       media:1;    /* its last block is one */
    unsigned                       cached:1;   /* its last block is a point */
} ngx_ai_bedrock_desk_t;


static void ngx_ai_bedrock_write_system(ngx_ai_bedrock_desk_t *d);
static void ngx_ai_bedrock_write_messages(ngx_ai_bedrock_desk_t *d);
static ngx_int_t ngx_ai_bedrock_write_part(ngx_ai_bedrock_desk_t *d,
    ngx_uint_t role, const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_bedrock_write_text(ngx_ai_bedrock_desk_t *d,
    ngx_uint_t role, const ngx_ai_part_t *part);
static void ngx_ai_bedrock_write_thinking(ngx_ai_bedrock_desk_t *d,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_bedrock_write_call(ngx_ai_bedrock_desk_t *d,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_bedrock_write_result(ngx_ai_bedrock_desk_t *d,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_bedrock_write_file(ngx_ai_bedrock_desk_t *d,
    ngx_uint_t role, const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_bedrock_write_id(ngx_ai_bedrock_desk_t *d,
    const ngx_str_t *id);
static void ngx_ai_bedrock_turn(ngx_ai_bedrock_desk_t *d, ngx_uint_t role);
static void ngx_ai_bedrock_turn_end(ngx_ai_bedrock_desk_t *d);
static void ngx_ai_bedrock_filler(ngx_ai_bedrock_desk_t *d);
static void ngx_ai_bedrock_point(ngx_ai_bedrock_desk_t *d,
    const ngx_str_t *cache);
static ngx_int_t ngx_ai_bedrock_name(ngx_ai_bedrock_desk_t *d,
    const ngx_ai_part_t *part, ngx_str_t *name);
static u_char *ngx_ai_bedrock_name_put(u_char *p, const ngx_str_t *source);


ngx_int_t
ngx_ai_bedrock_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w)
{
    ngx_ai_bedrock_desk_t  d;

    ngx_memzero(&d, sizeof(ngx_ai_bedrock_desk_t));

    d.chat = ask;
    d.maker = ngx_ai_bedrock_maker(&aim->model);
    d.w = w;

    ngx_ai_json_write_object(w);

    ngx_ai_bedrock_write_system(&d);
    ngx_ai_bedrock_write_messages(&d);
    ngx_ai_bedrock_write_config(w, d.chat, d.maker);

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* wherever they stood: not all models know of any other place */

static void
ngx_ai_bedrock_write_system(ngx_ai_bedrock_desk_t *d)
{
    ngx_uint_t               i, k, open;
    const ngx_ai_part_t     *part;
    const ngx_ai_message_t  *message;

    open = 0;
    message = d->chat->messages.elts;

    for (i = 0; i < d->chat->messages.nelts; i++) {

        if (message[i].role != NGX_AI_ROLE_SYSTEM) {
            continue;
        }

        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {

            if (part[k].kind != NGX_AI_PART_TEXT
                || ngx_ai_inner_blank(&part[k].text))
            {
                continue;
            }

            if (!open) {
                open = 1;
                ngx_ai_json_write_key(d->w, "system");
                ngx_ai_json_write_array(d->w);
            }

            ngx_ai_json_write_object(d->w);
            ngx_ai_json_write_key(d->w, "text");
            ngx_ai_json_write_text(d->w, &part[k].text);
            ngx_ai_json_write_end(d->w);

            d->cached = 0;
            ngx_ai_bedrock_point(d, &part[k].cache);
        }
    }

    if (open) {
        ngx_ai_json_write_end(d->w);
    }
}


static void
ngx_ai_bedrock_write_messages(ngx_ai_bedrock_desk_t *d)
{
    ngx_uint_t               i, k;
    const ngx_ai_part_t     *part;
    const ngx_ai_message_t  *message;

    ngx_ai_json_write_key(d->w, "messages");
    ngx_ai_json_write_array(d->w);

    d->role = NGX_AI_ROLE_SYSTEM;
    message = d->chat->messages.elts;

    for (i = 0; i < d->chat->messages.nelts; i++) {

        if (message[i].role == NGX_AI_ROLE_SYSTEM) {
            continue;
        }

        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {

            if (ngx_ai_bedrock_write_part(d, message[i].role, &part[k])
                != NGX_OK)
            {
                d->w->rc = NGX_ERROR;
                return;
            }

            if (d->open && d->role == message[i].role) {
                ngx_ai_bedrock_point(d, &part[k].cache);
            }
        }
    }

    if (d->role == NGX_AI_ROLE_SYSTEM) {
        ngx_ai_bedrock_turn(d, NGX_AI_ROLE_USER);
        ngx_ai_bedrock_filler(d);
    }

    ngx_ai_bedrock_point(d, &d->chat->cache);
    ngx_ai_bedrock_turn_end(d);

    ngx_ai_json_write_end(d->w);
}


/* NGX_ERROR: no memory */

static ngx_int_t
ngx_ai_bedrock_write_part(ngx_ai_bedrock_desk_t *d, ngx_uint_t role,
    const ngx_ai_part_t *part)
{
    switch (part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
        return ngx_ai_bedrock_write_text(d, role, part);

    case NGX_AI_PART_TOOL_CALL:
        return ngx_ai_bedrock_write_call(d, part);

    case NGX_AI_PART_TOOL_RESULT:
        return ngx_ai_bedrock_write_result(d, part);

    case NGX_AI_PART_THINKING:
    case NGX_AI_PART_REDACTED:

        /* Claude wants its own, signed, and no other model wants any */

        if (part->origin == NGX_AI_DIALECT_BEDROCK) {
            ngx_ai_bedrock_write_thinking(d, part);
        }

        return NGX_OK;

    case NGX_AI_PART_NATIVE:

        if (part->origin == NGX_AI_DIALECT_BEDROCK) {
            ngx_ai_bedrock_turn(d, role);
            ngx_ai_json_write_raw(d->w, &part->json);
        }

        return NGX_OK;

    default:

        /* models see what users show them; what they made is not shown back */

        return (role == NGX_AI_ROLE_USER)
               ? ngx_ai_bedrock_write_file(d, role, part) : NGX_OK;
    }
}


static ngx_int_t
ngx_ai_bedrock_write_text(ngx_ai_bedrock_desk_t *d, ngx_uint_t role,
    const ngx_ai_part_t *part)
{
    if (ngx_ai_inner_blank(&part->text)) {
        return NGX_OK;
    }

    ngx_ai_bedrock_turn(d, role);

    ngx_ai_json_write_object(d->w);
    ngx_ai_json_write_key(d->w, "text");
    ngx_ai_json_write_text(d->w, &part->text);
    ngx_ai_json_write_end(d->w);

    d->text = 1;

    return NGX_OK;
}


static void
ngx_ai_bedrock_write_thinking(ngx_ai_bedrock_desk_t *d,
    const ngx_ai_part_t *part)
{
    ngx_ai_bedrock_turn(d, NGX_AI_ROLE_ASSISTANT);

    if (part->kind == NGX_AI_PART_REDACTED) {
        ngx_ai_bedrock_write_redacted(d->w, &part->data);

    } else {
        ngx_ai_bedrock_write_reasoning(d->w, &part->text, &part->signature);
    }
}


static ngx_int_t
ngx_ai_bedrock_write_call(ngx_ai_bedrock_desk_t *d, const ngx_ai_part_t *part)
{
    ngx_str_t  none;

    ngx_str_null(&none);

    ngx_ai_bedrock_turn(d, NGX_AI_ROLE_ASSISTANT);

    if (part->signature.len && part->origin == NGX_AI_DIALECT_BEDROCK) {
        ngx_ai_bedrock_write_reasoning(d->w, &none, &part->signature);
    }

    ngx_ai_json_write_object(d->w);
    ngx_ai_json_write_key(d->w, "toolUse");
    ngx_ai_json_write_object(d->w);

    if (ngx_ai_bedrock_write_id(d, &part->id) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_ai_json_write_key(d->w, "name");
    ngx_ai_json_write_text(d->w, &part->name);

    ngx_ai_bedrock_write_input(d->w, part);

    ngx_ai_json_write_end(d->w);
    ngx_ai_json_write_end(d->w);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_write_result(ngx_ai_bedrock_desk_t *d,
    const ngx_ai_part_t *part)
{
    ngx_str_t             name;
    ngx_uint_t            i, n, blocks;
    const ngx_ai_part_t  *piece;

    ngx_ai_bedrock_turn(d, NGX_AI_ROLE_USER);

    ngx_ai_json_write_object(d->w);
    ngx_ai_json_write_key(d->w, "toolResult");
    ngx_ai_json_write_object(d->w);

    if (ngx_ai_bedrock_write_id(d, &part->id) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_ai_json_write_key(d->w, "content");
    ngx_ai_json_write_array(d->w);

    blocks = 0;
    n = part->parts ? part->parts->nelts : 0;
    piece = n ? part->parts->elts : NULL;

    for (i = 0; i < n; i++) {

        if (piece[i].kind == NGX_AI_PART_TEXT) {

            if (ngx_ai_inner_blank(&piece[i].text)) {
                continue;
            }

            ngx_ai_json_write_object(d->w);
            ngx_ai_json_write_key(d->w, "text");
            ngx_ai_json_write_text(d->w, &piece[i].text);
            ngx_ai_json_write_end(d->w);

            blocks++;
            continue;
        }

        if (ngx_ai_bedrock_write_media(NULL, &piece[i], NULL) != NGX_OK) {
            continue;
        }

        if (ngx_ai_bedrock_name(d, &piece[i], &name) != NGX_OK) {
            return NGX_ERROR;
        }

        (void) ngx_ai_bedrock_write_media(d->w, &piece[i], &name);
        blocks++;
    }

    /* a text can't be empty, and a list should not be */

    if (blocks == 0) {
        ngx_ai_json_write_literal(d->w, "{\"json\":{}}");
    }

    ngx_ai_json_write_end(d->w);

    if (part->failed) {
        ngx_ai_json_write_literal(d->w, "\"status\":\"error\"");
    }

    ngx_ai_json_write_end(d->w);
    ngx_ai_json_write_end(d->w);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_bedrock_write_file(ngx_ai_bedrock_desk_t *d, ngx_uint_t role,
    const ngx_ai_part_t *part)
{
    ngx_str_t  name;

    if (ngx_ai_bedrock_write_media(NULL, part, NULL) != NGX_OK) {
        return NGX_OK;
    }

    if (ngx_ai_bedrock_name(d, part, &name) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_ai_bedrock_turn(d, role);

    if (part->kind == NGX_AI_PART_FILE) {
        d->document = 1;
    }

    d->media = 1;

    return ngx_ai_bedrock_write_media(d->w, part, &name);
}


static ngx_int_t
ngx_ai_bedrock_write_id(ngx_ai_bedrock_desk_t *d, const ngx_str_t *id)
{
    ngx_str_t  fit;

    if (ngx_ai_id_fit(d->chat->pool, id, NGX_AI_BEDROCK_ID_MAX, "_-",
                      NGX_AI_BEDROCK_ID_LEN, &fit)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_json_write_key(d->w, "toolUseId");
    ngx_ai_json_write_text(d->w, &fit);

    return NGX_OK;
}


/* a block of the role is about to be written */

static void
ngx_ai_bedrock_turn(ngx_ai_bedrock_desk_t *d, ngx_uint_t role)
{
    d->cached = 0;
    d->media = 0;

    if (d->open) {

        if (d->role == role) {
            return;
        }

        ngx_ai_bedrock_turn_end(d);

    } else if (role == NGX_AI_ROLE_ASSISTANT) {
        ngx_ai_json_write_literal(d->w, "{\"role\":\"user\","
                                        "\"content\":[{\"text\":\".\"}]}");
    }

    ngx_ai_json_write_object(d->w);

    if (role == NGX_AI_ROLE_USER) {
        ngx_ai_json_write_literal(d->w, "\"role\":\"user\"");

    } else {
        ngx_ai_json_write_literal(d->w, "\"role\":\"assistant\"");
    }

    ngx_ai_json_write_key(d->w, "content");
    ngx_ai_json_write_array(d->w);

    d->role = role;
    d->open = 1;
    d->text = 0;
    d->document = 0;
}


static void
ngx_ai_bedrock_turn_end(ngx_ai_bedrock_desk_t *d)
{
    if (d->document && !d->text) {
        ngx_ai_bedrock_filler(d);
    }

    ngx_ai_json_write_end(d->w);
    ngx_ai_json_write_end(d->w);
}


static void
ngx_ai_bedrock_filler(ngx_ai_bedrock_desk_t *d)
{
    ngx_ai_json_write_literal(d->w, "{\"text\":\".\"}");
}


/* a point right behind a file is refused, but not one behind a line end */

static void
ngx_ai_bedrock_point(ngx_ai_bedrock_desk_t *d, const ngx_str_t *cache)
{
    if (cache->len == 0 || d->cached || !d->maker->cache) {
        return;
    }

    if (d->media) {
        ngx_ai_json_write_literal(d->w, "{\"text\":\"\\n\"}");
    }

    d->media = 0;
    d->cached = 1;

    ngx_ai_bedrock_write_point(d->w, cache);
}


/*
 * No two documents may have the same name, which is of letters, digits,
 * single blanks, hyphens, parentheses and brackets.
 */

static ngx_int_t
ngx_ai_bedrock_name(ngx_ai_bedrock_desk_t *d, const ngx_ai_part_t *part,
    ngx_str_t *name)
{
    u_char                  *p;
    ngx_uint_t               i, n;

    static const ngx_str_t   none = ngx_string("document");

    if (part->kind != NGX_AI_PART_FILE) {
        return NGX_OK;
    }

    p = ngx_pnalloc(d->chat->pool, NGX_AI_BEDROCK_NAME_MAX + NGX_INT_T_LEN
                                   + sizeof(" ()") - 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    name->data = p;
    name->len = ngx_ai_bedrock_name_put(p, &part->name) - p;

    if (name->len == 0) {
        name->len = ngx_ai_bedrock_name_put(p, &none) - p;
    }

    n = ngx_min(d->documents, NGX_AI_BEDROCK_NAMES);
    d->documents++;

    for (i = 0; i < n; i++) {

        if (d->names[i].len == name->len
            && ngx_memcmp(d->names[i].data, name->data, name->len) == 0)
        {
            break;
        }
    }

    if (i < n || d->documents > NGX_AI_BEDROCK_NAMES) {
        p = ngx_sprintf(p + name->len, " (%ui)", d->documents);
        name->len = p - name->data;
    }

    if (d->documents <= NGX_AI_BEDROCK_NAMES) {
        d->names[d->documents - 1] = *name;
    }

    return NGX_OK;
}


/* without the extension: the format says the same */

static u_char *
ngx_ai_bedrock_name_put(u_char *p, const ngx_str_t *source)
{
    u_char   c, *start;
    size_t   i, len;

    start = p;
    len = source->len;

    for (i = 1; i <= NGX_AI_BEDROCK_EXT_MAX && i < len; i++) {

        if (source->data[len - i] == '.') {
            len -= i;
            break;
        }
    }

    for (i = 0; i < len && p - start < NGX_AI_BEDROCK_NAME_MAX; i++) {
        c = source->data[i];

        if ((c >= '0' && c <= '9')
            || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            || c == '(' || c == ')' || c == '[' || c == ']' || c == '-')
        {
            *p++ = c;
            continue;
        }

        if (c == '\\') {
            i += (i + 1 < len && source->data[i + 1] == 'u') ? 5 : 1;
        }

        /* one blank or hyphen for a run of others */

        if (p > start && p[-1] != ' ' && p[-1] != '-') {
            *p++ = (c == ' ' || c == '_' || c == '\\') ? ' ' : '-';
        }
    }

    while (p > start && (p[-1] == ' ' || p[-1] == '-')) {
        p--;
    }

    return p;
}
