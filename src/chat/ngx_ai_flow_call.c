
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_args.h"
#include "ngx_ai_flow_call.h"


#define NGX_AI_FLOW_ID       (sizeof("call_01234567") + NGX_INT_T_LEN)

/* arguments that are no object become one */

#define NGX_AI_FLOW_WRAP     "{\"arguments\":"


static ngx_ai_flow_call_t *ngx_ai_flow_push(ngx_ai_flow_t *f,
    ngx_uint_t choice, ngx_uint_t key, ngx_uint_t kind);
static ngx_ai_flow_call_t *ngx_ai_flow_find(ngx_ai_flow_t *f,
    ngx_uint_t choice, ngx_uint_t key);
static ngx_ai_flow_call_t *ngx_ai_flow_tail(ngx_ai_flow_t *f,
    ngx_uint_t choice);
static ngx_int_t ngx_ai_flow_names(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    const ngx_str_t *id, const ngx_str_t *name);
static ngx_int_t ngx_ai_flow_args(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    const ngx_str_t *args);
static ngx_int_t ngx_ai_flow_object(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    const ngx_str_t *json);
static ngx_int_t ngx_ai_flow_flush(ngx_ai_flow_t *f, ngx_uint_t choice);
static ngx_int_t ngx_ai_flow_flush_part(ngx_ai_flow_t *f,
    ngx_ai_flow_call_t *c);
static ngx_int_t ngx_ai_flow_flush_live(ngx_ai_flow_t *f,
    ngx_ai_flow_call_t *c);
static ngx_int_t ngx_ai_flow_flush_whole(ngx_ai_flow_t *f,
    ngx_ai_flow_call_t *c);
static ngx_int_t ngx_ai_flow_known(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c);
static ngx_int_t ngx_ai_flow_write(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    ngx_uint_t type, const ngx_str_t *text);


static ngx_ai_flow_call_t *
ngx_ai_flow_push(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key,
    ngx_uint_t kind)
{
    ngx_ai_flow_call_t  *c;

    c = ngx_ai_flow_tail(f, choice);

    if (c != NULL && c->part.kind != NGX_AI_PART_TOOL_CALL) {
        c->ended = 1;
    }

    c = ngx_array_push(f->calls);
    if (c == NULL) {
        return NULL;
    }

    ngx_memzero(c, sizeof(ngx_ai_flow_call_t));

    ngx_ai_buf_init(&c->held, f->max, f->pool->log);

    c->part.kind = kind;
    c->choice = choice;
    c->key = key;

    f->choices[choice].queued++;

    return c;
}


/* the part with that key that has not ended */

static ngx_ai_flow_call_t *
ngx_ai_flow_find(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key)
{
    ngx_uint_t           i;
    ngx_ai_flow_call_t  *c;

    if (f->choices[choice].queued == 0) {
        return NULL;
    }

    c = f->calls->elts;

    for (i = f->calls->nelts; i; i--) {

        if (c[i - 1].key == key && c[i - 1].choice == choice
            && !c[i - 1].ended)
        {
            return &c[i - 1];
        }
    }

    return NULL;
}


/* the last one of the queue */

static ngx_ai_flow_call_t *
ngx_ai_flow_tail(ngx_ai_flow_t *f, ngx_uint_t choice)
{
    ngx_uint_t           i;
    ngx_ai_flow_call_t  *c;

    if (f->choices[choice].queued == 0) {
        return NULL;
    }

    c = f->calls->elts;

    for (i = f->calls->nelts; i; i--) {

        if (c[i - 1].choice == choice && !c[i - 1].done) {
            return &c[i - 1];
        }
    }

    return NULL;
}


ngx_int_t
ngx_ai_flow_call_part(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key,
    const ngx_ai_part_t *part)
{
    ngx_int_t            rc;
    ngx_ai_flow_call_t  *c;

    if (f->calls->nelts == NGX_AI_FLOW_CALLS) {
        return NGX_DECLINED;
    }

    c = ngx_ai_flow_push(f, choice, key, NGX_AI_PART_TOOL_CALL);
    if (c == NULL) {
        return NGX_ERROR;
    }

    f->choices[choice].calls = 1;

    if (f->reply->finish == NGX_AI_FINISH_STOP) {
        f->reply->finish = NGX_AI_FINISH_TOOLS;
    }

    c->part.custom = part->custom;
    c->part.origin = part->origin;

    rc = ngx_ai_flow_names(f, c, &part->id, &part->name);

    if (rc == NGX_OK) {
        rc = ngx_ai_flow_put(f, c, offsetof(ngx_ai_part_t, signature),
                             &part->signature);
    }

    if (rc == NGX_OK) {
        rc = part->json.len ? ngx_ai_flow_object(f, c, &part->json)
                            : ngx_ai_flow_args(f, c, &part->text);
    }

    return rc == NGX_OK ? ngx_ai_flow_flush(f, choice) : rc;
}


ngx_int_t
ngx_ai_flow_call_text(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key,
    const ngx_str_t *id, const ngx_str_t *name, const ngx_str_t *args)
{
    ngx_int_t            rc;
    ngx_ai_part_t        part;
    ngx_ai_flow_call_t  *c;

    c = ngx_ai_flow_find(f, choice, key);

    if (c == NULL || c->part.kind != NGX_AI_PART_TOOL_CALL) {

        rc = ngx_ai_flow_part_close(f, choice);
        if (rc != NGX_OK) {
            return rc;
        }

        ngx_memzero(&part, sizeof(ngx_ai_part_t));

        part.kind = NGX_AI_PART_TOOL_CALL;
        part.id = *id;
        part.name = *name;
        part.text = *args;

        return ngx_ai_flow_call_part(f, choice, key, &part);
    }

    rc = ngx_ai_flow_names(f, c, id, name);

    if (rc == NGX_OK) {
        rc = ngx_ai_flow_args(f, c, args);
    }

    return rc == NGX_OK ? ngx_ai_flow_flush(f, choice) : rc;
}


static ngx_int_t
ngx_ai_flow_names(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    const ngx_str_t *id, const ngx_str_t *name)
{
    ngx_int_t  rc;

    if (c->open) {
        return NGX_OK;
    }

    rc = ngx_ai_flow_put(f, c, offsetof(ngx_ai_part_t, id), id);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_flow_put(f, c, offsetof(ngx_ai_part_t, name), name);
}


static ngx_int_t
ngx_ai_flow_args(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    const ngx_str_t *args)
{
    if (args->len == 0 || c->full) {
        return NGX_OK;
    }

    c->said = 1;

    if (c->open) {
        return ngx_ai_flow_write(f, c, NGX_AI_DELTA_TEXT, args);
    }

    return ngx_ai_flow_hold(f, c, args);
}


ngx_int_t
ngx_ai_flow_call_object(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key,
    const ngx_str_t *json)
{
    ngx_int_t            rc;
    ngx_ai_flow_call_t  *c;

    c = ngx_ai_flow_find(f, choice, key);

    if (c == NULL || c->part.kind != NGX_AI_PART_TOOL_CALL) {
        return NGX_OK;
    }

    rc = ngx_ai_flow_object(f, c, json);

    return rc == NGX_OK ? ngx_ai_flow_flush(f, choice) : rc;
}


static ngx_int_t
ngx_ai_flow_object(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    const ngx_str_t *json)
{
    u_char     *p;
    ngx_int_t   rc;
    ngx_str_t   text;

    if (c->said || c->full || c->part.custom || json->len == 0
        || (json->len == 4 && ngx_memcmp(json->data, "null", 4) == 0))
    {
        return NGX_OK;
    }

    c->full = 1;
    text = *json;
    p = NULL;

    if (json->data[0] != '{') {

        p = ngx_alloc(json->len + sizeof(NGX_AI_FLOW_WRAP), f->pool->log);
        if (p == NULL) {
            return NGX_ERROR;
        }

        text.data = p;
        text.len = ngx_sprintf(p, NGX_AI_FLOW_WRAP "%V}", json) - p;
    }

    if (f->whole) {
        rc = ngx_ai_flow_put(f, c, offsetof(ngx_ai_part_t, json), &text);

    } else {
        c->said = 1;
        rc = ngx_ai_flow_escape(f, c, &text);
    }

    if (p != NULL) {
        ngx_free(p);
    }

    return rc;
}


ngx_int_t
ngx_ai_flow_call_signature(ngx_ai_flow_t *f, ngx_uint_t choice,
    ngx_uint_t key, ngx_uint_t origin, const ngx_str_t *signature)
{
    ngx_ai_flow_call_t  *c;

    c = ngx_ai_flow_find(f, choice, key);

    if (c == NULL) {
        c = ngx_ai_flow_tail(f, choice);

        if (c == NULL || c->ended || c->part.kind == NGX_AI_PART_TOOL_CALL) {
            return NGX_OK;
        }
    }

    if (c->open) {
        c->part.origin = origin;
        return ngx_ai_flow_write(f, c, NGX_AI_DELTA_SIGNATURE, signature);
    }

    if (c->part.signature.len == 0) {
        c->part.origin = origin;
    }

    return ngx_ai_flow_put(f, c, offsetof(ngx_ai_part_t, signature),
                           signature);
}


ngx_int_t
ngx_ai_flow_call_end(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key)
{
    ngx_ai_flow_call_t  *c;

    c = ngx_ai_flow_find(f, choice, key);

    if (c == NULL) {
        return NGX_OK;
    }

    c->ended = 1;

    return ngx_ai_flow_flush(f, choice);
}


ngx_int_t
ngx_ai_flow_calls_end(ngx_ai_flow_t *f, ngx_uint_t choice)
{
    ngx_uint_t           i;
    ngx_ai_flow_call_t  *c;

    if (f->choices[choice].queued == 0) {
        return NGX_OK;
    }

    c = f->calls->elts;

    for (i = 0; i < f->calls->nelts; i++) {
        if (c[i].choice == choice) {
            c[i].ended = 1;
        }
    }

    return ngx_ai_flow_flush(f, choice);
}


ngx_int_t
ngx_ai_flow_hold_part(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t key,
    const ngx_ai_part_t *part)
{
    ngx_ai_flow_call_t  *c;

    if (f->calls->nelts == NGX_AI_FLOW_CALLS) {
        return NGX_DECLINED;
    }

    c = ngx_ai_flow_push(f, choice, key, part->kind);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->part.origin = part->origin;
    c->part.summary = part->summary;

    return ngx_ai_flow_hold_strings(f, c, part);
}


ngx_int_t
ngx_ai_flow_hold_text(ngx_ai_flow_t *f, ngx_uint_t choice, ngx_uint_t kind,
    const ngx_str_t *text)
{
    ngx_ai_flow_call_t  *c;

    c = ngx_ai_flow_tail(f, choice);

    if (c->part.kind != kind || c->ended) {

        if (f->calls->nelts == NGX_AI_FLOW_CALLS) {
            return NGX_DECLINED;
        }

        c = ngx_ai_flow_push(f, choice, NGX_AI_FLOW_NO_KEY, kind);
        if (c == NULL) {
            return NGX_ERROR;
        }
    }

    return ngx_ai_flow_hold(f, c, text);
}


/* sends what need not wait any more */

static ngx_int_t
ngx_ai_flow_flush(ngx_ai_flow_t *f, ngx_uint_t choice)
{
    ngx_int_t            rc;
    ngx_uint_t           i;
    ngx_ai_flow_call_t  *c;

    c = f->calls->elts;

    for (i = 0; i < f->calls->nelts; i++) {

        if (c[i].choice != choice || c[i].done) {
            continue;
        }

        if (c[i].part.kind != NGX_AI_PART_TOOL_CALL) {
            rc = ngx_ai_flow_flush_part(f, &c[i]);

        } else if (f->whole) {
            rc = ngx_ai_flow_flush_whole(f, &c[i]);

        } else {
            rc = ngx_ai_flow_flush_live(f, &c[i]);
        }

        if (rc != NGX_OK || !c[i].done) {
            return rc;
        }
    }

    return NGX_OK;
}


/* if it has not ended it is the last one: from now on it passes at once */

static ngx_int_t
ngx_ai_flow_flush_part(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c)
{
    ngx_int_t      rc;
    ngx_str_t      text;
    ngx_uint_t     ended;
    ngx_ai_part_t  part;

    ngx_ai_flow_get(c, &part, &text);

    ended = c->ended;

    if (ngx_ai_flow_plain(part.kind)) {
        part.text = text;
        text.len = 0;
    }

    rc = ngx_ai_flow_part_open(f, c->choice, c->key, &part);

    if (rc == NGX_OK && text.len) {
        rc = ngx_ai_flow_part_text(f, c->choice, &text);
    }

    if (rc == NGX_OK && ended) {
        rc = ngx_ai_flow_part_close(f, c->choice);
    }

    ngx_ai_flow_done(f, c);

    return rc;
}


static ngx_int_t
ngx_ai_flow_flush_live(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c)
{
    ngx_int_t      rc;
    ngx_str_t      text;
    ngx_ai_part_t  part;

    if (!c->open) {

        rc = ngx_ai_flow_known(f, c);
        if (rc != NGX_OK) {
            return rc == NGX_AGAIN ? NGX_OK : rc;
        }

        rc = ngx_ai_flow_write(f, c, NGX_AI_DELTA_PART, NULL);
        if (rc != NGX_OK) {
            return rc;
        }

        c->open = 1;
    }

    ngx_ai_flow_get(c, &part, &text);

    if (text.len) {
        c->held.last -= text.len;
        f->held -= text.len;

    } else if (c->ended && !c->said && !c->part.custom) {
        ngx_str_set(&text, "{}");
    }

    if (text.len) {
        rc = ngx_ai_flow_write(f, c, NGX_AI_DELTA_TEXT, &text);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (!c->ended) {
        return NGX_OK;
    }

    rc = ngx_ai_flow_write(f, c, NGX_AI_DELTA_PART_END, NULL);

    ngx_ai_flow_done(f, c);
    f->choices[c->choice].index++;

    return rc;
}


static ngx_int_t
ngx_ai_flow_flush_whole(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c)
{
    u_char         *args;
    ngx_int_t       rc;
    ngx_str_t       text;
    ngx_ai_part_t   part;
    ngx_ai_delta_t  d;

    if (!c->ended) {
        return NGX_OK;
    }

    rc = ngx_ai_flow_known(f, c);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_flow_get(c, &part, &text);

    args = NULL;

    if (part.custom) {
        part.text = text;

    } else if (part.json.len == 0) {

        args = ngx_alloc(ngx_ai_args_size(&text), f->pool->log);
        if (args == NULL) {
            return NGX_ERROR;
        }

        rc = ngx_ai_args_read(&text, args, &part.json);
    }

    if (rc == NGX_OK) {
        ngx_ai_flow_delta(f, &d, NGX_AI_DELTA_PART, c->choice);
        d.part = &part;
        f->content = 1;

        rc = f->write(f->sink, &d);
    }

    if (rc == NGX_OK) {
        d.type = NGX_AI_DELTA_PART_END;

        rc = f->write(f->sink, &d);
    }

    if (args != NULL) {
        ngx_free(args);
    }

    ngx_ai_flow_done(f, c);
    f->choices[c->choice].index++;

    return rc;
}


/* NGX_OK: it has all that goes into PART; NGX_AGAIN: not yet */

static ngx_int_t
ngx_ai_flow_known(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c)
{
    u_char               buf[NGX_AI_FLOW_ID];
    ngx_str_t            id;
    ngx_ai_flow_call_t  *calls;

    if (c->part.name.len == 0) {
        return c->ended ? NGX_ERROR : NGX_AGAIN;
    }

    calls = f->calls->elts;

    id.data = buf;
    id.len = ngx_sprintf(buf, "call_%08xD%ui", (uint32_t) f->seed,
                         (ngx_uint_t) (c - calls))
             - buf;

    return ngx_ai_flow_put(f, c, offsetof(ngx_ai_part_t, id), &id);
}


static ngx_int_t
ngx_ai_flow_write(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c, ngx_uint_t type,
    const ngx_str_t *text)
{
    ngx_str_t       held;
    ngx_ai_part_t   part;
    ngx_ai_delta_t  d;

    ngx_ai_flow_get(c, &part, &held);
    ngx_ai_flow_delta(f, &d, type, c->choice);

    d.part = &part;

    if (text != NULL) {
        d.text = *text;
    }

    if (type == NGX_AI_DELTA_PART || type == NGX_AI_DELTA_TEXT) {
        f->content = 1;
    }

    return f->write(f->sink, &d);
}
