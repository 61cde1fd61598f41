// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What Bedrock's Converse refuses, in its own words.

const { sign } = require('./plan');
const { isBase64, isObject, list, must } = require('./bad');

const MEMBERS = new Set(['messages', 'system', 'inferenceConfig', 'toolConfig',
    'guardrailConfig', 'additionalModelRequestFields', 'promptVariables',
    'additionalModelResponseFieldPaths', 'requestMetadata', 'outputConfig',
    'performanceConfig', 'serviceTier', 'mock']);
const BLOCKS = ['text', 'image', 'document', 'video', 'toolUse', 'toolResult',
    'guardContent', 'cachePoint', 'reasoningContent', 'citationsContent',
    'searchResult', 'audio'];
const RESULTS = ['text', 'json', 'image', 'document', 'video', 'searchResult'];
const IMAGES = ['png', 'jpeg', 'gif', 'webp'];
const DOCUMENTS = ['pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt',
    'md'];
const ID = /^[a-zA-Z0-9_-]{1,64}$/;
const DOCUMENT_NAME = /^[A-Za-z0-9 ()[\]-]{1,200}$/;
const STOPS_MAX = 2500;


function invalid(at, value, what) {
    return `1 validation error detected: Value '${value}' at '${at}' failed to `
        + `satisfy constraint: Member must ${what}`;
}


function checkSource(v, at, formats) {
    must(formats.includes(v.format), invalid(`${at}.format`, v.format,
        `satisfy enum value set: [${formats.join(', ')}]`));

    const s = v.source;

    must(isObject(s) && Object.keys(s).length === 1, 'The source field is '
        + `missing or has more than one member at ${at}.`);
    must(s.bytes === undefined || isBase64(s.bytes),
        `The bytes at ${at}.source are not base64.`);
}


function checkBlock(b, at, kinds) {
    const names = isObject(b) ? Object.keys(b) : [];

    must(names.length === 1 && kinds.includes(names[0]), 'The ContentBlock '
        + `object at ${at} is not valid: it must set one of the following `
        + `keys: ${kinds.join(', ')}, not ${names.join(', ')}.`);

    if (names[0] === 'text') {
        must(typeof b.text === 'string' && b.text.trim() !== '', 'The text '
            + `field in the ContentBlock object at ${at} is blank. Add text `
            + 'to the text field, and try again.');

    } else if (names[0] === 'json') {
        must(isObject(b.json), `The format of the value at ${at}.json is `
            + 'invalid. Provide a json object for the field and try again.');

    } else if (names[0] === 'image') {
        checkSource(b.image, `${at}.image`, IMAGES);

    } else if (names[0] === 'document') {
        must(DOCUMENT_NAME.test(b.document.name || ''), 'The document file '
            + 'name can only contain alphanumeric characters, whitespace '
            + 'characters, hyphens, parentheses, and square brackets. The name '
            + "can't contain more than one consecutive whitespace character.");
        checkSource(b.document, `${at}.document`, DOCUMENTS);

    } else if (names[0] === 'toolUse') {
        must(ID.test(b.toolUse.toolUseId), invalid(`${at}.toolUse.toolUseId`,
            b.toolUse.toolUseId, 'satisfy regular expression pattern: '
            + '[a-zA-Z0-9_-]+'));
        must(ID.test(b.toolUse.name), invalid(`${at}.toolUse.name`,
            b.toolUse.name,
            'satisfy regular expression pattern: [a-zA-Z0-9_-]+'));
        must(isObject(b.toolUse.input), 'The format of the value at '
            + `${at}.toolUse.input is invalid. Provide a json object for the `
            + 'field and try again.');

    } else if (names[0] === 'toolResult') {
        const r = b.toolResult;
        must(ID.test(r.toolUseId), invalid(`${at}.toolResult.toolUseId`,
            r.toolUseId, 'satisfy regular expression pattern: '
            + '[a-zA-Z0-9_-]+'));
        must(r.status === undefined || ['success', 'error'].includes(r.status),
            invalid(`${at}.toolResult.status`, r.status,
                'satisfy enum value set: [success, error]'));
        must(Array.isArray(r.content), `The content field at ${at}.toolResult `
            + 'is missing.');
        r.content.forEach((c, i) => checkBlock(c,
            `${at}.toolResult.content.${i}`, RESULTS));

    } else if (names[0] === 'reasoningContent') {
        checkReasoning(b.reasoningContent, at);
    }
}


function checkReasoning(r, at) {
    const names = isObject(r) ? Object.keys(r) : [];

    must(names.length === 1 && ['reasoningText', 'redactedContent']
        .includes(names[0]), `The reasoningContent at ${at} is not valid.`);

    if (names[0] === 'reasoningText') {
        must(r.reasoningText.signature === sign('bedrock',
            r.reasoningText.text), `The model returned the following errors: `
            + `${at}: Invalid \`signature\` in \`thinking\` block`);
    } else {
        must(isBase64(r.redactedContent), `The redactedContent at ${at} is `
            + 'not base64.');
    }
}


// The turns, and that each call has its result in the next one.
function checkTurns(messages) {
    must(messages.length > 0 && messages[0].role === 'user', 'A conversation '
        + 'must start with a user message. Try again with a conversation that '
        + 'starts with a user message.');

    messages.forEach((m, i) => {
        const at = `messages.${i}.content`;
        const before = i > 0 ? list(messages[i - 1].content)
            .filter((b) => b.toolUse).map((b) => b.toolUse.toolUseId) : [];
        const results = list(m.content).filter((b) => b.toolResult)
            .map((b) => b.toolResult.toolUseId);

        must(i === 0 || m.role !== messages[i - 1].role, 'A conversation must '
            + 'alternate between user and assistant roles. Make sure the '
            + 'conversation alternates between user and assistant roles and '
            + 'try again.');
        must(results.every((id) => before.includes(id)), 'The number of '
            + `toolResult blocks at ${at} exceeds the number of toolUse blocks `
            + 'of previous turn.');

        const missing = before.filter((id) => !results.includes(id));
        must(missing.length === 0, `Expected toolResult blocks at ${at} for `
            + `the following Ids: ${missing.join(', ')}`);
        must(m.role === 'assistant' || !list(m.content)
            .some((b) => b.toolUse), `toolUse at ${at} of a user.`);
    });

    const last = messages[messages.length - 1];
    const open = list(last.content).filter((b) => b.toolUse);
    must(open.length === 0, 'Expected toolResult blocks at messages.'
        + `${messages.length}.content for the following Ids: ${open
            .map((b) => b.toolUse.toolUseId).join(', ')}`);
}


function checkTools(o) {
    const uses = o.messages.some((m) => list(m.content)
        .some((b) => b.toolUse || b.toolResult));
    const config = o.toolConfig;

    must(!uses || config !== undefined, 'The toolConfig field must be defined '
        + 'when using toolUse and toolResult content blocks.');

    if (config === undefined) {
        return;
    }

    must(list(config.tools).length > 0, invalid('toolConfig.tools', '[]',
        'have length greater than or equal to 1'));

    const names = list(config.tools).map((t, i) => {
        const at = `toolConfig.tools.${i}.member.toolSpec`;
        const kinds = Object.keys(t);

        must(kinds.length === 1, `The object at toolConfig.tools.${i} must `
            + 'set one key.');
        if (!t.toolSpec) {
            return null;
        }

        const { name, description, inputSchema } = t.toolSpec;

        must(ID.test(name), invalid(`${at}.name`, name,
            'satisfy regular expression pattern: [a-zA-Z0-9_-]+'));
        must(description === undefined || description !== '',
            invalid(`${at}.description`, '',
                'have length greater than or equal to 1'));
        must(isObject(inputSchema) && isObject(inputSchema.json),
            `The value at ${at}.inputSchema.json is not a json object.`);
        must(inputSchema.json.type === 'object', 'The value at '
            + `${at}.inputSchema.json.type must be one of the following: `
            + 'object.');
        return name;
    }).filter(Boolean);

    must(new Set(names).size === names.length, 'The tool names must be unique.');

    const choice = config.toolChoice;

    if (choice !== undefined) {
        const kinds = Object.keys(choice);
        must(kinds.length === 1 && ['auto', 'any', 'tool'].includes(kinds[0])
            && isObject(choice[kinds[0]]), 'The toolChoice must set one of the '
            + 'following keys: auto, any, tool.');
        must(kinds[0] !== 'tool' || names.includes(choice.tool.name),
            `The tool ${(choice.tool || {}).name} is not in toolConfig.`);
    }
}


function checkConfig(c) {
    for (const name of Object.keys(c)) {
        must(['maxTokens', 'temperature', 'topP', 'stopSequences']
            .includes(name), `extraneous key [inferenceConfig.${name}] is not `
            + 'permitted');
    }

    must(c.maxTokens === undefined || (Number.isInteger(c.maxTokens)
        && c.maxTokens >= 1), invalid('inferenceConfig.maxTokens',
        c.maxTokens, 'have value greater than or equal to 1'));
    for (const name of ['temperature', 'topP']) {
        must(c[name] === undefined || (c[name] >= 0 && c[name] <= 1),
            invalid(`inferenceConfig.${name}`, c[name],
                'have value less than or equal to 1'));
    }
    must(list(c.stopSequences).length <= STOPS_MAX
        && list(c.stopSequences).every((s) => s !== ''),
    invalid('inferenceConfig.stopSequences', '',
        'have length greater than or equal to 1'));
}


function checkConverse(o) {
    for (const name of Object.keys(o)) {
        must(MEMBERS.has(name), `extraneous key [${name}] is not permitted`);
    }

    must(Array.isArray(o.messages), 'The messages field is required.');

    o.messages.forEach((m, i) => {
        must(isObject(m) && ['user', 'assistant'].includes(m.role),
            invalid(`messages.${i + 1}.member.role`, m && m.role,
                'satisfy enum value set: [user, assistant]'));
        must(list(m.content).length > 0, 'The content field in the Message '
            + `object at messages.${i} is empty. Add a ContentBlock object to `
            + 'the content field and try again.');
        m.content.forEach((b, n) => checkBlock(b,
            `messages.${i}.content.${n}`, BLOCKS));
    });

    list(o.system).forEach((b, i) => must(b.cachePoint || b.guardContent
        || (typeof b.text === 'string' && b.text !== ''), 'The text field in '
        + `the SystemContentBlock object at system.${i} is blank.`));
    must(o.system === undefined || Array.isArray(o.system),
        'The system field is not a list.');

    checkTurns(o.messages);
    checkTools(o);
    checkConfig(o.inferenceConfig || {});
}


module.exports = { checkConverse };
