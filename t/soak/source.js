#!/usr/bin/env node
// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * A provider of long streams, in which pings and pieces of text take turns.
 *
 *   node source.js [--while-stdin]
 *
 * The request's model says what comes: "EVENTS" or "EVENTS-MS", so many pieces
 * of text, with so many milliseconds after each; without a time as fast as the
 * reader takes them. It prints "listening URL", and answers GET /~ctl/stats.
 */

const http = require('http');

const BATCH = 100;
const count = { in_flight: 0, open_connections: 0, bytes: [] };


function chunk(delta, finish, usage) {
    return 'data: {"id":"chatcmpl-1","object":"chat.completion.chunk",'
        + '"created":1767225600,"model":"soak","choices":'
        + (usage ? `[],"usage":${usage}` : `[{"index":0,"delta":${delta},`
            + `"logprobs":null,"finish_reason":${finish}}],"usage":null`)
        + '}\n\n';
}


const ROLE = chunk('{"role":"assistant","content":""}', null);
const PAIR = ': ping\n\n' + chunk('{"content":" word of the stream"}', null);
const PAIRS = PAIR.repeat(BATCH);


function drained(res) {
    return new Promise((resolve) => {
        res.wake = resolve;
        res.once('drain', resolve);
    });
}


function sleep(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
}


async function stream(model, res, n) {
    const [events, gap] = model.split('-').map(Number);
    const step = gap ? 1 : BATCH;

    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write(ROLE);

    for (let sent = 0; sent < events && !res.destroyed; sent += step) {
        const text = gap ? PAIR : PAIRS;

        count.bytes[n] += text.length;
        if (!res.write(text)) {
            await drained(res);
        }
        if (gap) {
            await sleep(gap);
        }
    }

    res.end(chunk('{}', '"stop"') + chunk(null, null, '{"prompt_tokens":3,'
        + `"completion_tokens":${events},"total_tokens":${events + 3}}`)
        + 'data: [DONE]\n\n');
}


function answer(req, res) {
    if (req.url === '/~ctl/stats') {
        count.open_connections--;       // not one of those that are counted
        req.socket.on('close', () => { count.open_connections++; });
        res.end(JSON.stringify(count));
        return;
    }

    const parts = [];

    req.on('data', (d) => parts.push(d)).on('end', () => {
        const n = count.bytes.push(0) - 1;

        count.in_flight++;
        res.on('close', () => {
            count.in_flight--;
            if (res.wake) {
                res.wake();
            }
        });
        stream(JSON.parse(Buffer.concat(parts)).model, res, n);
    });
}


const server = http.createServer({ keepAliveTimeout: 60000 }, answer);

server.on('connection', (socket) => {
    count.open_connections++;
    socket.on('close', () => { count.open_connections--; });
});

if (process.argv.includes('--while-stdin')) {
    process.stdin.on('end', () => process.exit(0)).resume();
}

server.listen(0, '127.0.0.1', () => {
    console.log(`listening http://127.0.0.1:${server.address().port}`);
});
