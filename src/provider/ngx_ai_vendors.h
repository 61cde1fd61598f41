
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_VENDORS_H_INCLUDED_
#define _NGX_AI_VENDORS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_quirks.h"


/* how a provider wants its key */

typedef enum {
    NGX_AI_AUTH_BEARER = 0,        /* Authorization: Bearer <key> */
    NGX_AI_AUTH_API_KEY,           /* api-key: <key> */
    NGX_AI_AUTH_MAX
} ngx_ai_auth_e;


typedef struct {
    ngx_str_t         header;
    ngx_str_t         prefix;      /* of the header's value, before the key */
} ngx_ai_auth_t;


typedef struct {
    ngx_str_t         name;        /* in "ai_provider name" and "type name" */
    ngx_str_t         title;
    ngx_str_t         url;         /* empty: the operator must say it */
    ngx_str_t         env;         /* where its key is by custom; or empty */
    ngx_uint_t        dialect;     /* ngx_ai_dialect_e */
    ngx_uint_t        auth;        /* ngx_ai_auth_e */
    ngx_uint_t        quirks;      /* NGX_AI_QUIRK_... */
} ngx_ai_vendor_t;


/* by ngx_ai_auth_e */
extern const ngx_ai_auth_t  ngx_ai_auths[NGX_AI_AUTH_MAX];


/* NULL when there is no vendor of that name */
const ngx_ai_vendor_t *ngx_ai_vendor_find(const ngx_str_t *name);

/* the i-th row, NULL behind the last */
const ngx_ai_vendor_t *ngx_ai_vendor(ngx_uint_t i);


#endif /* _NGX_AI_VENDORS_H_INCLUDED_ */
