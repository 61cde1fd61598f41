
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Step 1: who is it, which route is it, what does the body ask, who may
 * answer.  No byte of the body is read before the key is known.
 */


#include "ngx_http_ai.h"
#include "ngx_http_ai_body.h"
#include "ngx_http_ai_error.h"
#include "ngx_http_ai_headers.h"
#include "ngx_http_ai_models.h"
#include "ngx_http_ai_owner.h"
#include "ngx_http_ai_state.h"
#include "ngx_http_ai_select.h"
#include "ngx_ai_multipart.h"


typedef struct {
    ngx_str_t    name;
    ngx_str_t    scheme;
} ngx_http_ai_credential_t;


static ngx_int_t ngx_http_ai_admit(ngx_http_request_t *r);
static ngx_int_t ngx_http_ai_route(ngx_http_ai_ctx_t *ctx);
static void ngx_http_ai_caller(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_path(ngx_http_request_t *r, ngx_str_t *path);
static ngx_int_t ngx_http_ai_authenticate(ngx_http_ai_ctx_t *ctx,
    ngx_http_ai_loc_conf_t *alcf);
static ngx_int_t ngx_http_ai_presented(ngx_http_request_t *r,
    ngx_str_t *value);
static ngx_int_t ngx_http_ai_check_media(ngx_http_ai_ctx_t *ctx);
static ngx_uint_t ngx_http_ai_media_is(ngx_str_t *type, const char *media);
static void ngx_http_ai_body_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_ai_read_body(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_read_path(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_read_multipart(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_authorize(ngx_http_ai_ctx_t *ctx);


/* where the clients of the dialects put their keys */

static const ngx_http_ai_credential_t  ngx_http_ai_credentials[] = {
    { ngx_string("authorization"), ngx_string("Bearer ") },
    { ngx_string("x-api-key"), ngx_null_string },
    { ngx_string("api-key"), ngx_null_string },
    { ngx_string("x-goog-api-key"), ngx_null_string },
    { ngx_null_string, ngx_null_string }
};


/*
 * A gateway's door is no vote in "satisfy any": it neither opens other
 * doors nor is opened by them.  So a refusal ends the request here, and what
 * is admitted is merely not declined.
 */

ngx_int_t
ngx_http_ai_access_handler(ngx_http_request_t *r)
{
    ngx_int_t                rc;
    ngx_http_ai_loc_conf_t  *alcf;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_ai_gateway_module);

    if (!alcf->enable) {
        return NGX_DECLINED;
    }

    rc = ngx_http_ai_admit(r);

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, rc);
        return NGX_DONE;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_ai_admit(ngx_http_request_t *r)
{
    ngx_int_t                rc;
    ngx_http_ai_ctx_t       *ctx;
    ngx_http_ai_loc_conf_t  *alcf;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_ai_gateway_module);

    ctx = ngx_http_ai_ctx_create(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* the route first, as errors are told in its dialect */

    rc = ngx_http_ai_route(ctx);

    if (ngx_http_ai_authenticate(ctx, alcf) != NGX_OK) {
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_AUTH, NULL,
                                "The API key is missing or not valid here.");
    }

    if (rc != NGX_OK) {
        return rc;
    }

    ctx->admitted = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_route(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_str_t                path, rest;
    ngx_http_request_t      *r;
    ngx_http_ai_loc_conf_t  *alcf;

    r = ctx->request;

    if (ngx_http_ai_path(r, &path) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_ai_route_find(r->method, &path, &ctx->match);

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_ai_gateway_module);

    if (rc == NGX_DECLINED
        && alcf->prefix.len && alcf->prefix.len < path.len
        && ngx_strncmp(path.data, alcf->prefix.data, alcf->prefix.len) == 0)
    {
        rest.data = path.data + alcf->prefix.len;
        rest.len = path.len - alcf->prefix.len;

        rc = ngx_ai_route_find(r->method, &rest, &ctx->match);
    }

    if (rc != NGX_DECLINED) {
        ngx_http_ai_caller(ctx);
    }

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    if (rc == NGX_ERROR) {
        ctx->match.route = NULL;
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_METHOD, NULL,
                                "%V is not allowed on %V.", &r->method_name,
                                &path);
    }

    ctx->match.route = NULL;

    return ngx_http_ai_fail(ctx, NGX_AI_ERROR_NOT_FOUND, NULL,
                            "There is no %V %V here.", &r->method_name, &path);
}


/*
 * The dialect of the route; on a path that several have, such as that of the
 * models, who must send a header with each request is known by it.
 */

static void
ngx_http_ai_caller(ngx_http_ai_ctx_t *ctx)
{
    ngx_uint_t               i;
    const ngx_ai_dialect_t  *dialect;

    ctx->caller = ctx->match.route->dialect;

    if (ctx->match.route->flags & NGX_AI_ROUTE_LOCAL) {

        for (i = 0; i < NGX_AI_DIALECT_MAX; i++) {
            dialect = ngx_ai_dialect(i);

            if (dialect->header.len
                && ngx_http_ai_header_in(ctx->request, &dialect->header))
            {
                ctx->caller = i;
                break;
            }
        }
    }

    ctx->dialect = ngx_ai_dialect(ctx->caller);
    ctx->framing = ctx->dialect->framing;
}


/*
 * As the client sent it, byte by byte; as it has become, where a rewrite or
 * a subrequest has made another one.
 */

static ngx_int_t
ngx_http_ai_path(ngx_http_request_t *r, ngx_str_t *path)
{
    u_char     *p;
    uintptr_t   escape;

    if (r->valid_unparsed_uri && r == r->main) {
        *path = r->unparsed_uri;

        p = ngx_strlchr(path->data, path->data + path->len, '?');
        if (p) {
            path->len = p - path->data;
        }

        return NGX_OK;
    }

    *path = r->uri;

    escape = 2 * ngx_escape_uri(NULL, path->data, path->len, NGX_ESCAPE_URI);

    if (escape == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, path->len + escape);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_escape_uri(p, path->data, path->len, NGX_ESCAPE_URI);

    path->data = p;
    path->len += escape;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_authenticate(ngx_http_ai_ctx_t *ctx, ngx_http_ai_loc_conf_t *alcf)
{
    ngx_str_t            value;
    ngx_uint_t           verdict;
    ngx_http_request_t  *r;

    if (alcf->auth == NGX_HTTP_AI_AUTH_NONE) {
        return NGX_OK;
    }

    r = ctx->request;

    if (ngx_http_ai_presented(r, &value) != NGX_OK) {
        ngx_http_ai_count(r, NGX_HTTP_AI_COUNT_AUTH_MISSING);
        return NGX_DECLINED;
    }

    verdict = ngx_ai_keys_check(alcf->keys, &value, ngx_time(), &ctx->key);

    switch (verdict) {

    case NGX_AI_KEY_OK:
        return NGX_OK;

    case NGX_AI_KEY_DISABLED:
        ngx_http_ai_count(r, NGX_HTTP_AI_COUNT_AUTH_DISABLED);
        break;

    case NGX_AI_KEY_EXPIRED:
        ngx_http_ai_count(r, NGX_HTTP_AI_COUNT_AUTH_EXPIRED);
        break;

    default:
        ngx_http_ai_count(r, NGX_HTTP_AI_COUNT_AUTH_UNKNOWN);
        break;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_ai_presented(ngx_http_request_t *r, ngx_str_t *value)
{
    ngx_table_elt_t                 *h;
    const ngx_http_ai_credential_t  *c;

    for (c = ngx_http_ai_credentials; c->name.len; c++) {

        h = ngx_http_ai_header_in(r, &c->name);

        if (h == NULL) {
            continue;
        }

        *value = h->value;

        if (c->scheme.len) {
            if (value->len <= c->scheme.len
                || ngx_strncasecmp(value->data, c->scheme.data, c->scheme.len)
                   != 0)
            {
                continue;
            }

            value->data += c->scheme.len;
            value->len -= c->scheme.len;
        }

        return NGX_OK;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_ai_content_handler(ngx_http_request_t *r)
{
    ngx_int_t           rc;
    ngx_http_ai_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_ai_gateway_module);

    if (ctx == NULL || !ctx->admitted) {

        /* a subrequest, or another access module has ended the phase */

        rc = ngx_http_ai_admit(r);
        if (rc != NGX_OK) {
            return rc;
        }

        ctx = ngx_http_get_module_ctx(r, ngx_http_ai_gateway_module);
    }

    ngx_http_ai_live(r, NGX_HTTP_AI_LIVE_REQUESTS, 1);
    ctx->live = 1;

    if (ctx->match.route->flags & NGX_AI_ROUTE_LOCAL) {
        rc = ngx_http_ai_models_handler(ctx);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (!(ctx->match.route->flags & NGX_AI_ROUTE_BODY_NONE)) {
        rc = ngx_http_ai_check_media(ctx);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_ai_body_handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


/*
 * Bodies that can't be looked into are not passed on unseen.  What "curl -d"
 * calls a form when it is not told otherwise is read as the JSON it is.
 */

static ngx_int_t
ngx_http_ai_check_media(ngx_http_ai_ctx_t *ctx)
{
    ngx_str_t          *type;
    ngx_uint_t          flags;
    ngx_table_elt_t    *h;

    static ngx_str_t    encoding = ngx_string("content-encoding");

    h = ngx_http_ai_header_in(ctx->request, &encoding);

    if (h && (h->value.len != 8
              || ngx_strncasecmp(h->value.data, (u_char *) "identity", 8)
                 != 0))
    {
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_MEDIA, NULL,
                                "Send the body without Content-Encoding.");
    }

    flags = ctx->match.route->flags;
    h = ctx->request->headers_in.content_type;

    if (h == NULL || h->value.len == 0) {
        return (flags & NGX_AI_ROUTE_BODY_JSON)
               ? NGX_OK
               : ngx_http_ai_fail(ctx, NGX_AI_ERROR_MEDIA, NULL,
                                  "Send multipart/form-data.");
    }

    type = &h->value;

    if ((flags & NGX_AI_ROUTE_BODY_JSON)
        && (ngx_http_ai_media_is(type, "application/json")
            || ngx_http_ai_media_is(type, "application/x-www-form-urlencoded")))
    {
        return NGX_OK;
    }

    if ((flags & NGX_AI_ROUTE_BODY_MULTIPART)
        && ngx_http_ai_media_is(type, "multipart/form-data"))
    {
        return NGX_OK;
    }

    return ngx_http_ai_fail(ctx, NGX_AI_ERROR_MEDIA, NULL, "Send %s.",
                            !(flags & NGX_AI_ROUTE_BODY_MULTIPART)
                            ? "application/json"
                            : !(flags & NGX_AI_ROUTE_BODY_JSON)
                            ? "multipart/form-data"
                            : "application/json or multipart/form-data");
}


static ngx_uint_t
ngx_http_ai_media_is(ngx_str_t *type, const char *media)
{
    size_t  len;

    len = ngx_strlen(media);

    return type->len >= len
           && ngx_strncasecmp(type->data, (u_char *) media, len) == 0
           && (type->len == len || type->data[len] == ';'
               || type->data[len] == ' ');
}


static void
ngx_http_ai_body_handler(ngx_http_request_t *r)
{
    ngx_int_t           rc;
    ngx_http_ai_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_ai_gateway_module);
    ctx->whole_body = 1;

    rc = ngx_http_ai_read_body(ctx);

    if (rc == NGX_OK) {
        rc = ngx_http_ai_authorize(ctx);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_ai_owner_find(ctx);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_ai_state_named(ctx);

        if (rc != NGX_DECLINED) {
            ngx_http_finalize_request(r, rc);
            return;
        }

        rc = ngx_http_ai_select(ctx);
    }

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    ngx_http_ai_upstream_start(ctx);
}


static ngx_int_t
ngx_http_ai_read_body(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t                 rc;
    ngx_str_t                 value;
    ngx_uint_t                flags;
    ngx_table_elt_t          *h;
    ngx_http_ai_main_conf_t  *amcf;

    flags = ctx->match.route->flags;
    ctx->ask.max_tokens = -1;

    /* a body where none belongs has been read, and goes no further */

    if (flags & NGX_AI_ROUTE_BODY_NONE) {

        /* a stored response is streamed if the query asks for it */

        ctx->ask.stream = ((flags & NGX_AI_ROUTE_STREAMS)
                           && ngx_http_arg(ctx->request, (u_char *) "stream",
                                           6, &value)
                              == NGX_OK
                           && value.len == 4
                           && ngx_strncmp(value.data, "true", 4) == 0);
        return NGX_OK;
    }

    if ((flags & NGX_AI_ROUTE_MODEL_PATH)
        && ngx_http_ai_read_path(ctx) != NGX_OK)
    {
        return ctx->error.status;
    }

    h = ctx->request->headers_in.content_type;

    ctx->multipart = (h && ngx_http_ai_media_is(&h->value,
                                                "multipart/form-data"));

    if (ngx_http_ai_body_open(ctx, ctx->multipart) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->multipart) {
        rc = ngx_http_ai_read_multipart(ctx);

    } else {
        amcf = ngx_http_get_module_main_conf(ctx->request,
                                             ngx_http_ai_gateway_module);

        rc = ngx_ai_ask_read(&ctx->dialect->tables[0], ctx->dialect->rules,
                             amcf->readers[ctx->caller],
                             ctx->match.route, ctx->body.pieces, ctx->body.n,
                             ctx->request->pool, &ctx->ask, &ctx->error);

        if (rc != NGX_OK) {
            rc = ngx_http_ai_failed(ctx);
        }
    }

    ngx_http_ai_body_close(ctx);

    return rc;
}


/* the model in the path, and what the query says of the reply */

static ngx_int_t
ngx_http_ai_read_path(ngx_http_ai_ctx_t *ctx)
{
    u_char              *p, *src;
    ngx_str_t            value;
    ngx_http_request_t  *r;

    r = ctx->request;

    p = ngx_pnalloc(r->pool, ctx->match.id.len);
    if (p == NULL) {
        ctx->error.status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return NGX_ERROR;
    }

    ctx->ask.model.data = p;
    src = ctx->match.id.data;

    ngx_unescape_uri(&p, &src, ctx->match.id.len, 0);

    ctx->ask.model.len = p - ctx->ask.model.data;

    if (ngx_ai_ask_check_model(&ctx->ask.model) != NGX_OK) {
        (void) ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, "model",
                                "The path names no model.");
        return NGX_ERROR;
    }

    if ((ctx->match.route->flags & NGX_AI_ROUTE_ALT)
        && (ngx_http_arg(r, (u_char *) "alt", 3, &value) != NGX_OK
            || value.len != 3
            || ngx_strncmp(value.data, "sse", 3) != 0))
    {
        ctx->framing = NGX_AI_FRAMING_ARRAY;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_read_multipart(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t                  rc;
    ngx_str_t                  boundary;
    const char                *reason;
    ngx_http_request_t        *r;
    ngx_ai_multipart_field_t  *model, *stream, fields[2];

    r = ctx->request;

    ngx_memzero(fields, sizeof(fields));
    model = &fields[0];
    stream = &fields[1];
    ngx_str_set(&model->name, "model");
    ngx_str_set(&stream->name, "stream");

    reason = "no boundary";

    rc = ngx_ai_multipart_boundary(&r->headers_in.content_type->value,
                                   &boundary);
    if (rc == NGX_OK) {
        rc = ngx_ai_multipart_scan(&ctx->body.pieces[0], &boundary, fields,
                                   2, &reason);
    }

    if (rc != NGX_OK) {
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, NULL,
                                "The multipart body is malformed: %s.",
                                reason);
    }

    if (model->count > 1 || stream->count > 1) {
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID,
                                model->count > 1 ? "model" : "stream",
                                "A field is given more than once.");
    }

    if (model->count == 0) {
        if (ctx->match.route->flags & NGX_AI_ROUTE_MODEL_REQUIRED) {
            return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, "model",
                                    "\"model\" is missing.");
        }

    } else if (ngx_ai_ask_check_model(&model->value) != NGX_OK) {
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, "model",
                                "\"model\" is no model's name.");

    } else {

        /* the body is unmapped after this */

        ctx->ask.model.len = model->value.len;
        ctx->ask.model.data = ngx_pstrdup(r->pool, &model->value);
        if (ctx->ask.model.data == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        ctx->ask.model_span.start = model->value.data
                                    - ctx->body.pieces[0].data;
        ctx->ask.model_span.end = ctx->ask.model_span.start + model->value.len;
    }

    ctx->ask.n = 1;
    ctx->ask.stream = (stream->count && stream->value.len == 4
                       && ngx_strncmp(stream->value.data, "true", 4) == 0);

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_authorize(ngx_http_ai_ctx_t *ctx)
{
    ngx_uint_t  flags;

    flags = ctx->match.route->flags;

    if (ctx->key == NULL || ctx->key->nallow == 0
        || (flags & NGX_AI_ROUTE_MODEL_NONE))
    {
        return NGX_OK;
    }

    if (ctx->ask.model.len == 0) {

        /* the provider's default model could be any */

        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, "model",
                                "This key must name a model.");
    }

    if (!ngx_ai_key_allows(ctx->key, &ctx->ask.model)) {
        ngx_http_ai_count(ctx->request, NGX_HTTP_AI_COUNT_AUTH_MODEL);

        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_FORBIDDEN, "model",
                                "This key may not use the model \"%V\".",
                                &ctx->ask.model);
    }

    return NGX_OK;
}
