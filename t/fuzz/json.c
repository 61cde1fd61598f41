
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The JSON reader and writer: what is read and written again is read the same
 * once more, a callback can end the reading anywhere, and any bytes can be
 * written as a string.
 *
 *     input = event to stop at, the document
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_json.h"
#include "ngx_ai_scan.h"
#include "ngx_ai_text.h"


#define FUZZ_DEPTH  40                  /* more than the paths have levels */


/* writes what it reads */

typedef struct {
    ngx_ai_json_reader_t   reader;
    ngx_ai_json_writer_t   writer;
    ngx_ai_buf_t           buf;
    ngx_uint_t             events;
    ngx_uint_t             stop;
} fuzz_copy_t;


extern ngx_log_t  ngx_shim_log;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static ngx_int_t fuzz_copy(fuzz_copy_t *copy, const ngx_str_t *text,
    ngx_uint_t stop);
static void fuzz_bytes(const uint8_t *data, size_t size);
static ngx_int_t fuzz_event(fuzz_copy_t *copy);
static ngx_int_t fuzz_start_map(void *ctx);
static ngx_int_t fuzz_key(void *ctx, const ngx_str_t *key);
static ngx_int_t fuzz_end(void *ctx);
static ngx_int_t fuzz_start_array(void *ctx);
static ngx_int_t fuzz_string(void *ctx, const ngx_str_t *value);
static ngx_int_t fuzz_number(void *ctx, const ngx_str_t *text);
static ngx_int_t fuzz_boolean(void *ctx, ngx_uint_t value);
static ngx_int_t fuzz_null(void *ctx);
static void fuzz_check(ngx_uint_t good);


static const ngx_ai_json_events_t  fuzz_events = {
    fuzz_start_map, fuzz_key, fuzz_end, fuzz_start_array, fuzz_end,
    fuzz_string, fuzz_number, fuzz_boolean, fuzz_null
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_int_t      rc;
    ngx_str_t      text, again;
    fuzz_copy_t    one, two;
    ngx_ai_scan_t  scan;

    if (size < 1) {
        return 0;
    }

    text.data = (u_char *) data + 1;
    text.len = size - 1;

    fuzz_bytes(text.data, text.len);

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, FUZZ_DEPTH);
    (void) ngx_ai_scan_feed(&scan, text.data, text.data + text.len);

    rc = fuzz_copy(&one, &text, 0);

    fuzz_check(rc == ngx_ai_scan_end(&scan));
    fuzz_check((rc == NGX_OK) == (one.reader.error == NULL));
    fuzz_check(rc == NGX_OK || one.events == 0);

    if (rc == NGX_OK) {
        fuzz_check(one.writer.rc == NGX_OK);
        fuzz_check(one.reader.path.len == 0);
        fuzz_check(one.events != 0);

        again.data = one.buf.start;
        again.len = ngx_ai_buf_len(&one.buf);

        rc = fuzz_copy(&two, &again, 0);

        fuzz_check(rc == NGX_OK);
        fuzz_check(two.events == one.events);
        fuzz_check(ngx_ai_buf_len(&two.buf) == again.len);
        fuzz_check(ngx_memcmp(two.buf.start, again.data, again.len) == 0);

        ngx_ai_buf_free(&two.buf);

        rc = fuzz_copy(&two, &text, data[0] % one.events + 1);

        fuzz_check(rc == NGX_DECLINED);
        fuzz_check(two.events == data[0] % one.events + 1);
        fuzz_check(two.reader.error == NULL);
        fuzz_check(two.reader.line != 0);
        fuzz_check(two.reader.offset <= text.len);
        fuzz_check(two.reader.path.len <= NGX_AI_JSON_PATH);

        ngx_ai_buf_free(&two.buf);
    }

    ngx_ai_buf_free(&one.buf);

    return 0;
}


static ngx_int_t
fuzz_copy(fuzz_copy_t *copy, const ngx_str_t *text, ngx_uint_t stop)
{
    copy->events = 0;
    copy->stop = stop;

    /* an escape of six bytes is the most a byte can become */

    ngx_ai_buf_init(&copy->buf, text->len * 6 + 16, &ngx_shim_log);
    ngx_ai_json_writer_init(&copy->writer, &copy->buf);

    return ngx_ai_json_read(&copy->reader, text, FUZZ_DEPTH, &fuzz_events,
                            copy);
}


static void
fuzz_bytes(const uint8_t *data, size_t size)
{
    u_char                *decoded;
    ngx_str_t              value, out;
    ngx_ai_buf_t           buf;
    const u_char          *p, *end;
    ngx_ai_scan_t          scan;
    ngx_ai_json_writer_t   w;

    value.data = (u_char *) data;
    value.len = size;

    ngx_ai_buf_init(&buf, size * 6 + 2, &ngx_shim_log);
    ngx_ai_json_writer_init(&w, &buf);
    ngx_ai_json_write_string(&w, &value);

    fuzz_check(w.rc == NGX_OK);

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, 0);

    fuzz_check(ngx_ai_scan_feed(&scan, buf.start, buf.last) == NGX_OK);

    decoded = malloc(3 * size);

    fuzz_check(ngx_ai_text_decode(buf.start + 1, ngx_ai_buf_len(&buf) - 2,
                                  decoded, 3 * size, &out)
               == NGX_OK);

    /* what is UTF-8 stays the same */

    p = data;
    end = data + size;

    while (p < end && (*p < 0x80 || ngx_ai_text_utf8(p, end) != p)) {
        p = (*p < 0x80) ? p + 1 : ngx_ai_text_utf8(p, end);
    }

    fuzz_check(p != end || (out.len == size
                            && ngx_memcmp(out.data, data, size) == 0));

    free(decoded);
    ngx_ai_buf_free(&buf);
}


static ngx_int_t
fuzz_event(fuzz_copy_t *copy)
{
    fuzz_check(copy->reader.path.len <= NGX_AI_JSON_PATH);

    return (++copy->events == copy->stop) ? NGX_DECLINED : NGX_OK;
}


static ngx_int_t
fuzz_start_map(void *ctx)
{
    fuzz_copy_t  *copy = ctx;

    ngx_ai_json_write_object(&copy->writer);

    return fuzz_event(copy);
}


static ngx_int_t
fuzz_key(void *ctx, const ngx_str_t *key)
{
    char         *name;
    size_t        i;
    fuzz_copy_t  *copy = ctx;

    /* the writer's keys are the program's own: there is no zero in them */

    name = malloc(key->len + 1);

    for (i = 0; i < key->len; i++) {
        name[i] = key->data[i] ? (char) key->data[i] : '0';
    }

    name[i] = '\0';

    ngx_ai_json_write_key(&copy->writer, name);

    free(name);

    return fuzz_event(copy);
}


static ngx_int_t
fuzz_end(void *ctx)
{
    fuzz_copy_t  *copy = ctx;

    ngx_ai_json_write_end(&copy->writer);

    return fuzz_event(copy);
}


static ngx_int_t
fuzz_start_array(void *ctx)
{
    fuzz_copy_t  *copy = ctx;

    ngx_ai_json_write_array(&copy->writer);

    return fuzz_event(copy);
}


static ngx_int_t
fuzz_string(void *ctx, const ngx_str_t *value)
{
    fuzz_copy_t  *copy = ctx;

    ngx_ai_json_write_string(&copy->writer, value);

    return fuzz_event(copy);
}


static ngx_int_t
fuzz_number(void *ctx, const ngx_str_t *text)
{
    fuzz_copy_t  *copy = ctx;

    ngx_ai_json_write_raw(&copy->writer, text);

    return fuzz_event(copy);
}


static ngx_int_t
fuzz_boolean(void *ctx, ngx_uint_t value)
{
    fuzz_copy_t  *copy = ctx;

    ngx_ai_json_write_bool(&copy->writer, value);

    return fuzz_event(copy);
}


static ngx_int_t
fuzz_null(void *ctx)
{
    fuzz_copy_t  *copy = ctx;

    ngx_ai_json_write_null(&copy->writer);

    return fuzz_event(copy);
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
