// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Cohere: chat, embed and rerank of version 2.

const text = require('./text');
const { plan } = require('./plan');
const { checkChat } = require('./cohere_check');
const { list, must } = require('./bad');

const FINISH = { stop: 'COMPLETE', length: 'MAX_TOKENS', tools: 'TOOL_CALL',
    filter: 'ERROR', sequence: 'STOP_SEQUENCE' };
const PLAN = 'I will use the tools.';

const json = (v) => ({ ctype: 'application/json', body: JSON.stringify(v) });


function error(status, message) {
    return { status, ctype: 'application/json', body: JSON.stringify({
        id: text.id('', message), message }) };
}


function usageText(p, c, total, cached, reasoning) {
    return `{"billed_units":{"input_tokens":${p},"output_tokens":${c}},`
        + `"tokens":{"input_tokens":${p},"output_tokens":${c}`
        + (reasoning ? `,"reasoning_tokens":${reasoning}` : '')
        + `},"cached_tokens":${cached}}`;
}


function askOf(o) {
    const last = o.messages[o.messages.length - 1] || {};
    const answered = last.role === 'tool';

    return { said: text.lastUserText(o.messages), answered,
        told: answered ? text.texts(last).join(' ') : undefined,
        texts: text.texts(o.messages), max: o.max_tokens,
        stop: o.stop_sequences, none: o.tool_choice === 'NONE',
        thinking: Boolean(o.thinking && o.thinking.type === 'enabled'),
        tools: list(o.tools).map((t) => ({ name: t.function.name,
            schema: t.function.parameters })) };
}


function contentOf(p) {
    return [...(p.thinking ? [{ type: 'thinking',
        thinking: p.thinking.text }] : []),
    ...(p.text ? [{ type: 'text', text: p.text.text }] : [])];
}


function callsOf(p) {
    return p.calls.map((c) => ({ id: c.id(`${c.name}_`), type: 'function',
        function: { name: c.name, arguments: c.args } }));
}


// Without thoughts, a plan comes before calls.
function planOf(p) {
    return p.calls.length && !p.thinking ? PLAN : undefined;
}


function* events(x, p, ident, u) {
    const event = (type, members, usage) => ({ usage,
        data: `event: ${type}\ndata: {"type":"${type}"${members}}\n\n` });
    const message = (v) => `,"delta":{"message":${JSON.stringify(v)}}`;

    yield event('message-start', `,"id":"${ident}"${message({
        role: 'assistant', content: [], tool_plan: '', tool_calls: [],
        citations: [] })}`);

    for (const t of (planOf(p) || '').match(/\s*\S+/g) || []) {
        yield event('tool-plan-delta', message({ tool_plan: t }));
    }

    let index = 0;

    for (const part of contentOf(p)) {
        const at = `,"index":${index++}`;
        const pieces = part.type === 'text' ? p.text.pieces()
            : p.thinking.pieces;

        yield event('content-start', at + message({ content: {
            type: part.type, [part.type]: '' } }));
        for (const t of pieces) {
            yield event('content-delta', at + message({ content: {
                [part.type]: t } }));
        }
        yield event('content-end', at);
    }

    const calls = callsOf(p);

    for (let i = 0; i < calls.length; i++) {
        const at = `,"index":${i}`;
        const c = calls[i];

        yield event('tool-call-start', at + message({ tool_calls: { ...c,
            function: { name: c.function.name, arguments: '' } } }));
        for (const t of c.function.arguments === '{}' ? []
            : p.calls[i].pieces)
        {
            yield event('tool-call-delta', at + message({ tool_calls: {
                function: { arguments: t } } }));
        }
        yield event('tool-call-end', at);
    }

    yield event('message-end', `,"delta":{"finish_reason":`
        + `"${FINISH[p.finish]}"`
        + (u.text === undefined ? '' : `,"usage":${u.text}`) + '}',
    u.text !== undefined);

    if (!x.recipe.nodone) {
        yield { data: 'data: [DONE]\n\n' };
    }
}


function errorEvent() {
    return 'event: message-end\ndata: {"type":"message-end","delta":'
        + '{"finish_reason":"ERROR","usage":{},"error":"mock: an error among '
        + 'the events","error_type":"INTERNAL"}}\n\ndata: [DONE]\n\n';
}


function chat(x) {
    const o = x.json;

    if (!x.recipe.lax) {
        checkChat(o);
    }

    const p = plan(x, askOf(o));
    const u = p.usage(usageText);
    const ident = text.id('', o.model, text.lastUserText(o.messages));

    if (o.stream === true) {
        return { ctype: 'text/event-stream', error: errorEvent,
            events: { [Symbol.iterator]: () => events(x, p, ident, u) } };
    }

    const content = contentOf(p);
    const message = { role: 'assistant',
        ...(planOf(p) ? { tool_plan: planOf(p) } : {}),
        ...(p.calls.length ? { tool_calls: callsOf(p) } : {}),
        ...(content.length ? { content } : {}) };

    return { ctype: 'application/json',
        body: `{"id":"${ident}","message":${JSON.stringify(message)},`
            + `"finish_reason":"${FINISH[p.finish]}"`
            + (u.text === undefined ? '' : `,"usage":${u.text}`) + '}' };
}


function embed(x) {
    const o = x.json;
    const inputs = o.texts || list(o.inputs).map((i) => text.texts(i.content)
        .join(' '));

    must(typeof o.model === 'string', 'invalid request: model is required');
    must(inputs.length > 0 || list(o.images).length > 0,
        'invalid request: at least one of texts, images or inputs is '
            + 'required');
    must(inputs.length <= 96, 'invalid request: total number of texts must be '
        + `at most 96, found ${inputs.length}`);
    must(typeof o.input_type === 'string', 'invalid request: valid '
        + 'input_type must be provided with the provided model');

    const size = o.output_dimension || 1536;
    const kinds = list(o.embedding_types).length ? o.embedding_types
        : ['float'];
    const vectors = inputs.map((t) => text.vector(t, size));
    const embeddings = {};

    for (const kind of kinds) {
        embeddings[kind] = vectors.map((v) => (kind === 'base64'
            ? Buffer.from(v.buffer).toString('base64')
            : kind === 'float' ? Array.from(v)
                : Array.from(v, (n) => Math.round(n * 127))));
    }

    return json({ id: text.id('', ...inputs), texts: inputs, embeddings,
        response_type: 'embeddings_by_type',
        meta: { api_version: { version: '2' },
            billed_units: { input_tokens: text.promptTokens(inputs) } } });
}


function rerank(x) {
    const o = x.json;

    must(typeof o.query === 'string' && o.query !== '',
        'invalid request: query cannot be empty');
    must(list(o.documents).length > 0,
        'invalid request: list of documents must not be empty');

    const results = text.ranked(o.query, o.documents);

    return json({ id: text.id('', o.query),
        results: results.slice(0, o.top_n || results.length),
        meta: { api_version: { version: '2' },
            billed_units: { search_units: 1 } } });
}


const ROUTES = [
    ['POST', /\/v2\/chat$/, chat],
    ['POST', /\/v2\/embed$/, embed],
    ['POST', /\/v2\/rerank$/, rerank],
];


function headers(x) {
    return `x-debug-trace-id: mock${x.serial}\r\nnum_chars: 10\r\n`;
}


module.exports = { ROUTES, error, headers };
