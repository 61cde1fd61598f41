
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_target.h"


static void is_target(const char *prefix, const char *tail,
    const char *query, const char *args, const char *want);
static void set(ngx_str_t *s, const char *text);


/* want: the target, NULL when it must be refused */

static void
is_target(const char *prefix, const char *tail, const char *query,
    const char *args, const char *want)
{
    u_char           *buf;
    ngx_int_t         rc;
    ngx_str_t         out;
    const char       *reason;
    tap_guard_t       g;
    ngx_ai_target_t   t;

    t.made = 0;
    set(&t.prefix, prefix);
    set(&t.query, query);
    set(&t.args, args);

    t.tail.len = strlen(tail);
    t.tail.data = tap_guard(&g, tail, t.tail.len);

    /* the sanitizer sees a byte too much */

    buf = malloc(ngx_ai_target_size(&t));

    out.data = buf;
    out.len = 0;
    reason = NULL;

    rc = ngx_ai_target_build(&t, &out, &reason);

    if (want == NULL) {
        ok(rc == NGX_ERROR && reason != NULL,
           "\"%s\" with \"%s\" is refused: %s", tail, args,
           reason ? reason : "");

    } else {
        is_int(rc, NGX_OK, "\"%s\" with \"%s\" is taken %s", tail, args,
               reason ? reason : "");
        is_str(out.data, out.len, want, "the target is %s", want);
    }

    free(buf);
    tap_unguard(&g);
}


static void
set(ngx_str_t *s, const char *text)
{
    s->len = strlen(text);
    s->data = s->len ? (u_char *) text : NULL;
}


int
main(void)
{
    char         args[1024];
    ngx_str_t    s;
    ngx_uint_t   i;
    const char  *reason;

    static const char  *secrets[] = {
        "key", "KEY", "api_key", "api-key", "apikey", "x-api-key",
        "x-goog-api-key", "access_token", "oauth_token", "Authorization",
        "k%65y", "%6bey", "api%5fkey"
    };

    is_target("/v1", "/chat/completions", "", "", "/v1/chat/completions");
    is_target("", "/chat/completions", "", "", "/chat/completions");
    is_target("/openai/v1", "/responses/resp_1", "", "include=a&after=b",
              "/openai/v1/responses/resp_1?include=a&after=b");
    is_target("/v1", "/chat/completions", "api-version=1", "",
              "/v1/chat/completions?api-version=1");
    is_target("/v1", "/files", "api-version=1", "limit=2",
              "/v1/files?api-version=1&limit=2");
    is_target("/v1", "/files/file-A%20b/content", "", "",
              "/v1/files/file-A%20b/content");
    is_target("/v1", "/files", "", "after=a%2Fb%3D&x=[1]",
              "/v1/files?after=a%2Fb%3D&x=[1]");
    is_target("/v1", "/files", "", "keys=1&my_key=2&key1=3&limit",
              "/v1/files?keys=1&my_key=2&key1=3&limit");
    is_target("/v1", "/files", "", "purpose=key&a=api_key=1",
              "/v1/files?purpose=key&a=api_key=1");

    /* nothing leaves the prefix */

    is_target("/v1", "", "", "", NULL);
    is_target("/v1", "chat", "", "", NULL);
    is_target("/v1", "/", "", "", NULL);
    is_target("/v1", "//evil.example", "", "", NULL);
    is_target("/v1", "@evil.example/", "", "", NULL);
    is_target("/v1", "/files/..", "", "", NULL);
    is_target("/v1", "/files/../admin", "", "", NULL);
    is_target("/v1", "/files/%2e%2e/admin", "", "", NULL);
    is_target("/v1", "/files/%2E./admin", "", "", NULL);
    is_target("/v1", "/files/..;x=1/admin", "", "", NULL);
    is_target("/v1", "/files/a%2fb", "", "", NULL);
    is_target("/v1", "/files/a%2Fb", "", "", NULL);
    is_target("/v1", "/files/a%5cb", "", "", NULL);
    is_target("/v1", "/files/a\\b", "", "", NULL);
    is_target("/v1", "/files/a%252fb", "", "", NULL);
    is_target("/v1", "/files/a//b", "", "", NULL);
    is_target("/v1", "/files/a/", "", "", NULL);

    /* the path ends where we say, the request line too */

    is_target("/v1", "/files/a?b", "", "", NULL);
    is_target("/v1", "/files/a#b", "", "", NULL);
    is_target("/v1", "/files/a%3fb", "", "", NULL);
    is_target("/v1", "/files/a%23b", "", "", NULL);
    is_target("/v1", "/files/a b", "", "", NULL);
    is_target("/v1", "/files/a\r\nHost: evil", "", "", NULL);
    is_target("/v1", "/files/a%0d%0ab", "", "", NULL);
    is_target("/v1", "/files/a%00b", "", "", NULL);
    is_target("/v1", "/files/a%zzb", "", "", NULL);
    is_target("/v1", "/files/a%", "", "", NULL);
    is_target("/v1", "/files/\xc3\xa4", "", "", NULL);
    is_target("/v1", "/files", "", "a b", NULL);
    is_target("/v1", "/files", "", "a=\r\nHost: evil", NULL);
    is_target("/v1", "/files", "", "a=%0d%0ab", NULL);
    is_target("/v1", "/files", "", "a=%00", NULL);
    is_target("/v1", "/files", "", "a=%4", NULL);
    is_target("/v1", "/files", "", "a=1#b", NULL);
    is_target("/v1", "/files", "", "a=\xff", NULL);

    /* no credential in a query, however its name is spelled */

    for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        sprintf(args, "limit=1&%s=sk-1", secrets[i]);
        is_target("/v1", "/files", "", args, NULL);

        sprintf(args, "%s", secrets[i]);
        is_target("/v1", "/files", "", args, NULL);

        sprintf(args, "a=1;%s=sk-1", secrets[i]);
        is_target("/v1", "/files", "", args, NULL);

        sprintf(args, "%s=sk-1", secrets[i]);
        set(&s, args);
        is_int(ngx_ai_target_check_query(&s, &reason), NGX_ERROR,
               "\"%s\" is refused in the configuration too", args);
    }

    /* what the configuration sets stays */

    is_target("/v1", "/files", "api-version=1", "api-version=2", NULL);
    is_target("/v1", "/files", "a=1&api-version=1", "b=3&API%2dversion", NULL);
    is_target("/v1", "/files", "api-version=1", "version=2",
              "/v1/files?api-version=1&version=2");

    set(&s, "api-version=2025-04-01-preview");
    is_int(ngx_ai_target_check_query(&s, &reason), NGX_OK,
           "a query of the configuration is taken");

    set(&s, "");
    is_int(ngx_ai_target_check_query(&s, &reason), NGX_OK,
           "and none is a query");

    return done();
}
