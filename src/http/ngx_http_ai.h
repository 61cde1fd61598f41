
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_HTTP_AI_H_INCLUDED_
#define _NGX_HTTP_AI_H_INCLUDED_


/*
 * One request through the gateway:
 *
 *     client
 *       |  access    who is it, what is the route             _access.c
 *       |            what does the body ask, who may serve it
 *       v
 *     targets, in order
 *       |  upstream  one attempt at a time: wait, resolve,    _upstream.c
 *       |            tunnel, connect, send; then the gate:       _peer.c
 *       |            nothing goes to the client until a whole    _gate.c
 *       |            answer or a good first event is there
 *       v
 *     committed: no attempt can follow
 *       |  stream    events pass, are counted and looked at,  _stream.c
 *       |            or are put in the client's words            _translate.c
 *       v
 *     settled, exactly once, however it ended                 _settle.c
 *
 * An attempt is one ngx_http_upstream_t, never used twice.  When it fails,
 * nginx asks the peer for another connection; it gets a placeholder, which
 * parks the request until the event loop's next turn, where the attempt is
 * taken down and the next one begins with a request written anew.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_ai_buf.h"
#include "ngx_ai_secret.h"
#include "ngx_ai_framing.h"
#include "ngx_ai_dialect.h"
#include "ngx_ai_vendors.h"
#include "ngx_ai_url.h"
#include "ngx_ai_target.h"
#include "ngx_ai_keys.h"
#include "ngx_ai_pattern.h"
#include "ngx_ai_retry.h"
#include "ngx_http_ai_zone.h"


#define NGX_HTTP_AI_VERSION        "0.1.0"


typedef struct ngx_http_ai_ctx_s  ngx_http_ai_ctx_t;
typedef struct ngx_http_ai_hub_s  ngx_http_ai_hub_t;
typedef struct ngx_http_ai_creds_s  ngx_http_ai_creds_t;


/* where the connections to a provider go through: an HTTP proxy */

typedef struct {
    ngx_str_t                      host;
    in_port_t                      port;
    ngx_addr_t                    *addrs;       /* NULL: resolved each time */
    ngx_uint_t                     naddrs;
    ngx_ai_secret_t               *credentials; /* "user:password" or NULL */
} ngx_http_ai_proxy_t;


/* connections to a provider that wait for another request; per worker */

typedef struct {
    ngx_queue_t                    idle;
    ngx_queue_t                    free;
    ngx_http_ai_zone_t            *zone;        /* counts what goes unused */
    ngx_uint_t                     made;
    ngx_uint_t                     max;
    ngx_msec_t                     timeout;
    ngx_ssl_session_t             *session;
} ngx_http_ai_pool_t;


typedef struct {
    ngx_str_t                      name;
    const ngx_ai_vendor_t         *vendor;
    ngx_str_t                      location;    /* the text of "url" */
    ngx_ai_url_t                   url;
    ngx_str_t                      query;       /* in every call */
    ngx_ai_secret_t               *key;
    ngx_http_ai_creds_t           *creds;       /* in its place, or NULL */
    ngx_ai_place_t                 place;       /* of the vendor's URL */
    ngx_http_ai_proxy_t           *proxy;
    ngx_str_t                      ca;
    ngx_flag_t                     verify;

    ngx_msec_t                     connect;
    ngx_msec_t                     first_token;
    ngx_msec_t                     idle;
    ngx_msec_t                     total;

    ngx_addr_t                    *addrs;       /* NULL: resolved each time */
    ngx_uint_t                     naddrs;
    ngx_uint_t                     next;        /* of addrs; per worker */

    /*
     * They differ in the read timeout: until the first event of a stream is
     * there, until a whole reply is, and between the reads of a stream.
     * They outlive the request, as newer nginx keys kept connections of an
     * upstream{} block by the pointer.
     */
    ngx_http_upstream_conf_t       gate;
    ngx_http_upstream_conf_t       whole;
    ngx_http_upstream_conf_t       stream;

    ngx_http_upstream_srv_conf_t   upstream;    /* peer.init is ours */
    ngx_http_upstream_srv_conf_t  *block;       /* upstream{} of that name */

    ngx_http_ai_pool_t             pool;

    u_char                        *file;        /* of the directive */
    ngx_uint_t                     line;
} ngx_http_ai_provider_t;


/* the window on a reply; a head must fit */
#define NGX_HTTP_AI_WINDOW         8192


/* who may answer a request, and under which name the model goes there */

typedef struct {
    ngx_http_ai_provider_t        *provider;
    ngx_str_t                      model;
} ngx_http_ai_target_t;


typedef struct {
    ngx_str_t                      name;
    ngx_array_t                    aliases;     /* of ngx_str_t, patterns */
    ngx_array_t                    targets;     /* fallbacks come last */
    ngx_array_t                    names;       /* of their providers */
    ngx_uint_t                     fallbacks;
    ngx_ai_retry_t                 retry;
    ngx_uint_t                     retry_set;

    u_char                        *file;        /* of the directive */
    ngx_uint_t                     line;
} ngx_http_ai_model_t;


/* what a worker translates with, between two events of its loop */

typedef struct {
    ngx_ai_tree_t                  tree;
    ngx_pool_t                    *pool;        /* emptied after each use */
    ngx_ai_buf_t                   out;         /* events for the client */
} ngx_http_ai_desk_t;


typedef struct {
    ngx_http_ai_zone_t            *zone;
    ngx_array_t                    providers;   /* ngx_http_ai_provider_t * */
    ngx_array_t                    models;      /* ngx_http_ai_model_t * */
    ngx_resolver_t                *resolver;    /* from resolv.conf */
    ngx_ssl_t                     *ssl;         /* the system's certificates */
    ngx_ai_reader_t               *readers[NGX_AI_DIALECT_MAX];
    ngx_http_ai_desk_t             desk;
    ngx_uint_t                     enabled;     /* an ai_gateway is on */

    u_char                         random[1024]; /* for ids; per worker */
    size_t                         random_left;
} ngx_http_ai_main_conf_t;


#define NGX_HTTP_AI_AUTH_KEYS      0
#define NGX_HTTP_AI_AUTH_NONE      1

#define NGX_HTTP_AI_HEALTH_LIVE    1
#define NGX_HTTP_AI_HEALTH_READY   2


typedef struct {
    ngx_uint_t                     gateway;     /* a location has one */
} ngx_http_ai_srv_conf_t;


typedef struct {
    ngx_flag_t                     enable;
    ngx_uint_t                     auth;
    ngx_ai_keys_t                 *keys;
    size_t                         event_size;  /* of one streamed event */
    size_t                         reply_size;  /* of a reply held back */
    ngx_flag_t                     strict;      /* drop nothing */
    time_t                         responses_keep; /* seconds; 0: not */
    ngx_uint_t                     health;
    ngx_str_t                      prefix;      /* may precede a route */
    u_char                        *file;        /* of "ai_gateway" */
    ngx_uint_t                     line;
} ngx_http_ai_loc_conf_t;


/*
 * The client's body, whole; it is never modified.  nginx keeps what came with
 * the head apart from the rest, so in memory it is in two pieces at most.
 */

#define NGX_HTTP_AI_PIECES         2

typedef struct {
    ngx_str_t                      pieces[NGX_HTTP_AI_PIECES];
    ngx_uint_t                     n;           /* 0: a file, not mapped */
    ngx_file_t                    *file;
    off_t                          length;
} ngx_http_ai_body_t;


/* how the bytes of an upstream's reply are framed, and how far they are */

typedef struct {
    ngx_http_chunked_t             chunked;
    off_t                          rest;        /* of Content-Length */
    unsigned                       mode:2;      /* NGX_HTTP_AI_FRAME_... */
    unsigned                       done:1;
    unsigned                       extra:1;     /* bytes behind the end */
} ngx_http_ai_frame_t;

#define NGX_HTTP_AI_FRAME_CLOSE    0
#define NGX_HTTP_AI_FRAME_LENGTH   1
#define NGX_HTTP_AI_FRAME_CHUNKED  2


/* what a reply's body is to the gateway */

typedef enum {
    NGX_HTTP_AI_BODY_WHOLE = 0,    /* held back until it is complete */
    NGX_HTTP_AI_BODY_EVENTS,       /* server-sent events */
    NGX_HTTP_AI_BODY_BYTES         /* passes as it comes */
} ngx_http_ai_body_e;


/* the reply of the attempt at hand; zeroed for each */

typedef struct {
    ngx_http_status_t              status;
    ngx_http_ai_frame_t            frame;
    ngx_str_t                      content_type;
    ngx_str_t                      disposition;
    ngx_str_t                      error_type;  /* x-amzn-errortype */
    int64_t                        retry_after; /* milliseconds, or -1 */
    off_t                          length;      /* Content-Length, or -1 */
    ngx_uint_t                     body;        /* ngx_http_ai_body_e */
    u_char                        *payload;     /* the window is unframed up
                                                   to here */
    size_t                         seen;        /* events are looked at */

    unsigned                       has_status:1;
    unsigned                       has_head:1;
    unsigned                       chunked:1;
    unsigned                       close:1;
    unsigned                       encoded:1;
    unsigned                       json:1;
    unsigned                       html:1;
    unsigned                       eof:1;       /* see _frame.c */
} ngx_http_ai_head_t;


/* an exchange with a proxy, until its connection is the upstream's */

#define NGX_HTTP_AI_TUNNEL_HEAD    2048

typedef struct {
    ngx_peer_connection_t          peer;
    ngx_connection_t              *connection;  /* ready to be used */
    u_char                        *pos;
    u_char                        *last;
    size_t                         len;
    u_char                         head[NGX_HTTP_AI_TUNNEL_HEAD];
} ngx_http_ai_tunnel_t;


typedef enum {
    NGX_HTTP_AI_ENDING_NONE = 0,
    NGX_HTTP_AI_ENDING_DONE,
    NGX_HTTP_AI_ENDING_REFUSED,    /* by us, before any attempt */
    NGX_HTTP_AI_ENDING_FAILED,     /* no attempt succeeded */
    NGX_HTTP_AI_ENDING_CUT,        /* after the commit */
    NGX_HTTP_AI_ENDING_ABORTED     /* by the client */
} ngx_http_ai_ending_e;


struct ngx_http_ai_ctx_s {
    ngx_http_request_t            *request;

    /* access */

    ngx_ai_route_match_t           match;
    const ngx_ai_dialect_t        *dialect;     /* the client's */
    ngx_uint_t                     caller;      /* its ngx_ai_dialect_e */
    const ngx_ai_key_t            *key;
    ngx_http_ai_body_t             body;
    ngx_ai_ask_t                   ask;
    u_char                         id[32];      /* of the request */
    ngx_str_t                      object;      /* the id in the path */
    ngx_http_ai_provider_t        *owner;       /* of what is named, or NULL */

    /* upstream */

    ngx_http_ai_target_t          *targets;
    ngx_uint_t                     ntargets;
    ngx_uint_t                     ntarget;     /* the one at hand */
    ngx_http_ai_target_t           target;      /* for names not configured */
    const ngx_ai_retry_t          *retry;
    ngx_http_ai_provider_t        *provider;    /* of the attempt at hand */
    const ngx_ai_dialect_t        *wire;        /* in which it is asked */
    ngx_uint_t                     wire_id;     /* ngx_ai_dialect_e */
    const ngx_ai_route_t          *wire_route;  /* the provider's */
    ngx_http_ai_hub_t             *hub;         /* see _translate.c; or NULL */
    ngx_uint_t                     attempts;
    ngx_uint_t                     fallbacks;
    ngx_uint_t                     fault;       /* of the last attempt */
    ngx_uint_t                     first_fault; /* why a fallback */
    ngx_uint_t                     status;      /* of the last reply */
    ngx_uint_t                     verdict;
    ngx_msec_t                     delay;
    ngx_http_ai_head_t             head;

    ngx_chain_t                   *request_bufs;
    ngx_uint_t                     saw;         /* NGX_AI_SAW_... */
    ngx_queue_t                    waiting;     /* for a token */
    ngx_uint_t                     token;       /* number of the one used */

    /* peer */

    ngx_event_t                    wake;        /* the trap, the backoff */
    ngx_event_t                    deadline;
    ngx_event_t                    ping;        /* of a translated stream */
    ngx_connection_t              *parked;
    ngx_resolver_ctx_t            *resolving;
    ngx_addr_t                    *addrs;
    ngx_uint_t                     naddrs;
    ngx_uint_t                     naddr;       /* the one at hand */
    ngx_uint_t                     gets;        /* of this attempt */
    ngx_http_ai_tunnel_t          *tunnel;
    ngx_event_get_peer_pt          block_get;   /* of the upstream{} block */
    ngx_event_free_peer_pt         block_free;
    void                          *block_data;
#if (NGX_HTTP_SSL)
    ngx_event_set_peer_session_pt  block_set_session;
    ngx_event_save_peer_session_pt block_save_session;
#endif
    ngx_recv_pt                    recv;        /* behind the wrapper */

    /* stream */

    ngx_ai_buf_t                   held;        /* see _gate.c, _stream.c */
    size_t                         held_sent;
    ngx_ai_framing_t               events;      /* of the provider */
    ngx_uint_t                     framing;     /* for the client */
    ngx_ai_reader_t               *reader;      /* of a reply too big to hold */
    ngx_ai_reply_t                 reply;
    ngx_uint_t                     chunks;

    /* settle */

    ngx_ai_error_t                 error;
    ngx_uint_t                     ending;
    ngx_msec_t                     start;
    ngx_msec_t                     end;
    ngx_msec_t                     seen;        /* the last event */
    ngx_msec_t                     first;       /* chunk, and ... */
    ngx_msec_t                     last;        /* ... the last one */

    unsigned                       admitted:1;
    unsigned                       keepalive:1; /* what the client wants */
    unsigned                       whole_body:1;
    unsigned                       multipart:1; /* it is; else JSON */
    unsigned                       listed:1;    /* a configured model */
    unsigned                       translated:1; /* the attempt at hand */
    unsigned                       hide_usage:1;
    unsigned                       hidden_cr:1; /* an event that ended in CR */
    unsigned                       keep:1;      /* take a kept connection */
    unsigned                       reused:1;    /* it was one */
    unsigned                       fresh:1;     /* it was gone: no other */
    unsigned                       sync:1;      /* in ngx_resolve_name() */
    unsigned                       waits:1;     /* is in a queue */
    unsigned                       renewed:1;   /* was refused, tries anew */
    unsigned                       decided:1;
    unsigned                       trapped:1;
    unsigned                       committed:1;
    unsigned                       timedout:1;  /* the deadline has passed */
    unsigned                       live:1;      /* counted as in flight ... */
    unsigned                       upstream_live:1;
    unsigned                       stream_live:1;
    unsigned                       settled:1;
    unsigned                       noted:1;     /* what was made, and whose */
    unsigned                       own_error:1; /* the body is "error" */
};


extern ngx_module_t  ngx_http_ai_gateway_module;


/* the request's context, found again after an internal redirect; or NULL */
ngx_http_ai_ctx_t *ngx_http_ai_ctx(ngx_http_request_t *r);
ngx_http_ai_ctx_t *ngx_http_ai_ctx_create(ngx_http_request_t *r);


/* step 1: ngx_http_ai_access.c */

ngx_int_t ngx_http_ai_access_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_ai_content_handler(ngx_http_request_t *r);

/* step 2: ngx_http_ai_upstream.c; the first attempt */
void ngx_http_ai_upstream_start(ngx_http_ai_ctx_t *ctx);

/* step 3: ngx_http_ai_stream.c, as nginx's upstream calls it */
ngx_int_t ngx_http_ai_stream_init(void *data);
ngx_int_t ngx_http_ai_stream_filter(void *data, ssize_t bytes);
void ngx_http_ai_stream_cut(ngx_http_ai_ctx_t *ctx, ngx_int_t rc);

/* step 4: ngx_http_ai_settle.c; the first call counts */
void ngx_http_ai_settle(ngx_http_ai_ctx_t *ctx);

/*
 * The request goes on in another gateway, behind an error_page of this one:
 * it is booked there, and here only what was held is let go.
 */
void ngx_http_ai_settle_over(ngx_http_ai_ctx_t *ctx);

/* an attempt that is not the one committed */
void ngx_http_ai_settle_attempt(ngx_http_ai_ctx_t *ctx);

/* counters and gauges of the zone */
void ngx_http_ai_count(ngx_http_request_t *r, ngx_http_ai_count_e counter);
void ngx_http_ai_live(ngx_http_request_t *r, ngx_http_ai_live_e what,
    ngx_int_t delta);


#endif /* _NGX_HTTP_AI_H_INCLUDED_ */
