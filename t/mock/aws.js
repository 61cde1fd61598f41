// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * Frames of application/vnd.amazon.eventstream:
 *
 *   u32 length of all   u32 length of headers   u32 CRC of these two
 *   headers             payload                 u32 CRC of all before
 *
 * A header is: u8 length, name, u8 type, value; type 7 is a string with its
 * u16 length in front.
 */

const TABLE = new Int32Array(256).map((_, n) => {
    let c = n;

    for (let k = 0; k < 8; k++) {
        c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    }
    return c;
});

// the lengths of values by type; 6 and 7 have theirs in front
const SIZES = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16];
const OVERHEAD = 16;
const FRAME_MAX = 16 * 1024 * 1024;


function crc32(data) {
    let c = -1;

    for (let i = 0; i < data.length; i++) {
        c = TABLE[(c ^ data[i]) & 0xff] ^ (c >>> 8);
    }
    return ~c >>> 0;
}


// A frame of these headers, all of them strings, and this payload.
function frame(headers, payload) {
    const parts = [];

    for (const [name, value] of Object.entries(headers)) {
        const v = Buffer.from(value);
        const h = Buffer.alloc(1 + name.length + 3);
        h[0] = name.length;
        h.write(name, 1, 'latin1');
        h[1 + name.length] = 7;
        h.writeUInt16BE(v.length, 2 + name.length);
        parts.push(h, v);
    }

    const head = Buffer.concat(parts);
    const body = Buffer.from(payload);
    const out = Buffer.alloc(OVERHEAD + head.length + body.length);

    out.writeUInt32BE(out.length, 0);
    out.writeUInt32BE(head.length, 4);
    out.writeUInt32BE(crc32(out.subarray(0, 8)), 8);
    head.copy(out, 12);
    body.copy(out, 12 + head.length);
    out.writeUInt32BE(crc32(out.subarray(0, out.length - 4)), out.length - 4);
    return out;
}


function event(type, payload) {
    return frame({ ':event-type': type, ':content-type': 'application/json',
        ':message-type': 'event' }, payload);
}


function exception(type, payload) {
    return frame({ ':exception-type': type,
        ':content-type': 'application/json',
        ':message-type': 'exception' }, payload);
}


function readHeaders(data, fault) {
    const headers = {};
    let at = 0;

    while (at < data.length) {
        const n = data[at];
        const name = data.toString('latin1', at + 1, at + 1 + n);
        const type = data[at + 1 + n];
        let size = SIZES[type];

        at += 2 + n;

        if (size === -1 && at + 2 <= data.length) {
            size = data.readUInt16BE(at);
            at += 2;
        }

        if (!(size >= 0) || at + size > data.length) {
            fault(`a bad header "${name}"`);
            return headers;
        }

        headers[name] = data.toString('utf8', at, at + size);
        at += size;
    }

    return headers;
}


// Frames of all these bytes: [{ headers, payload }]; what is wrong with them
// goes to fault(text), and what cannot be read on ends the list.
function frames(data, fault) {
    const list = [];
    let at = 0;

    while (at < data.length) {
        const left = data.length - at;
        const length = left >= OVERHEAD ? data.readUInt32BE(at) : 0;
        const head = left >= OVERHEAD ? data.readUInt32BE(at + 4) : 0;

        if (length < OVERHEAD || length > FRAME_MAX || length > left
            || head > length - OVERHEAD)
        {
            fault(`a broken frame at ${at} of ${data.length}`);
            return list;
        }

        const f = data.subarray(at, at + length);

        if (f.readUInt32BE(8) !== crc32(f.subarray(0, 8))
            || f.readUInt32BE(length - 4) !== crc32(f.subarray(0, length - 4)))
        {
            fault(`a bad CRC in the frame at ${at}`);
            return list;
        }

        list.push({ headers: readHeaders(f.subarray(12, 12 + head), fault),
            payload: f.subarray(12 + head, length - 4) });
        at += length;
    }

    return list;
}


module.exports = { crc32, event, exception, frame, frames };
