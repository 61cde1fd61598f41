
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_keys.h"
#include "ngx_ai_time.h"

#include <time.h>


#define HEX(c)  c c c c c c c c c c c c c c c c

#define ONE     HEX("1a2b")
#define TWO     HEX("3c4d")


typedef struct {
    const char  *text;
    ngx_uint_t   line;
    const char  *path;
    const char  *reason;
} keys_bad_t;


static ngx_ai_keys_t *parse(const char *text);
static void hex_of(const char *key, char *hex);
static void keys_good(void);
static void keys_bad(const keys_bad_t *t);
static void keys_weak(void);
static void keys_verdicts(void);
static void keys_allow(void);
static void keys_times(void);
static void keys_memory(void);
static void keys_many(void);
static void keys_even(const ngx_ai_keys_t *keys, ngx_uint_t n);
static int keys_compare(const void *a, const void *b);
static double seconds(void);


static ngx_pool_t           *pool;
static ngx_ai_keys_error_t   error;


static const keys_bad_t  bads[] = {

    /* the file */

    { "", 1, "", "" },
    { "{", 1, "", "" },
    { "[]", 1, "", "must be an object with a \"keys\" member" },
    { "null", 1, "", "must be an object" },
    { "\"keys\"", 1, "", "must be an object" },
    { "{}", 1, "", "there is no \"keys\" member" },
    { "{\"key\":[]}", 1, "key", "is not known" },
    { "{\"keys\":[],\n\"keys\":[]}", 2, "keys", "is given twice" },
    { "{\"keys\":{}}", 1, "keys", "must be an array" },
    { "{\"keys\":null}", 1, "keys", "must be an array" },
    { "{\"keys\":[]} x", 1, "", "" },
    { "{\n\"keys\":\n[,]}", 3, "", "" },
    { "{\"keys\":[\"a\"]}", 1, "keys[0]", "must be an object" },
    { "{\"keys\":[[]]}", 1, "keys[0]", "must be an object" },
    { "{\"keys\":[7]}", 1, "keys[0]", "must be an object" },

    /* members */

    { "{\"keys\":[{}]}", 1, "keys[0]", "has no \"id\"" },
    { "{\"keys\":[\n{\"id\":\"a\"}]}", 2, "keys[0]", "has no \"sha256\"" },
    { "{\"keys\":[{\"sha256\":\"" ONE "\"}]}", 1, "keys[0]",
      "has no \"id\"" },
    { "{\"keys\":[{\"id\":\"a\",\"id\":\"b\"}]}", 1, "keys[0].id",
      "is given twice" },
    { "{\"keys\":[{\"id\":\"a\",\"\\u0069d\":\"b\"}]}", 1, "keys[0].id",
      "is given twice" },
    { "{\"keys\":[{\"id\":\"a\",\"sha256\":\"" ONE "\",\n\"expiry\":1}]}", 2,
      "keys[0].expiry", "is not a member" },
    { "{\"keys\":[{\"Id\":\"a\"}]}", 1, "keys[0].Id", "is not a member" },

    /* id */

    { "{\"keys\":[{\"id\":1}]}", 1, "keys[0].id", "must be a string" },
    { "{\"keys\":[{\"id\":null}]}", 1, "keys[0].id", "must be a string" },
    { "{\"keys\":[{\"id\":{}}]}", 1, "keys[0].id", "must be a string" },
    { "{\"keys\":[{\"id\":[]}]}", 1, "keys[0].id", "must be a string" },
    { "{\"keys\":[{\"id\":\"\"}]}", 1, "keys[0].id", "must have 1 to" },
    { "{\"keys\":[{\"id\":\"a b\"}]}", 1, "keys[0].id", "printable" },
    { "{\"keys\":[{\"id\":\"a\\\"b\"}]}", 1, "keys[0].id", "printable" },
    { "{\"keys\":[{\"id\":\"a\\nb\"}]}", 1, "keys[0].id", "printable" },
    { "{\"keys\":[{\"id\":\"\xc3\xa4\"}]}", 1, "keys[0].id", "printable" },
    { "{\"keys\":[{\"id\":\"a\",\"sha256\":\"" ONE "\"},\n"
      "{\"id\":\"b\",\"sha256\":\"" TWO "\"},\n{\"id\":\"b\"}]}", 3,
      "keys[2].id", "is the id of keys[1] too" },

    /* sha256 */

    { "{\"keys\":[{\"id\":\"a\",\"sha256\":7}]}", 1, "keys[0].sha256",
      "must be a string" },
    { "{\"keys\":[{\"id\":\"a\",\"sha256\":\"\"}]}", 1, "keys[0].sha256",
      "64 hexadecimal digits" },
    { "{\"keys\":[{\"id\":\"a\",\"sha256\":\"" ONE "1a\"}]}", 1,
      "keys[0].sha256", "64 hexadecimal digits" },
    { "{\"keys\":[{\"id\":\"a\",\"sha256\":\"" HEX("zzzz") "\"}]}", 1,
      "keys[0].sha256", "64 hexadecimal digits" },
    { "{\"keys\":[{\"id\":\"a\",\"sha256\":\"" ONE "\"},\n"
      "{\"id\":\"b\",\"sha256\":\"" HEX("1A2B") "\"}]}", 2, "keys[1].sha256",
      "is the digest of \"a\" too" },
    { "{\"keys\":[{\"id\":\"a\",\"sha256\":\"" HEX("0000") "\"}]}", 1,
      "keys[0].sha256", "try first" },

    /* the others */

    { "{\"keys\":[{\"owner\":1}]}", 1, "keys[0].owner", "must be a string" },
    { "{\"keys\":[{\"group\":null}]}", 1, "keys[0].group",
      "must be a string" },
    { "{\"keys\":[{\"plan\":\"\"}]}", 1, "keys[0].plan", "must have 1 to" },
    { "{\"keys\":[{\"role\":\"a\\u0000b\"}]}", 1, "keys[0].role",
      "control character" },
    { "{\"keys\":[{\"tenant\":\"a\\u007f\"}]}", 1, "keys[0].tenant",
      "control character" },
    { "{\"keys\":[{\"disabled\":\"true\"}]}", 1, "keys[0].disabled",
      "must be true or false" },
    { "{\"keys\":[{\"disabled\":0}]}", 1, "keys[0].disabled",
      "must be true or false" },
    { "{\"keys\":[{\"disabled\":null}]}", 1, "keys[0].disabled",
      "must be true or false" },
    { "{\"keys\":[{\"id\":true}]}", 1, "keys[0].id", "must be a string" },
    { "{\"keys\":[{\"allow\":\"gpt-4o\"}]}", 1, "keys[0].allow",
      "must be an array of strings" },
    { "{\"keys\":[{\"allow\":{}}]}", 1, "keys[0].allow",
      "must be an array of strings" },
    { "{\"keys\":[{\"allow\":[]}]}", 1, "keys[0].allow", "allows nothing" },
    { "{\"keys\":[{\"allow\":[\"a\",\n1]}]}", 2, "keys[0].allow[1]",
      "must be a string" },
    { "{\"keys\":[{\"allow\":[{}]}]}", 1, "keys[0].allow[0]",
      "must be a string" },
    { "{\"keys\":[{\"allow\":[[]]}]}", 1, "keys[0].allow[0]",
      "must be a string" },
    { "{\"keys\":[[[[[[[[[[[]]]]]]]]]]]}", 1, "", "" },
    { "{\"keys\":[{\"allow\":[\"a b\"]}]}", 1, "keys[0].allow[0]",
      "can't be right" },
    { "{\"keys\":[{\"expires\":1893456000}]}", 1, "keys[0].expires",
      "must be a string" },
    { "{\"keys\":[{\"expires\":\"2027-02-29T00:00:00Z\"}]}", 1,
      "keys[0].expires", "must be a time" },
    { "{\"keys\":[{\"expires\":\"2027-01-01\"}]}", 1, "keys[0].expires",
      "must be a time" }
};


static ngx_ai_keys_t *
parse(const char *text)
{
    ngx_str_t       s;
    tap_guard_t     g;
    ngx_ai_keys_t  *keys;

    s.len = strlen(text);
    s.data = tap_guard(&g, text, s.len);

    keys = ngx_ai_keys_parse(pool, &s, &error);

    /* nothing may point into the text afterwards */

    tap_unguard(&g);

    return keys;
}


static void
hex_of(const char *key, char *hex)
{
    u_char  digest[NGX_AI_SHA256_LEN];

    ngx_ai_sha256((u_char *) key, strlen(key), digest);
    *ngx_ai_hex((u_char *) hex, digest, NGX_AI_SHA256_LEN) = '\0';
}


static void
keys_good(void)
{
    ngx_ai_keys_t       *keys;
    const ngx_ai_key_t  *k;

    keys = parse("{\"keys\":[]}");

    if (ok(keys != NULL, "a list may be empty")) {
        is_int(ngx_ai_keys_count(keys), 0, "then there is no key");
        ok(ngx_ai_keys_get(keys, 0) == NULL, "not even the first");
    }

    keys = parse(" { \"keys\": [\n"
                 "  { \"id\": \"search-prod\", \"sha256\": \"" ONE "\",\n"
                 "    \"owner\": \"search-team\", \"group\": \"search\",\n"
                 "    \"project\": \"site\", \"tenant\": \"acme \\u20ac\",\n"
                 "    \"plan\": \"basic\", \"role\": \"developer\",\n"
                 "    \"expires\": \"2027-01-01T00:00:00Z\",\n"
                 "    \"disabled\": true,\n"
                 "    \"allow\": [\"gpt-4o-mini\", \"gemini-*\"] },\n"
                 "  { \"sha256\": \"" HEX("3C4D") "\", \"id\": \"b\" } ] }\n");

    if (!ok(keys != NULL, "a whole file is taken: %.*s",
            (int) error.reason.len, error.reason.data))
    {
        return;
    }

    is_int(ngx_ai_keys_count(keys), 2, "both keys are there");

    k = ngx_ai_keys_get(keys, 0);

    is_str(k->id.data, k->id.len, "search-prod", "id");
    is_str(k->owner.data, k->owner.len, "search-team", "owner");
    is_str(k->group.data, k->group.len, "search", "group");
    is_str(k->project.data, k->project.len, "site", "project");
    is_str(k->tenant.data, k->tenant.len, "acme \xe2\x82\xac", "tenant");
    is_str(k->plan.data, k->plan.len, "basic", "plan");
    is_str(k->role.data, k->role.len, "developer", "role");
    is_int(k->expires, 1798761600, "expires");
    is_int(k->disabled, 1, "disabled");
    is_int(k->nallow, 2, "allow");
    is_str(k->allow[1].data, k->allow[1].len, "gemini-*", "allow[1]");
    is_int(k->sha256[30], 0x1a, "sha256");

    k = ngx_ai_keys_get(keys, 1);

    is_int(k->sha256[0], 0x3c, "upper-case digits are digits");
    ok(k->owner.len == 0 && k->expires == 0 && k->disabled == 0
       && k->nallow == 0, "what is left out is empty");
    ok(ngx_ai_keys_get(keys, 2) == NULL, "behind the last is nothing");
}


static void
keys_bad(const keys_bad_t *t)
{
    ok(parse(t->text) == NULL, "refused: %s", t->text);

    is_int(error.line, t->line, "the line is %d", (int) t->line);
    is_str(error.path.len ? (char *) error.path.data : "", error.path.len,
           t->path, "the path is %s", t->path);
    ok(error.reason.len
       && memmem(error.reason.data, error.reason.len, t->reason,
                 strlen(t->reason)) != NULL,
       "the reason has \"%s\": %.*s", t->reason, (int) error.reason.len,
       error.reason.data);
}


static void
keys_weak(void)
{
    char         hex[65], text[256];
    ngx_uint_t   i;

    static const char  *weak[] = {
        "", "changeme", "test", "sk-test", "sk-1234", "your-api-key",
        "password"
    };

    for (i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
        hex_of(weak[i], hex);
        sprintf(text, "{\"keys\":[{\"id\":\"a\",\"sha256\":\"%s\"}]}", hex);

        ok(parse(text) == NULL
           && error.path.len == 14
           && memcmp(error.path.data, "keys[0].sha256", 14) == 0,
           "the digest of \"%s\" is no key", weak[i]);
    }
}


static void
keys_verdicts(void)
{
    char                 text[2048], hex[6][65], big[NGX_AI_KEY_MAX + 2];
    ngx_str_t            s;
    ngx_uint_t           i;
    ngx_ai_keys_t       *keys;
    const ngx_ai_key_t  *k;

    memset(big, 'x', sizeof(big));
    big[NGX_AI_KEY_MAX] = '\0';

    hex_of("sk-good-key", hex[0]);
    hex_of("sk-off-key", hex[1]);
    hex_of("sk-old-key", hex[2]);
    hex_of("sk-old-off-key", hex[3]);
    hex_of(big, hex[4]);

    sprintf(text, "{\"keys\":[{\"id\":\"good\",\"sha256\":\"%s\","
                  "\"expires\":\"2027-01-01T00:00:00Z\"},"
                  "{\"id\":\"off\",\"sha256\":\"%s\",\"disabled\":true},"
                  "{\"id\":\"old\",\"sha256\":\"%s\","
                  "\"expires\":\"2020-01-01T00:00:00Z\"},"
                  "{\"id\":\"oldoff\",\"sha256\":\"%s\",\"disabled\":true,"
                  "\"expires\":\"2020-01-01T00:00:00Z\"},"
                  "{\"id\":\"big\",\"sha256\":\"%s\"}]}",
                  hex[0], hex[1], hex[2], hex[3], hex[4]);

    keys = parse(text);

    if (!ok(keys != NULL, "the keys are taken")) {
        return;
    }

    ngx_str_set(&s, "sk-good-key");

    is_int(ngx_ai_keys_check(keys, &s, 1798761599, &k), NGX_AI_KEY_OK,
           "a key is known in its last second");
    is_str(k->id.data, k->id.len, "good", "and named");
    is_int(ngx_ai_keys_check(keys, &s, 1798761600, &k), NGX_AI_KEY_EXPIRED,
           "and expired in the next");
    ok(k != NULL, "but still named");

    ngx_str_set(&s, "sk-off-key");
    is_int(ngx_ai_keys_check(keys, &s, 1700000000, &k), NGX_AI_KEY_DISABLED,
           "a disabled key");
    is_str(k->id.data, k->id.len, "off", "is named");

    ngx_str_set(&s, "sk-old-key");
    is_int(ngx_ai_keys_check(keys, &s, 1700000000, &k), NGX_AI_KEY_EXPIRED,
           "an expired key");

    ngx_str_set(&s, "sk-old-off-key");
    is_int(ngx_ai_keys_check(keys, &s, 1700000000, &k), NGX_AI_KEY_DISABLED,
           "a disabled one that has expired too");

    ngx_str_set(&s, "sk-good-ke");
    is_int(ngx_ai_keys_check(keys, &s, 1700000000, &k), NGX_AI_KEY_UNKNOWN,
           "the start of a key is no key");
    ok(k == NULL, "and names none");

    ngx_str_set(&s, "sk-good-key ");
    is_int(ngx_ai_keys_check(keys, &s, 1700000000, &k), NGX_AI_KEY_UNKNOWN,
           "a key with a blank is no key");

    ngx_str_null(&s);
    is_int(ngx_ai_keys_check(keys, &s, 1700000000, &k), NGX_AI_KEY_UNKNOWN,
           "nothing is no key");

    s.data = (u_char *) hex[0];
    s.len = 64;
    is_int(ngx_ai_keys_check(keys, &s, 1700000000, &k), NGX_AI_KEY_UNKNOWN,
           "a digest is no key");

    s.data = (u_char *) big;
    s.len = NGX_AI_KEY_MAX;
    is_int(ngx_ai_keys_check(keys, &s, 1700000000, &k), NGX_AI_KEY_OK,
           "a key may have %d bytes", NGX_AI_KEY_MAX);

    big[NGX_AI_KEY_MAX] = 'y';
    s.len = NGX_AI_KEY_MAX + 1;
    is_int(ngx_ai_keys_check(keys, &s, 1700000000, &k), NGX_AI_KEY_UNKNOWN,
           "a longer one is none, however it begins");
    ok(k == NULL, "and names none");

    keys = parse("{\"keys\":[]}");

    for (i = 0; keys && i < 2; i++) {
        ngx_str_set(&s, "sk-good-key");
        is_int(ngx_ai_keys_check(keys, &s, 0, &k), NGX_AI_KEY_UNKNOWN,
               "an empty table knows nobody");
    }
}


static void
keys_allow(void)
{
    ngx_str_t       model;
    ngx_ai_keys_t  *keys;

    keys = parse("{\"keys\":[{\"id\":\"a\",\"sha256\":\"" ONE "\","
                 "\"allow\":[\"gpt-4o-mini\",\"gemini-*\"]},"
                 "{\"id\":\"b\",\"sha256\":\"" TWO "\"}]}");

    if (!ok(keys != NULL, "the keys are taken")) {
        return;
    }

    ngx_str_set(&model, "gpt-4o-mini");
    is_int(ngx_ai_key_allows(ngx_ai_keys_get(keys, 0), &model), 1,
           "a model of the list");

    ngx_str_set(&model, "gemini-2.5-pro");
    is_int(ngx_ai_key_allows(ngx_ai_keys_get(keys, 0), &model), 1,
           "a model that fits a pattern");

    ngx_str_set(&model, "gpt-4o");
    is_int(ngx_ai_key_allows(ngx_ai_keys_get(keys, 0), &model), 0,
           "another model is not allowed");
    is_int(ngx_ai_key_allows(ngx_ai_keys_get(keys, 1), &model), 1,
           "without a list every model is");
}


static void
keys_times(void)
{
    time_t       t;
    ngx_str_t    s;
    ngx_uint_t   i;
    tap_guard_t  g;

    static const struct {
        const char  *text;
        time_t       want;         /* 0: refused */
    } times[] = {
        { "1971-01-01T00:00:00Z", 31536000 },
        { "2000-02-29T12:34:56Z", 951827696 },
        { "2000-03-01T00:00:00Z", 951868800 },
        { "2027-01-01T00:00:00Z", 1798761600 },
        { "2027-01-01t00:00:00z", 1798761600 },
        { "2027-01-01T02:00:00+02:00", 1798761600 },
        { "2026-12-31T18:30:00-05:30", 1798761600 },
        { "2027-01-01T00:00:00.123456789Z", 1798761600 },
        { "2027-12-31T23:59:59.9+00:00", 1830297599 },
        { "2028-02-29T00:00:00Z", 1835395200 },
        { "2100-03-01T00:00:00Z", 4107542400 },
        { "9999-12-31T23:59:59Z", 253402300799 },
        { "1970-01-01T00:00:00Z", 0 },
        { "2027-02-29T00:00:00Z", 0 },
        { "2100-02-29T00:00:00Z", 0 },
        { "2027-00-01T00:00:00Z", 0 },
        { "2027-13-01T00:00:00Z", 0 },
        { "2027-01-00T00:00:00Z", 0 },
        { "2027-04-31T00:00:00Z", 0 },
        { "2027-01-01T24:00:00Z", 0 },
        { "2027-01-01T00:60:00Z", 0 },
        { "2027-01-01T00:00:60Z", 0 },
        { "2027-01-01T00:00:00", 0 },
        { "2027-01-01T00:00:00.Z", 0 },
        { "2027-01-01T00:00:00.", 0 },
        { "2027-01-01T00:00:00.1", 0 },
        { "2027-01-01T00:00:00+", 0 },
        { "2027-01-01T00:00:00+2", 0 },
        { "2027-01-01T00:00:00+0200", 0 },
        { "2027-01-01T00:00:00+24:00", 0 },
        { "2027-01-01T00:00:00+02:60", 0 },
        { "2027-01-01T00:00:00ZZ", 0 },
        { "2027-01-01 00:00:00Z", 0 },
        { "2027-1-01T00:00:00Z", 0 },
        { "+027-01-01T00:00:00Z", 0 },
        { "20270101T000000Z", 0 },
        { "2027-01-01", 0 },
        { "tomorrow", 0 },
        { "", 0 }
    };

    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        s.len = strlen(times[i].text);
        s.data = tap_guard(&g, times[i].text, s.len);

        t = 0;

        is_int(ngx_ai_time_parse(&s, &t),
               times[i].want ? NGX_OK : NGX_ERROR, "time %s is %s",
               times[i].text, times[i].want ? "taken" : "refused");

        if (times[i].want) {
            is_int(t, times[i].want, "time %s", times[i].text);
        }

        tap_unguard(&g);
    }
}


/* promise: without memory there is no table, and no reason is made up */

static void
keys_memory(void)
{
    ngx_uint_t      i, wrong;
    ngx_pool_t     *saved;
    ngx_ai_keys_t  *keys;

    saved = pool;
    wrong = 0;

    for (i = 1; i < 1000; i++) {
        pool = ngx_create_pool(4096, &ngx_shim_log);

        ngx_shim_fail_at = i;

        keys = parse("{\"keys\":[{\"id\":\"a\",\"sha256\":\"" ONE "\","
                     "\"owner\":\"me\",\"allow\":[\"a\",\"b\",\"c\"]}]}");

        if (keys != NULL && ngx_shim_fail_at) {
            ngx_shim_fail_at = 0;
            ngx_destroy_pool(pool);
            break;
        }

        wrong += (keys != NULL || error.reason.len != 0);

        ngx_shim_fail_at = 0;
        ngx_destroy_pool(pool);
    }

    pool = saved;

    ok(i > 5 && i < 1000, "%d allocations were failed", (int) i - 1);
    is_int(wrong, 0, "each time there was no table and no reason");
}


static double
seconds(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return t.tv_sec + t.tv_nsec / 1e9;
}


static void
keys_many(void)
{
    char                *text, *p, key[64], hex[65];
    double               t1, t2;
    size_t               len;
    ngx_str_t            s;
    ngx_uint_t           i, n, good;
    ngx_ai_keys_t       *keys;
    const ngx_ai_key_t  *k;

    n = 100000;

    text = malloc(n * 320);
    p = text + sprintf(text, "{\"keys\":[\n");

    for (i = 0; i < n; i++) {
        sprintf(key, "sk-%016lx", (unsigned long) i * 2654435761ul);
        hex_of(key, hex);

        p += sprintf(p, "%s{\"id\":\"key-%06lu\",\"sha256\":\"%s\","
                        "\"owner\":\"owner-%lu\",\"group\":\"g\","
                        "\"project\":\"site\",\"tenant\":\"acme\","
                        "\"plan\":\"basic\",\"role\":\"developer\","
                        "\"expires\":\"2027-01-01T00:00:00Z\","
                        "\"disabled\":%s,\"allow\":[\"gpt-4o-mini\"]}\n",
                     i ? "," : "", (unsigned long) i, hex,
                     (unsigned long) i % 100, (i % 2) ? "true" : "false");
    }

    p += sprintf(p, "]}");

    s.data = (u_char *) text;
    s.len = len = p - text;

    t1 = seconds();
    keys = ngx_ai_keys_parse(pool, &s, &error);
    t2 = seconds();

    free(text);

    if (!ok(keys != NULL && ngx_ai_keys_count(keys) == n,
            "%d keys are read", (int) n))
    {
        return;
    }

    ok(t2 - t1 < 10, "in a time that a reload can take");

    diag("%lu keys, %.1f MB: %.3f s to read", (unsigned long) n,
         len / 1e6, t2 - t1);

    good = 0;
    s.data = (u_char *) key;

    for (i = 0; i < n; i++) {
        s.len = sprintf(key, "sk-%016lx", (unsigned long) i * 2654435761ul);

        good += (ngx_ai_keys_check(keys, &s, 1700000000, &k)
                 == (i % 2 ? NGX_AI_KEY_DISABLED : NGX_AI_KEY_OK)
                 && k == ngx_ai_keys_get(keys, i));
    }

    is_int(good, n, "each of them is found");

    good = 0;

    for (i = 1; i < n; i++) {
        s.len = sprintf(key, "sk-%016lx", (unsigned long) i);

        good += (ngx_ai_keys_check(keys, &s, 1700000000, &k)
                 != NGX_AI_KEY_UNKNOWN);
    }

    is_int(good, 0, "and no other");

    keys_even(keys, n);
}


/*
 * Promise: nobody can tell a wrong key from a disabled one by the time that
 * the answer takes.  The two are tried in turns, on a table that no cache
 * holds.
 */

static void
keys_even(const ngx_ai_keys_t *keys, ngx_uint_t n)
{
    char                 key[64];
    double               t, *times[2], median[2];
    uint32_t             state;
    ngx_str_t            s;
    ngx_uint_t           i, wrong, at;
    const ngx_ai_key_t  *k;

    times[0] = malloc(n * sizeof(double));
    times[1] = malloc(n * sizeof(double));

    state = 20261120;
    s.data = (u_char *) key;

    for (i = 0; i < 2 * n; i++) {
        wrong = i % 2;
        at = tap_random(&state) % n | 1;

        s.len = sprintf(key, wrong ? "no-%016lx" : "sk-%016lx",
                        (unsigned long) at * 2654435761ul);

        t = seconds();
        (void) ngx_ai_keys_check(keys, &s, 1700000000, &k);
        times[wrong][i / 2] = seconds() - t;
    }

    for (i = 0; i < 2; i++) {
        qsort(times[i], n, sizeof(double), keys_compare);
        median[i] = times[i][n / 2] * 1e9;
        free(times[i]);
    }

    ok(median[1] < 1.4 * median[0] && median[0] < 1.4 * median[1],
       "a wrong key takes as long as a disabled one");
    diag("wrong %.0f ns, disabled %.0f ns", median[1], median[0]);
}


static int
keys_compare(const void *a, const void *b)
{
    double  x, y;

    x = *(const double *) a;
    y = *(const double *) b;

    return (x > y) - (x < y);
}


int
main(void)
{
    ngx_uint_t  i;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    keys_good();

    for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        keys_bad(&bads[i]);
    }

    keys_weak();
    keys_verdicts();
    keys_allow();
    keys_times();
    keys_memory();
    keys_many();

    ngx_destroy_pool(pool);

    return done();
}
