
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* Converse as it passes: what is seen on the side, errors, and paths */


#include "wire_pass.h"


typedef struct {
    ngx_uint_t   kind;
    ngx_uint_t   status;
    const char  *type;
    const char  *exception;
} kind_row_t;


typedef struct {
    const char  *model;
    const char  *tail;
} tail_row_t;


static void test_edit(void);
static void test_end(void);
static void test_write_errors(void);
static void test_tails(void);


static wire_pass_t  pass;


static const wire_ask_pass_t  ask_rows[] = {
    { "{'messages':[]}", NULL, "", 0, -1 },
    { "{'messages':[],'inferenceConfig':{'maxTokens':5},'model':'x'}", NULL,
      "", 0, 5 },
    { "{'messages':[],'inferenceConfig':null,'system':null,'x':1}", NULL,
      "", 0, -1 },
    { "{}", "messages", NULL, 0, 0 },
    { "{'messages':'hi'}", "messages", NULL, 0, 0 },
    { "{'messages':[],'inferenceConfig':[]}", "inferenceConfig", NULL, 0, 0 },
    { "{'messages':[],'inferenceConfig':{'maxTokens':'5'}}",
      "inferenceConfig.maxTokens", NULL, 0, 0 },
    { "{'messages':[],'system':'s'}", "system", NULL, 0, 0 },
    { "{'messages':[],'toolConfig':1}", "toolConfig", NULL, 0, 0 }
};


static const wire_reply_pass_t  reply_rows[] = {
    { "{'output':{'message':{}},'stopReason':'end_turn','usage':"
      "{'inputTokens':3,'outputTokens':2,'totalTokens':5}}",
      "usage input=3 output=2\n", "stop", 0 },
    { "{'output':{},'stopReason':'tool_use','usage':{'inputTokens':3,"
      "'outputTokens':2,'cacheReadInputTokens':4,'cacheReadInputTokenCount':4,"
      "'cacheWriteInputTokenCount':5}}",
      "usage input=3 cache_read=4 cache_write=5 output=2\n",
      "tool_calls", 0 },
    { "{'output':{},'stopReason':'guardrail_intervened','usage':"
      "{'inputTokens':-3,'outputTokens':'2'}}",
      "usage\n", "content_filter", 0 },
    { "{'output':{},'stopReason':'','usage':[]}", "usage none\n", "none", 0 },
    { "{'output':{},'stopReason':'something_new'}", "usage none\n", "other",
      0 },
    { "{'message':'no','stopReason':1}", "usage none\n", "none", 1 },
    { "{'Output':{'__type':'UnknownOperationException'}}", "usage none\n",
      "none", 0 }
};


static const wire_event_pass_t  event_rows[] = {
    { "messageStart", "{'role':'assistant'}", NGX_OK, "" },
    { "contentBlockStart", "what", NGX_OK, " content" },
    { "contentBlockDelta", "{'delta':{'text':'a'}}", NGX_OK, " content" },
    { "contentBlockStop", "", NGX_OK, "" },
    { "somethingNew", "", NGX_OK, "" },
    { "", "", NGX_OK, "" },
    { "messageStop", "{'stopReason':'max_tokens'}", NGX_OK, " length" },
    { "metadata", "{'usage':{'inputTokens':3,'outputTokens':2}}", NGX_OK,
      " input=3" },
    { "messageStop", "{", NGX_ERROR, "" },
    { "messageStop", "[]", NGX_ERROR, "" },
    { "metadata", "{} {}", NGX_ERROR, "" },
    { "!throttlingException", "{'message':'m'}", NGX_OK, " error" },
    { "!", "what", NGX_OK, " error" }
};


static const wire_error_pass_t  error_rows[] = {
    { "{'message':'The provided model identifier is invalid.'}", 400, NGX_OK,
      NGX_AI_ERROR_MODEL, "The provided model identifier is invalid." },
    { "{'Message':'no'}", 403, NGX_OK, NGX_AI_ERROR_FORBIDDEN, "no" },
    { "{'message':'Input is too long for requested model.'}", 400, NGX_OK,
      NGX_AI_ERROR_CONTEXT, "Input is too long for requested model." },
    { "{'message':'The model returned the following errors: prompt is too "
      "long: 200012 tokens > 200000 maximum'}", 400, NGX_OK,
      NGX_AI_ERROR_CONTEXT, "The model returned the following errors: prompt "
      "is too long: 200012 tokens > 200000 maximum" },
    { "{'message':'input length and `max_tokens` exceed context limit'}", 400,
      NGX_OK, NGX_AI_ERROR_CONTEXT,
      "input length and 'max_tokens' exceed context limit" },
    { "{'message':'Output blocked by content filtering policy'}", 400, NGX_OK,
      NGX_AI_ERROR_POLICY, "Output blocked by content filtering policy" },
    { "{'message':'Too many tokens, please wait before trying again.'}", 429,
      NGX_OK, NGX_AI_ERROR_RATE,
      "Too many tokens, please wait before trying again." },
    { "{'message':'Could not resolve the foundation model from the provided "
      "model identifier.'}", 404, NGX_OK, NGX_AI_ERROR_MODEL,
      "Could not resolve the foundation model from the provided model "
      "identifier." },
    { "{'message':''}", 500, NGX_OK, NGX_AI_ERROR_INTERNAL, "" },
    { "{'message':{}}", 400, NGX_DECLINED, NGX_AI_ERROR_INVALID, "" },
    { "{'error':{'message':'m'}}", 400, NGX_DECLINED, NGX_AI_ERROR_INVALID,
      "" },
    { "<html>", 503, NGX_DECLINED, NGX_AI_ERROR_UNAVAILABLE, "" },
    { "", 403, NGX_DECLINED, NGX_AI_ERROR_FORBIDDEN, "" }
};


static const kind_row_t  kind_rows[] = {
    { NGX_AI_ERROR_INVALID, 400, "ValidationException",
      "validationException" },
    { NGX_AI_ERROR_AUTH, 403, "UnrecognizedClientException",
      "validationException" },
    { NGX_AI_ERROR_FORBIDDEN, 403, "AccessDeniedException",
      "validationException" },
    { NGX_AI_ERROR_NOT_FOUND, 404, "ResourceNotFoundException",
      "validationException" },
    { NGX_AI_ERROR_MODEL, 404, "ResourceNotFoundException",
      "validationException" },
    { NGX_AI_ERROR_OWNER, 404, "ResourceNotFoundException",
      "validationException" },
    { NGX_AI_ERROR_METHOD, 405, "ValidationException",
      "validationException" },
    { NGX_AI_ERROR_TOO_LARGE, 413, "ValidationException",
      "validationException" },
    { NGX_AI_ERROR_MEDIA, 415, "ValidationException",
      "validationException" },
    { NGX_AI_ERROR_CONTEXT, 400, "ValidationException",
      "validationException" },
    { NGX_AI_ERROR_POLICY, 400, "ValidationException",
      "validationException" },
    { NGX_AI_ERROR_PREVIOUS, 400, "ValidationException",
      "validationException" },
    { NGX_AI_ERROR_RATE, 429, "ThrottlingException",
      "throttlingException" },
    { NGX_AI_ERROR_QUOTA, 429, "ServiceQuotaExceededException",
      "throttlingException" },
    { NGX_AI_ERROR_INTERNAL, 500, "InternalServerException",
      "internalServerException" },
    { NGX_AI_ERROR_UPSTREAM, 502, "ModelErrorException",
      "modelStreamErrorException" },
    { NGX_AI_ERROR_PROVIDER_AUTH, 502, "ModelErrorException",
      "modelStreamErrorException" },
    { NGX_AI_ERROR_UNAVAILABLE, 503, "ServiceUnavailableException",
      "serviceUnavailableException" },
    { NGX_AI_ERROR_OVERLOADED, 503, "ServiceUnavailableException",
      "serviceUnavailableException" },
    { NGX_AI_ERROR_TIMEOUT, 504, "ModelTimeoutException",
      "modelStreamErrorException" }
};


static const tail_row_t  tail_rows[] = {
    { "anthropic.claude-3-haiku-20240307-v1:0",
      "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse" },
    { "arn:aws:bedrock:us-east-1:1:inference-profile/us.x_y~z",
      "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile"
      "%2Fus.x_y~z/converse" },
    { "a b%?#\xc3\xa9", "/model/a%20b%25%3F%23%C3%A9/converse" }
};


static void
test_edit(void)
{
    ngx_str_t       model;
    ngx_ai_ask_t    ask;
    ngx_ai_edits_t  edits;

    memset(&ask, 0, sizeof(ask));
    memset(&edits, 0x5a, sizeof(edits));

    ask.stream = 1;
    ngx_str_set(&model, "m");

    ngx_ai_bedrock.edit(ngx_ai_route(NGX_AI_ROUTE_CHAT), &ask, &model, 0,
                        &edits);

    ok(edits.n == 0 && edits.usage == 0, "a body passes as it is");
}


/* metadata are the end of what has told why it ends */

static void
test_end(void)
{
    ngx_ai_event_t       event;
    ngx_ai_reply_t       reply;
    ngx_ai_sse_event_t   ev;

    memset(&ev, 0, sizeof(ev));
    memset(&reply, 0, sizeof(reply));

    reply.finished = 1;
    ngx_str_set(&ev.name, "metadata");
    ngx_str_set(&ev.data, "{}");

    is_int(ngx_ai_bedrock.read_event(ngx_ai_route(NGX_AI_ROUTE_CHAT),
                                     pass.readers, &ev, 0, 0, &reply, &event),
           NGX_OK, "metadata behind a reason");
    ok(event.end && reply.ended, "are the end");
}


static void
test_write_errors(void)
{
    u_char              *pos;
    ngx_str_t            name;
    ngx_uint_t           i;
    ngx_ai_buf_t         out;
    ngx_ai_error_t       error;
    const ngx_str_t     *type;
    ngx_ai_framing_t     framing;
    const kind_row_t    *row;
    ngx_ai_sse_event_t   ev;

    ngx_ai_buf_init(&out, 4096, &ngx_shim_log);

    is_int(sizeof(kind_rows) / sizeof(kind_row_t), NGX_AI_ERROR_MAX - 1,
           "there is a word for every kind of error");

    for (i = 0; i < sizeof(kind_rows) / sizeof(kind_row_t); i++) {
        row = &kind_rows[i];

        memset(&error, 0, sizeof(error));
        error.kind = row->kind;
        error.status = ngx_ai_error_status(row->kind);
        ngx_str_set(&error.message, "say \"no\"\n");

        name = *ngx_ai_error_name(row->kind);

        ngx_ai_buf_reset(&out);

        is_int(ngx_ai_bedrock.write_error(&error, &out), NGX_OK, "%s",
               (char *) name.data);
        is_str(out.start, ngx_ai_buf_len(&out),
               "{\"message\":\"say \\\"no\\\"\\n\"}", "has a body");
        is_int(error.status, row->status, "a status");

        type = ngx_ai_bedrock.error_type(row->kind);
        is_str(type->data, type->len, row->type, "a type, %s", row->type);

        ngx_ai_buf_reset(&out);

        is_int(ngx_ai_bedrock.write_error_event(
                   ngx_ai_route(NGX_AI_ROUTE_CHAT), &error,
                   NGX_AI_FRAMING_AWS, &out),
               NGX_OK, "and is an event");

        ngx_ai_framing_init(&framing, NGX_AI_FRAMING_AWS, 4096,
                            &ngx_shim_log);
        pos = out.start;

        is_int(ngx_ai_framing_end(&framing, &pos, out.last, &ev), NGX_OK,
               "that can be read");
        ok(ev.error && pos == out.last, "as an exception");
        is_str(ev.name.data, ev.name.len, row->exception, "%s",
               row->exception);
    }

    is_str(ngx_ai_bedrock.error_header.data, ngx_ai_bedrock.error_header.len,
           "x-amzn-errortype", "types are in a header");

    ngx_ai_buf_free(&out);
}


static void
test_tails(void)
{
    ngx_str_t     tail, query;
    ngx_uint_t    i;
    ngx_ai_aim_t  aim;

    memset(&aim, 0, sizeof(aim));

    for (i = 0; i < sizeof(tail_rows) / sizeof(tail_row_t); i++) {
        aim.model.data = (u_char *) tail_rows[i].model;
        aim.model.len = strlen(tail_rows[i].model);

        is_int(ngx_ai_bedrock.tail(&aim, pass.pool, &tail, &query), NGX_OK,
               "%s", tail_rows[i].model);
        is_str(tail.data, tail.len, tail_rows[i].tail, "is a path");
        is_int(query.len, 0, "without a query");
    }

    ngx_str_set(&aim.model, "m");
    aim.stream = 1;

    is_int(ngx_ai_bedrock.tail(&aim, pass.pool, &tail, &query), NGX_OK,
           "a stream");
    is_str(tail.data, tail.len, "/model/m/converse-stream", "is another path");

    ngx_shim_fail_at = 1;
    is_int(ngx_ai_bedrock.tail(&aim, pass.pool, &tail, &query), NGX_ERROR,
           "a path takes memory");
    ngx_shim_fail_at = 0;
}


int
main(void)
{
    wire_pass_init(&pass, &ngx_ai_bedrock);

    wire_pass_asks(&pass, ask_rows, wire_n(ask_rows));
    wire_pass_replies(&pass, reply_rows, wire_n(reply_rows));
    wire_pass_events(&pass, event_rows, wire_n(event_rows));
    wire_pass_errors(&pass, error_rows, wire_n(error_rows));
    wire_pass_small(&pass);

    test_edit();
    test_end();
    test_write_errors();
    test_tails();

    wire_pass_free(&pass);

    return done();
}
