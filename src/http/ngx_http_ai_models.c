
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_models.h"
#include "ngx_http_ai_error.h"
#include "ngx_http_ai_select.h"
#include "ngx_ai_json.h"
#include "ngx_ai_models.h"


#define NGX_HTTP_AI_MODELS_MAX  (1024 * 1024)


static ngx_int_t ngx_http_ai_models_name(ngx_http_ai_ctx_t *ctx,
    ngx_str_t *name);
static ngx_int_t ngx_http_ai_models_list(ngx_http_ai_ctx_t *ctx,
    ngx_ai_json_writer_t *w);
static ngx_uint_t ngx_http_ai_models_allowed(ngx_http_ai_ctx_t *ctx,
    const ngx_str_t *name);


ngx_int_t
ngx_http_ai_models_handler(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t                 rc;
    ngx_str_t                 name;
    ngx_http_ai_model_t      *model;
    ngx_ai_json_writer_t      w;
    ngx_http_ai_target_t     *targets;
    ngx_http_ai_provider_t  **providers;
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);

    providers = amcf->providers.elts;

    if (amcf->models.nelts == 0 && amcf->providers.nelts == 1
        && (ctx->key == NULL || ctx->key->nallow == 0)
        && ngx_ai_vendor_dialect(providers[0]->vendor, ctx->caller)
           == ctx->caller)
    {
        return NGX_DECLINED;
    }

    rc = ngx_http_discard_request_body(ctx->request);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_buf_free(&ctx->held);
    ngx_ai_buf_init(&ctx->held, NGX_HTTP_AI_MODELS_MAX,
                    ctx->request->connection->log);
    ngx_ai_json_writer_init(&w, &ctx->held);

    if (ctx->match.id.len == 0) {
        if (ngx_http_ai_models_list(ctx, &w) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_ai_models_send(ctx);
    }

    if (ngx_http_ai_models_name(ctx, &name) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    model = ngx_http_ai_model_find(amcf, &name);

    if (model == NULL || !ngx_http_ai_models_allowed(ctx, &name)) {
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_MODEL, "model",
                                "There is no model \"%V\" here.", &name);
    }

    targets = model->targets.elts;
    ngx_ai_models(ctx->caller)->write(&w, &name,
                                      &targets[0].provider->name);

    if (w.rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_ai_models_send(ctx);
}


/* the id of the path is as it came: "openai%2Fgpt-4o" */

static ngx_int_t
ngx_http_ai_models_name(ngx_http_ai_ctx_t *ctx, ngx_str_t *name)
{
    u_char  *dst, *src;

    dst = ngx_pnalloc(ctx->request->pool, ctx->match.id.len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    name->data = dst;
    src = ctx->match.id.data;

    ngx_unescape_uri(&dst, &src, ctx->match.id.len, 0);

    name->len = dst - name->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_models_list(ngx_http_ai_ctx_t *ctx, ngx_ai_json_writer_t *w)
{
    ngx_str_t                *alias;
    ngx_uint_t                i, n;
    ngx_http_ai_model_t     **models;
    ngx_http_ai_target_t     *targets;
    const ngx_ai_models_t    *form;
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);

    form = ngx_ai_models(ctx->caller);

    if (ngx_ai_buf_append(&ctx->held, form->open, ngx_strlen(form->open))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    models = amcf->models.elts;

    for (i = 0; i < amcf->models.nelts; i++) {
        targets = models[i]->targets.elts;

        if (ngx_http_ai_models_allowed(ctx, &models[i]->name)) {
            form->write(w, &models[i]->name, &targets[0].provider->name);
        }

        alias = models[i]->aliases.elts;

        for (n = 0; n < models[i]->aliases.nelts; n++) {

            /* a pattern is no name that can be asked for */

            if (ngx_strlchr(alias[n].data, alias[n].data + alias[n].len, '*')
                == NULL
                && ngx_http_ai_models_allowed(ctx, &alias[n]))
            {
                form->write(w, &alias[n], &targets[0].provider->name);
            }
        }
    }

    if (w->rc != NGX_OK) {
        return w->rc;
    }

    return ngx_ai_buf_append(&ctx->held, form->close,
                             ngx_strlen(form->close));
}


static ngx_uint_t
ngx_http_ai_models_allowed(ngx_http_ai_ctx_t *ctx, const ngx_str_t *name)
{
    return ctx->key == NULL || ngx_ai_key_allows(ctx->key, name);
}


ngx_int_t
ngx_http_ai_models_send(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = ctx->request;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = ngx_ai_buf_len(&ctx->held);
    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    ctx->ending = NGX_HTTP_AI_ENDING_DONE;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* ctx->held lives as long as the request */

    b->pos = ctx->held.start;
    b->last = ctx->held.last;
    b->memory = 1;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}
