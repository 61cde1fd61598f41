
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Any bytes as a stream of Anthropic's events, or of Bedrock's frames with
 * such events in them, as lines that are in frames, and as a whole reply.  The
 * first byte says which.
 *
 * However the stream is cut the flow gets the same; what is written of it for
 * a client keeps the grammar, and all of it is JSON.
 */


#include "anthropic.h"


#define must(cond)  do { if (!(cond)) { abort(); } } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_cuts(const uint8_t *data, size_t size, ngx_uint_t quirks);
static void fuzz_write(const uint8_t *data, size_t size, ngx_uint_t quirks);
static void fuzz_lines(const uint8_t *data, size_t size);
static void fuzz_pass(const uint8_t *data, size_t size, ngx_uint_t quirks);
static void fuzz_reply(const uint8_t *data, size_t size);


static ngx_pool_t       *pool;
static ngx_ai_reader_t  *readers;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_uint_t  quirks;

    if (readers == NULL) {
        anth_init();
        pool = ngx_create_pool(4096, &ngx_shim_log);
        readers = ngx_ai_readers_create(pool, ngx_ai_anthropic.tables,
                                        ngx_ai_anthropic.ntables);
    }

    if (size == 0) {
        return 0;
    }

    quirks = (data[0] & 1) ? NGX_AI_QUIRK_BEDROCK_INVOKE : 0;

    if (data[0] & 2) {
        fuzz_reply(data + 1, size - 1);

    } else if (data[0] & 4) {
        fuzz_lines(data + 1, size - 1);

    } else {
        fuzz_cuts(data + 1, size - 1, quirks);
        fuzz_write(data + 1, size - 1, quirks);
        fuzz_pass(data + 1, size - 1, quirks);
    }

    return 0;
}


static void
fuzz_cuts(const uint8_t *data, size_t size, ngx_uint_t quirks)
{
    ngx_int_t   rc;
    hub_text_t  one = { NULL, 0, 0 }, other = { NULL, 0, 0 };

    rc = anth_read(data, size, ANTH_AT_ONCE, quirks, &one, NULL);

    must(anth_read(data, size, ANTH_PER_BYTE, quirks, &other, NULL) == rc);
    must(one.len == other.len);
    must(one.len == 0 || memcmp(one.data, other.data, one.len) == 0);

    hub_text_free(&one);
    hub_text_free(&other);
}


static void
fuzz_write(const uint8_t *data, size_t size, ngx_uint_t quirks)
{
    ngx_int_t       rc;
    const char     *fault;
    anth_sink_t     sink;
    ngx_ai_error_t  error;

    anth_sink_init(&sink);

    rc = anth_flow(data, size, ANTH_AT_ONCE, quirks, &sink.flow);
    must(rc == NGX_OK || rc == NGX_ERROR || rc == NGX_DECLINED);

    /* one that is cut may end as well as it can, or with an error */

    if (!sink.reply.ended && !sink.reply.error
        && ((size & 1) || ngx_ai_flow_end(&sink.flow) != NGX_OK))
    {
        memset(&error, 0, sizeof(ngx_ai_error_t));
        error.kind = NGX_AI_ERROR_UPSTREAM;
        ngx_str_set(&error.message, "cut");

        must(ngx_ai_flow_error(&sink.flow, &error) == NGX_OK);
    }

    fault = anth_grammar(anth.out.start, ngx_ai_buf_len(&anth.out));
    must(fault == NULL);

    anth_sink_free(&sink);
}


/* each line in a frame, whose checksums no fuzzer finds */

static void
fuzz_lines(const uint8_t *data, size_t size)
{
    size_t             len, mark;
    ngx_ai_buf_t       out;
    const uint8_t     *p, *end;

    static ngx_str_t   name = ngx_string("chunk");

    ngx_ai_buf_init(&out, WIRE_OUT_MAX, &ngx_shim_log);

    end = data + size;

    for (p = data; p < end; p += len + 1) {
        data = memchr(p, '\n', end - p);
        len = (data ? data : end) - p;

        (void) ngx_ai_framing_begin(NGX_AI_FRAMING_AWS, &out, &name, 0,
                                    &mark);
        (void) ngx_ai_buf_append(&out, p, len);
        (void) ngx_ai_framing_finish(NGX_AI_FRAMING_AWS, &out, mark);
    }

    if (ngx_ai_buf_len(&out)) {
        fuzz_write(out.start, ngx_ai_buf_len(&out),
                   NGX_AI_QUIRK_BEDROCK_INVOKE);
        fuzz_pass(out.start, ngx_ai_buf_len(&out),
                  NGX_AI_QUIRK_BEDROCK_INVOKE);
    }

    ngx_ai_buf_free(&out);
}


/* the same events, looked at while they pass */

static void
fuzz_pass(const uint8_t *data, size_t size, ngx_uint_t quirks)
{
    u_char              *pos, *last;
    ngx_int_t            rc;
    ngx_ai_reply_t       reply;
    ngx_ai_event_t       event;
    ngx_ai_framing_t     framing;
    ngx_ai_sse_event_t   ev;

    memset(&reply, 0, sizeof(ngx_ai_reply_t));

    ngx_ai_framing_init(&framing, quirks ? NGX_AI_FRAMING_AWS
                                         : NGX_AI_FRAMING_SSE,
                        WIRE_EVENT_MAX, &ngx_shim_log);

    pos = (u_char *) data;
    last = pos + size;

    for ( ;; ) {
        rc = ngx_ai_framing_end(&framing, &pos, last, &ev);

        if (rc != NGX_OK) {
            break;
        }

        if (ev.lines) {
            rc = ngx_ai_anthropic.read_event(
                               ngx_ai_route(NGX_AI_ROUTE_MESSAGES), readers,
                               &ev, quirks, 0, &reply, &event);
            must(rc == NGX_OK || rc == NGX_ERROR);
        }
    }

    ngx_ai_framing_free(&framing);
}


static void
fuzz_reply(const uint8_t *data, size_t size)
{
    ngx_str_t      text;
    ngx_ai_tree_t  tree;

    if (wire_read_answer(&anth, data, size) != NGX_OK
        || wire_write_answer(&anth) != NGX_OK)
    {
        return;
    }

    ngx_ai_tree_init(&tree, 1000000, &ngx_shim_log);

    text.data = anth.out.start;
    text.len = ngx_ai_buf_len(&anth.out);

    must(ngx_ai_tree_read(&tree, &text) == NGX_OK);

    ngx_ai_tree_free(&tree);
}
