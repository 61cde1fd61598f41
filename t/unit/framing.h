
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _FRAMING_H_INCLUDED_
#define _FRAMING_H_INCLUDED_


/*
 * Reads a stream as a caller does, in many ways of cutting it, for aws.c,
 * lines.c, framing.c and framing_recorded.c.
 */


#include "tap.h"

#include "ngx_ai_framing.h"


#define FRAMES_RUNNERS  20


/*
 * What came out, as text: "<name|data>", "<!name|data>" for an error, "<>"
 * for an event without data.
 */

typedef struct {
    u_char      *text;
    size_t       text_len;
    u_char      *raws;          /* the lengths of the raw parts */
    size_t       raws_len;
    size_t       raw;           /* bytes of the stream in events */
    ngx_uint_t   events;        /* those with data */
    ngx_uint_t   outside;       /* something was not where it must be */
    ngx_int_t    rc;
} frames_t;


static inline void
frames_put(u_char **to, size_t *to_len, const void *data, size_t len)
{
    *to = realloc(*to, *to_len + len + 1);
    memcpy(*to + *to_len, data, len);
    *to_len += len;
}


/* how many of the bytes that are left come next */

static inline size_t
frames_piece(ngx_uint_t runner, uint32_t *state, size_t left)
{
    switch (runner) {

    case 0:
        return left;

    case 1:
        return 1;

    default:
        return 1 + tap_random(state) % ngx_min(left, runner * runner);
    }
}


static inline void
frames_event(frames_t *out, ngx_uint_t kind, ngx_ai_sse_event_t *ev,
    const u_char *want, u_char *p, u_char *last)
{
    u_char  *end;

    if (ev->raw.len == 0 || ev->raw.data != p
        || ev->raw.len > (size_t) (last - p)
        || memcmp(p, want, ev->raw.len) != 0)
    {
        out->outside = 1;
        return;
    }

    end = p + ev->raw.len;

    if (ev->name.data < p || ev->name.data + ev->name.len > end
        || (ev->lines == 0 && ev->data.len)
        || (ev->lines < 2
            && (ev->data.data < p || ev->data.data + ev->data.len > end)))
    {
        out->outside = 1;
    }

    /* the LF for which a CR of SSE did not wait is no event */

    if (kind == NGX_AI_FRAMING_SSE && out->raw && want[-1] == CR
        && ev->raw.len == 1 && *p == LF)
    {
        out->raw++;
        return;
    }

    out->raw += ev->raw.len;
    out->events += (ev->lines != 0);

    frames_put(&out->raws, &out->raws_len, &ev->raw.len, sizeof(size_t));

    frames_put(&out->text, &out->text_len, ev->error ? "<!" : "<",
               ev->error ? 2 : 1);
    frames_put(&out->text, &out->text_len, ev->name.data, ev->name.len);

    if (ev->lines) {
        frames_put(&out->text, &out->text_len, "|", 1);
        frames_put(&out->text, &out->text_len, ev->data.data, ev->data.len);
    }

    frames_put(&out->text, &out->text_len, ">", 1);
}


/* each piece makes the bytes that are kept move; nothing is behind them */

static inline void
frames_run(frames_t *out, ngx_uint_t kind, const void *in, size_t len,
    size_t max, ngx_uint_t runner)
{
    u_char              *bytes, *p, *start;
    size_t               sent, kept;
    uint32_t             seed;
    ngx_ai_framing_t     f;
    ngx_ai_sse_event_t   ev;

    ngx_memzero(out, sizeof(frames_t));
    frames_put(&out->text, &out->text_len, "", 0);
    frames_put(&out->raws, &out->raws_len, "", 0);

    ngx_ai_framing_init(&f, kind, max, &ngx_shim_log);

    seed = (uint32_t) (runner + 1) * 2654435761u;
    sent = 0;

    do {
        if (sent < len) {
            sent += frames_piece(runner, &seed, len - sent);
        }

        kept = sent - out->raw;
        bytes = malloc(kept ? kept : 1);
        memcpy(bytes, (u_char *) in + out->raw, kept);
        p = bytes;

        for ( ;; ) {
            start = p;

            out->rc = ngx_ai_framing_next(&f, &p, bytes + kept, &ev);

            if (out->rc == NGX_AGAIN && sent == len) {
                out->rc = ngx_ai_framing_end(&f, &p, bytes + kept, &ev);
            }

            if (out->rc != NGX_OK) {
                out->outside |= (p != start);
                break;
            }

            frames_event(out, kind, &ev, (u_char *) in + out->raw, start,
                         bytes + kept);

            out->outside |= (p != ev.raw.data + ev.raw.len);

            if (out->outside) {
                break;
            }
        }

        free(bytes);

    } while (out->rc == NGX_AGAIN && !out->outside);

    out->outside |= (out->rc == NGX_DONE && out->raw != len);

    ngx_ai_framing_free(&f);
    ngx_ai_framing_free(&f);
}


static inline void
frames_free(frames_t *out)
{
    free(out->text);
    free(out->raws);
}


/*
 * Reads the stream in every way; the first one's result is in *out, and it is
 * true when all others are the same.
 */

static inline ngx_uint_t
frames_all(frames_t *out, ngx_uint_t kind, const void *in, size_t len,
    size_t max)
{
    frames_t    other;
    ngx_uint_t  i, same;

    frames_run(out, kind, in, len, max, 0);

    same = !out->outside;

    for (i = 1; i < FRAMES_RUNNERS && same; i++) {
        frames_run(&other, kind, in, len, max, i);

        same = !other.outside
               && other.rc == out->rc
               && other.events == out->events
               && other.text_len == out->text_len
               && memcmp(other.text, out->text, out->text_len) == 0
               && (kind == NGX_AI_FRAMING_SSE
                   || (other.raws_len == out->raws_len
                       && memcmp(other.raws, out->raws, out->raws_len) == 0));

        if (!same) {
            diag("run %u: rc %d, not %d", (unsigned) i, (int) other.rc,
                 (int) out->rc);
            tap_print_bytes("got", other.text, other.text_len);
        }

        frames_free(&other);
    }

    if (!same) {
        tap_print_bytes("at once", out->text, out->text_len);
    }

    return same;
}


/* the same, with what must come out */

static inline void
frames_are(ngx_uint_t kind, const void *in, size_t len, size_t max,
    ngx_int_t rc, const char *text, const char *name)
{
    frames_t    out;
    ngx_uint_t  same;

    same = frames_all(&out, kind, in, len, max);

    if (!ok(same && out.rc == rc && out.text_len == strlen(text)
            && memcmp(out.text, text, out.text_len) == 0,
            "%s", name))
    {
        diag("rc %d, not %d", (int) out.rc, (int) rc);
        tap_print_bytes("got", out.text, out.text_len);
        diag("want: %s", text);
    }

    frames_free(&out);
}


#endif /* _FRAMING_H_INCLUDED_ */
