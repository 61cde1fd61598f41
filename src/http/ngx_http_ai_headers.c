
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_headers.h"
#include "ngx_http_ai_translate.h"


static ngx_int_t ngx_http_ai_headers_fallback(ngx_http_ai_ctx_t *ctx);
static void ngx_http_ai_content_type(ngx_http_request_t *r, ngx_str_t *type);


ngx_table_elt_t *
ngx_http_ai_header_in(ngx_http_request_t *r, const ngx_str_t *name)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NULL;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].key.len == name->len
            && ngx_memcmp(h[i].lowcase_key, name->data, name->len) == 0)
        {
            return &h[i];
        }
    }
}


ngx_int_t
ngx_http_ai_header(ngx_http_request_t *r, const char *name,
    const ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_OK;
}


ngx_int_t
ngx_http_ai_headers_add(ngx_http_ai_ctx_t *ctx)
{
    u_char              *p;
    ngx_str_t            value;
    ngx_http_request_t  *r;

    r = ctx->request;

    value.data = ctx->id;
    value.len = sizeof(ctx->id);

    if (ngx_http_ai_header(r, "x-request-id", &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->error.kind == NGX_AI_ERROR_METHOD && ctx->match.allow) {
        p = ngx_pnalloc(r->pool, NGX_AI_ROUTE_ALLOW_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value.data = p;
        value.len = ngx_ai_route_allow(p, ctx->match.allow) - p;

        return ngx_http_ai_header(r, "Allow", &value);
    }

    /* of the last attempt: it is this client who has to wait now */

    if (ctx->attempts && ctx->head.retry_after >= 0) {
        p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value.data = p;
        value.len = ngx_sprintf(p, "%L", ctx->head.retry_after / 1000
                                + (ctx->head.retry_after % 1000 != 0))
                    - p;

        if (ngx_http_ai_header(r, "Retry-After", &value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (!ctx->committed || ctx->provider == NULL) {
        return NGX_OK;
    }

    if (ngx_http_ai_header(r, "x-ai-provider", &ctx->provider->name)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ctx->targets[ctx->ntarget].model.len
        && ngx_http_ai_header(r, "x-ai-model",
                              &ctx->targets[ctx->ntarget].model)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ctx->fallbacks && ngx_http_ai_headers_fallback(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_ai_translate_dropped(ctx, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    return value.len ? ngx_http_ai_header(r, "x-ai-dropped", &value) : NGX_OK;
}


/* which target failed first, and why: "openai/gpt-4.1; 429" */

static ngx_int_t
ngx_http_ai_headers_fallback(ngx_http_ai_ctx_t *ctx)
{
    u_char                *p;
    ngx_str_t              value;
    const ngx_str_t       *fault;
    ngx_http_ai_target_t  *from;

    from = &ctx->targets[0];
    fault = ngx_ai_fault_name(ctx->first_fault);

    value.len = from->provider->name.len + 1 + from->model.len + 2
                + fault->len;

    p = ngx_pnalloc(ctx->request->pool, value.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;
    (void) ngx_sprintf(p, "%V/%V; %V", &from->provider->name, &from->model,
                       fault);

    return ngx_http_ai_header(ctx->request, "x-ai-fallback", &value);
}


ngx_int_t
ngx_http_ai_headers_commit(ngx_http_ai_ctx_t *ctx)
{
    ngx_str_t             value;
    ngx_http_ai_head_t   *head;
    ngx_http_request_t   *r;
    ngx_http_upstream_t  *u;

    r = ctx->request;
    u = r->upstream;
    head = &ctx->head;

    u->headers_in.status_n = head->status.code;
    u->state->status = head->status.code;

    /* an event stream has no length, whatever its provider says */

    u->headers_in.content_length_n = (head->body == NGX_HTTP_AI_BODY_EVENTS)
                                     ? -1 : head->length;

    if (head->body == NGX_HTTP_AI_BODY_EVENTS
        && (ctx->translated || head->content_type.len == 0))
    {
        head->content_type = *ngx_ai_framing_type(ctx->framing);
    }

    if (head->content_type.len) {
        ngx_http_ai_content_type(r, &head->content_type);
    }

    if (head->disposition.len
        && ngx_http_ai_header(r, "Content-Disposition", &head->disposition)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* a client of the same dialect looks for it there */

    if (head->error_type.len && !ctx->translated
        && ctx->wire->error_header.len
        && ngx_http_ai_header(r, (char *) ctx->wire->error_header.data,
                              &head->error_type)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (head->body == NGX_HTTP_AI_BODY_EVENTS) {

        /* for whatever stands between this nginx and the client */

        ngx_str_set(&value, "no-cache");

        if (ngx_http_ai_header(r, "Cache-Control", &value) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_str_set(&value, "no");

        if (ngx_http_ai_header(r, "X-Accel-Buffering", &value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* nginx keeps the charset apart, so that gzip_types compares the bare type */

static void
ngx_http_ai_content_type(ngx_http_request_t *r, ngx_str_t *type)
{
    u_char  *p, *last;

    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;
    r->headers_out.content_type_lowcase = NULL;

    p = ngx_strlchr(type->data, type->data + type->len, ';');
    if (p == NULL) {
        return;
    }

    last = p;

    for (p++; p < type->data + type->len && *p == ' '; p++) { /* void */ }

    if (type->data + type->len - p <= 8
        || ngx_strncasecmp(p, (u_char *) "charset=", 8) != 0
        || ngx_strlchr(p, type->data + type->len, ';'))
    {
        return;
    }

    p += 8;

    r->headers_out.charset.data = p;
    r->headers_out.charset.len = type->data + type->len - p;
    r->headers_out.content_type.len = last - type->data;
    r->headers_out.content_type_len = r->headers_out.content_type.len;
}
