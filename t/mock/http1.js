// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// The receiving half: bytes of a connection in, requests out, one at a time.

const crypto = require('crypto');

const HEAD_MAX = 256 * 1024;
const BODY_WHOLE = 16 * 1024 * 1024;        // kept whole up to here
const BODY_START = 1024 * 1024;             // the part kept of longer ones
const ONCE = new Set(['host', 'content-length', 'transfer-encoding']);
const EMPTY = Buffer.alloc(0);
const EMPTY_SHA256 = crypto.createHash('sha256').digest('hex');


class Request {
    constructor(head, since) {
        const lines = head.split('\r\n');
        const m = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/1\.([01])$/
            .exec(lines[0]);

        if (m === null) {
            throw new Error('bad request line');
        }

        this.method = m[1];
        this.target = m[2];
        this.minor = Number(m[3]);
        this.headers = [];
        this.byName = new Map();
        this.since = since;

        for (let i = 1; i < lines.length; i++) {
            const at = lines[i].indexOf(':');
            if (at <= 0) {
                throw new Error('bad header line');
            }

            const name = lines[i].slice(0, at);
            const text = lines[i].slice(at + 1).trim();
            const lower = name.toLowerCase();
            this.headers.push([name, text]);
            if (this.byName.has(lower) && ONCE.has(lower)) {
                throw new Error('repeated header');
            }
            this.byName.set(lower, text);
        }

        this.length = 0;            // of the body, as read so far
        this.sha256 = EMPTY_SHA256;
        this.parts = [];
        this.kept = 0;
        this.hash = null;
        this.complete = false;
    }

    get(name) {
        return this.byName.get(name);
    }

    get keepalive() {
        const c = (this.get('connection') || '').toLowerCase();
        return this.minor === 1 ? c !== 'close' : c === 'keep-alive';
    }

    add(data) {
        if (this.hash === null) {
            this.hash = crypto.createHash('sha256');
        }

        this.hash.update(data);
        this.length += data.length;

        if (this.length <= BODY_WHOLE || this.kept < BODY_START) {
            this.parts.push(data);
            this.kept += data.length;
        }

        if (this.length > BODY_WHOLE && this.kept > BODY_START) {
            // a copy: a slice would keep all of it alive
            this.parts = [Buffer.from(Buffer.concat(this.parts)
                .subarray(0, BODY_START))];
            this.kept = BODY_START;
        }
    }

    finish() {
        this.complete = true;
        if (this.hash !== null) {
            this.sha256 = this.hash.digest('hex');
            this.hash = null;
        }
    }

    // The journal keeps requests; it needs neither bodies nor a second index.
    forget() {
        this.parts = [];
        this.byName = null;
    }

    // What was kept of the body: all of it, or the first megabyte.
    get body() {
        if (this.parts.length > 1) {
            this.parts = [Buffer.concat(this.parts)];
        }
        return this.parts[0] || EMPTY;
    }
}


// Calls  handler.head(conn, req)      when a request's head has been read,
//        handler.body(conn, req)      when its body has,
//        handler.gone(conn)           once, when the connection is no more.
// The next request is looked at after both body() and release().
class Connection {
    constructor(socket, raw, handler) {
        this.socket = socket;
        this.raw = raw;             // the TCP socket under a TLS one
        this.handler = handler;
        this.buf = EMPTY;
        this.state = 'head';
        this.left = 0;
        this.req = null;
        this.replying = false;
        this.requests = 0;
        this.closed = false;

        socket.on('data', (data) => this.feed(data));
        socket.on('end', () => this.lost());
        socket.on('error', () => this.lost());
        socket.on('close', () => this.lost());
    }

    lost() {
        if (!this.closed) {
            this.closed = true;
            this.socket.destroy();
            this.handler.gone(this);
        }
    }

    feed(data) {
        this.buf = this.buf.length ? Buffer.concat([this.buf, data]) : data;
        try {
            while (!this.closed && this.step()) {
                /* void */
            }
        } catch (e) {
            this.state = 'ignore';
            this.socket.end('HTTP/1.1 400 Bad Request\r\n'
                + 'Content-Length: 0\r\nConnection: close\r\n\r\n');
        }
    }

    release() {
        this.replying = false;
        if (this.buf.length && this.state === 'head') {
            setImmediate(() => this.feed(EMPTY));
        }
    }

    // One step of the parser; false when it needs more bytes.
    step() {
        switch (this.state) {

        case 'head':
            return this.head();

        case 'length':
            return this.take('done');

        case 'chunk': {
            const line = this.line();
            if (line === null) {
                return false;
            }

            const m = /^([0-9A-Fa-f]{1,12})(;.*)?$/.exec(line);
            if (m === null) {
                throw new Error('bad chunk');
            }

            this.left = parseInt(m[1], 16);
            this.state = this.left ? 'data' : 'trailer';
            return true;
        }

        case 'data':
            return this.take('crlf');

        case 'crlf':
            if (this.buf.length < 2) {
                return false;
            }
            if (this.line() !== '') {
                throw new Error('bad chunk end');
            }
            this.state = 'chunk';
            return true;

        case 'trailer': {
            const line = this.line();
            if (line === '') {
                this.state = 'done';
            }
            return line !== null;
        }

        case 'done':
            this.state = 'head';
            this.req.finish();
            this.handler.body(this, this.req);
            return true;

        default:
            this.buf = EMPTY;
            return false;
        }
    }

    head() {
        if (this.replying || this.buf.length === 0) {
            return false;
        }

        const end = this.buf.indexOf('\r\n\r\n');
        if (end < 0) {
            if (this.buf.length > HEAD_MAX) {
                throw new Error('head too long');
            }
            return false;
        }

        const req = new Request(this.buf.latin1Slice(0, end),
            process.hrtime.bigint());
        this.buf = this.buf.subarray(end + 4);
        this.req = req;
        this.requests++;
        this.replying = true;

        const te = req.get('transfer-encoding');
        const cl = req.get('content-length');
        req.framing = te !== undefined ? 'chunked'
            : cl !== undefined ? 'length' : 'none';

        if ((te !== undefined && (cl !== undefined
                || te.toLowerCase() !== 'chunked'))
            || (cl !== undefined && !/^\d+$/.test(cl)))
        {
            throw new Error('bad framing');
        }

        this.left = Number(cl || 0);
        this.state = te !== undefined ? 'chunk' : this.left ? 'length' : 'done';
        this.handler.head(this, req);

        if (this.state !== 'done' && !req.early
            && /^100-continue$/i.test(req.get('expect') || ''))
        {
            this.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        }
        return true;
    }

    line() {
        const at = this.buf.indexOf('\r\n');
        if (at < 0) {
            if (this.buf.length > HEAD_MAX) {
                throw new Error('line too long');
            }
            return null;
        }

        const line = this.buf.latin1Slice(0, at);
        this.buf = this.buf.subarray(at + 2);
        return line;
    }

    take(next) {
        if (this.buf.length === 0) {
            return false;
        }

        const n = Math.min(this.left, this.buf.length);
        this.req.add(this.buf.subarray(0, n));
        this.buf = this.buf.subarray(n);
        this.left -= n;
        if (this.left === 0) {
            this.state = next;
        }
        return true;
    }
}


module.exports = { Connection };
