// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * Anthropic's Messages.
 *
 *   message_start
 *   ( content_block_start content_block_delta* content_block_stop )*
 *   message_delta message_stop                      and pings anywhere
 *
 * Blocks are numbered from 0 and do not overlap. The usage of message_delta
 * is the sum of all.
 */

const { args, parse, source } = require('./json');
const { isObject, later, shape } = require('./fold');

const FINISH = { end_turn: 'stop', stop_sequence: 'stop', max_tokens: 'length',
    model_context_window_exceeded: 'length', tool_use: 'tools',
    refusal: 'filter', pause_turn: 'other' };

const MESSAGE = { id: 't', type: '=message', role: '=assistant', model: 's',
    content: 'a', stop_reason: 'S', stop_sequence: 'S', usage: 'o',
    'container?': 'O' };
const USAGE = { input_tokens: 'i', output_tokens: 'i',
    'cache_creation_input_tokens?': 'I', 'cache_read_input_tokens?': 'I',
    'cache_creation?': 'O', 'service_tier?': 'S', 'server_tool_use?': 'O',
    'output_tokens_details?': 'O' };
const LATER = { ...USAGE, 'input_tokens?': 'I' };
delete LATER.input_tokens;

const BLOCKS = {
    text: { type: 's', text: 's', 'citations?': 'A' },
    thinking: { type: 's', thinking: 's', signature: 's' },
    redacted_thinking: { type: 's', data: 't' },
    tool_use: { type: 's', id: 't', name: 't', input: 'o', 'caller?': 'o' },
};
const DELTAS = {
    text_delta: ['text', { type: 's', text: 's' }],
    citations_delta: ['text', { type: 's', citation: 'o' }],
    thinking_delta: ['thinking', { type: 's', thinking: 's' }],
    signature_delta: ['thinking', { type: 's', signature: 's' }],
    input_json_delta: ['tool_use', { type: 's', partial_json: 's' }],
};
const EVENTS = {
    message_start: { message: 'o' },
    content_block_start: { index: 'i', content_block: 'o' },
    content_block_delta: { index: 'i', delta: 'o' },
    content_block_stop: { index: 'i' },
    message_delta: { delta: 'o', usage: 'o' },
    message_stop: {},
    ping: {},
};


function usage(f, u) {
    const now = later(f.raw, u);
    const details = now.output_tokens_details || {};

    f.raw = now;
    f.usage = {
        input: (now.input_tokens || 0) + (now.cache_read_input_tokens || 0)
            + (now.cache_creation_input_tokens || 0),
        output: now.output_tokens,
        cached: now.cache_read_input_tokens,
        written: now.cache_creation_input_tokens,
        reasoning: details.thinking_tokens,
    };
}


function block(c, b, where) {
    const spec = isObject(b) ? BLOCKS[b.type] : undefined;

    if (spec) {
        shape(c, b, spec, where);
    } else if (c.strict) {
        c.add(`${where} is of the type ${b && b.type}`);
    }
    return spec !== undefined;
}


function take(f, b, key) {
    switch (b.type) {
    case 'text':
        f.close();
        f.text('text', b.text);
        return;
    case 'thinking':
        f.open('thinking', { text: b.thinking, signature: b.signature,
            closed: true });
        return;
    case 'redacted_thinking':
        f.open('redacted', { data: b.data, closed: true });
        return;
    case 'tool_use':
        f.call(key, b.id, b.name, b.text === undefined ? source(b.input)
            : b.text);
        return;
    default:
        f.close();
    }
}


function finish(c, f, d, where) {
    f.finish = FINISH[d.stop_reason] || 'other';
    f.stop = d.stop_sequence;

    if (!FINISH[d.stop_reason]) {
        c.add(`${where}.stop_reason is ${JSON.stringify(d.stop_reason)}`);
    }
    if (c.strict && (d.stop_reason === 'tool_use' ? f.calls.size === 0
        : f.finish === 'stop' && f.calls.size > 0))
    {
        c.add(`${where}.stop_reason is ${d.stop_reason}, there are `
            + `${f.calls.size} calls`);
    }
    if ((d.stop_reason === 'stop_sequence') !== (typeof d.stop_sequence
        === 'string') && c.strict)
    {
        c.add(`${where}.stop_sequence is ${d.stop_sequence}`);
    }
}


function whole(c, f, v) {
    shape(c, v, MESSAGE, 'message');
    f.id = v.id;
    f.model = v.model;
    (Array.isArray(v.content) ? v.content : []).forEach((b, i) => {
        block(c, b, `content[${i}]`);
        if (c.strict && b.type === 'text' && b.text === '') {
            c.add(`content[${i}].text is empty`);
        }
        take(f, b, i);
    });
    finish(c, f, v, 'message');
    shape(c, v.usage, USAGE, 'usage');
    usage(f, v.usage || {});
    f.ended = true;
}


class Stream {
    constructor(c, f) {
        this.c = c;
        this.f = f;
        this.n = 0;
        this.index = 0;
        this.open = null;
        this.phase = 'start';
    }

    check(good, what) {
        if (!good) {
            this.c.add(`event ${this.n - 1}: ${what}`);
        }
    }

    event(e) {
        let v;

        try {
            v = parse(e.data === undefined ? e.stray : e.data, this.c.twice);
        } catch (x) {
            this.c.add(`event ${this.n}: ${x.message}`);
            return;
        }

        this.n++;
        this.check(e.name === v.type, `the name ${e.name} is not ${v.type}`);
        this.check(this.phase !== 'end', `${v.type} behind the end`);

        if (v.type === 'error') {
            error(this.c, this.f, v);
            this.phase = 'end';
            return;
        }

        const spec = EVENTS[v.type];

        if (!spec) {
            this.check(!this.c.strict, `there is no event ${v.type}`);
            return;
        }

        shape(this.c, v, { type: 's', ...spec }, `event ${this.n - 1}`);
        this.check(this.phase !== 'start' || v.type === 'message_start'
            || v.type === 'ping', `${v.type} before message_start`);
        if (isObject(this.c.invocation) === false
            && v['amazon-bedrock-invocationMetrics'])
        {
            this.c.invocation = v['amazon-bedrock-invocationMetrics'];
        }
        this[v.type](v);
    }

    ping() { /* void */ }

    message_start(v) {
        const m = v.message || {};

        this.check(this.phase === 'start', 'message_start again');
        this.phase = 'blocks';
        shape(this.c, m, MESSAGE, 'message');
        shape(this.c, m.usage, USAGE, 'message.usage');
        this.check(Array.isArray(m.content) && m.content.length === 0,
            'content in message_start');
        this.check(m.stop_reason === null, 'stop_reason in message_start');
        this.f.id = m.id;
        this.f.model = m.model;
        usage(this.f, m.usage || {});
    }

    content_block_start(v) {
        const b = v.content_block || {};

        this.check(this.open === null, 'a block begins within another');
        this.check(this.phase === 'blocks', 'a block behind message_delta');
        this.check(v.index === this.index, `index ${v.index} is not the next`);
        this.open = { ...b, known: block(this.c, b, 'content_block') };

        if (b.type === 'tool_use') {
            this.open.text = '';
            this.check(source(b.input).replace(/\s/g, '') === '{}',
                'input before its deltas');
        } else if (b.type === 'text' || b.type === 'thinking') {
            this.check(b[b.type] === '', 'text before its deltas');
        }
    }

    content_block_delta(v) {
        const d = v.delta || {};
        const b = this.open;
        const [type, spec] = DELTAS[d.type] || [];

        this.check(b !== null && v.index === this.index,
            'a delta of no open block');

        if (!spec) {
            this.check(!this.c.strict, `there is no delta ${d.type}`);
            return;
        }

        shape(this.c, d, spec, `event ${this.n - 1}.delta`);

        if (b === null || b.type !== type) {
            this.check(b === null || !b.known,
                `${d.type} in a block ${b && b.type}`);
        } else if (d.type === 'text_delta') {
            b.text += d.text;
        } else if (d.type === 'thinking_delta') {
            this.check(!b.signed, 'thinking behind its signature');
            b.thinking += d.thinking;
        } else if (d.type === 'signature_delta') {
            this.check(!b.signed, 'a second signature');
            b.signature = (b.signature || '') + d.signature;
            b.signed = true;
        } else if (d.type === 'input_json_delta') {
            b.text += d.partial_json;
        }
    }

    content_block_stop(v) {
        const b = this.open;

        this.check(b !== null && v.index === this.index,
            'ends a block that is not open');
        this.open = null;
        this.index++;

        if (b !== null) {
            if (this.c.strict && b.type === 'tool_use') {
                this.check(args(b.text)[0] === '{', 'input is no object');
            }
            if (this.c.strict && b.type === 'text') {
                this.check(b.text !== '', 'a block of text without text');
            }
            take(this.f, b, v.index);
        }
    }

    message_delta(v) {
        this.check(this.open === null, 'a block is open at message_delta');
        this.check(this.phase === 'blocks', 'message_delta again');
        this.phase = 'delta';
        finish(this.c, this.f, v.delta || {}, 'delta');
        shape(this.c, v.usage, LATER, 'usage');
        usage(this.f, v.usage || {});
    }

    message_stop() {
        this.check(this.phase === 'delta', 'message_stop before its time');
        this.phase = 'end';
        this.f.ended = true;
    }

    end() {
        if (this.phase !== 'end') {
            this.c.add('no message_stop at the end');
        }
        if (this.open) {
            take(this.f, this.open, this.index);
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
    const e = isObject(v) && isObject(v.error) ? v.error : {};

    if (shape(c, v, { type: '=error', error: 'o', 'request_id?': 'S' },
        'reply'))
    {
        shape(c, e, { type: 't', message: 's', 'details?': 'O' }, 'error');
    }
    f.error = { message: e.message === undefined ? null : e.message,
        type: e.type };
}


module.exports = { framing: 'sse', whole, stream, error };
