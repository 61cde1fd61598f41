
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _SCAN_H_INCLUDED_
#define _SCAN_H_INCLUDED_


/*
 * Runs the scanner over a document in many ways of cutting it, for scan.c and
 * scan_values.c.
 */


#include "tap.h"

#include "ngx_ai_scan.h"


#define SCAN_RUNNERS  12


typedef struct {
    ngx_int_t                    rc;
    const char                  *error;
    off_t                        offset;
    ngx_ai_scan_top_t            top;
    ngx_ai_scan_value_t          values[NGX_AI_SCAN_FIELDS];
} scan_result_t;


/* what is asked for, and how deep the document may be */

typedef struct {
    const ngx_ai_scan_field_t   *fields;
    ngx_uint_t                   nfields;
    ngx_uint_t                   depth;
} scan_conf_t;


static inline size_t
scan_piece(ngx_uint_t runner, uint32_t *state, size_t left)
{
    size_t  n;

    switch (runner) {

    case 0:
        return left;

    case 1:
        return 1;

    case 2:
        n = 2;
        break;

    default:
        n = tap_random(state) % (runner * 4) + 1;
        break;
    }

    return ngx_min(n, left);
}


/*
 * Each piece is copied to the same place before an unreadable page: reading
 * on, and reading what was fed before, is found.
 */

static inline void
scan_run(scan_result_t *r, const scan_conf_t *conf, const void *data,
    size_t len, ngx_uint_t runner)
{
    size_t          n;
    u_char         *last, *p;
    uint32_t        random;
    ngx_int_t       rc;
    tap_guard_t     g;
    const u_char   *next, *end;
    ngx_ai_scan_t   s;

    ngx_memset(r, 0x5a, sizeof(scan_result_t));

    p = tap_guard(&g, data, len);
    last = p + len;

    random = (uint32_t) (runner + 1) * 2654435761u;

    if (ngx_ai_scan_init(&s, conf->fields, conf->nfields, r->values,
                         conf->depth)
        != NGX_OK)
    {
        perror("ngx_ai_scan_init");
        exit(2);
    }

    rc = NGX_AGAIN;
    next = data;
    end = next + len;

    while (next < end) {
        n = scan_piece(runner, &random, end - next);

        ngx_memset(p, 0xff, len);
        ngx_memcpy(last - n, next, n);

        rc = ngx_ai_scan_feed(&s, last - n, last);
        next += n;

        if (rc == NGX_ERROR) {
            break;
        }
    }

    r->rc = ngx_ai_scan_end(&s);

    if (rc == NGX_OK && r->rc != NGX_OK) {
        r->error = "feed and end differ";

    } else {
        r->error = s.error;
    }

    r->offset = s.offset;
    r->top = s.top;

    tap_unguard(&g);
}


/* values that had not ended are undefined after an error */

static inline ngx_uint_t
scan_same(scan_result_t *a, scan_result_t *b, ngx_uint_t nfields)
{
    ngx_uint_t            i;
    ngx_ai_scan_value_t  *v, *w;

    if (a->rc != b->rc || a->error != b->error || a->offset != b->offset
        || a->top.type != b->top.type || a->top.start != b->top.start
        || a->top.end != b->top.end || a->top.n != b->top.n)
    {
        return 0;
    }

    for (i = 0; i < nfields; i++) {

        v = &a->values[i];
        w = &b->values[i];

        if (v->type != w->type || v->count != w->count || v->end != w->end) {
            return 0;
        }

        if (v->type == NGX_AI_JSON_NONE || v->end == -1) {
            continue;
        }

        if (v->key != w->key || v->start != w->start || v->n != w->n
            || v->integer != w->integer || v->value != w->value
            || v->cut != w->cut || v->len != w->len
            || ngx_memcmp(v->text, w->text, v->len) != 0)
        {
            return 0;
        }
    }

    return 1;
}


/* the result, and a test that all runners have the same */

static inline void
scan(scan_result_t *r, const scan_conf_t *conf, const void *data, size_t len,
    const char *name)
{
    ngx_uint_t     i, same;
    scan_result_t  other;

    same = 1;

    scan_run(r, conf, data, len, 0);

    for (i = 1; i < SCAN_RUNNERS; i++) {
        scan_run(&other, conf, data, len, i);

        if (!scan_same(r, &other, conf->nfields)) {
            same = 0;
            diag("runner %d: %d %s at %d", (int) i, (int) other.rc,
                 other.error ? other.error : "-", (int) other.offset);
        }
    }

    ok(same, "however it is cut, the same comes of %.60s", name);
}


#endif /* _SCAN_H_INCLUDED_ */
