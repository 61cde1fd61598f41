
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* whole replies, read from a provider and written for a client */


#include "anthropic.h"


typedef struct {
    const char  *name;
    const char  *body;
    const char  *want;        /* in the hub; NULL: it is no reply */
} read_t;


static void reading(void);
static void others(ngx_array_t *parts);
static void writing(void);
static void finishes(void);
static void counting(void);
static void memory(void);
static void written(hub_text_t *t);


static hub_text_t  text;


#define HEAD  "{\"type\":\"message\",\"id\":\"msg_1\",\"model\":\"claude\","   \
              "\"role\":\"assistant\","
#define TAIL  "\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"           \
              "\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}"
#define SAID  "answer id=\"msg_1\" model=\"claude\" created=0\n"
#define USED  "usage input=1 output=2\n"


static const read_t  read_cases[] = {

    { "a text",
      HEAD "\"content\":[{\"type\":\"text\",\"text\":\"a\"}]," TAIL,
      SAID "alternative finish=stop\n  text text=\"a\"\n" USED },

    { "nothing at all",
      HEAD "\"content\":[]," TAIL, SAID "alternative finish=stop\n" USED },

    { "empty texts are none",
      HEAD "\"content\":[{\"type\":\"text\",\"text\":\"\"}]," TAIL,
      SAID "alternative finish=stop\n" USED },

    { "thoughts, a text and calls, in their order",
      HEAD "\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\","
      "\"signature\":\"c2ln\"},{\"type\":\"redacted_thinking\",\"data\":"
      "\"ZA\"},{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":"
      "\"aigw.4.x\"},{\"type\":\"text\",\"text\":\"a\"},{\"type\":"
      "\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{\"x\":1.0},"
      "\"caller\":{\"type\":\"direct\"}},{\"type\":\"tool_use\",\"id\":\"u\","
      "\"name\":\"g\",\"input\":{}}],\"stop_reason\":\"tool_use\"}",
      SAID "alternative finish=tool_calls\n"
      "  thinking text=\"hm\" signature=\"c2ln\" origin=3\n"
      "  redacted data=\"ZA\" origin=3\n"
      "  thinking signature=\"aigw.4.x\" origin=3\n"
      "  text text=\"a\"\n"
      "  call id=\"t\" name=\"f\" json={\"x\":1.0}\n"
      "  call id=\"u\" name=\"g\" json={}\nusage none\n" },

    { "what a server's tool did, and what was cited of it",
      HEAD "\"content\":[{\"type\":\"server_tool_use\",\"id\":\"s\","
      "\"name\":\"web_search\",\"input\":{\"q\":\"x\"}},{\"type\":"
      "\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[]},"
      "{\"type\":\"text\",\"text\":\"a\",\"citations\":[{\"type\":"
      "\"web_search_result_location\",\"url\":\"u\",\"title\":null,"
      "\"cited_text\":\"q\",\"encrypted_index\":\"e\"}]}]," TAIL,
      SAID "alternative finish=stop\n"
      "  native name=\"server_tool_use\" json={\"type\":\"server_tool_use\","
      "\"id\":\"s\",\"name\":\"web_search\",\"input\":{\"q\":\"x\"}} "
      "origin=3\n"
      "  native name=\"web_search_tool_result\" json={\"type\":"
      "\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[]} "
      "origin=3\n"
      "  text text=\"a\" citation{ url=\"u\" quote=\"q\" -1--1 }\n" USED },

    { "usage in buckets that do not overlap",
      HEAD "\"content\":[],\"stop_reason\":\"max_tokens\",\"usage\":"
      "{\"input_tokens\":5,\"cache_read_input_tokens\":7,"
      "\"cache_creation_input_tokens\":3,\"cache_creation\":"
      "{\"ephemeral_5m_input_tokens\":3},\"output_tokens\":11,"
      "\"output_tokens_details\":{\"thinking_tokens\":4},"
      "\"service_tier\":\"standard\"}}",
      "answer id=\"msg_1\" model=\"claude\" tier=\"default\" created=0\n"
      "alternative finish=length\n"
      "usage input=5 cache_read=7 cache_write=3 output=7 reasoning=4\n" },

    { "counts that can't be are none",
      HEAD "\"content\":[],\"stop_reason\":\"end_turn\",\"usage\":"
      "{\"input_tokens\":-5,\"cache_read_input_tokens\":\"7\","
      "\"output_tokens\":3,\"output_tokens_details\":"
      "{\"thinking_tokens\":9}}}",
      SAID "alternative finish=stop\nusage reasoning=3\n" },

    { "the sequence that it met",
      HEAD "\"content\":[{\"type\":\"text\",\"text\":\"a\"}],"
      "\"stop_reason\":\"stop_sequence\",\"stop_sequence\":\"\\n\\nH\"}",
      SAID "alternative finish=stop stop=\"\\x0a\\x0aH\"\n"
      "  text text=\"a\"\nusage none\n" },

    { "an error is no message",
      "{\"type\":\"error\",\"error\":{\"type\":\"api_error\","
      "\"message\":\"m\"}}", NULL },
    { "nor is another object", "{}", NULL },
    { "or no object", "[]", NULL },
    { "or one whose content is none",
      HEAD "\"content\":\"a\"," TAIL, NULL },
    { "or has a block that is none",
      HEAD "\"content\":[\"a\"]," TAIL, NULL },
    { "or one without a type", HEAD "\"content\":[{}]," TAIL, NULL },
    { "or a text that is none",
      HEAD "\"content\":[{\"type\":\"text\",\"text\":{}}]," TAIL, NULL }
};


int
main(void)
{
    anth_init();

    reading();
    writing();
    finishes();
    counting();
    memory();

    hub_text_free(&text);
    wire_free(&anth);

    return done();
}


static void
written(hub_text_t *t)
{
    t->len = 0;
    hub_bytes(t, anth.out.start, ngx_ai_buf_len(&anth.out));
}


static void
reading(void)
{
    size_t         i;
    ngx_int_t      rc;
    const read_t  *c;

    for (i = 0; i < sizeof(read_cases) / sizeof(read_t); i++) {
        c = &read_cases[i];

        rc = wire_read_answer(&anth, c->body, strlen(c->body));

        if (c->want == NULL) {
            is_int(rc, NGX_ERROR, "%s", c->name);
            continue;
        }

        is_int(rc, NGX_OK, "it is read: %s", c->name);

        text.len = 0;
        hub_answer_text(&text, &anth.answer);
        is_str(text.data, text.len, c->want, "%s", c->name);
    }
}


/* what others have */

static void
others(ngx_array_t *parts)
{
    ngx_ai_part_t      *part;
    ngx_ai_citation_t  *citation;

    part = ngx_ai_part_push(parts, NGX_AI_PART_THINKING);
    part->origin = NGX_AI_DIALECT_RESPONSES;
    ngx_str_set(&part->text, "hm");
    ngx_str_set(&part->signature, "c2ln");

    part = ngx_ai_part_push(parts, NGX_AI_PART_THINKING);
    ngx_str_set(&part->text, "unsigned");

    part = ngx_ai_part_push(parts, NGX_AI_PART_THINKING);

    part = ngx_ai_part_push(parts, NGX_AI_PART_REDACTED);
    part->origin = NGX_AI_DIALECT_BEDROCK;
    ngx_str_set(&part->data, "ZGF0YQ");

    part = ngx_ai_part_push(parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "a\\n");
    part->citations = ngx_array_create(anth.pool, 2,
                                       sizeof(ngx_ai_citation_t));
    citation = ngx_array_push_n(part->citations, 2);
    memset(citation, 0, 2 * sizeof(ngx_ai_citation_t));
    ngx_str_set(&citation[0].url, "u");
    ngx_str_set(&citation[0].title, "t");
    ngx_str_set(&citation[1].quote, "q");

    part = ngx_ai_part_push(parts, NGX_AI_PART_TEXT);
    ngx_str_set(&part->text, "b");
    ngx_str_set(&part->signature, "dGV4dA");
    part->origin = NGX_AI_DIALECT_GEMINI;

    part = ngx_ai_part_push(parts, NGX_AI_PART_REFUSAL);
    ngx_str_set(&part->text, "no");

    part = ngx_ai_part_push(parts, NGX_AI_PART_AUDIO);
    ngx_str_set(&part->data, "AAAA");
    ngx_str_set(&part->text, "spoken");

    part = ngx_ai_part_push(parts, NGX_AI_PART_IMAGE);
    ngx_str_set(&part->data, "AAAA");

    part = ngx_ai_part_push(parts, NGX_AI_PART_NATIVE);
    part->origin = NGX_AI_DIALECT_GEMINI;
    ngx_str_set(&part->json, "{\"executableCode\":{}}");

    part = ngx_ai_part_push(parts, NGX_AI_PART_NATIVE);
    part->origin = NGX_AI_DIALECT_ANTHROPIC;
    ngx_str_set(&part->json, "{\"type\":\"x\"}");

    part = ngx_ai_part_push(parts, NGX_AI_PART_TOOL_CALL);
    part->origin = NGX_AI_DIALECT_GEMINI;
    ngx_str_set(&part->signature, "Y2FsbA");
    ngx_str_set(&part->id, "call_1");
    ngx_str_set(&part->name, "f");
    ngx_str_set(&part->json, "{\"x\":1.0}");

    part = ngx_ai_part_push(parts, NGX_AI_PART_TOOL_CALL);
    part->custom = 1;
    ngx_str_set(&part->id, "call_2");
    ngx_str_set(&part->name, "g");
    ngx_str_set(&part->text, "t");
}


/* an answer of others */

static void
writing(void)
{
    ngx_ai_alternative_t  *alternative;

    (void) ngx_ai_answer_init(&anth.answer, anth.pool, NGX_AI_DIALECT_OPENAI);

    ngx_str_set(&anth.answer.id, "chatcmpl-1");
    ngx_str_set(&anth.answer.model, "gpt");
    ngx_str_set(&anth.answer.tier, "default");

    anth.answer.usage.reported = 1;
    anth.answer.usage.tokens[NGX_AI_USAGE_INPUT] = 1;
    anth.answer.usage.tokens[NGX_AI_USAGE_AUDIO_IN] = 2;
    anth.answer.usage.tokens[NGX_AI_USAGE_CACHE_READ] = 4;
    anth.answer.usage.tokens[NGX_AI_USAGE_CACHE_WRITE] = 8;
    anth.answer.usage.tokens[NGX_AI_USAGE_OUTPUT] = 16;
    anth.answer.usage.tokens[NGX_AI_USAGE_REASONING] = 32;

    alternative = ngx_ai_answer_alternative(&anth.answer);
    alternative->finish = NGX_AI_FINISH_TOOLS;

    others(&alternative->parts);

    is_int(wire_write_answer(&anth), NGX_OK, "an answer of others is written");
    ok(anth_whole(), "it is JSON");

    written(&text);
    is_str(text.data, text.len,
           "{\"id\":\"msg_0123456789abcdef0123456789abcdef\","
           "\"type\":\"message\",\"role\":\"assistant\",\"model\":\"gpt\","
           "\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\","
           "\"signature\":\"aigw.2.c2ln\"},{\"type\":\"thinking\","
           "\"thinking\":\"unsigned\",\"signature\":\"\"},{\"type\":"
           "\"redacted_thinking\",\"data\":\"aigw.5.ZGF0YQ\"},{\"type\":"
           "\"text\",\"text\":\"a\\n\",\"citations\":[{\"type\":"
           "\"web_search_result_location\",\"encrypted_index\":\"\",\"url\":"
           "\"u\",\"title\":\"t\",\"cited_text\":\"\"},{\"type\":"
           "\"char_location\",\"document_index\":0,\"start_char_index\":0,"
           "\"end_char_index\":0,\"document_title\":null,\"cited_text\":"
           "\"q\"}]},{\"type\":\"text\",\"text\":\"b\"},{\"type\":"
           "\"thinking\",\"thinking\":\"\",\"signature\":\"aigw.4.dGV4dA\"},"
           "{\"type\":\"text\",\"text\":\"no\"},{\"type\":\"text\",\"text\":"
           "\"spoken\"},{\"type\":\"x\"},{\"type\":\"thinking\","
           "\"thinking\":\"\",\"signature\":\"aigw.4.call.Y2FsbA\"},{\"type\":"
           "\"tool_use\",\"id\":\"call_1\",\"name\":\"f\",\"input\":"
           "{\"x\":1.0}},{\"type\":\"tool_use\",\"id\":\"call_2\",\"name\":"
           "\"g\",\"input\":{\"input\":\"t\"}}],\"stop_reason\":\"tool_use\","
           "\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,"
           "\"cache_creation_input_tokens\":8,\"cache_read_input_tokens\":4,"
           "\"output_tokens\":48,\"output_tokens_details\":"
           "{\"thinking_tokens\":32},\"service_tier\":\"standard\"}}",
           "what it says is in Anthropic's words");

    ngx_str_null(&anth.answer.model);
    alternative->parts.nelts = 0;

    is_int(wire_write_answer(&anth), NGX_OK, "an empty answer is written");
    written(&text);
    ok(strstr(text.data, "\"model\":\"asked-model\",\"content\":[]") != NULL,
       "by the model that was asked for");

    anth.answer.alternatives.nelts = 0;
    is_int(wire_write_answer(&anth), NGX_DECLINED, "none at all is not");
}


static void
finishes(void)
{
    size_t                 i;
    ngx_str_t              name;
    ngx_ai_alternative_t  *alternative;

    static const struct {
        ngx_uint_t   finish;
        const char  *stop;
        const char  *want;
    } writes[] = {
        { NGX_AI_FINISH_NONE, "", "\"stop_reason\":\"end_turn\","
          "\"stop_sequence\":null" },
        { NGX_AI_FINISH_STOP, "", "\"stop_reason\":\"end_turn\"" },
        { NGX_AI_FINISH_STOP, "x", "\"stop_reason\":\"stop_sequence\","
          "\"stop_sequence\":\"x\"" },
        { NGX_AI_FINISH_LENGTH, "", "\"stop_reason\":\"max_tokens\"" },
        { NGX_AI_FINISH_TOOLS, "", "\"stop_reason\":\"tool_use\"" },
        { NGX_AI_FINISH_FILTER, "", "\"stop_reason\":\"refusal\"" },
        { NGX_AI_FINISH_OTHER, "", "\"stop_reason\":\"end_turn\"" }
    };

    static const struct {
        const char  *reason;
        ngx_uint_t   want;
    } reads[] = {
        { "end_turn", NGX_AI_FINISH_STOP },
        { "stop_sequence", NGX_AI_FINISH_STOP },
        { "max_tokens", NGX_AI_FINISH_LENGTH },
        { "model_context_window_exceeded", NGX_AI_FINISH_LENGTH },
        { "tool_use", NGX_AI_FINISH_TOOLS },
        { "refusal", NGX_AI_FINISH_FILTER },
        { "pause_turn", NGX_AI_FINISH_OTHER },
        { "of_next_year", NGX_AI_FINISH_OTHER }
    };

    for (i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        name.data = (u_char *) reads[i].reason;
        name.len = strlen(reads[i].reason);

        is_int(ngx_ai_anthropic_finish_find(&name), reads[i].want,
               "%s is a finish", reads[i].reason);
    }

    (void) ngx_ai_answer_init(&anth.answer, anth.pool, 0);
    alternative = ngx_ai_answer_alternative(&anth.answer);

    for (i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        alternative->finish = writes[i].finish;
        alternative->stop.data = (u_char *) writes[i].stop;
        alternative->stop.len = strlen(writes[i].stop);

        (void) wire_write_answer(&anth);
        written(&text);
        ok(strstr(text.data, writes[i].want) != NULL, "%s",
           writes[i].want);
    }

    alternative->finish = NGX_AI_FINISH_ERROR;
    is_int(wire_write_answer(&anth), NGX_DECLINED,
           "a finish that is an error is no answer");
}


static void
counting(void)
{
    size_t         i;
    ngx_str_t      body;
    ngx_ai_walk_t  walk;

    static const struct {
        const char  *body;
        ngx_int_t    rc;
    } cases[] = {
        { "{\"input_tokens\":14,\"context_management\":null}", NGX_OK },
        { "{\"input_tokens\":-1}", NGX_ERROR },
        { "{\"input_tokens\":\"14\"}", NGX_ERROR },
        { "{}", NGX_ERROR },
        { "[]", NGX_ERROR }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&walk, 0, sizeof(ngx_ai_walk_t));
        walk.tree = &anth.tree;
        walk.pool = anth.pool;

        body.data = (u_char *) cases[i].body;
        body.len = strlen(cases[i].body);

        (void) ngx_ai_answer_init(&anth.answer, anth.pool, 0);
        (void) ngx_ai_tree_read(&anth.tree, &body);

        is_int(ngx_ai_anthropic_read_count(&walk,
                                           ngx_ai_tree_root(&anth.tree), 0,
                                           &anth.answer),
               cases[i].rc, "a count: %s", cases[i].body);

        if (i == 0) {
            ngx_ai_buf_reset(&anth.out);
            ngx_ai_json_writer_init(&anth.writer, &anth.out);
            (void) ngx_ai_anthropic_write_count(&anth.answer, &anth.told,
                                                &anth.writer);
            written(&text);
            is_str(text.data, text.len, "{\"input_tokens\":14}",
                   "a count is written");
        }
    }
}


static void
memory(void)
{
    ngx_int_t   rc;
    ngx_uint_t  i, bad;

    static const char  body[] =
        HEAD "\"content\":[{\"type\":\"text\",\"text\":\"a\",\"citations\":"
        "[{}]},{\"type\":\"x\"},{\"type\":\"thinking\",\"thinking\":\"a\"},"
        "{\"type\":\"tool_use\",\"name\":\"f\"}]," TAIL;

    bad = 0;

    for (i = 1; ; i++) {
        ngx_shim_fail_at = i;
        rc = wire_read_answer(&anth, body, sizeof(body) - 1);

        if (ngx_shim_fail_at != 0) {
            break;
        }

        bad += (rc == NGX_OK);
    }

    ngx_shim_fail_at = 0;

    ok(i > 5 && rc == NGX_OK, "a reply takes %d allocations", (int) i - 1);
    is_int(bad, 0, "without any of them it is not read");
}
