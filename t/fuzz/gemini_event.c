
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Any bytes as a stream, an answer or an error of Gemini's.  What can be read
 * is written as events again, each of which is JSON and can be read.
 *
 *     input = framing and cut, the bytes
 */


#include "wire.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz_pass(const uint8_t *data, size_t size);
static void fuzz_answer(const uint8_t *data, size_t size);
static void fuzz_stream(const uint8_t *data, size_t size, uint32_t cut);
static void fuzz_written(const u_char *data, size_t len);
static void fuzz_check(ngx_uint_t good);


static wire_t            wire;
static ngx_pool_t       *table;
static ngx_ai_reader_t  *readers;
static ngx_ai_dialect_t  dialect;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (wire.pool == NULL) {
        wire_init(&wire, NGX_AI_DIALECT_GEMINI, &dialect);

        table = ngx_create_pool(4096, &ngx_shim_log);
        readers = ngx_ai_readers_create(table, ngx_ai_gemini.tables,
                                        ngx_ai_gemini.ntables);
    }

    if (size < 1) {
        return 0;
    }

    dialect = ngx_ai_gemini;
    dialect.framing = (data[0] & 1) ? NGX_AI_FRAMING_ARRAY
                                    : NGX_AI_FRAMING_SSE;

    fuzz_pass(data + 1, size - 1);
    fuzz_answer(data + 1, size - 1);
    fuzz_stream(data + 1, size - 1, data[0] >> 1);

    return 0;
}


static void
fuzz_pass(const uint8_t *data, size_t size)
{
    ngx_str_t            body;
    ngx_ai_event_t       event;
    ngx_ai_reply_t       reply;
    ngx_ai_error_t       error;
    ngx_ai_sse_event_t   ev;

    body.data = malloc(size + 1);
    body.len = size;
    memcpy(body.data, data, size);

    memset(&ev, 0, sizeof(ev));
    memset(&reply, 0, sizeof(reply));
    memset(&error, 0, sizeof(error));

    ev.data = body;
    ev.lines = 1;

    (void) ngx_ai_gemini.read_event(NULL, readers, &ev, 0, 0, &reply, &event);

    if (ngx_ai_gemini.read_error(readers, &body, &error) == NGX_OK) {
        fuzz_check(error.message.len && error.kind != NGX_AI_ERROR_NONE);
    }

    fuzz_check(error.message.len == 0
               || (error.message.data >= body.data
                   && error.message.data + error.message.len
                      <= body.data + body.len));
    fuzz_check(error.retry_after >= -1 && error.retry_after <= 86401000);

    free(body.data);
}


static void
fuzz_answer(const uint8_t *data, size_t size)
{
    u_char     *again;
    size_t      len;
    ngx_int_t   rc;

    if (wire_read_answer(&wire, data, size) != NGX_OK) {
        return;
    }

    rc = wire_write_answer(&wire);
    fuzz_check(rc == NGX_OK || rc == NGX_DECLINED);

    if (rc != NGX_OK) {
        return;
    }

    len = ngx_ai_buf_len(&wire.out);
    again = malloc(len);
    memcpy(again, wire.out.start, len);

    fuzz_check(wire_read_answer(&wire, again, len) == NGX_OK);

    free(again);
}


static void
fuzz_stream(const uint8_t *data, size_t size, uint32_t cut)
{
    ngx_int_t   rc;
    hub_sink_t  sink, other;

    rc = wire_read_stream(&wire, data, size, cut, 0, &sink);

    fuzz_check(wire_read_stream(&wire, data, size, WIRE_WHOLE, 1, &other)
               == rc || rc != NGX_OK);

    hub_sink_free(&sink);
    hub_sink_free(&other);

    if (rc != NGX_OK) {
        return;
    }

    fuzz_check(wire_write_stream(&wire, data, size) == NGX_OK);

    /* the end of an array is written behind END; ERROR has its own */

    if (dialect.framing == NGX_AI_FRAMING_ARRAY && wire.out.last[-1] != ']') {
        (void) ngx_ai_framing_last(dialect.framing, &wire.out, 0);
    }

    fuzz_written(wire.out.start, ngx_ai_buf_len(&wire.out));
}


static void
fuzz_written(const u_char *data, size_t len)
{
    u_char              *start, *pos, *last;
    ngx_uint_t           n;
    ngx_ai_tree_t        tree;
    ngx_ai_framing_t     framing;
    ngx_ai_sse_event_t   ev;

    start = malloc(len + 1);
    memcpy(start, data, len);

    ngx_ai_framing_init(&framing, dialect.framing, WIRE_OUT_MAX,
                        &ngx_shim_log);
    ngx_ai_tree_init(&tree, 1024 * 1024, &ngx_shim_log);

    pos = start;
    last = start + len;
    n = 0;

    while (ngx_ai_framing_end(&framing, &pos, last, &ev) == NGX_OK) {

        if (ev.lines) {
            fuzz_check(ev.lines == 1);
            fuzz_check(ngx_ai_tree_read(&tree, &ev.data) == NGX_OK);
            fuzz_check(ngx_ai_tree_root(&tree)->type == NGX_AI_JSON_OBJECT);
            n++;
        }
    }

    fuzz_check(n != 0 && pos == last);

    ngx_ai_framing_free(&framing);
    ngx_ai_tree_free(&tree);
    free(start);
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
