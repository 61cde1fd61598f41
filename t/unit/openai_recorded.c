
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Recorded exchanges of those who speak OpenAI's dialect: each request is
 * read and edited, each reply, stream and error is read, and what comes out
 * is what yajl finds in the same bytes.
 *
 * AI_FIXTURES is their directory, ../shared/fixtures when it is not set.
 */


#include "tap.h"
#include "openai.h"

#include "openai_truth.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "ngx_ai_sse.h"


#define CHAT        NGX_AI_ROUTE_CHAT
#define RESPONSES   NGX_AI_ROUTE_RESPONSES
#define EMBEDDINGS  NGX_AI_ROUTE_EMBEDDINGS

#define APART       NGX_AI_QUIRK_REASONING_APART


typedef struct {
    const char  *dialect;
    ngx_uint_t   route;
    ngx_uint_t   quirks;
} recorded_row_t;


/* the members of a recording */

typedef enum {
    REC_PROVIDER = 0,
    REC_PATH,
    REC_REQUEST,
    REC_REQUEST_TEXT,
    REC_REQUEST_BASE64,
    REC_STATUS,
    REC_BODY,
    REC_TEXT,
    REC_FIELDS
} recorded_field_e;


typedef struct {
    ngx_uint_t   requests;
    ngx_uint_t   replies;
    ngx_uint_t   streams;
    ngx_uint_t   events;
    ngx_uint_t   errors;
    ngx_uint_t   reports;
    ngx_uint_t   wrong;
} counts_t;


static void dialect(const char *root, const recorded_row_t *row);
static void recording(const recorded_row_t *row, const char *path,
    const char *name);
static void request(const recorded_row_t *row, const ngx_str_t *body,
    ngx_uint_t good, const char *name);
static void unary(const recorded_row_t *row, const ngx_str_t *body,
    ngx_uint_t quirks, const char *name);
static void failure(const ngx_str_t *body, const char *name);
static void stream(const recorded_row_t *row, ngx_str_t *text,
    ngx_uint_t quirks, const char *name);
static void event(const recorded_row_t *row, ngx_ai_sse_event_t *ev,
    ngx_uint_t quirks, truth_t *truth, const char *name);
static void event_hidden(ngx_ai_sse_event_t *ev, const ngx_ai_event_t *e,
    const char *name);
static void compare(const truth_t *truth, const ngx_ai_reply_t *got,
    const char *name);
static void check(ngx_uint_t good, const char *what, const char *name);
static u_char *slurp(const char *path, size_t *size);


static ngx_pool_t       *pool;
static ngx_ai_reply_t    reply;
static ngx_ai_reader_t  *readers;
static ngx_ai_reader_t  *recordings;
static counts_t          counts;


static const ngx_ai_scan_field_t  recorded_fields[REC_FIELDS] = {
    { ngx_string("provider") },
    { ngx_string("request.path") },
    { ngx_string("request.body") },
    { ngx_string("request.body.text") },
    { ngx_string("request.body.base64") },
    { ngx_string("response.status") },
    { ngx_string("response.body") },
    { ngx_string("response.text") }
};


static const ngx_ai_table_t  recorded_table = {
    recorded_fields, REC_FIELDS
};


static const recorded_row_t  recorded_rows[] = {
    { "openai.chat", CHAT, 0 },
    { "azure.chat", CHAT, 0 },
    { "compat.chat", CHAT, 0 },
    { "deepseek.chat", CHAT, 0 },
    { "groq.chat", CHAT, 0 },
    { "mistral.chat", CHAT, 0 },
    { "xai.chat", CHAT, APART },
    { "openrouter.chat", CHAT, 0 },
    { "perplexity.chat", CHAT, 0 },
    { "cerebras.chat", CHAT, 0 },
    { "together.chat", CHAT, 0 },
    { "huggingface.chat", CHAT, 0 },
    { "llamacpp.chat", CHAT, 0 },
    { "ollama.openai_chat", CHAT, 0 },
    { "bedrock-mantle.chat", CHAT, 0 },
    { "anthropic.openai_chat", CHAT, 0 },
    { "openai.completions", NGX_AI_ROUTE_COMPLETIONS, 0 },
    { "compat.completions", NGX_AI_ROUTE_COMPLETIONS, 0 },
    { "openai.responses", RESPONSES, 0 },
    { "azure.responses", RESPONSES, 0 },
    { "xai.responses", RESPONSES, APART },
    { "compat.responses", RESPONSES, 0 },
    { "deepseek.responses", RESPONSES, 0 },
    { "openrouter.responses", RESPONSES, 0 },
    { "chatgpt.responses", RESPONSES, 0 },
    { "bedrock-mantle.responses", RESPONSES, 0 },
    { "openai.responses_compact", NGX_AI_ROUTE_COMPACT, 0 },
    { "openai.responses_retrieve", NGX_AI_ROUTE_RESPONSE_GET, 0 },
    { "openai.input_tokens", NGX_AI_ROUTE_INPUT_TOKENS, 0 },
    { "openai.embeddings", EMBEDDINGS, 0 },
    { "azure.embeddings", EMBEDDINGS, 0 },
    { "compat.embeddings", EMBEDDINGS, 0 },
    { "mistral.embeddings", EMBEDDINGS, 0 },
    { "openrouter.embeddings", EMBEDDINGS, 0 },
    { "openai.moderations", NGX_AI_ROUTE_MODERATIONS, 0 },
    { "compat.rerank", NGX_AI_ROUTE_RERANK, 0 },
    { "openai.images", NGX_AI_ROUTE_IMAGES, 0 },
    { "xai.images", NGX_AI_ROUTE_IMAGES, 0 },
    { "openai.speech", NGX_AI_ROUTE_SPEECH, 0 },
    { "compat.speech", NGX_AI_ROUTE_SPEECH, 0 },
    { "openai.transcription", NGX_AI_ROUTE_TRANSCRIPTIONS, 0 },
    { "compat.transcription", NGX_AI_ROUTE_TRANSCRIPTIONS, 0 }
};


static void
dialect(const char *root, const recorded_row_t *row)
{
    int              i, n;
    char             path[1024];
    struct dirent  **entries;

    ngx_memzero(&counts, sizeof(counts));

    sprintf(path, "%.500s/recorded/%.100s", root, row->dialect);

    n = scandir(path, &entries, NULL, alphasort);

    if (!ok(n > 2, "%s is there", row->dialect)) {
        return;
    }

    for (i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.') {
            recording(row, path, entries[i]->d_name);
        }

        free(entries[i]);
    }

    free(entries);

    is_int(counts.wrong, 0, "%s: %d requests, %d replies, %d streams of %d "
           "events, %d errors, %d reports of usage are read as yajl reads "
           "them", row->dialect, (int) counts.requests, (int) counts.replies,
           (int) counts.streams, (int) counts.events, (int) counts.errors,
           (int) counts.reports);
}


/* bodies are compared as they stand in the recording */

static void
recording(const recorded_row_t *row, const char *path, const char *name)
{
    char                  full[2048];
    u_char               *text;
    size_t                size;
    ngx_str_t             file, body;
    ngx_uint_t            quirks, status;
    ngx_ai_scan_value_t   v[REC_FIELDS];

    /* Azure's old paths have the model in them, and are no route here */

    static const char  deployments[] = "/openai/deployments/";

    sprintf(full, "%.1000s/%.1000s", path, name);

    file.data = slurp(full, &size);
    file.len = size;

    if (ngx_ai_reader_read(recordings, &file) != NGX_OK) {
        check(0, "the recording is JSON", name);
        free(file.data);
        return;
    }

    memcpy(v, recordings->values, sizeof(v));

    status = v[REC_STATUS].value;
    quirks = row->quirks;

    if (v[REC_PROVIDER].len == 7
        && memcmp(v[REC_PROVIDER].text, "minimax", 7) == 0)
    {
        quirks |= NGX_AI_QUIRK_BASE_RESP;
    }

    if (v[REC_REQUEST].type == NGX_AI_JSON_OBJECT
        && !(v[REC_REQUEST].n == 1 && (v[REC_REQUEST_TEXT].count
                                       || v[REC_REQUEST_BASE64].count))
        && (ngx_ai_route(row->route)->flags & NGX_AI_ROUTE_BODY_JSON)
        && memcmp(v[REC_PATH].text, deployments, sizeof(deployments) - 1) != 0)
    {
        body.data = file.data + v[REC_REQUEST].start;
        body.len = v[REC_REQUEST].end - v[REC_REQUEST].start;

        request(row, &body, status < 400, name);
    }

    if (v[REC_BODY].type > NGX_AI_JSON_NULL) {
        body.data = file.data + v[REC_BODY].start;
        body.len = v[REC_BODY].end - v[REC_BODY].start;

        if (status >= 400) {
            failure(&body, name);

        } else if (v[REC_BODY].type == NGX_AI_JSON_OBJECT) {
            unary(row, &body, quirks, name);
        }
    }

    if (v[REC_TEXT].type == NGX_AI_JSON_STRING && status < 400) {
        size = v[REC_TEXT].end - v[REC_TEXT].start - 2;
        text = malloc(size + 1);

        check(ngx_ai_text_decode(file.data + v[REC_TEXT].start + 1, size, text,
                                 size, &body)
              == NGX_OK, "the text can be decoded", name);

        /* a sound may be text too */

        if (!(ngx_ai_route(row->route)->flags & NGX_AI_ROUTE_BINARY)) {
            stream(row, &body, quirks, name);
        }

        free(text);
    }

    free(file.data);
}


/* what a provider took must be taken here */

static void
request(const recorded_row_t *row, const ngx_str_t *body, ngx_uint_t good,
    const char *name)
{
    ngx_int_t              rc;
    ngx_str_t              out, model;
    openai_doc_t           want, got;
    ngx_ai_ask_t           ask;
    ngx_ai_error_t         error;
    ngx_ai_edits_t         edits;
    const ngx_ai_route_t  *route;

    counts.requests++;

    route = ngx_ai_route(row->route);

    ngx_memzero(&ask, sizeof(ask));
    ngx_memzero(&error, sizeof(error));

    rc = openai_ask(route, readers, body, 1, pool, &ask, &error);

    if (rc != NGX_OK) {
        diag("%s: %.*s", name, (int) error.message.len, error.message.data);

        check(!good && error.kind == NGX_AI_ERROR_INVALID,
              "a request that its provider took is taken", name);

        return;
    }

    model = openai_str("another-model");

    ngx_ai_openai.edit(route, &ask, &model, 0, &edits);

    ngx_memzero(&want, sizeof(want));
    ngx_memzero(&got, sizeof(got));

    want.model = ask.model.len ? &model : NULL;
    want.include = edits.usage;

    check(edits.usage == (ask.stream && !ask.usage
                          && (row->route == CHAT
                              || row->route == NGX_AI_ROUTE_COMPLETIONS)),
          "usage is forced where it was not asked for", name);

    out = openai_apply(body, &edits);

    check(openai_read(&want, body->data, body->len)
          && openai_read(&got, out.data, out.len) && openai_same(&want, &got),
          "an edit changes the model and include_usage alone", name);

    free(want.data);
    free(got.data);
    free(out.data);

    ngx_reset_pool(pool);
}


static void
unary(const recorded_row_t *row, const ngx_str_t *body, ngx_uint_t quirks,
    const char *name)
{
    char             *text;
    truth_t           truth;
    yajl_val          tree;
    ngx_ai_reader_t  *reader;

    counts.replies++;

    ngx_memzero(&reply, sizeof(reply));
    ngx_memzero(&truth, sizeof(truth));

    reader = &readers[ngx_ai_openai.reply];

    if (ngx_ai_reader_read(reader, body) != NGX_OK) {
        check(0, "a reply is read", name);
        return;
    }

    ngx_ai_openai.read_reply(ngx_ai_route(row->route), reader->values, quirks,
                             &reply);

    text = strndup((char *) body->data, body->len);
    tree = yajl_tree_parse(text, NULL, 0);

    truth_of(row->route, tree, quirks, &truth);

    yajl_tree_free(tree);
    free(text);

    compare(&truth, &reply, name);
}


static void
failure(const ngx_str_t *body, const char *name)
{
    char            *text;
    size_t           k;
    yajl_val         tree, found;
    ngx_int_t        rc;
    ngx_str_t        message, plain;
    const char      *path[3];
    ngx_ai_error_t   error;

    static const char  *places[][2] = {
        { "error", NULL }, { "error", "message" }, { "message", NULL },
        { "detail", NULL }
    };

    counts.errors++;

    ngx_memzero(&error, sizeof(error));

    rc = ngx_ai_openai.read_error(readers, body, &error);
    message = error.message;

    text = strndup((char *) body->data, body->len);
    tree = yajl_tree_parse(text, NULL, 0);
    found = NULL;
    path[2] = NULL;

    for (k = 0; k < 4 && found == NULL && YAJL_IS_OBJECT(tree); k++) {
        path[0] = places[k][0];
        path[1] = places[k][1];

        found = yajl_tree_get(tree, path, yajl_t_string);
    }

    check((rc == NGX_OK) == (found != NULL && k == 2),
          "an envelope is told from what is none", name);
    check((message.len != 0) == (found != NULL && *found->u.string),
          "a message is found", name);

    if (message.len && found) {
        plain.data = ngx_pnalloc(pool, message.len);

        check(ngx_ai_text_decode(message.data, message.len, plain.data,
                                 message.len, &plain)
              == NGX_OK
              && plain.len == strlen(found->u.string)
              && memcmp(plain.data, found->u.string, plain.len) == 0,
              "the message is the one", name);
    }

    yajl_tree_free(tree);
    free(text);
    ngx_reset_pool(pool);
}


static void
stream(const recorded_row_t *row, ngx_str_t *text, ngx_uint_t quirks,
    const char *name)
{
    u_char              *p, *last;
    truth_t              truth;
    ngx_int_t            rc;
    ngx_ai_sse_t         sse;
    ngx_ai_sse_event_t   ev;

    counts.streams++;

    ngx_memzero(&reply, sizeof(reply));
    ngx_memzero(&truth, sizeof(truth));

    p = text->data;
    last = p + text->len;

    ngx_ai_sse_init(&sse, 8 * 1024 * 1024, &ngx_shim_log);

    for ( ;; ) {

        rc = ngx_ai_sse_end(&sse, &p, last, &ev);

        if (rc != NGX_OK) {
            break;
        }

        if (ev.lines) {
            event(row, &ev, quirks, &truth, name);
        }
    }

    check(rc == NGX_DONE, "a stream is split to its end", name);

    ngx_ai_sse_free(&sse);

    compare(&truth, &reply, name);
}


/* read with and without hiding, quick and in full */

static void
event(const recorded_row_t *row, ngx_ai_sse_event_t *ev, ngx_uint_t quirks,
    truth_t *truth, const char *name)
{
    char                *text;
    yajl_val             tree;
    ngx_int_t            rc;
    ngx_str_t            data;
    ngx_uint_t           i;
    ngx_ai_reply_t       before, after[4];
    ngx_ai_event_t       e[4];
    ngx_ai_sse_event_t   one;

    counts.events++;

    text = malloc(ev->data.len + 2);
    text[0] = ' ';
    memcpy(text + 1, ev->data.data, ev->data.len);
    text[ev->data.len + 1] = '\0';

    before = reply;

    for (i = 0; i < 4; i++) {
        after[i] = before;

        data.data = (u_char *) text + (i < 2);
        data.len = ev->data.len + (i >= 2);

        if (strcmp(text + 1, "[DONE]") == 0) {
            data = ev->data;
        }

        one = openai_event(&ev->name, &data);

        rc = ngx_ai_openai.read_event(ngx_ai_route(row->route), readers,
                                      &one, quirks, i & 1, &after[i], &e[i]);

        check(rc == NGX_OK, "an event is read", name);
    }

    reply = after[0];

    check(memcmp(&after[0], &after[1], sizeof(reply)) == 0
          && memcmp(&after[0], &after[2], sizeof(reply)) == 0
          && memcmp(&after[0], &after[3], sizeof(reply)) == 0,
          "four ways of reading learn the same", name);

    for (i = 2; i < 4; i++) {
        check(e[i].content == e[i - 2].content && e[i].drop == e[i - 2].drop
              && e[i].error == e[i - 2].error && e[i].end == e[i - 2].end,
              "a quick look is as good as a full one", name);

        check((e[i].hide.end == 0 && e[i - 2].hide.end == 0)
              || (e[i].hide.start == e[i - 2].hide.start + 1
                  && e[i].hide.end == e[i - 2].hide.end + 1),
              "and hides the same", name);
    }

    check(e[0].hide.end == 0 && !e[0].drop,
          "nothing is hidden where nothing was forced", name);

    tree = yajl_tree_parse(text, NULL, 0);

    if (strcmp(text + 1, "[DONE]") == 0) {
        truth->ended = 1;

    } else {
        check(YAJL_IS_OBJECT(tree), "an event is JSON", name);

        if (row->route != RESPONSES) {
            event_hidden(ev, &e[1], name);
        }

        if (ev->name.len == 5 && memcmp(ev->name.data, "error", 5) == 0) {
            truth->error = 1;
        }

        truth_of(row->route, tree, quirks, truth);
    }

    check(!truth->reported || ngx_ai_usage_in(&reply.usage) == truth->in,
          "usage is what was reported last", name);

    yajl_tree_free(tree);
    free(text);
}


static void
event_hidden(ngx_ai_sse_event_t *ev, const ngx_ai_event_t *e,
    const char *name)
{
    u_char        *text;
    size_t         len;
    openai_doc_t   want, got;

    ngx_memzero(&want, sizeof(want));
    ngx_memzero(&got, sizeof(got));

    want.drop = 1;

    check(openai_read(&want, ev->data.data, ev->data.len),
          "an event is JSON", name);

    text = malloc(ev->data.len + 1);
    len = e->hide.start;

    memcpy(text, ev->data.data, len);
    memcpy(text + len, ev->data.data + e->hide.end,
           ev->data.len - e->hide.end);
    len += ev->data.len - e->hide.end;

    check(e->drop || (e->hide.end != 0) == want.has[OPENAI_USAGE],
          "usage at the top is hidden where it is", name);

    check(e->drop
          || (openai_read(&got, text, len) && openai_same(&want, &got)),
          "and nothing else", name);

    free(want.data);
    free(got.data);
    free(text);
}


static void
compare(const truth_t *truth, const ngx_ai_reply_t *got, const char *name)
{
    size_t      i;
    ngx_uint_t  negative;

    negative = 0;

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        negative |= (got->usage.tokens[i] < 0);
    }

    counts.reports += truth->reported;

    check(!negative, "no bucket is less than empty", name);
    check(got->usage.reported == truth->reported, "usage is reported", name);
    check(ngx_ai_usage_in(&got->usage) == truth->in, "the input adds up",
          name);
    check(ngx_ai_usage_out(&got->usage) == truth->out, "the output adds up",
          name);
    check(got->finish == truth->finish, "the finish is the one", name);
    check(got->error == truth->error, "an error is seen", name);
    check(got->ended == truth->ended, "the end is seen", name);
    check(got->finished == (truth->finish != NGX_AI_FINISH_NONE),
          "it is finished when it says so", name);
}


static void
check(ngx_uint_t good, const char *what, const char *name)
{
    if (!good) {
        diag("not so: %s: %s", what, name);
        counts.wrong++;
    }
}


static u_char *
slurp(const char *path, size_t *size)
{
    int           fd;
    u_char       *data;
    struct stat   st;

    fd = open(path, O_RDONLY);

    if (fd == -1 || fstat(fd, &st) == -1) {
        perror(path);
        exit(2);
    }

    *size = (size_t) st.st_size;
    data = malloc(*size + 1);

    if (read(fd, data, *size) != st.st_size) {
        perror(path);
        exit(2);
    }

    close(fd);

    return data;
}


int
main(void)
{
    size_t       i;
    ngx_pool_t  *table;
    const char  *root;

    root = getenv("AI_FIXTURES");

    if (root == NULL && access("../shared/fixtures/recorded", R_OK) == 0) {
        root = "../shared/fixtures";
    }

    if (root == NULL) {
        fprintf(stderr, "openai_recorded: AI_FIXTURES is not set: NO RECORDED "
                "TRAFFIC IS READ\n");
        printf("1..0 # SKIP AI_FIXTURES is not set: no recorded traffic\n");
        return 0;
    }

    table = ngx_create_pool(4096, &ngx_shim_log);
    pool = ngx_create_pool(4096, &ngx_shim_log);

    readers = ngx_ai_readers_create(table, ngx_ai_openai.tables,
                                    ngx_ai_openai.ntables);
    recordings = ngx_ai_readers_create(table, &recorded_table, 1);

    for (i = 0; i < sizeof(recorded_rows) / sizeof(recorded_row_t); i++) {
        dialect(root, &recorded_rows[i]);
    }

    ngx_destroy_pool(pool);
    ngx_destroy_pool(table);

    return done();
}
