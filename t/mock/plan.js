// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What an answer consists of, before a dialect gives it its words: thoughts,
// text, calls of tools, and why it ends.

const text = require('./text');

const THOUGHTS = 'Let me think about it.';
const FRAGMENT = 7;


// A signature that only the mock makes, and that it knows again.
function sign(dialect, ...strings) {
    return Buffer.from(text.id('mock-', dialect, ...strings))
        .toString('base64');
}


function* slices(s, size) {
    for (let at = 0; at < s.length; at += size) {
        yield s.slice(at, at + size);
    }
}


// JSON text within a value that is written by toJson(): 1.0 stays 1.0.
class Raw {
    constructor(json) {
        this.json = json;
    }
}


function toJson(v, space) {
    const raws = [];
    const out = JSON.stringify(v, (k, x) => (x instanceof Raw
        ? `\u0001raw${raws.push(x.json) - 1}` : x), space);

    return raws.length ? out.replace(/"\\u0001raw(\d+)"/g,
        (all, i) => raws[i]) : out;
}


function words(s) {
    return s.match(/\s*\S+/g) || [];
}


// The names and arguments of the calls that are to be made.
function chosen(x, ask) {
    const r = x.recipe;
    const tools = ask.tools || [];

    if (r.call) {
        return r.call.map((c) => {
            const at = c.indexOf(':');
            return at < 0 ? { name: c, args: '{}' }
                : { name: c.slice(0, at), args: c.slice(at + 1) };
        });
    }

    const dictated = r.echo || r.size !== undefined || r.events !== undefined
        || r.text !== undefined || r.refuse;
    const n = r.calls === undefined ? dictated || ask.answered || ask.none
        ? 0 : 1 : r.calls;

    if (tools.length === 0) {
        return [];
    }

    return Array.from({ length: n }, (_, i) => {
        const named = tools.find((t) => t.name === ask.forced);
        const t = named || tools[i % tools.length];
        return { name: String(t.name),
            args: JSON.stringify(text.sample(t.schema)) };
    });
}


/*
 * `ask` is what a dialect has read in the request:
 *
 *   said       the last text of the user     told    the last tool's result
 *   texts      all of them                   max     tokens, if limited
 *   tools      [{ name, schema }]            forced  a name among them
 *   none       tools may not be called       answered  a result was the last
 *   thinking   thoughts are wanted           stop    stop sequences
 *
 * The plan:
 *
 *   thinking   { text, pieces } or null      redacted
 *   text       { text, pieces() } or null    refusal: it is a refusal
 *   calls      [{ id(prefix), name, args, pieces }]
 *   finish     stop, length, tools, filter, sequence (with `stop`)
 *   usage(write)  as text.usage()
 */
function plan(x, ask) {
    const r = x.recipe;
    const calls = chosen(x, ask).map((c, i) => ({ ...c,
        id: (prefix) => text.id(prefix, ask.said, c.name,
            `${ask.texts.length}.${i}`),
        pieces: Array.from(slices(c.args, r.frag || FRAGMENT)),
        tokens: 1 + text.words(c.args) }));
    const silent = calls.length > 0 && r.text === undefined;
    const said = silent ? null : text.reply(x, ask.said, ask.max, ask.told);
    const thoughts = r.think === undefined
        ? ask.thinking ? THOUGHTS : '' : text.counted(r.think, 'thought');
    const thinking = thoughts === '' ? null
        : { text: thoughts, pieces: words(thoughts) };
    const tokens = (said ? said.tokens : 0)
        + calls.reduce((n, c) => n + c.tokens, 0);
    const thought = thinking ? thinking.pieces.length : 0;
    let finish = calls.length ? 'tools' : said.cut ? 'length' : 'stop';

    if (r.finish) {
        finish = r.finish;
    } else if (r.refuse) {
        finish = 'filter';
    }

    return { thinking, redacted: r.redacted === true, text: said,
        refusal: r.refuse === true, calls, finish, tokens,
        stop: finish === 'sequence' ? (ask.stop || ['END'])[0] : null,
        thoughts: thought,
        usage: (write, n = 1) => text.usage(x, text.promptTokens(ask.texts),
            tokens * n, write, thought) };
}


module.exports = { Raw, plan, sign, slices, toJson };
