
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The legacy completions: a prompt into the hub and out of it, and a text.
 */


#include "openai_hub.h"


/* JSON has ' for ", see wire_json() */

typedef struct {
    const char  *name;
    const char  *body;
    const char  *hub;
    const char  *written;       /* behind '{"model":"t",' */
} ask_row_t;


typedef struct {
    const char  *body;
    const char  *fault;
} bad_row_t;


static void test_ask(void);
static void test_chat(void);
static void test_bad(void);
static void test_drops(void);
static void test_answer(void);
static void test_stream(void);
static void test_passing(void);


#define P     "'prompt':'x'"
#define HP    "user\n  text text=\"x\"\n"


static const ask_row_t  ask_rows[] = {

    { "a prompt", "{'model':'m'," P "}",
      "options stream=0 usage=0\nfields\n" HP, P "}" },
    { "a prompt in a list", "{'prompt':['x']}",
      "options stream=0 usage=0\nfields\n" HP, P "}" },
    { "an empty prompt", "{'prompt':''}",
      "options stream=0 usage=0\nfields\nuser\n", "'prompt':''}" },
    { "options",
      "{" P ",'max_tokens':0,'temperature':1.0,'top_p':0.5,'n':2,'stop':'a',"
      "'seed':1,'presence_penalty':1,'frequency_penalty':2,'logit_bias':"
      "{'1':1},'user':'u','top_k':3}",
      "options stream=0 usage=0 max_tokens=0 temperature=1.0 top_p=0.5 "
      "top_k=3 seed=1 presence_penalty=1 frequency_penalty=2 "
      "logit_bias={\"1\":1} n=2 stop=[\"a\"] user=\"u\"\n"
      "fields max_tokens temperature top_p top_k n stop seed "
      "presence_penalty frequency_penalty logit_bias user\n" HP,
      P ",'max_tokens':0,'temperature':1.0,'top_p':0.5,'n':2,'stop':['a'],"
      "'seed':1,'presence_penalty':1,'frequency_penalty':2,'logit_bias':"
      "{'1':1},'user':'u'}" },
    { "a stream, and options that say nothing",
      "{" P ",'stream':true,'stream_options':{'include_usage':true},"
      "'echo':false,'best_of':1,'suffix':'','logprobs':null,'n':1}",
      "options stream=1 usage=1\nfields\n" HP,
      P ",'stream':true,'stream_options':{'include_usage':true}}" }
};


static const bad_row_t  bad_rows[] = {
    { "[]", " must be an object" },
    { "{}", " has no \"prompt\"" },
    { "{'prompt':null}", " has no \"prompt\"" },
    { "{'prompt':1}", "prompt is of the wrong type" },
    { "{'prompt':[]}",
      "prompt must be one string: this model takes no more at once" },
    { "{'prompt':['a','b']}",
      "prompt must be one string: this model takes no more at once" },
    { "{'prompt':[1,2]}",
      "prompt must be one string: this model takes no more at once" },
    { "{'prompt':[1]}",
      "prompt[0] must be a string: this model takes no tokens" },
    { "{'prompt':[[1,2]]}",
      "prompt[0] must be a string: this model takes no tokens" },
    { "{" P ",'stop':[1]}", "stop[0] must be a string" },
    { "{" P ",'echo':1}", "echo must be true or false" }
};


static void
test_ask(void)
{
    char             *body;
    hub_text_t        out = { NULL, 0, 0 };
    hub_text_t        want = { NULL, 0, 0 };
    ngx_uint_t        i;
    const ask_row_t  *row;

    for (i = 0; i < sizeof(ask_rows) / sizeof(ask_row_t); i++) {
        row = &ask_rows[i];
        body = wire_json(row->body);

        is_int(hub_ask(body, strlen(body)), NGX_OK, "%s: taken", row->name);
        is_str(text.data, text.len, row->hub, "%s: it is that in the hub",
               row->name);
        is_int(w.drops.count, 0, "nothing of it is lost");

        is_int(hub_write_ask("t", w.chat.stream), NGX_OK, "it is written");

        out.len = 0;
        wire_out(&w, &out);

        want.len = 0;
        hub_printf(&want, "{'model':'t',%s", row->written);

        is_str(out.data, out.len, want.data, "%s: as that", row->name);

        free(body);
    }

    hub_text_free(&out);
    hub_text_free(&want);
}


/* a conversation is what was said in it */

static void
test_chat(void)
{
    char        *body;
    wire_t       chat;
    hub_text_t   out = { NULL, 0, 0 };

    wire_init(&chat, NGX_AI_DIALECT_OPENAI, &ngx_ai_openai);

    body = wire_json("{'messages':[{'role':'system','content':'s'},"
                     "{'role':'user','content':[{'type':'text','text':'\\u00e4'"
                     "},{'type':'image_url','image_url':'http://h'},"
                     "{'type':'text','text':''}]},{'role':'assistant',"
                     "'content':'a','tool_calls':[{'id':'1','function':"
                     "{'name':'f'}}]},{'role':'tool','tool_call_id':'1',"
                     "'content':'r'},{'role':'user','content':'x'}],"
                     "'max_completion_tokens':7,'response_format':{'type':"
                     "'json_object'},'tools':[{'type':'function','function':"
                     "{'name':'f'}}]}");

    is_int(wire_read_ask(&chat, body, strlen(body)), NGX_OK, "a chat");
    is_int(wire_write_ask_as(&chat, &ngx_ai_completions, "t", 0), NGX_OK,
           "is written as a prompt");

    wire_out(&chat, &out);

    is_str(out.data, out.len, "{'model':'t','prompt':'s\\n\\n\\u00e4\\n\\na"
           "\\n\\nx','max_tokens':7}", "which is its texts");

    hub_text_free(&out);
    free(body);

    /* without memory there is none */

    ngx_ai_buf_free(&chat.out);
    ngx_shim_fail_at = 1;
    ok(wire_write_ask_as(&chat, &ngx_ai_completions, "t", 0) != NGX_OK,
       "without memory there is none");
    ngx_shim_fail_at = 2;
    ok(wire_write_ask_as(&chat, &ngx_ai_completions, "t", 0) != NGX_OK,
       "nor with some of it");
    ngx_shim_fail_at = 0;

    wire_free(&chat);
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
    char        *body;
    hub_text_t   names = { NULL, 0, 0 };
    ngx_uint_t   i;

    body = wire_json("{" P ",'echo':true,'best_of':2,'suffix':'s',"
                     "'logprobs':3,'min_p':0.1}");

    is_int(hub_ask(body, strlen(body)), NGX_OK, "taken");

    for (i = 0; i < w.drops.n; i++) {
        hub_printf(&names, " %.*s", (int) w.drops.names[i].len,
                   (char *) w.drops.names[i].data);
    }

    is_str(names.data, names.len, " echo best_of suffix logprobs min_p",
           "what no chat has is lost");

    hub_text_free(&names);
    free(body);
}


static void
test_answer(void)
{
    char        *body;
    hub_text_t   out = { NULL, 0, 0 };

    body = wire_json("{'id':'cmpl-1','object':'text_completion','created':7,"
                     "'model':'m','choices':[{'text':'a\\n','index':0,"
                     "'logprobs':{'tokens':['a']},'finish_reason':'stop'},"
                     "{'text':'','index':1,'finish_reason':'length'}],"
                     "'usage':{'prompt_tokens':1,'completion_tokens':2}}");

    is_int(hub_answer(body, strlen(body)), NGX_OK, "an answer");

    text.len = 0;
    hub_answer_text(&text, &w.answer);

    is_str(text.data, text.len,
           "answer id=\"cmpl-1\" model=\"m\" created=7\n"
           "alternative finish=stop\n  text text=\"a\\x0a\"\n"
           "alternative finish=length\nusage input=1 output=2\n",
           "it is that in the hub");

    is_int(wire_write_answer(&w), NGX_OK, "it is written");

    wire_out(&w, &out);

    is_str(out.data, out.len,
           "{'id':'cmpl-0123456789abcdef0123456789abcdef','object':"
           "'text_completion','created':7,'model':'m','choices':["
           "{'text':'a\\n','index':0,'logprobs':null,'finish_reason':'stop'},"
           "{'text':'','index':1,'logprobs':null,'finish_reason':'length'}],"
           "'usage':{'prompt_tokens':1,'completion_tokens':2,'total_tokens':3,"
           "'prompt_tokens_details':{'cached_tokens':0,'audio_tokens':0},"
           "'completion_tokens_details':{'reasoning_tokens':0,"
           "'audio_tokens':0,'accepted_prediction_tokens':0,"
           "'rejected_prediction_tokens':0}}}", "as that");

    hub_text_free(&out);
    free(body);
}


#define ID    "0123456789abcdef0123456789abcdef"
#define W     "data: {'id':'cmpl-" ID "','object':'text_completion',"          \
              "'created':7,'model':'m','choices':["
#define SENT(t, f) W "{'index':0,'text':'" t "','logprobs':null,"              \
              "'finish_reason':" f "}]"


/* a chat's stream is more than a text, which is all that is sent */

static void
test_stream(void)
{
    char        *body;
    wire_t       chat;
    hub_text_t   out = { NULL, 0, 0 };
    ngx_uint_t   usage;

    static const char  events[] =
        "data: {'id':'c-1','created':7,'model':'m','choices':[{'index':0,"
        "'delta':{'role':'assistant','content':'','reasoning':'t'}}]}\n\n"
        "data: {'choices':[{'index':0,'delta':{'content':'a'},'logprobs':"
        "{'content':[]}}]}\n\n"
        "data: {'choices':[{'index':0,'delta':{'content':'b','tool_calls':["
        "{'index':0,'id':'1','function':{'name':'f','arguments':'{}'}}]},"
        "'finish_reason':'length'}],'usage':{'prompt_tokens':1,"
        "'completion_tokens':2}}\n\ndata: [DONE]\n\n";

    wire_init(&chat, NGX_AI_DIALECT_OPENAI, &ngx_ai_openai);
    body = wire_json(events);

    for (usage = 0; usage < 2; usage++) {

        w.told.usage = usage;
        out.len = 0;

        is_int(hub_retell(body, strlen(body)), NGX_OK, "it is written");

        wire_out(&w, &out);

        is_str(out.data, out.len, usage
               ? SENT("a", "null") ",'usage':null}\n\n"
                 SENT("b", "null") ",'usage':null}\n\n"
                 SENT("", "'length'") ",'usage':null}\n\n"
                 W "],'usage':{'prompt_tokens':1,'completion_tokens':2,"
                 "'total_tokens':3,'prompt_tokens_details':{'cached_tokens':0,"
                 "'audio_tokens':0},'completion_tokens_details':"
                 "{'reasoning_tokens':0,'audio_tokens':0,"
                 "'accepted_prediction_tokens':0,"
                 "'rejected_prediction_tokens':0}}}\n\ndata: [DONE]\n\n"
               : SENT("a", "null") "}\n\n" SENT("b", "null") "}\n\n"
                 SENT("", "'length'") "}\n\ndata: [DONE]\n\n",
               "the text alone, with%s usage", usage ? "" : "out");
    }

    wire_free(&chat);
    hub_text_free(&out);
    free(body);
}


/* it has all that passing needs, and a path of its own */

static void
test_passing(void)
{
    ngx_str_t      tail, query;
    ngx_ai_aim_t   aim;

    ok(ngx_ai_completions.tables == ngx_ai_openai.tables
       && ngx_ai_completions.ntables == ngx_ai_openai.ntables
       && ngx_ai_completions.edit == ngx_ai_openai.edit
       && ngx_ai_completions.read_reply == ngx_ai_openai.read_reply
       && ngx_ai_completions.read_event == ngx_ai_openai.read_event
       && ngx_ai_completions.read_error == ngx_ai_openai.read_error,
       "it passes as chats do");

    ngx_memzero(&aim, sizeof(aim));
    aim.op = NGX_AI_OP_CHAT;

    is_int(ngx_ai_completions.tail(&aim, w.pool, &tail, &query), NGX_OK,
           "it has a path");
    is_str(tail.data, tail.len, "/completions", "which is /completions");
    is_int(query.len, 0, "without a query");

    is_int(ngx_ai_openai.tail(&aim, w.pool, &tail, &query), NGX_OK,
           "chats have a path");
    is_str(tail.data, tail.len, "/chat/completions",
           "which is /chat/completions");
    is_int(query.len, 0, "without a query");

    aim.op = NGX_AI_OP_COUNT;

    is_int(ngx_ai_completions.tail(&aim, w.pool, &tail, &query), NGX_DECLINED,
           "tokens are not counted");
    is_int(ngx_ai_openai.tail(&aim, w.pool, &tail, &query), NGX_DECLINED,
           "here and there");

    aim.op = NGX_AI_OP_EMBED;

    is_int(ngx_ai_openai.tail(&aim, w.pool, &tail, &query), NGX_OK,
           "embeddings have a path");
    is_str(tail.data, tail.len, "/embeddings", "which is /embeddings");
}


int
main(void)
{
    hub_init(NGX_AI_DIALECT_COMPLETIONS, &ngx_ai_completions);

    test_ask();
    test_chat();
    test_bad();
    test_drops();
    test_answer();
    test_stream();
    test_passing();

    hub_done();

    return done();
}
