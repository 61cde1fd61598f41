// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What Gemini refuses, in its own words. Names may be in snake_case, too.

const { canonical } = require('./grammar/json');
const { sign } = require('./plan');
const { isBase64, isObject, list, must } = require('./bad');

const MEMBERS = {
    request: ['contents', 'systemInstruction', 'tools', 'toolConfig',
        'safetySettings', 'generationConfig', 'cachedContent', 'model',
        'labels', 'serviceTier', 'modelArmorConfig', 'mock', 'store'],
    content: ['role', 'parts'],
    part: ['text', 'thought', 'thoughtSignature', 'functionCall',
        'functionResponse', 'inlineData', 'fileData', 'executableCode',
        'codeExecutionResult', 'videoMetadata', 'mediaResolution', 'toolCall',
        'toolResponse', 'partMetadata'],
    call: ['id', 'name', 'args', 'partialArgs', 'willContinue'],
    response: ['id', 'name', 'response', 'parts', 'willContinue',
        'scheduling'],
    config: ['maxOutputTokens', 'temperature', 'topP', 'topK', 'stopSequences',
        'candidateCount', 'responseMimeType', 'responseSchema',
        'responseJsonSchema', 'responseModalities', 'thinkingConfig', 'seed',
        'presencePenalty', 'frequencyPenalty', 'responseLogprobs', 'logprobs',
        'speechConfig', 'imageConfig', 'mediaResolution', 'routingConfig',
        'audioTimestamp', 'enableEnhancedCivicAnswers', 'responseFormat'],
    thinking: ['includeThoughts', 'thinkingBudget', 'thinkingLevel'],
    choice: ['mode', 'allowedFunctionNames', 'streamFunctionCallArguments'],
    declaration: ['name', 'description', 'parameters', 'parametersJsonSchema',
        'response', 'responseJsonSchema', 'behavior'],
};
const DATA = ['text', 'functionCall', 'functionResponse', 'inlineData',
    'fileData', 'executableCode', 'codeExecutionResult', 'toolCall',
    'toolResponse'];
// in the older form of a schema, which is a message and no JSON schema
const UNKNOWN = ['$schema', 'oneOf', 'allOf', 'not', 'const',
    'patternProperties', 'if', 'exclusiveMinimum', 'exclusiveMaximum'];
const NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/;
const PLACEHOLDERS = ['skip_thought_signature_validator',
    'context_engineering_is_the_way_to_go'].flatMap((s) => [s,
    Buffer.from(s).toString('base64')]);
const STOPS_MAX = 5;
const DEPTH_MAX = 32;


const camel = (name) => name.replace(/_([a-z])/g, (_, c) => c.toUpperCase());


// The members of an object by their camelCase names; only one level of it.
function members(o) {
    const out = {};

    for (const [k, v] of Object.entries(isObject(o) ? o : {})) {
        out[camel(k)] = v;
    }
    return out;
}


function known(o, kind, at) {
    for (const name of Object.keys(o)) {
        must(MEMBERS[kind].includes(name), 'Invalid JSON payload received. '
            + `Unknown name "${name}"${at ? ` at '${at}'` : ''}: Cannot find `
            + 'field.');
    }
}


function checkSchema(s, at, depth = 0) {
    if (!isObject(s) || depth > DEPTH_MAX) {
        return;
    }

    for (const name of UNKNOWN) {
        must(!(name in s), 'Invalid JSON payload received. Unknown name '
            + `"${name}" at '${at}': Cannot find field.`);
    }
    must(!Array.isArray(s.type), `Invalid value at '${at}.type': Proto field is `
        + 'not repeating, cannot start list.');

    for (const [k, v] of Object.entries(s.properties || {})) {
        checkSchema(v, `${at}.properties[${k}].value`, depth + 1);
    }
    checkSchema(s.items, `${at}.items`, depth + 1);
    list(s.anyOf).forEach((v, i) => checkSchema(v, `${at}.any_of[${i}]`,
        depth + 1));
}


function checkCall(p, at) {
    const f = members(p.functionCall);

    known(f, 'call', `${at}.function_call`);
    must(NAME.test(f.name || ''),
        `* GenerateContentRequest.${at}.function_call.name: Name cannot be `
        + 'empty.\n');
    must(f.args === undefined || isObject(f.args), 'Invalid value at '
        + `'${at}.function_call.args' (type.googleapis.com/google.protobuf`
        + `.Struct), ${JSON.stringify(f.args)}`);

    if (p.thoughtSignature !== undefined
        && !PLACEHOLDERS.includes(p.thoughtSignature))
    {
        must(p.thoughtSignature === sign('gemini', f.name, f.args === undefined
            ? '{}' : canonical(JSON.stringify(f.args))),
        'Corrupted thought signature.');
    }
}


function checkPart(raw, at, role) {
    must(isObject(raw), `Invalid value at '${at}'`);

    const p = members(raw);
    const data = DATA.filter((name) => p[name] !== undefined);

    known(p, 'part', at);
    must(data.length === 1, `* GenerateContentRequest.${at}.data: required `
        + "oneof field 'data' must have one initialized field\n");
    must(p.thoughtSignature === undefined || PLACEHOLDERS
        .includes(p.thoughtSignature) || isBase64(p.thoughtSignature),
    `Invalid value at '${at}.thought_signature' (TYPE_BYTES), Base64 decoding `
        + `failed for "${p.thoughtSignature}"`);

    if (p.functionCall !== undefined) {
        must(role === 'model', 'Please ensure that function call turns come '
            + 'from the model.');
        checkCall(p, at);

    } else if (p.functionResponse !== undefined) {
        const f = members(p.functionResponse);
        known(f, 'response', `${at}.function_response`);
        must(NAME.test(f.name || ''), `* GenerateContentRequest.${at}`
            + '.function_response.name: Name cannot be empty.\n');
        must(isObject(f.response), `Invalid value at '${at}.function_response`
            + '.response\' (type.googleapis.com/google.protobuf.Struct), '
            + JSON.stringify(f.response));

    } else if (p.inlineData !== undefined) {
        const d = members(p.inlineData);
        must(/^\w+\/[\w.+-]+/.test(d.mimeType || ''), 'Unable to process '
            + 'input: mime_type is required.');
        // both alphabets are taken
        must(isBase64(String(d.data).replace(/-/g, '+').replace(/_/g, '/')),
            `Invalid value at '${at}.inline_data.data' `
            + '(TYPE_BYTES), Base64 decoding failed');
    }
}


function callsOf(m) {
    return list(m.parts).map(members).filter((p) => p.functionCall);
}


function responsesOf(m) {
    return list(m.parts).map(members).filter((p) => p.functionResponse);
}


// Turns of one role that follow one another are one.
function merged(contents) {
    const turns = [];

    for (const m of contents) {
        const last = turns[turns.length - 1];
        const role = m.role === 'model' ? 'model' : 'user';
        if (last && last.role === role) {
            last.parts = [...last.parts, ...list(m.parts)];
        } else {
            turns.push({ role, parts: list(m.parts) });
        }
    }
    return turns;
}


function checkTurns(contents) {
    const turns = merged(contents);

    turns.forEach((turn, i) => {
        const next = turns[i + 1];
        const calls = callsOf(turn);
        const before = i > 0 ? callsOf(turns[i - 1]) : [];
        const responses = responsesOf(turn);

        must(calls.length === 0 || i > 0, 'Please ensure that function call '
            + 'turn comes immediately after a user turn or after a function '
            + 'response turn.');
        must(responses.length === 0 || before.length > 0, 'Please ensure that '
            + 'function response turn comes immediately after a function call '
            + 'turn.');
        must(before.length === responses.length, 'Please ensure that the '
            + 'number of function response parts is equal to the number of '
            + 'function call parts of the function call turn.');
        must(calls.length === 0 || next !== undefined, 'Please ensure that '
            + 'multiturn requests end with a user role or a function '
            + 'response.');

        const names = before.map((p) => p.functionCall.name).sort();
        must(responses.map((p) => members(p.functionResponse).name).sort()
            .every((name, n) => name === names[n]),
        'Please ensure that the function response\'s name matches the '
            + 'function call\'s.');
    });
}


// Gemini 3: the first call of each step of the turn that goes on is signed.
function checkSigned(contents) {
    const turns = merged(contents);
    let start = 0;

    turns.forEach((turn, i) => {
        if (turn.role === 'user' && turn.parts.some((p) => typeof p.text
            === 'string'))
        {
            start = i;
        }
    });

    turns.slice(start).forEach((turn) => {
        const [first] = callsOf(turn);
        must(!first || first.thoughtSignature !== undefined, 'Function call '
            + 'is missing a thought_signature in functionCall parts. This is '
            + 'required for tools to work correctly, and missing '
            + 'thought_signature may lead to degraded model performance.');
    });
}


function checkTools(o) {
    const names = new Set();

    [].concat(o.tools || []).map(members).forEach((t, i) => {
        list(t.functionDeclarations).forEach((raw, n) => {
            const f = members(raw);
            const at = `tools[${i}].function_declarations[${n}]`;

            known(f, 'declaration', at);
            must(NAME.test(f.name || ''), `* GenerateContentRequest.${at}.name: `
                + 'Invalid function name. Must start with a letter or an '
                + 'underscore. Must be alphameric (a-z, A-Z, 0-9), '
                + 'underscores (_), dots (.), colons (:), or dashes (-), with '
                + 'a maximum length of 64.\n');
            must(!names.has(f.name), `Duplicate function declaration found: `
                + f.name);
            must(f.parameters === undefined || f.parametersJsonSchema
                === undefined, `${at}: parameters and parameters_json_schema `
                + 'are mutually exclusive.');
            checkSchema(f.parameters, `${at}.parameters`);
            names.add(f.name);
        });
    });

    const choice = members(members(o.toolConfig).functionCallingConfig);
    const allowed = list(choice.allowedFunctionNames);

    known(choice, 'choice', 'tool_config.function_calling_config');
    must(allowed.length === 0 || ['ANY', 'VALIDATED', 'any'].includes(
        choice.mode), 'Function calling config is set without mode ANY: '
        + 'allowed_function_names should be set only when mode is ANY.');
    must(allowed.every((name) => names.has(name)), 'The function in '
        + 'allowed_function_names is not declared in tools.');
    must(choice.mode === undefined || typeof choice.mode === 'number'
        || ['AUTO', 'ANY', 'NONE', 'VALIDATED'].includes(
            String(choice.mode).toUpperCase()), 'Invalid value at '
        + `'tool_config.function_calling_config.mode': "${choice.mode}"`);
}


function checkConfig(o) {
    const g = members(o.generationConfig);
    const t = members(g.thinkingConfig);

    known(g, 'config', 'generation_config');
    known(t, 'thinking', 'generation_config.thinking_config');
    must(list(g.stopSequences).length <= STOPS_MAX, '* GenerateContentRequest'
        + '.generation_config.stop_sequences: the number of stop sequences '
        + `must be <= ${STOPS_MAX}\n`);
    must(t.thinkingBudget === undefined || t.thinkingLevel === undefined,
        'You can only set only one of thinking budget and thinking level.');
    must((g.responseSchema === undefined && g.responseJsonSchema === undefined)
        || g.responseMimeType === 'application/json',
    '* GenerateContentRequest.generation_config.response_mime_type: when '
        + "response_schema is set, response_mime_type must be "
        + "'application/json'\n");
    must(g.temperature === undefined || g.temperature === null
        || (g.temperature >= 0 && g.temperature <= 2),
    `Unable to submit request because it has a temperature value of `
        + `${g.temperature} but the supported range is from 0 (inclusive) to `
        + '2.0 (inclusive).');
    must(g.maxOutputTokens === undefined || g.maxOutputTokens === null
        || g.maxOutputTokens > 0,
    '* GenerateContentRequest.generation_config.max_output_tokens: must be '
        + 'positive.\n');
    checkSchema(g.responseSchema, 'generation_config.response_schema');
}


function checkGenerate(o, model) {
    const contents = [].concat(o.contents === undefined ? [] : o.contents);

    known(o, 'request', '');
    must(contents.length > 0,
        '* GenerateContentRequest.contents: contents is not specified\n');

    contents.forEach((m, i) => {
        must(isObject(m), `Invalid value at 'contents[${i}]'`);
        known(m, 'content', `contents[${i}]`);
        must(m.role === undefined || ['user', 'model', 'function']
            .includes(m.role), 'Please use a valid role: user, model.');
        must(m.role !== undefined || contents.length === 1,
            'Please use a valid role: user, model.');

        const parts = [].concat(m.parts || []);
        must(parts.length > 0, `* GenerateContentRequest.contents[${i}].parts: `
            + 'contents.parts must not be empty.\n');
        parts.forEach((p, n) => checkPart(p, `contents[${i}].parts[${n}]`,
            m.role));
    });

    checkTurns(contents);
    if (/gemini-3/.test(model)) {
        checkSigned(contents);
    }
    checkTools(o);
    checkConfig(o);
}


module.exports = { canonical, checkGenerate, members };
