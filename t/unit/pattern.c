
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_pattern.h"

#include <time.h>


static ngx_uint_t match(const char *pattern, const char *name);
static ngx_uint_t reference(const char *p, const char *s);
static double seconds(size_t len);


static ngx_uint_t
match(const char *pattern, const char *name)
{
    ngx_str_t    p, n;
    ngx_uint_t   rc;
    tap_guard_t  g, h;

    p.len = strlen(pattern);
    p.data = tap_guard(&g, pattern, p.len);

    n.len = strlen(name);
    n.data = tap_guard(&h, name, n.len);

    rc = ngx_ai_pattern_match(&p, &n);

    tap_unguard(&g);
    tap_unguard(&h);

    return rc;
}


static ngx_uint_t
reference(const char *p, const char *s)
{
    if (*p == '*') {
        return reference(p + 1, s) || (*s && reference(p, s + 1));
    }

    return (*p == *s) && (*p == '\0' || reference(p + 1, s + 1));
}


static double
seconds(size_t len)
{
    double           best, t;
    ngx_str_t        pattern, name;
    ngx_uint_t       i;
    struct timespec  a, b;

    pattern.data = malloc(len);
    pattern.len = len / 2;

    name.data = malloc(len);
    name.len = len;

    /* "*aaa...ab*" in "aaa...": the case that is quadratic when naive */

    memset(pattern.data, 'a', len);
    pattern.data[0] = '*';
    pattern.data[pattern.len - 2] = 'b';
    pattern.data[pattern.len - 1] = '*';

    memset(name.data, 'a', len);

    best = 1e9;

    for (i = 0; i < 5; i++) {
        clock_gettime(CLOCK_MONOTONIC, &a);
        ok(ngx_ai_pattern_match(&pattern, &name) == 0,
           "no match in %d bytes", (int) len);
        clock_gettime(CLOCK_MONOTONIC, &b);

        t = (b.tv_sec - a.tv_sec) + (b.tv_nsec - a.tv_nsec) / 1e9;
        best = ngx_min(best, t);
    }

    free(pattern.data);
    free(name.data);

    return best;
}


int
main(void)
{
    char         p[8], s[8];
    double       t1, t2;
    uint32_t     state;
    ngx_str_t    text, list[2];
    ngx_uint_t   i, j, n, len, wrong;
    const char  *reason;

    is_int(match("gpt-4o", "gpt-4o"), 1, "a name is itself");
    is_int(match("gpt-4o", "gpt-4o-mini"), 0, "and not a longer one");
    is_int(match("gpt-4o", "gpt-4"), 0, "nor a shorter one");
    is_int(match("gpt-4o", "GPT-4o"), 0, "case counts");
    is_int(match("*", "anything/at:all"), 1, "a star is everything");
    is_int(match("*", ""), 1, "nothing included");
    is_int(match("gemini-*", "gemini-2.5-pro"), 1, "a star at the end");
    is_int(match("gemini-*", "gemini-"), 1, "a star may be empty");
    is_int(match("gemini-*", "my-gemini-2"), 0, "the start is anchored");
    is_int(match("*-mini", "gpt-4o-mini"), 1, "a star at the start");
    is_int(match("*-mini", "gpt-4o-mini-2"), 0, "the end is anchored");
    is_int(match("openai/*", "openai/gpt-4o"), 1, "a slash is a character");
    is_int(match("a*b*c", "axxbxxc"), 1, "stars inside");
    is_int(match("a*b*c", "axxcxxb"), 0, "in their order");
    is_int(match("a*a", "a"), 0, "one character is not used twice");
    is_int(match("ab*ba", "aba"), 0, "nor shared by start and end");
    is_int(match("a**b", "ab"), 1, "two stars are one");
    is_int(match("*.*", "a.b"), 1, "a point is a character");
    is_int(match("?", "a"), 0, "a question mark too");

    /* all short patterns and names of two letters, against a reference */

    state = 20261120;
    wrong = 0;
    n = 0;

    for (i = 0; i < 200000; i++) {
        len = tap_random(&state) % 7;

        for (j = 0; j < len; j++) {
            p[j] = "aab*"[tap_random(&state) % 4];
        }

        p[len] = '\0';

        len = tap_random(&state) % 8;

        for (j = 0; j < len; j++) {
            s[j] = "ab"[tap_random(&state) % 2];
        }

        s[len] = '\0';

        text.data = (u_char *) p;
        text.len = strlen(p);

        list[0].data = (u_char *) s;
        list[0].len = len;

        wrong += ngx_ai_pattern_match(&text, &list[0]) != reference(p, s);
        n += reference(p, s);
    }

    is_int(wrong, 0, "200000 random pairs match as the definition says");
    ok(n > 10000, "many of them do match");

    ngx_str_set(&list[0], "gpt-4o");
    ngx_str_set(&list[1], "claude-*");

    ngx_str_set(&text, "claude-sonnet");
    is_int(ngx_ai_pattern_match_any(list, 2, &text), 1, "one of a list fits");
    is_int(ngx_ai_pattern_match_any(list, 1, &text), 0, "none of a list fits");
    is_int(ngx_ai_pattern_match_any(NULL, 0, &text), 0, "no list, no fit");

    ngx_str_set(&text, "gemini-*");
    is_int(ngx_ai_pattern_check(&text, &reason), NGX_OK,
           "a pattern is taken");

    ngx_str_set(&text, "");
    is_int(ngx_ai_pattern_check(&text, &reason), NGX_ERROR,
           "an empty one is refused");

    ngx_str_set(&text, "a b");
    is_int(ngx_ai_pattern_check(&text, &reason), NGX_ERROR,
           "one with a blank is refused");

    ngx_str_set(&text, "a\n");
    is_int(ngx_ai_pattern_check(&text, &reason), NGX_ERROR,
           "one with a control character is refused");

    t1 = seconds(100000);
    t2 = seconds(200000);

    ok(t2 < t1 * 3 + 0.001, "twice the bytes take twice the time");
    diag("%.6f s, %.6f s", t1, t2);

    return done();
}
