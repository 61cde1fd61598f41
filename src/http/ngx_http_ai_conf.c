
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_conf.h"
#include "ngx_http_ai_creds.h"
#include "ngx_http_ai_error.h"
#include "ngx_http_ai_health.h"
#include "ngx_http_ai_metrics_handler.h"
#include "ngx_http_ai_settle.h"
#include "ngx_http_ai_translate.h"
#include "ngx_http_ai_upstream.h"
#include "ngx_http_ai_variables.h"


#define NGX_HTTP_AI_KEYS_MAX      (64 * 1024 * 1024)
#define NGX_HTTP_AI_ZONE_DEFAULT  (16 * 1024 * 1024)


static ngx_int_t ngx_http_ai_conf_handlers(ngx_conf_t *cf);
static ngx_int_t ngx_http_ai_conf_default_zone(ngx_conf_t *cf,
    ngx_http_ai_main_conf_t *amcf);


ngx_int_t
ngx_http_ai_preconfiguration(ngx_conf_t *cf)
{
    return ngx_http_ai_variables_init(cf);
}


void *
ngx_http_ai_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_ai_main_conf_t));
    if (amcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&amcf->providers, cf->pool, 4,
                       sizeof(ngx_http_ai_provider_t *))
        != NGX_OK
        || ngx_array_init(&amcf->models, cf->pool, 4,
                          sizeof(ngx_http_ai_model_t *))
           != NGX_OK)
    {
        return NULL;
    }

    return amcf;
}


void *
ngx_http_ai_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_ai_srv_conf_t));
}


void *
ngx_http_ai_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_ai_loc_conf_t  *alcf;

    alcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_ai_loc_conf_t));
    if (alcf == NULL) {
        return NULL;
    }

    alcf->enable = NGX_CONF_UNSET;
    alcf->auth = NGX_CONF_UNSET_UINT;
    alcf->keys = NGX_CONF_UNSET_PTR;
    alcf->event_size = NGX_CONF_UNSET_SIZE;
    alcf->reply_size = NGX_CONF_UNSET_SIZE;
    alcf->strict = NGX_CONF_UNSET;
    alcf->responses_keep = NGX_CONF_UNSET;

    return alcf;
}


/*
 * "ai_gateway" itself is not inherited: a location has it or has it not.  But
 * an "if" or a "limit_except" is still the location that it stands in.
 */

char *
ngx_http_ai_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_ai_loc_conf_t *prev = parent;
    ngx_http_ai_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->noname && clcf->handler == NULL) {

        conf->health = prev->health;

        if (prev->enable == 1) {
            conf->enable = 1;
            conf->prefix = prev->prefix;
            conf->file = prev->file;
            conf->line = prev->line;

            clcf->handler = ngx_http_ai_content_handler;
        }
    }

    ngx_conf_init_value(conf->enable, 0);

    /* keys that are given here are for a door here, open or not above */

    if (conf->keys != NGX_CONF_UNSET_PTR
        && conf->auth == NGX_CONF_UNSET_UINT)
    {
        conf->auth = NGX_HTTP_AI_AUTH_KEYS;
    }

    ngx_conf_merge_ptr_value(conf->keys, prev->keys, NULL);
    ngx_conf_merge_uint_value(conf->auth, prev->auth, NGX_HTTP_AI_AUTH_KEYS);
    ngx_conf_merge_size_value(conf->event_size, prev->event_size,
                              4 * 1024 * 1024);
    ngx_conf_merge_size_value(conf->reply_size, prev->reply_size,
                              1024 * 1024);
    ngx_conf_merge_value(conf->strict, prev->strict, 0);
    ngx_conf_merge_sec_value(conf->responses_keep, prev->responses_keep, 0);

    if (conf->enable && conf->auth == NGX_HTTP_AI_AUTH_KEYS
        && conf->keys == NULL)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"ai_gateway\" needs \"ai_keys\", or \"ai_auth none\" "
                      "to be open to everybody, in %s:%ui",
                      conf->file, conf->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_ai_postconfiguration(ngx_conf_t *cf)
{
    ngx_uint_t                i;
    ngx_http_ai_model_t     **models;
    ngx_http_ai_provider_t  **providers;
    const ngx_ai_dialect_t   *dialect;
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_ai_gateway_module);

    providers = amcf->providers.elts;

    for (i = 0; i < amcf->providers.nelts; i++) {
        if (ngx_http_ai_conf_provider_done(cf, amcf, providers[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    models = amcf->models.elts;

    for (i = 0; i < amcf->models.nelts; i++) {
        if (ngx_http_ai_conf_model_done(cf, amcf, models[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    /* a guest that has nothing to do leaves nothing behind */

    if (!amcf->enabled) {
        return NGX_OK;
    }

    if (amcf->providers.nelts == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"ai_gateway\" needs an \"ai_provider\"");
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_AI_DIALECT_MAX; i++) {
        dialect = ngx_ai_dialect(i);

        amcf->readers[i] = ngx_ai_readers_create(cf->pool, dialect->tables,
                                                 dialect->ntables);
        if (amcf->readers[i] == NULL) {
            return NGX_ERROR;
        }
    }

    if (amcf->zone == NULL
        && ngx_http_ai_conf_default_zone(cf, amcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_str_set(&amcf->zone->metrics.version, NGX_HTTP_AI_VERSION);
    amcf->zone->metrics.loaded = ngx_time();

    if (ngx_http_ai_error_init(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_ai_conf_handlers(cf);
}


static ngx_int_t
ngx_http_ai_conf_handlers(ngx_conf_t *cf)
{
    ngx_array_t                *handlers;
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_ai_access_handler;

    /* settled first, logged then: the log has the final figures */

    handlers = &cmcf->phases[NGX_HTTP_LOG_PHASE].handlers;

    if (ngx_array_push(handlers) == NULL) {
        return NGX_ERROR;
    }

    h = handlers->elts;
    ngx_memmove(h + 1, h, (handlers->nelts - 1) * sizeof(ngx_http_handler_pt));
    h[0] = ngx_http_ai_log_handler;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_conf_default_zone(ngx_conf_t *cf, ngx_http_ai_main_conf_t *amcf)
{
    ngx_str_t  name = ngx_string("ai_gateway");

    return ngx_http_ai_zone_add(cf, &name, NGX_HTTP_AI_ZONE_DEFAULT,
                                &ngx_http_ai_gateway_module, &amcf->zone)
           == NULL ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_http_ai_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                i;
    ngx_http_ai_provider_t  **providers;
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_ai_gateway_module);

    if (amcf == NULL || !amcf->enabled) {
        return NGX_OK;
    }

    providers = amcf->providers.elts;

    for (i = 0; i < amcf->providers.nelts; i++) {
        ngx_http_ai_pool_init(&providers[i]->pool, amcf->zone);

        if (providers[i]->creds) {
            ngx_http_ai_creds_init(providers[i]->creds);
        }
    }

    ngx_http_ai_metrics_init_process(&amcf->zone->metrics);

    return ngx_http_ai_desk_init(&amcf->desk, cycle->log);
}


void
ngx_http_ai_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                i;
    ngx_http_ai_provider_t  **providers;
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_ai_gateway_module);

    if (amcf == NULL || !amcf->enabled) {
        return;
    }

    providers = amcf->providers.elts;

    for (i = 0; i < amcf->providers.nelts; i++) {
        ngx_http_ai_pool_close(&providers[i]->pool);

        if (providers[i]->creds) {
            ngx_http_ai_creds_exit(providers[i]->creds);
        }
    }

    ngx_http_ai_desk_free(&amcf->desk);
}


char *
ngx_http_ai_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_main_conf_t *amcf = conf;

    ssize_t     size;
    ngx_str_t  *value;

    if (amcf->zone) {
        return "is duplicate";
    }

    value = cf->args->elts;
    size = ngx_parse_size(&value[2]);

    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid size \"%V\"",
                           &value[2]);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_ai_zone_add(cf, &value[1], size, &ngx_http_ai_gateway_module,
                             &amcf->zone)
        == NULL)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_ai_conf_gateway(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_loc_conf_t *alcf = conf;

    char                      *rv;
    ngx_http_ai_srv_conf_t    *ascf;
    ngx_http_ai_main_conf_t   *amcf;
    ngx_http_core_loc_conf_t  *clcf;

    rv = ngx_conf_set_flag_slot(cf, cmd, conf);
    if (rv != NGX_CONF_OK || !alcf->enable) {
        return rv;
    }

    alcf->file = cf->conf_file->file.name.data;
    alcf->line = cf->conf_file->line;

    ascf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_ai_gateway_module);
    ascf->gateway = 1;

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_ai_gateway_module);
    amcf->enabled = 1;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_ai_content_handler;

    if (clcf->named) {
        return NGX_CONF_OK;
    }

#if (NGX_PCRE)
    if (clcf->regex) {
        return NGX_CONF_OK;
    }
#endif

    alcf->prefix = clcf->name;

    if (alcf->prefix.len
        && alcf->prefix.data[alcf->prefix.len - 1] == '/')
    {
        alcf->prefix.len--;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_ai_conf_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_loc_conf_t *alcf = conf;

    ngx_str_t            *value, text;
    ngx_ai_keys_error_t   error;

    if (alcf->keys != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_http_ai_conf_read(cf, &value[1], NGX_HTTP_AI_KEYS_MAX, &text)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    alcf->keys = ngx_ai_keys_parse(cf->pool, &text, &error);

    if (alcf->keys) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V:%ui: %V%s%V", &value[1],
                       error.line, &error.path, error.path.len ? ": " : "",
                       &error.reason);

    return NGX_CONF_ERROR;
}


char *
ngx_http_ai_conf_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_loc_conf_t *alcf = conf;

    ngx_str_t  *value;

    if (alcf->auth != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "none") == 0) {
        alcf->auth = NGX_HTTP_AI_AUTH_NONE;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "keys") == 0) {
        alcf->auth = NGX_HTTP_AI_AUTH_KEYS;
        return NGX_CONF_OK;
    }

    return "takes \"keys\" or \"none\"";
}


char *
ngx_http_ai_conf_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_ai_metrics_handler;

    return NGX_CONF_OK;
}


char *
ngx_http_ai_conf_health(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_loc_conf_t *alcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "live") == 0) {
        alcf->health = NGX_HTTP_AI_HEALTH_LIVE;

    } else if (ngx_strcmp(value[1].data, "ready") == 0) {
        alcf->health = NGX_HTTP_AI_HEALTH_READY;

    } else {
        return "takes \"live\" or \"ready\"";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_ai_health_handler;

    return NGX_CONF_OK;
}


ngx_http_ai_zone_t *
ngx_http_ai_zone_of(ngx_http_request_t *r)
{
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_ai_gateway_module);

    return amcf->zone;
}
