
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _TAP_H_INCLUDED_
#define _TAP_H_INCLUDED_


/*
 * TAP output for unit tests, and the two things every parser test needs:
 * input that ends at an unreadable page, and allocations that fail.
 *
 *     int
 *     main(void)
 *     {
 *         ok(1 + 1 == 2, "addition adds");
 *         is_int(f(), 7, "f gives 7 in round %d", i);
 *         is_str(s.data, s.len, "text", "the text is whole");
 *
 *         return done();
 *     }
 *
 * The name of a test states what is promised.  All arguments after the name
 * are printf() arguments of the name.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdio.h>
#include <sys/mman.h>


/* in ngx_shim.c: the n-th allocation from now on fails once, 0 for never */
extern ngx_uint_t  ngx_shim_fail_at;

/* in ngx_shim.c: blocks allocated and not yet freed through a pool */
extern ngx_uint_t  ngx_shim_pool_blocks;

extern ngx_log_t   ngx_shim_log;


typedef struct {
    u_char    *map;
    u_char    *data;        /* a copy of the input; data[len] faults */
    size_t     size;
} tap_guard_t;


static unsigned  tap_run;
static unsigned  tap_failed;


static inline int tap_result(int good, const char *file, int line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));


static inline int
tap_result(int good, const char *file, int line, const char *fmt, ...)
{
    char      name[256], *p;
    va_list   args;

    tap_run++;

    va_start(args, fmt);
    vsnprintf(name, sizeof(name), fmt, args);
    va_end(args);

    /* one line, and no directive of TAP */

    for (p = name; *p; p++) {
        if ((u_char) *p < 0x20 || *p == '#') {
            *p = '.';
        }
    }

    printf("%sok %u - %s\n", good ? "" : "not ", tap_run, name);

    if (!good) {
        tap_failed++;
        printf("#   failed at %s:%d\n", file, line);
    }

    return good;
}


static inline void
tap_print_bytes(const char *what, const void *data, size_t len)
{
    size_t         i;
    const u_char  *p;

    p = data;

    printf("#   %s: ", what);

    if (p == NULL) {
        printf("NULL\n");
        return;
    }

    for (i = 0; i < len; i++) {
        if (p[i] >= 0x20 && p[i] < 0x7f) {
            putchar(p[i]);

        } else {
            printf("\\x%02x", p[i]);
        }
    }

    printf("\n");
}


/* these two keep the arguments evaluated once whatever the macro prints */

static inline int
tap_same_int(long long got, long long want, long long *g, long long *w)
{
    *g = got;
    *w = want;

    return got == want;
}


static inline int
tap_same_bytes(const void *got, size_t len, const void *want, size_t wlen)
{
    return got != NULL && len == wlen
           && (len == 0 || memcmp(got, want, len) == 0);
}


#define ok(cond, ...)                                                         \
    tap_result((cond) ? 1 : 0, __FILE__, __LINE__, __VA_ARGS__)

#define is_int(got, want, ...)                                                \
    do {                                                                      \
        long long  tap_g, tap_w;                                              \
                                                                              \
        if (!tap_result(tap_same_int((long long) (got), (long long) (want),   \
                                     &tap_g, &tap_w),                         \
                        __FILE__, __LINE__, __VA_ARGS__))                     \
        {                                                                     \
            printf("#   got: %lld\n#   want: %lld\n", tap_g, tap_w);          \
        }                                                                     \
    } while (0)

#define is_bytes(got, len, want, wlen, ...)                                   \
    do {                                                                      \
        size_t       tap_n, tap_m;                                            \
        const void  *tap_p, *tap_q;                                           \
                                                                              \
        tap_p = (got);                                                        \
        tap_n = (len);                                                        \
        tap_q = (want);                                                       \
        tap_m = (wlen);                                                       \
                                                                              \
        if (!tap_result(tap_same_bytes(tap_p, tap_n, tap_q, tap_m),           \
                        __FILE__, __LINE__, __VA_ARGS__))                     \
        {                                                                     \
            tap_print_bytes("got", tap_p, tap_n);                             \
            tap_print_bytes("want", tap_q, tap_m);                            \
        }                                                                     \
    } while (0)

#define is_str(got, len, want, ...)                                           \
    do {                                                                      \
        const char  *tap_s;                                                   \
                                                                              \
        tap_s = (const char *) (want);                                        \
                                                                              \
        is_bytes(got, len, tap_s, strlen(tap_s), __VA_ARGS__);                \
    } while (0)

#define diag(...)                                                             \
    do {                                                                      \
        printf("#   ");                                                       \
        printf(__VA_ARGS__);                                                  \
        printf("\n");                                                         \
    } while (0)


/* prints the plan; its value is the exit code */

static inline int
done(void)
{
    printf("1..%u\n", tap_run);

    if (tap_failed) {
        printf("# %u of %u failed\n", tap_failed, tap_run);
    }

    return (tap_failed || tap_run == 0) ? 1 : 0;
}


/* copies the input so that the byte after its last one cannot be read */

static inline u_char *
tap_guard(tap_guard_t *g, const void *data, size_t len)
{
    size_t  page;

    page = (size_t) sysconf(_SC_PAGESIZE);

    g->size = (len + page - 1) / page * page + page;

    g->map = mmap(NULL, g->size, PROT_READ|PROT_WRITE,
                  MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);

    if (g->map == MAP_FAILED
        || mprotect(g->map + g->size - page, page, PROT_NONE) != 0)
    {
        perror("tap_guard");
        exit(2);
    }

    g->data = g->map + g->size - page - len;

    if (len) {
        memcpy(g->data, data, len);
    }

    return g->data;
}


static inline void
tap_unguard(tap_guard_t *g)
{
    munmap(g->map, g->size);
}


/* the same numbers in every run: a failure can be repeated */

static inline uint32_t
tap_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;

    return *state;
}


#endif /* _TAP_H_INCLUDED_ */
