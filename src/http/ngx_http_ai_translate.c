
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Between two dialects.  What is made of the request lives until the request
 * is over, as another attempt may need it; what is made of a reply, only
 * while it is made.
 */


#include "ngx_http_ai_translate.h"
#include "ngx_http_ai_body.h"
#include "ngx_http_ai_creds.h"
#include "ngx_http_ai_error.h"
#include "ngx_http_ai_state.h"
#include "ngx_ai_op.h"


/* a written request may have more quotes and braces, and every byte escaped */

#define NGX_HTTP_AI_GROWTH       6
#define NGX_HTTP_AI_GROWTH_MIN   65536

#define NGX_HTTP_AI_DESK_NODES   (8 * 1024 * 1024)
#define NGX_HTTP_AI_DESK_POOL    16384
#define NGX_HTTP_AI_DESK_OUT     (64 * 1024 * 1024)
#define NGX_HTTP_AI_DESK_KEEP    (256 * 1024)

#define NGX_HTTP_AI_PATH         128


struct ngx_http_ai_hub_s {
    ngx_pool_t              *pool;      /* of the ask */
    void                    *ask;
    uint64_t                *fields;    /* of it */
    ngx_ai_drops_t           unknown;   /* to the client's dialect */
    ngx_ai_drops_t           drops;     /* for the target at hand, as well */
    ngx_ai_buf_t             body;
    ngx_ai_told_t            told;

    /* of a stream */

    ngx_ai_flow_t            flow;
    ngx_ai_source_t         *source;
    ngx_ai_sink_t           *sink;
};


static ngx_uint_t ngx_http_ai_translate_wire(const ngx_ai_vendor_t *vendor,
    ngx_uint_t op);
static ngx_http_ai_hub_t *ngx_http_ai_translate_read(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_translate_fault(ngx_http_ai_ctx_t *ctx,
    ngx_ai_walk_t *walk);
static void ngx_http_ai_translate_drop(ngx_http_ai_ctx_t *ctx,
    const ngx_ai_aim_t *aim);
static ngx_int_t ngx_http_ai_translate_delta(void *data,
    const ngx_ai_delta_t *delta);
static ngx_int_t ngx_http_ai_translate_said(ngx_http_ai_ctx_t *ctx,
    const ngx_ai_error_t *error);
static ngx_http_ai_desk_t *ngx_http_ai_desk(ngx_http_ai_ctx_t *ctx);
static ngx_int_t ngx_http_ai_desk_clear(ngx_http_ai_desk_t *desk);


ngx_int_t
ngx_http_ai_translate_find(ngx_http_ai_ctx_t *ctx,
    ngx_http_ai_provider_t *provider)
{
    ngx_uint_t             id;
    const ngx_ai_route_t  *route;

    route = ctx->match.route;

    id = ngx_ai_vendor_dialect(provider->vendor, ctx->caller);

    if (id != ctx->caller) {

        if (route->op >= NGX_AI_OP_MAX || ctx->multipart
            || ctx->dialect->wordings[route->op].read_ask == NULL)
        {
            return NGX_DECLINED;
        }

        id = ngx_http_ai_translate_wire(provider->vendor, route->op);

        if (id == NGX_AI_DIALECT_MAX) {
            return NGX_DECLINED;
        }
    }

    ctx->wire = ngx_ai_dialect(id);
    ctx->wire_id = id;
    ctx->wire_route = route;
    ctx->translated = (id != ctx->caller);

    if (ctx->translated) {

        /* a dialect may have no route for what it can be asked */

        ctx->wire_route = ngx_ai_route_of(id, route->op);

        if (ctx->wire_route == NULL) {
            ctx->wire_route = route;
        }
    }

    return NGX_OK;
}


/*
 * The vendor's own dialect, or the first of its others that has words for it:
 * tokens are not counted by who serves chats, but by who serves Responses.
 */

static ngx_uint_t
ngx_http_ai_translate_wire(const ngx_ai_vendor_t *vendor, ngx_uint_t op)
{
    ngx_uint_t  i;

    if (ngx_ai_dialect(vendor->dialect)->wordings[op].write_ask) {
        return vendor->dialect;
    }

    for (i = 0; i < NGX_AI_DIALECT_MAX; i++) {

        if ((vendor->also & (1 << i))
            && ngx_ai_dialect(i)->wordings[op].write_ask)
        {
            break;
        }
    }

    return i;
}


ngx_int_t
ngx_http_ai_translate_ask(ngx_http_ai_ctx_t *ctx, const ngx_ai_aim_t *aim,
    ngx_str_t *body)
{
    ngx_int_t                rc;
    ngx_str_t                names;
    ngx_http_ai_hub_t       *hub;
    ngx_ai_json_writer_t     w;
    ngx_http_ai_loc_conf_t  *alcf;

    hub = ctx->hub;

    if (hub == NULL) {
        hub = ngx_http_ai_translate_read(ctx);
        if (hub == NULL) {
            return ctx->error.kind ? (ngx_int_t) ctx->error.status
                                   : NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    ngx_http_ai_translate_drop(ctx, aim);

    alcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_ai_gateway_module);

    if (alcf->strict && hub->drops.count) {

        if (ngx_http_ai_translate_dropped(ctx, &names) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, NULL,
                                "The provider \"%V\" can't be told: %V.",
                                &ctx->provider->name, &names);
    }

    ngx_ai_buf_reset(&hub->body);
    ngx_ai_json_writer_init(&w, &hub->body);

    rc = ctx->wire->wordings[aim->op].write_ask(hub->ask, aim, &w);

    if (rc == NGX_DECLINED) {
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, NULL,
                                "The provider \"%V\" can't be asked this%s%s.",
                                &ctx->provider->name,
                                *aim->reason ? ": " : "",
                                *aim->reason ? *aim->reason : "");
    }

    if (rc != NGX_OK || w.rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (w.rc != NGX_OK) {
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_TOO_LARGE, NULL,
                                "The request is too large for the provider "
                                "\"%V\".", &ctx->provider->name);
    }

    body->data = hub->body.start;
    body->len = ngx_ai_buf_len(&hub->body);

    return NGX_OK;
}


/* NULL: an error has been made, or there is no memory */

static ngx_http_ai_hub_t *
ngx_http_ai_translate_read(ngx_http_ai_ctx_t *ctx)
{
    off_t                 max;
    size_t                before;
    ngx_int_t             rc;
    ngx_uint_t            op;
    ngx_ai_walk_t         walk;
    ngx_http_ai_hub_t    *hub;
    const ngx_ai_op_t    *type;
    ngx_http_request_t   *r;
    ngx_http_ai_desk_t   *desk;

    r = ctx->request;
    op = ctx->match.route->op;
    type = &ngx_ai_ops[op];
    desk = ngx_http_ai_desk(ctx);

    hub = ngx_pcalloc(r->pool, sizeof(ngx_http_ai_hub_t));
    if (hub == NULL) {
        return NULL;
    }

    hub->pool = ngx_create_pool(4096, r->connection->log);
    if (hub->pool == NULL) {
        return NULL;
    }

    ctx->hub = hub;

    hub->ask = ngx_pcalloc(hub->pool, type->ask);

    if (hub->ask == NULL
        || type->init_ask(hub->ask, hub->pool, ctx->caller) != NGX_OK
        || ngx_http_ai_body_open(ctx, 1) != NGX_OK)
    {
        return NULL;
    }

    max = ctx->body.length * NGX_HTTP_AI_GROWTH + NGX_HTTP_AI_GROWTH_MIN;
    ngx_ai_buf_init(&hub->body, max, r->connection->log);

    hub->fields = (uint64_t *) ((u_char *) hub->ask + type->fields);
    hub->told.id.data = ctx->id;
    hub->told.id.len = sizeof(ctx->id);
    hub->told.model = ctx->ask.model;
    hub->told.created = ngx_time();
    hub->told.usage = ctx->ask.usage;
    hub->told.route = ctx->match.route;
    hub->told.chat = (op == NGX_AI_OP_CHAT) ? hub->ask : NULL;
    hub->told.ask = hub->ask;

    if (ngx_ai_tree_read(&desk->tree, &ctx->body.pieces[0]) != NGX_OK) {
        (void) ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, NULL,
                                "The request body can't be read: %s at byte "
                                "%uz.", desk->tree.error, desk->tree.offset);
        return NULL;
    }

    ngx_memzero(&walk, sizeof(ngx_ai_walk_t));

    walk.tree = &desk->tree;
    walk.pool = hub->pool;
    walk.marks = hub->fields;
    walk.drops = &hub->unknown;

    rc = ctx->dialect->wordings[op].read_ask(&walk,
                                             ngx_ai_tree_root(&desk->tree),
                                             hub->ask);
    if (rc != NGX_OK) {
        (void) ngx_http_ai_translate_fault(ctx, &walk);
        return NULL;
    }

    if (op == NGX_AI_OP_CHAT) {
        rc = ngx_http_ai_state_read(ctx, hub->ask, hub->pool, &before);

        if (rc != NGX_OK) {
            return NULL;
        }

        hub->body.max += before * NGX_HTTP_AI_GROWTH;
    }

    return hub;
}


static ngx_int_t
ngx_http_ai_translate_fault(ngx_http_ai_ctx_t *ctx, ngx_ai_walk_t *walk)
{
    u_char     *p;
    ngx_str_t   path;

    if (walk->fault == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_pnalloc(ctx->request->pool, NGX_HTTP_AI_PATH);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_ai_tree_path(walk->tree, walk->fault, 0, p, NGX_HTTP_AI_PATH, &path);

    if (path.len == 0) {
        return ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, NULL,
                                "The request body %s.", walk->reason);
    }

    (void) ngx_http_ai_fail(ctx, NGX_AI_ERROR_INVALID, NULL, "\"%V\" %s.",
                            &path, walk->reason);
    ctx->error.param = path;

    return ctx->error.status;
}


/* what the client said and the target is not told */

static void
ngx_http_ai_translate_drop(ngx_http_ai_ctx_t *ctx, const ngx_ai_aim_t *aim)
{
    uint64_t            lost;
    ngx_uint_t          i;
    ngx_http_ai_hub_t  *hub;
    const ngx_ai_op_t  *type;

    hub = ctx->hub;
    type = &ngx_ai_ops[aim->op];

    hub->drops = hub->unknown;

    lost = *hub->fields
           & ~ngx_ai_wording_fields(&ctx->wire->wordings[aim->op],
                                    aim->quirks);

    if (hub->told.chat) {
        lost |= ngx_ai_chat_foreign(hub->told.chat, ctx->wire_id)
                & ~ctx->wire->wordings[aim->op].mapped;
    }

    for (i = 1; lost && i < type->nnames; i++) {

        if (lost & ((uint64_t) 1 << i)) {
            ngx_ai_drop(&hub->drops, &type->names[i]);
        }
    }
}


ngx_int_t
ngx_http_ai_translate_dropped(ngx_http_ai_ctx_t *ctx, ngx_str_t *names)
{
    u_char          *p;
    size_t           len;
    ngx_uint_t       i;
    ngx_ai_drops_t  *drops;

    ngx_str_null(names);

    if (!ctx->translated || ctx->hub == NULL || ctx->hub->drops.n == 0) {
        return NGX_OK;
    }

    drops = &ctx->hub->drops;
    len = 0;

    for (i = 0; i < drops->n; i++) {
        len += drops->names[i].len + 2;
    }

    p = ngx_pnalloc(ctx->request->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    names->data = p;

    for (i = 0; i < drops->n; i++) {
        p = ngx_cpymem(p, drops->names[i].data, drops->names[i].len);
        *p++ = ',';
        *p++ = ' ';
    }

    names->len = p - 2 - names->data;

    return NGX_OK;
}


ngx_int_t
ngx_http_ai_translate_answer(ngx_http_ai_ctx_t *ctx, ngx_str_t *body)
{
    void                    *answer;
    ngx_int_t                rc;
    ngx_uint_t               op;
    ngx_pool_t              *pool;
    ngx_ai_buf_t             out;
    ngx_ai_walk_t            walk;
    ngx_ai_usage_t          *usage;
    ngx_http_ai_hub_t       *hub;
    const ngx_ai_op_t       *type;
    ngx_http_ai_desk_t      *desk;
    ngx_ai_json_writer_t     w;
    ngx_http_ai_loc_conf_t  *alcf;

    hub = ctx->hub;
    desk = ngx_http_ai_desk(ctx);
    op = ctx->match.route->op;
    type = &ngx_ai_ops[op];

    alcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_ai_gateway_module);

    ngx_ai_buf_init(&out, alcf->reply_size * NGX_HTTP_AI_GROWTH
                          + NGX_HTTP_AI_GROWTH_MIN,
                    ctx->request->connection->log);

    pool = ngx_create_pool(4096, ctx->request->connection->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&walk, sizeof(ngx_ai_walk_t));

    walk.tree = &desk->tree;
    walk.pool = pool;

    hub->told.elapsed = ngx_current_msec - ctx->start;

    answer = ngx_pcalloc(pool, type->answer);

    rc = (answer == NULL)
         ? NGX_ERROR : type->init_answer(answer, pool, ctx->wire_id);

    if (rc == NGX_OK) {
        rc = ngx_ai_tree_read(&desk->tree, body);

        if (rc == NGX_OK) {
            rc = ctx->wire->wordings[op].read_answer(&walk,
                                             ngx_ai_tree_root(&desk->tree),
                                             ctx->provider->vendor->quirks,
                                             answer);
        }

        rc = (rc == NGX_OK) ? NGX_OK : NGX_DECLINED;
    }

    if (rc == NGX_OK) {
        usage = (ngx_ai_usage_t *) ((u_char *) answer + type->usage);

        /* not all of what the hub understands is seen where replies pass */

        if (type->usage && usage->reported) {
            ctx->reply.usage = *usage;
        }

        ngx_ai_json_writer_init(&w, &out);

        rc = ctx->dialect->wordings[op].write_answer(answer, &hub->told, &w);

        if (rc == NGX_OK) {
            rc = w.rc;
        }
    }

    if (rc == NGX_OK && op == NGX_AI_OP_CHAT) {
        ngx_http_ai_state_keep(ctx, hub->ask, answer, NULL);
    }

    ngx_destroy_pool(pool);

    if (rc != NGX_OK) {
        ngx_ai_buf_free(&out);
        return rc;
    }

    ngx_ai_buf_free(&ctx->held);
    ctx->held = out;

    return NGX_OK;
}


ngx_int_t
ngx_http_ai_translate_begin(ngx_http_ai_ctx_t *ctx)
{
    ngx_pool_t              *pool;
    ngx_http_ai_hub_t       *hub;
    ngx_http_ai_desk_t      *desk;
    ngx_http_ai_loc_conf_t  *alcf;

    hub = ctx->hub;
    pool = ctx->request->pool;
    desk = ngx_http_ai_desk(ctx);

    alcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_ai_gateway_module);

    hub->source = ngx_pcalloc(pool, ctx->wire->source);
    hub->sink = ngx_pcalloc(pool, ctx->dialect->sink);

    if (hub->source == NULL || hub->sink == NULL
        || ngx_ai_flow_init(&hub->flow, pool, alcf->reply_size,
                            ngx_murmur_hash2(ctx->id, sizeof(ctx->id)))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    hub->flow.write = ngx_http_ai_translate_delta;
    hub->flow.sink = ctx;
    hub->flow.whole = ctx->dialect->whole;
    hub->flow.reply = &ctx->reply;

    hub->source->flow = &hub->flow;
    hub->source->tree = &desk->tree;
    hub->source->pool = desk->pool;
    hub->source->quirks = ctx->provider->vendor->quirks;

    hub->sink->out = &desk->out;
    hub->sink->told = &hub->told;
    hub->sink->framing = ctx->framing;
    hub->sink->pool = pool;
    hub->sink->max = alcf->reply_size;
    hub->sink->chat = hub->told.chat;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ai_translate_delta(void *data, const ngx_ai_delta_t *delta)
{
    ngx_http_ai_ctx_t *ctx = data;

    ngx_http_ai_hub_t  *hub;

    hub = ctx->hub;

    if (delta->type == NGX_AI_DELTA_ERROR) {

        /* told as it comes, in the client's words; nothing follows it */

        ctx->reply.error = 1;

        if (ngx_http_ai_translate_said(ctx, delta->error) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_http_ai_translate_error(ctx, hub->sink->out);
    }

    if (ctx->dialect->write_delta(hub->sink, delta) != NGX_OK) {
        return NGX_ERROR;
    }

    if (delta->type == NGX_AI_DELTA_END) {
        ctx->reply.ended = 1;

        ngx_http_ai_state_keep(ctx, hub->told.chat, NULL, hub->sink);

        return ngx_ai_framing_last(hub->sink->framing, hub->sink->out,
                                   hub->sink->events == 0);
    }

    return NGX_OK;
}


/* the provider's words are said, unless our key is among them */

static ngx_int_t
ngx_http_ai_translate_said(ngx_http_ai_ctx_t *ctx, const ngx_ai_error_t *error)
{
    ngx_str_t   said;
    ngx_uint_t  kind;

    said = error->message;
    kind = error->kind ? error->kind : NGX_AI_ERROR_UPSTREAM;

    if (said.len == 0 || ngx_http_ai_creds_in(ctx->provider, &said)) {
        ngx_str_set(&said, ".");
    }

    (void) ngx_http_ai_fail(ctx, kind, NULL,
                            "The provider \"%V\" broke off its answer%s%V",
                            &ctx->provider->name, said.len == 1 ? "" : ": ",
                            &said);

    return ctx->error.message.len ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_ai_translate_event(ngx_http_ai_ctx_t *ctx, ngx_ai_sse_event_t *ev)
{
    ngx_int_t           rc;
    ngx_http_ai_hub_t  *hub;

    hub = ctx->hub;

    if (ev->lines == 0) {

        /* a comment is a sign of life, a line end on its own is nothing */

        return memchr(ev->raw.data, ':', ev->raw.len)
               ? ngx_http_ai_translate_ping(ctx) : NGX_OK;
    }

    hub->flow.content = 0;
    hub->source->pool = ngx_http_ai_desk(ctx)->pool;

    rc = ctx->wire->read_delta(hub->source, ev);

    if (ngx_http_ai_desk_clear(ngx_http_ai_desk(ctx)) != NGX_OK) {
        return NGX_ERROR;
    }

    return rc;
}


ngx_int_t
ngx_http_ai_translate_ping(ngx_http_ai_ctx_t *ctx)
{
    return ngx_ai_flow_ping(&ctx->hub->flow);
}


ngx_int_t
ngx_http_ai_translate_end(ngx_http_ai_ctx_t *ctx)
{
    return ngx_ai_flow_end(&ctx->hub->flow);
}


ngx_int_t
ngx_http_ai_translate_error(ngx_http_ai_ctx_t *ctx, ngx_ai_buf_t *out)
{
    ngx_ai_delta_t  delta;

    ngx_memzero(&delta, sizeof(ngx_ai_delta_t));

    delta.type = NGX_AI_DELTA_ERROR;
    delta.error = &ctx->error;

    ctx->hub->sink->out = out;

    return ctx->dialect->write_delta(ctx->hub->sink, &delta);
}


ngx_uint_t
ngx_http_ai_translate_content(ngx_http_ai_ctx_t *ctx)
{
    return ctx->hub->flow.content;
}


void
ngx_http_ai_translate_free(ngx_http_ai_ctx_t *ctx)
{
    if (ctx->hub == NULL) {
        return;
    }

    ngx_ai_buf_free(&ctx->hub->body);

    if (ctx->hub->pool) {
        ngx_destroy_pool(ctx->hub->pool);
    }

    ngx_http_ai_body_close(ctx);

    ctx->hub = NULL;
}


static ngx_http_ai_desk_t *
ngx_http_ai_desk(ngx_http_ai_ctx_t *ctx)
{
    ngx_http_ai_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_ai_gateway_module);

    return &amcf->desk;
}


ngx_int_t
ngx_http_ai_desk_init(ngx_http_ai_desk_t *desk, ngx_log_t *log)
{
    desk->pool = ngx_create_pool(NGX_HTTP_AI_DESK_POOL, log);
    if (desk->pool == NULL) {
        return NGX_ERROR;
    }

    ngx_ai_tree_init(&desk->tree, NGX_HTTP_AI_DESK_NODES, log);
    ngx_ai_buf_init(&desk->out, NGX_HTTP_AI_DESK_OUT, log);

    return NGX_OK;
}


/* what one large event has taken is not kept for the small ones */

static ngx_int_t
ngx_http_ai_desk_clear(ngx_http_ai_desk_t *desk)
{
    if (desk->pool->d.next == NULL) {
        ngx_reset_pool(desk->pool);
        return NGX_OK;
    }

    ngx_destroy_pool(desk->pool);

    desk->pool = ngx_create_pool(NGX_HTTP_AI_DESK_POOL, ngx_cycle->log);

    return desk->pool ? NGX_OK : NGX_ERROR;
}


void
ngx_http_ai_desk_free(ngx_http_ai_desk_t *desk)
{
    if (desk->pool) {
        ngx_destroy_pool(desk->pool);
    }

    ngx_ai_tree_free(&desk->tree);
    ngx_ai_buf_free(&desk->out);
}
