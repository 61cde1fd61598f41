
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_json.h"
#include "ngx_ai_keys.h"
#include "ngx_ai_pattern.h"
#include "ngx_ai_time.h"


#define NGX_AI_KEYS_TEXT_MAX   256
#define NGX_AI_KEYS_REASON     512
#define NGX_AI_KEYS_DEPTH      8      /* more than a right file has */
#define NGX_AI_KEYS_WEAK       61

/* the least that a key takes in a file, so that a file's size bounds them */
#define NGX_AI_KEYS_LEAST                                                     \
    (sizeof("{\"id\":\"a\",\"sha256\":\"\"},") - 1 + 2 * NGX_AI_SHA256_LEN)


typedef enum {
    NGX_AI_KEYS_FILE = 0,          /* before and in the outer object */
    NGX_AI_KEYS_LIST,              /* in "keys" */
    NGX_AI_KEYS_KEY,
    NGX_AI_KEYS_ALLOW
} ngx_ai_keys_state_e;


typedef enum {
    NGX_AI_KEYS_STRING = 0,
    NGX_AI_KEYS_BOOLEAN,
    NGX_AI_KEYS_STRINGS
} ngx_ai_keys_type_e;


typedef struct ngx_ai_keys_file_s  ngx_ai_keys_file_t;

typedef struct {
    ngx_str_t                      name;
    ngx_uint_t                     type;
    ngx_int_t                    (*set)(ngx_ai_keys_file_t *f,
                                       const ngx_str_t *value);
    size_t                         offset;
} ngx_ai_keys_member_t;


struct ngx_ai_keys_file_s {
    ngx_pool_t                    *pool;
    ngx_ai_keys_t                 *keys;
    ngx_ai_keys_error_t           *error;

    ngx_uint_t                     state;
    ngx_uint_t                     depth;
    ngx_uint_t                     found;     /* "keys" */
    ngx_uint_t                     seen;      /* members, a mask */
    const ngx_ai_keys_member_t    *member;
    ngx_ai_key_t                  *key;
    ngx_array_t                    allow;

    /* an open hash of the ids, as that of the digests is */

    uint32_t                      *ids;
    ngx_uint_t                     mask;

    u_char                         weak[NGX_AI_KEYS_WEAK][NGX_AI_SHA256_LEN];
};


static ngx_int_t ngx_ai_keys_read(ngx_ai_keys_file_t *f,
    const ngx_str_t *text);
static ngx_int_t ngx_ai_keys_start_map(void *ctx);
static ngx_int_t ngx_ai_keys_member(void *ctx, const ngx_str_t *name);
static ngx_int_t ngx_ai_keys_end_map(void *ctx);
static ngx_int_t ngx_ai_keys_start_array(void *ctx);
static ngx_int_t ngx_ai_keys_end_array(void *ctx);
static ngx_int_t ngx_ai_keys_string(void *ctx, const ngx_str_t *value);
static ngx_int_t ngx_ai_keys_boolean(void *ctx, ngx_uint_t value);
static ngx_int_t ngx_ai_keys_number(void *ctx, const ngx_str_t *text);
static ngx_int_t ngx_ai_keys_null(void *ctx);

static ngx_int_t ngx_ai_keys_wrong_type(ngx_ai_keys_file_t *f);
static ngx_int_t ngx_ai_keys_set_text(ngx_ai_keys_file_t *f,
    const ngx_str_t *value);
static ngx_int_t ngx_ai_keys_set_id(ngx_ai_keys_file_t *f,
    const ngx_str_t *value);
static ngx_int_t ngx_ai_keys_set_sha256(ngx_ai_keys_file_t *f,
    const ngx_str_t *value);
static ngx_int_t ngx_ai_keys_set_expires(ngx_ai_keys_file_t *f,
    const ngx_str_t *value);
static ngx_int_t ngx_ai_keys_set_allow(ngx_ai_keys_file_t *f,
    const ngx_str_t *value);
static ngx_uint_t ngx_ai_keys_is_weak(ngx_ai_keys_file_t *f,
    const u_char *sha256);
static ngx_int_t ngx_ai_keys_copy(ngx_ai_keys_file_t *f, ngx_str_t *dst,
    const ngx_str_t *src);
static ngx_int_t ngx_ai_keys_refuse(ngx_ai_keys_file_t *f, const char *fmt,
    ...);


#define ngx_ai_keys_text(name)                                                \
    { ngx_string(#name), NGX_AI_KEYS_STRING, ngx_ai_keys_set_text,            \
      offsetof(ngx_ai_key_t, name) }


/* the first two are required */

static const ngx_ai_keys_member_t  ngx_ai_keys_members[] = {
    { ngx_string("id"), NGX_AI_KEYS_STRING, ngx_ai_keys_set_id, 0 },
    { ngx_string("sha256"), NGX_AI_KEYS_STRING, ngx_ai_keys_set_sha256, 0 },
    ngx_ai_keys_text(owner),
    ngx_ai_keys_text(group),
    ngx_ai_keys_text(project),
    ngx_ai_keys_text(tenant),
    ngx_ai_keys_text(plan),
    ngx_ai_keys_text(role),
    { ngx_string("expires"), NGX_AI_KEYS_STRING, ngx_ai_keys_set_expires, 0 },
    { ngx_string("disabled"), NGX_AI_KEYS_BOOLEAN, NULL, 0 },
    { ngx_string("allow"), NGX_AI_KEYS_STRINGS, ngx_ai_keys_set_allow, 0 },
    { ngx_null_string, 0, NULL, 0 }
};


static const ngx_ai_json_events_t  ngx_ai_keys_events = {
    ngx_ai_keys_start_map,
    ngx_ai_keys_member,
    ngx_ai_keys_end_map,
    ngx_ai_keys_start_array,
    ngx_ai_keys_end_array,
    ngx_ai_keys_string,
    ngx_ai_keys_number,
    ngx_ai_keys_boolean,
    ngx_ai_keys_null
};


/* what examples have and what is tried first */

static const char  *ngx_ai_keys_weak[NGX_AI_KEYS_WEAK] = {
    "", "sk-", "sk-...", "sk-test", "sk-test-key", "sk-key", "sk-demo",
    "sk-example", "sk-123", "sk-1234", "sk-12345", "sk-123456",
    "sk-1234567890", "sk-xxx", "sk-xxxx", "sk-xxxxxxxx", "sk-no-key-required",
    "no-key", "none", "null", "undefined", "dummy", "fake", "EMPTY", "empty",
    "test", "test-key", "testkey", "key", "api-key", "api_key", "apikey",
    "your-api-key", "your_api_key", "YOUR_API_KEY", "my-api-key", "my-key",
    "changeme", "change-me", "change_me", "CHANGEME", "default", "demo",
    "example", "secret", "password", "admin", "root", "token", "ollama",
    "lm-studio", "anything", "0", "1", "123", "1234", "12345", "123456",
    "12345678", "123456789", "1234567890"
};


ngx_ai_keys_t *
ngx_ai_keys_parse(ngx_pool_t *pool, const ngx_str_t *text,
    ngx_ai_keys_error_t *error)
{
    ngx_int_t           rc;
    ngx_uint_t          i, max, nslots;
    ngx_ai_keys_file_t  f;

    ngx_memzero(error, sizeof(ngx_ai_keys_error_t));
    ngx_memzero(&f, sizeof(ngx_ai_keys_file_t));

    f.pool = pool;
    f.error = error;

    for (i = 0; i < NGX_AI_KEYS_WEAK; i++) {
        ngx_ai_sha256((const u_char *) ngx_ai_keys_weak[i],
                      ngx_strlen(ngx_ai_keys_weak[i]), f.weak[i]);
    }

    max = text->len / NGX_AI_KEYS_LEAST + 1;

    nslots = 2;

    while (nslots < 2 * max) {
        nslots *= 2;
    }

    f.keys = ngx_ai_keys_create(pool, max);
    if (f.keys == NULL) {
        return NULL;
    }

    f.mask = nslots - 1;

    f.ids = ngx_calloc(nslots * sizeof(uint32_t), pool->log);
    if (f.ids == NULL) {
        return NULL;
    }

    rc = ngx_ai_keys_read(&f, text);

    ngx_free(f.ids);

    return (rc == NGX_OK) ? f.keys : NULL;
}


static ngx_int_t
ngx_ai_keys_read(ngx_ai_keys_file_t *f, const ngx_str_t *text)
{
    ngx_int_t             rc;
    ngx_str_t             path;
    ngx_ai_json_reader_t  reader;

    rc = ngx_ai_json_read(&reader, text, NGX_AI_KEYS_DEPTH,
                          &ngx_ai_keys_events, f);

    if (rc == NGX_OK && f->found) {
        return NGX_OK;
    }

    if (rc == NGX_OK) {
        f->error->line = 1;
        return ngx_ai_keys_refuse(f, "there is no \"keys\" member");
    }

    f->error->line = reader.line;

    if (reader.error) {
        return ngx_ai_keys_refuse(f, "%s", reader.error);
    }

    if (f->error->reason.len) {
        path = reader.path;

        if (ngx_ai_keys_copy(f, &f->error->path, &path) != NGX_OK) {
            ngx_str_null(&f->error->reason);
        }
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_ai_keys_start_map(void *ctx)
{
    ngx_ai_keys_file_t  *f = ctx;

    if (f->state == NGX_AI_KEYS_FILE && f->depth == 0) {
        f->depth = 1;
        return NGX_OK;
    }

    if (f->state != NGX_AI_KEYS_LIST) {
        return ngx_ai_keys_wrong_type(f);
    }

    f->key = ngx_pcalloc(f->pool, sizeof(ngx_ai_key_t));
    if (f->key == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&f->allow, sizeof(ngx_array_t));

    f->state = NGX_AI_KEYS_KEY;
    f->seen = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_keys_member(void *ctx, const ngx_str_t *name)
{
    ngx_ai_keys_file_t  *f = ctx;

    ngx_uint_t                   bit;
    const ngx_ai_keys_member_t  *m;

    if (f->state == NGX_AI_KEYS_FILE) {

        if (name->len != 4 || ngx_memcmp(name->data, "keys", 4) != 0) {
            return ngx_ai_keys_refuse(f, "is not known: the file has only "
                                      "\"keys\"");
        }

        if (f->found) {
            return ngx_ai_keys_refuse(f, "is given twice");
        }

        f->found = 1;

        return NGX_OK;
    }

    m = ngx_ai_keys_members;

    while (m->name.len
           && (m->name.len != name->len
               || ngx_memcmp(m->name.data, name->data, name->len) != 0))
    {
        m++;
    }

    if (m->name.len == 0) {
        return ngx_ai_keys_refuse(f, "is not a member that a key can have");
    }

    bit = (ngx_uint_t) 1 << (m - ngx_ai_keys_members);

    if (f->seen & bit) {
        return ngx_ai_keys_refuse(f, "is given twice");
    }

    f->seen |= bit;
    f->member = m;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_keys_end_map(void *ctx)
{
    ngx_ai_keys_file_t  *f = ctx;

    ngx_uint_t  i;

    if (f->state == NGX_AI_KEYS_FILE) {
        return NGX_OK;
    }

    for (i = 0; i < 2; i++) {
        if (!(f->seen & ((ngx_uint_t) 1 << i))) {
            return ngx_ai_keys_refuse(f, "has no \"%V\"",
                                      &ngx_ai_keys_members[i].name);
        }
    }

    f->state = NGX_AI_KEYS_LIST;

    return ngx_ai_keys_add(f->keys, f->key);
}


static ngx_int_t
ngx_ai_keys_start_array(void *ctx)
{
    ngx_ai_keys_file_t  *f = ctx;

    if (f->state == NGX_AI_KEYS_FILE && f->depth == 1) {
        f->state = NGX_AI_KEYS_LIST;
        return NGX_OK;
    }

    if (f->state != NGX_AI_KEYS_KEY
        || f->member->type != NGX_AI_KEYS_STRINGS)
    {
        return ngx_ai_keys_wrong_type(f);
    }

    f->state = NGX_AI_KEYS_ALLOW;

    return ngx_array_init(&f->allow, f->pool, 2, sizeof(ngx_str_t));
}


static ngx_int_t
ngx_ai_keys_end_array(void *ctx)
{
    ngx_ai_keys_file_t  *f = ctx;

    if (f->state == NGX_AI_KEYS_LIST) {
        f->state = NGX_AI_KEYS_FILE;
        return NGX_OK;
    }

    f->state = NGX_AI_KEYS_KEY;

    if (f->allow.nelts == 0) {
        return ngx_ai_keys_refuse(f, "allows nothing: leave it out to allow "
                                  "every model, or disable the key");
    }

    f->key->allow = f->allow.elts;
    f->key->nallow = f->allow.nelts;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_keys_string(void *ctx, const ngx_str_t *value)
{
    ngx_ai_keys_file_t  *f = ctx;

    if (f->state == NGX_AI_KEYS_ALLOW
        || (f->state == NGX_AI_KEYS_KEY
            && f->member->type == NGX_AI_KEYS_STRING))
    {
        return f->member->set(f, value);
    }

    return ngx_ai_keys_wrong_type(f);
}


static ngx_int_t
ngx_ai_keys_boolean(void *ctx, ngx_uint_t value)
{
    ngx_ai_keys_file_t  *f = ctx;

    if (f->state != NGX_AI_KEYS_KEY
        || f->member->type != NGX_AI_KEYS_BOOLEAN)
    {
        return ngx_ai_keys_wrong_type(f);
    }

    f->key->disabled = value;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_keys_number(void *ctx, const ngx_str_t *text)
{
    return ngx_ai_keys_wrong_type(ctx);
}


static ngx_int_t
ngx_ai_keys_null(void *ctx)
{
    return ngx_ai_keys_wrong_type(ctx);
}


static ngx_int_t
ngx_ai_keys_wrong_type(ngx_ai_keys_file_t *f)
{
    switch (f->state) {

    case NGX_AI_KEYS_FILE:
        return ngx_ai_keys_refuse(f, f->depth ? "must be an array"
                                              : "must be an object with a "
                                                "\"keys\" member");

    case NGX_AI_KEYS_LIST:
        return ngx_ai_keys_refuse(f, "must be an object");

    case NGX_AI_KEYS_ALLOW:
        return ngx_ai_keys_refuse(f, "must be a string");

    default: /* NGX_AI_KEYS_KEY */
        break;
    }

    switch (f->member->type) {

    case NGX_AI_KEYS_BOOLEAN:
        return ngx_ai_keys_refuse(f, "must be true or false");

    case NGX_AI_KEYS_STRINGS:
        return ngx_ai_keys_refuse(f, "must be an array of strings");

    default: /* NGX_AI_KEYS_STRING */
        return ngx_ai_keys_refuse(f, "must be a string");
    }
}


static ngx_int_t
ngx_ai_keys_set_text(ngx_ai_keys_file_t *f, const ngx_str_t *value)
{
    size_t  i;

    if (value->len == 0 || value->len > NGX_AI_KEYS_TEXT_MAX) {
        return ngx_ai_keys_refuse(f, "must have 1 to %d bytes",
                                  NGX_AI_KEYS_TEXT_MAX);
    }

    for (i = 0; i < value->len; i++) {
        if (value->data[i] < ' ' || value->data[i] == 0x7f) {
            return ngx_ai_keys_refuse(f, "has a control character");
        }
    }

    return ngx_ai_keys_copy(f, (ngx_str_t *) ((u_char *) f->key
                                              + f->member->offset), value);
}


/* an id stands in logs, headers and metrics as it is */

static ngx_int_t
ngx_ai_keys_set_id(ngx_ai_keys_file_t *f, const ngx_str_t *value)
{
    size_t               k;
    ngx_uint_t           i, slot;
    const ngx_ai_key_t  *key;

    if (value->len == 0 || value->len > NGX_AI_KEYS_TEXT_MAX) {
        return ngx_ai_keys_refuse(f, "must have 1 to %d bytes",
                                  NGX_AI_KEYS_TEXT_MAX);
    }

    for (k = 0; k < value->len; k++) {
        if (value->data[k] <= ' ' || value->data[k] >= 0x7f
            || value->data[k] == '"' || value->data[k] == '\\')
        {
            return ngx_ai_keys_refuse(f, "must be printable ASCII without "
                                      "blanks, quotes and backslashes");
        }
    }

    slot = ngx_crc32_long(value->data, value->len) & f->mask;

    while (f->ids[slot]) {
        i = f->ids[slot] - 1;
        key = ngx_ai_keys_get(f->keys, i);

        if (key->id.len == value->len
            && ngx_memcmp(key->id.data, value->data, value->len) == 0)
        {
            return ngx_ai_keys_refuse(f, "is the id of keys[%ui] too", i);
        }

        slot = (slot + 1) & f->mask;
    }

    f->ids[slot] = (uint32_t) ngx_ai_keys_count(f->keys) + 1;

    return ngx_ai_keys_copy(f, &f->key->id, value);
}


static ngx_int_t
ngx_ai_keys_set_sha256(ngx_ai_keys_file_t *f, const ngx_str_t *value)
{
    const ngx_ai_key_t  *key;

    if (value->len != 2 * NGX_AI_SHA256_LEN
        || ngx_ai_unhex(f->key->sha256, value->data, value->len) != NGX_OK)
    {
        return ngx_ai_keys_refuse(f, "must have %d hexadecimal digits",
                                  2 * NGX_AI_SHA256_LEN);
    }

    if (ngx_ai_keys_is_weak(f, f->key->sha256)) {
        return ngx_ai_keys_refuse(f, "is the digest of a key that anybody "
                                  "would try first");
    }

    key = ngx_ai_keys_find(f->keys, f->key->sha256);

    if (key != NULL) {
        return ngx_ai_keys_refuse(f, "is the digest of \"%V\" too",
                                  &key->id);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_keys_is_weak(ngx_ai_keys_file_t *f, const u_char *sha256)
{
    ngx_uint_t  i;

    /* 0000... and the like are nobody's digest but a placeholder */

    for (i = 1; i < NGX_AI_SHA256_LEN && sha256[i] == sha256[0]; i++) {
        /* void */
    }

    if (i == NGX_AI_SHA256_LEN) {
        return 1;
    }

    for (i = 0; i < NGX_AI_KEYS_WEAK; i++) {
        if (ngx_memcmp(f->weak[i], sha256, NGX_AI_SHA256_LEN) == 0) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_ai_keys_set_expires(ngx_ai_keys_file_t *f, const ngx_str_t *value)
{
    if (ngx_ai_time_parse(value, &f->key->expires) != NGX_OK) {
        return ngx_ai_keys_refuse(f, "must be a time as in "
                                  "\"2027-01-01T00:00:00Z\"");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_keys_set_allow(ngx_ai_keys_file_t *f, const ngx_str_t *value)
{
    ngx_str_t   *pattern;
    const char  *reason;

    if (ngx_ai_pattern_check(value, &reason) != NGX_OK) {
        return ngx_ai_keys_refuse(f, "can't be right: %s", reason);
    }

    pattern = ngx_array_push(&f->allow);
    if (pattern == NULL) {
        return NGX_ERROR;
    }

    return ngx_ai_keys_copy(f, pattern, value);
}


static ngx_int_t
ngx_ai_keys_copy(ngx_ai_keys_file_t *f, ngx_str_t *dst, const ngx_str_t *src)
{
    dst->data = ngx_pnalloc(f->pool, src->len + 1);
    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    dst->len = src->len;
    *ngx_cpymem(dst->data, src->data, src->len) = '\0';

    return NGX_OK;
}


/* NGX_ERROR always: the reader then has the path and the line */

static ngx_int_t
ngx_ai_keys_refuse(ngx_ai_keys_file_t *f, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    p = ngx_pnalloc(f->pool, NGX_AI_KEYS_REASON);
    if (p == NULL) {
        return NGX_ERROR;
    }

    f->error->reason.data = p;

    va_start(args, fmt);
    p = ngx_vslprintf(p, p + NGX_AI_KEYS_REASON, fmt, args);
    va_end(args);

    f->error->reason.len = p - f->error->reason.data;

    return NGX_ERROR;
}
