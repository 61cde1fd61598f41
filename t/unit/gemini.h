
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _GEMINI_H_INCLUDED_
#define _GEMINI_H_INCLUDED_


/*
 * For the tests of Gemini's dialect: rows of what goes in and of what is then
 * in the hub, or is written again, as text (hub.h, wire.h).
 */


#include "tap.h"
#include "hub.h"

/*
 * Google's line ends are CR LF: one that is cut in two is an event without
 * data, as is the end of an array, and neither is a sign of life.
 */

#define ngx_ai_flow_ping(flow)  NGX_OK

/* as the engine does it, the bracket that ends an array comes behind END */

#define ngx_ai_flow_end(flow)   gemini_flow_end(flow)

#include "ngx_ai_gemini.h"

static inline ngx_int_t gemini_flow_end(ngx_ai_flow_t *flow);

#include "wire.h"

#undef  ngx_ai_flow_ping
#undef  ngx_ai_flow_end


#define GEMINI_ROWS(rows)  (sizeof(rows) / sizeof((rows)[0]))
#define GEMINI_EVENTS      8192


typedef struct {
    const char  *name;
    const char  *in;
    const char  *out;
} gemini_row_t;


static inline ngx_int_t
gemini_flow_end(ngx_ai_flow_t *flow)
{
    ngx_int_t       rc;
    ngx_ai_sink_t  *sink;

    rc = ngx_ai_flow_end(flow);

    if (rc == NGX_OK && flow->write == ngx_ai_gemini.write_delta) {
        sink = flow->sink;
        rc = ngx_ai_framing_last(sink->framing, sink->out, sink->events == 0);
    }

    return rc;
}


/* static, as a wire is large; the wire of the next call is the same */

static wire_t  gemini;


static inline void
gemini_init(void)
{
    wire_init(&gemini, NGX_AI_DIALECT_GEMINI, &ngx_ai_gemini);
}


/* a request into the hub; NGX_OK, or what went wrong */

static inline ngx_int_t
gemini_ask(const char *body)
{
    char       *json;
    ngx_int_t   rc;

    json = wire_json(body);
    rc = wire_read_ask(&gemini, json, strlen(json));
    free(json);

    return rc;
}


/* the same for an answer */

static inline ngx_int_t
gemini_answer(const char *body)
{
    char       *json;
    ngx_int_t   rc;

    json = wire_json(body);
    rc = wire_read_answer(&gemini, json, strlen(json));
    free(json);

    return rc;
}


/* what was written, with ' for ", when it is one document */

static inline void
gemini_written(hub_text_t *t)
{
    ngx_str_t      text;
    ngx_ai_scan_t  scan;

    text.data = gemini.out.start;
    text.len = ngx_ai_buf_len(&gemini.out);

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, NGX_AI_TREE_DEPTH);
    (void) ngx_ai_scan_feed(&scan, text.data, text.data + text.len);

    if (ngx_ai_scan_end(&scan) != NGX_OK) {
        hub_printf(t, "(no JSON: %s) ", scan.error);
    }

    wire_out(&gemini, t);
}


/* each line as an event */

static inline size_t
gemini_events(char *dst, const char *lines, const char *before,
    const char *behind)
{
    char        *p, *json;
    const char  *line, *end;

    p = dst;
    json = wire_json(lines);

    for (line = json; *line; line = end + 1) {
        end = strchr(line, '\n');

        p += sprintf(p, "%s%.*s%s", before, (int) (end - line), line, behind);
    }

    free(json);

    return p - dst;
}


#endif /* _GEMINI_H_INCLUDED_ */
