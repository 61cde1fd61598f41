
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"
#include "ngx_ai_sign.h"


static ngx_uint_t ngx_ai_responses_write_item(
    ngx_ai_responses_items_t *items, const ngx_ai_part_t *part, ngx_uint_t n,
    ngx_uint_t role);
static ngx_uint_t ngx_ai_responses_run(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t n, ngx_uint_t role);
static void ngx_ai_responses_begin(ngx_ai_responses_items_t *items,
    const char *prefix);
static void ngx_ai_responses_end(ngx_ai_responses_items_t *items);
static void ngx_ai_responses_write_said(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t n, ngx_uint_t role);
static ngx_uint_t ngx_ai_responses_is_content(
    const ngx_ai_responses_items_t *items, const ngx_ai_part_t *part,
    ngx_uint_t role);
static void ngx_ai_responses_write_thoughts(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t n);
static ngx_uint_t ngx_ai_responses_is_summary(
    const ngx_ai_responses_items_t *items, const ngx_ai_part_t *part);
static void ngx_ai_responses_write_thought(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t summary);
static void ngx_ai_responses_write_sealed(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part);
static void ngx_ai_responses_write_call(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part);
static void ngx_ai_responses_write_call_id(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part);
static void ngx_ai_responses_write_result(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part);
static void ngx_ai_responses_write_drawn(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part);


void
ngx_ai_responses_write_message(ngx_ai_responses_items_t *items,
    const ngx_ai_message_t *message)
{
    ngx_uint_t  role;

    /* beyond the roles there is one that only this dialect needs to know */

    role = message->developer ? NGX_AI_RESPONSES_DEVELOPER : message->role;

    ngx_ai_responses_write_parts(items, &message->parts, role);
}


void
ngx_ai_responses_write_parts(ngx_ai_responses_items_t *items,
    const ngx_array_t *parts, ngx_uint_t role)
{
    ngx_uint_t            n;
    const ngx_ai_part_t  *part;

    part = parts->elts;

    for (n = parts->nelts; n; /* void */ ) {
        n -= ngx_ai_responses_write_item(items,
                                         &part[parts->nelts - n], n, role);
    }
}


/* one item, of the first of n parts and its neighbours; returns how many */

static ngx_uint_t
ngx_ai_responses_write_item(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t n, ngx_uint_t role)
{
    ngx_uint_t  run;

    run = ngx_ai_responses_run(items, part, n, role);

    /* of several items it is the last one that was cut */

    items->last = (run == n);

    switch (part->kind) {

    case NGX_AI_PART_THINKING:
    case NGX_AI_PART_REDACTED:
        ngx_ai_responses_write_thoughts(items, part, run);
        break;

    case NGX_AI_PART_TOOL_CALL:
        ngx_ai_responses_write_call(items, part);
        break;

    case NGX_AI_PART_TOOL_RESULT:
        ngx_ai_responses_write_result(items, part);
        break;

    case NGX_AI_PART_NATIVE:
        if (part->origin == NGX_AI_DIALECT_RESPONSES) {
            ngx_ai_responses_json(items->w, &part->json);
            items->n++;
        }

        break;

    default:
        if (ngx_ai_responses_is_content(items, part, role)) {
            ngx_ai_responses_write_said(items, part, run, role);

        } else if (part->kind == NGX_AI_PART_IMAGE
                   && items->reader != NGX_AI_RESPONSES_TARGET)
        {
            ngx_ai_responses_write_drawn(items, part);
        }
    }

    return run;
}


/*
 * Thoughts up to the first that is signed, with their summary first; what can
 * be in one message.
 */

static ngx_uint_t
ngx_ai_responses_run(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t n, ngx_uint_t role)
{
    ngx_uint_t  i, own;

    if (part->kind == NGX_AI_PART_THINKING) {

        own = (part->origin == NGX_AI_DIALECT_RESPONSES);

        for (i = 1; i < n; i++) {

            if (part[i - 1].signature.len
                || part[i].kind != NGX_AI_PART_THINKING
                || (part[i].origin == NGX_AI_DIALECT_RESPONSES) != own
                || (part[i].summary && !part[i - 1].summary))
            {
                break;
            }
        }

        return i;
    }

    for (i = 0; i < n; i++) {
        if (!ngx_ai_responses_is_content(items, &part[i], role)) {
            break;
        }
    }

    return ngx_max(i, 1);
}


static void
ngx_ai_responses_begin(ngx_ai_responses_items_t *items, const char *prefix)
{
    u_char     buf[NGX_AI_RESPONSES_ID];
    ngx_str_t  id;

    ngx_ai_json_write_object(items->w);

    if (items->reader == NGX_AI_RESPONSES_CLIENT) {
        id.data = buf;
        id.len = ngx_ai_responses_id(buf, prefix, items->told, items->n) - buf;

        ngx_ai_responses_write_pair(items->w, "id", &id);

        if (items->cut && items->last) {
            ngx_ai_json_write_literal(items->w, "\"status\":\"incomplete\"");

        } else {
            ngx_ai_json_write_literal(items->w, "\"status\":\"completed\"");
        }
    }
}


static void
ngx_ai_responses_end(ngx_ai_responses_items_t *items)
{
    ngx_ai_json_write_end(items->w);
    items->n++;
}


static void
ngx_ai_responses_write_said(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t n, ngx_uint_t role)
{
    ngx_uint_t             i;
    ngx_ai_json_writer_t  *w;

    w = items->w;

    ngx_ai_responses_begin(items, "msg_");

    switch (role) {

    case NGX_AI_ROLE_SYSTEM:
        ngx_ai_json_write_literal(w, "\"type\":\"message\",\"role\":"
                                     "\"system\"");
        break;

    case NGX_AI_RESPONSES_DEVELOPER:
        ngx_ai_json_write_literal(w, "\"type\":\"message\",\"role\":"
                                     "\"developer\"");
        break;

    case NGX_AI_ROLE_ASSISTANT:
        ngx_ai_json_write_literal(w, "\"type\":\"message\",\"role\":"
                                     "\"assistant\"");
        break;

    default: /* NGX_AI_ROLE_USER */
        ngx_ai_json_write_literal(w, "\"type\":\"message\",\"role\":"
                                     "\"user\"");
    }

    ngx_ai_json_write_key(w, "content");
    ngx_ai_json_write_array(w);

    for (i = 0; i < n; i++) {
        ngx_ai_responses_write_part(items, &part[i], role);
    }

    ngx_ai_json_write_end(w);

    ngx_ai_responses_end(items);
}


/* what can stand in a message, or in the result of a tool */

static ngx_uint_t
ngx_ai_responses_is_content(const ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t role)
{
    switch (part->kind) {

    case NGX_AI_PART_TEXT:
        return 1;

    case NGX_AI_PART_REFUSAL:
        return role == NGX_AI_ROLE_ASSISTANT;

    case NGX_AI_PART_IMAGE:
    case NGX_AI_PART_FILE:
        return role != NGX_AI_ROLE_ASSISTANT;

    case NGX_AI_PART_AUDIO:
        return (role == NGX_AI_ROLE_ASSISTANT)
               ? part->text.len
               : items->reader == NGX_AI_RESPONSES_STORE;

    default:
        return 0;
    }
}


/*
 * A target gets those that are its dialect's own: others' can't be checked.
 */

static void
ngx_ai_responses_write_thoughts(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t n)
{
    ngx_uint_t             i, own, content;
    ngx_ai_json_writer_t  *w;

    w = items->w;
    own = (part->origin == NGX_AI_DIALECT_RESPONSES);

    if (items->reader == NGX_AI_RESPONSES_TARGET && !own) {
        return;
    }

    if (n == 1 && part->text.len == 0
        && (!items->signs || part->signature.len + part->data.len == 0))
    {
        /* there is nothing to be seen of it */

        return;
    }

    for (i = 0, content = 0; i < n; i++) {
        content |= !ngx_ai_responses_is_summary(items, &part[i]);
    }

    ngx_ai_responses_begin(items, "rs_");

    ngx_ai_json_write_literal(w, "\"type\":\"reasoning\"");

    ngx_ai_json_write_key(w, "summary");
    ngx_ai_json_write_array(w);

    for (i = 0; i < n; i++) {
        ngx_ai_responses_write_thought(items, &part[i], 1);
    }

    ngx_ai_json_write_end(w);

    if (content) {

        ngx_ai_json_write_key(w, "content");
        ngx_ai_json_write_array(w);

        for (i = 0; i < n; i++) {
            ngx_ai_responses_write_thought(items, &part[i], 0);
        }

        ngx_ai_json_write_end(w);
    }

    if (items->signs) {
        ngx_ai_responses_write_sealed(items, &part[n - 1]);
    }

    ngx_ai_responses_end(items);
}


/* what is shown of thoughts is called a summary, whatever it is */

static ngx_uint_t
ngx_ai_responses_is_summary(const ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part)
{
    return part->summary || part->origin != NGX_AI_DIALECT_RESPONSES
           || items->reader == NGX_AI_RESPONSES_CLIENT
           || (items->chat != NULL
               && items->chat->origin != NGX_AI_DIALECT_RESPONSES);
}


static void
ngx_ai_responses_write_thought(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part, ngx_uint_t summary)
{
    if (ngx_ai_responses_is_summary(items, part) != summary
        || part->text.len == 0)
    {
        return;
    }

    ngx_ai_json_write_object(items->w);

    if (summary) {
        ngx_ai_json_write_literal(items->w, "\"type\":\"summary_text\"");

    } else {
        ngx_ai_json_write_literal(items->w, "\"type\":\"reasoning_text\"");
    }

    ngx_ai_responses_write_pair(items->w, "text", &part->text);
    ngx_ai_json_write_end(items->w);
}


static void
ngx_ai_responses_write_sealed(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part)
{
    ngx_str_t              prefix;
    const ngx_str_t       *value;
    ngx_ai_json_writer_t  *w;

    w = items->w;
    value = (part->kind == NGX_AI_PART_REDACTED) ? &part->data
                                                 : &part->signature;
    if (value->len == 0) {
        return;
    }

    ngx_ai_json_write_key(w, "encrypted_content");

    if (part->origin == NGX_AI_DIALECT_RESPONSES) {
        ngx_ai_json_write_text(w, value);
        return;
    }

    ngx_str_set(&prefix, "");

    if (ngx_ai_signature_wrap(items->pool, part->origin, &prefix, &prefix)
        != NGX_OK)
    {
        w->rc = NGX_ERROR;
        return;
    }

    ngx_ai_json_write_literal(w, "\"");
    ngx_ai_responses_put(w, prefix.data, prefix.len);

    if (part->kind == NGX_AI_PART_REDACTED) {
        ngx_ai_responses_put(w, NGX_AI_RESPONSES_REDACTED,
                             sizeof(NGX_AI_RESPONSES_REDACTED) - 1);
    }

    ngx_ai_responses_put(w, value->data, value->len);
    ngx_ai_responses_put(w, "\"", 1);
}


/*
 * A dialect that has no custom tools calls them with an object, of which the
 * client is to see the text.
 */

static void
ngx_ai_responses_write_call(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part)
{
    ngx_str_t              input;
    ngx_uint_t             custom;
    ngx_ai_json_writer_t  *w;

    w = items->w;
    custom = part->custom;
    input = part->text;

    if (!custom && items->reader == NGX_AI_RESPONSES_CLIENT
        && ngx_ai_responses_is_custom(items->chat, &part->name))
    {
        custom = (ngx_ai_responses_custom_input(&part->json, &input)
                  == NGX_OK);
    }

    ngx_ai_responses_begin(items, custom ? "ctc_" : "fc_");

    if (custom) {
        ngx_ai_json_write_literal(w, "\"type\":\"custom_tool_call\"");

    } else {
        ngx_ai_json_write_literal(w, "\"type\":\"function_call\"");
    }

    ngx_ai_responses_write_call_id(items, part);

    ngx_ai_responses_write_pair(w, "name", &part->name);

    if (custom) {
        ngx_ai_responses_write_pair(w, "input", &input);

    } else {
        ngx_ai_json_write_key(w, "arguments");
        ngx_ai_json_write_string(w, &part->json);
    }

    ngx_ai_responses_end(items);
}


/* a signed call carries the signature in its id, as it has no other place */

static void
ngx_ai_responses_write_call_id(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part)
{
    ngx_int_t  rc;
    ngx_str_t  id;

    if (items->reader == NGX_AI_RESPONSES_TARGET) {
        rc = ngx_ai_id_fit(items->pool, &part->id, NGX_AI_RESPONSES_CALL_ID,
                           "_-.:|/+=@", 40, &id);

    } else {
        rc = ngx_ai_id_join(items->pool, &part->id, part->origin,
                            &part->signature, &id);
    }

    if (rc != NGX_OK) {
        items->w->rc = NGX_ERROR;
        return;
    }

    ngx_ai_responses_write_pair(items->w, "call_id", &id);
}


static void
ngx_ai_responses_write_result(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part)
{
    ngx_uint_t             i, n;
    const ngx_ai_part_t   *inner;
    ngx_ai_json_writer_t  *w;

    w = items->w;

    ngx_ai_responses_begin(items, "fco_");

    if (part->custom
        || ngx_ai_responses_is_custom(items->chat, &part->name))
    {
        ngx_ai_json_write_literal(w, "\"type\":\"custom_tool_call_output\"");

    } else {
        ngx_ai_json_write_literal(w, "\"type\":\"function_call_output\"");
    }

    ngx_ai_responses_write_call_id(items, part);

    ngx_ai_json_write_key(w, "output");

    n = part->parts ? part->parts->nelts : 0;
    inner = n ? part->parts->elts : NULL;

    if (n == 0) {
        ngx_ai_json_write_literal(w, "\"\"");

    } else if (n == 1 && inner->kind == NGX_AI_PART_TEXT) {
        ngx_ai_json_write_text(w, &inner->text);

    } else {
        ngx_ai_json_write_array(w);

        for (i = 0; i < n; i++) {
            if (ngx_ai_responses_is_content(items, &inner[i],
                                            NGX_AI_ROLE_USER))
            {
                ngx_ai_responses_write_part(items, &inner[i],
                                            NGX_AI_ROLE_USER);
            }
        }

        ngx_ai_json_write_end(w);
    }

    ngx_ai_responses_end(items);
}


static void
ngx_ai_responses_write_drawn(ngx_ai_responses_items_t *items,
    const ngx_ai_part_t *part)
{
    size_t                 n;
    ngx_str_t              format;
    ngx_ai_json_writer_t  *w;

    w = items->w;
    n = sizeof("image/") - 1;

    ngx_ai_responses_begin(items, "ig_");

    ngx_ai_json_write_literal(w, "\"type\":\"image_generation_call\"");

    if (part->media.len > n
        && ngx_memcmp(part->media.data, "image/", n) == 0)
    {
        format.data = part->media.data + n;
        format.len = part->media.len - n;

        ngx_ai_responses_write_pair(w, "output_format", &format);
    }

    ngx_ai_responses_write_pair(w, "result", &part->data);

    ngx_ai_responses_end(items);
}
