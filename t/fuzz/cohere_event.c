
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Any bytes as a stream, an answer or an error of Cohere's chat.
 *
 *     input = cut, the bytes
 */


#include "wire_fuzz.h"


typedef struct {
    ngx_uint_t    started;
    ngx_uint_t    ended;          /* the message */
    ngx_uint_t    over;
    ngx_uint_t    open;           /* a block of content */
    ngx_uint_t    calling;
    ngx_uint_t    citing;
    int64_t       content;
    int64_t       calls;
    int64_t       citations;
} fuzz_grammar_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_event(void *grammar, const ngx_str_t *name,
    const ngx_ai_tree_t *tree, const ngx_ai_node_t *data);
static void fuzz_block(fuzz_grammar_t *g, const ngx_str_t *name,
    int64_t index);


static wire_t            wire;
static ngx_pool_t       *pool;
static ngx_ai_reader_t  *readers;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_int_t        rc;
    fuzz_grammar_t   grammar;

    if (wire.pool == NULL) {
        wire_init(&wire, NGX_AI_DIALECT_COHERE, &ngx_ai_cohere);
        pool = ngx_create_pool(4096, &ngx_shim_log);
        readers = ngx_ai_readers_create(pool, ngx_ai_cohere.tables,
                                        ngx_ai_cohere.ntables);
    }

    if (size == 0) {
        return 0;
    }

    wire_fuzz_pass(&ngx_ai_cohere, readers, data + 1, size - 1);
    wire_fuzz_answer(&wire, data + 1, size - 1);
    wire_fuzz_events(&ngx_ai_cohere, readers, data + 1, size - 1);
    wire_fuzz_cuts(&wire, data + 1, size - 1, data[0]);

    rc = wire_write_stream(&wire, data + 1, size - 1);

    memset(&grammar, 0, sizeof(grammar));
    wire_fuzz_written(&wire, fuzz_event, &grammar);

    /* what comes behind the end may be anything */

    must(rc == NGX_OK ? grammar.over : rc == NGX_AGAIN ? !grammar.over : 1);

    return 0;
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
        must(g->ended && wire_fuzz_is(name, "[DONE]"));
        g->over = 1;
        return;
    }

    must(!g->ended);

    if (wire_fuzz_is(name, "message-start")) {
        must(!g->started);
        g->started = 1;
        return;
    }

    if (wire_fuzz_is(name, "message-end")) {
        g->ended = 1;
        return;
    }

    must(g->started);

    fuzz_block(g, name, wire_fuzz_number(tree, data, "index"));
}


/* blocks of one kind are counted from 0, and none is in another */

static void
fuzz_block(fuzz_grammar_t *g, const ngx_str_t *name, int64_t index)
{
    if (wire_fuzz_is(name, "content-start")) {
        must(!g->open && !g->calling && index == g->content);
        g->open = 1;

    } else if (wire_fuzz_is(name, "content-delta")) {
        must(g->open && !g->citing && index == g->content);

    } else if (wire_fuzz_is(name, "content-end")) {
        must(g->open && !g->citing && index == g->content);
        g->open = 0;
        g->content++;

    } else if (wire_fuzz_is(name, "tool-call-start")) {
        must(!g->open && !g->calling && index == g->calls);
        g->calling = 1;

    } else if (wire_fuzz_is(name, "tool-call-delta")) {
        must(g->calling && index == g->calls);

    } else if (wire_fuzz_is(name, "tool-call-end")) {
        must(g->calling && index == g->calls);
        g->calling = 0;
        g->calls++;

    } else if (wire_fuzz_is(name, "citation-start")) {
        must(g->open && !g->citing && index == g->citations);
        g->citing = 1;

    } else {
        must(wire_fuzz_is(name, "citation-end"));
        must(g->citing && index == g->citations);
        g->citing = 0;
        g->citations++;
    }
}
