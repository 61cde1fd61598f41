// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * OpenAI's chat completions, and legacy completions.
 *
 *   chunk*  with, for each choice: a role first, then content, then one finish
 *   chunk   without choices and with usage, when it was asked for
 *   [DONE]
 *
 * Calls of tools come one after the other, by index, each with its id and name
 * in its first fragment.
 */

const { args, parse, source } = require('./json');
const { isObject, shape } = require('./fold');

const FINISH = { stop: 'stop', length: 'length', model_length: 'length',
    tool_calls: 'tools', tool_call: 'tools', function_call: 'tools',
    content_filter: 'filter', error: 'error', eos: 'stop' };
const REASONS = ['stop', 'length', 'tool_calls', 'content_filter',
    'function_call'];

const CHUNK = { id: 't', object: '=chat.completion.chunk', created: 'i',
    model: 's', choices: 'a', 'usage?': 'O', 'service_tier?': 'S',
    'system_fingerprint?': 'S', 'obfuscation?': 's' };
const CHOICE = { index: 'i', delta: 'o', finish_reason: 'S', 'logprobs?': 'O' };
const DELTA = { 'role?': '=assistant', 'content?': 'S', 'refusal?': 'S',
    'tool_calls?': 'a', 'reasoning_content?': 'S', 'annotations?': 'a',
    'audio?': 'o' };
const CALL = { index: 'i', 'id?': 't', 'type?': '=function', 'function?': 'o' };
const FRAGMENT = { 'name?': 't', 'arguments?': 's' };

const WHOLE = { id: 't', object: '=chat.completion', created: 'i', model: 's',
    choices: 'a', 'usage?': 'o', 'service_tier?': 'S',
    'system_fingerprint?': 'S' };
const WHOLE_CHOICE = { index: 'i', message: 'o', finish_reason: 's',
    'logprobs?': 'O' };
const MESSAGE = { role: '=assistant', content: 'S', 'refusal?': 'S',
    'tool_calls?': 'a', 'reasoning_content?': 'S', 'annotations?': 'a',
    'audio?': 'O' };
const WHOLE_CALL = { id: 't', type: '=function', function: 'o' };
const FUNCTION = { name: 't', arguments: 's' };

const TEXT_CHUNK = { id: 't', object: '=text_completion', created: 'i',
    model: 's', choices: 'a', 'usage?': 'O', 'system_fingerprint?': 'S' };
const TEXT_CHOICE = { index: 'i', text: 's', 'finish_reason': 'S',
    'logprobs?': 'O' };

const USAGE = { prompt_tokens: 'i', completion_tokens: 'i', total_tokens: 'i',
    'prompt_tokens_details?': 'O', 'completion_tokens_details?': 'O' };
const IN_DETAILS = { 'cached_tokens?': 'i', 'audio_tokens?': 'i',
    'cache_write_tokens?': 'i', 'image_tokens?': 'i' };
const OUT_DETAILS = { 'reasoning_tokens?': 'i', 'audio_tokens?': 'i',
    'accepted_prediction_tokens?': 'i', 'rejected_prediction_tokens?': 'i' };


function usage(c, f, u, where) {
    if (!isObject(u)) {
        return;
    }

    shape(c, u, USAGE, where);

    const input = u.prompt_tokens_details || {};
    const output = u.completion_tokens_details || {};
    let out = u.completion_tokens;
    let in_ = u.prompt_tokens;

    shape(c, input, IN_DETAILS, `${where}.prompt_tokens_details`);
    shape(c, output, OUT_DETAILS, `${where}.completion_tokens_details`);

    // xAI counts reasoning apart, Mistral what it hears
    if (c.quirks.apart) {
        out += output.reasoning_tokens || 0;

    } else if (input.audio_tokens && u.total_tokens
        === in_ + out + input.audio_tokens)
    {
        in_ += input.audio_tokens;

    } else if (u.total_tokens !== u.prompt_tokens + u.completion_tokens) {
        c.add(`${where}.total_tokens is not the sum`);
    }

    f.usage = { input: in_, output: out,
        cached: input.cached_tokens === undefined
            || input.cached_tokens === null ? u.prompt_cache_hit_tokens
            : input.cached_tokens,
        reasoning: output.reasoning_tokens };
}


function errorOf(f, v) {
    const e = v.error;

    f.error = { message: isObject(e) ? String(e.message) : String(e),
        type: isObject(e) ? e.type : undefined };
}


// Content that is text, or parts of which some are thoughts (Mistral).
// Some make JSON of an answer that is JSON (Cloudflare).
function content(f, v) {
    if (typeof v === 'string' || isObject(v)) {
        f.text('text', isObject(v) ? source(v) : v);
        return;
    }

    for (const p of Array.isArray(v) ? v : []) {
        if (p.type === 'thinking') {
            for (const t of Array.isArray(p.thinking) ? p.thinking : []) {
                f.text('thinking', t.text);
            }
        } else if (p.type === 'text') {
            f.text('text', p.text);
        }
    }
}


// What is thought comes before what is said, wherever the member stands.
function said(f, m) {
    const details = Array.isArray(m.reasoning_details)
        ? m.reasoning_details.map((d) => d.text || d.summary || '').join('')
        : '';

    f.text('thinking', m.reasoning_content || m.reasoning || m.thinking
        || details);
    content(f, m.content);
    f.text('refusal', m.refusal);
    if (isObject(m.audio)) {
        f.text('audio', m.audio.transcript);
    }
}


function wholeCall(c, f, call, i, where) {
    const fn = isObject(call.function) ? call.function : {};

    shape(c, call, WHOLE_CALL, where);
    shape(c, fn, FUNCTION, `${where}.function`);
    if (typeof fn.arguments === 'string' && args(fn.arguments)[0] !== '{') {
        c.add(`${where}.function.arguments is no object`);
    }
    f.call(i, call.id, fn.name, fn.arguments);
}


function whole(c, f, v) {
    shape(c, v, WHOLE, 'reply');
    f.id = v.id;
    f.model = v.model;

    if (v.error !== undefined && !Array.isArray(v.choices)) {
        errorOf(f, v);
        return;
    }

    (v.choices || []).forEach((choice, n) => {
        const where = `choices[${n}]`;
        const m = isObject(choice.message) ? choice.message : {};
        const at = f.alternative(choice.index);
        const reason = choice.finish_reason;

        shape(c, choice, WHOLE_CHOICE, where);
        shape(c, m, MESSAGE, `${where}.message`);
        said(at, m);
        (m.tool_calls || []).forEach((call, i) => wholeCall(c, at, call, i,
            `${where}.message.tool_calls[${i}]`));
        if (isObject(m.function_call) && m.function_call.name) {
            at.call('f', null, m.function_call.name,
                m.function_call.arguments);
        }

        if (m.content === null && !at.calls.size && !m.refusal && !m.audio
            && reason === 'stop')
        {
            c.add(`${where}.message has nothing in it`);
        }
        finished(c, at, reason, where);
    });

    usage(c, f, v.usage, 'usage');
    f.ended = true;
}


function finished(c, f, reason, where) {
    if (!REASONS.includes(reason)) {
        c.add(`${where}.finish_reason is ${JSON.stringify(reason)}`);
    }

    f.finish = FINISH[reason] || 'other';

    // a call that was demanded is told as "stop" by some
    if (f.calls.size && f.finish === 'stop') {
        f.finish = 'tools';
        if (c.strict) {
            c.add(`${where}.finish_reason is stop, and there are calls`);
        }
    }
}


// A fragment of a call in a stream.
function fragment(c, f, state, t, where) {
    const fn = isObject(t.function) ? t.function : {};
    const key = t.index === undefined ? t.id || f.calls.size : t.index;
    const known = f.calls.has(key);

    shape(c, t, CALL, where);
    shape(c, fn, FRAGMENT, `${where}.function`);

    if (!known) {
        if (key !== f.calls.size) {
            c.add(`${where}: the index ${key} is not the next one`);
        }
        if (t.type !== 'function' || !t.id || !fn.name) {
            c.add(`${where}: a call begins without type, id or name`);
        }
    } else if (key !== state.key) {
        c.add(`${where}: goes back to the call ${key}`);
    } else if (t.id !== undefined || fn.name !== undefined) {
        c.add(`${where}: id or name again`);
    }

    state.key = key;
    f.call(key, t.id, fn.name, fn.arguments);
}


function choiceOf(c, f, states, choice, where) {
    const d = isObject(choice.delta) ? choice.delta : {};
    const at = f.alternative(choice.index);
    const key = choice.index || 0;
    const state = states[key] || (states[key] = { begun: false });

    shape(c, choice, CHOICE, where);
    shape(c, choice.delta, DELTA, `${where}.delta`);

    if (state.finished && Object.values(d).some((v) => v !== null && v !== ''
        && v !== 'assistant'))
    {
        c.add(`${where}: more behind the finish`);
    }
    if (!state.begun && d.role !== 'assistant') {
        c.add(`${where}: no role at the start`);
    } else if (state.begun && d.role) {
        c.add(`${where}: a role again`);
    }
    state.begun = true;

    said(at, d);
    (d.tool_calls || []).forEach((t, i) => fragment(c, at, state, t,
        `${where}.delta.tool_calls[${i}]`));
    if (isObject(d.function_call)) {
        at.call('f', null, d.function_call.name, d.function_call.arguments);
    }

    if (typeof choice.finish_reason === 'string' && choice.finish_reason) {
        if (state.finished) {
            c.add(`${where}: a second finish`);
        }
        state.finished = true;
        finished(c, at, choice.finish_reason, where);
    }
}


// id, created and model are those of the first chunk.
function stable(c, state, v, where) {
    for (const name of ['id', 'created', 'model']) {
        if (state[name] === undefined) {
            state[name] = v[name];
        } else if (state[name] !== v[name]) {
            c.add(`${where}.${name} is another one`);
        }
    }
}


function usageIn(c, f, state, v, where) {
    if (isObject(v.usage)) {
        if (Array.isArray(v.choices) && v.choices.length) {
            c.add(`${where}: usage beside choices`);
        }
        if (!c.usage) {
            c.add(`${where}: usage that nobody asked for`);
        }
        if (state.usage) {
            c.add(`${where}: usage again`);
        }
        state.usage = true;
        usage(c, f, v.usage, `${where}.usage`);

    } else if (c.usage ? v.usage !== null : v.usage !== undefined) {
        c.add(`${where}.usage is ${v.usage}`);
    }
}


function streamed(c, f, events, kind) {
    const states = [];
    const state = {};
    let n = 0;

    for (const e of events) {
        const where = `chunk ${n++}`;

        if (e.comment !== undefined) {
            continue;
        }
        if (f.ended) {
            c.add(`${where}: more behind [DONE]`);
        }
        if (f.error) {
            c.add(`${where}: more behind the error`);
        }
        if (e.name !== null && e.name !== undefined) {
            c.add(`${where} has the name "${e.name}"`);
        }
        if (e.data === '[DONE]') {
            f.ended = true;
            continue;
        }

        let v;
        try {
            v = parse(e.data === undefined ? e.stray : e.data, c.twice);
        } catch (x) {
            c.add(`${where}: ${x.message}`);
            continue;
        }

        if (v.error !== undefined && v.error !== null) {
            if (Object.keys(v).length !== 1) {
                c.add(`${where}: an error beside other members`);
            }
            errorOf(f, v);
            continue;
        }

        shape(c, v, kind === 'chat' ? CHUNK : TEXT_CHUNK, where);
        stable(c, state, v, where);
        f.id = f.id || v.id;
        f.model = f.model || v.model;

        if (state.usage) {
            c.add(`${where}: more behind the usage`);
        }

        (v.choices || []).forEach((choice, i) => {
            const at = `${where}.choices[${i}]`;
            if (kind === 'chat') {
                choiceOf(c, f, states, choice, at);
            } else {
                textChoice(c, f, states, choice, at);
            }
        });
        usageIn(c, f, state, v, where);
    }

    ending(c, f, states, state);
}


function ending(c, f, states, state) {
    if (f.error) {
        return;
    }

    if (!f.ended) {
        c.add('no [DONE] at the end');
        // some have none; a finish is as good
        f.ended = c.quirks.nodone ? f.finish !== null : false;
    }
    if (!states.length || states.some((s) => !s || !s.finished)) {
        c.add('a choice without a finish');
    }
    if (c.usage && !state.usage) {
        c.add('no usage');
    }
    if (c.strict) {
        for (const call of f.calls.values()) {
            if (args(call.text)[0] !== '{') {
                c.add(`arguments of ${call.name} are no object`);
            }
        }
    }
}


function textChoice(c, f, states, choice, where) {
    const at = f.alternative(choice.index);
    const key = choice.index || 0;
    const state = states[key] || (states[key] = {});

    shape(c, choice, TEXT_CHOICE, where);
    if (state.finished && choice.text) {
        c.add(`${where}: more behind the finish`);
    }
    at.text('text', choice.text);
    if (choice.finish_reason) {
        if (state.finished) {
            c.add(`${where}: a second finish`);
        }
        state.finished = true;
        finished(c, at, choice.finish_reason, where);
    }
}


function wholeText(c, f, v) {
    shape(c, v, TEXT_CHUNK, 'reply');
    f.id = v.id;
    f.model = v.model;

    (v.choices || []).forEach((choice, n) => {
        shape(c, choice, TEXT_CHOICE, `choices[${n}]`);
        const at = f.alternative(choice.index);
        at.text('text', choice.text);
        finished(c, at, choice.finish_reason, `choices[${n}]`);
    });

    usage(c, f, v.usage, 'usage');
    f.ended = true;
}


// {"error":{message,type,param,code}}; others have other ones
function error(c, f, v) {
    const e = isObject(v) ? v.error : undefined;

    if (shape(c, v, { error: 'o' }, 'reply')) {
        shape(c, e, { message: 's', type: 's', param: 'S', code: 'S' },
            'error');
    }

    if (isObject(e)) {
        errorOf(f, v);
    } else {
        const o = isObject(v) ? v : {};
        const text = [e, o.message, o.detail, o.error_message]
            .find((t) => typeof t === 'string');
        f.error = { message: text === undefined ? null : text };
    }
}


const chat = { framing: 'sse', whole, error,
    stream: (c, f, events) => streamed(c, f, events, 'chat') };
const completions = { framing: 'sse', whole: wholeText, error,
    stream: (c, f, events) => streamed(c, f, events, 'completions') };


module.exports = { chat, completions };
