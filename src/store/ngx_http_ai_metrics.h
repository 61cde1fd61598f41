
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_METRICS_H_INCLUDED_
#define _NGX_HTTP_AI_METRICS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include "ngx_ai_usage.h"


/*
 * Metrics in the zone, written by all workers and summed at a scrape.
 *
 *     series   found by its labels:            cells of a series:
 *
 *     buckets[hash] -> series -> series        slot 0   64-byte lines
 *                        |                     slot 1   64-byte lines
 *                        +-- labels            ...
 *                        +-- cells ---->
 *
 * A series is made once and never goes away, so it is looked up without a
 * lock; only making one takes the mutex of the zone.  Each worker adds to
 * the cells of its own slot.  The adds are atomic nevertheless: an old and a
 * new worker share a slot during a reload, and so do workers when there are
 * more of them than slots.
 *
 * There are three kinds of series:
 *
 *     MODEL     operation, provider, model          all a request leaves
 *     ERROR     operation, provider, model, error   durations of failures
 *     ATTEMPT   provider, fault                     calls to providers
 *
 * The number of series is bounded by their memory and by
 * NGX_HTTP_AI_METRICS_SERIES.  Names of models stop getting a series of
 * their own at three quarters of that, their requests are then counted with
 * "_other" as the model; what does not fit even so is counted in a series
 * whose every label is "_other".
 *
 * Requests in flight are not in slots: what a dead worker held must not be
 * counted for ever.  Each process has a record of its own with its pid, and
 * records of processes that are gone do not count.
 *
 * Cells are 64-bit: the gateway is for 64-bit platforms.
 */


#define NGX_HTTP_AI_METRICS_SLOTS      64
#define NGX_HTTP_AI_METRICS_SERIES     1024
#define NGX_HTTP_AI_METRICS_PROCESSES  256

/* labels longer than that are cut */
#define NGX_HTTP_AI_METRICS_LABEL      64
#define NGX_HTTP_AI_METRICS_LABELS     4
#define NGX_HTTP_AI_METRICS_KEY                                               \
    (1 + NGX_HTTP_AI_METRICS_LABELS * (1 + NGX_HTTP_AI_METRICS_LABEL))


typedef enum {
    NGX_HTTP_AI_METRICS_MODEL = 0,
    NGX_HTTP_AI_METRICS_ERROR,
    NGX_HTTP_AI_METRICS_ATTEMPT,
    NGX_HTTP_AI_METRICS_KINDS
} ngx_http_ai_metrics_kind_e;


/* gauges: what is open at the moment */

typedef enum {
    NGX_HTTP_AI_LIVE_REQUESTS = 0,
    NGX_HTTP_AI_LIVE_UPSTREAMS,       /* connections in use by a request */
    NGX_HTTP_AI_LIVE_STREAMS,         /* streamed replies being sent */
    NGX_HTTP_AI_LIVE_MAX
} ngx_http_ai_live_e;


/* counters that need no series */

typedef enum {
    NGX_HTTP_AI_COUNT_AUTH_MISSING = 0,
    NGX_HTTP_AI_COUNT_AUTH_UNKNOWN,
    NGX_HTTP_AI_COUNT_AUTH_DISABLED,
    NGX_HTTP_AI_COUNT_AUTH_EXPIRED,
    NGX_HTTP_AI_COUNT_AUTH_MODEL,     /* the key may not use the model */
    NGX_HTTP_AI_COUNT_CLIENT_ABORTS,
    NGX_HTTP_AI_COUNT_IDLE_DROPPED,   /* kept connections closed unused */
    NGX_HTTP_AI_COUNT_OVERFLOWS,      /* counted here as "_other" */
    NGX_HTTP_AI_COUNT_MAX
} ngx_http_ai_count_e;


/*
 * The cells of a series in one slot.  A histogram is a cell for each bucket,
 * the last one for what is above all bounds; its count is the sum of them.
 * Times are in microseconds.  The sums of the token histograms are those of
 * the token counters.
 */

#define NGX_HTTP_AI_METRICS_STATUSES   25
#define NGX_HTTP_AI_DURATION_BUCKETS   15
#define NGX_HTTP_AI_TOKEN_BUCKETS      15
#define NGX_HTTP_AI_FIRST_BUCKETS      17
#define NGX_HTTP_AI_CHUNK_BUCKETS      14

typedef enum {
    NGX_HTTP_AI_CELL_DURATION_SUM = 0,
    NGX_HTTP_AI_CELL_DURATION,

    /* an ERROR series ends here */
    NGX_HTTP_AI_CELL_STATUS = NGX_HTTP_AI_CELL_DURATION
                              + NGX_HTTP_AI_DURATION_BUCKETS,
    NGX_HTTP_AI_CELL_TOKENS = NGX_HTTP_AI_CELL_STATUS
                              + NGX_HTTP_AI_METRICS_STATUSES,
    NGX_HTTP_AI_CELL_INPUT = NGX_HTTP_AI_CELL_TOKENS + NGX_AI_USAGE_MAX,
    NGX_HTTP_AI_CELL_OUTPUT = NGX_HTTP_AI_CELL_INPUT
                              + NGX_HTTP_AI_TOKEN_BUCKETS,
    NGX_HTTP_AI_CELL_FIRST_SUM = NGX_HTTP_AI_CELL_OUTPUT
                                 + NGX_HTTP_AI_TOKEN_BUCKETS,
    NGX_HTTP_AI_CELL_FIRST,
    NGX_HTTP_AI_CELL_CHUNK_SUM = NGX_HTTP_AI_CELL_FIRST
                                 + NGX_HTTP_AI_FIRST_BUCKETS,
    NGX_HTTP_AI_CELL_CHUNK,
    NGX_HTTP_AI_CELL_STREAMS = NGX_HTTP_AI_CELL_CHUNK
                               + NGX_HTTP_AI_CHUNK_BUCKETS,
    NGX_HTTP_AI_CELL_ESTIMATED,
    NGX_HTTP_AI_CELL_RETRIES,
    NGX_HTTP_AI_CELL_FALLBACKS,
    NGX_HTTP_AI_CELL_MAX
} ngx_http_ai_cell_e;


/* in the zone */

typedef struct ngx_http_ai_series_s  ngx_http_ai_series_t;

struct ngx_http_ai_series_s {
    ngx_http_ai_series_t      *next;
    ngx_atomic_t              *cells;
    ngx_uint_t                 number;     /* in order of creation */
    uint32_t                   hash;
    uint16_t                   len;        /* of the key */

    /* the kind, then for each label its length and its bytes */
    u_char                     key[NGX_HTTP_AI_METRICS_KEY];
};


typedef struct {
    ngx_atomic_t               pid;
    ngx_atomic_t               live[7];
} ngx_http_ai_process_t;


typedef struct {
    ngx_uint_t                 nslots;
    ngx_uint_t                 mask;       /* of the hash */

    u_char                    *pos;        /* memory for series */
    u_char                    *soft;       /* up to here for models */
    u_char                    *end;
    ngx_uint_t                 nseries;

    /* each bucket is changed by one store, of a series that is complete */
    ngx_http_ai_series_t     *volatile *buckets;
    ngx_http_ai_series_t      *other[NGX_HTTP_AI_METRICS_KINDS];

    ngx_atomic_t              *counters;
    ngx_http_ai_process_t     *processes;
} ngx_http_ai_metrics_sh_t;


/*
 * In the cycle, part of ngx_http_ai_zone_t.  A worker writes to its copy:
 * its slot and its record.
 */

typedef struct {
    ngx_http_ai_metrics_sh_t  *sh;
    ngx_shmtx_t               *mutex;
    ngx_http_ai_process_t     *process;    /* NULL until the first use */
    ngx_uint_t                 slot;

    /* set by src/http while it reads the configuration */
    ngx_str_t                  version;    /* of the gateway */
    time_t                     loaded;     /* when this was read */
} ngx_http_ai_metrics_t;


/*
 * A request that has ended.  Strings may be NULL or empty: the label is then
 * left out.  They are cut to 64 bytes, and every byte that is not one of
 * [A-Za-z0-9._:/@+-] becomes "_".  Times are since the request came in.
 */

typedef struct {
    const ngx_str_t           *operation;  /* chat, embeddings ... */
    const ngx_str_t           *provider;   /* the last one tried */
    const ngx_str_t           *model;      /* as the client asked for it */
    const ngx_str_t           *error;      /* type of the error, if any */
    ngx_uint_t                 status;
    ngx_msec_t                 duration;
    ngx_msec_t                 ttft;       /* NGX_CONF_UNSET_MSEC if none */
    ngx_msec_t                 last_chunk; /* meant if chunks > 1 */
    ngx_uint_t                 chunks;     /* of output, when streamed */
    ngx_uint_t                 attempts;   /* calls to providers, 0 if none */
    ngx_uint_t                 fallbacks;  /* changes to another target */
    const ngx_ai_usage_t      *usage;      /* NULL if none */

    unsigned                   streamed:1;
    unsigned                   estimated:1;  /* "usage" is a guess */

    /*
     * The model is named in the configuration.  Any other name gets a series
     * only with a request that succeeds, so that names no provider knows
     * cannot use up the series.
     */
    unsigned                   listed:1;
} ngx_http_ai_sample_t;


/* the least memory that metrics of nslots slots can live in, and the most */
size_t ngx_http_ai_metrics_min_size(ngx_uint_t nslots);
size_t ngx_http_ai_metrics_max_size(ngx_uint_t nslots);

/*
 * Lays out metrics in memory that is shared, page-aligned and of a size not
 * less than the least; anything may be in it.
 */
ngx_http_ai_metrics_sh_t *ngx_http_ai_metrics_create(u_char *start,
    size_t size, ngx_uint_t nslots);

/*
 * To be called in init_process, not before the fork: gives the process its
 * slot, and its record in place of one whose process is gone.
 */
void ngx_http_ai_metrics_init_process(ngx_http_ai_metrics_t *m);

/* books a request, once, at its end */
void ngx_http_ai_metrics_record(ngx_http_ai_metrics_t *m,
    const ngx_http_ai_sample_t *s);

/* books a call to a provider that has ended; no fault is "none" */
void ngx_http_ai_metrics_attempt(ngx_http_ai_metrics_t *m,
    const ngx_str_t *provider, const ngx_str_t *fault);

void ngx_http_ai_metrics_count(ngx_http_ai_metrics_t *m,
    ngx_http_ai_count_e counter);

/* one more (+1) or one less (-1) of what is open in this process */
void ngx_http_ai_metrics_live(ngx_http_ai_metrics_t *m,
    ngx_http_ai_live_e what, ngx_int_t delta);

/*
 * Writes all metrics as Prometheus text 0.0.4 in buffers from the pool; the
 * last one has last_in_chain set.  NGX_ERROR if memory is short.
 */
ngx_int_t ngx_http_ai_metrics_render(ngx_http_ai_metrics_t *m,
    ngx_pool_t *pool, ngx_chain_t **out, off_t *len);

/* the sum of n cells from the first one on over all slots, one by one */
void ngx_http_ai_metrics_sum(ngx_http_ai_metrics_sh_t *sh,
    ngx_http_ai_series_t *s, ngx_uint_t first, ngx_uint_t n, uint64_t *sum);

/* the same for counters and for gauges */
uint64_t ngx_http_ai_metrics_counter(ngx_http_ai_metrics_sh_t *sh,
    ngx_http_ai_count_e counter);
int64_t ngx_http_ai_metrics_gauge(ngx_http_ai_metrics_sh_t *sh,
    ngx_http_ai_live_e what);

/*
 * What the cells of an array stand for, in ngx_http_ai_metrics_bounds.c:
 * bounds of histograms, the last one above any value; statuses, the last
 * three with 0 for the value being all other 2xx and 3xx, 4xx, and 5xx.
 */

typedef struct {
    int64_t                    value;
    ngx_str_t                  text;
} ngx_http_ai_named_t;

extern const ngx_http_ai_named_t
    ngx_http_ai_duration_bounds[NGX_HTTP_AI_DURATION_BUCKETS];
extern const ngx_http_ai_named_t
    ngx_http_ai_token_bounds[NGX_HTTP_AI_TOKEN_BUCKETS];
extern const ngx_http_ai_named_t
    ngx_http_ai_first_bounds[NGX_HTTP_AI_FIRST_BUCKETS];
extern const ngx_http_ai_named_t
    ngx_http_ai_chunk_bounds[NGX_HTTP_AI_CHUNK_BUCKETS];
extern const ngx_http_ai_named_t
    ngx_http_ai_statuses[NGX_HTTP_AI_METRICS_STATUSES];


#endif /* _NGX_HTTP_AI_METRICS_H_INCLUDED_ */
