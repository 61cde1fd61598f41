
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_url.h"


typedef struct {
    const char  *text;
    const char  *host;
    const char  *authority;
    const char  *prefix;
    const char  *path;
    ngx_uint_t   port;
    ngx_uint_t   tls;
    ngx_uint_t   literal;
} url_good_t;


static void good(const url_good_t *t);
static void bad(const char *text, const char *why);
static void path(const char *text, ngx_int_t want);
static void url_bad(void);
static void url_paths(void);
static void url_bytes(void);


static const url_good_t  goods[] = {
    { "https://api.openai.com/v1",
      "api.openai.com", "api.openai.com", "/v1", "", 443, 1, 0 },
    { "https://api.openai.com/v1/",
      "api.openai.com", "api.openai.com", "/v1", "", 443, 1, 0 },
    { "https://api.openai.com",
      "api.openai.com", "api.openai.com", "", "", 443, 1, 0 },
    { "https://api.openai.com/",
      "api.openai.com", "api.openai.com", "", "", 443, 1, 0 },
    { "https://api.openai.com:443/v1",
      "api.openai.com", "api.openai.com", "/v1", "", 443, 1, 0 },
    { "https://api.openai.com:80",
      "api.openai.com", "api.openai.com:80", "", "", 80, 1, 0 },
    { "http://localhost:80/",
      "localhost", "localhost", "", "", 80, 0, 0 },
    { "HTTP://Localhost:11434/v1",
      "Localhost", "Localhost:11434", "/v1", "", 11434, 0, 0 },
    { "http://gpu_pool/v1",
      "gpu_pool", "gpu_pool", "/v1", "", 80, 0, 0 },
    { "http://127.0.0.1:8000",
      "127.0.0.1", "127.0.0.1:8000", "", "", 8000, 0, 1 },
    { "http://[::1]:8000/v1",
      "::1", "[::1]:8000", "/v1", "", 8000, 0, 1 },
    { "https://[2001:db8::1]",
      "2001:db8::1", "[2001:db8::1]", "", "", 443, 1, 1 },
    { "https://[2001:db8::1]:443/a/b%20c",
      "2001:db8::1", "[2001:db8::1]", "/a/b%20c", "", 443, 1, 1 },
    { "http://unix:/run/vllm.sock",
      "localhost", "localhost", "", "/run/vllm.sock", 0, 0, 0 },
    { "http://unix:/run/vllm.sock:",
      "localhost", "localhost", "", "/run/vllm.sock", 0, 0, 0 },
    { "http://unix:/run/vllm.sock:/v1/",
      "localhost", "localhost", "/v1", "/run/vllm.sock", 0, 0, 0 },
    { "https://1.2.3.example.com:65535/~u/v1.0",
      "1.2.3.example.com", "1.2.3.example.com:65535", "/~u/v1.0", "", 65535,
      1, 0 }
};


static void
good(const url_good_t *t)
{
    ngx_str_t     text;
    ngx_int_t     rc;
    const char   *reason;
    tap_guard_t   g;
    ngx_ai_url_t  u;

    reason = "";

    text.len = strlen(t->text);
    text.data = tap_guard(&g, t->text, text.len);

    rc = ngx_ai_url_parse(&u, &text, &reason);

    ok(rc == NGX_OK, "%s is taken %s", t->text, reason);

    if (rc == NGX_OK) {
        is_str(u.host.data, u.host.len, t->host, "%s: host", t->text);
        is_str(u.authority.data, u.authority.len, t->authority,
               "%s: the Host header has a port only when it must", t->text);
        is_str(u.prefix.data, u.prefix.len, t->prefix,
               "%s: the prefix has no slash at its end", t->text);
        is_str(u.path.len ? (char *) u.path.data : "", u.path.len, t->path,
               "%s: unix path", t->text);
        is_int(u.port, t->port, "%s: port", t->text);
        is_int(u.tls, t->tls, "%s: tls", t->text);
        is_int(u.literal, t->literal, "%s: literal address", t->text);
        is_int(u.ipv6, t->text[7] == '[' || t->text[8] == '[', "%s: ipv6",
               t->text);
    }

    tap_unguard(&g);
}


static void
bad(const char *text, const char *why)
{
    ngx_str_t     s;
    const char   *reason;
    tap_guard_t   g;
    ngx_ai_url_t  u;

    reason = "";

    s.len = strlen(text);
    s.data = tap_guard(&g, text, s.len);

    is_int(ngx_ai_url_parse(&u, &s, &reason), NGX_ERROR, "refused: %s", text);
    ok(strstr(reason, why) != NULL, "%s: the reason has \"%s\": %s", text,
       why, reason);

    tap_unguard(&g);
}


static void
path(const char *text, ngx_int_t want)
{
    ngx_str_t     s;
    const char   *reason;
    tap_guard_t   g;

    s.len = strlen(text);
    s.data = tap_guard(&g, text, s.len);

    is_int(ngx_ai_url_check_path(&s, &reason), want, "path \"%s\" is %s",
           text, want == NGX_OK ? "taken" : "refused");

    tap_unguard(&g);
}


static void
url_bad(void)
{
    bad("", "empty");
    bad("api.openai.com/v1", "https://");
    bad("ftp://host/", "https://");
    bad("https://", "https://");
    bad("https:///v1", "host's name is empty");
    bad("https://user@host/", "user name");
    bad("https://user:pw@host/", "user name");
    bad("https://host@evil/", "user name");
    bad("https://host/?a=b", "query");
    bad("https://host/v1#name", "fragment");
    bad("https://host#@evil/", "fragment");
    bad("https://host/a b", "blank");
    bad("https://ho\rst/", "blank");
    bad("https://host/\n", "blank");
    bad("https://h\xc3\xb6st/", "ASCII");
    bad("https://host:/", "port");
    bad("https://host:0/", "port");
    bad("https://host:080/", "port");
    bad("https://host:65536/", "port");
    bad("https://host:99999999999999999999/", "port");
    bad("https://host:8x/", "port");
    bad("https://host:-1/", "port");
    bad("https://a:b:80/", "brackets");
    bad("https://2001:db8::1/", "brackets");
    bad("https://name:http/", "port");
    bad("https://[::1/", "bracket");
    bad("https://[::1]x/", "port");
    bad("https://[::g]/", "IPv6");
    bad("https://[]/", "empty");
    bad("https://[fe80::1%25eth0]/", "IPv6");
    bad("https://[1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:1:2:3:4]/", "IPv6");
    bad("https://host..name/", "empty label");
    bad("https://.host/", "empty label");
    bad("https://-host/", "empty label");
    bad("https://host./", "ends with");
    bad("https://host-/", "ends with");
    bad("https://ho%73t/", "empty label or a character");
    bad("https://ho\\st/", "empty label or a character");
    bad("https://127.1/", "IPv4");
    bad("https://2130706433/", "IPv4");
    bad("https://256.1.1.1/", "IPv4");
    bad("https://1.2.3.4.5/", "IPv4");
    bad("https://host//v1", "empty");
    bad("https://host/v1//", "empty");
    bad("https://host/a/../b", "\"..\"");
    bad("https://host/a/%2e%2E/b", "\"..\"");
    bad("https://host/a/.;x/b", "\".\"");
    bad("https://host/a%2fb", "escape");
    bad("https://host/a%", "escape");
    bad("https://host/a%4", "escape");
    bad("https://host/a%4g", "escape");
    bad("https://host/a\"b", "percent-encoded");
    bad("http://unix:", "unix socket");
    bad("http://unix::/v1", "unix socket");
    bad("http://unix:run/x.sock", "unix socket");
    bad("http://unix:/run/x.sock:v1", "percent-encoded");
    bad("http://unix:/123456789012345678901234567890123456789012345678901234"
        "56789012345678901234567890123456789012345678901234567890.sock",
        "too long");
}


static void
url_paths(void)
{
    path("", NGX_OK);
    path("/a", NGX_OK);
    path("/a/b.c/..d/...", NGX_OK);
    path("/a;b", NGX_OK);
    path("/%E2%82%AC", NGX_OK);
    path("a", NGX_ERROR);
    path("/", NGX_ERROR);
    path("/a/", NGX_ERROR);
    path("//a", NGX_ERROR);
    path("/.", NGX_ERROR);
    path("/..", NGX_ERROR);
    path("/a/..", NGX_ERROR);
    path("/%2e", NGX_ERROR);
    path("/.%2E/a", NGX_ERROR);
    path("/..;/a", NGX_ERROR);
    path("/..%3bx/a", NGX_ERROR);
    path("/;/a", NGX_ERROR);
    path("/;x", NGX_ERROR);
    path("/a&b", NGX_ERROR);
}


static void
url_bytes(void)
{
    char         text[64];
    u_char       ch;
    ngx_str_t    s;
    ngx_uint_t   n, plain;
    const char  *reason;

    /* each byte, as it is and percent-encoded */

    for (n = 0; n < 256; n++) {
        ch = (u_char) n;

        plain = (ch && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789"
                              "._:~@!$'()*,;=+-", ch) != NULL);

        s.data = (u_char *) text;
        s.len = ngx_sprintf(s.data, "/a%cb", ch) - s.data;

        if (ch != '/') {
            is_int(ngx_ai_url_check_path(&s, &reason),
                   plain ? NGX_OK : NGX_ERROR,
                   "byte %02x is %s in a path", ch,
                   plain ? "taken" : "refused");
        }

        s.len = ngx_sprintf(s.data, "/a%%%02xdb", (ngx_uint_t) ch) - s.data;

        plain = !(ch < ' ' || ch == 0x7f || ch == '/' || ch == '\\'
                  || ch == '%' || ch == '?' || ch == '#');

        is_int(ngx_ai_url_check_path(&s, &reason),
               plain ? NGX_OK : NGX_ERROR, "%%%02x is %s in a path", ch,
               plain ? "taken" : "refused");
    }
}


int
main(void)
{
    ngx_str_t      s;
    ngx_uint_t     i;
    const char    *reason;
    ngx_ai_url_t   u;

    for (i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
        good(&goods[i]);
    }

    url_bad();
    url_paths();
    url_bytes();

    ngx_str_null(&s);
    is_int(ngx_ai_url_check_path(&s, &reason), NGX_OK,
           "a path without data is empty");
    is_int(ngx_ai_url_parse(&u, &s, &reason), NGX_ERROR,
           "a URL without data is refused");

    return done();
}
