
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* what a request of Converse is in the hub, and what is said of a wrong one */


#include "wire_rows.h"


#define BODY(more)  "{'messages':[{'role':'user','content':[" more "]}]}"
#define TURN(more)  "{'messages':[{'role':'assistant','content':[" more "]}]}"
#define WITH(more)  "{'messages':[]," more "}"


static const wire_ask_row_t  read_rows[] = {

    { "a question", BODY("{'text':'hi'}"),
      "fields\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "the system prompt comes first, wherever it stands",
      "{'messages':[{'role':'user','content':[{'text':'hi'}]}],"
      "'system':[{'text':'a'},{'cachePoint':{'type':'default'}},"
      "{'text':'b'},{'guardContent':{'text':{'text':'c'}}}]}",
      "fields system cache\n"
      "system\n"
      "  text text=\"a\" cache={\"type\":\"ephemeral\"}\n"
      "  text text=\"b\"\n"
      "  text text=\"c\"\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "an empty system prompt is none",
      "{'system':[],'messages':[]}", "fields\n" },

    { "a system prompt between the turns stays there",
      "{'messages':[{'role':'user','content':[{'text':'a'}]},"
      "{'role':'system','content':[{'text':'b'}]}]}",
      "fields system\n"
      "user\n"
      "  text text=\"a\"\n"
      "system\n"
      "  text text=\"b\"\n" },

    { "cache points mark what is before them",
      "{'messages':[{'role':'user','content':["
      "{'cachePoint':{'type':'default'}},{'text':'a'},"
      "{'cachePoint':{'type':'default','ttl':'1h'}},{'text':'b'}]},"
      "{'role':'assistant','content':["
      "{'cachePoint':{'type':'default','ttl':'5m'}},{'text':'c'}]}]}",
      "fields cache\n"
      "user\n"
      "  text text=\"a\" cache={\"type\":\"ephemeral\",\"ttl\":\"1h\"}\n"
      "  text text=\"b\" cache={\"type\":\"ephemeral\",\"ttl\":\"5m\"}\n"
      "assistant\n"
      "  text text=\"c\"\n" },

    { "images, videos and sounds",
      BODY("{'image':{'format':'jpeg','source':{'bytes':'/9j/'}}},"
           "{'image':{'format':'webp','source':{'s3Location':"
           "{'uri':'s3://b/k'}}}},"
           "{'video':{'format':'three_gp','source':{'bytes':'AA=='}}},"
           "{'audio':{'format':'wav','source':{'bytes':'UklGRg=='}}}"),
      "fields image image_url audio video\n"
      "user\n"
      "  image data=\"/9j/\" media=\"image/jpeg\"\n"
      "  image media=\"image/webp\" url=\"s3://b/k\"\n"
      "  video data=\"AA==\" media=\"video/3gpp\"\n"
      "  audio data=\"UklGRg==\" media=\"audio/wav\"\n" },

    { "documents, however they come",
      BODY("{'document':{'format':'pdf','name':'n 1','source':"
           "{'bytes':'JVBERi0='}}},"
           "{'document':{'format':'txt','name':'n 2','source':"
           "{'text':'t'}}},"
           "{'document':{'name':'n 3','source':{'content':["
           "{'text':'a'},{},{'text':'b'}]}}},"
           "{'searchResult':{'source':'https://x','title':'t','content':["
           "{'text':'c'}]}}"),
      "fields file\n"
      "user\n"
      "  file name=\"n 1\" data=\"JVBERi0=\" media=\"application/pdf\"\n"
      "  file name=\"n 2\" text=\"t\" media=\"text/plain\"\n"
      "  file name=\"n 3\" text=\"ab\"\n"
      "  file name=\"t\" text=\"c\" media=\"text/plain\"\n" },

    { "calls and results",
      "{'messages':[{'role':'assistant','content':["
      "{'toolUse':{'toolUseId':'t1','name':'f','input':{'a':1.0}}},"
      "{'toolUse':{'toolUseId':'t2','name':'g'}}]},"
      "{'role':'user','content':["
      "{'toolResult':{'toolUseId':'t1','content':[{'text':'x'},"
      "{'json':{'a':['\\n']}},{'json':'s'},"
      "{'image':{'format':'png','source':{'bytes':'iVBOR'}}},"
      "{'document':{'format':'csv','name':'d','source':{'bytes':'YQ=='}}}],"
      "'status':'success'}},"
      "{'toolResult':{'toolUseId':'t2','content':[],'status':'error'}}]}]}",
      "fields image file tool_call tool_result tool_result_image "
      "tool_result_error\n"
      "assistant\n"
      "  call id=\"t1\" name=\"f\" json={\"a\":1.0}\n"
      "  call id=\"t2\" name=\"g\" json={}\n"
      "user\n"
      "  result id=\"t1\" name=\"f\"\n"
      "    text text=\"x\"\n"
      "    text text=\"{\"a\":[\"\\n\"]}\"\n"
      "    text text=\"\"s\"\"\n"
      "    image data=\"iVBOR\" media=\"image/png\"\n"
      "    file name=\"d\" data=\"YQ==\" media=\"text/csv\"\n"
      "  result id=\"t2\" name=\"g\" failed\n" },

    { "thoughts, signed, redacted and of other dialects",
      TURN("{'reasoningContent':{'reasoningText':"
           "{'text':'t','signature':'S='}}},"
           "{'reasoningContent':{'reasoningText':{'text':'u'}}},"
           "{'reasoningContent':{'redactedContent':'UkVE'}},"
           "{'reasoningContent':{'reasoningText':"
           "{'text':'v','signature':'aigw.3.T='}}}"),
      "fields thinking signature redacted\n"
      "assistant\n"
      "  thinking text=\"t\" signature=\"S=\" origin=5\n"
      "  thinking text=\"u\"\n"
      "  redacted data=\"UkVE\" origin=5\n"
      "  thinking text=\"v\" signature=\"T=\" origin=3\n" },

    { "a signature of another dialect in front of a call is the call's",
      TURN("{'reasoningContent':{'reasoningText':"
           "{'text':'','signature':'aigw.4.G='}}},"
           "{'toolUse':{'toolUseId':'t','name':'f','input':{}}},"
           "{'reasoningContent':{'reasoningText':"
           "{'text':'','signature':'own'}}},"
           "{'toolUse':{'toolUseId':'u','name':'f','input':{}}}"),
      "fields tool_call signature\n"
      "assistant\n"
      "  call id=\"t\" name=\"f\" json={} signature=\"G=\" origin=4\n"
      "  thinking signature=\"own\" origin=5\n"
      "  call id=\"u\" name=\"f\" json={}\n" },

    { "citations are with their text",
      TURN("{'citationsContent':{'content':[{'text':'a'},{'text':'b'}],"
           "'citations':[{'title':'t','source':'s','sourceContent':"
           "[{'text':'q'}],'location':{'web':{'url':'https://x'}}}]}}"),
      "fields citations\n"
      "assistant\n"
      "  text text=\"ab\" citation{ url=\"https://x\" title=\"t\" "
      "quote=\"q\" id=\"s\" -1--1 }\n" },

    { "what is to be guarded is said all the same",
      BODY("{'guardContent':{'text':{'text':'g','qualifiers':['query']}}},"
           "{'guardContent':{'image':{'format':'png','source':"
           "{'bytes':'iVBOR'}}}}"),
      "fields image\n"
      "user\n"
      "  text text=\"g\"\n"
      "  image data=\"iVBOR\" media=\"image/png\"\n" },

    { "what Bedrock says to itself goes back to it alone",
      TURN("{'toolUse':{'toolUseId':'t','name':'nova_grounding',"
           "'type':'server_tool_use','input':{}}},"
           "{'toolResult':{'toolUseId':'t','type':'nova_grounding_result',"
           "'content':[]}},{'toolAddition':{'tool':{'name':'x'}}}"),
      "fields\n"
      "assistant\n"
      "  native name=\"toolUse\" json={\"toolUse\":{\"toolUseId\":\"t\","
      "\"name\":\"nova_grounding\",\"type\":\"server_tool_use\","
      "\"input\":{}}} origin=5\n"
      "  native name=\"toolResult\" json={\"toolResult\":{\"toolUseId\":\"t\","
      "\"type\":\"nova_grounding_result\",\"content\":[]}} origin=5\n"
      "  native name=\"toolAddition\" json={\"toolAddition\":{\"tool\":"
      "{\"name\":\"x\"}}} origin=5\n" },

    { "tools",
      WITH("'toolConfig':{'tools':[{'cachePoint':{'type':'default'}},"
           "{'toolSpec':{'name':'f','description':'d','inputSchema':"
           "{'json':{'type':'object'}},'strict':true}},"
           "{'cachePoint':{'type':'default'}},"
           "{'toolSpec':{'name':'g','inputSchema':{}}},"
           "{'systemTool':{'name':'nova_grounding'}},"
           "{'systemTool':{'name':'nova_code_interpreter'}},"
           "{'systemTool':{'name':'other'}}]}"),
      "fields tools tool_strict web_search code tool_native cache\n"
      "tool function name=\"f\" description=\"d\" schema={\"type\":\"object\"}"
      " cache={\"type\":\"ephemeral\"} strict=1\n"
      "tool function name=\"g\"\n"
      "tool web_search name=\"nova_grounding\" "
      "raw={\"name\":\"nova_grounding\"} origin=5\n"
      "tool code name=\"nova_code_interpreter\" "
      "raw={\"name\":\"nova_code_interpreter\"} origin=5\n"
      "tool native name=\"other\" raw={\"name\":\"other\"} origin=5\n" }
};


/* the first line, and the fields */

static const wire_ask_row_t  option_rows[] = {

    { "what shapes the answer",
      WITH("'inferenceConfig':{'maxTokens':1e3,'temperature':1.0,'topP':0.5,"
           "'stopSequences':['a','\\n']}"),
      "options stream=0 usage=1 max_tokens=1000 temperature=1.0 top_p=0.5 "
      "stop=[\"a\",\"\\x0a\"]\n"
      "fields max_tokens temperature top_p stop\n" },

    { "no stop sequences are none",
      WITH("'inferenceConfig':{'stopSequences':[],'topP':null}"),
      "options stream=0 usage=1\n"
      "fields\n" },

    { "Claude's thinking",
      WITH("'additionalModelRequestFields':{'top_k':5,'thinking':"
           "{'type':'enabled','budget_tokens':2000}}"),
      "options stream=0 usage=1 top_k=5 budget=2000\n"
      "fields top_k budget\n" },

    { "as much as it takes",
      WITH("'additionalModelRequestFields':{'thinking':{'type':'adaptive'}}"),
      "options stream=0 usage=1 budget=-1\n"
      "fields budget\n" },

    { "none",
      WITH("'additionalModelRequestFields':{'thinking':{'type':'disabled'}}"),
      "options stream=0 usage=1 budget=0\n"
      "fields budget\n" },

    { "Nova's",
      WITH("'additionalModelRequestFields':{'inferenceConfig':{'topK':3},"
           "'reasoningConfig':{'type':'enabled',"
           "'maxReasoningEffort':'low'}}"),
      "options stream=0 usage=1 top_k=3 effort=low\n"
      "fields top_k effort\n" },

    { "OpenAI's, Cohere's",
      WITH("'additionalModelRequestFields':{'reasoning_effort':'high',"
           "'k':9}"),
      "options stream=0 usage=1 top_k=9 effort=high\n"
      "fields top_k effort\n" },

    { "effort as Converse has it",
      WITH("'outputConfig':{'effort':'max'}"),
      "options stream=0 usage=1 effort=max\n"
      "fields effort\n" },

    { "a schema, which is a string",
      WITH("'outputConfig':{'textFormat':{'type':'json_schema','structure':"
           "{'jsonSchema':{'schema':'{\\'type\\': \\'object\\'}',"
           "'name':'n','description':'d'}}}}"),
      "options stream=0 usage=1 output=2 schema={\"type\":\"object\"} "
      "schema_name=\"n\" schema_description=\"d\"\n"
      "fields schema\n" },

    { "the choice of a tool",
      WITH("'toolConfig':{'toolChoice':{'tool':{'name':'f'}}}"),
      "options stream=0 usage=1 choice=4 choice_name=\"f\"\n"
      "fields tool_choice_named\n" },

    { "of any tool",
      WITH("'toolConfig':{'toolChoice':{'any':{}}}"),
      "options stream=0 usage=1 choice=3\n"
      "fields tool_choice\n" },

    { "the model's choice",
      WITH("'toolConfig':{'toolChoice':{'auto':{}}}"),
      "options stream=0 usage=1 choice=1\n"
      "fields\n" },

    { "the account's",
      WITH("'requestMetadata':{'a':'b'},'serviceTier':{'type':'flex'},"
           "'guardrailConfig':{'guardrailIdentifier':'g'},'modelId':'m'"),
      "options stream=0 usage=1 metadata={\"a\":\"b\"} tier=\"flex\" "
      "safety={\"guardrailIdentifier\":\"g\"}\n"
      "fields metadata tier safety\n" }
};


static const wire_fault_row_t  fault_rows[] = {
    { "[]", " must be an object" },
    { "{'messages':{}}", "messages must be an array" },
    { "{'messages':[],'messages':[]}", "messages is given more than once" },
    { "{'messages':[1]}", "messages[0] must be an object" },
    { "{'messages':[{'content':[]}]}", "messages[0] has no role" },
    { "{'messages':[{'role':'tool','content':[]}]}",
      "messages[0].role must be \"user\" or \"assistant\"" },
    { "{'messages':[{'role':1}]}", "messages[0].role must be a string" },
    { "{'messages':[{'role':'user','content':'hi'}]}",
      "messages[0].content must be an array" },
    { BODY("'hi'"), "messages[0].content[0] must be an object" },
    { BODY("{'text':'a'},{'text':1}"),
      "messages[0].content[1].text must be a string" },
    { BODY("{'image':{'format':'png'}}"),
      "messages[0].content[0].image has no source" },
    { BODY("{'image':{'format':'png','source':{}}}"),
      "messages[0].content[0].image has no source" },
    { BODY("{'image':{'source':{'bytes':[]}}}"),
      "messages[0].content[0].image.source.bytes must be a string" },
    { BODY("{'document':{'name':'n','source':{'s3Location':{'uri':1}}}}"),
      "messages[0].content[0].document.source.s3Location.uri must be a "
      "string" },
    { BODY("{'document':{'name':'n','source':{'content':[{'text':1}]}}}"),
      "messages[0].content[0].document.source.content[0].text must be a "
      "string" },
    { BODY("{'toolResult':{'content':[]}}"),
      "messages[0].content[0].toolResult has no toolUseId" },
    { BODY("{'toolResult':{'toolUseId':'t','content':[{'image':1}]}}"),
      "messages[0].content[0].toolResult.content[0].image must be an object" },
    { TURN("{'toolUse':{'name':'f','input':{}}}"),
      "messages[0].content[0].toolUse has no toolUseId" },
    { TURN("{'toolUse':{'toolUseId':'t','input':{}}}"),
      "messages[0].content[0].toolUse has no name" },
    { TURN("{'toolUse':{'toolUseId':'t','name':'f','input':'{}'}}"),
      "messages[0].content[0].toolUse.input must be an object" },
    { TURN("{'reasoningContent':{'reasoningText':'t'}}"),
      "messages[0].content[0].reasoningContent.reasoningText must be an "
      "object" },
    { "{'system':'be nice','messages':[]}", "system must be an array" },
    { "{'system':[{'text':1}],'messages':[]}",
      "system[0].text must be a string" },
    { "{'system':[],'system':[{}],'messages':[]}",
      "system is given more than once" },
    { WITH("'inferenceConfig':{'maxTokens':-1}"),
      "inferenceConfig.maxTokens must be an integer, 0 or more" },
    { WITH("'inferenceConfig':{'temperature':'1'}"),
      "inferenceConfig.temperature must be a number" },
    { WITH("'inferenceConfig':{'stopSequences':['a',1]}"),
      "inferenceConfig.stopSequences[1] must be a string" },
    { WITH("'toolConfig':{'tools':[{'toolSpec':{'inputSchema':{}}}]}"),
      "toolConfig.tools[0].toolSpec has no name" },
    { WITH("'toolConfig':{'tools':[{'toolSpec':{'name':'f','inputSchema':"
           "{'json':'{}'}}}]}"),
      "toolConfig.tools[0].toolSpec.inputSchema.json must be an object" },
    { WITH("'toolConfig':{'tools':[{'systemTool':{}}]}"),
      "toolConfig.tools[0].systemTool has no name" },
    { WITH("'toolConfig':{'toolChoice':{'tool':{}}}"),
      "toolConfig.toolChoice.tool has no name" },
    { WITH("'outputConfig':{'textFormat':{'structure':{'jsonSchema':"
           "{'schema':'[]'}}}}"),
      "outputConfig.textFormat.structure.jsonSchema.schema must be a JSON "
      "object in a string" },
    { WITH("'outputConfig':{'textFormat':{'structure':{'jsonSchema':"
           "{'schema':{}}}}}"),
      "outputConfig.textFormat.structure.jsonSchema.schema must be a string" },
    { WITH("'additionalModelRequestFields':{'thinking':{'budget_tokens':"
           "'1'}}"),
      "additionalModelRequestFields.thinking.budget_tokens must be a number" },
    { WITH("'requestMetadata':[]"), "requestMetadata must be an object" },
    { WITH("'serviceTier':{'type':{}}"), "serviceTier.type must be a string" }
};


/* what has no word in the hub is known by its name */

static const wire_fault_row_t  drop_rows[] = {
    { WITH("'performanceConfig':{'latency':'optimized'}"),
      " performanceConfig" },
    { WITH("'promptVariables':{},'additionalModelResponseFieldPaths':['/x']"),
      " promptVariables additionalModelResponseFieldPaths" },
    { WITH("'additionalModelRequestFields':{'anthropic_beta':['x']}"),
      " additionalModelRequestFields.anthropic_beta" },
    { WITH("'additionalModelRequestFields':{'reasoning_effort':'much'}"),
      " additionalModelRequestFields.reasoning_effort" },
    { WITH("'toolConfig':{'toolChoice':{'some':{}}}"),
      " toolConfig.toolChoice" },
    { BODY("{'text':'a','type':'text'},{'document':{'name':'n','context':'c',"
           "'citations':{'enabled':true},'source':{'text':'t'}}}"),
      " messages.content.type messages.content.document.context "
      "messages.content.document.citations" },
    { BODY("{'hologram':{}}"), " messages.content.hologram" },
    { BODY("{'image':{'source':{'s3Location':{'uri':'s3://b/k',"
           "'bucketOwner':'1'}}}}"),
      " messages.content.image.source.s3Location.bucketOwner" },
    { WITH("'performanceConfig':null"), "" }
};


int
main(void)
{
    wire_asks(NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock, read_rows,
              wire_n(read_rows), 1);
    wire_asks(NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock, option_rows,
              wire_n(option_rows), 0);
    wire_faults(NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock, fault_rows,
                wire_n(fault_rows));
    wire_dropped(NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock, drop_rows,
                 wire_n(drop_rows));

    wire_ask_memory(NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock,
                    "{'system':[{'text':'s'}],'messages':["
                    "{'role':'user','content':[{'text':'a'},{'document':"
                    "{'name':'n','source':{'content':[{'text':'a'},"
                    "{'text':'b'}]}}}]},{'role':'assistant','content':["
                    "{'toolUse':{'toolUseId':'t','name':'f','input':{}}},"
                    "{'citationsContent':{'citations':[{}]}}]},"
                    "{'role':'user','content':[{'toolResult':{'toolUseId':"
                    "'t','content':[{'json':{'a':1}}]}}]}],"
                    "'inferenceConfig':{'stopSequences':['x']},"
                    "'toolConfig':{'tools':[{'toolSpec':{'name':'f'}}]},"
                    "'outputConfig':{'textFormat':{'structure':"
                    "{'jsonSchema':{'schema':'{\\'a\\':1}'}}}}}");

    return done();
}
