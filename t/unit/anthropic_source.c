
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* streams of Anthropic's events, read into the flow */


#include "anthropic.h"


typedef struct {
    const char  *name;
    const char  *events[24];
    const char  *want;        /* deltas */
} stream_t;


static void streams(void);
static void broken(void);
static void frames(void);
static void server_tools(void);
static void memory(void);
static void put(hub_text_t *t, const char *event);
static void put_frame(ngx_ai_buf_t *out, const char *data);


static hub_text_t  bytes, deltas, again;


#define START  "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\","    \
               "\"model\":\"claude\",\"content\":[],\"usage\":"                \
               "{\"input_tokens\":5,\"cache_read_input_tokens\":2,"            \
               "\"output_tokens\":1}}}"
#define BLOCK(n, b)  "{\"type\":\"content_block_start\",\"index\":" #n ","     \
                     "\"content_block\":" b "}"
#define DELTA(n, d)  "{\"type\":\"content_block_delta\",\"index\":" #n ","     \
                     "\"delta\":" d "}"
#define STOP(n)  "{\"type\":\"content_block_stop\",\"index\":" #n "}"
#define TOLD(r)  "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\""   \
                 r "\",\"stop_sequence\":null},\"usage\":"                     \
                 "{\"output_tokens\":9}}"
#define END    "{\"type\":\"message_stop\"}"
#define TEXT   "{\"type\":\"text\",\"text\":\"\"}"
#define SAYS(t)  "{\"type\":\"text_delta\",\"text\":\"" t "\"}"

#define BEGUN  "START id=\"msg_1\" model=\"claude\" created=0\n"               \
               "USAGE usage input=5 cache_read=2 output=1\n"
#define USED   "USAGE usage input=5 cache_read=2 output=9\n"
#define ENDED  "END\n"


static const stream_t  stream_cases[] = {

    { "a text, with pings",
      { START, BLOCK(0, TEXT), "{\"type\": \"ping\"}", DELTA(0, SAYS("a")),
        DELTA(0, SAYS("b\\ud83d")), DELTA(0, SAYS("\\ude00")), STOP(0),
        TOLD("end_turn"), END },
      BEGUN "PART 0.0 text\nPING\nTEXT 0.0 \"a\"\n"
      "TEXT 0.0 \"b\\ud83d\"\nTEXT 0.0 \"\\ude00\"\nPART_END 0.0\n"
      USED "FINISH 0 stop\n" ENDED },

    { "nothing at all", { START, TOLD("end_turn"), END },
      BEGUN USED "FINISH 0 stop\n" ENDED },

    { "an old stream that reports the output alone, and its sequence",
      { START, BLOCK(0, TEXT), DELTA(0, SAYS("a")), STOP(0),
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
        "\"stop_sequence\",\"stop_sequence\":\"H:\"},\"usage\":"
        "{\"output_tokens\":3}}", END },
      BEGUN "PART 0.0 text\nTEXT 0.0 \"a\"\nPART_END 0.0\n"
      "USAGE usage input=5 cache_read=2 output=3\n"
      "FINISH 0 stop stop=\"H:\"\n" ENDED },

    { "a new one that reports all of it again",
      { START,
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
        "\"max_tokens\"},\"usage\":{\"input_tokens\":50,"
        "\"cache_creation_input_tokens\":4,\"cache_read_input_tokens\":0,"
        "\"output_tokens\":30,\"output_tokens_details\":"
        "{\"thinking_tokens\":20}}}", END },
      BEGUN "USAGE usage input=50 cache_write=4 output=10 reasoning=20\n"
      "FINISH 0 length\n" ENDED },

    { "thoughts, one of them not shown, and one that is hidden",
      { START,
        BLOCK(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":"
                 "\"\"}"),
        DELTA(0, "{\"type\":\"thinking_delta\",\"thinking\":\"hm\","
                 "\"estimated_tokens\":null}"),
        DELTA(0, "{\"type\":\"signature_delta\",\"signature\":\"c2ln\"}"),
        STOP(0),
        BLOCK(1, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":"
                 "\"\"}"),
        DELTA(1, "{\"type\":\"signature_delta\",\"signature\":\"bW9yZQ\"}"),
        STOP(1),
        BLOCK(2, "{\"type\":\"redacted_thinking\",\"data\":\"ZGF0YQ\"}"),
        STOP(2), TOLD("end_turn"), END },
      BEGUN "PART 0.0 thinking\nTEXT 0.0 \"hm\"\n"
      "SIGNATURE 0.0 origin=3 \"c2ln\"\nPART_END 0.0\n"
      "PART 0.1 thinking\nSIGNATURE 0.1 origin=3 \"bW9yZQ\"\nPART_END 0.1\n"
      "PART 0.2 redacted data=\"ZGF0YQ\" origin=3\nPART_END 0.2\n"
      USED "FINISH 0 stop\n" ENDED },

    { "calls: in fragments, without arguments, with all of them at once",
      { START,
        BLOCK(0, "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\","
                 "\"input\":{}}"),
        DELTA(0, "{\"type\":\"input_json_delta\",\"partial_json\":\"\"}"),
        DELTA(0, "{\"type\":\"input_json_delta\",\"partial_json\":"
                 "\"{\\\"x\"}"),
        DELTA(0, "{\"type\":\"input_json_delta\",\"partial_json\":"
                 "\"\\\":1}\"}"),
        STOP(0),
        BLOCK(1, "{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"g\","
                 "\"input\":{}}"),
        DELTA(1, "{\"type\":\"input_json_delta\",\"partial_json\":\"\"}"),
        STOP(1),
        BLOCK(2, "{\"type\":\"tool_use\",\"id\":\"t3\",\"name\":\"h\","
                 "\"input\":{\"y\":2.0},\"caller\":{\"type\":\"x\"}}"),
        DELTA(2, "{\"type\":\"input_json_delta\",\"partial_json\":"
                 "\"{\\\"y\\\":3}\"}"),
        STOP(2), TOLD("tool_use"), END },
      BEGUN "PART 0.0 call id=\"t1\" name=\"f\"\nTEXT 0.0 \"{\\\"x\"\n"
      "TEXT 0.0 \"\\\":1}\"\nPART_END 0.0\n"
      "PART 0.1 call id=\"t2\" name=\"g\"\nTEXT 0.1 \"{}\"\nPART_END 0.1\n"
      "PART 0.2 call id=\"t3\" name=\"h\"\nTEXT 0.2 \"{\\\"y\\\":2.0}\"\n"
      "PART_END 0.2\n" USED "FINISH 0 tool_calls\n" ENDED },

    { "what is cited comes before its text",
      { START, BLOCK(0, "{\"type\":\"text\",\"text\":\"\",\"citations\":"
                        "[]}"),
        DELTA(0, "{\"type\":\"citations_delta\",\"citation\":{\"type\":"
                 "\"web_search_result_location\",\"url\":\"u\",\"title\":"
                 "\"t\",\"cited_text\":\"q\"}}"),
        DELTA(0, SAYS("a")), STOP(0), TOLD("end_turn"), END },
      BEGUN "PART 0.0 text\n"
      "CITATION 0.0 citation{ url=\"u\" title=\"t\" quote=\"q\" -1--1 }\n"
      "TEXT 0.0 \"a\"\nPART_END 0.0\n" USED "FINISH 0 stop\n" ENDED },

    { "a message that is whole in its start",
      { "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\","
        "\"model\":\"claude\",\"content\":[{\"type\":\"text\",\"text\":"
        "\"a\"},{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\","
        "\"input\":{\"x\":1}}],\"stop_reason\":\"tool_use\",\"usage\":"
        "{\"input_tokens\":5,\"cache_read_input_tokens\":2,"
        "\"output_tokens\":1}}}", END, START, BLOCK(0, TEXT) },
      BEGUN "PART 0.0 text\nTEXT 0.0 \"a\"\nPART_END 0.0\n"
      "PART 0.1 call id=\"t\" name=\"f\"\nTEXT 0.1 \"{\\\"x\\\":1}\"\n"
      "PART_END 0.1\n"
      "FINISH 0 tool_calls\n" ENDED },

    { "a block that begins with a text",
      { START, BLOCK(0, "{\"type\":\"text\",\"text\":\"a\"}"),
        DELTA(0, SAYS("b")), STOP(0), TOLD("refusal"), END },
      BEGUN "PART 0.0 text\nTEXT 0.0 \"a\"\nTEXT 0.0 \"b\"\nPART_END 0.0\n" USED
      "FINISH 0 content_filter\n" ENDED },

    { "events and deltas of next year are passed over",
      { START, "{\"type\":\"of_next_year\"}", BLOCK(0, TEXT),
        DELTA(0, "{\"type\":\"of_next_year\"}"), DELTA(0, SAYS("a")),
        STOP(0), STOP(7), "{\"type\":\"message_delta\",\"usage\":"
        "{\"output_tokens\":9}}", TOLD("pause_turn"),
        "{\"type\":\"message_stop\",\"amazon-bedrock-invocationMetrics\":"
        "{\"inputTokenCount\":1}}", DELTA(0, SAYS("late")) },
      BEGUN "PART 0.0 text\nTEXT 0.0 \"a\"\nPART_END 0.0\n" USED USED
      "FINISH 0 other\n" ENDED },

    { "an error in the middle is the end",
      { START, BLOCK(0, TEXT), DELTA(0, SAYS("a")),
        "{\"type\":\"error\",\"error\":{\"details\":null,\"type\":"
        "\"overloaded_error\",\"message\":\"Over\\u006coaded\"}}",
        DELTA(0, SAYS("late")) },
      BEGUN "PART 0.0 text\nTEXT 0.0 \"a\"\n"
      "ERROR overloaded message=\"Overloaded\"\n" },

    { "one that comes first is all there is",
      { "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
        "\"message\":\"prompt is too long: 9 > 8\"}}" },
      "ERROR context_length message=\"prompt is too long: 9 > 8\"\n" },

    { "one without a word is one",
      { START, "{\"type\":\"error\"}" },
      BEGUN "ERROR upstream message=\"The provider could not finish its "
      "answer.\"\n" },

    { "a stream that has no start begins by itself",
      { DELTA(0, SAYS("a")), TOLD("end_turn"), END },
      "START created=0\nPART 0.0 text\nTEXT 0.0 \"a\"\n"
      "USAGE usage output=9\nPART_END 0.0\nFINISH 0 stop\n" ENDED }
};


int
main(void)
{
    anth_init();

    streams();
    broken();
    frames();
    server_tools();
    memory();

    hub_text_free(&bytes);
    hub_text_free(&deltas);
    hub_text_free(&again);
    wire_free(&anth);

    return done();
}


/* an event by the name that its data have */

static void
put(hub_text_t *t, const char *event)
{
    const char  *name;

    name = strstr(event, "\"type\":");
    name = name ? strchr(name + 7, '"') : NULL;
    name = name ? name + 1 : "x\"";

    hub_printf(t, "event: %.*s\ndata: ", (int) strcspn(name, "\""), name);
    hub_bytes(t, event, strlen(event));
    hub_printf(t, "\n\n");
}


static void
streams(void)
{
    size_t           i, k;
    uint32_t         cut;
    const stream_t  *c;

    for (i = 0; i < sizeof(stream_cases) / sizeof(stream_t); i++) {
        c = &stream_cases[i];

        bytes.len = 0;

        for (k = 0; c->events[k]; k++) {
            put(&bytes, c->events[k]);
        }

        is_int(anth_read(bytes.data, bytes.len, ANTH_AT_ONCE, 0, &deltas,
                         NULL),
               NGX_OK, "it is read: %s", c->name);
        is_str(deltas.data, deltas.len, c->want, "%s", c->name);

        for (cut = ANTH_PER_BYTE; cut < 4; cut++) {
            (void) anth_read(bytes.data, bytes.len, cut, 0, &again, NULL);
            is_bytes(again.data, again.len, deltas.data, deltas.len,
                     "the same in pieces: %s", c->name);
        }
    }
}


static void
broken(void)
{
    size_t  i;

    static const char  *cases[] = {
        "",
        "{",
        "[]",
        "1",
        "{}",
        "{\"type\":1}",
        "{\"type\":\"message_start\"}",
        "{\"type\":\"message_start\",\"message\":{\"content\":[1]}}",
        "{\"type\":\"content_block_start\",\"index\":0}",
        "{\"type\":\"content_block_start\",\"content_block\":" TEXT "}",
        BLOCK(0, "1"),
        BLOCK(0, "{}"),
        BLOCK(0, "{\"type\":\"text\",\"text\":1}"),
        BLOCK(-1, TEXT),
        BLOCK("0", TEXT),
        BLOCK(0.5, TEXT),
        "{\"type\":\"content_block_delta\",\"index\":0}",
        "{\"type\":\"content_block_delta\",\"delta\":" SAYS("a") "}",
        DELTA(0, "{}"),
        DELTA(0, "{\"type\":\"citations_delta\",\"citation\":1}"),
        "{\"type\":\"content_block_stop\"}"
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bytes.len = 0;
        put(&bytes, cases[i]);

        is_int(anth_read(bytes.data, bytes.len, ANTH_AT_ONCE, 0, &deltas,
                         NULL),
               NGX_ERROR, "it is no event: %s", cases[i]);
    }
}


/* {"bytes":"<base64>"} in a frame of AWS */

static void
put_frame(ngx_ai_buf_t *out, const char *data)
{
    u_char              base64[4096];
    size_t              i, n, len, mark;
    uint32_t            bits;

    static const char   digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789+/";
    static ngx_str_t    name = ngx_string("chunk");

    len = strlen(data);
    n = 0;

    for (i = 0; i < len; i += 3) {
        bits = (u_char) data[i] << 16;

        if (i + 1 < len) {
            bits |= (u_char) data[i + 1] << 8;
        }

        if (i + 2 < len) {
            bits |= (u_char) data[i + 2];
        }

        base64[n++] = digits[bits >> 18 & 63];
        base64[n++] = digits[bits >> 12 & 63];
        base64[n++] = (i + 1 < len) ? digits[bits >> 6 & 63] : '=';
        base64[n++] = (i + 2 < len) ? digits[bits & 63] : '=';
    }

    (void) ngx_ai_framing_begin(NGX_AI_FRAMING_AWS, out, &name, 0, &mark);
    (void) ngx_ai_buf_append(out, "{\"p\":\"abc\",\"bytes\":\"", 20);
    (void) ngx_ai_buf_append(out, base64, n);
    (void) ngx_ai_buf_append(out, "\"}", 2);
    (void) ngx_ai_framing_finish(NGX_AI_FRAMING_AWS, out, mark);
}


static void
frames(void)
{
    size_t              i, len, mark;
    ngx_ai_buf_t        out;
    const stream_t     *c;

    static ngx_str_t    throttled = ngx_string("throttlingException");
    static ngx_str_t    chunk = ngx_string("chunk");

    static const struct {
        const char  *data;
        ngx_int_t    rc;
    } cases[] = {
        { "{\"bytes\":\"eyJ0eXBlIjoicGluZyJ9\"}", NGX_OK },
        { "{\"bytes\":\"eyJ0eXBlIjoicGluZyJ\"}", NGX_ERROR },
        { "{\"bytes\":\"ey!0eXBlIjoicGluZyJ9\"}", NGX_ERROR },
        { "{\"bytes\":\"\"}", NGX_ERROR },
        { "{\"bytes\":1}", NGX_ERROR },
        { "{\"type\":\"ping\"}", NGX_ERROR },
        { "bytes", NGX_ERROR }
    };

    for (i = 0; i < sizeof(stream_cases) / sizeof(stream_t); i++) {
        c = &stream_cases[i];

        ngx_ai_buf_init(&out, WIRE_EVENT_MAX, &ngx_shim_log);

        for (len = 0; c->events[len]; len++) {
            put_frame(&out, c->events[len]);
        }

        is_int(anth_read(out.start, ngx_ai_buf_len(&out), ANTH_PER_BYTE,
                         NGX_AI_QUIRK_BEDROCK_INVOKE, &deltas, NULL),
               NGX_OK, "it is read from frames: %s", c->name);
        is_str(deltas.data, deltas.len, c->want, "in frames: %s", c->name);

        ngx_ai_buf_free(&out);
    }

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ngx_ai_buf_init(&out, WIRE_EVENT_MAX, &ngx_shim_log);

        (void) ngx_ai_framing_begin(NGX_AI_FRAMING_AWS, &out, &chunk, 0,
                                    &mark);
        (void) ngx_ai_buf_append(&out, cases[i].data, strlen(cases[i].data));
        (void) ngx_ai_framing_finish(NGX_AI_FRAMING_AWS, &out, mark);

        is_int(anth_read(out.start, ngx_ai_buf_len(&out), ANTH_AT_ONCE,
                         NGX_AI_QUIRK_BEDROCK_INVOKE, &deltas, NULL),
               cases[i].rc, "a frame: %s", cases[i].data);

        ngx_ai_buf_free(&out);
    }

    ngx_ai_buf_init(&out, WIRE_EVENT_MAX, &ngx_shim_log);

    (void) ngx_ai_aws_begin(&out, &throttled, 1, &mark);
    (void) ngx_ai_buf_append(&out, "{\"message\":\"too many\"}", 22);
    (void) ngx_ai_aws_finish(&out, mark);

    is_int(anth_read(out.start, ngx_ai_buf_len(&out), ANTH_AT_ONCE,
                     NGX_AI_QUIRK_BEDROCK_INVOKE, &deltas, NULL),
           NGX_OK, "an exception is read");
    is_str(deltas.data, deltas.len, "ERROR rate_limited message=\"too many\"\n",
           "and is an error");

    ngx_ai_buf_free(&out);
}


/* what a server's tool is asked comes in pieces, and is one part in the hub */

static void
server_tools(void)
{
    size_t              i;

    static const char  *asked[] = {
        START,
        BLOCK(0, "{\"type\" : \"server_tool_use\",\"id\":\"s\",\"input\":{},"
                 "\"name\":\"web_search\"}"),
        DELTA(0, "{\"type\":\"input_json_delta\",\"partial_json\":\"\"}"),
        DELTA(0, "{\"type\":\"input_json_delta\",\"partial_json\":"
                 "\"{\\\"q\\\": \\\"\\ud83d\"}"),
        DELTA(0, "{\"type\":\"input_json_delta\",\"partial_json\":"
                 "\"\\ude00\\\"}\"}"),
        STOP(0),
        BLOCK(1, "{\"type\":\"web_search_tool_result\",\"tool_use_id\":"
                 "\"s\",\"content\":[]}"),
        DELTA(1, "{\"type\":\"input_json_delta\",\"partial_json\":\"x\"}"),
        STOP(1),
        BLOCK(2, "{\"type\":\"mcp_tool_use\",\"id\":\"m\",\"input\":{}}"),
        DELTA(2, "{\"type\":\"input_json_delta\",\"partial_json\":"
                 "\"{\\\"cut\"}"),
        STOP(2),
        BLOCK(3, "{\"type\":\"server_tool_use\",\"id\":\"n\",\"input\":"
                 "{\"all\":1}}"),
        STOP(3),
        TOLD("end_turn"), END
    };

    static const char   fragment[] =
        DELTA(0, "{\"type\":\"input_json_delta\",\"partial_json\":"
                 "\"0123456789012345678901234567890123456789\"}");

    bytes.len = 0;

    for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        put(&bytes, asked[i]);
    }

    is_int(anth_read(bytes.data, bytes.len, ANTH_AT_ONCE, 0, &deltas, NULL),
           NGX_OK, "tools of the server are read");
    is_str(deltas.data, deltas.len,
           BEGUN
           "PART 0.0 native name=\"server_tool_use\" json={\"type\":"
           "\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\","
           "\"input\":{\"q\":\"\xf0\x9f\x98\x80\"}} origin=3\nPART_END 0.0\n"
           "PART 0.1 native name=\"web_search_tool_result\" json={\"type\":"
           "\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[]} "
           "origin=3\nPART_END 0.1\n"
           "PART 0.2 native name=\"mcp_tool_use\" json={\"type\":"
           "\"mcp_tool_use\",\"id\":\"m\",\"input\":{}} origin=3\n"
           "PART_END 0.2\n"
           "PART 0.3 native name=\"server_tool_use\" json={\"type\":"
           "\"server_tool_use\",\"id\":\"n\",\"input\":{\"all\":1}} "
           "origin=3\nPART_END 0.3\n"
           USED "FINISH 0 stop\n" ENDED,
           "each is one part, with all that it was asked");

    bytes.len = 0;
    put(&bytes, asked[0]);
    put(&bytes, asked[1]);

    for (i = 0; i < 30000; i++) {
        put(&bytes, fragment);
    }

    is_int(anth_read(bytes.data, bytes.len, ANTH_AT_ONCE, 0, &deltas, NULL),
           NGX_DECLINED, "and what it is asked has an end");
}


static void
memory(void)
{
    size_t              k;
    ngx_int_t           rc;
    ngx_uint_t          i, bad;
    ngx_pool_t         *pool;
    hub_sink_t          sink;
    ngx_ai_flow_t       flow;

    static const char  *events[] = {
        START, BLOCK(0, TEXT), DELTA(0, SAYS("a")), STOP(0),
        BLOCK(1, "{\"type\":\"server_tool_use\",\"input\":{}}"),
        DELTA(1, "{\"type\":\"input_json_delta\",\"partial_json\":"
                 "\"{\\\"x\\\":1}\"}"),
        STOP(1),
        BLOCK(2, "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\"}"),
        STOP(2), "{\"type\":\"error\",\"error\":{\"message\":\"m\"}}"
    };

    bytes.len = 0;

    for (k = 0; k < sizeof(events) / sizeof(events[0]); k++) {
        put(&bytes, events[k]);
    }

    bad = 0;

    for (i = 1; ; i++) {
        pool = ngx_create_pool(4096, &ngx_shim_log);
        hub_sink_init(&sink, &flow, pool, WIRE_EVENT_MAX, 0);

        ngx_shim_fail_at = i;
        rc = anth_flow(bytes.data, bytes.len, ANTH_AT_ONCE, 0, &flow);
        k = ngx_shim_fail_at;
        ngx_shim_fail_at = 0;

        hub_sink_free(&sink);
        ngx_destroy_pool(pool);

        if (k != 0) {
            break;
        }

        bad += (rc == NGX_OK);
    }

    ok(i > 5 && rc == NGX_OK, "a stream takes %d allocations", (int) i - 1);
    is_int(bad, 0, "without any of them it is not read");
}
