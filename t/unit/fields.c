
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * The table of README.md that says what each dialect carries, held to the
 * dialects' own tables, and these to what is written.
 *
 *     build/unit/fields --table
 *
 * prints the lines that README.md has between its two marks.
 */


#include "tap.h"
#include "wire.h"
#include "hub_field.h"


#define FIELDS_LINE   512
#define FIELDS_BEGIN  "<!-- fields -->\n"
#define FIELDS_END    "<!-- end of fields -->\n"


typedef struct {
    ngx_uint_t   dialect;
    const char  *model;
    ngx_uint_t   quirks;
} fields_target_t;


static void fields_line(ngx_uint_t field, char *line);
static void fields_table(void);
static void fields_readme(void);
static ngx_uint_t fields_origin(const fields_target_t *t, ngx_uint_t field);
static void fields_write(wire_t *w, const ngx_ai_dialect_t *dialect,
    const fields_target_t *t);
static void fields_written(const fields_target_t *t);


/* a model of each that can do as much as models of that dialect can */

static const fields_target_t  fields_targets[] = {
    { NGX_AI_DIALECT_OPENAI, "gpt-5", NGX_AI_QUIRK_OPENAI },
    { NGX_AI_DIALECT_COMPLETIONS, "davinci-002", 0 },
    { NGX_AI_DIALECT_RESPONSES, "gpt-5", 0 },
    { NGX_AI_DIALECT_ANTHROPIC, "claude-sonnet-4-5", 0 },
    { NGX_AI_DIALECT_GEMINI, "gemini-2.5-pro", 0 },
    { NGX_AI_DIALECT_BEDROCK, "anthropic.claude-sonnet-4-5-v1:0", 0 },
    { NGX_AI_DIALECT_COHERE, "command-a", 0 },
    { NGX_AI_DIALECT_OLLAMA, "gpt-oss", 0 }
};


static void
fields_line(ngx_uint_t field, char *line)
{
    uint64_t                 bit;
    ngx_uint_t               i;
    const char              *own;
    const ngx_ai_wording_t  *wording;

    bit = (uint64_t) 1 << field;
    own = (NGX_AI_FIELDS_OWN & bit) ? "own" : "kept";

    line += sprintf(line, "| `%.*s` |",
                    (int) ngx_ai_field_names[field].len,
                    (char *) ngx_ai_field_names[field].data);

    for (i = 0; i < NGX_AI_DIALECT_MAX; i++) {
        wording = &ngx_ai_dialect(i)->wordings[NGX_AI_OP_CHAT];

        line += sprintf(line, " %s |", (wording->kept & bit) ? own
                                       : (wording->mapped & bit) ? "mapped"
                                       : "-");
    }

    (void) sprintf(line, "\n");
}


static void
fields_table(void)
{
    char        line[FIELDS_LINE];
    ngx_uint_t  i;

    printf("| |");

    for (i = 0; i < NGX_AI_DIALECT_MAX; i++) {
        printf(" %.*s |", (int) ngx_ai_dialect(i)->name.len,
               (char *) ngx_ai_dialect(i)->name.data);
    }

    printf("\n|---|");

    for (i = 0; i < NGX_AI_DIALECT_MAX; i++) {
        printf("---|");
    }

    printf("\n");

    for (i = 1; i < NGX_AI_FIELD_MAX; i++) {
        fields_line(i, line);
        printf("%s", line);
    }
}


static void
fields_readme(void)
{
    char         line[FIELDS_LINE], want[FIELDS_LINE];
    FILE        *readme;
    ngx_uint_t   field;

    readme = fopen("README.md", "r");

    if (!ok(readme != NULL, "README.md is here")) {
        return;
    }

    while (fgets(line, sizeof(line), readme)
           && strcmp(line, FIELDS_BEGIN) != 0)
    {
        /* void */
    }

    ok(fgets(line, sizeof(line), readme) && fgets(line, sizeof(line), readme),
       "README.md has a table of fields");

    for (field = 1; field < NGX_AI_FIELD_MAX; field++) {

        fields_line(field, want);

        if (fgets(line, sizeof(line), readme) == NULL) {
            line[0] = '\0';
        }

        is_str(line, strlen(line), want, "README.md says how %s is carried",
               (char *) ngx_ai_field_names[field].data);
    }

    (void) fclose(readme);
}


/*
 * What is put in other words comes from another dialect; what only its maker
 * understands must be the target's own.
 */

static ngx_uint_t
fields_origin(const fields_target_t *t, ngx_uint_t field)
{
    uint64_t                 bit;
    const ngx_ai_wording_t  *wording;

    bit = (uint64_t) 1 << field;
    wording = &ngx_ai_dialect(t->dialect)->wordings[NGX_AI_OP_CHAT];

    if (NGX_AI_FIELDS_OWN & wording->kept & bit) {
        return t->dialect;
    }

    return (t->dialect == NGX_AI_DIALECT_ANTHROPIC) ? NGX_AI_DIALECT_OPENAI
                                                    : NGX_AI_DIALECT_ANTHROPIC;
}


static void
fields_write(wire_t *w, const ngx_ai_dialect_t *dialect,
    const fields_target_t *t)
{
    ngx_ai_aim_t  aim;

    ngx_memzero(&aim, sizeof(ngx_ai_aim_t));

    aim.model.data = (u_char *) t->model;
    aim.model.len = strlen(t->model);
    aim.op = NGX_AI_OP_CHAT;
    aim.quirks = t->quirks;

    ngx_ai_buf_reset(&w->out);
    ngx_ai_json_writer_init(&w->writer, &w->out);

    (void) dialect->wordings[NGX_AI_OP_CHAT].write_ask(&w->chat, &aim,
                                                      &w->writer);
}


/* what is carried is written, and nothing else is */

static void
fields_written(const fields_target_t *t)
{
    wire_t                   w;
    hub_text_t               with, without;
    ngx_uint_t               i, carried;
    const ngx_ai_dialect_t  *dialect;
    const ngx_ai_wording_t  *wording;

    dialect = ngx_ai_dialect(t->dialect);
    wording = &dialect->wordings[NGX_AI_OP_CHAT];

    wire_init(&w, t->dialect, dialect);

    ok((wording->kept & wording->mapped) == 0,
       "%s: no field is both kept and mapped", (char *) dialect->name.data);

    for (i = 1; i < NGX_AI_FIELD_MAX; i++) {

        if (t->dialect == NGX_AI_DIALECT_ANTHROPIC
            && (i == NGX_AI_FIELD_SUMMARY || i == NGX_AI_FIELD_THINKING
                || i == NGX_AI_FIELD_TOOL_CHOICE_ALLOWED))
        {
            /*
             * Its thoughts are summaries without being asked for, and none
             * without a signature; t/unit/anthropic_write.c has the rest.
             */

            continue;
        }

        ngx_memzero(&with, sizeof(hub_text_t));
        ngx_memzero(&without, sizeof(hub_text_t));

        hub_field_chat(&w.chat, w.pool, fields_origin(t, i), i);
        fields_write(&w, dialect, t);
        wire_out(&w, &with);

        hub_field_base(&w.chat, w.pool, fields_origin(t, i), i);
        fields_write(&w, dialect, t);
        wire_out(&w, &without);

        carried = ((wording->kept | wording->mapped) >> i) & 1;

        is_int(with.len != without.len
               || memcmp(with.data, without.data, with.len) != 0,
               carried, "%s: %s is %s", (char *) dialect->name.data,
               (char *) ngx_ai_field_names[i].data,
               carried ? "written" : "not written");

        hub_text_free(&with);
        hub_text_free(&without);
    }

    wire_free(&w);
}


int
main(int argc, char **argv)
{
    ngx_uint_t  i;

    if (argc == 2 && strcmp(argv[1], "--table") == 0) {
        fields_table();
        return 0;
    }

    fields_readme();

    for (i = 0; i < sizeof(fields_targets) / sizeof(fields_targets[0]); i++) {
        fields_written(&fields_targets[i]);
    }

    return done();
}
