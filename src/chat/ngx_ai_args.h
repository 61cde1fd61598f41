
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_ARGS_H_INCLUDED_
#define _NGX_AI_ARGS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Arguments of a call that came as a string, "{\"city\":\"Oslo\"}", become
 * the object that is in it.  Models write what they like: blanks or "null"
 * become {}, and what is no object {"arguments":"..."} with all of the text.
 */


/* what the object takes, at most */
#define ngx_ai_args_size(source)                                              \
    ((source)->len + sizeof("{\"arguments\":\"\"}") - 1)

/*
 * "source" is a string as it stands between its quotes; "dst" has room for
 * ngx_ai_args_size() and is not the source.  NGX_OK, or NGX_ERROR when the
 * source is no string.
 */
ngx_int_t ngx_ai_args_read(const ngx_str_t *source, u_char *dst,
    ngx_str_t *json);


#endif /* _NGX_AI_ARGS_H_INCLUDED_ */
