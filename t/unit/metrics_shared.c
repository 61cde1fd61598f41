
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* the metrics of many models, many workers and little memory */


#include "metrics_env.h"


#define ROUNDS      20000
#define ADDS        5000000
#define NPROCESSES  4
#define NMODELS     700


static void bounded(void);
static void same(void);
static void race(void);
static void locks(void);
static void workers(void);
static void gauges(void);
static void memory(void);


static ngx_http_ai_metrics_t  other;


static void
bounded(void)
{
    char                   *p, name[32];
    size_t                  size;
    ngx_uint_t              i, n, slots;
    ngx_http_ai_sample_t    s;
    ngx_http_ai_metrics_t   m;

    for (slots = 1; slots <= 64; slots *= 8) {

        for (n = 0; n < 3; n++) {
            size = (n == 0) ? ngx_http_ai_metrics_min_size(slots) + PAGE
                   : (n == 1) ? ngx_http_ai_metrics_max_size(slots) / 2 : 0;

            fresh(&m, size, slots);
            m.slot = slots - 1;

            for (i = 0; i < 3000; i++) {
                sprintf(name, "model-%d", (int) i);
                sample(&s, name);
                s.error = text("rate_limit_error");
                ngx_http_ai_metrics_record(&m, &s);

                if (i % 500 == 0) {
                    ngx_reset_pool(pool);
                }
            }

            sample(&s, "late");
            s.provider = text("another");
            ngx_http_ai_metrics_record(&m, &s);
            ngx_http_ai_metrics_attempt(&m, text("another"), NULL);

            for (i = 0; i < 3000; i++) {
                sprintf(name, "provider-%d", (int) i);
                ngx_http_ai_metrics_attempt(&m, text(name), NULL);
            }

            p = page(&m);

            ok(m.sh->pos <= m.sh->end
               && m.sh->nseries <= NGX_HTTP_AI_METRICS_SERIES
               && m.sh->nseries >= 8,
               "%d slots, size %d: series are bounded", (int) slots, (int) n);
            ok(value(p, "ai_gateway_requests_total") == 3001
               && value(p, "ai_gateway_attempts_total") == 3001
               && value(p, D("_count")) == 3001,
               "and nothing is lost");
            ok(has(p, "ai_gateway_requests_total{operation=\"chat\",provider="
                      "\"another\",model=\"_other\",status=\"200\"} 1"),
               "a provider that comes late still has its name");
            ok(value(p, "ai_gateway_metrics_overflows_total") > 3000,
               "what is counted as another is counted");

            munmap(m.sh, m.sh->end - (u_char *) m.sh + PAGE);
            ngx_reset_pool(pool);
        }
    }
}


static void
same(void)
{
    ngx_http_ai_sample_t  s;

    sample(&s, "m");
    ngx_http_ai_metrics_record(&other, &s);
}


static void
race(void)
{
    ngx_http_ai_sample_t    s;
    ngx_http_ai_metrics_t   m;

    fresh(&m, 0, 1);
    other = m;

    sample(&s, "m");
    meanwhile = same;
    ngx_http_ai_metrics_record(&m, &s);

    is_int(m.sh->nseries, 1 + NGX_HTTP_AI_METRICS_KINDS,
           "a series made by another while waiting is not made twice");
    is_int(value(page(&m), "ai_gateway_requests_total"), 2,
           "and counts for both");
}


static void
locks(void)
{
    ngx_uint_t              n;
    ngx_http_ai_sample_t    s;
    ngx_http_ai_metrics_t   m;

    fresh(&m, 0, 1);
    sample(&s, "m");
    s.error = text("timeout");

    n = lock[1];
    ngx_http_ai_metrics_record(&m, &s);
    is_int(lock[1] - n, 2, "a new series takes the lock");

    n = lock[1];
    ngx_http_ai_metrics_record(&m, &s);
    ngx_http_ai_metrics_count(&m, NGX_HTTP_AI_COUNT_CLIENT_ABORTS);
    ngx_http_ai_metrics_live(&m, NGX_HTTP_AI_LIVE_REQUESTS, 1);
    (void) page(&m);
    is_int(lock[1] - n, 0, "nothing after that does");

    /* as a worker leaves it that is killed before it links its series */

    m.sh->pos += 64;
    m.sh->nseries++;

    sample(&s, "next");
    ngx_http_ai_metrics_record(&m, &s);

    is_int(value(page(&m), "ai_gateway_requests_total"), 3,
           "a worker that died while making a series leaves a gap, no more");
}


static void
workers(void)
{
    char                   *p, name[32];
    ngx_int_t               i, j;
    ngx_atomic_t           *ready;
    ngx_http_ai_sample_t    s;
    ngx_http_ai_metrics_t   m;

    fresh(&m, 0, 1);

    ready = (ngx_atomic_t *) zone(PAGE);
    *ready = 0;

    for (i = 0; i < NPROCESSES; i++) {

        if (fork() == 0) {
            ngx_pid = getpid();
            ngx_worker = i;
            ngx_http_ai_metrics_init_process(&m);

            (void) ngx_atomic_fetch_add(ready, 1);

            while (*ready < NPROCESSES) {
                sched_yield();
            }

            for (j = 0; j < ROUNDS; j++) {
                sprintf(name, "model-%d", (int) (j % NMODELS));

                if (j % 200 == 0) {
                    ngx_reset_pool(pool);
                }

                sample(&s, name);
                ngx_http_ai_metrics_record(&m, &s);
            }

            for (j = 0; j < ADDS; j++) {
                ngx_http_ai_metrics_count(&m, NGX_HTTP_AI_COUNT_IDLE_DROPPED);
            }

            _exit(0);
        }
    }

    while (wait(NULL) > 0) { /* void */ }

    p = page(&m);

    is_int(value(p, "ai_gateway_requests_total"), NPROCESSES * ROUNDS,
           "workers that meet new models at the same time lose no request");
    is_int(value(p, D("_count")), NPROCESSES * ROUNDS, "and no time");
    is_int(m.sh->nseries, NMODELS + NGX_HTTP_AI_METRICS_KINDS,
           "and make one series of each");
    is_int(value(p, "ai_gateway_idle_connections_dropped_total"),
           NPROCESSES * ADDS,
           "workers that share a slot do not overwrite each other");
}


static void
gauges(void)
{
    int                     fds[2], back[2];
    char                    c;
    ngx_pid_t               pid;
    ngx_http_ai_metrics_t   m;

    fresh(&m, 0, 1);

    ngx_http_ai_metrics_live(&m, NGX_HTTP_AI_LIVE_REQUESTS, 1);
    ngx_http_ai_metrics_live(&m, NGX_HTTP_AI_LIVE_REQUESTS, 1);
    ngx_http_ai_metrics_live(&m, NGX_HTTP_AI_LIVE_REQUESTS, -1);

    if (pipe(fds) != 0 || pipe(back) != 0) {
        exit(2);
    }

    pid = fork();

    if (pid == 0) {
        ngx_pid = getpid();
        ngx_http_ai_metrics_init_process(&m);
        ngx_http_ai_metrics_live(&m, NGX_HTTP_AI_LIVE_REQUESTS, 5);

        _exit(write(fds[1], "x", 1) != 1 || read(back[0], &c, 1) != 1);
    }

    if (read(fds[0], &c, 1) != 1) {
        exit(2);
    }

    ok(has(page(&m), "ai_gateway_in_flight{kind=\"requests\"} 6"),
       "requests of all processes are in flight");

    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);

    ok(has(page(&m), "ai_gateway_in_flight{kind=\"requests\"} 1"),
       "those of a process that was killed are not");

    m.sh->processes[2].pid = pid;
    m.sh->processes[2].live[0] = 7;
    m.sh->processes[3].pid = 0;

    ngx_http_ai_metrics_init_process(&m);

    is_int(m.sh->processes[2].pid, 0, "its record is free again");
    ok(has(page(&m), "ai_gateway_in_flight{kind=\"requests\"} 0"),
       "a process starts with nothing in flight");
}


static void
memory(void)
{
    off_t                   len;
    ngx_int_t               rc;
    ngx_uint_t              i, failed;
    ngx_chain_t            *out;
    ngx_http_ai_sample_t    s;
    ngx_http_ai_metrics_t   m;

    char  name[32];

    fresh(&m, 0, 1);

    for (i = 0; i < 300; i++) {
        sprintf(name, "model-%d", (int) i);
        sample(&s, name);
        ngx_http_ai_metrics_record(&m, &s);
    }

    failed = 0;

    for (i = 1; /* void */ ; i++) {
        ngx_shim_fail_at = i;
        rc = ngx_http_ai_metrics_render(&m, pool, &out, &len);

        if (rc == NGX_OK) {
            break;
        }

        failed++;
        ngx_reset_pool(pool);
    }

    ngx_shim_fail_at = 0;

    ok(failed > 10, "a page without memory is an error, each time");
    ok(out->next != NULL, "a large page is more than one buffer");
}


int
main(void)
{
    void  (*tests[])(void) = {
        bounded,
        race,
        locks,
        workers,
        gauges,
        memory
    };

    return run(tests, sizeof(tests) / sizeof(tests[0]));
}
