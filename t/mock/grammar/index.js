// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * Replies of every dialect, read by nobody's code but this: what they come to,
 * and every departure from the dialect's grammar.
 *
 *   const r = check('anthropic', { status, ctype, body, complete }, options);
 *
 *   r.faults         a list of sentences; empty: not a byte is wrong
 *   r.plain()        { text, thinking, refusal, calls, finish, usage, error }
 *   r.ended          the reply says that it is over
 *   r.parts          in order: { kind, text, id, name, signature ... }
 *
 * Options:
 *
 *   stream    an event stream is expected, and is what it must be
 *   usage     the client asked for usage in the stream (chat, completions)
 *   strict    members that the dialect does not have are faults; so is what
 *             real providers are known to do now and then
 *   framing   of a stream, where a dialect has two: sse or array (gemini)
 *   quirks    of a provider: apart, nodone (see src/dialect/ngx_ai_quirks.h)
 *
 * The folds bear with what vendors do: call it without strict, and leave the
 * faults alone.
 */

const framing = require('./framing');
const { parse } = require('./json');
const { Faults, Fold } = require('./fold');

const DIALECTS = {
    ...require('./chat'),
    responses: require('./responses'),
    anthropic: require('./anthropic'),
    gemini: require('./gemini'),
    bedrock: require('./bedrock'),
    cohere: require('./cohere'),
    ollama: require('./ollama'),
};

const TYPES = { sse: /^text\/event-stream(;|$)/,
    ndjson: /^application\/x-ndjson(;|$)/,
    array: /^application\/json(;|$)/,
    eventstream: /^application\/vnd\.amazon\.eventstream$/ };


function check(name, reply, options = {}) {
    const dialect = DIALECTS[name];
    const c = new Faults();
    const f = new Fold();
    const body = Buffer.from(reply.body);
    const type = reply.ctype || '';
    const form = options.framing || dialect.framing;
    const stream = options.stream && reply.status < 400;

    Object.assign(c, { strict: options.strict === true,
        usage: options.usage === true, quirks: options.quirks || {},
        twice: [], status: reply.status, headers: reply.headers || {} });

    // a member of another type may be more than a reader bears
    const reading = (read) => {
        try {
            read();
        } catch (e) {
            c.add(`not to be read: ${e.stack.split('\n', 2).join('')}`);
        }
    };

    if (stream) {
        if (!TYPES[form].test(type)) {
            c.add(`the Content-Type of a stream is "${type}"`);
        }
        const events = framing[form](body, c.add);
        reading(() => dialect.stream(c, f, events));

    } else {
        if (!/^application\/json(;|$)/.test(type)) {
            c.add(`the Content-Type is "${type}"`);
        }

        let v;
        try {
            v = parse(framing.utf8(body, c.add), c.twice);
        } catch (e) {
            c.add(`no JSON: ${e.message}`);
        }

        if (reply.status >= 400) {
            reading(() => dialect.error(c, f, v));
        } else if (v !== undefined) {
            reading(() => dialect.whole(c, f, v));
        }
    }

    for (const twice of c.twice) {
        c.add(`the member "${twice}" twice in an object`);
    }

    // one that broke off may say so, and end early
    if (reply.complete === false) {
        f.ended = false;
        if (f.error === null) {
            c.add('the reply is not complete');
        }
    }
    f.faults = c.list;
    return f;
}


module.exports = { DIALECTS, check };
