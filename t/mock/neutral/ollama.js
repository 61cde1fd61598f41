// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Requests of Ollama's chat.

const { callArgs, list, number, only, pair, texts } = require('./common');

const MAGIC = [['iVBOR', 'image/png'], ['/9j/', 'image/jpeg'],
    ['R0lG', 'image/gif'], ['UklG', 'image/webp']];


function readMessage(m) {
    const parts = m.content ? [{ kind: 'text', text: m.content }] : [];

    if (m.role === 'tool') {
        return { role: 'user', parts: [{ kind: 'result', name: m.tool_name
            || m.name, id: m.tool_call_id, parts }] };
    }
    if (m.thinking) {
        parts.unshift({ kind: 'thinking', text: m.thinking });
    }
    for (const data of list(m.images)) {
        const known = MAGIC.find(([start]) => data.startsWith(start));
        parts.push({ kind: 'image', media: known ? known[1] : 'image/jpeg',
            data });
    }
    for (const t of list(m.tool_calls)) {
        parts.push({ kind: 'call', id: t.id, name: t.function.name,
            args: callArgs(t.function.arguments) });
    }
    return { role: m.role, parts };
}


function read(o) {
    const g = o.options || {};

    return only({
        messages: pair(list(o.messages).map(readMessage)),
        tools: list(o.tools).map((t) => ({ name: t.function.name,
            description: t.function.description,
            schema: t.function.parameters })),
        max: g.num_predict, temperature: number(g.temperature),
        top_p: number(g.top_p), top_k: number(g.top_k), seed: number(g.seed),
        presence: number(g.presence_penalty),
        frequency: number(g.frequency_penalty),
        stop: g.stop === undefined ? undefined : [].concat(g.stop),
        format: o.format === 'json' ? 'json'
            : o.format ? { schema: o.format } : undefined,
        effort: o.think ? 'medium' : undefined,
        stream: o.stream !== false,
    });
}


function* writeMessages(ask) {
    const names = new Map();

    for (const m of ask.messages) {
        const text = m.parts.filter((p) => p.kind === 'text'
            || p.kind === 'refusal').map((p) => p.text).join('\n');
        const images = m.parts.filter((p) => p.kind === 'image' && p.data)
            .map((p) => p.data);
        const calls = m.parts.filter((p) => p.kind === 'call');
        const thinking = m.parts.filter((p) => p.kind === 'thinking')
            .map((p) => p.text).join('');

        calls.forEach((k) => names.set(k.id, k.name));

        for (const r of m.parts.filter((p) => p.kind === 'result')) {
            yield { role: 'tool', tool_name: r.name || names.get(r.id)
                || 'unknown', ...(ask.ids ? { tool_call_id: r.id } : {}),
            content: texts(r.parts) };
        }
        if (text || images.length || calls.length) {
            yield { role: m.role, content: text,
                ...(thinking && ask.replay ? { thinking } : {}),
                ...(images.length ? { images } : {}),
                ...(calls.length ? { tool_calls: calls.map((k) => ({
                    ...(ask.ids ? { id: k.id } : {}),
                    function: { name: k.name,
                        arguments: JSON.parse(k.args) } })) } : {}) };
        }
    }
}


function write(ask) {
    const options = only({ num_predict: ask.max, temperature: ask.temperature,
        top_p: ask.top_p, top_k: ask.top_k, seed: ask.seed, stop: ask.stop,
        presence_penalty: ask.presence, frequency_penalty: ask.frequency });
    const f = ask.format;

    return { path: '/api/chat', body: only({
        model: ask.model, messages: Array.from(writeMessages(ask)),
        tools: ask.tools && ask.tools.length ? ask.tools.map((t) => ({
            type: 'function', function: only({ name: t.name,
                description: t.description, parameters: t.schema }) }))
            : undefined,
        format: f ? f.schema || 'json' : undefined,
        think: ask.effort ? ask.effort !== 'none' : undefined,
        options: Object.keys(options).length ? options : undefined,
        stream: ask.stream ? undefined : false,
    }) };
}


module.exports = { read, write };
