
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
 * server behind it does).  It is whole once a finish_reason was seen.
 */
#define NGX_AI_QUIRK_NO_DONE          0x0004

/* a 200 with base_resp.status_code other than 0 is an error (MiniMax) */
#define NGX_AI_QUIRK_BASE_RESP        0x0008

/* a server of one's own: a key is sent when there is one, none is needed */
#define NGX_AI_QUIRK_KEYLESS          0x0010

/* serves /files and /batches in OpenAI's form */
#define NGX_AI_QUIRK_FILES            0x0020


#endif /* _NGX_AI_QUIRKS_H_INCLUDED_ */
