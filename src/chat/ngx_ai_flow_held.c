
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_flow_call.h"


#define ngx_ai_flow_member(part, offset)                                      \
    ((ngx_str_t *) ((u_char *) (part) + (offset)))


static void ngx_ai_flow_cleanup(void *data);
static ngx_int_t ngx_ai_flow_room(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    size_t len);


/* the strings of a part, in the order in which they are kept */

static const size_t  ngx_ai_flow_members[] = {
    offsetof(ngx_ai_part_t, id),
    offsetof(ngx_ai_part_t, name),
    offsetof(ngx_ai_part_t, text),
    offsetof(ngx_ai_part_t, json),
    offsetof(ngx_ai_part_t, data),
    offsetof(ngx_ai_part_t, media),
    offsetof(ngx_ai_part_t, url),
    offsetof(ngx_ai_part_t, file),
    offsetof(ngx_ai_part_t, detail),
    offsetof(ngx_ai_part_t, signature)
};

#define NGX_AI_FLOW_MEMBERS                                                   \
    (sizeof(ngx_ai_flow_members) / sizeof(ngx_ai_flow_members[0]))


ngx_int_t
ngx_ai_flow_calls_init(ngx_ai_flow_t *f)
{
    ngx_pool_cleanup_t  *cln;

    f->calls = ngx_array_create(f->pool, 2, sizeof(ngx_ai_flow_call_t));
    if (f->calls == NULL) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(f->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_ai_flow_cleanup;
    cln->data = f->calls;

    return NGX_OK;
}


static void
ngx_ai_flow_cleanup(void *data)
{
    ngx_array_t *calls = data;

    ngx_uint_t           i;
    ngx_ai_flow_call_t  *c;

    c = calls->elts;

    for (i = 0; i < calls->nelts; i++) {
        ngx_ai_buf_free(&c[i].held);
    }
}


void
ngx_ai_flow_calls_free(ngx_ai_flow_t *f)
{
    ngx_ai_flow_cleanup(f->calls);

    f->held = 0;
}


ngx_int_t
ngx_ai_flow_hold_strings(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    const ngx_ai_part_t *part)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    for (i = 0; i < NGX_AI_FLOW_MEMBERS; i++) {

        if (ngx_ai_flow_members[i] == offsetof(ngx_ai_part_t, text)
            && ngx_ai_flow_plain(part->kind))
        {
            continue;
        }

        rc = ngx_ai_flow_put(f, c, ngx_ai_flow_members[i],
                             ngx_ai_flow_member(part, ngx_ai_flow_members[i]));
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (ngx_ai_flow_plain(part->kind)) {
        return ngx_ai_flow_hold(f, c, &part->text);
    }

    return NGX_OK;
}


/* NGX_OK: there is room for "len" more bytes, and they are counted */

static ngx_int_t
ngx_ai_flow_room(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c, size_t len)
{
    if (len > f->max - f->held) {
        return NGX_DECLINED;
    }

    if (ngx_ai_buf_reserve(&c->held, len) == NULL) {
        return NGX_ERROR;
    }

    f->held += len;

    return NGX_OK;
}


ngx_int_t
ngx_ai_flow_hold(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    const ngx_str_t *text)
{
    ngx_int_t  rc;

    if (text->len == 0) {
        return NGX_OK;
    }

    rc = ngx_ai_flow_room(f, c, text->len);

    if (rc == NGX_OK) {
        c->held.last = ngx_cpymem(c->held.last, text->data, text->len);
    }

    return rc;
}


ngx_int_t
ngx_ai_flow_escape(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c,
    const ngx_str_t *json)
{
    size_t      len;
    u_char     *p, ch;
    ngx_int_t   rc;
    ngx_uint_t  i;

    len = json->len;

    for (i = 0; i < json->len; i++) {
        ch = json->data[i];
        len += (ch == '"' || ch == '\\' || ch < 0x20);
    }

    rc = ngx_ai_flow_room(f, c, len);
    if (rc != NGX_OK) {
        return rc;
    }

    p = c->held.last;

    /* the only controls between the tokens of JSON are these */

    for (i = 0; i < json->len; i++) {
        ch = json->data[i];

        if (ch == '"' || ch == '\\') {
            *p++ = '\\';

        } else if (ch < 0x20) {
            *p++ = '\\';
            ch = (ch == LF) ? 'n' : (ch == CR) ? 'r' : 't';
        }

        *p++ = ch;
    }

    c->held.last = p;

    return NGX_OK;
}


ngx_int_t
ngx_ai_flow_put(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c, size_t member,
    const ngx_str_t *value)
{
    size_t      before;
    u_char     *p;
    ngx_int_t   rc;
    ngx_str_t  *to;
    ngx_uint_t  i;

    to = ngx_ai_flow_member(&c->part, member);

    if (value->len == 0 || to->len) {
        return NGX_OK;
    }

    rc = ngx_ai_flow_room(f, c, value->len);
    if (rc != NGX_OK) {
        return rc;
    }

    before = 0;

    for (i = 0; ngx_ai_flow_members[i] != member; i++) {
        before += ngx_ai_flow_member(&c->part, ngx_ai_flow_members[i])->len;
    }

    p = c->held.start + before;

    ngx_memmove(p + value->len, p, c->held.last - p);
    ngx_memcpy(p, value->data, value->len);

    c->held.last += value->len;
    to->len = value->len;

    return NGX_OK;
}


void
ngx_ai_flow_get(const ngx_ai_flow_call_t *c, ngx_ai_part_t *part,
    ngx_str_t *text)
{
    u_char      *p;
    ngx_str_t   *member;
    ngx_uint_t   i;

    *part = c->part;
    p = c->held.start;

    for (i = 0; i < NGX_AI_FLOW_MEMBERS; i++) {
        member = ngx_ai_flow_member(part, ngx_ai_flow_members[i]);

        if (member->len) {
            member->data = p;
            p += member->len;
        }
    }

    text->data = p;
    text->len = c->held.last - p;
}


void
ngx_ai_flow_done(ngx_ai_flow_t *f, ngx_ai_flow_call_t *c)
{
    f->held -= ngx_ai_buf_len(&c->held);
    f->choices[c->choice].queued--;

    ngx_ai_buf_free(&c->held);

    c->ended = 1;
    c->done = 1;
}
