
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * A chat completion's answer: what it is in the hub, however its vendor words
 * it, and what a client is told.
 */


#include "openai_hub.h"


/* JSON has ' for ", see wire_json() */

typedef struct {
    const char  *name;
    ngx_uint_t   quirks;
    const char  *body;
    const char  *hub;           /* NULL: it is no answer */
} read_row_t;


/* what is read by the row is written so for a client */

typedef struct {
    const char  *name;
    const char  *body;
    const char  *written;
} write_row_t;


static void test_read(void);
static void test_write(void);
static void test_foreign(void);
static void test_finishes(void);
static void test_usage(void);
static void test_cut(void);
static void test_no_memory(void);
static void written(const char *want, const char *name);


#define HEAD   "'id':'c-1','object':'chat.completion','created':7,'model':'m',"
#define HHEAD  "answer id=\"c-1\" model=\"m\" created=7\n"
#define STOP   "alternative finish=stop\n"
#define ONE(m) "{" HEAD "'choices':[{'index':0,'message':{'role':'assistant',"\
               m "},'finish_reason':'stop'}]}"
#define NOUSE  "usage none\n"


static const read_row_t  read_rows[] = {

    { "a text", 0,
      "{" HEAD "'choices':[{'index':0,'message':{'role':'assistant',"
      "'content':'Hi\\n','refusal':null,'annotations':[]},'logprobs':null,"
      "'finish_reason':'stop'}],'usage':{'prompt_tokens':9,"
      "'completion_tokens':3,'total_tokens':12,'prompt_tokens_details':"
      "{'cached_tokens':4,'audio_tokens':0},'completion_tokens_details':"
      "{'reasoning_tokens':2}},'service_tier':'default',"
      "'system_fingerprint':'fp'}",
      "answer id=\"c-1\" model=\"m\" tier=\"default\" created=7\n" STOP
      "  text text=\"Hi\\x0a\"\n"
      "usage input=5 cache_read=4 output=1 reasoning=2\n" },

    { "nothing at all, as the limit was thoughts", 0,
      "{" HEAD "'choices':[{'index':0,'message':{'role':'assistant',"
      "'content':''},'finish_reason':'length'}]}",
      HHEAD "alternative finish=length\n" NOUSE },
    { "no message", 0, "{" HEAD "'choices':[{'finish_reason':'stop'}]}",
      HHEAD STOP NOUSE },
    { "no finish", 0, "{'choices':[{'message':{'content':'x'}}]}",
      "answer created=0\nalternative finish=none\n  text text=\"x\"\n" NOUSE },
    { "members of the wrong type say nothing", 0,
      "{'id':1,'model':[],'created':'x','service_tier':{},'usage':[],"
      "'choices':[{'index':'x','message':{'content':1,'tool_calls':{},"
      "'reasoning':[],'refusal':0,'images':1,'audio':'x','annotations':{}},"
      "'finish_reason':1,'logprobs':'x'}]}",
      "answer created=0\nalternative finish=none\n" NOUSE },
    { "unknown members", 0,
      "{" HEAD "'x_groq':{'id':'r'},'provider':'p','choices':[{'index':0,"
      "'message':{'content':'x','executed_tools':[{'type':'search'}],"
      "'padding':'abc'},'native_finish_reason':'STOP','matched_stop':1,"
      "'finish_reason':'stop'}],'time_info':{}}",
      HHEAD STOP "  text text=\"x\"\n" NOUSE },

    { "a call, and a text", 0,
      "{" HEAD "'choices':[{'index':0,'message':{'role':'assistant',"
      "'content':'ok','tool_calls':[{'id':'call_1','type':'function',"
      "'function':{'name':'f','arguments':'{\\\"a\\\":1}'}},{'id':'c2',"
      "'function':{'name':'g','arguments':''}}]},"
      "'finish_reason':'tool_calls'}]}",
      HHEAD "alternative finish=tool_calls\n  text text=\"ok\"\n"
      "  call id=\"call_1\" name=\"f\" json={\"a\":1}\n"
      "  call id=\"c2\" name=\"g\" json={}\n" NOUSE },
    { "a call that is told as a stop", 0,
      ONE("'content':null,'tool_calls':[{'id':'1','function':{'name':'f',"
          "'arguments':'{}'}}]"),
      HHEAD "alternative finish=tool_calls\n"
      "  call id=\"1\" name=\"f\" json={}\n" NOUSE },
    { "a call in one number", 0,
      "{" HEAD "'choices':[{'message':{'tool_calls':[{'id':'1','function':"
      "{'name':'f','arguments':{'a':1}}}]},'finish_reason':'tool_call'}]}",
      HHEAD "alternative finish=tool_calls\n"
      "  call id=\"1\" name=\"f\" json={\"a\":1}\n" NOUSE },
    { "arguments that are cut", 0,
      "{" HEAD "'choices':[{'message':{'tool_calls':[{'id':'1','function':"
      "{'name':'f','arguments':'{\\\"a\\\":'}}]},'finish_reason':'length'}]}",
      HHEAD "alternative finish=length\n"
      "  call id=\"1\" name=\"f\" json={\"arguments\":\"{\\\"a\\\":\"}\n"
      NOUSE },
    { "a custom call", 0,
      ONE("'tool_calls':[{'id':'1','type':'custom','custom':{'name':'c',"
          "'input':'4 + 4'}}]"),
      HHEAD "alternative finish=tool_calls\n"
      "  call id=\"1\" name=\"c\" text=\"4 + 4\" custom\n" NOUSE },
    { "what was before tools", 0,
      "{" HEAD "'choices':[{'message':{'content':null,'function_call':"
      "{'name':'f','arguments':'{}'}},'finish_reason':'function_call'}]}",
      HHEAD "alternative finish=tool_calls\n"
      "  call id=\"call_53852a900\" name=\"f\" json={}\n" NOUSE },
    { "all members there are, and most of them empty (Snowflake)", 0,
      ONE("'content':'x','refusal':'','function_call':{'arguments':'',"
          "'name':''},'audio':{'data':'','expires_at':0,'id':'',"
          "'transcript':''},'annotations':null,'tool_calls':[{'id':'1',"
          "'type':'function','function':{'name':'f','arguments':'{}'},"
          "'custom':{'name':'','input':''}}]"),
      HHEAD "alternative finish=tool_calls\n  text text=\"x\"\n"
      "  call id=\"1\" name=\"f\" json={}\n" NOUSE },

    { "thoughts of DeepSeek", 0, ONE("'content':'x','reasoning_content':'t'"),
      HHEAD STOP "  thinking text=\"t\"\n  text text=\"x\"\n" NOUSE },
    { "thoughts of Groq and Cerebras", 0, ONE("'reasoning':'t','content':'x'"),
      HHEAD STOP "  thinking text=\"t\"\n  text text=\"x\"\n" NOUSE },
    { "thoughts of OpenRouter, said twice", 0,
      ONE("'content':'x','reasoning':'t','reasoning_details':[{'type':"
          "'reasoning.text','text':'t','format':'unknown','index':0}]"),
      HHEAD STOP "  thinking text=\"t\"\n  text text=\"x\"\n" NOUSE },
    { "thoughts of OpenRouter alone", 0,
      ONE("'content':'x','reasoning':null,'reasoning_details':[{'type':"
          "'reasoning.summary','summary':'s'},{'type':'reasoning.encrypted',"
          "'data':'QQ=='},{'type':'reasoning.text','text':'t'},1]"),
      HHEAD STOP "  thinking text=\"s\" summary\n  thinking text=\"t\"\n"
      "  text text=\"x\"\n" NOUSE },
    { "thoughts of Mistral", 0,
      ONE("'content':[{'type':'thinking','thinking':[{'type':'text','text':"
          "'t'},{'type':'text','text':'u'}],'closed':true},{'type':'text',"
          "'text':'x'},{'type':'reference','reference_ids':[1]}]"),
      HHEAD STOP "  thinking text=\"tu\"\n  text text=\"x\"\n" NOUSE },
    { "thoughts in the text stay there", 0,
      ONE("'content':'<think>t</think>x'"),
      HHEAD STOP "  text text=\"<think>t</think>x\"\n" NOUSE },

    { "a refusal", 0, ONE("'content':null,'refusal':'no'"),
      HHEAD STOP "  refusal text=\"no\"\n" NOUSE },
    { "sound", 0,
      ONE("'content':null,'audio':{'id':'audio_1','data':'QQ==',"
          "'expires_at':9,'transcript':'hi'}"),
      HHEAD STOP "  audio id=\"audio_1\" text=\"hi\" data=\"QQ==\"\n" NOUSE },
    { "pictures", 0,
      ONE("'content':'x','images':[{'type':'image_url','image_url':{'url':"
          "'data:image/png;base64,QQ=='},'index':0}]"),
      HHEAD STOP "  text text=\"x\"\n"
      "  image data=\"QQ==\" media=\"image/png\"\n" NOUSE },
    { "sources of OpenAI", 0,
      ONE("'content':'abcd','annotations':[{'type':'url_citation',"
          "'url_citation':{'url':'http://h','title':'t','start_index':1,"
          "'end_index':3}},{'type':'file_citation'}]"),
      HHEAD STOP "  text text=\"abcd\" citation{ url=\"http://h\" "
      "title=\"t\" 1-3 }\n" NOUSE },
    { "sources of OpenRouter, which have no place", 0,
      ONE("'content':'abcd','annotations':[{'type':'url_citation',"
          "'url_citation':{'url':'http://h','title':'t','start_index':0,"
          "'end_index':0,'content':'q'}}]"),
      HHEAD STOP "  text text=\"abcd\" citation{ url=\"http://h\" "
      "title=\"t\" quote=\"q\" -1--1 }\n" NOUSE },
    { "sources of Perplexity", 0,
      "{" HEAD "'citations':['http://a'],'search_results':[{'url':'http://b',"
      "'title':'t','date':'d','snippet':'q'}],'choices':[{'message':"
      "{'content':'x'},'finish_reason':'stop'}]}",
      HHEAD STOP "  text text=\"x\" citation{ url=\"http://b\" title=\"t\" "
      "quote=\"q\" -1--1 }\n" NOUSE },
    { "older sources of Perplexity", 0,
      "{" HEAD "'citations':['http://a','http://b'],'choices':[{'message':"
      "{'content':'x'},'finish_reason':'stop'}]}",
      HHEAD STOP "  text text=\"x\" citation{ url=\"http://a\" -1--1 } "
      "citation{ url=\"http://b\" -1--1 }\n" NOUSE },
    { "sources without a text", 0,
      "{" HEAD "'citations':['http://a'],'choices':[{'message':{},"
      "'finish_reason':'stop'}]}", HHEAD STOP NOUSE },
    { "an object for a text (Cloudflare)", 0,
      ONE("'content':{'a': \n1,'b':'x\\\"y'}"),
      HHEAD STOP "  text text=\"{\"a\": 1,\"b\":\"x\\\"y\"}\"\n" NOUSE },

    { "alternatives", 0,
      "{" HEAD "'choices':[{'index':0,'message':{'content':'a'},"
      "'finish_reason':'stop','logprobs':{'content':[],'refusal':null}},"
      "{'index':1,'message':{'content':'b'},'finish_reason':'length',"
      "'logprobs':{'tokens':[]}}]}",
      HHEAD "alternative finish=stop logprobs={\"content\":[],"
      "\"refusal\":null}\n  text text=\"a\"\n"
      "alternative finish=length\n  text text=\"b\"\n" NOUSE },
    { "what a filter has stopped", 0,
      "{" HEAD "'choices':[{'message':{'content':'a'},'finish_reason':"
      "'content_filter','content_filter_results':{}}],"
      "'prompt_filter_results':[{}]}",
      HHEAD "alternative finish=content_filter\n  text text=\"a\"\n" NOUSE },
    { "a reason that has no word", 0,
      "{" HEAD "'choices':[{'message':{},'finish_reason':'x'}]}",
      HHEAD "alternative finish=other\n" NOUSE },
    { "the legacy form", 0,
      "{" HEAD "'choices':[{'text':'x','index':0,'logprobs':null,"
      "'finish_reason':'length'}]}",
      HHEAD "alternative finish=length\n  text text=\"x\"\n" NOUSE },

    { "usage of xAI", NGX_AI_QUIRK_REASONING_APART,
      "{" HEAD "'choices':[{'message':{}}],'usage':{'prompt_tokens':9,"
      "'completion_tokens':3,'total_tokens':17,"
      "'completion_tokens_details':{'reasoning_tokens':5}}}",
      HHEAD "alternative finish=none\nusage input=9 output=3 reasoning=5\n" },
    { "usage of Groq in its own place", 0,
      "{" HEAD "'choices':[{'message':{}}],'x_groq':{'usage':"
      "{'prompt_tokens':9,'completion_tokens':3}}}",
      HHEAD "alternative finish=none\nusage input=9 output=3\n" },
    { "usage of Moonshot in the choice", 0,
      "{" HEAD "'choices':[{'message':{},'usage':{'prompt_tokens':9,"
      "'completion_tokens':3}}]}",
      HHEAD "alternative finish=none\nusage input=9 output=3\n" },
    { "usage that is none", 0,
      "{" HEAD "'choices':[{'message':{}}],'usage':{'prompt_tokens':-1,"
      "'completion_tokens':'x','prompt_tokens_details':1}}",
      HHEAD "alternative finish=none\n" NOUSE },

    { "a status that is none of an error", NGX_AI_QUIRK_BASE_RESP,
      "{" HEAD "'choices':[{'message':{'content':'x'}}],'base_resp':"
      "{'status_code':0,'status_msg':''}}",
      HHEAD "alternative finish=none\n  text text=\"x\"\n" NOUSE },
    { "a status of an error", NGX_AI_QUIRK_BASE_RESP,
      "{" HEAD "'choices':[{'message':{'content':'x'}}],'base_resp':"
      "{'status_code':1008,'status_msg':'m'}}", NULL },
    { "a status of others is nobody's", 0,
      "{" HEAD "'choices':[{'message':{'content':'x'}}],'base_resp':"
      "{'status_code':1008}}",
      HHEAD "alternative finish=none\n  text text=\"x\"\n" NOUSE },

    { "an error", 0, "{'error':{'message':'m'}}", NULL },
    { "an error that is a string", 0, "{'error':'m','choices':[{}]}", NULL },
    { "an error that is null", 0,
      "{'error':null,'choices':[{'message':{'content':'x'}}]}",
      "answer created=0\nalternative finish=none\n  text text=\"x\"\n" NOUSE },
    { "no choices", 0, "{" HEAD "'usage':{}}", NULL },
    { "no choice", 0, "{" HEAD "'choices':[]}", NULL },
    { "choices that are none", 0, "{" HEAD "'choices':{}}", NULL },
    { "choices that are null", 0, "{" HEAD "'choices':null}", NULL },
    { "a choice that is none", 0, "{" HEAD "'choices':['x']}", NULL },
    { "a call that is none", 0, ONE("'tool_calls':['x']"), NULL },
    { "a call without a name", 0,
      ONE("'tool_calls':[{'id':'1','function':{'arguments':'{}'}}]"), NULL },
    { "another answer", 0, "{'type':'message','content':[]}", NULL },
    { "a list", 0, "[]", NULL },
    { "a string", 0, "'x'", NULL }
};


#define WHEAD  "{'id':'chatcmpl-0123456789abcdef0123456789abcdef','object':"   \
               "'chat.completion','created':7,'model':'m','choices':["
#define MSG    "{'index':0,'message':{'role':'assistant',"
#define TAIL   "},'logprobs':null,'finish_reason':'stop'}"
#define TOOLS  "},'logprobs':null,'finish_reason':'tool_calls'}"


static const write_row_t  write_rows[] = {

    { "a text", ONE("'content':'Hi\\n\\u00e4'"),
      WHEAD MSG "'content':'Hi\\n\\u00e4','refusal':null,'annotations':[]"
      TAIL "]}" },
    { "nothing", ONE("'content':''"),
      WHEAD MSG "'content':null,'refusal':null,'annotations':[]" TAIL "]}" },
    { "no model and no time",
      "{'choices':[{'message':{'content':'x'},'finish_reason':'length'}]}",
      "{'id':'chatcmpl-0123456789abcdef0123456789abcdef','object':"
      "'chat.completion','created':1750000000,'model':'asked-model',"
      "'choices':[" MSG "'content':'x','refusal':null,'annotations':[]},"
      "'logprobs':null,'finish_reason':'length'}]}" },
    { "thoughts and a refusal",
      ONE("'content':null,'refusal':'no','reasoning':'t'"),
      WHEAD MSG "'content':null,'reasoning_content':'t','refusal':'no',"
      "'annotations':[]" TAIL "]}" },
    { "thoughts in pieces",
      ONE("'content':[{'type':'thinking','thinking':'t'},{'type':'text',"
          "'text':'a'},{'type':'thinking','thinking':'u'},{'type':'text',"
          "'text':'b'}]"),
      WHEAD MSG "'content':'ab','reasoning_content':'tu','refusal':null,"
      "'annotations':[]" TAIL "]}" },
    { "calls",
      ONE("'content':'x','tool_calls':[{'id':'1','function':{'name':'f',"
          "'arguments':'{\\\"a\\\":1}'}},{'id':'2','type':'custom','custom':"
          "{'name':'c','input':'\\n'}}]"),
      WHEAD MSG "'content':'x','refusal':null,'annotations':[],'tool_calls':["
      "{'id':'1','type':'function','function':{'name':'f','arguments':"
      "'{\\'a\\':1}'}},{'id':'2','type':'custom','custom':{'name':'c',"
      "'input':'\\n'}}]" TOOLS "]}" },
    { "sound",
      ONE("'content':null,'audio':{'id':'a','data':'QQ==','transcript':'t'}"),
      WHEAD MSG "'content':null,'refusal':null,'annotations':[],'audio':{'id':"
      "'audio_0123456789abcdef0123456789abcdef','data':'QQ==','expires_at':"
      "1750000000,'transcript':'t'}" TAIL "]}" },
    { "pictures",
      ONE("'content':'x','images':[{'type':'image_url','image_url':{'url':"
          "'data:image/png;base64,QQ=='}},{'type':'image_url','image_url':"
          "{'url':'http://h'}}]"),
      WHEAD MSG "'content':'x','refusal':null,'annotations':[],'images':["
      "{'type':'image_url','image_url':{'url':'data:image/png;base64,QQ=='}},"
      "{'type':'image_url','image_url':{'url':'http://h'}}]" TAIL "]}" },
    { "sources, and where they are",
      ONE("'content':'\\ud83d\\ude00\\u00e4abcd','annotations':["
          "{'url_citation':{'url':'http://a','title':'t','start_index':1,"
          "'end_index':2}},{'url_citation':{'url':'http://b'}}]"),
      WHEAD MSG "'content':'\\ud83d\\ude00\\u00e4abcd','refusal':null,"
      "'annotations':[{'type':'url_citation','url_citation':{'url':"
      "'http://a','title':'t','start_index':1,'end_index':2}},"
      "{'type':'url_citation','url_citation':{'url':'http://b','title':'',"
      "'start_index':0,'end_index':6}}]" TAIL "]}" },
    { "alternatives, and what they cost",
      "{" HEAD "'choices':[{'message':{'content':'a'},'finish_reason':'stop',"
      "'logprobs':{'content':[{'token':'a','logprob':-0.0}]}},"
      "{'message':{'content':'b'},'finish_reason':'content_filter'}],"
      "'usage':{'prompt_tokens':10,'completion_tokens':6,'total_tokens':16,"
      "'prompt_tokens_details':{'cached_tokens':3,'cache_write_tokens':2,"
      "'audio_tokens':1},'completion_tokens_details':{'reasoning_tokens':4,"
      "'audio_tokens':1}}}",
      WHEAD MSG "'content':'a','refusal':null,'annotations':[]},'logprobs':"
      "{'content':[{'token':'a','logprob':-0.0}]},'finish_reason':'stop'},"
      "{'index':1,'message':{'role':'assistant','content':'b','refusal':null,"
      "'annotations':[]},'logprobs':null,'finish_reason':'content_filter'}],"
      "'usage':{'prompt_tokens':10,'completion_tokens':6,'total_tokens':16,"
      "'prompt_tokens_details':{'cached_tokens':3,'audio_tokens':1,"
      "'cache_write_tokens':2},'completion_tokens_details':"
      "{'reasoning_tokens':4,'audio_tokens':1,"
      "'accepted_prediction_tokens':0,'rejected_prediction_tokens':0}}}" }
};


static void
test_read(void)
{
    char              *body;
    ngx_int_t          rc;
    ngx_uint_t         i;
    const read_row_t  *row;

    for (i = 0; i < sizeof(read_rows) / sizeof(read_row_t); i++) {
        row = &read_rows[i];
        body = wire_json(row->body);
        quirks = row->quirks;

        rc = hub_answer(body, strlen(body));

        if (row->hub == NULL) {
            is_int(rc, NGX_ERROR, "%s: no answer", row->name);

        } else {
            is_int(rc, NGX_OK, "%s: an answer", row->name);

            text.len = 0;
            hub_answer_text(&text, &w.answer);

            is_str(text.data, text.len, row->hub, "%s: it is that in the hub",
                   row->name);
        }

        free(body);
    }

    quirks = 0;
}


static void
test_write(void)
{
    char               *body;
    ngx_uint_t          i;
    const write_row_t  *row;

    for (i = 0; i < sizeof(write_rows) / sizeof(write_row_t); i++) {
        row = &write_rows[i];
        body = wire_json(row->body);

        is_int(hub_answer(body, strlen(body)), NGX_OK, "%s: an answer",
               row->name);

        written(row->written, row->name);

        free(body);
    }
}


static void
written(const char *want, const char *name)
{
    hub_text_t  out = { NULL, 0, 0 };

    is_int(wire_write_answer(&w), NGX_OK, "%s: written", name);

    wire_out(&w, &out);

    is_str(out.data, out.len, want, "%s: as that", name);

    hub_text_free(&out);
}


/* parts that no provider of the dialect has */

static void
test_foreign(void)
{
    ngx_ai_part_t         *part;
    ngx_ai_citation_t     *citation;
    ngx_ai_alternative_t  *a;

    ngx_reset_pool(w.pool);
    (void) ngx_ai_answer_init(&w.answer, w.pool, NGX_AI_DIALECT_GEMINI);

    ngx_str_set(&w.answer.id, "msg_1");
    ngx_str_set(&w.answer.model, "m");
    w.answer.created = 7;

    a = ngx_ai_answer_alternative(&w.answer);
    a->finish = NGX_AI_FINISH_ERROR;
    ngx_str_set(&a->stop, "END");

    part = ngx_ai_part_push(&a->parts, NGX_AI_PART_THINKING);
    ngx_str_set(&part->text, "t");
    ngx_str_set(&part->signature, "U0lH");
    part->origin = NGX_AI_DIALECT_ANTHROPIC;

    part = ngx_ai_part_push(&a->parts, NGX_AI_PART_REDACTED);
    ngx_str_set(&part->data, "QQ==");

    part = ngx_ai_part_push(&a->parts, NGX_AI_PART_NATIVE);
    ngx_str_set(&part->json, "{}");

    part = ngx_ai_part_push(&a->parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "\\u00e4\\ud83d\\ude00");

    part = ngx_ai_part_push(&a->parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "xyz");

    part->citations = ngx_array_create(w.pool, 3, sizeof(ngx_ai_citation_t));

    citation = ngx_array_push(part->citations);
    ngx_memzero(citation, sizeof(ngx_ai_citation_t));
    ngx_str_set(&citation->quote, "a document without a URL");

    citation = ngx_array_push(part->citations);
    ngx_memzero(citation, sizeof(ngx_ai_citation_t));
    ngx_str_set(&citation->url, "a");
    citation->start = -1;
    citation->end = -1;

    citation = ngx_array_push(part->citations);
    ngx_memzero(citation, sizeof(ngx_ai_citation_t));
    ngx_str_set(&citation->url, "b");
    citation->start = 1;
    citation->end = 2;

    part = ngx_ai_part_push(&a->parts, NGX_AI_PART_TOOL_CALL);
    ngx_str_set(&part->id, "call_1");
    ngx_str_set(&part->name, "f");
    ngx_str_set(&part->json, "{\n \"a\": 1.0}");
    ngx_str_set(&part->signature, "QUJD");
    part->origin = NGX_AI_DIALECT_GEMINI;

    written(WHEAD MSG "'content':'\\u00e4\\ud83d\\ude00xyz',"
            "'reasoning_content':'t','refusal':null,'annotations':["
            "{'type':'url_citation','url_citation':{'url':'a','title':'',"
            "'start_index':2,'end_index':5}},{'type':'url_citation',"
            "'url_citation':{'url':'b','title':'','start_index':3,"
            "'end_index':4}}],'tool_calls':[{'id':'call_1~aigw.4.QUJD','type':"
            "'function','function':{'name':'f','arguments':"
            "'{\\n \\'a\\': 1.0}'}}]},'logprobs':null,'finish_reason':'error'}"
            "]}", "what others say");
}


static void
test_finishes(void)
{
    ngx_uint_t             i;
    ngx_ai_alternative_t  *a;

    static const char  *words[] = {
        "stop", "stop", "length", "tool_calls", "content_filter", "error",
        "stop"
    };

    for (i = 0; i < NGX_AI_FINISH_MAX; i++) {
        ngx_reset_pool(w.pool);
        (void) ngx_ai_answer_init(&w.answer, w.pool, 0);

        a = ngx_ai_answer_alternative(&w.answer);
        a->finish = i;

        is_int(wire_write_answer(&w), NGX_OK, "written");

        text.len = 0;
        hub_printf(&text, "\"finish_reason\":\"%s\"", words[i]);

        ok(memmem(w.out.start, ngx_ai_buf_len(&w.out), text.data, text.len)
           != NULL, "\"%s\" is told as %s", ngx_ai_finish_names[i].data,
           words[i]);
    }
}


/* sums that do not fit stay what they are at most */

static void
test_usage(void)
{
    ngx_uint_t  i;

    ngx_reset_pool(w.pool);
    (void) ngx_ai_answer_init(&w.answer, w.pool, 0);
    (void) ngx_ai_answer_alternative(&w.answer);

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        w.answer.usage.tokens[i] = INT64_MAX;
    }

    w.answer.usage.reported = 1;

    is_int(wire_write_answer(&w), NGX_OK, "written");

    ok(memmem(w.out.start, ngx_ai_buf_len(&w.out),
              "\"total_tokens\":9223372036854775807,", 35) != NULL,
       "a total that is too large is the largest");
}


/* part of an answer is none, wherever it ends */

static void
test_cut(void)
{
    char        *body;
    size_t       len;
    ngx_uint_t   wrong;

    body = wire_json(ONE("'content':'x','tool_calls':[{'id':'1','function':"
                         "{'name':'f','arguments':'{}'}}]"));
    wrong = 0;

    for (len = 0; len < strlen(body); len++) {
        wrong += (hub_answer(body, len) == NGX_OK);
    }

    is_int(wrong, 0, "part of an answer is none");

    free(body);
}


static void
test_no_memory(void)
{
    char        *body;
    ngx_int_t    rc;
    ngx_uint_t   i, wrong;

    body = wire_json("{" HEAD "'choices':[{'message':{'content':[{'type':"
                     "'thinking','thinking':[{'text':'t'}]},{'type':'text',"
                     "'text':'x'},{'type':'text','text':'y'}],'refusal':'n',"
                     "'annotations':[{'url_citation':{'url':'h'}}],'audio':"
                     "{'data':'Q'},'images':[{'type':'image_url','image_url':"
                     "'data:image/a;base64,Q'}],'tool_calls':[{'id':"
                     "'1~aigw.4.Q','function':{'name':'f','arguments':'{}'}}]}"
                     "},{'message':{'content':{'a':1}}}],'citations':['h']}");
    wrong = 0;

    for (i = 1; i < 1000; i++) {
        ngx_shim_fail_at = i;
        rc = hub_answer(body, strlen(body));

        if (ngx_shim_fail_at) {
            break;
        }

        wrong += (rc == NGX_OK);
    }

    ngx_shim_fail_at = 0;

    ok(i > 10, "memory fails at %d places", (int) i);
    is_int(rc, NGX_OK, "with enough of it the answer is read");
    is_int(wrong, 0, "without it there is no success");

    wrong = 0;

    for (i = 1; i < 1000; i++) {
        ngx_shim_fail_at = i;
        rc = wire_write_answer(&w);

        if (ngx_shim_fail_at) {
            break;
        }

        wrong += (rc == NGX_OK);
        ngx_ai_buf_free(&w.out);
    }

    ngx_shim_fail_at = 0;

    is_int(rc, NGX_OK, "with enough of it the answer is written");
    is_int(wrong, 0, "without it there is no success in writing");

    free(body);
}


int
main(void)
{
    hub_init(NGX_AI_DIALECT_OPENAI, &ngx_ai_openai);

    test_read();
    test_write();
    test_foreign();
    test_finishes();
    test_usage();
    test_cut();
    test_no_memory();

    hub_done();

    return done();
}
