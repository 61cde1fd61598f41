
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_MULTIPART_H_INCLUDED_
#define _NGX_AI_MULTIPART_H_INCLUDED_


/*
 * Finds the values of a few named fields in a multipart/form-data body.
 *
 *     --boundary CRLF
 *     Content-Disposition: form-data; name="model" CRLF
 *     CRLF
 *     whisper-1 CRLF              value = "whisper-1", in place
 *     --boundary CRLF
 *     Content-Disposition: form-data; name="file"; filename="a.wav" CRLF
 *     Content-Type: audio/wav CRLF
 *     CRLF
 *     ... any bytes ... CRLF
 *     --boundary--
 *
 * The gateway decides by these fields and the provider reads them again, so
 * whatever two parsers may read in two ways is malformed here: line breaks
 * and folded lines other than CRLF in part headers, a bare LF before a
 * delimiter, text after a delimiter, a name in RFC 2231 pieces or with an
 * escape other than \" and \\, a transfer encoding.  What is before the first
 * delimiter and behind the closing one is passed over.
 */


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_AI_MULTIPART_BOUNDARY  70      /* bytes; RFC 2046 */
#define NGX_AI_MULTIPART_HEADERS   8192    /* bytes, of one part */
#define NGX_AI_MULTIPART_PARTS     1024


typedef struct {
    ngx_str_t   name;         /* wanted; set by the caller */
    ngx_str_t   value;        /* of the first such part, in place */
    ngx_uint_t  count;        /* of such parts */
    unsigned    file:1;       /* one of them has a file name */
} ngx_ai_multipart_field_t;


/*
 * Takes the boundary, in place, from the value of a Content-Type header.
 *
 *     NGX_OK
 *     NGX_DECLINED  the type is not multipart/form-data
 *     NGX_ERROR     it is, and the boundary is missing, there twice, empty,
 *                   too long, has a wrong byte, or the header is malformed
 */
ngx_int_t ngx_ai_multipart_boundary(ngx_str_t *content_type,
    ngx_str_t *boundary);

/*
 * Looks for n fields in the whole body.  A boundary of another origin than
 * ngx_ai_multipart_boundary() must not have line breaks.
 *
 *     NGX_OK     the body is well-formed up to its closing delimiter; a field
 *                that is not there has count = 0
 *     NGX_ERROR  malformed or over a cap: *error says what, for the client;
 *                the fields are not to be used
 */
ngx_int_t ngx_ai_multipart_scan(ngx_str_t *body, ngx_str_t *boundary,
    ngx_ai_multipart_field_t *fields, ngx_uint_t n, const char **error);


#endif /* _NGX_AI_MULTIPART_H_INCLUDED_ */
