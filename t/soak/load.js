#!/usr/bin/env node
// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * Clients of all kinds at once, for mixed.pl.
 *
 *   SOAK_KEY=... node load.js PORT SECONDS RESULTS
 *
 * Of each request a JSON line is written to RESULTS: id, kind, status, ended
 * (complete, cut), want, aborted, unsent (the connection was kept from an
 * earlier request, and closed before there was an answer).
 */

const fs = require('fs');
const http = require('http');

const [port, seconds, results] = process.argv.slice(2);
const CLIENTS = 24;
const LARGE = 'The quick brown fox said \\"no\\".\\n'.repeat(10000);
const kept = new http.Agent({ keepAlive: true });
const fresh = new http.Agent({ keepAlive: false });
const end = Date.now() + Number(seconds) * 1000;
const out = fs.openSync(results, 'w');

// name, model, recipe, what is expected (status/ended), weight; a recipe's
// steps are counted for each text, so %ID% makes it one of its own.
const KINDS = [
    ['whole', 'both', 'size=500', '200/complete', 20],
    ['stream', 'both', 'events=30', '200/complete', 20, { stream: true }],
    ['split', 'both', 'events=20,split=random:%ID%', '200/complete', 3,
        { stream: true }],
    ['paced', 'both', 'events=40,gap=5', '200/complete', 10, { stream: true }],
    ['waited', 'both', 'delay=200,size=100', '200/complete', 5],
    ['large', 'both', 'events=5', '200/complete', 5, { large: true }],
    ['retried', 'both', 'status=529|status=200,seq=%ID%', '200/complete', 5],
    ['reset', 'both', 'rst=w0|size=100,seq=%ID%', '200/complete', 3],
    ['retried stream', 'both', 'status=500|events=20,seq=%ID%',
        '200/complete', 5, { stream: true }],
    ['down', 'down', 'size=100', '200/complete', 3],
    ['refused', 'dead/gpt-4o-mini', 'size=100', '502/complete', 2],
    ['failed', 'both', 'status=503', '503/complete', 3],
    ['head cut', 'both', 'eofhead', '502/complete', 3],
    ['stream cut', 'both', 'events=30,cut=e10', null, 3, { stream: true }],
    ['stream reset', 'both', 'events=30,rst=e10', null, 3, { stream: true }],
    ['stream stalled', 'both', 'events=30,stall=e10', null, 1,
        { stream: true }],
    ['bad key', 'both', '', '401/complete', 2, { key: 'sk-wrong' }],
    ['bad model', 'nobody/x', '', '404/complete', 2],
    ['bad JSON', 'both', '', '400/complete', 2, { cut: true }],
];
const wheel = KINDS.flatMap((k) => Array(k[4]).fill(k));

let serial = 0;
let seed = 1;


// the same choices in each run
function random(n) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % n;
}


function body(kind, id) {
    const [, model, recipe, , , more = {}] = kind;
    const text = `{"model":"${model}","stream":${!!more.stream},`
        + `"mock":"${recipe.replace('%ID%', id)}","messages":[{"role":"user",`
        + `"content":"${more.large ? LARGE : 'Hello, number ' + id}"}]}`;

    return more.cut ? text.slice(0, -3) : text;
}


// When a client goes away: in its own body, or so many ms after it.
function abortion() {
    return random(10) ? null : random(4) ? { after: random(120) }
        : { within: true };
}


// Goes away, but not before the request has left: nginx could not know of it.
function leave(req) {
    const s = req.socket;

    if (!s || s.connecting || s.writableLength) {
        setTimeout(leave, 1, req);
    } else {
        req.destroy();
    }
}


function request(kind) {
    const id = String(++serial);
    const more = kind[5] || {};
    const bytes = Buffer.from(body(kind, id));
    const abort = abortion();
    const r = { id, kind: kind[0], want: kind[3], status: 0, ended: 'cut',
        aborted: abort !== null, unsent: false };

    return new Promise((resolve) => {
        const req = http.request({ port, host: '127.0.0.1', method: 'POST',
            path: '/v1/chat/completions', agent: random(2) ? kept : fresh,
            headers: { 'Content-Type': 'application/json',
                'Content-Length': bytes.length, 'X-Soak-Id': id,
                Authorization: `Bearer ${more.key || process.env.SOAK_KEY}` },
        });

        req.on('response', (res) => {
            r.status = res.statusCode;
            res.on('data', () => { /* void */ });
            res.on('end', () => { r.ended = 'complete'; });
            res.on('error', () => { /* void */ });
        });

        req.on('error', () => {
            r.unsent = req.reusedSocket && r.status === 0;
        });

        req.on('close', () => {
            fs.writeSync(out, JSON.stringify(r) + '\n');
            resolve();
        });

        if (abort && abort.within) {
            req.write(bytes.subarray(0, bytes.length >> 1));
            setTimeout(leave, 20 + random(50), req);
            return;
        }

        req.end(bytes);

        if (abort) {
            setTimeout(leave, abort.after, req);
        }
    });
}


async function client() {
    while (Date.now() < end) {
        await request(wheel[random(wheel.length)]);
    }
}


Promise.all(Array.from({ length: CLIENTS }, client)).then(() => {
    kept.destroy();
});
