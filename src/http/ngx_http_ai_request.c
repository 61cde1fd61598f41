
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
#include "ngx_http_ai_creds.h"
#include "ngx_http_ai_error.h"
#include "ngx_http_ai_headers.h"
#include "ngx_http_ai_translate.h"


/* room for the lines of the head that have no length of their own */
#define NGX_HTTP_AI_HEAD_LINES  512

#define NGX_HTTP_AI_PASSED      6


static ngx_int_t ngx_http_ai_request_target(ngx_http_ai_ctx_t *ctx,
    ngx_ai_aim_t *aim, ngx_str_t *target);
static ngx_int_t ngx_http_ai_request_tail(ngx_http_ai_ctx_t *ctx,
    ngx_ai_aim_t *aim, ngx_str_t *tail, ngx_str_t *query);
static ngx_int_t ngx_http_ai_request_version(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *tail);
static ngx_int_t ngx_http_ai_request_model(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *model, ngx_str_t *tail);
static ngx_int_t ngx_http_ai_request_deployment(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *model, ngx_str_t *tail);
static ngx_int_t ngx_http_ai_request_query(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *query, ngx_str_t *own);
static ngx_buf_t *ngx_http_ai_request_head(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *target, off_t length, ngx_chain_t *body);
static size_t ngx_http_ai_request_auth_size(ngx_http_ai_provider_t *provider);
static ngx_int_t ngx_http_ai_request_auth(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *target, ngx_chain_t *body, u_char **p);
static ngx_ai_secret_t *ngx_http_ai_request_secret(
    ngx_http_ai_provider_t *provider, const ngx_ai_auth_t **auth);
static size_t ngx_http_ai_request_passed(ngx_http_ai_ctx_t *ctx,
    ngx_table_elt_t **passed, ngx_uint_t *n);


/*
 * Headers of the client that go to the provider as they are; the first one does
 * even when the provider speaks another dialect.
 */

static const ngx_str_t  ngx_http_ai_passed[NGX_HTTP_AI_PASSED] = {
    ngx_string("user-agent"),
    ngx_string("accept"),
    ngx_string("openai-beta"),
    ngx_string("anthropic-version"),
    ngx_string("anthropic-beta"),
    ngx_string("idempotency-key")
};


ngx_int_t
ngx_http_ai_request_build(ngx_http_ai_ctx_t *ctx)
{
    off_t            length;
    ngx_buf_t       *b;
    ngx_int_t        rc;
    ngx_str_t        target, body;
    const char      *reason;
    ngx_chain_t     *cl, **last;
    ngx_ai_aim_t     aim;
    ngx_ai_edits_t   edits;

    reason = NULL;

    aim.model = ctx->targets[ctx->ntarget].model;
    aim.op = ctx->match.route->op;
    aim.stream = ctx->ask.stream;
    aim.quirks = ctx->provider->vendor->quirks;
    aim.reason = &reason;

    if (ctx->translated && aim.model.len == 0) {
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, "model",
                                "\"model\" is missing: the provider \"%V\" "
                                "has no default.", &ctx->provider->name);
    }

    rc = ngx_http_ai_request_target(ctx, &aim, &target);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ctx->translated) {
        rc = ngx_http_ai_translate_ask(ctx, &aim, &body);
        if (rc != NGX_OK) {
            return rc;
        }

        ctx->hide_usage = 0;
        length = body.len;

    } else {
        ctx->wire->edit(ctx->match.route, &ctx->ask, &aim.model, aim.quirks,
                        &edits);

        ctx->hide_usage = edits.usage;
        length = ctx->body.length
                 + ngx_http_ai_body_growth(edits.edits, edits.n);
    }

    ctx->request_bufs = ngx_alloc_chain_link(ctx->request->pool);
    if (ctx->request_bufs == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->request_bufs->next = NULL;

    last = &ctx->request_bufs->next;

    rc = ctx->translated
         ? ngx_http_ai_body_text(ctx, &body, &last)
         : ngx_http_ai_body_chain(ctx, edits.edits, edits.n, &last);

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* it may have a signature of the body */

    b = ngx_http_ai_request_head(ctx, &target, length,
                                 ctx->request_bufs->next);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->request_bufs->buf = b;

    /* the TLS layer keeps what is not flushed */

    for (cl = ctx->request_bufs; cl->next; cl = cl->next) { /* void */ }

    cl->buf->flush = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_request_target(ngx_http_ai_ctx_t *ctx, ngx_ai_aim_t *aim,
    ngx_str_t *target)
{
    const char         *reason;
    ngx_ai_target_t     t;

    t.prefix = ctx->provider->url.prefix;
    t.query = ctx->provider->query;

    t.made = (ctx->translated
              || (ctx->match.route->flags & NGX_AI_ROUTE_MODEL_PATH)
              || (aim->quirks & (NGX_AI_QUIRK_VERTEX_CLAUDE
                                 |NGX_AI_QUIRK_DEPLOYMENTS)));

    if (ngx_http_ai_request_tail(ctx, aim, &t.tail, &t.query) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

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


/*
 * The path of the route, as the client sent it, unless the request is put in
 * other words or the path names a model that the target knows by another
 * name.
 */

static ngx_int_t
ngx_http_ai_request_tail(ngx_http_ai_ctx_t *ctx, ngx_ai_aim_t *aim,
    ngx_str_t *tail, ngx_str_t *query)
{
    size_t                 strip;
    ngx_str_t              own;
    const ngx_ai_route_t  *route;

    route = ctx->match.route;
    *tail = ctx->match.tail;
    ngx_str_null(&own);

    if (ctx->translated || (aim->quirks & NGX_AI_QUIRK_VERTEX_CLAUDE)) {

        if (ctx->wire->tail(aim, ctx->request->pool, tail, &own) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ctx->wire_id != ctx->provider->vendor->dialect
            && (aim->quirks & NGX_AI_QUIRK_V1)
            && ngx_http_ai_request_version(ctx, tail) != NGX_OK)
        {
            return NGX_ERROR;
        }

    } else if (route->flags & NGX_AI_ROUTE_MODEL_PATH) {

        if ((route->flags & NGX_AI_ROUTE_ALT)
            && ctx->framing != NGX_AI_FRAMING_ARRAY)
        {
            ngx_str_set(&own, "alt=sse");
        }

        if (ngx_http_ai_request_model(ctx, &aim->model, tail) != NGX_OK) {
            return NGX_ERROR;
        }

    } else if (ctx->wire_id != ctx->provider->vendor->dialect
               && (aim->quirks & NGX_AI_QUIRK_V1))
    {
        strip = route->strip;
        tail->data -= strip;
        tail->len += strip;
    }

    if ((aim->quirks & NGX_AI_QUIRK_DEPLOYMENTS)
        && !(route->flags & NGX_AI_ROUTE_MODEL_NONE) && aim->model.len
        && ngx_http_ai_request_deployment(ctx, &aim->model, tail) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (own.len == 0) {
        return NGX_OK;
    }

    return ngx_http_ai_request_query(ctx, query, &own);
}


static ngx_int_t
ngx_http_ai_request_version(ngx_http_ai_ctx_t *ctx, ngx_str_t *tail)
{
    u_char  *p;

    p = ngx_pnalloc(ctx->request->pool, sizeof("/v1") - 1 + tail->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    tail->len = ngx_sprintf(p, "/v1%V", tail) - p;
    tail->data = p;

    return NGX_OK;
}


/* the client's path, with the target's name of the model */

static ngx_int_t
ngx_http_ai_request_model(ngx_http_ai_ctx_t *ctx, ngx_str_t *model,
    ngx_str_t *tail)
{
    u_char     *p, *last;
    size_t      escape;
    ngx_str_t  *id;

    if (model->len == ctx->ask.model.len
        && ngx_memcmp(model->data, ctx->ask.model.data, model->len) == 0)
    {
        return NGX_OK;
    }

    id = &ctx->match.id;

    escape = 2 * ngx_escape_uri(NULL, model->data, model->len,
                                NGX_ESCAPE_URI_COMPONENT);

    p = ngx_pnalloc(ctx->request->pool,
                    tail->len - id->len + model->len + escape);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_cpymem(p, tail->data, id->data - tail->data);
    last = (u_char *) ngx_escape_uri(last, model->data, model->len,
                                     NGX_ESCAPE_URI_COMPONENT);
    last = ngx_cpymem(last, id->data + id->len,
                      tail->data + tail->len - (id->data + id->len));

    tail->data = p;
    tail->len = last - p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_request_deployment(ngx_http_ai_ctx_t *ctx, ngx_str_t *model,
    ngx_str_t *tail)
{
    u_char  *p, *last;
    size_t   escape;

    escape = 2 * ngx_escape_uri(NULL, model->data, model->len,
                                NGX_ESCAPE_URI_COMPONENT);

    p = ngx_pnalloc(ctx->request->pool, sizeof("/deployments/") - 1
                                        + model->len + escape + tail->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_cpymem(p, "/deployments/", sizeof("/deployments/") - 1);
    last = (u_char *) ngx_escape_uri(last, model->data, model->len,
                                     NGX_ESCAPE_URI_COMPONENT);
    last = ngx_cpymem(last, tail->data, tail->len);

    tail->data = p;
    tail->len = last - p;

    return NGX_OK;
}


/* what the dialect needs, and what the configuration adds */

static ngx_int_t
ngx_http_ai_request_query(ngx_http_ai_ctx_t *ctx, ngx_str_t *query,
    ngx_str_t *own)
{
    u_char  *p;

    if (query->len == 0) {
        *query = *own;
        return NGX_OK;
    }

    p = ngx_pnalloc(ctx->request->pool, own->len + 1 + query->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    query->len = ngx_sprintf(p, "%V&%V", own, query) - p;
    query->data = p;

    return NGX_OK;
}


static ngx_buf_t *
ngx_http_ai_request_head(ngx_http_ai_ctx_t *ctx, ngx_str_t *target,
    off_t length, ngx_chain_t *body)
{
    u_char                  *p, *end;
    size_t                   size;
    ngx_buf_t               *b;
    ngx_uint_t               i, n;
    ngx_table_elt_t         *passed[NGX_HTTP_AI_PASSED];
    ngx_http_request_t      *r;
    ngx_http_ai_provider_t  *provider;

    r = ctx->request;
    provider = ctx->provider;

    size = NGX_HTTP_AI_HEAD_LINES + r->method_name.len + target->len
           + provider->url.authority.len
           + ctx->wire->header.len + ctx->wire->header_value.len
           + ngx_http_ai_request_passed(ctx, passed, &n)
           + ngx_http_ai_request_auth_size(provider);

    if (ctx->multipart) {
        size += r->headers_in.content_type->value.len;
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

    if (ngx_http_ai_request_auth(ctx, target, body, &p) != NGX_OK) {
        return NULL;
    }

    if (ctx->wire->header.len
        && (ctx->translated
            || ngx_http_ai_header_in(r, &ctx->wire->header) == NULL))
    {
        p = ngx_slprintf(p, end, "%V: %V" CRLF, &ctx->wire->header,
                         &ctx->wire->header_value);
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


/* what the credentials take at most */

static size_t
ngx_http_ai_request_auth_size(ngx_http_ai_provider_t *provider)
{
    ngx_ai_secret_t      *secret;
    const ngx_ai_auth_t  *auth;

    if (provider->creds && provider->creds->aws) {
        return ngx_ai_sigv4_size(provider->creds->aws);
    }

    secret = ngx_http_ai_request_secret(provider, &auth);

    return secret ? auth->header.len + auth->prefix.len
                    + ngx_ai_secret_len(secret)
                  : 0;
}


static ngx_int_t
ngx_http_ai_request_auth(ngx_http_ai_ctx_t *ctx, ngx_str_t *target,
    ngx_chain_t *body, u_char **p)
{
    ngx_ai_secret_t         *secret;
    const ngx_ai_auth_t     *auth;
    ngx_ai_sigv4_request_t   request;
    ngx_http_ai_provider_t  *provider;

    provider = ctx->provider;

    if (provider->creds && provider->creds->aws) {
        request.method = ctx->request->method_name;
        request.target = *target;
        request.host = provider->url.authority;
        request.now = ngx_time();

        if (ngx_http_ai_body_digest(ctx, body, request.body) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_ai_sigv4_write(provider->creds->aws, &request,
                                  ctx->request->pool, p);
    }

    secret = ngx_http_ai_request_secret(provider, &auth);

    if (secret) {
        *p = ngx_sprintf(*p, "%V: %V", &auth->header, &auth->prefix);
        *p = ngx_ai_secret_copy(*p, secret);
        *(*p)++ = CR; *(*p)++ = LF;
    }

    return NGX_OK;
}


/* a token goes where all tokens go, a key where its vendor wants it; or NULL */

static ngx_ai_secret_t *
ngx_http_ai_request_secret(ngx_http_ai_provider_t *provider,
    const ngx_ai_auth_t **auth)
{
    if (provider->creds) {
        *auth = &ngx_ai_auths[NGX_AI_AUTH_BEARER];
        return ngx_http_ai_creds_bearer(provider->creds);
    }

    *auth = &ngx_ai_auths[provider->vendor->auth];

    return provider->key;
}


/* returns what they take at most */

static size_t
ngx_http_ai_request_passed(ngx_http_ai_ctx_t *ctx, ngx_table_elt_t **passed,
    ngx_uint_t *n)
{
    size_t               size;
    ngx_uint_t           i;
    ngx_table_elt_t     *h;
    ngx_http_request_t  *r;

    r = ctx->request;

    *n = 0;
    size = 0;

    for (i = 0; i < NGX_HTTP_AI_PASSED; i++) {
        h = ngx_http_ai_header_in(r, &ngx_http_ai_passed[i]);

        if (h && (i == 0 || !ctx->translated)) {
            size += h->key.len + h->value.len + sizeof(": " CRLF);
            passed[(*n)++] = h;
        }
    }

    return size;
}
