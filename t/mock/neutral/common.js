// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What the readers and writers of requests share.

const { args, canonical, source } = require('../grammar/json');


const list = (v) => Array.isArray(v) ? v : [];
const number = (v) => typeof v === 'number' ? v : undefined;


// Without what is undefined or null.
function only(o) {
    for (const k of Object.keys(o)) {
        if (o[k] === undefined || o[k] === null) {
            delete o[k];
        }
    }
    return o;
}


// "data:image/png;base64,AAAA" -> { media, data }; other URLs -> { url }
function fromDataUrl(url) {
    const m = /^data:([^;,]*)(?:;[^,;]*)*;base64,([^]*)$/.exec(url);

    return m ? { media: m[1], data: m[2] } : { url };
}


// The base64 of a file, which may be known as text.
function dataOf(p) {
    return p.text === undefined ? p.data
        : Buffer.from(p.text).toString('base64');
}


function dataUrl(p) {
    return `data:${p.media};base64,${dataOf(p)}`;
}


function texts(parts) {
    return list(parts).filter((p) => p.kind === 'text').map((p) => p.text)
        .join('');
}


// Images in results of tools, for dialects that have texts there and no more.
function shown(parts) {
    return parts.filter((p) => p.kind === 'result').flatMap((p) => p.parts)
        .filter((p) => p.kind === 'image');
}


// The object that a result of a tool is, where the dialect wants one.
function resultObject(parts) {
    const text = texts(parts);

    try {
        const v = JSON.parse(text);
        if (v !== null && typeof v === 'object' && !Array.isArray(v)) {
            return v;
        }
    } catch (e) {
        // a text is wrapped
    }

    return { result: text };
}


// And back.
function resultText(v) {
    if (typeof v === 'string') {
        return v;
    }
    if (v === null || typeof v !== 'object') {
        return String(v);
    }

    const names = Object.keys(v);

    if (names.length === 1 && ['result', 'output', 'content', 'error']
        .includes(names[0]) && typeof v[names[0]] === 'string')
    {
        return v[names[0]];
    }
    return canonical(source(v));
}


// The arguments of a call: always an object.
function callArgs(v) {
    const text = args(v);

    return text[0] === '{' && isJson(text) ? text
        : JSON.stringify({ arguments: text });
}


function isJson(text) {
    try {
        JSON.parse(text);
        return true;
    } catch (e) {
        return false;
    }
}


// Gives ids to calls and results that have none: results are of the calls of
// their name, in the order of these.
function pair(messages) {
    const open = [];
    let n = 0;

    for (const p of messages.flatMap((m) => m.parts)) {
        if (p.kind === 'call') {
            p.id = p.id || `call_${n++}`;
            open.push(p);
        } else if (p.kind === 'result' && !p.id) {
            const at = open.findIndex((c) => c.name === p.name);
            const c = open.splice(at < 0 ? 0 : at, 1)[0];
            p.id = c ? c.id : `call_${n++}`;
        } else if (p.kind === 'result') {
            const at = open.findIndex((c) => c.id === p.id);
            if (at >= 0) {
                open.splice(at, 1);
            }
        }
    }
    return messages;
}


module.exports = { callArgs, dataOf, dataUrl, fromDataUrl, list, number, only, pair,
    resultObject, resultText, shown, texts };
