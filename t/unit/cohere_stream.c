
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* streams of Cohere: what they are in the hub, and what clients get */


#include "wire_rows.h"


#define EVENT(type, more)  "{'type':'" type "'" more "}\n"

#define START(id)                                                             \
    "{'id':'" id "','type':'message-start','delta':{'message':"               \
    "{'role':'assistant','content':[],'tool_plan':'','tool_calls':[],"        \
    "'citations':[]}}}\n"

#define BLOCK(i, kind)                                                        \
    EVENT("content-start", ",'index':" #i ",'delta':{'message':{'content':"   \
          "{'type':'" kind "','" kind "':''}}}")

#define SAYS(i, kind, text)                                                   \
    EVENT("content-delta", ",'index':" #i ",'delta':{'message':{'content':"   \
          "{'" kind "':'" text "'}}}")

#define CALL(i, id, name)                                                     \
    EVENT("tool-call-start", ",'index':" #i ",'delta':{'message':"            \
          "{'tool_calls':{'id':'" id "','type':'function','function':"        \
          "{'name':'" name "','arguments':''}}}}")

#define ARGS(i, args)                                                         \
    EVENT("tool-call-delta", ",'index':" #i ",'delta':{'message':"            \
          "{'tool_calls':{'function':{'arguments':'" args "'}}}}")

#define CITES(i, citation)                                                    \
    EVENT("citation-start", ",'index':" #i ",'delta':{'message':"             \
          "{'citations':" citation "}}")

#define STOP(what, i)  EVENT(what "-end", ",'index':" #i)

#define PLAN(text)                                                            \
    EVENT("tool-plan-delta", ",'delta':{'message':{'tool_plan':'" text "'}}")

#define END(reason)                                                           \
    EVENT("message-end", ",'delta':{'finish_reason':'" reason "','usage':"    \
          "{'billed_units':{'input_tokens':1,'output_tokens':2},'tokens':"    \
          "{'input_tokens':3,'output_tokens':2},'cached_tokens':1}}")         \
    "[DONE]\n"

#define TOLD  "01234567-89ab-cdef-0123-456789abcdef"

#define TOLD_END(reason)                                                      \
    EVENT("message-end", ",'delta':{'finish_reason':'" reason "','usage':"    \
          "{'billed_units':{'input_tokens':3,'output_tokens':2},'tokens':"    \
          "{'input_tokens':3,'output_tokens':2},'cached_tokens':1}}")         \
    "[DONE]\n"


/* a line for each event: its data */

typedef struct {
    const char  *name;
    const char  *events;
    const char  *deltas;
    const char  *told;
} stream_row_t;


static void test_streams(void);
static void test_forms(void);
static void test_cut(void);
static void test_wrong(void);
static void test_foreign(void);
static void test_memory(void);
static void events(ngx_ai_buf_t *out, const char *lines);
static void events_of(wire_t *w, hub_text_t *t);


static const stream_row_t  stream_rows[] = {

    { "a text",
      START("x") BLOCK(0, "text") SAYS(0, "text", "a")
      SAYS(0, "text", "\\ud83d") SAYS(0, "text", "\\ude00") STOP("content", 0)
      END("COMPLETE"),
      "START id=\"x\" created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "TEXT 0.0 \"\\ud83d\"\n"
      "TEXT 0.0 \"\\ude00\"\n"
      "PART_END 0.0\n"
      "USAGE usage input=2 cache_read=1 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START(TOLD) BLOCK(0, "text") SAYS(0, "text", "a")
      SAYS(0, "text", "\\ud83d") SAYS(0, "text", "\\ude00") STOP("content", 0)
      TOLD_END("COMPLETE") },

    { "thoughts before it",
      START("x") BLOCK(0, "thinking") SAYS(0, "thinking", "h")
      STOP("content", 0) BLOCK(1, "text") SAYS(1, "text", "a")
      STOP("content", 1) END("COMPLETE"),
      "START id=\"x\" created=0\n"
      "PART 0.0 thinking\n"
      "TEXT 0.0 \"h\"\n"
      "PART_END 0.0\n"
      "PART 0.1 text\n"
      "TEXT 0.1 \"a\"\n"
      "PART_END 0.1\n"
      "USAGE usage input=2 cache_read=1 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START(TOLD) BLOCK(0, "thinking") SAYS(0, "thinking", "h")
      STOP("content", 0) BLOCK(1, "text") SAYS(1, "text", "a")
      STOP("content", 1) TOLD_END("COMPLETE") },

    { "a plan and calls, one of them without arguments",
      START("x") PLAN("I ") PLAN("look.") CALL(0, "c1", "f")
      ARGS(0, "{\\'a\\'") ARGS(0, ":1.0}") STOP("tool-call", 0)
      CALL(1, "c2", "g") STOP("tool-call", 1) END("TOOL_CALL"),
      "START id=\"x\" created=0\n"
      "PART 0.0 thinking\n"
      "TEXT 0.0 \"I \"\n"
      "TEXT 0.0 \"look.\"\n"
      "PART_END 0.0\n"
      "PART 0.1 call id=\"c1\" name=\"f\"\n"
      "TEXT 0.1 \"{\\\"a\\\"\"\n"
      "TEXT 0.1 \":1.0}\"\n"
      "PART_END 0.1\n"
      "PART 0.2 call id=\"c2\" name=\"g\"\n"
      "TEXT 0.2 \"{}\"\n"
      "PART_END 0.2\n"
      "USAGE usage input=2 cache_read=1 output=2\n"
      "FINISH 0 tool_calls\n"
      "END\n",
      START(TOLD) BLOCK(0, "thinking") SAYS(0, "thinking", "I ")
      SAYS(0, "thinking", "look.") STOP("content", 0) CALL(0, "c1", "f")
      ARGS(0, "{\\'a\\'") ARGS(0, ":1.0}") STOP("tool-call", 0)
      CALL(1, "c2", "g") ARGS(1, "{}") STOP("tool-call", 1)
      TOLD_END("TOOL_CALL") },

    { "calls that overlap",
      START("x") CALL(0, "c1", "f") CALL(1, "c2", "g") ARGS(1, "{\\'b\\':2}")
      ARGS(0, "{\\'a\\':1}") STOP("tool-call", 0) STOP("tool-call", 1)
      END("TOOL_CALL"),
      "START id=\"x\" created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\n"
      "TEXT 0.0 \"{\\\"a\\\":1}\"\n"
      "PART_END 0.0\n"
      "PART 0.1 call id=\"c2\" name=\"g\"\n"
      "TEXT 0.1 \"{\\\"b\\\":2}\"\n"
      "PART_END 0.1\n"
      "USAGE usage input=2 cache_read=1 output=2\n"
      "FINISH 0 tool_calls\n"
      "END\n",
      START(TOLD) CALL(0, "c1", "f") ARGS(0, "{\\'a\\':1}")
      STOP("tool-call", 0) CALL(1, "c2", "g") ARGS(1, "{\\'b\\':2}")
      STOP("tool-call", 1) TOLD_END("TOOL_CALL") },

    { "citations in the middle of their text",
      START("x") BLOCK(0, "text") SAYS(0, "text", "abc")
      CITES(0, "{'start':0,'end':2,'text':'ab','sources':[{'type':'tool',"
               "'id':'t:0','tool_output':{'content':'C'}},"
               "{'type':'document','id':'d','document':{'url':"
               "'https://x'}}],'type':'TEXT_CONTENT'}")
      STOP("citation", 0) SAYS(0, "text", "d") STOP("content", 0)
      END("COMPLETE"),
      "START id=\"x\" created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"abc\"\n"
      "CITATION 0.0 citation{ quote=\"C\" id=\"t:0\" 0-2 }\n"
      "CITATION 0.0 citation{ url=\"https://x\" id=\"d\" 0-2 }\n"
      "TEXT 0.0 \"d\"\n"
      "PART_END 0.0\n"
      "USAGE usage input=2 cache_read=1 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START(TOLD) BLOCK(0, "text") SAYS(0, "text", "abc")
      CITES(0, "{'start':0,'end':2,'sources':[{'type':'document',"
               "'id':'t:0','document':{'id':'t:0','text':'C'}}],"
               "'type':'TEXT_CONTENT','content_index':0}")
      STOP("citation", 0)
      CITES(1, "{'start':0,'end':2,'sources':[{'type':'document','id':'d',"
               "'document':{'id':'d','url':'https://x'}}],"
               "'type':'TEXT_CONTENT','content_index':0}")
      STOP("citation", 1) SAYS(0, "text", "d") STOP("content", 0)
      TOLD_END("COMPLETE") },

    { "a text in its start, and no starts",
      START("x")
      EVENT("content-start",
            ",'index':0,'delta':{'message':{'content':{'type':'text',"
            "'text':'a'}}}")
      SAYS(1, "thinking", "h") SAYS(0, "text", "b") END("STOP_SEQUENCE"),
      "START id=\"x\" created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "PART_END 0.0\n"
      "PART 0.1 thinking\n"
      "TEXT 0.1 \"h\"\n"
      "PART_END 0.1\n"
      "PART 0.2 text\n"
      "TEXT 0.2 \"b\"\n"
      "USAGE usage input=2 cache_read=1 output=2\n"
      "PART_END 0.2\n"
      "FINISH 0 stop\n"
      "END\n",
      START(TOLD) BLOCK(0, "text") SAYS(0, "text", "a") STOP("content", 0)
      BLOCK(1, "thinking") SAYS(1, "thinking", "h") STOP("content", 1)
      BLOCK(2, "text") SAYS(2, "text", "b") STOP("content", 2)
      TOLD_END("COMPLETE") },

    { "probabilities",
      START("x") BLOCK(0, "text")
      EVENT("content-delta",
            ",'index':0,'delta':{'message':{'content':{'text':'a'}}},"
            "'logprobs':{'text':'a','token_ids':[1],'logprobs':[-0.5]}")
      EVENT("content-delta",
            ",'index':0,'delta':{'message':{'content':{'text':'b'}}},"
            "'logprobs':{}")
      STOP("content", 0) END("COMPLETE"),
      "START id=\"x\" created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "LOGPROBS 0 {\"content\":[{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":n"
      "ull,\"top_logprobs\":[]}]}\n"
      "TEXT 0.0 \"b\"\n"
      "PART_END 0.0\n"
      "USAGE usage input=2 cache_read=1 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START(TOLD) BLOCK(0, "text") SAYS(0, "text", "a")
      EVENT("content-delta",
            ",'index':0,'delta':{'message':{'content':{'text':''}}},"
            "'logprobs':{'text':'a','token_ids':[],'logprobs':[-0.5]}")
      SAYS(0, "text", "b") STOP("content", 0) TOLD_END("COMPLETE") },

    { "probabilities of no text",
      START("x") EVENT("content-delta",
            ",'delta':{'message':{'content':{'text':''}}},'logprobs':{'text':"
            "'a','logprobs':[-0.5]}")
      BLOCK(0, "thinking") SAYS(0, "thinking", "h")
      EVENT("content-delta",
            ",'delta':{'message':{'content':{'thinking':''}}},'logprobs':"
            "{'text':'h','logprobs':[-0.5]}")
      STOP("content", 0) END("COMPLETE"),
      "START id=\"x\" created=0\n"
      "LOGPROBS 0 {\"content\":[{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":n"
      "ull,\"top_logprobs\":[]}]}\n"
      "PART 0.0 thinking\n"
      "TEXT 0.0 \"h\"\n"
      "LOGPROBS 0 {\"content\":[{\"token\":\"h\",\"logprob\":-0.5,\"bytes\":n"
      "ull,\"top_logprobs\":[]}]}\n"
      "PART_END 0.0\n"
      "USAGE usage input=2 cache_read=1 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START(TOLD) BLOCK(0, "thinking") SAYS(0, "thinking", "h")
      STOP("content", 0) TOLD_END("COMPLETE") },

    { "nothing",
      START("x")
      EVENT("message-end", ",'delta':{'finish_reason':'MAX_TOKENS'}")
      "[DONE]\n",
      "START id=\"x\" created=0\n"
      "FINISH 0 length\n"
      "END\n",
      START(TOLD)
      EVENT("message-end", ",'delta':{'finish_reason':'MAX_TOKENS'}")
      "[DONE]\n" },

    { "events that nobody knows",
      START("x") EVENT("debug", ",'prompt':'x'") EVENT("content-delta", "")
      EVENT("content-start", ",'delta':7")
      EVENT("tool-call-start", ",'delta':{'message':{'tool_calls':[]}}")
      EVENT("tool-plan-delta", "")
      EVENT("citation-start", ",'delta':{'message':{'citations':7}}")
      "{'x':1}\n" BLOCK(0, "text") SAYS(0, "text", "a") STOP("content", 0)
      END("COMPLETE"),
      "START id=\"x\" created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "PART_END 0.0\n"
      "USAGE usage input=2 cache_read=1 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START(TOLD) BLOCK(0, "text") SAYS(0, "text", "a") STOP("content", 0)
      TOLD_END("COMPLETE") },

    { "no terminator",
      START("x") BLOCK(0, "text") SAYS(0, "text", "a") STOP("content", 0)
      EVENT("message-end",
            ",'delta':{'finish_reason':'COMPLETE',"
            "'usage':{'billed_units':{'input_tokens':1,'output_tokens':2},"
            "'tokens':{'input_tokens':3,'output_tokens':2},"
            "'cached_tokens':1}}"),
      "START id=\"x\" created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "PART_END 0.0\n"
      "USAGE usage input=2 cache_read=1 output=2\n"
      "FINISH 0 stop\n"
      "END\n",
      START(TOLD) BLOCK(0, "text") SAYS(0, "text", "a") STOP("content", 0)
      TOLD_END("COMPLETE") },

    { "an answer that failed",
      START("x") PLAN("I ")
      EVENT("message-end",
            ",'delta':{'finish_reason':'ERROR','usage':{},"
            "'error':'invalid \\'tool\\' generation',"
            "'error_type':'INVALID_TOOL_GENERATION'}")
      "[DONE]\n",
      "START id=\"x\" created=0\n"
      "PART 0.0 thinking\n"
      "TEXT 0.0 \"I \"\n"
      "ERROR upstream message=\"invalid \"tool\" generation\"\n",
      START(TOLD) BLOCK(0, "thinking") SAYS(0, "thinking", "I ")
      EVENT("message-end",
            ",'delta':{'finish_reason':'ERROR','usage':{},"
            "'error':'invalid \\'tool\\' generation'}")
      "[DONE]\n" },

    { "one that was too long",
      START("x")
      EVENT("message-end",
            ",'delta':{'finish_reason':'ERROR','error':'e',"
            "'error_type':'TOO_MANY_TOKENS'}"),
      "START id=\"x\" created=0\n"
      "ERROR context_length message=\"e\"\n",
      START(TOLD)
      EVENT("message-end",
            ",'delta':{'finish_reason':'ERROR','usage':{},'error':'e'}")
      "[DONE]\n" },

    { "one that took too long",
      START("x") EVENT("message-end", ",'delta':{'finish_reason':'TIMEOUT'}"),
      "START id=\"x\" created=0\n"
      "ERROR upstream message=\"TIMEOUT\"\n",
      START(TOLD)
      EVENT("message-end",
            ",'delta':{'finish_reason':'ERROR','usage':{},"
            "'error':'TIMEOUT'}")
      "[DONE]\n" }
};


static void
events(ngx_ai_buf_t *out, const char *lines)
{
    char         *json, *line, *next, *type;
    size_t        mark;
    ngx_str_t     name;

    static const char  key[] = "\"type\":\"";

    json = wire_json(lines);

    ngx_ai_buf_reset(out);

    for (line = json; *line; line = next) {
        next = strchr(line, '\n') + 1;
        next[-1] = '\0';

        ngx_str_null(&name);

        type = strstr(line, key);

        if (type != NULL) {
            name.data = (u_char *) type + sizeof(key) - 1;
            name.len = strcspn((char *) name.data, "\"");
        }

        if (ngx_ai_framing_begin(NGX_AI_FRAMING_SSE, out, &name, 0, &mark)
            != NGX_OK
            || ngx_ai_buf_append(out, line, strlen(line)) != NGX_OK
            || ngx_ai_framing_finish(NGX_AI_FRAMING_SSE, out, mark) != NGX_OK)
        {
            abort();
        }
    }

    free(json);
}


/* what was written, as lines like those; names are what the data say */

static void
events_of(wire_t *w, hub_text_t *t)
{
    u_char              *pos;
    size_t               from;
    ngx_ai_framing_t     framing;
    ngx_ai_sse_event_t   ev;

    ngx_ai_framing_init(&framing, NGX_AI_FRAMING_SSE, WIRE_EVENT_MAX,
                        &ngx_shim_log);
    pos = w->out.start;
    hub_printf(t, "%s", "");

    while (ngx_ai_framing_end(&framing, &pos, w->out.last, &ev) == NGX_OK) {

        if (ev.name.len
            && memmem(ev.data.data, ev.data.len, ev.name.data, ev.name.len)
               == NULL)
        {
            hub_printf(t, "(named otherwise)");
        }

        if (ev.name.len == 0 && ev.lines && ev.data.data[0] != '[') {
            hub_printf(t, "(not named)");
        }

        from = t->len;
        hub_bytes(t, ev.data.data, ev.data.len);
        wire_turn(t->data + from, t->len - from, "\"'", "'`");
        hub_printf(t, "\n");
    }

    ngx_ai_framing_free(&framing);
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

    wire_init(&w, NGX_AI_DIALECT_COHERE, &ngx_ai_cohere);
    ngx_ai_buf_init(&in, WIRE_OUT_MAX, &ngx_shim_log);

    for (i = 0; i < wire_n(stream_rows); i++) {
        row = &stream_rows[i];

        events(&in, row->events);
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


/* an event is what its data say, whatever it is called */

static void
test_forms(void)
{
    wire_t      w;
    hub_sink_t  sink;

    static const char  bytes[] =
        "data: {\"type\":\"message-start\",\"id\":\"x\"}\r\n\r\n"
        ": comment\r\n\r\n"
        "event: other\r\ndata: {\"type\":\"content-delta\",\"index\":0,\r\n"
        "data: \"delta\":{\"message\":{\"content\":{\"text\":\"a\"}}}}\r\n"
        "\r\n"
        "data:{\"type\":\"message-end\",\"delta\":"
        "{\"finish_reason\":\"COMPLETE\"}}\r\n\r\ndata: [DONE]";

    wire_init(&w, NGX_AI_DIALECT_COHERE, &ngx_ai_cohere);

    is_int(wire_read_stream(&w, bytes, sizeof(bytes) - 1, WIRE_BYTES, 0,
                            &sink),
           NGX_OK, "a stream without names");
    is_str(sink.deltas.data, sink.deltas.len,
           "START id=\"x\" created=0\n"
           "PING\n"
           "PART 0.0 text\n"
           "TEXT 0.0 \"a\"\n"
           "PART_END 0.0\n"
           "FINISH 0 stop\n"
           "END\n", "is read");

    hub_sink_free(&sink);
    wire_free(&w);
}


/* a stream that just ends is over when it has said why */

static void
test_cut(void)
{
    wire_t        w;
    hub_sink_t    sink;
    ngx_ai_buf_t  in;

    wire_init(&w, NGX_AI_DIALECT_COHERE, &ngx_ai_cohere);
    ngx_ai_buf_init(&in, WIRE_OUT_MAX, &ngx_shim_log);

    events(&in, START("x") SAYS(0, "text", "a"));

    is_int(wire_read_stream(&w, in.start, ngx_ai_buf_len(&in), WIRE_WHOLE, 0,
                            &sink),
           NGX_AGAIN, "a stream that does not say why it ends is cut");
    hub_sink_free(&sink);

    events(&in, START("x") EVENT("message-end", "") "[DONE]\n");

    is_int(wire_read_stream(&w, in.start, ngx_ai_buf_len(&in), WIRE_WHOLE, 0,
                            &sink),
           NGX_AGAIN, "a terminator alone is no reason");
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
        "{'type':'content-delta'\n",
        "[]\n",
        "1\n",
        "[DONE\n",
        "{'type':'x'} {}\n",
        "{'type':'\xff'}\n"
    };

    wire_init(&w, NGX_AI_DIALECT_COHERE, &ngx_ai_cohere);
    ngx_ai_buf_init(&in, WIRE_OUT_MAX, &ngx_shim_log);

    for (i = 0; i < wire_n(wrong); i++) {
        events(&in, wrong[i]);

        is_int(wire_read_stream(&w, in.start, ngx_ai_buf_len(&in), WIRE_WHOLE,
                                0, &sink),
               NGX_ERROR, "no event: %s", wrong[i]);
        hub_sink_free(&sink);
    }

    ngx_ai_buf_free(&in);
    wire_free(&w);
}


/* what other dialects say, as the flow tells it */

static void
test_foreign(void)
{
    wire_t               w;
    ngx_str_t            none, text, sign;
    hub_text_t           t = { NULL, 0, 0 };
    ngx_pool_t          *pool;
    ngx_ai_part_t        part;
    ngx_ai_flow_t        flow;
    ngx_ai_sink_t       *sink;
    ngx_ai_reply_t       reply;
    ngx_ai_usage_t       usage;
    ngx_ai_citation_t    citation;

    wire_init(&w, NGX_AI_DIALECT_COHERE, &ngx_ai_cohere);

    pool = ngx_create_pool(4096, &ngx_shim_log);
    sink = calloc(1, ngx_ai_cohere.sink);

    if (sink == NULL || ngx_ai_flow_init(&flow, pool, 4096, 7) != NGX_OK) {
        abort();
    }

    memset(&reply, 0, sizeof(reply));

    sink->out = &w.out;
    sink->told = &w.told;
    sink->framing = NGX_AI_FRAMING_SSE;
    sink->pool = pool;

    flow.write = ngx_ai_cohere.write_delta;
    flow.sink = sink;
    flow.reply = &reply;

    ngx_str_null(&none);
    ngx_str_set(&text, "a");
    ngx_str_set(&sign, "S=");

    memset(&usage, 0, sizeof(usage));
    usage.tokens[NGX_AI_USAGE_INPUT] = 2;
    usage.tokens[NGX_AI_USAGE_CACHE_READ] = 1;
    usage.tokens[NGX_AI_USAGE_OUTPUT] = 2;

    (void) ngx_ai_flow_usage(&flow, &usage);
    (void) ngx_ai_flow_ping(&flow);

    /* thoughts that are only signed are nothing to be seen */

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_THINKING;
    part.origin = NGX_AI_DIALECT_ANTHROPIC;
    part.signature = sign;
    (void) ngx_ai_flow_part(&flow, 0, 0, &part);

    part.text = text;
    (void) ngx_ai_flow_part(&flow, 0, 1, &part);
    (void) ngx_ai_flow_text(&flow, 0, NGX_AI_PART_REFUSAL, &text);

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_TEXT;
    (void) ngx_ai_flow_part(&flow, 0, 2, &part);

    memset(&citation, 0, sizeof(citation));
    citation.start = -1;
    citation.end = -1;
    citation.title = text;
    (void) ngx_ai_flow_citation(&flow, 0, &citation);

    /* of these nothing is told */

    part.kind = NGX_AI_PART_REDACTED;
    part.data = text;
    (void) ngx_ai_flow_part(&flow, 0, 3, &part);

    part.kind = NGX_AI_PART_IMAGE;
    (void) ngx_ai_flow_part(&flow, 0, 4, &part);
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
           START(TOLD) "\n"
           BLOCK(0, "thinking") SAYS(0, "thinking", "a") STOP("content", 0)
           BLOCK(1, "text") SAYS(1, "text", "a") STOP("content", 1)
           BLOCK(2, "text")
           CITES(0, "{'sources':[{'type':'document','document':"
                 "{'title':'a'}}],'type':'TEXT_CONTENT','content_index':2}")
           STOP("citation", 0) STOP("content", 2)
           CALL(0, "call_0~aigw.4.S=", "f") ARGS(0, "{}")
           STOP("tool-call", 0) TOLD_END("TOOL_CALL"),
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

    wire_init(&w, NGX_AI_DIALECT_COHERE, &ngx_ai_cohere);
    ngx_ai_buf_init(&in, WIRE_OUT_MAX, &ngx_shim_log);

    events(&in, START("x") PLAN("p") BLOCK(0, "text")
           EVENT("content-delta", ",'delta':{'message':{'content':"
                 "{'text':'a'}}},'logprobs':{'text':'a','logprobs':[1]}")
           CITES(0, "{'sources':[{'id':'x'}]}") STOP("content", 0)
           CALL(0, "c", "f") STOP("tool-call", 0) END("TOOL_CALL"));

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
    test_forms();
    test_cut();
    test_wrong();
    test_foreign();
    test_memory();

    return done();
}
