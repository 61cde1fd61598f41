
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* whole answers of /api/chat, read and written */


#include "tap.h"
#include "wire.h"
#include "ngx_ai_ollama.h"


#define HEAD   "{'model':'m','created_at':'2026-11-20T15:44:00Z',"
#define TIMES  "'total_duration':1234000000,'load_duration':0,"
#define IN(n)  "'prompt_eval_count':" #n ","
#define OUT(n) "'prompt_eval_duration':0,'eval_count':" #n ","
#define EVAL   "'eval_duration':1234000000}"

#define DONE   "'done':true,'done_reason':'stop'," TIMES

#define NOTHING  DONE "'prompt_eval_duration':0," EVAL


typedef struct {
    const char  *name;
    const char  *body;
    const char  *hub;
    const char  *again;           /* as it is written */
} row_t;


static void test_rows(void);
static void test_wrong(void);
static void test_foreign(void);
static void test_told(void);
static void test_time(void);
static void test_memory(void);


static const row_t  rows[] = {

    { "a text",
      "{'model':'m','created_at':'2026-11-20T15:44:00.372032Z',"
      "'message':{'role':'assistant','content':'a\\nb'},'done':true,"
      "'done_reason':'stop','total_duration':5,'prompt_eval_count':11,"
      "'eval_count':7,'context':[1,2]}",
      "answer model=\"m\" created=1795189440\n"
      "alternative finish=stop\n"
      "  text text=\"a\\x0ab\"\n"
      "usage input=11 output=7\n",
      HEAD "'message':{'role':'assistant','content':'a\\nb'},"
      DONE IN(11) OUT(7) EVAL },

    { "thoughts, calls and images",
      "{'model':'m','created_at':'2026-11-20T15:44:00Z','message':{"
      "'content':'c','thinking':'t','images':['iVBORw0KGgoA'],"
      "'tool_calls':[{'id':'x','function':{'index':0,'name':'f','arguments':"
      "{'a':1.0}}},{'id':'y','function':{'name':'g','arguments':'{}'}}]},"
      "'done':true,'done_reason':'stop'}",
      "answer model=\"m\" created=1795189440\n"
      "alternative finish=tool_calls\n"
      "  thinking text=\"t\"\n"
      "  text text=\"c\"\n"
      "  image data=\"iVBORw0KGgoA\" media=\"image/png\"\n"
      "  call id=\"x\" name=\"f\" json={\"a\":1.0}\n"
      "  call id=\"y\" name=\"g\" json={}\n"
      "usage none\n",
      HEAD "'message':{'role':'assistant','content':'c','thinking':'t',"
      "'images':['iVBORw0KGgoA'],'tool_calls':["
      "{'id':'x','function':{'index':0,'name':'f','arguments':{'a':1.0}}},"
      "{'id':'y','function':{'index':1,'name':'g','arguments':{}}}]},"
      NOTHING },

    { "an answer that was cut, of a cached prompt",
      "{'model':'m','created_at':'2026-11-20T17:44:00+02:00','message':{"
      "'content':''},'done':true,'done_reason':'length','eval_count':7}",
      "answer model=\"m\" created=1795189440\n"
      "alternative finish=length\n"
      "usage output=7\n",
      HEAD "'message':{'role':'assistant','content':''},"
      "'done':true,'done_reason':'length'," TIMES IN(0) OUT(7) EVAL },

    { "probabilities",
      "{'model':'m','created_at':'2026-11-20T15:44:00Z','message':{"
      "'content':'c'},'logprobs':[{'token':'c','logprob':-0.5}],"
      "'done_reason':'load'}",
      "answer model=\"m\" created=1795189440\n"
      "alternative finish=other"
      " logprobs={\"content\":[{\"token\":\"c\",\"logprob\":-0.5}]}\n"
      "  text text=\"c\"\n"
      "usage none\n",
      HEAD "'message':{'role':'assistant','content':'c'},"
      "'logprobs':[{'token':'c','logprob':-0.5}]," NOTHING },

    { "what is unknown, null or of another type is not there",
      "{'model':null,'created_at':7,'message':{'content':null,'thinking':1,"
      "'images':null,'tool_calls':null,'mood':'good'},'done_reason':null,"
      "'prompt_eval_count':'x','eval_count':-1,'logprobs':1,'done':1}",
      "answer created=0\n"
      "alternative finish=stop\n"
      "usage\n",
      "{'model':'asked-model','created_at':'2025-06-15T15:06:40Z',"
      "'message':{'role':'assistant','content':''},"
      DONE IN(0) OUT(0) EVAL }
};


static const char *const  wrong[] = {
    "[]",
    "{}",
    "{'message':'hi'}",
    "{'message':null,'done':true}",
    "{'error':'model not found'}",
    "{'error':'no','message':{'content':'a'}}",
    "{'message':{'images':[1]}}",
    "{'message':{'tool_calls':[1]}}",
    "{'message':{'tool_calls':[{'function':{'arguments':{}}}]}}",
    "{'choices':[{'message':{'content':'a'}}]}"
};


static void
test_rows(void)
{
    char        *json;
    wire_t       w;
    hub_text_t   t = { NULL, 0, 0 };
    ngx_uint_t   i;

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    for (i = 0; i < sizeof(rows) / sizeof(row_t); i++) {
        json = wire_json(rows[i].body);

        is_int(wire_read_answer(&w, json, strlen(json)), NGX_OK, "read: %s",
               rows[i].name);

        hub_answer_text(&t, &w.answer);
        is_str(t.data, t.len, rows[i].hub, "in the hub: %s", rows[i].name);
        hub_text_free(&t);

        is_int(wire_write_answer(&w), NGX_OK, "written: %s", rows[i].name);

        wire_out(&w, &t);
        is_str(t.data, t.len, rows[i].again, "as it should be: %s",
               rows[i].name);
        hub_text_free(&t);

        free(json);
    }

    wire_free(&w);
}


static void
test_wrong(void)
{
    char        *json;
    wire_t       w;
    ngx_uint_t   i;

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        json = wire_json(wrong[i]);

        is_int(wire_read_answer(&w, json, strlen(json)), NGX_ERROR,
               "no answer: %s", wrong[i]);

        free(json);
    }

    wire_free(&w);
}


/* what this dialect does not know: signatures, refusals, choices */

static void
test_foreign(void)
{
    wire_t                 w;
    hub_text_t             t = { NULL, 0, 0 };
    ngx_ai_part_t         *part;
    ngx_ai_alternative_t  *alternative;

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    (void) ngx_ai_answer_init(&w.answer, w.pool, NGX_AI_DIALECT_ANTHROPIC);
    (void) ngx_ai_answer_alternative(&w.answer);
    (void) ngx_ai_answer_alternative(&w.answer);

    ngx_str_set(&w.answer.id, "msg_1");
    ngx_str_set(&w.answer.model, "m");
    w.answer.created = 1795189440;

    alternative = w.answer.alternatives.elts;

    part = ngx_ai_part_push(&alternative[1].parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "another");

    part = ngx_ai_part_push(&alternative->parts, NGX_AI_PART_THINKING);
    ngx_str_set(&part->text, "t");
    ngx_str_set(&part->signature, "SIG3");
    part->origin = NGX_AI_DIALECT_ANTHROPIC;

    part = ngx_ai_part_push(&alternative->parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "a");

    part = ngx_ai_part_push(&alternative->parts, NGX_AI_PART_REFUSAL);
    ngx_str_set(&part->text, "no");

    part = ngx_ai_part_push(&alternative->parts, NGX_AI_PART_TOOL_CALL);
    ngx_str_set(&part->id, "x");
    ngx_str_set(&part->name, "f");

    part = ngx_ai_part_push(&alternative->parts, NGX_AI_PART_TOOL_CALL);
    ngx_str_set(&part->id, "y");
    ngx_str_set(&part->name, "g");

    part = ngx_ai_part_push(&alternative->parts, NGX_AI_PART_TOOL_CALL);
    ngx_str_set(&part->id, "z");
    ngx_str_set(&part->name, "h");
    ngx_str_set(&part->signature, "SIG4");
    part->origin = NGX_AI_DIALECT_GEMINI;

    (void) ngx_ai_answer_complete(&w.answer);
    is_int(wire_write_answer(&w), NGX_OK, "another's answer is written");

    wire_out(&w, &t);
    is_str(t.data, t.len,
           HEAD "'message':{'role':'assistant','content':'ano',"
           "'thinking':'t','tool_calls':["
           "{'id':'x','function':{'index':0,'name':'f',"
           "'arguments':{}}},"
           "{'id':'y','function':{'index':1,'name':'g','arguments':{}}},"
           "{'id':'z~aigw.4.SIG4','function':{'index':2,'name':'h',"
           "'arguments':{}}}]}," NOTHING,
           "signatures go into the ids of calls, and one answer is told");

    hub_text_free(&t);

    w.answer.alternatives.nelts = 0;
    is_int(wire_write_answer(&w), NGX_OK, "no answer is written, too");

    wire_out(&w, &t);
    is_str(t.data, t.len,
           HEAD "'message':{'role':'assistant','content':''}," NOTHING,
           "as an empty one");

    hub_text_free(&t);
    wire_free(&w);
}


static void
test_told(void)
{
    wire_t      w;
    hub_text_t  t = { NULL, 0, 0 };

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    (void) ngx_ai_answer_init(&w.answer, w.pool, NGX_AI_DIALECT_OPENAI);
    (void) ngx_ai_answer_alternative(&w.answer);

    w.answer.created = INT64_MAX;
    w.answer.usage.reported = 1;
    w.answer.usage.tokens[NGX_AI_USAGE_INPUT] = 1;
    w.answer.usage.tokens[NGX_AI_USAGE_CACHE_READ] = 2;
    w.answer.usage.tokens[NGX_AI_USAGE_OUTPUT] = 4;
    w.answer.usage.tokens[NGX_AI_USAGE_REASONING] = 8;
    w.told.elapsed = (ngx_msec_t) -1;

    (void) wire_write_answer(&w);

    wire_out(&w, &t);
    is_str(t.data, t.len,
           "{'model':'asked-model','created_at':'9999-12-31T23:59:59Z',"
           "'message':{'role':'assistant','content':''},'done':true,"
           "'done_reason':'stop','total_duration':9223372036854000000,"
           "'load_duration':0,'prompt_eval_count':3,"
           "'prompt_eval_duration':0,'eval_count':12,"
           "'eval_duration':9223372036854000000}",
           "what is told can't be too large, and tokens are summed");

    hub_text_free(&t);
    wire_free(&w);
}


static void
test_time(void)
{
    ngx_str_t      head, none;
    ngx_uint_t     i, bad;
    ngx_pool_t    *pool;
    tap_guard_t    guard;
    ngx_ai_told_t  told;

    static const struct {
        const char  *text;
        int64_t      time;
    } times[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "1970-01-01T00:00:01Z", 1 },
        { "2000-02-29T12:00:00Z", 951825600 },
        { "2000-03-01T00:00:00.999999999Z", 951868800 },
        { "2024-12-31T23:59:59-01:00", 1735693199 },
        { "2026-11-20T15:44:00", 1795189440 },
        { "2026-11-20T15:44:00+05:30", 1795169640 },
        { "2026-11-20 15:44", 0 },
        { "2026-13-20T15:44:00Z", 0 },
        { "2026-1x-20T15:44:00Z", 0 },
        { "1969-12-31T23:59:59Z", 0 },
        { "yesterday, or so it seems", 0 },
        { "", 0 }
    };

    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        is_int(ngx_ai_ollama_time(tap_guard(&guard, times[i].text,
                                            strlen(times[i].text)),
                                  strlen(times[i].text)),
               times[i].time, "a time is read: \"%s\"", times[i].text);
        tap_unguard(&guard);
    }

    pool = ngx_create_pool(4096, &ngx_shim_log);

    memset(&told, 0, sizeof(told));
    ngx_str_set(&told.model, "m");
    ngx_str_null(&none);
    bad = 0;

    for (i = 1; i < 200; i++) {
        (void) ngx_ai_ollama_head(pool, &told, &none,
                                  (int64_t) i * 1234567891, &head);

        if (ngx_ai_ollama_time(head.data + head.len - 21, 20)
            != (int64_t) i * 1234567891)
        {
            bad++;
        }
    }

    is_int(bad, 0, "times that are written can be read");

    ngx_destroy_pool(pool);
}


static void
test_memory(void)
{
    char        *json;
    wire_t       w;
    ngx_int_t    rc;
    ngx_uint_t   n, wrong;

    json = wire_json("{'message':{'content':'c','thinking':'t','images':"
                     "['i'],'tool_calls':[{'function':{'name':'f',"
                     "'arguments':'{}'}}]},'logprobs':[1]}");

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    (void) wire_read_answer(&w, json, strlen(json));

    rc = NGX_ERROR;
    wrong = 0;

    for (n = 1; n < 60; n++) {
        ngx_shim_fail_at = n;

        rc = wire_read_answer(&w, json, strlen(json));

        if (ngx_shim_fail_at) {
            break;
        }

        wrong += (rc == NGX_OK);
    }

    ngx_shim_fail_at = 0;

    is_int(wrong, 0, "an answer is not read without memory");
    is_int(rc, NGX_OK, "with memory it is");
    ok(n > 6 && n < 60, "in each of the places where it is needed (%d)",
       (int) n);

    free(json);
    wire_free(&w);
}


int
main(void)
{
    test_rows();
    test_wrong();
    test_foreign();
    test_told();
    test_time();
    test_memory();

    return done();
}
