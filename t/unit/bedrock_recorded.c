
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "wire_recorded.h"


static const char *model(const ngx_str_t *path);
static void plain(ngx_ai_chat_t *chat);
static ngx_uint_t reworded(const char *name);


/* "/model/{model}/converse" */

static const char *
model(const ngx_str_t *path)
{
    size_t       i, n;

    static char  name[256];

    n = 0;

    for (i = sizeof("/model/") - 1; i < path->len && n < sizeof(name) - 1; i++)
    {
        if (path->data[i] == '/') {
            break;
        }

        name[n++] = path->data[i];
    }

    name[n] = '\0';

    return name;
}


/* a choice of "auto" is what no choice means; citations are not told back */

static void
plain(ngx_ai_chat_t *chat)
{
    ngx_uint_t         i, k;
    ngx_ai_part_t     *part;
    ngx_ai_message_t  *message;

    if (chat->choice == NGX_AI_CHOICE_AUTO) {
        chat->choice = NGX_AI_CHOICE_UNSET;
    }

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {
        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {
            part[k].citations = NULL;
        }
    }
}


/* turns of one role become one, and names have no underscores */

static ngx_uint_t
reworded(const char *name)
{
    return strstr(name, "-guardrail-converse-0-") != NULL
           || strstr(name, "-guardrail-converse-stream-0-") != NULL
           || strstr(name, "-citations-v1-") != NULL;
}


int
main(void)
{
    const char  *root;

    static const wire_rec_t  rec = {
        NGX_AI_DIALECT_BEDROCK, &ngx_ai_bedrock, model, plain, reworded
    };

    root = wire_recorded_root();

    if (root == NULL) {
        return 0;
    }

    wire_recorded(&rec, root, "bedrock.converse");
    wire_recorded(&rec, root, "bedrock.converse_stream");

    return done();
}
