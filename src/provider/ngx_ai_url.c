
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_url.h"


#define NGX_AI_URL_MAX       2048
#define NGX_AI_URL_HOST_MAX  253


static ngx_int_t ngx_ai_url_unix(ngx_ai_url_t *url, u_char *p, u_char *last,
    const char **reason);
static ngx_int_t ngx_ai_url_host(ngx_ai_url_t *url, u_char *p, u_char *last,
    const char **reason);
static ngx_int_t ngx_ai_url_name(ngx_ai_url_t *url, const char **reason);
static ngx_int_t ngx_ai_url_numeric(ngx_ai_url_t *url, const char **reason);
static ngx_int_t ngx_ai_url_port(ngx_ai_url_t *url, u_char *p, u_char *last,
    const char **reason);
static ngx_int_t ngx_ai_url_prefix(ngx_ai_url_t *url, u_char *p,
    u_char *last, const char **reason);
static ngx_int_t ngx_ai_url_check_segments(const ngx_str_t *path,
    ngx_uint_t slash, const char **reason);
static ngx_uint_t ngx_ai_url_is_dots(const u_char *p, const u_char *end);


/* [A-Za-z0-9._:~@!$'()*,;=+-] */

static const uint32_t  ngx_ai_url_chars[8] = {
    0x00000000, 0x2fff7f92, 0x87ffffff, 0x47fffffe,
    0x00000000, 0x00000000, 0x00000000, 0x00000000
};


ngx_int_t
ngx_ai_url_parse(ngx_ai_url_t *url, const ngx_str_t *text,
    const char **reason)
{
    u_char  *p, *last;
    size_t   i;

    ngx_memzero(url, sizeof(ngx_ai_url_t));

    if (text->len == 0 || text->len > NGX_AI_URL_MAX) {
        *reason = "the URL is empty or too long";
        return NGX_ERROR;
    }

    p = text->data;
    last = p + text->len;

    for (i = 0; i < text->len; i++) {
        if (p[i] <= ' ' || p[i] >= 0x7f) {
            *reason = "the URL has a blank, a control character or "
                      "a character outside of ASCII";
            return NGX_ERROR;
        }

        if (p[i] == '?' || p[i] == '#') {
            *reason = "the URL must not have a query or a fragment";
            return NGX_ERROR;
        }
    }

    if (text->len > 8
        && ngx_strncasecmp(p, (u_char *) "https://", 8) == 0)
    {
        url->tls = 1;
        p += 8;

    } else if (text->len > 7
               && ngx_strncasecmp(p, (u_char *) "http://", 7) == 0)
    {
        p += 7;

    } else {
        *reason = "the URL must be https://host... or http://host...";
        return NGX_ERROR;
    }

    if (last - p >= 5 && ngx_strncmp(p, "unix:", 5) == 0) {
        return ngx_ai_url_unix(url, p + 5, last, reason);
    }

    return ngx_ai_url_host(url, p, last, reason);
}


static ngx_int_t
ngx_ai_url_unix(ngx_ai_url_t *url, u_char *p, u_char *last,
    const char **reason)
{
    u_char              *end;
    struct sockaddr_un   addr;

    end = memchr(p, ':', last - p);

    if (end == NULL) {
        end = last;
    }

    if (end == p || *p != '/') {
        *reason = "the path of the unix socket must begin with a slash";
        return NGX_ERROR;
    }

    if ((size_t) (end - p) >= sizeof(addr.sun_path)) {
        *reason = "the path of the unix socket is too long";
        return NGX_ERROR;
    }

    url->path.data = p;
    url->path.len = end - p;

    ngx_str_set(&url->host, "localhost");
    ngx_str_set(&url->authority, "localhost");

    return ngx_ai_url_prefix(url, (end < last) ? end + 1 : last, last,
                             reason);
}


static ngx_int_t
ngx_ai_url_host(ngx_ai_url_t *url, u_char *p, u_char *last,
    const char **reason)
{
    u_char  *end, *port;

    end = p;

    while (end < last && *end != '/') {

        if (*end == '@') {
            *reason = "the URL must not have a user name: "
                      "a key has its own directive";
            return NGX_ERROR;
        }

        end++;
    }

    url->authority.data = p;

    if (p < end && *p == '[') {
        port = memchr(p, ']', end - p);

        if (port == NULL) {
            *reason = "the IPv6 address has no closing bracket";
            return NGX_ERROR;
        }

        url->ipv6 = 1;
        url->host.data = p + 1;
        url->host.len = port - p - 1;

        port++;

    } else {
        port = memchr(p, ':', end - p);

        if (port == NULL) {
            port = end;

        } else if (memchr(port + 1, ':', end - port - 1) != NULL) {
            *reason = "an IPv6 address must be in brackets";
            return NGX_ERROR;
        }

        url->host.data = p;
        url->host.len = port - p;
    }

    url->authority.len = port - p;

    if (ngx_ai_url_name(url, reason) != NGX_OK
        || ngx_ai_url_port(url, port, end, reason) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_ai_url_prefix(url, end, last, reason);
}


static ngx_int_t
ngx_ai_url_name(ngx_ai_url_t *url, const char **reason)
{
    u_char           ch, prev, text[sizeof("ffff:ffff:ffff:ffff:ffff:ffff:"
                                           "255.255.255.255")];
    size_t           i;
    struct in6_addr  addr;

    if (url->host.len == 0 || url->host.len > NGX_AI_URL_HOST_MAX) {
        *reason = "the host's name is empty or too long";
        return NGX_ERROR;
    }

    if (url->ipv6) {

        if (url->host.len < sizeof(text)) {
            ngx_cpystrn(text, url->host.data, url->host.len + 1);

            if (inet_pton(AF_INET6, (char *) text, &addr) == 1) {
                url->literal = 1;
                return NGX_OK;
            }
        }

        *reason = "the text in brackets is not an IPv6 address";
        return NGX_ERROR;
    }

    prev = '.';

    for (i = 0; i < url->host.len; i++) {
        ch = url->host.data[i];

        if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
            || (ch >= '0' && ch <= '9') || ch == '_'
            || ((ch == '-' || ch == '.') && prev != '.'))
        {
            prev = ch;
            continue;
        }

        *reason = "the host's name has an empty label or a character that "
                  "no host's name has";
        return NGX_ERROR;
    }

    if (prev == '.' || prev == '-') {
        *reason = "the host's name ends with a point or a hyphen";
        return NGX_ERROR;
    }

    return ngx_ai_url_numeric(url, reason);
}


/* libraries read "127.1" and "2130706433" as addresses: only four numbers */

static ngx_int_t
ngx_ai_url_numeric(ngx_ai_url_t *url, const char **reason)
{
    u_char          *p, *last, *label, text[sizeof("255.255.255.255")];
    struct in_addr   addr;

    last = url->host.data + url->host.len;
    label = last;

    while (label > url->host.data && label[-1] != '.') {
        label--;
    }

    for (p = label; p < last; p++) {
        if (*p < '0' || *p > '9') {
            return NGX_OK;
        }
    }

    if (url->host.len < sizeof(text)) {
        ngx_cpystrn(text, url->host.data, url->host.len + 1);

        if (inet_pton(AF_INET, (char *) text, &addr) == 1) {
            url->literal = 1;
            return NGX_OK;
        }
    }

    *reason = "a host's name that ends with a number must be an IPv4 address";
    return NGX_ERROR;
}


/* p is behind the host, at a colon or at the end of the authority */

static ngx_int_t
ngx_ai_url_port(ngx_ai_url_t *url, u_char *p, u_char *last,
    const char **reason)
{
    ngx_int_t   port;
    ngx_uint_t  custom;

    custom = url->tls ? 443 : 80;

    url->port = (in_port_t) custom;

    if (p == last) {
        return NGX_OK;
    }

    port = (*p == ':') ? ngx_atoi(p + 1, last - p - 1) : NGX_ERROR;

    if (port < 1 || port > 65535 || p[1] == '0') {
        *reason = "the port must be a number from 1 to 65535";
        return NGX_ERROR;
    }

    url->port = (in_port_t) port;
    url->has_port = 1;

    if ((ngx_uint_t) port != custom) {
        url->authority.len = last - url->authority.data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_url_prefix(ngx_ai_url_t *url, u_char *p, u_char *last,
    const char **reason)
{
    if (p < last && last[-1] == '/') {
        last--;
    }

    url->prefix.data = p;
    url->prefix.len = last - p;

    return ngx_ai_url_check_path(&url->prefix, reason);
}


ngx_int_t
ngx_ai_url_check_path(const ngx_str_t *path, const char **reason)
{
    return ngx_ai_url_check_segments(path, 0, reason);
}


ngx_int_t
ngx_ai_url_check_made(const ngx_str_t *path, const char **reason)
{
    return ngx_ai_url_check_segments(path, 1, reason);
}


static ngx_int_t
ngx_ai_url_check_segments(const ngx_str_t *path, ngx_uint_t slash,
    const char **reason)
{
    u_char     *p, *last, *segment;
    ngx_int_t   ch;

    if (path->len == 0) {
        return NGX_OK;
    }

    p = path->data;
    last = p + path->len;

    while (p < last) {

        if (*p++ != '/') {
            *reason = "the path has a character that must be "
                      "percent-encoded";
            return NGX_ERROR;
        }

        segment = p;

        while (p < last && *p != '/') {

            if (ngx_ai_url_chars[*p >> 5] & (1U << (*p & 0x1f))) {
                p++;
                continue;
            }

            if (*p != '%') {
                *reason = "the path has a character that must be "
                          "percent-encoded";
                return NGX_ERROR;
            }

            ch = ngx_ai_url_escape(p, last);

            if (ch == '/' && slash && !ngx_ai_url_is_dots(segment, p)) {
                p += 3;
                segment = p;
                continue;
            }

            if (ch < ' ' || ch == 0x7f || ch == '/' || ch == '\\'
                || ch == '%' || ch == '?' || ch == '#')
            {
                *reason = "the path has a percent escape that is malformed "
                          "or stands for a character that it must not have";
                return NGX_ERROR;
            }

            p += 3;
        }

        if (ngx_ai_url_is_dots(segment, p)) {
            *reason = "the path has an empty, a \".\" or a \"..\" segment";
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * 1 for a segment that names its own directory or the one above, or nothing.
 * Servers differ in when they decode "%2e", and some drop ";x" from the end
 * of a segment first: what any of them could take for dots are dots.
 */

static ngx_uint_t
ngx_ai_url_is_dots(const u_char *p, const u_char *end)
{
    ngx_int_t   ch;
    ngx_uint_t  n;

    for (n = 0; p < end; n++) {
        ch = *p;

        if (ch == '%') {
            ch = ngx_ai_url_escape(p, end);
            p += 2;
        }

        p++;

        if (ch == ';') {
            break;
        }

        if (ch != '.' || n == 2) {
            return 0;
        }
    }

    return 1;
}


ngx_int_t
ngx_ai_url_escape(const u_char *p, const u_char *end)
{
    u_char      ch;
    ngx_int_t   value;
    ngx_uint_t  i;

    if (end - p < 3 || *p != '%') {
        return -1;
    }

    value = 0;

    for (i = 1; i <= 2; i++) {
        ch = (u_char) (p[i] | 0x20);

        if (p[i] >= '0' && p[i] <= '9') {
            value = value * 16 + p[i] - '0';

        } else if (ch >= 'a' && ch <= 'f') {
            value = value * 16 + ch - 'a' + 10;

        } else {
            return -1;
        }
    }

    return value;
}
