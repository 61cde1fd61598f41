
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Recorded streams of all framings: what is read does not depend on how they
 * are cut, each event is JSON, and there are as many as a reader of another
 * kind finds: yajl in arrays, line ends, the lengths of frames.
 *
 * AI_FIXTURES is their directory, ../shared/fixtures when it is not set.
 */


#include "tap.h"
#include "framing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <openssl/evp.h>
#include <yajl/yajl_tree.h>


#define MAX  (1024 * 1024)


typedef struct {
    ngx_uint_t   streams;
    ngx_uint_t   events;
    ngx_uint_t   errors;        /* documents without "data:" */
    ngx_uint_t   wrong;
} counts_t;


typedef struct {
    const char  *dialect;
    ngx_uint_t   streams;       /* at least */
} recorded_row_t;


static void dialect(const char *root, const recorded_row_t *row);
static void recording(const char *path, const char *name);
static void stream(ngx_uint_t kind, const u_char *text, size_t len,
    const char *name);
static void documents(ngx_uint_t kind, const u_char *text, size_t len,
    const char *name);
static ngx_uint_t expected(ngx_uint_t kind, const u_char *text, size_t len);
static const char *member(yajl_val tree, const char *name);
static void check(ngx_uint_t good, const char *what, const char *name);
static char *slurp(const char *path);


static counts_t  counts;


static const recorded_row_t  recorded_rows[] = {
    { "bedrock.converse_stream", 38 },
    { "bedrock.invoke_anthropic", 22 },
    { "bedrock.invoke_nova", 6 },
    { "bedrock.invoke_other", 10 },
    { "gemini.generate", 37 },
    { "vertex.generate", 28 },
    { "ollama.chat", 15 },
    { "ollama.generate", 3 },
    { "cohere.v1chat", 1 }
};


int
main(void)
{
    size_t       i;
    const char  *root;

    root = getenv("AI_FIXTURES");

    if (root == NULL && access("../shared/fixtures/recorded", R_OK) == 0) {
        root = "../shared/fixtures";
    }

    if (root == NULL) {
        fprintf(stderr, "framing_recorded: AI_FIXTURES is not set: NO "
                "RECORDED TRAFFIC IS READ\n");
        printf("1..0 # SKIP AI_FIXTURES is not set: no recorded traffic\n");
        return 0;
    }

    for (i = 0; i < sizeof(recorded_rows) / sizeof(recorded_rows[0]); i++) {
        dialect(root, &recorded_rows[i]);
    }

    return done();
}


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
            recording(path, entries[i]->d_name);
        }

        free(entries[i]);
    }

    free(entries);

    ok(counts.wrong == 0 && counts.streams >= row->streams,
       "%s: %u streams of %u events are read however they are cut",
       row->dialect, (unsigned) counts.streams, (unsigned) counts.events);

    is_int(counts.errors, strcmp(row->dialect, "vertex.generate") == 0,
           "%s: documents between events are found", row->dialect);
}


static void
recording(const char *path, const char *name)
{
    char         full[2048], *file;
    u_char      *bytes;
    size_t       len, pad;
    yajl_val     tree, response;
    const char  *text, *base64;

    static const char  *at[] = { "response", NULL };

    sprintf(full, "%.1000s/%.1000s", path, name);

    file = slurp(full);
    tree = yajl_tree_parse(file, NULL, 0);
    free(file);

    response = yajl_tree_get(tree, at, yajl_t_object);

    if (response == NULL) {
        check(0, "the recording is JSON", name);
        yajl_tree_free(tree);
        return;
    }

    text = member(response, "text");
    base64 = member(response, "base64");

    if (base64 != NULL) {
        len = strlen(base64);
        bytes = malloc(len);
        pad = (len > 1) ? (base64[len - 1] == '=') + (base64[len - 2] == '=')
                        : 0;

        len = EVP_DecodeBlock(bytes, (const u_char *) base64, len);
        stream(NGX_AI_FRAMING_AWS, bytes, len - pad, name);
        free(bytes);

    } else if (text != NULL) {
        stream(text[0] == '[' ? NGX_AI_FRAMING_ARRAY
               : text[0] == '{' ? NGX_AI_FRAMING_LINES : NGX_AI_FRAMING_SSE,
               (const u_char *) text, strlen(text), name);
    }

    yajl_tree_free(tree);
}


static void
stream(ngx_uint_t kind, const u_char *text, size_t len, const char *name)
{
    frames_t  out;

    counts.streams++;

    check(frames_all(&out, kind, text, len, MAX),
          "events do not depend on cuts", name);
    check(out.rc == NGX_DONE, "a stream is read to its end", name);
    check(out.events == expected(kind, text, len),
          "no event is missing and none is made up", name);

    frames_free(&out);

    documents(kind, text, len, name);
}


static void
documents(ngx_uint_t kind, const u_char *text, size_t len, const char *name)
{
    char                *json;
    u_char              *copy, *p;
    yajl_val             tree;
    ngx_int_t            rc;
    ngx_ai_framing_t     f;
    ngx_ai_sse_event_t   ev;

    copy = malloc(len ? len : 1);
    memcpy(copy, text, len);
    p = copy;

    ngx_ai_framing_init(&f, kind, MAX, &ngx_shim_log);

    for ( ;; ) {
        rc = ngx_ai_framing_end(&f, &p, copy + len, &ev);

        if (rc != NGX_OK) {
            break;
        }

        if (ev.lines == 0) {
            continue;
        }

        counts.events++;
        counts.errors += (kind == NGX_AI_FRAMING_SSE
                          && ev.raw.data == ev.data.data);

        json = strndup((char *) ev.data.data, ev.data.len);
        tree = yajl_tree_parse(json, NULL, 0);

        check(YAJL_IS_OBJECT(tree), "an event is an object", name);
        check(!ev.error, "an event is no error", name);
        check((ev.name.len != 0) == (kind == NGX_AI_FRAMING_AWS),
              "an event of AWS has a name", name);

        yajl_tree_free(tree);
        free(json);
    }

    check(rc == NGX_DONE, "a stream is read to its end", name);

    ngx_ai_framing_free(&f);
    free(copy);
}


/* the number of events in a stream */

static ngx_uint_t
expected(ngx_uint_t kind, const u_char *text, size_t len)
{
    size_t       i;
    yajl_val     tree;
    ngx_uint_t   n;
    const char  *p;

    n = 0;

    switch (kind) {

    case NGX_AI_FRAMING_AWS:

        for (i = 0; i + 4 < len; n++) {
            i += (text[i] << 24) | (text[i + 1] << 16) | (text[i + 2] << 8)
                 | text[i + 3];
        }

        return n;

    case NGX_AI_FRAMING_ARRAY:
        tree = yajl_tree_parse((const char *) text, NULL, 0);
        n = YAJL_IS_ARRAY(tree) ? tree->u.array.len : 0;
        yajl_tree_free(tree);

        return n;

    case NGX_AI_FRAMING_LINES:

        for (i = 0; i < len; i++) {
            n += (text[i] == '\n' && i && text[i - 1] != '\n');
        }

        return n;

    default: /* NGX_AI_FRAMING_SSE */

        for (p = (const char *) text; p != NULL; p = strchr(p, '\n')) {
            p += (*p == '\n');
            n += (strncmp(p, "data:", 5) == 0 || *p == '{');
        }

        return n;
    }
}


static const char *
member(yajl_val tree, const char *name)
{
    yajl_val     found;
    const char  *path[2];

    path[0] = name;
    path[1] = NULL;

    found = yajl_tree_get(tree, path, yajl_t_string);

    return (found != NULL) ? YAJL_GET_STRING(found) : NULL;
}


static void
check(ngx_uint_t good, const char *what, const char *name)
{
    if (!good) {
        diag("not so: %s: %s", what, name);
        counts.wrong++;
    }
}


static char *
slurp(const char *path)
{
    int           fd;
    char         *data;
    struct stat   st;

    fd = open(path, O_RDONLY);

    if (fd == -1 || fstat(fd, &st) == -1) {
        perror(path);
        exit(2);
    }

    data = malloc((size_t) st.st_size + 1);

    if (read(fd, data, (size_t) st.st_size) != st.st_size) {
        perror(path);
        exit(2);
    }

    data[st.st_size] = '\0';

    close(fd);

    return data;
}
