
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "ngx_ai_secret.h"


#define KEY  "sk-proj-4f9aZ0_kQ"


typedef struct {
    ngx_ai_secret_t  *secret;
    u_char            bytes[64];
    size_t            len;
} secret_after_t;


static ngx_ai_secret_t *secret_create(ngx_pool_t *pool, const char *in,
    size_t len, const char **reason);
static void test_value(ngx_pool_t *pool);
static void test_in(ngx_pool_t *pool);
static void test_trim(ngx_pool_t *pool);
static void test_refused(ngx_pool_t *pool);
static void test_taken(ngx_pool_t *pool);
static void test_printed(ngx_pool_t *pool);
static void test_wiped(void);
static void test_memory(void);
static void secret_read(void *data);


int
main(void)
{
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    test_value(pool);
    test_in(pool);
    test_trim(pool);
    test_refused(pool);
    test_taken(pool);
    test_printed(pool);

    ngx_destroy_pool(pool);

    test_wiped();
    test_memory();

    return done();
}


/* the value ends at an unreadable page and is gone afterwards */

static ngx_ai_secret_t *
secret_create(ngx_pool_t *pool, const char *in, size_t len,
    const char **reason)
{
    ngx_str_t         value;
    tap_guard_t       g;
    ngx_ai_secret_t  *s;

    value.data = tap_guard(&g, in, len);
    value.len = len;

    s = ngx_ai_secret_create(pool, &value, reason);

    tap_unguard(&g);

    return s;
}


static void
test_value(ngx_pool_t *pool)
{
    u_char            out[64];
    ngx_str_t        *tag;
    const char       *reason;
    ngx_ai_secret_t  *s, *other;

    reason = "not set";
    s = secret_create(pool, KEY, strlen(KEY), &reason);

    ok(s != NULL && reason == NULL, "a key becomes a secret");

    if (s == NULL) {
        return;
    }

    is_int(ngx_ai_secret_len(s), strlen(KEY), "its length is the key's");

    memset(out, '#', sizeof(out));

    ok(ngx_ai_secret_copy(out + 1, s) == out + 1 + strlen(KEY),
       "copying it returns the end");
    is_str(out, strlen(KEY) + 2, "#" KEY "#", "copying it writes the key only");

    /* printf %s the key | sha256sum */

    tag = ngx_ai_secret_tag(s);
    is_str(tag->data, tag->len, "decb127c",
           "its tag is the beginning of its digest");

    other = secret_create(pool, KEY "2", strlen(KEY) + 1, &reason);
    ok(other != NULL
       && memcmp(ngx_ai_secret_tag(other)->data, tag->data, tag->len) != 0,
       "another key has another tag");
}


static void
test_in(ngx_pool_t *pool)
{
    size_t            i;
    ngx_str_t         text;
    const char       *reason;
    tap_guard_t       g;
    ngx_ai_secret_t  *s;

    static const struct {
        const char   *text;
        ngx_uint_t    in;
    } cases[] = {
        { KEY, 1 },
        { "{\"message\": \"Incorrect API key provided: " KEY "\"}", 1 },
        { "sk-proj-" KEY, 1 },
        { "sk-proj-4f9aZ0_k", 0 },
        { "k-proj-4f9aZ0_kQ", 0 },
        { "SK-PROJ-4F9AZ0_KQ", 0 },
        { "", 0 }
    };

    s = secret_create(pool, KEY, strlen(KEY), &reason);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text.len = strlen(cases[i].text);
        text.data = tap_guard(&g, cases[i].text, text.len);

        is_int(ngx_ai_secret_in(s, &text), cases[i].in,
               "a text that holds a key is told from one that does not, %u",
               (unsigned) i);

        tap_unguard(&g);
    }
}


static void
test_trim(ngx_pool_t *pool)
{
    size_t            i;
    u_char            out[64];
    const char       *reason;
    ngx_uint_t        good;
    ngx_ai_secret_t  *s;

    static const char *const  values[] = {
        KEY "\n", KEY "\r\n", " " KEY, KEY " \t", "\t " KEY " \t\n"
    };

    good = 1;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        s = secret_create(pool, values[i], strlen(values[i]), &reason);

        if (s == NULL || ngx_ai_secret_len(s) != strlen(KEY)
            || ngx_ai_secret_copy(out, s) != out + strlen(KEY)
            || memcmp(out, KEY, strlen(KEY)) != 0)
        {
            good = 0;
            diag("value %u", (unsigned) i);
        }
    }

    ok(good, "one line end and the blanks around a key are not part of it");
}


static void
test_refused(ngx_pool_t *pool)
{
    size_t       i;
    const char  *reason;

    static const struct {
        const char  *value;
        const char  *reason;
    } cases[] = {
        { "", "it is empty" },
        { "\n", "it is empty" },
        { "\r\n", "it is empty" },
        { " \t\n", "it is empty" },

        { KEY "\n\n",
          "it has a control character or more than one line" },
        { KEY "\n" KEY,
          "it has a control character or more than one line" },
        { "\n" KEY, "it has a control character or more than one line" },
        { KEY "\r", "it has a control character or more than one line" },
        { "a\tb", "it has a control character or more than one line" },
        { "a\x1b[0m", "it has a control character or more than one line" },
        { "a\x7f" "b", "it has a control character or more than one line" },

        { "changeme", "it is a placeholder" },
        { "Change-Me", "it is a placeholder" },
        { "CHANGE_ME\n", "it is a placeholder" },
        { "your-api-key", "it is a placeholder" },
        { "YOUR_API_KEY_HERE", "it is a placeholder" },
        { "your-openai-api-key", "it is a placeholder" },
        { "your_anthropic_key_here", "it is a placeholder" },
        { "sk-your-key", "it is a placeholder" },
        { "your secret token", "it is a placeholder" },
        { "none", "it is a placeholder" },
        { "null", "it is a placeholder" },
        { "undefined", "it is a placeholder" },
        { "TODO", "it is a placeholder" },
        { "placeholder", "it is a placeholder" },
        { "sk-xxx", "it is a placeholder" },
        { "sk-XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
          "it is a placeholder" },
        { "sk-ant-api-***", "it is a placeholder" },
        { "gsk_...", "it is a placeholder" },
        { "sk-", "it is a placeholder" },
        { "abcdwxyz-ijklmn-xxx", "it is a placeholder" },
        { "api-key", "it is a placeholder" },
        { "your-0123456789-0123456789-0123456789-01-key",
          "it is a placeholder" },
        { "xxxx", "it is a placeholder" },
        { "...", "it is a placeholder" },
        { "${OPENAI_API_KEY}", "it is a placeholder" },
        { "${", "it is a placeholder" },
        { "<openai key>", "it is a placeholder" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reason = "";

        ok(secret_create(pool, cases[i].value, strlen(cases[i].value),
                         &reason) == NULL,
           "value %u is refused", (unsigned) i);
        is_str(reason, strlen(reason), cases[i].reason,
               "value %u is refused for its reason", (unsigned) i);
    }

    reason = "";

    ok(secret_create(pool, "ab\0cd", 5, &reason) == NULL,
       "a value with a zero byte is refused");
}


static void
test_taken(ngx_pool_t *pool)
{
    size_t       i;
    const char  *reason;

    static const char *const  values[] = {
        "sk-test", "a", "sk-xxxy", "xxx-1", "sk-x1", "correct horse battery",
        "your-horse", "yours", "none-of-it", "todo1", "$1", "<a", "a>",
        "p\xc3\xa4ssword", "changemenow",
        "abcdefgh-ijklmno-xxx", "a9-xxx", "9a-xxx",
        "your-0123456789-0123456789-0123456789-012-key",
        "0123456789012345678901234567890123456789012345678901234567890123456789"
    };

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        reason = "";

        ok(secret_create(pool, values[i], strlen(values[i]), &reason) != NULL,
           "what may be a key is taken, value %u", (unsigned) i);
    }
}


static void
test_printed(ngx_pool_t *pool)
{
    u_char            line[256], *p;
    const char       *reason;
    ngx_ai_secret_t  *s;

    s = secret_create(pool, KEY, strlen(KEY), &reason);

    p = ngx_snprintf(line, sizeof(line), "key \"%V\"", s);
    is_str(line, p - line, "key \"decb127c\"",
           "a secret that is printed by mistake prints its tag");
}


static void
test_wiped(void)
{
    ngx_pool_t          *pool;
    const char          *reason;
    ngx_uint_t           i, zero;
    secret_after_t       after;
    ngx_pool_cleanup_t  *cln;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    /* cleanups run last to first: this one sees what the secret's left */

    cln = ngx_pool_cleanup_add(pool, 0);
    cln->handler = secret_read;
    cln->data = &after;

    after.len = 0;
    after.secret = secret_create(pool, KEY, strlen(KEY), &reason);

    ngx_destroy_pool(pool);

    zero = 1;

    for (i = 0; i < after.len; i++) {
        zero &= (after.bytes[i] == 0);
    }

    ok(after.len == strlen(KEY) && zero,
       "a secret is wiped when its pool is destroyed");
}


static void
secret_read(void *data)
{
    secret_after_t  *after = data;

    after->len = ngx_ai_secret_copy(after->bytes, after->secret)
                 - after->bytes;
}


static void
test_memory(void)
{
    ngx_pool_t  *pool;
    const char  *reason;
    ngx_uint_t   n, refused;

    refused = 0;

    for (n = 1; n < 10; n++) {
        pool = ngx_create_pool(4096, &ngx_shim_log);
        reason = "";
        ngx_shim_fail_at = n;

        if (secret_create(pool, KEY, strlen(KEY), &reason) == NULL) {
            refused += (strcmp(reason, "no memory") == 0);
        }

        n = ngx_shim_fail_at ? 10 : n;
        ngx_shim_fail_at = 0;
        ngx_destroy_pool(pool);
    }

    is_int(refused, 2, "without memory there is no secret, and a reason");
    is_int(ngx_shim_pool_blocks, 0, "no block is left");
}
