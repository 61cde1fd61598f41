#!/usr/bin/env node
// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * Recorded replies of real providers, through the gateway, for clients of
 * every dialect. For each recording and each client's dialect:
 *
 *   - the recorded request, said in the client's dialect, reaches the provider
 *     with the same meaning (neutral/)
 *   - what comes back is flawless in the client's dialect (grammar/), and has
 *     the same text, thoughts, calls, finish and usage as the recorded bytes
 *   - it is the same to the byte whether the provider's bytes come at once, as
 *     they were recorded, at random cuts or one by one
 *   - cut in the middle, it is no success
 *   - in the provider's own dialect the bytes pass, both ways
 *
 *   node replay.js GATEWAY MOCK [WORD...]
 *
 * A test is a kind of recording and a client's dialect. In the environment:
 * CLIENTS are the dialects to try, SHOW how many faults of a test are told,
 * and with FULL=1 every reply comes byte by byte for every client.
 */

const { Asker } = require('../mock/ask');
const framing = require('../mock/grammar/framing');
const { parse } = require('../mock/grammar/json');
const neutral = require('../mock/neutral');
const recordings = require('../mock/recordings');
const { CLIENTS, Seen, apart, check, differs, masked, relation, same, wanted, write }
    = require('../mock/pair');
const { ok, run: runTests } = require('../mock/tap');

const PARALLEL = 24;
// longer replies come byte by byte for one of the dialects only
const BYTES_MAX = process.env.FULL ? Infinity : 1500;
const SHOWN = 4;

const HELLO = { messages: [{ role: 'user', parts: [{ kind: 'text',
    text: 'Hello there.' }] }], tools: [] };

// Types of providers whose vendor answers a client of more dialects itself
// are asked as another one, with the same quirks, so that there is something
// to translate.
const STAND_INS = { openai: 'together', azure: 'together', groq: 'together',
    llamacpp: 'together', together: 'together', deepseek: 'mistral',
    openrouter: 'mistral', mistral: 'mistral', perplexity: 'perplexity',
    huggingface: 'cerebras', cerebras: 'cerebras' };

const [, , GATEWAY, MOCK, ...WORDS] = process.argv;
const clients = process.env.CLIENTS ? process.env.CLIENTS.split(',') : CLIENTS;
const gateway = new Asker(GATEWAY, PARALLEL);
const mock = new Asker(MOCK, 4);
const seen = new Seen(mock);


function typeOf(row, client) {
    if (row.wire !== 'chat') {
        return row.type;
    }
    return row.type === 'xai' && client !== 'responses' ? 'xai'
        : STAND_INS[row.type] || 'together';
}


function quirksOf(row, type) {
    return { nodone: ['cerebras', 'perplexity'].includes(type),
        apart: type === 'xai' };
}


// The name of the model is the one recorded, but for what has a meaning in a
// path; the recipe is behind it.
function modelOf(row, type, recipe) {
    const name = (row.model || 'm').replace(/[^A-Za-z0-9.-]/g, '-') || 'm';

    const text = `replay=${row.key}${recipe ? `,${recipe}` : ''}`;

    return `${type}/${name}~b64.${Buffer.from(text).toString('base64url')}`;
}


function askOf(recording, stream) {
    const body = recording.request && recording.request.body;

    if (!body || body.text !== undefined || body.base64 !== undefined) {
        return { ...HELLO, stream };
    }

    const ask = neutral.prune(neutral.read(recording.wire,
        parse(JSON.stringify(body))));

    return { ...(ask.messages.length ? ask : HELLO), stream };
}


function modesOf(recording, stream, client) {
    const n = recording.reply.body.length;
    const turn = CLIENTS[parseInt(recording.key.slice(-2), 16)
        % CLIENTS.length];
    const modes = stream ? { once: 'split=16777216',
        random: `split=random:${parseInt(recording.key, 16) % 9973}` }
        : { whole: '' };

    if (recording.reply.sizes) {
        modes.recorded = '';
    }
    if (n <= BYTES_MAX || turn === client) {
        modes.bytes = 'split=1';
    }
    return modes;
}


async function send(ask, client, model) {
    const request = write(client, { ...ask, model });

    return { request, reply: await gateway.ask(request) };
}


// What is wrong with the replies to one recording in one client's dialect.
async function translated(recording, client, type, stream, faults) {
    const ask = askOf(recording, stream);
    const provider = check(recording.wire, recording.reply, { stream,
        quirks: quirksOf(recording, type), framing: form(recording) });
    const want = provider.plain();
    const modes = modesOf(recording, stream, client);
    let first = null;

    for (const [mode, recipe] of Object.entries(modes)) {
        const { reply } = await send(ask, client, modelOf(recording, type,
            recipe));
        const got = check(client, reply, { stream, usage: true, strict: true });
        const about = (what) => faults.push(`${mode}: ${what}`);

        if (first !== null) {
            if (masked(reply) !== first) {
                about(`not the same bytes ${apart(first, masked(reply))}`);
            }
            continue;
        }

        first = masked(reply);
        // who was told nothing of usage can't tell it
        got.faults.filter((v) => (want.usage && want.usage.input !== undefined)
            || !/^no usage/.test(v)).forEach(about);
        if (recording.status >= 400) {
            refused(recording, want, reply, got, about);
        } else if (stream && !provider.ended && !provider.error) {
            if (!got.error) {
                about('the provider broke off, and the client is not told');
            }
        } else {
            differs(want, got.plain(), client).forEach(about);
            if (!want.error && !got.ended) {
                about('it is not over');
            }
        }
        await asked(recording, ask, client, reply, about);
    }

    if (stream && recording.status < 400) {
        await cut(recording, ask, client, type, provider, faults);
    }
}


// The form of a stream that has two.
function form(recording) {
    return recording.wire === 'gemini' && /json/.test(recording.reply.ctype)
        ? 'array' : undefined;
}


// That a key is not good is between the gateway and its provider.
function aboutKey(recording) {
    return recording.status === 401 || recording.status === 403
        || /API.key/i.test(recording.reply.body);
}


function refused(recording, want, reply, got, about) {
    if (aboutKey(recording)) {
        if (reply.status !== 502) {
            about(`status ${reply.status}, for a key that is not good`);
        }
        return;
    }
    if (reply.status !== recording.status) {
        about(`status ${reply.status}, not ${recording.status}`);
    }
    if (want.error && want.error.message && got.error
        && !String(got.error.message).includes(want.error.message))
    {
        about(`the message is ${JSON.stringify(got.error.message)}, not `
            + JSON.stringify(want.error.message));
    }
}


// The request that came to the provider means what the client's did.
async function asked(recording, ask, client, reply, about) {
    const [entry] = await seen.of(reply);

    if (entry === undefined) {
        about(`the provider was not asked: ${reply.status} `
            + reply.body.toString().slice(0, 300));
        return;
    }

    const body = parse(entry.body);
    const got = neutral.read(recording.wire, body);

    for (const d of same(wanted(ask, client, recording.wire), got)) {
        about(`asked: ${d}`);
    }
}


// Half a stream is no success, unless the half has its end in it.
async function cut(recording, ask, client, type, provider, faults) {
    const n = recording.reply.body.length >> 1;
    const half = check(recording.wire, { ...recording.reply,
        body: recording.reply.body.subarray(0, n) }, { stream: true,
        quirks: quirksOf(recording, type), framing: form(recording) });

    if (half.finish !== null || half.ended || provider.error) {
        return;
    }

    const { reply } = await send(ask, client, modelOf(recording, type,
        `cut=${n}`));
    const got = check(client, reply, { stream: true, usage: true });

    if (reply.status < 400 && got.ended && !got.error) {
        faults.push(`cut=${n}: a success`);
    }
}


// In the provider's own dialect: all bytes pass but those that must not.
async function own(recording, client, type, stream, faults) {
    const body = recording.request && recording.request.body;
    const whole = body && body.text === undefined && body.base64 === undefined;
    const model = modelOf(recording, type, 'lax');
    const request = write(client, { ...HELLO, stream, model,
        framing: form(recording) });

    const inPath = request.path.includes('/models/')
        || request.path.includes('/model/');

    if (whole) {
        request.body = JSON.stringify(body);
        if (body.model !== undefined && !inPath) {
            request.body = request.body.replace(
                `"model":${JSON.stringify(body.model)}`,
                () => `"model":${JSON.stringify(model)}`);
        } else if (!inPath) {
            return;                     // another's path has the model
        }
    } else {
        request.body = JSON.stringify(request.body);
    }

    const reply = await gateway.ask(request);
    const [entry] = await seen.of(reply);

    if (entry === undefined) {
        faults.push(`own: the provider was not asked: ${reply.status} `
            + reply.body.toString().slice(0, 200));
        return;
    }

    const sent = plainUsage(request.body.replace(`"model":"${type}/`,
        '"model":"'));
    const came = plainUsage(entry.body);

    if (came !== sent) {
        faults.push(`own: the request changed ${apart(sent, came)}`);
    }
    passed(recording, reply, stream, faults);
}


// A stream is asked for usage, whether the client wants it or not.
function plainUsage(body) {
    return body
        .replace(/"stream_options":(?:null|\{"include_usage":(?:true|false)\})/,
            '"stream_options":0')
        .replace(/^\{"stream_options":0,?/, '{')
        .replace(/,"stream_options":0/, '')
        .replace(/"include_usage":(?:true|false)/, '"include_usage":0');
}


function passed(recording, reply, stream, faults) {
    const want = recording.reply.body;

    if (reply.status !== recording.status && !aboutKey(recording)) {
        faults.push(`own: status ${reply.status}, not ${recording.status}`);
    }

    if (recording.status >= 400) {
        return;                         // may be put into the right envelope
    }

    if (!stream) {
        if (!reply.body.equals(want)) {
            faults.push('own: the reply changed '
                + apart(want.toString('latin1'),
                    reply.body.toString('latin1')));
        }
        return;
    }

    // usage that was forced is taken out again, so chat streams may differ
    const a = check(recording.wire, recording.reply, { stream,
        quirks: quirksOf(recording, typeOf(recording, recording.wire)),
        framing: form(recording) });
    const b = check(recording.wire, reply, { stream,
        quirks: quirksOf(recording, typeOf(recording, recording.wire)),
        framing: form(recording) });
    const strip = (f) => JSON.stringify({ ...f.plain(), usage: null });

    if (!a.ended && !a.error) {
        if (!b.error || !reply.body.subarray(0, want.length).equals(want)) {
            faults.push('own: the provider broke off, and nobody said so');
        }
    } else if (recording.wire !== 'chat' && !reply.body.equals(want)) {
        faults.push('own: the stream changed '
            + apart(want.toString('latin1'), reply.body.toString('latin1')));
    } else if (strip(a) !== strip(b)) {
        faults.push('own: the stream says something else '
            + apart(strip(a), strip(b)));
    }
}


async function one(recording, client, faults) {
    const type = typeOf(recording, client);
    const stream = recording.streamed;

    switch (relation(client, recording.wire, type)) {
    case 'own':
        return own(recording, client, type, stream, faults);
    case 'passed':
        return null;
    default:
        return translated(recording, client, type, stream, faults);
    }
}


// Recordings that are not one reply, or one of a tool that is no function.
const APART = new Set(['22490ac8', 'ddd8f45d', '894fc83f', 'ed06e5ca']);


// So many at a time.
async function each(list, f) {
    const queue = list.slice();

    await Promise.all(Array.from({ length: PARALLEL }, async () => {
        while (queue.length) {
            await f(queue.shift());
        }
    }));
}


async function kind(name, rows) {
    const recs = rows.map((row) => ({ ...row, ...recordings.read(row) }));

    for (const client of clients) {
        const bad = [];
        let n = 0;

        await each(recs, async (recording) => {
            const faults = [];
            try {
                if (await one(recording, client, faults) !== null) {
                    n++;
                }
            } catch (e) {
                faults.push(e.stack);
            }
            if (faults.length) {
                bad.push(`${recording.id}: ${faults.slice(0, SHOWN)
                    .join('\n    ').slice(0, 1500)}`);
            }
        });

        seen.forget();
        if (n > 0) {
            ok(bad.length === 0, `${name} for ${client}: ${n} recordings`,
                `${bad.length} of ${n}\n${bad.slice(0, Number(
                    process.env.SHOW || 3)).join('\n')}`);
        }
    }
}


// The checkers are right about the real thing: first-party replies of which
// they find fault are these, and no others.
function conformity() {
    const FIRST = /^(openai\.chat|openai\.responses|anthropic\.messages|azure\.anthropic|vertex\.anthropic|gemini\.generate|vertex\.generate|bedrock\.converse|bedrock\.converse_stream|cohere\.v2chat|ollama\.chat)$/;
    const bad = [];
    let n = 0;

    for (const row of recordings.chats().filter((r) => FIRST.test(r.dialect))) {
        const recording = { ...row, ...recordings.read(row) };
        const stream = row.streamed && row.status < 400;
        const body = JSON.stringify(recording.request || '');
        const f = check(row.wire, recording.reply, { stream,
            usage: /"include_usage":true/.test(body),
            framing: stream ? form(recording) : undefined });

        n++;
        if (f.faults.length && !ODD.has(row.key)) {
            bad.push(`${row.id}: ${f.faults[0]}`);
        }
    }

    ok(bad.length === 0, `the checkers accept ${n} recorded replies`,
        bad.join('\n'));
}


// Recorded replies with something that the grammar does not have, and why.
const ODD = new Map(Object.entries({
    '22490ac8': 'two messages in one recording, calls of its own tools',
    ddd8f45d: 'in the background: not over',
    e7704a49: 'reframed, and shortened by hand',
    '8957602d': 'older than sequence_number',
    '5512bb45': 'older than sequence_number',
    '98b95a7d': 'items of hosted tools overlap',
    '894fc83f': 'a custom tool',
    '0ff310a2': 'a model of 2023: no finish_reason',
    f0264d39: 'the type of a stream was not kept',
    '9e496c53': 'the type of a stream was not kept',
    a6e6868e: 'enums are numbers', bd913a21: 'enums are numbers',
    '37ca3ff8': 'enums are numbers', fd53566b: 'enums are numbers',
    '21b16792': 'enums are numbers',
    f6f68aa4: 'no candidate', '304a35fc': 'no candidate',
    '4a5af4a5': 'no candidate', e7e6fd30: 'no usage',
    '8c96e1df': 'no usage, and no line end', '50e8e9b1': 'no usage, no finish',
    c8947a24: 'text behind the finish',
    '727ebc84': 'an error as text/event-stream',
    f975b1e7: 'an error as text/event-stream',
    d45fee50: 'an error as text/event-stream',
    '38beb9cc': 'arguments in pieces',
    ee6eded0: 'usage without its sum', '7ca1834d': 'no usage',
    '07fcaf12': 'a chunk of moderation behind the usage',
    c8b5deb9: 'an error without "data:"',
    '48fe9e60': 'a finish in each event', '0e83c7c5': 'a finish in each event',
    '789cebf9': 'a cache point beside a text', fac9e806: 'no usage',
    '511e841e': 'reframed without [DONE]', ef1dd453: 'reframed without [DONE]',
}));


async function main() {
    const kinds = new Map();

    conformity();

    for (const row of recordings.chats().filter((r) => !APART.has(r.key))) {
        if (WORDS.length === 0 || WORDS.some((w) => row.dialect.includes(w)
            || row.id.includes(w)))
        {
            kinds.set(row.dialect, [...(kinds.get(row.dialect) || []), row]);
        }
    }

    for (const [name, rows] of kinds) {
        await kind(name, rows);
    }

    gateway.close();
    mock.close();
}


runTests(main);
