
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_CHAT_IDS_H_INCLUDED_
#define _NGX_AI_CHAT_IDS_H_INCLUDED_


#include "ngx_ai_chat.h"


/*
 * For ngx_ai_chat_complete() alone: ids of calls and results, names of
 * results, arguments of calls.  NGX_OK or NGX_ERROR without memory.
 */
ngx_int_t ngx_ai_chat_ids(ngx_ai_chat_t *chat);

/*
 * For ngx_ai_answer_complete(): ids and arguments of the calls in one
 * alternative; "ordinal" counts the calls of all of them.  NGX_OK: there are
 * calls; NGX_DECLINED: there are none; NGX_ERROR: no memory.
 */
ngx_int_t ngx_ai_answer_ids(ngx_ai_answer_t *answer, ngx_array_t *parts,
    ngx_uint_t *ordinal);


#endif /* _NGX_AI_CHAT_IDS_H_INCLUDED_ */
