
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * What a request of generateContent is in the hub, and what is said of a
 * wrong one.
 */


#include "gemini.h"


#define SAYS(parts)   "{'contents':[{'role':'user','parts':[" parts "]}]}"
#define SAID(parts)   "{'contents':[{'role':'model','parts':[" parts "]}]}"
#define WITH(more)    "{'contents':[]," more "}"
#define CONFIG(more)  WITH("'generationConfig':{" more "}")
#define TOOLS(more)   WITH("'tools':[" more "]")
#define MODE(more)    WITH("'toolConfig':{'functionCallingConfig':{" more "}}")


static void test_read(void);
static void test_options(void);
static void test_snake(void);
static void test_faults(void);
static void test_drops(void);
static void test_memory(void);
static void hub_of(const char *body, hub_text_t *t);


/* the hub without the line of options */

static const gemini_row_t  read_rows[] = {

    { "a question", SAYS("{'text':'hi'}"),
      "fields\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "one content, one part, no role: Google takes objects for arrays",
      "{'contents':{'parts':{'text':'hi'}}}",
      "fields\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "the system prompt comes first, wherever it stands",
      "{'contents':[{'parts':[{'text':'hi'}]}],"
      "'systemInstruction':{'role':'user','parts':[{'text':'a'},"
      "{'text':'b'}]}}",
      "fields system\n"
      "system\n"
      "  text text=\"a\"\n"
      "  text text=\"b\"\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "an empty system prompt is none",
      "{'systemInstruction':{'parts':{'text':''}},'contents':"
      "[{'parts':[{'text':'hi'}]}]}",
      "fields\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "contents that say nothing are none",
      "{'contents':[{'role':'model'},{'role':'user','parts':[]},"
      "{'role':'user','parts':[{}]},{'role':'user','parts':[{'text':''}]},"
      "{'role':'user','parts':[{'text':'hi'}]}]}",
      "fields\n"
      "user\n"
      "  text text=\"hi\"\n" },

    { "what a stream left of a text is one text",
      "{'contents':[{'role':'user','parts':[{'text':'q'}]},"
      "{'role':'model','parts':[{'text':'a'}]},"
      "{'role':'model','parts':[{'text':'b'}]},"
      "{'role':'model','parts':[{'text':'c'},{'text':'d'}]}]}",
      "fields\n"
      "user\n"
      "  text text=\"q\"\n"
      "assistant\n"
      "  text text=\"abc\"\n"
      "  text text=\"d\"\n" },

    { "what it left of a thought is one thought up to its signature",
      SAID("{'thought':true,'text':'a'},{'thought':true,'text':'b'},"
           "{'thought':true,'text':'','thoughtSignature':'S'},"
           "{'thought':true,'text':'c'},{'text':'d'}"),
      "fields thinking signature\n"
      "assistant\n"
      "  thinking text=\"ab\" summary signature=\"S\" origin=4\n"
      "  thinking text=\"c\" summary\n"
      "  text text=\"d\"\n" },

    { "turns of the user stay apart",
      "{'contents':[{'role':'user','parts':[{'text':'a'}]},"
      "{'role':'user','parts':[{'text':'b'}]}]}",
      "fields\n"
      "user\n"
      "  text text=\"a\"\n"
      "user\n"
      "  text text=\"b\"\n" },

    { "a signature of a text is a part behind it",
      SAID("{'text':'a','thoughtSignature':'S'},"
           "{'text':'','thoughtSignature':'T'}"),
      "fields signature\n"
      "assistant\n"
      "  text text=\"a\"\n"
      "  thinking summary signature=\"S\" origin=4\n"
      "  thinking summary signature=\"T\" origin=4\n" },

    { "what is carried for others is theirs again",
      SAID("{'thought':true,'text':'t','thoughtSignature':"
           "'YWlndy4zLkVyVUI='},"
           "{'thought':true,'thoughtSignature':'YWlndy4zLkRhVGE='},"
           "{'functionCall':{'name':'f','id':'i'},'thoughtSignature':"
           "'YWlndy41LlhZWg'}"),
      "fields tool_call thinking signature redacted\n"
      "assistant\n"
      "  thinking text=\"t\" signature=\"ErUB\" origin=3\n"
      "  redacted data=\"DaTa\" origin=3\n"
      "  call id=\"i\" name=\"f\" json={} signature=\"XYZ\" origin=5\n" },

    { "what looks like that and is not gets nowhere",
      SAID("{'text':'t','thoughtSignature':'YWlndy4zLiIsIg=='},"
           "{'text':'u','thoughtSignature':'YWlndy4zLg=='}"),
      "fields\n"
      "assistant\n"
      "  text text=\"t\"\n"
      "  text text=\"u\"\n" },

    { "calls and results are joined by name and order",
      "{'contents':[{'role':'model','parts':["
      "{'functionCall':{'name':'f','args':{'a':1.0}},"
      "'thoughtSignature':'S'},{'functionCall':{'name':'g'}},"
      "{'functionCall':{'name':'f','args':{}}}]},"
      "{'role':'function','parts':["
      "{'functionResponse':{'name':'f','response':{'result':'1'}}},"
      "{'functionResponse':{'name':'g','response':{'output':2}}},"
      "{'functionResponse':{'name':'f','response':{'error':'no'}}}]}]}",
      "fields tool_call tool_result tool_result_error signature\n"
      "assistant\n"
      "  call id=\"call_0\" name=\"f\" json={\"a\":1.0} signature=\"S\" "
      "origin=4\n"
      "  call id=\"call_1\" name=\"g\" json={}\n"
      "  call id=\"call_2\" name=\"f\" json={}\n"
      "user\n"
      "  result id=\"call_0\" name=\"f\"\n"
      "    text text=\"1\"\n"
      "  result id=\"call_1\" name=\"g\"\n"
      "    text text=\"2\"\n"
      "  result id=\"call_2\" name=\"f\" failed\n"
      "    text text=\"no\"\n" },

    { "a result that is no \"result\" is a text of its own",
      SAYS("{'functionResponse':{'id':'x','name':'f','response':"
           "{'a':'`','b':[1,\n2]}}},"
           "{'functionResponse':{'id':'y','name':'f','response':{}}},"
           "{'functionResponse':{'id':'z','name':'f'}},"
           "{'functionResponse':{'id':'v','name':'f','response':"
           "{'result':{'c':null}}}}"),
      "fields tool_result\n"
      "user\n"
      "  result id=\"x\" name=\"f\"\n"
      "    text text=\"{\"a\":\"'\",\"b\":[1,\\x0a2]}\"\n"
      "  result id=\"y\" name=\"f\"\n"
      "  result id=\"z\" name=\"f\"\n"
      "  result id=\"v\" name=\"f\"\n"
      "    text text=\"{\"c\":null}\"\n" },

    { "images of a result",
      SAYS("{'functionResponse':{'id':'x','name':'f','response':"
           "{'result':'r'},'parts':[{'inlineData':{'mimeType':'image/png',"
           "'data':'AA=='}},{'fileData':{'fileUri':'gs://b/a.mp3',"
           "'mimeType':'audio/mpeg'}}]}}"),
      "fields image audio file_id tool_result tool_result_image\n"
      "user\n"
      "  result id=\"x\" name=\"f\"\n"
      "    text text=\"r\"\n"
      "    image data=\"AA==\" media=\"image/png\"\n"
      "    audio media=\"audio/mpeg\" file=\"gs://b/a.mp3\"\n" },

    { "media by their type, and by their URL where there is none",
      SAYS("{'inlineData':{'mimeType':'image/png','data':'AA=='}},"
           "{'inlineData':{'mimeType':'audio/wav','data':'AB=='}},"
           "{'inlineData':{'mimeType':'video/mp4','data':'AC=='}},"
           "{'inlineData':{'mimeType':'application/pdf','data':'AD==',"
           "'displayName':'d.pdf'}},"
           "{'fileData':{'mimeType':'image/jpeg','fileUri':'https://x/y'}},"
           "{'fileData':{'fileUri':'https://x/y.webp'}},"
           "{'fileData':{'fileUri':'https://youtu.be/x'}},"
           "{'fileData':{'fileUri':'https://x/y'}},"
           "{'fileData':{'mimeType':'application/pdf','fileUri':"
           "'https://generativelanguage.googleapis.com/v1beta/files/a'}}"),
      "fields image image_url audio video file file_url file_id\n"
      "user\n"
      "  image data=\"AA==\" media=\"image/png\"\n"
      "  audio data=\"AB==\" media=\"audio/wav\"\n"
      "  video data=\"AC==\" media=\"video/mp4\"\n"
      "  file name=\"d.pdf\" data=\"AD==\" media=\"application/pdf\"\n"
      "  image media=\"image/jpeg\" url=\"https://x/y\"\n"
      "  image url=\"https://x/y.webp\"\n"
      "  video url=\"https://youtu.be/x\"\n"
      "  file url=\"https://x/y\"\n"
      "  file media=\"application/pdf\" file=\""
      "https://generativelanguage.googleapis.com/v1beta/files/a\"\n" },

    { "what only Gemini has a word for goes as it is",
      SAID("{'executableCode':{'language':'PYTHON','code':'1'},"
           "'thoughtSignature':'S'},"
           "{'codeExecutionResult':{'outcome':'OUTCOME_OK'}},"
           "{'toolCall':{}},{'tool_response':{}}"),
      "fields\n"
      "assistant\n"
      "  native name=\"executableCode\" json={\"executableCode\":"
      "{\"language\":\"PYTHON\",\"code\":\"1\"},\"thoughtSignature\":\"S\"} "
      "origin=4\n"
      "  native name=\"codeExecutionResult\" json={\"codeExecutionResult\":"
      "{\"outcome\":\"OUTCOME_OK\"}} origin=4\n"
      "  native name=\"toolCall\" json={\"toolCall\":{}} origin=4\n"
      "  native name=\"tool_response\" json={\"tool_response\":{}} "
      "origin=4\n" },

    { "functions, and their schemas in JSON Schema",
      TOOLS("{'functionDeclarations':[{'name':'f','description':'d',"
            "'parameters':{'type':'OBJECT','properties':{'type':{'type':"
            "'STRING','nullable':true,'format':'enum','enum':['a']},"
            "'n':{'type':'ARRAY','minItems':'1','maxItems':'007','items':"
            "{'anyOf':[{'type':'INTEGER'},{'type':'NULL'}]}}},'required':"
            "['type'],'propertyOrdering':['n','type']},'response':{}},"
            "{'name':'g','parametersJsonSchema':{'type':'object','$defs':{}}},"
            "{'name':'h'}]}"),
      "fields tools\n"
      "tool function name=\"f\" description=\"d\" schema={\"type\":\"object\","
      "\"properties\":{\"type\":{\"type\":[\"string\",\"null\"],\"format\":"
      "\"enum\",\"enum\":[\"a\"]},\"n\":{\"type\":\"array\",\"minItems\":1,"
      "\"maxItems\":\"007\",\"items\":{\"anyOf\":[{\"type\":\"integer\"},"
      "{\"type\":\"null\"}]}}},\"required\":[\"type\"]}\n"
      "tool function name=\"g\" schema={\"type\":\"object\",\"$defs\":{}}\n"
      "tool function name=\"h\"\n" },

    { "types by their numbers, and names in snake case",
      TOOLS("{'function_declarations':{'name':'f','parameters':{'type':6,"
            "'properties':{'a':{'type':1},'b':{'type':5,'any_of':[],"
            "'max_items':2,'items':{'type':3}},'c':{'type':99},'d':true}}}}"),
      "fields tools\n"
      "tool function name=\"f\" schema={\"type\":\"object\",\"properties\":"
      "{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"array\",\"anyOf\":[],"
      "\"maxItems\":2,\"items\":{\"type\":\"integer\"}},"
      "\"c\":{\"type\":99},\"d\":true}}\n" },

    { "tools of Google's own, several in one object",
      WITH("'tools':{'googleSearch':{},'codeExecution':{},'urlContext':"
           "{'a':1},'functionDeclarations':[{'name':'f'}],'fileSearch':null}"),
      "fields tools web_search code tool_native\n"
      "tool web_search name=\"googleSearch\" raw=\"googleSearch\":{} "
      "origin=4\n"
      "tool code name=\"codeExecution\" raw=\"codeExecution\":{} origin=4\n"
      "tool native name=\"urlContext\" raw=\"urlContext\":{\"a\":1} "
      "origin=4\n"
      "tool function name=\"f\"\n" }
};


static const gemini_row_t  option_rows[] = {

    { "usage is always told", WITH("'model':'models/x'"),
      "options stream=0 usage=1\nfields\n" },

    { "sampling",
      CONFIG("'temperature':1.0,'topP':0.5,'topK':40,'seed':-1,"
             "'presencePenalty':0.1,'frequencyPenalty':-0.1,"
             "'maxOutputTokens':10,'candidateCount':2,"
             "'stopSequences':['a','b'],'responseLogprobs':true,"
             "'logprobs':3"),
      "options stream=0 usage=1 max_tokens=10 temperature=1.0 top_p=0.5 "
      "top_k=40 seed=-1 presence_penalty=0.1 frequency_penalty=-0.1 "
      "logprobs=1 top_logprobs=3 n=2 stop=[\"a\",\"b\"]\n"
      "fields max_tokens temperature top_p top_k n stop seed "
      "presence_penalty frequency_penalty logprobs\n" },

    { "what asks for nothing",
      CONFIG("'responseLogprobs':false,'candidateCount':1,'topP':null,"
             "'stopSequences':[],'responseMimeType':'text/plain',"
             "'responseModalities':['TEXT'],'thinkingConfig':{}"),
      "options stream=0 usage=1\nfields\n" },

    { "JSON", CONFIG("'responseMimeType':'application/json'"),
      "options stream=0 usage=1 output=1\nfields json\n" },

    { "a schema of OpenAPI",
      CONFIG("'responseSchema':{'type':'OBJECT'},"
             "'responseMimeType':'application/json'"),
      "options stream=0 usage=1 output=2 schema={\"type\":\"object\"}\n"
      "fields schema\n" },

    { "a JSON Schema",
      CONFIG("'responseJsonSchema':{'type':'object'}"),
      "options stream=0 usage=1 output=2 schema={\"type\":\"object\"}\n"
      "fields schema\n" },

    { "images and sounds are wanted",
      CONFIG("'responseModalities':['TEXT','Image','AUDIO'],'speechConfig':"
             "{'voiceConfig':{'prebuiltVoiceConfig':{'voiceName':'Kore'}}}"),
      "options stream=0 usage=1 audio_voice=\"Kore\"\n"
      "fields audio_out image_out\n" },

    { "a budget of thinking",
      CONFIG("'thinkingConfig':{'thinkingBudget':-1,'includeThoughts':true}"),
      "options stream=0 usage=1 budget=-1 summary=\"auto\" thoughts=1\n"
      "fields budget summary\n" },

    { "a level of thinking",
      CONFIG("'thinkingConfig':{'thinkingLevel':'HIGH',"
             "'includeThoughts':false}"),
      "options stream=0 usage=1 effort=high thoughts=0\n"
      "fields effort\n" },

    { "functions are chosen freely", MODE("'mode':'AUTO'"),
      "options stream=0 usage=1 choice=1\nfields\n" },

    { "no function is to be called", MODE("'mode':'NONE'"),
      "options stream=0 usage=1 choice=2\nfields tool_choice_none\n" },

    { "any function is to be called", MODE("'mode':'any'"),
      "options stream=0 usage=1 choice=3\nfields tool_choice\n" },

    { "one function is to be called",
      MODE("'mode':'ANY','allowedFunctionNames':['f']"),
      "options stream=0 usage=1 choice=4 choice_name=\"f\"\n"
      "fields tool_choice_named\n" },

    { "one of some functions is to be called",
      MODE("'mode':2,'allowedFunctionNames':['f','g']"),
      "options stream=0 usage=1 choice=3 allowed=[\"f\",\"g\"]\n"
      "fields tool_choice tool_choice_allowed\n" },

    { "some functions may be called",
      MODE("'mode':'VALIDATED','allowedFunctionNames':['f']"),
      "options stream=0 usage=1 choice=1 allowed=[\"f\"]\n"
      "fields tool_choice_allowed\n" },

    { "the rest",
      WITH("'safetySettings':[{'category':'X'}],'serviceTier':'standard',"
           "'labels':{'a':'b'}"),
      "options stream=0 usage=1 metadata={\"a\":\"b\"} tier=\"default\" "
      "safety=[{\"category\":\"X\"}]\n"
      "fields metadata tier safety\n" }
};


static const gemini_row_t  fault_rows[] = {
    { NULL, "[]", " must be an object" },
    { NULL, "{}", " has no \"contents\"" },
    { NULL, "{'contents':'hi'}", "contents is of the wrong type" },
    { NULL, "{'contents':['hi']}", "contents[0] must be an object" },
    { NULL, "{'contents':[],'contents':[]}",
      "contents is given more than once" },
    { NULL, "{'contents':[{'parts':[]},{'role':'system','parts':[]}]}",
      "contents[1].role must be \"user\" or \"model\"" },
    { NULL, "{'contents':[{'role':1}]}", "contents[0].role must be a string" },
    { NULL, SAYS("'hi'"), "contents[0].parts[0] must be an object" },
    { NULL, SAYS("{'text':1}"),
      "contents[0].parts[0].text must be a string" },
    { NULL, SAYS("{},{'thought':'yes'}"),
      "contents[0].parts[1].thought must be true or false" },
    { NULL, SAYS("{'inlineData':{'mimeType':'image/png'}}"),
      "contents[0].parts[0].inlineData has no data" },
    { NULL, SAYS("{'fileData':{'mimeType':1}}"),
      "contents[0].parts[0].fileData.mimeType must be a string" },
    { NULL, SAYS("{'functionCall':{'args':{}}}"),
      "contents[0].parts[0].functionCall has no name" },
    { NULL, SAYS("{'functionCall':{'name':'f','args':'{}'}}"),
      "contents[0].parts[0].functionCall.args must be an object" },
    { NULL, SAYS("{'functionResponse':{'response':{}}}"),
      "contents[0].parts[0].functionResponse has no name" },
    { NULL, SAYS("{'functionResponse':{'name':'f','response':'x'}}"),
      "contents[0].parts[0].functionResponse.response must be an object" },
    { NULL, SAYS("{'functionResponse':{'name':'f','parts':[{'text':'x'}]}}"),
      "contents[0].parts[0].functionResponse.parts[0] has no data" },
    { NULL, WITH("'systemInstruction':'s'"),
      "systemInstruction must be an object" },
    { NULL, WITH("'systemInstruction':{'parts':['s']}"),
      "systemInstruction.parts[0] must be an object" },
    { NULL, TOOLS("1"), "tools[0] must be an object" },
    { NULL, TOOLS("{'functionDeclarations':[{'description':'d'}]}"),
      "tools[0].functionDeclarations[0] has no name" },
    { NULL, TOOLS("{'functionDeclarations':[{'name':'f','parameters':[]}]}"),
      "tools[0].functionDeclarations[0].parameters must be an object" },
    { NULL, MODE("'mode':'SOME'"),
      "toolConfig.functionCallingConfig.mode is no mode" },
    { NULL, MODE("'allowedFunctionNames':[1]"),
      "toolConfig.functionCallingConfig.allowedFunctionNames[0] "
      "must be a string" },
    { NULL, CONFIG("'maxOutputTokens':1.5"),
      "generationConfig.maxOutputTokens must be an integer, 0 or more" },
    { NULL, CONFIG("'temperature':'hot'"),
      "generationConfig.temperature must be a number" },
    { NULL, CONFIG("'stopSequences':[1]"),
      "generationConfig.stopSequences[0] must be a string" },
    { NULL, CONFIG("'responseModalities':['SMELL']"),
      "generationConfig.responseModalities[0] is no modality" },
    { NULL, CONFIG("'thinkingConfig':{'thinkingBudget':-2}"),
      "generationConfig.thinkingConfig.thinkingBudget must be an integer, "
      "-1 or more" },
    { NULL, CONFIG("'thinkingConfig':{'thinkingLevel':''}"),
      "generationConfig.thinkingConfig.thinkingLevel is no level" },
    { NULL, CONFIG("'responseSchema':'s'"),
      "generationConfig.responseSchema must be an object" }
};


static const gemini_row_t  drop_rows[] = {
    { NULL, WITH("'cachedContent':'c'"), " cachedContent" },
    { NULL, SAYS("{'text':'a','videoMetadata':{},'x':null}"),
      " contents.parts.videoMetadata" },
    { NULL, SAYS("{'functionResponse':{'name':'f','scheduling':'SILENT'}}"),
      " contents.parts.functionResponse.scheduling" },
    { NULL, CONFIG("'mediaResolution':'LOW','speechConfig':"
                   "{'languageCode':'de'}"),
      " generationConfig.mediaResolution"
      " generationConfig.speechConfig.languageCode" },
    { NULL, TOOLS("{'functionDeclarations':[{'name':'f','behavior':'X'}]}"),
      " tools.functionDeclarations.behavior" },
    { NULL, WITH("'toolConfig':{'retrievalConfig':{}}"),
      " toolConfig.retrievalConfig" },
    { NULL, WITH("'toolConfig':{'functionCallingConfig':"
                 "{'streamFunctionCallArguments':true}}"), "" },
    { NULL, WITH("'model':'models/m','topK':1"), " topK" }
};


/* all that has two names, by its other one */

static const char  snake[] =
    "{'contents':[{'role':'user','parts':[{'text':'q'},"
    "{'inline_data':{'mime_type':'image/png','data':'AA==',"
    "'display_name':'d'}},{'file_data':{'file_uri':'gs://b/f',"
    "'mime_type':'application/pdf'}}]},"
    "{'role':'model','parts':[{'function_call':{'name':'f'},"
    "'thought_signature':'S'},{'executable_code':{}},"
    "{'code_execution_result':{}},{'tool_call':{}}]},"
    "{'role':'user','parts':[{'function_response':{'name':'f',"
    "'response':{'result':'r'}}}]}],"
    "'system_instruction':{'parts':[{'text':'s'}]},"
    "'tools':[{'function_declarations':[{'name':'f',"
    "'parameters_json_schema':{}}]},{'google_search':{}},"
    "{'google_search_retrieval':{}},{'code_execution':{}}],"
    "'tool_config':{'function_calling_config':{'mode':'ANY',"
    "'allowed_function_names':['f','g']}},"
    "'safety_settings':[],'service_tier':'flex',"
    "'generation_config':{'max_output_tokens':1,'top_p':1,'top_k':1,"
    "'candidate_count':2,'stop_sequences':['s'],'presence_penalty':1,"
    "'frequency_penalty':1,'response_logprobs':true,"
    "'response_mime_type':'application/json','response_schema':{},"
    "'response_modalities':['IMAGE'],'speech_config':{'voice_config':"
    "{'prebuilt_voice_config':{'voice_name':'v'}}},'thinking_config':"
    "{'thinking_budget':1,'thinking_level':'LOW','include_thoughts':true}}}";


static void
hub_of(const char *body, hub_text_t *t)
{
    if (gemini_ask(body) == NGX_OK) {
        hub_chat_text(t, &gemini.chat);

    } else {
        hub_printf(t, "%s", gemini.fault);
    }
}


static void
test_read(void)
{
    char        *p;
    hub_text_t   t = { NULL, 0, 0 };
    ngx_uint_t   i;

    for (i = 0; i < GEMINI_ROWS(read_rows); i++) {

        hub_of(read_rows[i].in, &t);

        p = memchr(t.data, '\n', t.len);
        p = p ? p + 1 : t.data;

        is_str(p, t.data + t.len - p, read_rows[i].out, "read: %s",
               read_rows[i].name);
        hub_text_free(&t);
    }
}


static void
test_options(void)
{
    hub_text_t  t = { NULL, 0, 0 };
    ngx_uint_t  i;

    for (i = 0; i < GEMINI_ROWS(option_rows); i++) {

        hub_of(option_rows[i].in, &t);

        is_str(t.data, t.len, option_rows[i].out, "option: %s",
               option_rows[i].name);
        hub_text_free(&t);
    }
}


/* nothing of it is dropped, and in camel case it would be the same */

static void
test_snake(void)
{
    char        *camel;
    size_t       i, n;
    ngx_uint_t   quoted;
    hub_text_t   a = { NULL, 0, 0 };
    hub_text_t   b = { NULL, 0, 0 };

    camel = strdup(snake);
    quoted = 0;

    for (i = 0, n = 0; snake[i]; i++) {
        quoted ^= (snake[i] == '\'');

        if (quoted && snake[i] == '_' && snake[i + 1] >= 'a') {
            camel[n++] = snake[++i] - 0x20;

        } else {
            camel[n++] = snake[i];
        }
    }

    camel[n] = '\0';

    /* tools and parts of Google's own keep their names */

    hub_of(snake, &a);
    is_int(gemini.drops.count, 0, "snake case is known everywhere");

    hub_of(camel, &b);
    is_int(gemini.drops.count, 0, "and so is camel case");

    ok(a.len > 1000 && b.len > 1000, "both say a lot");

    for (i = 0, n = 0; i < a.len; i++) {
        if (a.data[i] == '_' && a.data[i + 1] >= 'a') {
            a.data[n++] = a.data[++i] - 0x20;

        } else {
            a.data[n++] = a.data[i];
        }
    }

    a.len = n;

    for (i = 0, n = 0; i < b.len; i++) {
        if (b.data[i] == '_' && b.data[i + 1] >= 'a') {
            b.data[n++] = b.data[++i] - 0x20;

        } else {
            b.data[n++] = b.data[i];
        }
    }

    b.data[n] = '\0';

    is_str(a.data, a.len, b.data, "both say the same");

    hub_text_free(&a);
    hub_text_free(&b);
    free(camel);
}


static void
test_faults(void)
{
    hub_text_t  t = { NULL, 0, 0 };
    ngx_uint_t  i;

    for (i = 0; i < GEMINI_ROWS(fault_rows); i++) {

        hub_of(fault_rows[i].in, &t);

        is_str(t.data, t.len, fault_rows[i].out, "refused: %s",
               fault_rows[i].out);
        hub_text_free(&t);
    }
}


static void
test_drops(void)
{
    hub_text_t  t = { NULL, 0, 0 };
    ngx_uint_t  i, k;

    for (i = 0; i < GEMINI_ROWS(drop_rows); i++) {

        hub_of(drop_rows[i].in, &t);
        hub_text_free(&t);

        hub_printf(&t, "%s", "");

        for (k = 0; k < gemini.drops.n; k++) {
            hub_printf(&t, " %.*s", (int) gemini.drops.names[k].len,
                       gemini.drops.names[k].data);
        }

        is_str(t.data, t.len, drop_rows[i].out, "not understood:%s",
               drop_rows[i].out);
        is_int(gemini.drops.count, gemini.drops.n, "and all is counted");
        hub_text_free(&t);
    }
}


/* without memory there is no request, and nothing is left behind */

static void
test_memory(void)
{
    char        *json;
    ngx_int_t    rc;
    ngx_uint_t   n, wrong;

    json = wire_json("{'systemInstruction':{'parts':[{'text':'s'}]},"
                     "'contents':[{'role':'model','parts':["
                     "{'text':'a','thought':true},"
                     "{'text':'b','thought':true,'thoughtSignature':"
                     "'YWlndy4zLkVyVUI='},"
                     "{'functionCall':{'name':'f'}}]},"
                     "{'role':'user','parts':[{'functionResponse':"
                     "{'name':'f','response':{'result':{'a':'b'}},'parts':"
                     "[{'inlineData':{'data':'A'}}]}}]}],"
                     "'tools':[{'functionDeclarations':[{'name':'f',"
                     "'parameters':{'type':'OBJECT'}}]},{'x':{}}],"
                     "'toolConfig':{'functionCallingConfig':"
                     "{'allowedFunctionNames':['f','g']}},"
                     "'generationConfig':{'stopSequences':['x']}}");

    (void) wire_read_ask(&gemini, json, strlen(json));

    wrong = 0;

    for (n = 1; n < 200; n++) {
        ngx_shim_fail_at = n;

        rc = wire_read_ask(&gemini, json, strlen(json));

        if (ngx_shim_fail_at) {
            break;
        }

        if (rc == NGX_OK) {
            wrong++;
        }
    }

    ngx_shim_fail_at = 0;

    ok(n > 10 && n < 200, "a request takes some allocations");
    is_int(wrong, 0, "each of them may fail");

    free(json);
}


int
main(void)
{
    gemini_init();

    test_read();
    test_options();
    test_snake();
    test_faults();
    test_drops();
    test_memory();

    wire_free(&gemini);

    return done();
}
