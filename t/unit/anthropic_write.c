
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Requests written in Anthropic's words.  What is in the hub is read from the
 * same words, which are taken however they come, and is then made another
 * dialect's.
 */


#include "anthropic.h"


#define FOREIGN  NGX_AI_DIALECT_OPENAI
#define OLD      "claude-3-haiku-20240307"
#define BUDGETS  "claude-sonnet-4-5"
#define BOTH     "claude-sonnet-4-6"
#define NEW      "claude-fable-5"
#define OTHER    "deepseek-chat"


typedef struct {
    const char  *name;
    const char  *model;
    const char  *options;     /* members */
    ngx_uint_t   effort;
    const char  *want;        /* members, but for the model and messages */
} plan_t;


typedef struct {
    const char  *name;
    const char  *model;
    ngx_uint_t   op;
    ngx_uint_t   stream;
    ngx_uint_t   quirks;
    const char  *want;
} aim_t;


static void plans(void);
static void aims(void);
static void hub(void);
static void models(void);
static void memory(void);
static void written(hub_text_t *t);


static hub_text_t  text;


#define MAX   "\"max_tokens\":"
#define FORCE "\"tools\":[{\"name\":\"f\",\"input_schema\":{}}],"          \
              "\"tool_choice\":{\"type\":\"any\"},"
#define TOOLS ",\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":"      \
              "\"object\"}}]"
#define BUDGET(n)  ",\"thinking\":{\"type\":\"enabled\","                    \
                   "\"budget_tokens\":" n "}"


static const plan_t  plan_cases[] = {

    { "there is always a max_tokens", OLD, "", 0, MAX "4096" },
    { "it is the client's, if it has one", OLD, MAX "7,", 0, MAX "7" },

    { "an effort is thoughts and an effort", NEW, "", NGX_AI_EFFORT_HIGH,
      MAX "32000,\"thinking\":{\"type\":\"adaptive\"},"
      "\"output_config\":{\"effort\":\"high\"}" },
    { "the least effort is a low one", BOTH, "", NGX_AI_EFFORT_MINIMAL,
      MAX "32000,\"thinking\":{\"type\":\"adaptive\"},"
      "\"output_config\":{\"effort\":\"low\"}" },
    { "more than high is known to new models", NEW, "",
      NGX_AI_EFFORT_XHIGH,
      MAX "32000,\"thinking\":{\"type\":\"adaptive\"},"
      "\"output_config\":{\"effort\":\"xhigh\"}" },
    { "and is high to others", BOTH, "", NGX_AI_EFFORT_XHIGH,
      MAX "32000,\"thinking\":{\"type\":\"adaptive\"},"
      "\"output_config\":{\"effort\":\"high\"}" },
    { "no effort is no thinking", NEW, "", NGX_AI_EFFORT_NONE,
      MAX "32000,\"thinking\":{\"type\":\"disabled\"}" },

    { "an effort is a budget to older models", BUDGETS, "",
      NGX_AI_EFFORT_LOW, MAX "32000" BUDGET("2048") },
    { "one that does not fit makes room for itself", BUDGETS, "",
      NGX_AI_EFFORT_MAX, MAX "64768" BUDGET("32768") },
    { "unless the client names the room, of which it takes half", BUDGETS,
      MAX "5000,", NGX_AI_EFFORT_HIGH, MAX "5000" BUDGET("2500") },
    { "but not less than there must be", BUDGETS, MAX "1500,",
      NGX_AI_EFFORT_HIGH, MAX "1500" BUDGET("1024") },
    { "where there is no room for it nothing is thought", BUDGETS,
      MAX "1024,", NGX_AI_EFFORT_HIGH, MAX "1024" },
    { "models that can't think are not told to", OLD, "",
      NGX_AI_EFFORT_HIGH, MAX "4096" },
    { "what is not Claude has budgets", OTHER, "", NGX_AI_EFFORT_MEDIUM,
      MAX "32000" BUDGET("8192") },

    { "a budget is a budget", BUDGETS,
      MAX "9000,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":"
      "4000},", 0, MAX "9000" BUDGET("4000") },
    { "a small one is as large as it must be", BUDGETS,
      MAX "9000,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":4},",
      0, MAX "9000" BUDGET("1024") },
    { "one beyond max_tokens is less", BUDGETS,
      MAX "3000,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":"
      "9223372036854775807},", 0, MAX "3000" BUDGET("2999") },
    { "it is an effort to new models", NEW,
      MAX "9000,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":"
      "4000},", 0,
      MAX "9000,\"thinking\":{\"type\":\"adaptive\",\"display\":"
      "\"summarized\"},\"output_config\":{\"effort\":\"medium\"}" },
    { "one without a number is half of the room", BUDGETS,
      MAX "9000,\"thinking\":{\"type\":\"adaptive\",\"display\":"
      "\"omitted\"},", 0, MAX "9000" BUDGET("4500") },
    { "what is not to be seen is not shown", NEW,
      "\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"},", 0,
      MAX "32000,\"thinking\":{\"type\":\"adaptive\",\"display\":"
      "\"omitted\"}" },

    { "sampling is kept, as far as it goes", OLD,
      "\"temperature\":0.30,\"top_p\":0.5,\"top_k\":7,", 0,
      MAX "4096,\"temperature\":0.30,\"top_p\":0.5,\"top_k\":7" },
    { "a temperature is at most 1", OLD, "\"temperature\":1.5e0,", 0,
      MAX "4096,\"temperature\":1" },
    { "and may be 1", OLD, "\"temperature\":100e-2,", 0,
      MAX "4096,\"temperature\":100e-2" },
    { "it excludes a top_p", BUDGETS, "\"temperature\":0,\"top_p\":0.5,", 0,
      MAX "32000,\"temperature\":0" },
    { "which stands alone", BUDGETS, "\"top_p\":0.5,", 0,
      MAX "32000,\"top_p\":0.5" },
    { "nothing of it while there are thoughts", BUDGETS,
      "\"temperature\":0.3,\"top_p\":0.5,\"top_k\":7,", NGX_AI_EFFORT_LOW,
      MAX "32000" BUDGET("2048") },
    { "nor to models that have no use for it", "claude-opus-4-7",
      "\"temperature\":0.3,\"top_p\":0.5,\"top_k\":7,", 0, MAX "32000" },

    { "blank stop sequences are left out", OLD,
      "\"stop_sequences\":[\"\\n\\n\",\"a\",\" \",\"\",\" b\"],", 0,
      MAX "4096,\"stop_sequences\":[\"a\",\" b\"]" },
    { "and all of them, if need be", OLD, "\"stop_sequences\":[\"\\n\"],", 0,
      MAX "4096" },

    { "a call is forced", BUDGETS, FORCE, 0,
      MAX "32000" TOOLS ",\"tool_choice\":{\"type\":\"any\"}" },
    { "but not while there are thoughts", BUDGETS, FORCE,
      NGX_AI_EFFORT_LOW, MAX "32000" BUDGET("2048") TOOLS },
    { "nor is one that is named, and it stays alone", BUDGETS,
      "\"tools\":[{\"name\":\"f\",\"input_schema\":{}}],\"tool_choice\":"
      "{\"type\":\"tool\",\"name\":\"f\",\"disable_parallel_tool_use\":"
      "true},", NGX_AI_EFFORT_LOW,
      MAX "32000" BUDGET("2048") TOOLS ",\"tool_choice\":{\"type\":\"auto\","
      "\"disable_parallel_tool_use\":true}" },
    { "a name is a name", BUDGETS,
      "\"tools\":[{\"name\":\"f\",\"input_schema\":{}}],\"tool_choice\":"
      "{\"type\":\"tool\",\"name\":\"f\"},", 0,
      MAX "32000" TOOLS ",\"tool_choice\":{\"type\":\"tool\",\"name\":"
      "\"f\"}" },
    { "none is none, also of several", BUDGETS,
      "\"tools\":[{\"name\":\"f\",\"input_schema\":{}}],\"tool_choice\":"
      "{\"type\":\"none\",\"disable_parallel_tool_use\":true},", 0,
      MAX "32000" TOOLS ",\"tool_choice\":{\"type\":\"none\"}" },
    { "there is no choice without tools", BUDGETS,
      "\"tool_choice\":{\"type\":\"any\"},", 0, MAX "32000" },

    { "a schema has a type", OLD,
      "\"tools\":[{\"name\":\"a\",\"input_schema\":{ }},{\"name\":\"b\"},"
      "{\"name\":\"c\",\"input_schema\":{\"properties\":{\"type\":"
      "{\"type\":\"string\"}}}},{\"name\":\"d\",\"input_schema\":{\"a\":"
      "[{\"b\":\"\\\"type\"}],\"type\":\"object\"},\"strict\":true,"
      "\"description\":\"e\",\"cache_control\":{\"type\":"
      "\"ephemeral\"}}],", 0,
      MAX "4096,\"tools\":[{\"name\":\"a\",\"input_schema\":{\"type\":"
      "\"object\"}},{\"name\":\"b\",\"input_schema\":{\"type\":\"object\"}},"
      "{\"name\":\"c\",\"input_schema\":{\"type\":\"object\","
      "\"properties\":{\"type\":{\"type\":\"string\"}}}},{\"name\":\"d\","
      "\"description\":\"e\",\"input_schema\":{\"a\":[{\"b\":\"\\\"type\"}],"
      "\"type\":\"object\"},\"strict\":true,\"cache_control\":{\"type\":"
      "\"ephemeral\"}}]" },

    { "a schema of the output is native", OLD,
      "\"output_config\":{\"format\":{\"type\":\"json_schema\","
      "\"schema\":{\"x\":1.0}}},", 0,
      MAX "4096,\"output_config\":{\"format\":{\"type\":\"json_schema\","
      "\"schema\":{\"x\":1.0}}}" },

    { "the user, the tier and the mark for all of it", OLD,
      "\"metadata\":{\"user_id\":\"u\"},\"service_tier\":"
      "\"standard_only\",\"cache_control\":{\"type\":\"ephemeral\"},", 0,
      MAX "4096,\"metadata\":{\"user_id\":\"u\"},\"service_tier\":"
      "\"standard_only\",\"cache_control\":{\"type\":\"ephemeral\"}" },
    { "the best of tiers is had if there is any", OLD,
      "\"service_tier\":\"priority\",", 0,
      MAX "4096,\"service_tier\":\"auto\"" },
    { "a tier without a name here is not told", OLD,
      "\"service_tier\":\"flex\",", 0, MAX "4096" }
};


static const aim_t  aim_cases[] = {

    { "a stream", OLD, NGX_AI_OP_CHAT, 1, 0,
      "{\"model\":\"" OLD "\",\"max_tokens\":9,\"stream\":true,"
      "\"service_tier\":\"auto\",\"messages\":[{\"role\":\"user\","
      "\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}]}" },

    { "Vertex AI has the model in its path", OLD, NGX_AI_OP_CHAT, 1,
      NGX_AI_QUIRK_VERTEX_CLAUDE,
      "{\"anthropic_version\":\"vertex-2023-10-16\",\"max_tokens\":9,"
      "\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":"
      "[{\"type\":\"text\",\"text\":\"x\"}]}]}" },

    { "and Bedrock the stream, too", OLD, NGX_AI_OP_CHAT, 1,
      NGX_AI_QUIRK_BEDROCK_INVOKE,
      "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":9,"
      "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
      "\"text\":\"x\"}]}]}" },

    { "what is counted has no options", OLD, NGX_AI_OP_COUNT, 0, 0,
      "{\"model\":\"" OLD "\",\"messages\":[{\"role\":\"user\","
      "\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}]}" },

    { "Vertex AI has what counts in its path", OLD, NGX_AI_OP_COUNT, 0,
      NGX_AI_QUIRK_VERTEX_CLAUDE,
      "{\"anthropic_version\":\"vertex-2023-10-16\",\"model\":\"" OLD
      "\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
      "\"text\",\"text\":\"x\"}]}]}" },

    { "Bedrock does not count", OLD, NGX_AI_OP_COUNT, 0,
      NGX_AI_QUIRK_BEDROCK_INVOKE, NULL }
};


int
main(void)
{
    anth_init();

    plans();
    aims();
    hub();
    models();
    memory();

    hub_text_free(&text);
    wire_free(&anth);

    return done();
}


/* JSON as it was written */

static void
written(hub_text_t *t)
{
    t->len = 0;
    hub_bytes(t, anth.out.start, ngx_ai_buf_len(&anth.out));
}


static void
plans(void)
{
    char           body[4096], want[4096];
    size_t         i;
    const plan_t  *c;

    for (i = 0; i < sizeof(plan_cases) / sizeof(plan_t); i++) {
        c = &plan_cases[i];

        snprintf(body, sizeof(body), "{%s\"messages\":[{\"role\":\"user\","
                 "\"content\":\"x\"}]}", c->options);
        snprintf(want, sizeof(want), "{\"model\":\"%s\",%s,\"messages\":"
                 "[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
                 "\"text\":\"x\"}]}]}", c->model, c->want);

        is_int(anth_ask(&text, body, strlen(body)), NGX_OK, "it is read: %s",
               c->name);

        anth.chat.origin = FOREIGN;
        anth.chat.effort = c->effort;

        is_int(anth_write(c->model, NGX_AI_OP_CHAT, 0, 0), NGX_OK,
               "it is written: %s", c->name);

        written(&text);
        is_str(text.data, text.len, want, "%s", c->name);
    }
}


static void
aims(void)
{
    size_t              i;
    const aim_t        *c;

    static const char   body[] =
        "{\"max_tokens\":9,\"service_tier\":\"auto\",\"messages\":"
        "[{\"role\":\"user\",\"content\":\"x\"}]}";

    for (i = 0; i < sizeof(aim_cases) / sizeof(aim_t); i++) {
        c = &aim_cases[i];

        is_int(wire_read_ask(&anth, body, sizeof(body) - 1), NGX_OK,
               "it is read: %s", c->name);
        is_int(anth_write(c->model, c->op, c->stream, c->quirks),
               c->want ? NGX_OK : NGX_DECLINED, "it is written: %s", c->name);

        if (c->want) {
            written(&text);
            is_str(text.data, text.len, c->want, "%s", c->name);
        }
    }
}


/* what Anthropic's words can't say */

static void
hub(void)
{
    ngx_ai_part_t     *part;
    ngx_ai_tool_t     *tool;
    ngx_ai_message_t  *message;

    (void) ngx_ai_chat_init(&anth.chat, anth.pool, FOREIGN);

    message = ngx_ai_chat_message(&anth.chat, NGX_AI_ROLE_SYSTEM);
    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "s1");

    message = ngx_ai_chat_message(&anth.chat, NGX_AI_ROLE_USER);
    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "a");
    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_AUDIO);
    ngx_str_set(&part->data, "AAAA");
    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_IMAGE);
    ngx_str_set(&part->data, "iVBORw0");
    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_FILE);
    ngx_str_set(&part->data, "JVBERi0");
    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_NATIVE);
    part->origin = FOREIGN;
    ngx_str_set(&part->json, "{\"type\":\"x\"}");

    message = ngx_ai_chat_message(&anth.chat, NGX_AI_ROLE_SYSTEM);
    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "s2");
    ngx_str_set(&part->cache, "{\"type\":\"ephemeral\"}");

    message = ngx_ai_chat_message(&anth.chat, NGX_AI_ROLE_ASSISTANT);
    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_REFUSAL);
    ngx_str_set(&part->text, "no");
    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_IMAGE);
    ngx_str_set(&part->url, "u");
    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_TOOL_CALL);
    part->custom = 1;
    ngx_str_set(&part->id, "c1");
    ngx_str_set(&part->name, "patch");
    ngx_str_set(&part->text, "*** \\\"x\\\"\\n");
    part = ngx_ai_part_push(&message->parts, NGX_AI_PART_TOOL_CALL);
    part->origin = NGX_AI_DIALECT_ANTHROPIC;
    ngx_str_set(&part->signature, "c2ln");
    ngx_str_set(&part->id, "c2");
    ngx_str_set(&part->name, "f");

    tool = ngx_ai_chat_tool(&anth.chat, NGX_AI_TOOL_CUSTOM);
    ngx_str_set(&tool->name, "patch");
    ngx_str_set(&tool->description, "d");
    tool = ngx_ai_chat_tool(&anth.chat, NGX_AI_TOOL_WEB_SEARCH);
    ngx_str_set(&tool->raw, "{\"googleSearch\":{}}");
    tool = ngx_ai_chat_tool(&anth.chat, NGX_AI_TOOL_CODE);
    ngx_str_set(&tool->raw, "{\"codeExecution\":{}}");
    tool = ngx_ai_chat_tool(&anth.chat, NGX_AI_TOOL_NATIVE);
    ngx_str_set(&tool->raw, "{\"x\":{}}");

    anth.chat.output = NGX_AI_FORMAT_JSON;
    anth.chat.parallel = 1;

    (void) ngx_ai_chat_complete(&anth.chat);

    is_int(anth_write(OLD, NGX_AI_OP_CHAT, 0, 0), NGX_OK,
           "a request of another dialect is written");

    written(&text);
    is_str(text.data, text.len,
           "{\"model\":\"" OLD "\",\"max_tokens\":4096,"
           "\"tools\":[{\"name\":\"patch\",\"description\":\"d\","
           "\"input_schema\":{\"type\":\"object\",\"properties\":{\"input\":"
           "{\"type\":\"string\"}},\"required\":[\"input\"]}},{\"type\":"
           "\"web_search_20250305\",\"name\":\"web_search\"}],"
           "\"tool_choice\":{\"type\":\"auto\","
           "\"disable_parallel_tool_use\":false},"
           "\"system\":[{\"type\":\"text\",\"text\":\"s1\"},{\"type\":"
           "\"text\",\"text\":\"s2\",\"cache_control\":{\"type\":"
           "\"ephemeral\"}},{\"type\":\"text\",\"text\":\"Answer with one "
           "JSON object and nothing else.\"}],"
           "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
           "\"text\",\"text\":\"a\"},{\"type\":\"image\",\"source\":"
           "{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":"
           "\"iVBORw0\"}},{\"type\":\"document\",\"source\":{\"type\":"
           "\"base64\",\"media_type\":\"application/pdf\",\"data\":"
           "\"JVBERi0\"}}]},{\"role\":\"assistant\",\"content\":[{\"type\":"
           "\"text\",\"text\":\"no\"},{\"type\":\"tool_use\",\"id\":\"c1\","
           "\"name\":\"patch\",\"input\":{\"input\":\"*** \\\"x\\\"\\n\"}},"
           "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":"
           "\"c2ln\"},{\"type\":\"tool_use\",\"id\":\"c2\",\"name\":\"f\","
           "\"input\":{}}]},{\"role\":\"user\",\"content\":[{\"type\":"
           "\"tool_result\",\"tool_use_id\":\"c1\",\"content\":\"No result "
           "was given for this call.\",\"is_error\":true},{\"type\":"
           "\"tool_result\",\"tool_use_id\":\"c2\",\"content\":\"No result "
           "was given for this call.\",\"is_error\":true}]}]}",
           "prompts come together, custom tools have one argument, what can't "
           "be said is left out");

    anth.chat.messages.nelts = 1;
    anth.chat.tools.nelts = 0;
    anth.chat.output = NGX_AI_FORMAT_TEXT;

    is_int(anth_write(OLD, NGX_AI_OP_CHAT, 0, 0), NGX_OK,
           "a prompt alone is written");

    written(&text);
    is_str(text.data, text.len,
           "{\"model\":\"" OLD "\",\"max_tokens\":4096,\"messages\":"
           "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
           "\"s1\"}]}]}", "and is what its user says");
}


/* thinking by a budget, where it is refused; and what models are known by */

static void
models(void)
{
    char    body[4096];
    size_t  i;

    static const struct {
        const char  *name;
        const char  *messages;
        ngx_uint_t   thinks;
    } cases[] = {
        { "a question is thought about",
          "{\"role\":\"user\",\"content\":\"a\"}", 1 },
        { "and a second one",
          "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
          "\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}", 1 },
        { "not an answer that is begun",
          "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
          "\"content\":\"b\"}", 0 },
        { "nor a call whose thoughts are lost",
          "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
          "\"text\":\"b\"},{\"type\":\"tool_use\",\"name\":\"f\",\"id\":"
          "\"t\"}]},{\"role\":\"user\",\"content\":[{\"type\":"
          "\"tool_result\",\"tool_use_id\":\"t\"}]}", 0 },
        { "or are another's",
          "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
          "\"thinking\":\"x\",\"signature\":\"aigw.2.s\"},{\"type\":"
          "\"tool_use\",\"name\":\"f\",\"id\":\"t\"}]},{\"role\":\"user\","
          "\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":"
          "\"t\"}]}", 0 },
        { "one that has them is",
          "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
          "\"thinking\":\"x\",\"signature\":\"aigw.2.s\"},{\"type\":"
          "\"thinking\",\"thinking\":\"x\",\"signature\":\"s\"}]},{\"role\":"
          "\"assistant\",\"content\":[{\"type\":\"tool_use\",\"name\":"
          "\"f\",\"id\":\"t\"}]},{\"role\":\"user\",\"content\":"
          "[{\"type\":\"tool_result\",\"tool_use_id\":\"t\"}]}", 1 },
        { "and one of earlier turns is over",
          "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\","
          "\"name\":\"f\",\"id\":\"t\"}]},{\"role\":\"user\",\"content\":"
          "[{\"type\":\"tool_result\",\"tool_use_id\":\"t\"}]},{\"role\":"
          "\"assistant\",\"content\":\"b\"},{\"role\":\"user\",\"content\":"
          "\"c\"}", 1 }
    };

    static const struct {
        const char  *model;
        const char  *want;
    } names[] = {
        { "claude-3-haiku-20240307", MAX "4096," },
        { "claude-3-5-sonnet-20241022", MAX "8192," },
        { "us.anthropic.claude-3-5-haiku-20241022-v1:0", MAX "8192," },
        { "claude-3-7-sonnet@20250219", MAX "16384,\"thinking\":{\"type\":"
          "\"enabled\"" },
        { "anthropic.claude-v2", MAX "4096," },
        { "claude-2.1", MAX "4096," },
        { "claude-instant-1.2", MAX "4096," },
        { "claude-opus-4@20250514", MAX "32000,\"thinking\":{\"type\":"
          "\"enabled\"" },
        { "claude-sonnet-4-20250514", MAX "32000,\"thinking\":{\"type\":"
          "\"enabled\"" },
        { "claude-opus-4-1-20250805", MAX "32000,\"thinking\":{\"type\":"
          "\"enabled\"" },
        { "us.anthropic.claude-haiku-4-5-20251001-v1:0", MAX "32000,"
          "\"thinking\":{\"type\":\"enabled\"" },
        { "claude-opus-4-6", MAX "32000,\"thinking\":{\"type\":"
          "\"adaptive\"" },
        { "claude-opus-4-8", MAX "32000,\"thinking\":{\"type\":"
          "\"adaptive\"" },
        { "claude-sonnet-5", MAX "32000,\"thinking\":{\"type\":"
          "\"adaptive\"" },
        { "kimi-k2", MAX "32000,\"thinking\":{\"type\":\"enabled\"" },
        { "", MAX "32000,\"thinking\":{\"type\":\"enabled\"" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        snprintf(body, sizeof(body), "{\"thinking\":{\"type\":\"enabled\","
                 "\"budget_tokens\":1024},\"messages\":[%s]}",
                 cases[i].messages);

        is_int(anth_ask(&text, body, strlen(body)), NGX_OK, "it is read: %s",
               cases[i].name);
        (void) anth_write(BUDGETS, NGX_AI_OP_CHAT, 0, 0);
        written(&text);
        is_int(strstr(text.data, "\"budget_tokens\"") != NULL,
               cases[i].thinks, "%s", cases[i].name);
    }

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        static const char  ask[] = "{\"messages\":[{\"role\":\"user\","
                                   "\"content\":\"a\"}]}";

        (void) wire_read_ask(&anth, ask, sizeof(ask) - 1);

        anth.chat.origin = FOREIGN;
        anth.chat.effort = NGX_AI_EFFORT_MEDIUM;

        (void) anth_write(names[i].model, NGX_AI_OP_CHAT, 0, 0);
        written(&text);
        ok(strstr(text.data, names[i].want) != NULL, "a model is known for "
           "what it can do: %s", names[i].model);
    }
}


static void
memory(void)
{
    ngx_int_t   rc;
    ngx_uint_t  i, bad;

    static const char  body[] =
        "{\"temperature\":0.5,\"tools\":[{\"name\":\"f\",\"input_schema\":"
        "{\"a\":1}}],\"messages\":[{\"role\":\"assistant\",\"content\":"
        "[{\"type\":\"tool_use\",\"id\":\"a:b\",\"name\":\"f\"}]},{\"role\":"
        "\"user\",\"content\":[{\"type\":\"document\",\"source\":{\"type\":"
        "\"base64\",\"media_type\":\"text/plain\",\"data\":\"AAAA\"}}]}]}";

    (void) wire_read_ask(&anth, body, sizeof(body) - 1);

    bad = 0;

    for (i = 1; ; i++) {
        ngx_ai_buf_free(&anth.out);

        ngx_shim_fail_at = i;
        rc = anth_write(OLD, NGX_AI_OP_CHAT, 0, 0);

        if (ngx_shim_fail_at != 0) {
            break;
        }

        bad += (rc == NGX_OK);
    }

    ngx_shim_fail_at = 0;

    ok(i > 5 && rc == NGX_OK, "a request takes %d allocations", (int) i - 1);
    is_int(bad, 0, "without any of them it is not written");
}
