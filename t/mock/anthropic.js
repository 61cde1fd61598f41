// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Anthropic's Messages: its own, on Vertex AI (rawPredict), and what Bedrock's
// InvokeModel puts into frames.

const text = require('./text');
const { Raw, plan, sign, toJson } = require('./plan');
const { checkMessages, checkHeaders } = require('./anthropic_check');

const TYPES = { 400: 'invalid_request_error', 401: 'authentication_error',
    402: 'billing_error', 403: 'permission_error', 404: 'not_found_error',
    413: 'request_too_large', 429: 'rate_limit_error', 500: 'api_error',
    504: 'timeout_error', 529: 'overloaded_error' };
const STOPS = { stop: 'end_turn', length: 'max_tokens', tools: 'tool_use',
    filter: 'refusal', sequence: 'stop_sequence' };
const REDACTED = 'bW9jay1yZWRhY3RlZA==';


function error(status, message) {
    const type = TYPES[status] || (status < 500 ? TYPES[400] : 'api_error');

    return { status, ctype: 'application/json', body: JSON.stringify({
        type: 'error', error: { type, message },
        request_id: text.id('req_', message) }) };
}


function errorEvent() {
    return 'event: error\ndata: {"type":"error","error":{"details":null,'
        + '"type":"overloaded_error","message":"Overloaded"},'
        + '"request_id":"req_mock"}\n\n';
}


function usageText(x) {
    const written = x.recipe.written || 0;

    return (p, c, total, cached) => `{"input_tokens":`
        + `${text.minus(p, cached + written)},`
        + `"cache_creation_input_tokens":${written},`
        + `"cache_read_input_tokens":${cached},`
        + '"cache_creation":{"ephemeral_5m_input_tokens":'
        + `${written},"ephemeral_1h_input_tokens":0},`
        + `"output_tokens":${c},"service_tier":"standard"}`;
}


function lastTurn(o) {
    const last = o.messages[o.messages.length - 1];

    return last && Array.isArray(last.content) ? last.content : [];
}


// What the user has said last, but for results of tools.
function saidOf(o) {
    for (let i = o.messages.length - 1; i >= 0; i--) {
        const m = o.messages[i];
        const parts = Array.isArray(m.content)
            ? m.content.filter((b) => b.type !== 'tool_result') : m.content;
        if (m.role === 'user' && parts.length) {
            return text.texts(parts).join(' ');
        }
    }
    return '';
}


function askOf(o) {
    const results = lastTurn(o).filter((b) => b.type === 'tool_result');
    const choice = o.tool_choice || {};

    return { said: saidOf(o), answered: results.length > 0,
        told: results.length ? text.texts(results).join(' ') : undefined,
        texts: text.texts([o.system || '', o.messages]), max: o.max_tokens,
        stop: o.stop_sequences, none: choice.type === 'none',
        forced: choice.name,
        thinking: Boolean(o.thinking && o.thinking.type !== 'disabled'),
        tools: (o.tools || []).filter((t) => t.input_schema)
            .map((t) => ({ name: t.name, schema: t.input_schema })) };
}


// Content blocks, each with the pieces of its deltas: [block, deltas].
function blocksOf(x, p) {
    const blocks = [];

    if (p.thinking) {
        const signature = x.recipe.sig || sign('anthropic', p.thinking.text);
        blocks.push([{ type: 'thinking', thinking: p.thinking.text, signature },
            [...p.thinking.pieces.map((thinking) => ({
                type: 'thinking_delta', thinking })),
            { type: 'signature_delta', signature }]]);
    }

    if (p.redacted) {
        blocks.push([{ type: 'redacted_thinking', data: REDACTED }, []]);
    }

    if (p.text && p.text.text !== '') {
        blocks.push([{ type: 'text', text: p.text.text },
            Array.from(p.text.pieces(), (t) => ({ type: 'text_delta',
                text: t }))]);
    }

    for (const c of p.calls) {
        blocks.push([{ type: 'tool_use', id: c.id('toolu_'), name: c.name,
            input: new Raw(c.args) },
        ['', ...(c.args === '{}' ? [] : c.pieces)].map((t) => ({
            type: 'input_json_delta', partial_json: t }))]);
    }

    return blocks;
}


// How a block looks when it begins.
function begun(b) {
    switch (b.type) {
    case 'thinking':
        return { type: 'thinking', thinking: '', signature: '' };
    case 'text':
        return { type: 'text', text: '' };
    case 'tool_use':
        return { ...b, input: {} };
    default:
        return b;
    }
}


// The events of a stream, as [type, JSON, tells usage].
function* events(x, o, p, ident, u, prefix) {
    const stop = STOPS[p.finish];
    const start = u.text === undefined ? '{}' : u.at(1);
    let index = 0;

    yield ['message_start', `"message":{"id":"${prefix}${ident}",`
        + `"type":"message","role":"assistant",`
        + `"model":${JSON.stringify(o.model)},"content":[],`
        + `"stop_reason":null,"stop_sequence":null,"usage":${start}}`, true];

    for (const [block, deltas] of blocksOf(x, p)) {
        yield ['content_block_start', `"index":${index},"content_block":`
            + toJson(begun(block))];
        if (index === 0) {
            yield ['ping', null];
        }
        for (const d of deltas) {
            yield ['content_block_delta', `"index":${index},"delta":`
                + JSON.stringify(d)];
        }
        yield ['content_block_stop', `"index":${index}`];
        index++;
    }

    yield ['message_delta', `"delta":{"stop_reason":"${stop}",`
        + `"stop_sequence":${JSON.stringify(p.stop)}},`
        + `"usage":${u.text === undefined ? '{"output_tokens":0}' : u.text}`,
    u.text !== undefined];
    yield ['message_stop', null];
}


function data([type, members]) {
    return `{"type":"${type}"${members === null ? '' : `,${members}`}}`;
}


function* sse(list) {
    for (const e of list) {
        yield { data: `event: ${e[0]}\ndata: ${data(e)}\n\n`,
            usage: e[2] === true, ping: e[0] === 'ping' };
    }
}


// A reply to the request `o`, which has its model; `wrap` makes a stream of
// events.
function reply(x, o, streamed, prefix, wrap) {
    if (!x.recipe.lax) {
        checkMessages(o);
    }

    const p = plan(x, askOf(o));
    const ident = text.id('', String(o.model), saidOf(o));
    const u = p.usage(usageText(x));

    if (streamed) {
        return wrap(events(x, o, p, ident, u, prefix));
    }

    const content = blocksOf(x, p).map(([b]) => b);

    return { ctype: 'application/json',
        body: `{"id":"${prefix}${ident}","type":"message",`
            + `"role":"assistant","model":${JSON.stringify(o.model)},`
            + `"content":${toJson(content)},`
            + `"stop_reason":"${STOPS[p.finish]}",`
            + `"stop_sequence":${JSON.stringify(p.stop)},`
            + `"usage":${u.text === undefined ? '{}' : u.text}}` };
}


function stream(list) {
    const all = Array.from(list);

    return { ctype: 'text/event-stream; charset=utf-8', error: errorEvent,
        ping: 'event: ping\ndata: {"type":"ping"}\n\n',
        events: { [Symbol.iterator]: () => sse(all) } };
}


function messages(x) {
    if (!x.recipe.lax) {
        checkHeaders(x.req);
    }
    return reply(x, x.json, x.json.stream === true, 'msg_', stream);
}


// Vertex AI: the model is in the path, not in the body.
function vertex(streamed) {
    return (x, model) => {
        const { anthropic_version: version, ...o } = x.json;

        if (version !== 'vertex-2023-10-16' && !x.recipe.lax) {
            return error(400, 'anthropic_version: Field required');
        }
        if (o.model !== undefined) {
            return error(400, 'model: Extra inputs are not permitted');
        }
        return reply(x, { ...o, model }, streamed, 'msg_vrtx_', stream);
    };
}


function countTokens(x) {
    const o = x.json;

    if (!x.recipe.lax) {
        checkHeaders(x.req);
        checkMessages({ max_tokens: 1, ...o }, true);
    }

    return { ctype: 'application/json', body: JSON.stringify({
        input_tokens: text.promptTokens(text.texts([o.system || '',
            o.messages, JSON.stringify(o.tools || '')])) }) };
}


const ROUTES = [
    ['POST', /\/messages$/, messages],
    ['POST', /\/messages\/count_tokens$/, countTokens],
    ['POST', /\/models\/([^/]+):rawPredict$/, vertex(false)],
    ['POST', /\/models\/([^/]+):streamRawPredict$/, vertex(true)],
];


function headers(x) {
    return 'anthropic-organization-id: mock-org\r\n'
        + 'anthropic-ratelimit-requests-remaining: 99\r\n'
        + `request-id: req_mock${x.serial}\r\n`;
}


module.exports = { ROUTES, data, error, headers, reply };
