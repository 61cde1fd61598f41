
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The SSE splitter: at once = per byte = cuts that the fuzzer chooses, the
 * raw parts are the stream, no event is over the cap.
 *
 *     input = cap, number of cuts, cuts ..., the stream
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_sse.h"


#define FUZZ_CUTS  16


typedef struct {
    const uint8_t  *cuts;
    size_t          ncuts;
    size_t          max;

    const uint8_t  *in;
    size_t          len;

    size_t          raw;       /* bytes of the stream in events */
    u_char         *text;      /* name, data, lines of each event */
    size_t          text_len;
    ngx_int_t       rc;
} fuzz_run_t;


extern ngx_log_t  ngx_shim_log;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz_run(fuzz_run_t *f);
static void fuzz_event(fuzz_run_t *f, ngx_ai_sse_event_t *ev, u_char *p,
    u_char *last);
static void fuzz_put(fuzz_run_t *f, const void *data, size_t len);
static void fuzz_check(ngx_uint_t good);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                i, max, ncuts;
    fuzz_run_t            runs[3];

    static const uint8_t  one = 1;

    if (size < 2) {
        return 0;
    }

    max = (data[0] == 0xff) ? 1024 * 1024 : data[0];
    ncuts = data[1] % (FUZZ_CUTS + 1);

    if (size < 2 + ncuts) {
        return 0;
    }

    for (i = 0; i < 3; i++) {
        ngx_memzero(&runs[i], sizeof(fuzz_run_t));
        runs[i].max = max;
        runs[i].in = data + 2 + ncuts;
        runs[i].len = size - 2 - ncuts;
    }

    runs[1].cuts = &one;
    runs[1].ncuts = 1;

    runs[2].cuts = data + 2;
    runs[2].ncuts = ncuts;

    for (i = 0; i < 3; i++) {
        fuzz_run(&runs[i]);

        fuzz_check(runs[i].rc == runs[0].rc);
        fuzz_check(runs[i].text_len == runs[0].text_len);
        fuzz_check(runs[i].text_len == 0
                   || ngx_memcmp(runs[i].text, runs[0].text,
                                 runs[0].text_len) == 0);
    }

    for (i = 0; i < 3; i++) {
        free(runs[i].text);
    }

    return 0;
}


static void
fuzz_run(fuzz_run_t *f)
{
    u_char              *p, *bytes;
    size_t               sent, step, n;
    ngx_int_t            rc;
    ngx_ai_sse_t         s;
    ngx_ai_sse_event_t   ev;

    ngx_ai_sse_init(&s, f->max, &ngx_shim_log);

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

        do {
            rc = (sent < f->len) ? ngx_ai_sse_next(&s, &p, bytes + n, &ev)
                                 : ngx_ai_sse_end(&s, &p, bytes + n, &ev);

            if (rc == NGX_OK) {
                fuzz_event(f, &ev, bytes, bytes + n);
                fuzz_check(p == ev.raw.data + ev.raw.len);
            }

        } while (rc == NGX_OK);

        free(bytes);

        if (rc != NGX_AGAIN) {
            break;
        }

        fuzz_check(sent < f->len);
    }

    fuzz_check(rc == NGX_DONE || rc == NGX_DECLINED);
    fuzz_check(rc == NGX_DECLINED || f->raw == f->len);

    f->rc = rc;

    ngx_ai_sse_free(&s);
}


static void
fuzz_event(fuzz_run_t *f, ngx_ai_sse_event_t *ev, u_char *p, u_char *last)
{
    size_t  before;

    fuzz_check(ev->raw.len > 0);
    fuzz_check(ev->raw.len <= f->max + 2);
    fuzz_check(ev->data.len <= f->max);
    fuzz_check(ev->raw.data >= p);
    fuzz_check(ev->raw.data + ev->raw.len <= last);
    fuzz_check(ngx_memcmp(ev->raw.data, f->in + f->raw, ev->raw.len) == 0);

    before = f->raw;
    f->raw += ev->raw.len;

    /* the LF for which a CR did not wait, alone at the end: see the header */

    if (f->raw == f->len && ev->raw.len == 1 && *ev->raw.data == LF
        && before && f->in[before - 1] == CR)
    {
        return;
    }

    fuzz_put(f, &ev->lines, sizeof(ngx_uint_t));
    fuzz_put(f, &ev->name.len, sizeof(size_t));
    fuzz_put(f, ev->name.data, ev->name.len);
    fuzz_put(f, &ev->data.len, sizeof(size_t));
    fuzz_put(f, ev->data.data, ev->data.len);
}


static void
fuzz_put(fuzz_run_t *f, const void *data, size_t len)
{
    f->text = realloc(f->text, f->text_len + len + 1);
    ngx_memcpy(f->text + f->text_len, data, len);
    f->text_len += len;
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
