// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * The tests that a real client has to pass before every provider.  A client is
 * told of as
 *
 *   connect(gw, key)      the SDK's object, without retries of its own
 *   turn(said)            a message of the user
 *   TOOLS                 the tool "weather" (place, days) in the SDK's words
 *   ask(c, { model, messages, tools, stream })
 *                         { text, calls: [{ id, name, args }], input, output,
 *                         pieces, message }: args are an object, input and
 *                         output the tokens, pieces the number of a stream's
 *                         events with text, message what is to be said back
 *   results(calls, told)  messages with what the tools said
 *   fails                 { CASE: [class, properties] } for CASES below
 *   more(gw, test)        tests of one's own
 */

const assert = require('node:assert');
const test = require('node:test');

const { start } = require('./gateway');

// a provider's type => what its url ends with; "together" has chat alone
const PROVIDERS = { openai: '/v1', together: '/v1', responses: '/v1',
    anthropic: '/v1', gemini: '/v1beta', bedrock: '', cohere: '/v2',
    ollama: '' };

const SAID = 'How is "Zürich" 🌦 today?';
const TOLD = 'Rain, 7 °C';
const PLACE = { place: 'mock value', days: 1 };

// what goes wrong => how the model is to be named
const CASES = {
    'no such model': () => 'unheard-of',
    'a refused request': (type) => modelOf(type, 'status=400'),
    'too many requests': (type) => modelOf(type, 'status=429'),
    'a broken provider': (type) => modelOf(type, 'status=500'),
};


function provider(name, type, dir, url) {
    return `
    ai_provider ${name} {
        type ${type};
        url ${url}${PROVIDERS[type]};
        key file:${dir}/provider.key;
    }`;
}


// scripts: the name of one more provider => its type and its recipe
function startAll({ scripts = {}, ...options } = {}) {
    return start({ ...options, providers: (dir, mock) => [
        ...Object.keys(PROVIDERS).map((type) => provider(type, type, dir,
            mock)),
        ...Object.entries(scripts).map(([name, [type, recipe]]) => provider(
            name, type, dir, `${mock}/~${encodeURIComponent(recipe)}`)),
    ].join('') });
}


// What the mock is to do is behind the model's name.
function modelOf(type, recipe) {
    return `${type}/${type.endsWith('gemini') ? 'gemini-3-pro' : 'm'}`
        + (recipe ? `~b64.${Buffer.from(recipe).toString('base64url')}` : '');
}


// A list of events: what f makes of each, as far as it is something.
async function gather(events, f) {
    const list = [];

    for await (const e of events) {
        const v = f(e);
        if (v !== undefined && v !== null && v !== '') {
            list.push(v);
        }
    }

    return list;
}


// The tokens of the last request, as the provider counted them.
async function billed(gw) {
    const entry = (await gw.ended()).pop();

    return { input: entry.usage.prompt, output: entry.usage.completion };
}


function heard(reply, text, stream) {
    assert.strictEqual(reply.text, text);
    assert.deepStrictEqual(reply.calls, []);
    assert.ok(!stream || reply.pieces > 1, `${reply.pieces} pieces`);
}


async function answers(gw, client, c, model, stream) {
    await gw.control('reset');

    const reply = await client.ask(c, { model, stream,
        messages: [client.turn(SAID)] });

    heard(reply, `Hello from the mock provider. You said: ${SAID}`, stream);
    assert.deepStrictEqual({ input: reply.input, output: reply.output },
        await billed(gw));
}


// The client's own record of the call goes back with what the tools said.
async function callsTools(client, c, type, stream, n) {
    const ask = { stream, tools: client.TOOLS };
    const messages = [client.turn(SAID)];
    const first = await client.ask(c, { ...ask, messages,
        model: modelOf(type, `calls=${n},frag=3`) });

    assert.strictEqual(first.calls.length, n);
    for (const call of first.calls) {
        assert.strictEqual(call.name, 'weather');
        assert.deepStrictEqual(call.args, PLACE);
    }
    if (first.calls[0].id) {
        assert.strictEqual(new Set(first.calls.map((x) => x.id)).size, n);
    }

    messages.push(...[first.message].flat(),
        ...client.results(first.calls, TOLD));

    const second = await client.ask(c, { ...ask, messages,
        model: modelOf(type) });

    heard(second, second.text, stream);
    assert.match(second.text, /^Hello from .* The tool said: .*Rain, 7 °C/);

    messages.push(...[second.message].flat(), client.turn('Thank you.'));

    const third = await client.ask(c, { ...ask, messages,
        model: modelOf(type, 'calls=0') });

    heard(third, 'Hello from the mock provider. You said: Thank you.', stream);
}


async function raises(client, c, model, stream, [kind, properties]) {
    const call = client.ask(c, { model, stream,
        messages: [client.turn(SAID)] });

    await assert.rejects(call, (e) => {
        assert.ok(e instanceof kind, `${e.constructor.name}: ${e.stack}`);
        for (const [name, want] of Object.entries(properties || {})) {
            const got = name.split('.').reduce((o, k) => o && o[k], e);

            if (want instanceof RegExp) {
                assert.match(String(got), want);
            } else {
                assert.strictEqual(got, want, name);
            }
        }
        return true;
    });
}


function pairs(name, client) {
    const gateway = startAll();
    const ready = gateway.then((gw) => client.connect(gw, gw.keys.all));
    const it = (what, f) => test(`${name}, ${what}`, async () =>
        f(await gateway, await ready));

    for (const type of Object.keys(PROVIDERS)) {
        for (const stream of [false, true]) {
            const how = stream ? 'streamed' : 'plain';

            it(`${type}, ${how}: an answer and its usage`, (gw, c) =>
                answers(gw, client, c, modelOf(type), stream));

            it(`${type}, ${how}: a call of a tool, its result, the answer`,
                (gw, c) => callsTools(client, c, type, stream, 1));

            it(`${type}, ${how}: two calls of a tool at once`, (gw, c) =>
                callsTools(client, c, type, stream, 2));

            for (const [what, model] of Object.entries(CASES)) {
                it(`${type}, ${how}: ${what} is raised`, (gw, c) => raises(
                    client, c, model(type), stream, client.fails[what]));
            }
        }

        it(`${type}: a stream that is cut is raised`, (gw, c) => raises(
            client, c, modelOf(type, 'cut=e3'), true, client.fails.cut));
    }

    it('a wrong key is raised', async (gw) => raises(client,
        await client.connect(gw, 'sk-wrong'), modelOf('openai'), false,
        client.fails['a wrong key']));

    if (client.more) {
        client.more(it);
    }

    test('it ends with no alert, no secret in a log, no socket left',
        async () => {
            const gw = await gateway;

            assert.deepStrictEqual(await gw.stop(), []);
        });
}


module.exports = { PROVIDERS, gather, modelOf, pairs, startAll };
