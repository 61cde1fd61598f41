// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * OpenAI's Responses.
 *
 *   response.created  response.in_progress  item*
 *   response.completed | response.incomplete | response.failed
 *
 * where an item is output_item.added ... output_item.done, and between them
 * what its type has. The name of an event is the type of its data; sequence
 * numbers count from 0; the last event has the whole response.
 */

const { args, parse, source } = require('./json');
const { isObject, shape } = require('./fold');

const RESPONSE = { id: 't', object: '=response', created_at: 'n', status: 's',
    model: 's', output: 'a', error: 'O', incomplete_details: 'O', usage: 'O',
    '...': 1 };
const USAGE = { input_tokens: 'i', output_tokens: 'i', total_tokens: 'i',
    input_tokens_details: 'o', output_tokens_details: 'o' };
const IN_DETAILS = { cached_tokens: 'i', 'cache_write_tokens?': 'i' };
const OUT_DETAILS = { reasoning_tokens: 'i' };

const ITEMS = {
    message: { id: 't', type: 's', status: 's', role: '=assistant',
        content: 'a', 'phase?': 'S' },
    function_call: { id: 't', type: 's', status: 's', call_id: 't', name: 't',
        arguments: 's' },
    custom_tool_call: { id: 't', type: 's', 'status?': 's', call_id: 't',
        name: 't', input: 's' },
    reasoning: { id: 't', type: 's', summary: 'a', 'content?': 'A',
        'encrypted_content?': 'S', 'status?': 'S' },
    image_generation_call: { id: 't', type: 's', status: 's', '...': 1 },
};
const PARTS = {
    output_text: { type: 's', text: 's', annotations: 'a', 'logprobs?': 'a' },
    refusal: { type: 's', refusal: 's' },
    summary_text: { type: 's', text: 's' },
    reasoning_text: { type: 's', text: 's' },
};

const ITEM = { output_index: 'i', item_id: 't' };
const CONTENT = { ...ITEM, content_index: 'i' };
const SUMMARY = { ...ITEM, summary_index: 'i' };
const EVENTS = {
    'response.created': { response: 'o' },
    'response.queued': { response: 'o' },
    'response.in_progress': { response: 'o' },
    'response.completed': { response: 'o' },
    'response.incomplete': { response: 'o' },
    'response.failed': { response: 'o' },
    'response.output_item.added': { output_index: 'i', item: 'o' },
    'response.output_item.done': { output_index: 'i', item: 'o' },
    'response.content_part.added': { ...CONTENT, part: 'o' },
    'response.content_part.done': { ...CONTENT, part: 'o' },
    'response.output_text.delta': { ...CONTENT, delta: 's', 'logprobs?': 'a',
        'obfuscation?': 's' },
    'response.output_text.done': { ...CONTENT, text: 's', 'logprobs?': 'a' },
    'response.output_text.annotation.added': { ...CONTENT,
        annotation_index: 'i', annotation: 'o' },
    'response.refusal.delta': { ...CONTENT, delta: 's' },
    'response.refusal.done': { ...CONTENT, refusal: 's' },
    'response.reasoning_text.delta': { ...CONTENT, delta: 's' },
    'response.reasoning_text.done': { ...CONTENT, text: 's' },
    'response.reasoning_summary_part.added': { ...SUMMARY, part: 'o' },
    'response.reasoning_summary_part.done': { ...SUMMARY, part: 'o' },
    'response.reasoning_summary_text.delta': { ...SUMMARY, delta: 's',
        'obfuscation?': 's' },
    'response.reasoning_summary_text.done': { ...SUMMARY, text: 's' },
    'response.function_call_arguments.delta': { ...ITEM, delta: 's',
        'obfuscation?': 's' },
    'response.function_call_arguments.done': { ...ITEM, arguments: 's',
        'name?': 's' },
    'response.custom_tool_call_input.delta': { ...ITEM, delta: 's',
        'obfuscation?': 's' },
    'response.custom_tool_call_input.done': { ...ITEM, input: 's' },
};


function usage(c, f, u) {
    if (!isObject(u)) {
        return;
    }

    const input = u.input_tokens_details || {};
    const output = u.output_tokens_details || {};

    shape(c, u, USAGE, 'usage');
    shape(c, input, IN_DETAILS, 'usage.input_tokens_details');
    shape(c, output, OUT_DETAILS, 'usage.output_tokens_details');

    if (u.total_tokens !== u.input_tokens + u.output_tokens) {
        c.add('usage.total_tokens is not the sum');
    }

    f.usage = { input: u.input_tokens, output: u.output_tokens,
        cached: input.cached_tokens, reasoning: output.reasoning_tokens };
}


function partShape(c, part, where) {
    const spec = isObject(part) ? PARTS[part.type] : undefined;

    if (spec) {
        shape(c, part, spec, where);
    } else if (c.strict) {
        c.add(`${where} is of the type ${part && part.type}`);
    }
}


function itemShape(c, item, where) {
    const spec = ITEMS[item.type];

    if (spec) {
        shape(c, item, spec, where);
    } else if (c.strict) {
        c.add(`${where} is of the type ${item.type}`);
    }

    for (const list of [item.content, item.summary]) {
        (Array.isArray(list) ? list : []).forEach((p, i) => partShape(c, p,
            `${where}[${i}]`));
    }
}


// A whole item into the fold.
function take(f, item) {
    const list = (v) => Array.isArray(v) ? v : [];

    switch (item.type) {
    case 'message':
        for (const p of list(item.content)) {
            f.close();
            f.text(p.type === 'refusal' ? 'refusal' : 'text',
                p.type === 'refusal' ? p.refusal : p.text);
        }
        f.close();
        return;
    case 'function_call':
        f.call(item.id || item.call_id, item.call_id, item.name,
            item.arguments);
        return;
    case 'custom_tool_call':
        f.call(item.id || item.call_id, item.call_id, item.name,
            item.input).custom = true;
        return;
    case 'reasoning':
        f.open('thinking', { id: item.id, summary: source(item.summary || []),
            signature: item.encrypted_content || undefined,
            text: [...list(item.content), ...list(item.summary)]
                .map((p) => p.text || '').join(''), closed: true });
        return;
    default:
    }
}


function finishOf(c, f, v) {
    const reason = isObject(v.incomplete_details)
        ? v.incomplete_details.reason : null;

    if (v.status === 'completed') {
        f.finish = f.calls.size ? 'tools' : 'stop';
        if (c.strict && reason !== null) {
            c.add('completed, and incomplete_details');
        }
    } else if (v.status === 'incomplete') {
        f.finish = reason === 'content_filter' ? 'filter' : 'length';
        if (reason !== 'content_filter' && reason !== 'max_output_tokens') {
            c.add(`incomplete_details.reason is ${reason}`);
        }
    } else if (v.status === 'failed' || isObject(v.error)) {
        f.finish = 'error';
        f.error = { message: isObject(v.error) ? v.error.message : null,
            type: isObject(v.error) ? v.error.code : null };
    } else {
        c.add(`the status is ${v.status}`);
        f.finish = 'other';
    }
}


function whole(c, f, v) {
    shape(c, v, RESPONSE, 'response');
    f.id = v.id;
    f.model = v.model;
    (Array.isArray(v.output) ? v.output : []).forEach((item, i) => {
        itemShape(c, item, `output[${i}]`);
        take(f, item);
    });
    finishOf(c, f, v);
    usage(c, f, v.usage);
    f.ended = true;
}


// What is open in a stream.
class Stream {
    constructor(c, f) {
        this.c = c;
        this.f = f;
        this.n = 0;
        this.index = 0;
        this.open = null;               // item that was added
        this.part = null;               // part of it
        this.text = '';
        this.done = [];
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

        const spec = EVENTS[v.type];
        const where = `event ${this.n}, ${v.type}`;

        this.n++;
        this.check(e.name === v.type, `the name ${e.name} is not ${v.type}`);
        this.check(v.sequence_number === this.n - 1,
            `sequence_number is ${v.sequence_number}`);
        this.check(this.phase !== 'end', 'more behind the end');

        if (v.type === 'error') {
            this.error(v);
        } else if (v.type === 'keepalive') {
            return;
        } else if (spec) {
            shape(this.c, v, { type: 's', sequence_number: 'i', ...spec },
                where);
            this.known(v, where);
        } else if (this.c.strict) {
            this.check(false, `there is no event ${v.type}`);
        }
    }

    error(v) {
        const e = isObject(v.error) ? v.error : v;

        this.check(typeof e.message === 'string', 'an error without message');
        this.f.error = { message: e.message, type: e.code };
        this.f.ended = true;
        this.phase = 'error';
    }

    known(v, where) {
        const kind = v.type.replace(/^response\./, '');

        if (isObject(v.response)) {
            this.response(kind, v.response, where);
        } else if (kind === 'output_item.added') {
            this.added(v, where);
        } else if (kind === 'output_item.done') {
            this.itemDone(v, where);
        } else {
            this.check(this.open !== null && v.item_id === this.open.id
                && v.output_index === this.index, 'is of no open item');
            this.inner(kind, v);
        }
    }

    response(kind, r, where) {
        shape(this.c, r, RESPONSE, where);

        if (kind === 'created') {
            this.check(this.phase === 'start', 'created again');
            this.phase = 'created';
            this.f.id = r.id;
            this.f.model = r.model;
            return;
        }

        this.check(r.id === this.f.id, 'the id is another one');
        this.check(this.phase !== 'start', 'before response.created');

        if (kind === 'in_progress' || kind === 'queued') {
            this.check(this.n <= 3, `${kind} in the middle`);
            return;
        }

        // what has failed is left as it is
        this.check(this.open === null || kind === 'failed',
            'an item is open at the end');
        this.check(r.status === kind, `the status is ${r.status}`);
        this.phase = 'end';
        this.same(r);
        this.f.model = r.model || this.f.model;
        finishOf(this.c, this.f, r);
        usage(this.c, this.f, r.usage);
        this.f.ended = true;
    }

    // What was streamed is what is in the response at the end.
    same(r) {
        const list = Array.isArray(r.output) ? r.output : [];

        if (this.c.strict && r.status !== 'failed') {
            this.check(list.length === this.done.length,
                `${this.done.length} items, ${list.length} in the response`);
        }

        list.forEach((item, i) => {
            itemShape(this.c, item, `output[${i}]`);
            if (this.c.strict && this.done[i] !== undefined) {
                this.check(source(item) === source(this.done[i]),
                    `output[${i}] is not what was streamed`);
            }
        });
    }

    added(v, where) {
        this.check(this.open === null, 'an item begins within another');
        this.check(v.output_index === this.index,
            `output_index ${v.output_index} is not the next one`);
        this.check(this.phase === 'created', 'not behind response.created');
        this.open = v.item;
        this.parts = 0;
        this.streamed = { content: [], summary: [], arguments: null,
            input: null };
        itemShape(this.c, v.item, where);
        if (this.c.strict && /call$/.test(v.item.type)) {
            this.check(!v.item.arguments && !v.item.input,
                'arguments before their deltas');
        }
    }

    itemDone(v, where) {
        const item = v.item;
        const s = this.streamed;

        this.check(this.open !== null && item.id === this.open.id
            && item.type === this.open.type && v.output_index === this.index,
        'ends an item that is not open');
        this.check(this.part === null, 'a part is open at its end');
        itemShape(this.c, item, where);

        if (s && this.c.strict) {
            for (const name of ['content', 'summary']) {
                const list = Array.isArray(item[name]) ? item[name] : [];
                this.check(list.length === s[name].length && list.every(
                    (p, i) => (p.text === undefined ? p.refusal : p.text)
                        === s[name][i]), `${name} is not what was streamed`);
            }
            for (const name of ['arguments', 'input']) {
                this.check(item[name] === undefined || item[name] === s[name],
                    `${name} is not what was streamed`);
            }
            this.check(item.arguments === undefined
                || args(item.arguments)[0] === '{',
            'arguments that are no object');
        }

        this.done.push(item);
        take(this.f, item);
        this.open = null;
        this.index++;
    }

    inner(kind, v) {
        const s = this.streamed || { content: [], summary: [] };
        const m = /^(.*)\.(added|delta|done)$/.exec(kind);

        if (m === null) {
            return;
        }

        const [, what, step] = m;

        if (what === 'output_text.annotation') {
            return;
        }

        if (/_arguments$|_input$/.test(what)) {
            const name = /_input$/.test(what) ? 'input' : 'arguments';
            if (step === 'delta') {
                this.check(s[name] === null || s.going,
                    'a delta behind the end');
                s.going = true;
                s[name] = (s[name] || '') + v.delta;
            } else {
                this.check((s[name] || '') === v[name],
                    `${name} is not the sum of its deltas`);
                s[name] = v[name];
                s.going = false;
            }
            return;
        }

        const summary = /^reasoning_summary/.test(what);
        const list = summary ? s.summary : s.content;
        const index = summary ? v.summary_index : v.content_index;

        if (step === 'added') {
            this.check(this.part === null && index === list.length,
                'a part begins within another, or is not the next');
            this.part = { text: '', done: false };
            partShape(this.c, v.part, 'part');
        } else if (/part$/.test(what)) {
            this.check(this.part !== null && this.part.done
                && index === list.length, 'ends a part that is not open');
            partShape(this.c, v.part, 'part');
            if (this.part) {
                const t = isObject(v.part) && (v.part.text === undefined
                    ? v.part.refusal : v.part.text);
                this.check(t === this.part.text,
                    'the part is not the sum of its deltas');
                list.push(this.part.text);
            }
            this.part = null;
        } else {
            this.delta(what, step, v, list, index);
        }
    }

    // text, refusal, summary or reasoning
    delta(what, step, v, list, index) {
        // reasoning_text comes without a content_part, from some
        const bare = what === 'reasoning_text' && (this.part === null
            || this.part.bare);

        if (bare && this.part === null) {
            this.part = { text: '', done: false, bare };
        }

        const part = this.part;

        this.check(part !== null && !part.done && index === list.length,
            `${what}.${step} is of no open part`);
        if (part === null) {
            return;
        }

        if (step === 'delta') {
            part.text += v.delta;
            return;
        }

        const t = v.text === undefined ? v.refusal : v.text;
        this.check(t === part.text, `${what} is not the sum of its deltas`);
        part.done = true;
        if (bare) {
            list.push(part.text);
            this.part = null;
        }
    }

    // A stream that ended before its time has items that are not done.
    end() {
        if (this.phase !== 'end' && this.phase !== 'error') {
            this.c.add('no response.completed at the end');
        }

        if (this.open) {
            const s = this.streamed;
            if (this.part) {
                s.content.push(this.part.text);
            }
            take(this.f, { ...this.open, arguments: s.arguments || '',
                content: s.content.map((text) => ({ text })),
                summary: s.summary.map((text) => ({ text })) });
        }
    }
}


function stream(c, f, events) {
    const s = new Stream(c, f);

    for (const e of events) {
        if (e.comment === undefined && e.data !== '[DONE]') {
            s.event(e);
        } else if (e.data === '[DONE]') {
            c.add('[DONE]');
        }
    }
    s.end();
}


module.exports = { framing: 'sse', whole, stream,
    error: require('./chat').chat.error };
