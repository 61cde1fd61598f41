
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "ngx_ai_google.h"


#define GOOGLE_EMAIL  "gateway@acme-ai.iam.gserviceaccount.com"
#define GOOGLE_URI    "https://oauth2.googleapis.com/token"
#define GOOGLE_GRANT                                                          \
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"        \
    "&assertion="
#define GOOGLE_FILE   8192
#define GOOGLE_NOW    1795162145


static EVP_PKEY *google_key(int type);
static void google_pem(EVP_PKEY *key, char *out);
static void google_file(char *out, const char *pem, const char *change,
    const char *to);
static ngx_ai_google_t *google_create(ngx_pool_t *pool, const char *text,
    const char **reason);
static size_t google_unbase64url(const u_char *p, const u_char *last,
    u_char *out);
static void test_account(ngx_pool_t *pool, const char *pem);
static void test_refused(ngx_pool_t *pool, const char *pem);
static void test_ask(ngx_pool_t *pool, EVP_PKEY *key, const char *pem);
static void test_answer(ngx_pool_t *pool);
static void test_error(ngx_pool_t *pool);
static void test_memory(const char *pem);


int
main(void)
{
    char         pem[4096];
    EVP_PKEY    *key;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    key = google_key(EVP_PKEY_RSA);
    google_pem(key, pem);

    test_account(pool, pem);
    test_refused(pool, pem);
    test_ask(pool, key, pem);
    test_answer(pool);
    test_error(pool);

    ngx_destroy_pool(pool);

    test_memory(pem);

    EVP_PKEY_free(key);

    return done();
}


static EVP_PKEY *
google_key(int type)
{
    EVP_PKEY      *key;
    EVP_PKEY_CTX  *ctx;

    key = NULL;
    ctx = EVP_PKEY_CTX_new_id(type, NULL);

    if (EVP_PKEY_keygen_init(ctx) != 1
        || (type == EVP_PKEY_RSA
            ? EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048)
            : EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx,
                                                     NID_X9_62_prime256v1))
           != 1
        || EVP_PKEY_keygen(ctx, &key) != 1)
    {
        exit(2);
    }

    EVP_PKEY_CTX_free(ctx);

    return key;
}


/* as it stands in a JSON string */

static void
google_pem(EVP_PKEY *key, char *out)
{
    BIO   *bio;
    char  *p;
    long   i, n;

    bio = BIO_new(BIO_s_mem());

    if (PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        exit(2);
    }

    n = BIO_get_mem_data(bio, &p);

    for (i = 0; i < n; i++) {

        if (p[i] == '\n') {
            *out++ = '\\';
            *out++ = 'n';

        } else {
            *out++ = p[i];
        }
    }

    *out = '\0';
    BIO_free(bio);
}


static void
google_file(char *out, const char *pem, const char *change, const char *to)
{
    char  *p, rest[GOOGLE_FILE];

    snprintf(out, GOOGLE_FILE,
             "{\n"
             "  \"type\": \"service_account\",\n"
             "  \"project_id\": \"acme-ai\",\n"
             "  \"private_key_id\": \"0a1b2c3d\",\n"
             "  \"private_key\": \"%s\",\n"
             "  \"client_email\": \"" GOOGLE_EMAIL "\",\n"
             "  \"client_id\": \"1234\",\n"
             "  \"auth_uri\": \"https://accounts.google.com/o/oauth2/auth\",\n"
             "  \"token_uri\": \"" GOOGLE_URI "\",\n"
             "  \"universe_domain\": \"googleapis.com\"\n"
             "}\n", pem);

    if (change == NULL) {
        return;
    }

    p = strstr(out, change);

    if (p == NULL) {
        exit(2);
    }

    snprintf(rest, sizeof(rest), "%s", p + strlen(change));
    snprintf(p, GOOGLE_FILE - (p - out), "%s%s", to, rest);
}


static ngx_ai_google_t *
google_create(ngx_pool_t *pool, const char *text, const char **reason)
{
    ngx_str_t         s;
    tap_guard_t       g;
    ngx_ai_google_t  *account;

    s.len = strlen(text);
    s.data = tap_guard(&g, text, s.len);

    *reason = NULL;
    account = ngx_ai_google_create(pool, &s, reason);

    tap_unguard(&g);

    return account;
}


static size_t
google_unbase64url(const u_char *p, const u_char *last, u_char *out)
{
    size_t     n;
    u_char     c, v, *start;
    uint32_t   bits;

    start = out;
    bits = 0;

    for (n = 0; p < last; p++, n++) {
        c = *p;

        v = (c >= 'A' && c <= 'Z') ? c - 'A'
            : (c >= 'a' && c <= 'z') ? c - 'a' + 26
            : (c >= '0' && c <= '9') ? c - '0' + 52
            : (c == '-') ? 62 : (c == '_') ? 63 : 255;

        if (v == 255) {
            return 0;
        }

        bits = bits << 6 | v;

        if (n % 4 != 0) {
            *out++ = (u_char) (bits >> (6 - 2 * (n % 4)));
        }
    }

    return out - start;
}


static void
test_account(ngx_pool_t *pool, const char *pem)
{
    char              file[GOOGLE_FILE];
    const char       *reason;
    ngx_ai_google_t  *account;

    google_file(file, pem, NULL, NULL);
    account = google_create(pool, file, &reason);

    if (!ok(account != NULL, "the file of an account is read")) {
        return;
    }

    is_str(account->email.data, account->email.len, GOOGLE_EMAIL,
           "its address is there");
    is_str(account->token_uri.data, account->token_uri.len, GOOGLE_URI,
           "and where tokens are");
    is_str(account->project.data, account->project.len, "acme-ai",
           "and its project");
    is_str(account->key_id.data, account->key_id.len, "0a1b2c3d",
           "and the name of its key");

    google_file(file, pem, "  \"project_id\": \"acme-ai\",\n", "");
    account = google_create(pool, file, &reason);

    ok(account != NULL && account->project.len == 0,
       "the project may be missing");

    google_file(file, pem, "  \"private_key_id\": \"0a1b2c3d\",\n", "");
    account = google_create(pool, file, &reason);

    ok(account != NULL && account->key_id.len == 0,
       "and so may the name of the key");
}


static void
test_refused(ngx_pool_t *pool, const char *pem)
{
    char              file[GOOGLE_FILE], ec[4096];
    size_t            i;
    EVP_PKEY         *key;
    const char       *reason;
    ngx_ai_google_t  *account;

    static const struct {
        const char  *change;
        const char  *to;
        const char  *reason;
    } cases[] = {
        { "{\n", "[\n", "it is no JSON object" },
        { "service_account", "authorized_user",
          "its \"type\" is not \"service_account\"" },
        { "\"type\"", "\"kind\"", "its \"type\" is not \"service_account\"" },
        { "\"client_email\"", "\"email\"", "its \"client_email\" is none" },
        { "gateway@", "gate\\\"way@", "its \"client_email\" is none" },
        { "gateway@", "gate\\nway@", "its \"client_email\" is none" },
        { "gateway@", "gate way@", "its \"client_email\" is none" },
        { "\"token_uri\"", "\"uri\"", "its \"token_uri\" is none" },
        { "\"" GOOGLE_URI "\"", "7", "its \"token_uri\" is none" },
        { "\"0a1b2c3d\"", "7",
          "its \"private_key_id\" or its \"project_id\" is none" },
        { "\"acme-ai\"", "\"acme\\u0000ai\"",
          "its \"private_key_id\" or its \"project_id\" is none" },
        { "\"private_key\"", "\"key\"", "it has no \"private_key\"" },
        { "BEGIN PRIVATE KEY", "BEGIN PRIVATE KEX",
          "its \"private_key\" is no RSA key in PEM" },
        { "\\nMII", "\\nXII", "its \"private_key\" is no RSA key in PEM" },
        { "BEGIN PRIVATE KEY-----\\n",
          "BEGIN RSA PRIVATE KEY-----\\nProc-Type: 4,ENCRYPTED\\n"
          "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\\n\\n",
          "its \"private_key\" is no RSA key in PEM" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        google_file(file, pem, cases[i].change, cases[i].to);
        account = google_create(pool, file, &reason);

        ok(account == NULL, "a bad file is refused, %u", (unsigned) i);
        is_str(reason, reason ? strlen(reason) : 0, cases[i].reason,
               "for its reason, %u", (unsigned) i);
    }

    key = google_key(EVP_PKEY_EC);
    google_pem(key, ec);
    EVP_PKEY_free(key);

    google_file(file, ec, NULL, NULL);
    account = google_create(pool, file, &reason);

    ok(account == NULL, "a key that is no RSA key is refused");

    ok(google_create(pool, "", &reason) == NULL, "an empty file is refused");
}


static void
test_ask(ngx_pool_t *pool, EVP_PKEY *key, const char *pem)
{
    char              file[GOOGLE_FILE], want[1024];
    size_t            len;
    u_char           *p, *dot, *second, *last, out[2048];
    ngx_str_t         body;
    EVP_MD_CTX       *md;
    const char       *reason;
    ngx_ai_google_t  *account;

    google_file(file, pem, NULL, NULL);
    account = google_create(pool, file, &reason);

    if (account == NULL
        || !ok(ngx_ai_google_ask(account, GOOGLE_NOW, pool, &body) == NGX_OK,
               "a token is asked for"))
    {
        return;
    }

    len = sizeof(GOOGLE_GRANT) - 1;

    ok(body.len > len && memcmp(body.data, GOOGLE_GRANT, len) == 0,
       "with the grant of RFC 7523");

    p = body.data + len;
    last = body.data + body.len;
    dot = memchr(p, '.', last - p);
    second = dot ? memchr(dot + 1, '.', last - dot - 1) : NULL;

    if (!ok(second != NULL, "the assertion has three parts")) {
        return;
    }

    len = google_unbase64url(p, dot, out);
    is_str(out, len, "{\"alg\":\"RS256\",\"typ\":\"JWT\","
           "\"kid\":\"0a1b2c3d\"}", "its head names the key");

    snprintf(want, sizeof(want),
             "{\"iss\":\"" GOOGLE_EMAIL "\",\"scope\":"
             "\"https://www.googleapis.com/auth/cloud-platform\","
             "\"aud\":\"" GOOGLE_URI "\",\"iat\":%d,\"exp\":%d}",
             GOOGLE_NOW, GOOGLE_NOW + 3600);

    len = google_unbase64url(dot + 1, second, out);
    is_str(out, len, want, "its claims are the account's, for an hour");

    len = google_unbase64url(second + 1, last, out);
    is_int(len, 256, "its signature has the length of the key");

    md = EVP_MD_CTX_new();

    ok(EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key) == 1
       && EVP_DigestVerify(md, out, len, p, second - p) == 1,
       "and is good");

    EVP_MD_CTX_free(md);
}


static void
test_answer(ngx_pool_t *pool)
{
    size_t            i, len;
    u_char            out[64];
    time_t            life;
    ngx_int_t         rc;
    ngx_str_t         body;
    const char       *reason;
    tap_guard_t       g;
    ngx_ai_secret_t  *token;

    static const struct {
        const char  *body;
        const char  *token;
        time_t       life;
    } cases[] = {
        { "{\"access_token\":\"ya29.c.b0Aaekm1\",\"expires_in\":3599,"
          "\"token_type\":\"Bearer\"}", "ya29.c.b0Aaekm1", 3599 },
        { "{\n  \"expires_in\": 1,\n \"access_token\": \"a\\u003d\\/\"\n}",
          "a=/", 1 },
        { "{\"access_token\":\"t0\",\"expires_in\":3.6e3}", "t0", 3600 },
        { "{\"access_token\":\"t0\",\"expires_in\":9223372036854775807}",
          "t0", 86400 },
        { "{\"access_token\":\"t0\",\"expires_in\":0}", NULL, 0 },
        { "{\"access_token\":\"t0\",\"expires_in\":-1}", NULL, 0 },
        { "{\"access_token\":\"t0\",\"expires_in\":\"3599\"}", NULL, 0 },
        { "{\"access_token\":\"t0\"}", NULL, 0 },
        { "{\"access_token\":\"\",\"expires_in\":3599}", NULL, 0 },
        { "{\"access_token\":\"a b\",\"expires_in\":3599}", NULL, 0 },
        { "{\"access_token\":\"a\\r\\nX-Evil: 1\",\"expires_in\":3599}", NULL,
          0 },
        { "{\"access_token\":\"\xc3\xa4\",\"expires_in\":3599}", NULL, 0 },
        { "{\"access_token\":7,\"expires_in\":3599}", NULL, 0 },
        { "{\"access_token\":null,\"expires_in\":3599}", NULL, 0 },
        { "{\"expires_in\":3599}", NULL, 0 },
        { "{\"access_token\":\"t0\",\"expires_in\":3599", NULL, 0 },
        { "[]", NULL, 0 },
        { "\"access_token\"", NULL, 0 },
        { "<html>", NULL, 0 },
        { "", NULL, 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        body.len = strlen(cases[i].body);
        body.data = tap_guard(&g, cases[i].body, body.len);
        reason = NULL;

        rc = ngx_ai_google_answer(pool, &body, &token, &life, &reason);

        tap_unguard(&g);

        if (cases[i].token == NULL) {
            ok(rc == NGX_ERROR && reason != NULL,
               "an answer without a token is refused: %s", cases[i].body);
            continue;
        }

        if (!ok(rc == NGX_OK, "a token is taken from %s", cases[i].body)) {
            continue;
        }

        len = ngx_ai_secret_copy(out, token) - out;

        is_str(out, len, cases[i].token, "it is the right one");
        is_int(life, cases[i].life, "and has its life");
    }

    body.data = malloc(16384);
    memset(body.data, 'a', 16384);
    memcpy(body.data, "{\"expires_in\":9,\"access_token\":\"", 32);
    memcpy(body.data + 16382, "\"}", 2);
    body.len = 16384;

    ok(ngx_ai_google_answer(pool, &body, &token, &life, &reason) == NGX_ERROR,
       "a token of 16 kilobytes is refused");

    free(body.data);
}


static void
test_error(ngx_pool_t *pool)
{
    size_t       i;
    ngx_str_t    body, said;
    tap_guard_t  g;

    static const struct {
        const char  *body;
        const char  *said;
    } cases[] = {
        { "{\"error\":\"invalid_grant\"}", "invalid_grant" },
        { "{\"error\":\"invalid_grant\",\"error_description\":"
          "\"Invalid JWT Signature.\"}", "Invalid JWT Signature." },
        { "{\"error\":\"x\",\"error_description\":{}}", "x" },
        { "{\"error\":\"a\\r\\nb\"}", "a\\r\\nb" },
        { "{\"error\":\"a\xc3\xa4\"}", "a" },
        { "{\"error\":{\"message\":\"x\"}}", "" },
        { "{\"error\":7}", "" },
        { "[]", "" },
        { "<html>", "" },
        { "", "" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        body.len = strlen(cases[i].body);
        body.data = tap_guard(&g, cases[i].body, body.len);

        ngx_ai_google_error(pool, &body, &said);

        is_str(said.data, said.len, cases[i].said, "what %s says",
               cases[i].body);

        tap_unguard(&g);
    }

    body.len = 1000;
    body.data = malloc(body.len);
    memset(body.data, 'x', body.len);
    memcpy(body.data, "{\"error\":\"", 10);
    memcpy(body.data + 998, "\"}", 2);

    ngx_ai_google_error(pool, &body, &said);
    is_int(said.len, 200, "what is said is cut");

    free(body.data);
}


static void
test_memory(const char *pem)
{
    char              file[GOOGLE_FILE];
    time_t            life;
    ngx_int_t         rc;
    ngx_str_t         body;
    ngx_pool_t       *pool;
    ngx_uint_t        n, refused;
    const char       *reason;
    ngx_ai_google_t  *account;
    ngx_ai_secret_t  *token;

    google_file(file, pem, NULL, NULL);
    refused = 0;

    for (n = 1; n < 100; n++) {
        pool = ngx_create_pool(4096, &ngx_shim_log);
        rc = NGX_ERROR;

        ngx_shim_fail_at = n;
        account = google_create(pool, file, &reason);

        if (account) {
            rc = ngx_ai_google_ask(account, GOOGLE_NOW, pool, &body);
        }

        if (rc == NGX_OK) {
            ngx_str_set(&body, "{\"access_token\":\"t0\",\"expires_in\":9}");
            rc = ngx_ai_google_answer(pool, &body, &token, &life, &reason);
        }

        ngx_destroy_pool(pool);

        if (ngx_shim_fail_at) {
            ngx_shim_fail_at = 0;
            break;
        }

        refused += (rc == NGX_ERROR);
    }

    ok(n > 8, "there are allocations to fail");
    is_int(refused, n - 1, "without memory there is no token");
    ok(rc == NGX_OK, "with it, there is");
    is_int(ngx_shim_pool_blocks, 0, "no block is left");
}
