
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_select.h"
#include "ngx_http_ai_error.h"


static ngx_int_t ngx_http_ai_select_default(ngx_http_ai_ctx_t *ctx,
    ngx_http_ai_main_conf_t *amcf);
static ngx_int_t ngx_http_ai_select_owner(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_select_one(ngx_http_ai_ctx_t *ctx,
    ngx_http_ai_provider_t *provider, const ngx_str_t *model);


/*
 *     a model of the configuration, by name or alias
 *     "provider/model"
 *     any name, while there is one provider
 */

ngx_int_t
ngx_http_ai_select(ngx_http_ai_ctx_t *ctx)
{
    u_char                   *p, *last;
    ngx_str_t                *name, part;
    ngx_http_ai_model_t      *model;
    ngx_http_ai_provider_t   *provider, **providers;
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);

    ctx->retry = &ngx_ai_retry_default;
    name = &ctx->ask.model;

    if (name->len == 0) {
        return ngx_http_ai_select_default(ctx, amcf);
    }

    model = ngx_http_ai_model_find(amcf, name);

    if (model) {
        ctx->targets = model->targets.elts;
        ctx->ntargets = model->targets.nelts;
        ctx->retry = &model->retry;
        ctx->listed = 1;
        return ngx_http_ai_select_owner(ctx);
    }

    last = name->data + name->len;
    p = ngx_strlchr(name->data, last, '/');

    if (p && p + 1 < last) {
        part.data = name->data;
        part.len = p - name->data;

        provider = ngx_http_ai_provider_find(amcf, &part);

        if (provider) {
            part.data = p + 1;
            part.len = last - part.data;
            return ngx_http_ai_select_one(ctx, provider, &part);
        }
    }

    if (amcf->providers.nelts == 1) {
        providers = amcf->providers.elts;
        return ngx_http_ai_select_one(ctx, providers[0], name);
    }

    return ngx_http_ai_fail(ctx, NGX_AI_ERROR_MODEL, "model",
                            "There is no model \"%V\" here. Use a name of "
                            "GET /v1/models, or provider/model.", name);
}


/* no model to go by: files and their like are all at one provider */

static ngx_int_t
ngx_http_ai_select_default(ngx_http_ai_ctx_t *ctx,
    ngx_http_ai_main_conf_t *amcf)
{
    ngx_str_t                 none;
    ngx_uint_t                i;
    ngx_http_ai_provider_t  **providers;

    ngx_str_null(&none);
    providers = amcf->providers.elts;

    if (ctx->owner) {
        return ngx_http_ai_select_one(ctx, ctx->owner, &none);
    }

    if (!(ctx->match.route->flags & NGX_AI_ROUTE_FILES)) {
        return ngx_http_ai_select_one(ctx, providers[0], &none);
    }

    for (i = 0; i < amcf->providers.nelts; i++) {
        if (providers[i]->vendor->quirks & NGX_AI_QUIRK_FILES) {
            return ngx_http_ai_select_one(ctx, providers[i], &none);
        }
    }

    return ngx_http_ai_fail(ctx, NGX_AI_ERROR_NOT_FOUND, NULL,
                            "No provider here keeps files or batches.");
}


/*
 * Who has made what the request names is the only one who knows it.  If none
 * of the model's targets is there, the answer is left to them.
 */

static ngx_int_t
ngx_http_ai_select_owner(ngx_http_ai_ctx_t *ctx)
{
    ngx_uint_t             i, n;
    ngx_http_ai_target_t  *targets;

    if (ctx->owner == NULL) {
        return NGX_OK;
    }

    targets = ngx_palloc(ctx->request->pool,
                         ctx->ntargets * sizeof(ngx_http_ai_target_t));
    if (targets == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    n = 0;

    for (i = 0; i < ctx->ntargets; i++) {
        if (ctx->targets[i].provider == ctx->owner) {
            targets[n++] = ctx->targets[i];
        }
    }

    if (n) {
        ctx->targets = targets;
        ctx->ntargets = n;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_select_one(ngx_http_ai_ctx_t *ctx,
    ngx_http_ai_provider_t *provider, const ngx_str_t *model)
{
    ctx->target.provider = provider;
    ctx->target.model = *model;
    ctx->targets = &ctx->target;
    ctx->ntargets = 1;

    return NGX_OK;
}


ngx_http_ai_provider_t *
ngx_http_ai_provider_find(ngx_http_ai_main_conf_t *amcf, const ngx_str_t *name)
{
    ngx_uint_t                i;
    ngx_http_ai_provider_t  **providers;

    providers = amcf->providers.elts;

    for (i = 0; i < amcf->providers.nelts; i++) {
        if (providers[i]->name.len == name->len
            && ngx_memcmp(providers[i]->name.data, name->data, name->len) == 0)
        {
            return providers[i];
        }
    }

    return NULL;
}


ngx_http_ai_model_t *
ngx_http_ai_model_find(ngx_http_ai_main_conf_t *amcf, const ngx_str_t *name)
{
    ngx_uint_t             i;
    ngx_http_ai_model_t  **models;

    models = amcf->models.elts;

    for (i = 0; i < amcf->models.nelts; i++) {
        if (models[i]->name.len == name->len
            && ngx_memcmp(models[i]->name.data, name->data, name->len) == 0)
        {
            return models[i];
        }
    }

    for (i = 0; i < amcf->models.nelts; i++) {
        if (ngx_ai_pattern_match_any(models[i]->aliases.elts,
                                     models[i]->aliases.nelts, name))
        {
            return models[i];
        }
    }

    return NULL;
}
