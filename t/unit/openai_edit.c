
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "tap.h"
#include "openai.h"


#define MM    "\"model\":\"m\",\"messages\":[]"
#define S     "\"stream\":true"
#define O     "\"stream_options\":"
#define I     "\"include_usage\":"


typedef struct {
    const char  *body;
    const char  *edited;        /* for the model "new" */
} edit_row_t;


static void test_bytes(void);
static void test_matrix(void);
static void test_routes(void);
static void edit(ngx_uint_t route, ngx_uint_t quirks, const char *text,
    const char *model);
static void check(const ngx_str_t *body, const ngx_str_t *model,
    ngx_uint_t force);
static void check_again(ngx_uint_t route, ngx_uint_t quirks,
    const ngx_str_t *body, const ngx_str_t *model);


static ngx_ai_ask_t      ask;
static ngx_pool_t       *pool;
static ngx_ai_edits_t    edits;
static ngx_ai_reader_t  *readers;


/* what a provider gets, to the byte */

static const edit_row_t  edit_rows[] = {

    { "{" MM "}",
      "{\"model\":\"new\",\"messages\":[]}" },

    { "{" MM "," S "}",
      "{" O "{" I "true},\"model\":\"new\",\"messages\":[]," S "}" },

    { " { \"model\" : \"m\" , \"messages\" : [ ] ,\n\t" S " } ",
      " {" O "{" I "true}, \"model\" : \"new\" , \"messages\" : [ ] ,\n\t" S
      " } " },

    { "{" MM "," S "," O "{}}",
      "{\"model\":\"new\",\"messages\":[]," S "," O "{" I "true}}" },

    { "{" MM "," S "," O "{ \n}}",
      "{\"model\":\"new\",\"messages\":[]," S "," O "{" I "true \n}}" },

    { "{" MM "," S "," O "null}",
      "{\"model\":\"new\",\"messages\":[]," S "," O "{" I "true}}" },

    { "{" MM "," S "," O "{" I "false}}",
      "{\"model\":\"new\",\"messages\":[]," S "," O "{" I "true}}" },

    { "{" MM "," S "," O "{" I "null}}",
      "{\"model\":\"new\",\"messages\":[]," S "," O "{" I "true}}" },

    { "{" MM "," S "," O "{" I "true}}",
      "{\"model\":\"new\",\"messages\":[]," S "," O "{" I "true}}" },

    { "{" MM "," S "," O "{\"a\":[{}]}}",
      "{\"model\":\"new\",\"messages\":[]," S "," O "{" I
      "true,\"a\":[{}]}}" },

    { "{" O "{" I "false}," S "," MM "}",
      "{" O "{" I "true}," S ",\"model\":\"new\",\"messages\":[]}" },

    { "{" MM ",\"stream\":false," O "{" I "false}}",
      "{\"model\":\"new\",\"messages\":[],\"stream\":false," O "{" I
      "false}}" }
};


/* what else there is around what changes */

static const char  *edit_bodies[] = {
    "{" MM "}",
    "{" MM "," S "}",
    "{" S "," MM "}",
    "{ \"messages\" :[{\"role\":\"user\",\"model\":\"m\",\"content\":"
    "\"\\\"model\\\":\\\"m\\\", \\\"stream_options\\\":null\"}],\n"
    "  \"model\":\"m\" ,\"model_\":\"m\",\"_model\":\"m\", " S " }",
    "{" S ",\"metadata\":{\"model\":\"m\"," O "{" I "false}," I "false},"
    MM "}",
    "{" S "," I "false," MM "}",
    "{" S "," MM "," O "{\"x\":{" I "false},\"y\":[{" I "null}]}}",
    "{" O "{\"x\":{" I "false}," I "false,\"y\":1}," S "," MM "}",
    "{" O "{\"x\":1 , " I " false , \"y\":1}," S "," MM "}",
    "\r\n{\r\n\t" O "\r\n{\r\n\t}\r\n,\r\n\t" S " , " MM "}\r\n",
    "{" O "null , " S "," MM "}",
    "{" S "," O " {\t" I "\tnull\t}\t," MM "}",
    "{" S "," O "{" I "true}," MM "}",
    "{" S "," O "{\"a\":1," I "true,\"b\":2}," MM "}",
    "{\"stream\":false," O "{" I "true}," MM "}",
    "{\"stream\":null," MM "}",
    "{\"tools\":[{\"model\":\"m\"}],\"messages\":[[[[{\"model\":\"m\"}]]]],"
    "\"\\u006dodel\":\"\\u006d\",\"str\\u0065am\":true}",
    "{\"stream\\u005foptions\":{\"includ\\u0065_usage\":false}," S "," MM "}",
    "{\"messages\":[],\"model\":\"new\"," S "}",
    "{\"messages\":[],\"model\":\"n\\u0065w\"," S "," O "{}}",
    "{\"\\u0000\":\"\\ud83d\\ude00\\u2028\xf0\x9f\x98\x80\",\"x\":-1.50e+05,"
    "\"y\":0.10,\"z\":123456789012345678901234567890," S "," MM "}",
    "{\"messages\":[],\"model\":\"a/b/c\"," S "}"
};


static void
test_bytes(void)
{
    ngx_str_t          body, model, out;
    ngx_uint_t         i;
    ngx_ai_error_t     error;
    const edit_row_t  *row;

    model = openai_str("new");

    for (i = 0; i < sizeof(edit_rows) / sizeof(edit_row_t); i++) {
        row = &edit_rows[i];
        body = openai_str(row->body);

        ngx_memzero(&ask, sizeof(ask));

        is_int(openai_ask(ngx_ai_route(NGX_AI_ROUTE_CHAT), readers, &body, 1,
                          pool, &ask, &error),
               NGX_OK, "read: %s", row->body);

        ngx_ai_openai.edit(ngx_ai_route(NGX_AI_ROUTE_CHAT), &ask, &model, 0,
                           &edits);

        out = openai_apply(&body, &edits);

        is_str(out.data, out.len, row->edited, "sent: %s", row->edited);

        free(out.data);
    }
}


static void
test_matrix(void)
{
    ngx_uint_t  i, k;

    static const char  *models[] = { "", "m", "new", "a-much-longer/model:1" };

    for (i = 0; i < sizeof(edit_bodies) / sizeof(edit_bodies[0]); i++) {
        for (k = 0; k < sizeof(models) / sizeof(models[0]); k++) {
            edit(NGX_AI_ROUTE_CHAT, 0, edit_bodies[i], models[k]);
            edit(NGX_AI_ROUTE_CHAT, NGX_AI_QUIRK_USAGE_ALWAYS, edit_bodies[i],
                 models[k]);
        }
    }
}


/* a stream of these two alone has usage when asked, others have it always */

static void
test_routes(void)
{
    ngx_uint_t             id;
    const ngx_ai_route_t  *route;

    for (id = 0; id < NGX_AI_ROUTE_MAX; id++) {
        route = ngx_ai_route(id);

        if ((route->flags & NGX_AI_ROUTE_BODY_JSON) && openai_route(route)) {
            edit(id, 0, "{" S "," MM ",\"input\":\"i\",\"prompt\":\"p\","
                 "\"query\":\"q\",\"documents\":[]}", "new");
        }
    }
}


static void
edit(ngx_uint_t route, ngx_uint_t quirks, const char *text, const char *model)
{
    ngx_int_t       rc;
    ngx_str_t       body, name;
    ngx_uint_t      force;
    tap_guard_t     g;
    ngx_ai_error_t  error;

    body.len = strlen(text);
    body.data = tap_guard(&g, text, body.len);
    name = openai_str(model);

    ngx_reset_pool(pool);
    ngx_memzero(&ask, sizeof(ask));

    rc = openai_ask(ngx_ai_route(route), readers, &body, 1, pool, &ask,
                    &error);

    if (!ok(rc == NGX_OK, "read: %s", text)) {
        return;
    }

    ngx_memset(&edits, 0x5a, sizeof(edits));

    ngx_ai_openai.edit(ngx_ai_route(route), &ask, &name, quirks, &edits);

    force = (ask.stream && !ask.usage && quirks == 0
             && (route == NGX_AI_ROUTE_CHAT
                 || route == NGX_AI_ROUTE_COMPLETIONS));

    is_int(edits.usage, force, "usage is %sforced",
           force ? "" : "not ");

    check(&body, &name, force);

    ok(memcmp(body.data, text, body.len) == 0, "the client's body is as it "
       "was");

    check_again(route, quirks, &body, &name);

    tap_unguard(&g);
}


static void
check(const ngx_str_t *body, const ngx_str_t *model, ngx_uint_t force)
{
    size_t        gone;
    ngx_str_t     out;
    ngx_uint_t    i, renamed;
    openai_doc_t  want, got;

    renamed = (model->len
               && (model->len != ask.model.len
                   || memcmp(model->data, ask.model.data, model->len) != 0));

    is_int(edits.n, renamed + force, "as many edits as there are changes");

    ngx_memzero(&want, sizeof(want));
    ngx_memzero(&got, sizeof(got));

    want.model = renamed ? model : NULL;
    want.include = force;

    out = openai_apply(body, &edits);

    ok(openai_read(&want, body->data, body->len)
       && openai_read(&got, out.data, out.len),
       "it is JSON: %.*s", (int) out.len, out.data);

    ok(openai_same(&want, &got), "which has changed in that and nothing else");

    if (renamed + force == 0) {
        is_bytes(out.data, out.len, body->data, body->len,
                 "nothing to change leaves each byte");
    }

    /* of the client's bytes no more go than the values that change */

    gone = 0;

    for (i = 0; i < edits.n; i++) {
        gone += edits.edits[i].span.end - edits.edits[i].span.start;
    }

    is_int(gone, (renamed ? ask.model_span.end - ask.model_span.start : 0)
                 + (force ? ask.usage_span.end - ask.usage_span.start : 0)
                 + (force && ask.options_null ? 4 : 0),
           "only the values that change are taken out");

    free(want.data);
    free(got.data);
    free(out.data);
}


/* the edited body is read as what it was made to be */

static void
check_again(ngx_uint_t route, ngx_uint_t quirks, const ngx_str_t *body,
    const ngx_str_t *model)
{
    ngx_int_t       rc;
    ngx_str_t       out;
    ngx_uint_t      usage;
    ngx_ai_ask_t    first;
    ngx_ai_error_t  error;

    first = ask;
    usage = ask.usage || edits.usage;
    out = openai_apply(body, &edits);

    ngx_memzero(&ask, sizeof(ask));

    rc = openai_ask(ngx_ai_route(route), readers, &out, 1, pool, &ask,
                    &error);

    is_int(rc, NGX_OK, "what is sent can be read");

    if (model->len) {
        is_bytes(ask.model.data, ask.model.len, model->data, model->len,
                 "its model is the target's");
    }

    ok(ask.usage == usage && ask.stream == first.stream && ask.n == first.n
       && ask.max_tokens == first.max_tokens,
       "it asks for the same");

    ngx_ai_openai.edit(ngx_ai_route(route), &ask, model, quirks, &edits);

    is_int(edits.n, 0, "and has nothing left to change");

    free(out.data);
}


int
main(void)
{
    ngx_pool_t  *table;

    table = ngx_create_pool(4096, &ngx_shim_log);
    pool = ngx_create_pool(4096, &ngx_shim_log);

    readers = ngx_ai_readers_create(table, ngx_ai_openai.tables,
                                    ngx_ai_openai.ntables);

    test_bytes();
    test_matrix();
    test_routes();

    ngx_destroy_pool(pool);
    ngx_destroy_pool(table);

    return done();
}
