// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What a reply comes to, whatever its dialect; and a list of its faults.

const { args } = require('./json');

const FAULTS_MAX = 20;
const TYPES = {
    s: (v) => typeof v === 'string',
    S: (v) => typeof v === 'string' || v === null,
    t: (v) => typeof v === 'string' && v !== '',
    i: (v) => Number.isInteger(v) && v >= 0,
    I: (v) => v === null || (Number.isInteger(v) && v >= 0),
    n: (v) => typeof v === 'number',
    N: (v) => typeof v === 'number' || v === null,
    b: (v) => typeof v === 'boolean',
    B: (v) => typeof v === 'boolean' || v === null,
    o: (v) => isObject(v),
    O: (v) => v === null || isObject(v),
    a: (v) => Array.isArray(v),
    A: (v) => v === null || Array.isArray(v),
    '*': () => true,
};


function isObject(v) {
    return typeof v === 'object' && v !== null && !Array.isArray(v);
}


class Faults {
    constructor() {
        this.list = [];
        this.add = this.add.bind(this);
    }

    add(what) {
        if (this.list.length < FAULTS_MAX) {
            this.list.push(what);
        }
    }
}


// Checks an object's members. A spec has for each a type of TYPES, or "=" and
// the only string it can be; a name with "?" may be absent. Other members are
// faults where `strict` is, unless the spec has "...".
function shape(c, o, spec, where) {
    if (!isObject(o)) {
        c.add(`${where} is no object`);
        return false;
    }

    let good = true;

    for (const [key, type] of Object.entries(spec)) {
        const name = key.replace(/\?$/, '');

        if (key === '...') {
            continue;
        }

        if (o[name] === undefined) {
            if (name === key) {
                c.add(`${where}.${name} is missing`);
                good = false;
            }
        } else if (type[0] === '=' ? o[name] !== type.slice(1)
            : !TYPES[type](o[name]))
        {
            c.add(`${where}.${name} is ${JSON.stringify(o[name])
                .slice(0, 60)}, not ${type}`);
            good = false;
        }
    }

    if (c.strict && spec['...'] === undefined) {
        for (const name of Object.keys(o)) {
            if (spec[name] === undefined && spec[`${name}?`] === undefined) {
                c.add(`${where}.${name} does not exist in this dialect`);
            }
        }
    }

    return good;
}


// finish: stop, length, tools, filter, error or other. usage: input with all
// that was cached, cached, output with all reasoning, reasoning; what was not
// told is undefined.
class Fold {
    constructor() {
        this.id = null;
        this.model = null;
        this.parts = [];
        this.finish = null;
        this.stop = null;
        this.usage = null;
        this.error = null;
        this.ended = false;
        this.others = [];
        this.calls = new Map();
    }

    // the other alternatives of a reply with n > 1
    alternative(n) {
        if (!(n > 0)) {
            return this;
        }
        if (!this.others[n - 1]) {
            this.others[n - 1] = new Fold();
        }
        return this.others[n - 1];
    }

    open(kind, more) {
        const part = { kind, text: '', ...more };

        this.parts.push(part);
        return part;
    }

    get last() {
        return this.parts[this.parts.length - 1];
    }

    // more text of that kind: of the last part if it is of it, else a new one
    text(kind, s) {
        if (typeof s !== 'string' || s === '') {
            return;
        }

        const last = this.last;
        (last && last.kind === kind && !last.closed ? last
            : this.open(kind)).text += s;
    }

    close() {
        if (this.last) {
            this.last.closed = true;
        }
    }

    call(key, id, name, more) {
        let c = this.calls.get(key);

        if (c === undefined) {
            c = this.open('call', { id: id || null, name: name || null });
            this.calls.set(key, c);
        }

        c.id = c.id || id || null;
        c.name = c.name || name || null;
        if (typeof more === 'string') {
            c.text += more;
        } else if (more !== undefined && more !== null) {
            c.text = more;
        }
        return c;
    }

    joined(kind) {
        return this.parts.filter((p) => p.kind === kind)
            .map((p) => p.text).join('');
    }

    plain() {
        const calls = this.parts.filter((p) => p.kind === 'call')
            .map((p) => ({ name: p.name, args: args(p.text) }));

        return { text: this.joined('text'), thinking: this.joined('thinking'),
            refusal: this.joined('refusal'), spoken: this.joined('audio'),
            calls, finish: this.finish, usage: this.usage,
            error: this.error,
            ...(this.others.length
                ? { others: Array.from(this.others, (o) => o && o.plain()) }
                : {}) };
    }
}


// For each member of `old` that `now` has not said, the old one.
function later(old, now) {
    const out = { ...(old || {}) };

    for (const [k, v] of Object.entries(now)) {
        if (v !== undefined && v !== null) {
            out[k] = v;
        }
    }
    return out;
}


module.exports = { Faults, Fold, isObject, later, shape };
