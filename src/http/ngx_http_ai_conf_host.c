
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Hosts that can be known while the configuration is read.  A name that only
 * DNS knows is left to run time: nginx must start without DNS.  But nginx's
 * resolver asks DNS alone, so what the machine itself names in /etc/hosts is
 * read here.
 */


#include "ngx_http_ai_conf.h"


#define NGX_HTTP_AI_HOSTS_MAX     (1024 * 1024)
#define NGX_HTTP_AI_NAMESERVERS   3


static ngx_int_t ngx_http_ai_conf_addr(ngx_conf_t *cf, ngx_str_t *host,
    in_port_t port, ngx_array_t *addrs);
static ngx_int_t ngx_http_ai_conf_hosts(ngx_conf_t *cf, ngx_str_t *host,
    in_port_t port, ngx_array_t *addrs);
static ngx_int_t ngx_http_ai_conf_slurp(ngx_conf_t *cf, char *name,
    ngx_str_t *text);
static ngx_uint_t ngx_http_ai_conf_words(ngx_str_t *text, ngx_str_t *words,
    ngx_uint_t max);


ngx_int_t
ngx_http_ai_conf_addrs(ngx_conf_t *cf, ngx_str_t *host, in_port_t port,
    ngx_addr_t **addrs, ngx_uint_t *n)
{
    ngx_int_t    rc;
    ngx_array_t  found;

    if (ngx_array_init(&found, cf->pool, 2, sizeof(ngx_addr_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_ai_conf_addr(cf, host, port, &found);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_ai_conf_hosts(cf, host, port, &found);
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    *addrs = found.nelts ? found.elts : NULL;
    *n = found.nelts;

    return NGX_OK;
}


/* NGX_DECLINED when the host is no literal address */

static ngx_int_t
ngx_http_ai_conf_addr(ngx_conf_t *cf, ngx_str_t *host, in_port_t port,
    ngx_array_t *addrs)
{
    ngx_int_t    rc;
    ngx_addr_t  *addr, parsed;

    rc = ngx_parse_addr(cf->pool, &parsed, host->data, host->len);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_inet_set_port(parsed.sockaddr, port);

    parsed.name.data = ngx_pnalloc(cf->pool, NGX_SOCKADDR_STRLEN);
    if (parsed.name.data == NULL) {
        return NGX_ERROR;
    }

    parsed.name.len = ngx_sock_ntop(parsed.sockaddr, parsed.socklen,
                                    parsed.name.data, NGX_SOCKADDR_STRLEN, 1);

    addr = ngx_array_push(addrs);
    if (addr == NULL) {
        return NGX_ERROR;
    }

    *addr = parsed;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_conf_hosts(ngx_conf_t *cf, ngx_str_t *host, in_port_t port,
    ngx_array_t *addrs)
{
    ngx_str_t   text, words[32];
    ngx_uint_t  i, n;

    if (ngx_http_ai_conf_slurp(cf, "/etc/hosts", &text) != NGX_OK) {
        return NGX_OK;
    }

    while (text.len) {

        n = ngx_http_ai_conf_words(&text, words, 32);

        for (i = 1; i < n; i++) {

            if (words[i].len == host->len
                && ngx_strncasecmp(words[i].data, host->data, host->len) == 0
                && ngx_http_ai_conf_addr(cf, &words[0], port, addrs)
                   == NGX_ERROR)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


ngx_resolver_t *
ngx_http_ai_conf_resolver(ngx_conf_t *cf)
{
    ngx_str_t        text, words[32], names[NGX_HTTP_AI_NAMESERVERS];
    ngx_uint_t       n;
    ngx_resolver_t  *resolver;

    if (ngx_http_ai_conf_slurp(cf, "/etc/resolv.conf", &text) != NGX_OK) {
        return NULL;
    }

    n = 0;

    while (text.len && n < NGX_HTTP_AI_NAMESERVERS) {

        if (ngx_http_ai_conf_words(&text, words, 32) < 2
            || words[0].len != 10
            || ngx_strncmp(words[0].data, "nameserver", 10) != 0
            || ngx_strlchr(words[1].data, words[1].data + words[1].len, '%'))
        {
            continue;
        }

        if (ngx_strlchr(words[1].data, words[1].data + words[1].len, ':')) {

            names[n].data = ngx_pnalloc(cf->pool, words[1].len + 2);
            if (names[n].data == NULL) {
                return NULL;
            }

            names[n].len = ngx_sprintf(names[n].data, "[%V]", &words[1])
                           - names[n].data;

        } else {
            names[n] = words[1];
        }

        n++;
    }

    if (n == 0) {
        return NULL;
    }

    resolver = ngx_resolver_create(cf, names, n);

    return resolver;
}


/* these files are the machine's: what can't be read is not there */

static ngx_int_t
ngx_http_ai_conf_slurp(ngx_conf_t *cf, char *name, ngx_str_t *text)
{
    ssize_t          n;
    ngx_fd_t         fd;
    ngx_file_t       file;
    ngx_file_info_t  fi;

    fd = ngx_open_file(name, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return NGX_DECLINED;
    }

    n = NGX_ERROR;

    if (ngx_fd_info(fd, &fi) != NGX_FILE_ERROR
        && ngx_file_size(&fi) <= NGX_HTTP_AI_HOSTS_MAX)
    {
        text->len = ngx_file_size(&fi);
        text->data = ngx_pnalloc(cf->temp_pool, text->len + 1);

        if (text->data) {
            ngx_memzero(&file, sizeof(ngx_file_t));
            file.fd = fd;
            file.log = cf->log;
            ngx_str_set(&file.name, "hosts");

            n = ngx_read_file(&file, text->data, text->len, 0);
        }
    }

    (void) ngx_close_file(fd);

    if (n == NGX_ERROR) {
        return NGX_DECLINED;
    }

    text->len = n;

    return NGX_OK;
}


/* the words of the first line, which is taken off the text */

static ngx_uint_t
ngx_http_ai_conf_words(ngx_str_t *text, ngx_str_t *words, ngx_uint_t max)
{
    u_char      *p, *last, *line;
    ngx_uint_t   n;

    p = text->data;
    last = text->data + text->len;

    line = ngx_strlchr(p, last, '\n');
    if (line == NULL) {
        line = last;
    }

    text->data = (line == last) ? last : line + 1;
    text->len = last - text->data;

    for (n = 0; n < max; n++) {

        while (p < line && (*p == ' ' || *p == '\t' || *p == '\r')) {
            p++;
        }

        if (p == line || *p == '#' || *p == ';') {
            break;
        }

        words[n].data = p;

        while (p < line && *p != ' ' && *p != '\t' && *p != '\r' && *p != '#')
        {
            p++;
        }

        words[n].len = p - words[n].data;
    }

    return n;
}
