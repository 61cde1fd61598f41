
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_SIGV4_H_INCLUDED_
#define _NGX_AI_SIGV4_H_INCLUDED_


/*
 * Signature Version 4 of AWS, in the headers of a request:
 *
 *     canonical   method, path, query, headers, their names, digest of body
 *          |
 *          v      SHA-256
 *     to sign     algorithm, time, scope = day/region/service/aws4_request
 *          |
 *          v      HMAC with the key that the secret makes for the scope
 *     Authorization: AWS4-HMAC-SHA256 Credential=.., SignedHeaders=..,
 *                    Signature=..
 *
 * Signed are Host, X-Amz-Date and X-Amz-Security-Token and, by its digest,
 * the body: nothing that is changed on the way.  The path is that of all
 * services but S3: what is sent, with each of its bytes encoded once more.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_digest.h"
#include "ngx_ai_secret.h"


#define NGX_AI_SIGV4_NAME_MAX  64      /* of a region, of a service */
#define NGX_AI_SIGV4_DAY       (sizeof("20150830") - 1)


typedef struct {
    ngx_ai_secret_t  *id;
    ngx_ai_secret_t  *secret;
    ngx_ai_secret_t  *session;     /* of keys that expire, or NULL */
    ngx_str_t         region;
    ngx_str_t         service;

    /*
     * What all of this makes for a day is kept: four fifths of the work.  To
     * be zeroed when the key changes.
     */

    u_char            day[NGX_AI_SIGV4_DAY];
    u_char            derived[NGX_AI_SHA256_LEN];
} ngx_ai_sigv4_key_t;


typedef struct {
    ngx_str_t         method;
    ngx_str_t         target;      /* as it is sent, with its query */
    ngx_str_t         host;        /* the same */
    u_char            body[NGX_AI_SHA256_LEN];
    time_t            now;
} ngx_ai_sigv4_request_t;


/* the bytes that ngx_ai_sigv4_write() writes at most */
size_t ngx_ai_sigv4_size(const ngx_ai_sigv4_key_t *key);

/*
 * Appends the lines X-Amz-Date, X-Amz-Security-Token and Authorization, each
 * with its CRLF, to *p.  The pool is for what is in between; no secret stays
 * there.  NGX_OK; NGX_DECLINED: a query of more than 64 parameters;
 * NGX_ERROR: no memory, or a region or service that is too long.
 */
ngx_int_t ngx_ai_sigv4_write(ngx_ai_sigv4_key_t *key,
    const ngx_ai_sigv4_request_t *request, ngx_pool_t *pool, u_char **p);

/*
 * The region in the name of a host of AWS, "us-east-1" of
 * "bedrock-runtime.us-east-1.amazonaws.com"; empty when there is none.
 */
void ngx_ai_sigv4_region(const ngx_str_t *host, ngx_str_t *region);


/*
 * The keys of a profile in a file as ~/.aws/credentials.  The secrets of "key"
 * are set, from the pool; its region and service stay.  NGX_OK, or NGX_ERROR
 * and a reason.
 */
ngx_int_t ngx_ai_sigv4_profile(ngx_pool_t *pool, const ngx_str_t *text,
    const ngx_str_t *profile, ngx_ai_sigv4_key_t *key, const char **reason);


#endif /* _NGX_AI_SIGV4_H_INCLUDED_ */
