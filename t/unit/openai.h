
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _OPENAI_H_INCLUDED_
#define _OPENAI_H_INCLUDED_


/*
 * For the tests of OpenAI's dialect: a document as yajl sees it, one token
 * after the other, free of white space and of the choice of escapes.
 *
 *     { "a": [1, "\u0062"] }    {K1:aaN1:1S1:bzo
 *
 * Changes can be asked for on the way.  They are done to the tokens, where
 * the gateway does them to the bytes: that an edit did this and nothing else
 * is one comparison.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdio.h>
#include <yajl/yajl_parse.h>

#include "ngx_ai_openai.h"


typedef enum {
    OPENAI_OTHER = 0,
    OPENAI_MODEL,               /* "model" */
    OPENAI_OPTIONS,             /* "stream_options" */
    OPENAI_INCLUDE,             /* "stream_options.include_usage" */
    OPENAI_USAGE                /* "usage" */
} openai_member_e;


typedef struct {
    const ngx_str_t  *model;    /* what "model" is to be, or NULL */
    ngx_uint_t        include;  /* include_usage is to be true */
    ngx_uint_t        drop;     /* "usage" is to be left out */

    u_char           *data;     /* the tokens; free() them */
    size_t            len;
    size_t            size;

    ngx_uint_t        depth;
    ngx_uint_t        dropping; /* containers open in what is left out, + 1 */
    ngx_uint_t        options;  /* in "stream_options" */
    ngx_uint_t        member;   /* openai_member_e of the value to come */

    ngx_uint_t        first;    /* of two times */
    ngx_uint_t        has[OPENAI_USAGE + 1];
    ngx_uint_t        escaped;  /* keys written with escapes */

    const u_char     *text;
    const u_char     *end;
} openai_doc_t;


static inline void
openai_put(openai_doc_t *d, char type, const void *data, size_t len)
{
    if (d->dropping) {
        return;
    }

    if (d->size - d->len < len + 32) {
        d->size = 2 * d->size + len + 4096;
        d->data = realloc(d->data, d->size);
    }

    if (data == NULL) {
        d->data[d->len++] = (u_char) type;
        return;
    }

    d->len += sprintf((char *) d->data + d->len, "%c%lu:", type,
                      (unsigned long) len);
    ngx_memcpy(d->data + d->len, data, len);
    d->len += len;
}


static inline void
openai_put_include(openai_doc_t *d)
{
    openai_put(d, 'K', "include_usage", 13);
    openai_put(d, 't', NULL, 0);
}


static inline int
openai_scalar(openai_doc_t *d, char type, const void *data, size_t len)
{
    ngx_uint_t  member;

    member = d->member;
    d->member = OPENAI_OTHER;

    if (member == OPENAI_MODEL && d->model) {
        openai_put(d, 'S', d->model->data, d->model->len);

    } else if (member == OPENAI_INCLUDE && d->include) {
        openai_put(d, 't', NULL, 0);

    } else if (member == OPENAI_OPTIONS && d->include) {
        openai_put(d, '{', NULL, 0);
        openai_put_include(d);
        openai_put(d, 'o', NULL, 0);

    } else {
        openai_put(d, type, data, len);
    }

    if (d->dropping == 1) {
        d->dropping = 0;
    }

    return 1;
}


static inline int
openai_open(void *ctx, char type)
{
    openai_doc_t  *d = ctx;

    ngx_uint_t     member;

    member = d->member;
    d->member = OPENAI_OTHER;

    openai_put(d, type, NULL, 0);

    d->depth++;
    d->dropping += d->dropping ? 1 : 0;

    if (type == 'a') {
        return 1;
    }

    if (d->depth == 1 && d->include && !d->has[OPENAI_OPTIONS]) {
        openai_put(d, 'K', "stream_options", 14);
        openai_put(d, '{', NULL, 0);
        openai_put_include(d);
        openai_put(d, 'o', NULL, 0);
    }

    if (member == OPENAI_OPTIONS) {
        d->options = 1;

        if (d->include && !d->has[OPENAI_INCLUDE]) {
            openai_put_include(d);
        }
    }

    return 1;
}


static inline int
openai_close(void *ctx, char type)
{
    openai_doc_t  *d = ctx;

    openai_put(d, type, NULL, 0);

    if (--d->depth == 1) {
        d->options = 0;
    }

    if (d->dropping && --d->dropping == 1) {
        d->dropping = 0;
    }

    return 1;
}


static inline int
openai_key(void *ctx, const u_char *name, size_t len)
{
    ngx_uint_t     i, level;
    openai_doc_t  *d = ctx;

    static const char  *names[] = { "", "model", "stream_options",
                                    "include_usage", "usage" };

    d->member = OPENAI_OTHER;

    /* yajl hands over what stands in the source, unless it had to decode it */

    d->escaped += (name < d->text || name >= d->end);

    for (i = OPENAI_MODEL; i <= OPENAI_USAGE; i++) {
        level = (i == OPENAI_INCLUDE) ? 2 : 1;

        if (d->depth == level && (level == 1 || d->options)
            && len == strlen(names[i]) && memcmp(name, names[i], len) == 0)
        {
            d->member = i;
            d->has[i] += d->first;
        }
    }

    if (d->member == OPENAI_USAGE && d->drop) {
        d->dropping = 1;
        return 1;
    }

    openai_put(d, 'K', name, len);

    return 1;
}


static inline int
openai_null(void *ctx)
{
    return openai_scalar(ctx, 'n', NULL, 0);
}


static inline int
openai_boolean(void *ctx, int value)
{
    return openai_scalar(ctx, value ? 't' : 'f', NULL, 0);
}


static inline int
openai_number(void *ctx, const char *text, size_t len)
{
    return openai_scalar(ctx, 'N', text, len);
}


static inline int
openai_string(void *ctx, const u_char *text, size_t len)
{
    return openai_scalar(ctx, 'S', text ? text : (u_char *) "", len);
}


static inline int
openai_open_map(void *ctx)
{
    return openai_open(ctx, '{');
}


static inline int
openai_close_map(void *ctx)
{
    return openai_close(ctx, 'o');
}


static inline int
openai_open_array(void *ctx)
{
    return openai_open(ctx, 'a');
}


static inline int
openai_close_array(void *ctx)
{
    return openai_close(ctx, 'z');
}


static const yajl_callbacks  openai_callbacks = {
    openai_null, openai_boolean, NULL, NULL, openai_number, openai_string,
    openai_open_map, openai_key, openai_close_map,
    openai_open_array, openai_close_array
};


/* 1 when yajl takes the text for a document; twice: what it has comes first */

static inline ngx_uint_t
openai_read(openai_doc_t *d, const u_char *text, size_t len)
{
    ngx_uint_t   pass, good;
    yajl_handle  yajl;

    d->data = NULL;
    d->size = 0;
    d->escaped = 0;
    d->text = text;
    d->end = text + len;
    good = 1;

    ngx_memzero(d->has, sizeof(d->has));

    for (pass = 0; pass < 2; pass++) {
        d->first = (pass == 0);
        d->len = 0;
        d->depth = 0;
        d->dropping = 0;
        d->options = 0;
        d->member = OPENAI_OTHER;

        yajl = yajl_alloc(&openai_callbacks, NULL, d);

        good &= (yajl_parse(yajl, text, len) == yajl_status_ok
                 && yajl_complete_parse(yajl) == yajl_status_ok);

        yajl_free(yajl);
    }

    return good;
}


static inline ngx_uint_t
openai_same(const openai_doc_t *a, const openai_doc_t *b)
{
    return a->len == b->len
           && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}


/* what the routes of the three dialects with OpenAI's tables ask */

static inline ngx_int_t
openai_ask(const ngx_ai_route_t *route, ngx_ai_reader_t *readers,
    const ngx_str_t *body, ngx_uint_t n, ngx_pool_t *pool, ngx_ai_ask_t *ask,
    ngx_ai_error_t *error)
{
    return ngx_ai_ask_read(&ngx_ai_openai.tables[0],
                           route->dialect == NGX_AI_DIALECT_OPENAI
                           ? ngx_ai_openai.rules : ngx_ai_openai_free_rules,
                           &readers[0], route, body, n, pool, ask, error);
}


static inline ngx_uint_t
openai_route(const ngx_ai_route_t *route)
{
    return route->dialect == NGX_AI_DIALECT_OPENAI
           || route->dialect == NGX_AI_DIALECT_COMPLETIONS
           || route->dialect == NGX_AI_DIALECT_RESPONSES;
}


/* an event as the splitter gives it */

static inline ngx_ai_sse_event_t
openai_event(const ngx_str_t *name, const ngx_str_t *data)
{
    ngx_ai_sse_event_t  ev;

    ngx_memzero(&ev, sizeof(ev));

    ev.raw = *data;
    ev.name = *name;
    ev.data = *data;
    ev.lines = 1;

    return ev;
}


/* the body with the edits done to it; free() it */

static inline ngx_str_t
openai_apply(const ngx_str_t *body, const ngx_ai_edits_t *edits)
{
    off_t                 pos;
    u_char               *p;
    size_t                size;
    ngx_str_t             out;
    ngx_uint_t            i;
    const ngx_ai_edit_t  *e;

    size = body->len + 1;

    for (i = 0; i < edits->n; i++) {
        size += edits->edits[i].with.len;
    }

    out.data = malloc(size);
    p = out.data;
    pos = 0;

    for (i = 0; i < edits->n; i++) {
        e = &edits->edits[i];

        if (e->span.start < pos || e->span.end < e->span.start
            || e->span.end > (off_t) body->len)
        {
            abort();
        }

        p = ngx_cpymem(p, body->data + pos, e->span.start - pos);
        p = ngx_cpymem(p, e->with.data, e->with.len);
        pos = e->span.end;
    }

    p = ngx_cpymem(p, body->data + pos, body->len - pos);
    out.len = p - out.data;

    return out;
}


static inline ngx_str_t
openai_str(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = strlen(text);

    return s;
}


#endif /* _OPENAI_H_INCLUDED_ */
