
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_multipart.h"


typedef struct {
    ngx_str_t    name;
    ngx_str_t    value;        /* between the quotes, escapes and all */
    unsigned     quoted:1;
} ngx_ai_multipart_param_t;


typedef struct {
    ngx_str_t    name;
    unsigned     quoted:1;     /* the name is */
    unsigned     named:1;
    unsigned     file:1;
    unsigned     disposition:1;
} ngx_ai_multipart_part_t;


typedef struct {
    u_char      *start;
    u_char      *last;         /* end of the body */
    ngx_str_t    boundary;
    const char  *error;
} ngx_ai_multipart_t;


static ngx_int_t ngx_ai_multipart_param(u_char **pos, u_char *last,
    ngx_ai_multipart_param_t *param);
static ngx_int_t ngx_ai_multipart_quoted(u_char **pos, u_char *last,
    ngx_str_t *value);
static ngx_uint_t ngx_ai_multipart_named(ngx_ai_multipart_param_t *param,
    const char *name, size_t len);
static size_t ngx_ai_multipart_token(u_char *p, u_char *last);
static u_char *ngx_ai_multipart_blanks(u_char *p, u_char *last);
static ngx_uint_t ngx_ai_multipart_text(u_char *p, u_char *last,
    const char *text, size_t len);
static u_char *ngx_ai_multipart_find(ngx_ai_multipart_t *m, u_char *p);
static u_char *ngx_ai_multipart_delimiter(ngx_ai_multipart_t *m, u_char *p,
    ngx_uint_t *closing);
static u_char *ngx_ai_multipart_headers(ngx_ai_multipart_t *m, u_char *p,
    ngx_ai_multipart_part_t *part);
static ngx_int_t ngx_ai_multipart_header(ngx_ai_multipart_t *m, u_char *p,
    u_char *last, ngx_ai_multipart_part_t *part);
static ngx_int_t ngx_ai_multipart_disposition(ngx_ai_multipart_t *m, u_char *p,
    u_char *last, ngx_ai_multipart_part_t *part);
static ngx_uint_t ngx_ai_multipart_escapes(ngx_ai_multipart_part_t *part);
static ngx_uint_t ngx_ai_multipart_is(ngx_ai_multipart_part_t *part,
    ngx_str_t *name);
static u_char *ngx_ai_multipart_error(ngx_ai_multipart_t *m,
    const char *error);


ngx_int_t
ngx_ai_multipart_boundary(ngx_str_t *content_type, ngx_str_t *boundary)
{
    size_t                     i;
    u_char                     c, *p, *last;
    ngx_int_t                  rc;
    ngx_str_t                 *value;
    ngx_ai_multipart_param_t   param;

    last = content_type->data + content_type->len;
    p = ngx_ai_multipart_blanks(content_type->data, last);

    if (!ngx_ai_multipart_text(p, last, "multipart/form-data", 19)) {
        return NGX_DECLINED;
    }

    p += 19;

    if (p < last && *p != ';' && *p != ' ' && *p != '\t') {
        return NGX_DECLINED;
    }

    boundary->len = 0;
    value = &param.value;

    for ( ;; ) {
        rc = ngx_ai_multipart_param(&p, last, &param);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED) {
            break;
        }

        if (!ngx_ai_multipart_named(&param, "boundary", 8)) {
            continue;
        }

        /* not "boundary*", and once */

        if (param.name.len != 8 || boundary->len) {
            return NGX_ERROR;
        }

        if (value->len == 0 || value->len > NGX_AI_MULTIPART_BOUNDARY
            || value->data[value->len - 1] == ' ')
        {
            return NGX_ERROR;
        }

        for (i = 0; i < value->len; i++) {
            c = value->data[i];

            if (!(c >= '0' && c <= '9')
                && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
                && (c == '\0' || strchr("'()+_,-./:=? ", c) == NULL))
            {
                return NGX_ERROR;
            }
        }

        *boundary = *value;
    }

    return boundary->len ? NGX_OK : NGX_ERROR;
}


/* NGX_DECLINED: there are no more parameters */

static ngx_int_t
ngx_ai_multipart_param(u_char **pos, u_char *last,
    ngx_ai_multipart_param_t *param)
{
    size_t   n;
    u_char  *p;

    p = ngx_ai_multipart_blanks(*pos, last);

    if (p == last) {
        return NGX_DECLINED;
    }

    if (*p != ';') {
        return NGX_ERROR;
    }

    while (p < last && *p == ';') {
        p = ngx_ai_multipart_blanks(p + 1, last);
    }

    if (p == last) {
        return NGX_DECLINED;
    }

    n = ngx_ai_multipart_token(p, last);

    if (n == 0 || p + n == last || p[n] != '=') {
        return NGX_ERROR;
    }

    param->name.data = p;
    param->name.len = n;

    p += n + 1;

    param->quoted = (p < last && *p == '"');

    if (param->quoted) {
        *pos = p;
        return ngx_ai_multipart_quoted(pos, last, &param->value);
    }

    /* tokens as seen in the wild: boundaries with ':', '/' and '=' */

    param->value.data = p;

    while (p < last && *p > ' ' && *p != 0x7f
           && strchr("\"\\;,()", *p) == NULL)
    {
        p++;
    }

    param->value.len = p - param->value.data;
    *pos = p;

    return param->value.len ? NGX_OK : NGX_ERROR;
}


/* *pos is at the opening quote, and then behind the closing one */

static ngx_int_t
ngx_ai_multipart_quoted(u_char **pos, u_char *last, ngx_str_t *value)
{
    u_char  *p;

    value->data = *pos + 1;

    for (p = *pos + 1; p < last; p++) {

        if (*p == '"') {
            value->len = p - value->data;
            *pos = p + 1;

            return NGX_OK;
        }

        if (*p == '\\') {
            p++;
        }
    }

    return NGX_ERROR;
}


/* the parameter is "name", or "name*" and the like of RFC 2231 */

static ngx_uint_t
ngx_ai_multipart_named(ngx_ai_multipart_param_t *param, const char *name,
    size_t len)
{
    return param->name.len >= len
           && ngx_strncasecmp(param->name.data, (u_char *) name, len) == 0
           && (param->name.len == len || param->name.data[len] == '*');
}


static size_t
ngx_ai_multipart_token(u_char *p, u_char *last)
{
    u_char  *start;

    for (start = p; p < last; p++) {
        if (*p <= ' ' || *p >= 0x7f
            || strchr("()<>@,;:\\\"/[]?={}", *p) != NULL)
        {
            break;
        }
    }

    return p - start;
}


static u_char *
ngx_ai_multipart_blanks(u_char *p, u_char *last)
{
    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    return p;
}


/* [p, last) begins with the text, in any case */

static ngx_uint_t
ngx_ai_multipart_text(u_char *p, u_char *last, const char *text, size_t len)
{
    return (size_t) (last - p) >= len
           && ngx_strncasecmp(p, (u_char *) text, len) == 0;
}


ngx_int_t
ngx_ai_multipart_scan(ngx_str_t *body, ngx_str_t *boundary,
    ngx_ai_multipart_field_t *fields, ngx_uint_t n, const char **error)
{
    u_char                    *p, *value;
    ngx_uint_t                 i, parts, closing;
    ngx_ai_multipart_t         m;
    ngx_ai_multipart_part_t    part;
    ngx_ai_multipart_field_t  *f;

    m.start = body->data;
    m.last = body->data + body->len;
    m.boundary = *boundary;
    m.error = NULL;

    for (i = 0; i < n; i++) {
        ngx_str_set(&fields[i].value, "");
        fields[i].count = 0;
        fields[i].file = 0;
    }

    p = ngx_ai_multipart_find(&m, m.start);

    for (parts = 0; p != NULL; parts++) {

        p = ngx_ai_multipart_delimiter(&m, p, &closing);

        if (p == NULL) {
            break;
        }

        if (closing) {
            return NGX_OK;
        }

        if (parts == NGX_AI_MULTIPART_PARTS) {
            m.error = "too many parts";
            break;
        }

        p = ngx_ai_multipart_headers(&m, p, &part);

        if (p == NULL) {
            break;
        }

        value = p;

        /*
         * From the line break before the value on: a delimiter right there
         * is an empty part to some parsers and a value to others.
         */

        p = ngx_ai_multipart_find(&m, value - 2);

        if (p == value - 2) {
            m.error = "no line break before a boundary";
            break;
        }

        for (i = 0; i < n && p != NULL; i++) {
            f = &fields[i];

            if (!ngx_ai_multipart_is(&part, &f->name)) {
                continue;
            }

            if (f->count++ == 0) {
                f->value.data = value;
                f->value.len = p - value;
            }

            f->file |= part.file;
        }
    }

    *error = m.error;

    return NGX_ERROR;
}


/*
 * Returns the next delimiter: where its CRLF begins, or the start of the body
 * when it has none there.  Goes from LF to LF, so that no byte is seen twice,
 * whatever the boundary is.
 */

static u_char *
ngx_ai_multipart_find(ngx_ai_multipart_t *m, u_char *p)
{
    size_t  len;

    len = m->boundary.len;

    if (p == m->start && (size_t) (m->last - p) >= 2 + len
        && p[0] == '-' && p[1] == '-'
        && ngx_memcmp(p + 2, m->boundary.data, len) == 0)
    {
        return p;
    }

    for ( /* void */ ; p < m->last; p++) {

        if (*p != LF) {
            p = memchr(p, LF, m->last - p);
        }

        if (p == NULL || (size_t) (m->last - p) < 3 + len) {
            break;
        }

        if (p[1] == '-' && p[2] == '-'
            && ngx_memcmp(p + 3, m->boundary.data, len) == 0)
        {
            if (p == m->start || p[-1] != CR) {
                return ngx_ai_multipart_error(m, "bare LF before a boundary");
            }

            return p - 1;
        }
    }

    return ngx_ai_multipart_error(m, "no closing boundary");
}


/* returns the first byte behind the delimiter's line */

static u_char *
ngx_ai_multipart_delimiter(ngx_ai_multipart_t *m, u_char *p,
    ngx_uint_t *closing)
{
    if (*p == CR) {
        p += 2;
    }

    p += 2 + m->boundary.len;

    *closing = (m->last - p >= 2 && p[0] == '-' && p[1] == '-');

    if (*closing) {
        p += 2;
    }

    p = ngx_ai_multipart_blanks(p, m->last);

    if (*closing && p == m->last) {
        return p;
    }

    if (m->last - p < 2 || p[0] != CR || p[1] != LF) {
        return ngx_ai_multipart_error(m, "no line break after a boundary");
    }

    return p + 2;
}


/* returns the first byte of the value */

static u_char *
ngx_ai_multipart_headers(ngx_ai_multipart_t *m, u_char *p,
    ngx_ai_multipart_part_t *part)
{
    u_char  *last, *lf;

    ngx_memzero(part, sizeof(ngx_ai_multipart_part_t));

    last = m->last;

    if (last - p > NGX_AI_MULTIPART_HEADERS) {
        last = p + NGX_AI_MULTIPART_HEADERS;
    }

    for ( ;; ) {
        lf = memchr(p, LF, last - p);

        if (lf == NULL) {
            return ngx_ai_multipart_error(m,
                                          last == m->last
                                          ? "part headers are cut"
                                          : "part headers are too long");
        }

        if (lf == p || lf[-1] != CR) {
            return ngx_ai_multipart_error(m, "bare LF in part headers");
        }

        if (lf - p == 1) {
            break;
        }

        if (ngx_ai_multipart_header(m, p, lf - 1, part) != NGX_OK) {
            return NULL;
        }

        p = lf + 1;
    }

    if (!part->named) {
        return ngx_ai_multipart_error(m, "a part has no name");
    }

    return lf + 1;
}


static ngx_int_t
ngx_ai_multipart_header(ngx_ai_multipart_t *m, u_char *p, u_char *last,
    ngx_ai_multipart_part_t *part)
{
    size_t      n, i;
    u_char     *value;
    ngx_str_t   name;

    static const ngx_str_t  plain[] = {
        ngx_string("7bit"),
        ngx_string("8bit"),
        ngx_string("binary")
    };

    for (value = p; value < last; value++) {
        if ((*value < ' ' && *value != '\t') || *value == 0x7f) {
            m->error = "control character in part headers";
            return NGX_ERROR;
        }
    }

    n = ngx_ai_multipart_token(p, last);

    if (n == 0 || p + n == last || p[n] != ':') {
        m->error = "malformed part header";
        return NGX_ERROR;
    }

    name.data = p;
    name.len = n;

    value = ngx_ai_multipart_blanks(p + n + 1, last);

    while (last > value && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }

    if (name.len == 19
        && ngx_strncasecmp(p, (u_char *) "content-disposition", 19) == 0)
    {
        return ngx_ai_multipart_disposition(m, value, last, part);
    }

    if (name.len == 25
        && ngx_strncasecmp(p, (u_char *) "content-transfer-encoding", 25)
           == 0)
    {
        n = last - value;

        for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
            if (n == plain[i].len
                && ngx_strncasecmp(value, plain[i].data, n) == 0)
            {
                return NGX_OK;
            }
        }

        m->error = "unsupported content-transfer-encoding";
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_multipart_disposition(ngx_ai_multipart_t *m, u_char *p, u_char *last,
    ngx_ai_multipart_part_t *part)
{
    ngx_int_t                 rc;
    ngx_ai_multipart_param_t  param;

    m->error = "malformed content-disposition";

    if (part->disposition
        || !ngx_ai_multipart_text(p, last, "form-data", 9))
    {
        return NGX_ERROR;
    }

    part->disposition = 1;

    p += 9;

    for ( ;; ) {
        rc = ngx_ai_multipart_param(&p, last, &param);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED) {
            break;
        }

        if (ngx_ai_multipart_named(&param, "filename", 8)) {
            part->file = 1;
            continue;
        }

        if (!ngx_ai_multipart_named(&param, "name", 4)) {
            continue;
        }

        /* not "name*" or "name*0", and once */

        if (param.name.len != 4 || part->named) {
            return NGX_ERROR;
        }

        part->name = param.value;
        part->quoted = param.quoted;
        part->named = 1;

        if (!ngx_ai_multipart_escapes(part)) {
            return NGX_ERROR;
        }
    }

    m->error = NULL;

    return NGX_OK;
}


/* "mo\del" is "model" to RFC 822 and "mo\del" to browsers: neither here */

static ngx_uint_t
ngx_ai_multipart_escapes(ngx_ai_multipart_part_t *part)
{
    u_char  *p, *last;

    last = part->name.data + part->name.len;

    for (p = part->name.data; p < last; p++) {

        if (*p != '\\') {
            continue;
        }

        p++;

        if (p == last || (*p != '"' && *p != '\\')) {
            return 0;
        }
    }

    return 1;
}


/* browsers write a quote as %22 and line breaks as %0D%0A, nothing else */

static ngx_uint_t
ngx_ai_multipart_is(ngx_ai_multipart_part_t *part, ngx_str_t *name)
{
    size_t   i;
    u_char   c, *p, *last;

    p = part->name.data;
    last = p + part->name.len;

    for (i = 0; p < last && i < name->len; i++, p++) {
        c = *p;

        if (part->quoted && c == '\\') {
            c = *++p;

        } else if (part->quoted && c == '%' && last - p >= 3) {

            if (p[1] == '2' && p[2] == '2') {
                c = '"';
                p += 2;

            } else if (p[1] == '0' && (p[2] | 0x20) == 'd') {
                c = CR;
                p += 2;

            } else if (p[1] == '0' && (p[2] | 0x20) == 'a') {
                c = LF;
                p += 2;
            }
        }

        if (c != name->data[i]) {
            return 0;
        }
    }

    return p == last && i == name->len;
}


static u_char *
ngx_ai_multipart_error(ngx_ai_multipart_t *m, const char *error)
{
    m->error = error;

    return NULL;
}
