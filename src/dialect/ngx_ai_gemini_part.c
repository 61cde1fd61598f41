
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_gemini.h"
#include "ngx_ai_inner.h"


typedef struct {
    ngx_str_t              media;
    ngx_str_t              data;
    ngx_str_t              uri;
    ngx_str_t              name;
} ngx_ai_gemini_media_t;


typedef struct {
    ngx_str_t              id;
    ngx_str_t              name;
    const ngx_ai_node_t   *response;
    const ngx_ai_node_t   *parts;
} ngx_ai_gemini_result_t;


typedef struct {
    ngx_str_t              word;
    ngx_uint_t             kind;
} ngx_ai_gemini_word_t;


static ngx_uint_t ngx_ai_gemini_media_kind(const ngx_ai_gemini_media_t *media);
static ngx_uint_t ngx_ai_gemini_contains(const ngx_str_t *text,
    const ngx_str_t *word);
static ngx_int_t ngx_ai_gemini_list_thing(ngx_ai_walk_t *w,
    ngx_ai_gemini_list_t *list, const ngx_ai_gemini_part_t *from,
    const ngx_ai_node_t *node, ngx_uint_t origin, const ngx_str_t *signature);
static ngx_int_t ngx_ai_gemini_list_call(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_part_t *part);
static ngx_int_t ngx_ai_gemini_list_text(ngx_ai_walk_t *w,
    ngx_ai_gemini_list_t *list, ngx_uint_t kind, const ngx_str_t *text,
    ngx_uint_t joins);
static ngx_int_t ngx_ai_gemini_list_sign(ngx_ai_walk_t *w,
    ngx_ai_gemini_list_t *list, const ngx_ai_gemini_part_t *from,
    ngx_uint_t origin, const ngx_str_t *signature);
static ngx_ai_part_t *ngx_ai_gemini_list_push(ngx_ai_walk_t *w,
    ngx_ai_gemini_list_t *list, ngx_uint_t kind);
static ngx_int_t ngx_ai_gemini_result(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_part_t *part);
static ngx_int_t ngx_ai_gemini_response(ngx_ai_walk_t *w,
    const ngx_ai_node_t *node, ngx_ai_part_t *part);


#define NGX_AI_GEMINI_THING(camel, snake, types, field)                       \
    ngx_ai_gemini_row(camel, snake, types, ngx_ai_gemini_node,                \
                      offsetof(ngx_ai_gemini_part_t, field), 0)


static const ngx_ai_member_t  ngx_ai_gemini_part_members[] = {

    { ngx_string("text"),
      NGX_AI_STRING,
      ngx_ai_gemini_node,
      offsetof(ngx_ai_gemini_part_t, text),
      0 },

    { ngx_string("thought"),
      NGX_AI_BOOL,
      ngx_ai_walk_flag,
      offsetof(ngx_ai_gemini_part_t, thought),
      0 },

    NGX_AI_GEMINI_THING("thoughtSignature", "thought_signature",
                        NGX_AI_STRING, signature),
    NGX_AI_GEMINI_THING("functionCall", "function_call",
                        NGX_AI_OBJECT, call),
    NGX_AI_GEMINI_THING("functionResponse", "function_response",
                        NGX_AI_OBJECT, result),
    NGX_AI_GEMINI_THING("inlineData", "inline_data",
                        NGX_AI_OBJECT, blob),
    NGX_AI_GEMINI_THING("fileData", "file_data",
                        NGX_AI_OBJECT, file),
    NGX_AI_GEMINI_THING("executableCode", "executable_code",
                        NGX_AI_OBJECT, native),
    NGX_AI_GEMINI_THING("codeExecutionResult", "code_execution_result",
                        NGX_AI_OBJECT, native),
    NGX_AI_GEMINI_THING("toolCall", "tool_call",
                        NGX_AI_OBJECT, native),
    NGX_AI_GEMINI_THING("toolResponse", "tool_response",
                        NGX_AI_OBJECT, native),

    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_gemini_media_members[] = {

    ngx_ai_gemini_row("mimeType", "mime_type",
                      NGX_AI_STRING, ngx_ai_walk_text,
                      offsetof(ngx_ai_gemini_media_t, media), 0),
    ngx_ai_gemini_row("fileUri", "file_uri",
                      NGX_AI_STRING, ngx_ai_walk_text,
                      offsetof(ngx_ai_gemini_media_t, uri), 0),
    ngx_ai_gemini_row("displayName", "display_name",
                      NGX_AI_STRING, ngx_ai_walk_text,
                      offsetof(ngx_ai_gemini_media_t, name), 0),

    { ngx_string("data"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_gemini_media_t, data),
      0 },

    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_gemini_call_members[] = {

    { ngx_string("name"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_gemini_call_t, name),
      0 },

    { ngx_string("args"),
      NGX_AI_OBJECT,
      ngx_ai_walk_raw,
      offsetof(ngx_ai_gemini_call_t, args),
      0 },

    { ngx_string("id"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_gemini_call_t, id),
      0 },

    ngx_ai_gemini_row("partialArgs", "partial_args",
                      NGX_AI_ARRAY, ngx_ai_gemini_node,
                      offsetof(ngx_ai_gemini_call_t, partial), 0),
    ngx_ai_gemini_row("willContinue", "will_continue",
                      NGX_AI_BOOL, ngx_ai_walk_flag,
                      offsetof(ngx_ai_gemini_call_t, more), 0),

    ngx_ai_null_member
};


static const ngx_ai_member_t  ngx_ai_gemini_result_members[] = {

    { ngx_string("name"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_gemini_result_t, name),
      0 },

    { ngx_string("response"),
      NGX_AI_OBJECT,
      ngx_ai_gemini_node,
      offsetof(ngx_ai_gemini_result_t, response),
      0 },

    { ngx_string("id"),
      NGX_AI_STRING,
      ngx_ai_walk_text,
      offsetof(ngx_ai_gemini_result_t, id),
      0 },

    { ngx_string("parts"),
      NGX_AI_ARRAY | NGX_AI_OBJECT,
      ngx_ai_gemini_node,
      offsetof(ngx_ai_gemini_result_t, parts),
      0 },

    ngx_ai_null_member
};


/* of a media type, and of a URL where the type is not told */

static const ngx_ai_gemini_word_t  ngx_ai_gemini_medias[] = {
    { ngx_string("image"), NGX_AI_PART_IMAGE },
    { ngx_string("audio"), NGX_AI_PART_AUDIO },
    { ngx_string("video"), NGX_AI_PART_VIDEO },
    { ngx_null_string, NGX_AI_PART_FILE }
};


static const ngx_ai_gemini_word_t  ngx_ai_gemini_urls[] = {
    { ngx_string(".png"), NGX_AI_PART_IMAGE },
    { ngx_string(".jpg"), NGX_AI_PART_IMAGE },
    { ngx_string(".jpeg"), NGX_AI_PART_IMAGE },
    { ngx_string(".webp"), NGX_AI_PART_IMAGE },
    { ngx_string(".gif"), NGX_AI_PART_IMAGE },
    { ngx_string("youtube.com/"), NGX_AI_PART_VIDEO },
    { ngx_string("youtu.be/"), NGX_AI_PART_VIDEO },
    { ngx_null_string, NGX_AI_PART_FILE }
};


ngx_int_t
ngx_ai_gemini_node(ngx_ai_walk_t *w, const ngx_ai_node_t *value,
    const ngx_ai_member_t *member, void *to)
{
    const ngx_ai_node_t  **node;

    node = to;
    *node = value;

    return NGX_OK;
}


ngx_uint_t
ngx_ai_gemini_elements(const ngx_ai_node_t *node, const ngx_ai_node_t **first)
{
    if (node->type == NGX_AI_JSON_ARRAY) {
        *first = ngx_ai_tree_child(node);
        return node->n;
    }

    *first = node;

    return 1;
}


ngx_int_t
ngx_ai_gemini_part(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_gemini_part_t *part)
{
    ngx_memzero(part, sizeof(ngx_ai_gemini_part_t));

    return ngx_ai_walk_element(w, node, ngx_ai_gemini_part_members, part);
}


ngx_int_t
ngx_ai_gemini_call(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_gemini_call_t *call)
{
    ngx_memzero(call, sizeof(ngx_ai_gemini_call_t));

    return ngx_ai_walk_object(w, node, ngx_ai_gemini_call_members, call);
}


/* what Google keeps is a file to it; the rest of the web are URLs */

ngx_int_t
ngx_ai_gemini_media(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_part_t *part)
{
    ngx_ai_gemini_media_t  media;

    static const ngx_str_t  http = ngx_string("http");
    static const ngx_str_t  own = ngx_string("generativelanguage.googleapis");

    ngx_memzero(&media, sizeof(ngx_ai_gemini_media_t));

    if (ngx_ai_walk_object(w, node, ngx_ai_gemini_media_members, &media)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (media.data.len == 0 && media.uri.len == 0) {
        return ngx_ai_walk_fail(w, node, "has no data");
    }

    part->kind = ngx_ai_gemini_media_kind(&media);
    part->media = media.media;
    part->name = media.name;
    part->data = media.data;

    if (media.uri.len == 0) {
        return NGX_OK;
    }

    if (media.uri.len > http.len
        && ngx_memcmp(media.uri.data, http.data, http.len) == 0
        && !ngx_ai_gemini_contains(&media.uri, &own))
    {
        part->url = media.uri;

    } else {
        part->file = media.uri;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_ai_gemini_media_kind(const ngx_ai_gemini_media_t *media)
{
    const ngx_ai_gemini_word_t  *word;

    if (media->media.len == 0) {

        for (word = ngx_ai_gemini_urls; word->word.len; word++) {
            if (ngx_ai_gemini_contains(&media->uri, &word->word)) {
                break;
            }
        }

        return word->kind;
    }

    for (word = ngx_ai_gemini_medias; word->word.len; word++) {
        if (media->media.len > word->word.len
            && ngx_memcmp(media->media.data, word->word.data, word->word.len)
               == 0)
        {
            break;
        }
    }

    return word->kind;
}


static ngx_uint_t
ngx_ai_gemini_contains(const ngx_str_t *text, const ngx_str_t *word)
{
    return text->len
           && memmem(text->data, text->len, word->data, word->len) != NULL;
}


void
ngx_ai_gemini_native(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    const ngx_ai_gemini_part_t *from, ngx_ai_part_t *part)
{
    part->kind = NGX_AI_PART_NATIVE;
    part->origin = NGX_AI_DIALECT_GEMINI;

    /* its key is the node before it */

    ngx_ai_tree_text(w->tree, from->native - 1, &part->name);
    ngx_ai_tree_raw(w->tree, node, &part->json);
}


ngx_int_t
ngx_ai_gemini_list_init(ngx_ai_gemini_list_t *list, ngx_pool_t *pool)
{
    ngx_memzero(list, sizeof(ngx_ai_gemini_list_t));

    return ngx_array_init(&list->pieces, pool, 4, sizeof(ngx_str_t));
}


ngx_int_t
ngx_ai_gemini_list_add(ngx_ai_walk_t *w, ngx_ai_gemini_list_t *list,
    const ngx_ai_node_t *node, ngx_uint_t joins)
{
    ngx_str_t             text, signature;
    ngx_uint_t            origin;
    ngx_ai_gemini_part_t  from;

    if (ngx_ai_gemini_part(w, node, &from) != NGX_OK) {
        return NGX_ERROR;
    }

    origin = NGX_AI_DIALECT_GEMINI;
    ngx_str_null(&signature);

    if (from.signature != NULL) {
        ngx_ai_tree_text(w->tree, from.signature, &signature);

        if (ngx_ai_gemini_sign_read(w->pool, &signature, &origin, &signature)
            != NGX_OK)
        {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }
    }

    if (from.call != NULL || from.result != NULL || from.blob != NULL
        || from.file != NULL || from.native != NULL)
    {
        return ngx_ai_gemini_list_thing(w, list, &from, node, origin,
                                        &signature);
    }

    if (from.text != NULL) {
        ngx_ai_tree_text(w->tree, from.text, &text);

        if (text.len
            && ngx_ai_gemini_list_text(w, list,
                                       from.thought ? NGX_AI_PART_THINKING
                                                    : NGX_AI_PART_TEXT,
                                       &text, joins)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (signature.len) {
        return ngx_ai_gemini_list_sign(w, list, &from, origin, &signature);
    }

    return NGX_OK;
}


/* what is no text */

static ngx_int_t
ngx_ai_gemini_list_thing(ngx_ai_walk_t *w, ngx_ai_gemini_list_t *list,
    const ngx_ai_gemini_part_t *from, const ngx_ai_node_t *node,
    ngx_uint_t origin, const ngx_str_t *signature)
{
    ngx_ai_part_t  *part;

    part = ngx_ai_gemini_list_push(w, list, NGX_AI_PART_TOOL_CALL);
    if (part == NULL) {
        return NGX_ERROR;
    }

    if (from->native != NULL) {
        ngx_ai_gemini_native(w, node, from, part);
        return NGX_OK;
    }

    if (signature->len) {
        part->origin = origin;
        part->signature = *signature;
    }

    if (from->call != NULL) {
        return ngx_ai_gemini_list_call(w, from->call, part);
    }

    if (from->result != NULL) {
        part->kind = NGX_AI_PART_TOOL_RESULT;
        return ngx_ai_gemini_result(w, from->result, part);
    }

    return ngx_ai_gemini_media(w, from->blob ? from->blob : from->file, part);
}


static ngx_int_t
ngx_ai_gemini_list_call(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_part_t *part)
{
    ngx_ai_gemini_call_t  call;

    if (ngx_ai_gemini_call(w, node, &call) != NGX_OK) {
        return NGX_ERROR;
    }

    if (call.name.len == 0) {
        return ngx_ai_walk_fail(w, node, "has no name");
    }

    part->id = call.id;
    part->name = call.name;
    part->json = call.args;

    if (part->json.len == 0) {
        ngx_str_set(&part->json, "{}");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_list_text(ngx_ai_walk_t *w, ngx_ai_gemini_list_t *list,
    ngx_uint_t kind, const ngx_str_t *text, ngx_uint_t joins)
{
    ngx_str_t      *piece;
    ngx_ai_part_t  *part;

    part = list->parts->elts;

    if (!list->open
        || part[list->parts->nelts - 1].kind != kind
        || (kind == NGX_AI_PART_TEXT && !joins))
    {
        part = ngx_ai_gemini_list_push(w, list, kind);
        if (part == NULL) {
            return NGX_ERROR;
        }

        part->text = *text;
        list->open = 1;

        if (kind == NGX_AI_PART_THINKING) {
            part->origin = NGX_AI_DIALECT_GEMINI;
            part->summary = 1;
        }
    }

    piece = ngx_array_push(&list->pieces);
    if (piece == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    *piece = *text;
    list->len += text->len;

    return NGX_OK;
}


/*
 * A signature of a thought ends it.  One of a text, or of nothing, stands
 * for itself: it is a thought that nobody may see.  What is redacted has no
 * text, not even an empty one.
 */

static ngx_int_t
ngx_ai_gemini_list_sign(ngx_ai_walk_t *w, ngx_ai_gemini_list_t *list,
    const ngx_ai_gemini_part_t *from, ngx_uint_t origin,
    const ngx_str_t *signature)
{
    ngx_uint_t      own;
    ngx_ai_part_t  *part;

    own = (origin == NGX_AI_DIALECT_GEMINI);
    part = list->parts->elts;

    if (from->thought && from->text == NULL && !own) {
        part = ngx_ai_gemini_list_push(w, list, NGX_AI_PART_REDACTED);
        if (part == NULL) {
            return NGX_ERROR;
        }

        part->origin = origin;
        part->data = *signature;

        return NGX_OK;
    }

    if (from->thought && list->open
        && part[list->parts->nelts - 1].kind == NGX_AI_PART_THINKING)
    {
        if (ngx_ai_gemini_list_end(w, list) != NGX_OK) {
            return NGX_ERROR;
        }

        part = &part[list->parts->nelts - 1];

    } else {
        part = ngx_ai_gemini_list_push(w, list, NGX_AI_PART_THINKING);
        if (part == NULL) {
            return NGX_ERROR;
        }
    }

    part->origin = origin;
    part->signature = *signature;
    part->summary = own;

    return NGX_OK;
}


static ngx_ai_part_t *
ngx_ai_gemini_list_push(ngx_ai_walk_t *w, ngx_ai_gemini_list_t *list,
    ngx_uint_t kind)
{
    ngx_ai_part_t  *part;

    if (ngx_ai_gemini_list_end(w, list) != NGX_OK) {
        return NULL;
    }

    part = ngx_ai_part_push(list->parts, kind);

    if (part == NULL) {
        (void) ngx_ai_walk_fail(w, NULL, "no memory");
    }

    return part;
}


ngx_int_t
ngx_ai_gemini_list_end(ngx_ai_walk_t *w, ngx_ai_gemini_list_t *list)
{
    u_char         *p;
    ngx_str_t      *piece;
    ngx_uint_t      i;
    ngx_ai_part_t  *part;

    piece = list->pieces.elts;

    if (list->pieces.nelts > 1) {
        part = list->parts->elts;
        part = &part[list->parts->nelts - 1];

        p = ngx_pnalloc(w->pool, list->len);
        if (p == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        part->text.data = p;
        part->text.len = list->len;

        for (i = 0; i < list->pieces.nelts; i++) {
            p = ngx_cpymem(p, piece[i].data, piece[i].len);
        }
    }

    list->pieces.nelts = 0;
    list->len = 0;
    list->open = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_ai_gemini_result(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_part_t *part)
{
    ngx_uint_t               i, n;
    ngx_ai_part_t           *inner;
    const ngx_ai_node_t     *element;
    ngx_ai_gemini_part_t     from;
    ngx_ai_gemini_result_t   result;

    ngx_memzero(&result, sizeof(ngx_ai_gemini_result_t));

    if (ngx_ai_walk_object(w, node, ngx_ai_gemini_result_members, &result)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (result.name.len == 0 && result.id.len == 0) {
        return ngx_ai_walk_fail(w, node, "has no name");
    }

    part->id = result.id;
    part->name = result.name;

    part->parts = ngx_ai_parts_create(w->pool);
    if (part->parts == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    if (result.response != NULL
        && ngx_ai_gemini_response(w, result.response, part) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (result.parts == NULL) {
        return NGX_OK;
    }

    n = ngx_ai_gemini_elements(result.parts, &element);

    for (i = 0; i < n; i++) {

        if (ngx_ai_gemini_part(w, element, &from) != NGX_OK) {
            return NGX_ERROR;
        }

        if (from.blob == NULL && from.file == NULL) {
            return ngx_ai_walk_fail(w, element, "has no data");
        }

        inner = ngx_ai_part_push(part->parts, NGX_AI_PART_FILE);
        if (inner == NULL) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }

        if (ngx_ai_gemini_media(w, from.blob ? from.blob : from.file, inner)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        element = ngx_ai_tree_next(w->tree, element);
    }

    return NGX_OK;
}


/*
 * What a function returns is an object.  Google names its members "output"
 * and "error", and its own SDKs "result"; any other object is itself what is
 * returned, as a text.
 */

static ngx_int_t
ngx_ai_gemini_response(ngx_ai_walk_t *w, const ngx_ai_node_t *node,
    ngx_ai_part_t *part)
{
    ngx_str_t             raw, name, text;
    ngx_ai_part_t        *inner;
    const ngx_ai_node_t  *value;

    if (node->n == 0) {
        return NGX_OK;
    }

    value = node;

    if (node->n == 1) {
        ngx_ai_tree_text(w->tree, ngx_ai_tree_child(node), &name);

        if (name.len == 5 && ngx_memcmp(name.data, "error", 5) == 0) {
            part->failed = 1;
            value = ngx_ai_tree_value(ngx_ai_tree_child(node));

        } else if (name.len == 6
                   && (ngx_memcmp(name.data, "result", 6) == 0
                       || ngx_memcmp(name.data, "output", 6) == 0))
        {
            value = ngx_ai_tree_value(ngx_ai_tree_child(node));
        }
    }

    if (value->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(w->tree, value, &text);

    } else {
        ngx_ai_tree_raw(w->tree, value, &raw);

        if (ngx_ai_inner_write(w->pool, &raw, &text) != NGX_OK) {
            return ngx_ai_walk_fail(w, NULL, "no memory");
        }
    }

    if (text.len == 0) {
        return NGX_OK;
    }

    inner = ngx_ai_part_push(part->parts, NGX_AI_PART_TEXT);
    if (inner == NULL) {
        return ngx_ai_walk_fail(w, NULL, "no memory");
    }

    inner->text = text;

    return NGX_OK;
}
