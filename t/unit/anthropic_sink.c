
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* streams of Anthropic's events, written from the flow */


#include "anthropic.h"


static void plain(void);
static void thoughts(void);
static void calls(void);
static void others(void);
static void endings(void);
static void bounds(void);
static void memory(void);
static ngx_str_t str(const char *text);
static void start(anth_sink_t *s);
static void usage(anth_sink_t *s, int64_t in, int64_t out);
static void part(anth_sink_t *s, ngx_uint_t kind, ngx_uint_t origin,
    const char *text, const char *signature);
static void finish(anth_sink_t *s, ngx_uint_t reason, const char *stop);
static void told(anth_sink_t *s, const char *want, const char *name);


#define EVENT(name, data)  "event: " name "\ndata: " data "\n\n"
#define START(in)                                                             \
    EVENT("message_start", "{\"type\":\"message_start\",\"message\":"         \
          "{\"id\":\"msg_0123456789abcdef0123456789abcdef\","                 \
          "\"type\":\"message\",\"role\":\"assistant\",\"model\":\"gpt\","    \
          "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"       \
          "\"usage\":{\"input_tokens\":" #in ","                              \
          "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,"  \
          "\"output_tokens\":1}}}")
#define BLOCK(n, b)                                                           \
    EVENT("content_block_start", "{\"type\":\"content_block_start\","         \
          "\"index\":" #n ",\"content_block\":" b "}")
#define DELTA(n, d)                                                           \
    EVENT("content_block_delta", "{\"type\":\"content_block_delta\","         \
          "\"index\":" #n ",\"delta\":" d "}")
#define STOP(n)                                                               \
    EVENT("content_block_stop", "{\"type\":\"content_block_stop\","           \
          "\"index\":" #n "}")
#define PING  EVENT("ping", "{\"type\":\"ping\"}")
#define ENDED(reason, sequence, in, out)                                      \
    EVENT("message_delta", "{\"type\":\"message_delta\",\"delta\":"           \
          "{\"stop_reason\":\"" reason "\",\"stop_sequence\":" sequence "},"  \
          "\"usage\":{\"input_tokens\":" #in ","                              \
          "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,"  \
          "\"output_tokens\":" #out "}}")                                     \
    EVENT("message_stop", "{\"type\":\"message_stop\"}")
#define TEXT     "{\"type\":\"text\",\"text\":\"\"}"
#define SAYS(t)  "{\"type\":\"text_delta\",\"text\":\"" t "\"}"
#define THINKS   "{\"type\":\"thinking\",\"thinking\":\"\","                  \
                 "\"signature\":\"\"}"
#define HMS(t)   "{\"type\":\"thinking_delta\",\"thinking\":\"" t "\"}"
#define SIGNS(t) "{\"type\":\"signature_delta\",\"signature\":\"" t "\"}"


int
main(void)
{
    anth_init();

    plain();
    thoughts();
    calls();
    others();
    endings();
    bounds();
    memory();

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
start(anth_sink_t *s)
{
    ngx_str_t  id, model;

    id = str("chatcmpl-1");
    model = str("gpt");

    anth_sink_init(s);

    (void) ngx_ai_flow_start(&s->flow, &id, &model, 0);
}


static void
usage(anth_sink_t *s, int64_t in, int64_t out)
{
    ngx_ai_usage_t  u;

    memset(&u, 0, sizeof(ngx_ai_usage_t));

    u.reported = 1;
    u.tokens[NGX_AI_USAGE_INPUT] = in;
    u.tokens[NGX_AI_USAGE_OUTPUT] = out;

    (void) ngx_ai_flow_usage(&s->flow, &u);
}


static void
part(anth_sink_t *s, ngx_uint_t kind, ngx_uint_t origin, const char *text,
    const char *signature)
{
    ngx_ai_part_t  p;

    memset(&p, 0, sizeof(ngx_ai_part_t));

    p.kind = kind;
    p.origin = origin;
    p.signature = str(signature);

    if (kind == NGX_AI_PART_REDACTED || kind == NGX_AI_PART_IMAGE) {
        p.data = str(text);

    } else if (kind == NGX_AI_PART_NATIVE) {
        p.json = str(text);

    } else {
        p.text = str(text);
    }

    (void) ngx_ai_flow_part(&s->flow, 0, 0, &p);
    (void) ngx_ai_flow_part_end(&s->flow, 0, 0);
}


static void
finish(anth_sink_t *s, ngx_uint_t reason, const char *stop)
{
    ngx_str_t  sequence;

    sequence = str(stop);

    (void) ngx_ai_flow_finish(&s->flow, 0, reason, &sequence);
    (void) ngx_ai_flow_end(&s->flow);
}


/* what was written, and nothing is written any more */

static void
told(anth_sink_t *s, const char *want, const char *name)
{
    const char  *fault;

    is_str(anth.out.start, ngx_ai_buf_len(&anth.out), want, "%s", name);

    fault = anth_grammar(anth.out.start, ngx_ai_buf_len(&anth.out));
    ok(fault == NULL, "in the grammar: %s%s", name, fault ? fault : "");

    anth_sink_free(s);
}


static void
plain(void)
{
    size_t       i;
    ngx_str_t    text;
    anth_sink_t  s;

    start(&s);
    is_int(ngx_ai_buf_len(&anth.out), 0, "a start waits for the usage");

    usage(&s, 7, 0);
    is_int(ngx_ai_buf_len(&anth.out), 0, "and for what comes behind it");

    for (i = 0; i < 2; i++) {
        text = str(i ? "b\\ud83d" : "a\\n");
        (void) ngx_ai_flow_text(&s.flow, 0, NGX_AI_PART_TEXT, &text);
    }

    (void) ngx_ai_flow_ping(&s.flow);
    usage(&s, 9, 5);
    finish(&s, NGX_AI_FINISH_STOP, "");

    told(&s, START(7) BLOCK(0, TEXT) PING DELTA(0, SAYS("a\\n"))
         DELTA(0, SAYS("b\\ud83d")) PING STOP(0)
         ENDED("end_turn", "null", 9, 5), "a text");

    start(&s);
    (void) ngx_ai_flow_ping(&s.flow);
    finish(&s, NGX_AI_FINISH_LENGTH, "");
    told(&s, START(0) PING ENDED("max_tokens", "null", 0, 0),
         "a ping brings the start, and nothing needs to be said");

    start(&s);
    part(&s, NGX_AI_PART_TEXT, 0, "", "");
    part(&s, NGX_AI_PART_THINKING, 0, "", "");
    part(&s, NGX_AI_PART_REFUSAL, 0, "no", "");
    finish(&s, NGX_AI_FINISH_STOP, "H:");
    told(&s, START(0) BLOCK(0, TEXT) PING DELTA(0, SAYS("no")) STOP(0)
         ENDED("stop_sequence", "\"H:\"", 0, 0),
         "a block is begun by what is in it");

    start(&s);
    text = str("a");
    (void) ngx_ai_flow_text(&s.flow, 0, NGX_AI_PART_TEXT, &text);
    (void) ngx_ai_flow_text(&s.flow, 1, NGX_AI_PART_TEXT, &text);
    (void) ngx_ai_flow_logprobs(&s.flow, 0, &text);
    finish(&s, NGX_AI_FINISH_STOP, "");
    told(&s, START(0) BLOCK(0, TEXT) PING DELTA(0, SAYS("a")) STOP(0)
         ENDED("end_turn", "null", 0, 0), "there is one choice");
}


static void
thoughts(void)
{
    ngx_str_t    text;
    anth_sink_t  s;

    start(&s);
    part(&s, NGX_AI_PART_THINKING, NGX_AI_DIALECT_ANTHROPIC, "hm", "c2ln");
    part(&s, NGX_AI_PART_THINKING, NGX_AI_DIALECT_RESPONSES, "ha", "c2ln");
    part(&s, NGX_AI_PART_THINKING, NGX_AI_DIALECT_RESPONSES, "", "c2ln");
    part(&s, NGX_AI_PART_THINKING, 0, "so", "");
    part(&s, NGX_AI_PART_REDACTED, NGX_AI_DIALECT_ANTHROPIC, "ZA", "");
    part(&s, NGX_AI_PART_REDACTED, NGX_AI_DIALECT_BEDROCK, "ZA", "");
    finish(&s, NGX_AI_FINISH_STOP, "");

    told(&s, START(0)
         BLOCK(0, THINKS) PING DELTA(0, HMS("hm")) DELTA(0, SIGNS("c2ln"))
         STOP(0)
         BLOCK(1, THINKS) DELTA(1, HMS("ha")) DELTA(1, SIGNS("aigw.2.c2ln"))
         STOP(1)
         BLOCK(2, THINKS) DELTA(2, SIGNS("aigw.2.c2ln")) STOP(2)
         BLOCK(3, THINKS) DELTA(3, HMS("so")) STOP(3)
         BLOCK(4, "{\"type\":\"redacted_thinking\",\"data\":\"ZA\"}") STOP(4)
         BLOCK(5, "{\"type\":\"redacted_thinking\",\"data\":\"aigw.5.ZA\"}")
         STOP(5)
         ENDED("end_turn", "null", 0, 0),
         "thoughts, with signatures that come back to their makers");

    start(&s);
    text = str("a");
    (void) ngx_ai_flow_text(&s.flow, 0, NGX_AI_PART_TEXT, &text);
    text = str("c2ln");
    (void) ngx_ai_flow_signature(&s.flow, 0, 0, NGX_AI_DIALECT_GEMINI, &text);
    text = str("b");
    (void) ngx_ai_flow_text(&s.flow, 0, NGX_AI_PART_TEXT, &text);
    finish(&s, NGX_AI_FINISH_STOP, "");

    told(&s, START(0)
         BLOCK(0, TEXT) PING DELTA(0, SAYS("a")) STOP(0)
         BLOCK(1, THINKS) DELTA(1, SIGNS("aigw.4.c2ln")) STOP(1)
         BLOCK(2, TEXT) DELTA(2, SAYS("b")) STOP(2)
         ENDED("end_turn", "null", 0, 0),
         "the signature of a text is behind it");
}


static void
calls(void)
{
    ngx_str_t      id, name, args, none;
    anth_sink_t    s;
    ngx_ai_part_t  p;

    start(&s);

    none = str("");
    id = str("call_1");
    name = str("f");
    args = str("{\\\"x\\\":");
    (void) ngx_ai_flow_call(&s.flow, 0, 0, &id, &name, &args);
    args = str("1}");
    (void) ngx_ai_flow_call(&s.flow, 0, 0, &none, &none, &args);

    id = str("call_2");
    (void) ngx_ai_flow_call(&s.flow, 0, 1, &id, &name, &none);

    finish(&s, NGX_AI_FINISH_STOP, "");

    told(&s, START(0)
         BLOCK(0, "{\"type\":\"tool_use\",\"id\":\"call_1\",\"name\":\"f\","
                  "\"input\":{}}") PING
         DELTA(0, "{\"type\":\"input_json_delta\",\"partial_json\":"
                  "\"{\\\"x\\\":\"}")
         DELTA(0, "{\"type\":\"input_json_delta\",\"partial_json\":\"1}\"}")
         STOP(0)
         BLOCK(1, "{\"type\":\"tool_use\",\"id\":\"call_2\",\"name\":\"f\","
                  "\"input\":{}}")
         DELTA(1, "{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}")
         STOP(1)
         ENDED("tool_use", "null", 0, 0), "calls, and what they finish with");

    start(&s);

    memset(&p, 0, sizeof(ngx_ai_part_t));
    p.kind = NGX_AI_PART_TOOL_CALL;
    p.origin = NGX_AI_DIALECT_GEMINI;
    p.id = str("call_1");
    p.name = str("f");
    p.json = str("{\"x\": 1}");
    p.signature = str("c2ln");

    (void) ngx_ai_flow_part(&s.flow, 0, 0, &p);
    finish(&s, NGX_AI_FINISH_TOOLS, "");

    told(&s, START(0)
         BLOCK(0, THINKS) PING DELTA(0, SIGNS("aigw.4.call.c2ln")) STOP(0)
         BLOCK(1, "{\"type\":\"tool_use\",\"id\":\"call_1\",\"name\":\"f\","
                  "\"input\":{}}")
         DELTA(1, "{\"type\":\"input_json_delta\",\"partial_json\":"
                  "\"{\\\"x\\\": 1}\"}")
         STOP(1)
         ENDED("tool_use", "null", 0, 0),
         "the signature of a call is in front of it");
}


static void
others(void)
{
    ngx_str_t          text;
    anth_sink_t        s;
    ngx_ai_part_t      p;
    ngx_ai_citation_t  citation;

    start(&s);

    part(&s, NGX_AI_PART_NATIVE, NGX_AI_DIALECT_ANTHROPIC,
         "{\"type\":\r\n\"x\"}", "");
    part(&s, NGX_AI_PART_NATIVE, NGX_AI_DIALECT_GEMINI, "{\"x\":{}}", "");
    part(&s, NGX_AI_PART_IMAGE, 0, "AAAA", "");
    part(&s, NGX_AI_PART_AUDIO, 0, "spoken", "");
    part(&s, NGX_AI_PART_AUDIO, 0, "", "");
    text = str("AAAA");
    (void) ngx_ai_flow_text(&s.flow, 0, NGX_AI_PART_AUDIO, &text);

    memset(&p, 0, sizeof(ngx_ai_part_t));
    p.kind = NGX_AI_PART_TEXT;
    (void) ngx_ai_flow_part(&s.flow, 0, 9, &p);

    memset(&citation, 0, sizeof(ngx_ai_citation_t));
    citation.url = str("u");
    citation.quote = str("q");
    (void) ngx_ai_flow_citation(&s.flow, 0, &citation);

    finish(&s, NGX_AI_FINISH_FILTER, "");

    told(&s, START(0)
         BLOCK(0, "{\"type\":  \"x\"}") PING STOP(0)
         BLOCK(1, TEXT) DELTA(1, SAYS("spoken")) STOP(1)
         BLOCK(2, TEXT)
         DELTA(2, "{\"type\":\"citations_delta\",\"citation\":{\"type\":"
                  "\"web_search_result_location\",\"encrypted_index\":\"\","
                  "\"url\":\"u\",\"title\":null,\"cited_text\":\"q\"}}")
         STOP(2)
         ENDED("refusal", "null", 0, 0),
         "what others have that is not known here is left out");
}


static void
endings(void)
{
    ngx_str_t       text;
    anth_sink_t     s;
    ngx_ai_error_t  error;

    start(&s);
    text = str("a");
    (void) ngx_ai_flow_text(&s.flow, 0, NGX_AI_PART_TEXT, &text);
    finish(&s, NGX_AI_FINISH_ERROR, "");

    told(&s, START(0) BLOCK(0, TEXT) PING DELTA(0, SAYS("a")) STOP(0)
         EVENT("error", "{\"type\":\"error\",\"error\":{\"type\":"
               "\"api_error\",\"message\":\"The provider could not finish "
               "its answer.\"}}"),
         "a finish that is an error is one");

    memset(&error, 0, sizeof(ngx_ai_error_t));
    error.kind = NGX_AI_ERROR_OVERLOADED;
    error.message = str("busy \"now\"");

    start(&s);
    (void) ngx_ai_flow_error(&s.flow, &error);

    told(&s, EVENT("error", "{\"type\":\"error\",\"error\":{\"type\":"
                   "\"overloaded_error\",\"message\":\"busy \\\"now\\\"\"}}"),
         "an error may be all there is");
}


/* what is kept of a stream is bounded, however long it is */

static void
bounds(void)
{
    size_t       i, n;
    u_char      *p, *last;
    anth_sink_t  s;

    start(&s);
    s.sink.sink.max = 10;

    for (i = 0; i < 4; i++) {
        part(&s, NGX_AI_PART_THINKING, NGX_AI_DIALECT_GEMINI, "a", "c2ln");
        part(&s, NGX_AI_PART_REDACTED, NGX_AI_DIALECT_GEMINI, "ZGF0YQ", "");
    }

    finish(&s, NGX_AI_FINISH_STOP, "");

    n = 0;
    last = anth.out.last;

    for (p = anth.out.start;
         (p = memmem(p, last - p, "aigw.", 5)) != NULL;
         p++)
    {
        n++;
    }

    is_int(n, 2, "as many signatures are wrapped as may be gathered");
    ok(anth_grammar(anth.out.start, ngx_ai_buf_len(&anth.out)) == NULL,
       "and the others are left out");

    anth_sink_free(&s);
}


static void
memory(void)
{
    ngx_int_t      rc;
    ngx_str_t      text, sequence;
    ngx_uint_t     i, bad, fails;
    anth_sink_t    s;
    ngx_ai_part_t  p;

    bad = 0;
    rc = NGX_OK;

    text = str("a");
    sequence = str("H:");

    memset(&p, 0, sizeof(ngx_ai_part_t));
    p.kind = NGX_AI_PART_THINKING;
    p.origin = NGX_AI_DIALECT_GEMINI;
    p.signature = str("c2ln");

    for (i = 1; ; i++) {
        ngx_ai_buf_free(&anth.out);
        anth_sink_init(&s);

        ngx_shim_fail_at = i;

        rc = ngx_ai_flow_start(&s.flow, &text, &text, 0);

        if (rc == NGX_OK) {
            rc = ngx_ai_flow_part(&s.flow, 0, 0, &p);
        }

        if (rc == NGX_OK) {
            rc = ngx_ai_flow_finish(&s.flow, 0, NGX_AI_FINISH_STOP,
                                    &sequence);
        }

        if (rc == NGX_OK) {
            rc = ngx_ai_flow_end(&s.flow);
        }

        fails = (ngx_shim_fail_at == 0);
        ngx_shim_fail_at = 0;

        anth_sink_free(&s);

        if (!fails) {
            break;
        }

        bad += (rc == NGX_OK);
    }

    ok(i > 4 && rc == NGX_OK, "a stream takes %d allocations", (int) i - 1);
    is_int(bad, 0, "without any of them it is not written");
}
