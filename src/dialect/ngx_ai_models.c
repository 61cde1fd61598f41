
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_models.h"
#include "ngx_ai_route.h"


static void ngx_ai_models_openai(ngx_ai_json_writer_t *w,
    const ngx_str_t *name, const ngx_str_t *owner);
static void ngx_ai_models_anthropic(ngx_ai_json_writer_t *w,
    const ngx_str_t *name, const ngx_str_t *owner);
static void ngx_ai_models_gemini(ngx_ai_json_writer_t *w,
    const ngx_str_t *name, const ngx_str_t *owner);
static void ngx_ai_models_ollama(ngx_ai_json_writer_t *w,
    const ngx_str_t *name, const ngx_str_t *owner);


/* nobody knows when a name of the configuration was created */

static const ngx_ai_models_t  ngx_ai_models_forms[NGX_AI_DIALECT_MAX] = {

    [NGX_AI_DIALECT_OPENAI] =
    { "{\"object\":\"list\",\"data\":[", "]}", ngx_ai_models_openai },

    [NGX_AI_DIALECT_ANTHROPIC] =
    { "{\"data\":[", "],\"has_more\":false,\"first_id\":null,"
      "\"last_id\":null}", ngx_ai_models_anthropic },

    [NGX_AI_DIALECT_GEMINI] =
    { "{\"models\":[", "]}", ngx_ai_models_gemini },

    [NGX_AI_DIALECT_OLLAMA] =
    { "{\"models\":[", "]}", ngx_ai_models_ollama }
};


const ngx_ai_models_t *
ngx_ai_models(ngx_uint_t dialect)
{
    return ngx_ai_models_forms[dialect].write
           ? &ngx_ai_models_forms[dialect]
           : &ngx_ai_models_forms[NGX_AI_DIALECT_OPENAI];
}


static void
ngx_ai_models_openai(ngx_ai_json_writer_t *w, const ngx_str_t *name,
    const ngx_str_t *owner)
{
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "id");
    ngx_ai_json_write_string(w, name);
    ngx_ai_json_write_literal(w, "\"object\":\"model\",\"created\":0");
    ngx_ai_json_write_key(w, "owned_by");
    ngx_ai_json_write_string(w, owner);
    ngx_ai_json_write_end(w);
}


static void
ngx_ai_models_anthropic(ngx_ai_json_writer_t *w, const ngx_str_t *name,
    const ngx_str_t *owner)
{
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"type\":\"model\"");
    ngx_ai_json_write_key(w, "id");
    ngx_ai_json_write_string(w, name);
    ngx_ai_json_write_key(w, "display_name");
    ngx_ai_json_write_string(w, name);
    ngx_ai_json_write_literal(w, "\"created_at\":\"1970-01-01T00:00:00Z\"");
    ngx_ai_json_write_end(w);
}


static void
ngx_ai_models_gemini(ngx_ai_json_writer_t *w, const ngx_str_t *name,
    const ngx_str_t *owner)
{
    u_char     buf[sizeof("models/") - 1 + NGX_AI_ROUTE_ID_MAX];
    ngx_str_t  full;

    full.data = buf;
    full.len = ngx_snprintf(buf, sizeof(buf), "models/%V", name) - buf;

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "name");
    ngx_ai_json_write_string(w, &full);
    ngx_ai_json_write_key(w, "displayName");
    ngx_ai_json_write_string(w, name);
    ngx_ai_json_write_literal(w, "\"supportedGenerationMethods\":"
                              "[\"generateContent\","
                              "\"streamGenerateContent\",\"countTokens\"]");
    ngx_ai_json_write_end(w);
}


static void
ngx_ai_models_ollama(ngx_ai_json_writer_t *w, const ngx_str_t *name,
    const ngx_str_t *owner)
{
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "name");
    ngx_ai_json_write_string(w, name);
    ngx_ai_json_write_key(w, "model");
    ngx_ai_json_write_string(w, name);
    ngx_ai_json_write_literal(w, "\"modified_at\":\"1970-01-01T00:00:00Z\","
                              "\"size\":0,\"digest\":\"\"");
    ngx_ai_json_write_key(w, "details");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_key(w, "family");
    ngx_ai_json_write_string(w, owner);
    ngx_ai_json_write_end(w);
    ngx_ai_json_write_end(w);
}
