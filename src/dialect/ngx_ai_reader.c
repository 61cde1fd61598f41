
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_reader.h"
#include "ngx_ai_text.h"


ngx_ai_reader_t *
ngx_ai_readers_create(ngx_pool_t *pool, const ngx_ai_table_t *tables,
    ngx_uint_t n)
{
    ngx_uint_t        i;
    ngx_ai_reader_t  *readers;

    readers = ngx_palloc(pool, n * sizeof(ngx_ai_reader_t));
    if (readers == NULL) {
        return NULL;
    }

    for (i = 0; i < n; i++) {
        if (ngx_ai_scan_init(&readers[i].scan, tables[i].fields, tables[i].n,
                             readers[i].values, NGX_AI_READER_DEPTH)
            != NGX_OK)
        {
            return NULL;
        }
    }

    return readers;
}


ngx_int_t
ngx_ai_reader_read(ngx_ai_reader_t *reader, const ngx_str_t *text)
{
    return ngx_ai_reader_read_pieces(reader, text, 1);
}


ngx_int_t
ngx_ai_reader_read_pieces(ngx_ai_reader_t *reader, const ngx_str_t *pieces,
    ngx_uint_t n)
{
    ngx_uint_t  i;

    ngx_ai_scan_reset(&reader->scan);

    for (i = 0; i < n; i++) {
        if (ngx_ai_scan_feed(&reader->scan, pieces[i].data,
                             pieces[i].data + pieces[i].len)
            == NGX_ERROR)
        {
            return NGX_ERROR;
        }
    }

    return ngx_ai_scan_end(&reader->scan);
}


ngx_int_t
ngx_ai_reader_string(const ngx_ai_scan_value_t *value, const ngx_str_t *pieces,
    ngx_uint_t n, size_t max, ngx_pool_t *pool, ngx_str_t *out)
{
    off_t        start, end;
    u_char      *p, *text;
    size_t       len;
    ngx_uint_t   i;

    /* without its quotes; no escape makes six times as much of a byte */

    start = value->start + 1;
    end = value->end - 1;
    len = end - start;

    if (len > 6 * max) {
        return NGX_DECLINED;
    }

    text = ngx_pnalloc(pool, len + 1);
    if (text == NULL) {
        return NGX_ERROR;
    }

    p = text;

    for (i = 0; i < n && start < end; i++) {

        if (start < (off_t) pieces[i].len) {
            len = ngx_min((off_t) pieces[i].len, end) - start;
            p = ngx_cpymem(p, pieces[i].data + start, len);
            start += len;
        }

        start -= pieces[i].len;
        end -= pieces[i].len;
    }

    return ngx_ai_text_decode(text, p - text, text, max, out);
}
