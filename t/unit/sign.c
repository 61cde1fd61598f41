
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "ngx_ai_args.h"
#include "ngx_ai_sign.h"


static ngx_str_t sign_str(const char *text);
static void sign_test_wrap(ngx_pool_t *pool);
static void sign_test_join(ngx_pool_t *pool);
static void sign_test_fit(ngx_pool_t *pool);
static void sign_test_args(void);
static void sign_test_memory(ngx_pool_t *pool);


static ngx_str_t
sign_str(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = strlen(text);

    return s;
}


static void
sign_test_wrap(ngx_pool_t *pool)
{
    size_t       i;
    ngx_int_t    rc;
    ngx_str_t    in, out, back;
    ngx_uint_t   origin;
    tap_guard_t  guard;

    static const char  *bare[] = {
        "", "a", "aigw", "aigw.", "aigw.4", "aigw.4.", "aigw..SIG",
        "aigw.x.SIG", "aigw.444.SIG", "AIGW.4.SIG", " aigw.4.SIG",
        "EqQBCkYIBRgCIkA="
    };

    in = sign_str("CqQBAdHtim8+/=");

    is_int(ngx_ai_signature_wrap(pool, 4, &in, &out), NGX_OK,
           "a signature is wrapped");
    is_str(out.data, out.len, "aigw.4.CqQBAdHtim8+/=",
           "it says what it is and where it comes from");

    origin = 0;

    is_int(ngx_ai_signature_unwrap(&out, &origin, &back), NGX_OK,
           "a wrapped one is known");
    is_int(origin, 4, "its origin comes back");
    is_str(back.data, back.len, "CqQBAdHtim8+/=", "the signature comes back");

    is_int(ngx_ai_signature_unwrap(&out, &origin, &out), NGX_OK,
           "it may be unwrapped in place");
    is_str(out.data, out.len, "CqQBAdHtim8+/=", "which gives the same");

    for (i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
        in.len = strlen(bare[i]);
        in.data = tap_guard(&guard, bare[i], in.len);

        rc = ngx_ai_signature_unwrap(&in, &origin, &back);
        is_int(rc, NGX_DECLINED, "\"%s\" is not ours", bare[i]);

        tap_unguard(&guard);
    }
}


static void
sign_test_join(ngx_pool_t *pool)
{
    size_t       i;
    u_char      *p;
    ngx_str_t    id, in, out, back, sig;
    ngx_uint_t   origin;

    static const char  *bare[] = {
        "", "~", "call_1", "call_1~", "call_1~x", "call_1~aigw.4.",
        "call_1~aigw.4.SIG~", "aigw.4.SIG"
    };

    id = sign_str("call_a1b2");
    in = sign_str("CqQB/+==");

    is_int(ngx_ai_id_join(pool, &id, 4, &in, &out), NGX_OK,
           "an id takes a signature");
    is_str(out.data, out.len, "call_a1b2~aigw.4.CqQB/+==",
           "which is behind it");

    is_int(ngx_ai_id_split(&out, &back, &origin, &sig), NGX_OK,
           "and is found there");
    is_str(back.data, back.len, "call_a1b2", "the id comes back");
    is_str(sig.data, sig.len, "CqQB/+==", "and so does the signature");
    is_int(origin, 4, "and its origin");

    id = sign_str("call~1");
    (void) ngx_ai_id_join(pool, &id, 12, &in, &out);
    is_int(ngx_ai_id_split(&out, &out, &origin, &sig), NGX_OK,
           "an id with a tilde may be split in place");
    is_str(out.data, out.len, "call~1", "and comes back");
    is_int(origin, 12, "an origin may have two digits");

    p = ngx_palloc(pool, NGX_AI_SIGN_MAX + 1);
    ngx_memset(p, 'A', NGX_AI_SIGN_MAX + 1);
    in.data = p;
    in.len = NGX_AI_SIGN_MAX;

    (void) ngx_ai_id_join(pool, &id, 4, &in, &out);
    is_int(out.len, 6 + 8 + NGX_AI_SIGN_MAX, "a long signature is carried");

    in.len++;

    is_int(ngx_ai_id_join(pool, &id, 4, &in, &out), NGX_OK,
           "one that is too long is no error");
    is_str(out.data, out.len, "call~1", "and is left out");

    in.len = 0;
    (void) ngx_ai_id_join(pool, &id, 4, &in, &out);
    is_str(out.data, out.len, "call~1", "no signature is nothing to carry");

    for (i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
        in = sign_str(bare[i]);
        is_int(ngx_ai_id_split(&in, &id, &origin, &sig), NGX_DECLINED,
               "\"%s\" has no signature", bare[i]);
    }
}


static void
sign_test_fit(ngx_pool_t *pool)
{
    u_char      c;
    size_t      i, bad;
    ngx_str_t   in, out, again;
    ngx_uint_t  k, odd;

    static const struct {
        const char  *id;
        size_t       max;
        const char  *more;
        ngx_uint_t   fits;
    } vectors[] = {
        { "call_abc", 64, "_-", 1 },
        { "toolu_01A-z", 64, "_-", 1 },
        { "D681PevKs", 9, "", 1 },
        { "call_abc", 64, "", 0 },
        { "functions.add:0", 64, "_-", 0 },
        { "functions.add:0", 64, "_-.:", 1 },
        { "D681PevKs1", 9, "", 0 },
        { "a\\/b", 64, "_-", 0 },
        { "", 64, "_-", 0 }
    };

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        in = sign_str(vectors[i].id);

        is_int(ngx_ai_id_fit(pool, &in, vectors[i].max, vectors[i].more, 9,
                             &out),
               NGX_OK, "\"%s\" is made to fit", vectors[i].id);

        if (vectors[i].fits) {
            is_str(out.data, out.len, vectors[i].id, "it does as it is");
            continue;
        }

        is_int(out.len, 9, "it gets another of that length");

        (void) ngx_ai_id_fit(pool, &in, vectors[i].max, vectors[i].more, 9,
                             &again);
        is_bytes(out.data, out.len, again.data, again.len,
                 "which is always the same");
    }

    /* the digest is a number whose last digit comes first */

    in = sign_str("call_abc");
    (void) ngx_ai_id_fit(pool, &in, 4, "", 40, &out);
    is_str(out.data, out.len, "T4MXtrTSTtZIQQssZ1BPy4Zck7hDrI5v3wqmUrbS",
           "a long one is possible");

    in = sign_str("call_abd");
    (void) ngx_ai_id_fit(pool, &in, 4, "", 40, &again);
    ok(memcmp(out.data, again.data, 9) != 0, "other ids get others");

    bad = 0;
    odd = 0;

    for (k = 0; k < 1000; k++) {
        char  id[16];

        snprintf(id, sizeof(id), "%u", (unsigned) k);
        in = sign_str(id);

        (void) ngx_ai_id_fit(pool, &in, 0, "", 9, &out);

        for (i = 0; i < out.len; i++) {
            c = out.data[i];

            if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
                  || (c >= 'a' && c <= 'z')))
            {
                bad++;
            }

            odd += (c >= 'a');
        }
    }

    is_int(bad, 0, "they are of letters and digits");
    ok(odd > 3000 && odd < 4500, "of all of them");
}


static void
sign_test_args(void)
{
    size_t       i;
    u_char      *dst;
    ngx_str_t    in, out;
    tap_guard_t  guard;

    static const struct {
        const char  *source;
        const char  *json;
    } vectors[] = {
        { "{\\\"a\\\":1.0}", "{\"a\":1.0}" },
        { " {}\\n", "{}" },
        { "{\\\"a\\\":\\\"\\\\u00e9\\\"}", "{\"a\":\"\\u00e9\"}" },
        { "{\\\"a\\\":\\\"\\u00e9\\\"}", "{\"a\":\"\xc3\xa9\"}" },
        { "", "{}" },
        { " \\t\\r\\n", "{}" },
        { "null", "{}" },
        { " null ", "{}" },
        { "[1]", "{\"arguments\":\"[1]\"}" },
        { "7", "{\"arguments\":\"7\"}" },
        { "\\\"x\\\"", "{\"arguments\":\"\\\"x\\\"\"}" },
        { "{\\\"a\\\":", "{\"arguments\":\"{\\\"a\\\":\"}" },
        { "{}{}", "{\"arguments\":\"{}{}\"}" },
        { "{a:1}", "{\"arguments\":\"{a:1}\"}" }
    };

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        in = sign_str(vectors[i].source);
        in.data = tap_guard(&guard, in.data, in.len);
        dst = malloc(ngx_ai_args_size(&in));

        is_int(ngx_ai_args_read(&in, dst, &out), NGX_OK,
               "arguments are read: %s", vectors[i].source);
        is_str(out.data, out.len, vectors[i].json, "as an object: %s",
               vectors[i].json);

        free(dst);
        tap_unguard(&guard);
    }

    in = sign_str("\\x");
    dst = malloc(ngx_ai_args_size(&in));

    is_int(ngx_ai_args_read(&in, dst, &out), NGX_ERROR,
           "what is no string is an error");

    free(dst);
}


static void
sign_test_memory(ngx_pool_t *pool)
{
    ngx_str_t  id, out;

    id = sign_str("call_1");

    ngx_shim_fail_at = 1;
    is_int(ngx_ai_signature_wrap(pool, 4, &id, &out), NGX_ERROR,
           "wrapping says when there is no memory");

    ngx_shim_fail_at = 1;
    is_int(ngx_ai_id_join(pool, &id, 4, &id, &out), NGX_ERROR,
           "joining says when there is no memory");

    ngx_shim_fail_at = 1;
    is_int(ngx_ai_id_fit(pool, &id, 1, "", 9, &out), NGX_ERROR,
           "fitting says when there is no memory");

    ngx_shim_fail_at = 0;
}


int
main(void)
{
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    sign_test_wrap(pool);
    sign_test_join(pool);
    sign_test_fit(pool);
    sign_test_args();
    sign_test_memory(pool);

    ngx_destroy_pool(pool);

    return done();
}
