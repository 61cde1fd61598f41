
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_flow.h"
#include "ngx_ai_flow_call.h"


#define NGX_AI_FLOW_STOP  1024         /* bytes of a stop sequence */


static ngx_int_t ngx_ai_flow_begin(ngx_ai_flow_t *f);
static ngx_int_t ngx_ai_flow_enter(ngx_ai_flow_t *f, ngx_uint_t choice);
static ngx_int_t ngx_ai_flow_close(ngx_ai_flow_t *f, ngx_uint_t choice);
static ngx_int_t ngx_ai_flow_keep(ngx_ai_flow_t *f,
    ngx_ai_flow_choice_t *ch, const ngx_str_t *stop);
static void ngx_ai_flow_learn(ngx_ai_flow_t *f, ngx_ai_flow_choice_t *ch);


ngx_int_t
ngx_ai_flow_init(ngx_ai_flow_t *f, ngx_pool_t *pool, size_t max,
    ngx_uint_t seed)
{
    ngx_memzero(f, sizeof(ngx_ai_flow_t));

    f->pool = pool;
    f->max = max;
    f->seed = seed;

    return ngx_ai_flow_calls_init(f);
}


/*
 * What every function below begins with, but for those that need no choice:
 * NGX_DONE when there is nothing to be done any more.
 */

static ngx_int_t
ngx_ai_flow_enter(ngx_ai_flow_t *f, ngx_uint_t choice)
{
    if (f->over) {
        return NGX_DONE;
    }

    if (choice >= NGX_AI_FLOW_CHOICES) {
        return NGX_DECLINED;
    }

    f->choices[choice].begun = 1;

    return f->started ? NGX_OK : ngx_ai_flow_begin(f);
}


static ngx_int_t
ngx_ai_flow_begin(ngx_ai_flow_t *f)
{
    ngx_str_t  none;

    ngx_str_null(&none);

    return ngx_ai_flow_start(f, &none, &none, 0);
}


ngx_int_t
ngx_ai_flow_start(ngx_ai_flow_t *f, const ngx_str_t *id,
    const ngx_str_t *model, int64_t created)
{
    ngx_ai_delta_t  d;

    if (f->started || f->over) {
        return NGX_OK;
    }

    f->started = 1;

    ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_START, 0);

    d.id = *id;
    d.model = *model;
    d.created = created;

    return f->write(f->sink, &d);
}


void
ngx_ai_flow_delta(ngx_ai_flow_t *f, ngx_ai_delta_t *d, ngx_uint_t type,
    ngx_uint_t choice)
{
    ngx_memzero(d, sizeof(ngx_ai_delta_t));

    d->type = type;
    d->choice = choice;
    d->index = f->choices[choice].index;
}


ngx_int_t
ngx_ai_flow_part(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key,
    const ngx_ai_part_t *part)
{
    ngx_int_t  rc;

    rc = ngx_ai_flow_enter(f, choice);
    if (rc != NGX_OK) {
        return rc == NGX_DONE ? NGX_OK : rc;
    }

    rc = ngx_ai_flow_part_close(f, choice);
    if (rc != NGX_OK) {
        return rc;
    }

    if (part->kind == NGX_AI_PART_TOOL_CALL) {
        return ngx_ai_flow_call_part(f, choice, key, part);
    }

    if (f->choices[choice].queued) {
        return ngx_ai_flow_hold_part(f, choice, key, part);
    }

    return ngx_ai_flow_part_open(f, choice, key, part);
}


ngx_int_t
ngx_ai_flow_part_open(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key,
    const ngx_ai_part_t *part)
{
    ngx_int_t              rc;
    ngx_uint_t             i, plain;
    ngx_ai_delta_t         d;
    ngx_ai_citation_t     *citation;
    ngx_ai_flow_choice_t  *ch;

    ch = &f->choices[choice];
    plain = ngx_ai_flow_plain(part->kind);

    ngx_memzero(&ch->part, sizeof(ngx_ai_part_t));

    ch->part.kind = part->kind;
    ch->part.origin = part->origin;
    ch->part.summary = part->summary;
    ch->key = key;
    ch->open = 1;

    ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_PART, choice);
    d.part = plain ? &ch->part : part;
    f->content = 1;

    rc = f->write(f->sink, &d);

    if (rc != NGX_OK || !plain) {
        return rc;
    }

    if (part->text.len) {
        rc = ngx_ai_flow_part_text(f, choice, &part->text);
    }

    if (part->citations != NULL) {
        citation = part->citations->elts;

        for (i = 0; rc == NGX_OK && i < part->citations->nelts; i++) {
            rc = ngx_ai_flow_citation(f, choice, &citation[i]);
        }
    }

    if (rc == NGX_OK && part->signature.len) {
        ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_SIGNATURE, choice);
        d.part = &ch->part;
        d.text = part->signature;

        rc = f->write(f->sink, &d);
    }

    return rc;
}


ngx_int_t
ngx_ai_flow_part_text(ngx_ai_flow_t *f, ngx_uint_t choice,
    const ngx_str_t *text)
{
    ngx_ai_delta_t  d;

    ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_TEXT, choice);

    d.part = &f->choices[choice].part;
    d.text = *text;
    f->content = 1;

    return f->write(f->sink, &d);
}


ngx_int_t
ngx_ai_flow_part_close(ngx_ai_flow_t *f, ngx_uint_t choice)
{
    ngx_int_t              rc;
    ngx_ai_delta_t         d;
    ngx_ai_flow_choice_t  *ch;

    ch = &f->choices[choice];

    if (!ch->open) {
        return NGX_OK;
    }

    ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_PART_END, choice);
    d.part = &ch->part;

    rc = f->write(f->sink, &d);

    ch->open = 0;
    ch->index++;

    return rc;
}


ngx_int_t
ngx_ai_flow_text(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t kind,
    const ngx_str_t *text)
{
    ngx_int_t              rc;
    ngx_ai_part_t          part;
    ngx_ai_flow_choice_t  *ch;

    if (text->len == 0) {
        return NGX_OK;
    }

    rc = ngx_ai_flow_enter(f, choice);
    if (rc != NGX_OK) {
        return rc == NGX_DONE ? NGX_OK : rc;
    }

    ch = &f->choices[choice];

    if (ch->queued) {
        return ngx_ai_flow_hold_text(f, choice, kind, text);
    }

    if (!ch->open || ch->part.kind != kind) {
        rc = ngx_ai_flow_part_close(f, choice);
        if (rc != NGX_OK) {
            return rc;
        }

        ngx_memzero(&part, sizeof(ngx_ai_part_t));
        part.kind = kind;

        rc = ngx_ai_flow_part_open(f, choice, NGX_AI_FLOW_NO_KEY, &part);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_ai_flow_part_text(f, choice, text);
}


ngx_int_t
ngx_ai_flow_call(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key,
    const ngx_str_t *id, const ngx_str_t *name, const ngx_str_t *args)
{
    ngx_int_t  rc;

    rc = ngx_ai_flow_enter(f, choice);
    if (rc != NGX_OK) {
        return rc == NGX_DONE ? NGX_OK : rc;
    }

    return ngx_ai_flow_call_text(f, choice, key, id, name, args);
}


ngx_int_t
ngx_ai_flow_call_json(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key,
    const ngx_str_t *json)
{
    ngx_int_t  rc;

    rc = ngx_ai_flow_enter(f, choice);
    if (rc != NGX_OK) {
        return rc == NGX_DONE ? NGX_OK : rc;
    }

    return ngx_ai_flow_call_object(f, choice, key, json);
}


ngx_int_t
ngx_ai_flow_signature(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key,
    ngx_uint_t origin, const ngx_str_t *signature)
{
    ngx_int_t              rc;
    ngx_ai_delta_t         d;
    ngx_ai_flow_choice_t  *ch;

    if (signature->len == 0) {
        return NGX_OK;
    }

    rc = ngx_ai_flow_enter(f, choice);
    if (rc != NGX_OK) {
        return rc == NGX_DONE ? NGX_OK : rc;
    }

    ch = &f->choices[choice];

    if (!ch->open) {
        return ngx_ai_flow_call_signature(f, choice, key, origin, signature);
    }

    ch->part.origin = origin;

    ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_SIGNATURE, choice);

    d.part = &ch->part;
    d.text = *signature;

    return f->write(f->sink, &d);
}


ngx_int_t
ngx_ai_flow_citation(ngx_ai_flow_t *f, ngx_uint_t choice,
    const ngx_ai_citation_t *citation)
{
    ngx_int_t              rc;
    ngx_ai_delta_t         d;
    ngx_ai_flow_choice_t  *ch;

    rc = ngx_ai_flow_enter(f, choice);
    if (rc != NGX_OK) {
        return rc == NGX_DONE ? NGX_OK : rc;
    }

    ch = &f->choices[choice];

    if (!ch->open || ch->part.kind != NGX_AI_PART_TEXT) {
        return NGX_OK;
    }

    ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_CITATION, choice);

    d.part = &ch->part;
    d.citation = citation;

    return f->write(f->sink, &d);
}


ngx_int_t
ngx_ai_flow_part_end(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key)
{
    ngx_int_t              rc;
    ngx_ai_flow_choice_t  *ch;

    rc = ngx_ai_flow_enter(f, choice);
    if (rc != NGX_OK) {
        return rc == NGX_DONE ? NGX_OK : rc;
    }

    ch = &f->choices[choice];

    if (ch->queued) {
        return ngx_ai_flow_call_end(f, choice, key);
    }

    if (ch->open && ch->key == key) {
        return ngx_ai_flow_part_close(f, choice);
    }

    return NGX_OK;
}


ngx_int_t
ngx_ai_flow_logprobs(ngx_ai_flow_t *f, ngx_uint_t choice, const ngx_str_t *raw)
{
    ngx_int_t       rc;
    ngx_ai_delta_t  d;

    rc = ngx_ai_flow_enter(f, choice);
    if (rc != NGX_OK) {
        return rc == NGX_DONE ? NGX_OK : rc;
    }

    ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_LOGPROBS, choice);

    d.text = *raw;

    return f->write(f->sink, &d);
}


ngx_int_t
ngx_ai_flow_finish(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t finish,
    const ngx_str_t *stop)
{
    ngx_int_t              rc;
    ngx_ai_flow_choice_t  *ch;

    if (finish == NGX_AI_FINISH_NONE) {
        return NGX_OK;
    }

    rc = ngx_ai_flow_enter(f, choice);
    if (rc != NGX_OK) {
        return rc == NGX_DONE ? NGX_OK : rc;
    }

    ch = &f->choices[choice];
    ch->finish = finish;

    ngx_ai_flow_learn(f, ch);

    if (stop != NULL && ngx_ai_flow_keep(f, ch, stop) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_ai_flow_calls_end(f, choice);
}


static ngx_int_t
ngx_ai_flow_keep(ngx_ai_flow_t *f, ngx_ai_flow_choice_t *ch,
    const ngx_str_t *stop)
{
    /* once: a stream that tells it again and again gets no more memory */

    if (ch->stop.len || stop->len == 0 || stop->len > NGX_AI_FLOW_STOP) {
        return NGX_OK;
    }

    ch->stop.data = ngx_pnalloc(f->pool, stop->len);
    if (ch->stop.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(ch->stop.data, stop->data, stop->len);
    ch->stop.len = stop->len;

    return NGX_OK;
}


static void
ngx_ai_flow_learn(ngx_ai_flow_t *f, ngx_ai_flow_choice_t *ch)
{
    f->reply->finished = 1;
    f->reply->finish = ngx_ai_flow_reason(ch);
}


/* some say "stop" of an answer that ends with calls */

ngx_uint_t
ngx_ai_flow_reason(const ngx_ai_flow_choice_t *ch)
{
    if (ch->finish == NGX_AI_FINISH_NONE
        || ch->finish == NGX_AI_FINISH_STOP)
    {
        return ch->calls ? NGX_AI_FINISH_TOOLS : NGX_AI_FINISH_STOP;
    }

    return ch->finish;
}


ngx_int_t
ngx_ai_flow_usage(ngx_ai_flow_t *f, const ngx_ai_usage_t *usage)
{
    ngx_int_t       rc;
    ngx_ai_delta_t  d;

    if (f->over) {
        return NGX_OK;
    }

    f->reply->usage = *usage;
    f->reply->usage.reported = 1;

    if (!f->started) {
        rc = ngx_ai_flow_begin(f);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_USAGE, 0);

    d.usage = &f->reply->usage;

    return f->write(f->sink, &d);
}


ngx_int_t
ngx_ai_flow_ping(ngx_ai_flow_t *f)
{
    ngx_ai_delta_t  d;

    if (f->over || !f->started) {
        return NGX_OK;
    }

    ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_PING, 0);

    return f->write(f->sink, &d);
}


ngx_int_t
ngx_ai_flow_end(ngx_ai_flow_t *f)
{
    ngx_int_t              rc;
    ngx_uint_t             i;
    ngx_ai_delta_t         d;
    ngx_ai_flow_choice_t  *ch;

    rc = ngx_ai_flow_enter(f, 0);
    if (rc != NGX_OK) {
        return rc == NGX_DONE ? NGX_OK : rc;
    }

    for (i = 0; i < NGX_AI_FLOW_CHOICES; i++) {
        rc = ngx_ai_flow_close(f, i);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    for (i = 0; i < NGX_AI_FLOW_CHOICES; i++) {
        ch = &f->choices[i];

        if (!ch->begun) {
            continue;
        }

        ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_FINISH, i);

        d.finish = ngx_ai_flow_reason(ch);
        d.text = ch->stop;

        rc = f->write(f->sink, &d);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    f->over = 1;
    f->reply->ended = 1;

    ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_END, 0);

    return f->write(f->sink, &d);
}


static ngx_int_t
ngx_ai_flow_close(ngx_ai_flow_t *f, ngx_uint_t choice)
{
    ngx_int_t  rc;

    rc = ngx_ai_flow_calls_end(f, choice);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_flow_part_close(f, choice);
}


ngx_int_t
ngx_ai_flow_error(ngx_ai_flow_t *f, const ngx_ai_error_t *error)
{
    ngx_ai_delta_t  d;

    if (f->over) {
        return NGX_OK;
    }

    f->over = 1;
    f->reply->error = 1;

    ngx_ai_flow_calls_free(f);

    ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_ERROR, 0);

    d.error = error;

    return f->write(f->sink, &d);
}
