
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_QUIRKS_H_INCLUDED_
#define _NGX_AI_QUIRKS_H_INCLUDED_


/*
 * How a vendor departs from the dialect it speaks, one bit per fact that was
 * seen on the wire or that the vendor documents.  They stand on this floor,
 * below the vendors' table, because the readers of replies need them.
 */


/*
 * A stream carries usage without being asked: on the finish chunk (DeepSeek,
 * Mistral, OpenRouter), in each chunk (Perplexity).  Forcing
 * stream_options.include_usage is not needed.
 */
#define NGX_AI_QUIRK_USAGE_ALWAYS     0x0001

/* completion_tokens exclude reasoning_tokens, total_tokens have both (xAI) */
#define NGX_AI_QUIRK_REASONING_APART  0x0002

/*
 * A stream may end without [DONE], after the finish or the usage chunk
 * (Perplexity, Cerebras, MiniMax; the Hugging Face router does what the
 * server behind it does; Gemini's format has no terminator at all).  It is
 * whole once a finish_reason was seen.
 */
#define NGX_AI_QUIRK_NO_DONE          0x0004

/* a 200 with base_resp.status_code other than 0 is an error (MiniMax) */
#define NGX_AI_QUIRK_BASE_RESP        0x0008

/* a server of one's own: a key is sent when there is one, none is needed */
#define NGX_AI_QUIRK_KEYLESS          0x0010

/* serves /files and /batches in OpenAI's form */
#define NGX_AI_QUIRK_FILES            0x0020

/* what it has of OpenAI's routes is under /v1 of its URL (Ollama) */
#define NGX_AI_QUIRK_V1               0x0040

/*
 * The model is in the path before the route's own, "/deployments/{model}",
 * and the version of the API is in the query (Azure).
 */
#define NGX_AI_QUIRK_DEPLOYMENTS      0x0080

/*
 * Claude on Vertex AI: the model is in the path, ":rawPredict" behind it, and
 * not in the body, which has an "anthropic_version" instead.
 */
#define NGX_AI_QUIRK_VERTEX_CLAUDE    0x1000

/*
 * Claude by InvokeModel of Bedrock: the same, and the path says whether it is
 * a stream.  The events are frames whose data are {"bytes":"..."}, the base64
 * of what would be an event's data.
 */
#define NGX_AI_QUIRK_BEDROCK_INVOKE   0x2000

/*
 * Requests that are written anew for who speaks OpenAI's chat completions.
 */

/* models that reason refuse max_tokens (OpenAI, Azure) */
#define NGX_AI_QUIRK_MAX_COMPLETION   0x010000

/* has the role "developer", and others refuse it (OpenAI, Azure) */
#define NGX_AI_QUIRK_DEVELOPER        0x020000

/* tool_choice may be "allowed_tools" (OpenAI, Azure) */
#define NGX_AI_QUIRK_ALLOWED_TOOLS    0x040000

/* ids of calls must have 40 bytes at most (OpenAI, Azure) */
#define NGX_AI_QUIRK_TOOL_ID_40       0x080000

#define NGX_AI_QUIRK_OPENAI                                                   \
    (NGX_AI_QUIRK_MAX_COMPLETION | NGX_AI_QUIRK_DEVELOPER                     \
     | NGX_AI_QUIRK_ALLOWED_TOOLS | NGX_AI_QUIRK_TOOL_ID_40)

/* ids of calls must be nine letters and digits (Mistral) */
#define NGX_AI_QUIRK_TOOL_ID_9        0x100000

/* tool_choice is "any" where it is "required" with others (Mistral) */
#define NGX_AI_QUIRK_TOOL_CHOICE_ANY  0x200000

/* the seed is random_seed (Mistral) */
#define NGX_AI_QUIRK_RANDOM_SEED      0x400000

/* refuses members that it does not know: 422, extra_forbidden (Mistral) */
#define NGX_AI_QUIRK_STRICT           0x800000

/*
 * While tools are called, what the model has thought must come back as
 * reasoning_content (DeepSeek, Moonshot, Z.ai).
 */
#define NGX_AI_QUIRK_REASONING_ECHO   0x1000000


#endif /* _NGX_AI_QUIRKS_H_INCLUDED_ */
