
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include <yajl/yajl_tree.h>

#include "ngx_ai_openai.h"


typedef struct {
    const char  *name;
    const char  *body;
    ngx_int_t    rc;
    const char  *message;       /* NULL: none */
} read_row_t;


/* what the body says better than the status, which says "invalid" */

typedef struct {
    const char  *name;
    const char  *body;
    ngx_uint_t   kind;
} kind_row_t;


/* OpenAI's words, as its own clients know them */

typedef struct {
    ngx_uint_t   kind;
    const char  *type;
    const char  *code;          /* NULL: null */
} write_row_t;


static void test_read(void);
static void test_read_cut(void);
static void test_kinds(void);
static void test_write(void);
static void test_write_hostile(void);
static void test_write_full(void);
static void written(ngx_ai_error_t *error, const char *type,
    const char *code, const char *message, const char *param);
static const char *member(yajl_val tree, const char *name);


static ngx_ai_reader_t  *readers;


static const read_row_t  read_rows[] = {

    { "OpenAI's own",
      "{\"error\":{\"message\":\"Incorrect API key\",\"type\":"
      "\"invalid_request_error\",\"param\":null,\"code\":\"invalid_api_key\"}"
      "}", NGX_OK, "Incorrect API key" },
    { "Azure's, without a type",
      "{\"error\":{\"code\":\"401\",\"message\":\"Access denied\"}}",
      NGX_OK, "Access denied" },
    { "OpenRouter's, with a code that is a number",
      "{\"error\":{\"code\":429,\"message\":\"Rate limited\",\"metadata\":"
      "{\"message\":\"x\"}},\"user_id\":\"u\"}", NGX_OK, "Rate limited" },
    { "one that is laid out",
      " {\n  \"error\" : {\n    \"message\" : \"a\"\n  }\n}\n", NGX_OK, "a" },
    { "one with an empty message",
      "{\"error\":{\"message\":\"\"}}", NGX_OK, "" },
    { "a message as it stands, with its escapes",
      "{\"error\":{\"message\":\"say \\\"hi\\\"\\u00e4\"}}",
      NGX_OK, "say \\\"hi\\\"\\u00e4" },
    { "a message that is longer than what a scan keeps",
      "{\"error\":{\"message\":\"0123456789012345678901234567890123456789"
      "0123456789012345678901234567890123456789\"}}", NGX_OK,
      "01234567890123456789012345678901234567890123456789012345678901234567890"
      "123456789" },

    { "a string instead of the object (xAI)",
      "{\"code\":\"Client specified an invalid argument\",\"error\":"
      "\"Incorrect API key\"}", NGX_DECLINED, "Incorrect API key" },
    { "a message at the top (Mistral)",
      "{\"object\":\"error\",\"message\":\"Invalid model\",\"type\":"
      "\"invalid_model\",\"param\":null,\"code\":\"1500\"}",
      NGX_DECLINED, "Invalid model" },
    { "a detail (Voyage, FastAPI)",
      "{\"detail\":\"Invalid API Key\"}", NGX_DECLINED, "Invalid API Key" },
    { "a detail that is a list (Mistral, FastAPI)",
      "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"m\",\"type\":\"t\"}]}",
      NGX_DECLINED, "m" },
    { "a list without a message", "{\"detail\":[{\"loc\":[\"body\"]}]}",
      NGX_DECLINED, NULL },
    { "a status in a reply (MiniMax)",
      "{\"base_resp\":{\"status_code\":1008,\"status_msg\":\"insufficient "
      "balance\"}}", NGX_DECLINED, "insufficient balance" },
    { "an object without a message",
      "{\"error\":{\"code\":\"x\"}}", NGX_DECLINED, NULL },
    { "an object whose message is none, and one at the top",
      "{\"error\":{\"message\":null},\"message\":\"m\"}", NGX_DECLINED, "m" },
    { "an error that is null", "{\"error\":null}", NGX_DECLINED, NULL },
    { "something else", "{\"id\":\"x\",\"choices\":[]}", NGX_DECLINED, NULL },
    { "an object in an array (Gemini)",
      "[{\"error\":{\"message\":\"m\"}}]", NGX_DECLINED, "m" },
    { "an array of errors",
      "{\"error\":[{\"message\":\"m\"}]}", NGX_DECLINED, NULL },
    { "a message further down",
      "{\"x\":{\"error\":{\"message\":\"m\"}}}", NGX_DECLINED, NULL },
    { "nothing", "", NGX_DECLINED, NULL },
    { "a blank", " ", NGX_DECLINED, NULL },
    { "HTML", "<html><body>502</body></html>", NGX_DECLINED, NULL },
    { "plain text", "upstream connect error", NGX_DECLINED, NULL },
    { "a string", "\"Not Found\"", NGX_DECLINED, NULL },
    { "an event", "data: {\"error\":{\"message\":\"m\"}}\n\n",
      NGX_DECLINED, NULL },
    { "two objects", "{\"error\":{\"message\":\"m\"}}{}",
      NGX_DECLINED, NULL },
    { "bytes that are not UTF-8", "{\"error\":{\"message\":\"\xff\"}}",
      NGX_DECLINED, NULL }
};


static const write_row_t  write_rows[] = {
    { NGX_AI_ERROR_INVALID, "invalid_request_error", NULL },
    { NGX_AI_ERROR_AUTH, "invalid_request_error", "invalid_api_key" },
    { NGX_AI_ERROR_FORBIDDEN, "invalid_request_error", "model_not_allowed" },
    { NGX_AI_ERROR_NOT_FOUND, "invalid_request_error", "unknown_url" },
    { NGX_AI_ERROR_MODEL, "invalid_request_error", "model_not_found" },
    { NGX_AI_ERROR_OWNER, "invalid_request_error", NULL },
    { NGX_AI_ERROR_METHOD, "invalid_request_error", "method_not_allowed" },
    { NGX_AI_ERROR_TOO_LARGE, "invalid_request_error", "request_too_large" },
    { NGX_AI_ERROR_MEDIA, "invalid_request_error", "unsupported_media_type" },
    { NGX_AI_ERROR_CONTEXT, "invalid_request_error",
      "context_length_exceeded" },
    { NGX_AI_ERROR_POLICY, "invalid_request_error", "content_filter" },
    { NGX_AI_ERROR_PREVIOUS, "invalid_request_error",
      "previous_response_not_found" },
    { NGX_AI_ERROR_RATE, "requests", "rate_limit_exceeded" },
    { NGX_AI_ERROR_QUOTA, "insufficient_quota", "insufficient_quota" },
    { NGX_AI_ERROR_INTERNAL, "server_error", NULL },
    { NGX_AI_ERROR_UPSTREAM, "server_error", "upstream_error" },
    { NGX_AI_ERROR_PROVIDER_AUTH, "server_error", "provider_auth" },
    { NGX_AI_ERROR_UNAVAILABLE, "server_error", "unavailable" },
    { NGX_AI_ERROR_OVERLOADED, "server_error", "overloaded" },
    { NGX_AI_ERROR_TIMEOUT, "server_error", "upstream_timeout" }
};


static const kind_row_t  kind_rows[] = {

    { "what only a status says",
      "{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\","
      "\"code\":null}}", NGX_AI_ERROR_INVALID },
    { "no JSON at all", "Bad Request", NGX_AI_ERROR_INVALID },
    { "OpenAI's context",
      "{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\","
      "\"param\":\"messages\",\"code\":\"context_length_exceeded\"}}",
      NGX_AI_ERROR_CONTEXT },
    { "llama.cpp's context",
      "{\"error\":{\"code\":400,\"message\":\"m\",\"type\":"
      "\"exceed_context_size_error\",\"n_ctx\":4096}}", NGX_AI_ERROR_CONTEXT },
    { "Perplexity's context",
      "{\"error\":{\"message\":\"m\",\"type\":\"too_many_prompt_tokens\","
      "\"code\":400}}", NGX_AI_ERROR_CONTEXT },
    { "vLLM's context, which is a sentence",
      "{\"object\":\"error\",\"message\":\"This model's maximum context "
      "length is 4096 tokens.\",\"type\":\"BadRequestError\",\"code\":400}",
      NGX_AI_ERROR_CONTEXT },
    { "Ollama's context",
      "{\"error\":{\"message\":\"prompt too long; exceeded max context length "
      "by 9 tokens\",\"type\":\"invalid_request_error\",\"code\":null}}",
      NGX_AI_ERROR_CONTEXT },
    { "xAI's context",
      "{\"code\":\"Client specified an invalid argument\",\"error\":\"This "
      "model's maximum prompt length is 131072 but the request contains "
      "200000 tokens.\"}", NGX_AI_ERROR_CONTEXT },
    { "a quota", "{\"error\":{\"message\":\"m\",\"type\":"
      "\"insufficient_quota\",\"param\":null,\"code\":\"insufficient_quota\""
      "}}", NGX_AI_ERROR_QUOTA },
    { "a quota that only the type says",
      "{\"error\":{\"message\":\"m\",\"type\":\"insufficient_quota\"}}",
      NGX_AI_ERROR_QUOTA },
    { "MiniMax's quota", "{\"base_resp\":{\"status_code\":1008}}",
      NGX_AI_ERROR_QUOTA },
    { "MiniMax's policy",
      "{\"base_resp\":{\"status_code\":1026,\"status_msg\":\"m\"}}",
      NGX_AI_ERROR_POLICY },
    { "OpenAI's policy",
      "{\"error\":{\"message\":\"m\",\"code\":\"content_policy_violation\""
      "}}", NGX_AI_ERROR_POLICY },
    { "Azure's policy",
      "{\"error\":{\"message\":\"m\",\"type\":null,\"param\":\"prompt\","
      "\"code\":\"content_filter\",\"status\":400,\"innererror\":{\"code\":"
      "\"ResponsibleAIPolicyViolation\"}}}", NGX_AI_ERROR_POLICY },
    { "Azure's cause alone",
      "{\"error\":{\"message\":\"m\",\"innererror\":{\"code\":"
      "\"ResponsibleAIPolicyViolation\"}}}", NGX_AI_ERROR_POLICY },
    { "too much to do",
      "{\"error\":{\"message\":\"m\",\"type\":\"engine_overloaded_error\""
      "}}", NGX_AI_ERROR_OVERLOADED },
    { "a model that is unknown, with another status (Responses)",
      "{\"error\":{\"message\":\"m\",\"code\":\"model_not_found\"}}",
      NGX_AI_ERROR_MODEL },
    { "a code at the top", "{\"code\":\"insufficient_quota\",\"message\":"
      "\"m\",\"type\":\"x\"}", NGX_AI_ERROR_QUOTA },
    { "xAI's key, which is a 400",
      "{\"code\":\"Client specified an invalid argument\",\"error\":"
      "\"Incorrect API key provided: xa***r.\"}", NGX_AI_ERROR_PROVIDER_AUTH },
    { "a key that is unknown",
      "{\"error\":{\"message\":\"m\",\"code\":\"invalid_api_key\"}}",
      NGX_AI_ERROR_PROVIDER_AUTH },

    /* of these a status says more: it is 413 when a wait is no help (Groq) */

    { "a rate", "{\"error\":{\"message\":\"m\",\"type\":\"tokens\","
      "\"code\":\"rate_limit_exceeded\"}}", NGX_AI_ERROR_INVALID },
    { "a code that is longer than what a scan keeps",
      "{\"error\":{\"message\":\"m\",\"code\":\"insufficient_quota"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "\"}}", NGX_AI_ERROR_INVALID }
};


static void
test_read(void)
{
    ngx_str_t          body, message;
    ngx_uint_t         i;
    tap_guard_t        g;
    ngx_ai_error_t     error;
    const read_row_t  *row;

    for (i = 0; i < sizeof(read_rows) / sizeof(read_row_t); i++) {
        row = &read_rows[i];

        body.len = strlen(row->body);
        body.data = tap_guard(&g, row->body, body.len);

        ngx_memset(&error, 0x5a, sizeof(error));

        is_int(ngx_ai_openai.read_error(readers, &body, &error), row->rc,
               "%s: %s", row->name,
               row->rc == NGX_OK ? "a client may see it" : "not ours");

        message = error.message;

        if (row->message) {
            is_str(message.data, message.len, row->message, "it says %s",
                   row->message);

        } else {
            is_int(message.len, 0, "it says nothing");
        }

        tap_unguard(&g);
    }
}


/* what is missing at its end is no envelope, and what it says no message */

static void
test_read_cut(void)
{
    size_t           len;
    ngx_str_t        body;
    ngx_uint_t       wrong;
    tap_guard_t      g;
    ngx_ai_error_t   error;

    static const char  text[] = "{\"error\":{\"message\":\"a\",\"x\":[1,2]}}";

    wrong = 0;

    for (len = 0; len < sizeof(text) - 1; len++) {
        body.data = tap_guard(&g, text, len);
        body.len = len;

        wrong += (ngx_ai_openai.read_error(readers, &body, &error)
                  != NGX_DECLINED || error.message.len);

        tap_unguard(&g);
    }

    is_int(wrong, 0, "part of an envelope is none");
}


static void
test_kinds(void)
{
    ngx_str_t          body;
    ngx_uint_t         i;
    tap_guard_t        g;
    ngx_ai_error_t     error;
    const kind_row_t  *row;

    for (i = 0; i < sizeof(kind_rows) / sizeof(kind_row_t); i++) {
        row = &kind_rows[i];

        body.len = strlen(row->body);
        body.data = tap_guard(&g, row->body, body.len);

        ngx_memzero(&error, sizeof(error));
        error.kind = NGX_AI_ERROR_INVALID;
        error.retry_after = -1;

        (void) ngx_ai_openai.read_error(readers, &body, &error);

        is_int(error.kind, row->kind, "%s: %s", row->name,
               ngx_ai_error_name(row->kind)->data);
        is_int(error.retry_after, -1, "and no time to wait");

        tap_unguard(&g);
    }
}


static void
test_write(void)
{
    ngx_uint_t      i;
    ngx_ai_error_t  error;

    is_int(sizeof(write_rows) / sizeof(write_row_t), NGX_AI_ERROR_MAX - 1,
           "each kind of error has words");

    for (i = 0; i < sizeof(write_rows) / sizeof(write_row_t); i++) {
        ngx_memzero(&error, sizeof(error));
        error.kind = write_rows[i].kind;
        ngx_str_set(&error.message, "Do it so.");

        written(&error, write_rows[i].type, write_rows[i].code, "Do it so.",
                NULL);

        ngx_str_set(&error.param, "messages[0].content");

        written(&error, write_rows[i].type, write_rows[i].code, "Do it so.",
                "messages[0].content");
    }
}


/* what comes from others may be anything, and ends neither string nor event */

static void
test_write_hostile(void)
{
    u_char          text[256];
    ngx_uint_t      i;
    ngx_ai_error_t  error;

    static const struct {
        const char  *message;
        const char  *want;
    } rows[] = {
        { "a \"b\" c", "a \"b\" c" },
        { "\"}}\n\ndata: [DONE]\n\n", "\"}}\n\ndata: [DONE]\n\n" },
        { "\\", "\\" },
        { "\\u0022", "\\u0022" },
        { "\r\n\t\b\f\x01\x1f", "\r\n\t\b\f\x01\x1f" },
        { "\x7f", "\x7f" },
        { "\xc3\xa4 \xf0\x9f\x98\x80 \xe2\x80\xa8",
          "\xc3\xa4 \xf0\x9f\x98\x80 \xe2\x80\xa8" },
        { "a\xff" "b", "a\xef\xbf\xbd" "b" },
        { "\xc3", "\xef\xbf\xbd" },
        { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xf0\x9f\x98", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "</script>", "</script>" },
        { "", "" }
    };

    ngx_memzero(&error, sizeof(error));
    error.kind = NGX_AI_ERROR_UPSTREAM;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        error.message.data = (u_char *) rows[i].message;
        error.message.len = strlen(rows[i].message);

        written(&error, "server_error", "upstream_error", rows[i].want, NULL);
    }

    /* every byte but for the upper half, which is one sequence after another */

    for (i = 0; i < 127; i++) {
        text[i] = (u_char) (i + 1);
    }

    text[127] = '\0';

    error.message.data = text;
    error.message.len = 127;

    written(&error, "server_error", "upstream_error", (char *) text, NULL);
}


static void
test_write_full(void)
{
    ngx_uint_t      max, wrong;
    ngx_ai_buf_t    out;
    ngx_ai_error_t  error;

    ngx_memzero(&error, sizeof(error));
    error.kind = NGX_AI_ERROR_RATE;
    ngx_str_set(&error.message, "Wait.");

    ngx_ai_buf_init(&out, 4096, &ngx_shim_log);
    is_int(ngx_ai_openai.write_error_event(ngx_ai_route(NGX_AI_ROUTE_CHAT),
                                           &error, NGX_AI_FRAMING_SSE, &out),
           NGX_OK, "an event fits");
    max = ngx_ai_buf_len(&out);
    ngx_ai_buf_free(&out);

    wrong = 0;

    while (max-- > 0) {
        ngx_ai_buf_init(&out, max, &ngx_shim_log);
        wrong += (ngx_ai_openai.write_error_event(
                      ngx_ai_route(NGX_AI_ROUTE_CHAT), &error,
                      NGX_AI_FRAMING_SSE, &out)
                  == NGX_OK);
        ngx_ai_buf_free(&out);
    }

    is_int(wrong, 0, "no room is never a success");
}


static void
written(ngx_ai_error_t *error, const char *type, const char *code,
    const char *message, const char *param)
{
    char           *text;
    u_char         *p;
    size_t          len;
    yajl_val        tree;
    ngx_ai_buf_t    out, event;

    ngx_ai_buf_init(&out, 8192, &ngx_shim_log);
    ngx_ai_buf_init(&event, 8192, &ngx_shim_log);

    is_int(ngx_ai_openai.write_error(error, &out), NGX_OK, "written: %s",
           message);

    len = ngx_ai_buf_len(&out);
    text = strndup((char *) out.start, len);

    tree = yajl_tree_parse(text, NULL, 0);

    ok(tree != NULL && YAJL_GET_OBJECT(tree)->len == 1, "as one JSON object");

    is_str(member(tree, "type"), strlen(member(tree, "type")), type,
           "its type is %s", type);
    is_str(member(tree, "code"), strlen(member(tree, "code")),
           code ? code : "null", "its code is %s", code ? code : "null");
    is_str(member(tree, "message"), strlen(member(tree, "message")), message,
           "its message is %s", message);
    is_str(member(tree, "param"), strlen(member(tree, "param")),
           param ? param : "null", "its param is %s", param ? param : "null");

    yajl_tree_free(tree);

    /* as an event: the same in one line */

    is_int(ngx_ai_openai.write_error_event(ngx_ai_route(NGX_AI_ROUTE_CHAT),
                                           error, NGX_AI_FRAMING_SSE, &event),
           NGX_OK, "written as an event");

    p = event.start;

    ok(ngx_ai_buf_len(&event) == len + 8 && memcmp(p, "data: ", 6) == 0
       && memcmp(p + 6, text, len) == 0 && memcmp(p + 6 + len, "\n\n", 2) == 0
       && memchr(text, '\n', len) == NULL && memchr(text, '\r', len) == NULL,
       "which is one line of data and a blank line");

    /* and in a Responses stream an event with its name */

    ngx_ai_buf_reset(&event);

    is_int(ngx_ai_openai.write_error_event(ngx_ai_route(
                                                      NGX_AI_ROUTE_RESPONSES),
                                           error, NGX_AI_FRAMING_SSE, &event),
           NGX_OK, "written as an event of a Responses stream");

    p = event.start;

    ok(memcmp(p, "event: error\ndata: {\"type\":\"error\",", 35) == 0
       && memcmp(p + 35, text + 1, len - 1) == 0
       && memcmp(event.last - 2, "\n\n", 2) == 0,
       "which has its name and its type");

    free(text);
    ngx_ai_buf_free(&out);
    ngx_ai_buf_free(&event);
}


static const char *
member(yajl_val tree, const char *name)
{
    yajl_val     v;
    const char  *path[3];

    path[0] = "error";
    path[1] = name;
    path[2] = NULL;

    v = yajl_tree_get(tree, path, yajl_t_any);

    return v == NULL ? "absent"
           : YAJL_IS_NULL(v) ? "null"
           : YAJL_IS_STRING(v) ? YAJL_GET_STRING(v) : "something";
}


int
main(void)
{
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    readers = ngx_ai_readers_create(pool, ngx_ai_openai.tables,
                                    ngx_ai_openai.ntables);

    test_read();
    test_read_cut();
    test_kinds();
    test_write();
    test_write_hostile();
    test_write_full();

    ngx_destroy_pool(pool);

    return done();
}
