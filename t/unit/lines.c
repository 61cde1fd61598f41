
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "framing.h"

#include <time.h>


#define LINES  NGX_AI_FRAMING_LINES
#define ARRAY  NGX_AI_FRAMING_ARRAY


typedef struct {
    ngx_uint_t   kind;
    const char  *name;
    const char  *in;
    const char  *out;
    ngx_int_t    rc;
} lines_vector_t;


static void lines_test_vectors(void);
static void lines_test_cap(void);
static void lines_test_cuts(void);
static void lines_test_in_place(void);
static void lines_test_trim(void);
static void lines_test_time(void);


static const lines_vector_t  lines_vectors[] = {

    { LINES, "a line is an event",
      "{\"a\":1}\n{\"b\":2}\n",
      "<|{\"a\":1}><|{\"b\":2}>", NGX_DONE },

    { LINES, "lines may end in CR LF",
      "{}\r\n[]\r\n",
      "<|{}><|[]>", NGX_DONE },

    { LINES, "the last line may lack its end",
      "{}\n[]",
      "<|{}><|[]>", NGX_DONE },

    { LINES, "the last line may end in CR",
      "{}\n[]\r",
      "<|{}><|[]>", NGX_DONE },

    { LINES, "an empty line has no data",
      "\n{}\n\r\n\n[]\n \t\r\n",
      "<><|{}><><><|[]><>", NGX_DONE },

    { LINES, "an empty last line has no data",
      "{}\n  ",
      "<|{}><>", NGX_DONE },

    { LINES, "blanks around a document are no data",
      "  \t{\"a\": 1} \r\r\n",
      "<|{\"a\": 1}>", NGX_DONE },

    { LINES, "blanks within are kept",
      "{\"a\":\r \"b\tc\"}\n",
      "<|{\"a\":\r \"b\tc\"}>", NGX_DONE },

    { LINES, "CR alone ends no line",
      "{}\r{}\n",
      "<|{}\r{}>", NGX_DONE },

    { LINES, "whether a line is JSON is not asked",
      "data: {\n]\n",
      "<|data: {><|]>", NGX_DONE },

    { LINES, "an empty stream has no events",
      "",
      "", NGX_DONE },

    { ARRAY, "elements are events, the rest is none",
      "[{\"a\":1},{\"b\":2}]",
      "<|{\"a\":1}><|{\"b\":2}><>", NGX_DONE },

    { ARRAY, "elements come as Gemini writes them",
      "[{\n  \"a\": 1\n}\n,\r\n{\n  \"b\": [2]\n}\n]",
      "<|{\n  \"a\": 1\n}><|{\n  \"b\": [2]\n}><>", NGX_DONE },

    { ARRAY, "an array may be empty",
      "[]",
      "<>", NGX_DONE },

    { ARRAY, "blanks are passed over everywhere",
      "\r\n\t [ {} \n, \r{}\t] \r\n",
      "<|{}><|{}><><>", NGX_DONE },

    { ARRAY, "elements may be arrays",
      "[[],[[1],[{}]]]",
      "<|[]><|[[1],[{}]]><>", NGX_DONE },

    { ARRAY, "brackets in strings do not count",
      "[{\"]}\":\"}]{[\"},{}]",
      "<|{\"]}\":\"}]{[\"}><|{}><>", NGX_DONE },

    { ARRAY, "an escaped quote does not end a string",
      "[{\"a\":\"\\\"}]\"},{}]",
      "<|{\"a\":\"\\\"}]\"}><|{}><>", NGX_DONE },

    { ARRAY, "an escaped backslash does not escape a quote",
      "[{\"a\":\"\\\\\"},{\"\\\\\\\"}\":1}]",
      "<|{\"a\":\"\\\\\"}><|{\"\\\\\\\"}\":1}><>", NGX_DONE },

    { ARRAY, "what is in an element is not asked",
      "[{nonsense},{]]",
      "<|{nonsense}><|{]><>", NGX_DONE },

    { ARRAY, "an empty stream has no events",
      "",
      "", NGX_DONE },

    { ARRAY, "a stream of blanks has no data",
      " \r\n",
      "<>", NGX_DONE },

    { ARRAY, "an object is no array",
      "{\"error\": {}}",
      "", NGX_ERROR },

    { ARRAY, "SSE is no array",
      "data: {}\n\n",
      "", NGX_ERROR },

    { ARRAY, "elements are separated by a comma",
      "[{} {}]",
      "<|{}>", NGX_ERROR },

    { ARRAY, "one comma",
      "[{},,{}]",
      "<|{}>", NGX_ERROR },

    { ARRAY, "no comma comes first",
      "[,{}]",
      "", NGX_ERROR },

    { ARRAY, "no comma comes last",
      "[{},]",
      "<|{}>", NGX_ERROR },

    { ARRAY, "a bracket of another kind does not end the array",
      "[{}}",
      "<|{}>", NGX_ERROR },

    { ARRAY, "a string is no element",
      "[\"a\"]",
      "", NGX_ERROR },

    { ARRAY, "nothing follows the array",
      "[{}]\n[{}]",
      "<|{}><>", NGX_ERROR },

    { ARRAY, "no second end follows it",
      "[]]",
      "<>", NGX_ERROR },

    { ARRAY, "an array without its end is cut",
      "[{},\n{}\n",
      "<|{}><|{}>", NGX_ERROR },

    { ARRAY, "an element without its end is cut",
      "[{},{\"a\":1",
      "<|{}>", NGX_ERROR },

    { 0, NULL, NULL, NULL, 0 }
};


int
main(void)
{
    lines_test_vectors();
    lines_test_cap();
    lines_test_cuts();
    lines_test_in_place();
    lines_test_trim();
    lines_test_time();

    return done();
}


static void
lines_test_vectors(void)
{
    char                   name[256];
    const lines_vector_t  *v;

    for (v = lines_vectors; v->name != NULL; v++) {
        sprintf(name, "%s: %s", v->kind == LINES ? "lines" : "array", v->name);

        frames_are(v->kind, v->in, strlen(v->in), 1024, v->rc, v->out, name);
    }
}


static void
lines_test_cap(void)
{
    ngx_uint_t  i;

    /* the cap is 8 bytes */

    static const lines_vector_t  caps[] = {

        { LINES, "a line may be as long as the cap, with its end",
          "{\"a\":1}\n{}\n", "<|{\"a\":1}><|{}>", NGX_DONE },

        { LINES, "its CR counts",
          "{}\n{\"a\":1}\r\n", "<|{}>", NGX_DECLINED },

        { LINES, "a last line may be as long as the cap",
          "{}\n{\"a\":12}", "<|{}><|{\"a\":12}>", NGX_DONE },

        { LINES, "and not one byte longer",
          "{}\n{\"a\":123}", "<|{}>", NGX_DECLINED },

        { LINES, "blanks count",
          "        \n", "", NGX_DECLINED },

        { ARRAY, "an element may be as long as the cap",
          "[{\"a\":1},{\"a\":2}]", "<|{\"a\":1}><|{\"a\":2}><>", NGX_DONE },

        { ARRAY, "and not one byte longer",
          "[{\"a\":1},{\"a\":22}]", "<|{\"a\":1}>", NGX_DECLINED },

        { ARRAY, "what is before it counts",
          "[{\"a\":1}, {\"a\":2}]", "<|{\"a\":1}>", NGX_DECLINED },

        { ARRAY, "blanks before the end count",
          "[{}        ]", "<|{}>", NGX_DECLINED },

        { ARRAY, "blanks behind the end count",
          "[{}]         ", "<|{}><>", NGX_DECLINED },

        { ARRAY, "a fault before the cap is the fault",
          "[{}      x", "<|{}>", NGX_ERROR },

        { ARRAY, "a fault behind the cap is none",
          "[{}        x", "<|{}>", NGX_DECLINED },

        { ARRAY, "an element that never ends stops at the cap",
          "[{\"aaaaaaaaaaaaaaaa", "", NGX_DECLINED }
    };

    for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
        frames_are(caps[i].kind, caps[i].in, strlen(caps[i].in), 8,
                   caps[i].rc, caps[i].out, caps[i].name);
    }
}


static void
lines_test_cuts(void)
{
    size_t      i, n;
    frames_t    out;
    ngx_uint_t  good;

    static const char  in[] = "[{\"a\":\"\\\"\"}\n,\r\n{\"b\":[{}]}\n]";

    n = sizeof(in) - 1;
    good = 1;

    for (i = 0; i <= n; i++) {
        good &= frames_all(&out, ARRAY, in, i, 1024)
                && out.rc == (i == 0 || i == n ? NGX_DONE : NGX_ERROR)
                && out.events == (ngx_uint_t) ((i >= 11) + (i >= n - 2));

        frames_free(&out);
    }

    ok(good, "an array that is cut anywhere is an error");
}


static void
lines_test_in_place(void)
{
    u_char              *p;
    u_char               in[] = "[{\"a\":1}\n]";
    ngx_ai_lines_t       s;
    ngx_ai_sse_event_t   ev;

    memset(&ev, 0xff, sizeof(ev));

    ngx_ai_lines_init(&s, 1, 1024);

    p = in;

    is_int(ngx_ai_lines_next(&s, &p, in + 7, &ev), NGX_AGAIN,
           "an element without its last bracket is no event");
    ok(p == in, "its bytes are kept");
    is_int(ngx_ai_lines_next(&s, &p, in + 8, &ev), NGX_OK,
           "it is one as soon as the bracket is there");
    ok(ev.raw.data == in && ev.raw.len == 8 && p == in + 8,
       "its raw part has what was before it");
    ok(ev.data.data == in + 1 && ev.data.len == 7, "its data is in place");
    is_int(ev.lines, 1, "it counts as one line");
    is_int(ev.error, 0, "it is no error");
    is_int(ev.name.len, 0, "and has no name");
    is_int(ngx_ai_lines_next(&s, &p, in + 9, &ev), NGX_AGAIN,
           "a line end behind it is no event");
    is_int(ngx_ai_lines_end(&s, &p, in + 9, &ev), NGX_ERROR,
           "nor the end of the array");

    ngx_ai_lines_init(&s, 1, 1024);

    p = in;

    is_int(ngx_ai_lines_next(&s, &p, in + 9, &ev), NGX_OK, "once more");
    is_int(ngx_ai_lines_next(&s, &p, in + 10, &ev), NGX_OK,
           "a bracket of its own ends the array");
    is_str(ev.raw.data, ev.raw.len, "\n]", "its raw part is the rest");
    is_int(ev.lines, 0, "without data");
    is_int(ngx_ai_lines_end(&s, &p, in + 10, &ev), NGX_DONE,
           "then it is done");
    is_int(ngx_ai_lines_end(&s, &p, in + 10, &ev), NGX_DONE,
           "and stays done");

    ngx_ai_lines_init(&s, 0, 1024);

    p = NULL;

    is_int(ngx_ai_lines_next(&s, &p, NULL, &ev), NGX_AGAIN,
           "no bytes at all are not a line");
    is_int(ngx_ai_lines_end(&s, &p, NULL, &ev), NGX_DONE,
           "nor at the end of the stream");
}


static void
lines_test_trim(void)
{
    ngx_str_t  text;

    ngx_str_set(&text, " \t\r\n a b \r\n");
    ngx_ai_lines_trim(&text);
    is_str(text.data, text.len, "a b", "blanks at both ends go");

    ngx_str_set(&text, " \r\n");
    ngx_ai_lines_trim(&text);
    is_int(text.len, 0, "blanks alone go too");

    ngx_str_null(&text);
    ngx_ai_lines_trim(&text);
    is_int(text.len, 0, "of nothing nothing is left");
}


/* 2 MB of what would be slow if bytes were read again and again */

static void
lines_test_time(void)
{
    size_t               i, len, unit;
    u_char              *in, *p;
    clock_t              start;
    ngx_int_t            rc;
    ngx_uint_t           k, events;
    ngx_ai_lines_t       s;
    ngx_ai_sse_event_t   ev;

    static const struct {
        const char  *name;
        ngx_uint_t   array;
        const char  *first;
        const char  *unit;
        size_t       piece;
    } cases[] = {
        { "empty lines", 0, "", "\n", 0 },
        { "one line, byte by byte", 0, "", "a", 1 },
        { "one line of blanks, byte by byte", 0, "", " ", 1 },
        { "short lines", 0, "", "{}\r\n", 0 },
        { "short elements", 1, "[{}", ",{}", 0 },
        { "one string, byte by byte", 1, "[{\"", "a", 1 },
        { "backslashes, byte by byte", 1, "[{\"", "\\", 1 },
        { "brackets, byte by byte", 1, "[", "[", 1 },
        { "blanks before an element, byte by byte", 1, "[", " ", 1 }
    };

    len = 2 * 1024 * 1024;
    in = malloc(len);

    for (k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        i = strlen(cases[k].first);
        unit = strlen(cases[k].unit);

        memcpy(in, cases[k].first, i);

        for ( /* void */ ; i < len; i++) {
            in[i] = cases[k].unit[(i - strlen(cases[k].first)) % unit];
        }

        start = clock();
        events = 0;
        p = in;

        ngx_ai_lines_init(&s, cases[k].array, len);

        i = cases[k].piece ? cases[k].piece : len;

        for ( ;; ) {
            rc = ngx_ai_lines_next(&s, &p, in + i, &ev);

            if (rc == NGX_OK) {
                events++;
                continue;
            }

            if (rc != NGX_AGAIN || i == len) {
                break;
            }

            i += cases[k].piece;
        }

        ok(rc == NGX_AGAIN && (events > 0) == (cases[k].piece == 0)
           && (clock() - start) / CLOCKS_PER_SEC < 5,
           "time is linear: %s", cases[k].name);
    }

    free(in);
}
