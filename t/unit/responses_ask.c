
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Requests of Responses, read into the hub: what becomes of each member and
 * of each kind of item, and what is wrong with those that are refused.
 */


#include "responses.h"


typedef struct {
    const char  *name;
    const char  *body;
    const char  *want;
} row_t;


static const row_t  rows[] = {

    { "a string is a message of the user",
      "{'model':'m','input':'hi'}",
      "options stream=0 usage=1\n"
      "fields\n"
      "user\n"
      "  text text='hi'\n" },

    { "instructions come first, wherever they stand",
      "{'input':[{'role':'user','content':'hi'}],'instructions':'Be brief.'"
      "}",
      "options stream=0 usage=1\n"
      "fields system\n"
      "system\n"
      "  text text='Be brief.'\n"
      "user\n"
      "  text text='hi'\n" },

    { "numbers keep their digits",
      "{'input':'x','temperature':1.0,'top_p':0.50,'max_output_tokens':1e3,"
      "'top_logprobs':2}",
      "options stream=0 usage=1 max_tokens=1000 temperature=1.0 top_p=0.50 "
      "logprobs=1 top_logprobs=2\n"
      "fields max_tokens temperature top_p logprobs\n"
      "user\n"
      "  text text='x'\n" },

    { "0 logprobs are what everybody gets",
      "{'input':'x','top_logprobs':0}",
      "options stream=0 usage=1\n"
      "fields\n"
      "user\n"
      "  text text='x'\n" },

    { "null is as good as absent",
      "{'input':'x','tools':null,'text':null,'reasoning':null,'store':null,"
      "'include':null,'previous_response_id':null,'background':null,'conver"
      "sation':null,'instructions':null}",
      "options stream=0 usage=1\n"
      "fields\n"
      "user\n"
      "  text text='x'\n" },

    { "a stream, with options of this dialect",
      "{'input':'x','stream':true,'stream_options':{'include_obfuscation':f"
      "alse}}",
      "options stream=1 usage=1\n"
      "fields\n"
      "user\n"
      "  text text='x'\n" },

    { "what is to be included",
      "{'input':'x','include':['reasoning.encrypted_content','message.outpu"
      "t_text.logprobs','file_search_call.results']}",
      "options stream=0 usage=1 logprobs=1 thoughts=1\n"
      "fields logprobs\n"
      "user\n"
      "  text text='x'\n" },

    { "effort and a summary",
      "{'input':'x','reasoning':{'effort':'xhigh','summary':'concise'}}",
      "options stream=0 usage=1 effort=xhigh summary='concise' thoughts=1\n"
      "fields effort summary\n"
      "user\n"
      "  text text='x'\n" },

    { "no summary by its name, and by the older one",
      "{'input':'x','reasoning':{'effort':'none','generate_summary':'none'}"
      "}",
      "options stream=0 usage=1 effort=none\n"
      "fields effort\n"
      "user\n"
      "  text text='x'\n" },

    { "a schema",
      "{'input':'x','text':{'format':{'type':'json_schema','name':'n','desc"
      "ription':'d','schema':{'type':'object'},'strict':true},'verbosity':'"
      "low'}}",
      "options stream=0 usage=1 output=2 schema={'type':'object'} schema_na"
      "me='n' schema_description='d' schema_strict=1 verbosity='low'\n"
      "fields schema verbosity\n"
      "user\n"
      "  text text='x'\n" },

    { "any JSON",
      "{'input':'x','text':{'format':{'type':'json_object'}}}",
      "options stream=0 usage=1 output=1\n"
      "fields json\n"
      "user\n"
      "  text text='x'\n" },

    { "text is no format",
      "{'input':'x','text':{'format':{'type':'text'}}}",
      "options stream=0 usage=1\n"
      "fields\n"
      "user\n"
      "  text text='x'\n" },

    { "the account",
      "{'input':'x','metadata':{'a':'b'},'user':'u','prompt_cache_key':'k',"
      "'service_tier':'flex','store':true,'previous_response_id':'resp_1'}",
      "options stream=0 usage=1 user='u' metadata={'a':'b'} tier='flex' cac"
      "he_key='k' store=1 previous='resp_1'\n"
      "fields cache_key user metadata tier store previous\n"
      "user\n"
      "  text text='x'\n" },

    { "the newer name of the user",
      "{'input':'x','safety_identifier':'s','store':false}",
      "options stream=0 usage=1 user='s' store=0\n"
      "fields user\n"
      "user\n"
      "  text text='x'\n" },

    { "tools of all kinds",
      "{'input':'x','tools':[{'type':'function','name':'f','description':'d"
      "','parameters':{'type':'object'},'strict':false},{'type':'function',"
      "'name':'g','parameters':null},{'type':'custom','name':'c','format':{"
      "'type':'grammar','syntax':'lark','definition':'x'}},{'type':'web_sea"
      "rch_preview_2025_03_11','search_context_size':'low'},{'type':'code_i"
      "nterpreter','container':{'type':'auto'}},{'type':'mcp','server_label"
      "':'s'}],'parallel_tool_calls':false}",
      "options stream=0 usage=1 parallel=0\n"
      "fields tools parallel tool_custom web_search code tool_native\n"
      "tool function name='f' description='d' schema={'type':'object'} stri"
      "ct=0\n"
      "tool function name='g'\n"
      "tool custom name='c' raw={'type':'grammar','syntax':'lark','definiti"
      "on':'x'} origin=2\n"
      "tool web_search name='web_search_preview_2025_03_11' raw={'type':'we"
      "b_search_preview_2025_03_11','search_context_size':'low'} origin=2\n"
      "tool code name='code_interpreter' raw={'type':'code_interpreter','co"
      "ntainer':{'type':'auto'}} origin=2\n"
      "tool native name='mcp' raw={'type':'mcp','server_label':'s'} origin="
      "2\n"
      "user\n"
      "  text text='x'\n" },

    { "tools that come as an item",
      "{'input':[{'type':'additional_tools','role':'developer','tools':[{'t"
      "ype':'function','name':'f'}]},{'role':'user','content':'x'}]}",
      "options stream=0 usage=1\n"
      "fields tools\n"
      "tool function name='f'\n"
      "user\n"
      "  text text='x'\n" },

    { "a choice: auto",
      "{'input':'x','tool_choice':'auto'}",
      "options stream=0 usage=1 choice=1\n"
      "fields tool_choice\n"
      "user\n"
      "  text text='x'\n" },

    { "a choice: none",
      "{'input':'x','tool_choice':'none'}",
      "options stream=0 usage=1 choice=2\n"
      "fields tool_choice_none\n"
      "user\n"
      "  text text='x'\n" },

    { "a choice: required",
      "{'input':'x','tool_choice':'required'}",
      "options stream=0 usage=1 choice=3\n"
      "fields tool_choice\n"
      "user\n"
      "  text text='x'\n" },

    { "a choice by name",
      "{'input':'x','tool_choice':{'type':'function','name':'f'}}",
      "options stream=0 usage=1 choice=4 choice_name='f'\n"
      "fields tool_choice_named\n"
      "user\n"
      "  text text='x'\n" },

    { "a choice of several",
      "{'input':'x','tool_choice':{'type':'allowed_tools','mode':'required'"
      ",'tools':[{'type':'function','name':'f'},{'type':'custom','name':'c'"
      "},{'type':'mcp','server_label':'s'}]}}",
      "options stream=0 usage=1 choice=3 allowed=['f','c']\n"
      "fields tool_choice tool_choice_allowed\n"
      "user\n"
      "  text text='x'\n"
      "drops ='tool_choice.tools'\n" },

    { "a choice of a tool that only OpenAI has",
      "{'input':'x','tool_choice':{'type':'file_search'}}",
      "options stream=0 usage=1\n"
      "fields\n"
      "user\n"
      "  text text='x'\n"
      "drops ='tool_choice'\n" },

    { "roles",
      "{'input':[{'role':'system','content':'s'},{'role':'developer','conte"
      "nt':'d'},{'type':'message','role':'user','content':[]},{'role':'assi"
      "stant','content':'a'},{'role':'user','content':'u'}]}",
      "options stream=0 usage=1\n"
      "fields system\n"
      "system\n"
      "  text text='s'\n"
      "system developer\n"
      "  text text='d'\n"
      "assistant\n"
      "  text text='a'\n"
      "user\n"
      "  text text='u'\n" },

    { "parts of a message",
      "{'input':[{'type':'message','role':'user','content':[{'type':'input_"
      "text','text':'','prompt_cache_breakpoint':{'mode':'explicit'}},{'typ"
      "e':'input_image','image_url':'data:image\\/png;base64,iVBO\\/Rw==','"
      "detail':'high'},{'type':'input_image','image_url':'https://x/y.png'}"
      ",{'type':'input_image','file_id':'file-1','detail':'auto'},{'type':'"
      "input_file','filename':'a.pdf','file_data':'data:application/pdf;bas"
      "e64,JVBE'},{'type':'input_file','file_data':'JVBERi0x'},{'type':'inp"
      "ut_file','file_url':'https://x/a.pdf'},{'type':'input_file','file_id"
      "':'file-2'},{'type':'input_audio','input_audio':{'data':'AAAA','form"
      "at':'mp3'}},{'type':'input_audio','input_audio':{'data':'BBBB','form"
      "at':'wav'}},{'type':'text','text':'t'},{'type':'hologram','x':1}]}]}",
      "options stream=0 usage=1\n"
      "fields image image_url image_detail audio file file_url file_id cach"
      "e\n"
      "user\n"
      "  text cache={'type':'ephemeral'}\n"
      "  image data='iVBO/Rw==' media='image/png' detail='high'\n"
      "  image url='https://x/y.png'\n"
      "  image file='file-1' detail='auto'\n"
      "  file name='a.pdf' data='JVBE' media='application/pdf'\n"
      "  file data='JVBERi0x' media='application/pdf'\n"
      "  file url='https://x/a.pdf'\n"
      "  file file='file-2'\n"
      "  audio data='AAAA' media='audio/mpeg'\n"
      "  audio data='BBBB' media='audio/wav'\n"
      "  text text='t'\n"
      "drops ='input.content'\n" },

    { "a data URL without base64 is a URL",
      "{'input':[{'role':'user','content':[{'type':'input_image','image_url"
      "':'data:image/svg+xml,abc'}]}]}",
      "options stream=0 usage=1\n"
      "fields image_url\n"
      "user\n"
      "  image url='data:image/svg+xml,abc'\n" },

    { "what an assistant has said",
      "{'input':[{'type':'message','id':'msg_1','status':'completed','phase"
      "':'final_answer','role':'assistant','content':[{'type':'output_text'"
      ",'text':'a','annotations':[{'type':'url_citation','url':'u','title':"
      "'t','start_index':1,'end_index':3},{'type':'file_citation','file_id'"
      ":'f','filename':'n','index':5},{'type':'odd'}],'logprobs':[]},{'type"
      "':'refusal','refusal':'no'}]}]}",
      "options stream=0 usage=1\n"
      "fields refusal citations\n"
      "assistant\n"
      "  text text='a' citation{ url='u' title='t' 1-3 } citation{ title='n"
      "' id='f' -1--1 }\n"
      "  refusal text='no'\n"
      "drops ='input.content.annotations'\n" },

    { "neighbouring items of an assistant are one message",
      "{'input':[{'type':'reasoning','id':'rs_1','summary':[]},{'role':'use"
      "r','content':'q'},{'type':'reasoning','summary':[{'type':'summary_te"
      "xt','text':'s1'},{'type':'summary_text','text':'s2'}],'encrypted_con"
      "tent':'gAAA'},{'role':'assistant','content':'a'},{'type':'function_c"
      "all','id':'fc_1','call_id':'call_1','name':'f','arguments':'{\\'a\\'"
      ": 1}','status':'completed'},{'type':'function_call','call_id':'call_"
      "2','name':'g','arguments':''},{'type':'function_call_output','call_i"
      "d':'call_2','output':'r2'},{'type':'function_call_output','call_id':"
      "'call_1','output':[{'type':'input_text','text':'r1'},{'type':'input_"
      "image','image_url':'https://x/i.png'}]}]}",
      "options stream=0 usage=1\n"
      "fields image_url tool_call tool_result tool_result_image thinking si"
      "gnature\n"
      "user\n"
      "  text text='q'\n"
      "assistant\n"
      "  thinking text='s1' summary\n"
      "  thinking text='s2' summary signature='gAAA' origin=2\n"
      "  text text='a'\n"
      "  call id='call_1' name='f' json={'a':1}\n"
      "  call id='call_2' name='g' json={}\n"
      "user\n"
      "  result id='call_2' name='g'\n"
      "    text text='r2'\n"
      "user\n"
      "  result id='call_1' name='f'\n"
      "    text text='r1'\n"
      "    image url='https://x/i.png'\n" },

    { "arguments that are no object are kept as text",
      "{'input':[{'type':'function_call','call_id':'c','name':'f','argument"
      "s':'{oops'}]}",
      "options stream=0 usage=1\n"
      "fields tool_call\n"
      "assistant\n"
      "  call id='c' name='f' json={'arguments':'{oops'}\n" },

    { "a custom tool's call and its result",
      "{'input':[{'type':'custom_tool_call','call_id':'c','name':'patch','i"
      "nput':'*** Begin\\n'},{'type':'custom_tool_call_output','call_id':'c"
      "','output':'done'}]}",
      "options stream=0 usage=1\n"
      "fields tool_custom tool_call tool_result\n"
      "assistant\n"
      "  call id='c' name='patch' text='*** Begin\\x0a' custom\n"
      "user\n"
      "  result id='c' name='patch' custom\n"
      "    text text='done'\n" },

    { "thoughts of another dialect come back as they were",
      "{'input':[{'type':'reasoning','summary':[{'type':'summary_text','tex"
      "t':'hm'}],'encrypted_content':'aigw.3.SIG=='},{'type':'reasoning','s"
      "ummary':[],'encrypted_content':'aigw.3.redacted.DATA=='},{'role':'as"
      "sistant','content':'a'}]}",
      "options stream=0 usage=1\n"
      "fields thinking signature redacted\n"
      "assistant\n"
      "  thinking text='hm' signature='SIG==' origin=3\n"
      "  redacted data='DATA==' origin=3\n"
      "  text text='a'\n" },

    { "thoughts as they are, and their summary",
      "{'input':[{'type':'reasoning','summary':[{'type':'summary_text','tex"
      "t':'s'}],'content':[{'type':'reasoning_text','text':'t'}],'encrypted"
      "_content':null},{'role':'assistant','content':'a'}]}",
      "options stream=0 usage=1\n"
      "fields thinking\n"
      "assistant\n"
      "  thinking text='s' summary\n"
      "  thinking text='t'\n"
      "  text text='a'\n" },

    { "the signature of a call is in its id",
      "{'input':[{'type':'function_call','call_id':'call_1~aigw.4.SIG','nam"
      "e':'f','arguments':'{}'},{'type':'function_call_output','call_id':'c"
      "all_1~aigw.4.SIG','output':''}]}",
      "options stream=0 usage=1\n"
      "fields tool_call tool_result signature\n"
      "assistant\n"
      "  call id='call_1' name='f' json={} signature='SIG' origin=4\n"
      "user\n"
      "  result id='call_1' name='f'\n"
      "    text\n" },

    { "items of OpenAI's own are kept and counted",
      "{'input':[{'type':'web_search_call','id':'ws_1','status':'completed'"
      ",'action':{'type':'search','query':'q'}},{'type':'item_reference','i"
      "d':'msg_1'},{'type':'computer_call_output','call_id':'c','output':{}"
      "},{'role':'user','content':'x'}]}",
      "options stream=0 usage=1\n"
      "fields\n"
      "assistant\n"
      "  native name='web_search_call' json={'type':'web_search_call','id':"
      "'ws_1','status':'completed','action':{'type':'search','query':'q'}} "
      "origin=2\n"
      "  native name='item_reference' json={'type':'item_reference','id':'m"
      "sg_1'} origin=2\n"
      "user\n"
      "  native name='computer_call_output' json={'type':'computer_call_out"
      "put','call_id':'c','output':{}} origin=2\n"
      "user\n"
      "  text text='x'\n"
      "drops ='web_search_call' ='item_reference' ='computer_call_output'\n" },

    { "an image that was made",
      "{'input':[{'type':'image_generation_call','id':'ig_1','status':'comp"
      "leted','output_format':'webp','result':'UklG'},{'type':'image_genera"
      "tion_call','id':'ig_2'}]}",
      "options stream=0 usage=1\n"
      "fields image\n"
      "assistant\n"
      "  image data='UklG' media='image/webp'\n"
      "  native name='image_generation_call' json={'type':'image_generation"
      "_call','id':'ig_2'} origin=2\n"
      "drops ='image_generation_call'\n" },

    { "what is not known is counted",
      "{'input':'x','future':1,'reasoning':{'context':'auto'},'truncation':"
      "'auto','max_tool_calls':3}",
      "options stream=0 usage=1\n"
      "fields\n"
      "user\n"
      "  text text='x'\n"
      "drops ='future' ='reasoning.context' ='truncation' ='max_tool_calls'"
      "\n" },

    { "an effort that is not known is counted",
      "{'input':'x','reasoning':{'effort':'huge'}}",
      "options stream=0 usage=1\n"
      "fields\n"
      "user\n"
      "  text text='x'\n"
      "drops ='reasoning.effort'\n" },

    { "a previous response needs no input",
      "{'previous_response_id':'resp_1'}",
      "options stream=0 usage=1 previous='resp_1'\n"
      "fields previous\n" }
};


/* and where it is */

static const row_t  faults[] = {

    { NULL,
      "[]",
      " must be an object" },

    { NULL,
      "{}",
      " has no 'input'" },

    { NULL,
      "{'input':7}",
      "input is of the wrong type" },

    { NULL,
      "{'input':['x']}",
      "input[0] must be an object" },

    { NULL,
      "{'input':[{}]}",
      "input[0] has no 'type'" },

    { NULL,
      "{'input':[{'type':7}]}",
      "input[0].type must be a string" },

    { NULL,
      "{'input':[{'role':'user'}]}",
      "input[0] has no 'content'" },

    { NULL,
      "{'input':[{'type':'message','content':'x'}]}",
      "input[0] has no 'role'" },

    { NULL,
      "{'input':[{'role':'robot','content':'x'}]}",
      "input[0].role is no known role" },

    { NULL,
      "{'input':[{'role':'user','content':7}]}",
      "input[0].content must be a string or an array" },

    { NULL,
      "{'input':[{'role':'user','content':['x']}]}",
      "input[0].content[0] must be an object" },

    { NULL,
      "{'input':[{'role':'user','content':[{'text':'x'}]}]}",
      "input[0].content[0] has no 'type'" },

    { NULL,
      "{'input':[{'role':'user','content':[{'type':'input_text'}]}]}",
      "input[0].content[0] has no text" },

    { NULL,
      "{'input':[{'role':'user','content':[{'type':'input_text','text':'a'}"
      ",{'type':'input_image'}]}]}",
      "input[0].content[1] has no image" },

    { NULL,
      "{'input':[{'role':'user','content':[{'type':'input_image','image_url"
      "':{'url':'x'}}]}]}",
      "input[0].content[0].image_url must be a string" },

    { NULL,
      "{'input':[{'role':'user','content':[{'type':'input_file','filename':"
      "'x'}]}]}",
      "input[0].content[0] has no file" },

    { NULL,
      "{'input':[{'role':'user','content':[{'type':'input_audio','input_aud"
      "io':{}}]}]}",
      "input[0].content[0] has no audio" },

    { NULL,
      "{'input':[{'type':'function_call','name':'f','arguments':'{}'}]}",
      "input[0] has no 'call_id'" },

    { NULL,
      "{'input':[{'type':'function_call','call_id':'c','arguments':'{}'}]}",
      "input[0] has no 'name'" },

    { NULL,
      "{'input':[{'type':'function_call','call_id':'c','name':'f','argument"
      "s':{}}]}",
      "input[0].arguments must be a string" },

    { NULL,
      "{'input':[{'type':'function_call_output','output':'x'}]}",
      "input[0] has no 'call_id'" },

    { NULL,
      "{'input':[{'type':'function_call_output','call_id':'c'}]}",
      "input[0] has no 'output'" },

    { NULL,
      "{'input':[{'type':'function_call_output','call_id':'c','output':{}}]"
      "}",
      "input[0].output must be a string or an array" },

    { NULL,
      "{'input':[{'type':'reasoning','summary':[7]}]}",
      "input[0].summary[0] must be an object" },

    { NULL,
      "{'input':[{'type':'additional_tools'}]}",
      "input[0] has no 'tools'" },

    { NULL,
      "{'input':'x','input':'y'}",
      "input is given more than once" },

    { NULL,
      "{'input':'x','instructions':[]}",
      "instructions must be a string" },

    { NULL,
      "{'input':'x','temperature':'hot'}",
      "temperature must be a number" },

    { NULL,
      "{'input':'x','max_output_tokens':-1}",
      "max_output_tokens must be an integer, 0 or more" },

    { NULL,
      "{'input':'x','max_output_tokens':1.5}",
      "max_output_tokens must be an integer, 0 or more" },

    { NULL,
      "{'input':'x','tools':[7]}",
      "tools[0] must be an object" },

    { NULL,
      "{'input':'x','tools':[{}]}",
      "tools[0] has no 'type'" },

    { NULL,
      "{'input':'x','tools':[{'type':'function'}]}",
      "tools[0] has no 'name'" },

    { NULL,
      "{'input':'x','tools':[{'type':'function','name':'f','parameters':'x'"
      "}]}",
      "tools[0].parameters must be an object" },

    { NULL,
      "{'input':'x','tool_choice':'maybe'}",
      "tool_choice must be auto, none, required or an object" },

    { NULL,
      "{'input':'x','tool_choice':{}}",
      "tool_choice has no 'type'" },

    { NULL,
      "{'input':'x','tool_choice':{'type':'function'}}",
      "tool_choice has no 'name'" },

    { NULL,
      "{'input':'x','tool_choice':{'type':'allowed_tools','mode':'auto'}}",
      "tool_choice has no 'tools'" },

    { NULL,
      "{'input':'x','tool_choice':{'type':'allowed_tools','tools':[]}}",
      "tool_choice has no 'mode'" },

    { NULL,
      "{'input':'x','text':{'format':{}}}",
      "text.format has no 'type'" },

    { NULL,
      "{'input':'x','text':{'format':{'type':'xml'}}}",
      "text.format.type is no known format" },

    { NULL,
      "{'input':'x','text':{'format':{'type':'json_schema','name':'n'}}}",
      "text.format has no 'schema'" },

    { NULL,
      "{'input':'x','include':[7]}",
      "include[0] must be a string" },

    { NULL,
      "{'input':'x','store':'yes'}",
      "store must be true or false" },

    { NULL,
      "{'input':'x','background':true}",
      "background is not available for this model" },

    { NULL,
      "{'input':'x','conversation':'conv_1'}",
      "conversation is not available for this model" },

    { NULL,
      "{'input':'x','conversation':{'id':'conv_1'}}",
      "conversation is not available for this model" }
};


static void reads(wire_t *w, const row_t *row);
static void fails(wire_t *w, const row_t *row);


int
main(void)
{
    wire_t  w;
    size_t  i;

    responses_init(&w);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reads(&w, &rows[i]);
    }

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        fails(&w, &faults[i]);
    }

    wire_free(&w);

    return done();
}


static void
reads(wire_t *w, const row_t *row)
{
    char        *body;
    hub_text_t   t = { NULL, 0, 0 };
    ngx_uint_t   i;

    body = responses_json(row->body);

    if (ok(wire_read_ask(w, body, strlen(body)) == NGX_OK, "%s: it is read",
           row->name))
    {
        hub_chat_text(&t, &w->chat);

        if (w->drops.count) {
            hub_printf(&t, "drops");

            for (i = 0; i < w->drops.n; i++) {
                hub_str(&t, "", &w->drops.names[i]);
            }

            hub_printf(&t, "\n");
        }

        responses_quote(&t);
        is_str(t.data, t.len, row->want, "%s", row->name);

    } else {
        diag("%s", w->fault);
    }

    hub_text_free(&t);
    free(body);
}


static void
fails(wire_t *w, const row_t *row)
{
    char        *body;
    hub_text_t   t = { NULL, 0, 0 };

    body = responses_json(row->body);

    ok(wire_read_ask(w, body, strlen(body)) == NGX_ERROR, "refused: %s",
       row->body);

    hub_printf(&t, "%s", w->fault);
    responses_quote(&t);
    is_str(t.data, t.len, row->want, "it says where and why");

    hub_text_free(&t);
    free(body);
}
