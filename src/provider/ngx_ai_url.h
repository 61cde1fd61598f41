
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_URL_H_INCLUDED_
#define _NGX_AI_URL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Where a provider is:
 *
 *     https://host[:port][/prefix]
 *     http://[2001:db8::1]:8000/v1
 *     http://unix:/run/vllm.sock[:/prefix]
 *
 * A host may also be the name of an upstream{} block.  All strings point
 * into the text that was parsed.
 */

typedef struct {
    ngx_str_t         host;        /* to resolve and to verify; an IPv6
                                      address without its brackets;
                                      "localhost" for a unix socket */
    ngx_str_t         authority;   /* the Host header: a port only where it
                                      is not the scheme's own */
    ngx_str_t         prefix;      /* empty or "/..." without a slash at its
                                      end */
    ngx_str_t         path;        /* of a unix socket, or empty */
    in_port_t         port;        /* 0 for a unix socket */
    unsigned          tls:1;
    unsigned          ipv6:1;      /* host is an IPv6 address */
    unsigned          literal:1;   /* host is an address: no resolving */
    unsigned          has_port:1;  /* the text says the port */
} ngx_ai_url_t;


/*
 * NGX_OK, or NGX_ERROR and a reason for the operator.  Refused are user
 * names, queries, fragments, control and non-ASCII characters, bad percent
 * escapes, empty and dot segments, and ports out of range.
 */
ngx_int_t ngx_ai_url_parse(ngx_ai_url_t *url, const ngx_str_t *text,
    const char **reason);

/*
 * The rule for all paths in requests to providers.  NGX_OK for an empty path
 * and for one of non-empty segments that each begin with a slash and consist
 * of [A-Za-z0-9._:~@!$'()*,;=+-] and of %XX.  An escape must not stand for a
 * slash, a backslash, "%", "?", "#" or a control character.  "." and ".."
 * are no segments, however they are spelled and whatever follows a ";" in
 * them.
 */
ngx_int_t ngx_ai_url_check_path(const ngx_str_t *path, const char **reason);

/*
 * The same for a path that was made for a model: an escaped slash may stand
 * between two parts of its name, and these are segments too.
 */
ngx_int_t ngx_ai_url_check_made(const ngx_str_t *path, const char **reason);

/* the value of %XX at p, -1 when there is none before the end */
ngx_int_t ngx_ai_url_escape(const u_char *p, const u_char *end);


#endif /* _NGX_AI_URL_H_INCLUDED_ */
