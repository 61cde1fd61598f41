// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What the mock says and how it counts: shared by the dialects.

// One token for each started 4 characters of all texts together.
function promptTokens(strings) {
    let n = 0;

    for (const s of strings) {
        n += s.length;
    }

    return Math.max(1, Math.ceil(n / 4));
}


function words(text) {
    let n = 0;
    let inside = false;

    for (let i = 0; i < text.length; i++) {
        const space = text.charCodeAt(i) <= 32;
        if (!space && !inside) {
            n++;
        }
        inside = !space;
    }

    return n;
}


// Every text in a message list, an input, a prompt: strings wherever they are.
function texts(v, out = []) {
    const stack = [v];

    while (stack.length) {
        const t = stack.pop();

        if (typeof t === 'string') {
            out.push(t);
        } else if (typeof t === 'number') {
            out.push('    ');           // a token id counts as one token
        } else if (Array.isArray(t)) {
            for (let i = t.length - 1; i >= 0; i--) {
                stack.push(t[i]);
            }
        } else if (t && typeof t === 'object') {
            stack.push(t.output, t.content, t.text, t.parts);
        }
    }

    return out;
}


function lastUserText(items) {
    if (!Array.isArray(items)) {
        return texts(items).join(' ');
    }

    for (let i = items.length - 1; i >= 0; i--) {
        const v = items[i];
        if (typeof v === 'string' || (v && v.role === 'user')) {
            return texts(v).join(' ');
        }
    }

    return '';
}


function* slices(text, size) {
    for (let at = 0; at < text.length; at += size) {
        yield text.slice(at, at + size);
    }
}


function* parts(text, n) {
    for (let i = 0; i < n; i++) {
        yield text.slice(Math.floor(text.length * i / n),
            Math.floor(text.length * (i + 1) / n));
    }
}


function* wordList(n, word = 'word') {
    for (let i = 1; i <= n; i++) {
        yield i === 1 ? `${word}1` : ` ${word}${i}`;
    }
}


// So many words: "word1 word2".
function counted(n, word) {
    return Array.from(wordList(n, word)).join('');
}


// The answer to `said`, limited to `max` words when it is not dictated by the
// recipe: { text, tokens, cut, pieces() }. `told` is what a tool has said.
function reply(x, said, max, told) {
    const r = x.recipe;
    let text;
    let pieces;
    let cut = false;

    if (r.text !== undefined) {
        text = r.text;
        pieces = () => text.match(/\s*\S+|\s+$/g) || [];

    } else if (r.echo || r.size !== undefined) {
        text = r.echo ? JSON.stringify(x.describe())
            : 'mock '.repeat(Math.ceil(r.size / 5)).slice(0, r.size);
        pieces = r.events === undefined ? () => slices(text, 64)
            : () => parts(text, r.events);

    } else if (r.events !== undefined) {
        text = counted(r.events);
        pieces = () => wordList(r.events);

    } else {
        const start = said.slice(0, 200).replace(/[\ud800-\udbff]$/, '');
        text = `Hello from the mock provider. You said: ${start}`.trim();
        if (told) {
            text += ` The tool said: ${told.slice(0, 200)
                .replace(/[\ud800-\udbff]$/, '').trim()}`;
        }
        let all = text.match(/\s*\S+/g);
        if (max >= 0 && all.length > max) {
            all = all.slice(0, max);
            text = all.join('');
            cut = true;
        }
        pieces = () => all;
    }

    return { text, pieces, cut, tokens: words(text) };
}


// A value that satisfies a JSON schema well enough for a tool call.
function sample(schema, depth = 0) {
    if (!schema || typeof schema !== 'object' || depth > 8) {
        return {};
    }

    if (Array.isArray(schema.enum)) {
        return schema.enum[0];
    }

    const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;

    switch (String(type).toLowerCase()) {
    case 'string':
        return 'mock value';
    case 'integer':
    case 'number':
        return 1;
    case 'boolean':
        return true;
    case 'null':
        return null;
    case 'array':
        return [];
    default: {
        const o = {};
        for (const [k, v] of Object.entries(schema.properties || {})) {
            o[k] = sample(v, depth + 1);
        }
        return o;
    }
    }
}


// An id that depends on what was asked and on nothing else, so that the same
// question has the same answer, byte for byte, however it is sent.
function id(prefix, ...strings) {
    let a = 0x811c9dc5;
    let b = 0x01000193;

    for (const s of strings) {
        const n = Math.min(s.length, 1024);
        for (let i = 0; i < n; i++) {
            a = Math.imul(a ^ s.charCodeAt(i), 0x01000193);
            b = Math.imul(b + s.charCodeAt(i), 0x85ebca6b) ^ (b >>> 13);
        }
        a = Math.imul(a ^ s.length, 0x01000193);
    }

    const hex = (v) => (v >>> 0).toString(16).padStart(8, '0');
    return `${prefix}${hex(a)}${hex(b)}${hex(a ^ b)}`;
}


const ODD = { zero: '0', string: '"12"', neg: '-5', float: '12.5',
    huge: '9223372036854775808' };

// Usage as the recipe wants it told. `write` makes the dialect's JSON from
// prompt, completion, total, cached and reasoning. Sets x.usage, which is what
// the journal reports. Returns { text, at(completion) }; text is undefined
// when there is to be none. `thoughts` are tokens of reasoning, too.
function usage(x, prompt, completion, write, thoughts = 0) {
    const r = x.recipe;
    const kind = r.usage || '';
    const cached = r.cached || 0;
    const reasoning = (r.reasoning || 0) + thoughts;

    if (kind === 'none' || kind === 'null') {
        const text = kind === 'null' ? 'null' : undefined;
        return { text, at: () => text };
    }

    if (ODD[kind] !== undefined) {
        const v = ODD[kind];
        const text = write(v, v, v, cached, reasoning);
        x.usage = { kind, prompt: v, completion: v };
        return { text, at: () => text };
    }

    const m = /^(\d+):(\d+)$/.exec(kind);
    let p = BigInt(prompt);
    let c = BigInt(completion + reasoning);

    if (m !== null) {
        p = BigInt(m[1]);
        c = BigInt(m[2]);
    }

    x.usage = { prompt: Number(p), completion: Number(c), cached, reasoning };

    return {
        text: write(p, c, p + c, cached, reasoning),
        at: (n) => write(p, BigInt(n), p + BigInt(n), cached, 0),
    };
}


// What an embedding looks like: the same text gives the same one.
function vector(seedText, dimensions) {
    const v = new Float32Array(dimensions);
    let seed = parseInt(id('', seedText).slice(0, 8), 16) || 1;

    for (let i = 0; i < dimensions; i++) {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        v[i] = (seed / 0x80000000 - 1) / Math.sqrt(dimensions / 3);
    }

    return v;
}


// Documents by how many of the query's words they have: [{ index,
// relevance_score }], the best first.
function ranked(query, documents) {
    const of = (v) => texts(v).join(' ').toLowerCase().match(/\w+/g) || [];
    const wanted = new Set(of(query));

    return documents.map((document, index) => {
        const found = of(document).filter((w) => wanted.has(w)).length;
        return { index, relevance_score: found / (found + 1) };
    }).sort((a, b) => b.relevance_score - a.relevance_score
        || a.index - b.index);
}


// p - n, where p may be an odd value of the recipe's
function minus(p, n) {
    return typeof p === 'bigint' ? p - BigInt(n) : p;
}


module.exports = { promptTokens, words, texts, lastUserText, reply, sample,
    counted, usage, vector, ranked, minus, id };
