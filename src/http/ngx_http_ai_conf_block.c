
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_conf.h"


#define NGX_HTTP_AI_SECRET_MAX  8192


typedef struct {
    ngx_command_t  *commands;
    void           *conf;
} ngx_http_ai_block_t;


static char *ngx_http_ai_conf_block_line(ngx_conf_t *cf,
    ngx_command_t *dummy, void *conf);
static ngx_uint_t ngx_http_ai_conf_block_args(ngx_command_t *cmd,
    ngx_uint_t n);


char *
ngx_http_ai_conf_block(ngx_conf_t *cf, ngx_command_t *commands, void *conf)
{
    char                 *rv;
    ngx_conf_t            save;
    ngx_http_ai_block_t   block;

    block.commands = commands;
    block.conf = conf;

    save = *cf;
    cf->handler = ngx_http_ai_conf_block_line;
    cf->handler_conf = (void *) &block;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    return rv;
}


static char *
ngx_http_ai_conf_block_line(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    char                 *rv;
    ngx_str_t            *value;
    ngx_command_t        *cmd;
    ngx_http_ai_block_t  *block = (ngx_http_ai_block_t *) cf->handler_conf;

    value = cf->args->elts;

    if (ngx_strcmp(value[0].data, "include") == 0 && cf->args->nelts == 2) {
        return ngx_conf_include(cf, dummy, conf);
    }

    for (cmd = block->commands; cmd->name.len; cmd++) {

        if (cmd->name.len != value[0].len
            || ngx_strcmp(cmd->name.data, value[0].data) != 0)
        {
            continue;
        }

        if (!ngx_http_ai_conf_block_args(cmd, cf->args->nelts - 1)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid number of arguments in \"%V\"",
                               &value[0]);
            return NGX_CONF_ERROR;
        }

        rv = cmd->set(cf, cmd, block->conf);

        if (rv == NGX_CONF_OK || rv == NGX_CONF_ERROR) {
            return rv;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" %s", &value[0], rv);
        return NGX_CONF_ERROR;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "unknown directive \"%V\"",
                       &value[0]);

    return NGX_CONF_ERROR;
}


static ngx_uint_t
ngx_http_ai_conf_block_args(ngx_command_t *cmd, ngx_uint_t n)
{
    static ngx_uint_t const  bits[] = {
        NGX_CONF_NOARGS, NGX_CONF_TAKE1, NGX_CONF_TAKE2, NGX_CONF_TAKE3,
        NGX_CONF_TAKE4
    };

    if (cmd->type & NGX_CONF_1MORE) {
        return n >= 1;
    }

    return n < sizeof(bits) / sizeof(ngx_uint_t) && (cmd->type & bits[n]);
}


ngx_int_t
ngx_http_ai_conf_read(ngx_conf_t *cf, ngx_str_t *path, size_t max,
    ngx_str_t *text)
{
    size_t           size;
    ssize_t          n;
    ngx_fd_t         fd;
    ngx_int_t        rc;
    ngx_str_t        name;
    ngx_file_t       file;
    ngx_file_info_t  fi;

    name = *path;

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    fd = ngx_open_file(name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", &name);
        return NGX_ERROR;
    }

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", &name);
        goto done;
    }

    if (!ngx_is_file(&fi) || ngx_file_size(&fi) > (off_t) max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is no file, or one of over %uz bytes",
                           &name, max);
        goto done;
    }

    if (ngx_file_access(&fi) & S_IROTH) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\" can be read by everybody", &name);
    }

    size = ngx_file_size(&fi);

    text->data = ngx_pnalloc(cf->temp_pool, size + 1);
    if (text->data == NULL) {
        goto done;
    }

    ngx_memzero(&file, sizeof(ngx_file_t));
    file.fd = fd;
    file.name = name;
    file.log = cf->log;

    n = ngx_read_file(&file, text->data, size, 0);

    if (n == NGX_ERROR) {
        goto done;
    }

    text->len = n;
    rc = NGX_OK;

done:

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &name);
    }

    return rc;
}


ngx_ai_secret_t *
ngx_http_ai_conf_secret(ngx_conf_t *cf, ngx_str_t *source)
{
    ngx_str_t         text;
    const char       *reason;
    ngx_ai_secret_t  *secret;

    if (ngx_http_ai_conf_source(cf, source, NGX_HTTP_AI_SECRET_MAX, &text)
        != NGX_OK)
    {
        return NULL;
    }

    secret = ngx_ai_secret_create(cf->pool, &text, &reason);
    ngx_explicit_memzero(text.data, text.len);

    if (secret == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the secret \"%V\": %s",
                           source, reason);
    }

    return secret;
}


ngx_int_t
ngx_http_ai_conf_source(ngx_conf_t *cf, ngx_str_t *source, size_t max,
    ngx_str_t *text)
{
    ngx_str_t  rest, env;

    if (source->len > 4 && ngx_strncmp(source->data, "env:", 4) == 0) {

        /* configuration texts end with a zero */

        env.data = (u_char *) getenv((char *) source->data + 4);

        if (env.data == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "the environment has no \"%s\"",
                               source->data + 4);
            return NGX_ERROR;
        }

        env.len = ngx_strlen(env.data);

        if (env.len > max) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" has over %uz bytes", source, max);
            return NGX_ERROR;
        }

        /* what the environment has stays there, and is not ours to wipe */

        text->len = env.len;
        text->data = ngx_pstrdup(cf->temp_pool, &env);

        return text->data ? NGX_OK : NGX_ERROR;
    }

    if (source->len > 5 && ngx_strncmp(source->data, "file:", 5) == 0) {

        rest.data = source->data + 5;
        rest.len = source->len - 5;

        return ngx_http_ai_conf_read(cf, &rest, max, text);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "a secret is given as \"env:NAME\" or \"file:PATH\", "
                       "never as itself");

    return NGX_ERROR;
}
