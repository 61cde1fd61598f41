// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// The official Anthropic client before every provider.

const assert = require('node:assert');

const Anthropic = require('@anthropic-ai/sdk');

const { gather, modelOf, pairs } = require('./pairs');

const MAX = 1000;
const TOOLS = [{ name: 'weather', description: 'The weather of a place',
    input_schema: { type: 'object', required: ['place', 'days'], properties: {
        place: { type: 'string' }, days: { type: 'integer' } } } }];


async function ask(c, { stream, ...body }) {
    const params = { max_tokens: MAX, ...body };
    let pieces = 0;
    let m;

    if (stream) {
        const s = c.messages.stream(params);
        s.on('text', () => pieces++);
        m = await s.finalMessage();
    } else {
        m = await c.messages.create(params);
    }

    const { content, usage } = m;

    return { pieces, message: { role: 'assistant', content },
        text: content.filter((b) => b.type === 'text').map((b) => b.text)
            .join(''),
        calls: content.filter((b) => b.type === 'tool_use').map((b) => (
            { id: b.id, name: b.name, args: b.input })),
        input: usage.input_tokens + (usage.cache_read_input_tokens || 0)
            + (usage.cache_creation_input_tokens || 0),
        output: usage.output_tokens };
}


pairs('@anthropic-ai/sdk', {
    TOOLS,
    ask,
    connect: (gw, apiKey) => new Anthropic({ baseURL: gw.nginx.url, apiKey,
        maxRetries: 0 }),
    turn: (content) => ({ role: 'user', content }),
    results: (calls, content) => [{ role: 'user', content: calls.map((call) => (
        { type: 'tool_result', tool_use_id: call.id, content })) }],

    fails: {
        'no such model': [Anthropic.NotFoundError, { status: 404,
            type: 'not_found_error' }],
        'a refused request': [Anthropic.BadRequestError, { status: 400,
            type: 'invalid_request_error' }],
        'too many requests': [Anthropic.RateLimitError, { status: 429,
            type: 'rate_limit_error' }],
        'a broken provider': [Anthropic.InternalServerError, { status: 500,
            type: 'api_error' }],
        'a wrong key': [Anthropic.AuthenticationError, { status: 401,
            type: 'authentication_error' }],
        cut: [Anthropic.APIError, { type: 'api_error' }],
    },

    more(it) {
        it('an old key header is taken', async (gw) => {
            const c = new Anthropic({ baseURL: gw.nginx.url, maxRetries: 0,
                apiKey: null, authToken: null,
                defaultHeaders: { 'x-api-key': gw.keys.all } });
            const r = await ask(c, { model: modelOf('gemini'),
                messages: [{ role: 'user', content: 'Hello' }] });

            assert.match(r.text, /^Hello from/);
        });

        for (const type of ['anthropic', 'openai', 'gemini']) {
            it(`${type}: thoughts come in a stream and go back`,
                async (gw, c) => {
                    const thinking = { type: 'enabled', budget_tokens: 1024 };
                    const model = modelOf(type, 'think=5');
                    const messages = [{ role: 'user', content: 'Hello' }];
                    const params = { model, messages, thinking,
                        max_tokens: 4000 };
                    const s = c.messages.stream(params);
                    const deltas = await gather(s, (e) => (
                        e.type === 'content_block_delta' ? e.delta.type : ''));
                    const m = await s.finalMessage();

                    assert.ok(deltas.includes('thinking_delta'));
                    assert.match(m.content[0].thinking, /^thought1/);

                    const next = await c.messages.create({ ...params,
                        messages: [...messages, { role: 'assistant',
                            content: m.content },
                        { role: 'user', content: 'Go on.' }] });

                    assert.strictEqual(next.content.pop().type, 'text');
                });
        }
    },
});
