
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_dialect.h"


static void ngx_ai_sink_blank(ngx_ai_sink_t *sink, u_char ch);


#define ngx_ai_dialect_row(name, table)  &ngx_ai_##table,


static const ngx_ai_dialect_t  *ngx_ai_dialects[NGX_AI_DIALECT_MAX] = {
    NGX_AI_DIALECTS(ngx_ai_dialect_row)
};


const ngx_ai_dialect_t *
ngx_ai_dialect(ngx_uint_t id)
{
    return ngx_ai_dialects[id];
}


ngx_int_t
ngx_ai_aim_decline(const ngx_ai_aim_t *aim, const char *reason)
{
    if (aim->reason) {
        *aim->reason = reason;
    }

    return NGX_DECLINED;
}


uint64_t
ngx_ai_wording_fields(const ngx_ai_wording_t *wording, ngx_uint_t quirks)
{
    return wording->fields ? wording->fields(quirks)
                           : wording->kept | wording->mapped;
}


ngx_int_t
ngx_ai_sink_begin(ngx_ai_sink_t *sink, ngx_ai_json_writer_t *w,
    const char *name, size_t *mark)
{
    ngx_str_t  text;

    text.data = (u_char *) name;
    text.len = (name == NULL) ? 0 : ngx_strlen(name);

    ngx_ai_json_writer_init(w, sink->out);

    w->rc = ngx_ai_framing_begin(sink->framing, sink->out, &text,
                                 sink->events == 0, mark);

    sink->data = ngx_ai_buf_len(sink->out);

    return w->rc;
}


ngx_int_t
ngx_ai_sink_end(ngx_ai_sink_t *sink, ngx_ai_json_writer_t *w, size_t mark)
{
    if (w->rc != NGX_OK) {
        return w->rc;
    }

    /*
     * Raw JSON may have line ends between its tokens, which framings take
     * for their own.
     */

    ngx_ai_sink_blank(sink, LF);
    ngx_ai_sink_blank(sink, CR);

    sink->events++;

    return ngx_ai_framing_finish(sink->framing, sink->out, mark);
}


static void
ngx_ai_sink_blank(ngx_ai_sink_t *sink, u_char ch)
{
    u_char  *p, *last;

    p = sink->out->start + sink->data;
    last = sink->out->last;

    for ( ;; ) {
        p = memchr(p, ch, last - p);

        if (p == NULL) {
            return;
        }

        *p++ = ' ';
    }
}
