
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _FLOW_H_INCLUDED_
#define _FLOW_H_INCLUDED_


/* what readers say to the flow, as tables; what the sink gets, as text */


#include "tap.h"
#include "hub.h"


#define FLOW_OPS  14
#define FLOW_MAX  4096

#define TEXT      NGX_AI_PART_TEXT
#define THINK     NGX_AI_PART_THINKING
#define REFUSAL   NGX_AI_PART_REFUSAL
#define IMAGE     NGX_AI_PART_IMAGE
#define AUDIO     NGX_AI_PART_AUDIO
#define CALL      NGX_AI_PART_TOOL_CALL


typedef enum {
    OP_NONE = 0,
    OP_START,           /* a: id, b: model */
    OP_PART,            /* key, n: kind, a: text, b: data or name, c: id */
    OP_TEXT,            /* n: kind, a: text */
    OP_CALL,            /* key, a: args, b: name, c: id */
    OP_JSON,            /* key, a: json */
    OP_SIGN,            /* key, n: origin, a: signature */
    OP_CITE,            /* a: url */
    OP_PART_END,        /* key */
    OP_LOGPROBS,        /* a: raw */
    OP_FINISH,          /* n: finish, a: stop */
    OP_USAGE,           /* n: input tokens */
    OP_PING,
    OP_ERROR,           /* a: message */
    OP_END
} flow_op_e;


typedef struct {
    ngx_uint_t   op;
    ngx_uint_t   choice;
    ngx_uint_t   key;
    ngx_uint_t   n;
    const char  *a;
    const char  *b;
    const char  *c;
} flow_op_t;


typedef struct {
    const char  *name;
    ngx_uint_t   whole;
    flow_op_t    ops[FLOW_OPS];
    const char  *want;
} flow_vector_t;


static inline ngx_str_t
flow_str(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = text == NULL ? 0 : strlen(text);

    return s;
}


static inline ngx_int_t
flow_part(ngx_ai_flow_t *f, const flow_op_t *op)
{
    ngx_ai_part_t  part;

    memset(&part, 0, sizeof(ngx_ai_part_t));

    part.kind = op->n;
    part.text = flow_str(op->a);
    part.id = flow_str(op->c);

    if (op->n == CALL) {
        part.name = flow_str(op->b);

    } else {
        part.data = flow_str(op->b);
    }

    return ngx_ai_flow_part(f, op->choice, op->key, &part);
}


static inline ngx_int_t
flow_do(ngx_ai_flow_t *f, const flow_op_t *op)
{
    ngx_str_t          a, b, c;
    ngx_ai_error_t     error;
    ngx_ai_usage_t     usage;
    ngx_ai_citation_t  citation;

    a = flow_str(op->a);
    b = flow_str(op->b);
    c = flow_str(op->c);

    switch (op->op) {

    case OP_START:
        return ngx_ai_flow_start(f, &a, &b, 7);

    case OP_PART:
        return flow_part(f, op);

    case OP_TEXT:
        return ngx_ai_flow_text(f, op->choice, op->n, &a);

    case OP_CALL:
        return ngx_ai_flow_call(f, op->choice, op->key, &c, &b, &a);

    case OP_JSON:
        return ngx_ai_flow_call_json(f, op->choice, op->key, &a);

    case OP_SIGN:
        return ngx_ai_flow_signature(f, op->choice, op->key, op->n, &a);

    case OP_CITE:
        memset(&citation, 0, sizeof(ngx_ai_citation_t));
        citation.url = a;
        citation.start = 1;
        citation.end = 2;
        return ngx_ai_flow_citation(f, op->choice, &citation);

    case OP_PART_END:
        return ngx_ai_flow_part_end(f, op->choice, op->key);

    case OP_LOGPROBS:
        return ngx_ai_flow_logprobs(f, op->choice, &a);

    case OP_FINISH:
        return ngx_ai_flow_finish(f, op->choice, op->n, a.len ? &a : NULL);

    case OP_USAGE:
        memset(&usage, 0, sizeof(ngx_ai_usage_t));
        usage.tokens[NGX_AI_USAGE_INPUT] = op->n;
        return ngx_ai_flow_usage(f, &usage);

    case OP_PING:
        return ngx_ai_flow_ping(f);

    case OP_ERROR:
        memset(&error, 0, sizeof(ngx_ai_error_t));
        error.kind = NGX_AI_ERROR_UPSTREAM;
        error.message = a;
        return ngx_ai_flow_error(f, &error);

    default: /* OP_END */
        return ngx_ai_flow_end(f);
    }
}


/* the deltas of a vector; nothing fails, and nothing is held at the end */

static inline void
flow_run(const flow_vector_t *v)
{
    ngx_int_t       rc;
    ngx_uint_t      i;
    hub_sink_t      sink;
    ngx_pool_t     *pool;
    ngx_ai_flow_t   flow;

    pool = ngx_create_pool(4096, &ngx_shim_log);

    hub_sink_init(&sink, &flow, pool, FLOW_MAX, v->whole);

    rc = NGX_OK;

    for (i = 0; i < FLOW_OPS && v->ops[i].op && rc == NGX_OK; i++) {
        rc = flow_do(&flow, &v->ops[i]);
    }

    is_int(rc, NGX_OK, "%s: nothing fails", v->name);
    is_str(sink.deltas.data, sink.deltas.len, v->want, "%s", v->name);
    is_int(flow.held, 0, "%s: nothing is held at the end", v->name);

    hub_sink_free(&sink);
    ngx_destroy_pool(pool);
}


/* every allocation that can fail does, once; how many there are */

static inline ngx_uint_t
flow_run_without(const flow_vector_t *v)
{
    ngx_int_t       rc;
    ngx_uint_t      i, n, left, failed;
    hub_sink_t      sink;
    ngx_pool_t     *pool;
    ngx_ai_flow_t   flow;

    failed = 0;

    for (n = 1; n < 64; n++) {
        pool = ngx_create_pool(4096, &ngx_shim_log);

        hub_sink_init(&sink, &flow, pool, FLOW_MAX, v->whole);

        rc = NGX_OK;
        ngx_shim_fail_at = n;

        for (i = 0; i < FLOW_OPS && v->ops[i].op && rc == NGX_OK; i++) {
            rc = flow_do(&flow, &v->ops[i]);
        }

        left = ngx_shim_fail_at;
        ngx_shim_fail_at = 0;

        hub_sink_free(&sink);
        ngx_destroy_pool(pool);

        if (left || (rc != NGX_OK && rc != NGX_ERROR)) {
            break;
        }

        failed += (rc == NGX_ERROR);
    }

    is_int(rc, NGX_OK, "without memory it fails, and cleanly: %s", v->name);

    return failed;
}


#endif /* _FLOW_H_INCLUDED_ */
