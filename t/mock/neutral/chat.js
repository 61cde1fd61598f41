// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Requests of OpenAI's chat completions, and legacy completions.

const { source } = require('../grammar/json');
const { callArgs, dataOf, dataUrl, fromDataUrl, list, number, only, shown }
    = require('./common');


function readPart(p) {
    if (typeof p === 'string') {
        return { kind: 'text', text: p };
    }

    switch (p.type) {
    case 'text':
        return { kind: 'text', text: p.text || '' };
    case 'refusal':
        return { kind: 'refusal', text: p.refusal };
    case 'image_url': {
        const url = typeof p.image_url === 'string' ? p.image_url
            : (p.image_url || {}).url;
        return url ? { kind: 'image', ...fromDataUrl(url) }
            : { kind: 'native', type: p.type };
    }
    case 'input_audio':
        return typeof p.input_audio === 'object' ? { kind: 'audio',
            media: `audio/${p.input_audio.format}`, data: p.input_audio.data }
            : { kind: 'native', type: p.type };
    case 'file': {
        const f = p.file || {};
        return f.file_data ? { kind: 'file', name: f.filename,
            ...fromDataUrl(f.file_data) } : { kind: 'native', type: p.type };
    }
    case 'thinking':
        return { kind: 'thinking', text: list(p.thinking)
            .map((t) => t.text).join('') };
    default:
        return { kind: 'native', type: p.type };
    }
}


function readContent(v) {
    return v === null || v === undefined ? []
        : typeof v === 'string' ? (v === '' ? [] : [readPart(v)])
            : list(v).map(readPart);
}


function readMessage(m) {
    const parts = readContent(m.content);

    if (m.role === 'tool' || m.role === 'function') {
        return { role: 'user', parts: [{ kind: 'result',
            id: m.tool_call_id || m.name, name: m.name, parts }] };
    }

    if (m.role !== 'assistant') {
        return { role: m.role === 'user' ? 'user' : 'system', parts };
    }

    const thinking = m.reasoning_content || m.reasoning;
    if (thinking) {
        parts.unshift({ kind: 'thinking', text: thinking });
    }
    if (m.refusal) {
        parts.push({ kind: 'refusal', text: m.refusal });
    }
    for (const t of list(m.tool_calls)) {
        parts.push(t.type === 'custom' ? { kind: 'native', type: 'custom' }
            : { kind: 'call', id: t.id, name: t.function.name,
                args: callArgs(t.function.arguments) });
    }
    if (m.function_call) {
        parts.push({ kind: 'call', id: m.function_call.name,
            name: m.function_call.name, args: callArgs(m.function_call.arguments) });
    }
    return { role: 'assistant', parts };
}


function readTools(o) {
    return [...list(o.tools).map((t) => t.type === 'function' || t.function
        ? t.function || t : { native: t.type }), ...list(o.functions)]
        .map((f) => (f.native ? f : { name: f.name,
            description: f.description, schema: f.parameters }));
}


function readChoice(v) {
    if (v === undefined || v === null) {
        return undefined;
    }
    if (typeof v === 'string') {
        return v === 'any' ? 'required' : v;
    }
    return { name: v.function ? v.function.name : v.name };
}


function readFormat(v) {
    if (!v || v.type === 'text') {
        return undefined;
    }
    return v.type === 'json_object' ? 'json'
        : { schema: (v.json_schema || {}).schema || v.schema };
}


function read(o) {
    return only({
        messages: list(o.messages).map(readMessage),
        tools: readTools(o),
        choice: readChoice(o.tool_choice),
        parallel: o.parallel_tool_calls,
        max: o.max_completion_tokens || o.max_tokens,
        temperature: number(o.temperature), top_p: number(o.top_p),
        top_k: number(o.top_k), seed: number(o.seed === undefined
            ? o.random_seed : o.seed),
        presence: number(o.presence_penalty),
        frequency: number(o.frequency_penalty),
        stop: o.stop === null || o.stop === undefined ? undefined
            : [].concat(o.stop),
        n: o.n === undefined || o.n === null || o.n === 1 ? undefined : o.n,
        format: readFormat(o.response_format),
        effort: o.reasoning_effort || undefined,
        stream: o.stream === true,
    });
}


function writePart(p) {
    switch (p.kind) {
    case 'text':
        return { type: 'text', text: p.text };
    case 'refusal':
        return { type: 'refusal', refusal: p.text };
    case 'image':
        return { type: 'image_url', image_url: { url: p.url || dataUrl(p) } };
    case 'audio':
        return !p.data ? null : { type: 'input_audio', input_audio: { data: p.data,
            format: p.media.replace('audio/', '') } };
    case 'file':
        return dataOf(p) ? { type: 'file', file: { filename: p.name || 'file',
            file_data: dataUrl(p) } } : null;
    default:
        return null;
    }
}


function content(parts) {
    const out = parts.map(writePart).filter(Boolean);

    return out.length === 1 && out[0].type === 'text' ? out[0].text : out;
}


function* writeMessages(ask) {
    for (const m of ask.messages) {
        if (m.role === 'system') {
            const texts = m.parts.filter((p) => p.kind === 'text');
            if (texts.length) {
                yield { role: 'system', content: content(texts) };
            }
            continue;
        }

        if (m.role === 'user') {
            for (const r of m.parts.filter((p) => p.kind === 'result')) {
                yield { role: 'tool', tool_call_id: r.id,
                    content: r.parts.filter((p) => p.kind === 'text')
                        .map((p) => p.text).join('') };
            }
            // what a tool shows is shown by the user
            const rest = content([...shown(m.parts),
                ...m.parts.filter((p) => p.kind !== 'result')]);
            if (rest.length) {
                yield { role: 'user', content: rest };
            }
            continue;
        }

        const said = content(m.parts.filter((p) => p.kind === 'text'
            || p.kind === 'refusal'));
        const calls = m.parts.filter((p) => p.kind === 'call');
        const thinking = m.parts.filter((p) => p.kind === 'thinking')
            .map((p) => p.text).join('');

        if (said.length || calls.length) {
            yield { role: 'assistant', content: said.length ? said : null,
                ...(thinking && ask.replay
                    ? { reasoning_content: thinking } : {}),
                ...(calls.length ? { tool_calls: calls.map((k) => ({ id: k.id,
                    type: 'function', function: { name: k.name,
                        arguments: k.args } })) } : {}) };
        }
    }
}


function write(ask) {
    const f = ask.format;

    return { path: '/v1/chat/completions', body: only({
        model: ask.model,
        messages: Array.from(writeMessages(ask)),
        tools: ask.tools && ask.tools.length ? ask.tools.map((t) => ({
            type: 'function', function: only({ name: t.name,
                description: t.description, parameters: t.schema }) }))
            : undefined,
        tool_choice: ask.choice && ask.choice.name ? { type: 'function',
            function: { name: ask.choice.name } } : ask.choice,
        parallel_tool_calls: ask.parallel,
        max_completion_tokens: ask.max, temperature: ask.temperature,
        top_p: ask.top_p, seed: ask.seed, presence_penalty: ask.presence,
        frequency_penalty: ask.frequency, stop: ask.stop, n: ask.n,
        response_format: f === 'json' ? { type: 'json_object' }
            : f ? { type: 'json_schema', json_schema: { name: 'answer',
                schema: f.schema } } : undefined,
        reasoning_effort: ask.effort,
        stream: ask.stream || undefined,
        stream_options: ask.stream ? { include_usage: true } : undefined,
    }) };
}


// A prompt is all that was said, in a row; the last line asks.
function writeText(ask) {
    return { path: '/v1/completions', body: only({
        model: ask.model,
        prompt: ask.messages.flatMap((m) => m.parts)
            .filter((p) => p.kind === 'text').map((p) => p.text).join('\n'),
        max_tokens: ask.max, temperature: ask.temperature, top_p: ask.top_p,
        seed: ask.seed, presence_penalty: ask.presence,
        frequency_penalty: ask.frequency, stop: ask.stop, n: ask.n,
        stream: ask.stream || undefined,
        stream_options: ask.stream ? { include_usage: true } : undefined,
    }) };
}


function readText(o) {
    return only({
        messages: [{ role: 'user', parts: [{ kind: 'text',
            text: [].concat(o.prompt).join('') }] }],
        tools: [], max: o.max_tokens, temperature: number(o.temperature),
        top_p: number(o.top_p), seed: number(o.seed),
        presence: number(o.presence_penalty),
        frequency: number(o.frequency_penalty),
        stop: o.stop === undefined || o.stop === null ? undefined
            : [].concat(o.stop),
        n: o.n === 1 || o.n === null ? undefined : o.n,
        stream: o.stream === true,
    });
}


module.exports = { chat: { read, write, source },
    completions: { read: readText, write: writeText } };
