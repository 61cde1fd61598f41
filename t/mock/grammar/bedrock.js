// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * Bedrock's Converse.
 *
 *   messageStart
 *   ( contentBlockStart? contentBlockDelta* contentBlockStop )*
 *   messageStop metadata
 *
 * Only a tool's block has a start; usage comes behind the end. An exception is
 * a frame too, and the last one.
 */

const { args, parse, source } = require('./json');
const { isObject, shape } = require('./fold');

const FINISH = { end_turn: 'stop', stop_sequence: 'stop', max_tokens: 'length',
    model_context_window_exceeded: 'length', tool_use: 'tools',
    content_filtered: 'filter', guardrail_intervened: 'filter',
    malformed_model_output: 'error', malformed_tool_use: 'error' };
const EXCEPTIONS = ['validationException', 'throttlingException',
    'modelStreamErrorException', 'internalServerException',
    'serviceUnavailableException', 'modelTimeoutException'];

const WHOLE = { output: 'o', stopReason: 's', usage: 'o', metrics: 'o',
    'additionalModelResponseFields?': '*', 'trace?': 'o',
    'performanceConfig?': 'o', 'serviceTier?': 'o' };
const USAGE = { inputTokens: 'i', outputTokens: 'i', totalTokens: 'i',
    'cacheReadInputTokens?': 'i', 'cacheWriteInputTokens?': 'i',
    'cacheReadInputTokenCount?': 'i', 'cacheWriteInputTokenCount?': 'i',
    'cacheDetails?': 'a', 'serverToolUsage?': 'o' };
const TOOL = { toolUseId: 't', name: 't', input: 'o', 'type?': 's' };

// Members that pad a frame.
const EVENTS = {
    messageStart: { role: '=assistant', 'p?': 's' },
    contentBlockStart: { contentBlockIndex: 'i', start: 'o', 'p?': 's' },
    contentBlockDelta: { contentBlockIndex: 'i', delta: 'o', 'p?': 's' },
    contentBlockStop: { contentBlockIndex: 'i', 'p?': 's' },
    messageStop: { stopReason: 's', 'additionalModelResponseFields?': '*',
        'p?': 's' },
    metadata: { usage: 'o', metrics: 'o', 'trace?': 'o', 'p?': 's',
        'performanceConfig?': 'o', 'serviceTier?': 'o' },
};


function usage(c, f, u) {
    shape(c, u, USAGE, 'usage');
    if (!isObject(u)) {
        return;
    }

    const read = u.cacheReadInputTokens === undefined
        ? u.cacheReadInputTokenCount : u.cacheReadInputTokens;
    const written = u.cacheWriteInputTokens === undefined
        ? u.cacheWriteInputTokenCount : u.cacheWriteInputTokens;
    const input = u.inputTokens + (read || 0) + (written || 0);

    if (u.totalTokens !== input + u.outputTokens) {
        c.add('usage.totalTokens is not the sum');
    }
    f.usage = { input, output: u.outputTokens, cached: read, written };
}


function finish(c, f, reason) {
    f.finish = FINISH[reason] || 'other';
    if (!FINISH[reason]) {
        c.add(`stopReason is ${reason}`);
    }
    if (c.strict && (reason === 'tool_use' ? f.calls.size === 0
        : f.finish === 'stop' && f.calls.size > 0))
    {
        c.add(`stopReason is ${reason}, there are ${f.calls.size} calls`);
    }
}


function block(c, f, b, key) {
    const where = `content[${key}]`;
    const names = Object.keys(b);

    if (names.length !== 1) {
        c.add(`${where} has ${names.length} members`);
    }

    if (typeof b.text === 'string') {
        f.close();
        f.text('text', b.text);
        if (c.strict && b.text === '') {
            c.add(`${where}.text is empty`);
        }
    } else if (isObject(b.toolUse)) {
        if (b.toolUse.type === 'server_tool_use') {
            return;
        }
        shape(c, b.toolUse, TOOL, `${where}.toolUse`);
        f.call(key, b.toolUse.toolUseId, b.toolUse.name,
            source(b.toolUse.input));
    } else if (isObject(b.reasoningContent)) {
        reasoning(c, f, b.reasoningContent, where);
    } else if (c.strict && !isObject(b.citationsContent)) {
        c.add(`${where} is ${names}`);
    } else if (isObject(b.citationsContent)) {
        for (const p of b.citationsContent.content || []) {
            f.text('text', p.text);
        }
    }
}


function reasoning(c, f, r, where) {
    if (isObject(r.reasoningText)) {
        shape(c, r.reasoningText, { text: 's', 'signature?': 't' },
            `${where}.reasoningText`);
        f.open('thinking', { text: r.reasoningText.text,
            signature: r.reasoningText.signature, closed: true });
    } else if (typeof r.redactedContent === 'string') {
        f.open('redacted', { data: r.redactedContent, closed: true });
    } else {
        c.add(`${where}.reasoningContent has nothing in it`);
    }
}


function whole(c, f, v) {
    shape(c, v, WHOLE, 'reply');

    const m = isObject(v.output) && isObject(v.output.message)
        ? v.output.message : {};

    shape(c, m, { role: '=assistant', content: 'a' }, 'output.message');
    (m.content || []).forEach((b, i) => block(c, f, b, i));
    finish(c, f, v.stopReason);
    usage(c, f, v.usage);
    f.ended = true;
}


class Stream {
    constructor(c, f) {
        this.c = c;
        this.f = f;
        this.n = 0;
        this.phase = 'start';
        this.index = 0;
        this.open = null;
    }

    check(good, what) {
        if (!good) {
            this.c.add(`frame ${this.n - 1}: ${what}`);
        }
    }

    event(e) {
        let v;

        this.n++;
        try {
            v = parse(e.data, this.c.twice);
        } catch (x) {
            this.check(false, x.message);
            return;
        }

        if (e.headers[':content-type'] !== 'application/json'
            && e.type !== 'error')
        {
            this.check(false, `:content-type ${e.headers[':content-type']}`);
        }
        this.check(this.phase !== 'end', 'more behind the end');

        if (e.type !== 'event') {
            this.check(EXCEPTIONS.includes(e.name) || e.type === 'error',
                `there is no exception ${e.name}`);
            this.f.error = { message: e.headers[':error-message'] || v.message,
                type: e.name };
            this.phase = 'end';
            return;
        }

        const spec = EVENTS[e.name];

        if (!spec) {
            this.check(!this.c.strict, `there is no event ${e.name}`);
            return;
        }

        shape(this.c, v, spec, `frame ${this.n - 1}, ${e.name}`);
        this.check((this.phase === 'start') === (e.name === 'messageStart'),
            `${e.name} out of place`);
        this[e.name](v);
    }

    messageStart() {
        this.phase = 'blocks';
    }

    contentBlockStart(v) {
        const tool = isObject(v.start) && v.start.toolUse;

        this.check(this.open === null && v.contentBlockIndex === this.index,
            'a block begins within another, or is not the next');
        this.check(!this.c.strict || isObject(tool),
            'a start that is no tool\'s');
        if (isObject(tool)) {
            shape(this.c, tool, { toolUseId: 't', name: 't', 'type?': 's' },
                'start.toolUse');
            this.open = { kind: 'tool', text: '', ...tool };
        } else {
            this.open = { kind: 'other' };
        }
    }

    contentBlockDelta(v) {
        const d = isObject(v.delta) ? v.delta : {};
        const names = Object.keys(d);
        const kind = typeof d.text === 'string' ? 'text'
            : isObject(d.toolUse) ? 'tool'
                : isObject(d.reasoningContent) ? 'thinking'
                    : isObject(d.citation) ? 'text' : 'other';

        this.check(this.phase === 'blocks', 'a delta behind messageStop');
        this.check(v.contentBlockIndex === this.index, 'a delta of no block');
        this.check(names.length === 1, `a delta with ${names}`);

        if (this.open === null) {
            this.check(kind !== 'tool', 'a tool without contentBlockStart');
            this.open = { kind, text: '' };
        }

        const b = this.open;

        this.check(b.kind === kind || !this.c.strict,
            `a delta of ${kind} in a block of ${b.kind}`);

        if (kind === 'text' && typeof d.text === 'string') {
            b.text += d.text;
        } else if (kind === 'tool') {
            shape(this.c, d.toolUse, { input: 's' }, 'delta.toolUse');
            b.text += d.toolUse.input || '';
        } else if (kind === 'thinking') {
            this.thinking(b, d.reasoningContent);
        }
    }

    thinking(b, r) {
        this.check(Object.keys(r).length === 1, 'reasoning with two members');

        if (typeof r.text === 'string') {
            this.check(!b.signature, 'thinking behind its signature');
            b.text += r.text;
        } else if (typeof r.signature === 'string') {
            b.signature = (b.signature || '') + r.signature;
        } else if (typeof r.redactedContent === 'string') {
            b.kind = 'thinking';
            b.data = (b.data || '') + r.redactedContent;
        } else {
            this.check(false, 'reasoning with nothing in it');
        }
    }

    take() {
        const b = this.open;
        const f = this.f;

        if (b.kind === 'tool') {
            if (b.type !== 'server_tool_use') {
                this.check(!this.c.strict || args(b.text)[0] === '{',
                    'input is no object');
                f.call(this.index, b.toolUseId, b.name, b.text);
            }
        } else if (b.kind === 'text') {
            this.check(!this.c.strict || b.text !== '', 'a text without text');
            f.close();
            f.text('text', b.text);
        } else if (b.data !== undefined) {
            f.open('redacted', { data: b.data, closed: true });
        } else if (b.kind === 'thinking') {
            f.open('thinking', { text: b.text, signature: b.signature,
                closed: true });
        }
    }

    contentBlockStop(v) {
        this.check(this.open !== null && v.contentBlockIndex === this.index,
            'ends a block that is not open');
        if (this.open) {
            this.take();
        }
        this.open = null;
        this.index++;
    }

    messageStop(v) {
        this.check(this.open === null, 'a block is open at messageStop');
        this.check(this.phase === 'blocks', 'messageStop again');
        this.phase = 'stopped';
        finish(this.c, this.f, v.stopReason);
    }

    metadata(v) {
        this.check(this.phase === 'stopped', 'metadata before messageStop');
        this.phase = 'end';
        usage(this.c, this.f, v.usage);
        this.f.ended = true;
    }

    end() {
        if (this.phase !== 'end') {
            this.c.add('no metadata at the end');
        }
        if (this.open) {
            this.take();
        }
    }
}


function stream(c, f, events) {
    const s = new Stream(c, f);

    events.forEach((e) => s.event(e));
    s.end();
}


// {"message"}, and the type in a header
function error(c, f, v) {
    const o = isObject(v) ? v : {};
    const type = c.headers['x-amzn-errortype'];

    if (c.strict) {
        shape(c, v, { message: 's' }, 'reply');
        if (!/^[A-Z][A-Za-z]+(Exception|Error)(:|$)/.test(type || '')) {
            c.add(`x-amzn-errortype is ${type}`);
        }
    }
    f.error = { message: o.message || o.Message || null,
        type: (type || '').split(':')[0] || undefined };
}


module.exports = { framing: 'eventstream', whole, stream, error };
