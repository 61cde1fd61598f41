
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* what clients of Gemini are told of a stream, delta by delta */


#include "gemini.h"


#define TAIL                                                                  \
    "'modelVersion':'asked-model','responseId':"                              \
    "'0123456789abcdef0123456789abcdef'}"
#define FIRST  "data: {'candidates':[{'content':{'parts':["
#define REST   "],'role':'model'},'index':0}]," TAIL "\n\n"
#define END    "data: {'candidates':[{'content':{'parts':[{'text':''}],"      \
               "'role':'model'},'finishReason':'STOP','index':0}]," TAIL      \
               "\n\n"


typedef struct {
    ngx_ai_flow_t           flow;
    ngx_ai_reply_t          reply;
    ngx_pool_t             *pool;
    ngx_ai_buf_t            out;
    ngx_ai_gemini_sink_t    sink;
} told_t;


typedef struct {
    const char  *name;
    void       (*say)(ngx_ai_flow_t *flow);
    const char  *out;
} told_row_t;


static void test_told(void);
static void test_array(void);
static void test_errors(void);
static void test_bounds(void);
static void test_caps(void);
static void told_begin(told_t *told, ngx_uint_t framing, size_t max);
static void told_text(told_t *told, hub_text_t *t);
static void told_end(told_t *told);
static void str(ngx_str_t *s, const char *text);
static void text(ngx_ai_flow_t *flow, ngx_uint_t choice, ngx_uint_t kind,
    const char *s);
static void thing(ngx_ai_flow_t *flow, const ngx_ai_part_t *part);
static void say_text(ngx_ai_flow_t *flow);
static void say_thought(ngx_ai_flow_t *flow);
static void say_signed(ngx_ai_flow_t *flow);
static void say_calls(ngx_ai_flow_t *flow);
static void say_things(ngx_ai_flow_t *flow);
static void say_sources(ngx_ai_flow_t *flow);
static void say_choices(ngx_ai_flow_t *flow);
static void say_usage(ngx_ai_flow_t *flow);
static void say_nothing(ngx_ai_flow_t *flow);
static void say_logprobs(ngx_ai_flow_t *flow);


static const told_row_t  told_rows[] = {

    { "a text", say_text,
      FIRST "{'text':'a'}" REST FIRST "{'text':'b\\n'}" REST END },

    { "another's thought is signed behind it", say_thought,
      FIRST "{'text':'t','thought':true}" REST
      FIRST "{'text':'','thought':true,'thoughtSignature':"
      "'YWlndy4zLkVyVUI='}" REST
      FIRST "{'thought':true,'thoughtSignature':'YWlndy4zLkRhVGE='}" REST
      FIRST "{'text':'a'}" REST END },

    { "Gemini's own is at the end of all", say_signed,
      FIRST "{'text':'','thoughtSignature':'R'}" REST
      FIRST "{'text':'a'}" REST
      "data: {'candidates':[{'content':{'parts':[{'text':'',"
      "'thoughtSignature':'S'}],'role':'model'},'finishReason':'STOP',"
      "'index':0}]," TAIL "\n\n" },

    { "calls come whole", say_calls,
      FIRST "{'functionCall':{'name':'f','args':{'x': 1},'id':'i'},"
      "'thoughtSignature':'S'}" REST
      FIRST "{'functionCall':{'name':'g','args':{},'id':'j'}}" REST END },

    { "things that are no texts", say_things,
      FIRST "{'inlineData':{'mimeType':'image/png','data':'A'}}" REST
      FIRST "{'inlineData':{'mimeType':'audio/pcm','data':'B'}}" REST
      FIRST "{'inlineData':{'mimeType':'audio/pcm','data':'C'}}" REST
      FIRST "{'executableCode':{}}" REST
      FIRST "{'text':'no'}" REST END },

    { "sources are in the last event", say_sources,
      FIRST "{'text':'a'}" REST
      "data: {'candidates':[{'content':{'parts':[{'text':''}],'role':"
      "'model'},'finishReason':'STOP','index':0,'groundingMetadata':"
      "{'groundingChunks':[{'web':{'uri':'u','title':'t'}}],"
      "'groundingSupports':[{'segment':{},'groundingChunkIndices':[0]}]}}],"
      TAIL "\n\n" },

    { "several candidates finish in one event", say_choices,
      FIRST "{'text':'a'}" REST
      FIRST "{'text':'b'}],'role':'model'},'index':3}]," TAIL "\n\n"
      "data: {'candidates':[{'content':{'parts':[{'text':''}],'role':"
      "'model'},'finishReason':'STOP','index':0},{'content':{'parts':["
      "{'text':''}],'role':'model'},'finishReason':'MAX_TOKENS',"
      "'index':3}]," TAIL "\n\n" },

    { "usage is in each event from when it is known on", say_usage,
      FIRST "{'text':'a'}" REST
      FIRST "{'text':'b'}],'role':'model'},'index':0}],'usageMetadata':"
      "{'promptTokenCount':1,'candidatesTokenCount':2,'totalTokenCount':3},"
      TAIL "\n\n"
      "data: {'candidates':[{'content':{'parts':[{'text':''}],'role':"
      "'model'},'finishReason':'STOP','index':0}],'usageMetadata':"
      "{'promptTokenCount':1,'candidatesTokenCount':4,'totalTokenCount':5},"
      TAIL "\n\n" },

    { "nothing", say_nothing, END },

    { "probabilities", say_logprobs,
      FIRST "{'text':'a'}" REST
      "data: {'candidates':[{'content':{'parts':[{'text':''}],'role':"
      "'model'},'index':0,'logprobsResult':{'chosenCandidates':[{'token':"
      "'a','logProbability':-1}],'topCandidates':[{'candidates':[]}]}}],"
      TAIL "\n\n" END }
};


static void
str(ngx_str_t *s, const char *text)
{
    s->data = (u_char *) text;
    s->len = strlen(text);
}


static void
told_begin(told_t *told, ngx_uint_t framing, size_t max)
{
    memset(told, 0, sizeof(told_t));

    told->pool = ngx_create_pool(4096, &ngx_shim_log);

    ngx_ai_buf_init(&told->out, max, &ngx_shim_log);

    told->sink.sink.out = &told->out;
    told->sink.sink.told = &gemini.told;
    told->sink.sink.framing = framing;
    told->sink.sink.pool = told->pool;
    told->sink.sink.max = WIRE_EVENT_MAX;

    (void) ngx_ai_flow_init(&told->flow, told->pool, WIRE_EVENT_MAX, 7);

    told->flow.write = ngx_ai_gemini.write_delta;
    told->flow.sink = &told->sink;
    told->flow.whole = ngx_ai_gemini.whole;
    told->flow.reply = &told->reply;
}


static void
told_text(told_t *told, hub_text_t *t)
{
    hub_bytes(t, told->out.start, ngx_ai_buf_len(&told->out));
    wire_turn(t->data, t->len, "\"'", "'`");
}


static void
told_end(told_t *told)
{
    ngx_ai_buf_free(&told->out);
    ngx_destroy_pool(told->pool);
}


static void
text(ngx_ai_flow_t *flow, ngx_uint_t choice, ngx_uint_t kind, const char *s)
{
    ngx_str_t  t;

    str(&t, s);
    (void) ngx_ai_flow_text(flow, choice, kind, &t);
}


static void
thing(ngx_ai_flow_t *flow, const ngx_ai_part_t *part)
{
    (void) ngx_ai_flow_part(flow, 0, 9, part);
    (void) ngx_ai_flow_part_end(flow, 0, 9);
}


static void
say_text(ngx_ai_flow_t *flow)
{
    text(flow, 0, NGX_AI_PART_TEXT, "a");
    text(flow, 0, NGX_AI_PART_TEXT, "b\\n");
}


static void
say_thought(ngx_ai_flow_t *flow)
{
    ngx_ai_part_t  part;

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_THINKING;
    part.origin = NGX_AI_DIALECT_ANTHROPIC;
    str(&part.text, "t");
    str(&part.signature, "ErUB");
    thing(flow, &part);

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_REDACTED;
    part.origin = NGX_AI_DIALECT_ANTHROPIC;
    str(&part.data, "DaTa");
    thing(flow, &part);

    text(flow, 0, NGX_AI_PART_TEXT, "a");
}


static void
say_signed(ngx_ai_flow_t *flow)
{
    ngx_ai_part_t  part;

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_THINKING;
    part.origin = NGX_AI_DIALECT_GEMINI;
    str(&part.signature, "R");
    thing(flow, &part);

    text(flow, 0, NGX_AI_PART_TEXT, "a");

    str(&part.signature, "S");
    thing(flow, &part);
}


static void
say_calls(ngx_ai_flow_t *flow)
{
    ngx_str_t      id, name, args;
    ngx_ai_part_t  part;

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_TOOL_CALL;
    part.origin = NGX_AI_DIALECT_GEMINI;
    str(&part.id, "i");
    str(&part.name, "f");
    str(&part.json, "{\n\"x\": 1}");
    str(&part.signature, "S");
    thing(flow, &part);

    str(&id, "j");
    str(&name, "g");
    str(&args, "");
    (void) ngx_ai_flow_call(flow, 0, 3, &id, &name, &args);
}


static void
say_things(ngx_ai_flow_t *flow)
{
    ngx_ai_part_t  part;

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_IMAGE;
    str(&part.data, "A");
    str(&part.media, "image/png");
    thing(flow, &part);

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_AUDIO;
    str(&part.media, "audio/pcm");
    (void) ngx_ai_flow_part(flow, 0, 1, &part);
    text(flow, 0, NGX_AI_PART_AUDIO, "B");
    text(flow, 0, NGX_AI_PART_AUDIO, "C");

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_NATIVE;
    part.origin = NGX_AI_DIALECT_GEMINI;
    str(&part.json, "{\"executableCode\":{}}");
    thing(flow, &part);

    part.origin = NGX_AI_DIALECT_ANTHROPIC;
    thing(flow, &part);

    text(flow, 0, NGX_AI_PART_REFUSAL, "no");
}


static void
say_sources(ngx_ai_flow_t *flow)
{
    ngx_ai_citation_t  c;

    text(flow, 0, NGX_AI_PART_TEXT, "a");

    memset(&c, 0, sizeof(c));
    (void) ngx_ai_flow_citation(flow, 0, &c);

    str(&c.url, "u");
    str(&c.title, "t");
    (void) ngx_ai_flow_citation(flow, 0, &c);
}


static void
say_choices(ngx_ai_flow_t *flow)
{
    text(flow, 0, NGX_AI_PART_TEXT, "a");
    text(flow, 3, NGX_AI_PART_TEXT, "b");
    (void) ngx_ai_flow_finish(flow, 3, NGX_AI_FINISH_LENGTH, NULL);
}


static void
say_usage(ngx_ai_flow_t *flow)
{
    ngx_ai_usage_t  usage;

    text(flow, 0, NGX_AI_PART_TEXT, "a");

    memset(&usage, 0, sizeof(usage));
    usage.tokens[NGX_AI_USAGE_INPUT] = 1;
    usage.tokens[NGX_AI_USAGE_OUTPUT] = 2;
    (void) ngx_ai_flow_usage(flow, &usage);

    text(flow, 0, NGX_AI_PART_TEXT, "b");

    usage.tokens[NGX_AI_USAGE_OUTPUT] = 4;
    (void) ngx_ai_flow_usage(flow, &usage);
}


static void
say_nothing(ngx_ai_flow_t *flow)
{
    /* it starts with its end */
}


static void
say_logprobs(ngx_ai_flow_t *flow)
{
    ngx_str_t  raw;

    text(flow, 0, NGX_AI_PART_TEXT, "a");

    str(&raw, "{\"content\":[{\"token\":\"a\",\"logprob\":-1}]}");
    (void) ngx_ai_flow_logprobs(flow, 0, &raw);
}


static void
test_told(void)
{
    told_t      told;
    hub_text_t  t = { NULL, 0, 0 };
    ngx_uint_t  i;

    for (i = 0; i < GEMINI_ROWS(told_rows); i++) {

        told_begin(&told, NGX_AI_FRAMING_SSE, WIRE_EVENT_MAX);

        told_rows[i].say(&told.flow);

        is_int(ngx_ai_flow_end(&told.flow), NGX_OK, "it is told: %s",
               told_rows[i].name);

        told_text(&told, &t);

        is_str(t.data, t.len, told_rows[i].out, "told: %s",
               told_rows[i].name);

        hub_text_free(&t);
        told_end(&told);
    }
}


/* for who did not ask for "alt=sse" */

static void
test_array(void)
{
    told_t          told;
    hub_text_t      t = { NULL, 0, 0 };
    ngx_ai_error_t  error;

    told_begin(&told, NGX_AI_FRAMING_ARRAY, WIRE_EVENT_MAX);
    say_text(&told.flow);
    (void) ngx_ai_flow_ping(&told.flow);
    (void) gemini_flow_end(&told.flow);
    told_text(&told, &t);

    is_str(t.data, t.len,
           "[{'candidates':[{'content':{'parts':[{'text':'a'}],'role':'model'}"
           ",'index':0}]," TAIL "\n,\r\n"
           "{'candidates':[{'content':{'parts':[{'text':'b\\n'}],"
           "'role':'model'},'index':0}]," TAIL "\n,\r\n"
           "{'candidates':[{'content':{'parts':[{'text':''}],'role':'model'},"
           "'finishReason':'STOP','index':0}]," TAIL "\n]",
           "events are elements of an array, which has an end");

    hub_text_free(&t);
    told_end(&told);

    memset(&error, 0, sizeof(error));
    error.kind = NGX_AI_ERROR_OVERLOADED;
    error.status = 503;
    str((ngx_str_t *) &error.message, "Later.");

    told_begin(&told, NGX_AI_FRAMING_ARRAY, WIRE_EVENT_MAX);
    text(&told.flow, 0, NGX_AI_PART_TEXT, "a");
    (void) ngx_ai_flow_error(&told.flow, &error);
    told_text(&told, &t);

    is_str(t.data, t.len,
           "[{'candidates':[{'content':{'parts':[{'text':'a'}],'role':'model'}"
           ",'index':0}]," TAIL "\n,\r\n{'error':{'code':503,'message':"
           "'Later.','status':'UNAVAILABLE'}}\n]",
           "an error is the last of them");

    hub_text_free(&t);
    told_end(&told);
}


static void
test_errors(void)
{
    told_t          told;
    hub_text_t      t = { NULL, 0, 0 };
    ngx_ai_error_t  error;

    memset(&error, 0, sizeof(error));
    error.kind = NGX_AI_ERROR_RATE;
    error.status = 429;
    error.retry_after = 1500;
    str((ngx_str_t *) &error.message, "Not \"now\".");

    told_begin(&told, NGX_AI_FRAMING_SSE, WIRE_EVENT_MAX);
    (void) ngx_ai_flow_error(&told.flow, &error);
    told_text(&told, &t);

    is_str(t.data, t.len,
           "data: {'error':{'code':429,'message':'Not \\'now\\'.','status':"
           "'RESOURCE_EXHAUSTED','details':[{'@type':"
           "'type.googleapis.com/google.rpc.RetryInfo','retryDelay':'2s'}]}}"
           "\n\n", "an error may be all there is");

    hub_text_free(&t);
    told_end(&told);

    told_begin(&told, NGX_AI_FRAMING_SSE, WIRE_EVENT_MAX);
    text(&told.flow, 0, NGX_AI_PART_TEXT, "a");
    told.out.last = told.out.start;
    (void) ngx_ai_flow_ping(&told.flow);
    told_text(&told, &t);

    is_str(t.data, t.len, ":\n\n", "a sign of life is a comment");

    hub_text_free(&t);
    told_end(&told);
}


/* a long stream takes no more memory than a short one */

static void
test_bounds(void)
{
    char                big[70000];
    told_t              told;
    ngx_uint_t          i, blocks;
    ngx_ai_part_t       part;
    ngx_ai_citation_t   c;

    memset(big, 'A', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';

    told_begin(&told, NGX_AI_FRAMING_SSE, 64 * 1024 * 1024);
    say_sources(&told.flow);
    say_signed(&told.flow);

    memset(&c, 0, sizeof(c));
    str(&c.url, "https://example.com/a/page/of/some/length/at/all");

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_THINKING;
    part.origin = NGX_AI_DIALECT_GEMINI;
    str(&part.signature, "SIGNATURE");

    text(&told.flow, 0, NGX_AI_PART_TEXT, "a");
    blocks = 0;

    for (i = 0; i < 20000; i++) {

        if (i == 10000) {
            blocks = ngx_shim_pool_blocks;
        }

        text(&told.flow, 0, NGX_AI_PART_TEXT, "a");
        (void) ngx_ai_flow_citation(&told.flow, 0, &c);
        thing(&told.flow, &part);
        told.out.last = told.out.start;
    }

    is_int(ngx_shim_pool_blocks, blocks,
           "texts, sources and signatures stop taking memory");

    str(&part.signature, big);
    thing(&told.flow, &part);

    ok(ngx_ai_buf_len(&told.out) > sizeof(big),
       "a signature that is too long to be kept is told at once");

    told_end(&told);
}


/* wherever the room ends, it is said and no byte more is written */

static void
test_caps(void)
{
    told_t      told;
    ngx_int_t   rc;
    ngx_uint_t  i, k, wrong;

    wrong = 0;

    for (i = 0; i < GEMINI_ROWS(told_rows); i++) {

        for (k = 0; k < strlen(told_rows[i].out); k += 5) {

            told_begin(&told, NGX_AI_FRAMING_SSE, k);

            told_rows[i].say(&told.flow);
            rc = ngx_ai_flow_end(&told.flow);

            if (rc != NGX_DECLINED || ngx_ai_buf_len(&told.out) > k) {
                wrong++;
            }

            told_end(&told);
        }
    }

    is_int(wrong, 0, "events that are too long are none");
}


int
main(void)
{
    gemini_init();

    test_told();
    test_array();
    test_errors();
    test_bounds();
    test_caps();

    wire_free(&gemini);

    return done();
}
