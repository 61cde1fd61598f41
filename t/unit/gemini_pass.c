
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * What the gateway sees of Gemini's bytes when they pass: what is asked, how
 * it ends, what it used, what went wrong; and the words of its own errors.
 */


#include "gemini.h"


typedef struct {
    const char  *body;
    int64_t      max_tokens;
    int64_t      n;
    const char  *fault;            /* NULL: there is none */
} ask_row_t;


typedef struct {
    const char  *name;
    const char  *body;
    ngx_uint_t   finished;
    ngx_uint_t   finish;
    ngx_uint_t   error;
    ngx_uint_t   content;          /* of an event */
    const char  *usage;
} reply_row_t;


typedef struct {
    const char  *body;
    ngx_uint_t   kind;             /* the status says */
    ngx_int_t    rc;
    ngx_uint_t   want;
    const char  *message;
    int64_t      retry_after;
} error_row_t;


typedef struct {
    const char  *model;
    ngx_uint_t   stream;
    const char  *tail;
} tail_row_t;


static void test_ask(void);
static void test_edit(void);
static void test_tail(void);
static void test_reply(void);
static void test_events(void);
static void test_calls(void);
static void test_read_error(void);
static void test_write_error(void);
static void test_error_event(void);
static ngx_ai_reader_t *reader(ngx_uint_t table);


static ngx_pool_t       *pool;
static ngx_ai_reader_t  *readers;


static const ask_row_t  ask_rows[] = {
    { "{'contents':[]}", -1, 1, NULL },
    { "{'contents':{},'generationConfig':null}", -1, 1, NULL },
    { "{'contents':[],'generationConfig':{'maxOutputTokens':7,"
      "'candidateCount':2}}", 7, 2, NULL },
    { "{'contents':[],'generation_config':{'max_output_tokens':8,"
      "'candidate_count':3}}", 8, 3, NULL },
    { "{'contents':[],'generation_config':{'maxOutputTokens':9}}", 9, 1,
      NULL },
    { "{'contents':[],'generationConfig':{'temperature':'hot'},'tools':1}",
      -1, 1, NULL },
    { "{}", 0, 0, "\"contents\" is missing." },
    { "{'contents':null}", 0, 0, "\"contents\" is missing." },
    { "{'contents':'hi'}", 0, 0, "\"contents\" is of the wrong type." },
    { "{'contents':[],'contents':[]}", 0, 0,
      "\"contents\" is given more than once." },
    { "{'contents':[],'generationConfig':[]}", 0, 0,
      "\"generationConfig\" is of the wrong type." },
    { "{'contents':[],'generationConfig':{'maxOutputTokens':-1}}", 0, 0,
      "\"generationConfig.maxOutputTokens\" must be an integer, 0 or more." },
    { "{'contents':[],'generation_config':{'candidate_count':0}}", 0, 0,
      "\"generation_config.candidate_count\" must be from 1 to 128." }
};


static const tail_row_t  tail_rows[] = {
    { "gemini-2.5-pro", 0, "/models/gemini-2.5-pro:generateContent" },
    { "gemini-2.5-pro", 1,
      "/models/gemini-2.5-pro:streamGenerateContent?alt=sse" },
    { "models/gemini-2.5-pro", 0, "/models/gemini-2.5-pro:generateContent" },
    { "tunedModels/my-model", 1,
      "/tunedModels/my-model:streamGenerateContent?alt=sse" },
    { "gemini-1.5-pro@002", 0, "/models/gemini-1.5-pro@002:generateContent" },
    { "a:b?c#d%e[~_.]", 0,
      "/models/a%3Ab%3Fc%23d%25e%5B~_.%5D:generateContent" }
};


static const reply_row_t  reply_rows[] = {

    { "a text",
      "{'candidates':[{'content':{'parts':[{'text':'a'}]},'finishReason':"
      "'STOP'}],'usageMetadata':{'promptTokenCount':10,"
      "'cachedContentTokenCount':4,'toolUsePromptTokenCount':3,"
      "'candidatesTokenCount':5,'thoughtsTokenCount':6}}",
      1, NGX_AI_FINISH_STOP, 0, 1,
      "usage input=9 cache_read=4 output=5 reasoning=6\n" },

    { "a call ends with STOP",
      "{'candidates':[{'content':{'parts':[{'functionCall':{}}]},"
      "'finishReason':'STOP'}]}", 1, NGX_AI_FINISH_TOOLS, 0, 1,
      "usage none\n" },

    { "a number is a reason too",
      "{'candidates':[{'content':{'parts':[]},'finishReason':2}]}",
      1, NGX_AI_FINISH_LENGTH, 0, 1, "usage none\n" },

    { "one that is new is another",
      "{'candidates':[{'finishReason':'X'}]}", 1, NGX_AI_FINISH_OTHER, 0, 1,
      "usage none\n" },

    { "a call that is malformed",
      "{'candidates':[{'content':{'parts':[{'functionCall':{}}]},"
      "'finishReason':'MALFORMED_FUNCTION_CALL'}]}",
      1, NGX_AI_FINISH_ERROR, 0, 1, "usage none\n" },

    { "a prompt that is refused",
      "{'promptFeedback':{'blockReason':'SAFETY'},'usageMetadata':"
      "{'promptTokenCount':0}}", 1, NGX_AI_FINISH_FILTER, 0, 1, "usage\n" },

    { "it is not done",
      "{'candidates':[{'content':{'parts':[{'text':'a'}]}}]}", 0, 0, 0, 1,
      "usage none\n" },

    { "usage alone",
      "{'usageMetadata':{'promptTokenCount':3,'promptTokensDetails':"
      "[{'modality':'TEXT','tokenCount':1},{'modality':'AUDIO',"
      "'tokenCount':2}]}}", 0, 0, 0, 0, "usage input=1 audio_input=2\n" },

    { "images and sounds in the answer",
      "{'usageMetadata':{'candidatesTokenCount':9,'candidatesTokensDetails':"
      "[{'modality':2,'tokenCount':4}]}}", 0, 0, 0, 0,
      "usage output=5 image_output=4\n" },

    { "no counts", "{'usageMetadata':{'trafficType':'X'}}", 0, 0, 0, 0,
      "usage none\n" },

    { "an error", "{'error':{'code':499}}", 0, 0, 1, 0, "usage none\n" },

    { "an error in an array", "[{'error':{'code':400}}]", 0, 0, 1, 0,
      "usage none\n" }
};


static const error_row_t  error_rows[] = {

    { "{'error':{'code':400,'message':'API key not valid.','status':"
      "'INVALID_ARGUMENT','details':[{'@type':'x','reason':"
      "'API_KEY_INVALID','domain':'googleapis.com'},{'@type':'y',"
      "'locale':'en-US','message':'API key not valid.'}]}}",
      NGX_AI_ERROR_INVALID, NGX_OK, NGX_AI_ERROR_PROVIDER_AUTH,
      "API key not valid.", -1 },

    { "{'error':{'code':401,'message':'No.','status':'UNAUTHENTICATED'}}",
      NGX_AI_ERROR_AUTH, NGX_OK, NGX_AI_ERROR_PROVIDER_AUTH, "No.", -1 },

    { "{'error':{'code':403,'message':'No.','status':'PERMISSION_DENIED'}}",
      NGX_AI_ERROR_FORBIDDEN, NGX_OK, NGX_AI_ERROR_PROVIDER_AUTH, "No.", -1 },

    { "{'error':{'code':429,'message':'Wait.','status':'RESOURCE_EXHAUSTED',"
      "'details':[{'@type':'a','violations':[{'quotaId':'x'}]},"
      "{'@type':'b','retryDelay':'48s'}]}}",
      NGX_AI_ERROR_RATE, NGX_OK, NGX_AI_ERROR_RATE, "Wait.", 48000 },

    { "{'error':{'code':429,'message':'Wait.','details':["
      "{'retryDelay':'0.0305s'}]}}",
      NGX_AI_ERROR_RATE, NGX_OK, NGX_AI_ERROR_RATE, "Wait.", 31 },

    { "{'error':{'code':429,'message':'Wait.','details':["
      "{'retryDelay':'99999999999999999999s'}]}}",
      NGX_AI_ERROR_RATE, NGX_OK, NGX_AI_ERROR_RATE, "Wait.", 86400000 },

    { "{'error':{'code':429,'message':'Wait.','details':["
      "{'retryDelay':'soon'}]}}",
      NGX_AI_ERROR_RATE, NGX_OK, NGX_AI_ERROR_RATE, "Wait.", -1 },

    { "{'error':{'code':429,'message':'Wait.','details':["
      "{'retryDelay':'17'}]}}",
      NGX_AI_ERROR_RATE, NGX_OK, NGX_AI_ERROR_RATE, "Wait.", -1 },

    { "{'error':{'code':503,'message':'The model is overloaded.','status':"
      "'UNAVAILABLE'}}", NGX_AI_ERROR_UNAVAILABLE, NGX_OK,
      NGX_AI_ERROR_OVERLOADED, "The model is overloaded.", -1 },

    { "{'error':{'code':400,'message':'The input token count (9) exceeds the "
      "maximum number of tokens allowed (8).','status':'INVALID_ARGUMENT'}}",
      NGX_AI_ERROR_INVALID, NGX_OK, NGX_AI_ERROR_CONTEXT,
      "The input token count (9) exceeds the maximum number of tokens allowed "
      "(8).", -1 },

    { "{'error':{'code':404,'message':'models/x is not found for API version "
      "v1beta','status':'NOT_FOUND'}}", NGX_AI_ERROR_NOT_FOUND, NGX_OK,
      NGX_AI_ERROR_MODEL, "models/x is not found for API version v1beta",
      -1 },

    { "{'error':{'code':404,'message':'No file.','status':'NOT_FOUND'}}",
      NGX_AI_ERROR_NOT_FOUND, NGX_OK, NGX_AI_ERROR_NOT_FOUND, "No file.",
      -1 },

    { "{'error':{'code':504,'message':'Late.','status':"
      "'DEADLINE_EXCEEDED'}}", NGX_AI_ERROR_TIMEOUT, NGX_OK,
      NGX_AI_ERROR_TIMEOUT, "Late.", -1 },

    { "{'error':{'code':500,'message':'Oh.','status':'INTERNAL'}}",
      NGX_AI_ERROR_INTERNAL, NGX_OK, NGX_AI_ERROR_UPSTREAM, "Oh.", -1 },

    { "[{'error':{'code':400,'message':'No \\'x\\'.','status':"
      "'FAILED_PRECONDITION'}}]", NGX_AI_ERROR_INVALID, NGX_OK,
      NGX_AI_ERROR_INVALID, "No \\'x\\'.", -1 },

    /* the status knows best when there is no word */

    { "{'error':{'code':418,'message':'Tea.'}}", NGX_AI_ERROR_FORBIDDEN,
      NGX_OK, NGX_AI_ERROR_FORBIDDEN, "Tea.", -1 },

    { "{'error':{'code':400}}", NGX_AI_ERROR_INVALID, NGX_DECLINED,
      NGX_AI_ERROR_INVALID, "", -1 },
    { "{'error':'invalid_grant'}", NGX_AI_ERROR_INVALID, NGX_DECLINED,
      NGX_AI_ERROR_INVALID, "invalid_grant", -1 },
    { "{'message':'Forbidden'}", NGX_AI_ERROR_FORBIDDEN, NGX_DECLINED,
      NGX_AI_ERROR_FORBIDDEN, "Forbidden", -1 },
    { "<html>", NGX_AI_ERROR_UPSTREAM, NGX_DECLINED, NGX_AI_ERROR_UPSTREAM,
      "", -1 },
    { "", NGX_AI_ERROR_UPSTREAM, NGX_DECLINED, NGX_AI_ERROR_UPSTREAM, "",
      -1 },
    { "{'error':{'message':'x'}", NGX_AI_ERROR_UPSTREAM, NGX_DECLINED,
      NGX_AI_ERROR_UPSTREAM, "", -1 }
};


static ngx_ai_reader_t *
reader(ngx_uint_t table)
{
    return &readers[table];
}


static void
test_ask(void)
{
    char                   *json;
    ngx_int_t               rc;
    ngx_str_t               body;
    ngx_uint_t              i;
    ngx_ai_ask_t            ask;
    ngx_ai_error_t          error;
    const ask_row_t        *row;
    static ngx_ai_route_t   route;

    route.op = NGX_AI_OP_CHAT;
    route.flags = NGX_AI_ROUTE_BODY_JSON|NGX_AI_ROUTE_STREAM
                  |NGX_AI_ROUTE_MODEL_PATH;

    for (i = 0; i < GEMINI_ROWS(ask_rows); i++) {
        row = &ask_rows[i];

        json = wire_json(row->body);
        body.data = (u_char *) json;
        body.len = strlen(json);

        memset(&ask, 0, sizeof(ask));
        memset(&error, 0, sizeof(error));

        rc = ngx_ai_ask_read(&ngx_ai_gemini.tables[0], ngx_ai_gemini.rules,
                             reader(0), &route, &body, 1, pool, &ask, &error);

        if (row->fault != NULL) {
            is_int(rc, NGX_ERROR, "it is refused: %s", row->body);
            is_str(error.message.data, error.message.len, row->fault,
                   "and why is said");

        } else {
            is_int(rc, NGX_OK, "it is taken: %s", row->body);
            is_int(ask.max_tokens, row->max_tokens, "its tokens");
            is_int(ask.n, row->n, "its candidates");
            is_int(ask.stream, 1, "the path says that it streams");
        }

        free(json);
    }
}


static void
test_edit(void)
{
    ngx_str_t       model = ngx_string("other");
    ngx_ai_ask_t    ask;
    ngx_ai_edits_t  edits;

    memset(&ask, 0, sizeof(ask));
    memset(&edits, 0xff, sizeof(edits));

    ask.stream = 1;

    ngx_ai_gemini.edit(NULL, &ask, &model, 0, &edits);

    ok(edits.n == 0 && edits.usage == 0,
       "nothing in a body is changed for a target");
}


static void
test_tail(void)
{
    char           got[512];
    ngx_int_t      rc;
    ngx_str_t      tail, query;
    ngx_uint_t     i;
    ngx_ai_aim_t   aim;

    memset(&aim, 0, sizeof(aim));

    for (i = 0; i < GEMINI_ROWS(tail_rows); i++) {

        aim.model.data = (u_char *) tail_rows[i].model;
        aim.model.len = strlen(tail_rows[i].model);
        aim.stream = tail_rows[i].stream;

        rc = ngx_ai_gemini.tail(&aim, pool, &tail, &query);

        is_int(rc, NGX_OK, "there is a path for %s", tail_rows[i].model);

        snprintf(got, sizeof(got), "%.*s%s%.*s", (int) tail.len, tail.data,
                 query.len ? "?" : "", (int) query.len, query.data);

        is_str(got, strlen(got), tail_rows[i].tail, "and it is that");
    }

    ngx_str_null(&aim.model);
    is_int(ngx_ai_gemini.tail(&aim, pool, &tail, &query), NGX_DECLINED,
           "there is none without a model");

    ngx_str_set(&aim.model, "m");
    aim.op = NGX_AI_OP_RERANK;
    is_int(ngx_ai_gemini.tail(&aim, pool, &tail, &query), NGX_DECLINED,
           "and none for what Gemini does not do");

    aim.op = NGX_AI_OP_CHAT;
    ngx_shim_fail_at = 1;
    is_int(ngx_ai_gemini.tail(&aim, pool, &tail, &query), NGX_ERROR,
           "and none without memory");
    ngx_shim_fail_at = 0;
}


static void
test_reply(void)
{
    char               *json;
    ngx_str_t           body;
    hub_text_t          t = { NULL, 0, 0 };
    ngx_uint_t          i;
    ngx_ai_reply_t      reply;
    const reply_row_t  *row;

    for (i = 0; i < GEMINI_ROWS(reply_rows); i++) {
        row = &reply_rows[i];

        json = wire_json(row->body);
        body.data = (u_char *) json;
        body.len = strlen(json);

        memset(&reply, 0, sizeof(reply));

        is_int(ngx_ai_reader_read(reader(ngx_ai_gemini.reply), &body), NGX_OK,
               "it is JSON: %s", row->name);

        ngx_ai_gemini.read_reply(NULL, reader(ngx_ai_gemini.reply)->values, 0,
                                 &reply);

        ok(reply.finished == row->finished && reply.finish == row->finish,
           "how a reply ends: %s", row->name);
        is_int(reply.error, row->error, "whether it is an error");

        hub_usage_text(&t, &reply.usage);
        is_str(t.data, t.len, row->usage, "what it used");

        hub_text_free(&t);
        free(json);
    }
}


static void
test_events(void)
{
    char                *json;
    hub_text_t           t = { NULL, 0, 0 };
    ngx_uint_t           i;
    ngx_ai_event_t       event;
    ngx_ai_reply_t       reply;
    const reply_row_t   *row;
    ngx_ai_sse_event_t   ev;

    memset(&ev, 0, sizeof(ev));
    ev.lines = 1;

    for (i = 0; i < GEMINI_ROWS(reply_rows); i++) {
        row = &reply_rows[i];

        json = wire_json(row->body);
        ev.data.data = (u_char *) json;
        ev.data.len = strlen(json);

        memset(&reply, 0, sizeof(reply));
        memset(&event, 0xff, sizeof(event));

        is_int(ngx_ai_gemini.read_event(NULL, readers, &ev, 0, 0, &reply,
                                        &event), NGX_OK,
               "it is an event: %s", row->name);

        ok(reply.finished == row->finished && reply.finish == row->finish,
           "how a stream ends: %s", row->name);
        ok(event.error == row->error && reply.error == row->error,
           "whether it is an error");
        is_int(event.content, row->content, "whether the client sees of it");
        ok(!event.end && !event.drop && event.hide.end == 0,
           "nothing is hidden, and nothing is the end");

        hub_usage_text(&t, &reply.usage);
        is_str(t.data, t.len, row->usage, "what it used");

        hub_text_free(&t);
        free(json);
    }

    ngx_str_set(&ev.data, "[DONE]");

    is_int(ngx_ai_gemini.read_event(NULL, readers, &ev, 0, 0, &reply, &event),
           NGX_ERROR, "what is no JSON is no event");

    ngx_str_set(&ev.data, "1");

    is_int(ngx_ai_gemini.read_event(NULL, readers, &ev, 0, 0, &reply, &event),
           NGX_ERROR, "nor is a number");
}


/* a call, and in later events how it ends, and what it used at last */

static void
test_calls(void)
{
    ngx_uint_t           i;
    ngx_ai_event_t       event;
    ngx_ai_reply_t       reply;
    ngx_ai_sse_event_t   ev;

    static ngx_str_t  events[] = {
        ngx_string("{\"candidates\":[{\"content\":{\"parts\":[{"
                   "\"functionCall\":{\"name\":\"f\"}}]}}],\"usageMetadata\":"
                   "{\"promptTokenCount\":1}}"),
        ngx_string("{\"usageMetadata\":{\"trafficType\":\"X\"}}"),
        ngx_string("{\"candidates\":[{\"finishReason\":\"STOP\"}],"
                   "\"usageMetadata\":{\"promptTokenCount\":1,"
                   "\"candidatesTokenCount\":2}}")
    };

    memset(&ev, 0, sizeof(ev));
    memset(&reply, 0, sizeof(reply));
    ev.lines = 1;

    for (i = 0; i < 3; i++) {
        ev.data = events[i];

        (void) ngx_ai_gemini.read_event(NULL, readers, &ev, 0, 0, &reply,
                                        &event);

        is_int(reply.finished, i == 2, "it is over with its reason");
        is_int(reply.usage.tokens[NGX_AI_USAGE_INPUT], 1,
               "a report without counts is none");
    }

    is_int(reply.finish, NGX_AI_FINISH_TOOLS, "it was a call that it ended "
           "with");
    is_int(reply.usage.tokens[NGX_AI_USAGE_OUTPUT], 2,
           "the last report is the one");
}


static void
test_read_error(void)
{
    char               *json, *message;
    ngx_str_t           body;
    ngx_uint_t          i;
    ngx_ai_error_t      error;
    const error_row_t  *row;

    for (i = 0; i < GEMINI_ROWS(error_rows); i++) {
        row = &error_rows[i];

        json = wire_json(row->body);
        message = wire_json(row->message);
        body.data = (u_char *) json;
        body.len = strlen(json);

        memset(&error, 0, sizeof(error));
        error.kind = row->kind;

        is_int(ngx_ai_gemini.read_error(readers, &body, &error), row->rc,
               "an error: %s", row->body);
        is_int(error.kind, row->want, "its kind");
        is_str(error.message.len ? error.message.data : (u_char *) "",
               error.message.len, message, "its message");
        is_int(error.retry_after, row->retry_after, "when to come back");

        free(json);
        free(message);
    }
}


static void
test_write_error(void)
{
    ngx_str_t        body;
    hub_text_t       t = { NULL, 0, 0 };
    ngx_uint_t       kind;
    ngx_ai_buf_t     out;
    ngx_ai_error_t   error, again;

    ngx_ai_buf_init(&out, 4096, &ngx_shim_log);

    for (kind = 1; kind < NGX_AI_ERROR_MAX; kind++) {

        memset(&error, 0, sizeof(error));
        error.kind = kind;
        ngx_str_set(&error.message, "It is \"so\".");

        ngx_ai_buf_reset(&out);

        is_int(ngx_ai_gemini.write_error(&error, &out), NGX_OK,
               "an error of each kind is written: %d", (int) kind);

        body.data = out.start;
        body.len = ngx_ai_buf_len(&out);

        memset(&again, 0, sizeof(again));

        is_int(ngx_ai_gemini.read_error(readers, &body, &again), NGX_OK,
               "and is one of Gemini's");
        is_str(again.message.data, again.message.len, "It is \\\"so\\\".",
               "with its message");
        is_int(reader(NGX_AI_GEMINI_TABLE_ERROR)->values[3].value,
               ngx_ai_error_status(kind), "and its status");
    }

    memset(&error, 0, sizeof(error));
    error.kind = NGX_AI_ERROR_INVALID;
    error.status = 400;
    ngx_str_set(&error.message, "No.");
    ngx_str_set(&error.param, "contents[0].parts[1].text");

    ngx_ai_buf_reset(&out);
    (void) ngx_ai_gemini.write_error(&error, &out);

    hub_bytes(&t, out.start, ngx_ai_buf_len(&out));

    is_str(t.data, t.len,
           "{\"error\":{\"code\":400,\"message\":\"No.\",\"status\":"
           "\"INVALID_ARGUMENT\",\"details\":[{\"@type\":"
           "\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":"
           "[{\"field\":\"contents[0].parts[1].text\",\"description\":"
           "\"No.\"}]}]}}", "a field at fault is named as Google does");

    hub_text_free(&t);
    ngx_ai_buf_free(&out);
}


static void
test_error_event(void)
{
    ngx_uint_t       i;
    hub_text_t       t = { NULL, 0, 0 };
    ngx_ai_buf_t     out;
    ngx_ai_error_t   error;

    static const struct {
        ngx_uint_t   framing;
        const char  *text;
    } rows[] = {
        { NGX_AI_FRAMING_SSE,
          "data: {\"error\":{\"code\":504,\"message\":\"Late.\",\"status\":"
          "\"DEADLINE_EXCEEDED\"}}\n\n" },
        { NGX_AI_FRAMING_ARRAY,
          ",\r\n{\"error\":{\"code\":504,\"message\":\"Late.\",\"status\":"
          "\"DEADLINE_EXCEEDED\"}}\n]" }
    };

    memset(&error, 0, sizeof(error));
    error.kind = NGX_AI_ERROR_TIMEOUT;
    ngx_str_set(&error.message, "Late.");

    for (i = 0; i < GEMINI_ROWS(rows); i++) {
        ngx_ai_buf_init(&out, 4096, &ngx_shim_log);

        is_int(ngx_ai_gemini.write_error_event(NULL, &error, rows[i].framing,
                                               &out), NGX_OK,
               "an error ends a stream");

        hub_bytes(&t, out.start, ngx_ai_buf_len(&out));
        is_str(t.data, t.len, rows[i].text, "in its framing");

        hub_text_free(&t);
        ngx_ai_buf_free(&out);

        ngx_ai_buf_init(&out, 20, &ngx_shim_log);

        is_int(ngx_ai_gemini.write_error_event(NULL, &error, rows[i].framing,
                                               &out), NGX_DECLINED,
               "if there is room for it");
        ngx_ai_buf_free(&out);
    }
}


int
main(void)
{
    gemini_init();

    pool = ngx_create_pool(4096, &ngx_shim_log);
    readers = ngx_ai_readers_create(pool, ngx_ai_gemini.tables,
                                    ngx_ai_gemini.ntables);

    if (!ok(readers != NULL, "the tables can be scanned with")) {
        return done();
    }

    test_ask();
    test_edit();
    test_tail();
    test_reply();
    test_events();
    test_calls();
    test_read_error();
    test_write_error();
    test_error_event();

    ngx_destroy_pool(pool);
    wire_free(&gemini);

    return done();
}
