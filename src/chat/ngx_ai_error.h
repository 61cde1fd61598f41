
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_ERROR_H_INCLUDED_
#define _NGX_AI_ERROR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * One error, before it is put in anybody's words.  It is made once, where
 * the cause is known; a dialect turns it into its own envelope, its own type
 * and, where that dialect has another custom, its own status.
 */

typedef enum {
    NGX_AI_ERROR_NONE = 0,
    NGX_AI_ERROR_INVALID,          /* 400 the request can't be right */
    NGX_AI_ERROR_AUTH,             /* 401 no key, or not one of ours */
    NGX_AI_ERROR_FORBIDDEN,        /* 403 known, but not allowed this */
    NGX_AI_ERROR_NOT_FOUND,        /* 404 no such route or id */
    NGX_AI_ERROR_MODEL,            /* 404 no such model */
    NGX_AI_ERROR_OWNER,            /* 404 another key's, so none to this one */
    NGX_AI_ERROR_METHOD,           /* 405 */
    NGX_AI_ERROR_TOO_LARGE,        /* 413 */
    NGX_AI_ERROR_MEDIA,            /* 415 a body we don't read */
    NGX_AI_ERROR_CONTEXT,          /* 400 more than the model can take */
    NGX_AI_ERROR_POLICY,           /* 400 the provider won't answer that */
    NGX_AI_ERROR_PREVIOUS,         /* 400 no such response to go on from */
    NGX_AI_ERROR_RATE,             /* 429 */
    NGX_AI_ERROR_QUOTA,            /* 429 nothing left to spend there */
    NGX_AI_ERROR_INTERNAL,         /* 500 our fault */
    NGX_AI_ERROR_UPSTREAM,         /* 502 the provider failed or lied */
    NGX_AI_ERROR_PROVIDER_AUTH,    /* 502 the provider refused our key */
    NGX_AI_ERROR_UNAVAILABLE,      /* 503 */
    NGX_AI_ERROR_OVERLOADED,       /* 503 the provider has too much to do */
    NGX_AI_ERROR_TIMEOUT,          /* 504 the provider was too slow */
    NGX_AI_ERROR_MAX
} ngx_ai_error_e;


typedef struct {
    ngx_uint_t        kind;        /* ngx_ai_error_e */
    ngx_uint_t        status;
    ngx_str_t         message;     /* a sentence that says what to do */
    ngx_str_t         param;       /* path of the field at fault, or empty */
    int64_t           retry_after; /* milliseconds that the body says; or -1 */
} ngx_ai_error_t;


/* the status of a kind, and its name for logs and metrics */
ngx_uint_t ngx_ai_error_status(ngx_uint_t kind);
const ngx_str_t *ngx_ai_error_name(ngx_uint_t kind);

/* the kind that fits a status that came without one, as nginx's own do */
ngx_uint_t ngx_ai_error_kind(ngx_uint_t status);


#endif /* _NGX_AI_ERROR_H_INCLUDED_ */
