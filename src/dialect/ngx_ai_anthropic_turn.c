
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_anthropic.h"
#include "ngx_ai_inner.h"
#include "ngx_ai_sign.h"


#define NGX_AI_ANTHROPIC_ID_MAX    64
#define NGX_AI_ANTHROPIC_ID_LEN    24

/* as far as an id is searched for: one whose ids collide gets less */
#define NGX_AI_ANTHROPIC_PROBES    64

#define NGX_AI_ANTHROPIC_NO_TURN   ((ngx_uint_t) -1)


/* a call of the last turn of the assistant */

typedef struct {
    const ngx_ai_part_t    *part;
    const ngx_ai_part_t    *result;
} ngx_ai_anthropic_call_t;


typedef struct {
    ngx_ai_json_writer_t   *w;
    const ngx_ai_chat_t    *chat;
    ngx_uint_t              system;    /* prompts are turns of the user */
    ngx_uint_t              role;      /* of the turn that is open */
    ngx_array_t             calls;     /* of ngx_ai_anthropic_call_t */
    uint32_t               *slots;     /* indexes of them, plus 1, by id */
    ngx_uint_t              mask;
    ngx_uint_t              answered;  /* all of them are */
} ngx_ai_anthropic_turns_t;


static ngx_uint_t ngx_ai_anthropic_role(ngx_ai_anthropic_turns_t *t,
    ngx_uint_t i);
static void ngx_ai_anthropic_open(ngx_ai_anthropic_turns_t *t,
    ngx_uint_t role);
static void ngx_ai_anthropic_close(ngx_ai_anthropic_turns_t *t);
static ngx_int_t ngx_ai_anthropic_write_assistant(
    ngx_ai_anthropic_turns_t *t, const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_anthropic_write_use(ngx_ai_anthropic_turns_t *t,
    const ngx_ai_part_t *part);
static ngx_int_t ngx_ai_anthropic_write_results(ngx_ai_anthropic_turns_t *t,
    ngx_uint_t i);
static ngx_int_t ngx_ai_anthropic_index(ngx_ai_anthropic_turns_t *t);
static uint32_t ngx_ai_anthropic_hash(const ngx_str_t *id);
static ngx_ai_anthropic_call_t *ngx_ai_anthropic_find_call(
    ngx_ai_anthropic_turns_t *t, const ngx_str_t *id,
    const ngx_ai_part_t *result);
static ngx_int_t ngx_ai_anthropic_write_result(ngx_ai_anthropic_turns_t *t,
    const ngx_ai_part_t *call, const ngx_ai_part_t *result);
static ngx_int_t ngx_ai_anthropic_write_content(ngx_ai_anthropic_turns_t *t,
    const ngx_ai_part_t *result);
static ngx_int_t ngx_ai_anthropic_write_user(ngx_ai_anthropic_turns_t *t,
    const ngx_ai_part_t *part, ngx_uint_t role);
static ngx_int_t ngx_ai_anthropic_write_part(ngx_ai_anthropic_turns_t *t,
    const ngx_ai_part_t *part);
static ngx_uint_t ngx_ai_anthropic_writes(const ngx_ai_part_t *part);


ngx_int_t
ngx_ai_anthropic_write_turns(const ngx_ai_chat_t *chat, ngx_uint_t system,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t                 i, k, n, role;
    ngx_ai_part_t             *part;
    const ngx_ai_message_t    *message;
    ngx_ai_anthropic_turns_t   t;

    ngx_memzero(&t, sizeof(ngx_ai_anthropic_turns_t));

    t.w = w;
    t.chat = chat;
    t.system = system;
    t.role = NGX_AI_ANTHROPIC_NO_TURN;

    if (ngx_array_init(&t.calls, chat->pool, 4,
                       sizeof(ngx_ai_anthropic_call_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_json_write_key(w, "messages");
    ngx_ai_json_write_array(w);

    message = chat->messages.elts;
    n = chat->messages.nelts;

    for (i = 0; i < n; i++) {

        role = ngx_ai_anthropic_role(&t, i);

        if (role == NGX_AI_ANTHROPIC_NO_TURN) {
            continue;
        }

        if (role == NGX_AI_ROLE_USER && t.calls.nelts && !t.answered
            && ngx_ai_anthropic_write_results(&t, i) != NGX_OK)
        {
            return NGX_ERROR;
        }

        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {

            if ((role == NGX_AI_ROLE_ASSISTANT
                 ? ngx_ai_anthropic_write_assistant(&t, &part[k])
                 : ngx_ai_anthropic_write_user(&t, &part[k], role))
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    if (t.calls.nelts && !t.answered
        && ngx_ai_anthropic_write_results(&t, n) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_anthropic_close(&t);

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_anthropic_role(ngx_ai_anthropic_turns_t *t, ngx_uint_t i)
{
    const ngx_ai_message_t  *message;

    message = t->chat->messages.elts;
    message += i;

    if (message->parts.nelts == 0) {
        return NGX_AI_ANTHROPIC_NO_TURN;
    }

    if (message->role != NGX_AI_ROLE_SYSTEM) {
        return message->role;
    }

    if (t->system) {
        return NGX_AI_ROLE_USER;
    }

    return ngx_ai_anthropic_system_turn(t->chat, i)
           ? NGX_AI_ROLE_SYSTEM : NGX_AI_ANTHROPIC_NO_TURN;
}


/* a conversation is begun by its user, who says the least if nothing is said */

static void
ngx_ai_anthropic_open(ngx_ai_anthropic_turns_t *t, ngx_uint_t role)
{
    if (t->role == role) {
        return;
    }

    if (t->role == NGX_AI_ANTHROPIC_NO_TURN
        && role == NGX_AI_ROLE_ASSISTANT)
    {
        ngx_ai_json_write_literal(t->w, "{\"role\":\"user\",\"content\":"
                                  "[{\"type\":\"text\",\"text\":\".\"}]}");
    }

    ngx_ai_anthropic_close(t);

    ngx_ai_json_write_object(t->w);

    if (role == NGX_AI_ROLE_USER) {
        ngx_ai_json_write_literal(t->w, "\"role\":\"user\"");

    } else if (role == NGX_AI_ROLE_SYSTEM) {
        ngx_ai_json_write_literal(t->w, "\"role\":\"system\"");

    } else {
        ngx_ai_json_write_literal(t->w, "\"role\":\"assistant\"");
    }

    ngx_ai_json_write_key(t->w, "content");
    ngx_ai_json_write_array(t->w);

    t->role = role;
}


static void
ngx_ai_anthropic_close(ngx_ai_anthropic_turns_t *t)
{
    if (t->role != NGX_AI_ANTHROPIC_NO_TURN) {
        ngx_ai_json_write_end(t->w);
        ngx_ai_json_write_end(t->w);
    }

    t->role = NGX_AI_ANTHROPIC_NO_TURN;
}


static ngx_int_t
ngx_ai_anthropic_write_assistant(ngx_ai_anthropic_turns_t *t,
    const ngx_ai_part_t *part)
{
    ngx_uint_t  own;

    own = (part->origin == NGX_AI_DIALECT_ANTHROPIC);

    switch (part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
        if (!ngx_ai_inner_blank(&part->text)) {
            ngx_ai_anthropic_open(t, NGX_AI_ROLE_ASSISTANT);
            ngx_ai_anthropic_write_text(t->w, &part->text, &part->cache);
        }

        break;

    case NGX_AI_PART_THINKING:
        if (own && part->signature.len) {
            ngx_ai_anthropic_open(t, NGX_AI_ROLE_ASSISTANT);
            ngx_ai_anthropic_write_thinking(t->w, &part->text,
                                            &part->signature);
        }

        break;

    case NGX_AI_PART_REDACTED:
        if (own) {
            ngx_ai_anthropic_open(t, NGX_AI_ROLE_ASSISTANT);

            ngx_ai_json_write_object(t->w);

            ngx_ai_json_write_literal(t->w, "\"type\":\"redacted_thinking\"");
            ngx_ai_json_write_key(t->w, "data");
            ngx_ai_json_write_text(t->w, &part->data);

            ngx_ai_json_write_end(t->w);
        }

        break;

    case NGX_AI_PART_TOOL_CALL:
        return ngx_ai_anthropic_write_use(t, part);

    case NGX_AI_PART_NATIVE:
        if (own) {
            ngx_ai_anthropic_open(t, NGX_AI_ROLE_ASSISTANT);
            ngx_ai_json_write_raw(t->w, &part->json);
        }

        break;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_write_use(ngx_ai_anthropic_turns_t *t,
    const ngx_ai_part_t *part)
{
    ngx_str_t                 id, none;
    ngx_ai_anthropic_call_t  *call;

    ngx_str_null(&none);

    if (t->answered) {
        t->calls.nelts = 0;
        t->answered = 0;
    }

    call = ngx_array_push(&t->calls);

    if (call == NULL
        || ngx_ai_id_fit(t->chat->pool, &part->id, NGX_AI_ANTHROPIC_ID_MAX,
                         "_-", NGX_AI_ANTHROPIC_ID_LEN, &id)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    call->part = part;
    call->result = NULL;

    ngx_ai_anthropic_open(t, NGX_AI_ROLE_ASSISTANT);

    if (part->origin == NGX_AI_DIALECT_ANTHROPIC && part->signature.len) {
        ngx_ai_anthropic_write_thinking(t->w, &none, &part->signature);
    }

    ngx_ai_json_write_object(t->w);

    ngx_ai_json_write_literal(t->w, "\"type\":\"tool_use\"");
    ngx_ai_json_write_key(t->w, "id");
    ngx_ai_json_write_text(t->w, &id);
    ngx_ai_json_write_key(t->w, "name");
    ngx_ai_json_write_text(t->w, &part->name);
    ngx_ai_json_write_key(t->w, "input");
    ngx_ai_anthropic_write_input(t->w, part);

    if (part->cache.len) {
        ngx_ai_json_write_key(t->w, "cache_control");
        ngx_ai_json_write_raw(t->w, &part->cache);
    }

    ngx_ai_json_write_end(t->w);

    return NGX_OK;
}


/*
 * The turn behind calls begins with a result for each of them.  What the
 * client has of them is in its messages from the given one on, up to the
 * assistant's.
 */

static ngx_int_t
ngx_ai_anthropic_write_results(ngx_ai_anthropic_turns_t *t, ngx_uint_t i)
{
    ngx_uint_t                k;
    const ngx_ai_part_t      *part;
    const ngx_ai_message_t   *message;
    ngx_ai_anthropic_call_t  *call;

    if (ngx_ai_anthropic_index(t) != NGX_OK) {
        return NGX_ERROR;
    }

    message = t->chat->messages.elts;

    for ( /* void */ ; i < t->chat->messages.nelts; i++) {

        if (ngx_ai_anthropic_role(t, i) == NGX_AI_ROLE_ASSISTANT) {
            break;
        }

        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {

            if (part[k].kind != NGX_AI_PART_TOOL_RESULT) {
                continue;
            }

            call = ngx_ai_anthropic_find_call(t, &part[k].id, NULL);

            if (call == NULL) {
                continue;
            }

            call->result = &part[k];

            if (ngx_ai_anthropic_write_result(t, call->part, &part[k])
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    call = t->calls.elts;

    for (i = 0; i < t->calls.nelts; i++) {

        if (call[i].result == NULL
            && ngx_ai_anthropic_write_result(t, call[i].part, NULL) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    t->answered = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_anthropic_index(ngx_ai_anthropic_turns_t *t)
{
    uint32_t                  hash;
    ngx_uint_t                i, n, size;
    ngx_ai_anthropic_call_t  *call;

    for (size = 8; size < 2 * t->calls.nelts; size *= 2) { /* void */ }

    t->slots = ngx_pcalloc(t->chat->pool, size * sizeof(uint32_t));
    if (t->slots == NULL) {
        return NGX_ERROR;
    }

    t->mask = size - 1;
    call = t->calls.elts;

    for (i = 0; i < t->calls.nelts; i++) {
        hash = ngx_ai_anthropic_hash(&call[i].part->id);

        for (n = 0; n < NGX_AI_ANTHROPIC_PROBES; n++) {

            if (t->slots[(hash + n) & t->mask] == 0) {
                t->slots[(hash + n) & t->mask] = (uint32_t) i + 1;
                break;
            }
        }
    }

    return NGX_OK;
}


/* ids that count up must not lie side by side */

static uint32_t
ngx_ai_anthropic_hash(const ngx_str_t *id)
{
    uint64_t  hash;

    hash = ngx_hash_key(id->data, id->len);

    return (uint32_t) (hash * 0x9e3779b97f4a7c15 >> 32);
}


/* the first call of that id and that result, which is NULL for none */

static ngx_ai_anthropic_call_t *
ngx_ai_anthropic_find_call(ngx_ai_anthropic_turns_t *t, const ngx_str_t *id,
    const ngx_ai_part_t *result)
{
    uint32_t                  hash, slot;
    ngx_uint_t                n;
    ngx_ai_anthropic_call_t  *call;

    if (t->calls.nelts == 0) {
        return NULL;
    }

    hash = ngx_ai_anthropic_hash(id);

    for (n = 0; n < NGX_AI_ANTHROPIC_PROBES; n++) {

        slot = t->slots[(hash + n) & t->mask];

        if (slot == 0) {
            break;
        }

        call = t->calls.elts;
        call = &call[slot - 1];

        if (call->result == result && call->part->id.len == id->len
            && ngx_memcmp(call->part->id.data, id->data, id->len) == 0)
        {
            return call;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_ai_anthropic_write_result(ngx_ai_anthropic_turns_t *t,
    const ngx_ai_part_t *call, const ngx_ai_part_t *result)
{
    ngx_str_t  id;

    if (ngx_ai_id_fit(t->chat->pool, &call->id, NGX_AI_ANTHROPIC_ID_MAX, "_-",
                      NGX_AI_ANTHROPIC_ID_LEN, &id)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_anthropic_open(t, NGX_AI_ROLE_USER);

    ngx_ai_json_write_object(t->w);

    ngx_ai_json_write_literal(t->w, "\"type\":\"tool_result\"");
    ngx_ai_json_write_key(t->w, "tool_use_id");
    ngx_ai_json_write_text(t->w, &id);

    if (result == NULL) {
        ngx_ai_json_write_literal(t->w, "\"content\":\"No result was given "
                                  "for this call.\",\"is_error\":true");

    } else {
        if (ngx_ai_anthropic_write_content(t, result) != NGX_OK) {
            return NGX_ERROR;
        }

        if (result->failed) {
            ngx_ai_json_write_literal(t->w, "\"is_error\":true");
        }

        if (result->cache.len) {
            ngx_ai_json_write_key(t->w, "cache_control");
            ngx_ai_json_write_raw(t->w, &result->cache);
        }
    }

    ngx_ai_json_write_end(t->w);

    return NGX_OK;
}


/* nothing at all is written of what is empty, and a text alone as a string */

static ngx_int_t
ngx_ai_anthropic_write_content(ngx_ai_anthropic_turns_t *t,
    const ngx_ai_part_t *result)
{
    ngx_uint_t            i, n;
    const ngx_ai_part_t  *part;

    if (result->parts == NULL || result->parts->nelts == 0) {
        return NGX_OK;
    }

    part = result->parts->elts;

    if (result->parts->nelts == 1 && part->kind == NGX_AI_PART_TEXT
        && part->cache.len == 0)
    {
        ngx_ai_json_write_key(t->w, "content");
        ngx_ai_json_write_text(t->w, &part->text);

        return NGX_OK;
    }

    n = 0;

    for (i = 0; i < result->parts->nelts; i++) {

        if (!ngx_ai_anthropic_writes(&part[i])) {
            continue;
        }

        if (n++ == 0) {
            ngx_ai_json_write_key(t->w, "content");
            ngx_ai_json_write_array(t->w);
        }

        if (ngx_ai_anthropic_write_part(t, &part[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (n) {
        ngx_ai_json_write_end(t->w);
    }

    return NGX_OK;
}


/* a result that is no call's is as good as what its user says */

static ngx_int_t
ngx_ai_anthropic_write_user(ngx_ai_anthropic_turns_t *t,
    const ngx_ai_part_t *part, ngx_uint_t role)
{
    ngx_uint_t            i, n;
    const ngx_ai_part_t  *inner;

    inner = part;
    n = 1;

    if (part->kind == NGX_AI_PART_TOOL_RESULT) {

        if (part->parts == NULL
            || ngx_ai_anthropic_find_call(t, &part->id, part) != NULL)
        {
            return NGX_OK;
        }

        inner = part->parts->elts;
        n = part->parts->nelts;
    }

    for (i = 0; i < n; i++) {

        if (!ngx_ai_anthropic_writes(&inner[i])) {
            continue;
        }

        ngx_ai_anthropic_open(t, role);

        if (ngx_ai_anthropic_write_part(t, &inner[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* 1 when a user's turn, or a result, can have it */

static ngx_uint_t
ngx_ai_anthropic_writes(const ngx_ai_part_t *part)
{
    switch (part->kind) {

    case NGX_AI_PART_TEXT:
    case NGX_AI_PART_REFUSAL:
        return !ngx_ai_inner_blank(&part->text);

    case NGX_AI_PART_IMAGE:
        return part->data.len || part->url.len || part->file.len;

    case NGX_AI_PART_FILE:
        return part->data.len || part->url.len || part->file.len
               || !ngx_ai_inner_blank(&part->text);

    case NGX_AI_PART_NATIVE:
        return part->origin == NGX_AI_DIALECT_ANTHROPIC;

    default:
        return 0;
    }
}


static ngx_int_t
ngx_ai_anthropic_write_part(ngx_ai_anthropic_turns_t *t,
    const ngx_ai_part_t *part)
{
    switch (part->kind) {

    case NGX_AI_PART_IMAGE:
    case NGX_AI_PART_FILE:
        return ngx_ai_anthropic_write_media(t->chat->pool, part, t->w);

    case NGX_AI_PART_NATIVE:
        ngx_ai_json_write_raw(t->w, &part->json);
        break;

    default:
        ngx_ai_anthropic_write_text(t->w, &part->text, &part->cache);
    }

    return NGX_OK;
}


void
ngx_ai_anthropic_write_text(ngx_ai_json_writer_t *w, const ngx_str_t *text,
    const ngx_str_t *cache)
{
    if (ngx_ai_inner_blank(text)) {
        return;
    }

    ngx_ai_json_write_object(w);

    ngx_ai_json_write_literal(w, "\"type\":\"text\"");
    ngx_ai_json_write_key(w, "text");
    ngx_ai_json_write_text(w, text);

    if (cache->len) {
        ngx_ai_json_write_key(w, "cache_control");
        ngx_ai_json_write_raw(w, cache);
    }

    ngx_ai_json_write_end(w);
}


void
ngx_ai_anthropic_write_thinking(ngx_ai_json_writer_t *w,
    const ngx_str_t *text, const ngx_str_t *signature)
{
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_literal(w, "\"type\":\"thinking\"");
    ngx_ai_json_write_key(w, "thinking");
    ngx_ai_json_write_text(w, text);
    ngx_ai_json_write_key(w, "signature");
    ngx_ai_json_write_text(w, signature);

    ngx_ai_json_write_end(w);
}


void
ngx_ai_anthropic_write_input(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *call)
{
    static const ngx_str_t  empty = ngx_string("{}");

    if (call->custom) {
        ngx_ai_json_write_object(w);
        ngx_ai_json_write_key(w, "input");
        ngx_ai_json_write_text(w, &call->text);
        ngx_ai_json_write_end(w);

    } else {
        ngx_ai_json_write_raw(w, call->json.len ? &call->json : &empty);
    }
}
