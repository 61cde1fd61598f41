
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "hub.h"

/* most calls have no id, and are given another one each time */

#undef  HUB_IDS
#define HUB_IDS  0

#include "wire_recorded.h"


static const char *model(const ngx_str_t *path);
static void plain(ngx_ai_chat_t *chat);
static ngx_uint_t reworded(const char *name);


static const char *
model(const ngx_str_t *path)
{
    return "qwen3:4b";
}


/* requests are written for whole replies */

static void
plain(ngx_ai_chat_t *chat)
{
    chat->stream = 0;
}


static ngx_uint_t
reworded(const char *name)
{
    return 0;
}


int
main(void)
{
    const char  *root;

    static const wire_rec_t  rec = {
        NGX_AI_DIALECT_OLLAMA, &ngx_ai_ollama, model, plain, reworded
    };

    root = wire_recorded_root();

    if (root == NULL) {
        return 0;
    }

    wire_recorded(&rec, root, "ollama.chat");

    return done();
}
