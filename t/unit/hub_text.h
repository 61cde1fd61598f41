
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#ifndef _HUB_TEXT_H_INCLUDED_
#define _HUB_TEXT_H_INCLUDED_


/* the hub's values as canonical text: see hub.h */


#include "ngx_ai_chat.h"
#include "ngx_ai_flow.h"
#include "ngx_ai_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>


typedef struct {
    char              *data;
    size_t             len;
    size_t             size;
} hub_text_t;


static const char *const  hub_kinds[] = {
    "text", "thinking", "redacted", "refusal", "image", "audio", "video",
    "file", "call", "result", "native"
};


static inline void hub_printf(hub_text_t *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));


static inline void
hub_bytes(hub_text_t *t, const void *data, size_t len)
{
    if (len > NGX_MAX_INT32_VALUE) {
        abort();
    }

    if (t->len + len + 1 > t->size) {
        t->size = 2 * (t->len + len + 1);
        t->data = realloc(t->data, t->size);

        if (t->data == NULL) {
            abort();
        }
    }

    if (len) {
        memcpy(t->data + t->len, data, len);
    }

    t->len += len;
    t->data[t->len] = '\0';
}


static inline void
hub_text_free(hub_text_t *t)
{
    free(t->data);
    memset(t, 0, sizeof(hub_text_t));
}


static inline void
hub_printf(hub_text_t *t, const char *fmt, ...)
{
    int       n;
    char      line[512];
    va_list   args;

    va_start(args, fmt);
    n = vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);

    hub_bytes(t, line, ngx_min((size_t) n, sizeof(line) - 1));
}


/* the source of a string, decoded; its line ends and controls are escaped */

static inline void
hub_source(hub_text_t *t, const void *data, size_t len)
{
    u_char     *dst;
    size_t      i;
    ngx_str_t   out;

    dst = malloc(len + 1);

    if (dst == NULL) {
        abort();
    }

    if (ngx_ai_text_decode_loose(data, len, dst, len, &out) != NGX_OK) {
        hub_printf(t, "(no string)");
        hub_bytes(t, data, len);
        free(dst);
        return;
    }

    for (i = 0; i < out.len; i++) {

        if (out.data[i] < 0x20) {
            hub_printf(t, "\\x%02x", out.data[i]);

        } else {
            hub_bytes(t, &out.data[i], 1);
        }
    }

    free(dst);
}


/* JSON without the blanks between its tokens */

static inline void
hub_json(hub_text_t *t, const void *data, size_t len)
{
    const char  *p, *end;
    ngx_uint_t   quoted;

    end = (const char *) data + len;
    quoted = 0;

    for (p = data; p < end; p++) {

        if (!quoted && (*p == ' ' || *p == '\t' || *p == CR || *p == LF)) {
            continue;
        }

        if (*p == '"') {
            quoted = !quoted;

        } else if (*p == '\\' && p + 1 < end) {
            hub_bytes(t, p++, 1);
        }

        hub_bytes(t, p, 1);
    }
}


/* the source of a string with JSON in it */

static inline void
hub_args(hub_text_t *t, const void *data, size_t len)
{
    u_char     *dst;
    ngx_str_t   out;

    dst = malloc(len + 1);

    if (dst == NULL) {
        abort();
    }

    if (ngx_ai_text_decode_loose(data, len, dst, len, &out) == NGX_OK) {
        hub_json(t, out.data, out.len);

    } else {
        hub_source(t, data, len);
    }

    free(dst);
}


static inline void
hub_str(hub_text_t *t, const char *name, const ngx_str_t *value)
{
    if (value->len) {
        hub_printf(t, " %s=\"", name);
        hub_source(t, value->data, value->len);
        hub_printf(t, "\"");
    }
}


static inline void
hub_raw(hub_text_t *t, const char *name, const ngx_str_t *value)
{
    if (value->len) {
        hub_printf(t, " %s=", name);
        hub_json(t, value->data, value->len);
    }
}


static inline void
hub_flag(hub_text_t *t, const char *name, ngx_uint_t value)
{
    if (value != NGX_AI_UNSET) {
        hub_printf(t, " %s=%u", name, (unsigned) value);
    }
}


static inline void
hub_strs(hub_text_t *t, const char *name, const ngx_array_t *values)
{
    ngx_uint_t        i;
    const ngx_str_t  *value;

    if (values == NULL) {
        return;
    }

    value = values->elts;

    hub_printf(t, " %s=[", name);

    for (i = 0; i < values->nelts; i++) {
        hub_printf(t, "%s\"", i ? "," : "");
        hub_source(t, value[i].data, value[i].len);
        hub_printf(t, "\"");
    }

    hub_printf(t, "]");
}


static inline void
hub_citation_text(hub_text_t *t, const ngx_ai_citation_t *c)
{
    hub_printf(t, " citation{");
    hub_str(t, "url", &c->url);
    hub_str(t, "title", &c->title);
    hub_str(t, "quote", &c->quote);
    hub_str(t, "id", &c->id);
    hub_printf(t, " %lld-%lld }", (long long) c->start, (long long) c->end);
}


/* what a part has beside its text, its id, its name and its signature */

static inline void
hub_part_rest(hub_text_t *t, const ngx_ai_part_t *part)
{
    ngx_uint_t                i;
    const ngx_ai_citation_t  *citation;

    hub_str(t, "data", &part->data);
    hub_str(t, "media", &part->media);
    hub_str(t, "url", &part->url);
    hub_str(t, "file", &part->file);
    hub_str(t, "detail", &part->detail);
    hub_raw(t, "cache", &part->cache);

    if (part->failed) {
        hub_printf(t, " failed");
    }

    if (part->custom) {
        hub_printf(t, " custom");
    }

    if (part->summary) {
        hub_printf(t, " summary");
    }

    if (part->citations != NULL) {
        citation = part->citations->elts;

        for (i = 0; i < part->citations->nelts; i++) {
            hub_citation_text(t, &citation[i]);
        }
    }
}


/* one line, and one for each part in it */

static inline void
hub_part_text(hub_text_t *t, const ngx_ai_part_t *part, int depth)
{
    ngx_uint_t            i;
    const ngx_ai_part_t  *inner;

    hub_printf(t, "%*s%s", 2 * depth, "", hub_kinds[part->kind]);

    hub_str(t, "id", &part->id);
    hub_str(t, "name", &part->name);
    hub_str(t, "text", &part->text);
    hub_raw(t, "json", &part->json);
    hub_part_rest(t, part);

    if (part->signature.len) {
        hub_str(t, "signature", &part->signature);
    }

    if (part->signature.len || part->kind == NGX_AI_PART_NATIVE
        || part->kind == NGX_AI_PART_REDACTED)
    {
        hub_printf(t, " origin=%u", (unsigned) part->origin);
    }

    hub_printf(t, "\n");

    if (part->parts != NULL) {
        inner = part->parts->elts;

        for (i = 0; i < part->parts->nelts; i++) {
            hub_part_text(t, &inner[i], depth + 1);
        }
    }
}


static inline void
hub_options_text(hub_text_t *t, const ngx_ai_chat_t *chat)
{
    hub_printf(t, "options stream=%d usage=%d", chat->stream, chat->usage);

    if (chat->max_tokens != -1) {
        hub_printf(t, " max_tokens=%lld", (long long) chat->max_tokens);
    }

    hub_raw(t, "temperature", &chat->temperature);
    hub_raw(t, "top_p", &chat->top_p);
    hub_raw(t, "top_k", &chat->top_k);
    hub_raw(t, "seed", &chat->seed);
    hub_raw(t, "presence_penalty", &chat->presence_penalty);
    hub_raw(t, "frequency_penalty", &chat->frequency_penalty);
    hub_raw(t, "logit_bias", &chat->logit_bias);

    if (chat->logprobs) {
        hub_printf(t, " logprobs=%u", (unsigned) chat->logprobs);
    }

    hub_raw(t, "top_logprobs", &chat->top_logprobs);

    if (chat->n != 1) {
        hub_printf(t, " n=%lld", (long long) chat->n);
    }

    hub_strs(t, "stop", chat->stop);

    if (chat->output) {
        hub_printf(t, " output=%u", (unsigned) chat->output);
    }

    hub_raw(t, "schema", &chat->schema);
    hub_str(t, "schema_name", &chat->schema_name);
    hub_str(t, "schema_description", &chat->schema_description);
    hub_flag(t, "schema_strict", chat->schema_strict);
    hub_str(t, "verbosity", &chat->verbosity);
    hub_str(t, "audio_voice", &chat->audio_voice);
    hub_str(t, "audio_format", &chat->audio_format);
    hub_raw(t, "prediction", &chat->prediction);

    if (chat->effort) {
        hub_printf(t, " effort=%s",
                   (char *) ngx_ai_effort_name(chat->effort)->data);
    }

    if (chat->budget != NGX_AI_BUDGET_UNSET) {
        hub_printf(t, " budget=%lld", (long long) chat->budget);
    }

    hub_str(t, "summary", &chat->summary);
    hub_flag(t, "thoughts", chat->thoughts);

    if (chat->choice) {
        hub_printf(t, " choice=%u", (unsigned) chat->choice);
    }

    hub_str(t, "choice_name", &chat->choice_name);
    hub_strs(t, "allowed", chat->allowed);
    hub_flag(t, "parallel", chat->parallel);
    hub_str(t, "user", &chat->user);
    hub_raw(t, "metadata", &chat->metadata);
    hub_str(t, "tier", &chat->tier);
    hub_raw(t, "safety", &chat->safety);
    hub_raw(t, "cache", &chat->cache);
    hub_str(t, "cache_key", &chat->cache_key);
    hub_flag(t, "store", chat->store);
    hub_str(t, "previous", &chat->previous);
    hub_printf(t, "\n");
}


static inline void
hub_fields_text(hub_text_t *t, uint64_t fields)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_AI_FIELD_MAX; i++) {
        if (fields & ((uint64_t) 1 << i)) {
            hub_printf(t, " %s", (char *) ngx_ai_field_names[i].data);
        }
    }
}


/* "fields" is 0 for a text without them */

static inline void
hub_chat_lines(hub_text_t *t, const ngx_ai_chat_t *chat, ngx_uint_t fields)
{
    ngx_uint_t               i, k;
    const ngx_ai_part_t     *part;
    const ngx_ai_tool_t     *tool;
    const ngx_ai_message_t  *message;

    static const char       *roles[] = { "system", "user", "assistant" };
    static const char       *kinds[] = { "function", "custom", "web_search",
                                         "code", "native" };

    hub_options_text(t, chat);

    if (fields) {
        hub_printf(t, "fields");
        hub_fields_text(t, chat->fields);
        hub_printf(t, "\n");
    }

    tool = chat->tools.elts;

    for (i = 0; i < chat->tools.nelts; i++) {
        hub_printf(t, "tool %s", kinds[tool[i].kind]);
        hub_str(t, "name", &tool[i].name);
        hub_str(t, "description", &tool[i].description);
        hub_raw(t, "schema", &tool[i].schema);
        hub_raw(t, "raw", &tool[i].raw);
        hub_raw(t, "cache", &tool[i].cache);
        hub_flag(t, "strict", tool[i].strict);

        if (tool[i].raw.len) {
            hub_printf(t, " origin=%u", (unsigned) tool[i].origin);
        }

        hub_printf(t, "\n");
    }

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {
        hub_printf(t, "%s", roles[message[i].role]);
        hub_str(t, "name", &message[i].name);

        if (message[i].developer) {
            hub_printf(t, " developer");
        }

        hub_printf(t, "\n");

        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {
            hub_part_text(t, &part[k], 1);
        }
    }
}


static inline void
hub_chat_text(hub_text_t *t, const ngx_ai_chat_t *chat)
{
    hub_chat_lines(t, chat, 1);
}


static inline void
hub_usage_text(hub_text_t *t, const ngx_ai_usage_t *usage)
{
    ngx_uint_t  i;

    hub_printf(t, "usage");

    if (!usage->reported) {
        hub_printf(t, " none");
    }

    for (i = 0; i < NGX_AI_USAGE_MAX; i++) {
        if (usage->tokens[i]) {
            hub_printf(t, " %s=%lld", (char *) ngx_ai_usage_names[i].data,
                       (long long) usage->tokens[i]);
        }
    }

    hub_printf(t, "\n");
}


static inline const char *
hub_finish(ngx_uint_t finish)
{
    return finish == NGX_AI_FINISH_NONE
           ? "none" : (char *) ngx_ai_finish_names[finish].data;
}


static inline void
hub_answer_text(hub_text_t *t, const ngx_ai_answer_t *answer)
{
    ngx_uint_t                   i, k;
    const ngx_ai_part_t         *part;
    const ngx_ai_alternative_t  *alternative;

    hub_printf(t, "answer");
    hub_str(t, "id", &answer->id);
    hub_str(t, "model", &answer->model);
    hub_str(t, "tier", &answer->tier);
    hub_printf(t, " created=%lld\n", (long long) answer->created);

    alternative = answer->alternatives.elts;

    for (i = 0; i < answer->alternatives.nelts; i++) {
        hub_printf(t, "alternative finish=%s",
                   hub_finish(alternative[i].finish));
        hub_str(t, "stop", &alternative[i].stop);
        hub_raw(t, "logprobs", &alternative[i].logprobs);
        hub_printf(t, "\n");

        part = alternative[i].parts.elts;

        for (k = 0; k < alternative[i].parts.nelts; k++) {
            hub_part_text(t, &part[k], 1);
        }
    }

    hub_usage_text(t, &answer->usage);
}


static inline void
hub_delta_text(hub_text_t *t, const ngx_ai_delta_t *d)
{
    static const char  *types[] = {
        "START", "PART", "TEXT", "SIGNATURE", "CITATION", "PART_END",
        "LOGPROBS", "FINISH", "USAGE", "PING", "ERROR", "END"
    };

    hub_printf(t, "%s", types[d->type]);

    switch (d->type) {

    case NGX_AI_DELTA_START:
        hub_str(t, "id", &d->id);
        hub_str(t, "model", &d->model);
        hub_printf(t, " created=%lld\n", (long long) d->created);
        return;

    case NGX_AI_DELTA_PART:
        hub_printf(t, " %u.%u ", (unsigned) d->choice, (unsigned) d->index);
        hub_part_text(t, d->part, 0);
        return;

    case NGX_AI_DELTA_TEXT:
    case NGX_AI_DELTA_SIGNATURE:
        hub_printf(t, " %u.%u", (unsigned) d->choice, (unsigned) d->index);

        if (d->type == NGX_AI_DELTA_SIGNATURE) {
            hub_printf(t, " origin=%u", (unsigned) d->part->origin);
        }

        /* the source, as it may begin or end inside a pair */

        hub_printf(t, " \"");
        hub_bytes(t, d->text.data, d->text.len);
        hub_printf(t, "\"\n");
        return;

    case NGX_AI_DELTA_CITATION:
        hub_printf(t, " %u.%u", (unsigned) d->choice, (unsigned) d->index);
        hub_citation_text(t, d->citation);
        break;

    case NGX_AI_DELTA_PART_END:
        hub_printf(t, " %u.%u", (unsigned) d->choice, (unsigned) d->index);
        break;

    case NGX_AI_DELTA_LOGPROBS:
        hub_printf(t, " %u ", (unsigned) d->choice);
        hub_json(t, d->text.data, d->text.len);
        break;

    case NGX_AI_DELTA_FINISH:
        hub_printf(t, " %u %s", (unsigned) d->choice, hub_finish(d->finish));
        hub_str(t, "stop", &d->text);
        break;

    case NGX_AI_DELTA_USAGE:
        hub_printf(t, " ");
        hub_usage_text(t, d->usage);
        return;

    case NGX_AI_DELTA_ERROR:
        hub_printf(t, " %s message=\"",
                   (char *) ngx_ai_error_name(d->error->kind)->data);
        hub_bytes(t, d->error->message.data, d->error->message.len);
        hub_printf(t, "\"");
        break;
    }

    hub_printf(t, "\n");
}


#endif /* _HUB_TEXT_H_INCLUDED_ */
