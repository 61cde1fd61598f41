// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Requests of Anthropic's Messages.

const { callArgs, list, number, only } = require('./common');

const EFFORTS = { minimal: 1024, low: 2048, medium: 8192, high: 24576 };


function readSource(kind, s, name) {
    switch (s.type) {
    case 'base64':
        return { kind, media: s.media_type, data: s.data, name };
    case 'url':
        return { kind, url: s.url, name };
    case 'text':
        return { kind, media: 'text/plain', text: s.data, name };
    default:
        return { kind: 'native', type: s.type };
    }
}


function readBlock(b) {
    switch (b.type) {
    case 'text':
        return { kind: 'text', text: b.text };
    case 'image':
        return readSource('image', b.source);
    case 'document':
        return readSource('file', b.source, b.title);
    case 'tool_use':
        return { kind: 'call', id: b.id, name: b.name, args: callArgs(b.input) };
    case 'tool_result':
        return { kind: 'result', id: b.tool_use_id, failed: b.is_error === true,
            parts: readContent(b.content) };
    case 'thinking':
        return { kind: 'thinking', text: b.thinking, signature: b.signature };
    case 'redacted_thinking':
        return { kind: 'redacted', data: b.data };
    default:
        return { kind: 'native', type: b.type };
    }
}


function readContent(v) {
    return typeof v === 'string' ? [{ kind: 'text', text: v }]
        : list(v).map(readBlock);
}


function readChoice(v) {
    return v === undefined ? undefined : v.type === 'tool' ? { name: v.name }
        : v.type === 'any' ? 'required' : v.type;
}


function read(o) {
    const messages = list(o.messages).map((m) => ({ role: m.role,
        parts: readContent(m.content) }));
    const format = (o.output_config || {}).format || o.output_format;

    if (o.system) {
        messages.unshift({ role: 'system', parts: readContent(o.system) });
    }

    return only({
        messages,
        tools: list(o.tools).map((t) => (t.input_schema
            ? { name: t.name, description: t.description,
                schema: t.input_schema } : { native: t.type })),
        choice: readChoice(o.tool_choice),
        parallel: o.tool_choice && o.tool_choice.disable_parallel_tool_use
            ? false : undefined,
        max: o.max_tokens, temperature: number(o.temperature),
        top_p: number(o.top_p), top_k: number(o.top_k),
        stop: o.stop_sequences,
        format: format ? { schema: format.schema } : undefined,
        effort: o.thinking && o.thinking.type === 'enabled' ? 'medium'
            : undefined,
        stream: o.stream === true,
    });
}


function writeSource(p) {
    return p.text !== undefined
        ? { type: 'text', media_type: 'text/plain', data: p.text }
        : p.data ? { type: 'base64', media_type: p.media, data: p.data }
            : { type: 'url', url: p.url };
}


function writeBlock(p, replay) {
    switch (p.kind) {
    case 'text':
        return p.text.trim() === '' ? null : { type: 'text', text: p.text };
    case 'refusal':
        return { type: 'text', text: p.text };
    case 'image':
        return { type: 'image', source: writeSource(p) };
    case 'file':
        return { type: 'document', source: writeSource(p),
            ...(p.name ? { title: p.name } : {}) };
    case 'call':
        return { type: 'tool_use', id: p.id, name: p.name,
            input: JSON.parse(p.args) };
    case 'result':
        return { type: 'tool_result', tool_use_id: p.id,
            content: p.parts.map((r) => writeBlock(r, replay)).filter(Boolean),
            ...(p.failed ? { is_error: true } : {}) };
    case 'thinking':
        return replay && p.signature ? { type: 'thinking', thinking: p.text,
            signature: p.signature } : null;
    case 'redacted':
        return replay ? { type: 'redacted_thinking', data: p.data } : null;
    default:
        return null;
    }
}


function write(ask) {
    const system = ask.messages.filter((m) => m.role === 'system')
        .flatMap((m) => m.parts).map((p) => writeBlock(p)).filter(Boolean);
    const messages = [];

    for (const m of ask.messages.filter((v) => v.role !== 'system')) {
        const parts = [...m.parts.filter((p) => p.kind === 'result'),
            ...m.parts.filter((p) => p.kind !== 'result')];
        const content = parts.map((p) => writeBlock(p, ask.replay))
            .filter(Boolean);
        const last = messages[messages.length - 1];

        if (content.length && last && last.role === m.role) {
            // results go first in a turn
            last.content.push(...content);
            last.content.sort((a, b) => (b.type === 'tool_result')
                - (a.type === 'tool_result'));
        } else if (content.length) {
            messages.push({ role: m.role, content });
        }
    }

    const choice = ask.choice === undefined && ask.parallel === false ? 'auto'
        : ask.choice;
    const budget = ask.effort && ask.effort !== 'none'
        ? EFFORTS[ask.effort] || 8192 : 0;

    return { path: '/v1/messages', headers: {
        'anthropic-version': '2023-06-01' }, body: only({
        model: ask.model, messages,
        system: system.length ? system : undefined,
        max_tokens: budget ? Math.max(ask.max || 0, budget + 1000)
            : ask.max || 1000,
        tools: ask.tools && ask.tools.length ? ask.tools.map((t) => only({
            name: t.name, description: t.description,
            input_schema: t.schema || { type: 'object' } })) : undefined,
        tool_choice: choice && ask.tools && ask.tools.length ? {
            ...(choice.name ? { type: 'tool', name: choice.name }
                : { type: choice === 'required' ? 'any' : choice }),
            ...(ask.parallel === false
                ? { disable_parallel_tool_use: true } : {}) } : undefined,
        temperature: ask.temperature === undefined || budget ? undefined
            : Math.min(1, ask.temperature),
        top_p: ask.top_p, top_k: ask.top_k, stop_sequences: ask.stop,
        output_config: ask.format && ask.format.schema ? { format: {
            type: 'json_schema', schema: ask.format.schema } } : undefined,
        thinking: budget ? { type: 'enabled', budget_tokens: budget }
            : undefined,
        stream: ask.stream || undefined,
    }) };
}


module.exports = { read, write };
