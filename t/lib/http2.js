#!/usr/bin/env node

// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// An HTTP/2 client for tests, without TLS: curl's loses replies.
//
//     node http2.js PORT < requests
//
// Requests are a JSON array of { method, path, headers, body, leave }; they
// go one after the other, on one connection. "leave" is a number of ms after
// which the client resets the stream. Replies are printed as a JSON array of
// { status, headers, body, end }, where end is "end", "reset" or "left".

const fs = require('fs');
const http2 = require('http2');


function ask(session, request) {
    return new Promise((resolve) => {
        const reply = { status: 0, headers: {}, body: '', end: 'end' };
        const stream = session.request({ ':method': request.method,
            ':path': request.path, ...request.headers });

        stream.setEncoding('utf8');
        stream.on('response', (headers) => {
            reply.status = headers[':status'];
            reply.headers = headers;
        });
        stream.on('data', (text) => { reply.body += text; });
        stream.on('error', () => { reply.end = 'reset'; });
        stream.on('close', () => resolve(reply));

        if (request.leave) {
            setTimeout(() => {
                stream.close(http2.constants.NGHTTP2_CANCEL);
                reply.end = 'left';
            }, request.leave);
        }

        stream.end(request.body);
    });
}


async function main() {
    const session = http2.connect(`http://127.0.0.1:${process.argv[2]}`);
    const replies = [];

    for (const request of JSON.parse(fs.readFileSync(0))) {
        replies.push(await ask(session, request));
    }

    process.stdout.write(JSON.stringify(replies));
    session.destroy();
}


main();
