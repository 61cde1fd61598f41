// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Codex before providers of three dialects.

const assert = require('node:assert');
const fs = require('node:fs');
const test = require('node:test');

const { conversationsOf, find, run } = require('./cli');

const PACKAGES = {
    'linux-x64': '@openai/codex-linux-x64',
    'linux-arm64': '@openai/codex-linux-arm64',
};
const FILE = find(PACKAGES, {
    x64: 'vendor/x86_64-unknown-linux-musl/bin/codex',
    arm64: 'vendor/aarch64-unknown-linux-musl/bin/codex' });


// To a model whose name it knows Codex gives a tool whose input is plain text.
const KNOWN = 'gpt-5.5';
const PATCH = '*** Begin Patch\n*** Add File: made.txt\n+by a patch\n'
    + '*** End Patch\n';
const PATCHED = { anthropic: 'm', gemini: 'gemini-3-pro' };


function patching() {
    const input = encodeURIComponent(JSON.stringify({ input: PATCH }));
    const recipe = Buffer.from(`call=apply_patch:${input}|text=Made.`)
        .toString('base64url');

    return Object.entries(PATCHED).map(([type, model]) => `
    ai_model ${KNOWN}-${type} { target ${type} ${model}~b64.${recipe}; }`)
        .join('');
}


function configure(gw, dir, model) {
    fs.mkdirSync(`${dir}/.codex`, { recursive: true });
    fs.writeFileSync(`${dir}/.codex/config.toml`, `
model = "${model}"
model_provider = "gateway"

[model_providers.gateway]
name = "gateway"
base_url = "${gw.nginx.url}/v1"
env_key = "AI_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
`);
}


// What came of a turn, by its kind: the events of "codex exec --json".
async function codex(gw, dir, model, args) {
    configure(gw, dir, model);

    const reply = await run(FILE, ['exec', ...args, '--json',
        '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'],
    { cwd: dir, env: { PATH: process.env.PATH, HOME: dir,
        CODEX_HOME: `${dir}/.codex`, AI_KEY: gw.keys.all } });
    const events = reply.out.split('\n').filter(Boolean)
        .map((line) => JSON.parse(line));
    const items = events.filter((e) => e.type === 'item.completed')
        .map((e) => e.item);

    return { ...reply, events, items,
        done: events.find((e) => e.type === 'turn.completed') };
}


conversationsOf('Codex', {
    file: FILE,
    conf: patching(),
    packages: Object.values(PACKAGES).join(', '),

    shell: (cmd) => ['exec_command', { cmd }],

    async talk(gw, dir, model, n, said) {
        const { code, out, err, items, done } = await codex(gw, dir, model,
            [...(n ? ['resume', '--last'] : []), said]);

        assert.strictEqual(code, 0, out + err);
        assert.ok(done, out);

        for (const i of items.filter((x) => x.type === 'command_execution')) {
            assert.strictEqual(i.exit_code, 0);
        }

        return { text: items.filter((i) => i.type === 'agent_message').pop()
            .text, input: done.usage.input_tokens,
        output: done.usage.output_tokens };
    },

    counts({ input, output }, entries) {
        const sum = (name) => entries.reduce((n, e) => n + e.usage[name], 0);

        assert.deepStrictEqual({ input, output },
            { input: sum('prompt'), output: sum('completion') });
    },

    async fail(gw, dir, model) {
        const { code, out, events } = await codex(gw, dir, model, ['Hello']);

        assert.notStrictEqual(code, 0);
        assert.ok(events.some((e) => e.type === 'turn.failed'), out);
        return out;
    },

    more(gateway) {
        for (const type of Object.keys(PATCHED)) {
            test(`Codex, ${type}: a tool whose input is plain text`,
                async () => {
                    const gw = await gateway;
                    const dir = fs.mkdtempSync(`${gw.dir}/home-`);

                    await gw.control('reset');

                    const { code, out, items } = await codex(gw, dir,
                        `${KNOWN}-${type}`, ['Make a file.']);

                    assert.strictEqual(code, 0, out);
                    assert.strictEqual(items.pop().text, 'Made.');
                    assert.strictEqual(fs.readFileSync(`${dir}/made.txt`,
                        'utf8'), 'by a patch\n');
                });
        }
    },
});
