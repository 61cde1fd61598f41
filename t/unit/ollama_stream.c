
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* streams of /api/chat, read and written */


#include "tap.h"
#include "wire.h"


#define M      "'model':'m','created_at':'2026-11-20T15:44:00Z',"
#define START  "START model=\"m\" created=1795189440\n"

#define TEXT(text)                                                            \
    "{" M "'message':{'role':'assistant','content':'" text "'},"              \
    "'done':false}\n"

#define THINK(text)                                                           \
    "{" M "'message':{'role':'assistant','content':'','thinking':'" text      \
    "'},'done':false}\n"

#define MORE(more)                                                            \
    "{" M "'message':{'role':'assistant','content':''," more "},"             \
    "'done':false}\n"

#define LAST(reason, more)                                                    \
    "{" M "'message':{'role':'assistant','content':''},'done':true,"          \
    "'done_reason':'" reason "'" more "}\n"

#define SPENT                                                                 \
    ",'total_duration':1234000000,'load_duration':0,'prompt_eval_count':11,"  \
    "'prompt_eval_duration':0,'eval_count':7,'eval_duration':1234000000"

#define UNTOLD                                                                \
    ",'total_duration':1234000000,'load_duration':0,"                         \
    "'prompt_eval_duration':0,'eval_duration':1234000000"


typedef struct {
    const char  *name;
    const char  *stream;
    const char  *deltas;
    const char  *again;           /* as it is written; NULL: as it was */
} row_t;


static void test_rows(void);
static void test_ends(void);
static void test_foreign(void);
static void test_many(void);
static void test_memory(void);
static ngx_int_t tell(ngx_ai_sink_t *sink, ngx_uint_t type, ngx_uint_t choice,
    const ngx_ai_part_t *part, const char *text);


static const row_t  rows[] = {

    { "a text",
      TEXT("a") TEXT("b\\n") LAST("stop", SPENT),
      START
      "PART 0.0 text\nTEXT 0.0 \"a\"\nTEXT 0.0 \"b\\n\"\n"
      "USAGE usage input=11 output=7\nPART_END 0.0\nFINISH 0 stop\nEND\n",
      NULL },

    { "thoughts, text and two calls",
      THINK("t") TEXT("a")
      MORE("'tool_calls':[{'id':'x','function':{'index':0,'name':'f',"
           "'arguments':{'a':1.0}}}]")
      MORE("'tool_calls':[{'id':'y','function':{'index':1,'name':'g',"
           "'arguments':{}}}]")
      LAST("stop", SPENT),
      START
      "PART 0.0 thinking\nTEXT 0.0 \"t\"\nPART_END 0.0\n"
      "PART 0.1 text\nTEXT 0.1 \"a\"\nPART_END 0.1\n"
      "PART 0.2 call id=\"x\" name=\"f\"\nTEXT 0.2 \"{\\\"a\\\":1.0}\"\n"
      "PART_END 0.2\n"
      "PART 0.3 call id=\"y\" name=\"g\"\nTEXT 0.3 \"{}\"\nPART_END 0.3\n"
      "USAGE usage input=11 output=7\nFINISH 0 tool_calls\nEND\n",
      NULL },

    { "two calls in one line, without ids",
      MORE("'tool_calls':[{'function':{'name':'f','arguments':{}}},"
           "{'function':{'name':'f','arguments':null}}]")
      LAST("stop", ""),
      START
      "PART 0.0 call id=\"call_1234abcd0\" name=\"f\"\nTEXT 0.0 \"{}\"\n"
      "PART_END 0.0\n"
      "PART 0.1 call id=\"call_1234abcd1\" name=\"f\"\nTEXT 0.1 \"{}\"\n"
      "PART_END 0.1\nFINISH 0 tool_calls\nEND\n",
      MORE("'tool_calls':[{'id':'call_000000070','function':{'index':0,"
           "'name':'f','arguments':{}}}]")
      MORE("'tool_calls':[{'id':'call_000000071','function':{'index':1,"
           "'name':'f','arguments':{}}}]")
      LAST("stop", UNTOLD) },

    { "an image",
      MORE("'images':['iVBORw0KGgoA']") LAST("stop", UNTOLD),
      START
      "PART 0.0 image data=\"iVBORw0KGgoA\" media=\"image/png\"\n"
      "PART_END 0.0\nFINISH 0 stop\nEND\n",
      NULL },

    { "the last line may have text, and be the only one",
      "{" M "'message':{'role':'assistant','content':'a'},'done':true,"
      "'done_reason':'length','eval_count':7}\n",
      START
      "PART 0.0 text\nTEXT 0.0 \"a\"\nUSAGE usage output=7\nPART_END 0.0\n"
      "FINISH 0 length\nEND\n",
      TEXT("a")
      LAST("length", ",'total_duration':1234000000,'load_duration':0,"
           "'prompt_eval_count':0,'prompt_eval_duration':0,'eval_count':7,"
           "'eval_duration':1234000000") },

    { "probabilities",
      "{" M "'message':{'role':'assistant','content':'a'},'done':false,"
      "'logprobs':[{'token':'a','logprob':-1e-7}]}\n" LAST("stop", ""),
      START
      "PART 0.0 text\nTEXT 0.0 \"a\"\n"
      "LOGPROBS 0 {\"content\":[{\"token\":\"a\",\"logprob\":-1e-7}]}\n"
      "PART_END 0.0\nFINISH 0 stop\nEND\n",
      TEXT("a")
      "{" M "'message':{'role':'assistant','content':''},"
      "'logprobs':[{'token':'a','logprob':-1e-7}],'done':false}\n"
      LAST("stop", UNTOLD) },

    { "what is unknown, empty, null or of another type is not there",
      "{'message':{'content':null,'tool_calls':null,'images':7,'mood':'x'},"
      "'done':null,'logprobs':[],'status':'ok'}\n"
      "{'message':null,'done':true,'done_reason':null}\n",
      "START created=0\nFINISH 0 stop\nEND\n",
      "{'model':'asked-model','created_at':'2025-06-15T15:06:40Z','message':"
      "{'role':'assistant','content':''},'done':true,'done_reason':'stop'"
      UNTOLD "}\n" },

    { "nothing follows the end",
      TEXT("a") LAST("stop", "") TEXT("b") LAST("length", SPENT),
      START
      "PART 0.0 text\nTEXT 0.0 \"a\"\nPART_END 0.0\nFINISH 0 stop\nEND\n",
      TEXT("a") LAST("stop", UNTOLD) },

    { "an error is the end",
      TEXT("a") "{'error':'it \\'failed\\''}\n",
      START
      "PART 0.0 text\nTEXT 0.0 \"a\"\n"
      "ERROR upstream message=\"it \"failed\"\"\n",
      TEXT("a") "{'error':'it \\'failed\\''}\n" },

    { "an error may be all there is, and anything",
      "{'error':{'code':1}}\n",
      "ERROR upstream message=\"The provider failed.\"\n",
      "{'error':'The provider failed.'}\n" },

    { "an error says what it is about",
      "{'error':'the input exceeds the context length'}\n",
      "ERROR context_length message=\"the input exceeds the context length\"\n",
      NULL }
};


static void
test_rows(void)
{
    char         *json, *again;
    wire_t        w;
    ngx_int_t     rc;
    hub_text_t    t = { NULL, 0, 0 };
    hub_sink_t    sink;
    ngx_uint_t    i, cut;
    const row_t  *row;

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    for (i = 0; i < sizeof(rows) / sizeof(row_t); i++) {
        row = &rows[i];
        json = wire_json(row->stream);
        again = (char *) (row->again ? row->again : row->stream);

        for (cut = WIRE_WHOLE; cut < 5; cut++) {
            rc = wire_read_stream(&w, json, strlen(json), cut, 0, &sink);

            is_int(rc, NGX_OK, "read: %s", row->name);
            is_str(sink.deltas.data, sink.deltas.len, row->deltas,
                   "cut %d: %s", (int) cut, row->name);

            hub_sink_free(&sink);
        }

        is_int(wire_write_stream(&w, json, strlen(json)), NGX_OK,
               "written: %s", row->name);

        wire_out(&w, &t);
        is_str(t.data, t.len, again, "as it should be: %s", row->name);

        hub_text_free(&t);
        free(json);
    }

    wire_free(&w);
}


/* what is no stream of this dialect, or not all of one */

static void
test_ends(void)
{
    char        *json;
    wire_t       w;
    hub_sink_t   sink;
    ngx_uint_t   i;

    static const struct {
        const char  *stream;
        ngx_int_t    rc;
    } ends[] = {
        { "", NGX_AGAIN },
        { TEXT("a"), NGX_AGAIN },
        { TEXT("a") "{'message':{'content':'b", NGX_ERROR },
        { "[1]\n", NGX_ERROR },
        { "7\n", NGX_ERROR },
        { "{}\n", NGX_ERROR },
        { "{'choices':[]}\n", NGX_ERROR },
        { "data: {'message':{},'done':true}\n", NGX_ERROR },
        { MORE("'tool_calls':[{'function':{}}]"), NGX_ERROR },
        { MORE("'tool_calls':[7]"), NGX_ERROR },
        { MORE("'images':[{}]"), NGX_ERROR }
    };

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        json = wire_json(ends[i].stream);

        is_int(wire_read_stream(&w, json, strlen(json), WIRE_WHOLE, 0, &sink),
               ends[i].rc, "%s: %s", ends[i].rc == NGX_AGAIN ? "cut" : "wrong",
               ends[i].stream);
        is_int(sink.ended, 0, "and no end of it");

        hub_sink_free(&sink);
        free(json);
    }

    wire_free(&w);
}


static ngx_int_t
tell(ngx_ai_sink_t *sink, ngx_uint_t type, ngx_uint_t choice,
    const ngx_ai_part_t *part, const char *text)
{
    ngx_ai_delta_t     d;
    ngx_ai_citation_t  citation;

    memset(&d, 0, sizeof(d));
    memset(&citation, 0, sizeof(citation));

    d.type = type;
    d.choice = choice;
    d.part = part;
    d.citation = &citation;
    d.text.data = (u_char *) text;
    d.text.len = text ? strlen(text) : 0;

    if (type == NGX_AI_DELTA_START) {
        ngx_str_set(&d.model, "m");
        d.created = 1795189440;
    }

    return ngx_ai_ollama.write_delta(sink, &d);
}


/* deltas that no stream of this dialect has */

static void
test_foreign(void)
{
    wire_t          w;
    ngx_int_t       rc;
    hub_text_t      t = { NULL, 0, 0 };
    ngx_uint_t      i;
    ngx_ai_sink_t  *sink;
    ngx_ai_part_t   thought, text, refusal, audio, call[3], file;

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    sink = calloc(1, ngx_ai_ollama.sink);
    sink->out = &w.out;
    sink->told = &w.told;
    sink->framing = NGX_AI_FRAMING_LINES;
    sink->pool = w.pool;

    memset(&text, 0, sizeof(text));
    thought = text;
    refusal = text;
    audio = text;
    file = text;

    thought.kind = NGX_AI_PART_THINKING;
    thought.origin = NGX_AI_DIALECT_ANTHROPIC;
    refusal.kind = NGX_AI_PART_REFUSAL;
    audio.kind = NGX_AI_PART_AUDIO;
    file.kind = NGX_AI_PART_FILE;
    ngx_str_set(&file.data, "AA==");

    for (i = 0; i < 3; i++) {
        call[i] = text;
        call[i].kind = NGX_AI_PART_TOOL_CALL;
        ngx_str_set(&call[i].id, "x");
        ngx_str_set(&call[i].name, "f");
        ngx_str_set(&call[i].json, "{}");
    }

    ngx_str_set(&call[2].signature, "SIG4");
    call[2].origin = NGX_AI_DIALECT_GEMINI;

    rc = tell(sink, NGX_AI_DELTA_START, 0, NULL, NULL);
    rc |= tell(sink, NGX_AI_DELTA_PING, 0, NULL, NULL);
    rc |= tell(sink, NGX_AI_DELTA_PART, 0, &thought, NULL);
    rc |= tell(sink, NGX_AI_DELTA_TEXT, 0, &thought, "t");
    rc |= tell(sink, NGX_AI_DELTA_SIGNATURE, 0, &thought, "SIG3");
    rc |= tell(sink, NGX_AI_DELTA_PART_END, 0, &thought, NULL);
    rc |= tell(sink, NGX_AI_DELTA_PART, 0, &text, NULL);
    rc |= tell(sink, NGX_AI_DELTA_TEXT, 0, &text, "a");
    rc |= tell(sink, NGX_AI_DELTA_SIGNATURE, 0, &text, "SIG?");
    rc |= tell(sink, NGX_AI_DELTA_CITATION, 0, &text, NULL);
    rc |= tell(sink, NGX_AI_DELTA_PART, 1, &text, NULL);
    rc |= tell(sink, NGX_AI_DELTA_TEXT, 1, &text, "another");
    rc |= tell(sink, NGX_AI_DELTA_PART, 0, &refusal, NULL);
    rc |= tell(sink, NGX_AI_DELTA_TEXT, 0, &refusal, "no");
    rc |= tell(sink, NGX_AI_DELTA_PART, 0, &audio, NULL);
    rc |= tell(sink, NGX_AI_DELTA_TEXT, 0, &audio, "AA==");
    rc |= tell(sink, NGX_AI_DELTA_PART, 0, &file, NULL);

    for (i = 0; i < 3; i++) {
        rc |= tell(sink, NGX_AI_DELTA_PART, 0, &call[i], NULL);
    }

    call[0].custom = 1;
    rc |= tell(sink, NGX_AI_DELTA_PART, 0, &call[0], NULL);
    rc |= tell(sink, NGX_AI_DELTA_FINISH, 1, NULL, NULL);
    rc |= tell(sink, NGX_AI_DELTA_END, 0, NULL, NULL);

    is_int(rc, NGX_OK, "another's stream is written");

    wire_out(&w, &t);
    is_str(t.data, t.len,
           THINK("t") TEXT("a") TEXT("no")
           MORE("'tool_calls':[{'id':'x','function':{'index':0,"
                "'name':'f','arguments':{}}}]")
           MORE("'tool_calls':[{'id':'x','function':{'index':1,'name':'f',"
                "'arguments':{}}}]")
           MORE("'tool_calls':[{'id':'x~aigw.4.SIG4','function':{'index':2,"
                "'name':'f','arguments':{}}}]")
           LAST("stop", UNTOLD),
           "signatures go into the ids of calls, and one answer is told");

    is_int(sink->events, 7, "its lines are counted");

    hub_text_free(&t);
    free(sink);
    wire_free(&w);
}


/* a long stream takes no more of the pool than a short one */

static void
test_many(void)
{
    wire_t          w;
    ngx_int_t       rc;
    ngx_uint_t      i, blocks;
    ngx_ai_part_t   part;
    ngx_ai_sink_t  *sink;

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    sink = calloc(1, ngx_ai_ollama.sink);
    sink->out = &w.out;
    sink->told = &w.told;
    sink->framing = NGX_AI_FRAMING_LINES;
    sink->pool = w.pool;

    memset(&part, 0, sizeof(part));
    part.kind = NGX_AI_PART_THINKING;

    rc = tell(sink, NGX_AI_DELTA_START, 0, NULL, NULL);
    rc |= tell(sink, NGX_AI_DELTA_SIGNATURE, 0, &part, "S");

    blocks = ngx_shim_pool_blocks;

    for (i = 0; i < 10000; i++) {
        ngx_ai_buf_reset(&w.out);

        rc |= tell(sink, NGX_AI_DELTA_PART, 0, &part, NULL);
        rc |= tell(sink, NGX_AI_DELTA_TEXT, 0, &part, "t");
        rc |= tell(sink, NGX_AI_DELTA_SIGNATURE, 0, &part, "S");
        rc |= tell(sink, NGX_AI_DELTA_PART_END, 0, &part, NULL);
    }

    is_int(rc, NGX_OK, "a long stream is written");
    is_int(ngx_shim_pool_blocks, blocks, "and takes no memory for itself");

    free(sink);
    wire_free(&w);
}


static void
test_memory(void)
{
    char        *json;
    wire_t       w;
    ngx_int_t    rc;
    ngx_uint_t   n, wrong;

    json = wire_json(THINK("t")
                     MORE("'images':['i'],'tool_calls':[{'function':{'name':"
                          "'f','arguments':'{}'}}]")
                     "{'message':{},'logprobs':[1]}\n" LAST("stop", ""));

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    rc = wire_write_stream(&w, json, strlen(json));
    wrong = 0;

    /* the pool, the flow and its cleanup are the test's own */

    for (n = 6; n < 60; n++) {
        ngx_ai_buf_free(&w.out);
        ngx_shim_fail_at = n;

        rc = wire_write_stream(&w, json, strlen(json));

        if (ngx_shim_fail_at) {
            break;
        }

        wrong += (rc == NGX_OK);
    }

    ngx_shim_fail_at = 0;

    is_int(wrong, 0, "a stream is not written without memory");
    is_int(rc, NGX_OK, "with memory it is");
    ok(n > 10 && n < 60, "in each of the places where it is needed (%d)",
       (int) n);

    free(json);
    wire_free(&w);
}


int
main(void)
{
    test_rows();
    test_ends();
    test_foreign();
    test_many();
    test_memory();

    return done();
}
