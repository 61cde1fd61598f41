// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What Anthropic refuses, in its own words.

const { sign } = require('./plan');
const { isBase64, isObject, list, must } = require('./bad');

const MEMBERS = new Set(['model', 'messages', 'max_tokens', 'system', 'stream',
    'metadata', 'stop_sequences', 'temperature', 'top_p', 'top_k', 'tools',
    'tool_choice', 'thinking', 'service_tier', 'container', 'mcp_servers',
    'context_management', 'output_config', 'output_format', 'cache_control',
    'betas', 'inference_geo', 'speed', 'mock', 'anthropic_beta']);
const BLOCKS = {
    text: ['text', 'citations'],
    image: ['source'],
    document: ['source', 'title', 'context', 'citations'],
    tool_use: ['id', 'name', 'input', 'caller'],
    tool_result: ['tool_use_id', 'content', 'is_error'],
    thinking: ['thinking', 'signature'],
    redacted_thinking: ['data'],
};
const IMAGES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];
const ID = /^[a-zA-Z0-9_-]+$/;
const NAME = /^[a-zA-Z0-9_-]{1,128}$/;
const BUDGET_MIN = 1024;
const CACHE_MAX = 4;


function checkHeaders(req) {
    must(req.get('anthropic-version') !== undefined,
        'anthropic-version: header is required');
}


function checkSource(s, at, kind) {
    must(isObject(s), `${at}.source: Field required`);
    must(['base64', 'url', 'file', 'text', 'content'].includes(s.type),
        `${at}.source: Input tag '${s.type}' found using 'type' does not match `
        + "any of the expected tags: 'base64', 'file', 'url'");
    must(s.type !== 'base64' || isBase64(s.data),
        `${at}.source.base64.data: The image was specified using a malformed `
        + 'base64 encoding');
    must(kind !== 'image' || s.type !== 'base64'
        || IMAGES.includes(s.media_type), `${at}.source.base64.media_type: `
        + `Input should be ${IMAGES.map((m) => `'${m}'`).join(', ')}`);
    must(s.type !== 'url' || /^https?:/.test(s.url),
        `${at}.source.url.url: Only HTTPS URLs are supported.`);
}


function checkBlock(b, at, role) {
    must(isObject(b) && typeof b.type === 'string',
        `${at}.type: Field required`);

    const known = BLOCKS[b.type];

    // others are of the provider's own tools
    if (!known) {
        must(/_(?:use|result|reference|upload|addition)$|^(search_result|compaction)$/
            .test(b.type), `${at}: Input tag '${b.type}' found using 'type' `
            + 'does not match any of the expected tags');
        return;
    }

    for (const name of Object.keys(b)) {
        must(name === 'type' || name === 'cache_control'
            || known.includes(name),
        `${at}.${b.type}.${name}: Extra inputs are not permitted`);
    }

    switch (b.type) {
    case 'text':
        must(typeof b.text === 'string', `${at}.text.text: Field required`);
        must(b.text !== '', 'messages: text content blocks must be non-empty');
        must(b.text.trim() !== '',
            'messages: text content blocks must contain non-whitespace text');
        return;
    case 'image':
    case 'document':
        must(role === 'user', `${at}: ${b.type} blocks are only accepted in `
            + 'user turns');
        checkSource(b.source, at, b.type);
        return;
    case 'tool_use':
        must(ID.test(b.id), `${at}.tool_use.id: String should match pattern `
            + "'^[a-zA-Z0-9_-]+$'");
        must(NAME.test(b.name), `${at}.tool_use.name: String should match `
            + "pattern '^[a-zA-Z0-9_-]{1,128}$'");
        must(isObject(b.input),
            `${at}.tool_use.input: Input should be a valid dictionary`);
        must(role === 'assistant',
            `${at}: \`tool_use\` blocks can only be in \`assistant\` messages`);
        return;
    case 'tool_result':
        must(role === 'user',
            `${at}: \`tool_result\` blocks can only be in \`user\` messages`);
        list(b.content).forEach((c, i) => checkBlock(c,
            `${at}.tool_result.content.${i}`, role));
        must(b.content === undefined || typeof b.content === 'string'
            || Array.isArray(b.content),
        `${at}.tool_result.content: Input should be a valid list`);
        return;
    case 'thinking':
        must(typeof b.signature === 'string',
            `${at}.thinking.signature: Field required`);
        must(typeof b.thinking === 'string',
            `${at}.thinking.thinking: Field required`);
        must(b.signature === sign('anthropic', b.thinking),
            `${at}: Invalid \`signature\` in \`thinking\` block`);
        return;
    default:
        must(typeof b.data === 'string', `${at}.data: Field required`);
    }
}


function checkTools(o) {
    const names = new Set();

    list(o.tools).forEach((t, i) => {
        must(isObject(t) && NAME.test(t.name), `tools.${i}.custom.name: String `
            + "should match pattern '^[a-zA-Z0-9_-]{1,128}$'");
        must(!names.has(t.name), 'tools: Tool names must be unique.');
        names.add(t.name);

        if (t.type !== undefined && t.type !== 'custom') {
            return;
        }
        must(isObject(t.input_schema),
            `tools.${i}.custom.input_schema: Field required`);
        must(t.input_schema.type === 'object',
            `tools.${i}.custom.input_schema.type: Field required`);
        must(!['anyOf', 'oneOf', 'allOf'].some((k) => k in t.input_schema),
            `tools.${i}.custom.input_schema: input_schema does not support `
            + 'oneOf, allOf, or anyOf at the top level');
    });

    const choice = o.tool_choice;

    if (choice !== undefined) {
        must(isObject(choice) && ['auto', 'any', 'tool', 'none']
            .includes(choice.type), 'tool_choice: Input tag does not match any '
            + "of the expected tags: 'auto', 'any', 'tool', 'none'");
        must(names.size > 0, 'tool_choice: may only be specified while '
            + 'providing `tools`.');
        must(choice.type !== 'tool' || names.has(choice.name),
            `Tool '${choice.name}' not found in provided tools`);
    }
}


function checkThinking(o) {
    const t = o.thinking;

    if (t === undefined || t.type === 'disabled') {
        return;
    }

    must(isObject(t) && ['enabled', 'adaptive'].includes(t.type),
        "thinking: Input tag does not match any of the expected tags: "
        + "'adaptive', 'disabled', 'enabled'");

    if (t.type === 'enabled') {
        must(Number.isInteger(t.budget_tokens)
            && t.budget_tokens >= BUDGET_MIN, 'thinking.enabled.budget_tokens: '
            + `Input should be greater than or equal to ${BUDGET_MIN}`);
        must(o.max_tokens > t.budget_tokens, '`max_tokens` must be greater '
            + 'than `thinking.budget_tokens`. Please consult our documentation '
            + 'at https://docs.claude.com/en/docs/build-with-claude/'
            + 'extended-thinking#max-tokens-and-context-window-size');
    }

    must(o.temperature === undefined || o.temperature === 1,
        '`temperature` may only be set to 1 when thinking is enabled.');
    must(o.top_k === undefined,
        '`top_k` must be unset when thinking is enabled.');
    must(!o.tool_choice || ['auto', 'none'].includes(o.tool_choice.type),
        'Thinking may not be enabled when tool_choice forces tool use.');

    // a turn that goes on with results begins with its thoughts
    const last = o.messages[o.messages.length - 1];
    const before = o.messages[o.messages.length - 2];
    const goesOn = last.role === 'user' && list(last.content)
        .some((b) => b.type === 'tool_result');

    if (goesOn && before && t.type === 'enabled') {
        const first = list(before.content)[0] || {};
        must(/thinking$/.test(first.type), `messages.${o.messages.length - 2}`
            + '.content.0.type: Expected `thinking` or `redacted_thinking`, '
            + `but found \`${first.type}\`. When \`thinking\` is enabled, a `
            + 'final `assistant` message must start with a thinking block '
            + '(preceeding the lastmost set of `tool_use` and `tool_result` '
            + 'blocks).');
    }
}


// Turns of one role that follow one another are one.
function merged(messages) {
    const turns = [];

    messages.forEach((m, i) => {
        const last = turns[turns.length - 1];
        const content = typeof m.content === 'string'
            ? [{ type: 'text', text: m.content }] : m.content;

        if (last && last.role === m.role) {
            last.content = [...last.content, ...content];
        } else {
            turns.push({ role: m.role, content, at: `messages.${i}` });
        }
    });

    return turns;
}


// Each tool_use has its tool_result at the start of the next turn.
function checkResults(messages) {
    const turns = merged(messages);
    const seen = new Set();
    let open = new Set();

    for (const turn of turns) {
        const results = turn.content.filter((b) => b.type === 'tool_result');
        const ids = new Set(results.map((b) => b.tool_use_id));

        results.forEach((b) => must(open.has(b.tool_use_id), `${turn.at}`
            + '.content.0: unexpected `tool_use_id` found in `tool_result` '
            + `blocks: ${b.tool_use_id}. Each \`tool_result\` block must have `
            + 'a corresponding `tool_use` block in the previous message.'));
        must(ids.size === results.length, `${turn.at}.content: each tool_use `
            + 'must have a single result. Found multiple `tool_result` blocks');

        const missing = Array.from(open).filter((id) => !ids.has(id));
        must(missing.length === 0, `${turn.at}: \`tool_use\` ids were found `
            + 'without `tool_result` blocks immediately after: '
            + `${missing.join(', ')}. Each \`tool_use\` block must have a `
            + 'corresponding `tool_result` block in the next message.');
        must(open.size === 0 || turn.content.slice(0, results.length)
            .every((b) => b.type === 'tool_result'), `${turn.at}: \`tool_use\` `
            + 'ids were found without `tool_result` blocks immediately after: '
            + `${Array.from(open).join(', ')}.`);

        open = new Set();
        for (const b of turn.content.filter((v) => v.type === 'tool_use')) {
            must(!seen.has(b.id), 'messages: `tool_use` ids must be unique');
            seen.add(b.id);
            open.add(b.id);
        }
    }

    must(open.size === 0, `messages.${messages.length - 1}: \`tool_use\` ids `
        + 'were found without `tool_result` blocks immediately after: '
        + `${Array.from(open).join(', ')}. Each \`tool_use\` block must have a `
        + 'corresponding `tool_result` block in the next message.');
}


function checkMessage(m, i, count) {
    const at = `messages.${i}`;

    must(isObject(m) && ['user', 'assistant', 'system'].includes(m.role),
        `${at}.role: Input should be 'user' or 'assistant'`);

    for (const name of Object.keys(m)) {
        must(name === 'role' || name === 'content',
            `${at}.${name}: Extra inputs are not permitted`);
    }

    must(typeof m.content === 'string' || Array.isArray(m.content),
        `${at}.content: Input should be a valid list`);
    must(m.content.length > 0 || (m.role === 'assistant' && i === count - 1),
        `${at}: all messages must have non-empty content except for the `
        + 'optional final assistant message');
    must(typeof m.content !== 'string' || m.content === ''
        || m.content.trim() !== '',
    'messages: text content blocks must contain non-whitespace text');
    list(m.content).forEach((b, n) => checkBlock(b, `${at}.content.${n}`,
        m.role));
}


// How many marks of a cache there are.
function marks(o) {
    return (JSON.stringify(o).match(/"cache_control":\{/g) || []).length;
}


function checkMessages(o, count) {
    for (const name of Object.keys(o)) {
        must(MEMBERS.has(name), `${name}: Extra inputs are not permitted`);
    }

    must(typeof o.model === 'string' && o.model !== '',
        'model: Field required');
    must(Array.isArray(o.messages), 'messages: Field required');
    must(o.messages.length > 0, 'messages: at least one message is required');
    must(o.max_tokens !== undefined, 'max_tokens: Field required');
    must(Number.isInteger(o.max_tokens) && o.max_tokens >= 1,
        'max_tokens: Input should be greater than or equal to 1');
    must(o.system === undefined || typeof o.system === 'string'
        || Array.isArray(o.system), 'system: Input should be a valid list');
    list(o.system).forEach((b, i) => {
        must(isObject(b) && b.type === 'text' && typeof b.text === 'string',
            `system.${i}.type: Input should be 'text'`);
        must(b.text !== '', 'system: text content blocks must be non-empty');
    });

    for (const [name, low, high] of [['temperature', 0, 1], ['top_p', 0, 1]]) {
        must(o[name] === undefined || (typeof o[name] === 'number'
            && o[name] >= low && o[name] <= high),
        `${name}: range: ${low}..${high}`);
    }
    must(o.top_k === undefined || Number.isInteger(o.top_k),
        'top_k: Input should be a valid integer');

    list(o.stop_sequences).forEach((s) => must(typeof s === 'string'
        && s.trim() !== '', 'stop_sequences: each stop sequence must contain '
        + 'non-whitespace'));

    o.messages.forEach((m, i) => checkMessage(m, i, o.messages.length));
    must(o.messages[0].role !== 'assistant',
        'messages: first message must use the "user" role');
    checkResults(o.messages.filter((m) => m.role !== 'system'));
    checkTools(o);
    if (!count) {
        checkThinking(o);
    }
    must(marks(o) <= CACHE_MAX, 'A maximum of 4 blocks with cache_control may '
        + `be provided. Found ${marks(o)}.`);

    const last = o.messages[o.messages.length - 1];
    const said = last.role !== 'assistant' ? ''
        : typeof last.content === 'string' ? last.content
            : (last.content[last.content.length - 1] || {}).text || '';
    must(said === said.trimEnd(), 'messages: final assistant content cannot '
        + 'end with trailing whitespace');
}


module.exports = { checkHeaders, checkMessages };
