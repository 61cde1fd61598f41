
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_owner.h"
#include "ngx_http_ai_error.h"


static ngx_int_t ngx_http_ai_owner_path(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_owner_of(ngx_http_ai_ctx_t *ctx,
    const ngx_str_t *id);
static ngx_http_ai_zone_t *ngx_http_ai_owner_zone(ngx_http_ai_ctx_t *ctx);
static const ngx_str_t *ngx_http_ai_owner_key(ngx_http_ai_ctx_t *ctx);


ngx_int_t
ngx_http_ai_owner_find(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t        rc;
    ngx_uint_t       i;
    ngx_ai_named_t  *named;

    if (ctx->match.route->flags & NGX_AI_ROUTE_OWNED) {

        rc = ngx_http_ai_owner_path(ctx);
        if (rc != NGX_OK) {
            return rc;
        }

        if (ngx_http_ai_owner_of(ctx, &ctx->object) != NGX_OK) {
            return ngx_http_ai_fail(ctx, NGX_AI_ERROR_OWNER, "id",
                                    "There is no \"%V\" here.", &ctx->object);
        }
    }

    for (i = 0; i < ctx->ask.nnamed; i++) {
        named = &ctx->ask.named[i];

        if (ngx_http_ai_owner_of(ctx, &named->id) != NGX_OK) {
            return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID,
                                    (char *) named->field.data,
                                    "\"%V\" names nothing that is here.",
                                    &named->field);
        }
    }

    return NGX_OK;
}


/*
 * The id as the provider will read it.  Blanks and what is behind ";" are
 * taken off by some servers: such an id could be looked up as one and read
 * as another.
 */

static ngx_int_t
ngx_http_ai_owner_path(ngx_http_ai_ctx_t *ctx)
{
    u_char     *p, *src;
    size_t      i;
    ngx_str_t  *id;

    id = &ctx->object;
    src = ctx->match.id.data;

    id->data = ngx_pnalloc(ctx->request->pool, ctx->match.id.len);
    if (id->data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = id->data;
    ngx_unescape_uri(&p, &src, ctx->match.id.len, 0);
    id->len = p - id->data;

    for (i = 0; i < id->len; i++) {

        if (id->data[i] <= ' ' || id->data[i] >= 0x7f || id->data[i] == ';') {
            return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, "id",
                                    "The id in the URL has a character that "
                                    "no id has.");
        }
    }

    return NGX_OK;
}


/* NGX_DECLINED when it is another key's */

static ngx_int_t
ngx_http_ai_owner_of(ngx_http_ai_ctx_t *ctx, const ngx_str_t *id)
{
    u_char                    provider[NGX_HTTP_AI_OWNERS_NAME];
    ngx_int_t                 rc;
    ngx_uint_t                i;
    ngx_http_ai_provider_t  **providers;
    ngx_http_ai_main_conf_t  *amcf;

    if (id->len == 0) {
        return NGX_OK;
    }

    rc = ngx_http_ai_owners_find(&ngx_http_ai_owner_zone(ctx)->owners, id,
                                 ngx_http_ai_owner_key(ctx), ngx_time(),
                                 provider);

    if (rc == NGX_HTTP_AI_OWNERS_OTHER) {
        return NGX_DECLINED;
    }

    if (rc != NGX_OK || ctx->owner) {
        return NGX_OK;
    }

    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);
    providers = amcf->providers.elts;

    for (i = 0; i < amcf->providers.nelts; i++) {
        if (ngx_http_ai_owners_is(provider, &providers[i]->name)) {
            ctx->owner = providers[i];
            break;
        }
    }

    return NGX_OK;
}


void
ngx_http_ai_owner_note(ngx_http_ai_ctx_t *ctx)
{
    ngx_str_t              id;
    ngx_http_ai_owners_t  *owners;

    /* the ids of a translated reply are not the provider's */

    if (ctx->noted || ctx->translated
        || ctx->status >= NGX_HTTP_SPECIAL_RESPONSE)
    {
        return;
    }

    owners = &ngx_http_ai_owner_zone(ctx)->owners;

    if (ctx->object.len && ctx->request->method == NGX_HTTP_DELETE) {
        ngx_http_ai_owners_forget(owners, &ctx->object);
        ctx->noted = 1;
        return;
    }

    if (ctx->reply.id_len == 0) {
        return;
    }

    id.data = ctx->reply.id;
    id.len = ctx->reply.id_len;

    if (ngx_http_ai_owners_note(owners, &id, &ctx->provider->name,
                                ngx_http_ai_owner_key(ctx), ngx_time())
        != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "ai gateway: no room in the zone to note what is whose");
    }

    ctx->noted = 1;
}


static ngx_http_ai_zone_t *
ngx_http_ai_owner_zone(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);

    return amcf->zone;
}


/* NULL where there are no keys: then all are one */

static const ngx_str_t *
ngx_http_ai_owner_key(ngx_http_ai_ctx_t *ctx)
{
    return ctx->key ? &ctx->key->id : NULL;
}
