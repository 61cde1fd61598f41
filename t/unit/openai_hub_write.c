
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * A chat completion's request from the hub: what is written of it, for whom.
 */


#include "openai_hub.h"


/* JSON has ' for ", see wire_json() */

typedef struct {
    const char  *name;
    ngx_uint_t   quirks;
    ngx_uint_t   stream;
    const char  *body;
    const char  *written;       /* behind '{"model":"t",' */
} write_row_t;


static void test_write(void);
static void test_fields(void);
static void test_no_memory(void);
static void test_large(void);


#define U    "'messages':[{'role':'user','content':'x'}]"
#define WU   "'messages':[{'role':'user','content':'x'}]"
#define ECHO NGX_AI_QUIRK_REASONING_ECHO
#define OAI  NGX_AI_QUIRK_OPENAI
#define MIST (NGX_AI_QUIRK_TOOL_ID_9 | NGX_AI_QUIRK_TOOL_CHOICE_ANY           \
              | NGX_AI_QUIRK_RANDOM_SEED | NGX_AI_QUIRK_STRICT                \
              | NGX_AI_QUIRK_USAGE_ALWAYS)


static const write_row_t  write_rows[] = {

    { "a question", 0, 0, "{" U "}", WU "}" },
    { "a question that is streamed", 0, 1, "{" U "}",
      WU ",'stream':true,'stream_options':{'include_usage':true}}" },
    { "usage that comes in any case", NGX_AI_QUIRK_USAGE_ALWAYS, 1,
      "{" U ",'stream_options':{'include_usage':false}}",
      WU ",'stream':true}" },

    { "a limit by its older name", 0, 0,
      "{" U ",'max_completion_tokens':7}", WU ",'max_tokens':7}" },
    { "a limit by its newer name", OAI, 0, "{" U ",'max_tokens':7}",
      WU ",'max_completion_tokens':7}" },

    { "numbers as they were", 0, 0,
      "{" U ",'temperature':1.0,'top_p':1e400,'seed':7,"
      "'presence_penalty':0.10}",
      WU ",'temperature':1.0,'top_p':1e400,'seed':7,"
      "'presence_penalty':0.10}" },
    { "what is the default is not told", 0, 0,
      "{" U ",'n':1,'presence_penalty':0.0,'store':false,'logit_bias':{},"
      "'parallel_tool_calls':true,'tool_choice':'auto','stop':null}",
      WU "}" },
    { "all that OpenAI knows", OAI, 0,
      "{" U ",'n':2,'stop':'a','seed':1,'frequency_penalty':1,"
      "'logit_bias':{'1':-100},'logprobs':true,'top_logprobs':2,"
      "'verbosity':'high','user':'u','store':true,'prompt_cache_key':'k',"
      "'service_tier':'priority','prediction':{'type':'content'},"
      "'reasoning_effort':'minimal','top_k':1,'metadata':{'a':'b'}}",
      WU ",'n':2,'stop':['a'],'seed':1,'frequency_penalty':1,"
      "'logit_bias':{'1':-100},'user':'u','logprobs':true,'top_logprobs':2,"
      "'verbosity':'high','prediction':{'type':'content'},"
      "'reasoning_effort':'minimal','store':true,'prompt_cache_key':'k',"
      "'service_tier':'priority'}" },
    { "what refuses what it does not know", MIST, 1,
      "{'messages':[{'role':'user','content':'x','name':'n'}],'n':2,"
      "'seed':1,'logit_bias':{'1':1},'verbosity':'low','user':'u',"
      "'store':true,'service_tier':'flex','prompt_cache_key':'k',"
      "'tools':[{'type':'function','function':{'name':'f'}}],"
      "'tool_choice':'required'}",
      WU ",'stream':true,'n':2,'random_seed':1,"
      "'tools':[{'type':'function','function':{'name':'f'}}],"
      "'tool_choice':'any','prompt_cache_key':'k'}" },
    { "a tier by another name", 0, 0, "{" U ",'service_tier':'standard_only'}",
      WU ",'service_tier':'default'}" },
    { "a tier that nobody knows", 0, 0, "{" U ",'service_tier':'x'}", WU "}" },

    { "the newer role", OAI, 0,
      "{'messages':[{'role':'developer','content':'d'},"
      "{'role':'system','content':'s'}]}",
      "'messages':[{'role':'developer','content':'d'},"
      "{'role':'system','content':'s'}]}" },
    { "the newer role where it is not known", 0, 0,
      "{'messages':[{'role':'developer','content':'d'}]}",
      "'messages':[{'role':'system','content':'d'}]}" },

    { "parts of a message", 0, 0,
      "{'messages':[{'role':'user','content':[{'type':'text','text':'a\\n'},"
      "{'type':'image_url','image_url':{'url':'data:image/png;base64,AA==',"
      "'detail':'high'}},{'type':'image_url','image_url':{'url':'http://h'}},"
      "{'type':'input_audio','input_audio':{'data':'QQ==','format':'mp3'}},"
      "{'type':'file','file':{'file_data':'data:application/pdf;base64,QQ==',"
      "'filename':'a.pdf'}},{'type':'file','file':{'file_id':'f'}},"
      "{'type':'video_url','video_url':{'url':'http://v'}}]}]}",
      "'messages':[{'role':'user','content':[{'type':'text','text':'a\\n'},"
      "{'type':'image_url','image_url':{'url':'data:image/png;base64,AA==',"
      "'detail':'high'}},{'type':'image_url','image_url':{'url':'http://h'}},"
      "{'type':'input_audio','input_audio':{'data':'QQ==','format':'mp3'}},"
      "{'type':'file','file':{'filename':'a.pdf','file_data':"
      "'data:application/pdf;base64,QQ=='}},{'type':'file','file':{'file_id':"
      "'f'}},{'type':'video_url','video_url':{'url':'http://v'}}]}]}" },
    { "a file that must have a name", 0, 0,
      "{'messages':[{'role':'user','content':[{'type':'file','file':"
      "{'file_data':'QQ=='}}]}]}",
      "'messages':[{'role':'user','content':[{'type':'file','file':"
      "{'filename':'file','file_data':'data:application/pdf;base64,QQ=='}}]"
      "}]}" },
    { "a sound that must have a format", 0, 0,
      "{'messages':[{'role':'user','content':[{'type':'input_audio',"
      "'input_audio':'QQ\\/='}]}]}",
      "'messages':[{'role':'user','content':[{'type':'input_audio',"
      "'input_audio':{'data':'QQ/=','format':'wav'}}]}]}" },
    { "nothing said", 0, 0,
      "{'messages':[{'role':'user','content':''},{'role':'assistant'}]}",
      "'messages':[{'role':'user','content':''},"
      "{'role':'assistant','content':''}]}" },
    { "several texts", 0, 0,
      "{'messages':[{'role':'system','content':[{'type':'text','text':'a'},"
      "{'type':'text','text':'b'}]}]}",
      "'messages':[{'role':'system','content':[{'type':'text','text':'a'},"
      "{'type':'text','text':'b'}]}]}" },

    { "calls and results", 0, 0,
      "{'messages':[{'role':'assistant','content':null,'tool_calls':["
      "{'id':'call_1','type':'function','function':{'name':'f','arguments':"
      "'{\\\"a\\\":\\\"\\\\n\\\"}'}},{'id':'call_2~aigw.4.QQ==','type':"
      "'function','function':{'name':'g','arguments':'{}'}}]},"
      "{'role':'tool','tool_call_id':'call_1','content':'r'},"
      "{'role':'tool','tool_call_id':'call_2~aigw.4.QQ=='}]}",
      "'messages':[{'role':'assistant','content':null,'tool_calls':["
      "{'id':'call_1','type':'function','function':{'name':'f','arguments':"
      "'{\\'a\\':\\'\\\\n\\'}'}},{'id':'call_2','type':"
      "'function','function':{'name':'g','arguments':'{}'}}]},"
      "{'role':'tool','tool_call_id':'call_1','content':'r'},"
      "{'role':'tool','tool_call_id':'call_2','content':''}]}" },
    { "pictures of results go behind all of the results", 0, 0,
      "{'messages':[{'role':'assistant','tool_calls':["
      "{'id':'1','function':{'name':'f'}},{'id':'2','function':{'name':'g'}}]"
      "},{'role':'tool','tool_call_id':'1','content':[{'type':'text','text':"
      "'a'},{'type':'image_url','image_url':{'url':'http://h'}}]},"
      "{'role':'tool','tool_call_id':'2','content':[{'type':'text','text':"
      "'b'},{'type':'text','text':'c'}]},{'role':'user','content':'d'}]}",
      "'messages':[{'role':'assistant','content':null,'tool_calls':["
      "{'id':'1','type':'function','function':{'name':'f','arguments':'{}'}},"
      "{'id':'2','type':'function','function':{'name':'g','arguments':'{}'}}]"
      "},{'role':'tool','tool_call_id':'1','content':'a'},"
      "{'role':'tool','tool_call_id':'2','content':[{'type':'text','text':'b'}"
      ",{'type':'text','text':'c'}]},{'role':'user','content':["
      "{'type':'image_url','image_url':{'url':'http://h'}}]},"
      "{'role':'user','content':'d'}]}" },
    { "ids of nine", MIST, 0,
      "{'messages':[{'role':'assistant','tool_calls':[{'id':'abcDEF123',"
      "'function':{'name':'f'}},{'id':'abc','function':{'name':'g'}}]},"
      "{'role':'tool','tool_call_id':'abcDEF123','content':'r'},"
      "{'role':'tool','tool_call_id':'abc','content':'s'}]}",
      "'messages':[{'role':'assistant','content':null,'tool_calls':["
      "{'id':'abcDEF123','type':'function','function':{'name':'f',"
      "'arguments':'{}'}},{'id':'vab5RpW6i','type':'function','function':"
      "{'name':'g','arguments':'{}'}}]},{'role':'tool','tool_call_id':"
      "'abcDEF123','content':'r'},{'role':'tool','tool_call_id':'vab5RpW6i',"
      "'content':'s'}]}" },
    { "ids of forty", OAI, 0,
      "{'messages':[{'role':'assistant','tool_calls':[{'id':"
      "'tool_0123456789_0123456789_0123456789_0123','function':{'name':'f'}},"
      "{'id':'functions.add:0','function':{'name':'f'}}]}]}",
      "'messages':[{'role':'assistant','content':null,'tool_calls':["
      "{'id':'BsjKnVQgp74IwwTddNh55f4A','type':'function','function':{'name':"
      "'f','arguments':'{}'}},{'id':'functions.add:0','type':'function',"
      "'function':{'name':'f','arguments':'{}'}}]}]}" },
    { "custom calls", OAI, 0,
      "{'messages':[{'role':'assistant','tool_calls':[{'id':'1','type':"
      "'custom','custom':{'name':'c','input':'\\n'}}]}],'tools':[{'type':"
      "'custom','custom':{'name':'c','description':'d','format':{'type':"
      "'text'}}}],'tool_choice':{'type':'custom','custom':{'name':'c'}}}",
      "'messages':[{'role':'assistant','content':null,'tool_calls':["
      "{'id':'1','type':'custom','custom':{'name':'c','input':'\\n'}}]}],"
      "'tools':[{'type':'custom','custom':{'name':'c','description':'d',"
      "'format':{'type':'text'}}}],'tool_choice':{'type':'custom','custom':"
      "{'name':'c'}}}" },

    { "a refusal", 0, 0,
      "{'messages':[{'role':'assistant','content':'a','refusal':'no'},"
      "{'role':'assistant','refusal':'no'}]}",
      "'messages':[{'role':'assistant','content':'a','refusal':'no'},"
      "{'role':'assistant','content':null,'refusal':'no'}]}" },
    { "thoughts are not repeated", 0, 0,
      "{'messages':[{'role':'user','content':'x'},{'role':'assistant',"
      "'content':'a','reasoning_content':'t'}]}",
      "'messages':[{'role':'user','content':'x'},{'role':'assistant',"
      "'content':'a'}]}" },
    { "thoughts are repeated while tools are called", ECHO, 0,
      "{'messages':[{'role':'user','content':'x'},{'role':'assistant',"
      "'content':'a','reasoning_content':'t'},{'role':'user','content':'y'},"
      "{'role':'assistant','reasoning_content':'u','tool_calls':[{'id':'1',"
      "'function':{'name':'f'}}]},{'role':'tool','tool_call_id':'1',"
      "'content':'r'},{'role':'assistant','reasoning_details':[{'text':'v'},"
      "{'text':'w'}],'tool_calls':[{'id':'2','function':{'name':'f'}}]},"
      "{'role':'tool','tool_call_id':'2','content':'s'}]}",
      "'messages':[{'role':'user','content':'x'},{'role':'assistant',"
      "'content':'a'},{'role':'user','content':'y'},"
      "{'role':'assistant','content':null,'reasoning_content':'u',"
      "'tool_calls':[{'id':'1','type':'function','function':{'name':'f',"
      "'arguments':'{}'}}]},{'role':'tool','tool_call_id':'1',"
      "'content':'r'},{'role':'assistant','content':null,"
      "'reasoning_content':'vw','tool_calls':[{'id':'2','type':'function',"
      "'function':{'name':'f','arguments':'{}'}}]},{'role':'tool',"
      "'tool_call_id':'2','content':'s'}]}" },

    { "some of the tools", OAI, 0,
      "{" U ",'tools':[{'type':'function','function':{'name':'f'}},"
      "{'type':'function','function':{'name':'g'}}],'tool_choice':{'type':"
      "'allowed_tools','allowed_tools':{'mode':'auto','tools':[{'type':"
      "'function','function':{'name':'g'}}]}}}",
      WU ",'tools':[{'type':'function','function':{'name':'f'}},"
      "{'type':'function','function':{'name':'g'}}],'tool_choice':{'type':"
      "'allowed_tools','allowed_tools':{'mode':'auto','tools':[{'type':"
      "'function','function':{'name':'g'}}]}}}" },
    { "some of the tools, where there is no word for it", 0, 0,
      "{" U ",'tools':[{'type':'function','function':{'name':'f'}},"
      "{'type':'function','function':{'name':'g'}}],'tool_choice':{'type':"
      "'allowed_tools','allowed_tools':{'mode':'required','tools':[{'type':"
      "'function','function':{'name':'g'}}]}}}",
      WU ",'tools':[{'type':'function','function':{'name':'g'}}],"
      "'tool_choice':'required'}" },
    { "a choice without tools is none", 0, 0,
      "{" U ",'tool_choice':'required','parallel_tool_calls':false}",
      WU "}" },
    { "one tool at a time", 0, 0,
      "{" U ",'tools':[{'type':'function','function':{'name':'f','strict':"
      "true,'parameters':{'type':'object'}}}],'parallel_tool_calls':false,"
      "'tool_choice':{'type':'function','function':{'name':'f'}}}",
      WU ",'tools':[{'type':'function','function':{'name':'f','parameters':"
      "{'type':'object'},'strict':true}}],'parallel_tool_calls':false,"
      "'tool_choice':{'type':'function','function':{'name':'f'}}}" },
    { "tools of the provider's own", 0, 0,
      "{" U ",'tools':[{'type':'web_search','x':1}],"
      "'web_search_options':{'a':2}}",
      WU ",'tools':[{'type':'web_search','x':1}],"
      "'web_search_options':{'a':2}}" },

    { "JSON of a schema", 0, 0,
      "{" U ",'response_format':{'type':'json_schema','json_schema':{"
      "'schema':{'type':'object'},'strict':false}}}",
      WU ",'response_format':{'type':'json_schema','json_schema':{'name':"
      "'response','schema':{'type':'object'},'strict':false}}}" },
    { "JSON", 0, 0, "{" U ",'response_format':{'type':'json_object'}}",
      WU ",'response_format':{'type':'json_object'}}" },
    { "sound", 0, 0,
      "{" U ",'modalities':['audio'],'audio':{'voice':'v','format':'wav'}}",
      WU ",'modalities':['text','audio'],'audio':{'voice':'v','format':"
      "'wav'}}" },
    { "pictures", 0, 0, "{" U ",'modalities':['image','text']}",
      WU ",'modalities':['text','image']}" },

    { "an effort that is the most", 0, 0, "{" U ",'reasoning_effort':'max'}",
      WU ",'reasoning_effort':'xhigh'}" },
    { "no effort", 0, 0, "{" U ",'reasoning_effort':'none'}",
      WU ",'reasoning_effort':'none'}" },
    { "a budget", 0, 0, "{" U ",'thinking':{'budget_tokens':4000}}",
      WU ",'reasoning_effort':'medium'}" },
    { "an effort beside a budget", 0, 0,
      "{" U ",'reasoning':{'max_tokens':100000,'effort':'low'}}",
      WU ",'reasoning_effort':'low'}" },
    { "no budget is not told", 0, 0, "{" U ",'thinking':{'type':'disabled'}}",
      WU "}" }
};


/* what is written is read to the same again, or it would not be the row's */

static void
test_write(void)
{
    char               *body;
    hub_text_t          out = { NULL, 0, 0 };
    hub_text_t          want = { NULL, 0, 0 };
    ngx_uint_t          i;
    const write_row_t  *row;

    for (i = 0; i < sizeof(write_rows) / sizeof(write_row_t); i++) {
        row = &write_rows[i];
        body = wire_json(row->body);
        quirks = row->quirks;

        is_int(hub_ask(body, strlen(body)), NGX_OK, "%s: taken", row->name);
        is_int(hub_write_ask("t", row->stream), NGX_OK, "it is written");

        out.len = 0;
        wire_out(&w, &out);

        want.len = 0;
        hub_printf(&want, "{'model':'t',");
        hub_bytes(&want, row->written, strlen(row->written));

        is_str(out.data, out.len, want.data, "%s: as that", row->name);

        wire_turn(out.data, out.len, "'`", "\"'");

        is_int(hub_ask(out.data, out.len), NGX_OK, "it can be read");
        is_int(w.drops.count, 0, "nothing of it is unknown");

        free(body);
    }

    quirks = 0;

    hub_text_free(&out);
    hub_text_free(&want);
}


/* what is not carried is not written, and what is said to be is */

static void
test_fields(void)
{
    char         *body;
    uint64_t      bit, told;
    ngx_uint_t    i, k;
    hub_text_t    all = { NULL, 0, 0 };
    hub_text_t    less = { NULL, 0, 0 };

    static const ngx_uint_t  vendors[] = { 0, OAI, MIST, ECHO };

    static const char  json[] =
        "{'messages':[{'role':'system','content':'s','name':'n'},"
        "{'role':'user','content':'x'},{'role':'assistant',"
        "'reasoning_content':'t','tool_calls':[{'id':'1','function':"
        "{'name':'f'}}]},{'role':'tool','tool_call_id':'1','content':'r'}],"
        "'tools':[{'type':'function','function':{'name':'f','strict':true}},"
        "{'type':'custom','custom':{'name':'c'}}],"
        "'max_tokens':1,'temperature':1,'top_p':1,'top_k':1,'n':2,"
        "'stop':'a','seed':1,'presence_penalty':1,'frequency_penalty':1,"
        "'logit_bias':{'1':1},'logprobs':true,'verbosity':'low',"
        "'reasoning_effort':'low','user':'u','metadata':{'a':'b'},"
        "'service_tier':'flex','store':true,'prompt_cache_key':'k',"
        "'parallel_tool_calls':false,'tool_choice':'required',"
        "'response_format':{'type':'json_object'},'modalities':['image'],"
        "'prediction':{'type':'content'}}";

    /* bits of messages and tools are of what is said, not of how */

    static const uint64_t  said =
        ngx_ai_field(SYSTEM) | ngx_ai_field(TOOLS) | ngx_ai_field(TOOL_CALL)
        | ngx_ai_field(TOOL_RESULT) | ngx_ai_field(TOOL_STRICT);

    body = wire_json(json);

    for (k = 0; k < sizeof(vendors) / sizeof(vendors[0]); k++) {

        quirks = vendors[k];
        told = ngx_ai_openai_fields(quirks);

        is_int(hub_ask(body, strlen(body)), NGX_OK, "all of it is taken");
        is_int(hub_write_ask("t", 0), NGX_OK, "and written");

        all.len = 0;
        wire_out(&w, &all);

        for (i = 1; i < NGX_AI_FIELD_MAX; i++) {
            bit = (uint64_t) 1 << i;

            if (!(w.chat.fields & bit) || (bit & said)) {
                continue;
            }

            w.chat.fields &= ~bit;
            (void) hub_write_ask("t", 0);
            w.chat.fields |= bit;

            less.len = 0;
            wire_out(&w, &less);

            ok((less.len != all.len) == ((told & bit) != 0),
               "\"%s\" is %stold a vendor with the quirks %lx",
               ngx_ai_field_names[i].data, (told & bit) ? "" : "not ",
               (unsigned long) quirks);
        }
    }

    is_int(ngx_ai_openai_fields(0),
           ngx_ai_openai.wordings[NGX_AI_OP_CHAT].kept
           | ngx_ai_openai.wordings[NGX_AI_OP_CHAT].mapped,
           "the dialect carries what a vendor without quirks is told");

    quirks = 0;

    free(body);
    hub_text_free(&all);
    hub_text_free(&less);
}


static void
test_no_memory(void)
{
    char        *body;
    ngx_int_t    rc;
    ngx_uint_t   i, wrong;

    static const char  json[] =
        "{'messages':[{'role':'user','content':[{'type':'text','text':'x'},"
        "{'type':'image_url','image_url':{'url':'data:image\\/a;base64,QQ=='}},"
        "{'type':'input_audio','input_audio':{'data':'A','format':'wav'}}]},"
        "{'role':'assistant','content':[{'type':'thinking','thinking':["
        "{'text':'a'},{'text':'b'}]}],'tool_calls':[{'id':'1~aigw.4.QQ',"
        "'function':{'name':'f','arguments':'{}'}}]},{'role':'tool',"
        "'tool_call_id':'1~aigw.4.QQ','content':'r'},{'role':'assistant',"
        "'content':'x','reasoning_details':[{'text':'t'}],'refusal':'n',"
        "'images':[{'type':'image_url','image_url':'http://h'}]}],"
        "'tools':[{'type':'function','function':{'name':'f'}},{'type':'x'},"
        "{'type':'custom','custom':{'name':'c'}}],'stop':['a','b'],"
        "'tool_choice':{'allowed_tools':{'tools':[{'function':{'name':'f'}}]}}"
        ",'web_search_options':{}}";

    body = wire_json(json);

    is_int(hub_ask(body, strlen(body)), NGX_OK, "the request is taken");

    quirks = ECHO | MIST;
    wrong = 0;

    for (i = 1; i < 1000; i++) {
        ngx_shim_fail_at = i;
        rc = hub_write_ask("t", 0);

        if (ngx_shim_fail_at) {
            break;
        }

        wrong += (rc == NGX_OK);
        ngx_ai_buf_free(&w.out);
    }

    ngx_shim_fail_at = 0;
    quirks = 0;

    is_int(rc, NGX_OK, "with enough of it the request is written");
    is_int(wrong, 0, "without it there is no success in writing");

    free(body);
}


/* many of everything: time and memory go with the size */

static void
test_large(void)
{
    ngx_uint_t   i;
    hub_text_t   body = { NULL, 0, 0 };

    hub_printf(&body, "{\"messages\":[");

    for (i = 0; i < 20000; i++) {
        hub_printf(&body, "%s{\"role\":\"tool\",\"tool_call_id\":\"c%d\","
                   "\"content\":\"r\"}", i ? "," : "", (int) i);
    }

    hub_printf(&body, "]}");

    is_int(wire_read_ask(&w, body.data, body.len), NGX_OK,
           "many results are taken");
    is_int(hub_write_ask("t", 0), NGX_OK, "and written");

    hub_text_free(&body);
}


int
main(void)
{
    hub_init(NGX_AI_DIALECT_OPENAI, &ngx_ai_openai);

    test_write();
    test_fields();
    test_no_memory();
    test_large();

    hub_done();

    return done();
}
