
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_conf.h"
#include "ngx_http_ai_creds.h"
#include "ngx_http_ai_select.h"
#include "ngx_http_ai_upstream.h"


static char *ngx_http_ai_conf_provider_type(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_ai_conf_provider_key(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_ai_conf_provider_proxy(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_ai_conf_provider_timeout(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_ai_conf_provider_check(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider);
static ngx_int_t ngx_http_ai_conf_provider_url(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider);
static ngx_int_t ngx_http_ai_conf_provider_address(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider);
static ngx_int_t ngx_http_ai_conf_provider_unix(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider);
static void ngx_http_ai_conf_provider_block(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider);
static void ngx_http_ai_conf_provider_upstream(
    ngx_http_ai_provider_t *provider);


static ngx_command_t  ngx_http_ai_provider_commands[] = {

    { ngx_string("type"),
      NGX_CONF_TAKE1,
      ngx_http_ai_conf_provider_type,
      0,
      0,
      NULL },

    { ngx_string("url"),
      NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      0,
      offsetof(ngx_http_ai_provider_t, location),
      NULL },

    { ngx_string("query"),
      NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      0,
      offsetof(ngx_http_ai_provider_t, query),
      NULL },

    { ngx_string("key"),
      NGX_CONF_TAKE1,
      ngx_http_ai_conf_provider_key,
      0,
      0,
      NULL },

    { ngx_string("token"),
      NGX_CONF_TAKE1,
      ngx_http_ai_conf_creds_token,
      0,
      0,
      NULL },

    { ngx_string("credentials"),
      NGX_CONF_TAKE1,
      ngx_http_ai_conf_creds_google,
      0,
      0,
      NULL },

    { ngx_string("aws_credentials"),
      NGX_CONF_TAKE1|NGX_CONF_TAKE2,
      ngx_http_ai_conf_creds_aws,
      0,
      0,
      NULL },

    { ngx_string("access_key"),
      NGX_CONF_TAKE1,
      ngx_http_ai_conf_creds_key,
      0,
      offsetof(ngx_ai_sigv4_key_t, id),
      NULL },

    { ngx_string("secret_key"),
      NGX_CONF_TAKE1,
      ngx_http_ai_conf_creds_key,
      0,
      offsetof(ngx_ai_sigv4_key_t, secret),
      NULL },

    { ngx_string("session_token"),
      NGX_CONF_TAKE1,
      ngx_http_ai_conf_creds_key,
      0,
      offsetof(ngx_ai_sigv4_key_t, session),
      NULL },

    { ngx_string("aws_region"),
      NGX_CONF_TAKE1,
      ngx_http_ai_conf_place,
      0,
      offsetof(ngx_http_ai_provider_t, place.aws_region),
      NULL },

    { ngx_string("location"),
      NGX_CONF_TAKE1,
      ngx_http_ai_conf_place,
      0,
      offsetof(ngx_http_ai_provider_t, place.location),
      NULL },

    { ngx_string("project"),
      NGX_CONF_TAKE1,
      ngx_http_ai_conf_place,
      0,
      offsetof(ngx_http_ai_provider_t, place.project),
      NULL },

    { ngx_string("resource"),
      NGX_CONF_TAKE1,
      ngx_http_ai_conf_place,
      0,
      offsetof(ngx_http_ai_provider_t, place.resource),
      NULL },

    { ngx_string("proxy"),
      NGX_CONF_TAKE1|NGX_CONF_TAKE2,
      ngx_http_ai_conf_provider_proxy,
      0,
      0,
      NULL },

    { ngx_string("timeout"),
      NGX_CONF_1MORE,
      ngx_http_ai_conf_provider_timeout,
      0,
      0,
      NULL },

    { ngx_string("ca"),
      NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      0,
      offsetof(ngx_http_ai_provider_t, ca),
      NULL },

    { ngx_string("verify"),
      NGX_CONF_TAKE1,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_http_ai_provider_t, verify),
      NULL },

      ngx_null_command
};


typedef struct {
    ngx_str_t    name;
    ngx_uint_t   offset;
} ngx_http_ai_timeout_t;


static const ngx_http_ai_timeout_t  ngx_http_ai_timeouts[] = {
    { ngx_string("connect="), offsetof(ngx_http_ai_provider_t, connect) },
    { ngx_string("first_token="),
      offsetof(ngx_http_ai_provider_t, first_token) },
    { ngx_string("idle="), offsetof(ngx_http_ai_provider_t, idle) },
    { ngx_string("total="), offsetof(ngx_http_ai_provider_t, total) },
    { ngx_null_string, 0 }
};


char *
ngx_http_ai_conf_provider(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_main_conf_t *amcf = conf;

    char                     *rv;
    ngx_str_t                *value;
    ngx_http_ai_provider_t   *provider, **providers;

    value = cf->args->elts;

    if (ngx_http_ai_provider_find(amcf, &value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate provider \"%V\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    if (ngx_ai_ask_check_model(&value[1]) != NGX_OK
        || ngx_strchr(value[1].data, '/'))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" can't be the name of a provider",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    provider = ngx_pcalloc(cf->pool, sizeof(ngx_http_ai_provider_t));
    if (provider == NULL) {
        return NGX_CONF_ERROR;
    }

    provider->name = value[1];
    provider->vendor = ngx_ai_vendor_find(&value[1]);
    provider->verify = NGX_CONF_UNSET;
    provider->connect = 5 * 1000;
    provider->first_token = 60 * 1000;
    provider->idle = 60 * 1000;
    provider->total = 10 * 60 * 1000;
    provider->file = cf->conf_file->file.name.data;
    provider->line = cf->conf_file->line;

    rv = ngx_http_ai_conf_block(cf, ngx_http_ai_provider_commands, provider);

    if (rv == NGX_CONF_OK) {
        rv = ngx_http_ai_conf_provider_check(cf, provider);
    }

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    providers = ngx_array_push(&amcf->providers);
    if (providers == NULL) {
        return NGX_CONF_ERROR;
    }

    *providers = provider;

    return NGX_CONF_OK;
}


static char *
ngx_http_ai_conf_provider_check(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider)
{
    ngx_str_t    name = ngx_string("NAME");
    ngx_uint_t   own;
    const char  *reason;

    if (provider->vendor == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is no known vendor: say what it speaks "
                           "with \"type\"", &provider->name);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_ai_conf_creds_check(cf, provider) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    own = (provider->location.len != 0);

    if (!own && ngx_http_ai_conf_provider_url(cf, provider) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_ai_url_parse(&provider->url, &provider->location, &reason)
        != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "url \"%V\": %s",
                           &provider->location, reason);
        return NGX_CONF_ERROR;
    }

    if (provider->query.len
        && ngx_ai_target_check_query(&provider->query, &reason) != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "query \"%V\": %s",
                           &provider->query, reason);
        return NGX_CONF_ERROR;
    }

    if ((provider->vendor->quirks & NGX_AI_QUIRK_DEPLOYMENTS)
        && ngx_strnstr(provider->query.data, "api-version=",
                       provider->query.len)
           == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "provider \"%V\" needs the version of the API, as "
                           "\"query api-version=2024-10-21\"",
                           &provider->name);
        return NGX_CONF_ERROR;
    }

    /* the vendor's own service wants a key, a server of one's own may not */

    if (provider->key == NULL && provider->creds == NULL && !own
        && !(provider->vendor->quirks & NGX_AI_QUIRK_KEYLESS))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "provider \"%V\" needs a \"key\", such as "
                           "\"key env:%V\", or other credentials",
                           &provider->name, provider->vendor->env.len
                                            ? &provider->vendor->env
                                            : &name);
        return NGX_CONF_ERROR;
    }

    ngx_conf_init_value(provider->verify, 1);

    if ((provider->key || (provider->creds && provider->creds->aws == NULL))
        && !provider->url.tls && provider->url.path.len == 0)
    {
        ngx_conf_log_error(NGX_LOG_NOTICE, cf, 0,
                           "the key of provider \"%V\" goes over plain HTTP",
                           &provider->name);
    }

    return NGX_CONF_OK;
}


/* the vendor's, with what its customers differ in */

static ngx_int_t
ngx_http_ai_conf_provider_url(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider)
{
    ngx_int_t  rc;

    if (provider->vendor->url.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "provider \"%V\" needs a \"url\"",
                           &provider->name);
        return NGX_ERROR;
    }

    rc = ngx_ai_vendor_url(provider->vendor, &provider->place, cf->pool,
                           &provider->location);

    if (rc == NGX_DECLINED) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "provider \"%V\" needs \"%V\" or a \"url\"",
                           &provider->name, &provider->location);
        return NGX_ERROR;
    }

    return rc;
}


static char *
ngx_http_ai_conf_provider_type(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_provider_t *provider = conf;

    ngx_str_t  *value;

    value = cf->args->elts;

    provider->vendor = ngx_ai_vendor_find(&value[1]);

    if (provider->vendor == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "unknown type \"%V\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_ai_conf_provider_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_provider_t *provider = conf;

    ngx_str_t  *value;

    if (provider->key) {
        return "is duplicate";
    }

    value = cf->args->elts;
    provider->key = ngx_http_ai_conf_secret(cf, &value[1]);

    return provider->key ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_ai_conf_provider_proxy(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_ai_provider_t *provider = conf;

    ngx_str_t            *value, source;
    const char           *reason;
    ngx_ai_url_t          url;
    ngx_http_ai_proxy_t  *proxy;

    if (provider->proxy) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_ai_url_parse(&url, &value[1], &reason) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "proxy \"%V\": %s",
                           &value[1], reason);
        return NGX_CONF_ERROR;
    }

    if (url.tls || url.path.len || url.prefix.len) {
        return "takes \"http://host:port\"";
    }

    proxy = ngx_pcalloc(cf->pool, sizeof(ngx_http_ai_proxy_t));
    if (proxy == NULL) {
        return NGX_CONF_ERROR;
    }

    proxy->host = url.host;
    proxy->port = url.port;

    if (cf->args->nelts == 3) {

        if (ngx_strncmp(value[2].data, "credentials=", 12) != 0) {
            return "takes \"credentials=env:NAME\" or "
                   "\"credentials=file:PATH\" behind the URL";
        }

        source.data = value[2].data + 12;
        source.len = value[2].len - 12;

        proxy->credentials = ngx_http_ai_conf_secret(cf, &source);
        if (proxy->credentials == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    provider->proxy = proxy;

    return NGX_CONF_OK;
}


static char *
ngx_http_ai_conf_provider_timeout(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_str_t                    *value, time;
    ngx_int_t                     ms;
    ngx_uint_t                    i;
    const ngx_http_ai_timeout_t  *t;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        for (t = ngx_http_ai_timeouts; t->name.len; t++) {
            if (ngx_strncmp(value[i].data, t->name.data, t->name.len) == 0) {
                break;
            }
        }

        time.data = value[i].data + t->name.len;
        time.len = value[i].len - t->name.len;

        ms = t->name.len ? ngx_parse_time(&time, 0) : NGX_ERROR;

        if (ms == NGX_ERROR || ms == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"timeout\" takes connect=, first_token=, "
                               "idle= and total= with a time, not \"%V\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        *(ngx_msec_t *) ((u_char *) conf + t->offset) = ms;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_ai_conf_provider_done(ngx_conf_t *cf, ngx_http_ai_main_conf_t *amcf,
    ngx_http_ai_provider_t *provider)
{
    ngx_http_ai_proxy_t  *proxy;

    proxy = provider->proxy;

    ngx_http_ai_conf_provider_block(cf, provider);

    if (proxy && (provider->block || provider->url.path.len)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "provider \"%V\" is an upstream{} block or a unix "
                      "socket, and so can't be behind a \"proxy\", in %s:%ui",
                      &provider->name, provider->file, provider->line);
        return NGX_ERROR;
    }

    if (provider->block == NULL
        && ngx_http_ai_conf_provider_address(cf, provider) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (proxy && ngx_http_ai_conf_addrs(cf, &proxy->host, proxy->port,
                                        &proxy->addrs, &proxy->naddrs)
                 != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (amcf->resolver == NULL && provider->block == NULL
        && (proxy ? proxy->addrs == NULL : provider->addrs == NULL))
    {
        amcf->resolver = ngx_http_ai_conf_resolver(cf);
    }

    if (provider->url.tls) {
        provider->gate.ssl = ngx_http_ai_conf_provider_ssl(cf, amcf, provider);

        if (provider->gate.ssl == NULL) {
            return NGX_ERROR;
        }
    }

    ngx_http_ai_conf_provider_upstream(provider);

    return ngx_http_ai_conf_creds_done(cf, amcf, provider);
}


static ngx_int_t
ngx_http_ai_conf_provider_address(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider)
{
    if (provider->url.path.len) {
        return ngx_http_ai_conf_provider_unix(cf, provider);
    }

    return ngx_http_ai_conf_addrs(cf, &provider->url.host, provider->url.port,
                                  &provider->addrs, &provider->naddrs);
}


static ngx_int_t
ngx_http_ai_conf_provider_unix(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider)
{
    u_char     *p;
    ngx_url_t   u;

    ngx_memzero(&u, sizeof(ngx_url_t));

    p = ngx_pnalloc(cf->pool, sizeof("unix:") + provider->url.path.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    u.url.data = p;
    u.url.len = ngx_sprintf(p, "unix:%V%Z", &provider->url.path) - p - 1;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%s in \"%V\" in %s:%ui",
                      u.err, &provider->location, provider->file,
                      provider->line);
        return NGX_ERROR;
    }

    provider->addrs = u.addrs;
    provider->naddrs = u.naddrs;

    return NGX_OK;
}


/* a host without a port may be the name of an upstream{} block */

static void
ngx_http_ai_conf_provider_block(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider)
{
    ngx_str_t                      *host;
    ngx_uint_t                      i;
    ngx_http_upstream_srv_conf_t  **uscfp;
    ngx_http_upstream_main_conf_t  *umcf;

    if (provider->url.has_port || provider->url.path.len) {
        return;
    }

    host = &provider->url.host;
    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_upstream_module);
    uscfp = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {

        if ((uscfp[i]->flags & NGX_HTTP_UPSTREAM_CREATE)
            && uscfp[i]->host.len == host->len
            && ngx_strncasecmp(uscfp[i]->host.data, host->data, host->len)
               == 0)
        {
            provider->block = uscfp[i];
            return;
        }
    }
}


static void
ngx_http_ai_conf_provider_upstream(ngx_http_ai_provider_t *provider)
{
    ngx_http_upstream_conf_t  *conf;

    conf = &provider->gate;

    conf->upstream = &provider->upstream;
    conf->connect_timeout = provider->connect;
    conf->send_timeout = provider->idle;
    conf->read_timeout = provider->first_token;
    conf->buffer_size = NGX_HTTP_AI_WINDOW;
    conf->next_upstream = ~0;

#if (NGX_HTTP_SSL)
    conf->ssl_session_reuse = 1;
    conf->ssl_server_name = 1;
    conf->ssl_verify = provider->verify;
#endif

    provider->whole = *conf;
    provider->whole.read_timeout = provider->total;

    provider->stream = *conf;
    provider->stream.read_timeout = provider->idle;

    provider->upstream.host = provider->url.host;
    provider->upstream.port = provider->url.port;
    provider->upstream.peer.init = ngx_http_ai_peer_init;
}
