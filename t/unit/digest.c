
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "ngx_ai_digest.h"

#include <openssl/evp.h>


#define REPEAT20(s)  s s s s s s s s s s s s s s s s s s s s


static void test_sha256(void);
static void test_hmac(void);
static void test_hex(void);
static void test_equal(void);


int
main(void)
{
    test_sha256();
    test_hmac();
    test_hex();
    test_equal();

    return done();
}


static void
test_sha256(void)
{
    u_char           *million, out[NGX_AI_SHA256_LEN], want[EVP_MAX_MD_SIZE];
    u_char            hex[2 * NGX_AI_SHA256_LEN], in[200];
    size_t            i;
    ngx_uint_t        good;
    tap_guard_t       g;
    ngx_ai_sha256_t   sha;

    /* FIPS 180-4's examples */

    static const struct {
        const char  *in;
        const char  *hex;
    } cases[] = {
        { "",
          "e3b0c44298fc1c149afbf4c8996fb924"
          "27ae41e4649b934ca495991b7852b855" },
        { "abc",
          "ba7816bf8f01cfea414140de5dae2223"
          "b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039"
          "a33ce45964ff2167f6ecedd419db06c1" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ngx_ai_sha256((u_char *) cases[i].in, strlen(cases[i].in), out);
        ngx_ai_hex(hex, out, sizeof(out));
        is_str(hex, sizeof(hex), cases[i].hex,
               "SHA-256 of \"%s\" is as published", cases[i].in);
    }

    million = malloc(1000000);
    memset(million, 'a', 1000000);

    ngx_ai_sha256(million, 1000000, out);
    ngx_ai_hex(hex, out, sizeof(out));
    is_str(hex, sizeof(hex),
           "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
           "SHA-256 of a million letters is as published");

    free(million);

    ngx_ai_sha256(NULL, 0, out);
    ngx_ai_hex(hex, out, sizeof(out));
    is_str(hex, sizeof(hex), cases[0].hex, "SHA-256 of nothing takes NULL");

    good = 1;

    for (i = 0; i < sizeof(in); i++) {
        in[i] = (u_char) (i * 7);
        tap_guard(&g, in, i);

        ngx_ai_sha256(g.data, i, out);

        good &= EVP_Digest(in, i, want, NULL, EVP_sha256(), NULL) == 1
                && memcmp(out, want, sizeof(out)) == 0;

        tap_unguard(&g);
    }

    ok(good, "SHA-256 of 0 to 199 bytes is what OpenSSL's EVP gives");

    ngx_ai_sha256(in, sizeof(in), want);

    for (i = 0; i <= sizeof(in); i++) {
        ngx_ai_sha256_init(&sha);
        ngx_ai_sha256_update(&sha, in, i);
        ngx_ai_sha256_update(&sha, NULL, 0);
        ngx_ai_sha256_update(&sha, in + i, sizeof(in) - i);
        ngx_ai_sha256_final(&sha, out);

        good &= memcmp(out, want, sizeof(out)) == 0;
    }

    ok(good, "SHA-256 in pieces is that of the whole");
}


static void
test_hmac(void)
{
    size_t  i;
    u_char  out[NGX_AI_SHA256_LEN], hex[2 * NGX_AI_SHA256_LEN];

    /* RFC 4231; the fifth case there is of a truncated digest */

    static const struct {
        const char  *name;
        const char  *key;
        const char  *data;
        const char  *hex;
    } cases[] = {
        { "a short key",
          REPEAT20("\x0b"),
          "Hi There",
          "b0344c61d8db38535ca8afceaf0bf12b"
          "881dc200c9833da726e9376c2e32cff7" },
        { "a key shorter than the digest",
          "Jefe",
          "what do ya want for nothing?",
          "5bdcc146bf60754e6a042426089575c7"
          "5a003f089d2739839dec58b964ec3843" },
        { "data of 50 bytes",
          REPEAT20("\xaa"),
          REPEAT20("\xdd") REPEAT20("\xdd")
          "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd",
          "773ea91e36800e46854db8ebd09181a7"
          "2959098b3ef8c122d9635514ced565fe" },
        { "a key of 25 bytes",
          "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
          "\x11\x12\x13\x14\x15\x16\x17\x18\x19",
          REPEAT20("\xcd") REPEAT20("\xcd")
          "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd",
          "82558a389a443c0ea4cc819899f2083a"
          "85f0faa3e578f8077a2e3ff46729665b" },
        { "a key longer than a block",
          REPEAT20("\xaa") REPEAT20("\xaa") REPEAT20("\xaa") REPEAT20("\xaa")
          REPEAT20("\xaa") REPEAT20("\xaa") "\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
          "\xaa\xaa\xaa\xaa",
          "Test Using Larger Than Block-Size Key - Hash Key First",
          "60e431591ee0b67f0d8a26aacbf5b77f"
          "8e0bc6213728c5140546040f0ee37f54" },
        { "a key and data longer than a block",
          REPEAT20("\xaa") REPEAT20("\xaa") REPEAT20("\xaa") REPEAT20("\xaa")
          REPEAT20("\xaa") REPEAT20("\xaa") "\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
          "\xaa\xaa\xaa\xaa",
          "This is a test using a larger than block-size key and a larger t"
          "han block-size data. The key needs to be hashed before being use"
          "d by the HMAC algorithm.",
          "9b09ffa71b942fcb27635fbcd5b0e944"
          "bfdc63644f0713938a7f51535c3a35e2" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_int(ngx_ai_hmac_sha256((u_char *) cases[i].key,
                                  strlen(cases[i].key),
                                  (u_char *) cases[i].data,
                                  strlen(cases[i].data), out),
               NGX_OK, "HMAC with %s can be made", cases[i].name);

        ngx_ai_hex(hex, out, sizeof(out));
        is_str(hex, sizeof(hex), cases[i].hex,
               "HMAC with %s is as published", cases[i].name);
    }

    is_int(ngx_ai_hmac_sha256((u_char *) "k", 1, NULL, 0, out), NGX_OK,
           "HMAC of nothing can be made");
    is_int(ngx_ai_hmac_sha256((u_char *) "", 0, (u_char *) "data", 4, out),
           NGX_ERROR, "HMAC with an empty key is refused");
    is_int(ngx_ai_hmac_sha256(NULL, 0, (u_char *) "data", 4, out),
           NGX_ERROR, "HMAC without a key is refused");
    is_int(ngx_ai_hmac_sha256((u_char *) "k", (size_t) INT_MAX + 1,
                              (u_char *) "data", 4, out),
           NGX_ERROR, "HMAC with a key longer than OpenSSL takes is refused");
}


static void
test_hex(void)
{
    u_char      all[256], hex[512], back[256];
    size_t      i;
    ngx_uint_t  good;

    static const char *const  wrong[] = {
        "0", "0g", "g0", "000", " 0", "0x", "/0", ":0", "@0", "`0", "G0",
        "\xc1\x30", "0\x90", "00 0", "00\n"
    };

    for (i = 0; i < 256; i++) {
        all[i] = (u_char) i;
    }

    ok(ngx_ai_hex(hex, all, 256) == hex + 512,
       "hex returns the end of what it wrote");
    is_bytes(hex, 34, "000102030405060708090a0b0c0d0e0f10", 34,
             "hex digits are in lower case");
    is_int(ngx_ai_unhex(back, hex, 512), NGX_OK, "all digits are read back");
    is_bytes(back, 256, all, 256, "all bytes are read back");

    is_int(ngx_ai_unhex(back, (u_char *) "aAfF09", 6), NGX_OK,
           "digits of both cases are read");
    is_bytes(back, 3, "\xaa\xff\x09", 3, "they have the same value");

    is_int(ngx_ai_unhex(hex, hex, 512), NGX_OK, "digits are read in place");
    is_bytes(hex, 256, all, 256, "they have the same value in place");

    back[0] = 'x';
    is_int(ngx_ai_unhex(back, (u_char *) "", 0), NGX_OK,
           "no digits are no bytes");
    is_int(back[0], 'x', "nothing is written for no digits");

    good = 1;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        good &= ngx_ai_unhex(back, (u_char *) wrong[i], strlen(wrong[i]))
                == NGX_ERROR;
    }

    ok(good, "an odd number of digits or another byte is an error");
}


static void
test_equal(void)
{
    u_char      a[32], b[32];
    size_t      i;
    ngx_uint_t  good;

    memset(a, 'a', 32);
    memset(b, 'a', 32);

    ok(ngx_ai_equal(a, b, 32), "equal bytes are equal");
    ok(ngx_ai_equal(a, (u_char *) "b", 0), "no bytes are equal");

    good = 1;

    for (i = 0; i < 32; i++) {
        b[i] ^= 0x80;
        good &= ngx_ai_equal(a, b, 32) == 0;
        good &= ngx_ai_equal(a, b, i) == 1;
        b[i] ^= 0x80;
    }

    ok(good, "bytes that differ at any place are not equal");
}
