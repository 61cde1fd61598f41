// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// A client's dialect and a provider's: what is to come out of a reply, and
// whether it does.

const aws = require('./aws');
const { check } = require('./grammar');
const { same, through, write } = require('./neutral');

const CLIENTS = ['chat', 'completions', 'responses', 'anthropic', 'gemini',
    'bedrock', 'cohere', 'ollama'];

// The dialects a type of provider is asked in besides its own: a client of one
// of these is not translated (src/provider/ngx_ai_vendors.c).
const ALSO = {
    openai: ['completions', 'responses'],
    xai: ['completions', 'responses'],
    ollama: ['chat', 'completions'],
    cerebras: ['completions'],
    mistral: ['completions'],
    perplexity: ['completions'],
    together: ['completions'],
};

// Of what a reply comes to, what a dialect has words for.
const WORDS = {
    chat: { refusal: true, thinking: true, calls: true, others: true,
        usage: ['input', 'output', 'cached', 'reasoning'] },
    completions: { others: true, usage: ['input', 'output', 'cached',
        'reasoning'] },
    responses: { refusal: true, thinking: true, calls: true,
        usage: ['input', 'output', 'cached', 'reasoning'] },
    anthropic: { thinking: true, calls: true,
        usage: ['input', 'output', 'cached', 'written'] },
    gemini: { thinking: true, calls: true, others: true,
        usage: ['input', 'output', 'cached', 'reasoning'] },
    bedrock: { thinking: true, calls: true,
        usage: ['input', 'output', 'cached', 'written'] },
    cohere: { thinking: true, calls: true,
        usage: ['input', 'output', 'cached', 'reasoning'] },
    ollama: { thinking: true, calls: true, usage: ['input', 'output'] },
};


// own, passed (a dialect that the provider has, too), or translated
function relation(client, wire, type) {
    return client === wire ? 'own'
        : (ALSO[type] || []).includes(client) ? 'passed' : 'translated';
}


function usageDiff(want, got, client) {
    if (want === null || want.input === undefined) {
        return [];
    }
    if (got === null) {
        return ['no usage'];
    }

    // some tell of more cached tokens, or thoughts, than there were
    const told = { ...want, cached: Math.min(want.cached || 0, want.input),
        reasoning: want.reasoning === undefined ? undefined
            : Math.min(want.reasoning, want.output) };

    return WORDS[client].usage.filter((name) => (told[name] || 0)
        !== (got[name] || 0) && !(told[name] === undefined
        && (name === 'reasoning' || name === 'written'))).map((name) =>
        `usage.${name}: want ${told[name]} got ${got[name]}`);
}


// What a finish may become. Who has no calls ends for another reason, and who
// refuses is stopped by some and filtered by others.
function finishes(want, client) {
    const words = WORDS[client];

    if (want.finish === 'tools' && !words.calls) {
        return ['stop', 'tools', 'other'];
    }
    if (want.refusal) {
        return ['stop', 'filter'];
    }
    switch (want.finish) {
    case 'other':
        return ['stop', 'other', 'length', 'filter'];
    case 'error':
        return ['stop', 'other', 'error', 'filter', 'tools'];
    case 'filter':
        return ['anthropic', 'chat', 'responses', 'gemini', 'bedrock']
            .includes(client) ? ['filter'] : ['filter', 'stop', 'error'];
    default:
        return [want.finish];
    }
}


// Arguments that are no object, because they were cut, can't be said where
// they must be one.
function objects(client) {
    return (c) => {
        let whole = /^\{/.test(c.args);

        try {
            JSON.parse(c.args);
        } catch (e) {
            whole = false;
        }
        return whole && !/^\{"arguments":"/.test(c.args) ? c
            : { name: c.name, args: ['gemini', 'ollama', 'bedrock',
                'anthropic'].includes(client) ? '?' : c.args };
    };
}


// What differs between what the provider said and what the client was told;
// both are plain().
function differs(want, got, client) {
    const words = WORDS[client];
    const out = [];
    const say = (name, w, g) => {
        if (w !== g) {
            out.push(`${name}: want ${String(JSON.stringify(w)).slice(0, 200)}`
                + ` got ${String(JSON.stringify(g)).slice(0, 200)}`);
        }
    };

    if (want.error || (want.finish === 'error' && got.error)) {
        say('error', true, got.error !== null);
        return out;
    }

    say('error', undefined, got.error ? got.error.message : undefined);
    // what has no other place is a text; what was spoken has its words
    const spoken = client === 'chat' ? '' : want.spoken;

    if (words.refusal) {
        say('refusal', want.refusal, got.refusal);
        say('text', want.text + spoken, got.text);
    } else if (spoken === '' || got.text !== want.text + want.refusal) {
        say('text', want.text + want.refusal + spoken, got.text);
    }
    if (words.thinking) {
        say('thinking', want.thinking, got.thinking);
    }
    if (words.calls) {
        say('calls', JSON.stringify(want.calls.map(objects(client))),
            JSON.stringify(got.calls.map(objects(client))));
    }
    if (want.finish !== null && !finishes(want, client).includes(got.finish)) {
        say('finish', want.finish, got.finish);
    }
    out.push(...usageDiff(want.usage, got.usage, client));

    if (words.others && want.others) {
        say('others', JSON.stringify(want.others.map((o) => o && o.text)),
            JSON.stringify((got.others || []).map((o) => o && o.text)));
    }
    return out;
}


// Ids and times differ from request to request, pings come when it takes long;
// and nothing else.
function masked({ body, ctype }) {
    // frames have a CRC, which differs where an id does
    const text = /eventstream/.test(ctype)
        ? aws.frames(body, () => { /* void */ }).map((f) => JSON.stringify(
            f.headers) + f.payload.toString('latin1')).join('\n')
        : body.toString('latin1');

    return text
        .replace(/~b64\.[\w-]+/g, '')
        .replace(/^:.*\r?\n\r?\n/gm, '')
        .replace(/^event: ping\ndata: .*\n\n/gm, '')
        .replace(/[0-9a-f]{32}/g, 'ID')
        .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
        .replace(/\b(call|toolu|tooluse)_[0-9a-f]{8,9}(?![0-9a-f])/g, '$1_ID')
        .replace(/("created(?:_at)?":)\d+/g, '$1T')
        .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T')
        .replace(/("(?:latencyMs|\w*_duration)":)\d+/g, '$1N');
}


// Where two texts begin to differ.
function apart(a, b) {
    let i = 0;

    while (i < a.length && a[i] === b[i]) {
        i++;
    }
    return `${JSON.stringify(a.slice(Math.max(0, i - 40), i + 60))} and `
        + JSON.stringify(b.slice(Math.max(0, i - 40), i + 60));
}


// What the provider is to get when a client of that dialect has said the ask.
function wanted(ask, client, wire) {
    const said = through(client, ask);
    // what a dialect must have, it may invent
    const max = ask.max === undefined ? undefined : said.max;

    return client === wire ? said : { ...through(wire, said), max };
}


// What the mock has written down, found by the id of a request.
class Seen {
    constructor(mock) {
        this.mock = mock;
        this.entries = new Map();
        this.since = 0;
        this.reading = Promise.resolve();
    }

    async read() {
        const lines = await this.mock.get(`/~ctl/journal?since=${this.since}`);

        for (const line of lines.split('\n').filter(Boolean)) {
            const e = JSON.parse(line);
            this.since++;
            this.entries.set(e.id, [...(this.entries.get(e.id) || []), e]);
        }
    }

    // The requests that were made for this reply, in the order of their ends.
    // The mock may still be at the end of the last one.
    async of(reply) {
        const id = reply.headers['x-request-id'];

        for (let i = 0; i < 5 && !this.entries.has(id); i++) {
            if (i > 0) {
                await new Promise((resolve) => setTimeout(resolve, 20 * i));
            }
            this.reading = this.reading.then(() => this.read());
            await this.reading;
        }
        return this.entries.get(id) || [];
    }

    forget() {
        this.entries.clear();
    }
}


module.exports = { ALSO, CLIENTS, Seen, WORDS, apart, check, differs, masked, relation,
    same, wanted, write };
