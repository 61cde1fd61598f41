
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* Cohere's chat as it passes: what is seen on the side, and errors */


#include "wire_pass.h"


static void test_edit(void);
static void test_write_errors(void);
static void test_tail(void);


static wire_pass_t  pass;


static const wire_ask_pass_t  ask_rows[] = {
    { "{'model':'command-a','messages':[]}", NULL, "command-a", 0, -1 },
    { "{'model':'m','messages':[],'stream':true,'max_tokens':9,'tools':[]}",
      NULL, "m", 1, 9 },
    { "{'model':'m','messages':[],'stream':null,'max_tokens':null,'tools':"
      "null,'x':1}", NULL, "m", 0, -1 },
    { "{'model':'m'}", "messages", NULL, 0, 0 },
    { "{'model':'m','message':'hi'}", "messages", NULL, 0, 0 },
    { "{'model':1,'messages':[]}", "model", NULL, 0, 0 },
    { "{'model':'m','messages':{}}", "messages", NULL, 0, 0 },
    { "{'model':'m','messages':[],'stream':1}", "stream", NULL, 0, 0 },
    { "{'model':'m','messages':[],'max_tokens':'9'}", "max_tokens", NULL, 0,
      0 },
    { "{'model':'m','messages':[],'tools':{}}", "tools", NULL, 0, 0 }
};


static const wire_reply_pass_t  reply_rows[] = {
    { "{'id':'x','message':{'role':'assistant'},'finish_reason':'COMPLETE',"
      "'usage':{'billed_units':{'input_tokens':3,'output_tokens':2},'tokens':"
      "{'input_tokens':70,'output_tokens':2}}}",
      "usage input=70 output=2\n", "stop", 0 },
    { "{'message':{},'finish_reason':'TOOL_CALL','usage':{'billed_units':"
      "{'input_tokens':3,'output_tokens':2}}}",
      "usage input=3 output=2\n", "tool_calls", 0 },
    { "{'message':{},'finish_reason':'MAX_TOKENS','usage':{'tokens':"
      "{'input_tokens':70,'image_tokens':20,'output_tokens':9,"
      "'reasoning_tokens':4},'cached_tokens':16}}",
      "usage input=34 cache_read=16 output=5 reasoning=4 image_input=20\n",
      "length", 0 },
    { "{'message':{},'finish_reason':'STOP_SEQUENCE','usage':{'tokens':"
      "{'input_tokens':-1,'output_tokens':'2'}}}",
      "usage none\n", "stop", 0 },
    { "{'message':{},'finish_reason':'ERROR_TOXIC','usage':[]}",
      "usage none\n", "content_filter", 0 },
    { "{'message':{},'finish_reason':'TIMEOUT'}", "usage none\n", "error",
      0 },
    { "{'message':{},'finish_reason':'SOMETHING_NEW'}", "usage none\n",
      "other", 0 },
    { "{'message':{},'finish_reason':''}", "usage none\n", "none", 0 },
    { "{'message':'no','id':'x'}", "usage none\n", "none", 1 }
};


static const wire_event_pass_t  event_rows[] = {
    { "message-start", "{'type':'message-start','delta':{'message':{}}}",
      NGX_OK, "" },
    { "content-start", "what", NGX_OK, " content" },
    { "content-delta", "{'delta':{'message':{'content':{'text':'a'}}}}",
      NGX_OK, " content" },
    { "tool-plan-delta", "", NGX_OK, " content" },
    { "tool-call-end", "", NGX_OK, " content" },
    { "citation-start", "", NGX_OK, " content" },
    { "something-new", "{}", NGX_OK, "" },
    { "", "{'type':'content-delta'}", NGX_OK, " content" },
    { "", "{'type':'message-start'}", NGX_OK, "" },
    { "", "{'type':1}", NGX_OK, "" },
    { "", "[DONE]", NGX_OK, " end" },
    { "message", "[DONE]", NGX_OK, " end" },
    { "message-end", "{'delta':{'finish_reason':'COMPLETE','usage':{'tokens':"
      "{'input_tokens':3,'output_tokens':2}}}}", NGX_OK, " stop input=3" },
    { "message-end", "{'delta':{'finish_reason':'ERROR','error':'no'}}",
      NGX_OK, " error error" },
    { "", "{'type':'message-end','delta':{'finish_reason':'TIMEOUT'}}",
      NGX_OK, " error error" },
    { "message-end", "{'finish_reason':'COMPLETE'}", NGX_OK, "" },
    { "message-end", "{", NGX_ERROR, "" },
    { "message-end", "[]", NGX_ERROR, "" },
    { "", "", NGX_ERROR, "" }
};


static const wire_error_pass_t  error_rows[] = {
    { "{'id':'x','message':'invalid request: all messages must have a role'}",
      400, NGX_OK, NGX_AI_ERROR_INVALID,
      "invalid request: all messages must have a role" },
    { "{'message':'too many tokens: total number of tokens in the prompt "
      "cannot exceed 128000'}", 400, NGX_OK, NGX_AI_ERROR_CONTEXT,
      "too many tokens: total number of tokens in the prompt cannot exceed "
      "128000" },
    { "{'message':'m','error_type':'TOO_MANY_TOKENS'}", 400, NGX_OK,
      NGX_AI_ERROR_CONTEXT, "m" },
    { "{'message':'too many tokens per minute'}", 429, NGX_OK,
      NGX_AI_ERROR_RATE, "too many tokens per minute" },
    { "{'message':'You are using a Trial key, which is limited'}", 429,
      NGX_OK, NGX_AI_ERROR_QUOTA,
      "You are using a Trial key, which is limited" },
    { "{'message':'You are using a Trial key'}", 401, NGX_OK,
      NGX_AI_ERROR_AUTH, "You are using a Trial key" },
    { "{'message':'invalid api token'}", 401, NGX_OK, NGX_AI_ERROR_AUTH,
      "invalid api token" },
    { "{'message':'model `x` not found'}", 404, NGX_OK, NGX_AI_ERROR_MODEL,
      "model 'x' not found" },
    { "{'message':'the prompt was blocked'}", 400, NGX_OK,
      NGX_AI_ERROR_POLICY, "the prompt was blocked" },
    { "{'message':'no','id':'x'}", 498, NGX_OK, NGX_AI_ERROR_POLICY, "no" },
    { "<html>", 498, NGX_DECLINED, NGX_AI_ERROR_POLICY, "" },
    { "{'message':'internal server error'}", 500, NGX_OK,
      NGX_AI_ERROR_INTERNAL, "internal server error" },
    { "{'message':'a \\'b\\''}", 400, NGX_OK, NGX_AI_ERROR_INVALID,
      "a \\\"b\\\"" },
    { "{'message':{}}", 400, NGX_DECLINED, NGX_AI_ERROR_INVALID, "" },
    { "{'error':{'message':'m'}}", 400, NGX_DECLINED, NGX_AI_ERROR_INVALID,
      "" },
    { "<html>", 503, NGX_DECLINED, NGX_AI_ERROR_UNAVAILABLE, "" },
    { "", 403, NGX_DECLINED, NGX_AI_ERROR_FORBIDDEN, "" }
};


static void
test_edit(void)
{
    ngx_str_t       body, model;
    ngx_ai_ask_t    ask;
    ngx_ai_edits_t  edits;
    ngx_ai_error_t  error;

    memset(&ask, 0, sizeof(ask));
    ngx_str_set(&body, "{\"messages\":[],\"model\":\"a\",\"stream\":true}");

    is_int(ngx_ai_ask_read(&ngx_ai_cohere.tables[0], ngx_ai_cohere.rules,
                           pass.readers, ngx_ai_route(NGX_AI_ROUTE_CHAT),
                           &body, 1, pass.pool, &ask, &error),
           NGX_OK, "a stream is asked for");

    ngx_str_set(&model, "b");
    memset(&edits, 0x5a, sizeof(edits));

    ngx_ai_cohere.edit(ngx_ai_route(NGX_AI_ROUTE_CHAT), &ask, &model, 0,
                       &edits);

    ok(edits.n == 1 && edits.usage == 0, "the model is changed for a target");
    ok(edits.edits[0].with.data == model.data && edits.edits[0].with.len == 1
       && edits.edits[0].span.end - edits.edits[0].span.start == 1
       && body.data[edits.edits[0].span.start] == 'a',
       "where it stands");

    ngx_str_set(&model, "a");
    memset(&edits, 0x5a, sizeof(edits));

    ngx_ai_cohere.edit(ngx_ai_route(NGX_AI_ROUTE_CHAT), &ask, &model, 0,
                       &edits);

    ok(edits.n == 0 && edits.usage == 0, "not when it is the same");

    ngx_str_null(&model);
    memset(&edits, 0x5a, sizeof(edits));

    ngx_ai_cohere.edit(ngx_ai_route(NGX_AI_ROUTE_CHAT), &ask, &model, 0,
                       &edits);

    ok(edits.n == 0 && edits.usage == 0, "and not to nothing");
}


static void
test_write_errors(void)
{
    ngx_ai_buf_t    out;
    ngx_ai_error_t  error;

    ngx_ai_buf_init(&out, 4096, &ngx_shim_log);

    memset(&error, 0, sizeof(error));
    error.kind = NGX_AI_ERROR_RATE;
    error.status = ngx_ai_error_status(error.kind);
    ngx_str_set(&error.message, "say \"no\"\n");

    is_int(ngx_ai_cohere.write_error(&error, &out), NGX_OK, "an error");
    is_str(out.start, ngx_ai_buf_len(&out),
           "{\"message\":\"say \\\"no\\\"\\n\"}", "has a message");
    is_int(error.status, 429, "and its status");
    ok(ngx_ai_cohere.error_type == NULL, "there is no word for its kind");

    ngx_ai_buf_reset(&out);

    is_int(ngx_ai_cohere.write_error_event(ngx_ai_route(NGX_AI_ROUTE_CHAT),
                                           &error, NGX_AI_FRAMING_SSE, &out),
           NGX_OK, "in a stream");
    is_str(out.start, ngx_ai_buf_len(&out),
           "event: message-end\n"
           "data: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":"
           "\"ERROR\",\"usage\":{},\"error\":\"say \\\"no\\\"\\n\"}}\n"
           "\n"
           "data: [DONE]\n"
           "\n", "it is the end");

    ngx_ai_buf_free(&out);
}


static void
test_tail(void)
{
    ngx_str_t     tail, query;
    ngx_ai_aim_t  aim;

    memset(&aim, 0, sizeof(aim));
    ngx_str_set(&aim.model, "a/b");
    aim.stream = 1;

    is_int(ngx_ai_cohere.tail(&aim, pass.pool, &tail, &query), NGX_OK,
           "the path is the same for all");
    is_str(tail.data, tail.len, "/chat", "it is /chat");
    is_int(query.len, 0, "without a query");
}


int
main(void)
{
    wire_pass_init(&pass, &ngx_ai_cohere);

    wire_pass_asks(&pass, ask_rows, wire_n(ask_rows));
    wire_pass_replies(&pass, reply_rows, wire_n(reply_rows));
    wire_pass_events(&pass, event_rows, wire_n(event_rows));
    wire_pass_errors(&pass, error_rows, wire_n(error_rows));
    wire_pass_small(&pass);

    test_edit();
    test_write_errors();
    test_tail();

    wire_pass_free(&pass);

    return done();
}
