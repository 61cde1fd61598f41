
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_conf.h"
#include "ngx_http_ai_creds.h"


#define NGX_HTTP_AI_TOKEN_REPLY_MAX  (64 * 1024)


static ngx_http_ai_creds_t *ngx_http_ai_conf_creds(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider);
static ngx_ai_sigv4_key_t *ngx_http_ai_conf_creds_sigv4(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider);
static ngx_int_t ngx_http_ai_conf_creds_file(ngx_conf_t *cf,
    ngx_http_ai_creds_t *creds, ngx_str_t *source, ngx_str_t *text);
static ngx_int_t ngx_http_ai_conf_creds_region(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider, ngx_ai_sigv4_key_t *key);
static ngx_int_t ngx_http_ai_conf_creds_site(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider, ngx_http_ai_token_t *token);


/* the provider's, made by the first directive that needs it */

static ngx_http_ai_creds_t *
ngx_http_ai_conf_creds(ngx_conf_t *cf, ngx_http_ai_provider_t *provider)
{
    if (provider->creds == NULL) {
        provider->creds = ngx_pcalloc(cf->pool, sizeof(ngx_http_ai_creds_t));

        if (provider->creds) {
            provider->creds->provider = provider;
        }
    }

    return provider->creds;
}


static ngx_ai_sigv4_key_t *
ngx_http_ai_conf_creds_sigv4(ngx_conf_t *cf, ngx_http_ai_provider_t *provider)
{
    ngx_http_ai_creds_t  *creds;

    creds = ngx_http_ai_conf_creds(cf, provider);
    if (creds == NULL) {
        return NULL;
    }

    if (creds->aws == NULL) {
        creds->aws = ngx_pcalloc(cf->pool, sizeof(ngx_ai_sigv4_key_t));
    }

    return creds->aws;
}


/* the file as it is now, and how to tell that it has changed */

static ngx_int_t
ngx_http_ai_conf_creds_file(ngx_conf_t *cf, ngx_http_ai_creds_t *creds,
    ngx_str_t *source, ngx_str_t *text)
{
    ngx_file_info_t  fi;

    if (source->len <= 5 || ngx_strncmp(source->data, "file:", 5) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is no \"file:PATH\"", source);
        return NGX_ERROR;
    }

    creds->path.data = source->data + 5;
    creds->path.len = source->len - 5;

    if (ngx_conf_full_name(cf->cycle, &creds->path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_file_info(creds->path.data, &fi) != NGX_FILE_ERROR) {
        ngx_http_ai_creds_stat(creds, &fi);
    }

    return ngx_http_ai_conf_read(cf, &creds->path, NGX_HTTP_AI_CREDS_MAX,
                                 text);
}


char *
ngx_http_ai_conf_creds_token(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_provider_t *provider = conf;

    ngx_str_t            *value, text;
    const char           *reason;
    ngx_http_ai_creds_t  *creds;

    if (provider->creds) {
        return "is one credential too many";
    }

    value = cf->args->elts;
    creds = ngx_http_ai_conf_creds(cf, provider);

    if (creds == NULL
        || ngx_http_ai_conf_creds_file(cf, creds, &value[1], &text) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    creds->bearer = ngx_ai_secret_create(cf->pool, &text, &reason);
    ngx_explicit_memzero(text.data, text.len);

    if (creds->bearer == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the secret \"%V\": %s",
                           &value[1], reason);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_ai_conf_creds_google(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_provider_t *provider = conf;

    ngx_str_t            *value, text;
    const char           *reason;
    ngx_http_ai_creds_t  *creds;
    ngx_http_ai_token_t  *token;

    if (provider->creds) {
        return "is one credential too many";
    }

    value = cf->args->elts;
    creds = ngx_http_ai_conf_creds(cf, provider);
    token = ngx_pcalloc(cf->pool, sizeof(ngx_http_ai_token_t));

    if (creds == NULL || token == NULL
        || ngx_http_ai_conf_source(cf, &value[1], NGX_HTTP_AI_CREDS_MAX, &text)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    creds->token = token;

    token->provider = provider;
    token->account = ngx_ai_google_create(cf->pool, &text, &reason);
    ngx_explicit_memzero(text.data, text.len);

    if (token->account == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is no file of a service account: %s",
                           &value[1], reason);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_ai_conf_creds_aws(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_provider_t *provider = conf;

    ngx_int_t             rc;
    ngx_str_t            *value, text;
    const char           *reason;
    ngx_ai_sigv4_key_t   *key;
    ngx_http_ai_creds_t  *creds;

    if (provider->creds) {
        return "is one credential too many";
    }

    value = cf->args->elts;

    key = ngx_http_ai_conf_creds_sigv4(cf, provider);
    if (key == NULL) {
        return NGX_CONF_ERROR;
    }

    creds = provider->creds;
    ngx_str_set(&creds->profile, "default");

    if (cf->args->nelts == 3) {

        if (value[2].len <= 8
            || ngx_strncmp(value[2].data, "profile=", 8) != 0)
        {
            return "takes \"profile=NAME\" behind the file";
        }

        creds->profile.data = value[2].data + 8;
        creds->profile.len = value[2].len - 8;
    }

    if (ngx_http_ai_conf_creds_file(cf, creds, &value[1], &text) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    rc = ngx_ai_sigv4_profile(cf->pool, &text, &creds->profile, key, &reason);
    ngx_explicit_memzero(text.data, text.len);

    if (rc != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %s", &creds->path,
                           reason);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* one of the three parts of a key, each a directive of its own */

char *
ngx_http_ai_conf_creds_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_provider_t *provider = conf;

    ngx_str_t            *value;
    const char           *reason;
    ngx_ai_secret_t     **part;
    ngx_ai_sigv4_key_t   *key;

    if (provider->creds
        && (provider->creds->aws == NULL || provider->creds->path.len))
    {
        return "is one credential too many";
    }

    key = ngx_http_ai_conf_creds_sigv4(cf, provider);
    if (key == NULL) {
        return NGX_CONF_ERROR;
    }

    part = (ngx_ai_secret_t **) ((u_char *) key + cmd->offset);

    if (*part) {
        return "is duplicate";
    }

    value = cf->args->elts;

    /* an id is no secret and may stand here, as it does in AWS's console */

    if (part == &key->id && ngx_strchr(value[1].data, ':') == NULL) {
        *part = ngx_ai_secret_create(cf->pool, &value[1], &reason);

        return *part ? NGX_CONF_OK : (char *) reason;
    }

    *part = ngx_http_ai_conf_secret(cf, &value[1]);

    return *part ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_ai_conf_place(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (ngx_ai_vendor_check_place(&value[1]) != NGX_OK) {
        return "takes letters, digits, dots, dashes, underscores and colons";
    }

    return ngx_conf_set_str_slot(cf, cmd, conf);
}


/* before the vendor's URL is made */

ngx_int_t
ngx_http_ai_conf_creds_check(ngx_conf_t *cf, ngx_http_ai_provider_t *provider)
{
    ngx_http_ai_creds_t  *creds;

    creds = provider->creds;

    if (creds == NULL) {
        return NGX_OK;
    }

    if (provider->key) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "provider \"%V\" has a \"key\" and other "
                           "credentials: one must go", &provider->name);
        return NGX_ERROR;
    }

    if (creds->token && provider->place.project.len == 0) {
        provider->place.project = creds->token->account->project;
    }

    if (creds->aws
        && (creds->aws->id == NULL || creds->aws->secret == NULL))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "provider \"%V\" needs both an \"access_key\" and "
                           "a \"secret_key\"", &provider->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_ai_conf_creds_done(ngx_conf_t *cf, ngx_http_ai_main_conf_t *amcf,
    ngx_http_ai_provider_t *provider)
{
    ngx_http_ai_site_t   *site;
    ngx_http_ai_creds_t  *creds;

    creds = provider->creds;

    if (creds == NULL) {
        return NGX_OK;
    }

    if (creds->aws) {
        return ngx_http_ai_conf_creds_region(cf, provider, creds->aws);
    }

    if (creds->token == NULL) {
        return NGX_OK;
    }

    if (ngx_http_ai_conf_creds_site(cf, provider, creds->token) != NGX_OK) {
        return NGX_ERROR;
    }

    site = &creds->token->site;

    if (site->url.tls) {
        site->ssl = provider->gate.ssl
                    ? provider->gate.ssl
                    : ngx_http_ai_conf_provider_ssl(cf, amcf, provider);

        if (site->ssl == NULL) {
            return NGX_ERROR;
        }
    }

    if (site->addrs == NULL && amcf->resolver == NULL) {
        amcf->resolver = ngx_http_ai_conf_resolver(cf);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_conf_creds_region(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider, ngx_ai_sigv4_key_t *key)
{
    ngx_str_set(&key->service, "bedrock");

    key->region = provider->place.aws_region;

    if (key->region.len == 0) {
        ngx_ai_sigv4_region(&provider->url.host, &key->region);
    }

    if (key->region.len == 0 || key->region.len > NGX_AI_SIGV4_NAME_MAX) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "provider \"%V\" needs an \"aws_region\": its URL does "
                      "not say which, in %s:%ui", &provider->name,
                      provider->file, provider->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* the ways to the provider are the ways to its tokens too */

static ngx_int_t
ngx_http_ai_conf_creds_site(ngx_conf_t *cf, ngx_http_ai_provider_t *provider,
    ngx_http_ai_token_t *token)
{
    u_char              *p;
    ngx_str_t           *uri;
    const char          *reason;
    ngx_http_ai_site_t  *site;

    site = &token->site;
    uri = &token->account->token_uri;

    if (ngx_ai_url_parse(&site->url, uri, &reason) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "the \"token_uri\" of provider \"%V\": %s, in %s:%ui",
                      &provider->name, reason, provider->file, provider->line);
        return NGX_ERROR;
    }

    if (site->url.path.len) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "the \"token_uri\" of provider \"%V\" is a unix socket, "
                      "in %s:%ui", &provider->name, provider->file,
                      provider->line);
        return NGX_ERROR;
    }

    if (!site->url.tls) {
        ngx_log_error(NGX_LOG_NOTICE, cf->log, 0,
                      "tokens of provider \"%V\" come over plain HTTP",
                      &provider->name);
    }

    p = ngx_pnalloc(cf->pool, sizeof("the tokens of provider \"\"")
                              + provider->name.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    site->name.data = p;
    site->name.len = ngx_sprintf(p, "the tokens of provider \"%V\"",
                                 &provider->name)
                     - p;

    site->proxy = provider->proxy;
    site->verify = provider->verify;
    site->timeout = provider->connect;
    site->max = NGX_HTTP_AI_TOKEN_REPLY_MAX;

    if (site->proxy) {
        site->addrs = site->proxy->addrs;
        site->naddrs = site->proxy->naddrs;

        return NGX_OK;
    }

    return ngx_http_ai_conf_addrs(cf, &site->url.host, site->url.port,
                                  &site->addrs, &site->naddrs);
}
