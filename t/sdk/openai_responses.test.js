// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// The official OpenAI client, by Responses, before every provider.

const assert = require('node:assert');

const { OpenAI } = require('./gateway');
const { gather, modelOf, pairs } = require('./pairs');

const TOOLS = [{ type: 'function', name: 'weather', strict: false,
    description: 'The weather of a place', parameters: { type: 'object',
        required: ['place', 'days'], properties: {
            place: { type: 'string' }, days: { type: 'integer' } } } }];


async function ask(c, { stream, messages, ...params }) {
    const body = { ...params, input: messages, store: false };
    let pieces = 0;
    let r;

    if (stream) {
        const s = c.responses.stream(body);
        s.on('response.output_text.delta', () => pieces++);
        r = await s.finalResponse();
    } else {
        r = await c.responses.create(body);
    }

    return { pieces, message: r.output, text: r.output_text,
        calls: r.output.filter((o) => o.type === 'function_call').map((o) => (
            { id: o.call_id, name: o.name, args: JSON.parse(o.arguments) })),
        input: r.usage.input_tokens, output: r.usage.output_tokens };
}


pairs('openai (Responses)', {
    TOOLS,
    ask,
    connect: (gw, apiKey) => gw.connect({ apiKey }),
    turn: (content) => ({ role: 'user', content }),
    results: (calls, output) => calls.map((call) => (
        { type: 'function_call_output', call_id: call.id, output })),

    fails: {
        'no such model': [OpenAI.NotFoundError, { status: 404,
            code: 'model_not_found' }],
        'a refused request': [OpenAI.BadRequestError, { status: 400,
            type: 'invalid_request_error' }],
        'too many requests': [OpenAI.RateLimitError, { status: 429 }],
        'a broken provider': [OpenAI.InternalServerError, { status: 500 }],
        'a wrong key': [OpenAI.AuthenticationError, { status: 401,
            code: 'invalid_api_key' }],
        cut: [OpenAI.APIError, { code: 'upstream_error' }],
    },

    more(it) {
        for (const type of ['together', 'anthropic', 'gemini', 'bedrock',
            'cohere', 'ollama'])
        {
            it(`${type}: the events are numbered`, async (gw, c) => {
                const events = await c.responses.create({ input: 'Hello',
                    model: modelOf(type, 'think=2'), stream: true });
                const list = await gather(events, (e) => e);

                assert.deepStrictEqual(list.map((e) => e.sequence_number),
                    list.map((e, i) => i));
                assert.strictEqual(list[0].type, 'response.created');
                assert.strictEqual(list.pop().type, 'response.completed');
            });
        }
    },
});
