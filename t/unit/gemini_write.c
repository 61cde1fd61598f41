
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* how a request is worded for Gemini, whoever it came from */


#include "gemini.h"


#define END  "'generationConfig':{}}"


/* a request that was read here, written for a model */

typedef struct {
    const char  *name;
    const char  *model;
    const char  *in;
    const char  *out;
} write_row_t;


/* one thing that another dialect has in its requests, and what becomes of it */

typedef struct {
    const char  *name;
    const char  *model;
    void       (*make)(ngx_ai_chat_t *chat);
    const char  *out;
} other_row_t;


static void test_write(void);
static void test_others(void);
static void test_fields(void);
static void test_models(void);
static void test_caps(void);
static ngx_ai_message_t *says(ngx_ai_chat_t *chat, ngx_uint_t role,
    const char *text);
static ngx_ai_part_t *part(ngx_ai_message_t *message, ngx_uint_t kind,
    const char *text);
static void str(ngx_str_t *s, const char *text);
static void make_system(ngx_ai_chat_t *chat);
static void make_system_only(ngx_ai_chat_t *chat);
static void make_turns(ngx_ai_chat_t *chat);
static void make_nothing(ngx_ai_chat_t *chat);
static void make_thoughts(ngx_ai_chat_t *chat);
static void make_calls(ngx_ai_chat_t *chat);
static void make_custom(ngx_ai_chat_t *chat);
static void make_results(ngx_ai_chat_t *chat);
static void make_media(ngx_ai_chat_t *chat);
static void make_tools(ngx_ai_chat_t *chat);
static void make_natives(ngx_ai_chat_t *chat);
static void make_options(ngx_ai_chat_t *chat);
static void make_effort(ngx_ai_chat_t *chat);
static void make_budget(ngx_ai_chat_t *chat);
static void make_summary(ngx_ai_chat_t *chat);


static const write_row_t  write_rows[] = {

    { "a signature goes back to the part it came with", "gemini-2.5-pro",
      "{'contents':[{'role':'model','parts':[{'text':'a',"
      "'thoughtSignature':'S'},{'inlineData':{'mimeType':'image/png',"
      "'data':'A'},'thoughtSignature':'T'},{'text':'b'},"
      "{'text':'','thoughtSignature':'U'},{'text':'c','thought':true,"
      "'thoughtSignature':'V'}]}]}",
      "{'contents':[{'role':'model','parts':[{'text':'a',"
      "'thoughtSignature':'S'},{'inlineData':{'mimeType':'image/png',"
      "'data':'A'},'thoughtSignature':'T'},{'text':'b',"
      "'thoughtSignature':'U'},{'text':'c','thought':true,"
      "'thoughtSignature':'V'}]}]," END },

    { "a call has its own, or none before Gemini 3", "gemini-2.5-pro",
      "{'contents':[{'role':'model','parts':[{'functionCall':{'name':'f',"
      "'args':{'a':1.0},'id':'x'},'thoughtSignature':'S'},"
      "{'functionCall':{'name':'g','id':'y'}}]}]}",
      "{'contents':[{'role':'model','parts':[{'functionCall':{'name':'f',"
      "'args':{'a':1.0},'id':'x'},'thoughtSignature':'S'},"
      "{'functionCall':{'name':'g','args':{},'id':'y'}}]}]," END },

    { "what only Gemini has a word for comes out as it is", "m",
      "{'contents':[{'role':'model','parts':[{'executableCode':{'code':'1'},"
      "'thoughtSignature':'S'}]}],'tools':[{'urlContext':{'a':1}},"
      "{'functionDeclarations':[{'name':'f'}]}]}",
      "{'contents':[{'role':'model','parts':[{'executableCode':{'code':'1'},"
      "'thoughtSignature':'S'}]}],'tools':[{'urlContext':{'a':1}},"
      "{'functionDeclarations':[{'name':'f'}]}]," END },

    { "all options", "gemini-2.5-flash",
      "{'contents':[],'generationConfig':{'maxOutputTokens':1,"
      "'temperature':1.0,'topP':2,'topK':3,'seed':4,'presencePenalty':5,"
      "'frequencyPenalty':6,'candidateCount':7,'responseLogprobs':true,"
      "'logprobs':8,'stopSequences':['a'],'responseMimeType':"
      "'application/json','responseJsonSchema':{'a':1},"
      "'responseModalities':['AUDIO'],'speechConfig':{'voiceConfig':"
      "{'prebuiltVoiceConfig':{'voiceName':'Kore'}}},'thinkingConfig':"
      "{'thinkingBudget':9,'includeThoughts':true}},'safetySettings':[1],"
      "'serviceTier':'flex'}",
      "{'contents':[],'generationConfig':{'maxOutputTokens':1,"
      "'temperature':1.0,'topP':2,'topK':3,'seed':4,'presencePenalty':5,"
      "'frequencyPenalty':6,'candidateCount':7,'responseLogprobs':true,"
      "'logprobs':8,'stopSequences':['a'],'responseMimeType':"
      "'application/json','responseJsonSchema':{'a':1},"
      "'responseModalities':['AUDIO'],'speechConfig':{'voiceConfig':"
      "{'prebuiltVoiceConfig':{'voiceName':'Kore'}}},'thinkingConfig':"
      "{'thinkingBudget':9,'includeThoughts':true}},'safetySettings':[1],"
      "'serviceTier':'flex'}" },

    { "which functions", "m",
      "{'contents':[],'tools':[{'functionDeclarations':[{'name':'f'}]}],"
      "'toolConfig':{'functionCallingConfig':{'mode':'VALIDATED',"
      "'allowedFunctionNames':['f','g']}}}",
      "{'contents':[],'tools':[{'functionDeclarations':[{'name':'f'}]}],"
      "'toolConfig':{'functionCallingConfig':{'mode':'VALIDATED',"
      "'allowedFunctionNames':['f','g']}}," END },

    { "without functions there is no choice of them", "m",
      "{'contents':[],'tools':[{'googleSearch':{}}],'toolConfig':"
      "{'functionCallingConfig':{'mode':'ANY'}}}",
      "{'contents':[],'tools':[{'googleSearch':{}}]," END }
};


static const other_row_t  other_rows[] = {

    { "the system prompt, and what the system says later on", "m",
      make_system,
      "{'systemInstruction':{'parts':[{'text':'a'},{'text':'b'}]},"
      "'contents':[{'role':'user','parts':[{'text':'c'},{'text':'d'}]},"
      "{'role':'model','parts':[{'text':'e'}]},"
      "{'role':'user','parts':[{'text':'f'}]}]," END },

    { "a system prompt alone is what the user says", "m", make_system_only,
      "{'contents':[{'role':'user','parts':[{'text':'a'}]}]," END },

    { "turns of one role are one", "m", make_turns,
      "{'contents':[{'role':'user','parts':[{'text':'a'},{'text':'b'}]},"
      "{'role':'model','parts':[{'text':'c'},{'text':'no'}]}]," END },

    { "what says nothing opens no turn", "m", make_nothing,
      "{'contents':[]," END },

    { "thoughts, whose signature is Gemini's own or nobody's", "m",
      make_thoughts,
      "{'contents':[{'role':'model','parts':[{'text':'a','thought':true},"
      "{'text':'b','thought':true,'thoughtSignature':'S'},"
      "{'text':'','thoughtSignature':'T'},{'text':'c'}]}]," END },

    { "Gemini 3 has the first call of a turn signed", "gemini-3-pro-preview",
      make_calls,
      "{'contents':[{'role':'model','parts':[{'functionCall':{'name':'f',"
      "'args':{},'id':'x'},'thoughtSignature':"
      "'skip_thought_signature_validator'},{'functionCall':{'name':'g',"
      "'args':{'a':1},'id':'y'}}]},{'role':'user','parts':["
      "{'functionResponse':{'name':'f','id':'x','response':{}}}]},"
      "{'role':'model','parts':[{'functionCall':{'name':'f','args':{},"
      "'id':'z'},'thoughtSignature':'S'}]}]," END },

    { "others have not", "gemini-2.5-flash", make_calls,
      "{'contents':[{'role':'model','parts':[{'functionCall':{'name':'f',"
      "'args':{},'id':'x'}},{'functionCall':{'name':'g',"
      "'args':{'a':1},'id':'y'}}]},{'role':'user','parts':["
      "{'functionResponse':{'name':'f','id':'x','response':{}}}]},"
      "{'role':'model','parts':[{'functionCall':{'name':'f','args':{},"
      "'id':'z'},'thoughtSignature':'S'}]}]," END },

    { "a tool that takes a text takes an \"input\"", "m", make_custom,
      "{'contents':[{'role':'model','parts':[{'functionCall':{'name':'c',"
      "'args':{'input':'a\\'b'},'id':'x'}}]}],"
      "'tools':[{'functionDeclarations':[{'name':'c','parametersJsonSchema':"
      "{'type':'object','properties':{'input':{'type':'string'}},"
      "'required':['input']}}]}]," END },

    { "results: texts, failures, images behind them", "gemini-2.5-flash",
      make_results,
      "{'contents':[{'role':'user','parts':["
      "{'functionResponse':{'name':'f','id':'x','response':{'result':'a'}}},"
      "{'functionResponse':{'name':'f','id':'y','response':"
      "{'error':['a','b']}}},"
      "{'functionResponse':{'name':'unknown','id':'z','response':"
      "{'result':'a'}}},{'inlineData':{'mimeType':'image/png','data':'A'}},"
      "{'functionResponse':{'name':'f','id':'v','response':{'error':''}}}"
      "]}]," END },

    { "from Gemini 3 on images are in the result", "gemini-3.1-flash",
      make_results,
      "{'contents':[{'role':'user','parts':["
      "{'functionResponse':{'name':'f','id':'x','response':{'result':'a'}}},"
      "{'functionResponse':{'name':'f','id':'y','response':"
      "{'error':['a','b']}}},"
      "{'functionResponse':{'name':'unknown','id':'z','response':"
      "{'result':'a'},'parts':[{'inlineData':{'mimeType':'image/png',"
      "'data':'A'}}]}},"
      "{'functionResponse':{'name':'f','id':'v','response':{'error':''}}}"
      "]}]," END },

    { "media, with a type whether or not there is one", "m", make_media,
      "{'contents':[{'role':'user','parts':["
      "{'inlineData':{'mimeType':'image/jpeg','data':'A'}},"
      "{'fileData':{'mimeType':'image/png','fileUri':'https://x/a.png'}},"
      "{'fileData':{'mimeType':'image/jpeg','fileUri':'https://x/a'}},"
      "{'inlineData':{'mimeType':'audio/mp3','data':'A'}},"
      "{'fileData':{'mimeType':'video/webm','fileUri':'gs://b/a.webm'}},"
      "{'inlineData':{'mimeType':'application/pdf','data':'A'}},"
      "{'fileData':{'fileUri':'files/a'}},"
      "{'text':'its text'}]}]," END },

    { "functions in one place, and what Google has too", "m", make_tools,
      "{'contents':[],'tools':[{'googleSearch':{}},"
      "{'functionDeclarations':[{'name':'f','description':'d',"
      "'parametersJsonSchema':{'type':'object'}},{'name':'g'}]},"
      "{'codeExecution':{}}],'toolConfig':{'functionCallingConfig':"
      "{'mode':'ANY','allowedFunctionNames':['f']}}," END },

    { "what is another's own is left out", "m", make_natives,
      "{'contents':[{'role':'user','parts':[{'text':'a'}]}]," END },

    { "options that others word in another way", "m", make_options,
      "{'contents':[],'generationConfig':{'responseLogprobs':true,"
      "'stopSequences':['1','2','3','4','5'],'responseMimeType':"
      "'application/json','responseModalities':['TEXT','IMAGE']},"
      "'serviceTier':'standard'}" },

    { "models up to 2.0 do not think", "gemini-2.0-flash", make_effort,
      "{'contents':[]," END },

    { "an effort is a budget", "gemini-2.5-flash", make_effort,
      "{'contents':[],'generationConfig':{'thinkingConfig':"
      "{'thinkingBudget':24576}}}" },

    { "which may be larger for others", "gemini-2.5-pro", make_effort,
      "{'contents':[],'generationConfig':{'thinkingConfig':"
      "{'thinkingBudget':32768}}}" },

    { "from Gemini 3 on it is a level", "models/gemini-3-flash", make_effort,
      "{'contents':[],'generationConfig':{'thinkingConfig':"
      "{'thinkingLevel':'high'}}}" },

    { "a budget is one there too", "gemini-3-flash", make_budget,
      "{'contents':[],'generationConfig':{'thinkingConfig':"
      "{'thinkingBudget':100,'includeThoughts':false}}}" },

    { "as near as the model can come to it", "gemini-2.5-flash-lite",
      make_budget,
      "{'contents':[],'generationConfig':{'thinkingConfig':"
      "{'thinkingBudget':512,'includeThoughts':false}}}" },

    { "or to the other side", "gemini-2.5-pro", make_budget,
      "{'contents':[],'generationConfig':{'thinkingConfig':"
      "{'thinkingBudget':128,'includeThoughts':false}}}" },

    { "a model of no such name takes any", "tunedModels/x", make_budget,
      "{'contents':[],'generationConfig':{'thinkingConfig':"
      "{'thinkingBudget':100,'includeThoughts':false}}}" },

    { "a summary is wanted", "m", make_summary,
      "{'contents':[],'generationConfig':{'thinkingConfig':"
      "{'includeThoughts':true}}}" }
};


static void
str(ngx_str_t *s, const char *text)
{
    s->data = (u_char *) text;
    s->len = strlen(text);
}


static ngx_ai_part_t *
part(ngx_ai_message_t *message, ngx_uint_t kind, const char *text)
{
    ngx_ai_part_t  *p;

    p = ngx_ai_part_push(&message->parts, kind);

    str(&p->text, text);

    return p;
}


static ngx_ai_message_t *
says(ngx_ai_chat_t *chat, ngx_uint_t role, const char *text)
{
    ngx_ai_message_t  *message;

    message = ngx_ai_chat_message(chat, role);

    if (text != NULL) {
        (void) part(message, NGX_AI_PART_TEXT, text);
    }

    return message;
}


static void
make_system(ngx_ai_chat_t *chat)
{
    (void) says(chat, NGX_AI_ROLE_SYSTEM, "a");
    (void) says(chat, NGX_AI_ROLE_SYSTEM, "b");
    (void) says(chat, NGX_AI_ROLE_USER, "c");
    (void) says(chat, NGX_AI_ROLE_SYSTEM, "d");
    (void) says(chat, NGX_AI_ROLE_ASSISTANT, "e");
    (void) says(chat, NGX_AI_ROLE_SYSTEM, "f");
}


static void
make_system_only(ngx_ai_chat_t *chat)
{
    (void) says(chat, NGX_AI_ROLE_SYSTEM, "a");
    (void) says(chat, NGX_AI_ROLE_USER, "");
}


static void
make_turns(ngx_ai_chat_t *chat)
{
    (void) says(chat, NGX_AI_ROLE_USER, "a");
    (void) says(chat, NGX_AI_ROLE_USER, "b");
    (void) says(chat, NGX_AI_ROLE_ASSISTANT, "c");
    (void) part(says(chat, NGX_AI_ROLE_ASSISTANT, NULL), NGX_AI_PART_REFUSAL,
                "no");
}


static void
make_nothing(ngx_ai_chat_t *chat)
{
    ngx_ai_message_t  *m;

    (void) says(chat, NGX_AI_ROLE_USER, "");
    m = says(chat, NGX_AI_ROLE_ASSISTANT, "");

    (void) part(m, NGX_AI_PART_THINKING, "");
    (void) part(m, NGX_AI_PART_REFUSAL, "");
    (void) part(m, NGX_AI_PART_IMAGE, "");
    (void) part(m, NGX_AI_PART_FILE, "");
    str(&part(m, NGX_AI_PART_REDACTED, "")->data, "x");
}


static void
make_thoughts(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t     *p;
    ngx_ai_message_t  *m;

    m = says(chat, NGX_AI_ROLE_ASSISTANT, NULL);

    p = part(m, NGX_AI_PART_THINKING, "a");
    p->origin = NGX_AI_DIALECT_ANTHROPIC;
    str(&p->signature, "ErUB");

    p = part(m, NGX_AI_PART_THINKING, "b");
    p->origin = NGX_AI_DIALECT_GEMINI;
    str(&p->signature, "S");

    p = part(m, NGX_AI_PART_THINKING, "");
    p->origin = NGX_AI_DIALECT_GEMINI;
    str(&p->signature, "T");

    p = part(m, NGX_AI_PART_THINKING, "");
    p->origin = NGX_AI_DIALECT_ANTHROPIC;
    str(&p->signature, "ErUB");

    (void) part(m, NGX_AI_PART_TEXT, "c");
}


static void
make_calls(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t     *p;
    ngx_ai_message_t  *m;

    m = says(chat, NGX_AI_ROLE_ASSISTANT, NULL);

    p = part(m, NGX_AI_PART_TOOL_CALL, "");
    p->origin = NGX_AI_DIALECT_ANTHROPIC;
    str(&p->signature, "ErUB");
    str(&p->id, "x");
    str(&p->name, "f");
    str(&p->json, "{}");

    p = part(m, NGX_AI_PART_TOOL_CALL, "");
    str(&p->id, "y");
    str(&p->name, "g");
    str(&p->json, "{\"a\":1}");

    m = says(chat, NGX_AI_ROLE_USER, NULL);

    p = part(m, NGX_AI_PART_TOOL_RESULT, "");
    str(&p->id, "x");
    str(&p->name, "f");

    m = says(chat, NGX_AI_ROLE_ASSISTANT, NULL);

    p = part(m, NGX_AI_PART_TOOL_CALL, "");
    p->origin = NGX_AI_DIALECT_GEMINI;
    str(&p->signature, "S");
    str(&p->id, "z");
    str(&p->name, "f");
    str(&p->json, "{}");
}


static void
make_custom(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t  *p;

    p = part(says(chat, NGX_AI_ROLE_ASSISTANT, NULL), NGX_AI_PART_TOOL_CALL,
             "a\\\"b");
    p->custom = 1;
    str(&p->id, "x");
    str(&p->name, "c");

    str(&ngx_ai_chat_tool(chat, NGX_AI_TOOL_CUSTOM)->name, "c");
}


static void
make_results(ngx_ai_chat_t *chat)
{
    ngx_uint_t         i;
    ngx_ai_part_t     *p, *image;
    ngx_ai_message_t  *m;

    static const char  *ids[] = { "x", "y", "z", "v" };

    m = says(chat, NGX_AI_ROLE_USER, NULL);

    for (i = 0; i < 4; i++) {
        p = part(m, NGX_AI_PART_TOOL_RESULT, "");
        str(&p->id, ids[i]);
        str(&p->name, i == 2 ? "" : "f");
        p->failed = (i & 1);

        if (i == 3) {
            break;
        }

        p->parts = ngx_ai_parts_create(chat->pool);
        str(&ngx_ai_part_push(p->parts, NGX_AI_PART_TEXT)->text, "a");

        if (i == 1) {
            str(&ngx_ai_part_push(p->parts, NGX_AI_PART_TEXT)->text, "b");
        }

        if (i == 2) {
            image = ngx_ai_part_push(p->parts, NGX_AI_PART_IMAGE);
            str(&image->data, "A");
            str(&image->media, "image/png");
        }
    }
}


static void
make_media(ngx_ai_chat_t *chat)
{
    ngx_ai_message_t  *m;

    m = says(chat, NGX_AI_ROLE_USER, NULL);

    str(&part(m, NGX_AI_PART_IMAGE, "")->data, "A");
    str(&part(m, NGX_AI_PART_IMAGE, "")->url, "https://x/a.png");
    str(&part(m, NGX_AI_PART_IMAGE, "")->url, "https://x/a");
    str(&part(m, NGX_AI_PART_AUDIO, "")->data, "A");
    str(&part(m, NGX_AI_PART_VIDEO, "")->url, "gs://b/a.webm");
    str(&part(m, NGX_AI_PART_FILE, "")->data, "A");
    str(&part(m, NGX_AI_PART_FILE, "")->file, "files/a");
    (void) part(m, NGX_AI_PART_FILE, "its text");
}


static void
make_tools(ngx_ai_chat_t *chat)
{
    ngx_ai_tool_t  *tool;

    tool = ngx_ai_chat_tool(chat, NGX_AI_TOOL_WEB_SEARCH);
    str(&tool->raw, "{\"type\":\"web_search\"}");

    tool = ngx_ai_chat_tool(chat, NGX_AI_TOOL_FUNCTION);
    str(&tool->name, "f");
    str(&tool->description, "d");
    str(&tool->schema, "{\"type\":\"object\"}");
    tool->strict = 1;

    (void) ngx_ai_chat_tool(chat, NGX_AI_TOOL_CODE);

    tool = ngx_ai_chat_tool(chat, NGX_AI_TOOL_FUNCTION);
    str(&tool->name, "g");

    chat->choice = NGX_AI_CHOICE_NAMED;
    str(&chat->choice_name, "f");
}


static void
make_natives(ngx_ai_chat_t *chat)
{
    ngx_ai_part_t  *p;
    ngx_ai_tool_t  *tool;

    p = part(says(chat, NGX_AI_ROLE_USER, "a"), NGX_AI_PART_NATIVE, "");
    p->origin = NGX_AI_DIALECT_ANTHROPIC;
    str(&p->json, "{\"type\":\"x\"}");

    tool = ngx_ai_chat_tool(chat, NGX_AI_TOOL_NATIVE);
    str(&tool->raw, "{\"type\":\"x\"}");

    str(&chat->safety, "[]");
    str(&chat->tier, "auto");
}


static void
make_options(ngx_ai_chat_t *chat)
{
    ngx_uint_t  i;

    static const char  *stops[] = { "1", "2", "3", "4", "5", "6" };

    chat->stop = ngx_array_create(chat->pool, 6, sizeof(ngx_str_t));

    for (i = 0; i < 6; i++) {
        str(ngx_array_push(chat->stop), stops[i]);
    }

    chat->logprobs = 1;
    str(&chat->top_logprobs, "0");
    str(&chat->tier, "default");
    str(&chat->audio_voice, "alloy");
    chat->output = NGX_AI_FORMAT_JSON;
    chat->fields |= ngx_ai_field(IMAGE_OUT);
}


static void
make_effort(ngx_ai_chat_t *chat)
{
    chat->effort = NGX_AI_EFFORT_XHIGH;
}


static void
make_budget(ngx_ai_chat_t *chat)
{
    chat->effort = NGX_AI_EFFORT_HIGH;
    chat->budget = 100;
    chat->thoughts = 0;
}


static void
make_summary(ngx_ai_chat_t *chat)
{
    str(&chat->summary, "detailed");
}


static void
test_write(void)
{
    hub_text_t          t = { NULL, 0, 0 };
    ngx_uint_t          i;
    const write_row_t  *row;

    for (i = 0; i < GEMINI_ROWS(write_rows); i++) {
        row = &write_rows[i];

        is_int(gemini_ask(row->in), NGX_OK, "it is a request: %s", row->name);
        is_int(wire_write_ask(&gemini, row->model, 0), NGX_OK,
               "and is written");

        gemini_written(&t);

        is_str(t.data, t.len, row->out, "written: %s", row->name);
        hub_text_free(&t);
    }
}


static void
test_others(void)
{
    hub_text_t          t = { NULL, 0, 0 };
    ngx_uint_t          i;
    const other_row_t  *row;

    for (i = 0; i < GEMINI_ROWS(other_rows); i++) {
        row = &other_rows[i];

        ngx_reset_pool(gemini.pool);

        (void) ngx_ai_chat_init(&gemini.chat, gemini.pool,
                                NGX_AI_DIALECT_OPENAI);
        row->make(&gemini.chat);

        is_int(wire_write_ask(&gemini, row->model, 0), NGX_OK,
               "it is written: %s", row->name);

        gemini_written(&t);

        is_str(t.data, t.len, row->out, "of others: %s", row->name);
        hub_text_free(&t);
    }
}


/* nothing that is said to be left out is written, and the other way round */

static void
test_fields(void)
{
    uint64_t                 fields;
    const ngx_ai_wording_t  *wording;

    wording = &ngx_ai_gemini.wordings[NGX_AI_OP_CHAT];
    fields = wording->kept | wording->mapped;

    ok((wording->kept & wording->mapped) == 0,
       "no field is both kept and mapped");

    is_int(fields & (ngx_ai_field(LOGIT_BIAS) | ngx_ai_field(VERBOSITY)
                     | ngx_ai_field(PREDICTION) | ngx_ai_field(TOOL_STRICT)
                     | ngx_ai_field(PARALLEL) | ngx_ai_field(NAME)
                     | ngx_ai_field(IMAGE_DETAIL) | ngx_ai_field(REDACTED)
                     | ngx_ai_field(CITATIONS) | ngx_ai_field(CACHE)
                     | ngx_ai_field(CACHE_KEY) | ngx_ai_field(USER)
                     | ngx_ai_field(METADATA) | ngx_ai_field(STORE)
                     | ngx_ai_field(PREVIOUS)), 0,
           "what Gemini has no word for is not said to be carried");
}


static void
test_models(void)
{
    ngx_str_t              name;
    ngx_uint_t             i;
    ngx_ai_gemini_model_t  m;

    static const struct {
        const char  *name;
        ngx_uint_t   major;
        ngx_uint_t   minor;
        ngx_uint_t   pro;
        ngx_uint_t   lite;
    } rows[] = {
        { "gemini-2.5-pro", 2, 5, 1, 0 },
        { "models/gemini-2.5-flash-lite-preview-09-2025", 2, 5, 0, 1 },
        { "gemini-3-pro-preview", 3, 0, 1, 0 },
        { "publishers/google/models/gemini-3.1-flash", 3, 1, 0, 0 },
        { "gemini-10.12-x", 10, 12, 0, 0 },
        { "gemini-flash-latest", 3, 0, 0, 0 },
        { "gemini-pro-latest", 3, 0, 1, 0 },
        { "gemini-pro", 0, 0, 1, 0 },
        { "gemini-", 0, 0, 0, 0 },
        { "gemma-3-27b-it", 0, 0, 0, 0 },
        { "my-gemini-3", 0, 0, 0, 0 },
        { "gemini-3/x", 0, 0, 0, 0 },
        { "", 0, 0, 0, 0 }
    };

    for (i = 0; i < GEMINI_ROWS(rows); i++) {
        str(&name, rows[i].name);

        ngx_ai_gemini_model(&name, &m);

        ok(m.major == rows[i].major && m.minor == rows[i].minor
           && m.pro == rows[i].pro && m.lite == rows[i].lite,
           "a model is known by its name: \"%s\"", rows[i].name);
    }
}


/* a body that may not be as long as it is */

static void
test_caps(void)
{
    ngx_ai_aim_t          aim;
    ngx_ai_buf_t          out;
    ngx_ai_json_writer_t  w;

    memset(&aim, 0, sizeof(aim));

    ngx_reset_pool(gemini.pool);
    (void) ngx_ai_chat_init(&gemini.chat, gemini.pool, NGX_AI_DIALECT_OPENAI);
    make_results(&gemini.chat);

    ngx_ai_buf_init(&out, 100, &ngx_shim_log);
    ngx_ai_json_writer_init(&w, &out);

    (void) ngx_ai_gemini_write_ask(&gemini.chat, &aim, &w);

    is_int(w.rc, NGX_DECLINED, "a request that is too long is none");
    ok(ngx_ai_buf_len(&out) <= 100, "and takes no more than it may");

    ngx_ai_buf_free(&out);
}


int
main(void)
{
    gemini_init();

    test_write();
    test_others();
    test_fields();
    test_models();
    test_caps();

    wire_free(&gemini);

    return done();
}
