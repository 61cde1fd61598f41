// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * Cohere's chat, version 2.
 *
 *   message-start
 *   ( content-start content-delta* content-end
 *   | tool-plan-delta* ( tool-call-start tool-call-delta* tool-call-end )+
 *   | citation-start citation-end )*
 *   message-end [DONE]
 *
 * Content, calls and citations are objects in deltas and lists elsewhere. A
 * call without arguments has no delta.
 */

const { args, parse } = require('./json');
const { isObject, shape } = require('./fold');

const FINISH = { COMPLETE: 'stop', STOP_SEQUENCE: 'stop', MAX_TOKENS: 'length',
    TOOL_CALL: 'tools', ERROR: 'error', ERROR_TOXIC: 'filter',
    TIMEOUT: 'error' };

const WHOLE = { id: 't', message: 'o', finish_reason: 's', 'usage?': 'o',
    'logprobs?': 'a' };
const MESSAGE = { role: '=assistant', 'content?': 'a', 'tool_plan?': 's',
    'tool_calls?': 'a', 'citations?': 'a' };
const CALL = { id: 't', type: '=function', function: 'o' };
const FUNCTION = { name: 't', arguments: 's' };
const USAGE = { 'billed_units?': 'o', 'tokens?': 'o', 'cached_tokens?': 'i' };
const TOKENS = { 'input_tokens?': 'n', 'output_tokens?': 'n',
    'reasoning_tokens?': 'n', 'image_tokens?': 'n', 'search_units?': 'n',
    'classifications?': 'n', 'images?': 'n' };
const EVENTS = {
    'message-start': { id: 't', delta: 'o' },
    'content-start': { index: 'i', delta: 'o' },
    'content-delta': { index: 'i', delta: 'o', 'logprobs?': 'o' },
    'content-end': { index: 'i' },
    'tool-plan-delta': { delta: 'o' },
    'tool-call-start': { index: 'i', delta: 'o' },
    'tool-call-delta': { index: 'i', delta: 'o' },
    'tool-call-end': { index: 'i' },
    'citation-start': { index: 'i', delta: 'o' },
    'citation-end': { index: 'i' },
    'message-end': { delta: 'o', 'id?': 't' },
};


function usage(c, f, u) {
    if (!isObject(u)) {
        return;
    }

    const t = isObject(u.tokens) ? u.tokens : u.billed_units || {};

    shape(c, u, USAGE, 'usage');
    for (const name of ['tokens', 'billed_units']) {
        if (u[name] !== undefined) {
            shape(c, u[name], TOKENS, `usage.${name}`);
        }
    }
    f.usage = { input: t.input_tokens, output: t.output_tokens,
        cached: u.cached_tokens, reasoning: t.reasoning_tokens };
}


function finish(c, f, reason) {
    f.finish = FINISH[reason] || 'other';
    if (!FINISH[reason]) {
        c.add(`finish_reason is ${reason}`);
    }
    if (c.strict && (reason === 'TOOL_CALL' ? f.calls.size === 0
        : f.finish === 'stop' && f.calls.size > 0))
    {
        c.add(`finish_reason is ${reason}, there are ${f.calls.size} calls`);
    }
}


function whole(c, f, v) {
    const m = isObject(v.message) ? v.message : {};

    shape(c, v, WHOLE, 'reply');
    shape(c, m, MESSAGE, 'message');
    f.id = v.id;
    f.text('thinking', m.tool_plan);

    (m.content || []).forEach((p, i) => {
        if (p.type === 'thinking') {
            shape(c, p, { type: 's', thinking: 's' }, `content[${i}]`);
            f.open('thinking', { text: p.thinking, closed: true });
        } else {
            shape(c, p, { type: '=text', text: 's' }, `content[${i}]`);
            f.close();
            f.text('text', p.text);
        }
    });
    (m.tool_calls || []).forEach((t, i) => {
        const fn = isObject(t.function) ? t.function : {};
        shape(c, t, CALL, `tool_calls[${i}]`);
        shape(c, fn, FUNCTION, `tool_calls[${i}].function`);
        f.call(i, t.id, fn.name, fn.arguments);
    });

    finish(c, f, v.finish_reason);
    usage(c, f, v.usage);
    f.ended = true;
}


class Stream {
    constructor(c, f) {
        this.c = c;
        this.f = f;
        this.n = 0;
        this.phase = 'start';
        this.open = null;
        this.next = { content: 0, call: 0 };
    }

    check(good, what) {
        if (!good) {
            this.c.add(`event ${this.n - 1}: ${what}`);
        }
    }

    event(e) {
        let v;

        this.n++;

        if (e.data === '[DONE]') {
            this.check(this.phase === 'end', '[DONE] before message-end');
            this.f.ended = this.phase === 'end' && !this.f.error;
            this.phase = 'done';
            return;
        }

        try {
            v = parse(e.data === undefined ? e.stray : e.data, this.c.twice);
        } catch (x) {
            this.check(false, x.message);
            return;
        }

        const spec = EVENTS[v.type];

        this.check(e.name === v.type, `the name ${e.name} is not ${v.type}`);
        this.check(this.phase === 'start' ? v.type === 'message-start'
            : this.phase === 'going' && v.type !== 'message-start',
        `${v.type} out of place`);

        if (!spec) {
            this.check(!this.c.strict, `there is no event ${v.type}`);
            return;
        }

        shape(this.c, v, { type: 's', ...spec }, `event ${this.n - 1}`);

        const m = isObject(v.delta) && isObject(v.delta.message)
            ? v.delta.message : {};
        this[v.type](v, m);
    }

    'message-start'(v, m) {
        this.phase = 'going';
        this.f.id = v.id;
        shape(this.c, m, { role: '=assistant', content: 'a', tool_plan: 's',
            tool_calls: 'a', citations: 'a' }, 'message');
    }

    'content-start'(v, m) {
        const p = isObject(m.content) ? m.content : {};

        this.check(this.open === null, 'content begins within something');
        this.check(v.index === this.next.content, `the index ${v.index}`);
        this.next.content++;
        this.check(p.type === 'text' || p.type === 'thinking',
            `content of the type ${p.type}`);
        this.check(typeof p[p.type] === 'string', 'content without its text');
        this.open = { what: 'content', index: v.index, type: p.type };
        this.f.close();
        this.f.text(p.type === 'thinking' ? 'thinking' : 'text', p[p.type]);
    }

    'content-delta'(v, m) {
        const p = isObject(m.content) ? m.content : {};
        const o = this.open || {};

        this.check(o.what === 'content' && o.index === v.index,
            'a delta of no open content');
        this.check(p[o.type] !== undefined || !this.c.strict,
            `a delta without ${o.type}`);
        this.f.text('thinking', p.thinking);
        this.f.text('text', p.text);
    }

    'content-end'(v) {
        this.ends('content', v.index);
        this.f.close();
    }

    'tool-plan-delta'(v, m) {
        this.check(this.open === null, 'a plan within something');
        this.check(typeof m.tool_plan === 'string', 'a plan without text');
        this.f.text('thinking', m.tool_plan);
    }

    'tool-call-start'(v, m) {
        const t = isObject(m.tool_calls) ? m.tool_calls : {};
        const fn = isObject(t.function) ? t.function : {};

        this.check(this.open === null, 'a call begins within something');
        this.check(v.index === this.next.call, `the index ${v.index}`);
        this.next.call++;
        shape(this.c, t, CALL, 'tool_calls');
        shape(this.c, fn, FUNCTION, 'tool_calls.function');
        this.open = { what: 'call', index: v.index };
        this.f.call(v.index, t.id, fn.name, fn.arguments);
    }

    'tool-call-delta'(v, m) {
        const t = isObject(m.tool_calls) ? m.tool_calls : {};
        const o = this.open || {};

        this.check(o.what === 'call' && o.index === v.index,
            'a delta of no open call');
        this.check(isObject(t.function)
            && typeof t.function.arguments === 'string', 'no arguments');
        this.f.call(v.index, null, null, isObject(t.function)
            ? t.function.arguments : '');
    }

    'tool-call-end'(v) {
        this.ends('call', v.index);
        if (this.c.strict) {
            const call = this.f.calls.get(v.index);
            this.check(call && args(call.text)[0] === '{',
                'arguments that are no object');
        }
    }

    'citation-start'() { /* void */ }

    'citation-end'() { /* void */ }

    'message-end'(v) {
        const d = v.delta || {};

        this.check(this.open === null || d.error !== undefined,
            'something is open at the end');
        this.phase = 'end';
        finish(this.c, this.f, d.finish_reason);
        if (d.error !== undefined) {
            this.f.error = { message: d.error, type: d.error_type };
        }
        usage(this.c, this.f, d.usage);
    }

    ends(what, index) {
        this.check(this.open !== null && this.open.what === what
            && this.open.index === index, `ends ${what} that is not open`);
        this.open = null;
    }

    end() {
        if (this.phase !== 'done' && !this.f.error) {
            this.c.add('no [DONE] at the end');
        }
    }
}


function stream(c, f, events) {
    const s = new Stream(c, f);

    for (const e of events) {
        if (e.comment === undefined) {
            s.event(e);
        }
    }
    s.end();
}


function error(c, f, v) {
    const o = isObject(v) ? v : {};

    shape(c, v, { message: 's', 'id?': 't', 'error_type?': 's' }, 'reply');
    f.error = { message: o.message === undefined ? null : o.message,
        type: o.error_type };
}


module.exports = { framing: 'sse', whole, stream, error };
