
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"

#include "ngx_ai_retry.h"


#define ALL  (NGX_AI_FAULT_CONNECT|NGX_AI_FAULT_TLS|NGX_AI_FAULT_TIMEOUT      \
              |NGX_AI_FAULT_RATE|NGX_AI_FAULT_SERVER|NGX_AI_FAULT_BODY        \
              |NGX_AI_FAULT_AUTH)

#define SAW_ALL  (NGX_AI_SAW_CONNECTION|NGX_AI_SAW_TLS)


static ngx_ai_retry_facts_t facts(ngx_uint_t fault, ngx_uint_t attempt,
    ngx_uint_t targets);
static ngx_uint_t decide(const ngx_ai_retry_t *policy,
    ngx_ai_retry_facts_t f);
static void retry_faults(void);
static void retry_stop(void);
static void retry_where(void);
static void retry_backoff(void);
static void retry_after(void);
static void retry_deadline(void);
static void retry_once(void);
static void retry_parse(void);
static ngx_int_t parse(ngx_ai_retry_t *policy, const char *text);
static void bad(const char *text, ngx_uint_t at, const char *why);


static const char           *reason;
static ngx_uint_t            word;
static ngx_msec_t            delay;
static const ngx_ai_retry_t  four = { 4, ALL, 100, 1000 };


static ngx_ai_retry_facts_t
facts(ngx_uint_t fault, ngx_uint_t attempt, ngx_uint_t targets)
{
    ngx_ai_retry_facts_t  f;

    ngx_memzero(&f, sizeof(f));

    f.fault = fault;
    f.attempt = attempt;
    f.targets = targets;
    f.retry_after = -1;
    f.now = 5000;

    return f;
}


static ngx_uint_t
decide(const ngx_ai_retry_t *policy, ngx_ai_retry_facts_t f)
{
    delay = 12345;

    return ngx_ai_retry_decide(policy, &f, &delay);
}


static void
retry_faults(void)
{
    is_int(ngx_ai_fault(0, 0), NGX_AI_FAULT_CONNECT,
           "no connection is a connect fault");
    is_int(ngx_ai_fault(0, SAW_ALL), NGX_AI_FAULT_CONNECT,
           "a connection that broke before a status too");
    is_int(ngx_ai_fault(0, NGX_AI_SAW_CONNECTION), NGX_AI_FAULT_TLS,
           "a connection without a handshake is a TLS fault");
    is_int(ngx_ai_fault(0, NGX_AI_SAW_TIMEOUT), NGX_AI_FAULT_TIMEOUT,
           "too slow to connect is a time-out");
    is_int(ngx_ai_fault(200, SAW_ALL|NGX_AI_SAW_TIMEOUT),
           NGX_AI_FAULT_TIMEOUT, "too slow to begin is a time-out");
    is_int(ngx_ai_fault(200, SAW_ALL|NGX_AI_SAW_ABORT), NGX_AI_FAULT_ABORT,
           "a client that has gone is an abort");
    is_int(ngx_ai_fault(200, SAW_ALL), NGX_AI_FAULT_NONE, "200 is no fault");
    is_int(ngx_ai_fault(200, SAW_ALL|NGX_AI_SAW_BAD_BODY), NGX_AI_FAULT_BODY,
           "200 with HTML is a bad body");
    is_int(ngx_ai_fault(101, SAW_ALL), NGX_AI_FAULT_BODY, "101 too");
    is_int(ngx_ai_fault(302, SAW_ALL), NGX_AI_FAULT_BODY, "302 too");
    is_int(ngx_ai_fault(304, SAW_ALL), NGX_AI_FAULT_BODY, "304 too");
    is_int(ngx_ai_fault(400, SAW_ALL), NGX_AI_FAULT_CLIENT, "400: client");
    is_int(ngx_ai_fault(400, SAW_ALL|NGX_AI_SAW_BAD_BODY),
           NGX_AI_FAULT_CLIENT, "400 with HTML: client");
    is_int(ngx_ai_fault(401, SAW_ALL), NGX_AI_FAULT_AUTH, "401: auth");
    is_int(ngx_ai_fault(402, SAW_ALL), NGX_AI_FAULT_AUTH, "402: auth");
    is_int(ngx_ai_fault(403, SAW_ALL), NGX_AI_FAULT_AUTH, "403: auth");
    is_int(ngx_ai_fault(404, SAW_ALL), NGX_AI_FAULT_CLIENT, "404: client");
    is_int(ngx_ai_fault(408, SAW_ALL), NGX_AI_FAULT_TIMEOUT, "408: time-out");
    is_int(ngx_ai_fault(422, SAW_ALL), NGX_AI_FAULT_CLIENT, "422: client");
    is_int(ngx_ai_fault(429, SAW_ALL), NGX_AI_FAULT_RATE, "429: rate");
    is_int(ngx_ai_fault(499, SAW_ALL), NGX_AI_FAULT_CLIENT, "499: client");
    is_int(ngx_ai_fault(500, SAW_ALL), NGX_AI_FAULT_SERVER, "500: server");
    is_int(ngx_ai_fault(529, SAW_ALL), NGX_AI_FAULT_SERVER, "529: server");
    is_int(ngx_ai_fault(999, SAW_ALL), NGX_AI_FAULT_SERVER, "999: server");

    is_str(ngx_ai_fault_name(NGX_AI_FAULT_RATE)->data,
           ngx_ai_fault_name(NGX_AI_FAULT_RATE)->len, "429", "name of RATE");
    is_str(ngx_ai_fault_name(NGX_AI_FAULT_ABORT)->data,
           ngx_ai_fault_name(NGX_AI_FAULT_ABORT)->len, "abort",
           "name of ABORT");
    is_str(ngx_ai_fault_name(NGX_AI_FAULT_NONE)->data,
           ngx_ai_fault_name(NGX_AI_FAULT_NONE)->len, "none", "name of NONE");
}


static void
retry_stop(void)
{
    ngx_ai_retry_t  p;

    is_int(decide(&four, facts(NGX_AI_FAULT_CLIENT, 1, 3)),
           NGX_AI_RETRY_STOP, "a client's fault is never retried");
    is_int(decide(&four, facts(NGX_AI_FAULT_ABORT, 1, 3)),
           NGX_AI_RETRY_STOP, "nothing is done for a client that has gone");
    is_int(delay, 0, "and nobody waits");
    is_int(decide(&four, facts(NGX_AI_FAULT_NONE, 1, 3)),
           NGX_AI_RETRY_STOP, "no fault, no retry");

    is_int(decide(&four, facts(NGX_AI_FAULT_SERVER, 3, 3)),
           NGX_AI_RETRY_NEXT_TARGET, "attempt 3 of 4 has a successor");
    is_int(decide(&four, facts(NGX_AI_FAULT_SERVER, 4, 3)),
           NGX_AI_RETRY_STOP, "attempt 4 of 4 has none");

    p = four;
    p.faults = NGX_AI_FAULT_RATE;

    is_int(decide(&p, facts(NGX_AI_FAULT_SERVER, 1, 3)), NGX_AI_RETRY_STOP,
           "a fault that is not in \"on=\" is not retried");
    is_int(decide(&p, facts(NGX_AI_FAULT_RATE, 1, 3)),
           NGX_AI_RETRY_NEXT_TARGET, "one that is, is");

    p.attempts = 1;

    is_int(decide(&p, facts(NGX_AI_FAULT_RATE, 1, 3)), NGX_AI_RETRY_STOP,
           "one attempt is one attempt");
}


static void
retry_where(void)
{
    ngx_ai_retry_facts_t  f;

    is_int(decide(&four, facts(NGX_AI_FAULT_CONNECT, 1, 1)),
           NGX_AI_RETRY_NEXT_TARGET, "the next target, while there is one");
    is_int(delay, 0, "at once");

    f = facts(NGX_AI_FAULT_RATE, 1, 1);
    f.same = 1;

    is_int(decide(&four, f), NGX_AI_RETRY_NEXT_TARGET,
           "the next target at the same provider");
    ok(delay >= 50 && delay <= 100, "after a wait: %d", (int) delay);

    is_int(decide(&four, facts(NGX_AI_FAULT_CONNECT, 1, 0)),
           NGX_AI_RETRY_SAME_TARGET, "the same target when it is the last");
    ok(delay >= 50 && delay <= 100, "after a wait: %d", (int) delay);

    is_int(decide(&four, facts(NGX_AI_FAULT_AUTH, 1, 0)), NGX_AI_RETRY_STOP,
           "a refused key is not shown again");
    is_int(decide(&four, facts(NGX_AI_FAULT_AUTH, 1, 1)),
           NGX_AI_RETRY_NEXT_TARGET, "another target has another key");
    is_int(decide(&four, facts(NGX_AI_FAULT_TLS, 1, 0)), NGX_AI_RETRY_STOP,
           "a bad certificate doesn't get better");
    is_int(decide(&four, facts(NGX_AI_FAULT_TLS, 1, 1)),
           NGX_AI_RETRY_NEXT_TARGET, "another target has another one");
}


static void
retry_backoff(void)
{
    ngx_uint_t            i, attempt, low, high, min, max, base, wrong;
    ngx_ai_retry_t        p;
    ngx_ai_retry_facts_t  f;

    p = four;
    p.attempts = 100;

    for (attempt = 1; attempt < 8; attempt++) {
        base = ngx_min((ngx_uint_t) 100 << (attempt - 1), 1000);

        min = 1000000;
        max = 0;
        low = 0;
        high = 0;

        for (i = 0; i < 3000; i++) {
            f = facts(NGX_AI_FAULT_SERVER, attempt, 0);
            f.random = (uint32_t) i * 2654435761u;

            decide(&p, f);

            min = ngx_min(min, delay);
            max = ngx_max(max, delay);

            if (delay < base * 3 / 4) {
                low++;

            } else {
                high++;
            }
        }

        is_int(min, base - base / 2, "attempt %d waits half of %d at least",
               (int) attempt, (int) base);
        is_int(max, base, "and no more than all of it");
        ok(low > 1000 && high > 1000, "and is spread over it: %d, %d",
           (int) low, (int) high);
    }

    /* numbers at their ends */

    p.backoff_max = 300000;
    wrong = 0;

    for (attempt = 1; attempt < 100; attempt++) {
        f = facts(NGX_AI_FAULT_SERVER, attempt, 0);
        f.random = 0xffffffff;

        decide(&p, f);
        wrong += (delay > 300000 || delay < 50);
    }

    is_int(wrong, 0, "99 doublings don't overflow");

    p.backoff_min = 1;
    p.backoff_max = 1;

    f = facts(NGX_AI_FAULT_SERVER, 1, 0);
    f.random = 1;

    decide(&p, f);
    is_int(delay, 1, "a millisecond has no half");
}


static void
retry_after(void)
{
    ngx_ai_retry_facts_t  f;

    f = facts(NGX_AI_FAULT_RATE, 1, 0);

    f.retry_after = 700;
    is_int(decide(&four, f), NGX_AI_RETRY_SAME_TARGET,
           "a retry-after that we can wait");
    is_int(delay, 700, "is waited");

    f.retry_after = 1000;
    decide(&four, f);
    is_int(delay, 1000, "backoff_max itself is waited");

    f.retry_after = 1001;
    is_int(decide(&four, f), NGX_AI_RETRY_STOP,
           "a longer one goes to the client");

    f.retry_after = (int64_t) 1 << 62;
    is_int(decide(&four, f), NGX_AI_RETRY_STOP, "an absurd one too");

    f.retry_after = 0;
    is_int(decide(&four, f), NGX_AI_RETRY_SAME_TARGET, "none is no wait");
    ok(delay >= 50, "but our own: %d", (int) delay);

    f.retry_after = 1001;
    f.targets = 1;
    is_int(decide(&four, f), NGX_AI_RETRY_NEXT_TARGET,
           "it does not bind another target");
    is_int(delay, 0, "which is asked at once");

    f.same = 1;
    is_int(decide(&four, f), NGX_AI_RETRY_NEXT_TARGET,
           "nor another target of the provider");
    ok(delay >= 50 && delay <= 100, "which waits as usual: %d", (int) delay);

    f.retry_after = 700;
    decide(&four, f);
    is_int(delay, 700, "or as it was told");
}


static void
retry_deadline(void)
{
    ngx_ai_retry_facts_t  f;

    f = facts(NGX_AI_FAULT_RATE, 1, 0);
    f.retry_after = 700;

    f.deadline = 5701;
    is_int(decide(&four, f), NGX_AI_RETRY_SAME_TARGET,
           "a wait that ends before the deadline");

    f.deadline = 5700;
    is_int(decide(&four, f), NGX_AI_RETRY_STOP,
           "one that reaches it is not begun");
    is_int(delay, 0, "and leaves no delay");

    f.targets = 1;
    f.deadline = 5001;
    is_int(decide(&four, f), NGX_AI_RETRY_NEXT_TARGET,
           "another target while there is time");

    f.deadline = 5000;
    is_int(decide(&four, f), NGX_AI_RETRY_STOP, "none at the deadline");

    f.deadline = 4000;
    is_int(decide(&four, f), NGX_AI_RETRY_STOP, "none behind it");

    f.now = (ngx_msec_t) -10;
    f.deadline = 10;
    is_int(decide(&four, f), NGX_AI_RETRY_NEXT_TARGET,
           "a clock that wraps around is no deadline");
}


static void
retry_once(void)
{
    ngx_uint_t            i;
    ngx_ai_retry_facts_t  f;

    static const ngx_uint_t  maybe[] = {
        NGX_AI_FAULT_CONNECT, NGX_AI_FAULT_TIMEOUT, NGX_AI_FAULT_SERVER,
        NGX_AI_FAULT_BODY
    };

    for (i = 0; i < 4; i++) {
        f = facts(maybe[i], 1, 1);
        f.once = 1;

        is_int(decide(&four, f), NGX_AI_RETRY_STOP,
               "what may have been made is not made twice: %s",
               ngx_ai_fault_name(maybe[i])->data);
    }

    f = facts(NGX_AI_FAULT_RATE, 1, 1);
    f.once = 1;

    is_int(decide(&four, f), NGX_AI_RETRY_NEXT_TARGET,
           "what was refused was not made: 429");

    f.fault = NGX_AI_FAULT_AUTH;

    is_int(decide(&four, f), NGX_AI_RETRY_NEXT_TARGET,
           "what was refused was not made: auth");
}


static ngx_int_t
parse(ngx_ai_retry_t *policy, const char *text)
{
    char         *p, copy[512];
    ngx_int_t     rc;
    ngx_str_t     words[16];
    ngx_uint_t    i, n;
    tap_guard_t   g[16];

    strcpy(copy, text);
    n = 0;

    for (p = strtok(copy, " "); p; p = strtok(NULL, " ")) {
        words[n].len = strlen(p);
        words[n].data = tap_guard(&g[n], p, words[n].len);
        n++;
    }

    reason = "";
    rc = ngx_ai_retry_parse(policy, words, n, &word, &reason);

    for (i = 0; i < n; i++) {
        tap_unguard(&g[i]);
    }

    return rc;
}


static void
bad(const char *text, ngx_uint_t at, const char *why)
{
    ngx_ai_retry_t  p;

    is_int(parse(&p, text), NGX_ERROR, "retry %s: refused", text);
    is_int(word, at, "retry %s: because of word %d", text, (int) at);
    ok(strstr(reason, why) != NULL, "retry %s: %s", text, reason);
}


static void
retry_parse(void)
{
    ngx_ai_retry_t  p;

    is_int(parse(&p, "3 backoff=50ms..2s "
                     "on=connect,timeout,429,5xx,bad_body"),
           NGX_OK, "the directive as it is documented");
    is_int(p.attempts, 4, "three retries are four attempts");
    is_int(p.backoff_min, 50, "50ms");
    is_int(p.backoff_max, 2000, "2s");
    is_int(p.faults, NGX_AI_FAULT_CONNECT|NGX_AI_FAULT_TIMEOUT
                     |NGX_AI_FAULT_RATE|NGX_AI_FAULT_SERVER
                     |NGX_AI_FAULT_BODY, "the five faults");

    is_int(parse(&p, "on=tls 1"), NGX_ERROR, "the number comes first");
    is_int(parse(&p, "0"), NGX_OK, "no retry can be asked for");
    is_int(p.attempts, 1, "that is one attempt");
    is_int(p.faults, ngx_ai_retry_default.faults, "the rest is the default");
    is_int(p.backoff_min, 50, "the shortest wait too");
    is_int(p.backoff_max, 2000, "and the longest");

    is_int(parse(&p, "10 on=auth,tls backoff=1m"), NGX_OK, "any order");
    is_int(p.faults, NGX_AI_FAULT_AUTH|NGX_AI_FAULT_TLS, "auth and tls");
    is_int(p.backoff_min, 60000, "one time is both");
    is_int(p.backoff_max, 60000, "one time is both");

    bad("", 0, "number of retries");
    bad("-1", 0, "number of retries");
    bad("11", 0, "number of retries");
    bad("x", 0, "number of retries");
    bad("3x", 0, "number of retries");
    bad("3 3", 1, "only");
    bad("3 backoff=", 1, "only");
    bad("3 on=", 1, "only");
    bad("3 On=429", 1, "only");
    bad("3 on=429 on=5xx", 2, "twice");
    bad("3 backoff=1s on=429 backoff=1s", 3, "twice");
    bad("3 on=429,", 1, "must be");
    bad("3 on=,429", 1, "must be");
    bad("3 on=4", 1, "must be");
    bad("3 on=4290", 1, "must be");
    bad("3 on=client", 1, "must be");
    bad("3 on=abort", 1, "must be");
    bad("3 on=none", 1, "must be");
    bad("3 backoff=0ms..1s", 1, "two times");
    bad("3 backoff=50..2s", 1, "two times");
    bad("3 backoff=50ms..", 1, "two times");
    bad("3 backoff=..2s", 1, "two times");
    bad("3 backoff=50ms.2s", 1, "two times");
    bad("3 backoff=50ms.", 1, "two times");
    bad("3 backoff=50ms...2s", 1, "two times");
    bad("3 backoff=2s..50ms", 1, "two times");
    bad("3 backoff=1s..6m", 1, "two times");
    bad("3 backoff=1s..9999999999999999999m", 1, "two times");
    bad("3 backoff=ms..s", 1, "two times");
    bad("3 backoff=-1s..2s", 1, "two times");
}


int
main(void)
{
    retry_faults();
    retry_stop();
    retry_where();
    retry_backoff();
    retry_after();
    retry_deadline();
    retry_once();
    retry_parse();

    is_int(ngx_ai_retry_default.attempts, 3, "by default two retries");
    is_int(ngx_ai_retry_default.faults, ALL, "by default on every fault");

    return done();
}
