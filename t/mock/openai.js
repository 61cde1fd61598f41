// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// The OpenAI dialect: the table of its routes, and chat completions, legacy
// completions, embeddings, moderations, rerank and models.

const text = require('./text');
const { plan } = require('./plan');
const { checkChat } = require('./openai_check');
const responses = require('./openai_responses');
const objects = require('./openai_objects');

const CREATED = 1767225600;
const MODELS = ['gpt-4o-mini', 'gpt-4o', 'gpt-4.1', 'gpt-4.1-mini',
    'gpt-5-mini', 'text-embedding-3-small', 'text-embedding-3-large',
    'omni-moderation-latest', 'gpt-image-1', 'tts-1', 'whisper-1', 'sora-2'];
const CATEGORIES = ['harassment', 'harassment/threatening', 'hate',
    'hate/threatening', 'illicit', 'illicit/violent', 'self-harm',
    'self-harm/intent', 'self-harm/instructions', 'sexual', 'sexual/minors',
    'violence', 'violence/graphic'];
const ERRORS = {
    401: ['invalid_request_error', 'invalid_api_key'],
    403: ['permission_error', null],
    404: ['invalid_request_error', 'not_found'],
    429: ['requests', 'rate_limit_exceeded'],
    529: ['overloaded_error', 'overloaded'],
};

const json = (v) => ({ ctype: 'application/json', body: JSON.stringify(v) });


function error(status, message, param = null, code) {
    const [type, usual] = ERRORS[status] || (status < 500
        ? ['invalid_request_error', null] : ['server_error', null]);

    return { status, ctype: 'application/json', body: JSON.stringify({
        error: { message, type, param,
            code: code === undefined ? usual : code },
    }) };
}


function errorEvent() {
    return 'data: {"error":{"message":"mock: an error among the events",'
        + '"type":"server_error","param":null,"code":"mock_error"}}\n\n';
}


function usageText(p, c, total, cached, reasoning) {
    return `{"prompt_tokens":${p},"completion_tokens":${c},`
        + `"total_tokens":${total},`
        + `"prompt_tokens_details":{"cached_tokens":${cached},`
        + '"audio_tokens":0},'
        + `"completion_tokens_details":{"reasoning_tokens":${reasoning},`
        + '"audio_tokens":0,"accepted_prediction_tokens":0,'
        + '"rejected_prediction_tokens":0}}';
}


function usageInput(p, c, total) {
    return `{"prompt_tokens":${p},"total_tokens":${total}}`;
}


// The usage member of a chunk: nothing, null, or numbers.
function chunkUsage(x, asked, u, tokens) {
    const kind = x.recipe.usage;

    if (kind === 'every') {
        return `,"usage":${u.at(tokens)}`;
    }

    return asked && kind !== 'none' ? ',"usage":null' : '';
}


// Chat and legacy completions as streams: `first`, `delta` and `last` give the
// choices of a chunk, this gives the rest.
function stream(x, o, envelope, u, parts) {
    const kind = x.recipe.usage;
    const asked = Boolean(o.stream_options && o.stream_options.include_usage);
    const told = asked || kind === 'every' || kind === 'twice';

    function* events() {
        let tokens = 0;
        const chunk = (choices) => ({
            data: `data: ${envelope},"choices":[${choices}]`
                + `${chunkUsage(x, asked, u, tokens)}}\n\n`,
            usage: kind === 'every',
        });

        for (const [choice, n] of parts()) {
            tokens += n;
            yield chunk(choice);
        }

        if (kind === 'twice') {
            yield { data: `data: ${envelope},"choices":[],`
                + `"usage":${u.at(tokens >> 1)}}\n\n`, usage: true };
        }

        if (told && u.text !== undefined) {
            yield { data: `data: ${envelope},"choices":[],`
                + `"usage":${u.text}}\n\n`, usage: u.text !== 'null' };
        }

        if (!x.recipe.nodone) {
            yield { data: 'data: [DONE]\n\n' };
        }
    }

    if (!told) {
        x.usage = null;
    }

    return { ctype: 'text/event-stream; charset=utf-8', error: errorEvent,
        events: { [Symbol.iterator]: events } };
}


function times(o) {
    return Number.isInteger(o.n) && o.n > 0 ? Math.min(o.n, 128) : 1;
}


// The last of what tools have said, if nothing came after it.
function told(messages) {
    const last = messages[messages.length - 1];

    return last && last.role === 'tool' ? text.texts(last).join(' ')
        : undefined;
}


function askOf(o) {
    const said = text.lastUserText(o.messages);
    const result = told(o.messages);
    const tools = Array.isArray(o.tools) ? o.tools : [];
    const choice = o.tool_choice;

    return { said, told: result, answered: result !== undefined,
        texts: text.texts(o.messages), stop: o.stop && [].concat(o.stop),
        max: o.max_completion_tokens || o.max_tokens,
        none: choice === 'none',
        forced: choice && choice.function && choice.function.name,
        tools: tools.filter((t) => t && (t.function || t.type === 'function'))
            .map((t) => t.function || t)
            .map((f) => ({ name: f.name, schema: f.parameters })) };
}


const FINISH = { stop: 'stop', sequence: 'stop', length: 'length',
    tools: 'tool_calls', filter: 'content_filter' };


function wholeMessage(p) {
    const said = p.text ? p.text.text : null;

    return { role: 'assistant', content: p.refusal ? null : said,
        refusal: p.refusal ? said : null,
        ...(p.thinking ? { reasoning_content: p.thinking.text } : {}),
        annotations: [],
        ...(p.calls.length ? { tool_calls: p.calls.map((c) => ({
            id: c.id('call_'), type: 'function',
            function: { name: c.name, arguments: c.args } })) } : {}) };
}


// The deltas of a message: [delta, tokens].
function* deltas(p) {
    const calls = p.calls.map((c, index) => ({ index, id: c.id('call_'),
        type: 'function', function: { name: c.name, arguments: '' } }));

    yield [p.text || p.thinking
        ? { role: 'assistant', content: '', refusal: null }
        : { role: 'assistant', content: null, tool_calls: [calls[0]],
            refusal: null }, 0];

    for (const t of p.thinking ? p.thinking.pieces : []) {
        yield [{ reasoning_content: t }, 1];
    }

    for (const t of p.text ? p.text.pieces() : []) {
        yield [p.refusal ? { refusal: t } : { content: t }, 1];
    }

    for (const c of calls) {
        if (c.index > 0 || p.text || p.thinking) {
            yield [{ tool_calls: [c] }, 0];
        }
        for (const t of p.calls[c.index].pieces) {
            yield [{ tool_calls: [{ index: c.index,
                function: { arguments: t } }] }, 1];
        }
    }
}


function chat(x) {
    const o = x.json;

    if (typeof o.model !== 'string') {
        return error(400, 'you must provide a model parameter', 'model');
    }

    if (!Array.isArray(o.messages) || o.messages.length === 0) {
        return error(400, "'messages' must be a non-empty array", 'messages');
    }

    if (!x.recipe.lax) {
        checkChat(o);
    }

    const p = plan(x, askOf(o));
    const n = times(o);
    const ident = text.id('chatcmpl-', o.model, text.lastUserText(o.messages));
    const u = p.usage(usageText, n);
    const finish = FINISH[p.refusal ? 'stop' : p.finish];
    const common = (object) => `{"id":"${ident}","object":"${object}",`
        + `"created":${CREATED},"model":${JSON.stringify(o.model)},`
        + '"service_tier":"default","system_fingerprint":"fp_mock"';

    if (o.stream !== true) {
        const m = JSON.stringify(wholeMessage(p));
        const choices = Array.from({ length: n }, (_, i) => `{"index":${i},`
            + `"message":${m},"logprobs":null,"finish_reason":"${finish}"}`);

        return { ctype: 'application/json',
            body: `${common('chat.completion')},"choices":[${choices}]`
                + (u.text === undefined ? '' : `,"usage":${u.text}`) + '}' };
    }

    const delta = (i, d, reason) => `{"index":${i},"delta":${d},`
        + `"logprobs":null,"finish_reason":${reason}}`;

    return stream(x, o, common('chat.completion.chunk'), u, function* parts() {
        for (const [d, tokens] of deltas(p)) {
            const data = JSON.stringify(d);
            for (let i = 0; i < n; i++) {
                yield [delta(i, data, 'null'), tokens];
            }
        }

        for (let i = 0; i < n; i++) {
            yield [delta(i, '{}', `"${finish}"`), 0];
        }
    });
}


function completions(x) {
    const o = x.json;

    if (typeof o.model !== 'string') {
        return error(400, 'you must provide a model parameter', 'model');
    }

    const said = text.texts(o.prompt).join(' ');
    const { refuse, finish: wanted } = x.recipe;
    const answer = text.reply(x, said, o.max_tokens);
    const n = times(o);
    const u = text.usage(x, text.promptTokens(text.texts(o.prompt)),
        answer.tokens * n, usageText);
    const finish = `"${FINISH[wanted || (refuse ? 'filter' : answer.cut
        ? 'length' : 'stop')]}"`;
    const envelope = `{"id":"${text.id('cmpl-', o.model, said)}",`
        + `"object":"text_completion","created":${CREATED},`
        + `"model":${JSON.stringify(o.model)}`;
    const choice = (i, t, reason) => `{"text":${JSON.stringify(t)},`
        + `"index":${i},"logprobs":null,"finish_reason":${reason}}`;

    if (o.stream !== true) {
        const choices = Array.from({ length: n },
            (_, i) => choice(i, answer.text, finish));
        return { ctype: 'application/json',
            body: `${envelope},"choices":[${choices}]`
                + (u.text === undefined ? '' : `,"usage":${u.text}`) + '}' };
    }

    return stream(x, o, envelope, u, function* parts() {
        for (const p of answer.pieces()) {
            for (let i = 0; i < n; i++) {
                yield [choice(i, p, 'null'), 1];
            }
        }

        for (let i = 0; i < n; i++) {
            yield [choice(i, '', finish), 0];
        }
    });
}


// A list of inputs, each of them a text or a list of token ids.
function inputs(v) {
    return Array.isArray(v) && typeof v[0] !== 'number' ? v : [v];
}


function embeddings(x) {
    const o = x.json;

    if (o.input === undefined || typeof o.model !== 'string') {
        const name = o.input === undefined ? 'input' : 'model';
        return error(400, `you must provide the ${name} parameter`, name);
    }

    const dimensions = Number.isInteger(o.dimensions) && o.dimensions > 0
        ? Math.min(o.dimensions, 8192) : 1536;
    const data = inputs(o.input).map((input, index) => {
        const v = text.vector(text.texts(input).join(' '), dimensions);
        return { object: 'embedding', index,
            embedding: o.encoding_format === 'base64'
                ? Buffer.from(v.buffer).toString('base64') : Array.from(v) };
    });
    const u = text.usage(x, text.promptTokens(text.texts(o.input)), 0,
        usageInput);

    return { ctype: 'application/json',
        body: `{"object":"list","data":${JSON.stringify(data)},`
            + `"model":${JSON.stringify(o.model)}`
            + (u.text === undefined ? '' : `,"usage":${u.text}`) + '}' };
}


function moderations(x) {
    const o = x.json;
    const results = inputs(o.input).map((input) => {
        const bad = /\b(kill|attack)\b/i.test(text.texts(input).join(' '));
        const r = { flagged: bad, categories: {}, category_scores: {},
            category_applied_input_types: {} };
        for (const c of CATEGORIES) {
            const hit = bad && c === 'violence';
            r.categories[c] = hit;
            r.category_scores[c] = hit ? 0.98 : 0.0001;
            r.category_applied_input_types[c] = ['text'];
        }
        return r;
    });

    return json({ id: text.id('modr-', ...text.texts(o.input)),
        model: o.model || 'omni-moderation-latest', results });
}


function rerank(x) {
    const o = x.json;

    if (!Array.isArray(o.documents)) {
        return error(400, "'documents' must be an array", 'documents');
    }

    const results = text.ranked(o.query, o.documents).map((r) => ({ ...r,
        ...(o.return_documents ? { document: o.documents[r.index] } : {}) }));

    const u = text.usage(x, text.promptTokens(text.texts([o.query,
        o.documents])), 0, usageInput);

    return { ctype: 'application/json',
        body: `{"id":"${text.id('rerank-', String(o.query))}","object":"list",`
            + `"model":${JSON.stringify(o.model || 'mock-rerank')},`
            + `"results":${JSON.stringify(results.slice(0,
                o.top_n || results.length))},`
            + '"meta":{"billed_units":{"search_units":1}}'
            + (u.text === undefined ? '' : `,"usage":${u.text}`) + '}' };
}


function model(id) {
    return { id, object: 'model', created: CREATED, owned_by: 'mock' };
}


function oneModel(x, id) {
    return MODELS.includes(id) ? json(model(id)) : error(404,
        `The model '${id}' does not exist`, 'model', 'model_not_found');
}


// Paths are matched at their end: vendors put the routes under /v1, under
// /openai/v1, under /api/paas/v4.
const ROUTES = [
    ['POST', /\/chat\/completions$/, chat],
    ['POST', /\/completions$/, completions],
    ['POST', /\/embeddings$/, embeddings],
    ['POST', /\/moderations$/, moderations],
    ['POST', /\/rerank$/, rerank],
    ['GET', /\/models$/,
        () => json({ object: 'list', data: MODELS.map(model) })],
    ['GET', /\/models\/([^/]+)$/, oneModel],
    ...responses.ROUTES,
    ...objects.ROUTES,
];


// What every reply carries; a gateway is not to pass all of it on.
function headers(x) {
    return 'openai-organization: mock-org\r\nopenai-processing-ms: 1\r\n'
        + `openai-version: 2020-10-01\r\nx-request-id: req_mock${x.serial}\r\n`;
}


module.exports = { ROUTES, error, headers };
