
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Streams of Responses, read into the flow: as they are told in full, and as
 * they are told by those who leave things out.
 */


#include "responses.h"


/*
 * "events" are lines of JSON, each one an event that is named by its type; a
 * line that begins with ! is a block of its own.
 */

typedef struct {
    const char  *name;
    ngx_int_t    rc;
    const char  *events;
    const char  *want;
} row_t;


#define CREATED                                                               \
    "{'type':'response.created','sequence_number':0,'response':"              \
    "{'id':'resp_p','model':'gpt-5','created_at':1700000000,"                 \
    "'status':'in_progress','output':[]}}\n"

#define COMPLETED                                                             \
    "{'type':'response.completed','response':{'id':'resp_p',"                 \
    "'status':'completed','output':[],'usage':{'input_tokens':3,"             \
    "'output_tokens':2}}}\n"

#define START  "START id='resp_p' model='gpt-5' created=1700000000\n"

#define USAGE  "USAGE usage input=3 output=2\n"


static const row_t  rows[] = {

    { "a text, as OpenAI tells it",
      NGX_OK,
      CREATED
      "{'type':'response.in_progress','response':{}}\n"
      "{'type':'response.output_item.added','output_index':0,'item':{'type'"
      ":'message','content':[]}}\n"
      "{'type':'response.content_part.added','output_index':0,'content_inde"
      "x':0,'part':{'type':'output_text','text':''}}\n"
      "{'type':'response.output_text.delta','output_index':0,'content_index"
      "':0,'delta':'Hi ','obfuscation':'xyz'}\n"
      "{'type':'response.output_text.delta','output_index':0,'content_index"
      "':0,'delta':'\\ud83d','logprobs':[{'token':'x'}]}\n"
      "{'type':'response.output_text.delta','output_index':0,'content_index"
      "':0,'delta':'\\ude00','logprobs':[]}\n"
      "{'type':'response.output_text.annotation.added','output_index':0,'an"
      "notation':{'type':'url_citation','url':'u','title':'t','start_index'"
      ":0,'end_index':2}}\n"
      "{'type':'response.output_text.done','output_index':0,'text':'all of "
      "it'}\n"
      "{'type':'response.content_part.done','output_index':0,'part':{'type'"
      ":'output_text','text':'all of it'}}\n"
      "{'type':'response.output_item.done','output_index':0,'item':{'type':"
      "'message','content':[{'type':'output_text','text':'all of it'}]}}\n"
      COMPLETED,
      START
      "PART 0.0 text\n"
      "TEXT 0.0 'Hi '\n"
      "TEXT 0.0 '\\ud83d'\n"
      "LOGPROBS 0 {'content':[{'token':'x'}]}\n"
      "TEXT 0.0 '\\ude00'\n"
      "CITATION 0.0 citation{ url='u' title='t' 0-2 }\n"
      "PART_END 0.0\n"
      USAGE
      "FINISH 0 stop\n"
      "END\n" },

    { "a text of which only the deltas are told",
      NGX_OK,
      CREATED
      "{'type':'response.output_text.delta','delta':'a'}\n"
      "{'type':'response.output_text.delta','delta':'b'}\n"
      COMPLETED,
      START
      "PART 0.0 text\n"
      "TEXT 0.0 'a'\n"
      "TEXT 0.0 'b'\n"
      USAGE
      "PART_END 0.0\n"
      "FINISH 0 stop\n"
      "END\n" },

    { "a text that is told when it is over",
      NGX_OK,
      CREATED
      "{'type':'response.output_item.added','output_index':0,'item':{'type'"
      ":'message'}}\n"
      "{'type':'response.content_part.added','output_index':0,'part':{'type"
      "':'output_text'}}\n"
      "{'type':'response.output_text.done','output_index':0,'text':'ab'}\n"
      "{'type':'response.content_part.done','output_index':0}\n"
      "{'type':'response.output_item.done','output_index':0,'item':{'type':"
      "'message','content':[{'type':'output_text','text':'ab'}]}}\n"
      COMPLETED,
      START
      "PART 0.0 text\n"
      "TEXT 0.0 'ab'\n"
      "PART_END 0.0\n"
      USAGE
      "FINISH 0 stop\n"
      "END\n" },

    { "items that are told when they are over",
      NGX_OK,
      CREATED
      "{'type':'response.output_item.done','output_index':0,'item':{'type':"
      "'reasoning','summary':[{'type':'summary_text','text':'s'}],'encrypte"
      "d_content':'gAAA'}}\n"
      "{'type':'response.output_item.done','output_index':1,'item':{'type':"
      "'message','content':[{'type':'output_text','text':'a'},{'type':'refu"
      "sal','refusal':'r'}]}}\n"
      "{'type':'response.output_item.done','output_index':2,'item':{'type':"
      "'function_call','call_id':'c','name':'f','arguments':'{}'}}\n"
      COMPLETED,
      START
      "PART 0.0 thinking summary\n"
      "TEXT 0.0 's'\n"
      "SIGNATURE 0.0 origin=2 'gAAA'\n"
      "PART_END 0.0\n"
      "PART 0.1 text\n"
      "TEXT 0.1 'a'\n"
      "PART_END 0.1\n"
      "PART 0.2 refusal\n"
      "TEXT 0.2 'r'\n"
      "PART_END 0.2\n"
      "PART 0.3 call id='c' name='f'\n"
      "TEXT 0.3 '{}'\n"
      "PART_END 0.3\n"
      USAGE
      "FINISH 0 tool_calls\n"
      "END\n" },

    { "nothing but the end",
      NGX_OK,
      "{'type':'response.completed','response':{'id':'resp_p','model':'m','"
      "created_at':5,'status':'completed','output':[{'type':'message','cont"
      "ent':[{'type':'output_text','text':'a'}]},{'type':'function_call','c"
      "all_id':'c','name':'f','arguments':'{\\'x\\':1}'}]}}\n",
      "START id='resp_p' model='m' created=5\n"
      "PART 0.0 text\n"
      "TEXT 0.0 'a'\n"
      "PART_END 0.0\n"
      "PART 0.1 call id='c' name='f'\n"
      "TEXT 0.1 '{\\'x\\':1}'\n"
      "PART_END 0.1\n"
      "FINISH 0 tool_calls\n"
      "END\n" },

    { "calls, one behind the other",
      NGX_OK,
      CREATED
      "{'type':'response.output_item.added','output_index':0,'item':{'type'"
      ":'function_call','id':'fc_1','call_id':'call_1','name':'f','argument"
      "s':''}}\n"
      "{'type':'response.function_call_arguments.delta','output_index':0,'d"
      "elta':'{\\'a'}\n"
      "{'type':'response.function_call_arguments.delta','output_index':0,'d"
      "elta':'\\':1}'}\n"
      "{'type':'response.function_call_arguments.done','output_index':0,'ar"
      "guments':'{\\'a\\':1}'}\n"
      "{'type':'response.output_item.done','output_index':0,'item':{'type':"
      "'function_call','call_id':'call_1','name':'f','arguments':'{\\'a\\':"
      "1}'}}\n"
      "{'type':'response.output_item.added','output_index':1,'item':{'type'"
      ":'function_call','call_id':'call_2','name':'g','arguments':''}}\n"
      "{'type':'response.function_call_arguments.done','output_index':1,'ar"
      "guments':'{\\'b\\':2}'}\n"
      "{'type':'response.output_item.done','output_index':1,'item':{'type':"
      "'function_call','call_id':'call_2','name':'g','arguments':'{\\'b\\':"
      "2}'}}\n"
      "{'type':'response.output_item.added','output_index':2,'item':{'type'"
      ":'function_call','call_id':'call_3','name':'h','arguments':''}}\n"
      "{'type':'response.output_item.done','output_index':2,'item':{'type':"
      "'function_call','call_id':'call_3','name':'h','arguments':''}}\n"
      "{'type':'response.output_item.added','output_index':3,'item':{'type'"
      ":'custom_tool_call','call_id':'call_4','name':'p','input':''}}\n"
      "{'type':'response.custom_tool_call_input.delta','output_index':3,'de"
      "lta':'*** '}\n"
      "{'type':'response.custom_tool_call_input.delta','output_index':3,'de"
      "lta':'End'}\n"
      "{'type':'response.custom_tool_call_input.done','output_index':3,'inp"
      "ut':'*** End'}\n"
      "{'type':'response.output_item.done','output_index':3,'item':{'type':"
      "'custom_tool_call','call_id':'call_4','name':'p','input':'*** End'}}"
      "\n"
      COMPLETED,
      START
      "PART 0.0 call id='call_1' name='f'\n"
      "TEXT 0.0 '{\\'a'\n"
      "TEXT 0.0 '\\':1}'\n"
      "PART_END 0.0\n"
      "PART 0.1 call id='call_2' name='g'\n"
      "TEXT 0.1 '{\\'b\\':2}'\n"
      "PART_END 0.1\n"
      "PART 0.2 call id='call_3' name='h'\n"
      "TEXT 0.2 '{}'\n"
      "PART_END 0.2\n"
      "PART 0.3 call id='call_4' name='p' custom\n"
      "TEXT 0.3 '*** '\n"
      "TEXT 0.3 'End'\n"
      "PART_END 0.3\n"
      USAGE
      "FINISH 0 tool_calls\n"
      "END\n" },

    { "thoughts: summaries, a seal, thoughts as they are, a seal alone",
      NGX_OK,
      CREATED
      "{'type':'response.output_item.added','output_index':0,'item':{'type'"
      ":'reasoning','summary':[]}}\n"
      "{'type':'response.reasoning_summary_part.added','output_index':0,'su"
      "mmary_index':0,'part':{'type':'summary_text','text':''}}\n"
      "{'type':'response.reasoning_summary_text.delta','output_index':0,'su"
      "mmary_index':0,'delta':'s1'}\n"
      "{'type':'response.reasoning_summary_text.done','output_index':0,'tex"
      "t':'s1'}\n"
      "{'type':'response.reasoning_summary_part.done','output_index':0}\n"
      "{'type':'response.reasoning_summary_part.added','output_index':0,'su"
      "mmary_index':1}\n"
      "{'type':'response.reasoning_summary_text.delta','output_index':0,'su"
      "mmary_index':1,'delta':'s2'}\n"
      "{'type':'response.output_item.done','output_index':0,'item':{'type':"
      "'reasoning','summary':[{'type':'summary_text','text':'s1'},{'type':'"
      "summary_text','text':'s2'}],'encrypted_content':'gA'}}\n"
      "{'type':'response.output_item.added','output_index':1,'item':{'type'"
      ":'reasoning'}}\n"
      "{'type':'response.reasoning_text.delta','output_index':1,'delta':'t'"
      "}\n"
      "{'type':'response.output_item.done','output_index':1,'item':{'type':"
      "'reasoning','summary':[],'content':[{'type':'reasoning_text','text':"
      "'t'}]}}\n"
      "{'type':'response.output_item.done','output_index':2,'item':{'type':"
      "'reasoning','summary':[],'encrypted_content':'gB'}}\n"
      "{'type':'response.output_text.delta','output_index':3,'delta':'a'}\n"
      COMPLETED,
      START
      "PART 0.0 thinking summary\n"
      "TEXT 0.0 's1'\n"
      "PART_END 0.0\n"
      "PART 0.1 thinking summary\n"
      "TEXT 0.1 's2'\n"
      "SIGNATURE 0.1 origin=2 'gA'\n"
      "PART_END 0.1\n"
      "PART 0.2 thinking\n"
      "TEXT 0.2 't'\n"
      "PART_END 0.2\n"
      "PART 0.3 thinking\n"
      "SIGNATURE 0.3 origin=2 'gB'\n"
      "PART_END 0.3\n"
      "PART 0.4 text\n"
      "TEXT 0.4 'a'\n"
      USAGE
      "PART_END 0.4\n"
      "FINISH 0 stop\n"
      "END\n" },

    { "a refusal",
      NGX_OK,
      CREATED
      "{'type':'response.content_part.added','output_index':0,'part':{'type"
      "':'refusal','refusal':''}}\n"
      "{'type':'response.refusal.delta','output_index':0,'delta':'no'}\n"
      "{'type':'response.refusal.done','output_index':0,'refusal':'no'}\n"
      "{'type':'response.content_part.done','output_index':0}\n"
      COMPLETED,
      START
      "PART 0.0 refusal\n"
      "TEXT 0.0 'no'\n"
      "PART_END 0.0\n"
      USAGE
      "FINISH 0 stop\n"
      "END\n" },

    { "items of OpenAI's own",
      NGX_OK,
      CREATED
      "{'type':'response.output_item.added','output_index':0,'item':{'type'"
      ":'web_search_call','id':'ws'}}\n"
      "{'type':'response.web_search_call.searching','output_index':0}\n"
      "{'type':'response.output_item.done','output_index':0,'item':{'type':"
      "'web_search_call','id':'ws','status':'completed'}}\n"
      "{'type':'response.image_generation_call.partial_image','output_index"
      "':1,'partial_image_b64':'AAAA'}\n"
      "{'type':'response.output_item.done','output_index':1,'item':{'type':"
      "'image_generation_call','result':'iVBO','output_format':'jpeg'}}\n"
      COMPLETED,
      START
      "PART 0.0 native name='web_search_call' json={'type':'web_search_call"
      "','id':'ws','status':'completed'} origin=2\n"
      "PART_END 0.0\n"
      "PART 0.1 image data='iVBO' media='image/jpeg'\n"
      "PART_END 0.1\n"
      USAGE
      "FINISH 0 stop\n"
      "END\n" },

    { "cut at its length",
      NGX_OK,
      CREATED
      "{'type':'response.output_text.delta','delta':'a'}\n"
      "{'type':'response.incomplete','response':{'status':'incomplete','inc"
      "omplete_details':{'reason':'max_output_tokens'},'usage':{'input_toke"
      "ns':1,'output_tokens':1}}}\n",
      START
      "PART 0.0 text\n"
      "TEXT 0.0 'a'\n"
      "USAGE usage input=1 output=1\n"
      "PART_END 0.0\n"
      "FINISH 0 length\n"
      "END\n" },

    { "an event that names an error",
      NGX_OK,
      CREATED
      "{'type':'error','sequence_number':2,'error':{'type':'tokens','code':"
      "'rate_limit_exceeded','message':'slow \\'down\\'','param':null}}\n"
      "{'type':'response.failed','response':{'status':'failed','error':{'co"
      "de':'x','message':'y'}}}\n",
      START
      "ERROR rate_limited message='slow 'down''\n" },

    { "an error in the older form",
      NGX_OK,
      "{'type':'error','code':'server_error','message':'oops'}\n",
      "ERROR upstream message='oops'\n" },

    { "a failure",
      NGX_OK,
      CREATED
      "{'type':'response.failed','response':{'id':'resp_p','status':'failed"
      "','error':{'code':'context_length_exceeded','message':'too long'},'u"
      "sage':null}}\n",
      START
      "ERROR context_length message='too long'\n" },

    { "an envelope without a type",
      NGX_OK,
      CREATED
      "{'error':{'message':'m','code':'insufficient_quota'}}\n",
      START
      "ERROR quota message='m'\n" },

    { "what is of no interest",
      NGX_OK,
      CREATED
      "{'type':'keepalive','sequence_number':3}\n"
      "{'type':'response.queued','response':{}}\n"
      "{'type':'response.audio.delta','delta':'x'}\n"
      "!data: [DONE]\n"
      "!: comment\n"
      COMPLETED
      "!data: [DONE]\n",
      START
      "PING\n"
      "PING\n"
      USAGE
      "FINISH 0 stop\n"
      "END\n" },

    { "the name of an event is enough",
      NGX_OK,
      "!event: response.created|data: {'response':{'id':'resp_p'}}\n"
      "!event: response.output_text.delta|data: {'delta':'a'}\n"
      "!event: response.completed|data: {'response':{'status':'completed'}}"
      "\n",
      "START id='resp_p' created=0\n"
      "PART 0.0 text\n"
      "TEXT 0.0 'a'\n"
      "PART_END 0.0\n"
      "FINISH 0 stop\n"
      "END\n" },

    { "a stream that is cut",
      NGX_AGAIN,
      CREATED
      "{'type':'response.output_text.delta','delta':'a'}\n",
      START
      "PART 0.0 text\n"
      "TEXT 0.0 'a'\n" },

    { "no JSON",
      NGX_ERROR,
      CREATED
      "!data: {'type':\n",
      START },

    { "no object",
      NGX_ERROR,
      "!data: 7\n",
      "" },

    { "an object that says nothing",
      NGX_ERROR,
      "{'a':1}\n",
      "" },

    { "a response that is none",
      NGX_ERROR,
      "{'type':'response.created'}\n",
      "" },

    { "an item that is none",
      NGX_ERROR,
      CREATED
      "{'type':'response.output_item.done','item':7}\n",
      START }
};


static void reads(wire_t *w, const row_t *row);
static char *stream(const char *events);


int
main(void)
{
    wire_t  w;
    size_t  i;

    responses_init(&w);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reads(&w, &rows[i]);
    }

    wire_free(&w);

    return done();
}


static void
reads(wire_t *w, const row_t *row)
{
    char        *bytes;
    uint32_t     cut;
    hub_sink_t   sink;

    bytes = stream(row->events);

    for (cut = WIRE_WHOLE; cut < 5; cut++) {

        is_int(wire_read_stream(w, bytes, strlen(bytes), cut, 0, &sink),
               row->rc, "%s: how it ends", row->name);

        responses_quote(&sink.deltas);
        is_str(sink.deltas.data ? sink.deltas.data : "", sink.deltas.len,
               row->want, "%s", row->name);

        hub_sink_free(&sink);
    }

    free(bytes);
}


static char *
stream(const char *events)
{
    char        *json, *p, *next, *type, *end;
    hub_text_t   t = { NULL, 0, 0 };

    json = responses_json(events);

    for (p = json; *p; p = next) {
        next = strchr(p, '\n');
        *next++ = '\0';

        if (*p == '!') {
            for (p++; *p; p++) {
                hub_bytes(&t, *p == '|' ? "\n" : p, 1);
            }

            hub_bytes(&t, "\n\n", 2);
            continue;
        }

        type = strstr(p, "\"type\":\"");

        if (type == p + 1) {
            type += sizeof("\"type\":\"") - 1;
            end = strchr(type, '"');

            hub_bytes(&t, "event: ", 7);
            hub_bytes(&t, type, end - type);
            hub_bytes(&t, "\n", 1);
        }

        hub_bytes(&t, "data: ", 6);
        hub_bytes(&t, p, strlen(p));
        hub_bytes(&t, "\n\n", 2);
    }

    free(json);

    return t.data;
}
