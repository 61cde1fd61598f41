
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_text.h"


#if (__SSE2__)

/*
 * Bit n tells whether byte n of four vectors compares so.  A builtin of one
 * machine, and the only one here: C has nothing for it, and where there is no
 * such instruction the blocks save nothing.
 */

#define ngx_ai_text_bits(v)  ((uint64_t) __builtin_ia32_pmovmskb128(v))

#define ngx_ai_text_mask(v, op, c)                                            \
    (ngx_ai_text_bits((v)[0] op (c))                                          \
     | ngx_ai_text_bits((v)[1] op (c)) << 16                                  \
     | ngx_ai_text_bits((v)[2] op (c)) << 32                                  \
     | ngx_ai_text_bits((v)[3] op (c)) << 48)

#endif


typedef ngx_int_t (*ngx_ai_text_unit_pt)(const u_char **pp, const u_char *end,
    uint32_t *code, const char **error);


static ngx_int_t ngx_ai_text_sequence(const u_char **pp, const u_char *end,
    uint32_t *code);
static ngx_int_t ngx_ai_text_hex(const u_char **pp, const u_char *end,
    uint32_t *code);
static ngx_int_t ngx_ai_text_units(const u_char *text, size_t len,
    u_char *dst, size_t max, ngx_str_t *out, ngx_ai_text_unit_pt unit);


const u_char  ngx_ai_text_escapes[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f',
    ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'
};


/* the value of a hex digit, plus one */

static const u_char  ngx_ai_text_digits[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
    ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
    ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16
};


ngx_int_t
ngx_ai_text_unit(const u_char **pp, const u_char *end, uint32_t *code,
    const char **error)
{
    uint32_t       low;
    ngx_int_t      rc;
    const u_char  *p;

    p = *pp;

    if (*p != '\\') {
        *error = "invalid UTF-8";
        return ngx_ai_text_sequence(pp, end, code);
    }

    if (end - p < 2) {
        return NGX_AGAIN;
    }

    if (ngx_ai_text_escapes[p[1]]) {
        *code = ngx_ai_text_escapes[p[1]];
        *pp = p + 2;
        return NGX_OK;
    }

    *error = "invalid escape";
    *pp = p + 1;

    if (p[1] != 'u') {
        return NGX_ERROR;
    }

    *pp = p + 2;
    rc = ngx_ai_text_hex(pp, end, code);

    if (rc != NGX_OK || *code < 0xd800 || *code > 0xdfff) {
        return rc;
    }

    *error = "lone surrogate";

    if (*code > 0xdbff) {
        (*pp)--;
        return NGX_ERROR;
    }

    /* the other half must follow */

    for ( /* void */ ; *pp < p + 8; (*pp)++) {

        if (*pp == end) {
            return NGX_AGAIN;
        }

        if (**pp != (*pp == p + 6 ? '\\' : 'u')) {
            return NGX_ERROR;
        }
    }

    rc = ngx_ai_text_hex(pp, end, &low);

    if (rc != NGX_OK) {
        *error = "invalid escape";
        return rc;
    }

    if (low < 0xdc00 || low > 0xdfff) {
        (*pp)--;
        return NGX_ERROR;
    }

    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);

    return NGX_OK;
}


ngx_int_t
ngx_ai_text_unit_loose(const u_char **pp, const u_char *end, uint32_t *code,
    const char **error)
{
    ngx_int_t      rc;
    const u_char  *p;

    p = *pp;

    rc = ngx_ai_text_unit(pp, end, code, error);

    if (rc == NGX_OK || *p != '\\' || end - p < 6 || p[1] != 'u') {
        return rc;
    }

    /* what is wrong or truncated may be behind the first half only */

    p += 2;

    if (ngx_ai_text_hex(&p, end, code) != NGX_OK) {
        return rc;
    }

    *code = 0xfffd;
    *pp = p;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_text_sequence(const u_char **pp, const u_char *end, uint32_t *code)
{
    u_char         c, low, up;
    ngx_uint_t     need;
    const u_char  *p;

    p = *pp;
    c = *p;

    if (c < 0xc2 || c > 0xf4) {
        return NGX_ERROR;
    }

    if (c < 0xe0) {
        need = 1;
        *code = c & 0x1f;

    } else if (c < 0xf0) {
        need = 2;
        *code = c & 0x0f;

    } else {
        need = 3;
        *code = c & 0x07;
    }

    /* the second byte tells overlong forms, surrogates and > U+10FFFF */

    low = (c == 0xe0) ? 0xa0 : (c == 0xf0) ? 0x90 : 0x80;
    up = (c == 0xed) ? 0x9f : (c == 0xf4) ? 0x8f : 0xbf;

    for (p++; need; p++, need--) {

        if (p == end) {
            return NGX_AGAIN;
        }

        if (*p < low || *p > up) {
            *pp = p;
            return NGX_ERROR;
        }

        *code = *code << 6 | (*p & 0x3f);

        low = 0x80;
        up = 0xbf;
    }

    *pp = p;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_text_hex(const u_char **pp, const u_char *end, uint32_t *code)
{
    ngx_uint_t  i;

    *code = 0;

    for (i = 0; i < 4; i++, (*pp)++) {

        if (*pp == end) {
            return NGX_AGAIN;
        }

        if (ngx_ai_text_digits[**pp] == 0) {
            return NGX_ERROR;
        }

        *code = *code << 4 | (ngx_ai_text_digits[**pp] - 1);
    }

    return NGX_OK;
}


const u_char *
ngx_ai_text_utf8(const u_char *p, const u_char *end)
{
    uint32_t       code;
    const u_char  *next;

    while (p < end && *p >= 0x80) {

        /* most of all text: no bounds of the second byte to mind */

        if (*p < 0xe0 && *p > 0xc1 && end - p > 1) {

            if ((p[1] & 0xc0) != 0x80) {
                break;
            }

            p += 2;
            continue;
        }

        if (*p > 0xe0 && *p < 0xf0 && *p != 0xed && end - p > 2) {

            if ((p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80) {
                break;
            }

            p += 3;
            continue;
        }

        next = p;

        if (ngx_ai_text_sequence(&next, end, &code) != NGX_OK) {
            break;
        }

        p = next;
    }

    return p;
}


#if (__SSE2__)

const u_char *
ngx_ai_text_blocks(const u_char *p, const u_char *end)
{
    uint64_t              odd, quote, slash, last, code, carry, escaped, rare,
                          stop;
    ngx_ai_text_vector_t  v[4];

    odd = 0xaaaaaaaaaaaaaaaaULL;
    carry = 0;
    last = 1;

    for ( /* void */ ; end - p >= 64; p += 64) {

        ngx_memcpy(v, p, 64);

        quote = ngx_ai_text_mask(v, ==, '"');
        slash = ngx_ai_text_mask(v, ==, '\\');

        /*
         * Of a run of backslashes each second one is escaped, and the byte
         * after it if their number is odd.  The borrow of the subtraction
         * goes through a run; "carry" says that the block before this one
         * ended in the first byte of an escape.
         */

        code = slash & ~carry;
        code = ((code << 1 | odd) - code) ^ odd;
        escaped = code ^ (slash | carry);
        carry = (code & slash) >> 63;

        rare = escaped & ~(quote | slash | ngx_ai_text_mask(v, ==, 'n'));

        while (rare && ngx_ai_text_escapes[p[__builtin_ctzll(rare)]]) {
            rare &= rare - 1;
        }

        /* signed: bytes from 0x80 on are less than 0x20 too */

        stop = (quote & ~escaped) | rare | ngx_ai_text_mask(v, <, 0x20);

        if (stop) {
            stop &= -stop;
            return p + __builtin_ctzll(stop) - ((escaped & stop) != 0);
        }

        if ((slash | last) == 0) {
            break;
        }

        last = slash;
    }

    return p - carry;
}

#else

const u_char *
ngx_ai_text_blocks(const u_char *p, const u_char *end)
{
    return p;
}

#endif


u_char *
ngx_ai_text_put(u_char *dst, uint32_t code)
{
    if (code < 0x80) {
        *dst++ = (u_char) code;
        return dst;
    }

    if (code < 0x800) {
        *dst++ = (u_char) (0xc0 | code >> 6);
        *dst++ = (u_char) (0x80 | (code & 0x3f));
        return dst;
    }

    if (code < 0x10000) {
        *dst++ = (u_char) (0xe0 | code >> 12);

    } else {
        *dst++ = (u_char) (0xf0 | code >> 18);
        *dst++ = (u_char) (0x80 | (code >> 12 & 0x3f));
    }

    *dst++ = (u_char) (0x80 | (code >> 6 & 0x3f));
    *dst++ = (u_char) (0x80 | (code & 0x3f));

    return dst;
}


ngx_int_t
ngx_ai_text_decode(const u_char *text, size_t len, u_char *dst, size_t max,
    ngx_str_t *out)
{
    return ngx_ai_text_units(text, len, dst, max, out, ngx_ai_text_unit);
}


ngx_int_t
ngx_ai_text_decode_loose(const u_char *text, size_t len, u_char *dst,
    size_t max, ngx_str_t *out)
{
    return ngx_ai_text_units(text, len, dst, max, out, ngx_ai_text_unit_loose);
}


static ngx_int_t
ngx_ai_text_units(const u_char *text, size_t len, u_char *dst, size_t max,
    ngx_str_t *out, ngx_ai_text_unit_pt unit)
{
    u_char        *d, *last, utf8[4];
    size_t         n;
    uint32_t       code;
    const char    *error;
    const u_char  *p, *end, *next;

    p = text;
    end = text + len;

    d = dst;
    last = dst + max;

    while (p < end) {

        if (*p == '\\' || *p >= 0x80) {
            next = p;

            if (unit(&next, end, &code, &error) != NGX_OK) {
                return NGX_ERROR;
            }

            n = ngx_ai_text_put(utf8, code) - utf8;

            if ((size_t) (last - d) < n) {
                return NGX_DECLINED;
            }

            d = ngx_cpymem(d, utf8, n);
            p = next;

            continue;
        }

        next = ngx_ai_text_plain(p, end);

        /* a quote or a control byte cannot be here; it is copied if it is */

        n = ngx_max(next - p, 1);

        if ((size_t) (last - d) < n) {
            return NGX_DECLINED;
        }

        d = ngx_movemem(d, p, n);
        p += n;
    }

    out->data = dst;
    out->len = d - dst;

    return NGX_OK;
}
