
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The owners in shared memory, without nginx: a zone of a few pages, whose
 * slab allocator hands out slots, and workers that are forked, and killed
 * between any two instructions that they run under the mutex.
 *
 * The store floor is not in the archive of the pure floors, so its file is
 * part of the test.
 */


#include "../../src/store/ngx_http_ai_owners.c"
#include "tap.h"

#include <sys/ptrace.h>
#include <sys/wait.h>


#define SLOTS     2048
#define NKEYS     3
#define NIDS      40
#define ROUNDS    200000
#define KILLS     200
#define WORKERS   3

/* a share that holds so many entries, with as many buckets */
#define share(n)  ((n) * (sizeof(ngx_http_ai_owner_t) + sizeof(void *)))


typedef struct {
    ngx_slab_pool_t      pool;
    ngx_atomic_t         lock;
    ngx_uint_t           slots;      /* that may be taken */
    ngx_uint_t           taken;
    size_t               used;       /* of "rest" */
    u_char               slot[SLOTS];
    ngx_http_ai_owner_t  entries[SLOTS];
    u_char               rest[65536];
} zone_t;


/* what is noted of an id by the test itself */

typedef struct {
    int                  key;        /* -1: not noted */
    int                  provider;
    ngx_uint_t           used;
} expect_t;


static void fresh(ngx_uint_t max);
static ngx_str_t *str(const char *fmt, int n);
static ngx_int_t note(int id, int provider, int key, time_t now);
static ngx_int_t find(int id, int key, time_t now);
static void forget(int id);
static const char *broken(void);
static void known(void);
static void oldest(void);
static void memory(void);
static void any(void);
static void expect(expect_t *e, int max, int id);
static void death(void);
static void step(const char *name, void (*op)(void), int touched);
static const char *survived(int touched);
static void killed(void);
static void worker(unsigned seed);
static void workers(void);


static zone_t                *zone, *saved;
static ngx_http_ai_owners_t   o;
static ngx_uint_t             stepping;


/* what the store needs of the nginx core besides the shim */

void
ngx_shmtx_lock(ngx_shmtx_t *mtx)
{
    if (stepping) {
        raise(SIGSTOP);
        *mtx->lock = 1;
        return;
    }

    while (!ngx_atomic_cmp_set(mtx->lock, 0, 1)) {
        sched_yield();
    }
}


void
ngx_shmtx_unlock(ngx_shmtx_t *mtx)
{
    ngx_memory_barrier();
    *mtx->lock = 0;
}


void *
ngx_slab_calloc(ngx_slab_pool_t *pool, size_t size)
{
    u_char  *p;

    p = zone->rest + zone->used;

    if (size > sizeof(zone->rest) - zone->used) {
        return NULL;
    }

    zone->used += size;
    ngx_memzero(p, size);

    return p;
}


void *
ngx_slab_alloc_locked(ngx_slab_pool_t *pool, size_t size)
{
    ngx_uint_t  i;

    for (i = 0; i < zone->slots; i++) {
        if (!zone->slot[i]) {
            zone->slot[i] = 1;
            zone->taken++;
            return &zone->entries[i];
        }
    }

    return NULL;
}


void
ngx_slab_free_locked(ngx_slab_pool_t *pool, void *p)
{
    zone->slot[(ngx_http_ai_owner_t *) p - zone->entries] = 0;
    zone->taken--;

    ngx_memset(p, 0xa5, sizeof(ngx_http_ai_owner_t));
}


static void
fresh(ngx_uint_t max)
{
    ngx_memset(zone, 0xa5, sizeof(zone_t));
    ngx_memzero(zone->slot, SLOTS);

    zone->lock = 0;
    zone->slots = SLOTS;
    zone->taken = 0;
    zone->used = 0;
    zone->pool.mutex.lock = &zone->lock;

    o.shpool = &zone->pool;
    o.sh = ngx_http_ai_owners_create(&zone->pool, share(max));
    o.sh->max = max;
}


static ngx_str_t *
str(const char *fmt, int n)
{
    static char        text[4][32];
    static unsigned    i;
    static ngx_str_t   s[4];

    i = (i + 1) % 4;
    s[i].data = (u_char *) text[i];
    s[i].len = sprintf(text[i], fmt, n);

    return &s[i];
}


static ngx_int_t
note(int id, int provider, int key, time_t now)
{
    return ngx_http_ai_owners_note(&o, str("resp_%d", id),
                                   str("provider-%d", provider),
                                   str("key-%d", key), now);
}


/* the provider, or what the look-up says */

static ngx_int_t
find(int id, int key, time_t now)
{
    u_char      provider[NGX_HTTP_AI_OWNERS_NAME];
    ngx_int_t   rc;

    rc = ngx_http_ai_owners_find(&o, str("resp_%d", id), str("key-%d", key),
                                 now, provider);

    if (rc != NGX_OK) {
        return rc;
    }

    for (rc = 0; rc < 100; rc++) {
        if (ngx_http_ai_owners_is(provider, str("provider-%d", (int) rc))) {
            return rc;
        }
    }

    return 1000;
}


static void
forget(int id)
{
    ngx_http_ai_owners_forget(&o, str("resp_%d", id));
}


/* what is not as it should be, of all that is linked; NULL if nothing is */

static const char *
broken(void)
{
    ngx_uint_t            i, n, all;
    ngx_queue_t          *q;
    ngx_http_ai_owner_t  *e;

    all = 0;

    for (i = 0; i <= o.sh->mask; i++) {
        n = 0;

        for (e = o.sh->buckets[i]; e != NULL; e = e->next) {

            if (e < zone->entries || e >= zone->entries + SLOTS
                || !zone->slot[e - zone->entries])
            {
                return "an entry is no entry";
            }

            if (*ngx_http_ai_owners_link(o.sh, e->id) != e) {
                return "an entry is there twice, or in another's bucket";
            }

            if (++n > SLOTS) {
                return "a bucket is a circle";
            }

            all++;
        }
    }

    n = 0;

    for (q = ngx_queue_head(&o.sh->queue);
         q != ngx_queue_sentinel(&o.sh->queue);
         q = ngx_queue_next(q))
    {
        e = ngx_queue_data(q, ngx_http_ai_owner_t, queue);

        if (q->next->prev != q || q->prev->next != q) {
            return "the queue is torn";
        }

        if (*ngx_http_ai_owners_link(o.sh, e->id) != e || ++n > all) {
            return "the queue has what is in no bucket";
        }
    }

    return (n != all || o.sh->n != all || n > o.sh->max)
           ? "a count is wrong" : NULL;
}


static void
known(void)
{
    u_char     provider[NGX_HTTP_AI_OWNERS_NAME];
    ngx_str_t  empty = ngx_null_string;

    fresh(100);

    is_int(find(1, 1, 1), NGX_DECLINED, "nothing is known at first");

    is_int(note(1, 7, 1, 1), NGX_OK, "what was made is noted");
    is_int(note(2, 8, 2, 1), NGX_OK, "by whom and where");

    is_int(find(1, 1, 2), 7, "its key finds the provider");
    is_int(find(2, 2, 2), 8, "each its own");
    is_int(find(1, 2, 2), NGX_HTTP_AI_OWNERS_OTHER,
           "another key is told apart");
    is_int(find(3, 1, 2), NGX_DECLINED, "from an id that is not known");

    is_int(ngx_http_ai_owners_find(&o, str("resp_%d", 1), NULL, 2, provider),
           NGX_HTTP_AI_OWNERS_OTHER, "having no key is being another");

    (void) ngx_http_ai_owners_note(&o, str("resp_%d", 4),
                                   str("provider-%d", 9), NULL, 2);
    is_int(ngx_http_ai_owners_find(&o, str("resp_%d", 4), &empty, 2, provider),
           NGX_OK, "where there are no keys all are the same one");
    ok(ngx_http_ai_owners_is(provider, str("provider-%d", 9))
       && !ngx_http_ai_owners_is(provider, str("provider-%d", 8)),
       "and the provider is that one and no other");
    is_int(find(4, 1, 2), NGX_HTTP_AI_OWNERS_OTHER,
           "what was made without a key is no key's");

    is_int(note(1, 8, 2, 3), NGX_OK, "an id that is made again");
    is_int(find(1, 1, 3), NGX_HTTP_AI_OWNERS_OTHER, "is not the former key's");
    is_int(find(1, 2, 3), 8, "but the one's that made it last");
    is_int(o.sh->n, 3, "and is there once");

    forget(1);
    is_int(find(1, 2, 3), NGX_DECLINED, "what is forgotten is unknown");
    forget(1);
    forget(99);
    is_int(find(2, 2, 3), 8, "and nothing else is");
    is_int(zone->taken, 2, "its memory is free again");
    ok(broken() == NULL, "all is well");
}


static void
oldest(void)
{
    int  i, n;

    fresh(1000);

    for (i = 0; i < 1000; i++) {
        (void) note(i, i % 10, i % 3, i);
    }

    for (i = 0, n = 0; i < 1000; i++) {
        n += (find(i, i % 3, 1000 + i) == i % 10);
    }

    is_int(n, 1000, "a share holds as many as it was made for");

    (void) find(0, 0, 2000);
    (void) find(3, 1, 2000);
    (void) note(2000, 1, 1, 2001);
    (void) note(2001, 1, 1, 2001);
    (void) note(2002, 1, 1, 2001);

    is_int(find(1, 1, 2002), NGX_DECLINED, "then the oldest one goes");
    is_int(find(2, 2, 2002), NGX_DECLINED, "and the next one");
    is_int(find(0, 0, 2002), 0, "not the one that was used since");
    is_int(find(3, 0, 2002), NGX_DECLINED, "by its own key");

    for (i = 0; i < 5000; i++) {
        (void) note(10000 + i, 1, 1, 3000);
    }

    is_int(o.sh->n, 1000, "there are never more");
    is_int(zone->taken, 1000, "nor is more memory used");
    is_int(find(14000, 1, 3000), 1, "the last 1000 are there");
    is_int(find(13999, 1, 3000), NGX_DECLINED, "and those before are not");
    ok(broken() == NULL, "all is well");
}


static void
memory(void)
{
    int  i;

    fresh(100);
    zone->slots = 10;

    for (i = 0; i < 20; i++) {
        is_int(note(i, 1, 1, i), NGX_OK, "less memory than the share: %d", i);
    }

    is_int(o.sh->n, 10, "holds as many as there is memory for");
    is_int(find(10, 1, 20), 1, "the last ones");
    is_int(find(9, 1, 20), NGX_DECLINED, "not those before");

    zone->slots = 0;
    for (i = 0; i < 10; i++) {
        forget(10 + i);
    }

    is_int(note(1, 1, 1, 1), NGX_ERROR, "no memory at all is an error");
    is_int(find(1, 1, 1), NGX_DECLINED, "and nothing is noted");
    zone->slots = 1;
    is_int(note(1, 1, 1, 1), NGX_OK, "until there is some again");
    ok(broken() == NULL, "all is well");

    fresh(100);
    zone->used = sizeof(zone->rest) - 100;
    ok(ngx_http_ai_owners_create(&zone->pool, share(100)) == NULL,
       "no memory for the buckets is an error");
    zone->used = sizeof(zone->rest);
    ok(ngx_http_ai_owners_create(&zone->pool, share(100)) == NULL,
       "nor for the root");
}


static void
any(void)
{
    int         id, n, max;
    expect_t    e[NIDS];
    unsigned    seed, what;
    ngx_int_t   rc, want;

    seed = 1;

    for (max = 1; max < NIDS; max += 13) {
        fresh(max);
        o.sh->mask &= 7;

        for (id = 0; id < NIDS; id++) {
            e[id].key = -1;
        }

        for (n = 1; n < 20000; n++) {
            what = rand_r(&seed) % 8;
            id = rand_r(&seed) % NIDS;

            if (what == 0) {
                forget(id);
                e[id].key = -1;
                continue;
            }

            if (what < 4) {
                expect(e, max, id);
                e[id].key = rand_r(&seed) % NKEYS;
                e[id].provider = rand_r(&seed) % 9;
                e[id].used = n;

                (void) note(id, e[id].provider, e[id].key, n);
                continue;
            }

            want = (e[id].key < 0) ? NGX_DECLINED
                   : (what == 4) ? NGX_HTTP_AI_OWNERS_OTHER
                   : e[id].provider;

            rc = find(id, (e[id].key + (what == 4)) % NKEYS, n);

            if (rc != want) {
                break;
            }

            if (rc >= 0) {
                e[id].used = n;
            }
        }

        is_int(n, 20000, "whatever is done, a share of %d is as it should be",
               max);
        ok(broken() == NULL, "and all is well");
    }
}


/* the id is to be noted: one that is known may have to go */

static void
expect(expect_t *e, int max, int id)
{
    int  i, old;

    if (e[id].key >= 0) {
        return;
    }

    old = -1;

    for (i = 0; i < NIDS; i++) {
        if (e[i].key >= 0) {
            max--;

            if (old < 0 || e[i].used < e[old].used) {
                old = i;
            }
        }
    }

    if (max == 0) {
        e[old].key = -1;
    }
}


/* eight are noted of ten that may be: id i of provider i and key i % 3 */

#define BASE  8

static void op_new(void) { (void) note(100, 1, 1, 100); }
static void op_again(void) { (void) note(2, 5, 1, 100); }
static void op_find(void) { (void) find(2, 2, 100); }
static void op_forget(void) { forget(2); }


static void
death(void)
{
    int  i;

    fresh(BASE + 2);
    o.sh->mask &= 3;

    for (i = 0; i < BASE; i++) {
        (void) note(i, i, i % NKEYS, i);
    }

    ngx_memcpy(saved, zone, sizeof(zone_t));

    step("noting", op_new, 100);
    step("noting what is known", op_again, 2);
    step("finding", op_find, 2);
    step("forgetting", op_forget, 2);

    o.sh->max = BASE;
    ngx_memcpy(saved, zone, sizeof(zone_t));
    step("noting when it is full", op_new, 100);

    /* the queue as one who died could have left it */

    o.sh->max = BASE + 2;
    o.sh->changing = 1;
    o.sh->n = 77;
    ngx_queue_init(&o.sh->queue);
    zone->entries[3].queue.next = NULL;
    zone->entries[5].queue.prev = NULL;
    ngx_memcpy(saved, zone, sizeof(zone_t));
    step("repairing, and finding", op_find, 2);
    step("repairing, and noting", op_new, 100);
}


/*
 * A worker runs "op", and stands still after each instruction that changed
 * the zone.  As far as others are concerned it could as well be dead.
 */

static void
step(const char *name, void (*op)(void), int touched)
{
    int          status, states;
    ngx_pid_t    pid;
    const char  *fault;

    static zone_t  then;

    ngx_memcpy(zone, saved, sizeof(zone_t));

    pid = fork();

    if (pid == 0) {
        stepping = 1;
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        op();
        _exit(0);
    }

    states = 0;
    fault = NULL;

    waitpid(pid, &status, 0);
    ngx_memcpy(&then, zone, sizeof(zone_t));

    while (WIFSTOPPED(status) && fault == NULL) {

        if (states && !zone->lock) {
            ptrace(PTRACE_CONT, pid, NULL, NULL);

        } else {
            ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
        }

        waitpid(pid, &status, 0);

        if (ngx_memcmp(&then, zone, sizeof(zone_t)) == 0) {
            continue;
        }

        states++;
        ngx_memcpy(&then, zone, sizeof(zone_t));

        fault = survived(touched);
        ngx_memcpy(zone, &then, sizeof(zone_t));
    }

    ok(fault == NULL, "%s: a death at any moment is survived: %s", name,
       fault ? fault : "yes");
    ok(WIFEXITED(status) && states > 5, "there were %d of them", states);

    if (!WIFEXITED(status)) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}


/* what the next one finds when nginx has released the mutex */

static const char *
survived(int touched)
{
    int         i, missing;
    ngx_int_t   rc;

    zone->lock = 0;
    missing = 0;

    for (i = 0; i < BASE; i++) {
        rc = find(i, i % NKEYS, 200);

        if (rc == NGX_DECLINED) {
            missing++;

        } else if (rc != i && i != touched) {
            return "somebody else's entry has changed";

        } else if (rc != i && rc != NGX_HTTP_AI_OWNERS_OTHER) {
            return "an entry is half of one and half of another";
        }
    }

    if (missing > 1) {
        return "more than one entry is gone";
    }

    rc = find(touched, touched == 2 ? 1 : touched % NKEYS, 200);

    if (rc != NGX_DECLINED && rc != NGX_HTTP_AI_OWNERS_OTHER
        && rc != (touched == 2 ? 5 : 1))
    {
        return "the new entry is not complete";
    }

    if (broken() != NULL) {
        return broken();
    }

    if (note(300, 3, 0, 300) != NGX_OK || find(300, 0, 300) != 3) {
        return "nothing can be noted any more";
    }

    return broken();
}


/* workers that are killed at random, for what happens to real ones */

static void
killed(void)
{
    int          i, n, status;
    ngx_pid_t    pid;
    const char  *fault;

    fresh(20);
    o.sh->mask &= 3;
    fault = NULL;
    n = 0;

    for (i = 0; i < KILLS && fault == NULL; i++) {
        pid = fork();

        if (pid == 0) {
            worker(i);
            _exit(0);
        }

        usleep(rand() % 2000);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);

        n += (zone->lock != 0);
        zone->lock = 0;

        (void) find(1, 1, 1);
        fault = broken();
    }

    ok(fault == NULL, "%d workers killed, %d of them under the mutex: %s", i,
       n, fault ? fault : "all is well");
    ok(zone->taken <= o.sh->max + n, "they leave %d entries behind",
       (int) (zone->taken - o.sh->n));
}


static void
worker(unsigned seed)
{
    int  i, id;

    for (i = 0; i < ROUNDS; i++) {
        id = rand_r(&seed) % NIDS;

        switch (rand_r(&seed) % 4) {

        case 0:
            forget(id);
            break;

        case 1:
            (void) find(id, 1, i);
            break;

        default:
            (void) note(id, id % 9, 1, i);
        }
    }
}


static void
workers(void)
{
    int  i, status, failed;

    fresh(20);
    failed = 0;

    for (i = 0; i < WORKERS; i++) {
        if (fork() == 0) {
            worker(i);
            _exit(0);
        }
    }

    while (wait(&status) > 0) {
        failed += (status != 0);
    }

    ok(!failed && broken() == NULL, "workers that do it at the same time");

    for (i = 0; i < NIDS; i++) {
        failed += (find(i, 1, 1) != i % 9 && find(i, 1, 1) != NGX_DECLINED);
    }

    is_int(failed, 0, "do nothing to each other's entries");
}


int
main(void)
{
    zone = mmap(NULL, sizeof(zone_t), PROT_READ|PROT_WRITE,
                MAP_SHARED|MAP_ANONYMOUS, -1, 0);
    saved = malloc(sizeof(zone_t));

    if (zone == MAP_FAILED || saved == NULL) {
        perror("zone");
        return 2;
    }

    known();
    oldest();
    memory();
    any();
    death();
    killed();
    workers();

    free(saved);

    return done();
}
