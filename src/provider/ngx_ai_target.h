
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_TARGET_H_INCLUDED_
#define _NGX_AI_TARGET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * The request-target of a call to a provider.  Nothing else puts bytes of a
 * client into one.
 *
 * Whatever the client sent, the result begins with the configured prefix,
 * keeps it (no "..", no empty segment, in any spelling), is one line of
 * printable ASCII, has one "?" at most and it comes from here, and carries
 * no credential in its query.
 */

typedef struct {
    ngx_str_t         prefix;      /* of ngx_ai_url_parse() */
    ngx_str_t         tail;        /* of a route, or a template filled in */
    ngx_str_t         query;       /* the provider's own, such as
                                      "api-version=2025-04-01"; checked with
                                      ngx_ai_target_check_query() */
    ngx_str_t         args;        /* the client's query where the route
                                      passes it, else empty */
    ngx_uint_t        made;        /* the tail is a dialect's own, made for a
                                      model */
} ngx_ai_target_t;


/* the bytes that ngx_ai_target_build() needs at most */
#define ngx_ai_target_size(t)                                                 \
    ((t)->prefix.len + (t)->tail.len + (t)->query.len + (t)->args.len + 2)


/*
 * Writes ngx_ai_target_size() bytes at most.  NGX_OK and the target in
 * "out", whose data the caller set; NGX_ERROR and a reason for the client.
 */
ngx_int_t ngx_ai_target_build(const ngx_ai_target_t *t, ngx_str_t *out,
    const char **reason);

/* the same rule for a query of the configuration; NGX_OK or NGX_ERROR */
ngx_int_t ngx_ai_target_check_query(const ngx_str_t *query,
    const char **reason);


#endif /* _NGX_AI_TARGET_H_INCLUDED_ */
