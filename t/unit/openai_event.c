
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "openai.h"


#define CHAT       NGX_AI_ROUTE_CHAT
#define RESPONSES  NGX_AI_ROUTE_RESPONSES

#define HEAD       "\"id\":\"c-1\",\"object\":\"chat.completion.chunk\","
#define TEXT       "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}," \
                   "\"finish_reason\":null}]"
#define LAST       "\"choices\":[{\"index\":0,\"delta\":{},"                  \
                   "\"finish_reason\":\"stop\"}]"
#define USED       "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}"

/* what an event is, in the order of the structure */

#define PLAIN      0
#define CONTENT    1
#define FAILED     2
#define END        4
#define DROP       8
#define BAD        16


/*
 * "shown" is the data without what is hidden from a client that did not ask
 * for usage, and NULL where nothing is.
 */

typedef struct {
    const char  *name;
    const char  *data;
    ngx_uint_t   is;
    const char  *shown;
} chunk_row_t;


typedef struct {
    const char  *name;
    const char  *event;
    const char  *data;
    ngx_uint_t   is;
    ngx_uint_t   finish;
} item_row_t;


/* one event on each line */

typedef struct {
    const char  *name;
    ngx_uint_t   quirks;
    const char  *events;
    ngx_uint_t   finish;
    ngx_uint_t   ended;
    ngx_uint_t   error;
    int64_t      in;
    int64_t      out;
} stream_row_t;


static void test_chunks(void);
static void test_chunk(const chunk_row_t *row, ngx_uint_t hidden);
static void test_slow(const chunk_row_t *row, ngx_uint_t hidden);
static void test_hidden(const chunk_row_t *row, const ngx_ai_event_t *event);
static void test_items(void);
static void test_streams(void);
static void test_named(void);
static void test_lengths(void);
static ngx_uint_t read_event(ngx_uint_t route, const char *name,
    const char *data, size_t len, ngx_uint_t quirks, ngx_uint_t hidden);


static ngx_ai_reply_t    reply;
static ngx_ai_event_t    event;
static ngx_ai_reader_t  *readers;


static const chunk_row_t  chunk_rows[] = {

    { "a piece of text", "{" HEAD TEXT "}", CONTENT, NULL },
    { "the terminator", "[DONE]", END, NULL },

    /* the member that is hidden, and its comma */

    { "usage is null at the end",
      "{" HEAD TEXT ",\"usage\":null}", CONTENT, "{" HEAD TEXT "}" },
    { "usage is null before the padding",
      "{" HEAD TEXT ",\"usage\":null,\"obfuscation\":\"aB3\"}", CONTENT,
      "{" HEAD TEXT ",\"obfuscation\":\"aB3\"}" },
    { "usage is null before padding with escapes",
      "{" HEAD TEXT ",\"usage\":null,\"obfuscation\":\"a\\\"}\"}", CONTENT,
      "{" HEAD TEXT ",\"obfuscation\":\"a\\\"}\"}" },
    { "usage is null before an empty padding",
      "{" HEAD TEXT ",\"usage\":null,\"obfuscation\":\"\"}", CONTENT,
      "{" HEAD TEXT ",\"obfuscation\":\"\"}" },
    { "usage is null before padding and more",
      "{" HEAD TEXT ",\"usage\":null,\"obfuscation\":\"a\",\"x\":1}", CONTENT,
      "{" HEAD TEXT ",\"obfuscation\":\"a\",\"x\":1}" },
    { "usage is null in the middle",
      "{" HEAD "\"usage\":null," TEXT "}", CONTENT, "{" HEAD TEXT "}" },
    { "usage is null at the start",
      "{\"usage\":null," HEAD TEXT "}", CONTENT, "{" HEAD TEXT "}" },
    { "usage is all there is",
      "{\"usage\":null}", CONTENT, "{}" },
    { "blanks around usage",
      "{" HEAD TEXT " , \"usage\" : null }", CONTENT, "{" HEAD TEXT "  }" },
    { "blanks around usage at the start",
      "{ \"usage\" : null , " HEAD TEXT " }", CONTENT, "{ " HEAD TEXT " }" },
    { "usage with the finish",
      "{" HEAD LAST "," USED "}", CONTENT, "{" HEAD LAST "}" },
    { "usage with text",
      "{" HEAD TEXT "," USED ",\"x\":1}", CONTENT,
      "{" HEAD TEXT ",\"x\":1}" },
    { "usage that is {}",
      "{" HEAD TEXT ",\"usage\":{}}", CONTENT, "{" HEAD TEXT "}" },

    /* an event for usage alone */

    { "usage without choices", "{" HEAD "\"choices\":[]," USED "}", DROP,
      NULL },
    { "usage without choices, the other way round",
      "{" USED ",\"choices\":[]," HEAD "\"x\":1}", DROP, NULL },
    { "usage without choices, with blanks",
      "{" HEAD "\"choices\": [ ] , " USED "}", DROP, NULL },
    { "no choices and no usage", "{" HEAD "\"choices\":[]}", PLAIN, NULL },
    { "no choices and no usage, with blanks",
      "{" HEAD "\"choices\":[ ]}", PLAIN, NULL },
    { "no choices and usage that is null (Azure)",
      "{" HEAD "\"choices\":[],\"prompt_filter_results\":[{}],"
      "\"usage\":null}", PLAIN,
      "{" HEAD "\"choices\":[],\"prompt_filter_results\":[{}]}" },

    /* what only looks like it */

    { "usage further down stays",
      "{" HEAD TEXT ",\"x_groq\":{\"id\":\"r\",\"usage\":null}}", CONTENT,
      NULL },
    { "usage and padding further down stay",
      "{" HEAD TEXT ",\"x\":{\"a\":1,\"usage\":null,\"obfuscation\":\"a\"}}",
      CONTENT, NULL },
    { "usage and padding further down stay in the middle",
      "{\"x\":{\"a\":1,\"usage\":null,\"obfuscation\":\"a\"}," TEXT "}",
      CONTENT, NULL },
    { "usage in a choice stays",
      "{" HEAD "\"choices\":[{\"delta\":{},\"usage\":null}]}", CONTENT, NULL },
    { "usage further down stays, that at the top does not",
      "{\"a\":{\"usage\":null}," HEAD TEXT ",\"usage\":null}", CONTENT,
      "{\"a\":{\"usage\":null}," HEAD TEXT "}" },
    { "usage in a text stays",
      "{" HEAD "\"choices\":[{\"delta\":{\"content\":"
      "\",\\\"usage\\\":null}\"}}]}", CONTENT, NULL },
    { "usage in a text stays, that at the top does not",
      "{\"choices\":[{\"delta\":{\"content\":\",\\\"usage\\\":null\"}}],"
      "\"usage\":null}", CONTENT,
      "{\"choices\":[{\"delta\":{\"content\":\",\\\"usage\\\":null\"}}]}" },
    { "a text that is the word stays",
      "{" HEAD "\"choices\":[{\"delta\":{\"content\":\"usage\"}}]}", CONTENT,
      NULL },
    { "a key that ends in the word stays",
      "{" HEAD TEXT ",\"a\\\"usage\":null}", CONTENT, NULL },
    { "a longer key stays", "{" HEAD TEXT ",\"usages\":null}", CONTENT, NULL },
    { "another value that begins with null's letter stays no null",
      "{" HEAD TEXT ",\"usage\":[null]}", CONTENT, "{" HEAD TEXT "}" },

    /* errors */

    { "an error alone", "{\"error\":{\"message\":\"m\",\"code\":500}}",
      CONTENT|FAILED, NULL },
    { "an error that is a string", "{" HEAD "\"error\":\"m\"}",
      CONTENT|FAILED, NULL },
    { "an error beside a choice (OpenRouter)",
      "{" HEAD "\"error\":{\"code\":502,\"message\":\"m\"},\"choices\":"
      "[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}",
      CONTENT|FAILED, NULL },
    { "an error beside usage is not dropped",
      "{\"error\":{\"message\":\"m\"},\"choices\":[]," USED "}", FAILED,
      "{\"error\":{\"message\":\"m\"},\"choices\":[]}" },
    { "an error that is null", "{" HEAD TEXT ",\"error\":null}", CONTENT,
      NULL },
    { "an error in a text",
      "{" HEAD "\"choices\":[{\"delta\":{\"content\":"
      "\"\\\"error\\\":{}\"}}]}", CONTENT, NULL },

    /* what has no place in a stream */

    { "nothing", "", BAD, NULL },
    { "an array", "[]", BAD, NULL },
    { "a string", "\"x\"", BAD, NULL },
    { "a terminator of another kind", "[END]", BAD, NULL },
    { "a word", "DONE", BAD, NULL },
    { "a brace", "{", BAD, NULL },
    { "an object that is cut, with usage",
      "{" HEAD TEXT ",\"usage\":{\"prompt_tokens\":", BAD, NULL },
    { "two objects, with a finish", "{" HEAD LAST "}{}", BAD, NULL }
};


static const item_row_t  item_rows[] = {

    { "a piece of text", "response.output_text.delta",
      "{\"type\":\"response.output_text.delta\",\"delta\":\"x\"}",
      CONTENT, 0 },
    { "a piece of text without a name", "",
      "{\"type\":\"response.output_text.delta\",\"delta\":\"x\"}",
      CONTENT, 0 },
    { "a piece of arguments", "response.function_call_arguments.delta",
      "{\"delta\":\"{\"}", CONTENT, 0 },
    { "what is no piece", "response.output_text.done",
      "{\"type\":\"response.output_text.done\",\"text\":\"x\"}", PLAIN, 0 },
    { "the start", "response.created",
      "{\"type\":\"response.created\",\"response\":{\"status\":"
      "\"in_progress\",\"error\":null,\"usage\":null}}", PLAIN, 0 },
    { "the start with usage, which is not the last", "response.in_progress",
      "{\"type\":\"response.in_progress\",\"response\":{\"usage\":"
      "{\"input_tokens\":1,\"output_tokens\":1}}}", PLAIN, 0 },
    { "a sign of life", "keepalive",
      "{\"type\":\"keepalive\",\"sequence_number\":3}", PLAIN, 0 },
    { "the end", "response.completed",
      "{\"type\":\"response.completed\",\"response\":{\"status\":"
      "\"completed\",\"error\":null,\"incomplete_details\":null}}",
      END, NGX_AI_FINISH_STOP },
    { "the end without a name", "",
      "{\"response\":{\"status\":\"completed\"},"
      "\"type\":\"response.completed\"}", END, NGX_AI_FINISH_STOP },
    { "the end for want of room", "response.incomplete",
      "{\"type\":\"response.incomplete\",\"response\":{\"status\":"
      "\"incomplete\",\"incomplete_details\":{\"reason\":"
      "\"max_output_tokens\"}}}", END, NGX_AI_FINISH_LENGTH },
    { "the end in failure", "response.failed",
      "{\"type\":\"response.failed\",\"response\":{\"status\":\"failed\","
      "\"error\":{\"code\":\"server_error\",\"message\":\"m\"}}}",
      END|FAILED, NGX_AI_FINISH_ERROR },
    { "an error", "error",
      "{\"type\":\"error\",\"code\":\"x\",\"message\":\"m\"}", FAILED, 0 },
    { "an error without a name", "",
      "{\"type\":\"error\",\"code\":\"x\",\"message\":\"m\"}", FAILED, 0 },
    { "an error in an item is none", "response.output_item.done",
      "{\"type\":\"response.output_item.done\",\"error\":{},"
      "\"item\":{\"error\":{}}}", PLAIN, 0 },
    { "a terminator all the same", "", "[DONE]", END, 0 },
    { "no type at all", "", "{\"error\":{\"message\":\"m\"}}", BAD, 0 },
    { "a type that is none", "", "{\"type\":1}", BAD, 0 },
    { "no object", "response.completed", "[]", BAD, 0 },
    { "an object that is cut", "response.completed",
      "{\"type\":\"response.completed\",\"response\":{", BAD, 0 }
};


static const stream_row_t  stream_rows[] = {

    { "OpenAI, usage asked for", 0,
      "{" HEAD "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
      "\"content\":\"\",\"refusal\":null},\"finish_reason\":null}],"
      "\"usage\":null}\n"
      "{" HEAD TEXT ",\"usage\":null}\n"
      "{" HEAD LAST ",\"usage\":null}\n"
      "{" HEAD "\"choices\":[]," USED "}\n[DONE]",
      NGX_AI_FINISH_STOP, 1, 0, 3, 4 },
    { "OpenAI, usage not asked for", 0,
      "{" HEAD TEXT "}\n{" HEAD LAST "}\n[DONE]",
      NGX_AI_FINISH_STOP, 1, 0, -1, 0 },
    { "Mistral, usage with the finish", NGX_AI_QUIRK_USAGE_ALWAYS,
      "{" HEAD TEXT "}\n{" HEAD LAST "," USED "}\n[DONE]",
      NGX_AI_FINISH_STOP, 1, 0, 3, 4 },
    { "Cerebras, no terminator", NGX_AI_QUIRK_NO_DONE,
      "{" HEAD TEXT "}\n{" HEAD LAST "," USED "}",
      NGX_AI_FINISH_STOP, 0, 0, 3, 4 },
    { "Perplexity, usage in each chunk", NGX_AI_QUIRK_NO_DONE,
      "{" TEXT ",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n"
      "{" TEXT ",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n"
      "{" LAST "," USED "}", NGX_AI_FINISH_STOP, 0, 0, 3, 4 },
    { "Groq, usage in three places", 0,
      "{" HEAD TEXT ",\"x_groq\":{\"id\":\"r\"}}\n"
      "{" HEAD LAST ",\"x_groq\":{\"usage\":{\"prompt_tokens\":99}}," USED "}\n"
      "{" HEAD "\"choices\":[]," USED "}\n[DONE]",
      NGX_AI_FINISH_STOP, 1, 0, 3, 4 },
    { "OpenRouter, two finish chunks", 0,
      "{" TEXT "}\n{" LAST "}\n{" LAST "," USED "}\n[DONE]",
      NGX_AI_FINISH_STOP, 1, 0, 3, 4 },
    { "an empty finish_reason in each chunk", 0,
      "{\"choices\":[{\"delta\":{},\"finish_reason\":\"\"}]}\n"
      "{\"choices\":[{\"delta\":{},\"finish_reason\":\"\"}]}",
      NGX_AI_FINISH_NONE, 0, 0, -1, 0 },
    { "cut before the finish", 0, "{" HEAD TEXT "}\n{" HEAD TEXT "}",
      NGX_AI_FINISH_NONE, 0, 0, -1, 0 },
    { "an error in the middle", 0,
      "{" HEAD TEXT "}\n{\"error\":{\"message\":\"m\"}}",
      NGX_AI_FINISH_NONE, 0, 1, -1, 0 },
    { "MiniMax, an error that is told by its own name",
      NGX_AI_QUIRK_NO_DONE|NGX_AI_QUIRK_BASE_RESP,
      "{\"id\":\"x\",\"choices\":null,\"base_resp\":{\"status_code\":1008,"
      "\"status_msg\":\"insufficient balance\"}}",
      NGX_AI_FINISH_NONE, 0, 1, -1, 0 },
    { "MiniMax, no error", NGX_AI_QUIRK_NO_DONE|NGX_AI_QUIRK_BASE_RESP,
      "{" TEXT "}\n{" LAST "}\n{\"choices\":[]," USED ",\"base_resp\":"
      "{\"status_code\":0}}", NGX_AI_FINISH_STOP, 0, 0, 3, 4 },
    { "xAI, reasoning apart", NGX_AI_QUIRK_REASONING_APART,
      "{" TEXT "}\n{" LAST "}\n{\"choices\":[],\"usage\":{\"prompt_tokens\":3,"
      "\"completion_tokens\":4,\"total_tokens\":10,"
      "\"completion_tokens_details\":{\"reasoning_tokens\":3}}}\n[DONE]",
      NGX_AI_FINISH_STOP, 1, 0, 3, 7 }
};


static ngx_uint_t
read_event(ngx_uint_t route, const char *name, const char *data, size_t len,
    ngx_uint_t quirks, ngx_uint_t hidden)
{
    ngx_int_t           rc;
    ngx_str_t           n, d;
    tap_guard_t         g;
    ngx_ai_sse_event_t  ev;

    n = openai_str(name);
    d.data = tap_guard(&g, data, len);
    d.len = len;

    ngx_memset(&event, 0x5a, sizeof(event));

    ev = openai_event(&n, &d);

    rc = ngx_ai_openai.read_event(ngx_ai_route(route), readers, &ev, quirks,
                                  hidden, &reply, &event);

    tap_unguard(&g);

    return (rc != NGX_OK) ? BAD
           : (event.content ? CONTENT : 0) | (event.error ? FAILED : 0)
             | (event.end ? END : 0) | (event.drop ? DROP : 0);
}


static void
test_chunks(void)
{
    ngx_uint_t  i;

    for (i = 0; i < sizeof(chunk_rows) / sizeof(chunk_row_t); i++) {
        test_chunk(&chunk_rows[i], 0);
        test_chunk(&chunk_rows[i], 1);
    }
}


static void
test_chunk(const chunk_row_t *row, ngx_uint_t hidden)
{
    ngx_uint_t  want;

    ngx_memzero(&reply, sizeof(reply));

    want = hidden ? row->is : row->is & ~DROP;

    is_int(read_event(CHAT, "", row->data, strlen(row->data), 0, hidden),
           want, "%s: %s", row->name, row->data);

    if (want & BAD) {
        return;
    }

    is_int(reply.error, (want & FAILED) != 0, "an error is remembered");
    is_int(reply.ended, (want & END) != 0, "an end is remembered");

    if (hidden && row->shown) {
        test_hidden(row, &event);

    } else {
        ok(event.hide.start == 0 && event.hide.end == 0,
           "nothing of it is hidden");
    }

    if (!(want & END)) {
        test_slow(row, hidden);
    }
}


/* a blank in front keeps the quick look at the bytes from being enough */

static void
test_slow(const chunk_row_t *row, ngx_uint_t hidden)
{
    char             data[1024];
    ngx_uint_t       quick, slow;
    ngx_ai_event_t   first;
    ngx_ai_reply_t   before;

    ngx_memzero(&reply, sizeof(reply));
    quick = read_event(CHAT, "", row->data, strlen(row->data), 0, hidden);

    first = event;
    before = reply;

    sprintf(data, " %s", row->data);

    ngx_memzero(&reply, sizeof(reply));
    slow = read_event(CHAT, "", data, strlen(data), 0, hidden);

    is_int(quick, slow, "a quick look sees what a reader does");
    ok(memcmp(&before, &reply, sizeof(reply)) == 0, "and remembers the same");

    ok((first.hide.end == 0 && event.hide.end == 0)
       || (first.hide.start + 1 == event.hide.start
           && first.hide.end + 1 == event.hide.end),
       "and hides the same");
}


static void
test_hidden(const chunk_row_t *row, const ngx_ai_event_t *ev)
{
    char          text[1024];
    size_t        len;
    openai_doc_t  want, got;

    len = strlen(row->data);

    if (!ok(ev->hide.start < ev->hide.end && ev->hide.end <= (off_t) len,
            "part of it is hidden"))
    {
        return;
    }

    memcpy(text, row->data, ev->hide.start);
    memcpy(text + ev->hide.start, row->data + ev->hide.end,
           len - ev->hide.end);
    len -= ev->hide.end - ev->hide.start;

    is_str(text, len, row->shown, "shown is %s", row->shown);

    ngx_memzero(&want, sizeof(want));
    ngx_memzero(&got, sizeof(got));
    want.drop = 1;

    ok(openai_read(&want, (u_char *) row->data, strlen(row->data))
       && openai_read(&got, (u_char *) text, len) && openai_same(&want, &got),
       "which is all of it but for the usage at the top");

    free(want.data);
    free(got.data);
}


static void
test_items(void)
{
    ngx_uint_t         i, want;
    const item_row_t  *row;

    for (i = 0; i < sizeof(item_rows) / sizeof(item_row_t); i++) {
        row = &item_rows[i];

        ngx_memzero(&reply, sizeof(reply));

        /* an end by an event is the reply's, not an event for nobody */

        want = read_event(RESPONSES, row->event, row->data, strlen(row->data),
                          0, 1);

        is_int(want | (want != BAD && reply.ended ? END : 0), row->is,
               "Responses: %s", row->name);
        ok(event.drop == 0 && event.hide.end == 0, "nothing is hidden");
        is_int(reply.finish, row->finish, "it ends for \"%s\"",
               ngx_ai_finish_names[row->finish].data);
        is_int(reply.error, (row->is & FAILED) != 0, "an error is remembered");
        is_int(reply.usage.reported, 0, "usage is that of the end");
    }

    ngx_memzero(&reply, sizeof(reply));

    read_event(RESPONSES, "response.completed",
               "{\"usage\":{\"input_tokens\":1},\"response\":{\"usage\":"
               "{\"input_tokens\":5,\"output_tokens\":6,"
               "\"output_tokens_details\":{\"reasoning_tokens\":2}}}}",
               strlen("{\"usage\":{\"input_tokens\":1},\"response\":{\"usage\":"
               "{\"input_tokens\":5,\"output_tokens\":6,"
               "\"output_tokens_details\":{\"reasoning_tokens\":2}}}}"),
               0, 0);

    ok(reply.usage.reported
       && reply.usage.tokens[NGX_AI_USAGE_INPUT] == 5
       && reply.usage.tokens[NGX_AI_USAGE_OUTPUT] == 4
       && reply.usage.tokens[NGX_AI_USAGE_REASONING] == 2,
       "Responses: usage is the response's");
}


static void
test_streams(void)
{
    ngx_uint_t           i, wrong;
    const char          *p, *end;
    const stream_row_t  *row;

    for (i = 0; i < sizeof(stream_rows) / sizeof(stream_row_t); i++) {
        row = &stream_rows[i];

        ngx_memzero(&reply, sizeof(reply));
        wrong = 0;

        for (p = row->events; *p; p = *end ? end + 1 : end) {
            end = p + strcspn(p, "\n");
            wrong += (read_event(CHAT, "", p, end - p, row->quirks, 1) == BAD);
        }

        is_int(wrong, 0, "%s: each event is read", row->name);
        is_int(reply.finish, row->finish, "it ends for \"%s\"",
               ngx_ai_finish_names[row->finish].data);
        is_int(reply.finished, row->finish != NGX_AI_FINISH_NONE,
               "it is %sfinished", row->finish ? "" : "not ");
        is_int(reply.ended, row->ended, "it is %sended",
               row->ended ? "" : "not ");
        is_int(reply.error, row->error, "with %s error",
               row->error ? "an" : "no");
        is_int(reply.usage.reported, row->in >= 0, "usage is %sreported",
               row->in >= 0 ? "" : "not ");

        if (row->in >= 0) {
            is_int(ngx_ai_usage_in(&reply.usage), row->in, "tokens in");
            is_int(ngx_ai_usage_out(&reply.usage), row->out, "tokens out");
        }
    }
}


/* Groq names the event, and its data is the usual envelope */

static void
test_named(void)
{
    static const char  data[] = "{\"error\":{\"message\":\"m\"}}";
    static const char  text[] = "{" HEAD TEXT "}";

    ngx_memzero(&reply, sizeof(reply));

    is_int(read_event(CHAT, "error", data, sizeof(data) - 1, 0, 0),
           CONTENT|FAILED, "an event named error is one");
    is_int(reply.error, 1, "and is remembered");

    ngx_memzero(&reply, sizeof(reply));

    is_int(read_event(CHAT, "error", text, sizeof(text) - 1, 0, 0),
           CONTENT|FAILED, "whatever its data is");
    is_int(reply.error, 1, "and is remembered");

    ngx_memzero(&reply, sizeof(reply));

    is_int(read_event(CHAT, "errors", text, sizeof(text) - 1, 0, 0), CONTENT,
           "an event of another name is none");
    is_int(read_event(NGX_AI_ROUTE_COMPLETIONS, "", text, sizeof(text) - 1, 0,
                      0), CONTENT, "completions are streamed as chats are");
    is_int(reply.error, 0, "and no error is remembered");
}


/* wherever a mark is in the vectors that it is looked for with */

static void
test_lengths(void)
{
    char        data[256];
    size_t      len, pad;
    ngx_uint_t  i, wrong;

    static const char  *marks[] = {
        "\"error\":{}", "\"usage\":{\"prompt_tokens\":1}",
        "\"choices\":[]", "\"choices\":[{\"finish_reason\":\"stop\"}]",
        "\"choices\":[ ]", "\"choices\":[\t]"
    };

    wrong = 0;

    for (pad = 0; pad < 70; pad++) {
        for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {

            len = sprintf(data, "{\"a\":\"%.*s\",%s,\"b\":\"%.*s\"}",
                          (int) pad, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                          marks[i], (int) (70 - pad),
                          "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
                          "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");

            ngx_memzero(&reply, sizeof(reply));

            (void) read_event(CHAT, "", data, len, 0, 0);

            wrong += (reply.error != (i == 0)
                      || reply.usage.reported != (i == 1)
                      || event.content != (i != 2 && i < 4)
                      || reply.finished != (i == 3));
        }
    }

    is_int(wrong, 0, "a mark is found at any place");
}


int
main(void)
{
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    readers = ngx_ai_readers_create(pool, ngx_ai_openai.tables,
                                    ngx_ai_openai.ntables);

    test_chunks();
    test_items();
    test_streams();
    test_named();
    test_lengths();

    ngx_destroy_pool(pool);

    return done();
}
