
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_text.h"


static void test_plain(void);
static void test_utf8(void);
static void test_utf8_is_exact(void);
static void test_units(void);
static void test_unit_prefixes(void);
static void test_decode(void);
static void test_loose(void);
static ngx_uint_t text_utf8_reference(const u_char *p);


int
main(void)
{
    test_plain();
    test_utf8();
    test_utf8_is_exact();
    test_units();
    test_unit_prefixes();
    test_decode();
    test_loose();

    return done();
}


static void
test_plain(void)
{
    size_t        len, at;
    u_char       *p, text[80];
    ngx_uint_t    c, stops, wrong;
    tap_guard_t   g;

    wrong = 0;

    for (len = 0; len <= 70; len++) {
        ngx_memset(text, 'x', len);
        p = tap_guard(&g, text, len);

        if (ngx_ai_text_plain(p, p + len) != p + len) {
            wrong++;
        }

        for (at = 0; at < len; at++) {
            for (c = 0; c < 256; c++) {
                stops = (c < 0x20 || c >= 0x80 || c == '"' || c == '\\');
                p[at] = (u_char) c;

                if (ngx_ai_text_plain(p, p + len) != p + (stops ? at : len)) {
                    wrong++;
                }
            }

            p[at] = 'x';
        }

        tap_unguard(&g);
    }

    is_int(wrong, 0, "every byte is plain or not, wherever it stands");

    p = tap_guard(&g, "aaaaaaaaaaaa\"aaa\\aaa\x80" "aaaaaaaa", 30);

    ok(ngx_ai_text_plain(p, p + 30) == p + 12, "the first one is found");

    tap_unguard(&g);
}


/* the length of the sequence that four bytes begin with, by the table */

static ngx_uint_t
text_utf8_reference(const u_char *p)
{
    ngx_uint_t  i;

    static const u_char  table[][9] = {
        { 2, 0xc2, 0xdf, 0x80, 0xbf },
        { 3, 0xe0, 0xe0, 0xa0, 0xbf, 0x80, 0xbf },
        { 3, 0xe1, 0xec, 0x80, 0xbf, 0x80, 0xbf },
        { 3, 0xed, 0xed, 0x80, 0x9f, 0x80, 0xbf },
        { 3, 0xee, 0xef, 0x80, 0xbf, 0x80, 0xbf },
        { 4, 0xf0, 0xf0, 0x90, 0xbf, 0x80, 0xbf, 0x80, 0xbf },
        { 4, 0xf1, 0xf3, 0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf },
        { 4, 0xf4, 0xf4, 0x80, 0x8f, 0x80, 0xbf, 0x80, 0xbf }
    };

    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {

        if (p[0] >= table[i][1] && p[0] <= table[i][2]
            && p[1] >= table[i][3] && p[1] <= table[i][4]
            && (table[i][0] < 3 || (p[2] >= table[i][5]
                                    && p[2] <= table[i][6]))
            && (table[i][0] < 4 || (p[3] >= table[i][7]
                                    && p[3] <= table[i][8])))
        {
            return table[i][0];
        }
    }

    return 0;
}


static void
test_utf8(void)
{
    u_char         b[4], tail[4];
    uint32_t       code;
    ngx_int_t      rc;
    ngx_uint_t     i, j, k, l, n, wrong;
    const char    *error;
    const u_char  *p;

    static const u_char  third[] = { 0x00, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0,
                                     0xff };

    wrong = 0;

    for (i = 0x80; i < 0x100; i++) {
        for (j = 0; j < 0x100; j++) {
            for (k = 0; k < sizeof(third); k++) {
                for (l = 0; l < sizeof(third); l++) {

                    b[0] = (u_char) i;
                    b[1] = (u_char) j;
                    b[2] = third[k];
                    b[3] = third[l];

                    n = text_utf8_reference(b);

                    /* in case other sequences follow */

                    ngx_memcpy(tail, b, 4);
                    ngx_memset(tail + n, 'x', 4 - n);

                    p = b;
                    rc = ngx_ai_text_unit(&p, b + 4, &code, &error);

                    if ((rc == NGX_OK) != (n != 0)
                        || (rc == NGX_OK && p != b + n)
                        || ngx_ai_text_utf8(tail, tail + 4) != tail + n)
                    {
                        wrong++;
                    }
                }
            }
        }
    }

    is_int(wrong, 0, "the UTF-8 of RFC 3629 is UTF-8 and nothing else is");
}


static void
test_utf8_is_exact(void)
{
    u_char         b[4], *last;
    uint32_t       code, got;
    ngx_int_t      rc;
    ngx_uint_t     wrong;
    const char    *error;
    const u_char  *p;

    wrong = 0;

    for (code = 0x80; code <= 0x10ffff; code++) {

        if (code >= 0xd800 && code <= 0xdfff) {
            continue;
        }

        last = ngx_ai_text_put(b, code);

        p = b;
        rc = ngx_ai_text_unit(&p, last, &got, &error);

        if (rc != NGX_OK || p != last || got != code) {
            wrong++;
        }
    }

    is_int(wrong, 0, "every code point is written and read");
}


static void
test_units(void)
{
    u_char         *p;
    uint32_t        code;
    ngx_int_t       rc;
    ngx_uint_t      i;
    const char     *error;
    tap_guard_t     g;
    const u_char   *next;

    static const struct {
        const char  *text;
        ngx_int_t    rc;
        uint32_t     code;
        size_t       at;
        const char  *error;
    } units[] = {
        { "\\\"", NGX_OK, '"', 2, NULL },
        { "\\\\", NGX_OK, '\\', 2, NULL },
        { "\\/", NGX_OK, '/', 2, NULL },
        { "\\b", NGX_OK, '\b', 2, NULL },
        { "\\f", NGX_OK, '\f', 2, NULL },
        { "\\n", NGX_OK, '\n', 2, NULL },
        { "\\r", NGX_OK, '\r', 2, NULL },
        { "\\t", NGX_OK, '\t', 2, NULL },
        { "\\u0000", NGX_OK, 0, 6, NULL },
        { "\\uabCD", NGX_OK, 0xabcd, 6, NULL },
        { "\\ud7ff", NGX_OK, 0xd7ff, 6, NULL },
        { "\\ue000", NGX_OK, 0xe000, 6, NULL },
        { "\\ud800\\udc00", NGX_OK, 0x10000, 12, NULL },
        { "\\uDBFF\\uDFFF", NGX_OK, 0x10ffff, 12, NULL },
        { "\\ud83d\\ude00more", NGX_OK, 0x1f600, 12, NULL },
        { "\\v", NGX_ERROR, 0, 1, "invalid escape" },
        { "\\U0041", NGX_ERROR, 0, 1, "invalid escape" },
        { "\\x41", NGX_ERROR, 0, 1, "invalid escape" },
        { "\\'", NGX_ERROR, 0, 1, "invalid escape" },
        { "\\0", NGX_ERROR, 0, 1, "invalid escape" },
        { "\\u004g", NGX_ERROR, 0, 5, "invalid escape" },
        { "\\u:000", NGX_ERROR, 0, 2, "invalid escape" },
        { "\\udc00", NGX_ERROR, 0, 5, "lone surrogate" },
        { "\\udfff", NGX_ERROR, 0, 5, "lone surrogate" },
        { "\\ud800x", NGX_ERROR, 0, 6, "lone surrogate" },
        { "\\ud800\\n", NGX_ERROR, 0, 7, "lone surrogate" },
        { "\\ud800\\u00e9", NGX_ERROR, 0, 11, "lone surrogate" },
        { "\\ud800\\ud800", NGX_ERROR, 0, 11, "lone surrogate" },
        { "\\ud800\\ue000", NGX_ERROR, 0, 11, "lone surrogate" },
        { "\\ud800\\ud8zz", NGX_ERROR, 0, 10, "invalid escape" },
        { "\xc3\xa9", NGX_OK, 0xe9, 2, NULL },
        { "\xe2\x82\xac", NGX_OK, 0x20ac, 3, NULL },
        { "\xf0\x9f\x98\x80", NGX_OK, 0x1f600, 4, NULL },
        { "\xc0\x80", NGX_ERROR, 0, 0, "invalid UTF-8" },
        { "\xe0\x80\x80", NGX_ERROR, 0, 1, "invalid UTF-8" },
        { "\xed\xa0\x80", NGX_ERROR, 0, 1, "invalid UTF-8" },
        { "\xf0\x80\x80\x80", NGX_ERROR, 0, 1, "invalid UTF-8" },
        { "\xf4\x90\x80\x80", NGX_ERROR, 0, 1, "invalid UTF-8" },
        { "\xf5\x80\x80\x80", NGX_ERROR, 0, 0, "invalid UTF-8" },
        { "\xe2\x82\"", NGX_ERROR, 0, 2, "invalid UTF-8" },
        { "\x80", NGX_ERROR, 0, 0, "invalid UTF-8" },
        { "\xff", NGX_ERROR, 0, 0, "invalid UTF-8" },
        { "\\", NGX_AGAIN, 0, 0, NULL },
        { "\\u", NGX_AGAIN, 0, 0, NULL },
        { "\\u12f", NGX_AGAIN, 0, 0, NULL },
        { "\\ud800", NGX_AGAIN, 0, 0, NULL },
        { "\\ud800\\", NGX_AGAIN, 0, 0, NULL },
        { "\\ud800\\udc0", NGX_AGAIN, 0, 0, NULL },
        { "\xf0\x9f\x98", NGX_AGAIN, 0, 0, NULL }
    };

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {

        p = tap_guard(&g, units[i].text, strlen(units[i].text));

        code = 0;
        next = p;
        error = NULL;
        rc = ngx_ai_text_unit(&next, p + strlen(units[i].text), &code, &error);

        is_int(rc, units[i].rc, "unit %lu is right, wrong or not complete",
               (unsigned long) i);

        if (rc == NGX_OK) {
            is_int(code, units[i].code, "its code point is the one meant");
        }

        if (rc == NGX_ERROR) {
            is_str(error, strlen(error), units[i].error, "why is told");
        }

        if (rc != NGX_AGAIN) {
            is_int(next - p, units[i].at, "and so is where");
        }

        tap_unguard(&g);
    }
}


/* the scanner relies on it: an error is one for the byte that makes it */

static void
test_unit_prefixes(void)
{
    size_t         len;
    u_char         text[NGX_AI_TEXT_UNIT];
    uint32_t       code, state;
    ngx_int_t      rc;
    ngx_uint_t     i, wrong, again;
    const char    *error;
    const u_char  *p;

    static const char  bytes[] = "\\\\uudddD8cC0f\"n\xed\x9f\xbf\xf0\x90";

    state = 1;
    wrong = 0;
    again = 0;

    for (i = 0; i < 300000; i++) {

        text[0] = (tap_random(&state) % 8) ? '\\' : 0xf0;

        for (len = 1; /* void */ ; len++) {

            if (len > NGX_AI_TEXT_UNIT) {
                wrong++;
                break;
            }

            p = text;
            rc = ngx_ai_text_unit(&p, text + len, &code, &error);

            if (rc == NGX_OK) {
                wrong += (p != text + len);
                break;
            }

            if (rc == NGX_ERROR) {
                wrong += (p != text + len - 1);
                break;
            }

            again++;

            if (len < NGX_AI_TEXT_UNIT) {
                text[len] = bytes[tap_random(&state) % (sizeof(bytes) - 1)];

                /* deep enough to meet pairs */

                if (len < 4 && tap_random(&state) % 8) {
                    text[len] = "\\ud8"[len];

                } else if (len > 5 && len < 10 && tap_random(&state) % 8) {
                    text[len] = "\\udc"[len - 6];
                }
            }
        }
    }

    ok(again > 300000, "units came in pieces");
    is_int(wrong, 0, "a unit ends or fails at its first byte that tells");
}


static void
test_decode(void)
{
    u_char      *p, dst[100];
    ngx_str_t    out;
    ngx_uint_t   i;
    tap_guard_t  g;

    static const struct {
        const char  *text;
        const char  *want;
        size_t       len;
    } texts[] = {
        { "", "", 0 },
        { "plain", "plain", 5 },
        { "a\\u0000b", "a\0b", 3 },
        { "mo\\u0064el", "model", 5 },
        { "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", 8 },
        { "\\u00e9\\u20ac\\ud83d\\ude00", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98"
          "\x80", 9 },
        { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0"
          "\x9f\x98\x80", 9 },
        { "long enough for the vector, then\\nsome more of the same",
          "long enough for the vector, then\nsome more of the same", 54 }
    };

    static const char  *bad[] = { "\\", "\\u00", "\\ud83d", "\\ud83dx", "\\q",
                                  "a\xff", "a\xe2\x82" };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {

        p = tap_guard(&g, texts[i].text, strlen(texts[i].text));

        is_int(ngx_ai_text_decode(p, strlen(texts[i].text), dst,
                                  texts[i].len, &out),
               NGX_OK, "text %lu is decoded", (unsigned long) i);
        is_bytes(out.data, out.len, texts[i].want, texts[i].len,
                 "to what it means");

        if (texts[i].len) {
            is_int(ngx_ai_text_decode(p, strlen(texts[i].text), dst,
                                      texts[i].len - 1, &out),
                   NGX_DECLINED, "and not beyond the room there is");
        }

        is_int(ngx_ai_text_decode(p, strlen(texts[i].text), p,
                                  strlen(texts[i].text), &out),
               NGX_OK, "it can be decoded where it is");
        is_bytes(out.data, out.len, texts[i].want, texts[i].len,
                 "to the same");

        tap_unguard(&g);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        p = tap_guard(&g, bad[i], strlen(bad[i]));

        is_int(ngx_ai_text_decode(p, strlen(bad[i]), dst, sizeof(dst), &out),
               NGX_ERROR, "half a unit, or a wrong one, is an error (%lu)",
               (unsigned long) i);

        tap_unguard(&g);
    }
}


static void
test_loose(void)
{
    u_char      *p, dst[100];
    ngx_str_t    out;
    ngx_uint_t   i;
    tap_guard_t  g;

    static const struct {
        const char  *text;
        const char  *want;
    } texts[] = {
        { "a\\n\\u00e9\\ud83d\\ude00", "a\n\xc3\xa9\xf0\x9f\x98\x80" },
        { "\\ud83d", "\xef\xbf\xbd" },
        { "\\ude00", "\xef\xbf\xbd" },
        { "\\udbffx", "\xef\xbf\xbdx" },
        { "\\ud83d\\n", "\xef\xbf\xbd\n" },
        { "\\ud83d\\u0041", "\xef\xbf\xbd" "A" },
        { "\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
        { "\\ude00\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd" }
    };

    static const char  *bad[] = { "\\", "\\u00", "\\ud83", "\\q", "\\u00g0",
                                  "\\ud83d\\q", "\\ud83d\\u00", "\\ud83d\\",
                                  "a\xff", "a\xe2\x82", "\xed\xa0\xbd" };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        p = tap_guard(&g, texts[i].text, strlen(texts[i].text));

        is_int(ngx_ai_text_decode_loose(p, strlen(texts[i].text), dst,
                                        sizeof(dst), &out),
               NGX_OK, "half of a pair is no error: %s", texts[i].text);
        is_str(out.data, out.len, texts[i].want, "it is U+FFFD");

        is_int(ngx_ai_text_decode_loose(p, strlen(texts[i].text), p,
                                        strlen(texts[i].text), &out),
               NGX_OK, "where it stands too");
        is_str(out.data, out.len, texts[i].want, "as it is not longer");

        tap_unguard(&g);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        p = tap_guard(&g, bad[i], strlen(bad[i]));

        is_int(ngx_ai_text_decode_loose(p, strlen(bad[i]), dst, sizeof(dst),
                                        &out),
               NGX_ERROR, "what else is wrong still is (%lu)",
               (unsigned long) i);

        tap_unguard(&g);
    }
}
