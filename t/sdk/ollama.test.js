// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Ollama's client before every provider.

const { Ollama } = require('ollama');

const { gather, pairs } = require('./pairs');

const TOOLS = [{ type: 'function', function: { name: 'weather',
    description: 'The weather of a place', parameters: { type: 'object',
        required: ['place', 'days'], properties: {
            place: { type: 'string' }, days: { type: 'integer' } } } } }];


// Of the client's errors only this has the status of a reply.
class ResponseError {
    static [Symbol.hasInstance](e) {
        return e.name === 'ResponseError';
    }
}


async function ask(c, { stream, ...params }) {
    const reply = await c.chat({ ...params, stream });
    const list = stream ? await gather(reply, (e) => e) : [reply];
    const texts = list.map((e) => e.message.content || '').filter(Boolean);
    const calls = list.flatMap((e) => e.message.tool_calls || []);
    const last = list[list.length - 1];

    return { pieces: texts.length, text: texts.join(''),
        message: { role: 'assistant', content: texts.join(''),
            ...(calls.length ? { tool_calls: calls } : {}) },
        calls: calls.map((call) => ({ id: call.id, name: call.function.name,
            args: call.function.arguments })),
        input: last.prompt_eval_count, output: last.eval_count };
}


pairs('ollama', {
    TOOLS,
    ask,
    connect: (gw, key) => new Ollama({ host: gw.nginx.url,
        headers: { Authorization: `Bearer ${key}` } }),
    turn: (content) => ({ role: 'user', content }),
    results: (calls, content) => calls.map((call) => ({ role: 'tool',
        tool_name: call.name, content })),

    fails: {
        'no such model': [ResponseError, { status_code: 404 }],
        'a refused request': [ResponseError, { status_code: 400 }],
        'too many requests': [ResponseError, { status_code: 429 }],
        'a broken provider': [ResponseError, { status_code: 500 }],
        'a wrong key': [ResponseError, { status_code: 401 }],
        cut: [Error, { message: /broke off/ }],
    },
});
