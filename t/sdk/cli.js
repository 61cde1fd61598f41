// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * Programs that hold a conversation of their own.  What the model says is a
 * recipe of the mock; what the program makes of it shows in its output and in
 * the next request.
 */

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { spawn } = require('node:child_process');

const { modelOf, startAll } = require('./pairs');

// the commands' output is not in their text
const ONE = 'echo first-$((40 + 2))';
const TWO = 'echo second-$((40 + 3))';
const SAYS = { first: 'It said first-42.', second: 'It said second-43.' };

const TYPES = ['anthropic', 'openai', 'together', 'gemini'];
const LIMIT = 40000;

const call = ([name, args]) => `call=${name}:${JSON.stringify(args)}`;

// A package that is not for this machine is not installed, and only that may
// be missing.
function find(packages, file) {
    const name = packages[`${process.platform}-${process.arch}`];
    const found = name && path.join(__dirname, 'node_modules', name,
        typeof file === 'string' ? file : file[process.arch]);

    return found && fs.existsSync(found) ? found : null;
}


// What the program said, once it has ended by itself.
function run(program, args, { cwd, env }) {
    return new Promise((resolve, reject) => {
        const child = spawn(program, args, { cwd, env,
            stdio: ['ignore', 'pipe', 'pipe'] });
        const text = { out: '', err: '' };
        const timer = setTimeout(() => {
            child.kill('SIGKILL');
            reject(new Error(`no end: ${text.out}${text.err}`));
        }, LIMIT);

        child.stdout.on('data', (data) => {
            text.out += data;
        });
        child.stderr.on('data', (data) => {
            text.err += data;
        });
        child.on('error', reject);
        child.on('close', (code) => {
            clearTimeout(timer);
            resolve({ code, ...text });
        });
    });
}


/*
 * Two turns: tools one after the other, then two at once.  `shell(command)` is
 * a call of the program's own tool.  Nothing in it may have a comma: it is part
 * of a url, whose path may not be escaped twice.
 */
function script(type, shell) {
    return [
        `seq=${type},think=3,${call(shell(ONE))},frag=5`,
        `think=2,${call(shell(TWO))}`,
        `text=${SAYS.first}`,
        `text=Both.,${call(shell(ONE))},${call(shell(TWO))}`,
        `text=${SAYS.second}`,
    ].join('|');
}


async function bodies(gw) {
    return (await gw.ended()).filter((e) => e.method === 'POST'
        && e.recipe.startsWith('seq=')).map((e) => {
        assert.strictEqual(e.status, 200, e.body);
        assert.strictEqual(e.ended, 'complete');
        return e;
    });
}


/*
 * `talk(gw, dir, model, n, said)` runs the program for the n-th turn, and
 * gives { text, input, output }, the tokens as the program counts them.
 */
async function converses(gw, program, type) {
    const dir = fs.mkdtempSync(`${gw.dir}/home-`);
    const model = modelOf(`talk_${type}`);

    await gw.control('reset');

    const first = await program.talk(gw, dir, model, 0, 'Run the first.');
    const early = await bodies(gw);
    const second = await program.talk(gw, dir, model, 1, 'Run them again.');
    const all = await bodies(gw);

    assert.strictEqual(first.text, SAYS.first);
    assert.strictEqual(second.text, SAYS.second);
    assert.strictEqual(early.length, 3);
    assert.strictEqual(all.length, 5);

    const seen = all.map((e) => ['first-42', 'second-43'].map((word) =>
        e.body.split(word).length - 1));

    assert.deepStrictEqual(seen.slice(0, 3), [[0, 0], [1, 0], [1, 1]]);
    assert.deepStrictEqual(seen.slice(3), [[2, 1], [3, 2]]);
    assert.match(all[4].body, /Run the first\..*Run them again\./);

    program.counts(first, early);
}


async function fails(gw, program, type) {
    const dir = fs.mkdtempSync(`${gw.dir}/home-`);
    const model = modelOf(type, 'status=400');

    assert.match(await program.fail(gw, dir, model),
        /mock: status 400 was asked for/);
}


function conversationsOf(name, program) {
    if (!program.file) {
        const why = `${name} IS NOT INSTALLED: ${program.packages} have `
            + `nothing for ${process.platform}-${process.arch}, or npm could `
            + 'not get it';

        process.stderr.write(`# ${why}\n`);
        test(`${name} holds a conversation`, { skip: why });
        return;
    }

    const scripts = Object.fromEntries(TYPES.map((type) => [`talk_${type}`,
        [type, script(type, program.shell)]]));
    const gateway = startAll({ mock: ['--bodies'], scripts,
        conf: program.conf });

    for (const type of TYPES) {
        test(`${name}, ${type}: a conversation with tools`, async () =>
            converses(await gateway, program, type));

        test(`${name}, ${type}: it tells why it was refused`, async () =>
            fails(await gateway, program, type));
    }

    if (program.more) {
        program.more(gateway);
    }

    test('it ends with no alert, no secret in a log, no socket left',
        async () => {
            const gw = await gateway;

            assert.deepStrictEqual(await gw.stop(), []);
        });
}


module.exports = { conversationsOf, find, run };
