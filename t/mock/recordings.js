// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * Recorded traffic of real providers, read in place. AI_FIXTURES is where it
 * is, ../shared/fixtures beside the project when it is not set; it may be
 * nowhere. Each recording has a key, the hexadecimal end of its id.
 */

const fs = require('fs');
const path = require('path');

const DIR = path.join(process.env.AI_FIXTURES
    || path.join(__dirname, '../../../shared/fixtures'), 'recorded');

// The kinds that are conversations: the dialect of the provider, and facts
// about its vendor that a reader must know.
const NODONE = { nodone: true };
const CHAT = {
    'openai.chat': ['chat', 'openai'],
    'azure.chat': ['chat', 'azure'],
    'cerebras.chat': ['chat', 'cerebras', NODONE],
    'compat.chat': ['chat', 'huggingface', NODONE],
    'deepseek.chat': ['chat', 'deepseek'],
    'groq.chat': ['chat', 'groq'],
    'huggingface.chat': ['chat', 'huggingface', NODONE],
    'llamacpp.chat': ['chat', 'llamacpp'],
    'mistral.chat': ['chat', 'mistral'],
    'openrouter.chat': ['chat', 'openrouter'],
    'perplexity.chat': ['chat', 'perplexity', NODONE],
    'together.chat': ['chat', 'together'],
    'xai.chat': ['chat', 'xai', { apart: true }],
    'ollama.openai_chat': ['chat', 'openai'],
    'anthropic.openai_chat': ['chat', 'openai'],
    'bedrock-mantle.chat': ['chat', 'openai'],
    'openai.responses': ['responses', 'responses'],
    'azure.responses': ['responses', 'responses'],
    'bedrock-mantle.responses': ['responses', 'responses'],
    'chatgpt.responses': ['responses', 'responses'],
    'compat.responses': ['responses', 'responses'],
    'deepseek.responses': ['responses', 'responses'],
    'openrouter.responses': ['responses', 'responses'],
    'xai.responses': ['responses', 'responses'],
    'anthropic.messages': ['anthropic', 'anthropic'],
    'azure.anthropic': ['anthropic', 'anthropic'],
    'vertex.anthropic': ['anthropic', 'anthropic'],
    'gemini.generate': ['gemini', 'gemini'],
    'vertex.generate': ['gemini', 'gemini'],
    'bedrock.converse': ['bedrock', 'bedrock'],
    'bedrock.converse_stream': ['bedrock', 'bedrock'],
    'cohere.v2chat': ['cohere', 'cohere'],
    'ollama.chat': ['ollama', 'ollama'],
};

const DEFAULT_TYPES = { text: 'text/event-stream',
    base64: 'application/vnd.amazon.eventstream', body: 'application/json' };

let index = null;


function here() {
    return fs.existsSync(path.join(DIR, 'INDEX.tsv'));
}


function list() {
    if (index === null) {
        const lines = fs.readFileSync(path.join(DIR, 'INDEX.tsv'), 'utf8')
            .trim().split('\n');
        const names = lines.shift().split('\t');

        index = lines.map((line) => {
            const row = {};
            line.split('\t').forEach((v, i) => {
                row[names[i]] = v;
            });
            row.key = /[0-9a-f]{8}$/.exec(row.id)[0];
            row.status = Number(row.status);
            row.streamed = row.stream === 'stream';
            return row;
        });
    }
    return index;
}


// The reply as it goes over the wire: { status, ctype, headers, body: Buffer,
// sizes: of the transport's chunks, or null }.
function replyOf(response) {
    const headers = {};
    const kind = ['text', 'base64', 'body'].find((k) => response[k]
        !== undefined);

    for (const [name, value] of Object.entries(response.headers || {})) {
        headers[name.toLowerCase()] = String(value);
    }

    const ctype = headers['content-type'];
    const body = kind === 'text' ? Buffer.from(response.text)
        : kind === 'base64' ? Buffer.from(response.base64, 'base64')
            : Buffer.from(response.body === null || response.body === undefined
                ? '' : JSON.stringify(response.body));

    // the type is not always what it was
    const events = kind === 'text' && /^(?:data|event):/.test(response.text);
    const known = /\//.test(ctype || '') && !(events && /json/.test(ctype));

    return { status: response.status, headers, body,
        ctype: known ? ctype : DEFAULT_TYPES[kind || 'body'],
        sizes: response.chunk_sizes || null };
}


function read(row) {
    const o = JSON.parse(fs.readFileSync(path.join(DIR, row.dialect,
        `${row.id}.json`), 'utf8'));

    return { ...row, request: o.request, reply: replyOf(o.response) };
}


function find(key) {
    const row = list().find((r) => r.key === key || r.id === key);

    return row === undefined ? null : read(row);
}


// All conversations: rows with { dialect2: the dialect's name in grammar/,
// type: of an ai_provider, quirks }.
function chats() {
    return list().filter((row) => CHAT[row.dialect]).map((row) => {
        const [wire, type, quirks] = CHAT[row.dialect];
        return { ...row, wire, type, quirks: quirks || {} };
    });
}


module.exports = { DIR, chats, find, here, list, read, replyOf };
