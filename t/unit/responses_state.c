
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


/*
 * Responses that are kept: what was said comes back as it was, turn after
 * turn, and the model gets its own signatures.
 */


#include "responses.h"

#include "ngx_ai_responses_state.h"


static void turns(void);
static void streamed(void);
static void all_kinds(void);
static void wrong(void);
static ngx_int_t restore(wire_t *w, ngx_ai_tree_t *tree, const char *kept,
    ngx_ai_walk_t *walk);
static void is_chat(wire_t *w, const char *want, const char *name);
static void is_kept(ngx_ai_buf_t *out, const char *want, const char *name);


int
main(void)
{
    turns();
    streamed();
    all_kinds();
    wrong();

    return done();
}


/* a first turn is kept, and stands before the second one */

static void
turns(void)
{
    char           *ask;
    wire_t          w;
    ngx_ai_buf_t    out, next;
    ngx_ai_tree_t   tree;
    ngx_ai_walk_t   walk;
    ngx_ai_part_t  *part;

    responses_init(&w);
    ngx_ai_tree_init(&tree, 1024, &ngx_shim_log);
    ngx_ai_buf_init(&out, 65536, &ngx_shim_log);
    ngx_ai_buf_init(&next, 65536, &ngx_shim_log);

    ask = responses_json("{'instructions':'one','input':'q1','store':true,"
                         "'tools':[{'type':'function','name':'f'}]}");
    (void) wire_read_ask(&w, ask, strlen(ask));
    free(ask);

    (void) ngx_ai_answer_init(&w.answer, w.event, NGX_AI_DIALECT_ANTHROPIC);
    part = ngx_ai_part_push(&ngx_ai_answer_alternative(&w.answer)->parts,
                            NGX_AI_PART_THINKING);
    part->origin = NGX_AI_DIALECT_ANTHROPIC;
    ngx_str_set(&part->text, "hm");
    ngx_str_set(&part->signature, "SIG");

    part = ngx_ai_part_push(&((ngx_ai_alternative_t *)
                              w.answer.alternatives.elts)->parts,
                            NGX_AI_PART_TOOL_CALL);
    ngx_str_set(&part->id, "toolu_1");
    ngx_str_set(&part->name, "f");
    ngx_str_set(&part->json, "{\"a\":1}");

    is_int(ngx_ai_responses_state_write(&w.chat, &w.answer, NULL, &out),
           NGX_OK, "a turn is kept");
    is_kept(&out,
            "[{'type':'message','role':'user','content':[{'type':"
            "'input_text','text':'q1'}]},{'type':'reasoning','summary':["
            "{'type':'summary_text','text':'hm'}],"
            "'encrypted_content':'aigw.3.SIG'},{'type':'function_call',"
            "'call_id':'toolu_1','name':'f',"
            "'arguments':'{\\'a\\':1}'}]",
            "without its instructions");

    ask = responses_json("{'instructions':'two','previous_response_id':"
                         "'resp_1','input':[{'type':'function_call_output',"
                         "'call_id':'toolu_1','output':'r'}]}");
    (void) wire_read_ask(&w, ask, strlen(ask));
    free(ask);

    is_int(restore(&w, &tree, (char *) out.start, &walk), NGX_OK,
           "it comes back");
    is_chat(&w,
            "options stream=0 usage=1 previous='resp_1'\n"
            "fields system tool_call tool_result thinking signature\n"
            "system\n"
            "  text text='two'\n"
            "user\n"
            "  text text='q1'\n"
            "assistant\n"
            "  thinking text='hm' signature='SIG' origin=3\n"
            "  call id='toolu_1' name='f' json={'a':1}\n"
            "user\n"
            "  result id='toolu_1' name='f'\n"
            "    text text='r'\n",
            "between the instructions of now and what is said now");

    (void) wire_write_ask(&w, "m", 0);
    ok(memmem(w.out.start, ngx_ai_buf_len(&w.out), "previous_response_id",
              20) == NULL, "a target is not asked for what it has not");

    is_int(ngx_ai_responses_state_write(&w.chat, NULL, NULL, &next), NGX_OK,
           "the next turn is kept with it");
    is_kept(&next,
            "[{'type':'message','role':'user','content':[{'type':"
            "'input_text','text':'q1'}]},{'type':'reasoning','summary':["
            "{'type':'summary_text','text':'hm'}],"
            "'encrypted_content':'aigw.3.SIG'},{'type':'function_call',"
            "'call_id':'toolu_1','name':'f',"
            "'arguments':'{\\'a\\':1}'},{'type':'function_call_output',"
            "'call_id':'toolu_1','output':'r'}]",
            "so that one lookup is enough");

    ngx_ai_tree_free(&tree);
    ngx_ai_buf_free(&out);
    ngx_ai_buf_free(&next);
    wire_free(&w);
}


/* the items of a stream, as the client has got them */

static void
streamed(void)
{
    char            *ask;
    wire_t           w;
    ngx_str_t        output, t;
    ngx_pool_t      *pool;
    ngx_ai_buf_t     out;
    ngx_ai_flow_t    flow;
    ngx_ai_sink_t   *sink;
    ngx_ai_tree_t    tree;
    ngx_ai_walk_t    walk;
    ngx_ai_reply_t   reply;

    responses_init(&w);
    ngx_ai_tree_init(&tree, 1024, &ngx_shim_log);
    ngx_ai_buf_init(&out, 65536, &ngx_shim_log);

    ask = responses_json("{'input':'q1'}");
    (void) wire_read_ask(&w, ask, strlen(ask));
    free(ask);

    memset(&reply, 0, sizeof(reply));
    pool = ngx_create_pool(4096, &ngx_shim_log);
    sink = ngx_pcalloc(pool, ngx_ai_responses.sink);

    ngx_ai_responses_state_output(sink, &output);
    is_int(output.len, 0, "a stream that has not begun has no items");

    sink->out = &w.out;
    sink->told = &w.told;
    sink->pool = pool;
    sink->max = 65536;
    sink->chat = &w.chat;

    (void) ngx_ai_flow_init(&flow, pool, 65536, 7);
    flow.write = ngx_ai_responses.write_delta;
    flow.sink = sink;
    flow.reply = &reply;

    ngx_str_set(&t, "a1");
    (void) ngx_ai_flow_text(&flow, 0, NGX_AI_PART_TEXT, &t);
    (void) ngx_ai_flow_end(&flow);

    ngx_ai_responses_state_output(sink, &output);

    is_int(ngx_ai_responses_state_write(&w.chat, NULL, &output, &out), NGX_OK,
           "a stream is kept");
    is_kept(&out,
            "[{'type':'message','role':'user','content':[{'type':"
            "'input_text','text':'q1'}]},{'id':"
            "'msg_0123456789abcdef0123456789abcdef0000','type':'message',"
            "'role':'assistant','content':[{'type':'output_text','text':"
            "'a1','annotations':[],'logprobs':[]}],'status':'completed'}]",
            "behind what was asked");

    ask = responses_json("{'previous_response_id':'resp_1','input':'q2'}");
    (void) wire_read_ask(&w, ask, strlen(ask));
    free(ask);

    is_int(restore(&w, &tree, (char *) out.start, &walk), NGX_OK,
           "it comes back");
    is_chat(&w,
            "options stream=0 usage=1 previous='resp_1'\n"
            "fields\n"
            "user\n"
            "  text text='q1'\n"
            "assistant\n"
            "  text text='a1'\n"
            "user\n"
            "  text text='q2'\n",
            "and the conversation goes on");

    ngx_destroy_pool(pool);
    ngx_ai_tree_free(&tree);
    ngx_ai_buf_free(&out);
    wire_free(&w);
}


/* whatever can be asked is the same when it was kept */

static void
all_kinds(void)
{
    char           *ask;
    wire_t          w;
    hub_text_t      before = { NULL, 0, 0 };
    hub_text_t      after = { NULL, 0, 0 };
    ngx_ai_buf_t    out;
    ngx_ai_tree_t   tree;
    ngx_ai_walk_t   walk;

    static const char  input[] =
        "{'input':[{'role':'system','content':'s'},"
        "{'role':'developer','content':'d'},"
        "{'role':'user','content':[{'type':'input_text','text':''},"
        "{'type':'input_image','image_url':'data:image/png;base64,AA==',"
        "'detail':'low'},{'type':'input_file','filename':'n',"
        "'file_data':'data:text/x;base64,BB=='},{'type':'input_audio',"
        "'input_audio':{'data':'C','format':'mp3'}},"
        "{'type':'input_audio','input_audio':{'data':'C',"
        "'format':'wav'}}]},"
        "{'type':'reasoning','summary':[],"
        "'encrypted_content':'aigw.3.redacted.X'},"
        "{'type':'reasoning','summary':[{'type':'summary_text','text':'s'}],"
        "'content':[{'type':'reasoning_text','text':'t'}]},"
        "{'role':'assistant','content':[{'type':'refusal','refusal':'r'},"
        "{'type':'output_text','text':'a','annotations':[{'type':"
        "'url_citation','url':'u','title':'t','start_index':1,"
        "'end_index':2}]}]},"
        "{'type':'image_generation_call','result':'D',"
        "'output_format':'webp'},"
        "{'type':'web_search_call','id':'ws'},"
        "{'type':'function_call','call_id':'c~aigw.4.SIG','name':'f',"
        "'arguments':'{}'},"
        "{'type':'custom_tool_call','call_id':'p','name':'p',"
        "'input':'x'},"
        "{'type':'custom_tool_call_output','call_id':'p','output':'y'},"
        "{'type':'function_call_output','call_id':'c~aigw.4.SIG',"
        "'output':[{'type':'input_text','text':'a'},"
        "{'type':'input_image','file_id':'i'}]},"
        "{'type':'mcp_approval_response','approve':true}]}";

    responses_init(&w);
    ngx_ai_tree_init(&tree, 1024, &ngx_shim_log);
    ngx_ai_buf_init(&out, 65536, &ngx_shim_log);

    ask = responses_json(input);
    ok(wire_read_ask(&w, ask, strlen(ask)) == NGX_OK, "all kinds of items");
    free(ask);

    hub_chat_lines(&before, &w.chat, 0);

    is_int(ngx_ai_responses_state_write(&w.chat, NULL, NULL, &out), NGX_OK,
           "are kept");

    ask = responses_json("{'input':[]}");
    (void) wire_read_ask(&w, ask, strlen(ask));
    free(ask);

    (void) ngx_ai_buf_append(&out, "", 1);
    is_int(restore(&w, &tree, (char *) out.start, &walk), NGX_OK,
           "and come back");

    hub_chat_lines(&after, &w.chat, 0);
    is_bytes(after.data, after.len, before.data, before.len,
             "as they were");

    hub_text_free(&before);
    hub_text_free(&after);
    ngx_ai_tree_free(&tree);
    ngx_ai_buf_free(&out);
    wire_free(&w);
}


static void
wrong(void)
{
    char           *ask;
    wire_t          w;
    ngx_ai_buf_t    out;
    ngx_ai_tree_t   tree;
    ngx_ai_walk_t   walk;

    responses_init(&w);
    ngx_ai_tree_init(&tree, 1024, &ngx_shim_log);

    ask = responses_json("{'input':'x'}");
    (void) wire_read_ask(&w, ask, strlen(ask));
    free(ask);

    ngx_ai_buf_init(&out, 20, &ngx_shim_log);
    is_int(ngx_ai_responses_state_write(&w.chat, NULL, NULL, &out),
           NGX_DECLINED, "what is too large is not kept");

    is_int(restore(&w, &tree, "{}", &walk), NGX_ERROR, "no array");
    is_str(walk.reason, strlen(walk.reason), "must be an array", "it says so");
    is_int(restore(&w, &tree, "[{}]", &walk), NGX_ERROR, "no item");

    ngx_ai_buf_free(&out);
    ngx_ai_tree_free(&tree);
    wire_free(&w);
}


static ngx_int_t
restore(wire_t *w, ngx_ai_tree_t *tree, const char *kept,
    ngx_ai_walk_t *walk)
{
    ngx_str_t  text;

    text.data = (u_char *) kept;
    text.len = strlen(kept);

    if (ngx_ai_tree_read(tree, &text) != NGX_OK) {
        return NGX_DECLINED;
    }

    memset(walk, 0, sizeof(ngx_ai_walk_t));

    walk->tree = tree;
    walk->pool = w->chat.pool;

    return ngx_ai_responses_state_read(walk, ngx_ai_tree_root(tree),
                                       &w->chat);
}


static void
is_chat(wire_t *w, const char *want, const char *name)
{
    hub_text_t  t = { NULL, 0, 0 };

    hub_chat_text(&t, &w->chat);
    responses_quote(&t);
    is_str(t.data, t.len, want, "%s", name);
    hub_text_free(&t);
}


/* leaves the buffer as a string */

static void
is_kept(ngx_ai_buf_t *out, const char *want, const char *name)
{
    hub_text_t  t = { NULL, 0, 0 };

    hub_bytes(&t, out->start, ngx_ai_buf_len(out));
    responses_quote(&t);
    is_str(t.data, t.len, want, "%s", name);
    hub_text_free(&t);

    (void) ngx_ai_buf_append(out, "", 1);
}
