// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * Ollama's chat and generate: lines of JSON, the last of them with "done".
 * Calls come whole.
 */

const { parse, source } = require('./json');
const { isObject, shape } = require('./fold');

const FINISH = { stop: 'stop', length: 'length', load: 'other',
    unload: 'other' };

const LINE = { model: 's', created_at: 't', done: 'b', 'logprobs?': 'a' };
const TOLD = { 'done_reason?': 's', 'total_duration?': 'i',
    'load_duration?': 'i', 'prompt_eval_count?': 'i',
    'prompt_eval_duration?': 'i', 'eval_count?': 'i', 'eval_duration?': 'i',
    'remote_model?': 's', 'remote_host?': 's' };
const CHAT = { message: 'o' };
const GENERATE = { response: 's', 'thinking?': 's', 'context?': 'a' };
const MESSAGE = { role: '=assistant', content: 's', 'thinking?': 's',
    'tool_calls?': 'a', 'images?': 'A' };
const CALL = { 'id?': 't', function: 'o' };
const FUNCTION = { 'index?': 'i', name: 't', arguments: 'o' };
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;


function usage(f, v) {
    if (v.eval_count === undefined && v.prompt_eval_count === undefined) {
        return;
    }

    f.usage = { input: v.prompt_eval_count, output: v.eval_count };
}


function line(c, f, v, where) {
    const generate = v.message === undefined && v.response !== undefined;

    shape(c, v, { ...LINE, ...(generate ? GENERATE : CHAT),
        ...(v.done ? TOLD : {}) }, where);
    if (typeof v.created_at === 'string' && !TIME.test(v.created_at)) {
        c.add(`${where}.created_at is ${v.created_at}`);
    }
    f.model = f.model || v.model;

    if (generate) {
        f.text('thinking', v.thinking);
        f.text('text', v.response);

    } else {
        const m = isObject(v.message) ? v.message : {};
        shape(c, m, MESSAGE, `${where}.message`);
        f.text('thinking', m.thinking);
        f.text('text', m.content);
        (m.tool_calls || []).forEach((t, i) => {
            const fn = isObject(t.function) ? t.function : {};
            const at = `${where}.message.tool_calls[${i}]`;
            shape(c, t, CALL, at);
            shape(c, fn, FUNCTION, `${at}.function`);
            f.call(f.parts.length, t.id, fn.name, fn.arguments === undefined
                ? '{}' : source(fn.arguments));
        });
    }

    if (v.done === true) {
        if (v.done_reason === undefined && c.strict) {
            c.add(`${where}.done_reason is missing`);
        }
        f.finish = FINISH[v.done_reason === undefined ? 'stop'
            : v.done_reason] || 'other';
        // a call is told as "stop"
        if (f.calls.size && f.finish === 'stop') {
            f.finish = 'tools';
        }
        usage(f, v);
        f.ended = true;
    }
}


function whole(c, f, v) {
    line(c, f, v, 'reply');
    if (v.done !== true) {
        c.add('it is not done');
    }
}


function stream(c, f, events) {
    let n = 0;

    for (const e of events) {
        const where = `line ${n++}`;
        let v;

        try {
            v = parse(e.data, c.twice);
        } catch (x) {
            c.add(`${where}: ${x.message}`);
            continue;
        }
        if (f.ended || f.error) {
            c.add(`${where}: more behind the end`);
        }
        if (v.error !== undefined) {
            error(c, f, v);
        } else {
            line(c, f, v, where);
        }
    }

    if (!f.ended && !f.error) {
        c.add('no line is the last one');
    }
}


function error(c, f, v) {
    const o = isObject(v) ? v : {};

    shape(c, v, { error: 's', 'StatusCode?': 'i', 'Status?': 's' }, 'reply');
    f.error = { message: o.error === undefined ? null : o.error };
}


module.exports = { framing: 'ndjson', whole, stream, error };
