
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_error.h"


typedef struct {
    ngx_uint_t   kind;
    ngx_uint_t   status;
    const char  *name;
} error_row_t;


static void test_kinds(void);
static void test_statuses(void);


static const error_row_t  error_rows[] = {
    { NGX_AI_ERROR_NONE, 200, "" },
    { NGX_AI_ERROR_INVALID, 400, "invalid_request" },
    { NGX_AI_ERROR_AUTH, 401, "unauthorized" },
    { NGX_AI_ERROR_FORBIDDEN, 403, "forbidden" },
    { NGX_AI_ERROR_NOT_FOUND, 404, "not_found" },
    { NGX_AI_ERROR_MODEL, 404, "model_not_found" },
    { NGX_AI_ERROR_OWNER, 404, "not_owner" },
    { NGX_AI_ERROR_METHOD, 405, "method_not_allowed" },
    { NGX_AI_ERROR_TOO_LARGE, 413, "too_large" },
    { NGX_AI_ERROR_MEDIA, 415, "unsupported_media" },
    { NGX_AI_ERROR_CONTEXT, 400, "context_length" },
    { NGX_AI_ERROR_POLICY, 400, "content_policy" },
    { NGX_AI_ERROR_PREVIOUS, 400, "previous_not_found" },
    { NGX_AI_ERROR_RATE, 429, "rate_limited" },
    { NGX_AI_ERROR_QUOTA, 429, "quota" },
    { NGX_AI_ERROR_INTERNAL, 500, "internal" },
    { NGX_AI_ERROR_UPSTREAM, 502, "upstream" },
    { NGX_AI_ERROR_PROVIDER_AUTH, 502, "provider_auth" },
    { NGX_AI_ERROR_UNAVAILABLE, 503, "unavailable" },
    { NGX_AI_ERROR_OVERLOADED, 503, "overloaded" },
    { NGX_AI_ERROR_TIMEOUT, 504, "timeout" }
};


static void
test_kinds(void)
{
    ngx_uint_t          i;
    const ngx_str_t    *name;
    const error_row_t  *row;

    is_int(sizeof(error_rows) / sizeof(error_row_t), NGX_AI_ERROR_MAX,
           "each kind of error is here");

    for (i = 0; i < sizeof(error_rows) / sizeof(error_row_t); i++) {
        row = &error_rows[i];
        name = ngx_ai_error_name(row->kind);

        is_int(ngx_ai_error_status(row->kind), row->status,
               "the status of \"%s\" is %d", row->name, (int) row->status);
        is_str(name->data, name->len, row->name, "\"%s\" is its name",
               row->name);
    }
}


/* a kind for a status says the same status where there is one that does */

static void
test_statuses(void)
{
    ngx_uint_t  kind, status, i, known, wrong;

    wrong = 0;

    for (status = 300; status < 700; status++) {
        kind = ngx_ai_error_kind(status);

        if (kind == NGX_AI_ERROR_NONE || kind >= NGX_AI_ERROR_MAX) {
            wrong++;
            continue;
        }

        known = 0;

        for (i = 1; i < sizeof(error_rows) / sizeof(error_row_t); i++) {
            known |= (error_rows[i].status == status);
        }

        if (status == 402 || status == 529) {
            wrong += (kind != (status == 402 ? NGX_AI_ERROR_QUOTA
                                             : NGX_AI_ERROR_OVERLOADED));

        } else if (known) {
            wrong += (ngx_ai_error_status(kind) != status);

        } else {
            wrong += (kind != (status < 500 ? NGX_AI_ERROR_INVALID
                                            : NGX_AI_ERROR_INTERNAL));
        }
    }

    is_int(wrong, 0, "any status has a kind, of that status if one has it");

    is_int(ngx_ai_error_kind(404), NGX_AI_ERROR_NOT_FOUND,
           "a bare 404 is not about a model");
    is_int(ngx_ai_error_kind(502), NGX_AI_ERROR_UPSTREAM,
           "a bare 502 is not about a key");
}


int
main(void)
{
    test_kinds();
    test_statuses();

    return done();
}
