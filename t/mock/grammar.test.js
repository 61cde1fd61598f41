#!/usr/bin/env node
// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// The checkers of grammar/ find faults: every stream that is not what it was,
// by one event or one member, is found out, or comes to something else. TAP
// on stdout.

const aws = require('./aws');
const framing = require('./grammar/framing');
const json = require('./grammar/json');
const { Asker } = require('./ask');
const { DIALECTS, check } = require('./grammar');
const { write } = require('./neutral');
const { is, ok, run: runTests } = require('./tap');
const { run, stopAll } = require('./talk');

const ASK = { model: 'm', stream: true, max: 5000, replay: true, effort: 'low',
    messages: [{ role: 'user', parts: [{ kind: 'text', text: 'hi' }] }],
    tools: [{ name: 'f', schema: { type: 'object', properties: { a: {
        type: 'string' } } } }] };
const RECIPE = 'think=2,text=one%20two%20three,calls=2,usage=100:20,cached=6';

// What is neither noticed nor of any consequence: members that are opaque or
// optional, and are not a part of what a reply comes to.
const BLIND = {
    chat: /system_fingerprint|service_tier|created|_tokens$|_details$|logprobs|refusal|annotations/,
    completions: /created|_tokens$|_details$|logprobs/,
    responses: /^response\.|logprobs|^item\.(?:id|status)$|_tokens$|encrypted/,
    anthropic: /usage|service_tier|stop_sequence|signature/,
    gemini: /index|role|Details|responseId|modelVersion|Signature|Count$/,
    bedrock: /^p$|metrics\.|cache|signature|totalTokens/,
    cohere: /usage|billed_units|citations|^id$/,
    ollama: /_duration|created_at|done_reason|^message\.tool_calls\.0\.(id|function\.index)/,
};

let mock;


// A stream as a list of its events, and back.
const FORMS = {
    sse: [(b) => b.toString().split(/(?<=\n\n)/).map((text) => ({ text,
        data: /^data: (.*)$/m.exec(text)[1] })),
    (list) => Buffer.from(list.map((e) => e.text).join(''))],
    ndjson: [(b) => b.toString().split(/(?<=\n)/).map((text) => ({ text,
        data: text.trim() })),
    (list) => Buffer.from(list.map((e) => e.text).join(''))],
    eventstream: [(b) => aws.frames(b, () => { /* void */ }).map((f) => ({
        headers: f.headers, data: f.payload.toString() })),
    (list) => Buffer.concat(list.map((e) => aws.frame(e.headers, e.data)))],
};


function withData(e, data) {
    return e.text ? { text: e.text.replace(/\r/g, '').replace(e.data,
        () => data), data } : { ...e, data };
}


// Every member in a value, by its path; those of arguments are not ours.
function* paths(v, at = []) {
    if (at.length > 5 || v === null || typeof v !== 'object') {
        return;
    }
    for (const k of Object.keys(v)) {
        const path = [...at, k];
        if (!Array.isArray(v)) {
            yield path;
        }
        if (!['args', 'arguments', 'input', 'parameters', 'tools'].includes(k)
            || typeof v[k] === 'string')
        {
            yield* paths(v[k], path);
        }
    }
}


function changed(data, path, f) {
    const v = JSON.parse(data);
    const o = path.slice(0, -1).reduce((x, k) => x[k], v);

    f(o, path[path.length - 1]);
    return JSON.stringify(v);
}


async function events(dialect) {
    const [split, join] = FORMS[DIALECTS[dialect].framing];
    const reply = await mock.ask(write(dialect, { ...ASK,
        model: `m~${RECIPE}` }));
    const options = { stream: true, strict: true, usage: true };
    const text = reply.body.toString('latin1').replace(/\r\n/g, '\n');
    const list = split(Buffer.from(text, 'latin1'));
    const see = (l) => check(dialect, { ...reply, body: join(l) }, options);
    const good = see(list);
    const all = (f) => JSON.stringify([f.plain(), f.id, f.model, f.parts]);
    const want = all(good);
    const missed = [];

    const noticed = (l, what) => {
        const f = see(l);
        if (f.faults.length === 0 && all(f) === want) {
            missed.push(what);
        }
    };

    is(good.faults.join(), '', `${dialect}: a good stream is good`);
    ok(list.length > 5, `${dialect}: has events`);

    // what may come at any time, and means nothing
    const void_ = (e) => /^\{"type":"ping"/.test(e.data)
        || /"input":\s*""|"partial_json":""/.test(e.data);

    list.forEach((e, i) => {
        if (!void_(e)) {
            noticed([...list.slice(0, i), ...list.slice(i + 1)], `without ${i} `
                + e.data);
            noticed([...list.slice(0, i + 1), ...list.slice(i)],
                `${i} twice ${e.data}`);
        }
        if (i > 0 && !void_(e) && !void_(list[i - 1])
            && e.data !== list[i - 1].data)
        {
            noticed([...list.slice(0, i - 1), e, list[i - 1],
                ...list.slice(i + 1)], `${i - 1} and ${i} swapped ${e.data}`);
        }
    });

    is(missed.join('\n'), '', `${dialect}: no event is missed, doubled or `
        + 'swapped unseen');
    members(dialect, list, noticed, missed);
}


function members(dialect, list, noticed, missed) {
    missed.length = 0;

    list.forEach((e, i) => {
        if (e.data === '[DONE]') {
            return;
        }
        for (const path of paths(JSON.parse(e.data))) {
            const name = path.join('.');
            const instead = (data) => [...list.slice(0, i), withData(e, data),
                ...list.slice(i + 1)];
            if (BLIND[dialect].test(name)) {
                continue;
            }
            noticed(instead(changed(e.data, path, (o, k) => {
                o[`${k}_`] = o[k];
                delete o[k];
            })), `${i}: ${name} renamed`);
            noticed(instead(changed(e.data, path, (o, k) => {
                o[k] = typeof o[k] === 'number' ? 'x' : 4711;
            })), `${i}: ${name} of another type`);
        }
    });

    is(missed.slice(0, 20).join('\n'), '', `${dialect}: no member is renamed `
        + 'or of another type unseen');
}


function bytes() {
    const faults = (form, text) => {
        const list = [];
        framing[form](Buffer.from(text, 'latin1'), (v) => list.push(v));
        return list.length;
    };

    is(faults('sse', 'event: a\ndata: {}\n\n: c\n\n'), 0, 'sse: good');
    is(faults('sse', 'data: {}\r\n\r\n'), 0, 'sse: CRLF');
    for (const bad of ['data: {}\n', 'data: {}', '{"error":1}\n\n',
        'data: \xff\n\n', 'event: a\n\n', 'event: a\nevent: b\ndata: 1\n\n'])
    {
        ok(faults('sse', bad) > 0, `sse: ${JSON.stringify(bad)} is not`);
    }
    is(faults('ndjson', '{}\n{}\n'), 0, 'ndjson: good');
    for (const bad of ['{}', '{}\n\n', '{}\n\xff\n']) {
        ok(faults('ndjson', bad) > 0, `ndjson: ${JSON.stringify(bad)} is not`);
    }
    is(faults('array', '[{},\r\n{}]'), 0, 'array: good');
    for (const bad of ['[{}', '{}', '[{},]', '[{}]]']) {
        ok(faults('array', bad) > 0, `array: ${bad} is not`);
    }

    const frame = aws.event('x', '{}');
    is(faults('eventstream', frame.toString('latin1').repeat(2)), 0,
        'frames: good');
    for (let i = 0; i < frame.length; i++) {
        const bad = Buffer.from(frame);
        bad[i] ^= 1;
        if (faults('eventstream', bad.toString('latin1')) === 0) {
            ok(false, `frames: the byte ${i} changed is not`);
        }
    }
    ok(faults('eventstream', frame.toString('latin1').slice(0, -1)) > 0,
        'frames: a cut one is not');
    is(aws.crc32(Buffer.from('123456789')), 0xcbf43926, 'crc32');
}


function texts() {
    is(json.canonical('{ "b": 1.0, "a": [1e400, "\\u00fc", {}], "c" : [] }'),
        '{"a":[1e400,"ü",{}],"b":1.0,"c":[]}', 'json: numbers stay');
    is(json.source(json.parse(' {"a": {"b" : 1.0}}').a), '{"b" : 1.0}',
        'json: a value knows its source');

    const twice = [];
    json.parse('{"a":1,"b":{"a":1,"a":2}}', twice);
    is(twice.join(), 'a', 'json: a name twice');

    for (const bad of ['', '{', '{"a"}', '[1,]', '{"a":1,}', '01', '+1', '1.',
        '.5', '"\n"', '"\\x"', 'nul', '{} {}', "{'a':1}", '"\\u12"',
        '['.repeat(1000)])
    {
        let e = null;
        try {
            json.parse(bad);
        } catch (x) {
            e = x;
        }
        ok(e instanceof SyntaxError, `json: ${bad.slice(0, 20)} is none`);
    }
}


async function start() {
    const { port } = await run('provider.js', []);
    mock = new Asker(`http://127.0.0.1:${port}`);
}


runTests(start, async () => {
    for (const dialect of Object.keys(DIALECTS)) {
        await events(dialect);
    }
}, bytes, texts).then(() => {
    mock.close();
    stopAll();
});
