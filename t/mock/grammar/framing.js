// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// Streams of bytes taken apart: SSE, lines of JSON, a JSON array, AWS frames.
// Each gives [{ name, data }], and tells fault() what no such stream has.

const aws = require('../aws');
const { parse } = require('./json');

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });


function utf8(bytes, fault) {
    try {
        return UTF8.decode(bytes);
    } catch (e) {
        fault('bytes that are no UTF-8');
        return bytes.toString('utf8');
    }
}


function sse(bytes, fault) {
    const events = [];
    const lines = utf8(bytes, fault).replace(/^\ufeff/, '')
        .split(/\r\n|\n|\r/);
    let name = null;
    let data = null;

    if (bytes.length && lines[lines.length - 1] !== '') {
        fault('a line without an end');
    }
    if (lines[lines.length - 1] === '') {
        lines.pop();
    }

    const end = () => {
        if (data !== null) {
            events.push({ name, data });
        } else if (name !== null) {
            fault(`the event "${name}" has no data`);
        }
        name = data = null;
    };

    for (let i = 0; i < lines.length; i++) {
        const line = lines[i];
        const m = /^([^:]*)(?:: ?([^]*))?$/.exec(line);
        const value = m[2] === undefined ? '' : m[2];

        if (line === '') {
            end();
        } else if (m[1] === '') {
            events.push({ comment: value });
        } else if (m[1] === 'data') {
            data = data === null ? value : `${data}\n${value}`;
        } else if (m[1] === 'event') {
            if (name !== null) {
                fault('an event with two names');
            }
            name = value;
        } else if (m[1] !== 'id' && m[1] !== 'retry') {
            fault(`a line that no event stream has: "${line.slice(0, 60)}"`);
            // an error of Vertex AI is JSON without "data:", of many lines
            events.push({ name: null, stray: lines.slice(i).join('\n') });
            break;
        }
    }

    if (data !== null || name !== null) {
        fault('an event without an empty line behind it');
        end();
    }

    return events;
}


function ndjson(bytes, fault) {
    const lines = utf8(bytes, fault).split('\n');

    if (lines.pop() !== '') {
        fault('a line without an end');
    }

    return lines.map((data) => {
        if (data.trim() === '') {
            fault('an empty line');
        }
        return { name: null, data };
    });
}


function array(bytes, fault) {
    const text = utf8(bytes, fault);

    try {
        const v = parse(text);
        if (Array.isArray(v)) {
            const { source } = require('./json');
            return v.map((e) => ({ name: null, data: source(e) }));
        }
        fault('not an array');
    } catch (e) {
        fault(`not an array: ${e.message}`);
    }

    return [];
}


function eventstream(bytes, fault) {
    return aws.frames(bytes, fault).map(({ headers, payload }) => {
        const type = headers[':message-type'];

        if (type !== 'event' && type !== 'exception' && type !== 'error') {
            fault(`the :message-type ${type}`);
        }

        return { name: headers[':event-type'] || headers[':exception-type']
            || headers[':error-code'], data: utf8(payload, fault),
        type, headers };
    });
}


module.exports = { array, eventstream, ndjson, sse, utf8 };
