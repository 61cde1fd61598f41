// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * Gemini's generateContent. Each event of a stream is a whole response; the
 * finish reason is in the last one, usage in the last one at least.
 */

const { parse, source } = require('./json');
const { isObject, later, shape } = require('./fold');

const FINISH = { STOP: 'stop', MAX_TOKENS: 'length', SAFETY: 'filter',
    RECITATION: 'filter', BLOCKLIST: 'filter', PROHIBITED_CONTENT: 'filter',
    SPII: 'filter', LANGUAGE: 'filter', IMAGE_SAFETY: 'filter',
    IMAGE_PROHIBITED_CONTENT: 'filter', IMAGE_RECITATION: 'filter',
    MODEL_ARMOR: 'filter', MALFORMED_FUNCTION_CALL: 'error',
    UNEXPECTED_TOOL_CALL: 'error', TOO_MANY_TOOL_CALLS: 'error',
    OTHER: 'other', IMAGE_OTHER: 'other', NO_IMAGE: 'other',
    FINISH_REASON_UNSPECIFIED: 'other' };
const NUMBERS = ['FINISH_REASON_UNSPECIFIED', 'STOP', 'MAX_TOKENS', 'SAFETY',
    'RECITATION', 'OTHER', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII',
    'MALFORMED_FUNCTION_CALL'];

const RESPONSE = { 'candidates?': 'a', 'promptFeedback?': 'o',
    'usageMetadata?': 'o', 'modelVersion?': 's', 'responseId?': 's',
    'createTime?': 's', 'modelStatus?': 'o' };
const CANDIDATE = { 'content?': 'o', 'finishReason?': 's', 'index?': 'i',
    'finishMessage?': 's', 'safetyRatings?': 'a', 'avgLogprobs?': 'n',
    'logprobsResult?': 'o', 'citationMetadata?': 'o', 'tokenCount?': 'i',
    'groundingMetadata?': 'o', 'urlContextMetadata?': 'o' };
const CONTENT = { 'role?': '=model', 'parts?': 'a' };
const PART = { 'text?': 's', 'thought?': 'b', 'thoughtSignature?': 't',
    'functionCall?': 'o', 'inlineData?': 'o', 'fileData?': 'o',
    'executableCode?': 'o', 'codeExecutionResult?': 'o' };
const DATA = ['text', 'functionCall', 'inlineData', 'fileData',
    'executableCode', 'codeExecutionResult'];
const CALL = { name: 't', 'args?': 'o', 'id?': 't' };
const USAGE = { 'promptTokenCount?': 'i', 'candidatesTokenCount?': 'i',
    'totalTokenCount?': 'i', 'thoughtsTokenCount?': 'i',
    'cachedContentTokenCount?': 'i', 'toolUsePromptTokenCount?': 'i',
    'promptTokensDetails?': 'a', 'candidatesTokensDetails?': 'a',
    'cacheTokensDetails?': 'a', 'toolUsePromptTokensDetails?': 'a',
    'trafficType?': 's', 'serviceTier?': 's' };


function usage(c, f, u, where) {
    if (!isObject(u)) {
        return;
    }

    shape(c, u, USAGE, where);

    // the last report counts, and is about all
    const now = u.promptTokenCount === undefined ? later(f.raw, u) : u;
    const input = (now.promptTokenCount || 0)
        + (now.toolUsePromptTokenCount || 0);
    const output = (now.candidatesTokenCount || 0)
        + (now.thoughtsTokenCount || 0);

    f.raw = now;
    if (c.strict && u.totalTokenCount !== input + output) {
        c.add(`${where}.totalTokenCount is not the sum`);
    }
    if (now.promptTokenCount === undefined) {
        f.usage = f.usage || {};
        return;
    }
    f.usage = { input, output, cached: now.cachedContentTokenCount,
        reasoning: now.thoughtsTokenCount };
}


// Arguments that come in pieces, where that was asked for: the members of
// the first level, as the values of "$.name" add up.
function partial(call, fc) {
    const values = call.values || (call.values = {});

    for (const p of fc.partialArgs || []) {
        const m = /^\$\.([^.[]+)$/.exec(p.jsonPath || '');
        if (m === null) {
            continue;
        }
        if (p.stringValue !== undefined) {
            values[m[1]] = (values[m[1]] || '') + p.stringValue;
        } else if (p.numberValue !== undefined) {
            values[m[1]] = p.numberValue;
        } else if (p.boolValue !== undefined) {
            values[m[1]] = p.boolValue;
        } else {
            values[m[1]] = null;
        }
    }
    call.text = JSON.stringify(values);
}


function functionCall(c, f, p, where) {
    const fc = p.functionCall;

    if (fc.willContinue !== undefined || fc.partialArgs
        || Object.keys(fc).length === 0)
    {
        const open = f.partial || null;
        const call = open || f.call(`p${f.parts.length}`, fc.id, fc.name, '');
        partial(call, fc);
        call.signature = call.signature || p.thoughtSignature;
        f.partial = fc.willContinue ? call : null;
        return;
    }

    shape(c, fc, CALL, `${where}.functionCall`);
    f.call(f.parts.length, fc.id, fc.name, fc.args === undefined ? '{}'
        : source(fc.args)).signature = p.thoughtSignature;
}


function part(c, f, p, where) {
    shape(c, p, PART, where);

    // redacted thinking is a signature alone
    if (c.strict && DATA.filter((name) => p[name] !== undefined).length !== 1
        && !(p.thought && p.thoughtSignature))
    {
        c.add(`${where} has not one kind of data`);
    }

    if (isObject(p.functionCall)) {
        functionCall(c, f, p, where);
        return;
    }

    if (typeof p.text === 'string') {
        const kind = p.thought === true ? 'thinking' : 'text';
        f.text(kind, p.text);
        if (p.thoughtSignature) {
            if (!f.last || f.last.kind !== kind || f.last.closed) {
                f.open(kind);
            }
            f.last.signature = p.thoughtSignature;
            f.close();
        }
    } else if (isObject(p.inlineData)) {
        f.open('image', { media: p.inlineData.mimeType,
            data: p.inlineData.data, closed: true });
    }
}


function reasonOf(c, f, candidate, where) {
    let reason = candidate.finishReason;

    if (typeof reason === 'number') {
        reason = NUMBERS[reason];
    }
    f.finish = FINISH[reason] || 'other';
    if (!FINISH[reason]) {
        c.add(`${where}.finishReason is ${reason}`);
    }
    // a call is told as STOP
    if (f.calls.size && f.finish === 'stop') {
        f.finish = 'tools';
    }
}


function response(c, f, v, where) {
    shape(c, v, RESPONSE, where);
    f.id = f.id || v.responseId || null;
    f.model = v.modelVersion || f.model;

    (Array.isArray(v.candidates) ? v.candidates : []).forEach((k, i) => {
        const at = f.alternative(k.index);
        const name = `${where}.candidates[${i}]`;

        shape(c, k, CANDIDATE, name);
        if (at.finish !== null && isObject(k.content)
            && (k.content.parts || []).length)
        {
            c.add(`${name}: more behind the finish`);
        }
        if (k.content !== undefined) {
            shape(c, k.content, CONTENT, `${name}.content`);
            (k.content.parts || []).forEach((p, n) => part(c, at, p,
                `${name}.content.parts[${n}]`));
        }
        if (k.finishReason !== undefined) {
            if (at.finish !== null) {
                c.add(`${name}: a second finish`);
            }
            reasonOf(c, at, k, name);
        }
    });

    if (isObject(v.promptFeedback) && v.promptFeedback.blockReason) {
        f.finish = 'filter';
    }
    usage(c, f, v.usageMetadata, `${where}.usageMetadata`);
}


function whole(c, f, v) {
    // whoever streamed without alt=sse
    const list = Array.isArray(v) ? v : [v];

    if (Array.isArray(v)) {
        c.add('an array');
    }

    list.forEach((r) => response(c, f, r, 'response'));
    if (f.finish === null) {
        c.add('no finishReason');
    }
    if (f.usage === null || f.raw.totalTokenCount === undefined) {
        c.add('no usageMetadata');
    }
    f.ended = true;
}


function stream(c, f, events) {
    let n = 0;

    for (const e of events) {
        if (e.comment !== undefined) {
            continue;
        }

        const where = `event ${n++}`;
        let v;

        if (e.name) {
            c.add(`${where} has the name "${e.name}"`);
        }
        try {
            v = parse(e.data === undefined ? e.stray : e.data, c.twice);
        } catch (x) {
            c.add(`${where}: ${x.message}`);
            continue;
        }
        if (f.error) {
            c.add(`${where}: more behind the error`);
        }
        if (isObject(v) && v.error !== undefined) {
            error(c, f, v);
        } else {
            response(c, f, v, where);
        }
    }

    if (f.error) {
        return;
    }
    if (f.finish === null) {
        c.add('no finishReason at the end');
    }
    if (f.usage === null || f.raw.totalTokenCount === undefined) {
        c.add('no usageMetadata');
    }
    f.ended = f.finish !== null;
}


function error(c, f, v) {
    const o = Array.isArray(v) ? v[0] : v;
    const e = isObject(o) && isObject(o.error) ? o.error : {};

    if (shape(c, o, { error: 'o' }, 'reply')) {
        shape(c, e, { code: 'i', message: 's', status: 't', 'details?': 'a' },
            'error');
    }
    if (c.strict && c.status >= 400 && e.code !== c.status) {
        c.add(`error.code is ${e.code}, the status ${c.status}`);
    }
    f.error = { message: e.message === undefined ? null : e.message,
        type: e.status };
}


module.exports = { framing: 'sse', whole, stream, error };
