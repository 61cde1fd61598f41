
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "hub.h"

#include <time.h>


#define MESSAGES  6

#define CALL      NGX_AI_PART_TOOL_CALL
#define RESULT    NGX_AI_PART_TOOL_RESULT


/* a call or a result: what it has, and what it has when all is complete */

typedef struct {
    ngx_uint_t   kind;
    const char  *id;
    const char  *name;
    const char  *want_id;
    const char  *want_name;
} chat_join_t;


typedef struct {
    const char   *name;
    chat_join_t   parts[10];
} chat_ids_t;


static ngx_str_t chat_str(const char *text);
static void chat_init(ngx_ai_chat_t *chat, ngx_pool_t *pool);
static ngx_ai_part_t *chat_part(ngx_ai_chat_t *chat, ngx_uint_t role,
    ngx_uint_t kind);
static void chat_is(ngx_ai_chat_t *chat, const char *want, const char *name);
static void chat_test_init(void);
static void chat_test_part_fields(void);
static void chat_test_tool_fields(void);
static void chat_test_fields_kept(void);
static void chat_test_ids(void);
static void chat_test_many(ngx_uint_t same, ngx_uint_t ids);
static void chat_test_collisions(void);
static void chat_test_answer(void);
static void chat_test_effort(void);
static void chat_test_names(void);
static void chat_test_memory(void);
static double chat_seconds(void);


static const chat_ids_t  chat_ids[] = {

    { "ids that are there stay",
      { { CALL, "a", "f", "a", "f" },
        { RESULT, "a", NULL, "a", "f" } } },

    { "calls without ids get some in their order",
      { { CALL, NULL, "f", "call_0", "f" },
        { CALL, NULL, "g", "call_1", "g" },
        { RESULT, NULL, "g", "call_1", "g" },
        { RESULT, NULL, "f", "call_0", "f" } } },

    { "results take the calls of their name in order",
      { { CALL, NULL, "f", "call_0", "f" },
        { CALL, NULL, "f", "call_1", "f" },
        { RESULT, NULL, "f", "call_0", "f" },
        { RESULT, NULL, "f", "call_1", "f" },
        { CALL, NULL, "f", "call_2", "f" },
        { RESULT, NULL, "f", "call_2", "f" } } },

    { "results without a name take the calls in order",
      { { CALL, NULL, "f", "call_0", "f" },
        { CALL, "x", "g", "x", "g" },
        { RESULT, NULL, NULL, "call_0", "f" },
        { RESULT, NULL, NULL, "x", "g" } } },

    { "a call that has its result waits no more",
      { { CALL, "a", "f", "a", "f" },
        { CALL, "b", "f", "b", "f" },
        { RESULT, "a", NULL, "a", "f" },
        { RESULT, NULL, "f", "b", "f" },
        { CALL, "c", "g", "c", "g" },
        { RESULT, NULL, NULL, "c", "g" } } },

    { "a result without a call gets an id of its own",
      { { CALL, NULL, "f", "call_0", "f" },
        { RESULT, NULL, "f", "call_0", "f" },
        { RESULT, NULL, "f", "call_1", "f" },
        { RESULT, NULL, "g", "call_2", "g" },
        { RESULT, NULL, NULL, "call_3", NULL },
        { RESULT, "z", "h", "z", "h" } } },

    { "a result has the name of its call",
      { { CALL, "a", "f", "a", "f" },
        { RESULT, "a", "other", "a", "f" } } },

    { "an id that is used again is that of the last call",
      { { CALL, "add:0", "add", "add:0", "add" },
        { RESULT, "add:0", NULL, "add:0", "add" },
        { CALL, "add:0", "sub", "add:0", "sub" },
        { RESULT, "add:0", NULL, "add:0", "sub" } } },

    { "ids that are given are not in use",
      { { CALL, NULL, "f", "call_8", "f" },
        { CALL, "call_7", "f", "call_7", "f" },
        { CALL, "call_x", "g", "call_x", "g" },
        { CALL, "call_99999999999", "g", "call_99999999999", "g" },
        { CALL, NULL, "g", "call_9", "g" } } }
};


static ngx_str_t
chat_str(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = text == NULL ? 0 : strlen(text);

    return s;
}


static double
chat_seconds(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

    return ts.tv_sec + ts.tv_nsec / 1e9;
}


static void
chat_init(ngx_ai_chat_t *chat, ngx_pool_t *pool)
{
    if (ngx_ai_chat_init(chat, pool, 3) != NGX_OK) {
        exit(2);
    }
}


/* a part in a message of its own */

static ngx_ai_part_t *
chat_part(ngx_ai_chat_t *chat, ngx_uint_t role, ngx_uint_t kind)
{
    return ngx_ai_part_push(&ngx_ai_chat_message(chat, role)->parts, kind);
}


static void
chat_is(ngx_ai_chat_t *chat, const char *want, const char *name)
{
    hub_text_t  t = { NULL, 0, 0 };

    is_int(ngx_ai_chat_complete(chat), NGX_OK, "%s: complete", name);

    hub_fields_text(&t, chat->fields);
    hub_bytes(&t, "", 0);

    is_str(t.data, t.len, want, "%s", name);

    hub_text_free(&t);
    chat->fields = 0;
    chat->messages.nelts = 0;
    chat->tools.nelts = 0;
}


static void
chat_test_init(void)
{
    ngx_pool_t        *pool;
    ngx_ai_chat_t      chat;
    ngx_ai_tool_t     *tool;
    ngx_ai_answer_t    answer;
    ngx_ai_message_t  *message;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    memset(&chat, 0xa5, sizeof(ngx_ai_chat_t));
    chat_init(&chat, pool);

    is_int(chat.origin, 3, "a chat knows its dialect");
    is_int(chat.max_tokens, -1, "max_tokens is not set");
    is_int(chat.n, 1, "one answer is wanted");
    is_int(chat.budget, NGX_AI_BUDGET_UNSET, "a budget is not set");
    is_int(chat.thoughts, NGX_AI_UNSET, "thoughts are not set");
    is_int(chat.parallel, NGX_AI_UNSET, "parallel is not set");
    is_int(chat.store, NGX_AI_UNSET, "store is not set");
    is_int(chat.schema_strict, NGX_AI_UNSET, "strict is not set");
    is_int(chat.fields, 0, "no field is");
    is_int(chat.messages.nelts, 0, "there is no message");

    message = ngx_ai_chat_message(&chat, NGX_AI_ROLE_ASSISTANT);
    is_int(message->role, NGX_AI_ROLE_ASSISTANT, "a message has its role");
    is_int(message->parts.nelts, 0, "and no parts");

    tool = ngx_ai_chat_tool(&chat, NGX_AI_TOOL_CUSTOM);
    is_int(tool->kind, NGX_AI_TOOL_CUSTOM, "a tool has its kind");
    is_int(tool->origin, 3, "and the dialect of the chat");
    is_int(tool->strict, NGX_AI_UNSET, "and is not strict or loose");

    is_int(ngx_ai_chat_complete(&chat), NGX_OK, "a chat without parts is one");

    memset(&answer, 0xa5, sizeof(ngx_ai_answer_t));
    is_int(ngx_ai_answer_init(&answer, pool, 4), NGX_OK, "an answer is made");
    is_int(answer.origin, 4, "it knows its dialect");
    is_int(answer.usage.reported, 0, "it reports no usage");
    is_int(ngx_ai_answer_alternative(&answer)->finish, NGX_AI_FINISH_NONE,
           "an alternative has no finish");
    is_int(ngx_ai_answer_complete(&answer), NGX_OK, "it may be empty");

    ngx_destroy_pool(pool);
}


static void
chat_test_part_fields(void)
{
    ngx_str_t      *member;
    ngx_uint_t      i;
    ngx_pool_t     *pool;
    ngx_ai_part_t  *part;
    ngx_ai_chat_t   chat;

    static const struct {
        ngx_uint_t   kind;
        size_t       member;
        const char  *want;
    } vectors[] = {
        { NGX_AI_PART_TEXT, offsetof(ngx_ai_part_t, text), "" },
        { NGX_AI_PART_TEXT, offsetof(ngx_ai_part_t, cache), " cache" },
        { NGX_AI_PART_TEXT, offsetof(ngx_ai_part_t, signature),
          " signature" },
        { NGX_AI_PART_THINKING, offsetof(ngx_ai_part_t, text), " thinking" },
        { NGX_AI_PART_THINKING, offsetof(ngx_ai_part_t, signature),
          " signature" },
        { NGX_AI_PART_REDACTED, offsetof(ngx_ai_part_t, data), " redacted" },
        { NGX_AI_PART_REFUSAL, offsetof(ngx_ai_part_t, text), " refusal" },
        { NGX_AI_PART_IMAGE, offsetof(ngx_ai_part_t, data), " image" },
        { NGX_AI_PART_IMAGE, offsetof(ngx_ai_part_t, url), " image_url" },
        { NGX_AI_PART_IMAGE, offsetof(ngx_ai_part_t, file), " file_id" },
        { NGX_AI_PART_IMAGE, offsetof(ngx_ai_part_t, detail),
          " image image_detail" },
        { NGX_AI_PART_AUDIO, offsetof(ngx_ai_part_t, data), " audio" },
        { NGX_AI_PART_AUDIO, offsetof(ngx_ai_part_t, file),
          " audio file_id" },
        { NGX_AI_PART_VIDEO, offsetof(ngx_ai_part_t, url), " video" },
        { NGX_AI_PART_VIDEO, offsetof(ngx_ai_part_t, file),
          " video file_id" },
        { NGX_AI_PART_FILE, offsetof(ngx_ai_part_t, data), " file" },
        { NGX_AI_PART_FILE, offsetof(ngx_ai_part_t, text), " file" },
        { NGX_AI_PART_FILE, offsetof(ngx_ai_part_t, url), " file_url" },
        { NGX_AI_PART_FILE, offsetof(ngx_ai_part_t, file), " file_id" },
        { NGX_AI_PART_TOOL_CALL, offsetof(ngx_ai_part_t, name),
          " tool_call" },
        { NGX_AI_PART_TOOL_CALL, offsetof(ngx_ai_part_t, signature),
          " tool_call signature" },
        { NGX_AI_PART_TOOL_RESULT, offsetof(ngx_ai_part_t, name),
          " tool_result" },
        { NGX_AI_PART_TOOL_RESULT, offsetof(ngx_ai_part_t, cache),
          " tool_result cache" },
        { NGX_AI_PART_NATIVE, offsetof(ngx_ai_part_t, json), "" },
        { NGX_AI_PART_NATIVE, offsetof(ngx_ai_part_t, signature), "" }
    };

    pool = ngx_create_pool(4096, &ngx_shim_log);
    chat_init(&chat, pool);

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        part = chat_part(&chat, NGX_AI_ROLE_USER, vectors[i].kind);

        member = (ngx_str_t *) ((u_char *) part + vectors[i].member);
        ngx_str_set(member, "x");

        chat_is(&chat, vectors[i].want, hub_kinds[vectors[i].kind]);
    }

    part = chat_part(&chat, NGX_AI_ROLE_ASSISTANT, CALL);
    part->custom = 1;
    chat_is(&chat, " tool_custom tool_call", "a call of a custom tool");

    part = chat_part(&chat, NGX_AI_ROLE_USER, RESULT);
    part->failed = 1;
    chat_is(&chat, " tool_result tool_result_error", "a result that failed");

    part = chat_part(&chat, NGX_AI_ROLE_USER, RESULT);
    part->parts = ngx_ai_parts_create(pool);
    part = ngx_ai_part_push(part->parts, NGX_AI_PART_IMAGE);
    ngx_str_set(&part->url, "http://x");
    chat_is(&chat, " image_url tool_result tool_result_image",
            "a result with an image");

    part = chat_part(&chat, NGX_AI_ROLE_USER, RESULT);
    part->parts = ngx_ai_parts_create(pool);
    part = ngx_ai_part_push(part->parts, NGX_AI_PART_TEXT);
    chat_is(&chat, " tool_result", "a result with a text");

    part = chat_part(&chat, NGX_AI_ROLE_ASSISTANT, NGX_AI_PART_TEXT);
    part->citations = ngx_array_create(pool, 1, sizeof(ngx_ai_citation_t));
    chat_is(&chat, "", "an empty list of citations");

    part = chat_part(&chat, NGX_AI_ROLE_ASSISTANT, NGX_AI_PART_TEXT);
    part->citations = ngx_array_create(pool, 1, sizeof(ngx_ai_citation_t));
    memset(ngx_array_push(part->citations), 0, sizeof(ngx_ai_citation_t));
    chat_is(&chat, " citations", "a text with a citation");

    (void) chat_part(&chat, NGX_AI_ROLE_SYSTEM, NGX_AI_PART_TEXT);
    chat_is(&chat, " system", "a system prompt");

    ngx_str_set(&ngx_ai_chat_message(&chat, NGX_AI_ROLE_USER)->name, "bob");
    chat_is(&chat, " name", "a participant's name");

    ngx_destroy_pool(pool);
}


static void
chat_test_tool_fields(void)
{
    ngx_uint_t      i;
    ngx_pool_t     *pool;
    ngx_ai_chat_t   chat;
    ngx_ai_tool_t  *tool;

    static const struct {
        ngx_uint_t   kind;
        ngx_uint_t   strict;
        const char  *want;
    } vectors[] = {
        { NGX_AI_TOOL_FUNCTION, NGX_AI_UNSET, " tools" },
        { NGX_AI_TOOL_FUNCTION, 0, " tools" },
        { NGX_AI_TOOL_FUNCTION, 1, " tools tool_strict" },
        { NGX_AI_TOOL_CUSTOM, NGX_AI_UNSET, " tool_custom" },
        { NGX_AI_TOOL_WEB_SEARCH, NGX_AI_UNSET, " web_search" },
        { NGX_AI_TOOL_CODE, NGX_AI_UNSET, " code" },
        { NGX_AI_TOOL_NATIVE, NGX_AI_UNSET, " tool_native" }
    };

    pool = ngx_create_pool(4096, &ngx_shim_log);
    chat_init(&chat, pool);

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        tool = ngx_ai_chat_tool(&chat, vectors[i].kind);
        tool->strict = vectors[i].strict;

        chat_is(&chat, vectors[i].want, "the field of a tool");
    }

    tool = ngx_ai_chat_tool(&chat, NGX_AI_TOOL_FUNCTION);
    ngx_str_set(&tool->cache, "{}");
    chat_is(&chat, " tools cache", "a tool with a mark for the cache");

    ngx_str_set(&chat.cache, "{}");
    chat_is(&chat, " cache", "a mark for the cache of all");

    ngx_destroy_pool(pool);
}


static void
chat_test_fields_kept(void)
{
    ngx_pool_t     *pool;
    ngx_ai_chat_t   chat;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    chat_init(&chat, pool);

    chat.fields = ngx_ai_field(TOP_K) | ngx_ai_field(USER);
    (void) chat_part(&chat, NGX_AI_ROLE_USER, NGX_AI_PART_REFUSAL);

    chat_is(&chat, " top_k refusal user", "fields that are set stay set");

    ngx_destroy_pool(pool);
}


static void
chat_test_ids(void)
{
    ngx_uint_t          i, k;
    ngx_pool_t         *pool;
    ngx_ai_part_t      *part;
    ngx_ai_chat_t       chat;
    ngx_ai_message_t   *message;
    const chat_join_t  *j;

    for (i = 0; i < sizeof(chat_ids) / sizeof(chat_ids[0]); i++) {
        pool = ngx_create_pool(4096, &ngx_shim_log);
        chat_init(&chat, pool);

        j = chat_ids[i].parts;

        for (k = 0; k < 10 && j[k].want_id != NULL; k++) {
            part = chat_part(&chat, NGX_AI_ROLE_USER, j[k].kind);
            part->id = chat_str(j[k].id);
            part->name = chat_str(j[k].name);
        }

        is_int(ngx_ai_chat_complete(&chat), NGX_OK, "%s", chat_ids[i].name);

        message = chat.messages.elts;

        for (k = 0; k < chat.messages.nelts; k++) {
            part = message[k].parts.elts;

            is_str(part->id.data, part->id.len, j[k].want_id,
                   "%s: id of part %d", chat_ids[i].name, (int) k);

            if (j[k].want_name == NULL) {
                is_int(part->name.len, 0, "%s: no name for part %d",
                       chat_ids[i].name, (int) k);

            } else {
                is_str(part->name.data, part->name.len, j[k].want_name,
                       "%s: name of part %d", chat_ids[i].name, (int) k);
            }

            if (part->kind == CALL) {
                is_str(part->json.data, part->json.len, "{}",
                       "%s: arguments of part %d", chat_ids[i].name, (int) k);
            }
        }

        ngx_destroy_pool(pool);
    }
}


/* "n" calls and then their results, and the time that is left of a second */

static void
chat_test_many(ngx_uint_t same, ngx_uint_t ids)
{
    double              start, took;
    ngx_uint_t          i, n, wrong;
    ngx_pool_t         *pool;
    ngx_ai_part_t      *part;
    ngx_ai_chat_t       chat;
    ngx_ai_message_t   *message;

    static char         text[200000][16];

    n = 100000;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    chat_init(&chat, pool);

    message = ngx_ai_chat_message(&chat, NGX_AI_ROLE_USER);

    for (i = 0; i < 2 * n; i++) {
        part = ngx_ai_part_push(&message->parts, i < n ? CALL : RESULT);

        snprintf(text[i], 16, "f%u", (unsigned) (same ? 0 : i % n));

        if (ids) {
            part->id = chat_str(text[i]);
        }

        if (i < n || !ids) {
            part->name = chat_str(text[i]);
        }
    }

    start = chat_seconds();

    is_int(ngx_ai_chat_complete(&chat), NGX_OK,
           "100000 calls are joined with their results");

    took = chat_seconds() - start;

    part = message->parts.elts;
    wrong = 0;

    for (i = 0; i < n; i++) {
        if (part[i].id.len != part[n + i].id.len
            || memcmp(part[i].id.data, part[n + i].id.data, part[i].id.len)
               != 0
            || part[n + i].name.len == 0)
        {
            wrong++;
        }
    }

    is_int(wrong, 0, "all of them as they should be");
    ok(took < 1.0, "in less than a second (%.3f), %s names, %s ids", took,
       same ? "equal" : "different", ids ? "with" : "without");

    ngx_destroy_pool(pool);
}


/* keys that all hash alike: 31 * 'B' + 'b' is 31 * 'C' + 'C' */

static void
chat_test_collisions(void)
{
    char               *text;
    double              start, took;
    ngx_uint_t          i, k, n;
    ngx_pool_t         *pool;
    ngx_ai_part_t      *part;
    ngx_ai_chat_t       chat;
    ngx_ai_message_t   *message;

    n = 1 << 15;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    chat_init(&chat, pool);

    message = ngx_ai_chat_message(&chat, NGX_AI_ROLE_USER);
    text = malloc(n * 32);

    for (i = 0; i < 2 * n; i++) {
        part = ngx_ai_part_push(&message->parts, i < n ? CALL : RESULT);

        part->id.data = (u_char *) text + (i % n) * 32;
        part->id.len = 30;

        for (k = 0; i < n && k < 15; k++) {
            ngx_memcpy(&part->id.data[2 * k], (i & (1 << k)) ? "Bb" : "CC", 2);
        }

        part->name = part->id;
    }

    ok(ngx_hash_key(part->id.data, 30) == ngx_hash_key((u_char *) text, 30),
       "the keys do collide");

    start = chat_seconds();

    is_int(ngx_ai_chat_complete(&chat), NGX_OK, "colliding keys are joined");

    took = chat_seconds() - start;

    ok(took < 1.0, "in less than a second (%.3f)", took);

    free(text);
    ngx_destroy_pool(pool);
}


static void
chat_test_answer(void)
{
    ngx_uint_t             i;
    ngx_pool_t            *pool;
    ngx_ai_part_t         *part;
    ngx_ai_answer_t        answer;
    ngx_ai_alternative_t  *alternative;

    static const struct {
        ngx_uint_t  finish;
        ngx_uint_t  want;
    } vectors[] = {
        { NGX_AI_FINISH_NONE, NGX_AI_FINISH_TOOLS },
        { NGX_AI_FINISH_STOP, NGX_AI_FINISH_TOOLS },
        { NGX_AI_FINISH_TOOLS, NGX_AI_FINISH_TOOLS },
        { NGX_AI_FINISH_LENGTH, NGX_AI_FINISH_LENGTH },
        { NGX_AI_FINISH_FILTER, NGX_AI_FINISH_FILTER }
    };

    pool = ngx_create_pool(4096, &ngx_shim_log);

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        (void) ngx_ai_answer_init(&answer, pool, 4);

        alternative = ngx_ai_answer_alternative(&answer);
        alternative->finish = vectors[i].finish;
        part = ngx_ai_part_push(&alternative->parts, CALL);

        is_int(ngx_ai_answer_complete(&answer), NGX_OK,
               "an answer is complete");
        is_int(alternative->finish, vectors[i].want,
               "an answer with calls finishes as %s",
               hub_finish(vectors[i].want));
        is_str(part->json.data, part->json.len, "{}", "a call has arguments");
        ok(part->id.len > 5, "a call has an id");
    }

    (void) ngx_ai_answer_init(&answer, pool, 4);
    ngx_str_set(&answer.id, "r1");
    alternative = ngx_ai_answer_alternative(&answer);
    alternative->finish = NGX_AI_FINISH_STOP;
    part = ngx_ai_part_push(&alternative->parts, NGX_AI_PART_TEXT);

    (void) ngx_ai_answer_complete(&answer);
    is_int(alternative->finish, NGX_AI_FINISH_STOP,
           "an answer without calls finishes as it did");

    (void) ngx_ai_part_push(&alternative->parts, CALL);
    (void) ngx_ai_part_push(&alternative->parts, CALL);
    (void) ngx_ai_answer_complete(&answer);

    part = alternative->parts.elts;

    ok(part[1].id.len != part[2].id.len
       || memcmp(part[1].id.data, part[2].id.data, part[1].id.len) != 0,
       "calls get different ids");

    answer.created = 1;
    (void) ngx_ai_part_push(&alternative->parts, CALL);
    part = alternative->parts.elts;
    part[3] = part[1];
    part[1].id.len = 0;
    (void) ngx_ai_answer_complete(&answer);

    ok(memcmp(part[1].id.data, part[3].id.data, part[3].id.len) != 0,
       "calls of another answer get others");

    ngx_destroy_pool(pool);
}


static void
chat_test_effort(void)
{
    ngx_str_t   name;
    ngx_uint_t  i;

    static const struct {
        int64_t     budget;
        ngx_uint_t  effort;
    } vectors[] = {
        { NGX_AI_BUDGET_UNSET, NGX_AI_EFFORT_UNSET },
        { NGX_AI_BUDGET_DYNAMIC, NGX_AI_EFFORT_MEDIUM },
        { 0, NGX_AI_EFFORT_NONE },
        { 1, NGX_AI_EFFORT_MINIMAL },
        { 1024, NGX_AI_EFFORT_MINIMAL },
        { 1025, NGX_AI_EFFORT_LOW },
        { 2048, NGX_AI_EFFORT_LOW },
        { 8192, NGX_AI_EFFORT_MEDIUM },
        { 24576, NGX_AI_EFFORT_HIGH },
        { 24577, NGX_AI_EFFORT_XHIGH },
        { INT64_MAX, NGX_AI_EFFORT_XHIGH }
    };

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        is_int(ngx_ai_effort_of_budget(vectors[i].budget), vectors[i].effort,
               "a budget of %lld is an effort",
               (long long) vectors[i].budget);
    }

    for (i = NGX_AI_EFFORT_NONE; i <= NGX_AI_EFFORT_XHIGH; i++) {
        is_int(ngx_ai_effort_of_budget(ngx_ai_budget_of_effort(i)), i,
               "effort %d has a budget that is worth it", (int) i);
    }

    is_int(ngx_ai_budget_of_effort(NGX_AI_EFFORT_UNSET), NGX_AI_BUDGET_UNSET,
           "no effort is no budget");
    is_int(ngx_ai_budget_of_effort(NGX_AI_EFFORT_MAX), 32768,
           "the highest effort is the highest budget");

    for (i = NGX_AI_EFFORT_NONE; i <= NGX_AI_EFFORT_MAX; i++) {
        is_int(ngx_ai_effort_find(ngx_ai_effort_name(i)), i,
               "effort %d has a name", (int) i);
    }

    ok(ngx_ai_effort_name(NGX_AI_EFFORT_UNSET) == NULL,
       "no effort has no name");

    name = chat_str("heroic");
    is_int(ngx_ai_effort_find(&name), NGX_AI_EFFORT_UNSET,
           "an effort that we don't know is none");

    name = chat_str("");
    is_int(ngx_ai_effort_find(&name), NGX_AI_EFFORT_UNSET,
           "an empty effort is none");
}


static void
chat_test_names(void)
{
    ngx_uint_t  i, k, bad;

    bad = 0;

    for (i = 1; i < NGX_AI_FIELD_MAX; i++) {

        if (ngx_ai_field_names[i].len == 0) {
            bad++;
        }

        for (k = 1; k < i; k++) {
            if (ngx_ai_field_names[i].len == ngx_ai_field_names[k].len
                && memcmp(ngx_ai_field_names[i].data,
                          ngx_ai_field_names[k].data,
                          ngx_ai_field_names[i].len) == 0)
            {
                bad++;
            }
        }
    }

    is_int(bad, 0, "every field has a name of its own");
    ok(NGX_AI_FIELD_MAX <= 64, "every field has a bit");
    is_str(ngx_ai_field_names[NGX_AI_FIELD_TOP_K].data,
           ngx_ai_field_names[NGX_AI_FIELD_TOP_K].len, "top_k",
           "names are those of their fields: top_k");
    is_str(ngx_ai_field_names[NGX_AI_FIELD_MAX - 1].data,
           ngx_ai_field_names[NGX_AI_FIELD_MAX - 1].len, "previous",
           "names are those of their fields: previous");
    is_str(ngx_ai_field_names[NGX_AI_FIELD_SYSTEM].data,
           ngx_ai_field_names[NGX_AI_FIELD_SYSTEM].len, "system",
           "names are those of their fields: system");
}


static void
chat_test_memory(void)
{
    ngx_int_t        rc;
    ngx_uint_t       n;
    ngx_pool_t      *pool;
    ngx_ai_chat_t    chat;
    ngx_ai_answer_t  answer;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    rc = NGX_ERROR;

    for (n = 1; n < 20 && rc == NGX_ERROR; n++) {
        chat_init(&chat, pool);

        (void) chat_part(&chat, NGX_AI_ROLE_ASSISTANT, CALL);
        (void) chat_part(&chat, NGX_AI_ROLE_USER, RESULT);
        (void) chat_part(&chat, NGX_AI_ROLE_USER, RESULT);

        ngx_shim_fail_at = n;
        rc = ngx_ai_chat_complete(&chat);
    }

    ngx_shim_fail_at = 0;

    is_int(rc, NGX_OK, "with enough memory it is complete");
    is_int(n, 5, "without, it is not, wherever that happens");

    ngx_shim_fail_at = 1;
    is_int(ngx_ai_chat_init(&chat, pool, 0), NGX_ERROR,
           "a chat says when there is no memory");

    ngx_shim_fail_at = 2;
    is_int(ngx_ai_chat_init(&chat, pool, 0), NGX_ERROR,
           "a chat says when there is little memory");

    ngx_shim_fail_at = 1;
    is_int(ngx_ai_answer_init(&answer, pool, 0), NGX_ERROR,
           "an answer says when there is no memory");

    ngx_shim_fail_at = 0;
    chat_init(&chat, pool);

    ngx_shim_fail_at = 1;
    ok(ngx_ai_chat_message(&chat, 0) == NULL,
       "a message says when there is no memory");

    ngx_shim_fail_at = 0;
    ngx_destroy_pool(pool);
}


int
main(void)
{
    chat_test_init();
    chat_test_part_fields();
    chat_test_tool_fields();
    chat_test_fields_kept();
    chat_test_ids();
    chat_test_many(0, 0);
    chat_test_many(1, 0);
    chat_test_many(0, 1);
    chat_test_many(1, 1);
    chat_test_collisions();
    chat_test_answer();
    chat_test_effort();
    chat_test_names();
    chat_test_memory();

    return done();
}
