
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Streams of JSON: lines, arrays, and documents between events of SSE.
 *
 *     input = framing, cap, number of cuts, cuts ..., the stream
 */


#include "split.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                   max, ncuts;

    static const ngx_uint_t  kinds[] = {
        NGX_AI_FRAMING_LINES,
        NGX_AI_FRAMING_ARRAY,
        NGX_AI_FRAMING_SSE
    };

    if (size < 3) {
        return 0;
    }

    max = (data[1] == 0xff) ? 1024 * 1024 : data[1];
    ncuts = data[2] % (SPLIT_CUTS + 1);

    if (size < 3 + ncuts) {
        return 0;
    }

    split_stream(kinds[data[0] % 3], max, data + 3, ncuts, data + 3 + ncuts,
                 size - 3 - ncuts);

    return 0;
}
