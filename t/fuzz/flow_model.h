
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _FLOW_MODEL_H_INCLUDED_
#define _FLOW_MODEL_H_INCLUDED_


/* what the flow should make of it, for t/fuzz/flow.c */


#include "hub.h"


#define must(cond)  do { if (!(cond)) { abort(); } } while (0)

#define ITEMS  1024


/* a part, as the source has it or as the sink gets it */

typedef struct {
    ngx_uint_t           choice;
    ngx_uint_t           key;
    ngx_uint_t           kind;
    ngx_uint_t           live;
    ngx_uint_t           custom;
    ngx_uint_t           json;         /* "text" is JSON, not its source */
    hub_text_t           text;
    hub_text_t           name;
} flow_item_t;


typedef struct {
    flow_item_t          items[ITEMS];
    ngx_uint_t           n;
} flow_items_t;


static inline flow_item_t *
model_last(flow_items_t *items, ngx_uint_t choice)
{
    ngx_uint_t  i;

    for (i = items->n; i; i--) {
        if (items->items[i - 1].choice == choice) {
            return &items->items[i - 1];
        }
    }

    return NULL;
}


static inline flow_item_t *
model_push(flow_items_t *items, ngx_uint_t choice, ngx_uint_t key,
    ngx_uint_t kind)
{
    flow_item_t  *item, *last;

    last = model_last(items, choice);

    if (last != NULL && last->kind != NGX_AI_PART_TOOL_CALL) {
        last->live = 0;
    }

    must(items->n < ITEMS);

    item = &items->items[items->n++];
    item->choice = choice;
    item->key = key;
    item->kind = kind;
    item->live = 1;

    return item;
}


static inline flow_item_t *
model_call(flow_items_t *items, ngx_uint_t choice, ngx_uint_t key)
{
    ngx_uint_t    i;
    flow_item_t  *item;

    for (i = items->n; i; i--) {
        item = &items->items[i - 1];

        if (item->choice == choice && item->key == key && item->live
            && item->kind == NGX_AI_PART_TOOL_CALL)
        {
            return item;
        }
    }

    return NULL;
}


static inline void
model_text(flow_items_t *items, ngx_uint_t choice, ngx_uint_t kind,
    const ngx_str_t *text)
{
    flow_item_t  *item;

    if (text->len == 0) {
        return;
    }

    item = model_last(items, choice);

    if (item == NULL || item->kind != kind || !item->live) {
        item = model_push(items, choice, (ngx_uint_t) -1, kind);
    }

    hub_bytes(&item->text, text->data, text->len);
}


static inline void
model_args(flow_item_t *item, const ngx_str_t *args)
{
    if (!item->json) {
        hub_bytes(&item->text, args->data, args->len);
    }
}


static inline void
model_json(flow_item_t *item, const ngx_str_t *json)
{
    if (item->text.len || item->json || item->custom
        || strcmp((char *) json->data, "null") == 0)
    {
        return;
    }

    item->json = 1;

    if (json->data[0] == '{') {
        hub_bytes(&item->text, json->data, json->len);

    } else {
        hub_printf(&item->text, "{\"arguments\":%s}", (char *) json->data);
    }
}


static inline void
model_end(flow_items_t *items, ngx_uint_t choice, ngx_uint_t key)
{
    flow_item_t  *item;

    item = model_call(items, choice, key);

    if (item == NULL) {
        item = model_last(items, choice);

        if (item == NULL || item->key != key) {
            return;
        }
    }

    item->live = 0;
}


/* what waits for the end of a call has ended, too */

static inline void
model_finish(flow_items_t *items, ngx_uint_t choice)
{
    ngx_uint_t    i, calls;
    flow_item_t  *item;

    calls = 0;

    for (i = 0; i < items->n; i++) {
        item = &items->items[i];

        if (item->choice == choice && item->live
            && (calls || item->kind == NGX_AI_PART_TOOL_CALL))
        {
            item->live = 0;
            calls = 1;
        }
    }
}


static inline void
items_free(flow_items_t *items)
{
    ngx_uint_t  i;

    for (i = 0; i < items->n; i++) {
        hub_text_free(&items->items[i].text);
        hub_text_free(&items->items[i].name);
    }
}


#endif /* _FLOW_MODEL_H_INCLUDED_ */
