
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_TEXT_H_INCLUDED_
#define _NGX_AI_TEXT_H_INCLUDED_


/*
 * What may stand between the quotes of a JSON string: plain bytes, and units
 * of several bytes, which are escapes and UTF-8 sequences.
 *
 * UTF-8 is that of RFC 3629: no overlong forms, no surrogates, nothing above
 * U+10FFFF.  \uD83D\uDE00 is one unit; half of it is an error.
 */


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_AI_TEXT_UNIT  12            /* bytes of the longest unit */


typedef signed char  ngx_ai_text_vector_t  __attribute__((vector_size(16)));


/* what an escape of two bytes stands for, by its second; 0: no such escape */

extern const u_char  ngx_ai_text_escapes[256];


/*
 * Reads the unit whose first byte, a backslash or one from 0x80 on, is *pp.
 *
 * NGX_OK:    *pp is its end, *code the code point it stands for.
 * NGX_AGAIN: right so far, and not all of it is here.
 * NGX_ERROR: *pp is the first byte that cannot be right, *error says why.
 */
ngx_int_t ngx_ai_text_unit(const u_char **pp, const u_char *end,
    uint32_t *code, const char **error);

/*
 * The same for texts that may have been cut in the middle of a pair: half of
 * one in a "\u" escape is a unit, and stands for U+FFFD.  All of the text is
 * here: NGX_AGAIN is for what is truncated.
 */
ngx_int_t ngx_ai_text_unit_loose(const u_char **pp, const u_char *end,
    uint32_t *code, const char **error);

/*
 * Skips UTF-8 sequences of two to four bytes; stops at ASCII, at a sequence
 * that is wrong or truncated, and at the end.
 */
const u_char *ngx_ai_text_utf8(const u_char *p, const u_char *end);

/*
 * Skips plain bytes and escapes of two bytes, 64 bytes at a time and without a
 * branch for each, as far as escapes are close together.  Where it stops, be
 * it at "p" at once, a byte or a unit begins that is for others to judge.
 */
const u_char *ngx_ai_text_blocks(const u_char *p, const u_char *end);

/* writes the UTF-8 of a code point, up to 4 bytes, and returns its end */
u_char *ngx_ai_text_put(u_char *dst, uint32_t code);

/*
 * Decodes the source of a string, without its quotes, to UTF-8 in "dst" of
 * "max" bytes, which may be the source itself: it never grows.
 *
 * NGX_OK:       "out" is the decoded string, it begins at "dst".
 * NGX_DECLINED: it is longer than "max".
 * NGX_ERROR:    a unit is wrong or, as in a text that was cut, not complete.
 */
ngx_int_t ngx_ai_text_decode(const u_char *text, size_t len, u_char *dst,
    size_t max, ngx_str_t *out);

/* the same by ngx_ai_text_unit_loose() */
ngx_int_t ngx_ai_text_decode_loose(const u_char *text, size_t len,
    u_char *dst, size_t max, ngx_str_t *out);


/* returns where the first quote, backslash, control or non-ASCII byte is */

static ngx_inline const u_char *
ngx_ai_text_plain(const u_char *p, const u_char *end)
{
    uint64_t              w[2];
    ngx_ai_text_vector_t  v;

    while (end - p >= 16) {

        ngx_memcpy(&v, p, 16);

        /* signed: bytes from 0x80 on are less than 0x20 too */

        v = (v < 0x20) | (v == '"') | (v == '\\');

        ngx_memcpy(w, &v, 16);

#if (NGX_HAVE_LITTLE_ENDIAN)

        if (w[0]) {
            return p + __builtin_ctzll(w[0]) / 8;
        }

        if (w[1]) {
            return p + 8 + __builtin_ctzll(w[1]) / 8;
        }

#else

        if (w[0] | w[1]) {
            break;
        }

#endif

        p += 16;
    }

    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') {
        p++;
    }

    return p;
}


#endif /* _NGX_AI_TEXT_H_INCLUDED_ */
