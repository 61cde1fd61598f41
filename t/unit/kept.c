
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Texts that are kept in shared memory, without nginx: a zone of a few pages,
 * whose slab allocator hands out one for each piece, and workers that are
 * killed between any two instructions that they run under the mutex.
 *
 * The store floor is not in the archive of the pure floors, so its file is
 * part of the test.
 */


#include "../../src/store/ngx_http_ai_kept.c"
#include "tap.h"

#include <sys/ptrace.h>
#include <sys/wait.h>


#define SLOTS  96
#define NIDS   20
#define BASE   6


typedef struct {
    ngx_slab_pool_t         pool;
    ngx_atomic_t            lock;
    ngx_uint_t              slots;      /* that may be taken */
    ngx_uint_t              taken;
    ngx_uint_t              wrong;      /* what was freed and not taken */
    size_t                  used;       /* of "rest" */
    u_char                  slot[SLOTS];
    u_char                  rest[40960];
    u_char                  pages[SLOTS][NGX_HTTP_AI_KEPT_PIECE];
} zone_t;


static void fresh(size_t share);
static ngx_str_t *name(const char *fmt, int n);
static void fill(ngx_str_t *text, int id, size_t len);
static ngx_int_t put(int id, int key, size_t len, time_t now, time_t keep);
static ngx_int_t get(int id, int key, time_t now);
static ngx_int_t forget(int id, int key, time_t now);
static ngx_uint_t page_of(const void *p);
static const char *broken(ngx_uint_t lost);
static void known(void);
static void lengths(void);
static void expiry(void);
static void room(void);
static void memory(void);
static void any(void);
static void death(void);
static void step(const char *what, void (*op)(void), int touched);
static const char *survived(int touched);
static void op_new(void);
static void op_again(void);
static void op_get(void);
static void op_forget(void);
static void op_expired(void);


static zone_t              *zone, *saved;
static ngx_http_ai_keep_t   k;
static ngx_uint_t           stepping;
static int                  going;      /* others that may have to */
static u_char               bytes[2 * NGX_HTTP_AI_KEPT_MAX];


/* what the store needs of the nginx core besides the shim */

void
ngx_shmtx_lock(ngx_shmtx_t *mtx)
{
    if (stepping) {
        raise(SIGSTOP);
    }

    *mtx->lock = 1;
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

    for (i = 0; i < zone->slots && size <= NGX_HTTP_AI_KEPT_PIECE; i++) {
        if (!zone->slot[i]) {
            zone->slot[i] = 1;
            zone->taken++;
            return zone->pages[i];
        }
    }

    return NULL;
}


void
ngx_slab_free_locked(ngx_slab_pool_t *pool, void *p)
{
    ngx_uint_t  i;

    i = page_of(p);

    if (i == SLOTS || !zone->slot[i]) {
        zone->wrong++;
        return;
    }

    zone->slot[i] = 0;
    zone->taken--;

    ngx_memset(p, 0xa5, 64);
}


static ngx_uint_t
page_of(const void *p)
{
    ngx_uint_t  i;

    for (i = 0; i < SLOTS && p != zone->pages[i]; i++) { /* void */ }

    return i;
}


static void
fresh(size_t share)
{
    ngx_memzero(zone, sizeof(zone_t));

    zone->slots = SLOTS;
    zone->pool.mutex.lock = &zone->lock;

    k.shpool = &zone->pool;
    k.sh = ngx_http_ai_kept_create(&zone->pool, share);
}


static ngx_str_t *
name(const char *fmt, int n)
{
    static char        text[4][32];
    static unsigned    i;
    static ngx_str_t   s[4];

    i = (i + 1) % 4;
    s[i].data = (u_char *) text[i];
    s[i].len = sprintf(text[i], fmt, n);

    return &s[i];
}


/* a text tells whose it is and how long */

static void
fill(ngx_str_t *text, int id, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        bytes[i] = (u_char) (id * 31 + len + i % 251);
    }

    text->data = bytes;
    text->len = len;
}


static ngx_int_t
put(int id, int key, size_t len, time_t now, time_t keep)
{
    ngx_str_t  text;

    fill(&text, id, len);

    return ngx_http_ai_kept_put(&k, name("resp_%d", id), name("key-%d", key),
                                &text, now, keep);
}


/* the length, or what the look-up says; -100: the text is another one */

static ngx_int_t
get(int id, int key, time_t now)
{
    ngx_int_t    rc;
    ngx_str_t    text, want;
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    rc = ngx_http_ai_kept_get(&k, name("resp_%d", id), name("key-%d", key),
                              now, pool, &text);

    if (rc == NGX_OK) {
        fill(&want, id, text.len);
        rc = (memcmp(want.data, text.data, text.len) == 0)
             ? (ngx_int_t) text.len : -100;
    }

    ngx_destroy_pool(pool);

    return rc;
}


static ngx_int_t
forget(int id, int key, time_t now)
{
    return ngx_http_ai_kept_forget(&k, name("resp_%d", id),
                                   name("key-%d", key), now);
}


/* what is not as it should be; "lost" pages may be nobody's */

static const char *
broken(ngx_uint_t lost)
{
    size_t                     used;
    ngx_uint_t                 i, n, pages;
    ngx_queue_t               *q;
    ngx_http_ai_piece_t       *piece;
    ngx_http_ai_kept_entry_t  *e;

    n = 0;
    pages = 0;
    used = 0;

    for (i = 0; i <= k.sh->mask; i++) {

        for (e = k.sh->buckets[i]; e != NULL; e = e->next) {

            if (page_of(e) == SLOTS || !zone->slot[page_of(e)]
                || *ngx_http_ai_kept_link(k.sh, e->id) != e || ++n > SLOTS)
            {
                return "an entry is no entry";
            }

            used += ngx_http_ai_kept_cost(e->len);
            pages++;

            for (piece = e->pieces; piece != NULL; piece = piece->next) {

                if (page_of(piece) == SLOTS || !zone->slot[page_of(piece)]
                    || ++pages > SLOTS)
                {
                    return "a piece is no piece";
                }
            }
        }
    }

    if (k.sh->n != n || k.sh->used != used || used > k.sh->max) {
        return "a sum is wrong";
    }

    for (q = ngx_queue_head(&k.sh->queue);
         q != ngx_queue_sentinel(&k.sh->queue);
         q = ngx_queue_next(q))
    {
        e = ngx_queue_data(q, ngx_http_ai_kept_entry_t, queue);

        if (q->next->prev != q || n-- == 0
            || *ngx_http_ai_kept_link(k.sh, e->id) != e)
        {
            return "the queue has what is in no bucket";
        }
    }

    if (n || k.sh->making != NULL || k.sh->freeing != NULL) {
        return "something is on its way";
    }

    if (zone->wrong) {
        return "something is freed twice";
    }

    return (zone->taken > pages + lost) ? "memory is lost" : NULL;
}


static void
known(void)
{
    ngx_str_t  text, got, empty = ngx_null_string;

    fresh(SLOTS * 4096);

    is_int(get(1, 1, 1), NGX_DECLINED, "nothing is there at first");
    is_int(put(1, 1, 100, 1, 60), NGX_OK, "a text is kept");
    is_int(put(2, 2, 200, 1, 60), NGX_OK, "and another one");
    is_int(get(1, 1, 2), 100, "its key gets it");
    is_int(get(2, 2, 2), 200, "each its own");
    is_int(get(1, 2, 2), NGX_DECLINED, "another key gets nothing");
    is_int(get(3, 1, 2), NGX_DECLINED, "as of an id that was never there");
    is_int(ngx_http_ai_kept_get(&k, name("resp_%d", 1), name("key-%d", 1), 2,
                                NULL, NULL),
           NGX_OK, "it can be asked for alone");

    fill(&text, 9, 9);
    (void) ngx_http_ai_kept_put(&k, name("resp_%d", 9), NULL, &text, 1, 60);
    is_int(ngx_http_ai_kept_get(&k, name("resp_%d", 9), &empty, 2, NULL, NULL),
           NGX_OK, "where there are no keys all are the same one");
    is_int(get(9, 1, 2), NGX_DECLINED, "and no key is");
    is_int(ngx_http_ai_kept_get(&k, name("resp_%d", 1), NULL, 2, NULL, &got),
           NGX_DECLINED, "nor is having none one");

    is_int(put(1, 2, 300, 3, 60), NGX_OK, "an id that is kept again");
    is_int(get(1, 1, 3), NGX_DECLINED, "is not the former key's");
    is_int(get(1, 2, 3), 300, "but the last one's");

    is_int(forget(1, 1, 3), NGX_DECLINED, "another can't forget it");
    is_int(get(1, 2, 3), 300, "so it stays");
    is_int(forget(1, 2, 3), NGX_OK, "its key can");
    is_int(get(1, 2, 3), NGX_DECLINED, "then it is gone");
    is_int(forget(1, 2, 3), NGX_DECLINED, "and can't be forgotten again");
    ok(broken(0) == NULL, "all is well");
}


static void
lengths(void)
{
    size_t       len;
    ngx_uint_t   n, bad;

    fresh(16 * SLOTS * 4096);
    bad = 0;

    for (n = 0; n < 20; n++) {
        for (len = n * NGX_HTTP_AI_KEPT_DATA - (n ? 2 : 0);
             len <= n * NGX_HTTP_AI_KEPT_DATA + 2;
             len++)
        {
            bad += (put(1, 1, len, 1, 60) != NGX_OK);
            bad += (get(1, 1, 1) != (ngx_int_t) len);
            bad += (broken(0) != NULL);
        }
    }

    is_int(bad, 0, "a text of any length comes back");

    fresh(16 * 10000);
    len = ngx_http_ai_kept_max(&k);
    ok(len <= 10000 && len > 9900, "one may have a sixteenth of the share");
    is_int(put(1, 1, len, 1, 60), NGX_OK, "such a one is kept");
    is_int(put(2, 1, len + 1, 1, 60), NGX_DECLINED, "a longer one is not");
    is_int(get(1, 1, 1), len, "and pushes nobody out");

    k.sh->max = (size_t) 1 << 40;
    is_int(ngx_http_ai_kept_max(&k), 1024 * 1024, "1 MB is the most");
}


static void
expiry(void)
{
    int  i;

    fresh(SLOTS * 4096);

    (void) put(1, 1, 10, 100, 60);
    is_int(get(1, 1, 159), 10, "a text is there for its time");
    is_int(get(1, 1, 160), NGX_DECLINED, "and no longer");
    is_int(zone->taken, 0, "it is gone when it is asked for");

    (void) put(1, 1, 10, 100, 60);
    is_int(forget(1, 1, 160), NGX_DECLINED, "or to be forgotten");
    is_int(zone->taken, 0, "and gone, too");

    for (i = 0; i < 10; i++) {
        (void) put(i, 1, 10, 100, 60);
    }

    for (i = 10; i < 20; i++) {
        (void) put(i, 1, 10, 200, 60);
    }

    is_int(k.sh->n, 10, "or when others come");
    is_int(get(10, 1, 200), 10, "which stay");
    ok(broken(0) == NULL, "all is well");
}


static void
room(void)
{
    int  i;

    fresh(16 * 4096);

    for (i = 0; i < 100; i++) {
        (void) put(i, 1, 2000, i, 1000);
        (void) get(0, 1, i);
    }

    ok(k.sh->used <= k.sh->max && k.sh->used + 4096 > k.sh->max,
       "all take no more than the share");
    is_int(get(99, 1, 100), 2000, "the last one is there");
    is_int(get(0, 1, 100), 2000, "so is one that is used");
    is_int(get(1, 1, 100), NGX_DECLINED, "the oldest is not");
    ok(broken(0) == NULL, "all is well");
}


static void
memory(void)
{
    int  i;

    fresh(16 * SLOTS * 4096);
    zone->slots = 10;

    for (i = 0; i < 10; i++) {
        (void) put(i, 1, 9000, i, 1000);
    }

    is_int(k.sh->n, 2, "less memory than the share holds what it can");
    is_int(get(9, 1, 10), 9000, "the last one");
    is_int(get(8, 1, 10), 9000, "and that before");

    is_int(put(20, 1, 50000, 10, 1000), NGX_ERROR,
           "what there is no memory for is an error");
    is_int(get(20, 1, 10), NGX_DECLINED, "and not there");
    is_int(zone->taken, 0, "and leaves nothing behind");
    is_int(put(20, 1, 9000, 10, 1000), NGX_OK, "a smaller one is");
    ok(broken(0) == NULL, "all is well");

    zone->used = sizeof(zone->rest) - 10;
    ok(ngx_http_ai_kept_create(&zone->pool, 4096) == NULL,
       "no memory for the root is an error");
    zone->used = sizeof(zone->rest) - sizeof(ngx_http_ai_kept_sh_t);
    ok(ngx_http_ai_kept_create(&zone->pool, 4096) == NULL,
       "nor for the buckets");
}


static void
any(void)
{
    int         id, n;
    size_t      len[NIDS];
    unsigned    seed;
    ngx_int_t   rc;

    fresh(16 * 9000);
    k.sh->mask &= 3;
    ngx_memzero(len, sizeof(len));
    seed = 1;

    for (n = 1; n < 5000; n++) {
        id = rand_r(&seed) % NIDS;

        switch (rand_r(&seed) % 4) {

        case 0:
            (void) forget(id, 1, n);
            len[id] = 0;
            break;

        case 1:
            len[id] = 1 + rand_r(&seed) % 8000;
            (void) put(id, 1, len[id], n, 500);
            break;

        default:
            rc = get(id, 1, n);

            if (rc != NGX_DECLINED && rc != (ngx_int_t) len[id]) {
                ok(0, "round %d: %d is not %d", n, (int) rc, (int) len[id]);
                return;
            }
        }

        if (broken(0) != NULL) {
            ok(0, "round %d: %s", n, broken(0));
            return;
        }
    }

    ok(1, "whatever is done, it is as it should be");
}


/* six are kept: id i of key i, of two pieces each but for the first */

static void op_new(void) { (void) put(50, 50, 5000, 100, 60); }
static void op_again(void) { (void) put(2, 2, 9000, 100, 60); }
static void op_get(void) { (void) get(2, 2, 100); }
static void op_forget(void) { (void) forget(2, 2, 100); }
static void op_expired(void) { (void) get(2, 2, 5000); }


static void
death(void)
{
    int  i;

    fresh(16 * 10000);
    zone->slots = 32;
    k.sh->mask &= 1;

    for (i = 0; i < BASE; i++) {
        (void) put(i, i, i ? 5000 : 10, i, 1000);
    }

    ngx_memcpy(saved, zone, sizeof(zone_t));

    step("keeping", op_new, 50);
    step("keeping what is there", op_again, 2);
    step("getting", op_get, 2);
    step("forgetting", op_forget, 2);
    step("getting what has expired", op_expired, 2);

    /* two have to go for one that comes */

    ngx_memcpy(zone, saved, sizeof(zone_t));
    zone->slots = zone->taken;
    going = 2;
    ngx_memcpy(saved, zone, sizeof(zone_t));
    step("keeping when there is no memory left", op_new, 50);
}


/*
 * A worker runs "op", and stands still after each instruction that changed
 * the zone.  As far as others are concerned it could as well be dead.
 */

static void
step(const char *what, void (*op)(void), int touched)
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

    ok(fault == NULL, "%s: a death at any moment is survived: %s", what,
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
    int         i, gone;
    ngx_int_t   rc;

    zone->lock = 0;
    gone = 0;

    for (i = 0; i < BASE; i++) {
        rc = get(i, i, 200);

        if (rc == NGX_DECLINED) {
            gone += (i != touched);

        } else if (rc != (i ? 5000 : 10) && i != touched) {
            return "somebody else's text has changed";
        }
    }

    if (gone > going) {
        return "somebody else's text is gone";
    }

    rc = get(touched, touched, 150);

    if (rc != NGX_DECLINED && rc != 5000 && rc != 9000) {
        return "the text is not complete";
    }

    /* the one piece, or the entry, that was in its hands */

    if (broken(1) != NULL) {
        return broken(1);
    }

    if (put(60, 60, 5000, 200, 60) != NGX_OK || get(60, 60, 200) != 5000) {
        return "nothing can be kept any more";
    }

    return broken(1);
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
    lengths();
    expiry();
    room();
    memory();
    any();
    death();

    free(saved);

    return done();
}
