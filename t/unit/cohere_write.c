
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* what is written for Cohere */


#include "wire_rows.h"


#define ASK(messages, more)                                                   \
    "{'model':'m','messages':[" messages "]" more "}"

#define WITH(more)  ASK("{'role':'user','content':'hi'}", more)

#define MODEL  "command-a"

/* where the messages are no more than this */

#define SAID   "{'model':'command-a','messages':"                             \
               "[{'role':'user','content':'hi'}]"


static void twist_images(ngx_ai_chat_t *chat);
static void twist_results(ngx_ai_chat_t *chat);
static void twist_thoughts(ngx_ai_chat_t *chat);
static void twist_custom(ngx_ai_chat_t *chat);
static void twist_effort(ngx_ai_chat_t *chat);
static void twist_no_effort(ngx_ai_chat_t *chat);
static void twist_origin(ngx_ai_chat_t *chat);
static void twist_lax(ngx_ai_chat_t *chat);
static void twist_named(ngx_ai_chat_t *chat);
static void twist_allowed(ngx_ai_chat_t *chat);
static void twist_native(ngx_ai_chat_t *chat);


static const wire_write_row_t  write_rows[] = {

    { "a question", MODEL, NULL,
      WITH(""),
      SAID "}" },

    { "a stream", MODEL, NULL,
      WITH(",'stream':true"),
      "{'model':'command-a','stream':true,'messages':[{'role':'user',"
      "'content':'hi'}]}" },

    { "contents of one text are strings", MODEL, NULL,
      ASK("{'role':'system','content':[{'type':'text','text':'s'}]},"
          "{'role':'user','content':[{'type':'text','text':'a'},"
          "{'type':'text','text':' '}]},{'role':'user',"
          "'content':[{'type':'text','text':'a'},{'type':'text',"
          "'text':'b'}]}", ""),
      "{'model':'command-a','messages':[{'role':'system','content':'s'},"
      "{'role':'user','content':'a'},{'role':'user',"
      "'content':[{'type':'text','text':'a'},{'type':'text','text':'b'}]}]}" },

    { "what is blank is left out", MODEL, NULL,
      ASK("{'role':'user','content':' \\n'},{'role':'assistant',"
          "'content':' '},{'role':'user','content':'a'}", ""),
      "{'model':'command-a','messages':[{'role':'user','content':'a'}]}" },

    { "images as URLs", MODEL, NULL,
      ASK("{'role':'user','content':[{'type':'image_url',"
          "'image_url':{'url':'https://x/y.png','detail':'low'}}]},"
          "{'role':'user','content':[{'type':'text','text':'a'},"
          "{'type':'image_url','image_url':{'url':"
          "'data:image\\/png;base64,iVBOR'}}]}", ""),
      "{'model':'command-a','messages':[{'role':'user',"
      "'content':[{'type':'image_url','image_url':{'url':'https://x/y.png',"
      "'detail':'low'}}]},{'role':'user','content':[{'type':'text',"
      "'text':'a'},{'type':'image_url','image_url':{'url':"
      "'data:image/png;base64,iVBOR'}}]}]}" },

    { "images without a type", MODEL, twist_images,
      ASK("{'role':'user','content':'a'}", ""),
      "{'model':'command-a','messages':[{'role':'user',"
      "'content':[{'type':'text','text':'a'},{'type':'image_url',"
      "'image_url':{'url':'data:image/png;base64,iVBOR'}},"
      "{'type':'image_url','image_url':{'url':"
      "'data:image/gif;base64,R0lGOD'}},{'type':'image_url',"
      "'image_url':{'url':'data:image/webp;base64,UklGR'}},"
      "{'type':'image_url','image_url':{'url':"
      "'data:image/jpeg;base64,\\/9j\\/'}}]}]}" },

    { "calls with their plan, results as messages", MODEL, NULL,
      ASK("{'role':'assistant','tool_plan':'I will \\'look\\'.',"
          "'content':'t','tool_calls':[{'id':'c1',"
          "'function':{'name':'f','arguments':"
          "'{\\'a\\':\\'\\\\\\'x\\'}'}},{'id':'c2',"
          "'function':{'name':'g'}}]},{'role':'tool',"
          "'tool_call_id':'c1','content':[{'type':'text','text':'x'},"
          "{'type':'text','text':'y'}]},{'role':'tool',"
          "'tool_call_id':'c2','content':''}", ""),
      "{'model':'command-a','messages':[{'role':'assistant',"
      "'tool_plan':'I will \\'look\\'.','content':'t',"
      "'tool_calls':[{'id':'c1','type':'function','function':{'name':'f',"
      "'arguments':'{\\'a\\':\\'\\\\\\'x\\'}'}},{'id':'c2',"
      "'type':'function','function':{'name':'g','arguments':'{}'}}]},"
      "{'role':'tool','tool_call_id':'c1','content':[{'type':'text',"
      "'text':'x'},{'type':'text','text':'y'}]},{'role':'tool',"
      "'tool_call_id':'c2','content':'{}'}]}" },

    { "results come before what else a turn has", MODEL, twist_results,
      ASK("{'role':'user','content':'a'}", ""),
      "{'model':'command-a','messages':[{'role':'tool','tool_call_id':'c',"
      "'content':'x'},{'role':'tool','tool_call_id':'d','content':'{}'},"
      "{'role':'user','content':'a'}]}" },

    { "thoughts of its own go back, others' do not", MODEL, twist_thoughts,
      ASK("{'role':'assistant','content':[{'type':'thinking',"
          "'thinking':'h'}]},{'role':'assistant',"
          "'content':[{'type':'thinking','thinking':'h'},"
          "{'type':'text','text':'d'}]}", ""),
      "{'model':'command-a','messages':[{'role':'assistant',"
      "'content':[{'type':'thinking','thinking':'h'}]},{'role':'assistant',"
      "'content':[{'type':'thinking','thinking':'h'},{'type':'text',"
      "'text':'d'},{'type':'text','text':'no'}]}]}" },

    { "custom tools are functions", MODEL, twist_custom,
      ASK("{'role':'assistant'}", ""),
      "{'model':'command-a','messages':[{'role':'assistant',"
      "'tool_calls':[{'id':'c','type':'function','function':{'name':'patch',"
      "'arguments':'{\\'input\\':\\'say \\\\\\'hi\\\\\\'\\\\n\\'}'}}]}],"
      "'tools':[{'type':'function','function':{'name':'patch',"
      "'parameters':{'type':'object','required':['input'],"
      "'properties':{'input':{'type':'string'}}}}}]}" },

    { "numbers that Cohere takes", MODEL, NULL,
      WITH(",'max_tokens':5,'temperature':1.5,'p':0.50,'k':5,'seed':7,"
           "'frequency_penalty':0.1,'presence_penalty':1.0,"
           "'stop_sequences':['a','b'],'logprobs':true"),
      SAID
      ",'max_tokens':5,'temperature':1.5,'p':0.50,'k':5,'seed':7,"
      "'frequency_penalty':0.1,'presence_penalty':1.0,'stop_sequences':['a',"
      "'b'],'logprobs':true}" },

    { "numbers that it would not take", MODEL, NULL,
      WITH(",'p':1.0,'frequency_penalty':2,'presence_penalty':-0.5,"
           "'stop_sequences':['1','2','3','4','5','6']"),
      SAID
      ",'p':0.99,'frequency_penalty':1,'presence_penalty':0,"
      "'stop_sequences':['1','2','3','4','5']}" },

    { "and the least of them", MODEL, NULL,
      WITH(",'p':0.0,'frequency_penalty':1e-1"),
      SAID ",'p':0.01,'frequency_penalty':1e-1}" },

    { "any JSON", MODEL, NULL,
      WITH(",'response_format':{'type':'json_object'}"),
      SAID ",'response_format':{'type':'json_object'}}" },

    { "JSON of a schema", MODEL, NULL,
      WITH(",'response_format':{'type':'json_object',"
           "'schema':{'type':'object','a':1e2}}"),
      SAID
      ",'response_format':{'type':'json_object',"
      "'json_schema':{'type':'object','a':1e2}}}" },

    { "thinking", MODEL, NULL,
      WITH(",'thinking':{'type':'enabled','token_budget':2000}"),
      SAID ",'thinking':{'type':'enabled','token_budget':2000}}" },

    { "as much as it takes", MODEL, NULL,
      WITH(",'thinking':{'type':'enabled'}"),
      SAID ",'thinking':{'type':'enabled'}}" },

    { "no thinking", MODEL, NULL,
      WITH(",'thinking':{'type':'disabled'}"),
      SAID ",'thinking':{'type':'disabled'}}" },

    { "an effort is a budget", MODEL, twist_effort,
      WITH(""),
      SAID ",'thinking':{'type':'enabled','token_budget':8192}}" },

    { "no effort is no thinking", MODEL, twist_no_effort,
      WITH(""),
      SAID ",'thinking':{'type':'disabled'}}" },

    { "safety, of its own", MODEL, NULL,
      WITH(",'safety_mode':'STRICT'"),
      SAID ",'safety_mode':'STRICT'}" },

    { "and of no others", MODEL, twist_origin,
      WITH(",'safety_mode':'STRICT'"),
      SAID "}" },

    { "tools, strict if all of them are", MODEL, NULL,
      WITH(",'tools':[{'function':{'name':'f','description':'d',"
           "'parameters':{'a':1.0}}},{'function':{'name':'g'}}],"
           "'strict_tools':true,'tool_choice':'REQUIRED'"),
      SAID
      ",'tools':[{'type':'function','function':{'name':'f',"
      "'description':'d','parameters':{'a':1.0}}},{'type':'function',"
      "'function':{'name':'g','parameters':{'type':'object',"
      "'properties':{}}}}],'strict_tools':true,'tool_choice':'REQUIRED'}" },

    { "and not if some are not", MODEL, twist_lax,
      WITH(",'tools':[{'function':{'name':'f'}},"
           "{'function':{'name':'g'}}],'strict_tools':true,"
           "'tool_choice':'NONE'"),
      SAID
      ",'tools':[{'type':'function','function':{'name':'f',"
      "'parameters':{'type':'object','properties':{}}}},{'type':'function',"
      "'function':{'name':'g','parameters':{'type':'object',"
      "'properties':{}}}}],'tool_choice':'NONE'}" },

    { "a tool that must be called is the only one", MODEL, twist_named,
      WITH(",'tools':[{'function':{'name':'f'}},"
           "{'function':{'name':'g'}}]"),
      SAID
      ",'tools':[{'type':'function','function':{'name':'g',"
      "'parameters':{'type':'object','properties':{}}}}],"
      "'tool_choice':'REQUIRED'}" },

    { "of several to choose from the others are not offered",
      MODEL, twist_allowed,
      WITH(",'tools':[{'function':{'name':'f'}},"
           "{'function':{'name':'g'}}],'tool_choice':'REQUIRED'"),
      SAID
      ",'tools':[{'type':'function','function':{'name':'g',"
      "'parameters':{'type':'object','properties':{}}}}],"
      "'tool_choice':'REQUIRED'}" },

    { "tools that others run are left out", MODEL, twist_native,
      WITH(",'tool_choice':'REQUIRED'"),
      SAID "}" }
};


static void
twist_images(ngx_ai_chat_t *chat)
{
    ngx_uint_t      i;
    ngx_ai_part_t  *part;

    static const ngx_str_t  data[] = {
        ngx_string("iVBOR"),
        ngx_string("R0lGOD"),
        ngx_string("UklGR"),
        ngx_string("\\/9j\\/")
    };

    for (i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
        part = wire_message_part(chat, 0, NGX_AI_PART_IMAGE);
        part->data = data[i];
    }

    part = wire_message_part(chat, 0, NGX_AI_PART_IMAGE);
    ngx_str_set(&part->file, "file-1");
}


static void
twist_results(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t  *part;

    part = wire_message_part(chat, 0, NGX_AI_PART_TOOL_RESULT);
    ngx_str_set(&part->id, "c");
    part->failed = 1;

    part->parts = ngx_ai_parts_create(chat->pool);
    part = wire_part(part->parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "x");

    part = wire_message_part(chat, 0, NGX_AI_PART_TOOL_RESULT);
    ngx_str_set(&part->id, "d");

    part = wire_message_part(chat, 0, NGX_AI_PART_FILE);
    ngx_str_set(&part->text, "f");
}


static void
twist_thoughts(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t  *part;

    part = wire_message_part(chat, 1, NGX_AI_PART_THINKING);
    ngx_str_set(&part->text, "other");

    part = wire_message_part(chat, 1, NGX_AI_PART_REDACTED);
    ngx_str_set(&part->data, "D");

    part = wire_message_part(chat, 1, NGX_AI_PART_REFUSAL);
    ngx_str_set(&part->text, "no");
}


static void
twist_custom(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t  *part;
    ngx_ai_tool_t  *tool;

    part = wire_message_part(chat, 0, NGX_AI_PART_TOOL_CALL);
    part->custom = 1;
    ngx_str_set(&part->id, "c");
    ngx_str_set(&part->name, "patch");
    ngx_str_set(&part->text, "say \\\"hi\\\"\\n");

    tool = ngx_ai_chat_tool(chat, NGX_AI_TOOL_CUSTOM);
    ngx_str_set(&tool->name, "patch");
}


static void
twist_effort(ngx_ai_chat_t *chat)
{
    chat->effort = NGX_AI_EFFORT_MEDIUM;
}


static void
twist_no_effort(ngx_ai_chat_t *chat)
{
    chat->effort = NGX_AI_EFFORT_NONE;
}


static void
twist_origin(ngx_ai_chat_t *chat)
{
    chat->origin = NGX_AI_DIALECT_OPENAI;
}


static void
twist_lax(ngx_ai_chat_t *chat)
{
    ngx_ai_tool_t  *tool;

    tool = chat->tools.elts;
    tool[1].strict = NGX_AI_UNSET;
}


static void
twist_named(ngx_ai_chat_t *chat)
{
    chat->choice = NGX_AI_CHOICE_NAMED;
    ngx_str_set(&chat->choice_name, "g");
}


static void
twist_allowed(ngx_ai_chat_t *chat)
{
    ngx_str_t  *name;

    chat->allowed = ngx_array_create(chat->pool, 2, sizeof(ngx_str_t));

    name = ngx_array_push(chat->allowed);
    ngx_str_set(name, "g");

    name = ngx_array_push(chat->allowed);
    ngx_str_set(name, "h");
}


static void
twist_native(ngx_ai_chat_t *chat)
{
    ngx_ai_tool_t  *tool;

    tool = ngx_ai_chat_tool(chat, NGX_AI_TOOL_WEB_SEARCH);
    ngx_str_set(&tool->raw, "{}");
}


int
main(void)
{
    wire_writes(NGX_AI_DIALECT_COHERE, &ngx_ai_cohere, write_rows,
                wire_n(write_rows));

    wire_write_memory(NGX_AI_DIALECT_COHERE, &ngx_ai_cohere, MODEL,
                      ASK("{'role':'user','content':[{'type':'image_url',"
                          "'image_url':{'url':'data:image/png;base64,x'}}]},"
                          "{'role':'assistant','tool_plan':'p','tool_calls':["
                          "{'id':'c','function':{'name':'f'}}]},"
                          "{'role':'tool','tool_call_id':'c','content':''}",
                          ",'p':1,'tools':[{'function':{'name':'f'}}]"), 0);

    return done();
}
