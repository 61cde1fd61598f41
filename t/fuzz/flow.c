
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Any sequence of calls into the flow.  The first byte says whether calls are
 * wanted whole, the second what may be held back, the third when the sink
 * fails; then come operations: one byte, one of choice and key, one of kind,
 * and a text.
 *
 * What the sink gets is held to the header's grammar, and to a model that
 * puts the parts in the order of the source with all of their texts, and
 * knows nothing of queues.
 */


#include "flow_model.h"
#include "ngx_ai_json.h"
#include "ngx_ai_tree.h"


typedef struct {
    ngx_uint_t           begun;
    ngx_uint_t           open;
    ngx_uint_t           kind;
    ngx_uint_t           index;
    ngx_uint_t           texts;
    ngx_uint_t           finished;
} flow_choice_t;


typedef struct {
    const uint8_t       *data;
    const uint8_t       *end;
    u_char               buf[4096];
    size_t               used;

    ngx_ai_flow_t        flow;
    ngx_ai_reply_t       reply;
    flow_items_t         source;
    flow_items_t         sink;
    flow_choice_t        choices[NGX_AI_FLOW_CHOICES];
    ngx_uint_t           started;
    ngx_uint_t           over;         /* 1: END, 2: ERROR */
    ngx_uint_t           told;         /* the source has said so */
    ngx_uint_t           fail;
} flow_fuzz_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ngx_uint_t fuzz_byte(flow_fuzz_t *z);
static ngx_str_t fuzz_text(flow_fuzz_t *z);
static ngx_str_t fuzz_json(flow_fuzz_t *z);
static ngx_int_t fuzz_op(flow_fuzz_t *z);
static ngx_int_t fuzz_call_op(flow_fuzz_t *z, ngx_uint_t op,
    ngx_uint_t choice, ngx_uint_t key);
static ngx_int_t fuzz_part_op(flow_fuzz_t *z, ngx_uint_t choice,
    ngx_uint_t key);
static ngx_int_t fuzz_rest_op(flow_fuzz_t *z, ngx_uint_t op,
    ngx_uint_t choice, ngx_uint_t key);

static ngx_int_t sink_write(void *data, const ngx_ai_delta_t *d);
static void sink_part(flow_fuzz_t *z, const ngx_ai_delta_t *d);
static void sink_part_end(flow_fuzz_t *z, const ngx_ai_delta_t *d);
static void sink_object(const ngx_str_t *json);
static void sink_end(flow_fuzz_t *z);
static void check_items(flow_fuzz_t *z);
static void check_call(flow_fuzz_t *z, flow_item_t *in, flow_item_t *out);


static const ngx_uint_t  fuzz_kinds[] = {
    NGX_AI_PART_TEXT, NGX_AI_PART_THINKING, NGX_AI_PART_REFUSAL,
    NGX_AI_PART_IMAGE, NGX_AI_PART_AUDIO, NGX_AI_PART_NATIVE,
    NGX_AI_PART_TOOL_CALL, NGX_AI_PART_TOOL_CALL
};

/* pieces of a string's source */

static const char *const  fuzz_pieces[] = {
    "a", "{", "}", "\\\"", "\\\\", "\\n", ":", "1", " ", "\\ud83d",
    "\\ude00", "\xc3\xa9", "[", "]", "null", ","
};

static const char *const  fuzz_jsons[] = {
    "{}", "{\"a\":1}", "{\"a\":\"\\n\xc3\xa9\"}", "{\n\t\"b\" :\r[ ] }",
    "null", "[1]", "\"x\"", "7"
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t        max;
    ngx_int_t     rc;
    ngx_log_t     log;
    ngx_pool_t   *pool;
    flow_fuzz_t  *z;

    z = calloc(1, sizeof(flow_fuzz_t));
    must(z != NULL);

    z->data = data;
    z->end = data + size;

    memset(&log, 0, sizeof(ngx_log_t));
    pool = ngx_create_pool(4096, &log);

    rc = fuzz_byte(z) & 1;
    max = fuzz_byte(z);
    max = max & 1 ? 100000 : max;

    must(ngx_ai_flow_init(&z->flow, pool, max, 7) == NGX_OK);

    z->flow.write = sink_write;
    z->flow.sink = z;
    z->flow.whole = rc;
    z->flow.reply = &z->reply;

    z->fail = fuzz_byte(z);
    z->fail = z->fail < 128 ? 0 : z->fail - 127;

    rc = NGX_OK;

    while (z->data < z->end && rc == NGX_OK && z->source.n < ITEMS - 1) {
        z->used = 0;

        rc = fuzz_op(z);

        must(rc == NGX_OK || rc == NGX_DECLINED || rc == NGX_ERROR
             || (rc == NGX_BUSY && z->fail == 1));
        must(z->flow.held <= max);
    }

    if (rc == NGX_OK && z->over == 1) {
        check_items(z);
        must(z->flow.held == 0);
    }

    ngx_destroy_pool(pool);

    items_free(&z->source);
    items_free(&z->sink);
    free(z);

    return 0;
}


static ngx_uint_t
fuzz_byte(flow_fuzz_t *z)
{
    return z->data < z->end ? *z->data++ : 0;
}


static ngx_str_t
fuzz_text(flow_fuzz_t *z)
{
    ngx_str_t    text;
    ngx_uint_t   n;
    const char  *piece;

    text.data = z->buf + z->used;

    for (n = fuzz_byte(z) & 0x0f; n && z->used < 4000; n--) {
        piece = fuzz_pieces[fuzz_byte(z) & 0x0f];

        memcpy(z->buf + z->used, piece, strlen(piece));
        z->used += strlen(piece);
    }

    text.len = z->buf + z->used - text.data;

    return text;
}


static ngx_str_t
fuzz_json(flow_fuzz_t *z)
{
    ngx_str_t  json;

    json.data = (u_char *) fuzz_jsons[fuzz_byte(z) & 7];
    json.len = strlen((char *) json.data);

    return json;
}


static ngx_int_t
fuzz_op(flow_fuzz_t *z)
{
    ngx_uint_t  op, choice, key;

    op = fuzz_byte(z) & 0x0f;
    choice = fuzz_byte(z);
    key = (choice >> 4) & 3;
    choice &= 0x0f;
    choice = choice < 8 ? choice & 1 : choice - 7;

    switch (op) {

    case 0:
    case 1:
    case 2:
    case 3:
        return fuzz_call_op(z, op, choice, key);

    case 4:
    case 5:
        return fuzz_part_op(z, choice, key);

    default:
        return fuzz_rest_op(z, op, choice, key);
    }
}


static ngx_int_t
fuzz_call_op(flow_fuzz_t *z, ngx_uint_t op, ngx_uint_t choice, ngx_uint_t key)
{
    ngx_str_t     id, name, args;
    flow_item_t  *item;

    ngx_str_null(&id);
    ngx_str_null(&name);

    item = choice < NGX_AI_FLOW_CHOICES
           ? model_call(&z->source, choice, key) : NULL;

    if (op == 3) {
        args = fuzz_json(z);

        if (item != NULL && !z->told) {
            model_json(item, &args);
        }

        return ngx_ai_flow_call_json(&z->flow, choice, key, &args);
    }

    if (op != 1) {
        name = fuzz_text(z);
    }

    if (op == 2) {
        id = fuzz_text(z);
    }

    args = fuzz_text(z);

    if (!z->told && choice < NGX_AI_FLOW_CHOICES) {

        if (item == NULL) {
            item = model_push(&z->source, choice, key, NGX_AI_PART_TOOL_CALL);
        }

        if (item->name.len == 0) {
            hub_bytes(&item->name, name.data, name.len);
        }

        model_args(item, &args);
    }

    return ngx_ai_flow_call(&z->flow, choice, key, &id, &name, &args);
}


static ngx_int_t
fuzz_part_op(flow_fuzz_t *z, ngx_uint_t choice, ngx_uint_t key)
{
    ngx_uint_t      kind;
    flow_item_t    *item;
    ngx_ai_part_t   part;

    memset(&part, 0, sizeof(ngx_ai_part_t));

    kind = fuzz_byte(z);

    part.kind = fuzz_kinds[kind & 7];
    part.text = fuzz_text(z);

    if (part.kind == NGX_AI_PART_TOOL_CALL) {
        part.name = fuzz_text(z);
        part.signature = fuzz_text(z);
        part.custom = (kind >> 3) & 1;

        if (!part.custom && (kind & 0x10)) {
            part.json = fuzz_json(z);
            part.text.len = 0;
        }

    } else {
        key += 4;
        part.data = fuzz_text(z);
        part.signature = fuzz_text(z);
        part.url = fuzz_text(z);
    }

    if (!z->told && choice < NGX_AI_FLOW_CHOICES) {
        item = model_push(&z->source, choice, key, part.kind);
        item->custom = part.custom;

        hub_bytes(&item->name, part.name.data, part.name.len);

        if (part.json.len) {
            model_json(item, &part.json);

        } else if (part.kind == NGX_AI_PART_TOOL_CALL) {
            model_args(item, &part.text);

        } else if (part.kind <= NGX_AI_PART_REFUSAL) {
            hub_bytes(&item->text, part.text.data, part.text.len);
        }
    }

    return ngx_ai_flow_part(&z->flow, choice, key, &part);
}


static ngx_int_t
fuzz_rest_op(flow_fuzz_t *z, ngx_uint_t op, ngx_uint_t choice, ngx_uint_t key)
{
    ngx_str_t          text;
    ngx_uint_t         kind, known;
    ngx_ai_error_t     error;
    ngx_ai_usage_t     usage;
    ngx_ai_citation_t  citation;

    static const ngx_uint_t  kinds[] = {
        NGX_AI_PART_TEXT, NGX_AI_PART_THINKING, NGX_AI_PART_REFUSAL,
        NGX_AI_PART_AUDIO
    };

    memset(&error, 0, sizeof(ngx_ai_error_t));
    memset(&usage, 0, sizeof(ngx_ai_usage_t));
    memset(&citation, 0, sizeof(ngx_ai_citation_t));

    known = (!z->told && choice < NGX_AI_FLOW_CHOICES);
    kind = fuzz_byte(z);
    text = fuzz_text(z);

    switch (op) {

    case 6:
    case 7:
        kind = kinds[kind & 3];

        if (known) {
            model_text(&z->source, choice, kind, &text);
        }

        return ngx_ai_flow_text(&z->flow, choice, kind, &text);

    case 8:
        key += kind & 4;

        if (known) {
            model_end(&z->source, choice, key);
        }

        return ngx_ai_flow_part_end(&z->flow, choice, key);

    case 9:
        key += kind & 4;
        return ngx_ai_flow_signature(&z->flow, choice, key, kind, &text);

    case 10:
        citation.url = text;
        return ngx_ai_flow_citation(&z->flow, choice, &citation);

    case 11:
        kind %= NGX_AI_FINISH_MAX;

        if (known && kind != NGX_AI_FINISH_NONE) {
            model_finish(&z->source, choice);
        }

        return ngx_ai_flow_finish(&z->flow, choice, kind, &text);

    case 12:
        usage.tokens[NGX_AI_USAGE_INPUT] = kind;
        return ngx_ai_flow_usage(&z->flow, &usage);

    case 13:
        return kind & 1 ? ngx_ai_flow_ping(&z->flow)
                        : ngx_ai_flow_logprobs(&z->flow, choice, &text);

    case 14:
        return ngx_ai_flow_start(&z->flow, &text, &text, kind);

    default:
        z->told = 1;

        return kind & 0x80 ? ngx_ai_flow_error(&z->flow, &error)
                           : ngx_ai_flow_end(&z->flow);
    }
}


static ngx_int_t
sink_write(void *data, const ngx_ai_delta_t *d)
{
    flow_fuzz_t *z = data;

    flow_choice_t  *ch;

    must(!z->over);
    must(d->choice < NGX_AI_FLOW_CHOICES);
    must(z->started || d->type == NGX_AI_DELTA_START
         || d->type == NGX_AI_DELTA_ERROR);

    ch = &z->choices[d->choice];

    must(!ch->finished || d->type >= NGX_AI_DELTA_FINISH);

    switch (d->type) {

    case NGX_AI_DELTA_START:
        must(!z->started);
        z->started = 1;
        break;

    case NGX_AI_DELTA_PART:
        sink_part(z, d);
        break;

    case NGX_AI_DELTA_TEXT:
        must(ch->open && d->index == ch->index && d->text.len);
        must(d->part->kind == ch->kind);
        must(ch->kind != NGX_AI_PART_TOOL_CALL || !z->flow.whole);

        ch->texts++;
        hub_bytes(&model_last(&z->sink, d->choice)->text, d->text.data,
                  d->text.len);
        break;

    case NGX_AI_DELTA_SIGNATURE:
        must(ch->open && d->index == ch->index && d->text.len);
        must(d->part->kind == ch->kind);
        break;

    case NGX_AI_DELTA_CITATION:
        must(ch->open && ch->kind == NGX_AI_PART_TEXT);
        break;

    case NGX_AI_DELTA_PART_END:
        sink_part_end(z, d);
        break;

    case NGX_AI_DELTA_FINISH:
        must(!ch->open && !ch->finished);
        must(d->finish != NGX_AI_FINISH_NONE);
        ch->finished = 1;
        break;

    case NGX_AI_DELTA_USAGE:
        must(d->usage->reported);
        break;

    case NGX_AI_DELTA_ERROR:
        must(z->reply.error);
        z->over = 2;
        break;

    case NGX_AI_DELTA_END:
        sink_end(z);
        z->over = 1;
        break;
    }

    if (z->fail && --z->fail == 0) {
        z->fail = 1;
        z->over = 3;
        return NGX_BUSY;
    }

    return NGX_OK;
}


static void
sink_part(flow_fuzz_t *z, const ngx_ai_delta_t *d)
{
    flow_item_t    *item;
    flow_choice_t  *ch;

    ch = &z->choices[d->choice];

    must(!ch->open && d->index == ch->index);

    ch->begun = 1;
    ch->open = 1;
    ch->kind = d->part->kind;
    ch->texts = 0;

    item = model_push(&z->sink, d->choice, 0, d->part->kind);
    item->custom = d->part->custom;

    if (d->part->kind != NGX_AI_PART_TOOL_CALL) {
        must(d->part->kind > NGX_AI_PART_REFUSAL
             || (d->part->text.len == 0 && d->part->signature.len == 0));
        return;
    }

    must(d->part->id.len && d->part->name.len);

    hub_bytes(&item->name, d->part->name.data, d->part->name.len);

    if (!z->flow.whole) {
        must(d->part->json.len == 0 && d->part->text.len == 0);
        return;
    }

    if (d->part->custom) {
        must(d->part->json.len == 0);
        hub_bytes(&item->text, d->part->text.data, d->part->text.len);
        return;
    }

    item->json = 1;
    hub_bytes(&item->text, d->part->json.data, d->part->json.len);
    sink_object(&d->part->json);
}


static void
sink_part_end(flow_fuzz_t *z, const ngx_ai_delta_t *d)
{
    flow_choice_t  *ch;

    ch = &z->choices[d->choice];

    must(ch->open && d->index == ch->index);
    must(d->part->kind == ch->kind);
    must(ch->kind != NGX_AI_PART_TOOL_CALL || z->flow.whole
         || d->part->custom || ch->texts);

    ch->open = 0;
    ch->index++;
}


/* half of a surrogate pair may be in it */

static void
sink_object(const ngx_str_t *json)
{
    ngx_log_t      log;
    ngx_ai_tree_t  tree;

    memset(&log, 0, sizeof(ngx_log_t));

    ngx_ai_tree_init(&tree, 100000, &log);

    must(ngx_ai_tree_read(&tree, json) == NGX_OK);
    must(ngx_ai_tree_root(&tree)->type == NGX_AI_JSON_OBJECT);

    ngx_ai_tree_free(&tree);
}


static void
sink_end(flow_fuzz_t *z)
{
    ngx_uint_t      i;
    flow_choice_t  *ch;

    must(z->told);
    must(z->choices[0].finished);

    for (i = 0; i < NGX_AI_FLOW_CHOICES; i++) {
        ch = &z->choices[i];

        must(!ch->open);
        must(!ch->begun || ch->finished);
    }
}


/* what came is what went, in its order */

static void
check_items(flow_fuzz_t *z)
{
    ngx_uint_t    choice, i, k;
    flow_item_t  *in, *out;

    must(z->source.n == z->sink.n);

    for (choice = 0; choice < NGX_AI_FLOW_CHOICES; choice++) {
        k = 0;

        for (i = 0; i < z->source.n; i++) {
            in = &z->source.items[i];

            if (in->choice != choice) {
                continue;
            }

            while (z->sink.items[k].choice != choice) {
                k++;
                must(k < z->sink.n);
            }

            out = &z->sink.items[k++];

            must(in->kind == out->kind);

            if (in->kind == NGX_AI_PART_TOOL_CALL) {
                check_call(z, in, out);
                continue;
            }

            must(in->text.len == out->text.len);
            must(in->text.len == 0
                 || memcmp(in->text.data, out->text.data, in->text.len) == 0);
        }
    }
}


static void
check_call(flow_fuzz_t *z, flow_item_t *in, flow_item_t *out)
{
    ngx_str_t             text;
    ngx_ai_buf_t          buf;
    ngx_ai_json_writer_t  w;

    must(in->custom == out->custom);
    must(in->name.len == out->name.len);
    must(memcmp(in->name.data, out->name.data, in->name.len) == 0);

    if (in->text.len == 0 && !in->custom) {
        must(out->text.len == 2 && memcmp(out->text.data, "{}", 2) == 0);
        return;
    }

    if (in->json == out->json) {
        must(in->text.len == out->text.len);
        must(in->text.len == 0
             || memcmp(in->text.data, out->text.data, in->text.len) == 0);
        return;
    }

    if (out->json) {
        return;
    }

    /* JSON has become the source of a string */

    text.data = (u_char *) in->text.data;
    text.len = in->text.len;

    ngx_ai_buf_init(&buf, 100000, NULL);
    ngx_ai_json_writer_init(&w, &buf);
    ngx_ai_json_write_string(&w, &text);

    must(w.rc == NGX_OK);
    must(ngx_ai_buf_len(&buf) == out->text.len + 2);
    must(memcmp(buf.start + 1, out->text.data, out->text.len) == 0);

    ngx_ai_buf_free(&buf);
}
