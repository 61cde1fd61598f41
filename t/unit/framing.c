
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "framing.h"


#define SSE  NGX_AI_FRAMING_SSE

#define MAX  65536


typedef struct {
    ngx_uint_t   kind;
    const char  *label;
    const char  *type;
    const char  *bytes;         /* of two events with a ping in between */
    const char  *none;          /* of a stream without events */
} framing_kind_t;


static ngx_int_t framing_write(ngx_ai_buf_t *out, ngx_uint_t kind,
    const char *name, const char *data, ngx_uint_t first);
static ngx_int_t framing_stream(ngx_ai_buf_t *out, ngx_uint_t kind);
static void framing_test_documents(void);
static void framing_test_bytes(const framing_kind_t *k);
static void framing_test_round_trip(const framing_kind_t *k);
static void framing_test_caps(const framing_kind_t *k);
static void framing_test_joined(void);


static const framing_kind_t  framing_kinds[] = {

    { SSE, "SSE", "text/event-stream",
      "event: a\ndata: {\"x\":1}\n\n:\n\ndata: []\n\n",
      "" },

    { NGX_AI_FRAMING_LINES, "lines", "application/x-ndjson",
      "{\"x\":1}\n []\n",
      "" },

    { NGX_AI_FRAMING_ARRAY, "array", "application/json",
      "[{\"x\":1}\n,\r\n[]\n]",
      "[]" },

    /* the bytes of AWS are in aws.c */

    { NGX_AI_FRAMING_AWS, "AWS", "application/vnd.amazon.eventstream",
      NULL,
      "" }
};


int
main(void)
{
    size_t  i;

    framing_test_documents();

    for (i = 0; i < NGX_AI_FRAMING_MAX; i++) {
        framing_test_bytes(&framing_kinds[i]);
        framing_test_round_trip(&framing_kinds[i]);
        framing_test_caps(&framing_kinds[i]);
    }

    framing_test_joined();

    return done();
}


static ngx_int_t
framing_write(ngx_ai_buf_t *out, ngx_uint_t kind, const char *name,
    const char *data, ngx_uint_t first)
{
    size_t     mark;
    ngx_int_t  rc;
    ngx_str_t  text;

    text.data = (u_char *) name;
    text.len = strlen(name);

    rc = ngx_ai_framing_begin(kind, out, &text, first, &mark);

    if (rc == NGX_OK) {
        rc = ngx_ai_buf_append(out, data, strlen(data));
    }

    if (rc == NGX_OK) {
        rc = ngx_ai_framing_finish(kind, out, mark);
    }

    return rc;
}


static ngx_int_t
framing_stream(ngx_ai_buf_t *out, ngx_uint_t kind)
{
    ngx_int_t  rc;

    rc = framing_write(out, kind, "a", "{\"x\":1}", 1);

    if (rc == NGX_OK) {
        rc = ngx_ai_framing_ping(kind, out);
    }

    if (rc == NGX_OK) {
        rc = framing_write(out, kind, "", "[]", 0);
    }

    if (rc == NGX_OK) {
        rc = ngx_ai_framing_last(kind, out, 0);
    }

    return rc;
}


/* JSON between the events of SSE */

static void
framing_test_documents(void)
{
    size_t  i;

    static const struct {
        const char  *name;
        const char  *in;
        const char  *out;
    } cases[] = {

        { "a document without \"data:\" is an event",
          "data: a\n\n{\"error\": {}}\n\ndata: b\n\n",
          "<|a><|{\"error\": {}}><|b>" },

        { "it may have several lines",
          "data: a\n\n{\n  \"error\": {\n    \"code\": 499\n  }\n}\n\n",
          "<|a><|{\n  \"error\": {\n    \"code\": 499\n  }\n}>" },

        { "its lines may end in CR LF",
          "data: a\r\n\r\n{\r\n\"error\": 1\r\n}\r\n\r\ndata: b\r\n\r\n",
          "<|a><|{\r\n\"error\": 1\r\n}><|b>" },

        { "its lines may end in CR",
          "data: a\r\r{\r\"error\": 1\r}\r\rdata: b\r\r",
          "<|a><|{\r\"error\": 1\r}><|b>" },

        { "the end of the stream is its end",
          "data: a\n\n{\n  \"error\": {}\n}\n",
          "<|a><|{\n  \"error\": {}\n}>" },

        { "so it is without a line end",
          "data: a\n\n{\n  \"error\": {}\n}",
          "<|a><|{\n  \"error\": {}\n}>" },

        { "it may come first",
          "{\"error\": {}}",
          "<|{\"error\": {}}>" },

        { "it may be an array",
          "[{\"error\": {}}]\n",
          "<|[{\"error\": {}}]>" },

        { "blanks may be before it",
          "data: a\n\n \t{}\n\n",
          "<|a><|{}>" },

        { "one behind another is another one",
          "{}\n\n[]\n\n",
          "<|{}><|[]>" },

        { "a cut one is given as it is",
          "{\n  \"error\": {",
          "<|{\n  \"error\": {>" },

        { "other text is no document",
          "error: {}\n\n\"a\"\n\nnull\n\n}\n\n",
          "<><><><>" },

        { "comments and blank lines are none",
          ": {}\n\n\n \n\nretry: 1\n\n",
          "<><><><>" },

        { "an event with data is none, whatever is before it",
          "{\ndata: a\n\n",
          "<|a>" },

        { "nor is an event with a name",
          "{\nevent: a\n\n",
          "<a>" },

        { "data that is empty is no document",
          "data\n{}\n\n",
          "<|>" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        frames_are(SSE, cases[i].in, strlen(cases[i].in), MAX, NGX_DONE,
                   cases[i].out, cases[i].name);
    }

    frames_are(SSE, "data: a\n\n{\n}\n\n", 14, 9, NGX_DONE, "<|a><|{\n}>",
               "a document has the cap of an event");
    frames_are(SSE, "data: a\n\n{\n1234567}\n\n", 21, 9, NGX_DECLINED,
               "<|a>", "and is refused over it");
}


static void
framing_test_bytes(const framing_kind_t *k)
{
    ngx_str_t      text;
    ngx_ai_buf_t   out;

    text = *ngx_ai_framing_type(k->kind);

    is_str(text.data, text.len, k->type, "%s: the media type is known",
           k->label);

    ngx_ai_buf_init(&out, MAX, &ngx_shim_log);

    is_int(framing_stream(&out, k->kind), NGX_OK, "%s: two events are written",
           k->label);

    if (k->bytes != NULL) {
        is_str(out.start, ngx_ai_buf_len(&out), k->bytes,
               "%s: the bytes are the ones", k->label);
    }

    frames_are(k->kind, out.start, ngx_ai_buf_len(&out), MAX, NGX_DONE,
               k->kind == SSE ? "<a|{\"x\":1}><><|[]>"
               : k->kind == NGX_AI_FRAMING_LINES ? "<|{\"x\":1}><|[]>"
               : k->kind == NGX_AI_FRAMING_ARRAY ? "<|{\"x\":1}><|[]><>"
               : "<a|{\"x\":1}><|[]>",
               "a ping between two events is no event");

    ngx_ai_buf_reset(&out);

    is_int(ngx_ai_framing_last(k->kind, &out, 1), NGX_OK,
           "%s: a stream without events is written", k->label);
    is_int(ngx_ai_buf_len(&out), strlen(k->none), "%s: it is as long as it "
           "must be", k->label);
    ok(memcmp(out.start, k->none, strlen(k->none)) == 0,
       "%s: it is the one", k->label);

    ngx_ai_buf_free(&out);
}


/* 200 events of many lengths; only SSE and AWS keep their names */

static void
framing_test_round_trip(const framing_kind_t *k)
{
    char           name[8], data[400], *p;
    size_t         len;
    frames_t       got;
    uint32_t       seed;
    ngx_int_t      rc;
    ngx_uint_t     i, n, good;
    ngx_ai_buf_t   out, want;

    static const char *const  parts[] = {
        "\\\"", "\\\\", "{", "}", "[", "]", ",", ": ", "data: ", "\xc3\xa4",
        "\\n", " ", "a", "\\u0000", "\x7f", "event"
    };

    ngx_ai_buf_init(&out, 1024 * 1024, &ngx_shim_log);
    ngx_ai_buf_init(&want, 1024 * 1024, &ngx_shim_log);

    rc = NGX_OK;
    seed = 7;

    for (i = 0; i < 200 && rc == NGX_OK; i++) {
        p = data + sprintf(data, "{\"");

        for (n = tap_random(&seed) % 50; n; n--) {
            p += sprintf(p, "%s", parts[tap_random(&seed) % 16]);
        }

        sprintf(p, "\":%u}", (unsigned) i);
        sprintf(name, "e%u", (unsigned) i % 10);
        name[i % 3] = '\0';

        rc = framing_write(&out, k->kind, name, data, i == 0);

        if (k->kind != SSE && k->kind != NGX_AI_FRAMING_AWS) {
            name[0] = '\0';
        }

        ngx_ai_buf_append(&want, "<", 1);
        ngx_ai_buf_append(&want, name, strlen(name));
        ngx_ai_buf_append(&want, "|", 1);
        ngx_ai_buf_append(&want, data, strlen(data));
        ngx_ai_buf_append(&want, ">", 1);
    }

    is_int(rc, NGX_OK, "%s: 200 events are written", k->label);
    is_int(ngx_ai_framing_last(k->kind, &out, 0), NGX_OK,
           "%s: and the end of the stream", k->label);

    good = frames_all(&got, k->kind, out.start, ngx_ai_buf_len(&out), MAX);

    /* the end of an array is an event without data */

    len = got.text_len - (k->kind == NGX_AI_FRAMING_ARRAY ? 2 : 0);

    ok(good && got.rc == NGX_DONE && got.events == 200
       && len == ngx_ai_buf_len(&want)
       && memcmp(got.text, want.start, len) == 0,
       "%s: and the same are read", k->label);

    frames_free(&got);

    ngx_ai_buf_free(&out);
    ngx_ai_buf_free(&want);
}


static void
framing_test_caps(const framing_kind_t *k)
{
    size_t         len, max;
    ngx_uint_t     good;
    ngx_ai_buf_t   out;

    ngx_ai_buf_init(&out, MAX, &ngx_shim_log);
    good = framing_stream(&out, k->kind) == NGX_OK;
    len = ngx_ai_buf_len(&out);
    ngx_ai_buf_free(&out);

    for (max = 0; max < len; max++) {
        ngx_ai_buf_init(&out, max, &ngx_shim_log);
        good &= framing_stream(&out, k->kind) == NGX_DECLINED;
        ngx_ai_buf_free(&out);
    }

    ngx_ai_buf_init(&out, len, &ngx_shim_log);
    good &= framing_stream(&out, k->kind) == NGX_OK;
    ngx_ai_buf_free(&out);

    ok(good, "%s: what does not fit the buffer is declined", k->label);

    ngx_ai_buf_init(&out, len, &ngx_shim_log);
    ngx_shim_fail_at = 1;

    is_int(framing_stream(&out, k->kind), NGX_ERROR,
           "%s: no memory is an error", k->label);

    ngx_ai_buf_free(&out);
}


/* what SSE allocates is freed, again and again, and by its kind only */

static void
framing_test_joined(void)
{
    u_char              *p;
    u_char               in[] = "data: a\ndata: b\n\n{}\n\n";
    ngx_uint_t           i;
    ngx_ai_framing_t     f;
    ngx_ai_sse_event_t   ev;

    memset(&f, 0xff, sizeof(f));
    memset(&ev, 0xff, sizeof(ev));

    for (i = 0; i < 2; i++) {
        ngx_ai_framing_init(&f, SSE, MAX, &ngx_shim_log);

        p = in;

        is_int(ngx_ai_framing_next(&f, &p, in + sizeof(in) - 1, &ev), NGX_OK,
               "an event of SSE may have several lines");
        is_int(ev.lines, 2, "they are counted");
        is_int(ev.error, 0, "they are no error");
        is_str(ev.data.data, ev.data.len, "a\nb", "and joined");

        is_int(ngx_ai_framing_next(&f, &p, in + sizeof(in) - 1, &ev), NGX_OK,
               "a document follows");
        is_int(ev.lines, 1, "it counts as one line");
        ok(ev.data.data == in + 17 && ev.data.len == 2, "it is in place");
        ok(ev.raw.data == in + 17 && ev.raw.len == 4,
           "its raw part has the blank line");

        ngx_ai_framing_free(&f);
    }

    ngx_ai_framing_free(&f);
}
