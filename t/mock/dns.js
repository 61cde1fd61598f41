#!/usr/bin/env node
// Copyright (C) The ngx_http_ai_gateway_module authors
// SPDX-License-Identifier: Apache-2.0

'use strict';

/*
 * A DNS server with the few answers a test needs: A and AAAA, over UDP.
 *
 *   node dns.js --listen HOST:PORT [--zone ENTRY]... [--zone-file FILE]
 *       [--journal FILE] [--quiet] [--while-stdin]
 *
 *   ENTRY = name=ADDRESS[;ADDRESS]...[:TTL]      the TTL is 60 unless said
 *
 * An IPv6 address stands in brackets. Instead of addresses there may be one of
 * the words nxdomain, servfail, refused, nodata, drop (no reply at all).
 * Names nobody has said anything about are nxdomain. The file has one entry a
 * line, with # for comments, is read again on SIGHUP, and goes before --zone.
 *
 * The journal has a JSON line for each question: time, name, type, answer.
 */

const dgram = require('dgram');
const fs = require('fs');
const net = require('net');

const { Journal } = require('./journal');

const CODES = { nodata: 0, servfail: 2, nxdomain: 3, refused: 5 };
const TYPES = { 1: 'A', 28: 'AAAA' };
const options = { listen: '127.0.0.1:0', zone: [] };
let zone = new Map();
let journal = null;


function entry(text) {
    const m = /^([^=\s]+)=(\S+?)(?::(\d+))?$/.exec(text);

    if (m === null) {
        throw new Error(`bad zone entry "${text}"`);
    }

    const value = { ttl: m[3] === undefined ? 60 : Number(m[3]), word: null,
        addresses: [] };

    if (m[2] === 'drop' || CODES[m[2]] !== undefined) {
        value.word = m[2];
    } else {
        value.addresses = m[2].split(';').map((a) => a.replace(/^\[|\]$/g, ''));
    }

    for (const a of value.addresses) {
        if (!net.isIP(a)) {
            throw new Error(`bad address in "${text}"`);
        }
    }

    return [m[1].toLowerCase().replace(/\.$/, ''), value];
}


function readZone() {
    const lines = options['zone-file']
        ? fs.readFileSync(options['zone-file'], 'utf8').split('\n') : [];

    zone = new Map([...options.zone, ...lines]
        .map((l) => l.replace(/#.*/, '').trim()).filter(Boolean).map(entry));
}


function packAddress(a) {
    if (net.isIPv4(a)) {
        return Buffer.from(a.split('.').map(Number));
    }

    const [left, right] = a.split('::').map((s) => s ? s.split(':') : []);
    const zeros = right === undefined ? 0 : 8 - left.length - right.length;
    const groups = [...left, ...Array(zeros).fill('0'), ...(right || [])];
    const b = Buffer.alloc(16);

    groups.forEach((g, i) => b.writeUInt16BE(parseInt(g, 16), i * 2));
    return b;
}


// { id, name, type, end } of a query with one question, or null.
function question(q) {
    if (q.length < 17 || (q[2] & 0x80) || q.readUInt16BE(4) !== 1) {
        return null;
    }

    const labels = [];
    let at = 12;

    while (at < q.length && q[at] !== 0) {
        if (q[at] > 63 || at + q[at] >= q.length) {
            return null;
        }
        labels.push(q.toString('latin1', at + 1, at + 1 + q[at]));
        at += 1 + q[at];
    }

    return at + 5 > q.length ? null
        : { name: labels.join('.').toLowerCase(),
            type: q.readUInt16BE(at + 1), end: at + 5 };
}


function reply(q, asked) {
    const found = zone.get(asked.name) || { word: 'nxdomain', addresses: [] };
    const type = TYPES[asked.type];
    const line = { time: Date.now(), name: asked.name,
        type: type || asked.type, answer: found.word };

    journal.add({ entry: () => line });

    if (found.word === 'drop') {
        return null;
    }

    const answers = found.addresses.filter((a) => (
        type === (net.isIPv4(a) ? 'A' : 'AAAA')));
    const head = Buffer.alloc(12);

    if (found.word === null) {
        line.answer = answers;
    }

    q.copy(head, 0, 0, 2);
    head[2] = 0x84 | (q[2] & 0x01);     // an authoritative response
    head[3] = 0x80 | (found.word ? CODES[found.word] : 0);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(answers.length, 6);

    return Buffer.concat([head, q.subarray(12, asked.end),
        ...answers.map((a) => {
            const data = packAddress(a);
            const rr = Buffer.alloc(12);
            rr.writeUInt16BE(0xc00c, 0);        // the name in the question
            rr.writeUInt16BE(asked.type, 2);
            rr.writeUInt16BE(1, 4);
            rr.writeUInt32BE(found.ttl, 6);
            rr.writeUInt16BE(data.length, 10);
            return Buffer.concat([rr, data]);
        })]);
}


function main() {
    const argv = process.argv.slice(2);

    for (let i = 0; i < argv.length; i++) {
        const name = argv[i].replace(/^--/, '');

        if (name === 'quiet' || name === 'while-stdin') {
            options[name] = true;
        } else if (name === 'zone' && argv.length > i + 1) {
            options.zone.push(argv[++i]);
        } else if (['listen', 'zone-file', 'journal'].includes(name)
            && argv.length > i + 1)
        {
            options[name] = argv[++i];
        } else {
            throw new Error(`bad option "${argv[i]}"`);
        }
    }

    const quit = () => {
        journal.flush();
        process.exit(0);
    };

    journal = new Journal(options.journal);
    readZone();
    process.on('SIGHUP', readZone);
    process.on('SIGTERM', quit);
    process.on('SIGINT', quit);

    if (options['while-stdin']) {
        process.stdin.on('end', quit).on('error', quit).resume();
    }

    const at = options.listen.lastIndexOf(':');
    const host = options.listen.slice(0, at).replace(/^\[|\]$/g, '');
    const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');

    socket.on('message', (q, from) => {
        const asked = question(q);
        const b = asked && reply(q, asked);
        if (b) {
            socket.send(b, from.port, from.address);
        }
    });

    socket.bind(Number(options.listen.slice(at + 1)), host, () => {
        const a = socket.address();
        if (!options.quiet) {
            console.log(`listening udp://${net.isIPv6(a.address)
                ? `[${a.address}]` : a.address}:${a.port}`);
        }
    });
}


main();
