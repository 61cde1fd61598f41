
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_responses.h"
#include "ngx_ai_sign.h"


typedef struct {
    const char       *prefix;      /* of the id */
    const char       *added;       /* the item's members when it begins, ... */
    const char       *open;        /* and as they are gathered */
    const char       *close;
} ngx_ai_responses_kind_t;


static ngx_int_t ngx_ai_responses_say_item(ngx_ai_responses_sink_t *s,
    const char *name, const ngx_str_t *item);


static const ngx_ai_responses_kind_t  ngx_ai_responses_kinds[] = {

    { NULL, NULL, NULL, NULL },

    { "msg_",
      "\"type\":\"message\",\"status\":\"in_progress\","
      "\"role\":\"assistant\",\"content\":[]",
      "\"type\":\"message\",\"role\":\"assistant\",\"content\":[",
      "]" },

    { "rs_",
      "\"type\":\"reasoning\",\"status\":\"in_progress\",\"summary\":[]",
      "\"type\":\"reasoning\",\"summary\":[",
      "]" },

    { "fc_",
      "\"type\":\"function_call\",\"status\":\"in_progress\","
      "\"arguments\":\"\"",
      "\"type\":\"function_call\"",
      "\"" },

    { "ctc_",
      "\"type\":\"custom_tool_call\",\"status\":\"in_progress\","
      "\"input\":\"\"",
      "\"type\":\"custom_tool_call\"",
      "\"" },

    { "ig_",
      "\"type\":\"image_generation_call\",\"status\":\"in_progress\","
      "\"result\":null",
      "\"type\":\"image_generation_call\"",
      "" }
};


ngx_int_t
ngx_ai_responses_open(ngx_ai_responses_sink_t *s, ngx_uint_t kind,
    const ngx_str_t *members)
{
    size_t                          mark;
    u_char                         *p;
    ngx_int_t                       rc;
    ngx_ai_json_writer_t            w;
    const ngx_ai_responses_kind_t  *k;

    rc = ngx_ai_responses_close(s);
    if (rc != NGX_OK) {
        return rc;
    }

    k = &ngx_ai_responses_kinds[kind];

    p = ngx_cpymem(s->where, "\"item_id\":\"", sizeof("\"item_id\":\"") - 1);
    s->id.data = p;
    p = ngx_ai_responses_id(p, k->prefix, s->sink.told, s->n);
    s->id.len = p - s->id.data;
    p = ngx_sprintf(p, "\",\"output_index\":%ui", s->n);
    s->where_item = p - s->where;
    s->where_len = s->where_item;

    if (s->n++) {
        ngx_ai_responses_keep(s, ",");
    }

    s->kind = kind;
    s->parts = 0;
    s->item = ngx_ai_buf_len(&s->kept->items);

    ngx_ai_responses_keep(s, "{\"id\":\"");
    ngx_ai_responses_put(&s->gather, s->id.data, s->id.len);
    ngx_ai_responses_keep(s, "\",");
    ngx_ai_responses_keep(s, k->open);

    ngx_ai_responses_begin_event(s, &w, "response.output_item.added", &mark);

    ngx_ai_json_write_key(&w, "output_index");
    ngx_ai_json_write_int(&w, (int64_t) s->n - 1);
    ngx_ai_json_write_key(&w, "item");
    ngx_ai_json_write_object(&w);
    ngx_ai_responses_write_pair(&w, "id", &s->id);
    ngx_ai_json_write_members(&w, k->added, ngx_strlen(k->added));

    if (members != NULL) {
        ngx_ai_responses_keep(s, ",");
        ngx_ai_responses_put(&s->gather, members->data, members->len);
        ngx_ai_json_write_raw(&w, members);
    }

    ngx_ai_json_write_end(&w);

    return ngx_ai_responses_end_event(s, &w, mark);
}


ngx_int_t
ngx_ai_responses_close(ngx_ai_responses_sink_t *s)
{
    ngx_str_t  item;

    if (s->kind == NGX_AI_RESPONSES_NOTHING) {
        return NGX_OK;
    }

    ngx_ai_responses_keep(s, ngx_ai_responses_kinds[s->kind].close);

    if (ngx_ai_buf_len(&s->kept->sealed)) {
        ngx_ai_responses_keep(s, ",\"encrypted_content\":\"");
        ngx_ai_responses_put(&s->gather, s->kept->sealed.start,
                             ngx_ai_buf_len(&s->kept->sealed));
        ngx_ai_responses_keep(s, "\"");
        ngx_ai_buf_free(&s->kept->sealed);
    }

    /* what is open when the stream finishes was cut by what finished it */

    if (s->finish == NGX_AI_FINISH_LENGTH
        || s->finish == NGX_AI_FINISH_FILTER)
    {
        ngx_ai_responses_keep(s, ",\"status\":\"incomplete\"}");

    } else {
        ngx_ai_responses_keep(s, ",\"status\":\"completed\"}");
    }

    s->kind = NGX_AI_RESPONSES_NOTHING;

    item = ngx_ai_responses_since(s, s->item);

    return ngx_ai_responses_say_item(s, "response.output_item.done", &item);
}


/*
 * Appends to the seal of the thoughts that are open, or of some that nobody
 * sees.  "mark" tells what is redacted from what is signed.
 */

ngx_int_t
ngx_ai_responses_seal(ngx_ai_responses_sink_t *s, ngx_uint_t origin,
    const char *mark, const ngx_str_t *data)
{
    ngx_int_t             rc;
    ngx_str_t             prefix;
    ngx_ai_json_writer_t  w;

    if (data->len == 0 || !ngx_ai_responses_signs(s->sink.chat)) {
        return NGX_OK;
    }

    if (s->kind != NGX_AI_RESPONSES_THOUGHT || *mark) {
        rc = ngx_ai_responses_open(s, NGX_AI_RESPONSES_THOUGHT, NULL);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    ngx_ai_json_writer_init(&w, &s->kept->sealed);

    if (ngx_ai_buf_len(&s->kept->sealed) == 0
        && origin != NGX_AI_DIALECT_RESPONSES)
    {
        ngx_str_set(&prefix, "");

        if (ngx_ai_signature_wrap(s->sink.pool, origin, &prefix, &prefix)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_ai_responses_put(&w, prefix.data, prefix.len);
        ngx_ai_responses_put(&w, mark, ngx_strlen(mark));
    }

    ngx_ai_responses_put(&w, data->data, data->len);

    return w.rc;
}


ngx_int_t
ngx_ai_responses_draw(ngx_ai_responses_sink_t *s, const ngx_ai_part_t *part)
{
    size_t     n;
    ngx_int_t  rc;

    /* there is no form for one that is elsewhere */

    if (part->data.len == 0) {
        return NGX_OK;
    }

    n = sizeof("image/") - 1;

    rc = ngx_ai_responses_open(s, NGX_AI_RESPONSES_DRAWN, NULL);

    if (rc == NGX_OK) {
        rc = ngx_ai_responses_say(s,
                                  "response.image_generation_call.in_progress",
                                  NULL, NULL, NULL);
    }

    if (rc == NGX_OK) {
        rc = ngx_ai_responses_say(s,
                                  "response.image_generation_call.generating",
                                  NULL, NULL, NULL);
    }

    if (rc == NGX_OK) {
        rc = ngx_ai_responses_say(s,
                                  "response.image_generation_call.completed",
                                  NULL, NULL, NULL);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (part->media.len > n && ngx_memcmp(part->media.data, "image/", n) == 0)
    {
        ngx_ai_responses_keep(s, ",\"output_format\":\"");
        ngx_ai_responses_put(&s->gather, part->media.data + n,
                             part->media.len - n);
        ngx_ai_responses_keep(s, "\"");
    }

    ngx_ai_responses_keep(s, ",\"result\":\"");
    ngx_ai_responses_put(&s->gather, part->data.data, part->data.len);
    ngx_ai_responses_keep(s, "\"");

    return ngx_ai_responses_close(s);
}


ngx_int_t
ngx_ai_responses_pass(ngx_ai_responses_sink_t *s, const ngx_str_t *json)
{
    ngx_int_t             rc;
    ngx_str_t             item;
    ngx_ai_json_writer_t  w;

    rc = ngx_ai_responses_close(s);
    if (rc != NGX_OK) {
        return rc;
    }

    if (s->n++) {
        ngx_ai_responses_keep(s, ",");
    }

    s->item = ngx_ai_buf_len(&s->kept->items);

    ngx_ai_json_writer_init(&w, &s->kept->items);
    ngx_ai_responses_json(&w, json);

    if (w.rc != NGX_OK) {
        return w.rc;
    }

    item = ngx_ai_responses_since(s, s->item);

    rc = ngx_ai_responses_say_item(s, "response.output_item.added", &item);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_ai_responses_say_item(s, "response.output_item.done", &item);
}


ngx_int_t
ngx_ai_responses_say(ngx_ai_responses_sink_t *s, const char *name,
    const char *key, const ngx_str_t *raw, const ngx_str_t *logprobs)
{
    size_t                mark;
    ngx_ai_json_writer_t  w;

    ngx_ai_responses_begin_event(s, &w, name, &mark);
    ngx_ai_json_write_members(&w, (char *) s->where, s->where_len);

    if (key != NULL) {
        ngx_ai_json_write_key(&w, key);
        ngx_ai_json_write_raw(&w, raw);
    }

    if (logprobs != NULL) {
        ngx_ai_json_write_key(&w, "logprobs");
        ngx_ai_json_write_raw(&w, logprobs);
    }

    return ngx_ai_responses_end_event(s, &w, mark);
}


static ngx_int_t
ngx_ai_responses_say_item(ngx_ai_responses_sink_t *s, const char *name,
    const ngx_str_t *item)
{
    size_t                mark;
    ngx_ai_json_writer_t  w;

    if (s->gather.rc != NGX_OK) {
        return s->gather.rc;
    }

    ngx_ai_responses_begin_event(s, &w, name, &mark);

    ngx_ai_json_write_key(&w, "output_index");
    ngx_ai_json_write_int(&w, (int64_t) s->n - 1);
    ngx_ai_json_write_key(&w, "item");
    ngx_ai_json_write_raw(&w, item);

    return ngx_ai_responses_end_event(s, &w, mark);
}


void
ngx_ai_responses_keep(ngx_ai_responses_sink_t *s, const char *text)
{
    ngx_ai_responses_put(&s->gather, text, ngx_strlen(text));
}


ngx_str_t
ngx_ai_responses_since(ngx_ai_responses_sink_t *s, size_t start)
{
    ngx_str_t  slice;

    slice.data = s->kept->items.start + start;
    slice.len = ngx_ai_buf_len(&s->kept->items) - start;

    return slice;
}
