
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _SPLIT_H_INCLUDED_
#define _SPLIT_H_INCLUDED_


/*
 * What must be so for a stream in any framing: at once = per byte = cuts that
 * the fuzzer chooses, the raw parts are the stream, no event is over the cap
 * or out of its bounds.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_framing.h"


#define SPLIT_CUTS  16


typedef struct {
    ngx_uint_t      kind;
    size_t          max;

    const uint8_t  *cuts;
    size_t          ncuts;

    const uint8_t  *in;
    size_t          len;

    size_t          raw;       /* bytes of the stream in events */
    u_char         *text;      /* all that is in the events */
    size_t          text_len;
    ngx_int_t       rc;
} split_t;


extern ngx_log_t  ngx_shim_log;


static inline void
split_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}


static inline void
split_put(split_t *f, const void *data, size_t len)
{
    f->text = realloc(f->text, f->text_len + len + 1);
    ngx_memcpy(f->text + f->text_len, data, len);
    f->text_len += len;
}


static inline void
split_event(split_t *f, ngx_ai_sse_event_t *ev, u_char *p, u_char *last)
{
    size_t  error;

    split_check(ev->raw.data == p);
    split_check(ev->raw.len > 0);
    split_check(ev->raw.len <= (size_t) (last - p));
    split_check(ngx_memcmp(p, f->in + f->raw, ev->raw.len) == 0);
    split_check(ev->data.len <= f->max);
    split_check(ev->lines || (ev->data.len == 0 && !ev->error));

    last = p + ev->raw.len;

    split_check(ev->name.data >= p && ev->name.data + ev->name.len <= last);
    split_check(ev->lines > 1
                || (ev->data.data >= p
                    && ev->data.data + ev->data.len <= last));

    f->raw += ev->raw.len;

    /* the borders of SSE move: see its header */

    if (f->kind != NGX_AI_FRAMING_SSE) {
        split_check(ev->raw.len <= f->max);
        split_put(f, &ev->raw.len, sizeof(size_t));

    } else if (ev->lines == 0) {
        return;
    }

    error = ev->error;

    split_put(f, &error, sizeof(size_t));
    split_put(f, &ev->lines, sizeof(ngx_uint_t));
    split_put(f, &ev->name.len, sizeof(size_t));
    split_put(f, ev->name.data, ev->name.len);
    split_put(f, &ev->data.len, sizeof(size_t));
    split_put(f, ev->data.data, ev->data.len);
}


static inline void
split_run(split_t *f)
{
    u_char              *p, *bytes, *start;
    size_t               sent, step, n;
    ngx_int_t            rc;
    ngx_ai_framing_t     s;
    ngx_ai_sse_event_t   ev;

    ngx_ai_framing_init(&s, f->kind, f->max, &ngx_shim_log);

    sent = 0;
    step = 0;

    for ( ;; ) {

        if (f->ncuts) {
            sent += f->cuts[step++ % f->ncuts] + (f->cuts[0] == 0);
            sent = ngx_min(sent, f->len);

        } else {
            sent = f->len;
        }

        /* the bytes move at each call; their bounds are exact */

        n = sent - f->raw;
        bytes = malloc(n ? n : 1);
        ngx_memcpy(bytes, f->in + f->raw, n);
        p = bytes;

        for ( ;; ) {
            start = p;

            rc = (sent < f->len)
                 ? ngx_ai_framing_next(&s, &p, bytes + n, &ev)
                 : ngx_ai_framing_end(&s, &p, bytes + n, &ev);

            if (rc != NGX_OK) {
                break;
            }

            split_event(f, &ev, start, bytes + n);
            split_check(p == ev.raw.data + ev.raw.len);
        }

        split_check(p == start);
        free(bytes);

        if (rc != NGX_AGAIN) {
            break;
        }

        split_check(sent < f->len);
    }

    split_check(rc == NGX_DONE || rc == NGX_DECLINED || rc == NGX_ERROR);
    split_check(rc != NGX_DONE || f->raw == f->len);

    f->rc = rc;

    ngx_ai_framing_free(&s);
}


static inline void
split_stream(ngx_uint_t kind, size_t max, const uint8_t *cuts, size_t ncuts,
    const uint8_t *in, size_t len)
{
    size_t                i;
    split_t               runs[3];

    static const uint8_t  one = 1;

    for (i = 0; i < 3; i++) {
        ngx_memzero(&runs[i], sizeof(split_t));
        runs[i].kind = kind;
        runs[i].max = max;
        runs[i].in = in;
        runs[i].len = len;
    }

    runs[1].cuts = &one;
    runs[1].ncuts = 1;

    runs[2].cuts = cuts;
    runs[2].ncuts = ncuts;

    for (i = 0; i < 3; i++) {
        split_run(&runs[i]);

        split_check(runs[i].rc == runs[0].rc);
        split_check(runs[i].text_len == runs[0].text_len);
        split_check(runs[i].text_len == 0
                    || ngx_memcmp(runs[i].text, runs[0].text,
                                  runs[0].text_len) == 0);
    }

    for (i = 0; i < 3; i++) {
        free(runs[i].text);
    }
}


#endif /* _SPLIT_H_INCLUDED_ */
