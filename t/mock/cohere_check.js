// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What Cohere refuses, in its own words.

const { isObject, list, must } = require('./bad');

const MEMBERS = new Set(['model', 'messages', 'stream', 'tools', 'strict_tools',
    'documents', 'citation_options', 'response_format', 'safety_mode',
    'max_tokens', 'stop_sequences', 'temperature', 'seed', 'k', 'p',
    'frequency_penalty', 'presence_penalty', 'logprobs', 'tool_choice',
    'thinking', 'priority', 'mock']);
const PARTS = { user: ['text', 'image_url', 'document'],
    assistant: ['text', 'thinking'], system: ['text'],
    tool: ['text', 'document', 'image_url'] };
const ROLES = ['user', 'assistant', 'system', 'tool'];


function range(o, name, low, high) {
    must(o[name] === undefined || (typeof o[name] === 'number'
        && o[name] >= low && o[name] <= high), `invalid request: ${name} must `
        + `be between ${low} and ${high} inclusive`);
}


function checkMessage(m, i, open) {
    must(isObject(m) && ROLES.includes(m.role), 'invalid request: message at '
        + `index ${i} has the unknown role "${m && m.role}"`);
    must(m.content === undefined || typeof m.content === 'string'
        || Array.isArray(m.content), 'invalid request: content of the message '
        + `at index ${i} must be a string or a list`);

    list(m.content).forEach((p) => must(isObject(p)
        && PARTS[m.role].includes(p.type), 'invalid request: unknown content '
        + `type "${p && p.type}" in the message at index ${i}`));

    if (m.role === 'tool') {
        must(open.delete(m.tool_call_id), 'invalid request: tool call id '
            + `"${m.tool_call_id}" not found in previous tool calls`);
        must(m.content !== undefined && m.content.length > 0, 'invalid '
            + `request: tool message at index ${i} must have content`);
        return;
    }

    must(open.size === 0, 'invalid request: tool calls must be followed by '
        + 'tool messages with their results');

    if (m.role === 'assistant') {
        for (const t of list(m.tool_calls)) {
            must(typeof t.id === 'string' && t.type === 'function'
                && isObject(t.function) && typeof t.function.name === 'string'
                && typeof t.function.arguments === 'string',
            `invalid request: a tool call of the message at index ${i} is not `
                + 'valid');
            open.add(t.id);
        }
    }

    must(list(m.tool_calls).length > 0 || (m.content !== undefined
        && m.content.length > 0), 'invalid request: all elements in messages '
        + 'must have a message with at least one content or tool call');
}


function checkChat(o) {
    const open = new Set();

    for (const name of Object.keys(o)) {
        must(MEMBERS.has(name), `unknown field: parameter '${name}' is not a `
            + 'valid field', { status: 422 });
    }

    must(typeof o.model === 'string' && o.model !== '',
        'invalid request: model is required');
    must(list(o.messages).length > 0,
        'invalid request: messages must not be empty');
    o.messages.forEach((m, i) => checkMessage(m, i, open));
    must(open.size === 0, 'invalid request: tool calls must be followed by '
        + 'tool messages with their results');
    must(['user', 'tool'].includes(o.messages[o.messages.length - 1].role),
        'invalid request: the last message must be of the user or of a tool');

    list(o.tools).forEach((t, i) => must(t.type === 'function'
        && isObject(t.function) && /^[a-zA-Z0-9_-]+$/.test(t.function.name)
        && isObject(t.function.parameters || {}),
    `invalid request: tool at index ${i} is not valid`));
    must(o.tool_choice === undefined || ['REQUIRED', 'NONE']
        .includes(o.tool_choice), 'invalid request: tool_choice must be one of '
        + 'REQUIRED, NONE');
    must(o.tool_choice !== 'REQUIRED' || list(o.tools).length > 0,
        'invalid request: tool_choice is REQUIRED and there are no tools');

    range(o, 'p', 0.01, 0.99);
    range(o, 'k', 0, 500);
    range(o, 'temperature', 0, 2);
    range(o, 'frequency_penalty', 0, 1);
    range(o, 'presence_penalty', 0, 1);
    must(list(o.stop_sequences).length <= 5,
        'invalid request: there can be 5 stop_sequences at most');
    must(o.response_format === undefined || ['text', 'json_object']
        .includes(o.response_format.type),
    'invalid request: response_format.type must be text or json_object');
    must(o.thinking === undefined || ['enabled', 'disabled']
        .includes(o.thinking.type),
    'invalid request: thinking.type must be enabled or disabled');
}


module.exports = { checkChat };
