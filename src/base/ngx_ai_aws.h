
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_AWS_H_INCLUDED_
#define _NGX_AI_AWS_H_INCLUDED_


/*
 * The event stream of AWS (application/vnd.amazon.eventstream).  Numbers are
 * big-endian, checksums are the CRC-32 of zlib.
 *
 *     +-------+---------+---------+---------+---------+---------+
 *     | total | headers | crc of  | headers | payload | crc of  |
 *     |  u32  | len u32 | 8 bytes |         |         | all u32 |
 *     +-------+---------+---------+---------+---------+---------+
 *     |<----------------------- total ------------------------->|
 *
 *     header = name length u8, name, type u8, value
 *     value  = type 0, 1: nothing     2: 1 byte     3: 2 bytes    4: 4 bytes
 *                   5, 8: 8 bytes     9: 16 bytes
 *                   6, 7: length u16 and as many bytes; 7 is a string
 *
 * One frame is one event with lines = 1 and the payload as its data, in
 * place.  ":message-type" tells what it is named by:
 *
 *     event        ":event-type"
 *     exception    ":exception-type", and error = 1
 *     error        ":error-code", and error = 1; when there is no payload
 *                  the data are the text in ":error-message", any bytes
 *
 * A name is printable ASCII and may be empty.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_buf.h"
#include "ngx_ai_sse.h"


typedef struct {
    size_t        total;         /* of the frame that began; 0: not known */
    size_t        max;
} ngx_ai_aws_t;


/* "max" is the cap of one frame; nothing is allocated, nor to be freed */
void ngx_ai_aws_init(ngx_ai_aws_t *s, size_t max);

/*
 * The contracts of ngx_ai_sse.h, with borders that do not move.  NGX_ERROR: a
 * wrong checksum, lengths that contradict each other, a header of no known
 * type, a name that is none; at the end of the stream, a frame that is cut.
 */
ngx_int_t ngx_ai_aws_next(ngx_ai_aws_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev);
ngx_int_t ngx_ai_aws_end(ngx_ai_aws_t *s, u_char **pos, u_char *last,
    ngx_ai_sse_event_t *ev);


/*
 * Writes a frame around the data that the caller appends in between: an event
 * or, with "error", an exception; in either case of JSON.  An empty name is
 * left out.  NGX_OK; NGX_ERROR: no memory; NGX_DECLINED: over the maximum of
 * the buffer or that of the format.
 */
ngx_int_t ngx_ai_aws_begin(ngx_ai_buf_t *out, const ngx_str_t *name,
    ngx_uint_t error, size_t *mark);
ngx_int_t ngx_ai_aws_finish(ngx_ai_buf_t *out, size_t mark);


#endif /* _NGX_AI_AWS_H_INCLUDED_ */
