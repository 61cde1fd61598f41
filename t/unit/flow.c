
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "flow.h"


static ngx_int_t flow_stop(void *sink, const ngx_ai_delta_t *d);
static void flow_test_vectors(void);
static void flow_test_reply(void);
static void flow_test_content(void);
static void flow_test_caps(void);
static void flow_test_sink(void);
static void flow_test_memory(void);
static void flow_test_long(void);


static const flow_vector_t  flow_vectors[] = {

    { "text that just comes is one part", 0,
      { { OP_START, 0, 0, 0, "r1", "m", NULL },
        { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "b\\n", NULL, NULL },
        { OP_FINISH, 0, 0, NGX_AI_FINISH_STOP, NULL, NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START id=\"r1\" model=\"m\" created=7\n"
      "PART 0.0 text\nTEXT 0.0 \"a\"\nTEXT 0.0 \"b\\n\"\nPART_END 0.0\n"
      "FINISH 0 stop\nEND\n" },

    { "thoughts, text and thoughts are three parts", 0,
      { { OP_TEXT, 0, 0, THINK, "t", NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_TEXT, 0, 0, THINK, "u", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 thinking\nTEXT 0.0 \"t\"\nPART_END 0.0\n"
      "PART 0.1 text\nTEXT 0.1 \"a\"\nPART_END 0.1\n"
      "PART 0.2 thinking\nTEXT 0.2 \"u\"\nPART_END 0.2\n"
      "FINISH 0 stop\nEND\n" },

    { "no text is no part", 0,
      { { OP_START, 0, 0, 0, NULL, NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=7\nFINISH 0 stop\nEND\n" },

    { "an empty stream starts, finishes and ends", 0,
      { { OP_END, 0, 0, 0, NULL, NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "late", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\nFINISH 0 stop\nEND\n" },

    { "there is one START", 0,
      { { OP_START, 0, 0, 0, "a", NULL, NULL },
        { OP_START, 0, 0, 0, "b", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START id=\"a\" created=7\nFINISH 0 stop\nEND\n" },

    { "parts that say where they end do so at once", 0,
      { { OP_PART, 0, 3, TEXT, NULL, NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_PART_END, 0, 4, 0, NULL, NULL, NULL },
        { OP_PART_END, 0, 3, 0, NULL, NULL, NULL },
        { OP_PART_END, 0, 3, 0, NULL, NULL, NULL },
        { OP_PART, 0, 4, TEXT, "b", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 text\nTEXT 0.0 \"a\"\nPART_END 0.0\n"
      "PART 0.1 text\nTEXT 0.1 \"b\"\nPART_END 0.1\n"
      "FINISH 0 stop\nEND\n" },

    { "an image is whole in PART", 0,
      { { OP_PART, 0, 0, IMAGE, NULL, "aGk=", NULL },
        { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 image data=\"aGk=\"\nPART_END 0.0\n"
      "PART 0.1 text\nTEXT 0.1 \"a\"\nPART_END 0.1\n"
      "FINISH 0 stop\nEND\n" },

    { "sound may come in pieces", 0,
      { { OP_PART, 0, 0, AUDIO, NULL, NULL, NULL },
        { OP_TEXT, 0, 0, AUDIO, "aGk=", NULL, NULL },
        { OP_TEXT, 0, 0, AUDIO, "aGs=", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 audio\nTEXT 0.0 \"aGk=\"\nTEXT 0.0 \"aGs=\"\nPART_END 0.0\n"
      "FINISH 0 stop\nEND\n" },

    { "signatures and citations are of the open part", 0,
      { { OP_TEXT, 0, 0, THINK, "t", NULL, NULL },
        { OP_SIGN, 0, 0, 3, "SIG", NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_CITE, 0, 0, 0, "http://x", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 thinking\nTEXT 0.0 \"t\"\nSIGNATURE 0.0 origin=3 \"SIG\"\n"
      "PART_END 0.0\n"
      "PART 0.1 text\nTEXT 0.1 \"a\"\n"
      "CITATION 0.1 citation{ url=\"http://x\" 1-2 }\nPART_END 0.1\n"
      "FINISH 0 stop\nEND\n" },

    { "choices interleave, and finish one by one at the end", 0,
      { { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_TEXT, 1, 0, TEXT, "x", NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "b", NULL, NULL },
        { OP_FINISH, 1, 0, NGX_AI_FINISH_LENGTH, NULL, NULL, NULL },
        { OP_FINISH, 0, 0, NGX_AI_FINISH_STOP, "END", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 text\nTEXT 0.0 \"a\"\n"
      "PART 1.0 text\nTEXT 1.0 \"x\"\n"
      "TEXT 0.0 \"b\"\n"
      "PART_END 0.0\nPART_END 1.0\n"
      "FINISH 0 stop stop=\"END\"\nFINISH 1 length\nEND\n" },

    { "a finish that is told twice is told once, the last one", 0,
      { { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_FINISH, 0, 0, NGX_AI_FINISH_STOP, NULL, NULL, NULL },
        { OP_FINISH, 0, 0, NGX_AI_FINISH_FILTER, NULL, NULL, NULL },
        { OP_FINISH, 0, 0, NGX_AI_FINISH_NONE, NULL, NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\nPART 0.0 text\nTEXT 0.0 \"a\"\nPART_END 0.0\n"
      "FINISH 0 content_filter\nEND\n" },

    { "a part may come behind the finish", 0,
      { { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_FINISH, 0, 0, NGX_AI_FINISH_STOP, NULL, NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "b", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 text\nTEXT 0.0 \"a\"\nTEXT 0.0 \"b\"\nPART_END 0.0\n"
      "FINISH 0 stop\nEND\n" },

    { "usage, pings and logprobs pass inside a part", 0,
      { { OP_PING, 0, 0, 0, NULL, NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_USAGE, 0, 0, 5, NULL, NULL, NULL },
        { OP_PING, 0, 0, 0, NULL, NULL, NULL },
        { OP_LOGPROBS, 0, 0, 0, "{\"content\":[]}", NULL, NULL },
        { OP_USAGE, 0, 0, 6, NULL, NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 text\nTEXT 0.0 \"a\"\nUSAGE usage input=5\nPING\n"
      "LOGPROBS 0 {\"content\":[]}\nUSAGE usage input=6\nPART_END 0.0\n"
      "FINISH 0 stop\nEND\n" },

    { "an error is the last, and leaves open what is open", 0,
      { { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_ERROR, 0, 0, 0, "no", NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "b", NULL, NULL },
        { OP_USAGE, 0, 0, 5, NULL, NULL, NULL },
        { OP_PING, 0, 0, 0, NULL, NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\nPART 0.0 text\nTEXT 0.0 \"a\"\n"
      "ERROR upstream message=\"no\"\n" },

    { "an error may be all there is", 0,
      { { OP_ERROR, 0, 0, 0, "no", NULL, NULL },
        { OP_START, 0, 0, 0, "r", NULL, NULL } },
      "ERROR upstream message=\"no\"\n" }
};


static void
flow_test_vectors(void)
{
    ngx_uint_t  i;

    for (i = 0; i < sizeof(flow_vectors) / sizeof(flow_vectors[0]); i++) {
        flow_run(&flow_vectors[i]);
    }
}


static void
flow_test_memory(void)
{
    ngx_uint_t  i, failed;

    failed = 0;

    for (i = 0; i < sizeof(flow_vectors) / sizeof(flow_vectors[0]); i++) {
        failed += flow_run_without(&flow_vectors[i]);
    }

    ok(failed == 1, "allocations did fail");
}


static void
flow_test_reply(void)
{
    hub_sink_t     sink;
    ngx_pool_t    *pool;
    ngx_ai_flow_t  flow;

    static const flow_op_t  usage = { OP_USAGE, 0, 0, 9, NULL, NULL, NULL };
    static const flow_op_t  call = { OP_CALL, 0, 0, 0, "", "f", "c" };
    static const flow_op_t  stop = { OP_FINISH, 0, 0, NGX_AI_FINISH_STOP,
                                     NULL, NULL, NULL };
    static const flow_op_t  length = { OP_FINISH, 0, 0, NGX_AI_FINISH_LENGTH,
                                       NULL, NULL, NULL };
    static const flow_op_t  end = { OP_END, 0, 0, 0, NULL, NULL, NULL };
    static const flow_op_t  error = { OP_ERROR, 0, 0, 0, "no", NULL, NULL };

    pool = ngx_create_pool(4096, &ngx_shim_log);
    hub_sink_init(&sink, &flow, pool, FLOW_MAX, 0);

    (void) flow_do(&flow, &usage);
    is_int(sink.reply.usage.tokens[NGX_AI_USAGE_INPUT], 9,
           "usage is learned");
    is_int(sink.reply.usage.reported, 1, "usage counts as reported");
    is_int(sink.reply.finished, 0, "usage is no finish");

    (void) flow_do(&flow, &stop);
    is_int(sink.reply.finished, 1, "a finish is learned at once");
    is_int(sink.reply.finish, NGX_AI_FINISH_STOP, "a stop is a stop");

    (void) flow_do(&flow, &call);
    is_int(sink.reply.finish, NGX_AI_FINISH_TOOLS,
           "a stop with calls behind it is one for tools");

    (void) flow_do(&flow, &stop);
    is_int(sink.reply.finish, NGX_AI_FINISH_TOOLS,
           "a stop behind calls is one for tools");

    (void) flow_do(&flow, &length);
    is_int(sink.reply.finish, NGX_AI_FINISH_LENGTH,
           "another finish is what was told last");
    is_int(sink.reply.ended, 0, "a finish is no end");

    (void) flow_do(&flow, &end);
    is_int(sink.reply.ended, 1, "the end is learned");

    hub_sink_free(&sink);
    hub_sink_init(&sink, &flow, pool, FLOW_MAX, 0);

    (void) flow_do(&flow, &error);
    is_int(sink.reply.error, 1, "an error is learned");
    is_int(sink.reply.ended, 0, "an error is no end");

    hub_sink_free(&sink);
    ngx_destroy_pool(pool);
}


static void
flow_test_content(void)
{
    hub_sink_t     sink;
    ngx_pool_t    *pool;
    ngx_ai_flow_t  flow;

    static const flow_op_t  start = { OP_START, 0, 0, 0, "r", "m", NULL };
    static const flow_op_t  text = { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL };
    static const flow_op_t  part = { OP_PART, 0, 0, THINK, NULL, NULL, NULL };
    static const flow_op_t  ping = { OP_PING, 0, 0, 0, NULL, NULL, NULL };
    static const flow_op_t  usage = { OP_USAGE, 0, 0, 9, NULL, NULL, NULL };
    static const flow_op_t  call = { OP_CALL, 0, 0, 0, "{}", "f", "c" };
    static const flow_op_t  end = { OP_PART_END, 0, 0, 0, NULL, NULL, NULL };

    pool = ngx_create_pool(4096, &ngx_shim_log);
    hub_sink_init(&sink, &flow, pool, FLOW_MAX, 1);

    (void) flow_do(&flow, &start);
    (void) flow_do(&flow, &ping);
    (void) flow_do(&flow, &usage);
    is_int(flow.content, 0, "start, ping and usage are nothing to see");

    (void) flow_do(&flow, &part);
    is_int(flow.content, 1, "a part is something to see");

    flow.content = 0;

    (void) flow_do(&flow, &ping);
    is_int(flow.content, 0, "it stays as the caller set it");

    (void) flow_do(&flow, &text);
    is_int(flow.content, 1, "text is something to see");

    flow.content = 0;

    (void) flow_do(&flow, &call);
    is_int(flow.content, 0, "a call that is held back is not seen yet");

    (void) flow_do(&flow, &end);
    is_int(flow.content, 1, "a call that passes is seen");

    hub_sink_free(&sink);
    ngx_destroy_pool(pool);
}


static void
flow_test_caps(void)
{
    flow_op_t      call, choice;
    ngx_int_t      rc;
    ngx_uint_t     i;
    hub_sink_t     sink;
    ngx_pool_t    *pool;
    ngx_ai_flow_t  flow;

    static const flow_op_t  first = { OP_CALL, 0, 0, 0, "{", "f", "c" };
    static const flow_op_t  held = { OP_CALL, 0, 1, 0, "0123456789", "g", "d" };
    static const flow_op_t  text = { OP_TEXT, 0, 0, TEXT, "0123456789", NULL,
                                     NULL };
    static const flow_op_t  noname = { OP_CALL, 0, 0, 0, "{}", NULL, "c" };
    static const flow_op_t  end = { OP_END, 0, 0, 0, NULL, NULL, NULL };

    pool = ngx_create_pool(4096, &ngx_shim_log);

    /* "c" and "f", "d" and "g", and 20 of the arguments */

    hub_sink_init(&sink, &flow, pool, 24, 0);

    is_int(flow_do(&flow, &first), NGX_OK, "a call passes");
    is_int(flow_do(&flow, &held), NGX_OK, "another is held back");
    is_int(flow_do(&flow, &held), NGX_OK, "up to the maximum");
    is_int(flow_do(&flow, &held), NGX_DECLINED, "and no more");
    is_int(flow_do(&flow, &text), NGX_DECLINED, "not of text either");
    is_int(flow_do(&flow, &first), NGX_OK, "what passes is not counted");
    is_int(flow_do(&flow, &end), NGX_OK, "what is held back goes out");
    is_int(flow.held, 0, "and is counted back");

    hub_sink_free(&sink);

    hub_sink_init(&sink, &flow, pool, FLOW_MAX, 0);

    rc = NGX_OK;
    call = first;

    for (i = 0; rc == NGX_OK && i < 1000; i++) {
        call.key = i;
        rc = flow_do(&flow, &call);
    }

    is_int(rc, NGX_DECLINED, "there is a maximum of calls");
    is_int(i, NGX_AI_FLOW_CALLS + 1, "which is NGX_AI_FLOW_CALLS");

    hub_sink_free(&sink);

    hub_sink_init(&sink, &flow, pool, FLOW_MAX, 0);

    choice = text;
    choice.choice = NGX_AI_FLOW_CHOICES - 1;
    is_int(flow_do(&flow, &choice), NGX_OK, "there may be several choices");

    choice.choice++;
    is_int(flow_do(&flow, &choice), NGX_DECLINED, "but not any number");

    choice.choice = (ngx_uint_t) -1;
    is_int(flow_do(&flow, &choice), NGX_DECLINED, "nor any at all");

    hub_sink_free(&sink);

    for (i = 0; i < 2; i++) {
        hub_sink_init(&sink, &flow, pool, FLOW_MAX, i);

        (void) flow_do(&flow, &noname);
        is_int(flow_do(&flow, &end), NGX_ERROR,
               "a call without a name is an error, whole = %d", (int) i);
        ok(strstr(sink.deltas.data, "END") == NULL,
           "and no end, whole = %d", (int) i);

        hub_sink_free(&sink);
    }

    ngx_destroy_pool(pool);
}


static ngx_int_t
flow_stop(void *sink, const ngx_ai_delta_t *d)
{
    return d->type == NGX_AI_DELTA_TEXT ? NGX_BUSY : NGX_OK;
}


static void
flow_test_sink(void)
{
    hub_sink_t     sink;
    ngx_pool_t    *pool;
    ngx_ai_flow_t  flow;

    static const flow_op_t  text = { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL };
    static const flow_op_t  call = { OP_CALL, 0, 0, 0, "{}", "f", "c" };

    pool = ngx_create_pool(4096, &ngx_shim_log);

    hub_sink_init(&sink, &flow, pool, FLOW_MAX, 0);
    flow.write = flow_stop;

    is_int(flow_do(&flow, &text), NGX_BUSY,
           "what the sink of a text returns is what the reader gets");

    hub_sink_init(&sink, &flow, pool, FLOW_MAX, 0);
    flow.write = flow_stop;

    is_int(flow_do(&flow, &call), NGX_BUSY,
           "what the sink of a call returns is what the reader gets");

    ngx_destroy_pool(pool);
}


/* a long stream uses no more of the pool than a short one */

static void
flow_test_long(void)
{
    flow_op_t      op;
    ngx_int_t      rc;
    ngx_uint_t     i, blocks;
    hub_sink_t     sink;
    ngx_pool_t    *pool;
    ngx_ai_flow_t  flow;

    static const flow_op_t  call = { OP_CALL, 0, 0, 0, "{}", "f", "c" };
    static const flow_op_t  text = { OP_TEXT, 1, 0, TEXT, "a", NULL, NULL };
    static const flow_op_t  stop = { OP_FINISH, 1, 0, NGX_AI_FINISH_STOP,
                                     "###", NULL, NULL };

    pool = ngx_create_pool(4096, &ngx_shim_log);
    hub_sink_init(&sink, &flow, pool, FLOW_MAX, 0);

    rc = flow_do(&flow, &call);
    rc |= flow_do(&flow, &text);
    rc |= flow_do(&flow, &stop);

    blocks = ngx_shim_pool_blocks;

    for (i = 0; i < 10000; i++) {
        op = text;
        op.n = (i & 1) ? TEXT : THINK;

        rc |= flow_do(&flow, &op);
        rc |= flow_do(&flow, &call);
        rc |= flow_do(&flow, &stop);
    }

    is_int(rc, NGX_OK, "a long stream passes");
    is_int(ngx_shim_pool_blocks, blocks, "and takes no memory for itself");

    hub_sink_free(&sink);
    ngx_destroy_pool(pool);
}


int
main(void)
{
    flow_test_vectors();
    flow_test_reply();
    flow_test_content();
    flow_test_caps();
    flow_test_sink();
    flow_test_memory();
    flow_test_long();

    return done();
}
