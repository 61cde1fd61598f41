
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * A body for /api/chat: what is read is written as valid JSON, and what was
 * written is read to the same value and written to the same bytes.  The first
 * byte chooses the model.
 */


#include "wire.h"


#define must(cond)  do { if (!(cond)) { abort(); } } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ngx_uint_t ask_valid(const u_char *data, size_t len);


static const char *const  ask_models[] = { "qwen3:4b", "gpt-oss:20b" };


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char       *again;
    size_t        len;
    wire_t        w;
    ngx_int_t     rc;
    hub_text_t    first = { NULL, 0, 0 };
    hub_text_t    then = { NULL, 0, 0 };
    const char   *model;

    if (size == 0) {
        return 0;
    }

    model = ask_models[data[0] & 1];

    /* the gateway has looked at it before */

    if (!ask_valid(data + 1, size - 1)) {
        return 0;
    }

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    rc = wire_read_ask(&w, data + 1, size - 1);

    must(rc == NGX_OK || w.fault[0]);

    if (rc == NGX_OK) {
        must(wire_write_ask(&w, model, w.chat.stream) == NGX_OK);

        len = ngx_ai_buf_len(&w.out);
        again = malloc(len);
        must(again != NULL);
        memcpy(again, w.out.start, len);

        must(ask_valid(again, len));

        /* of most models an effort is on: what is said once stays said */

        must(wire_read_ask(&w, again, len) == NGX_OK);
        must(w.drops.count == 0);

        hub_chat_text(&first, &w.chat);

        must(wire_write_ask(&w, model, w.chat.stream) == NGX_OK);
        must(ngx_ai_buf_len(&w.out) == len);
        must(memcmp(w.out.start, again, len) == 0);

        must(wire_read_ask(&w, again, len) == NGX_OK);
        hub_chat_text(&then, &w.chat);

        must(first.len == then.len);
        must(memcmp(first.data, then.data, then.len) == 0);

        hub_text_free(&first);
        hub_text_free(&then);
        free(again);
    }

    wire_free(&w);

    return 0;
}


static ngx_uint_t
ask_valid(const u_char *data, size_t len)
{
    ngx_ai_scan_t  scan;

    must(ngx_ai_scan_init(&scan, NULL, 0, NULL, NGX_AI_READER_DEPTH)
         == NGX_OK);

    return ngx_ai_scan_feed(&scan, data, data + len) != NGX_ERROR
           && ngx_ai_scan_end(&scan) == NGX_OK;
}
