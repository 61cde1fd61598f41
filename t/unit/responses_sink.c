
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Streams of the hub, written as Responses: which events there are, in which
 * order, and that each of them tells what those before it have told.
 */


#include "responses_sink.h"


#define ID  "0123456789abcdef0123456789abcdef"


/* a stream that is written; "ask" is what the client has asked, or NULL */

typedef struct {
    wire_t            wire;
    ngx_pool_t       *pool;
    ngx_ai_flow_t     flow;
    ngx_ai_reply_t    reply;
    ngx_ai_sink_t    *sink;
} stream_t;


static void begin(stream_t *s, const char *ask, size_t max);
static void end(stream_t *s, const char *want, const char *name);
static ngx_int_t part(stream_t *s, ngx_uint_t kind, const char *text,
    const char *signature, ngx_uint_t origin);
static ngx_int_t call(stream_t *s, ngx_uint_t key, const char *id,
    const char *name, const char *args);
static void text(ngx_str_t *str, const char *s);
static void events(stream_t *s, hub_text_t *t);
static void event(hub_text_t *t, char *data, unsigned seq);
static void member(hub_text_t *t, const char *data, const char *name,
    const char *last);

static void texts(void);
static void thoughts(void);
static void unasked(void);
static void calls(void);
static void customs(void);
static void whole(void);
static void cut(void);
static void failures(void);
static void caps(void);
static void echo(void);


int
main(void)
{
    texts();
    thoughts();
    unasked();
    calls();
    customs();
    whole();
    cut();
    failures();
    caps();
    echo();

    return done();
}


static void
begin(stream_t *s, const char *ask, size_t max)
{
    char  *body;

    memset(s, 0, sizeof(stream_t));

    responses_init(&s->wire);

    s->pool = ngx_create_pool(4096, &ngx_shim_log);
    s->sink = ngx_pcalloc(s->pool, ngx_ai_responses.sink);

    s->sink->out = &s->wire.out;
    s->sink->told = &s->wire.told;
    s->sink->framing = NGX_AI_FRAMING_SSE;
    s->sink->pool = s->pool;
    s->sink->max = max;

    if (ask != NULL) {
        body = responses_json(ask);

        ok(wire_read_ask(&s->wire, body, strlen(body)) == NGX_OK,
           "a request is read");
        free(body);

        s->sink->chat = &s->wire.chat;
    }

    (void) ngx_ai_flow_init(&s->flow, s->pool, WIRE_EVENT_MAX, 7);

    s->flow.write = ngx_ai_responses.write_delta;
    s->flow.sink = s->sink;
    s->flow.reply = &s->reply;
}


static void
end(stream_t *s, const char *want, const char *name)
{
    hub_text_t  t = { NULL, 0, 0 };

    events(s, &t);
    responses_quote(&t);

    is_str(t.data, t.len, want, "%s", name);

    hub_text_free(&t);
    ngx_destroy_pool(s->pool);
    wire_free(&s->wire);
}


static ngx_int_t
part(stream_t *s, ngx_uint_t kind, const char *said, const char *signature,
    ngx_uint_t origin)
{
    ngx_ai_part_t  part;

    memset(&part, 0, sizeof(part));

    part.kind = kind;
    part.origin = origin;

    if (kind == NGX_AI_PART_REDACTED || kind == NGX_AI_PART_IMAGE) {
        text(&part.data, said);
        text(&part.media, "image/webp");

    } else if (kind == NGX_AI_PART_NATIVE) {
        text(&part.json, said);

    } else {
        text(&part.text, said);
    }

    text(&part.signature, signature);

    return ngx_ai_flow_part(&s->flow, 0, 99, &part);
}


static ngx_int_t
call(stream_t *s, ngx_uint_t key, const char *id, const char *name,
    const char *args)
{
    ngx_str_t  i, n, a;

    text(&i, id);
    text(&n, name);
    text(&a, args);

    return ngx_ai_flow_call(&s->flow, 0, key, &i, &n, &a);
}


static void
text(ngx_str_t *str, const char *s)
{
    str->data = (u_char *) s;
    str->len = strlen(s);
}


/*
 * One line for each: its type, and what it has beside its number.  What a
 * response repeats is left out.
 */

static void
events(stream_t *s, hub_text_t *t)
{
    char      *p, *next, *copy, *eol;
    size_t     len;
    unsigned   seq;

    len = ngx_ai_buf_len(&s->wire.out);
    copy = calloc(1, len + 1);

    if (copy == NULL) {
        abort();
    }

    if (len) {
        memcpy(copy, s->wire.out.start, len);
    }

    /* the digits of the request are in every id */

    for (p = copy; (p = strstr(p, ID)) != NULL; /* void */ ) {
        memmove(p, p + sizeof(ID) - 1, strlen(p + sizeof(ID) - 1) + 1);
    }

    seq = 0;

    for (p = copy; *p; p = next) {
        next = strstr(p, "\n\n");

        if (next == NULL) {
            hub_printf(t, "(cut)\n");
            break;
        }

        *next = '\0';
        next += 2;

        if (*p == ':') {
            hub_printf(t, "ping\n");
            continue;
        }

        eol = strchr(p, '\n');

        if (strncmp(p, "event: ", 7) != 0 || eol == NULL
            || strncmp(eol, "\ndata: {\"type\":\"", 16) != 0
            || strchr(eol + 1, '\n') != NULL
            || strncmp(p + 7, eol + 16, eol - p - 7) != 0)
        {
            hub_printf(t, "(no event) %s\n", p);
            continue;
        }

        event(t, eol + 16, seq++);
    }

    free(copy);
}


static void
event(hub_text_t *t, char *data, unsigned seq)
{
    char  *p, number[64];

    p = strchr(data, '"');
    *p++ = '\0';

    snprintf(number, sizeof(number), ",\"sequence_number\":%u,", seq);

    hub_printf(t, "%s ",
               strncmp(data, "response.", 9) == 0 ? data + 9 : data);

    if (strncmp(p, number, strlen(number)) != 0) {
        hub_printf(t, "(number) ");
    }

    p = strchr(p + 1, ',') + 1;

    if (strncmp(p, "\"response\"", 10) != 0) {
        hub_bytes(t, p, strlen(p) - 1);
        hub_printf(t, "\n");
        return;
    }

    member(t, p, "id", ",\"object\"");
    member(t, p, "status", ",\"background\"");
    member(t, p, "error", strstr(p, ",\"error\":{") ? "},\"" : ",\"");
    member(t, p, "incomplete_details", ",\"model\"");
    member(t, p, "model", ",\"instructions\"");
    member(t, p, "output", NULL);
    hub_printf(t, "\n");
}


static void
member(hub_text_t *t, const char *data, const char *name, const char *last)
{
    char         key[64];
    size_t       n;
    const char  *p, *end;

    n = snprintf(key, sizeof(key), ",\"%s\":", name);

    p = strstr(data, key);

    if (p == NULL) {
        p = strstr(data, key + 1);
        n--;
    }

    if (p == NULL) {
        hub_printf(t, "(no %s)", name);
        return;
    }

    end = last ? strstr(p + n, last) : NULL;

    if (end == NULL) {
        end = p + strlen(p) - 2;
    }

    hub_bytes(t, p + n, end - p - n);
    hub_printf(t, " ");
}


static void
texts(void)
{
    stream_t           s;
    ngx_str_t          id, model, a, logprobs;
    ngx_ai_usage_t     usage;
    ngx_ai_citation_t  citation;

    begin(&s, NULL, 65536);

    text(&id, "chatcmpl-9");
    text(&model, "gpt-5");
    (void) ngx_ai_flow_start(&s.flow, &id, &model, 1700000000);

    text(&a, "Hi \\ud83d");
    (void) ngx_ai_flow_text(&s.flow, 0, NGX_AI_PART_TEXT, &a);

    text(&logprobs, "{\"content\":[{\"token\":\"Hi\",\n\"logprob\":-0.0}],"
                    "\"refusal\":null}");
    (void) ngx_ai_flow_logprobs(&s.flow, 0, &logprobs);
    (void) ngx_ai_flow_ping(&s.flow);

    text(&a, "\\ude00");
    (void) ngx_ai_flow_text(&s.flow, 0, NGX_AI_PART_TEXT, &a);
    (void) ngx_ai_flow_logprobs(&s.flow, 0, &logprobs);

    memset(&citation, 0, sizeof(citation));
    text(&citation.url, "u");
    text(&citation.title, "t");
    citation.start = 0;
    citation.end = 2;
    (void) ngx_ai_flow_citation(&s.flow, 0, &citation);

    text(&citation.url, "");
    text(&citation.id, "doc");
    citation.end = -1;
    (void) ngx_ai_flow_citation(&s.flow, 0, &citation);

    text(&a, "no");
    (void) ngx_ai_flow_text(&s.flow, 0, NGX_AI_PART_REFUSAL, &a);
    (void) ngx_ai_flow_logprobs(&s.flow, 0, &logprobs);

    (void) ngx_ai_flow_text(&s.flow, 1, NGX_AI_PART_TEXT, &a);

    memset(&usage, 0, sizeof(usage));
    usage.tokens[NGX_AI_USAGE_INPUT] = 3;
    (void) ngx_ai_flow_usage(&s.flow, &usage);
    (void) ngx_ai_flow_end(&s.flow);

    end(&s, TEXTS, "a text, with all that can be in it");
}


static void
thoughts(void)
{
    stream_t  s;

    begin(&s, "{'input':'x','include':['reasoning.encrypted_content']}",
          65536);

    (void) part(&s, NGX_AI_PART_THINKING, "a", "", 0);
    (void) part(&s, NGX_AI_PART_THINKING, "b", "SIG1", 3);
    (void) part(&s, NGX_AI_PART_THINKING, "c", "", 0);
    (void) part(&s, NGX_AI_PART_REDACTED, "DATA", "", 3);
    (void) part(&s, NGX_AI_PART_THINKING, "", "SIG2", 3);
    (void) part(&s, NGX_AI_PART_THINKING, "", "", 0);
    (void) part(&s, NGX_AI_PART_TEXT, "d", "", 0);
    (void) part(&s, NGX_AI_PART_THINKING, "e", "SIG3", 2);
    (void) ngx_ai_flow_end(&s.flow);

    end(&s, THOUGHTS, "thoughts, and what they are sealed with");
}


static void
unasked(void)
{
    stream_t  s;

    begin(&s, "{'input':'x'}", 65536);

    (void) part(&s, NGX_AI_PART_THINKING, "a", "SIG", 3);
    (void) part(&s, NGX_AI_PART_REDACTED, "DATA", "", 3);
    (void) part(&s, NGX_AI_PART_THINKING, "", "SIG", 3);
    (void) ngx_ai_flow_end(&s.flow);

    end(&s, UNASKED, "nothing is sealed for who has not asked for it");
}


static void
calls(void)
{
    stream_t       s;
    ngx_ai_part_t  p;

    begin(&s, NULL, 65536);

    (void) call(&s, 0, "call_1", "f", "{\\\"a\\\"");
    (void) call(&s, 0, "", "", ":1}");
    (void) call(&s, 1, "call_2", "g", "");
    (void) part(&s, NGX_AI_PART_TEXT, "t", "", 0);

    memset(&p, 0, sizeof(p));
    p.kind = NGX_AI_PART_TOOL_CALL;
    p.origin = 4;
    text(&p.id, "call_3");
    text(&p.name, "h");
    text(&p.json, "{\"b\":\"\\n\"}");
    text(&p.signature, "SIG");
    (void) ngx_ai_flow_part(&s.flow, 0, 2, &p);

    text(&p.id, "call_4");
    text(&p.text, "in");
    text(&p.json, "");
    text(&p.signature, "");
    p.custom = 1;
    (void) ngx_ai_flow_part(&s.flow, 0, 3, &p);
    (void) ngx_ai_flow_end(&s.flow);

    end(&s, CALLS, "calls, and a text between them");
}


/* others call a custom tool by an object */

static void
customs(void)
{
    stream_t  s;

    begin(&s, "{'input':'x','tools':[{'type':'custom','name':'p'}]}", 65536);

    (void) call(&s, 0, "c1", "p", "{\\\"inp");
    (void) call(&s, 0, "", "", "ut\\\":\\\"*** \\\\n\\\"}");
    (void) call(&s, 1, "c2", "p", "{\\\"input\\\":7}");
    (void) call(&s, 2, "c3", "q", "{\\\"input\\\":\\\"x\\\"}");
    (void) ngx_ai_flow_end(&s.flow);

    end(&s, CUSTOMS, "the text that was meant is the input");
}


static void
whole(void)
{
    stream_t  s;

    begin(&s, NULL, 65536);

    (void) part(&s, NGX_AI_PART_NATIVE, "{\"type\":\n\"x_call\"}", "", 2);
    (void) part(&s, NGX_AI_PART_NATIVE, "{\"type\":\"other\"}", "", 3);
    (void) part(&s, NGX_AI_PART_IMAGE, "UklG", "", 0);
    (void) part(&s, NGX_AI_PART_IMAGE, "", "", 0);
    (void) part(&s, NGX_AI_PART_AUDIO, "transcript", "", 0);
    (void) ngx_ai_flow_end(&s.flow);

    end(&s, WHOLE, "items that are whole");
}


static void
cut(void)
{
    stream_t  s;

    begin(&s, NULL, 65536);

    (void) part(&s, NGX_AI_PART_TEXT, "a", "", 0);
    (void) call(&s, 0, "c", "f", "{\\\"a");
    (void) ngx_ai_flow_finish(&s.flow, 0, NGX_AI_FINISH_LENGTH, NULL);
    (void) ngx_ai_flow_end(&s.flow);

    end(&s, CUT, "what was open when it was cut is not complete");

    begin(&s, NULL, 65536);

    (void) ngx_ai_flow_finish(&s.flow, 0, NGX_AI_FINISH_FILTER, NULL);
    (void) ngx_ai_flow_end(&s.flow);

    end(&s, FILTERED, "filtered, and nothing was said");

    begin(&s, NULL, 65536);

    (void) ngx_ai_flow_finish(&s.flow, 0, NGX_AI_FINISH_ERROR, NULL);
    (void) ngx_ai_flow_end(&s.flow);

    end(&s, FAILED, "a finish that is a failure");
}


static void
failures(void)
{
    stream_t        s;
    ngx_ai_error_t  error;

    memset(&error, 0, sizeof(error));
    error.kind = NGX_AI_ERROR_RATE;
    error.status = 429;
    text(&error.message, "Slow \"down\".");

    begin(&s, NULL, 65536);

    (void) part(&s, NGX_AI_PART_TEXT, "a", "", 0);
    (void) call(&s, 0, "c", "f", "{");
    (void) ngx_ai_flow_error(&s.flow, &error);

    end(&s, ERROR, "an error: what was open is none of the output");

    begin(&s, NULL, 65536);

    (void) ngx_ai_flow_error(&s.flow, &error);

    end(&s, ERROR_ALONE, "an error alone");
}


/* whatever is too much, it is an error and not a shorter answer */

static void
caps(void)
{
    size_t       max, n;
    stream_t     s;
    ngx_int_t    rc;
    hub_text_t   t = { NULL, 0, 0 };
    ngx_uint_t   told, declined, wrong;

    declined = 0;
    wrong = 0;

    for (max = 0; max < 1000; max++) {
        begin(&s, NULL, max);

        rc = part(&s, NGX_AI_PART_THINKING, "abc", "SIG", 3);

        for (n = 0; rc == NGX_OK && n < 3; n++) {
            rc = call(&s, n, "c", "f", "{\\\"abcdefgh\\\":1}");
        }

        if (rc == NGX_OK) {
            rc = part(&s, NGX_AI_PART_TEXT, "0123456789", "", 0);
        }

        if (rc == NGX_OK) {
            rc = ngx_ai_flow_end(&s.flow);
        }

        events(&s, &t);

        told = (t.len && memmem(t.data, t.len, "\ncompleted ", 11) != NULL);

        declined += (rc == NGX_DECLINED);
        wrong += (told != (rc == NGX_OK)
                  || (rc != NGX_OK && rc != NGX_DECLINED));

        hub_text_free(&t);
        ngx_destroy_pool(s.pool);
        wire_free(&s.wire);
    }

    is_int(wrong, 0, "a stream is over if all of it could be gathered");
    ok(declined > 100 && declined < 1000, "and is not, if there is less room");
}


/* what was asked is in the first and in the last event, unless it is large */

static void
echo(void)
{
    char      *body;
    stream_t   s;

    static const char  ask[] = "{'instructions':'%*s','input':'x',"
                               "'temperature':0.5}";

    body = malloc(400 * 1024);

    if (body == NULL) {
        abort();
    }

    snprintf(body, 400 * 1024, ask, 1000, "s");
    begin(&s, body, 65536);
    (void) ngx_ai_flow_end(&s.flow);

    ok(memmem(s.wire.out.start, ngx_ai_buf_len(&s.wire.out),
              "\"temperature\":0.5", 17) != NULL
       && ngx_ai_buf_len(&s.wire.out) > 3000, "a request is repeated");

    end(&s, ECHO, "around it nothing changes");

    snprintf(body, 400 * 1024, ask, 300 * 1024, "s");
    begin(&s, body, 65536);
    (void) ngx_ai_flow_end(&s.flow);

    ok(ngx_ai_buf_len(&s.wire.out) < 3000, "a large one is not");

    end(&s, ECHO, "around it nothing changes");

    free(body);
}
