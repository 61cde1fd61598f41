// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What a program that uses the official OpenAI client meets when something
// goes wrong: the client's own classes of errors, its retries and time-outs,
// and a provider that is let go of at once.

const assert = require('node:assert');
const test = require('node:test');

const { OpenAI, start } = require('./gateway');

const ASK = { model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'Hello' }] };

const gateway = start();

const chat = (more) => (client) =>
    client.chat.completions.create({ ...ASK, ...more });


// Rejects with an error of the class that has these members.
async function fails(promise, type, members) {
    const e = await promise.then(() => null, (reason) => reason);

    assert.ok(e instanceof type, `${type.name}, not ${e && e.stack}`);

    for (const [name, value] of Object.entries(members || {})) {
        assert.strictEqual(e[name], value, name);
    }

    return e;
}


// name: what is promised; the error is the same as without a gateway
function same(name, call, type, members, options) {
    test(`${name}: the same error through the gateway`, async () => {
        const gw = await gateway;
        const r = await gw.same(call, options);

        assert.strictEqual(r.class, type.name);
        for (const [k, v] of Object.entries(members)) {
            assert.strictEqual(r[k], v, k);
        }
    });
}


same('an error of the provider, 400', chat({ mock: 'status=400' }),
    OpenAI.BadRequestError, { status: 400 });

same('an error of the provider, 404', (client) =>
    client.models.retrieve('gpt-none'),
OpenAI.NotFoundError, { status: 404, code: 'model_not_found' });

same('an error of the provider, 409', chat({ mock: 'status=409' }),
    OpenAI.ConflictError, { status: 409 });

same('an error of the provider, 422', chat({ mock: 'status=422' }),
    OpenAI.UnprocessableEntityError, { status: 422 });

// longer than the gateway would wait: the client is told at once, and when
same('a 429 of the provider', chat({
    mock: 'status=429,header=Retry-After%3A7' }),
OpenAI.RateLimitError, { status: 429, code: 'rate_limit_exceeded',
    retry: '7' });

same('an error before a stream', chat({ stream: true, mock: 'status=400' }),
    OpenAI.BadRequestError, { status: 400 }, { sent: false });

same('an error within a stream', chat({ stream: true, mock: 'errevent=e3' }),
    OpenAI.APIError, { code: 'mock_error' }, { sent: false });


test('a 500 is tried three times, then told', async () => {
    const gw = await gateway;

    await gw.control('reset');
    await fails(chat({ mock: 'status=500' })(gw.client),
        OpenAI.InternalServerError, { status: 500, type: 'server_error' });
    assert.strictEqual((await gw.ended()).length, 3);
});


test('a 429 and a 500 that pass are not seen by the client', async () => {
    const gw = await gateway;
    const mock = 'seq=passing,status=429|status=500|status=200';

    const r = await chat({ mock })(gw.client);
    assert.match(r.choices[0].message.content, /^Hello from/);
});


test('the client\'s own retries go on working', async () => {
    const gw = await gateway;
    const client = gw.connect({ maxRetries: 2 });
    const mock = 'seq=conflict,status=409|status=200';

    const r = await chat({ mock })(client);
    assert.match(r.choices[0].message.content, /^Hello from/);
});


test('a wrong key is an AuthenticationError', async () => {
    const gw = await gateway;

    for (const apiKey of ['sk-wrong', gw.keys.provider]) {
        await fails(gw.connect({ apiKey }).models.list(),
            OpenAI.AuthenticationError,
            { status: 401, code: 'invalid_api_key' });
    }
});


test('a model that a key may not use is a PermissionDeniedError', async () => {
    const gw = await gateway;
    const client = gw.connect({ apiKey: gw.keys.some });

    await chat({ model: 'gpt-4o' })(client);
    await fails(chat({ model: 'gpt-4.1' })(client),
        OpenAI.PermissionDeniedError,
        { status: 403, code: 'model_not_allowed', param: 'model' });
});


test('a request that can\'t be right names the field', async () => {
    const gw = await gateway;

    await gw.control('reset');
    for (const [param, more] of [['messages', { messages: undefined }],
        ['model', { model: undefined }], ['n', { n: -1 }],
        ['stream', { stream: 'yes' }]])
    {
        await fails(chat(more)(gw.client), OpenAI.BadRequestError,
            { status: 400, param, type: 'invalid_request_error' });
    }
    assert.deepStrictEqual(await gw.journal(), []);
});


test('a route there is not is a NotFoundError', async () => {
    const gw = await gateway;

    await fails(gw.client.vectorStores.list(), OpenAI.NotFoundError,
        { status: 404, code: 'unknown_url' });
});


test('a provider that refuses the gateway\'s key is a 502', async () => {
    const gw = await gateway;

    await fails(chat({ mock: 'status=401' })(gw.client),
        OpenAI.InternalServerError, { status: 502, code: 'provider_auth' });
});


test('a reply that is not the provider\'s is a 502', async () => {
    const gw = await gateway;

    for (const mock of ['html', 'empty', 'gzip', 'redirect=http%3A//x/']) {
        await fails(chat({ mock })(gw.client), OpenAI.InternalServerError,
            { status: 502, code: 'upstream_error' });
    }
});


test('a stream that is cut ends with an error, never well', async () => {
    const gw = await gateway;
    const stream = await chat({ stream: true, mock: 'cut=e4' })(gw.client);
    let seen = 0;

    async function read() {
        for await (const c of stream) {
            assert.strictEqual(c.choices[0].finish_reason, null);
            seen++;
        }
    }

    await fails(read(), OpenAI.APIError, { code: 'upstream_error' });
    assert.strictEqual(seen, 4);
});


test('a stream given up frees the provider at once', async () => {
    const gw = await gateway;

    for (const leave of ['break', 'abort']) {
        await gw.control('reset');

        const stream = await chat({ stream: true,
            mock: `events=1000,gap=20,seq=${leave}` })(gw.client);
        let seen = 0;

        for await (const c of stream) {
            assert.strictEqual(c.object, 'chat.completion.chunk');
            if (++seen < 3) {
                continue;
            }
            if (leave === 'break') {
                break;
            }
            stream.controller.abort();
        }

        const [entry] = await gw.ended(1000);
        assert.strictEqual(entry.ended, 'client_gone');
        assert.ok(entry.events < 100);
    }
});


test('a call given up frees the provider at once', async () => {
    const gw = await gateway;
    const controller = new AbortController();

    await gw.control('reset');

    const call = gw.client.chat.completions.create(
        { ...ASK, mock: 'delay=20000,seq=call' },
        { signal: controller.signal });

    setTimeout(() => controller.abort(), 200);
    await fails(call, OpenAI.APIUserAbortError);

    const [entry] = await gw.ended(1000);
    assert.strictEqual(entry.ended, 'client_gone');
});


test('the client\'s time-out frees the provider at once', async () => {
    const gw = await gateway;

    await gw.control('reset');
    await fails(gw.client.chat.completions.create(
        { ...ASK, mock: 'delay=20000,seq=time' }, { timeout: 300 }),
    OpenAI.APIConnectionTimeoutError);

    const [entry] = await gw.ended(1000);
    assert.strictEqual(entry.ended, 'client_gone');
});


// Azure's client puts "/deployments/MODEL" before the routes of models, unless
// its base URL has "/deployments" in it; a location of that name is enough.
test('the client for Azure works with a base URL of its own', async () => {
    const gw = await gateway;
    const azure = new OpenAI.AzureOpenAI({ apiKey: gw.keys.all,
        baseURL: `${gw.nginx.url}/deployments/v1`,
        apiVersion: '2025-04-01-preview', maxRetries: 0 });

    const r = await chat()(azure);
    assert.match(r.choices[0].message.content, /^Hello from/);

    let n = 0;
    for await (const c of await chat({ stream: true })(azure)) {
        n += c.choices.length;
    }
    assert.ok(n > 3);

    const e = await azure.embeddings.create({ model: 'text-embedding-3-small',
        input: 'one' });
    assert.strictEqual(e.data[0].embedding.length, 1536);

    const s = await azure.responses.create({ model: ASK.model,
        input: 'Hello' });
    assert.match(s.output_text, /^Hello from/);
});


test('models of the configuration are listed and served', async () => {
    const gw = await start({ conf: `
        ai_provider dead { type openai; url http://127.0.0.1:1/v1; }
        ai_model smart {
            alias    clever;
            target   dead m1;
            fallback mock gpt-4.1;
            retry    1 on=connect;
        }` });
    const ids = (await gw.client.models.list()).data.map((m) => m.id);

    assert.deepStrictEqual(ids, ['smart', 'clever']);
    assert.strictEqual((await gw.client.models.retrieve('clever')).object,
        'model');

    const { data, response } = await chat({ model: 'clever' })(gw.client)
        .withResponse();
    assert.strictEqual(data.model, 'gpt-4.1');
    assert.strictEqual(response.headers.get('x-ai-provider'), 'mock');
    assert.strictEqual(response.headers.get('x-ai-model'), 'gpt-4.1');
    assert.strictEqual(response.headers.get('x-ai-fallback'),
        'dead/m1; connect');

    await fails(chat({ model: 'unheard-of' })(gw.client),
        OpenAI.NotFoundError, { status: 404, code: 'model_not_found' });
    await chat({ model: 'mock/gpt-5-mini' })(gw.client);

    assert.deepStrictEqual(await gw.stop(), []);
});


test('it ends with no alert, no secret in a log, no socket left', async () => {
    const gw = await gateway;

    assert.deepStrictEqual(await gw.stop(), []);
});
