
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * A stream of /api/chat, or a whole answer.  The first byte says which, and
 * how the stream is cut: the deltas are the same however that is.  What is
 * written of it is lines of JSON, which are read again to the same parts.
 */


#include "wire.h"


#define must(cond)  do { if (!(cond)) { abort(); } } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void event_stream(wire_t *w, const uint8_t *data, size_t size,
    uint32_t cut);
static void event_answer(wire_t *w, const uint8_t *data, size_t size);
static void event_lines(wire_t *w, const u_char *p, const u_char *end);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wire_t  w;

    if (size == 0) {
        return 0;
    }

    wire_init(&w, NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama);

    if (data[0] & 1) {
        event_answer(&w, data + 1, size - 1);

    } else {
        event_stream(&w, data + 1, size - 1, data[0]);
    }

    wire_free(&w);

    return 0;
}


static void
event_stream(wire_t *w, const uint8_t *data, size_t size, uint32_t cut)
{
    u_char      *again;
    size_t       len;
    ngx_int_t    rc;
    hub_sink_t   sink, pieces;
    hub_text_t   first = { NULL, 0, 0 };
    hub_text_t   then = { NULL, 0, 0 };

    rc = wire_read_stream(w, data, size, WIRE_WHOLE, 0, &sink);

    must(wire_read_stream(w, data, size, WIRE_BYTES + cut, 0, &pieces) == rc);
    must(sink.deltas.len == pieces.deltas.len);
    must(sink.deltas.len == 0
         || memcmp(sink.deltas.data, pieces.deltas.data, sink.deltas.len)
            == 0);

    hub_sink_free(&pieces);

    must(wire_write_stream(w, data, size) == rc);

    len = ngx_ai_buf_len(&w->out);
    again = malloc(len ? len : 1);
    must(again != NULL);

    if (len) {
        memcpy(again, w->out.start, len);
        event_lines(w, again, again + len);
    }

    /* a reason that we have no word for is told as one that we have */

    if (rc == NGX_OK && sink.ended
        && sink.reply.finish != NGX_AI_FINISH_OTHER)
    {
        hub_sink_fold(&sink, &first, 0);
        hub_sink_free(&sink);

        must(wire_read_stream(w, again, len, WIRE_WHOLE, 0, &sink) == NGX_OK);

        hub_sink_fold(&sink, &then, 0);

        must(first.len == then.len);
        must(memcmp(first.data, then.data, then.len) == 0);

        hub_text_free(&first);
        hub_text_free(&then);
    }

    hub_sink_free(&sink);
    free(again);
}


static void
event_answer(wire_t *w, const uint8_t *data, size_t size)
{
    u_char      *again;
    size_t       len;
    hub_text_t   first = { NULL, 0, 0 };
    hub_text_t   then = { NULL, 0, 0 };

    if (wire_read_answer(w, data, size) != NGX_OK) {
        return;
    }

    hub_answer_fold(&first, &w->answer, 0);

    must(wire_write_answer(w) == NGX_OK);

    len = ngx_ai_buf_len(&w->out);
    again = malloc(len);
    must(again != NULL);
    memcpy(again, w->out.start, len);

    must(wire_read_answer(w, again, len) == NGX_OK);

    hub_answer_fold(&then, &w->answer, 0);

    /* the same here */

    if (memmem(first.data, first.len, "=other", 6) == NULL) {
        must(first.len == then.len);
        must(memcmp(first.data, then.data, then.len) == 0);
    }

    hub_text_free(&first);
    hub_text_free(&then);
    free(again);
}


/* halves of pairs pass as they came: the tree takes them */

static void
event_lines(wire_t *w, const u_char *p, const u_char *end)
{
    ngx_str_t      line;
    const u_char  *next;

    while (p < end) {
        next = memchr(p, '\n', end - p);
        must(next != NULL);

        line.data = (u_char *) p;
        line.len = next - p;

        must(ngx_ai_tree_read(&w->tree, &line) == NGX_OK);
        must(ngx_ai_tree_root(&w->tree)->type == NGX_AI_JSON_OBJECT);

        p = next + 1;
    }
}
