// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Bedrock: Converse, and InvokeModel for Claude and for embeddings. Streams
// are frames of binary.

const anthropic = require('./anthropic');
const aws = require('./aws');
const text = require('./text');
const { Raw, plan, sign, toJson } = require('./plan');
const { checkConverse } = require('./bedrock_check');
const { list, must } = require('./bad');

const TYPES = { 400: 'ValidationException', 401: 'UnrecognizedClientException',
    403: 'AccessDeniedException', 404: 'ResourceNotFoundException',
    408: 'ModelTimeoutException', 424: 'ModelErrorException',
    429: 'ThrottlingException', 500: 'InternalServerException',
    503: 'ServiceUnavailableException' };
const STOPS = { stop: 'end_turn', length: 'max_tokens', tools: 'tool_use',
    filter: 'content_filtered', sequence: 'stop_sequence' };
const REDACTED = 'bW9jay1yZWRhY3RlZA==';


function error(status, message) {
    const type = TYPES[status] || (status < 500 ? TYPES[400] : TYPES[500]);

    return { status, ctype: 'application/json',
        headers: `x-amzn-errortype: ${type}:http://internal.amazon.com/coral/`
            + 'com.amazon.bedrock/\r\n',
        body: JSON.stringify({ message }) };
}


function usageText(x) {
    const written = x.recipe.written || 0;

    return (p, c, total, cached) => `{"inputTokens":`
        + `${text.minus(p, cached + written)},"outputTokens":${c},`
        + `"totalTokens":${total}`
        + (cached || written ? `,"cacheReadInputTokens":${cached},`
            + `"cacheWriteInputTokens":${written}` : '') + '}';
}


function resultsOf(m) {
    return list(m && m.content).filter((b) => b.toolResult)
        .map((b) => list(b.toolResult.content).map((c) => (c.text === undefined
            ? JSON.stringify(c.json) : c.text)).join(' '));
}


function saidOf(o) {
    for (let i = o.messages.length - 1; i >= 0; i--) {
        const m = o.messages[i];
        const parts = list(m.content).filter((b) => typeof b.text === 'string');
        if (m.role === 'user' && parts.length) {
            return text.texts(parts).join(' ');
        }
    }
    return '';
}


function askOf(o) {
    const config = o.inferenceConfig || {};
    const tools = o.toolConfig || {};
    const more = o.additionalModelRequestFields || {};
    const results = resultsOf(o.messages[o.messages.length - 1]);
    const choice = tools.toolChoice || {};

    return { said: saidOf(o), answered: results.length > 0,
        told: results.length ? results.join(' ') : undefined,
        texts: text.texts([o.system || '', o.messages,
            ...o.messages.flatMap(resultsOf)]),
        max: config.maxTokens, stop: config.stopSequences,
        forced: choice.tool && choice.tool.name,
        thinking: Boolean(more.thinking || more.reasoning_config),
        tools: list(tools.tools).filter((t) => t.toolSpec).map((t) => ({
            name: t.toolSpec.name, schema: t.toolSpec.inputSchema.json })) };
}


// Content blocks, each with its start and its deltas.
function blocksOf(x, p) {
    const blocks = [];

    if (p.thinking) {
        const signature = x.recipe.sig || sign('bedrock', p.thinking.text);
        blocks.push({ block: { reasoningContent: { reasoningText: {
            text: p.thinking.text, signature } } },
        deltas: [...p.thinking.pieces.map((t) => ({ reasoningContent: {
            text: t } })), { reasoningContent: { signature } }] });
    }

    if (p.redacted) {
        const block = { reasoningContent: { redactedContent: REDACTED } };
        blocks.push({ block, deltas: [block] });
    }

    if (p.text && p.text.text !== '') {
        blocks.push({ block: { text: p.text.text },
            deltas: Array.from(p.text.pieces(), (t) => ({ text: t })) });
    }

    for (const c of p.calls) {
        const start = { toolUseId: c.id('tooluse_'), name: c.name };
        blocks.push({ block: { toolUse: { ...start,
            input: new Raw(c.args) } }, start: { toolUse: start },
        deltas: ['', ...c.pieces].map((t) => ({ toolUse: { input: t } })) });
    }

    return blocks;
}


function* frames(p, blocks, u) {
    const event = (type, members) => ({
        data: aws.event(type, `${members.slice(0, -1)}${members.length > 2
            ? ',' : ''}"p":"abcdefgh"}`) });
    let index = 0;

    yield event('messageStart', '{"role":"assistant"}');

    for (const { start, deltas } of blocks) {
        if (start) {
            yield event('contentBlockStart', JSON.stringify({
                contentBlockIndex: index, start }));
        }
        for (const delta of deltas) {
            yield event('contentBlockDelta', JSON.stringify({
                contentBlockIndex: index, delta }));
        }
        yield event('contentBlockStop', `{"contentBlockIndex":${index++}}`);
    }

    yield event('messageStop', `{"stopReason":"${STOPS[p.finish]}"}`);
    yield { ...event('metadata', '{"metrics":{"latencyMs":12}'
        + (u.text === undefined ? '' : `,"usage":${u.text}`) + '}'),
    usage: u.text !== undefined };
}


function exception() {
    return aws.exception('modelStreamErrorException',
        '{"message":"mock: an error among the events"}');
}


function stream(events) {
    return { ctype: 'application/vnd.amazon.eventstream', ping: null,
        error: exception, events };
}


function converse(streamed) {
    return (x) => {
        const o = x.json;

        if (!x.recipe.lax) {
            checkConverse(o);
        }

        const p = plan(x, askOf(o));
        const blocks = blocksOf(x, p);
        const u = p.usage(usageText(x));

        if (streamed) {
            return stream({ [Symbol.iterator]: () => frames(p, blocks, u) });
        }

        const content = blocks.map((b) => b.block);

        return { ctype: 'application/json',
            body: '{"metrics":{"latencyMs":12},"output":{"message":'
                + `{"content":${toJson(content)},`
                + '"role":"assistant"}},"stopReason":'
                + `"${STOPS[p.finish]}"`
                + (u.text === undefined ? '' : `,"usage":${u.text}`) + '}' };
    };
}


// Claude's stream in frames: the base64 of what would be an event's data.
function inFrames(list_) {
    const events = Array.from(list_).filter((e) => e[0] !== 'ping');

    return stream({ * [Symbol.iterator]() {
        for (const e of events) {
            let data = anthropic.data(e);
            if (e[0] === 'message_stop') {
                data = '{"type":"message_stop","amazon-bedrock-'
                    + 'invocationMetrics":{"inputTokenCount":1,'
                    + '"outputTokenCount":1,"invocationLatency":12,'
                    + '"firstByteLatency":5}}';
            }
            yield { usage: e[2] === true, data: aws.event('chunk',
                JSON.stringify({ bytes: Buffer.from(data).toString('base64'),
                    p: 'abcdefgh' })) };
        }
    } });
}


function invoke(streamed) {
    return (x, model) => {
        const o = x.json;

        if (o.inputText !== undefined || o.texts !== undefined) {
            return embed(o);
        }

        const { anthropic_version: version, ...claude } = o;

        must(version === 'bedrock-2023-05-31' || x.recipe.lax,
            'anthropic_version: Field required');
        must(claude.model === undefined && claude.stream === undefined,
            'extraneous key [model] is not permitted');
        return anthropic.reply(x, { ...claude, model }, streamed, 'msg_bdrk_',
            inFrames);
    };
}


// Titan's and Cohere's embeddings.
function embed(o) {
    const json = (v, tokens) => ({ ctype: 'application/json',
        headers: `x-amzn-bedrock-input-token-count: ${tokens}\r\n`,
        body: JSON.stringify(v) });
    const texts = o.texts || [o.inputText];
    const size = o.dimensions || o.output_dimension || 256;
    const tokens = text.promptTokens(texts);
    const vectors = texts.map((t) => Array.from(text.vector(t, size)));

    if (o.texts === undefined) {
        must(typeof o.inputText === 'string' && o.inputText !== '',
            'Malformed input request: expected minLength: 1');
        return json({ embedding: vectors[0], inputTextTokenCount: tokens },
            tokens);
    }

    must(typeof o.input_type === 'string',
        'Malformed input request: #: required key [input_type] not found');
    return json({ id: text.id('', ...texts), texts,
        response_type: o.embedding_types ? 'embeddings_by_type'
            : 'embeddings_floats',
        embeddings: o.embedding_types ? { float: vectors } : vectors },
    tokens);
}


function countTokens(x) {
    const input = x.json.input || {};

    must(input.converse !== undefined || input.invokeModel !== undefined,
        'The input field is required.');

    const o = input.converse || JSON.parse(Buffer.from(input.invokeModel.body,
        'base64').toString());

    return { ctype: 'application/json', body: JSON.stringify({
        inputTokens: text.promptTokens(text.texts([o.system || '',
            o.messages])) }) };
}


const ROUTES = [
    ['POST', /^\/model\/([^/]+)\/converse$/, converse(false)],
    ['POST', /^\/model\/([^/]+)\/converse-stream$/, converse(true)],
    ['POST', /^\/model\/([^/]+)\/invoke$/, invoke(false)],
    ['POST', /^\/model\/([^/]+)\/invoke-with-response-stream$/, invoke(true)],
    ['POST', /^\/model\/([^/]+)\/count-tokens$/, countTokens],
];


function headers(x) {
    return `x-amzn-requestid: mock-${x.serial}\r\n`;
}


module.exports = { ROUTES, error, headers };
