// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// The AWS client for Bedrock before every provider.

const bedrock = require('@aws-sdk/client-bedrock-runtime');
const { NodeHttpHandler } = require('@smithy/node-http-handler');

const { gather, pairs } = require('./pairs');

const TOOLS = { tools: [{ toolSpec: { name: 'weather',
    description: 'The weather of a place', inputSchema: { json: {
        type: 'object', required: ['place', 'days'], properties: {
            place: { type: 'string' }, days: { type: 'integer' } } } } } }] };


// The message that a stream's events come to.
function joined(events) {
    const message = { content: [] };
    let usage;

    for (const e of events) {
        if (e.messageStart) {
            message.role = e.messageStart.role;
        } else if (e.contentBlockStart) {
            const { contentBlockIndex: i, start } = e.contentBlockStart;
            message.content[i] = start.toolUse
                ? { toolUse: { ...start.toolUse, input: '' } } : {};
        } else if (e.contentBlockDelta) {
            const { contentBlockIndex: i, delta } = e.contentBlockDelta;
            const block = message.content[i] || {};
            message.content[i] = block;
            if (delta.toolUse) {
                block.toolUse.input += delta.toolUse.input;
            } else {
                block.text = (block.text || '') + delta.text;
            }
        } else if (e.metadata) {
            usage = e.metadata.usage;
        }
    }

    for (const b of message.content.filter((x) => x.toolUse)) {
        b.toolUse.input = JSON.parse(b.toolUse.input);
    }

    return { message, usage, pieces: events.filter((e) => e.contentBlockDelta
        && e.contentBlockDelta.delta.text).length };
}


async function ask(c, { stream, messages, tools, model }) {
    const params = { modelId: model, messages, toolConfig: tools };
    let r;

    if (stream) {
        const reply = await c.send(new bedrock.ConverseStreamCommand(params));
        r = joined(await gather(reply.stream, (e) => e));
    } else {
        const reply = await c.send(new bedrock.ConverseCommand(params));
        r = { message: reply.output.message, usage: reply.usage };
    }

    const { content } = r.message;

    return { ...r, text: content.map((b) => b.text || '').join(''),
        calls: content.filter((b) => b.toolUse).map((b) => (
            { id: b.toolUse.toolUseId, name: b.toolUse.name,
                args: b.toolUse.input })),
        input: r.usage.inputTokens, output: r.usage.outputTokens };
}


pairs('@aws-sdk/client-bedrock-runtime', {
    TOOLS,
    ask,
    connect: (gw, token) => new bedrock.BedrockRuntimeClient({
        region: 'us-east-1', endpoint: gw.nginx.url, token: { token },
        authSchemePreference: ['httpBearerAuth'], maxAttempts: 1,
        requestHandler: new NodeHttpHandler() }),
    turn: (text) => ({ role: 'user', content: [{ text }] }),
    results: (calls, text) => [{ role: 'user', content: calls.map((call) => (
        { toolResult: { toolUseId: call.id, content: [{ text }] } })) }],

    fails: {
        'no such model': [bedrock.ResourceNotFoundException,
            { '$metadata.httpStatusCode': 404 }],
        'a refused request': [bedrock.ValidationException,
            { '$metadata.httpStatusCode': 400 }],
        'too many requests': [bedrock.ThrottlingException,
            { '$metadata.httpStatusCode': 429 }],
        'a broken provider': [bedrock.InternalServerException,
            { '$metadata.httpStatusCode': 500 }],
        'a wrong key': [bedrock.BedrockRuntimeServiceException,
            { '$metadata.httpStatusCode': 401 }],
        cut: [bedrock.ModelStreamErrorException, { message: /broke off/ }],
    },
});
