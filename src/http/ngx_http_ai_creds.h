
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_CREDS_H_INCLUDED_
#define _NGX_HTTP_AI_CREDS_H_INCLUDED_


#include "ngx_http_ai.h"
#include "ngx_http_ai_token.h"
#include "ngx_ai_sigv4.h"


/*
 * What calls to a provider are authorized with when it is no "key", which
 * never changes and is sent as it is:
 *
 *     token              in a file that somebody else renews     Bearer
 *     credentials        of a service account: a token that is   Bearer
 *                        fetched and renewed here
 *     access_key         sign each request                       SigV4
 *     aws_credentials    the same, in a file that is renewed     SigV4
 *
 * Files are looked at once in ten seconds, and when a provider has refused
 * what was in them; each worker for itself.
 */


/* the largest file */
#define NGX_HTTP_AI_CREDS_MAX      16384


struct ngx_http_ai_creds_s {
    ngx_http_ai_provider_t        *provider;

    /* by its kind */

    ngx_http_ai_token_t           *token;
    ngx_ai_sigv4_key_t            *aws;
    ngx_ai_secret_t               *bearer;      /* as the file has it */

    ngx_str_t                      path;        /* of the file, or empty */
    ngx_str_t                      profile;     /* in it */

    /* of the file as it was when it was read last */

    time_t                         mtime;
    off_t                          size;
    ngx_file_uniq_t                uniq;

    /* per worker */

    ngx_msec_t                     checked;
    ngx_pool_t                    *pool;        /* of what is in the file now;
                                                   NULL: the configuration's */
};


/* with the configuration: the file is as it is read */
void ngx_http_ai_creds_stat(ngx_http_ai_creds_t *creds, ngx_file_info_t *fi);

/* in the life of a worker */
void ngx_http_ai_creds_init(ngx_http_ai_creds_t *creds);
void ngx_http_ai_creds_exit(ngx_http_ai_creds_t *creds);


/*
 * A step of an attempt: NGX_OK, what is needed is there, as far as it can be;
 * NGX_AGAIN, then ngx_http_ai_upstream_ready() or _failed() is called; or
 * NGX_ERROR, and ctx->fault.
 */
ngx_int_t ngx_http_ai_creds(ngx_http_ai_ctx_t *ctx);
void ngx_http_ai_creds_release(ngx_http_ai_ctx_t *ctx);

/*
 * The provider has refused them with a status: 1 when others are there or can
 * be had, which is so once for a request.
 */
ngx_uint_t ngx_http_ai_creds_refused(ngx_http_ai_ctx_t *ctx);

/* what goes behind "Bearer"; NULL: it is a request that must be signed */
ngx_ai_secret_t *ngx_http_ai_creds_bearer(ngx_http_ai_creds_t *creds);

/* 1 when a text has the provider's key in it, or what is in its place */
ngx_uint_t ngx_http_ai_creds_in(ngx_http_ai_provider_t *provider,
    ngx_str_t *text);


#endif /* _NGX_HTTP_AI_CREDS_H_INCLUDED_ */
