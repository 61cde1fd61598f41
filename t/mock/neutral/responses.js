// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Requests of OpenAI's Responses.

const { callArgs, dataOf, dataUrl, fromDataUrl, list, number, only, texts } = require('./common');


function readPart(p) {
    switch (p.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
        return { kind: 'text', text: p.text };
    case 'refusal':
        return { kind: 'refusal', text: p.refusal };
    case 'input_image':
        return p.image_url ? { kind: 'image', ...fromDataUrl(p.image_url) }
            : { kind: 'native', type: p.type };
    case 'input_file':
        return p.file_data ? { kind: 'file', name: p.filename,
            ...fromDataUrl(p.file_data) }
            : p.file_url ? { kind: 'file', url: p.file_url }
                : { kind: 'native', type: p.type };
    default:
        return { kind: 'native', type: p.type };
    }
}


function readContent(v) {
    return typeof v === 'string' ? (v === '' ? []
        : [{ kind: 'text', text: v }]) : list(v).map(readPart);
}


function readItem(item) {
    switch (item.type) {
    case undefined:
    case 'message':
        return { role: item.role === 'developer' ? 'system' : item.role,
            parts: readContent(item.content) };
    case 'function_call':
        return { role: 'assistant', parts: [{ kind: 'call', id: item.call_id,
            name: item.name, args: callArgs(item.arguments) }] };
    case 'function_call_output':
        return { role: 'user', parts: [{ kind: 'result', id: item.call_id,
            parts: readContent(item.output) }] };
    case 'reasoning':
        return { role: 'assistant', parts: [{ kind: 'thinking',
            signature: item.encrypted_content || undefined, id: item.id,
            text: [...list(item.content), ...list(item.summary)]
                .map((s) => s.text).join('') }] };
    default:
        return { role: 'assistant', parts: [{ kind: 'native',
            type: item.type }] };
    }
}


function readChoice(v) {
    if (v === undefined || v === null) {
        return undefined;
    }
    return typeof v === 'string' ? v
        : v.type === 'function' ? { name: v.name } : undefined;
}


function read(o) {
    const items = typeof o.input === 'string'
        ? [{ role: 'user', content: o.input }] : list(o.input);
    const messages = items.map(readItem);
    const f = o.text && o.text.format;

    if (o.instructions) {
        messages.unshift({ role: 'system', parts: [{ kind: 'text',
            text: o.instructions }] });
    }

    return only({
        messages,
        tools: list(o.tools).map((t) => (t.type === 'function'
            ? { name: t.name, description: t.description,
                schema: t.parameters } : { native: t.type })),
        choice: readChoice(o.tool_choice), parallel: o.parallel_tool_calls,
        max: o.max_output_tokens, temperature: number(o.temperature),
        top_p: number(o.top_p),
        format: !f || f.type === 'text' ? undefined
            : f.type === 'json_object' ? 'json' : { schema: f.schema },
        effort: o.reasoning && o.reasoning.effort || undefined,
        stream: o.stream === true,
    });
}


function writePart(p, role) {
    switch (p.kind) {
    case 'text':
        return { type: role === 'assistant' ? 'output_text' : 'input_text',
            text: p.text };
    case 'refusal':
        return { type: 'refusal', refusal: p.text };
    case 'image':
        return { type: 'input_image', image_url: p.url || dataUrl(p) };
    case 'file':
        return dataOf(p) ? { type: 'input_file', filename: p.name || 'file',
            file_data: dataUrl(p) } : { type: 'input_file', file_url: p.url };
    default:
        return null;
    }
}


function* writeItems(ask) {
    let n = 0;

    for (const m of ask.messages) {
        let content = [];
        const flush = function* flush() {
            if (content.length) {
                yield { type: 'message', role: m.role, content };
                content = [];
            }
        };

        for (const p of m.parts) {
            if (p.kind === 'call') {
                yield* flush();
                yield { type: 'function_call', call_id: p.id, name: p.name,
                    arguments: p.args };
            } else if (p.kind === 'result') {
                yield* flush();
                const images = p.parts.some((r) => r.kind !== 'text');
                yield { type: 'function_call_output', call_id: p.id,
                    output: images ? p.parts.map((r) => writePart(r, 'user'))
                        .filter(Boolean) : texts(p.parts) };
            } else if (p.kind === 'thinking' && p.signature && ask.replay) {
                yield* flush();
                yield { type: 'reasoning', id: p.id || `rs_${n++}`,
                    summary: p.summary ? JSON.parse(p.summary)
                        : p.text ? [{ type: 'summary_text', text: p.text }]
                            : [], encrypted_content: p.signature };
            } else {
                const w = writePart(p, m.role);
                content.push(...(w ? [w] : []));
            }
        }
        yield* flush();
    }
}


function write(ask) {
    const f = ask.format;

    return { path: '/v1/responses', body: only({
        model: ask.model, input: Array.from(writeItems(ask)),
        tools: ask.tools && ask.tools.length ? ask.tools.map((t) => only({
            type: 'function', name: t.name, description: t.description,
            parameters: t.schema, strict: false })) : undefined,
        tool_choice: ask.choice && ask.choice.name
            ? { type: 'function', name: ask.choice.name } : ask.choice,
        parallel_tool_calls: ask.parallel, max_output_tokens: ask.max,
        temperature: ask.temperature, top_p: ask.top_p,
        text: f ? { format: f === 'json' ? { type: 'json_object' }
            : { type: 'json_schema', name: 'answer', schema: f.schema } }
            : undefined,
        reasoning: ask.effort ? only({ effort: ask.effort,
            summary: ask.replay ? 'auto' : undefined }) : undefined,
        include: ask.replay ? ['reasoning.encrypted_content'] : undefined,
        store: false, stream: ask.stream || undefined,
    }) };
}


module.exports = { read, write };
