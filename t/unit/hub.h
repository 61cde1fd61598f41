
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _HUB_H_INCLUDED_
#define _HUB_H_INCLUDED_


/*
 * The hub's values as canonical text, for tests to compare and to print.
 *
 *     hub_text_t  t = { NULL, 0, 0 };
 *
 *     hub_chat_text(&t, &chat);       a request, one line for each thing
 *     hub_answer_text(&t, &answer);   an answer, all of it
 *     hub_delta_text(&t, &delta);     one delta, one line
 *     is_str(t.data, t.len, "...", "it is what was meant");
 *     hub_text_free(&t);
 *
 * A stream is caught by a sink, which keeps its deltas as text and folded,
 * that is put together to what a whole answer would have said:
 *
 *     hub_sink_t  sink;
 *
 *     hub_sink_init(&sink, &flow, pool, max, whole);
 *     ... the stream is read into the flow ...
 *     hub_sink_fold(&sink, &t, HUB_IDS);
 *
 *     hub_answer_fold(&t, &answer, HUB_IDS);   comparable with it
 *     hub_sink_free(&sink);
 *
 * Strings are decoded, JSON is without blanks between its tokens.  Folded,
 * parts of one kind that follow each other are one.  Ids and signatures are
 * in the folded form when asked for: HUB_IDS, HUB_SIGNATURES.
 */


#include "hub_text.h"


#define HUB_IDS         0x01
#define HUB_SIGNATURES  0x02


typedef struct {
    ngx_uint_t         kind;
    ngx_uint_t         custom;
    hub_text_t         id;
    hub_text_t         name;
    hub_text_t         text;          /* as source */
    hub_text_t         rest;          /* what else it has, as text */
    hub_text_t         signature;
} hub_fold_part_t;


typedef struct {
    hub_fold_part_t   *parts;
    ngx_uint_t         n;
    ngx_uint_t         open;
    ngx_uint_t         finish;
    hub_text_t         stop;
    hub_text_t         logprobs;
} hub_fold_t;


typedef struct {
    hub_text_t         deltas;
    hub_fold_t         choices[NGX_AI_FLOW_CHOICES];
    hub_text_t         head;          /* the provider's id and model */
    hub_text_t         usage;
    hub_text_t         error;
    ngx_uint_t         ended;
    ngx_ai_reply_t     reply;
} hub_sink_t;


/* a part of the folded form: a new one, unless text goes on */

static inline hub_fold_part_t *
hub_fold_push(hub_fold_t *fold, const ngx_ai_part_t *part)
{
    hub_fold_part_t  *p;

    if (fold->n && fold->parts[fold->n - 1].kind == part->kind
        && (part->kind == NGX_AI_PART_TEXT
            || part->kind == NGX_AI_PART_REFUSAL
            || (part->kind == NGX_AI_PART_THINKING
                && fold->parts[fold->n - 1].signature.len == 0)))
    {
        p = &fold->parts[fold->n - 1];

    } else {
        fold->parts = realloc(fold->parts,
                              (fold->n + 1) * sizeof(hub_fold_part_t));
        if (fold->parts == NULL) {
            abort();
        }

        p = &fold->parts[fold->n++];

        memset(p, 0, sizeof(hub_fold_part_t));
        p->kind = part->kind;
        p->custom = part->custom;
    }

    hub_bytes(&p->id, part->id.data, part->id.len);
    hub_bytes(&p->name, part->name.data, part->name.len);
    hub_bytes(&p->text, part->text.data, part->text.len);
    hub_bytes(&p->signature, part->signature.data, part->signature.len);

    hub_raw(&p->rest, "json", &part->json);
    hub_part_rest(&p->rest, part);

    return p;
}


static inline void
hub_fold_delta(hub_sink_t *sink, const ngx_ai_delta_t *d)
{
    hub_fold_t       *fold;
    hub_fold_part_t  *p;

    fold = &sink->choices[d->choice];
    p = fold->n ? &fold->parts[fold->n - 1] : NULL;

    switch (d->type) {

    case NGX_AI_DELTA_START:
        hub_str(&sink->head, "id", &d->id);
        hub_str(&sink->head, "model", &d->model);
        break;

    case NGX_AI_DELTA_PART:
        (void) hub_fold_push(fold, d->part);
        break;

    case NGX_AI_DELTA_TEXT:
        hub_bytes(&p->text, d->text.data, d->text.len);
        break;

    case NGX_AI_DELTA_SIGNATURE:
        hub_bytes(&p->signature, d->text.data, d->text.len);
        break;

    case NGX_AI_DELTA_CITATION:
        hub_citation_text(&p->rest, d->citation);
        break;

    case NGX_AI_DELTA_LOGPROBS:
        hub_json(&fold->logprobs, d->text.data, d->text.len);
        break;

    case NGX_AI_DELTA_FINISH:
        fold->finish = d->finish;
        hub_bytes(&fold->stop, d->text.data, d->text.len);
        fold->open = 1;
        break;

    case NGX_AI_DELTA_USAGE:
        sink->usage.len = 0;
        hub_usage_text(&sink->usage, d->usage);
        break;

    case NGX_AI_DELTA_ERROR:
        hub_delta_text(&sink->error, d);
        break;

    case NGX_AI_DELTA_END:
        sink->ended = 1;
        break;
    }
}


static inline void
hub_fold_text(hub_text_t *t, const hub_fold_t *fold, ngx_uint_t what)
{
    ngx_uint_t              i;
    const hub_fold_part_t  *p;

    hub_printf(t, "alternative finish=%s", hub_finish(fold->finish));

    if (fold->stop.len) {
        hub_printf(t, " stop=\"");
        hub_source(t, fold->stop.data, fold->stop.len);
        hub_printf(t, "\"");
    }

    hub_printf(t, "\n");

    for (i = 0; i < fold->n; i++) {
        p = &fold->parts[i];

        hub_printf(t, "  %s", hub_kinds[p->kind]);

        if (p->id.len && (what & HUB_IDS)) {
            hub_printf(t, " id=\"");
            hub_source(t, p->id.data, p->id.len);
            hub_printf(t, "\"");
        }

        if (p->name.len) {
            hub_printf(t, " name=\"");
            hub_source(t, p->name.data, p->name.len);
            hub_printf(t, "\"");
        }

        if (p->text.len && p->kind == NGX_AI_PART_TOOL_CALL && !p->custom) {
            hub_printf(t, " json=");
            hub_args(t, p->text.data, p->text.len);

        } else if (p->text.len) {
            hub_printf(t, " \"");
            hub_source(t, p->text.data, p->text.len);
            hub_printf(t, "\"");
        }

        hub_bytes(t, p->rest.data, p->rest.len);

        if (p->signature.len && (what & HUB_SIGNATURES)) {
            hub_printf(t, " signature=\"");
            hub_source(t, p->signature.data, p->signature.len);
            hub_printf(t, "\"");
        }

        hub_printf(t, "\n");
    }
}


static inline void
hub_fold_free(hub_fold_t *fold)
{
    ngx_uint_t        i;
    hub_fold_part_t  *p;

    for (i = 0; i < fold->n; i++) {
        p = &fold->parts[i];

        hub_text_free(&p->id);
        hub_text_free(&p->name);
        hub_text_free(&p->text);
        hub_text_free(&p->rest);
        hub_text_free(&p->signature);
    }

    free(fold->parts);
    hub_text_free(&fold->stop);
    hub_text_free(&fold->logprobs);

    memset(fold, 0, sizeof(hub_fold_t));
}


/* an answer, as hub_sink_fold() has a stream */

static inline void
hub_answer_fold(hub_text_t *t, const ngx_ai_answer_t *answer, ngx_uint_t what)
{
    hub_fold_t                   fold;
    ngx_uint_t                   i, k;
    const ngx_ai_part_t         *part;
    const ngx_ai_alternative_t  *alternative;

    alternative = answer->alternatives.elts;

    for (i = 0; i < answer->alternatives.nelts; i++) {
        memset(&fold, 0, sizeof(hub_fold_t));

        part = alternative[i].parts.elts;

        for (k = 0; k < alternative[i].parts.nelts; k++) {
            (void) hub_fold_push(&fold, &part[k]);
        }

        fold.finish = alternative[i].finish;
        hub_bytes(&fold.stop, alternative[i].stop.data,
                  alternative[i].stop.len);

        hub_fold_text(t, &fold, what);
        hub_fold_free(&fold);
    }

    hub_usage_text(t, &answer->usage);
}


static inline ngx_int_t
hub_sink_write(void *data, const ngx_ai_delta_t *d)
{
    hub_sink_t  *sink = data;

    hub_delta_text(&sink->deltas, d);
    hub_fold_delta(sink, d);

    return NGX_OK;
}


static inline void
hub_sink_init(hub_sink_t *sink, ngx_ai_flow_t *flow, ngx_pool_t *pool,
    size_t max, ngx_uint_t whole)
{
    memset(sink, 0, sizeof(hub_sink_t));

    if (ngx_ai_flow_init(flow, pool, max, 0x1234abcd) != NGX_OK) {
        abort();
    }

    flow->write = hub_sink_write;
    flow->sink = sink;
    flow->whole = whole;
    flow->reply = &sink->reply;
}


/* without usage the line is "usage none" */

static inline void
hub_sink_fold(hub_sink_t *sink, hub_text_t *t, ngx_uint_t what)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_AI_FLOW_CHOICES; i++) {
        if (sink->choices[i].n || sink->choices[i].open) {
            hub_fold_text(t, &sink->choices[i], what);
        }
    }

    if (sink->usage.len) {
        hub_bytes(t, sink->usage.data, sink->usage.len);

    } else {
        hub_printf(t, "usage none\n");
    }
}


static inline void
hub_sink_free(hub_sink_t *sink)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_AI_FLOW_CHOICES; i++) {
        hub_fold_free(&sink->choices[i]);
    }

    hub_text_free(&sink->deltas);
    hub_text_free(&sink->head);
    hub_text_free(&sink->usage);
    hub_text_free(&sink->error);

    memset(sink, 0, sizeof(hub_sink_t));
}


#endif /* _HUB_H_INCLUDED_ */
