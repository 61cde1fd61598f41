
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_FIELD_H_INCLUDED_
#define _NGX_AI_FIELD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * What a conversation can hold, one bit each.  A reader sets the bits of
 * what a request has; a dialect says which it can carry and how; what is
 * left goes to the drops.  The README's table has a row for each of them and
 * a column for each dialect.
 */

typedef enum {
    NGX_AI_FIELD_NONE = 0,

    /* sampling */
    NGX_AI_FIELD_MAX_TOKENS,
    NGX_AI_FIELD_TEMPERATURE,
    NGX_AI_FIELD_TOP_P,
    NGX_AI_FIELD_TOP_K,
    NGX_AI_FIELD_N,
    NGX_AI_FIELD_STOP,
    NGX_AI_FIELD_SEED,
    NGX_AI_FIELD_PRESENCE_PENALTY,
    NGX_AI_FIELD_FREQUENCY_PENALTY,
    NGX_AI_FIELD_LOGIT_BIAS,
    NGX_AI_FIELD_LOGPROBS,             /* and top_logprobs */

    /* output */
    NGX_AI_FIELD_JSON,                 /* any JSON object */
    NGX_AI_FIELD_SCHEMA,               /* JSON of a schema */
    NGX_AI_FIELD_VERBOSITY,
    NGX_AI_FIELD_AUDIO_OUT,
    NGX_AI_FIELD_IMAGE_OUT,
    NGX_AI_FIELD_PREDICTION,

    /* reasoning */
    NGX_AI_FIELD_EFFORT,
    NGX_AI_FIELD_BUDGET,
    NGX_AI_FIELD_SUMMARY,              /* of reasoning, for the client */

    /* tools */
    NGX_AI_FIELD_TOOLS,
    NGX_AI_FIELD_TOOL_STRICT,
    NGX_AI_FIELD_TOOL_CHOICE,          /* auto, required */
    NGX_AI_FIELD_TOOL_CHOICE_NONE,
    NGX_AI_FIELD_TOOL_CHOICE_NAMED,
    NGX_AI_FIELD_TOOL_CHOICE_ALLOWED,  /* several names */
    NGX_AI_FIELD_PARALLEL,
    NGX_AI_FIELD_TOOL_CUSTOM,          /* with text or a grammar */
    NGX_AI_FIELD_WEB_SEARCH,
    NGX_AI_FIELD_CODE,                 /* that the provider runs */
    NGX_AI_FIELD_TOOL_NATIVE,          /* another of the provider's own */

    /* messages */
    NGX_AI_FIELD_SYSTEM,
    NGX_AI_FIELD_NAME,                 /* of a participant */
    NGX_AI_FIELD_IMAGE,                /* base64 */
    NGX_AI_FIELD_IMAGE_URL,
    NGX_AI_FIELD_IMAGE_DETAIL,
    NGX_AI_FIELD_AUDIO,
    NGX_AI_FIELD_VIDEO,
    NGX_AI_FIELD_FILE,                 /* base64, a PDF mostly */
    NGX_AI_FIELD_FILE_URL,
    NGX_AI_FIELD_FILE_ID,              /* kept by the provider */
    NGX_AI_FIELD_TOOL_CALL,
    NGX_AI_FIELD_TOOL_RESULT,
    NGX_AI_FIELD_TOOL_RESULT_IMAGE,
    NGX_AI_FIELD_TOOL_RESULT_ERROR,
    NGX_AI_FIELD_THINKING,             /* text of earlier turns */
    NGX_AI_FIELD_SIGNATURE,            /* of it, or of a call */
    NGX_AI_FIELD_REDACTED,
    NGX_AI_FIELD_REFUSAL,
    NGX_AI_FIELD_CITATIONS,
    NGX_AI_FIELD_CACHE,                /* cache_control marks */
    NGX_AI_FIELD_CACHE_KEY,

    /* account */
    NGX_AI_FIELD_USER,
    NGX_AI_FIELD_METADATA,
    NGX_AI_FIELD_TIER,
    NGX_AI_FIELD_SAFETY,
    NGX_AI_FIELD_STORE,
    NGX_AI_FIELD_PREVIOUS,             /* previous_response_id */

    NGX_AI_FIELD_MAX                   /* 64 at most */
} ngx_ai_field_e;


#define ngx_ai_field(name)  ((uint64_t) 1 << NGX_AI_FIELD_##name)

/*
 * Only their maker understands them: a dialect that keeps one keeps its own,
 * not that of another; one that maps it takes anybody's.
 */

#define NGX_AI_FIELDS_OWN                                                     \
    (ngx_ai_field(THINKING) | ngx_ai_field(SIGNATURE)                         \
     | ngx_ai_field(REDACTED) | ngx_ai_field(TOOL_NATIVE)                     \
     | ngx_ai_field(SAFETY))


/* as the README's table and x-ai-dropped have them: "top_k" */
extern const ngx_str_t  ngx_ai_field_names[NGX_AI_FIELD_MAX];


#endif /* _NGX_AI_FIELD_H_INCLUDED_ */
