
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "openai.h"


#define CHAT        NGX_AI_ROUTE_CHAT
#define RESPONSES   NGX_AI_ROUTE_RESPONSES
#define EMBEDDINGS  NGX_AI_ROUTE_EMBEDDINGS
#define IMAGES      NGX_AI_ROUTE_IMAGES
#define EDITS       NGX_AI_ROUTE_IMAGE_EDITS
#define RERANK      NGX_AI_ROUTE_RERANK
#define AUDIO       NGX_AI_ROUTE_TRANSCRIPTIONS

#define APART       NGX_AI_QUIRK_REASONING_APART

#define NONE        NGX_AI_FINISH_NONE
#define STOP        NGX_AI_FINISH_STOP
#define LENGTH      NGX_AI_FINISH_LENGTH
#define TOOLS       NGX_AI_FINISH_TOOLS
#define FILTER      NGX_AI_FINISH_FILTER
#define FAILED      NGX_AI_FINISH_ERROR
#define OTHER       NGX_AI_FINISH_OTHER


/*
 * in the order of ngx_ai_usage_e: input, cache read, cache write, output,
 * reasoning, audio in, audio out, image in, image out
 */

typedef struct {
    const char  *name;
    ngx_uint_t   route;
    ngx_uint_t   quirks;
    const char  *usage;
    int64_t      tokens[NGX_AI_USAGE_MAX];
} usage_row_t;


typedef struct {
    ngx_uint_t   route;
    const char  *body;
    ngx_uint_t   finish;
    ngx_uint_t   finished;
} finish_row_t;


typedef struct {
    const char  *name;
    ngx_uint_t   route;
    ngx_uint_t   quirks;
    const char  *body;
    ngx_uint_t   error;
} error_row_t;


static void read_reply(ngx_uint_t route, ngx_uint_t quirks, const char *body);
static void test_usage(void);
static void test_no_usage(void);
static void test_values(void);
static void test_later(void);
static void test_finish(void);
static void test_errors(void);
static void test_objects(void);


static ngx_ai_reply_t    reply;
static ngx_ai_reader_t  *readers;


static const usage_row_t  usage_rows[] = {

    { "plain counts", CHAT, 0,
      "{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}",
      { 10, 0, 0, 5, 0, 0, 0, 0, 0 } },

    { "OpenAI: cached, audio and reasoning are parts", CHAT, 0,
      "{\"prompt_tokens\":100,\"completion_tokens\":50,\"total_tokens\":150,"
      "\"prompt_tokens_details\":{\"cached_tokens\":64,\"audio_tokens\":6},"
      "\"completion_tokens_details\":{\"reasoning_tokens\":20,"
      "\"audio_tokens\":10,\"accepted_prediction_tokens\":3,"
      "\"rejected_prediction_tokens\":2}}",
      { 30, 64, 0, 20, 20, 6, 10, 0, 0 } },

    { "OpenAI: what was written to the cache is a part", CHAT, 0,
      "{\"prompt_tokens\":100,\"completion_tokens\":1,"
      "\"prompt_tokens_details\":{\"cached_tokens\":20,"
      "\"cache_write_tokens\":30}}",
      { 50, 20, 30, 1, 0, 0, 0, 0, 0 } },

    { "reasoning is a part whatever its name says", CHAT, 0,
      "{\"prompt_tokens\":1,\"completion_tokens\":50,"
      "\"completion_tokens_details\":{\"reasoning_tokens\":50}}",
      { 1, 0, 0, 0, 50, 0, 0, 0, 0 } },

    { "xAI: the completion excludes reasoning", CHAT, APART,
      "{\"prompt_tokens\":12,\"completion_tokens\":9,\"total_tokens\":321,"
      "\"prompt_tokens_details\":{\"text_tokens\":12,\"audio_tokens\":0,"
      "\"image_tokens\":0,\"cached_tokens\":11},"
      "\"completion_tokens_details\":{\"reasoning_tokens\":300}}",
      { 1, 11, 0, 9, 300, 0, 0, 0, 0 } },

    { "xAI: Responses include it as all others do", RESPONSES, APART,
      "{\"input_tokens\":12,\"output_tokens\":309,\"total_tokens\":321,"
      "\"input_tokens_details\":{\"cached_tokens\":0},"
      "\"output_tokens_details\":{\"reasoning_tokens\":300}}",
      { 12, 0, 0, 9, 300, 0, 0, 0, 0 } },

    { "Responses: cached and reasoning are parts", RESPONSES, 0,
      "{\"input_tokens\":100,\"output_tokens\":50,\"total_tokens\":150,"
      "\"input_tokens_details\":{\"cached_tokens\":40,"
      "\"cache_write_tokens\":10},"
      "\"output_tokens_details\":{\"reasoning_tokens\":30}}",
      { 50, 40, 10, 20, 30, 0, 0, 0, 0 } },

    { "Mistral: the prompt excludes audio, the total tells", CHAT, 0,
      "{\"prompt_audio_seconds\":5,\"prompt_tokens\":11,"
      "\"completion_tokens\":15,\"total_tokens\":401,"
      "\"prompt_tokens_details\":{\"audio_tokens\":375,\"cached_tokens\":9}}",
      { 2, 9, 0, 15, 0, 375, 0, 0, 0 } },

    { "images: all of the output is image", IMAGES, 0,
      "{\"input_tokens\":50,\"output_tokens\":4160,\"total_tokens\":4210,"
      "\"input_tokens_details\":{\"image_tokens\":40,\"text_tokens\":10}}",
      { 10, 0, 0, 0, 0, 0, 0, 40, 4160 } },

    { "edited images: the same", EDITS, 0,
      "{\"input_tokens\":50,\"output_tokens\":4160,\"total_tokens\":4210,"
      "\"input_tokens_details\":{\"image_tokens\":40,\"text_tokens\":10}}",
      { 10, 0, 0, 0, 0, 0, 0, 40, 4160 } },

    { "a transcription: the input is audio", AUDIO, 0,
      "{\"type\":\"tokens\",\"input_tokens\":14,\"output_tokens\":45,"
      "\"total_tokens\":59,\"input_token_details\":{\"text_tokens\":4,"
      "\"audio_tokens\":10}}",
      { 4, 0, 0, 45, 0, 10, 0, 0, 0 } },

    { "an embedding: there is no output", EMBEDDINGS, 0,
      "{\"prompt_tokens\":8,\"total_tokens\":8}",
      { 8, 0, 0, 0, 0, 0, 0, 0, 0 } },

    { "an embedding with a total alone (Voyage)", EMBEDDINGS, 0,
      "{\"total_tokens\":8}", { 8, 0, 0, 0, 0, 0, 0, 0, 0 } },

    { "a rerank with a total alone (Jina)", RERANK, 0,
      "{\"total_tokens\":8}", { 8, 0, 0, 0, 0, 0, 0, 0, 0 } },

    { "zero is a report", CHAT, 0,
      "{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}",
      { 0, 0, 0, 0, 0, 0, 0, 0, 0 } },

    { "one side is a report", CHAT, 0,
      "{\"prompt_tokens\":7,\"completion_tokens\":null,\"total_tokens\":null}",
      { 7, 0, 0, 0, 0, 0, 0, 0, 0 } },

    { "the other side is too", CHAT, 0,
      "{\"completion_tokens\":7}", { 0, 0, 0, 7, 0, 0, 0, 0, 0 } },

    { "a name that has no count gives way to the other", CHAT, 0,
      "{\"prompt_tokens\":-1,\"completion_tokens\":null,"
      "\"input_tokens\":7,\"output_tokens\":3}",
      { 7, 0, 0, 3, 0, 0, 0, 0, 0 } },

    { "details that are null are none", CHAT, 0,
      "{\"prompt_tokens\":7,\"completion_tokens\":3,"
      "\"prompt_tokens_details\":null,\"completion_tokens_details\":null}",
      { 7, 0, 0, 3, 0, 0, 0, 0, 0 } },

    { "parts that are null are none", CHAT, 0,
      "{\"prompt_tokens\":7,\"completion_tokens\":3,\"prompt_tokens_details\":"
      "{\"cached_tokens\":null,\"audio_tokens\":null},"
      "\"completion_tokens_details\":{\"reasoning_tokens\":null}}",
      { 7, 0, 0, 3, 0, 0, 0, 0, 0 } },

    { "a part is not more than its whole (Azure's Grok)", CHAT, 0,
      "{\"prompt_tokens\":24,\"completion_tokens\":2,\"total_tokens\":26,"
      "\"prompt_tokens_details\":{\"cached_tokens\":161,\"audio_tokens\":5}}",
      { 0, 24, 0, 2, 0, 0, 0, 0, 0 } },

    { "reasoning is not more than the output (Vercel)", CHAT, 0,
      "{\"prompt_tokens\":24,\"completion_tokens\":2,\"total_tokens\":26,"
      "\"completion_tokens_details\":{\"reasoning_tokens\":100}}",
      { 24, 0, 0, 0, 2, 0, 0, 0, 0 } },

    { "the largest of counts", CHAT, 0,
      "{\"prompt_tokens\":9223372036854775807,"
      "\"completion_tokens\":9223372036854775807,"
      "\"total_tokens\":9223372036854775807}",
      { INT64_MAX, 0, 0, INT64_MAX, 0, 0, 0, 0, 0 } },

    { "what is not about tokens is passed over", CHAT, 0,
      "{\"queue_time\":0.02,\"prompt_tokens\":7,\"cost\":1e-7,"
      "\"is_byok\":false,\"completion_tokens\":3,\"service_tier\":\"x\","
      "\"cost_details\":{\"prompt_tokens\":99},"
      "\"context_details\":{\"input_tokens\":99,\"output_tokens\":99}}",
      { 7, 0, 0, 3, 0, 0, 0, 0, 0 } }
};


static const finish_row_t  finish_rows[] = {
    { CHAT, "{\"choices\":[{\"finish_reason\":\"stop\"}]}", STOP, 1 },
    { CHAT, "{\"choices\":[{\"finish_reason\":\"length\"}]}", LENGTH, 1 },
    { CHAT, "{\"choices\":[{\"finish_reason\":\"model_length\"}]}",
      LENGTH, 1 },
    { CHAT, "{\"choices\":[{\"finish_reason\":\"tool_calls\"}]}", TOOLS, 1 },
    { CHAT, "{\"choices\":[{\"finish_reason\":\"tool_call\"}]}", TOOLS, 1 },
    { CHAT, "{\"choices\":[{\"finish_reason\":\"function_call\"}]}",
      TOOLS, 1 },
    { CHAT, "{\"choices\":[{\"finish_reason\":\"content_filter\"}]}",
      FILTER, 1 },
    { CHAT, "{\"choices\":[{\"finish_reason\":\"error\"}]}", FAILED, 1 },
    { CHAT, "{\"choices\":[{\"finish_reason\":\"eos\"}]}", OTHER, 1 },
    { CHAT, "{\"choices\":[{\"finish_reason\":\"stopped\"}]}", OTHER, 1 },
    { CHAT, "{\"choices\":[{\"finish_reason\":\"Stop\"}]}", OTHER, 1 },

    /* not a reason */

    { CHAT, "{\"choices\":[{\"finish_reason\":null}]}", NONE, 0 },
    { CHAT, "{\"choices\":[{\"finish_reason\":\"\"}]}", NONE, 0 },
    { CHAT, "{\"choices\":[{\"finish_reason\":1}]}", NONE, 0 },
    { CHAT, "{\"choices\":[{}]}", NONE, 0 },
    { CHAT, "{\"choices\":[]}", NONE, 0 },
    { CHAT, "{\"choices\":null}", NONE, 0 },
    { CHAT, "{\"finish_reason\":\"stop\",\"status\":\"completed\"}", NONE, 0 },
    { CHAT, "{\"choices\":[{\"delta\":{\"finish_reason\":\"stop\"}}]}",
      NONE, 0 },
    { CHAT, "{\"incomplete_details\":{\"reason\":\"content_filter\"}}",
      NONE, 0 },

    /* several choices: the last of them */

    { CHAT, "{\"choices\":[{\"finish_reason\":\"stop\"},"
            "{\"finish_reason\":\"length\"}]}", LENGTH, 1 },

    { RESPONSES, "{\"status\":\"completed\",\"incomplete_details\":null}",
      STOP, 1 },
    { RESPONSES, "{\"status\":\"incomplete\",\"incomplete_details\":"
                 "{\"reason\":\"max_output_tokens\"}}", LENGTH, 1 },
    { RESPONSES, "{\"status\":\"incomplete\",\"incomplete_details\":"
                 "{\"reason\":\"content_filter\"}}", FILTER, 1 },
    { RESPONSES, "{\"status\":\"failed\",\"error\":{}}", FAILED, 1 },
    { RESPONSES, "{\"status\":\"incomplete\"}", OTHER, 1 },
    { RESPONSES, "{\"status\":\"cancelled\"}", OTHER, 1 },

    /* in the background: it has only begun */

    { RESPONSES, "{\"status\":\"queued\"}", NONE, 0 },
    { RESPONSES, "{\"status\":\"in_progress\"}", NONE, 0 }
};


static const error_row_t  error_rows[] = {

    { "an envelope in a 200", CHAT, 0,
      "{\"error\":{\"message\":\"m\",\"code\":502}}", 1 },
    { "a string (xAI, Venice)", CHAT, 0, "{\"error\":\"m\"}", 1 },
    { "an envelope beside choices (OpenRouter)", CHAT, 0,
      "{\"error\":{\"message\":\"m\"},\"choices\":[]}", 1 },
    { "a response that failed", RESPONSES, 0,
      "{\"status\":\"failed\",\"error\":{\"code\":\"server_error\"}}", 1 },

    { "an error that is null", CHAT, 0, "{\"error\":null}", 0 },
    { "an error further down", CHAT, 0,
      "{\"choices\":[{\"error\":{\"message\":\"m\"}}]}", 0 },
    { "no error", CHAT, 0, "{\"choices\":[]}", 0 },

    { "MiniMax: a base_resp that is not 0",
      CHAT, NGX_AI_QUIRK_BASE_RESP,
      "{\"choices\":null,\"base_resp\":{\"status_code\":1004,"
      "\"status_msg\":\"login fail\"}}", 1 },
    { "MiniMax: a base_resp that is 0", CHAT, NGX_AI_QUIRK_BASE_RESP,
      "{\"base_resp\":{\"status_code\":0,\"status_msg\":\"\"}}", 0 },
    { "MiniMax: a base_resp without a code", CHAT, NGX_AI_QUIRK_BASE_RESP,
      "{\"base_resp\":{\"status_code\":null}}", 0 },
    { "another's base_resp", CHAT, 0,
      "{\"base_resp\":{\"status_code\":1004}}", 0 }
};


static void
read_reply(ngx_uint_t route, ngx_uint_t quirks, const char *body)
{
    ngx_str_t    s;
    tap_guard_t  g;

    s.len = strlen(body);
    s.data = tap_guard(&g, body, s.len);

    is_int(ngx_ai_reader_read(&readers[ngx_ai_openai.reply], &s), NGX_OK,
           "read: %s", body);

    ngx_ai_openai.read_reply(ngx_ai_route(route),
                             readers[ngx_ai_openai.reply].values, quirks,
                             &reply);

    tap_unguard(&g);
}


static void
test_usage(void)
{
    char                body[1024];
    ngx_uint_t          i, k, same;
    const usage_row_t  *row;

    for (i = 0; i < sizeof(usage_rows) / sizeof(usage_row_t); i++) {
        row = &usage_rows[i];

        sprintf(body, "{\"id\":\"x\",\"usage\":%s}", row->usage);

        ngx_memzero(&reply, sizeof(reply));
        read_reply(row->route, row->quirks, body);

        is_int(reply.usage.reported, 1, "%s: it is a report", row->name);

        same = 1;

        for (k = 0; k < NGX_AI_USAGE_MAX; k++) {
            if (reply.usage.tokens[k] != row->tokens[k]) {
                diag("%s is %lld, not %lld", ngx_ai_usage_names[k].data,
                     (long long) reply.usage.tokens[k],
                     (long long) row->tokens[k]);
                same = 0;
            }
        }

        ok(same, "%s: each token is in its bucket", row->name);
    }
}


static void
test_no_usage(void)
{
    ngx_uint_t  i;

    static const char  *bodies[] = {
        "{}",
        "{\"usage\":null}",
        "{\"usage\":{}}",
        "{\"usage\":[{\"prompt_tokens\":1}]}",
        "{\"usage\":\"1\"}",
        "{\"usage\":{\"prompt_tokens\":null,\"completion_tokens\":null}}",
        "{\"usage\":{\"type\":\"duration\",\"seconds\":3}}",
        "{\"usage\":{\"cost_in_usd_ticks\":200000}}",
        "{\"usage\":{\"prompt_tokens_details\":{\"cached_tokens\":5}}}",
        "{\"x\":{\"usage\":{\"prompt_tokens\":1}}}",
        "{\"x_groq\":{\"usage\":{\"prompt_tokens\":1}},\"usage\":null}",
        "{\"choices\":[{\"usage\":{\"prompt_tokens\":1}}]}",
        "{\"prompt_tokens\":1,\"completion_tokens\":1}"
    };

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        ngx_memzero(&reply, sizeof(reply));
        read_reply(CHAT, 0, bodies[i]);

        is_int(reply.usage.reported, 0, "which is no report");
    }
}


/* what can't be a count is as good as not there */

static void
test_values(void)
{
    char        body[256];
    ngx_uint_t  i;

    static const char  *values[] = {
        "null", "\"5\"", "5.0", "5.5", "5e0", "-1", "-0.0", "true", "[5]",
        "{}", "9223372036854775808", "18446744073709551616", "1e400"
    };

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {

        sprintf(body, "{\"usage\":{\"prompt_tokens\":%s,"
                "\"completion_tokens\":%s,\"total_tokens\":%s}}",
                values[i], values[i], values[i]);

        ngx_memzero(&reply, sizeof(reply));
        read_reply(CHAT, 0, body);

        is_int(reply.usage.reported, 0, "%s is no count", values[i]);

        sprintf(body, "{\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":"
                "4,\"prompt_tokens_details\":{\"cached_tokens\":%s},"
                "\"completion_tokens_details\":{\"reasoning_tokens\":%s}}}",
                values[i], values[i]);

        read_reply(CHAT, 0, body);

        ok(reply.usage.tokens[NGX_AI_USAGE_INPUT] == 8
           && reply.usage.tokens[NGX_AI_USAGE_OUTPUT] == 4
           && ngx_ai_usage_in(&reply.usage) == 8
           && ngx_ai_usage_out(&reply.usage) == 4,
           "%s is no part of a count", values[i]);

        sprintf(body, "{\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":"
                "%s}}", values[i]);

        read_reply(CHAT, APART, body);

        ok(ngx_ai_usage_in(&reply.usage) == 8
           && ngx_ai_usage_out(&reply.usage) == 0,
           "a side that is %s is empty", values[i]);
    }
}


static void
test_later(void)
{
    ngx_memzero(&reply, sizeof(reply));

    read_reply(CHAT, 0, "{\"usage\":{\"prompt_tokens\":9,"
               "\"completion_tokens\":5,\"prompt_tokens_details\":"
               "{\"cached_tokens\":4}}}");
    read_reply(CHAT, 0, "{\"usage\":{\"prompt_tokens\":9,"
               "\"completion_tokens\":7}}");

    is_int(reply.usage.tokens[NGX_AI_USAGE_OUTPUT], 7,
           "a later report replaces an earlier one");
    is_int(reply.usage.tokens[NGX_AI_USAGE_CACHE_READ], 0, "all of it");
    is_int(ngx_ai_usage_in(&reply.usage), 9, "and is not added to it");

    read_reply(CHAT, 0, "{\"usage\":null}");
    read_reply(CHAT, 0, "{\"usage\":{}}");
    read_reply(CHAT, 0, "{\"usage\":{\"prompt_tokens\":null}}");

    is_int(reply.usage.reported, 1, "no report replaces none");
    is_int(reply.usage.tokens[NGX_AI_USAGE_OUTPUT], 7, "it stays as it was");

    read_reply(CHAT, 0, "{\"usage\":{\"prompt_tokens\":0,"
               "\"completion_tokens\":0}}");

    is_int(ngx_ai_usage_out(&reply.usage), 0, "a report of zero replaces it");
    is_int(reply.usage.reported, 1, "and is a report");
}


static void
test_finish(void)
{
    ngx_uint_t           i;
    const finish_row_t  *row;

    for (i = 0; i < sizeof(finish_rows) / sizeof(finish_row_t); i++) {
        row = &finish_rows[i];

        ngx_memzero(&reply, sizeof(reply));
        read_reply(row->route, 0, row->body);

        is_int(reply.finish, row->finish, "which ends for \"%s\"",
               ngx_ai_finish_names[row->finish].data);
        is_int(reply.finished, row->finished, "it is %s",
               row->finished ? "finished" : "not finished");
        is_int(reply.ended, 0, "a terminator is another thing");
    }

    /* and what was seen once stays */

    ngx_memzero(&reply, sizeof(reply));
    read_reply(CHAT, 0, "{\"choices\":[{\"finish_reason\":\"length\"}]}");
    read_reply(CHAT, 0, "{\"choices\":[{\"finish_reason\":null}]}");
    read_reply(CHAT, 0, "{\"choices\":[]}");

    is_int(reply.finish, LENGTH, "a reason is not taken back");
    is_int(reply.finished, 1, "nor is it unfinished");
}


static void
test_errors(void)
{
    ngx_uint_t          i;
    const error_row_t  *row;

    for (i = 0; i < sizeof(error_rows) / sizeof(error_row_t); i++) {
        row = &error_rows[i];

        ngx_memzero(&reply, sizeof(reply));
        read_reply(row->route, row->quirks, row->body);

        is_int(reply.error, row->error, "%s: %s", row->name,
               row->error ? "an error" : "none");
    }
}


/*
 * What is stored has its own state: that it failed is the answer, not an
 * error; what it used is known to the call that made it, but for a response
 * made in the background.
 */

static void
test_objects(void)
{
    ngx_uint_t  i;

    static const ngx_uint_t  routes[] = {
        NGX_AI_ROUTE_RESPONSE_GET, NGX_AI_ROUTE_RESPONSE_CANCEL,
        NGX_AI_ROUTE_VIDEO_CREATE, NGX_AI_ROUTE_VIDEO_GET,
        NGX_AI_ROUTE_BATCH_GET, NGX_AI_ROUTE_TUNE_CREATE,
        NGX_AI_ROUTE_TUNE_GET, NGX_AI_ROUTE_TUNE_CANCEL
    };

    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {

        ngx_memzero(&reply, sizeof(reply));
        read_reply(routes[i], 0, "{\"id\":\"x\",\"status\":\"failed\","
                   "\"error\":{\"code\":\"x\",\"message\":\"m\"},"
                   "\"usage\":{\"input_tokens\":5,\"output_tokens\":6}}");

        is_int(reply.error, 0, "%s: an object that failed is a good answer",
               ngx_ai_route(routes[i])->name.data);
        is_int(reply.usage.reported, 0, "%s: it was used before",
               ngx_ai_route(routes[i])->name.data);
    }

    ngx_memzero(&reply, sizeof(reply));
    read_reply(NGX_AI_ROUTE_RESPONSE_GET, 0, "{\"background\":false,\"usage\":"
               "{\"input_tokens\":5,\"output_tokens\":6}}");

    is_int(reply.usage.reported, 0, "a response was paid for when it was made");

    read_reply(NGX_AI_ROUTE_RESPONSE_GET, 0, "{\"background\":true,\"usage\":"
               "null}");

    is_int(reply.usage.reported, 0, "one in the background has used nothing");

    read_reply(NGX_AI_ROUTE_RESPONSE_GET, 0, "{\"background\":true,\"usage\":"
               "{\"input_tokens\":5,\"output_tokens\":6}}");

    is_int(ngx_ai_usage_in(&reply.usage), 5, "before it is done");
    is_int(ngx_ai_usage_out(&reply.usage), 6, "and tells it then");
}


int
main(void)
{
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    readers = ngx_ai_readers_create(pool, ngx_ai_openai.tables,
                                    ngx_ai_openai.ntables);

    test_usage();
    test_no_usage();
    test_values();
    test_later();
    test_finish();
    test_errors();
    test_objects();

    ngx_destroy_pool(pool);

    return done();
}
