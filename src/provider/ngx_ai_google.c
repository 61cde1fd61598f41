
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "ngx_ai_google.h"
#include "ngx_ai_text.h"
#include "ngx_ai_tree.h"


#define NGX_AI_GOOGLE_NODES      256
#define NGX_AI_GOOGLE_TEXT       2048
#define NGX_AI_GOOGLE_PEM        16384
#define NGX_AI_GOOGLE_TOKEN      8192
#define NGX_AI_GOOGLE_SAID       200

#define NGX_AI_GOOGLE_ASSERTION  3600   /* the most that is allowed */

#define NGX_AI_GOOGLE_SCOPE                                                   \
    "https://www.googleapis.com/auth/cloud-platform"

#define NGX_AI_GOOGLE_GRANT                                                   \
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"        \
    "&assertion="

/* base64 of n bytes, and the zero that OpenSSL puts behind it */
#define ngx_ai_google_base64_size(n)  (((n) + 2) / 3 * 4 + 1)


static ngx_int_t ngx_ai_google_members(ngx_pool_t *pool,
    const ngx_ai_tree_t *tree, ngx_ai_google_t *account, const char **reason);
static ngx_int_t ngx_ai_google_text(ngx_pool_t *pool,
    const ngx_ai_tree_t *tree, const char *name, ngx_str_t *text);
static EVP_PKEY *ngx_ai_google_key(ngx_pool_t *pool,
    const ngx_ai_tree_t *tree, const char **reason);
static int ngx_ai_google_password(char *buf, int size, int rw, void *data);
static void ngx_ai_google_cleanup(void *data);
static u_char *ngx_ai_google_base64url(u_char *dst, const u_char *src,
    size_t len);
static ngx_int_t ngx_ai_google_sign(EVP_PKEY *key, ngx_pool_t *pool,
    const u_char *text, size_t len, u_char **p);
static ngx_int_t ngx_ai_google_token(ngx_pool_t *pool,
    const ngx_ai_tree_t *tree, ngx_ai_secret_t **token, time_t *life,
    const char **reason);


ngx_ai_google_t *
ngx_ai_google_create(ngx_pool_t *pool, const ngx_str_t *text,
    const char **reason)
{
    ngx_int_t            rc;
    ngx_ai_tree_t        tree;
    ngx_ai_google_t     *account;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pool, sizeof(ngx_ai_google_t));
    if (cln == NULL) {
        *reason = "there is no memory";
        return NULL;
    }

    account = cln->data;
    ngx_memzero(account, sizeof(ngx_ai_google_t));
    cln->handler = ngx_ai_google_cleanup;

    ngx_ai_tree_init(&tree, NGX_AI_GOOGLE_NODES, pool->log);

    if (ngx_ai_tree_read(&tree, text) != NGX_OK
        || ngx_ai_tree_root(&tree)->type != NGX_AI_JSON_OBJECT)
    {
        *reason = "it is no JSON object";
        rc = NGX_ERROR;

    } else {
        rc = ngx_ai_google_members(pool, &tree, account, reason);
    }

    ngx_ai_tree_free(&tree);

    return (rc == NGX_OK) ? account : NULL;
}


static ngx_int_t
ngx_ai_google_members(ngx_pool_t *pool, const ngx_ai_tree_t *tree,
    ngx_ai_google_t *account, const char **reason)
{
    const ngx_ai_node_t  *type;

    type = ngx_ai_tree_member(tree, ngx_ai_tree_root(tree), "type");

    if (type == NULL || !ngx_ai_tree_is(tree, type, "service_account")) {
        *reason = "its \"type\" is not \"service_account\"";
        return NGX_ERROR;
    }

    if (ngx_ai_google_text(pool, tree, "client_email", &account->email)
        != NGX_OK
        || account->email.len == 0)
    {
        *reason = "its \"client_email\" is none";
        return NGX_ERROR;
    }

    if (ngx_ai_google_text(pool, tree, "token_uri", &account->token_uri)
        != NGX_OK
        || account->token_uri.len == 0)
    {
        *reason = "its \"token_uri\" is none";
        return NGX_ERROR;
    }

    if (ngx_ai_google_text(pool, tree, "private_key_id", &account->key_id)
        != NGX_OK
        || ngx_ai_google_text(pool, tree, "project_id", &account->project)
           != NGX_OK)
    {
        *reason = "its \"private_key_id\" or its \"project_id\" is none";
        return NGX_ERROR;
    }

    account->key = ngx_ai_google_key(pool, tree, reason);

    return account->key ? NGX_OK : NGX_ERROR;
}


/* what goes into a JSON text without being escaped; empty: there is none */

static ngx_int_t
ngx_ai_google_text(ngx_pool_t *pool, const ngx_ai_tree_t *tree,
    const char *name, ngx_str_t *text)
{
    u_char               *p;
    size_t                i;
    ngx_str_t             source;
    const ngx_ai_node_t  *node;

    ngx_str_null(text);

    node = ngx_ai_tree_member(tree, ngx_ai_tree_root(tree), name);

    if (node == NULL) {
        return NGX_OK;
    }

    if (node->type != NGX_AI_JSON_STRING) {
        return NGX_ERROR;
    }

    ngx_ai_tree_text(tree, node, &source);

    p = ngx_pnalloc(pool, source.len + 1);

    if (p == NULL
        || ngx_ai_text_decode(source.data, source.len, p, NGX_AI_GOOGLE_TEXT,
                              text)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < text->len; i++) {
        if (p[i] <= ' ' || p[i] >= 0x7f || p[i] == '"' || p[i] == '\\') {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static EVP_PKEY *
ngx_ai_google_key(ngx_pool_t *pool, const ngx_ai_tree_t *tree,
    const char **reason)
{
    BIO                  *bio;
    u_char               *p;
    EVP_PKEY             *key;
    ngx_str_t             source, pem;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(tree, ngx_ai_tree_root(tree), "private_key");

    if (node == NULL || node->type != NGX_AI_JSON_STRING) {
        *reason = "it has no \"private_key\"";
        return NULL;
    }

    key = NULL;
    ngx_ai_tree_text(tree, node, &source);

    *reason = "there is no memory";

    p = ngx_alloc(source.len + 1, pool->log);
    if (p == NULL) {
        return NULL;
    }

    *reason = "its \"private_key\" is no RSA key in PEM";

    if (ngx_ai_text_decode(source.data, source.len, p, NGX_AI_GOOGLE_PEM,
                           &pem)
        == NGX_OK)
    {
        bio = BIO_new_mem_buf(pem.data, (int) pem.len);

        if (bio) {
            key = PEM_read_bio_PrivateKey(bio, NULL, ngx_ai_google_password,
                                          NULL);
            BIO_free(bio);
        }
    }

    ngx_explicit_memzero(p, source.len);
    ngx_free(p);

    if (key && EVP_PKEY_base_id(key) != EVP_PKEY_RSA) {
        EVP_PKEY_free(key);
        key = NULL;
    }

    if (key == NULL) {
        ERR_clear_error();
    }

    return key;
}


/* OpenSSL would ask at the terminal */

static int
ngx_ai_google_password(char *buf, int size, int rw, void *data)
{
    return 0;
}


static void
ngx_ai_google_cleanup(void *data)
{
    ngx_ai_google_t  *account = data;

    EVP_PKEY_free(account->key);
}


ngx_int_t
ngx_ai_google_ask(const ngx_ai_google_t *account, time_t now,
    ngx_pool_t *pool, ngx_str_t *body)
{
    u_char  *p, *jwt, *head, *claims;
    size_t   size, head_len, claims_len;

    size = sizeof("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"\"}")
           + account->key_id.len;

    head = ngx_pnalloc(pool, size);
    if (head == NULL) {
        return NGX_ERROR;
    }

    p = ngx_slprintf(head, head + size, "{\"alg\":\"RS256\",\"typ\":\"JWT\"");

    if (account->key_id.len) {
        p = ngx_slprintf(p, head + size, ",\"kid\":\"%V\"", &account->key_id);
    }

    *p++ = '}';
    head_len = p - head;

    size = sizeof("{\"iss\":\"\",\"scope\":\"" NGX_AI_GOOGLE_SCOPE "\","
                  "\"aud\":\"\",\"iat\":,\"exp\":}")
           + account->email.len + account->token_uri.len + 2 * NGX_TIME_T_LEN;

    claims = ngx_pnalloc(pool, size);
    if (claims == NULL) {
        return NGX_ERROR;
    }

    p = ngx_slprintf(claims, claims + size,
                     "{\"iss\":\"%V\",\"scope\":\"" NGX_AI_GOOGLE_SCOPE "\","
                     "\"aud\":\"%V\",\"iat\":%T,\"exp\":%T}", &account->email,
                     &account->token_uri, now, now + NGX_AI_GOOGLE_ASSERTION);

    claims_len = p - claims;

    size = sizeof(NGX_AI_GOOGLE_GRANT) - 1
           + ngx_ai_google_base64_size(head_len) + 1
           + ngx_ai_google_base64_size(claims_len) + 1
           + ngx_ai_google_base64_size((size_t) EVP_PKEY_size(account->key));

    body->data = ngx_pnalloc(pool, size);
    if (body->data == NULL) {
        return NGX_ERROR;
    }

    jwt = ngx_cpymem(body->data, NGX_AI_GOOGLE_GRANT,
                     sizeof(NGX_AI_GOOGLE_GRANT) - 1);

    p = ngx_ai_google_base64url(jwt, head, head_len);
    *p++ = '.';
    p = ngx_ai_google_base64url(p, claims, claims_len);

    if (ngx_ai_google_sign(account->key, pool, jwt, p - jwt, &p) != NGX_OK) {
        return NGX_ERROR;
    }

    body->len = p - body->data;

    return NGX_OK;
}


/* RFC 7515: without the padding, and with two other letters */

static u_char *
ngx_ai_google_base64url(u_char *dst, const u_char *src, size_t len)
{
    u_char  *p, *last;

    last = dst + EVP_EncodeBlock(dst, src, (int) len);

    while (last > dst && last[-1] == '=') {
        last--;
    }

    for (p = dst; p < last; p++) {

        if (*p == '+') {
            *p = '-';

        } else if (*p == '/') {
            *p = '_';
        }
    }

    return last;
}


/* appends the signature of what is before it */

static ngx_int_t
ngx_ai_google_sign(EVP_PKEY *key, ngx_pool_t *pool, const u_char *text,
    size_t len, u_char **p)
{
    u_char      *signature;
    size_t       size;
    ngx_int_t    rc;
    EVP_MD_CTX  *md;

    size = EVP_PKEY_size(key);
    signature = ngx_pnalloc(pool, size);
    md = EVP_MD_CTX_new();

    rc = NGX_ERROR;

    if (signature && md
        && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1
        && EVP_DigestSign(md, signature, &size, text, len) == 1)
    {
        *(*p)++ = '.';
        *p = ngx_ai_google_base64url(*p, signature, size);
        rc = NGX_OK;
    }

    EVP_MD_CTX_free(md);

    if (rc != NGX_OK) {
        ERR_clear_error();
    }

    return rc;
}


ngx_int_t
ngx_ai_google_answer(ngx_pool_t *pool, const ngx_str_t *body,
    ngx_ai_secret_t **token, time_t *life, const char **reason)
{
    ngx_int_t      rc;
    ngx_ai_tree_t  tree;

    ngx_ai_tree_init(&tree, NGX_AI_GOOGLE_NODES, pool->log);

    if (ngx_ai_tree_read(&tree, body) != NGX_OK) {
        *reason = "it is no JSON";
        rc = NGX_ERROR;

    } else {
        rc = ngx_ai_google_token(pool, &tree, token, life, reason);
    }

    ngx_ai_tree_free(&tree);

    return rc;
}


static ngx_int_t
ngx_ai_google_token(ngx_pool_t *pool, const ngx_ai_tree_t *tree,
    ngx_ai_secret_t **token, time_t *life, const char **reason)
{
    u_char               *p;
    size_t                i, len;
    int64_t               n;
    ngx_str_t             text;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(tree, ngx_ai_tree_root(tree), "expires_in");

    if (node == NULL || ngx_ai_tree_int(tree, node, &n) != NGX_OK || n < 1) {
        *reason = "it has no \"expires_in\"";
        return NGX_ERROR;
    }

    *life = (time_t) ngx_min(n, NGX_AI_GOOGLE_LIFE_MAX);

    node = ngx_ai_tree_member(tree, ngx_ai_tree_root(tree), "access_token");

    *reason = "it has no \"access_token\"";

    if (node == NULL || node->type != NGX_AI_JSON_STRING) {
        return NGX_ERROR;
    }

    ngx_ai_tree_text(tree, node, &text);

    len = text.len;
    p = ngx_pnalloc(pool, len + 1);

    if (p == NULL
        || ngx_ai_text_decode(text.data, len, p, NGX_AI_GOOGLE_TOKEN, &text)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* it goes into a header */

    for (i = 0; i < text.len && p[i] > ' ' && p[i] < 0x7f; i++) {
        /* void */
    }

    *token = (i == text.len) ? ngx_ai_secret_create(pool, &text, reason)
                             : NULL;

    ngx_explicit_memzero(p, len);

    return *token ? NGX_OK : NGX_ERROR;
}


/* the source of a JSON string has no control characters but DEL */

void
ngx_ai_google_error(ngx_pool_t *pool, const ngx_str_t *body, ngx_str_t *said)
{
    u_char               *p, *last;
    ngx_ai_tree_t         tree;
    const ngx_ai_node_t  *root, *node;

    ngx_str_set(said, "");

    ngx_ai_tree_init(&tree, NGX_AI_GOOGLE_NODES, pool->log);

    if (ngx_ai_tree_read(&tree, body) == NGX_OK) {
        root = ngx_ai_tree_root(&tree);
        node = ngx_ai_tree_member(&tree, root, "error_description");

        if (node == NULL || node->type != NGX_AI_JSON_STRING) {
            node = ngx_ai_tree_member(&tree, root, "error");
        }

        if (node && node->type == NGX_AI_JSON_STRING) {
            ngx_ai_tree_text(&tree, node, said);
        }
    }

    ngx_ai_tree_free(&tree);

    said->len = ngx_min(said->len, NGX_AI_GOOGLE_SAID);
    last = said->data + said->len;

    for (p = said->data; p < last && *p < 0x7f; p++) { /* void */ }

    said->len = p - said->data;
}
