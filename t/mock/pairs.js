#!/usr/bin/env node
// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * Clients of every dialect before providers of every dialect, both strict: the
 * provider is the mock, which refuses what a real one refuses, and the client
 * takes nothing that is not in its grammar.
 *
 *   node pairs.js GATEWAY MOCK [WORD...]
 *
 * A test is a pair and what it says; CLIENTS and PROVIDERS choose some.
 */

const { Asker } = require('./ask');
const neutral = require('./neutral');
const { parse } = require('./grammar/json');
const { CLIENTS, Seen, apart, check, differs, masked, relation, same, wanted, write }
    = require('./pair');
const { ok, run: runTests } = require('./tap');

// dialect => a type of provider that has no other one
const PROVIDERS = { chat: 'together', responses: 'responses',
    anthropic: 'anthropic', gemini: 'gemini', bedrock: 'bedrock',
    cohere: 'cohere', ollama: 'ollama' };
const PARALLEL = 16;

const [, , GATEWAY, MOCK, ...WORDS] = process.argv;
const listed = (name, all) => (process.env[name]
    ? process.env[name].split(',') : all);
const gateway = new Asker(GATEWAY, PARALLEL);
const mock = new Asker(MOCK, 4);
const seen = new Seen(mock);

const text = (role, s) => ({ role, parts: [{ kind: 'text', text: s }] });
const call = (id, name, args) => ({ kind: 'call', id, name,
    args: JSON.stringify(args) });
const result = (id, name, s, more) => ({ kind: 'result', id, name,
    parts: [{ kind: 'text', text: s }], ...more });

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQ'
    + 'DwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const TOOLS = [{ name: 'get_weather', description: 'tells the weather',
    schema: { type: 'object', properties: { city: { type: 'string',
        description: 'where' }, days: { type: 'integer' } },
    required: ['city'] } },
{ name: 'now', description: 'tells the time',
    schema: { type: 'object', properties: {} } }];
const SAID = 'How is the weather in "Zürich" 🌦?\nTell me.';
const ASK = { messages: [text('system', 'Be brief.'), text('user', SAID)],
    tools: [], max: 900 };
const ASK_TOOLS = { ...ASK, tools: TOOLS };
const LOOP = [text('system', 'Be brief.'), text('user', 'The weather, please'),
    { role: 'assistant', parts: [{ kind: 'text', text: 'I look.' },
        call('call_1', 'get_weather', { city: 'Bern', days: 2 }),
        call('call_2', 'now', {})] },
    { role: 'user', parts: [result('call_1', 'get_weather', 'Rain, 7 °C'),
        result('call_2', 'now', '{"time":"noon","zone":1.0}')] }];


// Requests: what the provider gets must mean what the client has said.
const ASKS = {
    'a text': ASK,
    'a long conversation': { ...ASK, messages: [text('system', 'One.'),
        text('user', 'a'), text('assistant', 'b'), text('user', 'c'),
        text('assistant', 'd'), text('user', 'e 🌦 "quoted" \\ \u2028')] },
    'no system prompt': { ...ASK, messages: [text('user', 'x')] },
    'two system prompts': { ...ASK, messages: [text('system', 'One.'),
        text('system', 'Two.'), text('user', 'x')] },
    'turns of one role': { ...ASK, messages: [text('user', 'a'),
        text('user', 'b'), text('assistant', 'c'), text('user', 'd')] },
    tools: ASK_TOOLS,
    'tools, auto': { ...ASK_TOOLS, choice: 'auto' },
    'tools, required': { ...ASK_TOOLS, choice: 'required' },
    'tools, one of them': { ...ASK_TOOLS, choice: { name: 'now' } },
    'results of tools': { ...ASK_TOOLS, messages: LOOP },
    'results, and more': { ...ASK_TOOLS, messages: [...LOOP,
        text('assistant', 'It rains.'), text('user', 'And tomorrow?')] },
    'a result and a text': { ...ASK_TOOLS, messages: [...LOOP.slice(0, 3),
        { role: 'user', parts: [...LOOP[3].parts, { kind: 'text',
            text: 'Be quick.' }] }] },
    'a failed tool': { ...ASK_TOOLS, messages: [...LOOP.slice(0, 3),
        { role: 'user', parts: [result('call_1', 'get_weather', 'no such city',
            { failed: true }), LOOP[3].parts[1]] }] },
    'an image of a tool': { ...ASK_TOOLS, messages: [...LOOP.slice(0, 3),
        { role: 'user', parts: [{ kind: 'result', id: 'call_1',
            name: 'get_weather', parts: [{ kind: 'text', text: 'See.' },
                { kind: 'image', media: 'image/png', data: PNG }] },
        LOOP[3].parts[1]] }] },
    'an image': { ...ASK, messages: [{ role: 'user', parts: [{ kind: 'text',
        text: 'What is it?' }, { kind: 'image', media: 'image/png',
        data: PNG }] }] },
    'sampling': { ...ASK, temperature: 0.5, top_p: 0.75, stop: ['END', '##'] },
    'more sampling': { ...ASK, top_k: 20, seed: 7, presence: 0.5,
        frequency: 0.25 },
    'a schema': { ...ASK, format: { schema: { type: 'object', properties: {
        answer: { type: 'string' } }, required: ['answer'],
    additionalProperties: false } } },
};

// Answers: what the client is told is what the provider has said.
const ANSWERS = {
    'a text': [ASK, 'events=4'],
    'a text with odd characters': [ASK, `text=${encodeURIComponent(
        'a "b" \\ \n\t</script> ü 🌦 \u2028 é')}`],
    'the limit': [{ ...ASK, messages: [text('user', 'word '.repeat(30))],
        max: 20 }, ''],
    thoughts: [ASK, 'think=4'],
    'a call': [ASK_TOOLS, 'calls=1'],
    'calls': [ASK_TOOLS, 'calls=3,frag=1'],
    'a call without arguments': [{ ...ASK, tools: [TOOLS[1]] }, 'calls=1'],
    'odd arguments': [ASK_TOOLS, `call=get_weather:${encodeURIComponent(
        '{"city":"Z\\"\\u00fc\\\\🌦","days":[1.0,9007199254740993,1e400]}')},`
        + 'frag=3'],
    'thoughts, a text and calls': [ASK_TOOLS, 'think=3,text=I%20look%2E,'
        + 'calls=2'],
    'usage': [ASK, 'usage=1000:70,cached=600'],
    'much usage': [ASK, 'usage=1000000:70000,cached=999999'],
    'a filter': [ASK, 'finish=filter'],
    pings: [ASK, 'pings=3'],
};


const modelOf = (wire, recipe) => `${PROVIDERS[wire]}/`
    + (wire === 'gemini' ? 'gemini-3-pro' : 'm')
    + (recipe ? `~b64.${Buffer.from(recipe).toString('base64url')}` : '');


async function send(ask, client, wire, recipe) {
    const request = write(client, { ...ask, model: modelOf(wire, recipe) });

    return gateway.ask(request);
}


// The mock's own reply in its own dialect, without a gateway.
async function direct(ask, wire, recipe) {
    const request = write(wire, { ...ask, ...(wire === 'anthropic'
        && ask.max === undefined ? { max: 1000 } : {}),
    model: modelOf(wire, recipe).replace(/^[^/]*\//, '') });
    const reply = await mock.ask({ ...request, headers: { ...request.headers,
        authorization: `Bearer ${process.env.PAIRS_KEY}` } });

    return check(wire, reply, { stream: ask.stream, usage: true });
}


function shown(reply) {
    return `${reply.status} ${reply.body.toString().slice(0, 400)}`;
}


async function asks(client, wire, name) {
    const faults = [];

    for (const stream of [false, true]) {
        const ask = { ...ASKS[name], stream };
        const reply = await send(ask, client, wire, 'calls=0');
        const [entry] = await seen.of(reply);

        if (reply.status !== 200) {
            faults.push(`refused: ${shown(reply)}`
                + (entry ? ` asked with ${entry.body.slice(0, 600)}` : ''));
        } else {
            const got = neutral.read(wire, parse(entry.body));
            faults.push(...same(wanted(ask, client, wire), got));
        }
    }
    return faults;
}


const SPLITS = ['', 'split=1', 'split=random:11', 'split=event'];


async function answers(client, wire, name) {
    const [ask, recipe] = ANSWERS[name];
    const faults = [];

    if (name === 'a filter' && ['cohere', 'ollama'].includes(wire)) {
        return faults;                  // they have no word for it
    }

    for (const stream of [false, true]) {
        const asked = { ...ask, stream };
        // what a client's dialect can't say is not asked of the mock either
        const said = neutral.through(client, asked);
        const provider = await direct({ ...said, stream }, wire, recipe);
        let first = null;

        for (const split of stream ? SPLITS : SPLITS.slice(0, 2)) {
            const reply = await send(asked, client, wire,
                [recipe, split].filter(Boolean).join(','));
            const got = check(client, reply, { stream, usage: true,
                strict: true });
            const about = (v) => faults.push(`${stream ? 'streamed' : 'whole'}`
                + ` ${split}: ${v}`);

            if (first === null) {
                first = masked(reply);
                got.faults.forEach(about);
                differs(provider.plain(), got.plain(), client).forEach(about);
                if (reply.status !== 200) {
                    about(shown(reply));
                }
            } else if (masked(reply) !== first) {
                about(`not the same bytes: ${apart(first,
                    masked(reply))}`);
            }
        }
    }
    return faults;
}


// A conversation goes on: thoughts, signatures and calls go back the way they
// came, and the strict provider takes them; it does, too, when the client has
// kept what it was told but for the thoughts, as many do.
async function rounds(client, wire, forgetful) {
    const faults = [];

    for (const stream of [false, true]) {
        const ask = { ...ASK_TOOLS, stream, max: 9000, replay: true,
            effort: 'low', ids: true };
        let messages = ask.messages;
        const about = (v) => faults.push(`${stream ? 'streamed' : 'whole'}: `
            + v);

        for (let round = 0; round < 3; round++) {
            const last = round === 2;
            const reply = await send({ ...ask, messages }, client, wire,
                last ? 'calls=0' : `calls=${2 - round},text=Round%20${round}`);
            const got = check(client, reply, { stream, usage: true,
                strict: true });

            got.faults.forEach((v) => about(`round ${round}: ${v}`));
            if (reply.status !== 200 || got.error) {
                const [entry] = await seen.of(reply);
                about(`round ${round}: ${shown(reply)}`
                    + (entry ? ` asked with ${entry.body.slice(-900)}` : ''));
                break;
            }
            if (last) {
                if (!/The tool said: /.test(got.plain().text)) {
                    about(`the results did not come: ${got.plain().text}`);
                }
                break;
            }

            const calls = got.parts.filter((p) => p.kind === 'call');
            if (calls.length !== 2 - round) {
                about(`round ${round}: ${calls.length} calls`);
                break;
            }
            messages = [...messages, { role: 'assistant', parts: got.parts
                .filter((p) => !forgetful || p.kind !== 'thinking').map((p) => (p.kind === 'call'
                    ? { ...p, args: p.text || '{}' } : p)) },
            { role: 'user', parts: calls.map((c, i) => result(c.id, c.name,
                `result ${round}.${i}`)) }];
        }
    }
    return faults;
}


// A provider that fails: the client's own envelope, the status, the sentence.
async function errors(client, wire) {
    const faults = [];

    for (const status of [400, 401, 403, 404, 429, 500, 503]) {
        for (const stream of [false, true]) {
            const reply = await send({ ...ASK, stream }, client, wire,
                `status=${status}`);
            const got = check(client, reply, { stream, strict: true });

            got.faults.forEach((v) => faults.push(`${status}: ${v}`));
            // that a key is not good is between the gateway and its provider
            const like = status === 401 || status === 403
                ? 'does not accept the gateway\'s key' : `status ${status}`;
            if (!got.error || !String(got.error.message).includes(like)) {
                faults.push(`${status}: ${shown(reply)}`);
            }
            if (reply.status < 400) {
                faults.push(`${status}: a success`);
            }
        }
    }
    return faults;
}


// Of a stream that broke off without a word.
const QUIET = /^no |not complete|without (?:a finish|an end)|broken frame|is the last one|an empty line behind it/;


// What goes wrong in the middle: never a success, always a good stream.
async function middle(client, wire) {
    const faults = [];
    const ask = { ...ASK_TOOLS, stream: true };

    for (const recipe of ['errevent=e3,events=9', 'cut=e3,events=9',
        'cut=e4,calls=2,think=2', 'rst=e3,events=9', 'errevent=e0'])
    {
        const reply = await send(ask, client, wire, recipe);
        const got = check(client, reply, { stream: true, usage: true,
            strict: true });

        if (reply.status < 400 && got.ended && !got.error) {
            faults.push(`${recipe}: a success: ${shown(reply)}`);
        }
        got.faults.filter((v) => got.error || !reply.complete ? !QUIET.test(v)
            : true).forEach((v) => faults.push(`${recipe}: ${v}`));
    }
    return faults;
}


async function pair(client, wire) {
    const name = `${client} to ${wire}`;
    const tests = {};

    for (const a of Object.keys(ASKS)) {
        tests[`asks: ${a}`] = () => asks(client, wire, a);
    }
    for (const a of Object.keys(ANSWERS)) {
        tests[`answers: ${a}`] = () => answers(client, wire, a);
    }
    if (client !== 'completions') {
        tests['rounds of tools'] = () => rounds(client, wire, false);
    }
    if (['chat', 'cohere', 'ollama'].includes(client)) {
        tests['rounds of tools, thoughts forgotten'] = () => rounds(client,
            wire, true);
    }
    tests['errors'] = () => errors(client, wire);
    tests['faults in the middle'] = () => middle(client, wire);

    const chosen = Object.entries(tests).filter(([test]) => WORDS.length === 0
        || WORDS.some((w) => test.includes(w)));
    const results = new Map();
    const queue = chosen.slice();

    await Promise.all(Array.from({ length: PARALLEL }, async () => {
        while (queue.length) {
            const [test, f] = queue.shift();
            try {
                results.set(test, await f());
            } catch (e) {
                results.set(test, [e.stack]);
            }
        }
    }));

    for (const [test] of chosen) {
        const faults = Array.from(new Set(results.get(test)));
        ok(faults.length === 0, `${name}: ${test}`, faults.slice(0, 6)
            .map((f) => f.slice(0, 900)).join('\n'));
    }
    seen.forget();
}


async function main() {
    for (const wire of listed('PROVIDERS', Object.keys(PROVIDERS))) {
        for (const client of listed('CLIENTS', CLIENTS)) {
            const r = relation(client, wire, PROVIDERS[wire]);
            if (r === 'translated') {
                await pair(client, wire);
            }
        }
    }

    gateway.close();
    mock.close();
}


runTests(main);
