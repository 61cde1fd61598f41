
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _WIRE_RECORDED_H_INCLUDED_
#define _WIRE_RECORDED_H_INCLUDED_


/*
 * Recorded exchanges of one dialect: each request, reply, stream and error is
 * read, written again and read again.
 *
 * AI_FIXTURES is their directory, ../shared/fixtures when it is not set.
 */


#include "tap.h"
#include "wire.h"

#include "ngx_ai_reader.h"
#include "ngx_ai_text.h"

#include <dirent.h>


typedef enum {
    WIRE_REC_PATH = 0,
    WIRE_REC_REQUEST,
    WIRE_REC_TEXT_REQUEST,
    WIRE_REC_STATUS,
    WIRE_REC_BODY,
    WIRE_REC_TEXT,
    WIRE_REC_BASE64,
    WIRE_REC_FIELDS
} wire_rec_e;


/* what a test knows of its dialect */

typedef struct {
    ngx_uint_t               number;
    const ngx_ai_dialect_t  *dialect;

    /* the model of a request: from its path, or any */
    const char            *(*model)(const ngx_str_t *path);

    /* takes out of a request what the dialect can't or need not say */
    void                   (*plain)(ngx_ai_chat_t *chat);

    /* 1: this request is worded otherwise when it is written */
    ngx_uint_t             (*reworded)(const char *name);
} wire_rec_t;


typedef struct {
    ngx_uint_t               requests;
    ngx_uint_t               replies;
    ngx_uint_t               streams;
    ngx_uint_t               errors;
    ngx_uint_t               reworded;
    ngx_uint_t               wrong;
} wire_rec_counts_t;


static const ngx_ai_scan_field_t  wire_rec_fields[WIRE_REC_FIELDS] = {
    { ngx_string("request.path") },
    { ngx_string("request.body") },
    { ngx_string("request.body.text") },
    { ngx_string("response.status") },
    { ngx_string("response.body") },
    { ngx_string("response.text") },
    { ngx_string("response.base64") }
};


static const ngx_ai_table_t  wire_rec_table = {
    wire_rec_fields, WIRE_REC_FIELDS
};


static inline void
wire_rec_check(wire_rec_counts_t *counts, ngx_uint_t good, const char *what,
    const char *name)
{
    if (!good) {
        counts->wrong++;
        diag("%s: not so: %s", name, what);
    }
}


static inline void
wire_rec_same(wire_rec_counts_t *counts, const hub_text_t *a,
    const hub_text_t *b, const char *what, const char *name)
{
    if (a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len)
                                            == 0))
    {
        return;
    }

    counts->wrong++;
    diag("%s: not so: %s", name, what);
    tap_print_bytes("first", a->data, a->len);
    tap_print_bytes("then", b->data, b->len);
}


static inline size_t
wire_rec_base64(const u_char *src, size_t len, u_char *dst)
{
    u_char    c;
    size_t    i, n;
    uint32_t  bits;

    bits = 0;
    n = 0;

    for (i = 0; i < len && src[i] != '='; i++) {
        c = src[i];

        c = (c >= 'A' && c <= 'Z') ? c - 'A'
            : (c >= 'a' && c <= 'z') ? c - 'a' + 26
            : (c >= '0' && c <= '9') ? c - '0' + 52
            : (c == '+') ? 62 : 63;

        bits = bits << 6 | c;

        if (i % 4) {
            dst[n++] = (u_char) (bits >> (6 - 2 * (i % 4)));
        }
    }

    return n;
}


/* a first text, and what is left of it when it has been written */

static inline void
wire_rec_request(wire_t *w, const wire_rec_t *rec, wire_rec_counts_t *counts,
    const ngx_str_t *path, const ngx_str_t *body, ngx_uint_t good,
    const char *name)
{
    ngx_int_t     rc;
    ngx_str_t     out;
    hub_text_t    first = { NULL, 0, 0 };
    hub_text_t    then = { NULL, 0, 0 };
    hub_text_t    last = { NULL, 0, 0 };
    const char   *model;

    counts->requests++;

    rc = wire_read_ask(w, body->data, body->len);

    if (rc != NGX_OK) {
        diag("%s: %s", name, w->fault);
        wire_rec_check(counts, !good, "a request that was taken is read",
                       name);
        return;
    }

    model = rec->model(path);

    rec->plain(&w->chat);
    hub_chat_lines(&first, &w->chat, 0);

    wire_rec_check(counts, wire_write_ask(w, model, w->chat.stream)
                   == NGX_OK,
                   "a request is written", name);

    out.len = ngx_ai_buf_len(&w->out);
    out.data = malloc(out.len);
    memcpy(out.data, w->out.start, out.len);

    wire_rec_check(counts, wire_read_ask(w, out.data, out.len) == NGX_OK,
                   "what was written is read", name);
    free(out.data);

    hub_chat_lines(&then, &w->chat, 0);

    if (rec->reworded(name)) {
        counts->reworded++;

        wire_rec_check(counts,
                       first.len != then.len
                       || memcmp(first.data, then.data, first.len) != 0,
                       "it is worded otherwise", name);

    } else {
        wire_rec_same(counts, &first, &then, "a request is written as it was "
                      "read", name);
    }

    wire_rec_check(counts, wire_write_ask(w, model, w->chat.stream)
                   == NGX_OK,
                   "a request is written again", name);

    out.len = ngx_ai_buf_len(&w->out);
    out.data = malloc(out.len);
    memcpy(out.data, w->out.start, out.len);

    wire_rec_check(counts, wire_read_ask(w, out.data, out.len) == NGX_OK,
                   "what was written again is read", name);
    free(out.data);

    hub_chat_lines(&last, &w->chat, 0);

    wire_rec_same(counts, &then, &last, "the second time nothing changes",
                  name);

    hub_text_free(&first);
    hub_text_free(&then);
    hub_text_free(&last);
}


/* what is seen of it when it passes */

static inline void
wire_rec_passed(wire_rec_counts_t *counts, const ngx_ai_reply_t *passed,
    ngx_uint_t finish, const ngx_ai_usage_t *usage, const char *name)
{
    wire_rec_check(counts, passed->finished && passed->finish == finish,
                   "the finish is seen when it passes", name);
    wire_rec_check(counts,
                   memcmp(passed->usage.tokens, usage->tokens,
                          sizeof(usage->tokens)) == 0
                   && passed->usage.reported == usage->reported,
                   "usage is seen when it passes", name);
    wire_rec_check(counts, !passed->error, "no error is seen", name);
}


static inline void
wire_rec_spoken(ngx_array_t *parts)
{
    ngx_uint_t      i, n;
    ngx_ai_part_t  *part;

    n = 0;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind != NGX_AI_PART_TEXT || part[i].text.len
            || part[i].citations != NULL)
        {
            part[n++] = part[i];
        }
    }

    parts->nelts = n;
}


static inline void
wire_rec_reply(wire_t *w, wire_rec_counts_t *counts, ngx_ai_reader_t *readers,
    const ngx_str_t *body, const char *name)
{
    ngx_str_t              out;
    hub_text_t             first = { NULL, 0, 0 };
    hub_text_t             then = { NULL, 0, 0 };
    ngx_ai_reply_t         passed;
    ngx_ai_reader_t       *reader;
    ngx_ai_alternative_t  *a;

    counts->replies++;

    if (wire_read_answer(w, body->data, body->len) != NGX_OK) {
        wire_rec_check(counts, 0, "a reply is read", name);
        return;
    }

    reader = &readers[w->dialect->reply];
    memset(&passed, 0, sizeof(passed));

    wire_rec_check(counts, ngx_ai_reader_read(reader, body) == NGX_OK,
                   "a reply is scanned", name);

    w->dialect->read_reply(w->told.route, reader->values, 0, &passed);

    a = w->answer.alternatives.elts;

    wire_rec_passed(counts, &passed, a->finish, &w->answer.usage, name);

    /* what is not reported may be told as zeros, an empty text not at all */

    w->answer.usage.reported = 1;

    wire_rec_spoken(&a->parts);
    hub_answer_fold(&first, &w->answer, HUB_IDS|HUB_SIGNATURES);

    wire_rec_check(counts, wire_write_answer(w) == NGX_OK,
                   "a reply is written", name);

    out.len = ngx_ai_buf_len(&w->out);
    out.data = malloc(out.len);
    memcpy(out.data, w->out.start, out.len);

    wire_rec_check(counts, wire_read_answer(w, out.data, out.len) == NGX_OK,
                   "what was written is read", name);
    free(out.data);

    w->answer.usage.reported = 1;

    hub_answer_fold(&then, &w->answer, HUB_IDS|HUB_SIGNATURES);

    wire_rec_same(counts, &first, &then, "a reply is written as it was read",
                  name);

    hub_text_free(&first);
    hub_text_free(&then);
}


static inline void
wire_rec_events(wire_t *w, wire_rec_counts_t *counts,
    ngx_ai_reader_t *readers, const ngx_str_t *bytes, ngx_ai_reply_t *passed,
    const char *name)
{
    u_char              *start, *pos, *last;
    ngx_uint_t           content;
    ngx_ai_event_t       event;
    ngx_ai_framing_t     framing;
    ngx_ai_sse_event_t   ev;

    memset(passed, 0, sizeof(ngx_ai_reply_t));

    start = malloc(bytes->len);
    memcpy(start, bytes->data, bytes->len);

    ngx_ai_framing_init(&framing, w->dialect->framing, WIRE_EVENT_MAX,
                        &ngx_shim_log);
    pos = start;
    last = start + bytes->len;
    content = 0;

    for ( ;; ) {
        memset(&ev, 0, sizeof(ev));

        if (ngx_ai_framing_end(&framing, &pos, last, &ev) != NGX_OK) {
            break;
        }

        if (ev.lines == 0) {
            continue;
        }

        wire_rec_check(counts,
                       w->dialect->read_event(w->told.route, readers, &ev, 0,
                                              0, passed, &event)
                       == NGX_OK, "an event passes", name);

        content |= event.content;
    }

    wire_rec_check(counts, content, "content is seen when it passes", name);

    ngx_ai_framing_free(&framing);
    free(start);
}


static inline void
wire_rec_stream(wire_t *w, wire_rec_counts_t *counts,
    ngx_ai_reader_t *readers, const ngx_str_t *bytes, const char *name)
{
    ngx_int_t       rc;
    ngx_str_t       out;
    hub_sink_t      sink, other;
    hub_text_t      first = { NULL, 0, 0 };
    hub_text_t      then = { NULL, 0, 0 };
    ngx_uint_t      i;
    ngx_ai_reply_t  passed;

    counts->streams++;

    rc = wire_read_stream(w, bytes->data, bytes->len, WIRE_WHOLE, 0, &sink);

    wire_rec_check(counts, rc == NGX_OK, "a stream is read to its end", name);

    for (i = WIRE_BYTES; i < 8; i++) {
        rc = wire_read_stream(w, bytes->data, bytes->len, i, 0, &other);

        wire_rec_check(counts, rc == NGX_OK, "it is read in pieces", name);
        wire_rec_same(counts, &sink.deltas, &other.deltas,
                      "pieces make no difference", name);
        hub_sink_free(&other);
    }

    wire_rec_events(w, counts, readers, bytes, &passed, name);

    if (sink.error.len) {
        wire_rec_check(counts, passed.error, "the error is seen", name);
        hub_sink_free(&sink);
        return;
    }

    wire_rec_passed(counts, &passed, sink.reply.finish, &sink.reply.usage,
                    name);

    hub_sink_fold(&sink, &first, HUB_IDS|HUB_SIGNATURES);
    hub_sink_free(&sink);

    wire_rec_check(counts,
                   wire_write_stream(w, bytes->data, bytes->len) == NGX_OK,
                   "a stream is written", name);

    out.len = ngx_ai_buf_len(&w->out);
    out.data = malloc(out.len);
    memcpy(out.data, w->out.start, out.len);

    rc = wire_read_stream(w, out.data, out.len, WIRE_WHOLE, 0, &sink);

    wire_rec_check(counts, rc == NGX_OK, "what was written is read", name);

    hub_sink_fold(&sink, &then, HUB_IDS|HUB_SIGNATURES);

    wire_rec_same(counts, &first, &then, "a stream is written as it was read",
                  name);

    hub_sink_free(&sink);
    hub_text_free(&first);
    hub_text_free(&then);
    free(out.data);
}


static inline void
wire_rec_error(wire_t *w, wire_rec_counts_t *counts, ngx_ai_reader_t *readers,
    ngx_uint_t status, const ngx_str_t *body, const char *name)
{
    ngx_ai_error_t  error;

    counts->errors++;

    memset(&error, 0, sizeof(error));

    error.status = status;
    error.kind = ngx_ai_error_kind(status);

    wire_rec_check(counts,
                   w->dialect->read_error(readers, body, &error) == NGX_OK
                   && error.message.len, "an error is one", name);
}


static inline void
wire_recording(wire_t *w, const wire_rec_t *rec, wire_rec_counts_t *counts,
    ngx_ai_reader_t *readers, ngx_ai_reader_t *file, const ngx_str_t *text,
    const char *name)
{
    u_char               *dst;
    size_t                len;
    ngx_str_t             body, path;
    ngx_uint_t            status;
    ngx_ai_scan_value_t   v[WIRE_REC_FIELDS];

    if (ngx_ai_reader_read(file, text) != NGX_OK) {
        wire_rec_check(counts, 0, "the recording is JSON", name);
        return;
    }

    memcpy(v, file->values, sizeof(v));

    status = v[WIRE_REC_STATUS].value;

    path.data = v[WIRE_REC_PATH].text;
    path.len = v[WIRE_REC_PATH].len;

    if (v[WIRE_REC_REQUEST].type == NGX_AI_JSON_OBJECT
        && v[WIRE_REC_TEXT_REQUEST].count == 0)
    {
        body.data = text->data + v[WIRE_REC_REQUEST].start;
        body.len = v[WIRE_REC_REQUEST].end - v[WIRE_REC_REQUEST].start;

        wire_rec_request(w, rec, counts, &path, &body, status < 400, name);
    }

    if (v[WIRE_REC_BODY].type == NGX_AI_JSON_OBJECT) {
        body.data = text->data + v[WIRE_REC_BODY].start;
        body.len = v[WIRE_REC_BODY].end - v[WIRE_REC_BODY].start;

        if (status >= 400) {
            wire_rec_error(w, counts, readers, status, &body, name);

        } else {
            wire_rec_reply(w, counts, readers, &body, name);
        }
    }

    if (v[WIRE_REC_TEXT].type == NGX_AI_JSON_STRING && status < 400) {
        len = v[WIRE_REC_TEXT].end - v[WIRE_REC_TEXT].start - 2;
        dst = malloc(len + 1);

        wire_rec_check(counts,
                       ngx_ai_text_decode(text->data
                                          + v[WIRE_REC_TEXT].start + 1,
                                          len, dst, len, &body)
                       == NGX_OK, "the text can be decoded", name);

        wire_rec_stream(w, counts, readers, &body, name);
        free(dst);
    }

    if (v[WIRE_REC_BASE64].type == NGX_AI_JSON_STRING && status < 400) {
        len = v[WIRE_REC_BASE64].end - v[WIRE_REC_BASE64].start - 2;
        dst = malloc(len + 1);

        body.len = wire_rec_base64(text->data + v[WIRE_REC_BASE64].start + 1,
                                   len, dst);
        body.data = dst;

        wire_rec_stream(w, counts, readers, &body, name);
        free(dst);
    }
}


static inline void
wire_rec_file(wire_t *w, const wire_rec_t *rec, wire_rec_counts_t *counts,
    ngx_ai_reader_t *readers, ngx_ai_reader_t *reader, const char *path,
    const char *name)
{
    char        full[2048];
    FILE       *f;
    long        size;
    ngx_str_t   text;

    snprintf(full, sizeof(full), "%.1000s/%.1000s", path, name);

    f = fopen(full, "rb");

    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) <= 0) {
        wire_rec_check(counts, 0, "the recording can be read", name);
        return;
    }

    rewind(f);

    text.len = (size_t) size;
    text.data = malloc(text.len);

    wire_rec_check(counts, fread(text.data, 1, text.len, f) == text.len,
                   "the recording is read", name);
    fclose(f);

    wire_recording(w, rec, counts, readers, reader, &text, name);

    free(text.data);
}


/* one directory of recordings; says what it found, and fails without it */

static inline void
wire_recorded(const wire_rec_t *rec, const char *root, const char *dir)
{
    int                 i, n;
    char                path[1024];
    wire_t              w;
    ngx_pool_t         *pool;
    struct dirent     **entries;
    ngx_ai_reader_t    *readers, *reader;
    wire_rec_counts_t   counts;

    memset(&counts, 0, sizeof(counts));

    snprintf(path, sizeof(path), "%.500s/recorded/%.100s", root, dir);

    n = scandir(path, &entries, NULL, alphasort);

    if (!ok(n > 2, "%s is there", dir)) {
        return;
    }

    pool = ngx_create_pool(4096, &ngx_shim_log);
    readers = ngx_ai_readers_create(pool, rec->dialect->tables,
                                    rec->dialect->ntables);
    reader = ngx_ai_readers_create(pool, &wire_rec_table, 1);

    wire_init(&w, rec->number, rec->dialect);

    for (i = 0; i < n; i++) {

        if (entries[i]->d_name[0] != '.') {
            wire_rec_file(&w, rec, &counts, readers, reader, path,
                          entries[i]->d_name);
        }

        free(entries[i]);
    }

    free(entries);

    is_int(counts.wrong, 0, "%s: %d requests (%d reworded), %d replies, "
           "%d streams and %d errors are read, written and read again", dir,
           (int) counts.requests, (int) counts.reworded, (int) counts.replies,
           (int) counts.streams, (int) counts.errors);

    wire_free(&w);
    ngx_destroy_pool(pool);
}


/* NULL: there are no recordings, which is said aloud */

static inline const char *
wire_recorded_root(void)
{
    const char  *root;

    root = getenv("AI_FIXTURES");

    if (root == NULL) {
        root = "../shared/fixtures";
    }

    if (access(root, R_OK) != 0) {
        printf("1..0 # SKIP %s is not there\n", root);
        return NULL;
    }

    return root;
}


#endif /* _WIRE_RECORDED_H_INCLUDED_ */
