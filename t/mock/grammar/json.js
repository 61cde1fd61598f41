// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// A JSON reader that keeps what JSON.parse() forgets: where a value stood, so
// that 1.0 is not 1, and names that come twice.

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\n\r]*/y;
const PLAIN = /"[^"\\\u0000-\u001f]*"/y;
const WORDS = { t: ['true', true], f: ['false', false], n: ['null', null] };

const sources = new WeakMap();


class Reader {
    constructor(text) {
        this.text = text;
        this.at = 0;
        this.twice = [];
    }

    fail(what) {
        throw new SyntaxError(`${what} at ${this.at}: `
            + JSON.stringify(this.text.slice(this.at, this.at + 40)));
    }

    space() {
        SPACE.lastIndex = this.at;
        SPACE.test(this.text);
        this.at = SPACE.lastIndex;
    }

    match(re) {
        re.lastIndex = this.at;
        const m = re.exec(this.text);
        if (m !== null) {
            this.at = re.lastIndex;
        }
        return m && m[0];
    }

    string() {
        const plain = this.match(PLAIN);
        if (plain !== null) {
            return plain.slice(1, -1);
        }

        const s = this.match(STRING);
        return s === null ? this.fail('no string') : JSON.parse(s);
    }

    value(depth) {
        const c = this.text[this.at];

        if (depth > 256) {
            this.fail('too deep');
        }

        if (c === '{' || c === '[') {
            const start = this.at++;
            const v = c === '{' ? this.object(depth) : this.array(depth);
            sources.set(v, [this.text, start, this.at]);
            return v;
        }

        if (c === '"') {
            return this.string();
        }

        if (WORDS[c] && this.text.startsWith(WORDS[c][0], this.at)) {
            this.at += WORDS[c][0].length;
            return WORDS[c][1];
        }

        const n = this.match(NUMBER);
        return n === null ? this.fail('no value') : Number(n);
    }

    // what follows a member: true when there is another one
    more(end) {
        const c = this.text[this.at];
        this.at++;
        return c === ',' ? true : c === end ? false : (this.at--,
        this.fail(`no ${end}`));
    }

    object(depth) {
        const o = {};

        this.space();
        if (this.text[this.at] === '}') {
            this.at++;
            return o;
        }

        do {
            this.space();
            const name = this.string();
            if (Object.prototype.hasOwnProperty.call(o, name)) {
                this.twice.push(name);
            }
            this.space();
            if (this.text[this.at++] !== ':') {
                this.at--;
                this.fail('no colon');
            }
            this.space();
            const v = this.value(depth + 1);
            if (name === '__proto__') {
                Object.defineProperty(o, name, { value: v, enumerable: true });
            } else {
                o[name] = v;
            }
            this.space();
        } while (this.more('}'));

        return o;
    }

    array(depth) {
        const list = [];

        this.space();
        if (this.text[this.at] === ']') {
            this.at++;
            return list;
        }

        do {
            this.space();
            list.push(this.value(depth + 1));
            this.space();
        } while (this.more(']'));

        return list;
    }
}


// The value; throws SyntaxError. Names that come twice go to `twice`.
function parse(text, twice) {
    const r = new Reader(text);

    r.space();
    const v = r.value(0);
    r.space();

    if (r.at !== text.length) {
        r.fail('more behind the value');
    }

    if (twice) {
        twice.push(...r.twice);
    }
    return v;
}


// The text that an object or array was read from.
function source(v) {
    const s = sources.get(v);

    return s ? s[0].slice(s[1], s[2]) : JSON.stringify(v);
}


// One text for all that mean the same: no blanks, names sorted, strings with
// the escapes that JSON.stringify() writes; numbers as they are.
function canonical(text) {
    const r = new Reader(text);

    function value() {
        const c = text[r.at];

        if (c === '{' || c === '[') {
            const end = c === '{' ? '}' : ']';
            const list = [];

            r.at++;
            r.space();
            if (text[r.at] === end) {
                r.at++;
                return c + end;
            }
            do {
                r.space();
                let name = '';
                if (c === '{') {
                    name = `${JSON.stringify(r.string())}:`;
                    r.space();
                    if (text[r.at++] !== ':') {
                        r.fail('no colon');
                    }
                    r.space();
                }
                list.push(name + value());
                r.space();
            } while (r.more(end));
            return c + (c === '{' ? list.sort() : list).join(',') + end;
        }

        const start = r.at;
        const v = r.value(0);
        return typeof v === 'string' ? JSON.stringify(v)
            : text.slice(start, r.at);
    }

    r.space();
    const out = value();
    r.space();
    if (r.at !== text.length) {
        r.fail('more behind the value');
    }
    return out;
}


// Of a call's arguments: of nothing at all "{}", of what is no JSON the text.
function args(v) {
    const text = typeof v === 'string' ? v : v === undefined || v === null
        ? '' : source(v);

    if (text.trim() === '') {
        return '{}';
    }

    try {
        return canonical(text);
    } catch (e) {
        return text;
    }
}


module.exports = { args, canonical, parse, source };
