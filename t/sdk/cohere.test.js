// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Cohere's client (v2) before every provider.

const cohere = require('cohere-ai');

const { gather, pairs } = require('./pairs');

const TOOLS = [{ type: 'function', function: { name: 'weather',
    description: 'The weather of a place', parameters: { type: 'object',
        required: ['place', 'days'], properties: {
            place: { type: 'string' }, days: { type: 'integer' } } } } }];


// The client takes the end of a stream that failed as any other event.
class Failed extends Error {}


// The message that a stream's events come to.
function joined(events) {
    const message = { role: 'assistant' };
    let text = '';
    let pieces = 0;
    let usage;

    for (const e of events) {
        const m = e.delta && e.delta.message;

        if (e.type === 'content-delta' && m.content.text) {
            text += m.content.text;
            pieces++;
        } else if (e.type === 'tool-plan-delta') {
            message.toolPlan = (message.toolPlan || '') + m.toolPlan;
        } else if (e.type === 'tool-call-start') {
            message.toolCalls = message.toolCalls || [];
            message.toolCalls[e.index] = m.toolCalls;
        } else if (e.type === 'tool-call-delta') {
            message.toolCalls[e.index].function.arguments
                += m.toolCalls.function.arguments;
        } else if (e.type === 'message-end') {
            if (e.delta.finishReason === 'ERROR') {
                throw new Failed(e.delta.error);
            }
            ({ usage } = e.delta);
        }
    }

    if (text) {
        message.content = [{ type: 'text', text }];
    }

    return { message, usage, pieces };
}


async function ask(c, { stream, ...params }) {
    const r = stream
        ? joined(await gather(await c.chatStream(params), (e) => e))
        : await c.chat(params);
    const { content, toolCalls } = r.message;

    return { pieces: r.pieces, message: r.message,
        text: (content || []).map((b) => b.text || '').join(''),
        calls: (toolCalls || []).map((call) => ({ id: call.id,
            name: call.function.name,
            args: JSON.parse(call.function.arguments) })),
        input: r.usage.tokens.inputTokens,
        output: r.usage.tokens.outputTokens };
}


pairs('cohere-ai', {
    TOOLS,
    ask,
    connect: (gw, token) => new cohere.CohereClientV2({ token, maxRetries: 0,
        environment: gw.nginx.url }),
    turn: (content) => ({ role: 'user', content }),
    results: (calls, content) => calls.map((call) => ({ role: 'tool',
        toolCallId: call.id, content })),

    fails: {
        'no such model': [cohere.Cohere.NotFoundError, { statusCode: 404 }],
        'a refused request': [cohere.Cohere.BadRequestError,
            { statusCode: 400 }],
        'too many requests': [cohere.Cohere.TooManyRequestsError,
            { statusCode: 429 }],
        'a broken provider': [cohere.Cohere.InternalServerError,
            { statusCode: 500 }],
        'a wrong key': [cohere.Cohere.UnauthorizedError, { statusCode: 401 }],
        cut: [Failed, { message: /broke off/ }],
    },
});
