
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_variables.h"
#include "ngx_http_ai_settle.h"
#include "ngx_http_ai_translate.h"


typedef enum {
    NGX_HTTP_AI_VAR_REQUEST_ID = 0,
    NGX_HTTP_AI_VAR_ROUTE,
    NGX_HTTP_AI_VAR_CLIENT_DIALECT,
    NGX_HTTP_AI_VAR_MODEL,
    NGX_HTTP_AI_VAR_TARGET_MODEL,
    NGX_HTTP_AI_VAR_PROVIDER,
    NGX_HTTP_AI_VAR_FALLBACK_REASON,
    NGX_HTTP_AI_VAR_DROPPED,
    NGX_HTTP_AI_VAR_ERROR,
    NGX_HTTP_AI_VAR_FINISH
} ngx_http_ai_var_e;


typedef enum {
    NGX_HTTP_AI_NUM_ATTEMPTS = 0,
    NGX_HTTP_AI_NUM_CHUNKS,
    NGX_HTTP_AI_NUM_TTFT,
    NGX_HTTP_AI_NUM_TOKENS_IN,
    NGX_HTTP_AI_NUM_TOKENS_CACHED,
    NGX_HTTP_AI_NUM_TOKENS_OUT,
    NGX_HTTP_AI_NUM_TOKENS_REASONING
} ngx_http_ai_num_e;


static ngx_http_ai_ctx_t *ngx_http_ai_variable_ctx(ngx_http_request_t *r);
static ngx_int_t ngx_http_ai_variable_text(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static const ngx_str_t *ngx_http_ai_variable_find(ngx_http_ai_ctx_t *ctx,
    uintptr_t what, ngx_str_t *buf);
static ngx_int_t ngx_http_ai_variable_key(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_ai_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static int64_t ngx_http_ai_variable_count(ngx_http_ai_ctx_t *ctx,
    uintptr_t what);
static ngx_int_t ngx_http_ai_log_format(ngx_conf_t *cf);


/* all of them change while the request goes on */

static ngx_http_variable_t  ngx_http_ai_variables[] = {

    { ngx_string("ai_request_id"), NULL, ngx_http_ai_variable_text,
      NGX_HTTP_AI_VAR_REQUEST_ID, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_key_id"), NULL, ngx_http_ai_variable_key,
      offsetof(ngx_ai_key_t, id), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_owner"), NULL, ngx_http_ai_variable_key,
      offsetof(ngx_ai_key_t, owner), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_group"), NULL, ngx_http_ai_variable_key,
      offsetof(ngx_ai_key_t, group), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_project"), NULL, ngx_http_ai_variable_key,
      offsetof(ngx_ai_key_t, project), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_tenant"), NULL, ngx_http_ai_variable_key,
      offsetof(ngx_ai_key_t, tenant), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_route"), NULL, ngx_http_ai_variable_text,
      NGX_HTTP_AI_VAR_ROUTE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_client_dialect"), NULL, ngx_http_ai_variable_text,
      NGX_HTTP_AI_VAR_CLIENT_DIALECT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_model"), NULL, ngx_http_ai_variable_text,
      NGX_HTTP_AI_VAR_MODEL, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_target_model"), NULL, ngx_http_ai_variable_text,
      NGX_HTTP_AI_VAR_TARGET_MODEL, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_provider"), NULL, ngx_http_ai_variable_text,
      NGX_HTTP_AI_VAR_PROVIDER, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_attempts"), NULL, ngx_http_ai_variable_number,
      NGX_HTTP_AI_NUM_ATTEMPTS, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_fallback_reason"), NULL, ngx_http_ai_variable_text,
      NGX_HTTP_AI_VAR_FALLBACK_REASON, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_tokens_in"), NULL, ngx_http_ai_variable_number,
      NGX_HTTP_AI_NUM_TOKENS_IN, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_tokens_cached"), NULL, ngx_http_ai_variable_number,
      NGX_HTTP_AI_NUM_TOKENS_CACHED, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_tokens_out"), NULL, ngx_http_ai_variable_number,
      NGX_HTTP_AI_NUM_TOKENS_OUT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_tokens_reasoning"), NULL, ngx_http_ai_variable_number,
      NGX_HTTP_AI_NUM_TOKENS_REASONING, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_ttft"), NULL, ngx_http_ai_variable_number,
      NGX_HTTP_AI_NUM_TTFT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_chunks"), NULL, ngx_http_ai_variable_number,
      NGX_HTTP_AI_NUM_CHUNKS, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_dropped"), NULL, ngx_http_ai_variable_text,
      NGX_HTTP_AI_VAR_DROPPED, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_error"), NULL, ngx_http_ai_variable_text,
      NGX_HTTP_AI_VAR_ERROR, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("ai_finish"), NULL, ngx_http_ai_variable_text,
      NGX_HTTP_AI_VAR_FINISH, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


/* numbers are texts here: a variable that is not there is no number */

static ngx_str_t  ngx_http_ai_log_json[] = {
    ngx_string("log_format"),
    ngx_string("ai_log_json"),
    ngx_string("escape=json"),
    ngx_string("{\"time\":\"$time_iso8601\",\"request_id\":\"$ai_request_id\","
               "\"remote_addr\":\"$remote_addr\",\"status\":\"$status\","
               "\"request_time\":\"$request_time\","
               "\"bytes_sent\":\"$bytes_sent\","),
    ngx_string("\"key\":\"$ai_key_id\",\"owner\":\"$ai_owner\","
               "\"group\":\"$ai_group\",\"project\":\"$ai_project\","
               "\"tenant\":\"$ai_tenant\","),
    ngx_string("\"route\":\"$ai_route\","
               "\"client_dialect\":\"$ai_client_dialect\","
               "\"model\":\"$ai_model\","
               "\"target_model\":\"$ai_target_model\","
               "\"provider\":\"$ai_provider\","
               "\"upstream_addr\":\"$upstream_addr\","
               "\"upstream_status\":\"$upstream_status\","),
    ngx_string("\"attempts\":\"$ai_attempts\","
               "\"fallback_reason\":\"$ai_fallback_reason\","
               "\"tokens_in\":\"$ai_tokens_in\","
               "\"tokens_cached\":\"$ai_tokens_cached\","
               "\"tokens_out\":\"$ai_tokens_out\","
               "\"tokens_reasoning\":\"$ai_tokens_reasoning\","),
    ngx_string("\"ttft\":\"$ai_ttft\",\"chunks\":\"$ai_chunks\","
               "\"dropped\":\"$ai_dropped\","
               "\"finish\":\"$ai_finish\",\"error\":\"$ai_error\"}")
};


ngx_int_t
ngx_http_ai_variables_init(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_ai_variables; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return ngx_http_ai_log_format(cf);
}


/* as if "log_format ai_log_json ..." stood at the top of http{} */

static ngx_int_t
ngx_http_ai_log_format(ngx_conf_t *cf)
{
    char                 *rv;
    ngx_uint_t            i;
    ngx_array_t           args, *saved;
    ngx_module_t         *log;
    ngx_command_t        *cmd;
    ngx_http_conf_ctx_t  *ctx;

    for (i = 0; cf->cycle->modules[i]; i++) {
        if (ngx_strcmp(cf->cycle->modules[i]->name, "ngx_http_log_module")
            == 0)
        {
            break;
        }
    }

    log = cf->cycle->modules[i];

    if (log == NULL) {
        return NGX_OK;
    }

    for (cmd = log->commands; cmd->name.len; cmd++) {
        if (ngx_strcmp(cmd->name.data, "log_format") == 0) {
            break;
        }
    }

    if (cmd->name.len == 0) {
        return NGX_OK;
    }

    args.elts = ngx_http_ai_log_json;
    args.nelts = sizeof(ngx_http_ai_log_json) / sizeof(ngx_str_t);
    args.size = sizeof(ngx_str_t);
    args.nalloc = args.nelts;
    args.pool = cf->pool;

    ctx = cf->ctx;
    saved = cf->args;

    cf->args = &args;
    rv = cmd->set(cf, cmd, ctx->main_conf[log->ctx_index]);
    cf->args = saved;

    return rv == NGX_CONF_OK ? NGX_OK : NGX_ERROR;
}


/* a subrequest to elsewhere can say on whose behalf it is made */

static ngx_http_ai_ctx_t *
ngx_http_ai_variable_ctx(ngx_http_request_t *r)
{
    ngx_http_ai_ctx_t  *ctx;

    ctx = ngx_http_ai_ctx(r);

    return (ctx == NULL && r != r->main) ? ngx_http_ai_ctx(r->main) : ctx;
}


static ngx_int_t
ngx_http_ai_variable_text(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t           buf;
    const ngx_str_t    *value;
    ngx_http_ai_ctx_t  *ctx;

    ctx = ngx_http_ai_variable_ctx(r);
    value = ctx ? ngx_http_ai_variable_find(ctx, data, &buf) : NULL;

    if (value == NULL || value->len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = value->data;
    v->len = value->len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static const ngx_str_t *
ngx_http_ai_variable_find(ngx_http_ai_ctx_t *ctx, uintptr_t what,
    ngx_str_t *buf)
{
    switch (what) {

    case NGX_HTTP_AI_VAR_REQUEST_ID:
        buf->data = ctx->id;
        buf->len = sizeof(ctx->id);
        return buf;

    case NGX_HTTP_AI_VAR_ROUTE:
        return ctx->match.route ? &ctx->match.route->name : NULL;

    case NGX_HTTP_AI_VAR_CLIENT_DIALECT:
        return &ctx->dialect->name;

    case NGX_HTTP_AI_VAR_MODEL:
        return &ctx->ask.model;

    case NGX_HTTP_AI_VAR_TARGET_MODEL:
        return ctx->targets ? &ctx->targets[ctx->ntarget].model : NULL;

    case NGX_HTTP_AI_VAR_PROVIDER:
        return ctx->provider ? &ctx->provider->name : NULL;

    case NGX_HTTP_AI_VAR_FALLBACK_REASON:
        return ctx->fallbacks ? ngx_ai_fault_name(ctx->first_fault) : NULL;

    case NGX_HTTP_AI_VAR_DROPPED:
        return ngx_http_ai_translate_dropped(ctx, buf) == NGX_OK ? buf : NULL;

    case NGX_HTTP_AI_VAR_ERROR:
        return ngx_http_ai_settle_error(ctx);

    default: /* NGX_HTTP_AI_VAR_FINISH */
        return &ngx_ai_finish_names[ctx->reply.finish];
    }
}


static ngx_int_t
ngx_http_ai_variable_key(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t          *value;
    ngx_http_ai_ctx_t  *ctx;

    ctx = ngx_http_ai_variable_ctx(r);

    if (ctx == NULL || ctx->key == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    value = (ngx_str_t *) ((u_char *) ctx->key + data);

    v->data = value->data;
    v->len = value->len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char             *p;
    int64_t             n;
    ngx_http_ai_ctx_t  *ctx;

    ctx = ngx_http_ai_variable_ctx(r);
    n = ctx ? ngx_http_ai_variable_count(ctx, data) : -1;

    if (n < 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->data = p;

    if (data == NGX_HTTP_AI_NUM_TTFT) {
        v->len = ngx_sprintf(p, "%L.%03L", n / 1000, n % 1000) - p;

    } else {
        v->len = ngx_sprintf(p, "%L", n) - p;
    }

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/* -1 for what there is not */

static int64_t
ngx_http_ai_variable_count(ngx_http_ai_ctx_t *ctx, uintptr_t what)
{
    ngx_ai_usage_t  *usage;

    switch (what) {

    case NGX_HTTP_AI_NUM_ATTEMPTS:
        return ctx->attempts;

    case NGX_HTTP_AI_NUM_CHUNKS:
        return ctx->chunks ? (int64_t) ctx->chunks : -1;

    case NGX_HTTP_AI_NUM_TTFT:
        return ctx->first ? (int64_t) (ctx->first - ctx->start) : -1;
    }

    usage = &ctx->reply.usage;

    if (!usage->reported) {
        return -1;
    }

    switch (what) {

    case NGX_HTTP_AI_NUM_TOKENS_IN:
        return ngx_ai_usage_in(usage);

    case NGX_HTTP_AI_NUM_TOKENS_CACHED:
        return usage->tokens[NGX_AI_USAGE_CACHE_READ];

    case NGX_HTTP_AI_NUM_TOKENS_OUT:
        return ngx_ai_usage_out(usage);

    default: /* NGX_HTTP_AI_NUM_TOKENS_REASONING */
        return usage->tokens[NGX_AI_USAGE_REASONING];
    }
}
