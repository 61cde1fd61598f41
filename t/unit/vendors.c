
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_route.h"
#include "ngx_ai_target.h"
#include "ngx_ai_url.h"
#include "ngx_ai_vendors.h"


static void vendors_rows(ngx_pool_t *pool);
static void vendors_target(const char *name, const char *tail,
    const char *want);
static void vendors_quirk(const char *name, ngx_uint_t quirks);
static void vendors_place(ngx_pool_t *pool, const char *name,
    const char *location, const char *want);
static void vendors_missing(ngx_pool_t *pool, const char *name,
    const char *want);
static void vendors_check(void);


static void
vendors_rows(ngx_pool_t *pool)
{
    u_char                  ch;
    size_t                  k;
    ngx_str_t               s;
    ngx_uint_t              i, j, odd, local;
    const char             *reason;
    ngx_ai_url_t            url;
    ngx_ai_place_t          place;
    const ngx_ai_vendor_t  *v, *o;

    ngx_str_set(&place.aws_region, "eu-west-1");
    ngx_str_set(&place.location, "europe-west4");
    ngx_str_set(&place.project, "acme-ai");
    ngx_str_set(&place.resource, "acme");

    local = 0;

    for (i = 0; (v = ngx_ai_vendor(i)) != NULL; i++) {

        ok(ngx_ai_vendor_find(&v->name) == v, "%s is found by its name",
           v->name.data);

        odd = 0;

        for (k = 0; k < v->name.len; k++) {
            ch = v->name.data[k];
            odd += !((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9')
                     || ch == '-');
        }

        is_int(odd, 0, "%s is lower case", v->name.data);

        ok(v->title.len > 0, "%s has a title", v->name.data);
        ok(v->dialect < NGX_AI_DIALECT_MAX, "%s speaks a known dialect",
           v->name.data);
        ok(v->auth < NGX_AI_AUTH_MAX && ngx_ai_auths[v->auth].header.len,
           "%s has a header for its key", v->name.data);

        if (v->url.len) {
            reason = "";

            is_int(ngx_ai_vendor_url(v, &place, pool, &s), NGX_OK,
                   "%s: all that its url needs can be said", v->name.data);
            ok(ngx_ai_url_parse(&url, &s, &reason) == NGX_OK,
               "%s: its url is good %s", v->name.data, reason);

            ok(s.data[s.len - 1] != '/', "%s: no slash at the end",
               v->name.data);

            /* over the net with TLS and a key, on this machine without */

            local = (v->quirks & NGX_AI_QUIRK_KEYLESS) ? 1 : 0;

            is_int(url.tls, !local, "%s: TLS unless it is one's own",
                   v->name.data);
            is_int(url.literal, local, "%s: a name unless it is one's own",
                   v->name.data);
        }

        ok(v->env.len || (v->quirks & NGX_AI_QUIRK_KEYLESS)
           || ngx_strlchr(v->url.data, v->url.data + v->url.len, '{'),
           "%s: a key is looked for, or none is needed, or more is",
           v->name.data);

        for (j = 0; j < i; j++) {
            o = ngx_ai_vendor(j);

            if (o->name.len == v->name.len
                && ngx_memcmp(o->name.data, v->name.data, v->name.len) == 0)
            {
                break;
            }
        }

        is_int(j, i, "%s is there once", v->name.data);
    }

    ok(i >= 40, "there are 40 vendors and more");
    diag("%lu vendors", (unsigned long) i);

    ok(ngx_ai_vendor(i) == NULL && ngx_ai_vendor(i + 1000) == NULL,
       "behind the last row there is nothing");
}


/* what a chat goes to, as it was recorded or as the vendor documents it */

static void
vendors_target(const char *name, const char *tail, const char *want)
{
    u_char                  buf[512], *p;
    ngx_str_t               s, out;
    const char             *reason;
    ngx_ai_url_t            url;
    ngx_ai_target_t         t;
    const ngx_ai_vendor_t  *v;

    s.data = (u_char *) name;
    s.len = strlen(name);

    v = ngx_ai_vendor_find(&s);

    if (!ok(v != NULL, "%s is a vendor", name)
        || !ok(ngx_ai_url_parse(&url, &v->url, &reason) == NGX_OK,
               "%s has a url", name))
    {
        return;
    }

    ngx_memzero(&t, sizeof(t));

    t.made = 0;
    t.prefix = url.prefix;
    t.tail.data = (u_char *) tail;
    t.tail.len = strlen(tail);

    p = ngx_sprintf(buf, "%V", &url.authority);

    out.data = p;
    ngx_ai_target_build(&t, &out, &reason);

    is_str(buf, p + out.len - buf, want, "%s: %s", name, want);
}


static void
vendors_quirk(const char *name, ngx_uint_t quirks)
{
    ngx_str_t               s;
    const ngx_ai_vendor_t  *v;

    s.data = (u_char *) name;
    s.len = strlen(name);

    v = ngx_ai_vendor_find(&s);

    ok(v != NULL && v->quirks == quirks, "%s has the quirks %04lx", name,
       (unsigned long) quirks);
}


static void
vendors_place(ngx_pool_t *pool, const char *name, const char *location,
    const char *want)
{
    ngx_int_t               rc;
    ngx_str_t               s, url;
    ngx_ai_place_t          place;
    const ngx_ai_vendor_t  *v;

    s.data = (u_char *) name;
    s.len = strlen(name);

    ngx_str_set(&place.aws_region, "eu-west-1");
    ngx_str_set(&place.project, "acme-ai");
    ngx_str_set(&place.resource, "acme");
    place.location.data = (u_char *) location;
    place.location.len = strlen(location);

    v = ngx_ai_vendor_find(&s);
    rc = v ? ngx_ai_vendor_url(v, &place, pool, &url) : NGX_ERROR;

    if (ok(rc == NGX_OK, "%s has a url in %s", name, location)) {
        is_str(url.data, url.len, want, "%s: %s", name, want);
    }
}


static void
vendors_missing(ngx_pool_t *pool, const char *name, const char *want)
{
    ngx_int_t               rc;
    ngx_str_t               s, missing;
    ngx_ai_place_t          place;
    const ngx_ai_vendor_t  *v;

    s.data = (u_char *) name;
    s.len = strlen(name);

    ngx_memzero(&place, sizeof(place));

    v = ngx_ai_vendor_find(&s);
    rc = v ? ngx_ai_vendor_url(v, &place, pool, &missing) : NGX_ERROR;

    if (ok(rc == NGX_DECLINED, "%s has no url of its own", name)) {
        is_str(missing.data, missing.len, want, "%s needs a %s", name, want);
    }
}


static void
vendors_check(void)
{
    size_t       i;
    u_char       text[129];
    ngx_str_t    s;
    tap_guard_t  g;

    static const struct {
        const char  *value;
        ngx_int_t    rc;
    } cases[] = {
        { "us-east-1", NGX_OK }, { "a", NGX_OK }, { "acme.com:ai_2", NGX_OK },
        { "", NGX_ERROR }, { "a/b", NGX_ERROR }, { "a b", NGX_ERROR },
        { "a@b", NGX_ERROR }, { "a%2fb", NGX_ERROR }, { "a?b", NGX_ERROR },
        { "a#", NGX_ERROR }, { "{a}", NGX_ERROR }, { "\xc3\xa4", NGX_ERROR },
        { "a\r\nb", NGX_ERROR }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        s.len = strlen(cases[i].value);
        s.data = tap_guard(&g, cases[i].value, s.len);

        is_int(ngx_ai_vendor_check_place(&s), cases[i].rc,
               "\"%s\" is judged for what it is", cases[i].value);

        tap_unguard(&g);
    }

    memset(text, 'a', sizeof(text));
    s.data = text;
    s.len = 128;
    is_int(ngx_ai_vendor_check_place(&s), NGX_OK, "128 letters are enough");
    s.len = 129;
    is_int(ngx_ai_vendor_check_place(&s), NGX_ERROR, "129 are too many");
}


int
main(void)
{
    ngx_str_t    s;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    vendors_rows(pool);

    ngx_str_set(&s, "OpenAI");
    ok(ngx_ai_vendor_find(&s) == NULL, "another case is another name");

    ngx_str_set(&s, "opena");
    ok(ngx_ai_vendor_find(&s) == NULL, "the start of a name is no name");

    ngx_str_set(&s, "");
    ok(ngx_ai_vendor_find(&s) == NULL, "no name is no name");

    vendors_target("openai", "/chat/completions",
                   "api.openai.com/v1/chat/completions");
    vendors_target("deepseek", "/chat/completions",
                   "api.deepseek.com/chat/completions");
    vendors_target("groq", "/chat/completions",
                   "api.groq.com/openai/v1/chat/completions");
    vendors_target("openrouter", "/chat/completions",
                   "openrouter.ai/api/v1/chat/completions");
    vendors_target("perplexity", "/chat/completions",
                   "api.perplexity.ai/chat/completions");
    vendors_target("zai", "/chat/completions",
                   "api.z.ai/api/paas/v4/chat/completions");
    vendors_target("venice", "/audio/speech",
                   "api.venice.ai/api/v1/audio/speech");
    vendors_target("vllm", "/embeddings",
                   "127.0.0.1:8000/v1/embeddings");

    vendors_place(pool, "bedrock", "",
                  "https://bedrock-runtime.eu-west-1.amazonaws.com");
    vendors_place(pool, "azure", "",
                  "https://acme.openai.azure.com/openai/v1");
    vendors_place(pool, "azure-deployments", "",
                  "https://acme.openai.azure.com/openai");
    vendors_place(pool, "vertex", "europe-west4",
                  "https://europe-west4-aiplatform.googleapis.com/v1/projects"
                  "/acme-ai/locations/europe-west4/publishers/google");
    vendors_place(pool, "vertex", "global",
                  "https://aiplatform.googleapis.com/v1/projects"
                  "/acme-ai/locations/global/publishers/google");
    vendors_place(pool, "vertex-anthropic", "globally",
                  "https://globally-aiplatform.googleapis.com/v1/projects"
                  "/acme-ai/locations/globally/publishers/anthropic");
    vendors_place(pool, "vertex-express", "",
                  "https://aiplatform.googleapis.com/v1/publishers/google");
    vendors_place(pool, "openai", "", "https://api.openai.com/v1");

    vendors_missing(pool, "bedrock", "aws_region");
    vendors_missing(pool, "azure", "resource");
    vendors_missing(pool, "vertex", "location");

    vendors_check();

    vendors_quirk("openai", NGX_AI_QUIRK_FILES|NGX_AI_QUIRK_OPENAI);
    vendors_quirk("azure", NGX_AI_QUIRK_FILES|NGX_AI_QUIRK_OPENAI);
    vendors_quirk("azure-deployments", NGX_AI_QUIRK_FILES
                                       |NGX_AI_QUIRK_DEPLOYMENTS
                                       |NGX_AI_QUIRK_MAX_COMPLETION
                                       |NGX_AI_QUIRK_DEVELOPER
                                       |NGX_AI_QUIRK_TOOL_ID_40);
    vendors_quirk("vertex-anthropic", NGX_AI_QUIRK_VERTEX_CLAUDE);
    vendors_quirk("deepseek", NGX_AI_QUIRK_USAGE_ALWAYS
                              |NGX_AI_QUIRK_REASONING_ECHO);
    vendors_quirk("moonshot", NGX_AI_QUIRK_REASONING_ECHO);
    vendors_quirk("zai", NGX_AI_QUIRK_REASONING_ECHO);
    vendors_quirk("mistral", NGX_AI_QUIRK_USAGE_ALWAYS|NGX_AI_QUIRK_TOOL_ID_9
                             |NGX_AI_QUIRK_TOOL_CHOICE_ANY
                             |NGX_AI_QUIRK_RANDOM_SEED|NGX_AI_QUIRK_STRICT);
    vendors_quirk("openrouter", NGX_AI_QUIRK_USAGE_ALWAYS);
    vendors_quirk("perplexity", NGX_AI_QUIRK_USAGE_ALWAYS
                                |NGX_AI_QUIRK_NO_DONE);
    vendors_quirk("xai", NGX_AI_QUIRK_REASONING_APART);
    vendors_quirk("cerebras", NGX_AI_QUIRK_NO_DONE);
    vendors_quirk("minimax", NGX_AI_QUIRK_NO_DONE|NGX_AI_QUIRK_BASE_RESP);
    vendors_quirk("ollama", NGX_AI_QUIRK_KEYLESS|NGX_AI_QUIRK_V1);

    ngx_destroy_pool(pool);

    return done();
}
