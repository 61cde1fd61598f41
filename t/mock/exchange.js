// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

const { mask, maskTarget } = require('./journal');
const { parseForm } = require('./form');
const { splitModel, splitPath } = require('./recipe');
const { GONE } = require('./send');

const ECHO_MAX = 64 * 1024;


// One request and its reply.
class Exchange {
    constructor(conn, req) {
        const at = req.target.indexOf('?');
        const raw = at < 0 ? req.target : req.target.slice(0, at);

        this.conn = conn;
        this.peer = conn.peer;
        this.req = req;
        this.id = req.get('x-request-id') || null;
        this.number = conn.requests;
        this.query = at < 0 ? '' : req.target.slice(at);
        this.ctl = raw.startsWith('/~ctl/');
        [this.prefix, this.path] = this.ctl ? ['', raw] : splitPath(raw);
        this.route = null;
        this.dialect = null;
        this.param = '';                // what a route has in its path
        this.recipe = {};
        this.recipeText = this.prefix;
        this.own = false;               // the body has a recipe
        this.body = undefined;
        this.json = {};
        this.form = null;
        this.refusal = null;
        this.serial = 0;
        this.closing = false;
        this.framing = 'length';
        this.status = 0;
        this.usage = null;
        this.usageSent = false;
        this.events = 0;
        this.bytes = 0;
        this.ended = null;
        this.replied = false;
        this.time = Date.now();
        this.first = null;
        this.last = null;
        this.wake = null;
    }

    // A recipe that overrides those before it.
    take(text, recipes) {
        if (text !== '') {
            this.recipe = Object.assign({}, this.recipe, recipes.pick(text));
            this.recipeText += (this.recipeText ? ' + ' : '') + text;
        }
    }

    sleep(ms) {
        return new Promise((resolve, reject) => {
            if (this.conn.closed) {
                reject(GONE);
                return;
            }

            const timer = ms === Infinity ? null : setTimeout(() => {
                this.wake = null;
                resolve();
            }, ms);

            this.wake = () => {
                clearTimeout(timer);
                reject(GONE);
            };
        });
    }

    headers() {
        return this.dialect.headers(this);
    }

    maskedHeaders() {
        return this.req.headers.map(([n, v]) => [n, mask(n, v)]);
    }

    // The end: only what the journal tells is kept.
    close() {
        this.last = process.hrtime.bigint();
        this.conn = null;
        this.req.forget();
        this.json = { model: this.json.model, stream: this.json.stream };
        for (const f of this.form ? this.form.files : []) {
            delete f.data;
        }
    }

    // What an echo tells of the request.
    describe() {
        const req = this.req;

        return { method: req.method, path: maskTarget(this.path + this.query),
            headers: this.maskedHeaders(), framing: req.framing,
            body_length: req.length, body_sha256: req.sha256,
            ...(req.length < ECHO_MAX ? { body: req.body.toString() } : {}) };
    }

    entry() {
        const { peer, req } = this;
        const since = (t) => t === null ? null
            : Math.round(Number(t - req.since) / 1e4) / 100;

        return {
            time: this.time, id: this.id, name: peer.name, port: peer.port,
            conn: peer.number, req: this.number, tls: peer.tls,
            method: req.method,
            path: maskTarget(this.path + this.query), recipe: this.recipeText,
            param: this.param || undefined, body: this.body,
            headers: this.maskedHeaders(), framing: req.framing,
            length: req.length, sha256: req.sha256, read: req.complete,
            model: this.json.model || null, stream: this.json.stream === true,
            ...(this.form ? { form: { fields: this.form.fields,
                files: this.form.files.map((f) => (
                    { name: f.name, filename: f.filename, length: f.length })),
            } } : {}),
            status: this.status, usage: this.usage, usage_sent: this.usageSent,
            events: this.events, bytes: this.bytes, ended: this.ended,
            ms: { first: since(this.first),
                total: since(this.last) },
        };
    }
}


// The body's JSON; of one too long to be kept, the few members that matter.
function parseJson(x) {
    const req = x.req;
    const body = req.body;

    if (body.length < req.length) {
        const start = body.latin1Slice();
        const get = (re) => (re.exec(start) || [])[1];
        const said = `a body of ${req.length} bytes`;
        return { model: get(/"model"\s*:\s*"([^"]*)"/),
            stream: get(/"stream"\s*:\s*(true)/) === 'true',
            mock: get(/"mock"\s*:\s*"([^"]*)"/), input: said, prompt: said,
            messages: [{ role: 'user', content: said }] };
    }

    const v = JSON.parse(body.utf8Slice());

    if (v === null || typeof v !== 'object' || Array.isArray(v)) {
        throw new Error('not an object');
    }

    return v;
}


// Reads the JSON or the form; the recipe in it has the last word.
function readBody(x, recipes) {
    const ctype = x.req.get('content-type');
    let own;

    x.form = parseForm(x.req.body, ctype);

    if (x.form) {
        own = x.form.fields.mock;
        x.json = { model: x.form.fields.model };

    } else if (x.req.length) {
        try {
            x.json = parseJson(x);
        } catch (e) {
            x.refusal = x.dialect.error(400, 'We could not parse the JSON body '
                + 'of your request.');
            return;
        }

        own = x.json.mock;

        if (typeof x.json.model === 'string') {
            const [ofModel, model] = splitModel(x.json.model);
            x.json.model = model;
            x.own = ofModel !== '';
            x.take(ofModel, recipes);
        }
    }

    if (typeof own === 'string') {
        x.own = true;
        x.take(own, recipes);
    }
}


module.exports = { Exchange, readBody };
