
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_ask.h"


static ngx_int_t check(const char *text, size_t len);
static void test_characters(void);
static void test_lengths(void);
static void test_names(void);


/* at the end of what can be read */

static ngx_int_t
check(const char *text, size_t len)
{
    ngx_int_t    rc;
    ngx_str_t    name;
    tap_guard_t  g;

    name.data = tap_guard(&g, text, len);
    name.len = len;

    rc = ngx_ai_ask_check_model(&name);

    tap_unguard(&g);

    return rc;
}


/*
 * A name is spliced into JSON, and printed into headers, logs and metrics, as
 * it stands: what would end or change any of these is refused.
 */

static void
test_characters(void)
{
    char        text[3];
    ngx_uint_t  c, good, wrong;

    wrong = 0;

    for (c = 0; c < 256; c++) {
        good = (c > ' ' && c < 0x7f && c != '"' && c != '\\');

        text[0] = 'm';
        text[1] = (char) c;
        text[2] = 'm';

        if ((check(text, 3) == NGX_OK) != good
            || (check(text + 1, 2) == NGX_OK) != good
            || (check(text, 2) == NGX_OK) != good)
        {
            diag("byte 0x%02x", (int) c);
            wrong++;
        }
    }

    is_int(wrong, 0,
           "a name is printable ASCII without blanks, quotes, backslashes");
}


static void
test_lengths(void)
{
    char  text[NGX_AI_ASK_MODEL_MAX + 1];

    memset(text, 'm', sizeof(text));

    is_int(check(text, 0), NGX_ERROR, "an empty name is none");
    is_int(check(text, 1), NGX_OK, "a letter is a name");
    is_int(check(text, 256), NGX_OK, "256 bytes are a name");
    is_int(check(text, 257), NGX_ERROR, "257 bytes are none");
}


static void
test_names(void)
{
    ngx_uint_t  i;

    static const char  *names[] = {
        "gpt-4o-mini-2024-07-18",
        "ft:gpt-4o-mini:org:name:id",
        "deepseek-ai/DeepSeek-V3.1",
        "@cf/meta/llama-3.1-8b-instruct",
        "accounts/fireworks/models/llama-v3p1-405b-instruct",
        "openrouter/auto:free",
        "llama3.2:1b-instruct-q4_K_M",
        "anthropic.claude-3-haiku-20240307-v1:0",
        "arn:aws:bedrock:us-east-1::inference-profile/us.x",
        "a&b<c>'d'%20?#[]{}|^`~"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        is_int(check(names[i], strlen(names[i])), NGX_OK, "%s is a name",
               names[i]);
    }
}


int
main(void)
{
    test_characters();
    test_lengths();
    test_names();

    return done();
}
