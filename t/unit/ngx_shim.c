
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Stands in for the few functions of the nginx core that the pure floors
 * use, so that they are tested without nginx.  Every allocation is its own
 * malloc(), pools too: the sanitizers see each block and its bounds.
 *
 * What a function does is what nginx's function of that name does; formats
 * are those of ngx_sprintf().
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdio.h>


typedef struct {
    size_t      len;            /* of %*s, -1 for the whole string */
    size_t      width;
    u_char      pad;
    ngx_uint_t  hex;            /* 1: lower case, 2: upper case */
    ngx_uint_t  digits;         /* after the point */
    ngx_uint_t  is_unsigned;
} ngx_shim_conv_t;


static void *ngx_shim_malloc(size_t size);
static u_char *ngx_shim_convert(u_char *buf, u_char *last, u_char c,
    ngx_shim_conv_t *cv, va_list *ap);
static u_char *ngx_shim_number(u_char *buf, u_char *last, uint64_t n,
    u_char pad, ngx_uint_t hex, size_t width);
static u_char *ngx_shim_bytes(u_char *buf, u_char *last, const u_char *src,
    size_t len, ngx_uint_t hex);
static u_char *ngx_shim_float(u_char *buf, u_char *last, double f,
    ngx_shim_conv_t *cv);
static void ngx_shim_crc32_init(void) __attribute__((constructor));


ngx_uint_t            ngx_shim_fail_at;
ngx_uint_t            ngx_shim_pool_blocks;
ngx_log_t             ngx_shim_log;

ngx_uint_t            ngx_pagesize = 4096;
ngx_uint_t            ngx_pagesize_shift = 12;
ngx_uint_t            ngx_cacheline_size = 64;
volatile ngx_cycle_t *ngx_cycle;
uint32_t              ngx_crc32_table256[256];
static uint32_t       ngx_crc32_table16[16];
uint32_t             *ngx_crc32_table_short = ngx_crc32_table16;


static void *
ngx_shim_malloc(size_t size)
{
    if (ngx_shim_fail_at && --ngx_shim_fail_at == 0) {
        return NULL;
    }

    return malloc(size);
}


void *
ngx_alloc(size_t size, ngx_log_t *log)
{
    return ngx_shim_malloc(size);
}


void *
ngx_calloc(size_t size, ngx_log_t *log)
{
    void  *p;

    p = ngx_shim_malloc(size);

    if (p != NULL) {
        ngx_memzero(p, size);
    }

    return p;
}


void *
ngx_memalign(size_t alignment, size_t size, ngx_log_t *log)
{
    void  *p;

    if (ngx_shim_fail_at && --ngx_shim_fail_at == 0) {
        return NULL;
    }

    if (posix_memalign(&p, alignment, size) != 0) {
        return NULL;
    }

    return p;
}


ngx_pool_t *
ngx_create_pool(size_t size, ngx_log_t *log)
{
    ngx_pool_t  *pool;

    pool = ngx_calloc(sizeof(ngx_pool_t), log);

    if (pool != NULL) {
        pool->current = pool;
        pool->max = size;
        pool->log = log;
    }

    return pool;
}


void
ngx_reset_pool(ngx_pool_t *pool)
{
    ngx_pool_large_t  *l, *next;

    for (l = pool->large; l; l = next) {
        next = l->next;

        if (l->alloc != NULL) {
            free(l->alloc);
            ngx_shim_pool_blocks--;
        }

        free(l);
    }

    pool->large = NULL;
}


void
ngx_destroy_pool(ngx_pool_t *pool)
{
    ngx_pool_cleanup_t  *c;

    for (c = pool->cleanup; c; c = c->next) {
        if (c->handler) {
            c->handler(c->data);
        }
    }

    ngx_reset_pool(pool);
    free(pool);
}


void *
ngx_palloc(ngx_pool_t *pool, size_t size)
{
    ngx_pool_large_t  *l;

    l = ngx_shim_malloc(sizeof(ngx_pool_large_t));
    if (l == NULL) {
        return NULL;
    }

    l->alloc = malloc(size);
    if (l->alloc == NULL) {
        free(l);
        return NULL;
    }

    l->next = pool->large;
    pool->large = l;
    ngx_shim_pool_blocks++;

    return l->alloc;
}


void *
ngx_pnalloc(ngx_pool_t *pool, size_t size)
{
    return ngx_palloc(pool, size);
}


void *
ngx_pcalloc(ngx_pool_t *pool, size_t size)
{
    void  *p;

    p = ngx_palloc(pool, size);

    if (p != NULL) {
        ngx_memzero(p, size);
    }

    return p;
}


ngx_int_t
ngx_pfree(ngx_pool_t *pool, void *p)
{
    ngx_pool_large_t  *l;

    for (l = pool->large; l; l = l->next) {

        if (l->alloc == p) {
            free(l->alloc);
            l->alloc = NULL;
            ngx_shim_pool_blocks--;

            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


ngx_pool_cleanup_t *
ngx_pool_cleanup_add(ngx_pool_t *pool, size_t size)
{
    ngx_pool_cleanup_t  *c;

    c = ngx_pcalloc(pool, sizeof(ngx_pool_cleanup_t));
    if (c == NULL) {
        return NULL;
    }

    if (size) {
        c->data = ngx_palloc(pool, size);
        if (c->data == NULL) {
            return NULL;
        }
    }

    c->next = pool->cleanup;
    pool->cleanup = c;

    return c;
}


ngx_array_t *
ngx_array_create(ngx_pool_t *p, ngx_uint_t n, size_t size)
{
    ngx_array_t  *a;

    a = ngx_palloc(p, sizeof(ngx_array_t));

    if (a == NULL || ngx_array_init(a, p, n, size) != NGX_OK) {
        return NULL;
    }

    return a;
}


void
ngx_array_destroy(ngx_array_t *a)
{
    ngx_pfree(a->pool, a->elts);
    ngx_pfree(a->pool, a);
}


void *
ngx_array_push(ngx_array_t *a)
{
    return ngx_array_push_n(a, 1);
}


/* the old elements stay allocated, as in nginx: pointers to them live on */

void *
ngx_array_push_n(ngx_array_t *a, ngx_uint_t n)
{
    void        *elts, *elt;
    ngx_uint_t   nalloc;

    if (a->nelts + n > a->nalloc) {
        nalloc = 2 * ngx_max(n, a->nalloc);

        elts = ngx_palloc(a->pool, nalloc * a->size);
        if (elts == NULL) {
            return NULL;
        }

        ngx_memcpy(elts, a->elts, a->nelts * a->size);
        a->elts = elts;
        a->nalloc = nalloc;
    }

    elt = (u_char *) a->elts + a->size * a->nelts;
    a->nelts += n;

    return elt;
}


u_char *
ngx_sprintf(u_char *buf, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, (void *) -1, fmt, args);
    va_end(args);

    return p;
}


u_char *
ngx_snprintf(u_char *buf, size_t max, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, buf + max, fmt, args);
    va_end(args);

    return p;
}


u_char *
ngx_slprintf(u_char *buf, u_char *last, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, last, fmt, args);
    va_end(args);

    return p;
}


u_char *
ngx_vslprintf(u_char *buf, u_char *last, const char *fmt, va_list args)
{
    va_list          ap;
    ngx_shim_conv_t  cv;

    va_copy(ap, args);

    while (*fmt && buf < last) {

        if (*fmt != '%') {
            *buf++ = *fmt++;
            continue;
        }

        fmt++;

        ngx_memzero(&cv, sizeof(ngx_shim_conv_t));
        cv.len = (size_t) -1;
        cv.pad = (*fmt == '0') ? '0' : ' ';

        while (*fmt >= '0' && *fmt <= '9') {
            cv.width = cv.width * 10 + (*fmt++ - '0');
        }

        for ( /* void */ ; *fmt && strchr("uxX*", *fmt); fmt++) {

            if (*fmt == '*') {
                cv.len = va_arg(ap, size_t);
                continue;
            }

            cv.is_unsigned = 1;

            if (*fmt != 'u') {
                cv.hex = (*fmt == 'x') ? 1 : 2;
            }
        }

        if (*fmt == '.') {
            fmt++;

            while (*fmt >= '0' && *fmt <= '9') {
                cv.digits = cv.digits * 10 + (*fmt++ - '0');
            }
        }

        if (*fmt == '\0') {
            break;
        }

        buf = ngx_shim_convert(buf, last, *fmt++, &cv, &ap);
    }

    va_end(ap);

    return buf;
}


static u_char *
ngx_shim_convert(u_char *buf, u_char *last, u_char c, ngx_shim_conv_t *cv,
    va_list *ap)
{
    int64_t                n;
    ngx_str_t             *str;
    const char            *s;
    ngx_variable_value_t  *vv;

    switch (c) {

    case 'V':
        str = va_arg(*ap, ngx_str_t *);
        return ngx_shim_bytes(buf, last, str->data, str->len, cv->hex);

    case 'v':
        vv = va_arg(*ap, ngx_variable_value_t *);
        return ngx_shim_bytes(buf, last, vv->data, vv->len, cv->hex);

    case 's':
        s = va_arg(*ap, const char *);
        return ngx_shim_bytes(buf, last, (u_char *) s,
                              cv->len == (size_t) -1 ? strlen(s) : cv->len,
                              cv->hex);

    case 'f':
        return ngx_shim_float(buf, last, va_arg(*ap, double), cv);

    case 'c':
        *buf++ = (u_char) va_arg(*ap, int);
        return buf;

    case 'Z':
        *buf++ = '\0';
        return buf;

    case 'N':
        *buf++ = LF;
        return buf;

    case 'd':
    case 'D':
    case 'P':
        n = va_arg(*ap, int);
        n = cv->is_unsigned ? (int64_t) (uint32_t) n : n;
        break;

    case 'O':
    case 'T':
        n = va_arg(*ap, int64_t);
        cv->is_unsigned = 0;
        break;

    case 'M':
        n = va_arg(*ap, int64_t);
        cv->is_unsigned = (n != -1);
        break;

    case 'z':
    case 'i':
    case 'l':
    case 'L':
    case 'A':
        n = va_arg(*ap, int64_t);
        break;

    case 'p':
        n = (int64_t) (uintptr_t) va_arg(*ap, void *);
        cv->is_unsigned = 1;
        cv->hex = 2;
        cv->pad = '0';
        cv->width = 2 * sizeof(void *);
        break;

    default:
        *buf++ = c;
        return buf;
    }

    if (!cv->is_unsigned && n < 0) {
        *buf++ = '-';
        n = (int64_t) -(uint64_t) n;
    }

    return ngx_shim_number(buf, last, (uint64_t) n, cv->pad, cv->hex,
                           cv->width);
}


static u_char *
ngx_shim_number(u_char *buf, u_char *last, uint64_t n, u_char pad,
    ngx_uint_t hex, size_t width)
{
    char    text[32];
    size_t  len;

    len = (size_t) snprintf(text, sizeof(text),
                            hex == 0 ? "%llu" : hex == 1 ? "%llx" : "%llX",
                            (unsigned long long) n);

    for ( /* void */ ; width > len && buf < last; width--) {
        *buf++ = pad;
    }

    return ngx_shim_bytes(buf, last, (u_char *) text, len, 0);
}


static u_char *
ngx_shim_bytes(u_char *buf, u_char *last, const u_char *src, size_t len,
    ngx_uint_t hex)
{
    const char  *digits;

    digits = (hex == 1) ? "0123456789abcdef" : "0123456789ABCDEF";

    for ( /* void */ ; len && buf < last; len--, src++) {

        if (hex == 0) {
            *buf++ = *src;
            continue;
        }

        if (last - buf < 2) {
            break;
        }

        *buf++ = digits[*src >> 4];
        *buf++ = digits[*src & 0xf];
    }

    return buf;
}


static u_char *
ngx_shim_float(u_char *buf, u_char *last, double f, ngx_shim_conv_t *cv)
{
    uint64_t    whole, part, scale;
    ngx_uint_t  i;

    if (f < 0) {
        *buf++ = '-';
        f = -f;
    }

    scale = 1;

    for (i = 0; i < cv->digits; i++) {
        scale *= 10;
    }

    whole = (uint64_t) f;
    part = (uint64_t) ((f - (double) whole) * scale + 0.5);

    if (cv->digits == 0) {
        part = 0;

    } else if (part == scale) {
        whole++;
        part = 0;
    }

    buf = ngx_shim_number(buf, last, whole, cv->pad, 0, cv->width);

    if (cv->digits == 0 || buf == last) {
        return buf;
    }

    *buf++ = '.';

    return ngx_shim_number(buf, last, part, '0', 0, cv->digits);
}


u_char *
ngx_cpystrn(u_char *dst, u_char *src, size_t n)
{
    if (n == 0) {
        return dst;
    }

    while (--n && *src) {
        *dst++ = *src++;
    }

    *dst = '\0';

    return dst;
}


u_char *
ngx_pstrdup(ngx_pool_t *pool, ngx_str_t *src)
{
    u_char  *dst;

    dst = ngx_pnalloc(pool, src->len);

    if (dst != NULL) {
        ngx_memcpy(dst, src->data, src->len);
    }

    return dst;
}


void
ngx_strlow(u_char *dst, u_char *src, size_t n)
{
    for ( /* void */ ; n; n--) {
        *dst++ = ngx_tolower(*src);
        src++;
    }
}


size_t
ngx_strnlen(u_char *p, size_t n)
{
    return strnlen((char *) p, n);
}


ngx_int_t
ngx_strcasecmp(u_char *s1, u_char *s2)
{
    return strcasecmp((char *) s1, (char *) s2);
}


ngx_int_t
ngx_strncasecmp(u_char *s1, u_char *s2, size_t n)
{
    return strncasecmp((char *) s1, (char *) s2, n);
}


u_char *
ngx_strnstr(u_char *s1, char *s2, size_t len)
{
    return memmem(s1, ngx_strnlen(s1, len), s2, strlen(s2));
}


/* as in nginx: n is the length of s2 without its first character */

u_char *
ngx_strlcasestrn(u_char *s1, u_char *last, u_char *s2, size_t n)
{
    for ( /* void */ ; last - s1 > (ssize_t) n; s1++) {
        if (strncasecmp((char *) s1, (char *) s2, n + 1) == 0) {
            return s1;
        }
    }

    return NULL;
}


off_t
ngx_atoof(u_char *line, size_t n)
{
    off_t  value;

    if (n == 0) {
        return NGX_ERROR;
    }

    for (value = 0; n; n--, line++) {

        if (*line < '0' || *line > '9'
            || value > (NGX_MAX_OFF_T_VALUE - (*line - '0')) / 10)
        {
            return NGX_ERROR;
        }

        value = value * 10 + (*line - '0');
    }

    return value;
}


ngx_int_t
ngx_atoi(u_char *line, size_t n)
{
    return ngx_atoof(line, n);
}


ssize_t
ngx_atosz(u_char *line, size_t n)
{
    return ngx_atoof(line, n);
}


u_char *
ngx_hex_dump(u_char *dst, u_char *src, size_t len)
{
    return ngx_shim_bytes(dst, dst + 2 * len, src, len, 1);
}


void
ngx_explicit_memzero(void *buf, size_t n)
{
    explicit_bzero(buf, n);
}


ngx_uint_t
ngx_hash_key(u_char *data, size_t len)
{
    ngx_uint_t  i, key;

    key = 0;

    for (i = 0; i < len; i++) {
        key = ngx_hash(key, data[i]);
    }

    return key;
}


void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    u_char   *p, line[NGX_MAX_ERROR_STR];
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(line, line + sizeof(line), fmt, args);
    va_end(args);

    fprintf(stderr, "# log %d: %.*s\n", (int) level, (int) (p - line), line);
}


static void
ngx_shim_crc32_init(void)
{
    uint32_t    c;
    ngx_uint_t  i, k;

    for (i = 0; i < 256; i++) {
        c = (uint32_t) i;

        for (k = 0; k < 8; k++) {
            c = (c & 1) ? (c >> 1) ^ 0xedb88320 : c >> 1;
        }

        ngx_crc32_table256[i] = c;
    }

    for (i = 0; i < 16; i++) {
        ngx_crc32_table16[i] = ngx_crc32_table256[i << 4];
    }
}
