
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* what passes between a client and an Ollama: requests, replies, errors */


#include "tap.h"
#include "wire.h"


typedef struct {
    const char  *body;
    ngx_uint_t   route;
    const char  *fault;           /* NULL: it is taken */
    ngx_uint_t   stream;
} ask_row_t;


typedef struct {
    const char  *name;
    const char  *body;
    ngx_uint_t   finish;
    ngx_uint_t   finished;
    int64_t      in;              /* -1: no usage */
    int64_t      out;
    ngx_uint_t   content;
    ngx_uint_t   error;
} reply_row_t;


typedef struct {
    const char  *body;
    ngx_uint_t   status;
    ngx_int_t    rc;
    ngx_uint_t   kind;
    const char  *message;
} error_row_t;


static void test_asks(ngx_pool_t *pool);
static void test_edit(ngx_pool_t *pool);
static void test_replies(ngx_ai_reader_t *readers);
static void test_calls(ngx_ai_reader_t *readers);
static void test_wrong(ngx_ai_reader_t *readers);
static void test_errors(ngx_ai_reader_t *readers);
static void test_envelope(void);
static void test_tail(ngx_pool_t *pool);


static const ask_row_t  asks[] = {
    { "{'model':'m','messages':[]}", NGX_AI_ROUTE_OLLAMA_CHAT, NULL, 1 },
    { "{'model':'m','stream':false}", NGX_AI_ROUTE_OLLAMA_CHAT, NULL, 0 },
    { "{'model':'m','stream':null}", NGX_AI_ROUTE_OLLAMA_CHAT, NULL, 1 },
    { "{'model':'m','prompt':'p'}", NGX_AI_ROUTE_OLLAMA_GENERATE, NULL, 1 },
    { "{'model':'m','options':{'num_predict':-1}}",
      NGX_AI_ROUTE_OLLAMA_CHAT, NULL, 1 },
    { "{'model':'m','format':'json'}", NGX_AI_ROUTE_OLLAMA_CHAT, NULL, 1 },
    { "{'model':'m','format':{}}", NGX_AI_ROUTE_OLLAMA_CHAT, NULL, 1 },
    { "{'model':'m','input':'a'}", NGX_AI_ROUTE_OLLAMA_EMBED, NULL, 0 },
    { "{'model':'m','input':['a']}", NGX_AI_ROUTE_OLLAMA_EMBED, NULL, 0 },
    { "{'model':'m'}", NGX_AI_ROUTE_OLLAMA_EMBED,
      "\"input\" is missing.", 0 },
    { "{'messages':[]}", NGX_AI_ROUTE_OLLAMA_CHAT,
      "\"model\" is missing.", 0 },
    { "{'model':1}", NGX_AI_ROUTE_OLLAMA_CHAT,
      "\"model\" is of the wrong type.", 0 },
    { "{'model':'m','messages':{}}", NGX_AI_ROUTE_OLLAMA_CHAT,
      "\"messages\" is of the wrong type.", 0 },
    { "{'model':'m','stream':'no'}", NGX_AI_ROUTE_OLLAMA_CHAT,
      "\"stream\" is of the wrong type.", 0 },
    { "{'model':'m','model':'m'}", NGX_AI_ROUTE_OLLAMA_CHAT,
      "\"model\" is given more than once.", 0 }
};


static const reply_row_t  replies[] = {

    { "a whole reply",
      "{'message':{'role':'assistant','content':'a'},'done':true,"
      "'done_reason':'stop','prompt_eval_count':11,'eval_count':7}",
      NGX_AI_FINISH_STOP, 1, 11, 7, 1, 0 },

    { "one that was cut, of a cached prompt",
      "{'message':{'content':''},'done':true,'done_reason':'length',"
      "'eval_count':7}",
      NGX_AI_FINISH_LENGTH, 1, 0, 7, 0, 0 },

    { "one with calls",
      "{'message':{'tool_calls':[{}]},'done':true,'done_reason':'stop'}",
      NGX_AI_FINISH_TOOLS, 1, -1, 0, 1, 0 },

    { "a line of text",
      "{'message':{'content':'a'},'done':false}",
      NGX_AI_FINISH_NONE, 0, -1, 0, 1, 0 },

    { "a line of thoughts",
      "{'message':{'content':'','thinking':'t'},'done':false}",
      NGX_AI_FINISH_NONE, 0, -1, 0, 1, 0 },

    { "a line of nothing",
      "{'message':{'content':'','tool_calls':[],'images':null},'done':false}",
      NGX_AI_FINISH_NONE, 0, -1, 0, 0, 0 },

    { "a line of an image",
      "{'message':{'images':['AA==']},'done':false}",
      NGX_AI_FINISH_NONE, 0, -1, 0, 1, 0 },

    { "lines of /api/generate",
      "{'response':'a','done':false}", NGX_AI_FINISH_NONE, 0, -1, 0, 1, 0 },

    { "thoughts of /api/generate",
      "{'response':'','thinking':'a','done':false}",
      NGX_AI_FINISH_NONE, 0, -1, 0, 1, 0 },

    { "an end of /api/generate",
      "{'response':'','done':true,'done_reason':'stop','context':[1],"
      "'prompt_eval_count':11,'eval_count':7}",
      NGX_AI_FINISH_STOP, 1, 11, 7, 0, 0 },

    { "an embedding",
      "{'embeddings':[[0.1]],'prompt_eval_count':11}",
      NGX_AI_FINISH_NONE, 0, 11, 0, 0, 0 },

    { "an error",
      "{'error':'no'}", NGX_AI_FINISH_NONE, 0, -1, 0, 0, 1 },

    { "numbers that can't be",
      "{'message':{'content':'a'},'done':true,'prompt_eval_count':-1,"
      "'eval_count':1.5}",
      NGX_AI_FINISH_STOP, 1, 0, 0, 1, 0 }
};


static const error_row_t  errors[] = {
    { "{'error':'model `x` not found'}", 404, NGX_OK,
      NGX_AI_ERROR_MODEL, "model 'x' not found" },
    { "{'error':'model \\'x\\' not found, try pulling it first'}", 404,
      NGX_OK, NGX_AI_ERROR_MODEL,
      "model \\\"x\\\" not found, try pulling it first" },
    { "{'error':'the input length exceeds the context length'}", 400, NGX_OK,
      NGX_AI_ERROR_CONTEXT, "the input length exceeds the context length" },
    { "{'error':'server busy, please try again'}", 503, NGX_OK,
      NGX_AI_ERROR_OVERLOADED, "server busy, please try again" },
    { "{'error':'`m` does not support tools'}", 400, NGX_OK,
      NGX_AI_ERROR_INVALID, "'m' does not support tools" },
    { "{'error':'unauthorized'}", 401, NGX_OK,
      NGX_AI_ERROR_AUTH, "unauthorized" },
    { "{'error':{'message':'of OpenAI`s kind'}}", 500, NGX_DECLINED,
      NGX_AI_ERROR_INTERNAL, "of OpenAI's kind" },
    { "{'message':'of AWS'}", 500, NGX_DECLINED,
      NGX_AI_ERROR_INTERNAL, "of AWS" },
    { "{'detail':'of FastAPI'}", 500, NGX_DECLINED,
      NGX_AI_ERROR_INTERNAL, "of FastAPI" },
    { "{'error':7}", 500, NGX_DECLINED, NGX_AI_ERROR_INTERNAL, "" },
    { "<html>", 500, NGX_DECLINED, NGX_AI_ERROR_INTERNAL, "" },
    { "", 500, NGX_DECLINED, NGX_AI_ERROR_INTERNAL, "" }
};


static void
test_asks(ngx_pool_t *pool)
{
    ngx_int_t         rc;
    ngx_str_t         body;
    ngx_uint_t        i;
    ngx_ai_ask_t      ask;
    ngx_ai_error_t    error;
    const ask_row_t  *row;
    ngx_ai_reader_t  *readers;

    readers = ngx_ai_readers_create(pool, ngx_ai_ollama.tables,
                                    ngx_ai_ollama.ntables);

    for (i = 0; i < sizeof(asks) / sizeof(ask_row_t); i++) {
        row = &asks[i];

        body.data = (u_char *) wire_json(row->body);
        body.len = strlen((char *) body.data);

        memset(&ask, 0, sizeof(ask));
        memset(&error, 0, sizeof(error));

        rc = ngx_ai_ask_read(ngx_ai_ollama.tables, ngx_ai_ollama.rules,
                             readers, ngx_ai_route(row->route), &body, 1,
                             pool, &ask, &error);

        if (row->fault) {
            is_str(error.message.data, error.message.len, row->fault,
                   "refused: %s", row->body);

        } else {
            is_int(rc, NGX_OK, "taken: %s", row->body);
            is_str(ask.model.data, ask.model.len, "m", "with its model");
            is_int(ask.stream, row->stream, "and %s stream",
                   row->stream ? "a" : "no");
        }

        free(body.data);
    }
}


static void
test_edit(ngx_pool_t *pool)
{
    ngx_str_t         body, model;
    ngx_ai_ask_t      ask;
    ngx_ai_error_t    error;
    ngx_ai_edits_t    edits;
    ngx_ai_reader_t  *readers;

    readers = ngx_ai_readers_create(pool, ngx_ai_ollama.tables,
                                    ngx_ai_ollama.ntables);

    ngx_str_set(&body, "{\"stream\":true,\"model\":\"mine\"}");
    memset(&ask, 0, sizeof(ask));

    (void) ngx_ai_ask_read(ngx_ai_ollama.tables, ngx_ai_ollama.rules, readers,
                           ngx_ai_route(NGX_AI_ROUTE_OLLAMA_CHAT), &body, 1,
                           pool, &ask, &error);

    ngx_str_set(&model, "theirs");
    ngx_ai_ollama.edit(ngx_ai_route(NGX_AI_ROUTE_OLLAMA_CHAT), &ask, &model,
                       0, &edits);

    is_int(edits.n, 1, "the model is all that changes");
    is_int(edits.usage, 0, "usage comes without asking");
    is_str(body.data + edits.edits[0].span.start,
           (size_t) (edits.edits[0].span.end - edits.edits[0].span.start),
           "mine", "from the client's name");
    is_str(edits.edits[0].with.data, edits.edits[0].with.len, "theirs",
           "to the target's");

    ngx_str_set(&model, "mine");
    ngx_ai_ollama.edit(ngx_ai_route(NGX_AI_ROUTE_OLLAMA_CHAT), &ask, &model,
                       0, &edits);
    is_int(edits.n, 0, "a model of the same name stays");

    model.len = 0;
    ngx_ai_ollama.edit(ngx_ai_route(NGX_AI_ROUTE_OLLAMA_CHAT), &ask, &model,
                       0, &edits);
    is_int(edits.n, 0, "and so does one that has no other");
}


static void
test_replies(ngx_ai_reader_t *readers)
{
    ngx_uint_t           i;
    ngx_ai_event_t       event;
    ngx_ai_reply_t       reply, whole;
    ngx_ai_reader_t     *reader;
    const reply_row_t   *row;
    ngx_ai_sse_event_t   ev;

    reader = &readers[ngx_ai_ollama.reply];

    for (i = 0; i < sizeof(replies) / sizeof(reply_row_t); i++) {
        row = &replies[i];

        memset(&ev, 0, sizeof(ev));
        memset(&reply, 0, sizeof(reply));
        memset(&whole, 0, sizeof(whole));

        ev.data.data = (u_char *) wire_json(row->body);
        ev.data.len = strlen((char *) ev.data.data);
        ev.lines = 1;

        is_int(ngx_ai_ollama.read_event(NULL, readers, &ev, 0, 0, &reply,
                                        &event),
               NGX_OK, "passes: %s", row->name);

        is_int(reply.finish, row->finish, "%s: its finish", row->name);
        is_int(reply.finished, row->finished, "%s: that it has one",
               row->name);
        is_int(reply.ended, row->finished, "%s: that it is the end",
               row->name);
        is_int(event.end, row->finished, "%s: that it ends", row->name);
        is_int(event.content, row->content, "%s: its content", row->name);
        is_int(event.error, row->error, "%s: its error", row->name);
        is_int(reply.error, row->error, "%s: that it is one", row->name);
        is_int(reply.usage.reported, row->in != -1, "%s: its usage",
               row->name);

        if (row->in != -1) {
            is_int(reply.usage.tokens[NGX_AI_USAGE_INPUT], row->in,
                   "%s: of the prompt", row->name);
            is_int(reply.usage.tokens[NGX_AI_USAGE_OUTPUT], row->out,
                   "%s: of the answer", row->name);
        }

        (void) ngx_ai_reader_read(reader, &ev.data);
        ngx_ai_ollama.read_reply(NULL, reader->values, 0, &whole);

        whole.ended = reply.ended;
        is_bytes(&whole, sizeof(whole), &reply, sizeof(reply),
                 "%s: the same of a whole reply", row->name);

        free(ev.data.data);
    }
}


/* calls come before the line that says why it ends */

static void
test_calls(ngx_ai_reader_t *readers)
{
    ngx_uint_t          i;
    ngx_ai_event_t      event;
    ngx_ai_reply_t      reply;
    ngx_ai_sse_event_t  ev;

    static const ngx_str_t  lines[] = {
        ngx_string("{\"message\":{\"tool_calls\":[{}]},\"done\":false}"),
        ngx_string("{\"message\":{\"content\":\"\"},\"done\":false}"),
        ngx_string("{\"message\":{},\"done\":true,\"done_reason\":\"stop\"}")
    };

    memset(&ev, 0, sizeof(ev));
    memset(&reply, 0, sizeof(reply));

    for (i = 0; i < 3; i++) {
        ev.data = lines[i];
        (void) ngx_ai_ollama.read_event(NULL, readers, &ev, 0, 0, &reply,
                                        &event);
    }

    is_int(reply.finish, NGX_AI_FINISH_TOOLS,
           "a stop behind calls is one for tools");
}


static void
test_wrong(ngx_ai_reader_t *readers)
{
    ngx_uint_t          i;
    ngx_ai_event_t      event;
    ngx_ai_reply_t      reply;
    ngx_ai_sse_event_t  ev;

    static const ngx_str_t  lines[] = {
        ngx_string(""),
        ngx_string("[]"),
        ngx_string("7"),
        ngx_string("{\"message\":"),
        ngx_string("data: {}"),
        ngx_string("{\"error\":\"\xff\"}")
    };

    memset(&ev, 0, sizeof(ev));
    memset(&reply, 0, sizeof(reply));

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        ev.data = lines[i];

        is_int(ngx_ai_ollama.read_event(NULL, readers, &ev, 0, 0, &reply,
                                        &event),
               NGX_ERROR, "is no line of a stream: %s", lines[i].data);
    }
}


static void
test_errors(ngx_ai_reader_t *readers)
{
    ngx_str_t           body;
    ngx_uint_t          i;
    ngx_ai_error_t      error;
    const error_row_t  *row;

    for (i = 0; i < sizeof(errors) / sizeof(error_row_t); i++) {
        row = &errors[i];

        body.data = (u_char *) wire_json(row->body);
        body.len = strlen((char *) body.data);

        memset(&error, 0, sizeof(error));
        error.status = row->status;
        error.kind = ngx_ai_error_kind(row->status);

        is_int(ngx_ai_ollama.read_error(readers, &body, &error), row->rc,
               "%s: %s", row->rc == NGX_OK ? "its own" : "not its own",
               row->body);
        is_int(error.kind, row->kind, "its kind");

        if (row->message[0]) {
            is_str(error.message.data, error.message.len, row->message,
                   "its message");

        } else {
            is_int(error.message.len, 0, "no message");
        }

        free(body.data);
    }
}


static void
test_envelope(void)
{
    ngx_ai_buf_t    out;
    ngx_ai_error_t  error;

    memset(&error, 0, sizeof(error));

    error.kind = NGX_AI_ERROR_RATE;
    error.status = 429;
    ngx_str_set(&error.message, "Wait a \"while\".");

    ngx_ai_buf_init(&out, 1000, &ngx_shim_log);

    is_int(ngx_ai_ollama.write_error(&error, &out), NGX_OK,
           "an error is written");
    is_str(out.start, ngx_ai_buf_len(&out),
           "{\"error\":\"Wait a \\\"while\\\".\"}", "as a sentence");
    is_int(error.status, 429, "with the status that it had");

    ngx_ai_buf_reset(&out);

    is_int(ngx_ai_ollama.write_error_event(NULL, &error,
                                           NGX_AI_FRAMING_LINES, &out),
           NGX_OK, "an error is written into a stream");
    is_str(out.start, ngx_ai_buf_len(&out),
           "{\"error\":\"Wait a \\\"while\\\".\"}\n", "as a line");

    ngx_ai_buf_free(&out);
    out.max = 10;

    is_int(ngx_ai_ollama.write_error(&error, &out), NGX_DECLINED,
           "an error that is too long is not written");
    is_int(ngx_ai_ollama.write_error_event(NULL, &error,
                                           NGX_AI_FRAMING_LINES, &out),
           NGX_DECLINED, "nor is it into a stream");

    ngx_ai_buf_free(&out);
}


static void
test_tail(ngx_pool_t *pool)
{
    ngx_str_t     tail, query;
    ngx_ai_aim_t  aim;

    memset(&aim, 0, sizeof(aim));
    ngx_str_set(&aim.model, "m");

    aim.op = NGX_AI_OP_CHAT;
    is_int(ngx_ai_ollama.tail(&aim, pool, &tail, &query), NGX_OK,
           "there is a path for chat");
    is_str(tail.data, tail.len, "/api/chat", "which is /api/chat");
    is_int(query.len, 0, "and no query");

    aim.op = NGX_AI_OP_EMBED;
    (void) ngx_ai_ollama.tail(&aim, pool, &tail, &query);
    is_str(tail.data, tail.len, "/api/embed", "that of embeddings");

    aim.op = NGX_AI_OP_IMAGE;
    is_int(ngx_ai_ollama.tail(&aim, pool, &tail, &query), NGX_ERROR,
           "there is none for images");
}


int
main(void)
{
    ngx_pool_t       *pool;
    ngx_ai_reader_t  *readers;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    readers = ngx_ai_readers_create(pool, ngx_ai_ollama.tables,
                                    ngx_ai_ollama.ntables);

    test_asks(pool);
    test_edit(pool);
    test_replies(readers);
    test_calls(readers);
    test_wrong(readers);
    test_errors(readers);
    test_envelope();
    test_tail(pool);

    ngx_destroy_pool(pool);

    return done();
}
