
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* What the scanner takes for JSON; scan_values.c: what it notes of it. */


#include "scan.h"

#include "json_texts.h"


static void test_accepted(void);
static void test_refused(void);
static void test_zero_bytes(void);
static void test_truncated(void);
static void test_utf8(void);
static void test_depth(void);
static void test_states(void);
static void test_size(void);


static const scan_conf_t  scan_plain = { NULL, 0, 100 };


int
main(void)
{
    test_accepted();
    test_refused();
    test_zero_bytes();
    test_truncated();
    test_utf8();
    test_depth();
    test_states();
    test_size();

    return done();
}


static void
test_accepted(void)
{
    ngx_uint_t     i;
    scan_result_t  r;

    for (i = 0; i < JSON_GOOD; i++) {
        scan(&r, &scan_plain, json_good[i], strlen(json_good[i]),
             json_good[i]);

        is_int(r.rc, NGX_OK, "it is JSON");
        is_int(r.offset, strlen(json_good[i]), "all of it");
        ok(r.error == NULL, "without an error");
    }
}


static void
test_refused(void)
{
    size_t         len;
    ngx_uint_t     i;
    scan_result_t  r;

    for (i = 0; i < JSON_BAD; i++) {
        len = strlen(json_bad[i].text);

        scan(&r, &scan_plain, json_bad[i].text, len, json_bad[i].text);

        is_int(r.rc, NGX_ERROR, "it is refused");
        is_int(r.offset, json_bad[i].offset, "the byte that is wrong is told");
        ok(r.error != NULL && strcmp(r.error, json_bad[i].error) == 0,
           "and why: %s", r.error);
    }
}


static void
test_zero_bytes(void)
{
    scan_result_t  r;

    scan(&r, &scan_plain, "\"\0\"", 3, "a zero byte in a string");
    is_int(r.rc, NGX_ERROR, "a zero byte is a control character");
    is_int(r.offset, 1, "where it stands");

    scan(&r, &scan_plain, "[\0]", 3, "a zero byte in an array");
    is_int(r.rc, NGX_ERROR, "and no white space either");
    is_int(r.offset, 1, "where it stands");
}


static void
test_truncated(void)
{
    size_t         len;
    ngx_uint_t     i, right;
    scan_result_t  r;

    static const char  *texts[] = {
        "{\"a\":\"gpt-\\u0034\\ud83d\\ude00\",\"n\":-1.5e+10,\"b\":[1,[2,{}]]}",
        "[\"\xe4\xbb\x8a\xe5\xa4\xa9 \xf0\x9f\x98\x80 a long plain string\",0]",
        "\"top-level string\"",
        "  true"
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        right = 1;

        for (len = 0; len < strlen(texts[i]); len++) {
            scan_run(&r, &scan_plain, texts[i], len, len % 4);

            if (r.rc != NGX_ERROR || r.offset != (off_t) len) {
                right = 0;
                diag("%d bytes: %d", (int) len, (int) r.rc);
            }
        }

        ok(right, "no beginning of a document is one: %.40s", texts[i]);
    }
}


static void
test_utf8(void)
{
    char           text[] = "\"????????????????\"";
    u_char         seq[3][4] = { { 0xc3, 0xa9 }, { 0xe2, 0x82, 0xac },
                                 { 0xf0, 0x9f, 0x98, 0x80 } };
    ngx_uint_t     i, at, k, n, right;
    scan_result_t  r;

    right = 1;

    /* good and with each byte broken, at each place of the vector */

    for (i = 0; i < 3; i++) {
        n = i + 2;

        for (at = 1; at + n < sizeof(text) - 1; at++) {
            for (k = 0; k <= n; k++) {

                ngx_memset(text + 1, '?', 16);
                ngx_memcpy(text + at, seq[i], n);

                if (k < n) {
                    text[at + k] = k ? 'x' : (char) 0x80;
                }

                scan_run(&r, &scan_plain, text, sizeof(text) - 1, at % 4);

                if (k == n) {
                    right &= (r.rc == NGX_OK);

                } else {
                    right &= (r.rc == NGX_ERROR
                              && r.offset == (off_t) (at + k));
                }
            }
        }
    }

    ok(right, "broken UTF-8 is found at the byte that breaks it");
}


static void
test_depth(void)
{
    size_t          len, bad;
    u_char         *p, deep[6 * 600];
    ngx_uint_t      i, k, n, mix, right;
    scan_conf_t     conf;
    scan_result_t   r;

    static const ngx_uint_t  depths[] = { 1, 2, 7, 8, 9, 63, 64, 65, 128, 511,
                                          512 };

    /* all arrays, all objects, and two ways of mixing them */

    for (mix = 1; mix <= 4; mix++) {
        right = 1;

        for (i = 0; i < 2 * sizeof(depths) / sizeof(depths[0]); i++) {

            n = depths[i / 2] + i % 2;
            p = deep;
            bad = 0;

            for (k = 0; k < n; k++) {
                bad = p - deep;

                if (mix == 1 || (mix > 2 && k % mix)) {
                    *p++ = '[';

                } else {
                    p = ngx_cpymem(p, "{\"\":", 4);
                }
            }

            *p++ = '0';

            while (k--) {
                *p++ = (mix == 1 || (mix > 2 && k % mix)) ? ']' : '}';
            }

            len = p - deep;

            conf.fields = NULL;
            conf.nfields = 0;
            conf.depth = depths[i / 2];

            scan_run(&r, &conf, deep, len, i % SCAN_RUNNERS);

            if (n > conf.depth) {
                right &= (r.rc == NGX_ERROR && r.offset == (off_t) bad
                          && strcmp(r.error, "nested too deep") == 0);

            } else {
                right &= (r.rc == NGX_OK && r.offset == (off_t) len);
            }

            /* the innermost is closed by the wrong bracket */

            p = deep + len - n;
            *p = (*p == ']') ? '}' : ']';

            scan_run(&r, &conf, deep, len, i % SCAN_RUNNERS);

            right &= (r.rc == NGX_ERROR);
        }

        ok(right, "the depth allowed is allowed, one more is not (%d)",
           (int) mix);
    }

    conf.depth = 0;
    scan_run(&r, &conf, "1", 1, 0);
    is_int(r.rc, NGX_OK, "a scalar has no depth");
    scan_run(&r, &conf, "[]", 2, 0);
    is_int(r.rc, NGX_ERROR, "a container has");

    ngx_memset(deep, '[', 600);
    conf.depth = 100000;
    scan_run(&r, &conf, deep, 600, 3);
    is_int(r.offset, NGX_AI_SCAN_DEPTH, "no depth is above the scanner's own");
}


static void
test_states(void)
{
    const u_char   *p;
    ngx_ai_scan_t   s;

    p = (const u_char *) "[1] x";

    (void) ngx_ai_scan_init(&s, NULL, 0, NULL, 10);

    is_int(ngx_ai_scan_feed(&s, p, p), NGX_AGAIN, "nothing is not enough");
    is_int(ngx_ai_scan_feed(&s, NULL, NULL), NGX_AGAIN, "wherever it is not");
    is_int(ngx_ai_scan_feed(&s, p, p + 2), NGX_AGAIN, "nor is a part");
    is_int(ngx_ai_scan_feed(&s, p + 2, p + 3), NGX_OK,
           "the last bracket completes it");
    is_int(ngx_ai_scan_feed(&s, p + 3, p + 3), NGX_OK, "it stays complete");
    is_int(ngx_ai_scan_feed(&s, p + 3, p + 4), NGX_OK, "with white space");
    is_int(ngx_ai_scan_end(&s), NGX_OK, "it can end there");
    is_int(ngx_ai_scan_end(&s), NGX_OK, "twice");

    is_int(ngx_ai_scan_feed(&s, p + 4, p + 5), NGX_ERROR,
           "but nothing else follows");
    is_int(s.offset, 4, "where the first byte too many is");
    is_int(ngx_ai_scan_feed(&s, p, p + 3), NGX_ERROR, "an error stays");
    is_int(ngx_ai_scan_feed(&s, p, p), NGX_ERROR, "even for nothing");
    is_int(ngx_ai_scan_end(&s), NGX_ERROR, "to the end");
    is_int(s.offset, 4, "and its place too");

    ngx_ai_scan_reset(&s);

    is_int(ngx_ai_scan_feed(&s, p, p + 3), NGX_OK, "a reset forgets it");
    is_int(s.offset, 3, "and counts from the start");

    ngx_ai_scan_reset(&s);

    is_int(ngx_ai_scan_end(&s), NGX_ERROR, "no document is not empty");
    is_int(ngx_ai_scan_feed(&s, p, p + 3), NGX_ERROR,
           "and none begins after the end");

    ngx_ai_scan_reset(&s);

    p = (const u_char *) "12";

    is_int(ngx_ai_scan_feed(&s, p, p + 2), NGX_AGAIN,
           "a number may go on");
    is_int(ngx_ai_scan_end(&s), NGX_OK, "unless it is the end");
}


static void
test_size(void)
{
    ok(sizeof(ngx_ai_scan_t) <= 1024, "a scanner takes less than 1 KB: %d",
       (int) sizeof(ngx_ai_scan_t));
    ok(sizeof(ngx_ai_scan_value_t) <= 192, "and a field 192 bytes: %d",
       (int) sizeof(ngx_ai_scan_value_t));
}
