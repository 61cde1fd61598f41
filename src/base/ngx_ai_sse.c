
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_buf.h"
#include "ngx_ai_sse.h"


#define NGX_AI_SSE_BOM      "\xef\xbb\xbf"
#define NGX_AI_SSE_BOM_LEN  3


static ngx_inline u_char *ngx_ai_sse_find(u_char *p, u_char *last, u_char c);
static ngx_int_t ngx_ai_sse_edge(ngx_ai_sse_t *s, u_char *base, u_char *last);
static ngx_int_t ngx_ai_sse_line(ngx_ai_sse_t *s, u_char *base, u_char *p,
    u_char *end);
static ngx_int_t ngx_ai_sse_join(ngx_ai_sse_t *s, u_char *base, u_char *p,
    u_char *end);
static void ngx_ai_sse_emit(ngx_ai_sse_t *s, u_char *base, u_char *next,
    ngx_ai_sse_event_t *ev);


void
ngx_ai_sse_init(ngx_ai_sse_t *s, size_t max, ngx_log_t *log)
{
    ngx_memzero(s, sizeof(ngx_ai_sse_t));

    s->max = max;
    s->start = 1;

    ngx_ai_buf_init(&s->joined, max, log);
}


void
ngx_ai_sse_free(ngx_ai_sse_t *s)
{
    ngx_ai_buf_free(&s->joined);
}


ngx_int_t
ngx_ai_sse_next(ngx_ai_sse_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev)
{
    u_char     *base, *p, *lf, *cr, *end, *next;
    ngx_int_t   rc;

    base = *pos;

    if (base == last) {
        return NGX_AGAIN;
    }

    if (s->start || s->after_cr) {
        if (ngx_ai_sse_edge(s, base, last) != NGX_OK) {
            return NGX_AGAIN;
        }
    }

    p = base + s->scan;
    lf = base + s->lf;
    cr = base + s->cr;

    /*
     * Both line ends are searched for as far as the bytes go and remembered:
     * a stream with only one of them is read once for the other one, and not
     * once per line.
     */

    for ( ;; ) {

        lf = ngx_ai_sse_find(ngx_max(lf, p), last, LF);
        cr = ngx_ai_sse_find(ngx_max(cr, p), last, CR);

        end = ngx_min(lf, cr);

        if (end == last) {
            break;
        }

        next = end + 1;

        if (end == cr) {
            if (next == last) {
                s->after_cr = 1;

            } else if (*next == LF) {
                next++;
            }
        }

        if (end == p) {
            if ((size_t) (end + 1 - base) - s->skipped > s->max) {
                return NGX_DECLINED;
            }

            ngx_ai_sse_emit(s, base, next, ev);

            s->lf = (lf > next) ? lf - next : 0;
            s->cr = (cr > next) ? cr - next : 0;
            *pos = next;

            return NGX_OK;
        }

        rc = ngx_ai_sse_line(s, base, p, end);
        if (rc != NGX_OK) {
            return rc;
        }

        p = next;
    }

    if ((size_t) (last - base) - s->skipped > s->max) {
        return NGX_DECLINED;
    }

    s->scan = p - base;
    s->lf = lf - base;
    s->cr = cr - base;

    return NGX_AGAIN;
}


static ngx_inline u_char *
ngx_ai_sse_find(u_char *p, u_char *last, u_char c)
{
    if (p == last || *p == c) {
        return p;
    }

    p = memchr(p, c, last - p);

    return (p != NULL) ? p : last;
}


/* the two things that may stand before a line: a BOM, the LF of a CR LF */

static ngx_int_t
ngx_ai_sse_edge(ngx_ai_sse_t *s, u_char *base, u_char *last)
{
    size_t  n;

    if (s->start) {
        n = ngx_min(last - base, NGX_AI_SSE_BOM_LEN);

        if (ngx_memcmp(base, NGX_AI_SSE_BOM, n) == 0) {
            if (n < NGX_AI_SSE_BOM_LEN) {
                return NGX_AGAIN;
            }

            s->scan = NGX_AI_SSE_BOM_LEN;
        }

        s->start = 0;

        return NGX_OK;
    }

    if (base + s->scan == last) {
        return NGX_AGAIN;
    }

    if (base[s->scan] == LF) {
        s->skipped |= (s->scan == 0);
        s->scan++;
    }

    s->after_cr = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_sse_line(ngx_ai_sse_t *s, u_char *base, u_char *p, u_char *end)
{
    size_t      len;
    u_char     *value;
    ngx_uint_t  data;

    len = end - p;

    if (len >= 4 && ngx_memcmp(p, "data", 4) == 0) {
        data = 1;
        value = p + 4;

    } else if (len >= 5 && ngx_memcmp(p, "event", 5) == 0) {
        data = 0;
        value = p + 5;

    } else {
        return NGX_OK;
    }

    if (value < end) {
        if (*value != ':') {
            return NGX_OK;
        }

        value++;

        if (value < end && *value == ' ') {
            value++;
        }
    }

    if (!data) {
        s->name = value - base;
        s->name_len = end - value;

        return NGX_OK;
    }

    if (s->lines++) {
        return ngx_ai_sse_join(s, base, value, end);
    }

    s->data = value - base;
    s->data_len = end - value;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_sse_join(ngx_ai_sse_t *s, u_char *base, u_char *p, u_char *end)
{
    ngx_int_t  rc;

    if (s->lines == 2) {
        ngx_ai_buf_reset(&s->joined);

        rc = ngx_ai_buf_append(&s->joined, base + s->data, s->data_len);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    rc = ngx_ai_buf_append(&s->joined, "\n", 1);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_buf_append(&s->joined, p, end - p);
}


static void
ngx_ai_sse_emit(ngx_ai_sse_t *s, u_char *base, u_char *next,
    ngx_ai_sse_event_t *ev)
{
    ev->raw.data = base;
    ev->raw.len = next - base;

    ev->name.data = base + s->name;
    ev->name.len = s->name_len;

    ev->lines = s->lines;
    ev->error = 0;

    if (s->lines > 1) {
        ev->data.data = s->joined.start;
        ev->data.len = ngx_ai_buf_len(&s->joined);

    } else {
        ev->data.data = base + s->data;
        ev->data.len = s->data_len;
    }

    s->scan = 0;
    s->name = 0;
    s->name_len = 0;
    s->data = 0;
    s->data_len = 0;
    s->lines = 0;
    s->skipped = 0;
}


ngx_int_t
ngx_ai_sse_end(ngx_ai_sse_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev)
{
    u_char     *base;
    ngx_int_t   rc;

    rc = ngx_ai_sse_next(s, pos, last, ev);

    if (rc != NGX_AGAIN) {
        return rc;
    }

    base = *pos;

    if (base == last) {
        return NGX_DONE;
    }

    rc = ngx_ai_sse_line(s, base, base + s->scan, last);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_sse_emit(s, base, last, ev);

    *pos = last;

    return NGX_OK;
}
