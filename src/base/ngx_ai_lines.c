
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_lines.h"
#include "ngx_ai_sse.h"


#define ngx_ai_lines_blank(c)                                                 \
    ((c) == ' ' || (c) == '\t' || (c) == CR || (c) == LF)


typedef enum {
    sw_start = 0,
    sw_first,                   /* the first element or the end */
    sw_element,                 /* in one */
    sw_next,                    /* a comma or the end */
    sw_value,                   /* what comes after a comma */
    sw_after
} ngx_ai_lines_state_e;


static ngx_int_t ngx_ai_lines_line(ngx_ai_lines_t *s, u_char **pos,
    u_char *last, ngx_ai_sse_event_t *ev);
static ngx_int_t ngx_ai_lines_array(ngx_ai_lines_t *s, u_char **pos,
    u_char *last, ngx_ai_sse_event_t *ev);
static ngx_int_t ngx_ai_lines_between(ngx_ai_lines_t *s, u_char c);
static u_char *ngx_ai_lines_element(ngx_ai_lines_t *s, u_char *p,
    u_char *last);
static void ngx_ai_lines_emit(ngx_ai_lines_t *s, u_char **pos, u_char *data,
    u_char *next, ngx_ai_sse_event_t *ev);


void
ngx_ai_lines_init(ngx_ai_lines_t *s, ngx_uint_t array, size_t max)
{
    ngx_memzero(s, sizeof(ngx_ai_lines_t));

    s->max = max;
    s->array = array ? 1 : 0;
    s->state = sw_start;
}


ngx_int_t
ngx_ai_lines_next(ngx_ai_lines_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev)
{
    if (*pos == last) {
        return NGX_AGAIN;
    }

    return s->array ? ngx_ai_lines_array(s, pos, last, ev)
                    : ngx_ai_lines_line(s, pos, last, ev);
}


ngx_int_t
ngx_ai_lines_end(ngx_ai_lines_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev)
{
    ngx_int_t  rc;

    rc = ngx_ai_lines_next(s, pos, last, ev);

    if (rc != NGX_AGAIN) {
        return rc;
    }

    /* lines are always at their start */

    if (s->state != sw_start && s->state != sw_after) {
        return NGX_ERROR;
    }

    if (*pos == last) {
        return NGX_DONE;
    }

    /* a line, or blanks around an array */

    ngx_ai_lines_emit(s, pos, *pos, last, ev);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_lines_line(ngx_ai_lines_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev)
{
    u_char  *base, *p, *next;

    base = *pos;
    p = base + s->scan;

    p = memchr(p, LF, last - p);
    next = (p != NULL) ? p + 1 : last;

    if ((size_t) (next - base) > s->max) {
        return NGX_DECLINED;
    }

    if (p == NULL) {
        s->scan = last - base;
        return NGX_AGAIN;
    }

    ngx_ai_lines_emit(s, pos, base, next, ev);

    return NGX_OK;
}


/*
 * No byte over the cap is looked at: what comes behind it, a fault too, must
 * not count, wherever the stream was cut.
 */

static ngx_int_t
ngx_ai_lines_array(ngx_ai_lines_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev)
{
    u_char     *base, *p, *end;
    ngx_int_t   rc;

    base = *pos;
    p = base + s->scan;
    end = ((size_t) (last - base) > s->max) ? base + s->max : last;

    while (p < end) {

        if (s->state == sw_element) {
            p = ngx_ai_lines_element(s, p, end);

            if (s->depth) {
                break;
            }

            s->state = sw_next;
            ngx_ai_lines_emit(s, pos, base + s->data, p, ev);

            return NGX_OK;
        }

        rc = ngx_ai_lines_between(s, *p);
        if (rc != NGX_OK) {
            return rc;
        }

        if (s->state == sw_element) {
            s->data = p - base;
            continue;
        }

        p++;

        if (s->state == sw_after && p[-1] == ']') {
            ngx_ai_lines_emit(s, pos, p, p, ev);
            return NGX_OK;
        }
    }

    if (end < last) {
        return NGX_DECLINED;
    }

    s->scan = p - base;

    return NGX_AGAIN;
}


static ngx_int_t
ngx_ai_lines_between(ngx_ai_lines_t *s, u_char c)
{
    if (ngx_ai_lines_blank(c)) {
        return NGX_OK;
    }

    switch (s->state) {

    case sw_start:
        s->state = sw_first;
        return (c == '[') ? NGX_OK : NGX_ERROR;

    case sw_first:
    case sw_value:

        if (c == '{' || c == '[') {
            s->state = sw_element;
            return NGX_OK;
        }

        if (c == ']' && s->state == sw_first) {
            s->state = sw_after;
            return NGX_OK;
        }

        return NGX_ERROR;

    case sw_next:
        s->state = (c == ',') ? sw_value : sw_after;
        return (c == ',' || c == ']') ? NGX_OK : NGX_ERROR;

    default: /* sw_after */
        return NGX_ERROR;
    }
}


/* returns the place behind the element, with depth = 0, or last */

static u_char *
ngx_ai_lines_element(ngx_ai_lines_t *s, u_char *p, u_char *last)
{
    while (p < last) {

        if (s->escape) {
            s->escape = 0;
            p++;
            continue;
        }

        if (s->string) {

            while (p < last && *p != '"' && *p != '\\') {
                p++;
            }

            if (p < last) {
                s->escape = (*p == '\\');
                s->string = (*p == '\\');
                p++;
            }

            continue;
        }

        switch (*p++) {

        case '"':
            s->string = 1;
            break;

        case '{':
        case '[':
            s->depth++;
            break;

        case '}':
        case ']':
            if (--s->depth == 0) {
                return p;
            }

            break;
        }
    }

    return p;
}


/* the data goes from "data" to "next", its blanks cut off */

static void
ngx_ai_lines_emit(ngx_ai_lines_t *s, u_char **pos, u_char *data,
    u_char *next, ngx_ai_sse_event_t *ev)
{
    ev->raw.data = *pos;
    ev->raw.len = next - *pos;

    ev->name.data = *pos;
    ev->name.len = 0;

    ev->data.data = data;
    ev->data.len = next - data;

    ngx_ai_lines_trim(&ev->data);

    ev->lines = (ev->data.len != 0);
    ev->error = 0;

    s->scan = 0;
    *pos = next;
}


void
ngx_ai_lines_trim(ngx_str_t *text)
{
    while (text->len && ngx_ai_lines_blank(text->data[text->len - 1])) {
        text->len--;
    }

    while (text->len && ngx_ai_lines_blank(*text->data)) {
        text->data++;
        text->len--;
    }
}
