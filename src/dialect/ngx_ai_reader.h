
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_READER_H_INCLUDED_
#define _NGX_AI_READER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_scan.h"


/*
 * A table of members made ready to scan with, and a place for their values.
 * Making one costs more than a small document does, so a worker has one for
 * each table of each dialect and uses it for every document that is in one
 * piece; nothing in it outlives a call.  A reply that is scanned while it
 * arrives has one of its own.
 */

#define NGX_AI_READER_DEPTH  128    /* of containers, in any document */


typedef struct {
    const ngx_ai_scan_field_t  *fields;
    ngx_uint_t                  n;
} ngx_ai_table_t;


typedef struct {
    ngx_ai_scan_t               scan;
    ngx_ai_scan_value_t         values[NGX_AI_SCAN_FIELDS];
} ngx_ai_reader_t;


/* an array of one reader for each of the tables; NULL without memory */
ngx_ai_reader_t *ngx_ai_readers_create(ngx_pool_t *pool,
    const ngx_ai_table_t *tables, ngx_uint_t n);

/*
 * Reads a whole document.  NGX_ERROR: it is not well-formed, too deep or
 * ends too early; reader->scan says why and where.
 */
ngx_int_t ngx_ai_reader_read(ngx_ai_reader_t *reader, const ngx_str_t *text);

/* the same of a document that lies in n pieces */
ngx_int_t ngx_ai_reader_read_pieces(ngx_ai_reader_t *reader,
    const ngx_str_t *pieces, ngx_uint_t n);

/*
 * The text of a string value, decoded, from the pieces that were read: as
 * ngx_ai_text_decode(), with memory from the pool for "max" bytes at most.
 */
ngx_int_t ngx_ai_reader_string(const ngx_ai_scan_value_t *value,
    const ngx_str_t *pieces, ngx_uint_t n, size_t max, ngx_pool_t *pool,
    ngx_str_t *out);


#endif /* _NGX_AI_READER_H_INCLUDED_ */
