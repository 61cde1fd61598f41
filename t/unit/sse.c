
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "ngx_ai_sse.h"

#include <time.h>


#define SSE_OUT  65536


/*
 * What came out of a splitter, as text: "<name|data>" for an event with one
 * data line, "<name|data#3>" for one with three, "<name>" for one without.
 */

typedef struct {
    u_char      text[SSE_OUT];
    size_t      text_len;
    u_char      raw[SSE_OUT];
    size_t      raw_len;
    size_t      longest;
    ngx_uint_t  events;
    ngx_int_t   rc;
    unsigned    outside:1;
} sse_out_t;


typedef struct {
    const char  *name;
    const char  *in;
    const char  *out;
} sse_vector_t;


/* how many of the left bytes come next */

typedef size_t (*sse_runner_pt)(size_t left, uint32_t *state);


static size_t sse_at_once(size_t left, uint32_t *state);
static size_t sse_per_byte(size_t left, uint32_t *state);
static size_t sse_random(size_t left, uint32_t *state);
static void sse_run(sse_out_t *out, const char *in, size_t len, size_t max,
    sse_runner_pt runner, uint32_t seed);
static void sse_take(sse_out_t *out, ngx_ai_sse_event_t *ev, u_char *p,
    u_char *last);
static void sse_put(sse_out_t *out, const void *data, size_t len);
static void sse_test_vectors(void);
static void sse_test_cap(void);
static void sse_test_in_place(void);
static void sse_test_cr_at_once(void);
static void sse_test_end(void);
static void sse_test_memory(void);
static void sse_test_time(void);


static const sse_vector_t  sse_vectors[] = {

    { "an event is its data",
      "data: a\n\n",
      "<|a>" },

    { "several events come in order",
      "data: a\n\ndata: b\n\ndata: c\n\n",
      "<|a><|b><|c>" },

    { "the space after the colon may be missing",
      "data:a\n\n",
      "<|a>" },

    { "only one space after the colon goes",
      "data:  a \n\n",
      "<| a >" },

    { "a tab after the colon stays",
      "data:\ta\n\n",
      "<|\ta>" },

    { "event before data names it",
      "event: ping\ndata: a\n\n",
      "<ping|a>" },

    { "event after data names it",
      "data: a\nevent:ping\n\n",
      "<ping|a>" },

    { "the last event line wins",
      "event: a\ndata: x\nevent: b\n\n",
      "<b|x>" },

    { "an empty event line takes the name back",
      "event: a\nevent\ndata: x\n\n",
      "<|x>" },

    { "a name does not outlive its event",
      "event: a\ndata: x\n\ndata: y\n\n",
      "<a|x><|y>" },

    { "an event may have a name only",
      "event: ping\n\n",
      "<ping>" },

    { "data lines are joined by LF",
      "data: a\ndata: b\n\n",
      "<|a\nb#2>" },

    { "data lines are joined whatever the line end is",
      "data: a\r\ndata: b\rdata: c\n\n",
      "<|a\nb\nc#3>" },

    { "empty data lines count",
      "data\ndata:\ndata: \n\n",
      "<|\n\n#3>" },

    { "one empty data line is empty data",
      "data:\n\n",
      "<|#1>" },

    { "joined data does not reach the next event",
      "data: a\ndata: b\n\ndata: c\n\ndata: d\ndata: e\n\n",
      "<|a\nb#2><|c><|d\ne#2>" },

    { "fields between data lines do not count",
      "data: a\nid: 1\n: no\nretry: 5\nevent: n\nother\ndata: b\n\n",
      "<n|a\nb#2>" },

    { "a comment is an event without data",
      ": keep-alive\n\ndata: a\n\n",
      "<><|a>" },

    { "a comment inside an event is passed over",
      ":\n:x\ndata: a\n:y\n\n",
      "<|a>" },

    { "stray blank lines are events without data",
      "\n\ndata: a\n\n\n",
      "<><><|a><>" },

    { "id and retry are passed over",
      "id: 7\nretry: 100\ndata: a\n\n",
      "<|a>" },

    { "names that only begin like a field are other fields",
      "dat: 1\ndatas: 2\ndata : 3\nevents: 4\nDATA: 5\n data: 6\ndata: 7\n\n",
      "<|7>" },

    { "a field name without a colon has an empty value",
      "event\ndata\n\n",
      "<|#1>" },

    { "colons in the data stay",
      "data: a: b\n\ndata::\n\n",
      "<|a: b><|:>" },

    { "CR LF ends a line",
      "event: e\r\ndata: a\r\n\r\ndata: b\r\n\r\n",
      "<e|a><|b>" },

    { "CR ends a line",
      "event: e\rdata: a\r\rdata: b\r\r",
      "<e|a><|b>" },

    { "line ends may be mixed",
      "data: a\r\n\ndata: b\n\r\ndata: c\r\n\rdata: d\n\rdata: e\r\r\n"
      "data: f\n\n",
      "<|a><|b><|c><|d><|e><|f>" },

    { "LF CR is two line ends",
      "data: a\n\rdata: b\n\r",
      "<|a><|b>" },

    { "CR CR LF is two line ends",
      "data: a\r\r\ndata: b\r\r\n\r\ndata: c\r\r",
      "<|a><|b><><|c>" },

    { "a BOM at the start is passed over",
      "\xef\xbb\xbf" "data: a\n\ndata: b\n\n",
      "<|a><|b>" },

    { "a BOM before a blank line is passed over",
      "\xef\xbb\xbf\ndata: a\n\n",
      "<><|a>" },

    { "a BOM anywhere else is part of a field name",
      "data: a\n\n\xef\xbb\xbf" "data: b\n\n",
      "<|a><>" },

    { "a second BOM is part of a field name",
      "\xef\xbb\xbf\xef\xbb\xbf" "data: b\n\n",
      "<>" },

    { "half a BOM is part of a field name",
      "\xef\xbb" "data: b\n\n",
      "<>" },

    { "a stream of half a BOM is an event without data",
      "\xef\xbb",
      "<>" },

    { "a stream of a BOM is an event without data",
      "\xef\xbb\xbf",
      "<>" },

    { "the last blank line may be missing",
      "data: a\n\nevent: e\ndata: b\n",
      "<|a><e|b>" },

    { "the last blank line may be missing after CR",
      "data: a\r\rdata: b\r",
      "<|a><|b>" },

    { "the last line end may be missing",
      "data: a\n\ndata: b",
      "<|a><|b>" },

    { "the last of several data lines may lack its line end",
      "data: a\ndata: b",
      "<|a\nb#2>" },

    { "the last line may end in a colon",
      "data: a\n\nevent: b\ndata:",
      "<|a><b|#1>" },

    { "the last line may end in an event's colon",
      "data: a\n\ndata: b\nevent:",
      "<|a><|b>" },

    { "a cut field name is no data",
      "data: a\n\ndat",
      "<|a><>" },

    { "an empty stream has no events",
      "",
      "" },

    { "a stream of one LF is an event without data",
      "\n",
      "<>" },

    { "UTF-8 is kept",
      "data: \xf0\x9f\x98\x80\xe2\x80\xa8\n\n",
      "<|\xf0\x9f\x98\x80\xe2\x80\xa8>" },

    { NULL, NULL, NULL }
};


int
main(void)
{
    sse_test_vectors();
    sse_test_cap();
    sse_test_in_place();
    sse_test_cr_at_once();
    sse_test_end();
    sse_test_memory();
    sse_test_time();

    return done();
}


static size_t
sse_at_once(size_t left, uint32_t *state)
{
    return left;
}


static size_t
sse_per_byte(size_t left, uint32_t *state)
{
    return 1;
}


static size_t
sse_random(size_t left, uint32_t *state)
{
    return 1 + tap_random(state) % ngx_min(left, 12);
}


/* does as a caller does; each piece makes the kept bytes move */

static void
sse_run(sse_out_t *out, const char *in, size_t len, size_t max,
    sse_runner_pt runner, uint32_t seed)
{
    u_char              *p, *last;
    size_t               sent, kept;
    tap_guard_t          g;
    ngx_ai_sse_t         s;
    ngx_ai_sse_event_t   ev;

    ngx_memzero(out, sizeof(sse_out_t));

    ngx_ai_sse_init(&s, max, &ngx_shim_log);

    sent = 0;
    kept = 0;
    out->rc = NGX_AGAIN;

    while (sent < len && out->rc == NGX_AGAIN) {
        sent += runner(len - sent, &seed);

        p = tap_guard(&g, in + out->raw_len, sent - out->raw_len);
        last = p + (sent - out->raw_len);

        do {
            out->rc = ngx_ai_sse_next(&s, &p, last, &ev);

            if (out->rc == NGX_OK) {
                sse_take(out, &ev, g.data, last);
            }

        } while (out->rc == NGX_OK);

        kept = last - p;

        if (kept != sent - out->raw_len) {
            out->outside = 1;
        }

        tap_unguard(&g);
    }

    if (out->rc == NGX_AGAIN) {
        p = tap_guard(&g, in + out->raw_len, kept);
        last = p + kept;

        for ( ;; ) {
            out->rc = ngx_ai_sse_end(&s, &p, last, &ev);

            if (out->rc != NGX_OK) {
                break;
            }

            /* the LF that a CR did not wait for: see the header */

            if (ev.raw.len == 1 && *ev.raw.data == LF && out->raw_len
                && out->raw[out->raw_len - 1] == CR)
            {
                out->raw[out->raw_len++] = LF;
                continue;
            }

            sse_take(out, &ev, g.data, last);
        }

        tap_unguard(&g);
    }

    ngx_ai_sse_free(&s);
    ngx_ai_sse_free(&s);
}


static void
sse_take(sse_out_t *out, ngx_ai_sse_event_t *ev, u_char *p, u_char *last)
{
    char  n[32];

    if (ev->raw.len == 0 || ev->raw.data < p
        || ev->raw.data + ev->raw.len > last
        || ev->name.data < ev->raw.data
        || ev->name.data + ev->name.len > ev->raw.data + ev->raw.len
        || (ev->lines == 0 && ev->data.len)
        || (ev->lines < 2
            && (ev->data.data < ev->raw.data
                || ev->data.data + ev->data.len
                   > ev->raw.data + ev->raw.len)))
    {
        out->outside = 1;
    }

    out->events++;
    out->longest = ngx_max(out->longest, ev->raw.len);

    ngx_memcpy(out->raw + out->raw_len, ev->raw.data, ev->raw.len);
    out->raw_len += ev->raw.len;

    sse_put(out, "<", 1);
    sse_put(out, ev->name.data, ev->name.len);

    if (ev->lines) {
        sse_put(out, "|", 1);
        sse_put(out, ev->data.data, ev->data.len);
    }

    if (ev->lines > 1 || (ev->lines == 1 && ev->data.len == 0)) {
        sse_put(out, n, sprintf(n, "#%u", (unsigned) ev->lines));
    }

    sse_put(out, ">", 1);
}


static void
sse_put(sse_out_t *out, const void *data, size_t len)
{
    ngx_memcpy(out->text + out->text_len, data, len);
    out->text_len += len;
}


static void
sse_test_vectors(void)
{
    size_t               len;
    ngx_uint_t           i, k, bad;
    const sse_vector_t  *v;

    static sse_out_t     out;

    static const struct {
        const char     *name;
        sse_runner_pt   run;
        ngx_uint_t      times;
    } runners[] = {
        { "at once", sse_at_once, 1 },
        { "per byte", sse_per_byte, 1 },
        { "random cuts", sse_random, 50 }
    };

    for (v = sse_vectors; v->name != NULL; v++) {
        len = strlen(v->in);

        for (i = 0; i < sizeof(runners) / sizeof(runners[0]); i++) {
            bad = 0;

            for (k = 1; k <= runners[i].times && !bad; k++) {
                sse_run(&out, v->in, len, 1024, runners[i].run, k);

                bad = out.rc != NGX_DONE || out.outside
                      || out.raw_len != len
                      || ngx_memcmp(out.raw, v->in, len) != 0
                      || out.text_len != strlen(v->out)
                      || ngx_memcmp(out.text, v->out, out.text_len) != 0;
            }

            ok(!bad, "%s (%s)", v->name, runners[i].name);

            if (bad) {
                tap_print_bytes("got", out.text, out.text_len);
                tap_print_bytes("want", v->out, strlen(v->out));
                tap_print_bytes("raw", out.raw, out.raw_len);
                diag("rc %d, round %u", (int) out.rc, (unsigned) k - 1);
            }
        }
    }
}


static void
sse_test_cap(void)
{
    size_t            len;
    ngx_uint_t        i, k, good;

    static sse_out_t  out;

    /* the longest event has 9 bytes, the LF of a CR LF not counted */

    static const char *const  streams[] = {
        "data: a\n\ndata: b\n\n",
        "data: a\r\rdata: b\r\r",
        "data:a\r\n\r\ndata:b\r\n\r\n",
        "data: a\r\r\ndata: b\r\r\n",
        "data: a\n\n:\n\ndata: b\n\n",
        "\xef\xbb\xbf:xxx\n\ndata: a\n\n"
    };

    for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        len = strlen(streams[i]);
        good = 1;

        for (k = 1; k <= 100; k++) {
            sse_run(&out, streams[i], len, 9, sse_random, k);
            good &= (out.rc == NGX_DONE && out.raw_len == len);

            sse_run(&out, streams[i], len, 8, sse_random, k);
            good &= (out.rc == NGX_DECLINED && out.events == 0);
        }

        sse_run(&out, streams[i], len, 9, sse_at_once, 1);
        good &= (out.rc == NGX_DONE && out.raw_len == len);

        sse_run(&out, streams[i], len, 8, sse_at_once, 1);
        good &= (out.rc == NGX_DECLINED && out.events == 0);

        ok(good, "the cap of an event does not depend on cuts, stream %u",
           (unsigned) i);
    }

    sse_run(&out, "data: a\n\ndata: bc\n\n", 19, 9, sse_at_once, 1);
    ok(out.rc == NGX_DECLINED && out.events == 1,
       "events before one over the cap are given");

    sse_run(&out, "data: 1234567890", 16, 9, sse_per_byte, 1);
    ok(out.rc == NGX_DECLINED, "an event without an end stops at the cap");

    sse_run(&out, "data:\ndata:\ndata:\ndata:\n\n", 25, 9, sse_at_once, 1);
    ok(out.rc == NGX_DECLINED, "joined lines stop at the cap");

    sse_run(&out, "data: 1\ndata: 1234567890\n\n", 26, 9, sse_at_once, 1);
    ok(out.rc == NGX_DECLINED, "a joined line over the cap is not copied");
}


static void
sse_test_in_place(void)
{
    u_char              *p, *last;
    u_char               in[] = "event: n\ndata: abc\n\ndata: x\ndata: y\n\n";
    ngx_ai_sse_t         s;
    ngx_ai_sse_event_t   ev;

    ngx_ai_sse_init(&s, 1024, &ngx_shim_log);

    p = in;
    last = in + sizeof(in) - 1;
    ngx_shim_fail_at = 1;

    is_int(ngx_ai_sse_next(&s, &p, last, &ev), NGX_OK,
           "an event of one data line needs no memory");
    ok(ev.data.data == in + 15 && ev.name.data == in + 7,
       "name and data are in place");
    ok(ev.raw.data == in && ev.raw.len == 20 && p == in + 20,
       "the raw part goes up to the next event");

    is_int(ngx_ai_sse_next(&s, &p, last, &ev), NGX_ERROR,
           "no memory for joining lines is an error");
    is_int(ngx_shim_fail_at, 0, "joining lines takes one allocation");

    ngx_shim_fail_at = 0;
    ngx_ai_sse_free(&s);
}


static void
sse_test_cr_at_once(void)
{
    u_char              *p;
    u_char               in[] = "data: a\r\n\r\ndata: b\n\n";
    u_char               cut[] = "data: a\r\n\n";
    ngx_ai_sse_t         s;
    ngx_ai_sse_event_t   ev;

    ngx_ai_sse_init(&s, 1024, &ngx_shim_log);

    p = in;

    is_int(ngx_ai_sse_next(&s, &p, in + 10, &ev), NGX_OK,
           "a CR at the end of the bytes does not delay the event");
    is_str(ev.data.data, ev.data.len, "a", "it is the whole event");
    is_int(ngx_ai_sse_next(&s, &p, in + 10, &ev), NGX_AGAIN,
           "then there is nothing");
    is_int(ngx_ai_sse_next(&s, &p, in + 11, &ev), NGX_AGAIN,
           "an LF after that CR is no event");
    is_int(ngx_ai_sse_next(&s, &p, in + 20, &ev), NGX_OK,
           "the next event follows");
    is_str(ev.raw.data, ev.raw.len, "\ndata: b\n\n",
           "its raw part begins with the LF");
    is_str(ev.data.data, ev.data.len, "b", "its data does not");

    ngx_ai_sse_free(&s);

    ngx_ai_sse_init(&s, 1024, &ngx_shim_log);

    p = cut;

    is_int(ngx_ai_sse_next(&s, &p, cut + 8, &ev), NGX_AGAIN,
           "a CR that ends a data line ends no event");
    is_int(ngx_ai_sse_next(&s, &p, cut + 10, &ev), NGX_OK,
           "the LF of that CR and a blank line do");
    is_str(ev.raw.data, ev.raw.len, "data: a\r\n\n", "in one event");

    ngx_ai_sse_free(&s);
}


static void
sse_test_end(void)
{
    u_char              *p, *last;
    u_char               in[] = "data: a\n\n: b\n\ndata: c";
    ngx_ai_sse_t         s;
    ngx_ai_sse_event_t   ev;

    ngx_ai_sse_init(&s, 1024, &ngx_shim_log);

    p = in;
    last = in + sizeof(in) - 1;

    is_int(ngx_ai_sse_end(&s, &p, last, &ev), NGX_OK,
           "the end gives a complete event first");
    is_str(ev.data.data, ev.data.len, "a", "that is the first one");
    is_int(ngx_ai_sse_end(&s, &p, last, &ev), NGX_OK, "then the next one");
    is_int(ev.lines, 0, "that is the comment");
    is_int(ngx_ai_sse_end(&s, &p, last, &ev), NGX_OK,
           "then the unterminated one");
    is_str(ev.data.data, ev.data.len, "c", "with its data");
    ok(p == last, "then all bytes are taken");
    is_int(ngx_ai_sse_end(&s, &p, last, &ev), NGX_DONE, "then it is done");
    is_int(ngx_ai_sse_end(&s, &p, last, &ev), NGX_DONE, "and stays done");

    ngx_ai_sse_free(&s);

    ngx_ai_sse_init(&s, 1024, &ngx_shim_log);

    p = NULL;

    is_int(ngx_ai_sse_next(&s, &p, NULL, &ev), NGX_AGAIN,
           "no bytes at all are not an event");
    is_int(ngx_ai_sse_end(&s, &p, NULL, &ev), NGX_DONE,
           "nor at the end of the stream");

    ngx_ai_sse_free(&s);
}


/* a long stream uses no more memory than its longest event needs */

static void
sse_test_memory(void)
{
    u_char              *p;
    u_char               in[] = "data: x\ndata: y\n\n";
    ngx_uint_t           i, good;
    ngx_ai_sse_t         s;
    ngx_ai_sse_event_t   ev;

    ngx_ai_sse_init(&s, 1024, &ngx_shim_log);

    p = in;
    good = ngx_ai_sse_next(&s, &p, in + 17, &ev) == NGX_OK;
    ngx_shim_fail_at = 1;

    for (i = 0; i < 1000 && good; i++) {
        p = in;
        good = ngx_ai_sse_next(&s, &p, in + 17, &ev) == NGX_OK
               && ev.data.len == 3;
    }

    ok(good && ngx_shim_fail_at == 1,
       "joining lines again and again needs no more memory");

    ngx_shim_fail_at = 0;
    ngx_ai_sse_free(&s);
}


/* were any of these quadratic it would take minutes, they take 0.1 s */

static void
sse_test_time(void)
{
    u_char              *in, *p;
    size_t               len, i;
    clock_t              start;
    ngx_uint_t           k, events;
    ngx_ai_sse_t         s;
    ngx_ai_sse_event_t   ev;

    static const struct {
        const char  *name;
        const char  *unit;
        size_t       piece;
    } cases[] = {
        { "CR only", "a\r\r", 0 },
        { "LF only", "a\n\n", 0 },
        { "blank lines", "\r", 0 },
        { "CR LF", "data: a\r\n\r\n", 0 },
        { "one line, byte by byte", "a", 1 },
        { "one event of CR lines, byte by byte", "a\r", 1 },
        { "one event of data lines, byte by byte", "data\n", 1 }
    };

    len = 2 * 1024 * 1024;
    in = malloc(len);

    for (k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {

        for (i = 0; i < len; i++) {
            in[i] = cases[k].unit[i % strlen(cases[k].unit)];
        }

        start = clock();
        events = 0;
        p = in;

        ngx_ai_sse_init(&s, len, &ngx_shim_log);

        i = cases[k].piece ? cases[k].piece : len;

        for ( /* void */ ; i <= len; i += cases[k].piece) {

            while (ngx_ai_sse_next(&s, &p, in + i, &ev) == NGX_OK) {
                events++;
            }

            if (i == len) {
                break;
            }
        }

        while (ngx_ai_sse_end(&s, &p, in + len, &ev) == NGX_OK) {
            events++;
        }

        ok(events > 0 && p == in + len
           && (clock() - start) / CLOCKS_PER_SEC < 5,
           "time is linear: %s", cases[k].name);

        ngx_ai_sse_free(&s);
    }

    free(in);
}
