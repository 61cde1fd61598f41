
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * A request through the hub: what is written of one that is taken is JSON, it
 * can be read again without anything unknown in it, and then nothing changes
 * any more.
 *
 *     input = what speaks and what is spoken to, the body
 */


#include "openai_hub.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz_json(const void *data, size_t size);
static void fuzz_check(ngx_uint_t good);


static const ngx_uint_t  fuzz_quirks[] = {
    0, NGX_AI_QUIRK_OPENAI, NGX_AI_QUIRK_REASONING_ECHO,
    NGX_AI_QUIRK_TOOL_ID_9 | NGX_AI_QUIRK_TOOL_CHOICE_ANY
    | NGX_AI_QUIRK_RANDOM_SEED | NGX_AI_QUIRK_STRICT
    | NGX_AI_QUIRK_USAGE_ALWAYS
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t       first, second;
    ngx_uint_t      stream;
    ngx_ai_scan_t   scan;

    if (w.pool == NULL) {
        hub_init(NGX_AI_DIALECT_OPENAI, &ngx_ai_openai);
    }

    if (size < 1) {
        return 0;
    }

    w.number = (data[0] & 1) ? NGX_AI_DIALECT_COMPLETIONS
                             : NGX_AI_DIALECT_OPENAI;
    w.dialect = (data[0] & 1) ? &ngx_ai_completions : &ngx_ai_openai;
    stream = data[0] >> 1 & 1;
    quirks = fuzz_quirks[data[0] >> 2 & 3];

    data++;
    size--;

    /* a body has been looked at before it comes here */

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, NGX_AI_TREE_DEPTH);

    if (ngx_ai_scan_feed(&scan, data, data + size) == NGX_ERROR
        || ngx_ai_scan_end(&scan) != NGX_OK)
    {
        return 0;
    }

    if (hub_ask(data, size) != NGX_OK) {
        fuzz_check(w.fault[0] != '\0');
        return 0;
    }

    fuzz_check(hub_write_ask("t", stream) == NGX_OK);

    first = hub_written();
    fuzz_json(first.data, first.len);

    fuzz_check(hub_ask(first.data, first.len) == NGX_OK);
    fuzz_check(w.drops.count == 0);
    fuzz_check(hub_write_ask("t", stream) == NGX_OK);

    second = hub_written();

    fuzz_check(first.len == second.len
               && memcmp(first.data, second.data, first.len) == 0);

    free(first.data);
    free(second.data);

    return 0;
}


static void
fuzz_json(const void *data, size_t size)
{
    ngx_ai_scan_t  scan;

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, NGX_AI_SCAN_DEPTH);

    fuzz_check(ngx_ai_scan_feed(&scan, data, (u_char *) data + size)
               != NGX_ERROR);
    fuzz_check(ngx_ai_scan_end(&scan) == NGX_OK);
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
