// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Requests of Gemini's generateContent. Names in snake_case are as good.

const { canonical, source } = require('../grammar/json');
const { callArgs, dataOf, list, number, only, pair, resultObject, resultText, texts }
    = require('./common');

const MODES = { AUTO: 'auto', NONE: 'none', ANY: 'required' };


const camel = (name) => name.replace(/_([a-z])/g, (_, c) => c.toUpperCase());


// The members of an object by their camelCase names; only one level of it.
function members(o) {
    const out = {};

    for (const [k, v] of Object.entries(o || {})) {
        out[camel(k)] = v;
    }
    return out;
}


function readPart(raw) {
    const p = members(raw);

    if (p.functionCall) {
        const f = members(p.functionCall);
        return { kind: 'call', id: f.id, name: f.name, args: callArgs(f.args),
            signature: p.thoughtSignature };
    }
    if (p.functionResponse) {
        const f = members(p.functionResponse);
        const parts = list(f.parts).map(readPart);
        return { kind: 'result', id: f.id, name: f.name,
            failed: Boolean(f.response && f.response.error
                && Object.keys(f.response).length === 1),
            parts: [{ kind: 'text', text: resultText(f.response) }, ...parts] };
    }
    if (typeof p.text === 'string') {
        return p.thought ? { kind: 'thinking', text: p.text,
            signature: p.thoughtSignature } : { kind: 'text', text: p.text,
            signature: p.thoughtSignature };
    }

    const media = (d) => members(d).mimeType || '';
    const kind = (type) => (/^image\//.test(type) ? 'image'
        : /^audio\//.test(type) ? 'audio' : 'file');

    if (p.inlineData) {
        return { kind: kind(media(p.inlineData)), media: media(p.inlineData),
            data: p.inlineData.data };
    }
    if (p.fileData) {
        return { kind: kind(media(p.fileData)),
            url: members(p.fileData).fileUri, media: media(p.fileData) };
    }
    return { kind: 'native', type: Object.keys(p)[0] };
}


function readSystem(v) {
    const parts = v && (v.parts === undefined ? v : v.parts);
    const all = typeof parts === 'string' ? [{ text: parts }]
        : Array.isArray(parts) ? parts : parts ? [parts] : [];

    return all.map(readPart);
}


function readTools(o) {
    return [].concat(o.tools || []).flatMap((raw) => {
        const t = members(raw);
        return t.functionDeclarations
            ? list(t.functionDeclarations).map((d) => {
                const f = members(d);
                return { name: f.name, description: f.description,
                    schema: f.parametersJsonSchema || f.parameters };
            }) : [{ native: Object.keys(t)[0] }];
    });
}


function readChoice(o) {
    const c = members(members(o.toolConfig).functionCallingConfig);
    const names = list(c.allowedFunctionNames);
    const choice = MODES[c.mode];

    return choice === 'required' && names.length === 1 ? { name: names[0] }
        : choice;
}


function read(raw) {
    const o = members(raw);
    const g = members(o.generationConfig);
    const messages = list(o.contents).map((m) => ({
        role: m.role === 'model' ? 'assistant' : 'user',
        parts: list(m.parts).map(readPart) }));
    const system = readSystem(o.systemInstruction);
    const schema = g.responseJsonSchema || g.responseSchema;
    const thinking = members(g.thinkingConfig);

    if (system.length) {
        messages.unshift({ role: 'system', parts: system });
    }

    return only({
        messages: pair(messages),
        tools: readTools(o), choice: readChoice(o), max: g.maxOutputTokens,
        temperature: number(g.temperature), top_p: number(g.topP),
        top_k: number(g.topK), seed: number(g.seed),
        presence: number(g.presencePenalty),
        frequency: number(g.frequencyPenalty), stop: g.stopSequences,
        n: g.candidateCount === 1 ? undefined : g.candidateCount,
        format: schema ? { schema } : g.responseMimeType
            === 'application/json' ? 'json' : undefined,
        effort: thinking.includeThoughts || thinking.thinkingBudget > 0
            || thinking.thinkingLevel ? 'medium' : undefined,
    });
}


function pictures(parts, ask) {
    const list_ = parts.filter((p) => ['image', 'audio', 'file']
        .includes(p.kind)).map((p) => writePart(p, ask)).filter(Boolean);

    return list_.length ? { parts: list_ } : {};
}


function writePart(p, ask) {
    const signed = ask.replay && p.signature
        ? { thoughtSignature: p.signature } : {};

    switch (p.kind) {
    case 'text':
    case 'refusal':
        return { text: p.text, ...signed };
    case 'thinking':
        return ask.replay ? { text: p.text, thought: true, ...signed } : null;
    case 'call':
        return { functionCall: { ...(p.id && ask.ids ? { id: p.id } : {}),
            name: p.name, args: JSON.parse(p.args) }, ...signed };
    case 'result':
        return { functionResponse: { ...(ask.ids ? { id: p.id } : {}),
            name: p.name, response: p.failed ? { error: texts(p.parts) }
                : resultObject(p.parts), ...pictures(p.parts, ask) } };
    case 'image':
    case 'audio':
    case 'file':
        return dataOf(p)
            ? { inlineData: { mimeType: p.media, data: dataOf(p) } }
            : p.url ? { fileData: only({ mimeType: p.media
                    || (p.kind === 'image' ? 'image/jpeg' : undefined),
                fileUri: p.url }) } : null;
    default:
        return null;
    }
}


// Results are found by the names of their calls.
function named(messages) {
    const names = new Map();

    for (const p of messages.flatMap((m) => m.parts)) {
        if (p.kind === 'call') {
            names.set(p.id, p.name);
        } else if (p.kind === 'result') {
            p.name = p.name || names.get(p.id) || 'unknown';
        }
    }
}


function write(ask) {
    const contents = [];
    const system = [];
    const model = encodeURIComponent(ask.model);
    const f = ask.format;

    named(ask.messages);

    for (const m of ask.messages) {
        const parts = m.parts.map((p) => writePart(p, ask)).filter(Boolean);

        if (m.role === 'system') {
            system.push(...parts);
        } else if (parts.length) {
            const role = m.role === 'assistant' ? 'model' : 'user';
            const last = contents[contents.length - 1];
            if (last && last.role === role) {
                last.parts.push(...parts);
            } else {
                contents.push({ role, parts });
            }
        }
    }

    const config = only({
        maxOutputTokens: ask.max, temperature: ask.temperature,
        topP: ask.top_p, topK: ask.top_k, seed: ask.seed,
        presencePenalty: ask.presence, frequencyPenalty: ask.frequency,
        stopSequences: ask.stop, candidateCount: ask.n,
        responseMimeType: f ? 'application/json' : undefined,
        responseJsonSchema: f && f.schema || undefined,
        thinkingConfig: ask.effort ? { includeThoughts: true } : undefined,
    });
    const choice = ask.choice;

    return { path: `/v1beta/models/${model}:`
        + (ask.stream ? 'streamGenerateContent' : 'generateContent'),
    query: ask.stream && ask.framing !== 'array' ? 'alt=sse' : '',
    body: only({
        contents,
        systemInstruction: system.length ? { parts: system } : undefined,
        tools: ask.tools && ask.tools.length ? [{ functionDeclarations:
            ask.tools.map((t) => only({ name: t.name,
                description: t.description,
                parametersJsonSchema: t.schema })) }] : undefined,
        toolConfig: choice ? { functionCallingConfig: only({
            mode: choice.name || choice === 'required' ? 'ANY'
                : choice.toUpperCase(),
            allowedFunctionNames: choice.name ? [choice.name] : undefined }) }
            : undefined,
        generationConfig: Object.keys(config).length ? config : undefined,
    }) };
}


module.exports = { canonical, read, source, write };
