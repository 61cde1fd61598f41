
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_reader.h"


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
    ngx_ai_scan_reset(&reader->scan);

    if (ngx_ai_scan_feed(&reader->scan, text->data, text->data + text->len)
        == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    return ngx_ai_scan_end(&reader->scan);
}
