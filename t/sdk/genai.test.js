// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Google's client for Gemini before every provider.

const assert = require('node:assert');

const { ApiError, GoogleGenAI } = require('@google/genai');

const { gather, modelOf, pairs } = require('./pairs');

const TOOLS = [{ functionDeclarations: [{ name: 'weather',
    description: 'The weather of a place', parameters: { type: 'OBJECT',
        required: ['place', 'days'], properties: {
            place: { type: 'STRING' }, days: { type: 'INTEGER' } } } }] }];


// The client puts it into a path as it is.
const escaped = (model) => model.replace('/', '%2F');


async function ask(c, { stream, messages, tools, model }) {
    const params = { model: escaped(model), contents: messages,
        config: { tools } };
    const list = stream
        ? await gather(await c.models.generateContentStream(params), (e) => e)
        : [await c.models.generateContent(params)];
    const parts = list.flatMap((r) => (r.candidates ? r.candidates[0].content
        || {} : {}).parts || []);
    const texts = parts.filter((p) => p.text && !p.thought)
        .map((p) => p.text);
    const u = list[list.length - 1].usageMetadata;

    return { pieces: texts.length, message: { role: 'model', parts },
        text: texts.join(''),
        calls: parts.filter((p) => p.functionCall).map((p) => p.functionCall),
        input: u.promptTokenCount, output: (u.candidatesTokenCount || 0)
            + (u.thoughtsTokenCount || 0) };
}


pairs('@google/genai', {
    TOOLS,
    ask,
    connect: (gw, apiKey) => new GoogleGenAI({ apiKey,
        httpOptions: { baseUrl: gw.nginx.url } }),
    turn: (text) => ({ role: 'user', parts: [{ text }] }),
    results: (calls, output) => [{ role: 'user', parts: calls.map((call) => (
        { functionResponse: { id: call.id, name: call.name,
            response: { output } } })) }],

    fails: {
        'no such model': [ApiError, { status: 404, message: /NOT_FOUND/ }],
        'a refused request': [ApiError, { status: 400,
            message: /INVALID_ARGUMENT/ }],
        'too many requests': [ApiError, { status: 429,
            message: /RESOURCE_EXHAUSTED/ }],
        'a broken provider': [ApiError, { status: 500, message: /INTERNAL/ }],
        'a wrong key': [ApiError, { status: 401 }],
        cut: [ApiError, { status: 502, message: /broke off/ }],
    },

    more(it) {
        it('a model is named with its provider before a slash', async (gw, c) =>
        {
            const r = await c.models.generateContent({ contents: 'Hello',
                model: modelOf('openai') });

            assert.match(r.text, /^Hello from/);
        });

        for (const type of ['openai', 'anthropic', 'gemini', 'bedrock']) {
            it(`${type}: a chat remembers what was said`, async (gw, c) => {
                const chat = c.chats.create({
                    model: escaped(modelOf(type)) });
                const first = await chat.sendMessage({ message: 'One' });
                const events = await chat.sendMessageStream(
                    { message: 'Two' });
                const list = await gather(events, (e) => e.text);
                const history = chat.getHistory(true).filter((m) =>
                    m.role === 'user');

                assert.match(first.text, /You said: One$/);
                assert.match(list.join(''), /You said: Two$/);
                assert.strictEqual(history.length, 2);
            });
        }
    },
});
