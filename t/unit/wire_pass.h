
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _WIRE_PASS_H_INCLUDED_
#define _WIRE_PASS_H_INCLUDED_


/*
 * What tests of all dialects do with what passes and is only looked at.
 * Bodies are in the form of wire_json().
 */


#include "tap.h"
#include "wire.h"

#include "ngx_ai_ask_read.h"


/* a request that is taken, or the path of what is wrong with it */

typedef struct {
    const char    *body;
    const char    *fault;         /* or NULL */
    const char    *model;
    ngx_uint_t     stream;
    int64_t        max_tokens;
} wire_ask_pass_t;


typedef struct {
    const char    *body;
    const char    *usage;
    const char    *finish;
    ngx_uint_t     error;
} wire_reply_pass_t;


typedef struct {
    const char    *name;          /* behind "!" an exception */
    const char    *data;
    ngx_int_t      rc;
    const char    *seen;
} wire_event_pass_t;


typedef struct {
    const char    *body;
    ngx_uint_t     status;
    ngx_int_t      rc;
    ngx_uint_t     kind;
    const char    *message;
} wire_error_pass_t;


typedef struct {
    const ngx_ai_dialect_t  *dialect;
    ngx_pool_t              *pool;
    ngx_ai_reader_t         *readers;
} wire_pass_t;


static inline void
wire_pass_init(wire_pass_t *p, const ngx_ai_dialect_t *dialect)
{
    p->dialect = dialect;
    p->pool = ngx_create_pool(4096, &ngx_shim_log);
    p->readers = ngx_ai_readers_create(p->pool, dialect->tables,
                                       dialect->ntables);
}


static inline void
wire_pass_free(wire_pass_t *p)
{
    ngx_destroy_pool(p->pool);
}


static inline void
wire_pass_asks(wire_pass_t *p, const wire_ask_pass_t *row, ngx_uint_t n)
{
    char                  *json;
    ngx_int_t              rc;
    ngx_str_t              body;
    ngx_ai_ask_t           ask;
    ngx_ai_error_t         error;
    const ngx_ai_route_t  *route;

    route = ngx_ai_route(NGX_AI_ROUTE_CHAT);

    for ( /* void */ ; n; n--, row++) {
        json = wire_json(row->body);
        body.data = (u_char *) json;
        body.len = strlen(json);

        memset(&ask, 0, sizeof(ask));
        memset(&error, 0, sizeof(error));

        rc = ngx_ai_ask_read(&p->dialect->tables[0], p->dialect->rules,
                             &p->readers[0], route, &body, 1, p->pool, &ask,
                             &error);

        is_int(rc, row->fault ? NGX_ERROR : NGX_OK, "%s: %s", row->body,
               row->fault ? "is not taken" : "is taken");

        if (row->fault) {
            is_str(error.param.data, error.param.len, row->fault,
                   "the fault is at %s", row->fault);

        } else {
            is_str(ask.model.len ? (char *) ask.model.data : "",
                   ask.model.len, row->model, "its model is seen");
            is_int(ask.stream, row->stream, "if a stream is asked for");
            is_int(ask.max_tokens, row->max_tokens, "and its limit");
        }

        free(json);
    }
}


static inline void
wire_pass_replies(wire_pass_t *p, const wire_reply_pass_t *row, ngx_uint_t n)
{
    char             *json;
    ngx_str_t         body;
    hub_text_t        t = { NULL, 0, 0 };
    ngx_ai_reply_t    reply;
    ngx_ai_reader_t  *reader;

    reader = &p->readers[p->dialect->reply];

    for ( /* void */ ; n; n--, row++) {
        json = wire_json(row->body);
        body.data = (u_char *) json;
        body.len = strlen(json);

        memset(&reply, 0, sizeof(reply));

        ok(ngx_ai_reader_read(reader, &body) == NGX_OK, "%s", row->body);

        p->dialect->read_reply(ngx_ai_route(NGX_AI_ROUTE_CHAT),
                               reader->values, 0, &reply);

        hub_usage_text(&t, &reply.usage);
        is_str(t.data, t.len, row->usage, "its usage is seen");
        hub_text_free(&t);

        is_str(hub_finish(reply.finish), strlen(hub_finish(reply.finish)),
               row->finish, "and how it ends");
        is_int(reply.finished, reply.finish != NGX_AI_FINISH_NONE,
               "if it does");
        is_int(reply.error, row->error, "an error is %s",
               row->error ? "one" : "none");
        free(json);
    }
}


/* "seen": content, end, error, why it finished, and what the input was */

static inline void
wire_pass_events(wire_pass_t *p, const wire_event_pass_t *row, ngx_uint_t n)
{
    char                *json;
    ngx_int_t            rc;
    hub_text_t           t = { NULL, 0, 0 };
    ngx_ai_event_t       event;
    ngx_ai_reply_t       reply;
    ngx_ai_sse_event_t   ev;

    for ( /* void */ ; n; n--, row++) {
        json = wire_json(row->data);

        memset(&ev, 0, sizeof(ev));
        memset(&reply, 0, sizeof(reply));
        memset(&event, 0x5a, sizeof(event));

        ev.error = (row->name[0] == '!');
        ev.name.data = (u_char *) row->name + ev.error;
        ev.name.len = strlen(row->name) - ev.error;
        ev.data.data = (u_char *) json;
        ev.data.len = strlen(json);
        ev.lines = 1;

        rc = p->dialect->read_event(ngx_ai_route(NGX_AI_ROUTE_CHAT),
                                    p->readers, &ev, 0, 1, &reply, &event);

        is_int(rc, row->rc, "%s %s", row->name, row->data);

        hub_printf(&t, "%s%s%s", event.content ? " content" : "",
                   event.end ? " end" : "", event.error ? " error" : "");

        if (reply.finished) {
            hub_printf(&t, " %s", hub_finish(reply.finish));
        }

        if (reply.usage.reported) {
            hub_printf(&t, " input=%d",
                       (int) reply.usage.tokens[NGX_AI_USAGE_INPUT]);
        }

        is_str(t.data, t.len, row->seen, "what is seen:%s", row->seen);
        hub_text_free(&t);

        ok(!event.drop && event.hide.end == 0 && reply.ended == event.end
           && reply.error == event.error, "nothing is hidden");
        free(json);
    }
}


static inline void
wire_pass_errors(wire_pass_t *p, const wire_error_pass_t *row, ngx_uint_t n)
{
    char            *json;
    ngx_str_t        body;
    ngx_ai_error_t   error;

    for ( /* void */ ; n; n--, row++) {
        json = wire_json(row->body);
        body.data = (u_char *) json;
        body.len = strlen(json);

        memset(&error, 0, sizeof(error));
        error.status = row->status;
        error.kind = ngx_ai_error_kind(row->status);
        ngx_str_set(&error.message, "");

        is_int(p->dialect->read_error(p->readers, &body, &error), row->rc,
               "%s", row->body);
        is_int(error.kind, row->kind, "is a %s",
               (char *) ngx_ai_error_name(row->kind)->data);
        is_str(error.message.data, error.message.len, row->message,
               "that says: %s", row->message);
        free(json);
    }
}


/* an error, as a body and in a stream, where less than all of it fits */

static inline void
wire_pass_small(wire_pass_t *p)
{
    size_t           max, body, event;
    ngx_uint_t       faults;
    ngx_ai_buf_t     out;
    ngx_ai_error_t   error;

    memset(&error, 0, sizeof(error));
    error.kind = NGX_AI_ERROR_UPSTREAM;
    error.status = ngx_ai_error_status(error.kind);
    ngx_str_set(&error.message, "no");

    body = 0;
    event = 0;
    faults = 0;

    for (max = 256; max; max--) {
        ngx_ai_buf_init(&out, max, &ngx_shim_log);

        if (p->dialect->write_error(&error, &out) == NGX_OK) {
            body = ngx_ai_buf_len(&out);

        } else {
            faults += (max >= body);
        }

        ngx_ai_buf_reset(&out);

        if (p->dialect->write_error_event(ngx_ai_route(NGX_AI_ROUTE_CHAT),
                                          &error, p->dialect->framing, &out)
            == NGX_OK)
        {
            event = ngx_ai_buf_len(&out);

        } else {
            faults += (max >= event);
        }

        ngx_ai_buf_free(&out);
    }

    ok(body && event && faults == 0,
       "an error is written into as little as it takes");
}


#endif /* _WIRE_PASS_H_INCLUDED_ */
