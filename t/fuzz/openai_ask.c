
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * What a client may ask, and its fitting to a target: a body that is taken is
 * JSON, edited it is the same JSON but for the model and include_usage, and
 * read again it asks for that; a body that is not taken gets an answer that
 * is JSON.  The body itself is never changed.
 *
 *     input = route, target, the body
 */


#include "openai.h"


extern ngx_log_t  ngx_shim_log;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz_model(ngx_uint_t choice, const ngx_ai_ask_t *ask,
    ngx_str_t *model);
static void fuzz_edited(const ngx_ai_route_t *route, const ngx_str_t *body,
    ngx_ai_ask_t *ask, const ngx_str_t *model, ngx_uint_t quirks);
static void fuzz_pieces(const ngx_ai_route_t *route, const ngx_str_t *body,
    ngx_uint_t choice, ngx_int_t rc, const ngx_ai_ask_t *ask,
    const ngx_ai_error_t *error);
static void fuzz_str(const ngx_str_t *a, const ngx_str_t *b);
static void fuzz_refused(ngx_ai_error_t *error);
static void fuzz_check(ngx_uint_t good);


static ngx_pool_t       *pool;
static ngx_pool_t       *table;
static ngx_ai_reader_t  *readers;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_int_t              rc;
    ngx_str_t              body, model;
    ngx_uint_t             choice;
    ngx_ai_ask_t           ask;
    ngx_ai_error_t         error;
    const ngx_ai_route_t  *route;

    if (readers == NULL) {
        pool = ngx_create_pool(4096, &ngx_shim_log);
        table = ngx_create_pool(4096, &ngx_shim_log);
        readers = ngx_ai_readers_create(table, ngx_ai_openai.tables,
                                        ngx_ai_openai.ntables);
    }

    if (size < 2) {
        return 0;
    }

    route = ngx_ai_route(data[0] % NGX_AI_ROUTE_MAX);
    choice = data[1];

    if (!openai_route(route)) {
        return 0;
    }

    /* memory of its own: what reads on is found */

    body.len = size - 2;
    body.data = malloc(body.len);

    if (body.len) {
        ngx_memcpy(body.data, data + 2, body.len);
    }

    ngx_memzero(&ask, sizeof(ask));
    ngx_memzero(&error, sizeof(error));

    rc = openai_ask(route, readers, &body, 1, pool, &ask, &error);

    fuzz_pieces(route, &body, choice, rc, &ask, &error);

    if (rc == NGX_OK) {
        fuzz_check(error.kind == NGX_AI_ERROR_NONE);
        fuzz_check(ask.n >= 1 && ask.n <= 128 && ask.max_tokens >= -1);

        fuzz_model(choice, &ask, &model);
        fuzz_edited(route, &body, &ask, &model,
                    (choice & 4) ? NGX_AI_QUIRK_USAGE_ALWAYS : 0);

    } else {
        fuzz_check(rc == NGX_ERROR);
        fuzz_refused(&error);
    }

    fuzz_check(body.len == 0
               || ngx_memcmp(body.data, data + 2, body.len) == 0);

    free(body.data);
    ngx_reset_pool(pool);

    return 0;
}


/* the client's own name, part of it as in "provider/model", or another */

static void
fuzz_model(ngx_uint_t choice, const ngx_ai_ask_t *ask, ngx_str_t *model)
{
    size_t  skip;

    *model = ask->model;

    switch (choice & 3) {

    case 0:
        break;

    case 1:
        skip = ngx_min(choice >> 3, model->len);

        if (skip) {
            model->data += skip;
            model->len -= skip;
        }

        break;

    case 2:
        ngx_str_set(model, "gpt-4o");
        break;

    default:
        ngx_str_set(model, "");
    }
}


static void
fuzz_edited(const ngx_ai_route_t *route, const ngx_str_t *body,
    ngx_ai_ask_t *ask, const ngx_str_t *model, ngx_uint_t quirks)
{
    ngx_str_t       out;
    ngx_uint_t      renamed;
    openai_doc_t    want, got;
    ngx_ai_ask_t    again;
    ngx_ai_edits_t  edits;
    ngx_ai_error_t  error;

    ngx_ai_openai.edit(route, ask, model, quirks, &edits);

    fuzz_check(edits.n <= NGX_AI_EDITS_MAX);
    fuzz_check(!edits.usage || (ask->stream && !ask->usage && !quirks));

    renamed = (model->len && ask->model.len);

    ngx_memzero(&want, sizeof(want));
    ngx_memzero(&got, sizeof(got));

    want.model = renamed ? model : NULL;
    want.include = edits.usage;

    out = openai_apply(body, &edits);

    fuzz_check(openai_read(&want, body->data, body->len));
    fuzz_check(openai_read(&got, out.data, out.len));
    fuzz_check(openai_same(&want, &got));

    ngx_memzero(&again, sizeof(again));
    ngx_memzero(&error, sizeof(error));

    fuzz_check(openai_ask(route, readers, &out, 1, pool, &again, &error)
               == NGX_OK);

    fuzz_check(again.stream == ask->stream && again.n == ask->n
               && again.max_tokens == ask->max_tokens
               && again.usage == (ask->usage || edits.usage));

    if (renamed) {
        fuzz_check(again.model.len == model->len
                   && ngx_memcmp(again.model.data, model->data, model->len)
                      == 0);
    }

    ngx_ai_openai.edit(route, &again, model, quirks, &edits);

    fuzz_check(edits.n == 0);

    free(want.data);
    free(got.data);
    free(out.data);
}


/* in two pieces, each memory of its own, it is the same */

static void
fuzz_pieces(const ngx_ai_route_t *route, const ngx_str_t *body,
    ngx_uint_t choice, ngx_int_t rc, const ngx_ai_ask_t *ask,
    const ngx_ai_error_t *error)
{
    size_t          cut;
    ngx_str_t       pieces[2];
    ngx_uint_t      i;
    ngx_ai_ask_t    other;
    ngx_ai_error_t  fault;

    cut = body->len * choice / 255;

    pieces[0].len = cut;
    pieces[1].len = body->len - cut;

    for (i = 0; i < 2; i++) {
        pieces[i].data = malloc(pieces[i].len);

        if (pieces[i].len) {
            ngx_memcpy(pieces[i].data, body->data + (i ? cut : 0),
                       pieces[i].len);
        }
    }

    ngx_memzero(&other, sizeof(other));
    ngx_memzero(&fault, sizeof(fault));

    fuzz_check(openai_ask(route, readers, pieces, 2, pool, &other, &fault)
               == rc);

    free(pieces[0].data);
    free(pieces[1].data);

    fuzz_str(&fault.message, &error->message);
    fuzz_str(&fault.param, &error->param);

    if (rc != NGX_OK) {
        return;
    }

    fuzz_str(&other.model, &ask->model);

    fuzz_check(other.model_span.start == ask->model_span.start
               && other.model_span.end == ask->model_span.end
               && other.options_span.start == ask->options_span.start
               && other.options_span.end == ask->options_span.end
               && other.usage_span.start == ask->usage_span.start
               && other.usage_span.end == ask->usage_span.end
               && other.open == ask->open && other.nnamed == ask->nnamed);

    for (i = 0; i < ask->nnamed; i++) {
        fuzz_str(&other.named[i].id, &ask->named[i].id);
    }
}


static void
fuzz_str(const ngx_str_t *a, const ngx_str_t *b)
{
    fuzz_check(a->len == b->len
               && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0));
}


static void
fuzz_refused(ngx_ai_error_t *error)
{
    ngx_ai_buf_t  out;
    openai_doc_t  doc;

    fuzz_check(error->kind == NGX_AI_ERROR_INVALID && error->message.len);

    ngx_memzero(&doc, sizeof(doc));
    ngx_ai_buf_init(&out, 4096, &ngx_shim_log);

    fuzz_check(ngx_ai_openai.write_error(error, &out) == NGX_OK);
    fuzz_check(openai_read(&doc, out.start, ngx_ai_buf_len(&out)));

    ngx_ai_buf_free(&out);
    free(doc.data);
}


static void
fuzz_check(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
