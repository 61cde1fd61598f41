
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* what a request to /api/chat is in the hub, and what is said of a wrong one */


#include "tap.h"
#include "wire.h"


#define SAYS(more)  "{'messages':[" more "]}"
#define WITH(more)  "{'messages':[]," more "}"

#define PLAIN       "options stream=1 usage=0"


typedef struct {
    const char  *name;
    const char  *body;
    const char  *hub;
} row_t;


static void hub_of(wire_t *w, const char *body, hub_text_t *t);
static void test_messages(void);
static void test_options(void);
static void test_faults(void);
static void test_drops(void);
static void test_memory(void);


/* from the second line on */

static const row_t  messages[] = {

    { "roles are roles",
      SAYS("{'role':'system','content':'s'},{'role':'user','content':'u'},"
           "{'role':'assistant','content':'a'}"),
      "fields system\n"
      "system\n  text text=\"s\"\n"
      "user\n  text text=\"u\"\n"
      "assistant\n  text text=\"a\"\n" },

    { "what is empty or null is not there",
      SAYS("{'role':'user','content':'','images':null,'thinking':''},"
           "{'role':'assistant','content':null,'tool_calls':[]}"),
      "fields\nuser\nassistant\n" },

    { "images come before the text, and are known by their bytes",
      SAYS("{'role':'user','content':'what?','images':['iVBORw0KGgoAAA==',"
           "'R0lGODlhAQ==','UklGRg==','/9j/4AAQ','Qk0=']}"),
      "fields image\nuser\n"
      "  image data=\"iVBORw0KGgoAAA==\" media=\"image/png\"\n"
      "  image data=\"R0lGODlhAQ==\" media=\"image/gif\"\n"
      "  image data=\"UklGRg==\" media=\"image/webp\"\n"
      "  image data=\"/9j/4AAQ\" media=\"image/jpeg\"\n"
      "  image data=\"Qk0=\" media=\"image/jpeg\"\n"
      "  text text=\"what?\"\n" },

    { "an assistant thinks, speaks and calls",
      SAYS("{'role':'assistant','content':'c','thinking':'t','tool_calls':["
           "{'function':{'name':'f','arguments':{'a': 1.0}}},"
           "{'id':'x','type':'function','function':{'index':1,'name':'g'}}]}"),
      "fields tool_call thinking\nassistant\n"
      "  thinking text=\"t\"\n"
      "  text text=\"c\"\n"
      "  call id=\"call_0\" name=\"f\" json={\"a\":1.0}\n"
      "  call id=\"x\" name=\"g\" json={}\n" },

    { "arguments may be a string",
      SAYS("{'role':'assistant','tool_calls':[{'function':{'name':'f',"
           "'arguments':'{\\'a\\':1}'}},{'function':{'name':'g',"
           "'arguments':'x'}}]}"),
      "fields tool_call\nassistant\n"
      "  call id=\"call_0\" name=\"f\" json={\"a\":1}\n"
      "  call id=\"call_1\" name=\"g\" json={\"arguments\":\"x\"}\n" },

    { "results are joined with calls by name and order",
      SAYS("{'role':'assistant','tool_calls':[{'function':{'name':'f'}},"
           "{'function':{'name':'g'}},{'function':{'name':'f'}}]},"
           "{'role':'tool','tool_name':'g','content':'1'},"
           "{'role':'tool','tool_name':'f','content':'2'},"
           "{'role':'tool','content':'3'}"),
      "fields tool_call tool_result\nassistant\n"
      "  call id=\"call_0\" name=\"f\" json={}\n"
      "  call id=\"call_1\" name=\"g\" json={}\n"
      "  call id=\"call_2\" name=\"f\" json={}\n"
      "user\n  result id=\"call_1\" name=\"g\"\n    text text=\"1\"\n"
      "user\n  result id=\"call_0\" name=\"f\"\n    text text=\"2\"\n"
      "user\n  result id=\"call_2\" name=\"f\"\n    text text=\"3\"\n" },

    { "a result may have an id, and images",
      SAYS("{'role':'assistant','tool_calls':[{'id':'x','function':"
           "{'name':'f'}}]},{'role':'tool','tool_call_id':'x','content':'',"
           "'images':['iVBORw0KGgoA']}"),
      "fields image tool_call tool_result tool_result_image\nassistant\n"
      "  call id=\"x\" name=\"f\" json={}\n"
      "user\n  result id=\"x\" name=\"f\"\n"
      "    image data=\"iVBORw0KGgoA\" media=\"image/png\"\n" },

    { "a signature comes back in the id of a call",
      SAYS("{'role':'assistant','tool_calls':[{'id':'x~aigw.4.SIG','function':"
           "{'name':'f'}}]},{'role':'tool','tool_call_id':'x~aigw.4.SIG',"
           "'content':'r'}"),
      "fields tool_call tool_result signature\nassistant\n"
      "  call id=\"x\" name=\"f\" json={} signature=\"SIG\" origin=4\n"
      "user\n  result id=\"x\" name=\"f\"\n    text text=\"r\"\n" },

    { "tools are functions",
      WITH("'tools':[{'type':'function','function':{'name':'f',"
           "'description':'d','parameters':{'type':'object'}}},"
           "{'function':{'name':'g'}}]"),
      "fields tools\n"
      "tool function name=\"f\" description=\"d\" schema={\"type\":\"object\"}"
      "\n"
      "tool function name=\"g\"\n" }
};


/* the first two lines */

static const row_t  options[] = {

    { "a stream is what is wanted unless it is not",
      WITH("'model':'m'"), PLAIN "\nfields\n" },

    { "no stream",
      WITH("'stream':false"), "options stream=0 usage=0\nfields\n" },

    { "options are options",
      WITH("'options':{'num_predict':7,'temperature':1.0,'top_p':0.5,"
           "'top_k':40,'seed':42,'presence_penalty':1,"
           "'frequency_penalty':-1e0,'stop':['a','b']}"),
      PLAIN " max_tokens=7 temperature=1.0 top_p=0.5 top_k=40 seed=42"
      " presence_penalty=1 frequency_penalty=-1e0 stop=[\"a\",\"b\"]\n"
      "fields max_tokens temperature top_p top_k stop seed presence_penalty"
      " frequency_penalty\n" },

    { "one stop may be a string",
      WITH("'options':{'stop':'a'}"),
      PLAIN " stop=[\"a\"]\nfields stop\n" },

    { "no stops are none",
      WITH("'options':{'stop':[]}"), PLAIN "\nfields\n" },

    { "no limit is none",
      WITH("'options':{'num_predict':-1}"), PLAIN "\nfields\n" },

    { "a limit may be a float",
      WITH("'options':{'num_predict':5.0}"),
      PLAIN " max_tokens=5\nfields max_tokens\n" },

    { "JSON", WITH("'format':'json'"), PLAIN " output=1\nfields json\n" },

    { "JSON of a schema", WITH("'format':{'type': 'object'}"),
      PLAIN " output=2 schema={\"type\":\"object\"}\nfields schema\n" },

    { "no format", WITH("'format':''"), PLAIN "\nfields\n" },

    { "thoughts", WITH("'think':true"),
      PLAIN " budget=-1 thoughts=1\nfields budget\n" },

    { "no thoughts", WITH("'think':false"),
      PLAIN " budget=0 thoughts=0\nfields budget\n" },

    { "thoughts with an effort", WITH("'think':'low'"),
      PLAIN " effort=low thoughts=1\nfields effort\n" },

    { "thoughts as they come", WITH("'think':''"), PLAIN "\nfields\n" },

    { "probabilities", WITH("'logprobs':true,'top_logprobs':3"),
      PLAIN " logprobs=1 top_logprobs=3\nfields logprobs\n" },

    { "no probabilities", WITH("'logprobs':false"), PLAIN "\nfields\n" }
};


static const row_t  faults[] = {
    { NULL, "[]", " must be an object" },
    { NULL, "{}", " has no \"messages\"" },
    { NULL, "{'messages':null}", " has no \"messages\"" },
    { NULL, "{'messages':{}}", "messages must be an array" },
    { NULL, SAYS("1"), "messages[0] must be an object" },
    { NULL, SAYS("{'content':'a'}"), "messages[0] has no \"role\"" },
    { NULL, SAYS("{'role':'user'},{'role':'judge'}"),
      "messages[1].role must be \"system\", \"user\", \"assistant\" or "
      "\"tool\"" },
    { NULL, SAYS("{'role':'user','content':[{'type':'text','text':'a'}]}"),
      "messages[0].content must be a string" },
    { NULL, SAYS("{'role':'user','images':'x'}"),
      "messages[0].images must be an array" },
    { NULL, SAYS("{'role':'user','images':['x',1]}"),
      "messages[0].images[1] must be a string" },
    { NULL, SAYS("{'role':'assistant','tool_calls':[{}]}"),
      "messages[0].tool_calls[0] has no name of a function" },
    { NULL, SAYS("{'role':'assistant','tool_calls':[[]]}"),
      "messages[0].tool_calls[0] must be an object" },
    { NULL, SAYS("{'role':'assistant','tool_calls':[{'function':{'name':'f',"
                 "'arguments':[]}}]}"),
      "messages[0].tool_calls[0].function.arguments is of the wrong "
      "type" },
    { NULL, WITH("'stream':'yes'"), "stream must be true or false" },
    { NULL, WITH("'tools':[{'type':'function'}]"),
      "tools[0] has no name of a function" },
    { NULL, WITH("'tools':[{'function':{'name':'f','parameters':'{}'}}]"),
      "tools[0].function.parameters must be an object" },
    { NULL, WITH("'format':'xml'"), "format must be \"json\" or a schema" },
    { NULL, WITH("'think':'hardly'"),
      "think must be true, false, \"low\", \"medium\" or \"high\"" },
    { NULL, WITH("'options':{'num_predict':1.5}"),
      "options.num_predict must be an integer" },
    { NULL, WITH("'options':{'temperature':'hot'}"),
      "options.temperature must be a number" },
    { NULL, WITH("'options':{'stop':[1]}"),
      "options.stop[0] must be a string" },
    { NULL, WITH("'options':[]"), "options must be an object" },
    { NULL, WITH("'think':true,'think':true"),
      "think is given more than once" }
};


static const row_t  drops[] = {
    { NULL, WITH("'keep_alive':'5m'"), " keep_alive" },
    { NULL, WITH("'keep_alive':null"), "" },
    { NULL, WITH("'options':{'num_ctx':8192,'min_p':0.1,'seed':1}"),
      " options.num_ctx options.min_p" },
    { NULL, SAYS("{'role':'user','content':'a','name':'bob'}"),
      " messages.name" },
    { NULL, SAYS("{'role':'user','content':'a','tool_calls':[{'function':"
                 "{'name':'f'}}]}"), " messages.tool_calls" },
    { NULL, WITH("'tools':[{'function':{'name':'f','strict':true}}]"),
      " tools.function.strict" }
};


static void
hub_of(wire_t *w, const char *body, hub_text_t *t)
{
    char       *json;
    ngx_int_t   rc;

    json = wire_json(body);

    rc = wire_read_ask(w, json, strlen(json));

    if (rc == NGX_OK) {
        hub_chat_text(t, &w->chat);

    } else {
        hub_printf(t, "%s", w->fault);
    }

    free(json);
}


static void
test_messages(void)
{
    char        *p;
    wire_t       w;
    hub_text_t   t = { NULL, 0, 0 };
    ngx_uint_t   i;

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    for (i = 0; i < sizeof(messages) / sizeof(row_t); i++) {
        hub_of(&w, messages[i].body, &t);

        p = strchr(t.data, '\n');
        p = p ? p + 1 : t.data;

        is_str(p, t.data + t.len - p, messages[i].hub, "read: %s",
               messages[i].name);
        hub_text_free(&t);
    }

    wire_free(&w);
}


static void
test_options(void)
{
    wire_t       w;
    hub_text_t   t = { NULL, 0, 0 };
    ngx_uint_t   i;

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    for (i = 0; i < sizeof(options) / sizeof(row_t); i++) {
        hub_of(&w, options[i].body, &t);

        is_str(t.data, t.len, options[i].hub, "option: %s", options[i].name);
        hub_text_free(&t);
    }

    wire_free(&w);
}


static void
test_faults(void)
{
    wire_t       w;
    hub_text_t   t = { NULL, 0, 0 };
    ngx_uint_t   i;

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    for (i = 0; i < sizeof(faults) / sizeof(row_t); i++) {
        hub_of(&w, faults[i].body, &t);

        is_str(t.data, t.len, faults[i].hub, "refused: %s", faults[i].hub);
        hub_text_free(&t);
    }

    wire_free(&w);
}


static void
test_drops(void)
{
    wire_t       w;
    hub_text_t   t = { NULL, 0, 0 };
    ngx_uint_t   i, k;

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    for (i = 0; i < sizeof(drops) / sizeof(row_t); i++) {
        hub_of(&w, drops[i].body, &t);
        hub_text_free(&t);

        hub_bytes(&t, "", 0);

        for (k = 0; k < w.drops.n; k++) {
            hub_printf(&t, " %.*s", (int) w.drops.names[k].len,
                       w.drops.names[k].data);
        }

        is_str(t.data, t.len, drops[i].hub, "not understood:%s",
               drops[i].hub);
        hub_text_free(&t);
    }

    wire_free(&w);
}


/* without memory there is no request, and nothing is left behind */

static void
test_memory(void)
{
    char        *json;
    wire_t       w;
    ngx_int_t    rc;
    ngx_uint_t   n, wrong;

    json = wire_json("{'messages':[{'role':'user','content':'a','images':"
                     "['b']},{'role':'assistant','thinking':'t','content':"
                     "'c','tool_calls':[{'function':{'name':'f','arguments':"
                     "'{}'}}]},{'role':'tool','content':'r'}],'options':"
                     "{'stop':'x'},'tools':[{'function':{'name':'f'}}]}");

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    (void) wire_read_ask(&w, json, strlen(json));

    wrong = 0;

    for (n = 1; n < 200; n++) {
        ngx_shim_fail_at = n;

        rc = wire_read_ask(&w, json, strlen(json));

        if (ngx_shim_fail_at) {
            break;
        }

        if (rc == NGX_OK) {
            wrong++;
        }
    }

    ngx_shim_fail_at = 0;

    is_int(wrong, 0, "a request without memory is none");
    ok(n > 15 && n < 200, "in each of the places where it is needed (%d)",
       (int) n);
    is_int(rc, NGX_OK, "with memory it is one");

    free(json);
    wire_free(&w);
}


int
main(void)
{
    test_messages();
    test_options();
    test_faults();
    test_drops();
    test_memory();

    return done();
}
