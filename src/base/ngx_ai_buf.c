
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_buf.h"


#define NGX_AI_BUF_MIN  256


static ngx_int_t ngx_ai_buf_grow(ngx_ai_buf_t *b, size_t len);


void
ngx_ai_buf_init(ngx_ai_buf_t *b, size_t max, ngx_log_t *log)
{
    b->start = NULL;
    b->last = NULL;
    b->end = NULL;
    b->max = max;
    b->log = log;
}


ngx_int_t
ngx_ai_buf_append(ngx_ai_buf_t *b, const void *data, size_t len)
{
    ngx_int_t  rc;

    if (len == 0) {
        return NGX_OK;
    }

    if ((size_t) (b->end - b->last) < len) {
        rc = ngx_ai_buf_grow(b, len);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    b->last = ngx_cpymem(b->last, data, len);

    return NGX_OK;
}


u_char *
ngx_ai_buf_reserve(ngx_ai_buf_t *b, size_t len)
{
    if (b->start == NULL || (size_t) (b->end - b->last) < len) {

        if (ngx_ai_buf_grow(b, len) != NGX_OK) {
            return NULL;
        }
    }

    return b->last;
}


void
ngx_ai_buf_reset(ngx_ai_buf_t *b)
{
    b->last = b->start;
}


void
ngx_ai_buf_free(ngx_ai_buf_t *b)
{
    if (b->start != NULL) {
        ngx_free(b->start);
    }

    ngx_ai_buf_init(b, b->max, b->log);
}


static ngx_int_t
ngx_ai_buf_grow(ngx_ai_buf_t *b, size_t len)
{
    size_t   used, size;
    u_char  *p;

    used = ngx_ai_buf_len(b);

    if (len > b->max - used) {
        return NGX_DECLINED;
    }

    size = ngx_max((size_t) (b->end - b->start), NGX_AI_BUF_MIN / 2);
    size = (size > b->max / 2) ? b->max : size * 2;
    size = ngx_max(size, used + len);

    p = ngx_alloc(size, b->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (b->start != NULL) {
        ngx_memcpy(p, b->start, used);
        ngx_free(b->start);
    }

    b->start = p;
    b->last = p + used;
    b->end = p + size;

    return NGX_OK;
}
