
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_conf.h"
#include "ngx_http_ai_select.h"


static char *ngx_http_ai_conf_model_alias(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_ai_conf_model_target(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_ai_conf_model_retry(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_command_t  ngx_http_ai_model_commands[] = {

    { ngx_string("alias"),
      NGX_CONF_1MORE,
      ngx_http_ai_conf_model_alias,
      0,
      0,
      NULL },

    { ngx_string("target"),
      NGX_CONF_TAKE2,
      ngx_http_ai_conf_model_target,
      0,
      0,
      NULL },

    { ngx_string("fallback"),
      NGX_CONF_TAKE2,
      ngx_http_ai_conf_model_target,
      0,
      1,
      NULL },

    { ngx_string("retry"),
      NGX_CONF_1MORE,
      ngx_http_ai_conf_model_retry,
      0,
      0,
      NULL },

      ngx_null_command
};


char *
ngx_http_ai_conf_model(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_main_conf_t *amcf = conf;

    char                   *rv;
    ngx_str_t              *value;
    ngx_uint_t              i;
    ngx_http_ai_model_t    *model, **models;

    value = cf->args->elts;

    if (ngx_ai_ask_check_model(&value[1]) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" can't be the name of a model", &value[1]);
        return NGX_CONF_ERROR;
    }

    models = amcf->models.elts;

    for (i = 0; i < amcf->models.nelts; i++) {
        if (models[i]->name.len == value[1].len
            && ngx_strcmp(models[i]->name.data, value[1].data) == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate model \"%V\"", &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    model = ngx_pcalloc(cf->pool, sizeof(ngx_http_ai_model_t));
    if (model == NULL) {
        return NGX_CONF_ERROR;
    }

    model->name = value[1];
    model->retry = ngx_ai_retry_default;
    model->file = cf->conf_file->file.name.data;
    model->line = cf->conf_file->line;

    if (ngx_array_init(&model->aliases, cf->pool, 2, sizeof(ngx_str_t))
        != NGX_OK
        || ngx_array_init(&model->targets, cf->pool, 2,
                          sizeof(ngx_http_ai_target_t))
           != NGX_OK
        || ngx_array_init(&model->names, cf->pool, 2, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_ai_conf_block(cf, ngx_http_ai_model_commands, model);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (model->targets.nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the model \"%V\" has no \"target\"",
                           &model->name);
        return NGX_CONF_ERROR;
    }

    models = ngx_array_push(&amcf->models);
    if (models == NULL) {
        return NGX_CONF_ERROR;
    }

    *models = model;

    return NGX_CONF_OK;
}


static char *
ngx_http_ai_conf_model_alias(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_model_t *model = conf;

    ngx_str_t   *value, *alias;
    ngx_uint_t   i;
    const char  *reason;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_ai_pattern_check(&value[i], &reason) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "alias \"%V\": %s",
                               &value[i], reason);
            return NGX_CONF_ERROR;
        }

        alias = ngx_array_push(&model->aliases);
        if (alias == NULL) {
            return NGX_CONF_ERROR;
        }

        *alias = value[i];
    }

    return NGX_CONF_OK;
}


/* the provider may come later in the configuration */

static char *
ngx_http_ai_conf_model_target(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_model_t *model = conf;

    ngx_str_t             *value, *name;
    ngx_uint_t             i;
    ngx_http_ai_target_t  *target;

    value = cf->args->elts;

    if (cmd->offset) {
        model->fallbacks++;

    } else if (model->fallbacks) {
        return "must come before \"fallback\"";
    }

    /* it is put between the quotes of a JSON string as it is */

    for (i = 0; i < value[2].len; i++) {
        if (value[2].data[i] == '"' || value[2].data[i] == '\\') {
            break;
        }
    }

    if (i != value[2].len || ngx_ai_ask_check_model(&value[2]) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" can't be the name of a model", &value[2]);
        return NGX_CONF_ERROR;
    }

    target = ngx_array_push(&model->targets);
    name = ngx_array_push(&model->names);

    if (target == NULL || name == NULL) {
        return NGX_CONF_ERROR;
    }

    target->provider = NULL;
    target->model = value[2];
    *name = value[1];

    return NGX_CONF_OK;
}


static char *
ngx_http_ai_conf_model_retry(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ai_model_t *model = conf;

    ngx_str_t   *value;
    ngx_uint_t   bad;
    const char  *reason;

    value = cf->args->elts;
    model->retry_set = 1;

    if (ngx_ai_retry_parse(&model->retry, value + 1, cf->args->nelts - 1,
                           &bad, &reason)
        == NGX_OK)
    {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"retry\": \"%V\" %s",
                       &value[bad + 1], reason);

    return NGX_CONF_ERROR;
}


ngx_int_t
ngx_http_ai_conf_model_done(ngx_conf_t *cf, ngx_http_ai_main_conf_t *amcf,
    ngx_http_ai_model_t *model)
{
    ngx_str_t             *names;
    ngx_uint_t             i;
    ngx_http_ai_target_t  *targets;

    names = model->names.elts;
    targets = model->targets.elts;

    /* unless it was said how often, each target gets its turn */

    if (!model->retry_set) {
        model->retry.attempts = ngx_max(model->retry.attempts,
                                        model->targets.nelts);
    }

    for (i = 0; i < model->targets.nelts; i++) {

        targets[i].provider = ngx_http_ai_provider_find(amcf, &names[i]);

        if (targets[i].provider == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "unknown provider \"%V\" in model \"%V\" in %s:%ui",
                          &names[i], &model->name, model->file, model->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
