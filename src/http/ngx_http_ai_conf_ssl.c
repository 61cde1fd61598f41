
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_conf.h"


#define NGX_HTTP_AI_VERIFY_DEPTH  8


static ngx_ssl_t *ngx_http_ai_conf_ssl(ngx_conf_t *cf, ngx_str_t *ca,
    ngx_flag_t verify);
static ngx_int_t ngx_http_ai_conf_ca(ngx_str_t *ca);


/* where distributions keep the certificates they trust */

static ngx_str_t  ngx_http_ai_cas[] = {
    ngx_string("/etc/ssl/certs/ca-certificates.crt"),
    ngx_string("/etc/pki/tls/certs/ca-bundle.crt"),
    ngx_string("/etc/ssl/cert.pem"),
    ngx_null_string
};


ngx_ssl_t *
ngx_http_ai_conf_provider_ssl(ngx_conf_t *cf, ngx_http_ai_main_conf_t *amcf,
    ngx_http_ai_provider_t *provider)
{
    ngx_str_t  ca;

    if (!provider->verify || provider->ca.len) {
        return ngx_http_ai_conf_ssl(cf, &provider->ca, provider->verify);
    }

    /* loading a system's certificates takes a while: once is enough */

    if (amcf->ssl == NULL) {
        ngx_str_null(&ca);
        amcf->ssl = ngx_http_ai_conf_ssl(cf, &ca, 1);
    }

    return amcf->ssl;
}


static ngx_ssl_t *
ngx_http_ai_conf_ssl(ngx_conf_t *cf, ngx_str_t *ca, ngx_flag_t verify)
{
    ngx_ssl_t           *ssl;
    ngx_str_t            ciphers = ngx_string("DEFAULT");
    ngx_uint_t           protocols;
    ngx_pool_cleanup_t  *cln;

    ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    if (ssl == NULL) {
        return NULL;
    }

    ssl->log = cf->log;

    protocols = NGX_SSL_TLSv1_2;
#ifdef NGX_SSL_TLSv1_3
    protocols |= NGX_SSL_TLSv1_3;
#endif

    if (ngx_ssl_create(ssl, protocols, NULL) != NGX_OK) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(ssl);
        return NULL;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = ssl;

    if (ngx_ssl_ciphers(cf, ssl, &ciphers, 0) != NGX_OK
        || ngx_ssl_client_session_cache(cf, ssl, 1) != NGX_OK)
    {
        return NULL;
    }

    if (!verify) {
        return ssl;
    }

    if (ca->len == 0 && ngx_http_ai_conf_ca(ca) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "the system has no file of trusted certificates; "
                      "install one (ca-certificates) or say \"ca\"");
        return NULL;
    }

    if (ngx_ssl_trusted_certificate(cf, ssl, ca, NGX_HTTP_AI_VERIFY_DEPTH)
        != NGX_OK)
    {
        return NULL;
    }

    return ssl;
}


static ngx_int_t
ngx_http_ai_conf_ca(ngx_str_t *ca)
{
    ngx_str_t        *file;
    ngx_file_info_t   fi;

    for (file = ngx_http_ai_cas; file->len; file++) {
        if (ngx_file_info(file->data, &fi) != NGX_FILE_ERROR) {
            *ca = *file;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}
