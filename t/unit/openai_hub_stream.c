
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Streams of chat completions: what they are in the hub, however their vendor
 * words them.
 */


#include "openai_hub.h"


/* the events are those of hub_events() */

typedef struct {
    const char  *name;
    ngx_uint_t   quirks;
    const char  *events;
    ngx_int_t    rc;
    const char  *deltas;        /* the START that most have is left out */
} read_row_t;


static void test_read(void);


#define START    "START id=\"c-1\" model=\"m\" created=7\n"
#define TEXT     "PART 0.0 text\n"
#define ENDED    "PART_END 0.0\nFINISH 0 stop\nEND\n"


static const read_row_t  read_rows[] = {

    { "OpenAI's", 0,
      ROLE C("'content':'Hi'") C("'content':'\\n'") F("stop")
      "{" CHUNK "'choices':[]," USED "}\n" DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"Hi\"\nTEXT 0.0 \"\\n\"\n"
      "USAGE usage input=3 output=4\n" ENDED },
    { "a pair that is cut in two", 0,
      C("'content':'\\ud83d'") C("'content':'\\ude00'") F("stop") DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"\\ud83d\"\nTEXT 0.0 \"\\ude00\"\n" ENDED },
    { "nothing", 0, ROLE F("length") DONE, NGX_OK,
      START "FINISH 0 length\nEND\n" },

    { "Azure's, with a chunk about the prompt and one without a delta", 0,
      "{'choices':[],'id':'','model':'','object':'','created':0,"
      "'prompt_filter_results':[{}]}\n" C("'content':'x'")
      "{'id':'','model':'','created':0,'choices':[{'index':0,"
      "'finish_reason':null,'content_filter_offsets':{}}]}\n" F("stop") DONE,
      NGX_OK, START TEXT "TEXT 0.0 \"x\"\n" ENDED },
    { "members that are null", 0,
      "{" CHUNK "'choices':[{'index':0,'delta':null}],'usage':null}\n"
      C("'role':null,'content':null,'tool_calls':null,'reasoning':null,"
        "'refusal':null,'annotations':null,'audio':null") C("'content':'x'")
      F("stop") DONE, NGX_OK, START TEXT "TEXT 0.0 \"x\"\n" ENDED },
    { "members of the wrong type say nothing", 0,
      "{'id':1,'model':{},'created':'x','choices':{},'usage':[]}\n"
      "{" CHUNK "'choices':[{'index':'x','delta':{'content':1,'tool_calls':1,"
      "'reasoning':[],'images':'x','audio':[],'function_call':null},"
      "'finish_reason':7}]}\n" C("'content':'x'") F("stop") DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\n" ENDED },
    { "padding, and what nobody knows", 0,
      "{" CHUNK "'choices':[{'index':0,'delta':{'content':'x','p':'abc'},"
      "'matched_stop':null}],'obfuscation':'a','p':'b','time_info':{}}\n"
      F("stop") DONE, NGX_OK, START TEXT "TEXT 0.0 \"x\"\n" ENDED },
    { "without a start", 0,
      "{'choices':[{'delta':{'content':'x'}}]}\n" DONE, NGX_OK,
      "START created=0\n" TEXT "TEXT 0.0 \"x\"\n" ENDED },

    { "two finishes, and usage with the second (OpenRouter)", 0,
      C("'role':'assistant','content':'x'") F("stop")
      "{" CHUNK "'choices':[{'index':0,'delta':{'role':'assistant','content':''"
      "},'finish_reason':'stop'}]," USED "}\n" DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\nUSAGE usage input=3 output=4\n" ENDED },
    { "usage in each chunk, sources too, and no terminator (Perplexity)", 0,
      "{" CHUNK "'choices':[{'index':0,'delta':{'content':'a'}}],'citations':"
      "['http://h'],'usage':{'prompt_tokens':3,'completion_tokens':1}}\n"
      "{" CHUNK "'choices':[{'index':0,'delta':{'content':'b'},"
      "'finish_reason':'stop'}],'citations':['http://h']," USED "}\n"
      "{'id':'c-1','choices':[{'index':0,'message':{'content':'ab'},'delta':{"
      "'content':''},'finish_reason':'stop'}],'object':"
      "'chat.completion.done','citations':['http://h']}\n", NGX_OK,
      START TEXT "TEXT 0.0 \"a\"\nUSAGE usage input=3 output=1\n"
      "TEXT 0.0 \"b\"\nCITATION 0.0 citation{ url=\"http://h\" -1--1 }\n"
      "USAGE usage input=3 output=4\n" ENDED },
    { "no terminator", 0, C("'content':'x'") F("stop"), NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\n" ENDED },
    { "cut", 0, C("'content':'x'"), NGX_AGAIN,
      START TEXT "TEXT 0.0 \"x\"\n" },
    { "more than all", 0,
      C("'content':'x'") DONE C("'content':'y'") DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\n" ENDED },

    { "thoughts of DeepSeek", 0,
      C("'content':null,'reasoning_content':'t'")
      C("'content':'x','reasoning_content':null") F("stop") DONE, NGX_OK,
      START "PART 0.0 thinking\nTEXT 0.0 \"t\"\nPART_END 0.0\n"
      "PART 0.1 text\nTEXT 0.1 \"x\"\nPART_END 0.1\nFINISH 0 stop\nEND\n" },
    { "thoughts by two names at once", 0,
      C("'reasoning':'t','reasoning_details':[{'type':'reasoning.text',"
        "'text':'t'}],'content':''") F("stop") DONE, NGX_OK,
      START "PART 0.0 thinking\nTEXT 0.0 \"t\"\n" ENDED },
    { "thoughts of OpenRouter alone", 0,
      C("'reasoning_details':[{'type':'reasoning.text','text':'t'},"
        "{'type':'reasoning.encrypted','data':'Q'}]")
      C("'reasoning_details':[]") F("stop") DONE, NGX_OK,
      START "PART 0.0 thinking\nTEXT 0.0 \"t\"\n" ENDED },
    { "thoughts of Mistral", 0,
      C("'content':[{'type':'thinking','thinking':[{'type':'text','text':'t'}"
        "]}]")
      C("'content':[{'type':'thinking','thinking':[],'closed':true},"
        "{'type':'text','text':'x'}]") C("'content':'y'") F("stop") DONE,
      NGX_OK, START "PART 0.0 thinking\nTEXT 0.0 \"t\"\nPART_END 0.0\n"
      "PART 0.1 text\nTEXT 0.1 \"x\"\nTEXT 0.1 \"y\"\nPART_END 0.1\n"
      "FINISH 0 stop\nEND\n" },
    { "a refusal", 0,
      C("'refusal':'n'") C("'refusal':'o'") F("stop") DONE, NGX_OK,
      START "PART 0.0 refusal\nTEXT 0.0 \"n\"\nTEXT 0.0 \"o\"\n" ENDED },
    { "pictures", 0,
      C("'content':'x','images':[{'type':'image_url','image_url':{'url':"
        "'data:image/png;base64,QQ=='}}]") F("stop") DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\nPART_END 0.0\n"
      "PART 0.1 image data=\"QQ==\" media=\"image/png\"\nPART_END 0.1\n"
      "FINISH 0 stop\nEND\n" },
    { "sound and what it says", 0,
      C("'audio':{'id':'a','transcript':'hi'}")
      C("'audio':{'data':'QUFB'}") C("'audio':{'data':'QkJC'}")
      C("'audio':{'expires_at':9}") F("stop") DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"hi\"\nPART_END 0.0\nPART 0.1 audio\n"
      "TEXT 0.1 \"QUFB\"\nTEXT 0.1 \"QkJC\"\nPART_END 0.1\n"
      "FINISH 0 stop\nEND\n" },
    { "sources", 0,
      C("'content':'abc','annotations':[{'type':'url_citation',"
        "'url_citation':{'url':'http://h','title':'t','start_index':0,"
        "'end_index':2}}]") F("stop") DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"abc\"\nCITATION 0.0 citation{ "
      "url=\"http://h\" title=\"t\" 0-2 }\n" ENDED },
    { "probabilities", 0,
      "{" CHUNK "'choices':[{'index':0,'delta':{'content':'x'},'logprobs':"
      "{'content':[{'token':'x','logprob':-1e-7}],'refusal':null}}]}\n"
      F("stop") DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\nLOGPROBS 0 {\"content\":[{\"token\":\"x\","
      "\"logprob\":-1e-7}],\"refusal\":null}\n" ENDED },

    /* calls */

    { "a call in pieces", 0,
      C("'role':'assistant','content':null,'tool_calls':[{'index':0,'id':"
        "'call_1','type':'function','function':{'name':'f','arguments':''}}]")
      C("'tool_calls':[{'index':0,'function':{'arguments':'{\\\"a'}}]")
      C("'tool_calls':[{'index':0,'function':{'arguments':'\\\":1}'}}]")
      F("tool_calls") DONE, NGX_OK,
      START "PART 0.0 call id=\"call_1\" name=\"f\"\n"
      "TEXT 0.0 \"{\\\"a\"\nTEXT 0.0 \"\\\":1}\"\n"
      "PART_END 0.0\nFINISH 0 tool_calls\nEND\n" },
    { "calls one behind the other, told as a stop", 0,
      C("'content':'x'")
      C("'tool_calls':[{'index':0,'id':'1','function':{'name':'f',"
        "'arguments':'{}'}}]")
      C("'tool_calls':[{'index':1,'id':'2','function':{'name':'g',"
        "'arguments':''}}]")
      C("'tool_calls':[{'index':1,'id':null,'type':null,'function':{'name':"
        "null,'arguments':'{}'}}]") F("stop") DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\nPART_END 0.0\n"
      "PART 0.1 call id=\"1\" name=\"f\"\nTEXT 0.1 \"{}\"\nPART_END 0.1\n"
      "PART 0.2 call id=\"2\" name=\"g\"\nTEXT 0.2 \"{}\"\nPART_END 0.2\n"
      "FINISH 0 tool_calls\nEND\n" },
    { "calls in one another", 0,
      C("'tool_calls':[{'index':0,'id':'1','function':{'name':'f',"
        "'arguments':'{'}},{'index':1,'id':'2','function':{'name':'g',"
        "'arguments':'{'}}]")
      C("'tool_calls':[{'index':0,'function':{'arguments':'}'}},{'index':1,"
        "'function':{'arguments':'}'}}]") F("tool_calls") DONE, NGX_OK,
      START "PART 0.0 call id=\"1\" name=\"f\"\nTEXT 0.0 \"{\"\n"
      "TEXT 0.0 \"}\"\nPART_END 0.0\nPART 0.1 call id=\"2\" name=\"g\"\n"
      "TEXT 0.1 \"{}\"\nPART_END 0.1\nFINISH 0 tool_calls\nEND\n" },
    { "calls whole, with the finish, and without an index (Mistral)", 0,
      "{" CHUNK "'choices':[{'index':0,'delta':{'content':'','tool_calls':["
      "{'id':'aaaaaaaaa','function':{'name':'f','arguments':'{\\\"a\\\":1}'}},"
      "{'id':'bbbbbbbbb','function':{'name':'f','arguments':'{}'}}]},"
      "'finish_reason':'tool_calls'}]}\n" DONE, NGX_OK,
      START "PART 0.0 call id=\"aaaaaaaaa\" name=\"f\"\n"
      "TEXT 0.0 \"{\\\"a\\\":1}\"\nPART_END 0.0\n"
      "PART 0.1 call id=\"bbbbbbbbb\" name=\"f\"\nTEXT 0.1 \"{}\"\n"
      "PART_END 0.1\nFINISH 0 tool_calls\nEND\n" },
    { "calls without an index and without ids", 0,
      C("'tool_calls':[{'function':{'name':'f','arguments':'{'}}]")
      C("'tool_calls':[{'function':{'arguments':'}'}}]")
      C("'tool_calls':[{'function':{'name':'g','arguments':'{}'}}]")
      F("tool_calls") DONE, NGX_OK,
      START "PART 0.0 call id=\"call_1234abcd0\" name=\"f\"\n"
      "TEXT 0.0 \"{\"\nTEXT 0.0 \"}\"\nPART_END 0.0\n"
      "PART 0.1 call id=\"call_1234abcd1\" name=\"g\"\nTEXT 0.1 \"{}\"\n"
      "PART_END 0.1\nFINISH 0 tool_calls\nEND\n" },
    { "calls that all have the index 0", 0,
      C("'tool_calls':[{'index':0,'id':'1','function':{'name':'f',"
        "'arguments':'{}'}}]")
      C("'tool_calls':[{'index':0,'id':'2','function':{'name':'f',"
        "'arguments':'{'}}]")
      C("'tool_calls':[{'index':0,'function':{'arguments':'}'}}]")
      F("tool_calls") DONE, NGX_OK,
      START "PART 0.0 call id=\"1\" name=\"f\"\nTEXT 0.0 \"{}\"\n"
      "PART_END 0.0\nPART 0.1 call id=\"2\" name=\"f\"\nTEXT 0.1 \"{}\"\n"
      "PART_END 0.1\nFINISH 0 tool_calls\nEND\n" },
    { "a name and an id in each piece", 0,
      C("'tool_calls':[{'index':0,'id':'1','function':{'name':'f',"
        "'arguments':'{'}}]")
      C("'tool_calls':[{'index':0,'id':'1','function':{'name':'f',"
        "'arguments':'}'}}]") F("tool_calls") DONE, NGX_OK,
      START "PART 0.0 call id=\"1\" name=\"f\"\nTEXT 0.0 \"{\"\n"
      "TEXT 0.0 \"}\"\nPART_END 0.0\nFINISH 0 tool_calls\nEND\n" },
    { "arguments that are an object, and none at all", 0,
      C("'tool_calls':[{'index':0,'id':'1','function':{'name':'f',"
        "'arguments':{'a':1}}},{'index':1,'id':'2','function':{'name':'g'}}]")
      F("tool_calls") DONE, NGX_OK,
      START "PART 0.0 call id=\"1\" name=\"f\"\nTEXT 0.0 "
      "\"{\\\"a\\\":1}\"\nPART_END 0.0\nPART 0.1 call id=\"2\" name=\"g\"\n"
      "TEXT 0.1 \"{}\"\nPART_END 0.1\nFINISH 0 tool_calls\nEND\n" },
    { "a custom call", 0,
      C("'tool_calls':[{'index':0,'id':'1','type':'custom','custom':{'name':"
        "'c','input':''}}]")
      C("'tool_calls':[{'index':0,'custom':{'input':'4 + '}}]")
      C("'tool_calls':[{'index':0,'custom':{'input':'4'}}]")
      F("tool_calls") DONE, NGX_OK,
      START "PART 0.0 call id=\"1\" name=\"c\" custom\nTEXT 0.0 \"4 + \"\n"
      "TEXT 0.0 \"4\"\nPART_END 0.0\nFINISH 0 tool_calls\nEND\n" },
    { "a call with a signature in its id", 0,
      C("'tool_calls':[{'index':0,'id':'1~aigw.4.QUJD','function':{'name':"
        "'f','arguments':''}}]")
      C("'tool_calls':[{'index':0,'function':{'arguments':'{}'}}]")
      F("tool_calls") DONE, NGX_OK,
      START "PART 0.0 call id=\"1\" name=\"f\" signature=\"QUJD\" origin=4\n"
      "TEXT 0.0 \"{}\"\nPART_END 0.0\nFINISH 0 tool_calls\nEND\n" },
    { "what was before tools", 0,
      C("'function_call':{'name':'f','arguments':''}")
      C("'function_call':{'arguments':'{}'}") F("function_call") DONE, NGX_OK,
      START "PART 0.0 call id=\"call_1234abcd0\" name=\"f\"\n"
      "TEXT 0.0 \"{}\"\nPART_END 0.0\nFINISH 0 tool_calls\nEND\n" },
    { "calls that are nothing", 0,
      C("'tool_calls':[],'function_call':{'name':'','arguments':''}")
      C("'tool_calls':[{'index':0,'id':'','function':{}}]")
      C("'content':'x'") F("stop") DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\n" ENDED },

    { "choices in one another", 0,
      C("'content':'a'") C1("'content':'b'") C("'content':'c'")
      F("stop") "{" CHUNK "'choices':[{'index':1,'delta':{},'finish_reason':"
      "'length'}]," USED "}\n" DONE, NGX_OK,
      START "PART 0.0 text\nTEXT 0.0 \"a\"\nPART 1.0 text\nTEXT 1.0 \"b\"\n"
      "TEXT 0.0 \"c\"\nUSAGE usage input=3 output=4\nPART_END 0.0\n"
      "PART_END 1.0\nFINISH 0 stop\nFINISH 1 length\nEND\n" },
    { "the legacy form", 0,
      "{" CHUNK "'choices':[{'text':'a','index':0,'logprobs':null,"
      "'finish_reason':null}]}\n"
      "{" CHUNK "'choices':[{'text':'b','index':0,'finish_reason':'stop'}]}\n"
      DONE, NGX_OK, START TEXT "TEXT 0.0 \"a\"\nTEXT 0.0 \"b\"\n" ENDED },

    /* usage */

    { "usage of Groq in three places", 0,
      C("'content':'x'")
      "{" CHUNK "'choices':[{'index':0,'delta':{},'finish_reason':'stop'}],"
      "'x_groq':{'id':'r','usage':{'prompt_tokens':3,'completion_tokens':4}}}"
      "\n{" CHUNK "'choices':[]," USED "}\n" DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\nUSAGE usage input=3 output=4\n"
      "USAGE usage input=3 output=4\n" ENDED },
    { "usage of xAI", NGX_AI_QUIRK_REASONING_APART,
      C("'content':'x'") F("stop")
      "{" CHUNK "'choices':[],'usage':{'prompt_tokens':3,"
      "'completion_tokens':4,'total_tokens':9,'completion_tokens_details':"
      "{'reasoning_tokens':2}}}\n" DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\nUSAGE usage input=3 output=4 reasoning=2\n"
      ENDED },
    { "usage of Moonshot in the choice", 0,
      C("'content':'x'")
      "{" CHUNK "'choices':[{'index':0,'delta':{},'finish_reason':'stop',"
      USED "}]}\n" DONE, NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\nUSAGE usage input=3 output=4\n" ENDED },

    /* errors */

    { "an error, before anything", 0,
      "{'error':{'message':'m\\n','type':'server_error','code':null}}\n",
      NGX_OK, "ERROR upstream message=\"m\n\"\n" },
    { "an error behind something", 0,
      C("'content':'x'") "{'error':{'message':'m','code':429}}\n"
      C("'content':'y'"), NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\nERROR rate_limited message=\"m\"\n" },
    { "an error by the event's name (Groq)", 0,
      "error: {'error':{'message':'m','type':'invalid_request_error','code':"
      "'tool_use_failed','failed_generation':'x','status_code':400}}\n",
      NGX_OK, "ERROR invalid_request message=\"m\"\n" },
    { "an error by the event's name alone", 0, "error: {}\n", NGX_OK,
      "ERROR upstream message=\"The provider failed.\"\n" },
    { "an error beside a choice (OpenRouter)", 0,
      "{" CHUNK "'error':{'code':502,'message':'m'},'choices':[{'index':0,"
      "'delta':{'content':''},'finish_reason':'error'}]}\n" DONE, NGX_OK,
      "ERROR upstream message=\"m\"\n" },
    { "an error that is a string", 0, "{'error':'m'}\n", NGX_OK,
      "ERROR upstream message=\"m\"\n" },
    { "an error of our key", 0, "{'error':{'message':'m','code':401}}\n",
      NGX_OK, "ERROR provider_auth message=\"m\"\n" },
    { "an error of a status in a string", 0,
      "{'error':{'message':'m','code':'503'}}\n", NGX_OK,
      "ERROR unavailable message=\"m\"\n" },
    { "an error by its own name (MiniMax)", NGX_AI_QUIRK_BASE_RESP,
      "{'id':'x','choices':null,'base_resp':{'status_code':1008,"
      "'status_msg':'insufficient balance'}}\n", NGX_OK,
      "ERROR quota message=\"insufficient balance\"\n" },
    { "no error by that name", NGX_AI_QUIRK_BASE_RESP,
      C("'content':'x'") F("stop") "{" CHUNK "'choices':[]," USED
      ",'base_resp':{'status_code':0}}\n", NGX_OK,
      START TEXT "TEXT 0.0 \"x\"\nUSAGE usage input=3 output=4\n" ENDED },

    { "no JSON", 0, C("'content':'x'") "{\n", NGX_ERROR,
      START TEXT "TEXT 0.0 \"x\"\n" },
    { "no object", 0, "[]\n", NGX_ERROR, "" },
    { "a member that is there twice", 0, "{" CHUNK "'id':'c-1'}\n", NGX_ERROR,
      "" },
    { "a choice that is none", 0, "{" CHUNK "'choices':['x']}\n", NGX_ERROR,
      START },
    { "a choice beyond all", 0,
      "{" CHUNK "'choices':[{'index':8,'delta':{'content':'x'}}]}\n",
      NGX_DECLINED, START },
    { "a choice far beyond all", 0,
      "{" CHUNK "'choices':[{'index':9223372036854775807,'delta':{}}]}\n",
      NGX_DECLINED, START },
    { "a call that is none", 0, C("'tool_calls':[1]"), NGX_ERROR, START }
};


static void
test_read(void)
{
    uint32_t           cut;
    hub_sink_t         sink;
    hub_text_t         bytes = { NULL, 0, 0 };
    ngx_uint_t         i, wrong;
    const char        *deltas;
    const read_row_t  *row;

    for (i = 0; i < sizeof(read_rows) / sizeof(read_row_t); i++) {
        row = &read_rows[i];
        quirks = row->quirks;

        hub_events(&bytes, row->events);

        wrong = 0;

        for (cut = 0; cut < CUTS; cut++) {

            wrong += (hub_stream(bytes.data, bytes.len, cut, &sink)
                      != row->rc);

            deltas = sink.deltas.data ? sink.deltas.data : "";

            if (cut == 0) {
                is_str(deltas, sink.deltas.len, row->deltas,
                       "%s: it is that in the hub", row->name);
            }

            wrong += (strcmp(deltas, row->deltas) != 0);

            hub_sink_free(&sink);
        }

        is_int(wrong, 0, "%s: however it is cut", row->name);
    }

    quirks = 0;
    hub_text_free(&bytes);
}


int
main(void)
{
    hub_init(NGX_AI_DIALECT_OPENAI, &ngx_ai_openai);
    test_read();

    hub_done();

    return done();
}
