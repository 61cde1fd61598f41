// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// What the checks of requests share. A request that a real provider would
// refuse is a Bad one: the dialect makes its own error of it.

class Bad extends Error {
    constructor(message, more = {}) {
        super(message);
        this.status = more.status || 400;
        this.param = more.param || null;
        this.code = more.code || null;
    }
}


const list = (v) => Array.isArray(v) ? v : [];
const isObject = (v) => typeof v === 'object' && v !== null
    && !Array.isArray(v);


function must(good, message, more) {
    if (!good) {
        throw new Bad(message, more);
    }
}


function isBase64(v) {
    return typeof v === 'string' && v !== '' && v.length % 4 === 0
        && /^[A-Za-z0-9+/]+={0,2}$/.test(v);
}


module.exports = { Bad, isBase64, isObject, list, must };
