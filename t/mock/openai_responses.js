// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// OpenAI's Responses.

const text = require('./text');
const { plan, sign } = require('./plan');
const { checkResponses } = require('./openai_check');

const CREATED = 1767225600;
const STORE_MAX = 10000;
const store = new Map();

const json = (v, status) => ({ status, ctype: 'application/json',
    body: JSON.stringify(v) });


function error(status, message, param, code) {
    return json({ error: { message, type: 'invalid_request_error', param,
        code } }, status);
}


function usageText(p, c, total, cached, reasoning) {
    return `{"input_tokens":${p},"input_tokens_details":`
        + `{"cached_tokens":${cached}},"output_tokens":${c},`
        + `"output_tokens_details":{"reasoning_tokens":${reasoning}},`
        + `"total_tokens":${total}}`;
}


const REASONS = { length: 'max_output_tokens', filter: 'content_filter' };


// A response object as JSON; `usage` is JSON text, or undefined for none.
function response(o, ident, status, reason, output, usage) {
    const head = JSON.stringify({
        id: ident, object: 'response', created_at: CREATED, status,
        background: o.background === true, error: null,
        incomplete_details: reason ? { reason } : null,
        instructions: o.instructions || null,
        max_output_tokens: o.max_output_tokens || null, model: o.model,
        output, parallel_tool_calls: true,
        previous_response_id: o.previous_response_id || null,
        reasoning: { effort: null, summary: null },
        service_tier: 'default', store: o.store !== false, temperature: 1,
        text: { format: { type: 'text' } },
        tool_choice: o.tool_choice || 'auto', tools: o.tools || [], top_p: 1,
        truncation: 'disabled', user: null, metadata: o.metadata || {},
    });

    return head.slice(0, -1)
        + (usage === undefined ? '' : `,"usage":${usage}`) + '}';
}


// The items of an answer, done: reasoning, a message, calls.
function itemsOf(x, o, ident, p, status) {
    const items = [];

    if (p.thinking) {
        const sealed = (Array.isArray(o.include) ? o.include : [])
            .includes('reasoning.encrypted_content');
        items.push({ id: ident.replace(/^resp_/, 'rs_'), type: 'reasoning',
            summary: [{ type: 'summary_text', text: p.thinking.text }],
            ...(sealed ? { encrypted_content: x.recipe.sig
                || sign('responses', p.thinking.text) } : {}) });
    }

    if (p.text) {
        items.push({ id: ident.replace(/^resp_/, 'msg_'), type: 'message',
            status, role: 'assistant', content: [p.refusal
                ? { type: 'refusal', refusal: p.text.text }
                : { type: 'output_text', annotations: [], logprobs: [],
                    text: p.text.text }] });
    }

    for (const c of p.calls) {
        items.push({ id: c.id('fc_'), type: 'function_call', status,
            arguments: c.args, call_id: c.id('call_'), name: c.name });
    }

    return items;
}


// What an item is when it begins.
function begun(item) {
    switch (item.type) {
    case 'message':
        return { ...item, status: 'in_progress', content: [] };
    case 'function_call':
        return { ...item, status: 'in_progress', arguments: '' };
    default:
        return { ...item, summary: [] };
    }
}


// The events of an item between its first and its last: [type, members].
function* inner(p, item, at) {
    const content = `${at},"content_index":0`;
    const summary = `${at},"summary_index":0`;
    const part = (v) => `"part":${JSON.stringify(v)}`;

    if (item.type === 'function_call') {
        const call = p.calls.find((c) => c.id('fc_') === item.id);
        const name = 'function_call_arguments';

        for (const t of call.pieces) {
            yield [`${name}.delta`, `${at},"delta":${JSON.stringify(t)}`];
        }
        yield [`${name}.done`,
            `${at},"arguments":${JSON.stringify(item.arguments)}`];
        return;
    }

    if (item.type === 'reasoning') {
        const name = 'reasoning_summary_text';
        const whole = item.summary[0];

        yield ['reasoning_summary_part.added',
            `${summary},${part({ ...whole, text: '' })}`];
        for (const t of p.thinking.pieces) {
            yield [`${name}.delta`, `${summary},"delta":${JSON.stringify(t)}`];
        }
        yield [`${name}.done`,
            `${summary},"text":${JSON.stringify(whole.text)}`];
        yield ['reasoning_summary_part.done', `${summary},${part(whole)}`];
        return;
    }

    const whole = item.content[0];
    const name = p.refusal ? 'refusal' : 'output_text';
    const key = p.refusal ? 'refusal' : 'text';
    const logprobs = p.refusal ? '' : ',"logprobs":[]';

    yield ['content_part.added', `${content},${part({ ...whole, [key]: '' })}`];
    for (const t of p.text.pieces()) {
        yield [`${name}.delta`,
            `${content},"delta":${JSON.stringify(t)}${logprobs}`];
    }
    yield [`${name}.done`,
        `${content},"${key}":${JSON.stringify(p.text.text)}${logprobs}`];
    yield ['content_part.done', `${content},${part(whole)}`];
}


function* stream(x, o, ident, p, u, whole) {
    const kind = x.recipe.usage;
    const early = kind === 'every' || kind === 'twice'
        ? u.at(p.tokens >> 1) : 'null';
    const started = response(o, ident, 'in_progress', null, [], early);
    let n = 0;

    const event = (type, members, usage) => ({ usage: usage === true,
        data: `event: response.${type}\ndata: {"type":"response.${type}",`
            + `${members},"sequence_number":${n++}}\n\n` });

    yield event('created', `"response":${started}`, early !== 'null');
    yield event('in_progress', `"response":${started}`, early !== 'null');

    for (let i = 0; i < whole.output.length; i++) {
        const item = whole.output[i];
        const at = `"item_id":"${item.id}","output_index":${i}`;

        yield event('output_item.added', `"output_index":${i},"item":`
            + JSON.stringify(begun(item)));
        for (const [type, members] of inner(p, item, at)) {
            yield event(type, members);
        }
        yield event('output_item.done', `"output_index":${i},"item":`
            + JSON.stringify(item));
    }

    yield event(whole.status, `"response":${whole.json}`, x.usage !== null);
}


function askOf(o) {
    const items = Array.isArray(o.input) ? o.input : [];
    const last = items[items.length - 1];
    const answered = Boolean(last && last.type === 'function_call_output');
    const choice = o.tool_choice;
    const tools = Array.isArray(o.tools) ? o.tools : [];

    return { said: text.lastUserText(o.input), answered,
        told: answered ? text.texts(last.output).join(' ') : undefined,
        texts: text.texts([o.instructions || '', o.input]),
        max: o.max_output_tokens, none: choice === 'none',
        forced: choice && choice.name,
        thinking: Boolean(o.reasoning && o.reasoning.summary),
        tools: tools.filter((t) => t && t.type === 'function')
            .map((t) => ({ name: t.name, schema: t.parameters })) };
}


function create(x) {
    const o = x.json;

    if (typeof o.model !== 'string') {
        return error(400, "Missing required parameter: 'model'.", 'model',
            'missing_required_parameter');
    }

    if (o.input === undefined) {
        return error(400, "Missing required parameter: 'input'.", 'input',
            'missing_required_parameter');
    }

    if (!x.recipe.lax) {
        checkResponses(o);
    }

    const p = plan(x, askOf(o));
    const ident = text.id('resp_', o.model, text.lastUserText(o.input));
    const u = p.usage(usageText);
    const reason = p.refusal ? undefined : REASONS[p.finish];
    const status = reason ? 'incomplete' : 'completed';
    const output = itemsOf(x, o, ident, p, status);
    const body = response(o, ident, status, reason, output, u.text);

    if (o.store !== false) {
        if (store.size >= STORE_MAX) {
            store.clear();
        }
        store.set(ident, body);
    }

    if (o.stream !== true) {
        return { ctype: 'application/json', body };
    }

    return {
        ctype: 'text/event-stream; charset=utf-8',
        error: (n) => 'event: error\ndata: {"type":"error",'
            + '"code":"server_error","message":"mock: an error among the '
            + `events","param":null,"sequence_number":${n}}\n\n`,
        events: { [Symbol.iterator]: () => stream(x, o, ident, p, u,
            { output, status, json: body }) },
    };
}


function unknown(ident) {
    return error(404, `Response with id '${ident}' not found.`, null, null);
}


function get(x, ident) {
    return store.has(ident)
        ? { ctype: 'application/json', body: store.get(ident) }
        : unknown(ident);
}


function remove(x, ident) {
    return store.delete(ident)
        ? json({ id: ident, object: 'response', deleted: true })
        : unknown(ident);
}


function inputTokens(x) {
    const o = x.json;

    return json({ object: 'response.input_tokens', input_tokens:
        text.promptTokens(text.texts([o.instructions || '', o.input])) });
}


function compact(x) {
    const o = x.json;
    const said = text.lastUserText(o.input);
    const ident = text.id('resp_', String(o.model), said);
    const u = text.usage(x, text.promptTokens(text.texts([o.instructions || '',
        o.input])), 1, usageText);
    const kept = { id: ident.replace(/^resp_/, 'msg_'), type: 'message',
        role: 'user', status: 'completed',
        content: [{ type: 'input_text', text: said.slice(0, 200) }] };
    const packed = { id: ident.replace(/^resp_/, 'cmp_'), type: 'compaction',
        encrypted_content: 'bW9jaw==' };

    return { ctype: 'application/json',
        body: `{"id":"${ident}","object":"response.compaction",`
            + `"created_at":${CREATED},`
            + `"output":${JSON.stringify([kept, packed])}`
            + (u.text === undefined ? '' : `,"usage":${u.text}`) + '}' };
}


const ROUTES = [
    ['POST', /\/responses$/, create],
    ['POST', /\/responses\/input_tokens$/, inputTokens],
    ['POST', /\/responses\/compact$/, compact],
    ['GET', /\/responses\/([^/]+)$/, get],
    ['DELETE', /\/responses\/([^/]+)$/, remove],
];


module.exports = { ROUTES };
