#!/usr/bin/env node
// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// The mock speaks every dialect as grammar/ has it, whole and streamed, and
// refuses what a real provider refuses. TAP on stdout.

const fs = require('fs');
const os = require('os');
const path = require('path');

const { Asker } = require('./ask');
const { check } = require('./grammar');
const { DIALECTS, read, write } = require('./neutral');
const { is, ok, run: runTests } = require('./tap');
const { run, stopAll } = require('./talk');

const TOOLS = [{ name: 'weather', description: 'tells the weather',
    schema: { type: 'object', properties: { city: { type: 'string' },
        days: { type: 'integer' } }, required: ['city'] } },
{ name: 'time', description: 'tells the time',
    schema: { type: 'object', properties: {} } }];
const SAID = 'How is the weather in Zürich 🌦?';
const text = (role, s) => ({ role, parts: [{ kind: 'text', text: s }] });
const ASK = { model: 'm', messages: [text('system', 'Be brief.'),
    text('user', SAID)], tools: [], max: 500 };
const WITH_TOOLS = { ...ASK, tools: TOOLS };
const SPEAKS = Object.keys(DIALECTS).filter((d) => d !== 'completions');
const THINKS = ['chat', 'responses', 'anthropic', 'gemini', 'bedrock', 'cohere',
    'ollama'];
// what the mock's replies have of a reply's fold
const CACHES = ['chat', 'responses', 'anthropic', 'gemini', 'bedrock',
    'cohere'];

let mock;
let dir;


async function talk(dialect, ask, recipe = '', more = {}) {
    const request = write(dialect, { ...ask,
        model: recipe ? `${ask.model}~${recipe}` : ask.model });
    const reply = await mock.ask({ ...request, ...more });

    return check(dialect, reply, { stream: ask.stream, usage: true,
        strict: true, framing: ask.framing });
}


// The same whole and streamed, and no fault in either.
async function both(dialect, ask, recipe, name) {
    const whole = await talk(dialect, ask, recipe);
    const streamed = await talk(dialect, { ...ask, stream: true }, recipe);

    ok(whole.faults.length === 0 && whole.ended, `${dialect}: ${name}`,
        whole.faults);
    ok(streamed.faults.length === 0 && streamed.ended,
        `${dialect}: ${name}, streamed`, streamed.faults);
    is(JSON.stringify(streamed.plain()), JSON.stringify(whole.plain()),
        `${dialect}: ${name}, the same in both`);
    return whole;
}


async function answers(dialect) {
    let r = await both(dialect, ASK, '', 'a text');
    is(r.plain().text, dialect === 'completions'
        ? `Hello from the mock provider. You said: Be brief.\n${SAID}`
        : `Hello from the mock provider. You said: ${SAID}`,
    `${dialect}: tells what the user said`);
    is(r.finish, 'stop', `${dialect}: stops`);
    ok(r.usage.input > 0 && r.usage.output > 0, `${dialect}: has usage`,
        r.usage);

    r = await both(dialect, { ...ASK, max: 20, messages: [text('user',
        'word '.repeat(30))] }, '', 'a limit');
    is(r.finish, 'length', `${dialect}: is cut at the limit`);

    r = await both(dialect, ASK, 'text=x%20%F0%9F%8C%A6%20y', 'a text given');
    is(r.plain().text, 'x 🌦 y', `${dialect}: is that text`);

    r = await both(dialect, ASK, 'usage=100:20', 'usage');
    is(`${r.usage.input}:${r.usage.output}`, '100:20',
        `${dialect}: is that usage`);

    for (const split of ['1', 'random:7', 'event']) {
        const f = await talk(dialect, { ...ASK, stream: true },
            `split=${split},events=3`);
        ok(f.faults.length === 0 && f.plain().text === 'word1 word2 word3',
            `${dialect}: split=${split}`, f.faults);
    }

    const cut = await talk(dialect, { ...ASK, stream: true }, 'cut=e3');
    ok(!cut.ended && cut.faults.length > 0, `${dialect}: a cut is noticed`);

    const bad = await talk(dialect, { ...ASK, stream: true }, 'errevent=e2');
    ok(bad.error !== null && bad.faults.length === 0,
        `${dialect}: an error among the events`, bad.faults);
}


async function tools(dialect) {
    let r = await both(dialect, WITH_TOOLS, '', 'a call');
    is(JSON.stringify(r.plain().calls), JSON.stringify([{ name: 'weather',
        args: '{"city":"mock value","days":1}' }]), `${dialect}: is a call`);
    is(r.finish, 'tools', `${dialect}: ends for tools`);

    r = await both(dialect, WITH_TOOLS, 'calls=3,think=0', 'three calls');
    is(r.plain().calls.map((c) => c.name).join(), 'weather,time,weather',
        `${dialect}: in turn`);
    if (dialect !== 'gemini') {
        const ids = r.parts.filter((p) => p.kind === 'call').map((p) => p.id);
        is(new Set(ids).size, 3, `${dialect}: of different ids`);
    }

    r = await both(dialect, WITH_TOOLS,
        'text=let%20me%20look,call=f:%7B%22a%22%3A%5B1.0%2C%22%C3%BC%22%5D%7D,'
            + 'call=g,frag=2', 'calls given, and a text');
    is(JSON.stringify([r.plain().text, r.plain().calls]), JSON.stringify([
        'let me look', [{ name: 'f', args: '{"a":[1.0,"ü"]}' },
            { name: 'g', args: '{}' }]]), `${dialect}: are those`);
}


async function thoughts(dialect) {
    const r = await both(dialect, { ...ASK, max: 5000 },
        'think=3,reasoning=4', 'thoughts');

    is(r.plain().thinking, 'thought1 thought2 thought3',
        `${dialect}: are those`);
    if (!['anthropic', 'bedrock', 'ollama'].includes(dialect)) {
        is(r.usage.reasoning, 7, `${dialect}: and are counted`);
    }
    if (CACHES.includes(dialect)) {
        const f = await talk(dialect, ASK, 'usage=100:20,cached=60');
        is(`${f.usage.input}:${f.usage.cached}`, '100:60',
            `${dialect}: cached tokens`);
    }
}


// A conversation goes on in its own dialect: what the mock has signed comes
// back to it, and what is not as it was is refused.
async function rounds(dialect) {
    const model = dialect === 'gemini' ? 'gemini-3-pro' : 'm';
    const ask = { ...WITH_TOOLS, model, max: 5000, replay: true,
        effort: 'low' };
    const first = await talk(dialect, ask, 'calls=2');
    const { parts } = first;
    const calls = parts.filter((p) => p.kind === 'call');
    const answer = { role: 'assistant', parts: parts.map((p) => (
        p.kind === 'call' ? { ...p, args: p.text } : p)) };
    const results = { role: 'user', parts: calls.map((c, i) => ({
        kind: 'result', id: c.id, name: c.name,
        parts: [{ kind: 'text', text: `result ${i}` }] })) };
    const next = { ...ask, messages: [...ask.messages, answer, results] };
    const second = await talk(dialect, next);

    ok(calls.length === 2 && !second.error && second.faults.length === 0,
        `${dialect}: results of calls`, [first.error, second.error,
            second.faults]);
    ok(/You said: .* The tool said: .*result 0.*result 1/.test(
        second.plain().text.replace(/\n/g, ' ')) || /result 1/.test(
        second.plain().text), `${dialect}: and are told`,
    second.plain().text);

    const missing = { ...ask, messages: [...ask.messages, answer, { ...results,
        parts: results.parts.slice(0, 1) }] };
    const refused = await talk(dialect, missing);
    if (dialect === 'ollama') {
        is(refused.error, null, 'ollama: takes what there is');
    } else {
        ok(refused.error !== null && refused.faults.length === 0,
            `${dialect}: a call without a result is refused`, refused.faults);
    }

    if (['responses', 'anthropic', 'gemini', 'bedrock'].includes(dialect)) {
        const forged = { role: 'assistant', parts: answer.parts.map((p) => ({
            ...p, ...(p.signature ? { signature: 'Zm9yZ2Vk' } : {}) })) };
        const f = await talk(dialect, { ...next, messages: [...ask.messages,
            forged, results] });
        ok(answer.parts.some((p) => p.signature) && f.error
            && /signature|encrypted/.test(f.error.message),
        `${dialect}: a forged signature is refused`, f.error);
    }
}


async function errors(dialect) {
    for (const status of [400, 401, 403, 404, 429, 500, 503, 529]) {
        const f = await talk(dialect, { ...ASK, stream: true },
            `status=${status}`);
        ok(f.error !== null && f.error.message.includes(`status ${status}`)
            && f.faults.length === 0, `${dialect}: status ${status}`,
        [f.faults, f.error]);
    }
}


// What must be refused, in words like these.
const REFUSED = {
    chat: [
        [(b) => { b.messages = []; }, /non-empty/],
        [(b) => { b.messages[1].role = 'model'; }, /Supported values/],
        [(b) => { b.messages.push({ role: 'tool', tool_call_id: 'x',
            content: 'y' }); }, /preceeding message/],
        [(b) => { b.messages.push({ role: 'user', content: [
            { type: 'input_text', text: 'x' }] }); }, /Supported values/],
        [(b) => { b.tool_choice = 'auto'; }, /only allowed when 'tools'/],
    ],
    responses: [
        [(b) => { delete b.input; }, /Missing required parameter/],
        [(b) => { b.input.push({ type: 'function_call_output', call_id: 'x',
            output: 'y' }); }, /No tool call found/],
        [(b) => { b.input.push({ type: 'reasoning', id: 'rs_1',
            summary: [] }); }, /required following item/],
        [(b) => { b.input[1].content[0].type = 'output_text'; },
            /Supported values/],
        [(b) => { b.input[1].id = 'call_1'; }, /begins with 'msg'/],
    ],
    anthropic: [
        [(b) => { delete b.max_tokens; }, /max_tokens: Field required/],
        [(b) => { b.messages[0].content[0].text = ''; }, /non-empty/],
        [(b) => { b.messages[0].role = 'tool'; }, /'user' or 'assistant'/],
        [(b) => { b.messages[0].role = 'assistant'; }, /first message/],
        [(b) => { b.messages.push({ role: 'user', content: [{
            type: 'tool_result', tool_use_id: 'x', content: 'y' }] }); },
        /unexpected `tool_use_id`/],
        [(b) => { b.stop = ['x']; }, /Extra inputs/],
        [(b) => { b.temperature = 1.5; }, /range/],
        [(b) => { b.thinking = { type: 'enabled', budget_tokens: 2000 }; },
            /must be greater/],
    ],
    gemini: [
        [(b) => { b.contents = []; }, /not specified/],
        [(b) => { b.contents[0].role = 'assistant'; }, /valid role/],
        [(b) => { b.contents[0].parts = []; }, /must not be empty/],
        [(b) => { b.contents[0].content = 'x'; }, /Cannot find field/],
        [(b) => { b.contents.push({ role: 'user', parts: [{
            functionResponse: { name: 'f', response: {} } }] }); },
        /function call turn/],
        [(b) => { b.tools = [{ functionDeclarations: [{ name: 'f', parameters:
            { type: 'object', oneOf: [] } }] }]; }, /Unknown name "oneOf"/],
        [(b) => { b.toolConfig = { functionCallingConfig: { mode: 'AUTO',
            allowedFunctionNames: ['f'] } }; }, /only when mode is ANY/],
    ],
    bedrock: [
        [(b) => { b.messages.push(b.messages[0]); }, /alternate/],
        [(b) => { b.messages[0].content = []; }, /is empty/],
        [(b) => { b.messages[0].content[0].text = ' '; }, /is blank/],
        [(b) => { b.messages.push({ role: 'assistant', content: [{ toolUse: {
            toolUseId: 'x', name: 'f', input: {} } }] }, { role: 'user',
            content: [{ toolResult: { toolUseId: 'x', content: [] } }] }); },
        /toolConfig field must be defined/],
        [(b) => { b.messages[0].role = 'assistant'; }, /start with a user/],
        [(b) => { b.inferenceConfig.topK = 3; }, /extraneous key/],
        [(b) => { b.inferenceConfig.temperature = 1.5; }, /less than or equal/],
    ],
    cohere: [
        [(b) => { b.messages = []; }, /must not be empty/],
        [(b) => { b.top_p = 0.5; }, /is not a valid field/],
        [(b) => { b.messages.push({ role: 'tool', tool_call_id: 'x',
            content: 'y' }); }, /not found in previous/],
        [(b) => { b.tool_choice = 'AUTO'; }, /REQUIRED, NONE/],
    ],
    ollama: [
        [(b) => { b.messages[1].content = [{ type: 'text', text: 'x' }]; },
            /cannot unmarshal array/],
        [(b) => { b.messages.push({ role: 'assistant', content: '',
            tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }); },
        /cannot unmarshal string/],
        [(b) => { b.messages[1].images = ['data:image/png;base64,AAAA']; },
            /illegal base64/],
        [(b) => { delete b.model; }, /model is required/],
    ],
};


async function refusals(dialect) {
    for (const [spoil, like] of REFUSED[dialect]) {
        const request = write(dialect, { ...ASK });
        const body = JSON.parse(JSON.stringify(request.body));

        spoil(body);
        const reply = await mock.ask({ ...request, body });
        const f = check(dialect, reply, { strict: true });
        ok(reply.status >= 400 && reply.status < 500 && f.faults.length === 0
            && like.test(f.error.message), `${dialect}: refuses ${like}`,
        `${reply.status} ${reply.body}`);

        const lax = await mock.ask({ ...request, body: { ...body,
            mock: 'lax' } });
        ok(lax.status === 200 || like.source.includes('required')
            || like.test(lax.body.toString()), `${dialect}: takes it if told `
            + 'to', `${lax.status} ${lax.body}`);
    }
}


async function oddities() {
    const noVersion = await mock.ask({ ...write('anthropic', ASK),
        headers: {} });
    is(noVersion.status, 400, 'anthropic: no anthropic-version: 400');

    const array = await talk('gemini', { ...ASK, stream: true,
        framing: 'array' }, 'events=3');
    ok(array.faults.length === 0 && array.ended
        && array.plain().text === 'word1 word2 word3',
    'gemini: a stream that is an array', array.faults);

    const sse = await mock.ask(write('gemini', { ...ASK, stream: true,
        model: 'm~status=429' }));
    ok(/RetryInfo/.test(sse.body), 'gemini: 429 says when to come again');

    const unsigned = { ...WITH_TOOLS, model: 'gemini-3-pro', messages: [
        ...ASK.messages, { role: 'assistant', parts: [{ kind: 'call', id: 'c',
            name: 'time', args: '{}' }] }, { role: 'user', parts: [{
            kind: 'result', id: 'c', name: 'time', parts: [] }] }] };
    const f = await talk('gemini', unsigned);
    ok(f.error && /thought_signature/.test(f.error.message),
        'gemini 3: a call without its signature is refused', f.error);
    is((await talk('gemini', { ...unsigned, model: 'gemini-2.5-pro' })).error,
        null, 'gemini 2.5: is not');

    for (const [route, version, prefix] of [
        ['/v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict',
            'vertex-2023-10-16', 'msg_vrtx_'],
        ['/model/anthropic.claude/invoke', 'bedrock-2023-05-31',
            'msg_bdrk_']])
    {
        const { body } = write('anthropic', ASK);
        delete body.model;
        const reply = await mock.ask({ path: route, body: { ...body,
            anthropic_version: version } });
        const r = check('anthropic', reply, { strict: true });
        ok(r.faults.length === 0 && r.id.startsWith(prefix), `${route}`,
            r.faults);
    }

    const frames = await mock.ask({
        path: '/model/anthropic.claude/invoke-with-response-stream',
        body: { ...write('anthropic', ASK).body, model: undefined,
            anthropic_version: 'bedrock-2023-05-31' } });
    const { eventstream } = require('./grammar/framing');
    const faults = [];
    const list = eventstream(frames.body, (v) => faults.push(v));
    const inner = list.map((e) => {
        const data = Buffer.from(JSON.parse(e.data).bytes, 'base64').toString();
        return `event: ${JSON.parse(data).type}\ndata: ${data}\n\n`;
    }).join('');
    const claude = check('anthropic', { status: 200, body: inner,
        ctype: 'text/event-stream' }, { stream: true });
    ok(faults.length === 0 && claude.faults.length === 0 && claude.ended,
        'invoke-with-response-stream: a Claude in frames', [faults,
            claude.faults]);
}


async function others() {
    const json = async (p, body, headers) => {
        const r = await mock.ask({ path: p, body, headers });
        return r.status === 200 ? JSON.parse(r.body) : { bad: String(r.body) };
    };
    const messages = [{ role: 'user', content: 'x'.repeat(40) }];
    let o = await json('/v1/messages/count_tokens', { model: 'm', messages },
        { 'anthropic-version': '2023-06-01' });
    ok(o.input_tokens >= 10, 'anthropic: count_tokens', o);
    o = await json('/v1beta/models/g:countTokens', { contents: [{
        parts: [{ text: 'x'.repeat(40) }] }] });
    is(o.totalTokens, 10, 'gemini: countTokens');
    o = await json('/model/b/count-tokens', { input: { converse: {
        messages: [{ role: 'user', content: [{ text: 'x'.repeat(40) }] }] } } });
    is(o.inputTokens, 10, 'bedrock: count-tokens');

    o = await json('/v1beta/models/g:embedContent', { content: { parts: [
        { text: 'a' }] }, outputDimensionality: 4 });
    is(o.embedding.values.length, 4, 'gemini: embedContent');
    o = await json('/v1beta/models/g:batchEmbedContents', { requests: [
        { model: 'models/g', content: { parts: [{ text: 'a' }] } },
        { model: 'models/g', content: { parts: [{ text: 'b' }] } }] });
    is(o.embeddings.length, 2, 'gemini: batchEmbedContents');
    o = await json('/v1/projects/p/models/t:predict', { instances: [
        { content: 'a' }] });
    ok(o.predictions[0].embeddings.statistics.token_count === 1,
        'vertex: predict, of texts', o);
    o = await json('/v1beta/models/imagen:predict', { instances: [
        { prompt: 'a' }], parameters: { sampleCount: 2 } });
    is(o.predictions.length, 2, 'imagen: predict');
    o = await json('/model/titan/invoke', { inputText: 'a', dimensions: 4 });
    is(o.embedding.length, 4, 'bedrock: Titan\'s embeddings');
    o = await json('/model/cohere.embed/invoke', { texts: ['a', 'b'],
        input_type: 'search_query' });
    is(o.embeddings.length, 2, 'bedrock: Cohere\'s embeddings');
    o = await json('/v2/embed', { model: 'm', texts: ['a', 'b'],
        input_type: 'search_query', embedding_types: ['float', 'base64'] });
    ok(o.embeddings.float.length === 2 && o.embeddings.base64.length === 2,
        'cohere: embed', o);
    o = await json('/v2/rerank', { model: 'm', query: 'b c', documents: ['a',
        'b c', 'b'] });
    is(o.results.map((r) => r.index).join(), '1,2,0', 'cohere: rerank');
    o = await json('/api/embed', { model: 'm', input: ['a', 'b'] });
    is(o.embeddings.length, 2, 'ollama: embed');
    o = await json('/api/generate', { model: 'm', prompt: 'hi',
        stream: false });
    is(o.response, 'Hello from the mock provider. You said: hi',
        'ollama: generate');
    const g = await mock.ask({ path: '/api/generate', body: { model: 'm',
        prompt: 'hi' } });
    const f = check('ollama', g, { stream: true, strict: true });
    ok(f.faults.length === 0 && f.plain().text === o.response,
        'ollama: generate, streamed', f.faults);
    ok(JSON.parse(await mock.get('/api/tags')).models.length > 0,
        'ollama: tags');
    ok(JSON.parse(await mock.get('/v1beta/models')).models.length > 0,
        'gemini: models');
}


async function journal() {
    await mock.get('/~ctl/reset');
    await talk('gemini', ASK, 'calls=0');

    const line = JSON.parse((await mock.get('/~ctl/journal')).trim());
    const back = read('gemini', JSON.parse(line.body));

    is(line.param, 'm', 'journal: the model of the path');
    is(line.recipe, 'calls=0', 'journal: and its recipe');
    is(back.messages[1].parts[0].text, SAID, 'journal: the body');
}


async function replays() {
    const streamed = check('anthropic', await mock.ask({
        ...write('anthropic', { ...ASK, stream: true }),
        body: { model: 'm~replay=0a1b2c3d', messages: [] } }),
    { stream: true });
    ok(streamed.faults.length === 0 && streamed.plain().text === 'recorded',
        'replay: a recorded stream', streamed.faults);

    const byte = await mock.ask({ ...write('anthropic', ASK),
        body: { model: 'm~replay=0a1b2c3d,split=1' } });
    is(byte.body.toString(), RECORDED, 'replay: byte by byte');

    const error = await mock.ask({ ...write('anthropic', ASK),
        body: { model: 'm~replay=00000001' } });
    is(`${error.status} ${error.headers['retry-after']} ${error.body}`,
        '429 7 {"type":"error","error":{"type":"x","message":"y"}}',
        'replay: an error with its headers');
    is((await mock.ask({ ...write('anthropic', ASK),
        body: { model: 'm~replay=ffffffff' } })).status, 404,
    'replay: what is not there: 404');
}


const RECORDED = [
    { type: 'message_start', message: { id: 'msg_1', type: 'message',
        role: 'assistant', model: 'm', content: [], stop_reason: null,
        stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text',
        text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta',
        text: 'recorded' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn',
        stop_sequence: null }, usage: { output_tokens: 2 } },
    { type: 'message_stop' },
].map((e) => `event: ${e.type}\ndata: ${JSON.stringify(e)}\n\n`).join('');


// Recordings of one's own, in the form of those that are shared.
function record() {
    const at = path.join(dir, 'recorded', 'anthropic.messages');

    fs.mkdirSync(at, { recursive: true });
    fs.writeFileSync(`${dir}/recorded/INDEX.tsv`,
        'id\tdialect\tprovider\tstream\tstatus\n'
        + 'a-0a1b2c3d\tanthropic.messages\tanthropic\tstream\t200\n'
        + 'b-00000001\tanthropic.messages\tanthropic\tunary\t429\n');
    fs.writeFileSync(`${at}/a-0a1b2c3d.json`, JSON.stringify({
        id: 'a-0a1b2c3d', request: null, response: { status: 200,
            headers: { 'Content-Type': 'text/event-stream' },
            text: RECORDED, chunk_sizes: [100, 200] } }));
    fs.writeFileSync(`${at}/b-00000001.json`, JSON.stringify({
        id: 'b-00000001', request: null, response: { status: 429,
            headers: { 'retry-after': '7' }, body: { type: 'error',
                error: { type: 'x', message: 'y' } } } }));
}


async function start() {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'mock-dialects-'));
    record();
    process.env.AI_FIXTURES = dir;
    const { port } = await run('provider.js', ['--bodies']);
    mock = new Asker(`http://127.0.0.1:${port}`);
}


async function each(f, dialects) {
    for (const d of dialects) {
        await f(d);
    }
}


runTests(start,
    () => each(answers, Object.keys(DIALECTS)),
    () => each(tools, SPEAKS),
    () => each(thoughts, THINKS),
    () => each(rounds, SPEAKS),
    () => each(errors, Object.keys(DIALECTS)),
    () => each(refusals, SPEAKS),
    oddities, others, journal, replays).then(() => {
    mock.close();
    stopAll();
    fs.rmSync(dir, { recursive: true, force: true });
});
