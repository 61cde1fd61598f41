// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// The sending half: a reply and a recipe in, bytes on the wire.

const zlib = require('zlib');

const BATCH = 32 * 1024;
const GONE = Symbol('the client has gone');
const DONE = Symbol('the recipe ends the connection here');
const CRLF = Buffer.from('\r\n');
const SECOND = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond';
const HTML = '<!DOCTYPE html>\n<html><head><title>Mock</title></head>'
    + '<body><h1>It works</h1></body></html>\n';
const REASONS = {
    100: 'Continue', 102: 'Processing', 103: 'Early Hints', 200: 'OK',
    201: 'Created', 202: 'Accepted', 204: 'No Content', 301: 'Moved',
    302: 'Found', 307: 'Temporary Redirect', 308: 'Permanent Redirect',
    400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden',
    404: 'Not Found', 408: 'Request Timeout', 413: 'Too Large',
    429: 'Too Many Requests', 500: 'Internal Server Error',
    502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout',
    529: 'Overloaded',
};
const INFORMATIONAL = [103, 102, 100];


// xorshift32: the same seed cuts the same pieces on every machine
function* randomSizes(seed) {
    let x = (seed ^ 0x9e3779b9) >>> 0 || 1;

    for ( ;; ) {
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
        yield 1 + (x >>> 0) % 97;
    }
}


function* sizes(split) {
    if (split.startsWith('random:')) {
        yield* randomSizes(Number(split.slice(7)));
    }

    for ( ;; ) {
        yield Number(split);
    }
}


// Lets the peer run, and read, before the next write. A timer is surer, but
// a millisecond for each byte would be long.
async function turn(split) {
    if (!/^\d/.test(split)) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return;
    }

    const start = process.hrtime.bigint();

    do {
        await new Promise((resolve) => setImmediate(resolve));
    } while (process.hrtime.bigint() - start < 100000n);
}


// The bytes of one exchange. `limit` is the recipe's cut, rst or stall.
class Wire {
    constructor(x) {
        const r = x.recipe;

        this.x = x;
        this.socket = x.conn.socket;
        this.recipe = r;
        this.limit = r.cut || r.rst || r.stall || null;
        this.action = r.cut ? 'cut' : r.rst ? 'rst' : 'stall';
        this.sizes = r.split && r.split !== 'event' ? sizes(r.split) : null;
        this.each = r.gap !== undefined || r.split !== undefined;
        this.pending = [];
        this.size = 0;
        this.payload = 0;               // body bytes before framing
        this.events = 0;
        this.usage = false;
        this.framing = 'length';
    }

    push(data) {
        const b = typeof data === 'string' ? Buffer.from(data) : data;
        this.pending.push(b);
        this.size += b.length;
    }

    write(data) {
        return new Promise((resolve, reject) => {
            if (this.x.conn.closed) {
                reject(GONE);
                return;
            }

            this.socket.write(data, (e) => {
                if (e) {
                    reject(GONE);
                } else {
                    if (this.x.bytes === 0) {
                        this.x.first = process.hrtime.bigint();
                    }
                    this.x.bytes += data.length;
                    resolve();
                }
            });
        });
    }

    async flush() {
        let data = this.pending.length === 1 ? this.pending[0]
            : Buffer.concat(this.pending);
        let over = false;

        this.pending = [];
        this.size = 0;

        if (this.limit && this.limit.unit === 'w'
            && this.x.bytes + data.length >= this.limit.n)
        {
            data = data.subarray(0, this.limit.n - this.x.bytes);
            over = true;
        }

        if (this.sizes === null) {
            if (data.length) {
                await this.write(data);
            }

        } else {
            for (let at = 0; at < data.length; ) {
                const n = this.sizes.next().value;
                await this.write(data.subarray(at, at + n));
                await turn(this.recipe.split);
                at += n;
            }
        }

        if (over) {
            await this.stop();
        }

        this.x.events = this.events;
        this.x.usageSent = this.x.usageSent || this.usage;
    }

    // Cut, reset or stall: never returns.
    async stop() {
        if (this.action === 'stall') {
            this.x.ended = 'stalled';
            await this.x.sleep(Infinity);
        }

        this.x.ended = 'cut';

        if (this.action === 'rst') {
            // later, so that the peer sees the bytes before the reset
            await this.x.sleep(5);
            reset(this.x.conn);

        } else {
            this.socket.destroy();
        }

        throw DONE;
    }

    async atLimit() {
        const l = this.limit;

        if (l && ((l.unit === 'b' && this.payload >= l.n)
            || (l.unit === 'e' && this.events >= l.n)))
        {
            await this.flush();
            await this.stop();
        }
    }

    frame(data, n, ready) {
        if (this.framing === 'chunked' && n === data.length) {
            this.push(ready || chunk(data));

        } else if (this.framing === 'chunked') {
            this.push(data.length.toString(16) + '\r\n');
            this.push(data.subarray(0, n));

        } else if (this.framing === 'badchunk') {
            const half = data.length >> 1;
            this.push(half.toString(16) + '\r\n');
            this.push(data.subarray(0, half));
            this.push('\r\nzz\r\n');
            this.push(data.subarray(half));

        } else {
            this.push(n === data.length ? data : data.subarray(0, n));
        }
    }

    // A piece of the body: a whole plain one, or one event.
    async body(text, event, usage, ready) {
        const data = typeof text === 'string' ? Buffer.from(text) : text;
        const l = this.limit;

        if (l && l.unit === 'b' && this.payload + data.length > l.n) {
            this.frame(data, l.n - this.payload);
            this.payload = l.n;
            await this.atLimit();
        }

        this.frame(data, data.length, ready);
        this.payload += data.length;
        this.events += event ? 1 : 0;
        this.usage = this.usage || usage;

        if (this.framing === 'badchunk') {
            this.action = 'cut';
            await this.flush();
            await this.stop();
        }

        await this.atLimit();

        if (event && this.each) {
            await this.flush();
            if (this.recipe.gap) {
                await this.x.sleep(this.recipe.gap);
            } else {
                await turn(this.recipe.split);
            }

        } else if (this.size >= BATCH) {
            await this.flush();
        }
    }
}


function chunk(data) {
    return Buffer.concat([Buffer.from(data.length.toString(16) + '\r\n'),
        data, CRLF]);
}


function reset(conn) {
    try {
        conn.raw.resetAndDestroy();
    } catch (e) {
        conn.socket.destroy();          // not a TCP socket
    }
}


function head(x, status, reply, length) {
    const r = x.recipe;
    const framing = x.framing;
    let h = `HTTP/1.1 ${status} ${REASONS[status] || 'Status'}\r\n`;

    if (reply.ctype) {
        h += `Content-Type: ${reply.ctype}\r\n`;
    }

    h += x.headers() + (reply.headers || '');

    for (const line of r.header || []) {
        h += line.replace(/^([^:]+):\s*/, '$1: ') + '\r\n';
    }

    if (r.redirect) {
        h += `Location: ${r.redirect}\r\n`;
    }

    if (r.gzip) {
        h += 'Content-Encoding: gzip\r\n';
    }

    if (framing === 'chunked' || framing === 'badchunk') {
        h += 'Transfer-Encoding: chunked\r\n';

    } else if (framing !== 'close' && status !== 204) {
        h += `Content-Length: ${length}\r\n`;
    }

    return h + (x.closing ? 'Connection: close\r\n\r\n' : '\r\n');
}


// The recipe's view of what the dialect wants to say.
function shape(x, reply) {
    const r = x.recipe;
    let status = reply.status || 200;
    let out = reply;

    if (r.html) {
        out = { ctype: 'text/html; charset=utf-8', body: HTML };

    } else if (r.empty) {
        out = { ctype: reply.ctype, body: '' };

    } else if (r.body !== undefined) {
        out = { ctype: 'application/json', body: Buffer.from(r.body, 'base64'),
            error: reply.error };

    } else if (r.redirect) {
        out = { body: '' };
        status = 307;
    }

    if (out !== reply) {
        x.usage = null;
    }

    status = r.status || status;

    if (r.ctype) {
        out = Object.assign({}, out, { ctype: r.ctype });
    }

    if (r.body !== undefined && /event-stream/.test(out.ctype)) {
        out.events = out.body.toString('latin1').match(/[^]*?\r?\n\r?\n|[^]+$/g)
            .map((e) => ({ raw: Buffer.from(e, 'latin1') }));
    }

    return { status, out };
}


// Events as they go out: with pings before them, an error among them, CRLF.
// A reply may have a ping of its own, or (null) none.
function* script(r, reply) {
    const text = (s) => r.crlf && typeof s === 'string'
        ? s.replace(/\r?\n/g, '\r\n') : s;
    const ping = reply.ping === undefined ? ': ping\n\n' : reply.ping;
    let n = 0;

    for (let i = 0; ping !== null && i < (r.pings || 0); i++) {
        yield { data: text(ping), ping: true };
    }

    for (const e of reply.events) {
        if (r.errevent && n >= r.errevent.n) {
            break;
        }

        yield e.raw ? { ...e, data: e.raw, usage: e.usage === true }
            : { ...e, data: text(e.data), usage: e.usage === true };
        n += e.ping ? 0 : 1;
    }

    if (r.errevent && reply.error) {
        yield { data: text(reply.error(n)) };
    }
}


async function endless(w, x, out) {
    const kind = x.recipe.endless;
    const filler = 'a'.repeat(16 * 1024);
    let piece = kind === 'pings' ? ': ping\n\n' : filler;

    if (kind === 'body' && out.events) {
        const two = out.events[Symbol.iterator]();
        two.next();
        const second = two.next().value;
        piece = second.raw || second.data;
    }

    piece = Buffer.from(piece);
    if (!x.recipe.gap && piece.length < 1024) {
        piece = Buffer.concat(Array(100).fill(piece));
    }

    for (let n = 0; ; n++) {
        if (kind === 'headers') {
            w.push(`X-Endless-${n}: ${filler.slice(0, 200)}\r\n`);
        } else {
            w.frame(piece, piece.length);
        }

        if (x.recipe.gap) {
            await w.flush();
            await x.sleep(x.recipe.gap);

        } else if (w.size >= BATCH) {
            await w.flush();
        }
    }
}


async function answer(w, x, reply) {
    const r = x.recipe;
    const { status, out } = shape(x, reply);
    const bodyless = x.req.method === 'HEAD' || status === 204;
    let whole = null;

    x.status = status;
    x.framing = r.framing || (out.events && !bodyless ? 'chunked' : 'length');
    if (r.endless && !r.framing) {
        x.framing = 'chunked';
    }

    if (x.req.minor === 0 && x.framing === 'chunked') {
        x.framing = 'close';
    }

    if (x.framing === 'close') {
        x.closing = true;
    }

    const lengthed = /length$/.test(x.framing);

    if (!out.events) {
        whole = Buffer.isBuffer(out.body) ? out.body : Buffer.from(out.body);

    } else if (r.gzip || (lengthed && !bodyless)) {
        whole = Buffer.concat(Array.from(script(r, out),
            (e) => Buffer.from(e.data)));
    }

    if (r.gzip) {
        whole = zlib.gzipSync(whole);
    }

    w.framing = x.framing;

    for (let i = 0; i < (r['1xx'] || 0); i++) {
        const code = INFORMATIONAL[i % 3];
        w.push(`HTTP/1.1 ${code} ${REASONS[code]}\r\n\r\n`);
    }

    const h = Buffer.from(head(x, status, out, (whole ? whole.length : 0)
        + (r.framing === 'shortlength' ? 100 : 0)), 'latin1');

    if (r.eofhead) {
        w.push(h.subarray(0, h.length >> 1));
        w.action = 'cut';
        await w.flush();
        await w.stop();
    }

    if (r.endless === 'headers') {
        w.push(h.subarray(0, h.length - 2));
        await endless(w, x, out);
    }

    w.push(h);
    await w.atLimit();

    if (r.first || r.split === 'event') {
        await w.flush();
        await x.sleep(r.first || 0);
    }

    if (bodyless) {
        /* void */

    } else if (r.endless) {
        await endless(w, x, out);

    } else if (whole && !(out.events && !r.gzip)) {
        await w.body(whole, false, x.usage !== null);

    } else {
        // with a length the events are counted as such, but not framed
        for (const e of script(r, out)) {
            await w.body(e.data, !e.ping, e.usage, e.chunk);
        }
    }

    if (x.framing === 'chunked' && !bodyless) {
        w.push('0\r\n\r\n');

    } else if (x.framing === 'longlength') {
        w.push(SECOND);
    }

    await w.flush();

    if (x.framing === 'shortlength') {
        w.action = 'cut';
        await w.stop();
    }
}


// Sends the reply; x.ended tells how that went.
async function send(x, reply) {
    const r = x.recipe;
    const w = new Wire(x);

    x.closing = r.close === true || !x.req.keepalive;

    try {
        if (r.delay) {
            await x.sleep(r.delay);
        }

        await answer(w, x, reply);
        x.ended = 'complete';

    } catch (e) {
        if (e === GONE) {
            x.ended = x.ended || 'client_gone';
        } else if (e !== DONE) {
            throw e;
        }
    }

    if (x.ended === 'complete' && (x.closing || r.keepclose === '1')) {
        x.conn.socket.end();
    }
}


module.exports = { chunk, send, GONE };
