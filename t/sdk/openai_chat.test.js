// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// The official OpenAI client, by chat completions, before every provider.

const assert = require('node:assert');

const { OpenAI } = require('./gateway');
const { gather, modelOf, pairs } = require('./pairs');

const TOOLS = [{ type: 'function', function: { name: 'weather',
    description: 'The weather of a place', parameters: { type: 'object',
        required: ['place', 'days'], properties: {
            place: { type: 'string' }, days: { type: 'integer' } } } } }];
const TURN = { role: 'user', content: 'Hello' };


async function ask(c, { stream, ...params }) {
    let pieces = 0;
    let r;

    if (stream) {
        const s = c.chat.completions.stream({ ...params,
            stream_options: { include_usage: true } });
        s.on('content', () => pieces++);
        r = await s.finalChatCompletion();
    } else {
        r = await c.chat.completions.create(params);
    }

    const { message } = r.choices[0];

    return { pieces, message, text: message.content || '',
        calls: (message.tool_calls || []).map((call) => ({ id: call.id,
            name: call.function.name,
            args: JSON.parse(call.function.arguments) })),
        input: r.usage.prompt_tokens, output: r.usage.completion_tokens };
}


pairs('openai (chat)', {
    TOOLS,
    ask,
    connect: (gw, apiKey) => gw.connect({ apiKey }),
    turn: (content) => ({ role: 'user', content }),
    results: (calls, content) => calls.map((call) => ({ role: 'tool',
        tool_call_id: call.id, content })),

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
        for (const type of ['anthropic', 'gemini', 'bedrock', 'cohere',
            'ollama'])
        {
            it(`${type}: the client runs the tools itself`, async (gw, c) => {
                const asked = [];
                const runner = c.chat.completions.runTools({
                    model: modelOf(type), messages: [TURN],
                    tools: [{ type: 'function', function: {
                        ...TOOLS[0].function, parse: JSON.parse,
                        function: (args) => asked.push(args) && 'Sunny' } }] });

                assert.match(await runner.finalContent(), /Sunny/);
                assert.deepStrictEqual(asked,
                    [{ place: 'mock value', days: 1 }]);
            });

            it(`${type}: a legacy completion, streamed`, async (gw, c) => {
                const events = await c.completions.create({ prompt: 'Hello',
                    model: modelOf(type), stream: true });
                const list = await gather(events, (e) => e.choices.length
                    && e.choices[0].text);

                assert.match(list.join(''), /^Hello from/);
            });
        }
    },
});
