
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * All that was recorded of AI Studio and of Vertex AI: read, written and read
 * again (wire_recorded.h).
 */


#include "gemini.h"

/* most calls have no id, and are given another one each time */

#undef  HUB_IDS
#define HUB_IDS  0

#include "wire_recorded.h"


static void test_recorded(const char *root, const char *dir);
static ngx_uint_t is_array(const char *path);
static const char *model(const ngx_str_t *path);
static void plain(ngx_ai_chat_t *chat);
static ngx_uint_t reworded(const char *name);
static ngx_uint_t apart(const char *name);


/*
 * No answers (a cached content), answers that have no end, and one whose
 * sound is not the last of the modalities.
 */

static const char  *aparts[] = {
    "-use-cache-with-text-1-",
    "-unary-failure-empty-content-",
    "-streaming-failure-empty-content-",
    "-test-video-file-gemini-1-",
    NULL
};


/* turns of one role become one, and a system prompt alone what a user says */

static const char  *rewordeds[] = {
    "-tool-returning-float-1-",
    "-test-google-deferred-capability-announcement-liv-1-",
    "-instructions-only-with-tool-calls-0-",
    "-direct-upload-2-ac54a1b7",
    "-direct-url-vi-2-",
    NULL
};


/* ".../models/{model}:generateContent" */

static const char *
model(const ngx_str_t *path)
{
    size_t         i, n;
    const u_char  *p;

    static char    name[256];

    p = memmem(path->data, path->len, "models/", sizeof("models/") - 1);

    if (p == NULL) {
        return "gemini-2.5-flash";
    }

    n = 0;
    i = p - path->data + sizeof("models/") - 1;

    for ( /* void */ ; i < path->len && n < sizeof(name) - 1; i++) {

        if (path->data[i] == ':') {
            break;
        }

        name[n++] = path->data[i];
    }

    name[n] = '\0';

    return name;
}


static void
plain(ngx_ai_chat_t *chat)
{
    /* all that is said can be said again */
}


static ngx_uint_t
reworded(const char *name)
{
    ngx_uint_t  i;

    for (i = 0; rewordeds[i]; i++) {
        if (strstr(name, rewordeds[i]) != NULL) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
apart(const char *name)
{
    ngx_uint_t  i;

    for (i = 0; aparts[i]; i++) {
        if (strstr(name, aparts[i]) != NULL) {
            return 1;
        }
    }

    return 0;
}


/* a stream that was asked for without "alt=sse" */

static ngx_uint_t
is_array(const char *path)
{
    char         text[8192];
    FILE        *f;
    size_t       n;
    ngx_uint_t   array;

    static const char  key[] = "\"text\":\"[";

    f = fopen(path, "rb");

    if (f == NULL) {
        return 0;
    }

    array = 0;

    while (!array && (n = fread(text, 1, sizeof(text), f)) > 0) {
        array = memmem(text, n, key, sizeof(key) - 1) != NULL;

        if (n == sizeof(text)) {
            (void) fseek(f, -(long) sizeof(key), SEEK_CUR);
        }
    }

    fclose(f);

    return array;
}


static void
test_recorded(const char *root, const char *dir)
{
    int                  i, n;
    char                 path[512], name[1024];
    ngx_uint_t           arrays;
    ngx_pool_t          *pool;
    wire_rec_t           rec;
    struct dirent      **entries;
    ngx_ai_reader_t     *readers, *reader;
    ngx_ai_dialect_t     array;
    wire_rec_counts_t    counts;

    memset(&counts, 0, sizeof(counts));
    arrays = 0;

    array = ngx_ai_gemini;
    array.framing = NGX_AI_FRAMING_ARRAY;

    snprintf(path, sizeof(path), "%.300s/recorded/%.100s", root, dir);

    n = scandir(path, &entries, NULL, alphasort);

    if (!ok(n > 2, "%s is there", dir)) {
        return;
    }

    pool = ngx_create_pool(4096, &ngx_shim_log);
    readers = ngx_ai_readers_create(pool, ngx_ai_gemini.tables,
                                    ngx_ai_gemini.ntables);
    reader = ngx_ai_readers_create(pool, &wire_rec_table, 1);

    rec.number = NGX_AI_DIALECT_GEMINI;
    rec.dialect = &ngx_ai_gemini;
    rec.model = model;
    rec.plain = plain;
    rec.reworded = reworded;

    for (i = 0; i < n; i++) {

        if (entries[i]->d_name[0] != '.' && !apart(entries[i]->d_name)) {

            snprintf(name, sizeof(name), "%.500s/%.500s", path,
                     entries[i]->d_name);

            gemini.dialect = &ngx_ai_gemini;

            if (is_array(name)) {
                gemini.dialect = &array;
                arrays++;
            }

            wire_rec_file(&gemini, &rec, &counts, readers, reader, path,
                          entries[i]->d_name);
        }

        free(entries[i]);
    }

    free(entries);

    is_int(counts.wrong, 0, "%s: %d requests (%d reworded), %d replies, "
           "%d streams (%d arrays) and %d errors are read, written and read "
           "again", dir, (int) counts.requests, (int) counts.reworded,
           (int) counts.replies, (int) counts.streams, (int) arrays,
           (int) counts.errors);

    ngx_destroy_pool(pool);
}


int
main(void)
{
    const char  *root;

    root = wire_recorded_root();

    if (root == NULL) {
        return 0;
    }

    gemini_init();

    test_recorded(root, "gemini.generate");
    test_recorded(root, "vertex.generate");

    wire_free(&gemini);

    return done();
}
