
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Recorded exchanges of those who speak OpenAI's chat completions, through
 * the hub:
 *
 *     a request   is read, written, and read again: what a provider of the
 *                 dialect can be told is not lost on the way
 *     a reply     is read, written for a client, and read again
 *     a stream    is the same sequence however it is cut, and says the same
 *                 when it was written for a client and is read again
 *
 * and what is noted of a reply that passes is what is in the hub.
 *
 * AI_FIXTURES is their directory, ../shared/fixtures when it is not set.
 */


#include "openai_hub.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>


#define CHAT         NGX_AI_DIALECT_OPENAI
#define COMPLETIONS  NGX_AI_DIALECT_COMPLETIONS


typedef struct {
    const char  *dir;
    ngx_uint_t   dialect;
    ngx_uint_t   quirks;
} recorded_row_t;


/* the members of a recording */

typedef enum {
    REC_PROVIDER = 0,
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
    ngx_uint_t   refused;
    ngx_uint_t   replies;
    ngx_uint_t   streams;
    ngx_uint_t   errors;
    ngx_uint_t   wrong;
} counts_t;


static void directory(const char *root, const recorded_row_t *row);
static void recording(const char *path, const char *name);
static void request(const ngx_str_t *body, ngx_uint_t good, const char *name);
static void plain(ngx_ai_chat_t *chat);
static void plain_parts(ngx_array_t *parts);
static void unary(const ngx_str_t *body, const char *name);
static void plain_answer(ngx_ai_answer_t *answer);
static void stream(const ngx_str_t *bytes, const char *name);
static void stream_again(const ngx_str_t *bytes, hub_text_t *first,
    const char *name);
static void passed(const ngx_str_t *bytes, ngx_ai_reply_t *reply,
    const char *name);
static void compare(const ngx_ai_reply_t *reply, ngx_uint_t finish,
    const ngx_ai_usage_t *usage, const char *name);
static void placeless(hub_text_t *t);
static void check(ngx_uint_t good, const char *what, const char *name);
static void same(const hub_text_t *a, const hub_text_t *b, const char *what,
    const char *name);
static u_char *slurp(const char *path, size_t *size);


static counts_t          counts;
static ngx_ai_reader_t  *readers;
static ngx_ai_reader_t  *recordings;


static const ngx_ai_scan_field_t  recorded_fields[REC_FIELDS] = {
    { ngx_string("provider") },
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
    { "openai.chat", CHAT, NGX_AI_QUIRK_OPENAI },
    { "azure.chat", CHAT, NGX_AI_QUIRK_OPENAI },
    { "compat.chat", CHAT, 0 },
    { "deepseek.chat", CHAT, NGX_AI_QUIRK_REASONING_ECHO },
    { "groq.chat", CHAT, 0 },
    { "mistral.chat", CHAT, NGX_AI_QUIRK_RANDOM_SEED
                            | NGX_AI_QUIRK_TOOL_CHOICE_ANY },
    { "xai.chat", CHAT, NGX_AI_QUIRK_REASONING_APART },
    { "openrouter.chat", CHAT, 0 },
    { "perplexity.chat", CHAT, 0 },
    { "cerebras.chat", CHAT, 0 },
    { "together.chat", CHAT, 0 },
    { "huggingface.chat", CHAT, 0 },
    { "llamacpp.chat", CHAT, 0 },
    { "ollama.openai_chat", CHAT, 0 },
    { "bedrock-mantle.chat", CHAT, 0 },
    { "anthropic.openai_chat", CHAT, 0 },
    { "openai.completions", COMPLETIONS, 0 },
    { "compat.completions", COMPLETIONS, 0 }
};


static void
directory(const char *root, const recorded_row_t *row)
{
    int              i, n;
    char             path[1024];
    struct dirent  **entries;

    memset(&counts, 0, sizeof(counts));

    sprintf(path, "%.500s/recorded/%.100s", root, row->dir);

    n = scandir(path, &entries, NULL, alphasort);

    if (!ok(n > 2, "%s is there", row->dir)) {
        return;
    }

    hub_init(row->dialect, row->dialect == CHAT ? &ngx_ai_openai
                                                : &ngx_ai_completions);

    for (i = 0; i < n; i++) {
        quirks = row->quirks;

        if (entries[i]->d_name[0] != '.') {
            recording(path, entries[i]->d_name);
        }

        free(entries[i]);
    }

    free(entries);
    wire_free(&w);

    is_int(counts.wrong, 0, "%s: %d requests, %d of them wrong, %d replies, "
           "%d streams and %d errors, through the hub", row->dir,
           (int) counts.requests, (int) counts.refused, (int) counts.replies,
           (int) counts.streams, (int) counts.errors);
}


static void
recording(const char *path, const char *name)
{
    char                  full[2048];
    u_char               *copy;
    size_t                size;
    ngx_str_t             file, body;
    ngx_uint_t            status;
    ngx_ai_scan_value_t   v[REC_FIELDS];

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

    if (v[REC_PROVIDER].len == 7
        && memcmp(v[REC_PROVIDER].text, "minimax", 7) == 0)
    {
        quirks |= NGX_AI_QUIRK_BASE_RESP;
    }

    if (v[REC_REQUEST].type == NGX_AI_JSON_OBJECT
        && !(v[REC_REQUEST].n == 1 && (v[REC_REQUEST_TEXT].count
                                       || v[REC_REQUEST_BASE64].count)))
    {
        body.data = file.data + v[REC_REQUEST].start;
        body.len = v[REC_REQUEST].end - v[REC_REQUEST].start;

        request(&body, status < 400, name);
    }

    if (v[REC_BODY].type == NGX_AI_JSON_OBJECT && status < 400) {
        body.data = file.data + v[REC_BODY].start;
        body.len = v[REC_BODY].end - v[REC_BODY].start;

        unary(&body, name);
    }

    if (v[REC_TEXT].type == NGX_AI_JSON_STRING && status < 400) {
        size = v[REC_TEXT].end - v[REC_TEXT].start - 2;
        copy = malloc(size + 1);

        check(ngx_ai_text_decode(file.data + v[REC_TEXT].start + 1, size,
                                 copy, size, &body)
              == NGX_OK, "the text can be decoded", name);

        stream(&body, name);
        free(copy);
    }

    free(file.data);
}


static void
request(const ngx_str_t *body, ngx_uint_t good, const char *name)
{
    ngx_str_t    out;
    hub_text_t   first = { NULL, 0, 0 };
    hub_text_t   then = { NULL, 0, 0 };
    ngx_uint_t   moved;

    counts.requests++;

    if (wire_read_ask(&w, body->data, body->len) != NGX_OK) {

        counts.refused++;

        /* tokens and several prompts are no chats */

        if (good && w.number == CHAT) {
            diag("%s: %s", name, w.fault);
        }

        check(!good || w.number == COMPLETIONS,
              "a request that was taken is read", name);
        return;
    }

    /* images go to a message behind the result */

    moved = ((w.chat.fields & ngx_ai_field(TOOL_RESULT_IMAGE)) != 0);

    plain(&w.chat);
    hub_chat_lines(&first, &w.chat, 0);

    check(hub_write_ask("another-model", w.chat.stream) == NGX_OK,
          "a request is written", name);

    out = hub_written();

    check(wire_read_ask(&w, out.data, out.len) == NGX_OK,
          "what was written is read", name);
    check(w.drops.count == 0, "and nothing of it is unknown", name);

    plain(&w.chat);
    hub_chat_lines(&then, &w.chat, 0);

    if (!moved) {
        same(&first, &then, "a request is written as it was read", name);
    }

    free(out.data);
    hub_text_free(&first);
    hub_text_free(&then);
}


/* what no target of the dialect is told, and what means the same */

static void
plain(ngx_ai_chat_t *chat)
{
    ngx_uint_t         i;
    ngx_ai_tool_t     *tool;
    ngx_ai_message_t  *message;

    chat->usage = 0;
    chat->thoughts = NGX_AI_UNSET;

    if (chat->budget != NGX_AI_BUDGET_UNSET) {

        if (chat->effort == NGX_AI_EFFORT_UNSET
            && chat->budget != NGX_AI_BUDGET_OFF)
        {
            chat->effort = ngx_ai_effort_of_budget(chat->budget);
            chat->fields |= ngx_ai_field(EFFORT);
        }

        chat->budget = NGX_AI_BUDGET_UNSET;
    }

    chat->effort = ngx_min(chat->effort, NGX_AI_EFFORT_XHIGH);

    ngx_str_null(&chat->top_k);
    ngx_str_null(&chat->metadata);

    if (!(chat->fields & ngx_ai_field(PRESENCE_PENALTY))) {
        ngx_str_null(&chat->presence_penalty);
    }

    if (!(chat->fields & ngx_ai_field(FREQUENCY_PENALTY))) {
        ngx_str_null(&chat->frequency_penalty);
    }

    if (!(chat->fields & ngx_ai_field(STOP))) {
        chat->stop = NULL;
    }

    if (chat->schema.len && chat->schema_name.len == 0) {
        ngx_str_set(&chat->schema_name, "response");
    }

    if (chat->choice == NGX_AI_CHOICE_AUTO) {
        chat->choice = NGX_AI_CHOICE_UNSET;
    }

    if (chat->parallel == 1 || chat->tools.nelts == 0) {
        chat->parallel = NGX_AI_UNSET;
    }

    if (chat->tier.len && memcmp(chat->tier.data, "on_demand", 9) == 0) {
        ngx_str_null(&chat->tier);
    }

    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {
        ngx_str_null(&tool[i].cache);

        if (tool[i].strict == 0) {
            tool[i].strict = NGX_AI_UNSET;
        }
    }

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {

        if (!(quirks & NGX_AI_QUIRK_DEVELOPER)) {
            message[i].developer = 0;
        }

        plain_parts(&message[i].parts);
    }
}


static void
plain_parts(ngx_array_t *parts)
{
    ngx_uint_t      i, n;
    ngx_ai_part_t  *part;

    n = 0;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        ngx_str_null(&part[i].cache);

        if (part[i].kind == NGX_AI_PART_AUDIO && part[i].media.len == 0) {
            ngx_str_set(&part[i].media, "audio/wav");
        }

        if (part[i].kind == NGX_AI_PART_THINKING
            || (part[i].kind == NGX_AI_PART_FILE && part[i].url.len)
            || (part[i].kind == NGX_AI_PART_AUDIO && part[i].url.len))
        {
            continue;
        }

        part[n++] = part[i];
    }

    parts->nelts = n;
}


static void
unary(const ngx_str_t *body, const char *name)
{
    ngx_str_t              out;
    hub_text_t             first = { NULL, 0, 0 };
    hub_text_t             then = { NULL, 0, 0 };
    ngx_ai_reply_t         reply;
    ngx_ai_reader_t       *reader;
    ngx_ai_alternative_t  *a;

    counts.replies++;

    memset(&reply, 0, sizeof(reply));
    reader = &readers[w.dialect->reply];

    check(ngx_ai_reader_read(reader, body) == NGX_OK, "a reply is scanned",
          name);

    w.dialect->read_reply(w.told.route, reader->values, quirks, &reply);

    if (hub_answer(body->data, body->len) != NGX_OK) {
        counts.errors++;
        check(reply.error || !reply.finished, "a reply is read", name);
        return;
    }

    a = w.answer.alternatives.elts;

    compare(&reply, a[w.answer.alternatives.nelts - 1].finish,
            &w.answer.usage, name);

    plain_answer(&w.answer);
    hub_answer_fold(&first, &w.answer, HUB_IDS|HUB_SIGNATURES);

    check(wire_write_answer(&w) == NGX_OK, "a reply is written", name);

    out = hub_written();
    quirks &= ~NGX_AI_QUIRK_REASONING_APART;

    check(hub_answer(out.data, out.len) == NGX_OK, "what was written is read",
          name);

    plain_answer(&w.answer);
    hub_answer_fold(&then, &w.answer, HUB_IDS|HUB_SIGNATURES);

    placeless(&first);
    placeless(&then);

    same(&first, &then, "a reply is written as it was read", name);

    free(out.data);
    hub_text_free(&first);
    hub_text_free(&then);
}


/* each client gets an id of its own for a sound, and a finish in any case */

static void
plain_answer(ngx_ai_answer_t *answer)
{
    ngx_uint_t             i, k;
    ngx_ai_part_t         *part;
    ngx_ai_alternative_t  *a;

    a = answer->alternatives.elts;

    for (i = 0; i < answer->alternatives.nelts; i++) {

        if (a[i].finish == NGX_AI_FINISH_NONE) {
            a[i].finish = NGX_AI_FINISH_STOP;
        }

        part = a[i].parts.elts;

        for (k = 0; k < a[i].parts.nelts; k++) {
            if (part[k].kind == NGX_AI_PART_AUDIO) {
                ngx_str_null(&part[k].id);
            }
        }
    }
}


static void
stream(const ngx_str_t *bytes, const char *name)
{
    uint32_t        cut;
    ngx_int_t       rc;
    hub_sink_t      sink, other;
    hub_text_t      first = { NULL, 0, 0 };
    ngx_ai_reply_t  reply;

    counts.streams++;

    rc = hub_stream(bytes->data, bytes->len, WIRE_WHOLE, &sink);

    passed(bytes, &reply, name);

    check(rc == NGX_OK || (rc == NGX_AGAIN && !reply.finished),
          "a stream is read to its end", name);

    for (cut = WIRE_BYTES; cut < CUTS; cut++) {

        check(hub_stream(bytes->data, bytes->len, cut, &other) == rc,
              "it is read in pieces", name);
        same(&sink.deltas, &other.deltas, "pieces make no difference", name);

        hub_sink_free(&other);
    }

    if (sink.error.len) {
        counts.errors++;
        check(reply.error, "the error is seen when it passes", name);
        hub_sink_free(&sink);
        return;
    }

    if (rc == NGX_OK) {
        compare(&reply, sink.reply.finish, &sink.reply.usage, name);

        hub_sink_fold(&sink, &first, HUB_IDS|HUB_SIGNATURES);
        stream_again(bytes, &first, name);
    }

    hub_sink_free(&sink);
    hub_text_free(&first);
}


static void
stream_again(const ngx_str_t *bytes, hub_text_t *first, const char *name)
{
    ngx_str_t    out;
    hub_sink_t   sink;
    hub_text_t   then = { NULL, 0, 0 };

    check(hub_retell(bytes->data, bytes->len) == NGX_OK, "it is written",
          name);

    out = hub_written();
    quirks &= ~NGX_AI_QUIRK_REASONING_APART;

    check(hub_stream(out.data, out.len, WIRE_WHOLE, &sink) == NGX_OK,
          "what was written is read", name);

    hub_sink_fold(&sink, &then, HUB_IDS|HUB_SIGNATURES);

    placeless(first);
    placeless(&then);

    same(first, &then, "a stream is written as it was read", name);

    hub_sink_free(&sink);
    hub_text_free(&then);
    free(out.data);
}


static void
passed(const ngx_str_t *bytes, ngx_ai_reply_t *reply, const char *name)
{
    u_char              *copy, *p, *last;
    ngx_ai_sse_t         sse;
    ngx_ai_event_t       event;
    ngx_ai_sse_event_t   ev;

    memset(reply, 0, sizeof(ngx_ai_reply_t));

    copy = malloc(bytes->len + 1);
    memcpy(copy, bytes->data, bytes->len);

    p = copy;
    last = p + bytes->len;

    ngx_ai_sse_init(&sse, WIRE_EVENT_MAX, &ngx_shim_log);

    while (ngx_ai_sse_end(&sse, &p, last, &ev) == NGX_OK) {

        if (ev.lines) {
            check(w.dialect->read_event(w.told.route, readers, &ev, quirks, 0,
                                        reply, &event)
                  == NGX_OK, "an event passes", name);
        }
    }

    ngx_ai_sse_free(&sse);
    free(copy);
}


static void
compare(const ngx_ai_reply_t *reply, ngx_uint_t finish,
    const ngx_ai_usage_t *usage, const char *name)
{
    /* some say "stop" of an answer that ends with calls */

    check(reply->finish == finish || !reply->finished
          || (finish == NGX_AI_FINISH_TOOLS
              && reply->finish == NGX_AI_FINISH_STOP),
          "the finish is that of a reply that passes", name);

    /* Groq's first streams had it in x_groq alone, which passes unseen */

    check(!reply->usage.reported
          || memcmp(reply->usage.tokens, usage->tokens, sizeof(usage->tokens))
             == 0,
          "so is the usage", name);
    check(usage->reported >= reply->usage.reported, "none is lost", name);
}


/* what is cited without a place is told with that of all of the text */

static void
placeless(hub_text_t *t)
{
    char  *p, *to, *end;

    if (t->data == NULL) {
        return;
    }

    to = t->data;
    end = t->data + t->len;

    for (p = t->data; p < end; p++) {

        if (end - p > 2 && memcmp(p, " }", 2) == 0) {
            while (to > t->data && strchr("-0123456789", to[-1])) {
                to--;
            }
        }

        *to++ = *p;
    }

    t->len = to - t->data;
}


static void
check(ngx_uint_t good, const char *what, const char *name)
{
    if (!good) {
        diag("not so: %s: %s", what, name);
        counts.wrong++;
    }
}


static void
same(const hub_text_t *a, const hub_text_t *b, const char *what,
    const char *name)
{
    if (a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len)
                                            == 0))
    {
        return;
    }

    check(0, what, name);
    tap_print_bytes("first", a->data, a->len);
    tap_print_bytes("then", b->data, b->len);
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
        fprintf(stderr, "openai_hub_recorded: AI_FIXTURES is not set: NO "
                "RECORDED TRAFFIC IS READ\n");
        printf("1..0 # SKIP AI_FIXTURES is not set: no recorded traffic\n");
        return 0;
    }

    table = ngx_create_pool(4096, &ngx_shim_log);

    readers = ngx_ai_readers_create(table, ngx_ai_openai.tables,
                                    ngx_ai_openai.ntables);
    recordings = ngx_ai_readers_create(table, &recorded_table, 1);

    for (i = 0; i < sizeof(recorded_rows) / sizeof(recorded_row_t); i++) {
        directory(root, &recorded_rows[i]);
    }

    ngx_destroy_pool(table);

    is_int(ngx_shim_pool_blocks, 0, "nothing is left behind");

    return done();
}
