// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Requests of Bedrock's Converse.

const { callArgs, list, number, only, resultText } = require('./common');

const MEDIA = { png: 'image/png', jpeg: 'image/jpeg', gif: 'image/gif',
    webp: 'image/webp', pdf: 'application/pdf', txt: 'text/plain',
    md: 'text/markdown', csv: 'text/csv', html: 'text/html', xlsx: 'application'
        + '/vnd.openxmlformats-officedocument.spreadsheetml.sheet' };
const FORMATS = Object.fromEntries(Object.entries(MEDIA)
    .map(([k, v]) => [v, k]));


function readMedia(kind, b) {
    const s = b.source || {};

    return s.bytes ? { kind, media: MEDIA[b.format] || b.format,
        data: s.bytes, name: b.name }
        : s.text !== undefined ? { kind, media: 'text/plain', text: s.text,
            name: b.name } : { kind: 'native', type: 's3' };
}


function readBlock(b) {
    if (typeof b.text === 'string') {
        return { kind: 'text', text: b.text };
    }
    if (b.image) {
        return readMedia('image', b.image);
    }
    if (b.document) {
        return readMedia('file', b.document);
    }
    if (b.toolUse) {
        return { kind: 'call', id: b.toolUse.toolUseId, name: b.toolUse.name,
            args: callArgs(b.toolUse.input) };
    }
    if (b.toolResult) {
        return { kind: 'result', id: b.toolResult.toolUseId,
            failed: b.toolResult.status === 'error',
            parts: list(b.toolResult.content).map(readBlock) };
    }
    if (b.json !== undefined) {
        return { kind: 'text', text: resultText(b.json) };
    }
    if (b.reasoningContent) {
        const r = b.reasoningContent.reasoningText;
        return r ? { kind: 'thinking', text: r.text, signature: r.signature }
            : { kind: 'redacted', data: b.reasoningContent.redactedContent };
    }
    return { kind: 'native', type: Object.keys(b)[0] };
}


function readChoice(v) {
    return v === undefined ? undefined : v.tool ? { name: v.tool.name }
        : v.any ? 'required' : v.auto ? 'auto' : undefined;
}


function read(o) {
    const g = o.inferenceConfig || {};
    const t = o.toolConfig || {};
    const more = o.additionalModelRequestFields || {};
    const format = (o.outputConfig || {}).textFormat;
    const schema = format && format.structure
        && format.structure.jsonSchema.schema;
    const messages = list(o.messages).map((m) => ({ role: m.role,
        parts: list(m.content).map(readBlock) }));

    if (list(o.system).length) {
        messages.unshift({ role: 'system', parts: o.system.map(readBlock) });
    }

    return only({
        messages,
        tools: list(t.tools).filter((v) => !v.cachePoint).map((v) => (v.toolSpec
            ? { name: v.toolSpec.name, description: v.toolSpec.description,
                schema: v.toolSpec.inputSchema.json }
            : { native: Object.keys(v)[0] })),
        choice: readChoice(t.toolChoice), max: g.maxTokens,
        temperature: number(g.temperature), top_p: number(g.topP),
        top_k: number(more.top_k), stop: g.stopSequences,
        format: schema ? { schema: JSON.parse(schema) } : undefined,
        effort: more.thinking || more.reasoning_config || more.reasoningConfig
            || more.reasoning_effort ? 'medium' : undefined,
    });
}


function writeBlock(p, ask) {
    switch (p.kind) {
    case 'text':
    case 'refusal':
        return p.text.trim() === '' ? null : { text: p.text };
    case 'image':
        return p.data ? { image: { format: FORMATS[p.media] || 'png',
            source: { bytes: p.data } } } : null;
    case 'file':
        return p.text !== undefined || p.data ? { document: {
            format: p.text === undefined ? FORMATS[p.media] || 'pdf' : 'txt',
            name: (p.name || 'file').replace(/[^A-Za-z0-9 ()[\]-]/g, '-'),
            source: p.text === undefined ? { bytes: p.data }
                : { text: p.text } } } : null;
    case 'call':
        return { toolUse: { toolUseId: p.id, name: p.name,
            input: JSON.parse(p.args) } };
    case 'result': {
        const content = p.parts.map((r) => writeBlock(r, ask)).filter(Boolean);
        return { toolResult: { toolUseId: p.id, content,
            ...(p.failed ? { status: 'error' } : {}) } };
    }
    case 'thinking':
        return ask.replay && p.signature ? { reasoningContent: {
            reasoningText: { text: p.text, signature: p.signature } } } : null;
    case 'redacted':
        return ask.replay ? { reasoningContent: {
            redactedContent: p.data } } : null;
    default:
        return null;
    }
}


function write(ask) {
    const messages = [];
    const system = [];
    const model = encodeURIComponent(ask.model);
    const choice = ask.choice;

    for (const m of ask.messages) {
        const content = m.parts.map((p) => writeBlock(p, ask)).filter(Boolean);

        if (m.role === 'system') {
            system.push(...content);
        } else if (content.length) {
            const last = messages[messages.length - 1];
            if (last && last.role === m.role) {
                last.content.push(...content);
            } else {
                messages.push({ role: m.role, content });
            }
        }
    }

    const config = only({ maxTokens: ask.max, temperature: ask.temperature
        === undefined ? undefined : Math.min(1, ask.temperature),
    topP: ask.top_p, stopSequences: ask.stop });
    const budget = ask.effort && ask.effort !== 'none' ? 2048 : 0;
    const more = only({ top_k: ask.top_k, thinking: budget
        ? { type: 'enabled', budget_tokens: budget } : undefined });

    if (budget) {
        config.maxTokens = Math.max(config.maxTokens || 0, budget + 1000);
        delete config.temperature;
    }

    return { path: `/model/${model}/`
        + (ask.stream ? 'converse-stream' : 'converse'), body: only({
        messages, system: system.length ? system : undefined,
        inferenceConfig: Object.keys(config).length ? config : undefined,
        toolConfig: ask.tools && ask.tools.length ? only({
            tools: ask.tools.map((t) => ({ toolSpec: only({ name: t.name,
                description: t.description || undefined,
                inputSchema: { json: t.schema || { type: 'object' } } }) })),
            toolChoice: choice === undefined || choice === 'none' ? undefined
                : choice.name ? { tool: { name: choice.name } }
                    : choice === 'required' ? { any: {} } : { auto: {} } })
            : undefined,
        additionalModelRequestFields: Object.keys(more).length ? more
            : undefined,
        outputConfig: ask.format && ask.format.schema ? { textFormat: {
            type: 'json_schema', structure: { jsonSchema: { name: 'answer',
                schema: JSON.stringify(ask.format.schema) } } } } : undefined,
    }) };
}


module.exports = { read, write };
