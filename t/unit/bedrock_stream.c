
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* streams of Converse: what they are in the hub, and what clients get */


#include "tap.h"
#include "wire.h"


#define START  "messageStart {'role':'assistant'}\n"

#define DELTA(i, delta)                                                       \
    "contentBlockDelta {'contentBlockIndex':" #i ",'delta':" delta "}\n"

#define BEGIN(i, start)                                                       \
    "contentBlockStart {'contentBlockIndex':" #i ",'start':" start "}\n"

#define STOP(i)  "contentBlockStop {'contentBlockIndex':" #i "}\n"

#define END(reason)                                                           \
    "messageStop {'stopReason':'" reason "'}\n"                               \
    "metadata {'usage':{'inputTokens':3,'outputTokens':2},"                   \
    "'metrics':{'latencyMs':9}}\n"

#define TOLD(reason)                                                          \
    "messageStop {'stopReason':'" reason "'}\n"                               \
    "metadata {'usage':{'inputTokens':3,'outputTokens':2,'totalTokens':5,"    \
    "'cacheReadInputTokens':0,'cacheWriteInputTokens':0},"                    \
    "'metrics':{'latencyMs':1234}}\n"


/* a line for each event: its name, behind "!" an exception's, and its data */

typedef struct {
    const char  *name;
    const char  *events;
    const char  *deltas;
    const char  *told;
} stream_row_t;


static void test_streams(void);
static void test_cut(void);
static void test_wrong(void);
static void test_foreign(void);
static void test_memory(void);
static void frames(ngx_ai_buf_t *out, const char *events);
static void events_of(wire_t *w, hub_text_t *t);


static const stream_row_t  stream_rows[] = {

    { "a text",
      START
      DELTA(0, "{'text':'a'}") DELTA(0, "{'text':'\\ud83d'}")
      DELTA(0, "{'text':'\\ude00'}") STOP(0)
      END("end_turn"),
      "START created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "TEXT 0.0 \"\\ud83d\"\n"
      "TEXT 0.0 \"\\ude00\"\n"
      "PART_END 0.0\n"
      "USAGE usage input=3 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START
      DELTA(0, "{'text':'a'}") DELTA(0, "{'text':'\\ud83d'}")
      DELTA(0, "{'text':'\\ude00'}") STOP(0)
      TOLD("end_turn") },

    { "junk to pad it, and events that nobody knows",
      "messageStart {'p':'abc','role':'assistant'}\n" "somethingNew [1\n"
      DELTA(0, "{'text':'a'},'p':'abcd'") DELTA(0, "{'hologram':{}}")
      "contentBlockDelta {'contentBlockIndex':0}\n" STOP(0)
      END("end_turn"),
      "START created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "PART_END 0.0\n"
      "USAGE usage input=3 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START
      DELTA(0, "{'text':'a'}") STOP(0)
      TOLD("end_turn") },

    { "a text without a start, an index or a stop",
      "contentBlockDelta {'delta':{'text':'a'}}\n"
      END("end_turn"),
      "START created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "USAGE usage input=3 output=2\n"
      "PART_END 0.0\n"
      "FINISH 0 stop\n"
      "END\n",
      START
      DELTA(0, "{'text':'a'}") STOP(0)
      TOLD("end_turn") },

    { "calls behind a text, in pieces, whole and without arguments",
      START
      DELTA(0, "{'text':'a'}") STOP(0)
      BEGIN(1, "{'toolUse':{'toolUseId':'t1','name':'f'}}")
      DELTA(1, "{'toolUse':{'input':''}}")
      DELTA(1, "{'toolUse':{'input':'{\\'a\\''}}")
      DELTA(1, "{'toolUse':{'input':':1.0}'}}") STOP(1)
      BEGIN(2, "{'toolUse':{'toolUseId':'t2','name':'g'}}")
      DELTA(2, "{'toolUse':{'input':'{}'}}") STOP(2)
      BEGIN(3, "{'toolUse':{'toolUseId':'t3','name':'h'}}") STOP(3)
      END("tool_use"),
      "START created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "PART_END 0.0\n"
      "PART 0.1 call id=\"t1\" name=\"f\"\n"
      "TEXT 0.1 \"{\\\"a\\\"\"\n"
      "TEXT 0.1 \":1.0}\"\n"
      "PART_END 0.1\n"
      "PART 0.2 call id=\"t2\" name=\"g\"\n"
      "TEXT 0.2 \"{}\"\n"
      "PART_END 0.2\n"
      "PART 0.3 call id=\"t3\" name=\"h\"\n"
      "TEXT 0.3 \"{}\"\n"
      "PART_END 0.3\n"
      "USAGE usage input=3 output=2\n"
      "FINISH 0 tool_calls\n"
      "END\n",
      START
      DELTA(0, "{'text':'a'}") STOP(0)
      BEGIN(1, "{'toolUse':{'toolUseId':'t1','name':'f'}}")
      DELTA(1, "{'toolUse':{'input':'{\\'a\\''}}")
      DELTA(1, "{'toolUse':{'input':':1.0}'}}") STOP(1)
      BEGIN(2, "{'toolUse':{'toolUseId':'t2','name':'g'}}")
      DELTA(2, "{'toolUse':{'input':'{}'}}") STOP(2)
      BEGIN(3, "{'toolUse':{'toolUseId':'t3','name':'h'}}")
      DELTA(3, "{'toolUse':{'input':'{}'}}") STOP(3)
      TOLD("tool_use") },

    { "a text behind a call",
      START
      BEGIN(0, "{'toolUse':{'toolUseId':'t1','name':'f'}}")
      DELTA(0, "{'toolUse':{'input':'{}'}}") STOP(0)
      DELTA(1, "{'text':'a'}") STOP(1)
      END("end_turn"),
      "START created=0\n"
      "PART 0.0 call id=\"t1\" name=\"f\"\n"
      "TEXT 0.0 \"{}\"\n"
      "PART_END 0.0\n"
      "PART 0.1 text\n"
      "TEXT 0.1 \"a\"\n"
      "PART_END 0.1\n"
      "USAGE usage input=3 output=2\n"
      "FINISH 0 tool_calls\n"
      "END\n",
      START
      BEGIN(0, "{'toolUse':{'toolUseId':'t1','name':'f'}}")
      DELTA(0, "{'toolUse':{'input':'{}'}}") STOP(0)
      DELTA(1, "{'text':'a'}") STOP(1)
      TOLD("tool_use") },

    { "thoughts, their signature, and redacted ones",
      START
      DELTA(0, "{'reasoningContent':{'text':'t'}}")
      DELTA(0, "{'reasoningContent':{'text':'u'}}")
      DELTA(0, "{'reasoningContent':{'signature':'S='}}") STOP(0)
      DELTA(1, "{'reasoningContent':{'redactedContent':'UkVE'}}") STOP(1)
      DELTA(2, "{'reasoningContent':{'signature':'only'}}") STOP(2)
      DELTA(3, "{'text':'a'}") STOP(3)
      END("end_turn"),
      "START created=0\n"
      "PART 0.0 thinking\n"
      "TEXT 0.0 \"t\"\n"
      "TEXT 0.0 \"u\"\n"
      "SIGNATURE 0.0 origin=5 \"S=\"\n"
      "PART_END 0.0\n"
      "PART 0.1 redacted data=\"UkVE\" origin=5\n"
      "PART_END 0.1\n"
      "PART 0.2 thinking\n"
      "SIGNATURE 0.2 origin=5 \"only\"\n"
      "PART_END 0.2\n"
      "PART 0.3 text\n"
      "TEXT 0.3 \"a\"\n"
      "PART_END 0.3\n"
      "USAGE usage input=3 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START
      DELTA(0, "{'reasoningContent':{'text':'t'}}")
      DELTA(0, "{'reasoningContent':{'text':'u'}}")
      DELTA(0, "{'reasoningContent':{'signature':'S='}}") STOP(0)
      DELTA(1, "{'reasoningContent':{'redactedContent':'UkVE'}}") STOP(1)
      DELTA(2, "{'reasoningContent':{'signature':'only'}}") STOP(2)
      DELTA(3, "{'text':'a'}") STOP(3)
      TOLD("end_turn") },

    { "citations before their text, and Nova's behind it",
      START
      DELTA(0, "{'citation':{'title':'t','sourceContent':[{'text':'q'}],"
               "'location':{'documentChar':{'documentIndex':0}}}}")
      DELTA(0, "{'text':'a'}") STOP(0)
      DELTA(1, "{'citation':{'location':{'web':{'url':'https://x'}}}}")
      STOP(1) DELTA(2, "{'text':'b'}") STOP(2)
      END("end_turn"),
      "START created=0\n"
      "PART 0.0 text\n"
      "CITATION 0.0 citation{ title=\"t\" quote=\"q\" -1--1 }\n"
      "TEXT 0.0 \"a\"\n"
      "PART_END 0.0\n"
      "PART 0.1 text\n"
      "CITATION 0.1 citation{ url=\"https://x\" -1--1 }\n"
      "PART_END 0.1\n"
      "PART 0.2 text\n"
      "TEXT 0.2 \"b\"\n"
      "PART_END 0.2\n"
      "USAGE usage input=3 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START
      DELTA(0, "{'citation':{'title':'t','sourceContent':[{'text':'q'}]}}")
      DELTA(0, "{'text':'a'}") STOP(0)
      DELTA(1, "{'citation':{'location':{'web':{'url':'https://x'}}}}")
      STOP(1) DELTA(2, "{'text':'b'}") STOP(2)
      TOLD("end_turn") },

    { "an image",
      START
      BEGIN(0, "{'image':{'format':'png'}}")
      DELTA(0, "{'image':{'source':{'bytes':'iVBOR'}}}")
      DELTA(0, "{'image':{'error':{'message':'x'}}}") STOP(0)
      DELTA(1, "{'text':'a'}") STOP(1)
      END("end_turn"),
      "START created=0\n"
      "PART 0.0 image data=\"iVBOR\" media=\"image/png\"\n"
      "PART_END 0.0\n"
      "PART 0.1 text\n"
      "TEXT 0.1 \"a\"\n"
      "PART_END 0.1\n"
      "USAGE usage input=3 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START
      BEGIN(0, "{'image':{'format':'png'}}")
      DELTA(0, "{'image':{'source':{'bytes':'iVBOR'}}}") STOP(0)
      DELTA(1, "{'text':'a'}") STOP(1)
      TOLD("end_turn") },

    { "what Bedrock says to itself is passed over",
      START
      BEGIN(0, "{'toolUse':{'toolUseId':'t','name':'nova_grounding',"
               "'type':'server_tool_use'}}")
      DELTA(0, "{'toolUse':{'input':'{}'}}") STOP(0)
      BEGIN(1, "{'toolResult':{'toolUseId':'t','type':"
               "'nova_grounding_result','status':'success'}}")
      DELTA(1, "{'toolResult':[{'text':'x'}]}") STOP(1)
      DELTA(2, "{'text':'a'}") STOP(2)
      END("end_turn"),
      "START created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "PART_END 0.0\n"
      "USAGE usage input=3 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START
      DELTA(0, "{'text':'a'}") STOP(0)
      TOLD("end_turn") },

    { "nothing",
      START
      END("end_turn"),
      "START created=0\n"
      "USAGE usage input=3 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START
      TOLD("end_turn") },

    { "what stopped it",
      START
      "messageStop {'stopReason':'stop_sequence',"
      "'additionalModelResponseFields':{'delta':{'stop_sequence':'END'}}}\n"
      "metadata {}\n",
      "START created=0\n"
      "FINISH 0 stop stop=\"END\"\n"
      "END\n",
      START
      "messageStop {'stopReason':'stop_sequence'}\n"
      "metadata {'usage':{'inputTokens':0,'outputTokens':0,'totalTokens':0,"
      "'cacheReadInputTokens':0,'cacheWriteInputTokens':0},"
      "'metrics':{'latencyMs':1234}}\n" },

    { "metadata are the end",
      START
      DELTA(0, "{'text':'a'}") STOP(0)
      "messageStop {'stopReason':'end_turn'}\n"
      "metadata {'usage':{'inputTokens':3,'outputTokens':2},"
      "'metrics':{'latencyMs':9}}\n"
      DELTA(1, "{'text':'b'}"),
      "START created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "PART_END 0.0\n"
      "USAGE usage input=3 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START
      DELTA(0, "{'text':'a'}") STOP(0)
      TOLD("end_turn") },

    { "usage with caches",
      START
      "messageStop {'stopReason':'max_tokens'}\n"
      "metadata {'usage':{'inputTokens':3,'outputTokens':2,"
      "'cacheReadInputTokens':4,'cacheWriteInputTokens':5}}\n",
      "START created=0\n"
      "USAGE usage input=3 cache_read=4 cache_write=5 output=2\n"
      "FINISH 0 length\n"
      "END\n",
      START
      "messageStop {'stopReason':'max_tokens'}\n"
      "metadata {'usage':{'inputTokens':3,'outputTokens':2,'totalTokens':14,"
      "'cacheReadInputTokens':4,'cacheWriteInputTokens':5},"
      "'metrics':{'latencyMs':1234}}\n" },

    { "an exception alone",
      "!throttlingException {'message':'Too many \\'tokens\\'.'}\n",
      "ERROR rate_limited message=\"Too many \"tokens\".\"\n",
      "!throttlingException {'message':'Too many \\'tokens\\'.'}\n" },

    { "an exception behind a text",
      START
      DELTA(0, "{'text':'a'}")
      "!modelStreamErrorException {'message':'m'}\n" STOP(0),
      "START created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "ERROR upstream message=\"m\"\n",
      START
      DELTA(0, "{'text':'a'}") "!modelStreamErrorException {'message':'m'}\n" },

    { "an exception whose message says what it is",
      "!validationException {'message':'Input is too long for requested "
      "model.'}\n",
      "ERROR context_length message=\"Input is too long for requested model.\""
      "\n",
      "!validationException {'message':'Input is too long for requested "
      "model.'}\n" },

    { "an error without JSON",
      "!InternalFailure what\n",
      "ERROR upstream message=\"what\"\n",
      "!modelStreamErrorException {'message':'what'}\n" },

    { "an error in other words",
      "!ServiceUnavailableException {'Message':'m'}\n",
      "ERROR unavailable message=\"m\"\n",
      "!serviceUnavailableException {'message':'m'}\n" }
};


static void
frames(ngx_ai_buf_t *out, const char *events)
{
    char        *json, *line, *data, *next;
    size_t       mark;
    ngx_str_t    name;
    ngx_uint_t   error;

    json = wire_json(events);

    ngx_ai_buf_reset(out);

    for (line = json; *line; line = next) {
        next = strchr(line, '\n') + 1;
        next[-1] = '\0';

        error = (*line == '!');
        line += error;

        data = strchr(line, ' ') + 1;

        name.data = (u_char *) line;
        name.len = data - 1 - line;

        if (ngx_ai_aws_begin(out, &name, error, &mark) != NGX_OK
            || ngx_ai_buf_append(out, data, strlen(data)) != NGX_OK
            || ngx_ai_aws_finish(out, mark) != NGX_OK)
        {
            abort();
        }
    }

    free(json);
}


/* what was written, as lines like those */

static void
events_of(wire_t *w, hub_text_t *t)
{
    u_char              *pos;
    size_t               from;
    ngx_ai_framing_t     framing;
    ngx_ai_sse_event_t   ev;

    ngx_ai_framing_init(&framing, NGX_AI_FRAMING_AWS, WIRE_EVENT_MAX,
                        &ngx_shim_log);
    pos = w->out.start;
    hub_printf(t, "%s", "");

    while (ngx_ai_framing_end(&framing, &pos, w->out.last, &ev) == NGX_OK) {
        hub_printf(t, "%s%.*s ", ev.error ? "!" : "", (int) ev.name.len,
                   ev.name.data);
        from = t->len;
        hub_bytes(t, ev.data.data, ev.data.len);
        wire_turn(t->data + from, t->len - from, "\"'", "'`");
        hub_printf(t, "\n");
    }

    if (pos != w->out.last) {
        hub_printf(t, "and what is no event\n");
    }
}


static void
test_streams(void)
{
    size_t               len;
    wire_t               w;
    ngx_int_t            rc;
    hub_text_t           t = { NULL, 0, 0 };
    hub_sink_t           sink, other;
    ngx_uint_t           i, cut, same;
    ngx_ai_buf_t         in;
    const stream_row_t  *row;

    wire_init(&w, NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock);
    ngx_ai_buf_init(&in, WIRE_OUT_MAX, &ngx_shim_log);

    for (i = 0; i < sizeof(stream_rows) / sizeof(stream_row_t); i++) {
        row = &stream_rows[i];

        frames(&in, row->events);
        len = ngx_ai_buf_len(&in);

        rc = wire_read_stream(&w, in.start, len, WIRE_WHOLE, 0, &sink);

        is_int(rc, NGX_OK, "%s: it comes to its end", row->name);
        is_str(sink.deltas.data, sink.deltas.len, row->deltas, "read: %s",
               row->name);

        same = 1;

        for (cut = WIRE_BYTES; cut < 6; cut++) {
            rc = wire_read_stream(&w, in.start, len, cut, 0, &other);

            same &= (rc == NGX_OK && other.deltas.len == sink.deltas.len
                     && memcmp(other.deltas.data, sink.deltas.data,
                               sink.deltas.len)
                        == 0);
            hub_sink_free(&other);
        }

        ok(same, "%s: pieces make no difference", row->name);
        hub_sink_free(&sink);

        is_int(wire_write_stream(&w, in.start, len), NGX_OK, "it is written");

        events_of(&w, &t);
        is_str(t.data, t.len, row->told, "told: %s", row->name);
        hub_text_free(&t);
    }

    ngx_ai_buf_free(&in);
    wire_free(&w);
}


/* a stream that just ends is over when it has said why */

static void
test_cut(void)
{
    wire_t        w;
    hub_sink_t    sink;
    ngx_ai_buf_t  in;

    wire_init(&w, NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock);
    ngx_ai_buf_init(&in, WIRE_OUT_MAX, &ngx_shim_log);

    frames(&in, START "contentBlockDelta {'contentBlockIndex':0,'delta':"
                "{'text':'a'}}\n");

    is_int(wire_read_stream(&w, in.start, ngx_ai_buf_len(&in), WIRE_WHOLE, 0,
                            &sink),
           NGX_AGAIN, "a stream that does not say why it ends is cut");
    hub_sink_free(&sink);

    frames(&in, START "metadata {'usage':{'inputTokens':3}}\n");

    is_int(wire_read_stream(&w, in.start, ngx_ai_buf_len(&in), WIRE_WHOLE, 0,
                            &sink),
           NGX_AGAIN, "so is one that has metadata and no reason");
    hub_sink_free(&sink);

    frames(&in, START "messageStop {'stopReason':'end_turn'}\n");

    is_int(wire_read_stream(&w, in.start, ngx_ai_buf_len(&in), WIRE_WHOLE, 0,
                            &sink),
           NGX_OK, "one that lacks its metadata is not");
    ok(sink.ended && !sink.reply.usage.reported, "it has no usage");
    hub_sink_free(&sink);

    ngx_ai_buf_free(&in);
    wire_free(&w);
}


static void
test_wrong(void)
{
    wire_t        w;
    hub_sink_t    sink;
    ngx_uint_t    i;
    ngx_ai_buf_t  in;

    static const char  *wrong[] = {
        "contentBlockDelta {'contentBlockIndex':0\n",
        "contentBlockDelta []\n",
        "contentBlockDelta  \n",
        "messageStart 1\n",
        "messageStop {'a':1}{}\n",
        "metadata {\xff}\n",
        "contentBlockStart {'start':{'toolUse':{'toolUseId':'t'}}}\n"
    };

    wire_init(&w, NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock);
    ngx_ai_buf_init(&in, WIRE_OUT_MAX, &ngx_shim_log);

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        frames(&in, wrong[i]);

        is_int(wire_read_stream(&w, in.start, ngx_ai_buf_len(&in), WIRE_WHOLE,
                                0, &sink),
               NGX_ERROR, "no event: %s", wrong[i]);
        hub_sink_free(&sink);
    }

    frames(&in, START "contentBlockDelta {'contentBlockIndex':-1,'delta':"
                "{'text':1,'toolUse':7,'reasoningContent':[],'image':{}}}\n"
                "contentBlockDelta {'contentBlockIndex':'x','delta':7}\n"
                "contentBlockStart {'contentBlockIndex':1e99,'start':7}\n"
                "contentBlockStop {'contentBlockIndex':0.5}\n"
                "messageStop {'stopReason':1}\n"
                "metadata {'usage':7}\n");

    is_int(wire_read_stream(&w, in.start, ngx_ai_buf_len(&in), WIRE_WHOLE, 0,
                            &sink),
           NGX_ERROR, "a call that never gets a name is none");
    hub_sink_free(&sink);

    in.start[in.last - in.start - 5] ^= 1;

    is_int(wire_read_stream(&w, in.start, ngx_ai_buf_len(&in), WIRE_WHOLE, 0,
                            &sink),
           NGX_ERROR, "a wrong checksum is told");
    hub_sink_free(&sink);

    ngx_ai_buf_free(&in);
    wire_free(&w);
}


/* what other dialects say, as the flow tells it */

static void
test_foreign(void)
{
    wire_t           w;
    ngx_str_t        none, text, sign;
    hub_text_t       t = { NULL, 0, 0 };
    ngx_pool_t      *pool;
    ngx_ai_part_t    part;
    ngx_ai_flow_t    flow;
    ngx_ai_sink_t   *sink;
    ngx_ai_reply_t   reply;
    ngx_ai_usage_t   usage;

    wire_init(&w, NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock);

    pool = ngx_create_pool(4096, &ngx_shim_log);
    sink = calloc(1, ngx_ai_bedrock.sink);

    if (sink == NULL || ngx_ai_flow_init(&flow, pool, 4096, 7) != NGX_OK) {
        abort();
    }

    memset(&reply, 0, sizeof(reply));

    sink->out = &w.out;
    sink->told = &w.told;
    sink->framing = NGX_AI_FRAMING_AWS;
    sink->pool = pool;

    flow.write = ngx_ai_bedrock.write_delta;
    flow.sink = sink;
    flow.reply = &reply;

    ngx_str_null(&none);
    ngx_str_set(&text, "a");
    ngx_str_set(&sign, "S=");

    memset(&usage, 0, sizeof(usage));
    usage.tokens[NGX_AI_USAGE_INPUT] = 3;
    usage.tokens[NGX_AI_USAGE_REASONING] = 2;

    (void) ngx_ai_flow_usage(&flow, &usage);
    (void) ngx_ai_flow_ping(&flow);

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_THINKING;
    part.origin = NGX_AI_DIALECT_ANTHROPIC;
    part.text = text;
    part.signature = sign;
    (void) ngx_ai_flow_part(&flow, 0, 0, &part);

    part.kind = NGX_AI_PART_TEXT;
    part.origin = NGX_AI_DIALECT_GEMINI;
    (void) ngx_ai_flow_part(&flow, 0, 1, &part);
    (void) ngx_ai_flow_text(&flow, 0, NGX_AI_PART_TEXT, &text);
    (void) ngx_ai_flow_text(&flow, 0, NGX_AI_PART_REFUSAL, &text);

    /* of these nothing is told */

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_REDACTED;
    part.origin = NGX_AI_DIALECT_ANTHROPIC;
    part.data = text;
    (void) ngx_ai_flow_part(&flow, 0, 2, &part);

    part.kind = NGX_AI_PART_AUDIO;
    (void) ngx_ai_flow_part(&flow, 0, 3, &part);

    part.kind = NGX_AI_PART_IMAGE;
    (void) ngx_ai_flow_part(&flow, 0, 4, &part);
    (void) ngx_ai_flow_logprobs(&flow, 0, &text);
    (void) ngx_ai_flow_text(&flow, 1, NGX_AI_PART_TEXT, &text);

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_TOOL_CALL;
    part.origin = NGX_AI_DIALECT_GEMINI;
    part.signature = sign;
    ngx_str_set(&part.id, "call_0");
    ngx_str_set(&part.name, "f");
    (void) ngx_ai_flow_part(&flow, 0, 5, &part);
    (void) ngx_ai_flow_signature(&flow, 0, 5, NGX_AI_DIALECT_GEMINI, &sign);
    (void) ngx_ai_flow_part_end(&flow, 0, 5);

    (void) ngx_ai_flow_finish(&flow, 0, NGX_AI_FINISH_STOP, &none);
    is_int(ngx_ai_flow_end(&flow), NGX_OK, "a stream of another dialect");

    events_of(&w, &t);
    is_str(t.data, t.len,
           START
           DELTA(0, "{'reasoningContent':{'text':'a'}}")
           DELTA(0, "{'reasoningContent':{'signature':'aigw.3.S='}}")
           STOP(0)
           DELTA(1, "{'text':'a'}")
           STOP(1)
           DELTA(2, "{'reasoningContent':{'signature':'aigw.4.S='}}")
           STOP(2)
           DELTA(3, "{'text':'a'}")
           STOP(3)
           DELTA(4, "{'text':'a'}")
           STOP(4)
           DELTA(5, "{'reasoningContent':{'signature':'aigw.4.S='}}")
           STOP(5)
           "contentBlockStart {'contentBlockIndex':6,'start':{'toolUse':"
           "{'toolUseId':'call_0','name':'f'}}}\n"
           "contentBlockDelta {'contentBlockIndex':6,'delta':{'toolUse':"
           "{'input':'{}'}}}\n"
           STOP(6)
           TOLD("tool_use"),
           "is told so that its signatures come back");

    hub_text_free(&t);
    free(sink);
    ngx_destroy_pool(pool);
    wire_free(&w);
}


static void
test_memory(void)
{
    size_t        len, max;
    wire_t        w;
    ngx_uint_t    n, wrong;
    ngx_ai_buf_t  in;

    wire_init(&w, NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock);
    ngx_ai_buf_init(&in, WIRE_OUT_MAX, &ngx_shim_log);

    frames(&in, START
           "contentBlockDelta {'delta':{'reasoningContent':{'text':'t'}}}\n"
           "contentBlockDelta {'delta':{'reasoningContent':"
           "{'signature':'S'}}}\n"
           "contentBlockStop {}\n"
           "contentBlockDelta {'delta':{'citation':{}}}\n"
           "contentBlockDelta {'delta':{'text':'a'}}\n"
           "contentBlockStop {}\n"
           "contentBlockStart {'contentBlockIndex':1,'start':{'toolUse':"
           "{'toolUseId':'t','name':'f'}}}\n"
           STOP(1)
           "contentBlockStart {'contentBlockIndex':2,'start':{'image':"
           "{'format':'png'}}}\n"
           "contentBlockDelta {'contentBlockIndex':2,'delta':{'image':"
           "{'source':{'bytes':'x'}}}}\n"
           DELTA(3, "{'reasoningContent':{'redactedContent':'t'}}")
           END("end_turn"));

    is_int(wire_write_stream(&w, in.start, ngx_ai_buf_len(&in)), NGX_OK,
           "a stream of all there is is written");

    len = ngx_ai_buf_len(&w.out);
    max = w.out.max;
    wrong = 0;

    for (n = 0; n < len; n++) {
        ngx_ai_buf_free(&w.out);
        w.out.max = n;

        if (wire_write_stream(&w, in.start, ngx_ai_buf_len(&in))
            != NGX_DECLINED)
        {
            wrong++;
        }
    }

    w.out.max = max;

    is_int(wrong, 0, "a buffer of any smaller size is too small");

    ngx_ai_buf_free(&in);
    wire_free(&w);
}


int
main(void)
{
    test_streams();
    test_cut();
    test_wrong();
    test_foreign();
    test_memory();

    return done();
}
