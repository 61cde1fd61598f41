
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "openai_ask.h"


typedef struct {
    ngx_uint_t   route;
    const char  *body;
    const char  *model;
    ngx_uint_t   stream;
    int64_t      n;
    int64_t      max_tokens;
} good_row_t;


/* the field is what "param" says, or NULL */

typedef struct {
    ngx_uint_t   route;
    const char  *body;
    const char  *field;
    const char  *message;
} bad_row_t;


static void test_good(void);
static void test_bad(void);
static void test_types(void);
static void test_type(ngx_uint_t route, const char *field, const char *want);
static void test_counts(void);
static void test_twice(void);
static void test_required(void);


static const good_row_t  good_rows[] = {

    { CHAT, "{" M "}", "m", 0, 1, -1 },
    { CHAT, "{" M ",\"stream\":true,\"n\":2,\"max_tokens\":5}", "m", 1, 2, 5 },
    { CHAT, " \t\r\n{ \"n\" : 128 , \"stream\" : false , " M " } \n",
      "m", 0, 128, -1 },
    { CHAT, "{\"messages\":[],\"model\":\"m\"}", "m", 0, 1, -1 },

    /* absent and null are the same */

    { CHAT, "{" M ",\"stream\":null,\"n\":null,\"max_tokens\":null,"
            "\"stream_options\":null,\"tools\":null}", "m", 0, 1, -1 },
    { IMAGES, "{\"prompt\":\"p\",\"model\":null,\"n\":null}", "", 0, 1, -1 },
    { CHAT, "{" M ",\"documents\":null,\"query\":null,\"input\":null,"
            "\"prompt\":null}", "m", 0, 1, -1 },
    { CHAT, "{" M ",\"max_completion_tokens\":null,\"max_tokens\":7}",
      "m", 0, 1, 7 },

    /* the newer of the names counts */

    { CHAT, "{" M ",\"max_tokens\":7,\"max_completion_tokens\":8}",
      "m", 0, 1, 8 },
    { RESPONSES, "{\"max_tokens\":7,\"max_output_tokens\":9}", "", 0, 1, 9 },

    /* the largest, and none at all, which only echoes a prompt */

    { CHAT, "{" M ",\"max_tokens\":9223372036854775807}",
      "m", 0, 1, INT64_MAX },
    { COMPLETIONS, "{\"model\":\"m\",\"prompt\":\"p\",\"echo\":true,"
                   "\"max_tokens\":0}", "m", 0, 1, 0 },
    { CHAT, "{" M ",\"max_tokens\":-0}", "m", 0, 1, 0 },

    /* what is further down is not the request's */

    { CHAT, "{\"messages\":[{\"model\":\"x\",\"stream\":true,\"n\":9,"
            "\"max_tokens\":9}],\"metadata\":{\"model\":1,\"stream\":1,"
            "\"n\":-1,\"max_tokens\":-1},\"model\":\"m\"}", "m", 0, 1, -1 },
    { CHAT, "{" M ",\"stream_options\":{\"stream\":true,\"n\":0}}",
      "m", 0, 1, -1 },
    { CHAT, "{" M ",\"Model\":1,\"model \":1,\"STREAM\":1}", "m", 0, 1, -1 },

    /* what the gateway does not decide on is not judged */

    { CHAT, "{" M ",\"temperature\":\"hot\",\"stop\":[[]],\"seed\":1e999,"
            "\"user\":{}}", "m", 0, 1, -1 },
    { EMBEDDINGS, "{\"model\":\"m\",\"input\":[1,[2]],\"encoding_format\":0}",
      "m", 0, 1, -1 },

    /* a key may be written with escapes */

    { CHAT, "{\"\\u006dod\\u0065l\":\"m\",\"messages\":[],"
            "\"\\u0073tream\":true}", "m", 1, 1, -1 }
};


static const bad_row_t  bad_rows[] = {

    { CHAT, "[]", NULL, "The request body must be a JSON object." },
    { CHAT, "\"x\"", NULL, "The request body must be a JSON object." },
    { CHAT, "1", NULL, "The request body must be a JSON object." },
    { CHAT, "null", NULL, "The request body must be a JSON object." },
    { CHAT, "true", NULL, "The request body must be a JSON object." },
    { CHAT, "[{" M "}]", NULL, "The request body must be a JSON object." },

    { CHAT, "{" M ",\"n\":129}", "n", "\"n\" must be from 1 to 128." },
    { CHAT, "{" M ",\"n\":0}", "n", "\"n\" must be from 1 to 128." },
    { CHAT, "{" M ",\"n\":9223372036854775807}", "n",
      "\"n\" must be from 1 to 128." },

    /* in the order of the fields, not of the body */

    { CHAT, "{\"stream\":1,\"model\":1}", "model",
      "\"model\" is of the wrong type." }
};


static void
test_good(void)
{
    ngx_uint_t         i;
    const good_row_t  *row;

    for (i = 0; i < sizeof(good_rows) / sizeof(good_row_t); i++) {
        row = &good_rows[i];

        is_int(read_ask(row->route, row->body, strlen(row->body)), NGX_OK,
               "taken: %s", row->body);
        is_int(error.kind, NGX_AI_ERROR_NONE, "without an error");

        is_int(ask.model.len, strlen(row->model), "its model is as long");
        ok(ask.model.len == 0
           || memcmp(ask.model.data, row->model, ask.model.len) == 0,
           "its model is \"%s\"", row->model);

        is_int(ask.stream, row->stream, "stream is %d", (int) row->stream);
        is_int(ask.n, row->n, "n is %d", (int) row->n);
        is_int(ask.max_tokens, row->max_tokens, "max_tokens is %lld",
               (long long) row->max_tokens);
    }
}


static void
test_bad(void)
{
    ngx_uint_t        i;
    const bad_row_t  *row;

    for (i = 0; i < sizeof(bad_rows) / sizeof(bad_row_t); i++) {
        row = &bad_rows[i];
        bad(row->route, row->body, row->field, row->message);
    }
}


/* which types each field may have: null, bool, number, string, array, map */

static void
test_types(void)
{
    test_type(NGX_AI_ROUTE_IMAGES, "model", "0-- s--");
    test_type(CHAT, "stream", "0b- ---");
    test_type(CHAT, "stream_options", "0-- --o");
    test_type(CHAT, "max_tokens", "0-n ---");
    test_type(CHAT, "max_completion_tokens", "0-n ---");
    test_type(RESPONSES, "max_output_tokens", "0-n ---");
    test_type(CHAT, "n", "0-n ---");
    test_type(CHAT, "messages", "--- -a-");
    test_type(CHAT, "model", "--- s--");
    test_type(CHAT, "tools", "0-- -a-");
    test_type(RESPONSES, "input", "0-- sao");
    test_type(EMBEDDINGS, "input", "--- sao");
    test_type(COMPLETIONS, "prompt", "0-- sao");
    test_type(RESPONSES, "prompt", "0-- sao");
    test_type(NGX_AI_ROUTE_RERANK, "query", "--- sao");
    test_type(NGX_AI_ROUTE_RERANK, "documents", "--- -a-");
    test_type(NGX_AI_ROUTE_MODERATIONS, "input", "--- sao");
    test_type(NGX_AI_ROUTE_SPEECH, "input", "--- sao");
    test_type(IMAGES, "prompt", "--- sao");
}


static void
test_type(ngx_uint_t route, const char *field, const char *want)
{
    char         body[256], message[64];
    ngx_uint_t   i;
    const char  *rest, *p;

    static const char  *values[] = {
        "null", "true", "false", "3", "\"x\"", "[]", "{}"
    };

    static const char  kinds[] = { '0', 'b', 'b', 'n', 's', 'a', 'o' };

    rest = (route == NGX_AI_ROUTE_RERANK)
           ? ",\"query\":\"q\",\"documents\":[],\"model\":\"m\""
           : (route == CHAT) ? "," M
           : ",\"input\":\"i\",\"prompt\":\"p\",\"model\":\"m\"";

    for (i = 0; i < sizeof(kinds); i++) {

        /* the field itself first, then what the route must have but for it */

        p = body + sprintf(body, "{\"%s\":%s", field, values[i]);
        p += sprintf((char *) p, "%s}", rest);

        sprintf(message, ",\"%s\":", field);
        p = strstr(body, message);

        if (p) {
            size_t  end;

            end = strcspn(p + 1, ",}") + 1;
            memmove((char *) p, p + end, strlen(p + end) + 1);
        }

        if (strchr(want, kinds[i])) {
            is_int(read_ask(route, body, strlen(body)), NGX_OK,
                   "%s may be %s: %s", field, values[i], body);
            continue;
        }

        sprintf(message, "\"%s\" %s.", field,
                i == 0 ? "is missing" : "is of the wrong type");

        bad(route, body, field, message);
    }
}


static void
test_counts(void)
{
    char        body[256], message[128];
    ngx_uint_t  i, k;

    static const char  *fields[] = {
        "max_tokens", "max_completion_tokens", "max_output_tokens", "n"
    };

    static const char  *values[] = {
        "-1", "1.5", "1.0", "1e3", "9223372036854775808",
        "-9223372036854775809", "18446744073709551616", "1e400",
        "10000000000000000000000000000000000000000000000000000000000000000000"
    };

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {

        sprintf(message, "\"%s\" must be an integer, 0 or more.", fields[i]);

        for (k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
            sprintf(body, "{" M ",\"%s\":%s}", fields[i], values[k]);
            bad(CHAT, body, fields[i], message);
        }
    }
}


/* what the gateway decides by must be there once, whatever its key is like */

static void
test_twice(void)
{
    char        body[256], message[64];
    ngx_uint_t  i;

    static const char  *fields[][3] = {
        { "model", "model", "\"x\"" },
        { "model", "\\u006dodel", "\"x\"" },
        { "model", "mode\\u006C", "null" },
        { "stream", "stream", "true" },
        { "stream", "str\\u0065am", "false" },
        { "stream_options", "stream_options", "{}" },
        { "stream_options", "stream\\u005foptions", "null" },
        { "max_tokens", "max_tokens", "1" },
        { "max_completion_tokens", "max_completion_tokens", "1" },
        { "max_output_tokens", "max_output_tokens", "1" },
        { "n", "n", "1" },
        { "n", "\\u006e", "1" },
        { "messages", "messages", "[]" },
        { "tools", "tools", "[]" },
        { "input", "input", "\"i\"" },
        { "prompt", "prompt", "\"p\"" },
        { "query", "query", "\"q\"" },
        { "documents", "documents", "[]" }
    };

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        sprintf(body, "{\"%s\":%s,%s\"x\":1,\"%s\":%s}", fields[i][0],
                fields[i][2],
                strcmp(fields[i][0], "model") == 0 ? "\"messages\":[],"
                : strcmp(fields[i][0], "messages") == 0 ? "\"model\":\"m\","
                : M ",", fields[i][1], fields[i][2]);
        sprintf(message, "\"%s\" is given more than once.", fields[i][0]);

        bad(CHAT, body, fields[i][0], message);
    }

    bad(CHAT, "{" M ",\"stream_options\":{\"include_usage\":true,"
        "\"include_usag\\u0065\":false}}", "stream_options.include_usage",
        "\"stream_options.include_usage\" is given more than once.");

    bad(CHAT, "{" M ",\"stream_options\":{\"include_usage\":1}}",
        "stream_options.include_usage",
        "\"stream_options.include_usage\" is of the wrong type.");

    bad(CHAT, "{" M ",\"stream_options\":{\"include_usage\":true},"
        "\"stream_options\":null}", "stream_options",
        "\"stream_options\" is given more than once.");
}


/* every route with a JSON body, and what must be in it */

static void
test_required(void)
{
    char                   body[128], *p;
    ngx_uint_t             id;
    const char            *want, *field, *next;
    const ngx_ai_route_t  *route;

    for (id = 0; id < NGX_AI_ROUTE_MAX; id++) {
        route = ngx_ai_route(id);

        if (!(route->flags & NGX_AI_ROUTE_BODY_JSON) || !openai_route(route)) {
            continue;
        }

        switch (id) {

        case NGX_AI_ROUTE_CHAT:
            want = "model messages";
            break;

        case NGX_AI_ROUTE_EMBEDDINGS:
        case NGX_AI_ROUTE_SPEECH:
            want = "model input";
            break;

        case NGX_AI_ROUTE_MODERATIONS:
            want = "input";
            break;

        case NGX_AI_ROUTE_IMAGES:
            want = "prompt";
            break;

        case NGX_AI_ROUTE_RERANK:
            want = "model query documents";
            break;

        case NGX_AI_ROUTE_COMPLETIONS:
        case NGX_AI_ROUTE_COMPACT:
        case NGX_AI_ROUTE_TUNE_CREATE:
            want = "model";
            break;

        default:
            want = "";
        }

        /* one more each time, until nothing is missing */

        p = body + sprintf(body, "{\"x\":1");
        field = want;

        while (*field) {
            char  message[64], name[16];

            next = field + strcspn(field, " ");
            sprintf(name, "%.*s", (int) (next - field), field);
            sprintf(message, "\"%s\" is missing.", name);

            strcpy(p, "}");
            bad(id, body, name, message);

            p += sprintf(p, ",\"%s\":%s", name,
                         strcmp(name, "messages") == 0
                         || strcmp(name, "documents") == 0 ? "[]" : "\"m\"");
            field = *next ? next + 1 : next;
        }

        strcpy(p, "}");
        is_int(read_ask(id, body, strlen(body)), NGX_OK,
               "%s needs no more than %s", route->name.data, body);
    }
}


int
main(void)
{
    ask_init();

    test_good();
    test_bad();
    test_types();
    test_counts();
    test_twice();
    test_required();

    ask_done();

    return done();
}
