// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Recorded replies, sent again: status, type, the headers that mean something,
// and the bytes, cut as the transport had cut them unless a recipe says how.

const recordings = require('./recordings');
const { Bad } = require('./bad');

const HEADERS = /^(?:retry-after(?:-ms)?|x-ratelimit-.*|anthropic-ratelimit-.*|x-amzn-errortype|x-should-retry|request-id|x-request-id)$/;

const kept = new Map();


function load(key) {
    if (!kept.has(key)) {
        const found = recordings.here() ? recordings.find(key) : null;
        if (kept.size > 200) {
            kept.clear();
        }
        kept.set(key, found);
    }
    return kept.get(key);
}


function* pieces(body, sizes) {
    let at = 0;

    for (const n of sizes) {
        if (at < body.length) {
            yield { raw: body.subarray(at, at + n) };
        }
        at += n;
    }

    if (at < body.length) {
        yield { raw: body.subarray(at) };
    }
}


function inEvents(reply) {
    return JSON.parse(reply.body).map((v) => ({
        raw: Buffer.from(`data: ${JSON.stringify(v)}\r\n\r\n`) }));
}


function replay(x) {
    const found = load(x.recipe.replay);

    if (found === null) {
        throw new Bad(`no recording ${x.recipe.replay}`, { status: 404 });
    }

    const { reply, streamed } = found;
    const headers = Object.entries(reply.headers)
        .filter(([name]) => HEADERS.test(name))
        .map(([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}\r\n`)
        .join('');
    const out = { status: reply.status, ctype: reply.ctype, headers };

    if (!streamed || reply.status >= 400) {
        return { ...out, body: reply.body };
    }

    // who asked for events is not sent an array
    if (/^\[/.test(reply.body.subarray(0, 1)) && /\balt=sse\b/.test(x.query)) {
        return { ...out, ctype: 'text/event-stream', events: inEvents(reply) };
    }

    const sizes = reply.sizes || [reply.body.length];
    // each of the transport's pieces is a write
    if (sizes.length > 1 && !x.recipe.split) {
        x.recipe = { ...x.recipe, split: 'event' };
    }
    return { ...out, events: Array.from(pieces(reply.body, sizes)) };
}


module.exports = { replay };
