#!/usr/bin/env node
// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * What goes wrong between a client of one dialect and a provider of another.
 *
 *   node translate.js GATEWAY MOCK LOG PART
 *
 * The providers are named as AIGateway::Translate does. The parts are in PARTS
 * at the end; CLIENTS and PROVIDERS choose some.
 */

const fs = require('fs');

const { Asker } = require('./ask');
const { CLIENTS, apart, check, masked, relation, write } = require('./pair');
const { ok, run: runTests } = require('./tap');

const WIRES = ['chat', 'responses', 'anthropic', 'gemini', 'bedrock', 'cohere',
    'ollama'];
const TYPES = { chat: 'together' };
const PARALLEL = 24;
const SHOWN = 4;

const [, , GATEWAY, MOCK, LOG, PART] = process.argv;
const listed = (name, all) => (process.env[name]
    ? process.env[name].split(',') : all);
const gateway = new Asker(GATEWAY, PARALLEL);
const mock = new Asker(MOCK, 4);

const user = (text) => ({ role: 'user', parts: [{ kind: 'text', text }] });
const ASK = { messages: [user('Hi')], tools: [], max: 50 };
const TOOLS = [{ name: 'now', description: 'tells the time',
    schema: { type: 'object', properties: { zone: { type: 'string' } } } }];
const ASK_TOOLS = { ...ASK, tools: TOOLS };

let cases = 0;


const named = (model, recipe) => model + (recipe
    ? `~b64.${Buffer.from(recipe).toString('base64url')}` : '');


// The reply, and the case that the log has it under.
async function send(ask, client, model) {
    const request = write(client, { ...ask, model });
    const id = `tr-${process.pid}-${++cases}`;

    request.headers = { ...request.headers, 'x-case': id };
    const reply = await gateway.ask(request);
    reply.case = id;
    return reply;
}


// Lines of the log by their cases, once it has those that are wanted.
async function log(wanted) {
    for (let i = 0; ; i++) {
        const lines = new Map(fs.readFileSync(LOG, 'utf8').split('\n')
            .filter((s) => s.startsWith('{"case":"tr-') && s.endsWith('}'))
            .map((s) => JSON.parse(s)).map((o) => [o.case, o]));

        if (i === 100 || wanted.every((id) => lines.has(id))) {
            return lines;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}


const shown = (reply) => `${reply.status} `
    + `${reply.body.toString('latin1').slice(-300)}`;


async function each(list, f) {
    const queue = list.slice();

    await Promise.all(Array.from({ length: PARALLEL }, async () => {
        while (queue.length) {
            await f(queue.shift());
        }
    }));
}


// f(client, wire, about) for all that are translated; one test for each.
async function pairs(what, f) {
    for (const wire of listed('PROVIDERS', WIRES)) {
        for (const client of listed('CLIENTS', CLIENTS)) {
            if (relation(client, wire, TYPES[wire] || wire) === 'translated') {
                const faults = new Set();
                await f(client, wire, (s) => faults.add(s.slice(0, 700)));
                ok(faults.size === 0, `${client} to ${wire}: ${what}`,
                    `${faults.size}: ${Array.from(faults).slice(0, SHOWN)
                        .join('\n')}`);
            }
        }
    }
}


// ERRORS

const STATUSES = [400, 401, 404, 429, 500, 529];
const key = process.env.KEY;


async function errors() {
    await pairs('the provider\'s errors', async (client, wire, about) => {
        const tests = STATUSES.flatMap((status) => [[status, false],
            [status, true]]);

        await each(tests, async ([status, stream]) => {
            const reply = await send({ ...ASK, stream }, client,
                `${wire}-${status}`);
            const got = check(client, reply, { stream, strict: true });
            const say = (s) => about(`${status} ${stream}: ${s}`);
            // whether its key is good is the gateway's own affair
            const want = status === 401 ? 502 : status;

            got.faults.forEach(say);
            if (reply.status !== want) {
                say(`status ${shown(reply)}`);
            }
            if (!got.error || !got.error.message) {
                say(`no error: ${shown(reply)}`);
            }
            if (status === 429 && reply.headers['retry-after'] !== '7') {
                say(`retry-after: ${reply.headers['retry-after']}`);
            }
            if (JSON.stringify(reply.headers).includes(key)
                || reply.body.includes(key))
            {
                say(`the key: ${shown(reply)}`);
            }

            const line = (await log([reply.case])).get(reply.case);

            if (!line || Number(line.status) !== want || line.error === ''
                || line.attempts !== '1')
            {
                say(`the log: ${JSON.stringify(line)}`);
            }
        });
    });
}


// Errors that come as a 200.
async function inband() {
    await pairs('errors within a stream', async (client, wire, about) => {
        for (const recipe of ['first', 'pings']) {
            const reply = await send({ ...ASK, stream: true }, client,
                `${wire}-${recipe}`);
            const got = check(client, reply, { stream: true, usage: true,
                strict: true });
            const line = (await log([reply.case])).get(reply.case);

            got.faults.forEach((s) => about(`${recipe}: ${s}`));
            if (reply.status !== 200 || got.error || !got.ended
                || line.attempts !== '2')
            {
                about(`${recipe}: not retried: ${shown(reply)} `
                    + JSON.stringify(line));
            }
        }

        for (const recipe of ['errevent=e1,events=6', 'errevent=e3,events=6',
            'errevent=e2,think=3,events=6'])
        {
            // the errors of some are events of the start
            const reply = await send({ ...ASK_TOOLS, stream: true }, client,
                `${wire}/${named('m', recipe)}`);
            const got = check(client, reply, { stream: true, usage: true,
                strict: true });
            const line = (await log([reply.case])).get(reply.case);

            got.faults.filter((s) => !QUIET.test(s))
                .forEach((s) => about(`${recipe}: ${s}`));
            if (!got.error || !got.error.message || ends(client, reply)) {
                about(`${recipe}: ${shown(reply)}`);
            }
            if (line.attempts !== '1' || line.error !== 'provider_error') {
                about(`${recipe}: the log: ${JSON.stringify(line)}`);
            }
        }
    });
}


// CUTS

const QUIET = /^no |not complete|without (?:a finish|an end)|broken frame|is the last one|an empty line behind it|an item is open at the end|finish_reason is ERROR, there are/

// What only a stream that is over has in it.
const ENDS = { chat: /data: \[DONE\]|"finish_reason":"/,
    completions: /data: \[DONE\]|"finish_reason":"/,
    responses: /response\.(completed|incomplete)\b/,
    anthropic: /message_stop|"stop_reason":"/,
    gemini: /"finishReason"/, bedrock: /messageStop|"stopReason"/,
    cohere: /"finish_reason":"(?!ERROR)/, ollama: /"done":true/ };


const ends = (client, reply) => ENDS[client].test(
    reply.body.toString('latin1'));


// Where the mock's own stream has said that it is over: from there on a cut
// loses nothing.
async function direct(ask, wire, recipe) {
    const request = write(wire, { ...ask, stream: true,
        model: named('m', recipe) });
    const reply = await mock.ask(request);

    if (reply.status !== 200) {
        throw new Error(`the mock says ${shown(reply)}`);
    }
    return reply.body;
}


function over(wire, body) {
    let at = 0;

    for (let n = body.length; n > 0; n--) {
        const got = check(wire, { status: 200, ctype: '', complete: true,
            body: body.subarray(0, n) }, { stream: true });
        if (got.finish === null && !got.ended) {
            at = n + 1;
            break;
        }
    }
    return at;
}


async function cuts() {
    for (const wire of listed('PROVIDERS', WIRES)) {
        const clients = listed('CLIENTS', CLIENTS).filter((c) =>
            relation(c, wire, TYPES[wire] || wire) === 'translated');
        const recipe = 'text=ab,events=1';
        const body = await direct(ASK, wire, recipe);
        const end = over(wire, body);
        const tests = [];

        for (let n = 0; n < body.length; n++) {
            // each place in one dialect, the end of the stream in all
            const some = n < end - 40 ? [clients[n % clients.length]]
                : clients;
            some.forEach((client) => tests.push([client, n]));
        }

        const faults = new Map(clients.map((c) => [c, new Set()]));
        const replies = [];

        await each(tests, async ([client, n]) => {
            const reply = await send({ ...ASK, stream: true }, client,
                `${wire}/${named('m', `${recipe},cut=${n}`)}`);
            replies.push([client, n, reply]);
        });

        const lines = await log(replies.map(([, , reply]) => reply.case));

        for (const [client, n, reply] of replies) {
            const got = check(client, reply, { stream: true, usage: true,
                strict: true });
            const about = (s) => faults.get(client).add(`cut=${n}: ${s}`
                .slice(0, 600));
            const line = lines.get(reply.case);

            got.faults.filter((s) => !QUIET.test(s)).forEach(about);

            if (n < end) {
                if (reply.status === 200 && (got.ended || (ends(client, reply)
                    && !got.error)))
                {
                    about(`a success: ${shown(reply)}`);
                }
                if (reply.status === 200 && !got.error) {
                    about(`no error: ${shown(reply)}`);
                }
                if (!line || line.error === '') {
                    about(`the log: ${JSON.stringify(line)}`);
                }
            } else if (line.error === '' && !got.ended) {
                about(`neither: ${shown(reply)}`);
            }
        }

        for (const client of clients) {
            const list = Array.from(faults.get(client));
            ok(list.length === 0, `${client} to ${wire}: cut at bytes of `
                + `${body.length}, ${end} to its end`, `${list.length}: `
                + list.slice(0, SHOWN).join('\n'));
        }
    }
}


// SPLITS

async function splits() {
    await pairs('any pieces, the same bytes', async (client, wire, about) => {
        for (const [ask, recipe] of [[ASK, 'think=2,text=a%20%C3%BC%20b'],
            [ASK_TOOLS, 'calls=2,frag=3'], [ASK, 'events=2,crlf'],
            [ASK, 'events=2,pings=2']])
        {
            let first = null;

            for (const split of ['', 'split=1', 'split=2', 'split=7',
                'split=random:5', 'split=event', 'framing=close,split=3'])
            {
                const reply = await send({ ...ask, stream: true }, client,
                    `${wire}/${named('m', [recipe, split].filter(Boolean)
                        .join(','))}`);

                if (reply.status !== 200 || !reply.complete) {
                    about(`${recipe} ${split}: ${shown(reply)}`);
                } else if (first === null) {
                    first = masked(reply);
                } else if (masked(reply) !== first) {
                    about(`${recipe} ${split}: ${apart(first, masked(reply))}`);
                }
            }
        }
    });
}


const PARTS = { errors, inband, cuts, splits };


async function main() {
    await PARTS[PART]();
    gateway.close();
    mock.close();
}


runTests(main);
