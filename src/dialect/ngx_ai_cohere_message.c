
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/* The messages of a request: what their members mean depends on the role. */


#include "ngx_ai_args.h"
#include "ngx_ai_cohere.h"
#include "ngx_ai_inner.h"


#define NGX_AI_COHERE_MEDIA_MAX  128     /* of a data URL, up to its data */


typedef struct {
    const ngx_ai_node_t  *role;
    const ngx_ai_node_t  *content;
    const ngx_ai_node_t  *calls;
    ngx_str_t             plan;
    ngx_str_t             call_id;
} ngx_ai_cohere_message_t;


typedef struct {
    const ngx_ai_node_t  *type;
    const ngx_ai_node_t  *text;
    const ngx_ai_node_t  *thinking;
    const ngx_ai_node_t  *image;
    const ngx_ai_node_t  *document;
} ngx_ai_cohere_block_t;


typedef struct {
    const ngx_ai_node_t  *data;
    ngx_str_t             id;
} ngx_ai_cohere_document_t;


typedef struct {
    const ngx_ai_node_t  *function;
    ngx_str_t             id;
    ngx_str_t             name;
    const ngx_ai_node_t  *arguments;
} ngx_ai_cohere_call_t;


static ngx_int_t ngx_ai_cohere_read_message(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_cohere_read_role(ngx_ai_walk_t *w,
    const ngx_ai_node_t *role, ngx_uint_t *value, ngx_uint_t *tool);
static ngx_int_t ngx_ai_cohere_read_plan(ngx_ai_walk_t *w,
    const ngx_str_t *plan, ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_read_result(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, const ngx_ai_cohere_message_t *m,
    ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_read_content(ngx_ai_walk_t *w,
    const ngx_ai_node_t *content, ngx_uint_t tool, ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_read_block(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_uint_t tool, ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_read_text(ngx_ai_walk_t *w,
    const ngx_ai_node_t *text, ngx_uint_t kind, ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_read_image(ngx_ai_walk_t *w,
    const ngx_ai_node_t *image, ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_read_url(ngx_ai_walk_t *w,
    const ngx_str_t *url, ngx_ai_part_t *part);
static ngx_int_t ngx_ai_cohere_read_document(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_read_calls(ngx_ai_walk_t *w,
    const ngx_ai_node_t *list, ngx_array_t *parts);
static ngx_int_t ngx_ai_cohere_read_call(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_part_t *part);
static ngx_int_t ngx_ai_cohere_node(ngx_ai_walk_t *w,
    const ngx_ai_node_t *value, const ngx_ai_member_t *member, void *to);


static const ngx_ai_member_t  ngx_ai_cohere_message_members[] = {
    { ngx_string("role"), NGX_AI_STRING, ngx_ai_cohere_node,
      offsetof(ngx_ai_cohere_message_t, role), 0 },
    { ngx_string("content"), NGX_AI_STRING|NGX_AI_ARRAY, ngx_ai_cohere_node,
      offsetof(ngx_ai_cohere_message_t, content), 0 },
    { ngx_string("tool_calls"), NGX_AI_ARRAY, ngx_ai_cohere_node,
      offsetof(ngx_ai_cohere_message_t, calls), 0 },
    { ngx_string("tool_plan"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_cohere_message_t, plan), 0 },
    { ngx_string("tool_call_id"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_cohere_message_t, call_id), 0 },
    { ngx_string("citations"), NGX_AI_ARRAY, ngx_ai_cohere_read_dropped,
      0, 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_cohere_block_members[] = {
    { ngx_string("type"), NGX_AI_STRING, ngx_ai_cohere_node,
      offsetof(ngx_ai_cohere_block_t, type), 0 },
    { ngx_string("text"), NGX_AI_STRING, ngx_ai_cohere_node,
      offsetof(ngx_ai_cohere_block_t, text), 0 },
    { ngx_string("thinking"), NGX_AI_STRING, ngx_ai_cohere_node,
      offsetof(ngx_ai_cohere_block_t, thinking), 0 },
    { ngx_string("image_url"), NGX_AI_OBJECT, ngx_ai_cohere_node,
      offsetof(ngx_ai_cohere_block_t, image), 0 },
    { ngx_string("document"), NGX_AI_OBJECT, ngx_ai_cohere_node,
      offsetof(ngx_ai_cohere_block_t, document), 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_cohere_image_members[] = {
    { ngx_string("url"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, url), 0 },
    { ngx_string("detail"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_part_t, detail), 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_cohere_document_members[] = {
    { ngx_string("data"), NGX_AI_OBJECT|NGX_AI_STRING, ngx_ai_cohere_node,
      offsetof(ngx_ai_cohere_document_t, data), 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_cohere_call_members[] = {
    { ngx_string("id"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_cohere_call_t, id), 0 },
    { ngx_string("type"), NGX_AI_STRING, NULL, 0, 0 },
    { ngx_string("function"), NGX_AI_OBJECT, ngx_ai_cohere_node,
      offsetof(ngx_ai_cohere_call_t, function), 0 },
    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_cohere_function_members[] = {
    { ngx_string("name"), NGX_AI_STRING, ngx_ai_walk_text,
      offsetof(ngx_ai_cohere_call_t, name), 0 },
    { ngx_string("arguments"), NGX_AI_STRING, ngx_ai_cohere_node,
      offsetof(ngx_ai_cohere_call_t, arguments), 0 },
    ngx_ai_null_member
};


ngx_int_t
ngx_ai_cohere_read_messages(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(value);

    for (i = 0; i < value->n; i++) {

        if (ngx_ai_cohere_read_message(w, node, to) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_message(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_chat_t *chat)
{
    ngx_uint_t                role, tool;
    ngx_ai_message_t         *message;
    ngx_ai_cohere_message_t   m;

    ngx_memzero(&m, sizeof(ngx_ai_cohere_message_t));

    if (ngx_ai_walk_element(w, node, ngx_ai_cohere_message_members, &m)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (m.role == NULL) {
        return ngx_ai_walk_fail(w, node, "has no role");
    }

    if (ngx_ai_cohere_read_role(w, m.role, &role, &tool) != NGX_OK) {
        return NGX_ERROR;
    }

    message = ngx_ai_chat_message(chat, role);
    if (message == NULL) {
        return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
    }

    if (tool) {
        return ngx_ai_cohere_read_result(w, node, &m, &message->parts);
    }

    if (role == NGX_AI_ROLE_ASSISTANT
        && ngx_ai_cohere_read_plan(w, &m.plan, &message->parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_ai_cohere_read_content(w, m.content, 0, &message->parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return (role == NGX_AI_ROLE_ASSISTANT && m.calls != NULL)
           ? ngx_ai_cohere_read_calls(w, m.calls, &message->parts) : NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_role(ngx_ai_walk_t *w, const ngx_ai_node_t *role,
    ngx_uint_t *value, ngx_uint_t *tool)
{
    *tool = ngx_ai_tree_is(w->tree, role, "tool");

    if (*tool || ngx_ai_tree_is(w->tree, role, "user")) {
        *value = NGX_AI_ROLE_USER;

    } else if (ngx_ai_tree_is(w->tree, role, "assistant")) {
        *value = NGX_AI_ROLE_ASSISTANT;

    } else {
        *value = NGX_AI_ROLE_SYSTEM;
    }

    if (*value == NGX_AI_ROLE_SYSTEM
        && !ngx_ai_tree_is(w->tree, role, "system"))
    {
        return ngx_ai_walk_fail(w, role, "must be \"system\", \"user\", "
                                "\"assistant\" or \"tool\"");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_plan(ngx_ai_walk_t *w, const ngx_str_t *plan,
    ngx_array_t *parts)
{
    ngx_ai_part_t  *part;

    if (plan->len == 0) {
        return NGX_OK;
    }

    part = ngx_ai_part_push(parts, NGX_AI_PART_THINKING);
    if (part == NULL) {
        return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
    }

    part->origin = NGX_AI_DIALECT_COHERE;
    part->text = *plan;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_result(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    const ngx_ai_cohere_message_t *m, ngx_array_t *parts)
{
    ngx_str_t       signature;
    ngx_uint_t      origin;
    ngx_ai_part_t  *part;

    if (m->call_id.len == 0) {
        return ngx_ai_walk_fail(w, node, "has no tool_call_id");
    }

    part = ngx_ai_part_push(parts, NGX_AI_PART_TOOL_RESULT);
    if (part == NULL) {
        return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
    }

    part->id = m->call_id;
    (void) ngx_ai_id_split(&m->call_id, &part->id, &origin, &signature);

    part->parts = ngx_ai_parts_create(w->pool);
    if (part->parts == NULL) {
        return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
    }

    return ngx_ai_cohere_read_content(w, m->content, 1, part->parts);
}


static ngx_int_t
ngx_ai_cohere_read_content(ngx_ai_walk_t *w, const ngx_ai_node_t *content,
    ngx_uint_t tool, ngx_array_t *parts)
{
    ngx_uint_t            i;
    const ngx_ai_node_t  *node;

    if (content == NULL) {
        return NGX_OK;
    }

    if (content->type == NGX_AI_JSON_STRING) {
        return ngx_ai_cohere_read_text(w, content, NGX_AI_PART_TEXT, parts);
    }

    node = ngx_ai_tree_child(content);

    for (i = 0; i < content->n; i++) {

        if (ngx_ai_cohere_read_block(w, node, tool, parts) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_block(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_uint_t tool, ngx_array_t *parts)
{
    ngx_ai_cohere_block_t  b;

    ngx_memzero(&b, sizeof(ngx_ai_cohere_block_t));

    if (ngx_ai_walk_element(w, node, ngx_ai_cohere_block_members, &b)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (b.type == NULL) {
        return ngx_ai_walk_fail(w, node, "has no type");
    }

    if (ngx_ai_tree_is(w->tree, b.type, "text")) {

        return b.text ? ngx_ai_cohere_read_text(w, b.text, NGX_AI_PART_TEXT,
                                                parts)
                      : ngx_ai_walk_fail(w, node, "has no \"text\"");
    }

    if (ngx_ai_tree_is(w->tree, b.type, "thinking")) {

        return b.thinking ? ngx_ai_cohere_read_text(w, b.thinking,
                                                    NGX_AI_PART_THINKING,
                                                    parts)
                          : ngx_ai_walk_fail(w, node, "has no \"thinking\"");
    }

    if (ngx_ai_tree_is(w->tree, b.type, "image_url")) {

        return b.image ? ngx_ai_cohere_read_image(w, b.image, parts)
                       : ngx_ai_walk_fail(w, node, "has no \"image_url\"");
    }

    if (tool && ngx_ai_tree_is(w->tree, b.type, "document")) {

        return b.document ? ngx_ai_cohere_read_document(w, b.document, parts)
                          : ngx_ai_walk_fail(w, node, "has no \"document\"");
    }

    ngx_ai_walk_drop(w, b.type);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_text(ngx_ai_walk_t *w, const ngx_ai_node_t *text,
    ngx_uint_t kind, ngx_array_t *parts)
{
    ngx_str_t       s;
    ngx_ai_part_t  *part;

    ngx_ai_tree_text(w->tree, text, &s);

    if (s.len == 0) {
        return NGX_OK;
    }

    part = ngx_ai_part_push(parts, kind);
    if (part == NULL) {
        return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
    }

    part->text = s;

    if (kind == NGX_AI_PART_THINKING) {
        part->origin = NGX_AI_DIALECT_COHERE;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_image(ngx_ai_walk_t *w, const ngx_ai_node_t *image,
    ngx_array_t *parts)
{
    ngx_str_t       url;
    ngx_ai_part_t  *part;

    part = ngx_ai_part_push(parts, NGX_AI_PART_IMAGE);
    if (part == NULL) {
        return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
    }

    if (ngx_ai_walk_object(w, image, ngx_ai_cohere_image_members, part)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (part->url.len == 0) {
        return ngx_ai_walk_fail(w, image, "has no url");
    }

    url = part->url;

    return ngx_ai_cohere_read_url(w, &url, part);
}


/*
 * "data:image/png;base64,..." is taken apart, with the backslashes that some
 * clients put before slashes taken out of the media type.
 */

static ngx_int_t
ngx_ai_cohere_read_url(ngx_ai_walk_t *w, const ngx_str_t *url,
    ngx_ai_part_t *part)
{
    u_char     *p, *dst, *last;
    ngx_str_t   media;

    static const u_char  head[] = "data:";
    static const u_char  tail[] = ";base64,";

    if (url->len < sizeof(head) - 1
        || ngx_memcmp(url->data, head, sizeof(head) - 1) != 0)
    {
        return NGX_OK;
    }

    media.data = url->data + sizeof(head) - 1;
    media.len = ngx_min(url->len - (sizeof(head) - 1),
                        NGX_AI_COHERE_MEDIA_MAX);

    p = memmem(media.data, media.len, tail, sizeof(tail) - 1);

    if (p == NULL) {
        return NGX_OK;
    }

    media.len = p - media.data;
    p += sizeof(tail) - 1;

    ngx_str_null(&part->url);

    part->data.data = p;
    part->data.len = url->data + url->len - p;
    part->media = media;

    if (memchr(media.data, '\\', media.len) == NULL) {
        return NGX_OK;
    }

    dst = ngx_pnalloc(w->pool, media.len);
    if (dst == NULL) {
        return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
    }

    part->media.data = dst;
    last = media.data + media.len;

    for (p = media.data; p < last; p++) {
        if (*p != '\\') {
            *dst++ = *p;
        }
    }

    part->media.len = dst - part->media.data;

    return NGX_OK;
}


/* what a tool has found is a text to all others */

static ngx_int_t
ngx_ai_cohere_read_document(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_array_t *parts)
{
    ngx_str_t                  raw;
    ngx_ai_part_t             *part;
    ngx_ai_cohere_document_t   document;

    ngx_memzero(&document, sizeof(ngx_ai_cohere_document_t));

    if (ngx_ai_walk_object(w, node, ngx_ai_cohere_document_members, &document)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (document.data == NULL) {
        return ngx_ai_walk_fail(w, node, "has no data");
    }

    if (document.data->type == NGX_AI_JSON_STRING) {
        return ngx_ai_cohere_read_text(w, document.data, NGX_AI_PART_TEXT,
                                       parts);
    }

    part = ngx_ai_part_push(parts, NGX_AI_PART_TEXT);
    if (part == NULL) {
        return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
    }

    ngx_ai_tree_raw(w->tree, document.data, &raw);

    if (ngx_ai_inner_write(w->pool, &raw, &part->text) != NGX_OK) {
        return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_calls(ngx_ai_walk_t *w, const ngx_ai_node_t *list,
    ngx_array_t *parts)
{
    ngx_uint_t            i;
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_child(list);

    for (i = 0; i < list->n; i++) {

        part = ngx_ai_part_push(parts, NGX_AI_PART_TOOL_CALL);
        if (part == NULL) {
            return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
        }

        if (ngx_ai_cohere_read_call(w, node, part) != NGX_OK) {
            return NGX_ERROR;
        }

        node = ngx_ai_tree_next(w->tree, node);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_read_call(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_part_t *part)
{
    u_char                *p;
    ngx_str_t              text;
    ngx_ai_cohere_call_t   call;

    ngx_memzero(&call, sizeof(ngx_ai_cohere_call_t));

    if (ngx_ai_walk_element(w, node, ngx_ai_cohere_call_members, &call)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (call.function == NULL) {
        return ngx_ai_walk_fail(w, node, "has no function");
    }

    if (ngx_ai_walk_object(w, call.function, ngx_ai_cohere_function_members,
                           &call)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (call.name.len == 0) {
        return ngx_ai_walk_fail(w, call.function, "has no name");
    }

    part->name = call.name;
    part->id = call.id;
    (void) ngx_ai_id_split(&call.id, &part->id, &part->origin,
                           &part->signature);

    if (call.arguments == NULL) {
        return NGX_OK;
    }

    ngx_ai_tree_text(w->tree, call.arguments, &text);

    p = ngx_pnalloc(w->pool, ngx_ai_args_size(&text));
    if (p == NULL) {
        return ngx_ai_walk_fail(w, NULL, NGX_AI_COHERE_NO_MEMORY);
    }

    (void) ngx_ai_args_read(&text, p, &part->json);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_cohere_node(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    const ngx_ai_node_t **node = to;

    *node = value;

    return NGX_OK;
}


ngx_int_t
ngx_ai_cohere_read_dropped(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    if (value->n) {
        ngx_ai_walk_drop(w, value);
    }

    return NGX_OK;
}
