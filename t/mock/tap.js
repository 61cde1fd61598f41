// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// TAP on stdout.

const DETAIL_MAX = 2000;

let tests = 0;
let failed = 0;


function ok(pass, name, detail) {
    tests++;
    failed += pass ? 0 : 1;
    console.log(`${pass ? 'ok' : 'not ok'} ${tests} - ${name}`);
    if (!pass && detail !== undefined) {
        const text = (typeof detail === 'string' ? detail
            : JSON.stringify(detail)).slice(0, DETAIL_MAX);
        console.log(`# ${text.replace(/\n/g, '\n# ')}`);
    }
    return pass;
}


function is(got, want, name) {
    return ok(got === want, name, `got ${JSON.stringify(got)}, want `
        + JSON.stringify(want));
}


// Runs the parts one after the other, and ends the process.
async function run(...parts) {
    try {
        for (const part of parts) {
            await part();
        }
    } catch (e) {
        ok(false, 'ran to its end', e.stack);
    }

    console.log(`1..${tests}`);
    process.exitCode = failed ? 1 : 0;
}


module.exports = { is, ok, run };
