
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai.h"
#include "ngx_http_ai_translate.h"
#include "ngx_http_ai_upstream.h"
#include "ngx_ai_digest.h"

#include <openssl/rand.h>


static ngx_int_t ngx_http_ai_request_id(ngx_http_ai_ctx_t *ctx);
static void ngx_http_ai_cleanup(void *data);


ngx_http_ai_ctx_t *
ngx_http_ai_ctx_create(ngx_http_request_t *r)
{
    ngx_http_ai_ctx_t       *ctx, *old;
    ngx_pool_cleanup_t      *cln;
    ngx_http_ai_loc_conf_t  *alcf;

    old = ngx_http_ai_ctx(r);

    if (old) {
        ngx_http_ai_settle_over(old);
    }

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_ai_gateway_module);

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_ai_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_http_ai_ctx_t));

    ctx->request = r;
    ctx->keepalive = r->keepalive;
    ctx->start = ngx_current_msec;
    ctx->dialect = ngx_ai_dialect(NGX_AI_DIALECT_OPENAI);

    ngx_ai_framing_init(&ctx->events, NGX_AI_FRAMING_SSE, alcf->event_size,
                        r->connection->log);
    ngx_ai_buf_init(&ctx->held,
                    ngx_max(alcf->event_size, alcf->reply_size)
                    + 2 * NGX_HTTP_AI_WINDOW, r->connection->log);

    cln->handler = ngx_http_ai_cleanup;
    ngx_http_set_ctx(r, ctx, ngx_http_ai_gateway_module);

    if (ngx_http_ai_request_id(ctx) != NGX_OK) {
        return NULL;
    }

    return ctx;
}


/* OpenSSL's randomness is dear by the call and cheap by the byte */

static ngx_int_t
ngx_http_ai_request_id(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);

    if (amcf->random_left == 0) {

        if (RAND_bytes(amcf->random, sizeof(amcf->random)) != 1) {
            ngx_ssl_error(NGX_LOG_ALERT, ctx->request->connection->log, 0,
                          "RAND_bytes() failed");
            return NGX_ERROR;
        }

        amcf->random_left = sizeof(amcf->random);
    }

    amcf->random_left -= sizeof(ctx->id) / 2;

    (void) ngx_ai_hex(ctx->id, amcf->random + amcf->random_left,
                      sizeof(ctx->id) / 2);

    return NGX_OK;
}


ngx_http_ai_ctx_t *
ngx_http_ai_ctx(ngx_http_request_t *r)
{
    ngx_http_ai_ctx_t   *ctx;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_http_get_module_ctx(r, ngx_http_ai_gateway_module);

    if (ctx == NULL && (r->internal || r->filter_finalize)) {

        /*
         * An internal redirect clears the contexts, the pool stays.  It is
         * also that of all subrequests, which have contexts of their own.
         */

        for (cln = r->pool->cleanup; cln; cln = cln->next) {

            if (cln->handler == ngx_http_ai_cleanup) {
                ctx = cln->data;

                if (ctx->request == r) {
                    return ctx;
                }
            }
        }

        return NULL;
    }

    return ctx;
}


static void
ngx_http_ai_cleanup(void *data)
{
    ngx_http_ai_ctx_t  *ctx = data;

    ngx_http_ai_settle(ctx);
    ngx_http_ai_upstream_release(ctx);
    ngx_http_ai_translate_free(ctx);
    ngx_ai_framing_free(&ctx->events);
    ngx_ai_buf_free(&ctx->held);
}
