
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Any body as a request in Anthropic's words.  The first byte says whose
 * picture the hub has then, the second how much the model is to think, the
 * third for which model and with which quirks it is written.
 *
 * What is read can be written, what is written is JSON, and can be read.
 */


#include "anthropic.h"


#define must(cond)  do { if (!(cond)) { abort(); } } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ngx_uint_t fuzz_good(const uint8_t *data, size_t size);


static const char  *models[] = {
    "claude-3-haiku", "claude-3-7-sonnet", "claude-sonnet-4-5",
    "claude-opus-4-6", "claude-opus-4-7", "claude-sonnet-5", "deepseek", ""
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char             *body;
    size_t              len;
    uint8_t             origin, effort, aim;
    ngx_int_t           rc;
    ngx_uint_t          op, quirks;

    static ngx_uint_t   ready;

    static const ngx_uint_t  all[] = {
        0, NGX_AI_QUIRK_VERTEX_CLAUDE, NGX_AI_QUIRK_BEDROCK_INVOKE, 0
    };

    if (!ready) {
        anth_init();
        ready = 1;
    }

    if (size < 3) {
        return 0;
    }

    origin = data[0];
    effort = data[1];
    aim = data[2];

    data += 3;
    size -= 3;

    /* a request has been through the scanner */

    if (!fuzz_good(data, size)) {
        return 0;
    }

    rc = wire_read_ask(&anth, data, size);

    if (rc != NGX_OK) {
        must(anth.fault[0] != '\0');
        return 0;
    }

    if (origin & 1) {
        anth.chat.origin = NGX_AI_DIALECT_OPENAI;
        anth.chat.effort = effort % (NGX_AI_EFFORT_MAX + 1);
        anth.chat.output = (effort & 0x80) ? NGX_AI_FORMAT_JSON
                                           : anth.chat.output;
    }

    op = (origin & 2) ? NGX_AI_OP_COUNT : NGX_AI_OP_CHAT;
    quirks = all[aim >> 6];

    rc = anth_write(models[aim & 7], op, aim & 8, quirks);

    if (rc != NGX_OK) {
        must(rc == NGX_DECLINED);
        return 0;
    }

    must(anth_whole());

    len = ngx_ai_buf_len(&anth.out);
    body = malloc(len);
    memcpy(body, anth.out.start, len);

    must(wire_read_ask(&anth, body, len) == NGX_OK);

    free(body);

    return 0;
}


static ngx_uint_t
fuzz_good(const uint8_t *data, size_t size)
{
    ngx_ai_scan_t  scan;

    (void) ngx_ai_scan_init(&scan, NULL, 0, NULL, NGX_AI_TREE_DEPTH);
    (void) ngx_ai_scan_feed(&scan, data, data + size);

    return ngx_ai_scan_end(&scan) == NGX_OK;
}
