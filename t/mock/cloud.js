#!/usr/bin/env node
// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * A cloud that looks at who calls: it checks signatures of AWS and Google with
 * code of its own, hands out tokens, and takes them back.
 *
 *   node cloud.js --listen HOST:PORT[,tls:HOST:PORT] [--tls CERT KEY]
 *       [--aws ID:SECRET[:SESSION]]... [--google PUBLIC-KEY] [--while-stdin]
 *
 *   POST /token        a token for an assertion, as the plan says
 *   /aws/...           answers what is signed well, all else gets a 403
 *   /bearer/...        answers who has a token that is good, others get a 401
 *   /open/...          answers
 *
 * The answer is in the words of the path, a stream if one was asked for.  A
 * body of one of these has what is wrong with it in "cloud":"status=503".
 *
 * GET /~ctl/plan?STEP|STEP... is for the requests for tokens from now on; the
 * last step is for all that follow. A step is words with commas:
 *
 *   ok  status=N  error=WORD  expires=SECONDS  delay=MS  hang  cut  rst
 *   garbage  html  chunked  eof  drip  size=BYTES  token=TEXT
 *
 * GET /~ctl/revoke takes all tokens back, /~ctl/journal, /~ctl/stats and
 * /~ctl/reset are those of provider.js.
 */

const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const https = require('https');

const SKEW = 300e3;
const keys = new Map();                 // of AWS, by their ids
const tokens = new Map();               // { until } of those that are good
const sockets = new Set();
let google = null;
let plan = [{}];
let journal = [];
let flying = 0;
let issued = 0;


const hash = (data) => crypto.createHash('sha256').update(data).digest('hex');
const hmac = (key, data) => crypto.createHmac('sha256', key).update(data)
    .digest();

// All but letters, digits and -._~, byte by byte.
const encode = (bytes) => [...bytes].map((b) => {
    const c = String.fromCharCode(b);
    return /[A-Za-z0-9._~-]/.test(c) ? c
        : '%' + b.toString(16).toUpperCase().padStart(2, '0');
}).join('');

const decode = (text) => Buffer.from(text.replace(/%([0-9a-f]{2})/gi,
    (all, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1');


// What is wrong with a signature of AWS, or ''.
function aws(req, body) {
    const m = new RegExp('^AWS4-HMAC-SHA256 Credential=([^/]+)/(\\d{8})/'
        + '([^/]+)/([^/]+)/aws4_request, SignedHeaders=([a-z0-9;-]+), '
        + 'Signature=([0-9a-f]{64})$').exec(req.headers.authorization || '');

    if (!m) {
        return 'no signature';
    }

    const [, id, day, region, service, names, signature] = m;
    const date = req.headers['x-amz-date'] || '';
    const t = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
    const key = keys.get(id);

    if (!key) {
        return 'unknown key';
    }
    if (!t || t.slice(1, 4).join('') !== day) {
        return 'bad date';
    }
    if (Math.abs(Date.UTC(t[1], t[2] - 1, t[3], t[4], t[5], t[6])
        - Date.now()) > SKEW)
    {
        return 'old date';
    }
    if ((key.session || '') !== (req.headers['x-amz-security-token'] || '')) {
        return 'wrong session';
    }

    const signed = names.split(';');
    const must = ['host', 'x-amz-date'].concat(key.session
        ? ['x-amz-security-token'] : []);

    if (must.some((n) => !signed.includes(n))) {
        return 'headers are not signed';
    }

    const [path, query] = req.url.split(/\?(.*)/s);
    const params = (query || '').split('&').filter((p) => p !== '')
        .map((p) => p.split(/=(.*)/s).slice(0, 2).concat('')
            .slice(0, 2).map((x) => encode(decode(x))));

    params.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1
        : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0));

    const canonical = [req.method,
        path.split('/').map((s) => encode(Buffer.from(s, 'latin1'))).join('/'),
        params.map((p) => p.join('=')).join('&'),
        ...signed.map((n) => `${n}:${req.headers[n]}`), '', names,
        hash(body)].join('\n');
    const scope = `${day}/${region}/${service}/aws4_request`;
    const derived = [day, region, service, 'aws4_request']
        .reduce(hmac, 'AWS4' + key.secret);
    const want = hmac(derived, ['AWS4-HMAC-SHA256', date, scope,
        hash(canonical)].join('\n')).toString('hex');

    return want === signature ? '' : 'wrong signature';
}


// What is wrong with an assertion, or ''.
function assertion(req, body) {
    const form = new URLSearchParams(body.toString());
    const [head, claims, signature] = (form.get('assertion') || '').split('.');

    if (req.headers['content-type'] !== 'application/x-www-form-urlencoded'
        || form.get('grant_type')
            !== 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    {
        return 'unsupported_grant_type';
    }

    try {
        const h = JSON.parse(Buffer.from(head, 'base64url'));
        const c = JSON.parse(Buffer.from(claims, 'base64url'));
        const now = Date.now() / 1000;

        if (h.alg !== 'RS256' || h.typ !== 'JWT'
            || !crypto.verify('sha256', Buffer.from(`${head}.${claims}`),
                google, Buffer.from(signature, 'base64url')))
        {
            return 'invalid_signature';
        }

        return /@/.test(c.iss) && /\/token$/.test(c.aud)
            && /cloud-platform/.test(c.scope) && Math.abs(c.iat - now) < 60
            && c.exp > now && c.exp - c.iat <= 3600 ? '' : 'invalid_claims';

    } catch (e) {
        return 'invalid_grant';
    }
}


// "ok,delay=300" -> { ok: true, delay: '300' }
function words(text) {
    return Object.fromEntries(text.split(',').filter((w) => w !== '')
        .map((w) => w.split(/=(.*)/s).concat(true).slice(0, 2)));
}


function send(res, status, body, type = 'application/json', how = {}) {
    const head = { 'Content-Type': type, 'Content-Length':
        Buffer.byteLength(body) };

    if (how.chunked || how.eof) {
        delete head['Content-Length'];
    }
    if (how.eof) {
        res.useChunkedEncodingByDefault = false;
        res.shouldKeepAlive = false;
    }
    if (how.size) {
        body = body.replace(/\}$/, `,"x":"${'x'.repeat(Number(how.size))}"}`);
        head['Content-Length'] = Buffer.byteLength(body);
    }

    res.writeHead(status, head);

    if (how.cut || how.rst) {
        res.write(body.slice(0, body.length >> 1));
        setTimeout(() => (how.rst ? res.socket.resetAndDestroy()
            : res.socket.destroy()), 20);
        return;
    }
    if (how.chunked) {
        for (const c of body) {
            res.write(c);
        }
        res.end();
        return;
    }
    if (how.drip) {
        let at = 0;
        const next = () => (at < body.length
            ? res.write(body[at++], () => setImmediate(next)) : res.end());
        next();
        return;
    }
    res.end(body);
}


function token(req, res, body, note) {
    const how = plan.length > 1 ? plan.shift() : plan[0];
    const wrong = assertion(req, body);

    note.verdict = wrong || 'ok';

    if (how.hang) {
        return;
    }

    setTimeout(() => {
        if (wrong || how.error) {
            send(res, Number(how.status || 400), JSON.stringify(
                { error: wrong || how.error, error_description: 'No, you.' }));

        } else if (how.status) {
            send(res, Number(how.status), '{"error":"failed"}');

        } else if (how.garbage || how.html) {
            send(res, 200, how.html ? '<html></html>' : '{"access_token":',
                how.html ? 'text/html' : 'application/json');

        } else {
            const text = how.token || `ya29.cloud-${++issued}-`
                + crypto.randomBytes(8).toString('hex');
            const life = Number(how.expires || 3599);

            tokens.set(text, Date.now() + life * 1000);
            note.token = text;
            send(res, 200, JSON.stringify({ access_token: text,
                expires_in: life, token_type: 'Bearer' }), undefined, how);
        }
    }, Number(how.delay || 0));
}


const said = {
    openai: { id: 'chatcmpl-1', object: 'chat.completion', created: 1,
        model: 'm', choices: [{ index: 0, message: { role: 'assistant',
            content: 'Hello' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
    chunk: { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1,
        model: 'm', choices: [{ index: 0, delta: { role: 'assistant',
            content: 'Hello' }, finish_reason: 'stop' }] },
    bedrock: { output: { message: { role: 'assistant',
        content: [{ text: 'Hello' }] } }, stopReason: 'end_turn',
    usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
    metrics: { latencyMs: 1 } },
    gemini: { candidates: [{ content: { role: 'model',
        parts: [{ text: 'Hello' }] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1,
        totalTokenCount: 2 }, modelVersion: 'm', responseId: 'r' },
    anthropic: { id: 'msg_1', type: 'message', role: 'assistant', model: 'm',
        content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn',
        stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } },
};


function answer(req, res, json) {
    const path = req.url.split('?')[0];
    const how = words(String(json.cloud || ''));

    if (how.status) {
        send(res, Number(how.status), '{"error":{"message":"as you like"}}');

    } else if (/\/converse$/.test(path)) {
        send(res, 200, JSON.stringify(said.bedrock));

    } else if (/:generateContent$/.test(path)) {
        send(res, 200, JSON.stringify(said.gemini));

    } else if (/:rawPredict$|\/messages$/.test(path)) {
        send(res, 200, JSON.stringify(said.anthropic));

    } else if (json.stream) {
        send(res, 200, `data: ${JSON.stringify(said.chunk)}\n\n`
            + 'data: [DONE]\n\n', 'text/event-stream');

    } else {
        send(res, 200, JSON.stringify(said.openai));
    }
}


function serve(req, res, body) {
    const note = { method: req.method, path: req.url, verdict: '',
        headers: Object.keys(req.headers).sort(), host: req.headers.host,
        key: req.headers['x-goog-api-key'] || req.headers['api-key'],
        sni: req.socket.servername || undefined, length: body.length,
        sha256: hash(body), body: body.length < 65536 ? body.toString()
            : undefined, time: Date.now() };
    let json = {};

    journal.push(note);

    if (req.url === '/token') {
        token(req, res, body, note);
        return;
    }

    try {
        json = JSON.parse(body);
    } catch (e) { /* what is no JSON has no wishes */ }

    if (/^\/aws\//.test(req.url)) {
        note.verdict = aws(req, body);
        note.scope = (/Credential=[^/]+\/(\S+),/
            .exec(req.headers.authorization || '') || [])[1];

    } else if (/^\/bearer\//.test(req.url)) {
        const [, t] = /^Bearer (\S+)$/.exec(req.headers.authorization || '')
            || [];

        note.token = t;
        note.verdict = !tokens.has(t) ? 'unknown token'
            : tokens.get(t) < Date.now() ? 'expired token' : '';

    } else if (/^\/open\//.test(req.url)) {
        note.token = (req.headers.authorization || '').replace('Bearer ', '');
    }

    if (note.verdict) {
        send(res, /token/.test(note.verdict) ? 401 : 403, JSON.stringify(
            { error: { message: note.verdict }, message: note.verdict }));
        return;
    }

    note.verdict = 'ok';
    answer(req, res, json);
}


function control(req, res) {
    const [, what, text] = /^\/~ctl\/(\w+)\??(.*)$/.exec(req.url);
    let reply = '';

    if (what === 'plan') {
        plan = decodeURIComponent(text).split('|').map(words);

    } else if (what === 'token') {
        tokens.set(text, Date.now() + 3600e3);

    } else if (what === 'aws') {
        key(decodeURIComponent(text));

    } else if (what === 'revoke') {
        tokens.clear();

    } else if (what === 'reset') {
        journal = [];

    } else if (what === 'journal') {
        reply = journal.map((n) => JSON.stringify(n) + '\n').join('');

    } else if (what === 'stats') {
        reply = JSON.stringify({ in_flight: flying, requests: journal.length,
            open_connections: [...sockets].filter((s) => s !== req.socket)
                .length });
    }

    res.writeHead(200, { Connection: 'close',
        'Content-Length': Buffer.byteLength(reply) });
    res.end(reply);
}


// Only the last key is good.
function key(text) {
    const [id, secret, session] = text.split(':');

    keys.clear();
    keys.set(id, { secret, session });
}


function main() {
    const argv = process.argv.slice(2);
    const options = { listen: '127.0.0.1:0' };

    for (let i = 0; i < argv.length; i++) {
        const name = argv[i].replace(/^--/, '');

        if (name === 'while-stdin') {
            const quit = () => process.exit(0);
            process.stdin.on('end', quit).on('error', quit).resume();
        } else if (name === 'tls') {
            options.tls = { cert: fs.readFileSync(argv[++i]),
                key: fs.readFileSync(argv[++i]) };
        } else if (name === 'aws') {
            key(argv[++i]);
        } else if (name === 'google') {
            google = crypto.createPublicKey(fs.readFileSync(argv[++i]));
        } else if (name === 'listen') {
            options.listen = argv[++i];
        } else {
            throw new Error(`bad option "${argv[i]}"`);
        }
    }

    process.on('SIGTERM', () => process.exit(0));

    const handler = (req, res) => {
        const parts = [];

        req.on('data', (d) => parts.push(d));
        req.on('end', () => {
            if (req.url.startsWith('/~ctl/')) {
                control(req, res);
                return;
            }
            flying++;
            res.on('close', () => { flying--; });
            serve(req, res, Buffer.concat(parts));
        });
    };

    listen(options, options.listen.split(','), handler);
}


// One after the other, so that their lines come in order.
function listen(options, [where, ...more], handler) {
    if (!where) {
        return;
    }

    const tls = where.startsWith('tls:');
    const [host, port] = where.replace('tls:', '').split(':');
    const server = tls ? https.createServer(options.tls, handler)
        : http.createServer(handler);

    server.keepAliveTimeout = 60e3;
    server.on(tls ? 'secureConnection' : 'connection', (s) => {
        sockets.add(s);
        s.on('close', () => sockets.delete(s));
    });
    server.listen(Number(port), host, () => {
        console.log(`listening http${tls ? 's' : ''}://${host}:`
            + server.address().port);
        listen(options, more, handler);
    });
}


main();
