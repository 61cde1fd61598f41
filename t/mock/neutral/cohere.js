// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Requests of Cohere's chat, version 2.

const { callArgs, dataUrl, fromDataUrl, list, number, only, resultText, texts }
    = require('./common');


function readPart(p) {
    switch (p.type) {
    case 'text':
        return { kind: 'text', text: p.text };
    case 'thinking':
        return { kind: 'thinking', text: p.thinking };
    case 'image_url':
        return { kind: 'image', ...fromDataUrl(p.image_url.url) };
    case 'document':
        return { kind: 'text', text: resultText(p.document.data) };
    default:
        return { kind: 'native', type: p.type };
    }
}


function readMessage(m) {
    const parts = typeof m.content === 'string'
        ? (m.content === '' ? [] : [{ kind: 'text', text: m.content }])
        : list(m.content).map(readPart);

    if (m.role === 'tool') {
        return { role: 'user', parts: [{ kind: 'result', id: m.tool_call_id,
            parts }] };
    }
    if (m.tool_plan) {
        parts.unshift({ kind: 'thinking', text: m.tool_plan });
    }
    for (const t of list(m.tool_calls)) {
        parts.push({ kind: 'call', id: t.id, name: t.function.name,
            args: callArgs(t.function.arguments) });
    }
    return { role: m.role, parts };
}


function read(o) {
    const f = o.response_format;
    const schema = f && (f.json_schema || f.schema);

    return only({
        messages: list(o.messages).map(readMessage),
        tools: list(o.tools).map((t) => ({ name: t.function.name,
            description: t.function.description,
            schema: t.function.parameters })),
        choice: o.tool_choice && o.tool_choice.toLowerCase(),
        max: o.max_tokens, temperature: number(o.temperature),
        top_p: number(o.p), top_k: number(o.k), seed: number(o.seed),
        presence: number(o.presence_penalty),
        frequency: number(o.frequency_penalty), stop: o.stop_sequences,
        format: !f || f.type === 'text' ? undefined : schema ? { schema }
            : 'json',
        effort: o.thinking && o.thinking.type === 'enabled' ? 'medium'
            : undefined,
        stream: o.stream === true,
    });
}


function writePart(p, replay) {
    switch (p.kind) {
    case 'text':
    case 'refusal':
        return { type: 'text', text: p.text };
    case 'image':
        return { type: 'image_url', image_url: { url: p.url || dataUrl(p) } };
    case 'thinking':
        return replay ? { type: 'thinking', thinking: p.text } : null;
    default:
        return null;
    }
}


function* writeMessages(ask) {
    for (const m of ask.messages) {
        const rest = m.parts.map((p) => writePart(p, ask.replay))
            .filter(Boolean);

        if (m.role === 'user') {
            for (const r of m.parts.filter((p) => p.kind === 'result')) {
                yield { role: 'tool', tool_call_id: r.id,
                    content: texts(r.parts) };
            }
        }

        if (m.role === 'assistant') {
            const calls = m.parts.filter((p) => p.kind === 'call');
            if (rest.length || calls.length) {
                yield { role: 'assistant',
                    ...(rest.length ? { content: rest } : {}),
                    ...(calls.length ? { tool_calls: calls.map((k) => ({
                        id: k.id, type: 'function', function: { name: k.name,
                            arguments: k.args } })) } : {}) };
            }
        } else if (rest.length) {
            yield { role: m.role, content: rest };
        }
    }
}


function write(ask) {
    const f = ask.format;
    // the one that must be called is the only one there is
    const named = ask.choice && ask.choice.name;
    const choice = named ? 'required' : ask.choice;
    const tools = (ask.tools || []).filter((t) => !named || t.name === named);

    return { path: '/v2/chat', body: only({
        model: ask.model, messages: Array.from(writeMessages(ask)),
        tools: tools.length ? tools.map((t) => ({
            type: 'function', function: only({ name: t.name,
                description: t.description, parameters: t.schema }) }))
            : undefined,
        tool_choice: choice === 'required' || choice === 'none'
            ? choice.toUpperCase() : undefined,
        max_tokens: ask.max, temperature: ask.temperature, p: ask.top_p,
        k: ask.top_k, seed: ask.seed, presence_penalty: ask.presence,
        frequency_penalty: ask.frequency, stop_sequences: ask.stop,
        response_format: f ? only({ type: 'json_object',
            json_schema: f.schema }) : undefined,
        thinking: ask.effort && ask.effort !== 'none' ? { type: 'enabled' }
            : undefined,
        stream: ask.stream || undefined,
    }) };
}


module.exports = { read, write };
