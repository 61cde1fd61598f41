
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * What clouds send and what is signed for them.  The first byte says which:
 * the answer with a token, a file of keys, or a request-target to be signed.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_google.h"
#include "ngx_ai_sigv4.h"


#define must(cond)  do { if (!(cond)) { abort(); } } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void cloud_answer(ngx_pool_t *pool, const ngx_str_t *text);
static void cloud_profile(ngx_pool_t *pool, const ngx_str_t *text);
static void cloud_sign(ngx_pool_t *pool, const ngx_str_t *text);
static void cloud_line(const u_char *p, size_t len);


static ngx_log_t  cloud_log;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char      *copy;
    ngx_str_t    text;
    ngx_pool_t  *pool;

    if (size < 2) {
        return 0;
    }

    copy = malloc(size - 1);
    must(copy != NULL);
    memcpy(copy, data + 1, size - 1);

    text.data = copy;
    text.len = size - 1;

    pool = ngx_create_pool(4096, &cloud_log);

    switch (data[0] % 3) {

    case 0:
        cloud_answer(pool, &text);
        break;

    case 1:
        cloud_profile(pool, &text);
        break;

    default:
        cloud_sign(pool, &text);
    }

    ngx_destroy_pool(pool);
    free(copy);

    return 0;
}


/* what is taken can stand in a header, what is logged on a line */

static void
cloud_answer(ngx_pool_t *pool, const ngx_str_t *text)
{
    u_char            out[8192];
    size_t            i;
    time_t            life;
    ngx_str_t         said;
    const char       *reason;
    ngx_ai_secret_t  *token;

    reason = NULL;

    if (ngx_ai_google_answer(pool, text, &token, &life, &reason) == NGX_OK) {
        must(life > 0 && life <= NGX_AI_GOOGLE_LIFE_MAX);
        must(ngx_ai_secret_len(token) <= sizeof(out));

        cloud_line(out, ngx_ai_secret_copy(out, token) - out);

    } else {
        must(reason != NULL);
    }

    ngx_ai_google_error(pool, text, &said);
    must(said.len <= 200);

    for (i = 0; i < said.len; i++) {
        must(said.data[i] >= ' ' && said.data[i] < 0x7f);
    }
}


static void
cloud_profile(ngx_pool_t *pool, const ngx_str_t *text)
{
    ngx_str_t            name = ngx_string("default");
    const char          *reason;
    ngx_ai_sigv4_key_t   key;

    reason = NULL;

    if (ngx_ai_sigv4_profile(pool, text, &name, &key, &reason) == NGX_OK) {
        must(key.id != NULL && key.secret != NULL);

    } else {
        must(reason != NULL);
    }
}


/* the lines are of printable ASCII, whatever is signed */

static void
cloud_sign(ngx_pool_t *pool, const ngx_str_t *text)
{
    u_char                  *out, *p;
    size_t                   size;
    ngx_int_t                rc;
    ngx_str_t                value;
    const char              *reason;
    ngx_ai_sigv4_key_t       key;
    ngx_ai_sigv4_request_t   request;

    ngx_memzero(&key, sizeof(key));
    ngx_memzero(&request, sizeof(request));

    ngx_str_set(&value, "AKIDEXAMPLE");
    key.id = ngx_ai_secret_create(pool, &value, &reason);
    key.secret = key.id;
    key.session = (text->len % 2) ? key.id : NULL;
    ngx_str_set(&key.region, "us-east-1");
    ngx_str_set(&key.service, "bedrock");

    ngx_str_set(&request.method, "POST");
    ngx_str_set(&request.host, "h");
    request.target = *text;
    request.now = 1795162145;

    size = ngx_ai_sigv4_size(&key);
    out = malloc(size);
    must(out != NULL);
    p = out;

    rc = ngx_ai_sigv4_write(&key, &request, pool, &p);

    must(rc == NGX_OK || (rc == NGX_DECLINED && p == out));
    must((size_t) (p - out) <= size);

    for (p = out; rc == NGX_OK && p < out + size && *p != 'A'; p++) {
        must((*p >= ' ' && *p < 0x7f) || *p == CR || *p == LF);
    }

    free(out);
}


static void
cloud_line(const u_char *p, size_t len)
{
    size_t  i;

    must(len > 0);

    for (i = 0; i < len; i++) {
        must(p[i] > ' ' && p[i] < 0x7f);
    }
}
