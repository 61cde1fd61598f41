
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* requests in Anthropic's words, read into the hub */


#include "anthropic.h"


typedef struct {
    const char  *name;
    const char  *body;        /* members, in front of those of all */
    const char  *want;        /* what is in the hub, in front of the user */
} option_t;


typedef struct {
    const char  *name;
    const char  *messages;    /* elements */
    const char  *want;
} message_t;


typedef struct {
    const char  *body;
    const char  *want;        /* path and reason */
} fault_t;


#define BASE  "\"model\":\"m\",\"max_tokens\":5,\"messages\":"                \
              "[{\"role\":\"user\",\"content\":\"x\"}]"
#define USER  "user\n  text text=\"x\"\n"


static void options(void);
static void messages(void);
static void faults(void);
static void drops(void);
static void memory(void);


static hub_text_t  text;


static const option_t  option_cases[] = {

    { "nothing but what must be there", "",
      "options stream=0 usage=1 max_tokens=5\n"
      "fields max_tokens\n" },

    { "sampling keeps its digits",
      "\"temperature\":1.0,\"top_p\":0.950,\"top_k\":5e0,"
      "\"stop_sequences\":[\"a\",\"\\n\"],\"stream\":true,",
      "options stream=1 usage=1 max_tokens=5 temperature=1.0 top_p=0.950 "
      "top_k=5e0 stop=[\"a\",\"\\x0a\"]\n"
      "fields max_tokens temperature top_p top_k stop\n" },

    { "null is absent",
      "\"temperature\":null,\"system\":null,\"tools\":null,\"thinking\":null,"
      "\"stop_sequences\":null,\"metadata\":null,\"unknown\":null,",
      "options stream=0 usage=1 max_tokens=5\n"
      "fields max_tokens\n" },

    { "a system prompt comes first, wherever it stands",
      "\"system\":\"be \\\"brief\\\"\",",
      "options stream=0 usage=1 max_tokens=5\n"
      "fields max_tokens system\n"
      "system\n  text text=\"be \"brief\"\"\n" },

    { "a system prompt of blocks keeps its marks",
      "\"system\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\","
      "\"text\":\"b\",\"cache_control\":{\"type\":\"ephemeral\","
      "\"ttl\":\"1h\"}}],",
      "options stream=0 usage=1 max_tokens=5\n"
      "fields max_tokens system cache\n"
      "system\n  text text=\"a\"\n  text text=\"b\" "
      "cache={\"type\":\"ephemeral\",\"ttl\":\"1h\"}\n" },

    { "an empty system prompt is none", "\"system\":\"\",",
      "options stream=0 usage=1 max_tokens=5\n"
      "fields max_tokens\n" },

    { "a budget of thinking",
      "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048},",
      "options stream=0 usage=1 max_tokens=5 budget=2048 thoughts=1\n"
      "fields max_tokens budget\n" },

    { "adaptive thinking that is not shown",
      "\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"},"
      "\"output_config\":{\"effort\":\"xhigh\"},",
      "options stream=0 usage=1 max_tokens=5 effort=xhigh budget=-1 "
      "thoughts=0\n"
      "fields max_tokens effort budget\n" },

    { "adaptive thinking that is shown",
      "\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"},",
      "options stream=0 usage=1 max_tokens=5 budget=-1 thoughts=1\n"
      "fields max_tokens budget\n" },

    { "no thinking", "\"thinking\":{\"type\":\"disabled\"},",
      "options stream=0 usage=1 max_tokens=5 budget=0\n"
      "fields max_tokens budget\n" },

    { "a schema of the output",
      "\"output_config\":{\"format\":{\"type\":\"json_schema\","
      "\"schema\":{\"type\":\"object\"}}},",
      "options stream=0 usage=1 max_tokens=5 output=2 "
      "schema={\"type\":\"object\"}\n"
      "fields max_tokens schema\n" },

    { "a schema by its older name",
      "\"output_format\":{\"schema\":{\"type\":\"object\"},"
      "\"type\":\"json_schema\"},",
      "options stream=0 usage=1 max_tokens=5 output=2 "
      "schema={\"type\":\"object\"}\n"
      "fields max_tokens schema\n" },

    { "who the user is, and the tier",
      "\"metadata\":{\"user_id\":\"u\\u0031\"},"
      "\"service_tier\":\"standard_only\",",
      "options stream=0 usage=1 max_tokens=5 user=\"u1\" tier=\"default\"\n"
      "fields max_tokens user tier\n" },

    { "another tier", "\"service_tier\":\"auto\",",
      "options stream=0 usage=1 max_tokens=5 tier=\"auto\"\n"
      "fields max_tokens tier\n" },

    { "a mark for all of it", "\"cache_control\":{\"type\":\"ephemeral\"},",
      "options stream=0 usage=1 max_tokens=5 cache={\"type\":\"ephemeral\"}\n"
      "fields max_tokens cache\n" },

    { "tools, with the choice of them",
      "\"tools\":[{\"name\":\"f\",\"description\":\"d\",\"input_schema\":"
      "{\"type\":\"object\"},\"strict\":true},{\"type\":\"custom\","
      "\"name\":\"g\",\"input_schema\":{},\"cache_control\":{\"type\":"
      "\"ephemeral\"}}],\"tool_choice\":{\"type\":\"any\","
      "\"disable_parallel_tool_use\":true},",
      "options stream=0 usage=1 max_tokens=5 choice=3 parallel=0\n"
      "fields max_tokens tools tool_strict tool_choice parallel cache\n"
      "tool function name=\"f\" description=\"d\" "
      "schema={\"type\":\"object\"} strict=1\n"
      "tool function name=\"g\" schema={} cache={\"type\":\"ephemeral\"}\n" },

    { "tools of the provider's own",
      "\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\","
      "\"max_uses\":3},{\"name\":\"code_execution\",\"type\":"
      "\"code_execution_20250522\"},{\"type\":\"bash_20250124\","
      "\"name\":\"bash\"}],\"tool_choice\":{\"type\":\"auto\"},",
      "options stream=0 usage=1 max_tokens=5 choice=1\n"
      "fields max_tokens tool_choice web_search code tool_native\n"
      "tool web_search name=\"web_search\" raw={\"type\":"
      "\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":3} "
      "origin=3\n"
      "tool code name=\"code_execution\" raw={\"name\":\"code_execution\","
      "\"type\":\"code_execution_20250522\"} origin=3\n"
      "tool native name=\"bash\" raw={\"type\":\"bash_20250124\","
      "\"name\":\"bash\"} origin=3\n" },

    { "a named choice", "\"tool_choice\":{\"name\":\"f\",\"type\":\"tool\"},",
      "options stream=0 usage=1 max_tokens=5 choice=4 choice_name=\"f\"\n"
      "fields max_tokens tool_choice_named\n" },

    { "no choice", "\"tool_choice\":{\"type\":\"none\"},",
      "options stream=0 usage=1 max_tokens=5 choice=2\n"
      "fields max_tokens tool_choice_none\n" }
};


static const message_t  message_cases[] = {

    { "the order of parts is the order of blocks",
      "{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image\","
      "\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\","
      "\"data\":\"AAAA\"}},{\"text\":\"b\",\"type\":\"text\"}],"
      "\"role\":\"user\"}",
      "user\n  text text=\"a\"\n"
      "  image data=\"AAAA\" media=\"image/png\"\n  text text=\"b\"\n" },

    { "empty texts are none",
      "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\"},"
      "{\"type\":\"text\",\"text\":\"a\"}]},"
      "{\"role\":\"assistant\",\"content\":\"\"}",
      "user\n  text text=\"a\"\nassistant\n" },

    { "images by address and by id",
      "{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":"
      "{\"type\":\"url\",\"url\":\"https:\\/\\/x\"}},{\"type\":\"image\","
      "\"source\":{\"type\":\"file\",\"file_id\":\"f1\"},"
      "\"cache_control\":{\"type\":\"ephemeral\"}}]}",
      "user\n  image url=\"https://x\"\n"
      "  image file=\"f1\" cache={\"type\":\"ephemeral\"}\n" },

    { "documents of every source",
      "{\"role\":\"user\",\"content\":["
      "{\"type\":\"document\",\"title\":\"t\",\"source\":{\"type\":\"base64\","
      "\"media_type\":\"application/pdf\",\"data\":\"AAAA\"}},"
      "{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":"
      "\"text/plain\",\"data\":\"some text\"}},"
      "{\"type\":\"document\",\"source\":{\"type\":\"url\",\"url\":\"u\"}},"
      "{\"type\":\"document\",\"source\":{\"type\":\"file\","
      "\"file_id\":\"f\"}},"
      "{\"type\":\"document\",\"source\":{\"type\":\"content\","
      "\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\","
      "\"text\":\"b\"}]}},"
      "{\"type\":\"document\",\"source\":{\"type\":\"content\","
      "\"content\":\"c\"}},"
      "{\"type\":\"search_result\",\"source\":\"s\",\"title\":\"st\","
      "\"content\":[{\"type\":\"text\",\"text\":\"found\"}]}]}",
      "user\n"
      "  file name=\"t\" data=\"AAAA\" media=\"application/pdf\"\n"
      "  file text=\"some text\" media=\"text/plain\"\n"
      "  file url=\"u\"\n"
      "  file file=\"f\"\n"
      "  file text=\"a\\x0a\\x0ab\"\n"
      "  file text=\"c\"\n"
      "  file name=\"st\" text=\"found\"\n" },

    { "calls and results, which have the names of their calls",
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":"
      "\"a\"},{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":"
      "{\"x\":1.0},\"caller\":{\"type\":\"direct\"}},{\"type\":\"tool_use\","
      "\"id\":\"t2\",\"name\":\"g\"}]},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
      "\"tool_use_id\":\"t2\",\"content\":\"r\",\"is_error\":true},"
      "{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":"
      "[{\"type\":\"text\",\"text\":\"s\"},{\"type\":\"image\",\"source\":"
      "{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}},"
      "{\"type\":\"tool_reference\",\"tool_name\":\"h\"}]},"
      "{\"type\":\"text\",\"text\":\"b\"}]}",
      "assistant\n  text text=\"a\"\n"
      "  call id=\"t1\" name=\"f\" json={\"x\":1.0}\n"
      "  call id=\"t2\" name=\"g\" json={}\n"
      "user\n"
      "  result id=\"t2\" name=\"g\" failed\n    text text=\"r\"\n"
      "  result id=\"t1\" name=\"f\"\n    text text=\"s\"\n"
      "    image data=\"AAAA\" media=\"image/png\"\n"
      "    native name=\"tool_reference\" json={\"type\":\"tool_reference\","
      "\"tool_name\":\"h\"} origin=3\n"
      "  text text=\"b\"\n" },

    { "a result in a result is not one",
      "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
      "\"tool_use_id\":\"t\",\"content\":[{\"type\":\"tool_result\","
      "\"tool_use_id\":\"u\",\"content\":\"r\"}]}]}",
      "user\n  result id=\"t\"\n    native name=\"tool_result\" "
      "json={\"type\":\"tool_result\",\"tool_use_id\":\"u\","
      "\"content\":\"r\"} origin=3\n" },

    { "thoughts with their signatures",
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
      "\"thinking\":\"hm\",\"signature\":\"c2ln\"},"
      "{\"type\":\"redacted_thinking\",\"data\":\"ZGF0YQ\"},"
      "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"bW9yZQ\"},"
      "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}]}",
      "assistant\n  thinking text=\"hm\" signature=\"c2ln\" origin=3\n"
      "  redacted data=\"ZGF0YQ\" origin=3\n"
      "  thinking signature=\"bW9yZQ\" origin=3\n"
      "  call id=\"t\" name=\"f\" json={}\n" },

    { "another dialect's thoughts come back to it",
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
      "\"thinking\":\"hm\",\"signature\":\"aigw.2.c2ln\"},"
      "{\"type\":\"redacted_thinking\",\"data\":\"aigw.5.ZGF0YQ\"},"
      "{\"type\":\"text\",\"text\":\"a\"}]}",
      "assistant\n  thinking text=\"hm\" signature=\"c2ln\" origin=2\n"
      "  redacted data=\"ZGF0YQ\" origin=5\n  text text=\"a\"\n" },

    { "the signature of a call comes back to it, and of none to nobody",
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
      "\"thinking\":\"\",\"signature\":\"aigw.4.call.c2ln\"},"
      "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}},"
      "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":"
      "\"aigw.4.call.bm8\"},{\"type\":\"thinking\",\"thinking\":\"\","
      "\"signature\":\"aigw.2.c2ln\"},"
      "{\"type\":\"tool_use\",\"id\":\"u\",\"name\":\"f\",\"input\":{}},"
      "{\"type\":\"thinking\",\"thinking\":\"\","
      "\"signature\":\"aigw.4.bW9yZQ\"},"
      "{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"thinking\","
      "\"thinking\":\"\",\"signature\":\"aigw.4.call.bm8\"}]}",
      "assistant\n"
      "  call id=\"t\" name=\"f\" json={} signature=\"c2ln\" origin=4\n"
      "  thinking signature=\"c2ln\" origin=2\n"
      "  call id=\"u\" name=\"f\" json={}\n"
      "  thinking signature=\"bW9yZQ\" origin=4\n  text text=\"a\"\n" },

    { "what nobody else understands is kept as it is",
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"server_tool_use\", "
      "\"id\":\"s\",\"name\":\"web_search\",\"input\":{\"q\":1.0}},"
      "{\"type\":\"of_next_year\",\"x\":[null]}]},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"container_upload\","
      "\"file_id\":\"f\"}]}",
      "assistant\n  native name=\"server_tool_use\" json={\"type\":"
      "\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\",\"input\":"
      "{\"q\":1.0}} origin=3\n"
      "  native name=\"of_next_year\" json={\"type\":\"of_next_year\","
      "\"x\":[null]} origin=3\n"
      "user\n  native name=\"container_upload\" json={\"type\":"
      "\"container_upload\",\"file_id\":\"f\"} origin=3\n" },

    { "what was cited",
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":"
      "\"a\",\"citations\":[{\"type\":\"web_search_result_location\","
      "\"url\":\"u\",\"title\":\"t\",\"cited_text\":\"q\","
      "\"encrypted_index\":\"e\"},{\"type\":\"page_location\","
      "\"document_index\":0,\"document_title\":\"d\",\"cited_text\":\"p\","
      "\"start_page_number\":1,\"end_page_number\":2},{\"type\":"
      "\"char_location\",\"document_title\":null,\"cited_text\":\"c\"}]}]}",
      "assistant\n  text text=\"a\" citation{ url=\"u\" title=\"t\" "
      "quote=\"q\" -1--1 } citation{ title=\"d\" quote=\"p\" -1--1 } "
      "citation{ quote=\"c\" -1--1 }\n" },

    { "a system prompt in the middle stays there",
      "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"system\","
      "\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}",
      "user\n  text text=\"a\"\nsystem\n  text text=\"b\"\n"
      "user\n  text text=\"c\"\n" },

    { "texts stay as they are escaped",
      "{\"role\":\"user\",\"content\":\"\\ud83d\\ude00 \\u003c \\/\"}",
      "user\n  text text=\"\xf0\x9f\x98\x80 < /\"\n" }
};


static const fault_t  fault_cases[] = {
    { "[]", " must be an object" },
    { "{}", " must have \"messages\"" },
    { "{\"messages\":{}}", "messages must be an array" },
    { "{\"messages\":[1]}", "messages[0] must be an object" },
    { "{\"messages\":[],\"messages\":[]}", "messages is given more than once" },
    { "{\"messages\":[],\"max_tokens\":\"5\"}", "max_tokens must be a number" },
    { "{\"messages\":[],\"max_tokens\":-1}",
      "max_tokens must be an integer, 0 or more" },
    { "{\"messages\":[],\"max_tokens\":1.5}",
      "max_tokens must be an integer, 0 or more" },
    { "{\"messages\":[],\"stream\":1}", "stream must be true or false" },
    { "{\"messages\":[],\"temperature\":\"0\"}",
      "temperature must be a number" },
    { "{\"messages\":[],\"stop_sequences\":[1]}",
      "stop_sequences[0] must be a string" },
    { "{\"messages\":[],\"stop_sequences\":\"a\"}",
      "stop_sequences must be an array" },
    { "{\"messages\":[],\"system\":1}", "system is of the wrong type" },
    { "{\"messages\":[],\"system\":[1]}", "system[0] must be an object" },
    { "{\"messages\":[],\"system\":[{\"type\":\"text\"}]}",
      "system[0] must have a \"text\"" },
    { "{\"messages\":[],\"thinking\":{}}", "thinking must have a \"type\"" },
    { "{\"messages\":[],\"thinking\":{\"type\":\"on\"}}",
      "thinking.type is no type of thinking" },
    { "{\"messages\":[],\"thinking\":{\"type\":\"enabled\"}}",
      "thinking must have \"budget_tokens\"" },
    { "{\"messages\":[],\"thinking\":{\"budget_tokens\":\"1\"}}",
      "thinking.budget_tokens must be a number" },
    { "{\"messages\":[],\"output_config\":{\"effort\":1}}",
      "output_config.effort must be a string" },
    { "{\"messages\":[],\"output_config\":{\"format\":{}}}",
      "output_config.format must have a \"type\"" },
    { "{\"messages\":[],\"output_config\":{\"format\":{\"type\":\"x\"}}}",
      "output_config.format.type must be \"json_schema\"" },
    { "{\"messages\":[],\"output_format\":{\"type\":\"json_schema\"}}",
      "output_format must have a \"schema\"" },
    { "{\"messages\":[],\"tools\":[{}]}", "tools[0] must have a \"name\"" },
    { "{\"messages\":[],\"tools\":[1]}", "tools[0] must be an object" },
    { "{\"messages\":[],\"tools\":[{\"name\":\"f\",\"input_schema\":[]}]}",
      "tools[0].input_schema must be an object" },
    { "{\"messages\":[],\"tools\":[{\"name\":\"f\",\"type\":1}]}",
      "tools[0].type must be a string" },
    { "{\"messages\":[],\"tool_choice\":\"auto\"}",
      "tool_choice must be an object" },
    { "{\"messages\":[],\"tool_choice\":{}}",
      "tool_choice must have a \"type\"" },
    { "{\"messages\":[],\"tool_choice\":{\"type\":\"all\"}}",
      "tool_choice.type is no type of a choice" },
    { "{\"messages\":[],\"tool_choice\":{\"type\":\"tool\"}}",
      "tool_choice must have a \"name\"" },
    { "{\"messages\":[{\"content\":\"a\"}]}",
      "messages[0] must have a \"role\"" },
    { "{\"messages\":[{\"role\":\"user\"}]}",
      "messages[0] must have \"content\"" },
    { "{\"messages\":[{\"role\":\"tool\",\"content\":\"a\"}]}",
      "messages[0].role is no role" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":{}}]}",
      "messages[0].content is of the wrong type" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[\"a\"]}]}",
      "messages[0].content[0] must be an object" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[{}]}]}",
      "messages[0].content[0] must have a \"type\"" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":1}]}]}",
      "messages[0].content[0].type must be a string" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
      "\"text\":\"a\"},{\"type\":\"text\",\"text\":1}]}]}",
      "messages[0].content[1].text must be a string" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
      "\"image\"}]}]}",
      "messages[0].content[0] must have a \"source\"" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\","
      "\"source\":{}}]}]}",
      "messages[0].content[0].source must have a \"type\"" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\","
      "\"source\":{\"type\":\"text\",\"data\":\"a\"}}]}]}",
      "messages[0].content[0].source.type is no type of a source" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\","
      "\"source\":{\"type\":\"base64\",\"data\":\"a\"}}]}]}",
      "messages[0].content[0].source must have \"data\" and a "
      "\"media_type\"" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\","
      "\"source\":{\"type\":\"url\"}}]}]}",
      "messages[0].content[0].source must have a \"url\"" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\","
      "\"source\":{\"type\":\"file\"}}]}]}",
      "messages[0].content[0].source must have a \"file_id\"" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\","
      "\"source\":{\"type\":2}}]}]}",
      "messages[0].content[0].source.type must be a string" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
      "\"tool_result\"}]}]}",
      "messages[0].content[0] must have a \"tool_use_id\"" },
    { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
      "\"tool_result\",\"tool_use_id\":\"t\",\"content\":[{\"type\":"
      "\"text\"}]}]}]}",
      "messages[0].content[0].content[0] must have a \"text\"" },
    { "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":"
      "\"tool_use\",\"id\":\"t\"}]}]}",
      "messages[0].content[0] must have a \"name\"" },
    { "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":"
      "\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":\"{}\"}]}]}",
      "messages[0].content[0].input must be an object" },
    { "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":"
      "\"thinking\",\"signature\":\"s\"}]}]}",
      "messages[0].content[0] must have a \"thinking\"" },
    { "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":"
      "\"redacted_thinking\"}]}]}",
      "messages[0].content[0] must have \"data\"" },
    { "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":"
      "\"text\",\"text\":\"a\",\"citations\":[1]}]}]}",
      "messages[0].content[0].citations[0] must be an object" }
};


int
main(void)
{
    anth_init();

    options();
    messages();
    faults();
    drops();
    memory();

    hub_text_free(&text);
    wire_free(&anth);

    return done();
}


static void
options(void)
{
    char             body[4096], want[4096];
    size_t           i;
    ngx_int_t        rc;
    const option_t  *c;

    for (i = 0; i < sizeof(option_cases) / sizeof(option_t); i++) {
        c = &option_cases[i];

        snprintf(body, sizeof(body), "{%s%s}", c->body, BASE);
        snprintf(want, sizeof(want), "%s%s", c->want, USER);

        rc = anth_ask(&text, body, strlen(body));

        is_int(rc, NGX_OK, "it is read: %s", c->name);
        is_str(text.data, text.len, want, "%s", c->name);
    }
}


static void
messages(void)
{
    char              body[8192], *from;
    size_t            i;
    ngx_int_t         rc;
    const message_t  *c;

    for (i = 0; i < sizeof(message_cases) / sizeof(message_t); i++) {
        c = &message_cases[i];

        snprintf(body, sizeof(body), "{\"messages\":[%s],\"model\":\"m\"}",
                 c->messages);

        rc = anth_ask(&text, body, strlen(body));

        is_int(rc, NGX_OK, "it is read: %s", c->name);

        /* behind the lines of the options and of the fields */

        from = strchr(text.data, '\n') + 1;
        from = strchr(from, '\n') + 1;

        is_str(from, text.len - (from - text.data), c->want, "%s", c->name);
    }
}


static void
faults(void)
{
    size_t          i;
    ngx_int_t       rc;
    const fault_t  *c;

    for (i = 0; i < sizeof(fault_cases) / sizeof(fault_t); i++) {
        c = &fault_cases[i];

        rc = anth_ask(&text, c->body, strlen(c->body));

        is_int(rc, NGX_ERROR, "it is refused: %s", c->body);
        is_str(text.data, text.len, c->want, "what is wrong is told: %s",
               c->want);
    }
}


static void
drops(void)
{
    size_t             i, k;

    static const char  body[] =
        "{" BASE ",\"mcp_servers\":[{\"type\":\"url\"}],\"container\":\"c\","
        "\"context_management\":{\"edits\":[]},"
        "\"output_config\":{\"effort\":\"of_next_year\",\"task_budget\":{}},"
        "\"metadata\":{\"other\":1},\"anthropic_version\":\"v\","
        "\"system\":[{\"type\":\"text\",\"text\":\"a\",\"extra\":1}],"
        "\"tools\":[{\"name\":\"f\",\"defer_loading\":true},"
        "{\"name\":\"g\",\"defer_loading\":true}]}";

    static const char  documents[] =
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
        "\"document\",\"context\":\"c\",\"citations\":{\"enabled\":true},"
        "\"source\":{\"type\":\"content\",\"content\":[{\"type\":\"image\","
        "\"source\":{\"type\":\"url\",\"url\":\"u\"}}]}},{\"type\":"
        "\"search_result\",\"source\":\"s\",\"content\":[],"
        "\"citations\":{\"enabled\":false}}]}]}";

    static const struct {
        const char  *body;
        const char  *names[10];
    } cases[] = {
        { body, { "mcp_servers", "container", "context_management",
                  "output_config.effort", "output_config.task_budget",
                  "metadata.other", "tools.defer_loading",
                  "system.extra" } },
        { documents, { "messages.content.context",
                       "messages.content.citations",
                       "messages.content.source.content",
                       "messages.content.source" } }
    };

    for (i = 0; i < 2; i++) {
        is_int(wire_read_ask(&anth, cases[i].body, strlen(cases[i].body)),
               NGX_OK, "what is not known is no fault");

        for (k = 0; cases[i].names[k]; k++) {

            is_str(anth.drops.names[k].data, anth.drops.names[k].len,
                   cases[i].names[k], "it is counted: %s",
                   cases[i].names[k]);
        }

        is_int(anth.drops.count, k, "and nothing else is");
    }
}


/* each of its allocations fails once */

static void
memory(void)
{
    ngx_int_t   rc;
    ngx_uint_t  i, bad;

    static const char  body[] =
        "{\"system\":\"s\",\"stop_sequences\":[\"a\"],\"tools\":[{\"name\":"
        "\"f\"}],\"messages\":[{\"role\":\"assistant\",\"content\":["
        "{\"type\":\"text\",\"text\":\"a\",\"citations\":[{}]},"
        "{\"type\":\"tool_use\",\"name\":\"f\"},{\"type\":\"new\"}]},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
        "\"tool_use_id\":\"t\",\"content\":\"r\"},{\"type\":\"document\","
        "\"source\":{\"type\":\"content\",\"content\":\"c\"}}]}]}";

    bad = 0;

    for (i = 1; ; i++) {
        ngx_shim_fail_at = i;
        rc = wire_read_ask(&anth, body, sizeof(body) - 1);

        if (ngx_shim_fail_at != 0) {
            break;
        }

        bad += (rc == NGX_OK);
    }

    ngx_shim_fail_at = 0;

    ok(i > 10 && rc == NGX_OK, "a request takes %d allocations", (int) i - 1);
    is_int(bad, 0, "without any of them it is not read");
}
