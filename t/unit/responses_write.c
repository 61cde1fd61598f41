
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Requests of the hub, written as Responses.  They are read first, and said
 * to be of another dialect where that makes a difference.
 */


#include "responses.h"


#define OPENAI     NGX_AI_DIALECT_OPENAI
#define RESPONSES  NGX_AI_DIALECT_RESPONSES
#define ANTHROPIC  NGX_AI_DIALECT_ANTHROPIC


typedef struct {
    const char  *name;
    ngx_uint_t   origin;
    const char  *body;
    const char  *want;
    ngx_uint_t   tools;       /* are of that dialect, too */
} row_t;


static const row_t  rows[] = {

    { "own words come out as they went in",
      RESPONSES,
      "{'instructions':'Be brief.','input':[{'role':'user','content':'hi'}]"
      ",'tools':[{'type':'function','name':'f','parameters':{}},{'type':'fu"
      "nction','name':'g','parameters':{},'strict':true},{'type':'web_searc"
      "h'}],'tool_choice':{'type':'allowed_tools','mode':'auto','tools':[{'"
      "type':'function','name':'f'}]},'reasoning':{'effort':'low'},'store':"
      "true,'temperature':1.0}",
      "{'model':'m','instructions':'Be brief.','input':[{'type':'message','"
      "role':'user','content':[{'type':'input_text','text':'hi'}]}],'tools'"
      ":[{'type':'function','name':'f','parameters':{}},{'type':'function',"
      "'name':'g','parameters':{},'strict':true},{'type':'web_search'}],'to"
      "ol_choice':{'type':'allowed_tools','mode':'auto','tools':[{'type':'f"
      "unction','name':'f'}]},'temperature':1.0,'reasoning':{'effort':'low'"
      "},'store':true}",
      0 },

    { "others' functions are not strict unless they say so",
      OPENAI,
      "{'input':[{'role':'system','content':[{'type':'input_text','text':'a"
      "'},{'type':'input_text','text':'b'}]},{'role':'user','content':'hi'}"
      "],'tools':[{'type':'function','name':'f'},{'type':'function','name':"
      "'g','parameters':{},'strict':true}],'tool_choice':'required','parall"
      "el_tool_calls':true,'max_output_tokens':5,'top_p':0.1}",
      "{'model':'m','instructions':'a\\n\\nb','input':[{'type':'message','r"
      "ole':'user','content':[{'type':'input_text','text':'hi'}]}],'tools':"
      "[{'type':'function','name':'f','parameters':{'type':'object','proper"
      "ties':{}},'strict':false},{'type':'function','name':'g','parameters'"
      ":{},'strict':true}],'tool_choice':'required','parallel_tool_calls':t"
      "rue,'max_output_tokens':16,'top_p':0.1,'store':false}",
      0 },

    { "others' own tools have names here",
      ANTHROPIC,
      "{'input':'x','tools':[{'type':'web_search'},{'type':'code_interprete"
      "r'},{'type':'mcp'}]}",
      "{'model':'m','input':[{'type':'message','role':'user','content':[{'t"
      "ype':'input_text','text':'x'}]}],'tools':[{'type':'web_search'},{'ty"
      "pe':'code_interpreter','container':{'type':'auto'}}],'store':false}",
      1 },

    { "a system prompt alone is an item",
      OPENAI,
      "{'instructions':'s','input':[]}",
      "{'model':'m','input':[{'type':'message','role':'system','content':[{"
      "'type':'input_text','text':'s'}]}],'store':false}",
      0 },

    { "thoughts of others stay away, and their signatures",
      ANTHROPIC,
      "{'input':[{'type':'reasoning','summary':[{'type':'summary_text','tex"
      "t':'hm'}],'encrypted_content':'aigw.3.SIG'},{'type':'reasoning','sum"
      "mary':[],'encrypted_content':'aigw.3.redacted.X'},{'type':'reasoning"
      "','summary':[{'type':'summary_text','text':'own'}],'encrypted_conten"
      "t':'aigw.2.gAAA'},{'type':'function_call','call_id':'call_1~aigw.4.S"
      "IG','name':'f','arguments':'{\\'a\\':\\'\\\\n\\'}'},{'type':'functio"
      "n_call_output','call_id':'call_1~aigw.4.SIG','output':[{'type':'inpu"
      "t_text','text':'r'},{'type':'input_image','image_url':'https://x'}]}"
      "]}",
      "{'model':'m','input':[{'type':'reasoning','summary':[{'type':'summar"
      "y_text','text':'own'}],'encrypted_content':'gAAA'},{'type':'function"
      "_call','call_id':'call_1','name':'f','arguments':'{\\'a\\':\\'\\\\n"
      "\\'}'},{'type':'function_call_output','call_id':'call_1','output':[{"
      "'type':'input_text','text':'r'},{'type':'input_image','image_url':'h"
      "ttps://x'}]}],'store':false}",
      0 },

    { "who thinks gets what was thought",
      ANTHROPIC,
      "{'input':'x','reasoning':{'effort':'high'},'include':['reasoning.enc"
      "rypted_content','message.output_text.logprobs'],'top_logprobs':3}",
      "{'model':'m','input':[{'type':'message','role':'user','content':[{'t"
      "ype':'input_text','text':'x'}]}],'top_logprobs':3,'reasoning':{'effo"
      "rt':'high','summary':'auto'},'include':['reasoning.encrypted_content"
      "','message.output_text.logprobs'],'store':false}",
      0 },

    { "no effort is no thought",
      ANTHROPIC,
      "{'input':'x','reasoning':{'effort':'none'},'include':['reasoning.enc"
      "rypted_content']}",
      "{'model':'m','input':[{'type':'message','role':'user','content':[{'t"
      "ype':'input_text','text':'x'}]}],'reasoning':{'effort':'none'},'stor"
      "e':false}",
      0 },

    { "a tier by this dialect's names",
      ANTHROPIC,
      "{'input':'x','service_tier':'standard_only'}",
      "{'model':'m','input':[{'type':'message','role':'user','content':[{'t"
      "ype':'input_text','text':'x'}]}],'service_tier':'default','store':fa"
      "lse}",
      0 },

    { "a tier without a name here",
      ANTHROPIC,
      "{'input':'x','service_tier':'gold'}",
      "{'model':'m','input':[{'type':'message','role':'user','content':[{'t"
      "ype':'input_text','text':'x'}]}],'store':false}",
      0 },

    { "media",
      OPENAI,
      "{'input':[{'role':'user','content':[{'type':'input_image','image_url"
      "':'data:image/png;base64,AA=='},{'type':'input_file','file_data':'da"
      "ta:application/pdf;base64,BB=='},{'type':'input_file','filename':'n'"
      ",'file_url':'u'},{'type':'input_file','file_id':'f'},{'type':'input_"
      "audio','input_audio':{'data':'C','format':'wav'}}]},{'type':'image_g"
      "eneration_call','result':'D'},{'role':'assistant','content':[{'type'"
      ":'refusal','refusal':'no'},{'type':'output_text','text':'a','annotat"
      "ions':[{'type':'url_citation','url':'u','title':'t','start_index':1,"
      "'end_index':2}]}]}]}",
      "{'model':'m','input':[{'type':'message','role':'user','content':[{'t"
      "ype':'input_image','image_url':'data:image/png;base64,AA=='},{'type'"
      ":'input_file','filename':'document.pdf','file_data':'data:applicatio"
      "n/pdf;base64,BB=='},{'type':'input_file','file_url':'u'},{'type':'in"
      "put_file','file_id':'f'}]},{'type':'message','role':'assistant','con"
      "tent':[{'type':'refusal','refusal':'no'},{'type':'output_text','text"
      "':'a','annotations':[{'type':'url_citation','url':'u','title':'t','s"
      "tart_index':1,'end_index':2}]}]}],'store':false}",
      0 },

    { "a call's id is not too long",
      OPENAI,
      "{'input':[{'type':'function_call','call_id':'01234567890123456789012"
      "34567890123456789012345678901234567890123456789','name':'f','argumen"
      "ts':'{}'}]}",
      "{'model':'m','input':[{'type':'function_call','call_id':'qYPURJlc4ac"
      "QfEgQQidiBXF5GcuyssgWhfCfnfLd','name':'f','arguments':'{}'}],'store'"
      ":false}",
      0 },

    { "custom tools",
      OPENAI,
      "{'input':[{'type':'custom_tool_call','call_id':'c','name':'p','input"
      "':'x'},{'type':'function_call_output','call_id':'c','output':'y'}],'"
      "tools':[{'type':'custom','name':'p','format':{'type':'grammar','gram"
      "mar':{'syntax':'lark','definition':'d'}}}],'tool_choice':{'type':'cu"
      "stom','name':'p'}}",
      "{'model':'m','input':[{'type':'custom_tool_call','call_id':'c','name"
      "':'p','input':'x'},{'type':'custom_tool_call_output','call_id':'c','"
      "output':'y'}],'tools':[{'type':'custom','name':'p','format':{'type':"
      "'grammar','syntax':'lark','definition':'d'}}],'tool_choice':{'type':"
      "'custom','name':'p'},'store':false}",
      0 },

    { "formats",
      OPENAI,
      "{'input':'x','text':{'format':{'type':'json_schema','schema':{'a':1}"
      ",'strict':false},'verbosity':'high'}}",
      "{'model':'m','input':[{'type':'message','role':'user','content':[{'t"
      "ype':'input_text','text':'x'}]}],'text':{'format':{'type':'json_sche"
      "ma','name':'response','strict':false,'schema':{'a':1}},'verbosity':'"
      "high'},'store':false}",
      0 },

    { "JSON",
      OPENAI,
      "{'input':'x','text':{'format':{'type':'json_object'}}}",
      "{'model':'m','input':[{'type':'message','role':'user','content':[{'t"
      "ype':'input_text','text':'x'}]}],'text':{'format':{'type':'json_obje"
      "ct'}},'store':false}",
      0 },

    { "the account",
      OPENAI,
      "{'input':'x','user':'u','metadata':{'a':'b'},'prompt_cache_key':'k',"
      "'service_tier':'auto','previous_response_id':'resp_1'}",
      "{'model':'m','input':[{'type':'message','role':'user','content':[{'t"
      "ype':'input_text','text':'x'}]}],'user':'u','metadata':{'a':'b'},'pr"
      "ompt_cache_key':'k','service_tier':'auto','previous_response_id':'re"
      "sp_1','store':false}",
      0 }
};


static void writes(wire_t *w, const row_t *row);
static void streams(wire_t *w);
static void fits(wire_t *w);


int
main(void)
{
    wire_t  w;
    size_t  i;

    responses_init(&w);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        writes(&w, &rows[i]);
    }

    streams(&w);
    fits(&w);

    wire_free(&w);

    return done();
}


static void
writes(wire_t *w, const row_t *row)
{
    char           *body;
    hub_text_t      t = { NULL, 0, 0 };
    ngx_uint_t      i;
    ngx_ai_tool_t  *tool;

    body = responses_json(row->body);

    ok(wire_read_ask(w, body, strlen(body)) == NGX_OK, "%s: it is read",
       row->name);

    w->chat.origin = row->origin;
    tool = w->chat.tools.elts;

    for (i = 0; row->tools && i < w->chat.tools.nelts; i++) {
        tool[i].origin = row->origin;
    }

    ok(wire_write_ask(w, "m", 0) == NGX_OK, "%s: it is written", row->name);

    hub_bytes(&t, w->out.start, ngx_ai_buf_len(&w->out));
    responses_quote(&t);
    is_str(t.data, t.len, row->want, "%s", row->name);

    hub_text_free(&t);
    free(body);
}


static void
streams(wire_t *w)
{
    static const char  body[] = "{\"input\":\"x\"}";

    (void) wire_read_ask(w, body, sizeof(body) - 1);
    (void) wire_write_ask(w, "m\"", 1);

    is_str(w->out.start, ngx_ai_buf_len(&w->out),
           "{\"model\":\"m\\\"\",\"input\":[{\"type\":\"message\","
           "\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
           "\"text\":\"x\"}]}],\"store\":false,\"stream\":true}",
           "a stream is asked for, of a model of any name");
}


/* what does not fit into the buffer is an error, not half a request */

static void
fits(wire_t *w)
{
    size_t         len, max;
    ngx_int_t      rc;
    ngx_ai_buf_t   out;

    static const char  body[] =
        "{\"instructions\":\"s\",\"input\":[{\"role\":\"user\",\"content\":["
        "{\"type\":\"input_image\",\"image_url\":\"data:a;base64,AA\"}]},"
        "{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\","
        "\"arguments\":\"{}\"}],\"tools\":[{\"type\":\"function\","
        "\"name\":\"f\"}]}";

    (void) wire_read_ask(w, body, sizeof(body) - 1);
    (void) wire_write_ask(w, "m", 0);

    len = ngx_ai_buf_len(&w->out);
    out = w->out;
    rc = NGX_DECLINED;

    for (max = 0; max < len && rc == NGX_DECLINED; max++) {
        ngx_ai_buf_init(&w->out, max, &ngx_shim_log);
        rc = wire_write_ask(w, "m", 0);
        ngx_ai_buf_free(&w->out);
    }

    is_int(rc, NGX_DECLINED, "a request that does not fit is none");

    w->out = out;
}
