// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Gemini and Vertex AI: generateContent, countTokens, embeddings, predict.

const text = require('./text');
const { Raw, plan, sign, toJson } = require('./plan');
const { canonical, checkGenerate, members } = require('./gemini_check');
const { isObject, list, must } = require('./bad');

const STATUSES = { 400: 'INVALID_ARGUMENT', 401: 'UNAUTHENTICATED',
    403: 'PERMISSION_DENIED', 404: 'NOT_FOUND', 409: 'ABORTED',
    429: 'RESOURCE_EXHAUSTED', 499: 'CANCELLED', 500: 'INTERNAL',
    503: 'UNAVAILABLE', 504: 'DEADLINE_EXCEEDED' };
const FINISH = { stop: 'STOP', length: 'MAX_TOKENS', tools: 'STOP',
    filter: 'SAFETY', sequence: 'STOP' };
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQ'
    + 'DwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const MODELS = ['gemini-2.5-flash', 'gemini-2.5-pro', 'gemini-3-pro-preview',
    'gemini-embedding-001', 'imagen-4.0-generate-001'];

const json = (v) => ({ ctype: 'application/json; charset=UTF-8',
    body: JSON.stringify(v, null, 2) });


function error(status, message) {
    const name = STATUSES[status] || (status < 500 ? STATUSES[400]
        : STATUSES[500]);
    const details = status === 429 ? [{
        '@type': 'type.googleapis.com/google.rpc.RetryInfo',
        retryDelay: '17s' }] : undefined;

    return { status, ctype: 'application/json; charset=UTF-8',
        body: JSON.stringify({ error: { code: status, message, status: name,
            ...(details ? { details } : {}) } }, null, 2) };
}


function usageText(p, c, total, cached, reasoning) {
    return `{"promptTokenCount":${p},`
        + `"candidatesTokenCount":${text.minus(c, reasoning)},`
        + `"totalTokenCount":${total},`
        + (cached ? `"cachedContentTokenCount":${cached},` : '')
        + (reasoning ? `"thoughtsTokenCount":${reasoning},` : '')
        + `"promptTokensDetails":[{"modality":"TEXT","tokenCount":${p}}]}`;
}


function responseOf(m) {
    return list(m.parts).map(members).filter((p) => p.functionResponse)
        .map((p) => JSON.stringify(p.functionResponse.response));
}


function saidOf(contents) {
    for (let i = contents.length - 1; i >= 0; i--) {
        const m = contents[i];
        const parts = list(m.parts).filter((p) => typeof p.text === 'string');
        if (m.role !== 'model' && parts.length) {
            return text.texts(parts).join(' ');
        }
    }
    return '';
}


function declarations(o) {
    return [].concat(o.tools || []).map(members)
        .flatMap((t) => list(t.functionDeclarations)).map(members);
}


function askOf(o) {
    const contents = [].concat(o.contents);
    const last = contents[contents.length - 1] || {};
    const results = responseOf(last);
    const g = members(o.generationConfig);
    const choice = members(members(o.toolConfig).functionCallingConfig);
    const thinking = members(g.thinkingConfig);

    return { said: saidOf(contents), answered: results.length > 0,
        told: results.length ? results.join(' ') : undefined,
        texts: text.texts([o.systemInstruction || '', contents,
            ...contents.flatMap(responseOf)]),
        max: g.maxOutputTokens, stop: g.stopSequences,
        none: choice.mode === 'NONE',
        forced: list(choice.allowedFunctionNames)[0],
        thinking: thinking.includeThoughts === true,
        tools: declarations(o).map((f) => ({ name: f.name,
            schema: f.parametersJsonSchema || f.parameters })) };
}


// The parts of an answer, those of text in pieces: [parts].
function* partsOf(x, p, model) {
    for (const t of p.thinking ? p.thinking.pieces : []) {
        yield { text: t, thought: true };
    }

    for (const t of p.text ? p.text.pieces() : []) {
        yield { text: t };
    }

    let n = 0;

    for (const c of p.calls) {
        // only the first of several has a signature
        const signed = n++ === 0 && (p.thinking || /gemini-3/.test(model))
            ? { thoughtSignature: x.recipe.sig
                || sign('gemini', c.name, canonical(c.args)) } : {};
        yield { functionCall: { name: c.name, args: new Raw(c.args) },
            ...signed };
    }
}


function joined(parts) {
    const out = [];

    for (const p of parts) {
        const last = out[out.length - 1];
        if (last && typeof p.text === 'string' && last.thought === p.thought
            && typeof last.text === 'string')
        {
            last.text += p.text;
        } else {
            out.push({ ...p });
        }
    }
    return out;
}


function generate(streamed) {
    return (x, model) => {
        const o = members(x.json);
        const sse = /(?:^|[?&])alt=sse(?:&|$)/.test(x.query);

        try {
            if (!x.recipe.lax) {
                checkGenerate(o, model);
            }
        } catch (e) {
            return refusal(e, streamed, sse);
        }

        const p = plan(x, askOf({ ...o, contents: o.contents || [] }));
        const u = p.usage(usageText);
        const ident = text.id('', model, saidOf([].concat(o.contents || [])));
        const images = list(members(o.generationConfig).responseModalities)
            .includes('IMAGE');
        const blocked = p.refusal && p.finish === 'filter' && !p.text;
        const reply = (parts, finish, usage) => toJson({
            candidates: blocked ? undefined : [{
                content: { parts, role: 'model' },
                ...(finish ? { finishReason: finish } : {}), index: 0 }],
            modelVersion: model, responseId: ident }).slice(0, -1)
            + (usage === undefined ? '' : `,"usageMetadata":${usage}`) + '}';
        const image = images ? [{ inlineData: { mimeType: 'image/png',
            data: PNG } }] : [];

        if (!streamed) {
            return { ctype: 'application/json; charset=UTF-8',
                body: reply([...joined(partsOf(x, p, model)), ...image],
                    FINISH[p.finish], u.text) };
        }

        function* events() {
            let n = 0;
            const parts = [...partsOf(x, p, model), ...image];

            for (const part of parts.length ? parts : [{ text: '' }]) {
                const last = ++n >= parts.length;
                yield [reply([part], last ? FINISH[p.finish] : null,
                    last ? u.text : u.text && u.at(n)), last];
            }
        }

        return sse ? sseReply(events) : arrayReply(events);
    };
}


// A stream's error is plain JSON, whatever its type says.
function refusal(e, streamed, sse) {
    if (e.status === undefined) {
        throw e;
    }

    const r = error(e.status, e.message);

    return !streamed ? r : sse ? { ...r, ctype: 'text/event-stream' }
        : { ...r, body: `[${r.body}\n]` };
}


const MIDDLE = '{"error":{"code":503,"message":"The model is overloaded. '
    + 'Please try again later.","status":"UNAVAILABLE"}}';


function sseReply(events) {
    return { ctype: 'text/event-stream', ping: null,
        error: () => `data: ${MIDDLE}\r\n\r\n`,
        events: { * [Symbol.iterator]() {
            for (const [data, usage] of events()) {
                yield { data: `data: ${data}\r\n\r\n`, usage };
            }
        } } };
}


function arrayReply(events) {
    return { ctype: 'application/json; charset=UTF-8', ping: null,
        error: (n) => `${n ? ',\r\n' : '['}${MIDDLE}]`,
        events: { * [Symbol.iterator]() {
            let start = '[';
            for (const [data, usage] of events()) {
                yield { data: `${start}${data}\r\n`, usage };
                start = ',\r\n';
            }
            yield { data: ']' };
        } } };
}


function countTokens(x) {
    const o = members(x.json);
    const g = members(o.generateContentRequest);
    const all = { ...g, ...o };

    must(all.contents !== undefined,
        '* CountTokensRequest.contents: contents is not specified\n');

    const n = text.promptTokens(text.texts([all.systemInstruction || '',
        all.contents]));

    return json({ totalTokens: n, promptTokensDetails: [
        { modality: 'TEXT', tokenCount: n }] });
}


function embedding(v, what) {
    const o = members(v);
    const size = o.outputDimensionality || 768;

    must(isObject(o.content), `* ${what}.content: contents is not specified\n`);
    return { values: Array.from(text.vector(text.texts(o.content).join(' '),
        size)) };
}


function embed(x) {
    return json({ embedding: embedding(x.json, 'EmbedContentRequest') });
}


function embedAll(x) {
    const list_ = list(x.json.requests);

    must(list_.length > 0, '* BatchEmbedContentsRequest.requests: requests is '
        + 'not specified\n');
    list_.forEach((r, i) => must(/^models\//.test(r.model || ''),
        `* BatchEmbedContentsRequest.requests[${i}].model: unexpected model `
        + 'name format\n'));

    return json({ embeddings: list_.map((r) => embedding(r,
        'EmbedContentRequest')) });
}


// Vertex AI's embeddings, and Imagen.
function predict(x) {
    const instances = list(x.json.instances);
    const parameters = x.json.parameters || {};

    must(instances.length > 0, 'instances is not specified');

    if (instances[0].prompt !== undefined) {
        const n = Math.min(4, parameters.sampleCount || 1);
        return json({ predictions: Array.from({ length: n }, () => ({
            mimeType: 'image/png', bytesBase64Encoded: PNG })) });
    }

    return json({ predictions: instances.map((v) => {
        must(typeof v.content === 'string',
            'The text content is empty.');
        const values = Array.from(text.vector(v.content,
            parameters.outputDimensionality || 768));
        return { embeddings: { values, statistics: { truncated: false,
            token_count: text.promptTokens([v.content]) } } };
    }) });
}


function model(name) {
    return { name: `models/${name}`, version: '001', displayName: name,
        inputTokenLimit: 1048576, outputTokenLimit: 65536,
        supportedGenerationMethods: ['generateContent', 'countTokens'] };
}


function oneModel(x, name) {
    return MODELS.includes(name) ? json(model(name)) : error(404,
        `models/${name} is not found for API version v1beta`);
}


const ROUTES = [
    ['POST', /\/models\/([^/]+):generateContent$/, generate(false)],
    ['POST', /\/models\/([^/]+):streamGenerateContent$/, generate(true)],
    ['POST', /\/models\/([^/]+):countTokens$/, countTokens],
    ['POST', /\/models\/([^/]+):embedContent$/, embed],
    ['POST', /\/models\/([^/]+):batchEmbedContents$/, embedAll],
    ['POST', /\/models\/([^/]+):predict$/, predict],
    ['GET', /\/v1beta\/models$/, () => json({ models: MODELS.map(model) })],
    ['GET', /\/v1beta\/models\/([^/]+)$/, oneModel],
];


function headers() {
    return 'server-timing: gfet4t7; dur=1\r\nx-content-type-options: nosniff\r\n';
}


module.exports = { ROUTES, error, headers };
