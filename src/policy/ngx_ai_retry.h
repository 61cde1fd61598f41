
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_RETRY_H_INCLUDED_
#define _NGX_AI_RETRY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * What to do after an attempt has failed and before anything has gone to the
 * client.  Each kind of failure has a bit, so that "on=" is a mask.
 */

#define NGX_AI_FAULT_NONE         0x0000
#define NGX_AI_FAULT_CONNECT      0x0001   /* no connection, or it broke
                                              before there was a status */
#define NGX_AI_FAULT_TLS          0x0002   /* handshake or verification */
#define NGX_AI_FAULT_TIMEOUT      0x0004   /* to connect, to the first token;
                                              408 */
#define NGX_AI_FAULT_RATE         0x0008   /* 429 */
#define NGX_AI_FAULT_SERVER       0x0010   /* 5xx, 529 included */
#define NGX_AI_FAULT_BODY         0x0020   /* not the answer to our question:
                                              1xx to 3xx, HTML, cut short,
                                              an error inside a 200 */
#define NGX_AI_FAULT_AUTH         0x0040   /* 401, 402, 403: it doesn't take
                                              our key */
#define NGX_AI_FAULT_CLIENT       0x0080   /* other 4xx: the same answer
                                              everywhere; never retried */
#define NGX_AI_FAULT_ABORT        0x0100   /* the client has gone; never
                                              retried */


/* what the engine saw of an attempt, for ngx_ai_fault() */

#define NGX_AI_SAW_CONNECTION     0x01
#define NGX_AI_SAW_TLS            0x02     /* handshake done, or none needed */
#define NGX_AI_SAW_TIMEOUT        0x04
#define NGX_AI_SAW_BAD_BODY       0x08     /* with any status below 300 */
#define NGX_AI_SAW_ABORT          0x10


typedef struct {
    ngx_uint_t        attempts;    /* in all, the first one included */
    ngx_uint_t        faults;      /* those that are retried */
    ngx_msec_t        backoff_min;
    ngx_msec_t        backoff_max;
} ngx_ai_retry_t;


typedef struct {
    ngx_uint_t        fault;
    ngx_uint_t        attempt;     /* the one that failed, from 1 */
    ngx_uint_t        targets;     /* that have not been tried yet */
    int64_t           retry_after; /* milliseconds, -1 when not said */
    ngx_msec_t        now;
    ngx_msec_t        deadline;    /* of the request; 0: none */
    uint32_t          random;
    unsigned          same:1;      /* the next target is at the provider that
                                      has just failed */
    unsigned          once:1;      /* NGX_AI_ROUTE_ONCE, and the request was
                                      sent */
} ngx_ai_retry_facts_t;


typedef enum {
    NGX_AI_RETRY_STOP = 0,
    NGX_AI_RETRY_NEXT_TARGET,
    NGX_AI_RETRY_SAME_TARGET
} ngx_ai_retry_e;


/*
 * Without a directive: two retries, 50 ms doubling up to 2 s, on every fault
 * that can be retried.  The sum of the waits stays under the patience of
 * people, and a client's own retries are left to the client.
 */
extern const ngx_ai_retry_t  ngx_ai_retry_default;


/* the fault of a status (0: there was none) and of NGX_AI_SAW_... bits */
ngx_uint_t ngx_ai_fault(ngx_uint_t status, ngx_uint_t saw);

/* "429" and so on, as "on=" has them; "none", "client", "abort" */
const ngx_str_t *ngx_ai_fault_name(ngx_uint_t fault);

/*
 * An ngx_ai_retry_e, and how long to wait first.
 *
 * The next target is tried at once, unless it is at the same provider.
 * Otherwise the wait is random in [b/2, b], where b doubles with each
 * attempt from backoff_min to backoff_max.  A provider's retry_after within
 * backoff_max is honoured; a longer one ends the retries on that target.  No
 * wait reaches the deadline.
 *
 * A provider that refuses our key or has a bad certificate is not asked
 * again, only the next target is.  With "once" only faults are retried that
 * say that nothing was made: RATE and AUTH.
 */
ngx_uint_t ngx_ai_retry_decide(const ngx_ai_retry_t *policy,
    const ngx_ai_retry_facts_t *facts, ngx_msec_t *delay);

/*
 * The words of "retry 3 backoff=50ms..2s on=connect,timeout,429", without
 * the first: the number of retries, then any of the others, each once.
 * NGX_OK, or NGX_ERROR and what is wrong; *bad is then the word.
 */
ngx_int_t ngx_ai_retry_parse(ngx_ai_retry_t *policy, const ngx_str_t *words,
    ngx_uint_t n, ngx_uint_t *bad, const char **reason);


#endif /* _NGX_AI_RETRY_H_INCLUDED_ */
