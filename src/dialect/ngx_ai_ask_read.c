
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_ask_read.h"


#define NGX_AI_ASK_N_MAX        128
#define NGX_AI_ASK_MESSAGE_MAX  128

/* members that are counts */
#define NGX_AI_ASK_COUNTS                                                     \
    ((1 << NGX_AI_ASK_MAX_TOKENS) | (1 << NGX_AI_ASK_N))


static ngx_int_t ngx_ai_ask_malformed(const ngx_ai_scan_t *scan,
    ngx_pool_t *pool, ngx_ai_error_t *error);
static const char *ngx_ai_ask_fault(const ngx_ai_ask_rule_t *rule,
    const ngx_ai_scan_value_t *v, const ngx_ai_route_t *route);
static void ngx_ai_ask_begin(const ngx_ai_scan_t *scan,
    const ngx_ai_route_t *route, ngx_ai_ask_t *ask);
static void ngx_ai_ask_note(const ngx_ai_route_t *route, ngx_uint_t what,
    const ngx_ai_scan_value_t *v, ngx_ai_ask_t *ask);
static ngx_int_t ngx_ai_ask_model(const ngx_ai_scan_value_t *v,
    const ngx_str_t *body, ngx_uint_t n, ngx_pool_t *pool,
    ngx_ai_ask_t *ask);
static ngx_int_t ngx_ai_ask_id(const ngx_ai_scan_value_t *v,
    const ngx_str_t *field, const ngx_str_t *body, ngx_uint_t n,
    ngx_pool_t *pool, ngx_ai_ask_t *ask);
static ngx_int_t ngx_ai_ask_invalid(ngx_pool_t *pool, ngx_ai_error_t *error,
    const ngx_str_t *field, const char *fault);


ngx_int_t
ngx_ai_ask_read(const ngx_ai_table_t *table, const ngx_ai_ask_rule_t *rules,
    ngx_ai_reader_t *reader, const ngx_ai_route_t *route,
    const ngx_str_t *body, ngx_uint_t n, ngx_pool_t *pool, ngx_ai_ask_t *ask,
    ngx_ai_error_t *error)
{
    ngx_int_t             rc;
    ngx_uint_t            i;
    const char           *fault;
    ngx_ai_scan_value_t  *v;

    v = reader->values;

    if (ngx_ai_reader_read_pieces(reader, body, n) != NGX_OK) {
        return ngx_ai_ask_malformed(&reader->scan, pool, error);
    }

    if (reader->scan.top.type != NGX_AI_JSON_OBJECT) {
        error->kind = NGX_AI_ERROR_INVALID;
        ngx_str_set(&error->message, "The request body must be a JSON "
                    "object.");
        return NGX_ERROR;
    }

    for (i = 0; i < table->n; i++) {
        fault = ngx_ai_ask_fault(&rules[i], &v[i], route);

        if (fault != NULL) {
            return ngx_ai_ask_invalid(pool, error, &table->fields[i].path,
                                      fault);
        }
    }

    ngx_ai_ask_begin(&reader->scan, route, ask);

    for (i = 0; i < table->n; i++) {

        if (v[i].count == 0) {
            continue;
        }

        rc = NGX_OK;

        switch (rules[i].what) {

        case NGX_AI_ASK_MODEL:
            if (!(route->flags & NGX_AI_ROUTE_MODEL_PATH)) {
                rc = ngx_ai_ask_model(&v[i], body, n, pool, ask);
            }

            break;

        case NGX_AI_ASK_ID:
            rc = ngx_ai_ask_id(&v[i], &table->fields[i].path, body, n, pool,
                               ask);
            break;

        default:
            ngx_ai_ask_note(route, rules[i].what, &v[i], ask);
        }

        if (rc == NGX_DECLINED) {
            return ngx_ai_ask_invalid(pool, error, &table->fields[i].path,
                                      "is no model's name");
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ask_malformed(const ngx_ai_scan_t *scan, ngx_pool_t *pool,
    ngx_ai_error_t *error)
{
    u_char  *p;

    p = ngx_pnalloc(pool, NGX_AI_ASK_MESSAGE_MAX);
    if (p == NULL) {
        return NGX_ERROR;
    }

    error->kind = NGX_AI_ERROR_INVALID;
    error->message.data = p;
    error->message.len = ngx_snprintf(p, NGX_AI_ASK_MESSAGE_MAX,
                                      "The request body is not valid JSON: "
                                      "%s at byte %O.",
                                      scan->error, scan->offset)
                         - p;

    return NGX_ERROR;
}


/* what is wrong with a member, or NULL */

static const char *
ngx_ai_ask_fault(const ngx_ai_ask_rule_t *rule, const ngx_ai_scan_value_t *v,
    const ngx_ai_route_t *route)
{
    ngx_uint_t  required;

    if (v->count > 1) {
        return "is given more than once";
    }

    if (v->count == 0 || v->type == NGX_AI_JSON_NULL) {

        required = rule->required & (1 << route->op);

        if (rule->what == NGX_AI_ASK_MODEL
            && !(route->flags & NGX_AI_ROUTE_MODEL_PATH))
        {
            required |= route->flags & NGX_AI_ROUTE_MODEL_REQUIRED;
        }

        return required ? "is missing" : NULL;
    }

    if (!(rule->types & (1 << v->type))) {
        return "is of the wrong type";
    }

    if (!(NGX_AI_ASK_COUNTS & (1 << rule->what))) {
        return NULL;
    }

    /* no tokens at all are asked for to have a prompt echoed */

    if (!v->integer || v->value < 0) {
        return "must be an integer, 0 or more";
    }

    if (rule->what == NGX_AI_ASK_N
        && (v->value < 1 || v->value > NGX_AI_ASK_N_MAX))
    {
        return "must be from 1 to 128";
    }

    return NULL;
}


static void
ngx_ai_ask_begin(const ngx_ai_scan_t *scan, const ngx_ai_route_t *route,
    ngx_ai_ask_t *ask)
{
    ask->open = scan->top.start + 1;
    ask->max_tokens = -1;
    ask->n = 1;
    ask->nnamed = 0;

    ask->stream = ((route->flags & (NGX_AI_ROUTE_STREAM
                                    | NGX_AI_ROUTE_STREAM_DEFAULT))
                   != 0);
}


/* null is as good as absent but for where it stands */

static void
ngx_ai_ask_note(const ngx_ai_route_t *route, ngx_uint_t what,
    const ngx_ai_scan_value_t *v, ngx_ai_ask_t *ask)
{
    switch (what) {

    case NGX_AI_ASK_STREAM:
        if (v->type != NGX_AI_JSON_NULL
            && !(route->flags & NGX_AI_ROUTE_STREAM))
        {
            ask->stream = (v->type == NGX_AI_JSON_TRUE);
        }

        break;

    case NGX_AI_ASK_OPTIONS:
        ask->options_span.start = v->start;
        ask->options_span.end = v->end;
        ask->options_null = (v->type == NGX_AI_JSON_NULL);
        ask->options_empty = (v->n == 0);
        break;

    case NGX_AI_ASK_USAGE:
        ask->usage_span.start = v->start;
        ask->usage_span.end = v->end;
        ask->usage = (v->type == NGX_AI_JSON_TRUE);
        break;

    case NGX_AI_ASK_MAX_TOKENS:
        if (ask->max_tokens == -1 && v->integer) {
            ask->max_tokens = v->value;
        }

        break;

    case NGX_AI_ASK_N:
        if (v->integer) {
            ask->n = v->value;
        }

        break;
    }
}


/* NGX_DECLINED: it can't be a model's name */

static ngx_int_t
ngx_ai_ask_model(const ngx_ai_scan_value_t *v, const ngx_str_t *body,
    ngx_uint_t n, ngx_pool_t *pool, ngx_ai_ask_t *ask)
{
    ngx_int_t  rc;

    if (v->type != NGX_AI_JSON_STRING) {
        return NGX_OK;
    }

    rc = ngx_ai_reader_string(v, body, n, NGX_AI_ASK_MODEL_MAX, pool,
                              &ask->model);

    if (rc != NGX_OK) {
        return rc;
    }

    ask->model_key = v->key;
    ask->model_span.start = v->start + 1;
    ask->model_span.end = v->end - 1;

    return (ngx_ai_ask_check_model(&ask->model) == NGX_OK) ? NGX_OK
                                                           : NGX_DECLINED;
}


/* from the body: with its escapes an id may be longer than what a scan keeps */

static ngx_int_t
ngx_ai_ask_id(const ngx_ai_scan_value_t *v, const ngx_str_t *field,
    const ngx_str_t *body, ngx_uint_t n, ngx_pool_t *pool, ngx_ai_ask_t *ask)
{
    ngx_int_t        rc;
    ngx_ai_named_t  *named;

    if (v->type != NGX_AI_JSON_STRING
        || ask->nnamed == NGX_AI_ASK_NAMED_MAX)
    {
        return NGX_OK;
    }

    named = &ask->named[ask->nnamed];
    named->field = *field;

    rc = ngx_ai_reader_string(v, body, n, NGX_AI_ASK_ID_MAX, pool,
                              &named->id);

    if (rc == NGX_OK) {
        ask->nnamed++;
    }

    /* NGX_DECLINED: longer than any that is remembered */

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_ai_ask_invalid(ngx_pool_t *pool, ngx_ai_error_t *error,
    const ngx_str_t *field, const char *fault)
{
    u_char  *p;

    p = ngx_pnalloc(pool, NGX_AI_ASK_MESSAGE_MAX);
    if (p == NULL) {
        return NGX_ERROR;
    }

    error->kind = NGX_AI_ERROR_INVALID;
    error->param = *field;
    error->message.data = p;
    error->message.len = ngx_snprintf(p, NGX_AI_ASK_MESSAGE_MAX,
                                      "\"%V\" %s.", field, fault)
                         - p;

    return NGX_ERROR;
}
