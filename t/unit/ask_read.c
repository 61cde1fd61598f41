
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_ask_read.h"


/* a dialect of the test's own: rules are all that makes the difference */

typedef struct {
    const char  *name;
    ngx_uint_t   flags;
    ngx_uint_t   op;
    const char  *body;
    const char  *fault;         /* NULL: it is taken */
    const char  *model;
    ngx_uint_t   spans;         /* the model is in the body */
    ngx_uint_t   stream;
    int64_t      max_tokens;
    ngx_uint_t   named;
} row_t;


static void test_rows(void);
static void test_no_memory(void);
static void read_row(const row_t *row);


static ngx_pool_t        *pool;
static ngx_ai_reader_t   *readers;


static const ngx_ai_scan_field_t  fields[] = {
    { ngx_string("model") },
    { ngx_string("stream") },
    { ngx_string("limits.most") },
    { ngx_string("limits.more") },
    { ngx_string("choices") },
    { ngx_string("contents") },
    { ngx_string("texts") },
    { ngx_string("size") },
    { ngx_string("a") },
    { ngx_string("b") },
    { ngx_string("c") },
    { ngx_string("d") },
    { ngx_string("e") }
};


static const ngx_ai_ask_rule_t  rules[] = {
    { NGX_AI_STRING, NGX_AI_ASK_MODEL, 0 },
    { NGX_AI_BOOL, NGX_AI_ASK_STREAM, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_MAX_TOKENS, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_MAX_TOKENS, 0 },
    { NGX_AI_NUMBER, NGX_AI_ASK_N, 0 },
    { NGX_AI_ARRAY, NGX_AI_ASK_OTHER, 1 << NGX_AI_OP_CHAT },
    { NGX_AI_ARRAY|NGX_AI_STRING, NGX_AI_ASK_OTHER, 1 << NGX_AI_OP_EMBED },
    { NGX_AI_NUMBER, NGX_AI_ASK_OTHER, 0 },
    { NGX_AI_STRING, NGX_AI_ASK_ID, 0 },
    { NGX_AI_STRING, NGX_AI_ASK_ID, 0 },
    { NGX_AI_STRING, NGX_AI_ASK_ID, 0 },
    { NGX_AI_STRING, NGX_AI_ASK_ID, 0 },
    { NGX_AI_STRING, NGX_AI_ASK_ID, 0 }
};


#define FIELDS  (sizeof(fields) / sizeof(fields[0]))

#define CHAT    NGX_AI_OP_CHAT
#define EMBED   NGX_AI_OP_EMBED
#define NONE    NGX_AI_OP_NONE

#define MUST    NGX_AI_ROUTE_MODEL_REQUIRED
#define IN_PATH NGX_AI_ROUTE_MODEL_PATH
#define ALWAYS  NGX_AI_ROUTE_STREAM
#define DEFAULT NGX_AI_ROUTE_STREAM_DEFAULT


static const ngx_ai_table_t  table = { fields, FIELDS };


static const row_t  rows[] = {

    { "the model in the body", MUST, CHAT,
      "{\"model\":\"m\",\"contents\":[]}", NULL, "m", 1, 0, -1, 0 },
    { "a model that must be there", MUST, CHAT, "{\"contents\":[]}",
      "\"model\" is missing.", NULL, 0, 0, 0, 0 },
    { "a model that is null", MUST, CHAT,
      "{\"model\":null,\"contents\":[]}", "\"model\" is missing.",
      NULL, 0, 0, 0, 0 },
    { "a model that need not be there", 0, CHAT, "{\"contents\":[]}",
      NULL, "", 0, 0, -1, 0 },
    { "what is no model's name", 0, CHAT,
      "{\"model\":\"a b\",\"contents\":[]}",
      "\"model\" is no model's name.", NULL, 0, 0, 0, 0 },

    /* the path has it: the caller knows, and the body is not to be edited */

    { "the model in the path", MUST|IN_PATH, CHAT, "{\"contents\":[]}",
      NULL, "path", 0, 0, -1, 0 },
    { "the model in the path, and another in the body", MUST|IN_PATH, CHAT,
      "{\"model\":\"m\",\"contents\":[]}", NULL, "path", 0, 0, -1, 0 },
    { "the model in the path, and something in the body", IN_PATH, CHAT,
      "{\"model\":\"a b\",\"contents\":[]}", NULL, "path", 0, 0, -1, 0 },
    { "the model in the path, and no name at all in the body", IN_PATH, CHAT,
      "{\"model\":1,\"contents\":[]}",
      "\"model\" is of the wrong type.", NULL, 0, 0, 0, 0 },

    /* streams */

    { "no stream", 0, CHAT, "{\"contents\":[]}", NULL, "", 0, 0, -1, 0 },
    { "a stream", 0, CHAT, "{\"contents\":[],\"stream\":true}",
      NULL, "", 0, 1, -1, 0 },
    { "a stream unless the body says no: it says nothing", DEFAULT, CHAT,
      "{\"contents\":[]}", NULL, "", 0, 1, -1, 0 },
    { "a stream unless the body says no: it says null", DEFAULT, CHAT,
      "{\"contents\":[],\"stream\":null}", NULL, "", 0, 1, -1, 0 },
    { "a stream unless the body says no: it says no", DEFAULT, CHAT,
      "{\"contents\":[],\"stream\":false}", NULL, "", 0, 0, -1, 0 },
    { "a stream unless the body says no: it says yes", DEFAULT, CHAT,
      "{\"contents\":[],\"stream\":true}", NULL, "", 0, 1, -1, 0 },
    { "a stream by the path", ALWAYS, CHAT, "{\"contents\":[]}",
      NULL, "", 0, 1, -1, 0 },
    { "a stream by the path, whatever the body says", ALWAYS, CHAT,
      "{\"contents\":[],\"stream\":false}", NULL, "", 0, 1, -1, 0 },
    { "a stream that is no bool", ALWAYS, CHAT,
      "{\"contents\":[],\"stream\":0}", "\"stream\" is of the wrong type.",
      NULL, 0, 0, 0, 0 },

    /* what must be there, by what is asked for */

    { "a chat without its own", 0, CHAT, "{\"texts\":[]}",
      "\"contents\" is missing.", NULL, 0, 0, 0, 0 },
    { "an embedding without its own", 0, EMBED, "{\"contents\":[]}",
      "\"texts\" is missing.", NULL, 0, 0, 0, 0 },
    { "an embedding", 0, EMBED, "{\"texts\":\"x\"}", NULL, "", 0, 0, -1, 0 },
    { "anything else needs nothing", 0, NONE, "{}", NULL, "", 0, 0, -1, 0 },
    { "operations that none translates need nothing",
      0, NGX_AI_OP_TRANSCRIBE, "{}", NULL, "", 0, 0, -1, 0 },

    /* counts */

    { "the first of two counts", 0, NONE,
      "{\"limits\":{\"more\":7,\"most\":8}}", NULL, "", 0, 0, 8, 0 },
    { "the second, where the first is null", 0, NONE,
      "{\"limits\":{\"more\":7,\"most\":null}}", NULL, "", 0, 0, 7, 0 },
    { "a count of none", 0, NONE, "{\"limits\":{\"most\":0}}",
      NULL, "", 0, 0, 0, 0 },
    { "a count below none", 0, NONE, "{\"limits\":{\"most\":-1}}",
      "\"limits.most\" must be an integer, 0 or more.", NULL, 0, 0, 0, 0 },
    { "a count that is none", 0, NONE, "{\"limits\":{\"more\":1.5}}",
      "\"limits.more\" must be an integer, 0 or more.", NULL, 0, 0, 0, 0 },
    { "a number that is no count may be any", 0, NONE, "{\"size\":-1.5e9}",
      NULL, "", 0, 0, -1, 0 },
    { "the most choices", 0, NONE, "{\"choices\":128}",
      NULL, "", 0, 0, -1, 0 },
    { "no choice", 0, NONE, "{\"choices\":0}",
      "\"choices\" must be from 1 to 128.", NULL, 0, 0, 0, 0 },
    { "more choices", 0, NONE, "{\"choices\":129}",
      "\"choices\" must be from 1 to 128.", NULL, 0, 0, 0, 0 },

    /* names of what was made before */

    { "an id", 0, NONE, "{\"b\":\"x\"}", NULL, "", 0, 0, -1, 1 },
    { "as many as are kept", 0, NONE,
      "{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\",\"d\":\"4\",\"e\":\"5\"}",
      NULL, "", 0, 0, -1, NGX_AI_ASK_NAMED_MAX },
    { "an id that is null", 0, NONE, "{\"a\":null,\"b\":\"2\"}",
      NULL, "", 0, 0, -1, 1 },

    /* in any case */

    { "two of one name", 0, NONE, "{\"size\":1,\"siz\\u0065\":1}",
      "\"size\" is given more than once.", NULL, 0, 0, 0, 0 },
    { "no object", 0, NONE, "[]", "The request body must be a JSON object.",
      NULL, 0, 0, 0, 0 },
    { "no JSON", 0, NONE, "{\"a\":}", "The request body is not valid JSON: "
      "unexpected character at byte 5.", NULL, 0, 0, 0, 0 },
    { "nothing", 0, NONE, "", "The request body is not valid JSON: "
      "empty document at byte 0.", NULL, 0, 0, 0, 0 }
};


static void
test_rows(void)
{
    ngx_uint_t  i;

    for (i = 0; i < sizeof(rows) / sizeof(row_t); i++) {
        read_row(&rows[i]);
    }
}


static void
read_row(const row_t *row)
{
    ngx_int_t        rc;
    ngx_str_t        body;
    tap_guard_t      g;
    ngx_ai_ask_t     ask;
    ngx_ai_error_t   error;
    ngx_ai_route_t   route;

    ngx_memzero(&ask, sizeof(ask));
    ngx_memzero(&error, sizeof(error));
    ngx_memzero(&route, sizeof(route));

    route.flags = row->flags;
    route.op = row->op;

    if (row->flags & IN_PATH) {
        ngx_str_set(&ask.model, "path");
    }

    body.len = strlen(row->body);
    body.data = tap_guard(&g, row->body, body.len);

    rc = ngx_ai_ask_read(&table, rules, readers, &route, &body, 1, pool, &ask,
                         &error);

    if (row->fault) {
        is_int(rc, NGX_ERROR, "%s: refused", row->name);
        is_str(error.message.data, error.message.len, row->fault,
               "it says: %s", row->fault);
        is_int(error.kind, NGX_AI_ERROR_INVALID, "it is invalid");

        tap_unguard(&g);
        return;
    }

    is_int(rc, NGX_OK, "%s: taken", row->name);
    is_int(error.kind, NGX_AI_ERROR_NONE, "there is no error");

    is_int(ask.model.len, strlen(row->model), "its model is as long");
    ok(ask.model.len == 0
       || memcmp(ask.model.data, row->model, ask.model.len) == 0,
       "its model is \"%s\"", row->model);

    is_int(ask.model_span.end != 0, row->spans, "the model is %s the body",
           row->spans ? "in" : "not in");
    is_int(ask.stream, row->stream, "it is %s stream",
           row->stream ? "a" : "no");
    is_int(ask.max_tokens, row->max_tokens, "so many tokens at most");
    is_int(ask.nnamed, row->named, "so many names");

    tap_unguard(&g);
    ngx_reset_pool(pool);
}


/* never a success, and no error that could be told */

static void
test_no_memory(void)
{
    ngx_int_t        rc;
    ngx_str_t        body;
    ngx_uint_t       i, wrong;
    ngx_ai_ask_t     ask;
    ngx_ai_error_t   error;
    ngx_ai_route_t   route;

    static const char  *bodies[] = {
        "{\"model\":\"m\",\"contents\":[],\"a\":\"x\"}",
        "{\"model\":\"a b\",\"contents\":[]}", "{\"model\":1}", "{"
    };

    ngx_memzero(&route, sizeof(route));

    wrong = 0;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {

        ngx_memzero(&ask, sizeof(ask));
        ngx_memzero(&error, sizeof(error));

        body.data = (u_char *) bodies[i];
        body.len = strlen(bodies[i]);

        ngx_shim_fail_at = 1;
        rc = ngx_ai_ask_read(&table, rules, readers, &route, &body, 1, pool,
                             &ask, &error);
        ngx_shim_fail_at = 0;

        wrong += (rc != NGX_ERROR || error.message.len);

        ngx_reset_pool(pool);
    }

    is_int(wrong, 0, "without memory there is neither an ask nor an error");
}


int
main(void)
{
    ngx_pool_t  *keep;

    keep = ngx_create_pool(4096, &ngx_shim_log);
    pool = ngx_create_pool(4096, &ngx_shim_log);

    readers = ngx_ai_readers_create(keep, &table, 1);

    is_int(sizeof(rules) / sizeof(rules[0]), FIELDS,
           "there is a rule for each member");

    test_rows();
    test_no_memory();

    ngx_destroy_pool(pool);
    ngx_destroy_pool(keep);

    return done();
}
