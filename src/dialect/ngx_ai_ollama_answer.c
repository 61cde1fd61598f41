
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_ollama.h"
#include "ngx_ai_sign.h"


#define NGX_AI_OLLAMA_DAY      86400
#define NGX_AI_OLLAMA_CREATED  (sizeof("9999-12-31T23:59:59Z") - 1)


typedef struct {
    int64_t           year;
    int64_t           month;
    int64_t           day;
} ngx_ai_ollama_date_t;


static ngx_int_t ngx_ai_ollama_read_parts(ngx_ai_walk_t *w,
    const ngx_ai_node_t *message, ngx_array_t *parts);
static ngx_int_t ngx_ai_ollama_read_text(ngx_ai_walk_t *w,
    const ngx_ai_node_t *message, const char *name, ngx_uint_t kind,
    ngx_array_t *parts);
static int64_t ngx_ai_ollama_count(const ngx_ai_tree_t *t,
    const ngx_ai_node_t *node);
static int64_t ngx_ai_ollama_digits(const u_char *p, size_t n);
static int64_t ngx_ai_ollama_days(const ngx_ai_ollama_date_t *date);
static void ngx_ai_ollama_date(int64_t days, ngx_ai_ollama_date_t *date);
static ngx_int_t ngx_ai_ollama_write_parts(ngx_ai_json_writer_t *w,
    const ngx_ai_answer_t *answer, const ngx_array_t *parts);
static ngx_int_t ngx_ai_ollama_answer_calls(ngx_ai_json_writer_t *w,
    const ngx_ai_answer_t *answer, const ngx_array_t *parts);


ngx_int_t
ngx_ai_ollama_read_answer(ngx_ai_walk_t *w, const ngx_ai_node_t *root,
    ngx_uint_t quirks, void *data)
{
    ngx_ai_answer_t *answer = data;

    ngx_str_t              text;
    const ngx_ai_node_t   *message, *node;
    const ngx_ai_tree_t   *t;
    ngx_ai_alternative_t  *alternative;

    t = w->tree;

    message = ngx_ai_tree_member(t, root, "message");

    if (message == NULL || message->type != NGX_AI_JSON_OBJECT
        || ngx_ai_tree_member(t, root, "error") != NULL)
    {
        return NGX_ERROR;
    }

    node = ngx_ai_tree_member(t, root, "model");

    if (node != NULL && node->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(t, node, &answer->model);
    }

    node = ngx_ai_tree_member(t, root, "created_at");

    if (node != NULL && node->type == NGX_AI_JSON_STRING) {
        ngx_ai_tree_text(t, node, &text);
        answer->created = ngx_ai_ollama_time(text.data, text.len);
    }

    ngx_ai_ollama_read_usage(t, root, &answer->usage);

    alternative = ngx_ai_answer_alternative(answer);
    if (alternative == NULL) {
        return NGX_ERROR;
    }

    if (ngx_ai_ollama_read_parts(w, message, &alternative->parts) != NGX_OK) {
        return NGX_ERROR;
    }

    node = ngx_ai_tree_member(t, root, "done_reason");
    alternative->finish = ngx_ai_ollama_finish(t, node);

    node = ngx_ai_tree_member(t, root, "logprobs");

    if (node != NULL && node->type == NGX_AI_JSON_ARRAY
        && ngx_ai_ollama_read_logprobs(w, node, &alternative->logprobs)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_ai_answer_complete(answer);
}


static ngx_int_t
ngx_ai_ollama_read_parts(ngx_ai_walk_t *w, const ngx_ai_node_t *message,
    ngx_array_t *parts)
{
    const ngx_ai_node_t  *node;

    if (ngx_ai_ollama_read_text(w, message, "thinking", NGX_AI_PART_THINKING,
                                parts)
        != NGX_OK
        || ngx_ai_ollama_read_text(w, message, "content", NGX_AI_PART_TEXT,
                                   parts)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    node = ngx_ai_tree_member(w->tree, message, "images");

    if (node != NULL && node->type == NGX_AI_JSON_ARRAY
        && ngx_ai_ollama_read_images(w, node, parts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    node = ngx_ai_tree_member(w->tree, message, "tool_calls");

    if (node != NULL && node->type == NGX_AI_JSON_ARRAY) {
        return ngx_ai_ollama_read_calls(w, node, parts);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_read_text(ngx_ai_walk_t *w, const ngx_ai_node_t *message,
    const char *name, ngx_uint_t kind, ngx_array_t *parts)
{
    ngx_str_t             text;
    ngx_ai_part_t        *part;
    const ngx_ai_node_t  *node;

    node = ngx_ai_tree_member(w->tree, message, name);

    if (node == NULL || node->type != NGX_AI_JSON_STRING) {
        return NGX_OK;
    }

    ngx_ai_tree_text(w->tree, node, &text);

    if (text.len == 0) {
        return NGX_OK;
    }

    part = ngx_ai_part_push(parts, kind);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->text = text;

    return NGX_OK;
}


/* of those who call tools it says "stop" as well */

ngx_uint_t
ngx_ai_ollama_finish(const ngx_ai_tree_t *t, const ngx_ai_node_t *reason)
{
    if (reason == NULL || reason->type != NGX_AI_JSON_STRING
        || ngx_ai_tree_is(t, reason, "stop")
        || ngx_ai_tree_is(t, reason, ""))
    {
        return NGX_AI_FINISH_STOP;
    }

    return ngx_ai_tree_is(t, reason, "length") ? NGX_AI_FINISH_LENGTH
                                               : NGX_AI_FINISH_OTHER;
}


/* a prompt that was in the cache counts nothing, or is not there */

void
ngx_ai_ollama_read_usage(const ngx_ai_tree_t *t, const ngx_ai_node_t *root,
    ngx_ai_usage_t *usage)
{
    const ngx_ai_node_t  *in, *out;

    ngx_memzero(usage, sizeof(ngx_ai_usage_t));

    in = ngx_ai_tree_member(t, root, "prompt_eval_count");
    out = ngx_ai_tree_member(t, root, "eval_count");

    if (in == NULL && out == NULL) {
        return;
    }

    usage->reported = 1;
    usage->tokens[NGX_AI_USAGE_INPUT] = ngx_ai_ollama_count(t, in);
    usage->tokens[NGX_AI_USAGE_OUTPUT] = ngx_ai_ollama_count(t, out);
}


static int64_t
ngx_ai_ollama_count(const ngx_ai_tree_t *t, const ngx_ai_node_t *node)
{
    int64_t  n;

    if (node == NULL || node->type != NGX_AI_JSON_NUMBER
        || ngx_ai_tree_int(t, node, &n) != NGX_OK || n < 0)
    {
        return 0;
    }

    return n;
}


ngx_int_t
ngx_ai_ollama_read_logprobs(ngx_ai_walk_t *w, const ngx_ai_node_t *array,
    ngx_str_t *raw)
{
    u_char     *p;
    ngx_str_t   text;

    ngx_ai_tree_raw(w->tree, array, &text);

    p = ngx_pnalloc(w->pool, text.len + sizeof("{\"content\":}") - 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    raw->data = p;

    p = ngx_cpymem(p, "{\"content\":", sizeof("{\"content\":") - 1);
    p = ngx_cpymem(p, text.data, text.len);
    *p++ = '}';

    raw->len = p - raw->data;

    return NGX_OK;
}


void
ngx_ai_ollama_write_logprobs(ngx_ai_json_writer_t *w, const ngx_str_t *raw)
{
    ngx_str_t                         array;
    ngx_ai_scan_t                     scan;
    ngx_ai_scan_value_t               value;

    static const ngx_ai_scan_field_t  fields[] = {
        { ngx_string("content") }
    };

    if (raw->len == 0) {
        return;
    }

    (void) ngx_ai_scan_init(&scan, fields, 1, &value, NGX_AI_SCAN_DEPTH);

    if (ngx_ai_scan_feed(&scan, raw->data, raw->data + raw->len) != NGX_OK
        || value.type != NGX_AI_JSON_ARRAY)
    {
        return;
    }

    array.data = raw->data + value.start;
    array.len = (size_t) (value.end - value.start);

    ngx_ai_json_write_key(w, "logprobs");
    ngx_ai_json_write_raw(w, &array);
}


/*
 * "2026-11-20T15:44:00", a fraction, and "Z" or an offset, "+02:00".
 */

int64_t
ngx_ai_ollama_time(const u_char *p, size_t len)
{
    int64_t               time, hour, minute, second;
    const u_char         *end;
    ngx_ai_ollama_date_t  date;

    if (len < sizeof("2026-11-20T15:44:00") - 1
        || p[4] != '-' || p[7] != '-' || p[13] != ':' || p[16] != ':')
    {
        return 0;
    }

    date.year = ngx_ai_ollama_digits(p, 4);
    date.month = ngx_ai_ollama_digits(p + 5, 2);
    date.day = ngx_ai_ollama_digits(p + 8, 2);
    hour = ngx_ai_ollama_digits(p + 11, 2);
    minute = ngx_ai_ollama_digits(p + 14, 2);
    second = ngx_ai_ollama_digits(p + 17, 2);

    if (date.year < 1970 || date.month < 1 || date.month > 12
        || date.day < 1 || hour < 0 || minute < 0 || second < 0)
    {
        return 0;
    }

    time = ngx_ai_ollama_days(&date) * NGX_AI_OLLAMA_DAY
           + hour * 3600 + minute * 60 + second;

    end = p + len;
    p += sizeof("2026-11-20T15:44:00") - 1;

    while (p < end && ((*p >= '0' && *p <= '9') || *p == '.')) {
        p++;
    }

    if (end - p == 6 && (*p == '+' || *p == '-') && p[3] == ':') {
        hour = ngx_ai_ollama_digits(p + 1, 2);
        minute = ngx_ai_ollama_digits(p + 4, 2);

        if (hour >= 0 && minute >= 0) {
            second = hour * 3600 + minute * 60;
            time += (*p == '+') ? -second : second;
        }
    }

    return ngx_max(time, 0);
}


static int64_t
ngx_ai_ollama_digits(const u_char *p, size_t n)
{
    int64_t  value;

    for (value = 0; n; n--, p++) {

        if (*p < '0' || *p > '9') {
            return -1;
        }

        value = value * 10 + (*p - '0');
    }

    return value;
}


/* days since 1970-01-01; years begin in March, so that leap days end them */

static int64_t
ngx_ai_ollama_days(const ngx_ai_ollama_date_t *date)
{
    int64_t  year, month;

    year = date->year;
    month = date->month - 3;

    if (month < 0) {
        month += 12;
        year--;
    }

    return 365 * year + year / 4 - year / 100 + year / 400
           + (153 * month + 2) / 5 + date->day - 1 - 719468;
}


static void
ngx_ai_ollama_date(int64_t days, ngx_ai_ollama_date_t *date)
{
    int64_t  era, day, year, month;

    days += 719468;

    era = days / 146097;
    day = days % 146097;

    year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    month = (5 * day + 2) / 153;

    date->day = day - (153 * month + 2) / 5 + 1;
    date->month = month < 10 ? month + 3 : month - 9;
    date->year = year + era * 400 + (date->month <= 2);
}


ngx_int_t
ngx_ai_ollama_head(ngx_pool_t *pool, const ngx_ai_told_t *told,
    const ngx_str_t *model, int64_t created, ngx_str_t *head)
{
    int64_t               second;
    ngx_ai_ollama_date_t  date;

    if (model->len == 0) {
        model = &told->model;
    }

    if (created <= 0) {
        created = told->created;
    }

    /* what is told may be any number */

    created = ngx_min(ngx_max(created, 0), 253402300799);

    head->data = ngx_pnalloc(pool, sizeof("\"model\":\"\",\"created_at\":\"\"")
                                   + NGX_AI_OLLAMA_CREATED + model->len);
    if (head->data == NULL) {
        return NGX_ERROR;
    }

    ngx_ai_ollama_date(created / NGX_AI_OLLAMA_DAY, &date);
    second = created % NGX_AI_OLLAMA_DAY;

    head->len = ngx_sprintf(head->data, "\"model\":\"%V\",\"created_at\":"
                            "\"%04L-%02L-%02LT%02L:%02L:%02LZ\"",
                            model, date.year, date.month, date.day,
                            second / 3600, second / 60 % 60, second % 60)
                - head->data;

    return NGX_OK;
}


/* the one place for a signature; that of thoughts would miss their text */

ngx_int_t
ngx_ai_ollama_call_id(ngx_pool_t *pool, const ngx_ai_part_t *part,
    ngx_str_t *id)
{
    return ngx_ai_id_join(pool, &part->id, part->origin, &part->signature, id);
}


ngx_int_t
ngx_ai_ollama_write_answer(const void *data, const ngx_ai_told_t *told,
    ngx_ai_json_writer_t *w)
{
    const ngx_ai_answer_t *answer = data;

    ngx_str_t                    head;
    ngx_uint_t                   finish;
    const ngx_ai_alternative_t  *alternative;

    if (ngx_ai_ollama_head(answer->pool, told, &answer->model,
                           answer->created, &head)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_ai_json_write_object(w);
    ngx_ai_json_write_members(w, (char *) head.data, head.len);
    ngx_ai_json_write_key(w, "message");
    ngx_ai_json_write_object(w);
    ngx_ai_json_write_literal(w, "\"role\":\"assistant\"");

    finish = NGX_AI_FINISH_STOP;

    if (answer->alternatives.nelts == 0) {
        ngx_ai_json_write_literal(w, "\"content\":\"\"");
        ngx_ai_json_write_end(w);

    } else {
        alternative = answer->alternatives.elts;
        finish = alternative->finish;

        if (ngx_ai_ollama_write_parts(w, answer, &alternative->parts)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_ai_json_write_end(w);
        ngx_ai_ollama_write_logprobs(w, &alternative->logprobs);
    }

    ngx_ai_ollama_write_done(w, finish, &answer->usage, told->elapsed);
    ngx_ai_json_write_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_ai_ollama_write_parts(ngx_ai_json_writer_t *w,
    const ngx_ai_answer_t *answer, const ngx_array_t *parts)
{
    if (ngx_ai_ollama_write_content(w, parts->elts, parts->nelts, "",
                                    answer->pool->log)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_ai_ollama_answer_calls(w, answer, parts);
}


static ngx_int_t
ngx_ai_ollama_answer_calls(ngx_ai_json_writer_t *w,
    const ngx_ai_answer_t *answer, const ngx_array_t *parts)
{
    ngx_str_t             id;
    ngx_uint_t            i, calls;
    const ngx_ai_part_t  *part;

    calls = 0;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].kind != NGX_AI_PART_TOOL_CALL || part[i].custom) {
            continue;
        }

        if (ngx_ai_ollama_call_id(answer->pool, &part[i], &id) != NGX_OK) {
            return NGX_ERROR;
        }

        if (calls == 0) {
            ngx_ai_json_write_key(w, "tool_calls");
            ngx_ai_json_write_array(w);
        }

        ngx_ai_ollama_write_call(w, &part[i], &id, calls++);
    }

    if (calls) {
        ngx_ai_json_write_end(w);
    }

    return NGX_OK;
}


/* durations are in nanoseconds; how the time was spent is not known here */

void
ngx_ai_ollama_write_done(ngx_ai_json_writer_t *w, ngx_uint_t finish,
    const ngx_ai_usage_t *usage, ngx_msec_t elapsed)
{
    int64_t  duration;

    duration = (int64_t) ngx_min(elapsed, INT64_MAX / 1000000) * 1000000;

    if (finish == NGX_AI_FINISH_LENGTH) {
        ngx_ai_json_write_literal(w, "\"done\":true,"
                                     "\"done_reason\":\"length\"");

    } else {
        ngx_ai_json_write_literal(w, "\"done\":true,\"done_reason\":\"stop\"");
    }

    ngx_ai_json_write_key(w, "total_duration");
    ngx_ai_json_write_int(w, duration);
    ngx_ai_json_write_literal(w, "\"load_duration\":0");

    if (usage->reported) {
        ngx_ai_json_write_key(w, "prompt_eval_count");
        ngx_ai_json_write_int(w, ngx_ai_usage_in(usage));
    }

    ngx_ai_json_write_literal(w, "\"prompt_eval_duration\":0");

    if (usage->reported) {
        ngx_ai_json_write_key(w, "eval_count");
        ngx_ai_json_write_int(w, ngx_ai_usage_out(usage));
    }

    ngx_ai_json_write_key(w, "eval_duration");
    ngx_ai_json_write_int(w, duration);
}
