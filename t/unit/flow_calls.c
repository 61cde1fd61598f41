
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include "flow.h"


static void flow_calls_test_vectors(void);
static void flow_calls_test_memory(void);


static const flow_vector_t  flow_calls_vectors[] = {

    { "a call passes at once", 0,
      { { OP_CALL, 0, 0, 0, "", "f", "c1" },
        { OP_CALL, 0, 0, 0, "{\\\"a\\\":", NULL, NULL },
        { OP_CALL, 0, 0, 0, "1}", "ignored", "ignored" },
        { OP_FINISH, 0, 0, NGX_AI_FINISH_STOP, NULL, NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{\\\"a\\\":\"\n"
      "TEXT 0.0 \"1}\"\nPART_END 0.0\nFINISH 0 tool_calls\nEND\n" },

    { "a call without arguments has none", 0,
      { { OP_CALL, 0, 0, 0, "", "f", "c1" },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{}\"\nPART_END 0.0\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "calls that overlap are put in a row", 0,
      { { OP_CALL, 0, 0, 0, "{", "f", "c1" },
        { OP_CALL, 0, 1, 0, "{\\\"b\\\":", "g", "c2" },
        { OP_CALL, 0, 0, 0, "}", NULL, NULL },
        { OP_CALL, 0, 1, 0, "2}", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{\"\nTEXT 0.0 \"}\"\n"
      "PART_END 0.0\n"
      "PART 0.1 call id=\"c2\" name=\"g\"\nTEXT 0.1 \"{\\\"b\\\":2}\"\n"
      "PART_END 0.1\nFINISH 0 tool_calls\nEND\n" },

    { "the next call passes as soon as the one before it ends", 0,
      { { OP_CALL, 0, 0, 0, "{}", "f", "c1" },
        { OP_CALL, 0, 1, 0, "{", "g", "c2" },
        { OP_PART_END, 0, 0, 0, NULL, NULL, NULL },
        { OP_PING, 0, 0, 0, NULL, NULL, NULL },
        { OP_CALL, 0, 1, 0, "}", NULL, NULL },
        { OP_PART_END, 0, 1, 0, NULL, NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{}\"\nPART_END 0.0\n"
      "PART 0.1 call id=\"c2\" name=\"g\"\nTEXT 0.1 \"{\"\nPING\n"
      "TEXT 0.1 \"}\"\nPART_END 0.1\n"
      "PART 0.2 text\nTEXT 0.2 \"a\"\nPART_END 0.2\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "a finish lets go what is held back", 0,
      { { OP_CALL, 0, 0, 0, "{}", "f", "c1" },
        { OP_CALL, 0, 1, 0, "{}", "g", "c2" },
        { OP_FINISH, 0, 0, NGX_AI_FINISH_TOOLS, NULL, NULL, NULL },
        { OP_PING, 0, 0, 0, NULL, NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{}\"\nPART_END 0.0\n"
      "PART 0.1 call id=\"c2\" name=\"g\"\nTEXT 0.1 \"{}\"\nPART_END 0.1\n"
      "PING\nFINISH 0 tool_calls\nEND\n" },

    { "a key whose call has ended is free for another", 0,
      { { OP_CALL, 0, 0, 0, "{}", "f", "c1" },
        { OP_PART_END, 0, 0, 0, NULL, NULL, NULL },
        { OP_CALL, 0, 0, 0, "{}", "g", "c2" },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{}\"\nPART_END 0.0\n"
      "PART 0.1 call id=\"c2\" name=\"g\"\nTEXT 0.1 \"{}\"\nPART_END 0.1\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "a call ends the text before it", 0,
      { { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_CALL, 0, 0, 0, "{}", "f", "c1" },
        { OP_PART_END, 0, 0, 0, NULL, NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 text\nTEXT 0.0 \"a\"\nPART_END 0.0\n"
      "PART 0.1 call id=\"c1\" name=\"f\"\nTEXT 0.1 \"{}\"\nPART_END 0.1\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "a call waits for its name; its id may come late", 0,
      { { OP_CALL, 0, 0, 0, "{\\\"a\\\":", NULL, NULL },
        { OP_CALL, 0, 0, 0, "1", NULL, "c1" },
        { OP_PING, 0, 0, 0, NULL, NULL, NULL },
        { OP_CALL, 0, 0, 0, "}", "f", NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\nPING\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{\\\"a\\\":1}\"\n"
      "PART_END 0.0\nFINISH 0 tool_calls\nEND\n" },

    { "calls without ids get some that differ", 0,
      { { OP_CALL, 0, 0, 0, "{}", "f", NULL },
        { OP_CALL, 0, 1, 0, "{}", "f", NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"call_1234abcd0\" name=\"f\"\nTEXT 0.0 \"{}\"\n"
      "PART_END 0.0\n"
      "PART 0.1 call id=\"call_1234abcd1\" name=\"f\"\nTEXT 0.1 \"{}\"\n"
      "PART_END 0.1\nFINISH 0 tool_calls\nEND\n" },

    { "text behind a call that has not ended waits for it", 0,
      { { OP_CALL, 0, 0, 0, "{", "f", "c1" },
        { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "b", NULL, NULL },
        { OP_CALL, 0, 0, 0, "}", NULL, NULL },
        { OP_CALL, 0, 1, 0, "{}", "g", "c2" },
        { OP_TEXT, 0, 0, TEXT, "c", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{\"\nTEXT 0.0 \"}\"\n"
      "PART_END 0.0\n"
      "PART 0.1 text\nTEXT 0.1 \"ab\"\nPART_END 0.1\n"
      "PART 0.2 call id=\"c2\" name=\"g\"\nTEXT 0.2 \"{}\"\nPART_END 0.2\n"
      "PART 0.3 text\nTEXT 0.3 \"c\"\nPART_END 0.3\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "text that waited passes at once when its turn has come", 0,
      { { OP_CALL, 0, 0, 0, "{}", "f", "c1" },
        { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_PART_END, 0, 0, 0, NULL, NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "b", NULL, NULL },
        { OP_CITE, 0, 0, 0, "u", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{}\"\nPART_END 0.0\n"
      "PART 0.1 text\nTEXT 0.1 \"a\"\nTEXT 0.1 \"b\"\n"
      "CITATION 0.1 citation{ url=\"u\" 1-2 }\nPART_END 0.1\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "an image behind a call waits whole", 0,
      { { OP_CALL, 0, 0, 0, "{}", "f", "c1" },
        { OP_PART, 0, 5, IMAGE, NULL, "aGk=", "i" },
        { OP_PART, 0, 6, THINK, "t", NULL, NULL },
        { OP_SIGN, 0, 6, 3, "SIG", NULL, NULL },
        { OP_PART_END, 0, 6, 0, NULL, NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{}\"\nPART_END 0.0\n"
      "PART 0.1 image id=\"i\" data=\"aGk=\"\nPART_END 0.1\n"
      "PART 0.2 thinking\nTEXT 0.2 \"t\"\nSIGNATURE 0.2 origin=3 \"SIG\"\n"
      "PART_END 0.2\nFINISH 0 tool_calls\nEND\n" },

    { "calls of one choice do not hold back another", 0,
      { { OP_CALL, 0, 0, 0, "{}", "f", "c1" },
        { OP_CALL, 1, 0, 0, "{}", "g", "c2" },
        { OP_TEXT, 2, 0, TEXT, "a", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{}\"\n"
      "PART 1.0 call id=\"c2\" name=\"g\"\nTEXT 1.0 \"{}\"\n"
      "PART 2.0 text\nTEXT 2.0 \"a\"\n"
      "PART_END 0.0\nPART_END 1.0\nPART_END 2.0\n"
      "FINISH 0 tool_calls\nFINISH 1 tool_calls\nFINISH 2 stop\nEND\n" },

    { "arguments as JSON are escaped", 0,
      { { OP_CALL, 0, 0, 0, "", "f", "c1" },
        { OP_JSON, 0, 0, 0, "{\"a\": \"x\\n\"\n}", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\n"
      "TEXT 0.0 \"{\\\"a\\\": \\\"x\\\\n\\\"\\n}\"\nPART_END 0.0\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "arguments that are no object become one", 0,
      { { OP_CALL, 0, 0, 0, "", "f", "c1" },
        { OP_JSON, 0, 0, 0, "[1]", NULL, NULL },
        { OP_CALL, 0, 1, 0, "", "g", "c2" },
        { OP_JSON, 0, 1, 0, "null", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\n"
      "TEXT 0.0 \"{\\\"arguments\\\":[1]}\"\nPART_END 0.0\n"
      "PART 0.1 call id=\"c2\" name=\"g\"\nTEXT 0.1 \"{}\"\nPART_END 0.1\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "arguments are not told twice", 0,
      { { OP_CALL, 0, 0, 0, "{}", "f", "c1" },
        { OP_JSON, 0, 0, 0, "{\"a\":1}", NULL, NULL },
        { OP_JSON, 0, 7, 0, "{\"a\":1}", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{}\"\nPART_END 0.0\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "a call with a signature has it in PART", 0,
      { { OP_PART, 0, 0, CALL, "{}", "f", "c1" },
        { OP_SIGN, 0, 0, 4, "LATE", NULL, NULL },
        { OP_CALL, 0, 1, 0, "{}", "g", "c2" },
        { OP_SIGN, 0, 1, 4, "SIG", NULL, NULL },
        { OP_SIGN, 0, 9, 4, "NONE", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\"\nTEXT 0.0 \"{}\"\n"
      "SIGNATURE 0.0 origin=4 \"LATE\"\nPART_END 0.0\n"
      "PART 0.1 call id=\"c2\" name=\"g\" signature=\"SIG\" origin=4\n"
      "TEXT 0.1 \"{}\"\nPART_END 0.1\nFINISH 0 tool_calls\nEND\n" },

    /* whole calls */

    { "whole: a call waits for its end", 1,
      { { OP_CALL, 0, 0, 0, "{\\\"a\\\":", "f", "c1" },
        { OP_CALL, 0, 0, 0, " 1}", NULL, NULL },
        { OP_PING, 0, 0, 0, NULL, NULL, NULL },
        { OP_PART_END, 0, 0, 0, NULL, NULL, NULL },
        { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\nPING\n"
      "PART 0.0 call id=\"c1\" name=\"f\" json={\"a\":1}\nPART_END 0.0\n"
      "PART 0.1 text\nTEXT 0.1 \"a\"\nPART_END 0.1\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "whole: the order is that of the source", 1,
      { { OP_CALL, 0, 0, 0, "{}", "f", "c1" },
        { OP_CALL, 0, 1, 0, "", "g", "c2" },
        { OP_TEXT, 0, 0, TEXT, "a", NULL, NULL },
        { OP_PART_END, 0, 1, 0, NULL, NULL, NULL },
        { OP_FINISH, 0, 0, NGX_AI_FINISH_STOP, NULL, NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\" json={}\nPART_END 0.0\n"
      "PART 0.1 call id=\"c2\" name=\"g\" json={}\nPART_END 0.1\n"
      "PART 0.2 text\nTEXT 0.2 \"a\"\nPART_END 0.2\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "whole: arguments as JSON stay as they are", 1,
      { { OP_CALL, 0, 0, 0, "", "f", NULL },
        { OP_JSON, 0, 0, 0, "{\"a\":\"\\u00e9\"}", NULL, NULL },
        { OP_CALL, 0, 1, 0, "", "g", NULL },
        { OP_JSON, 0, 1, 0, "7", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"call_1234abcd0\" name=\"f\""
      " json={\"a\":\"\\u00e9\"}\nPART_END 0.0\n"
      "PART 0.1 call id=\"call_1234abcd1\" name=\"g\""
      " json={\"arguments\":7}\nPART_END 0.1\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "whole: arguments that are no JSON become an object", 1,
      { { OP_CALL, 0, 0, 0, "say \\\"hi", "f", "c1" },
        { OP_CALL, 0, 1, 0, "{\\\"a\\\":1", "g", "c2" },
        { OP_CALL, 0, 2, 0, "\\n", "h", "c3" },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\""
      " json={\"arguments\":\"say \\\"hi\"}\nPART_END 0.0\n"
      "PART 0.1 call id=\"c2\" name=\"g\""
      " json={\"arguments\":\"{\\\"a\\\":1\"}\nPART_END 0.1\n"
      "PART 0.2 call id=\"c3\" name=\"h\" json={}\nPART_END 0.2\n"
      "FINISH 0 tool_calls\nEND\n" },

    { "whole: a signature is in PART", 1,
      { { OP_CALL, 0, 0, 0, "{}", "f", "c1" },
        { OP_SIGN, 0, 0, 4, "SIG", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\n"
      "PART 0.0 call id=\"c1\" name=\"f\" json={} signature=\"SIG\" origin=4\n"
      "PART_END 0.0\nFINISH 0 tool_calls\nEND\n" },

    { "whole: an error lets nothing go that was held back", 1,
      { { OP_CALL, 0, 0, 0, "{}", "f", "c1" },
        { OP_ERROR, 0, 0, 0, "no", NULL, NULL },
        { OP_END, 0, 0, 0, NULL, NULL, NULL } },
      "START created=0\nERROR upstream message=\"no\"\n" }
};


#define FLOW_CALLS_VECTORS                                                    \
    (sizeof(flow_calls_vectors) / sizeof(flow_calls_vectors[0]))


static void
flow_calls_test_vectors(void)
{
    ngx_uint_t  i;

    for (i = 0; i < FLOW_CALLS_VECTORS; i++) {
        flow_run(&flow_calls_vectors[i]);
    }
}


static void
flow_calls_test_memory(void)
{
    ngx_uint_t  i, failed;

    failed = 0;

    for (i = 0; i < FLOW_CALLS_VECTORS; i++) {
        failed += flow_run_without(&flow_calls_vectors[i]);
    }

    ok(failed > 40, "allocations did fail");
}


int
main(void)
{
    flow_calls_test_vectors();
    flow_calls_test_memory();

    return done();
}
