// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Reads recipes; the grammar is documented at the head of provider.js.

const NUMBERS = new Set(['status', 'delay', 'first', 'gap', 'events', 'size',
    'pings', 'cached', 'reasoning', '1xx', 'think', 'calls', 'frag',
    'written']);
const FLAGS = new Set(['gzip', 'html', 'empty', 'eofhead', 'early', 'close',
    'crlf', 'nodone', 'echo', 'redacted', 'refuse', 'lax']);
const LISTS = new Set(['header', 'call']);
const PLACES = new Set(['cut', 'rst', 'stall', 'errevent']);
const WORDS = {
    framing: /^(chunked|length|close|badchunk|shortlength|longlength)$/,
    endless: /^(headers|pings|body)$/,
    split: /^([1-9]\d*|event|random:\d+)$/,
    keepclose: /^(1|next)$/,
    usage: /^(none|null|zero|string|neg|huge|float|every|twice|\d+:\d+)$/,
    body: /^[A-Za-z0-9+/_-]*=*$/,
    ctype: /./,
    header: /^[^:]+:/,
    redirect: /./,
    seq: /./,
    text: /^/,
    call: /./,
    sig: /./,
    finish: /^(stop|length|tools|filter|sequence)$/,
    replay: /^[\w.-]+$/,
};


function decode(text) {
    try {
        return decodeURIComponent(text);
    } catch (e) {
        return text;
    }
}


// 12 | e3 | w40 | first  ->  { unit: 'b' | 'e' | 'w', n }
function place(text) {
    if (text === 'first') {
        return { unit: 'e', n: 0 };
    }

    const m = /^([ew]?)(\d+)$/.exec(text);
    return m && { unit: m[1] || 'b', n: Number(m[2]) };
}


function value(key, text) {
    if (NUMBERS.has(key)) {
        return /^\d+$/.test(text) ? Number(text) : null;
    }

    if (PLACES.has(key)) {
        return place(text);
    }

    if (FLAGS.has(key)) {
        return text === '1' ? true : text === '0' ? false : null;
    }

    return WORDS[key] && WORDS[key].test(text) ? text : null;
}


function parseStep(text) {
    const step = {};

    for (const item of text.split(',')) {
        if (item === '') {
            continue;
        }

        const at = item.indexOf('=');
        const key = at < 0 ? item : item.slice(0, at);
        const v = value(key, at < 0 ? '1' : decode(item.slice(at + 1)));

        if (v === null || v === undefined) {
            throw new Error(`bad recipe item "${item}"`);
        }

        if (LISTS.has(key)) {
            (step[key] = step[key] || []).push(v);
        } else {
            step[key] = v;
        }
    }

    return step;
}


class Recipes {
    constructor() {
        this.parsed = new Map();
        this.counters = new Map();
    }

    reset() {
        this.counters.clear();
    }

    // The step whose turn it is; counts one request when there are several.
    pick(text) {
        let recipe = this.parsed.get(text);

        if (recipe === undefined) {
            recipe = text.split('|').map(parseStep);
            if (this.parsed.size > 1000) {
                this.parsed.clear();
            }
            this.parsed.set(text, recipe);
        }

        if (recipe.length === 1) {
            return recipe[0];
        }

        const n = this.counters.get(text) || 0;
        this.counters.set(text, n + 1);

        return recipe[Math.min(n, recipe.length - 1)];
    }
}


// '/~delay=50/v1/models' -> ['delay=50', '/v1/models']
function splitPath(path) {
    const at = path.indexOf('/~');
    if (at < 0) {
        return ['', path];
    }

    let end = path.indexOf('/', at + 1);
    if (end < 0) {
        end = path.length;
    }

    return [decode(path.slice(at + 2, end)),
        path.slice(0, at) + path.slice(end) || '/'];
}


// 'gpt-4o~delay=50' -> ['delay=50', 'gpt-4o']; 'gpt-4o~b64.ZGVsYXk9NTA', too
function splitModel(model) {
    const at = model.indexOf('~');

    if (at < 0) {
        return ['', model];
    }

    const text = model.slice(at + 1);

    return [text.startsWith('b64.') ? Buffer.from(text.slice(4), 'base64')
        .toString() : text, model.slice(0, at)];
}


module.exports = { Recipes, splitModel, splitPath };
