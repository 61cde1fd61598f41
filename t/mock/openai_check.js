// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What OpenAI refuses, in its own words: chat completions and Responses.

const { sign } = require('./plan');
const { isObject, list, must } = require('./bad');

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];
const PARTS = {
    system: ['text'], developer: ['text'], tool: ['text'],
    function: ['text'], assistant: ['text', 'refusal'],
    user: ['text', 'image_url', 'input_audio', 'file'],
};
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const CALL_ID_MAX = 40;
const ITEM_ID_MAX = 64;
const OUTPUT_MIN = 16;


function checkContent(m, at) {
    const parts = m.content;

    if (typeof parts === 'string' || parts === null || parts === undefined) {
        must(typeof parts === 'string' || m.role === 'assistant',
            `Invalid value for 'content': expected a string, got null.`,
            { param: `${at}.content` });
        return;
    }

    must(Array.isArray(parts), `Invalid type for '${at}.content': expected one `
        + 'of a string or array of objects.', { param: `${at}.content`,
        code: 'invalid_type' });
    must(parts.length > 0 || list(m.tool_calls).length > 0, `Invalid '${at}.content': empty array. Expected an `
        + 'array with minimum length 1, but got an empty array instead.',
    { param: `${at}.content`, code: 'empty_array' });

    parts.forEach((p, i) => {
        must(isObject(p) && PARTS[m.role].includes(p.type), `Invalid value: `
            + `'${p && p.type}'. Supported values are: `
            + `${PARTS[m.role].map((v) => `'${v}'`).join(', ')}.`,
        { param: `${at}.content[${i}]`, code: 'invalid_value' });
        must(p.type !== 'text' || typeof p.text === 'string',
            `Missing required parameter: '${at}.content[${i}].text'.`,
            { param: `${at}.content[${i}].text` });
        must(p.type !== 'image_url' || (isObject(p.image_url)
            && /^(https?:|data:image\/)/.test(p.image_url.url)),
        `Invalid '${at}.content[${i}].image_url.url'.`,
        { param: `${at}.content[${i}].image_url`, code: 'invalid_value' });
    });
}


function checkCall(t, at) {
    must(isObject(t) && typeof t.id === 'string' && t.id !== '',
        `Missing required parameter: '${at}.id'.`, { param: `${at}.id` });
    must(t.id.length <= CALL_ID_MAX, `Invalid '${at}.id': string too long. `
        + `Expected a string with maximum length ${CALL_ID_MAX}, but got a `
        + `string with length ${t.id.length} instead.`,
    { param: `${at}.id`, code: 'string_above_max_length' });

    if (t.type === 'custom') {
        return;
    }

    must(t.type === 'function' && isObject(t.function),
        `Missing required parameter: '${at}.function'.`, { param: at });
    must(NAME.test(t.function.name), `Invalid '${at}.function.name': string `
        + "does not match pattern. Expected a string that matches the pattern "
        + "'^[a-zA-Z0-9_-]+$'.", { param: `${at}.function.name`,
        code: 'invalid_value' });
    must(typeof t.function.arguments === 'string',
        `Invalid type for '${at}.function.arguments': expected a string.`,
        { param: `${at}.function.arguments`, code: 'invalid_type' });
}


function checkTools(tools, named) {
    list(tools).forEach((t, i) => {
        const f = named(t);

        must(f === null || (isObject(f) && NAME.test(f.name)), `Invalid `
            + `'tools[${i}].function.name'.`, { code: 'invalid_value',
            param: `tools[${i}].function.name` });
        must(f === null || f.parameters === undefined || f.parameters === null
            || (isObject(f.parameters) && (f.parameters.type === 'object'
                || Object.keys(f.parameters).length === 0)),
        `Invalid schema for function '${f && f.name}': schema must be a JSON `
            + 'Schema of \'type: "object"\', got another one.',
        { param: `tools[${i}].function.parameters`,
            code: 'invalid_function_parameters' });
    });
}


// Each call is answered, directly behind the message that makes it.
function checkChat(o) {
    const open = new Set();

    o.messages.forEach((m, i) => {
        const at = `messages[${i}]`;

        must(isObject(m) && ROLES.includes(m.role), `Invalid value: `
            + `'${m && m.role}'. Supported values are: `
            + `${ROLES.map((r) => `'${r}'`).join(', ')}.`,
        { param: `${at}.role`, code: 'invalid_value' });
        checkContent(m, at);

        if (m.role === 'tool') {
            must(typeof m.tool_call_id === 'string', 'Missing required '
                + `parameter: '${at}.tool_call_id'.`,
            { param: `${at}.tool_call_id` });
            must(open.delete(m.tool_call_id), "messages with role 'tool' must "
                + "be a response to a preceeding message with 'tool_calls'.",
            { param: `${at}.role` });
            return;
        }

        must(open.size === 0, "An assistant message with 'tool_calls' must be "
            + "followed by tool messages responding to each 'tool_call_id'. "
            + 'The following tool_call_ids did not have response messages: '
            + Array.from(open).join(', '), { param: `${at}.role` });

        if (m.role === 'assistant') {
            must(m.tool_calls === undefined || m.tool_calls === null
                || list(m.tool_calls).length > 0,
            `Invalid '${at}.tool_calls': empty array.`,
            { param: `${at}.tool_calls`, code: 'empty_array' });
            list(m.tool_calls).forEach((t, n) => {
                checkCall(t, `${at}.tool_calls[${n}]`);
                open.add(t.id);
            });
            must(list(m.tool_calls).length || m.content || m.function_call
                || m.audio || m.refusal || m.content === '', `Invalid value `
                + "for 'content': expected a string, got null.",
            { param: `${at}.content` });
        }
    });

    must(open.size === 0, "An assistant message with 'tool_calls' must be "
        + "followed by tool messages responding to each 'tool_call_id'. The "
        + 'following tool_call_ids did not have response messages: '
        + Array.from(open).join(', '), { param: 'messages' });

    checkTools(o.tools, (t) => (t && t.type === 'function' ? t.function
        : null));
    must(o.tool_choice === undefined || o.tool_choice === null
        || list(o.tools).length > 0, "Invalid value for 'tool_choice': "
        + "'tool_choice' is only allowed when 'tools' are specified.",
    { param: 'tool_choice' });
}


const CONTENT = { user: ['input_text', 'input_image', 'input_file'],
    system: ['input_text'], developer: ['input_text'],
    assistant: ['output_text', 'refusal'] };
const IDS = { message: 'msg', function_call: 'fc', reasoning: 'rs' };


function checkItemId(item, at) {
    const prefix = IDS[item.type];

    must(!prefix || item.id === undefined || item.id === null
        || (typeof item.id === 'string' && item.id.startsWith(prefix)
            && item.id.length <= ITEM_ID_MAX), `Invalid '${at}.id': `
        + `'${item.id}'. Expected an ID that begins with '${prefix}'.`,
    { param: `${at}.id`, code: 'invalid_value' });
}


function checkItem(item, at, open) {
    const type = item.type || 'message';

    checkItemId({ ...item, type }, at);

    if (type === 'message') {
        const kinds = CONTENT[item.role];
        must(kinds, `Invalid value: '${item.role}'. Supported values are: `
            + "'assistant', 'system', 'developer', and 'user'.",
        { param: `${at}.role`, code: 'invalid_value' });
        list(item.content).forEach((p, i) => must(kinds.includes(p.type),
            `Invalid value: '${p.type}'. Supported values are: `
            + `${kinds.map((v) => `'${v}'`).join(', ')}.`,
            { param: `${at}.content[${i}]`, code: 'invalid_value' }));

    } else if (type === 'function_call') {
        must(typeof item.call_id === 'string' && NAME.test(item.name)
            && typeof item.arguments === 'string',
        `Missing required parameter: '${at}.call_id'.`,
        { param: `${at}.call_id` });
        must(item.call_id.length <= ITEM_ID_MAX, `Invalid '${at}.call_id': `
            + 'string too long. Expected a string with maximum length '
            + `${ITEM_ID_MAX}, but got a string with length `
            + `${item.call_id.length} instead.`,
        { param: `${at}.call_id`, code: 'string_above_max_length' });
        open.add(item.call_id);

    } else if (type === 'function_call_output') {
        must(open.has(item.call_id) || open.stored, 'No tool call found for function call '
            + `output with call_id ${item.call_id}.`, { param: 'input' });
        open.delete(item.call_id);

    } else if (type === 'reasoning') {
        must(Array.isArray(item.summary),
            `Missing required parameter: '${at}.summary'.`,
            { param: `${at}.summary` });
        const said = item.summary.map((s) => s.text).join('');
        must(!item.encrypted_content || item.encrypted_content
            === sign('responses', said), 'The encrypted content for item '
            + `${item.id} could not be verified.`,
        { code: 'invalid_encrypted_content' });
    }
}


function checkResponses(o) {
    const max = o.max_output_tokens;

    must(max === undefined || max === null || max >= OUTPUT_MIN, "Invalid "
        + "'max_output_tokens': integer below minimum value. Expected a value "
        + `>= ${OUTPUT_MIN}, but got ${max} instead.`,
    { param: 'max_output_tokens', code: 'integer_below_min_value' });

    const open = new Set();
    const items = list(o.input);

    open.stored = typeof o.previous_response_id === 'string';

    items.forEach((item, i) => {
        must(isObject(item), `Invalid type for 'input[${i}]'.`,
            { param: `input[${i}]`, code: 'invalid_type' });
        checkItem(item, `input[${i}]`, open);

        const next = items[i + 1];
        must(item.type !== 'reasoning' || (next && (next.role === 'assistant'
            || /^(reasoning|.*_call)$/.test(next.type))), `Item '${item.id}' `
            + "of type 'reasoning' was provided without its required "
            + 'following item.', { param: 'input' });
    });

    must(open.size === 0, 'No tool output found for function call '
        + `${Array.from(open)[0]}.`, { param: 'input' });
    checkTools(o.tools, (t) => (t && t.type === 'function' ? t : null));
}


module.exports = { checkChat, checkResponses };
