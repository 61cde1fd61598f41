
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * A stream and a whole answer through the hub: whatever a provider sends, what
 * a client is sent is events of JSON, and an answer that is JSON.
 *
 *     input = what speaks, an answer or one event on each line
 */


#include "openai_hub.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz_answer(const uint8_t *data, size_t size);
static void fuzz_stream(const uint8_t *data, size_t size);
static void fuzz_sent(void);
static void fuzz_json(const ngx_str_t *text);
static void fuzz_check(ngx_uint_t good);


static ngx_ai_tree_t  tree;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (w.pool == NULL) {
        hub_init(NGX_AI_DIALECT_OPENAI, &ngx_ai_openai);
        ngx_ai_tree_init(&tree, 1024 * 1024, &ngx_shim_log);
    }

    if (size < 1) {
        return 0;
    }

    w.number = (data[0] & 1) ? NGX_AI_DIALECT_COMPLETIONS
                             : NGX_AI_DIALECT_OPENAI;
    w.dialect = (data[0] & 1) ? &ngx_ai_completions : &ngx_ai_openai;
    w.told.usage = data[0] >> 1 & 1;

    quirks = ((data[0] & 4) ? NGX_AI_QUIRK_BASE_RESP : 0)
             | ((data[0] & 8) ? NGX_AI_QUIRK_REASONING_APART : 0);

    if (data[0] & 16) {
        fuzz_answer(data + 1, size - 1);

    } else {
        fuzz_stream(data + 1, size - 1);
    }

    return 0;
}


static void
fuzz_answer(const uint8_t *data, size_t size)
{
    ngx_str_t  out;

    if (hub_answer(data, size) != NGX_OK) {
        return;
    }

    fuzz_check(wire_write_answer(&w) == NGX_OK);

    out.data = w.out.start;
    out.len = ngx_ai_buf_len(&w.out);

    fuzz_json(&out);
}


static void
fuzz_stream(const uint8_t *data, size_t size)
{
    hub_text_t      bytes = { NULL, 0, 0 };
    const uint8_t  *p, *end, *last;

    last = data + size;

    for (p = data; p < last; p = end + 1) {
        end = memchr(p, '\n', last - p);
        end = end ? end : last;

        hub_printf(&bytes, (*p == '!') ? "event: error\ndata: " : "data: ");
        hub_bytes(&bytes, p, end - p);
        hub_printf(&bytes, "\n\n");
    }

    hub_bytes(&bytes, "", 0);

    (void) hub_retell(bytes.data, bytes.len);

    fuzz_sent();

    hub_text_free(&bytes);
}


static void
fuzz_sent(void)
{
    u_char              *p, *last;
    ngx_str_t            out;
    ngx_int_t            rc;
    ngx_ai_sse_t         sse;
    ngx_ai_sse_event_t   ev;

    out = hub_written();

    p = out.data;
    last = p + out.len;

    ngx_ai_sse_init(&sse, WIRE_OUT_MAX, &ngx_shim_log);

    for ( ;; ) {
        rc = ngx_ai_sse_next(&sse, &p, last, &ev);

        if (rc != NGX_OK) {
            break;
        }

        fuzz_check(ev.lines < 2);

        if (ev.lines && !(ev.data.len == 6
                          && memcmp(ev.data.data, "[DONE]", 6) == 0))
        {
            fuzz_json(&ev.data);
        }
    }

    /* an event is written to its end */

    fuzz_check(p == last);

    ngx_ai_sse_free(&sse);
    free(out.data);
}


/* halves of pairs may be in it, as they were in what was read */

static void
fuzz_json(const ngx_str_t *text)
{
    fuzz_check(ngx_ai_tree_read(&tree, text) == NGX_OK);
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
