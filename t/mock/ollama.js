// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Ollama: chat, generate, embeddings and the list of models.

const text = require('./text');
const { Raw, plan, toJson } = require('./plan');
const { checkChat, checkGenerate } = require('./ollama_check');
const { list } = require('./bad');

const CREATED = '2026-01-01T00:00:00.123456789Z';
const MODELS = ['llama3.2:latest', 'qwen3:4b', 'nomic-embed-text:latest'];
const FINISH = { stop: 'stop', length: 'length', tools: 'stop', filter: 'stop',
    sequence: 'stop' };

const json = (v, status) => ({ status,
    ctype: 'application/json; charset=utf-8', body: JSON.stringify(v) });


function error(status, message) {
    return json({ error: message }, status);
}


function usageText(p, c) {
    return '"total_duration":4294967296123,"load_duration":12345678,'
        + `"prompt_eval_count":${p},"prompt_eval_duration":23456789,`
        + `"eval_count":${c},"eval_duration":3456789012`;
}


function askOf(o) {
    const options = o.options || {};
    const last = o.messages[o.messages.length - 1] || {};
    const answered = last.role === 'tool';

    return { said: text.lastUserText(o.messages), answered,
        told: answered ? last.content : undefined,
        texts: text.texts(o.messages), max: options.num_predict,
        stop: options.stop, thinking: Boolean(o.think),
        tools: list(o.tools).map((t) => ({ name: t.function.name,
            schema: t.function.parameters })) };
}


// The messages of the lines of a stream.
function* messages(p) {
    for (const t of p.thinking ? p.thinking.pieces : []) {
        yield { role: 'assistant', content: '', thinking: t };
    }
    for (const t of p.text ? p.text.pieces() : []) {
        yield { role: 'assistant', content: t };
    }
    for (let i = 0; i < p.calls.length; i++) {
        yield { role: 'assistant', content: '', tool_calls: [called(p, i)] };
    }
}


function called(p, index) {
    const c = p.calls[index];

    return { id: c.id('call_').slice(0, 13), function: { index, name: c.name,
        arguments: new Raw(c.args) } };
}


const ERROR = '{"error":"mock: an error among the events"}\n';


function reply(o, p, u, lines, last) {
    const head = `{"model":${JSON.stringify(o.model)},`
        + `"created_at":"${CREATED}",`;
    const told = u.text !== undefined && u.text !== 'null';
    const end = `,"done":true,"done_reason":"${FINISH[p.finish]}"`
        + (told ? `,${u.text}` : '') + '}';
    const line = (members) => head + toJson(members).slice(1, -1);

    if (o.stream === false) {
        return { ctype: 'application/json; charset=utf-8',
            body: line(last) + end };
    }

    return { ctype: 'application/x-ndjson', ping: null, error: () => ERROR,
        events: { * [Symbol.iterator]() {
            for (const members of lines()) {
                yield { data: `${line(members)},"done":false}\n` };
            }
            yield { data: `${line(lines.last)}${end}\n`,
                usage: told };
        } } };
}


function chat(x) {
    const o = x.json;

    if (!x.recipe.lax) {
        checkChat(o);
    }

    const p = plan(x, askOf(o));
    const u = p.usage(usageText);
    const whole = { role: 'assistant', content: p.text ? p.text.text : '',
        ...(p.thinking ? { thinking: p.thinking.text } : {}),
        ...(p.calls.length ? { tool_calls: p.calls.map((_, i) =>
            called(p, i)) } : {}) };

    function* lines() {
        for (const message of messages(p)) {
            yield { message };
        }
    }

    lines.last = { message: { role: 'assistant', content: '' } };
    return reply(o, p, u, lines, { message: whole });
}


function generate(x) {
    const o = x.json;

    if (!x.recipe.lax) {
        checkGenerate(o);
    }

    const p = plan(x, { ...askOf({ ...o, messages: [] }), said: o.prompt || '',
        texts: text.texts([o.system || '', o.prompt || '']) });
    const u = p.usage(usageText);

    function* lines() {
        for (const m of messages(p)) {
            yield { response: m.content,
                ...(m.thinking ? { thinking: m.thinking } : {}) };
        }
    }

    lines.last = { response: '' };
    return reply(o, p, u, lines, { response: p.text.text,
        ...(p.thinking ? { thinking: p.thinking.text } : {}) });
}


function embed(x) {
    const o = x.json;
    const inputs = [].concat(o.input === undefined ? [] : o.input);

    if (typeof o.model !== 'string' || o.model === '') {
        return error(400, 'model is required');
    }

    return json({ model: o.model,
        embeddings: inputs.map((t) => Array.from(text.vector(t,
            o.dimensions || 768))),
        total_duration: 14143917, load_duration: 1019500,
        prompt_eval_count: text.promptTokens(inputs) });
}


function oldEmbed(x) {
    return json({ embedding: Array.from(text.vector(x.json.prompt || '',
        768)) });
}


function tags() {
    return json({ models: MODELS.map((name) => ({ name, model: name,
        modified_at: CREATED, size: 2019393189,
        digest: text.id('', name).padEnd(64, '0').slice(0, 64),
        details: { parent_model: '', format: 'gguf', family: 'llama',
            families: ['llama'], parameter_size: '3.2B',
            quantization_level: 'Q4_K_M' } })) });
}


const ROUTES = [
    ['POST', /\/api\/chat$/, chat],
    ['POST', /\/api\/generate$/, generate],
    ['POST', /\/api\/embed$/, embed],
    ['POST', /\/api\/embeddings$/, oldEmbed],
    ['GET', /\/api\/tags$/, tags],
    ['GET', /\/api\/version$/, () => json({ version: '0.12.0' })],
];


function headers() {
    return '';
}


module.exports = { ROUTES, error, headers };
