
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_ZONE_H_INCLUDED_
#define _NGX_HTTP_AI_ZONE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include "ngx_http_ai_kept.h"
#include "ngx_http_ai_metrics.h"
#include "ngx_http_ai_owners.h"


/*
 * The one shared-memory zone ("ai_zone"), where everything lives that all
 * workers see and that outlives a reload and the death of a worker.
 *
 *     zone
 *       +-- slab pool, with the only lock there is: its mutex
 *             +-- ngx_http_ai_zone_sh_t      what is where
 *             +-- metrics                    at most a quarter of the zone
 *             +-- owners                     at most a quarter of the zone,
 *             |                              taken page by page
 *             +-- kept texts                 at most a quarter of what these
 *             |                              two leave, page by page
 *             +-- pages not yet handed out   keyed state takes them one by
 *                                            one: each kind has its root
 *                                            in ngx_http_ai_zone_sh_t
 *
 * Rules for whatever is put here:
 *
 * - The slab mutex is the only lock: it is the only one nginx releases when
 *   a worker dies holding it.
 * - A worker may die between any two stores, so each store leaves the
 *   structure valid: memory is taken first, then filled, then linked.
 * - During a reload old and new workers use the same structures.  A change
 *   of any of them changes NGX_HTTP_AI_ZONE_VERSION.
 * - Running out of memory is an ordinary event (log_nomem is off): whoever
 *   allocates has an answer to it.
 */


#define NGX_HTTP_AI_ZONE_MAGIC    0x61697a6e
#define NGX_HTTP_AI_ZONE_VERSION  3


/* in the zone */

typedef struct {
    uint32_t                   magic;
    uint32_t                   version;
    size_t                     layout;
    ngx_http_ai_metrics_sh_t  *metrics;
    ngx_http_ai_owners_sh_t   *owners;
    ngx_http_ai_kept_sh_t     *kept;
} ngx_http_ai_zone_sh_t;


/* in the cycle: one for each configuration that is loaded */

typedef struct {
    ngx_http_ai_zone_sh_t     *sh;
    ngx_slab_pool_t           *shpool;
    ngx_shm_zone_t            *shm_zone;
    ngx_cycle_t               *cycle;
    ngx_http_ai_metrics_t      metrics;
    ngx_http_ai_owners_t       owners;
    ngx_http_ai_keep_t         kept;
} ngx_http_ai_zone_t;


/*
 * Declares the zone and gives its handle, which can be used once the cycle
 * is up: in init_module and in workers, not while the configuration is read.
 * NULL after an error, which is logged.
 *
 * The zone comes up in "nginx -t" as well.  On reload it takes over what the
 * old one holds if name, tag, size, version and layout are the same; else it
 * starts empty, and says so.  A zone too small for the metrics of all worker
 * processes is refused with the size that would do.
 */
ngx_shm_zone_t *ngx_http_ai_zone_add(ngx_conf_t *cf, ngx_str_t *name,
    size_t size, void *tag, ngx_http_ai_zone_t **zone);


#endif /* _NGX_HTTP_AI_ZONE_H_INCLUDED_ */
