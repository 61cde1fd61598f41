
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The metrics as Prometheus text.  All samples of a metric have to stand
 * together, so the text is written metric by metric, going over the series
 * each time.  Nothing is collected first: what the cells hold when they are
 * read is what is printed.  Labels of series are plain bytes (see the key of
 * a series) and need no escaping.
 */


#include "ngx_http_ai_metrics.h"

#include <nginx.h>


#define NGX_HTTP_AI_TEXT_BUFFER   65536

/* above the longest line: a name, five labels, their values, a number */
#define NGX_HTTP_AI_TEXT_LINE     1024
#define NGX_HTTP_AI_TEXT_LABELS   512

/* above any array of cells */
#define NGX_HTTP_AI_TEXT_CELLS    32

#define NGX_HTTP_AI_TEXT_MODEL    (1 << NGX_HTTP_AI_METRICS_MODEL)
#define NGX_HTTP_AI_TEXT_ERROR    (1 << NGX_HTTP_AI_METRICS_ERROR)
#define NGX_HTTP_AI_TEXT_ATTEMPT  (1 << NGX_HTTP_AI_METRICS_ATTEMPT)


typedef struct {
    ngx_http_ai_metrics_t       *m;

    ngx_http_ai_series_t       **series;
    ngx_uint_t                   nseries;

    const ngx_str_t             *head;       /* the metric written last */
    u_char                      *labels_end;
    u_char                       labels[NGX_HTTP_AI_TEXT_LABELS];

    ngx_pool_t                  *pool;
    ngx_chain_t                **last;
    ngx_buf_t                   *buf;
} ngx_http_ai_text_t;


typedef enum {
    NGX_HTTP_AI_TEXT_COUNTER = 0,
    NGX_HTTP_AI_TEXT_TIMES,          /* the cell before it has the sum */
    NGX_HTTP_AI_TEXT_TOKENS          /* the token counters make the sum */
} ngx_http_ai_text_type_e;


typedef struct {
    ngx_str_t                    name;
    ngx_str_t                    help;
    ngx_http_ai_text_type_e      type;
    ngx_uint_t                   kinds;      /* of series */
    const ngx_str_t             *labels;     /* names of theirs */

    ngx_uint_t                   first;      /* cell */
    ngx_uint_t                   n;

    /* what the cells stand for, if there is more than one */
    ngx_str_t                    label;
    const ngx_http_ai_named_t   *values;
    const ngx_str_t             *names;
} ngx_http_ai_text_metric_t;


typedef struct {
    ngx_str_t                    name;
    ngx_str_t                    help;
    ngx_str_t                    reason;
} ngx_http_ai_text_counter_t;


typedef struct {
    ngx_str_t                    name;
    ngx_str_t                    help;
} ngx_http_ai_text_gauge_t;


static ngx_int_t ngx_http_ai_text_series(ngx_http_ai_text_t *t);
static ngx_int_t ngx_http_ai_text_metrics(ngx_http_ai_text_t *t);
static ngx_int_t ngx_http_ai_text_array(ngx_http_ai_text_t *t,
    const ngx_http_ai_text_metric_t *metric, ngx_http_ai_series_t *s);
static ngx_int_t ngx_http_ai_text_times(ngx_http_ai_text_t *t,
    const ngx_http_ai_text_metric_t *metric, ngx_http_ai_series_t *s);
static ngx_int_t ngx_http_ai_text_tokens(ngx_http_ai_text_t *t,
    const ngx_http_ai_text_metric_t *metric, ngx_http_ai_series_t *s);
static ngx_int_t ngx_http_ai_text_histogram(ngx_http_ai_text_t *t,
    const ngx_http_ai_text_metric_t *metric, const uint64_t *buckets,
    uint64_t sum, ngx_uint_t micro);
static ngx_int_t ngx_http_ai_text_counters(ngx_http_ai_text_t *t);
static ngx_int_t ngx_http_ai_text_gauges(ngx_http_ai_text_t *t);
static ngx_int_t ngx_http_ai_text_gauge(ngx_http_ai_text_t *t,
    const ngx_http_ai_text_gauge_t *gauge, const ngx_str_t *kind,
    uint64_t value);
static void ngx_http_ai_text_labels(ngx_http_ai_text_t *t,
    ngx_http_ai_series_t *s, const ngx_str_t *names);
static void ngx_http_ai_text_label(ngx_http_ai_text_t *t,
    const ngx_str_t *name, u_char *value, size_t len);
static ngx_int_t ngx_http_ai_text_head(ngx_http_ai_text_t *t,
    const ngx_str_t *name, const ngx_str_t *help, char *type);
static ngx_int_t ngx_http_ai_text_line(ngx_http_ai_text_t *t, char *suffix,
    const ngx_str_t *label, const ngx_str_t *value, uint64_t n,
    ngx_uint_t micro);
static ngx_int_t ngx_http_ai_text_room(ngx_http_ai_text_t *t);


static const ngx_str_t  ngx_http_ai_text_otel[] = {
    ngx_string("gen_ai_operation_name"),
    ngx_string("gen_ai_provider_name"),
    ngx_string("gen_ai_request_model"),
    ngx_string("error_type")
};


static const ngx_str_t  ngx_http_ai_text_own[] = {
    ngx_string("operation"),
    ngx_string("provider"),
    ngx_string("model")
};


static const ngx_str_t  ngx_http_ai_text_fault[] = {
    ngx_string("provider"),
    ngx_string("fault")
};


static const ngx_http_ai_text_metric_t  ngx_http_ai_text_table[] = {

    { ngx_string("gen_ai_client_operation_duration_seconds"),
      ngx_string("Time from the arrival of a request to the end of its "
                 "reply; error_type is there if it failed."),
      NGX_HTTP_AI_TEXT_TIMES,
      NGX_HTTP_AI_TEXT_MODEL|NGX_HTTP_AI_TEXT_ERROR,
      ngx_http_ai_text_otel,
      NGX_HTTP_AI_CELL_DURATION, NGX_HTTP_AI_DURATION_BUCKETS,
      ngx_string("le"), ngx_http_ai_duration_bounds, NULL },

    { ngx_string("gen_ai_client_operation_time_to_first_chunk_seconds"),
      ngx_string("Time from the arrival of a request to the first chunk of "
                 "its streamed reply."),
      NGX_HTTP_AI_TEXT_TIMES, NGX_HTTP_AI_TEXT_MODEL, ngx_http_ai_text_otel,
      NGX_HTTP_AI_CELL_FIRST, NGX_HTTP_AI_FIRST_BUCKETS,
      ngx_string("le"), ngx_http_ai_first_bounds, NULL },

    { ngx_string("gen_ai_client_operation_time_per_output_chunk_seconds"),
      ngx_string("Time between chunks of a streamed reply; all of a reply "
                 "are counted with their average."),
      NGX_HTTP_AI_TEXT_TIMES, NGX_HTTP_AI_TEXT_MODEL, ngx_http_ai_text_otel,
      NGX_HTTP_AI_CELL_CHUNK, NGX_HTTP_AI_CHUNK_BUCKETS,
      ngx_string("le"), ngx_http_ai_chunk_bounds, NULL },

    { ngx_string("gen_ai_client_token_usage"),
      ngx_string("Tokens of a request, with all of each side: input includes "
                 "cached tokens, output includes reasoning."),
      NGX_HTTP_AI_TEXT_TOKENS, NGX_HTTP_AI_TEXT_MODEL, ngx_http_ai_text_otel,
      0, NGX_HTTP_AI_TOKEN_BUCKETS,
      ngx_string("le"), ngx_http_ai_token_bounds, NULL },

    { ngx_string("ai_gateway_requests_total"),
      ngx_string("Requests that ended, by the status sent to the client; "
                 "rare ones are summed as 2xx (with 3xx), 4xx and 5xx."),
      NGX_HTTP_AI_TEXT_COUNTER, NGX_HTTP_AI_TEXT_MODEL, ngx_http_ai_text_own,
      NGX_HTTP_AI_CELL_STATUS, NGX_HTTP_AI_METRICS_STATUSES,
      ngx_string("status"), ngx_http_ai_statuses, NULL },

    { ngx_string("ai_gateway_tokens_total"),
      ngx_string("Tokens used, each counted under one type."),
      NGX_HTTP_AI_TEXT_COUNTER, NGX_HTTP_AI_TEXT_MODEL, ngx_http_ai_text_own,
      NGX_HTTP_AI_CELL_TOKENS, NGX_AI_USAGE_MAX,
      ngx_string("type"), NULL, ngx_ai_usage_names },

    { ngx_string("ai_gateway_usage_estimated_total"),
      ngx_string("Requests whose tokens are an estimate, as the provider "
                 "did not report them."),
      NGX_HTTP_AI_TEXT_COUNTER, NGX_HTTP_AI_TEXT_MODEL, ngx_http_ai_text_own,
      NGX_HTTP_AI_CELL_ESTIMATED, 1, ngx_null_string, NULL, NULL },

    { ngx_string("ai_gateway_streams_total"),
      ngx_string("Requests with a streamed reply."),
      NGX_HTTP_AI_TEXT_COUNTER, NGX_HTTP_AI_TEXT_MODEL, ngx_http_ai_text_own,
      NGX_HTTP_AI_CELL_STREAMS, 1, ngx_null_string, NULL, NULL },

    { ngx_string("ai_gateway_retries_total"),
      ngx_string("Calls to providers beyond the first one of a request, "
                 "under the provider tried last."),
      NGX_HTTP_AI_TEXT_COUNTER, NGX_HTTP_AI_TEXT_MODEL, ngx_http_ai_text_own,
      NGX_HTTP_AI_CELL_RETRIES, 1, ngx_null_string, NULL, NULL },

    { ngx_string("ai_gateway_fallbacks_total"),
      ngx_string("Changes to another target, under the provider tried "
                 "last."),
      NGX_HTTP_AI_TEXT_COUNTER, NGX_HTTP_AI_TEXT_MODEL, ngx_http_ai_text_own,
      NGX_HTTP_AI_CELL_FALLBACKS, 1, ngx_null_string, NULL, NULL },

    { ngx_string("ai_gateway_attempts_total"),
      ngx_string("Calls to providers, by what went wrong with them."),
      NGX_HTTP_AI_TEXT_COUNTER, NGX_HTTP_AI_TEXT_ATTEMPT,
      ngx_http_ai_text_fault,
      0, 1, ngx_null_string, NULL, NULL },

    { ngx_null_string, ngx_null_string, NGX_HTTP_AI_TEXT_COUNTER,
      0, NULL, 0, 0, ngx_null_string, NULL, NULL }
};


/* in the order of ngx_http_ai_count_e; no name: another reason of the last */

static const ngx_http_ai_text_counter_t
    ngx_http_ai_text_plain[NGX_HTTP_AI_COUNT_MAX] =
{
    { ngx_string("ai_gateway_auth_failures_total"),
      ngx_string("Requests refused for their key."),
      ngx_string("missing") },

    { ngx_null_string, ngx_null_string, ngx_string("unknown") },
    { ngx_null_string, ngx_null_string, ngx_string("disabled") },
    { ngx_null_string, ngx_null_string, ngx_string("expired") },
    { ngx_null_string, ngx_null_string, ngx_string("model") },

    { ngx_string("ai_gateway_client_aborts_total"),
      ngx_string("Requests whose client went away before the end."),
      ngx_null_string },

    { ngx_string("ai_gateway_idle_connections_dropped_total"),
      ngx_string("Idle connections to providers that were closed."),
      ngx_null_string },

    { ngx_string("ai_gateway_metrics_overflows_total"),
      ngx_string("Times something was counted as _other because its labels "
                 "have no series of their own."),
      ngx_null_string }
};


static const ngx_http_ai_text_gauge_t  ngx_http_ai_text_sizes[] = {

    { ngx_string("ai_gateway_metrics_series"),
      ngx_string("Series in the zone.") },

    { ngx_string("ai_gateway_metrics_series_limit"),
      ngx_string("Series the zone takes; a quarter of them is not for new "
                 "models.") },

    { ngx_string("ai_gateway_metrics_memory_bytes"),
      ngx_string("Memory of metrics in the zone.") },

    { ngx_string("ai_gateway_metrics_memory_limit_bytes"),
      ngx_string("Memory of the zone that metrics may take; a quarter of it "
                 "is not for new models.") }
};


static const ngx_http_ai_text_gauge_t  ngx_http_ai_text_in_flight = {
    ngx_string("ai_gateway_in_flight"),
    ngx_string("Requests, connections to providers in use, and streamed "
               "replies open at the moment.")
};


static const ngx_http_ai_text_gauge_t  ngx_http_ai_text_loaded = {
    ngx_string("ai_gateway_config_loaded_timestamp_seconds"),
    ngx_string("When the configuration in use was read.")
};


static const ngx_http_ai_text_gauge_t  ngx_http_ai_text_build = {
    ngx_string("ai_gateway_build_info"),
    ngx_string("Versions of the gateway and of the nginx it was built for.")
};


static const ngx_str_t  ngx_http_ai_text_live[] = {
    ngx_string("requests"),
    ngx_string("upstreams"),
    ngx_string("streams")
};


static const ngx_str_t  ngx_http_ai_text_sides[] = {
    ngx_string("input"),
    ngx_string("output")
};


static const ngx_str_t  ngx_http_ai_text_side
    = ngx_string("gen_ai_token_type");
static const ngx_str_t  ngx_http_ai_text_kind = ngx_string("kind");
static const ngx_str_t  ngx_http_ai_text_reason = ngx_string("reason");
static const ngx_str_t  ngx_http_ai_text_version = ngx_string("version");
static const ngx_str_t  ngx_http_ai_text_nginx = ngx_string("nginx");


ngx_int_t
ngx_http_ai_metrics_render(ngx_http_ai_metrics_t *m, ngx_pool_t *pool,
    ngx_chain_t **out, off_t *len)
{
    ngx_chain_t         *cl;
    ngx_http_ai_text_t   t;

    ngx_memzero(&t, sizeof(ngx_http_ai_text_t));

    t.m = m;
    t.pool = pool;
    t.last = out;

    *out = NULL;

    if (ngx_http_ai_text_series(&t) != NGX_OK
        || ngx_http_ai_text_metrics(&t) != NGX_OK
        || ngx_http_ai_text_counters(&t) != NGX_OK
        || ngx_http_ai_text_gauges(&t) != NGX_OK)
    {
        return NGX_ERROR;
    }

    t.buf->last_in_chain = 1;

    *len = 0;

    for (cl = *out; cl != NULL; cl = cl->next) {
        *len += ngx_buf_size(cl->buf);
    }

    return NGX_OK;
}


/* all series in the order of their creation; NULL where one is not linked */

static ngx_int_t
ngx_http_ai_text_series(ngx_http_ai_text_t *t)
{
    ngx_uint_t                 i;
    ngx_http_ai_series_t      *s;
    ngx_http_ai_metrics_sh_t  *sh;

    sh = t->m->sh;

    t->nseries = sh->nseries;
    t->series = ngx_pcalloc(t->pool,
                            t->nseries * sizeof(ngx_http_ai_series_t *));
    if (t->series == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i <= sh->mask; i++) {
        for (s = sh->buckets[i]; s != NULL; s = s->next) {
            if (s->number < t->nseries) {
                t->series[s->number] = s;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_text_metrics(ngx_http_ai_text_t *t)
{
    ngx_int_t                         rc;
    ngx_uint_t                        i;
    ngx_http_ai_series_t             *s;
    const ngx_http_ai_text_metric_t  *metric;

    for (metric = ngx_http_ai_text_table; metric->name.len; metric++) {

        for (i = 0; i < t->nseries; i++) {
            s = t->series[i];

            if (s == NULL || !(metric->kinds & (1 << s->key[0]))) {
                continue;
            }

            ngx_http_ai_text_labels(t, s, metric->labels);

            switch (metric->type) {

            case NGX_HTTP_AI_TEXT_TIMES:
                rc = ngx_http_ai_text_times(t, metric, s);
                break;

            case NGX_HTTP_AI_TEXT_TOKENS:
                rc = ngx_http_ai_text_tokens(t, metric, s);
                break;

            default: /* NGX_HTTP_AI_TEXT_COUNTER */
                rc = ngx_http_ai_text_array(t, metric, s);
            }

            if (rc != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_text_array(ngx_http_ai_text_t *t,
    const ngx_http_ai_text_metric_t *metric, ngx_http_ai_series_t *s)
{
    uint64_t          sum[NGX_HTTP_AI_TEXT_CELLS];
    ngx_uint_t        i;
    const ngx_str_t  *value;

    ngx_http_ai_metrics_sum(t->m->sh, s, metric->first, metric->n, sum);

    for (i = 0; i < metric->n; i++) {

        if (sum[i] == 0) {
            continue;
        }

        value = (metric->values != NULL) ? &metric->values[i].text
                : (metric->names != NULL) ? &metric->names[i] : NULL;

        if (ngx_http_ai_text_head(t, &metric->name, &metric->help, "counter")
            != NGX_OK
            || ngx_http_ai_text_line(t, "", &metric->label, value, sum[i], 0)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_text_times(ngx_http_ai_text_t *t,
    const ngx_http_ai_text_metric_t *metric, ngx_http_ai_series_t *s)
{
    uint64_t  sum[NGX_HTTP_AI_TEXT_CELLS];

    ngx_http_ai_metrics_sum(t->m->sh, s, metric->first - 1, metric->n + 1,
                            sum);

    return ngx_http_ai_text_histogram(t, metric, &sum[1], sum[0], 1);
}


static ngx_int_t
ngx_http_ai_text_tokens(ngx_http_ai_text_t *t,
    const ngx_http_ai_text_metric_t *metric, ngx_http_ai_series_t *s)
{
    u_char          *end;
    uint64_t         total[2], sum[NGX_HTTP_AI_TEXT_CELLS];
    ngx_uint_t       i;
    ngx_ai_usage_t   usage;

    ngx_http_ai_metrics_sum(t->m->sh, s, NGX_HTTP_AI_CELL_TOKENS,
                            NGX_AI_USAGE_MAX, sum);

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        usage.tokens[i] = (int64_t) sum[i];
    }

    total[0] = ngx_ai_usage_in(&usage);
    total[1] = ngx_ai_usage_out(&usage);

    end = t->labels_end;

    for (i = 0; i < 2; i++) {
        ngx_http_ai_metrics_sum(t->m->sh, s,
                                NGX_HTTP_AI_CELL_INPUT + i * metric->n,
                                metric->n, sum);

        t->labels_end = end;

        ngx_http_ai_text_label(t, &ngx_http_ai_text_side,
                               ngx_http_ai_text_sides[i].data,
                               ngx_http_ai_text_sides[i].len);

        if (ngx_http_ai_text_histogram(t, metric, sum, total[i], 0)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_text_histogram(ngx_http_ai_text_t *t,
    const ngx_http_ai_text_metric_t *metric, const uint64_t *buckets,
    uint64_t sum, ngx_uint_t micro)
{
    uint64_t    count;
    ngx_uint_t  i;

    count = 0;

    for (i = 0; i < metric->n; i++) {
        count += buckets[i];
    }

    if (count == 0) {
        return NGX_OK;
    }

    if (ngx_http_ai_text_head(t, &metric->name, &metric->help, "histogram")
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    count = 0;

    for (i = 0; i < metric->n; i++) {
        count += buckets[i];

        if (ngx_http_ai_text_line(t, "_bucket", &metric->label,
                                  &metric->values[i].text, count, 0)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_http_ai_text_line(t, "_sum", NULL, NULL, sum, micro) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_ai_text_line(t, "_count", NULL, NULL, count, 0);
}


static ngx_int_t
ngx_http_ai_text_counters(ngx_http_ai_text_t *t)
{
    ngx_uint_t                         i;
    const ngx_http_ai_text_counter_t  *c;

    t->labels_end = t->labels;

    for (i = 0; i < NGX_HTTP_AI_COUNT_MAX; i++) {
        c = &ngx_http_ai_text_plain[i];

        if (c->name.len
            && ngx_http_ai_text_head(t, &c->name, &c->help, "counter")
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (ngx_http_ai_text_line(t, "", &ngx_http_ai_text_reason,
                                  c->reason.len ? &c->reason : NULL,
                                  ngx_http_ai_metrics_counter(t->m->sh, i), 0)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_text_gauges(ngx_http_ai_text_t *t)
{
    u_char                    *start;
    uint64_t                   values[4];
    ngx_uint_t                 i;
    ngx_http_ai_metrics_sh_t  *sh;

    sh = t->m->sh;
    start = (u_char *) sh;

    values[0] = t->nseries;
    values[1] = NGX_HTTP_AI_METRICS_SERIES;
    values[2] = sh->pos - start;
    values[3] = sh->end - start;

    t->labels_end = t->labels;

    for (i = 0; i < 4; i++) {
        if (ngx_http_ai_text_gauge(t, &ngx_http_ai_text_sizes[i], NULL,
                                   values[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < NGX_HTTP_AI_LIVE_MAX; i++) {
        if (ngx_http_ai_text_gauge(t, &ngx_http_ai_text_in_flight,
                                   &ngx_http_ai_text_live[i],
                                   ngx_http_ai_metrics_gauge(sh, i))
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (t->m->loaded
        && ngx_http_ai_text_gauge(t, &ngx_http_ai_text_loaded, NULL,
                                  t->m->loaded)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_ai_text_label(t, &ngx_http_ai_text_version,
                           t->m->version.data, t->m->version.len);
    ngx_http_ai_text_label(t, &ngx_http_ai_text_nginx,
                           (u_char *) NGINX_VERSION,
                           sizeof(NGINX_VERSION) - 1);

    return ngx_http_ai_text_gauge(t, &ngx_http_ai_text_build, NULL, 1);
}


static ngx_int_t
ngx_http_ai_text_gauge(ngx_http_ai_text_t *t,
    const ngx_http_ai_text_gauge_t *gauge, const ngx_str_t *kind,
    uint64_t value)
{
    if (ngx_http_ai_text_head(t, &gauge->name, &gauge->help, "gauge")
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_ai_text_line(t, "", &ngx_http_ai_text_kind, kind, value,
                                 0);
}


static void
ngx_http_ai_text_labels(ngx_http_ai_text_t *t, ngx_http_ai_series_t *s,
    const ngx_str_t *names)
{
    u_char      *p, *end;
    ngx_uint_t   i;

    t->labels_end = t->labels;

    p = s->key + 1;
    end = s->key + s->len;

    for (i = 0; p < end; i++) {
        ngx_http_ai_text_label(t, &names[i], p + 1, *p);
        p += 1 + *p;
    }
}


/* a label without a value is the same as no label */

static void
ngx_http_ai_text_label(ngx_http_ai_text_t *t, const ngx_str_t *name,
    u_char *value, size_t len)
{
    u_char  *p;

    if (len == 0) {
        return;
    }

    p = t->labels_end;

    if (p != t->labels) {
        *p++ = ',';
    }

    p = ngx_cpymem(p, name->data, name->len);
    *p++ = '=';
    *p++ = '"';
    p = ngx_cpymem(p, value, len);
    *p++ = '"';

    t->labels_end = p;
}


/* before the first sample of a metric, nothing before the others */

static ngx_int_t
ngx_http_ai_text_head(ngx_http_ai_text_t *t, const ngx_str_t *name,
    const ngx_str_t *help, char *type)
{
    if (t->head == name) {
        return NGX_OK;
    }

    if (ngx_http_ai_text_room(t) != NGX_OK) {
        return NGX_ERROR;
    }

    t->head = name;
    t->buf->last = ngx_sprintf(t->buf->last,
                               "# HELP %V %V\n# TYPE %V %s\n",
                               name, help, name, type);

    return NGX_OK;
}


/*
 * A sample of the metric whose head was written last, with the labels
 * collected, and one more if its value is not NULL.
 */

static ngx_int_t
ngx_http_ai_text_line(ngx_http_ai_text_t *t, char *suffix,
    const ngx_str_t *label, const ngx_str_t *value, uint64_t n,
    ngx_uint_t micro)
{
    u_char  *p, *labels_end;

    if (ngx_http_ai_text_room(t) != NGX_OK) {
        return NGX_ERROR;
    }

    labels_end = t->labels_end;

    if (value != NULL) {
        ngx_http_ai_text_label(t, label, value->data, value->len);
    }

    p = ngx_cpymem(t->buf->last, t->head->data, t->head->len);
    p = ngx_cpymem(p, suffix, ngx_strlen(suffix));

    if (t->labels_end != t->labels) {
        *p++ = '{';
        p = ngx_cpymem(p, t->labels, t->labels_end - t->labels);
        *p++ = '}';
    }

    p = micro ? ngx_sprintf(p, " %uL.%06uL\n", n / 1000000, n % 1000000)
              : ngx_sprintf(p, " %uL\n", n);

    t->buf->last = p;
    t->labels_end = labels_end;

    return NGX_OK;
}


/* room for a line or a head; a buffer that is full is in the chain already */

static ngx_int_t
ngx_http_ai_text_room(ngx_http_ai_text_t *t)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = t->buf;

    if (b != NULL && b->end - b->last >= NGX_HTTP_AI_TEXT_LINE) {
        return NGX_OK;
    }

    b = ngx_create_temp_buf(t->pool, NGX_HTTP_AI_TEXT_BUFFER);
    if (b == NULL) {
        return NGX_ERROR;
    }

    cl = ngx_alloc_chain_link(t->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf = b;
    cl->next = NULL;

    *t->last = cl;
    t->last = &cl->next;
    t->buf = b;

    return NGX_OK;
}
