
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * What passes between a client and a provider of Anthropic's: what is asked,
 * what is noted of replies and events, errors, paths.
 */


#include "anthropic.h"


static void asks(void);
static void edits(void);
static void replies(void);
static void events(void);
static void errors(void);
static void writes(void);
static void tails(void);
static void decodes(void);
static ngx_str_t str(const char *text);


static ngx_pool_t       *pool;
static ngx_ai_reader_t  *readers;


int
main(void)
{
    anth_init();

    pool = ngx_create_pool(4096, &ngx_shim_log);
    readers = ngx_ai_readers_create(pool, ngx_ai_anthropic.tables,
                                    ngx_ai_anthropic.ntables);

    ok(readers != NULL, "the tables can be read with");

    asks();
    edits();
    replies();
    events();
    errors();
    writes();
    tails();
    decodes();

    ngx_destroy_pool(pool);
    wire_free(&anth);

    return done();
}


static ngx_str_t
str(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = strlen(text);

    return s;
}


static void
asks(void)
{
    size_t                 i;
    ngx_int_t              rc;
    ngx_str_t              body;
    ngx_ai_ask_t           ask;
    ngx_ai_error_t         error;
    const ngx_ai_route_t  *route;

    static const struct {
        ngx_uint_t   route;
        const char  *body;
        const char  *param;   /* at fault; NULL: none is */
    } cases[] = {
        { NGX_AI_ROUTE_MESSAGES, "{\"model\":\"m\",\"max_tokens\":7,"
          "\"stream\":true,\"messages\":[],\"system\":\"s\",\"tools\":[],"
          "\"new\":1}", NULL },
        { NGX_AI_ROUTE_COUNT_TOKENS, "{\"model\":\"m\",\"messages\":[]}",
          NULL },
        { NGX_AI_ROUTE_MESSAGES, "{\"model\":\"m\",\"messages\":[]}",
          "max_tokens" },
        { NGX_AI_ROUTE_MESSAGES, "{\"max_tokens\":7,\"messages\":[]}",
          "model" },
        { NGX_AI_ROUTE_MESSAGES, "{\"model\":\"m\",\"max_tokens\":7}",
          "messages" },
        { NGX_AI_ROUTE_COUNT_TOKENS, "{\"model\":\"m\"}", "messages" },
        { NGX_AI_ROUTE_MESSAGES, "{\"model\":\"m\",\"max_tokens\":\"7\","
          "\"messages\":[]}", "max_tokens" },
        { NGX_AI_ROUTE_MESSAGES, "{\"model\":\"m\",\"max_tokens\":7,"
          "\"messages\":{}}", "messages" },
        { NGX_AI_ROUTE_MESSAGES, "{\"model\":\"m\",\"max_tokens\":7,"
          "\"messages\":[],\"system\":{}}", "system" },
        { NGX_AI_ROUTE_MESSAGES, "{\"model\":\"m\",\"max_tokens\":7,"
          "\"messages\":[],\"stream\":1}", "stream" },
        { NGX_AI_ROUTE_MESSAGES, "{\"model\":\"m\",\"max_tokens\":7,"
          "\"messages\":[],\"tools\":{}}", "tools" },
        { NGX_AI_ROUTE_MESSAGES, "{\"model\":\"m\",\"model\":\"m\","
          "\"max_tokens\":7,\"messages\":[]}", "model" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&ask, 0, sizeof(ngx_ai_ask_t));
        memset(&error, 0, sizeof(ngx_ai_error_t));

        body = str(cases[i].body);
        route = ngx_ai_route(cases[i].route);

        rc = ngx_ai_ask_read(&ngx_ai_anthropic.tables[0],
                             ngx_ai_anthropic.rules, &readers[0], route,
                             &body, 1, pool, &ask, &error);

        if (cases[i].param) {
            is_int(rc, NGX_ERROR, "it is refused: %s", cases[i].body);
            is_str(error.param.data, error.param.len, cases[i].param,
                   "for its member: %s", cases[i].param);
            continue;
        }

        is_int(rc, NGX_OK, "it is taken: %s", cases[i].body);
        is_str(ask.model.data, ask.model.len, "m", "its model is noted");

        if (i == 0) {
            is_int(ask.max_tokens, 7, "and its max_tokens");
            is_int(ask.stream, 1, "and that it is to be a stream");
        }
    }
}


static void
edits(void)
{
    ngx_str_t       model;
    ngx_ai_ask_t    ask;
    ngx_ai_edits_t  e;

    memset(&ask, 0, sizeof(ngx_ai_ask_t));

    ask.model = str("m");
    ask.model_span.start = 10;
    ask.model_span.end = 11;
    ask.stream = 1;

    model = str("m");
    ngx_ai_anthropic.edit(NULL, &ask, &model, 0, &e);
    is_int(e.n + e.usage, 0, "a model that is known by its name stays");

    model = str("other");
    ngx_ai_anthropic.edit(NULL, &ask, &model, 0, &e);
    is_int(e.n, 1, "another name is put in its place");
    ok(e.edits[0].span.start == 10 && e.edits[0].span.end == 11
       && e.edits[0].with.len == 5, "and nothing else");

    ngx_str_null(&model);
    ngx_ai_anthropic.edit(NULL, &ask, &model, 0, &e);
    is_int(e.n, 0, "without a name nothing is");

    ask.model_key = 2;
    ngx_ai_anthropic.edit(ngx_ai_route(NGX_AI_ROUTE_MESSAGES), &ask, &model,
                          NGX_AI_QUIRK_VERTEX_CLAUDE, &e);
    is_int(e.n, 1, "Vertex AI gets another member in the model's place");
    ok(e.edits[0].span.start == 2 && e.edits[0].span.end == 12,
       "of all of it");
    is_str(e.edits[0].with.data, e.edits[0].with.len,
           "\"anthropic_version\":\"vertex-2023-10-16\"", "with its version");

    model = str("other");
    ngx_ai_anthropic.edit(ngx_ai_route(NGX_AI_ROUTE_COUNT_TOKENS), &ask,
                          &model, NGX_AI_QUIRK_VERTEX_CLAUDE, &e);
    ok(e.n == 1 && e.edits[0].span.start == 10,
       "but what counts has it in the body");
}


static void
replies(void)
{
    size_t            i;
    ngx_str_t         body;
    ngx_ai_reply_t    reply;
    ngx_ai_reader_t  *reader;

    static const struct {
        const char  *body;
        ngx_uint_t   finish;
        ngx_uint_t   error;
        int64_t      in;
        int64_t      out;
    } cases[] = {
        { "{\"type\":\"message\",\"stop_reason\":\"tool_use\",\"usage\":"
          "{\"input_tokens\":1,\"cache_read_input_tokens\":2,"
          "\"cache_creation_input_tokens\":4,\"output_tokens\":8,"
          "\"output_tokens_details\":{\"thinking_tokens\":3}}}",
          NGX_AI_FINISH_TOOLS, 0, 7, 8 },
        { "{\"type\":\"error\",\"error\":{\"type\":\"x\"}}",
          NGX_AI_FINISH_NONE, 1, 0, 0 },
        { "{\"input_tokens\":14}", NGX_AI_FINISH_NONE, 0, 0, 0 },
        { "{\"stop_reason\":null,\"usage\":null}", NGX_AI_FINISH_NONE, 0,
          0, 0 },
        { "{\"stop_reason\":5,\"usage\":{\"input_tokens\":\"1\","
          "\"output_tokens\":-1}}", NGX_AI_FINISH_NONE, 0, 0, 0 }
    };

    reader = &readers[ngx_ai_anthropic.reply];

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&reply, 0, sizeof(ngx_ai_reply_t));

        body = str(cases[i].body);
        (void) ngx_ai_reader_read(reader, &body);

        ngx_ai_anthropic.read_reply(ngx_ai_route(NGX_AI_ROUTE_MESSAGES),
                                    reader->values, 0, &reply);

        is_int(reply.finish, cases[i].finish, "the finish: %s",
               cases[i].body);
        is_int(reply.finished, cases[i].finish != NGX_AI_FINISH_NONE,
               "is told");
        is_int(reply.error, cases[i].error, "and an error");
        is_int(ngx_ai_usage_in(&reply.usage), cases[i].in, "the input");
        is_int(ngx_ai_usage_out(&reply.usage), cases[i].out, "the output");
        is_int(reply.usage.reported, cases[i].in != 0, "is reported");
    }
}


static void
events(void)
{
    size_t               i;
    ngx_ai_reply_t       reply;
    ngx_ai_event_t       event;
    ngx_ai_sse_event_t   ev;

    static const struct {
        const char  *name;
        const char  *data;
        ngx_uint_t   quirks;
        ngx_int_t    rc;
        const char  *what;    /* c: content, e: error, s: stop */
        int64_t      in;      /* and usage so far */
        int64_t      out;
    } cases[] = {
        { "message_start", "{\"type\":\"message_start\",\"message\":"
          "{\"usage\":{\"input_tokens\":5,\"cache_read_input_tokens\":2,"
          "\"output_tokens\":1}}}", 0, NGX_OK, "", 7, 1 },
        { "ping", "{\"type\": \"ping\"}", 0, NGX_OK, "", 7, 1 },
        { "content_block_start", "{\"type\":\"content_block_start\"}", 0,
          NGX_OK, "c", 7, 1 },
        { "content_block_delta", "whatever it is", 0, NGX_OK, "c", 7, 1 },
        { "", "{\"type\":\"content_block_delta\"}", 0, NGX_OK, "c", 7, 1 },
        { "vertex_event", "{\"type\":\"content_block_delta\"}", 0, NGX_OK,
          "c", 7, 1 },
        { "content_block_stop", "{\"type\":\"content_block_stop\"}", 0,
          NGX_OK, "", 7, 1 },
        { "of_next_year", "{\"type\":\"of_next_year\"}", 0, NGX_OK, "", 7,
          1 },
        { "message_delta", "{\"type\":\"message_delta\",\"delta\":"
          "{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}",
          0, NGX_OK, "", 7, 9 },
        { "message_delta", "{\"type\":\"message_delta\",\"usage\":"
          "{\"input_tokens\":4,\"cache_read_input_tokens\":0,"
          "\"output_tokens\":3}}", 0, NGX_OK, "", 4, 3 },
        { "chunk", "{\"bytes\":\"eyJ0eXBlIjoiY29udGVudF9ibG9ja19kZWx0YSJ9\","
          "\"p\":\"abc\"}", NGX_AI_QUIRK_BEDROCK_INVOKE, NGX_OK, "c", 4, 3 },
        { "chunk", "{\"bytes\":\"eyJ0eXBlIjoicGluZ\"}",
          NGX_AI_QUIRK_BEDROCK_INVOKE, NGX_ERROR, "", 4, 3 },
        { "chunk", "{\"bytes\":\"!\"}", NGX_AI_QUIRK_BEDROCK_INVOKE,
          NGX_ERROR, "", 4, 3 },
        { "chunk", "{\"bytes\":\"eyJ9", NGX_AI_QUIRK_BEDROCK_INVOKE,
          NGX_ERROR, "", 4, 3 },
        { "chunk", "{}", NGX_AI_QUIRK_BEDROCK_INVOKE, NGX_ERROR, "", 4, 3 },
        { "chunk", "", NGX_AI_QUIRK_BEDROCK_INVOKE, NGX_ERROR, "", 4, 3 },
        { "ping", "{", 0, NGX_ERROR, "", 4, 3 },
        { "ping", "[]", 0, NGX_ERROR, "", 4, 3 },
        { "ping", "{\"type\":1}", 0, NGX_ERROR, "", 4, 3 },
        { "error", "{\"type\":\"error\",\"error\":{}}", 0, NGX_OK, "e", 4,
          3 },
        { "!throttlingException", "{\"message\":\"m\"}",
          NGX_AI_QUIRK_BEDROCK_INVOKE, NGX_OK, "e", 4, 3 },
        { "message_stop", "{\"type\":\"message_stop\"}", 0, NGX_OK, "s", 4,
          3 }
    };

    memset(&reply, 0, sizeof(ngx_ai_reply_t));

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&ev, 0, sizeof(ngx_ai_sse_event_t));

        ev.lines = 1;
        ev.error = (cases[i].name[0] == '!');
        ev.name = str(cases[i].name + ev.error);
        ev.data = str(cases[i].data);

        reply.error = 0;

        is_int(ngx_ai_anthropic.read_event(
                               ngx_ai_route(NGX_AI_ROUTE_MESSAGES), readers,
                               &ev, cases[i].quirks, 0, &reply, &event),
               cases[i].rc, "an event: %s", cases[i].data);

        is_int(event.content, strchr(cases[i].what, 'c') != NULL,
               "has content");
        is_int(event.error, strchr(cases[i].what, 'e') != NULL,
               "is an error");
        is_int(reply.error, event.error, "which is noted");
        is_int(event.end, strchr(cases[i].what, 's') != NULL, "is the end");
        is_int(ngx_ai_usage_in(&reply.usage), cases[i].in, "the input");
        is_int(ngx_ai_usage_out(&reply.usage), cases[i].out, "the output");
    }

    is_int(reply.finish, NGX_AI_FINISH_STOP, "the finish is noted");
    ok(reply.finished && reply.ended, "and the end");
}


static void
errors(void)
{
    size_t          i;
    ngx_str_t       body;
    ngx_ai_error_t  error;

    static const struct {
        const char  *body;
        ngx_uint_t   status;
        ngx_int_t    rc;
        ngx_uint_t   kind;
        const char  *message;
    } cases[] = {
        { "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\","
          "\"message\":\"model: x\"},\"request_id\":\"r\"}", 404, NGX_OK,
          NGX_AI_ERROR_MODEL, "model: x" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\","
          "\"message\":\"no file of the model: x\"}}", 404, NGX_OK,
          NGX_AI_ERROR_NOT_FOUND, "no file of the model: x" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
          "\"message\":\"a \\\"b\\\"\"},\"request_id\":null}", 400, NGX_OK,
          NGX_AI_ERROR_INVALID, "a \\\"b\\\"" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
          "\"message\":\"prompt is too long: 9 tokens > 8 maximum\"}}", 400,
          NGX_OK, NGX_AI_ERROR_CONTEXT,
          "prompt is too long: 9 tokens > 8 maximum" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
          "\"message\":\"input length and `max_tokens` exceed context limit: "
          "9 + 1 > 8\"}}", 400, NGX_OK, NGX_AI_ERROR_CONTEXT,
          "input length and `max_tokens` exceed context limit: 9 + 1 > 8" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
          "\"message\":\"Your credit balance is too low to access it\"}}",
          400, NGX_OK, NGX_AI_ERROR_QUOTA,
          "Your credit balance is too low to access it" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
          "\"message\":\"Output blocked by content filtering policy\"}}",
          400, NGX_OK, NGX_AI_ERROR_POLICY,
          "Output blocked by content filtering policy" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"billing_error\","
          "\"message\":\"m\"}}", 402, NGX_OK, NGX_AI_ERROR_QUOTA, "m" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
          "\"message\":\"m\"}}", 529, NGX_OK, NGX_AI_ERROR_OVERLOADED, "m" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
          "\"message\":\"m\"}}", 500, NGX_OK, NGX_AI_ERROR_OVERLOADED, "m" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"request_too_large\","
          "\"message\":\"m\"}}", 413, NGX_OK, NGX_AI_ERROR_TOO_LARGE, "m" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\","
          "\"message\":\"m\"}}", 429, NGX_OK, NGX_AI_ERROR_RATE, "m" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"timeout_error\","
          "\"message\":\"m\"}}", 504, NGX_OK, NGX_AI_ERROR_TIMEOUT, "m" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"api_error\","
          "\"message\":\"m\"}}", 500, NGX_OK, NGX_AI_ERROR_INTERNAL, "m" },

        { "{\"error\":{\"code\":404,\"message\":\"no such model\","
          "\"status\":\"NOT_FOUND\"}}", 404, NGX_DECLINED,
          NGX_AI_ERROR_NOT_FOUND, "no such model" },
        { "[{\"error\":{\"code\":429,\"message\":\"quota\"}}]", 429,
          NGX_DECLINED, NGX_AI_ERROR_RATE, "quota" },
        { "{\"message\":\"Input is too long for requested model.\"}", 400,
          NGX_DECLINED, NGX_AI_ERROR_CONTEXT,
          "Input is too long for requested model." },
        { "{\"Message\":\"m\"}", 403, NGX_DECLINED, NGX_AI_ERROR_FORBIDDEN,
          "m" },
        { "{\"detail\":\"m\"}", 400, NGX_DECLINED, NGX_AI_ERROR_INVALID,
          "m" },
        { "{\"error\":\"m\"}", 400, NGX_DECLINED, NGX_AI_ERROR_INVALID,
          "m" },
        { "{\"type\":\"error\",\"error\":{\"type\":\"x\"}}", 400,
          NGX_DECLINED, NGX_AI_ERROR_INVALID, "" },
        { "", 401, NGX_DECLINED, NGX_AI_ERROR_AUTH, "" },
        { "<html>", 502, NGX_DECLINED, NGX_AI_ERROR_UPSTREAM, "" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&error, 0, sizeof(ngx_ai_error_t));

        error.kind = ngx_ai_error_kind(cases[i].status);
        error.message = str("");
        body = str(cases[i].body);

        is_int(ngx_ai_anthropic.read_error(readers, &body, &error),
               cases[i].rc, "an error of %d: %s", (int) cases[i].status,
               cases[i].body);
        is_int(error.kind, cases[i].kind, "is of that kind");
        is_str(error.message.data, error.message.len, cases[i].message,
               "and says that");
    }
}


static void
writes(void)
{
    char            want[512];
    size_t          i;
    ngx_ai_error_t  error;

    static const struct {
        ngx_uint_t   kind;
        ngx_uint_t   status;
        const char  *type;
        const char  *message;
    } cases[] = {
        { NGX_AI_ERROR_INVALID, 400, "invalid_request_error", "m" },
        { NGX_AI_ERROR_AUTH, 401, "authentication_error", "m" },
        { NGX_AI_ERROR_FORBIDDEN, 403, "permission_error", "m" },
        { NGX_AI_ERROR_NOT_FOUND, 404, "not_found_error", "m" },
        { NGX_AI_ERROR_MODEL, 404, "not_found_error", "m" },
        { NGX_AI_ERROR_OWNER, 404, "not_found_error", "m" },
        { NGX_AI_ERROR_METHOD, 405, "invalid_request_error", "m" },
        { NGX_AI_ERROR_TOO_LARGE, 413, "request_too_large", "m" },
        { NGX_AI_ERROR_MEDIA, 415, "invalid_request_error", "m" },
        { NGX_AI_ERROR_CONTEXT, 400, "invalid_request_error",
          "prompt is too long: m" },
        { NGX_AI_ERROR_POLICY, 400, "invalid_request_error", "m" },
        { NGX_AI_ERROR_PREVIOUS, 400, "invalid_request_error", "m" },
        { NGX_AI_ERROR_RATE, 429, "rate_limit_error", "m" },
        { NGX_AI_ERROR_QUOTA, 402, "billing_error", "m" },
        { NGX_AI_ERROR_INTERNAL, 500, "api_error", "m" },
        { NGX_AI_ERROR_UPSTREAM, 502, "api_error", "m" },
        { NGX_AI_ERROR_PROVIDER_AUTH, 502, "api_error", "m" },
        { NGX_AI_ERROR_UNAVAILABLE, 503, "api_error", "m" },
        { NGX_AI_ERROR_OVERLOADED, 529, "overloaded_error", "m" },
        { NGX_AI_ERROR_TIMEOUT, 504, "timeout_error", "m" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&error, 0, sizeof(ngx_ai_error_t));

        error.kind = cases[i].kind;
        error.status = ngx_ai_error_status(error.kind);
        error.message = str("m");

        ngx_ai_buf_reset(&anth.out);

        is_int(ngx_ai_anthropic.write_error(&error, &anth.out), NGX_OK,
               "%s is written",
               (char *) ngx_ai_error_name(error.kind)->data);
        is_int(error.status, cases[i].status, "with its status");

        snprintf(want, sizeof(want), "{\"type\":\"error\",\"error\":"
                 "{\"type\":\"%s\",\"message\":\"%s\"}}", cases[i].type,
                 cases[i].message);
        is_str(anth.out.start, ngx_ai_buf_len(&anth.out), want,
               "in its envelope");
    }

    is_int(i, NGX_AI_ERROR_MAX - 1, "all kinds are written");

    error.kind = NGX_AI_ERROR_CONTEXT;
    error.message = str("prompt is too long: 9 > 8");

    ngx_ai_buf_reset(&anth.out);
    (void) ngx_ai_anthropic.write_error_event(NULL, &error,
                                              NGX_AI_FRAMING_SSE, &anth.out);
    is_str(anth.out.start, ngx_ai_buf_len(&anth.out),
           "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
           "\"invalid_request_error\",\"message\":\"prompt is too long: 9 > "
           "8\"}}\n\n", "an error in a stream is an event");
}


static void
tails(void)
{
    size_t        i;
    ngx_str_t     tail, query;
    ngx_ai_aim_t  aim;

    static const struct {
        const char  *model;
        ngx_uint_t   op;
        ngx_uint_t   stream;
        ngx_uint_t   quirks;
        const char  *want;
    } cases[] = {
        { "m", NGX_AI_OP_CHAT, 0, 0, "/messages" },
        { "m", NGX_AI_OP_CHAT, 1, 0, "/messages" },
        { "m", NGX_AI_OP_COUNT, 0, 0, "/messages/count_tokens" },
        { "claude-haiku-4-5@20251001", NGX_AI_OP_CHAT, 0,
          NGX_AI_QUIRK_VERTEX_CLAUDE,
          "/models/claude-haiku-4-5@20251001:rawPredict" },
        { "a/b", NGX_AI_OP_CHAT, 1, NGX_AI_QUIRK_VERTEX_CLAUDE,
          "/models/a%2Fb:streamRawPredict" },
        { "a", NGX_AI_OP_COUNT, 0, NGX_AI_QUIRK_VERTEX_CLAUDE,
          "/models/count-tokens:rawPredict" },
        { "anthropic.claude-v2:1", NGX_AI_OP_CHAT, 0,
          NGX_AI_QUIRK_BEDROCK_INVOKE,
          "/model/anthropic.claude-v2%3A1/invoke" },
        { "arn:aws:x/y?z#%", NGX_AI_OP_CHAT, 1, NGX_AI_QUIRK_BEDROCK_INVOKE,
          "/model/arn%3Aaws%3Ax%2Fy%3Fz%23%25/"
          "invoke-with-response-stream" }
    };

    memset(&aim, 0, sizeof(ngx_ai_aim_t));

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        aim.model = str(cases[i].model);
        aim.op = cases[i].op;
        aim.stream = cases[i].stream;
        aim.quirks = cases[i].quirks;

        is_int(ngx_ai_anthropic.tail(&aim, pool, &tail, &query), NGX_OK,
               "there is a path");
        is_str(tail.data, tail.len, cases[i].want, "it is %s",
               cases[i].want);
        is_int(query.len, 0, "and no query");
    }
}


/* base64, however it is cut */

static void
decodes(void)
{
    u_char                      out[64], *last;
    size_t                      i, k;
    ngx_str_t                   s;
    ngx_ai_anthropic_base64_t   b;

    static const struct {
        const char  *text;
        const char  *want;    /* NULL: it is none */
    } cases[] = {
        { "", "" },
        { "YQ==", "a" },
        { "YWI", "ab" },
        { "YWJj", "abc" },
        { "YWJj\\nZGVm\\r\\n", "abcdef" },
        { "Pz8\\/Pz8_", "??????" },
        { "Pj4+Pj4-", ">>>>>>" },
        { "YW!j", NULL },
        { "YW j", NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        s = str(cases[i].text);

        for (k = 0; k <= s.len; k++) {
            memset(&b, 0, sizeof(b));

            last = ngx_ai_anthropic_decode(&b, s.data, s.data + k, out);

            if (last) {
                last = ngx_ai_anthropic_decode(&b, s.data + k,
                                               s.data + s.len, last);
            }

            if (cases[i].want == NULL) {
                ok(last == NULL, "it is no base64: %s", cases[i].text);

            } else {
                is_str(out, last - out, cases[i].want, "%s cut at %d",
                       cases[i].text, (int) k);
            }
        }
    }
}
