
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* what is written for /api/chat */


#include "tap.h"
#include "wire.h"
#include "hub_field.h"


#define SAYS(more)  "{'messages':[" more "]}"
#define WITH(more)  "{'messages':[]," more "}"

/* without the braces, the model and "stream" */

#define NONE        "'messages':[]"


typedef struct {
    const char    *name;
    const char    *model;
    void         (*twist)(ngx_ai_chat_t *chat);
    const char    *body;
    const char    *want;
    const char    *more;          /* behind "stream" */
} row_t;


static void test_write(void);
static void test_fields(void);
static void test_memory(void);
static void twist_texts(ngx_ai_chat_t *chat);
static void twist_turn(ngx_ai_chat_t *chat);
static void twist_result(ngx_ai_chat_t *chat);
static void twist_foreign(ngx_ai_chat_t *chat);
static void twist_none(ngx_ai_chat_t *chat);
static void twist_allowed(ngx_ai_chat_t *chat);
static void twist_minimal(ngx_ai_chat_t *chat);
static void twist_custom(ngx_ai_chat_t *chat);


static const row_t  rows[] = {

    { "a question", "m", NULL,
      SAYS("{'role':'user','content':'a\\nb'}"),
      "'messages':[{'role':'user','content':'a\\nb'}]", "" },

    { "all that a message has", "m", NULL,
      SAYS("{'role':'user','content':'u','images':['AA==','BB==']},"
           "{'role':'assistant','content':'c','thinking':'t','tool_calls':["
           "{'function':{'name':'f','arguments':{'a':1.0}}},"
           "{'id':'x','function':{'name':'g'}}]},"
           "{'role':'tool','tool_name':'f','content':'r'}"),
      "'messages':["
      "{'role':'user','content':'u','images':['AA==','BB==']},"
      "{'role':'assistant','content':'c','thinking':'t','tool_calls':["
      "{'id':'call_0','function':{'index':0,'name':'f','arguments':"
      "{'a':1.0}}},"
      "{'id':'x','function':{'index':1,'name':'g','arguments':{}}}]},"
      "{'role':'tool','tool_name':'f','tool_call_id':'call_0',"
      "'content':'r'}]", "" },

    { "options keep their numbers", "m", NULL,
      WITH("'options':{'num_predict':7,'temperature':1.0,'top_p':0.50,"
           "'top_k':40,'seed':42,'presence_penalty':1,"
           "'frequency_penalty':-1e0,'stop':['a']}"),
      NONE, ",'options':{'num_predict':7,'temperature':1.0,'top_p':0.50,"
      "'top_k':40,'seed':42,'presence_penalty':1,'frequency_penalty':-1e0,"
      "'stop':['a']}" },

    { "formats", "m", NULL, WITH("'format':'json'"),
      NONE, ",'format':'json'" },

    { "a schema is the format", "m", NULL, WITH("'format':{'a': 1}"),
      NONE, ",'format':{'a': 1}" },

    { "tools", "m", NULL,
      WITH("'tools':[{'type':'function','function':{'name':'f',"
           "'description':'d','parameters':{'type':'object'}}},"
           "{'function':{'name':'g'}}]"),
      NONE, ",'tools':[{'type':'function','function':{'name':'f',"
      "'description':'d','parameters':{'type':'object'}}},"
      "{'type':'function','function':{'name':'g','parameters':"
      "{'type':'object','properties':{}}}}]" },

    { "thoughts are on", "qwen3:4b", NULL, WITH("'think':true"),
      NONE, ",'think':true" },

    { "thoughts are off", "qwen3:4b", NULL, WITH("'think':false"),
      NONE, ",'think':false" },

    { "of most models an effort is on", "qwen3:4b", NULL,
      WITH("'think':'low'"), NONE, ",'think':true" },

    { "no effort is off", "qwen3:4b", NULL, WITH("'think':'none'"),
      NONE, ",'think':false" },

    { "gpt-oss knows efforts", "gpt-oss:20b", NULL,
      WITH("'think':'medium'"), NONE, ",'think':'medium'" },

    { "gpt-oss can't be stopped", "org/gpt-oss", NULL,
      WITH("'think':false"), NONE, ",'think':'low'" },

    { "gpt-oss knows no on", "gpt-oss", NULL,
      WITH("'think':true"), NONE, ",'think':'medium'" },

    { "gpt-oss knows no more than high", "gpt-oss", NULL,
      WITH("'think':'max'"), NONE, ",'think':'high'" },

    { "gpt-oss knows no less than low", "gpt-oss", twist_minimal,
      WITH("'model':'m'"), NONE, ",'think':'low'" },

    { "probabilities", "m", NULL, WITH("'logprobs':true,'top_logprobs':3"),
      NONE, ",'logprobs':true,'top_logprobs':3" },

    { "several texts are one", "m", twist_texts,
      SAYS("{'role':'user','content':'a'},{'role':'assistant',"
           "'content':'a'}"),
      "'messages':[{'role':'user','content':'a\\n\\nb'},"
      "{'role':'assistant','content':'ab'}]", "" },

    { "a refusal is a text", "m", twist_turn,
      SAYS("{'role':'assistant','content':''}"),
      "'messages':[{'role':'assistant','content':'no'}]", "" },

    { "results and texts of one turn are messages in their order", "m",
      twist_result,
      SAYS("{'role':'tool','tool_name':'f','content':'1'}"),
      "'messages':[{'role':'user','content':'a'},"
      "{'role':'tool','tool_name':'f','tool_call_id':'call_0',"
      "'content':'1\\n\\n2'},"
      "{'role':'tool','tool_call_id':'x','content':''},"
      "{'role':'user','content':'b'}]", "" },

    { "what others sign and keep stays with them", "m", twist_foreign,
      SAYS("{'role':'assistant','content':'a','thinking':'t'}"),
      "'messages':[{'role':'assistant','content':'a','thinking':'t'}]", "" },

    { "tools that may not be called are not told of", "m", twist_none,
      WITH("'tools':[{'function':{'name':'f'}}]"), NONE, "" },

    { "only what may be called is told of", "m", twist_allowed,
      WITH("'tools':[{'function':{'name':'f'}},{'function':{'name':'g'}}]"),
      NONE, ",'tools':[{'type':'function','function':{'name':'g',"
      "'parameters':{'type':'object','properties':{}}}}]" },

    { "a custom tool and its calls are not told of", "m", twist_custom,
      SAYS("{'role':'assistant','content':'a'}"),
      "'messages':[{'role':'assistant','content':'a'}]", "" }
};


static void
twist_texts(ngx_ai_chat_t *chat)
{
    ngx_uint_t         i;
    ngx_ai_part_t     *part;
    ngx_ai_message_t  *message;

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {
        part = ngx_ai_part_push(&message[i].parts, NGX_AI_PART_TEXT);
        ngx_str_set(&part->text, "b");
    }
}


static void
twist_turn(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t     *part;
    ngx_ai_message_t  *message;

    message = chat->messages.elts;

    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_REFUSAL);
    ngx_str_set(&part->text, "no");
}


static void
twist_result(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t     *part, first;
    ngx_ai_message_t  *message;

    message = chat->messages.elts;
    part = message->parts.elts;
    first = part[0];

    ngx_memzero(part, sizeof(ngx_ai_part_t));
    part->kind = NGX_AI_PART_TEXT;
    ngx_str_set(&part->text, "a");

    *ngx_ai_part_push(&message->parts, 0) = first;

    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_TOOL_RESULT);
    ngx_str_set(&part->id, "x");

    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "b");

    part = ngx_ai_part_push(first.parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "2");
}


static void
twist_foreign(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t     *part;
    ngx_ai_message_t  *message;

    message = chat->messages.elts;

    part = message->parts.elts;
    ngx_str_set(&part->signature, "SIG");

    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_REDACTED);
    ngx_str_set(&part->data, "RED");

    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_NATIVE);
    ngx_str_set(&part->json, "{}");

    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_IMAGE);
    ngx_str_set(&part->url, "http://x");

    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_FILE);
    ngx_str_set(&part->text, "a file");
}


static void
twist_none(ngx_ai_chat_t *chat)
{
    chat->choice = NGX_AI_CHOICE_NONE;
}


static void
twist_allowed(ngx_ai_chat_t *chat)
{
    chat->allowed = hub_field_texts(chat, "g");
}


static void
twist_minimal(ngx_ai_chat_t *chat)
{
    chat->effort = NGX_AI_EFFORT_MINIMAL;
}


static void
twist_custom(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t     *part;
    ngx_ai_message_t  *message;

    (void) hub_field_tool(chat, NGX_AI_TOOL_CUSTOM);
    (void) hub_field_tool(chat, NGX_AI_TOOL_WEB_SEARCH);
    (void) hub_field_tool(chat, NGX_AI_TOOL_NATIVE);

    message = chat->messages.elts;

    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_TOOL_CALL);
    part->custom = 1;
    ngx_str_set(&part->id, "x");
    ngx_str_set(&part->name, "f");
    ngx_str_set(&part->text, "input");
}


static void
test_write(void)
{
    char         *json;
    wire_t        w;
    hub_text_t    t = { NULL, 0, 0 };
    hub_text_t    want = { NULL, 0, 0 };
    ngx_uint_t    i, stream;
    const row_t  *row;

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    for (i = 0; i < sizeof(rows) / sizeof(row_t); i++) {
        row = &rows[i];
        stream = i & 1;

        json = wire_json(row->body);
        is_int(wire_read_ask(&w, json, strlen(json)), NGX_OK, "read: %s",
               row->name);

        if (row->twist) {
            row->twist(&w.chat);
        }

        is_int(wire_write_ask(&w, row->model, stream), NGX_OK, "written: %s",
               row->name);

        hub_printf(&want, "{'model':'%s',%s,'stream':%s%s}", row->model,
                   row->want, stream ? "true" : "false", row->more);

        wire_out(&w, &t);
        is_str(t.data, t.len, want.data, "as it should be: %s", row->name);

        hub_text_free(&t);
        hub_text_free(&want);
        free(json);
    }

    wire_free(&w);
}


/* the table of fields says what is written, and all of it */

static void
test_fields(void)
{
    wire_t                   w;
    hub_text_t               with = { NULL, 0, 0 };
    hub_text_t               without = { NULL, 0, 0 };
    ngx_uint_t               i, carried;
    const ngx_ai_wording_t  *wording;

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    wording = &ngx_ai_ollama.wordings[NGX_AI_OP_CHAT];

    is_int(wording->kept & wording->mapped, 0,
           "no field is both kept and mapped");

    for (i = 1; i < NGX_AI_FIELD_MAX; i++) {

        hub_field_chat(&w.chat, w.pool, NGX_AI_DIALECT_OLLAMA, i);
        (void) wire_write_ask(&w, "m", 0);
        wire_out(&w, &with);

        hub_field_base(&w.chat, w.pool, NGX_AI_DIALECT_OLLAMA, i);
        (void) wire_write_ask(&w, "m", 0);
        wire_out(&w, &without);

        carried = ((wording->kept | wording->mapped) >> i) & 1;

        is_int(with.len != without.len
               || memcmp(with.data, without.data, with.len) != 0,
               carried, "%s is %s", (char *) ngx_ai_field_names[i].data,
               carried ? "written" : "not written");

        hub_text_free(&with);
        hub_text_free(&without);
    }

    wire_free(&w);
}


static void
test_memory(void)
{
    char        *json;
    wire_t       w;
    ngx_int_t    rc;
    ngx_uint_t   n, wrong;

    json = wire_json(SAYS("{'role':'user','content':'a'}"));

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    (void) wire_read_ask(&w, json, strlen(json));
    twist_texts(&w.chat);

    rc = NGX_ERROR;
    wrong = 0;

    for (n = 1; n < 20; n++) {
        ngx_ai_buf_free(&w.out);
        ngx_shim_fail_at = n;

        rc = wire_write_ask(&w, "m", 0);

        if (ngx_shim_fail_at) {
            break;
        }

        wrong += (rc == NGX_OK);
    }

    ngx_shim_fail_at = 0;

    is_int(wrong, 0, "a request is not written without memory");
    is_int(rc, NGX_OK, "with memory it is");
    is_int(n, 3, "it takes that of the request, and that of joined texts");

    free(json);
    wire_free(&w);
}


int
main(void)
{
    test_write();
    test_fields();
    test_memory();

    return done();
}
