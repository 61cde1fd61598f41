
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_TOKEN_H_INCLUDED_
#define _NGX_HTTP_AI_TOKEN_H_INCLUDED_


#include "ngx_http_ai.h"
#include "ngx_http_ai_fetch.h"
#include "ngx_ai_google.h"


/*
 * The access token of a service account, in each worker.  The first request
 * that needs it has it fetched, and all that come meanwhile wait for it; from
 * then on one in use is renewed when four fifths of its life are over, without
 * anybody waiting.  One that nobody uses is left to expire.
 *
 *     none ---- a request ----> fetching ----> there ----> fetching, there
 *      ^                           |             |  ^            |
 *      |<------- failed -----------+             |  +------------+
 *      |<------- expired, refused by the provider+
 *
 * After a failure nothing is fetched for a while, which doubles from 1 s to
 * 30 s; requests that have no token until then fail at once, and another
 * target is tried.
 */

typedef struct {
    ngx_http_ai_provider_t        *provider;
    ngx_ai_google_t               *account;
    ngx_http_ai_site_t             site;        /* of its "token_uri" */

    /* per worker */

    ngx_queue_t                    waiting;     /* ngx_http_ai_ctx_t.waiting */
    ngx_http_ai_fetch_t           *fetch;
    ngx_event_t                    renew;
    ngx_pool_t                    *pool;        /* of the secret */
    ngx_ai_secret_t               *secret;
    ngx_msec_t                     expires;
    ngx_uint_t                     number;      /* of the tokens so far */
    ngx_uint_t                     fault;       /* of the last failure */
    ngx_msec_t                     backoff;     /* 0: no failure */
    ngx_msec_t                     retry;       /* when it may be tried again */
    ngx_msec_t                     refused;     /* when it was, last */
    unsigned                       used:1;      /* since it was fetched */
    unsigned                       dropped:1;   /* "refused" is set */
} ngx_http_ai_token_t;


void ngx_http_ai_token_init(ngx_http_ai_token_t *t);
void ngx_http_ai_token_exit(ngx_http_ai_token_t *t);

/* the contract of ngx_http_ai_creds() */
ngx_int_t ngx_http_ai_token(ngx_http_ai_ctx_t *ctx, ngx_http_ai_token_t *t);

/* and of ngx_http_ai_creds_refused(); a token is dropped once in ten seconds */
ngx_uint_t ngx_http_ai_token_refused(ngx_http_ai_ctx_t *ctx,
    ngx_http_ai_token_t *t);


#endif /* _NGX_HTTP_AI_TOKEN_H_INCLUDED_ */
