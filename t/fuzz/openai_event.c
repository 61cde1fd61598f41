
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * An event of a stream: the quick look at a chunk's bytes sees what reading
 * it sees, where a blank in front forces the reading; what is left of it when
 * usage is hidden is the same JSON but for the usage.
 *
 *     input = what is asked, the data
 */


#include "openai.h"


extern ngx_log_t  ngx_shim_log;


typedef struct {
    ngx_int_t       rc;
    ngx_ai_reply_t  reply;
    ngx_ai_event_t  event;
} fuzz_run_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz_run(fuzz_run_t *run, ngx_uint_t ask, const uint8_t *data,
    size_t size, ngx_uint_t blank);
static void fuzz_same(fuzz_run_t *quick, fuzz_run_t *slow);
static void fuzz_hidden(openai_doc_t *want, const ngx_ai_event_t *event,
    const uint8_t *data, size_t size);
static void fuzz_check(ngx_uint_t good);


static ngx_pool_t       *pool;
static ngx_ai_reader_t  *readers;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_uint_t    ask;
    fuzz_run_t    quick, slow;
    openai_doc_t  doc;

    if (readers == NULL) {
        pool = ngx_create_pool(4096, &ngx_shim_log);
        readers = ngx_ai_readers_create(pool, ngx_ai_openai.tables,
                                        ngx_ai_openai.ntables);
    }

    if (size < 1) {
        return 0;
    }

    ask = data[0];
    data++;
    size--;

    fuzz_run(&quick, ask, data, size, 0);
    fuzz_run(&slow, ask, data, size, 1);

    /* what is no JSON may be passed on or not; "[DONE]" is no JSON */

    if (slow.rc != NGX_OK) {
        return 0;
    }

    fuzz_check(quick.rc == NGX_OK);

    ngx_memzero(&doc, sizeof(doc));
    doc.drop = 1;

    /* a fragment of a Responses stream need not be JSON to be one */

    if (!openai_read(&doc, data, size)) {
        fuzz_check(ask & 1);
        free(doc.data);
        return 0;
    }

    if (!doc.escaped) {
        fuzz_same(&quick, &slow);
    }

    if (doc.has[OPENAI_USAGE] == 1) {
        fuzz_hidden(&doc, &quick.event, data, size);
        fuzz_check(!doc.has[OPENAI_USAGE] || !(ask & 2) || (ask & 1)
                   || doc.escaped
                   || quick.event.drop || quick.event.hide.end);

    } else if (doc.has[OPENAI_USAGE] == 0) {
        fuzz_check(quick.event.hide.end == 0 && !quick.event.drop);
    }

    free(doc.data);

    return 0;
}


/* bits of what is asked: Responses, hide usage, an event's name, quirks */

static void
fuzz_run(fuzz_run_t *run, ngx_uint_t ask, const uint8_t *data, size_t size,
    ngx_uint_t blank)
{
    u_char              *p;
    ngx_str_t            text, name;
    ngx_ai_sse_event_t   ev;

    static const char  *names[] = {
        "", "error", "response.completed", "response.output_text.delta"
    };

    text.len = size + blank;
    text.data = malloc(text.len);

    p = text.data;

    if (blank) {
        *p++ = ' ';
    }

    if (size) {
        ngx_memcpy(p, data, size);
    }

    name = openai_str(names[(ask >> 2) & 3]);

    ngx_memzero(&run->reply, sizeof(run->reply));
    ngx_memset(&run->event, 0x5a, sizeof(run->event));

    ev = openai_event(&name, &text);

    run->rc = ngx_ai_openai.read_event(ngx_ai_route((ask & 1)
                                                    ? NGX_AI_ROUTE_RESPONSES
                                                    : NGX_AI_ROUTE_CHAT),
                                       readers, &ev, ask >> 4,
                                       (ask >> 1) & 1, &run->reply,
                                       &run->event);

    if (run->rc == NGX_OK && run->event.hide.end) {
        fuzz_check(run->event.hide.start > (off_t) blank
                   && run->event.hide.start < run->event.hide.end
                   && run->event.hide.end <= (off_t) text.len);
    }

    free(text.data);
}


static void
fuzz_same(fuzz_run_t *quick, fuzz_run_t *slow)
{
    fuzz_check(quick->event.content == slow->event.content);
    fuzz_check(quick->event.drop == slow->event.drop);
    fuzz_check(quick->event.error == slow->event.error);
    fuzz_check(quick->event.end == slow->event.end);

    if (slow->event.hide.end) {
        fuzz_check(quick->event.hide.start + 1 == slow->event.hide.start);
        fuzz_check(quick->event.hide.end + 1 == slow->event.hide.end);

    } else {
        fuzz_check(quick->event.hide.end == 0);
    }

    fuzz_check(ngx_memcmp(&quick->reply, &slow->reply, sizeof(quick->reply))
               == 0);
}


static void
fuzz_hidden(openai_doc_t *want, const ngx_ai_event_t *event,
    const uint8_t *data, size_t size)
{
    u_char        *text;
    size_t         len;
    openai_doc_t   got;

    if (event->hide.end == 0) {
        return;
    }

    text = malloc(size);
    len = event->hide.start;

    ngx_memcpy(text, data, len);
    ngx_memcpy(text + len, data + event->hide.end, size - event->hide.end);
    len += size - event->hide.end;

    ngx_memzero(&got, sizeof(got));

    fuzz_check(openai_read(&got, text, len));
    fuzz_check(openai_same(want, &got));

    free(got.data);
    free(text);
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
