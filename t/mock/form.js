// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

// multipart/form-data: { fields: { name: text }, files: [ { name, ... } ] },
// or null when it is none. A body cut short gives the parts it still has.
function parseForm(body, ctype) {
    const m = /^multipart\/form-data\s*;.*boundary=(?:"([^"]+)"|([^;\s]+))/i
        .exec(ctype || '');

    if (m === null) {
        return null;
    }

    const mark = Buffer.from(`\r\n--${m[1] || m[2]}`);
    const form = { fields: Object.create(null), files: [] };
    let at = body.indexOf(mark.subarray(2));

    at = at < 0 ? body.length : at + mark.length - 2;

    while (at < body.length && body[at] !== 0x2d) {
        const start = body.indexOf('\r\n\r\n', at);
        if (start < 0) {
            break;
        }

        const found = body.indexOf(mark, start + 2);
        const end = found < 0 ? body.length : found;
        const head = body.toString('utf8', at, start);
        const data = body.subarray(start + 4, Math.max(start + 4, end));
        const name = /[;\s]name="([^"]*)"/i.exec(head);
        const filename = /[;\s]filename="([^"]*)"/i.exec(head);

        if (name && filename) {
            form.files.push({ name: name[1], filename: filename[1],
                length: data.length, data });
        } else if (name) {
            form.fields[name[1]] = data.toString();
        }

        at = end + mark.length;
    }

    return form;
}


module.exports = { parseForm };
