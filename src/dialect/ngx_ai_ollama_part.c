
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_args.h"
#include "ngx_ai_ollama.h"
#include "ngx_ai_sign.h"


typedef struct {
    ngx_str_t             id;
    ngx_str_t             name;
    const ngx_ai_node_t  *arguments;
} ngx_ai_ollama_call_t;


typedef struct {
    ngx_str_t             magic;   /* how its base64 begins */
    ngx_str_t             media;
} ngx_ai_ollama_image_t;


static ngx_int_t ngx_ai_ollama_read_function(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_read_node(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);
static ngx_int_t ngx_ai_ollama_arguments(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_str_t *json);
static ngx_int_t ngx_ai_ollama_write_texts(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part, ngx_uint_t n, ngx_uint_t kinds,
    const char *glue, ngx_log_t *log);


static const ngx_ai_member_t  ngx_ai_ollama_call_members[] = {

    { ngx_string("function"),
      NGX_AI_OBJECT,
      ngx_ai_ollama_read_function,
      0, 0 },

    { ngx_string("id"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_ollama_call_t, id),
      0 },

    { ngx_string("type"),
      NGX_AI_STRING,
      NULL,
      0, 0 },

      ngx_ai_null_member
};


/* a string as the arguments is of those who took them from OpenAI's API */

static const ngx_ai_member_t  ngx_ai_ollama_function_members[] = {

    { ngx_string("name"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_ollama_call_t, name),
      0 },

    { ngx_string("arguments"),
      NGX_AI_OBJECT | NGX_AI_STRING,
      ngx_ai_ollama_read_node,
      offsetof(ngx_ai_ollama_call_t, arguments),
      0 },

    { ngx_string("index"),
      NGX_AI_NUMBER,
      NULL,
      0, 0 },

      ngx_ai_null_member
};


static const ngx_ai_ollama_image_t  ngx_ai_ollama_images[] = {
    { ngx_string("iVBORw0KGgo"), ngx_string("image/png") },
    { ngx_string("R0lGOD"), ngx_string("image/gif") },
    { ngx_string("UklGR"), ngx_string("image/webp") },
    { ngx_null_string, ngx_string("image/jpeg") }
};


ngx_int_t
ngx_ai_ollama_read_images(ngx_ai_walk_t *w, const ngx_ai_node_t *images,
    ngx_array_t *parts)
{
    ngx_uint_t            i;
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *node;

    if (images == NULL) {
        return NGX_OK;
    }

    node = ngx_ai_tree_child(images);

    for (i = 0; i < images->n; i++) {

        if (node->type != NGX_AI_JSON_STRING) {
            return ngx_ai_walk_fail(w, node, "must be a string");
        }

        part = ngx_ai_part_push(parts, NGX_AI_PART_IMAGE);
        if (part == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        ngx_ai_tree_text(w->tree, node, &part->data);
        ngx_ai_ollama_media(&part->data, &part->media);

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


void
ngx_ai_ollama_media(const ngx_str_t *data, ngx_str_t *media)
{
    const ngx_ai_ollama_image_t  *image;

    for (image = ngx_ai_ollama_images; image->magic.len; image++) {

        if (data->len > image->magic.len
            && ngx_memcmp(data->data, image->magic.data, image->magic.len)
               == 0)
        {
            break;
        }
    }

    *media = image->media;
}


ngx_int_t
ngx_ai_ollama_read_calls(ngx_ai_walk_t *w, const ngx_ai_node_t *calls,
    ngx_array_t *parts)
{
    ngx_uint_t             i;
    ngx_ai_part_t         *part;
    const ngx_ai_node_t   *node;
    ngx_ai_ollama_call_t   call;

    if (calls == NULL) {
        return NGX_OK;
    }

    node = ngx_ai_tree_child(calls);

    for (i = 0; i < calls->n; i++) {
        ngx_memzero(&call, sizeof(ngx_ai_ollama_call_t));

        if (ngx_ai_walk_element(w, node, ngx_ai_ollama_call_members, &call)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (call.name.len == 0) {
            return ngx_ai_walk_fail(w, node, "has no name of a function");
        }

        part = ngx_ai_part_push(parts, NGX_AI_PART_TOOL_CALL);
        if (part == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        part->name = call.name;

        if (ngx_ai_id_split(&call.id, &part->id, &part->origin,
                            &part->signature)
            != NGX_OK)
        {
            part->id = call.id;
        }

        if (ngx_ai_ollama_arguments(w, call.arguments, &part->json)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_read_function(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    return ngx_ai_walk_object(w, value, ngx_ai_ollama_function_members, to);
}


static ngx_int_t
ngx_ai_ollama_read_node(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    const ngx_ai_node_t **node = to;

    *node = value;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_arguments(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_str_t *json)
{
    u_char     *p;
    ngx_str_t   text;

    if (node == NULL) {
        ngx_str_set(json, "{}");
        return NGX_OK;
    }

    if (node->type == NGX_AI_JSON_OBJECT) {
        ngx_ai_tree_raw(w->tree, node, json);
        return NGX_OK;
    }

    ngx_ai_tree_text(w->tree, node, &text);

    p = ngx_pnalloc(w->pool, ngx_ai_args_size(&text));

    if (p == NULL || ngx_ai_args_read(&text, p, json) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return NGX_OK;
}


ngx_int_t
ngx_ai_ollama_write_content(ngx_ai_json_writer_t *w,
    const ngx_ai_part_t *part, ngx_uint_t n, const char *glue,
    ngx_log_t *log)
{
    ngx_uint_t  i, images, thoughts;

    images = 0;
    thoughts = 0;

    for (i = 0; i < n; i++) {
        images |= (part[i].kind == NGX_AI_PART_IMAGE && part[i].data.len);
        thoughts |= (part[i].kind == NGX_AI_PART_THINKING && part[i].text.len);
    }

    ngx_ai_json_write_key(w, "content");

    if (ngx_ai_ollama_write_texts(w, part, n, (1 << NGX_AI_PART_TEXT)
                                              | (1 << NGX_AI_PART_REFUSAL),
                                  glue, log)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (thoughts) {
        ngx_ai_json_write_key(w, "thinking");

        if (ngx_ai_ollama_write_texts(w, part, n, 1 << NGX_AI_PART_THINKING,
                                      "", log)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (images) {
        ngx_ai_json_write_key(w, "images");
        ngx_ai_json_write_array(w);

        for (i = 0; i < n; i++) {
            if (part[i].kind == NGX_AI_PART_IMAGE && part[i].data.len) {
                ngx_ai_json_write_text(w, &part[i].data);
            }
        }

        ngx_ai_json_write_end(w);
    }

    return NGX_OK;
}


/* one text as it is; several are put together in memory of the moment */

static ngx_int_t
ngx_ai_ollama_write_texts(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part,
    ngx_uint_t n, ngx_uint_t kinds, const char *glue, ngx_log_t *log)
{
    ngx_int_t      rc;
    ngx_str_t      text;
    ngx_uint_t     i, found;
    ngx_ai_buf_t   joined;

    found = 0;
    ngx_str_null(&text);

    for (i = 0; i < n; i++) {
        if ((kinds & (1 << part[i].kind)) && part[i].text.len) {
            text = part[i].text;
            found++;
        }
    }

    if (found < 2) {
        ngx_ai_json_write_text(w, &text);
        return NGX_OK;
    }

    rc = NGX_OK;
    ngx_ai_buf_init(&joined, NGX_MAX_SIZE_T_VALUE, log);

    for (i = 0; i < n && rc == NGX_OK; i++) {

        if (!(kinds & (1 << part[i].kind)) || part[i].text.len == 0) {
            continue;
        }

        if (ngx_ai_buf_len(&joined)) {
            rc = ngx_ai_buf_append(&joined, glue, ngx_strlen(glue));
        }

        if (rc == NGX_OK) {
            rc = ngx_ai_buf_append(&joined, part[i].text.data,
                                   part[i].text.len);
        }
    }

    if (rc == NGX_OK) {
        text.data = joined.start;
        text.len = ngx_ai_buf_len(&joined);

        ngx_ai_json_write_text(w, &text);
    }

    ngx_ai_buf_free(&joined);

    return rc == NGX_OK ? NGX_OK : NGX_ERROR;
}


void
ngx_ai_ollama_write_call(ngx_ai_json_writer_t *w, const ngx_ai_part_t *part,
    const ngx_str_t *id, ngx_uint_t index)
{
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "id");
    ngx_ai_json_write_text(w, id);
    ngx_ai_json_write_key(w, "function");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "index");
    ngx_ai_json_write_int(w, index);
    ngx_ai_json_write_key(w, "name");
    ngx_ai_json_write_text(w, &part->name);
    ngx_ai_json_write_key(w, "arguments");
    ngx_ai_json_write_raw(w, &part->json);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}
