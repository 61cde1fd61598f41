
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_metrics.h"


#define NGX_HTTP_AI_METRICS_LINE      64

/* a zone must have room for that many models */
#define NGX_HTTP_AI_METRICS_LEAST     8

#define NGX_HTTP_AI_METRICS_HASH      2048

#define NGX_HTTP_AI_METRICS_FAILED    400

/* what a provider claims beyond that is not added up: sums must not wrap */
#define NGX_HTTP_AI_METRICS_TOKENS    ((int64_t) 1 << 40)

#define ngx_http_ai_metrics_lines(n)                                          \
    ngx_align((n) * sizeof(ngx_atomic_t), NGX_HTTP_AI_METRICS_LINE)

#define ngx_http_ai_metrics_series_size(len)                                  \
    ngx_align(offsetof(ngx_http_ai_series_t, key) + (len),                    \
              NGX_HTTP_AI_METRICS_LINE)

#define ngx_http_ai_metrics_add(cell, n)                                      \
    (void) ngx_atomic_fetch_add(cell, n)


typedef struct {
    uint32_t           hash;
    ngx_uint_t         len;
    u_char             data[NGX_HTTP_AI_METRICS_KEY];
} ngx_http_ai_metrics_key_t;


static ngx_uint_t ngx_http_ai_metrics_alive(ngx_http_ai_process_t *p);
static ngx_atomic_t *ngx_http_ai_metrics_cells(ngx_http_ai_metrics_t *m,
    ngx_uint_t kind, const ngx_str_t **labels, ngx_uint_t create);
static void ngx_http_ai_metrics_key(ngx_http_ai_metrics_key_t *key,
    ngx_uint_t kind, const ngx_str_t **labels);
static ngx_http_ai_series_t *ngx_http_ai_metrics_find(
    ngx_http_ai_metrics_sh_t *sh, ngx_http_ai_metrics_key_t *key);
static ngx_http_ai_series_t *ngx_http_ai_metrics_new(
    ngx_http_ai_metrics_t *m, ngx_http_ai_metrics_key_t *key,
    ngx_uint_t soft);
static ngx_http_ai_series_t *ngx_http_ai_metrics_make(
    ngx_http_ai_metrics_sh_t *sh, ngx_http_ai_metrics_key_t *key);
static ngx_uint_t ngx_http_ai_metrics_room(ngx_http_ai_metrics_sh_t *sh,
    ngx_http_ai_metrics_key_t *key, ngx_uint_t soft);
static void ngx_http_ai_metrics_usage(ngx_atomic_t *cells,
    const ngx_ai_usage_t *usage);
static void ngx_http_ai_metrics_stream(ngx_atomic_t *cells,
    const ngx_http_ai_sample_t *s);
static void ngx_http_ai_metrics_observe(ngx_atomic_t *buckets,
    const ngx_http_ai_named_t *bounds, int64_t value, ngx_uint_t n);
static ngx_uint_t ngx_http_ai_metrics_status(ngx_uint_t status);


static const struct {
    ngx_uint_t         labels;
    size_t             size;      /* of a slot */
} ngx_http_ai_metrics_kinds[NGX_HTTP_AI_METRICS_KINDS] = {
    { 3, ngx_http_ai_metrics_lines(NGX_HTTP_AI_CELL_MAX) },
    { 4, ngx_http_ai_metrics_lines(NGX_HTTP_AI_CELL_STATUS) },
    { 2, ngx_http_ai_metrics_lines(1) }
};


/* the bytes a label may have: letters, digits and + - . / : @ _ */

static const uint32_t  ngx_http_ai_metrics_plain[] = {
    0x00000000, 0x07ffe800, 0x87ffffff, 0x07fffffe,
    0x00000000, 0x00000000, 0x00000000, 0x00000000
};


static const ngx_str_t  ngx_http_ai_metrics_other = ngx_string("_other");
static const ngx_str_t  ngx_http_ai_metrics_none = ngx_string("none");


size_t
ngx_http_ai_metrics_min_size(ngx_uint_t nslots)
{
    size_t      size;
    ngx_uint_t  i;

    size = ngx_align(sizeof(ngx_http_ai_metrics_sh_t),
                     NGX_HTTP_AI_METRICS_LINE)
           + NGX_HTTP_AI_METRICS_PROCESSES * sizeof(ngx_http_ai_process_t)
           + nslots * ngx_http_ai_metrics_lines(NGX_HTTP_AI_COUNT_MAX)
           + NGX_HTTP_AI_METRICS_HASH * sizeof(ngx_http_ai_series_t *);

    for (i = 0; i < NGX_HTTP_AI_METRICS_KINDS; i++) {
        size += NGX_HTTP_AI_METRICS_LEAST
                * (ngx_http_ai_metrics_series_size(NGX_HTTP_AI_METRICS_KEY)
                   + nslots * ngx_http_ai_metrics_kinds[i].size);
    }

    return size;
}


size_t
ngx_http_ai_metrics_max_size(ngx_uint_t nslots)
{
    return ngx_http_ai_metrics_min_size(nslots)
           + NGX_HTTP_AI_METRICS_SERIES
             * (ngx_http_ai_metrics_series_size(NGX_HTTP_AI_METRICS_KEY)
                + nslots
                  * ngx_http_ai_metrics_kinds[NGX_HTTP_AI_METRICS_MODEL].size);
}


ngx_http_ai_metrics_sh_t *
ngx_http_ai_metrics_create(u_char *start, size_t size, ngx_uint_t nslots)
{
    ngx_uint_t                  i, j;
    const ngx_str_t            *labels[NGX_HTTP_AI_METRICS_LABELS];
    ngx_http_ai_metrics_sh_t   *sh;
    ngx_http_ai_metrics_key_t   key;

    sh = (ngx_http_ai_metrics_sh_t *) start;
    ngx_memzero(sh, sizeof(ngx_http_ai_metrics_sh_t));

    sh->nslots = nslots;
    sh->mask = NGX_HTTP_AI_METRICS_HASH - 1;
    sh->pos = start + ngx_align(sizeof(ngx_http_ai_metrics_sh_t),
                                NGX_HTTP_AI_METRICS_LINE);
    sh->end = start + size;

    sh->processes = (ngx_http_ai_process_t *) sh->pos;
    sh->pos += NGX_HTTP_AI_METRICS_PROCESSES * sizeof(ngx_http_ai_process_t);

    sh->counters = (ngx_atomic_t *) sh->pos;
    sh->pos += nslots * ngx_http_ai_metrics_lines(NGX_HTTP_AI_COUNT_MAX);

    sh->buckets = (ngx_http_ai_series_t *volatile *) sh->pos;
    sh->pos += NGX_HTTP_AI_METRICS_HASH * sizeof(ngx_http_ai_series_t *);

    ngx_memzero((u_char *) sh->processes,
                sh->pos - (u_char *) sh->processes);

    for (i = 0; i < NGX_HTTP_AI_METRICS_KINDS; i++) {

        for (j = 0; j < ngx_http_ai_metrics_kinds[i].labels; j++) {
            labels[j] = &ngx_http_ai_metrics_other;
        }

        ngx_http_ai_metrics_key(&key, i, labels);
        sh->other[i] = ngx_http_ai_metrics_make(sh, &key);
    }

    sh->soft = sh->pos + (sh->end - sh->pos) / 4 * 3;

    return sh;
}


void
ngx_http_ai_metrics_init_process(ngx_http_ai_metrics_t *m)
{
    ngx_uint_t              i, n;
    ngx_http_ai_process_t  *p, *found;

    m->slot = ngx_worker % m->sh->nslots;

    /* the first record is shared by those who find no free one */

    p = m->sh->processes;
    found = &p[0];

    ngx_shmtx_lock(m->mutex);

    for (i = 1; i < NGX_HTTP_AI_METRICS_PROCESSES; i++) {

        if (p[i].pid != (ngx_atomic_uint_t) ngx_pid
            && ngx_http_ai_metrics_alive(&p[i]))
        {
            continue;
        }

        p[i].pid = 0;

        for (n = 0; n < NGX_HTTP_AI_LIVE_MAX; n++) {
            p[i].live[n] = 0;
        }

        if (found == &p[0]) {
            found = &p[i];
        }
    }

    if (found != &p[0]) {
        found->pid = ngx_pid;
    }

    ngx_shmtx_unlock(m->mutex);

    m->process = found;
}


static ngx_uint_t
ngx_http_ai_metrics_alive(ngx_http_ai_process_t *p)
{
    ngx_pid_t  pid;

    pid = (ngx_pid_t) p->pid;

    /* 5. no I/O: without a signal it only tells whether the process is there */

    return pid != 0 && (kill(pid, 0) == 0 || ngx_errno != NGX_ESRCH);
}


void
ngx_http_ai_metrics_record(ngx_http_ai_metrics_t *m,
    const ngx_http_ai_sample_t *s)
{
    int64_t           duration;
    ngx_uint_t        create;
    ngx_atomic_t     *cells, *timed;
    const ngx_str_t  *labels[NGX_HTTP_AI_METRICS_LABELS];

    if (m->process == NULL) {
        ngx_http_ai_metrics_init_process(m);
    }

    labels[0] = s->operation;
    labels[1] = s->provider;
    labels[2] = s->model;
    labels[3] = s->error;

    create = s->listed
             || s->status < NGX_HTTP_AI_METRICS_FAILED
             || s->model == NULL
             || s->model->len == 0;

    /* if the model gets no series, labels[2] is "_other" from here on */

    cells = ngx_http_ai_metrics_cells(m, NGX_HTTP_AI_METRICS_MODEL, labels,
                                      create);
    timed = cells;

    if (s->error != NULL && s->error->len) {
        timed = ngx_http_ai_metrics_cells(m, NGX_HTTP_AI_METRICS_ERROR,
                                          labels, 1);
    }

    duration = (int64_t) s->duration * 1000;

    ngx_http_ai_metrics_add(&timed[NGX_HTTP_AI_CELL_DURATION_SUM], duration);
    ngx_http_ai_metrics_observe(&timed[NGX_HTTP_AI_CELL_DURATION],
                                ngx_http_ai_duration_bounds, duration, 1);

    ngx_http_ai_metrics_add(&cells[NGX_HTTP_AI_CELL_STATUS
                                 + ngx_http_ai_metrics_status(s->status)], 1);

    if (s->usage != NULL && s->usage->reported) {
        ngx_http_ai_metrics_usage(cells, s->usage);

        if (s->estimated) {
            ngx_http_ai_metrics_add(&cells[NGX_HTTP_AI_CELL_ESTIMATED], 1);
        }
    }

    if (s->streamed) {
        ngx_http_ai_metrics_stream(cells, s);
    }

    if (s->attempts > 1) {
        ngx_http_ai_metrics_add(&cells[NGX_HTTP_AI_CELL_RETRIES],
                                s->attempts - 1);
    }

    if (s->fallbacks) {
        ngx_http_ai_metrics_add(&cells[NGX_HTTP_AI_CELL_FALLBACKS],
                                s->fallbacks);
    }
}


static void
ngx_http_ai_metrics_usage(ngx_atomic_t *cells, const ngx_ai_usage_t *usage)
{
    ngx_uint_t      i;
    ngx_ai_usage_t  u;

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        u.tokens[i] = ngx_min(usage->tokens[i], NGX_HTTP_AI_METRICS_TOKENS);

        if (u.tokens[i] <= 0) {
            u.tokens[i] = 0;
            continue;
        }

        ngx_http_ai_metrics_add(&cells[NGX_HTTP_AI_CELL_TOKENS + i],
                                u.tokens[i]);
    }

    if (ngx_ai_usage_in(&u)) {
        ngx_http_ai_metrics_observe(&cells[NGX_HTTP_AI_CELL_INPUT],
                                    ngx_http_ai_token_bounds,
                                    ngx_ai_usage_in(&u), 1);
    }

    if (ngx_ai_usage_out(&u)) {
        ngx_http_ai_metrics_observe(&cells[NGX_HTTP_AI_CELL_OUTPUT],
                                    ngx_http_ai_token_bounds,
                                    ngx_ai_usage_out(&u), 1);
    }
}


static void
ngx_http_ai_metrics_stream(ngx_atomic_t *cells, const ngx_http_ai_sample_t *s)
{
    int64_t     time;
    ngx_uint_t  n;

    ngx_http_ai_metrics_add(&cells[NGX_HTTP_AI_CELL_STREAMS], 1);

    if (s->ttft == NGX_CONF_UNSET_MSEC) {
        return;
    }

    time = (int64_t) s->ttft * 1000;

    ngx_http_ai_metrics_add(&cells[NGX_HTTP_AI_CELL_FIRST_SUM], time);
    ngx_http_ai_metrics_observe(&cells[NGX_HTTP_AI_CELL_FIRST],
                                ngx_http_ai_first_bounds, time, 1);

    if (s->chunks < 2 || s->last_chunk < s->ttft) {
        return;
    }

    /*
     * The convention wants each chunk timed.  All but the first are counted,
     * with the time they took on average: sum and count are the same.
     */

    n = s->chunks - 1;
    time = (int64_t) (s->last_chunk - s->ttft) * 1000;

    ngx_http_ai_metrics_add(&cells[NGX_HTTP_AI_CELL_CHUNK_SUM], time);
    ngx_http_ai_metrics_observe(&cells[NGX_HTTP_AI_CELL_CHUNK],
                                ngx_http_ai_chunk_bounds, time / n, n);
}


static void
ngx_http_ai_metrics_observe(ngx_atomic_t *buckets,
    const ngx_http_ai_named_t *bounds, int64_t value, ngx_uint_t n)
{
    ngx_uint_t  i;

    /* the last bound is above any value */

    for (i = 0; value > bounds[i].value; i++) { /* void */ }

    ngx_http_ai_metrics_add(&buckets[i], n);
}


static ngx_uint_t
ngx_http_ai_metrics_status(ngx_uint_t status)
{
    ngx_uint_t  i;

    for (i = 0; ngx_http_ai_statuses[i].value; i++) {
        if (ngx_http_ai_statuses[i].value == (int64_t) status) {
            return i;
        }
    }

    /* the rest is counted by class */

    return (status < 400) ? i : (status < 500) ? i + 1 : i + 2;
}


void
ngx_http_ai_metrics_attempt(ngx_http_ai_metrics_t *m,
    const ngx_str_t *provider, const ngx_str_t *fault)
{
    ngx_atomic_t     *cells;
    const ngx_str_t  *labels[NGX_HTTP_AI_METRICS_LABELS];

    if (m->process == NULL) {
        ngx_http_ai_metrics_init_process(m);
    }

    labels[0] = provider;
    labels[1] = (fault != NULL && fault->len) ? fault
                                              : &ngx_http_ai_metrics_none;

    cells = ngx_http_ai_metrics_cells(m, NGX_HTTP_AI_METRICS_ATTEMPT, labels,
                                      1);
    ngx_http_ai_metrics_add(&cells[0], 1);
}


void
ngx_http_ai_metrics_count(ngx_http_ai_metrics_t *m,
    ngx_http_ai_count_e counter)
{
    size_t  line;

    if (m->process == NULL) {
        ngx_http_ai_metrics_init_process(m);
    }

    line = ngx_http_ai_metrics_lines(NGX_HTTP_AI_COUNT_MAX)
           / sizeof(ngx_atomic_t);

    ngx_http_ai_metrics_add(&m->sh->counters[m->slot * line + counter], 1);
}


void
ngx_http_ai_metrics_live(ngx_http_ai_metrics_t *m, ngx_http_ai_live_e what,
    ngx_int_t delta)
{
    if (m->process == NULL) {
        ngx_http_ai_metrics_init_process(m);
    }

    ngx_http_ai_metrics_add(&m->process->live[what], delta);
}


static ngx_atomic_t *
ngx_http_ai_metrics_cells(ngx_http_ai_metrics_t *m, ngx_uint_t kind,
    const ngx_str_t **labels, ngx_uint_t create)
{
    size_t                      slot;
    ngx_http_ai_series_t       *s;
    ngx_http_ai_metrics_sh_t   *sh;
    ngx_http_ai_metrics_key_t   key;

    sh = m->sh;

    ngx_http_ai_metrics_key(&key, kind, labels);

    s = ngx_http_ai_metrics_find(sh, &key);

    if (s == NULL && create) {
        s = ngx_http_ai_metrics_new(m, &key,
                                    kind != NGX_HTTP_AI_METRICS_ATTEMPT);
    }

    if (s == NULL) {
        ngx_http_ai_metrics_count(m, NGX_HTTP_AI_COUNT_OVERFLOWS);

        if (kind != NGX_HTTP_AI_METRICS_ATTEMPT) {
            labels[2] = &ngx_http_ai_metrics_other;

            ngx_http_ai_metrics_key(&key, kind, labels);

            s = ngx_http_ai_metrics_find(sh, &key);

            if (s == NULL) {
                s = ngx_http_ai_metrics_new(m, &key, 0);
            }
        }
    }

    if (s == NULL) {
        s = sh->other[kind];
    }

    slot = m->slot * ngx_http_ai_metrics_kinds[kind].size;

    return (ngx_atomic_t *) ((u_char *) s->cells + slot);
}


static void
ngx_http_ai_metrics_key(ngx_http_ai_metrics_key_t *key, ngx_uint_t kind,
    const ngx_str_t **labels)
{
    u_char            c, *p;
    size_t            i, len;
    ngx_uint_t        n;
    const ngx_str_t  *label;

    p = key->data;

    *p++ = (u_char) kind;

    for (n = 0; n < ngx_http_ai_metrics_kinds[kind].labels; n++) {
        label = labels[n];

        len = (label != NULL) ? ngx_min(label->len, NGX_HTTP_AI_METRICS_LABEL)
                              : 0;
        *p++ = (u_char) len;

        for (i = 0; i < len; i++) {
            c = label->data[i];

            *p++ = (ngx_http_ai_metrics_plain[c >> 5]
                    & ((uint32_t) 1 << (c & 0x1f))) ? c : '_';
        }
    }

    key->len = p - key->data;
    key->hash = ngx_murmur_hash2(key->data, key->len);
}


static ngx_http_ai_series_t *
ngx_http_ai_metrics_find(ngx_http_ai_metrics_sh_t *sh,
    ngx_http_ai_metrics_key_t *key)
{
    ngx_http_ai_series_t  *s;

    for (s = sh->buckets[key->hash & sh->mask]; s != NULL; s = s->next) {

        if (s->hash == key->hash
            && s->len == key->len
            && ngx_memcmp(s->key, key->data, key->len) == 0)
        {
            return s;
        }
    }

    return NULL;
}


static ngx_http_ai_series_t *
ngx_http_ai_metrics_new(ngx_http_ai_metrics_t *m,
    ngx_http_ai_metrics_key_t *key, ngx_uint_t soft)
{
    ngx_http_ai_series_t  *s;

    /* when it is full it is full for good: the lock is left alone */

    if (!ngx_http_ai_metrics_room(m->sh, key, soft)) {
        return NULL;
    }

    ngx_shmtx_lock(m->mutex);

    s = ngx_http_ai_metrics_find(m->sh, key);

    if (s == NULL && ngx_http_ai_metrics_room(m->sh, key, soft)) {
        s = ngx_http_ai_metrics_make(m->sh, key);
    }

    ngx_shmtx_unlock(m->mutex);

    return s;
}


static ngx_uint_t
ngx_http_ai_metrics_room(ngx_http_ai_metrics_sh_t *sh,
    ngx_http_ai_metrics_key_t *key, ngx_uint_t soft)
{
    size_t      size;
    u_char     *end;
    ngx_uint_t  limit;

    size = ngx_http_ai_metrics_series_size(key->len)
           + sh->nslots * ngx_http_ai_metrics_kinds[key->data[0]].size;

    end = sh->end;
    limit = NGX_HTTP_AI_METRICS_SERIES;

    if (soft) {
        end = sh->soft;
        limit = limit / 4 * 3;
    }

    return sh->nseries < limit && sh->pos + size <= end;
}


static ngx_http_ai_series_t *
ngx_http_ai_metrics_make(ngx_http_ai_metrics_sh_t *sh,
    ngx_http_ai_metrics_key_t *key)
{
    u_char                          *p;
    size_t                           size, cells;
    ngx_http_ai_series_t            *s;
    ngx_http_ai_series_t *volatile  *bucket;

    size = ngx_http_ai_metrics_series_size(key->len);
    cells = sh->nslots * ngx_http_ai_metrics_kinds[key->data[0]].size;

    p = sh->pos;
    sh->pos += size + cells;

    s = (ngx_http_ai_series_t *) p;

    s->cells = (ngx_atomic_t *) (p + size);
    s->number = sh->nseries++;
    s->hash = key->hash;
    s->len = key->len;
    ngx_memcpy(s->key, key->data, key->len);
    ngx_memzero(p + size, cells);

    bucket = &sh->buckets[key->hash & sh->mask];
    s->next = *bucket;

    /* it is read without the lock: all of it before the link to it */

    ngx_memory_barrier();

    *bucket = s;

    return s;
}


void
ngx_http_ai_metrics_sum(ngx_http_ai_metrics_sh_t *sh,
    ngx_http_ai_series_t *s, ngx_uint_t first, ngx_uint_t n, uint64_t *sum)
{
    size_t         size;
    ngx_uint_t     i, slot;
    ngx_atomic_t  *cells;

    size = ngx_http_ai_metrics_kinds[s->key[0]].size / sizeof(ngx_atomic_t);

    ngx_memzero(sum, n * sizeof(uint64_t));

    for (slot = 0; slot < sh->nslots; slot++) {
        cells = &s->cells[slot * size + first];

        for (i = 0; i < n; i++) {
            sum[i] += cells[i];
        }
    }
}


uint64_t
ngx_http_ai_metrics_counter(ngx_http_ai_metrics_sh_t *sh,
    ngx_http_ai_count_e counter)
{
    size_t      line;
    uint64_t    sum;
    ngx_uint_t  slot;

    sum = 0;

    line = ngx_http_ai_metrics_lines(NGX_HTTP_AI_COUNT_MAX)
           / sizeof(ngx_atomic_t);

    for (slot = 0; slot < sh->nslots; slot++) {
        sum += sh->counters[slot * line + counter];
    }

    return sum;
}


int64_t
ngx_http_ai_metrics_gauge(ngx_http_ai_metrics_sh_t *sh,
    ngx_http_ai_live_e what)
{
    int64_t                 sum;
    ngx_uint_t              i;
    ngx_http_ai_process_t  *p;

    p = sh->processes;
    sum = (int64_t) p[0].live[what];

    for (i = 1; i < NGX_HTTP_AI_METRICS_PROCESSES; i++) {
        if (p[i].live[what] && ngx_http_ai_metrics_alive(&p[i])) {
            sum += (int64_t) p[i].live[what];
        }
    }

    return ngx_max(sum, 0);
}
