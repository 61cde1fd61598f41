// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// The official OpenAI client: what it is told through the gateway is what the
// provider said, byte for byte, and the provider is asked what was asked.

const assert = require('node:assert');
const test = require('node:test');

const { OpenAI, start } = require('./gateway');

const MODEL = 'gpt-4o-mini';
const MESSAGES = [
    { role: 'system', content: 'Be brief. Äöü \u2028 😀 "quoted" \\ /' },
    { role: 'user', content: 'Hello' },
];
const TOOLS = [{ type: 'function', function: { name: 'weather',
    description: 'The weather of a place', strict: true,
    parameters: { type: 'object', additionalProperties: false,
        required: ['place', 'days'], properties: {
            place: { type: 'string' }, days: { type: 'integer' } } } } }];

const gateway = start();

const file = (name, text) => OpenAI.toFile(Buffer.from(text), name);
const jsonl = (n) => Array.from({ length: n }, (_, i) => JSON.stringify({
    custom_id: `r${i}`, method: 'POST', url: '/v1/chat/completions',
    body: { model: MODEL, messages: MESSAGES } })).join('\n');


// name: what is promised; call: what a program would write
function same(name, call, options = {}) {
    test(`${name}: the same through the gateway`, async () => {
        const gw = await gateway;
        const result = await gw.same(call, options);

        if (options.check) {
            options.check(result);
        }
    });
}


const chat = (more) => (client) => client.chat.completions.create({
    model: MODEL, messages: MESSAGES, ...more });

const edited = { sent: false };


same('a chat completion', chat(), {
    check: (r) => assert.match(r.choices[0].message.content, /^Hello from/) });

same('a chat with every option there is', chat({ n: 3, logprobs: true,
    top_logprobs: 5, temperature: 0.1, top_p: 1.0, seed: 9007199254740991,
    stop: ['\n', 'END'], presence_penalty: -2, frequency_penalty: 2,
    logit_bias: { 50256: -100 }, max_completion_tokens: 4, user: 'u-1',
    reasoning_effort: 'low', verbosity: 'low', service_tier: 'auto',
    store: false, metadata: { a: 'b' }, prompt_cache_key: 'k',
    response_format: { type: 'json_schema', json_schema: { name: 's',
        strict: true, schema: { type: 'object', properties: {} } } },
    an_option_of_tomorrow: { deep: [1, 1.0, 1e3, null, { x: '\u0000' }] } }),
{ check: (r) => assert.strictEqual(r.choices.length, 3) });

same('logprobs in a reply', chat({ mock: 'ctype=application/json,body='
    + Buffer.from(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion',
        created: 1, model: MODEL, choices: [{ index: 0, finish_reason: 'stop',
            message: { role: 'assistant', content: 'Hi', refusal: null },
            logprobs: { content: [{ token: 'Hi', logprob: -0.25,
                bytes: [72, 105], top_logprobs: [] }], refusal: null } }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }))
        .toString('base64url') }), { check: (r) =>
    assert.strictEqual(r.choices[0].logprobs.content[0].logprob, -0.25) });

same('images and sound in a chat', chat({ messages: [{ role: 'user',
    content: [{ type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { detail: 'low',
            url: `data:image/png;base64,${'A'.repeat(3000000)}` } },
        { type: 'input_audio', input_audio: { format: 'wav',
            data: 'B'.repeat(100000) } }] }] }));

same('a call of a tool', chat({ tools: TOOLS, tool_choice: 'auto' }), {
    check: (r) => assert.deepStrictEqual(JSON.parse(
        r.choices[0].message.tool_calls[0].function.arguments),
    { place: 'mock value', days: 1 }) });

same('the answer to a call of a tool', chat({ tools: TOOLS, messages: [
    ...MESSAGES,
    { role: 'assistant', content: null, tool_calls: [{ id: 'call_1',
        type: 'function', function: { name: 'weather', arguments: '{}' } }] },
    { role: 'tool', tool_call_id: 'call_1', content: 'Rain.' }] }));

same('a stream', chat({ stream: true }), { ...edited,
    check: (r) => assert.ok(r.length > 3
        && r.every((c) => c.usage === undefined)) });

same('a stream whose usage was asked for',
    chat({ stream: true, stream_options: { include_usage: true } }),
    { check: (r) => assert.ok(r.pop().usage.total_tokens > 0) });

same('a stream whose usage was declined',
    chat({ stream: true, stream_options: { include_usage: false } }), edited);

same('a stream of two answers at once', chat({ stream: true, n: 2 }), edited);

same('a streamed call of a tool', chat({ stream: true, tools: TOOLS }),
    edited);

same('a stream with pings, in small pieces',
    chat({ stream: true, mock: 'pings=3,events=40,split=7' }), edited);

same('a stream of 2000 events',
    chat({ stream: true, mock: 'events=2000' }), edited);

same('what the stream helper puts together', async (client) => {
    const stream = client.chat.completions.stream({ model: MODEL,
        messages: MESSAGES, tools: TOOLS });
    return stream.finalChatCompletion();
}, edited);

same('a reply larger than is held back', chat({ mock: 'size=3000000' }), {
    check: (r) => assert.strictEqual(r.choices[0].message.content.length,
        3000000) });

same('a legacy completion', (client) => client.completions.create({
    model: 'gpt-3.5-turbo-instruct', prompt: ['one', 'two'], n: 2,
    max_tokens: 5, logprobs: 2, echo: true, suffix: '.' }));

same('a streamed legacy completion', (client) => client.completions.create({
    model: 'gpt-3.5-turbo-instruct', prompt: 'one', stream: true }), edited);

// the client asks for base64 by itself, and decodes it
same('embeddings', (client) => client.embeddings.create({
    model: 'text-embedding-3-small', input: ['one', 'two'],
    dimensions: 256 }), { check: (r) =>
    assert.ok(r.data.length === 2 && r.data[1].embedding.length === 256) });

same('embeddings as numbers', (client) => client.embeddings.create({
    model: 'text-embedding-3-small', input: [[1, 2, 3]],
    encoding_format: 'float' }));

same('a moderation', (client) => client.moderations.create({
    input: ['I will kill you', 'hello'] }), { check: (r) =>
    assert.deepStrictEqual(r.results.map((x) => x.flagged), [true, false]) });

same('a generated image', (client) => client.images.generate({
    model: 'gpt-image-1', prompt: 'a cat', n: 2, size: '1024x1024' }));

same('an edited image', async (client) => client.images.edit({
    model: 'gpt-image-1', prompt: 'a hat',
    image: [await file('a.png', 'PNG one'), await file('b.png', 'PNG two')],
    mask: await file('m.png', 'PNG mask') }), edited);

same('a variation of an image', async (client) =>
    client.images.createVariation({ image: await file('a.png', 'PNG'),
        response_format: 'url' }), edited);

same('speech', (client) => client.audio.speech.create({ model: 'tts-1',
    voice: 'alloy', input: 'Hello', response_format: 'wav' }),
{ check: (r) => assert.match(r, /^UklGR/) });

for (const format of ['json', 'verbose_json', 'text']) {
    same(`a transcription as ${format}`, async (client) =>
        client.audio.transcriptions.create({ model: 'whisper-1',
            file: await file('a.mp3', 'x'.repeat(200000)),
            response_format: format }), edited);
}

same('a streamed transcription', async (client) =>
    client.audio.transcriptions.create({ model: 'gpt-4o-transcribe',
        file: await file('a.mp3', 'x'.repeat(5000)), stream: true }), edited);

same('a translation', async (client) => client.audio.translations.create({
    model: 'whisper-1', file: await file('a.mp3', 'x'.repeat(5000)) }),
edited);

same('a response', (client) => client.responses.create({ model: MODEL,
    input: 'Hello', instructions: 'Be brief.', metadata: { a: 'b' } }), {
    check: (r) => assert.match(r.output_text, /^Hello from/) });

same('a streamed response', (client) => client.responses.create({
    model: MODEL, input: MESSAGES, stream: true }), { check: (r) =>
    assert.deepStrictEqual(r.map((e) => e.sequence_number),
        r.map((e, i) => i)) });

same('a streamed call of a tool in a response', (client) =>
    client.responses.create({ model: MODEL, input: 'Hello', stream: true,
        tools: [{ type: 'function', ...TOOLS[0].function }] }));

same('what the helper of responses puts together', async (client) => {
    const stream = client.responses.stream({ model: MODEL, input: 'Hello' });
    return stream.finalResponse();
});

same('a response from its making to its end', async (client) => {
    const made = await client.responses.create({ model: MODEL,
        input: 'Keep this' });
    const read = await client.responses.retrieve(made.id);
    await client.responses.delete(made.id);
    const gone = await client.responses.retrieve(made.id)
        .catch((e) => e.status);
    return [made, read, gone];
});

same('input tokens counted', (client) => client.responses.inputTokens.count({
    model: MODEL, input: 'How many?' }));

same('a conversation made compact', (client) => client.responses.compact({
    model: MODEL, input: 'A long one' }));

same('a file from its making to its end', async (client) => {
    const made = await client.files.create({ purpose: 'batch',
        file: await file('in.jsonl', jsonl(3)) });
    const read = await client.files.retrieve(made.id);
    const bytes = await client.files.content(made.id);
    const text = await bytes.text();
    const page = await client.files.list({ limit: 2, order: 'desc' });
    const gone = await client.files.delete(made.id);
    return [made, read, text, page.data[0], gone];
}, { ...edited, check: (r) => assert.strictEqual(r[2], jsonl(3)) });

same('a batch from its making to its output', async (client) => {
    const input = await client.files.create({ purpose: 'batch',
        file: await file('in.jsonl', jsonl(2)) });
    const made = await client.batches.create({ input_file_id: input.id,
        endpoint: '/v1/chat/completions', completion_window: '24h' });
    const done = await client.batches.retrieve(made.id);
    const output = await client.files.content(done.output_file_id);
    const text = await output.text();
    return [made, done, text, await client.batches.cancel(made.id)];
}, { ...edited, check: (r) =>
    assert.strictEqual(r[2].trim().split('\n').length, 2) });

same('a fine-tuning job', async (client) => {
    const made = await client.fineTuning.jobs.create({ model: MODEL,
        training_file: 'file-x' });
    const read = await client.fineTuning.jobs.retrieve(made.id);
    return [made, read, await client.fineTuning.jobs.cancel(made.id)];
});

same('a video from its making to its end', async (client) => {
    const made = await client.videos.create({ model: 'sora-2',
        prompt: 'a cat', seconds: '4' });
    const seen = [await client.videos.retrieve(made.id),
        await client.videos.retrieve(made.id)];
    const bytes = await client.videos.downloadContent(made.id);
    const film = Buffer.from(await bytes.arrayBuffer()).toString('base64');
    return [made, seen, film, await client.videos.delete(made.id)];
}, { ...edited, check: (r) => assert.strictEqual(r[1][1].status,
    'completed') });

same('the list of batches', (client) => client.batches.list({ limit: 9 }), {
    check: (r) => assert.ok(r.data.length > 0) });

same('the list of models', (client) => client.models.list());

same('one model', (client) => client.models.retrieve(MODEL));


test('programs that run side by side do not see each other', async () => {
    const gw = await gateway;
    const said = Array.from({ length: 60 }, (_, i) => `number ${i}.`);
    const got = await Promise.all(said.map(async (content, i) => {
        const messages = [{ role: 'user', content }];
        const ask = { model: MODEL, messages };

        if (i % 2) {
            const r = await gw.client.chat.completions.create(ask);
            return r.choices[0].message.content;
        }

        let text = '';
        for await (const c of await gw.client.chat.completions.create(
            { ...ask, stream: true }))
        {
            text += c.choices.length ? c.choices[0].delta.content || '' : '';
        }
        return text;
    }));

    got.forEach((text, i) => assert.ok(text.endsWith(` ${said[i]}`), text));
});


test('it ends with no alert, no secret in a log, no socket left', async () => {
    const gw = await gateway;

    assert.deepStrictEqual(await gw.stop(), []);
});
