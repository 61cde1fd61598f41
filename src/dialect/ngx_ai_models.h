
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_MODELS_H_INCLUDED_
#define _NGX_AI_MODELS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_json.h"


/*
 * Lists of models, as each dialect's clients expect them: what is before the
 * first entry, an entry, what is behind the last one.  An entry alone is the
 * answer to a question about one model.
 */

typedef struct {
    const char       *open;
    const char       *close;
    void            (*write)(ngx_ai_json_writer_t *w, const ngx_str_t *name,
                          const ngx_str_t *owner);
} ngx_ai_models_t;


/* by ngx_ai_dialect_e */
const ngx_ai_models_t *ngx_ai_models(ngx_uint_t dialect);


#endif /* _NGX_AI_MODELS_H_INCLUDED_ */
