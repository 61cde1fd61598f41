
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * What an attempt sends: a head built from nothing, with the few headers of
 * the client that a provider may see, and the client's body with the edits
 * that fit it to the target.
 */


#include "ngx_http_ai_upstream.h"
#include "ngx_http_ai_body.h"
#include "ngx_http_ai_error.h"
#include "ngx_http_ai_headers.h"


/* room for the lines of the head that have no length of their own */
#define NGX_HTTP_AI_HEAD_LINES  512

#define NGX_HTTP_AI_PASSED      4


static ngx_int_t ngx_http_ai_request_target(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *target);
static ngx_buf_t *ngx_http_ai_request_head(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *target, off_t length);
static size_t ngx_http_ai_request_passed(ngx_http_request_t *r,
    ngx_table_elt_t **passed, ngx_uint_t *n);


/* headers of the client that go to the provider as they are */

static const ngx_str_t  ngx_http_ai_passed[NGX_HTTP_AI_PASSED] = {
    ngx_string("accept"),
    ngx_string("user-agent"),
    ngx_string("openai-beta"),
    ngx_string("idempotency-key")
};


ngx_int_t
ngx_http_ai_request_build(ngx_http_ai_ctx_t *ctx)
{
    off_t                    length;
    ngx_buf_t               *b;
    ngx_int_t                rc;
    ngx_str_t                target, *model;
    ngx_chain_t             *cl, **last;
    ngx_ai_edits_t           edits;
    ngx_http_ai_provider_t  *provider;

    provider = ctx->provider;
    model = &ctx->targets[ctx->ntarget].model;

    rc = ngx_http_ai_request_target(ctx, &target);
    if (rc != NGX_OK) {
        return rc;
    }

    provider->dialect->edit(ctx->match.route, &ctx->ask, model,
                            provider->vendor->quirks, &edits);

    ctx->hide_usage = edits.usage;

    length = ctx->body.length + ngx_http_ai_body_growth(edits.edits, edits.n);

    b = ngx_http_ai_request_head(ctx, &target, length);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->request_bufs = ngx_alloc_chain_link(ctx->request->pool);
    if (ctx->request_bufs == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->request_bufs->buf = b;
    ctx->request_bufs->next = NULL;

    last = &ctx->request_bufs->next;

    if (ngx_http_ai_body_chain(ctx, edits.edits, edits.n, &last) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* the TLS layer keeps what is not flushed */

    for (cl = ctx->request_bufs; cl->next; cl = cl->next) { /* void */ }

    cl->buf->flush = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_request_target(ngx_http_ai_ctx_t *ctx, ngx_str_t *target)
{
    const char         *reason;
    ngx_ai_target_t     t;

    t.prefix = ctx->provider->url.prefix;
    t.tail = ctx->match.tail;
    t.query = ctx->provider->query;

    if (ctx->match.route->flags & NGX_AI_ROUTE_ARGS) {
        t.args = ctx->request->args;

    } else {
        ngx_str_null(&t.args);
    }

    target->data = ngx_pnalloc(ctx->request->pool, ngx_ai_target_size(&t));
    if (target->data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_ai_target_build(&t, target, &reason) != NGX_OK) {
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, NULL,
                                "The URL can't be passed on: %s.", reason);
    }

    return NGX_OK;
}


static ngx_buf_t *
ngx_http_ai_request_head(ngx_http_ai_ctx_t *ctx, ngx_str_t *target,
    off_t length)
{
    u_char                  *p, *end;
    size_t                   size;
    ngx_buf_t               *b;
    ngx_uint_t               i, n;
    ngx_table_elt_t         *passed[NGX_HTTP_AI_PASSED];
    ngx_http_request_t      *r;
    const ngx_ai_auth_t     *auth;
    ngx_http_ai_provider_t  *provider;

    r = ctx->request;
    provider = ctx->provider;
    auth = &ngx_ai_auths[provider->vendor->auth];

    size = NGX_HTTP_AI_HEAD_LINES + r->method_name.len + target->len
           + provider->url.authority.len
           + ngx_http_ai_request_passed(r, passed, &n);

    if (ctx->multipart) {
        size += r->headers_in.content_type->value.len;
    }

    if (provider->key) {
        size += auth->header.len + auth->prefix.len
                + ngx_ai_secret_len(provider->key);
    }

    b = ngx_create_temp_buf(r->pool, size);
    if (b == NULL) {
        return NULL;
    }

    p = b->pos;
    end = b->end;

    p = ngx_slprintf(p, end, "%V %V HTTP/1.1" CRLF "Host: %V" CRLF
                     "X-Request-Id: %*s" CRLF
                     "Accept-Encoding: identity" CRLF,
                     &r->method_name, target, &provider->url.authority,
                     sizeof(ctx->id), ctx->id);

    if (provider->key) {
        p = ngx_slprintf(p, end, "%V: %V", &auth->header, &auth->prefix);
        p = ngx_ai_secret_copy(p, provider->key);
        *p++ = CR; *p++ = LF;
    }

    for (i = 0; i < n; i++) {
        p = ngx_slprintf(p, end, "%V: %V" CRLF, &passed[i]->key,
                         &passed[i]->value);
    }

    if (length || r->method == NGX_HTTP_POST) {
        p = ngx_slprintf(p, end, "Content-Length: %O" CRLF, length);
    }

    if (ctx->multipart) {
        p = ngx_slprintf(p, end, "Content-Type: %V" CRLF,
                         &r->headers_in.content_type->value);

    } else if (length) {
        p = ngx_slprintf(p, end, "Content-Type: application/json" CRLF);
    }

    b->last = ngx_slprintf(p, end, CRLF);

    return b;
}


/* returns what they take at most */

static size_t
ngx_http_ai_request_passed(ngx_http_request_t *r, ngx_table_elt_t **passed,
    ngx_uint_t *n)
{
    size_t            size;
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

    *n = 0;
    size = 0;

    for (i = 0; i < NGX_HTTP_AI_PASSED; i++) {
        h = ngx_http_ai_header_in(r, &ngx_http_ai_passed[i]);

        if (h) {
            size += h->key.len + h->value.len + sizeof(": " CRLF);
            passed[(*n)++] = h;
        }
    }

    return size;
}
