// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * A gateway of one's own, in front of the mock provider, and two clients: one
 * that goes through it and one that calls the mock itself. What they get must
 * be the same.
 *
 *     const gw = await start();
 *     await gw.same((client) => client.models.list());
 *     await gw.stop();                 // what is wrong with how it ended
 */

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { spawn } = require('node:child_process');

// node 18 has it, but not as a global, where the client looks for it
globalThis.File = globalThis.File || require('node:buffer').File;

const OpenAI = require('openai');

const ROOT = path.resolve(__dirname, '../..');
const NGINX = process.env.TEST_NGINX_BINARY || 'nginx';
const MODULE = process.env.AI_MODULE
    || `${ROOT}/build/nginx/ngx_http_ai_gateway_module.so`;

// of what the mock makes and numbers in its order
const ID = /\b(file-|batch_|video_|ftjob-)mock[0-9a-z]+/g;

const secret = (what) => `sk-${what}-${crypto.randomBytes(16).toString('hex')}`;

const sha256 = (text) => crypto.createHash('sha256').update(text)
    .digest('hex');

const sleep = (ms) => new Promise((resolve) => {
    setTimeout(resolve, ms);
});


function freePort() {
    return new Promise((resolve, reject) => {
        const server = net.createServer();

        server.on('error', reject);
        server.listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}


// Waits until the function returns something true; that, or undefined.
async function until(f, ms = 5000) {
    for (const end = Date.now() + ms; Date.now() < end; await sleep(20)) {
        const v = await f();
        if (v) {
            return v;
        }
    }

    return undefined;
}


// It ends with this process, and does not keep it from ending.
function leave(child) {
    child.unref();
    child.stdin?.unref();
    child.stdout?.unref();
    process.on('exit', () => child.kill('SIGTERM'));
}


async function startMock(dir, key, args = []) {
    const file = `${dir}/mock.log`;
    const child = spawn(process.execPath, [`${ROOT}/t/mock/provider.js`,
        '--listen', '127.0.0.1:0', '--require-key', key, '--while-stdin',
        ...args],
    { stdio: ['pipe', 'pipe', fs.openSync(file, 'w')] });

    for await (const line of readline.createInterface(child.stdout)) {
        leave(child);
        return { child, url: /^listening (\S+)/.exec(line)[1] };
    }

    throw new Error(`no mock: ${fs.readFileSync(file, 'utf8')}`);
}


// The key is in a file that nobody else may read, as a gateway wants it.
function writeKeys(dir, keys) {
    const write = (name, text) => fs.writeFileSync(`${dir}/${name}`, text,
        { mode: 0o600 });

    write('provider.key', `${keys.provider}\n`);
    write('keys.json', JSON.stringify({ keys: [
        { id: 'all', sha256: sha256(keys.all), owner: 'tests' },
        { id: 'some', sha256: sha256(keys.some), allow: ['gpt-4o*'] },
    ] }));
}


function oneProvider(dir, mock) {
    return `ai_provider mock {
        type openai;
        url ${mock}/v1;
        key file:${dir}/provider.key;
    }`;
}


function conf(dir, port, mock, { conf: more, providers = oneProvider }) {
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((kind) => `${kind}_temp_path ${dir}/${kind};`).join('\n    ');

    // mkdtemp() made the directory for this user alone
    return `load_module ${MODULE};
daemon off;
${process.getuid() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log info;
events {}
http {
    ${temp}
    access_log ${dir}/access.log ai_log_json;
    client_max_body_size 100m;
    ai_zone gateway 16m;
    ${providers(dir, mock)}
    ${more || ''}
    ai_keys ${dir}/keys.json;
    server {
        listen 127.0.0.1:${port};
        location / { ai_gateway on; }
        location /deployments/ { ai_gateway on; }
        location = /health { ai_health live; }
    }
}
`;
}


async function answers(url) {
    try {
        return (await fetch(url)).ok;
    } catch (e) {
        return false;
    }
}


// Another process may take a port that was free a moment ago.
async function startNginx(dir, mock, options) {
    for (let i = 0; i < 5; i++) {
        const port = await freePort();
        const url = `http://127.0.0.1:${port}`;

        fs.writeFileSync(`${dir}/nginx.conf`, conf(dir, port, mock,
            options));

        const child = spawn(NGINX, ['-p', `${dir}/`, '-e', `${dir}/error.log`,
            '-c', `${dir}/nginx.conf`],
        { stdio: ['ignore', 'ignore', 'inherit'] });

        leave(child);

        const started = await until(() => child.exitCode !== null
            || answers(`${url}/health`), 30000);

        if (started && child.exitCode === null) {
            return { child, url };
        }
    }

    throw new Error(`no nginx: ${fs.readFileSync(`${dir}/error.log`, 'utf8')}`);
}


// A client and all that came to it, as it came.  What reads along also reads
// on when the client has stopped: not for streams that are given up.
function recorded(baseURL, apiKey) {
    const replies = [];

    const client = new OpenAI({ baseURL, apiKey, maxRetries: 0,
        async fetch(url, init) {
            const reply = await fetch(url, init);
            replies.push({ reply, body: reply.clone().arrayBuffer() });
            return reply;
        } });

    async function taken() {
        const all = replies.splice(0).map(async ({ reply, body }) => ({
            status: reply.status, type: reply.headers.get('content-type'),
            body: Buffer.from(await body).toString('latin1')
                .replace(ID, '$1') }));

        return Promise.all(all);
    }

    return { client, taken };
}


// What an error tells its program.
function told(e) {
    if (!(e instanceof OpenAI.APIError)) {
        throw e;
    }

    const headers = e.headers || new Headers();

    return { class: e.constructor.name, status: e.status, code: e.code,
        type: e.type, param: e.param, message: e.message,
        retry: headers.get('retry-after') };
}


// Plain data of a result: ids masked, a stream's events, a file's bytes.
async function plain(v) {
    if (v instanceof Response) {
        return Buffer.from(await v.arrayBuffer()).toString('base64');
    }

    if (v && typeof v[Symbol.asyncIterator] === 'function'
        && v.data === undefined)
    {
        const events = [];
        for await (const e of v) {
            events.push(e);
        }
        return plain(events);
    }

    return v === undefined ? v
        : JSON.parse(JSON.stringify(v).replace(ID, '$1'));
}


class Gateway {
    constructor(dir, keys, mock, nginx) {
        Object.assign(this, { dir, keys, mock, nginx });
        this.direct = recorded(`${mock.url}/v1`, keys.provider);
        this.through = recorded(`${nginx.url}/v1`, keys.all);
        this.client = this.connect();
    }

    // A client of the gateway, with options of its own.
    connect(options = {}) {
        return new OpenAI({ baseURL: `${this.nginx.url}/v1`,
            apiKey: this.keys.all, maxRetries: 0, ...options });
    }

    async control(what) {
        const reply = await fetch(`${this.mock.url}/~ctl/${what}`);
        return reply.text();
    }

    async journal() {
        const text = await this.control('journal');
        return text.split('\n').filter(Boolean).map((l) => JSON.parse(l));
    }

    // What the mock noted, once it is answering nobody any more.
    async ended(ms) {
        await until(async () => JSON.parse(await this.control('stats'))
            .in_flight === 0, ms);
        return this.journal();
    }

    // One call of each client: result or error, and the bytes of the reply.
    async run({ client, taken }, call) {
        await this.control('reset');

        let result;
        try {
            result = await plain(await call(client));
        } catch (e) {
            result = told(e);
        }

        const sent = (await this.ended()).map((e) => ({ method: e.method,
            path: e.path.replace(ID, '$1'), length: e.length,
            sha256: e.sha256, form: e.form }));

        return { result, replies: await taken(), sent };
    }

    // `sent: false` where what reaches the provider is not what was sent: a
    // form has a boundary of its own each time, a stream asks for usage.
    async same(call, { sent = true } = {}) {
        const direct = await this.run(this.direct, call);
        const through = await this.run(this.through, call);

        if (!sent) {
            for (const s of [...direct.sent, ...through.sent]) {
                delete s.length;
                delete s.sha256;
            }
        }

        assert.deepStrictEqual(through, direct);
        assert.ok(direct.replies.length > 0);
        return direct.result;
    }

    logs() {
        return ['error.log', 'access.log', 'mock.log'].map((name) =>
            fs.readFileSync(`${this.dir}/${name}`, 'utf8')).join('');
    }

    // Ends it; what was wrong.
    async stop() {
        const { child } = this.nginx;
        const found = [];

        child.kill('SIGQUIT');

        if (!await until(() => child.exitCode !== null
            || child.signalCode !== null, 10000))
        {
            found.push('nginx did not stop');
            child.kill('SIGKILL');
        }

        if (child.exitCode) {
            found.push(`nginx ended with ${child.exitCode}`);
        }

        this.mock.child.stdin.end();

        const logs = this.logs();

        for (const line of logs.split('\n')) {
            if (/\[(alert|emerg|crit)\]|open socket #|Sanitizer/.test(line)) {
                found.push(line);
            }
        }

        for (const [name, key] of Object.entries(this.keys)) {
            if (logs.includes(key)) {
                found.push(`the ${name} key is in a log`);
            }
        }

        if (!process.env.AI_KEEP) {
            fs.rmSync(this.dir, { recursive: true });
        }

        return found;
    }
}


// conf: more text for http{}; providers: what makes that of the providers;
// mock: more arguments of the mock
async function start(options = {}) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ai-gateway-sdk-'));
    const keys = { provider: secret('provider'), all: secret('all'),
        some: secret('some') };

    writeKeys(dir, keys);

    const mock = await startMock(dir, keys.provider, options.mock);
    const nginx = await startNginx(dir, mock.url, options);

    return new Gateway(dir, keys, mock, nginx);
}


process.on('SIGTERM', () => process.exit(1));


module.exports = { OpenAI, start, until };
