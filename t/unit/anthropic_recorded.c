
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Recorded exchanges with Anthropic, and with Vertex AI, Bedrock and Azure,
 * which serve its dialect:
 *
 *     a request   is read, written, and read again: nothing that a provider
 *                 of the dialect can be told is lost on the way
 *     a reply     is read, written for a client, and read again
 *     a stream    is the same sequence however it is cut, and says the same
 *                 when it was written for a client and is read again
 *
 * and what is noted of a reply that passes is what is in the hub.
 *
 * AI_FIXTURES is their directory, ../shared/fixtures when it is not set.
 */


#include "anthropic.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>


#define NODES_MAX  10000000


typedef struct {
    ngx_uint_t             requests;
    ngx_uint_t             replies;
    ngx_uint_t             streams;
    ngx_uint_t             errors;
    ngx_uint_t             wrong;
} counts_t;


typedef struct {
    const char            *path;
    ngx_uint_t             quirks;
    char                   model[128];
    int64_t                status;
    ngx_str_t              ask;
    ngx_str_t              body;       /* of a whole reply */
    ngx_str_t              stream;     /* decoded; free() it */
} exchange_t;


static void exchange(const char *path);
static ngx_str_t contents(const char *path);
static void find(exchange_t *x, const ngx_ai_node_t *root);
static void model(exchange_t *x, const ngx_ai_node_t *request);
static void request(exchange_t *x);
static void reply(exchange_t *x);
static void error(exchange_t *x);
static void stream(exchange_t *x);
static void passing(exchange_t *x, const hub_text_t *fold);
static void wrong(exchange_t *x, const char *what, const hub_text_t *one,
    const hub_text_t *other);
static void strip(hub_text_t *t, const char *from, const char *to);
static void settle(hub_text_t *t);


static ngx_ai_tree_t     outer;
static counts_t          counts;
static ngx_ai_reader_t  *readers;

static hub_text_t        one, other, third;


int
main(void)
{
    char         pattern[1024];
    size_t       i, k;
    glob_t       files;
    const char  *root;
    ngx_pool_t  *pool;

    static const char  *names[] = {
        "anthropic.messages", "azure.anthropic", "vertex.anthropic",
        "bedrock.invoke_anthropic"
    };

    root = getenv("AI_FIXTURES");

    if (root == NULL && access("../shared/fixtures/recorded", R_OK) == 0) {
        root = "../shared/fixtures";
    }

    if (root == NULL) {
        fprintf(stderr, "anthropic_recorded: AI_FIXTURES is not set: NO "
                "RECORDED TRAFFIC IS READ\n");
        printf("1..0 # SKIP AI_FIXTURES is not set: no recorded traffic\n");
        return 0;
    }

    pool = ngx_create_pool(4096, &ngx_shim_log);
    readers = ngx_ai_readers_create(pool, ngx_ai_anthropic.tables,
                                    ngx_ai_anthropic.ntables);

    anth_init();
    ngx_ai_tree_init(&outer, NODES_MAX, &ngx_shim_log);

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        memset(&counts, 0, sizeof(counts_t));

        snprintf(pattern, sizeof(pattern), "%s/recorded/%s/*.json", root,
                 names[i]);

        if (glob(pattern, 0, NULL, &files) != 0) {
            fprintf(stderr, "%s: there is none\n", pattern);
            return 2;
        }

        for (k = 0; k < files.gl_pathc; k++) {
            exchange(files.gl_pathv[k]);
        }

        is_int(counts.wrong, 0, "%s: %d requests, %d replies, %d streams, %d "
               "errors say the same behind the hub", names[i],
               (int) counts.requests, (int) counts.replies,
               (int) counts.streams, (int) counts.errors);

        ok(counts.replies + counts.streams, "there are some");

        globfree(&files);
    }

    ngx_ai_tree_free(&outer);
    ngx_destroy_pool(pool);
    wire_free(&anth);

    hub_text_free(&one);
    hub_text_free(&other);
    hub_text_free(&third);

    return done();
}


static void
exchange(const char *path)
{
    ngx_str_t   text;
    exchange_t  x;

    memset(&x, 0, sizeof(exchange_t));

    x.path = path;
    text = contents(path);

    if (ngx_ai_tree_read(&outer, &text) != NGX_OK) {
        wrong(&x, "a recording is JSON", NULL, NULL);

    } else {
        find(&x, ngx_ai_tree_root(&outer));
    }

    if (x.ask.len) {
        counts.requests++;
        request(&x);
    }

    if (x.stream.len) {
        counts.streams++;
        stream(&x);

    } else if (x.body.len && x.status == 200) {
        counts.replies++;
        reply(&x);

    } else if (x.body.len) {
        counts.errors++;
        error(&x);
    }

    free(x.stream.data);
    free(text.data);
}


static ngx_str_t
contents(const char *path)
{
    int          fd;
    ngx_str_t    text;
    struct stat  st;

    fd = open(path, O_RDONLY);

    if (fd == -1 || fstat(fd, &st) == -1) {
        perror(path);
        exit(2);
    }

    text.len = (size_t) st.st_size;
    text.data = calloc(1, text.len + 1);

    if (read(fd, text.data, text.len) != st.st_size) {
        perror(path);
        exit(2);
    }

    close(fd);

    return text;
}


static void
find(exchange_t *x, const ngx_ai_node_t *root)
{
    u_char                     *last;
    ngx_str_t                   text;
    const ngx_ai_node_t        *request, *response, *value;
    ngx_ai_anthropic_base64_t   base64;

    request = ngx_ai_tree_member(&outer, root, "request");

    if (request) {
        model(x, request);
    }

    response = ngx_ai_tree_member(&outer, root, "response");
    value = ngx_ai_tree_member(&outer, response, "status");
    (void) ngx_ai_tree_int(&outer, value, &x->status);

    value = ngx_ai_tree_member(&outer, response, "body");

    if (value && value->type == NGX_AI_JSON_OBJECT) {
        ngx_ai_tree_raw(&outer, value, &x->body);
    }

    value = ngx_ai_tree_member(&outer, response, "text");

    if (value) {
        ngx_ai_tree_text(&outer, value, &text);
        x->stream.data = malloc(text.len + 1);
        (void) ngx_ai_text_decode_loose(text.data, text.len, x->stream.data,
                                        text.len, &x->stream);
        return;
    }

    value = ngx_ai_tree_member(&outer, response, "base64");

    if (value) {
        ngx_ai_tree_text(&outer, value, &text);
        x->stream.data = malloc(text.len + 1);
        memset(&base64, 0, sizeof(base64));
        last = ngx_ai_anthropic_decode(&base64, text.data,
                                       text.data + text.len, x->stream.data);
        x->stream.len = last ? (size_t) (last - x->stream.data) : 0;
    }
}


/* in the body, or as a segment of the path */

static void
model(exchange_t *x, const ngx_ai_node_t *request)
{
    char                 *p;
    size_t                n;
    ngx_str_t             path, text;
    const ngx_ai_node_t  *value;

    value = ngx_ai_tree_member(&outer, request, "path");
    ngx_ai_tree_text(&outer, value, &path);

    if (strstr(x->path, "bedrock")) {
        x->quirks = NGX_AI_QUIRK_BEDROCK_INVOKE;

    } else if (strstr(x->path, "vertex")) {
        x->quirks = NGX_AI_QUIRK_VERTEX_CLAUDE;
    }

    value = ngx_ai_tree_member(&outer, request, "body");

    if (value == NULL || value->type != NGX_AI_JSON_OBJECT) {
        return;
    }

    ngx_ai_tree_raw(&outer, value, &x->ask);

    value = ngx_ai_tree_member(&outer, value, "model");

    if (value) {
        ngx_ai_tree_text(&outer, value, &text);
        snprintf(x->model, sizeof(x->model), "%.*s", (int) text.len,
                 (char *) text.data);
        return;
    }

    p = memmem(path.data, path.len, "/model", 6);

    if (p) {
        p = strchr(p + 1, '/') + 1;
        n = strcspn(p, "/:\"");
        snprintf(x->model, sizeof(x->model), "%.*s", (int) n, p);
    }
}


static void
request(exchange_t *x)
{
    u_char      *body;
    size_t       len;
    ngx_uint_t   stream;

    if (anth_ask(&one, x->ask.data, x->ask.len) != NGX_OK) {
        wrong(x, "a request is read", &one, NULL);
        return;
    }

    stream = anth.chat.stream;

    if (anth_write(x->model, NGX_AI_OP_CHAT, stream, x->quirks) != NGX_OK
        || !anth_whole())
    {
        wrong(x, "a request is written", NULL, NULL);
        return;
    }

    len = ngx_ai_buf_len(&anth.out);
    body = malloc(len);
    memcpy(body, anth.out.start, len);

    if (anth_ask(&other, body, len) != NGX_OK) {
        wrong(x, "what is written is read", &one, &other);

    } else {
        settle(&one);
        settle(&other);

        /* what was refused may be mended */

        if (x->status == 200
            && (one.len != other.len
                || memcmp(one.data, other.data, one.len) != 0))
        {
            wrong(x, "a request is the same", &one, &other);
        }
    }

    free(body);
}


static void
reply(exchange_t *x)
{
    u_char  *body;
    size_t   len;

    one.len = 0;
    other.len = 0;

    if (wire_read_answer(&anth, x->body.data, x->body.len) != NGX_OK) {
        wrong(x, "a reply is read", NULL, NULL);
        return;
    }

    hub_answer_fold(&one, &anth.answer, HUB_IDS|HUB_SIGNATURES);

    if (wire_write_answer(&anth) != NGX_OK || !anth_whole()) {
        wrong(x, "a reply is written", NULL, NULL);
        return;
    }

    len = ngx_ai_buf_len(&anth.out);
    body = malloc(len);
    memcpy(body, anth.out.start, len);

    if (wire_read_answer(&anth, body, len) != NGX_OK) {
        wrong(x, "what is written is read", &one, NULL);

    } else {
        hub_answer_fold(&other, &anth.answer, HUB_IDS|HUB_SIGNATURES);

        /* a client gets a report if there is none */

        if (strstr(one.data, "usage none")) {
            strip(&one, "usage none", "\n");
            strip(&other, "usage", "\n");
        }

        if (one.len != other.len || memcmp(one.data, other.data, one.len)) {
            wrong(x, "a reply is the same", &one, &other);
        }
    }

    free(body);
}


static void
error(exchange_t *x)
{
    ngx_ai_error_t  error;

    memset(&error, 0, sizeof(ngx_ai_error_t));

    error.kind = ngx_ai_error_kind(x->status);

    if (ngx_ai_anthropic.read_error(readers, &x->body, &error)
        != (x->quirks ? NGX_DECLINED : NGX_OK)
        || error.message.len == 0)
    {
        wrong(x, "an error is known for one", NULL, NULL);
    }
}


static void
stream(exchange_t *x)
{
    u_char       *copy;
    size_t        len;
    uint32_t      cut;
    const char   *fault;
    anth_sink_t   sink;

    if (anth_read(x->stream.data, x->stream.len, ANTH_AT_ONCE, x->quirks,
                  &third, &one)
        != NGX_OK)
    {
        wrong(x, "a stream is read", &third, NULL);
        return;
    }

    for (cut = ANTH_PER_BYTE; cut < 5; cut++) {

        if (anth_read(x->stream.data, x->stream.len, cut, x->quirks, &other,
                      NULL)
            != NGX_OK
            || third.len != other.len
            || memcmp(third.data, other.data, third.len) != 0)
        {
            wrong(x, "a stream is the same however it is cut", &third, &other);
            return;
        }
    }

    passing(x, &one);

    anth_sink_init(&sink);

    if (anth_flow(x->stream.data, x->stream.len, ANTH_AT_ONCE, x->quirks,
                  &sink.flow)
        != NGX_OK)
    {
        wrong(x, "a stream is written", NULL, NULL);
    }

    anth_sink_free(&sink);

    fault = anth_grammar(anth.out.start, ngx_ai_buf_len(&anth.out));

    if (fault) {
        wrong(x, fault, NULL, NULL);
    }

    len = ngx_ai_buf_len(&anth.out);
    copy = malloc(len);
    memcpy(copy, anth.out.start, len);

    if (anth_read(copy, len, ANTH_AT_ONCE, 0, NULL, &other) != NGX_OK
        || one.len != other.len || memcmp(one.data, other.data, one.len) != 0)
    {
        wrong(x, "a stream says the same", &one, &other);
    }

    free(copy);
}


/* the usage that is noted of a stream that passes is that in the hub */

static void
passing(exchange_t *x, const hub_text_t *fold)
{
    u_char               *pos, *last;
    ngx_int_t             rc;
    ngx_uint_t            ends;
    ngx_ai_reply_t        reply;
    ngx_ai_event_t        event;
    ngx_ai_framing_t      framing;
    ngx_ai_sse_event_t    ev;

    memset(&reply, 0, sizeof(ngx_ai_reply_t));

    ngx_ai_framing_init(&framing, (x->quirks & NGX_AI_QUIRK_BEDROCK_INVOKE)
                                  ? NGX_AI_FRAMING_AWS : NGX_AI_FRAMING_SSE,
                        WIRE_EVENT_MAX, &ngx_shim_log);

    pos = x->stream.data;
    last = pos + x->stream.len;
    ends = 0;
    rc = NGX_OK;

    while (!ends) {
        rc = ngx_ai_framing_end(&framing, &pos, last, &ev);

        if (rc != NGX_OK) {
            break;
        }

        if (ev.lines == 0) {
            continue;
        }

        rc = ngx_ai_anthropic.read_event(ngx_ai_route(NGX_AI_ROUTE_MESSAGES),
                                         readers, &ev, x->quirks, 0, &reply,
                                         &event);
        if (rc != NGX_OK) {
            break;
        }

        ends = event.end;
    }

    ngx_ai_framing_free(&framing);

    third.len = 0;
    hub_usage_text(&third, &reply.usage);

    if (rc != NGX_OK || !ends || !reply.finished || !reply.ended
        || fold->len < third.len
        || memcmp(fold->data + fold->len - third.len, third.data, third.len)
           != 0)
    {
        wrong(x, "what is noted is what the hub has", fold, &third);
    }
}


static void
wrong(exchange_t *x, const char *what, const hub_text_t *a,
    const hub_text_t *b)
{
    counts.wrong++;

    diag("not so: %s: %s", what, x->path);

    if (a && a->len) {
        diag("%.*s", (int) ngx_min(a->len, 4000), a->data);
    }

    if (b && b->len) {
        diag("%.*s", (int) ngx_min(b->len, 4000), b->data);
    }
}


/* cuts each of these, from its first byte up to the one behind it */

static void
strip(hub_text_t *t, const char *from, const char *to)
{
    char    *p;
    size_t   n;

    hub_bytes(t, "", 0);

    for ( ;; ) {
        p = strstr(t->data, from);

        if (p == NULL) {
            return;
        }

        n = 1 + strcspn(p + 1, to);

        memmove(p, p + n, t->len - (p - t->data) - n + 1);
        t->len -= n;
    }
}


/*
 * What is left out on purpose: what is cited in earlier turns, what is so
 * without a word, sampling while the model thinks.
 */

static void
settle(hub_text_t *t)
{
    strip(t, " citation{", "\n");
    strip(t, " citations", "\n");
    strip(t, " strict=0", " \n");

    if (strstr(t->data, " budget=")) {
        strip(t, " temperature", " \n");
        strip(t, " top_p", " \n");
    }
}
