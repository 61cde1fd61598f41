
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_ASK_H_INCLUDED_
#define _NGX_AI_ASK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * What a request asks for, as far as the gateway must know it to admit and
 * to route it: read from the body without building anything.  Spans are
 * offsets into the client's body, which is never modified; an end of 0 means
 * that the member is absent.
 */

typedef struct {
    off_t             start;
    off_t             end;
} ngx_ai_span_t;


#define NGX_AI_ASK_NAMED_MAX  4
#define NGX_AI_ASK_ID_MAX     128    /* a longer one is not looked at */


/* what the request names that was made before: a response, a file */

typedef struct {
    ngx_str_t         field;
    ngx_str_t         id;               /* decoded */
} ngx_ai_named_t;


typedef struct {
    ngx_str_t         model;            /* decoded; empty when absent */
    ngx_ai_span_t     model_span;       /* the text, without its quotes */
    off_t             model_key;        /* where its member begins */

    ngx_ai_span_t     options_span;     /* stream_options */
    ngx_ai_span_t     usage_span;       /* stream_options.include_usage */
    off_t             open;             /* behind the body's first '{' */

    int64_t           max_tokens;       /* -1 when absent */
    int64_t           n;                /* choices asked for */

    ngx_ai_named_t    named[NGX_AI_ASK_NAMED_MAX];
    ngx_uint_t        nnamed;

    unsigned          stream:1;
    unsigned          usage:1;          /* the client wants a usage chunk */
    unsigned          options_null:1;   /* stream_options is null */
    unsigned          options_empty:1;  /* stream_options is {} */
} ngx_ai_ask_t;


/* what must change in the client's bytes for one target; sorted, disjoint */

typedef struct {
    ngx_ai_span_t     span;
    ngx_str_t         with;
} ngx_ai_edit_t;


#define NGX_AI_EDITS_MAX  2

typedef struct {
    ngx_ai_edit_t     edits[NGX_AI_EDITS_MAX];
    ngx_uint_t        n;
    unsigned          usage:1;          /* the stream is made to report usage
                                           that the client did not ask for */
} ngx_ai_edits_t;


#define NGX_AI_ASK_MODEL_MAX  256


/*
 * NGX_OK when the text can be a model's name.  It is put into JSON, headers,
 * logs and metrics as it stands: printable ASCII without blanks, quotes and
 * backslashes.
 */
ngx_int_t ngx_ai_ask_check_model(const ngx_str_t *name);


#endif /* _NGX_AI_ASK_H_INCLUDED_ */
