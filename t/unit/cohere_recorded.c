
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "wire_recorded.h"


static const char *model(const ngx_str_t *path);
static void plain(ngx_ai_chat_t *chat);
static ngx_uint_t reworded(const char *name);


static const char *
model(const ngx_str_t *path)
{
    return "command-a-03-2025";
}


static void
plain(ngx_ai_chat_t *chat)
{
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
        NGX_AI_DIALECT_COHERE, &ngx_ai_cohere, model, plain, reworded
    };

    root = wire_recorded_root();

    if (root == NULL) {
        return 0;
    }

    wire_recorded(&rec, root, "cohere.v2chat");

    return done();
}
