// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

const crypto = require('crypto');
const fs = require('fs');

const KEPT = 10000;
const SECRET = new Set(['authorization', 'proxy-authorization', 'cookie',
    'x-api-key', 'api-key', 'x-goog-api-key']);


function digest(text) {
    return 'sha256:' + crypto.createHash('sha256').update(text).digest('hex')
        .slice(0, 8);
}


// 'Bearer sk-1' -> 'Bearer sha256:0a1b2c3d'; other headers as they are.
function mask(name, value) {
    if (!SECRET.has(name.toLowerCase())) {
        return value;
    }

    const m = /^([A-Za-z][A-Za-z0-9-]*) (.*)$/.exec(value);
    return m ? `${m[1]} ${digest(m[2])}` : digest(value);
}


function maskTarget(target) {
    return target.replace(/([?&](?:api[-_]?)?key=)([^&]*)/gi,
        (all, name, value) => name + digest(value));
}


// Keeps things with an entry(), which is asked for when somebody reads it.
class Journal {
    constructor(file) {
        this.entries = [];
        this.first = 0;                 // the number of entries[0]
        this.fd = file ? fs.openSync(file, 'a') : -1;
        this.lines = [];
    }

    add(thing) {
        this.entries.push(thing);

        if (this.entries.length > KEPT) {
            this.entries.splice(0, KEPT / 2);
            this.first += KEPT / 2;
        }

        if (this.fd >= 0) {
            if (this.lines.length === 0) {
                setImmediate(() => this.flush());
            }
            this.lines.push(JSON.stringify(thing.entry()));
        }
    }

    flush() {
        if (this.lines.length) {
            fs.writeSync(this.fd, this.lines.join('\n') + '\n');
            this.lines = [];
        }
    }

    text(since) {
        return this.entries.slice(Math.max(0, since - this.first))
            .map((e) => JSON.stringify(e.entry()) + '\n').join('');
    }

    reset() {
        this.entries = [];
        this.first = 0;
    }
}


module.exports = { Journal, mask, maskTarget };
