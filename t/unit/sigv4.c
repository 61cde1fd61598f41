
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_sigv4.h"


#define SIGV4_ID       "AKIDEXAMPLE"
#define SIGV4_SECRET   "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SIGV4_TARGET   256


typedef struct {
    const char  *name;
    const char  *method;
    const char  *target;
    const char  *host;
    const char  *region;
    const char  *service;
    const char  *session;
    const char  *body;
    time_t       now;
    const char  *time;
    const char  *signature;
} sigv4_case_t;


static ngx_ai_secret_t *sigv4_secret(ngx_pool_t *pool, const char *text);
static ngx_int_t sigv4_write(ngx_pool_t *pool, const sigv4_case_t *c,
    u_char *out, size_t *len);
static void test_suite(ngx_pool_t *pool);
static void test_bedrock(ngx_pool_t *pool);
static void test_case(ngx_pool_t *pool, const sigv4_case_t *c);
static void test_lines(ngx_pool_t *pool);
static void test_again(ngx_pool_t *pool);
static void test_limits(ngx_pool_t *pool);
static void test_region(void);
static void test_profile(ngx_pool_t *pool);
static void test_memory(void);


/* what AWS hands out for the test of signers */

static const char  sigv4_session[] =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKW"
    "HGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4"
    "IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE"
    "8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yj"
    "c8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";


int
main(void)
{
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    test_suite(pool);
    test_bedrock(pool);
    test_lines(pool);
    test_again(pool);
    test_limits(pool);
    test_region();
    test_profile(pool);

    ngx_destroy_pool(pool);

    test_memory();

    return done();
}


static ngx_ai_secret_t *
sigv4_secret(ngx_pool_t *pool, const char *text)
{
    ngx_str_t    value;
    const char  *reason;

    value.data = (u_char *) text;
    value.len = strlen(text);

    return ngx_ai_secret_create(pool, &value, &reason);
}


/* what is written ends where ngx_ai_sigv4_size() said, or before */

static ngx_int_t
sigv4_write(ngx_pool_t *pool, const sigv4_case_t *c, u_char *out, size_t *len)
{
    u_char                  *p, *exact;
    size_t                   size;
    ngx_int_t                rc;
    ngx_ai_sigv4_key_t       key;
    ngx_ai_sigv4_request_t   request;

    ngx_memzero(&key, sizeof(key));

    key.id = sigv4_secret(pool, SIGV4_ID);
    key.secret = sigv4_secret(pool, SIGV4_SECRET);
    key.session = c->session ? sigv4_secret(pool, c->session) : NULL;
    key.region.data = (u_char *) c->region;
    key.region.len = strlen(c->region);
    key.service.data = (u_char *) c->service;
    key.service.len = strlen(c->service);

    if (key.id == NULL || key.secret == NULL
        || (c->session && key.session == NULL))
    {
        return NGX_ERROR;
    }

    request.method.data = (u_char *) c->method;
    request.method.len = strlen(c->method);
    request.target.data = (u_char *) c->target;
    request.target.len = strlen(c->target);
    request.host.data = (u_char *) c->host;
    request.host.len = strlen(c->host);
    request.now = c->now;

    ngx_ai_sha256((const u_char *) c->body, strlen(c->body), request.body);

    size = ngx_ai_sigv4_size(&key);
    exact = malloc(size);
    p = exact;

    rc = ngx_ai_sigv4_write(&key, &request, pool, &p);

    *len = p - exact;
    memcpy(out, exact, *len);
    free(exact);

    return rc;
}


static void
test_case(ngx_pool_t *pool, const sigv4_case_t *c)
{
    u_char  out[2048], want[2048], *p;
    size_t  len;

    is_int(sigv4_write(pool, c, out, &len), NGX_OK, "%s: it is signed",
           c->name);

    p = ngx_sprintf(want, "X-Amz-Date: %s" CRLF, c->time);

    if (c->session) {
        p = ngx_sprintf(p, "X-Amz-Security-Token: %s" CRLF, c->session);
    }

    p = ngx_sprintf(p, "Authorization: AWS4-HMAC-SHA256 Credential=" SIGV4_ID
                    "/%*s/%s/%s/aws4_request, SignedHeaders=host;x-amz-date%s,"
                    " Signature=%s" CRLF, (size_t) 8, c->time, c->region,
                    c->service, c->session ? ";x-amz-security-token" : "",
                    c->signature);

    is_bytes(out, len, want, p - want, "%s: the signature is the known one",
             c->name);
}


/* AWS's own test suite, as far as it is of requests that we make */

static void
test_suite(ngx_pool_t *pool)
{
    size_t        i;
    sigv4_case_t  c;

    static const struct {
        const char  *name;
        const char  *method;
        const char  *target;
        const char  *session;
        const char  *signature;
    } cases[] = {
        { "get-vanilla", "GET", "/", NULL,
          "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
        { "post-vanilla", "POST", "/", NULL,
          "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
        { "get-vanilla-query", "GET", "/?Param1=value1", NULL,
          "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb" },
        { "get-vanilla-query-order-key-case", "GET",
          "/?Param2=value2&Param1=value1", NULL,
          "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
        { "get-vanilla-query-order-value", "GET",
          "/?Param1=value2&Param1=value1", NULL,
          "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694" },
        { "get-vanilla-utf8-query", "GET", "/?\xe1\x88\xb4=bar", NULL,
          "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04" },
        { "get-vanilla-utf8-query, encoded", "GET", "/?%e1%88%b4=bar", NULL,
          "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04" },
        { "get-utf8", "GET", "/\xe1\x88\xb4", NULL,
          "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
        { "get-space", "GET", "/example space/", NULL,
          "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741" },
        { "post-sts-header-before", "POST", "/", sigv4_session,
          "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        c.name = cases[i].name;
        c.method = cases[i].method;
        c.target = cases[i].target;
        c.session = cases[i].session;
        c.signature = cases[i].signature;
        c.host = "example.amazonaws.com";
        c.region = "us-east-1";
        c.service = "service";
        c.body = "";
        c.now = 1440938160;
        c.time = "20150830T123600Z";

        test_case(pool, &c);
    }
}


/* as AWS's SDK for JavaScript (@smithy/signature-v4) signs them */

static void
test_bedrock(ngx_pool_t *pool)
{
    size_t  i;

    static const sigv4_case_t  cases[] = {
        { "a path that is encoded already", "POST",
          "/model/anthropic.claude-3-5-sonnet-20241022-v2%3A0/converse",
          "bedrock-runtime.eu-central-1.amazonaws.com",
          "eu-central-1", "bedrock", NULL,
          "{\"messages\":[{\"role\":\"user\",\"content\":"
          "[{\"text\":\"Hello\"}]}]}",
          1795162145, "20261120T080905Z",
          "f07201ff2c01f6a1686fc26d7648fb09e79f9c0342bc6d95815459a35d658261" },
        { "an ARN, a session, a leap day", "POST",
          "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3A"
          "inference-profile%2Fus.amazon.nova-pro-v1%3A0/converse-stream",
          "bedrock-runtime.us-east-1.amazonaws.com",
          "us-east-1", "bedrock", "FwoGZXIvYXdzEXAMPLE", "{}",
          1835481599, "20280229T235959Z",
          "2aa829de70c13a26af604c9c088dd54fa6bdc7262043c176152cd2e5f2165e6b" },
        { "a query that wants care", "GET",
          "/x?b=2%203&&a&B=x%26y%3dz&a%20b=~&a1=1&",
          "example.amazonaws.com", "us-east-1", "service", NULL, "",
          1440938160, "20150830T123600Z",
          "2166258049cc4efefa86f413302e64d037b1890fbe05d813845370248ef73939" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        test_case(pool, &cases[i]);
    }
}


static void
test_lines(ngx_pool_t *pool)
{
    size_t        i, j, len, other;
    u_char        out[2048], out2[2048];
    ngx_uint_t    good;
    sigv4_case_t  c, changed;

    ngx_memzero(&c, sizeof(c));

    c.method = "POST";
    c.target = "/a/b?x=1";
    c.host = "h.example";
    c.region = "r";
    c.service = "s";
    c.body = "body";
    c.session = "session-1";
    c.now = 1440938160;

    sigv4_write(pool, &c, out, &len);

    for (i = 0; i < 7; i++) {
        changed = c;

        switch (i) {
        case 0: changed.method = "PUT"; break;
        case 1: changed.target = "/a/c?x=1"; break;
        case 2: changed.target = "/a/b?x=2"; break;
        case 3: changed.host = "g.example"; break;
        case 4: changed.body = "bodz"; break;
        case 5: changed.session = "session-2"; break;
        case 6: changed.now++; break;
        }

        sigv4_write(pool, &changed, out2, &other);

        ok(other == len && memcmp(out + len - 66, out2 + len - 66, 64) != 0,
           "another signature when what is signed changes, %u",
           (unsigned) i);
    }

    good = 1;

    for (j = 0; j + 1 < len; j++) {
        good &= (out[j] >= ' ' && out[j] < 0x7f)
                || (out[j] == CR && out[j + 1] == LF)
                || (out[j] == LF && j && out[j - 1] == CR);
    }

    ok(good && out[len - 1] == LF, "there are lines and nothing else");
    ok(memmem(out, len, SIGV4_SECRET, sizeof(SIGV4_SECRET) - 1) == NULL,
       "the secret is not in them");
}


/* a key that is used for days, as in a worker, signs as a new one does */

static void
test_again(ngx_pool_t *pool)
{
    u_char                  *p, out[2048], want[2048];
    size_t                   len;
    ngx_uint_t               i, good;
    sigv4_case_t             c;
    ngx_ai_sigv4_key_t       key;
    ngx_ai_sigv4_request_t   request;

    ngx_memzero(&c, sizeof(c));
    ngx_memzero(&key, sizeof(key));

    c.method = "POST";
    c.target = "/a";
    c.host = "h";
    c.region = "us-east-1";
    c.service = "bedrock";
    c.body = "";

    key.id = sigv4_secret(pool, SIGV4_ID);
    key.secret = sigv4_secret(pool, SIGV4_SECRET);
    ngx_str_set(&key.region, "us-east-1");
    ngx_str_set(&key.service, "bedrock");

    ngx_str_set(&request.method, "POST");
    ngx_str_set(&request.target, "/a");
    ngx_str_set(&request.host, "h");
    ngx_ai_sha256(NULL, 0, request.body);

    good = 1;

    for (i = 0; i < 100; i++) {
        c.now = 1795162145 + i * 9973;
        request.now = c.now;

        sigv4_write(pool, &c, want, &len);

        p = out;
        ngx_ai_sigv4_write(&key, &request, pool, &p);

        good &= (size_t) (p - out) == len && memcmp(out, want, len) == 0;
    }

    ok(good, "a key that was used before signs as a new one does");
}


static void
test_limits(ngx_pool_t *pool)
{
    u_char        out[2048], *p;
    size_t        len;
    ngx_uint_t    i;
    sigv4_case_t  c;

    char          target[SIGV4_TARGET], name[SIGV4_TARGET];

    ngx_memzero(&c, sizeof(c));

    c.method = "GET";
    c.host = "h";
    c.region = "r";
    c.service = "s";
    c.body = "";

    p = ngx_sprintf((u_char *) target, "/?");

    for (i = 0; i < 64; i++) {
        p = ngx_sprintf(p, "a&");
    }

    *p = '\0';
    c.target = target;

    is_int(sigv4_write(pool, &c, out, &len), NGX_OK,
           "a query may have 64 parameters");

    *p++ = 'a';
    *p = '\0';

    is_int(sigv4_write(pool, &c, out, &len), NGX_DECLINED,
           "and no more than that");

    c.target = "/";
    c.region = name;

    memset(name, 'r', sizeof(name));
    name[NGX_AI_SIGV4_NAME_MAX] = '\0';
    c.service = name;

    is_int(sigv4_write(pool, &c, out, &len), NGX_OK,
           "a region and a service may have 64 letters");
    ok(memmem(out, len, "/aws4_request, ", 15) != NULL,
       "and are written in full");

    name[NGX_AI_SIGV4_NAME_MAX] = 'r';
    name[NGX_AI_SIGV4_NAME_MAX + 1] = '\0';

    is_int(sigv4_write(pool, &c, out, &len), NGX_ERROR,
           "a region that is longer is refused");

    c.region = "r";

    is_int(sigv4_write(pool, &c, out, &len), NGX_ERROR,
           "and so is a service");
}


static void
test_region(void)
{
    size_t       i;
    ngx_str_t    host, region;
    tap_guard_t  g;

    static const struct {
        const char  *host;
        const char  *region;
    } cases[] = {
        { "bedrock-runtime.us-east-1.amazonaws.com", "us-east-1" },
        { "bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
          "us-gov-west-1" },
        { "bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1" },
        { "BEDROCK-RUNTIME.eu-west-3.AMAZONAWS.COM", "eu-west-3" },
        { "bedrock-runtime.eu-west-3.api.aws", "eu-west-3" },
        { "vpce-0a1b-c2d3.bedrock-runtime.us-west-2.vpce.amazonaws.com",
          "us-west-2" },
        { "example.us-east-1.amazonaws.com", "" },
        { "bedrock-runtime.us-east-1.example.com", "" },
        { "bedrock.internal", "" },
        { "localhost", "" },
        { ".amazonaws.com", "" },
        { "bedrock.amazonaws.com", "amazonaws" },
        { "", "" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        host.len = strlen(cases[i].host);
        host.data = tap_guard(&g, cases[i].host, host.len);

        ngx_ai_sigv4_region(&host, &region);

        is_str(region.len ? region.data : (u_char *) "", region.len,
               cases[i].region, "the region of \"%s\"", cases[i].host);

        tap_unguard(&g);
    }
}


static void
test_profile(ngx_pool_t *pool)
{
    size_t               i;
    u_char               out[64], *p;
    ngx_int_t            rc;
    ngx_str_t            text, profile;
    const char          *reason;
    tap_guard_t          g;
    ngx_ai_sigv4_key_t   key;

    static const struct {
        const char  *text;
        const char  *profile;
        const char  *keys;
    } cases[] = {
        { "[default]\naws_access_key_id = A1\naws_secret_access_key = S1\n",
          "default", "A1 S1" },
        { "[default]\naws_access_key_id=A1\naws_secret_access_key=S=/+1",
          "default", "A1 S=/+1" },
        { "# c\r\n[x]\r\naws_access_key_id = A1\r\n[ default ]\r\n"
          "region = us-east-1\r\n; aws_access_key_id = A9\r\n\r\n"
          "  aws_secret_access_key\t=\tS2  \r\naws_access_key_id = A2\r\n"
          "aws_session_token = T2\r\n[y]\r\naws_access_key_id = A3\r\n",
          "default", "A2 S2 T2" },
        { "[default]\naws_access_key_id=A1\naws_secret_access_key=S1\n"
          "[prod]\naws_access_key_id=A2\naws_secret_access_key=S2\n",
          "prod", "A2 S2" },
        { "[prod]\naws_access_key_id=A2\n[x]\naws_secret_access_key=S2\n",
          "prod", NULL },
        { "aws_access_key_id=A2\naws_secret_access_key=S2\n", "prod", NULL },
        { "[pro]\naws_access_key_id=A2\naws_secret_access_key=S2\n", "prod",
          NULL },
        { "[prod]\naws_access_key_id=\naws_secret_access_key=S2\n", "prod",
          NULL },
        { "[prod", "prod", NULL },
        { "[", "", NULL },
        { "[]", "prod", NULL },
        { "", "prod", NULL },
        { "\n\n", "prod", NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text.len = strlen(cases[i].text);
        text.data = tap_guard(&g, cases[i].text, text.len);
        profile.data = (u_char *) cases[i].profile;
        profile.len = strlen(cases[i].profile);
        reason = NULL;

        rc = ngx_ai_sigv4_profile(pool, &text, &profile, &key, &reason);

        if (cases[i].keys == NULL) {
            ok(rc == NGX_ERROR && reason != NULL,
               "a file without the profile is refused, %u", (unsigned) i);
            tap_unguard(&g);
            continue;
        }

        tap_unguard(&g);

        if (!ok(rc == NGX_OK, "a profile is read, %u", (unsigned) i)) {
            continue;
        }

        p = ngx_ai_secret_copy(out, key.id);
        *p++ = ' ';
        p = ngx_ai_secret_copy(p, key.secret);

        if (key.session) {
            *p++ = ' ';
            p = ngx_ai_secret_copy(p, key.session);
        }

        is_str(out, p - out, cases[i].keys, "its keys are its own, %u",
               (unsigned) i);
    }
}


static void
test_memory(void)
{
    u_char        out[2048];
    size_t        len;
    ngx_int_t     rc;
    ngx_pool_t   *pool;
    ngx_uint_t    n, refused;
    sigv4_case_t  c;

    ngx_memzero(&c, sizeof(c));

    c.method = "GET";
    c.target = "/?a=b";
    c.host = "h";
    c.region = "r";
    c.service = "s";
    c.body = "";

    refused = 0;

    for (n = 1; n < 20; n++) {
        pool = ngx_create_pool(4096, &ngx_shim_log);

        ngx_shim_fail_at = n;
        rc = sigv4_write(pool, &c, out, &len);
        ngx_destroy_pool(pool);

        if (ngx_shim_fail_at) {
            ngx_shim_fail_at = 0;
            break;
        }

        refused += (rc == NGX_ERROR);
    }

    is_int(refused, n - 1, "without memory nothing is signed");
    ok(rc == NGX_OK, "and with it, it is");
    is_int(ngx_shim_pool_blocks, 0, "no block is left");
}
