
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* what a request of Cohere is in the hub, and what is said of a wrong one */


#include "wire_rows.h"


#define ASK(messages, more)                                                   \
    "{'model':'m','messages':[" messages "]" more "}"

#define WITH(more)  ASK("{'role':'user','content':'hi'}", more)


static const wire_ask_row_t  read_rows[] = {

    { "a question",
      WITH(""),
      "fields\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "roles, and contents of both forms",
      ASK("{'role':'system','content':'s'},{'role':'system',"
          "'content':[{'type':'text','text':'t'}]},{'role':'user',"
          "'content':[{'type':'text','text':'a'},{'type':'text',"
          "'text':'b'}]},{'content':'c','role':'assistant'},"
          "{'role':'assistant','content':[{'type':'thinking',"
          "'thinking':'h'},{'type':'text','text':'d'}]}", ""),
      "fields system thinking\n"
      "system\n"
      "  text text=\"s\"\n"
      "system\n"
      "  text text=\"t\"\n"
      "user\n"
      "  text text=\"a\"\n"
      "  text text=\"b\"\n"
      "assistant\n"
      "  text text=\"c\"\n"
      "assistant\n"
      "  thinking text=\"h\"\n"
      "  text text=\"d\"\n" },

    { "what is empty is not there",
      ASK("{'role':'user','content':''},{'role':'assistant',"
          "'content':[{'type':'text','text':''}],'tool_plan':'',"
          "'citations':[],'tool_calls':[]},{'role':'assistant'},"
          "{'role':'user','content':null}", ""),
      "fields\n"
      "user\n"
      "assistant\n"
      "assistant\n"
      "user\n" },

    { "images by URL and as data",
      ASK("{'role':'user','content':[{'type':'image_url',"
          "'image_url':{'url':'https://x/y.png','detail':'low'}},"
          "{'type':'image_url','image_url':{'url':"
          "'data:image/png;base64,iVBOR'}},{'type':'image_url',"
          "'image_url':{'url':'data:image\\/jpeg;base64,\\/9j\\/'}},"
          "{'type':'image_url','image_url':{'url':'data:,x'}}]}", ""),
      "fields image image_url image_detail\n"
      "user\n"
      "  image url=\"https://x/y.png\" detail=\"low\"\n"
      "  image data=\"iVBOR\" media=\"image/png\"\n"
      "  image data=\"/9j/\" media=\"image/jpeg\"\n"
      "  image url=\"data:,x\"\n" },

    { "calls, their plan and their results",
      ASK("{'role':'assistant','tool_plan':'I will look.',"
          "'tool_calls':[{'id':'c1','type':'function',"
          "'function':{'name':'f','arguments':'{\\'a\\':1.0}'}},"
          "{'id':'c2','type':'function','function':{'name':'g',"
          "'arguments':''}},{'type':'function',"
          "'function':{'name':'h'}}]},{'role':'tool',"
          "'tool_call_id':'c1','content':'x'},{'role':'tool',"
          "'tool_call_id':'c2','content':[{'type':'text','text':'y'},"
          "{'type':'document','document':{'id':'d',"
          "'data':{'output':'5'}}},{'type':'document',"
          "'document':{'data':'z'}}]}", ""),
      "fields tool_call tool_result thinking\n"
      "assistant\n"
      "  thinking text=\"I will look.\"\n"
      "  call id=\"c1\" name=\"f\" json={\"a\":1.0}\n"
      "  call id=\"c2\" name=\"g\" json={}\n"
      "  call id=\"call_0\" name=\"h\" json={}\n"
      "user\n"
      "  result id=\"c1\" name=\"f\"\n"
      "    text text=\"x\"\n"
      "user\n"
      "  result id=\"c2\" name=\"g\"\n"
      "    text text=\"y\"\n"
      "    text text=\"{\"output\":\"5\"}\"\n"
      "    text text=\"z\"\n" },

    { "arguments that are no object become one",
      ASK("{'role':'assistant','tool_calls':[{'id':'c',"
          "'function':{'name':'f','arguments':'{x'}}]}", ""),
      "fields tool_call\n"
      "assistant\n"
      "  call id=\"c\" name=\"f\" json={\"arguments\":\"{x\"}\n" },

    { "a signature comes back in the id of its call",
      ASK("{'role':'assistant','tool_calls':[{'id':'c~aigw.4.S=',"
          "'function':{'name':'f','arguments':'{}'}}]},{'role':'tool',"
          "'tool_call_id':'c~aigw.4.S=','content':'x'}", ""),
      "fields tool_call tool_result signature\n"
      "assistant\n"
      "  call id=\"c\" name=\"f\" json={} signature=\"S=\" origin=4\n"
      "user\n"
      "  result id=\"c\" name=\"f\"\n"
      "    text text=\"x\"\n" },

    { "tools, all of them strict",
      WITH(",'tools':[{'type':'function','function':{'name':'f',"
           "'description':'d','parameters':{'type':'object'}}},"
           "{'function':{'name':'g'}}],'strict_tools':true,"
           "'tool_choice':'REQUIRED'"),
      "fields tools tool_strict tool_choice\n"
      "tool function name=\"f\" description=\"d\" "
      "schema={\"type\":\"object\"} strict=1\n"
      "tool function name=\"g\" strict=1\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "tools that need not be",
      WITH(",'strict_tools':false,'tools':[{'function':{'name':'f'}}],"
           "'tool_choice':'NONE'"),
      "fields tools tool_choice_none\n"
      "tool function name=\"f\"\n"
      "user\n"
      "  text text=\"hi\"\n" }
};


static const wire_ask_row_t  option_rows[] = {

    { "what shapes the answer",
      WITH(",'stream':true,'max_tokens':5,'temperature':0.30,'p':0.75,"
           "'k':0,'seed':7,'frequency_penalty':0.1,"
           "'presence_penalty':0.2,'stop_sequences':['END'],"
           "'logprobs':true"),
      "options stream=1 usage=1 max_tokens=5 temperature=0.30 top_p=0.75 "
      "top_k=0 seed=7 presence_penalty=0.2 frequency_penalty=0.1 logprobs=1 "
      "stop=[\"END\"]\n"
      "fields max_tokens temperature top_p top_k stop seed presence_penalty "
      "frequency_penalty logprobs\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "what shapes nothing",
      WITH(",'stream':false,'stop_sequences':[],'logprobs':false,"
           "'response_format':{'type':'text'},'documents':[],'k':null"),
      "options stream=0 usage=1\n"
      "fields\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "any JSON",
      WITH(",'response_format':{'type':'json_object'}"),
      "options stream=0 usage=1 output=1\n"
      "fields json\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "JSON of a schema",
      WITH(",'response_format':{'type':'json_object',"
           "'json_schema':{'type':'object'}}"),
      "options stream=0 usage=1 output=2 schema={\"type\":\"object\"}\n"
      "fields schema\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "by its older name",
      WITH(",'response_format':{'type':'json_object',"
           "'schema':{'type':'object'}}"),
      "options stream=0 usage=1 output=2 schema={\"type\":\"object\"}\n"
      "fields schema\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "thinking",
      WITH(",'thinking':{'type':'enabled','token_budget':2000}"),
      "options stream=0 usage=1 budget=2000\n"
      "fields budget\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "as much as it takes",
      WITH(",'thinking':{'type':'enabled'}"),
      "options stream=0 usage=1 budget=-1\n"
      "fields budget\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "no thinking",
      WITH(",'thinking':{'type':'disabled'}"),
      "options stream=0 usage=1 budget=0\n"
      "fields budget\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "safety",
      WITH(",'safety_mode':'STRICT'"),
      "options stream=0 usage=1 safety=\"STRICT\"\n"
      "fields safety\n"
      "user\n"
      "  text text=\"hi\"\n" }
};


static const wire_fault_row_t  fault_rows[] = {
    { "[]",
      " must be an object" },
    { "{'messages':{}}",
      "messages must be an array" },
    { ASK("1", ""),
      "messages[0] must be an object" },
    { ASK("{'content':'a'}", ""),
      "messages[0] has no role" },
    { ASK("{'role':'user','content':'hi'},{'role':'developer'}", ""),
      "messages[1].role must be \"system\", \"user\", \"assistant\" or "
      "\"tool\"" },
    { ASK("{'role':'user','content':1}", ""),
      "messages[0].content is of the wrong type" },
    { ASK("{'role':'user','content':[1]}", ""),
      "messages[0].content[0] must be an object" },
    { ASK("{'role':'user','content':[{'text':'a'}]}", ""),
      "messages[0].content[0] has no type" },
    { ASK("{'role':'user','content':[{'type':'text'}]}", ""),
      "messages[0].content[0] has no \"text\"" },
    { ASK("{'role':'user','content':[{'type':'text','text':1}]}", ""),
      "messages[0].content[0].text must be a string" },
    { ASK("{'role':'user','content':[{'type':'image_url',"
          "'image_url':'x'}]}", ""),
      "messages[0].content[0].image_url must be an object" },
    { ASK("{'role':'user','content':[{'type':'image_url',"
          "'image_url':{}}]}", ""),
      "messages[0].content[0].image_url has no url" },
    { ASK("{'role':'user','content':[{'type':'image_url'}]}", ""),
      "messages[0].content[0] has no \"image_url\"" },
    { ASK("{'role':'assistant','content':[{'type':'thinking'}]}", ""),
      "messages[0].content[0] has no \"thinking\"" },
    { ASK("{'role':'assistant','tool_plan':1}", ""),
      "messages[0].tool_plan must be a string" },
    { ASK("{'role':'assistant','tool_calls':[{'id':'c'}]}", ""),
      "messages[0].tool_calls[0] has no function" },
    { ASK("{'role':'assistant','tool_calls':[{'function':{}}]}", ""),
      "messages[0].tool_calls[0].function has no name" },
    { ASK("{'role':'assistant','tool_calls':[{'function':{'name':'f',"
          "'arguments':{}}}]}", ""),
      "messages[0].tool_calls[0].function.arguments must be a string" },
    { ASK("{'role':'tool','content':'x'}", ""),
      "messages[0] has no tool_call_id" },
    { ASK("{'role':'tool','tool_call_id':'c',"
          "'content':[{'type':'document'}]}", ""),
      "messages[0].content[0] has no \"document\"" },
    { ASK("{'role':'tool','tool_call_id':'c',"
          "'content':[{'type':'document','document':{}}]}", ""),
      "messages[0].content[0].document has no data" },
    { ASK("{'role':'tool','tool_call_id':'c',"
          "'content':[{'type':'document','document':{'data':[]}}]}", ""),
      "messages[0].content[0].document.data is of the wrong type" },
    { WITH(",'stream':1"),
      "stream must be true or false" },
    { WITH(",'max_tokens':1.5"),
      "max_tokens must be an integer, 0 or more" },
    { WITH(",'p':'1'"),
      "p must be a number" },
    { WITH(",'p':1,'p':1"),
      "p is given more than once" },
    { WITH(",'stop_sequences':'a'"),
      "stop_sequences must be an array" },
    { WITH(",'stop_sequences':[1]"),
      "stop_sequences[0] must be a string" },
    { WITH(",'response_format':{}"),
      "response_format has no type" },
    { WITH(",'response_format':{'type':'xml'}"),
      "response_format.type must be \"text\" or \"json_object\"" },
    { WITH(",'response_format':{'type':'json_object','json_schema':1}"),
      "response_format.json_schema must be an object" },
    { WITH(",'thinking':{'token_budget':-1}"),
      "thinking.token_budget must be an integer, 0 or more" },
    { WITH(",'tool_choice':'auto'"),
      "tool_choice must be \"REQUIRED\" or \"NONE\"" },
    { WITH(",'tools':[{'type':'function'}]"),
      "tools[0] has no name" },
    { WITH(",'tools':[{'function':{'name':'f','parameters':[]}}]"),
      "tools[0].function.parameters must be an object" },
    { WITH(",'strict_tools':'yes'"),
      "strict_tools must be true or false" }
};


/* what has no word in the hub is known by its name */

static const wire_fault_row_t  drop_rows[] = {
    { WITH(",'documents':[{'data':{'text':'t'}}]"),
      " documents" },
    { WITH(",'citation_options':{'mode':'FAST'},'priority':1"),
      " citation_options priority" },
    { ASK("{'role':'assistant','content':'a','citations':[{'start':1}]}", ""),
      " messages.citations" },
    { ASK("{'role':'user','content':[{'type':'hologram'},"
          "{'type':'document','document':{}}]}", ""),
      " messages.content.type" },
    { ASK("{'role':'tool','tool_call_id':'c',"
          "'content':[{'type':'document','document':{'id':'d',"
          "'data':{}}}]}", ""),
      " messages.content.document.id" },
    { WITH(",'documents':[]"),
      "" }
};


int
main(void)
{
    wire_asks(NGX_AI_DIALECT_COHERE, &ngx_ai_cohere, read_rows,
              wire_n(read_rows), 1);
    wire_asks(NGX_AI_DIALECT_COHERE, &ngx_ai_cohere, option_rows,
              wire_n(option_rows), 0);
    wire_faults(NGX_AI_DIALECT_COHERE, &ngx_ai_cohere, fault_rows,
                wire_n(fault_rows));
    wire_dropped(NGX_AI_DIALECT_COHERE, &ngx_ai_cohere, drop_rows,
                 wire_n(drop_rows));

    wire_ask_memory(NGX_AI_DIALECT_COHERE, &ngx_ai_cohere,
                    ASK("{'role':'user','content':[{'type':'image_url',"
                        "'image_url':{'url':'data:image\\/png;base64,x'}}]},"
                        "{'role':'assistant','tool_plan':'p','content':[{"
                        "'type':'thinking','thinking':'t'}],'tool_calls':[{"
                        "'function':{'name':'f','arguments':'{}'}}]},"
                        "{'role':'tool','tool_call_id':'c','content':[{"
                        "'type':'document','document':{'data':{'a':1}}}]}",
                        ",'stop_sequences':['x'],'tools':[{'function':"
                        "{'name':'f'}}]"));

    return done();
}
