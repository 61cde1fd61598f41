
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "openai_ask.h"


static void test_models(void);
static void test_json(void);
static void test_depth(void);
static void test_spans(void);
static void test_named(void);
static void test_memory(void);


static void
test_models(void)
{
    char        body[640], name[300];
    ngx_uint_t  i;

    static const char  *wrong[] = {
        "", " ", "a b", "a\\tb", "\\n", "m\\u0000", "\\u00e4", "\xc3\xa4",
        "a\\u007f", "\\ud83d\\ude00", "a\\\"b", "a\\\\b", "\\u0022",
        "openai/x\\\",\\\"stream\\\":false,\\\"a\\\":\\\""
    };

    static const char  *right[][2] = {
        { "gpt-4o", "gpt-4o" },
        { "gpt\\u002d4o", "gpt-4o" },
        { "\\u0067\\u0070\\u0074", "gpt" },
        { "a\\/b", "a/b" },
        { "~!@#$%^&*()_+{}|:<>?`-=[];',./",
          "~!@#$%^&*()_+{}|:<>?`-=[];',./" }
    };

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        sprintf(body, "{\"messages\":[],\"model\":\"%s\"}", wrong[i]);
        bad(CHAT, body, "model", "\"model\" is no model's name.");
    }

    for (i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        sprintf(body, "{ \"messages\":[], \"model\" : \"%s\" }", right[i][0]);

        is_int(read_ask(CHAT, body, strlen(body)), NGX_OK, "taken: %s", body);
        is_str(ask.model.data, ask.model.len, right[i][1],
               "the model is %s", right[i][1]);
        is_str(body + ask.model_span.start,
               ask.model_span.end - ask.model_span.start, right[i][0],
               "its span is what stands between the quotes");
    }

    memset(name, 'm', 257);
    name[256] = '\0';

    sprintf(body, "{\"messages\":[],\"model\":\"%s\"}", name);
    is_int(read_ask(CHAT, body, strlen(body)), NGX_OK,
           "256 bytes are a model's name");
    is_int(ask.model.len, 256, "all of them");

    sprintf(body, "{\"messages\":[],\"model\":\"\\u006d%s\"}", name + 1);
    is_int(read_ask(CHAT, body, strlen(body)), NGX_OK,
           "256 characters in more bytes are too");
    is_int(ask.model.len, 256, "all of them");

    name[256] = 'm';
    name[257] = '\0';

    sprintf(body, "{\"messages\":[],\"model\":\"%s\"}", name);
    bad(CHAT, body, "model", "\"model\" is no model's name.");
}


static void
test_json(void)
{
    char        body[256], message[128];
    size_t      len;
    ngx_uint_t  i, wrong;

    static const struct {
        const char  *body;
        const char  *error;
        int          offset;
    } rows[] = {
        { "", "empty document", 0 },
        { "  ", "empty document", 2 },
        { "{", "unexpected end", 1 },
        { "{" M, "unexpected end", 26 },
        { "{" M "}}", "unexpected character", 27 },
        { "{" M "} x", "unexpected character", 28 },
        { "{" M ",}", "unexpected character", 27 },
        { "{\"model\":m}", "unexpected character", 9 },
        { "{\"model\" \"m\"}", "unexpected character", 9 },
        { "{'model':1}", "unexpected character", 1 },
        { "{\"a\":\"\xff\"}", "invalid UTF-8", 6 },
        { "{\"a\":\"\\x\"}", "invalid escape", 7 },
        { "{\"a\":\"\\ud800\"}", "lone surrogate", 12 },
        { "{\"a\":01}", "invalid number", 6 },
        { "\xef\xbb\xbf{}", "unexpected character", 0 }
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sprintf(message, "The request body is not valid JSON: %s at byte %d.",
                rows[i].error, rows[i].offset);
        bad(CHAT, rows[i].body, NULL, message);
    }

    /* whatever is missing at its end */

    len = sprintf(body, "{" M ",\"stream\":true,\"stream_options\":{\"a\":-1.5,"
                  "\"b\":\"\\u00e4\"},\"x\":[null,{}]}");
    wrong = 0;

    for (i = 0; i < len; i++) {
        wrong += (read_ask(CHAT, body, i) != NGX_ERROR
                  || error.kind != NGX_AI_ERROR_INVALID);
    }

    is_int(read_ask(CHAT, body, len), NGX_OK, "a whole body is taken");
    is_int(wrong, 0, "and no part of it");
}


static void
test_depth(void)
{
    char    body[1024], *p;
    size_t  n;

    for (n = 126; n <= 127; n++) {

        /* the object and "messages" are two */

        p = body + sprintf(body, "{\"model\":\"m\",\"messages\":[");
        memset(p, '[', n);
        p += n;
        memset(p, ']', n);
        p += n;
        strcpy(p, "]}");

        if (n == 126) {
            is_int(read_ask(CHAT, body, strlen(body)), NGX_OK,
                   "128 containers in one another are taken");
            continue;
        }

        bad(CHAT, body, NULL, "The request body is not valid JSON: nested too "
            "deep at byte 151.");
    }
}


/* offsets for an edit, of what is there and of what is not */

static void
test_spans(void)
{
    const char  *body;

    body = "\n {" M ",\"stream_options\": { \"a\":1, \"include_usage\" : "
           "false } , \"stream\":true}";

    is_int(read_ask(CHAT, body, strlen(body)), NGX_OK, "taken: %s", body);

    is_int(ask.open, 3, "the body opens at its brace");
    is_str(body + ask.options_span.start,
           ask.options_span.end - ask.options_span.start,
           "{ \"a\":1, \"include_usage\" : false }",
           "the span of the options is their value");
    is_str(body + ask.usage_span.start,
           ask.usage_span.end - ask.usage_span.start, "false",
           "the span of include_usage is its value");
    ok(!ask.usage && !ask.options_null && !ask.options_empty,
       "usage is not asked for, the options are neither null nor empty");

    body = "{" M ",\"stream_options\":{ }}";

    is_int(read_ask(CHAT, body, strlen(body)), NGX_OK, "taken: %s", body);
    ok(ask.options_empty && !ask.options_null && ask.usage_span.end == 0,
       "options may be empty");

    body = "{" M ",\"stream_options\":null}";

    is_int(read_ask(CHAT, body, strlen(body)), NGX_OK, "taken: %s", body);
    ok(ask.options_null && ask.usage_span.end == 0, "options may be null");

    body = "{" M ",\"stream_options\":{\"include_usage\":true}}";

    is_int(read_ask(CHAT, body, strlen(body)), NGX_OK, "taken: %s", body);
    ok(ask.usage, "usage may be asked for");

    body = "{\"include_usage\":true," M "}";

    is_int(read_ask(CHAT, body, strlen(body)), NGX_OK, "taken: %s", body);
    ok(!ask.usage && ask.options_span.end == 0 && ask.usage_span.end == 0,
       "but not elsewhere");

    body = "{\"input\":\"x\"}";

    is_int(read_ask(RESPONSES, body, strlen(body)), NGX_OK, "taken: %s", body);
    ok(ask.model.len == 0 && ask.model_span.end == 0,
       "what has no model has no span of it");
}


/* whatever way a name of what was made before is written, it is looked up */

static void
test_named(void)
{
    char        body[2048], id[160], escaped[1024];
    size_t      n;
    ngx_uint_t  i;

    static const char  *fields[] = {
        "previous_response_id", "input_file_id", "training_file",
        "validation_file"
    };

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        sprintf(body, "{\"%s\":\"a-\\u0031\"}", fields[i]);

        is_int(read_ask(NGX_AI_ROUTE_BATCH_CREATE, body, strlen(body)),
               NGX_OK, "taken: %s", body);
        is_int(ask.nnamed, 1, "one is named");
        is_str(ask.named[0].id.data, ask.named[0].id.len, "a-1",
               "its id is decoded");
        is_str(ask.named[0].field.data, ask.named[0].field.len, fields[i],
               "its field is %s", fields[i]);

        sprintf(body, "{\"%s\":null}", fields[i]);

        is_int(read_ask(NGX_AI_ROUTE_BATCH_CREATE, body, strlen(body)),
               NGX_OK, "taken: %s", body);
        is_int(ask.nnamed, 0, "none is named");

        sprintf(body, "{\"%s\":[\"a\"]}", fields[i]);
        sprintf(id, "\"%s\" is of the wrong type.", fields[i]);
        bad(NGX_AI_ROUTE_BATCH_CREATE, body, fields[i], id);
    }

    for (n = 0; n < NGX_AI_ASK_ID_MAX; n++) {
        id[n] = 'a';
        sprintf(escaped + 6 * n, "\\u0061");
    }

    id[n] = '\0';

    sprintf(body, "{\"training_file\":\"x\",\"previous_response_id\":\"%s\"}",
            escaped);

    is_int(read_ask(RESPONSES, body, strlen(body)), NGX_OK,
           "taken: an id of escapes alone");
    is_int(ask.nnamed, 2, "two are named");
    is_str(ask.named[0].id.data, ask.named[0].id.len, id,
           "the long one is decoded whole");

    sprintf(body, "{\"previous_response_id\":\"%sa\"}", escaped);

    is_int(read_ask(RESPONSES, body, strlen(body)), NGX_OK,
           "taken: an id that none can be");
    is_int(ask.nnamed, 0, "it is not looked at");
}


static void
test_memory(void)
{
    ngx_uint_t  i;

    static const char  *bodies[] = {
        "{" M "}", "{", "{\"model\":1}", "{\"model\":\"\",\"messages\":[]}"
    };

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        ngx_shim_fail_at = 1;

        is_int(read_ask(CHAT, bodies[i], strlen(bodies[i])), NGX_ERROR,
               "without memory there is no answer to %s", bodies[i]);
        is_int(error.kind, NGX_AI_ERROR_NONE,
               "and the client is not to blame");

        ngx_shim_fail_at = 0;
    }
}


int
main(void)
{
    ask_init();

    test_models();
    test_json();
    test_depth();
    test_spans();
    test_named();
    test_memory();

    ask_done();

    return done();
}
