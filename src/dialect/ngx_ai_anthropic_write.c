
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "ngx_ai_anthropic.h"
#include "ngx_ai_inner.h"


#define NGX_AI_ANTHROPIC_BUDGET_MIN  1024

/* what a model knows of thinking and sampling */

#define NGX_AI_ANTHROPIC_BUDGET      0x01    /* "enabled", so many tokens */
#define NGX_AI_ANTHROPIC_ADAPTIVE    0x02    /* "adaptive" */
#define NGX_AI_ANTHROPIC_EFFORT      0x04    /* output_config.effort */
#define NGX_AI_ANTHROPIC_XHIGH       0x08    /* and that one of them */
#define NGX_AI_ANTHROPIC_SAMPLING    0x10    /* temperature, top_p, top_k */
#define NGX_AI_ANTHROPIC_BOTH        0x20    /* two of them at once */


typedef struct {
    ngx_str_t         name;            /* in that of a model */
    int64_t           max_tokens;      /* when the client does not say */
    ngx_uint_t        flags;
} ngx_ai_anthropic_model_t;


/* what is made of what was asked for, for one model */

typedef struct {
    const ngx_ai_anthropic_model_t  *model;
    int64_t                          max_tokens;
    int64_t                          budget;
    ngx_uint_t                       effort;
    ngx_uint_t                       thinks;
} ngx_ai_anthropic_plan_t;


static void ngx_ai_anthropic_write_model(const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w);
static const ngx_ai_anthropic_model_t *ngx_ai_anthropic_find_model(
    const ngx_str_t *name);
static void ngx_ai_anthropic_plan(const ngx_ai_chat_t *chat,
    const ngx_ai_aim_t *aim, ngx_ai_anthropic_plan_t *plan);
static void ngx_ai_anthropic_fit_budget(const ngx_ai_chat_t *chat,
    ngx_uint_t derived, ngx_ai_anthropic_plan_t *plan);
static ngx_uint_t ngx_ai_anthropic_can_think(const ngx_ai_chat_t *chat);
static ngx_uint_t ngx_ai_anthropic_is_thought(const ngx_ai_part_t *part);
static void ngx_ai_anthropic_write_thinks(const ngx_ai_chat_t *chat,
    const ngx_ai_anthropic_plan_t *plan, ngx_ai_json_writer_t *w);
static void ngx_ai_anthropic_write_output(const ngx_ai_chat_t *chat,
    const ngx_ai_anthropic_plan_t *plan, ngx_ai_json_writer_t *w);
static void ngx_ai_anthropic_write_system(const ngx_ai_chat_t *chat,
    ngx_uint_t system, ngx_ai_json_writer_t *w);
static ngx_uint_t ngx_ai_anthropic_has_turns(const ngx_ai_chat_t *chat);
static ngx_int_t ngx_ai_anthropic_write_sampling(const ngx_ai_chat_t *chat,
    const ngx_ai_anthropic_plan_t *plan, ngx_ai_json_writer_t *w);
static ngx_int_t ngx_ai_anthropic_write_temperature(
    const ngx_ai_chat_t *chat, ngx_ai_json_writer_t *w);
static void ngx_ai_anthropic_write_stop(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w);
static void ngx_ai_anthropic_write_account(const ngx_ai_chat_t *chat,
    const ngx_ai_aim_t *aim, ngx_ai_json_writer_t *w);


/*
 * By what stands in their names, the first row that fits; those of clouds
 * are "us.anthropic.claude-3-5-haiku-20241022-v1:0", "claude-opus-4@20250514".
 *
 * max_tokens is what the model gives at most, or a good deal of it.  From 4.1
 * on a temperature excludes a top_p; 4.6 begins with adaptive thinking, and
 * Opus 4.7 ends with budgets and with sampling.  What is not Claude follows
 * an earlier version of the dialect.
 */

static const ngx_ai_anthropic_model_t  ngx_ai_anthropic_models[] = {

    { ngx_string("claude-3-7"), 8192,
      NGX_AI_ANTHROPIC_BUDGET|NGX_AI_ANTHROPIC_SAMPLING
      |NGX_AI_ANTHROPIC_BOTH },

    { ngx_string("claude-3-5"), 8192,
      NGX_AI_ANTHROPIC_SAMPLING|NGX_AI_ANTHROPIC_BOTH },

    { ngx_string("claude-3"), 4096,
      NGX_AI_ANTHROPIC_SAMPLING|NGX_AI_ANTHROPIC_BOTH },

    { ngx_string("claude-2"), 4096,
      NGX_AI_ANTHROPIC_SAMPLING|NGX_AI_ANTHROPIC_BOTH },

    { ngx_string("claude-v2"), 4096,
      NGX_AI_ANTHROPIC_SAMPLING|NGX_AI_ANTHROPIC_BOTH },

    { ngx_string("claude-instant"), 4096,
      NGX_AI_ANTHROPIC_SAMPLING|NGX_AI_ANTHROPIC_BOTH },

    { ngx_string("-4-0"), 32000,
      NGX_AI_ANTHROPIC_BUDGET|NGX_AI_ANTHROPIC_SAMPLING },

    { ngx_string("-4-1"), 32000,
      NGX_AI_ANTHROPIC_BUDGET|NGX_AI_ANTHROPIC_SAMPLING },

    /* a date */

    { ngx_string("-4-2"), 32000,
      NGX_AI_ANTHROPIC_BUDGET|NGX_AI_ANTHROPIC_SAMPLING },

    { ngx_string("-4@"), 32000,
      NGX_AI_ANTHROPIC_BUDGET|NGX_AI_ANTHROPIC_SAMPLING },

    { ngx_string("-4-5"), 32000,
      NGX_AI_ANTHROPIC_BUDGET|NGX_AI_ANTHROPIC_SAMPLING },

    { ngx_string("-4-6"), 32000,
      NGX_AI_ANTHROPIC_BUDGET|NGX_AI_ANTHROPIC_ADAPTIVE
      |NGX_AI_ANTHROPIC_EFFORT|NGX_AI_ANTHROPIC_SAMPLING },

    { ngx_string("-4-7"), 32000,
      NGX_AI_ANTHROPIC_ADAPTIVE|NGX_AI_ANTHROPIC_EFFORT
      |NGX_AI_ANTHROPIC_XHIGH },

    { ngx_string("-4-8"), 32000,
      NGX_AI_ANTHROPIC_ADAPTIVE|NGX_AI_ANTHROPIC_EFFORT
      |NGX_AI_ANTHROPIC_XHIGH },

    { ngx_string("claude"), 32000,
      NGX_AI_ANTHROPIC_ADAPTIVE|NGX_AI_ANTHROPIC_EFFORT
      |NGX_AI_ANTHROPIC_XHIGH|NGX_AI_ANTHROPIC_SAMPLING }
};


static const ngx_ai_anthropic_model_t  ngx_ai_anthropic_other_model = {
    ngx_null_string, 32000,
    NGX_AI_ANTHROPIC_BUDGET|NGX_AI_ANTHROPIC_SAMPLING|NGX_AI_ANTHROPIC_BOTH
};


ngx_int_t
ngx_ai_anthropic_write_ask(const void *ask, const ngx_ai_aim_t *aim,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t                system, chats;
    const ngx_ai_chat_t      *chat;
    ngx_ai_anthropic_plan_t   plan;

    chat = ask;
    chats = (aim->op == NGX_AI_OP_CHAT);

    /* Bedrock counts for Converse only */

    if (!chats && (aim->quirks & NGX_AI_QUIRK_BEDROCK_INVOKE)) {
        return NGX_DECLINED;
    }

    ngx_ai_anthropic_plan(chat, aim, &plan);

    ngx_ai_json_write_object(w);

    ngx_ai_anthropic_write_model(aim, w);

    if (chats) {
        ngx_ai_json_write_key(w, "max_tokens");
        ngx_ai_json_write_int(w, plan.max_tokens);

        if (aim->stream && !(aim->quirks & NGX_AI_QUIRK_BEDROCK_INVOKE)) {
            ngx_ai_json_write_literal(w, "\"stream\":true");
        }

        if (ngx_ai_anthropic_write_sampling(chat, &plan, w) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_ai_anthropic_write_account(chat, aim, w);
    }

    ngx_ai_anthropic_write_thinks(chat, &plan, w);
    ngx_ai_anthropic_write_output(chat, &plan, w);

    if (chat->cache.len) {
        ngx_ai_json_write_key(w, "cache_control");
        ngx_ai_json_write_raw(w, &chat->cache);
    }

    if (ngx_ai_anthropic_write_tools(chat, plan.thinks, w) != NGX_OK) {
        return NGX_ERROR;
    }

    /* a conversation of a system prompt alone is what its user says */

    system = !ngx_ai_anthropic_has_turns(chat);

    ngx_ai_anthropic_write_system(chat, system, w);

    if (ngx_ai_anthropic_write_turns(chat, system, w) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_ai_json_write_end(w);

    return NGX_OK;
}


/* clouds have the model in the path, but not that whose tokens are counted */

static void
ngx_ai_anthropic_write_model(const ngx_ai_aim_t *aim, ngx_ai_json_writer_t *w)
{
    if (aim->quirks & NGX_AI_QUIRK_BEDROCK_INVOKE) {
        ngx_ai_json_write_literal(w,
                              "\"anthropic_version\":\"bedrock-2023-05-31\"");

    } else if (aim->quirks & NGX_AI_QUIRK_VERTEX_CLAUDE) {
        ngx_ai_json_write_literal(w,
                              "\"anthropic_version\":\"vertex-2023-10-16\"");
    }

    if (!(aim->quirks & (NGX_AI_QUIRK_BEDROCK_INVOKE
                         | NGX_AI_QUIRK_VERTEX_CLAUDE))
        || aim->op == NGX_AI_OP_COUNT)
    {
        ngx_ai_json_write_key(w, "model");
        ngx_ai_json_write_string(w, &aim->model);
    }
}


static const ngx_ai_anthropic_model_t *
ngx_ai_anthropic_find_model(const ngx_str_t *name)
{
    ngx_uint_t                       i, n;
    const ngx_ai_anthropic_model_t  *model;

    n = sizeof(ngx_ai_anthropic_models) / sizeof(ngx_ai_anthropic_model_t);

    if (name->len == 0
        || memmem(name->data, name->len, "claude", sizeof("claude") - 1)
           == NULL)
    {
        return &ngx_ai_anthropic_other_model;
    }

    for (i = 0; i < n - 1; i++) {
        model = &ngx_ai_anthropic_models[i];

        if (memmem(name->data, name->len, model->name.data, model->name.len)
            != NULL)
        {
            return model;
        }
    }

    return &ngx_ai_anthropic_models[n - 1];
}


/*
 * Who asks in other words for an effort asks for thoughts; in Anthropic's own
 * these are two things.
 */

static void
ngx_ai_anthropic_plan(const ngx_ai_chat_t *chat, const ngx_ai_aim_t *aim,
    ngx_ai_anthropic_plan_t *plan)
{
    int64_t     budget;
    ngx_uint_t  effort, flags, derived;

    plan->model = ngx_ai_anthropic_find_model(&aim->model);
    plan->max_tokens = (chat->max_tokens < 0) ? plan->model->max_tokens
                                              : chat->max_tokens;
    plan->effort = NGX_AI_EFFORT_UNSET;

    flags = plan->model->flags;
    effort = chat->effort;
    budget = ngx_min(chat->budget, NGX_MAX_INT32_VALUE);
    derived = 0;

    if (flags & NGX_AI_ANTHROPIC_EFFORT) {

        if (effort > NGX_AI_EFFORT_NONE) {
            plan->effort = effort;

        } else if (budget > 0 && !(flags & NGX_AI_ANTHROPIC_BUDGET)) {
            plan->effort = ngx_ai_effort_of_budget(budget);
        }
    }

    if (budget == NGX_AI_BUDGET_UNSET && effort != NGX_AI_EFFORT_UNSET
        && chat->origin != NGX_AI_DIALECT_ANTHROPIC)
    {
        budget = (effort == NGX_AI_EFFORT_NONE) ? NGX_AI_BUDGET_OFF
                                                : NGX_AI_BUDGET_DYNAMIC;
    }

    if (budget == NGX_AI_BUDGET_DYNAMIC
        && !(flags & NGX_AI_ANTHROPIC_ADAPTIVE))
    {
        budget = ngx_ai_budget_of_effort(effort > NGX_AI_EFFORT_NONE
                                         ? effort : NGX_AI_EFFORT_MEDIUM);
        derived = 1;
    }

    if (budget > 0 && !(flags & NGX_AI_ANTHROPIC_BUDGET)) {
        budget = NGX_AI_BUDGET_DYNAMIC;
    }

    if (!(flags & (NGX_AI_ANTHROPIC_BUDGET | NGX_AI_ANTHROPIC_ADAPTIVE))) {
        budget = NGX_AI_BUDGET_UNSET;
    }

    plan->budget = budget;

    if (budget > 0) {
        ngx_ai_anthropic_fit_budget(chat, derived, plan);
    }

    plan->thinks = (plan->budget > 0
                    || plan->budget == NGX_AI_BUDGET_DYNAMIC);
}


/* thoughts are a part of max_tokens: half of it, if nobody named a number */

static void
ngx_ai_anthropic_fit_budget(const ngx_ai_chat_t *chat, ngx_uint_t derived,
    ngx_ai_anthropic_plan_t *plan)
{
    int64_t  budget, most;

    budget = ngx_max(plan->budget, NGX_AI_ANTHROPIC_BUDGET_MIN);

    if (chat->max_tokens < 0) {

        if (budget >= plan->max_tokens) {
            plan->max_tokens += budget;
        }

    } else {
        most = derived ? ngx_max(plan->max_tokens / 2,
                                 NGX_AI_ANTHROPIC_BUDGET_MIN)
                       : plan->max_tokens - 1;

        budget = ngx_min(budget, most);
    }

    plan->budget = (budget >= NGX_AI_ANTHROPIC_BUDGET_MIN
                    && budget < plan->max_tokens
                    && ngx_ai_anthropic_can_think(chat))
                   ? budget : NGX_AI_BUDGET_UNSET;
}


/*
 * Thinking by a budget is refused where the assistant's turn is already begun,
 * and in the middle of calls whose thoughts are not there: those of other
 * models, or lost with a client that has no place for them.
 */

static ngx_uint_t
ngx_ai_anthropic_can_think(const ngx_ai_chat_t *chat)
{
    ngx_uint_t               i, k, calls, thought, users, seen;
    const ngx_ai_part_t     *part;
    const ngx_ai_message_t  *message;

    message = chat->messages.elts;
    calls = 0;
    thought = 0;
    users = 0;
    seen = 0;

    for (i = chat->messages.nelts; i > 0; i--) {

        if (message[i - 1].role == NGX_AI_ROLE_SYSTEM
            || message[i - 1].parts.nelts == 0)
        {
            continue;
        }

        if (message[i - 1].role == NGX_AI_ROLE_USER) {

            if (seen) {
                break;
            }

            users = 1;
            continue;
        }

        if (!users) {
            return 0;
        }

        seen = 1;
        part = message[i - 1].parts.elts;

        for (k = message[i - 1].parts.nelts; k > 0; k--) {

            if (part[k - 1].kind == NGX_AI_PART_TOOL_CALL) {
                calls = 1;
            }

            /* the last one told is the first one of the turn */

            if (ngx_ai_anthropic_is_thought(&part[k - 1])) {
                thought = 1;

            } else if (part[k - 1].kind != NGX_AI_PART_THINKING
                       && part[k - 1].kind != NGX_AI_PART_REDACTED)
            {
                thought = 0;
            }
        }
    }

    return !calls || thought;
}


/* a signature of a call is written in front of it */

static ngx_uint_t
ngx_ai_anthropic_is_thought(const ngx_ai_part_t *part)
{
    if (part->origin != NGX_AI_DIALECT_ANTHROPIC) {
        return 0;
    }

    return part->kind == NGX_AI_PART_REDACTED
           || ((part->kind == NGX_AI_PART_THINKING
                || part->kind == NGX_AI_PART_TOOL_CALL)
               && part->signature.len);
}


static void
ngx_ai_anthropic_write_thinks(const ngx_ai_chat_t *chat,
    const ngx_ai_anthropic_plan_t *plan, ngx_ai_json_writer_t *w)
{
    if (plan->budget == NGX_AI_BUDGET_UNSET) {
        return;
    }

    ngx_ai_json_write_key(w, "thinking");
    ngx_ai_json_write_object(w);

    if (plan->budget == NGX_AI_BUDGET_OFF) {
        ngx_ai_json_write_literal(w, "\"type\":\"disabled\"");

    } else if (plan->budget == NGX_AI_BUDGET_DYNAMIC) {
        ngx_ai_json_write_literal(w, "\"type\":\"adaptive\"");

        if (chat->thoughts == 0) {
            ngx_ai_json_write_literal(w, "\"display\":\"omitted\"");

        } else if (chat->thoughts == 1 || chat->summary.len) {
            ngx_ai_json_write_literal(w, "\"display\":\"summarized\"");
        }

    } else {
        ngx_ai_json_write_literal(w, "\"type\":\"enabled\"");
        ngx_ai_json_write_key(w, "budget_tokens");
        ngx_ai_json_write_int(w, plan->budget);
    }

    ngx_ai_json_write_end(w);
}


static void
ngx_ai_anthropic_write_output(const ngx_ai_chat_t *chat,
    const ngx_ai_anthropic_plan_t *plan, ngx_ai_json_writer_t *w)
{
    ngx_uint_t  effort;

    effort = plan->effort;

    if (effort == NGX_AI_EFFORT_UNSET
        && chat->output != NGX_AI_FORMAT_SCHEMA)
    {
        return;
    }

    ngx_ai_json_write_key(w, "output_config");
    ngx_ai_json_write_object(w);

    if (effort != NGX_AI_EFFORT_UNSET) {

        if (effort == NGX_AI_EFFORT_MINIMAL) {
            effort = NGX_AI_EFFORT_LOW;

        } else if (effort == NGX_AI_EFFORT_XHIGH
                   && !(plan->model->flags & NGX_AI_ANTHROPIC_XHIGH))
        {
            effort = NGX_AI_EFFORT_HIGH;
        }

        ngx_ai_json_write_key(w, "effort");
        ngx_ai_json_write_text(w, ngx_ai_effort_name(effort));
    }

    if (chat->output == NGX_AI_FORMAT_SCHEMA) {
        ngx_ai_json_write_key(w, "format");
        ngx_ai_json_write_object(w);

        ngx_ai_json_write_literal(w, "\"type\":\"json_schema\"");
        ngx_ai_json_write_key(w, "schema");
        ngx_ai_json_write_raw(w, &chat->schema);

        ngx_ai_json_write_end(w);
    }

    ngx_ai_json_write_end(w);
}


static ngx_uint_t
ngx_ai_anthropic_has_turns(const ngx_ai_chat_t *chat)
{
    ngx_uint_t               i;
    const ngx_ai_message_t  *message;

    message = chat->messages.elts;

    for (i = 0; i < chat->messages.nelts; i++) {

        if (message[i].role != NGX_AI_ROLE_SYSTEM && message[i].parts.nelts) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_ai_anthropic_system_turn(const ngx_ai_chat_t *chat, ngx_uint_t i)
{
    return i > 0 && chat->origin == NGX_AI_DIALECT_ANTHROPIC;
}


static void
ngx_ai_anthropic_write_system(const ngx_ai_chat_t *chat, ngx_uint_t system,
    ngx_ai_json_writer_t *w)
{
    ngx_uint_t               i, k, json;
    const ngx_ai_part_t     *part;
    const ngx_ai_message_t  *message;

    json = (chat->output == NGX_AI_FORMAT_JSON);
    system = (!system && (chat->fields & ngx_ai_field(SYSTEM)));

    if (!system && !json) {
        return;
    }

    ngx_ai_json_write_key(w, "system");
    ngx_ai_json_write_array(w);

    message = chat->messages.elts;

    for (i = 0; system && i < chat->messages.nelts; i++) {

        if (message[i].role != NGX_AI_ROLE_SYSTEM
            || ngx_ai_anthropic_system_turn(chat, i))
        {
            continue;
        }

        part = message[i].parts.elts;

        for (k = 0; k < message[i].parts.nelts; k++) {

            if (part[k].kind == NGX_AI_PART_TEXT) {
                ngx_ai_anthropic_write_text(w, &part[k].text,
                                            &part[k].cache);
            }
        }
    }

    if (json) {
        ngx_ai_json_write_literal(w, "{\"type\":\"text\",\"text\":\"Answer "
                                  "with one JSON object and nothing else.\"}");
    }

    ngx_ai_json_write_end(w);
}


static ngx_int_t
ngx_ai_anthropic_write_sampling(const ngx_ai_chat_t *chat,
    const ngx_ai_anthropic_plan_t *plan, ngx_ai_json_writer_t *w)
{
    ngx_uint_t  flags;

    ngx_ai_anthropic_write_stop(chat, w);

    flags = plan->model->flags;

    if (plan->thinks || !(flags & NGX_AI_ANTHROPIC_SAMPLING)) {
        return NGX_OK;
    }

    if (chat->temperature.len
        && ngx_ai_anthropic_write_temperature(chat, w) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (chat->top_p.len
        && (chat->temperature.len == 0 || (flags & NGX_AI_ANTHROPIC_BOTH)))
    {
        ngx_ai_json_write_key(w, "top_p");
        ngx_ai_json_write_raw(w, &chat->top_p);
    }

    if (chat->top_k.len) {
        ngx_ai_json_write_key(w, "top_k");
        ngx_ai_json_write_raw(w, &chat->top_k);
    }

    return NGX_OK;
}


/* from 0 to 1, where others have it to 2 */

static ngx_int_t
ngx_ai_anthropic_write_temperature(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w)
{
    u_char  *p;

    p = ngx_pnalloc(chat->pool, chat->temperature.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_cpystrn(p, chat->temperature.data, chat->temperature.len + 1);

    if (strtod((char *) p, NULL) > 1) {
        ngx_ai_json_write_literal(w, "\"temperature\":1");

    } else {
        ngx_ai_json_write_key(w, "temperature");
        ngx_ai_json_write_raw(w, &chat->temperature);
    }

    return NGX_OK;
}


/* those of white space alone are refused */

static void
ngx_ai_anthropic_write_stop(const ngx_ai_chat_t *chat,
    ngx_ai_json_writer_t *w)
{
    ngx_str_t   *stop;
    ngx_uint_t   i, n;

    if (chat->stop == NULL) {
        return;
    }

    stop = chat->stop->elts;
    n = 0;

    for (i = 0; i < chat->stop->nelts; i++) {

        if (ngx_ai_inner_blank(&stop[i])) {
            continue;
        }

        if (n++ == 0) {
            ngx_ai_json_write_key(w, "stop_sequences");
            ngx_ai_json_write_array(w);
        }

        ngx_ai_json_write_text(w, &stop[i]);
    }

    if (n) {
        ngx_ai_json_write_end(w);
    }
}


static void
ngx_ai_anthropic_write_account(const ngx_ai_chat_t *chat,
    const ngx_ai_aim_t *aim, ngx_ai_json_writer_t *w)
{
    const ngx_str_t  *tier;

    if (chat->user.len) {
        ngx_ai_json_write_key(w, "metadata");
        ngx_ai_json_write_object(w);

        ngx_ai_json_write_key(w, "user_id");
        ngx_ai_json_write_text(w, &chat->user);

        ngx_ai_json_write_end(w);
    }

    /* clouds have their own */

    if (aim->quirks & (NGX_AI_QUIRK_BEDROCK_INVOKE
                       | NGX_AI_QUIRK_VERTEX_CLAUDE))
    {
        return;
    }

    tier = &chat->tier;

    if (tier->len == 7 && ngx_memcmp(tier->data, "default", 7) == 0) {
        ngx_ai_json_write_literal(w, "\"service_tier\":\"standard_only\"");

    } else if ((tier->len == 4 && ngx_memcmp(tier->data, "auto", 4) == 0)
               || (tier->len == 8
                   && ngx_memcmp(tier->data, "priority", 8) == 0))
    {
        ngx_ai_json_write_literal(w, "\"service_tier\":\"auto\"");
    }
}
