
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _NGX_AI_SCAN_FIELD_H_INCLUDED_
#define _NGX_AI_SCAN_FIELD_H_INCLUDED_


/*
 * The scanner's other half, for ngx_ai_scan.c alone: which values are wanted,
 * and what is noted of them.
 *
 * The paths make a tree of nodes, so that a key is compared only with the
 * names that can stand where it does, however many paths there are:
 *
 *     model                       (1) -+- model *
 *     usage                            +- usage * --- total_tokens *
 *     usage.total_tokens               +- choices --- [] --- finish_reason *
 *     choices.*.finish_reason
 *
 * s->node is the node of the open container and s->target that of the value
 * to come; both are 0 in what nobody asked for, which costs nothing but its
 * validation.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_scan.h"


#define NGX_AI_SCAN_ROOT  1             /* node of the document */


#define ngx_ai_scan_pos(s, p)  ((s)->offset + ((p) - (s)->start))


/* makes the tree; NGX_DECLINED: a path is none, or there are too many */
ngx_int_t ngx_ai_scan_field_init(ngx_ai_scan_t *s);

/* a document begins */
void ngx_ai_scan_field_reset(ngx_ai_scan_t *s);

/* the node of a member of the open object, 0 for none */
u_char ngx_ai_scan_field_match(ngx_ai_scan_t *s, const u_char *name,
    size_t len);

/* the target begins at "p" */
void ngx_ai_scan_field_begin(ngx_ai_scan_t *s, const u_char *p,
    ngx_ai_json_type_e type);

/* s->value, a scalar, ends at "end"; its text ended at "p" */
void ngx_ai_scan_field_scalar(ngx_ai_scan_t *s, const u_char *p,
    const u_char *end);

/* the open container ends at "end" */
void ngx_ai_scan_field_container(ngx_ai_scan_t *s, const u_char *end);

/* keeps the bytes from s->mark to "p", of s->name or of s->value */
void ngx_ai_scan_field_keep(ngx_ai_scan_t *s, const u_char *p, ngx_uint_t name);

/* appends a decoded escape to s->name; the next byte to keep is at "mark" */
void ngx_ai_scan_field_code(ngx_ai_scan_t *s, uint32_t code,
    const u_char *mark);


#endif /* _NGX_AI_SCAN_FIELD_H_INCLUDED_ */
