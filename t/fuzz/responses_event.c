
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Any bytes as a stream of Responses, which goes through the flow and is
 * written again: every event is one of SSE, JSON of its type and numbered;
 * what ends well has said everything, and what is read again is the same.
 *
 *     input = who listens, how the stream is cut, the stream
 */


#include "wire.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static ngx_int_t fuzz_stream(wire_t *w, const ngx_ai_chat_t *chat,
    size_t max, const void *data, size_t size, uint32_t cut);
static void fuzz_events(wire_t *w, ngx_uint_t ended);
static void fuzz_event(wire_t *w, u_char *name, size_t len,
    const ngx_str_t *data, ngx_uint_t seq);
static void fuzz_again(wire_t *w);
static void fuzz_check(ngx_uint_t good);


static const char  fuzz_ask[] =
    "{\"input\":\"x\",\"include\":[\"reasoning.encrypted_content\"],"
    "\"tools\":[{\"type\":\"custom\",\"name\":\"p\"}]}";


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t     max;
    wire_t     w;
    ngx_int_t  rc;

    if (size < 2) {
        return 0;
    }

    wire_init(&w, NGX_AI_DIALECT_RESPONSES, &ngx_ai_responses);
    w.told.route = ngx_ai_route(NGX_AI_ROUTE_RESPONSES);

    fuzz_check(wire_read_ask(&w, fuzz_ask, sizeof(fuzz_ask) - 1) == NGX_OK);

    max = (data[0] & 2) ? (size_t) data[0] * 8 : WIRE_EVENT_MAX;

    rc = fuzz_stream(&w, (data[0] & 1) ? &w.chat : NULL, max, data + 2,
                     size - 2, data[1]);

    fuzz_events(&w, rc == NGX_OK);

    if (rc == NGX_OK) {
        fuzz_again(&w);
    }

    wire_free(&w);

    return 0;
}


static ngx_int_t
fuzz_stream(wire_t *w, const ngx_ai_chat_t *chat, size_t max,
    const void *data, size_t size, uint32_t cut)
{
    ngx_int_t        rc;
    ngx_pool_t      *pool;
    ngx_ai_flow_t    flow;
    ngx_ai_sink_t   *sink;
    ngx_ai_reply_t   reply;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    sink = ngx_pcalloc(pool, ngx_ai_responses.sink);

    memset(&reply, 0, sizeof(reply));
    ngx_ai_buf_reset(&w->out);

    sink->out = &w->out;
    sink->told = &w->told;
    sink->framing = NGX_AI_FRAMING_SSE;
    sink->pool = pool;
    sink->max = max;
    sink->chat = chat;

    fuzz_check(ngx_ai_flow_init(&flow, pool, WIRE_EVENT_MAX, 7) == NGX_OK);

    flow.write = ngx_ai_responses.write_delta;
    flow.sink = sink;
    flow.reply = &reply;

    rc = wire_flow(w, data, size, cut, &flow);

    ngx_destroy_pool(pool);

    return rc;
}


/* a stream that is not over may have been cut in the middle of an event */

static void
fuzz_events(wire_t *w, ngx_uint_t ended)
{
    u_char      *p, *last, *eol, *end;
    ngx_str_t    data;
    ngx_uint_t   seq;

    p = w->out.start;
    last = w->out.last;

    for (seq = 0; p < last; /* void */ ) {

        end = memmem(p, last - p, "\n\n", 2);

        if (end == NULL) {
            fuzz_check(!ended);
            return;
        }

        if (*p != ':') {
            eol = memchr(p, '\n', last - p);

            fuzz_check(memcmp(p, "event: ", 7) == 0
                       && memcmp(eol, "\ndata: ", 7) == 0);

            data.data = eol + 7;
            data.len = end - data.data;

            fuzz_event(w, p + 7, eol - p - 7, &data, seq++);
        }

        p = end + 2;
    }
}


static void
fuzz_event(wire_t *w, u_char *name, size_t len, const ngx_str_t *data,
    ngx_uint_t seq)
{
    int64_t               n;
    ngx_str_t             text;
    const ngx_ai_node_t  *root, *node;

    fuzz_check(ngx_ai_tree_read(&w->tree, data) == NGX_OK);

    root = ngx_ai_tree_root(&w->tree);
    node = ngx_ai_tree_member(&w->tree, root, "type");

    fuzz_check(node != NULL);
    ngx_ai_tree_text(&w->tree, node, &text);
    fuzz_check(text.len == len && memcmp(text.data, name, len) == 0);

    node = ngx_ai_tree_member(&w->tree, root, "sequence_number");

    fuzz_check(node != NULL
               && ngx_ai_tree_int(&w->tree, node, &n) == NGX_OK
               && n == (int64_t) seq);
}


static void
fuzz_again(wire_t *w)
{
    size_t    len;
    u_char   *out;

    len = ngx_ai_buf_len(&w->out);
    out = malloc(len + 1);

    if (len) {
        memcpy(out, w->out.start, len);
    }

    fuzz_check(fuzz_stream(w, NULL, WIRE_EVENT_MAX * 16, out, len, 0)
               == NGX_OK);
    free(out);
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
