
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_retry.h"


#define NGX_AI_RETRY_MAX          10
#define NGX_AI_RETRY_BACKOFF_MAX  (5 * 60 * 1000)

/* whom we ask again is not the cause */
#define NGX_AI_RETRY_SAME                                                     \
    (NGX_AI_FAULT_CONNECT|NGX_AI_FAULT_TIMEOUT|NGX_AI_FAULT_RATE              \
     |NGX_AI_FAULT_SERVER|NGX_AI_FAULT_BODY)

/* the provider has refused the request before it did anything */
#define NGX_AI_RETRY_ONCE                                                     \
    (NGX_AI_FAULT_RATE|NGX_AI_FAULT_AUTH)


typedef struct {
    ngx_uint_t        fault;
    ngx_str_t         name;
    ngx_uint_t        retried;
} ngx_ai_fault_t;


static ngx_msec_t ngx_ai_retry_backoff(const ngx_ai_retry_t *policy,
    const ngx_ai_retry_facts_t *facts);
static ngx_int_t ngx_ai_retry_parse_backoff(ngx_ai_retry_t *policy,
    ngx_str_t *value, const char **reason);
static ngx_int_t ngx_ai_retry_parse_msec(u_char *p, size_t len);
static ngx_int_t ngx_ai_retry_parse_on(ngx_ai_retry_t *policy,
    ngx_str_t *value, const char **reason);


static const ngx_ai_fault_t  ngx_ai_faults[] = {
    { NGX_AI_FAULT_CONNECT, ngx_string("connect"), 1 },
    { NGX_AI_FAULT_TLS, ngx_string("tls"), 1 },
    { NGX_AI_FAULT_TIMEOUT, ngx_string("timeout"), 1 },
    { NGX_AI_FAULT_RATE, ngx_string("429"), 1 },
    { NGX_AI_FAULT_SERVER, ngx_string("5xx"), 1 },
    { NGX_AI_FAULT_BODY, ngx_string("bad_body"), 1 },
    { NGX_AI_FAULT_AUTH, ngx_string("auth"), 1 },
    { NGX_AI_FAULT_CLIENT, ngx_string("client"), 0 },
    { NGX_AI_FAULT_ABORT, ngx_string("abort"), 0 },
    { NGX_AI_FAULT_NONE, ngx_string("none"), 0 }
};


const ngx_ai_retry_t  ngx_ai_retry_default = {
    3,
    NGX_AI_RETRY_SAME|NGX_AI_FAULT_TLS|NGX_AI_FAULT_AUTH,
    50,
    2000
};


ngx_uint_t
ngx_ai_fault(ngx_uint_t status, ngx_uint_t saw)
{
    if (saw & NGX_AI_SAW_ABORT) {
        return NGX_AI_FAULT_ABORT;
    }

    if (saw & NGX_AI_SAW_TIMEOUT) {
        return NGX_AI_FAULT_TIMEOUT;
    }

    if (status == 0) {
        return ((saw & NGX_AI_SAW_CONNECTION) && !(saw & NGX_AI_SAW_TLS))
               ? NGX_AI_FAULT_TLS : NGX_AI_FAULT_CONNECT;
    }

    if (status < 200 || (status >= 300 && status < 400)) {
        return NGX_AI_FAULT_BODY;
    }

    if (status < 300) {
        return (saw & NGX_AI_SAW_BAD_BODY) ? NGX_AI_FAULT_BODY
                                           : NGX_AI_FAULT_NONE;
    }

    if (status >= 500) {
        return NGX_AI_FAULT_SERVER;
    }

    switch (status) {

    case 401:
    case 402:
    case 403:
        return NGX_AI_FAULT_AUTH;

    case 408:
        return NGX_AI_FAULT_TIMEOUT;

    case 429:
        return NGX_AI_FAULT_RATE;

    default:
        return NGX_AI_FAULT_CLIENT;
    }
}


const ngx_str_t *
ngx_ai_fault_name(ngx_uint_t fault)
{
    const ngx_ai_fault_t  *f;

    f = ngx_ai_faults;

    while (f->fault != fault && f->fault != NGX_AI_FAULT_NONE) {
        f++;
    }

    return &f->name;
}


ngx_uint_t
ngx_ai_retry_decide(const ngx_ai_retry_t *policy,
    const ngx_ai_retry_facts_t *facts, ngx_msec_t *delay)
{
    ngx_msec_t  wait;
    ngx_uint_t  verdict;

    *delay = 0;

    if (!(policy->faults & facts->fault)
        || facts->attempt >= policy->attempts
        || (facts->once && !(facts->fault & NGX_AI_RETRY_ONCE)))
    {
        return NGX_AI_RETRY_STOP;
    }

    if (facts->targets) {
        verdict = NGX_AI_RETRY_NEXT_TARGET;
        wait = facts->same ? ngx_ai_retry_backoff(policy, facts) : 0;

    } else if (facts->fault & NGX_AI_RETRY_SAME) {

        if (facts->retry_after > (int64_t) policy->backoff_max) {
            return NGX_AI_RETRY_STOP;
        }

        verdict = NGX_AI_RETRY_SAME_TARGET;
        wait = ngx_ai_retry_backoff(policy, facts);

    } else {
        return NGX_AI_RETRY_STOP;
    }

    if (facts->deadline
        && (ngx_msec_int_t) (facts->deadline - facts->now)
           <= (ngx_msec_int_t) wait)
    {
        return NGX_AI_RETRY_STOP;
    }

    *delay = wait;

    return verdict;
}


static ngx_msec_t
ngx_ai_retry_backoff(const ngx_ai_retry_t *policy,
    const ngx_ai_retry_facts_t *facts)
{
    ngx_msec_t  wait;
    ngx_uint_t  i;

    wait = policy->backoff_min;

    for (i = 1; i < facts->attempt && wait < policy->backoff_max; i++) {
        wait *= 2;
    }

    wait = ngx_min(wait, policy->backoff_max);
    wait -= facts->random % (wait / 2 + 1);

    if (facts->retry_after > (int64_t) wait
        && facts->retry_after <= (int64_t) policy->backoff_max)
    {
        wait = (ngx_msec_t) facts->retry_after;
    }

    return wait;
}


ngx_int_t
ngx_ai_retry_parse(ngx_ai_retry_t *policy, const ngx_str_t *words,
    ngx_uint_t n, ngx_uint_t *bad, const char **reason)
{
    ngx_int_t    count;
    ngx_str_t    value;
    ngx_uint_t   i, seen, backoff, on;

    *policy = ngx_ai_retry_default;
    *bad = 0;

    count = n ? ngx_atoi(words[0].data, words[0].len) : NGX_ERROR;

    if (count < 0 || count > NGX_AI_RETRY_MAX) {
        *reason = "the number of retries must be from 0 to 10";
        return NGX_ERROR;
    }

    policy->attempts = count + 1;

    backoff = 0;
    on = 0;

    for (i = 1; i < n; i++) {
        *bad = i;
        value = words[i];

        if (value.len > 8 && ngx_strncmp(value.data, "backoff=", 8) == 0) {
            value.data += 8;
            value.len -= 8;

            if (ngx_ai_retry_parse_backoff(policy, &value, reason) != NGX_OK) {
                return NGX_ERROR;
            }

            seen = backoff++;

        } else if (value.len > 3 && ngx_strncmp(value.data, "on=", 3) == 0) {
            value.data += 3;
            value.len -= 3;

            if (ngx_ai_retry_parse_on(policy, &value, reason) != NGX_OK) {
                return NGX_ERROR;
            }

            seen = on++;

        } else {
            *reason = "only backoff=min..max and on=fault,... "
                      "may follow the number of retries";
            return NGX_ERROR;
        }

        if (seen) {
            *reason = "the parameter is given twice";
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* "50ms..2s", or one time for both */

static ngx_int_t
ngx_ai_retry_parse_backoff(ngx_ai_retry_t *policy, ngx_str_t *value,
    const char **reason)
{
    size_t     rest;
    u_char    *p;
    ngx_int_t  min, max;

    p = ngx_strlchr(value->data, value->data + value->len, '.');

    if (p == NULL) {
        min = ngx_ai_retry_parse_msec(value->data, value->len);
        max = min;

    } else {
        rest = value->data + value->len - p;

        min = ngx_ai_retry_parse_msec(value->data, p - value->data);
        max = (rest > 2 && p[1] == '.')
              ? ngx_ai_retry_parse_msec(p + 2, rest - 2) : NGX_ERROR;
    }

    if (min < 1 || max < min || max > NGX_AI_RETRY_BACKOFF_MAX) {
        *reason = "a backoff must be two times as in 50ms..2s, "
                  "from 1ms to 5m, the shorter one first";
        return NGX_ERROR;
    }

    policy->backoff_min = min;
    policy->backoff_max = max;

    return NGX_OK;
}


/* a number with its unit: a bare one is a guess that nobody should make */

static ngx_int_t
ngx_ai_retry_parse_msec(u_char *p, size_t len)
{
    ngx_int_t  n, scale;

    if (len > 2 && p[len - 2] == 'm' && p[len - 1] == 's') {
        scale = 1;
        len -= 2;

    } else if (len > 1 && p[len - 1] == 's') {
        scale = 1000;
        len--;

    } else if (len > 1 && p[len - 1] == 'm') {
        scale = 60 * 1000;
        len--;

    } else {
        return NGX_ERROR;
    }

    n = ngx_atoi(p, len);

    if (n < 0 || n > NGX_AI_RETRY_BACKOFF_MAX / scale) {
        return NGX_ERROR;
    }

    return n * scale;
}


static ngx_int_t
ngx_ai_retry_parse_on(ngx_ai_retry_t *policy, ngx_str_t *value,
    const char **reason)
{
    u_char                *p, *last, *end;
    const ngx_ai_fault_t  *f;

    policy->faults = 0;

    p = value->data;
    last = p + value->len;

    for ( ;; ) {
        end = ngx_strlchr(p, last, ',');

        if (end == NULL) {
            end = last;
        }

        f = ngx_ai_faults;

        while (f->retried
               && (f->name.len != (size_t) (end - p)
                   || ngx_strncmp(f->name.data, p, end - p) != 0))
        {
            f++;
        }

        if (!f->retried) {
            *reason = "a fault to retry on must be connect, tls, timeout, "
                      "429, 5xx, bad_body or auth";
            return NGX_ERROR;
        }

        policy->faults |= f->fault;

        if (end == last) {
            return NGX_OK;
        }

        p = end + 1;
    }
}
