
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_http_ai_zone.h"


/* of the zone that each may take: a quarter */
#define NGX_HTTP_AI_ZONE_METRICS  4
#define NGX_HTTP_AI_ZONE_OWNERS   4

/* and of what these two leave, also a quarter */
#define NGX_HTTP_AI_ZONE_KEPT     4

/* what the slab allocator and the header need: a rough upper bound */
#define NGX_HTTP_AI_ZONE_EXTRA    (16 * ngx_pagesize)

/*
 * Sizes of what is in the zone: a difference that a forgotten change of the
 * version would leave unnoticed.
 */
#define NGX_HTTP_AI_ZONE_LAYOUT                                               \
    (sizeof(ngx_http_ai_zone_sh_t)                                            \
     + (sizeof(ngx_http_ai_metrics_sh_t) << 8)                                \
     + (sizeof(ngx_http_ai_series_t) << 20)                                   \
     + ((size_t) NGX_HTTP_AI_CELL_MAX << 32)                                  \
     + (sizeof(ngx_http_ai_owners_sh_t) << 38)                                \
     + (sizeof(ngx_http_ai_owner_t) << 41)                                    \
     + ((size_t) NGX_HTTP_AI_COUNT_MAX << 44)                                 \
     + (sizeof(ngx_http_ai_kept_sh_t) << 47)                                  \
     + (sizeof(ngx_http_ai_kept_entry_t) << 50)                               \
     + ((size_t) NGX_HTTP_AI_LIVE_MAX << 56))


static ngx_int_t ngx_http_ai_zone_init(ngx_shm_zone_t *shm_zone, void *data);
static ngx_int_t ngx_http_ai_zone_create(ngx_shm_zone_t *shm_zone);
static ngx_uint_t ngx_http_ai_zone_slots(ngx_cycle_t *cycle);


ngx_shm_zone_t *
ngx_http_ai_zone_add(ngx_conf_t *cf, ngx_str_t *name, size_t size, void *tag,
    ngx_http_ai_zone_t **zone)
{
    ngx_shm_zone_t      *shm_zone;
    ngx_http_ai_zone_t  *z;

    /* less than that and nginx itself cannot make a pool of it */

    if (size < 8 * ngx_pagesize) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is too small", name);
        return NULL;
    }

    shm_zone = ngx_shared_memory_add(cf, name, size, tag);
    if (shm_zone == NULL) {
        return NULL;
    }

    if (shm_zone->data != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is already declared", name);
        return NULL;
    }

    z = ngx_pcalloc(cf->pool, sizeof(ngx_http_ai_zone_t));
    if (z == NULL) {
        return NULL;
    }

    z->shm_zone = shm_zone;
    z->cycle = cf->cycle;

    shm_zone->init = ngx_http_ai_zone_init;
    shm_zone->data = z;

    *zone = z;

    return shm_zone;
}


static ngx_int_t
ngx_http_ai_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_ai_zone_t     *z, *old;
    ngx_http_ai_zone_sh_t  *sh;

    z = shm_zone->data;
    old = data;

    z->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;
    z->shpool->log_nomem = 0;

    sh = (old != NULL) ? old->sh : NULL;

    if (sh != NULL
        && (sh->magic != NGX_HTTP_AI_ZONE_MAGIC
            || sh->version != NGX_HTTP_AI_ZONE_VERSION
            || sh->layout != NGX_HTTP_AI_ZONE_LAYOUT))
    {
        /*
         * Workers of the old configuration go on with what is there, so it
         * stays, and what is made anew gets memory of its own.
         */

        ngx_log_error(NGX_LOG_NOTICE, shm_zone->shm.log, 0,
                      "ai_zone \"%V\" has another layout, it starts empty",
                      &shm_zone->shm.name);
        sh = NULL;
    }

    if (sh != NULL) {
        z->sh = sh;

    } else if (ngx_http_ai_zone_create(shm_zone) != NGX_OK) {
        return NGX_ERROR;
    }

    z->metrics.sh = z->sh->metrics;
    z->metrics.mutex = &z->shpool->mutex;

    z->owners.sh = z->sh->owners;
    z->owners.shpool = z->shpool;

    z->kept.sh = z->sh->kept;
    z->kept.shpool = z->shpool;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_zone_create(ngx_shm_zone_t *shm_zone)
{
    size_t                    len, size, min, max, all, share;
    u_char                   *p;
    ngx_uint_t                nslots;
    ngx_http_ai_zone_t       *z;
    ngx_http_ai_kept_sh_t    *kept;
    ngx_http_ai_zone_sh_t    *sh;
    ngx_http_ai_owners_sh_t  *owners;

    z = shm_zone->data;

    nslots = ngx_http_ai_zone_slots(z->cycle);

    min = ngx_http_ai_metrics_min_size(nslots);
    max = ngx_http_ai_metrics_max_size(nslots);

    size = (shm_zone->shm.size - NGX_HTTP_AI_ZONE_EXTRA)
           / NGX_HTTP_AI_ZONE_METRICS;

    if (shm_zone->shm.size < NGX_HTTP_AI_ZONE_EXTRA || size < min) {
        size = min * NGX_HTTP_AI_ZONE_METRICS + NGX_HTTP_AI_ZONE_EXTRA;

        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "ai_zone \"%V\" is too small for %ui worker processes: "
                      "it needs %uzk at least",
                      &shm_zone->shm.name, nslots, size / 1024 + 1);
        return NGX_ERROR;
    }

    size = ngx_min(size, max);

    sh = ngx_slab_calloc(z->shpool, sizeof(ngx_http_ai_zone_sh_t));
    p = ngx_slab_alloc(z->shpool, size);

    all = shm_zone->shm.size - NGX_HTTP_AI_ZONE_EXTRA;
    share = all / NGX_HTTP_AI_ZONE_OWNERS;

    owners = ngx_http_ai_owners_create(z->shpool, share);
    kept = ngx_http_ai_kept_create(z->shpool, (all - size - share)
                                              / NGX_HTTP_AI_ZONE_KEPT);

    len = sizeof(" in ai_zone \"\"") + shm_zone->shm.name.len;
    z->shpool->log_ctx = ngx_slab_alloc(z->shpool, len);

    if (sh == NULL || p == NULL || owners == NULL || kept == NULL
        || z->shpool->log_ctx == NULL)
    {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "ai_zone \"%V\" has no room left for a new layout: "
                      "give it another name or restart nginx",
                      &shm_zone->shm.name);
        return NGX_ERROR;
    }

    ngx_sprintf(z->shpool->log_ctx, " in ai_zone \"%V\"%Z",
                &shm_zone->shm.name);

    sh->magic = NGX_HTTP_AI_ZONE_MAGIC;
    sh->version = NGX_HTTP_AI_ZONE_VERSION;
    sh->layout = NGX_HTTP_AI_ZONE_LAYOUT;
    sh->metrics = ngx_http_ai_metrics_create(p, size, nslots);
    sh->owners = owners;
    sh->kept = kept;

    z->sh = sh;
    z->shpool->data = sh;

    return NGX_OK;
}


/* one for each worker: the zone comes up when all directives are read */

static ngx_uint_t
ngx_http_ai_zone_slots(ngx_cycle_t *cycle)
{
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (ccf->worker_processes < 1) {
        return 1;
    }

    return ngx_min(ccf->worker_processes, NGX_HTTP_AI_METRICS_SLOTS);
}
