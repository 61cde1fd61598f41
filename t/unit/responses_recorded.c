
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Every recorded exchange of Responses, of all who speak it: a request goes
 * into the hub and is written again with the same meaning, and so do replies
 * and streams, which come in pieces of any size.
 */


#include "wire_recorded.h"


typedef struct {
    wire_t             wire;
    ngx_ai_reader_t   *readers;      /* of the dialect */
    ngx_ai_reader_t   *file;
    const char        *name;
    wire_rec_counts_t  counts;
    ngx_uint_t         refused;
} rec_t;


static void recorded(const char *root, const char *dir);
static void recording(rec_t *r, const ngx_str_t *text);
static void request(rec_t *r, const ngx_str_t *body);
static void plain(ngx_ai_chat_t *chat);
static ngx_uint_t refused(const char *name);
static void reply(rec_t *r, const ngx_str_t *body);
static void stream(rec_t *r, const ngx_str_t *bytes);
static void passed(rec_t *r, const ngx_ai_reply_t *reply, ngx_uint_t finish,
    const ngx_ai_usage_t *usage);
static void error(rec_t *r, ngx_uint_t status, const ngx_str_t *body);
static void same(rec_t *r, hub_text_t *a, hub_text_t *b, const char *what);
static void unsummary(hub_text_t *t);
static void copy(wire_t *w, ngx_str_t *out);


int
main(void)
{
    ngx_uint_t   i;
    const char  *root;

    static const char  *dirs[] = {
        "openai.responses", "azure.responses", "xai.responses",
        "deepseek.responses", "bedrock-mantle.responses",
        "chatgpt.responses", "compat.responses", "openrouter.responses"
    };

    root = wire_recorded_root();

    if (root == NULL) {
        return 0;
    }

    for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        recorded(root, dirs[i]);
    }

    return done();
}


static void
recorded(const char *root, const char *dir)
{
    int              i, n;
    char             path[1024];
    FILE            *f;
    rec_t            r;
    ngx_str_t        text;
    ngx_pool_t      *pool;
    struct dirent  **entries;

    memset(&r, 0, sizeof(r));

    snprintf(path, sizeof(path), "%.500s/recorded/%.100s", root, dir);

    n = scandir(path, &entries, NULL, alphasort);

    if (!ok(n > 2, "%s is there", dir)) {
        return;
    }

    pool = ngx_create_pool(4096, &ngx_shim_log);

    r.readers = ngx_ai_readers_create(pool, ngx_ai_responses.tables,
                                      ngx_ai_responses.ntables);
    r.file = ngx_ai_readers_create(pool, &wire_rec_table, 1);

    wire_init(&r.wire, NGX_AI_DIALECT_RESPONSES, &ngx_ai_responses);
    r.wire.told.route = ngx_ai_route(NGX_AI_ROUTE_RESPONSES);

    for (i = 0; i < n; i++) {

        if (entries[i]->d_name[0] != '.') {
            r.name = entries[i]->d_name;

            snprintf(path, sizeof(path), "%.300s/recorded/%.100s/%.300s",
                     root, dir, r.name);

            f = fopen(path, "rb");

            if (f == NULL) {
                abort();
            }

            text.data = malloc(WIRE_OUT_MAX);
            text.len = fread(text.data, 1, WIRE_OUT_MAX, f);
            fclose(f);

            recording(&r, &text);
            free(text.data);
        }

        free(entries[i]);
    }

    free(entries);

    is_int(r.counts.wrong, 0, "%s: %d requests (%d refused), %d replies, "
           "%d streams and %d errors", dir, (int) r.counts.requests,
           (int) r.refused, (int) r.counts.replies, (int) r.counts.streams,
           (int) r.counts.errors);

    wire_free(&r.wire);
    ngx_destroy_pool(pool);
}


static void
recording(rec_t *r, const ngx_str_t *text)
{
    u_char               *dst;
    size_t                len;
    ngx_str_t             body;
    ngx_uint_t            status;
    ngx_ai_scan_value_t   v[WIRE_REC_FIELDS];

    if (ngx_ai_reader_read(r->file, text) != NGX_OK) {
        wire_rec_check(&r->counts, 0, "the recording is JSON", r->name);
        return;
    }

    memcpy(v, r->file->values, sizeof(v));

    status = v[WIRE_REC_STATUS].value;

    if (v[WIRE_REC_REQUEST].type == NGX_AI_JSON_OBJECT
        && v[WIRE_REC_TEXT_REQUEST].count == 0 && status < 400)
    {
        body.data = text->data + v[WIRE_REC_REQUEST].start;
        body.len = v[WIRE_REC_REQUEST].end - v[WIRE_REC_REQUEST].start;

        request(r, &body);
    }

    if (v[WIRE_REC_BODY].type == NGX_AI_JSON_OBJECT) {
        body.data = text->data + v[WIRE_REC_BODY].start;
        body.len = v[WIRE_REC_BODY].end - v[WIRE_REC_BODY].start;

        if (status >= 400) {
            error(r, status, &body);

        } else if (!refused(r->name)) {
            reply(r, &body);
        }
    }

    if (v[WIRE_REC_TEXT].type == NGX_AI_JSON_STRING && status < 400) {
        len = v[WIRE_REC_TEXT].end - v[WIRE_REC_TEXT].start - 2;
        dst = malloc(len + 1);

        (void) ngx_ai_text_decode(text->data + v[WIRE_REC_TEXT].start + 1,
                                  len, dst, len, &body);
        stream(r, &body);
        free(dst);
    }
}


static void
request(rec_t *r, const ngx_str_t *body)
{
    wire_t      *w;
    ngx_str_t    out;
    hub_text_t   first = { NULL, 0, 0 };
    hub_text_t   then = { NULL, 0, 0 };

    w = &r->wire;
    r->counts.requests++;

    if (wire_read_ask(w, body->data, body->len) != NGX_OK) {

        r->refused++;

        if (!refused(r->name)) {
            diag("%s", w->fault);
            wire_rec_check(&r->counts, 0, "a request is read", r->name);
        }

        return;
    }

    wire_rec_check(&r->counts, !refused(r->name), "it is refused", r->name);

    plain(&w->chat);
    hub_chat_lines(&first, &w->chat, 0);

    wire_rec_check(&r->counts, wire_write_ask(w, "m", 0) == NGX_OK,
                   "a request is written", r->name);
    copy(w, &out);

    wire_rec_check(&r->counts,
                   wire_read_ask(w, out.data, out.len) == NGX_OK,
                   "what was written is read", r->name);
    free(out.data);

    plain(&w->chat);
    hub_chat_lines(&then, &w->chat, 0);

    same(r, &first, &then, "a request is written as it was read");
}


/*
 * The test asks for no stream; what is not to be kept is said aloud; a tool
 * that takes nothing says so; where to cache is not for others' ears.
 */

static void
plain(ngx_ai_chat_t *chat)
{
    ngx_uint_t         i, k;
    ngx_ai_part_t     *part;
    ngx_ai_tool_t     *tool;
    ngx_ai_message_t  *message;

    chat->stream = 0;
    chat->store = (chat->store == 1);

    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {
        if (tool[i].kind == NGX_AI_TOOL_FUNCTION && tool[i].schema.len == 0) {
            ngx_str_set(&tool[i].schema,
                        "{\"type\":\"object\",\"properties\":{}}");
        }
    }

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {
        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {
            ngx_str_null(&part[k].cache);
        }
    }
}


/* those that name what is with OpenAI: a template, a task */

static ngx_uint_t
refused(const char *name)
{
    return strstr(name, "-post-a18222ed-") != NULL
           || strstr(name, "-post-ec358e44-") != NULL
           || strstr(name, "-mixed-prompt-url-") != NULL
           || strstr(name, "-background-mode-streaming-") != NULL
           || strstr(name, "-background-mode-with-tool-vcr-2-") != NULL;
}


static void
reply(rec_t *r, const ngx_str_t *body)
{
    wire_t                *w;
    ngx_str_t              out;
    hub_text_t             first = { NULL, 0, 0 };
    hub_text_t             then = { NULL, 0, 0 };
    ngx_ai_reply_t         seen;
    ngx_ai_reader_t       *reader;
    ngx_ai_alternative_t  *a;

    w = &r->wire;
    r->counts.replies++;

    if (wire_read_answer(w, body->data, body->len) != NGX_OK) {
        wire_rec_check(&r->counts, 0, "a reply is read", r->name);
        return;
    }

    reader = &r->readers[ngx_ai_responses.reply];
    memset(&seen, 0, sizeof(seen));

    (void) ngx_ai_reader_read(reader, body);
    ngx_ai_responses.read_reply(w->told.route, reader->values, 0, &seen);

    a = w->answer.alternatives.elts;

    passed(r, &seen, a->finish, &w->answer.usage);

    hub_answer_fold(&first, &w->answer, HUB_IDS|HUB_SIGNATURES);

    wire_rec_check(&r->counts, wire_write_answer(w) == NGX_OK,
                   "a reply is written", r->name);
    copy(w, &out);

    wire_rec_check(&r->counts,
                   wire_read_answer(w, out.data, out.len) == NGX_OK,
                   "what was written is read", r->name);
    free(out.data);

    hub_answer_fold(&then, &w->answer, HUB_IDS|HUB_SIGNATURES);

    same(r, &first, &then, "a reply is written as it was read");
}


static void
stream(rec_t *r, const ngx_str_t *bytes)
{
    wire_t          *w;
    ngx_int_t        rc;
    ngx_str_t        out;
    hub_sink_t       sink, other;
    hub_text_t       first = { NULL, 0, 0 };
    hub_text_t       then = { NULL, 0, 0 };
    ngx_uint_t       i;
    ngx_ai_reply_t   seen;

    w = &r->wire;
    r->counts.streams++;

    rc = wire_read_stream(w, bytes->data, bytes->len, WIRE_WHOLE, 0, &sink);

    wire_rec_check(&r->counts, rc == NGX_OK, "a stream is read to its end",
                   r->name);

    for (i = WIRE_BYTES; i < 6; i++) {
        rc = wire_read_stream(w, bytes->data, bytes->len, i, 0, &other);

        wire_rec_check(&r->counts, rc == NGX_OK, "it is read in pieces",
                       r->name);
        wire_rec_same(&r->counts, &sink.deltas, &other.deltas,
                      "pieces make no difference", r->name);
        hub_sink_free(&other);
    }

    /* one has thought and said nothing: there is no content to be seen */

    if (memmem(bytes->data, bytes->len, ".delta", 6) != NULL) {
        wire_rec_events(w, &r->counts, r->readers, bytes, &seen, r->name);

        if (sink.error.len == 0) {
            passed(r, &seen, sink.reply.finish, &sink.reply.usage);
        }
    }

    hub_sink_fold(&sink, &first, HUB_IDS|HUB_SIGNATURES);
    hub_sink_free(&sink);

    rc = wire_write_stream(w, bytes->data, bytes->len);

    wire_rec_check(&r->counts, rc == NGX_OK, "a stream is written", r->name);
    copy(w, &out);

    rc = wire_read_stream(w, out.data, out.len, WIRE_WHOLE, 0, &sink);

    wire_rec_check(&r->counts, rc == NGX_OK, "what was written is read",
                   r->name);
    free(out.data);

    hub_sink_fold(&sink, &then, HUB_IDS|HUB_SIGNATURES);
    hub_sink_free(&sink);

    same(r, &first, &then, "a stream is written as it was read");
}


/* the status knows nothing of calls */

static void
passed(rec_t *r, const ngx_ai_reply_t *reply, ngx_uint_t finish,
    const ngx_ai_usage_t *usage)
{
    if (finish == NGX_AI_FINISH_TOOLS) {
        finish = NGX_AI_FINISH_STOP;
    }

    wire_rec_check(&r->counts, reply->finished && !reply->error
                   && (reply->finish == finish
                       || reply->finish == NGX_AI_FINISH_TOOLS),
                   "the finish is seen when it passes", r->name);

    wire_rec_check(&r->counts,
                   memcmp(reply->usage.tokens, usage->tokens,
                          sizeof(usage->tokens)) == 0
                   && reply->usage.reported == usage->reported,
                   "usage is seen when it passes", r->name);
}


static void
error(rec_t *r, ngx_uint_t status, const ngx_str_t *body)
{
    ngx_ai_error_t  error;

    r->counts.errors++;

    memset(&error, 0, sizeof(error));

    error.status = status;
    error.kind = ngx_ai_error_kind(status);

    (void) ngx_ai_responses.read_error(r->readers, body, &error);

    wire_rec_check(&r->counts, error.message.len, "an error has a message",
                   r->name);
}


static void
same(rec_t *r, hub_text_t *a, hub_text_t *b, const char *what)
{
    unsummary(a);
    unsummary(b);

    wire_rec_same(&r->counts, a, b, what, r->name);

    hub_text_free(a);
    hub_text_free(b);
}


/* a client is told all thoughts as a summary */

static void
unsummary(hub_text_t *t)
{
    char  *p;

    static const char  word[] = " summary";

    while (t->len
           && (p = memmem(t->data, t->len, word, sizeof(word) - 1)) != NULL)
    {
        t->len -= sizeof(word) - 1;
        memmove(p, p + sizeof(word) - 1, t->data + t->len - p);
    }
}


static void
copy(wire_t *w, ngx_str_t *out)
{
    out->len = ngx_ai_buf_len(&w->out);
    out->data = malloc(out->len + 1);

    memcpy(out->data, w->out.start, out->len);
}
