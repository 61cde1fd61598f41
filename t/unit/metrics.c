
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* what the metrics page says of what was recorded */


#include "metrics_env.h"


#define L  "gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"openai\""   \
           ",gen_ai_request_model=\"m\""

#define U(rest)  "gen_ai_client_token_usage" rest
#define F(rest)  "gen_ai_client_operation_time_to_first_chunk_seconds" rest
#define C(rest)  "gen_ai_client_operation_time_per_output_chunk_seconds" rest
#define S(rest)  "ai_gateway_requests_total{operation=\"chat\",provider="     \
                 "\"openai\",model=\"m\",status=" rest


static void labels(void);
static void histograms(void);
static void usage(void);
static void streams(void);
static void statuses(void);
static void counters(void);
static void unlisted(void);


static void
labels(void)
{
    char                   *p, name[300];
    ngx_http_ai_sample_t    s;
    ngx_http_ai_metrics_t   m;

    fresh(&m, 0, 1);

    sample(&s, "a\"b\\c\nd}e\xff,f=g h");
    ngx_http_ai_metrics_record(&m, &s);

    sample(&s, "AZaz09._:/@+-");
    ngx_http_ai_metrics_record(&m, &s);

    memset(name, 'x', 299);
    name[299] = '\0';
    sample(&s, name);
    ngx_http_ai_metrics_record(&m, &s);

    s.operation = NULL;
    s.provider = NULL;
    s.model = NULL;
    ngx_http_ai_metrics_record(&m, &s);

    p = page(&m);

    ok(has(p, "ai_gateway_requests_total{operation=\"chat\",provider=\"openai"
              "\",model=\"a_b_c_d_e__f_g_h\",status=\"200\"} 1"),
       "bytes that mean something to Prometheus do not reach a label");

    ok(has(p, "ai_gateway_requests_total{operation=\"chat\",provider=\"openai"
              "\",model=\"AZaz09._:/@+-\",status=\"200\"} 1"),
       "names as models have them stay as they are");

    name[64] = '\0';
    ok(strstr(p, name) != NULL, "a long name is there");
    name[64] = 'x';
    name[65] = '\0';
    ok(strstr(p, name) == NULL, "but not more than 64 bytes of it");

    ok(has(p, "ai_gateway_requests_total{status=\"200\"} 1"),
       "labels without a value are left out");

    m.version.data = (u_char *) "1.2.3";
    m.version.len = 5;
    m.loaded = 1234;
    p = page(&m);

    ok(strstr(p, "ai_gateway_build_info{version=\"1.2.3\",nginx=\"") != NULL
       && has(p, "ai_gateway_config_loaded_timestamp_seconds 1234"),
       "the page tells versions and when the configuration was read");
}


static void
histograms(void)
{
    char                   *p;
    ngx_http_ai_sample_t    s;
    ngx_http_ai_metrics_t   m;

    fresh(&m, 0, 3);

    sample(&s, "m");
    s.duration = 10;
    ngx_http_ai_metrics_record(&m, &s);

    m.slot = 1;
    s.duration = 11;
    ngx_http_ai_metrics_record(&m, &s);

    m.slot = 2;
    s.duration = 100000;
    ngx_http_ai_metrics_record(&m, &s);

    s.status = 504;
    s.error = text("timeout");
    s.duration = 20000;
    ngx_http_ai_metrics_record(&m, &s);

    p = strstr(page(&m), "# TYPE gen_ai_client_operation_duration_seconds ");

    ok(p != NULL && strstr(p + 1, "# TYPE gen_ai_client_operation_duration")
                    == NULL,
       "a metric has one head for all its series");

    p = page(&m);

    ok(has(p, D("_bucket{" L ",le=\"0.01\"} 1")),
       "a time that is a bound counts below it");
    ok(has(p, D("_bucket{" L ",le=\"0.02\"} 2"))
       && has(p, D("_bucket{" L ",le=\"81.92\"} 2"))
       && has(p, D("_bucket{" L ",le=\"+Inf\"} 3")),
       "buckets are cumulative over all slots");
    ok(has(p, D("_sum{" L "} 100.021000")) && has(p, D("_count{" L "} 3")),
       "sum and count are those of the requests");
    ok(has(p, D("_bucket{" L ",error_type=\"timeout\",le=\"20.48\"} 1"))
       && has(p, D("_sum{" L ",error_type=\"timeout\"} 20.000000")),
       "failures are timed apart, under their error");
    ok(strstr(p, "first_chunk") == NULL && strstr(p, "token_usage") == NULL,
       "what was never seen is not on the page");
}


static void
usage(void)
{
    char                   *p;
    ngx_uint_t              i;
    ngx_ai_usage_t          u;
    ngx_http_ai_sample_t    s;
    ngx_http_ai_metrics_t   m;

    fresh(&m, 0, 1);
    sample(&s, "m");
    ngx_memzero(&u, sizeof(ngx_ai_usage_t));
    s.usage = &u;

    u.tokens[NGX_AI_USAGE_INPUT] = 7;
    ngx_http_ai_metrics_record(&m, &s);

    ok(strstr(page(&m), "token") == NULL,
       "usage nobody reported is not counted");

    u.reported = 1;
    u.tokens[NGX_AI_USAGE_INPUT] = 3;
    u.tokens[NGX_AI_USAGE_CACHE_READ] = 1000;
    u.tokens[NGX_AI_USAGE_OUTPUT] = 4;
    u.tokens[NGX_AI_USAGE_REASONING] = 60;
    s.estimated = 1;
    ngx_http_ai_metrics_record(&m, &s);

    p = page(&m);

    ok(has(p, U("_bucket{" L ",gen_ai_token_type=\"input\",le=\"256\"} 0"))
       && has(p, U("_bucket{" L ",gen_ai_token_type=\"input\",le=\"1024\"} 1"))
       && has(p, U("_sum{" L ",gen_ai_token_type=\"input\"} 1003"))
       && has(p, U("_sum{" L ",gen_ai_token_type=\"output\"} 64"))
       && has(p, U("_bucket{" L ",gen_ai_token_type=\"output\",le=\"64\"} 1")),
       "a side has all its tokens, cached and reasoning ones too");
    ok(value(p, "ai_gateway_tokens_total") == 1067
       && has(p, "ai_gateway_tokens_total{operation=\"chat\",provider="
                 "\"openai\",model=\"m\",type=\"cache_read\"} 1000"),
       "by type, each token is counted once");
    ok(value(p, "ai_gateway_usage_estimated_total") == 1,
       "estimates are counted");

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        u.tokens[i] = (i & 1) ? INT64_MIN : INT64_MAX;
    }

    for (i = 0; i < 1000; i++) {
        ngx_http_ai_metrics_record(&m, &s);
    }

    p = page(&m);

    ok(has(p, "ai_gateway_tokens_total{operation=\"chat\",provider=\"openai\""
              ",model=\"m\",type=\"cache_read\"} 1000")
       && has(p, "ai_gateway_tokens_total{operation=\"chat\",provider="
                 "\"openai\",model=\"m\",type=\"input\"} 1099511627776003"),
       "impossible numbers of a provider neither wrap nor subtract");
}


static void
streams(void)
{
    char                   *p;
    ngx_http_ai_sample_t    s;
    ngx_http_ai_metrics_t   m;

    fresh(&m, 0, 1);
    sample(&s, "m");
    s.streamed = 1;
    s.duration = 3000;

    ngx_http_ai_metrics_record(&m, &s);

    s.ttft = 250;
    s.chunks = 1;
    s.last_chunk = 250;
    ngx_http_ai_metrics_record(&m, &s);

    s.chunks = 101;
    s.last_chunk = 2250;
    ngx_http_ai_metrics_record(&m, &s);

    p = page(&m);

    ok(has(p, F("_bucket{" L ",le=\"0.25\"} 2"))
       && has(p, F("_sum{" L "} 0.500000")),
       "the first chunk is timed, if there was one");
    ok(has(p, C("_bucket{" L ",le=\"0.01\"} 0"))
       && has(p, C("_bucket{" L ",le=\"0.025\"} 100"))
       && has(p, C("_sum{" L "} 2.000000")) && has(p, C("_count{" L "} 100")),
       "each chunk but the first is counted with the average time");
    ok(value(p, "ai_gateway_streams_total") == 3, "streams are counted");
}


static void
statuses(void)
{
    char                   *p;
    ngx_uint_t              i;
    ngx_http_ai_sample_t    s;
    ngx_http_ai_metrics_t   m;

    static ngx_uint_t  codes[] = { 201, 302, 418, 451, 507, 599, 529, 429 };

    fresh(&m, 0, 1);

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        sample(&s, "m");
        s.status = codes[i];
        ngx_http_ai_metrics_record(&m, &s);
    }

    p = page(&m);

    ok(has(p, S("\"2xx\"} 2")) && has(p, S("\"4xx\"} 2"))
       && has(p, S("\"5xx\"} 2")) && has(p, S("\"429\"} 1"))
       && has(p, S("\"529\"} 1")),
       "statuses with a meaning are counted alone, others by class");
}


static void
counters(void)
{
    char                   *p;
    ngx_http_ai_sample_t    s;
    ngx_http_ai_metrics_t   m;

    fresh(&m, 0, 2);

    ok(has(page(&m), "ai_gateway_client_aborts_total 0"),
       "plain counters are there from the start");

    ngx_http_ai_metrics_count(&m, NGX_HTTP_AI_COUNT_AUTH_EXPIRED);
    ngx_http_ai_metrics_count(&m, NGX_HTTP_AI_COUNT_CLIENT_ABORTS);

    ngx_worker = 101;
    ngx_http_ai_metrics_init_process(&m);
    ngx_worker = 0;

    ngx_http_ai_metrics_count(&m, NGX_HTTP_AI_COUNT_CLIENT_ABORTS);

    ngx_http_ai_metrics_attempt(&m, text("openai"), text("timeout"));
    ngx_http_ai_metrics_attempt(&m, text("openai"), NULL);
    ngx_http_ai_metrics_attempt(&m, text("openai"), NULL);

    sample(&s, "m");
    s.attempts = 3;
    s.fallbacks = 1;
    ngx_http_ai_metrics_record(&m, &s);

    p = page(&m);

    ok(has(p, "ai_gateway_auth_failures_total{reason=\"expired\"} 1")
       && value(p, "ai_gateway_auth_failures_total") == 1,
       "failures of keys are counted by reason");
    ok(has(p, "ai_gateway_client_aborts_total 2"),
       "workers beyond the slots count too");
    ok(has(p, "ai_gateway_attempts_total{provider=\"openai\",fault=\"timeout"
              "\"} 1")
       && has(p, "ai_gateway_attempts_total{provider=\"openai\",fault=\"none"
                 "\"} 2"),
       "calls are counted by what went wrong");
    ok(value(p, "ai_gateway_retries_total") == 2
       && value(p, "ai_gateway_fallbacks_total") == 1,
       "retries and fallbacks are counted");
}


static void
unlisted(void)
{
    char                   *p, name[32];
    ngx_uint_t              i;
    ngx_http_ai_sample_t    s;
    ngx_http_ai_metrics_t   m;

    fresh(&m, 0, 1);

    for (i = 0; i < 100; i++) {
        sprintf(name, "guess-%d", (int) i);
        sample(&s, name);
        s.listed = 0;
        s.status = 404;
        s.error = text("model_not_found");
        ngx_http_ai_metrics_record(&m, &s);
    }

    sample(&s, "real");
    s.listed = 0;
    ngx_http_ai_metrics_record(&m, &s);

    s.status = 429;
    s.error = text("rate_limit_error");
    ngx_http_ai_metrics_record(&m, &s);

    p = page(&m);

    ok(strstr(p, "guess") == NULL
       && has(p, "ai_gateway_requests_total{operation=\"chat\",provider="
                 "\"openai\",model=\"_other\",status=\"404\"} 100"),
       "names no provider knows get no series");
    ok(has(p, "ai_gateway_requests_total{operation=\"chat\",provider="
              "\"openai\",model=\"real\",status=\"429\"} 1")
       && has(p, D("_count{gen_ai_operation_name=\"chat\",gen_ai_provider_name"
                   "=\"openai\",gen_ai_request_model=\"real\",error_type="
                   "\"rate_limit_error\"} 1")),
       "a name that has worked keeps its series when it fails");

    sample(&s, "");
    s.listed = 0;
    s.provider = NULL;
    s.status = 401;
    ngx_http_ai_metrics_record(&m, &s);

    ok(has(page(&m), "ai_gateway_requests_total{operation=\"chat\",status="
                     "\"401\"} 1"),
       "a request refused before its model is known has no model");
}


int
main(void)
{
    void  (*tests[])(void) = {
        labels,
        histograms,
        usage,
        streams,
        statuses,
        counters,
        unlisted
    };

    return run(tests, sizeof(tests) / sizeof(tests[0]));
}
