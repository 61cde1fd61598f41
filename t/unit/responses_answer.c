
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Whole replies: read into the hub, and what a client is told of them.
 */


#include "responses.h"


typedef struct {
    const char  *name;
    const char  *body;
    const char  *want;
    const char  *told;        /* the client: from "status" on */
} row_t;


static const row_t  rows[] = {

    { "a text",
      "{'id':'resp_p','object':'response','created_at':1700000000,'model':'"
      "gpt-5','status':'completed','service_tier':'default','error':null,'i"
      "ncomplete_details':null,'output':[{'type':'message','id':'msg_p','ro"
      "le':'assistant','status':'completed','content':[{'type':'output_text"
      "','text':'Hi\\n','annotations':[],'logprobs':[]}]}],'usage':{'input_"
      "tokens':10,'input_tokens_details':{'cached_tokens':4},'output_tokens"
      "':7,'output_tokens_details':{'reasoning_tokens':2},'total_tokens':17"
      "}}",
      "answer id='resp_p' model='gpt-5' tier='default' created=1700000000\n"
      "alternative finish=stop\n"
      "  text text='Hi\\x0a'\n"
      "usage input=6 cache_read=4 output=5 reasoning=2\n",
      "'status':'completed','background':false,'error':null,'incomplete_det"
      "ails':null,'model':'gpt-5','service_tier':'default','usage':{'input_"
      "tokens':10,'input_tokens_details':{'cached_tokens':4,'cache_write_to"
      "kens':0},'output_tokens':7,'output_tokens_details':{'reasoning_token"
      "s':2},'total_tokens':17},'output':[{'id':'msg_0000','status':'comple"
      "ted','type':'message','role':'assistant','content':[{'type':'output_"
      "text','text':'Hi\\n','annotations':[],'logprobs':[]}]}]}" },

    { "calls are what it ends with",
      "{'output':[{'type':'function_call','id':'fc_p','call_id':'call_1','n"
      "ame':'f','arguments':'{\\'a\\':1}','status':'completed'},{'type':'cu"
      "stom_tool_call','call_id':'call_2','name':'p','input':'x'}],'status'"
      ":'completed'}",
      "answer created=0\n"
      "alternative finish=tool_calls\n"
      "  call id='call_1' name='f' json={'a':1}\n"
      "  call id='call_2' name='p' text='x' custom\n"
      "usage none\n",
      "'status':'completed','background':false,'error':null,'incomplete_det"
      "ails':null,'model':'asked-model','service_tier':'default','usage':nu"
      "ll,'output':[{'id':'fc_0000','status':'completed','type':'function_c"
      "all','call_id':'call_1','name':'f','arguments':'{\\'a\\':1}'},{'id':"
      "'ctc_0001','status':'completed','type':'custom_tool_call','call_id':"
      "'call_2','name':'p','input':'x'}]}" },

    { "thoughts, their seal, a refusal",
      "{'output':[{'type':'reasoning','id':'rs_p','summary':[{'type':'summa"
      "ry_text','text':'s'}],'encrypted_content':'gAAA'},{'type':'reasoning"
      "','id':'rs_q','summary':[]},{'type':'message','content':[{'type':'re"
      "fusal','refusal':'no'},{'type':'hologram'}]}],'status':'completed'}",
      "answer created=0\n"
      "alternative finish=stop\n"
      "  thinking text='s' summary signature='gAAA' origin=2\n"
      "  refusal text='no'\n"
      "usage none\n",
      "'status':'completed','background':false,'error':null,'incomplete_det"
      "ails':null,'model':'asked-model','service_tier':'default','usage':nu"
      "ll,'output':[{'id':'rs_0000','status':'completed','type':'reasoning'"
      ",'summary':[{'type':'summary_text','text':'s'}],'encrypted_content':"
      "'gAAA'},{'id':'msg_0001','status':'completed','type':'message','role"
      "':'assistant','content':[{'type':'refusal','refusal':'no'}]}]}" },

    { "citations, logprobs, an image, an item of its own",
      "{'output':[{'type':'web_search_call','id':'ws','status':'completed'}"
      ",{'type':'message','content':[{'type':'output_text','text':'a','anno"
      "tations':[{'type':'url_citation','url':'u','title':'t','start_index'"
      ":0,'end_index':1}],'logprobs':[{'token':'a','logprob':-0.5,'bytes':["
      "97],'top_logprobs':[]}]}]},{'type':'image_generation_call','id':'ig'"
      ",'status':'completed','result':'iVBO'}],'status':'completed'}",
      "answer created=0\n"
      "alternative finish=stop logprobs={'content':[{'token':'a','logprob':"
      "-0.5,'bytes':[97],'top_logprobs':[]}]}\n"
      "  native name='web_search_call' json={'type':'web_search_call','id':"
      "'ws','status':'completed'} origin=2\n"
      "  text text='a' citation{ url='u' title='t' 0-1 }\n"
      "  image data='iVBO' media='image/png'\n"
      "usage none\n",
      "'status':'completed','background':false,'error':null,'incomplete_det"
      "ails':null,'model':'asked-model','service_tier':'default','usage':nu"
      "ll,'output':[{'type':'web_search_call','id':'ws','status':'completed"
      "'},{'id':'msg_0001','status':'completed','type':'message','role':'as"
      "sistant','content':[{'type':'output_text','text':'a','annotations':["
      "{'type':'url_citation','url':'u','title':'t','start_index':0,'end_in"
      "dex':1}],'logprobs':[{'token':'a','logprob':-0.5,'bytes':[97],'top_l"
      "ogprobs':[]}]}]},{'id':'ig_0002','status':'completed','type':'image_"
      "generation_call','output_format':'png','result':'iVBO'}]}" },

    { "cut at its length",
      "{'status':'incomplete','incomplete_details':{'reason':'max_output_to"
      "kens'},'output':[{'type':'message','content':[{'type':'output_text',"
      "'text':'a'}]},{'type':'message','content':[{'type':'output_text','te"
      "xt':'b'}]}]}",
      "answer created=0\n"
      "alternative finish=length\n"
      "  text text='a'\n"
      "  text text='b'\n"
      "usage none\n",
      "'status':'incomplete','background':false,'error':null,'incomplete_de"
      "tails':{'reason':'max_output_tokens'},'model':'asked-model','service"
      "_tier':'default','usage':null,'output':[{'id':'msg_0000','status':'i"
      "ncomplete','type':'message','role':'assistant','content':[{'type':'o"
      "utput_text','text':'a','annotations':[],'logprobs':[]},{'type':'outp"
      "ut_text','text':'b','annotations':[],'logprobs':[]}]}]}" },

    { "filtered",
      "{'status':'incomplete','incomplete_details':{'reason':'content_filte"
      "r'},'output':[]}",
      "answer created=0\n"
      "alternative finish=content_filter\n"
      "usage none\n",
      "'status':'incomplete','background':false,'error':null,'incomplete_de"
      "tails':{'reason':'content_filter'},'model':'asked-model','service_ti"
      "er':'default','usage':null,'output':[]}" },

    { "cut for a reason that is not known",
      "{'status':'incomplete','incomplete_details':{'reason':'x'},'output':"
      "[]}",
      "answer created=0\n"
      "alternative finish=other\n"
      "usage none\n",
      "'status':'completed','background':false,'error':null,'incomplete_det"
      "ails':null,'model':'asked-model','service_tier':'default','usage':nu"
      "ll,'output':[]}" },

    { "without a status",
      "{'output':[],'usage':{'input_tokens':-1}}",
      "answer created=0\n"
      "alternative finish=stop\n"
      "usage none\n",
      "'status':'completed','background':false,'error':null,'incomplete_det"
      "ails':null,'model':'asked-model','service_tier':'default','usage':nu"
      "ll,'output':[]}" }
};


/* those that are no answers */

static const char  *wrong[] = {
    "{}",
    "[]",
    "{'output':{}}",
    "{'output':[],'status':'failed','error':{'code':'server_error','message"
    "':'m'}}",
    "{'output':[],'status':'queued'}",
    "{'output':[7]}",
    "{'output':[{'type':'function_call','name':'f'}]}",
    "{'object':'chat.completion','choices':[]}"
};


#define ID      "0123456789abcdef0123456789abcdef"

/* what a response repeats when nothing is known of the request */

#define REPEAT  "'instructions':null,'metadata':{},"                          \
                "'parallel_tool_calls':true,'temperature':null,"              \
                "'tool_choice':'auto','tools':[],'top_p':null,"


static void reads(wire_t *w, const row_t *row);
static void asked(wire_t *w);
static void told(wire_t *w, const char *ask, const char *want,
    const char *name);
static void repeats(wire_t *w);
static void out(wire_t *w, hub_text_t *t);
static void cut(hub_text_t *t, const char *what);
static void since(hub_text_t *t, const char *what);


int
main(void)
{
    char    *body;
    wire_t   w;
    size_t   i;

    responses_init(&w);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reads(&w, &rows[i]);
    }

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        body = responses_json(wrong[i]);

        ok(wire_read_answer(&w, body, strlen(body)) == NGX_ERROR,
           "no answer: %s", wrong[i]);
        free(body);
    }

    asked(&w);
    repeats(&w);

    wire_free(&w);

    return done();
}


static void
reads(wire_t *w, const row_t *row)
{
    char        *body;
    hub_text_t   t = { NULL, 0, 0 };

    body = responses_json(row->body);

    ok(wire_read_answer(w, body, strlen(body)) == NGX_OK, "%s: it is read",
       row->name);

    hub_answer_text(&t, &w->answer);
    responses_quote(&t);
    is_str(t.data, t.len, row->want, "%s: in the hub", row->name);
    hub_text_free(&t);

    ok(wire_write_answer(w) == NGX_OK, "%s: it is written", row->name);

    out(w, &t);
    cut(&t, REPEAT);
    since(&t, "'status'");
    is_str(t.data, t.len, row->told, "%s: as it is told", row->name);

    hub_text_free(&t);
    free(body);
}


/* what of thoughts and calls is told depends on what was asked */

static void
asked(wire_t *w)
{
    ngx_ai_part_t         *part;
    ngx_ai_alternative_t  *a;

    (void) ngx_ai_answer_init(&w->answer, w->event, NGX_AI_DIALECT_GEMINI);

    a = ngx_ai_answer_alternative(&w->answer);

    part = ngx_ai_part_push(&a->parts, NGX_AI_PART_THINKING);
    part->origin = NGX_AI_DIALECT_ANTHROPIC;
    ngx_str_set(&part->text, "hm");
    ngx_str_set(&part->signature, "SIG");

    part = ngx_ai_part_push(&a->parts, NGX_AI_PART_REDACTED);
    part->origin = NGX_AI_DIALECT_ANTHROPIC;
    ngx_str_set(&part->data, "DATA");

    part = ngx_ai_part_push(&a->parts, NGX_AI_PART_TOOL_CALL);
    part->origin = NGX_AI_DIALECT_GEMINI;
    ngx_str_set(&part->id, "c1");
    ngx_str_set(&part->name, "p");
    ngx_str_set(&part->json, "{\"input\":\"a\\nb\"}");
    ngx_str_set(&part->signature, "CALL");

    part = ngx_ai_part_push(&a->parts, NGX_AI_PART_NATIVE);
    part->origin = NGX_AI_DIALECT_GEMINI;
    ngx_str_set(&part->json, "{}");

    told(w, "{'input':'x'}",
         "[{'id':'rs_0000','status':'completed','type':'reasoning',"
         "'summary':[{'type':'summary_text','text':'hm'}]},"
         "{'id':'fc_0001','status':'completed','type':'function_call',"
         "'call_id':'c1~aigw.4.CALL','name':'p',"
         "'arguments':'{\\'input\\':\\'a\\\\nb\\'}'}]",
         "thoughts are shown, and not sealed");

    told(w, "{'input':'x','include':['reasoning.encrypted_content'],"
         "'tools':[{'type':'custom','name':'p'}]}",
         "[{'id':'rs_0000','status':'completed','type':'reasoning',"
         "'summary':[{'type':'summary_text','text':'hm'}],"
         "'encrypted_content':'aigw.3.SIG'},"
         "{'id':'rs_0001','status':'completed','type':'reasoning',"
         "'summary':[],'encrypted_content':'aigw.3.redacted.DATA'},"
         "{'id':'ctc_0002','status':'completed','type':'custom_tool_call',"
         "'call_id':'c1~aigw.4.CALL','name':'p','input':'a\\nb'}]",
         "sealed for who asks, and a custom tool gets its text");

    told(w, "{'input':'x','store':true}",
         "[{'id':'rs_0000','status':'completed','type':'reasoning',"
         "'summary':[{'type':'summary_text','text':'hm'}],"
         "'encrypted_content':'aigw.3.SIG'},"
         "{'id':'rs_0001','status':'completed','type':'reasoning',"
         "'summary':[],'encrypted_content':'aigw.3.redacted.DATA'},"
         "{'id':'fc_0002','status':'completed','type':'function_call',"
         "'call_id':'c1~aigw.4.CALL','name':'p',"
         "'arguments':'{\\'input\\':\\'a\\\\nb\\'}'}]",
         "and for what is kept");
}


static void
told(wire_t *w, const char *ask, const char *want, const char *name)
{
    char        *body, *output;
    hub_text_t   t = { NULL, 0, 0 };

    body = responses_json(ask);

    (void) wire_read_ask(w, body, strlen(body));

    w->told.chat = &w->chat;
    (void) wire_write_answer(w);
    w->told.chat = NULL;

    out(w, &t);

    output = strstr(t.data, "'output':") + sizeof("'output':") - 1;

    is_str(output, t.data + t.len - output - 1, want, "%s", name);

    hub_text_free(&t);
    free(body);
}


/* the members of a request that a response has too */

static void
repeats(wire_t *w)
{
    char        *body;
    hub_text_t   t = { NULL, 0, 0 };

    static const char  ask[] =
        "{'instructions':'s\\n','input':'x','max_output_tokens':99,"
        "'metadata':{\n'a':'b'},'parallel_tool_calls':false,"
        "'previous_response_id':'resp_0','reasoning':{'effort':'low',"
        "'summary':'auto'},'store':true,'temperature':0.50,"
        "'text':{'format':{'type':'json_object'},'verbosity':'low'},"
        "'tool_choice':'required','tools':[{'type':'function','name':'f',"
        "'parameters':{'type':\n'object'}},{'type':'web_search'}],"
        "'top_p':1.0,'user':'u','service_tier':'flex'}";

    (void) ngx_ai_answer_init(&w->answer, w->event, NGX_AI_DIALECT_OPENAI);

    body = responses_json(ask);

    (void) wire_read_ask(w, body, strlen(body));

    w->told.chat = &w->chat;
    (void) wire_write_answer(w);
    w->told.chat = NULL;

    out(w, &t);

    is_str(t.data, t.len,
           "{'id':'resp_','object':'response','created_at':1750000000,"
           "'status':'completed','background':false,'error':null,"
           "'incomplete_details':null,'model':'asked-model',"
           "'instructions':'s\\n','max_output_tokens':99,"
           "'metadata':{ 'a':'b'},'parallel_tool_calls':false,"
           "'previous_response_id':'resp_0','reasoning':{'effort':'low',"
           "'summary':'auto'},'store':true,'temperature':0.50,"
           "'text':{'format':{'type':'json_object'},'verbosity':'low'},"
           "'tool_choice':'required','tools':[{'type':'function',"
           "'name':'f','parameters':{'type': 'object'},'strict':true},"
           "{'type':'web_search'}],'top_p':1.0,'truncation':'disabled',"
           "'user':'u','service_tier':'flex','usage':null,'output':[]}",
           "what was asked is repeated, in one line");

    hub_text_free(&t);
    free(body);
}


/* what was written */

static void
out(wire_t *w, hub_text_t *t)
{
    hub_bytes(t, w->out.start, ngx_ai_buf_len(&w->out));
    responses_quote(t);
    cut(t, ID);
}


static void
cut(hub_text_t *t, const char *what)
{
    char    *p;
    size_t   n;

    n = strlen(what);

    while ((p = strstr(t->data, what)) != NULL) {
        t->len -= n;
        memmove(p, p + n, t->data + t->len - p + 1);
    }
}


/* it says who it is and when it was made in other tests */

static void
since(hub_text_t *t, const char *what)
{
    char  *p;

    p = strstr(t->data, what);

    t->len -= p - t->data;
    memmove(t->data, p, t->len + 1);
}
