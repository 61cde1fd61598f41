// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// One request over HTTP, and all of what comes back: { status, headers, ctype,
// body, complete }. complete: the framing says that it is whole.

const http = require('http');

const TIMEOUT = 60000;


class Asker {
    constructor(url, sockets = 16) {
        this.url = url.replace(/\/$/, '');
        this.agent = new http.Agent({ keepAlive: true, maxSockets: sockets });
    }

    // { path, query, headers, body }, as neutral/ writes them
    ask({ path, query, headers, body }) {
        const data = Buffer.isBuffer(body) || typeof body === 'string'
            ? Buffer.from(body) : Buffer.from(JSON.stringify(body));

        return new Promise((resolve, reject) => {
            const req = http.request(
                `${this.url}${path}${query ? `?${query}` : ''}`,
                { method: 'POST', agent: this.agent, timeout: TIMEOUT,
                    headers: { 'content-type': 'application/json',
                        'content-length': data.length, ...headers } },
                (res) => {
                    const parts = [];
                    const done = (complete) => resolve({
                        status: res.statusCode, headers: res.headers,
                        ctype: res.headers['content-type'] || '',
                        body: Buffer.concat(parts), complete });
                    res.on('data', (d) => parts.push(d));
                    res.on('end', () => done(res.complete));
                    res.on('error', () => done(false));
                    res.on('aborted', () => done(false));
                });

            req.on('timeout', () => req.destroy(new Error('timeout')));
            req.on('error', reject);
            req.end(data);
        });
    }

    get(path) {
        return new Promise((resolve, reject) => {
            http.get(`${this.url}${path}`, (res) => {
                const parts = [];
                res.on('data', (d) => parts.push(d));
                res.on('end', () => resolve(Buffer.concat(parts).toString()));
            }).on('error', reject);
        });
    }

    close() {
        this.agent.destroy();
    }
}


module.exports = { Asker };
