
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Streams: what events become in the flow, however they are cut, and that what
 * is written of it is the same.  Events of the tables stand one behind the
 * other, each on a line.
 */


#include "gemini.h"


#define CHUNK(parts)                                                          \
    "{'candidates':[{'content':{'role':'model','parts':[" parts "]}}]}\n"
#define LAST(reason)                                                          \
    "{'candidates':[{'finishReason':'" reason "'}]}\n"
#define START  "START created=0\n"
#define STOP   "FINISH 0 stop\nEND\n"



static void test_read(void);
static void test_framings(void);
static void test_refused(void);
static void test_args(void);
static void test_write(void);
static void test_memory(void);
static ngx_int_t read_lines(const char *lines, hub_sink_t *sink);


static const gemini_row_t  read_rows[] = {

    { "a text, in pieces",
      "{'candidates':[{'content':{'role':'model','parts':[{'text':'a'}]}}],"
      "'usageMetadata':{'promptTokenCount':3,'totalTokenCount':3},"
      "'modelVersion':'m','responseId':'r'}\n"
      "{'candidates':[{'content':{'parts':[{'text':'b'}]},"
      "'finishReason':'STOP'}],'usageMetadata':{'promptTokenCount':3,"
      "'candidatesTokenCount':2,'totalTokenCount':5}}\n",
      "START id=\"r\" model=\"m\" created=0\n"
      "USAGE usage input=3\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "USAGE usage input=3 output=2\n"
      "TEXT 0.0 \"b\"\n"
      "PART_END 0.0\n" STOP },

    { "an event of usage alone comes first, and says little",
      "{'usageMetadata':{'trafficType':'ON_DEMAND'},'modelVersion':'m'}\n"
      CHUNK("{'text':'a'}") LAST("STOP"),
      "START model=\"m\" created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "PART_END 0.0\n" STOP },

    { "thoughts, and the text behind them with its signature",
      CHUNK("{'thought':true,'text':'t'}") CHUNK("{'thought':true,'text':'u'}")
      CHUNK("{'text':'a'}") CHUNK("{'text':'','thoughtSignature':'S'}")
      LAST("STOP"),
      START
      "PART 0.0 thinking summary\n"
      "TEXT 0.0 \"t\"\n"
      "TEXT 0.0 \"u\"\n"
      "PART_END 0.0\n"
      "PART 0.1 text\n"
      "TEXT 0.1 \"a\"\n"
      "PART_END 0.1\n"
      "PART 0.2 thinking summary\n"
      "SIGNATURE 0.2 origin=4 \"S\"\n"
      "PART_END 0.2\n" STOP },

    { "a thought with a signature, at once and later",
      CHUNK("{'thought':true,'text':'t','thoughtSignature':'S'}")
      CHUNK("{'thought':true,'text':'u'}")
      CHUNK("{'thought':true,'text':'','thoughtSignature':'T'}")
      CHUNK("{'thought':true,'text':''}") LAST("STOP"),
      START
      "PART 0.0 thinking summary\n"
      "TEXT 0.0 \"t\"\n"
      "SIGNATURE 0.0 origin=4 \"S\"\n"
      "PART_END 0.0\n"
      "PART 0.1 thinking summary\n"
      "TEXT 0.1 \"u\"\n"
      "SIGNATURE 0.1 origin=4 \"T\"\n"
      "PART_END 0.1\n" STOP },

    { "calls come whole, some with a signature, and make it a finish of calls",
      CHUNK("{'text':'a'},{'functionCall':{'name':'f','args':{'x':1.0},"
            "'id':'i'},'thoughtSignature':'S'},{'functionCall':{'name':'g',"
            "'id':'j'}}") CHUNK("{'text':'b'}") LAST("STOP"),
      START
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "PART_END 0.0\n"
      "PART 0.1 call id=\"i\" name=\"f\" signature=\"S\" origin=4\n"
      "TEXT 0.1 \"{\\\"x\\\":1.0}\"\n"
      "PART_END 0.1\n"
      "PART 0.2 call id=\"j\" name=\"g\"\n"
      "TEXT 0.2 \"{}\"\n"
      "PART_END 0.2\n"
      "PART 0.3 text\n"
      "TEXT 0.3 \"b\"\n"
      "PART_END 0.3\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "arguments in pieces are put together",
      CHUNK("{'functionCall':{'name':'f','id':'i','willContinue':true},"
            "'thoughtSignature':'S'}")
      CHUNK("{'functionCall':{'partialArgs':[{'jsonPath':'$.city',"
            "'stringValue':'Os','willContinue':true}],'willContinue':true}}")
      CHUNK("{'functionCall':{'partialArgs':[{'jsonPath':'$.city',"
            "'stringValue':'lo'},{'jsonPath':'$.days[0]','numberValue':1.0}],"
            "'willContinue':true}}")
      CHUNK("{'functionCall':{}}")
      CHUNK("{'functionCall':{'name':'g','id':'j','willContinue':true}}")
      CHUNK("{'text':'a'}") LAST("STOP"),
      START
      "PART 0.0 call id=\"i\" name=\"f\" signature=\"S\" origin=4\n"
      "TEXT 0.0 \"{\\\"city\\\":\\\"Oslo\\\",\\\"days\\\":[1.0]}\"\n"
      "PART_END 0.0\n"
      "PART 0.1 call id=\"j\" name=\"g\"\n"
      "TEXT 0.1 \"{}\"\n"
      "PART_END 0.1\n"
      "PART 0.2 text\n"
      "TEXT 0.2 \"a\"\n"
      "PART_END 0.2\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "a call in pieces ends with the stream, and with the next one",
      CHUNK("{'functionCall':{'name':'f','id':'i','willContinue':true}}")
      CHUNK("{'functionCall':{'name':'g','id':'j','willContinue':true}}")
      LAST("STOP"),
      START
      "PART 0.0 call id=\"i\" name=\"f\"\n"
      "TEXT 0.0 \"{}\"\n"
      "PART_END 0.0\n"
      "PART 0.1 call id=\"j\" name=\"g\"\n"
      "TEXT 0.1 \"{}\"\n"
      "PART_END 0.1\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "images, files, what only Gemini has a word for",
      CHUNK("{'inlineData':{'mimeType':'image/png','data':'A'},"
            "'thoughtSignature':'S'},{'fileData':{'mimeType':'text/csv',"
            "'fileUri':'https://x/y'}},{'executableCode':{'code':'1'}}")
      LAST("STOP"),
      START
      "PART 0.0 image data=\"A\" media=\"image/png\" signature=\"S\" "
      "origin=4\n"
      "PART_END 0.0\n"
      "PART 0.1 file media=\"text/csv\" url=\"https://x/y\"\n"
      "PART_END 0.1\n"
      "PART 0.2 native name=\"executableCode\" json={\"executableCode\":"
      "{\"code\":\"1\"}} origin=4\n"
      "PART_END 0.2\n" STOP },

    { "sources are of the text before them, its signature is behind them",
      CHUNK("{'text':'a'}")
      "{'candidates':[{'content':{'parts':[{'text':'b',"
      "'thoughtSignature':'S'}]},'finishReason':'STOP','groundingMetadata':"
      "{'groundingChunks':[{'web':{'uri':'u'}}],'groundingSupports':["
      "{'groundingChunkIndices':[0]}]}}]}\n",
      START
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "TEXT 0.0 \"b\"\n"
      "CITATION 0.0 citation{ url=\"u\" -1--1 }\n"
      "PART_END 0.0\n"
      "PART 0.1 thinking summary\n"
      "SIGNATURE 0.1 origin=4 \"S\"\n"
      "PART_END 0.1\n" STOP },

    { "sources that are told again are told once",
      "{'candidates':[{'content':{'parts':[{'text':'a'}]},"
      "'groundingMetadata':{'groundingChunks':[{'web':{'uri':'u'}}],"
      "'groundingSupports':[{'groundingChunkIndices':[0]}]}}]}\n"
      "{'candidates':[{'groundingMetadata':{}}]}\n"
      "{'candidates':[{'finishReason':'STOP','groundingMetadata':"
      "{'groundingChunks':[{'web':{'uri':'u'}},{'web':{'uri':'v'}}],"
      "'groundingSupports':[{'groundingChunkIndices':[0]},"
      "{'groundingChunkIndices':[1]}]}}]}\n",
      START
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "CITATION 0.0 citation{ url=\"u\" -1--1 }\n"
      "CITATION 0.0 citation{ url=\"v\" -1--1 }\n"
      "PART_END 0.0\n" STOP },

    { "how probable the tokens were",
      "{'candidates':[{'content':{'parts':[{'text':'a'}]},'finishReason':"
      "'STOP','logprobsResult':{'chosenCandidates':[{'token':'a',"
      "'logProbability':-1}]}}]}\n",
      START
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "LOGPROBS 0 {\"content\":[{\"token\":\"a\",\"logprob\":-1,\"bytes\":"
      "null,\"top_logprobs\":[]}]}\n"
      "PART_END 0.0\n" STOP },

    { "candidates take turns",
      "{'candidates':[{'content':{'parts':[{'text':'a'}]}},"
      "{'content':{'parts':[{'text':'b'}]},'index':1}]}\n"
      "{'candidates':[{'content':{'parts':[{'text':'c'}]},'index':1,"
      "'finishReason':'MAX_TOKENS'}]}\n"
      "{'candidates':[{'index':0,'finishReason':'STOP'}]}\n",
      START
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "PART 1.0 text\n"
      "TEXT 1.0 \"b\"\n"
      "TEXT 1.0 \"c\"\n"
      "PART_END 0.0\n"
      "PART_END 1.0\n"
      "FINISH 0 stop\n"
      "FINISH 1 length\n"
      "END\n" },

    { "the prompt was refused", "{'promptFeedback':{'blockReason':'OTHER'}}\n",
      START "FINISH 0 content_filter\nEND\n" },

    { "nothing was said",
      "{'candidates':[{'content':{'role':'model'},'finishReason':"
      "'MAX_TOKENS'}]}\n",
      START "FINISH 0 length\nEND\n" },

    { "an error in the middle is the end",
      CHUNK("{'text':'a'}")
      "{'error':{'code':503,'message':'no \\'more\\'','status':"
      "'UNAVAILABLE'}}\n" CHUNK("{'text':'b'}"),
      START
      "PART 0.0 text\n"
      "TEXT 0.0 \"a\"\n"
      "ERROR overloaded message=\"no \"more\"\"\n" },

    { "an error in an array is one", "[{'error':{'code':499}}]\n",
      "ERROR upstream message=\"The provider failed.\"\n" },

    { "an event that says nothing is passed over",
      "{}\n{'x':1}\n{'candidates':[]}\n{'candidates':null}\n"
      "{'candidates':[{}]}\n{'candidates':[{'content':{'parts':[]}}]}\n"
      CHUNK("{},{'text':''},{'x':1},{'functionCall':{}}") LAST("STOP"),
      START STOP }
};


static const char *const  refused_rows[] = {
    "hello", "1", "'hi'", "[1]", "{'candidates':{}}", "{'candidates':[",
    "{'candidates':[{'index':-1}]}", "{'candidates':[{'index':'x'}]}",
    "{'candidates':[{'content':{'parts':['x']}}]}",
    "{'candidates':[{'content':{'parts':[{'text':1}]}}]}",
    "{'candidates':[{'content':{'parts':[{'functionCall':[]}]}}]}",
    "{'candidates':[{'content':{'parts':[{'inlineData':{}}]}}]}"
};


/* pieces of arguments, and the object that they are; NULL: they are none */

static const gemini_row_t  args_rows[] = {

    { "of all types",
      "[{'jsonPath':'$.s','stringValue':'a\\'b'},"
      "{'jsonPath':'$.n','numberValue':-1.50},"
      "{'jsonPath':'$.t','boolValue':true},"
      "{'jsonPath':'$.z','nullValue':'NULL_VALUE'},"
      "{'jsonPath':'$.e','stringValue':''}]",
      "{'s':'a\\'b','n':-1.50,'t':true,'z':null,'e':''}" },

    { "deep, and up again",
      "[{'jsonPath':'$.a.b.c','numberValue':1},"
      "{'jsonPath':'$.a.b.d','numberValue':2},"
      "{'jsonPath':'$.a.e','numberValue':3},"
      "{'jsonPath':'$.f','numberValue':4}]",
      "{'a':{'b':{'c':1,'d':2},'e':3},'f':4}" },

    { "arrays, and objects in them",
      "[{'jsonPath':'$.a[0]','numberValue':1},"
      "{'jsonPath':'$.a[1].b','numberValue':2},"
      "{'jsonPath':'$.a[1].c','numberValue':3},"
      "{'jsonPath':'$.a[2][0]','numberValue':4},"
      "{'jsonPath':'$.a[2][1]','numberValue':5},"
      "{'jsonPath':'$.b','numberValue':6}]",
      "{'a':[1,{'b':2,'c':3},[4,5]],'b':6}" },

    { "names that are quoted",
      "[{'jsonPath':'$[`a.b`]','numberValue':1},"
      "{'jsonPath':'$[\\'c[0]\\'].d','numberValue':2},"
      "{'jsonPath':'$[\\'c[0]\\'][`\\\\`]','numberValue':3}]",
      "{'a.b':1,'c[0]':{'d':2,'\\\\':3}}" },

    { "strings that go on, one that does not end",
      "[{'jsonPath':'$.a','stringValue':'x','willContinue':true},"
      "{'jsonPath':'$.a','stringValue':'y','willContinue':true},"
      "{'jsonPath':'$.a','stringValue':''},"
      "{'jsonPath':'$.b','stringValue':'p','willContinue':true},"
      "{'jsonPath':'$.c','stringValue':'q','willContinue':true}]",
      "{'a':'xy','b':'p','c':'q'}" },

    { "a value that is announced", "[{'jsonPath':'$.a'},{'jsonPath':'$.b',"
      "'numberValue':1}]", "{'b':1}" },

    { "none", "[]", "{}" },
    { "no path", "[{'numberValue':1}]", NULL },
    { "a path that is none", "[{'jsonPath':'a','numberValue':1}]", NULL },
    { "the root", "[{'jsonPath':'$','numberValue':1}]", NULL },
    { "a root that is an array", "[{'jsonPath':'$[0]','numberValue':1}]",
      NULL },
    { "an empty name", "[{'jsonPath':'$.','numberValue':1}]", NULL },
    { "a bracket that stays open", "[{'jsonPath':'$.a[0','numberValue':1}]",
      NULL },
    { "a quote that stays open", "[{'jsonPath':'$[`a','numberValue':1}]",
      NULL },
    { "an end that is none", "[{'jsonPath':'$[','numberValue':1}]", NULL },
    { "the same again", "[{'jsonPath':'$.a','numberValue':1},"
      "{'jsonPath':'$.a','numberValue':1}]", NULL },
    { "a value in a value", "[{'jsonPath':'$.a','numberValue':1},"
      "{'jsonPath':'$.a.b','numberValue':1}]", NULL },
    { "a value around a value", "[{'jsonPath':'$.a.b','numberValue':1},"
      "{'jsonPath':'$.a','numberValue':1}]", NULL },
    { "an array that is an object", "[{'jsonPath':'$.a[0]','numberValue':1},"
      "{'jsonPath':'$.a.b','numberValue':1}]", NULL }
};


static ngx_int_t
read_lines(const char *lines, hub_sink_t *sink)
{
    char    text[GEMINI_EVENTS];
    size_t  len;

    len = gemini_events(text, lines, "data: ", "\r\n\r\n");

    return wire_read_stream(&gemini, text, len, WIRE_WHOLE, 0, sink);
}


static void
test_read(void)
{
    hub_sink_t  sink;
    ngx_uint_t  i;

    for (i = 0; i < GEMINI_ROWS(read_rows); i++) {

        is_int(read_lines(read_rows[i].in, &sink), NGX_OK,
               "it is a stream: %s", read_rows[i].name);

        is_str(sink.deltas.data, sink.deltas.len, read_rows[i].out,
               "stream: %s", read_rows[i].name);
        hub_sink_free(&sink);
    }
}


/* per byte, in pieces, and as the array that it is without "alt=sse" */

static void
test_framings(void)
{
    char              text[GEMINI_EVENTS], array[GEMINI_EVENTS];
    size_t            len, n;
    hub_sink_t        sink;
    ngx_uint_t        i, cut;
    ngx_ai_dialect_t  other;

    other = ngx_ai_gemini;
    other.framing = NGX_AI_FRAMING_ARRAY;

    for (i = 0; i < GEMINI_ROWS(read_rows); i++) {

        len = gemini_events(text, read_rows[i].in, "data: ", "\n\n");
        n = gemini_events(array, read_rows[i].in, ",\r\n", "\n");
        array[2] = '[';
        array[n++] = ']';

        for (cut = WIRE_WHOLE; cut < 5; cut++) {

            (void) wire_read_stream(&gemini, text, len, cut, 0, &sink);

            is_str(sink.deltas.data, sink.deltas.len, read_rows[i].out,
                   "cut, it is the same: %s", read_rows[i].name);
            hub_sink_free(&sink);

            gemini.dialect = &other;

            (void) wire_read_stream(&gemini, array + 2, n - 2, cut, 0, &sink);

            is_str(sink.deltas.data, sink.deltas.len, read_rows[i].out,
                   "as an array it is the same: %s", read_rows[i].name);
            hub_sink_free(&sink);

            gemini.dialect = &ngx_ai_gemini;
        }
    }
}


static void
test_refused(void)
{
    char        line[256];
    hub_sink_t  sink;
    ngx_uint_t  i;

    for (i = 0; i < GEMINI_ROWS(refused_rows); i++) {
        snprintf(line, sizeof(line), "%s\n", refused_rows[i]);

        is_int(read_lines(line, &sink), NGX_ERROR,
               "no event of Gemini's: %s", refused_rows[i]);
        hub_sink_free(&sink);
    }

    is_int(read_lines("{'candidates':[{'index':8}]}\n", &sink), NGX_DECLINED,
           "there are more candidates than we count");
    hub_sink_free(&sink);

    is_int(read_lines(CHUNK("{'text':'a'}"), &sink), NGX_AGAIN,
           "a stream without a reason to end has been cut");
    hub_sink_free(&sink);
}


static void
test_args(void)
{
    char         line[1024], want[512];
    ngx_int_t    rc;
    hub_sink_t   sink;
    hub_text_t   t = { NULL, 0, 0 };
    ngx_uint_t   i;

    for (i = 0; i < GEMINI_ROWS(args_rows); i++) {

        snprintf(line, sizeof(line),
                 CHUNK("{'functionCall':{'name':'f','id':'i','partialArgs':"
                       "%s}}") LAST("STOP"), args_rows[i].in);

        rc = read_lines(line, &sink);

        if (args_rows[i].out == NULL) {
            is_int(rc, NGX_ERROR, "no arguments: %s", args_rows[i].name);
            hub_sink_free(&sink);
            continue;
        }

        is_int(rc, NGX_OK, "arguments: %s", args_rows[i].name);

        hub_sink_fold(&sink, &t, HUB_IDS);

        snprintf(want, sizeof(want), "alternative finish=tool_calls\n"
                 "  call id='i' name='f' json=%s\nusage none\n",
                 args_rows[i].out);
        wire_turn(t.data, t.len, "\"'", "'`");

        is_str(t.data, t.len, want, "they are: %s", args_rows[i].name);

        hub_text_free(&t);
        hub_sink_free(&sink);
    }
}


/* what is read and written again is the same */

static void
test_write(void)
{
    char        text[GEMINI_EVENTS];
    size_t      len;
    ngx_int_t   rc;
    hub_sink_t  sink;
    hub_text_t  a = { NULL, 0, 0 };
    hub_text_t  b = { NULL, 0, 0 };
    ngx_uint_t  i;

    for (i = 0; i < GEMINI_ROWS(read_rows); i++) {

        len = gemini_events(text, read_rows[i].in, "data: ", "\r\n\r\n");

        (void) wire_read_stream(&gemini, text, len, WIRE_WHOLE, 0, &sink);
        hub_sink_fold(&sink, &a, HUB_IDS|HUB_SIGNATURES);
        hub_bytes(&a, sink.error.data, sink.error.len);
        hub_sink_free(&sink);

        is_int(wire_write_stream(&gemini, text, len), NGX_OK,
               "a stream is written: %s", read_rows[i].name);

        len = ngx_ai_buf_len(&gemini.out);
        memcpy(text, gemini.out.start, len);

        rc = wire_read_stream(&gemini, text, len, WIRE_WHOLE, 0, &sink);
        hub_sink_fold(&sink, &b, HUB_IDS|HUB_SIGNATURES);
        hub_bytes(&b, sink.error.data, sink.error.len);
        hub_sink_free(&sink);

        is_int(rc, NGX_OK, "and it is one");
        is_str(b.data, b.len, a.data, "the same one: %s", read_rows[i].name);

        hub_text_free(&a);
        hub_text_free(&b);
    }
}


static void
test_memory(void)
{
    char         text[GEMINI_EVENTS];
    size_t       len;
    ngx_int_t    rc;
    ngx_uint_t   i, n, wrong, taken;

    wrong = 0;
    taken = 0;

    for (i = 0; i < GEMINI_ROWS(read_rows); i++) {

        len = gemini_events(text, read_rows[i].in, "data: ", "\n\n");

        /* the flow is begun before, and so are all buffers that stay */

        for (n = 5; n < 100; n++) {
            ngx_shim_fail_at = n;

            rc = wire_write_stream(&gemini, text, len);

            if (ngx_shim_fail_at) {
                break;
            }

            taken++;

            /* an error is told in any case */

            if (rc == NGX_OK && strstr(read_rows[i].in, "error") == NULL) {
                wrong++;
            }
        }

        ngx_shim_fail_at = 0;
    }

    ok(taken > 50, "streams take some allocations");
    is_int(wrong, 0, "each of them may fail");
}


int
main(void)
{
    gemini_init();

    test_read();
    test_framings();
    test_refused();
    test_args();
    test_write();
    test_memory();

    wire_free(&gemini);

    return done();
}
