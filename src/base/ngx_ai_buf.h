
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_BUF_H_INCLUDED_
#define _NGX_AI_BUF_H_INCLUDED_


/*
 * A byte buffer that grows up to a maximum it is born with.
 *
 *     start          last           end              start + max
 *     |  the bytes   |  allocated   |  may be grown  |
 *
 * The memory is its own and not a pool's, so that a long stream gives back
 * what it grew out of.  Growing moves the bytes: keep offsets, not pointers.
 */


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    u_char     *start;
    u_char     *last;
    u_char     *end;
    size_t      max;
    ngx_log_t  *log;
} ngx_ai_buf_t;


#define ngx_ai_buf_len(b)  ((size_t) ((b)->last - (b)->start))


/* allocates nothing */
void ngx_ai_buf_init(ngx_ai_buf_t *b, size_t max, ngx_log_t *log);

/*
 * NGX_OK; NGX_DECLINED: the bytes would go over the maximum; NGX_ERROR: no
 * memory.  The buffer is unchanged unless it is NGX_OK.  The data may not lie
 * in the buffer.
 */
ngx_int_t ngx_ai_buf_append(ngx_ai_buf_t *b, const void *data, size_t len);

/*
 * Makes room for "len" more bytes and returns b->last, where the caller
 * writes them before it moves b->last; NULL: over the maximum or no memory.
 */
u_char *ngx_ai_buf_reserve(ngx_ai_buf_t *b, size_t len);

/* empties the buffer and keeps its memory */
void ngx_ai_buf_reset(ngx_ai_buf_t *b);

/* gives the memory back; the buffer is as after ngx_ai_buf_init() */
void ngx_ai_buf_free(ngx_ai_buf_t *b);


#endif /* _NGX_AI_BUF_H_INCLUDED_ */
