
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_state.h"
#include "ngx_ai_responses_state.h"
#include "ngx_http_ai_error.h"
#include "ngx_http_ai_models.h"


/* the id of a response, as the dialect makes it of the request's */
#define NGX_HTTP_AI_STATE_PREFIX  "resp_"
#define NGX_HTTP_AI_STATE_ID      64

#define NGX_HTTP_AI_STATE_REPLY   4096


static ngx_int_t ngx_http_ai_state_before(ngx_http_ai_ctx_t *ctx,
    ngx_ai_chat_t *chat, ngx_pool_t *pool, size_t *len);
static ngx_int_t ngx_http_ai_state_deleted(ngx_http_ai_ctx_t *ctx);
static time_t ngx_http_ai_state_time(ngx_http_ai_ctx_t *ctx);
static ngx_http_ai_keep_t *ngx_http_ai_state_kept(ngx_http_ai_ctx_t *ctx);
static const ngx_str_t *ngx_http_ai_state_key(ngx_http_ai_ctx_t *ctx);


ngx_int_t
ngx_http_ai_state_read(ngx_http_ai_ctx_t *ctx, ngx_ai_chat_t *chat,
    ngx_pool_t *pool, size_t *len)
{
    ngx_int_t   rc;
    ngx_uint_t  keep;

    *len = 0;

    if (ctx->caller != NGX_AI_DIALECT_RESPONSES) {
        return NGX_OK;
    }

    keep = (ngx_http_ai_state_time(ctx) != 0);

    if (chat->fields & ngx_ai_field(PREVIOUS)) {

        if (!keep) {
            return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID,
                                    "previous_response_id",
                                    "This gateway keeps no responses for the "
                                    "provider \"%V\": send all of the "
                                    "conversation.", &ctx->provider->name);
        }

        rc = ngx_http_ai_state_before(ctx, chat, pool, len);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (keep && chat->store != 0) {

        /* the target need not do it, too */

        chat->store = 1;
        chat->fields &= ~ngx_ai_field(STORE);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_state_before(ngx_http_ai_ctx_t *ctx, ngx_ai_chat_t *chat,
    ngx_pool_t *pool, size_t *len)
{
    ngx_int_t                 rc;
    ngx_str_t                 text;
    ngx_ai_walk_t             walk;
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);

    rc = ngx_http_ai_kept_get(ngx_http_ai_state_kept(ctx), &chat->previous,
                              ngx_http_ai_state_key(ctx), ngx_time(), pool,
                              &text);

    if (rc == NGX_DECLINED) {
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_PREVIOUS,
                                "previous_response_id",
                                "Previous response with id '%V' not found.",
                                &chat->previous);
    }

    if (rc != NGX_OK
        || ngx_ai_tree_read(&amcf->desk.tree, &text) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    *len = text.len;

    ngx_memzero(&walk, sizeof(ngx_ai_walk_t));

    walk.tree = &amcf->desk.tree;
    walk.pool = pool;

    rc = ngx_ai_responses_state_read(&walk, ngx_ai_tree_root(walk.tree), chat);

    return (rc == NGX_OK) ? NGX_OK : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


void
ngx_http_ai_state_keep(ngx_http_ai_ctx_t *ctx, const ngx_ai_chat_t *chat,
    const ngx_ai_answer_t *answer, const void *sink)
{
    u_char               buf[NGX_HTTP_AI_STATE_ID];
    time_t               keep;
    ngx_int_t            rc;
    ngx_str_t            id, text, output;
    ngx_log_t           *log;
    ngx_ai_buf_t         out;
    ngx_http_ai_keep_t  *kept;

    keep = ngx_http_ai_state_time(ctx);

    if (ctx->caller != NGX_AI_DIALECT_RESPONSES || keep == 0
        || chat->store != 1)
    {
        return;
    }

    log = ctx->request->connection->log;
    kept = ngx_http_ai_state_kept(ctx);

    ngx_str_null(&output);

    if (answer == NULL) {
        ngx_ai_responses_state_output(sink, &output);
    }

    ngx_ai_buf_init(&out, ngx_http_ai_kept_max(kept), log);

    rc = ngx_ai_responses_state_write(chat, answer, &output, &out);

    if (rc == NGX_OK) {
        id.data = buf;
        id.len = ngx_snprintf(buf, NGX_HTTP_AI_STATE_ID,
                              NGX_HTTP_AI_STATE_PREFIX "%*s",
                              sizeof(ctx->id), ctx->id)
                 - buf;

        text.data = out.start;
        text.len = ngx_ai_buf_len(&out);

        rc = ngx_http_ai_kept_put(kept, &id, ngx_http_ai_state_key(ctx),
                                  &text, ngx_time(), keep);
    }

    ngx_ai_buf_free(&out);

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_WARN, log, 0, "ai gateway: the conversation is "
                      "too long to be kept in the zone");

    } else if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "ai gateway: no room in the zone to keep a response");
    }
}


ngx_int_t
ngx_http_ai_state_named(ngx_http_ai_ctx_t *ctx)
{
    ngx_int_t              rc;
    const ngx_str_t       *key;
    ngx_http_ai_keep_t    *kept;
    const ngx_ai_route_t  *route;

    route = ctx->match.route;

    if (route->dialect != NGX_AI_DIALECT_RESPONSES || ctx->object.len == 0
        || ngx_http_ai_state_time(ctx) == 0)
    {
        return NGX_DECLINED;
    }

    key = ngx_http_ai_state_key(ctx);
    kept = ngx_http_ai_state_kept(ctx);

    if (route->id == NGX_AI_ROUTE_RESPONSE_DELETE) {
        rc = ngx_http_ai_kept_forget(kept, &ctx->object, key, ngx_time());

        return (rc == NGX_OK) ? ngx_http_ai_state_deleted(ctx) : rc;
    }

    rc = ngx_http_ai_kept_get(kept, &ctx->object, key, ngx_time(), NULL, NULL);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_ai_fail(ctx, NGX_AI_ERROR_NOT_FOUND, "id",
                            "The response \"%V\" is kept to be gone on from, "
                            "and can't be read.", &ctx->object);
}


static ngx_int_t
ngx_http_ai_state_deleted(ngx_http_ai_ctx_t *ctx)
{
    ngx_ai_json_writer_t  w;

    ngx_ai_buf_free(&ctx->held);
    ngx_ai_buf_init(&ctx->held, NGX_HTTP_AI_STATE_REPLY,
                    ctx->request->connection->log);

    ngx_ai_json_writer_init(&w, &ctx->held);

    ngx_ai_json_write_object(&w);
    ngx_ai_json_write_key(&w, "id");
    ngx_ai_json_write_string(&w, &ctx->object);
    ngx_ai_json_write_literal(&w, "\"object\":\"response\",\"deleted\":true");
    ngx_ai_json_write_end(&w);

    return (w.rc == NGX_OK) ? ngx_http_ai_models_send(ctx)
                            : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static time_t
ngx_http_ai_state_time(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_ai_loc_conf_t  *alcf;

    alcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_ai_gateway_module);

    return alcf->responses_keep;
}


static ngx_http_ai_keep_t *
ngx_http_ai_state_kept(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);

    return &amcf->zone->kept;
}


/* NULL where there are no keys: then all are one */

static const ngx_str_t *
ngx_http_ai_state_key(ngx_http_ai_ctx_t *ctx)
{
    return ctx->key ? &ctx->key->id : NULL;
}
