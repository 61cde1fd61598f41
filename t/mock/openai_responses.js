// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// OpenAI's Responses.

const text = require('./text');

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


// A response object as JSON; `usage` is JSON text, or undefined for none.
function response(o, ident, status, output, usage) {
    const head = JSON.stringify({
        id: ident, object: 'response', created_at: CREATED, status,
        background: o.background === true, error: null,
        incomplete_details: status === 'incomplete'
            ? { reason: 'max_output_tokens' } : null,
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


function message(ident, status, words) {
    return { id: ident, type: 'message', status, role: 'assistant',
        content: words === null ? []
            : [{ type: 'output_text', annotations: [], logprobs: [],
                text: words }] };
}


function functionCall(ident, status, call, args) {
    return { id: ident, type: 'function_call', status, arguments: args,
        call_id: ident.replace(/^fc_/, 'call_'), name: call.name };
}


function* stream(x, o, ident, answer, call, u, whole) {
    const kind = x.recipe.usage;
    const item = call ? ident.replace(/^resp_/, 'fc_')
        : ident.replace(/^resp_/, 'msg_');
    const early = kind === 'every' || kind === 'twice'
        ? u.at(answer.tokens >> 1) : 'null';
    let n = 0;

    const event = (type, members, usage) => ({ usage: usage === true,
        data: `event: ${type}\ndata: {"type":"${type}",${members},`
            + `"sequence_number":${n++}}\n\n` });
    const at = `"item_id":"${item}","output_index":0`;
    const started = response(o, ident, 'in_progress', [], early);

    yield event('response.created', `"response":${started}`, early !== 'null');
    yield event('response.in_progress', `"response":${started}`,
        early !== 'null');

    if (call) {
        const open = JSON.stringify(functionCall(item, 'in_progress', call,
            ''));
        yield event('response.output_item.added',
            `"output_index":0,"item":${open}`);

        for (const p of call.pieces) {
            yield event('response.function_call_arguments.delta',
                `${at},"delta":${JSON.stringify(p)}`);
        }

        yield event('response.function_call_arguments.done',
            `${at},"arguments":${JSON.stringify(call.args)}`);

    } else {
        const open = JSON.stringify(message(item, 'in_progress', null));
        const part = (t) => '"content_index":0,"part":{"type":"output_text",'
            + `"annotations":[],"logprobs":[],"text":${JSON.stringify(t)}}`;

        yield event('response.output_item.added',
            `"output_index":0,"item":${open}`);
        yield event('response.content_part.added', `${at},${part('')}`);

        for (const p of answer.pieces()) {
            yield event('response.output_text.delta', `${at},`
                + `"content_index":0,"delta":${JSON.stringify(p)},`
                + '"logprobs":[]');
        }

        yield event('response.output_text.done', `${at},"content_index":0,`
            + `"text":${JSON.stringify(answer.text)},"logprobs":[]`);
        yield event('response.content_part.done',
            `${at},${part(answer.text)}`);
    }

    yield event('response.output_item.done',
        `"output_index":0,"item":${JSON.stringify(whole.output[0])}`);
    yield event(`response.${whole.status}`, `"response":${whole.json}`,
        x.usage !== null);
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

    const last = Array.isArray(o.input) && o.input[o.input.length - 1];
    const said = text.lastUserText(o.input);
    const call = text.toolCall(x, o,
        last && last.type === 'function_call_output');
    const answer = call || text.reply(x, said, o.max_output_tokens);
    const ident = text.id('resp_', o.model, said);
    const u = text.usage(x, text.promptTokens(text.texts([o.instructions || '',
        o.input])), answer.tokens, usageText);
    const status = answer.cut ? 'incomplete' : 'completed';
    const output = [call
        ? functionCall(ident.replace(/^resp_/, 'fc_'), status, call, call.args)
        : message(ident.replace(/^resp_/, 'msg_'), status, answer.text)];
    const body = response(o, ident, status, output, u.text);

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
        events: { [Symbol.iterator]: () => stream(x, o, ident, answer, call, u,
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
