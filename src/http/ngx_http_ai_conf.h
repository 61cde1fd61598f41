
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_CONF_H_INCLUDED_
#define _NGX_HTTP_AI_CONF_H_INCLUDED_


#include "ngx_http_ai.h"


/* the hooks and directives that ngx_http_ai_gateway_module.c names */

ngx_int_t ngx_http_ai_preconfiguration(ngx_conf_t *cf);
ngx_int_t ngx_http_ai_postconfiguration(ngx_conf_t *cf);
void *ngx_http_ai_create_main_conf(ngx_conf_t *cf);
void *ngx_http_ai_create_srv_conf(ngx_conf_t *cf);
void *ngx_http_ai_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_ai_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);
ngx_int_t ngx_http_ai_init_process(ngx_cycle_t *cycle);
void ngx_http_ai_exit_process(ngx_cycle_t *cycle);

char *ngx_http_ai_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_ai_conf_provider(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_ai_conf_model(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_ai_conf_gateway(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_ai_conf_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_ai_conf_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_ai_conf_metrics(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_ai_conf_health(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


/*
 * A block of its own directives, in the form of nginx's tables: of the type
 * only the number of arguments counts, "conf" is the base of the offsets.
 */
char *ngx_http_ai_conf_block(ngx_conf_t *cf, ngx_command_t *commands,
    void *conf);

/* finishing what other blocks can change: in postconfiguration */
ngx_int_t ngx_http_ai_conf_provider_done(ngx_conf_t *cf,
    ngx_http_ai_main_conf_t *amcf, ngx_http_ai_provider_t *provider);
ngx_int_t ngx_http_ai_conf_model_done(ngx_conf_t *cf,
    ngx_http_ai_main_conf_t *amcf, ngx_http_ai_model_t *model);

/* for TLS with a provider; NULL after an error, which is logged */
ngx_ssl_t *ngx_http_ai_conf_provider_ssl(ngx_conf_t *cf,
    ngx_http_ai_main_conf_t *amcf, ngx_http_ai_provider_t *provider);

/*
 * ngx_http_ai_conf_creds.c: directives of ai_provider; what they must have in
 * common, and what they need when the configuration is whole
 */
char *ngx_http_ai_conf_creds_token(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_ai_conf_creds_google(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_ai_conf_creds_aws(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_ai_conf_creds_key(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_ai_conf_place(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_http_ai_conf_creds_check(ngx_conf_t *cf,
    ngx_http_ai_provider_t *provider);
ngx_int_t ngx_http_ai_conf_creds_done(ngx_conf_t *cf,
    ngx_http_ai_main_conf_t *amcf, ngx_http_ai_provider_t *provider);

/* "env:NAME" or "file:PATH"; NULL after an error, which is logged */
ngx_ai_secret_t *ngx_http_ai_conf_secret(ngx_conf_t *cf, ngx_str_t *source);

/* the same as text, of at most "max" bytes, for the caller to wipe */
ngx_int_t ngx_http_ai_conf_source(ngx_conf_t *cf, ngx_str_t *source,
    size_t max, ngx_str_t *text);

/* a whole file of at most "max" bytes; path is relative to the conf's */
ngx_int_t ngx_http_ai_conf_read(ngx_conf_t *cf, ngx_str_t *path, size_t max,
    ngx_str_t *text);

/* addresses that need no resolver: literal, or of /etc/hosts; may be none */
ngx_int_t ngx_http_ai_conf_addrs(ngx_conf_t *cf, ngx_str_t *host,
    in_port_t port, ngx_addr_t **addrs, ngx_uint_t *n);

/* the name servers of /etc/resolv.conf, or NULL */
ngx_resolver_t *ngx_http_ai_conf_resolver(ngx_conf_t *cf);


#endif /* _NGX_HTTP_AI_CONF_H_INCLUDED_ */
