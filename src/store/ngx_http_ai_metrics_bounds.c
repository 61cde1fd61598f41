
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_metrics.h"


/*
 * The buckets are those of OpenTelemetry's semantic conventions for
 * generative AI.  Times are in microseconds.
 */

const ngx_http_ai_named_t
    ngx_http_ai_duration_bounds[NGX_HTTP_AI_DURATION_BUCKETS] =
{
    { 10000, ngx_string("0.01") },
    { 20000, ngx_string("0.02") },
    { 40000, ngx_string("0.04") },
    { 80000, ngx_string("0.08") },
    { 160000, ngx_string("0.16") },
    { 320000, ngx_string("0.32") },
    { 640000, ngx_string("0.64") },
    { 1280000, ngx_string("1.28") },
    { 2560000, ngx_string("2.56") },
    { 5120000, ngx_string("5.12") },
    { 10240000, ngx_string("10.24") },
    { 20480000, ngx_string("20.48") },
    { 40960000, ngx_string("40.96") },
    { 81920000, ngx_string("81.92") },
    { INT64_MAX, ngx_string("+Inf") }
};


const ngx_http_ai_named_t
    ngx_http_ai_token_bounds[NGX_HTTP_AI_TOKEN_BUCKETS] =
{
    { 1, ngx_string("1") },
    { 4, ngx_string("4") },
    { 16, ngx_string("16") },
    { 64, ngx_string("64") },
    { 256, ngx_string("256") },
    { 1024, ngx_string("1024") },
    { 4096, ngx_string("4096") },
    { 16384, ngx_string("16384") },
    { 65536, ngx_string("65536") },
    { 262144, ngx_string("262144") },
    { 1048576, ngx_string("1048576") },
    { 4194304, ngx_string("4194304") },
    { 16777216, ngx_string("16777216") },
    { 67108864, ngx_string("67108864") },
    { INT64_MAX, ngx_string("+Inf") }
};


const ngx_http_ai_named_t
    ngx_http_ai_first_bounds[NGX_HTTP_AI_FIRST_BUCKETS] =
{
    { 1000, ngx_string("0.001") },
    { 5000, ngx_string("0.005") },
    { 10000, ngx_string("0.01") },
    { 20000, ngx_string("0.02") },
    { 40000, ngx_string("0.04") },
    { 60000, ngx_string("0.06") },
    { 80000, ngx_string("0.08") },
    { 100000, ngx_string("0.1") },
    { 250000, ngx_string("0.25") },
    { 500000, ngx_string("0.5") },
    { 750000, ngx_string("0.75") },
    { 1000000, ngx_string("1") },
    { 2500000, ngx_string("2.5") },
    { 5000000, ngx_string("5") },
    { 7500000, ngx_string("7.5") },
    { 10000000, ngx_string("10") },
    { INT64_MAX, ngx_string("+Inf") }
};


const ngx_http_ai_named_t
    ngx_http_ai_chunk_bounds[NGX_HTTP_AI_CHUNK_BUCKETS] =
{
    { 10000, ngx_string("0.01") },
    { 25000, ngx_string("0.025") },
    { 50000, ngx_string("0.05") },
    { 75000, ngx_string("0.075") },
    { 100000, ngx_string("0.1") },
    { 150000, ngx_string("0.15") },
    { 200000, ngx_string("0.2") },
    { 300000, ngx_string("0.3") },
    { 400000, ngx_string("0.4") },
    { 500000, ngx_string("0.5") },
    { 750000, ngx_string("0.75") },
    { 1000000, ngx_string("1") },
    { 2500000, ngx_string("2.5") },
    { INT64_MAX, ngx_string("+Inf") }
};


const ngx_http_ai_named_t
    ngx_http_ai_statuses[NGX_HTTP_AI_METRICS_STATUSES] =
{
    { 200, ngx_string("200") },
    { 400, ngx_string("400") },
    { 401, ngx_string("401") },
    { 402, ngx_string("402") },
    { 403, ngx_string("403") },
    { 404, ngx_string("404") },
    { 405, ngx_string("405") },
    { 408, ngx_string("408") },
    { 409, ngx_string("409") },
    { 410, ngx_string("410") },
    { 413, ngx_string("413") },
    { 415, ngx_string("415") },
    { 422, ngx_string("422") },
    { 424, ngx_string("424") },
    { 429, ngx_string("429") },
    { 499, ngx_string("499") },
    { 500, ngx_string("500") },
    { 501, ngx_string("501") },
    { 502, ngx_string("502") },
    { 503, ngx_string("503") },
    { 504, ngx_string("504") },
    { 529, ngx_string("529") },
    { 0, ngx_string("2xx") },
    { 0, ngx_string("4xx") },
    { 0, ngx_string("5xx") }
};
