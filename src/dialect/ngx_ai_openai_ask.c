
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"
#include "ngx_ai_text.h"


#define NGX_AI_OPENAI_N_MAX        128

#define ngx_ai_type(t)             (1 << NGX_AI_JSON_##t)

#define NGX_AI_OPENAI_BOOL         (ngx_ai_type(TRUE) | ngx_ai_type(FALSE))
#define NGX_AI_OPENAI_COUNT        ngx_ai_type(NUMBER)
#define NGX_AI_OPENAI_TEXTS        (ngx_ai_type(STRING) | ngx_ai_type(ARRAY)  \
                                    | ngx_ai_type(OBJECT))


typedef enum {
    NGX_AI_OPENAI_MODEL = 0,
    NGX_AI_OPENAI_STREAM,
    NGX_AI_OPENAI_OPTIONS,
    NGX_AI_OPENAI_USAGE,
    NGX_AI_OPENAI_MAX_TOKENS,
    NGX_AI_OPENAI_MAX_COMPLETION,
    NGX_AI_OPENAI_MAX_OUTPUT,
    NGX_AI_OPENAI_N,
    NGX_AI_OPENAI_MESSAGES,
    NGX_AI_OPENAI_TOOLS,
    NGX_AI_OPENAI_INPUT,
    NGX_AI_OPENAI_PROMPT,
    NGX_AI_OPENAI_QUERY,
    NGX_AI_OPENAI_DOCUMENTS,
    NGX_AI_OPENAI_PREVIOUS,
    NGX_AI_OPENAI_INPUT_FILE,
    NGX_AI_OPENAI_TRAINING_FILE,
    NGX_AI_OPENAI_VALIDATION_FILE
} ngx_ai_openai_ask_e;


static ngx_int_t ngx_ai_openai_check(const ngx_ai_route_t *route,
    const ngx_ai_scan_value_t *v, ngx_pool_t *pool, ngx_ai_error_t *error);
static ngx_uint_t ngx_ai_openai_required(const ngx_ai_route_t *route);
static ngx_int_t ngx_ai_openai_model(const ngx_str_t *body, ngx_uint_t n,
    const ngx_ai_scan_value_t *v, ngx_pool_t *pool, ngx_ai_ask_t *ask,
    ngx_ai_error_t *error);
static ngx_int_t ngx_ai_openai_named(const ngx_str_t *body, ngx_uint_t n,
    const ngx_ai_scan_value_t *v, ngx_pool_t *pool, ngx_ai_ask_t *ask);
static void ngx_ai_openai_force_usage(const ngx_ai_ask_t *ask,
    ngx_ai_edit_t *e);
static ngx_int_t ngx_ai_openai_invalid(ngx_pool_t *pool,
    ngx_ai_error_t *error, ngx_uint_t field, char *fault);


/* what the gateway decides on; all else is the provider's to judge */

const ngx_ai_scan_field_t  ngx_ai_openai_ask_fields[NGX_AI_OPENAI_ASK_MAX] = {
    { ngx_string("model") },
    { ngx_string("stream") },
    { ngx_string("stream_options") },
    { ngx_string("stream_options.include_usage") },
    { ngx_string("max_tokens") },
    { ngx_string("max_completion_tokens") },
    { ngx_string("max_output_tokens") },
    { ngx_string("n") },
    { ngx_string("messages") },
    { ngx_string("tools") },
    { ngx_string("input") },
    { ngx_string("prompt") },
    { ngx_string("query") },
    { ngx_string("documents") },
    { ngx_string("previous_response_id") },
    { ngx_string("input_file_id") },
    { ngx_string("training_file") },
    { ngx_string("validation_file") }
};


/* null may stand for any of them: it is as good as absent */

static const ngx_uint_t  ngx_ai_openai_ask_types[NGX_AI_OPENAI_ASK_MAX] = {
    ngx_ai_type(STRING),
    NGX_AI_OPENAI_BOOL,
    ngx_ai_type(OBJECT),
    NGX_AI_OPENAI_BOOL,
    NGX_AI_OPENAI_COUNT,
    NGX_AI_OPENAI_COUNT,
    NGX_AI_OPENAI_COUNT,
    NGX_AI_OPENAI_COUNT,
    ngx_ai_type(ARRAY),
    ngx_ai_type(ARRAY),
    NGX_AI_OPENAI_TEXTS,
    NGX_AI_OPENAI_TEXTS,
    NGX_AI_OPENAI_TEXTS,
    ngx_ai_type(ARRAY),
    ngx_ai_type(STRING),
    ngx_ai_type(STRING),
    ngx_ai_type(STRING),
    ngx_ai_type(STRING)
};


ngx_int_t
ngx_ai_openai_read_ask(const ngx_ai_route_t *route, ngx_ai_reader_t *readers,
    const ngx_str_t *body, ngx_uint_t n, ngx_pool_t *pool, ngx_ai_ask_t *ask,
    ngx_ai_error_t *error)
{
    u_char               *p;
    ngx_ai_scan_t        *scan;
    ngx_ai_reader_t      *reader;
    ngx_ai_scan_value_t  *v;

    reader = &readers[NGX_AI_OPENAI_TABLE_ASK];
    scan = &reader->scan;
    v = reader->values;

    if (ngx_ai_reader_read_pieces(reader, body, n) != NGX_OK) {
        p = ngx_pnalloc(pool, 128);
        if (p == NULL) {
            return NGX_ERROR;
        }

        error->kind = NGX_AI_ERROR_INVALID;
        error->message.data = p;
        error->message.len = ngx_snprintf(p, 128, "The request body is not "
                                          "valid JSON: %s at byte %O.",
                                          scan->error, scan->offset)
                             - p;
        return NGX_ERROR;
    }

    if (scan->top.type != NGX_AI_JSON_OBJECT) {
        error->kind = NGX_AI_ERROR_INVALID;
        ngx_str_set(&error->message, "The request body must be a JSON "
                    "object.");
        return NGX_ERROR;
    }

    if (ngx_ai_openai_check(route, v, pool, error) != NGX_OK) {
        return NGX_ERROR;
    }

    ask->open = scan->top.start + 1;
    ask->stream = (v[NGX_AI_OPENAI_STREAM].type == NGX_AI_JSON_TRUE);
    ask->usage = (v[NGX_AI_OPENAI_USAGE].type == NGX_AI_JSON_TRUE);

    ask->options_span.start = v[NGX_AI_OPENAI_OPTIONS].start;
    ask->options_span.end = v[NGX_AI_OPENAI_OPTIONS].end;
    ask->options_null = (v[NGX_AI_OPENAI_OPTIONS].type == NGX_AI_JSON_NULL);
    ask->options_empty = (v[NGX_AI_OPENAI_OPTIONS].n == 0);
    ask->usage_span.start = v[NGX_AI_OPENAI_USAGE].start;
    ask->usage_span.end = v[NGX_AI_OPENAI_USAGE].end;

    ask->n = v[NGX_AI_OPENAI_N].integer ? v[NGX_AI_OPENAI_N].value : 1;

    ask->max_tokens = v[NGX_AI_OPENAI_MAX_COMPLETION].integer
                      ? v[NGX_AI_OPENAI_MAX_COMPLETION].value
                      : v[NGX_AI_OPENAI_MAX_OUTPUT].integer
                      ? v[NGX_AI_OPENAI_MAX_OUTPUT].value
                      : v[NGX_AI_OPENAI_MAX_TOKENS].integer
                      ? v[NGX_AI_OPENAI_MAX_TOKENS].value : -1;

    if (ngx_ai_openai_named(body, n, v, pool, ask) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_ai_openai_model(body, n, &v[NGX_AI_OPENAI_MODEL], pool, ask,
                               error);
}


static ngx_int_t
ngx_ai_openai_check(const ngx_ai_route_t *route, const ngx_ai_scan_value_t *v,
    ngx_pool_t *pool, ngx_ai_error_t *error)
{
    ngx_uint_t  i, required;

    required = ngx_ai_openai_required(route);

    for (i = 0; i < NGX_AI_OPENAI_ASK_MAX; i++) {

        if (v[i].count > 1) {
            return ngx_ai_openai_invalid(pool, error, i,
                                         "is given more than once");
        }

        if (v[i].count == 0 || v[i].type == NGX_AI_JSON_NULL) {
            if (required & (1 << i)) {
                return ngx_ai_openai_invalid(pool, error, i, "is missing");
            }

            continue;
        }

        if (!(ngx_ai_openai_ask_types[i] & (1 << v[i].type))) {
            return ngx_ai_openai_invalid(pool, error, i,
                                         "is of the wrong type");
        }

        /* no tokens at all are asked for to have a prompt echoed */

        if (ngx_ai_openai_ask_types[i] == NGX_AI_OPENAI_COUNT
            && (!v[i].integer || v[i].value < 0))
        {
            return ngx_ai_openai_invalid(pool, error, i,
                                         "must be an integer, 0 or more");
        }
    }

    v = &v[NGX_AI_OPENAI_N];

    if (v->integer && (v->value < 1 || v->value > NGX_AI_OPENAI_N_MAX)) {
        return ngx_ai_openai_invalid(pool, error, NGX_AI_OPENAI_N,
                                     "must be from 1 to 128");
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_openai_required(const ngx_ai_route_t *route)
{
    ngx_uint_t  required;

    required = (route->flags & NGX_AI_ROUTE_MODEL_REQUIRED)
               ? (1 << NGX_AI_OPENAI_MODEL) : 0;

    switch (route->id) {

    case NGX_AI_ROUTE_CHAT:
        return required | (1 << NGX_AI_OPENAI_MESSAGES);

    case NGX_AI_ROUTE_EMBEDDINGS:
    case NGX_AI_ROUTE_MODERATIONS:
    case NGX_AI_ROUTE_SPEECH:
        return required | (1 << NGX_AI_OPENAI_INPUT);

    case NGX_AI_ROUTE_IMAGES:
        return required | (1 << NGX_AI_OPENAI_PROMPT);

    case NGX_AI_ROUTE_RERANK:
        return required | (1 << NGX_AI_OPENAI_QUERY)
               | (1 << NGX_AI_OPENAI_DOCUMENTS);

    default:
        return required;
    }
}


static ngx_int_t
ngx_ai_openai_model(const ngx_str_t *body, ngx_uint_t n,
    const ngx_ai_scan_value_t *v, ngx_pool_t *pool, ngx_ai_ask_t *ask,
    ngx_ai_error_t *error)
{
    ngx_int_t  rc;

    if (v->type != NGX_AI_JSON_STRING) {
        return NGX_OK;
    }

    rc = ngx_ai_reader_string(v, body, n, NGX_AI_ASK_MODEL_MAX, pool,
                              &ask->model);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc != NGX_OK || ngx_ai_ask_check_model(&ask->model) != NGX_OK) {
        return ngx_ai_openai_invalid(pool, error, NGX_AI_OPENAI_MODEL,
                                     "is no model's name");
    }

    ask->model_span.start = v->start + 1;
    ask->model_span.end = v->end - 1;

    return NGX_OK;
}


/* from the body: with its escapes an id may be longer than what a scan keeps */

static ngx_int_t
ngx_ai_openai_named(const ngx_str_t *body, ngx_uint_t n,
    const ngx_ai_scan_value_t *v, ngx_pool_t *pool, ngx_ai_ask_t *ask)
{
    ngx_uint_t       i;
    ngx_ai_named_t  *named;

    ask->nnamed = 0;

    for (i = NGX_AI_OPENAI_PREVIOUS; i < NGX_AI_OPENAI_ASK_MAX; i++) {

        if (v[i].type != NGX_AI_JSON_STRING) {
            continue;
        }

        named = &ask->named[ask->nnamed];
        named->field = ngx_ai_openai_ask_fields[i].path;

        switch (ngx_ai_reader_string(&v[i], body, n, NGX_AI_ASK_ID_MAX, pool,
                                     &named->id))
        {
        case NGX_OK:
            ask->nnamed++;
            break;

        case NGX_DECLINED:
            /* longer than any that is remembered */
            break;

        default:
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_openai_invalid(ngx_pool_t *pool, ngx_ai_error_t *error,
    ngx_uint_t field, char *fault)
{
    u_char  *p;

    p = ngx_pnalloc(pool, 128);
    if (p == NULL) {
        return NGX_ERROR;
    }

    error->kind = NGX_AI_ERROR_INVALID;
    error->param = ngx_ai_openai_ask_fields[field].path;
    error->message.data = p;
    error->message.len = ngx_snprintf(p, 128, "\"%V\" %s.", &error->param,
                                      fault)
                         - p;

    return NGX_ERROR;
}


void
ngx_ai_openai_edit(const ngx_ai_route_t *route, const ngx_ai_ask_t *ask,
    const ngx_str_t *model, ngx_uint_t quirks, ngx_ai_edits_t *edits)
{
    ngx_ai_edit_t  *e, temp;

    edits->n = 0;
    edits->usage = 0;

    if (ask->stream && !ask->usage
        && (route->id == NGX_AI_ROUTE_CHAT
            || route->id == NGX_AI_ROUTE_COMPLETIONS)
        && !(quirks & NGX_AI_QUIRK_USAGE_ALWAYS))
    {
        ngx_ai_openai_force_usage(ask, &edits->edits[edits->n++]);
        edits->usage = 1;
    }

    if (model->len && ask->model_span.end
        && (model->len != ask->model.len
            || ngx_memcmp(model->data, ask->model.data, model->len) != 0))
    {
        e = &edits->edits[edits->n++];
        e->span = ask->model_span;
        e->with = *model;
    }

    e = edits->edits;

    if (edits->n == 2 && e[0].span.start > e[1].span.start) {
        temp = e[0];
        e[0] = e[1];
        e[1] = temp;
    }
}


static void
ngx_ai_openai_force_usage(const ngx_ai_ask_t *ask, ngx_ai_edit_t *e)
{
    if (ask->usage_span.end) {
        e->span = ask->usage_span;
        ngx_str_set(&e->with, "true");
        return;
    }

    if (ask->options_null) {
        e->span = ask->options_span;
        ngx_str_set(&e->with, "{\"include_usage\":true}");
        return;
    }

    if (ask->options_span.end) {
        e->span.start = ask->options_span.start + 1;

        if (ask->options_empty) {
            ngx_str_set(&e->with, "\"include_usage\":true");

        } else {
            ngx_str_set(&e->with, "\"include_usage\":true,");
        }

    } else {

        /* a body with "stream" in it is not empty: the comma fits */

        e->span.start = ask->open;
        ngx_str_set(&e->with, "\"stream_options\":{\"include_usage\":true},");
    }

    e->span.end = e->span.start;
}
