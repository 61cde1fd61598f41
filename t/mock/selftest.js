#!/usr/bin/env node
// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// The mock keeps its word: what each key of a recipe does on the wire.
// TAP on stdout:  prove -e node t/mock/selftest.js

const child = require('child_process');
const crypto = require('crypto');
const dgram = require('dgram');
const fs = require('fs');
const os = require('os');
const path = require('path');
const tls = require('tls');
const zlib = require('zlib');

const { complete, parse, run, sleep, stopAll, talk } = require('./talk');

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'mock-selftest-'));
let tests = 0;
let failed = 0;


function ok(pass, name, detail) {
    tests++;
    failed += pass ? 0 : 1;
    console.log(`${pass ? 'ok' : 'not ok'} ${tests} - ${name}`);
    if (!pass && detail !== undefined) {
        const text = String(detail).slice(0, 2000);
        console.log(`# ${text.replace(/\n/g, '\n# ')}`);
    }
}


function is(got, want, name) {
    ok(got === want, name, `got ${JSON.stringify(got)}, want `
        + JSON.stringify(want));
}


const CHAT = '/v1/chat/completions';
const HELLO = { model: 'm', messages: [{ role: 'user', content: 'hi there' }] };
const STREAM = { ...HELLO, stream: true,
    stream_options: { include_usage: true } };
let mock;


function post(target, body, more = '') {
    const b = typeof body === 'string' ? body : JSON.stringify(body);
    return `POST ${target} HTTP/1.1\r\nHost: mock\r\n${more}`
        + 'Content-Type: application/json\r\n'
        + `Content-Length: ${Buffer.byteLength(b)}\r\n\r\n${b}`;
}


async function call(recipe, body = HELLO, opts = {}) {
    const target = (recipe ? `/~${recipe}` : '') + (opts.route || CHAT);
    const t = await talk(mock, post(target, body, opts.more),
        { until: opts.until === undefined ? complete : opts.until, ...opts });

    t.socket.destroy();
    return { ...t, ...parse(t.raw) };
}


async function get(target, method = 'GET') {
    const t = await talk(mock,
        `${method} ${target} HTTP/1.1\r\nHost: m\r\n\r\n`, { until: complete });

    t.socket.destroy();
    return parse(t.raw);
}


async function control(what) {
    return (await get(`/~ctl/${what}`)).body;
}


async function journal() {
    await sleep(20);
    return (await control('journal')).split('\n').filter(Boolean)
        .map((l) => JSON.parse(l));
}


const events = (body) => body.split(/\r?\n\r?\n/).filter(Boolean);
const data = (body) => events(body).filter((e) => /^data: \{/m.test(e))
    .map((e) => JSON.parse(/^data: (.*)$/m.exec(e)[1]));
const said = (body) => data(body).map((d) => d.choices[0]
    ? d.choices[0].delta.content || '' : '').join('');


async function plainAnswers() {
    let r = await call('');
    let o = JSON.parse(r.body);
    is(r.status, 200, 'chat: 200');
    is(o.choices[0].message.content,
        'Hello from the mock provider. You said: hi there',
        'chat: the answer tells what was said');
    is(JSON.stringify([o.usage.prompt_tokens, o.usage.completion_tokens,
        o.usage.total_tokens]), '[2,9,11]', 'chat: usage counts as documented');
    is(r.pieces.length, 1, 'a plain reply is one write');

    r = await call('', STREAM);
    const list = data(r.body);
    ok(/text\/event-stream/.test(r.head) && /chunked/.test(r.head),
        'stream: chunked event-stream');
    is(list[0].choices[0].delta.role, 'assistant',
        'stream: a role chunk first');
    is(said(r.body), o.choices[0].message.content,
        'stream: the deltas are the plain answer');
    is(list[list.length - 2].choices[0].finish_reason, 'stop',
        'stream: a finish chunk');
    is(JSON.stringify(list[list.length - 1].usage), JSON.stringify(o.usage),
        'stream: the usage chunk has the plain usage');
    ok(list.slice(0, -1).every((d) => d.usage === null),
        'stream: usage is null on the other chunks');
    ok(r.body.endsWith('data: [DONE]\n\n'), 'stream: [DONE] at the end');

    r = await call('', { ...HELLO, stream: true });
    ok(!/usage/.test(r.body), 'stream: no usage when it was not asked for');

    o = JSON.parse((await call('', { ...HELLO, n: 3 })).body);
    is(o.choices.length, 3, 'n=3: three choices');
    r = await call('', { ...STREAM, n: 2 });
    is(data(r.body).filter((d) => d.choices[0]
        && d.choices[0].finish_reason).length, 2,
    'n=2: each choice has its finish chunk');

    o = JSON.parse((await call('', { ...HELLO, max_tokens: 3 })).body);
    is(o.choices[0].finish_reason, 'length',
        'max_tokens: finish_reason length');

    const tools = [{ type: 'function', function: { name: 'weather',
        parameters: { type: 'object', properties: { city: { type: 'string' },
            unit: { enum: ['c', 'f'] } } } } }];
    o = JSON.parse((await call('', { ...HELLO, tools })).body).choices[0];
    is(o.finish_reason, 'tool_calls', 'tools: finish_reason tool_calls');
    is(o.message.tool_calls[0].function.arguments,
        '{"city":"mock value","unit":"c"}', 'tools: arguments fit the schema');
    r = await call('', { ...STREAM, tools });
    is(data(r.body).map((d) => d.choices[0] && d.choices[0].delta.tool_calls
        ? d.choices[0].delta.tool_calls[0].function.arguments : '').join(''),
    '{"city":"mock value","unit":"c"}', 'tools: arguments come in fragments');
    o = JSON.parse((await call('', { ...HELLO, tools, messages: [
        ...HELLO.messages, { role: 'assistant', content: null, tool_calls: [
            { id: 'c', type: 'function', function: { name: 'weather',
                arguments: '{}' } }] },
        { role: 'tool', tool_call_id: 'c', content: '5' }] })).body);
    is(o.choices[0].finish_reason, 'stop', 'tools: text after a tool result');
    is(o.choices[0].message.content, 'Hello from the mock provider. '
        + 'You said: hi there The tool said: 5', 'which it tells');
    is((await call('', { ...HELLO, messages: [...HELLO.messages,
        { role: 'tool', tool_call_id: 'c', content: '5' }] })).status, 400,
    'a result of no call: 400');

    is((await call('', '{"model":')).status, 400, 'broken JSON: 400');
    is((await call('', {})).status, 400, 'no model: 400');
    is((await get('/v1/nothing')).status, 404, 'unknown route: 404');
}


async function otherRoutes() {
    const json = async (route, body) => JSON.parse(
        (await call('', body, { route })).body);
    let o = await json('/v1/embeddings', { model: 'm', input: ['a', 'b'],
        dimensions: 4 });
    is(o.data[1].embedding.length, 4, 'embeddings: a vector for each input');
    const b = await json('/v1/embeddings', { model: 'm', input: ['a', 'b'],
        dimensions: 4, encoding_format: 'base64' });
    is(JSON.stringify(Array.from(new Float32Array(Uint8Array.from(Buffer.from(
        b.data[1].embedding, 'base64')).buffer))),
    JSON.stringify(o.data[1].embedding),
    'embeddings: base64 is the same floats');

    o = await json('/v1/completions', { model: 'm', prompt: 'x' });
    is(o.object, 'text_completion', 'completions');
    o = await json('/v1/moderations', { input: ['be nice', 'kill it'] });
    is(o.results.map((r) => r.flagged).join(), 'false,true', 'moderations');
    o = await json('/v1/images/generations', { prompt: 'a cat', n: 2 });
    ok(o.data.length === 2 && Buffer.from(o.data[0].b64_json, 'base64')
        .latin1Slice(1, 4) === 'PNG', 'images: PNGs');
    o = await json('/v1/rerank', { model: 'm', query: 'panda',
        documents: ['fish', 'a panda'], top_n: 1 });
    is(o.results[0].index, 1, 'rerank: the best first');
    const wav = await call('size=100', { model: 'm', input: 'x',
        response_format: 'wav' }, { route: '/v1/audio/speech' });
    is(wav.body.length, 144, 'speech: a wav of the size asked for');

    const form = (fields) => fields.map(([n, v, file]) => '--XX\r\n'
        + `Content-Disposition: form-data; name="${n}"`
        + `${file ? `; filename="${file}"` : ''}\r\n\r\n${v}\r\n`).join('')
        + '--XX--\r\n';
    const upload = async (route, fields) => {
        const body = form(fields);
        const t = await talk(mock, `POST ${route} HTTP/1.1\r\nHost: m\r\n`
            + 'Content-Type: multipart/form-data; boundary=XX\r\n'
            + `Content-Length: ${body.length}\r\n\r\n${body}`,
        { until: complete });
        t.socket.destroy();
        return parse(t.raw);
    };
    let r = await upload('/v1/audio/transcriptions', [['model', 'w'],
        ['file', '\0\r\n--X\r\n', 'a.wav']]);
    is(JSON.parse(r.body).text,
        'Hello from the mock provider. You said: a file of 8 bytes',
        'transcriptions: the file is counted to the byte');
    r = await upload('/v1/audio/transcriptions', [['mock', 'status=429'],
        ['file', 'x', 'a.wav']]);
    is(r.status, 429, 'a form field "mock" is a recipe');

    const input = '{"custom_id":"a"}\n{"custom_id":"b"}\n';
    const f = JSON.parse((await upload('/v1/files', [['purpose', 'batch'],
        ['file', input, 'in.jsonl']])).body);
    is((await get(`/v1/files/${f.id}/content`)).body, input,
        'files: what was sent is what is read');
    o = await json('/v1/batches', { input_file_id: f.id,
        endpoint: CHAT, completion_window: '24h' });
    o = JSON.parse((await get(`/v1/batches/${o.id}`)).body);
    const out = (await get(`/v1/files/${o.output_file_id}/content`)).body;
    ok(o.status === 'completed' && /"custom_id":"b"/.test(out),
        'batches: completed, with an output');
    is(JSON.parse((await get(`/v1/files/${f.id}`, 'DELETE')).body).deleted,
        true, 'files: deleted');
    is((await get(`/v1/files/${f.id}`)).status, 404, 'files: gone');

    o = await json('/v1/videos', { model: 'sora-2', prompt: 'a cat' });
    const seen = [o.status];
    for (let i = 0; i < 2; i++) {
        seen.push(JSON.parse((await get(`/v1/videos/${o.id}`)).body).status);
    }
    is(seen.join(), 'queued,in_progress,completed', 'videos: a task goes on');
    ok(/ftyp/.test((await get(`/v1/videos/${o.id}/content`)).body),
        'videos: content');
    o = await json('/v1/fine_tuning/jobs', { model: 'm', training_file: f.id });
    is(JSON.parse((await get(`/v1/fine_tuning/jobs/${o.id}`)).body).id, o.id,
        'fine_tuning: jobs');
    is((await get('/v1/models/gpt-4o-mini')).status, 200,
        'models: a known one');
    is((await get('/v1/models/none')).status, 404, 'models: an unknown one');

    const R = '/v1/responses';
    o = await json(R, { model: 'm', input: 'hi' });
    is(o.output[0].content[0].text,
        'Hello from the mock provider. You said: hi', 'responses: plain');
    is(JSON.parse((await get(`${R}/${o.id}`)).body).id, o.id,
        'responses: stored');
    is((await get(`${R}/${o.id}`, 'DELETE')).status, 200, 'responses: deleted');
    is((await get(`${R}/${o.id}`)).status, 404, 'responses: gone');
    r = await call('', { model: 'm', input: 'hi', stream: true }, { route: R });
    const types = events(r.body).map((e) => /^event: (.*)$/m.exec(e)[1]);
    ok(types.join() === data(r.body).map((d) => d.type).join()
        && data(r.body).every((d, i) => d.sequence_number === i),
    'responses: event names are types, sequence numbers count');
    is(types.filter((t, i) => t !== types[i - 1])
        .map((t) => t.replace('response.', '')).join(' '),
    'created in_progress output_item.added content_part.added '
        + 'output_text.delta output_text.done content_part.done '
        + 'output_item.done completed', 'responses: the event grammar');
    r = await call('', { model: 'm', input: 'hi', stream: true, tools: [
        { type: 'function', name: 'f', parameters: {} }] }, { route: R });
    ok(/function_call_arguments\.done/.test(r.body), 'responses: a tool call');
    o = await json(`${R}/input_tokens`, { model: 'm', input: 'hi there' });
    is(o.input_tokens, 2, 'responses: input_tokens');
    o = await json(`${R}/compact`, { model: 'm', input: 'hi' });
    is(o.object, 'response.compaction', 'responses: compact');
}


async function contents() {
    let r = await call('status=529');
    is(r.status, 529, 'status=529: the status');
    is(JSON.parse(r.body).error.type, 'overloaded_error',
        'status=529: an error in the shape of the dialect');
    r = await call('status=429', STREAM);
    ok(/application\/json/.test(r.head), 'status=429: JSON for a stream too');

    const seen = [];
    for (let i = 0; i < 3; i++) {
        seen.push((await call('status=529|status=503|status=200')).status);
    }
    is(seen.join(), '529,503,200', 'a sequence goes on, its last step stays');
    is((await call('status=529|status=503|status=200')).status, 200,
        'the last step stays');
    is((await call('seq=x,status=529|status=503|status=200')).status, 529,
        'seq= counts apart');
    await control('reset');
    is((await call('status=529|status=503|status=200')).status, 529,
        '/~ctl/reset begins again');

    is((await call('status=529', { ...HELLO, mock: 'status=200' })).status, 200,
        'the recipe in the body overrides the one in the path');
    is((await call('', { ...HELLO, mock: 'status=402' })).status, 402,
        'a recipe in the body alone');
    is((await call('nonsense=1')).status, 400, 'an unknown key: 400');
    is((await call('delay=x')).status, 400, 'a bad value: 400');
    is((await call('status%3D418')).status, 418, 'the segment is decoded');

    const b64 = Buffer.from('{"a":1}').toString('base64');
    r = await call(`body=${b64},ctype=text%252Fodd,status=207`);
    ok(r.body === '{"a":1}' && /Content-Type: text\/odd\r\n/.test(r.head)
        && r.status === 207, 'body=, ctype=, status=: as they are', r.raw);
    r = await call('header=X-A:1%252C2,header=x-b:%20c');
    ok(/\r\nX-A: 1,2\r\nx-b: c\r\n/.test(r.head), 'header=, repeated', r.head);
    r = await call('events=5', STREAM);
    is(said(r.body), 'word1 word2 word3 word4 word5', 'events=5');
    is(JSON.parse((await call('size=1000')).body).choices[0].message.content
        .length, 1000, 'size=1000: plain');
    r = await call('size=1000,events=7', STREAM);
    ok(said(r.body).length === 1000 && data(r.body).length === 7 + 3,
        'size=1000,events=7: 7 deltas of together 1000 bytes');
    r = await call('pings=3', STREAM);
    ok(r.body.startsWith(': ping\n\n: ping\n\n: ping\n\ndata: '), 'pings=3');
    r = await call('errevent=e2', STREAM);
    ok(events(r.body).length === 3 && data(r.body)[2].error && r.complete
        && !/DONE/.test(r.body), 'errevent=e2: two events, an error, the end');
    r = await call('errevent=first', STREAM);
    ok(data(r.body).length === 1 && data(r.body)[0].error, 'errevent=first');
    r = await call('crlf', STREAM);
    ok(r.body.split('\r\n\r\n').length === 14 && !/[^\r]\n/.test(r.body),
        'crlf: all line ends');
    r = await call('nodone', STREAM);
    ok(!/DONE/.test(r.body) && r.complete, 'nodone');
    r = await call('echo', HELLO, { more: 'X-Odd-CASE: v\r\n'
        + 'Authorization: Bearer sk-secret\r\n' });
    const e = JSON.parse(JSON.parse(r.body).choices[0].message.content);
    ok(e.headers.some(([n, v]) => n === 'X-Odd-CASE' && v === 'v')
        && e.body === JSON.stringify(HELLO) && e.path === CHAT
        && e.body_sha256 === crypto.createHash('sha256').update(e.body)
            .digest('hex'), 'echo: method, path, headers, body');
    ok(!/sk-secret/.test(r.raw), 'echo: no secret in clear');
    r = await call('html');
    ok(r.status === 200 && /text\/html/.test(r.head) && /<html>/.test(r.body),
        'html');
    r = await call('empty');
    ok(r.body === '' && /Content-Length: 0/.test(r.head), 'empty');
    r = await call('redirect=http:%252F%252Fx%252Fy');
    ok(r.status === 307 && /Location: http:\/\/x\/y\r\n/.test(r.head),
        'redirect=');
    r = await call('gzip');
    ok(/Content-Encoding: gzip/.test(r.head) && JSON.parse(zlib.gunzipSync(
        Buffer.from(r.body, 'latin1'))).object, 'gzip: plain');
    r = await call('gzip', STREAM);
    ok(/DONE/.test(zlib.gunzipSync(Buffer.from(r.body, 'latin1'))),
        'gzip: a stream');
    r = await call('status=204');
    ok(r.status === 204 && !/Content-Length/.test(r.head) && r.body === '',
        'status=204: no body, no length');
}


async function usages() {
    const last = async (recipe, body = STREAM) => {
        const r = await call(recipe, body);
        return data(r.body).map((d) => d.usage).filter((u) => u !== undefined);
    };
    const plain = async (recipe) => (await call(recipe)).body;

    is((await last('usage=none')).length, 0, 'usage=none: a stream');
    ok(!/usage/.test(await plain('usage=none')), 'usage=none: plain');
    ok((await last('usage=null')).every((u) => u === null), 'usage=null');
    is((await last('usage=zero')).pop().total_tokens, 0, 'usage=zero');
    is((await last('usage=string')).pop().prompt_tokens, '12', 'usage=string');
    is((await last('usage=neg')).pop().completion_tokens, -5, 'usage=neg');
    ok(/"prompt_tokens":9223372036854775808,/.test(await plain('usage=huge')),
        'usage=huge: 2^63 to the digit');
    is((await last('usage=float')).pop().prompt_tokens, 12.5, 'usage=float');
    is((await last('usage=100:7')).pop().total_tokens, 107, 'usage=P:C');
    const every = await last('usage=every', { ...HELLO, stream: true });
    ok(every.length > 10 && every.every((u, i) => u && (i === 0
        || u.completion_tokens >= every[i - 1].completion_tokens)),
    'usage=every: in each chunk, growing, without being asked');
    const twice = (await last('usage=twice')).filter(Boolean);
    ok(twice.length === 2 && twice[0].completion_tokens
        < twice[1].completion_tokens, 'usage=twice: the smaller first');
    is((await last('cached=4')).pop().prompt_tokens_details.cached_tokens, 4,
        'cached=4');
    const r = (await last('reasoning=6')).pop();
    ok(r.completion_tokens === 15
        && r.completion_tokens_details.reasoning_tokens === 6,
    'reasoning=6: added to the completion');
}


async function times() {
    let r = await call('delay=150');
    ok(r.pieces[0].t >= 145 && r.pieces[0].t < 1000, 'delay=150',
        JSON.stringify(r.pieces));
    r = await call('first=150');
    ok(r.pieces[0].t < 120 && r.pieces[r.pieces.length - 1].t >= 145,
        'first=150: the head at once, the body later',
        JSON.stringify(r.pieces));
    r = await call('gap=30,events=5', STREAM);
    const spread = r.pieces[r.pieces.length - 1].t - r.pieces[0].t;
    ok(r.pieces.length >= 8 && spread >= 200, 'gap=30: events one by one',
        JSON.stringify(r.pieces));
    const whole = (await call('', STREAM)).body;
    r = await call('split=1', STREAM);
    ok(r.pieces.length > r.raw.length / 4 && r.body === whole,
        'split=1: byte by byte, and the same bytes',
        `${r.pieces.length} pieces of ${r.raw.length} bytes`);
    r = await call('split=event', STREAM);
    ok(r.pieces.length >= 10 && r.body === whole, 'split=event',
        r.pieces.length);
    r = await call('split=random:7', STREAM);
    const again = await call('split=random:7', STREAM);
    ok(r.pieces.length > 30 && r.body === whole && again.body === whole,
        'split=random:7', r.pieces.length);
    r = await call('1xx=3');
    is((r.raw.match(/HTTP\/1\.1 1\d\d /g) || []).length, 3,
        '1xx=3: three informational replies');
    ok(r.status === 200 && r.complete, '1xx=3: and the real one');

    const t = await talk(mock, `POST /~early,status=429${CHAT} HTTP/1.1\r\n`
        + 'Host: m\r\nContent-Length: 1000\r\n\r\nabc', { until: complete });
    is(parse(t.raw).status, 429, 'early: the reply before the body');
    t.socket.write('x'.repeat(997));
    const u = await talk(null, post(CHAT, HELLO),
        { socket: t.socket, until: complete });
    is(parse(u.raw).status, 200, 'early: the connection goes on after it');
    t.socket.destroy();
}


async function faults() {
    const whole = await call('', STREAM);
    const plain = await call('');
    let r = await call('cut=100', STREAM);
    ok(r.end === 'fin' && r.body === whole.body.slice(0, 100) && !r.complete,
        'cut=100: 100 bytes of the body, then the end', r.raw);
    r = await call('cut=100');
    ok(r.end === 'fin' && r.body === plain.body.slice(0, 100),
        'cut=100: plain');
    r = await call('cut=0');
    ok(r.end === 'fin' && r.status === 200 && r.body === '',
        'cut=0: only the head');
    r = await call('cut=e3', STREAM);
    ok(r.end === 'fin' && events(r.body).length === 3 && !r.complete,
        'cut=e3: three events');
    r = await call('cut=e13', STREAM);
    ok(/DONE/.test(r.body) && !r.complete,
        'cut after [DONE]: no last chunk');
    r = await call('cut=w12');
    ok(r.end === 'fin' && r.raw === 'HTTP/1.1 200', 'cut=w12: wire bytes');
    r = await call('cut=w0');
    ok(r.end === 'fin' && r.raw === '', 'cut=w0: no reply at all');
    r = await call('rst=100', STREAM);
    ok(r.end === 'rst' && r.body.length === 100, 'rst=100: a reset', r.end);
    r = await call('stall=e2', STREAM, { deadline: 300 });
    ok(r.end === 'timeout' && events(r.body).length === 2,
        'stall=e2: silent, and open');
    r = await call('stall=w0', HELLO, { deadline: 200 });
    ok(r.end === 'timeout' && r.raw === '', 'stall=w0: never a byte');
    r = await call('framing=length', STREAM);
    ok(/Content-Length: /.test(r.head) && r.body === whole.body,
        'framing=length: a stream');
    r = await call('framing=chunked');
    ok(/chunked/.test(r.head) && r.body === plain.body,
        'framing=chunked: a plain reply');
    r = await call('framing=close', HELLO, { until: null });
    ok(r.end === 'fin' && !/Content-Length|chunked/.test(r.head)
        && r.body === plain.body, 'framing=close');
    r = await call('framing=badchunk', STREAM, { until: null });
    ok(r.end === 'fin' && /\r\nzz\r\n/.test(r.raw) && r.bad,
        'framing=badchunk');
    r = await call('framing=shortlength');
    ok(r.end === 'fin' && !r.complete && r.body === plain.body,
        'framing=shortlength: less than declared');
    r = await call('framing=longlength', HELLO,
        { until: (raw) => /second$/.test(raw) });
    ok(r.body === plain.body && /^HTTP\/1\.1 200 /.test(r.extra),
        'framing=longlength: a second response');
    r = await call('eofhead');
    ok(r.end === 'fin' && /^HTTP/.test(r.raw) && !/\r\n\r\n/.test(r.raw),
        'eofhead');
    const lots = (re) => (raw) => raw.length > 3e5 && re.test(raw);
    r = await call('endless=headers', HELLO,
        { until: lots(/X-Endless-900: /) });
    ok(r.end === 'until' && !/\r\n\r\n/.test(r.raw), 'endless=headers');
    r = await call('endless=pings', STREAM, { until: lots(/: ping/) });
    ok(r.end === 'until' && !/data:/.test(r.raw), 'endless=pings');
    r = await call('endless=body', STREAM, { until: lots(/data:/) });
    is(r.end, 'until', 'endless=body');
    r = await call('close', HELLO, { until: null });
    ok(r.end === 'fin' && /Connection: close/.test(r.head) && r.complete,
        'close');
    r = await call('keepclose', HELLO, { until: null });
    ok(r.end === 'fin' && !/Connection: close/.test(r.head) && r.complete,
        'keepclose: closes without having said so');
    r = await talk(mock, post(`/~keepclose=next${CHAT}`, HELLO),
        { until: complete });
    const next = await talk(null, post(CHAT, HELLO), { socket: r.socket });
    ok(complete(r.raw) && next.raw === '' && next.end !== 'timeout',
        'keepclose=next: the next request is not answered');
}


async function requests() {
    const one = post(CHAT, HELLO);
    let r = await talk(mock, one + one + one, {
        until: (raw) => raw.split('chat.completion"').length === 4 });
    is(r.end, 'until', 'pipelining: three requests, three replies');
    r.socket.destroy();

    const b = JSON.stringify(HELLO);
    const chunked = `POST ${CHAT} HTTP/1.1\r\nHost: m\r\n`
        + 'Transfer-Encoding: chunked\r\n\r\n'
        + b.split('').map((c) => `1\r\n${c}\r\n`).join('') + '0\r\n\r\n';
    r = await talk(mock, chunked, { until: complete });
    is(parse(r.raw).body, (await call('')).body, 'a chunked request body');
    r.socket.destroy();

    r = await talk(mock, `POST ${CHAT} HTTP/1.1\r\nHost: m\r\n`
        + `Content-Length: ${b.length}\r\nExpect: 100-continue\r\n\r\n`,
    { until: (raw) => /^HTTP\/1\.1 100 [^]*\r\n\r\n/.test(raw) });
    is(r.end, 'until', 'Expect: 100-continue is continued');
    r = await talk(null, b, { socket: r.socket, until: complete });
    is(parse(r.raw).status, 200, 'and then answered');
    r.socket.destroy();

    r = await talk(mock, `POST ${CHAT} HTTP/1.0\r\nHost: m\r\n`
        + `Content-Length: ${b.length}\r\n\r\n${b}`);
    ok(r.end === 'fin' && !/chunked/.test(r.raw), 'HTTP/1.0: closes');
    r = await talk(mock, 'POST / HTTP/1.1\r\nContent-Length: 1\r\n'
        + 'Transfer-Encoding: chunked\r\n\r\n');
    ok(/^HTTP\/1.1 400/.test(r.raw), 'both framings in a request: 400');

    await control('reset');
    const long = 'a'.repeat(30e6);
    r = await call('', { model: 'big', messages: [{ role: 'user',
        content: long }] },
    { deadline: 20000, more: 'X-Request-Id: long\r\n' });
    is(r.status, 200, 'a body of 30 MB');
    const [line] = await journal();
    ok(line.length > 30e6 && line.model === 'big' && line.id === 'long',
        'is hashed, counted and understood at its start');
}


async function journals() {
    await control('reset');
    await call('usage=10:5', STREAM, { more: 'X-Request-ID: r1\r\n'
        + 'Authorization: Bearer sk-secret\r\n' });
    await call('cut=e2', STREAM, { more: 'X-Request-ID: r2\r\n' });
    await call('gap=50', STREAM,
        { more: 'X-Request-ID: r3\r\n', deadline: 120 });
    await call('stall=10', HELLO, { more: 'X-Request-ID: r4\r\n',
        deadline: 100 });
    const half = await talk(mock, 'POST /x HTTP/1.1\r\nX-Request-ID: r5\r\n'
        + 'Content-Length: 9\r\n\r\nabc', { deadline: 50 });
    half.socket.destroy();

    const text = await control('journal');
    const lines = new Map((await journal()).map((l) => [l.id, l]));
    const [r1, r2, r3, r4, r5] = ['r1', 'r2', 'r3', 'r4', 'r5']
        .map((id) => lines.get(id));
    const mark = crypto.createHash('sha256').update('sk-secret').digest('hex')
        .slice(0, 8);

    ok(r1.ended === 'complete' && r1.status === 200 && r1.events === 13
        && r1.recipe === 'usage=10:5' && r1.path === CHAT && r1.stream,
    'journal: a complete one', JSON.stringify(r1));
    ok(r1.usage.prompt === 10 && r1.usage.completion === 5 && r1.usage_sent,
        'journal: what was billed');
    ok(!/sk-secret/.test(text) && r1.headers.some(([n, v]) => (
        n === 'Authorization' && v === `Bearer sha256:${mark}`)),
    'journal: a key shows as its digest');
    ok(r2.ended === 'cut' && r2.events === 2 && !r2.usage_sent,
        'journal: cut, before the usage went out', JSON.stringify(r2));
    ok(r3.ended === 'client_gone' && r3.events > 0 && r3.events < 6,
        'journal: client_gone', JSON.stringify(r3));
    ok(r4.ended === 'stalled', 'journal: stalled', JSON.stringify(r4));
    ok(r5.ended === 'client_gone' && r5.status === 0 && r5.length === 3
        && !r5.read, 'journal: gone within the body', JSON.stringify(r5));
    is((await control('journal?since=4')).split('\n').length, 2,
        'journal: since=');

    const stats = JSON.parse(await control('stats'));
    ok(stats.in_flight === 0 && stats.open_connections === 0
        && stats.requests === 5, 'stats: nothing in flight at rest',
    JSON.stringify(stats));
    const file = fs.readFileSync(`${dir}/journal`, 'utf8');
    ok(/"id":"r5"/.test(file), 'journal: the file has it too');
}


async function manyStreams() {
    const sockets = [];
    const texts = await Promise.all(Array.from({ length: 1000 }, async () => {
        const t = await talk(mock, post(`/~gap=100,events=10${CHAT}`, STREAM),
            { until: complete, deadline: 20000 });
        sockets.push(t.socket);
        return t.end === 'until' && said(parse(t.raw).body).length;
    }));
    sockets.forEach((s) => s.destroy());
    ok(texts.every((n) => n === 60), 'a thousand slow streams at once');
}


async function listeners() {
    const cert = [`${dir}/cert.pem`, `${dir}/key.pem`];
    child.execFileSync('openssl', ['req', '-x509', '-newkey', 'ec',
        '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj',
        '/CN=mock.test', '-days', '2', '-out', cert[0], '-keyout', cert[1]],
    { stdio: 'ignore' });

    const m = await run('provider.js', ['--listen',
        `tls:127.0.0.1:0,unix:${dir}/sock,127.0.0.1:0`, '--tls', ...cert,
        '--require-key', 'sk-1'], 3);
    const secure = () => new Promise((resolve) => {
        const s = tls.connect({ port: m.port, host: '127.0.0.1',
            servername: 'mock.test', rejectUnauthorized: false },
        () => resolve(s));
    });
    const good = post(CHAT, HELLO, 'Authorization: Bearer sk-1\r\n');
    let s = await secure();
    let t = await talk(null, good, { socket: s, until: complete });
    is(parse(t.raw).status, 200, 'tls: answers');
    s.destroy();
    t = await talk({ path: `${dir}/sock` }, good, { until: complete });
    is(parse(t.raw).status, 200, 'unix: answers');
    t.socket.destroy();

    const plain = { port: Number(/\d+$/.exec(m.urls[2])[0]),
        host: '127.0.0.1' };
    t = await talk(plain, post(CHAT, HELLO), { until: complete });
    is(parse(t.raw).status, 401, '--require-key: 401 without it');
    t.socket.destroy();
    t = await talk(plain, 'GET /~ctl/journal HTTP/1.1\r\n\r\n',
        { until: complete });
    is(JSON.parse(parse(t.raw).body.split('\n')[0]).tls.sni, 'mock.test',
        'tls: the journal has the SNI');
    t.socket.destroy();

    s = await secure();
    t = await talk(null, post(`/~rst=50${CHAT}`, HELLO,
        'Authorization: Bearer sk-1\r\n'), { socket: s });
    is(t.end, 'rst', 'tls: a reset');

    const ended = new Promise((resolve) => m.p.on('exit', resolve));
    const start = Date.now();
    m.p.kill('SIGTERM');
    is(await ended, 0, 'SIGTERM: ends');
    ok(Date.now() - start < 500, 'SIGTERM: at once');
    ok(!fs.existsSync(`${dir}/sock`), 'SIGTERM: no socket is left');
}


async function proxies() {
    const file = `${dir}/proxy`;
    const target = `127.0.0.1:${mock.port}`;
    const p = await run('connect-proxy.js', ['--user', 'u:p', '--journal', file,
        '--map', `api.example:443=${target}`, '--recipe',
        'header=X-P:1|status=503|cut=w0|cut=50|eofhead']);
    const where = { port: p.port, host: '127.0.0.1' };
    const auth = `Proxy-Authorization: Basic ${Buffer.from('u:p')
        .toString('base64')}\r\n`;
    const connect = (more = auth) => talk(where,
        `CONNECT api.example:443 HTTP/1.1\r\nHost: x\r\n${more}\r\n`,
        { until: (raw) => /\r\n\r\n/.test(raw) });

    let t = await connect();
    ok(/^HTTP\/1.1 200 [^]*\r\nX-P: 1\r\n/.test(t.raw), 'proxy: established');
    t = await talk(null, post(CHAT, HELLO),
        { socket: t.socket, until: complete });
    is(parse(t.raw).status, 200, 'proxy: the tunnel carries');
    t.socket.destroy();
    is(parse((await connect()).raw).status, 503, 'proxy: status=503');
    t = await connect();
    ok(t.end === 'fin' && t.raw === '', 'proxy: cut=w0');
    t = await connect();
    t = await talk(null, post(CHAT, HELLO), { socket: t.socket });
    ok(t.end === 'fin' && t.raw.length === 50, 'proxy: cut=50');
    t = await connect();
    ok(t.end === 'fin' && !/\r\n\r\n/.test(t.raw), 'proxy: eofhead');
    t = await connect('');
    is(parse(t.raw).status, 407, 'proxy: 407 without credentials');

    await sleep(50);
    const lines = fs.readFileSync(file, 'utf8').trim().split('\n')
        .map((l) => JSON.parse(l));
    ok(lines[0].target === 'api.example:443' && lines[0].user === 'ok'
        && lines[5].user === 'none' && !/dTpw/.test(JSON.stringify(lines)),
    'proxy: the journal tells who and where, and no password');
}


async function names() {
    const file = `${dir}/zone`;
    fs.writeFileSync(file, 'a.test=127.0.0.1;[::1]:7\nno.test=servfail\n');
    const d = await run('dns.js', ['--zone-file', file, '--zone',
        'quiet.test=drop']);
    const ask = (name, type) => new Promise((resolve) => {
        const s = dgram.createSocket('udp4');
        const q = Buffer.concat([Buffer.from([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0,
            0]), ...name.split('.').map((l) => Buffer.concat([
            Buffer.from([l.length]), Buffer.from(l)])),
        Buffer.from([0, 0, type, 0, 1])]);
        const timer = setTimeout(() => {
            s.close();
            resolve(null);
        }, 300);
        s.on('message', (b) => {
            clearTimeout(timer);
            s.close();
            resolve({ code: b[3] & 15, n: b.readUInt16BE(6),
                ttl: b.length > q.length ? b.readUInt32BE(q.length + 6) : null,
                data: b.subarray(q.length + 12).toString('hex') });
        });
        s.send(q, d.port, '127.0.0.1');
    });

    let a = await ask('A.test', 1);
    ok(a.n === 1 && a.data === '7f000001' && a.ttl === 7, 'dns: A, TTL',
        JSON.stringify(a));
    a = await ask('a.test', 28);
    is(a.data, '00000000000000000000000000000001', 'dns: AAAA');
    is((await ask('b.test', 1)).code, 3, 'dns: nxdomain');
    is((await ask('no.test', 1)).code, 2, 'dns: servfail');
    is(await ask('quiet.test', 1), null, 'dns: drop');
    fs.writeFileSync(file, 'a.test=127.0.0.2:7\n');
    d.p.kill('SIGHUP');
    await sleep(100);
    is((await ask('a.test', 1)).data, '7f000002',
        'dns: the file is read again on SIGHUP');
}


async function main() {
    const m = await run('provider.js', ['--journal', `${dir}/journal`]);
    mock = { port: m.port, host: '127.0.0.1' };

    for (const group of [plainAnswers, otherRoutes, contents, usages, times,
        faults, requests, journals, manyStreams, listeners, proxies, names])
    {
        await group();
    }
}


main().catch((e) => ok(false, 'ran to its end', e.stack)).then(() => {
    console.log(`1..${tests}`);
    stopAll();
    fs.rmSync(dir, { recursive: true, force: true });
    process.exit(failed ? 1 : 0);
});
