
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_scan.h"
#include "ngx_ai_scan_field.h"
#include "ngx_ai_text.h"


#define ngx_ai_scan_space(c)                                                  \
    ((c) == ' ' || (c) == '\n' || (c) == '\r' || (c) == '\t')

#define ngx_ai_scan_digit(c)  ((u_char) ((c) - '0') < 10)


typedef enum {
    sw_value = 0,
    sw_elements,                /* the first element or the end */
    sw_members,                 /* the first key or the end */
    sw_key,
    sw_name,                    /* in a key */
    sw_colon,
    sw_string,
    sw_number,
    sw_literal,
    sw_next,                    /* a comma or the end */
    sw_done,
    sw_error
} ngx_ai_scan_state_e;


/* what of a number was last */

typedef enum {
    sub_minus = 0,
    sub_zero,
    sub_integer,
    sub_point,
    sub_fraction,
    sub_e,
    sub_sign,
    sub_exponent
} ngx_ai_scan_sub_e;


static const u_char *ngx_ai_scan_key(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);
static const u_char *ngx_ai_scan_value(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);
static const u_char *ngx_ai_scan_elements(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);
static const u_char *ngx_ai_scan_next(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);
static const u_char *ngx_ai_scan_string(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);
static const u_char *ngx_ai_scan_unit(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);
static const u_char *ngx_ai_scan_rest(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);
static const u_char *ngx_ai_scan_number(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);
static const u_char *ngx_ai_scan_literal(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);
static const u_char *ngx_ai_scan_blank(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);
static const u_char *ngx_ai_scan_open(ngx_ai_scan_t *s, const u_char *p);
static const u_char *ngx_ai_scan_close(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);
static void ngx_ai_scan_begin(ngx_ai_scan_t *s, const u_char *p,
    ngx_ai_json_type_e type);
static const u_char *ngx_ai_scan_finish(ngx_ai_scan_t *s, const u_char *text,
    const u_char *p, const u_char *end);
static const u_char *ngx_ai_scan_after(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);
static void ngx_ai_scan_element(ngx_ai_scan_t *s);
static const u_char *ngx_ai_scan_fail(ngx_ai_scan_t *s, const u_char *p,
    const char *error);


ngx_int_t
ngx_ai_scan_init(ngx_ai_scan_t *s, const ngx_ai_scan_field_t *fields,
    ngx_uint_t nfields, ngx_ai_scan_value_t *values, ngx_uint_t depth)
{
    s->fields = fields;
    s->nfields = nfields;
    s->values = values;
    s->max = (uint16_t) ngx_min(depth, NGX_AI_SCAN_DEPTH);

    if (ngx_ai_scan_field_init(s) != NGX_OK) {
        s->nfields = 0;
        s->offset = 0;
        s->error = "invalid paths";
        s->state = sw_error;

        return NGX_DECLINED;
    }

    ngx_ai_scan_reset(s);

    return NGX_OK;
}


void
ngx_ai_scan_reset(ngx_ai_scan_t *s)
{
    s->offset = 0;
    s->error = NULL;

    s->depth = 0;
    s->part_len = 0;
    s->state = sw_value;
    s->item = sw_done;

    ngx_ai_scan_field_reset(s);
}


ngx_int_t
ngx_ai_scan_feed(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    s->start = p;
    s->mark = p;

    while (p < end) {

        switch (s->state) {

        case sw_members:
        case sw_key:
            p = ngx_ai_scan_key(s, p, end);
            break;

        case sw_colon:

            if (*p == ':') {
                p++;
                s->state = sw_value;
                break;
            }

            p = ngx_ai_scan_blank(s, p, end);
            break;

        case sw_elements:
            p = ngx_ai_scan_elements(s, p, end);
            break;

        case sw_value:
            p = ngx_ai_scan_value(s, p, end);
            break;

        case sw_next:
            p = ngx_ai_scan_next(s, p, end);
            break;

        case sw_name:
        case sw_string:
            p = ngx_ai_scan_string(s, p, end);
            break;

        case sw_number:
            p = ngx_ai_scan_number(s, p, end);
            break;

        case sw_literal:
            p = ngx_ai_scan_literal(s, p, end);
            break;

        case sw_done:
            p = ngx_ai_scan_blank(s, p, end);
            break;

        default: /* sw_error */
            return NGX_ERROR;
        }

        if (p == NULL) {
            return NGX_ERROR;
        }
    }

    if (s->state == sw_error) {
        return NGX_ERROR;
    }

    /*
     * These bytes go away.  What is here of an escape in a key is in s->part,
     * and is kept when it is decoded.
     */

    if (s->state == sw_name) {
        if (s->part_len == 0 || s->part[0] != '\\') {
            ngx_ai_scan_field_keep(s, end, 1);
        }

    } else if (s->value != NULL) {
        ngx_ai_scan_field_keep(s, end, 0);
    }

    s->offset += end - s->start;

    return s->state == sw_done ? NGX_OK : NGX_AGAIN;
}


ngx_int_t
ngx_ai_scan_end(ngx_ai_scan_t *s)
{
    s->start = NULL;
    s->mark = NULL;

    if (s->state == sw_number && s->depth == 0
        && (s->sub == sub_zero || s->sub == sub_integer
            || s->sub == sub_fraction || s->sub == sub_exponent))
    {
        (void) ngx_ai_scan_finish(s, NULL, NULL, NULL);
    }

    if (s->state == sw_done) {
        return NGX_OK;
    }

    if (s->state != sw_error) {
        (void) ngx_ai_scan_fail(s, NULL, s->top.type == NGX_AI_JSON_NONE
                                         ? "empty document"
                                         : "unexpected end");
    }

    return NGX_ERROR;
}


static ngx_inline const u_char *
ngx_ai_scan_key(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    const u_char  *key, *quote;

    if (*p != '"') {

        if (*p == '}' && s->state == sw_members) {
            return ngx_ai_scan_close(s, p, end);
        }

        return ngx_ai_scan_blank(s, p, end);
    }

    key = p + 1;
    quote = ngx_ai_text_plain(key, end);

    if (s->node) {
        s->key = ngx_ai_scan_pos(s, p);
        s->members[s->depth]++;
    }

    if (quote == end || *quote != '"') {
        s->name_len = 0;
        s->mark = key;
        s->state = sw_name;

        return quote;
    }

    if (s->node) {
        s->target = ngx_ai_scan_field_match(s, key, quote - key);
    }

    p = quote + 1;

    if (end - p > 1 && *p == ':') {
        return ngx_ai_scan_value(s, p + 1, end);
    }

    s->state = sw_colon;

    return p;
}


static ngx_inline const u_char *
ngx_ai_scan_value(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    const u_char  *quote;

    switch (*p) {

    case '"':
        ngx_ai_scan_begin(s, p, NGX_AI_JSON_STRING);

        s->mark = p + 1;
        quote = ngx_ai_text_plain(p + 1, end);

        if (quote < end && *quote == '"') {
            return ngx_ai_scan_finish(s, quote, quote + 1, end);
        }

        s->state = sw_string;

        return quote;

    case '{':
    case '[':
        return ngx_ai_scan_open(s, p);

    case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
        ngx_ai_scan_begin(s, p, NGX_AI_JSON_NUMBER);

        s->mark = p;
        s->state = sw_number;
        s->sub = (*p == '-') ? sub_minus
                             : (*p == '0') ? sub_zero : sub_integer;

        return ngx_ai_scan_number(s, p + 1, end);

    case 't':
        ngx_ai_scan_begin(s, p, NGX_AI_JSON_TRUE);
        s->literal = "true";
        break;

    case 'f':
        ngx_ai_scan_begin(s, p, NGX_AI_JSON_FALSE);
        s->literal = "false";
        break;

    case 'n':
        ngx_ai_scan_begin(s, p, NGX_AI_JSON_NULL);
        s->literal = "null";
        break;

    default:
        s->state = sw_value;
        return ngx_ai_scan_blank(s, p, end);
    }

    s->mark = p;
    s->state = sw_literal;

    return ngx_ai_scan_literal(s, p, end);
}


static const u_char *
ngx_ai_scan_elements(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    if (*p == ']') {
        return ngx_ai_scan_close(s, p, end);
    }

    if (ngx_ai_scan_space(*p)) {
        return ngx_ai_scan_blank(s, p, end);
    }

    ngx_ai_scan_element(s);

    s->state = sw_value;

    return p;
}


static const u_char *
ngx_ai_scan_next(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    if (*p == ',') {
        return ngx_ai_scan_after(s, p, end);
    }

    if (*p == (s->item == sw_key ? '}' : ']')) {
        return ngx_ai_scan_close(s, p, end);
    }

    return ngx_ai_scan_blank(s, p, end);
}


/* goes on within a key or a string value, up to the quote after it */

static const u_char *
ngx_ai_scan_string(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    ngx_uint_t     near;
    const u_char  *last;

    last = p;
    near = 0;               /* escapes, each close to the one before it */

    if (s->part_len) {
        p = ngx_ai_scan_rest(s, p, end);
    }

    while (p != NULL && p < end) {

        p = ngx_ai_text_plain(p, end);

        if (p == end) {
            break;
        }

        if (*p == '"') {

            if (s->state == sw_string) {
                return ngx_ai_scan_finish(s, p, p + 1, end);
            }

            ngx_ai_scan_field_keep(s, p, 1);

            s->target = ngx_ai_scan_field_match(s, s->name, s->name_len);
            s->state = sw_colon;

            return p + 1;
        }

        if (*p < 0x20) {
            return ngx_ai_scan_fail(s, p, "control character in a string");
        }

        if (*p == '\\' && s->state == sw_string && end - p > 1
            && ngx_ai_text_escapes[p[1]])
        {
            /* "\n" and its like are in every text, and here whole */

            near = (p - last < 64) ? near + 1 : 0;
            last = p;

            p = (near == 4) ? ngx_ai_text_blocks(p, end) : p + 2;
            continue;
        }

        p = ngx_ai_scan_unit(s, p, end);
        near = 0;
    }

    return p;
}


/*
 * Skips an escape or UTF-8.  The first bytes of a unit whose others are not
 * here wait in s->part for ngx_ai_scan_rest().
 */

static const u_char *
ngx_ai_scan_unit(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    uint32_t       code;
    ngx_int_t      rc;
    ngx_uint_t     name;
    const char    *error;
    const u_char  *next;

    name = (*p == '\\' && s->state == sw_name);

    if (name) {
        ngx_ai_scan_field_keep(s, p, 1);
    }

    if (*p != '\\') {
        next = ngx_ai_text_utf8(p, end);

        if (next != p) {
            return next;
        }
    }

    next = p;
    rc = ngx_ai_text_unit(&next, end, &code, &error);

    if (rc == NGX_ERROR) {
        return ngx_ai_scan_fail(s, next, error);
    }

    if (rc == NGX_AGAIN) {
        s->part_len = (u_char) (end - p);
        ngx_memcpy(s->part, p, s->part_len);

        return end;
    }

    if (name) {
        ngx_ai_scan_field_code(s, code, next);
    }

    return next;
}


static const u_char *
ngx_ai_scan_rest(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    uint32_t       code;
    ngx_int_t      rc;
    const char    *error;
    const u_char  *next;

    while (p < end) {

        s->part[s->part_len++] = *p;

        next = s->part;
        rc = ngx_ai_text_unit(&next, s->part + s->part_len, &code, &error);

        if (rc == NGX_ERROR) {

            /* it is this byte: with those before it the unit was right */

            return ngx_ai_scan_fail(s, p, error);
        }

        p++;

        if (rc == NGX_OK) {
            s->part_len = 0;

            if (s->part[0] == '\\' && s->state == sw_name) {
                ngx_ai_scan_field_code(s, code, p);
            }

            break;
        }
    }

    return p;
}


static const u_char *
ngx_ai_scan_number(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    u_char  c;

    for ( /* void */ ; p < end; p++) {

        c = *p;

        if (ngx_ai_scan_digit(c)) {

            switch (s->sub) {

            case sub_minus:
                s->sub = (c == '0') ? sub_zero : sub_integer;
                break;

            case sub_zero:
                return ngx_ai_scan_fail(s, p, "invalid number");

            case sub_point:
                s->sub = sub_fraction;
                break;

            case sub_e:
            case sub_sign:
                s->sub = sub_exponent;
                break;
            }

            if (s->sub != sub_zero) {
                while (end - p > 1 && ngx_ai_scan_digit(p[1])) {
                    p++;
                }
            }

            continue;
        }

        switch (s->sub) {

        case sub_zero:
        case sub_integer:

            if (c == '.') {
                s->sub = sub_point;
                continue;
            }

            /* fall through */

        case sub_fraction:

            if (c == 'e' || c == 'E') {
                s->sub = sub_e;
                continue;
            }

            /* fall through */

        case sub_exponent:
            return ngx_ai_scan_finish(s, p, p, end);

        case sub_e:

            if (c == '+' || c == '-') {
                s->sub = sub_sign;
                continue;
            }

            /* fall through */

        default: /* sub_minus, sub_point, sub_sign */
            return ngx_ai_scan_fail(s, p, "invalid number");
        }
    }

    return p;
}


static const u_char *
ngx_ai_scan_literal(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    while (p < end) {

        if (*p != (u_char) *s->literal) {
            return ngx_ai_scan_fail(s, p, "invalid literal");
        }

        p++;
        s->literal++;

        if (*s->literal == '\0') {
            return ngx_ai_scan_finish(s, p, p, end);
        }
    }

    return p;
}


/* skips white space, which is all that may be here */

static const u_char *
ngx_ai_scan_blank(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    if (!ngx_ai_scan_space(*p)) {
        return ngx_ai_scan_fail(s, p, "unexpected character");
    }

    do {
        p++;
    } while (p < end && ngx_ai_scan_space(*p));

    return p;
}


static const u_char *
ngx_ai_scan_open(ngx_ai_scan_t *s, const u_char *p)
{
    uint64_t  bit;

    if (s->depth == s->max) {
        return ngx_ai_scan_fail(s, p, "nested too deep");
    }

    bit = (uint64_t) 1 << (s->depth % 64);

    if (*p == '{') {
        ngx_ai_scan_begin(s, p, NGX_AI_JSON_OBJECT);
        s->objects[s->depth / 64] |= bit;
        s->item = sw_key;
        s->state = sw_members;

    } else {
        ngx_ai_scan_begin(s, p, NGX_AI_JSON_ARRAY);
        s->objects[s->depth / 64] &= ~bit;
        s->item = sw_value;
        s->state = sw_elements;
    }

    s->depth++;
    s->node = s->target;

    /* containers deeper than the longest path have no node */

    if (s->depth < NGX_AI_SCAN_LEVELS + 2) {
        s->path[s->depth] = s->node;
        s->members[s->depth] = 0;
    }

    return p + 1;
}


static const u_char *
ngx_ai_scan_close(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    ngx_uint_t  i;

    p++;

    if (s->node) {
        ngx_ai_scan_field_container(s, p);
    }

    s->depth--;
    s->node = (s->depth < NGX_AI_SCAN_LEVELS + 2) ? s->path[s->depth] : 0;

    if (s->depth == 0) {
        s->item = sw_done;

    } else {
        i = s->depth - 1;
        s->item = (s->objects[i / 64] >> (i % 64) & 1) ? sw_key : sw_value;
    }

    return ngx_ai_scan_after(s, p, end);
}


static ngx_inline void
ngx_ai_scan_begin(ngx_ai_scan_t *s, const u_char *p, ngx_ai_json_type_e type)
{
    if (s->target) {
        ngx_ai_scan_field_begin(s, p, type);
    }
}


/* a scalar ends at "p", its text at "text" */

static ngx_inline const u_char *
ngx_ai_scan_finish(ngx_ai_scan_t *s, const u_char *text, const u_char *p,
    const u_char *end)
{
    if (s->value != NULL) {
        ngx_ai_scan_field_scalar(s, text, p);
    }

    return ngx_ai_scan_after(s, p, end);
}


/* a value has ended at "p" */

static ngx_inline const u_char *
ngx_ai_scan_after(ngx_ai_scan_t *s, const u_char *p, const u_char *end)
{
    if (s->item == sw_done) {
        s->top.end = ngx_ai_scan_pos(s, p);
        s->state = sw_done;

        return p;
    }

    if (p == end || *p != ',') {
        s->state = sw_next;

        return p;
    }

    s->state = s->item;

    if (s->item == sw_value) {
        ngx_ai_scan_element(s);
    }

    return p + 1;
}


/* the value to come is an element of the open array */

static ngx_inline void
ngx_ai_scan_element(ngx_ai_scan_t *s)
{
    if (s->node) {
        s->key = -1;
        s->members[s->depth]++;
        s->target = s->nodes[s->node].star;
    }
}


static const u_char *
ngx_ai_scan_fail(ngx_ai_scan_t *s, const u_char *p, const char *error)
{
    s->offset = ngx_ai_scan_pos(s, p);
    s->error = error;
    s->state = sw_error;

    return NULL;
}
