
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_VENDORS_H_INCLUDED_
#define _NGX_AI_VENDORS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_quirks.h"
#include "ngx_ai_route.h"


/* how a provider wants its key */

typedef enum {
    NGX_AI_AUTH_BEARER = 0,        /* Authorization: Bearer <key> */
    NGX_AI_AUTH_API_KEY,           /* api-key: <key> */
    NGX_AI_AUTH_X_API_KEY,         /* x-api-key: <key> */
    NGX_AI_AUTH_GOOG,              /* x-goog-api-key: <key> */
    NGX_AI_AUTH_MAX
} ngx_ai_auth_e;


typedef struct {
    ngx_str_t         header;
    ngx_str_t         prefix;      /* of the header's value, before the key */
} ngx_ai_auth_t;


typedef struct {
    ngx_str_t         name;        /* in "ai_provider name" and "type name" */
    ngx_str_t         title;
    ngx_str_t         url;         /* empty: the operator must say it; may
                                      have holes, see ngx_ai_vendor_url() */
    ngx_str_t         env;         /* where its key is by custom; or empty */
    ngx_uint_t        dialect;     /* ngx_ai_dialect_e: what it is asked in
                                      when it has no words for a client's */
    ngx_uint_t        also;        /* 1 << dialect, of others it speaks */
    ngx_uint_t        auth;        /* ngx_ai_auth_e */
    ngx_uint_t        quirks;      /* NGX_AI_QUIRK_... */
} ngx_ai_vendor_t;


#define NGX_AI_ALSO_COMPLETIONS  (1 << NGX_AI_DIALECT_COMPLETIONS)
#define NGX_AI_ALSO_RESPONSES    (NGX_AI_ALSO_COMPLETIONS                     \
                                  | 1 << NGX_AI_DIALECT_RESPONSES)
#define NGX_AI_ALSO_OPENAI       (NGX_AI_ALSO_COMPLETIONS                     \
                                  | 1 << NGX_AI_DIALECT_OPENAI)

/* the dialect in which a vendor is asked what a client asks in "dialect" */
#define ngx_ai_vendor_dialect(vendor, client)                                 \
    (((vendor)->also & (1 << (client))) ? (client) : (vendor)->dialect)


/* what the URLs of a vendor's customers differ in */

typedef struct {
    ngx_str_t         aws_region;
    ngx_str_t         location;
    ngx_str_t         project;
    ngx_str_t         resource;
} ngx_ai_place_t;


/* by ngx_ai_auth_e */
extern const ngx_ai_auth_t  ngx_ai_auths[NGX_AI_AUTH_MAX];


/* NULL when there is no vendor of that name */
const ngx_ai_vendor_t *ngx_ai_vendor_find(const ngx_str_t *name);

/* the i-th row, NULL behind the last */
const ngx_ai_vendor_t *ngx_ai_vendor(ngx_uint_t i);

/*
 * The URL of a row with its holes filled in.  A hole is the name of a member
 * of the place in braces; "{location-}" is a host's first part with its dash,
 * which the location "global" does not have.  NGX_OK; NGX_DECLINED: what is to
 * be in the hole is not known, and "out" is its name; NGX_ERROR: no memory.
 */
ngx_int_t ngx_ai_vendor_url(const ngx_ai_vendor_t *vendor,
    const ngx_ai_place_t *place, ngx_pool_t *pool, ngx_str_t *out);

/*
 * What may be in a hole: 1 to 128 letters, digits, dots, dashes, underscores
 * and colons.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_ai_vendor_check_place(const ngx_str_t *value);


#endif /* _NGX_AI_VENDORS_H_INCLUDED_ */
