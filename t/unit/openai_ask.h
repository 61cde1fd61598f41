
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _OPENAI_ASK_H_INCLUDED_
#define _OPENAI_ASK_H_INCLUDED_


/*
 * Reads bodies as the gateway does, for openai_ask.c and openai_body.c.
 */


#include "tap.h"
#include "openai.h"


#define CHAT        NGX_AI_ROUTE_CHAT
#define COMPLETIONS NGX_AI_ROUTE_COMPLETIONS
#define RESPONSES   NGX_AI_ROUTE_RESPONSES
#define EMBEDDINGS  NGX_AI_ROUTE_EMBEDDINGS
#define IMAGES      NGX_AI_ROUTE_IMAGES

#define M           "\"model\":\"m\",\"messages\":[]"


static ngx_ai_ask_t      ask;
static ngx_pool_t       *pool;
static ngx_pool_t       *table;
static ngx_ai_error_t    error;
static ngx_ai_reader_t  *readers;


static inline void
ask_init(void)
{
    table = ngx_create_pool(4096, &ngx_shim_log);
    pool = ngx_create_pool(4096, &ngx_shim_log);

    readers = ngx_ai_readers_create(table, ngx_ai_openai.tables,
                                    ngx_ai_openai.ntables);
}


static inline void
ask_done(void)
{
    ngx_destroy_pool(pool);
    ngx_destroy_pool(table);

    is_int(ngx_shim_pool_blocks, 0, "nothing is left behind");
}


static inline ngx_uint_t
same_str(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}


/* pieces of their own: reading on from one to the other is found */

static inline ngx_uint_t
read_cut(ngx_uint_t route, const char *body, size_t len, size_t cut,
    ngx_int_t want)
{
    ngx_int_t       rc;
    ngx_str_t       pieces[2];
    ngx_uint_t      i, same;
    ngx_ai_ask_t    other;
    ngx_ai_error_t  fault;

    pieces[0].len = cut;
    pieces[1].len = len - cut;

    for (i = 0; i < 2; i++) {
        pieces[i].data = malloc(pieces[i].len);
        memcpy(pieces[i].data, body + (i ? cut : 0), pieces[i].len);
    }

    ngx_memzero(&other, sizeof(other));
    ngx_memzero(&fault, sizeof(fault));

    rc = openai_ask(ngx_ai_route(route), readers, pieces, 2, pool, &other,
                    &fault);

    free(pieces[0].data);
    free(pieces[1].data);

    same = (rc == want && same_str(&error.message, &fault.message)
            && same_str(&error.param, &fault.param)
            && error.kind == fault.kind);

    if (rc != NGX_OK || !same) {
        return same;
    }

    for (i = 0; i < ask.nnamed && i < other.nnamed; i++) {
        same &= same_str(&ask.named[i].id, &other.named[i].id);
    }

    return same && ask.nnamed == other.nnamed
           && same_str(&ask.model, &other.model)
           && memcmp(&ask.model_span, &other.model_span,
                     offsetof(ngx_ai_ask_t, named)
                     - offsetof(ngx_ai_ask_t, model_span))
              == 0
           && ask.stream == other.stream && ask.usage == other.usage
           && ask.options_null == other.options_null
           && ask.options_empty == other.options_empty;
}


static inline ngx_int_t
read_ask(ngx_uint_t route, const char *body, size_t len)
{
    size_t       cut;
    ngx_int_t    rc;
    ngx_str_t    s;
    ngx_uint_t   wrong;
    tap_guard_t  g;

    ngx_memzero(&ask, sizeof(ask));
    ngx_memzero(&error, sizeof(error));

    ngx_reset_pool(pool);

    s.data = tap_guard(&g, body, len);
    s.len = len;

    rc = openai_ask(ngx_ai_route(route), readers, &s, 1, pool, &ask, &error);

    ok(memcmp(s.data, body, len) == 0, "the body stays as it is");

    tap_unguard(&g);

    wrong = 0;

    /* not where memory was short */

    for (cut = 0; cut <= len && (rc == NGX_OK || error.kind); cut++) {
        wrong += !read_cut(route, body, len, cut, rc);
    }

    is_int(wrong, 0, "cut in two at any place it is the same");

    return rc;
}


static inline void
bad(ngx_uint_t route, const char *body, const char *field,
    const char *message)
{
    is_int(read_ask(route, body, strlen(body)), NGX_ERROR, "refused: %s",
           body);
    is_int(error.kind, NGX_AI_ERROR_INVALID, "as invalid");

    if (field) {
        is_str(error.param.data, error.param.len, field, "naming %s", field);

    } else {
        is_int(error.param.len, 0, "naming no field");
    }

    is_str(error.message.data, error.message.len, message, "saying %s",
           message);
}


#endif /* _OPENAI_ASK_H_INCLUDED_ */
