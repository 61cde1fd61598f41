
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Messages written in Anthropic's words: turns that alternate, each call with
 * its result.
 */


#include "anthropic.h"


#define OLD  "claude-3-haiku-20240307"


typedef struct {
    const char  *name;
    const char  *messages;    /* elements */
    const char  *want;
} turn_t;


static void turns(void);
static void many(void);
static void written(hub_text_t *t);


static hub_text_t  text;


static const turn_t  turn_cases[] = {

    { "neighbours are one turn",
      "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"user\",\"content\":"
      "\"b\"},{\"role\":\"assistant\",\"content\":\"c\"},{\"role\":"
      "\"assistant\",\"content\":\"d\"},{\"role\":\"user\",\"content\":\"e\"}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
      "{\"type\":\"text\",\"text\":\"b\"}]},{\"role\":\"assistant\","
      "\"content\":[{\"type\":\"text\",\"text\":\"c\"},{\"type\":\"text\","
      "\"text\":\"d\"}]},{\"role\":\"user\",\"content\":[{\"type\":\"text\","
      "\"text\":\"e\"}]}]" },

    { "a conversation begins with its user",
      "{\"role\":\"assistant\",\"content\":\"a\"},{\"role\":\"user\","
      "\"content\":\"b\"}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\".\"}]},"
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":"
      "\"a\"}]},{\"role\":\"user\",\"content\":[{\"type\":\"text\","
      "\"text\":\"b\"}]}]" },

    { "texts without anything to see are left out, and so are their turns",
      "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
      "\"content\":\" \\n\\t\"},{\"role\":\"user\",\"content\":[{\"type\":"
      "\"text\",\"text\":\" \",\"cache_control\":{}},{\"type\":\"text\","
      "\"text\":\"b\"}]}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
      "{\"type\":\"text\",\"text\":\"b\"}]}]" },

    { "an assistant's turn can be begun for it",
      "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
      "\"content\":\"b \"}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},"
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":"
      "\"b \"}]}]" },

    { "results are first in their turn, whatever was said before",
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":"
      "\"t1\",\"name\":\"f\",\"input\":{\"x\":1.0}},{\"type\":\"tool_use\","
      "\"id\":\"t2\",\"name\":\"g\",\"input\":{}}]},{\"role\":\"user\","
      "\"content\":\"a\"},{\"role\":\"user\",\"content\":[{\"type\":"
      "\"tool_result\",\"tool_use_id\":\"t2\",\"content\":\"r2\"}]},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
      "\"tool_use_id\":\"t1\",\"content\":\"r1\",\"is_error\":true,"
      "\"cache_control\":{\"type\":\"ephemeral\"}}]}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\".\"}]},"
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":"
      "\"t1\",\"name\":\"f\",\"input\":{\"x\":1.0}},{\"type\":\"tool_use\","
      "\"id\":\"t2\",\"name\":\"g\",\"input\":{}}]},{\"role\":\"user\","
      "\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t2\","
      "\"content\":\"r2\"},{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
      "\"content\":\"r1\",\"is_error\":true,\"cache_control\":{\"type\":"
      "\"ephemeral\"}},{\"type\":\"text\",\"text\":\"a\"}]}]" },

    { "a call without a result gets one that says so",
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":"
      "\"t1\",\"name\":\"f\",\"input\":{}}]},{\"role\":\"user\",\"content\":"
      "\"a\"},{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\","
      "\"id\":\"t2\",\"name\":\"f\",\"input\":{}}]}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\".\"}]},"
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":"
      "\"t1\",\"name\":\"f\",\"input\":{}}]},{\"role\":\"user\",\"content\":"
      "[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":\"No "
      "result was given for this call.\",\"is_error\":true},{\"type\":"
      "\"text\",\"text\":\"a\"}]},{\"role\":\"assistant\",\"content\":"
      "[{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"f\",\"input\":{}}]},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
      "\"tool_use_id\":\"t2\",\"content\":\"No result was given for this "
      "call.\",\"is_error\":true}]}]" },

    { "a result without a call is what its user says",
      "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
      "\"tool_use_id\":\"t9\",\"content\":[{\"type\":\"text\",\"text\":"
      "\"r\"},{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":"
      "\"u\"}}]},{\"type\":\"tool_result\",\"tool_use_id\":\"t8\"}]}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"r\"},"
      "{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"u\"}}]}]" },

    { "a second result of a call, and a late one, are too",
      "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
      "\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\","
      "\"input\":{}}]},{\"role\":\"user\",\"content\":[{\"type\":"
      "\"tool_result\",\"tool_use_id\":\"t1\",\"content\":\"one\"},{\"type\":"
      "\"tool_result\",\"tool_use_id\":\"t1\",\"content\":\"two\"}]},"
      "{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\","
      "\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
      "\"content\":\"three\"}]}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},"
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":"
      "\"t1\",\"name\":\"f\",\"input\":{}}]},{\"role\":\"user\",\"content\":"
      "[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":"
      "\"one\"},{\"type\":\"text\",\"text\":\"two\"}]},{\"role\":"
      "\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"b\"}]},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
      "\"three\"}]}]" },

    { "calls of one id have a result each",
      "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
      "\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\","
      "\"input\":{}},{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"g\","
      "\"input\":{}}]},{\"role\":\"user\",\"content\":[{\"type\":"
      "\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"one\"},{\"type\":"
      "\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"two\"}]}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},"
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":"
      "\"t\",\"name\":\"f\",\"input\":{}},{\"type\":\"tool_use\",\"id\":"
      "\"t\",\"name\":\"g\",\"input\":{}}]},{\"role\":\"user\",\"content\":"
      "[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":"
      "\"one\"},{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":"
      "\"two\"}]}]" },

    { "an empty result has no content, one of several blocks has them",
      "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
      "\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\","
      "\"input\":{}},{\"type\":\"tool_use\",\"id\":\"u\",\"name\":\"f\","
      "\"input\":{}}]},{\"role\":\"user\",\"content\":[{\"type\":"
      "\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"\"},{\"type\":"
      "\"tool_result\",\"tool_use_id\":\"u\",\"content\":[{\"type\":\"text\","
      "\"text\":\"r\"},{\"type\":\"image\",\"source\":{\"type\":\"base64\","
      "\"media_type\":\"image/png\",\"data\":\"AAAA\"}},{\"type\":"
      "\"tool_reference\",\"tool_name\":\"h\"}]}]}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},"
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":"
      "\"t\",\"name\":\"f\",\"input\":{}},{\"type\":\"tool_use\",\"id\":"
      "\"u\",\"name\":\"f\",\"input\":{}}]},{\"role\":\"user\",\"content\":"
      "[{\"type\":\"tool_result\",\"tool_use_id\":\"t\"},{\"type\":"
      "\"tool_result\",\"tool_use_id\":\"u\",\"content\":[{\"type\":\"text\","
      "\"text\":\"r\"},{\"type\":\"image\",\"source\":{\"type\":\"base64\","
      "\"media_type\":\"image/png\",\"data\":\"AAAA\"}},{\"type\":"
      "\"tool_reference\",\"tool_name\":\"h\"}]}]}]" },

    { "an id that is not taken is another one, at both ends",
      "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
      "\"content\":[{\"type\":\"tool_use\",\"id\":\"functions.add:0\","
      "\"name\":\"f\",\"input\":{}}]},{\"role\":\"user\",\"content\":"
      "[{\"type\":\"tool_result\",\"tool_use_id\":\"functions.add:0\","
      "\"content\":\"r\"}]}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},"
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":"
      "\"fvTspWHr0DEPv2pJfvMMRuzT\",\"name\":\"f\",\"input\":{}}]},{\"role\":"
      "\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":"
      "\"fvTspWHr0DEPv2pJfvMMRuzT\",\"content\":\"r\"}]}]" },

    { "only its own thoughts go back, with their signatures",
      "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
      "\"content\":[{\"type\":\"thinking\",\"thinking\":\"own\","
      "\"signature\":\"c2ln\"},{\"type\":\"redacted_thinking\",\"data\":"
      "\"ZGF0YQ\"},{\"type\":\"thinking\",\"thinking\":\"foreign\","
      "\"signature\":\"aigw.2.c2ln\"},{\"type\":\"redacted_thinking\","
      "\"data\":\"aigw.5.ZGF0YQ\"},{\"type\":\"thinking\",\"thinking\":"
      "\"unsigned\"},{\"type\":\"text\",\"text\":\"b\"},{\"type\":"
      "\"thinking\",\"thinking\":\"\",\"signature\":\"aigw.4.c2ln\"},"
      "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}]},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
      "\"tool_use_id\":\"t\",\"content\":\"r\"}]}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},"
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
      "\"thinking\":\"own\",\"signature\":\"c2ln\"},{\"type\":"
      "\"redacted_thinking\",\"data\":\"ZGF0YQ\"},{\"type\":\"text\","
      "\"text\":\"b\"},{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\","
      "\"input\":{}}]},{\"role\":\"user\",\"content\":[{\"type\":"
      "\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"r\"}]}]" },

    { "documents and images of every source",
      "{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":"
      "{\"type\":\"file\",\"file_id\":\"f\"}},{\"type\":\"document\","
      "\"title\":\"t\",\"source\":{\"type\":\"base64\",\"media_type\":"
      "\"application/pdf\",\"data\":\"AAAA\"},\"cache_control\":{\"type\":"
      "\"ephemeral\"}},{\"type\":\"document\",\"source\":{\"type\":\"text\","
      "\"media_type\":\"text/plain\",\"data\":\"some text\"}},{\"type\":"
      "\"document\",\"source\":{\"type\":\"url\",\"url\":\"u\"}},{\"type\":"
      "\"document\",\"source\":{\"type\":\"base64\",\"media_type\":"
      "\"text\\/csv\",\"data\":\"YSwiYiIK\\n\"}},{\"type\":\"document\","
      "\"source\":{\"type\":\"base64\",\"media_type\":\"text/csv\",\"data\":"
      "\"YSwiYi\\nIK\\/\\/8=\"}},{\"type\":\"document\",\"source\":{\"type\":"
      "\"base64\",\"media_type\":\"image/gif\",\"data\":\"AAAA\"}}]}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":"
      "{\"type\":\"file\",\"file_id\":\"f\"}},{\"type\":\"document\","
      "\"source\":{\"type\":\"base64\",\"media_type\":\"application/pdf\","
      "\"data\":\"AAAA\"},\"title\":\"t\",\"cache_control\":{\"type\":"
      "\"ephemeral\"}},{\"type\":\"document\",\"source\":{\"type\":\"text\","
      "\"media_type\":\"text/plain\",\"data\":\"some text\"}},{\"type\":"
      "\"document\",\"source\":{\"type\":\"url\",\"url\":\"u\"}},{\"type\":"
      "\"document\",\"source\":{\"type\":\"text\",\"media_type\":"
      "\"text/plain\",\"data\":\"a,\\\"b\\\"\\n\"}},{\"type\":\"document\","
      "\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":"
      "\"a,\\\"b\\\"\\n\xef\xbf\xbd\xef\xbf\xbd\"}},{\"type\":\"image\","
      "\"source\":{\"type\":\"base64\",\"media_type\":\"image/gif\","
      "\"data\":\"AAAA\"}}]}]" },

    { "what nobody else understands is of no use to others",
      "{\"role\":\"user\",\"content\":[{\"type\":\"container_upload\","
      "\"file_id\":\"f\"},{\"type\":\"text\",\"text\":\"a\"}]},{\"role\":"
      "\"assistant\",\"content\":[{\"type\":\"server_tool_use\",\"id\":\"s\","
      "\"name\":\"web_search\",\"input\":{}},{\"type\":\"text\",\"text\":"
      "\"b\",\"citations\":[{\"type\":\"page_location\"}]}]}",
      "[{\"role\":\"user\",\"content\":[{\"type\":\"container_upload\","
      "\"file_id\":\"f\"},{\"type\":\"text\",\"text\":\"a\"}]},{\"role\":"
      "\"assistant\",\"content\":[{\"type\":\"server_tool_use\",\"id\":\"s\","
      "\"name\":\"web_search\",\"input\":{}},{\"type\":\"text\",\"text\":"
      "\"b\"}]}]" }
};


int
main(void)
{
    anth_init();

    turns();
    many();

    hub_text_free(&text);
    wire_free(&anth);

    return done();
}


/* JSON as it was written */

static void
written(hub_text_t *t)
{
    t->len = 0;
    hub_bytes(t, anth.out.start, ngx_ai_buf_len(&anth.out));
}


static void
turns(void)
{
    char           body[8192], *from;
    size_t         i;
    const turn_t  *c;

    for (i = 0; i < sizeof(turn_cases) / sizeof(turn_t); i++) {
        c = &turn_cases[i];

        snprintf(body, sizeof(body), "{\"messages\":[%s]}", c->messages);

        is_int(anth_ask(&text, body, strlen(body)), NGX_OK, "it is read: %s",
               c->name);
        is_int(anth_write(OLD, NGX_AI_OP_CHAT, 0, 0), NGX_OK,
               "it is written: %s", c->name);

        written(&text);
        from = strstr(text.data, "\"messages\":");

        is_str(from + 11, text.data + text.len - 1 - from - 11, c->want,
               "%s", c->name);
        ok(anth_whole(), "it is JSON: %s", c->name);
    }
}


/* as many calls as fit, and as many results, in no more time than it takes */

static void
many(void)
{
    size_t      i, n;
    hub_text_t  body = { NULL, 0, 0 };

    n = 50000;

    hub_printf(&body, "{\"messages\":[{\"role\":\"assistant\","
               "\"content\":[");

    for (i = 0; i < n; i++) {
        hub_printf(&body, "%s{\"type\":\"tool_use\",\"id\":\"t%lu\","
                   "\"name\":\"f\"}", i ? "," : "", (unsigned long) i);
    }

    hub_printf(&body, "]},{\"role\":\"user\",\"content\":[");

    for (i = 0; i < n; i++) {
        hub_printf(&body, "%s{\"type\":\"tool_result\",\"tool_use_id\":"
                   "\"t%lu\"}", i ? "," : "", (unsigned long) (n - 1 - i));
    }

    hub_printf(&body, "]}]}");

    is_int(wire_read_ask(&anth, body.data, body.len), NGX_OK,
           "%d calls are read", (int) n);
    is_int(anth_write(OLD, NGX_AI_OP_CHAT, 0, 0), NGX_OK, "and written");

    written(&text);
    ok(strstr(text.data, "No result was given") == NULL, "each has a result");

    hub_text_free(&body);
}
