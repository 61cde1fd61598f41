
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Any body as a request of Converse.
 *
 *     input = whose the parts are and for which model, the body
 */


#include "wire_fuzz.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const char *const  models[] = {
    "anthropic.claude-3-haiku-20240307-v1:0",
    "us.anthropic.claude-opus-4-1-20250805-v1:0", "amazon.nova-pro-v1:0",
    "openai.gpt-oss-120b-1:0", "meta.llama3-70b-instruct-v1:0",
    "mistral.mistral-large-2402-v1:0", "cohere.command-r-v1:0", ""
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static wire_t  wire;

    if (wire.pool == NULL) {
        wire_init(&wire, NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock);
    }

    if (size > 1) {
        wire_fuzz_ask(&wire, models[data[0] & 7],
                      (data[0] & 8) ? NGX_AI_DIALECT_ANTHROPIC
                                    : NGX_AI_DIALECT_BEDROCK,
                      data + 1, size - 1);
    }

    return 0;
}
