
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <yajl/yajl_parse.h>

#include "ngx_ai_json.h"
#include "ngx_ai_scan.h"
#include "ngx_ai_text.h"


static void ngx_ai_json_place(ngx_ai_json_reader_t *r, const ngx_str_t *text,
    size_t offset);
static int ngx_ai_json_null(void *data);
static int ngx_ai_json_boolean(void *data, int value);
static int ngx_ai_json_number(void *data, const char *value, size_t len);
static int ngx_ai_json_string(void *data, const u_char *value, size_t len);
static int ngx_ai_json_start_map(void *data);
static int ngx_ai_json_key(void *data, const u_char *key, size_t len);
static int ngx_ai_json_end_map(void *data);
static int ngx_ai_json_start_array(void *data);
static int ngx_ai_json_end_array(void *data);
static void ngx_ai_json_value(ngx_ai_json_reader_t *r);
static ngx_ai_json_level_t *ngx_ai_json_open(ngx_ai_json_reader_t *r);
static void ngx_ai_json_descend(ngx_ai_json_reader_t *r, ngx_uint_t array);
static void ngx_ai_json_ascend(ngx_ai_json_reader_t *r);

static void ngx_ai_json_begin(ngx_ai_json_writer_t *w, u_char bracket);
static void ngx_ai_json_comma(ngx_ai_json_writer_t *w, ngx_uint_t next);
static void ngx_ai_json_quote(ngx_ai_json_writer_t *w, const u_char *data,
    size_t len);
static void ngx_ai_json_escape(ngx_ai_json_writer_t *w, u_char c);
static void ngx_ai_json_append(ngx_ai_json_writer_t *w, const void *data,
    size_t len);


static const yajl_callbacks  ngx_ai_json_callbacks = {
    ngx_ai_json_null,
    ngx_ai_json_boolean,
    NULL,                                  /* integer */
    NULL,                                  /* double */
    ngx_ai_json_number,
    ngx_ai_json_string,
    ngx_ai_json_start_map,
    ngx_ai_json_key,
    ngx_ai_json_end_map,
    ngx_ai_json_start_array,
    ngx_ai_json_end_array
};


ngx_int_t
ngx_ai_json_read(ngx_ai_json_reader_t *r, const ngx_str_t *text,
    ngx_uint_t depth, const ngx_ai_json_events_t *events, void *ctx)
{
    size_t         offset;
    yajl_handle    yajl;
    yajl_status    status;
    ngx_ai_scan_t  scan;

    r->path.data = r->buf;
    r->path.len = 0;
    r->offset = 0;
    r->line = 0;
    r->error = NULL;
    r->events = events;
    r->ctx = ctx;
    r->rc = NGX_OK;
    r->depth = 0;

    /*
     * yajl has no limit of depth.  It takes \v and \f for white space, lone
     * surrogates in escapes, in UTF-8 surrogates, overlong forms and what is
     * above U+10FFFF, and a string without its end after the document.
     */

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, depth);
    (void) ngx_ai_scan_feed(&scan, text->data, text->data + text->len);

    if (ngx_ai_scan_end(&scan) != NGX_OK) {
        r->error = scan.error;
        ngx_ai_json_place(r, text, scan.offset);
        return NGX_ERROR;
    }

    yajl = yajl_alloc(&ngx_ai_json_callbacks, NULL, r);

    if (yajl == NULL) {
        r->error = "no memory";
        return NGX_ERROR;
    }

    status = yajl_parse(yajl, text->data, text->len);
    offset = yajl_get_bytes_consumed(yajl);

    if (status == yajl_status_ok) {

        /* only here a number at the top ends */

        status = yajl_complete_parse(yajl);
    }

    yajl_free(yajl);

    if (status != yajl_status_ok) {
        ngx_ai_json_place(r, text, offset);
    }

    if (status == yajl_status_error) {
        r->error = "not accepted by yajl";
        return NGX_ERROR;
    }

    return r->rc;
}


static void
ngx_ai_json_place(ngx_ai_json_reader_t *r, const ngx_str_t *text,
    size_t offset)
{
    size_t  i;

    r->offset = offset;
    r->line = 1;

    for (i = 0; i < offset && i < text->len; i++) {
        if (text->data[i] == '\n') {
            r->line++;
        }
    }
}


static int
ngx_ai_json_null(void *data)
{
    ngx_ai_json_reader_t  *r = data;

    ngx_ai_json_value(r);

    if (r->events->null) {
        r->rc = r->events->null(r->ctx);
    }

    return r->rc == NGX_OK;
}


static int
ngx_ai_json_boolean(void *data, int value)
{
    ngx_ai_json_reader_t  *r = data;

    ngx_ai_json_value(r);

    if (r->events->boolean) {
        r->rc = r->events->boolean(r->ctx, value ? 1 : 0);
    }

    return r->rc == NGX_OK;
}


static int
ngx_ai_json_number(void *data, const char *value, size_t len)
{
    ngx_ai_json_reader_t  *r = data;

    ngx_str_t  text;

    ngx_ai_json_value(r);

    if (r->events->number) {
        text.data = (u_char *) value;
        text.len = len;

        r->rc = r->events->number(r->ctx, &text);
    }

    return r->rc == NGX_OK;
}


static int
ngx_ai_json_string(void *data, const u_char *value, size_t len)
{
    ngx_ai_json_reader_t  *r = data;

    ngx_str_t  text;

    ngx_ai_json_value(r);

    if (r->events->string) {
        text.data = (u_char *) value;
        text.len = len;

        r->rc = r->events->string(r->ctx, &text);
    }

    return r->rc == NGX_OK;
}


static int
ngx_ai_json_start_map(void *data)
{
    ngx_ai_json_reader_t  *r = data;

    ngx_ai_json_value(r);

    if (r->events->start_map) {
        r->rc = r->events->start_map(r->ctx);
    }

    ngx_ai_json_descend(r, 0);

    return r->rc == NGX_OK;
}


static int
ngx_ai_json_key(void *data, const u_char *key, size_t len)
{
    ngx_ai_json_reader_t  *r = data;

    u_char               *p, *last;
    ngx_str_t             name;
    ngx_ai_json_level_t  *level;

    level = ngx_ai_json_open(r);

    if (level) {
        p = r->buf + level->len;
        last = r->buf + NGX_AI_JSON_PATH;

        name.data = (u_char *) key;
        name.len = len;

        r->path.len = ngx_slprintf(p, last, "%s%V", level->len ? "." : "",
                                   &name)
                      - r->buf;

        /* it goes to a log */

        for (last = r->buf + r->path.len; p < last; p++) {
            if (*p < 0x20 || *p == 0x7f) {
                *p = '?';
            }
        }
    }

    if (r->events->key) {
        name.data = (u_char *) key;
        name.len = len;

        r->rc = r->events->key(r->ctx, &name);
    }

    return r->rc == NGX_OK;
}


static int
ngx_ai_json_end_map(void *data)
{
    ngx_ai_json_reader_t  *r = data;

    ngx_ai_json_ascend(r);

    if (r->events->end_map) {
        r->rc = r->events->end_map(r->ctx);
    }

    return r->rc == NGX_OK;
}


static int
ngx_ai_json_start_array(void *data)
{
    ngx_ai_json_reader_t  *r = data;

    ngx_ai_json_value(r);

    if (r->events->start_array) {
        r->rc = r->events->start_array(r->ctx);
    }

    ngx_ai_json_descend(r, 1);

    return r->rc == NGX_OK;
}


static int
ngx_ai_json_end_array(void *data)
{
    ngx_ai_json_reader_t  *r = data;

    ngx_ai_json_ascend(r);

    if (r->events->end_array) {
        r->rc = r->events->end_array(r->ctx);
    }

    return r->rc == NGX_OK;
}


/* a value begins: that of the last key, or the next of an array */

static void
ngx_ai_json_value(ngx_ai_json_reader_t *r)
{
    ngx_ai_json_level_t  *level;

    level = ngx_ai_json_open(r);

    if (level && level->array) {
        r->path.len = ngx_slprintf(r->buf + level->len,
                                   r->buf + NGX_AI_JSON_PATH, "[%ui]",
                                   level->index++)
                      - r->buf;
    }
}


/* the innermost container, unless it is too deep for the path */

static ngx_ai_json_level_t *
ngx_ai_json_open(ngx_ai_json_reader_t *r)
{
    return (r->depth && r->depth <= NGX_AI_JSON_LEVELS)
           ? &r->levels[r->depth - 1] : NULL;
}


static void
ngx_ai_json_descend(ngx_ai_json_reader_t *r, ngx_uint_t array)
{
    ngx_ai_json_level_t  *level;

    r->depth++;

    level = ngx_ai_json_open(r);

    if (level) {
        level->len = r->path.len;
        level->index = 0;
        level->array = array;
    }
}


static void
ngx_ai_json_ascend(ngx_ai_json_reader_t *r)
{
    ngx_ai_json_level_t  *level;

    level = ngx_ai_json_open(r);

    if (level) {
        r->path.len = level->len;
    }

    r->depth--;
}


void
ngx_ai_json_writer_init(ngx_ai_json_writer_t *w, ngx_ai_buf_t *buf)
{
    w->rc = NGX_OK;
    w->buf = buf;
    w->arrays = 0;
    w->depth = 0;
    w->comma = 0;
}


void
ngx_ai_json_write_object(ngx_ai_json_writer_t *w)
{
    ngx_ai_json_begin(w, '{');
}


void
ngx_ai_json_write_array(ngx_ai_json_writer_t *w)
{
    ngx_ai_json_begin(w, '[');
}


static void
ngx_ai_json_begin(ngx_ai_json_writer_t *w, u_char bracket)
{
    uint64_t  bit;

    if (w->depth == NGX_AI_JSON_DEPTH && w->rc == NGX_OK) {
        w->rc = NGX_DECLINED;
    }

    if (w->rc != NGX_OK) {
        return;
    }

    ngx_ai_json_comma(w, 0);
    ngx_ai_json_append(w, &bracket, 1);

    bit = (uint64_t) 1 << w->depth++;
    w->arrays = (bracket == '[') ? (w->arrays | bit) : (w->arrays & ~bit);
}


void
ngx_ai_json_write_end(ngx_ai_json_writer_t *w)
{
    if (w->depth == 0 && w->rc == NGX_OK) {
        w->rc = NGX_ERROR;
    }

    if (w->rc != NGX_OK) {
        return;
    }

    w->depth--;
    w->comma = 1;

    ngx_ai_json_append(w, (w->arrays >> w->depth & 1) ? "]" : "}", 1);
}


void
ngx_ai_json_write_key(ngx_ai_json_writer_t *w, const char *key)
{
    ngx_ai_json_comma(w, 0);
    ngx_ai_json_quote(w, (const u_char *) key, ngx_strlen(key));
    ngx_ai_json_append(w, ":", 1);
}


void
ngx_ai_json_write_string(ngx_ai_json_writer_t *w, const ngx_str_t *value)
{
    ngx_ai_json_comma(w, 1);
    ngx_ai_json_quote(w, value->data, value->len);
}


void
ngx_ai_json_write_string_or_null(ngx_ai_json_writer_t *w,
    const ngx_str_t *value)
{
    if (value->len) {
        ngx_ai_json_write_string(w, value);

    } else {
        ngx_ai_json_write_null(w);
    }
}


void
ngx_ai_json_write_int(ngx_ai_json_writer_t *w, int64_t value)
{
    u_char  text[NGX_INT64_LEN], *last;

    last = ngx_snprintf(text, sizeof(text), "%L", value);

    ngx_ai_json_comma(w, 1);
    ngx_ai_json_append(w, text, last - text);
}


void
ngx_ai_json_write_bool(ngx_ai_json_writer_t *w, ngx_uint_t value)
{
    ngx_ai_json_comma(w, 1);

    if (value) {
        ngx_ai_json_append(w, "true", 4);

    } else {
        ngx_ai_json_append(w, "false", 5);
    }
}


void
ngx_ai_json_write_null(ngx_ai_json_writer_t *w)
{
    ngx_ai_json_comma(w, 1);
    ngx_ai_json_append(w, "null", 4);
}


void
ngx_ai_json_write_raw(ngx_ai_json_writer_t *w, const ngx_str_t *json)
{
    ngx_ai_json_comma(w, 1);
    ngx_ai_json_append(w, json->data, json->len);
}


void
ngx_ai_json_write_text(ngx_ai_json_writer_t *w, const ngx_str_t *source)
{
    ngx_ai_json_comma(w, 1);
    ngx_ai_json_append(w, "\"", 1);
    ngx_ai_json_append(w, source->data, source->len);
    ngx_ai_json_append(w, "\"", 1);
}


void
ngx_ai_json_write_members(ngx_ai_json_writer_t *w, const char *text,
    size_t len)
{
    ngx_ai_json_comma(w, 1);
    ngx_ai_json_append(w, text, len);
}


/* the comma before a key or a value; "next": what follows it needs one */

static void
ngx_ai_json_comma(ngx_ai_json_writer_t *w, ngx_uint_t next)
{
    if (w->comma) {
        ngx_ai_json_append(w, ",", 1);
    }

    w->comma = next;
}


static void
ngx_ai_json_quote(ngx_ai_json_writer_t *w, const u_char *data, size_t len)
{
    const u_char  *p, *end, *next;

    ngx_ai_json_append(w, "\"", 1);

    p = data;
    end = data + len;

    while (p < end) {

        p = ngx_ai_text_plain(p, end);
        next = ngx_ai_text_utf8(p, end);

        if (next != p) {
            p = next;
            continue;
        }

        ngx_ai_json_append(w, data, p - data);

        if (p < end) {
            ngx_ai_json_escape(w, *p++);
        }

        data = p;
    }

    ngx_ai_json_append(w, data, p - data);
    ngx_ai_json_append(w, "\"", 1);
}


static void
ngx_ai_json_escape(ngx_ai_json_writer_t *w, u_char c)
{
    u_char  text[6];

    switch (c) {

    case '"':
        ngx_ai_json_append(w, "\\\"", 2);
        break;

    case '\\':
        ngx_ai_json_append(w, "\\\\", 2);
        break;

    case '\n':
        ngx_ai_json_append(w, "\\n", 2);
        break;

    case '\r':
        ngx_ai_json_append(w, "\\r", 2);
        break;

    case '\t':
        ngx_ai_json_append(w, "\\t", 2);
        break;

    default:

        if (c >= 0x80) {
            ngx_ai_json_append(w, "\xef\xbf\xbd", 3);
            break;
        }

        (void) ngx_snprintf(text, sizeof(text), "\\u%04xi", (ngx_uint_t) c);
        ngx_ai_json_append(w, text, sizeof(text));
    }
}


static void
ngx_ai_json_append(ngx_ai_json_writer_t *w, const void *data, size_t len)
{
    if (w->rc == NGX_OK) {
        w->rc = ngx_ai_buf_append(w->buf, data, len);
    }
}
