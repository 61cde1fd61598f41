
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_openai.h"
#include "ngx_ai_json.h"


typedef struct {
    ngx_str_t         type;
    ngx_str_t         code;        /* empty: null */
} ngx_ai_openai_error_t;


typedef enum {
    NGX_AI_OPENAI_ERROR_OBJECT = 0,
    NGX_AI_OPENAI_ERROR_INNER,
    NGX_AI_OPENAI_ERROR_MESSAGE,
    NGX_AI_OPENAI_ERROR_DETAIL,
    NGX_AI_OPENAI_ERROR_FIELDS
} ngx_ai_openai_error_e;


static ngx_int_t ngx_ai_openai_read_error(ngx_ai_reader_t *readers,
    const ngx_str_t *body, ngx_str_t *message);
static ngx_int_t ngx_ai_openai_write_error(const ngx_ai_error_t *error,
    ngx_ai_buf_t *out);
static ngx_int_t ngx_ai_openai_write_error_event(const ngx_ai_route_t *route,
    const ngx_ai_error_t *error, ngx_ai_buf_t *out);
static void ngx_ai_openai_write_envelope(ngx_ai_json_writer_t *w,
    const ngx_ai_error_t *error);


/* OpenAI's words for each ngx_ai_error_e */

static const ngx_ai_openai_error_t  ngx_ai_openai_errors[NGX_AI_ERROR_MAX] = {
    { ngx_null_string, ngx_null_string },
    { ngx_string("invalid_request_error"), ngx_null_string },
    { ngx_string("invalid_request_error"), ngx_string("invalid_api_key") },
    { ngx_string("invalid_request_error"), ngx_string("model_not_allowed") },
    { ngx_string("invalid_request_error"), ngx_string("unknown_url") },
    { ngx_string("invalid_request_error"), ngx_string("model_not_found") },
    { ngx_string("invalid_request_error"), ngx_null_string },
    { ngx_string("invalid_request_error"), ngx_string("method_not_allowed") },
    { ngx_string("invalid_request_error"), ngx_string("request_too_large") },
    { ngx_string("invalid_request_error"),
      ngx_string("unsupported_media_type") },
    { ngx_string("requests"), ngx_string("rate_limit_exceeded") },
    { ngx_string("server_error"), ngx_null_string },
    { ngx_string("server_error"), ngx_string("upstream_error") },
    { ngx_string("server_error"), ngx_string("provider_auth") },
    { ngx_string("server_error"), ngx_string("unavailable") },
    { ngx_string("server_error"), ngx_string("upstream_timeout") }
};


/*
 * The places where a message has been seen: {"error":{"message"}} is the
 * dialect's own, the others are {"error":"..."}, {"message"} and {"detail"}.
 */

static const ngx_ai_scan_field_t
    ngx_ai_openai_error_fields[NGX_AI_OPENAI_ERROR_FIELDS] = {
    { ngx_string("error") },
    { ngx_string("error.message") },
    { ngx_string("message") },
    { ngx_string("detail") }
};


static const ngx_ai_table_t  ngx_ai_openai_tables[NGX_AI_OPENAI_TABLES] = {
    { ngx_ai_openai_ask_fields, NGX_AI_OPENAI_ASK_MAX },
    { ngx_ai_openai_reply_fields, NGX_AI_OPENAI_REPLY_MAX },
    { ngx_ai_openai_item_fields, NGX_AI_OPENAI_REPLY_MAX },
    { ngx_ai_openai_error_fields, NGX_AI_OPENAI_ERROR_FIELDS }
};


const ngx_ai_dialect_t  ngx_ai_openai = {
    ngx_string("openai"),
    ngx_ai_openai_tables,
    NGX_AI_OPENAI_TABLES,
    ngx_ai_openai_read_ask,
    ngx_ai_openai_edit,
    NGX_AI_OPENAI_TABLE_REPLY,
    ngx_ai_openai_read_reply,
    ngx_ai_openai_read_event,
    ngx_ai_openai_read_error,
    ngx_ai_openai_write_error,
    ngx_ai_openai_write_error_event
};


static ngx_int_t
ngx_ai_openai_read_error(ngx_ai_reader_t *readers, const ngx_str_t *body,
    ngx_str_t *message)
{
    ngx_uint_t            i;
    ngx_ai_reader_t      *reader;
    ngx_ai_scan_value_t  *v;

    ngx_str_null(message);

    reader = &readers[NGX_AI_OPENAI_TABLE_ERROR];
    v = reader->values;

    if (ngx_ai_reader_read(reader, body) != NGX_OK) {
        return NGX_DECLINED;
    }

    for (i = 0; i < NGX_AI_OPENAI_ERROR_FIELDS; i++) {
        if (v[i].type == NGX_AI_JSON_STRING) {
            message->data = body->data + v[i].start + 1;
            message->len = v[i].end - v[i].start - 2;
            break;
        }
    }

    return (v[NGX_AI_OPENAI_ERROR_OBJECT].type == NGX_AI_JSON_OBJECT
            && v[NGX_AI_OPENAI_ERROR_INNER].type == NGX_AI_JSON_STRING)
           ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_ai_openai_write_error(const ngx_ai_error_t *error, ngx_ai_buf_t *out)
{
    ngx_ai_json_writer_t  w;

    ngx_ai_json_writer_init(&w, out);

    ngx_ai_json_write_object(&w);
    ngx_ai_openai_write_envelope(&w, error);
    ngx_ai_json_write_end(&w);

    return w.rc;
}


/* a Responses stream names its events, and says the name in the data too */

static ngx_int_t
ngx_ai_openai_write_error_event(const ngx_ai_route_t *route,
    const ngx_ai_error_t *error, ngx_ai_buf_t *out)
{
    ngx_int_t             rc;
    const ngx_str_t      *head;
    ngx_ai_json_writer_t  w;

    static const ngx_str_t  chat = ngx_string("data: ");
    static const ngx_str_t  item = ngx_string("event: error\ndata: ");
    static const ngx_str_t  type = ngx_string("error");

    head = ngx_ai_openai_has_items(route) ? &item : &chat;

    rc = ngx_ai_buf_append(out, head->data, head->len);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_ai_json_writer_init(&w, out);

    ngx_ai_json_write_object(&w);

    if (head == &item) {
        ngx_ai_json_write_key(&w, "type");
        ngx_ai_json_write_string(&w, &type);
    }

    ngx_ai_openai_write_envelope(&w, error);
    ngx_ai_json_write_end(&w);

    if (w.rc != NGX_OK) {
        return w.rc;
    }

    return ngx_ai_buf_append(out, "\n\n", 2);
}


static void
ngx_ai_openai_write_envelope(ngx_ai_json_writer_t *w,
    const ngx_ai_error_t *error)
{
    const ngx_ai_openai_error_t  *e;

    e = &ngx_ai_openai_errors[error->kind];

    ngx_ai_json_write_key(w, "error");
    ngx_ai_json_write_object(w);

    ngx_ai_json_write_key(w, "message");
    ngx_ai_json_write_string(w, &error->message);

    ngx_ai_json_write_key(w, "type");
    ngx_ai_json_write_string(w, &e->type);

    ngx_ai_json_write_key(w, "param");
    ngx_ai_json_write_string_or_null(w, &error->param);

    ngx_ai_json_write_key(w, "code");
    ngx_ai_json_write_string_or_null(w, &e->code);

    ngx_ai_json_write_end(w);
}
