
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Any request of generateContent: a fault has a path and a reason, and what is
 * taken is written as a request again, for any model, which is taken too.
 *
 *     input = model, the body
 */


#include "wire.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static ngx_uint_t fuzz_scan(const void *data, size_t len);
static void fuzz_check(ngx_uint_t good);


static const char *const  models[] = {
    "gemini-2.0-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro",
    "gemini-3-pro-preview", "tunedModels/x", ""
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char         *again;
    size_t          len;
    ngx_int_t       rc;
    const char     *model;
    static wire_t   wire;

    if (wire.pool == NULL) {
        wire_init(&wire, NGX_AI_DIALECT_GEMINI, &ngx_ai_gemini);
    }

    /* requests are checked before they are read */

    if (size < 2 || !fuzz_scan(data + 1, size - 1)) {
        return 0;
    }

    model = models[data[0] % (sizeof(models) / sizeof(models[0]))];

    rc = wire_read_ask(&wire, data + 1, size - 1);

    if (rc != NGX_OK) {
        fuzz_check(rc == NGX_DECLINED || wire.fault[0] != '\0');
        fuzz_check(strcmp(wire.fault, "no memory") != 0);
        return 0;
    }

    rc = wire_write_ask(&wire, model, 0);

    /* its brackets may be more than a writer keeps in mind */

    fuzz_check(rc == NGX_OK || rc == NGX_DECLINED);

    if (rc != NGX_OK) {
        return 0;
    }

    len = ngx_ai_buf_len(&wire.out);
    again = malloc(len);
    memcpy(again, wire.out.start, len);

    fuzz_check(fuzz_scan(again, len));
    fuzz_check(wire_read_ask(&wire, again, len) == NGX_OK);

    free(again);

    return 0;
}


static ngx_uint_t
fuzz_scan(const void *data, size_t len)
{
    ngx_ai_scan_t  scan;

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, NGX_AI_TREE_DEPTH);
    (void) ngx_ai_scan_feed(&scan, data, (const u_char *) data + len);

    return ngx_ai_scan_end(&scan) == NGX_OK;
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
