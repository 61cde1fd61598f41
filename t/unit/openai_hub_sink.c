
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Streams from the hub, as a client of chat completions is sent them.
 */


#include "openai_hub.h"


/* the events are those of hub_events() */

typedef struct {
    const char  *name;
    ngx_uint_t   usage;
    const char  *events;
    const char  *sent;
} write_row_t;


static void test_write(void);
static void test_foreign(void);
static void test_error(void);
static void test_full(void);
static void test_memory(void);
static void test_no_memory(void);


#define ID       "0123456789abcdef0123456789abcdef"
#define W        "data: {'id':'chatcmpl-" ID "','object':"                     \
                 "'chat.completion.chunk','created':7,'model':'m','choices':["
#define D(i, d)  W "{'index':" i ",'delta':{" d "},'logprobs':null,"          \
                 "'finish_reason':null}]}\n\n"
#define DU(d)    W "{'index':0,'delta':{" d "},'logprobs':null,"              \
                 "'finish_reason':null}],'usage':null}\n\n"
#define FIN(i, f) W "{'index':" i ",'delta':{},'logprobs':null,"              \
                 "'finish_reason':'" f "'}]}\n\n"
#define FIRST(i) D(i, "'role':'assistant','content':'','refusal':null")
#define LAST     "data: [DONE]\n\n"


static const write_row_t  write_rows[] = {

    { "a text", 0,
      C("'content':'Hi'") C("'content':'\\n'") F("stop") DONE,
      FIRST("0") D("0", "'content':'Hi'") D("0", "'content':'\\n'")
      FIN("0", "stop") LAST },
    { "a text, and what it costs", 1,
      C("'content':'Hi'") F("length") "{" CHUNK "'choices':[]," USED "}\n" DONE,
      DU("'role':'assistant','content':'','refusal':null")
      DU("'content':'Hi'")
      W "{'index':0,'delta':{},'logprobs':null,'finish_reason':'length'}],"
      "'usage':null}\n\n"
      W "],'usage':{'prompt_tokens':3,'completion_tokens':4,'total_tokens':7,"
      "'prompt_tokens_details':{'cached_tokens':0,'audio_tokens':0},"
      "'completion_tokens_details':{'reasoning_tokens':0,'audio_tokens':0,"
      "'accepted_prediction_tokens':0,'rejected_prediction_tokens':0}}}\n\n"
      LAST },
    { "a cost that nobody told", 1, F("stop") DONE,
      DU("'role':'assistant','content':'','refusal':null")
      W "{'index':0,'delta':{},'logprobs':null,'finish_reason':'stop'}],"
      "'usage':null}\n\n" LAST },
    { "thoughts and a refusal", 0,
      C("'reasoning':'t'") C("'refusal':'n'") F("content_filter") DONE,
      FIRST("0") D("0", "'reasoning_content':'t'") D("0", "'refusal':'n'")
      FIN("0", "content_filter") LAST },
    { "calls", 0,
      C("'content':'x'")
      C("'tool_calls':[{'index':7,'id':'1','function':{'name':'f',"
        "'arguments':'{\\\"a'}}]")
      C("'tool_calls':[{'index':7,'function':{'arguments':'\\\":1}'}}]")
      C("'tool_calls':[{'index':9,'id':'2~aigw.4.QUJD','function':{'name':'g'"
        "}}]") F("tool_calls") DONE,
      FIRST("0") D("0", "'content':'x'")
      D("0", "'tool_calls':[{'index':0,'id':'1','type':'function','function':"
        "{'name':'f','arguments':''}}]")
      D("0", "'tool_calls':[{'index':0,'function':{'arguments':'{\\'a'}}]")
      D("0", "'tool_calls':[{'index':0,'function':{'arguments':'\\':1}'}}]")
      D("0", "'tool_calls':[{'index':1,'id':'2~aigw.4.QUJD','type':'function',"
        "'function':{'name':'g','arguments':''}}]")
      D("0", "'tool_calls':[{'index':1,'function':{'arguments':'{}'}}]")
      FIN("0", "tool_calls") LAST },
    { "custom calls", 0,
      C("'tool_calls':[{'index':0,'id':'1','custom':{'name':'c','input':'4'}}"
        "]") F("tool_calls") DONE,
      FIRST("0")
      D("0", "'tool_calls':[{'index':0,'id':'1','type':'custom','custom':"
        "{'name':'c','input':''}}]")
      D("0", "'tool_calls':[{'index':0,'custom':{'input':'4'}}]")
      FIN("0", "tool_calls") LAST },
    { "choices", 0,
      C1("'content':'b'") C("'content':'a'")
      "{" CHUNK "'choices':[{'index':1,'delta':{},'finish_reason':'length'},"
      "{'index':0,'delta':{},'finish_reason':'stop'}]}\n" DONE,
      FIRST("0") FIRST("1") D("1", "'content':'b'") D("0", "'content':'a'")
      FIN("0", "stop") FIN("1", "length") LAST },
    { "a choice that says nothing", 0,
      C("'content':'a'")
      "{" CHUNK "'choices':[{'index':1,'delta':{},'finish_reason':'stop'}]}\n"
      DONE,
      FIRST("0") D("0", "'content':'a'") FIN("0", "stop") FIRST("1")
      FIN("1", "stop") LAST },
    { "pictures and sound", 0,
      C("'images':[{'type':'image_url','image_url':'http://h'}]")
      C("'audio':{'data':'QQ=='}") F("stop") DONE,
      FIRST("0") D("0", "'images':[{'type':'image_url','image_url':{'url':"
      "'http://h'}}]") D("0", "'audio':{'data':'QQ=='}")
      FIN("0", "stop") LAST },
    { "sources, and where they are", 0,
      C("'content':'\\u00e4b\\ud83d'") C("'content':'\\ude00'")
      C("'annotations':[{'url_citation':{'url':'a'}},{'url_citation':{'url':"
        "'b','title':'t','start_index':1,'end_index':2,'content':'q'}}]")
      F("stop") DONE,
      FIRST("0") D("0", "'content':'\\u00e4b\\ud83d'")
      D("0", "'content':'\\ude00'")
      D("0", "'annotations':[{'type':'url_citation','url_citation':{'url':'a',"
        "'title':'','start_index':0,'end_index':3}}]")
      D("0", "'annotations':[{'type':'url_citation','url_citation':{'url':'b',"
        "'title':'t','start_index':1,'end_index':2,'content':'q'}}]")
      FIN("0", "stop") LAST },
    { "probabilities", 0,
      "{" CHUNK "'choices':[{'index':0,'delta':{'content':'x'},'logprobs':"
      "{'content':[{'token':'x','logprob':-0.0}]}}]}\n" F("stop") DONE,
      FIRST("0") D("0", "'content':'x'")
      W "{'index':0,'delta':{},'logprobs':{'content':[{'token':'x','logprob':"
      "-0.0}]},'finish_reason':null}]}\n\n" FIN("0", "stop") LAST },
    { "no model and no time", 0,
      "{'choices':[{'delta':{'content':'x'}}]}\n" DONE,
      "data: {'id':'chatcmpl-" ID "','object':'chat.completion.chunk',"
      "'created':1750000000,'model':'asked-model','choices':[{'index':0,"
      "'delta':{'role':'assistant','content':'','refusal':null},'logprobs':"
      "null,'finish_reason':null}]}\n\n"
      "data: {'id':'chatcmpl-" ID "','object':'chat.completion.chunk',"
      "'created':1750000000,'model':'asked-model','choices':[{'index':0,"
      "'delta':{'content':'x'},'logprobs':null,'finish_reason':null}]}\n\n"
      "data: {'id':'chatcmpl-" ID "','object':'chat.completion.chunk',"
      "'created':1750000000,'model':'asked-model','choices':[{'index':0,"
      "'delta':{},'logprobs':null,'finish_reason':'stop'}]}\n\n" LAST },
    { "an error", 0,
      C("'content':'x'")
      "{'error':{'message':'m','type':'insufficient_quota'}}\n",
      FIRST("0") D("0", "'content':'x'")
      "data: {'error':{'message':'m','type':'insufficient_quota','param':null,"
      "'code':'insufficient_quota'}}\n\n" }
};


static void
test_write(void)
{
    hub_text_t          bytes = { NULL, 0, 0 };
    hub_text_t          out = { NULL, 0, 0 };
    ngx_uint_t          i;
    const write_row_t  *row;

    for (i = 0; i < sizeof(write_rows) / sizeof(write_row_t); i++) {
        row = &write_rows[i];
        w.told.usage = row->usage;

        hub_events(&bytes, row->events);

        is_int(hub_retell(bytes.data, bytes.len), NGX_OK, "%s: written",
               row->name);

        out.len = 0;
        wire_out(&w, &out);

        is_str(out.data, out.len, row->sent, "%s: as that", row->name);
    }

    w.told.usage = 0;

    hub_text_free(&bytes);
    hub_text_free(&out);
}


/* what no provider of the dialect says */

static void
test_foreign(void)
{
    ngx_str_t            s;
    hub_text_t           out = { NULL, 0, 0 };
    ngx_pool_t          *pool;
    ngx_ai_part_t        part;
    ngx_ai_flow_t        flow;
    ngx_ai_sink_t       *sink;
    ngx_ai_reply_t       reply;
    ngx_ai_citation_t    citation;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    sink = calloc(1, w.dialect->sink);

    (void) ngx_ai_flow_init(&flow, pool, WIRE_EVENT_MAX, 7);
    ngx_memzero(&reply, sizeof(reply));
    ngx_ai_buf_reset(&w.out);

    sink->out = &w.out;
    sink->told = &w.told;
    sink->framing = NGX_AI_FRAMING_SSE;
    sink->pool = pool;
    sink->max = WIRE_EVENT_MAX;

    flow.write = w.dialect->write_delta;
    flow.sink = sink;
    flow.reply = &reply;

    ngx_str_set(&s, "m");
    (void) ngx_ai_flow_start(&flow, &s, &s, 7);

    ngx_memzero(&part, sizeof(part));
    part.kind = NGX_AI_PART_THINKING;
    (void) ngx_ai_flow_part(&flow, 0, 0, &part);

    ngx_str_set(&s, "t");
    (void) ngx_ai_flow_text(&flow, 0, NGX_AI_PART_THINKING, &s);
    (void) ngx_ai_flow_signature(&flow, 0, 0, NGX_AI_DIALECT_ANTHROPIC, &s);

    part.kind = NGX_AI_PART_REDACTED;
    ngx_str_set(&part.data, "QQ==");
    (void) ngx_ai_flow_part(&flow, 0, 1, &part);

    (void) ngx_ai_flow_ping(&flow);

    ngx_memzero(&part, sizeof(part));
    part.kind = NGX_AI_PART_TEXT;
    (void) ngx_ai_flow_part(&flow, 0, 2, &part);

    ngx_memzero(&citation, sizeof(citation));
    ngx_str_set(&citation.quote, "q");
    (void) ngx_ai_flow_citation(&flow, 0, &citation);

    /* raw JSON may have lines, and an event has one */

    ngx_str_set(&s, "{\"content\":\n[]}");
    (void) ngx_ai_flow_logprobs(&flow, 0, &s);

    ngx_memzero(&part, sizeof(part));
    part.kind = NGX_AI_PART_TOOL_CALL;
    ngx_str_set(&part.id, "1");
    ngx_str_set(&part.name, "f");
    ngx_str_set(&part.json, "{\n}");
    ngx_str_set(&part.signature, "QUJD");
    part.origin = NGX_AI_DIALECT_GEMINI;
    (void) ngx_ai_flow_part(&flow, 0, 3, &part);

    ngx_str_set(&s, "END");
    (void) ngx_ai_flow_finish(&flow, 0, NGX_AI_FINISH_STOP, &s);

    is_int(ngx_ai_flow_end(&flow), NGX_OK, "it comes to its end");

    wire_out(&w, &out);

    is_str(out.data, out.len, FIRST("0") D("0", "'reasoning_content':'t'")
           ":\n\n"
           D("0", "'tool_calls':[{'index':0,'id':'1~aigw.4.QUJD','type':"
             "'function','function':{'name':'f','arguments':''}}]")
           D("0", "'tool_calls':[{'index':0,'function':{'arguments':'{\\n}'}}]")
           FIN("0", "tool_calls") LAST,
           "what others say is told, or left out");

    free(sink);
    ngx_destroy_pool(pool);
    hub_text_free(&out);
}


/* an error that ends a stream of another framing */

static void
test_error(void)
{
    ngx_ai_buf_t     out;
    ngx_ai_error_t   error;

    ngx_memzero(&error, sizeof(error));
    error.kind = NGX_AI_ERROR_OVERLOADED;
    ngx_str_set(&error.message, "m");

    ngx_ai_buf_init(&out, 4096, &ngx_shim_log);

    is_int(ngx_ai_openai.write_error_event(ngx_ai_route(NGX_AI_ROUTE_CHAT),
                                           &error, NGX_AI_FRAMING_LINES, &out),
           NGX_OK, "an error in lines");

    is_str(out.start, ngx_ai_buf_len(&out),
           "{\"error\":{\"message\":\"m\",\"type\":\"server_error\","
           "\"param\":null,\"code\":\"overloaded\"}}\n",
           "is framed as the others are");

    ngx_ai_buf_free(&out);
}


/* no room is never a success */

static void
test_full(void)
{
    size_t        max;
    hub_text_t    bytes = { NULL, 0, 0 };
    ngx_uint_t    wrong;
    ngx_ai_buf_t  keep;

    hub_events(&bytes, C("'content':'x'")
                 C("'tool_calls':[{'index':0,'id':'1','function':{'name':'f'"
                   ",'arguments':'{}'}}]")
                 C("'images':[{'type':'image_url','image_url':'h'}]")
                 F("stop") "{" CHUNK "'choices':[]," USED "}\n" DONE);

    w.told.usage = 1;

    is_int(hub_retell(bytes.data, bytes.len), NGX_OK, "there is room");

    max = ngx_ai_buf_len(&w.out);
    keep = w.out;
    wrong = 0;

    while (max-- > 0) {
        ngx_ai_buf_init(&w.out, max, &ngx_shim_log);
        wrong += (hub_retell(bytes.data, bytes.len) == NGX_OK);
        ngx_ai_buf_free(&w.out);
    }

    w.out = keep;
    w.told.usage = 0;

    is_int(wrong, 0, "no room is never a success");

    hub_text_free(&bytes);
}


/* a stream that goes on takes no more memory of its pool */

static void
test_memory(void)
{
    ngx_uint_t       i, few, many;
    hub_text_t       bytes = { NULL, 0, 0 };
    hub_text_t       one = { NULL, 0, 0 };
    ngx_pool_t      *pool;
    ngx_ai_flow_t    flow;
    ngx_ai_sink_t   *sink;
    ngx_ai_reply_t   reply;

    hub_events(&one, C("'content':'\\u00e4','reasoning':'t'"));

    for (i = 0; i < 2000; i++) {
        hub_bytes(&bytes, one.data, one.len);
    }

    pool = ngx_create_pool(4096, &ngx_shim_log);
    sink = calloc(1, w.dialect->sink);

    (void) ngx_ai_flow_init(&flow, pool, WIRE_EVENT_MAX, 7);
    ngx_memzero(&reply, sizeof(reply));
    ngx_ai_buf_reset(&w.out);

    sink->out = &w.out;
    sink->told = &w.told;
    sink->pool = pool;
    sink->max = WIRE_EVENT_MAX;

    flow.write = w.dialect->write_delta;
    flow.sink = sink;
    flow.reply = &reply;

    (void) hub_flow(bytes.data, one.len, WIRE_WHOLE, &flow);
    few = ngx_shim_pool_blocks;

    is_int(hub_flow(bytes.data, bytes.len, WIRE_WHOLE, &flow), NGX_AGAIN,
           "a long stream is read");
    many = ngx_shim_pool_blocks;

    is_int(many, few, "it takes as much as a short one");

    free(sink);
    ngx_destroy_pool(pool);
    hub_text_free(&bytes);
    hub_text_free(&one);
}


static void
test_no_memory(void)
{
    ngx_int_t    rc;
    ngx_uint_t   i, wrong;
    hub_text_t   bytes = { NULL, 0, 0 };

    hub_events(&bytes, C("'content':[{'type':'text','text':'x'}]")
                 C("'tool_calls':[{'index':0,'id':'1~aigw.4.QQ','function':"
                   "{'name':'f','arguments':'{}'}}]") F("stop") DONE);
    wrong = 0;

    for (i = 6; i < 200; i++) {
        ngx_shim_fail_at = i;
        rc = hub_retell(bytes.data, bytes.len);

        if (ngx_shim_fail_at) {
            break;
        }

        wrong += (rc == NGX_OK);
        ngx_ai_buf_free(&w.out);
    }

    ngx_shim_fail_at = 0;

    ok(i > 8, "memory fails at %d places", (int) i);
    is_int(rc, NGX_OK, "with enough of it the stream is written");
    is_int(wrong, 0, "without it there is no success");

    hub_text_free(&bytes);
}


int
main(void)
{
    hub_init(NGX_AI_DIALECT_OPENAI, &ngx_ai_openai);
    w.told.usage = 0;

    test_write();
    test_foreign();
    test_error();
    test_full();
    test_memory();
    test_no_memory();

    hub_done();

    return done();
}
