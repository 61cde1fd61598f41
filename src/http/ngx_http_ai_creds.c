
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_creds.h"
#include "ngx_http_ai_upstream.h"


#define NGX_HTTP_AI_CREDS_CHECK  (10 * 1000)


static ngx_uint_t ngx_http_ai_creds_reread(ngx_http_ai_creds_t *creds);
static ngx_uint_t ngx_http_ai_creds_changed(ngx_http_ai_creds_t *creds,
    ngx_file_info_t *fi);
static ngx_int_t ngx_http_ai_creds_read(ngx_http_ai_creds_t *creds,
    u_char *buf, ngx_str_t *text);
static ngx_int_t ngx_http_ai_creds_take(ngx_http_ai_creds_t *creds,
    ngx_str_t *text);
static ngx_uint_t ngx_http_ai_creds_has(ngx_ai_secret_t *secret,
    ngx_str_t *text);


void
ngx_http_ai_creds_stat(ngx_http_ai_creds_t *creds, ngx_file_info_t *fi)
{
    creds->mtime = ngx_file_mtime(fi);
    creds->size = ngx_file_size(fi);
    creds->uniq = ngx_file_uniq(fi);
}


void
ngx_http_ai_creds_init(ngx_http_ai_creds_t *creds)
{
    creds->checked = ngx_current_msec;

    if (creds->token) {
        ngx_http_ai_token_init(creds->token);
    }
}


void
ngx_http_ai_creds_exit(ngx_http_ai_creds_t *creds)
{
    if (creds->token) {
        ngx_http_ai_token_exit(creds->token);
    }

    if (creds->pool) {
        ngx_destroy_pool(creds->pool);
        creds->pool = NULL;
    }
}


ngx_int_t
ngx_http_ai_creds(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_ai_creds_t  *creds;

    creds = ctx->provider->creds;

    if (creds == NULL) {
        return NGX_OK;
    }

    if (creds->token) {
        return ngx_http_ai_token(ctx, creds->token);
    }

    if (creds->path.len
        && ngx_current_msec - creds->checked >= NGX_HTTP_AI_CREDS_CHECK)
    {
        (void) ngx_http_ai_creds_reread(creds);
    }

    return NGX_OK;
}


void
ngx_http_ai_creds_release(ngx_http_ai_ctx_t *ctx)
{
    if (ctx->waits) {
        ngx_queue_remove(&ctx->waiting);
        ctx->waits = 0;
    }
}


ngx_uint_t
ngx_http_ai_creds_refused(ngx_http_ai_ctx_t *ctx)
{
    ngx_uint_t            others;
    ngx_http_ai_creds_t  *creds;

    creds = ctx->provider->creds;

    if (creds == NULL || ctx->renewed) {
        return 0;
    }

    if (creds->token) {
        others = (ctx->status == NGX_HTTP_UNAUTHORIZED
                  && ngx_http_ai_token_refused(ctx, creds->token));

    } else {
        others = ((ctx->status == NGX_HTTP_UNAUTHORIZED
                   || ctx->status == NGX_HTTP_FORBIDDEN)
                  && creds->path.len
                  && ngx_http_ai_creds_reread(creds));
    }

    ctx->renewed = others;

    return others;
}


/*
 * Rule 9: a stat() once in ten seconds, and when the file has changed a read
 * of a few kilobytes, block the worker for as long as the system takes; such
 * files are on a local disk or in memory, where they have just been written.
 */

static ngx_uint_t
ngx_http_ai_creds_reread(ngx_http_ai_creds_t *creds)
{
    u_char           buf[NGX_HTTP_AI_CREDS_MAX];
    ngx_int_t        rc;
    ngx_str_t        text;
    ngx_file_info_t  fi;

    creds->checked = ngx_current_msec;

    if (ngx_file_info(creds->path.data, &fi) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, ngx_errno,
                      ngx_file_info_n " \"%V\" failed", &creds->path);
        return 0;
    }

    if (!ngx_http_ai_creds_changed(creds, &fi)
        || ngx_http_ai_creds_read(creds, buf, &text) != NGX_OK)
    {
        return 0;
    }

    rc = ngx_http_ai_creds_take(creds, &text);

    ngx_explicit_memzero(buf, text.len);

    if (rc != NGX_OK) {
        return 0;
    }

    ngx_http_ai_creds_stat(creds, &fi);

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "ai gateway: the credentials of provider \"%V\" were read "
                  "again", &creds->provider->name);

    return 1;
}


static ngx_uint_t
ngx_http_ai_creds_changed(ngx_http_ai_creds_t *creds, ngx_file_info_t *fi)
{
    return creds->mtime != ngx_file_mtime(fi)
           || creds->size != ngx_file_size(fi)
           || creds->uniq != ngx_file_uniq(fi);
}


/* a file that is written at the moment is read again the next time */

static ngx_int_t
ngx_http_ai_creds_read(ngx_http_ai_creds_t *creds, u_char *buf,
    ngx_str_t *text)
{
    ssize_t     n;
    ngx_fd_t    fd;
    ngx_file_t  file;

    fd = ngx_open_file(creds->path.data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, ngx_errno,
                      ngx_open_file_n " \"%V\" failed", &creds->path);
        return NGX_ERROR;
    }

    ngx_memzero(&file, sizeof(ngx_file_t));
    file.fd = fd;
    file.name = creds->path;
    file.log = ngx_cycle->log;

    n = ngx_read_file(&file, buf, NGX_HTTP_AI_CREDS_MAX, 0);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", &creds->path);
    }

    if (n == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (n == NGX_HTTP_AI_CREDS_MAX) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "ai gateway: \"%V\" has %d bytes or more", &creds->path,
                      NGX_HTTP_AI_CREDS_MAX);
        ngx_explicit_memzero(buf, n);
        return NGX_ERROR;
    }

    text->data = buf;
    text->len = n;

    return NGX_OK;
}


/* what was there stays when the file has nothing better */

static ngx_int_t
ngx_http_ai_creds_take(ngx_http_ai_creds_t *creds, ngx_str_t *text)
{
    ngx_int_t            rc;
    ngx_pool_t          *pool;
    const char          *reason;
    ngx_ai_secret_t     *bearer;
    ngx_ai_sigv4_key_t   key;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    bearer = NULL;

    if (creds->aws) {
        rc = ngx_ai_sigv4_profile(pool, text, &creds->profile, &key, &reason);

    } else {
        bearer = ngx_ai_secret_create(pool, text, &reason);
        rc = bearer ? NGX_OK : NGX_ERROR;
    }

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "ai gateway: \"%V\": %s", &creds->path, reason);
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    if (creds->pool) {
        ngx_destroy_pool(creds->pool);
    }

    creds->pool = pool;
    creds->bearer = bearer;

    if (creds->aws) {
        creds->aws->id = key.id;
        creds->aws->secret = key.secret;
        creds->aws->session = key.session;
        ngx_memzero(creds->aws->day, NGX_AI_SIGV4_DAY);
    }

    return NGX_OK;
}


ngx_ai_secret_t *
ngx_http_ai_creds_bearer(ngx_http_ai_creds_t *creds)
{
    return creds->token ? creds->token->secret : creds->bearer;
}


ngx_uint_t
ngx_http_ai_creds_in(ngx_http_ai_provider_t *provider, ngx_str_t *text)
{
    ngx_http_ai_creds_t  *creds;

    creds = provider->creds;

    if (creds == NULL) {
        return ngx_http_ai_creds_has(provider->key, text);
    }

    if (creds->aws) {
        return ngx_http_ai_creds_has(creds->aws->id, text)
               || ngx_http_ai_creds_has(creds->aws->secret, text)
               || ngx_http_ai_creds_has(creds->aws->session, text);
    }

    return ngx_http_ai_creds_has(ngx_http_ai_creds_bearer(creds), text);
}


static ngx_uint_t
ngx_http_ai_creds_has(ngx_ai_secret_t *secret, ngx_str_t *text)
{
    return secret != NULL && ngx_ai_secret_in(secret, text);
}
