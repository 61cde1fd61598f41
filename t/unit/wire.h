
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _WIRE_H_INCLUDED_
#define _WIRE_H_INCLUDED_


/*
 * One dialect at work, for its tests: what it reads is in the hub's values,
 * what it writes is text.  A wire reads one thing at a time.
 *
 *     wire_t  w;
 *
 *     wire_init(&w, NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock);
 *
 *     wire_read_ask(&w, body, len);       w.chat, or w.fault
 *     wire_write_ask(&w, "model", 0);     w.out
 *
 *     wire_read_answer(&w, body, len);    w.answer
 *     wire_write_answer(&w);              w.out
 *
 *     wire_read_stream(&w, bytes, len, WIRE_BYTES, 0, &sink);
 *     wire_write_stream(&w, bytes, len);  w.out
 *
 *     wire_free(&w);
 */


#include "hub.h"

#include "ngx_ai_dialect.h"


#define WIRE_EVENT_MAX  (1024 * 1024)
#define WIRE_OUT_MAX    (16 * 1024 * 1024)

#define wire_n(rows)  (sizeof(rows) / sizeof((rows)[0]))


/* how a stream comes; any other number is the seed of random pieces */

#define WIRE_WHOLE      0
#define WIRE_BYTES      1


extern ngx_log_t  ngx_shim_log;


typedef struct {
    ngx_uint_t                number;
    const ngx_ai_dialect_t   *dialect;
    ngx_pool_t               *pool;
    ngx_pool_t               *event;
    ngx_ai_tree_t             tree;
    ngx_ai_drops_t            drops;
    ngx_ai_chat_t             chat;
    ngx_ai_answer_t           answer;
    ngx_ai_told_t             told;
    ngx_ai_buf_t              out;
    ngx_ai_json_writer_t      writer;
    u_char                   *copy;      /* of what is being read */
    char                      fault[256];
} wire_t;


static inline void
wire_init(wire_t *w, ngx_uint_t number, const ngx_ai_dialect_t *dialect)
{
    memset(w, 0, sizeof(wire_t));

    w->number = number;
    w->dialect = dialect;
    w->pool = ngx_create_pool(4096, &ngx_shim_log);
    w->event = ngx_create_pool(4096, &ngx_shim_log);

    ngx_ai_tree_init(&w->tree, 1024 * 1024, &ngx_shim_log);
    ngx_ai_buf_init(&w->out, WIRE_OUT_MAX, &ngx_shim_log);

    ngx_str_set(&w->told.id, "0123456789abcdef0123456789abcdef");
    ngx_str_set(&w->told.model, "asked-model");
    w->told.created = 1750000000;
    w->told.elapsed = 1234;
    w->told.usage = 1;
    w->told.route = ngx_ai_route(NGX_AI_ROUTE_CHAT);
}


static inline void
wire_free(wire_t *w)
{
    ngx_ai_tree_free(&w->tree);
    ngx_ai_buf_free(&w->out);
    ngx_destroy_pool(w->pool);
    ngx_destroy_pool(w->event);
    free(w->copy);
}


/* memory of its own, without a byte too many */

static inline void
wire_source(wire_t *w, const void *data, size_t len, ngx_str_t *text)
{
    free(w->copy);

    w->copy = malloc(len ? len : 1);

    if (w->copy == NULL) {
        abort();
    }

    if (len) {
        memcpy(w->copy, data, len);
    }

    text->data = w->copy;
    text->len = len;

    ngx_reset_pool(w->pool);
}


static inline ngx_int_t
wire_read_ask(wire_t *w, const void *data, size_t len)
{
    u_char         buf[128];
    ngx_int_t      rc;
    ngx_str_t      text, path;
    ngx_ai_walk_t  walk;

    wire_source(w, data, len, &text);

    memset(&w->drops, 0, sizeof(w->drops));
    w->fault[0] = '\0';

    if (ngx_ai_chat_init(&w->chat, w->pool, w->number) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_ai_tree_read(&w->tree, &text) != NGX_OK) {
        snprintf(w->fault, sizeof(w->fault), "(%s)", w->tree.error);
        return NGX_DECLINED;
    }

    memset(&walk, 0, sizeof(walk));

    walk.tree = &w->tree;
    walk.pool = w->pool;
    walk.marks = &w->chat.fields;
    walk.drops = &w->drops;

    rc = w->dialect->wordings[NGX_AI_OP_CHAT].read_ask(&walk,
                                  ngx_ai_tree_root(&w->tree), &w->chat);

    if (rc != NGX_OK) {

        if (walk.fault == NULL) {
            snprintf(w->fault, sizeof(w->fault), "no memory");

        } else {
            ngx_ai_tree_path(&w->tree, walk.fault, 0, buf, sizeof(buf), &path);
            snprintf(w->fault, sizeof(w->fault), "%.*s %s", (int) path.len,
                     path.data, walk.reason);
        }
    }

    return rc;
}


/* by any dialect; NGX_OK, or what went wrong */

static inline ngx_int_t
wire_write_ask_as(wire_t *w, const ngx_ai_dialect_t *dialect,
    const char *model, ngx_uint_t stream)
{
    ngx_int_t     rc;
    ngx_ai_aim_t  aim;

    memset(&aim, 0, sizeof(aim));

    aim.model.data = (u_char *) model;
    aim.model.len = strlen(model);
    aim.op = NGX_AI_OP_CHAT;
    aim.stream = stream;

    ngx_ai_buf_reset(&w->out);
    ngx_ai_json_writer_init(&w->writer, &w->out);

    rc = dialect->wordings[NGX_AI_OP_CHAT].write_ask(&w->chat, &aim,
                                                     &w->writer);
    return (rc == NGX_OK) ? w->writer.rc : rc;
}


static inline ngx_int_t
wire_write_ask(wire_t *w, const char *model, ngx_uint_t stream)
{
    return wire_write_ask_as(w, w->dialect, model, stream);
}


static inline ngx_int_t
wire_read_answer(wire_t *w, const void *data, size_t len)
{
    ngx_str_t      text;
    ngx_ai_walk_t  walk;

    wire_source(w, data, len, &text);

    if (ngx_ai_answer_init(&w->answer, w->pool, w->number) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_ai_tree_read(&w->tree, &text) != NGX_OK) {
        return NGX_DECLINED;
    }

    memset(&walk, 0, sizeof(walk));

    walk.tree = &w->tree;
    walk.pool = w->pool;

    return w->dialect->wordings[NGX_AI_OP_CHAT].read_answer(&walk,
                                  ngx_ai_tree_root(&w->tree), 0, &w->answer);
}


static inline ngx_int_t
wire_write_answer(wire_t *w)
{
    ngx_int_t  rc;

    ngx_ai_buf_reset(&w->out);
    ngx_ai_json_writer_init(&w->writer, &w->out);

    rc = w->dialect->wordings[NGX_AI_OP_CHAT].write_answer(&w->answer,
                                                           &w->told,
                                                           &w->writer);
    return (rc == NGX_OK) ? w->writer.rc : rc;
}


/*
 * Reads a stream into the flow, whose sink is set.  NGX_OK when it came to
 * its end, NGX_AGAIN when it was cut, or what went wrong.
 */

static inline ngx_int_t
wire_flow(wire_t *w, const void *data, size_t len, uint32_t cut,
    ngx_ai_flow_t *flow)
{
    u_char              *start, *pos, *last, *end;
    size_t               n;
    ngx_int_t            rc;
    ngx_ai_source_t     *source;
    ngx_ai_framing_t     framing;
    ngx_ai_sse_event_t   ev;

    source = calloc(1, w->dialect->source);
    start = malloc(len ? len : 1);

    if (source == NULL || start == NULL) {
        abort();
    }

    memcpy(start, data, len);

    source->flow = flow;
    source->tree = &w->tree;
    source->pool = w->event;

    ngx_ai_framing_init(&framing, w->dialect->framing, WIRE_EVENT_MAX,
                        &ngx_shim_log);

    pos = start;
    last = start;
    end = start + len;

    for ( ;; ) {

        memset(&ev, 0, sizeof(ev));

        rc = (last == end) ? ngx_ai_framing_end(&framing, &pos, last, &ev)
                           : ngx_ai_framing_next(&framing, &pos, last, &ev);

        if (rc == NGX_AGAIN) {
            n = (cut == WIRE_WHOLE) ? len
                : (cut == WIRE_BYTES) ? 1 : (cut = cut * 1103515245 + 12345,
                                             (cut >> 16) % 37);
            last += ngx_min(n, (size_t) (end - last));
            continue;
        }

        if (rc != NGX_OK) {
            break;
        }

        rc = ev.lines ? w->dialect->read_delta(source, &ev)
                      : ngx_ai_flow_ping(flow);

        ngx_reset_pool(w->event);

        if (rc != NGX_OK) {
            break;
        }
    }

    ngx_ai_framing_free(&framing);
    free(source);
    free(start);

    if (rc != NGX_DONE) {
        return rc;
    }

    if (flow->reply->ended || flow->reply->error) {
        return NGX_OK;
    }

    return flow->reply->finished ? ngx_ai_flow_end(flow) : NGX_AGAIN;
}


static inline ngx_int_t
wire_read_stream(wire_t *w, const void *data, size_t len, uint32_t cut,
    ngx_uint_t whole, hub_sink_t *sink)
{
    ngx_int_t      rc;
    ngx_pool_t    *pool;
    ngx_ai_flow_t  flow;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    hub_sink_init(sink, &flow, pool, WIRE_EVENT_MAX, whole);

    rc = wire_flow(w, data, len, cut, &flow);

    ngx_destroy_pool(pool);

    return rc;
}


/* reads a stream and writes it again, in the same dialect */

static inline ngx_int_t
wire_write_stream(wire_t *w, const void *data, size_t len)
{
    ngx_int_t        rc;
    ngx_pool_t      *pool;
    ngx_ai_flow_t    flow;
    ngx_ai_sink_t   *sink;
    ngx_ai_reply_t   reply;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    sink = calloc(1, w->dialect->sink);

    if (sink == NULL || ngx_ai_flow_init(&flow, pool, WIRE_EVENT_MAX, 7)
                        != NGX_OK)
    {
        abort();
    }

    memset(&reply, 0, sizeof(reply));
    ngx_ai_buf_reset(&w->out);

    sink->out = &w->out;
    sink->told = &w->told;
    sink->framing = w->dialect->framing;
    sink->pool = pool;
    sink->max = WIRE_EVENT_MAX;

    flow.write = w->dialect->write_delta;
    flow.sink = sink;
    flow.whole = w->dialect->whole;
    flow.reply = &reply;

    rc = wire_flow(w, data, len, WIRE_WHOLE, &flow);

    free(sink);
    ngx_destroy_pool(pool);

    return rc;
}


/*
 * JSON in the tables of tests is written with ' for " and with ` for the '
 * that is meant; it is turned, in place, to what it stands for, and back.
 */

static inline void
wire_turn(char *text, size_t len, const char *from, const char *to)
{
    size_t       i;
    const char  *p;

    for (i = 0; i < len; i++) {
        p = memchr(from, text[i], 2);

        if (p != NULL) {
            text[i] = to[p - from];
        }
    }
}


static inline char *
wire_json(const char *text)
{
    char  *json;

    json = strdup(text);

    if (json == NULL) {
        abort();
    }

    wire_turn(json, strlen(json), "'`", "\"'");

    return json;
}


/* what was written, in that form */

static inline void
wire_out(wire_t *w, hub_text_t *t)
{
    hub_bytes(t, w->out.start, ngx_ai_buf_len(&w->out));
    wire_turn((char *) t->data, t->len, "\"'", "'`");
}


#endif /* _WIRE_H_INCLUDED_ */
