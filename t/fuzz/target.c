
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * A provider's URL and the request-targets that are built for it.  The input
 * has four lines: the URL, the provider's own query, then what a client may
 * choose: the path and the query.
 *
 * Whatever the client's lines are, the target that is built belongs to the
 * provider: the rules are written here once more, in another way.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_target.h"
#include "ngx_ai_url.h"


#define must(cond)  do { if (!(cond)) { abort(); } } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void target_line(ngx_str_t *line, const uint8_t **data, size_t *size);
static void target_check_url(const ngx_ai_url_t *url);
static void target_check(const ngx_ai_url_t *url, const ngx_ai_target_t *t,
    const ngx_str_t *out);
static void target_check_names(const u_char *p, const u_char *last);
static void target_check_segments(const u_char *p, const u_char *last);
static void target_reparse(const ngx_ai_url_t *url, const ngx_str_t *path);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char           *buf;
    ngx_str_t         text, out;
    const char       *reason;
    ngx_ai_url_t      url;
    ngx_ai_target_t   t;

    t.made = 0;

    target_line(&text, &data, &size);
    target_line(&t.query, &data, &size);
    target_line(&t.tail, &data, &size);
    target_line(&t.args, &data, &size);

    reason = NULL;

    if (ngx_ai_url_parse(&url, &text, &reason) != NGX_OK) {
        must(reason != NULL);
        goto done;
    }

    target_check_url(&url);

    t.prefix = url.prefix;

    if (ngx_ai_target_check_query(&t.query, &reason) != NGX_OK) {
        must(reason != NULL);
        goto done;
    }

    buf = malloc(ngx_ai_target_size(&t));
    must(buf != NULL);

    out.data = buf;

    if (ngx_ai_target_build(&t, &out, &reason) == NGX_OK) {
        target_check(&url, &t, &out);

    } else {
        must(reason != NULL);
    }

    free(buf);

done:

    free(text.data);
    free(t.query.data);
    free(t.tail.data);
    free(t.args.data);

    return 0;
}


/* each line is its own block, so that nothing is read beyond it unseen */

static void
target_line(ngx_str_t *line, const uint8_t **data, size_t *size)
{
    const uint8_t  *end;

    end = *size ? memchr(*data, '\n', *size) : NULL;

    line->len = end ? (size_t) (end - *data) : *size;
    line->data = line->len ? malloc(line->len) : NULL;

    if (line->len) {
        must(line->data != NULL);
        memcpy(line->data, *data, line->len);
    }

    *data += line->len;
    *size -= line->len;

    if (end) {
        (*data)++;
        (*size)--;
    }
}


static void
target_check_url(const ngx_ai_url_t *url)
{
    size_t  i;

    must(url->host.len && url->authority.len);
    must(url->path.len ? url->port == 0 : url->port != 0);
    must(url->prefix.len == 0 || url->prefix.data[0] == '/');
    must(url->prefix.len == 0 || url->prefix.data[url->prefix.len - 1] != '/');

    /* what goes to the Host header, to DNS and to the certificate check */

    for (i = 0; i < url->authority.len; i++) {
        must(url->authority.data[i] > ' ' && url->authority.data[i] < 0x7f);
        must(strchr("/\\@?#%,;\"'", url->authority.data[i]) == NULL);
    }

    if (url->prefix.len) {
        target_check_segments(url->prefix.data,
                              url->prefix.data + url->prefix.len);
    }
}


static void
target_check(const ngx_ai_url_t *url, const ngx_ai_target_t *t,
    const ngx_str_t *out)
{
    u_char     *p, *last;
    ngx_str_t   path;
    ngx_uint_t  marks;

    must(out->len <= ngx_ai_target_size(t));

    /* one line of printable ASCII, one "?" of ours */

    last = out->data + out->len;
    path = *out;
    marks = 0;

    for (p = out->data; p < last; p++) {
        must(*p > ' ' && *p < 0x7f && *p != '#');

        if (*p == '?' && marks++ == 0) {
            path.len = p - out->data;
        }
    }

    must((marks != 0) == (t->query.len || t->args.len));

    /* it begins with the prefix, and the prefix is not left */

    must(path.len > url->prefix.len);
    must(url->prefix.len == 0
         || memcmp(path.data, url->prefix.data, url->prefix.len) == 0);
    must(path.data[url->prefix.len] == '/');
    must(memmem(path.data, path.len, "//", 2) == NULL);
    must(path.data[path.len - 1] != '/');

    target_check_segments(path.data, path.data + path.len);
    target_reparse(url, &path);

    /* the provider's own query is the first and whole */

    if (t->query.len) {
        must((size_t) (last - path.data) > path.len + t->query.len);
        must(memcmp(path.data + path.len + 1, t->query.data, t->query.len)
             == 0);
    }

    if (marks) {
        target_check_names(path.data + path.len + 1, last);
    }
}


/* no name of a member, decoded, is one that credentials have */

static void
target_check_names(const u_char *p, const u_char *last)
{
    char      hex[3], name[64];
    size_t    n;
    unsigned  c, value;

    while (p < last) {
        n = 0;
        value = 0;

        for ( /* void */ ; p < last && *p != '&' && *p != ';'; p++) {
            c = *p;
            value |= (c == '=');

            if (c == '%') {
                must(last - p >= 3);

                hex[0] = p[1];
                hex[1] = p[2];
                hex[2] = '\0';

                c = strtoul(hex, NULL, 16);
                p += 2;
            }

            if (!value && n < sizeof(name) - 1) {
                name[n++] = tolower(c);
            }
        }

        name[n] = '\0';

        must(strcmp(name, "key") != 0 && strcmp(name, "api_key") != 0
             && strcmp(name, "api-key") != 0
             && strcmp(name, "access_token") != 0);

        p += (p < last);
    }
}


/* decodes each segment in full, cuts it at ";", and looks what it is */

static void
target_check_segments(const u_char *p, const u_char *last)
{
    char      hex[3], seg[8];
    size_t    n;
    unsigned  cut, c;

    while (p < last) {
        must(*p++ == '/');

        n = 0;
        cut = 0;

        while (p < last && *p != '/') {
            c = *p++;

            if (c == '%') {
                must(last - p >= 2 && isxdigit(p[0]) && isxdigit(p[1]));

                hex[0] = p[0];
                hex[1] = p[1];
                hex[2] = '\0';

                c = strtoul(hex, NULL, 16);
                p += 2;

                must(c >= ' ' && c != 0x7f && c != '/' && c != '\\'
                     && c != '%' && c != '?' && c != '#');
            }

            cut |= (c == ';');

            if (!cut && n < sizeof(seg) - 1) {
                seg[n++] = c;
            }
        }

        seg[n] = '\0';

        must(n && strcmp(seg, ".") != 0 && strcmp(seg, "..") != 0);
    }
}


/* scheme, host and path put together again are the same provider */

static void
target_reparse(const ngx_ai_url_t *url, const ngx_str_t *path)
{
    u_char        *buf, *p;
    ngx_str_t      text;
    const char    *reason;
    ngx_ai_url_t   again;

    buf = malloc(64 + url->authority.len + url->path.len + path->len);
    must(buf != NULL);

    p = buf + sprintf((char *) buf, "http%s://", url->tls ? "s" : "");

    if (url->path.len) {
        p += sprintf((char *) p, "unix:");
        memcpy(p, url->path.data, url->path.len);
        p += url->path.len;
        *p++ = ':';

    } else {
        memcpy(p, url->authority.data, url->authority.len);
        p += url->authority.len;
    }

    memcpy(p, path->data, path->len);
    p += path->len;

    text.data = buf;
    text.len = p - buf;

    if (ngx_ai_url_parse(&again, &text, &reason) == NGX_OK) {
        must(again.tls == url->tls && again.port == url->port);
        must(again.ipv6 == url->ipv6 && again.literal == url->literal);
        must(again.host.len == url->host.len
             && memcmp(again.host.data, url->host.data, url->host.len) == 0);
        must(again.authority.len == url->authority.len
             && memcmp(again.authority.data, url->authority.data,
                       url->authority.len) == 0);
        must(again.prefix.len == path->len
             && memcmp(again.prefix.data, path->data, path->len) == 0);

    } else {

        /* only the length of a configured URL is limited */

        must(text.len > 2048);
    }

    free(buf);
}
