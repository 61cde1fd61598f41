
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _OPENAI_HUB_H_INCLUDED_
#define _OPENAI_HUB_H_INCLUDED_


/*
 * OpenAI's dialect, or the legacy completions, into the hub and out of it,
 * with the quirks of those who speak it.
 */


#include "tap.h"
#include "wire.h"

#include "ngx_ai_openai.h"


#define CUTS  6                 /* ways to cut a stream into pieces */


/* chunks of a stream, for hub_events() */

#define CHUNK    "'id':'c-1','object':'chat.completion.chunk','created':7,"    \
                 "'model':'m',"
#define C(d)     "{" CHUNK "'choices':[{'index':0,'delta':{" d "},"            \
                 "'finish_reason':null}]}\n"
#define C1(d)    "{" CHUNK "'choices':[{'index':1,'delta':{" d "},"            \
                 "'finish_reason':null}]}\n"
#define F(f)     "{" CHUNK "'choices':[{'index':0,'delta':{},"                 \
                 "'finish_reason':'" f "'}]}\n"
#define DONE     "[DONE]\n"
#define ROLE     C("'role':'assistant','content':'','refusal':null")
#define USED     "'usage':{'prompt_tokens':3,'completion_tokens':4}"


static wire_t       w;
static ngx_uint_t   quirks;
static hub_text_t   text;


static inline void
hub_init(ngx_uint_t number, const ngx_ai_dialect_t *dialect)
{
    wire_init(&w, number, dialect);

    if (number == NGX_AI_DIALECT_COMPLETIONS) {
        w.told.route = ngx_ai_route(NGX_AI_ROUTE_COMPLETIONS);
    }
}


static inline void
hub_done(void)
{
    hub_text_free(&text);
    wire_free(&w);

    is_int(ngx_shim_pool_blocks, 0, "nothing is left behind");
}


/* "text" is the hub's picture of a request, or its fault */

static inline ngx_int_t
hub_ask(const void *body, size_t len)
{
    ngx_int_t  rc;

    rc = wire_read_ask(&w, body, len);

    text.len = 0;

    if (rc == NGX_OK) {
        hub_chat_text(&text, &w.chat);

    } else {
        hub_printf(&text, "%s", w.fault);
    }

    return rc;
}


static inline ngx_int_t
hub_write_ask(const char *model, ngx_uint_t stream)
{
    ngx_int_t     rc;
    ngx_ai_aim_t  aim;

    memset(&aim, 0, sizeof(aim));

    aim.model.data = (u_char *) model;
    aim.model.len = strlen(model);
    aim.op = NGX_AI_OP_CHAT;
    aim.stream = stream;
    aim.quirks = quirks;

    ngx_ai_buf_reset(&w.out);
    ngx_ai_json_writer_init(&w.writer, &w.out);

    rc = w.dialect->wordings[NGX_AI_OP_CHAT].write_ask(&w.chat, &aim,
                                                       &w.writer);
    return (rc == NGX_OK) ? w.writer.rc : rc;
}


static inline ngx_int_t
hub_answer(const void *data, size_t len)
{
    ngx_str_t      source;
    ngx_ai_walk_t  walk;

    wire_source(&w, data, len, &source);

    if (ngx_ai_answer_init(&w.answer, w.pool, w.number) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_ai_tree_read(&w.tree, &source) != NGX_OK) {
        return NGX_DECLINED;
    }

    memset(&walk, 0, sizeof(walk));

    walk.tree = &w.tree;
    walk.pool = w.pool;

    return w.dialect->wordings[NGX_AI_OP_CHAT].read_answer(&walk,
                                  ngx_ai_tree_root(&w.tree), quirks,
                                  &w.answer);
}


/*
 * Reads a stream into the flow; NGX_OK when it came to its end, NGX_AGAIN
 * when it was cut, or what went wrong.
 */

static inline ngx_int_t
hub_flow(const void *data, size_t len, uint32_t cut, ngx_ai_flow_t *flow)
{
    u_char              *start, *pos, *last, *end;
    size_t               n;
    ngx_int_t            rc;
    ngx_ai_source_t     *source;
    ngx_ai_framing_t     framing;
    ngx_ai_sse_event_t   ev;

    source = calloc(1, w.dialect->source);
    start = malloc(len + 1);

    memcpy(start, data, len);

    source->flow = flow;
    source->tree = &w.tree;
    source->pool = w.event;
    source->quirks = quirks;

    ngx_ai_framing_init(&framing, w.dialect->framing, WIRE_EVENT_MAX,
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
                                             (cut >> 16) % 137);
            last += ngx_min(n, (size_t) (end - last));
            continue;
        }

        if (rc != NGX_OK) {
            break;
        }

        if (ev.lines) {
            rc = w.dialect->read_delta(source, &ev);
        }

        ngx_reset_pool(w.event);

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
hub_stream(const void *data, size_t len, uint32_t cut, hub_sink_t *sink)
{
    ngx_int_t      rc;
    ngx_pool_t    *pool;
    ngx_ai_flow_t  flow;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    hub_sink_init(sink, &flow, pool, WIRE_EVENT_MAX, 0);

    rc = hub_flow(data, len, cut, &flow);

    ngx_destroy_pool(pool);

    return rc;
}


/* writes a stream again for a client of the same dialect; w.out */

static inline ngx_int_t
hub_retell(const void *data, size_t len)
{
    ngx_int_t        rc;
    ngx_pool_t      *pool;
    ngx_ai_flow_t    flow;
    ngx_ai_sink_t   *sink;
    ngx_ai_reply_t   reply;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    sink = calloc(1, w.dialect->sink);

    if (ngx_ai_flow_init(&flow, pool, WIRE_EVENT_MAX, 7) != NGX_OK) {
        abort();
    }

    memset(&reply, 0, sizeof(reply));
    ngx_ai_buf_reset(&w.out);

    sink->out = &w.out;
    sink->told = &w.told;
    sink->framing = w.dialect->framing;
    sink->pool = pool;
    sink->max = WIRE_EVENT_MAX;

    flow.write = w.dialect->write_delta;
    flow.sink = sink;
    flow.whole = w.dialect->whole;
    flow.reply = &reply;

    rc = hub_flow(data, len, WIRE_WHOLE, &flow);

    free(sink);
    ngx_destroy_pool(pool);

    return rc;
}


/*
 * A stream of events, one on each line: its data, or "error: " and its data
 * for one that has this name.  JSON has ' for ", see wire_json().
 */

static inline void
hub_events(hub_text_t *t, const char *events)
{
    char        *json;
    const char  *p, *end, *name;

    json = wire_json(events);
    t->len = 0;
    hub_bytes(t, "", 0);

    for (p = json; *p; p = end + 1) {
        end = strchr(p, '\n');
        name = (strncmp(p, "error: ", 7) == 0) ? p : NULL;

        if (name) {
            hub_printf(t, "event: error\n");
            p += 7;
        }

        hub_printf(t, "data: ");
        hub_bytes(t, p, end - p);
        hub_printf(t, "\n\n");
    }

    free(json);
}


/* what was written, in memory of its own; free() it */

static inline ngx_str_t
hub_written(void)
{
    ngx_str_t  out;

    out.len = ngx_ai_buf_len(&w.out);
    out.data = malloc(out.len + 1);

    if (out.len) {
        memcpy(out.data, w.out.start, out.len);
    }

    return out;
}


#endif /* _OPENAI_HUB_H_INCLUDED_ */
