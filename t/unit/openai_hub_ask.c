
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * A chat completion's request: what it is in the hub, what of it is not, and
 * what is wrong with those that are.
 */


#include "openai_hub.h"


/* JSON has ' for ", see wire_json() */

typedef struct {
    const char  *name;
    const char  *body;
    const char  *hub;
} read_row_t;


typedef struct {
    const char  *body;
    const char  *fault;
} bad_row_t;


typedef struct {
    const char  *body;
    const char  *dropped;
} drop_row_t;


static void test_read(void);
static void test_bad(void);
static void test_drops(void);
static void test_no_memory(void);
static void test_large(void);


#define U    "'messages':[{'role':'user','content':'x'}]"
#define HU   "user\n  text text=\"x\"\n"
#define NONE "options stream=0 usage=0\nfields\n"


static const read_row_t  read_rows[] = {

    { "a question", "{'model':'m'," U "}", NONE HU },

    { "roles",
      "{'messages':[{'role':'system','content':'s'},"
      "{'role':'developer','content':'d'},"
      "{'role':'user','content':'u','name':'ann'},"
      "{'role':'assistant','content':'a'},"
      "{'role':'\\u0075ser','content':'v'}]}",
      "options stream=0 usage=0\nfields system name\n"
      "system\n  text text=\"s\"\n"
      "system developer\n  text text=\"d\"\n"
      "user name=\"ann\"\n  text text=\"u\"\n"
      "assistant\n  text text=\"a\"\n"
      "user\n  text text=\"v\"\n" },

    { "nothing said",
      "{'messages':[{'role':'user','content':''},"
      "{'role':'assistant','content':null},{'role':'user','content':[]},"
      "{'role':'user'}]}", NONE "user\nassistant\nuser\nuser\n" },

    { "options, as they stand",
      "{" U ",'max_tokens':7,'temperature':1.0,'top_p':1e-1,'top_k':40,"
      "'n':2,'stop':'a','seed':-9223372036854775808,'presence_penalty':0.50,"
      "'frequency_penalty':-0.1,'logit_bias':{'1':2},'logprobs':true,"
      "'top_logprobs':3,'user':'u','metadata':{'a':'b'},"
      "'service_tier':'flex','store':true,'prompt_cache_key':'k',"
      "'verbosity':'low','parallel_tool_calls':false}",
      "options stream=0 usage=0 max_tokens=7 temperature=1.0 top_p=1e-1 "
      "top_k=40 seed=-9223372036854775808 presence_penalty=0.50 "
      "frequency_penalty=-0.1 logit_bias={\"1\":2} logprobs=1 "
      "top_logprobs=3 n=2 stop=[\"a\"] verbosity=\"low\" parallel=0 "
      "user=\"u\" metadata={\"a\":\"b\"} tier=\"flex\" cache_key=\"k\" "
      "store=1\n"
      "fields max_tokens temperature top_p top_k n stop seed "
      "presence_penalty frequency_penalty logit_bias logprobs verbosity "
      "parallel cache_key user metadata tier store\n"
      HU },

    { "options that are the default say nothing",
      "{" U ",'n':1,'stop':[],'presence_penalty':0,'frequency_penalty':-0.0e9,"
      "'logit_bias':{},'logprobs':false,'metadata':{},'service_tier':'auto',"
      "'store':false,'parallel_tool_calls':true,'tool_choice':'auto',"
      "'response_format':{'type':'text'},'modalities':['text'],'user':'',"
      "'stream':false,'reasoning_effort':'default','tools':[],"
      "'temperature':null,'stream_options':null}",
      "options stream=0 usage=0 presence_penalty=0 frequency_penalty=-0.0e9 "
      "stop=[] choice=1 parallel=1 tier=\"auto\" store=0\nfields\n" HU },

    { "several stops, and a stream",
      "{" U ",'stop':['a','\\n'],'stream':true,"
      "'stream_options':{'include_usage':true,'include_obfuscation':false}}",
      "options stream=1 usage=1 stop=[\"a\",\"\\x0a\"]\nfields stop\n" HU },

    { "the newer limit", "{" U ",'max_completion_tokens':9,'max_tokens':7}",
      "options stream=0 usage=0 max_tokens=9\nfields max_tokens\n" HU },
    { "the newer limit, the other way round",
      "{" U ",'max_tokens':7,'max_completion_tokens':9}",
      "options stream=0 usage=0 max_tokens=9\nfields max_tokens\n" HU },

    { "images, by data and by URL",
      "{'messages':[{'role':'user','content':["
      "{'type':'text','text':'a\\u00e4'},"
      "{'type':'image_url','image_url':{'url':'data:image/png;base64,AA==',"
      "'detail':'low'}},"
      "{'type':'image_url','image_url':'https://h/i.png'},"
      "{'type':'image_url','image_url':{'url':"
      "'data:image\\/jpeg;x=y;base64,A\\/='}}]}]}",
      "options stream=0 usage=0\nfields image image_url image_detail\n"
      "user\n  text text=\"a\xc3\xa4\"\n"
      "  image data=\"AA==\" media=\"image/png\" detail=\"low\"\n"
      "  image url=\"https://h/i.png\"\n"
      "  image data=\"A/=\" media=\"image/jpeg\"\n" },

    { "audio, files and video",
      "{'messages':[{'role':'user','content':["
      "{'type':'input_audio','input_audio':{'data':'QQ==','format':'mp3'}},"
      "{'type':'input_audio','input_audio':{'data':'QQ==','format':'wav'}},"
      "{'type':'input_audio','input_audio':'https://h/a.mp3'},"
      "{'type':'file','file':{'filename':'a.pdf',"
      "'file_data':'data:application/pdf;base64,QQ=='}},"
      "{'type':'file','file':{'file_id':'file-1'}},"
      "{'type':'file','file':{'filename':'b','file_data':'QQ=='}},"
      "{'type':'document_url','document_url':'https://h/d','document_name':"
      "'d'},{'type':'file_url','file_url':{'url':'https://h/f'}},"
      "{'type':'video_url','video_url':{'url':'https://h/v'}}]}]}",
      "options stream=0 usage=0\nfields audio video file file_url file_id\n"
      "user\n"
      "  audio data=\"QQ==\" media=\"audio/mpeg\"\n"
      "  audio data=\"QQ==\" media=\"audio/wav\"\n"
      "  audio url=\"https://h/a.mp3\"\n"
      "  file name=\"a.pdf\" data=\"QQ==\" media=\"application/pdf\"\n"
      "  file file=\"file-1\"\n"
      "  file name=\"b\" data=\"QQ==\"\n"
      "  file name=\"d\" url=\"https://h/d\"\n"
      "  file url=\"https://h/f\"\n"
      "  video url=\"https://h/v\"\n" },

    { "members of other types, as null",
      "{'messages':[{'role':'user','name':null,'tool_calls':null,'content':["
      "{'type':'text','text':'x','image_url':null}]}],'tools':null}",
      NONE HU },

    { "a call and its result",
      "{'messages':[{'role':'user','content':'x'},"
      "{'role':'assistant','tool_calls':[{'id':'call_1','type':'function',"
      "'function':{'name':'f','arguments':'{\\\"a\\\": \\\"\\\\u00e4\\\"}'}},"
      "{'id':'c:2','index':1,'function':{'name':'g','arguments':''}}],"
      "'content':'let me see'},"
      "{'role':'tool','tool_call_id':'call_1','content':'1'},"
      "{'role':'tool','tool_call_id':'c:2','content':[{'type':'text',"
      "'text':'2'},{'type':'image_url','image_url':{'url':'http://h'}}]}]}",
      "options stream=0 usage=0\n"
      "fields image_url tool_call tool_result tool_result_image\n"
      HU "assistant\n  text text=\"let me see\"\n"
      "  call id=\"call_1\" name=\"f\" json={\"a\":\"\\u00e4\"}\n"
      "  call id=\"c:2\" name=\"g\" json={}\n"
      "user\n  result id=\"call_1\" name=\"f\"\n    text text=\"1\"\n"
      "user\n  result id=\"c:2\" name=\"g\"\n    text text=\"2\"\n"
      "    image url=\"http://h\"\n" },

    { "arguments that are an object, and those that are none",
      "{'messages':[{'role':'assistant','tool_calls':["
      "{'id':'1','function':{'name':'f','arguments':{'a':1}}},"
      "{'id':'2','function':{'name':'f'}},"
      "{'id':'3','function':{'name':'f','arguments':'no'}}]}]}",
      "options stream=0 usage=0\nfields tool_call\nassistant\n"
      "  call id=\"1\" name=\"f\" json={\"a\":1}\n"
      "  call id=\"2\" name=\"f\" json={}\n"
      "  call id=\"3\" name=\"f\" json={\"arguments\":\"no\"}\n" },

    { "a call that has a signature in its id",
      "{'messages':[{'role':'assistant','tool_calls':[{'id':"
      "'call_1~aigw.4.QUJD','function':{'name':'f','arguments':'{}'}}]},"
      "{'role':'tool','tool_call_id':'call_1~aigw.4.QUJD','content':'r'}]}",
      "options stream=0 usage=0\nfields tool_call tool_result signature\n"
      "assistant\n"
      "  call id=\"call_1\" name=\"f\" json={} signature=\"QUJD\" origin=4\n"
      "user\n  result id=\"call_1\" name=\"f\"\n    text text=\"r\"\n" },

    { "calls of custom tools",
      "{'messages':[{'role':'assistant','tool_calls':[{'id':'1','type':"
      "'custom','custom':{'name':'c','input':'4 + 4'}}]}],'tools':[{'type':"
      "'custom','custom':{'name':'c','description':'d','format':{'type':"
      "'text'}}}]}",
      "options stream=0 usage=0\nfields tool_custom tool_call\n"
      "tool custom name=\"c\" description=\"d\" raw={\"type\":\"text\"} "
      "origin=0\n"
      "assistant\n  call id=\"1\" name=\"c\" text=\"4 + 4\" custom\n" },

    { "what was before tools",
      "{'messages':[{'role':'assistant','content':null,'function_call':"
      "{'name':'f','arguments':'{\\\"a\\\":1}'}},"
      "{'role':'function','name':'f','content':'r'}]}",
      "options stream=0 usage=0\nfields tool_call tool_result\nassistant\n"
      "  call id=\"call_0\" name=\"f\" json={\"a\":1}\n"
      "user\n  result id=\"call_0\" name=\"f\"\n    text text=\"r\"\n" },

    { "thoughts, by each of their names, and a refusal",
      "{'messages':["
      "{'role':'assistant','reasoning_content':'t','reasoning':'u',"
      "'content':'a'},"
      "{'role':'assistant','content':'a','reasoning':'t'},"
      "{'role':'assistant','content':'a','reasoning_details':["
      "{'type':'reasoning.summary','summary':'s'},"
      "{'type':'reasoning.encrypted','data':'x'},"
      "{'type':'reasoning.text','text':'t','signature':'z'}]},"
      "{'role':'assistant','content':[{'type':'thinking','thinking':"
      "[{'type':'text','text':'t'},{'type':'text','text':'u'}],"
      "'closed':true},{'type':'text','text':'a'},"
      "{'type':'thinking','thinking':'v'}]},"
      "{'role':'assistant','content':null,'refusal':'no'},"
      "{'role':'assistant','content':[{'type':'refusal','refusal':'no'}]}]}",
      "options stream=0 usage=0\nfields thinking refusal\n"
      "assistant\n  thinking text=\"t\"\n  text text=\"a\"\n"
      "assistant\n  thinking text=\"t\"\n  text text=\"a\"\n"
      "assistant\n  thinking text=\"s\" summary\n  thinking text=\"t\"\n"
      "  text text=\"a\"\n"
      "assistant\n  thinking text=\"tu\"\n  text text=\"a\"\n"
      "  thinking text=\"v\"\n"
      "assistant\n  refusal text=\"no\"\n"
      "assistant\n  refusal text=\"no\"\n" },

    { "pictures that an assistant has made",
      "{'messages':[{'role':'assistant','content':'a','images':[{'type':"
      "'image_url','index':0,'image_url':{'url':'data:image/png;base64,QQ=='"
      "}}]}]}",
      "options stream=0 usage=0\nfields image\nassistant\n  text text=\"a\"\n"
      "  image data=\"QQ==\" media=\"image/png\"\n" },

    { "marks for a cache",
      "{'messages':[{'role':'system','content':[{'type':'text','text':'s',"
      "'cache_control':{'type':'ephemeral','ttl':'1h'}}]},"
      "{'role':'user','content':'x','cache_control':{'type':'ephemeral'}}],"
      "'tools':[{'type':'function','function':{'name':'f'},"
      "'cache_control':{'type':'ephemeral'}}]}",
      "options stream=0 usage=0\nfields tools system cache\n"
      "tool function name=\"f\" cache={\"type\":\"ephemeral\"}\n"
      "system\n  text text=\"s\" cache={\"type\":\"ephemeral\","
      "\"ttl\":\"1h\"}\n"
      "user\n  text text=\"x\" cache={\"type\":\"ephemeral\"}\n" },

    { "tools and one that is chosen",
      "{" U ",'tools':[{'type':'function','function':{'name':'f',"
      "'description':'d','parameters':{'type':'object', 'properties':{}},"
      "'strict':true}},{'function':{'name':'g','parameters':null,"
      "'strict':false}}],'tool_choice':{'type':'function','function':"
      "{'name':'f'}}}",
      "options stream=0 usage=0 choice=4 choice_name=\"f\"\n"
      "fields tools tool_strict tool_choice_named\n"
      "tool function name=\"f\" description=\"d\" "
      "schema={\"type\":\"object\",\"properties\":{}} strict=1\n"
      "tool function name=\"g\" strict=0\n" HU },

    { "any of the tools", "{" U ",'tool_choice':'required'}",
      "options stream=0 usage=0 choice=3\nfields tool_choice\n" HU },
    { "any of the tools, in Mistral's word", "{" U ",'tool_choice':'any'}",
      "options stream=0 usage=0 choice=3\nfields tool_choice\n" HU },
    { "none of the tools", "{" U ",'tool_choice':'none'}",
      "options stream=0 usage=0 choice=2\nfields tool_choice_none\n" HU },
    { "a custom tool that is chosen",
      "{" U ",'tool_choice':{'type':'custom','custom':{'name':'c'}}}",
      "options stream=0 usage=0 choice=4 choice_name=\"c\"\n"
      "fields tool_choice_named\n" HU },
    { "some of the tools",
      "{" U ",'tool_choice':{'type':'allowed_tools','allowed_tools':{'mode':"
      "'required','tools':[{'type':'function','function':{'name':'f'}},"
      "{'type':'custom','custom':{'name':'c'}}]}}}",
      "options stream=0 usage=0 choice=3 allowed=[\"f\",\"c\"]\n"
      "fields tool_choice tool_choice_allowed\n" HU },

    { "tools of the provider's own",
      "{" U ",'tools':[{'type':'web_search','web_search':{'a':1}},"
      "{'type':'code_interpreter','container':{'type':'auto'}},"
      "{'type':'x','y':[]}],'web_search_options':{'user_location':{}}}",
      "options stream=0 usage=0\n"
      "fields web_search code tool_native\n"
      "tool web_search raw={\"type\":\"web_search\",\"web_search\":"
      "{\"a\":1}} origin=0\n"
      "tool code raw={\"type\":\"code_interpreter\",\"container\":"
      "{\"type\":\"auto\"}} origin=0\n"
      "tool native raw={\"type\":\"x\",\"y\":[]} origin=0\n"
      "tool web_search name=\"web_search_options\" "
      "raw={\"user_location\":{}} origin=0\n" HU },

    { "JSON", "{" U ",'response_format':{'type':'json_object'}}",
      "options stream=0 usage=0 output=1\nfields json\n" HU },
    { "JSON of a schema",
      "{" U ",'response_format':{'type':'json_schema','json_schema':{'name':"
      "'n','description':'d','schema':{'type':'object'},'strict':true}}}",
      "options stream=0 usage=0 output=2 schema={\"type\":\"object\"} "
      "schema_name=\"n\" schema_description=\"d\" schema_strict=1\n"
      "fields schema\n" HU },

    { "sound and pictures to come",
      "{" U ",'modalities':['text','audio','image'],'audio':{'voice':'alloy',"
      "'format':'mp3'}}",
      "options stream=0 usage=0 audio_voice=\"alloy\" audio_format=\"mp3\"\n"
      "fields audio_out image_out\n" HU },

    { "an effort", "{" U ",'reasoning_effort':'xhigh'}",
      "options stream=0 usage=0 effort=xhigh\nfields effort\n" HU },
    { "an effort in OpenRouter's form, and a budget",
      "{" U ",'reasoning':{'effort':'low','max_tokens':2000,"
      "'exclude':true}}",
      "options stream=0 usage=0 effort=low budget=2000 thoughts=0\n"
      "fields effort budget\n" HU },
    { "thoughts that are wanted, or not", "{" U ",'include_reasoning':true}",
      "options stream=0 usage=0 thoughts=1\nfields\n" HU },
    { "a budget in Anthropic's form",
      "{" U ",'thinking':{'type':'enabled','budget_tokens':1024}}",
      "options stream=0 usage=0 budget=1024\nfields budget\n" HU },
    { "a budget that is open", "{" U ",'thinking':{'type':'enabled'}}",
      "options stream=0 usage=0 budget=-1\nfields budget\n" HU },
    { "no budget", "{" U ",'thinking':{'type':'disabled'}}",
      "options stream=0 usage=0 budget=0\nfields budget\n" HU },
    { "Mistral's seed", "{" U ",'random_seed':7}",
      "options stream=0 usage=0 seed=7\nfields seed\n" HU },
    { "who asks, by the newer name", "{" U ",'safety_identifier':'u'}",
      "options stream=0 usage=0 user=\"u\"\nfields user\n" HU },
    { "a prediction",
      "{" U ",'prediction':{'type':'content','content':'c'}}",
      "options stream=0 usage=0 "
      "prediction={\"type\":\"content\",\"content\":\"c\"}\n"
      "fields prediction\n" HU }
};


static const bad_row_t  bad_rows[] = {
    { "[]", " must be an object" },
    { "{}", " has no \"messages\"" },
    { "{'messages':[]}", "messages must not be empty" },
    { "{'messages':{}}", "messages must be an array" },
    { "{'messages':['x']}", "messages[0] must be an object" },
    { "{'messages':[{'content':'x'}]}", "messages[0] has no \"role\"" },
    { "{'messages':[{'role':'x'}]}", "messages[0].role must be system, "
      "developer, user, assistant, tool or function" },
    { "{'messages':[{'role':1}]}", "messages[0].role must be a string" },
    { "{'messages':[{'role':'user','role':'user'}]}",
      "messages[0].role is given more than once" },
    { "{'messages':[{'role':'user','content':1}]}",
      "messages[0].content is of the wrong type" },
    { "{'messages':[{'role':'user','content':'x'},"
      "{'role':'user','content':['x']}]}",
      "messages[1].content[0] must be an object" },
    { "{'messages':[{'role':'user','content':[{'text':'x'}]}]}",
      "messages[0].content[0] has no \"type\"" },
    { "{'messages':[{'role':'user','content':[{'type':'text'}]}]}",
      "messages[0].content[0] has no \"text\"" },
    { "{'messages':[{'role':'user','content':[{'type':'text','text':1}]}]}",
      "messages[0].content[0].text must be a string" },
    { "{'messages':[{'role':'user','content':[{'type':'text','text':'x'},"
      "{'type':'image_url','image_url':{}}]}]}",
      "messages[0].content[1].image_url has no \"url\"" },
    { "{'messages':[{'role':'user','content':[{'type':'image_url',"
      "'image_url':{'url':'data:image/png,abc'}}]}]}",
      "messages[0].content[0].image_url.url is a data URL without base64" },
    { "{'messages':[{'role':'user','content':[{'type':'image_url',"
      "'image_url':{'url':'data:image/png;base64,\\u000aAA'}}]}]}",
      "messages[0].content[0].image_url.url is not base64" },
    { "{'messages':[{'role':'user','content':[{'type':'input_audio',"
      "'input_audio':{'data':'\\u00e4','format':'wav'}}]}]}",
      "messages[0].content[0].input_audio.data is not base64" },
    { "{'messages':[{'role':'user','content':[{'type':'image_url',"
      "'image_url':1}]}]}",
      "messages[0].content[0].image_url is of the wrong type" },
    { "{'messages':[{'role':'user','content':[{'type':'input_audio',"
      "'input_audio':{'format':'wav'}}]}]}",
      "messages[0].content[0].input_audio has no \"data\"" },
    { "{'messages':[{'role':'user','content':[{'type':'file',"
      "'file':{'filename':'x'}}]}]}",
      "messages[0].content[0].file has no \"file_data\"" },
    { "{'messages':[{'role':'assistant','tool_calls':[{'id':'1'}]}]}",
      "messages[0].tool_calls[0] has no name of a function" },
    { "{'messages':[{'role':'assistant','tool_calls':[{'function':"
      "{'name':'f','arguments':1}}]}]}",
      "messages[0].tool_calls[0].function.arguments is of the wrong type" },
    { "{'messages':[{'role':'assistant','tool_calls':{}}]}",
      "messages[0].tool_calls must be an array" },
    { "{'messages':[{'role':'tool','content':'x'}]}",
      "messages[0] has no \"tool_call_id\"" },
    { "{'messages':[{'role':'tool','tool_call_id':'1','content':[{'type':"
      "'text'}]}]}", "messages[0].content[0] has no \"text\"" },

    { "{" U ",'tools':[1]}", "tools[0] must be an object" },
    { "{" U ",'tools':[{'type':'function'}]}",
      "tools[0] has no \"function\"" },
    { "{" U ",'tools':[{'type':'function','function':{}}]}",
      "tools[0].function has no \"name\"" },
    { "{" U ",'tools':[{'type':'function','function':{'name':'f',"
      "'parameters':[]}}]}",
      "tools[0].function.parameters must be an object" },
    { "{" U ",'tool_choice':'x'}",
      "tool_choice must be none, auto or required" },
    { "{" U ",'tool_choice':{}}", "tool_choice names no tool" },
    { "{" U ",'tool_choice':{'type':'allowed_tools','allowed_tools':{'mode':"
      "'x','tools':[]}}}",
      "tool_choice.allowed_tools.mode must be none, auto or required" },
    { "{" U ",'tool_choice':{'type':'allowed_tools','allowed_tools':{'tools':"
      "[{'allowed_tools':{'tools':[{}]}}]}}}",
      "tool_choice.allowed_tools.tools[0] names no tool" },
    { "{" U ",'response_format':{}}", "response_format has no \"type\"" },
    { "{" U ",'response_format':{'type':'json_schema'}}",
      "response_format has no \"json_schema\"" },
    { "{" U ",'response_format':{'type':'json_schema','json_schema':{}}}",
      "response_format.json_schema has no \"schema\"" },
    { "{" U ",'stop':[1]}", "stop[0] must be a string" },
    { "{" U ",'stop':1}", "stop is of the wrong type" },
    { "{" U ",'temperature':'hot'}", "temperature must be a number" },
    { "{" U ",'max_tokens':-1}",
      "max_tokens must be an integer, 0 or more" },
    { "{" U ",'max_completion_tokens':1.5}",
      "max_completion_tokens must be an integer, 0 or more" },
    { "{" U ",'modalities':[1]}", "modalities[0] must be a string" },
    { "{" U ",'thinking':{'type':'enabled','budget_tokens':1.5}}",
      "thinking.budget_tokens must be an integer, 0 or more" },
    { "{" U ",'stream':'yes'}", "stream must be true or false" },
    { "{" U ",'stream_options':{'include_usage':1}}",
      "stream_options.include_usage must be true or false" }
};


static const drop_row_t  drop_rows[] = {
    { "{" U "}", "" },
    { "{" U ",'x':1,'min_p':0.1,'y':null}", "x min_p" },
    { "{" U ",'functions':[],'function_call':'auto'}",
      "functions function_call" },
    { "{'messages':[{'role':'user','content':'x','prefix':true},"
      "{'role':'user','content':'y','prefix':true}]}", "messages.prefix" },
    { "{'messages':[{'role':'user','content':[{'type':'new','a':1}]}]}",
      "messages.content.a messages.content" },
    { "{'messages':[{'role':'assistant','audio':{'id':'audio_1'}}]}",
      "messages.audio" },
    { "{" U ",'tools':[{'type':'function','function':{'name':'f','x':1}}]}",
      "tools.function.x" },
    { "{" U ",'response_format':{'type':'grammar','grammar':'g'}}",
      "response_format.grammar response_format" },
    { "{" U ",'reasoning_effort':'huge'}", "reasoning_effort" },
    { "{" U ",'modalities':['smell']}", "modalities" },
    { "{" U ",'reasoning':{'enabled':true}}", "reasoning.enabled" },
    { "{" U ",'thinking':{'type':'enabled','x':1}}", "thinking.x" }
};


static void
test_read(void)
{
    char              *body;
    ngx_uint_t         i;
    const read_row_t  *row;

    for (i = 0; i < sizeof(read_rows) / sizeof(read_row_t); i++) {
        row = &read_rows[i];
        body = wire_json(row->body);

        is_int(hub_ask(body, strlen(body)), NGX_OK, "%s: taken", row->name);
        is_str(text.data, text.len, row->hub, "%s: it is that in the hub",
               row->name);

        free(body);
    }
}


static void
test_bad(void)
{
    char             *body;
    ngx_uint_t        i;
    const bad_row_t  *row;

    for (i = 0; i < sizeof(bad_rows) / sizeof(bad_row_t); i++) {
        row = &bad_rows[i];
        body = wire_json(row->body);

        is_int(hub_ask(body, strlen(body)), NGX_ERROR, "refused: %s",
               row->body);
        is_str(text.data, text.len, row->fault, "it says: %s", row->fault);

        free(body);
    }
}


static void
test_drops(void)
{
    char              *body;
    hub_text_t         names = { NULL, 0, 0 };
    ngx_uint_t         i, k;
    const drop_row_t  *row;

    for (i = 0; i < sizeof(drop_rows) / sizeof(drop_row_t); i++) {
        row = &drop_rows[i];
        body = wire_json(row->body);

        is_int(hub_ask(body, strlen(body)), NGX_OK, "taken: %s", row->body);

        names.len = 0;
        hub_bytes(&names, "", 0);

        for (k = 0; k < w.drops.n; k++) {
            hub_printf(&names, "%s%.*s", k ? " " : "",
                       (int) w.drops.names[k].len,
                       (char *) w.drops.names[k].data);
        }

        is_str(names.data, names.len, row->dropped, "what is dropped: %s",
               row->dropped);

        free(body);
    }

    hub_text_free(&names);
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
    wrong = 0;

    for (i = 1; i < 1000; i++) {
        ngx_shim_fail_at = i;
        rc = hub_ask(body, strlen(body));

        if (ngx_shim_fail_at) {
            break;
        }

        wrong += (rc == NGX_OK);
    }

    ngx_shim_fail_at = 0;

    ok(i > 20, "memory fails at %d places", (int) i);
    is_int(rc, NGX_OK, "with enough of it the request is taken");
    is_int(wrong, 0, "without it there is no success");

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
        hub_printf(&body, "%s{\"role\":\"assistant\",\"tool_calls\":[{\"id\":"
                   "\"c%d\",\"function\":{\"name\":\"f\"}}]},{\"role\":"
                   "\"tool\",\"tool_call_id\":\"c%d\",\"content\":\"r\"}",
                   i ? "," : "", (int) i, (int) i);
    }

    hub_printf(&body, "]}");

    is_int(wire_read_ask(&w, body.data, body.len), NGX_OK,
           "many calls are taken");
    is_int(w.chat.messages.nelts, 40000, "and so are their results");
    hub_text_free(&body);
}


int
main(void)
{
    hub_init(NGX_AI_DIALECT_OPENAI, &ngx_ai_openai);

    test_read();
    test_bad();
    test_drops();
    test_no_memory();
    test_large();

    hub_done();

    return done();
}
