
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _METRICS_ENV_H_INCLUDED_
#define _METRICS_ENV_H_INCLUDED_


/*
 * The metrics in shared memory, without nginx: processes are forked, and the
 * mutex of the zone is a lock in the same memory that counts its uses.  The
 * store floor is not in the archive of the pure floors, so its files are
 * part of the test.
 */


#include "../../src/store/ngx_http_ai_metrics.c"
#include "../../src/store/ngx_http_ai_metrics_bounds.c"
#include "../../src/store/ngx_http_ai_metrics_text.c"
#include "tap.h"

#include <sys/wait.h>


#define PAGE  4096

#define D(rest)                                                               \
    "gen_ai_client_operation_duration_seconds" rest


static u_char *zone(size_t size);
static void fresh(ngx_http_ai_metrics_t *m, size_t size, ngx_uint_t nslots);
static void sample(ngx_http_ai_sample_t *s, char *model);
static ngx_str_t *text(char *s);
static char *page(ngx_http_ai_metrics_t *m);
static int has(char *text, char *line);
static unsigned long long value(char *text, char *name);
static int run(void (**tests)(void), size_t n);


ngx_uint_t            ngx_worker;
ngx_pid_t             ngx_pid;

static ngx_atomic_t  *lock;      /* and how often it was taken */
static ngx_shmtx_t    mutex;
static ngx_pool_t    *pool;

/* done once by another worker while this one waits for the lock */
static void         (*meanwhile)(void);


/* what the metrics need of the nginx core besides the shim */

void
ngx_shmtx_lock(ngx_shmtx_t *mtx)
{
    void  (*act)(void);

    if (meanwhile != NULL) {
        act = meanwhile;
        meanwhile = NULL;
        act();
    }

    while (!ngx_atomic_cmp_set(mtx->lock, 0, 1)) {
        sched_yield();
    }

    mtx->lock[1]++;
}


void
ngx_shmtx_unlock(ngx_shmtx_t *mtx)
{
    ngx_memory_barrier();
    *mtx->lock = 0;
}


uint32_t
ngx_murmur_hash2(u_char *data, size_t len)
{
    uint32_t  h;

    for (h = 2166136261u; len; len--) {
        h = (h ^ *data++) * 16777619u;
    }

    return h;
}


ngx_buf_t *
ngx_create_temp_buf(ngx_pool_t *p, size_t size)
{
    ngx_buf_t  *b;

    b = ngx_pcalloc(p, sizeof(ngx_buf_t));
    if (b == NULL) {
        return NULL;
    }

    b->start = ngx_palloc(p, size);
    if (b->start == NULL) {
        return NULL;
    }

    b->pos = b->start;
    b->last = b->start;
    b->end = b->last + size;
    b->temporary = 1;

    return b;
}


ngx_chain_t *
ngx_alloc_chain_link(ngx_pool_t *p)
{
    return ngx_palloc(p, sizeof(ngx_chain_t));
}


/* shared with children, dirty as memory of a zone is, ends at a bad page */

static u_char *
zone(size_t size)
{
    u_char  *p;

    size = (size + PAGE - 1) / PAGE * PAGE;

    p = mmap(NULL, size + PAGE, PROT_READ|PROT_WRITE,
             MAP_SHARED|MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED || mprotect(p + size, PAGE, PROT_NONE) != 0) {
        perror("zone");
        exit(2);
    }

    memset(p, 0xa5, size);

    return p;
}


static void
fresh(ngx_http_ai_metrics_t *m, size_t size, ngx_uint_t nslots)
{
    ngx_memzero(m, sizeof(ngx_http_ai_metrics_t));

    if (size == 0) {
        size = ngx_http_ai_metrics_max_size(nslots);
    }

    size = size / PAGE * PAGE;

    m->sh = ngx_http_ai_metrics_create(zone(size), size, nslots);
    m->mutex = &mutex;

    ngx_http_ai_metrics_init_process(m);
}


static ngx_str_t *
text(char *s)
{
    ngx_str_t  *str;

    str = ngx_palloc(pool, sizeof(ngx_str_t));
    str->data = (u_char *) s;
    str->len = strlen(s);

    return str;
}


static void
sample(ngx_http_ai_sample_t *s, char *model)
{
    ngx_memzero(s, sizeof(ngx_http_ai_sample_t));

    s->operation = text("chat");
    s->provider = text("openai");
    s->model = text(model);
    s->status = 200;
    s->duration = 15;
    s->ttft = NGX_CONF_UNSET_MSEC;
    s->attempts = 1;
    s->listed = 1;
}


static char *
page(ngx_http_ai_metrics_t *m)
{
    char         *p, *buf;
    off_t         len;
    ngx_chain_t  *out, *cl;

    if (ngx_http_ai_metrics_render(m, pool, &out, &len) != NGX_OK) {
        printf("Bail out! no page\n");
        exit(2);
    }

    buf = ngx_palloc(pool, len + 1);
    p = buf;

    for (cl = out; cl != NULL; cl = cl->next) {
        p = (char *) ngx_cpymem(p, cl->buf->pos,
                                cl->buf->last - cl->buf->pos);
    }

    *p = '\0';

    if (p - buf != len) {
        printf("Bail out! the length is wrong\n");
        exit(2);
    }

    return buf;
}


/* there is that whole line */

static int
has(char *text, char *line)
{
    char    *p;
    size_t   len;

    len = strlen(line);

    for (p = text; (p = strstr(p, line)) != NULL; p++) {
        if ((p == text || p[-1] == '\n') && p[len] == '\n') {
            return 1;
        }
    }

    return 0;
}


/* the sum of all lines of a metric */

static unsigned long long
value(char *text, char *name)
{
    char                *p;
    size_t               len;
    unsigned long long   sum;

    sum = 0;
    len = strlen(name);

    for (p = text; (p = strstr(p, name)) != NULL; p++) {

        if ((p == text || p[-1] == '\n')
            && (p[len] == ' ' || p[len] == '{'))
        {
            p = strchr(p, '\n');

            while (*--p != ' ') { /* void */ }

            sum += strtoull(p, NULL, 10);
        }
    }

    return sum;
}


static int
run(void (**tests)(void), size_t n)
{
    size_t  i;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    lock = (ngx_atomic_t *) zone(PAGE);
    lock[0] = 0;
    lock[1] = 0;
    mutex.lock = lock;
    ngx_pid = getpid();

    for (i = 0; i < n; i++) {
        tests[i]();
        ngx_reset_pool(pool);
    }

    ngx_destroy_pool(pool);

    return done();
}


#endif /* _METRICS_ENV_H_INCLUDED_ */
