
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* what is written for Converse */


#include "wire_rows.h"


#define CLAUDE  "us.anthropic.claude-sonnet-4-5-v1:0"

/* no messages become one */

#define NONE    "{'messages':[]"
#define SAID    "{'messages':[{'role':'user','content':[{'text':'.'}]}]"


static void twist_cache(ngx_ai_chat_t *chat);
static void twist_images(ngx_ai_chat_t *chat);
static void twist_files(ngx_ai_chat_t *chat);
static void twist_custom(ngx_ai_chat_t *chat);
static void twist_foreign(ngx_ai_chat_t *chat);
static void twist_none(ngx_ai_chat_t *chat);
static void twist_allowed(ngx_ai_chat_t *chat);
static void twist_tools(ngx_ai_chat_t *chat);
static void twist_origin(ngx_ai_chat_t *chat);


static const wire_write_row_t  write_rows[] = {

    { "a question", CLAUDE, NULL,
      "{'messages':[{'role':'user','content':[{'text':'hi'}]}]}",
      "{'messages':[{'role':'user','content':[{'text':'hi'}]}]}" },

    { "turns alternate: neighbours of one role are one turn", CLAUDE, NULL,
      "{'messages':[{'role':'user','content':[{'text':'a'}]},{'role':'user',"
      "'content':[{'text':'b'}]},{'role':'assistant',"
      "'content':[{'text':'c'}]},{'role':'assistant',"
      "'content':[{'text':'d'}]},{'role':'user','content':[{'text':'e'}]}]}",
      "{'messages':[{'role':'user','content':[{'text':'a'},{'text':'b'}]},"
      "{'role':'assistant','content':[{'text':'c'},{'text':'d'}]},"
      "{'role':'user','content':[{'text':'e'}]}]}" },

    { "the first turn is the user's", CLAUDE, NULL,
      "{'messages':[{'role':'assistant','content':[{'text':'a'}]}]}",
      "{'messages':[{'role':'user','content':[{'text':'.'}]},"
      "{'role':'assistant','content':[{'text':'a'}]}]}" },

    { "a conversation without turns has one", CLAUDE, NULL,
      "{'system':[{'text':'s'}],'messages':[]}",
      "{'system':[{'text':'s'}],'messages':[{'role':'user',"
      "'content':[{'text':'.'}]}]}" },

    { "blank texts are left out, and turns that have no other", CLAUDE, NULL,
      "{'system':[{'text':' '},{'text':'s'}],'messages':[{'role':'user',"
      "'content':[{'text':'a'},{'text':' \\n\\t'}]},{'role':'assistant',"
      "'content':[{'text':''}]},{'role':'user','content':[{'text':'b'}]}]}",
      "{'system':[{'text':'s'}],'messages':[{'role':'user',"
      "'content':[{'text':'a'},{'text':'b'}]}]}" },

    { "a system prompt between the turns goes to the others", CLAUDE, NULL,
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'system','content':[{'text':'s'}]},{'role':'assistant',"
      "'content':[{'text':'b'}]}]}",
      "{'system':[{'text':'s'}],'messages':[{'role':'user',"
      "'content':[{'text':'a'}]},{'role':'assistant',"
      "'content':[{'text':'b'}]}]}" },

    { "cache points, where the model takes them", CLAUDE, NULL,
      "{'system':[{'text':'s'},{'cachePoint':{'type':'default'}}],"
      "'messages':[{'role':'user','content':[{'text':'a'},"
      "{'cachePoint':{'type':'default','ttl':'1h'}},"
      "{'cachePoint':{'type':'default','ttl':'1h'}},"
      "{'image':{'format':'png','source':{'bytes':'iVBOR'}}},"
      "{'cachePoint':{'type':'default'}}]}],'toolConfig':{'tools':[{"
      "'toolSpec':{'name':'f'}},{'cachePoint':{'type':'default'}}]}}",
      "{'system':[{'text':'s'},{'cachePoint':{'type':'default'}}],"
      "'messages':[{'role':'user','content':[{'text':'a'},"
      "{'cachePoint':{'type':'default','ttl':'1h'}},"
      "{'image':{'format':'png','source':{'bytes':'iVBOR'}}},{'text':'\\n'},"
      "{'cachePoint':{'type':'default'}}]}],'toolConfig':{'tools':[{"
      "'toolSpec':{'name':'f','inputSchema':{'json':{'type':'object',"
      "'properties':{}}}}},{'cachePoint':{'type':'default'}}]}}" },

    { "and where it does not", "meta.llama3-1-70b-instruct-v1:0", NULL,
      "{'system':[{'text':'s'},{'cachePoint':{'type':'default'}}],"
      "'messages':[{'role':'user','content':[{'text':'a'},"
      "{'cachePoint':{'type':'default','ttl':'1h'}}]}],"
      "'toolConfig':{'tools':[{'toolSpec':{'name':'f'}},"
      "{'cachePoint':{'type':'default'}}]}}",
      "{'system':[{'text':'s'}],'messages':[{'role':'user',"
      "'content':[{'text':'a'}]}],'toolConfig':{'tools':[{'toolSpec':{"
      "'name':'f','inputSchema':{'json':{'type':'object',"
      "'properties':{}}}}}]}}" },

    { "a cache mark of all of it is behind the last block",
      CLAUDE, twist_cache,
      "{'messages':[{'role':'user','content':[{'text':'a'}]}]}",
      "{'messages':[{'role':'user','content':[{'text':'a'},"
      "{'cachePoint':{'type':'default'}}]}]}" },

    { "images by what they are called or look like, and by S3 alone",
      CLAUDE, twist_images,
      "{'messages':[{'role':'user','content':[{'text':'a'}]}]}",
      "{'messages':[{'role':'user','content':[{'text':'a'},"
      "{'image':{'format':'jpeg','source':{'bytes':'\\/9j\\/4AAQ'}}},"
      "{'image':{'format':'webp','source':{'bytes':'AAAA'}}},"
      "{'image':{'format':'gif','source':{'s3Location':{'uri':"
      "'s3://bucket/a.gif'}}}}]}]}" },

    { "documents have a name of their own, and a text beside them",
      CLAUDE, twist_files,
      "{'messages':[{'role':'user','content':[{'document':{'format':'pdf',"
      "'name':'x','source':{'bytes':'JVBERi0='}}}]},{'role':'assistant',"
      "'content':[{'text':'b'}]}]}",
      "{'messages':[{'role':'user','content':[{'document':{'format':'pdf',"
      "'name':'x','source':{'bytes':'JVBERi0='}}},"
      "{'document':{'format':'pdf','name':'x (2)',"
      "'source':{'bytes':'JVBERi0='}}},{'document':{'format':'pdf',"
      "'name':'x (3)','source':{'bytes':'JVBERi0='}}},"
      "{'document':{'format':'pdf','name':'Quarterly r-sum-(v1)-final',"
      "'source':{'bytes':'JVBERi0='}}},{'document':{'format':'pdf',"
      "'name':'document','source':{'bytes':'JVBERi0='}}},"
      "{'document':{'format':'pdf','name':'document (6)',"
      "'source':{'bytes':'JVBERi0='}}},{'document':{'format':'txt',"
      "'name':'document (7)','source':{'text':'plain'}}},"
      "{'document':{'format':'xlsx','name':'sheet',"
      "'source':{'bytes':'AAAA'}}},{'text':'.'}]},{'role':'assistant',"
      "'content':[{'text':'b'}]}]}" },

    { "what a model made is not shown to it again", CLAUDE, NULL,
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'image':{'format':'png',"
      "'source':{'bytes':'iVBOR'}}},{'text':'b'}]}]}",
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'text':'b'}]}]}" },

    { "ids that Bedrock would not take are made anew, both times the same",
      CLAUDE, NULL,
      "{'messages':[{'role':'assistant','content':[{'toolUse':{'toolUseId':"
      "'functions.add:0','name':'f','input':{}}}]},{'role':'user',"
      "'content':[{'toolResult':{'toolUseId':'functions.add:0',"
      "'content':[{'text':' '}],'status':'error'}}]}]}",
      "{'messages':[{'role':'user','content':[{'text':'.'}]},"
      "{'role':'assistant','content':[{'toolUse':{'toolUseId':"
      "'fvTspWHr0DEPv2pJfvMMRu','name':'f','input':{}}}]},{'role':'user',"
      "'content':[{'toolResult':{'toolUseId':'fvTspWHr0DEPv2pJfvMMRu',"
      "'content':[{'json':{}}],'status':'error'}}]}],"
      "'toolConfig':{'tools':[{'toolSpec':{'name':'f',"
      "'inputSchema':{'json':{'type':'object','properties':{}}}}}]}}" },

    { "tools that were called must be there", "amazon.nova-pro-v1:0", NULL,
      "{'messages':[{'role':'assistant','content':[{'toolUse':{'toolUseId':"
      "'t','name':'f','input':{'a':[1.0]}}}]}]}",
      "{'messages':[{'role':'user','content':[{'text':'.'}]},"
      "{'role':'assistant','content':[{'toolUse':{'toolUseId':'t',"
      "'name':'f','input':{'a':[1.0]}}}]}],'toolConfig':{'tools':[{"
      "'toolSpec':{'name':'f','inputSchema':{'json':{'type':'object',"
      "'properties':{}}}}}]}}" },

    { "calls and results of custom tools are those of functions",
      CLAUDE, twist_custom,
      "{'messages':[{'role':'user','content':[{'text':'a'}]}]}",
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'toolUse':{'toolUseId':'t',"
      "'name':'patch','input':{'input':'say \\'hi\\''}}}]}],"
      "'toolConfig':{'tools':[{'toolSpec':{'name':'patch',"
      "'inputSchema':{'json':{'type':'object','required':['input'],"
      "'properties':{'input':{'type':'string',"
      "'description':'{\\'type\\':\\'text\\'}'}}}}}},"
      "{'toolSpec':{'name':'plain','inputSchema':{'json':{'type':'object',"
      "'required':['input'],'properties':{'input':{'type':'string'}}}}}}]}}" },

    { "a refusal is a text, thoughts and parts of others are left out",
      CLAUDE, twist_foreign,
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'text':'b'}]}]}",
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'text':'b'},{'text':'no'},"
      "{'reasoningContent':{'reasoningText':{'text':'','signature':'own'}}},"
      "{'toolUse':{'toolUseId':'t','name':'f','input':{}}},"
      "{'toolUse':{'toolUseId':'u','name':'f','input':{}}}]}],"
      "'toolConfig':{'tools':[{'toolSpec':{'name':'f',"
      "'inputSchema':{'json':{'type':'object','properties':{}}}}}]}}" },

    { "thoughts of its own go back", CLAUDE, NULL,
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'reasoningContent':{'reasoningText':{"
      "'text':'t','signature':'S'}}},{'reasoningContent':{'redactedContent':"
      "'UkVE'}},{'text':'b'},{'toolUse':{'toolUseId':'t',"
      "'name':'nova_grounding','type':'server_tool_use','input':{}}}]}]}",
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'reasoningContent':{'reasoningText':{"
      "'text':'t','signature':'S'}}},{'reasoningContent':{'redactedContent':"
      "'UkVE'}},{'text':'b'},{'toolUse':{'toolUseId':'t',"
      "'name':'nova_grounding','type':'server_tool_use','input':{}}}]}]}" },

    { "no choice of a tool is said by leaving them out", CLAUDE, twist_none,
      NONE ",'toolConfig':{'tools':[{'toolSpec':{'name':'f'}}]}}",
      SAID "}" },

    { "which is not possible when one was called", CLAUDE, twist_none,
      "{'messages':[{'role':'assistant','content':[{'toolUse':{'toolUseId':"
      "'t','name':'f'}}]}],'toolConfig':{'tools':[{'toolSpec':{'name':"
      "'f'}}]}}",
      "{'messages':[{'role':'user','content':[{'text':'.'}]},"
      "{'role':'assistant','content':[{'toolUse':{'toolUseId':'t',"
      "'name':'f','input':{}}}]}],'toolConfig':{'tools':[{'toolSpec':{"
      "'name':'f','inputSchema':{'json':{'type':'object',"
      "'properties':{}}}}}]}}" },

    { "of several tools to choose from only these are offered",
      CLAUDE, twist_allowed,
      NONE
      ",'toolConfig':{'tools':[{'toolSpec':{'name':'f'}},"
      "{'toolSpec':{'name':'g','inputSchema':{'json':{'type':'object',"
      "'a':1e2}},'strict':false}},{'toolSpec':{'name':'h',"
      "'description':' '}}],'toolChoice':{'any':{}}}}",
      SAID
      ",'toolConfig':{'tools':[{'toolSpec':{'name':'g',"
      "'inputSchema':{'json':{'type':'object','a':1e2}}}},"
      "{'toolSpec':{'name':'h','inputSchema':{'json':{'type':'object',"
      "'properties':{}}}}}],'toolChoice':{'any':{}}}}" },

    { "the tool to be called", CLAUDE, NULL,
      NONE
      ",'toolConfig':{'tools':[{'toolSpec':{'name':'f','description':'d',"
      "'strict':true}},{'systemTool':{'name':'nova_grounding'}}],"
      "'toolChoice':{'tool':{'name':'f'}}}}",
      SAID
      ",'toolConfig':{'tools':[{'toolSpec':{'name':'f','description':'d',"
      "'inputSchema':{'json':{'type':'object','properties':{}}},"
      "'strict':true}},{'systemTool':{'name':'nova_grounding'}}],"
      "'toolChoice':{'tool':{'name':'f'}}}}" },

    { "tools that others run are left out", CLAUDE, twist_tools,
      NONE
      ",'toolConfig':{'tools':[{'systemTool':{'name':'nova_grounding'}}]}}",
      SAID "}" },

    { "what shapes the answer of Claude", CLAUDE, NULL,
      NONE
      ",'inferenceConfig':{'maxTokens':100,'temperature':1.3,'topP':0.9,"
      "'stopSequences':['\\n','','x']},'additionalModelRequestFields':{"
      "'top_k':5}}",
      SAID
      ",'inferenceConfig':{'maxTokens':100,'topP':0.9,"
      "'stopSequences':['x']},'additionalModelRequestFields':{'top_k':5}}" },

    { "Claude need not be told a temperature of 1", CLAUDE, NULL,
      NONE ",'inferenceConfig':{'temperature':1.0,'topP':0.9}}",
      SAID ",'inferenceConfig':{'topP':0.9}}" },

    { "nor that all tokens are likely enough", CLAUDE, NULL,
      NONE ",'inferenceConfig':{'temperature':1,'topP':1.00}}",
      SAID ",'inferenceConfig':{'temperature':1}}" },

    { "and of others", "amazon.nova-lite-v1:0", NULL,
      NONE
      ",'inferenceConfig':{'temperature':10,'topP':1,"
      "'stopSequences':['\\n']},'additionalModelRequestFields':{'top_k':5}}",
      SAID
      ",'inferenceConfig':{'temperature':1,'topP':1,"
      "'stopSequences':['\\n']},'additionalModelRequestFields':{"
      "'inferenceConfig':{'topK':5}}}" },

    { "top_k has another name with each of them",
      "cohere.command-r-v1:0", NULL,
      NONE ",'additionalModelRequestFields':{'top_k':5}}",
      SAID ",'additionalModelRequestFields':{'k':5}}" },

    { "or none", "meta.llama3-1-70b-instruct-v1:0", NULL,
      NONE ",'additionalModelRequestFields':{'top_k':5}}",
      SAID "}" },

    { "an unknown maker is told top_k",
      "arn:aws:bedrock:us-east-1:1:application-inference-profile/x", NULL,
      NONE
      ",'additionalModelRequestFields':{'top_k':5,"
      "'thinking':{'budget_tokens':2000}}}",
      SAID ",'additionalModelRequestFields':{'top_k':5}}" },

    { "thinking shapes Claude's answer by itself", CLAUDE, NULL,
      NONE
      ",'inferenceConfig':{'maxTokens':9000,'temperature':0.5,'topP':0.9},"
      "'additionalModelRequestFields':{'top_k':5,"
      "'thinking':{'budget_tokens':2000}}}",
      SAID
      ",'inferenceConfig':{'maxTokens':9000},'additionalModelRequestFields':"
      "{'thinking':{'type':'enabled','budget_tokens':2000}}}" },

    { "a budget leaves room for the answer", CLAUDE, NULL,
      NONE
      ",'inferenceConfig':{'maxTokens':4000},'outputConfig':{'effort':"
      "'high'}}",
      SAID
      ",'inferenceConfig':{'maxTokens':4000},'additionalModelRequestFields':"
      "{'thinking':{'type':'enabled','budget_tokens':2000}}}" },

    { "or is none", CLAUDE, NULL,
      NONE
      ",'inferenceConfig':{'maxTokens':1024},'outputConfig':{'effort':"
      "'high'}}",
      SAID ",'inferenceConfig':{'maxTokens':1024}}" },

    { "a budget has a least size", CLAUDE, NULL,
      NONE
      ",'additionalModelRequestFields':{'thinking':{'budget_tokens':1}}}",
      SAID
      ",'additionalModelRequestFields':{'thinking':{'type':'enabled',"
      "'budget_tokens':1024}}}" },

    { "as much as it takes", CLAUDE, NULL,
      NONE
      ",'additionalModelRequestFields':{'thinking':{'type':'adaptive'}}}",
      SAID
      ",'additionalModelRequestFields':{'thinking':{'type':'enabled',"
      "'budget_tokens':8192}}}" },

    { "no thinking", CLAUDE, NULL,
      NONE
      ",'additionalModelRequestFields':{'thinking':{'type':'disabled'},"
      "'top_k':1}}",
      SAID ",'additionalModelRequestFields':{'top_k':1}}" },

    { "Claude does not think when it must call a tool", CLAUDE, NULL,
      NONE
      ",'toolConfig':{'tools':[{'toolSpec':{'name':'f'}}],"
      "'toolChoice':{'any':{}}},'outputConfig':{'effort':'low'}}",
      SAID
      ",'toolConfig':{'tools':[{'toolSpec':{'name':'f',"
      "'inputSchema':{'json':{'type':'object','properties':{}}}}}],"
      "'toolChoice':{'any':{}}}}" },

    { "nor behind a call before which it has not", CLAUDE, NULL,
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'toolUse':{'toolUseId':'t',"
      "'name':'f'}}]},{'role':'user','content':[{'toolResult':{'toolUseId':"
      "'t','content':[{'text':'x'}]}}]}],'toolConfig':{'tools':[{'toolSpec':"
      "{'name':'f'}}]},'outputConfig':{'effort':'low'}}",
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'toolUse':{'toolUseId':'t',"
      "'name':'f','input':{}}}]},{'role':'user',"
      "'content':[{'toolResult':{'toolUseId':'t',"
      "'content':[{'text':'x'}]}}]}],'toolConfig':{'tools':[{'toolSpec':{"
      "'name':'f','inputSchema':{'json':{'type':'object',"
      "'properties':{}}}}}]}}" },

    { "but behind one before which it has", CLAUDE, NULL,
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'reasoningContent':{'reasoningText':{"
      "'text':'t','signature':'S'}}},{'toolUse':{'toolUseId':'t',"
      "'name':'f'}}]},{'role':'user','content':[{'toolResult':{'toolUseId':"
      "'t','content':[{'text':'x'}]}}]}],'toolConfig':{'tools':[{'toolSpec':"
      "{'name':'f'}}]},'outputConfig':{'effort':'low'}}",
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'reasoningContent':{'reasoningText':{"
      "'text':'t','signature':'S'}}},{'toolUse':{'toolUseId':'t','name':'f',"
      "'input':{}}}]},{'role':'user','content':[{'toolResult':{'toolUseId':"
      "'t','content':[{'text':'x'}]}}]}],'toolConfig':{'tools':[{'toolSpec':"
      "{'name':'f','inputSchema':{'json':{'type':'object',"
      "'properties':{}}}}}]},'additionalModelRequestFields':{'thinking':{"
      "'type':'enabled','budget_tokens':2048}}}" },

    { "and when the user goes on", CLAUDE, NULL,
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'toolUse':{'toolUseId':'t',"
      "'name':'f'}}]},{'role':'user','content':[{'toolResult':{'toolUseId':"
      "'t','content':[{'text':'x'}]}}]},{'role':'assistant',"
      "'content':[{'text':'b'}]},{'role':'user','content':[{'text':'c'}]}],"
      "'toolConfig':{'tools':[{'toolSpec':{'name':'f'}}]},"
      "'outputConfig':{'effort':'low'}}",
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'assistant','content':[{'toolUse':{'toolUseId':'t',"
      "'name':'f','input':{}}}]},{'role':'user',"
      "'content':[{'toolResult':{'toolUseId':'t',"
      "'content':[{'text':'x'}]}}]},{'role':'assistant',"
      "'content':[{'text':'b'}]},{'role':'user','content':[{'text':'c'}]}],"
      "'toolConfig':{'tools':[{'toolSpec':{'name':'f',"
      "'inputSchema':{'json':{'type':'object','properties':{}}}}}]},"
      "'additionalModelRequestFields':{'thinking':{'type':'enabled',"
      "'budget_tokens':2048}}}" },

    { "OpenAI's models have three efforts", "openai.gpt-oss-120b-1:0", NULL,
      NONE
      ",'outputConfig':{'effort':'max'},'additionalModelRequestFields':{"
      "'top_k':5}}",
      SAID
      ",'additionalModelRequestFields':{'reasoning_effort':'high'}}" },

    { "the least of them", "openai.gpt-oss-120b-1:0", NULL,
      NONE ",'outputConfig':{'effort':'minimal'}}",
      SAID
      ",'additionalModelRequestFields':{'reasoning_effort':'low'}}" },

    { "and can't be kept from it", "openai.gpt-oss-120b-1:0", NULL,
      NONE ",'outputConfig':{'effort':'none'}}",
      SAID "}" },

    { "a budget is an effort", "openai.gpt-oss-120b-1:0", NULL,
      NONE
      ",'additionalModelRequestFields':{'thinking':{'budget_tokens':2000}}}",
      SAID
      ",'additionalModelRequestFields':{'reasoning_effort':'low'}}" },

    { "Nova's highest effort", "us.amazon.nova-2-lite-v1:0", NULL,
      NONE ",'outputConfig':{'effort':'high'}}",
      SAID
      ",'additionalModelRequestFields':{'reasoningConfig':{'type':'enabled',"
      "'maxReasoningEffort':'high'}}}" },

    { "which goes with nothing else", "us.amazon.nova-2-lite-v1:0", NULL,
      NONE
      ",'inferenceConfig':{'maxTokens':5},'outputConfig':{'effort':'high'}}",
      SAID
      ",'inferenceConfig':{'maxTokens':5},'additionalModelRequestFields':{"
      "'reasoningConfig':{'type':'enabled','maxReasoningEffort':'medium'}}}" },

    { "and none", "us.amazon.nova-2-lite-v1:0", NULL,
      NONE ",'outputConfig':{'effort':'none'}}",
      SAID
      ",'additionalModelRequestFields':{'reasoningConfig':{'type':"
      "'disabled'}}}" },

    { "a schema is a string", CLAUDE, NULL,
      NONE
      ",'outputConfig':{'textFormat':{'type':'json_schema',"
      "'structure':{'jsonSchema':{'schema':'{\\'type\\': \\'object\\', "
      "\\'x\\': \\'\\\\n\\'}','name':'n','description':'d'}}}}}",
      SAID
      ",'outputConfig':{'textFormat':{'type':'json_schema',"
      "'structure':{'jsonSchema':{'schema':'{\\'type\\': \\'object\\', "
      "\\'x\\': \\'\\\\n\\'}','name':'n','description':'d'}}}}}" },

    { "the account's", CLAUDE, NULL,
      NONE
      ",'requestMetadata':{'a':'b c'},'serviceTier':{'type':'flex'},"
      "'guardrailConfig':{'guardrailIdentifier':'g'}}",
      SAID
      ",'requestMetadata':{'a':'b c'},'serviceTier':{'type':'flex'},"
      "'guardrailConfig':{'guardrailIdentifier':'g'}}" },

    { "unless Bedrock would not take it", CLAUDE, twist_origin,
      NONE
      ",'requestMetadata':{'a':'b!'},'serviceTier':{'type':'auto'},"
      "'guardrailConfig':{'guardrailIdentifier':'g'}}",
      SAID "}" },

    { "labels are strings", CLAUDE, NULL,
      NONE ",'requestMetadata':{'a':1}}",
      SAID "}" },

    { "and some", CLAUDE, NULL,
      NONE ",'requestMetadata':{}}",
      SAID "}" }
};


/* what no request of Converse can say, and those of others do */

static void
twist_cache(ngx_ai_chat_t *chat)
{
    ngx_str_set(&chat->cache, "{\"type\":\"ephemeral\"}");
}


static void
twist_images(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t  *part;

    part = wire_message_part(chat, 0, NGX_AI_PART_IMAGE);
    ngx_str_set(&part->data, "\\/9j\\/4AAQ");

    part = wire_message_part(chat, 0, NGX_AI_PART_IMAGE);
    ngx_str_set(&part->data, "AAAA");
    ngx_str_set(&part->media, "IMAGE\\/WebP;q=1");

    part = wire_message_part(chat, 0, NGX_AI_PART_IMAGE);
    ngx_str_set(&part->url, "s3://bucket/a.gif");

    /* none of these can be told */

    part = wire_message_part(chat, 0, NGX_AI_PART_IMAGE);
    ngx_str_set(&part->url, "https://example.com/a.png");

    part = wire_message_part(chat, 0, NGX_AI_PART_IMAGE);
    ngx_str_set(&part->data, "AAAA");
    ngx_str_set(&part->media, "image/tiff");

    part = wire_message_part(chat, 0, NGX_AI_PART_IMAGE);
    ngx_str_set(&part->file, "file-1");
}


static void
twist_files(ngx_ai_chat_t *chat)
{
    ngx_uint_t      i;
    ngx_ai_part_t  *part;

    static const ngx_str_t  names[] = {
        ngx_string("x"),
        ngx_string("x.pdf"),
        ngx_string("Quarterly \\u2013 r\xc3\xa9sum\xc3\xa9__(v1).final.PDF"),
        ngx_string("..."),
        ngx_string(" \\n")
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        part = wire_message_part(chat, 0, NGX_AI_PART_FILE);
        ngx_str_set(&part->data, "JVBERi0=");
        part->name = names[i];
    }

    part = wire_message_part(chat, 0, NGX_AI_PART_FILE);
    ngx_str_set(&part->text, "plain");

    part = wire_message_part(chat, 0, NGX_AI_PART_FILE);
    ngx_str_set(&part->data, "AAAA");
    ngx_str_set(&part->name, "sheet.xlsx");

    part = wire_message_part(chat, 0, NGX_AI_PART_FILE);
    ngx_str_set(&part->data, "AAAA");
    ngx_str_set(&part->media, "application/zip");
}


static void
twist_custom(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t  *part;
    ngx_ai_tool_t  *tool;

    if (ngx_ai_chat_message(chat, NGX_AI_ROLE_ASSISTANT) == NULL) {
        abort();
    }

    part = wire_message_part(chat, 1, NGX_AI_PART_TOOL_CALL);
    part->custom = 1;
    ngx_str_set(&part->id, "t");
    ngx_str_set(&part->name, "patch");
    ngx_str_set(&part->text, "say \\\"hi\\\"");

    tool = ngx_ai_chat_tool(chat, NGX_AI_TOOL_CUSTOM);
    ngx_str_set(&tool->name, "patch");
    ngx_str_set(&tool->raw, "{\"type\":\"text\"}");

    tool = ngx_ai_chat_tool(chat, NGX_AI_TOOL_CUSTOM);
    ngx_str_set(&tool->name, "plain");
}


static void
twist_foreign(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t  *part;

    part = wire_message_part(chat, 1, NGX_AI_PART_REFUSAL);
    ngx_str_set(&part->text, "no");

    part = wire_message_part(chat, 1, NGX_AI_PART_THINKING);
    ngx_str_set(&part->text, "hm");

    part = wire_message_part(chat, 1, NGX_AI_PART_THINKING);
    part->origin = NGX_AI_DIALECT_ANTHROPIC;
    ngx_str_set(&part->text, "hm");
    ngx_str_set(&part->signature, "S");

    part = wire_message_part(chat, 1, NGX_AI_PART_REDACTED);
    part->origin = NGX_AI_DIALECT_ANTHROPIC;
    ngx_str_set(&part->data, "D");

    part = wire_message_part(chat, 1, NGX_AI_PART_NATIVE);
    part->origin = NGX_AI_DIALECT_ANTHROPIC;
    ngx_str_set(&part->json, "{}");

    part = wire_message_part(chat, 1, NGX_AI_PART_TOOL_CALL);
    part->origin = NGX_AI_DIALECT_BEDROCK;
    ngx_str_set(&part->id, "t");
    ngx_str_set(&part->name, "f");
    ngx_str_set(&part->json, "{}");
    ngx_str_set(&part->signature, "own");

    part = wire_message_part(chat, 1, NGX_AI_PART_TOOL_CALL);
    part->origin = NGX_AI_DIALECT_GEMINI;
    ngx_str_set(&part->id, "u");
    ngx_str_set(&part->name, "f");
    ngx_str_set(&part->json, "{}");
    ngx_str_set(&part->signature, "G");
}


static void
twist_none(ngx_ai_chat_t *chat)
{
    chat->choice = NGX_AI_CHOICE_NONE;
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
twist_tools(ngx_ai_chat_t *chat)
{
    ngx_ai_tool_t  *tool;

    tool = chat->tools.elts;
    tool->origin = NGX_AI_DIALECT_RESPONSES;
}


static void
twist_origin(ngx_ai_chat_t *chat)
{
    chat->origin = NGX_AI_DIALECT_OPENAI;
}


int
main(void)
{
    wire_writes(NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock, write_rows,
                wire_n(write_rows));

    wire_write_memory(NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock, CLAUDE,
                      "{'messages':[{'role':'user','content':[{'document':"
                      "{'format':'pdf','name':'n','source':{'bytes':"
                      "'JVBE'}}}]},{'role':'assistant','content':[{'toolUse':"
                      "{'toolUseId':'a.b','name':'f','input':{}}}]}]}", 2);

    return done();
}
