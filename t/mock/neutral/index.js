// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * A conversation that is of no dialect, and how each dialect says it.
 *
 *   ask = { model, stream, messages, tools, choice, parallel, max,
 *       temperature, top_p, top_k, seed, presence, frequency, stop, n, format,
 *       effort }
 *   message = { role: system | user | assistant, parts }
 *   part = { kind: text | refusal, text } | { kind: thinking, text, signature }
 *       | { kind: redacted, data } | { kind: call, id, name, args }
 *       | { kind: result, id, name, parts, failed }
 *       | { kind: image | audio | file, media, data | url, name }
 *       | { kind: native, type }       what only its own dialect has
 *   tool = { name, description, schema } | { native }
 *   choice = auto | none | required | { name }; format = json | { schema }
 *
 * With `replay` in the ask, thoughts and signatures are written too: it
 * continues a conversation in the dialect it was held in. With `ids`, calls
 * have ids where a dialect can do without.
 *
 *   write(dialect, ask)      { path, query, headers, body }
 *   read(dialect, body)      ask, as far as it is understood
 *   prune(ask)               without what only one dialect has
 *   through(dialect, ask)    what is left when that dialect has said it
 *   same(a, b)               what differs, [] when they mean the same
 */

const { canonical } = require('../grammar/json');
const { texts } = require('./common');

const DIALECTS = {
    ...require('./chat'),
    responses: require('./responses'),
    anthropic: require('./anthropic'),
    gemini: require('./gemini'),
    bedrock: require('./bedrock'),
    cohere: require('./cohere'),
    ollama: require('./ollama'),
};

const SETTINGS = ['choice', 'parallel', 'max', 'temperature', 'top_p', 'top_k',
    'seed', 'presence', 'frequency', 'n'];
const MEDIA = ['image', 'audio', 'file'];


const squash = (text) => String(text).replace(/\s+/g, '');


function write(name, ask) {
    return DIALECTS[name].write(ask);
}


function read(name, body) {
    return DIALECTS[name].read(body);
}


// Without what only one dialect has, and without messages that have nothing
// else.
function prune(ask) {
    const tools = (ask.tools || []).filter((t) => !t.native);

    return { ...ask, effort: undefined, tools,
        ...(tools.length ? {} : { choice: undefined, parallel: undefined }),
        messages: ask.messages.map((m) => ({ ...m,
            parts: m.parts.filter((p) => p.kind !== 'native') }))
            .filter((m) => m.parts.length) };
}


// What is left of an ask when a dialect has said it.
function through(name, ask) {
    const copy = JSON.parse(JSON.stringify(ask));
    const { body } = write(name, copy);

    return { ...read(name, JSON.parse(JSON.stringify(body))),
        stream: ask.stream };
}


// What a tool said: where it must be an object, a text is wrapped in one, and
// nothing at all is an empty one.
function resultOf(text) {
    try {
        const v = JSON.parse(text);
        const names = v === null || typeof v !== 'object' ? [] : Object.keys(v);
        if (names.length === 1 && ['result', 'output'].includes(names[0])) {
            return resultOf(JSON.stringify(v[names[0]]));
        }
        return text === '{}' ? '' : typeof v === 'string' ? squash(v)
            : canonical(JSON.stringify(v));
    } catch (e) {
        return squash(text);
    }
}


function media(p) {
    return `${p.kind} ${p.url ? '' : p.media} ${p.url || p.data
        || Buffer.from(p.text || '').toString('base64')}`;
}


// An ask as plain text, the same for all that mean the same: the turns of one
// role are one, calls are known by their number, blanks do not count.
function plain(ask) {
    const out = { system: '', turns: [] };
    const numbers = new Map();

    for (const m of ask.messages) {
        if (m.role === 'system') {
            out.system += m.parts.filter((p) => p.kind === 'text')
                .map((p) => squash(p.text)).join('');
            continue;
        }

        const last = out.turns[out.turns.length - 1];
        const turn = last && last.role === m.role ? last
            : { role: m.role, text: '', results: [], calls: [], media: [] };

        for (const p of m.parts) {
            if (p.kind === 'text' || p.kind === 'refusal') {
                turn.text += squash(p.text);
            } else if (p.kind === 'call') {
                numbers.set(p.id, numbers.size);
                turn.calls.push(`${p.name} ${canonical(p.args)}`);
            } else if (p.kind === 'result') {
                turn.results.push(`${numbers.get(p.id)} `
                    + `${p.failed ? 'failed ' : ''}${resultOf(texts(p.parts))}`);
                turn.media.push(...p.parts.filter((r) => MEDIA
                    .includes(r.kind)).map(media));
            } else if (MEDIA.includes(p.kind)) {
                turn.media.push(media(p));
            }
        }

        if (turn !== last && (turn.text || turn.calls.length
            || turn.results.length || turn.media.length))
        {
            out.turns.push(turn);
        }
    }

    // a system prompt alone is a question
    if (out.turns.length === 0) {
        out.turns.push({ role: 'user', text: out.system, results: [],
            calls: [], media: [] });
        out.system = '';
    }

    out.tools = (ask.tools || []).filter((t) => !t.native).map((t) =>
        `${t.name}: ${squash(t.description || '')} (${Object.keys(
            (t.schema || {}).properties || {}).sort()})`);
    for (const name of SETTINGS) {
        out[name] = ask[name] === undefined ? null : ask[name];
    }
    // what there is without being said
    out.choice = out.choice === 'auto' ? null : out.choice;
    out.parallel = out.parallel === true ? null : out.parallel;
    out.stop = ask.stop && ask.stop.length ? ask.stop : null;
    out.format = !ask.format ? null : ask.format === 'json' ? 'json'
        : `schema ${Object.keys(ask.format.schema.properties || {}).sort()}`;
    return out;
}


// The differences. Who has no limit of tokens may be given one.
function same(a, b) {
    const one = plain(a);
    const two = plain(b);
    const out = [];

    for (const name of Object.keys(one)) {
        const x = JSON.stringify(one[name]);
        const y = JSON.stringify(two[name]);

        if (x !== y && !(one[name] === null && name === 'max')) {
            out.push(`${name}: ${shorten(x, y)}`);
        }
    }
    return out;
}


// Where two long texts begin to differ.
function shorten(x, y) {
    let i = 0;

    while (i < x.length && x[i] === y[i]) {
        i++;
    }
    i = Math.max(0, i - 30);
    return `want ..${x.slice(i, i + 120)} got ..${y.slice(i, i + 120)}`;
}


module.exports = { DIALECTS, plain, prune, read, same, through, write };
