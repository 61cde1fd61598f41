
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* answers of Cohere: what they are in the hub, and what clients get */


#include "wire_rows.h"


#define ANSWER(message, reason, more)                                         \
    "{'id':'x','message':{'role':'assistant'" message "},"                    \
    "'finish_reason':'" reason "'" more "}"

#define TOLD(message, reason, more)                                           \
    "{'id':'01234567-89ab-cdef-0123-456789abcdef',"                           \
    "'message':{'role':'assistant'," message "},"                             \
    "'finish_reason':'" reason "'" more "}"


typedef struct {
    const char  *reason;
    const char  *finish;
    const char  *told;
} reason_row_t;


static void test_reasons(void);
static void test_foreign(void);
static void test_usage(void);


static const wire_answer_row_t  read_rows[] = {

    { "a text",
      ANSWER(",'content':[{'type':'text','text':'hi'}]",
             "COMPLETE",
             ",'usage':{'billed_units':{'input_tokens':3,"
             "'output_tokens':2},'tokens':{'input_tokens':30,"
             "'output_tokens':4},'cached_tokens':20}"),
      "answer id=\"x\" created=0\n"
      "alternative finish=stop\n"
      "  text text=\"hi\"\n"
      "usage input=10 cache_read=20 output=4\n",
      TOLD("'content':[{'type':'text','text':'hi'}]",
           "COMPLETE",
           ",'usage':{'billed_units':{'input_tokens':30,"
           "'output_tokens':4},'tokens':{'input_tokens':30,"
           "'output_tokens':4},'cached_tokens':20}") },

    { "thoughts before it",
      ANSWER(",'content':[{'type':'thinking','thinking':'h'},"
             "{'type':'text','text':'a'}]",
             "COMPLETE",
             ",'usage':{'tokens':{'input_tokens':30,'output_tokens':9,"
             "'reasoning_tokens':5,'image_tokens':7},'cached_tokens':20}"),
      "answer id=\"x\" created=0\n"
      "alternative finish=stop\n"
      "  thinking text=\"h\"\n"
      "  text text=\"a\"\n"
      "usage input=3 cache_read=20 output=4 reasoning=5 image_input=7\n",
      TOLD("'content':[{'type':'thinking','thinking':'h'},{'type':'text',"
           "'text':'a'}]",
           "COMPLETE",
           ",'usage':{'billed_units':{'input_tokens':30,"
           "'output_tokens':9},'tokens':{'input_tokens':30,"
           "'output_tokens':9,'image_tokens':7,'reasoning_tokens':5},"
           "'cached_tokens':20}") },

    { "a plan and calls, and no content",
      ANSWER(",'tool_plan':'I will look.','tool_calls':[{'id':'c1',"
             "'type':'function','function':{'name':'f',"
             "'arguments':'{\\'a\\':1.0}'}},{'id':'c2','type':'function',"
             "'function':{'name':'g','arguments':''}}]",
             "TOOL_CALL", ""),
      "answer id=\"x\" created=0\n"
      "alternative finish=tool_calls\n"
      "  thinking text=\"I will look.\"\n"
      "  call id=\"c1\" name=\"f\" json={\"a\":1.0}\n"
      "  call id=\"c2\" name=\"g\" json={}\n"
      "usage none\n",
      TOLD("'content':[{'type':'thinking','thinking':'I will look.'}],"
           "'tool_calls':[{'id':'c1','type':'function',"
           "'function':{'name':'f','arguments':'{\\'a\\':1.0}'}},"
           "{'id':'c2','type':'function','function':{'name':'g',"
           "'arguments':'{}'}}]", "TOOL_CALL", "") },

    { "calls behind thoughts",
      ANSWER(",'content':[{'type':'thinking','thinking':'h'}],"
             "'tool_calls':[{'function':{'name':'f','arguments':'x'}}]",
             "TOOL_CALL", ""),
      "answer id=\"x\" created=0\n"
      "alternative finish=tool_calls\n"
      "  thinking text=\"h\"\n"
      "  call id=\"call_000000780\" name=\"f\" json={\"arguments\":\"x\"}\n"
      "usage none\n",
      TOLD("'content':[{'type':'thinking','thinking':'h'}],"
           "'tool_calls':[{'id':'call_000000780','type':'function',"
           "'function':{'name':'f','arguments':"
           "'{\\'arguments\\':\\'x\\'}'}}]", "TOOL_CALL", "") },

    { "citations, a source each, with the block they are of",
      ANSWER(",'content':[{'type':'thinking','thinking':'h'},"
             "{'type':'text','text':'abc'}],'citations':[{'start':0,"
             "'end':2,'text':'ab','sources':[{'type':'tool','id':'t:0',"
             "'tool_output':{'content':'C'}},{'type':'document','id':'d',"
             "'document':{'id':'d','title':'T','text':'X',"
             "'url':'https://x'}}],'type':'TEXT_CONTENT',"
             "'content_index':1},{'start':1,'sources':[{'id':'e'}],"
             "'content_index':0},{'sources':[{}],'content_index':9},"
             "{'sources':7},{'text':'b','sources':[]}]",
             "COMPLETE", ""),
      "answer id=\"x\" created=0\n"
      "alternative finish=stop\n"
      "  thinking text=\"h\"\n"
      "  text text=\"abc\" citation{ quote=\"C\" id=\"t:0\" 0-2 } citation{ "
      "url=\"https://x\" title=\"T\" quote=\"X\" id=\"d\" 0-2 }\n"
      "usage none\n",
      TOLD("'content':[{'type':'thinking','thinking':'h'},{'type':'text',"
           "'text':'abc'}],'citations':[{'start':0,'end':2,"
           "'sources':[{'type':'document','id':'t:0',"
           "'document':{'id':'t:0','text':'C'}}],'type':'TEXT_CONTENT',"
           "'content_index':1},{'start':0,'end':2,"
           "'sources':[{'type':'document','id':'d','document':{'id':'d',"
           "'title':'T','url':'https://x','text':'X'}}],"
           "'type':'TEXT_CONTENT','content_index':1}]",
           "COMPLETE", "") },

    { "citations of the only block",
      ANSWER(",'content':[{'type':'text','text':'abc'}],"
             "'citations':[{'start':0,'end':2,'sources':[{'type':"
             "'document','id':'d'}]}]", "COMPLETE", ""),
      "answer id=\"x\" created=0\n"
      "alternative finish=stop\n"
      "  text text=\"abc\" citation{ id=\"d\" 0-2 }\n"
      "usage none\n",
      TOLD("'content':[{'type':'text','text':'abc'}],"
           "'citations':[{'start':0,'end':2,'sources':[{'type':'document',"
           "'id':'d','document':{'id':'d'}}],'type':'TEXT_CONTENT',"
           "'content_index':0}]", "COMPLETE", "") },

    { "probabilities of its tokens",
      ANSWER(",'content':[{'type':'text','text':'ab'}]",
             "COMPLETE",
             ",'logprobs':[{'text':'a','token_ids':[5],'logprobs':[-0.5]},"
             "{'text':'bc','token_ids':[6,7],'logprobs':[-1,-2]},"
             "{'text':'b','logprobs':[-1e-7]},7]"),
      "answer id=\"x\" created=0\n"
      "alternative finish=stop logprobs={\"content\":["
      "{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":null,\"top_logprobs\":[]}"
      ",{\"token\":\"b\",\"logprob\":-1e-7,\"bytes\":null,\"top_logprobs\":"
      "[]}]}\n"
      "  text text=\"ab\"\n"
      "usage none\n",
      TOLD("'content':[{'type':'text','text':'ab'}]",
           "COMPLETE",
           ",'logprobs':[{'text':'a','token_ids':[],'logprobs':[-0.5]},"
           "{'text':'b','token_ids':[],'logprobs':[-1e-7]}]") },

    { "what is billed, if no more is known",
      ANSWER(",'content':[]",
             "COMPLETE",
             ",'usage':{'billed_units':{'input_tokens':3,"
             "'output_tokens':2}}"),
      "answer id=\"x\" created=0\n"
      "alternative finish=stop\n"
      "usage input=3 output=2\n",
      TOLD("'content':[]",
           "COMPLETE",
           ",'usage':{'billed_units':{'input_tokens':3,'output_tokens':2},"
           "'tokens':{'input_tokens':3,'output_tokens':2},"
           "'cached_tokens':0}") },

    { "usage that is none",
      ANSWER(",'content':[]",
             "COMPLETE",
             ",'usage':{'tokens':{'input_tokens':-3,'output_tokens':'2'}}"),
      "answer id=\"x\" created=0\n"
      "alternative finish=stop\n"
      "usage none\n",
      TOLD("'content':[]", "COMPLETE", "") },

    { "a content that is a string, an unknown block",
      ANSWER(",'content':'a'", "COMPLETE", ""),
      "answer id=\"x\" created=0\n"
      "alternative finish=stop\n"
      "  text text=\"a\"\n"
      "usage none\n",
      TOLD("'content':[{'type':'text','text':'a'}]", "COMPLETE", "") },

    { "what nobody knows is passed over",
      ANSWER(",'content':[{'type':'hologram'},{'type':'text','text':'a',"
             "'x':1},7],'y':1", "COMPLETE", ",'z':[]"),
      "answer id=\"x\" created=0\n"
      "alternative finish=stop\n"
      "  text text=\"a\"\n"
      "usage none\n",
      TOLD("'content':[{'type':'text','text':'a'}]", "COMPLETE", "") },

    { "nothing",
      ANSWER("", "COMPLETE", ""),
      "answer id=\"x\" created=0\n"
      "alternative finish=stop\n"
      "usage none\n",
      TOLD("'content':[]", "COMPLETE", "") }
};


static const reason_row_t  reason_rows[] = {
    { "COMPLETE", "stop", "COMPLETE" },
    { "STOP_SEQUENCE", "stop", "COMPLETE" },
    { "MAX_TOKENS", "length", "MAX_TOKENS" },
    { "TOOL_CALL", "tool_calls", "TOOL_CALL" },
    { "ERROR", "error", "ERROR" },
    { "TIMEOUT", "error", "ERROR" },
    { "ERROR_TOXIC", "content_filter", "ERROR_TOXIC" },
    { "SOMETHING_NEW", "other", "COMPLETE" }
};


static const char *const  no_answers[] = {
    "{}", "[]", "1", "{'message':null}", "{'message':'no'}",
    "{'id':'x','message':[]}",
    ANSWER(",'content':{}", "COMPLETE", ""),
    ANSWER(",'tool_calls':{}", "TOOL_CALL", ""),
    ANSWER(",'tool_calls':[{'id':'c'}]", "TOOL_CALL", ""),
    ANSWER(",'tool_calls':[{'function':{'arguments':''}}]", "TOOL_CALL", ""),
    ANSWER(",'tool_calls':[7]", "TOOL_CALL", "")
};


static void
test_reasons(void)
{
    char                   body[256];
    wire_t                 w;
    hub_text_t             t = { NULL, 0, 0 };
    ngx_uint_t             i;
    const reason_row_t    *row;
    ngx_ai_alternative_t  *a;

    wire_init(&w, NGX_AI_DIALECT_COHERE, &ngx_ai_cohere);

    for (i = 0; i < wire_n(reason_rows); i++) {
        row = &reason_rows[i];

        snprintf(body, sizeof(body), "{'message':{},'finish_reason':'%s'}",
                 row->reason);

        ok(wire_answer(&w, body) == NGX_OK, "%s is read", row->reason);

        a = w.answer.alternatives.elts;

        is_str(hub_finish(a->finish), strlen(hub_finish(a->finish)),
               row->finish, "%s is %s", row->reason, row->finish);

        ok(wire_write_answer(&w) == NGX_OK, "it is told");

        snprintf(body, sizeof(body), "'finish_reason':'%s'", row->told);

        wire_out(&w, &t);
        ok(memmem(t.data, t.len, body, strlen(body)) != NULL, "as %s",
           row->told);
        hub_text_free(&t);
    }

    wire_free(&w);
}


/* what other dialects have to say */

static void
test_foreign(void)
{
    wire_t                 w;
    hub_text_t             t = { NULL, 0, 0 };
    ngx_ai_part_t         *part;
    ngx_ai_citation_t     *citation;
    ngx_ai_alternative_t  *a;

    wire_init(&w, NGX_AI_DIALECT_COHERE, &ngx_ai_cohere);

    (void) ngx_ai_answer_init(&w.answer, w.pool, NGX_AI_DIALECT_GEMINI);

    ok(wire_write_answer(&w) == NGX_OK, "an answer without alternatives");

    wire_out(&w, &t);
    is_str(t.data, t.len, TOLD("'content':[]", "COMPLETE", ""),
           "is told as an empty one");
    hub_text_free(&t);

    a = ngx_ai_answer_alternative(&w.answer);
    a->finish = NGX_AI_FINISH_STOP;
    ngx_str_set(&a->stop, "END");
    ngx_str_set(&a->logprobs, "{\"content\":[{\"token\":\"a\",\"logprob\":"
                "-0.25,\"bytes\":[97],\"top_logprobs\":[]},{\"token\":1}]}");

    part = wire_answer_part(&w, NGX_AI_PART_THINKING);
    part->origin = NGX_AI_DIALECT_ANTHROPIC;
    ngx_str_set(&part->signature, "S=");

    part = wire_answer_part(&w, NGX_AI_PART_THINKING);
    ngx_str_set(&part->text, "ha");

    part = wire_answer_part(&w, NGX_AI_PART_REDACTED);
    ngx_str_set(&part->data, "D");

    part = wire_answer_part(&w, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "a");

    part->citations = ngx_array_create(w.pool, 1, sizeof(ngx_ai_citation_t));
    citation = ngx_array_push(part->citations);
    memset(citation, 0, sizeof(ngx_ai_citation_t));
    citation->start = -1;
    ngx_str_set(&citation->url, "https://x");

    part = wire_answer_part(&w, NGX_AI_PART_REFUSAL);
    ngx_str_set(&part->text, "no");

    part = wire_answer_part(&w, NGX_AI_PART_TOOL_CALL);
    part->origin = NGX_AI_DIALECT_GEMINI;
    ngx_str_set(&part->id, "call_0");
    ngx_str_set(&part->name, "f");
    ngx_str_set(&part->json, "{\"a\":\"\\n\"}");
    ngx_str_set(&part->signature, "G=");

    /* there is no word for a second alternative */

    a = ngx_ai_answer_alternative(&w.answer);

    ok(wire_write_answer(&w) == NGX_OK, "an answer of others");

    wire_out(&w, &t);
    is_str(t.data, t.len,
           TOLD("'content':[{'type':'thinking','thinking':'ha'},"
                "{'type':'text','text':'a'},{'type':'text','text':'no'}],"
                "'citations':[{'sources':[{'type':'document','document':"
                "{'url':'https://x'}}],'type':'TEXT_CONTENT',"
                "'content_index':1}],"
                "'tool_calls':[{'id':'call_0~aigw.4.G=','type':'function',"
                "'function':{'name':'f','arguments':"
                "'{\\'a\\':\\'\\\\n\\'}'}}]",
                "STOP_SEQUENCE",
                ",'logprobs':[{'text':'a','token_ids':[],'logprobs':[-0.25]},"
                "{'text':'','token_ids':[],'logprobs':[]}]"),
           "is told so that its signatures come back");
    hub_text_free(&t);

    wire_free(&w);
}


/* tokens of any kind are told, and no sum runs over */

static void
test_usage(void)
{
    wire_t      w;
    hub_text_t  t = { NULL, 0, 0 };
    ngx_uint_t  i;

    wire_init(&w, NGX_AI_DIALECT_COHERE, &ngx_ai_cohere);

    (void) ngx_ai_answer_init(&w.answer, w.pool, NGX_AI_DIALECT_OPENAI);

    w.answer.usage.reported = 1;

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        w.answer.usage.tokens[i] = (int64_t) 1 << i;
    }

    ok(wire_write_answer(&w) == NGX_OK, "an answer with all there is to use");

    wire_out(&w, &t);
    is_str(t.data, t.len,
           TOLD("'content':[]", "COMPLETE",
                ",'usage':{'billed_units':{'input_tokens':167,"
                "'output_tokens':344},'tokens':{'input_tokens':167,"
                "'output_tokens':344,'image_tokens':128,"
                "'reasoning_tokens':16},'cached_tokens':2}"),
           "is told as sums, and what is known of them");
    hub_text_free(&t);

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        w.answer.usage.tokens[i] = INT64_MAX;
    }

    ok(wire_write_answer(&w) == NGX_OK, "an answer that used it all");

    wire_out(&w, &t);
    ok(memmem(t.data, t.len, "'input_tokens':9223372036854775807,", 35)
       != NULL, "tells no more than all");
    hub_text_free(&t);

    wire_free(&w);
}


int
main(void)
{
    wire_answers(NGX_AI_DIALECT_COHERE, &ngx_ai_cohere, read_rows,
                 wire_n(read_rows));
    wire_no_answers(NGX_AI_DIALECT_COHERE, &ngx_ai_cohere, no_answers,
                    wire_n(no_answers));
    test_reasons();
    test_foreign();
    test_usage();

    wire_answer_memory(NGX_AI_DIALECT_COHERE, &ngx_ai_cohere,
                       ANSWER(",'tool_plan':'p','content':[{'text':'a'},"
                              "{'text':'b'},{'text':'c'}],'citations':["
                              "{'sources':[{}]},{'sources':[{}],"
                              "'content_index':1}],'tool_calls':["
                              "{'function':{'name':'f'}}]", "TOOL_CALL",
                              ",'logprobs':[{'text':'a','logprobs':[1]}]"));

    return done();
}
