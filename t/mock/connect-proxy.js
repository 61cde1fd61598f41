#!/usr/bin/env node
// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * A scriptable HTTP CONNECT proxy.
 *
 *   node connect-proxy.js --listen HOST:PORT [--user NAME:PASSWORD]
 *       [--map HOST:PORT=HOST:PORT]... [--recipe RECIPE] [--journal FILE]
 *       [--quiet] [--while-stdin]
 *
 * --map sends what is meant for one address to another, so that a test can
 * tunnel to "api.example:443". The recipe has provider.js's grammar, with
 * steps for successive CONNECTs, and of its keys these: status=N (anything
 * but 200 refuses), header=N:V, delay=MS, split=N, eofhead, endless=headers,
 * and cut, rst and stall = N (after N bytes of the tunnel to the client) or wN
 * (the proxy's own reply counted too; w0 = no reply).
 *
 * The journal has a JSON line for each CONNECT when it ends.
 */

const net = require('net');

const { Journal, mask } = require('./journal');
const { Recipes } = require('./recipe');

const HEAD_MAX = 64 * 1024;
const options = { listen: '127.0.0.1:0', recipe: '' };
const targets = new Map();
const recipes = new Recipes();
let journal = null;
let connections = 0;


function address(text) {
    const m = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);

    if (m === null) {
        throw new Error(`bad address "${text}"`);
    }

    return { host: m[1] || m[2], port: Number(m[3]) };
}


// One CONNECT and its tunnel.
class Tunnel {
    constructor(client) {
        this.client = client;
        this.upstream = null;
        this.number = ++connections;
        this.recipe = null;
        this.head = '';
        this.sent = 0;                  // to the client, the reply included
        this.tunneled = 0;
        this.up = 0;
        this.told = { time: Date.now(), target: null, user: null, headers: [],
            status: 0, ended: null };
        this.queue = Promise.resolve();
        this.buf = Buffer.alloc(0);

        client.setNoDelay(true);
        client.on('error', () => { /* void */ });
        client.on('close', () => this.end('client_gone'));
        client.on('data', this.onHead = (data) => this.readHead(data));
    }

    entry() {
        return { ...this.told, conn: this.number, up: this.up,
            down: this.tunneled };
    }

    end(how) {
        if (this.told.ended === null) {
            this.told.ended = how;
            if (this.upstream) {
                this.upstream.destroy();
            }
            journal.add(this);
        }
    }

    readHead(data) {
        this.buf = Buffer.concat([this.buf, data]);
        const at = this.buf.indexOf('\r\n\r\n');

        if (at < 0) {
            if (this.buf.length > HEAD_MAX) {
                this.client.destroy();
            }
            return;
        }

        this.client.removeListener('data', this.onHead);
        this.client.pause();
        this.connect(this.buf.latin1Slice(0, at).split('\r\n'),
            this.buf.subarray(at + 4));
    }

    connect(lines, rest) {
        const m = /^CONNECT (\S+) HTTP\/1\.[01]$/.exec(lines[0]);
        const headers = lines.slice(1).map((l) => {
            const at = l.indexOf(':');
            return [l.slice(0, at), l.slice(at + 1).trim()];
        });
        const auth = headers.find(([n]) => /^proxy-authorization$/i.test(n));
        const r = recipes.pick(options.recipe);

        this.recipe = r;
        this.told.headers = headers.map(([n, v]) => [n, mask(n, v)]);
        this.told.target = m && m[1];

        if (options.user) {
            const want = 'Basic ' + Buffer.from(options.user)
                .toString('base64');
            this.told.user = !auth ? 'none' : auth[1] === want ? 'ok' : 'wrong';
        }

        setTimeout(() => {
            if (m === null) {
                this.refuse(405, 'Method Not Allowed');
            } else if (this.told.user && this.told.user !== 'ok') {
                this.refuse(407, 'Proxy Authentication Required',
                    'Proxy-Authenticate: Basic realm="mock"\r\n');
            } else if (r.status && r.status !== 200) {
                this.refuse(r.status, 'Refused');
            } else {
                this.open(m[1], rest);
            }
        }, r.delay || 0);
    }

    more() {
        return (this.recipe.header || [])
            .map((h) => h.replace(/^([^:]+):\s*/, '$1: ') + '\r\n').join('');
    }

    refuse(status, reason, extra = '') {
        const text = `mock proxy: ${status}\n`;

        this.told.status = status;
        this.send(Buffer.from(`HTTP/1.1 ${status} ${reason}\r\n${extra}`
            + `${this.more()}Content-Type: text/plain\r\n`
            + `Content-Length: ${text.length}\r\nConnection: close\r\n\r\n`
            + text), false).then(() => {
            this.client.end();
            this.client.resume();
            this.end('refused');
        });
    }

    open(target, rest) {
        let to;

        try {
            to = address(targets.get(target) || target);
        } catch (e) {
            this.refuse(400, 'Bad Request');
            return;
        }

        const upstream = net.connect(to);
        let connected = false;

        this.upstream = upstream;
        upstream.setNoDelay(true);

        upstream.on('error', () => {
            if (connected) {
                this.client.destroy();
            } else {
                this.refuse(502, 'Bad Gateway');
            }
        });

        upstream.on('connect', () => {
            connected = true;
            this.told.status = 200;
            this.established(rest);
        });
    }

    async established(rest) {
        const head = Buffer.from('HTTP/1.1 200 Connection established\r\n'
            + `${this.more()}\r\n`);

        if (this.recipe.eofhead) {
            await this.send(head.subarray(0, head.length >> 1), false);
            this.end('cut');
            this.client.destroy();
            return;
        }

        if (this.recipe.endless) {
            await this.send(head.subarray(0, -2), false);
            while (this.told.ended === null) {
                await this.send(Buffer.from(`X-Endless: ${'a'.repeat(200)}\r\n`
                    .repeat(100)), false);
            }
            return;
        }

        await this.send(head, false);

        const client = this.client;
        const upstream = this.upstream;

        if (rest.length) {
            this.up += rest.length;
            upstream.write(rest);
        }

        client.on('data', (data) => {
            this.up += data.length;
            if (!upstream.write(data)) {
                client.pause();
                upstream.once('drain', () => client.resume());
            }
        });
        client.resume();

        upstream.on('data', (data) => {
            upstream.pause();
            this.send(data, true).then(() => upstream.resume());
        });
        upstream.on('end', () => {
            this.queue.then(() => {
                this.end('complete');
                client.end();
            });
        });
    }

    // Sends in order, as the recipe has it; never settles once it has cut.
    send(data, tunneled) {
        this.queue = this.queue.then(() => this.sendNow(data, tunneled));
        return this.queue;
    }

    async sendNow(data, tunneled) {
        const r = this.recipe;
        const limit = r.cut || r.rst || r.stall;
        let over = false;

        if (limit && (tunneled || limit.unit === 'w')) {
            const left = limit.n - (limit.unit === 'w' ? this.sent
                : this.tunneled);
            over = data.length >= left;
            data = over ? data.subarray(0, left) : data;
        }

        const step = /^\d+$/.test(r.split) ? Number(r.split) : data.length;

        for (let at = 0; at < data.length; at += step) {
            await new Promise((resolve) => {
                this.client.write(data.subarray(at, at + step),
                    () => setImmediate(resolve));
            });
        }

        this.sent += data.length;
        this.tunneled += tunneled ? data.length : 0;

        if (over) {
            this.end(r.stall ? 'stalled' : 'cut');
            if (r.rst) {
                this.client.resetAndDestroy();
            } else if (r.cut) {
                this.client.destroy();
            } else {
                this.client.resume();   // to see the end
            }
            await new Promise(() => { /* never */ });
        }
    }
}


function main() {
    const argv = process.argv.slice(2);

    for (let i = 0; i < argv.length; i++) {
        const name = argv[i].replace(/^--/, '');

        if (name === 'quiet' || name === 'while-stdin') {
            options[name] = true;
        } else if (name === 'map' && argv.length > i + 1) {
            const at = argv[++i].indexOf('=');
            targets.set(argv[i].slice(0, at), argv[i].slice(at + 1));
        } else if (['listen', 'user', 'recipe', 'journal'].includes(name)
            && argv.length > i + 1)
        {
            options[name] = argv[++i];
        } else {
            throw new Error(`bad option "${argv[i]}"`);
        }
    }

    const quit = () => {
        journal.flush();
        process.exit(0);
    };

    recipes.pick(options.recipe);       // a bad one is told at once
    recipes.reset();
    journal = new Journal(options.journal);
    process.on('SIGTERM', quit);
    process.on('SIGINT', quit);

    if (options['while-stdin']) {
        process.stdin.on('end', quit).on('error', quit).resume();
    }

    const server = net.createServer((client) => new Tunnel(client));
    server.listen(address(options.listen), () => {
        const a = server.address();
        if (!options.quiet) {
            console.log(`listening http://${a.family === 'IPv6'
                ? `[${a.address}]` : a.address}:${a.port}`);
        }
    });
}


main();
