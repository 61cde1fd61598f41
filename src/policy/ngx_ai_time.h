
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_TIME_H_INCLUDED_
#define _NGX_AI_TIME_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * A time of RFC 3339, as in "2027-01-01T00:00:00Z" or "...00.5+02:00"; a
 * fraction of a second is dropped.  NGX_OK, or NGX_ERROR for everything that
 * no clock and no calendar shows, and for years before 1971: 0 is never a
 * result.
 */
ngx_int_t ngx_ai_time_parse(const ngx_str_t *text, time_t *when);


#endif /* _NGX_AI_TIME_H_INCLUDED_ */
