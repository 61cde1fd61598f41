
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Any bytes as an answer or an error of Converse, and any lines as events of
 * a stream: each goes in a frame, whose checksums no fuzzer finds.
 *
 *     input = cut, the bytes
 *     line = name, " ", data; behind "!" the name is that of an exception
 */


#include "wire_fuzz.h"


typedef struct {
    ngx_uint_t    started;
    ngx_uint_t    stopped;
    ngx_uint_t    over;
    ngx_uint_t    open;
    int64_t       block;
} fuzz_grammar_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_frames(ngx_ai_buf_t *out, const uint8_t *data, size_t size);
static void fuzz_event(void *grammar, const ngx_str_t *name,
    const ngx_ai_tree_t *tree, const ngx_ai_node_t *data);


static wire_t            wire;
static ngx_pool_t       *pool;
static ngx_ai_reader_t  *readers;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_int_t        rc;
    ngx_ai_buf_t     out;
    fuzz_grammar_t   grammar;

    if (wire.pool == NULL) {
        wire_init(&wire, NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock);
        pool = ngx_create_pool(4096, &ngx_shim_log);
        readers = ngx_ai_readers_create(pool, ngx_ai_bedrock.tables,
                                        ngx_ai_bedrock.ntables);
    }

    if (size == 0) {
        return 0;
    }

    wire_fuzz_pass(&ngx_ai_bedrock, readers, data + 1, size - 1);
    wire_fuzz_answer(&wire, data + 1, size - 1);

    ngx_ai_buf_init(&out, WIRE_OUT_MAX, &ngx_shim_log);
    fuzz_frames(&out, data + 1, size - 1);

    if (ngx_ai_buf_len(&out)) {
        wire_fuzz_events(&ngx_ai_bedrock, readers, out.start,
                         ngx_ai_buf_len(&out));
        wire_fuzz_cuts(&wire, out.start, ngx_ai_buf_len(&out), data[0]);

        rc = wire_write_stream(&wire, out.start, ngx_ai_buf_len(&out));

        memset(&grammar, 0, sizeof(grammar));
        wire_fuzz_written(&wire, fuzz_event, &grammar);

        /* what comes behind the end may be anything */

        must(rc == NGX_OK ? grammar.over : rc == NGX_AGAIN ? !grammar.over
                                                           : 1);
    }

    ngx_ai_buf_free(&out);

    return 0;
}


static void
fuzz_frames(ngx_ai_buf_t *out, const uint8_t *data, size_t size)
{
    size_t          mark;
    ngx_str_t       name;
    ngx_uint_t      error;
    const uint8_t  *p, *end, *line;

    end = data + size;

    for (p = data; p < end; p = line + 1) {
        line = memchr(p, '\n', end - p);
        line = line ? line : end;

        error = (*p == '!');
        p += error;

        name.data = (u_char *) p;
        name.len = 0;

        while (p < line && *p != ' ' && name.len < 64) {
            name.len++;
            p++;
        }

        p += (p < line);

        (void) ngx_ai_aws_begin(out, &name, error, &mark);
        (void) ngx_ai_buf_append(out, p, line - p);
        (void) ngx_ai_framing_finish(NGX_AI_FRAMING_AWS, out, mark);
    }
}


static void
fuzz_event(void *grammar, const ngx_str_t *name, const ngx_ai_tree_t *tree,
    const ngx_ai_node_t *data)
{
    fuzz_grammar_t  *g = grammar;

    if (name->len == 0) {
        return;
    }

    must(!g->over);

    if (data == NULL) {
        g->over = 1;
        return;
    }

    if (wire_fuzz_is(name, "messageStart")) {
        must(!g->started);
        g->started = 1;
        return;
    }

    must(g->started);

    if (wire_fuzz_is(name, "metadata")) {
        must(g->stopped);
        g->over = 1;
        return;
    }

    must(!g->stopped);

    if (wire_fuzz_is(name, "messageStop")) {
        must(!g->open);
        g->stopped = 1;
        return;
    }

    must(wire_fuzz_number(tree, data, "contentBlockIndex") == g->block);

    if (wire_fuzz_is(name, "contentBlockStart")) {
        must(!g->open);
        g->open = 1;
        return;
    }

    if (wire_fuzz_is(name, "contentBlockDelta")) {
        g->open = 1;
        return;
    }

    must(wire_fuzz_is(name, "contentBlockStop") && g->open);

    g->open = 0;
    g->block++;
}
