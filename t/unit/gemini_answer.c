
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* whole answers: what they are in the hub, and how they are worded */


#include "gemini.h"


#define PARTS(parts)                                                          \
    "{'candidates':[{'content':{'role':'model','parts':[" parts "]},"         \
    "'finishReason':'STOP'}]}"

#define TAIL                                                                  \
    "'modelVersion':'asked-model','responseId':"                              \
    "'0123456789abcdef0123456789abcdef'}"


/* an answer of another dialect, and how it is told */

typedef struct {
    const char  *name;
    void       (*make)(ngx_ai_answer_t *answer);
    const char  *out;
} told_row_t;


static void test_read(void);
static void test_finish(void);
static void test_usage(void);
static void test_refused(void);
static void test_write(void);
static void test_again(void);
static void test_caps(void);
static void test_memory(void);
static void str(ngx_str_t *s, const char *text);
static ngx_ai_part_t *part(ngx_ai_alternative_t *a, ngx_uint_t kind,
    const char *text);
static void make_all(ngx_ai_answer_t *answer);
static void make_two(ngx_ai_answer_t *answer);
static void make_none(ngx_ai_answer_t *answer);
static void make_lines(ngx_ai_answer_t *answer);


static const gemini_row_t  read_rows[] = {

    { "a text, and who said it",
      "{'candidates':[{'content':{'parts':[{'text':'hi'}],'role':'model'},"
      "'finishReason':'STOP','index':0,'avgLogprobs':-0.1}],"
      "'usageMetadata':{'promptTokenCount':1,'candidatesTokenCount':2,"
      "'totalTokenCount':3,'serviceTier':'flex'},'modelVersion':'m',"
      "'responseId':'r','createTime':'2025-01-01T00:00:00Z'}",
      "answer id=\"r\" model=\"m\" tier=\"flex\" created=0\n"
      "alternative finish=stop\n"
      "  text text=\"hi\"\n"
      "usage input=1 output=2\n" },

    { "thoughts, texts and calls, in their order",
      PARTS("{'text':'t','thought':true},{'text':'a'},"
            "{'functionCall':{'name':'f','args':{'x':1.0}},"
            "'thoughtSignature':'S'},{'functionCall':{'name':'g','id':'i'}},"
            "{'text':'b','thoughtSignature':'U'}"),
      "answer created=0\n"
      "alternative finish=tool_calls\n"
      "  thinking text=\"t\" summary\n"
      "  text text=\"a\"\n"
      "  call id=\"call_000000000\" name=\"f\" json={\"x\":1.0} "
      "signature=\"S\" origin=4\n"
      "  call id=\"i\" name=\"g\" json={}\n"
      "  text text=\"b\"\n"
      "  thinking summary signature=\"U\" origin=4\n"
      "usage none\n" },

    { "images, and what only Gemini has a word for",
      PARTS("{'inlineData':{'mimeType':'image/png','data':'A'},"
            "'thoughtSignature':'S'},{'executableCode':{'code':'1'}}"),
      "answer created=0\n"
      "alternative finish=stop\n"
      "  image data=\"A\" media=\"image/png\" signature=\"S\" origin=4\n"
      "  native name=\"executableCode\" json={\"executableCode\":"
      "{\"code\":\"1\"}} origin=4\n"
      "usage none\n" },

    { "nothing was said: the thoughts took it all",
      "{'candidates':[{'content':{'role':'model'},'finishReason':"
      "'MAX_TOKENS'}],'usageMetadata':{'promptTokenCount':1,"
      "'thoughtsTokenCount':4,'totalTokenCount':5}}",
      "answer created=0\n"
      "alternative finish=length\n"
      "usage input=1 reasoning=4\n" },

    { "a candidate without a content",
      "{'candidates':[{'finishReason':'SAFETY','safetyRatings':[]}]}",
      "answer created=0\n"
      "alternative finish=content_filter\n"
      "usage none\n" },

    { "a candidate without a reason",
      "{'candidates':[{'content':{}}]}",
      "answer created=0\n"
      "alternative finish=other\n"
      "usage none\n" },

    { "the prompt was refused",
      "{'promptFeedback':{'blockReason':'SAFETY'}}",
      "answer created=0\n"
      "alternative finish=content_filter\n"
      "usage none\n" },

    { "it says why and not what",
      "{'candidates':[],'promptFeedback':{'blockReasonMessage':'no'}}",
      "answer created=0\n"
      "alternative finish=content_filter\n"
      "usage none\n" },

    { "usage is all there is",
      "{'usageMetadata':{'totalTokenCount':3}}",
      "answer created=0\n"
      "alternative finish=other\n"
      "usage input=3\n" },

    { "several candidates",
      "{'candidates':[{'content':{'parts':[{'text':'a'}]},"
      "'finishReason':1},{'content':{'parts':{'text':'b'}},"
      "'finishReason':2,'index':1}]}",
      "answer created=0\n"
      "alternative finish=stop\n"
      "  text text=\"a\"\n"
      "alternative finish=length\n"
      "  text text=\"b\"\n"
      "usage none\n" },

    { "sources of the part that they are of",
      "{'candidates':[{'content':{'parts':[{'text':'a'},"
      "{'executableCode':{}},{'text':'b'}]},'finishReason':'STOP',"
      "'groundingMetadata':{'groundingChunks':[{'web':{'uri':'u0',"
      "'title':'t0'}},{'retrievedContext':{'uri':'u1','title':'t1',"
      "'text':'q1'}},{'maps':{'uri':'u2','title':'t2'}},{'other':{}}],"
      "'groundingSupports':[{'segment':{'startIndex':0,'endIndex':1,"
      "'text':'a','partIndex':0},'groundingChunkIndices':[0,1,9,-1,'x']},"
      "{'segment':{'endIndex':1},'groundingChunkIndices':[2]},"
      "{'groundingChunkIndices':'no'},{'segment':{'partIndex':1},"
      "'groundingChunkIndices':[0]}]},"
      "'citationMetadata':{'citationSources':[{'uri':'u3'},{'license':''}]}"
      "}]}",
      "answer created=0\n"
      "alternative finish=stop\n"
      "  text text=\"a\" citation{ url=\"u0\" title=\"t0\" -1--1 } "
      "citation{ url=\"u1\" title=\"t1\" quote=\"q1\" -1--1 }\n"
      "  native name=\"executableCode\" json={\"executableCode\":{}} "
      "origin=4\n"
      "  text text=\"b\" citation{ url=\"u2\" title=\"t2\" -1--1 } "
      "citation{ url=\"u0\" title=\"t0\" -1--1 } "
      "citation{ url=\"u3\" -1--1 }\n"
      "usage none\n" },

    { "sources of nothing",
      "{'candidates':[{'finishReason':'RECITATION','citationMetadata':"
      "{'citations':[{'uri':'u','title':'t'}]}}]}",
      "answer created=0\n"
      "alternative finish=content_filter\n"
      "usage none\n" },

    { "how probable the tokens were",
      "{'candidates':[{'content':{'parts':[{'text':'Hi'}]},'finishReason':"
      "'STOP','logprobsResult':{'chosenCandidates':[{'token':'H',"
      "'tokenId':1,'logProbability':-1.0e-05},{'token':'i'},{}],"
      "'topCandidates':[{'candidates':[{'token':'H','logProbability':-1},"
      "{'token':'h','logProbability':-2}]},{}]}}]}",
      "answer created=0\n"
      "alternative finish=stop logprobs={\"content\":[{\"token\":\"H\","
      "\"logprob\":-1.0e-05,\"bytes\":null,\"top_logprobs\":[{\"token\":"
      "\"H\",\"logprob\":-1,\"bytes\":null},{\"token\":\"h\",\"logprob\":-2,"
      "\"bytes\":null}]},{\"token\":\"i\",\"logprob\":0,\"bytes\":null,"
      "\"top_logprobs\":[]},{\"token\":\"\",\"logprob\":0,\"bytes\":null,"
      "\"top_logprobs\":[]}]}\n"
      "  text text=\"Hi\"\n"
      "usage none\n" }
};


static const struct {
    const char  *reason;
    ngx_uint_t   finish;
} finish_rows[] = {
    { "'STOP'", NGX_AI_FINISH_STOP },
    { "'MAX_TOKENS'", NGX_AI_FINISH_LENGTH },
    { "'SAFETY'", NGX_AI_FINISH_FILTER },
    { "'RECITATION'", NGX_AI_FINISH_FILTER },
    { "'LANGUAGE'", NGX_AI_FINISH_FILTER },
    { "'BLOCKLIST'", NGX_AI_FINISH_FILTER },
    { "'PROHIBITED_CONTENT'", NGX_AI_FINISH_FILTER },
    { "'SPII'", NGX_AI_FINISH_FILTER },
    { "'MODEL_ARMOR'", NGX_AI_FINISH_FILTER },
    { "'IMAGE_SAFETY'", NGX_AI_FINISH_FILTER },
    { "'IMAGE_PROHIBITED_CONTENT'", NGX_AI_FINISH_FILTER },
    { "'IMAGE_RECITATION'", NGX_AI_FINISH_FILTER },
    { "'IMAGE_OTHER'", NGX_AI_FINISH_FILTER },
    { "'MALFORMED_FUNCTION_CALL'", NGX_AI_FINISH_ERROR },
    { "'UNEXPECTED_TOOL_CALL'", NGX_AI_FINISH_ERROR },
    { "'TOO_MANY_TOOL_CALLS'", NGX_AI_FINISH_ERROR },
    { "'OTHER'", NGX_AI_FINISH_ERROR },
    { "'FINISH_REASON_UNSPECIFIED'", NGX_AI_FINISH_OTHER },
    { "'SOMETHING_NEW'", NGX_AI_FINISH_OTHER },
    { "''", NGX_AI_FINISH_OTHER },
    { "[]", NGX_AI_FINISH_OTHER },
    { "null", NGX_AI_FINISH_OTHER },
    { "1", NGX_AI_FINISH_STOP },
    { "2", NGX_AI_FINISH_LENGTH },
    { "3", NGX_AI_FINISH_FILTER },
    { "10", NGX_AI_FINISH_ERROR },
    { "0", NGX_AI_FINISH_OTHER },
    { "99", NGX_AI_FINISH_OTHER },
    { "-1", NGX_AI_FINISH_OTHER },
    { "1.5", NGX_AI_FINISH_OTHER },
    { "99999999999999999999", NGX_AI_FINISH_OTHER }
};


static const gemini_row_t  usage_rows[] = {

    { "the prompt has what was cached, and not what tools found",
      "{'promptTokenCount':10,'cachedContentTokenCount':4,"
      "'toolUsePromptTokenCount':3,'candidatesTokenCount':5,"
      "'thoughtsTokenCount':6,'totalTokenCount':24}",
      "usage input=9 cache_read=4 output=5 reasoning=6\n" },

    { "sounds are counted apart",
      "{'promptTokenCount':10,'candidatesTokenCount':9,"
      "'cachedContentTokenCount':4,"
      "'promptTokensDetails':[{'modality':'AUDIO','tokenCount':5},"
      "{'modality':'TEXT','tokenCount':5}],"
      "'cacheTokensDetails':[{'modality':'AUDIO','tokenCount':2}],"
      "'candidatesTokensDetails':[{'modality':4,'tokenCount':2},"
      "{'modality':2,'tokenCount':3},{'modality':'TEXT'}]}",
      "usage input=3 cache_read=4 output=4 audio_input=3 audio_output=2 "
      "image_output=3\n" },

    { "images in the prompt are input",
      "{'promptTokenCount':10,'promptTokensDetails':[{'modality':'IMAGE',"
      "'tokenCount':5}]}", "usage input=10\n" },

    { "a part is not more than its whole",
      "{'promptTokenCount':1,'cachedContentTokenCount':5,"
      "'candidatesTokenCount':1,'candidatesTokensDetails':["
      "{'modality':'AUDIO','tokenCount':7}]}",
      "usage cache_read=1 audio_output=1\n" },

    { "zero is a report", "{'promptTokenCount':0}", "usage\n" },

    { "what is no count is none",
      "{'promptTokenCount':-1,'candidatesTokenCount':'x',"
      "'totalTokenCount':1.5,'trafficType':'ON_DEMAND'}", "usage none\n" },

    { "the largest",
      "{'promptTokenCount':9223372036854775807,'toolUsePromptTokenCount':"
      "9223372036854775807,'candidatesTokenCount':9223372036854775807}",
      "usage input=9223372036854775807 output=9223372036854775807\n" }
};


static const char *const  refused_rows[] = {
    "[]", "'hi'", "1", "{}", "{'choices':[]}",
    "{'error':{'code':400},'candidates':[]}",
    "{'candidates':{}}", "{'candidates':[1]}",
    "{'candidates':[{'content':{'parts':[1]}}]}",
    "{'candidates':[{'content':{'parts':[{'text':{}}]}}]}",
    "{'candidates':[{'content':{'parts':[{'functionCall':{}}]}}]}",
    "{'candidates':[{'content':{'parts':[{'inlineData':{}}]}}]}"
};


static const told_row_t  told_rows[] = {

    { "everything",
      make_all,
      "{'candidates':[{'content':{'parts':["
      "{'text':'t','thought':true,'thoughtSignature':'YWlndy4zLkVyVS9CPT0='},"
      "{'thought':true,'thoughtSignature':'YWlndy4zLkRhVGE='},"
      "{'text':'a'},{'text':'no'},"
      "{'functionCall':{'name':'f','args':{'x':1.0},'id':'i'}},"
      "{'functionCall':{'name':'c','args':{'input':'z'},'id':'j'}},"
      "{'inlineData':{'mimeType':'image/png','data':'A'}},"
      "{'text':'b'}],'role':'model'},'finishReason':'STOP','index':0,"
      "'groundingMetadata':{'groundingChunks':[{'web':{'uri':'u',"
      "'title':'t'}},{'retrievedContext':{'title':'d','text':'q'}}],"
      "'groundingSupports':[{'segment':{'partIndex':2},"
      "'groundingChunkIndices':[0]},{'segment':{'partIndex':7},"
      "'groundingChunkIndices':[1]}]},'logprobsResult':{'chosenCandidates':["
      "{'token':'a','logProbability':-0.5}],'topCandidates':["
      "{'candidates':[{'token':'b','logProbability':-1}]}]}}],"
      "'usageMetadata':{'promptTokenCount':15,'cachedContentTokenCount':2,"
      "'candidatesTokenCount':18,'thoughtsTokenCount':5,'totalTokenCount':38,"
      "'promptTokensDetails':[{'modality':'TEXT','tokenCount':9},"
      "{'modality':'AUDIO','tokenCount':6}],'candidatesTokensDetails':["
      "{'modality':'TEXT','tokenCount':4},{'modality':'AUDIO',"
      "'tokenCount':7},{'modality':'IMAGE','tokenCount':7}]},"
      "'modelVersion':'m','responseId':'0123456789abcdef0123456789abcdef'}" },

    { "two alternatives, a model of no name",
      make_two,
      "{'candidates':[{'content':{'parts':[{'text':'a'}],'role':'model'},"
      "'finishReason':'MAX_TOKENS','index':0},{'content':{'parts':["
      "{'text':'b'}],'role':'model'},'finishReason':'SAFETY','index':1}]," TAIL
    },

    { "nothing",
      make_none,
      "{'candidates':[{'content':{'role':'model'},'finishReason':"
      "'FINISH_REASON_UNSPECIFIED','index':0}]," TAIL },

    { "without line ends",
      make_lines,
      "{'candidates':[{'content':{'parts':[{'functionCall':{'name':'f',"
      "'args':{ 'x':[1,  2]},'id':'i'}}],'role':'model'},"
      "'finishReason':'STOP','index':0}]," TAIL }
};


static void
str(ngx_str_t *s, const char *text)
{
    s->data = (u_char *) text;
    s->len = strlen(text);
}


static ngx_ai_part_t *
part(ngx_ai_alternative_t *a, ngx_uint_t kind, const char *text)
{
    ngx_ai_part_t  *p;

    p = ngx_ai_part_push(&a->parts, kind);

    str(&p->text, text);

    return p;
}


static void
make_all(ngx_ai_answer_t *answer)
{
    ngx_uint_t             i;
    ngx_ai_part_t         *p;
    ngx_ai_citation_t     *c;
    ngx_ai_alternative_t  *a;

    str(&answer->model, "m");
    str(&answer->id, "msg_x");

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        answer->usage.tokens[i] = i + 1;
    }

    answer->usage.tokens[NGX_AI_USAGE_IMAGE_IN] = 3;
    answer->usage.tokens[NGX_AI_USAGE_IMAGE_OUT] = 7;
    answer->usage.reported = 1;

    a = ngx_ai_answer_alternative(answer);
    a->finish = NGX_AI_FINISH_TOOLS;
    str(&a->logprobs, "{\"content\":[{\"token\":\"a\",\"logprob\":-0.5,"
                      "\"bytes\":[97],\"top_logprobs\":[{\"token\":\"b\","
                      "\"logprob\":-1}]}]}");

    p = part(a, NGX_AI_PART_THINKING, "t");
    p->origin = NGX_AI_DIALECT_ANTHROPIC;
    str(&p->signature, "ErU\\/B\\u003d=");

    p = part(a, NGX_AI_PART_REDACTED, "");
    p->origin = NGX_AI_DIALECT_ANTHROPIC;
    str(&p->data, "DaTa");

    p = part(a, NGX_AI_PART_TEXT, "a");
    p->citations = ngx_array_create(answer->pool, 1,
                                    sizeof(ngx_ai_citation_t));
    c = ngx_array_push(p->citations);
    memset(c, 0, sizeof(*c));
    str(&c->url, "u");
    str(&c->title, "t");

    (void) part(a, NGX_AI_PART_REFUSAL, "no");

    p = part(a, NGX_AI_PART_TOOL_CALL, "");
    str(&p->id, "i");
    str(&p->name, "f");
    str(&p->json, "{\"x\":1.0}");

    p = part(a, NGX_AI_PART_TOOL_CALL, "z");
    p->custom = 1;
    str(&p->id, "j");
    str(&p->name, "c");

    p = part(a, NGX_AI_PART_IMAGE, "");
    str(&p->data, "A");
    str(&p->media, "image/png");

    p = part(a, NGX_AI_PART_NATIVE, "");
    p->origin = NGX_AI_DIALECT_ANTHROPIC;
    str(&p->json, "{}");

    (void) part(a, NGX_AI_PART_AUDIO, "");

    p = part(a, NGX_AI_PART_TEXT, "b");
    p->citations = ngx_array_create(answer->pool, 2,
                                    sizeof(ngx_ai_citation_t));
    c = ngx_array_push(p->citations);
    memset(c, 0, sizeof(*c));
    str(&c->title, "d");
    str(&c->quote, "q");
    c = ngx_array_push(p->citations);
    memset(c, 0, sizeof(*c));
}


static void
make_two(ngx_ai_answer_t *answer)
{
    ngx_ai_alternative_t  *a;

    a = ngx_ai_answer_alternative(answer);
    a->finish = NGX_AI_FINISH_LENGTH;
    (void) part(a, NGX_AI_PART_TEXT, "a");

    a = ngx_ai_answer_alternative(answer);
    a->finish = NGX_AI_FINISH_FILTER;
    (void) part(a, NGX_AI_PART_TEXT, "b");
}


static void
make_none(ngx_ai_answer_t *answer)
{
    (void) ngx_ai_answer_alternative(answer);
}


static void
make_lines(ngx_ai_answer_t *answer)
{
    ngx_ai_part_t         *p;
    ngx_ai_alternative_t  *a;

    a = ngx_ai_answer_alternative(answer);
    a->finish = NGX_AI_FINISH_TOOLS;

    p = part(a, NGX_AI_PART_TOOL_CALL, "");
    str(&p->id, "i");
    str(&p->name, "f");
    str(&p->json, "{\r\n \"x\":[1,\n  2]\n}");
}


static void
test_read(void)
{
    ngx_int_t   rc;
    hub_text_t  t = { NULL, 0, 0 };
    ngx_uint_t  i;

    for (i = 0; i < GEMINI_ROWS(read_rows); i++) {

        rc = gemini_answer(read_rows[i].in);

        is_int(rc, NGX_OK, "it is an answer: %s", read_rows[i].name);

        hub_answer_text(&t, &gemini.answer);

        is_str(t.data, t.len, read_rows[i].out, "answer: %s",
               read_rows[i].name);
        hub_text_free(&t);
    }
}


static void
test_finish(void)
{
    char                   body[128];
    ngx_uint_t             i;
    ngx_ai_alternative_t  *a;

    for (i = 0; i < GEMINI_ROWS(finish_rows); i++) {

        snprintf(body, sizeof(body), "{'candidates':[{'finishReason':%s}]}",
                 finish_rows[i].reason);

        is_int(gemini_answer(body), NGX_OK, "there is an answer");

        a = gemini.answer.alternatives.elts;

        is_int(a->finish, finish_rows[i].finish, "%s is what it is",
               finish_rows[i].reason);
    }
}


static void
test_usage(void)
{
    char        body[512];
    hub_text_t  t = { NULL, 0, 0 };
    ngx_uint_t  i;

    for (i = 0; i < GEMINI_ROWS(usage_rows); i++) {

        snprintf(body, sizeof(body), "{'usageMetadata':%s}",
                 usage_rows[i].in);

        is_int(gemini_answer(body), NGX_OK, "there is an answer");

        hub_usage_text(&t, &gemini.answer.usage);

        is_str(t.data, t.len, usage_rows[i].out, "usage: %s",
               usage_rows[i].name);
        hub_text_free(&t);
    }
}


static void
test_refused(void)
{
    ngx_uint_t  i;

    for (i = 0; i < GEMINI_ROWS(refused_rows); i++) {
        is_int(gemini_answer(refused_rows[i]), NGX_ERROR,
               "no answer of Gemini's: %s", refused_rows[i]);
    }
}


static void
test_write(void)
{
    hub_text_t  t = { NULL, 0, 0 };
    ngx_uint_t  i;

    for (i = 0; i < GEMINI_ROWS(told_rows); i++) {

        ngx_reset_pool(gemini.pool);

        (void) ngx_ai_answer_init(&gemini.answer, gemini.pool,
                                  NGX_AI_DIALECT_ANTHROPIC);
        told_rows[i].make(&gemini.answer);

        is_int(wire_write_answer(&gemini), NGX_OK, "it is written: %s",
               told_rows[i].name);

        gemini_written(&t);

        is_str(t.data, t.len, told_rows[i].out, "told: %s",
               told_rows[i].name);
        hub_text_free(&t);
    }
}


/* what was told to a client of Gemini comes back from it */

static void
test_again(void)
{
    char        *body;
    ngx_str_t    out;
    hub_text_t   t = { NULL, 0, 0 };

    ngx_reset_pool(gemini.pool);

    (void) ngx_ai_answer_init(&gemini.answer, gemini.pool,
                              NGX_AI_DIALECT_ANTHROPIC);
    make_all(&gemini.answer);

    is_int(wire_write_answer(&gemini), NGX_OK, "an answer is written");

    /* the candidate's content as a turn of the model */

    out.data = gemini.out.start + sizeof("{\"candidates\":[{\"content\":") - 1;
    out.len = (u_char *) memmem(out.data, gemini.out.last - out.data,
                                ",\"finishReason\"",
                                sizeof(",\"finishReason\"") - 1)
              - out.data;

    body = malloc(out.len + 64);
    out.len = sprintf(body, "{\"contents\":[%.*s]}", (int) out.len, out.data);

    is_int(wire_read_ask(&gemini, body, out.len), NGX_OK,
           "its content is one of a request");

    hub_chat_text(&t, &gemini.chat);

    is_str(t.data, t.len,
           "options stream=0 usage=1\n"
           "fields image tool_call thinking signature redacted\n"
           "assistant\n"
           "  thinking text=\"t\" signature=\"ErU/B==\" origin=3\n"
           "  redacted data=\"DaTa\" origin=3\n"
           "  text text=\"a\"\n"
           "  text text=\"no\"\n"
           "  call id=\"i\" name=\"f\" json={\"x\":1.0}\n"
           "  call id=\"j\" name=\"c\" json={\"input\":\"z\"}\n"
           "  image data=\"A\" media=\"image/png\"\n"
           "  text text=\"b\"\n",
           "what others signed or hid comes back to them");

    hub_text_free(&t);
    free(body);
}


static void
test_caps(void)
{
    ngx_uint_t            i;
    ngx_ai_buf_t          out;
    ngx_ai_json_writer_t  w;

    ngx_reset_pool(gemini.pool);
    (void) ngx_ai_answer_init(&gemini.answer, gemini.pool,
                              NGX_AI_DIALECT_ANTHROPIC);
    make_all(&gemini.answer);

    for (i = 0; i < 1200; i += 7) {
        ngx_ai_buf_init(&out, i, &ngx_shim_log);
        ngx_ai_json_writer_init(&w, &out);

        (void) ngx_ai_gemini_write_answer(&gemini.answer, &gemini.told, &w);

        if (w.rc != NGX_DECLINED || ngx_ai_buf_len(&out) > i) {
            break;
        }

        ngx_ai_buf_free(&out);
    }

    ngx_ai_buf_free(&out);

    ok(i >= 1200, "an answer that is too long is none, wherever it ends");
}


static void
test_memory(void)
{
    char        *json;
    ngx_int_t    rc;
    ngx_uint_t   n, wrong;

    json = wire_json("{'candidates':[{'content':{'parts':[{'text':'a',"
                     "'thoughtSignature':'YWlndy4zLkVyVUI='},"
                     "{'functionCall':{'name':'f'}}]},"
                     "'groundingMetadata':{'groundingChunks':[{'web':"
                     "{'uri':'u'}}],'groundingSupports':["
                     "{'groundingChunkIndices':[0]}]},'logprobsResult':"
                     "{'chosenCandidates':[{'token':'a'}]}}]}");

    (void) wire_read_answer(&gemini, json, strlen(json));

    wrong = 0;

    for (n = 1; n < 200; n++) {
        ngx_shim_fail_at = n;

        rc = wire_read_answer(&gemini, json, strlen(json));

        if (ngx_shim_fail_at) {
            break;
        }

        if (rc == NGX_OK) {
            wrong++;
        }
    }

    ngx_shim_fail_at = 0;

    ok(n > 5 && n < 200, "an answer takes some allocations");
    is_int(wrong, 0, "each of them may fail");

    free(json);
}


int
main(void)
{
    gemini_init();

    test_read();
    test_finish();
    test_usage();
    test_refused();
    test_write();
    test_again();
    test_caps();
    test_memory();

    wire_free(&gemini);

    return done();
}
