
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _ANTHROPIC_H_INCLUDED_
#define _ANTHROPIC_H_INCLUDED_


/*
 * For the tests of Anthropic's dialect: a request, a reply or a stream goes
 * into the hub and out of it again, with the quirks of those who serve it.
 * What is in the hub is text (hub.h), so that it can be compared when the
 * source is gone.
 */


#include "tap.h"
#include "wire.h"

#include "ngx_ai_anthropic.h"


#define ANTH_AT_ONCE   0
#define ANTH_PER_BYTE  1


/* static, as a wire is large; the wire of the next call is the same */

static wire_t  anth;


static inline void
anth_init(void)
{
    wire_init(&anth, NGX_AI_DIALECT_ANTHROPIC, &ngx_ai_anthropic);
}


/* the hub's picture of a request; of a wrong one its fault */

static inline ngx_int_t
anth_ask(hub_text_t *t, const void *body, size_t len)
{
    ngx_int_t  rc;

    t->len = 0;

    rc = wire_read_ask(&anth, body, len);

    if (rc == NGX_OK) {
        hub_chat_text(t, &anth.chat);

    } else {
        hub_printf(t, "%s", anth.fault);
    }

    return rc;
}


/* what was read, as it is written for a model */

static inline ngx_int_t
anth_write(const char *model, ngx_uint_t op, ngx_uint_t stream,
    ngx_uint_t quirks)
{
    ngx_int_t     rc;
    ngx_ai_aim_t  aim;

    memset(&aim, 0, sizeof(ngx_ai_aim_t));

    aim.model.data = (u_char *) model;
    aim.model.len = strlen(model);
    aim.op = op;
    aim.stream = stream;
    aim.quirks = quirks;

    ngx_ai_buf_reset(&anth.out);
    ngx_ai_json_writer_init(&anth.writer, &anth.out);

    rc = ngx_ai_anthropic_write_ask(&anth.chat, &aim, &anth.writer);

    return (rc == NGX_OK) ? anth.writer.rc : rc;
}


/* 1 when all of what was written is one document */

static inline ngx_uint_t
anth_whole(void)
{
    ngx_ai_scan_t  scan;

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, NGX_AI_TREE_DEPTH);
    (void) ngx_ai_scan_feed(&scan, anth.out.start, anth.out.last);

    return ngx_ai_scan_end(&scan) == NGX_OK;
}


/* a stream in the framing and with the quirks of its vendor, into a flow */

static inline ngx_int_t
anth_flow(const void *data, size_t len, uint32_t cut, ngx_uint_t quirks,
    ngx_ai_flow_t *flow)
{
    u_char                     *bytes, *pos, *last, *end;
    size_t                      n;
    ngx_int_t                   rc;
    ngx_uint_t                  kind;
    ngx_ai_framing_t            framing;
    ngx_ai_sse_event_t          ev;
    ngx_ai_anthropic_source_t   source;

    memset(&source, 0, sizeof(source));

    source.source.flow = flow;
    source.source.tree = &anth.tree;
    source.source.pool = anth.event;
    source.source.quirks = quirks;

    kind = (quirks & NGX_AI_QUIRK_BEDROCK_INVOKE) ? NGX_AI_FRAMING_AWS
                                                  : NGX_AI_FRAMING_SSE;

    ngx_ai_framing_init(&framing, kind, WIRE_EVENT_MAX, &ngx_shim_log);

    bytes = malloc(len + 1);
    memcpy(bytes, data, len);

    pos = bytes;
    last = bytes;
    end = bytes + len;

    for ( ;; ) {
        rc = (last == end) ? ngx_ai_framing_end(&framing, &pos, last, &ev)
                           : ngx_ai_framing_next(&framing, &pos, last, &ev);

        if (rc == NGX_AGAIN) {
            n = (cut == ANTH_AT_ONCE) ? len
                : (cut == ANTH_PER_BYTE) ? 1 : tap_random(&cut) % 50;
            last += ngx_min(n, (size_t) (end - last));
            continue;
        }

        if (rc != NGX_OK) {
            break;
        }

        if (ev.lines) {
            rc = ngx_ai_anthropic_read_delta(&source, &ev);

            ngx_reset_pool(anth.event);

            if (rc != NGX_OK) {
                break;
            }
        }
    }

    ngx_ai_framing_free(&framing);
    free(bytes);

    return (rc == NGX_DONE) ? NGX_OK : rc;
}


/* the deltas of a stream, and folded what they say */

static inline ngx_int_t
anth_read(const void *data, size_t len, uint32_t cut, ngx_uint_t quirks,
    hub_text_t *deltas, hub_text_t *fold)
{
    ngx_int_t      rc;
    ngx_pool_t    *pool;
    hub_sink_t     sink;
    ngx_ai_flow_t  flow;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    hub_sink_init(&sink, &flow, pool, WIRE_EVENT_MAX, 0);

    rc = anth_flow(data, len, cut, quirks, &flow);

    if (deltas) {
        deltas->len = 0;
        hub_bytes(deltas, sink.deltas.data, sink.deltas.len);
    }

    if (fold) {
        fold->len = 0;
        hub_sink_fold(&sink, fold, HUB_IDS|HUB_SIGNATURES);
    }

    hub_sink_free(&sink);
    ngx_destroy_pool(pool);

    return rc;
}


/* a writer of streams, on a pool of its own */

typedef struct {
    ngx_pool_t               *pool;
    ngx_ai_flow_t             flow;
    ngx_ai_reply_t            reply;
    ngx_ai_anthropic_sink_t   sink;
} anth_sink_t;


static inline void
anth_sink_init(anth_sink_t *s)
{
    memset(s, 0, sizeof(anth_sink_t));

    s->pool = ngx_create_pool(4096, &ngx_shim_log);

    if (ngx_ai_flow_init(&s->flow, s->pool, WIRE_EVENT_MAX, 7) != NGX_OK) {
        abort();
    }

    ngx_ai_buf_reset(&anth.out);

    s->sink.sink.out = &anth.out;
    s->sink.sink.told = &anth.told;
    s->sink.sink.framing = NGX_AI_FRAMING_SSE;
    s->sink.sink.pool = s->pool;
    s->sink.sink.max = WIRE_EVENT_MAX;

    s->flow.write = ngx_ai_anthropic_write_delta;
    s->flow.sink = &s->sink;
    s->flow.reply = &s->reply;
}


static inline void
anth_sink_free(anth_sink_t *s)
{
    ngx_destroy_pool(s->pool);
}


/*
 * Holds a stream of named events to the grammar, word by word:
 *
 *     message_start ( content_block_start content_block_delta*
 *                     content_block_stop )* message_delta message_stop
 *
 * with pings anywhere behind the start and "error" as an end at any time.
 * NULL, or what is wrong.
 */

static inline const char *
anth_grammar(const u_char *data, size_t len)
{
    u_char               *pos, *last;
    int64_t               n;
    ngx_int_t             rc;
    ngx_str_t             name;
    const char           *fault;
    ngx_uint_t            state, index;
    ngx_ai_tree_t         tree;
    ngx_ai_framing_t      framing;
    ngx_ai_sse_event_t    ev;
    const ngx_ai_node_t  *root, *type, *value;

    enum { before = 0, between, within, told, after };

    ngx_ai_tree_init(&tree, 1000000, &ngx_shim_log);
    ngx_ai_framing_init(&framing, NGX_AI_FRAMING_SSE, WIRE_EVENT_MAX,
                        &ngx_shim_log);

    pos = (u_char *) data;
    last = pos + len;
    state = before;
    index = 0;
    fault = NULL;

#define anth_is(text)  (name.len == sizeof(text) - 1                          \
                        && memcmp(name.data, text, name.len) == 0)

    for ( ;; ) {
        rc = ngx_ai_framing_next(&framing, &pos, last, &ev);

        if (rc != NGX_OK || fault) {
            break;
        }

        name = ev.name;

        if (ev.lines != 1 || ngx_ai_tree_read(&tree, &ev.data) != NGX_OK) {
            fault = "an event's data are one line of JSON";
            break;
        }

        root = ngx_ai_tree_root(&tree);
        type = ngx_ai_tree_member(&tree, root, "type");

        if (type == NULL || name.len + 2 != type->end - type->start
            || memcmp(name.data, ev.data.data + type->start + 1, name.len)
               != 0)
        {
            fault = "the name of an event is its type";
            break;
        }

        value = ngx_ai_tree_member(&tree, root, "index");
        n = -1;

        if (value) {
            (void) ngx_ai_tree_int(&tree, value, &n);
        }

        if (anth_is("ping")) {
            fault = (state == before || state == after)
                    ? "a ping is within the stream" : NULL;

        } else if (anth_is("error")) {
            fault = (state == after) ? "an error is the end" : NULL;
            state = after;

        } else if (anth_is("message_start")) {
            fault = (state != before) ? "there is one start" : NULL;
            state = between;

        } else if (anth_is("content_block_start")) {
            fault = (state != between || n != (int64_t) index)
                    ? "blocks begin in their order" : NULL;
            state = within;

        } else if (anth_is("content_block_delta")) {
            fault = (state != within || n != (int64_t) index)
                    ? "a delta is of the open block" : NULL;

        } else if (anth_is("content_block_stop")) {
            fault = (state != within || n != (int64_t) index)
                    ? "a block ends once" : NULL;
            state = between;
            index++;

        } else if (anth_is("message_delta")) {
            fault = (state != between) ? "a message ends behind its blocks"
                                       : NULL;
            state = told;

        } else if (anth_is("message_stop")) {
            fault = (state != told) ? "the stop is behind the reason" : NULL;
            state = after;

        } else {
            fault = "an event has a name that is known";
        }
    }

    if (fault == NULL && (rc != NGX_AGAIN || pos != last)) {
        fault = "events have an end";
    }

    if (fault == NULL && state != after) {
        fault = "a stream has an end";
    }

    ngx_ai_framing_free(&framing);
    ngx_ai_tree_free(&tree);

    return fault;
}


#endif /* _ANTHROPIC_H_INCLUDED_ */
