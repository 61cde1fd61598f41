
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Any body as a request of Cohere's chat.
 *
 *     input = whose the parts are, the body
 */


#include "wire_fuzz.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static wire_t  wire;

    if (wire.pool == NULL) {
        wire_init(&wire, NGX_AI_DIALECT_COHERE, &ngx_ai_cohere);
    }

    if (size > 1) {
        wire_fuzz_ask(&wire, "command-a-03-2025",
                      (data[0] & 1) ? NGX_AI_DIALECT_ANTHROPIC
                                    : NGX_AI_DIALECT_COHERE,
                      data + 1, size - 1);
    }

    return 0;
}
