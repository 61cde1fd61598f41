
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _WIRE_ROWS_H_INCLUDED_
#define _WIRE_ROWS_H_INCLUDED_


/*
 * What tests of all dialects do with their tables.  Bodies are in the form of
 * wire_json(); an empty name ends a table.
 */


#include "tap.h"
#include "wire.h"


/* a request, and all of it in the hub but for the first "skip" lines */

typedef struct {
    const char    *name;
    const char    *body;
    const char    *hub;
} wire_ask_row_t;


/* a request that is refused, by path and reason; or what is dropped of it */

typedef struct {
    const char    *body;
    const char    *said;
} wire_fault_row_t;


/* a request, a change to its value in the hub, and what is written */

typedef struct {
    const char    *name;
    const char    *model;
    void         (*twist)(ngx_ai_chat_t *chat);
    const char    *body;
    const char    *want;
} wire_write_row_t;


/* an answer, in the hub and as it is told */

typedef struct {
    const char    *name;
    const char    *body;
    const char    *hub;
    const char    *told;
} wire_answer_row_t;


static inline ngx_int_t
wire_ask(wire_t *w, const char *body)
{
    char       *json;
    ngx_int_t   rc;

    json = wire_json(body);
    rc = wire_read_ask(w, json, strlen(json));
    free(json);

    return rc;
}


static inline void
wire_asks(ngx_uint_t number, const ngx_ai_dialect_t *dialect,
    const wire_ask_row_t *rows, ngx_uint_t n, ngx_uint_t skip)
{
    char        *p;
    wire_t       w;
    hub_text_t   t = { NULL, 0, 0 };
    ngx_uint_t   i, k;

    wire_init(&w, number, dialect);

    for (i = 0; i < n; i++) {

        if (wire_ask(&w, rows[i].body) == NGX_OK) {
            hub_chat_text(&t, &w.chat);

        } else {
            hub_printf(&t, "%s", w.fault);
        }

        p = t.data;

        for (k = 0; k < skip && memchr(p, '\n', t.data + t.len - p); k++) {
            p = (char *) memchr(p, '\n', t.data + t.len - p) + 1;
        }

        is_str(p, t.data + t.len - p, rows[i].hub, "read: %s", rows[i].name);
        hub_text_free(&t);
    }

    wire_free(&w);
}


static inline void
wire_faults(ngx_uint_t number, const ngx_ai_dialect_t *dialect,
    const wire_fault_row_t *rows, ngx_uint_t n)
{
    wire_t      w;
    ngx_uint_t  i;

    wire_init(&w, number, dialect);

    for (i = 0; i < n; i++) {

        if (wire_ask(&w, rows[i].body) == NGX_OK) {
            snprintf(w.fault, sizeof(w.fault), "(it was read)");
        }

        is_str(w.fault, strlen(w.fault), rows[i].said, "refused: %s",
               rows[i].said);
    }

    wire_free(&w);
}


/* each name has a blank before it */

static inline void
wire_dropped(ngx_uint_t number, const ngx_ai_dialect_t *dialect,
    const wire_fault_row_t *rows, ngx_uint_t n)
{
    wire_t       w;
    hub_text_t   t = { NULL, 0, 0 };
    ngx_uint_t   i, k;

    wire_init(&w, number, dialect);

    for (i = 0; i < n; i++) {

        if (wire_ask(&w, rows[i].body) != NGX_OK) {
            hub_printf(&t, "%s", w.fault);
        }

        for (k = 0; k < w.drops.n; k++) {
            hub_printf(&t, " %.*s", (int) w.drops.names[k].len,
                       w.drops.names[k].data);
        }

        is_str(t.data ? t.data : "", t.len, rows[i].said,
               "not understood:%s", rows[i].said);
        is_int(w.drops.count, w.drops.n, "and all of it is counted");
        hub_text_free(&t);
    }

    wire_free(&w);
}


/* without memory there is no request, and nothing is left behind */

static inline void
wire_ask_memory(ngx_uint_t number, const ngx_ai_dialect_t *dialect,
    const char *body)
{
    wire_t       w;
    ngx_uint_t   n, wrong;

    wire_init(&w, number, dialect);

    is_int(wire_ask(&w, body), NGX_OK, "a request of all there is");

    wrong = 0;

    for (n = 1; n < 300; n++) {
        ngx_shim_fail_at = n;

        if (wire_ask(&w, body) == NGX_OK && !ngx_shim_fail_at) {
            wrong++;
        }

        if (ngx_shim_fail_at) {
            break;
        }
    }

    ngx_shim_fail_at = 0;

    ok(n > 10 && n < 300, "a request takes some allocations");
    is_int(wrong, 0, "each of them may fail");

    wire_free(&w);
}


static inline void
wire_writes(ngx_uint_t number, const ngx_ai_dialect_t *dialect,
    const wire_write_row_t *rows, ngx_uint_t n)
{
    wire_t                   w;
    ngx_int_t                rc;
    hub_text_t               t = { NULL, 0, 0 };
    ngx_uint_t               i;
    const wire_write_row_t  *row;

    wire_init(&w, number, dialect);

    for (i = 0; i < n; i++) {
        row = &rows[i];

        if (wire_ask(&w, row->body) != NGX_OK) {
            ok(0, "%s: %s", row->name, w.fault);
            continue;
        }

        if (row->twist != NULL) {
            row->twist(&w.chat);
        }

        ok(ngx_ai_chat_complete(&w.chat) == NGX_OK, "%s", row->name);

        rc = wire_write_ask(&w, row->model, w.chat.stream);

        ok(rc == NGX_OK, "it can be written");

        wire_out(&w, &t);

        is_str(t.data, t.len, row->want, "written: %s", row->name);
        hub_text_free(&t);
    }

    wire_free(&w);
}


/* what can't be made is told, and so is a buffer that is full */

static inline void
wire_write_memory(ngx_uint_t number, const ngx_ai_dialect_t *dialect,
    const char *model, const char *body, ngx_uint_t allocations)
{
    size_t       len, max;
    wire_t       w;
    ngx_uint_t   n, wrong;

    wire_init(&w, number, dialect);

    (void) wire_ask(&w, body);

    ok(wire_write_ask(&w, model, 0) == NGX_OK, "a request is written");
    len = ngx_ai_buf_len(&w.out);

    wrong = 0;

    for (n = 1; n < 100; n++) {
        ngx_shim_fail_at = n;

        if (wire_write_ask(&w, model, 0) == NGX_OK && !ngx_shim_fail_at) {
            wrong++;
        }

        if (ngx_shim_fail_at) {
            break;
        }
    }

    ngx_shim_fail_at = 0;

    is_int(n - 1, allocations, "it takes so many allocations");
    is_int(wrong, 0, "each of them may fail");

    wrong = 0;
    max = w.out.max;

    for (n = 0; n < len; n++) {
        ngx_ai_buf_free(&w.out);
        w.out.max = n;

        if (wire_write_ask(&w, model, 0) != NGX_DECLINED) {
            wrong++;
        }
    }

    w.out.max = max;

    is_int(wrong, 0, "a buffer of any smaller size is too small");

    wire_free(&w);
}


static inline ngx_int_t
wire_answer(wire_t *w, const char *body)
{
    char       *json;
    ngx_int_t   rc;

    json = wire_json(body);
    rc = wire_read_answer(w, json, strlen(json));
    free(json);

    return rc;
}


static inline void
wire_answers(ngx_uint_t number, const ngx_ai_dialect_t *dialect,
    const wire_answer_row_t *rows, ngx_uint_t n)
{
    wire_t       w;
    hub_text_t   t = { NULL, 0, 0 };
    ngx_uint_t   i;

    wire_init(&w, number, dialect);

    for (i = 0; i < n; i++) {

        ok(wire_answer(&w, rows[i].body) == NGX_OK, "%s", rows[i].name);

        hub_answer_text(&t, &w.answer);
        is_str(t.data, t.len, rows[i].hub, "read: %s", rows[i].name);
        hub_text_free(&t);

        ok(wire_write_answer(&w) == NGX_OK, "it can be told");

        wire_out(&w, &t);
        is_str(t.data, t.len, rows[i].told, "told: %s", rows[i].name);
        hub_text_free(&t);
    }

    wire_free(&w);
}


static inline void
wire_no_answers(ngx_uint_t number, const ngx_ai_dialect_t *dialect,
    const char *const *bodies, ngx_uint_t n)
{
    wire_t      w;
    ngx_uint_t  i;

    wire_init(&w, number, dialect);

    for (i = 0; i < n; i++) {
        is_int(wire_answer(&w, bodies[i]), NGX_ERROR, "no answer: %s",
               bodies[i]);
    }

    wire_free(&w);
}


static inline void
wire_answer_memory(ngx_uint_t number, const ngx_ai_dialect_t *dialect,
    const char *body)
{
    wire_t       w;
    ngx_uint_t   n, wrong;

    wire_init(&w, number, dialect);

    is_int(wire_answer(&w, body), NGX_OK, "an answer of all there is");

    wrong = 0;

    for (n = 1; n < 300; n++) {
        ngx_shim_fail_at = n;

        if (wire_answer(&w, body) == NGX_OK && !ngx_shim_fail_at) {
            wrong++;
        }

        if (ngx_shim_fail_at) {
            break;
        }
    }

    ngx_shim_fail_at = 0;

    ok(n > 5 && n < 300, "an answer takes some allocations");
    is_int(wrong, 0, "each of them may fail");

    wire_free(&w);
}


/* a part of the first alternative, or of a message */

static inline ngx_ai_part_t *
wire_part(ngx_array_t *parts, ngx_uint_t kind)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_part_push(parts, kind);

    if (part == NULL) {
        abort();
    }

    return part;
}


static inline ngx_ai_part_t *
wire_message_part(ngx_ai_chat_t *chat, ngx_uint_t message, ngx_uint_t kind)
{
    ngx_ai_message_t  *messages;

    messages = chat->messages.elts;

    return wire_part(&messages[message].parts, kind);
}


static inline ngx_ai_part_t *
wire_answer_part(wire_t *w, ngx_uint_t kind)
{
    ngx_ai_alternative_t  *a;

    a = w->answer.alternatives.elts;

    return wire_part(&a->parts, kind);
}


#endif /* _WIRE_ROWS_H_INCLUDED_ */
