
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The tree against the scanner on recorded traffic: each recording as it is
 * kept, each event of its stream, and all of these with some bytes broken.
 *
 * AI_FIXTURES is their directory, ../shared/fixtures when it is not set.
 */


#include "tap.h"
#include "tree.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>

#include "ngx_ai_text.h"


#define RECORDED_MAX    10000000
#define RECORDED_BREAK  8               /* changes to each document */


typedef struct {
    ngx_uint_t   documents;
    ngx_uint_t   nodes;
    ngx_uint_t   broken;                /* and refused */
    ngx_uint_t   wrong;
} counts_t;


static void recording(const char *path);
static void stream(const ngx_str_t *source, const char *path);
static void document(const ngx_str_t *text, const char *path);
static void compare(const ngx_str_t *text, const char *path);


static uint32_t        seed;
static counts_t        counts;
static ngx_ai_tree_t   outer;
static ngx_ai_tree_t   tree;


int
main(void)
{
    char         pattern[1024];
    size_t       i;
    glob_t       files;
    const char  *root;

    root = getenv("AI_FIXTURES");

    if (root == NULL && access("../shared/fixtures/recorded", R_OK) == 0) {
        root = "../shared/fixtures";
    }

    if (root == NULL) {
        fprintf(stderr, "tree_recorded: AI_FIXTURES is not set: NO RECORDED "
                "TRAFFIC IS READ\n");
        printf("1..0 # SKIP AI_FIXTURES is not set: no recorded traffic\n");
        return 0;
    }

    seed = 2463534242u;

    ngx_ai_tree_init(&outer, RECORDED_MAX, &ngx_shim_log);
    ngx_ai_tree_init(&tree, RECORDED_MAX, &ngx_shim_log);

    snprintf(pattern, sizeof(pattern), "%s/recorded/*/*.json", root);

    if (glob(pattern, 0, NULL, &files) != 0) {
        fprintf(stderr, "%s: there is none\n", pattern);
        return 2;
    }

    for (i = 0; i < files.gl_pathc; i++) {
        recording(files.gl_pathv[i]);
    }

    is_int(counts.wrong, 0, "%d documents of %d recordings, and %d broken ones,"
           " are read as the scanner reads them", (int) counts.documents,
           (int) files.gl_pathc, (int) counts.broken);
    ok(counts.nodes > counts.documents, "with %d nodes, all of them whole",
       (int) counts.nodes);

    globfree(&files);

    ngx_ai_tree_free(&outer);
    ngx_ai_tree_free(&tree);

    return done();
}


static void
recording(const char *path)
{
    int                   fd;
    ngx_str_t             text;
    struct stat           st;
    const ngx_ai_node_t  *node;

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

    if (ngx_ai_tree_read(&outer, &text) != NGX_OK) {
        diag("not so: a recording is read: %s: %s", path, outer.error);
        counts.wrong++;

    } else {
        node = ngx_ai_tree_member(&outer, ngx_ai_tree_root(&outer),
                                  "response");
        node = node ? ngx_ai_tree_member(&outer, node, "text") : NULL;

        if (node) {
            ngx_ai_tree_text(&outer, node, &text);
            stream(&text, path);
        }

        text = outer.text;
        document(&text, path);
    }

    free(text.data);
}


/* lines that hold a document, "data: " before it or not */

static void
stream(const ngx_str_t *source, const char *path)
{
    u_char     *text, *p, *last, *end;
    ngx_str_t   s, line;

    text = malloc(source->len + 1);

    if (ngx_ai_text_decode_loose(source->data, source->len, text, source->len,
                                 &s)
        != NGX_OK)
    {
        diag("not so: a stream is decoded: %s", path);
        counts.wrong++;
    }

    last = text + s.len;

    for (p = text; p < last; p = end + 1) {
        end = memchr(p, '\n', last - p);
        end = end ? end : last;

        line.data = memchr(p, '{', end - p);

        if (line.data == NULL) {
            continue;
        }

        line.len = end - line.data;
        line.data = (u_char *) strndup((char *) line.data, line.len);

        document(&line, path);

        free(line.data);
    }

    free(text);
}


static void
document(const ngx_str_t *text, const char *path)
{
    size_t      at;
    u_char      c;
    ngx_uint_t  i;

    static const u_char  bytes[] = "\"\\{}[]:,u0d8 \n\x80\xe2-.";

    counts.documents++;

    compare(text, path);
    counts.nodes += tree.n;

    for (i = 0; i < RECORDED_BREAK && text->len; i++) {
        at = tap_random(&seed) % text->len;
        c = text->data[at];

        text->data[at] = bytes[tap_random(&seed) % (sizeof(bytes) - 1)];

        compare(text, path);
        counts.broken += (tree.error != NULL);

        text->data[at] = c;
    }
}


static void
compare(const ngx_str_t *text, const char *path)
{
    const char  *wrong;

    wrong = tree_compare(&tree, text);

    if (wrong) {
        diag("not so: %s: %s (tree: %s at %d)", path, wrong,
             tree.error ? tree.error : "-", (int) tree.offset);
        counts.wrong++;
    }
}
