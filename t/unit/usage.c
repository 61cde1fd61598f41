
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_usage.h"
#include "ngx_ai_reply.h"


static void test_buckets(void);
static void test_sums(void);
static void test_names(void);


/* a token of each bucket is counted on one side, and once */

static void
test_buckets(void)
{
    ngx_uint_t      i;
    ngx_ai_usage_t  usage;

    static const ngx_uint_t  in[NGX_AI_USAGE_MAX] = {
        1, 1, 1, 0, 0, 1, 0, 1, 0
    };

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        ngx_memzero(&usage, sizeof(usage));
        usage.tokens[i] = 1;

        is_int(ngx_ai_usage_in(&usage), in[i], "%s is %s the input",
               ngx_ai_usage_names[i].data, in[i] ? "in" : "not in");
        is_int(ngx_ai_usage_out(&usage), !in[i], "%s is %s the output",
               ngx_ai_usage_names[i].data, in[i] ? "not in" : "in");
    }
}


static void
test_sums(void)
{
    ngx_uint_t      i;
    ngx_ai_usage_t  usage;

    ngx_memzero(&usage, sizeof(usage));

    is_int(ngx_ai_usage_in(&usage), 0, "no tokens are 0 in");
    is_int(ngx_ai_usage_out(&usage), 0, "no tokens are 0 out");

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        usage.tokens[i] = 1 << i;
    }

    is_int(ngx_ai_usage_in(&usage), 1 + 2 + 4 + 32 + 128,
           "the input is the sum of its buckets");
    is_int(ngx_ai_usage_out(&usage), 8 + 16 + 64 + 256,
           "the output is the sum of its buckets");

    usage.tokens[NGX_AI_USAGE_INPUT] = INT64_MAX - 166;
    is_int(ngx_ai_usage_in(&usage), INT64_MAX, "a sum may be 2^63 - 1");

    usage.tokens[NGX_AI_USAGE_INPUT] = INT64_MAX - 165;
    is_int(ngx_ai_usage_in(&usage), INT64_MAX, "a larger sum stays there");

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        usage.tokens[i] = INT64_MAX;
    }

    is_int(ngx_ai_usage_in(&usage), INT64_MAX, "the largest input saturates");
    is_int(ngx_ai_usage_out(&usage), INT64_MAX,
           "the largest output saturates");
}


/* labels of metrics: there, no two the same, of characters that need no care */

static void
test_names(void)
{
    size_t      k;
    ngx_str_t  *a, *b;
    ngx_uint_t  i, j, odd, same;

    odd = 0;
    same = 0;

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        a = (ngx_str_t *) &ngx_ai_usage_names[i];
        odd += (a->len == 0);

        for (k = 0; k < a->len; k++) {
            odd += !(a->data[k] == '_'
                     || (a->data[k] >= 'a' && a->data[k] <= 'z'));
        }

        for (j = 0; j < i; j++) {
            b = (ngx_str_t *) &ngx_ai_usage_names[j];
            same += (a->len == b->len
                     && memcmp(a->data, b->data, a->len) == 0);
        }
    }

    is_int(odd, 0, "names of buckets are lower case");
    is_int(same, 0, "no two buckets have one name");

    is_int(ngx_ai_finish_names[NGX_AI_FINISH_NONE].len, 0,
           "no finish has no name");

    for (i = 1; i < NGX_AI_FINISH_MAX; i++) {
        ok(ngx_ai_finish_names[i].len > 0, "finish %d has the name %s",
           (int) i, ngx_ai_finish_names[i].data);
    }
}


int
main(void)
{
    test_buckets();
    test_sums();
    test_names();

    return done();
}
