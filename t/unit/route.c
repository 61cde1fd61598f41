
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_route.h"

#include <time.h>


#define GET     NGX_AI_METHOD_GET
#define POST    NGX_AI_METHOD_POST
#define DELETE  NGX_AI_METHOD_DELETE


typedef struct {
    ngx_uint_t   method;
    const char  *uri;
    ngx_uint_t   route;
    const char  *id;
} route_known_t;


static void route_known(const route_known_t *k);
static size_t route_version(const char *uri);
static void route_unknown(const char *uri);
static void route_refused(ngx_uint_t method, const char *uri,
    const char *allow);
static void route_table(void);
static void route_variants(void);
static void route_time(const char *uri, double limit);


static const route_known_t  knowns[] = {
    { POST, "/v1/chat/completions", NGX_AI_ROUTE_CHAT, "" },
    { POST, "/v1/completions", NGX_AI_ROUTE_COMPLETIONS, "" },
    { POST, "/v1/embeddings", NGX_AI_ROUTE_EMBEDDINGS, "" },
    { POST, "/v1/moderations", NGX_AI_ROUTE_MODERATIONS, "" },
    { POST, "/v1/rerank", NGX_AI_ROUTE_RERANK, "" },
    { POST, "/v1/images/generations", NGX_AI_ROUTE_IMAGES, "" },
    { POST, "/v1/images/edits", NGX_AI_ROUTE_IMAGE_EDITS, "" },
    { POST, "/v1/images/variations", NGX_AI_ROUTE_IMAGE_VARIATIONS, "" },
    { POST, "/v1/audio/speech", NGX_AI_ROUTE_SPEECH, "" },
    { POST, "/v1/audio/transcriptions", NGX_AI_ROUTE_TRANSCRIPTIONS, "" },
    { POST, "/v1/audio/translations", NGX_AI_ROUTE_TRANSLATIONS, "" },
    { POST, "/v1/videos", NGX_AI_ROUTE_VIDEO_CREATE, "" },
    { GET, "/v1/videos", NGX_AI_ROUTE_VIDEO_LIST, "" },
    { GET, "/v1/videos/video_1", NGX_AI_ROUTE_VIDEO_GET, "video_1" },
    { DELETE, "/v1/videos/v", NGX_AI_ROUTE_VIDEO_DELETE, "v" },
    { GET, "/v1/videos/v/content", NGX_AI_ROUTE_VIDEO_CONTENT, "v" },
    { POST, "/v1/videos/v/remix", NGX_AI_ROUTE_VIDEO_REMIX, "v" },
    { POST, "/v1/responses", NGX_AI_ROUTE_RESPONSES, "" },
    { POST, "/v1/responses/input_tokens", NGX_AI_ROUTE_INPUT_TOKENS, "" },
    { POST, "/v1/responses/compact", NGX_AI_ROUTE_COMPACT, "" },
    { GET, "/v1/responses/resp_1", NGX_AI_ROUTE_RESPONSE_GET, "resp_1" },
    { DELETE, "/v1/responses/r", NGX_AI_ROUTE_RESPONSE_DELETE, "r" },
    { POST, "/v1/responses/r/cancel", NGX_AI_ROUTE_RESPONSE_CANCEL, "r" },
    { GET, "/v1/responses/r/input_items", NGX_AI_ROUTE_RESPONSE_INPUT, "r" },
    { POST, "/v1/files", NGX_AI_ROUTE_FILE_CREATE, "" },
    { GET, "/v1/files", NGX_AI_ROUTE_FILE_LIST, "" },
    { GET, "/v1/files/file-1", NGX_AI_ROUTE_FILE_GET, "file-1" },
    { DELETE, "/v1/files/f", NGX_AI_ROUTE_FILE_DELETE, "f" },
    { GET, "/v1/files/f/content", NGX_AI_ROUTE_FILE_CONTENT, "f" },
    { POST, "/v1/batches", NGX_AI_ROUTE_BATCH_CREATE, "" },
    { GET, "/v1/batches", NGX_AI_ROUTE_BATCH_LIST, "" },
    { GET, "/v1/batches/b", NGX_AI_ROUTE_BATCH_GET, "b" },
    { POST, "/v1/batches/b/cancel", NGX_AI_ROUTE_BATCH_CANCEL, "b" },
    { POST, "/v1/fine_tuning/jobs", NGX_AI_ROUTE_TUNE_CREATE, "" },
    { GET, "/v1/fine_tuning/jobs", NGX_AI_ROUTE_TUNE_LIST, "" },
    { GET, "/v1/fine_tuning/jobs/j", NGX_AI_ROUTE_TUNE_GET, "j" },
    { POST, "/v1/fine_tuning/jobs/j/cancel", NGX_AI_ROUTE_TUNE_CANCEL, "j" },
    { POST, "/v1/fine_tuning/jobs/j/pause", NGX_AI_ROUTE_TUNE_PAUSE, "j" },
    { POST, "/v1/fine_tuning/jobs/j/resume", NGX_AI_ROUTE_TUNE_RESUME, "j" },
    { GET, "/v1/fine_tuning/jobs/j/events", NGX_AI_ROUTE_TUNE_EVENTS, "j" },
    { GET, "/v1/fine_tuning/jobs/j/checkpoints",
      NGX_AI_ROUTE_TUNE_CHECKPOINTS, "j" },
    { POST, "/v1/uploads", NGX_AI_ROUTE_UPLOAD_CREATE, "" },
    { POST, "/v1/uploads/u/parts", NGX_AI_ROUTE_UPLOAD_PARTS, "u" },
    { POST, "/v1/uploads/u/complete", NGX_AI_ROUTE_UPLOAD_COMPLETE, "u" },
    { POST, "/v1/uploads/u/cancel", NGX_AI_ROUTE_UPLOAD_CANCEL, "u" },
    { GET, "/v1/models", NGX_AI_ROUTE_MODEL_LIST, "" },
    { GET, "/v1/models/gpt-4o", NGX_AI_ROUTE_MODEL_GET, "gpt-4o" },
    { GET, "/v1/models/openai/gpt-4o", NGX_AI_ROUTE_MODEL_GET,
      "openai/gpt-4o" },
    { GET, "/v1/models/openai%2Fgpt-4o", NGX_AI_ROUTE_MODEL_GET,
      "openai%2Fgpt-4o" },
    { POST, "/v1/messages", NGX_AI_ROUTE_MESSAGES, "" },
    { POST, "/v1/messages/count_tokens", NGX_AI_ROUTE_COUNT_TOKENS, "" },
    { POST, "/v2/chat", NGX_AI_ROUTE_COHERE_CHAT, "" },
    { POST, "/v2/embed", NGX_AI_ROUTE_COHERE_EMBED, "" },
    { POST, "/v2/rerank", NGX_AI_ROUTE_COHERE_RERANK, "" },
    { POST, "/api/chat", NGX_AI_ROUTE_OLLAMA_CHAT, "" },
    { POST, "/api/generate", NGX_AI_ROUTE_OLLAMA_GENERATE, "" },
    { POST, "/api/embed", NGX_AI_ROUTE_OLLAMA_EMBED, "" },
    { GET, "/api/tags", NGX_AI_ROUTE_OLLAMA_MODELS, "" },
    { GET, "/v1beta/models", NGX_AI_ROUTE_GEMINI_MODELS, "" },
    { GET, "/v1beta/models/m", NGX_AI_ROUTE_GEMINI_MODEL, "m" },
    { POST, "/v1beta/models/m:generateContent", NGX_AI_ROUTE_GEMINI, "m" },
    { POST, "/v1beta/models/a:b:streamGenerateContent",
      NGX_AI_ROUTE_GEMINI_STREAM, "a:b" },
    { POST, "/v1beta/models/m:countTokens", NGX_AI_ROUTE_GEMINI_COUNT, "m" },
    { POST, "/v1beta/models/m:embedContent", NGX_AI_ROUTE_GEMINI_EMBED, "m" },
    { POST, "/v1beta/models/m:batchEmbedContents",
      NGX_AI_ROUTE_GEMINI_EMBEDS, "m" },
    { POST, "/v1beta/models/m:predict", NGX_AI_ROUTE_GEMINI_PREDICT, "m" },
    { POST, "/model/a.b-v1%3A0/converse", NGX_AI_ROUTE_CONVERSE,
      "a.b-v1%3A0" },
    { POST, "/model/arn%3Aaws%3Ax%2Fy/converse-stream",
      NGX_AI_ROUTE_CONVERSE_STREAM, "arn%3Aaws%3Ax%2Fy" },
    { POST, "/model/m/count-tokens", NGX_AI_ROUTE_CONVERSE_COUNT, "m" }
};


static void
route_known(const route_known_t *k)
{
    ngx_int_t              rc;
    ngx_str_t              uri;
    tap_guard_t            g;
    ngx_ai_route_match_t   m;

    uri.len = strlen(k->uri);
    uri.data = tap_guard(&g, k->uri, uri.len);

    rc = ngx_ai_route_find(k->method, &uri, &m);

    is_int(rc, NGX_OK, "%s is a route", k->uri);

    if (rc == NGX_OK) {
        is_int(m.route->id, k->route, "%s: the row of its method", k->uri);
        is_str(m.id.len ? (char *) m.id.data : "", m.id.len, k->id,
               "%s: its id", k->uri);
        is_str(m.tail.data, m.tail.len, k->uri + route_version(k->uri),
               "%s: the tail is the path without its version", k->uri);
    }

    tap_unguard(&g);
}


/* a provider's URL ends with its own */

static size_t
route_version(const char *uri)
{
    if (strncmp(uri, "/v1beta/", 8) == 0) {
        return 7;
    }

    return (strncmp(uri, "/v1/", 4) == 0 || strncmp(uri, "/v2/", 4) == 0)
           ? 3 : 0;
}


static void
route_unknown(const char *text)
{
    ngx_str_t              uri;
    tap_guard_t            g;
    ngx_ai_route_match_t   m;

    uri.len = strlen(text);
    uri.data = tap_guard(&g, text, uri.len);

    ok(ngx_ai_route_find(GET, &uri, &m) == NGX_DECLINED
       && ngx_ai_route_find(POST, &uri, &m) == NGX_DECLINED,
       "\"%s\" is no path", text);

    tap_unguard(&g);
}


static void
route_refused(ngx_uint_t method, const char *text, const char *allow)
{
    u_char                 buf[NGX_AI_ROUTE_ALLOW_LEN], *p;
    ngx_str_t              uri;
    ngx_ai_route_match_t   m;

    uri.len = strlen(text);
    uri.data = (u_char *) text;

    is_int(ngx_ai_route_find(method, &uri, &m), NGX_ERROR,
           "%s is known, its method is not", text);

    p = ngx_ai_route_allow(buf, m.allow);

    is_str(buf, p - buf, allow, "%s allows %s", text, allow);
}


/* what every row must say, so that no step of a request has to guess */

static void
route_table(void)
{
    ngx_uint_t             i, j, n;
    const ngx_ai_route_t  *r, *o;

    static const ngx_uint_t  models[] = {
        NGX_AI_ROUTE_MODEL_NONE,
        NGX_AI_ROUTE_MODEL_OPTIONAL,
        NGX_AI_ROUTE_MODEL_REQUIRED
    };

    for (i = 0; i < NGX_AI_ROUTE_MAX; i++) {
        r = ngx_ai_route(i);

        is_int(r->id, i, "row %d stands in the order of the enum", (int) i);

        ok(!(r->flags & NGX_AI_ROUTE_ID)
           == (ngx_strlchr(r->path.data, r->path.data + r->path.len, '{')
               == NULL),
           "%s: the flag says whether it has an id", r->name.data);

        for (j = 0, n = 0; j < 3; j++) {
            n += (r->flags & models[j]) ? 1 : 0;
        }

        is_int(n, 1, "%s says whether it has a model", r->name.data);

        ok(!(r->flags & NGX_AI_ROUTE_BODY_NONE)
           == !!(r->flags & (NGX_AI_ROUTE_BODY_JSON
                             |NGX_AI_ROUTE_BODY_MULTIPART)),
           "%s says what its body is", r->name.data);

        ok((r->flags & NGX_AI_ROUTE_BODY_NONE)
           || (r->methods == NGX_AI_METHOD_POST),
           "%s: only a POST has a body", r->name.data);

        ok(!(r->flags & NGX_AI_ROUTE_OWNED) || (r->flags & NGX_AI_ROUTE_ID),
           "%s: what has an owner has an id", r->name.data);

        ok(!(r->flags & NGX_AI_ROUTE_MAKES)
           || r->methods == NGX_AI_METHOD_POST,
           "%s: only a POST makes something", r->name.data);

        ok(!(r->flags & NGX_AI_ROUTE_ONCE)
           || (r->flags & NGX_AI_ROUTE_MAKES)
           || r->id == NGX_AI_ROUTE_UPLOAD_PARTS,
           "%s: what is made once has an owner", r->name.data);

        ok(r->strip < r->path.len && r->path.data[r->strip] == '/',
           "%s: a tail begins with a slash", r->name.data);

        ok(r->name.len && r->operation.len,
           "%s has a name and an operation", r->name.data);

        for (j = 0; j < i; j++) {
            o = ngx_ai_route(j);

            if ((o->name.len == r->name.len
                 && ngx_memcmp(o->name.data, r->name.data, r->name.len) == 0)
                || (o->path.len == r->path.len
                    && (o->methods & r->methods)
                    && ngx_memcmp(o->path.data, r->path.data, r->path.len)
                       == 0))
            {
                break;
            }
        }

        is_int(j, i, "%s: no other row has its name, or its method and path",
               r->name.data);
    }
}


/* promise: what is not spelled as in the table does not exist */

static void
route_variants(void)
{
    char                   text[256];
    size_t                 j, len;
    ngx_str_t              uri;
    ngx_uint_t             i, n;
    ngx_ai_route_match_t   m;

    n = 0;

    for (i = 0; i < sizeof(knowns) / sizeof(knowns[0]); i++) {

        if (knowns[i].id[0] != '\0') {
            continue;
        }

        len = strlen(knowns[i].uri);
        uri.data = (u_char *) text;

        for (j = 0; j < len; j++) {

            /* one byte in another case, percent-encoded, or left out */

            strcpy(text, knowns[i].uri);
            text[j] ^= 0x20;
            uri.len = len;

            n += (ngx_ai_route_find(knowns[i].method, &uri, &m) == NGX_OK);

            uri.len = sprintf(text, "%.*s%%%02x%s", (int) j, knowns[i].uri,
                              (u_char) knowns[i].uri[j],
                              knowns[i].uri + j + 1);

            n += (ngx_ai_route_find(knowns[i].method, &uri, &m) == NGX_OK);

            uri.len = sprintf(text, "%.*s%s", (int) j, knowns[i].uri,
                              knowns[i].uri + j + 1);

            n += (ngx_ai_route_find(knowns[i].method, &uri, &m) == NGX_OK);

            /* a slash doubled, a dot segment put in */

            if (text[j] == '/') {
                uri.len = sprintf(text, "%.*s/%s", (int) j, knowns[i].uri,
                                  knowns[i].uri + j);

                n += (ngx_ai_route_find(knowns[i].method, &uri, &m)
                      == NGX_OK);

                uri.len = sprintf(text, "%.*s/.%s", (int) j, knowns[i].uri,
                                  knowns[i].uri + j);

                n += (ngx_ai_route_find(knowns[i].method, &uri, &m)
                      == NGX_OK);
            }
        }
    }

    is_int(n, 0, "no other spelling of a path reaches a route");
}


static void
route_time(const char *text, double limit)
{
    double                 ns, best;
    ngx_str_t              uri;
    ngx_uint_t             i, j, n;
    struct timespec        a, b;
    ngx_ai_route_match_t   m;

    uri.len = strlen(text);
    uri.data = (u_char *) text;

    n = 0;
    best = 1e9;

    for (j = 0; j < 5; j++) {
        clock_gettime(CLOCK_MONOTONIC, &a);

        for (i = 0; i < 200000; i++) {
            n += (ngx_ai_route_find(POST, &uri, &m) == NGX_OK);
        }

        clock_gettime(CLOCK_MONOTONIC, &b);

        ns = ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / i;
        best = ngx_min(best, ns);
    }

    ok(best < limit, "\"%s\" is found or not in less than %.0f ns", text,
       limit);
    diag("%.1f ns, %lu", best, (unsigned long) n);
}


int
main(void)
{
    char         text[NGX_AI_ROUTE_ID_MAX + 64];
    ngx_uint_t   i;

    for (i = 0; i < sizeof(knowns) / sizeof(knowns[0]); i++) {
        route_known(&knowns[i]);
    }

    route_table();
    route_variants();

    route_unknown("");
    route_unknown("/");
    route_unknown("/v1");
    route_unknown("/v1/");
    route_unknown("/v1/chat");
    route_unknown("/v1/chat/completions/");
    route_unknown("//v1/chat/completions");
    route_unknown("/v1//chat/completions");
    route_unknown("/V1/chat/completions");
    route_unknown("/v1/chat/./completions");
    route_unknown("/v1/chat%2fcompletions");
    route_unknown("/v1/chat/completions?x");
    route_unknown("/v1/chat/completions%00");
    route_unknown("/chat/completions");
    route_unknown("/v1/files/");
    route_unknown("/v1/files//content");
    route_unknown("/v1/files/a/b");
    route_unknown("/v1/files/a/content/");
    route_unknown("/v1/files/a/b/content");
    route_unknown("/v1/responses/a/b");
    route_unknown("/v1/responses//cancel");
    route_unknown("/v1/models/");
    route_unknown("/v1/models//a");
    route_unknown("/v1/models/a/");
    route_unknown("/v1/models/a/b/c");
    route_unknown("/v1/models/a//b");
    route_unknown("/v1/proxy/https://evil.example/");

    route_refused(GET, "/v1/chat/completions", "POST");
    route_refused(DELETE, "/v1/files", "GET, POST");
    route_refused(POST, "/v1/files/a", "GET, DELETE");
    route_refused(GET, "/v1/responses/input_tokens", "POST");
    route_refused(DELETE, "/v1/responses/compact", "POST");
    route_refused(POST, "/v1/models", "GET");
    route_refused(0x0004, "/v1/models", "GET");

    memset(text, 'a', sizeof(text));
    memcpy(text, "/v1/files/", 10);

    text[10 + NGX_AI_ROUTE_ID_MAX] = '\0';
    route_known(&(route_known_t) { GET, text, NGX_AI_ROUTE_FILE_GET,
                                   text + 10 });

    text[10 + NGX_AI_ROUTE_ID_MAX] = 'a';
    text[11 + NGX_AI_ROUTE_ID_MAX] = '\0';
    route_unknown(text);

    route_time("/v1/chat/completions", 1000);
    route_time("/v1/audio/translations", 5000);
    route_time("/v1/models/openai/gpt-4o", 5000);
    route_time("/favicon.ico", 5000);

    return done();
}
