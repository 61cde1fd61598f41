
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* answers of Converse: what they are in the hub, and what clients get */


#include "wire_rows.h"


#define ANSWER(content, more)                                                 \
    "{'output':{'message':{'role':'assistant','content':[" content "]}},"     \
    "'stopReason':'end_turn'" more "}"

#define ZEROS                                                                 \
    "'usage':{'inputTokens':0,'outputTokens':0,'totalTokens':0,"              \
    "'cacheReadInputTokens':0,'cacheWriteInputTokens':0},"                    \
    "'metrics':{'latencyMs':1234}"


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
      ANSWER("{'text':'hi'}",
             ",'usage':{'inputTokens':3,'outputTokens':2,'totalTokens':5},"
             "'metrics':{'latencyMs':9}"),
      "answer created=0\n"
      "alternative finish=stop\n"
      "  text text=\"hi\"\n"
      "usage input=3 output=2\n",
      "{'output':{'message':{'role':'assistant','content':[{'text':'hi'}]}},"
      "'stopReason':'end_turn','usage':{'inputTokens':3,'outputTokens':2,"
      "'totalTokens':5,'cacheReadInputTokens':0,'cacheWriteInputTokens':0},"
      "'metrics':{'latencyMs':1234}}" },

    { "a call behind a text, whatever the reason says",
      ANSWER("{'text':'a'},{'toolUse':{'toolUseId':'t1','name':'f',"
             "'input':{'a':1.0}}},{'toolUse':{'toolUseId':'t2','name':'g'}}",
             ""),
      "answer created=0\n"
      "alternative finish=tool_calls\n"
      "  text text=\"a\"\n"
      "  call id=\"t1\" name=\"f\" json={\"a\":1.0}\n"
      "  call id=\"t2\" name=\"g\" json={}\n"
      "usage none\n",
      "{'output':{'message':{'role':'assistant','content':[{'text':'a'},"
      "{'toolUse':{'toolUseId':'t1','name':'f','input':{'a':1.0}}},"
      "{'toolUse':{'toolUseId':'t2','name':'g','input':{}}}]}},"
      "'stopReason':'tool_use'," ZEROS "}" },

    { "thoughts",
      ANSWER("{'reasoningContent':{'reasoningText':{'text':'t',"
             "'signature':'S'}}},{'reasoningContent':{'reasoningText':{"
             "'text':'u'}}},{'reasoningContent':{'redactedContent':'UkVE'}},"
             "{'reasoningContent':{}},{'text':'a'}",
             ""),
      "answer created=0\n"
      "alternative finish=stop\n"
      "  thinking text=\"t\" signature=\"S\" origin=5\n"
      "  thinking text=\"u\"\n"
      "  redacted data=\"UkVE\" origin=5\n"
      "  text text=\"a\"\n"
      "usage none\n",
      "{'output':{'message':{'role':'assistant',"
      "'content':[{'reasoningContent':{'reasoningText':{'text':'t',"
      "'signature':'S'}}},{'reasoningContent':{'reasoningText':{'text':"
      "'u'}}},{'reasoningContent':{'redactedContent':'UkVE'}},"
      "{'text':'a'}]}},'stopReason':'end_turn'," ZEROS "}" },

    { "citations with their text, and Nova's behind it",
      ANSWER("{'citationsContent':{'content':[{'text':'a'},{'text':'b'}],"
             "'citations':[{'title':'t','source':'s',"
             "'sourceContent':[{'text':'q'}],'location':{'documentChar':{"
             "'documentIndex':0,'start':1,'end':2}}}]}},{'text':'c'},"
             "{'citationsContent':{'citations':[{'location':{'web':{'url':"
             "'https://x','domain':'x'}}},{'location':7},1]}}",
             ""),
      "answer created=0\n"
      "alternative finish=stop\n"
      "  text text=\"ab\" citation{ title=\"t\" quote=\"q\" id=\"s\" -1--1 "
      "}\n"
      "  text text=\"c\"\n"
      "  text citation{ url=\"https://x\" -1--1 } citation{ -1--1 }\n"
      "usage none\n",
      "{'output':{'message':{'role':'assistant',"
      "'content':[{'citationsContent':{'content':[{'text':'ab'}],"
      "'citations':[{'title':'t','source':'s',"
      "'sourceContent':[{'text':'q'}]}]}},{'text':'c'},"
      "{'citationsContent':{'citations':[{'location':{'web':{'url':"
      "'https://x'}}},{}]}}]}},'stopReason':'end_turn'," ZEROS "}" },

    { "an image",
      ANSWER("{'image':{'format':'png','source':{'bytes':'iVBOR'}}},"
             "{'image':{'format':'png'}},{'image':{'source':{'bytes':''}}}",
             ""),
      "answer created=0\n"
      "alternative finish=stop\n"
      "  image data=\"iVBOR\" media=\"image/png\"\n"
      "usage none\n",
      "{'output':{'message':{'role':'assistant',"
      "'content':[{'image':{'format':'png','source':{'bytes':'iVBOR'}}}]}},"
      "'stopReason':'end_turn'," ZEROS "}" },

    { "what Bedrock says to itself",
      ANSWER("{'toolUse':{'toolUseId':'t','name':'nova_grounding',"
             "'type':'server_tool_use','input':{}}},"
             "{'toolResult':{'toolUseId':'t','type':'nova_grounding_result',"
             "'status':'success','content':[]}},{'text':'a'}",
             ""),
      "answer created=0\n"
      "alternative finish=stop\n"
      "  native name=\"toolUse\" json={\"toolUse\":"
      "{\"toolUseId\":\"t\",\"name\":\"nova_grounding\",\"type\":\"server_too"
      "l_use\",\"input\":{}}} origin=5\n"
      "  native name=\"toolResult\" json={\"toolResult\":"
      "{\"toolUseId\":\"t\",\"type\":\"nova_grounding_result\",\"status\":\"s"
      "uccess\",\"content\":[]}} origin=5\n"
      "  text text=\"a\"\n"
      "usage none\n",
      "{'output':{'message':{'role':'assistant',"
      "'content':[{'toolUse':{'toolUseId':'t','name':'nova_grounding',"
      "'type':'server_tool_use','input':{}}},{'toolResult':{'toolUseId':'t',"
      "'type':'nova_grounding_result','status':'success','content':[]}},"
      "{'text':'a'}]}},'stopReason':'end_turn'," ZEROS "}" },

    { "what nobody knows is passed over",
      ANSWER("{'hologram':{}},{'text':7},1,{'text':'a','type':'text'}",
             ",'zzz':[]"),
      "answer created=0\n"
      "alternative finish=stop\n"
      "  text text=\"a\"\n"
      "usage none\n",
      "{'output':{'message':{'role':'assistant','content':[{'text':'a'}]}},"
      "'stopReason':'end_turn'," ZEROS "}" },

    { "nothing",
      ANSWER("",
             ""),
      "answer created=0\n"
      "alternative finish=stop\n"
      "usage none\n",
      "{'output':{'message':{'role':'assistant','content':[]}},"
      "'stopReason':'end_turn'," ZEROS "}" },

    { "an empty text",
      ANSWER("{'text':''}",
             ""),
      "answer created=0\n"
      "alternative finish=stop\n"
      "  text\n"
      "usage none\n",
      "{'output':{'message':{'role':'assistant','content':[]}},"
      "'stopReason':'end_turn'," ZEROS "}" },

    { "usage with the older names, disjoint",
      ANSWER("",
             ",'usage':{'inputTokens':3,'outputTokens':2,"
             "'cacheReadInputTokenCount':5,'cacheWriteInputTokenCount':7,"
             "'totalTokens':17}"),
      "answer created=0\n"
      "alternative finish=stop\n"
      "usage input=3 cache_read=5 cache_write=7 output=2\n",
      "{'output':{'message':{'role':'assistant','content':[]}},"
      "'stopReason':'end_turn','usage':{'inputTokens':3,'outputTokens':2,"
      "'totalTokens':17,'cacheReadInputTokens':5,'cacheWriteInputTokens':7},"
      "'metrics':{'latencyMs':1234}}" },

    { "usage with both",
      ANSWER("",
             ",'usage':{'inputTokens':3,'outputTokens':2,"
             "'cacheReadInputTokens':5,'cacheReadInputTokenCount':5,"
             "'cacheWriteInputTokens':7,'cacheWriteInputTokenCount':7,"
             "'serverToolUsage':{}}"),
      "answer created=0\n"
      "alternative finish=stop\n"
      "usage input=3 cache_read=5 cache_write=7 output=2\n",
      "{'output':{'message':{'role':'assistant','content':[]}},"
      "'stopReason':'end_turn','usage':{'inputTokens':3,'outputTokens':2,"
      "'totalTokens':17,'cacheReadInputTokens':5,'cacheWriteInputTokens':7},"
      "'metrics':{'latencyMs':1234}}" },

    { "usage that is none",
      ANSWER("",
             ",'usage':{'inputTokens':'3','outputTokens':-2,"
             "'cacheReadInputTokens':1.5}"),
      "answer created=0\n"
      "alternative finish=stop\n"
      "usage\n",
      "{'output':{'message':{'role':'assistant','content':[]}},"
      "'stopReason':'end_turn'," ZEROS "}" },

    { "what stopped it, and the tier",
      "{'output':{'message':{'role':'assistant','content':[{'text':'a'}]}},"
      "'stopReason':'stop_sequence','additionalModelResponseFields':{"
      "'stop_sequence':'END'},'serviceTier':{'type':'flex'}}",
      "answer tier=\"flex\" created=0\n"
      "alternative finish=stop stop=\"END\"\n"
      "  text text=\"a\"\n"
      "usage none\n",
      "{'output':{'message':{'role':'assistant','content':[{'text':'a'}]}},"
      "'stopReason':'stop_sequence'," ZEROS "}" },

    { "as Claude's streams have it",
      "{'output':{'message':{'role':'assistant','content':[{'text':'a'}]}},"
      "'stopReason':'stop_sequence','additionalModelResponseFields':{"
      "'delta':{'stop_sequence':'END'}}}",
      "answer created=0\n"
      "alternative finish=stop stop=\"END\"\n"
      "  text text=\"a\"\n"
      "usage none\n",
      "{'output':{'message':{'role':'assistant','content':[{'text':'a'}]}},"
      "'stopReason':'stop_sequence'," ZEROS "}" }
};


static const reason_row_t  reason_rows[] = {
    { "end_turn", "stop", "end_turn" },
    { "stop_sequence", "stop", "end_turn" },
    { "tool_use", "tool_calls", "tool_use" },
    { "max_tokens", "length", "max_tokens" },
    { "model_context_window_exceeded", "length", "max_tokens" },
    { "content_filtered", "content_filter", "content_filtered" },
    { "guardrail_intervened", "content_filter", "content_filtered" },
    { "malformed_model_output", "error", "malformed_model_output" },
    { "malformed_tool_use", "error", "malformed_model_output" },
    { "some_new_reason", "other", "end_turn" }
};


static const char *const  no_answers[] = {
    "{}", "[]", "1", "{'output':null}", "{'output':{}}", "{'output':[]}",
    "{'output':{'message':{}}}", "{'output':{'message':{'content':'hi'}}}",
    "{'message':'The security token is expired'}",
    ANSWER("{'toolUse':{'toolUseId':'t','input':{}}}", ""),
    ANSWER("{'toolUse':{'name':1,'input':{}}}", ""),
    ANSWER("{'toolUse':{'name':'f','input':'{}'}}", ""),
    ANSWER("{'citationsContent':{'content':['a']}}", "")
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

    wire_init(&w, NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock);

    for (i = 0; i < sizeof(reason_rows) / sizeof(reason_row_t); i++) {
        row = &reason_rows[i];

        snprintf(body, sizeof(body), "{\"output\":{\"message\":{\"content\":"
                 "[]}},\"stopReason\":\"%s\"}", row->reason);

        ok(wire_read_answer(&w, body, strlen(body)) == NGX_OK, "%s is read",
           row->reason);

        a = w.answer.alternatives.elts;

        is_str(hub_finish(a->finish), strlen(hub_finish(a->finish)),
               row->finish, "%s is %s", row->reason, row->finish);

        ok(wire_write_answer(&w) == NGX_OK, "it is told");

        snprintf(body, sizeof(body), "'stopReason':'%s'", row->told);

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
    ngx_ai_alternative_t  *a;

    wire_init(&w, NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock);

    (void) ngx_ai_answer_init(&w.answer, w.pool, NGX_AI_DIALECT_GEMINI);

    ok(wire_write_answer(&w) == NGX_OK, "an answer without alternatives");

    wire_out(&w, &t);
    is_str(t.data, t.len, ANSWER("", "," ZEROS),
           "is told as an empty one");
    hub_text_free(&t);

    a = ngx_ai_answer_alternative(&w.answer);
    a->finish = NGX_AI_FINISH_STOP;
    ngx_str_set(&a->stop, "END");

    part = wire_answer_part(&w, NGX_AI_PART_THINKING);
    part->origin = NGX_AI_DIALECT_ANTHROPIC;
    ngx_str_set(&part->text, "hm");
    ngx_str_set(&part->signature, "S=");

    part = wire_answer_part(&w, NGX_AI_PART_THINKING);
    ngx_str_set(&part->text, "ha");

    part = wire_answer_part(&w, NGX_AI_PART_REDACTED);
    part->origin = NGX_AI_DIALECT_ANTHROPIC;
    ngx_str_set(&part->data, "D");

    part = wire_answer_part(&w, NGX_AI_PART_NATIVE);
    part->origin = NGX_AI_DIALECT_ANTHROPIC;
    ngx_str_set(&part->json, "{}");

    part = wire_answer_part(&w, NGX_AI_PART_TEXT);
    part->origin = NGX_AI_DIALECT_GEMINI;
    ngx_str_set(&part->text, "a");
    ngx_str_set(&part->signature, "T=");

    part = wire_answer_part(&w, NGX_AI_PART_REFUSAL);
    ngx_str_set(&part->text, "no");

    part = wire_answer_part(&w, NGX_AI_PART_AUDIO);
    ngx_str_set(&part->data, "AAAA");

    part = wire_answer_part(&w, NGX_AI_PART_TOOL_CALL);
    part->origin = NGX_AI_DIALECT_GEMINI;
    ngx_str_set(&part->id, "call_0");
    ngx_str_set(&part->name, "f");
    ngx_str_set(&part->json, "{}");
    ngx_str_set(&part->signature, "G=");

    /* there is no word for a second alternative */

    a = ngx_ai_answer_alternative(&w.answer);

    ok(wire_write_answer(&w) == NGX_OK, "an answer of others");

    wire_out(&w, &t);
    is_str(t.data, t.len,
           "{'output':{'message':{'role':'assistant','content':["
           "{'reasoningContent':{'reasoningText':{'text':'hm',"
           "'signature':'aigw.3.S='}}},"
           "{'reasoningContent':{'reasoningText':{'text':'ha'}}},"
           "{'text':'a'},{'reasoningContent':{'reasoningText':{'text':'',"
           "'signature':'aigw.4.T='}}},{'text':'no'},"
           "{'reasoningContent':{'reasoningText':{'text':'',"
           "'signature':'aigw.4.G='}}},"
           "{'toolUse':{'toolUseId':'call_0','name':'f','input':{}}}]}},"
           "'stopReason':'stop_sequence'," ZEROS "}",
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

    wire_init(&w, NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock);

    (void) ngx_ai_answer_init(&w.answer, w.pool, NGX_AI_DIALECT_OPENAI);

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        w.answer.usage.tokens[i] = (int64_t) 1 << i;
    }

    ok(wire_write_answer(&w) == NGX_OK, "an answer with all there is to use");

    wire_out(&w, &t);
    is_str(t.data, t.len,
           ANSWER("", ",'usage':{'inputTokens':161,'outputTokens':344,"
                  "'totalTokens':511,'cacheReadInputTokens':2,"
                  "'cacheWriteInputTokens':4},'metrics':{'latencyMs':1234}"),
           "tells the caches apart and sums up all others");
    hub_text_free(&t);

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        w.answer.usage.tokens[i] = INT64_MAX;
    }

    ok(wire_write_answer(&w) == NGX_OK, "an answer that used it all");

    wire_out(&w, &t);
    ok(memmem(t.data, t.len, "'totalTokens':9223372036854775807,", 34) != NULL,
       "tells no more than all");
    hub_text_free(&t);

    wire_free(&w);
}


int
main(void)
{
    wire_answers(NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock, read_rows,
                 wire_n(read_rows));
    wire_no_answers(NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock, no_answers,
                    wire_n(no_answers));
    test_reasons();
    test_foreign();
    test_usage();

    wire_answer_memory(NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock,
                       ANSWER("{'text':'a'},{'reasoningContent':"
                              "{'reasoningText':{'text':'t'}}},"
                              "{'toolUse':{'name':'f'}},"
                              "{'citationsContent':{'content':[{'text':'a'},"
                              "{'text':'b'}],'citations':[{}]}},"
                              "{'image':{'source':{'bytes':'x'}}},"
                              "{'toolResult':{}}", ""));

    return done();
}
