
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_pattern.h"


ngx_int_t
ngx_ai_pattern_check(const ngx_str_t *pattern, const char **reason)
{
    size_t  i;

    if (pattern->len == 0 || pattern->len > NGX_AI_PATTERN_MAX) {
        *reason = "a pattern must have 1 to 256 characters";
        return NGX_ERROR;
    }

    for (i = 0; i < pattern->len; i++) {
        if (pattern->data[i] <= ' ' || pattern->data[i] >= 0x7f) {
            *reason = "a pattern must be printable ASCII without blanks, "
                      "as the names of models are";
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * What stands between two stars is found at its first place and never
 * looked for again: an earlier place leaves more room for the rest.
 */

ngx_uint_t
ngx_ai_pattern_match(const ngx_str_t *pattern, const ngx_str_t *name)
{
    size_t   len;
    u_char  *p, *last, *s, *end, *star;

    p = pattern->data;
    last = p + pattern->len;

    s = name->data;
    end = s + name->len;

    star = memchr(p, '*', pattern->len);

    if (star == NULL) {
        return pattern->len == name->len
               && ngx_memcmp(p, s, name->len) == 0;
    }

    len = star - p;

    if (len > name->len || ngx_memcmp(p, s, len) != 0) {
        return 0;
    }

    s += len;

    for ( ;; ) {
        p = star + 1;
        len = last - p;

        star = memchr(p, '*', len);

        if (star == NULL) {
            return len <= (size_t) (end - s)
                   && ngx_memcmp(p, end - len, len) == 0;
        }

        len = star - p;

        s = memmem(s, end - s, p, len);

        if (s == NULL) {
            return 0;
        }

        s += len;
    }
}


ngx_uint_t
ngx_ai_pattern_match_any(const ngx_str_t *patterns, ngx_uint_t n,
    const ngx_str_t *name)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (ngx_ai_pattern_match(&patterns[i], name)) {
            return 1;
        }
    }

    return 0;
}
