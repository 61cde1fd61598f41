
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _WIRE_FUZZ_H_INCLUDED_
#define _WIRE_FUZZ_H_INCLUDED_


/*
 * What any bytes must not do to a dialect.  What is read can be written, and
 * what is written can be read and is written again as it was.
 */


#include "wire.h"


#define must(cond)  do { if (!(cond)) { abort(); } } while (0)


/* an event that was written; "data" is NULL of an exception and at the end */

typedef void (*wire_fuzz_pt)(void *grammar, const ngx_str_t *name,
    const ngx_ai_tree_t *tree, const ngx_ai_node_t *data);


/* of an event: the number that a member has, or -1 */

static inline int64_t
wire_fuzz_number(const ngx_ai_tree_t *t, const ngx_ai_node_t *data,
    const char *name)
{
    ngx_str_t             text;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(t, data, name);

    if (node == NULL || node->type != NGX_AI_JSON_NUMBER) {
        return -1;
    }

    ngx_ai_tree_raw(t, node, &text);

    return ngx_atoi(text.data, text.len);
}


static inline ngx_uint_t
wire_fuzz_is(const ngx_str_t *text, const char *other)
{
    return text->len == strlen(other)
           && memcmp(text->data, other, text->len) == 0;
}


/* requests have been through the scanner when they are read */

static inline ngx_uint_t
wire_fuzz_json(const void *data, size_t len)
{
    ngx_ai_scan_t  scan;

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, NGX_AI_TREE_DEPTH);
    (void) ngx_ai_scan_feed(&scan, data, (const u_char *) data + len);

    return ngx_ai_scan_end(&scan) == NGX_OK;
}


/*
 * What was written, in memory of its own.  It may not be in the form that all
 * is written in: what is written of it is.
 */

static inline u_char *
wire_fuzz_copy(wire_t *w, size_t *len)
{
    u_char  *copy;

    *len = ngx_ai_buf_len(&w->out);
    copy = malloc(*len + 1);

    must(copy != NULL);
    memcpy(copy, w->out.start, *len);

    must(wire_fuzz_json(copy, *len));

    return copy;
}


static inline void
wire_fuzz_same(wire_t *w, u_char *copy, size_t len)
{
    must(ngx_ai_buf_len(&w->out) == len);
    must(memcmp(w->out.start, copy, len) == 0);

    free(copy);
}


static inline void
wire_fuzz_ask(wire_t *w, const char *model, ngx_uint_t origin,
    const void *data, size_t size)
{
    u_char     *copy;
    size_t      len;
    ngx_int_t   rc;

    if (!wire_fuzz_json(data, size)) {
        return;
    }

    if (wire_read_ask(w, data, size) != NGX_OK) {
        must(w->fault[0] != '\0' && strcmp(w->fault, "no memory") != 0);
        return;
    }

    w->chat.origin = origin;

    rc = wire_write_ask(w, model, 0);

    /* its brackets may be more than a writer keeps in mind */

    must(rc == NGX_OK || rc == NGX_DECLINED);

    if (rc != NGX_OK) {
        return;
    }

    copy = wire_fuzz_copy(w, &len);

    must(wire_read_ask(w, copy, len) == NGX_OK);
    must(wire_write_ask(w, model, 0) == NGX_OK);

    free(copy);

    copy = wire_fuzz_copy(w, &len);

    must(wire_read_ask(w, copy, len) == NGX_OK);
    must(wire_write_ask(w, model, 0) == NGX_OK);

    wire_fuzz_same(w, copy, len);
}


static inline void
wire_fuzz_answer(wire_t *w, const void *data, size_t size)
{
    u_char     *copy;
    size_t      len;
    ngx_int_t   rc;

    if (wire_read_answer(w, data, size) != NGX_OK) {
        return;
    }

    rc = wire_write_answer(w);
    must(rc == NGX_OK || rc == NGX_DECLINED);

    if (rc != NGX_OK) {
        return;
    }

    copy = wire_fuzz_copy(w, &len);

    must(wire_read_answer(w, copy, len) == NGX_OK);
    must(wire_write_answer(w) == NGX_OK);

    free(copy);

    copy = wire_fuzz_copy(w, &len);

    must(wire_read_answer(w, copy, len) == NGX_OK);
    must(wire_write_answer(w) == NGX_OK);

    wire_fuzz_same(w, copy, len);
}


/* what is looked at while it passes stays in the bytes that pass */

static inline void
wire_fuzz_pass(const ngx_ai_dialect_t *dialect, ngx_ai_reader_t *readers,
    const void *data, size_t size)
{
    ngx_str_t         body;
    ngx_ai_reply_t    reply;
    ngx_ai_error_t    error;
    ngx_ai_reader_t  *reader;

    body.data = malloc(size + 1);
    body.len = size;
    memcpy(body.data, data, size);

    reader = &readers[dialect->reply];

    if (ngx_ai_reader_read(reader, &body) == NGX_OK) {
        memset(&reply, 0, sizeof(reply));
        dialect->read_reply(ngx_ai_route(NGX_AI_ROUTE_CHAT), reader->values,
                            0, &reply);
    }

    memset(&error, 0, sizeof(error));
    error.status = 400;
    error.kind = NGX_AI_ERROR_INVALID;

    if (dialect->read_error(readers, &body, &error) == NGX_OK) {
        must(error.message.data > body.data
             && error.message.data + error.message.len
                < body.data + body.len);
    }

    must(error.kind != NGX_AI_ERROR_NONE && error.kind < NGX_AI_ERROR_MAX);

    free(body.data);
}


static inline void
wire_fuzz_events(const ngx_ai_dialect_t *dialect, ngx_ai_reader_t *readers,
    const void *data, size_t size)
{
    u_char              *start, *pos;
    ngx_int_t            rc;
    ngx_ai_reply_t       reply;
    ngx_ai_event_t       event;
    ngx_ai_framing_t     framing;
    ngx_ai_sse_event_t   ev;

    start = malloc(size + 1);
    memcpy(start, data, size);
    pos = start;

    memset(&reply, 0, sizeof(reply));

    ngx_ai_framing_init(&framing, dialect->framing, WIRE_EVENT_MAX,
                        &ngx_shim_log);

    while (ngx_ai_framing_end(&framing, &pos, start + size, &ev) == NGX_OK) {

        if (ev.lines) {
            rc = dialect->read_event(ngx_ai_route(NGX_AI_ROUTE_CHAT), readers,
                                     &ev, 0, 1, &reply, &event);
            must(rc == NGX_OK || rc == NGX_ERROR);
        }
    }

    ngx_ai_framing_free(&framing);
    free(start);
}


/* however a stream is cut, the flow gets the same */

static inline void
wire_fuzz_cuts(wire_t *w, const void *data, size_t size, uint32_t cut)
{
    ngx_int_t   rc;
    hub_text_t  t = { NULL, 0, 0 }, other = { NULL, 0, 0 };
    hub_sink_t  sink;

    rc = wire_read_stream(w, data, size, WIRE_WHOLE, 0, &sink);
    hub_sink_fold(&sink, &t, HUB_IDS | HUB_SIGNATURES);
    hub_sink_free(&sink);

    must(rc == wire_read_stream(w, data, size, cut, 0, &sink));
    hub_sink_fold(&sink, &other, HUB_IDS | HUB_SIGNATURES);
    hub_sink_free(&sink);

    must(t.len == other.len
         && (t.len == 0 || memcmp(t.data, other.data, t.len) == 0));

    hub_text_free(&t);
    hub_text_free(&other);
}


/* events as they were written, one after the other, then one without a name */

static inline void
wire_fuzz_written(wire_t *w, wire_fuzz_pt check, void *grammar)
{
    u_char              *start, *pos, *last;
    size_t               len;
    ngx_str_t            end = ngx_null_string;
    ngx_ai_tree_t        tree;
    ngx_ai_framing_t     framing;
    ngx_ai_sse_event_t   ev;

    len = ngx_ai_buf_len(&w->out);
    start = malloc(len + 1);

    if (len) {
        memcpy(start, w->out.start, len);
    }

    ngx_ai_framing_init(&framing, w->dialect->framing, WIRE_OUT_MAX,
                        &ngx_shim_log);
    ngx_ai_tree_init(&tree, 1024 * 1024, &ngx_shim_log);

    pos = start;
    last = start + len;

    while (ngx_ai_framing_end(&framing, &pos, last, &ev) == NGX_OK) {

        if (ev.lines == 0) {
            continue;
        }

        must(ev.lines == 1);

        if (wire_fuzz_is(&ev.data, "[DONE]")) {
            check(grammar, &ev.data, NULL, NULL);
            continue;
        }

        must(ngx_ai_tree_read(&tree, &ev.data) == NGX_OK);
        must(ngx_ai_tree_root(&tree)->type == NGX_AI_JSON_OBJECT);

        check(grammar, &ev.name, &tree,
              ev.error ? NULL : ngx_ai_tree_root(&tree));
    }

    must(pos == last);

    check(grammar, &end, NULL, NULL);

    ngx_ai_framing_free(&framing);
    ngx_ai_tree_free(&tree);
    free(start);
}


#endif /* _WIRE_FUZZ_H_INCLUDED_ */
