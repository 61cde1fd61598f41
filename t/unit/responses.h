
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _RESPONSES_H_INCLUDED_
#define _RESPONSES_H_INCLUDED_


/*
 * For the tests of Responses: documents are written with ' for ", as they
 * stand in C.
 */


#include "tap.h"
#include "wire.h"


/* freed by the caller */

static inline char *
responses_json(const char *text)
{
    char  *p, *copy;

    copy = strdup(text);

    if (copy == NULL) {
        abort();
    }

    for (p = copy; *p; p++) {
        if (*p == '\'') {
            *p = '"';
        }
    }

    return copy;
}


static inline void
responses_init(wire_t *w)
{
    wire_init(w, NGX_AI_DIALECT_RESPONSES, &ngx_ai_responses);
    w->told.route = ngx_ai_route(NGX_AI_ROUTE_RESPONSES);
}


/* what was written, with " as it is in the tests */

static inline void
responses_quote(hub_text_t *t)
{
    size_t  i;

    for (i = 0; i < t->len; i++) {
        if (t->data[i] == '"') {
            t->data[i] = '\'';
        }
    }
}


#endif /* _RESPONSES_H_INCLUDED_ */
