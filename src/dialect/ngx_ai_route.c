
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_route.h"


#define NGX_AI_ROUTES  (sizeof(ngx_ai_routes) / sizeof(ngx_ai_routes[0]))

/* a provider's URL ends with its own "/v1" or what it has instead of it */
#define NGX_AI_V1      (sizeof("/v1") - 1)
#define NGX_AI_V1BETA  (sizeof("/v1beta") - 1)


static ngx_uint_t ngx_ai_route_match(const ngx_ai_route_t *route,
    const ngx_str_t *uri, ngx_str_t *id);


/*
 * Rows of one path stand together; paths without an id come before those
 * with one, so that "input_tokens" is never taken for the id of a response.
 */

static const ngx_ai_route_t  ngx_ai_routes[] = {

    { NGX_AI_METHOD_POST, ngx_string("/v1/chat/completions"),
      ngx_string("chat"), ngx_string("chat"),
      NGX_AI_ROUTE_CHAT, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_CHAT, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED
      | NGX_AI_ROUTE_STREAMS | NGX_AI_ROUTE_ENDS },

    { NGX_AI_METHOD_POST, ngx_string("/v1/responses"),
      ngx_string("responses"), ngx_string("chat"),
      NGX_AI_ROUTE_RESPONSES, NGX_AI_DIALECT_RESPONSES,
      NGX_AI_OP_CHAT, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_OPTIONAL
      | NGX_AI_ROUTE_STREAMS | NGX_AI_ROUTE_ENDS | NGX_AI_ROUTE_MAKES },

    { NGX_AI_METHOD_POST, ngx_string("/v1/embeddings"),
      ngx_string("embeddings"), ngx_string("embeddings"),
      NGX_AI_ROUTE_EMBEDDINGS, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_EMBED, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED },

    { NGX_AI_METHOD_POST, ngx_string("/v1/completions"),
      ngx_string("completions"), ngx_string("text_completion"),
      NGX_AI_ROUTE_COMPLETIONS, NGX_AI_DIALECT_COMPLETIONS,
      NGX_AI_OP_CHAT, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED
      | NGX_AI_ROUTE_STREAMS | NGX_AI_ROUTE_ENDS },

    { NGX_AI_METHOD_POST, ngx_string("/v1/moderations"),
      ngx_string("moderations"), ngx_string("moderation"),
      NGX_AI_ROUTE_MODERATIONS, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_MODERATE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_OPTIONAL },

    { NGX_AI_METHOD_POST, ngx_string("/v1/rerank"),
      ngx_string("rerank"), ngx_string("rerank"),
      NGX_AI_ROUTE_RERANK, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_RERANK, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED },

    { NGX_AI_METHOD_POST, ngx_string("/v1/images/generations"),
      ngx_string("images"), ngx_string("generate_content"),
      NGX_AI_ROUTE_IMAGES, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_IMAGE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_OPTIONAL
      | NGX_AI_ROUTE_STREAMS },

    { NGX_AI_METHOD_POST, ngx_string("/v1/images/edits"),
      ngx_string("image_edits"), ngx_string("generate_content"),
      NGX_AI_ROUTE_IMAGE_EDITS, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_BODY_MULTIPART
      | NGX_AI_ROUTE_MODEL_OPTIONAL | NGX_AI_ROUTE_STREAMS },

    { NGX_AI_METHOD_POST, ngx_string("/v1/images/variations"),
      ngx_string("image_variations"), ngx_string("generate_content"),
      NGX_AI_ROUTE_IMAGE_VARIATIONS, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_MULTIPART | NGX_AI_ROUTE_MODEL_OPTIONAL },

    { NGX_AI_METHOD_POST, ngx_string("/v1/audio/speech"),
      ngx_string("speech"), ngx_string("generate_content"),
      NGX_AI_ROUTE_SPEECH, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_SPEECH, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED
      | NGX_AI_ROUTE_STREAMS | NGX_AI_ROUTE_BINARY },

    { NGX_AI_METHOD_POST, ngx_string("/v1/audio/transcriptions"),
      ngx_string("transcriptions"), ngx_string("transcription"),
      NGX_AI_ROUTE_TRANSCRIPTIONS, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_TRANSCRIBE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_MULTIPART | NGX_AI_ROUTE_MODEL_REQUIRED
      | NGX_AI_ROUTE_STREAMS | NGX_AI_ROUTE_BINARY },

    { NGX_AI_METHOD_POST, ngx_string("/v1/audio/translations"),
      ngx_string("translations"), ngx_string("translation"),
      NGX_AI_ROUTE_TRANSLATIONS, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_TRANSCRIBE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_MULTIPART | NGX_AI_ROUTE_MODEL_REQUIRED
      | NGX_AI_ROUTE_BINARY },

    { NGX_AI_METHOD_POST, ngx_string("/v1/responses/input_tokens"),
      ngx_string("input_tokens"), ngx_string("count_tokens"),
      NGX_AI_ROUTE_INPUT_TOKENS, NGX_AI_DIALECT_RESPONSES,
      NGX_AI_OP_COUNT, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_OPTIONAL },

    { NGX_AI_METHOD_POST, ngx_string("/v1/responses/compact"),
      ngx_string("compact"), ngx_string("chat"),
      NGX_AI_ROUTE_COMPACT, NGX_AI_DIALECT_RESPONSES,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED },

    { NGX_AI_METHOD_POST, ngx_string("/v1/videos"),
      ngx_string("videos"), ngx_string("generate_content"),
      NGX_AI_ROUTE_VIDEO_CREATE, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_VIDEO, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_BODY_MULTIPART
      | NGX_AI_ROUTE_MODEL_OPTIONAL | NGX_AI_ROUTE_ONCE
      | NGX_AI_ROUTE_MAKES },

    { NGX_AI_METHOD_GET, ngx_string("/v1/videos"),
      ngx_string("video_list"), ngx_string("videos"),
      NGX_AI_ROUTE_VIDEO_LIST, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE | NGX_AI_ROUTE_ARGS },

    { NGX_AI_METHOD_POST, ngx_string("/v1/files"),
      ngx_string("files"), ngx_string("files"),
      NGX_AI_ROUTE_FILE_CREATE, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_MULTIPART | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_FILES | NGX_AI_ROUTE_ONCE | NGX_AI_ROUTE_MAKES },

    { NGX_AI_METHOD_GET, ngx_string("/v1/files"),
      ngx_string("file_list"), ngx_string("files"),
      NGX_AI_ROUTE_FILE_LIST, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE | NGX_AI_ROUTE_FILES
      | NGX_AI_ROUTE_ARGS },

    { NGX_AI_METHOD_POST, ngx_string("/v1/batches"),
      ngx_string("batches"), ngx_string("batches"),
      NGX_AI_ROUTE_BATCH_CREATE, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_NONE | NGX_AI_ROUTE_FILES
      | NGX_AI_ROUTE_ONCE | NGX_AI_ROUTE_MAKES },

    { NGX_AI_METHOD_GET, ngx_string("/v1/batches"),
      ngx_string("batch_list"), ngx_string("batches"),
      NGX_AI_ROUTE_BATCH_LIST, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE | NGX_AI_ROUTE_FILES
      | NGX_AI_ROUTE_ARGS },

    { NGX_AI_METHOD_POST, ngx_string("/v1/fine_tuning/jobs"),
      ngx_string("tunes"), ngx_string("fine_tuning"),
      NGX_AI_ROUTE_TUNE_CREATE, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED
      | NGX_AI_ROUTE_FILES | NGX_AI_ROUTE_ONCE
      | NGX_AI_ROUTE_MAKES },

    { NGX_AI_METHOD_GET, ngx_string("/v1/fine_tuning/jobs"),
      ngx_string("tune_list"), ngx_string("fine_tuning"),
      NGX_AI_ROUTE_TUNE_LIST, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE | NGX_AI_ROUTE_FILES
      | NGX_AI_ROUTE_ARGS },

    { NGX_AI_METHOD_POST, ngx_string("/v1/uploads"),
      ngx_string("uploads"), ngx_string("files"),
      NGX_AI_ROUTE_UPLOAD_CREATE, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_NONE | NGX_AI_ROUTE_FILES
      | NGX_AI_ROUTE_ONCE | NGX_AI_ROUTE_MAKES },

    { NGX_AI_METHOD_GET, ngx_string("/v1/models"),
      ngx_string("models"), ngx_string("models"),
      NGX_AI_ROUTE_MODEL_LIST, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE | NGX_AI_ROUTE_LOCAL },

    { NGX_AI_METHOD_POST, ngx_string("/v1/messages"),
      ngx_string("messages"), ngx_string("chat"),
      NGX_AI_ROUTE_MESSAGES, NGX_AI_DIALECT_ANTHROPIC,
      NGX_AI_OP_CHAT, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED
      | NGX_AI_ROUTE_STREAMS | NGX_AI_ROUTE_ENDS },

    { NGX_AI_METHOD_POST, ngx_string("/v1/messages/count_tokens"),
      ngx_string("count_tokens"), ngx_string("count_tokens"),
      NGX_AI_ROUTE_COUNT_TOKENS, NGX_AI_DIALECT_ANTHROPIC,
      NGX_AI_OP_COUNT, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED },

    { NGX_AI_METHOD_POST, ngx_string("/v2/chat"),
      ngx_string("cohere_chat"), ngx_string("chat"),
      NGX_AI_ROUTE_COHERE_CHAT, NGX_AI_DIALECT_COHERE,
      NGX_AI_OP_CHAT, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED
      | NGX_AI_ROUTE_STREAMS | NGX_AI_ROUTE_ENDS },

    { NGX_AI_METHOD_POST, ngx_string("/v2/embed"),
      ngx_string("cohere_embed"), ngx_string("embeddings"),
      NGX_AI_ROUTE_COHERE_EMBED, NGX_AI_DIALECT_COHERE,
      NGX_AI_OP_EMBED, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED },

    { NGX_AI_METHOD_POST, ngx_string("/v2/rerank"),
      ngx_string("cohere_rerank"), ngx_string("rerank"),
      NGX_AI_ROUTE_COHERE_RERANK, NGX_AI_DIALECT_COHERE,
      NGX_AI_OP_RERANK, NGX_AI_V1,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED },

    { NGX_AI_METHOD_POST, ngx_string("/api/chat"),
      ngx_string("ollama_chat"), ngx_string("chat"),
      NGX_AI_ROUTE_OLLAMA_CHAT, NGX_AI_DIALECT_OLLAMA,
      NGX_AI_OP_CHAT, 0,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED
      | NGX_AI_ROUTE_STREAMS | NGX_AI_ROUTE_ENDS
      | NGX_AI_ROUTE_STREAM_DEFAULT },

    { NGX_AI_METHOD_POST, ngx_string("/api/generate"),
      ngx_string("ollama_generate"), ngx_string("text_completion"),
      NGX_AI_ROUTE_OLLAMA_GENERATE, NGX_AI_DIALECT_OLLAMA,
      NGX_AI_OP_NONE, 0,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED
      | NGX_AI_ROUTE_STREAMS | NGX_AI_ROUTE_ENDS
      | NGX_AI_ROUTE_STREAM_DEFAULT },

    { NGX_AI_METHOD_POST, ngx_string("/api/embed"),
      ngx_string("ollama_embed"), ngx_string("embeddings"),
      NGX_AI_ROUTE_OLLAMA_EMBED, NGX_AI_DIALECT_OLLAMA,
      NGX_AI_OP_EMBED, 0,
      NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_REQUIRED },

    { NGX_AI_METHOD_GET, ngx_string("/api/tags"),
      ngx_string("ollama_models"), ngx_string("models"),
      NGX_AI_ROUTE_OLLAMA_MODELS, NGX_AI_DIALECT_OLLAMA,
      NGX_AI_OP_NONE, 0,
      NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE | NGX_AI_ROUTE_LOCAL },

    { NGX_AI_METHOD_GET, ngx_string("/v1beta/models"),
      ngx_string("gemini_models"), ngx_string("models"),
      NGX_AI_ROUTE_GEMINI_MODELS, NGX_AI_DIALECT_GEMINI,
      NGX_AI_OP_NONE, NGX_AI_V1BETA,
      NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE | NGX_AI_ROUTE_LOCAL },

    /* with an id */

    { NGX_AI_METHOD_GET, ngx_string("/v1/responses/{id}"),
      ngx_string("response_get"), ngx_string("responses"),
      NGX_AI_ROUTE_RESPONSE_GET, NGX_AI_DIALECT_RESPONSES,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_STREAMS | NGX_AI_ROUTE_ENDS | NGX_AI_ROUTE_OWNED
      | NGX_AI_ROUTE_ARGS },

    { NGX_AI_METHOD_DELETE, ngx_string("/v1/responses/{id}"),
      ngx_string("response_delete"), ngx_string("responses"),
      NGX_AI_ROUTE_RESPONSE_DELETE, NGX_AI_DIALECT_RESPONSES,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED },

    { NGX_AI_METHOD_POST, ngx_string("/v1/responses/{id}/cancel"),
      ngx_string("response_cancel"), ngx_string("responses"),
      NGX_AI_ROUTE_RESPONSE_CANCEL, NGX_AI_DIALECT_RESPONSES,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED },

    { NGX_AI_METHOD_GET, ngx_string("/v1/responses/{id}/input_items"),
      ngx_string("response_input"), ngx_string("responses"),
      NGX_AI_ROUTE_RESPONSE_INPUT, NGX_AI_DIALECT_RESPONSES,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_ARGS },

    { NGX_AI_METHOD_GET, ngx_string("/v1/videos/{id}"),
      ngx_string("video_get"), ngx_string("videos"),
      NGX_AI_ROUTE_VIDEO_GET, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_VIDEO, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED },

    { NGX_AI_METHOD_DELETE, ngx_string("/v1/videos/{id}"),
      ngx_string("video_delete"), ngx_string("videos"),
      NGX_AI_ROUTE_VIDEO_DELETE, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_VIDEO, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED },

    { NGX_AI_METHOD_GET, ngx_string("/v1/videos/{id}/content"),
      ngx_string("video_content"), ngx_string("videos"),
      NGX_AI_ROUTE_VIDEO_CONTENT, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_VIDEO, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_ARGS | NGX_AI_ROUTE_BINARY },

    { NGX_AI_METHOD_POST, ngx_string("/v1/videos/{id}/remix"),
      ngx_string("video_remix"), ngx_string("generate_content"),
      NGX_AI_ROUTE_VIDEO_REMIX, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_ONCE | NGX_AI_ROUTE_MAKES },

    { NGX_AI_METHOD_GET, ngx_string("/v1/files/{id}"),
      ngx_string("file_get"), ngx_string("files"),
      NGX_AI_ROUTE_FILE_GET, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_FILES },

    { NGX_AI_METHOD_DELETE, ngx_string("/v1/files/{id}"),
      ngx_string("file_delete"), ngx_string("files"),
      NGX_AI_ROUTE_FILE_DELETE, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_FILES },

    { NGX_AI_METHOD_GET, ngx_string("/v1/files/{id}/content"),
      ngx_string("file_content"), ngx_string("files"),
      NGX_AI_ROUTE_FILE_CONTENT, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_BINARY | NGX_AI_ROUTE_FILES },

    { NGX_AI_METHOD_GET, ngx_string("/v1/batches/{id}"),
      ngx_string("batch_get"), ngx_string("batches"),
      NGX_AI_ROUTE_BATCH_GET, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_FILES },

    { NGX_AI_METHOD_POST, ngx_string("/v1/batches/{id}/cancel"),
      ngx_string("batch_cancel"), ngx_string("batches"),
      NGX_AI_ROUTE_BATCH_CANCEL, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_FILES },

    { NGX_AI_METHOD_GET, ngx_string("/v1/fine_tuning/jobs/{id}"),
      ngx_string("tune_get"), ngx_string("fine_tuning"),
      NGX_AI_ROUTE_TUNE_GET, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_FILES },

    { NGX_AI_METHOD_POST, ngx_string("/v1/fine_tuning/jobs/{id}/cancel"),
      ngx_string("tune_cancel"), ngx_string("fine_tuning"),
      NGX_AI_ROUTE_TUNE_CANCEL, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_FILES },

    { NGX_AI_METHOD_POST, ngx_string("/v1/fine_tuning/jobs/{id}/pause"),
      ngx_string("tune_pause"), ngx_string("fine_tuning"),
      NGX_AI_ROUTE_TUNE_PAUSE, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_FILES },

    { NGX_AI_METHOD_POST, ngx_string("/v1/fine_tuning/jobs/{id}/resume"),
      ngx_string("tune_resume"), ngx_string("fine_tuning"),
      NGX_AI_ROUTE_TUNE_RESUME, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_FILES },

    { NGX_AI_METHOD_GET, ngx_string("/v1/fine_tuning/jobs/{id}/events"),
      ngx_string("tune_events"), ngx_string("fine_tuning"),
      NGX_AI_ROUTE_TUNE_EVENTS, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_ARGS | NGX_AI_ROUTE_FILES },

    { NGX_AI_METHOD_GET, ngx_string("/v1/fine_tuning/jobs/{id}/checkpoints"),
      ngx_string("tune_checkpoints"), ngx_string("fine_tuning"),
      NGX_AI_ROUTE_TUNE_CHECKPOINTS, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_ARGS | NGX_AI_ROUTE_FILES },

    { NGX_AI_METHOD_POST, ngx_string("/v1/uploads/{id}/parts"),
      ngx_string("upload_parts"), ngx_string("files"),
      NGX_AI_ROUTE_UPLOAD_PARTS, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_MULTIPART
      | NGX_AI_ROUTE_MODEL_NONE | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_FILES
      | NGX_AI_ROUTE_ONCE },

    { NGX_AI_METHOD_POST, ngx_string("/v1/uploads/{id}/complete"),
      ngx_string("upload_complete"), ngx_string("files"),
      NGX_AI_ROUTE_UPLOAD_COMPLETE, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_JSON | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_FILES | NGX_AI_ROUTE_ONCE
      | NGX_AI_ROUTE_MAKES },

    { NGX_AI_METHOD_POST, ngx_string("/v1/uploads/{id}/cancel"),
      ngx_string("upload_cancel"), ngx_string("files"),
      NGX_AI_ROUTE_UPLOAD_CANCEL, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_OWNED | NGX_AI_ROUTE_FILES },

    { NGX_AI_METHOD_GET, ngx_string("/v1/models/{id}"),
      ngx_string("model_get"), ngx_string("models"),
      NGX_AI_ROUTE_MODEL_GET, NGX_AI_DIALECT_OPENAI,
      NGX_AI_OP_NONE, NGX_AI_V1,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_LOCAL | NGX_AI_ROUTE_SLASH },

    { NGX_AI_METHOD_POST, ngx_string("/v1beta/models/{id}:generateContent"),
      ngx_string("gemini"), ngx_string("generate_content"),
      NGX_AI_ROUTE_GEMINI, NGX_AI_DIALECT_GEMINI,
      NGX_AI_OP_CHAT, NGX_AI_V1BETA,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_MODEL_PATH | NGX_AI_ROUTE_BODY_JSON
      | NGX_AI_ROUTE_SLASH
      | NGX_AI_ROUTE_MODEL_OPTIONAL },

    { NGX_AI_METHOD_POST,
      ngx_string("/v1beta/models/{id}:streamGenerateContent"),
      ngx_string("gemini_stream"), ngx_string("generate_content"),
      NGX_AI_ROUTE_GEMINI_STREAM, NGX_AI_DIALECT_GEMINI,
      NGX_AI_OP_CHAT, NGX_AI_V1BETA,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_MODEL_PATH | NGX_AI_ROUTE_BODY_JSON
      | NGX_AI_ROUTE_SLASH
      | NGX_AI_ROUTE_MODEL_OPTIONAL
      | NGX_AI_ROUTE_STREAMS | NGX_AI_ROUTE_ENDS | NGX_AI_ROUTE_STREAM
      | NGX_AI_ROUTE_ALT },

    { NGX_AI_METHOD_POST, ngx_string("/v1beta/models/{id}:countTokens"),
      ngx_string("gemini_count"), ngx_string("count_tokens"),
      NGX_AI_ROUTE_GEMINI_COUNT, NGX_AI_DIALECT_GEMINI,
      NGX_AI_OP_COUNT, NGX_AI_V1BETA,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_MODEL_PATH | NGX_AI_ROUTE_BODY_JSON
      | NGX_AI_ROUTE_SLASH
      | NGX_AI_ROUTE_MODEL_OPTIONAL },

    { NGX_AI_METHOD_POST, ngx_string("/v1beta/models/{id}:embedContent"),
      ngx_string("gemini_embed"), ngx_string("embeddings"),
      NGX_AI_ROUTE_GEMINI_EMBED, NGX_AI_DIALECT_GEMINI,
      NGX_AI_OP_EMBED, NGX_AI_V1BETA,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_MODEL_PATH | NGX_AI_ROUTE_BODY_JSON
      | NGX_AI_ROUTE_SLASH
      | NGX_AI_ROUTE_MODEL_OPTIONAL },

    { NGX_AI_METHOD_POST, ngx_string("/v1beta/models/{id}:batchEmbedContents"),
      ngx_string("gemini_embeds"), ngx_string("embeddings"),
      NGX_AI_ROUTE_GEMINI_EMBEDS, NGX_AI_DIALECT_GEMINI,
      NGX_AI_OP_EMBED, NGX_AI_V1BETA,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_MODEL_PATH | NGX_AI_ROUTE_BODY_JSON
      | NGX_AI_ROUTE_SLASH
      | NGX_AI_ROUTE_MODEL_OPTIONAL },

    { NGX_AI_METHOD_POST, ngx_string("/v1beta/models/{id}:predict"),
      ngx_string("gemini_predict"), ngx_string("generate_content"),
      NGX_AI_ROUTE_GEMINI_PREDICT, NGX_AI_DIALECT_GEMINI,
      NGX_AI_OP_IMAGE, NGX_AI_V1BETA,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_MODEL_PATH | NGX_AI_ROUTE_BODY_JSON
      | NGX_AI_ROUTE_SLASH
      | NGX_AI_ROUTE_MODEL_OPTIONAL },

    { NGX_AI_METHOD_GET, ngx_string("/v1beta/models/{id}"),
      ngx_string("gemini_model"), ngx_string("models"),
      NGX_AI_ROUTE_GEMINI_MODEL, NGX_AI_DIALECT_GEMINI,
      NGX_AI_OP_NONE, NGX_AI_V1BETA,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_BODY_NONE | NGX_AI_ROUTE_MODEL_NONE
      | NGX_AI_ROUTE_LOCAL | NGX_AI_ROUTE_SLASH },

    { NGX_AI_METHOD_POST, ngx_string("/model/{id}/converse"),
      ngx_string("converse"), ngx_string("chat"),
      NGX_AI_ROUTE_CONVERSE, NGX_AI_DIALECT_BEDROCK,
      NGX_AI_OP_CHAT, 0,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_MODEL_PATH | NGX_AI_ROUTE_BODY_JSON
      | NGX_AI_ROUTE_MODEL_OPTIONAL },

    { NGX_AI_METHOD_POST, ngx_string("/model/{id}/converse-stream"),
      ngx_string("converse_stream"), ngx_string("chat"),
      NGX_AI_ROUTE_CONVERSE_STREAM, NGX_AI_DIALECT_BEDROCK,
      NGX_AI_OP_CHAT, 0,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_MODEL_PATH | NGX_AI_ROUTE_BODY_JSON
      | NGX_AI_ROUTE_MODEL_OPTIONAL
      | NGX_AI_ROUTE_STREAMS | NGX_AI_ROUTE_ENDS | NGX_AI_ROUTE_STREAM },

    { NGX_AI_METHOD_POST, ngx_string("/model/{id}/count-tokens"),
      ngx_string("converse_count"), ngx_string("count_tokens"),
      NGX_AI_ROUTE_CONVERSE_COUNT, NGX_AI_DIALECT_BEDROCK,
      NGX_AI_OP_COUNT, 0,
      NGX_AI_ROUTE_ID | NGX_AI_ROUTE_MODEL_PATH | NGX_AI_ROUTE_BODY_JSON
      | NGX_AI_ROUTE_MODEL_OPTIONAL }
};


ngx_int_t
ngx_ai_route_find(ngx_uint_t method, const ngx_str_t *uri,
    ngx_ai_route_match_t *match)
{
    ngx_int_t              rc;
    const ngx_ai_route_t  *route, *first, *end;

    ngx_str_null(&match->id);

    end = ngx_ai_routes + NGX_AI_ROUTES;

    for (route = ngx_ai_routes; route < end; route++) {
        if (ngx_ai_route_match(route, uri, &match->id)) {
            break;
        }
    }

    if (route == end) {
        return NGX_DECLINED;
    }

    rc = NGX_ERROR;
    first = route;

    match->route = first;
    match->allow = 0;

    for ( /* void */ ; route < end; route++) {

        if (route->path.len != first->path.len
            || ngx_memcmp(route->path.data, first->path.data, first->path.len)
               != 0)
        {
            break;
        }

        if (route->methods & method) {
            match->route = route;
            rc = NGX_OK;
        }

        match->allow |= route->methods;
    }

    match->tail.data = uri->data + match->route->strip;
    match->tail.len = uri->len - match->route->strip;

    return rc;
}


static ngx_uint_t
ngx_ai_route_match(const ngx_ai_route_t *route, const ngx_str_t *uri,
    ngx_str_t *id)
{
    size_t         rest;
    u_char        *p, *last, *slash;
    const u_char  *q, *end;

    q = route->path.data;
    end = q + route->path.len;

    if (!(route->flags & NGX_AI_ROUTE_ID)) {
        return uri->len == route->path.len
               && ngx_memcmp(uri->data, q, uri->len) == 0;
    }

    p = uri->data;
    last = p + uri->len;

    while (*q != '{') {
        if (p == last || *p++ != *q++) {
            return 0;
        }
    }

    q += sizeof("{id}") - 1;
    rest = end - q;

    if ((size_t) (last - p) <= rest
        || ngx_memcmp(last - rest, q, rest) != 0)
    {
        return 0;
    }

    last -= rest;

    if (last - p > NGX_AI_ROUTE_ID_MAX) {
        return 0;
    }

    slash = memchr(p, '/', last - p);

    if (slash != NULL
        && (!(route->flags & NGX_AI_ROUTE_SLASH)
            || slash == p
            || slash == last - 1
            || memchr(slash + 1, '/', last - slash - 1) != NULL))
    {
        return 0;
    }

    id->data = p;
    id->len = last - p;

    return 1;
}


u_char *
ngx_ai_route_allow(u_char *dst, ngx_uint_t methods)
{
    u_char      *p;
    ngx_uint_t   i;

    static const struct {
        ngx_uint_t  method;
        ngx_str_t   name;
    } names[] = {
        { NGX_AI_METHOD_GET, ngx_string("GET") },
        { NGX_AI_METHOD_POST, ngx_string("POST") },
        { NGX_AI_METHOD_DELETE, ngx_string("DELETE") }
    };

    p = dst;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (methods & names[i].method) {

            if (p != dst) {
                *p++ = ',';
                *p++ = ' ';
            }

            p = ngx_cpymem(p, names[i].name.data, names[i].name.len);
        }
    }

    return p;
}


const ngx_ai_route_t *
ngx_ai_route_of(ngx_uint_t dialect, ngx_uint_t op)
{
    const ngx_ai_route_t  *route, *end;

    end = ngx_ai_routes + NGX_AI_ROUTES;

    for (route = ngx_ai_routes; route < end; route++) {
        if (route->dialect == dialect && route->op == op) {
            return route;
        }
    }

    return NULL;
}


const ngx_ai_route_t *
ngx_ai_route(ngx_uint_t id)
{
    return &ngx_ai_routes[id];
}
