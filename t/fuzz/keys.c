
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The keys file.  What is taken is a table in which each key is found by its
 * digest and by no other, with an id of its own; what is refused has a reason
 * and a line of the file.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_keys.h"
#include "ngx_ai_pattern.h"


#define must(cond)  do { if (!(cond)) { abort(); } } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void keys_check(const ngx_ai_keys_t *keys);
static void keys_check_text(const ngx_str_t *text);


extern ngx_log_t  ngx_shim_log;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                i;
    ngx_str_t             text;
    ngx_uint_t            lines;
    ngx_pool_t           *pool;
    ngx_ai_keys_t        *keys;
    ngx_ai_keys_error_t   error;

    pool = ngx_create_pool(4096, &ngx_shim_log);
    must(pool != NULL);

    text.len = size;
    text.data = malloc(size + 1);
    must(text.data != NULL);

    if (size) {
        memcpy(text.data, data, size);
    }

    keys = ngx_ai_keys_parse(pool, &text, &error);

    free(text.data);

    if (keys != NULL) {
        keys_check(keys);

    } else {
        for (i = 0, lines = 1; i < size; i++) {
            lines += (data[i] == '\n');
        }

        must(error.line >= 1 && error.line <= lines);
        must(error.reason.len);
        keys_check_text(&error.reason);
    }

    ngx_destroy_pool(pool);

    return 0;
}


static void
keys_check(const ngx_ai_keys_t *keys)
{
    u_char               other[NGX_AI_SHA256_LEN];
    ngx_str_t            presented;
    ngx_uint_t           i, j;
    const ngx_ai_key_t  *k, *found;

    for (i = 0; (k = ngx_ai_keys_get(keys, i)) != NULL; i++) {
        must(ngx_ai_keys_find(keys, k->sha256) == k);

        memcpy(other, k->sha256, NGX_AI_SHA256_LEN);
        other[NGX_AI_SHA256_LEN - 1] ^= 1;

        found = ngx_ai_keys_find(keys, other);
        must(found != k);

        must(k->id.len);
        keys_check_text(&k->id);
        keys_check_text(&k->owner);
        keys_check_text(&k->group);
        keys_check_text(&k->project);
        keys_check_text(&k->tenant);
        keys_check_text(&k->plan);
        keys_check_text(&k->role);

        must((k->allow == NULL) == (k->nallow == 0));
        must(k->disabled <= 1);

        for (j = 0; j < k->nallow; j++) {
            must(k->allow[j].len && k->allow[j].len <= NGX_AI_PATTERN_MAX);
            must(ngx_ai_key_allows(k, &k->allow[j]));
        }

        for (j = 0; j < i; j++) {
            found = ngx_ai_keys_get(keys, j);
            must(found->id.len != k->id.len
                 || memcmp(found->id.data, k->id.data, k->id.len) != 0);
        }
    }

    must(i == ngx_ai_keys_count(keys));

    /* the empty key is nobody's, whatever the file says */

    presented.len = 0;
    presented.data = NULL;

    must(ngx_ai_keys_check(keys, &presented, 0, &found)
         == NGX_AI_KEY_UNKNOWN);
    must(found == NULL);
}


static void
keys_check_text(const ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        must(text->data[i] >= ' ' && text->data[i] != 0x7f);
    }
}
