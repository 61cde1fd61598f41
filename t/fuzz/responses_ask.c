
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * What a client asks in Responses: what is taken into the hub is written for
 * a target as JSON that is taken again, is kept as JSON that comes back, and
 * is repeated in a response that is JSON; what is not taken has a fault.
 *
 *     input = who asks, room for what is written, the body
 */


#include "wire.h"

#include "ngx_ai_responses_state.h"
#include "ngx_ai_scan.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz_write(wire_t *w, ngx_uint_t origin);
static void fuzz_keep(wire_t *w);
static void fuzz_repeat(wire_t *w);
static void fuzz_room(wire_t *w, size_t max);
static ngx_uint_t fuzz_json(const u_char *p, size_t len);
static void fuzz_check(ngx_uint_t good);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wire_t     w;
    ngx_int_t  rc;

    /* a request has been through the scanner before */

    if (size < 2 || !fuzz_json(data + 2, size - 2)) {
        return 0;
    }

    wire_init(&w, NGX_AI_DIALECT_RESPONSES, &ngx_ai_responses);
    w.told.route = ngx_ai_route(NGX_AI_ROUTE_RESPONSES);

    rc = wire_read_ask(&w, data + 2, size - 2);

    if (rc == NGX_OK) {
        fuzz_repeat(&w);
        fuzz_room(&w, data[1] * 16);
        fuzz_write(&w, data[0] % NGX_AI_DIALECT_MAX);
        fuzz_keep(&w);

    } else {
        fuzz_check(rc == NGX_DECLINED || w.fault[0] != '\0');
    }

    wire_free(&w);

    return 0;
}


static void
fuzz_write(wire_t *w, ngx_uint_t origin)
{
    size_t    len;
    u_char   *out;

    w->chat.origin = origin;

    fuzz_check(wire_write_ask(w, "m", origin & 1) == NGX_OK);

    len = ngx_ai_buf_len(&w->out);
    out = malloc(len);
    memcpy(out, w->out.start, len);

    fuzz_check(fuzz_json(out, len));
    fuzz_check(wire_read_ask(w, out, len) == NGX_OK);

    free(out);
}


static void
fuzz_keep(wire_t *w)
{
    ngx_str_t       text;
    ngx_ai_buf_t    out;
    ngx_ai_tree_t   tree;
    ngx_ai_walk_t   walk;

    ngx_ai_buf_init(&out, WIRE_OUT_MAX, &ngx_shim_log);
    ngx_ai_tree_init(&tree, 1024 * 1024, &ngx_shim_log);

    fuzz_check(ngx_ai_responses_state_write(&w->chat, NULL, NULL, &out)
               == NGX_OK);

    text.data = out.start;
    text.len = ngx_ai_buf_len(&out);

    fuzz_check(fuzz_json(text.data, text.len));
    fuzz_check(ngx_ai_tree_read(&tree, &text) == NGX_OK);

    memset(&walk, 0, sizeof(walk));

    walk.tree = &tree;
    walk.pool = w->chat.pool;

    fuzz_check(ngx_ai_responses_state_read(&walk, ngx_ai_tree_root(&tree),
                                           &w->chat)
               == NGX_OK);

    fuzz_check(wire_write_ask(w, "m", 0) == NGX_OK);
    fuzz_check(fuzz_json(w->out.start, ngx_ai_buf_len(&w->out)));

    ngx_ai_buf_free(&out);
    ngx_ai_tree_free(&tree);
}


static void
fuzz_repeat(wire_t *w)
{
    (void) ngx_ai_answer_init(&w->answer, w->event, NGX_AI_DIALECT_OPENAI);

    w->told.chat = &w->chat;

    fuzz_check(wire_write_answer(w) == NGX_OK);
    fuzz_check(fuzz_json(w->out.start, ngx_ai_buf_len(&w->out)));

    /* an event is one line */

    fuzz_check(memchr(w->out.start, '\n', ngx_ai_buf_len(&w->out)) == NULL
               && memchr(w->out.start, '\r', ngx_ai_buf_len(&w->out))
                  == NULL);
}


/* what does not fit is an error */

static void
fuzz_room(wire_t *w, size_t max)
{
    ngx_int_t      rc;
    ngx_ai_buf_t   out;

    out = w->out;
    ngx_ai_buf_init(&w->out, max, &ngx_shim_log);

    rc = wire_write_ask(w, "m", 0);

    fuzz_check(rc == NGX_DECLINED
               || (rc == NGX_OK
                   && fuzz_json(w->out.start, ngx_ai_buf_len(&w->out))));

    ngx_ai_buf_free(&w->out);
    w->out = out;
}


static ngx_uint_t
fuzz_json(const u_char *p, size_t len)
{
    ngx_ai_scan_t  scan;

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, 512);

    return ngx_ai_scan_feed(&scan, p, p + len) != NGX_ERROR
           && ngx_ai_scan_end(&scan) == NGX_OK;
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
