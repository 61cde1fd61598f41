// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What Ollama refuses: what Go's JSON cannot put into its structures.

const { isBase64, isObject, list, must } = require('./bad');

const OPTIONS = { num_predict: 'int', num_ctx: 'int', top_k: 'int',
    seed: 'int', temperature: 'float32', top_p: 'float32', min_p: 'float32',
    repeat_penalty: 'float32', presence_penalty: 'float32',
    frequency_penalty: 'float32' };
const ROLES = ['system', 'user', 'assistant', 'tool'];


function go(v, type, field) {
    const found = Array.isArray(v) ? 'array' : typeof v;

    must(false, `json: cannot unmarshal ${found} into Go struct field ${field} `
        + `of type ${type}`);
}


function checkOptions(o) {
    if (o.options === undefined || o.options === null) {
        return;
    }

    if (!isObject(o.options)) {
        go(o.options, 'map[string]interface {}', 'ChatRequest.options');
    }

    for (const [name, v] of Object.entries(o.options)) {
        must(!OPTIONS[name] || typeof v === 'number', `option "${name}" must `
            + `be of type ${OPTIONS[name]}`);
        must(OPTIONS[name] !== 'int' || Number.isInteger(v),
            `option "${name}" must be of type integer`);
    }
    must(o.options.stop === undefined || Array.isArray(o.options.stop),
        'option "stop" must be of type array');
}


function checkCommon(o) {
    must(typeof o.model === 'string' && o.model !== '', 'model is required');
    if (o.stream !== undefined && o.stream !== null
        && typeof o.stream !== 'boolean')
    {
        go(o.stream, 'bool', 'ChatRequest.stream');
    }
    must(o.format === undefined || o.format === '' || o.format === null
        || o.format === 'json' || isObject(o.format),
    'invalid format: expected "json" or a JSON schema');
    must(o.think === undefined || o.think === null || typeof o.think
        === 'boolean' || ['high', 'medium', 'low'].includes(o.think),
    `invalid think value: "${o.think}" (must be "high", "medium", "low", `
        + 'true, or false)');
    checkOptions(o);
}


function checkImages(images, field) {
    for (const data of list(images)) {
        if (typeof data !== 'string') {
            go(data, 'api.ImageData', field);
        }
        must(isBase64(data), 'illegal base64 data at input byte 4');
    }
}


function checkChat(o) {
    checkCommon(o);

    if (!Array.isArray(o.messages)) {
        go(o.messages, '[]api.Message', 'ChatRequest.messages');
    }

    o.messages.forEach((m) => {
        const field = 'ChatRequest.messages';

        if (m.content !== undefined && m.content !== null
            && typeof m.content !== 'string')
        {
            go(m.content, 'string', `${field}.content`);
        }
        must(ROLES.includes(m.role), 'invalid role: must be one of '
            + `${ROLES.join(', ')}, not "${m.role}"`);
        checkImages(m.images, `${field}.images`);
        for (const t of list(m.tool_calls)) {
            const f = t.function || {};
            must(typeof f.name === 'string' && f.name !== '',
                'tool call without a name');
            if (!isObject(f.arguments)) {
                go(f.arguments, 'api.ToolCallFunctionArguments',
                    `${field}.tool_calls.function.arguments`);
            }
        }
        must(m.role !== 'tool' || typeof m.tool_name === 'string'
            || typeof m.tool_call_id === 'string',
        'a message of a tool without its tool_name');
    });

    list(o.tools).forEach((t) => {
        must(isObject(t) && isObject(t.function)
            && typeof t.function.name === 'string', 'tool without a name');
        must(t.function.parameters === undefined
            || isObject(t.function.parameters), 'json: cannot unmarshal '
            + 'string into Go struct field ToolFunction.tools.function.'
            + 'parameters of type api.ToolFunctionParameters');
    });
}


function checkGenerate(o) {
    checkCommon(o);
    must(o.prompt === undefined || typeof o.prompt === 'string', 'json: cannot '
        + 'unmarshal array into Go struct field GenerateRequest.prompt of '
        + 'type string');
    checkImages(o.images, 'GenerateRequest.images');
}


module.exports = { checkChat, checkGenerate };
