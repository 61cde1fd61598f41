
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_GOOGLE_H_INCLUDED_
#define _NGX_AI_GOOGLE_H_INCLUDED_


/*
 * A service account of Google Cloud.  Its file has a private key, with which
 * an assertion is signed, a JSON Web Token (RFC 7523, RS256), and for that
 * "token_uri" gives a token that is good for an hour or so:
 *
 *     file --> account --> ask --- POST ---> token_uri
 *                                                |
 *              token <-- answer <----------------+
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/evp.h>

#include "ngx_ai_secret.h"


/* the longest life of a token that is believed, in seconds */
#define NGX_AI_GOOGLE_LIFE_MAX  (24 * 60 * 60)


typedef struct {
    ngx_str_t         email;
    ngx_str_t         key_id;      /* or empty */
    ngx_str_t         project;     /* or empty */
    ngx_str_t         token_uri;
    EVP_PKEY         *key;         /* freed with the pool */
} ngx_ai_google_t;


/*
 * Reads the account's file, as the console hands it out.  NULL and a reason
 * that reads on behind the file's name.
 */
ngx_ai_google_t *ngx_ai_google_create(ngx_pool_t *pool, const ngx_str_t *text,
    const char **reason);

/*
 * The body of the request for a token, application/x-www-form-urlencoded.
 * Who has it can ask for a token for an hour, so it is to be wiped.  NGX_OK
 * or NGX_ERROR.
 */
ngx_int_t ngx_ai_google_ask(const ngx_ai_google_t *account, time_t now,
    ngx_pool_t *pool, ngx_str_t *body);

/*
 * The answer: the token, from the pool, and for how many seconds it is good.
 * NGX_OK, or NGX_ERROR and a reason.
 */
ngx_int_t ngx_ai_google_answer(ngx_pool_t *pool, const ngx_str_t *body,
    ngx_ai_secret_t **token, time_t *life, const char **reason);

/*
 * What an answer says that has no token, for the log: a part of the body
 * without control characters, or empty.
 */
void ngx_ai_google_error(ngx_pool_t *pool, const ngx_str_t *body,
    ngx_str_t *said);


#endif /* _NGX_AI_GOOGLE_H_INCLUDED_ */
