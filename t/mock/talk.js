// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What a test of the mock needs: to start it, and to talk to it in bytes.

const child = require('child_process');
const net = require('net');
const path = require('path');

const children = [];


const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));


// Starts a program of this directory; its URLs, when it listens.
function run(program, args, listeners = 1) {
    const p = child.spawn(process.execPath, [path.join(__dirname, program),
        '--while-stdin', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';

    children.push(p);

    return new Promise((resolve, reject) => {
        p.on('exit', (code) => reject(new Error(`${program}: exit ${code}`)));
        p.stdout.on('data', (d) => {
            out += d;
            const urls = out.match(/listening \S+(?=\n)/g) || [];
            if (urls.length === listeners) {
                resolve({ p, urls: urls.map((u) => u.slice(10)),
                    port: Number(/\d+$/.exec(urls[0])[0]) });
            }
        });
    });
}


// Sends bytes and collects what comes back, each piece with its time, until
// the other side ends, or `until` is happy, or the deadline.
function talk(where, bytes, { until, deadline = 3000, socket } = {}) {
    return new Promise((resolve) => {
        const s = socket || net.connect(where);
        const r = { pieces: [], raw: '', end: 'timeout', socket: s };
        const start = Date.now();
        const finish = (how) => {
            clearTimeout(timer);
            s.removeAllListeners('data');
            r.end = how;
            resolve(r);
        };
        const timer = setTimeout(() => finish('timeout'), deadline);

        s.removeAllListeners('end').removeAllListeners('error');
        s.on('data', (d) => {
            r.pieces.push({ t: Date.now() - start, n: d.length });
            r.raw += d.toString('latin1');
            if (until && until(r.raw)) {
                finish('until');
            }
        });
        s.on('end', () => finish('fin'));
        s.on('error', () => finish('rst'));

        if (!socket) {
            s.setNoDelay(true);
        }
        if (bytes) {
            s.write(bytes);
        }
    });
}


const complete = (raw) => {
    const r = parse(raw);
    return r !== null && r.complete;
};


// The first whole response in the bytes: { status, head, body, complete }.
function parse(raw) {
    const at = raw.indexOf('\r\n\r\n');

    if (at < 0) {
        return null;
    }

    const head = raw.slice(0, at + 2);
    const status = Number(head.slice(9, 12));
    const rest = raw.slice(at + 4);
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head);

    if (status < 200) {
        return parse(rest);
    }

    if (/\r\ntransfer-encoding: chunked\r\n/i.test(head)) {
        let body = '';
        let p = 0;

        for ( ;; ) {
            const m = /^([0-9a-f]+)\r\n/.exec(rest.slice(p, p + 20));
            if (m === null) {
                return { status, head, body, complete: false,
                    bad: p + 2 < rest.length };
            }
            const n = parseInt(m[1], 16);
            p += m[0].length;
            body += rest.slice(p, p + n);
            if (n === 0) {
                return { status, head, body,
                    complete: rest.slice(p, p + 2) === '\r\n' };
            }
            if (rest.length < p + n + 2) {
                return { status, head, body, complete: false };
            }
            p += n + 2;
        }
    }

    const n = length ? Number(length[1]) : Infinity;
    return { status, head, body: rest.slice(0, n), complete: rest.length >= n,
        extra: rest.slice(n) };
}


function stopAll() {
    children.forEach((p) => p.kill());
}


module.exports = { complete, parse, run, sleep, stopAll, talk };
