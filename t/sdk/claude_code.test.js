// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Claude Code before providers of three dialects.

const assert = require('node:assert');

const { conversationsOf, find, run } = require('./cli');
const { modelOf } = require('./pairs');

const PACKAGES = {
    'linux-x64': '@anthropic-ai/claude-code-linux-x64',
    'linux-arm64': '@anthropic-ai/claude-code-linux-arm64',
};
const FILE = find(PACKAGES, 'claude');


async function claude(gw, dir, model, args) {
    const reply = await run(FILE, ['--model', model, '--output-format', 'json',
        '--allowedTools', 'Bash', ...args],
    { cwd: dir, env: { PATH: process.env.PATH, HOME: dir,
        ANTHROPIC_BASE_URL: gw.nginx.url, ANTHROPIC_API_KEY: gw.keys.all,
        ANTHROPIC_DEFAULT_HAIKU_MODEL: modelOf('anthropic'),
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1' } });

    return { ...reply, result: JSON.parse(reply.out) };
}


conversationsOf('Claude Code', {
    file: FILE,
    packages: Object.values(PACKAGES).join(', '),

    shell: (command) => ['Bash', { command }],

    async talk(gw, dir, model, n, said) {
        const { code, err, result } = await claude(gw, dir, model,
            [...(n ? ['--continue'] : []), '-p', said]);

        assert.strictEqual(code, 0, err);
        assert.strictEqual(result.is_error, false);
        assert.deepStrictEqual(result.permission_denials, []);

        const { usage } = result;

        return { text: result.result, output: usage.output_tokens,
            input: usage.input_tokens + usage.cache_read_input_tokens
                + usage.cache_creation_input_tokens };
    },

    counts({ input, output }, entries) {
        const sum = (name) => entries.reduce((n, e) => n + e.usage[name], 0);

        assert.deepStrictEqual({ input, output },
            { input: sum('prompt'), output: sum('completion') });
    },

    async fail(gw, dir, model) {
        const { code, result } = await claude(gw, dir, model, ['-p', 'Hello']);

        assert.notStrictEqual(code, 0);
        assert.strictEqual(result.is_error, true);
        assert.strictEqual(result.api_error_status, 400);
        return result.result;
    },
});
